//! [`scatter`](super::scatter) for linear reads in `f32`: weights of eight pixels at a time, added pixel after pixel.
//!
//! The additions are single numbers, not pairs or vectors: neighbours overlap, and a load of what two stores have just
//! written waits until both have left the store buffer.

use super::lanes::Extremes;
use super::level::in_lanes;
use super::linear::fracs;
use super::scatter::{Slab, add};
use super::taps::Tap;
use super::{BLOCK, Block, GROUPS};
use crate::axis::Axis;
use crate::padding::Padding;
use displace_reads::{LANES, Offsets, Sums, prefetch};
use fearless_simd::{Simd, f32x8, i32x8, mask32x8, prelude::*};

/// Where the eight pixels of a group fall.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fall {
    /// Into the slab, with all their taps.
    Whole,
    /// Some taps may be elsewhere: looked at pixel by pixel.
    Partly,
    /// None of them into the slab.
    Beside,
}

/// Where the pixels of a block fall in a slab.
pub(crate) struct Falls {
    /// Of each pixel's first tap from the slab's first pixel, or of a place near it. Never negative.
    offset: [[i32; LANES]; GROUPS],
    fall: [Fall; GROUPS],
}

impl Falls {
    pub(crate) fn new() -> Self {
        Self { offset: [[0; LANES]; GROUPS], fall: [Fall::Beside; GROUPS] }
    }

    /// Whether anything falls into the slab. Its pixels are fewer than `i32` can count.
    #[inline(never)]
    pub(crate) fn aim<const D: usize>(&mut self, block: &Block<f32, D>, slab: &Slab<D>, padding: Padding) -> bool {
        in_lanes!(simd => self.aim_in(simd, block, slab, padding))
    }

    #[inline(always)]
    fn aim_in<S: Simd, const D: usize>(&mut self, simd: S, block: &Block<f32, D>, slab: &Slab<D>, padding: Padding) -> bool {
        let mut touched = false;
        for group in 0..block.groups() {
            let lanes = group * LANES..(group + 1) * LANES;
            let mut offset = i32x8::splat(simd, 0);
            let mut inside = mask32x8::splat(simd, true);
            let mut step = 1;
            for k in 0..D {
                let cell = i32x8::from_slice(simd, &block.cell[k][lanes.clone()]);
                let (first, len) = if k == D - 1 { (slab.range.start, slab.range.len() as i32) } else { (0, slab.size[k] as i32) };
                let kept = cell.max(first).min(i32x8::splat(simd, (first + len - 2).max(first)));
                inside &= kept.simd_eq(cell);
                offset += (kept - first) * step;
                step = step.wrapping_mul(len);
            }
            self.offset[group] = offset.into();
            let slowest = i32x8::from_slice(simd, &block.cell[D - 1][lanes]);
            let beside = slowest.simd_lt(slab.range.start - 1) | slowest.simd_ge(slab.range.end);
            // The last pixel's next may be the first.
            let beside = padding != Padding::Wrap && beside.all_true();
            self.fall[group] = if inside.all_true() && (group + 1) * LANES <= block.len {
                Fall::Whole
            } else if beside {
                Fall::Beside
            } else {
                Fall::Partly
            };
            touched |= self.fall[group] != Fall::Beside;
        }
        touched
    }
}

/// How far ahead of a channel of a block lies what is worked on after it: see `slopes_lanes`.
#[derive(Clone, Copy)]
pub(crate) struct Ahead {
    pub(crate) sums: isize,
}

/// Adds what a channel of a block gives to a channel of a slab. `false`, and nothing is added, if some gradient is not
/// finite.
#[inline(never)]
pub(crate) fn scatter_lanes<const D: usize>(
    block: &Block<f32, D>,
    falls: &Falls,
    slab: &Slab<D>,
    (axes, padding): (&[Axis; D], Padding),
    grad: &[f32; BLOCK],
    ahead: Ahead,
    sums: &mut [f32],
) -> bool {
    match D {
        2 => in_lanes!(simd => add_block::<_, D, 2>(simd, block, falls, slab, (axes, padding), grad, ahead, sums)),
        _ => in_lanes!(simd => add_block::<_, D, 4>(simd, block, falls, slab, (axes, padding), grad, ahead, sums)),
    }
}

