//! Single places and boxes through a map.

use crate::buffer::bytes;
use crate::dispatch::{with_axes, with_float};
use crate::error::Raise;
use crate::options::{Frame, components};
use crate::tensor::Tensor;
use displace::{Branch, Direction, transform_boxes as boxes_core, transform_points as points_core};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// Numbers by `D` and `D`; those left over are dropped.
fn places<const D: usize>(numbers: &[f64]) -> Vec<[f64; D]> {
    numbers.as_chunks::<D>().0.to_vec()
}

type Moved<'py> = (Bound<'py, PyByteArray>, Bound<'py, PyByteArray>, Bound<'py, PyByteArray>);

/// New places, counts and residuals of `points`, (M, D) and x first.
#[pyfunction]
pub(crate) fn transform_points<'py>(
    py: Python<'py>,
    points: &Bound<'_, PyAny>,
    field: &Bound<'_, PyAny>,
    frame: Frame,
    sample: usize,
    direction: &str,
    branch: &str,
) -> PyResult<Moved<'py>> {
    let (points, field) = (Tensor::new(points, "points")?, Tensor::new(field, "field")?);
    let (direction, branch) = (direction.parse::<Direction>().raise()?, branch.parse::<Branch>().raise()?);
    with_axes!(components(&field), "field", D => with_float!(field.dtype(), "field", L => {
        let at = frame.locations::<L, D>(&field)?;
        let points = places::<D>(points.contiguous::<f64>("points")?);
        let moved = py.detach(|| points_core(&points, &at, sample, direction, branch)).raise()?;
        Ok((bytes(py, moved.places.as_flattened()), bytes(py, &moved.count), bytes(py, &moved.residual)))
    }))
}

/// New boxes of `boxes`, (M, 2, D), NaN where nothing of one comes through.
#[pyfunction]
pub(crate) fn transform_boxes<'py>(
    py: Python<'py>,
    boxes: &Bound<'_, PyAny>,
    field: &Bound<'_, PyAny>,
    frame: Frame,
    sample: usize,
    direction: &str,
    branch: &str,
) -> PyResult<Bound<'py, PyByteArray>> {
    let (boxes, field) = (Tensor::new(boxes, "boxes")?, Tensor::new(field, "field")?);
    let (direction, branch) = (direction.parse::<Direction>().raise()?, branch.parse::<Branch>().raise()?);
    with_axes!(components(&field), "field", D => with_float!(field.dtype(), "field", L => {
        let at = frame.locations::<L, D>(&field)?;
        let boxes: Vec<[[f64; D]; 2]> = places::<D>(boxes.contiguous::<f64>("boxes")?).as_chunks::<2>().0.to_vec();
        let moved = py.detach(|| boxes_core(&boxes, &at, sample, direction, branch)).raise()?;
        let moved: Vec<[[f64; D]; 2]> = moved.into_iter().map(|moved| moved.unwrap_or([[f64::NAN; D]; 2])).collect();
        Ok(bytes(py, moved.as_flattened().as_flattened()))
    }))
}

/// A polygon of (M, 2) corners, with more of them.
#[pyfunction]
pub(crate) fn densified<'py>(py: Python<'py>, polygon: &Bound<'_, PyAny>, step: f64) -> PyResult<Bound<'py, PyByteArray>> {
    let polygon = Tensor::new(polygon, "polygon")?;
    let corners = places::<2>(polygon.contiguous::<f64>("polygon")?);
    Ok(bytes(py, displace::densified(&corners, step).as_flattened()))
}
