//! One field after another.

use crate::dispatch::{with_axes, with_real};
use crate::error::{Raise, raw_dtype_error};
use crate::options::{Frame, check_dtype, components, rest, sampler};
use crate::tensor::Tensor;
use displace::compose_into;
use pyo3::prelude::*;

/// Writes the composition's displacements into `out`: its rest.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn compose(
    py: Python<'_>,
    outer: &Bound<'_, PyAny>,
    outer_frame: Frame,
    inner: &Bound<'_, PyAny>,
    inner_frame: Frame,
    out: &Bound<'_, PyAny>,
    rest_name: Option<&str>,
    sampling: (String, String, f64),
) -> PyResult<String> {
    let (outer, inner) = (Tensor::new(outer, "outer")?, Tensor::new(inner, "inner")?);
    if outer.dtype() != inner.dtype() {
        return Err(raw_dtype_error(format!("outer holds {}, inner {}: convert one of them", outer.dtype(), inner.dtype())));
    }
    let mut out = Tensor::new(out, "out")?;
    out.apart_from(&[("outer", &outer), ("inner", &inner)])?;
    check_dtype(&out, outer.dtype())?;
    let (rest, sampler) = (rest(rest_name)?, sampler(&sampling.0, &sampling.1, sampling.2)?);
    with_axes!(components(&outer), "outer", D => with_real!(outer.dtype(), "outer", R => {
        let (a, b) = (outer_frame.field::<R, D>(&outer)?, inner_frame.field::<R, D>(&inner)?);
        let out = out.output::<R>("out")?;
        let between = py.detach(|| compose_into(&a, &b, sampler, rest, out)).raise()?;
        Ok(between.rest().to_string())
    }))
}
