//! What all made fields have in common: their size, the image they read, and where they are written.

use crate::args::{LatticeArgs, Size};
use crate::failure::{Failure, Result};
use crate::figure::{FIGURE, FigureArgs, Style, save};
use crate::input::read;
use crate::output::{FIELD, distinct, expect_extension, write_field};
use crate::progress::Progress;
use crate::report::{OnTerminal, Report};
use clap::{Args, ValueEnum};
use displace::{AnyData, Between, Formula, Made, Real, make};
use displace_io::Contents;
use serde_json::json;
use std::path::PathBuf;

/// What a matrix or a set of points leads from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    /// from the destination to the source, as a field
    Pull,
    /// from the source to the destination
    Push,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Dtype {
    F32,
    F64,
}

/// Where a made field goes.
#[derive(Args)]
pub(crate) struct TargetArgs {
    /// Where the field goes: .npz keeps size, extent and rest with it, .npy holds the bare numbers, - is standard output
    output: PathBuf,

    /// Size of the field: HxW (rows x columns) or DxHxW [default: that of --like, or of the image that is read]
    #[arg(long, value_name = "HxW")]
    size: Option<Size>,

    /// An image of the field's size
    #[arg(long, value_name = "IMAGE", conflicts_with = "size")]
    like: Option<PathBuf>,

    #[command(flatten)]
    lattice: LatticeArgs,

    /// What the numbers are stored in
    #[arg(long, value_enum, default_value = "f32")]
    dtype: Dtype,

    /// Draw the field as well
    #[arg(long, value_name = "PNG|SVG")]
    plot: Option<PathBuf>,

    #[command(flatten)]
    figure: FigureArgs,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl TargetArgs {
    /// How many axes the field has: 2 or 3.
    pub(crate) fn axes(&self) -> Result<usize> {
        Ok(self.shape()?.len())
    }

    /// The field's size in array order.
    fn shape(&self) -> Result<Vec<usize>> {
        match (&self.size, &self.like, &self.lattice.input_size) {
            (Some(size), _, _) => Ok(size.0.clone()),
            (None, Some(path), _) => match read(path)? {
                Contents::Image(image) => Ok(image.shape()[..2].to_vec()),
                _ => Err(Failure::file(path, "no image: expected PNG, JPEG or TIFF")),
            },
            (None, None, Some(size)) => Ok(size.0.clone()),
            (None, None, None) => {
                Err(Failure::usage("the size of the field is needed: add --size HxW (rows x columns) or --like IMAGE"))
            }
        }
    }

    /// The lattices between which it leads.
    pub(crate) fn between<const D: usize>(&self) -> Result<Between<D>> {
        let shape = self.shape()?;
        let mut size: [usize; D] = shape
            .as_slice()
            .try_into()
            .map_err(|_| Failure::usage(format!("the field has {} axes, what makes it {D}", shape.len())))?;
        size.reverse();
        let source = self.lattice.lattice(Some(size))?;
        Between::new(source, size, self.lattice.rest).map_err(|e| Failure::usage(format!("{e}: add --rest index or --rest extent")))
    }

    /// Makes the field of a map, writes it, draws it if asked to, and reports. `said` names kind and parameters.
    pub(crate) fn make<const D: usize>(&self, said: &str, map: &impl Formula<D>) -> Result<()> {
        self.make_by(said, |between, dtype| match dtype {
            Precision::Single => Ok(AnyMade::Single(make(map, between).map_err(Failure::usage)?)),
            Precision::Double => Ok(AnyMade::Double(make(map, between).map_err(Failure::usage)?)),
        })
    }

    /// The same for what is not made place by place.
    pub(crate) fn make_by<const D: usize>(
        &self,
        said: &str,
        maker: impl FnOnce(&Between<D>, Precision) -> Result<AnyMade<D>> + Send,
    ) -> Result<()> {
        self.make_noting(said, |between, precision| Ok((maker(between, precision)?, None)))
    }

    /// The same for what has a number to report: its name in JSON, the number, and what people read.
    pub(crate) fn make_noting<const D: usize>(
        &self,
        said: &str,
        maker: impl FnOnce(&Between<D>, Precision) -> Result<(AnyMade<D>, Option<Note>)> + Send,
    ) -> Result<()> {
        expect_extension(&self.output, "a field", FIELD)?;
        if let Some(path) = &self.plot {
            expect_extension(path, "a picture", FIGURE)?;
        }
        let read = self.like.clone().unwrap_or_default();
        distinct(&read, &[Some(&self.output), self.plot.as_ref()])?;
        let between = self.between::<D>()?;
        let precision = if self.dtype == Dtype::F64 { Precision::Double } else { Precision::Single };
        let mut report = Report::default();
        report.line("made", said.to_owned());
        report.fact("made", json!(said));
        let (made, note) = Progress::spin("making", || maker(&between, precision))?;
        if let Some((name, number, text)) = note {
            report.line(name, text);
            report.fact(name, json!(number));
        }
        match made {
            AnyMade::Single(made) => self.write(report, &made),
            AnyMade::Double(made) => self.write(report, &made),
        }
    }

    fn write<R: Real, const D: usize>(&self, mut report: Report, made: &Made<R, D>) -> Result<()>
    where
        AnyData: From<Vec<R>>,
    {
        let valid = made.valid.as_slice();
        let missing = valid.iter().filter(|valid| !**valid).count();
        if missing > 0 {
            report.line("no place", format!("{missing} of {} pixels: NaN", valid.len()));
        }
        report.fact("pixels_without_place", json!(missing));
        report.sum_up(&made.field.view());
        let between = made.field.between();
        let mut shape: Vec<usize> = between.destination().iter().rev().copied().collect();
        shape.push(D);
        // Drawn before anything is written: what cannot be drawn leaves no files.
        let style = self.figure.style.unwrap_or(Style::Lattice);
        let picture = self.plot.as_ref().map(|_| self.figure.picture(&made.field.view(), style)).transpose()?;
        write_field(&self.output, shape, made.field.as_slice().to_vec(), None, between, None)?;
        report.wrote("field", &self.output);
        if let (Some(picture), Some(path)) = (&picture, &self.plot) {
            save(picture, path)?;
            report.wrote("picture", path);
        }
        report.print(self.json)
    }
}

/// A number to report: its name, the number, and what people read.
pub(crate) type Note = (&'static str, f64, String);

/// What the field's numbers are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    Single,
    Double,
}

/// A field of either.
pub(crate) enum AnyMade<const D: usize> {
    Single(Made<f32, D>),
    Double(Made<f64, D>),
}
