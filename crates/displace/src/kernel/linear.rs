//! Linear blends of the 4 or 8 pixels around every location of a block.
//!
//! One step is `a + f (b - a)`, the product and sum fused, and `a` itself where `f` is 0: exact on a pixel (the sign of a
//! zero too) and between equal values. Where that is not finite (an infinite or NaN tap, or differences too large) the taps are summed by weight, and a tap of weight zero is
//! not read: an infinity beside a pixel that is hit exactly does not become NaN.

use super::aim::{Ahead, Aim, Reach, Terrain};
use super::lanes::{self, Lanes};
use super::{Block, Outside, tap, vectorised};
use crate::dtype::{Real, Sample};
use crate::padding::Padding;
use crate::view::Plane;
use displace_reads::{LANES, Offsets, Reads};
use fearless_simd::{Simd, f32x8, i32x8, mask32x8, prelude::*, u32x8};

#[inline(always)]
fn step_between<A: Real>(a: A, b: A, f: A) -> A {
    if f == A::ZERO { a } else { f.mul_add(b - a, a) }
}

/// Sum of the taps (x fastest) by weight, without those of weight zero.
#[cold]
#[inline(never)]
fn weighted<A: Real, const D: usize>(taps: &[A], frac: [A; D]) -> A {
    let mut sum = A::ZERO;
    for (corner, value) in taps.iter().enumerate() {
        let mut weight = A::ONE;
        for (k, f) in frac.iter().enumerate() {
            weight = weight * if corner >> k & 1 == 1 { *f } else { A::ONE - *f };
        }
        if weight != A::ZERO {
            sum = weight.mul_add(*value, sum);
        }
    }
    sum
}

/// The cell and the next one; under wrap the last pixel's next is the first.
#[inline(always)]
fn pair(cell: i32, len: usize, wrap: bool) -> [i32; 2] {
    [cell, if wrap && cell + 1 == len as i32 { 0 } else { cell.wrapping_add(1) }]
}

/// Bilinear or trilinear, by the number of axes.
#[inline(always)]
pub(crate) fn linear<T: Sample, A: Real, const D: usize>(
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
    let wrap = outside.padding == Padding::Wrap;
    let mut frac = [A::ZERO; D];
    for k in 0..D {
        frac[k] = block.frac[k][i];
    }
    let taps: [A; 8] = if block.inside || block.is_inside(i, &plane.size) {
        let [a, b, c, d] = corners2(plane, block, i, 0);
        let [e, f, g, h] = if D == 3 { corners2(plane, block, i, plane.strides[D - 1]) } else { [A::ZERO; 4] };
        [a, b, c, d, e, f, g, h]
    } else if block.is_nowhere(i) {
        return outside.nowhere;
    } else {
        corners_outside(plane, block, i, wrap, outside.fill)
    };
    let [a, b, c, d, e, f, g, h] = taps;
    let mut value = blend2(&[a, b, c, d], frac[0], frac[1]);
    if D == 3 {
        value = step_between(value, blend2(&[e, f, g, h], frac[0], frac[1]), frac[D - 1]);
    }
    T::narrow(if value.is_finite() { value } else { weighted(&taps[..1 << D], frac) })
}

/// [`linear`], eight pixels at a time. `ROWS` pairs of corners side by side make a cell: 2 or 4.
#[inline(always)]
pub(crate) fn linear_lanes<S: Lanes, T: Sample, const D: usize, const ROWS: usize>(
    simd: S,
    plane: &Plane<'_, T, D>,
    aimed: (&Aim, Offsets<'_>, Ahead<'_>, &Terrain<D>),
    block: &Block<f32, D>,
    outside: &Outside<T, f32>,
    out: &mut [T],
    step: usize,
) {
    let (aim, offsets, ahead, terrain) = aimed;
    let data = &plane.data[plane.origin as usize..];
    let rows = terrain.rows();
    let reads = if terrain.stride[0] == 1 { Reads::<T, ROWS, 2>::new(data, offsets, rows) } else { None };
    let next = data.get(terrain.stride[0] as usize..).unwrap_or_default();
    let apart = if terrain.stride[0] == 1 { None } else { Reads::new(data, offsets, rows) };
    let apart = apart.zip(Reads::new(next, offsets, rows));
    let corners = Corners { terrain, block, reads, apart, aim, fill: outside.fill, fills: outside.padding.fills() };
    let inside = corners.reads.as_ref().map(|reads| {
        #[inline(always)]
        |group| {
            ahead.prefetch(data, &rows, group);
            corners.inside(simd, reads, group)
        }
    });
    let finite = aim.blend(
        simd,
        out,
        (block.len, step),
        inside,
        #[inline(always)]
        |group| corners.blended(simd, group),
    );
    if !finite {
        with_care(plane, block, outside, out, step);
    }
}

