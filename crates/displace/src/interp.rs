//! How values between pixels are made: the taps of one axis and their weights.

use crate::dtype::Real;
use crate::error::{NameError, OrderError};
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
        /// -0.75 in torch and OpenCV, -0.5 in PIL (Catmull-Rom); the latter reproduces quadratics.
        a: f64,
    },
    /// The B-spline through the pixels (Unser, IEEE SP Magazine 16(6), 1999): SciPy's `map_coordinates`.
    BSpline {
        /// The degree of its pieces.
        order: SplineOrder,
        /// Whether pixels are made into coefficients first. If not, they are coefficients.
        prefilter: bool,
    },
    /// The sinc function within three lobes of another, weights divided by their sum: 6 taps.
    Lanczos3,
    /// The sinc function within four lobes of another, weights divided by their sum: 8 taps, OpenCV's `INTER_LANCZOS4`.
    Lanczos4,
    /// The cubics of Mitchell and Netravali (SIGGRAPH 1988). They blur unless `b` is 0.
    Mitchell {
        /// 1/3 as they recommend; 1 is the cubic B-spline without a prefilter, 0 Keys' cubic with `a = -c`.
        b: f64,
        /// 1/3 as they recommend.
        c: f64,
    },
}

/// The degree of a B-spline's pieces. Orders 0 and 1 are [`Interp::Nearest`] and [`Interp::Linear`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplineOrder {
    /// Parabolas: 3 taps, slopes without jumps.
    Two,
    /// Cubics: 4 taps, curvatures without jumps.
    Three,
    /// 5 taps.
    Four,
    /// 6 taps.
    Five,
}

impl SplineOrder {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Two, Self::Three, Self::Four, Self::Five];

    /// 2, 3, 4 or 5.
    #[must_use]
    pub const fn degree(self) -> u32 {
        match self {
            Self::Two => 2,
            Self::Three => 3,
            Self::Four => 4,
            Self::Five => 5,
        }
    }

    /// The poles within the unit circle of the filter that makes pixels into coefficients: of order 2, `sqrt(8) - 3`; 3, `sqrt(3) - 2`;
    /// 4 and 5 as Unser, Aldroubi and Eden (IEEE TSP 41(2), 1993) print them, as the roots of
    /// `z^4 + 76 z^3 + 230 z^2 + 76 z + 1` and `z^4 + 26 z^3 + 66 z^2 + 26 z + 1`.
    #[must_use]
    pub fn poles(self) -> &'static [f64] {
        match self {
            Self::Two => &[-0.171_572_875_253_809_9],
            Self::Three => &[-0.267_949_192_431_122_7],
            Self::Four => &[-0.361_341_225_900_220_2, -0.013_725_429_297_339_12],
            Self::Five => &[-0.430_575_347_099_973_8, -0.043_096_288_203_264_65],
        }
    }
}

impl TryFrom<u32> for SplineOrder {
    type Error = OrderError;
    fn try_from(degree: u32) -> Result<Self, OrderError> {
        Self::ALL.into_iter().find(|order| order.degree() == degree).ok_or(OrderError { found: degree })
    }
}

impl Interp {
    /// torch's `bicubic`.
    pub const CUBIC: Self = Self::Cubic { a: -0.75 };
    /// The cubic that Mitchell and Netravali recommend.
    pub const MITCHELL: Self = Self::Mitchell { b: 1.0 / 3.0, c: 1.0 / 3.0 };
    /// Keys' cubic that reproduces quadratics.
    pub const CATMULL_ROM: Self = Self::Cubic { a: -0.5 };

    /// The B-spline of an order through the pixels.
    #[must_use]
    pub const fn bspline(order: SplineOrder) -> Self {
        Self::BSpline { order, prefilter: true }
    }

    /// How many taps before the cell and after it, where padding acts on taps one by one. `None` where it acts on the location.
    ///
    /// Where the number of taps is odd, the cell is the nearest pixel and not the one below.
    #[must_use]
    pub const fn window(self) -> Option<(i32, i32)> {
        match self {
            Self::Nearest | Self::Linear => None,
            Self::BSpline { order: SplineOrder::Two, .. } => Some((1, 1)),
            Self::Cubic { .. } | Self::Mitchell { .. } | Self::BSpline { order: SplineOrder::Three, .. } => Some((1, 2)),
            Self::BSpline { order: SplineOrder::Four, .. } => Some((2, 2)),
            Self::BSpline { order: SplineOrder::Five, .. } | Self::Lanczos3 => Some((2, 3)),
            Self::Lanczos4 => Some((3, 4)),
        }
    }

