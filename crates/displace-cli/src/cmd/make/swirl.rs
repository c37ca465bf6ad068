//! Swirls.

use super::parts::{by_axis, middle};
use super::target::TargetArgs;
use crate::failure::{Failure, Result};
use displace::Swirl;

/// A swirl about a centre, as scikit-image's
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The turn at the centre, in radians, from x to y
    #[arg(long, value_name = "RADIANS", allow_hyphen_values = true)]
    strength: f64,

    /// Where about a thousandth of the turn is left
    #[arg(long, value_name = "PX", default_value_t = 100.0)]
    radius: f64,

    /// A turn of everything, in radians
    #[arg(long, value_name = "RADIANS", default_value_t = 0.0, allow_hyphen_values = true)]
    rotation: f64,

    /// The place that stays [default: the middle of the field]
    #[arg(long, value_name = "X,Y", value_delimiter = ',', allow_hyphen_values = true)]
    center: Vec<f64>,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let center = by_axis("--center", &args.center, middle(args.target.between::<2>()?.destination()))?;
    let map = Swirl::new(center, args.strength, args.radius, args.rotation).map_err(Failure::usage)?;
    let said = format!(
        "swirl, strength {} rad, radius {} px, rotation {} rad, center {center:?}",
        args.strength, args.radius, args.rotation
    );
    args.target.make(&said, &map)
}
