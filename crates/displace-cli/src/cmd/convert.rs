//! From one convention and file to another.

use crate::args::Size;
use crate::failure::{Failure, Result};
use crate::input::{pixels, read, refused};
use crate::output::distinct;
use crate::progress::Progress;
use crate::report::{OnTerminal, Report, shape_text};
use clap::ValueEnum;
use displace::{Between, Convention, Extent, Lattice, Rest};
use displace_io::{
    Contents, Conversion, Converted, Format, Pixels, Precision, SourcePixels, WriteOptions, holds_transforms, write_transform,
};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Numbers of one convention and file as those of another
///
/// Nothing is guessed: what the file does not say is named, by --from, --source, --reference, --rest. A convention is a preset and
/// what differs from it, such as flow,order=ij,layout=first; `displace convert --list` shows the presets.
#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    /// A field, grid, map or transform of any format that is read
    #[arg(required_unless_present = "list")]
    input: Option<PathBuf>,

    /// Where the result goes; the name's end says the format
    #[arg(required_unless_present = "list")]
    output: Option<PathBuf>,

    /// What the numbers are, if the file does not say it
    #[arg(long, value_name = "CONVENTION")]
    from: Option<Convention>,

    /// What the numbers are to be; may be left out where the format has only one convention
    #[arg(long, value_name = "CONVENTION")]
    to: Option<Convention>,

    /// Size of the image that is read: HxW (rows x columns) or DxHxW
    #[arg(short = 's', long, value_name = "HxW", conflicts_with = "source")]
    input_size: Option<Size>,

    /// The image that is read (moving, input): a file that has its size and place; or "same", if it has the field's own pixels
    #[arg(long, value_name = "FILE|same")]
    source: Option<String>,

    /// An image with the field's own pixels (fixed, reference), where the file does not place them or is a transform
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,

    /// What counts as no displacement when sizes differ: the same pixel "index", or the same place in the "extent"
    #[arg(long, value_name = "index|extent")]
    rest: Option<Rest>,

    /// What the ends of the image are that --rest extent counts by: the outer edges of its end pixels, or their centres
    #[arg(long, value_enum)]
    extent: Option<Ends>,

    /// Work out the inverse map, if one convention is pull and the other push
    #[arg(long)]
    invert: bool,

    /// Number type of the result: that of the file, but f64 where f32 numbers would not come back the same ("lossless")
    #[arg(long, value_enum, default_value = "lossless")]
    dtype: Type,

    /// List the conventions that have a name
    #[arg(long, exclusive = true)]
    list: bool,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Ends {
    Edges,
    Centers,
}

#[derive(Clone, Copy, ValueEnum)]
enum Type {
    Lossless,
    Same,
    F32,
    F64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let (Some(input), Some(output)) = (&args.input, &args.output) else {
        let mut report = Report::default();
        for preset in displace::PRESETS {
            report.line(preset.name, preset.about);
        }
        return report.print(false);
    };
    let whole = holds_transforms(output) && args.to.is_none();
    let format = Format::of(output).map_err(|e| Failure::usage(e.to_string()));
    if !whole {
        format.as_ref().map_err(|e| Failure::usage(e.to_string()))?;
    }
    distinct(input, &[Some(output)])?;
    let contents = read(input)?;
    let mut report = Report::default();
    report.line("read", format!("{}: {}", input.display(), what(&contents)));
    report.fact("read", json!(input.display().to_string()));
    let transform = match &contents {
        // From one of ITK's forms to another: no pixels take part.
        Contents::Transform(transform) if args.reference.is_none() => Some(transform.clone()),
        other if whole => args.conversion(None)?.matrix(other).map_err(refused(input))?,
        _ => None,
    };
    if let (true, Some(transform)) = (whole, &transform) {
        if let (Contents::Transform(_), Some(option)) = (&contents, args.of_fields()) {
            return Err(Failure::usage(format!(
                "{option} takes no part where a transform is written as it is: name an image by --reference, and it becomes a field"
            )));
        }
        write_transform(output, transform)?;
        report.wrote("wrote", output);
        return report.print(args.json);
    }
    let format = format?;
    let conversion = args.conversion(Some(format))?;
    let converted = Progress::spin("converting", || conversion.run(contents)).map_err(refused(input))?;
    report.conversion(&converted);
    write(output, format, &converted)?;
    report.wrote("wrote", output);
    report.print(args.json)
}

