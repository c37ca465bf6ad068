//! Moving least squares.

use super::target::TargetArgs;
use super::whole::whole;
use crate::failure::{Failure, Result};
use clap::ValueEnum;
use displace::{MovingKind, MovingLeastSquares};
use displace_io::{AnyLandmarks, Landmarks, read_landmarks};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// may shear and stretch
    Affine,
    /// turns, moves and scales
    Similarity,
    /// turns and moves
    Rigid,
}

/// A field from landmarks by moving least squares
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Pairs of points in pixels: CSV with the columns x_src, y_src, x_dst, y_dst (in 3-D also z_src, z_dst), or JSON with "source" and
    /// "destination"
    #[arg(long, value_name = "CSV|JSON")]
    points: PathBuf,

    /// What each place's own map may do
    #[arg(long, value_enum, value_name = "MAP", default_value = "rigid")]
    local: Kind,

    /// How fast a point's influence falls with distance
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    alpha: f64,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match read_landmarks(&args.points)? {
        AnyLandmarks::Two(points) => args.work(&points),
        AnyLandmarks::Three(points) => args.work(&points),
    }
}

impl Args {
    fn work<const D: usize>(&self, points: &Landmarks<D>) -> Result<()> {
        if points.weight.is_some() {
            return Err(Failure::file(&self.points, "weights, which moving least squares have none of: leave them out"));
        }
        let kind = match self.local {
            Kind::Affine => MovingKind::Affine,
            Kind::Similarity => MovingKind::Similarity,
            Kind::Rigid => MovingKind::Rigid,
        };
        let map = MovingLeastSquares::new(&points.source, &points.destination, kind, self.alpha)
            .map_err(|e| Failure::file(&self.points, e))?;
        let said = format!("moving least squares, {kind:?}, alpha {}, {} points", self.alpha, points.source.len());
        self.target.make_by::<D>(&said.to_lowercase(), |between, precision| {
            whole(between, precision, |out| map.displace_into(between, out), |out| map.displace_into(between, out))
        })
    }
}
