//! Thin-plate splines and other radial basis functions.

use super::target::TargetArgs;
use super::whole::whole;
use crate::failure::{Failure, Result};
use clap::ValueEnum;
use displace::{Kernel, RadialBasis, RadialOptions};
use displace_io::{AnyLandmarks, Landmarks, read_landmarks};
use std::cell::Cell;
use std::path::PathBuf;

/// A field from landmarks by the thin-plate spline, the smoothest map that meets them
#[derive(clap::Args)]
pub(crate) struct TpsArgs {
    #[command(flatten)]
    common: Common,
}

/// A field from landmarks by radial basis functions
#[derive(clap::Args)]
pub(crate) struct RbfArgs {
    /// The function of the distance r
    #[arg(long, value_enum, value_name = "NAME", default_value = "thin-plate-spline")]
    kernel: Named,

    /// What distances are multiplied by, in 1/pixels; needed for kernels with a width
    #[arg(long, value_name = "NUMBER")]
    epsilon: Option<f64>,

    /// Degree of the polynomial beside the kernels, -1 for none [default: the least that the kernel allows, or 0]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    degree: Option<i32>,

    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct Common {
    /// Pairs of points in pixels: CSV with the columns x_src, y_src, x_dst, y_dst (in 3-D also z_src, z_dst), or JSON with "source" and
    /// "destination"; smoothing is divided by their "weight"
    #[arg(long, value_name = "CSV|JSON")]
    points: PathBuf,

    /// How little the points are to be met; 0 meets them
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    smoothing: f64,

    /// What numbers of the field may be off, in pixels; 0 sums all points at all pixels [default: 1e-5, for f64 1e-9]
    #[arg(long, value_name = "PIXELS")]
    tolerance: Option<f64>,

    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Named {
    /// r^2 ln r
    ThinPlateSpline,
    /// -r, the smoothest in 3-D
    Linear,
    /// r^3
    Cubic,
    /// -r^5
    Quintic,
    /// -sqrt(1 + r^2)
    Multiquadric,
    /// 1 / sqrt(1 + r^2)
    InverseMultiquadric,
    /// 1 / (1 + r^2)
    InverseQuadratic,
    /// exp(-r^2)
    Gaussian,
}

impl Named {
    const fn kernel(self) -> Kernel {
        match self {
            Self::ThinPlateSpline => Kernel::ThinPlate,
            Self::Linear => Kernel::Linear,
            Self::Cubic => Kernel::Cubic,
            Self::Quintic => Kernel::Quintic,
            Self::Multiquadric => Kernel::Multiquadric,
            Self::InverseMultiquadric => Kernel::InverseMultiquadric,
            Self::InverseQuadratic => Kernel::InverseQuadratic,
            Self::Gaussian => Kernel::Gaussian,
        }
    }
}

pub(crate) fn tps(args: &TpsArgs) -> Result<()> {
    args.common.run("thin-plate spline", &RadialOptions::default())
}

pub(crate) fn rbf(args: &RbfArgs) -> Result<()> {
    let kernel = args.kernel.kernel();
    let options = RadialOptions { kernel, epsilon: args.epsilon, degree: args.degree, ..RadialOptions::default() };
    args.common.run(&format!("radial basis functions, {}", kernel.name()), &options)
}

impl Common {
    fn run(&self, name: &str, options: &RadialOptions) -> Result<()> {
        if self.tolerance.is_some_and(|tolerance| tolerance.is_nan() || tolerance < 0.0) {
            return Err(Failure::usage("--tolerance takes 0 or more pixels"));
        }
        match read_landmarks(&self.points)? {
            AnyLandmarks::Two(points) => self.work(name, options, &points),
            AnyLandmarks::Three(points) => self.work(name, options, &points),
        }
    }

    fn work<const D: usize>(&self, name: &str, options: &RadialOptions, points: &Landmarks<D>) -> Result<()> {
        let axes = self.target.axes()?;
        if axes != D {
            return Err(Failure::file(&self.points, format!("its points have {D} coordinates, the field {axes} axes")));
        }
        let smoothing = match &points.weight {
            None => vec![self.smoothing],
            Some(_) if self.smoothing == 0.0 => {
                return Err(Failure::file(&self.points, "weights, which have no meaning where points are met: add --smoothing"));
            }
            Some(weights) => {
                if let Some(i) = weights.iter().position(|weight| *weight == 0.0) {
                    return Err(Failure::file(&self.points, format!("the weight of pair {} is 0: leave the pair out", i + 1)));
                }
                weights.iter().map(|weight| self.smoothing / weight).collect()
            }
        };
        let options = RadialOptions { smoothing, ..options.clone() };
        let map = RadialBasis::fit(&points.source, &points.destination, &options).map_err(|e| Failure::file(&self.points, e))?;
        let (pair, largest) =
            map.residuals().iter().enumerate().fold((0, 0.0), |most, (i, off)| if *off > most.1 { (i, *off) } else { most });
        let energy = map.bending_energy().map_or_else(String::new, |energy| format!(", bending energy {energy:.4e}"));
        let said = format!(
            "{name}, {} points, smoothing {}{energy}, largest residual {largest:.3e} px (pair {})",
            points.source.len(),
            self.smoothing,
            pair + 1,
        );
        self.target.make_noting::<D>(&said, |between, precision| {
            let bound = Cell::new(0.0);
            let by = |default: f64| self.tolerance.unwrap_or(default);
            let made = whole(
                between,
                precision,
                |out| map.displace_into(between, by(1e-5), out).map(|off| bound.set(off)),
                |out| map.displace_into(between, by(1e-9), out).map(|off| bound.set(off)),
            )?;
            let bound = bound.get();
            let text = if bound > 0.0 {
                format!("at most {bound:.1e} px, since far points are summed by tiles")
            } else {
                "nothing but rounding".to_owned()
            };
            Ok((made, Some(("off", bound, text))))
        })
    }
}
