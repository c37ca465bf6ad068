//! Cubic convolution of the 16 or 64 pixels around every location of a block.
//!
//! Along one axis `v1 + w0 (v0-v1) + w2 (v2-v1) + w3 (v3-v1)`, each product fused with its sum: the weights' rounding
//! cannot disturb a constant. On a pixel it is that pixel. Where the result is not finite the taps are
//! summed by weight without those of weight zero, as in `linear`.

use super::{Block, Outside, tap};
use crate::axis::{Axis, Extent};
use crate::dtype::{Real, Sample};
use crate::padding::Padding;
use crate::view::Plane;

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
        if block.is_nowhere(i) {
            *out = outside.nowhere;
            continue;
        }
        // Loops rather than array methods: their closures are calls that lose the caller's instruction set.
        let (mut weight, mut index, mut frac, mut inside) = ([[A::ZERO; 4]; D], [[0; 4]; D], [A::ZERO; D], true);
        for k in 0..D {
            let first = block.cell[k][i].wrapping_sub(1);
            inside &= first >= 0 && first < axes[k].len() as i32 - 3;
            frac[k] = block.frac[k][i];
            weight[k] = weights(a, frac[k]);
            for (t, index) in index[k].iter_mut().enumerate() {
                *index = first.wrapping_add(t as i32);
            }
        }
        if !inside {
            for k in 0..D {
                for index in &mut index[k] {
                    *index = place(*index, axes[k], outside.padding);
                }
            }
        }
        let pixel = |x: usize, y: usize, z: usize| {
            let at = [x, y, z];
            let mut pixel = [0; D];
            for k in 0..D {
                pixel[k] = index[k][at[k]];
            }
            pixel
        };
        let value = if inside {
            blend(|x, y, z| plane.at(pixel(x, y, z)).widen(), &weight, &frac)
        } else {
            blend(|x, y, z| tap(plane, pixel(x, y, z), outside.fill), &weight, &frac)
        };
        let read = |x, y, z| tap(plane, pixel(x, y, z), outside.fill);
        *out = T::narrow(if value.is_finite() { value } else { weighted(&weight, read) });
    }
}

/// Rows along x, then across them, then across slices.
#[inline(always)]
fn blend<A: Real, const D: usize>(read: impl Fn(usize, usize, usize) -> A, weight: &[[A; 4]; D], frac: &[A; D]) -> A {
    let row = |y, z| along([read(0, y, z), read(1, y, z), read(2, y, z), read(3, y, z)], weight[0], frac[0]);
    let slice = |z| along([row(0, z), row(1, z), row(2, z), row(3, z)], weight[1], frac[1]);
    if D == 2 { slice(0) } else { along([slice(0), slice(1), slice(2), slice(3)], weight[D - 1], frac[D - 1]) }
}

#[cold]
#[inline(never)]
fn weighted<A: Real, const D: usize>(weight: &[[A; 4]; D], read: impl Fn(usize, usize, usize) -> A) -> A {
    let mut sum = A::ZERO;
    for z in 0..if D == 3 { 4 } else { 1 } {
        for y in 0..4 {
            for x in 0..4 {
                let mut w = weight[0][x] * weight[1][y];
                if D == 3 {
                    w = w * weight[D - 1][z];
                }
                if w != A::ZERO {
                    sum = w.mul_add(read(x, y, z), sum);
                }
            }
        }
    }
    sum
}