/// `ROWS` pairs of taps side by side make a cell: 2 or 4.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn add_block<S: Simd, const D: usize, const ROWS: usize>(
    simd: S,
    block: &Block<f32, D>,
    falls: &Falls,
    slab: &Slab<D>,
    (axes, padding): (&[Axis; D], Padding),
    grad: &[f32; BLOCK],
    ahead: Ahead,
    sums: &mut [f32],
) -> bool {
    let groups = block.groups();
    let mut extremes = Extremes::new(simd);
    for group in 0..groups {
        extremes.see(f32x8::from_slice(simd, &grad[group * LANES..(group + 1) * LANES]));
    }
    if !extremes.finite() {
        return false;
    }
    let mut rows = [0; ROWS];
    for (r, row) in rows.iter_mut().enumerate() {
        let mut step = slab.size[0];
        for k in 1..D {
            *row += (r >> (k - 1) & 1) * step;
            step *= slab.size[k];
        }
    }
    let Some(mut sums) = Sums::<f32, ROWS, 2>::new(sums, Offsets::new(&falls.offset[..groups]), rows) else {
        // A slab or rows of one pixel.
        for group in 0..groups {
            add_singly(block, group, slab, (axes, padding), grad, sums);
        }
        return true;
    };
    for group in 0..groups {
        let near = falls.offset[group][LANES - 1] as usize + rows[ROWS - 1];
        prefetch(sums.all(), near.wrapping_add_signed(ahead.sums));
        match falls.fall[group] {
            Fall::Whole => add_group(simd, block, group, grad, &mut sums),
            Fall::Partly => add_singly(block, group, slab, (axes, padding), grad, sums.all()),
            Fall::Beside => {}
        }
    }
    true
}

#[inline(always)]
fn add_group<S: Simd, const D: usize, const ROWS: usize>(
    simd: S,
    block: &Block<f32, D>,
    group: usize,
    grad: &[f32; BLOCK],
    sums: &mut Sums<'_, f32, ROWS, 2>,
) {
    let first = group * LANES;
    let one = f32x8::splat(simd, 1.0);
    let frac = fracs(simd, block, first);
    let mut along = [f32x8::from_slice(simd, &grad[first..first + LANES]); ROWS];
    // The slowest axis first.
    for k in (1..D).rev() {
        let weight = [one - frac[k], frac[k]];
        for (r, along) in along.iter_mut().enumerate() {
            *along *= weight[r >> (k - 1) & 1];
        }
    }
    let mut alongs = [[0.0; LANES]; ROWS];
    for r in 0..ROWS {
        alongs[r] = along[r].into();
    }
    let weight: [[f32; LANES]; 2] = [(one - frac[0]).into(), frac[0].into()];
    for lane in 0..LANES {
        let mut place = sums.place(group, lane);
        // Columns outside, so that the compiler does not join the two of a row.
        for (x, weight) in weight.iter().enumerate() {
            for (r, along) in alongs.iter().enumerate() {
                let sum = place.at(r, x);
                *sum = along[lane].mul_add(weight[lane], *sum);
            }
        }
    }
}

/// A group some of whose taps are outside the slab or the image, or no taps at all.
#[inline(always)]
fn add_singly<const D: usize>(
    block: &Block<f32, D>,
    group: usize,
    slab: &Slab<D>,
    (axes, padding): (&[Axis; D], Padding),
    grad: &[f32; BLOCK],
    sums: &mut [f32],
) {
    for i in group * LANES..block.len.min((group + 1) * LANES) {
        if !block.is_nowhere(i) {
            add::<f32, 2, D, false>(&Tap::linear(block, i, axes, padding), grad[i], slab, sums);
        }
    }
}
