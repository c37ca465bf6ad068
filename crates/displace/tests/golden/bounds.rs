//! How far a result of torch may be from ours, given how far its location is.

use super::cell::Along;
use displace::Interp;

/// What torch rounds to, per operation, and ours at the end.
#[derive(Clone, Copy)]
pub(super) struct Rounding {
    /// Unit round-off of torch's arithmetic.
    pub(super) torchs: f64,
    /// Unit round-off of our arithmetic.
    pub(super) ours: f64,
}

/// The largest difference that locations and roundings explain, for pixel values up to `most`.
///
/// *Location*: along each axis torch's error times the slope of the interpolant: linear, `|b - a| <= 2 most`; cubic with
/// a = -0.75, the derivatives of the four weights add up to at most 3 in magnitude (2.82 at 0.29), and the other axes
/// multiply by the sum of their weights' magnitudes, at most 1.375 (at 1/2).
///
/// *Blend*, linear: torch's weights are products of D factors, each rounded at most twice, of a sum of 2^D of them, each
/// step rounded; together at most 2 D + 2^D roundings of numbers up to `most`. Cubic: a weight is a cubic polynomial in
/// f or 1 - f or f + 1, 2 - f, whose terms reach 8 |a| = 6 and are rounded 6 times: 36 u; four of them, and four sums of
/// terms up to `most`: 148 u per axis. Ours has fewer of each.
pub(super) fn bound(interp: Interp, cell: &[Along], most: f64, rounding: Rounding) -> f64 {
    let axes = cell.len() as i32;
    let errors: f64 = cell.iter().map(|along| along.error).sum();
    let (slope, others, steps) = match interp {
        Interp::Cubic { .. } => (3.0, 1.375, 148.0 * f64::from(axes)),
        _ => (2.0, 1.0, f64::from(2 * axes + (1 << axes))),
    };
    let reach = f64::powi(others, axes - 1);
    // Ours rounds each fraction once.
    let locations = slope * reach * (errors + f64::from(axes) * rounding.ours);
    most * (locations + steps * reach * others * (rounding.torchs + rounding.ours)) + f64::from(f32::MIN_POSITIVE)
}
