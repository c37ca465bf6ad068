//! Field to picture.

use crate::args::{FromArgs, LatticeArgs};
use crate::failure::{Failure, Result};
use crate::figure::{FIGURE, FigureArgs, Style};
use crate::input::{Stored, read_field};
use crate::output::expect_extension;
use crate::report::{OnTerminal, Report, shape_text};
use displace::{FieldView, Location, View, with_floats};
use std::path::PathBuf;

/// Draw a displacement field
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The field: written by displace (.npz), .flo, .flo5, or any file that displace convert reads, with --from
    field: PathBuf,

    /// The picture: .png or .svg
    output: PathBuf,

    #[command(flatten)]
    figure: FigureArgs,

    #[command(flatten)]
    from: FromArgs,

    #[command(flatten)]
    lattice: LatticeArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    expect_extension(&args.output, "a picture", FIGURE)?;
    let stored = read_field(&args.field, &args.from, &args.lattice)?;
    match stored.components()? {
        2 => with_floats!(stored.array.data(), v => args.draw::<_, 2>(&stored, v), found => Err(stored.not_floats(found))),
        _ => with_floats!(stored.array.data(), v => args.draw::<_, 3>(&stored, v), found => Err(stored.not_floats(found))),
    }
}

impl Args {
    fn draw<L: Location, const D: usize>(&self, stored: &Stored, numbers: &[L]) -> Result<()> {
        let fail = |e: &dyn std::fmt::Display| Failure::file(&stored.path, e);
        let view = View::interleaved(numbers, stored.shape::<D>()).map_err(|e| fail(&e))?;
        let lattice = stored.complete(&self.lattice)?;
        let source = lattice.lattice(Some(stored.shape::<D>().size)).map_err(|e| fail(&e))?;
        let field = FieldView::new(view, source, lattice.rest)
            .map_err(|e| Failure::usage(format!("{e}: add --rest index or --rest extent")))?;
        let style = self.figure.style.unwrap_or(Style::Quiver);
        self.figure.draw(&field, style, &self.output)?;
        let mut report = Report::default();
        report.line("field", format!("{}: {} {}", stored.path.display(), L::DTYPE, shape_text(stored.array.shape())));
        report.sum_up(&field);
        report.wrote("picture", &self.output);
        report.print(false)
    }
}
