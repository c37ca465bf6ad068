//! Number types: what coordinates are made of, what grids hold, what images hold. The only home of dtype names.

use displace_reads::Reads;
use half::{bf16, f16};
use std::fmt::{Debug, Display};
use std::ops::{Add, Div, Mul, Neg, Sub};

pub(crate) mod sealed {
    use displace_reads::Reads;

    pub trait Sealed: Sized {
        /// Reads of pairs, if they are of `f32`: two of which are loaded as one number.
        #[inline(always)]
        fn pairs_of_f32<'r, 'a, const ROWS: usize>(_: &'r Reads<'a, Self, ROWS, 2>) -> Option<&'r Reads<'a, f32, ROWS, 2>> {
            None
        }

        /// Reads of single numbers, if they are of `f32`.
        #[inline(always)]
        fn singles_of_f32<'r, 'a>(_: &'r Reads<'a, Self, 1, 1>) -> Option<&'r Reads<'a, f32, 1, 1>> {
            None
        }

        /// Numbers, if they are `f32`.
        #[inline(always)]
        fn as_f32(_: &[Self]) -> Option<&[f32]> {
            None
        }

        /// Numbers, if they are `f64`.
        #[inline(always)]
        fn as_f64(_: &[Self]) -> Option<&[f64]> {
            None
        }

        /// Numbers, if they are bytes.
        #[inline(always)]
        fn as_u8(_: &[Self]) -> Option<&[u8]> {
            None
        }

        /// Numbers to be written, if they are bytes.
        #[inline(always)]
        fn as_u8_mut(_: &mut [Self]) -> Option<&mut [u8]> {
            None
        }

        /// Numbers to be written, if they are `f32`.
        #[inline(always)]
        fn as_f32_mut(_: &mut [Self]) -> Option<&mut [f32]> {
            None
        }

        /// Numbers to be written, if they are `f64`.
        #[inline(always)]
        fn as_f64_mut(_: &mut [Self]) -> Option<&mut [f64]> {
            None
        }

        /// The same numbers, if they are of this type.
        #[inline(always)]
        fn of<T: Sealed>(_: &[T]) -> Option<&[Self]> {
            None
        }

        /// Numbers of another type to be written, if that is this one.
        #[inline(always)]
        fn of_mut<T: Sealed>(_: &mut [T]) -> Option<&mut [Self]> {
            None
        }
    }
}
use sealed::Sealed;

/// A float that coordinates and blends are computed in: `f32` or `f64`.
pub trait Real:
    Sealed
    + Copy
    + Debug
    + Default
    + Display
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Location<Real = Self>
    + Sample
{
    /// The wider of the two: what a blend of `Self` values at `R` locations is computed in.
    type With<R: Real>: Real;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// One half.
    const HALF: Self;
    /// Not a number.
    const NAN: Self;
    /// Integers and half-integers of smaller magnitude are exact, and so are their differences: 2^22 or 2^51.
    const EXACT: Self;
    /// Unit round-off: half the gap between 1 and the next number.
    const ROUND_OFF: f64;
    /// `self * a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// The largest integer not above `self`.
    fn floor(self) -> Self;
    /// The nearest integer, ties to the even one.
    fn round_ties_even(self) -> Self;
    /// The magnitude.
    fn abs(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Rounded to nearest even.
    fn from_f64(value: f64) -> Self;
    /// Exact.
    fn to_f64(self) -> f64;
    /// Exact for |value| < 2^24.
    fn from_i32(value: i32) -> Self;
    /// Towards zero, saturating; NaN gives 0.
    fn to_i32(self) -> i32;
}

/// A number a grid or field may hold. Half types are read exactly and computed in `f32`.
pub trait Location: Sealed + Copy + Default + Send + Sync + 'static {
    /// What it is computed in.
    type Real: Real;
    /// Its dtype.
    const DTYPE: DType;
    /// Exact.
    fn widen(self) -> Self::Real;
    /// The nearest number that `Self` can hold, for emulating arithmetic done in half precision.
    fn rounded(value: Self::Real) -> Self::Real;
    /// Rounded once, half to even: how a gradient computed in `A` becomes one of locations.
    fn narrowed<A: Real>(value: A) -> Self;
}

/// A value an image may hold.
pub trait Sample: Sealed + Copy + Default + PartialEq + Debug + Send + Sync + 'static {
    /// What blends of such values are computed in at least.
    type Acc: Real;
    /// Its dtype.
    const DTYPE: DType;
    /// Exact.
    fn widen<A: Real>(self) -> A;
    /// Rounded once, half to even; integers saturate and NaN becomes 0.
    fn narrow<A: Real>(value: A) -> Self;
}

