//! What numbers may mean.

use crate::error::{Raise, displace_error};
use crate::op::convert::{any_array, placement};
use displace::{Convention, GuessInput, ImagePair, guess as guess_core};
use displace_report::Report;
use pyo3::prelude::*;

/// Spacing, origin and direction, x first, LPS.
type Place = (Vec<f64>, Vec<f64>, Vec<f64>);

/// The report's lines and facts: candidates and findings, or findings only.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn guess(
    py: Python<'_>,
    array: &Bound<'_, PyAny>,
    input_size: Option<Vec<usize>>,
    declared: Option<&str>,
    pair: Option<(Bound<'_, PyAny>, Bound<'_, PyAny>, bool)>,
    here: Option<Place>,
    there: Option<Place>,
    only_findings: bool,
) -> PyResult<(Vec<(&'static str, String)>, String)> {
    let array = any_array(array)?;
    let images = pair.as_ref().map(|(a, b, recorded)| Ok::<_, PyErr>((any_array(a)?, any_array(b)?, *recorded))).transpose()?;
    let (here, there) = (placement(here)?, placement(there)?);
    let input = GuessInput {
        input_size: input_size.as_deref(),
        declared: declared.map(str::parse::<Convention>).transpose().raise()?,
        pair: images.as_ref().map(|(source, destination, recorded)| ImagePair { source, destination, recorded: *recorded }),
        here: here.as_ref(),
        there: there.as_ref(),
        ..GuessInput::new(&array)
    };
    let found = py.detach(|| guess_core(&input)).map_err(|e| displace_error(e.to_string()))?;
    let mut report = Report::default();
    if only_findings {
        report.findings(&found.findings);
    } else {
        report.guess(&found);
    }
    Ok((report.lines().to_vec(), report.json().to_string()))
}
