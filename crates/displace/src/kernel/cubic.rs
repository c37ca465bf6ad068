//! Cubic convolution of the 16 or 64 pixels around every location of a block.
//!
//! Along one axis `v1 + w0 (v0-v1) + w2 (v2-v1) + w3 (v3-v1)`, each product fused with its sum: the weights' rounding
//! cannot disturb a constant. On a pixel it is that pixel. Where the result is not finite the taps are
//! summed by weight without those of weight zero, as in `linear`.

use super::aim::{Ahead, Aim, Reach, Terrain};
use super::lanes::{self, Lanes};
use super::linear::fracs;
use super::{Block, Outside, tap, vectorised};
use crate::axis::{Axis, Extent};
use crate::dtype::{Real, Sample};
use crate::padding::Padding;
use crate::view::Plane;
use displace_reads::{LANES, Offsets, Reads};
use fearless_simd::{Simd, f32x8, prelude::*};

/// The pixel that a tap reads; -1 for the fill value.
#[inline(always)]
pub(super) fn place(index: i32, axis: Axis, padding: Padding) -> i32 {
    let len = axis.len() as i32;
    match padding {
        Padding::Zeros | Padding::Constant(_) => {
            if index < len {
                index.max(-1)
            } else {
                -1
            }
        }
        Padding::Border => index.max(0).min(len - 1),
        Padding::Wrap => index.rem_euclid(len),
        Padding::Reflection if len == 1 => 0,
        Padding::Reflection => {
            let seam = i32::from(axis.extent() == Extent::Edges);
            let period = 2 * (len - 1 + seam);
            let folded = index.rem_euclid(period);
            if folded < len { folded } else { period - seam - folded }
        }
    }
}

#[inline(always)]
pub(super) fn weights<A: Real>(a: A, f: A) -> [A; 4] {
    let one = A::ONE;
    let [two, three] = [one + one, one + one + one];
    let g = one - f;
    let ff = f * f;
    [a * f * (g * g), one - ff * ((a + three) - (a + two) * f), f * (f * ((two * a + three) - (a + two) * f) - a), a * ff * g]
}

#[inline(always)]
fn along<A: Real>(v: [A; 4], w: [A; 4], f: A) -> A {
    if f == A::ZERO {
        return v[1];
    }
    w[3].mul_add(v[3] - v[1], w[2].mul_add(v[2] - v[1], w[0].mul_add(v[0] - v[1], v[1])))
}

/// Bicubic or tricubic, by the number of axes.
#[inline(always)]
pub(crate) fn cubic<T: Sample, A: Real, const D: usize>(
    plane: &Plane<'_, T, D>,
    axes: &[Axis; D],
    a: A,
    block: &Block<A, D>,
    outside: &Outside<T, A>,
    out: &mut [T],
    step: usize,
) {
    for (i, out) in out.iter_mut().step_by(step).take(block.len).enumerate() {
        *out = one(plane, axes, a, block, i, outside);
    }
}

/// One pixel.
#[inline(always)]
fn one<T: Sample, A: Real, const D: usize>(
    plane: &Plane<'_, T, D>,
    axes: &[Axis; D],
    a: A,
    block: &Block<A, D>,
    i: usize,
    outside: &Outside<T, A>,
) -> T {
    if block.is_nowhere(i) {
        return outside.nowhere;
    }
    // Loops rather than array methods: their closures are calls that lose the caller's instruction set.
    let (mut weight, mut index, mut frac) = ([[A::ZERO; 4]; D], [[0; 4]; D], [A::ZERO; D]);
    for k in 0..D {
        frac[k] = block.frac[k][i];
        weight[k] = weights(a, frac[k]);
        for (t, index) in index[k].iter_mut().enumerate() {
            *index = place(block.cell[k][i].wrapping_add(t as i32 - 1), axes[k], outside.padding);
        }
    }
    let mut slices = [A::ZERO; 4];
    let count = if D == 3 { 4 } else { 1 };
    for (z, slice) in slices.iter_mut().take(count).enumerate() {
        let mut rows = [A::ZERO; 4];
        for (y, row) in rows.iter_mut().enumerate() {
            let mut taps = [A::ZERO; 4];
            for (x, value) in taps.iter_mut().enumerate() {
                *value = tap(plane, pixel(&index, [x, y, z]), outside.fill);
            }
            *row = along(taps, weight[0], frac[0]);
        }
        *slice = along(rows, weight[1], frac[1]);
    }
    let value = if D == 3 { along(slices, weight[D - 1], frac[D - 1]) } else { slices[0] };
    T::narrow(if value.is_finite() { value } else { weighted(plane, &weight, &index, outside.fill) })
}