macro_rules! real {
    ($t:ident, $with:ty, $exact:expr, $from_i32:expr) => {
        impl Real for $t {
            type With<R: Real> = $with;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const HALF: Self = 0.5;
            const NAN: Self = $t::NAN;
            const EXACT: Self = $exact;
            const ROUND_OFF: f64 = ($t::EPSILON / 2.0) as f64;
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $t::mul_add(self, a, b)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $t::floor(self)
            }
            #[inline(always)]
            fn round_ties_even(self) -> Self {
                $t::round_ties_even(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, trivial_numeric_casts)]
            fn from_f64(value: f64) -> Self {
                value as $t
            }
            #[inline(always)]
            #[allow(clippy::cast_lossless, trivial_numeric_casts)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn from_i32(value: i32) -> Self {
                $from_i32(value)
            }
            #[inline(always)]
            fn to_i32(self) -> i32 {
                self as i32
            }
        }
    };
}
impl Sealed for f32 {
    #[inline(always)]
    fn pairs_of_f32<'r, 'a, const ROWS: usize>(reads: &'r Reads<'a, Self, ROWS, 2>) -> Option<&'r Reads<'a, f32, ROWS, 2>> {
        Some(reads)
    }

    #[inline(always)]
    fn singles_of_f32<'r, 'a>(reads: &'r Reads<'a, Self, 1, 1>) -> Option<&'r Reads<'a, f32, 1, 1>> {
        Some(reads)
    }

    #[inline(always)]
    fn as_f32(numbers: &[Self]) -> Option<&[f32]> {
        Some(numbers)
    }

    #[inline(always)]
    fn as_f32_mut(numbers: &mut [Self]) -> Option<&mut [f32]> {
        Some(numbers)
    }

    #[inline(always)]
    fn of<T: Sealed>(numbers: &[T]) -> Option<&[f32]> {
        T::as_f32(numbers)
    }

    #[inline(always)]
    fn of_mut<T: Sealed>(numbers: &mut [T]) -> Option<&mut [f32]> {
        T::as_f32_mut(numbers)
    }
}
impl Sealed for f64 {
    #[inline(always)]
    fn as_f64(numbers: &[Self]) -> Option<&[f64]> {
        Some(numbers)
    }

    #[inline(always)]
    fn as_f64_mut(numbers: &mut [Self]) -> Option<&mut [f64]> {
        Some(numbers)
    }

    #[inline(always)]
    fn of<T: Sealed>(numbers: &[T]) -> Option<&[f64]> {
        T::as_f64(numbers)
    }

    #[inline(always)]
    fn of_mut<T: Sealed>(numbers: &mut [T]) -> Option<&mut [f64]> {
        T::as_f64_mut(numbers)
    }
}
real!(f32, R, 4_194_304.0, |v| v as f32);
real!(f64, f64, 2_251_799_813_685_248.0, f64::from);

macro_rules! location {
    ($t:ident, $real:ty, $dtype:ident, $widen:expr, $rounded:expr) => {
        impl Location for $t {
            type Real = $real;
            const DTYPE: DType = DType::$dtype;
            #[inline(always)]
            fn widen(self) -> $real {
                $widen(self)
            }
            #[inline(always)]
            fn rounded(value: $real) -> $real {
                $rounded(value)
            }
            #[inline(always)]
            fn narrowed<A: Real>(value: A) -> Self {
                <$t as Sample>::narrow(value)
            }
        }
    };
}
impl Sealed for f16 {}
impl Sealed for bf16 {}
location!(f16, f32, F16, f16::to_f32, |v| f16::from_f32(v).to_f32());
location!(bf16, f32, BF16, bf16::to_f32, |v| bf16::from_f32(v).to_f32());
location!(f32, f32, F32, |v| v, |v| v);
location!(f64, f64, F64, |v| v, |v| v);

macro_rules! integer_sample {
    ($($t:ident $dtype:ident),*) => {$(
        impl Sample for $t {
            type Acc = f32;
            const DTYPE: DType = DType::$dtype;
            #[inline(always)]
            fn widen<A: Real>(self) -> A {
                A::from_i32(i32::from(self))
            }
            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            fn narrow<A: Real>(value: A) -> Self {
                // Saturated first, so that the conversion through i32 cannot wrap.
                value.round_ties_even().to_i32().clamp(i32::from($t::MIN), i32::from($t::MAX)) as $t
            }
        }
    )*};
}
impl Sealed for u8 {
    #[inline(always)]
    fn as_u8(numbers: &[Self]) -> Option<&[u8]> {
        Some(numbers)
    }

