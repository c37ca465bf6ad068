//! Stored locations to floats, a piece of a row at a time.

use super::Block;
use super::lanes::Lanes;
use crate::dtype::Location;
use crate::dtype::sealed::Sealed as _;
use crate::view::Plane;
use displace_reads::LANES;
use fearless_simd::{f32x8, prelude::*};

/// A piece of a row in the float type it is computed in.
#[inline(always)]
pub(crate) fn load<L: Location, const D: usize>(plane: &Plane<'_, L, D>, row: [usize; D], first: usize, to: &mut [L::Real]) {
    let step = plane.strides[0];
    let start = plane.row(row) + first as isize * step;
    let len = to.len();
    match step {
        1 => {
            for (to, value) in to.iter_mut().zip(&plane.data[start as usize..][..len]) {
                *to = value.widen();
            }
        }
        2 => load_every::<L, 2>(&plane.data[start as usize..], to),
        3 => load_every::<L, 3>(&plane.data[start as usize..], to),
        _ => {
            for (i, to) in to.iter_mut().enumerate() {
                *to = plane.data[(start + i as isize * step) as usize].widen();
            }
        }
    }
}

/// Every `STEP`-th value: a component of interleaved locations.
#[inline(always)]
fn load_every<L: Location, const STEP: usize>(from: &[L], to: &mut [L::Real]) {
    let Some(wanted) = to.len().checked_sub(1) else { return };
    let (body, rest) = from[..=wanted * STEP].as_chunks::<STEP>();
    for (to, chunk) in to.iter_mut().zip(body) {
        *to = chunk[0].widen();
    }
    // The last chunk has one value, unless STEP is 1.
    if let (Some(to), Some(last)) = (to.last_mut(), rest.first()) {
        *to = last.widen();
    }
}

/// The values of a piece of a row, if those of all axes lie side by side.
#[inline(always)]
pub(super) fn side_by_side<'a, L: Location, const D: usize>(
    values: &[Plane<'a, L, D>; D],
    row: [usize; D],
    first: usize,
    len: usize,
) -> Option<&'a [L]> {
    let start = values[0].row(row);
    for k in 0..D {
        if values[k].strides[0] != D as isize || values[k].row(row) != start + k as isize {
            return None;
        }
    }
    Some(&values[0].data[start as usize + first * D..][..len * D])
}

/// A block's values along all axes.
#[inline(always)]
pub(super) fn load_all<S: Lanes, L: Location, const D: usize>(
    simd: S,
    values: &[Plane<'_, L, D>; D],
    row: [usize; D],
    first: usize,
    block: &mut Block<L::Real, D>,
) {
    let (len, value) = (block.len, &mut block.value);
    let Some(from) = side_by_side(values, row, first, len) else {
        for k in 0..D {
            load(&values[k], row, first, &mut value[k][..len]);
        }
        return;
    };
    let mut done = 0;
    if let Some(from) = L::as_f32(from) {
        for (group, chunk) in from.chunks_exact(D * LANES).enumerate() {
            let mut axes = [f32x8::splat(simd, 0.0); 3];
            for k in 0..D {
                axes[k] = f32x8::from_slice(simd, &chunk[k * LANES..(k + 1) * LANES]);
            }
            if D == 2 {
                (axes[0], axes[1]) = simd.deinterleave_f32x8(axes[0], axes[1]);
            } else {
                axes = simd.deinterleave3(axes);
            }
            for k in 0..D {
                if let Some(to) = L::Real::as_f32_mut(&mut value[k][group * LANES..][..LANES]) {
                    axes[k].store_slice(to);
                }
            }
        }
        done = len / LANES * LANES;
    }
    for (i, chunk) in from[done * D..].chunks_exact(D).enumerate() {
        for k in 0..D {
            value[k][done + i] = chunk[k].widen();
        }
    }
}
