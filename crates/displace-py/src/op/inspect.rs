//! What an array is, in a few honest lines.

use crate::dispatch::{with_axes, with_float, with_sample};
use crate::error::{Raise, displace_error};
use crate::options::{components, lattice, rest};
use crate::tensor::Tensor;
use displace::{Arithmetic, FieldView, Grid, Location, Rest, Summary, folding, summary};
use displace_report::Report;
use pyo3::prelude::*;

/// The report's lines, each a heading and a text, and its facts as JSON.
type Lines = (Vec<(&'static str, String)>, String);

/// Reports on an array; as `meaning` says it is "grid", "displacement", or `None`: any array.
#[pyfunction]
pub(crate) fn inspect(
    py: Python<'_>,
    array: &Bound<'_, PyAny>,
    meaning: Option<&str>,
    input_size: Option<Vec<usize>>,
    align_corners: bool,
    rest_name: Option<&str>,
) -> PyResult<Lines> {
    let tensor = Tensor::new(array, "array")?;
    let rest = rest(rest_name)?;
    let mut report = Report::default();
    with_sample!(tensor.dtype(), T => {
        let (shape, values) = (tensor.shape(), tensor.contiguous::<T>("array")?);
        py.detach(|| report.array(shape, values));
        Ok::<_, PyErr>(())
    })?;
    let Some(meaning) = meaning else { return Ok(finish(&report)) };
    with_axes!(components(&tensor), "array", D => with_float!(tensor.dtype(), "array", L => {
        let at = tensor.locations::<L, D>("array")?;
        let own: Vec<usize> = at.shape().size.iter().rev().copied().collect();
        match meaning {
            "grid" => {
                let size = input_size.ok_or_else(|| displace_error("a grid's report needs input_size, the size of the image it reads"))?;
                let grid = Grid::new(at, lattice::<D>(&size, align_corners)?).raise()?;
                report.line("meaning", "a sampling grid; what follows is the displacement it asks for");
                let (field, summary) = py.detach(|| of_grid(&grid, rest)).raise()?;
                report.field(&field.view(), &summary);
                report.determinants(&py.detach(|| folding(&field.view())).raise()?);
                report.grid_noise(grid.source().axes(), L::DTYPE);
            }
            "displacement" => {
                let known = if input_size.is_some() { "" } else { "; source size taken to be the field's own" };
                report.line("meaning", format!("a displacement field{known}"));
                let source = lattice::<D>(&input_size.unwrap_or(own), align_corners)?;
                let field = FieldView::new(at, source, rest).raise()?;
                let summary = py.detach(|| summary(&field));
                report.field(&field, &summary);
                report.determinants(&py.detach(|| folding(&field)).raise()?);
            }
            found => return Err(displace_error(format!("unknown meaning \"{found}\": expected \"grid\" or \"displacement\""))),
        }
        Ok(finish(&report))
    }))
}

type Summed<L, const D: usize> = (displace::Field<<L as Location>::Real, D>, Summary<D>);

fn of_grid<L: Location, const D: usize>(
    grid: &Grid<'_, L, D>,
    rest: Option<Rest>,
) -> Result<Summed<L, D>, displace::error::FieldError> {
    let field = displace::displacement(grid, rest, Arithmetic::Exact)?;
    let summary = summary(&field.view());
    Ok((field, summary))
}

fn finish(report: &Report) -> Lines {
    (report.lines().to_vec(), report.json().to_string())
}
