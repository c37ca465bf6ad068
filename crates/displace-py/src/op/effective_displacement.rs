//! Grid to what the sampler really does.

use crate::dispatch::{with_axes, with_float};
use crate::error::Raise;
use crate::options::{check_dtype, check_shape, components, lattice, rest, sampler};
use crate::tensor::Tensor;
use displace::{Grid, Location, effective_displacement_into};
use pyo3::prelude::*;

/// Writes the effective displacement of `grid` into `field` and how much of each result comes from the image into `coverage`.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn effective_displacement(
    py: Python<'_>,
    grid: &Bound<'_, PyAny>,
    field: &Bound<'_, PyAny>,
    coverage: &Bound<'_, PyAny>,
    input_size: Vec<usize>,
    align_corners: bool,
    rest_name: Option<&str>,
    mode: &str,
    padding_mode: &str,
) -> PyResult<()> {
    let grid = Tensor::new(grid, "grid")?;
    let mut field = Tensor::new(field, "field")?;
    let mut coverage = Tensor::new(coverage, "coverage")?;
    field.apart_from(&[("grid", &grid), ("coverage", &coverage)])?;
    coverage.apart_from(&[("grid", &grid)])?;
    check_shape(&field, grid.shape())?;
    check_shape(&coverage, &grid.shape()[..grid.shape().len().saturating_sub(1)])?;
    let (rest, sampler) = (rest(rest_name)?, sampler(mode, padding_mode, 0.0)?);
    with_axes!(components(&grid), "grid", D => with_float!(grid.dtype(), "grid", L => {
        let real = <<L as Location>::Real as displace::Sample>::DTYPE;
        check_dtype(&field, real)?;
        check_dtype(&coverage, real)?;
        let at = Grid::new(grid.locations::<L, D>("grid")?, lattice(&input_size, align_corners)?).raise()?;
        let (to_field, to_coverage) = (field.output("field")?, coverage.output("coverage")?);
        py.detach(|| effective_displacement_into(&at, rest, sampler, to_field, to_coverage)).raise()
    }))
}
