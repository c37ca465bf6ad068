//! Sums by weight of the pixels around every location of a block: Keys' cubic convolution and all other kernels whose taps padding
//! places one by one.
//!
//! Along one axis of four taps `v1 + w0 (v0-v1) + w2 (v2-v1) + w3 (v3-v1)`, each product fused with its sum: the weights' rounding
//! cannot disturb a constant. Kernels that are exact on pixels give that pixel there. Where the result is not finite the taps are
//! summed by weight without those of weight zero, as in `linear`.

use super::aim::{Ahead, Aim, Reach, Terrain};
use super::lanes::{self, Lanes};
use super::linear::fracs;
use super::weights::Window;
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

/// The blend along one axis: differences to the tap at the cell.
#[inline(always)]
fn along<K: Window<N>, A: Real, const N: usize>(kernel: K, v: [A; N], w: [A; N], f: A) -> A {
    let here = v[K::CENTRE];
    if f == A::ZERO && kernel.exact_on_pixels() {
        return here;
    }
    let mut sum = here;
    for t in 0..N {
        if t != K::CENTRE {
            sum = w[t].mul_add(v[t] - here, sum);
        }
    }
    sum
}

/// In two or three dimensions, by the number of axes.
#[inline(always)]
pub(crate) fn cubic<K: Window<N>, T: Sample, A: Real, const D: usize, const N: usize>(
    plane: &Plane<'_, T, D>,
    axes: &[Axis; D],
    kernel: K,
    block: &Block<A, D>,
    outside: &Outside<T, A>,
    out: &mut [T],
    step: usize,
) {
    for (i, out) in out.iter_mut().step_by(step).take(block.len).enumerate() {
        *out = one(plane, axes, kernel, block, i, outside);
    }
}

/// One pixel.
#[inline(always)]
fn one<K: Window<N>, T: Sample, A: Real, const D: usize, const N: usize>(
    plane: &Plane<'_, T, D>,
    axes: &[Axis; D],
    kernel: K,
    block: &Block<A, D>,
    i: usize,
    outside: &Outside<T, A>,
) -> T {
    if block.is_nowhere(i) {
        return outside.nowhere;
    }
    // Loops rather than array methods: their closures are calls that lose the caller's instruction set.
    let (mut weight, mut index, mut frac) = ([[A::ZERO; N]; D], [[0; N]; D], [A::ZERO; D]);
    for k in 0..D {
        frac[k] = block.frac[k][i];
        weight[k] = kernel.weights(frac[k]);
        for (t, index) in index[k].iter_mut().enumerate() {
            *index = place(block.cell[k][i].wrapping_add(t as i32 - K::CENTRE as i32), axes[k], outside.padding);
        }
    }
    let mut slices = [A::ZERO; N];
    let count = if D == 3 { N } else { 1 };
    for (z, slice) in slices.iter_mut().take(count).enumerate() {
        let mut rows = [A::ZERO; N];
        for (y, row) in rows.iter_mut().enumerate() {
            let mut taps = [A::ZERO; N];
            for (x, value) in taps.iter_mut().enumerate() {
                *value = tap(plane, pixel(&index, [x, y, z]), outside.fill);
            }
            *row = along(kernel, taps, weight[0], frac[0]);
        }
        *slice = along(kernel, rows, weight[1], frac[1]);
    }
    let value = if D == 3 { along(kernel, slices, weight[D - 1], frac[D - 1]) } else { slices[0] };
    T::narrow(if value.is_finite() { value } else { weighted(plane, &weight, &index, outside.fill) })
}

#[inline(always)]
fn pixel<const D: usize, const N: usize>(index: &[[i32; N]; D], tap: [usize; 3]) -> [i32; D] {
    let mut pixel = [0; D];
    for k in 0..D {
        pixel[k] = index[k][tap[k]];
    }
    pixel
}

