//! One field after another.

use crate::args::{FromArgs, LatticeArgs};
use crate::failure::{Failure, Result};
use crate::input::{Stored, field_of, read};
use crate::lattices::{field, widened};
use crate::output::{FIELD, expect_extension, write_field};
use crate::progress::Progress;
use crate::report::{OnTerminal, Report, shape_text};
use displace::{AnyData, Interp, Padding, Real, Rest, Sampler, compose};
use displace_io::Contents;
use std::path::{Path, PathBuf};

/// The field that reads through INNER first and OUTER then: warp an image by it once instead of twice
///
/// Between equal sizes the displacement is inner(x) + outer(x + inner(x)). Outside, OUTER goes on with the displacement at its edge.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The field that is read second (.npz, .flo, .flo5, or any file that displace convert reads, with --from)
    outer: PathBuf,

    /// The field that is read first
    inner: PathBuf,

    /// Where the result goes: .npz keeps size, extent and rest with it, .npy holds the bare numbers, - is standard output
    output: PathBuf,

    /// How OUTER is read between its pixels
    #[arg(long, value_name = "MODE", default_value = "bilinear", value_parser = ["nearest", "bilinear", "bicubic"])]
    mode: String,

    /// How OUTER is read outside: the displacement at its edge (border), none (zeros), ...
    #[arg(long, value_name = "PADDING", default_value = "border", value_parser = ["zeros", "border", "reflection", "wrap"])]
    padding_mode: String,

    #[command(flatten)]
    from: FromArgs,

    /// What the result counts from, if the fields have different rests
    #[arg(long, value_name = "index|extent")]
    rest: Option<Rest>,

    /// Of arrays: -1 and +1 are the centres of the end pixels
    #[arg(long)]
    align_corners: bool,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    expect_extension(&args.output, "a field", FIELD)?;
    let (outer, inner) = (widened(args.read(&args.outer)?), widened(args.read(&args.inner)?));
    match (outer.components()?, inner.components()?) {
        (2, 2) => args.typed::<2>(&outer, &inner),
        (3, 3) => args.typed::<3>(&outer, &inner),
        (a, b) => Err(Failure::usage(format!("{} has {a} components, {} {b}", args.outer.display(), args.inner.display()))),
    }
}

impl Args {
    /// One of the two; --from speaks of those that do not say what they are.
    fn read(&self, path: &Path) -> Result<Stored> {
        let contents = read(path)?;
        let known =
            matches!(&contents, Contents::Archive(members) if members.iter().any(|(name, _)| name == displace_io::DISPLACEMENT));
        let from = if known { FromArgs::default() } else { self.from.clone() };
        let lattice = LatticeArgs { input_size: None, align_corners: self.align_corners, rest: None };
        field_of(path, contents, &from, &lattice)
    }

    fn typed<const D: usize>(&self, outer: &Stored, inner: &Stored) -> Result<()> {
        match (outer.array.data(), inner.array.data()) {
            (AnyData::F32(a), AnyData::F32(b)) => self.work::<_, D>((outer, a), (inner, b)),
            (AnyData::F64(a), AnyData::F64(b)) => self.work::<_, D>((outer, a), (inner, b)),
            (AnyData::F32(_), AnyData::F64(_)) | (AnyData::F64(_), AnyData::F32(_)) => Err(Failure::usage(format!(
                "{} holds {}, {} {}: both must be of one type",
                outer.path.display(),
                outer.array.dtype(),
                inner.path.display(),
                inner.array.dtype()
            ))),
            (AnyData::F32(_) | AnyData::F64(_), other) => Err(inner.not_floats(other.dtype())),
            (other, _) => Err(outer.not_floats(other.dtype())),
        }
    }

    fn work<R: Real, const D: usize>(&self, outer: (&Stored, &[R]), inner: (&Stored, &[R])) -> Result<()>
    where
        AnyData: From<Vec<R>>,
    {
        let own = |stored: &Stored| LatticeArgs {
            input_size: None,
            align_corners: stored.described.is_none() && self.align_corners,
            rest: None,
        };
        let interp: Interp = self.mode.parse().map_err(Failure::usage)?;
        let padding: Padding = self.padding_mode.parse().map_err(Failure::usage)?;
        let (a, b) = (field::<R, D>(outer.0, outer.1, &own(outer.0))?, field::<R, D>(inner.0, inner.1, &own(inner.0))?);
        let both =
            Progress::spin("composing", || compose(&a, &b, Sampler::new(interp, padding), self.rest)).map_err(Failure::usage)?;
        let mut report = Report::default();
        for (name, stored) in [("outer", outer.0), ("inner", inner.0)] {
            let (dtype, shape) = (stored.array.dtype(), shape_text(stored.array.shape()));
            report.line(name, format!("{}: {dtype} {shape}", stored.path.display()));
        }
        report.line("outside", format!("the outer field is read with padding \"{}\"", self.padding_mode));
        report.sum_up(&both.view());
        let between = *both.between();
        let mut shape: Vec<usize> = between.destination().iter().rev().copied().collect();
        if outer.0.is_batch(D) || inner.0.is_batch(D) {
            shape.insert(0, both.n());
        }
        shape.push(D);
        write_field(&self.output, shape, both.into_vec(), None, &between, None)?;
        report.wrote("field", &self.output);
        report.print(self.json)
    }
}
