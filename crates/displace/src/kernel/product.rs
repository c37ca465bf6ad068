//! Products of matrices, for tiles of a deformable convolution.
//!
//! Each element of a product is one chain of fused multiply-adds in the order of the shared index, whatever the shapes, the tile or the
//! instruction set: libraries cut the shared index by the size of the caches, so that their last bits depend on the machine.

use super::level::{in_lanes, widest};
use crate::dtype::Real;
use fearless_simd::{Simd, SimdFloat, f32x16, f64x8};
use std::ops::Add;

/// Rows of the left matrix that are worked on together: with a panel of the right one, as many sums as registers hold.
const ROWS: usize = 6;

/// The same where vectors are as wide as a panel and registers 32.
const MANY_ROWS: usize = 12;

/// Columns of the right matrix that are worked on together, a panel: 64 bytes of them, 16 of `f32`, 8 of `f64`.
pub(crate) const fn width<T>() -> usize {
    64 / size_of::<T>()
}

/// `columns` rounded up to whole panels.
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

/// The right matrix, in panels: row `k` of panel `p` starts at `p * panel + k * row`.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) row: usize,
    pub(crate) panel: usize,
    pub(crate) panels: usize,
}

impl<'a, T> Left<'a, T> {
    fn of<U>(self, cast: impl Fn(&'a [T]) -> Option<&'a [U]>) -> Option<Left<'a, U>> {
        Some(Left { data: cast(self.data)?, step: self.step, rows: self.rows })
    }
}

impl<'a, T> Right<'a, T> {
    fn of<U>(self, cast: impl Fn(&'a [T]) -> Option<&'a [U]>) -> Option<Right<'a, U>> {
        Some(Right { data: cast(self.data)?, row: self.row, panel: self.panel, panels: self.panels })
    }
}

/// Writes `left * right`, with `depth` terms each, into rows of whole panels, `step` apart; or adds it to what is there.
pub(crate) fn product<T: Real>(left: Left<'_, T>, right: Right<'_, T>, depth: usize, to: &mut [T], step: usize, add: bool) {
    /// The same with vectors as wide as a panel.
    macro_rules! in_vectors {
        ($vector:ident, $left:ident, $right:ident, $to:ident) => {
            match widest() {
                Some(simd) => simd.vectorize(
                    #[inline(always)]
                    || panels::<_, $vector<_>, MANY_ROWS>(simd, $left, $right, depth, $to, step, add),
                ),
                None => in_lanes!(simd => panels::<_, $vector<_>, ROWS>(simd, $left, $right, depth, $to, step, add)),
            }
        };
    }
    if let (Some(left), Some(right), Some(to)) = (left.of(T::as_f32), right.of(T::as_f32), T::as_f32_mut(to)) {
        in_vectors!(f32x16, left, right, to);
    } else if let (Some(left), Some(right), Some(to)) = (left.of(T::as_f64), right.of(T::as_f64), T::as_f64_mut(to)) {
        in_vectors!(f64x8, left, right, to);
    }
}

#[inline(always)]
fn panels<S: Simd, V: SimdFloat<S> + Add<Output = V>, const M: usize>(
    simd: S,
    left: Left<'_, V::Element>,
    right: Right<'_, V::Element>,
    depth: usize,
    to: &mut [V::Element],
    step: usize,
    add: bool,
) {
    for panel in 0..right.panels {
        let columns = &right.data[panel * right.panel..];
        for first in (0..left.rows).step_by(M) {
            let mut rows = [left.data; M];
            for (i, row) in rows.iter_mut().enumerate() {
                // The last row again where there are no more: its sums are not written.
                *row = &left.data[(first + i).min(left.rows - 1) * left.step..][..depth];
            }
            let sums = block::<S, V, M>(simd, &rows, columns, right.row, depth);
            for (i, sum) in sums.iter().enumerate().take(left.rows - first) {
                let to = &mut to[(first + i) * step + panel * V::LEN..][..V::LEN];
                let sum = if add { V::from_slice(simd, to) + *sum } else { *sum };
                sum.store_slice(to);
            }
        }
    }
}

/// The sums of some rows with a panel.
#[inline(always)]
fn block<S: Simd, V: SimdFloat<S>, const M: usize>(
    simd: S,
    rows: &[&[V::Element]; M],
    columns: &[V::Element],
    step: usize,
    depth: usize,
) -> [V; M] {
    let zero = V::simd_from(simd, V::Element::default());
    let mut sums = [zero; M];
    for (k, column) in columns.chunks(step).take(depth).enumerate() {
        let column = V::from_slice(simd, &column[..V::LEN]);
        for i in 0..M {
            sums[i] = V::simd_from(simd, rows[i][k]).mul_add_precise(column, sums[i]);
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