    #[inline(always)]
    fn as_u8_mut(numbers: &mut [Self]) -> Option<&mut [u8]> {
        Some(numbers)
    }
}
impl Sealed for u16 {}
impl Sealed for i16 {}
integer_sample!(u8 U8, u16 U16, i16 I16);

macro_rules! half_sample {
    ($($t:ident $dtype:ident),*) => {$(
        impl Sample for $t {
            type Acc = f32;
            const DTYPE: DType = DType::$dtype;
            #[inline(always)]
            fn widen<A: Real>(self) -> A {
                A::from_f64(f64::from(self.to_f32()))
            }
            #[inline(always)]
            fn narrow<A: Real>(value: A) -> Self {
                $t::from_f32(to_f32_odd(value.to_f64()))
            }
        }
    )*};
}
half_sample!(f16 F16, bf16 BF16);

impl Sample for f32 {
    type Acc = f32;
    const DTYPE: DType = DType::F32;
    #[inline(always)]
    fn widen<A: Real>(self) -> A {
        A::from_f64(f64::from(self))
    }
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)]
    fn narrow<A: Real>(value: A) -> Self {
        value.to_f64() as f32
    }
}

impl Sample for f64 {
    type Acc = f64;
    const DTYPE: DType = DType::F64;
    #[inline(always)]
    fn widen<A: Real>(self) -> A {
        A::from_f64(self)
    }
    #[inline(always)]
    fn narrow<A: Real>(value: A) -> Self {
        value.to_f64()
    }
}

/// `value` as `f32` rounded to odd: a later rounding to a shorter type is then as if done once
/// (Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums using rounding to odd", IEEE TC 57(4), 2008).
#[inline(always)]
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn to_f32_odd(value: f64) -> f32 {
    let near = value as f32;
    let back = f64::from(near);
    if back == value || !near.is_finite() || near.to_bits() & 1 == 1 {
        return near;
    }
    // `near` is even and not the value: its odd neighbour on the value's side.
    let bits = near.to_bits();
    f32::from_bits(if value.abs() > back.abs() { bits + 1 } else { bits - 1 })
}

/// The number types that grids, fields and images may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DType {
    /// 8-bit unsigned.
    U8,
    /// 16-bit unsigned.
    U16,
    /// 16-bit signed.
    I16,
    /// IEEE half precision.
    F16,
    /// bfloat16: the upper half of an `f32`.
    BF16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
}

impl DType {
    /// Bytes of one number.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Whether sums in it lose digits that `f32` keeps.
    pub(crate) const fn is_half(self) -> bool {
        matches!(self, Self::F16 | Self::BF16)
    }

    /// Whether it can hold fractions, infinities and NaN: what a grid must be made of.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// The gap between 1 and the number below it, half of NumPy's `finfo.eps`; 0 for integers.
    #[must_use]
    pub const fn spacing_below_one(self) -> f64 {
        match self {
            Self::U8 | Self::U16 | Self::I16 => 0.0,
            Self::F16 => 1.0 / 2048.0,
            Self::BF16 => 1.0 / 256.0,
            Self::F32 => f32::EPSILON as f64 / 2.0,
            Self::F64 => f64::EPSILON / 2.0,
        }
    }
}

impl Display for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_round_half_to_even_and_saturate() {
        assert_eq!([0.5f32, 1.5, 2.5, -0.5, 254.5, 255.5, -9.0, 1e30, f32::NAN].map(u8::narrow), [0, 2, 2, 0, 254, 255, 0, 255, 0]);
        assert_eq!([-32768.5f64, 32767.5, 2.5].map(i16::narrow), [i16::MIN, i16::MAX, 2]);
        assert_eq!(u16::narrow(65535.4f32), 65535);
    }

    #[test]
    fn doubles_become_halves_with_one_rounding() {
        // Just above the tie between 1 and 1 + 2^-10: rounding first to f32 would land on the tie and fall back to 1.
        let above_tie = 1.0 + 2f64.powi(-11) + 2f64.powi(-40);
        assert_eq!(f16::narrow(above_tie), f16::from_bits(0x3c01));
        assert_eq!(f16::narrow(1.0 + 2f64.powi(-11)), f16::from_bits(0x3c00));
        assert_eq!(f16::narrow(-above_tie), f16::from_bits(0xbc01));
        assert_eq!(bf16::narrow(1.0 + 2f64.powi(-8) + 2f64.powi(-40)), bf16::from_bits(0x3f81));
        assert_eq!(to_f32_odd(2f64.powi(-160)), f32::from_bits(1));
        assert_eq!(to_f32_odd(-2f64.powi(-160)), f32::from_bits(0x8000_0001));
    }
}