/// What a file holds, in a few words.
fn what(contents: &Contents) -> String {
    let array = |array: &displace::AnyArray| format!("{} {}", array.dtype(), shape_text(array.shape()));
    match contents {
        Contents::Array(a) => format!("an array, {}", array(a)),
        Contents::Archive(members) => format!("an archive of {} arrays", members.len()),
        Contents::Image(a) => format!("an image, {}", array(a)),
        Contents::Volume(volume) => format!("an image that knows its place, {}", array(&volume.array)),
        Contents::Field(field) => format!("numbers that say where pixels go, {}", array(&field.array)),
        Contents::Transform(_) => "a transform of places in mm".into(),
    }
}

impl Args {
    /// An option that is about numbers at pixels.
    fn of_fields(&self) -> Option<&'static str> {
        let given = [
            ("--from", self.from.is_some()),
            ("--invert", self.invert),
            ("--dtype", !matches!(self.dtype, Type::Lossless)),
            ("--source", self.source.is_some()),
            ("--input-size", self.input_size.is_some()),
            ("--rest", self.rest.is_some()),
            ("--extent", self.extent.is_some()),
        ];
        given.into_iter().find_map(|(option, given)| given.then_some(option))
    }

    fn conversion(&self, format: Option<Format>) -> Result<Conversion> {
        let source = match (&self.source, &self.input_size) {
            (Some(same), _) if same == "same" => SourcePixels::Same,
            (Some(path), _) => SourcePixels::Known(pixels(Path::new(path))?),
            (None, Some(size)) => SourcePixels::Known(Pixels { size: size.0.clone(), placement: None }),
            (None, None) => SourcePixels::Unknown,
        };
        Ok(Conversion {
            from: self.from,
            to: self.to,
            format,
            source,
            reference: self.reference.as_deref().map(pixels).transpose()?,
            rest: self.rest,
            extent: self.extent.map(|ends| Extent::from_align_corners(ends == Ends::Centers)),
            // The archive keeps it.
            rest_of_result: (format == Some(Format::Npz)).then_some(Rest::Index),
            invert: self.invert,
            precision: match self.dtype {
                Type::Lossless => Precision::Lossless,
                Type::Same => Precision::Same,
                Type::F32 => Precision::Single,
                Type::F64 => Precision::Double,
            },
        })
    }
}

fn write(output: &Path, format: Format, converted: &Converted) -> Result<()> {
    let progress = Progress::new(format!("writing {}", output.display()));
    let observe = |done, total| progress.at(done, total);
    let options = WriteOptions { progress: Some(&observe), ..WriteOptions::default() };
    if format != Format::Npz {
        return Ok(displace_io::write_field(output, &converted.field, &options)?);
    }
    match converted.axes.axes {
        2 => npz::<2>(output, converted),
        _ => npz::<3>(output, converted),
    }
}

/// A field of the library's own, with what gives it meaning.
fn npz<const D: usize>(output: &Path, converted: &Converted) -> Result<()> {
    let size = converted.input_size.clone().unwrap_or_default();
    let size: [usize; D] = size.try_into().map_err(|_| Failure::usage("sizes that do not fit"))?;
    let lattice = Lattice::from_shape(size, converted.extent).map_err(Failure::usage)?;
    let destination: [usize; D] = std::array::from_fn(|k| converted.axes.size[k]);
    let between = Between::new(lattice, destination, Some(converted.rest)).map_err(Failure::usage)?;
    let (shape, data) = converted.field.array.clone().into_parts();
    crate::output::write_field(output, shape, data, None, &between, converted.field.placement.as_ref())
}
