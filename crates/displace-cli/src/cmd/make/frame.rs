//! What moves pixels as they are: crop, flip, roll, resize.

use super::parts::by_axis;
use super::target::TargetArgs;
use crate::failure::{Failure, Result};
use displace::{Crop, Flip, Resize, Roll};

/// A part of the image, from one place on
#[derive(clap::Args)]
pub(crate) struct CropArgs {
    /// What pixel 0 reads, x first
    #[arg(long, value_name = "X,Y[,Z]", value_delimiter = ',', allow_hyphen_values = true, required = true)]
    start: Vec<f64>,

    #[command(flatten)]
    target: TargetArgs,
}

/// The image mirrored along axes
#[derive(clap::Args)]
pub(crate) struct FlipArgs {
    /// The axes that are mirrored: x, y, z or several
    #[arg(long, value_name = "AXES", value_delimiter = ',', required = true, value_parser = ["x", "y", "z"])]
    axis: Vec<String>,

    #[command(flatten)]
    target: TargetArgs,
}

/// The image shifted by whole pixels; what leaves on one side enters on the other
#[derive(clap::Args)]
pub(crate) struct RollArgs {
    /// By how many pixels its contents move, x first
    #[arg(long, value_name = "X,Y[,Z]", value_delimiter = ',', allow_hyphen_values = true, required = true)]
    shift: Vec<i64>,

    #[command(flatten)]
    target: TargetArgs,
}

/// The whole image on another number of pixels, as torch's interpolate reads it
///
/// Between the outer edges, or with --align-corners between the centres of the end pixels.
#[derive(clap::Args)]
pub(crate) struct ResizeArgs {
    #[command(flatten)]
    target: TargetArgs,
}

/// Runs the function of as many axes as the field has.
macro_rules! by_axes {
    ($args:expr, $work:ident) => {
        match $args.target.axes()? {
            2 => $work::<2>($args),
            _ => $work::<3>($args),
        }
    };
}

pub(crate) fn crop(args: &CropArgs) -> Result<()> {
    by_axes!(args, crop_of)
}

pub(crate) fn flip(args: &FlipArgs) -> Result<()> {
    by_axes!(args, flip_of)
}

pub(crate) fn roll(args: &RollArgs) -> Result<()> {
    by_axes!(args, roll_of)
}

pub(crate) fn resize(args: &ResizeArgs) -> Result<()> {
    by_axes!(args, resize_of)
}

fn crop_of<const D: usize>(args: &CropArgs) -> Result<()> {
    let start = by_axis("--start", &args.start, [0.0; D])?;
    args.target.make(&format!("crop from {start:?}"), &Crop { start })
}

/// That what is mirrored or rolled keeps its size.
fn same_size<const D: usize>(target: &TargetArgs, what: &str) -> Result<displace::Between<D>> {
    let between = target.between::<D>()?;
    if between.same_size() { Ok(between) } else { Err(Failure::usage(format!("{what} keeps the size: leave out -s, or --size"))) }
}

fn flip_of<const D: usize>(args: &FlipArgs) -> Result<()> {
    let between = same_size::<D>(&args.target, "flip")?;
    let mut axes = [false; D];
    for axis in &args.axis {
        let k = ["x", "y", "z"].iter().position(|name| name == axis).filter(|k| *k < D);
        axes[k.ok_or_else(|| Failure::usage(format!("--axis {axis}: the field has {D} axes")))?] = true;
    }
    args.target.make(&format!("flip along {}", args.axis.join(", ")), &Flip::new(between.source(), axes))
}

fn roll_of<const D: usize>(args: &RollArgs) -> Result<()> {
    let between = same_size::<D>(&args.target, "roll")?;
    let wrong = |_| Failure::usage(format!("--shift has {} numbers: expected {D}, x first", args.shift.len()));
    let shift: [i64; D] = args.shift.as_slice().try_into().map_err(wrong)?;
    args.target.make(&format!("roll by {shift:?}, x first"), &Roll::new(between.source(), shift))
}

fn resize_of<const D: usize>(args: &ResizeArgs) -> Result<()> {
    let between = args.target.between::<D>()?;
    let said = format!("resize between {}", if between.source().extent().align_corners() { "centres" } else { "edges" });
    args.target.make(&said, &Resize::new(between.source(), between.destination()))
}
