//! Forward splatting.

use crate::dispatch::{with_axes, with_float};
use crate::error::{Raise, displace_error};
use crate::options::{Sampling, check_dtype, components, size_xy};
use crate::tensor::Tensor;
use displace::{Reduce, splat as splat_core};
use pyo3::prelude::*;

/// Writes `values` pushed to where `grid` reads into `out`, and how much fell onto each pixel into `coverage`.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn splat(
    py: Python<'_>,
    values: &Bound<'_, PyAny>,
    weights: Option<&Bound<'_, PyAny>>,
    grid: &Bound<'_, PyAny>,
    out: (Bound<'_, PyAny>, Bound<'_, PyAny>),
    size: Vec<usize>,
    sampling: Sampling,
    reduce: &str,
) -> PyResult<()> {
    let (values, grid) = (Tensor::new(values, "input")?, Tensor::new(grid, "grid")?);
    let weights = weights.map(|weights| Tensor::new(weights, "weights")).transpose()?;
    let (mut out, mut coverage) = (Tensor::new(&out.0, "out")?, Tensor::new(&out.1, "coverage")?);
    let (sampler, reduce) = (sampling.sampler()?, reduce.parse::<Reduce>().raise()?);
    check_dtype(&out, values.dtype())?;
    check_dtype(&coverage, values.dtype())?;
    with_axes!(components(&grid), "grid", D => with_float!(values.dtype(), "input", T => with_float!(grid.dtype(), "grid", L => {
        let at = sampling.locations::<L, D>(&grid, size_xy::<D>(&size)?)?;
        let view = values.image::<T, D>("input")?;
        let weights = match &weights {
            Some(weights) if weights.dtype() != values.dtype() => {
                return Err(displace_error(format!("weights hold {}, input {}: convert one of them", weights.dtype(), values.dtype())));
            }
            Some(weights) => Some(weights.image::<T, D>("weights")?),
            None => None,
        };
        let pushed = py.detach(|| splat_core(&view, weights.as_ref(), &at, sampler, reduce)).raise()?;
        let (to, covered) = (out.output::<T>("out")?, coverage.output::<T>("coverage")?);
        if to.len() != pushed.values.as_slice().len() || covered.len() != pushed.coverage.as_slice().len() {
            return Err(displace_error("out does not have the shape of the result"));
        }
        to.copy_from_slice(pushed.values.as_slice());
        covered.copy_from_slice(pushed.coverage.as_slice());
        Ok(())
    })))
}
