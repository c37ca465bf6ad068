//! Weights of taps that padding places one by one, written once for a number, for eight side by side and for a number with its
//! derivatives: `interp.rs` has them again, independently.

use crate::dtype::Real;
use crate::interp::{COSINE, SINE};
use fearless_simd::{Simd, f32x8, prelude::*};
use std::f64::consts::PI;
use std::ops::{Add, Div, Mul, Sub};

/// What weights are computed in.
pub(crate) trait Weight: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
    /// A constant.
    fn of(self, constant: f64) -> Self;
    /// `self * a + b`, rounded once.
    fn fused(self, a: Self, b: Self) -> Self;
}

impl<A: Real> Weight for A {
    #[inline(always)]
    fn of(self, constant: f64) -> Self {
        A::from_f64(constant)
    }

    #[inline(always)]
    fn fused(self, a: Self, b: Self) -> Self {
        self.mul_add(a, b)
    }
}

impl<S: Simd> Weight for f32x8<S> {
    #[inline(always)]
    fn of(self, constant: f64) -> Self {
        Self::splat(self.simd, f32::from_f64(constant))
    }

    #[inline(always)]
    fn fused(self, a: Self, b: Self) -> Self {
        self.mul_add_precise(a, b)
    }
}

/// A number with its first two derivatives by the way from the cell.
#[derive(Clone, Copy)]
pub(crate) struct Jet<A> {
    pub(crate) value: A,
    pub(crate) slope: A,
    pub(crate) bend: A,
}

impl<A: Real> Jet<A> {
    /// The way from the cell itself.
    pub(crate) const fn variable(value: A) -> Self {
        Self { value, slope: A::ONE, bend: A::ZERO }
    }
}

impl<A: Real> Add for Jet<A> {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self { value: self.value + b.value, slope: self.slope + b.slope, bend: self.bend + b.bend }
    }
}

impl<A: Real> Sub for Jet<A> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self { value: self.value - b.value, slope: self.slope - b.slope, bend: self.bend - b.bend }
    }
}

impl<A: Real> Mul for Jet<A> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        let twice = self.slope * b.slope;
        Self {
            value: self.value * b.value,
            slope: self.slope * b.value + self.value * b.slope,
            bend: self.bend * b.value + self.value * b.bend + twice + twice,
        }
    }
}

impl<A: Real> Div for Jet<A> {
    type Output = Self;
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        let value = self.value / b.value;
        let slope = (self.slope - value * b.slope) / b.value;
        let bend = (self.bend - value * b.bend - slope * b.slope - slope * b.slope) / b.value;
        Self { value, slope, bend }
    }
}

impl<A: Real> Weight for Jet<A> {
    #[inline(always)]
    fn of(self, constant: f64) -> Self {
        Self { value: A::from_f64(constant), slope: A::ZERO, bend: A::ZERO }
    }

    #[inline(always)]
    fn fused(self, a: Self, b: Self) -> Self {
        self * a + b
    }
}

/// A kernel of `N` taps.
pub(crate) trait Window<const N: usize>: Copy {
    /// The tap at the cell, to which the others are differences.
    const CENTRE: usize;
    /// The weights, by the way from the cell.
    fn weights<W: Weight>(self, f: W) -> [W; N];
    /// Whether a location on a pixel reads that pixel alone.
    fn exact_on_pixels(self) -> bool;
}

/// Keys' cubic convolution.
#[derive(Clone, Copy)]
pub(crate) struct Keys(pub(crate) f64);

impl Window<4> for Keys {
    const CENTRE: usize = 1;

    #[inline(always)]
    fn weights<W: Weight>(self, f: W) -> [W; 4] {
        let (one, two, three, a) = (f.of(1.0), f.of(2.0), f.of(3.0), f.of(self.0));
        let g = one - f;
        let ff = f * f;
        [a * f * (g * g), one - ff * ((a + three) - (a + two) * f), f * (f * ((two * a + three) - (a + two) * f) - a), a * ff * g]
    }

    #[inline(always)]
    fn exact_on_pixels(self) -> bool {
        true
    }
}

