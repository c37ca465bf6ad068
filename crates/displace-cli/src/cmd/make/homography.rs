//! Homographies.

use super::pairs;
use super::target::{Direction, TargetArgs};
use crate::failure::{Failure, Result};
use displace::{FitKind, Homography};
use std::path::PathBuf;

/// A homography (perspective map) from a matrix or pairs of points
///
/// Where the denominator is not above 0, behind the camera, the field is NaN.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("map").required(true)))]
pub(crate) struct Args {
    /// Nine numbers, row by row, from destination to source
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true, group = "map")]
    matrix: Vec<f64>,

    /// Four pairs of points or more, fitted by least squares: CSV with the columns x_src,y_src,x_dst,y_dst[,weight], or JSON
    #[arg(long, value_name = "FILE", group = "map")]
    points: Option<PathBuf>,

    /// The matrix leads from destination to source (pull), or from source to destination (push), as OpenCV's warpPerspective takes it
    #[arg(long, value_enum, value_name = "DIRECTION", default_value = "pull", conflicts_with = "points")]
    direction: Direction,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(path) = &args.points {
        return pairs::make(path, FitKind::Homography, "homography", &args.target);
    }
    let refused = |e: displace::AffineError| Failure::usage(format!("--matrix: {e}"));
    let map = Homography::from_numbers(&args.matrix).map_err(refused)?;
    let map = match args.direction {
        Direction::Pull => map,
        Direction::Push => map.inverse().map_err(refused)?,
    };
    args.target.make(&format!("homography, matrix {:?} (destination to source, pixels)", map.matrix()), &map)
}
