//! A field as a picture, for notebooks.

use crate::dispatch::{with_axes, with_float};
use crate::error::{Raise, displace_error, shape_error};
use crate::options::{components, lattice, rest};
use crate::tensor::Tensor;
use displace::FieldView;
use displace_viz::{
    LatticeOptions, MagnitudeOptions, QuiverOptions, WheelOptions, lattice as draw_lattice, magnitude, quiver, wheel,
};
use pyo3::prelude::*;
use std::borrow::Cow;

/// A PNG of one sample (and of the middle slice of a volume) of `field`, `scale` pixels for each unit of the drawing.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's keywords, passed on.
pub(crate) fn picture(
    py: Python<'_>,
    field: &Bound<'_, PyAny>,
    style: &str,
    input_size: Vec<usize>,
    align_corners: bool,
    rest_name: Option<&str>,
    sample: usize,
    scale: f32,
) -> PyResult<Cow<'static, [u8]>> {
    let field = Tensor::new(field, "field")?;
    let rest = rest(rest_name)?;
    let arrows = with_axes!(components(&field), "field", D => with_float!(field.dtype(), "field", L => {
        let by = FieldView::new(field.locations::<L, D>("field")?, lattice(&input_size, align_corners)?, rest).raise()?;
        py.detach(|| displace_report::arrows(&by, sample, None)).map_err(|e| shape_error(e.to_string()))
    }))?;
    let png = py.detach(|| {
        let picture = match style {
            "quiver" => quiver(&arrows, &QuiverOptions::default()),
            "lattice" => draw_lattice(&arrows, &LatticeOptions::default()),
            "wheel" => wheel(&arrows, &WheelOptions::default()),
            "magnitude" => magnitude(&arrows, &MagnitudeOptions::default()),
            found => {
                return Err(format!("unknown style \"{found}\": expected \"quiver\", \"lattice\", \"wheel\" or \"magnitude\""));
            }
        };
        picture.and_then(|picture| picture.png(scale)).map_err(|e| e.to_string())
    });
    Ok(Cow::Owned(png.map_err(displace_error)?))
}
