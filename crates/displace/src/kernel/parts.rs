//! Locations in pixels taken apart: into cells and fractions, or to the nearest pixels.

use super::Block;
use super::locate::NEAR;
use crate::dtype::Real;
use displace_reads::LANES;
use fearless_simd::{Simd, f32x8, i32x8, prelude::*, u32x8};

/// A way to take locations in pixels apart, and what those of one axis have in common.
pub(super) trait Parts<S: Simd>: Copy {
    fn new(simd: S) -> Self;

    /// Cells and fractions, or nearest pixels.
    #[must_use]
    fn take(self, simd: S, value: f32x8<S>, cells: &mut [i32; LANES], fracs: &mut [f32; LANES]) -> Self;
}

/// Locations in pixels, x and y in turns, taken apart. `None` if the block does not hold two axes of `f32`.
#[inline(always)]
pub(super) fn take_apart<S: Simd, R: Real, const D: usize, C: Parts<S>>(
    simd: S,
    from: &[f32],
    block: &mut Block<R, D>,
) -> Option<[C; 2]> {
    let (cell, frac) = (&mut block.cell[..], &mut block.frac[..]);
    let ([cell_x, cell_y], [frac_x, frac_y]) = (cell, frac) else { return None };
    let (frac_x, frac_y) = (R::as_f32_mut(frac_x)?, R::as_f32_mut(frac_y)?);
    // The last group's other lanes repeat the last location.
    let (whole, left) = from.as_chunks::<{ 2 * LANES }>();
    let mut rest = [[0.0; 2 * LANES]];
    let left = if let Some(pair) = left.last_chunk::<2>() {
        rest[0].as_chunks_mut::<2>().0.fill(*pair);
        rest[0][..left.len()].copy_from_slice(left);
        &rest[..]
    } else {
        &[]
    };
    let cells = cell_x.as_chunks_mut::<LANES>().0.iter_mut().zip(cell_y.as_chunks_mut::<LANES>().0);
    let fracs = frac_x.as_chunks_mut::<LANES>().0.iter_mut().zip(frac_y.as_chunks_mut::<LANES>().0);
    let mut places = cells.zip(fracs);
    // Two variables rather than an array, and a loop for each slice: what is counted stays in registers.
    let (mut census_x, mut census_y) = (C::new(simd), C::new(simd));
    for groups in [whole, left] {
        for (pairs, (cells, fracs)) in groups.iter().zip(&mut places) {
            let (low, high) = (f32x8::from_slice(simd, &pairs[..LANES]), f32x8::from_slice(simd, &pairs[LANES..]));
            let (x, y) = simd.deinterleave_f32x8(low, high);
            census_x = census_x.take(simd, x, cells.0, fracs.0);
            census_y = census_y.take(simd, y, cells.1, fracs.1);
        }
    }
    Some([census_x, census_y])
}

/// Cells and fractions, or the nearest pixels with fractions of 0, right where no location is negative; and the highest
/// location by its bits: those from +0 on order as numbers do, with all others and NaN above them.
#[derive(Clone, Copy)]
pub(super) struct Inside<S: Simd, const NEAREST: bool>(u32x8<S>);

impl<S: Simd, const NEAREST: bool> Inside<S, NEAREST> {
    #[inline(always)]
    pub(super) fn highest(self, simd: S) -> u32 {
        simd.reduce_max_u32x8(self.0)
    }
}

impl<S: Simd, const NEAREST: bool> Parts<S> for Inside<S, NEAREST> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        Self(u32x8::splat(simd, 0))
    }

    #[inline(always)]
    fn take(self, simd: S, value: f32x8<S>, cells: &mut [i32; LANES], fracs: &mut [f32; LANES]) -> Self {
        let cell = if NEAREST { value.round_ties_even() } else { value.floor() };
        let frac = if NEAREST { f32x8::splat(simd, 0.0) } else { value - cell };
        cell.to_int::<i32x8<S>>().store_slice(cells);
        frac.store_slice(fracs);
        Self(self.0.max(value.bitcast::<u32x8<S>>()))
    }
}

/// Cells and fractions of locations that are near.
#[derive(Clone, Copy)]
pub(super) struct Cells<S: Simd> {
    pub(super) low: i32x8<S>,
    pub(super) high: i32x8<S>,
    /// The bits of the greatest magnitude: they order as magnitudes do, NaN above all.
    farthest: i32x8<S>,
}

impl<S: Simd> Cells<S> {
    /// Whether no location is so far away that its cell or fraction is not its own.
    #[inline(always)]
    pub(super) fn near(&self) -> bool {
        self.farthest.simd_lt((NEAR as f32).to_bits() as i32).all_true()
    }
}

impl<S: Simd> Parts<S> for Cells<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        Self { low: i32x8::splat(simd, i32::MAX), high: i32x8::splat(simd, i32::MIN), farthest: i32x8::splat(simd, 0) }
    }

    #[inline(always)]
    fn take(self, simd: S, value: f32x8<S>, cells: &mut [i32; LANES], fracs: &mut [f32; LANES]) -> Self {
        let farthest = self.farthest.max(value.abs().bitcast::<i32x8<S>>());
        let floor = value.floor();
        let part = value - floor;
        let over = part.simd_ge(1.0);
        over.select(f32x8::splat(simd, 0.0), part).store_slice(fracs);
        let cell = floor.to_int::<i32x8<S>>() - over.to_vector();
        cell.store_slice(cells);
        Self { low: self.low.min(cell), high: self.high.max(cell), farthest }
    }
}
