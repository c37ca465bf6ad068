//! B-splines as SciPy names them.

use crate::dispatch::{with_float, with_real, with_sample};
use crate::error::{Raise, shape_error};
use crate::options::{check_dtype, check_shape};
use crate::tensor::{Element, Tensor};
use displace::{
    Location, MapCoordinates, Sample, ScipyMode, SplineBoundary, SplineOrder, map_coordinates_into, spline_filter as filter,
    spline_filter_grad,
};
use pyo3::prelude::*;

/// Writes the image `(1, 1, [D,] H, W)` read at coordinates `(1, [D,] H, W, axes)`, x first, into `out`.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn map_coordinates(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    coordinates: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    order: u32,
    mode: &str,
    cval: f64,
    prefilter: bool,
) -> PyResult<()> {
    let (image, coordinates) = (Tensor::new(image, "input")?, Tensor::new(coordinates, "coordinates")?);
    let mut out = Tensor::new(out, "output")?;
    out.apart_from(&[("input", &image), ("coordinates", &coordinates)])?;
    check_dtype(&out, image.dtype())?;
    let options = MapCoordinates { order, mode: mode.parse::<ScipyMode>().raise()?, cval, prefilter };
    let axes = image.shape().len().saturating_sub(2);
    with_sample!(image.dtype(), T => with_float!(coordinates.dtype(), "coordinates", L => match axes {
        2 => read::<T, L, 2>(py, &image, &coordinates, &mut out, options),
        3 => read::<T, L, 3>(py, &image, &coordinates, &mut out, options),
        _ => Err(shape_error(format!("input has {axes} axes: expected 2 or 3"))),
    }))
}

fn read<T: Element, L: Location + Element, const D: usize>(
    py: Python<'_>,
    image: &Tensor,
    coordinates: &Tensor,
    out: &mut Tensor,
    options: MapCoordinates,
) -> PyResult<()> {
    let image = image.image::<T, D>("input")?;
    let at = coordinates.locations::<L, D>("coordinates")?;
    let out = out.output::<T>("output")?;
    py.detach(|| map_coordinates_into(&image, &at, options, out)).raise()
}

/// Writes the coefficients of images `(N, C, [D,] H, W)` into `out`, or their adjoint.
#[pyfunction]
pub(crate) fn spline_filter(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    order: u32,
    mode: &str,
    adjoint: bool,
) -> PyResult<()> {
    let image = Tensor::new(image, "input")?;
    let mut out = Tensor::new(out, "output")?;
    out.apart_from(&[("input", &image)])?;
    check_dtype(&out, image.dtype())?;
    check_shape(&out, image.shape())?;
    let mode = mode.parse::<ScipyMode>().raise()?;
    let order = SplineOrder::try_from(order).raise()?;
    with_real!(image.dtype(), "input", T => match image.shape().len() {
        4 => coefficients::<T, 2>(py, &image, &mut out, order, mode.boundary(), adjoint),
        5 => coefficients::<T, 3>(py, &image, &mut out, order, mode.boundary(), adjoint),
        axes => Err(shape_error(format!("input has {axes} axes: expected (N, C, H, W) or (N, C, D, H, W)"))),
    })
}

fn coefficients<T: Element + Sample<Acc = T>, const D: usize>(
    py: Python<'_>,
    image: &Tensor,
    out: &mut Tensor,
    order: SplineOrder,
    boundary: SplineBoundary,
    adjoint: bool,
) -> PyResult<()> {
    let image = image.image::<T, D>("input")?;
    let out = out.output::<T>("output")?;
    py.detach(|| {
        let found = if adjoint { spline_filter_grad(&image, order, boundary) } else { filter(&image, order, boundary) };
        found.map(|found| out.copy_from_slice(found.as_slice()))
    })
    .raise()
}
