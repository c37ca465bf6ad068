//! Grid to field.

use crate::dispatch::{with_axes, with_float};
use crate::error::{Raise, displace_error};
use crate::options::{check_dtype, check_shape, components, lattice, rest};
use crate::tensor::Tensor;
use displace::{Arithmetic, Grid, Location, displacement_into};
use pyo3::prelude::*;

/// Writes the displacement of `grid` into `out`.
#[pyfunction]
pub(crate) fn displacement(
    py: Python<'_>,
    grid: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    input_size: Vec<usize>,
    align_corners: bool,
    rest_name: Option<&str>,
    arithmetic: &str,
) -> PyResult<()> {
    let grid = Tensor::new(grid, "grid")?;
    let mut out = Tensor::new(out, "out")?;
    out.apart_from(&[("grid", &grid)])?;
    check_shape(&out, grid.shape())?;
    let arithmetic = match arithmetic {
        "exact" => Arithmetic::Exact,
        "torch" => Arithmetic::Torch,
        found => return Err(displace_error(format!("unknown arithmetic \"{found}\": expected \"exact\" or \"torch\""))),
    };
    let rest = rest(rest_name)?;
    with_axes!(components(&grid), "grid", D => with_float!(grid.dtype(), "grid", L => {
        check_dtype(&out, <<L as Location>::Real as displace::Sample>::DTYPE)?;
        let at = Grid::new(grid.locations::<L, D>("grid")?, lattice(&input_size, align_corners)?).raise()?;
        let out = out.output("out")?;
        py.detach(|| displacement_into(&at, rest, arithmetic, out)).raise()
    }))
}
