//! [`slopes`](super::gather::slopes) of linear reads in `f32`, eight locations at a time.
//!
//! The same steps in the same order as for one location, so that the bits are the same. Where a sum is not finite the
//! caller takes the block again with care.

use super::aim::{Aim, Reach, Terrain};
use super::gather::Piece;
use super::lanes::{Extremes, Lanes};
use super::level::in_lanes;
use super::linear::{Corners, corners_outside, fracs};
use super::{BLOCK, Block};
use crate::dtype::Sample;
use crate::padding::Padding;
use crate::view::{Plane, View};
use displace_reads::{LANES, Reads, prefetch};
use fearless_simd::{Simd, f32x8, prelude::*};

/// A block whose places in memory are known.
pub(crate) struct Aimed<'b, const D: usize> {
    pub(crate) block: &'b Block<f32, D>,
    pub(crate) aim: &'b Aim,
    pub(crate) terrain: &'b Terrain<D>,
    pub(crate) padding: Padding,
    /// The derivative of the place read by the location, where it may be another number than 1.
    pub(crate) sign: Option<&'b [[f32; BLOCK]; D]>,
}

/// A piece of a row of `f32`, or of what becomes `f32`. The last group's other lanes are 0.
#[inline(always)]
pub(crate) fn load_grad<T: Sample, const D: usize>(plane: &Plane<'_, T, D>, piece: &Piece<D>, to: &mut [f32; BLOCK]) {
    let (start, step) = (piece.start(plane), plane.strides[0]);
    if step == 1 {
        for (to, value) in to.iter_mut().zip(&plane.data[start as usize..][..piece.len]) {
            *to = value.widen();
        }
    } else {
        for (i, to) in to[..piece.len].iter_mut().enumerate() {
            *to = plane.data[(start + i as isize * step) as usize].widen();
        }
    }
    to[piece.len..piece.len.next_multiple_of(LANES)].fill(0.0);
}

/// What is worked on after a channel of a block, to be brought near meanwhile: the same block of the next channel or the
/// first channel of the next block, which is taken to read as far from this one as it lies.
struct Ahead<'n, T> {
    grad: &'n [T],
    /// Of the block in `grad`, and from pixel to pixel.
    start: isize,
    step: isize,
    image: &'n [T],
    shift: isize,
}

impl<'n, T: Copy> Ahead<'n, T> {
    fn new<const D: usize>(piece: &Piece<D>, step: [isize; D], grad: &Plane<'n, T, D>, image: &Plane<'n, T, D>) -> Self {
        let (mut start, mut shift) = (piece.start(grad), image.origin);
        for k in 0..D {
            start += step[k] * grad.strides[k];
            shift += step[k] * image.strides[k];
        }
        Ahead { grad: grad.data, start, step: grad.strides[0], image: image.data, shift }
    }

    /// Of the image only the row that blocks before have not read.
    #[inline(always)]
    fn prefetch(&self, group: usize, offset: &[i32; LANES], row: usize) {
        prefetch(self.grad, (self.start + (group * LANES) as isize * self.step) as usize);
        prefetch(self.image, ((self.shift + offset[LANES - 1] as isize) as usize).wrapping_add(row));
    }
}

/// Brings near what lies `step` from a piece, a pixel in `every`.
pub(crate) fn prefetch_piece<T: Copy, const D: usize>(plane: &Plane<'_, T, D>, piece: &Piece<D>, step: [isize; D], every: usize) {
    let ahead = Ahead::new(piece, step, plane, plane);
    for i in (0..piece.len).step_by(every) {
        prefetch(ahead.grad, (ahead.start + i as isize * ahead.step) as usize);
    }
}

/// The gradients of the locations of a piece, times `scale`. `false` if some of them are not finite: those of the piece
/// are then not to be used.
#[inline(never)]
pub(crate) fn slopes_lanes<T: Sample, const D: usize>(
    aimed: &Aimed<'_, D>,
    piece: &Piece<D>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    scale: &[f32; D],
    to_next: [isize; D],
    out: &mut [[f32; BLOCK]; D],
) -> bool {
    for out in out.iter_mut() {
        out[..aimed.block.groups() * LANES].fill(0.0);
    }
    for n in piece.samples.clone() {
        let channels = image.shape().c;
        for c in 0..channels {
            let (next, step) = if c + 1 < channels { (c + 1, [0; D]) } else { (0, to_next) };
            let ahead = Ahead::new(piece, step, &grad.plane(n, next), &image.plane(n, next));
            let (grad, image) = (grad.plane(n, c), image.plane(n, c));
            match D {
                2 => in_lanes!(simd => add_slopes::<_, T, D, 2>(simd, aimed, piece, &grad, &image, &ahead, out)),
                _ => in_lanes!(simd => add_slopes::<_, T, D, 4>(simd, aimed, piece, &grad, &image, &ahead, out)),
            }
        }
    }
    in_lanes!(simd => scaled(simd, aimed.block.groups(), scale, out))
}

/// Multiplies by `scale`; whether all that is multiplied is finite.
#[inline(always)]
fn scaled<S: Simd, const D: usize>(simd: S, groups: usize, scale: &[f32; D], out: &mut [[f32; BLOCK]; D]) -> bool {
    let mut extremes = Extremes::new(simd);
    for (out, scale) in out.iter_mut().zip(scale) {
        for out in out.as_chunks_mut::<LANES>().0.iter_mut().take(groups) {
            let sum = f32x8::simd_from(simd, *out);
            extremes.see(sum);
            *out = (sum * *scale).into();
        }
    }
    extremes.finite()
}

