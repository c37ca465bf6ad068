//! Fields and grids at another resolution.

use crate::buffer::bytes;
use crate::dispatch::{with_axes, with_float};
use crate::error::Raise;
use crate::options::{Frame, components, lattice, rest, size_xy};
use crate::tensor::Tensor;
use displace::{Grid, resize as resize_core, resize_grid as resize_grid_core};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// The field's displacements between the new sizes, and their rest.
#[pyfunction]
pub(crate) fn resize<'py>(
    py: Python<'py>,
    field: &Bound<'_, PyAny>,
    frame: Frame,
    size: Vec<usize>,
    input_size: Vec<usize>,
    rest_name: Option<&str>,
) -> PyResult<(Bound<'py, PyByteArray>, String)> {
    let field = Tensor::new(field, "field")?;
    let rest = rest(rest_name)?;
    with_axes!(components(&field), "field", D => with_float!(field.dtype(), "field", L => {
        let by = frame.field::<L, D>(&field)?;
        let (destination, source) = (size_xy::<D>(&size)?, size_xy::<D>(&input_size)?);
        let resized = py.detach(|| resize_core(&by, destination, source, rest)).raise()?;
        Ok((bytes(py, resized.as_slice()), resized.between().rest().to_string()))
    }))
}

/// The grid's values on a destination of `size`.
#[pyfunction]
pub(crate) fn resize_grid<'py>(
    py: Python<'py>,
    grid: &Bound<'_, PyAny>,
    size: Vec<usize>,
    align_corners: bool,
) -> PyResult<Bound<'py, PyByteArray>> {
    let grid = Tensor::new(grid, "grid")?;
    with_axes!(components(&grid), "grid", D => with_float!(grid.dtype(), "grid", L => {
        // Which image is read plays no part but its extent.
        let at = Grid::new(grid.locations::<L, D>("grid")?, lattice::<D>(&[1; D], align_corners)?).raise()?;
        let resized = py.detach(|| resize_grid_core(&at, size_xy::<D>(&size)?).raise())?;
        Ok(bytes(py, resized.as_slice()))
    }))
}
