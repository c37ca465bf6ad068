//! torch's `affine_grid`: theta to grid.

use crate::axis::{Axis, Extent};
use crate::dtype::Real;
use crate::error::ThetaError;
use crate::lattice::Lattice;
use crate::rows::{for_each_band, row_index};
use crate::view::{Dense, Layout, Shape};

/// The sampling grid of `n` affine maps from normalised destination to normalised source places.
///
/// *Shapes*: `theta` holds `n` matrices of `D` rows and `D + 1` columns, row by row; the grid is `(N, [D,] H, W, D)` on the
/// pixels of `destination`, whose extent (torch's `align_corners`) says where they lie: `(2j + 1)/len - 1` between edges,
/// `2j/(len - 1) - 1` between centres, 0 on an axis of one pixel. *Exactness*: computed in `f64` and rounded once to the
/// grid's type (torch accumulates in that type: its values differ by a few units in the last place).
///
/// # Errors
/// If `theta` has another length.
///
/// ```
/// use displace::{affine_grid, Extent, Lattice};
/// // The identity on 2 pixels between edges: their centres lie at -1/2 and 1/2.
/// let grid = affine_grid(&[1.0f32, 0.0, 0.0, 0.0, 1.0, 0.0], 1, &Lattice::from_shape([1, 2], Extent::Edges)?)?;
/// assert_eq!(grid.as_slice(), [-0.5, 0.0, 0.5, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn affine_grid<R: Real, const D: usize>(theta: &[R], n: usize, destination: &Lattice<D>) -> Result<Dense<R, D>, ThetaError> {
    let (rows, columns) = (D, D + 1);
    let expected = n.saturating_mul(rows * columns);
    if theta.len() != expected {
        return Err(ThetaError::Length { found: theta.len(), n, rows, columns, expected });
    }
    let shape = Shape { n, c: D, size: destination.size() };
    let mut grid = Dense::zeroed(shape, Layout::Interleaved)?;
    let base = destination.axes().map(|axis| (0..axis.len()).map(|j| pixel_norm(axis, j)).collect::<Vec<f64>>());
    for_each_band(grid.as_mut_slice(), shape, Layout::Interleaved, |band| {
        let theta = &theta[band.n * rows * columns..][..rows * columns];
        for row in 0..band.rows {
            let mut index = row_index(band.first_row + row, &shape.size);
            for (x, to) in band.interleaved_row(row).chunks_exact_mut(D).enumerate() {
                index[0] = x;
                for (to, theta) in to.iter_mut().zip(theta.chunks_exact(columns)) {
                    let shift = theta[D].to_f64();
                    let sum = (0..D).rev().fold(shift, |sum, k| theta[k].to_f64().mul_add(base[k][index[k]], sum));
                    *to = R::from_f64(sum);
                }
            }
        }
    });
    Ok(grid)
}

/// The normalised place of pixel `j` on its own axis.
fn pixel_norm(axis: Axis, j: usize) -> f64 {
    let twice_from_middle = (2 * j as i64 - (axis.len() as i64 - 1)) as f64;
    match axis.extent() {
        Extent::Centers if axis.span() == 0 => 0.0,
        _ => twice_from_middle / f64::from(axis.span()),
    }
}
