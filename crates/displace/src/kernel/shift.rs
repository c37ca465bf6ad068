//! Grid values of a row to displacements: one fused multiply-add each.

use super::BLOCK;
use super::load::load;
use crate::dtype::{Location, Real};
use crate::view::Plane;

/// What turns grid values into displacements when every constant is a float: `d = g * slope + constant[j]`.
pub(crate) struct Shift<R, const D: usize> {
    pub(crate) slope: [R; D],
    /// Per axis and index, `(len - 1)/2` minus the rest place.
    pub(crate) constant: [Vec<R>; D],
}

impl<R: Real, const D: usize> Shift<R, D> {
    /// Writes one interleaved row.
    #[inline(always)]
    pub(crate) fn row<L: Location<Real = R>>(&self, values: &[Plane<'_, L, D>; D], row: [usize; D], out: &mut [R]) {
        let along_x = &self.constant[0];
        let across: [R; D] = std::array::from_fn(|k| if k == 0 { R::ZERO } else { self.constant[k][row[k]] });
        let start = values[0].row(row);
        let side_by_side = (0..D).all(|k| values[k].strides[0] == D as isize && values[k].row(row) == start + k as isize);
        if side_by_side {
            let from = &values[0].data[start as usize..][..out.len()];
            for ((to, from), x) in out.chunks_exact_mut(D).zip(from.chunks_exact(D)).zip(along_x) {
                to[0] = from[0].widen().mul_add(self.slope[0], *x);
                for k in 1..D {
                    to[k] = from[k].widen().mul_add(self.slope[k], across[k]);
                }
            }
            return;
        }
        let width = out.len() / D;
        let mut buffer = [R::ZERO; BLOCK];
        for first in (0..width).step_by(BLOCK) {
            let len = BLOCK.min(width - first);
            for k in 0..D {
                load(&values[k], row, first, &mut buffer[..len]);
                let to = out[first * D + k..].iter_mut().step_by(D);
                for ((to, value), x) in to.zip(&buffer[..len]).zip(&along_x[first..]) {
                    *to = value.mul_add(self.slope[k], if k == 0 { *x } else { across[k] });
                }
            }
        }
    }
}
