//! Where each source pixel goes.

use crate::buffer::bytes;
use crate::dispatch::{with_axes, with_float};
use crate::error::{Raise, displace_error};
use crate::options::{Frame, check_dtype, components};
use crate::tensor::Tensor;
use displace::{Branch, DType, InverseMut, InvertOptions, Location, Method, Sample, Stop, invert_into};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// Pixels left, largest residual and sum of residuals after each step; pixels converged and all.
type Report = (Vec<(usize, f64, f64)>, usize, usize);

/// Writes displacements, counts and residuals of the inverse into `out`: its validity, and how an iteration went. Counts are
/// `u32` in an array that calls itself `f32`: images have no such type, and nothing here adds them up.
#[pyfunction]
pub(crate) fn invert<'py>(
    py: Python<'py>,
    field: &Bound<'_, PyAny>,
    out: (Bound<'_, PyAny>, Bound<'_, PyAny>, Bound<'_, PyAny>),
    frame: Frame,
    method: &str,
    branch: &str,
    stop: (Option<f64>, usize),
) -> PyResult<(Bound<'py, PyByteArray>, Option<Report>)> {
    let field = Tensor::new(field, "field")?;
    let mut out = [Tensor::new(&out.0, "inverse")?, Tensor::new(&out.1, "count")?, Tensor::new(&out.2, "residual")?];
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
        let [by, count, residual] = &mut out;
        check_dtype(by, <<L as Location>::Real as Sample>::DTYPE)?;
        check_dtype(count, DType::F32)?;
        check_dtype(residual, <<L as Location>::Real as Sample>::DTYPE)?;
        let count = count.output::<f32>("count")?;
        let mut valid = vec![false; count.len()];
        let out = InverseMut {
            field: by.output("inverse")?,
            valid: &mut valid,
            count: bytemuck::cast_slice_mut(count),
            residual: residual.output("residual")?,
        };
        let convergence = py.detach(|| invert_into(&at, options, out)).raise()?;
        let report = convergence.map(|c| {
            (c.steps.iter().map(|step| (step.left, step.largest, step.sum)).collect(), c.converged, c.pixels)
        });
        Ok((bytes(py, &valid), report))
    }))
}
