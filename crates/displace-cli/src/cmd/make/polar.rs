//! Polar and log-polar images.

use super::parts::{by_axis, middle};
use super::target::TargetArgs;
use crate::failure::{Failure, Result};
use clap::ValueEnum;
use displace::{Polar, Radial};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spacing {
    /// x radius / w
    Linear,
    /// exp(x ln radius / w), as scikit-image
    Log,
    /// exp(x ln radius / w) - 1, as OpenCV
    Log1p,
}

/// An image in polar coordinates, or back
///
/// Column x of w is at the distance that --spacing says, row y of h at the angle 2 pi y / h from x to y. --size is the result's, -s the
/// image's that is read. Warp the way back with --padding-mode wrap: rows repeat.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The centre in the plain image [default: its middle]
    #[arg(long, value_name = "X,Y", value_delimiter = ',', allow_hyphen_values = true)]
    center: Vec<f64>,

    /// The distance of the polar image's right edge [default: that of the plain image's farthest pixel]
    #[arg(long, value_name = "PX")]
    radius: Option<f64>,

    /// The distances of columns
    #[arg(long, value_enum, value_name = "SPACING", default_value = "linear")]
    spacing: Spacing,

    /// From a polar image to the plain one
    #[arg(long)]
    inverse: bool,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let between = args.target.between::<2>()?;
    let (source, destination) = (between.source().size(), between.destination());
    let (plain, polar) = if args.inverse { (destination, source) } else { (source, destination) };
    let center = by_axis("--center", &args.center, middle(plain))?;
    let radius = args.radius.unwrap_or_else(|| {
        let away = |k: usize| center[k].abs().max((plain[k] as f64 - 1.0 - center[k]).abs());
        away(0).hypot(away(1))
    });
    let spacing = match args.spacing {
        Spacing::Linear => Radial::Linear,
        Spacing::Log => Radial::Log,
        Spacing::Log1p => Radial::Log1p,
    };
    let map = Polar::new(center, radius, polar, spacing).map_err(Failure::usage)?;
    let said = format!("{} polar coordinates, center {center:?}, radius {radius} px", if args.inverse { "from" } else { "to" });
    if args.inverse { args.target.make(&said, &map.inverse()) } else { args.target.make(&said, &map) }
}
