//! Fields from maps with few parameters: homographies, polynomials, lenses, what moves pixels as they are; and fits of such maps.

use super::make::{is_push, write};
use crate::dispatch::with_axes;
use crate::error::{Raise, displace_error, shape_error};
use crate::options::{Frame, components, lattice, size_xy};
use crate::tensor::Tensor;
use displace::{
    Affine, AffineParts, Crop, FitKind, Fitted, Flip, Homography, Lens, LensModel, Polar, Polynomial, Radial, Resize, Roll, Swirl,
};
use pyo3::prelude::*;

/// As many numbers as there are axes.
fn by_axis<T: Copy, const D: usize>(numbers: &[T], what: &str) -> PyResult<[T; D]> {
    numbers.try_into().map_err(|_| shape_error(format!("{what} has {} numbers: expected {D}, x first", numbers.len())))
}

/// An affine map's rows with the offset as last column, row by row.
fn rows<const D: usize>(map: &Affine<D>) -> Vec<f64> {
    (0..D).flat_map(|i| map.matrix()[i].iter().copied().chain([map.offset()[i]])).collect()
}

/// The pixel matrix of torch's theta between two sizes in array order.
#[pyfunction]
pub(crate) fn affine_of_theta(
    theta: Vec<f64>,
    input_size: Vec<usize>,
    size: Vec<usize>,
    align_corners: bool,
) -> PyResult<Vec<f64>> {
    with_axes!(size.len(), "size", D => {
        let (source, destination) = (lattice::<D>(&input_size, align_corners)?, lattice::<D>(&size, align_corners)?);
        Ok(rows(&Affine::from_theta(&theta, &source, &destination).raise()?))
    })
}

/// The matrix about a centre as one about pixel 0.
#[pyfunction]
pub(crate) fn affine_about(numbers: Vec<f64>, center: Vec<f64>) -> PyResult<Vec<f64>> {
    with_axes!(center.len(), "center", D => {
        Ok(rows(&Affine::<D>::from_numbers(&numbers).raise()?.about(by_axis(&center, "center")?)))
    })
}

/// The matrix of rotation, scale, shear, translation and centre.
#[pyfunction]
pub(crate) fn affine_of_parts(
    angles: [f64; 3],
    scale: Vec<f64>,
    shear: [f64; 3],
    translation: Vec<f64>,
    center: Vec<f64>,
) -> PyResult<Vec<f64>> {
    with_axes!(scale.len(), "scale", D => {
        let (scale, translation) = (by_axis::<f64, D>(&scale, "scale")?, by_axis(&translation, "translation")?);
        Ok(rows(&Affine::from_parts(&AffineParts { angles, scale, shear, translation, center: by_axis(&center, "center")? })))
    })
}

/// The map's numbers, residuals, their root mean square, and the pair with the largest.
type Found = (Vec<f64>, Vec<f64>, f64, usize);

/// Fits a map that takes the points `at` to the points `onto`, (M, D) each.
#[pyfunction]
pub(crate) fn fit(
    py: Python<'_>,
    at: Vec<Vec<f64>>,
    onto: Vec<Vec<f64>>,
    weights: Option<Vec<f64>>,
    kind: &str,
    order: usize,
) -> PyResult<Found> {
    let kind = match kind {
        "affine" => FitKind::Affine,
        "similarity" => FitKind::Similarity,
        "rigid" => FitKind::Rigid,
        "homography" => FitKind::Homography,
        "polynomial" => FitKind::Polynomial { order },
        found => {
            return Err(displace_error(format!(
                "unknown kind \"{found}\": expected \"affine\", \"similarity\", \"rigid\", \"homography\" or \"polynomial\""
            )));
        }
    };
    with_axes!(at.first().map_or(2, Vec::len), "source_points", D => {
        let points = |points: Vec<Vec<f64>>| points.iter().map(|point| by_axis::<f64, D>(point, "a point")).collect::<PyResult<Vec<_>>>();
        let (at, onto) = (points(at)?, points(onto)?);
        let found = py.detach(|| displace::fit(&at, &onto, weights.as_deref(), kind)).raise()?;
        let numbers = match &found.map {
            Fitted::Affine(map) => rows(map),
            Fitted::Homography(map) => map.matrix().concat(),
            Fitted::Polynomial(map) => map.coefficients().concat(),
        };
        Ok((numbers, found.residuals, found.rms, found.largest.0))
    })
}

