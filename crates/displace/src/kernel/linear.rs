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
        let taps: [A; 4] = if block.inside || block.is_inside(i, &plane.size) {
            corners2(plane, block, i, 0)
        } else if block.is_nowhere(i) {
            *out = outside.nowhere;
            continue;
        } else {
            corners_outside(plane, block, i, wrap, outside.fill)
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
        let taps: [A; 8] = if block.inside || block.is_inside(i, &plane.size) {
            let ([a, b, c, d], [e, f, g, h]) = (corners2(plane, block, i, 0), corners2(plane, block, i, plane.strides[2]));
            [a, b, c, d, e, f, g, h]
        } else if block.is_nowhere(i) {
            *out = outside.nowhere;
            continue;
        } else {
            corners_outside(plane, block, i, wrap, outside.fill)
        };
        let [a, b, c, d, e, f, g, h] = taps;
        let (near, far) = (blend2(&[a, b, c, d], frac[0], frac[1]), blend2(&[e, f, g, h], frac[0], frac[1]));
        let value = step_between(near, far, frac[2]);
        *out = T::narrow(if value.is_finite() { value } else { weighted(&taps, frac) });
    }
}

/// All corners of a cell that may lie outside, x fastest.
///
/// Loops rather than array methods: their closures are calls that lose the caller's instruction set.
#[inline(always)]
fn corners_outside<T: Sample, A: Real, const D: usize, const N: usize>(
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
    for (corner, value) in taps.iter_mut().enumerate() {
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
