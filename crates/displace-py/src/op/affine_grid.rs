//! Theta to grid, and back for gradients.

use crate::dispatch::{with_axes, with_real};
use crate::error::{Raise, shape_error};
use crate::options::{check_dtype, check_shape, components, lattice};
use crate::tensor::Tensor;
use pyo3::prelude::*;

/// Writes the grid of `theta` into `out`, `(N, [D,] H, W, D)`.
#[pyfunction]
pub(crate) fn affine_grid(py: Python<'_>, theta: &Bound<'_, PyAny>, out: &Bound<'_, PyAny>, align_corners: bool) -> PyResult<()> {
    let theta = Tensor::new(theta, "theta")?;
    let mut out = Tensor::new(out, "out")?;
    out.apart_from(&[("theta", &theta)])?;
    check_dtype(&out, theta.dtype())?;
    with_axes!(components(&out), "out", D => with_real!(theta.dtype(), "theta", R => {
        let n = matrices::<D>(theta.shape())?;
        let mut expected = vec![n];
        expected.extend(&out.shape()[1..]);
        check_shape(&out, &expected)?;
        let destination = lattice::<D>(&out.shape()[1..out.shape().len() - 1], align_corners)?;
        let (theta, out) = (theta.contiguous::<R>("theta")?, out.output::<R>("out")?);
        py.detach(|| displace::affine_grid_into(theta, n, &destination, out)).raise()
    }))
}

/// Writes the gradient of theta into `out`, `(N, D, D + 1)`, from that of the grid.
#[pyfunction]
pub(crate) fn affine_grid_grad(
    py: Python<'_>,
    grad: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    align_corners: bool,
) -> PyResult<()> {
    let grad = Tensor::new(grad, "grad")?;
    let mut out = Tensor::new(out, "out")?;
    out.apart_from(&[("grad", &grad)])?;
    check_dtype(&out, grad.dtype())?;
    with_axes!(components(&grad), "grad", D => with_real!(grad.dtype(), "grad", R => {
        let view = grad.locations::<R, D>("grad")?;
        check_shape(&out, &[grad.shape()[0], D, D + 1])?;
        let destination = lattice::<D>(&grad.shape()[1..=D], align_corners)?;
        let out = out.output::<R>("out")?;
        py.detach(|| displace::affine_grid_grad(&view, &destination).map(|theta| out.copy_from_slice(&theta))).raise()
    }))
}

fn matrices<const D: usize>(shape: &[usize]) -> PyResult<usize> {
    match shape {
        [n, rows, columns] if *rows == D && *columns == D + 1 => Ok(*n),
        _ => Err(shape_error(format!("theta has shape {shape:?}: expected (N, {D}, {})", D + 1))),
    }
}
