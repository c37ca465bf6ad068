//! Fields from formulas, landmarks and seeds: one file per kind.

mod affine;
mod bspline;
mod elastic;
mod frame;
mod homography;
mod lens;
mod mls;
mod pairs;
mod parts;
mod polar;
mod polynomial;
mod radial;
mod scattered;
mod similarity;
mod swirl;
mod target;
mod whole;

use crate::failure::Result;
use clap::Subcommand;

/// A field from a matrix, landmarks, a formula or a seed
///
/// Each kind says for every pixel of the result where in the source it is read from, in pixels, x first, pixel centres at
/// integers.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    Affine(Box<affine::Args>),
    Similarity(Box<similarity::Args>),
    Homography(Box<homography::Args>),
    Polynomial(Box<polynomial::Args>),
    Polar(Box<polar::Args>),
    Swirl(Box<swirl::Args>),
    Lens(Box<lens::Args>),
    Crop(Box<frame::CropArgs>),
    Flip(Box<frame::FlipArgs>),
    Roll(Box<frame::RollArgs>),
    Resize(Box<frame::ResizeArgs>),
    Bspline(Box<bspline::Args>),
    Elastic(Box<elastic::Args>),
    Mls(Box<mls::Args>),
    Tps(Box<radial::TpsArgs>),
    Rbf(Box<radial::RbfArgs>),
    Scattered(Box<scattered::Args>),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.kind {
        Kind::Affine(args) => affine::run(args),
        Kind::Similarity(args) => similarity::run(args),
        Kind::Homography(args) => homography::run(args),
        Kind::Polynomial(args) => polynomial::run(args),
        Kind::Polar(args) => polar::run(args),
        Kind::Swirl(args) => swirl::run(args),
        Kind::Lens(args) => lens::run(args),
        Kind::Crop(args) => frame::crop(args),
        Kind::Flip(args) => frame::flip(args),
        Kind::Roll(args) => frame::roll(args),
        Kind::Resize(args) => frame::resize(args),
        Kind::Bspline(args) => bspline::run(args),
        Kind::Elastic(args) => elastic::run(args),
        Kind::Mls(args) => mls::run(args),
        Kind::Tps(args) => radial::tps(args),
        Kind::Rbf(args) => radial::rbf(args),
        Kind::Scattered(args) => scattered::run(args),
    }
}
