//! Maps of radial basis functions.

use crate::dispatch::{with_axes, with_real};
use crate::error::{Raise, displace_error, shape_error};
use crate::options::{Frame, components};
use crate::tensor::Tensor;
use displace::{Kernel, RadialBasis, RadialError, RadialOptions};
use pyo3::prelude::*;

/// A map in 2 or 3 axes.
enum Map {
    Two(RadialBasis<2>),
    Three(RadialBasis<3>),
}

/// Runs an expression with the map.
macro_rules! with_map {
    ($map:expr, $it:ident => $use:expr) => {
        match $map {
            Map::Two($it) => $use,
            Map::Three($it) => $use,
        }
    };
}

fn raised(e: RadialError) -> PyErr {
    match &e {
        RadialError::Count { .. } | RadialError::Smoothings { .. } => shape_error(e.to_string()),
        _ => displace_error(e.to_string()),
    }
}

/// Points, (K, D).
fn points<const D: usize>(of: &Tensor, what: &str) -> PyResult<Vec<[f64; D]>> {
    Ok(of.contiguous::<f64>(what)?.as_chunks::<D>().0.to_vec())
}

/// A map of radial basis functions.
#[pyclass(frozen, module = "displace._core")]
pub(crate) struct Radial {
    map: Map,
}

impl From<RadialBasis<2>> for Map {
    fn from(map: RadialBasis<2>) -> Self {
        Self::Two(map)
    }
}

impl From<RadialBasis<3>> for Map {
    fn from(map: RadialBasis<3>) -> Self {
        Self::Three(map)
    }
}

/// Kernel, smoothing, epsilon and degree.
type Options = (String, Vec<f64>, Option<f64>, Option<i32>);

/// The map through points, (K, D) float64 each, x first; kornia's formula without options.
#[pyfunction]
pub(crate) fn fit_radial(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    destination: &Bound<'_, PyAny>,
    options: Option<Options>,
) -> PyResult<Radial> {
    let (source, destination) = (Tensor::new(source, "source")?, Tensor::new(destination, "destination")?);
    let options = options.map(|(kernel, smoothing, epsilon, degree)| {
        let kernel = Kernel::from_name(&kernel).ok_or_else(|| {
            let names = Kernel::ALL.map(|kernel| format!("{:?}", kernel.name())).join(", ");
            displace_error(format!("unknown kernel {kernel:?}: expected {names}"))
        })?;
        Ok::<_, PyErr>(RadialOptions { kernel, smoothing, epsilon, degree })
    });
    let options = options.transpose()?;
    with_axes!(components(&destination), "destination", D => {
        let (source, destination) = (points::<D>(&source, "source")?, points::<D>(&destination, "destination")?);
        let map = py.detach(|| match &options {
            Some(options) => RadialBasis::fit(&source, &destination, options),
            None => RadialBasis::like_kornia(&source, &destination),
        });
        Ok(Radial { map: map.map_err(raised)?.into() })
    })
}

#[pymethods]
impl Radial {
    /// The kernels' centres, one after the other.
    fn centers(&self) -> Vec<f64> {
        with_map!(&self.map, map => map.centres().concat())
    }

    /// The kernels' weights for distances in pixels, one after the other.
    fn weights(&self) -> Vec<f64> {
        with_map!(&self.map, map => map.weights().concat())
    }

    fn residuals(&self) -> Vec<f64> {
        with_map!(&self.map, map => map.residuals().to_vec())
    }

    fn bending_energy(&self) -> Option<f64> {
        with_map!(&self.map, map => map.bending_energy())
    }

    /// Writes the field into `out`, `([D,] H, W, D)`; what comes back bounds what it is off, beyond rounding.
    fn field(&self, py: Python<'_>, tolerance: f64, out: &Bound<'_, PyAny>, frame: Frame) -> PyResult<f64> {
        let mut out = Tensor::new(out, "out")?;
        let size = out.shape()[..out.shape().len() - 1].to_vec();
        with_real!(out.dtype(), "out", R => {
            let out = out.output::<R>("out")?;
            with_map!(&self.map, map => {
                let between = frame.between(&size)?;
                py.detach(|| map.displace_into(&between, tolerance, out)).raise()
            })
        })
    }

    /// The displacements of places, (M, D), one after the other.
    fn displacements(&self, py: Python<'_>, places: &Bound<'_, PyAny>, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let (places, mut out) = (Tensor::new(places, "points")?, Tensor::new(out, "out")?);
        let out = out.output::<f64>("out")?;
        with_map!(&self.map, map => {
            let places = points(&places, "points")?;
            py.detach(|| out.copy_from_slice(map.displacements(&places).as_flattened()));
        });
        Ok(())
    }

    /// The Jacobians of the map at places, (M, D), row by row.
    fn jacobians(&self, py: Python<'_>, places: &Bound<'_, PyAny>, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let (places, mut out) = (Tensor::new(places, "points")?, Tensor::new(out, "out")?);
        let out = out.output::<f64>("out")?;
        with_map!(&self.map, map => {
            let places = points(&places, "points")?;
            py.detach(|| out.copy_from_slice(map.jacobians(&places).as_flattened().as_flattened()));
        });
        Ok(())
    }
}
