//! Fields from formulas, landmarks and seeds: one file per kind.

mod affine;
mod bspline;
mod elastic;
mod mls;
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
    Affine(affine::Args),
    Bspline(bspline::Args),
    Elastic(elastic::Args),
    Mls(mls::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.kind {
        Kind::Affine(args) => affine::run(args),
        Kind::Bspline(args) => bspline::run(args),
        Kind::Elastic(args) => elastic::run(args),
        Kind::Mls(args) => mls::run(args),
    }
}
