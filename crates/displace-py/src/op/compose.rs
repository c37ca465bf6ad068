//! One field after another.

use crate::buffer::bytes;
use crate::dispatch::{with_axes, with_real};
use crate::error::{Raise, raw_dtype_error};
use crate::options::{Frame, components, rest, sampler};
use crate::tensor::Tensor;
use displace::compose as compose_core;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// The composition's displacements and its rest.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn compose<'py>(
    py: Python<'py>,
    outer: &Bound<'_, PyAny>,
    outer_frame: Frame,
    inner: &Bound<'_, PyAny>,
    inner_frame: Frame,
    rest_name: Option<&str>,
    sampling: (String, String, f64),
) -> PyResult<(Bound<'py, PyByteArray>, String)> {
    let (outer, inner) = (Tensor::new(outer, "outer")?, Tensor::new(inner, "inner")?);
    if outer.dtype() != inner.dtype() {
        return Err(raw_dtype_error(format!("outer holds {}, inner {}: convert one of them", outer.dtype(), inner.dtype())));
    }
    let (rest, sampler) = (rest(rest_name)?, sampler(&sampling.0, &sampling.1, sampling.2)?);
    with_axes!(components(&outer), "outer", D => with_real!(outer.dtype(), "outer", R => {
        let (a, b) = (outer_frame.field::<R, D>(&outer)?, inner_frame.field::<R, D>(&inner)?);
        let both = py.detach(|| compose_core(&a, &b, sampler, rest)).raise()?;
        Ok((bytes(py, both.as_slice()), both.between().rest().to_string()))
    }))
}
