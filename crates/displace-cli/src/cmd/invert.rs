//! Where each source pixel goes.

use crate::args::{FromArgs, ImagesArgs, LatticeArgs, Meaning};
use crate::failure::{Failure, Result};
use crate::figure::{FIGURE, FigureArgs, Style, save};
use crate::input::{Stored, field_of, locations, read};
use crate::lattices::{NUMBERS, Numbers};
use crate::output::{FIELD, distinct, expect_extension, write_field};
use crate::progress::Progress;
use crate::report::{OnTerminal, Report, px, shape_text, sizes};
use clap::ValueEnum;
use displace::{
    AnyData, Branch, Convention, FieldView, Grid, Inverse, InvertOptions, Location, Locations, Method, Real, Stop, View, invert,
    with_floats,
};
use displace_io::Contents;
use displace_viz::HeatOptions;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Where each pixel of the source goes: the inverse of a field or grid, with a certificate
///
/// A field says where each destination pixel is read from. Its inverse says, for each source pixel, the place of the destination
/// that reads it, by solving every cell between destination pixels. Pixels that nobody reads are NaN.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The field (.npz), an .npy of what --as says, or - for standard input
    field: PathBuf,

    /// Where the inverse goes: .npz keeps size, extent and rest with it, .npy holds the bare numbers, - is standard output
    output: PathBuf,

    /// What the numbers of an array are, unless the file says
    #[arg(long = "as", value_enum, value_name = "MEANING")]
    meaning: Option<Meaning>,

    /// What the numbers are by the name of any convention (displace convert --list)
    #[arg(long, value_name = "CONVENTION", conflicts_with = "meaning")]
    from: Option<Convention>,

    #[command(flatten)]
    images: ImagesArgs,

    #[command(flatten)]
    lattice: LatticeArgs,

    /// Solve every cell, or iterate from each pixel
    #[arg(long, value_enum, default_value = "exact")]
    method: How,

    /// Which of several places is named: the one with the largest Jacobian, the shortest displacement, or the first
    #[arg(long, value_name = "BRANCH", default_value = "largest_jacobian", value_parser = ["largest_jacobian", "nearest", "first"])]
    branch: String,

    /// An iteration ends at this residual, in source pixels
    #[arg(long, value_name = "PX", allow_negative_numbers = true)]
    tolerance: Option<f64>,

    /// An iteration ends after so many steps
    #[arg(long, value_name = "N", default_value_t = 100)]
    steps: usize,

    /// How many places read each pixel: .npy, or a heat map as .png or .svg
    #[arg(long, value_name = "FILE")]
    count: Option<PathBuf>,

    /// By how much the map misses each pixel at its place: .npy, or a heat map as .png or .svg
    #[arg(long, value_name = "FILE")]
    residual: Option<PathBuf>,

    /// Draw the inverse as well
    #[arg(long, value_name = "PNG|SVG")]
    plot: Option<PathBuf>,

    #[command(flatten)]
    figure: FigureArgs,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum How {
    /// every cell: all places, counted
    Exact,
    /// Chen's fixed point: needs displacements that change by less than a pixel per pixel
    FixedPoint,
    /// Newton's method
    Newton,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    expect_extension(&args.output, "a field", FIELD)?;
    for path in args.count.iter().chain(&args.residual) {
        expect_extension(path, "numbers at pixels", NUMBERS)?;
    }
    if let Some(path) = &args.plot {
        expect_extension(path, "a picture", FIGURE)?;
    }
    distinct(&args.field, &[Some(&args.output), args.plot.as_ref(), args.count.as_ref(), args.residual.as_ref()])?;
    if let Some(tolerance) = args.tolerance.filter(|tolerance| !(tolerance.is_finite() && *tolerance > 0.0)) {
        return Err(Failure::usage(format!("--tolerance {tolerance}: expected a length above 0 in pixels")));
    }
    let contents = read(&args.field)?;
    let foreign = args.meaning.is_none() && matches!(contents, Contents::Field(_) | Contents::Transform(_));
    let stored = if foreign || args.from.is_some() || args.images.any() {
        field_of(&args.field, contents, &FromArgs { from: args.from, images: args.images.clone() }, &args.lattice)?
    } else {
        locations(&args.field, contents)?
    };
    match stored.components()? {
        2 => with_floats!(stored.array.data(), v => args.work::<_, 2>(&stored, v), found => Err(stored.not_floats(found))),
        _ => with_floats!(stored.array.data(), v => args.work::<_, 3>(&stored, v), found => Err(stored.not_floats(found))),
    }
}

