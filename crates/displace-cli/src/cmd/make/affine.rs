//! Affine maps.

use super::pairs;
use super::parts::{Parts, by_axis};
use super::target::{Direction, TargetArgs};
use crate::failure::{Failure, Result};
use displace::{Affine, FitKind, Lattice};
use std::path::PathBuf;

/// An affine map from a matrix, its parts, or pairs of points
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("map").required(true).multiple(true)))]
pub(crate) struct Args {
    /// The matrix from places of the destination to places of the source, row by row: "a,b,tx,c,d,ty" for x' = a x + b y + tx,
    /// y' = c x + d y + ty; 12 numbers in 3-D
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true, group = "map", conflicts_with_all = ["theta", "points"])]
    matrix: Vec<f64>,

    /// torch's theta, between normalised places, row by row
    #[arg(
        long,
        value_name = "NUMBERS",
        value_delimiter = ',',
        allow_hyphen_values = true,
        group = "map",
        conflicts_with = "points"
    )]
    theta: Vec<f64>,

    /// Pairs of points to fit by least squares: CSV with the columns x_src,y_src[,z_src],x_dst,y_dst[,z_dst][,weight], or JSON
    #[arg(long, value_name = "FILE", group = "map")]
    points: Option<PathBuf>,

    /// Degrees from x to y, so that a pulled picture turns counter-clockwise; three in 3-D, about x, y and z
    #[arg(long, value_name = "DEGREES", value_delimiter = ',', allow_hyphen_values = true, group = "map", conflicts_with_all = ["matrix", "theta", "points"])]
    rotation: Vec<f64>,

    /// How many times as far apart pixels are read; one number, or one for each axis, x first
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true, group = "map", conflicts_with_all = ["matrix", "theta", "points"])]
    scaling: Vec<f64>,

    /// x += shear y; xy,xz,yz in 3-D
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true, group = "map", conflicts_with_all = ["matrix", "theta", "points"])]
    shear: Vec<f64>,

    /// What is added, x first
    #[arg(long, value_name = "X,Y[,Z]", value_delimiter = ',', allow_hyphen_values = true, group = "map", conflicts_with_all = ["matrix", "theta", "points"])]
    translation: Vec<f64>,

    /// The place about which the map acts [default: the middle of the field; for --matrix pixel 0]
    #[arg(long, value_name = "X,Y[,Z]", value_delimiter = ',', allow_hyphen_values = true, conflicts_with_all = ["theta", "points"])]
    center: Vec<f64>,

    /// The map leads from destination to source (pull), or from source to destination (push), as OpenCV's warpAffine takes it
    #[arg(long, value_enum, value_name = "DIRECTION", default_value = "pull", conflicts_with_all = ["theta", "points"])]
    direction: Direction,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(path) = &args.points {
        return pairs::make(path, FitKind::Affine, "affine", &args.target);
    }
    match args.target.axes()? {
        2 => args.work::<2>(),
        _ => args.work::<3>(),
    }
}

impl Args {
    fn work<const D: usize>(&self) -> Result<()> {
        let map = self.map::<D>()?;
        let map = match self.direction {
            Direction::Pull => map,
            Direction::Push => map.inverse().map_err(Failure::usage)?,
        };
        let said = format!("affine, matrix {:?}, offset {:?} (destination to source, pixels)", map.matrix(), map.offset());
        self.target.make(&said, &map)
    }

    fn map<const D: usize>(&self) -> Result<Affine<D>> {
        if !self.matrix.is_empty() {
            let map = Affine::<D>::from_numbers(&self.matrix).map_err(|e| Failure::usage(format!("--matrix: {e}")))?;
            return Ok(map.about(by_axis("--center", &self.center, [0.0; D])?));
        }
        if !self.theta.is_empty() {
            let between = self.target.between::<D>()?;
            let destination = Lattice::from_xy(between.destination(), between.source().extent()).map_err(Failure::usage)?;
            return Affine::from_theta(&self.theta, between.source(), &destination)
                .map_err(|e| Failure::usage(format!("--theta: {e}")));
        }
        let (rotation, scale, shear) = (&self.rotation, &self.scaling, &self.shear);
        Parts { rotation, scale, shear, translation: &self.translation, center: &self.center }.map(&self.target)
    }
}
