//! Velocities to displacements and back.

use crate::buffer::bytes;
use crate::dispatch::{with_axes, with_real};
use crate::error::Raise;
use crate::options::{Frame, check_dtype, components, sampler};
use crate::tensor::Tensor;
use displace::{ExpOptions, LogOptions, exp_into, exp_plan as plan, log as log_core};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// Writes the flow's displacements into `out`: the number of squarings, and the bound of its error.
#[pyfunction]
pub(crate) fn exp(
    py: Python<'_>,
    velocity: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    frame: Frame,
    squarings: Option<u32>,
    tolerance: f64,
    mode: &str,
) -> PyResult<(u32, f64)> {
    let (velocity, mut out) = (Tensor::new(velocity, "velocity")?, Tensor::new(out, "out")?);
    out.apart_from(&[("velocity", &velocity)])?;
    check_dtype(&out, velocity.dtype())?;
    let options = ExpOptions { squarings, tolerance, interp: sampler(mode, "border", 0.0)?.interp };
    with_axes!(components(&velocity), "velocity", D => with_real!(velocity.dtype(), "velocity", R => {
        let by = frame.field::<R, D>(&velocity)?;
        let out = out.output::<R>("out")?;
        py.detach(|| exp_into(&by, options, out)).raise()
    }))
}

/// How many squarings a flow takes, and the bound of its error.
#[pyfunction]
pub(crate) fn exp_plan(
    py: Python<'_>,
    velocity: &Bound<'_, PyAny>,
    frame: Frame,
    squarings: Option<u32>,
    tolerance: f64,
) -> PyResult<(u32, f64)> {
    let velocity = Tensor::new(velocity, "velocity")?;
    let options = ExpOptions { squarings, tolerance, ..ExpOptions::default() };
    with_axes!(components(&velocity), "velocity", D => with_real!(velocity.dtype(), "velocity", R => {
        let by = frame.field::<R, D>(&velocity)?;
        py.detach(|| plan(&by, options)).raise()
    }))
}

type Logarithm<'py> = (Bound<'py, PyByteArray>, f64, Vec<f64>, bool);

/// The velocity, its residual, those of all steps, and whether the last is small enough.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn log<'py>(
    py: Python<'py>,
    field: &Bound<'_, PyAny>,
    frame: Frame,
    tolerance: f64,
    steps: usize,
    squarings: Option<u32>,
    mode: &str,
) -> PyResult<Logarithm<'py>> {
    let field = Tensor::new(field, "field")?;
    let options = LogOptions { tolerance, steps, squarings, interp: sampler(mode, "border", 0.0)?.interp };
    with_axes!(components(&field), "field", D => with_real!(field.dtype(), "field", R => {
        let by = frame.field::<R, D>(&field)?;
        let log = py.detach(|| log_core(&by, options)).raise()?;
        Ok((bytes(py, log.velocity.as_slice()), log.residual, log.residuals, log.converged))
    }))
}
