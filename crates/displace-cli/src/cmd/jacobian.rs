//! How a map stretches.

use crate::args::{FromArgs, LatticeArgs};
use crate::failure::{Failure, Result};
use crate::figure::PartArgs;
use crate::input::{Stored, read_field};
use crate::lattices::{NUMBERS, Numbers, field, widened, with_reals};
use crate::output::{distinct, expect_extension};
use crate::progress::Progress;
use crate::report::{OnTerminal, Report, shape_text};
use displace::{AnyData, Real, Scheme, Spacing, folding, jacobian_determinant};
use displace_viz::HeatOptions;
use serde_json::json;
use std::path::PathBuf;

/// The Jacobian determinant of a field at every pixel, and every fold between them
///
/// 1 where the map keeps areas (volumes), negative where it turns them over. Differences of pixels miss folds of single pixels, so
/// the report counts folds of the interpolated map, exactly.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The field (.npz, .flo, .flo5, or any file that displace convert reads, with --from)
    field: PathBuf,

    /// Where the determinant goes: .npy, or a heat map as .png or .svg, with what is not positive in red
    output: PathBuf,

    /// Between which pixels differences are taken
    #[arg(long, value_name = "SCHEME", default_value = "central", value_parser = ["central", "forward", "backward"])]
    scheme: String,

    /// Length of a pixel along each axis of the array, "z,y,x" or "y,x", or one for all: of the destination
    #[arg(long, value_name = "LENGTHS", value_delimiter = ',')]
    spacing: Vec<f64>,

    /// The same of the source [default: that of the destination]
    #[arg(long, value_name = "LENGTHS", value_delimiter = ',', requires = "spacing")]
    source_spacing: Vec<f64>,

    #[command(flatten)]
    from: FromArgs,

    #[command(flatten)]
    lattice: LatticeArgs,

    #[command(flatten)]
    part: PartArgs,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    expect_extension(&args.output, "numbers at pixels", NUMBERS)?;
    distinct(&args.field, &[Some(&args.output)])?;
    let stored = widened(read_field(&args.field, &args.from, &args.lattice)?);
    match stored.components()? {
        2 => with_reals!(stored, v => args.work::<_, 2>(&stored, v)),
        _ => with_reals!(stored, v => args.work::<_, 3>(&stored, v)),
    }
}

impl Args {
    /// The lengths of pixels, x first.
    fn lengths<const D: usize>(&self) -> Result<Spacing<D>> {
        if self.spacing.is_empty() {
            return Ok(Spacing::pixels());
        }
        let of = |name: &str, given: &[f64]| -> Result<[f64; D]> {
            let mut lengths: [f64; D] = match given {
                [one] => [*one; D],
                all => all.try_into().map_err(|_| {
                    let axes = if D == 2 { "y,x" } else { "z,y,x" };
                    Failure::usage(format!("--{name} has {} lengths: expected one, or {D} for {axes}", all.len()))
                })?,
            };
            lengths.reverse();
            Ok(lengths)
        };
        let destination = of("spacing", &self.spacing)?;
        let source = if self.source_spacing.is_empty() { destination } else { of("source-spacing", &self.source_spacing)? };
        Spacing::new(source, destination).map_err(Failure::usage)
    }

    fn work<R: Real, const D: usize>(&self, stored: &Stored, numbers: &[R]) -> Result<()>
    where
        AnyData: From<Vec<R>>,
    {
        let fail = |e: &dyn std::fmt::Display| Failure::file(&stored.path, e);
        let by = field::<R, D>(stored, numbers, &self.lattice)?;
        let scheme: Scheme = self.scheme.parse().map_err(Failure::usage)?;
        let spacing = self.lengths::<D>()?;
        let determinant = Progress::spin("differentiating", || jacobian_determinant(&by, spacing, scheme));
        let determinant = determinant.map_err(|e| fail(&e))?;
        let folds = Progress::spin("looking for folds", || folding(&by)).map_err(|e| fail(&e))?;
        let values: Vec<f64> = determinant.as_slice().iter().map(|d| d.to_f64()).collect();
        let finite: Vec<f64> = values.iter().copied().filter(|d| d.is_finite()).collect();
        let (low, high) = finite.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), d| (l.min(*d), h.max(*d)));
        let negative = finite.iter().filter(|d| **d <= 0.0).count();
        let mut report = Report::default();
        report.line("field", format!("{}: {} {}", stored.path.display(), stored.array.dtype(), shape_text(stored.array.shape())));
        if !finite.is_empty() {
            let mean = finite.iter().sum::<f64>() / finite.len() as f64;
            let text = format!("{low:.4} .. {high:.4}, mean {mean:.4}; {negative} of {} pixels are not positive", values.len());
            report.line("at pixels", format!("{text} ({} differences)", self.scheme));
            report.fact("range", json!([low, high]));
            report.fact("mean", json!(mean));
        }
        report.fact("pixels_not_positive", json!(negative));
        report.folding(&folds);
        let mut shape: Vec<usize> = by.between().destination().iter().rev().copied().collect();
        shape.insert(0, determinant.shape().n);
        let options = HeatOptions {
            title: "Jacobian determinant".into(),
            label: "source area per destination area".into(),
            caption: format!("How {} stretches; {} differences of pixels.", self.field.display(), self.scheme),
            scale: None,
            mark_to: Some(0.0),
        };
        let numbers = Numbers { shape, values, batch: stored.is_batch(D) };
        numbers.ready(&self.output, determinant.into_vec().into(), options, &self.part)?.write(&self.output)?;
        report.wrote("determinant", &self.output);
        report.print(self.json)
    }
}