/// The cubics of Mitchell and Netravali.
#[derive(Clone, Copy)]
pub(crate) struct Mitchell {
    pub(crate) b: f64,
    pub(crate) c: f64,
}

impl Mitchell {
    #[inline(always)]
    fn outer<W: Weight>(self, u: W) -> W {
        u * u * (u.of(self.b / 6.0 + self.c) * u - u.of(self.c))
    }

    #[inline(always)]
    fn inner<W: Weight>(self, t: W) -> W {
        let (flat, steep) = (3.0 - 2.0 * self.b - self.c, 2.0 - 1.5 * self.b - self.c);
        t.of(1.0 - self.b / 3.0) - t * t * (t.of(flat) - t.of(steep) * t)
    }
}

impl Window<4> for Mitchell {
    const CENTRE: usize = 1;

    #[inline(always)]
    fn weights<W: Weight>(self, f: W) -> [W; 4] {
        let g = f.of(1.0) - f;
        [self.outer(g), self.inner(f), self.inner(g), self.outer(f)]
    }

    #[inline(always)]
    fn exact_on_pixels(self) -> bool {
        self.b == 0.0
    }
}

/// A B-spline, by the number of its taps.
#[derive(Clone, Copy)]
pub(crate) struct BSpline;

impl Window<3> for BSpline {
    const CENTRE: usize = 1;

    #[inline(always)]
    fn weights<W: Weight>(self, f: W) -> [W; 3] {
        let half = f.of(0.5);
        let (a, b) = (half - f, half + f);
        [half * (a * a), f.of(0.75) - f * f, half * (b * b)]
    }

    #[inline(always)]
    fn exact_on_pixels(self) -> bool {
        false
    }
}

impl Window<4> for BSpline {
    const CENTRE: usize = 1;

    #[inline(always)]
    fn weights<W: Weight>(self, f: W) -> [W; 4] {
        let (one, half, sixth, most) = (f.of(1.0), f.of(0.5), f.of(1.0 / 6.0), f.of(2.0 / 3.0));
        let g = one - f;
        let (ff, gg) = (f * f, g * g);
        [gg * g * sixth, most - ff * (one - half * f), most - gg * (one - half * g), ff * f * sixth]
    }

    #[inline(always)]
    fn exact_on_pixels(self) -> bool {
        false
    }
}

/// The piece of order 4 at distances from 1/2 to 3/2.
#[inline(always)]
fn between<W: Weight>(t: W) -> W {
    t.of(55.0 / 96.0) + t * (t.of(5.0 / 24.0) - t * (t.of(1.25) - t * (t.of(5.0 / 6.0) - t.of(1.0 / 6.0) * t)))
}

impl Window<5> for BSpline {
    const CENTRE: usize = 2;

    #[inline(always)]
    fn weights<W: Weight>(self, f: W) -> [W; 5] {
        let (one, half, share) = (f.of(1.0), f.of(0.5), f.of(1.0 / 24.0));
        let (a, b, ff) = (half - f, half + f, f * f);
        let (aa, bb) = (a * a, b * b);
        let middle = f.of(115.0 / 192.0) - ff * (f.of(0.625) - f.of(0.25) * ff);
        [aa * aa * share, between(one + f), middle, between(one - f), bb * bb * share]
    }

    #[inline(always)]
    fn exact_on_pixels(self) -> bool {
        false
    }
}

/// The piece of order 5 at distances up to 1.
#[inline(always)]
fn near<W: Weight>(t: W) -> W {
    let tt = t * t;
    t.of(0.55) - tt * (t.of(0.5) - tt * (t.of(0.25) - t.of(1.0 / 12.0) * t))
}

/// The piece of order 5 at distances of 1 more.
#[inline(always)]
fn far<W: Weight>(t: W) -> W {
    let t = t.of(1.0) + t;
    t.of(0.425) + t * (t.of(0.625) - t * (t.of(1.75) - t * (t.of(1.25) - t * (t.of(0.375) - t.of(1.0 / 24.0) * t))))
}

/// The piece of order 5 at the ends, by the distance from them.
#[inline(always)]
fn last<W: Weight>(t: W) -> W {
    let tt = t * t;
    tt * tt * t * t.of(1.0 / 120.0)
}