impl Args {
    fn work<L: Location, const D: usize>(&self, stored: &Stored, numbers: &[L]) -> Result<()>
    where
        AnyData: From<Vec<L::Real>>,
    {
        let fail = |e: &dyn std::fmt::Display| Failure::file(&stored.path, e);
        let usage = |e: &dyn std::fmt::Display| Failure::usage(format!("{e}: add --rest index or --rest extent"));
        let lattice = stored.complete(&self.lattice)?;
        let shape = stored.shape::<D>();
        let view = View::interleaved(numbers, shape).map_err(|e| fail(&e))?;
        let meaning = stored.meaning(self.meaning)?;
        let at: Locations<'_, L, D> = match meaning {
            Meaning::Grid => Grid::new(view, lattice.lattice(None)?).map_err(|e| fail(&e))?.into(),
            Meaning::Pixel => Locations::pixels(view, lattice.lattice(None)?).map_err(|e| fail(&e))?,
            Meaning::Displacement => {
                let source = lattice.lattice(Some(shape.size)).map_err(|e| fail(&e))?;
                FieldView::new(view, source, lattice.rest).map_err(|e| usage(&e))?.into()
            }
        };
        let stop = Stop { tolerance: self.tolerance, steps: self.steps };
        let method = match self.method {
            How::Exact => Method::Exact,
            How::FixedPoint => Method::FixedPoint(stop),
            How::Newton => Method::Newton(stop),
        };
        let branch: Branch = self.branch.parse().map_err(Failure::usage)?;
        let options = InvertOptions { method, branch, rest: lattice.rest };
        let inverse = Progress::spin("inverting", || invert(&at, options)).map_err(|e| match e {
            displace::error::InvertError::Rest(e) => usage(&e),
            e => fail(&e),
        })?;
        let mut report = Report::default();
        let means = match meaning {
            Meaning::Grid => "a sampling grid",
            Meaning::Displacement => "a displacement field",
            Meaning::Pixel => "a map of absolute source pixels",
        };
        report.line("map", format!("{}: {} {}, {means}", stored.path.display(), L::DTYPE, shape_text(stored.array.shape())));
        self.describe(&mut report, &inverse);
        report.sum_up(&inverse.field.view());
        self.write(&mut report, &inverse, stored.is_batch(D))?;
        report.print(self.json)
    }

    fn describe<R: Real, const D: usize>(&self, report: &mut Report, inverse: &Inverse<R, D>) {
        let count = inverse.count.as_slice();
        let all = count.len();
        let of = |wanted: &dyn Fn(u32) -> bool| count.iter().filter(|count| wanted(**count)).count();
        let (missing, once, many) = (of(&|c| c == 0), of(&|c| c == 1), of(&|c| c > 1));
        let valid = inverse.valid.as_slice().iter().filter(|valid| **valid).count();
        let size = sizes(&inverse.field.between().destination());
        report.line("inverse", format!("of {size} source pixels {valid} have a certified place, {} have none", all - valid));
        let most = count.iter().max().copied().unwrap_or(0);
        report.line(
            "read by",
            if self.method == How::Exact {
                format!("nobody: {missing} pixels; one place: {once}; several (folds): {many}, up to {most}")
            } else {
                "one place at most was looked for; --method exact counts all".to_owned()
            },
        );
        let residuals = inverse.residual.as_slice().iter().zip(inverse.valid.as_slice()).filter(|(_, valid)| **valid);
        let (largest, sum) = residuals.fold((0.0f64, 0.0), |(largest, sum), (r, _)| (largest.max(r.to_f64()), sum + r.to_f64()));
        let mean = sum / valid.max(1) as f64;
        let text = match valid {
            0 => "none: no place is certified".to_owned(),
            _ => format!("largest {largest:.2e} px, mean {mean:.2e} px, of what the map reads at each place as stored"),
        };
        report.line("residual", text);
        let counted = self.method == How::Exact;
        report.fact("pixels_without_place", json!(missing));
        report.fact("pixels_with_several_places", json!(counted.then_some(many)));
        report.fact("most_places", json!(counted.then_some(most)));
        report.fact("valid", json!(valid));
        report.fact("largest_residual_px", json!((valid > 0).then_some(largest)));
        report.fact("mean_residual_px", json!((valid > 0).then_some(mean)));
        if let Some(convergence) = &inverse.convergence {
            let last = convergence.steps.last().copied().unwrap_or_default();
            report.line(
                "iteration",
                format!(
                    "{} of {} pixels converged in {} steps; the largest residual left is {} px",
                    convergence.converged,
                    convergence.pixels,
                    convergence.steps.len().saturating_sub(1),
                    px(last.largest)
                ),
            );
            report.fact("converged", json!(convergence.converged));
            report.fact("left_after_step", json!(convergence.steps.iter().map(|step| step.left).collect::<Vec<_>>()));
        }
    }

    fn write<R: Real, const D: usize>(&self, report: &mut Report, inverse: &Inverse<R, D>, batch: bool) -> Result<()>
    where
        AnyData: From<Vec<R>>,
    {
        let mut shape: Vec<usize> = inverse.count.shape().size.iter().rev().copied().collect();
        shape.insert(0, inverse.count.shape().n);
        // Everything is made before anything is written: what cannot be drawn leaves no files.
        let style = self.figure.style.unwrap_or(Style::Quiver);
        let plot = self.plot.as_ref().map(|_| self.figure.picture(&inverse.field.view(), style)).transpose()?;
        let numbers = |path: &Path, values: Vec<f64>, data: AnyData, title: &str, label: &str| {
            let caption = format!("The inverse of {}, at each source pixel.", self.field.display());
            let options = HeatOptions { title: title.into(), label: label.into(), caption, scale: None, mark_to: None };
            Numbers { shape: shape.clone(), values, batch }.ready(path, data, options, &self.figure.part)
        };
        let mut ready = Vec::new();
        if let Some(path) = &self.count {
            let count = inverse.count.as_slice();
            // Counts beyond 65535 are written as that.
            let stored: Vec<u16> = count.iter().map(|count| u16::try_from(*count).unwrap_or(u16::MAX)).collect();
            let values = count.iter().map(|count| f64::from(*count)).collect();
            ready.push(("count", path, numbers(path, values, stored.into(), "How many places read each pixel", "places")?));
        }
        if let Some(path) = &self.residual {
            let values = inverse.residual.as_slice().iter().map(|r| r.to_f64()).collect();
            let stored = inverse.residual.as_slice().to_vec().into();
            let title = "By how much the map misses each pixel";
            ready.push(("residual", path, numbers(path, values, stored, title, "residual (px)")?));
        }
        let between = *inverse.field.between();
        let all = [&shape[usize::from(!batch)..], &[D]].concat();
        write_field(&self.output, all, inverse.field.as_slice().to_vec(), None, &between, None)?;
        report.wrote("field", &self.output);
        if let (Some(picture), Some(path)) = (&plot, &self.plot) {
            save(picture, path)?;
            report.wrote("picture", path);
        }
        for (what, path, ready) in ready {
            ready.write(path)?;
            report.wrote(what, path);
        }
        Ok(())
    }
}
