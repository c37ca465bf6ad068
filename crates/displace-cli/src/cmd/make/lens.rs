//! Lenses.

use super::target::TargetArgs;
use crate::failure::{Failure, Result};
use clap::ValueEnum;
use displace::{Lens, LensModel};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Model {
    /// radial and tangential, OpenCV's 4 to 14 coefficients
    Brown,
    /// OpenCV's cv2.fisheye, 4 coefficients
    Fisheye,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    /// read the photograph at each pixel of the ideal picture
    Undistort,
    /// read an ideal picture at each pixel of the photograph
    Distort,
}

/// A lens's distortion undone, or added, by OpenCV's models
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The photograph's camera: fx,fy,cx,cy in pixels, or its matrix's nine numbers
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true, required = true)]
    camera: Vec<f64>,

    /// OpenCV's coefficients: k1,k2,p1,p2[,k3[,k4,k5,k6[,s1,s2,s3,s4[,taux,tauy]]]]; k1,k2,k3,k4 for --model fisheye
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true, required = true)]
    distortion: Vec<f64>,

    /// The lens's model
    #[arg(long, value_enum, value_name = "MODEL", default_value = "brown")]
    model: Model,

    /// Which way
    #[arg(long, value_enum, value_name = "DIRECTION", default_value = "undistort")]
    direction: Way,

    /// The ideal picture's camera [default: the photograph's]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true)]
    new_camera: Vec<f64>,

    /// The rotation from the photograph's camera to the ideal one, nine numbers row by row
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true)]
    rectification: Vec<f64>,

    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let model = if args.model == Model::Brown { LensModel::Brown } else { LensModel::Fisheye };
    let new = (!args.new_camera.is_empty()).then(|| camera("--new-camera", &args.new_camera)).transpose()?;
    let turn = (!args.rectification.is_empty()).then(|| matrix("--rectification", &args.rectification)).transpose()?;
    let lens = Lens::new(camera("--camera", &args.camera)?, &args.distortion, model);
    let lens = lens.and_then(|lens| lens.seen_by(new, turn)).map_err(Failure::usage)?;
    let undistort = args.direction == Way::Undistort;
    let said = format!(
        "{:?} lens, {}, distortion {:?}",
        args.model,
        if undistort { "undistorting" } else { "distorting" },
        args.distortion
    );
    if undistort { args.target.make(&said, &lens) } else { args.target.make(&said, &lens.inverse()) }
}

fn camera(option: &str, numbers: &[f64]) -> Result<[[f64; 3]; 3]> {
    if let [fx, fy, cx, cy] = *numbers {
        return Ok([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]);
    }
    matrix(option, numbers)
        .map_err(|_| Failure::usage(format!("{option} has {} numbers: expected fx,fy,cx,cy, or nine", numbers.len())))
}

fn matrix(option: &str, numbers: &[f64]) -> Result<[[f64; 3]; 3]> {
    match *numbers {
        [a, b, c, d, e, f, g, h, i] => Ok([[a, b, c], [d, e, f], [g, h, i]]),
        _ => Err(Failure::usage(format!("{option} has {} numbers: expected nine, row by row", numbers.len()))),
    }
}
