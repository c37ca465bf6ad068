//! Grid to displacement field.

use crate::args::{LatticeArgs, SamplerArgs};
use crate::failure::{Failure, Result};
use crate::figure::{FIGURE, FigureArgs, Style};
use crate::input::{Stored, read_locations};
use crate::output::{FIELD, array, expect_extension, extension, write_field};
use crate::progress::Progress;
use crate::report::{OnTerminal, Report, shape_text};
use clap::ValueEnum;
use displace::{Arithmetic, Field, Grid, Location, Real, View, displacement, effective_displacement, with_floats};
use serde_json::json;
use std::path::PathBuf;

/// The displacement of every pixel under a torch sampling grid
///
/// GRID is an .npy of shape (N, H, W, 2) or (N, D, H, W, 3): normalised locations, x first, as torch.nn.functional.grid_sample
/// takes them. The result is the correctly rounded displacement in source pixels.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The sampling grid (.npy, or an .npz with one array)
    grid: PathBuf,

    #[command(flatten)]
    lattice: LatticeArgs,

    /// Where the field goes: .npz keeps size, extent and rest with it, .npy holds the bare numbers
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What the grid stands for exactly, rounded once; or what torch's own arithmetic makes of it
    #[arg(long, value_enum, default_value = "exact")]
    arithmetic: Rounding,

    /// Where the sampler really reads, after padding (and rounding, for nearest), instead of where the grid asks
    #[arg(long, conflicts_with = "arithmetic")]
    effective: bool,

    #[command(flatten)]
    sampler: SamplerArgs,

    /// Write the share of each pixel that is read from inside the image (.npy), with --effective
    #[arg(long, value_name = "FILE", requires = "effective")]
    coverage: Option<PathBuf>,

    /// Draw the field (.png or .svg)
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,

    #[command(flatten)]
    figure: FigureArgs,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Rounding {
    Exact,
    Torch,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    args.check()?;
    let stored = read_locations(&args.grid)?;
    if stored.meaning.is_some() {
        return Err(Failure::file(&stored.path, "a displacement field already; see displace info"));
    }
    let mut report = Report::default();
    match stored.components()? {
        2 => {
            with_floats!(stored.array.data(), v => args.work::<_, 2>(&stored, v, &mut report), found => Err(stored.not_floats(found)))
        }
        _ => {
            with_floats!(stored.array.data(), v => args.work::<_, 3>(&stored, v, &mut report), found => Err(stored.not_floats(found)))
        }
    }?;
    report.print(args.json)
}

impl Args {
    /// What can be refused before anything is read.
    fn check(&self) -> Result<()> {
        if let Some(path) = &self.output {
            expect_extension(path, "a field", FIELD)?;
        }
        if let Some(path) = &self.plot {
            expect_extension(path, "a picture", FIGURE)?;
        }
        if let Some(path) = &self.coverage {
            expect_extension(path, "coverage", &["npy"])?;
        }
        let sampler = self.sampler.sampler()?;
        if !self.effective && sampler != displace::Sampler::default() {
            return Err(Failure::usage("--mode, --padding-mode and --fill say where the sampler really reads: add --effective"));
        }
        Ok(())
    }

    fn work<L: Location, const D: usize>(&self, stored: &Stored, numbers: &[L], report: &mut Report) -> Result<()>
    where
        displace::AnyData: From<Vec<L::Real>>,
    {
        let fail = |e: &dyn std::fmt::Display| Failure::file(&stored.path, e);
        let shape = stored.shape::<D>();
        let lattice = self.lattice.lattice(None)?;
        let grid = Grid::new(View::interleaved(numbers, shape).map_err(|e| fail(&e))?, lattice).map_err(|e| fail(&e))?;
        grid.between(self.lattice.rest).map_err(|e| Failure::usage(format!("{e}: add --rest index or --rest extent")))?;
        report.line(
            "grid",
            format!("{}: {} {}, normalised, x first", stored.path.display(), L::DTYPE, shape_text(stored.array.shape())),
        );
        report.fact(
            "grid",
            json!({"path": stored.path.display().to_string(), "dtype": L::DTYPE.to_string(), "shape": stored.array.shape()}),
        );

        let mut coverage = None;
        let field: Field<L::Real, D> = Progress::spin("displacing", || {
            if self.effective {
                let effective = effective_displacement(&grid, self.lattice.rest, self.sampler.sampler()?).map_err(|e| fail(&e))?;
                coverage = Some(effective.coverage.into_vec());
                return Ok(effective.field);
            }
            let arithmetic = match self.arithmetic {
                Rounding::Exact => Arithmetic::Exact,
                Rounding::Torch => Arithmetic::Torch,
            };
            displacement(&grid, self.lattice.rest, arithmetic).map_err(|e| fail(&e))
        })?;
        self.describe(report, coverage.as_deref());
        report.sum_up(&field.view());
        report.grid_noise(lattice.axes(), L::DTYPE);

        let between = *field.between();
        if let Some(path) = &self.plot {
            let style = self.figure.style.unwrap_or(Style::Quiver);
            self.figure.draw(&field.view(), style, path)?;
            report.wrote("picture", path);
        }
        if let Some(path) = &self.coverage {
            let spatial = stored.array.shape()[..stored.array.shape().len() - 1].to_vec();
            displace_io::write_npy(path, &array(spatial, coverage.clone().unwrap_or_default()))?;
            report.wrote("coverage", path);
        }
        if let Some(path) = &self.output {
            let coverage = coverage.filter(|_| extension(path) == "npz").map(Into::into);
            write_field(path, stored.array.shape().to_vec(), field.into_vec(), coverage, &between, None)?;
            report.wrote("field", path);
        }
        Ok(())
    }

    fn describe<R: Real>(&self, report: &mut Report, coverage: Option<&[R]>) {
        let Some(coverage) = coverage else {
            let text = match self.arithmetic {
                Rounding::Exact => "requested, exact: correctly rounded, before padding",
                Rounding::Torch => "requested, as torch's arithmetic on x86-64 has it, before padding",
            };
            report.line("displacement", text);
            report.fact("displacement", json!(text));
            return;
        };
        let count = |wanted: fn(f64) -> bool| coverage.iter().filter(|c| wanted(c.to_f64())).count();
        let (whole, none) = (count(|c| c == 1.0), count(|c| c == 0.0));
        let partly = coverage.len() - whole - none;
        let text =
            format!("effective, mode {}, padding {}: where the sampler really reads", self.sampler.mode, self.sampler.padding_mode);
        report.line("displacement", text.clone());
        report.line("coverage", format!("{whole} pixels read inside only, {partly} partly, {none} read nothing"));
        report.fact("displacement", json!(text));
        report.fact("coverage", json!({"whole": whole, "partly": partly, "none": none}));
    }
}
