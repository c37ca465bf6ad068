//! Numbers one at a time or four side by side: formulas of the inverse are written once for both.
//!
//! Every operation is an IEEE one, rounded by itself, so that both give the same bits.

use fearless_simd::{f64x4, mask64x4, prelude::*};
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

pub(crate) use fearless_simd::Simd;

/// Four numbers side by side.
pub(crate) type Four<S> = f64x4<S>;

/// As many numbers as [`Four`] has.
pub(crate) const FOUR: usize = 4;

/// An `f64`, or several of them.
pub(crate) trait Number:
    Copy
    + Add<Output = Self>
    + Add<f64, Output = Self>
    + Sub<Output = Self>
    + Sub<f64, Output = Self>
    + Mul<Output = Self>
    + Mul<f64, Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// What comparing gives.
    type Truth: Copy + BitAnd<Output = Self::Truth> + BitOr<Output = Self::Truth> + Not<Output = Self::Truth>;
    /// The same `number` in each place.
    fn all(self, number: f64) -> Self;
    /// The magnitude.
    fn size(self) -> Self;
    /// The square root.
    fn root(self) -> Self;
    /// Whether it is smaller: not, if one of them is NaN.
    fn below(self, other: Self) -> Self::Truth;
    /// This one where `truth` holds, the other where not.
    fn or(self, truth: Self::Truth, other: Self) -> Self;
    /// Whether it holds everywhere.
    fn holds(truth: Self::Truth) -> bool;

    /// The smaller one: the other, if one of them is NaN.
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        self.or(self.below(other), other)
    }

    /// The larger one: the other, if one of them is NaN.
    #[inline(always)]
    fn most(self, other: Self) -> Self {
        self.or(other.below(self), other)
    }
}

impl Number for f64 {
    type Truth = bool;

    #[inline(always)]
    fn all(self, number: f64) -> Self {
        number
    }

    #[inline(always)]
    fn size(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn below(self, other: Self) -> bool {
        self < other
    }

    #[inline(always)]
    fn or(self, truth: bool, other: Self) -> Self {
        if truth { self } else { other }
    }

    #[inline(always)]
    fn holds(truth: bool) -> bool {
        truth
    }
}

impl<S: Simd> Number for f64x4<S> {
    type Truth = mask64x4<S>;

    #[inline(always)]
    fn all(self, number: f64) -> Self {
        Self::splat(self.simd, number)
    }

    #[inline(always)]
    fn size(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn below(self, other: Self) -> mask64x4<S> {
        self.simd_lt(other)
    }

    #[inline(always)]
    fn or(self, truth: mask64x4<S>, other: Self) -> Self {
        truth.select(self, other)
    }

    #[inline(always)]
    fn holds(truth: mask64x4<S>) -> bool {
        truth.all_true()
    }
}

/// Four numbers of memory.
#[inline(always)]
pub(crate) fn four<S: Simd>(simd: S, numbers: &[f64; FOUR]) -> Four<S> {
    Four::simd_from(simd, *numbers)
}

/// Where it holds, as bits: the first number's is the lowest.
#[inline(always)]
pub(crate) fn bits<S: Simd>(truth: mask64x4<S>) -> u64 {
    truth.to_bitmask()
}

/// The next whole numbers upwards.
#[inline(always)]
pub(crate) fn up<S: Simd>(numbers: Four<S>) -> Four<S> {
    numbers.ceil()
}

/// The next whole numbers downwards.
#[inline(always)]
pub(crate) fn down<S: Simd>(numbers: Four<S>) -> Four<S> {
    numbers.floor()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::level::in_lanes;

    const NUMBERS: [f64; 12] =
        [0.0, -0.0, 1.0, -1.0, 1.0 / 3.0, -0.1, 1e-300, 3e-308, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

    /// Everything that a number can do with another, and what comparing says.
    #[inline(always)]
    fn all_of<N: Number>(a: N, b: N) -> ([N; 13], N::Truth) {
        let below = a.below(b);
        let numbers =
            [a + b, a + 0.3, a - b, a - 0.3, a * b, a * 0.3, a / b, -a, a.size(), a.root(), a.or(below, b), a.least(b), a.most(b)];
        (numbers, below)
    }

    /// NaN has many bits, and which of them comes out is nobody's promise.
    fn same(a: f64, b: f64) -> bool {
        a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
    }

    #[test]
    fn four_are_four_times_one() {
        for a in 0..NUMBERS.len() {
            for b in 0..NUMBERS.len() {
                let of = |start: usize| std::array::from_fn::<_, FOUR, _>(|lane| NUMBERS[(start + lane) % NUMBERS.len()]);
                let (a, b) = (of(a), of(b));
                let (found, below, whole): ([[f64; FOUR]; 13], u64, [[f64; FOUR]; 2]) = in_lanes!(simd => {
                    let (numbers, below) = all_of(four(simd, &a), four(simd, &b));
                    let whole = [up(four(simd, &a)), down(four(simd, &a))];
                    (numbers.map(Into::into), bits(below), whole.map(Into::into))
                });
                for lane in 0..FOUR {
                    let (expected, truth) = all_of(a[lane], b[lane]);
                    for (op, (found, expected)) in found.iter().zip(expected).enumerate() {
                        assert!(same(found[lane], expected), "{op} of {} and {}: {} {expected}", a[lane], b[lane], found[lane]);
                    }
                    assert_eq!(below >> lane & 1 == 1, truth, "{} < {}", a[lane], b[lane]);
                    assert!(same(whole[0][lane], a[lane].ceil()) && same(whole[1][lane], a[lane].floor()), "{}", a[lane]);
                }
            }
        }
    }
}