/// One pixel, where few have to be looked at.
#[cold]
#[inline(never)]
pub(super) fn one_of_many<T: Sample, const D: usize>(
    plane: &Plane<'_, T, D>,
    block: &Block<f32, D>,
    i: usize,
    outside: &Outside<T, f32>,
) -> T {
    one(plane, block, i, outside)
}

/// [`linear`] for blocks of which some pixel is not finite, or has to be looked at on its own.
#[cold]
#[inline(never)]
pub(crate) fn with_care<T: Sample, const D: usize>(
    plane: &Plane<'_, T, D>,
    block: &Block<f32, D>,
    outside: &Outside<T, f32>,
    out: &mut [T],
    step: usize,
) {
    vectorised(
        #[inline(always)]
        || linear(plane, block, outside, out, step),
    );
}

/// What the corners of a block's cells are read from.
pub(super) struct Corners<'c, T, const D: usize, const ROWS: usize> {
    pub(super) terrain: &'c Terrain<D>,
    pub(super) block: &'c Block<f32, D>,
    pub(super) aim: &'c Aim,
    /// Of all cells inside, if pixels lie side by side.
    pub(super) reads: Option<Reads<'c, T, ROWS, 2>>,
    /// Of the cells and of the next ones along x, if they do not.
    pub(super) apart: Option<(Reads<'c, T, ROWS, 1>, Reads<'c, T, ROWS, 1>)>,
    pub(super) fill: f32,
    pub(super) fills: bool,
}

impl<T: Sample, const D: usize, const ROWS: usize> Corners<'_, T, D, ROWS> {
    /// The corners of a group all of whose corners are pixels.
    #[inline(always)]
    pub(super) fn pixels<S: Lanes>(&self, simd: S, reads: &Reads<'_, T, ROWS, 2>, group: usize) -> [[f32x8<S>; 2]; ROWS] {
        let mut taps = [[f32x8::splat(simd, 0.0); 2]; ROWS];
        for r in 0..ROWS {
            taps[r] = lanes::pairs(simd, reads, group, r).into();
        }
        taps
    }

    /// The corners of a group some of whose corners are outside, from the pixels of the nearest cells inside. Rows are of two
    /// or more pixels side by side.
    #[inline(always)]
    pub(super) fn around<S: Lanes>(&self, simd: S, reads: &Reads<'_, T, ROWS, 2>, group: usize) -> [[f32x8<S>; 2]; ROWS] {
        let fill = if self.fills { Some(self.fill) } else { None };
        Edges::new(simd, self.terrain, self.block, group, fill).corrected(self.pixels(simd, reads, group))
    }

    /// The blends of a group all of whose corners are pixels.
    #[inline(always)]
    fn inside<S: Lanes>(&self, simd: S, reads: &Reads<'_, T, ROWS, 2>, group: usize) -> f32x8<S> {
        blend_lanes(simd, &self.pixels(simd, reads, group), &fracs(simd, self.block, group * LANES))
    }

    /// The blends of a group; NaN where it has to be looked at pixel by pixel.
    #[inline(always)]
    fn blended<S: Lanes>(&self, simd: S, group: usize) -> f32x8<S> {
        let first = group * LANES;
        let mut taps = [[f32x8::splat(simd, f32::NAN); 2]; ROWS];
        match (&self.reads, &self.apart, self.aim.reach[group]) {
            (Some(reads), _, Reach::Pixels) => return self.inside(simd, reads, group),
            (_, Some((at, next)), Reach::Pixels) => {
                for r in 0..ROWS {
                    taps[r] = [lanes::singles(simd, at, group, r), lanes::singles(simd, next, group, r)];
                }
            }
            (Some(reads), _, Reach::Partly) if self.terrain.last[0] > 0 => taps = self.around(simd, reads, group),
            _ => {}
        }
        blend_lanes(simd, &taps, &fracs(simd, self.block, first))
    }
}

/// Where the cells of a group lie from the nearest cells all of whose corners are pixels.
pub(super) struct Edges<S: Simd, const D: usize> {
    above: [mask32x8<S>; D],
    below: [mask32x8<S>; D],
    /// Along each axis, whether a cell and the next one are pixels.
    inside: [[mask32x8<S>; 2]; D],
    fill: Option<f32x8<S>>,
}

