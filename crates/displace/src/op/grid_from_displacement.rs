//! Field to grid: the inverse of `displacement`.

use crate::axis::Axis;
use crate::dtype::{Location, Real};
use crate::error::{FieldError, OutputLenError, SingletonAxis};
use crate::field::FieldView;
use crate::rows::{for_each_band, row_index};
use crate::view::{Dense, Layout, Shape};
use std::sync::Mutex;

/// What keeps a field from being written as a grid.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GridError {
    /// The result cannot be addressed.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A location off the only pixel of an axis of span 0.
    #[error(transparent)]
    Singleton(#[from] SingletonAxis),
}

/// torch's sampling grid of a displacement field, for `grid_sample` with the `align_corners` of the field's source.
///
/// *Shapes*: as the field. *Exactness*: `g = (d + (rest - (len-1)/2)) / (S/2)`, computed in `f64` and rounded once to the
/// result's type: within one unit in the last place. A grid cannot hold what a field can: its own spacing in pixels is
/// about `2^-25 S` in `f32`, so `displacement` of the result gives the field back to within that.
///
/// # Errors
/// [`GridError::Singleton`] where a location off pixel 0 is asked for on an axis of one pixel between centres, which every
/// grid value reads at pixel 0.
///
/// ```
/// use displace::{grid_from_displacement, Between, Extent, Field, Lattice};
/// let source = Lattice::from_shape([1, 4], Extent::Edges)?;
/// let field = Field::from_vec(vec![0.0f32, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5, 0.0], 1, Between::new(source, [4, 1], None)?)?;
/// let grid = grid_from_displacement(&field.view())?;
/// assert_eq!(grid.as_slice(), [-0.75, 0.0, 0.25, 0.0, 0.25, 0.0, 1.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn grid_from_displacement<L: Location, const D: usize>(field: &FieldView<'_, L, D>) -> Result<Dense<L::Real, D>, GridError> {
    let shape = Shape { n: field.by().shape().n, c: D, size: field.between().destination() };
    let mut grid = Dense::zeroed(shape, Layout::Interleaved).map_err(FieldError::from)?;
    grid_from_displacement_into(field, grid.as_mut_slice())?;
    Ok(grid)
}

/// [`grid_from_displacement`] into a buffer of `(N, [D,] H, W, D)`.
///
/// # Errors
/// As [`grid_from_displacement`], and if the buffer has another length than the field. After an error its numbers are
/// unspecified.
pub fn grid_from_displacement_into<L: Location, const D: usize>(
    field: &FieldView<'_, L, D>,
    out: &mut [L::Real],
) -> Result<(), GridError> {
    let between = field.between();
    let shape = Shape { n: field.by().shape().n, c: D, size: between.destination() };
    let expected = shape.elements().map_err(FieldError::from)?;
    if out.len() != expected {
        return Err(FieldError::from(OutputLenError { found: out.len(), expected }).into());
    }
    let slope: [f64; D] = between.source().axes().map(Axis::slope);
    // Minus the constants that `displacement` adds.
    let constant: [Vec<f64>; D] = std::array::from_fn(|k| {
        let (axis, len) = (between.source().axes()[k], between.destination()[k]);
        (0..len).map(|j| -axis.middle_minus_rest(between.rest(), len, j).to_f64()).collect()
    });
    let fault = Mutex::new(None::<SingletonAxis>);
    for_each_band(out, shape, Layout::Interleaved, |band| {
        let n = band.n;
        let planes: [_; D] = std::array::from_fn(|k| field.by().plane(n, k));
        for row in 0..band.rows {
            let mut index = row_index(band.first_row + row, &shape.size);
            for (x, to) in band.interleaved_row(row).chunks_exact_mut(D).enumerate() {
                index[0] = x;
                for k in 0..D {
                    let from_middle = planes[k].at(index.map(|i| i as i32)).widen().to_f64() + constant[k][index[k]];
                    if slope[k] > 0.0 {
                        to[k] = L::Real::from_f64(from_middle / slope[k]);
                        continue;
                    }
                    to[k] = L::Real::ZERO;
                    if from_middle != 0.0 {
                        let found = SingletonAxis { axis: k, location: from_middle, n, pixel: index.to_vec() };
                        let mut fault = fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        // The first in order, whichever thread comes first.
                        let order = |fault: &SingletonAxis| (fault.n, fault.pixel.iter().rev().copied().collect::<Vec<_>>());
                        if fault.as_ref().is_none_or(|first| order(&found) < order(first)) {
                            *fault = Some(found);
                        }
                    }
                }
            }
        }
    });
    match fault.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(fault) => Err(fault.into()),
        None => Ok(()),
    }
}
