//! Reading images as averages over what each pixel covers.

use crate::dispatch::{with_axes, with_float, with_sample};
use crate::error::Raise;
use crate::op::sample_grad::output;
use crate::options::{Sampling, check_dtype, components};
use crate::tensor::Tensor;
use displace::{sample_ewa_grad_into, sample_ewa_into};
use pyo3::prelude::*;

/// As `sample`, antialiased.
#[pyfunction]
pub(crate) fn sample_ewa(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    grid: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    sampling: Sampling,
) -> PyResult<()> {
    let (image, grid) = (Tensor::new(image, "input")?, Tensor::new(grid, "grid")?);
    let mut out = Tensor::new(out, "out")?;
    out.apart_from(&[("input", &image), ("grid", &grid)])?;
    check_dtype(&out, image.dtype())?;
    let sampler = sampling.sampler()?;
    with_axes!(components(&grid), "grid", D => with_sample!(image.dtype(), T => with_float!(grid.dtype(), "grid", L => {
        let image = image.image::<T, D>("input")?;
        let at = sampling.locations::<L, D>(&grid, image.shape().size)?;
        let (layout, out) = out.output_image::<T>("out")?;
        py.detach(|| sample_ewa_into(&image, &at, sampler, layout, out)).raise()
    })))
}

/// As `sample_grad`, of `sample_ewa`.
#[pyfunction]
pub(crate) fn sample_ewa_grad(
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
        py.detach(|| sample_ewa_grad_into(&grad, &image, &at, sampler, to_image, to_grid)).raise()
    })))
}