/// Adds one channel's. `ROWS` pairs of corners side by side make a cell: 2 or 4.
#[inline(always)]
fn add_slopes<S: Lanes, T: Sample, const D: usize, const ROWS: usize>(
    simd: S,
    aimed: &Aimed<'_, D>,
    piece: &Piece<D>,
    grad: &Plane<'_, T, D>,
    image: &Plane<'_, T, D>,
    ahead: &Ahead<'_, T>,
    out: &mut [[f32; BLOCK]; D],
) {
    let mut grads = [0.0; BLOCK];
    load_grad(grad, piece, &mut grads);
    let Aimed { block, aim, terrain, padding, sign } = aimed;
    let data = &image.data[image.origin as usize..];
    let rows = terrain.rows::<ROWS>();
    let groups = block.groups();
    let reads = if terrain.stride[0] == 1 { Reads::<T, ROWS, 2>::new(data, aim.offsets(), rows) } else { None };
    let corners = Corners { terrain, block, reads, apart: None, aim, fill: padding.fill() as f32, fills: padding.fills() };
    let clear = aim.inside == groups && sign.is_none();
    if let (Some(reads), true) = (&corners.reads, clear) {
        // What there is most of, on its own: nothing outside.
        for group in 0..groups {
            ahead.prefetch(group, &aim.offset[group], rows[ROWS - 1]);
            let first = slope_lanes(simd, &corners.pixels(simd, reads, group), &fracs(simd, block, group * LANES));
            add_group(simd, group, &grads, &first, out);
        }
        return;
    }
    for group in 0..groups {
        ahead.prefetch(group, &aim.offset[group], rows[ROWS - 1]);
        let taps = match (&corners.reads, aim.reach[group]) {
            (Some(reads), Reach::Pixels) => corners.pixels(simd, reads, group),
            (Some(reads), Reach::Partly) if terrain.last[0] > 0 => corners.around(simd, reads, group),
            _ => corners_singly(simd, image, block, *padding, group),
        };
        let mut first = slope_lanes(simd, &taps, &fracs(simd, block, group * LANES));
        if let Some(sign) = sign {
            for (first, sign) in first.iter_mut().zip(*sign) {
                *first *= f32x8::from_slice(simd, &sign[group * LANES..(group + 1) * LANES]);
            }
        }
        add_group(simd, group, &grads, &first, out);
    }
}

#[inline(always)]
fn add_group<S: Simd, const D: usize>(
    simd: S,
    group: usize,
    grads: &[f32; BLOCK],
    first: &[f32x8<S>; D],
    out: &mut [[f32; BLOCK]; D],
) {
    let lanes = group * LANES..(group + 1) * LANES;
    let g = f32x8::from_slice(simd, &grads[lanes.clone()]);
    for k in 0..D {
        let out = &mut out[k][lanes.clone()];
        g.mul_add_precise(first[k], f32x8::from_slice(simd, out)).store_slice(out);
    }
}

/// The corners of a group, pixel by pixel; NaN where a location reads nothing.
#[inline(always)]
fn corners_singly<S: Simd, T: Sample, const D: usize, const ROWS: usize>(
    simd: S,
    image: &Plane<'_, T, D>,
    block: &Block<f32, D>,
    padding: Padding,
    group: usize,
) -> [[f32x8<S>; 2]; ROWS] {
    let mut lanes = [[[f32::NAN; LANES]; 2]; ROWS];
    for lane in 0..LANES {
        let i = group * LANES + lane;
        if block.is_nowhere(i) {
            continue;
        }
        let taps: [f32; 8] = corners_outside(image, block, i, padding == Padding::Wrap, padding.fill() as f32);
        for r in 0..ROWS {
            for x in 0..2 {
                lanes[r][x][lane] = taps[2 * r + x];
            }
        }
    }
    let mut taps = [[f32x8::splat(simd, 0.0); 2]; ROWS];
    for r in 0..ROWS {
        for x in 0..2 {
            taps[r][x] = f32x8::simd_from(simd, lanes[r][x]);
        }
    }
    taps
}

/// The derivatives of a blend: differences along one axis, blended along the others.
#[inline(always)]
fn slope_lanes<S: Simd, const D: usize, const ROWS: usize>(
    simd: S,
    taps: &[[f32x8<S>; 2]; ROWS],
    frac: &[f32x8<S>; D],
) -> [f32x8<S>; D] {
    let zero = f32x8::splat(simd, 0.0);
    let mut first = [zero; D];
    // Blends so far, and derivatives by the axes blended so far.
    let (mut value, mut slope) = ([zero; ROWS], [[zero; ROWS]; D]);
    for r in 0..ROWS {
        let [a, b] = taps[r];
        slope[0][r] = b - a;
        value[r] = frac[0].mul_add_precise(slope[0][r], a);
    }
    let mut count = ROWS;
    for k in 1..D {
        count /= 2;
        for r in 0..count {
            for slope in slope.iter_mut().take(k) {
                slope[r] = frac[k].mul_add_precise(slope[2 * r + 1] - slope[2 * r], slope[2 * r]);
            }
            slope[k][r] = value[2 * r + 1] - value[2 * r];
            value[r] = frac[k].mul_add_precise(slope[k][r], value[2 * r]);
        }
    }
    for k in 0..D {
        first[k] = slope[k][0];
    }
    first
}
