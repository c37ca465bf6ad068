//! Scattered matches.

use super::target::TargetArgs;
use crate::failure::{Failure, Result};
use clap::ValueEnum;
use displace::{Scattered, ScatteredError, ScatteredMethod};
use displace_io::{AnyLandmarks, Landmarks, read_landmarks};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    /// as the nearest point
    Nearest,
    /// on the triangles of the Delaunay triangulation; 2-D
    Linear,
    /// by Sibson's natural neighbours; 2-D
    Natural,
    /// by the mean of near points
    InverseDistance,
}

/// A dense field from scattered matches
///
/// Pixels that no match says anything of are NaN: those outside the points' convex hull with the methods linear and natural, and those out
/// of reach.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Pairs of points in pixels: CSV with the columns x_src, y_src, x_dst, y_dst (in 3-D also z_src, z_dst), or JSON with "source" and
    /// "destination"
    #[arg(long, value_name = "CSV|JSON")]
    points: PathBuf,

    /// How pixels between points get their displacement
    #[arg(long, value_enum, value_name = "METHOD", default_value = "linear")]
    method: Method,

    /// Pixels farther than this from every point are NaN
    #[arg(long, value_name = "PX")]
    reach: Option<f64>,

    /// Of inverse-distance: how fast a point's influence falls [default: 2]
    #[arg(long, value_name = "NUMBER")]
    power: Option<f64>,

    /// Of inverse-distance: how many points a pixel looks at [default: 12]
    #[arg(long, value_name = "COUNT")]
    neighbours: Option<usize>,

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
            return Err(Failure::file(&self.points, "weights, which interpolation has no use for: leave them out"));
        }
        let (method, named) = self.method()?;
        let map = Scattered::new(&points.source, &points.destination, method, self.reach).map_err(|e| match e {
            ScatteredError::Reach { .. } | ScatteredError::Power { .. } | ScatteredError::Neighbours => Failure::usage(e),
            _ => Failure::file(&self.points, e),
        })?;
        let reach = self.reach.map(|reach| format!(", reach {reach} px")).unwrap_or_default();
        self.target.make::<D>(&format!("scattered, {named}{reach}, {} points", points.source.len()), &map)
    }

    /// The method, and its name with its numbers.
    fn method(&self) -> Result<(ScatteredMethod, String)> {
        if self.method != Method::InverseDistance && (self.power.is_some() || self.neighbours.is_some()) {
            return Err(Failure::usage("--power and --neighbours are of --method inverse-distance: leave them out, or name it"));
        }
        Ok(match self.method {
            Method::Nearest => (ScatteredMethod::Nearest, "nearest".to_owned()),
            Method::Linear => (ScatteredMethod::Linear, "linear".to_owned()),
            Method::Natural => (ScatteredMethod::Natural, "natural".to_owned()),
            Method::InverseDistance => {
                let (power, neighbours) = (self.power.unwrap_or(2.0), self.neighbours.unwrap_or(12));
                let named = format!("inverse distance to the power of {power} of {neighbours} neighbours");
                (ScatteredMethod::InverseDistance { power, neighbours }, named)
            }
        })
    }
}
