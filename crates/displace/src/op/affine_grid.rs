//! torch's `affine_grid`: theta to grid, and its derivative.

use crate::axis::{Axis, Extent};
use crate::dtype::Real;
use crate::error::{OutputLenError, SizeText, ThetaError};
use crate::lattice::Lattice;
use crate::rows::{for_each_band, map_rows_costing, row_index};
use crate::view::{Dense, Layout, Shape, View};

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
    check_theta::<R, D>(theta, n)?;
    let mut grid = Dense::zeroed(Shape { n, c: D, size: destination.size() }, Layout::Interleaved)?;
    affine_grid_into(theta, n, destination, grid.as_mut_slice())?;
    Ok(grid)
}

fn check_theta<R, const D: usize>(theta: &[R], n: usize) -> Result<(), ThetaError> {
    let (rows, columns) = (D, D + 1);
    let expected = n.saturating_mul(rows * columns);
    if theta.len() == expected {
        return Ok(());
    }
    Err(ThetaError::Length { found: theta.len(), n, rows, columns, expected })
}

/// [`affine_grid`] into a buffer of `(N, [D,] H, W, D)`.
///
/// # Errors
/// As [`affine_grid`], and if the buffer has another length than the grid.
pub fn affine_grid_into<R: Real, const D: usize>(
    theta: &[R],
    n: usize,
    destination: &Lattice<D>,
    out: &mut [R],
) -> Result<(), ThetaError> {
    check_theta::<R, D>(theta, n)?;
    let (rows, columns) = (D, D + 1);
    let shape = Shape { n, c: D, size: destination.size() };
    let expected = shape.elements()?;
    if out.len() != expected {
        return Err(OutputLenError { found: out.len(), expected }.into());
    }
    let base = places(destination);
    for_each_band(out, shape, Layout::Interleaved, |band| {
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
    Ok(())
}

/// The gradient of `<grad, affine_grid(theta)>` with respect to theta: the adjoint of [`affine_grid`].
///
/// *Shapes*: `grad` is `(N, [D,] H, W, D)` on the pixels of `destination`, any strides; the result holds `n` matrices of
/// `D` rows and `D + 1` columns, row by row. *Units*: those of `grad` times normalised destination places. *Exactness*:
/// summed in `f64`, row by row in order, and rounded once: the number of threads changes no bit.
///
/// # Errors
/// If `grad` has another size than the destination, or not one component per axis.
///
/// ```
/// use displace::{affine_grid_grad, Extent, Lattice, Shape, View};
/// // Two pixels between edges lie at -1/2 and 1/2; x of the second is to grow.
/// let grad = View::interleaved(&[0.0f32, 0.0, 1.0, 0.0], Shape { n: 1, c: 2, size: [2, 1] })?;
/// let theta = affine_grid_grad(&grad, &Lattice::from_shape([1, 2], Extent::Edges)?)?;
/// assert_eq!(theta, [0.5, 0.0, 1.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn affine_grid_grad<R: Real, const D: usize>(grad: &View<'_, R, D>, destination: &Lattice<D>) -> Result<Vec<R>, ThetaError> {
    let (shape, size) = (grad.shape(), destination.size());
    if shape.c != D || shape.size != size {
        return Err(ThetaError::Gradient {
            components: shape.c,
            size: SizeText::from_xy(&shape.size),
            axes: D,
            destination: SizeText::from_xy(&size),
        });
    }
    let base = places(destination);
    let rows = shape.pixels() / size[0];
    // Per row and component, the sum of the gradient and of the gradient times x: the other places are the row's.
    let partial = map_rows_costing(size[0].saturating_mul(D), shape.n, rows, |n, row| {
        let index = row_index(row, &size);
        let mut sums = [[0.0f64; 2]; D];
        for (k, [sum, along]) in sums.iter_mut().enumerate() {
            let plane = grad.plane(n, k);
            let start = plane.row(index);
            for (x, place) in base[0].iter().enumerate() {
                let grad = plane.data[(start + x as isize * plane.strides[0]) as usize].to_f64();
                *sum += grad;
                *along = grad.mul_add(*place, *along);
            }
        }
        sums
    });
    let mut theta = Vec::with_capacity(shape.n * D * (D + 1));
    for sample in partial.chunks_exact(rows) {
        let mut sums = [[0.0f64; 4]; D];
        for (row, partial) in sample.iter().enumerate() {
            let index = row_index(row, &size);
            for (sums, [sum, along]) in sums.iter_mut().zip(partial) {
                sums[0] += along;
                for k in 1..D {
                    sums[k] = sum.mul_add(base[k][index[k]], sums[k]);
                }
                sums[D] += sum;
            }
        }
        theta.extend(sums.iter().flat_map(|sums| &sums[..=D]).map(|sum| R::from_f64(*sum)));
    }
    Ok(theta)
}

/// The normalised places of all indices, axis by axis.
fn places<const D: usize>(lattice: &Lattice<D>) -> [Vec<f64>; D] {
    lattice.axes().map(|axis| (0..axis.len()).map(|j| pixel_norm(axis, j)).collect())
}

/// The normalised place of pixel `j` on its own axis.
fn pixel_norm(axis: Axis, j: usize) -> f64 {
    let twice_from_middle = (2 * j as i64 - (axis.len() as i64 - 1)) as f64;
    match axis.extent() {
        Extent::Centers if axis.span() == 0 => 0.0,
        _ => twice_from_middle / f64::from(axis.span()),
    }
}
