//! Velocity to displacement.

use crate::args::{FromArgs, LatticeArgs};
use crate::failure::{Failure, Result};
use crate::input::{Stored, read_field};
use crate::lattices::{field, widened, with_reals};
use crate::output::{FIELD, expect_extension, write_field};
use crate::progress::Progress;
use crate::report::{OnTerminal, Report, shape_text};
use displace::{AnyData, ExpOptions, Interp, Real, exp};
use serde_json::json;
use std::path::PathBuf;

/// Where a stationary velocity field leads in unit time, by scaling and squaring
///
/// The velocity is in pixels per unit time. The report bounds the error of the integration; squarings also interpolate, which more
/// of them do not make better.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The velocity field (.npz, or any file that displace convert reads, with --from)
    velocity: PathBuf,

    /// Where the displacement goes: .npz keeps size, extent and rest with it, .npy holds the bare numbers, - is standard output
    output: PathBuf,

    /// How many squarings; left out, the fewest whose error bound is the tolerance
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=64))]
    squarings: Option<u32>,

    /// The error of the integration that is allowed, in pixels
    #[arg(long, value_name = "PX", default_value_t = 0.01, allow_negative_numbers = true)]
    tolerance: f64,

    /// How fields are read between pixels
    #[arg(long, value_name = "MODE", default_value = "bilinear", value_parser = ["bilinear", "bicubic"])]
    mode: String,

    #[command(flatten)]
    from: FromArgs,

    #[command(flatten)]
    lattice: LatticeArgs,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    expect_extension(&args.output, "a field", FIELD)?;
    if !(args.tolerance.is_finite() && args.tolerance >= 0.0) {
        return Err(Failure::usage(format!("--tolerance {}: expected a length in pixels, 0 or more", args.tolerance)));
    }
    let stored = widened(read_field(&args.velocity, &args.from, &args.lattice)?);
    match stored.components()? {
        2 => with_reals!(stored, v => args.work::<_, 2>(&stored, v)),
        _ => with_reals!(stored, v => args.work::<_, 3>(&stored, v)),
    }
}

impl Args {
    fn work<R: Real, const D: usize>(&self, stored: &Stored, numbers: &[R]) -> Result<()>
    where
        AnyData: From<Vec<R>>,
    {
        let velocity = field::<R, D>(stored, numbers, &self.lattice)?;
        let interp: Interp = self.mode.parse().map_err(Failure::usage)?;
        let options = ExpOptions { squarings: self.squarings, tolerance: self.tolerance, interp };
        let flow = Progress::spin("flowing", || exp(&velocity, options)).map_err(|e| Failure::file(&stored.path, e))?;
        let mut report = Report::default();
        report.line(
            "velocity",
            format!(
                "{}: {} {}, pixels per unit time",
                stored.path.display(),
                stored.array.dtype(),
                shape_text(stored.array.shape())
            ),
        );
        report.line(
            "flow",
            format!(
                "{} squarings; off by {:.2e} px at most where it stays inside, interpolation left aside",
                flow.squarings, flow.bound
            ),
        );
        if self.squarings.is_none() && flow.bound > self.tolerance {
            let text = format!("the tolerance of {} px is not reached: more squarings have nothing left to halve", self.tolerance);
            report.line("warning", text);
        }
        report.fact("squarings", json!(flow.squarings));
        report.fact("bound_px", json!(flow.bound));
        report.sum_up(&flow.field.view());
        let between = *flow.field.between();
        write_field(&self.output, stored.array.shape().to_vec(), flow.field.into_vec(), None, &between, None)?;
        report.wrote("field", &self.output);
        report.print(self.json)
    }
}
