//! Linear blends of the 4 or 8 pixels around every location of a block.
//!
//! One step is `a + f (b - a)`, the product and sum fused, and `a` itself where `f` is 0: exact on a pixel (the sign of a
//! zero too) and between equal values. Where that is not finite (an infinite or NaN tap, or differences too large) the taps are summed by weight, and a tap of weight zero is
//! not read: an infinity beside a pixel that is hit exactly does not become NaN.

use super::{Block, Outside, tap};
use crate::dtype::{Real, Sample};
use crate::padding::Padding;
use crate::view::Plane;

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

/// Bilinear.
#[inline(always)]
pub(crate) fn linear2<T: Sample, A: Real, const D: usize>(
    plane: &Plane<'_, T, D>,
    block: &Block<A, D>,
    outside: &Outside<T, A>,
    out: &mut [T],
    step: usize,
) {
    let wrap = outside.padding == Padding::Wrap;
    for (i, out) in out.iter_mut().step_by(step).take(block.len).enumerate() {
        let (fx, fy) = (block.frac[0][i], block.frac[1][i]);
        let taps: [A; 4] = if block.inside {
            corners2(plane, block, i, 0)
        } else if block.is_nowhere(i) {
            *out = outside.nowhere;
            continue;
        } else {
            let (x, y) = (pair(block.cell[0][i], plane.size[0], wrap), pair(block.cell[1][i], plane.size[1], wrap));
            std::array::from_fn(|corner| {
                let mut pixel = [0; D];
                pixel[0] = x[corner & 1];
                pixel[1] = y[corner >> 1];
                tap(plane, pixel, outside.fill)
            })
        };
        let value = blend2(&taps, fx, fy);
        *out = T::narrow(if value.is_finite() { value } else { weighted(&taps, [fx, fy]) });
    }
}

/// Trilinear.
#[inline(always)]
pub(crate) fn linear3<T: Sample, A: Real, const D: usize>(
    plane: &Plane<'_, T, D>,
    block: &Block<A, D>,
    outside: &Outside<T, A>,
    out: &mut [T],
    step: usize,
) {
    let wrap = outside.padding == Padding::Wrap;
    for (i, out) in out.iter_mut().step_by(step).take(block.len).enumerate() {
        let frac = [block.frac[0][i], block.frac[1][i], block.frac[2][i]];
        let taps: [A; 8] = if block.inside {
            let [near, far] = [corners2(plane, block, i, 0), corners2(plane, block, i, plane.strides[2])];
            std::array::from_fn(|corner| if corner < 4 { near[corner] } else { far[corner - 4] })
        } else if block.is_nowhere(i) {
            *out = outside.nowhere;
            continue;
        } else {
            let at: [[i32; 2]; 3] = std::array::from_fn(|k| pair(block.cell[k][i], plane.size[k], wrap));
            std::array::from_fn(|corner| {
                let mut pixel = [0; D];
                for k in 0..3 {
                    pixel[k] = at[k][corner >> k & 1];
                }
                tap(plane, pixel, outside.fill)
            })
        };
        let [near, far] = [0, 4].map(|z| blend2(&[taps[z], taps[z + 1], taps[z + 2], taps[z + 3]], frac[0], frac[1]));
        let value = step_between(near, far, frac[2]);
        *out = T::narrow(if value.is_finite() { value } else { weighted(&taps, frac) });
    }
}

/// The four corners of a cell in the xy plane that lies `shift` elements from the cell's own.
#[inline(always)]
fn corners2<T: Sample, A: Real, const D: usize>(plane: &Plane<'_, T, D>, block: &Block<A, D>, i: usize, shift: isize) -> [A; 4] {
    let mut first = plane.origin + shift;
    for k in 0..D {
        first += block.cell[k][i] as isize * plane.strides[k];
    }
    let [x, y] = [plane.strides[0], plane.strides[1]];
    [first, first + x, first + y, first + x + y].map(|index| plane.data[index as usize].widen())
}

#[inline(always)]
fn blend2<A: Real>(taps: &[A; 4], fx: A, fy: A) -> A {
    step_between(step_between(taps[0], taps[1], fx), step_between(taps[2], taps[3], fx), fy)
}
