//! The judge: is a float the nearest to `g * S/2 + (len-1)/2 - rest`, ties to even? Integers only.

use displace::{DType, Extent, Location, Real, Rest};
use num_bigint::BigInt;
use std::cmp::Ordering;

/// One axis of a question, in the words of CONVENTIONS.md 2 and 3, independent of the library's own arithmetic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) len: usize,
    pub(crate) extent: Extent,
    pub(crate) n: usize,
    pub(crate) rest: Rest,
}

/// `mantissa * 2^exponent`.
#[derive(Clone, Copy, Debug)]
struct Dyadic(i128, i32);

/// The parts of a finite f64.
fn parts(value: f64) -> Dyadic {
    let bits = value.to_bits();
    let field = (bits >> 52 & 0x7ff) as i32;
    let fraction = i128::from(bits & ((1 << 52) - 1));
    let mantissa = if field == 0 { fraction } else { fraction | 1 << 52 };
    Dyadic(if value < 0.0 { -mantissa } else { mantissa }, field.max(1) - 1075)
}

impl Question {
    /// (S, q, P): the displacement is `(g S q + P) / 2q`.
    pub(crate) fn parts(&self, j: usize) -> (i128, i128, i128) {
        let (len, n, j) = (self.len as i128, self.n as i128, j as i128);
        let span = match self.extent {
            Extent::Edges => len,
            Extent::Centers => len - 1,
        };
        // The rest place is a/q.
        let (twice_a, q) = match (self.rest, self.extent) {
            (Rest::Index, _) => (2 * j, 1),
            (Rest::Extent, Extent::Edges) => ((2 * j + 1) * len - n, n),
            (Rest::Extent, Extent::Centers) if n == 1 => (len - 1, 1),
            (Rest::Extent, Extent::Centers) => (2 * j * (len - 1), n - 1),
        };
        (span, q, (len - 1) * q - twice_a)
    }

    /// How `g S q + P` compares with `2 q point`.
    fn compare(&self, g: Dyadic, j: usize, point: Dyadic) -> Ordering {
        let (span, q, p) = self.parts(j);
        let low = g.1.min(point.1).min(0);
        let at = |value: i128, exponent: i32| BigInt::from(value) << (exponent - low);
        // Mantissas of 54 bits times a span of 23 and a q of 31 fit 128 bits.
        (at(g.0 * span * q, g.1) + at(p, 0)).cmp(&at(2 * q * point.0, point.1))
    }

    /// Panics unless `found` is the displacement of `g` at index `j`, correctly rounded to `R`.
    pub(crate) fn check<R: Real>(&self, g: f64, j: usize, found: R) {
        if let Err(fault) = self.judge(g, j, found) {
            panic!("{fault}: {self:?}, j = {j}, g = {g:e} = f64 bits {:#x}: found {found:?}", g.to_bits());
        }
    }

    /// Whether `found` is the displacement of a finite `g` at index `j`, correctly rounded to `R`.
    ///
    /// The sign of a zero is not asked for: a displacement of zero has none.
    fn judge<R: Real>(&self, g: f64, j: usize, found: R) -> Result<(), &'static str> {
        let (digits, lowest, highest) = if <R as Location>::DTYPE == DType::F32 { (24, -149, 104) } else { (53, -1074, 971) };
        let g = parts(g);
        let value = found.to_f64();
        if value.is_nan() {
            return Err("not a number");
        }
        if value.is_infinite() {
            // Half-way beyond the largest float, whose mantissa is odd, rounds to infinity.
            let edge = (1i128 << (digits + 1)) - 1;
            let (edge, short) = if value > 0.0 { (edge, Ordering::Less) } else { (-edge, Ordering::Greater) };
            return if self.compare(g, j, Dyadic(edge, highest - 1)) == short { Err("too large") } else { Ok(()) };
        }
        // The float as an integer of its own units in the last place: below 2^digits, exponent at least `lowest`.
        let Dyadic(mut m, mut e) = parts(value);
        while m != 0 && (e < lowest || m.abs() >= 1 << digits) {
            assert_eq!(m & 1, 0, "a float of this type");
            (m, e) = (m / 2, e + 1);
        }
        if m == 0 {
            e = lowest;
        }
        let even = m & 1 == 0;
        // The half-way points to its neighbours, in quarters of a unit: nearer towards zero below a power of two.
        let outward = 4 * m.abs() + 2;
        let inward = if m.abs() == 1 << (digits - 1) && e > lowest { 4 * m.abs() - 1 } else { 4 * m.abs() - 2 };
        let (below, above) = if m >= 0 { (inward, outward) } else { (-outward, -inward) };
        match (self.compare(g, j, Dyadic(below, e - 2)), self.compare(g, j, Dyadic(above, e - 2))) {
            (Ordering::Less, _) => Err("too large"),
            (_, Ordering::Greater) => Err("too small"),
            (Ordering::Equal, _) | (_, Ordering::Equal) if !even => Err("a tie, and odd"),
            _ => Ok(()),
        }
    }
}

#[test]
fn the_judge_can_say_no() {
    let question = Question { len: 4, extent: Extent::Edges, n: 3, rest: Rest::Extent };
    // j = 0 rests at 1/6: g = 0 is 3/2 - 1/6 = 4/3.
    let right = (4.0f64 / 3.0) as f32;
    assert_eq!(question.judge(0.0, 0, right), Ok(()));
    for wrong in [right.next_up(), right.next_down(), f32::NAN, f32::INFINITY, -right] {
        assert!(question.judge(0.0, 0, wrong).is_err(), "{wrong}");
    }
    // With S/2 = 2, g = 2^-25 is half a unit above 3/2: the even neighbour only, which 3/2 is.
    let question = Question { len: 4, extent: Extent::Edges, n: 3, rest: Rest::Index };
    let unit = 2f64.powi(-23);
    assert_eq!(question.judge(unit / 4.0, 0, 1.5f32), Ok(()));
    assert_eq!(question.judge(unit / 4.0, 0, 1.5f32.next_up()), Err("a tie, and odd"));
    assert_eq!(question.judge(unit / 3.9, 0, 1.5f32), Err("too small"));
    assert_eq!(question.judge(unit / 3.9, 0, 1.5f32.next_up()), Ok(()));
    assert_eq!(question.judge(3e38, 0, f32::INFINITY), Ok(()));
    assert!(question.judge(1e38, 0, f32::INFINITY).is_err());
    // A slope of 1: half-way beyond the largest float, and just short of it.
    let two = Question { len: 2, extent: Extent::Edges, n: 2, rest: Rest::Index };
    let edge = 2f64.powi(128) - 2f64.powi(103);
    assert_eq!(two.judge(f64::from(f32::MAX), 0, f32::MAX), Ok(()));
    assert_eq!(two.judge(edge, 0, f32::INFINITY), Ok(()));
    assert!(two.judge(edge, 0, f32::MAX).is_err());
    assert!(two.judge(edge.next_down(), 0, f32::INFINITY).is_err());
    // At index 1 the constant is -1/2, at index 0 it is +1/2: on either side of the edge.
    assert_eq!(two.judge(-edge, 1, f32::NEG_INFINITY), Ok(()));
    assert_eq!(two.judge(-edge, 0, f32::MIN), Ok(()));
    assert_eq!(two.judge(-edge.next_down(), 0, f32::MIN), Ok(()));
}
