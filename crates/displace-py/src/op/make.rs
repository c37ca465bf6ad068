//! Fields from formulas.

use crate::dispatch::{with_axes, with_real};
use crate::error::{Raise, displace_error};
use crate::options::{Frame, components};
use crate::tensor::{Element, Tensor};
use displace::{Affine, Formula, Location, Real, make_into};
use pyo3::prelude::*;

/// Writes the field of an affine map into `out`, `([D,] H, W, D)`; `numbers` are the rows of the matrix.
#[pyfunction]
pub(crate) fn make_affine(
    py: Python<'_>,
    numbers: Vec<f64>,
    direction: &str,
    out: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<()> {
    let mut out = Tensor::new(out, "out")?;
    with_axes!(components(&out), "out", D => {
        let map = Affine::<D>::from_numbers(&numbers).raise()?;
        let map = if is_push(direction)? { map.inverse().raise()? } else { map };
        write::<D>(py, &map, &mut out, &frame)
    })
}

/// Writes a map's field into `out`.
pub(crate) fn write<const D: usize>(py: Python<'_>, map: &impl Formula<D>, out: &mut Tensor, frame: &Frame) -> PyResult<()> {
    with_real!(out.dtype(), "out", R => write_real::<R, D>(py, map, out, frame))
}

fn write_real<R: Real + Location + Element, const D: usize>(
    py: Python<'_>,
    map: &impl Formula<D>,
    out: &mut Tensor,
    frame: &Frame,
) -> PyResult<()> {
    let between = frame.between::<D>(&out.shape()[..out.shape().len() - 1])?;
    let out = out.output::<R>("out")?;
    py.detach(|| make_into(map, &between, out)).raise()
}

/// A word that has to be one of two.
pub(crate) fn is_push(direction: &str) -> PyResult<bool> {
    match direction {
        "pull" => Ok(false),
        "push" => Ok(true),
        found => Err(displace_error(format!("unknown direction \"{found}\": expected \"pull\" or \"push\""))),
    }
}