#[cold]
#[inline(never)]
fn weighted<T: Sample, A: Real, const D: usize, const N: usize>(
    plane: &Plane<'_, T, D>,
    weight: &[[A; N]; D],
    index: &[[i32; N]; D],
    fill: A,
) -> A {
    let mut sum = A::ZERO;
    for z in 0..if D == 3 { N } else { 1 } {
        for y in 0..N {
            for x in 0..N {
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

/// [`cubic`], eight pixels at a time. `ROWS` rows of `N` taps: `N` or its square.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(crate) fn cubic_lanes<S: Lanes, K: Window<N>, T: Sample, const D: usize, const N: usize, const ROWS: usize>(
    simd: S,
    plane: &Plane<'_, T, D>,
    axes: &[Axis; D],
    kernel: K,
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
        *row = r % N * terrain.stride[1] as usize + r / N * terrain.stride[D - 1] as usize;
    }
    let reads = if terrain.stride[0] == 1 { Reads::<T, ROWS, N>::new(data, offsets, rows) } else { None };
    let inside = reads.as_ref().map(|reads| {
        #[inline(always)]
        move |group| {
            ahead.prefetch(data, &rows, group);
            blend_lanes::<_, K, D, N, ROWS>(
                simd,
                kernel,
                block,
                group,
                #[inline(always)]
                |row| lanes::neighbours(simd, reads, group, row),
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
            let index = places::<K, D, N>(axes, block, group * LANES, outside.padding);
            blend_lanes::<_, K, D, N, ROWS>(
                simd,
                kernel,
                block,
                group,
                #[inline(always)]
                |row| row_outside(simd, plane, &index, row, outside.fill),
            )
        },
    );
    if !finite {
        with_care(plane, axes, kernel, block, outside, out, step);
    }
}

/// Rows of taps to their blend: along x, then y, then z.
#[inline(always)]
fn blend_lanes<S: Simd, K: Window<N>, const D: usize, const N: usize, const ROWS: usize>(
    simd: S,
    kernel: K,
    block: &Block<f32, D>,
    group: usize,
    taps: impl Fn(usize) -> [f32x8<S>; N],
) -> f32x8<S> {
    let frac = fracs(simd, block, group * LANES);
    let across = kernel.weights(frac[0]);
    let mut sums = [f32x8::splat(simd, 0.0); ROWS];
    for r in 0..ROWS {
        sums[r] = along_lanes(simd, kernel, taps(r), across, frac[0]);
    }
    let mut count = ROWS;
    for k in 1..D {
        let weight = kernel.weights(frac[k]);
        count /= N;
        for r in 0..count {
            let mut of = [f32x8::splat(simd, 0.0); N];
            of.copy_from_slice(&sums[N * r..][..N]);
            sums[r] = along_lanes(simd, kernel, of, weight, frac[k]);
        }
    }
    sums[0]
}

/// [`cubic`] for blocks of which some pixel is not finite, or has to be looked at on its own.
#[cold]
#[inline(never)]
fn with_care<K: Window<N>, T: Sample, const D: usize, const N: usize>(
    plane: &Plane<'_, T, D>,
    axes: &[Axis; D],
    kernel: K,
    block: &Block<f32, D>,
    outside: &Outside<T, f32>,
    out: &mut [T],
    step: usize,
) {
    vectorised(
        #[inline(always)]
        || cubic(plane, axes, kernel, block, outside, out, step),
    );
}

/// The taps' indices along each axis, of eight pixels.
#[inline(always)]
fn places<K: Window<N>, const D: usize, const N: usize>(
    axes: &[Axis; D],
    block: &Block<f32, D>,
    first: usize,
    padding: Padding,
) -> [[[i32; N]; D]; LANES] {
    let mut index = [[[0; N]; D]; LANES];
    for (lane, index) in index.iter_mut().enumerate() {
        for k in 0..D {
            for (t, index) in index[k].iter_mut().enumerate() {
                *index = place(block.cell[k][first + lane].wrapping_add(t as i32 - K::CENTRE as i32), axes[k], padding);
            }
        }
    }
    index
}

/// A row of taps of eight pixels, some of them outside.
#[inline(always)]
fn row_outside<S: Simd, T: Sample, const D: usize, const N: usize>(
    simd: S,
    plane: &Plane<'_, T, D>,
    index: &[[[i32; N]; D]; LANES],
    row: usize,
    fill: f32,
) -> [f32x8<S>; N] {
    let mut taps = [f32x8::splat(simd, 0.0); N];
    for (x, taps) in taps.iter_mut().enumerate() {
        let mut values = [0.0; LANES];
        for (lane, value) in values.iter_mut().enumerate() {
            *value = tap(plane, pixel(&index[lane], [x, row % N, row / N]), fill);
        }
        *taps = f32x8::simd_from(simd, values);
    }
    taps
}

/// [`along`] in lanes, rounded at the same places.
#[inline(always)]
fn along_lanes<S: Simd, K: Window<N>, const N: usize>(
    simd: S,
    kernel: K,
    v: [f32x8<S>; N],
    w: [f32x8<S>; N],
    f: f32x8<S>,
) -> f32x8<S> {
    let here = v[K::CENTRE];
    let mut sum = here;
    for t in 0..N {
        if t != K::CENTRE {
            sum = w[t].mul_add_precise(v[t] - here, sum);
        }
    }
    if kernel.exact_on_pixels() { f.simd_eq(f32x8::splat(simd, 0.0)).select(here, sum) } else { sum }
}
