//! Where a map folds.

use crate::buffer::bytes;
use crate::dispatch::{with_axes, with_float};
use crate::error::Raise;
use crate::options::{Frame, components};
use crate::tensor::Tensor;
use displace::{Extreme, folding as folding_core};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// A determinant, the sample and the cell, its indices in array order.
type Place = (f64, usize, Vec<usize>);
/// Cells, folded, mirrored and undecided ones.
type Counts = (usize, usize, usize, usize);

/// Counts, extreme determinants, areas and the mask.
#[pyfunction]
#[allow(clippy::type_complexity)] // A tuple for Python.
pub(crate) fn folding<'py>(
    py: Python<'py>,
    field: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<(Counts, Option<Place>, Option<Place>, f64, Option<f64>, Bound<'py, PyByteArray>)> {
    fn place<const D: usize>(extreme: Extreme<D>) -> Place {
        (extreme.determinant, extreme.n, extreme.cell.iter().rev().copied().collect())
    }
    let field = Tensor::new(field, "field")?;
    with_axes!(components(&field), "field", D => with_float!(field.dtype(), "field", L => {
        let by = frame.field::<L, D>(&field)?;
        let folds = py.detach(|| folding_core(&by)).raise()?;
        let counts = (folds.cells, folds.folded, folds.mirrored, folds.undecided);
        let (smallest, largest) = (folds.smallest.map(place), folds.largest.map(place));
        Ok((counts, smallest, largest, folds.area, folds.folded_area, bytes(py, folds.mask.as_slice())))
    }))
}
