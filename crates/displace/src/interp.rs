//! How values between pixels are made: the taps of one axis and their weights.

use crate::dtype::Real;
use crate::error::NameError;
use std::str::FromStr;

/// How values between pixels are made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Interp {
    /// The nearest pixel; half-way, the even one, as torch.
    Nearest,
    /// Linear along each axis: torch's `bilinear` (on volumes, trilinear). torch's default.
    #[default]
    Linear,
    /// Keys' cubic convolution along each axis, with the derivative `a` at the first neighbours (Keys, IEEE TASSP 29(6), 1981).
    Cubic {
        /// -0.75 in torch and OpenCV, -0.5 in PIL; the latter reproduces quadratics.
        a: f64,
    },
}

impl Interp {
    /// torch's `bicubic`.
    pub const CUBIC: Self = Self::Cubic { a: -0.75 };
}

/// The nearest pixel's offset from the cell: 0 or 1. Half-way, whichever makes the index even.
#[must_use]
pub fn nearest_offset<R: Real>(cell: i64, frac: R) -> i64 {
    if frac > R::HALF || (frac == R::HALF && cell.rem_euclid(2) == 1) { 1 } else { 0 }
}

/// Weights of the taps at the cell and the next pixel.
#[must_use]
pub fn linear_weights<R: Real>(frac: R) -> [R; 2] {
    [R::ONE - frac, frac]
}

/// Weights of the four taps from one before the cell to two after it.
///
/// With `f` the fraction: `a f (1-f)^2`, `1 - f^2 ((a+3) - (a+2) f)`, `f (f ((2a+3) - (a+2) f) - a)`, `a f^2 (1-f)`:
/// exactly 0, 1, 0, 0 on a pixel.
#[must_use]
pub fn cubic_weights<R: Real>(a: R, f: R) -> [R; 4] {
    let two = R::ONE + R::ONE;
    let three = two + R::ONE;
    let rest = R::ONE - f;
    [
        a * f * (rest * rest),
        R::ONE - f * f * ((a + three) - (a + two) * f),
        f * (f * ((two * a + three) - (a + two) * f) - a),
        a * (f * f) * rest,
    ]
}

impl FromStr for Interp {
    type Err = NameError;
    /// torch's names, and the ones that fit two and three dimensions alike.
    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "nearest" => Ok(Self::Nearest),
            "linear" | "bilinear" | "trilinear" => Ok(Self::Linear),
            "cubic" | "bicubic" | "tricubic" => Ok(Self::CUBIC),
            _ => Err(NameError { what: "mode", found: name.into(), expected: "\"nearest\", \"bilinear\" or \"bicubic\"" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_takes_the_even_pixel_half_way() {
        assert_eq!(
            [(0, 0.5), (1, 0.5), (2, 0.5), (-1, 0.5), (3, 0.49), (3, 0.51)].map(|(c, f)| c + nearest_offset(c, f)),
            [0, 2, 2, 0, 3, 4]
        );
    }

    #[test]
    fn cubic_weights_by_hand() {
        assert_eq!(cubic_weights(-0.75, 0.0), [0.0, 1.0, 0.0, 0.0]);
        // torch: pixel 7 alone, half a pixel and a half before it, reads -0.65625 = 7 * -0.09375.
        assert_eq!(cubic_weights(-0.75f64, 0.5), [-0.09375, 0.59375, 0.59375, -0.09375]);
        assert_eq!(cubic_weights(-0.5f64, 0.5), [-0.0625, 0.5625, 0.5625, -0.0625]);
        for f in [0.1, 0.3, 0.9] {
            assert!((cubic_weights(-0.6, f).iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
    }
}
