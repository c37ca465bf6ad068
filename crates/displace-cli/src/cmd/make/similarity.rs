//! Similarities and rigid maps.

use super::pairs;
use super::parts::Parts;
use super::target::{Direction, TargetArgs};
use crate::failure::{Failure, Result};
use displace::FitKind;
use std::path::PathBuf;

/// A rotation, one scale and a translation, given or fitted to pairs of points
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("map").required(true).multiple(true)))]
pub(crate) struct Args {
    /// Pairs of points to fit by least squares: CSV with the columns x_src,y_src[,z_src],x_dst,y_dst[,z_dst][,weight], or JSON
    #[arg(long, value_name = "FILE", group = "map")]
    points: Option<PathBuf>,

    /// Fit without a scale
    #[arg(long, requires = "points")]
    rigid: bool,

    /// Degrees from x to y, so that a pulled picture turns counter-clockwise; three in 3-D, about x, y and z
    #[arg(
        long,
        value_name = "DEGREES",
        value_delimiter = ',',
        allow_hyphen_values = true,
        group = "map",
        conflicts_with = "points"
    )]
    angle: Vec<f64>,

    /// How many times as far apart pixels are read
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, group = "map", conflicts_with = "points")]
    scaling: Option<f64>,

    /// What is added, x first
    #[arg(
        long,
        value_name = "X,Y[,Z]",
        value_delimiter = ',',
        allow_hyphen_values = true,
        group = "map",
        conflicts_with = "points"
    )]
    translation: Vec<f64>,

    /// The place that is turned about [default: the middle of the field]
    #[arg(long, value_name = "X,Y[,Z]", value_delimiter = ',', allow_hyphen_values = true, conflicts_with = "points")]
    center: Vec<f64>,

    /// The map leads from destination to source (pull), or from source to destination (push)
    #[arg(long, value_enum, value_name = "DIRECTION", default_value = "pull", conflicts_with = "points")]
    direction: Direction,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(path) = &args.points {
        let (kind, name) = if args.rigid { (FitKind::Rigid, "rigid map") } else { (FitKind::Similarity, "similarity") };
        return pairs::make(path, kind, name, &args.target);
    }
    match args.target.axes()? {
        2 => args.work::<2>(),
        _ => args.work::<3>(),
    }
}

impl Args {
    fn work<const D: usize>(&self) -> Result<()> {
        let scale: Vec<f64> = self.scaling.into_iter().collect();
        let parts =
            Parts { rotation: &self.angle, scale: &scale, shear: &[], translation: &self.translation, center: &self.center };
        let map = parts.map::<D>(&self.target)?;
        let map = match self.direction {
            Direction::Pull => map,
            Direction::Push => map.inverse().map_err(Failure::usage)?,
        };
        let said = format!("similarity, matrix {:?}, offset {:?} (destination to source, pixels)", map.matrix(), map.offset());
        self.target.make(&said, &map)
    }
}