    /// Whether images are read in the type that blends are made in: kernels that nobody is in a hurry for are compiled for no other.
    pub(crate) const fn is_wide(self) -> bool {
        !matches!(self, Self::Nearest | Self::Linear | Self::Cubic { .. })
    }

    /// The first tap of a location and the weights of all: what `interp` reads by the cell at or below and the way to the next.
    #[must_use]
    pub(crate) fn taps<R: Real>(self, cell: i64, frac: R) -> (i64, Vec<R>) {
        let (before, _) = self.window().unwrap_or((0, 1));
        let next = self.is_centred() && frac >= R::HALF;
        let (cell, f) = if next { (cell + 1, frac - R::ONE) } else { (cell, frac) };
        if self == Self::Nearest {
            return (cell + nearest_offset(cell, frac), vec![R::ONE]);
        }
        (cell - i64::from(before), self.weights_at(f))
    }

    /// The weights of all taps by the way from the cell.
    pub(crate) fn weights_at<R: Real>(self, f: R) -> Vec<R> {
        match self {
            Self::Nearest => vec![R::ONE],
            Self::Linear => linear_weights(f).to_vec(),
            Self::Cubic { a } => cubic_weights(R::from_f64(a), f).to_vec(),
            Self::Mitchell { b, c } => mitchell_weights(b, c, f).to_vec(),
            Self::BSpline { order, .. } => bspline_weights(order, f),
            Self::Lanczos3 => lanczos_weights(3, f),
            Self::Lanczos4 => lanczos_weights(4, f),
        }
    }

    /// Whether the taps lie around the nearest pixel rather than around the location.
    #[must_use]
    pub const fn is_centred(self) -> bool {
        matches!(self, Self::BSpline { order: SplineOrder::Two | SplineOrder::Four, .. })
    }