impl<S: Simd, const D: usize> Edges<S, D> {
    /// `fill`: what is read outside; without it corners outside have no weight.
    #[inline(always)]
    pub(super) fn new(simd: S, terrain: &Terrain<D>, block: &Block<f32, D>, group: usize, fill: Option<f32>) -> Self {
        let none = mask32x8::splat(simd, false);
        let (mut above, mut below, mut inside) = ([none; D], [none; D], [[none; 2]; D]);
        for k in 0..D {
            let last = terrain.last[k];
            let cell = i32x8::from_slice(simd, &block.cell[k][group * LANES..(group + 1) * LANES]);
            let kept = cell.max(0).min((last - 1).max(0));
            (above[k], below[k]) = (cell.simd_gt(kept), cell.simd_lt(kept));
            // -1 is the highest number without a sign.
            let among = |cell: i32x8<S>| cell.bitcast::<u32x8<S>>().simd_le(last as u32);
            inside[k] = [among(cell), among(cell + 1)];
        }
        let fill = fill.map(
            #[inline(always)]
            |fill| f32x8::splat(simd, fill),
        );
        Self { above, below, inside, fill }
    }

    /// The corners of the cells, from those of the nearest cells inside.
    #[inline(always)]
    pub(super) fn corrected<const ROWS: usize>(&self, mut taps: [[f32x8<S>; 2]; ROWS]) -> [[f32x8<S>; 2]; ROWS] {
        // A cell beyond has the pixels' far side as its near one, and the reverse.
        for r in 0..ROWS {
            let [low, high] = taps[r];
            taps[r] = [self.above[0].select(high, low), self.below[0].select(low, high)];
        }
        for k in 1..D {
            let far = 1 << (k - 1);
            for r in 0..ROWS {
                if r & far == 0 {
                    for x in 0..2 {
                        let (low, high) = (taps[r][x], taps[r | far][x]);
                        (taps[r][x], taps[r | far][x]) = (self.above[k].select(high, low), self.below[k].select(low, high));
                    }
                }
            }
        }
        if let Some(fill) = self.fill {
            for r in 0..ROWS {
                for x in 0..2 {
                    let mut within = self.inside[0][x];
                    for k in 1..D {
                        within &= self.inside[k][r >> (k - 1) & 1];
                    }
                    taps[r][x] = within.select(taps[r][x], fill);
                }
            }
        }
        taps
    }
}

/// The fractions of a group.
#[inline(always)]
pub(super) fn fracs<S: Simd, const D: usize>(simd: S, block: &Block<f32, D>, first: usize) -> [f32x8<S>; D] {
    let mut frac = [f32x8::splat(simd, 0.0); D];
    for k in 0..D {
        frac[k] = f32x8::from_slice(simd, &block.frac[k][first..first + LANES]);
    }
    frac
}

/// The corners of a cell to its blend: along x, then y, then z.
#[inline(always)]
fn blend_lanes<S: Simd, const D: usize, const ROWS: usize>(
    simd: S,
    taps: &[[f32x8<S>; 2]; ROWS],
    frac: &[f32x8<S>; D],
) -> f32x8<S> {
    let mut rows = [f32x8::splat(simd, 0.0); ROWS];
    for r in 0..ROWS {
        rows[r] = lanes::step(simd, taps[r][0], taps[r][1], frac[0]);
    }
    let mut count = ROWS;
    for k in 1..D {
        count /= 2;
        for r in 0..count {
            rows[r] = lanes::step(simd, rows[2 * r], rows[2 * r + 1], frac[k]);
        }
    }
    rows[0]
}

/// All corners of a cell that may lie outside, x fastest.
///
/// Loops rather than array methods: their closures are calls that lose the caller's instruction set.
#[inline(always)]
pub(super) fn corners_outside<T: Sample, A: Real, const D: usize, const N: usize>(
    plane: &Plane<'_, T, D>,
    block: &Block<A, D>,
    i: usize,
    wrap: bool,
    fill: A,
) -> [A; N] {
    let mut at = [[0; 2]; D];
    for k in 0..D {
        at[k] = pair(block.cell[k][i], plane.size[k], wrap);
    }
    let mut taps = [fill; N];
    for (corner, value) in taps.iter_mut().take(1 << D).enumerate() {
        let mut pixel = [0; D];
        for k in 0..D {
            pixel[k] = at[k][corner >> k & 1];
        }
        *value = tap(plane, pixel, fill);
    }
    taps
}

/// The four corners of a cell in the xy plane that lies `shift` elements from the cell's own.
#[inline(always)]
fn corners2<T: Sample, A: Real, const D: usize>(plane: &Plane<'_, T, D>, block: &Block<A, D>, i: usize, shift: isize) -> [A; 4] {
    let mut first = plane.origin + shift;
    for k in 0..D {
        first += block.cell[k][i] as isize * plane.strides[k];
    }
    let [x, y] = [plane.strides[0], plane.strides[1]];
    let at = |index: isize| plane.data[index as usize].widen();
    [at(first), at(first + x), at(first + y), at(first + x + y)]
}

#[inline(always)]
fn blend2<A: Real>(taps: &[A; 4], fx: A, fy: A) -> A {
    step_between(step_between(taps[0], taps[1], fx), step_between(taps[2], taps[3], fx), fy)
}