#[inline(always)]
fn pixel<const D: usize>(index: &[[i32; 4]; D], tap: [usize; 3]) -> [i32; D] {
    let mut pixel = [0; D];
    for k in 0..D {
        pixel[k] = index[k][tap[k]];
    }
    pixel
}

#[cold]
#[inline(never)]
fn weighted<T: Sample, A: Real, const D: usize>(
    plane: &Plane<'_, T, D>,
    weight: &[[A; 4]; D],
    index: &[[i32; 4]; D],
    fill: A,
) -> A {
    let mut sum = A::ZERO;
    for z in 0..if D == 3 { 4 } else { 1 } {
        for y in 0..4 {
            for x in 0..4 {
                let mut w = weight[0][x] * weight[1][y];
                if D == 3 {
                    w = w * weight[D - 1][z];
                }
                if w != A::ZERO {
                    sum = w.mul_add(tap(plane, pixel(index, [x, y, z]), fill), sum);
                }
            }
        }
    }
    sum
}

/// [`cubic`], eight pixels at a time. `ROWS` rows of four taps: 4 or 16.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(crate) fn cubic_lanes<S: Lanes, T: Sample, const D: usize, const ROWS: usize>(
    simd: S,
    plane: &Plane<'_, T, D>,
    axes: &[Axis; D],
    a: f32,
    aimed: (&Aim, Offsets<'_>, Ahead<'_>, &Terrain<D>),
    block: &Block<f32, D>,
    outside: &Outside<T, f32>,
    out: &mut [T],
    step: usize,
) {
    let (aim, offsets, ahead, terrain) = aimed;
    let data = &plane.data[plane.origin as usize..];
    let mut rows = [0; ROWS];
    for (r, row) in rows.iter_mut().enumerate() {
        for k in 1..D {
            *row += (r >> (2 * (k - 1)) & 3) * terrain.stride[k] as usize;
        }
    }
    let reads = if terrain.stride[0] == 1 { Reads::<T, ROWS, 4>::new(data, offsets, rows) } else { None };
    let inside = reads.as_ref().map(|reads| {
        #[inline(always)]
        move |group| {
            ahead.prefetch(data, &rows, group);
            blend_lanes::<_, D, ROWS>(
                simd,
                a,
                block,
                group,
                #[inline(always)]
                |row| lanes::quads(simd, reads, group, row),
            )
        }
    });
    let finite = aim.blend(
        simd,
        out,
        (block.len, step),
        inside,
        #[inline(always)]
        |group| {
            if aim.reach[group] == Reach::Special {
                return f32x8::splat(simd, f32::NAN);
            }
            let index = places(axes, block, group * LANES, outside.padding);
            blend_lanes::<_, D, ROWS>(
                simd,
                a,
                block,
                group,
                #[inline(always)]
                |row| quads_outside(simd, plane, &index, row, outside.fill),
            )
        },
    );
    if !finite {
        with_care(plane, axes, a, block, outside, out, step);
    }
}

