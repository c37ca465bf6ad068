//! Affine maps.

use super::target::{Direction, TargetArgs};
use crate::failure::{Failure, Result};
use displace::Affine;

/// An affine map from a matrix
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The matrix from places of the destination to places of the source, row by row: "a,b,tx,c,d,ty" for x' = a x + b y + tx,
    /// y' = c x + d y + ty; 12 numbers in 3-D
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true, required = true)]
    matrix: Vec<f64>,

    /// The matrix leads from destination to source (pull), or from source to destination (push), as OpenCV's warpAffine takes it
    #[arg(long, value_enum, value_name = "DIRECTION", default_value = "pull")]
    direction: Direction,

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
        let map = Affine::<D>::from_numbers(&self.matrix).map_err(|e| Failure::usage(format!("--matrix: {e}")))?;
        let map = match self.direction {
            Direction::Pull => map,
            Direction::Push => map.inverse().map_err(|e| Failure::usage(format!("--matrix: {e}")))?,
        };
        let said = format!("affine, matrix {:?}, offset {:?} (destination to source, pixels)", map.matrix(), map.offset());
        self.target.make(&said, &map)
    }
}
