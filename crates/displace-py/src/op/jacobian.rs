//! Derivatives of fields.

use crate::dispatch::{with_axes, with_real};
use crate::error::{Raise, displace_error, shape_error};
use crate::options::{Frame, check_dtype, components};
use crate::tensor::Tensor;
use displace::{
    Scheme, Spacing, Strain, curl, divergence, jacobian as jacobian_core, jacobian_determinant_into, strain as strain_core,
};
use pyo3::prelude::*;

/// Writes the derivative that `what` names into `out`. `spacing` is that of source and destination, in array order.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn jacobian(
    py: Python<'_>,
    field: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    frame: Frame,
    what: &str,
    spacing: Option<(Vec<f64>, Vec<f64>)>,
    scheme: &str,
) -> PyResult<()> {
    let field = Tensor::new(field, "field")?;
    let mut out = Tensor::new(out, "out")?;
    out.apart_from(&[("field", &field)])?;
    check_dtype(&out, field.dtype())?;
    let scheme = scheme.parse::<Scheme>().raise()?;
    with_axes!(components(&field), "field", D => with_real!(field.dtype(), "field", R => {
        let by = frame.field::<R, D>(&field)?;
        let lengths = |given: Vec<f64>| {
            let mut lengths: [f64; D] = given.try_into().map_err(|given| {
                shape_error(format!("spacing {given:?}: expected {D} lengths, in the order of the array's axes"))
            })?;
            lengths.reverse();
            Ok::<_, PyErr>(lengths)
        };
        let spacing = match spacing {
            Some((source, destination)) => Spacing::new(lengths(source)?, lengths(destination)?).raise()?,
            None => Spacing::pixels(),
        };
        let out = out.output::<R>("out")?;
        py.detach(|| {
            let derived = match what {
                "determinant" => return jacobian_determinant_into(&by, spacing, scheme, out).raise(),
                "jacobian" => jacobian_core(&by, spacing, scheme),
                "divergence" => divergence(&by, spacing, scheme),
                "curl" => curl(&by, spacing, scheme),
                kind => match kind.parse::<Strain>() {
                    Ok(kind) => strain_core(&by, spacing, scheme, kind),
                    Err(error) => return Err(displace_error(error.to_string())),
                },
            };
            out.copy_from_slice(derived.raise()?.as_slice());
            Ok(())
        })
    }))
}
