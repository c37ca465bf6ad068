//! Fields from splines, seeds and points.

use crate::dispatch::{with_axes, with_real};
use crate::error::{Raise, displace_error, shape_error};
use crate::options::{Frame, components, size_xy};
use crate::tensor::Tensor;
use displace::{
    BSpline, BSplineFitError, Between, Beyond, Coarsest, Elastic, ElasticError, Extent, MovingError, MovingKind,
    MovingLeastSquares, Noise, Padding, elastic_into,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A spline's lattice: `(spacing, origin, style)`, x first.
#[derive(FromPyObject)]
pub(crate) struct Knots(Vec<f64>, Vec<f64>, String);

/// One number for each axis.
fn each<const D: usize, T: Copy + std::fmt::Debug>(numbers: &[T], what: &str) -> PyResult<[T; D]> {
    numbers.try_into().map_err(|_| shape_error(format!("{what} is {numbers:?}: expected {D} numbers")))
}

fn spline<const D: usize>(coefficients: &Tensor, knots: &Knots) -> PyResult<BSpline<D>> {
    let count = size_xy(&coefficients.shape()[..coefficients.shape().len() - 1])?;
    let beyond = match knots.2.as_str() {
        "image" => Beyond::Fades,
        "itk" => Beyond::Nothing,
        found => return Err(displace_error(format!("unknown style \"{found}\": expected \"image\" or \"itk\""))),
    };
    let numbers = coefficients.contiguous::<f64>("coefficients")?.to_vec();
    BSpline::new(numbers, count, each(&knots.0, "spacing")?, each(&knots.1, "origin")?, beyond).raise()
}

/// Writes the field of a spline into `out`, `([D,] H, W, D)`.
#[pyfunction]
pub(crate) fn make_bspline(
    py: Python<'_>,
    coefficients: &Bound<'_, PyAny>,
    knots: Knots,
    out: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<()> {
    let (coefficients, mut out) = (Tensor::new(coefficients, "coefficients")?, Tensor::new(out, "out")?);
    with_axes!(components(&out), "out", D => {
        let map = spline::<D>(&coefficients, &knots)?;
        with_real!(out.dtype(), "out", R => {
            let between = between::<D>(&out, &frame)?;
            let out = out.output::<R>("out")?;
            py.detach(|| map.displace_into(&between, out)).raise()
        })
    })
}

/// Writes the determinants of `x + u(x)` at all pixels of `out`, `([D,] H, W)`, float64.
#[pyfunction]
pub(crate) fn bspline_determinants(
    py: Python<'_>,
    coefficients: &Bound<'_, PyAny>,
    knots: Knots,
    out: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let (coefficients, mut out) = (Tensor::new(coefficients, "coefficients")?, Tensor::new(out, "out")?);
    with_axes!(components(&coefficients), "coefficients", D => {
        let (map, size) = (spline::<D>(&coefficients, &knots)?, size_xy(out.shape())?);
        let out = out.output::<f64>("out")?;
        let found = py.detach(|| map.determinants(size)).raise()?;
        out.copy_from_slice(found.as_slice());
        Ok(())
    })
}

type Bounds = (Vec<[f64; 2]>, Vec<Vec<[f64; 2]>>, f64, bool);

/// What the coefficients alone say: bounds of the displacement, of slopes and of the determinant, and whether it cannot fold.
#[pyfunction]
pub(crate) fn bspline_bounds(coefficients: &Bound<'_, PyAny>, knots: Knots) -> PyResult<Bounds> {
    let coefficients = Tensor::new(coefficients, "coefficients")?;
    with_axes!(components(&coefficients), "coefficients", D => {
        let found = spline::<D>(&coefficients, &knots)?.bounds();
        let slope = found.slope.iter().map(|row| row.to_vec()).collect();
        Ok((found.displacement.to_vec(), slope, found.determinant, found.one_to_one))
    })
}

/// A fitted spline: its coefficients' bytes, control points, spacing and origin (x first), residuals, their root mean square, and the
/// pair with the largest.
type FittedSpline<'py> = (Bound<'py, PyBytes>, Vec<usize>, Vec<f64>, Vec<f64>, Vec<f64>, f64, usize);

/// Fits a spline to points (K, D), x first, on as many levels; `points` or `spacing` (x first) make the coarsest lattice.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's.
pub(crate) fn fit_bspline<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    destination: &Bound<'py, PyAny>,
    weights: Option<Vec<f64>>,
    size: Vec<usize>,
    points: Vec<usize>,
    spacing: Option<Vec<f64>>,
    levels: usize,
    frame: Frame,
) -> PyResult<FittedSpline<'py>> {
    let (source, destination) = (Tensor::new(source, "source")?, Tensor::new(destination, "destination")?);
    with_axes!(size.len(), "size", D => {
        let pairs = |of: &Tensor, what| Ok::<_, PyErr>(of.contiguous::<f64>(what)?.as_chunks::<D>().0.to_vec());
        let (source, destination) = (pairs(&source, "source")?, pairs(&destination, "destination")?);
        let between = frame.between::<D>(&size)?;
        let coarsest = match spacing {
            Some(spacing) => Coarsest::Spacing(each(&spacing, "spacing")?),
            None => Coarsest::Count(each(&points, "points")?),
        };
        let found = py.detach(|| BSpline::<D>::fit(&source, &destination, weights.as_deref(), &between, coarsest, levels));
        let found = found.map_err(|e| match &e {
            BSplineFitError::Lengths { .. } => shape_error(e.to_string()),
            _ => displace_error(e.to_string()),
        })?;
        let coefficients = PyBytes::new(py, bytemuck::cast_slice(found.spline.coefficients()));
        let (count, spacing, origin) = (found.spline.count().to_vec(), found.spline.spacing().to_vec(), found.spline.origin().to_vec());
        Ok((coefficients, count, spacing, origin, found.residuals, found.rms, found.largest.0))
    })
}

