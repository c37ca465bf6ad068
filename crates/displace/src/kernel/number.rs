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