impl Window<6> for BSpline {
    const CENTRE: usize = 2;

    #[inline(always)]
    fn weights<W: Weight>(self, f: W) -> [W; 6] {
        let g = f.of(1.0) - f;
        [last(g), far(f), near(f), near(g), far(g), last(f)]
    }

    #[inline(always)]
    fn exact_on_pixels(self) -> bool {
        false
    }
}

/// The sinc function within the middle lobes of another.
#[derive(Clone, Copy)]
pub(crate) struct Lanczos;

/// A series in even powers.
#[inline(always)]
fn series<W: Weight>(angle: W, terms: &[f64; 10]) -> W {
    let square = angle * angle;
    let mut sum = angle.of(terms[9]);
    for i in 0..9 {
        sum = sum.fused(square, angle.of(terms[8 - i]));
    }
    sum
}

#[inline(always)]
fn lanczos<W: Weight, const N: usize>(f: W) -> [W; N] {
    let lobes = N / 2;
    let g = f.of(1.0) - f;
    let per_pixel = f.of(PI / lobes as f64);
    let angle = f * per_pixel;
    let beside = series(angle, &SINE);
    let (sin, cos) = (angle * beside, series(angle, &COSINE));
    let mut weights = [f.of(0.0); N];
    let mut sum = f.of(0.0);
    for (i, weight) in weights.iter_mut().enumerate() {
        let j = i as i32 - (lobes as i32 - 1);
        *weight = match j {
            0 => g * per_pixel * beside,
            1 => f * per_pixel * series(g * per_pixel, &SINE),
            _ => {
                let t = f - f.of(f64::from(j));
                let turn = PI * f64::from(j) / lobes as f64;
                let sign = if j & 1 == 0 { 1.0 } else { -1.0 };
                (sin * f.of(sign * turn.cos()) - cos * f.of(sign * turn.sin())) * (f * g) / (t * t)
            }
        };
        sum = sum + *weight;
    }
    let share = f.of(1.0) / sum;
    for weight in &mut weights {
        *weight = *weight * share;
    }
    weights
}

impl Window<6> for Lanczos {
    const CENTRE: usize = 2;

    #[inline(always)]
    fn weights<W: Weight>(self, f: W) -> [W; 6] {
        lanczos(f)
    }

    #[inline(always)]
    fn exact_on_pixels(self) -> bool {
        true
    }
}

impl Window<8> for Lanczos {
    const CENTRE: usize = 3;

    #[inline(always)]
    fn weights<W: Weight>(self, f: W) -> [W; 8] {
        lanczos(f)
    }

    #[inline(always)]
    fn exact_on_pixels(self) -> bool {
        true
    }
}

/// Runs `$work` with the window of a wide kernel, its taps and the rows of taps in two and three dimensions.
macro_rules! with_window {
    ($interp:expr, $window:ident, $N:ident, $rows2:ident, $rows3:ident => $work:expr) => {{
        use $crate::interp::{Interp, SplineOrder};
        use $crate::kernel::weights;
        macro_rules! of {
            ($n:literal, $given:expr) => {{
                const $N: usize = $n;
                #[allow(dead_code)] // Not every caller works by rows.
                const $rows2: usize = $n;
                #[allow(dead_code)]
                const $rows3: usize = $n * $n;
                let $window = $given;
                $work
            }};
        }
        match $interp {
            Interp::Nearest | Interp::Linear | Interp::Cubic { .. } => unreachable!("no wide kernel"),
            Interp::Mitchell { b, c } => of!(4, weights::Mitchell { b, c }),
            Interp::BSpline { order: SplineOrder::Two, .. } => of!(3, weights::BSpline),
            Interp::BSpline { order: SplineOrder::Three, .. } => of!(4, weights::BSpline),
            Interp::BSpline { order: SplineOrder::Four, .. } => of!(5, weights::BSpline),
            Interp::BSpline { order: SplineOrder::Five, .. } => of!(6, weights::BSpline),
            Interp::Lanczos3 => of!(6, weights::Lanczos),
            Interp::Lanczos4 => of!(8, weights::Lanczos),
        }
    }};
}
pub(crate) use with_window;
