//! [`signs`](super::locate::signs) in `f32`, eight locations at a time.

use super::level::in_lanes;
use super::locate::signs;
use super::{BLOCK, Block};
use crate::axis::Axis;
use crate::padding::Padding;
use displace_reads::LANES;
use fearless_simd::{Simd, f32x8, i32x8, mask32x8, prelude::*};

/// [`signs`] for border and reflection; whether any is another number than 1. Without `asked` no mirror turned any location.
#[inline(never)]
pub(crate) fn signs_lanes<const D: usize>(
    padding: Padding,
    axes: &[Axis; D],
    placed: &Block<f32, D>,
    asked: Option<&Block<f32, D>>,
    sign: &mut [[f32; BLOCK]; D],
) -> bool {
    in_lanes!(simd => signs_in(simd, axes, placed, asked, sign)).unwrap_or_else(|| {
        signs(padding, axes, placed, asked.unwrap_or(placed), sign);
        true
    })
}

/// `None` where a location is more than one mirror away.
#[inline(always)]
fn signs_in<S: Simd, const D: usize>(
    simd: S,
    axes: &[Axis; D],
    placed: &Block<f32, D>,
    asked: Option<&Block<f32, D>>,
    sign: &mut [[f32; BLOCK]; D],
) -> Option<bool> {
    let (zero, none) = (f32x8::splat(simd, 0.0), i32x8::splat(simd, 0));
    let (plus, minus) = (f32x8::splat(simd, 1.0), f32x8::splat(simd, -1.0));
    let (mut near, mut plain) = (mask32x8::splat(simd, true), mask32x8::splat(simd, true));
    for k in 0..D {
        let last = axes[k].len() as i32 - 1;
        let span = axes[k].span().max(1) as i32;
        for (group, sign) in sign[k].as_chunks_mut::<LANES>().0.iter_mut().take(placed.groups()).enumerate() {
            let lanes = group * LANES..(group + 1) * LANES;
            let cell = i32x8::from_slice(simd, &placed.cell[k][lanes.clone()]);
            let frac = f32x8::from_slice(simd, &placed.frac[k][lanes.clone()]);
            // A place that is read lies between the end pixels or was moved to one of them.
            let between = cell.simd_lt(last) & (cell.simd_gt(none) | (cell.simd_eq(none) & frac.simd_gt(zero)));
            let mut turned = mask32x8::splat(simd, false);
            if let Some(asked) = asked {
                let asked = i32x8::from_slice(simd, &asked.cell[k][lanes]);
                turned = asked.simd_lt(none) | asked.simd_ge(span);
                near &= asked.simd_ge(-span) & asked.simd_lt(span.saturating_mul(2));
            }
            plain &= between & !turned;
            *sign = between.select(turned.select(minus, plus), zero).into();
        }
    }
    near.all_true().then(|| !plain.all_true())
}
