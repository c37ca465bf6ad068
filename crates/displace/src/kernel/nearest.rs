//! The nearest pixel of every location of a block.

use super::aim::{Ahead, Aim, Reach};
use super::{Block, NOWHERE, Outside, lanes};
use crate::dtype::{Real, Sample};
use crate::padding::Padding;
use crate::view::Plane;
use displace_reads::{LANES, Offsets, Reads};
use fearless_simd::{Simd, i32x8, prelude::*};

/// Writes the nearest pixel: above half-way the next, half-way the even one.
#[inline(always)]
pub(crate) fn nearest<T: Sample, A: Real, const D: usize>(
    plane: &Plane<'_, T, D>,
    block: &Block<A, D>,
    outside: &Outside<T, A>,
    out: &mut [T],
    step: usize,
) {
    for (i, out) in out.iter_mut().step_by(step).take(block.len).enumerate() {
        *out = one(plane, block, i, outside);
    }
}

/// One pixel.
#[inline(always)]
fn one<T: Sample, A: Real, const D: usize>(plane: &Plane<'_, T, D>, block: &Block<A, D>, i: usize, outside: &Outside<T, A>) -> T {
    let mut pixel = [0; D];
    let (mut inside, mut nowhere) = (true, false);
    for k in 0..D {
        let (cell, frac) = (block.cell[k][i], block.frac[k][i]);
        let mut near = if frac > A::HALF || (frac == A::HALF && cell & 1 == 1) { cell + 1 } else { cell };
        if outside.padding == Padding::Wrap && near == plane.size[k] as i32 {
            near = 0;
        }
        inside &= near >= 0 && (near as usize) < plane.size[k];
        nowhere |= cell == NOWHERE;
        pixel[k] = near;
    }
    if inside {
        plane.at(pixel)
    } else if nowhere {
        outside.nowhere
    } else {
        T::narrow(outside.fill)
    }
}

/// [`nearest`], with the pixels of a group found together.
#[inline(always)]
pub(crate) fn nearest_lanes<S: Simd, T: Sample, const D: usize>(
    simd: S,
    plane: &Plane<'_, T, D>,
    (aim, offsets, ahead): (&Aim, Offsets<'_>, Ahead<'_>),
    block: &Block<f32, D>,
    outside: &Outside<T, f32>,
    out: &mut [T],
    step: usize,
) {
    let groups = block.groups();
    let data = &plane.data[plane.origin as usize..];
    let reads = Reads::<T, 1, 1>::new(data, offsets, [0]);
    if let (Some(reads), true, 1) = (&reads, aim.inside == groups, step) {
        let (whole, rest) = out[..block.len].as_chunks_mut::<LANES>();
        let none = i32x8::splat(simd, std::hint::black_box(0));
        for (group, out) in whole.iter_mut().enumerate() {
            ahead.prefetch(data, &[0], group);
            lanes::copy(simd, reads, group, none, out);
        }
        for (lane, out) in rest.iter_mut().enumerate() {
            [*out] = reads.get(groups - 1, lane, 0);
        }
        return;
    }
    for group in 0..groups {
        let first = group * LANES;
        let len = LANES.min(block.len - first);
        let out = &mut out[first * step..][..(len - 1) * step + 1];
        match &reads {
            Some(reads) if aim.reach[group] == Reach::Pixels => {
                for (lane, out) in out.iter_mut().step_by(step).enumerate() {
                    [*out] = reads.get(group, lane, 0);
                }
            }
            _ => {
                for (lane, out) in out.iter_mut().step_by(step).enumerate() {
                    *out = one(plane, block, first + lane, outside);
                }
            }
        }
    }
}
