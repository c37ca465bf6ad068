//! Free-form deformation by cubic B-splines.

use super::target::TargetArgs;
use super::whole::{each, whole};
use crate::failure::{Failure, Result};
use crate::input::read;
use clap::ValueEnum;
use displace::{AnyData, BSpline, Beyond};
use displace_io::Contents;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Style {
    /// the lattice spans the pixels' centres, and fades to 0 beyond its control points
    Image,
    /// SimpleITK's BSplineTransformInitializer: 5/8 of a pixel more on each side, nothing beyond
    Itk,
}

/// A free-form deformation from the control points of cubic B-splines
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Displacements of the control points, in source pixels, x first: a .npy array (h, w, 2) or (d, h, w, 3)
    #[arg(long, value_name = "NPY")]
    coefficients: PathBuf,

    /// What spacing and origin are, and what is beyond the lattice
    #[arg(long, value_enum, value_name = "STYLE", default_value = "image")]
    lattice: Style,

    /// Pixels from control point to control point: one number, or one for each axis, x first [default: what --lattice says]
    #[arg(long, value_name = "PIXELS", value_delimiter = ',')]
    spacing: Option<Vec<f64>>,

    /// Where the first control point lies, in pixels, x first [default: what --lattice says]
    #[arg(long, value_name = "PIXELS", value_delimiter = ',', allow_hyphen_values = true)]
    origin: Option<Vec<f64>>,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match args.target.axes()? {
        2 => args.work::<2>(),
        _ => args.work::<3>(),
    }
}

impl Args {
    fn work<const D: usize>(&self) -> Result<()> {
        let Contents::Array(array) = read(&self.coefficients)? else {
            return Err(Failure::file(&self.coefficients, "no array: expected .npy of control points"));
        };
        let (shape, data) = array.into_parts();
        if shape.len() != D + 1 || shape[D] != D || shape[..D].iter().any(|count| *count < 4) {
            let expected = if D == 2 { "(h, w, 2)" } else { "(d, h, w, 3)" };
            return Err(Failure::file(
                &self.coefficients,
                format!("control points of shape {shape:?}: expected {expected}, 4 or more along each axis"),
            ));
        }
        let coefficients: Vec<f64> = match data {
            AnyData::F64(data) => data,
            AnyData::F32(data) => data.into_iter().map(f64::from).collect(),
            other => {
                return Err(Failure::file(
                    &self.coefficients,
                    format!("control points of {}: expected float32 or float64", other.dtype()),
                ));
            }
        };
        let mut count: [usize; D] = std::array::from_fn(|k| shape[k]);
        count.reverse();
        let size = self.target.between::<D>()?.destination();
        let (start, more, beyond) = match self.lattice {
            Style::Image => (0.0, -1.0, Beyond::Fades),
            Style::Itk => (-0.625, 0.25, Beyond::Nothing),
        };
        let spacing = match &self.spacing {
            Some(spacing) => each("--spacing", spacing)?,
            None => std::array::from_fn(|k| (size[k] as f64 + more).max(1.0) / (count[k] - 3) as f64),
        };
        let origin = match &self.origin {
            Some(origin) => each("--origin", origin)?,
            None => spacing.map(|spacing: f64| start - spacing),
        };
        let map = BSpline::new(coefficients, count, spacing, origin, beyond).map_err(Failure::usage)?;
        let bounds = map.bounds();
        let folds = if bounds.one_to_one { "cannot fold" } else { "may fold" };
        let said = format!(
            "cubic B-splines, {count:?} control points {spacing:?} px apart, the first at {origin:?} (x first); by its coefficients the map {folds}"
        );
        self.target.make_by::<D>(&said, |between, precision| {
            whole(between, precision, |out| map.displace_into(between, out), |out| map.displace_into(between, out))
        })
    }
}
