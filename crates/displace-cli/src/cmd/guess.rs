//! What numbers may mean.

use crate::args::Size;
use crate::failure::{Failure, Result};
use crate::input::read;
use crate::progress::Progress;
use crate::report::{OnTerminal, Report, shape_text};
use displace::{AnyArray, Convention, GuessInput, ImagePair, Placement, guess};
use displace_io::{Contents, FieldNotes, placement_of};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Which conventions numbers may have, with evidence
///
/// Numbers alone tell locations from displacements, often the extent and the layout; the sign, pull or push and x or y first take two images:
/// --source, and with it what the result looks like.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// An array, or any file with numbers that say where pixels go
    file: PathBuf,

    /// Size of the image that is read: HxW (rows x columns) or DxHxW
    #[arg(short = 's', long, value_name = "HxW")]
    input_size: Option<Size>,

    /// What somebody says the numbers are: the report says what speaks against it
    #[arg(long, value_name = "CONVENTION")]
    from: Option<Convention>,

    /// The image that is read
    #[arg(long, value_name = "IMAGE", requires = "destination")]
    source: Option<PathBuf>,

    /// What that image looks like when it is warped by the numbers: the other frame, the fixed image, or a sampler's output
    #[arg(long, value_name = "IMAGE", requires = "source")]
    destination: Option<PathBuf>,

    /// The destination is the very output of a sampler
    #[arg(long, requires = "destination")]
    recorded: bool,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let Known { array, here, declared, input_size } = numbers(&args.file)?;
    let source = args.source.as_deref().map(image).transpose()?;
    let destination = args.destination.as_deref().map(image).transpose()?;
    let pair = source.as_ref().zip(destination.as_ref()).map(|((source, _), (destination, _))| ImagePair {
        source,
        destination,
        recorded: args.recorded,
    });
    let there = source.as_ref().and_then(|(_, placement)| placement.as_ref());
    let input = GuessInput {
        input_size: args.input_size.as_ref().map(|size| size.0.as_slice()).or(input_size.as_deref()),
        declared: args.from.or(declared),
        pair,
        here: here.as_ref(),
        there,
        ..GuessInput::new(&array)
    };
    let found = Progress::spin("guessing", || guess(&input)).map_err(|e| Failure::file(&args.file, e))?;
    let mut report = Report::default();
    report.line("file", format!("{}: {} {}", args.file.display(), array.dtype(), shape_text(array.shape())));
    report.fact("file", json!(args.file.display().to_string()));
    report.guess(&found);
    if let Some(declared) = input.declared.filter(|_| found.findings.is_empty()) {
        report.line("declared", format!("{declared}: nothing speaks clearly against it"));
    }
    report.print(args.json)
}

/// The numbers, where their pixels lie, what the file says they are, and the size of what they read.
struct Known {
    array: AnyArray,
    here: Option<Placement>,
    declared: Option<Convention>,
    input_size: Option<Vec<usize>>,
}

fn numbers(path: &Path) -> Result<Known> {
    let bare = |array| Known { array, here: None, declared: None, input_size: None };
    match read(path)? {
        Contents::Array(array) | Contents::Image(array) => Ok(bare(array)),
        Contents::Field(field) => {
            let declared = if let [only] = field.readings.as_slice() { Some(*only) } else { None };
            Ok(Known { here: field.placement, declared, ..bare(field.array) })
        }
        Contents::Archive(mut members) if members.len() == 1 => Ok(bare(members.remove(0).1)),
        Contents::Archive(members) => {
            let notes = FieldNotes::from_members(&members).map_err(|e| Failure::file(path, e))?;
            let here = placement_of(&members).map_err(|e| Failure::file(path, e))?;
            let at = members.into_iter().find(|(name, _)| name == displace_io::DISPLACEMENT);
            let missing = || Failure::file(path, format!("several arrays and none is called \"{}\"", displace_io::DISPLACEMENT));
            let array = at.ok_or_else(missing)?.1;
            Ok(Known { array, here, declared: "flow".parse().ok(), input_size: notes.map(|notes| notes.input_size) })
        }
        Contents::Volume(_) => Err(Failure::file(path, "an image: numbers that say where pixels go are expected")),
        Contents::Transform(_) => Err(Failure::file(path, "a transform says what it is: nothing to guess")),
    }
}

/// An image, and where it lies.
fn image(path: &Path) -> Result<(AnyArray, Option<Placement>)> {
    match read(path)? {
        Contents::Image(array) | Contents::Array(array) => Ok((array, None)),
        Contents::Volume(volume) => Ok((volume.array, Some(volume.placement))),
        _ => Err(Failure::file(path, "no image")),
    }
}
