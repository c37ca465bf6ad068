//! Options that several commands share.

use crate::failure::{Failure, Result};
use clap::{Args, ValueEnum};
use displace::{Convention, Extent, Interp, Lattice, Padding, Rest, Sampler};
use std::path::PathBuf;
use std::str::FromStr;

/// A size in array order, as torch writes shapes: `480x640` is 480 rows of 640 pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) Vec<usize>);

impl FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wrong = || format!("\"{text}\" is no size: expected HxW (rows x columns), such as 480x640, or DxHxW");
        let lens = text.split('x').map(str::parse).collect::<std::result::Result<Vec<usize>, _>>().map_err(|_| wrong())?;
        if matches!(lens.len(), 2 | 3) { Ok(Self(lens)) } else { Err(wrong()) }
    }
}

impl Size {
    /// In x-first order, if it has `D` axes.
    pub(crate) fn xy<const D: usize>(&self) -> Result<[usize; D]> {
        let mut size: [usize; D] = self.0.as_slice().try_into().map_err(|_| {
            Failure::usage(format!("--input-size has {} numbers, but the locations have {D} components each", self.0.len()))
        })?;
        size.reverse();
        Ok(size)
    }
}

/// Where the source's pixels are.
#[derive(Args, Clone)]
pub(crate) struct LatticeArgs {
    /// Size of the image that is read: HxW (rows x columns) or DxHxW
    #[arg(short = 's', long, value_name = "HxW")]
    pub(crate) input_size: Option<Size>,

    /// -1 and +1 are the centres of the end pixels (torch's align_corners=True) instead of their outer edges
    #[arg(long)]
    pub(crate) align_corners: bool,

    /// What counts as no displacement when sizes differ: the same pixel "index", or the same place in the "extent"
    #[arg(long, value_name = "index|extent")]
    pub(crate) rest: Option<Rest>,
}

impl LatticeArgs {
    pub(crate) fn extent(&self) -> Extent {
        Extent::from_align_corners(self.align_corners)
    }

    /// The source: the size asked for, or `or`.
    pub(crate) fn lattice<const D: usize>(&self, or: Option<[usize; D]>) -> Result<Lattice<D>> {
        let size = match (&self.input_size, or) {
            (Some(size), _) => size.xy()?,
            (None, Some(size)) => size,
            (None, None) => {
                return Err(Failure::usage("the size of the image that is read is needed: add -s HxW (rows x columns)"));
            }
        };
        Lattice::from_xy(size, self.extent()).map_err(Failure::usage)
    }
}

/// What the numbers of a field's file are.
#[derive(Args, Clone, Default)]
pub(crate) struct FromArgs {
    /// What the numbers are, if the file does not say it: flow (displacements in source pixels, x first), torch_grid, pixel_map, .. as
    /// displace convert --list shows
    #[arg(long, value_name = "CONVENTION")]
    pub(crate) from: Option<Convention>,

    #[command(flatten)]
    pub(crate) images: ImagesArgs,
}

/// The images that a field in mm leads between.
#[derive(Args, Clone, Default)]
pub(crate) struct ImagesArgs {
    /// The image that is read (moving, input), for fields in mm: a file that has its size and place; or "same", if it has the field's own
    /// pixels
    #[arg(long, value_name = "FILE|same")]
    pub(crate) source: Option<String>,

    /// An image with the field's own pixels (fixed, reference), where the file does not place them or is a transform
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Option<PathBuf>,
}

impl ImagesArgs {
    pub(crate) fn any(&self) -> bool {
        self.source.is_some() || self.reference.is_some()
    }
}

/// How images are read between pixels.
const MODES: [&str; 11] = [
    "nearest",
    "bilinear",
    "bicubic",
    "catmull-rom",
    "mitchell",
    "lanczos3",
    "lanczos4",
    "bspline2",
    "bspline3",
    "bspline4",
    "bspline5",
];

/// How the image is read.
#[derive(Args, Clone)]
pub(crate) struct SamplerArgs {
    /// Between pixels
    #[arg(long, value_name = "MODE", default_value = "bilinear", value_parser = MODES)]
    pub(crate) mode: String,

    /// Outside the image
    #[arg(long, value_name = "PADDING", default_value = "zeros", value_parser = ["zeros", "border", "reflection", "wrap", "constant"])]
    pub(crate) padding_mode: String,

    /// The value outside, for --padding-mode constant
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub(crate) fill: Option<f64>,

    /// The cubic's derivative at the first neighbour: -0.75 as torch and OpenCV, -0.5 as PIL
    #[arg(long, value_name = "A", default_value_t = -0.75, allow_negative_numbers = true)]
    pub(crate) cubic_a: f64,
}

impl SamplerArgs {
    pub(crate) fn sampler(&self) -> Result<Sampler> {
        let padding = match (self.padding_mode.parse().map_err(Failure::usage)?, self.fill) {
            (Padding::Constant(_), fill) => Padding::Constant(fill.unwrap_or(0.0)),
            (padding, None) => padding,
            (_, Some(_)) => {
                return Err(Failure::usage(format!("--fill goes with --padding-mode constant, not {}", self.padding_mode)));
            }
        };
        let interp = match self.mode.parse().map_err(Failure::usage)? {
            interp if interp == Interp::CUBIC => Interp::Cubic { a: self.cubic_a },
            interp => interp,
        };
        Ok(Sampler::new(interp, padding))
    }
}

/// What the numbers of a file without a description of itself are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Meaning {
    /// torch's sampling grid: normalised locations, x first
    Grid,
    /// displacements in source pixels, x first
    Displacement,
    /// absolute source pixels, x first, centres at integers (OpenCV's remap)
    Pixel,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rows_by_columns() {
        let size: Size = "480x640".parse().unwrap();
        assert_eq!(size.xy::<2>().unwrap(), [640, 480]);
        assert!(size.xy::<3>().is_err());
        assert_eq!("2x3x4".parse::<Size>().unwrap().xy::<3>().unwrap(), [4, 3, 2]);
        for wrong in ["640", "640,480", "axb", "1x2x3x4", "-1x3", ""] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}
