//! Products of matrices, for tiles of a deformable convolution.
//!
//! Each element of a product is one chain of fused multiply-adds in the order of the shared index, whatever the shapes, the tile or the
//! instruction set: libraries cut the shared index by the size of the caches, so that their last bits depend on the machine.

use super::vectorised;
use crate::dtype::Real;

/// Rows of the left matrix that are worked on together: with [`width`] columns of the right one, twelve vectors of sums.
const ROWS: usize = 6;

/// Columns of the right matrix that are worked on together: 16 of `f32`, 8 of `f64`.
pub(crate) const fn width<T>() -> usize {
    64 / size_of::<T>()
}

/// `columns` rounded up to whole panels of [`width`].
pub(crate) const fn padded<T>(columns: usize) -> usize {
    columns.next_multiple_of(width::<T>())
}

/// The left matrix: row `i` starts at `i * step`.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) step: usize,
    pub(crate) rows: usize,
}

/// The right matrix, in panels of [`width`] columns: row `k` of panel `p` starts at `p * panel + k * row`.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) row: usize,
    pub(crate) panel: usize,
    pub(crate) panels: usize,
}

/// Writes `left * right`, with `depth` terms each, into rows of whole panels, `step` apart; or adds it to what is there.
pub(crate) fn product<T: Real>(left: Left<'_, T>, right: Right<'_, T>, depth: usize, to: &mut [T], step: usize, add: bool) {
    vectorised(
        #[inline(always)]
        || {
            if size_of::<T>() == 4 {
                panels::<T, 16>(left, right, depth, to, step, add);
            } else {
                panels::<T, 8>(left, right, depth, to, step, add);
            }
        },
    );
}

#[inline(always)]
fn panels<T: Real, const N: usize>(left: Left<'_, T>, right: Right<'_, T>, depth: usize, to: &mut [T], step: usize, add: bool) {
    for panel in 0..right.panels {
        let columns = &right.data[panel * right.panel..];
        for first in (0..left.rows).step_by(ROWS) {
            let mut rows = [left.data; ROWS];
            for (i, row) in rows.iter_mut().enumerate() {
                // The last rows again where there are no more: their sums are not written.
                *row = &left.data[(first + i).min(left.rows - 1) * left.step..][..depth];
            }
            let sums = block::<T, N>(&rows, columns, right.row, depth);
            for (i, sums) in sums.iter().enumerate().take(left.rows - first) {
                let to = &mut to[(first + i) * step + panel * N..][..N];
                for (to, sum) in to.iter_mut().zip(sums) {
                    *to = if add { *to + *sum } else { *sum };
                }
            }
        }
    }
}

#[inline(always)]
fn block<T: Real, const N: usize>(rows: &[&[T]; ROWS], columns: &[T], step: usize, depth: usize) -> [[T; N]; ROWS] {
    let mut sums = [[T::ZERO; N]; ROWS];
    let [a, b, c, d, e, f] = *rows;
    let terms = a.iter().zip(b).zip(c).zip(d).zip(e).zip(f);
    for ((((((a, b), c), d), e), f), column) in terms.zip(columns.chunks(step)).take(depth) {
        let Some(column) = column.first_chunk::<N>() else { break };
        for (i, x) in [*a, *b, *c, *d, *e, *f].into_iter().enumerate() {
            for j in 0..N {
                sums[i][j] = x.mul_add(column[j], sums[i][j]);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums in the order of the shared index, one by one.
    fn check<T: Real>(rows: usize, depth: usize, columns: usize) {
        let number = |i: usize| T::from_f64(((i * 7919 + 13) % 1009) as f64 / 1009.0 - 0.4);
        let left: Vec<T> = (0..rows * depth).map(number).collect();
        let step = padded::<T>(columns);
        let mut right = vec![T::ZERO; depth * step];
        for k in 0..depth {
            for j in 0..columns {
                right[k * step + j] = number(3 * k + 11 * j + 5);
            }
        }
        let mut packed = vec![T::ZERO; depth * step];
        let w = width::<T>();
        for k in 0..depth {
            for j in 0..step {
                packed[(j / w * depth + k) * w + j % w] = right[k * step + j];
            }
        }
        let a = Left { data: &left, step: depth, rows };
        let mut twice = vec![T::ONE; rows * step];
        product(a, Right { data: &right, row: step, panel: w, panels: step / w }, depth, &mut twice, step, true);
        let mut to = vec![T::NAN; rows * step];
        product(a, Right { data: &packed, row: w, panel: depth * w, panels: step / w }, depth, &mut to, step, false);
        for i in 0..rows {
            for j in 0..columns {
                let sum = (0..depth).fold(T::ZERO, |sum, k| left[i * depth + k].mul_add(right[k * step + j], sum));
                assert_eq!(to[i * step + j], sum);
                assert_eq!(twice[i * step + j], T::ONE + sum);
            }
        }
    }

    #[test]
    fn sums_run_in_the_order_of_the_shared_index() {
        for (rows, depth, columns) in [(1, 1, 1), (6, 5, 16), (7, 9, 17), (48, 100, 40), (13, 64, 8), (5, 0, 3)] {
            check::<f32>(rows, depth, columns);
            check::<f64>(rows, depth, columns);
        }
    }
}
