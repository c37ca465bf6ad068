//! Field to grid.

use crate::dispatch::{with_axes, with_float};
use crate::error::Raise;
use crate::options::{check_dtype, check_shape, components, lattice, rest};
use crate::tensor::Tensor;
use displace::{FieldView, Location, grid_from_displacement_into};
use pyo3::prelude::*;

/// Writes the grid of `field` into `out`.
#[pyfunction]
pub(crate) fn grid_from_displacement(
    py: Python<'_>,
    field: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    input_size: Vec<usize>,
    align_corners: bool,
    rest_name: Option<&str>,
) -> PyResult<()> {
    let field = Tensor::new(field, "field")?;
    let mut out = Tensor::new(out, "out")?;
    out.apart_from(&[("field", &field)])?;
    check_shape(&out, field.shape())?;
    let rest = rest(rest_name)?;
    with_axes!(components(&field), "field", D => with_float!(field.dtype(), "field", L => {
        check_dtype(&out, <<L as Location>::Real as displace::Sample>::DTYPE)?;
        let by = FieldView::new(field.locations::<L, D>("field")?, lattice(&input_size, align_corners)?, rest).raise()?;
        let out = out.output("out")?;
        py.detach(|| grid_from_displacement_into(&by, out)).raise()
    }))
}
