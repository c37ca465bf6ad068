//! Random elastic deformation.

use super::target::{AnyMade, Precision, TargetArgs};
use super::whole::{each, written};
use crate::failure::{Failure, Result};
use clap::ValueEnum;
use displace::{Elastic, ElasticError, Extent, Noise, Padding, elastic_into};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Style {
    /// torchvision's ElasticTransform: alpha 50, sigma 5
    Torchvision,
    /// uniform noise, blurred by SciPy's gaussian_filter, times alpha pixels: alpha 34, sigma 4
    Simard,
    /// normal deviates of sigma pixels at a few points and the cubic spline through them: sigma 25
    Bspline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Border {
    Reflect,
    Mirror,
    Constant,
    Nearest,
    Wrap,
}

/// A random elastic deformation from a seed
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How it is made
    #[arg(long, value_enum, value_name = "STYLE", default_value = "torchvision")]
    noise: Style,

    /// How strong it is: one number, or one for each axis, x first [default: what --noise says]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true)]
    alpha: Option<Vec<f64>>,

    /// Pixels of the Gaussian, or of the points' deviation: one number, or one for each axis, x first [default: what --noise
    /// says]
    #[arg(long, value_name = "PIXELS", value_delimiter = ',')]
    sigma: Option<Vec<f64>>,

    /// The same seed makes the same field, everywhere
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,

    /// Multiply the field by the largest factor that leaves no folds
    #[arg(long)]
    no_folds: bool,

    /// Points of bspline: one number, or one for each axis, x first
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', default_value = "3")]
    points: Vec<usize>,

    /// What simard finds outside: SciPy's names
    #[arg(long, value_enum, value_name = "BORDER", default_value = "reflect")]
    border: Border,

    /// Where simard ends the Gaussian, in sigmas
    #[arg(long, value_name = "SIGMAS", default_value_t = 4.0)]
    truncate: f64,

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
        if self.noise == Style::Bspline && self.alpha.is_some() {
            return Err(Failure::usage("--alpha with --noise bspline, whose strength is --sigma: leave --alpha out"));
        }
        let number = |option: &str, given: &Option<Vec<f64>>, default: f64| -> Result<[f64; D]> {
            given.as_ref().map_or(Ok([default; D]), |given| each(option, given))
        };
        let (alpha, sigma) = match self.noise {
            Style::Torchvision => (50.0, 5.0),
            Style::Simard => (34.0, 4.0),
            Style::Bspline => (0.0, 25.0),
        };
        let (alpha, sigma) = (number("--alpha", &self.alpha, alpha)?, number("--sigma", &self.sigma, sigma)?);
        let (padding, extent) = match self.border {
            Border::Reflect => (Padding::Reflection, Extent::Edges),
            Border::Mirror => (Padding::Reflection, Extent::Centers),
            Border::Constant => (Padding::Zeros, Extent::Edges),
            Border::Nearest => (Padding::Border, Extent::Edges),
            Border::Wrap => (Padding::Wrap, Extent::Edges),
        };
        let recipe = match self.noise {
            Style::Torchvision => Elastic::Torchvision { alpha, sigma },
            Style::Simard => Elastic::Simard { alpha, sigma, truncate: self.truncate, padding, extent },
            Style::Bspline => Elastic::Spline { sigma, points: each("--points", &self.points)? },
        };
        let seed = self.seed;
        let tame = if self.no_folds { ", scaled so that it does not fold" } else { "" };
        let said = match recipe {
            Elastic::Torchvision { .. } => format!("elastic as torchvision's, alpha {alpha:?}, sigma {sigma:?}, seed {seed}{tame}"),
            Elastic::Simard { .. } => {
                format!("elastic: blurred noise, alpha {alpha:?} px, sigma {sigma:?} px, seed {seed}{tame}")
            }
            Elastic::Spline { points, .. } => {
                format!("elastic: spline through {points:?} points of deviation {sigma:?} px, seed {seed}{tame}")
            }
        };
        self.target.make_noting::<D>(&said, |between, precision| {
            let (noise, mut factor) = (Noise::Seed(seed), 1.0);
            let mut kept = |made: std::result::Result<f64, ElasticError>| made.map(|by| factor = by);
            let made = match precision {
                Precision::Single => {
                    written(between, |out| kept(elastic_into(&recipe, noise, between, self.no_folds, out))).map(AnyMade::Single)
                }
                Precision::Double => {
                    written(between, |out| kept(elastic_into(&recipe, noise, between, self.no_folds, out))).map(AnyMade::Double)
                }
            }?;
            let text = format!("{factor:.6}: the largest without folds, to half a percent");
            Ok((made, self.no_folds.then_some(("factor", factor, text))))
        })
    }
}
