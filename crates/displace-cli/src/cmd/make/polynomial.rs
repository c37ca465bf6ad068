//! Polynomial maps.

use super::pairs;
use super::target::TargetArgs;
use crate::failure::{Failure, Result};
use displace::{FitKind, Polynomial};
use std::path::PathBuf;

/// A polynomial map from coefficients or pairs of points
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("map").required(true)))]
pub(crate) struct Args {
    /// For x, then for y (then for z) of the source: the coefficients of 1, x, y, x^2, x y, y^2, .. of the destination
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true, group = "map")]
    coefficients: Vec<f64>,

    /// Pairs of points to fit by least squares: CSV with the columns x_src,y_src[,z_src],x_dst,y_dst[,z_dst][,weight], or JSON
    #[arg(long, value_name = "FILE", group = "map")]
    points: Option<PathBuf>,

    /// The highest degree that is fitted
    #[arg(long, value_name = "N", default_value_t = 2, requires = "points")]
    order: usize,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(path) = &args.points {
        let name = format!("polynomial of order {}", args.order);
        return pairs::make(path, FitKind::Polynomial { order: args.order }, &name, &args.target);
    }
    match args.target.axes()? {
        2 => args.work::<2>(),
        _ => args.work::<3>(),
    }
}

impl Args {
    fn work<const D: usize>(&self) -> Result<()> {
        let map = Polynomial::<D>::from_numbers(&self.coefficients).map_err(|e| Failure::usage(format!("--coefficients: {e}")))?;
        let said = format!("polynomial of order {}, coefficients {:?}", map.order(), map.coefficients());
        self.target.make(&format!("{said} (destination to source, pixels)"), &map)
    }
}
