//! The nearest pixel of every location of a block.

use super::{Block, NOWHERE, Outside};
use crate::dtype::{Real, Sample};
use crate::padding::Padding;
use crate::view::Plane;

/// Writes the nearest pixel: above half-way the next, half-way the even one.
#[inline(always)]
pub(crate) fn nearest<T: Sample, A: Real, const D: usize>(
    plane: &Plane<'_, T, D>,
    block: &Block<A, D>,
    outside: &Outside<T, A>,
    out: &mut [T],
    step: usize,
) {
    let fill = T::narrow(outside.fill);
    for (i, out) in out.iter_mut().step_by(step).take(block.len).enumerate() {
        let mut pixel = [0; D];
        let mut inside = true;
        for k in 0..D {
            let (cell, frac) = (block.cell[k][i], block.frac[k][i]);
            let mut near = if frac > A::HALF || (frac == A::HALF && cell & 1 == 1) { cell + 1 } else { cell };
            if outside.padding == Padding::Wrap && near == plane.size[k] as i32 {
                near = 0;
            }
            inside &= near >= 0 && (near as usize) < plane.size[k];
            pixel[k] = near;
        }
        *out = if inside {
            plane.at(pixel)
        } else if (0..D).any(|k| block.cell[k][i] == NOWHERE) {
            outside.nowhere
        } else {
            fill
        };
    }
}