    /// Whether a location on a pixel reads that pixel alone, of pixels or of coefficients.
    #[must_use]
    pub fn is_exact_on_pixels(self) -> bool {
        match self {
            Self::BSpline { .. } => false,
            Self::Mitchell { b, .. } => b == 0.0,
            Self::Nearest | Self::Linear | Self::Cubic { .. } | Self::Lanczos3 | Self::Lanczos4 => true,
        }
    }
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

/// Weights of a B-spline's taps. `f` is the way from the cell: from 0 to 1, and with orders 2 and 4 from the nearest pixel, -1/2 to 1/2.
///
/// With `g = 1 - f`, by order:
/// 2: `(1/2 - f)^2/2`, `3/4 - f^2`, `(1/2 + f)^2/2`;
/// 3: `g^3/6`, `2/3 - f^2 (1 - f/2)`, the same two with `f` and `g` exchanged;
/// 4 and 5: the pieces of the B-spline at the taps' distances.
#[must_use]
pub fn bspline_weights<R: Real>(order: SplineOrder, f: R) -> Vec<R> {
    let c = R::from_f64;
    let g = R::ONE - f;
    let square = |t: R| t * t;
    match order {
        SplineOrder::Two => {
            let (a, b) = (R::HALF - f, R::HALF + f);
            vec![R::HALF * square(a), c(0.75) - square(f), R::HALF * square(b)]
        }
        SplineOrder::Three => {
            let outer = |t: R| square(t) * t * c(1.0 / 6.0);
            let inner = |t: R| c(2.0 / 3.0) - square(t) * (R::ONE - R::HALF * t);
            vec![outer(g), inner(f), inner(g), outer(f)]
        }
        SplineOrder::Four => {
            let outer = |t: R| square(square(t)) * c(1.0 / 24.0);
            // At distances from 1/2 to 3/2.
            let between = |t: R| c(55.0 / 96.0) + t * (c(5.0 / 24.0) - t * (c(1.25) - t * (c(5.0 / 6.0) - c(1.0 / 6.0) * t)));
            let middle = c(115.0 / 192.0) - square(f) * (c(0.625) - c(0.25) * square(f));
            vec![outer(R::HALF - f), between(R::ONE + f), middle, between(g), outer(R::HALF + f)]
        }
        SplineOrder::Five => {
            let outer = |t: R| square(square(t)) * t * c(1.0 / 120.0);
            // At distances up to 1, and of 1 more.
            let inner = |t: R| c(0.55) - square(t) * (R::HALF - square(t) * (c(0.25) - c(1.0 / 12.0) * t));
            let beyond = |t: R| {
                let t = R::ONE + t;
                c(0.425) + t * (c(0.625) - t * (c(1.75) - t * (c(1.25) - t * (c(0.375) - c(1.0 / 24.0) * t))))
            };
            vec![outer(g), beyond(f), inner(f), inner(g), beyond(g), outer(f)]
        }
    }
}

/// Weights of Mitchell and Netravali's four taps, from one before the cell to two after it.
///
/// At a distance `t` below 1 they are `(1 - b/3) - t^2 ((3 - 2b - c) - (2 - 3b/2 - c) t)`, and from 1 to 2, with `u = 2 - t`,
/// `u^2 ((b/6 + c) u - c)`.
#[must_use]
pub fn mitchell_weights<R: Real>(b: f64, c: f64, f: R) -> [R; 4] {
    let of = R::from_f64;
    let g = R::ONE - f;
    let outer = |u: R| u * u * (of(b / 6.0 + c) * u - of(c));
    let inner = |t: R| of(1.0 - b / 3.0) - t * t * (of(3.0 - 2.0 * b - c) - of(2.0 - 1.5 * b - c) * t);
    [outer(g), inner(f), inner(g), outer(f)]
}

/// Weights of Lanczos' `2 a` taps, from `a - 1` before the cell to `a` after it: `sinc(t) sinc(t/a)` at the distances `t`, divided by
/// their sum (Duchon, Journal of Applied Meteorology 18(8), 1979).
///
/// As `sin(pi t)` is the same at all taps but for its sign, it falls out of the quotient: with `h = f (1-f)` a weight is
/// `(-1)^j sin(pi (f-j)/a) h/(f-j)^2`, divided by the sum. Sines are Taylor's series of angles up to 60 degrees.
#[must_use]
pub fn lanczos_weights<R: Real>(a: u32, f: R) -> Vec<R> {
    let g = R::ONE - f;
    let per_pixel = R::from_f64(std::f64::consts::PI / f64::from(a));
    let series = |angle: R, terms: &[f64]| {
        let square = angle * angle;
        terms.iter().rev().fold(R::ZERO, |sum, term| sum.mul_add(square, R::from_f64(*term)))
    };
    let (sin, cos) = (f * per_pixel * series(f * per_pixel, &SINE), series(f * per_pixel, &COSINE));
    let mut weights = Vec::new();
    for j in 1 - a as i32..=a as i32 {
        let turn = std::f64::consts::PI * f64::from(j) / f64::from(a);
        let sign = if j % 2 == 0 { 1.0 } else { -1.0 };
        weights.push(match j {
            0 => g * per_pixel * series(f * per_pixel, &SINE),
            1 => f * per_pixel * series(g * per_pixel, &SINE),
            _ => {
                let t = f - R::from_i32(j);
                (sin * R::from_f64(sign * turn.cos()) - cos * R::from_f64(sign * turn.sin())) * (f * g) / (t * t)
            }
        });
    }
    let sum = weights.iter().fold(R::ZERO, |sum, weight| sum + *weight);
    let share = R::ONE / sum;
    weights.into_iter().map(|weight| weight * share).collect()
}

/// `sin(x)/x` in powers of `x^2`, and `cos(x)`: enough for `f64` up to 60 degrees.
pub(crate) const SINE: [f64; 10] = [
    1.0,
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5_040.0,
    1.0 / 362_880.0,
    -1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
    -1.0 / 121_645_100_408_832_000.0,
];
pub(crate) const COSINE: [f64; 10] = [
    1.0,
    -1.0 / 2.0,
    1.0 / 24.0,
    -1.0 / 720.0,
    1.0 / 40_320.0,
    -1.0 / 3_628_800.0,
    1.0 / 479_001_600.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 20_922_789_888_000.0,
    -1.0 / 6_402_373_705_728_000.0,
];

impl FromStr for Interp {
    type Err = NameError;
    /// torch's names, and the ones that fit two and three dimensions alike.
    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "nearest" => Ok(Self::Nearest),
            "linear" | "bilinear" | "trilinear" => Ok(Self::Linear),
            "cubic" | "bicubic" | "tricubic" => Ok(Self::CUBIC),
            "catmull-rom" => Ok(Self::CATMULL_ROM),
            "mitchell" => Ok(Self::MITCHELL),
            "lanczos3" => Ok(Self::Lanczos3),
            "lanczos4" => Ok(Self::Lanczos4),
            "bspline2" => Ok(Self::bspline(SplineOrder::Two)),
            "bspline2-coefficients" => Ok(Self::BSpline { order: SplineOrder::Two, prefilter: false }),
            "bspline3" => Ok(Self::bspline(SplineOrder::Three)),
            "bspline3-coefficients" => Ok(Self::BSpline { order: SplineOrder::Three, prefilter: false }),
            "bspline4" => Ok(Self::bspline(SplineOrder::Four)),
            "bspline4-coefficients" => Ok(Self::BSpline { order: SplineOrder::Four, prefilter: false }),
            "bspline5" => Ok(Self::bspline(SplineOrder::Five)),
            "bspline5-coefficients" => Ok(Self::BSpline { order: SplineOrder::Five, prefilter: false }),
            _ => Err(NameError {
                what: "mode",
                found: name.into(),
                expected: "\"nearest\", \"bilinear\", \"bicubic\", \"catmull-rom\", \"mitchell\", \"lanczos3\", \"lanczos4\" or \
                           \"bspline2\" to \"bspline5\", of coefficients \"bspline2-coefficients\" and so on",
            }),
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