/// Rows of four taps to their blend: along x, then y, then z.
#[inline(always)]
fn blend_lanes<S: Simd, const D: usize, const ROWS: usize>(
    simd: S,
    a: f32,
    block: &Block<f32, D>,
    group: usize,
    quads: impl Fn(usize) -> [f32x8<S>; 4],
) -> f32x8<S> {
    let frac = fracs(simd, block, group * LANES);
    let across = weights_lanes(simd, a, frac[0]);
    let mut sums = [f32x8::splat(simd, 0.0); ROWS];
    for r in 0..ROWS {
        sums[r] = along_lanes(simd, quads(r), across, frac[0]);
    }
    let mut count = ROWS;
    for k in 1..D {
        let weight = weights_lanes(simd, a, frac[k]);
        count /= 4;
        for r in 0..count {
            sums[r] = along_lanes(simd, [sums[4 * r], sums[4 * r + 1], sums[4 * r + 2], sums[4 * r + 3]], weight, frac[k]);
        }
    }
    sums[0]
}

/// [`cubic`] for blocks of which some pixel is not finite, or has to be looked at on its own.
#[cold]
#[inline(never)]
fn with_care<T: Sample, const D: usize>(
    plane: &Plane<'_, T, D>,
    axes: &[Axis; D],
    a: f32,
    block: &Block<f32, D>,
    outside: &Outside<T, f32>,
    out: &mut [T],
    step: usize,
) {
    vectorised(
        #[inline(always)]
        || cubic(plane, axes, a, block, outside, out, step),
    );
}

/// The taps' indices along each axis, of eight pixels.
#[inline(always)]
fn places<const D: usize>(axes: &[Axis; D], block: &Block<f32, D>, first: usize, padding: Padding) -> [[[i32; 4]; D]; LANES] {
    let mut index = [[[0; 4]; D]; LANES];
    for (lane, index) in index.iter_mut().enumerate() {
        for k in 0..D {
            for (t, index) in index[k].iter_mut().enumerate() {
                *index = place(block.cell[k][first + lane].wrapping_add(t as i32 - 1), axes[k], padding);
            }
        }
    }
    index
}

/// A row of four taps of eight pixels, some of them outside.
#[inline(always)]
fn quads_outside<S: Simd, T: Sample, const D: usize>(
    simd: S,
    plane: &Plane<'_, T, D>,
    index: &[[[i32; 4]; D]; LANES],
    row: usize,
    fill: f32,
) -> [f32x8<S>; 4] {
    let mut taps = [[0.0; LANES]; 4];
    for (x, taps) in taps.iter_mut().enumerate() {
        for (lane, value) in taps.iter_mut().enumerate() {
            *value = tap(plane, pixel(&index[lane], [x, row & 3, row >> 2]), fill);
        }
    }
    let [a, b, c, d] = taps;
    [f32x8::simd_from(simd, a), f32x8::simd_from(simd, b), f32x8::simd_from(simd, c), f32x8::simd_from(simd, d)]
}

/// [`weights`] in lanes, rounded at the same places.
#[inline(always)]
fn weights_lanes<S: Simd>(simd: S, a: f32, f: f32x8<S>) -> [f32x8<S>; 4] {
    let splat = |value: f32| f32x8::splat(simd, value);
    let one = splat(1.0);
    let (a2, a3, b3) = (splat(a + 2.0), splat(a + 3.0), splat(2.0 * a + 3.0));
    let a = splat(a);
    let g = one - f;
    let ff = f * f;
    [a * f * (g * g), one - ff * (a3 - a2 * f), f * (f * (b3 - a2 * f) - a), a * ff * g]
}

#[inline(always)]
fn along_lanes<S: Simd>(simd: S, v: [f32x8<S>; 4], w: [f32x8<S>; 4], f: f32x8<S>) -> f32x8<S> {
    let sum = w[0].mul_add_precise(v[0] - v[1], v[1]);
    let sum = w[2].mul_add_precise(v[2] - v[1], sum);
    let sum = w[3].mul_add_precise(v[3] - v[1], sum);
    f.simd_eq(f32x8::splat(simd, 0.0)).select(v[1], sum)
}
