//! What is in a file.

use crate::args::{FromArgs, ImagesArgs, LatticeArgs, Meaning};
use crate::failure::{Failure, Result};
use crate::input::{Stored, field_of, locations, read};
use crate::report::{OnTerminal, Report, shape_text};
use clap::ValueEnum;
use displace::{
    AnyArray, Arithmetic, Convention, FieldView, Grid, GuessInput, Location, Unit, View, displacement, folding, guess, with_data,
    with_floats,
};
use displace_io::{Contents, StoredField, Transform};
use serde_json::json;
use std::path::PathBuf;

/// What a file holds: shape, dtype, range, and for a field or grid the whole report
#[derive(clap::Args)]
pub(crate) struct Args {
    /// An image, an array (.npy) or an archive (.npz)
    file: PathBuf,

    /// Read an array as a sampling grid (with -s) or as displacements, and report on the field
    #[arg(long = "as", value_enum, value_name = "MEANING")]
    meaning: Option<FieldMeaning>,

    /// What the numbers are by the name of any convention (displace convert --list); the report is on the field that they become
    #[arg(long, value_name = "CONVENTION", conflicts_with = "meaning")]
    from: Option<Convention>,

    #[command(flatten)]
    images: ImagesArgs,

    #[command(flatten)]
    lattice: LatticeArgs,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FieldMeaning {
    /// torch's sampling grid: normalised locations, x first
    Grid,
    /// displacements in source pixels, x first
    Displacement,
    /// absolute source pixels, x first, centres at integers (OpenCV's remap)
    Pixel,
}

impl From<FieldMeaning> for Meaning {
    fn from(meaning: FieldMeaning) -> Self {
        match meaning {
            FieldMeaning::Grid => Self::Grid,
            FieldMeaning::Displacement => Self::Displacement,
            FieldMeaning::Pixel => Self::Pixel,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut report = Report::default();
    report.line("file", args.file.display().to_string());
    report.fact("file", json!(args.file.display().to_string()));
    let contents = read(&args.file)?;
    match &contents {
        Contents::Image(image) => {
            report.line("holds", "an image, rows first");
            describe(&mut report, image);
            if args.from.is_none() {
                return report.print(args.json);
            }
        }
        Contents::Archive(members) => {
            let names: Vec<String> =
                members.iter().map(|(name, array)| format!("{name}: {} {}", array.dtype(), shape_text(array.shape()))).collect();
            report.line("holds", format!("an archive of {} arrays: {}", members.len(), names.join(", ")));
            report.fact("members", json!(names));
            let known = members.len() == 1 || members.iter().any(|(name, _)| name == displace_io::DISPLACEMENT);
            if !known && args.meaning.is_none() {
                return report.print(args.json);
            }
        }
        Contents::Volume(volume) => {
            report.line("holds", "an image that knows where its pixels lie");
            describe(&mut report, &volume.array);
            report.placement(&volume.placement);
            return report.print(args.json);
        }
        Contents::Transform(transform) => {
            report.line("holds", "a map of places in mm, LPS, from output to input");
            of_transform(&mut report, transform, 0);
            return report.print(args.json);
        }
        Contents::Field(field) => {
            of_field(&mut report, field);
            describe(&mut report, &field.array);
            let own = field.readings.len() == 1 && matches!(field.readings[0].unit, Unit::SourcePixels);
            if !own && args.from.is_none() && !args.images.any() {
                return report.print(args.json);
            }
        }
        Contents::Array(array) => {
            report.line("holds", "an array");
            describe(&mut report, array);
        }
    }
    let pixel = matches!(args.meaning, Some(FieldMeaning::Pixel)).then(|| "pixel_map".parse().ok()).flatten();
    let from = FromArgs { from: args.from.or(pixel), images: args.images.clone() };
    let array = match &contents {
        Contents::Array(array) | Contents::Image(array) => Some(array),
        Contents::Field(field) => Some(&field.array),
        _ => None,
    };
    if let Some(array) = array {
        doubts(&mut report, args, array, &contents, from.from);
    }
    if from.from.is_some() || matches!(contents, Contents::Field(_)) {
        let stored = field_of(&args.file, contents, &from, &args.lattice)?;
        if let Some(from) = from.from {
            report.line("meaning", format!("{from}: {}; what follows is the field it makes", from.describe()));
        }
        return args.field(&stored, Meaning::Displacement, report);
    }
    let archive = matches!(contents, Contents::Archive(_));
    let stored = locations(&args.file, contents)?;
    if archive {
        describe(&mut report, &stored.array);
    }
    let meaning = match (stored.meaning, args.meaning) {
        (None, None) => {
            if stored.components().is_ok() && stored.array.dtype().is_float() {
                let advice = "may hold locations: add --as grid -s HxW, --as displacement, --as pixel, or --from with any convention, for \
                              a report on the field";
                report.line("meaning", advice);
            }
            return report.print(args.json);
        }
        (_, asked) => stored.meaning(asked.map(Into::into))?,
    };
    args.field(&stored, meaning, report)
}

impl Args {
    /// The report on a field.
    fn field(&self, stored: &Stored, meaning: Meaning, mut report: Report) -> Result<()> {
        let other = |found| Err(stored.not_floats(found));
        match stored.components()? {
            2 => {
                with_floats!(stored.array.data(), v => field::<_, 2>(self, stored, v, meaning, &mut report), found => other(found))
            }
            _ => {
                with_floats!(stored.array.data(), v => field::<_, 3>(self, stored, v, meaning, &mut report), found => other(found))
            }
        }?;
        report.print(self.json)
    }
}

/// What speaks against what the numbers are said to be.
fn doubts(report: &mut Report, args: &Args, array: &AnyArray, contents: &Contents, from: Option<Convention>) {
    let said = match args.meaning {
        Some(FieldMeaning::Grid) if args.lattice.align_corners => Some("torch_grid_aligned"),
        Some(FieldMeaning::Grid) => Some("torch_grid"),
        Some(FieldMeaning::Displacement) => Some("flow"),
        Some(FieldMeaning::Pixel) | None => None,
    };
    let (file, here) = match contents {
        Contents::Field(field) if field.readings.len() == 1 => (field.readings.first().copied(), field.placement.as_ref()),
        Contents::Field(field) => (None, field.placement.as_ref()),
        _ => (None, None),
    };
    let declared = from.or_else(|| said.and_then(|name| name.parse().ok())).or(file);
    let input_size = args.lattice.input_size.as_ref().map(|size| size.0.as_slice());
    // What cannot be guessed from has no doubts either: the report itself says what does not fit.
    if declared.is_some()
        && let Ok(found) = guess(&GuessInput { declared, input_size, here, ..GuessInput::new(array) })
    {
        report.findings(&found.findings);
    }
}

/// What a file says of its numbers.
fn of_field(report: &mut Report, field: &StoredField) {
    report.line("holds", "numbers that say where pixels go");
    match field.readings.as_slice() {
        [only] => report.line("meaning", format!("{only}: {}", only.describe())),
        several => {
            for reading in several {
                report.line("may be", format!("{reading}: {}", reading.describe()));
            }
        }
    }
    report.fact("readings", json!(field.readings.iter().map(ToString::to_string).collect::<Vec<_>>()));
    for remark in &field.remarks {
        report.line("header", remark.clone());
    }
    if let Some(valid) = &field.valid {
        report.valid(valid);
    }
    if let Some(placement) = &field.placement {
        report.placement(placement);
    }
}

fn of_transform(report: &mut Report, transform: &Transform, depth: usize) {
    let indent = "  ".repeat(depth);
    match transform {
        Transform::Affine(affine) => {
            report.line("affine", format!("{indent}matrix {:?}, offset {:?}", affine.matrix, affine.offset));
        }
        Transform::Field(field) => {
            let text = format!("{indent}{} {}", field.array.dtype(), shape_text(field.array.shape()));
            report.line("field", text);
        }
        Transform::Composite(all) => {
            report.line("composite", format!("{indent}{} transforms, the last is applied first", all.len()));
            for one in all {
                of_transform(report, one, depth + 1);
            }
        }
    }
}

/// Shape, dtype, range and what is not finite.
fn describe(report: &mut Report, array: &AnyArray) {
    with_data!(array.data(), v => report.array(array.shape(), v));
}

fn field<L: Location, const D: usize>(
    args: &Args,
    stored: &Stored,
    numbers: &[L],
    meaning: Meaning,
    report: &mut Report,
) -> Result<()> {
    let fail = |e: &dyn std::fmt::Display| Failure::file(&stored.path, e);
    let shape = stored.shape::<D>();
    let view = View::interleaved(numbers, shape).map_err(|e| fail(&e))?;
    let lattice = stored.complete(&args.lattice)?;
    let rest_needed = |e: &dyn std::fmt::Display| Failure::usage(format!("{e}: add --rest index or --rest extent"));
    if meaning == Meaning::Grid {
        let source = lattice.lattice(None)?;
        let grid = Grid::new(view, source).map_err(|e| fail(&e))?;
        report.line("meaning", "a sampling grid; what follows is the displacement it asks for");
        let field = displacement(&grid, lattice.rest, Arithmetic::Exact).map_err(|e| rest_needed(&e))?;
        report.sum_up(&field.view());
        report.determinants(&folding(&field.view()).map_err(|e| fail(&e))?);
        report.grid_noise(source.axes(), L::DTYPE);
    } else {
        let known = if stored.described.is_some() || lattice.input_size.is_some() {
            ""
        } else {
            "; source size taken to be the field's own"
        };
        report.line("meaning", format!("a displacement field{known}"));
        let source = lattice.lattice(Some(shape.size)).map_err(|e| fail(&e))?;
        let field = FieldView::new(view, source, lattice.rest).map_err(|e| rest_needed(&e))?;
        report.sum_up(&field);
        report.determinants(&folding(&field).map_err(|e| fail(&e))?);
    }
    Ok(())
}
