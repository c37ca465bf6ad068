//! Fields from scattered matches.

use super::make::write;
use crate::dispatch::with_axes;
use crate::error::{displace_error, shape_error};
use crate::options::{Frame, components};
use crate::tensor::Tensor;
use displace::{Scattered, ScatteredError, ScatteredMethod};
use pyo3::prelude::*;

/// Writes the field of scattered matches into `out`, `([D,] H, W, D)`; points are (K, D), x first. `how` is the method with the power and the
/// number of neighbours of inverse distances.
#[pyfunction]
pub(crate) fn make_scattered(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    destination: &Bound<'_, PyAny>,
    how: (String, f64, usize),
    reach: Option<f64>,
    out: &Bound<'_, PyAny>,
    frame: Frame,
) -> PyResult<()> {
    let (source, destination, mut out) =
        (Tensor::new(source, "source")?, Tensor::new(destination, "destination")?, Tensor::new(out, "out")?);
    let (method, power, neighbours) = how;
    let method = match method.as_str() {
        "nearest" => ScatteredMethod::Nearest,
        "linear" => ScatteredMethod::Linear,
        "natural" => ScatteredMethod::Natural,
        "inverse_distance" => ScatteredMethod::InverseDistance { power, neighbours },
        found => {
            return Err(displace_error(format!(
                "unknown method \"{found}\": expected \"nearest\", \"linear\", \"natural\" or \"inverse_distance\""
            )));
        }
    };
    with_axes!(components(&out), "out", D => {
        let points = |of: &Tensor, what| Ok::<_, PyErr>(of.contiguous::<f64>(what)?.as_chunks::<D>().0.to_vec());
        let (source, destination) = (points(&source, "source")?, points(&destination, "destination")?);
        let map = py.detach(|| Scattered::<D>::new(&source, &destination, method, reach)).map_err(|e| match &e {
            ScatteredError::Count { .. } => shape_error(e.to_string()),
            _ => displace_error(e.to_string()),
        })?;
        write::<D>(py, &map, &mut out, &frame)
    })
}
