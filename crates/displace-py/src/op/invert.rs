//! Where each source pixel goes.

use crate::buffer::{bytes, truths};
use crate::dispatch::{with_axes, with_float};
use crate::error::{Raise, displace_error};
use crate::options::{Frame, components};
use crate::tensor::Tensor;
use displace::{Branch, InvertOptions, Method, Stop, invert as invert_core};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// Pixels left, largest residual and sum of residuals after each step; pixels converged and all.
type Report = (Vec<(usize, f64, f64)>, usize, usize);
type Buffer<'py> = Bound<'py, PyByteArray>;

/// Displacements, validity, counts and residuals of the inverse, and how an iteration went.
#[pyfunction]
pub(crate) fn invert<'py>(
    py: Python<'py>,
    field: &Bound<'_, PyAny>,
    frame: Frame,
    method: &str,
    branch: &str,
    stop: (Option<f64>, usize),
) -> PyResult<(Buffer<'py>, Buffer<'py>, Buffer<'py>, Buffer<'py>, Option<Report>)> {
    let field = Tensor::new(field, "field")?;
    let stop = Stop { tolerance: stop.0, steps: stop.1 };
    let method = match method {
        "exact" => Method::Exact,
        "fixed_point" => Method::FixedPoint(stop),
        "newton" => Method::Newton(stop),
        found => {
            return Err(displace_error(format!("unknown method \"{found}\": expected \"exact\", \"fixed_point\" or \"newton\"")));
        }
    };
    let options = InvertOptions { method, branch: branch.parse::<Branch>().raise()?, rest: frame.rest()? };
    with_axes!(components(&field), "field", D => with_float!(field.dtype(), "field", L => {
        let at = frame.locations::<L, D>(&field)?;
        let inverse = py.detach(|| invert_core(&at, options)).raise()?;
        let report = inverse.convergence.map(|c| {
            (c.steps.iter().map(|step| (step.left, step.largest, step.sum)).collect(), c.converged, c.pixels)
        });
        Ok((
            bytes(py, inverse.field.as_slice()),
            truths(py, inverse.valid.as_slice()),
            bytes(py, inverse.count.as_slice()),
            bytes(py, inverse.residual.as_slice()),
            report,
        ))
    }))
}