/// How a deformation is made: `(style, alpha, sigma, mode, truncate, points)`, x first.
#[derive(FromPyObject)]
pub(crate) struct Recipe(String, Vec<f64>, Vec<f64>, String, f64, Vec<usize>);

impl Recipe {
    fn of<const D: usize>(&self) -> PyResult<Elastic<D>> {
        let Self(style, alpha, sigma, mode, truncate, points) = self;
        let sigma = each(sigma, "sigma")?;
        match style.as_str() {
            "torchvision" => Ok(Elastic::Torchvision { alpha: each(alpha, "alpha")?, sigma }),
            "simard" => {
                let (padding, extent) = border(mode)?;
                Ok(Elastic::Simard { alpha: each(alpha, "alpha")?, sigma, truncate: *truncate, padding, extent })
            }
            "bspline" => Ok(Elastic::Spline { sigma, points: each(points, "points")? }),
            found => Err(displace_error(format!("unknown style \"{found}\": expected \"torchvision\", \"simard\" or \"bspline\""))),
        }
    }
}

/// SciPy's names of what lies outside.
fn border(mode: &str) -> PyResult<(Padding, Extent)> {
    match mode {
        "reflect" => Ok((Padding::Reflection, Extent::Edges)),
        "mirror" => Ok((Padding::Reflection, Extent::Centers)),
        "constant" => Ok((Padding::Zeros, Extent::Edges)),
        "nearest" => Ok((Padding::Border, Extent::Edges)),
        "wrap" => Ok((Padding::Wrap, Extent::Edges)),
        found => Err(displace_error(format!(
            "unknown mode \"{found}\": expected \"reflect\", \"mirror\", \"constant\", \"nearest\" or \"wrap\""
        ))),
    }
}

/// Writes a random field into `out`, `([D,] H, W, D)`; the factor it was multiplied by. `noise` or `seed` must be there.
#[pyfunction]
pub(crate) fn make_elastic(
    py: Python<'_>,
    recipe: Recipe,
    seed: u64,
    noise: Option<Bound<'_, PyAny>>,
    no_folds: bool,
    out: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<f64> {
    let mut out = Tensor::new(out, "out")?;
    let given = noise.map(|noise| Tensor::new(&noise, "noise")).transpose()?;
    let numbers = given.as_ref().map(|given| given.contiguous::<f64>("noise")).transpose()?;
    let noise = numbers.map_or(Noise::Seed(seed), Noise::Given);
    with_axes!(components(&out), "out", D => {
        let recipe = recipe.of::<D>()?;
        with_real!(out.dtype(), "out", R => {
            let between = between::<D>(&out, &frame)?;
            let out = out.output::<R>("out")?;
            py.detach(|| elastic_into(&recipe, noise, &between, no_folds, out)).map_err(|e| match &e {
                ElasticError::Noise { .. } | ElasticError::Spline(_) | ElasticError::Field(_) => shape_error(e.to_string()),
                _ => displace_error(e.to_string()),
            })
        })
    })
}

/// Writes the field of moving least squares into `out`, `([D,] H, W, D)`; points are (K, D), x first.
#[pyfunction]
pub(crate) fn make_moving(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    destination: &Bound<'_, PyAny>,
    kind: &str,
    alpha: f64,
    out: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<()> {
    let (source, destination, mut out) =
        (Tensor::new(source, "source")?, Tensor::new(destination, "destination")?, Tensor::new(out, "out")?);
    let kind = match kind {
        "affine" => MovingKind::Affine,
        "similarity" => MovingKind::Similarity,
        "rigid" => MovingKind::Rigid,
        found => {
            return Err(displace_error(format!("unknown kind \"{found}\": expected \"affine\", \"similarity\" or \"rigid\"")));
        }
    };
    with_axes!(components(&out), "out", D => {
        let points = |of: &Tensor, what| Ok::<_, PyErr>(of.contiguous::<f64>(what)?.as_chunks::<D>().0.to_vec());
        let (source, destination) = (points(&source, "source")?, points(&destination, "destination")?);
        let map = MovingLeastSquares::<D>::new(&source, &destination, kind, alpha).map_err(|e| match &e {
            MovingError::Count { .. } => shape_error(e.to_string()),
            _ => displace_error(e.to_string()),
        })?;
        with_real!(out.dtype(), "out", R => {
            let between = between::<D>(&out, &frame)?;
            let out = out.output::<R>("out")?;
            py.detach(|| map.displace_into(&between, out)).raise()
        })
    })
}

/// The lattices that an output's field leads between.
fn between<const D: usize>(out: &Tensor, frame: &Frame) -> PyResult<Between<D>> {
    frame.between::<D>(&out.shape()[..out.shape().len() - 1])
}
