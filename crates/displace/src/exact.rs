//! Correct rounding where one fused multiply-add is not enough: `g * s + num/den` with a fraction that no float holds.

use crate::dtype::{DType, Location, Real};
use std::cmp::Ordering;

/// An exact fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    num: i64,
    den: i64,
}

impl Ratio {
    /// `num / den`, in lowest terms.
    ///
    /// # Panics
    /// If `den` is 0.
    #[must_use]
    pub fn new(num: i64, den: i64) -> Self {
        assert!(den != 0, "a fraction with denominator 0");
        let common = gcd(num.unsigned_abs(), den.unsigned_abs()) as i64;
        let sign = if den < 0 { -1 } else { 1 };
        Self { num: sign * num / common, den: sign * den / common }
    }

    /// A whole number.
    #[must_use]
    pub const fn integer(num: i64) -> Self {
        Self { num, den: 1 }
    }

    /// The numerator.
    #[must_use]
    pub const fn num(self) -> i64 {
        self.num
    }

    /// The denominator, positive.
    #[must_use]
    pub const fn den(self) -> i64 {
        self.den
    }

    /// The nearest `f64`.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }

    /// The largest integer not above, and the rest in [0, 1).
    #[must_use]
    pub fn split(self) -> (i64, Self) {
        let whole = self.num.div_euclid(self.den);
        (whole, Self { num: self.num.rem_euclid(self.den), den: self.den })
    }

    /// The value, if it is a float exactly: halves and integers of lattices always are.
    #[must_use]
    pub fn exactly<R: Real>(self) -> Option<R> {
        let near = R::from_f64(self.to_f64());
        (self.den <= 2 && near.to_f64() * self.den as f64 == self.num as f64).then_some(near)
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// `a + b` as a rounded sum and its exact error (Knuth).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let bb = sum - a;
    (sum, (a - (sum - bb)) + (b - bb))
}

/// `a * b` as a rounded product and its exact error.
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// The sign of an exact sum, by growing a non-overlapping expansion (Shewchuk, DCG 18:305, 1997).
fn sign_of_sum(terms: &[f64]) -> Ordering {
    let mut parts: Vec<f64> = Vec::with_capacity(terms.len());
    for &term in terms {
        let mut carry = term;
        for part in &mut parts {
            (carry, *part) = two_sum(carry, *part);
        }
        parts.push(carry);
    }
    // The last non-zero part outweighs all before it.
    parts.iter().rev().find(|p| **p != 0.0).map_or(Ordering::Equal, |p| p.partial_cmp(&0.0).unwrap_or(Ordering::Equal))
}

/// An unevaluated sum of two floats: twice the precision of `f64`, relative errors of some 2^-104 (Joldes, Muller, Popescu, ACM TOMS
/// 44:15, 2017).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Twofold {
    high: f64,
    low: f64,
}

impl Twofold {
    pub(crate) const ZERO: Self = Self { high: 0.0, low: 0.0 };
    pub(crate) const ONE: Self = Self { high: 1.0, low: 0.0 };

    pub(crate) const fn new(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }

    pub(crate) fn is_zero(self) -> bool {
        self.high == 0.0
    }

    pub(crate) fn to_f64(self) -> f64 {
        self.high
    }

    /// This number times a float.
    #[inline(always)]
    pub(crate) fn times(self, factor: f64) -> Self {
        let (high, low) = two_product(self.high, factor);
        let (high, low) = quick_two_sum(high, self.low.mul_add(factor, low));
        Self { high, low }
    }

    /// Rounded once to `R`.
    #[inline(always)]
    pub(crate) fn round<R: Real>(self) -> R {
        round_pair(self.high, self.low)
    }
}

/// [`two_sum`] of numbers of which the first is not the smaller one (Dekker).
#[inline(always)]
fn quick_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

impl From<Ratio> for Twofold {
    fn from(ratio: Ratio) -> Self {
        // Numerators and denominators of lattices are below 2^53.
        Self::new(ratio.num as f64) / Self::new(ratio.den as f64)
    }
}

impl std::ops::Add for Twofold {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let (high, error) = two_sum(self.high, other.high);
        let (low, low_error) = two_sum(self.low, other.low);
        let (high, error) = quick_two_sum(high, error + low);
        let (high, low) = quick_two_sum(high, error + low_error);
        Self { high, low }
    }
}

impl std::ops::Neg for Twofold {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl std::ops::Sub for Twofold {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl std::ops::Mul for Twofold {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (high, low) = two_product(self.high, other.high);
        let (high, low) = quick_two_sum(high, low + self.high.mul_add(other.low, self.low * other.high));
        Self { high, low }
    }
}

impl std::ops::Div for Twofold {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let quotient = self.high / other.high;
        let rest = self - other.times(quotient);
        let more = rest.high / other.high;
        let rest = rest - other.times(more);
        Self::new(quotient) + Self::new(more) + Self::new(rest.high / other.high)
    }
}

/// An unevaluated sum rounded once to `R`.
fn round_pair<R: Real>(high: f64, low: f64) -> R {
    if <R as Location>::DTYPE == DType::F64 {
        return R::from_f64(high + low);
    }
    let (sum, error) = two_sum(high, low);
    // Round to odd in f64 first, so that the rounding to f32 sees which side of a tie the value lies on.
    let odd = if error == 0.0 || sum.to_bits() & 1 == 1 {
        sum
    } else if (error > 0.0) == (sum > 0.0) {
        f64::from_bits(sum.to_bits() + 1)
    } else {
        f64::from_bits(sum.to_bits() - 1)
    };
    R::from_f64(odd)
}

/// `g * slope + constant`, correctly rounded, for a finite or non-finite `g` and a slope that is a half-integer.
#[must_use]
pub fn scaled_plus<R: Real>(g: R, slope: f64, constant: Ratio) -> R {
    if let Some(c) = constant.exactly::<R>() {
        return g.mul_add(R::from_f64(slope), c);
    }
    // Over the common denominator 2 den the numerator is a sum of three floats: cancelled first and divided afterwards,
    // so that the error stays relative to the result.
    let (num, den) = (constant.num as f64, constant.den as f64);
    let (product, product_low) = two_product(g.to_f64(), 2.0 * slope * den);
    if !product.is_finite() || product.abs() > 1e280 {
        return g.mul_add(R::from_f64(slope), R::from_f64(num / den));
    }
    let (sum, error) = two_sum(product, 2.0 * num);
    let (error, error_low) = two_sum(error, product_low);
    let (high, low) = two_sum(sum, error);
    let (high, low) = two_sum(high, low + error_low);
    if high == 0.0 {
        return R::ZERO;
    }
    // The remainder of a division is a float: the quotient and its correction are good to 2^-103 or so.
    let quotient = high / (2.0 * den);
    let tail = ((-quotient).mul_add(2.0 * den, high) + low) / (2.0 * den);
    let doubt = quotient.abs() * 2f64.powi(-100);
    let (below, above) = (round_pair::<R>(quotient, tail - doubt), round_pair::<R>(quotient, tail + doubt));
    if below == above {
        return below;
    }
    // Neighbours: compare the exact value with the point half-way, both times 2 den.
    let (b, a) = (below.to_f64(), above.to_f64());
    let (y, y_low) = two_product(b, -den);
    let (z, z_low) = two_product(a, -den);
    match sign_of_sum(&[product, product_low, 2.0 * num, y, y_low, z, z_low]) {
        Ordering::Less => below,
        Ordering::Greater => above,
        Ordering::Equal if round_pair::<R>(b / 2.0, a / 2.0) == below => below,
        Ordering::Equal => above,
    }
}
