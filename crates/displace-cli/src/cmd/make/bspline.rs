//! Free-form deformation by cubic B-splines.

use super::target::TargetArgs;
use super::whole::{each, whole};
use crate::failure::{Failure, Result};
use crate::input::read;
use clap::ValueEnum;
use displace::{AnyData, BSpline, BSplineFitError, Beyond, Coarsest};
use displace_io::{AnyLandmarks, Contents, Landmarks, read_landmarks};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Style {
    /// the lattice spans the pixels' centres, and fades to 0 beyond its control points
    Image,
    /// SimpleITK's BSplineTransformInitializer: 5/8 of a pixel more on each side, nothing beyond
    Itk,
}

/// A free-form deformation from the control points of cubic B-splines, given or fitted to pairs of points
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["coefficients", "points"])))]
pub(crate) struct Args {
    /// Displacements of the control points, in source pixels, x first: a .npy array (h, w, 2) or (d, h, w, 3)
    #[arg(long, value_name = "NPY")]
    coefficients: Option<PathBuf>,

    /// Pairs of points in pixels: CSV with the columns x_src, y_src, x_dst, y_dst (in 3-D also z_src, z_dst; maybe weight), or JSON with
    /// "source" and "destination"
    #[arg(long, value_name = "FILE")]
    points: Option<PathBuf>,

    /// Of points: how many lattices are fitted, each of half the spacing of the one before
    #[arg(long, value_name = "N", default_value_t = 5, requires = "points")]
    levels: usize,

    /// What spacing and origin are, and what is beyond the lattice
    #[arg(long, value_enum, value_name = "STYLE", default_value = "image", conflicts_with = "points")]
    lattice: Style,

    /// Pixels from control point to control point: one number, or one for each axis, x first; of points those of the first level
    /// [default: what --lattice says; of points the field's length]
    #[arg(long, value_name = "PIXELS", value_delimiter = ',')]
    spacing: Option<Vec<f64>>,

    /// Where the first control point lies, in pixels, x first [default: what --lattice says]
    #[arg(long, value_name = "PIXELS", value_delimiter = ',', allow_hyphen_values = true, conflicts_with = "points")]
    origin: Option<Vec<f64>>,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(path) = &args.points {
        return match read_landmarks(path)? {
            AnyLandmarks::Two(pairs) => args.fitted(path, &pairs),
            AnyLandmarks::Three(pairs) => args.fitted(path, &pairs),
        };
    }
    let path = args.coefficients.as_ref().ok_or_else(|| Failure::usage("expected --coefficients or --points"))?;
    match args.target.axes()? {
        2 => args.given::<2>(path),
        _ => args.given::<3>(path),
    }
}

impl Args {
    fn given<const D: usize>(&self, path: &Path) -> Result<()> {
        let Contents::Array(array) = read(path)? else {
            return Err(Failure::file(path, "no array: expected .npy of control points"));
        };
        let (shape, data) = array.into_parts();
        if shape.len() != D + 1 || shape[D] != D || shape[..D].iter().any(|count| *count < 4) {
            let expected = if D == 2 { "(h, w, 2)" } else { "(d, h, w, 3)" };
            return Err(Failure::file(
                path,
                format!("control points of shape {shape:?}: expected {expected}, 4 or more along each axis"),
            ));
        }
        let coefficients: Vec<f64> = match data {
            AnyData::F64(data) => data,
            AnyData::F32(data) => data.into_iter().map(f64::from).collect(),
            other => {
                return Err(Failure::file(path, format!("control points of {}: expected float32 or float64", other.dtype())));
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
        self.make("cubic B-splines", &map)
    }

    fn fitted<const D: usize>(&self, path: &Path, pairs: &Landmarks<D>) -> Result<()> {
        let between = self.target.between::<D>()?;
        let coarsest = match &self.spacing {
            Some(spacing) => Coarsest::Spacing(each("--spacing", spacing)?),
            None => Coarsest::Count([4; D]),
        };
        let weights = pairs.weight.as_deref();
        let found = BSpline::fit(&pairs.source, &pairs.destination, weights, &between, coarsest, self.levels);
        let found = found.map_err(|e| match e {
            BSplineFitError::Levels { .. } | BSplineFitError::Large { .. } | BSplineFitError::Spline(_) => Failure::usage(e),
            e => Failure::file(path, e),
        })?;
        let (pair, largest) = found.largest;
        let said = format!(
            "cubic B-splines fitted to {} pairs on {} levels: rms {:.3e} px, largest {largest:.3e} px (pair {})",
            found.residuals.len(),
            self.levels,
            found.rms,
            pair + 1,
        );
        self.make(&said, &found.spline)
    }

    /// Makes the field of a spline, and says what is known of it.
    fn make<const D: usize>(&self, said: &str, map: &BSpline<D>) -> Result<()> {
        let (count, spacing, origin) = (map.count(), map.spacing(), map.origin());
        let folds = if map.bounds().one_to_one { "cannot fold" } else { "may fold" };
        let said = format!(
            "{said}, {count:?} control points {spacing:?} px apart, the first at {origin:?} (x first); by its coefficients the map {folds}"
        );
        self.target.make_by::<D>(&said, |between, precision| {
            whole(between, precision, |out| map.displace_into(between, out), |out| map.displace_into(between, out))
        })
    }
}