    fn close(found: &[f64], expected: &[f64]) {
        let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(found.len() == expected.len() && off < 1e-15, "{found:?} {expected:?}");
    }

    #[test]
    fn bspline_weights_by_hand() {
        use SplineOrder::{Five, Four, Three, Two};
        // On a pixel the B-splines' values at whole numbers, half-way those at half numbers.
        close(&bspline_weights(Two, 0.0), &[1.0 / 8.0, 6.0 / 8.0, 1.0 / 8.0]);
        close(&bspline_weights(Two, -0.5), &[0.5, 0.5, 0.0]);
        close(&bspline_weights(Three, 0.0), &[1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0, 0.0]);
        close(&bspline_weights(Three, 0.5), &[1.0 / 48.0, 23.0 / 48.0, 23.0 / 48.0, 1.0 / 48.0]);
        close(&bspline_weights(Four, 0.0), &[1.0, 76.0, 230.0, 76.0, 1.0].map(|w| w / 384.0));
        close(&bspline_weights(Four, -0.5), &[1.0, 11.0, 11.0, 1.0, 0.0].map(|w| w / 24.0));
        close(&bspline_weights(Five, 0.0), &[1.0, 26.0, 66.0, 26.0, 1.0, 0.0].map(|w| w / 120.0));
        close(&bspline_weights(Five, 0.5), &[1.0, 237.0, 1682.0, 1682.0, 237.0, 1.0].map(|w| w / 3840.0));
        for order in SplineOrder::ALL {
            for f in [-0.4, 0.1, 0.3, 0.45] {
                let sum: f64 = bspline_weights(order, f).iter().sum();
                assert!((sum - 1.0).abs() < 1e-15, "{order:?} {f}");
            }
            // The poles are the roots of the weights on a pixel.
            let weights = bspline_weights(order, 0.0);
            for pole in order.poles() {
                let value = weights.iter().rev().fold(0.0, |sum: f64, weight| sum * pole + weight);
                assert!(value.abs() < 1e-16, "{order:?} {pole} {value}");
            }
        }
    }

    #[test]
    fn mitchell_and_lanczos_weights_by_hand() {
        let third = 1.0 / 3.0;
        close(&mitchell_weights(third, third, 0.0), &[1.0 / 18.0, 16.0 / 18.0, 1.0 / 18.0, 0.0]);
        close(&mitchell_weights(third, third, 0.5), &[-5.0 / 144.0, 77.0 / 144.0, 77.0 / 144.0, -5.0 / 144.0]);
        // Of the family are Keys' cubic and the B-spline.
        close(&mitchell_weights(0.0, 0.5, 0.3), &cubic_weights(-0.5, 0.3));
        close(&mitchell_weights(1.0, 0.0, 0.3), &bspline_weights(SplineOrder::Three, 0.3));
        let sinc = |t: f64| if t == 0.0 { 1.0 } else { (std::f64::consts::PI * t).sin() / (std::f64::consts::PI * t) };
        for a in [3, 4] {
            for f in [0.0, 1e-9, 0.1, 0.25, 0.5, 0.75, 0.999, 1.0 - 1e-12] {
                let raw: Vec<f64> = (1 - a..=a).map(|j| sinc(f - f64::from(j)) * sinc((f - f64::from(j)) / f64::from(a))).collect();
                let sum: f64 = raw.iter().sum();
                close(&lanczos_weights(a as u32, f), &raw.iter().map(|w| w / sum).collect::<Vec<_>>());
            }
            assert!(lanczos_weights(a as u32, 0.0f32).iter().all(|w| *w == 0.0 || *w == 1.0));
        }
    }
}
