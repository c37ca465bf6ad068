//! First and second derivatives of reading images.

use crate::dispatch::{with_axes, with_float};
use crate::error::Raise;
use crate::options::{Sampling, check_dtype, check_shape, components};
use crate::tensor::Tensor;
use displace::{sample_grad_grad_into, sample_grad_into};
use pyo3::prelude::*;

/// Writes the gradients of `image` and `grid` into those of `out_image` and `out_grid` that are given.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn sample_grad(
    py: Python<'_>,
    grad: &Bound<'_, PyAny>,
    image: &Bound<'_, PyAny>,
    grid: &Bound<'_, PyAny>,
    out_image: Option<&Bound<'_, PyAny>>,
    out_grid: Option<&Bound<'_, PyAny>>,
    sampling: Sampling,
) -> PyResult<()> {
    let (grad, image) = (Tensor::new(grad, "grad")?, Tensor::new(image, "input")?);
    let grid = Tensor::new(grid, "grid")?;
    let inputs = [("grad", &grad), ("input", &image), ("grid", &grid)];
    let mut out_image = output(out_image, &image, &inputs)?;
    let mut out_grid = output(out_grid, &grid, &inputs)?;
    check_dtype(&grad, image.dtype())?;
    let sampler = sampling.sampler()?;
    with_axes!(components(&grid), "grid", D => with_float!(image.dtype(), "input", T => with_float!(grid.dtype(), "grid", L => {
        let grad = grad.image::<T, D>("grad")?;
        let image = image.image::<T, D>("input")?;
        let at = sampling.locations::<L, D>(&grid, image.shape().size)?;
        let to_image = out_image.as_mut().map(|out| out.output::<T>("out_image")).transpose()?;
        let to_grid = out_grid.as_mut().map(|out| out.output::<L>("out_grid")).transpose()?;
        py.detach(|| sample_grad_into(&grad, &image, &at, sampler, to_image, to_grid)).raise()
    })))
}

/// Writes the derivative of `<tangent, gradient of grid>` with respect to `grad`, `image` and `grid`, where given.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn sample_grad_grad(
    py: Python<'_>,
    tangent: &Bound<'_, PyAny>,
    grad: &Bound<'_, PyAny>,
    image: &Bound<'_, PyAny>,
    grid: &Bound<'_, PyAny>,
    out_grad: Option<&Bound<'_, PyAny>>,
    out_image: Option<&Bound<'_, PyAny>>,
    out_grid: Option<&Bound<'_, PyAny>>,
    sampling: Sampling,
) -> PyResult<()> {
    let (grad, image) = (Tensor::new(grad, "grad")?, Tensor::new(image, "input")?);
    let (grid, tangent) = (Tensor::new(grid, "grid")?, Tensor::new(tangent, "tangent")?);
    let inputs = [("tangent", &tangent), ("grad", &grad), ("input", &image), ("grid", &grid)];
    let mut out_grad = output(out_grad, &grad, &inputs)?;
    let mut out_image = output(out_image, &image, &inputs)?;
    let mut out_grid = output(out_grid, &grid, &inputs)?;
    check_dtype(&grad, image.dtype())?;
    check_dtype(&tangent, grid.dtype())?;
    check_shape(&tangent, grid.shape())?;
    let sampler = sampling.sampler()?;
    with_axes!(components(&grid), "grid", D => with_float!(image.dtype(), "input", T => with_float!(grid.dtype(), "grid", L => {
        let tangent = tangent.locations::<L, D>("tangent")?;
        let grad = grad.image::<T, D>("grad")?;
        let image = image.image::<T, D>("input")?;
        let at = sampling.locations::<L, D>(&grid, image.shape().size)?;
        let to_grad = out_grad.as_mut().map(|out| out.output::<T>("out_grad")).transpose()?;
        let to_image = out_image.as_mut().map(|out| out.output::<T>("out_image")).transpose()?;
        let to_grid = out_grid.as_mut().map(|out| out.output::<L>("out_grid")).transpose()?;
        py.detach(|| sample_grad_grad_into(None, Some(&tangent), &grad, &image, &at, sampler, to_grad, to_image, to_grid)).raise()
    })))
}

/// An output like one of the inputs.
pub(crate) fn output(out: Option<&Bound<'_, PyAny>>, like: &Tensor, inputs: &[(&str, &Tensor)]) -> PyResult<Option<Tensor>> {
    let Some(out) = out else { return Ok(None) };
    let out = Tensor::new(out, "out")?;
    out.apart_from(inputs)?;
    check_shape(&out, like.shape())?;
    check_dtype(&out, like.dtype())?;
    Ok(Some(out))
}