/// Writes the field of a homography.
#[pyfunction]
pub(crate) fn make_homography(
    py: Python<'_>,
    numbers: Vec<f64>,
    direction: &str,
    out: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<()> {
    let map = Homography::from_numbers(&numbers).raise()?;
    let map = if is_push(direction)? { map.inverse().raise()? } else { map };
    write::<2>(py, &map, &mut Tensor::new(out, "out")?, &frame)
}

/// Writes the field of a polynomial map.
#[pyfunction]
pub(crate) fn make_polynomial(py: Python<'_>, numbers: Vec<f64>, out: &Bound<'_, PyAny>, frame: Frame) -> PyResult<()> {
    let mut out = Tensor::new(out, "out")?;
    with_axes!(components(&out), "out", D => write::<D>(py, &Polynomial::<D>::from_numbers(&numbers).raise()?, &mut out, &frame))
}

/// Writes the field to polar coordinates, or from them; `size` is the polar image's.
#[pyfunction]
pub(crate) fn make_polar(
    py: Python<'_>,
    disc: ([f64; 2], f64),
    size: Vec<usize>,
    spacing: &str,
    inverse: bool,
    out: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<()> {
    let spacing = match spacing {
        "linear" => Radial::Linear,
        "log" => Radial::Log,
        "log1p" => Radial::Log1p,
        found => return Err(displace_error(format!("unknown spacing \"{found}\": expected \"linear\", \"log\" or \"log1p\""))),
    };
    let polar = Polar::new(disc.0, disc.1, size_xy(&size)?, spacing).raise()?;
    let mut out = Tensor::new(out, "out")?;
    if inverse { write::<2>(py, &polar.inverse(), &mut out, &frame) } else { write::<2>(py, &polar, &mut out, &frame) }
}

/// Writes the field of a swirl; angles in radians.
#[pyfunction]
pub(crate) fn make_swirl(
    py: Python<'_>,
    center: [f64; 2],
    strength: f64,
    radius: f64,
    rotation: f64,
    out: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<()> {
    let swirl = Swirl::new(center, strength, radius, rotation).raise()?;
    write::<2>(py, &swirl, &mut Tensor::new(out, "out")?, &frame)
}

type Matrix = [[f64; 3]; 3];

/// Writes the field of a lens.
#[pyfunction]
pub(crate) fn make_lens(
    py: Python<'_>,
    lens: (Matrix, Vec<f64>),
    model: &str,
    direction: &str,
    ideal: (Option<Matrix>, Option<Matrix>),
    out: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<()> {
    let model = match model {
        "brown" => LensModel::Brown,
        "fisheye" => LensModel::Fisheye,
        found => return Err(displace_error(format!("unknown model \"{found}\": expected \"brown\" or \"fisheye\""))),
    };
    let lens = Lens::new(lens.0, &lens.1, model).raise()?.seen_by(ideal.0, ideal.1).raise()?;
    let mut out = Tensor::new(out, "out")?;
    match direction {
        "undistort" => write::<2>(py, &lens, &mut out, &frame),
        "distort" => write::<2>(py, &lens.inverse(), &mut out, &frame),
        found => Err(displace_error(format!("unknown direction \"{found}\": expected \"undistort\" or \"distort\""))),
    }
}

/// Writes the field of a part of the image; `start` x first.
#[pyfunction]
pub(crate) fn make_crop(py: Python<'_>, start: Vec<f64>, out: &Bound<'_, PyAny>, frame: Frame) -> PyResult<()> {
    let mut out = Tensor::new(out, "out")?;
    with_axes!(components(&out), "out", D => write::<D>(py, &Crop { start: by_axis(&start, "start")? }, &mut out, &frame))
}

/// Writes the field of a mirrored image; one entry per axis, x first.
#[pyfunction]
pub(crate) fn make_flip(py: Python<'_>, axes: Vec<bool>, out: &Bound<'_, PyAny>, frame: Frame) -> PyResult<()> {
    let mut out = Tensor::new(out, "out")?;
    with_axes!(components(&out), "out", D => {
        write::<D>(py, &Flip::new(&frame.source()?, by_axis(&axes, "axis")?), &mut out, &frame)
    })
}

/// Writes the field of a rolled image; `shift` x first.
#[pyfunction]
pub(crate) fn make_roll(py: Python<'_>, shift: Vec<i64>, out: &Bound<'_, PyAny>, frame: Frame) -> PyResult<()> {
    let mut out = Tensor::new(out, "out")?;
    with_axes!(components(&out), "out", D => {
        write::<D>(py, &Roll::new(&frame.source()?, by_axis(&shift, "shift")?), &mut out, &frame)
    })
}

/// Writes the field of a resized image.
#[pyfunction]
pub(crate) fn make_resize(py: Python<'_>, out: &Bound<'_, PyAny>, frame: Frame) -> PyResult<()> {
    let mut out = Tensor::new(out, "out")?;
    with_axes!(components(&out), "out", D => {
        let size = size_xy::<D>(&out.shape()[..D])?;
        write::<D>(py, &Resize::new(&frame.source()?, size), &mut out, &frame)
    })
}
