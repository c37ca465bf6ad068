//! Image and grid or field to warped image.

use crate::args::{LatticeArgs, Meaning, SamplerArgs};
use crate::failure::{Failure, Result};
use crate::input::{Stored, flow, locations, read};
use crate::output::{array, expect_extension, extension};
use crate::progress::Progress;
use crate::report::{OnTerminal, Report, extent_text, shape_text};
use clap::ValueEnum;
use displace::{
    AnyArray, AnyData, Convention, Dense, FieldView, Grid, Layout, Location, Locations, Placement, Sample, Shape, View,
    sample_ewa_into, sample_into, with_data,
};
use displace_io::{Contents, Conversion, Pixels, Precision, SourcePixels, Volume, placement_of};
use serde_json::json;
use std::path::PathBuf;

/// Read an image through a sampling grid, a pixel map or a displacement field
///
/// torch's grid_sample forward, OpenCV's remap, a warp by optical flow: by what the locations are.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The image: PNG, JPEG, TIFF, EXR, NIfTI, MetaImage, NRRD or .npy
    image: PathBuf,

    /// Where it is read: .npy (say what it is with --as or --from), a field written by displace (.npz), or any field or transform that
    /// displace convert reads
    locations: PathBuf,

    /// Where the warped image goes: .png, .jpg, .tif, .npy, .nii, .nii.gz, .mha or .nrrd
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// What the locations are, if the file does not say
    #[arg(long = "as", value_enum, value_name = "MEANING")]
    meaning: Option<Meaning>,

    /// What the locations are, by a convention's name (displace convert --list), if the file does not say
    #[arg(long, value_name = "CONVENTION", conflicts_with = "meaning")]
    from: Option<Convention>,

    /// An image with the pixels of the result (fixed, reference), for transforms and arrays in mm
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,

    /// Order of an .npy image's axes, where its rank does not settle it (2-D: hw, 4-D: nchw; a volume: dhw, ncdhw)
    #[arg(long, value_enum)]
    layout: Option<Axes>,

    #[command(flatten)]
    lattice: LatticeArgs,

    #[command(flatten)]
    sampler: SamplerArgs,

    /// Average what each pixel of the result covers where the image shrinks, so that nothing aliases (images only)
    #[arg(long)]
    antialias: bool,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Ends of files that know where their pixels lie.
const VOLUMES: &[&str] = &["nii", "gz", "mha", "mhd", "nrrd"];

/// Ends of all files that images are written to.
const OUTPUTS: &[&str] = &["png", "jpg", "jpeg", "tif", "tiff", "npy", "nii", "gz", "mha", "mhd", "nrrd"];

/// Orders of axes, outermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Axes {
    Hw,
    Chw,
    Hwc,
    Nchw,
    Nhwc,
    Dhw,
    Cdhw,
    Dhwc,
    Ncdhw,
    Ndhwc,
}

impl Axes {
    fn letters(self) -> &'static str {
        match self {
            Self::Hw => "hw",
            Self::Chw => "chw",
            Self::Hwc => "hwc",
            Self::Nchw => "nchw",
            Self::Nhwc => "nhwc",
            Self::Dhw => "dhw",
            Self::Cdhw => "cdhw",
            Self::Dhwc => "dhwc",
            Self::Ncdhw => "ncdhw",
            Self::Ndhwc => "ndhwc",
        }
    }

    /// What a rank settles for an array read with locations of `axes` components.
    fn of_rank(rank: usize, axes: usize) -> Option<Self> {
        match (axes, rank) {
            (2, 2) => Some(Self::Hw),
            (2, 4) => Some(Self::Nchw),
            (3, 3) => Some(Self::Dhw),
            (3, 5) => Some(Self::Ncdhw),
            _ => None,
        }
    }

    fn layout(self) -> Layout {
        if self.letters().ends_with('c') { Layout::Interleaved } else { Layout::Planar }
    }

    fn shape<const D: usize>(self, lens: &[usize]) -> Shape<D> {
        let of = |letter: char| self.letters().find(letter).map_or(1, |at| lens[at]);
        Shape { n: of('n'), c: of('c'), size: std::array::from_fn(|k| of(['w', 'h', 'd'][k])) }
    }

    /// The array shape of a result.
    fn lens<const D: usize>(self, shape: Shape<D>) -> Vec<usize> {
        let of = |letter| match letter {
            'n' => shape.n,
            'c' => shape.c,
            'w' => shape.size[0],
            'h' => shape.size[1],
            _ => shape.size[D - 1],
        };
        self.letters().chars().map(of).collect()
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    expect_extension(&args.output, "a warped image", OUTPUTS)?;
    args.sampler.sampler()?;
    let contents = read(&args.image)?;
    let pixels = Pixels::of(&contents);
    // A file of as many channels as axes may be a field or an image: here it is the image.
    let contents = match contents {
        Contents::Field(field) => Volume::of_field(&field).map_or(Contents::Field(field), Contents::Volume),
        other => other,
    };
    let (image, own) = match contents {
        Contents::Image(image) => {
            let axes = if image.shape().len() == 2 { Axes::Hw } else { Axes::Hwc };
            (image, Some(axes))
        }
        Contents::Volume(volume) => {
            let axes = match (volume.placement.axes(), volume.channels) {
                (2, 1) => Axes::Hw,
                (2, _) => Axes::Hwc,
                (_, 1) => Axes::Dhw,
                _ => Axes::Dhwc,
            };
            (volume.array, Some(axes))
        }
        Contents::Array(image) => (image, None),
        Contents::Archive(_) | Contents::Field(_) | Contents::Transform(_) => {
            return Err(Failure::file(&args.image, "no image: PNG, JPEG, TIFF, EXR, NIfTI, MetaImage, NRRD or .npy is expected"));
        }
    };
    let contents = read(&args.locations)?;
    let foreign = args.from.is_some() || matches!(contents, Contents::Field(_) | Contents::Transform(_));
    let (stored, placement) = if foreign {
        let reference = args.reference.as_deref().map(crate::input::pixels).transpose()?;
        let source = pixels.map_or(SourcePixels::Unknown, SourcePixels::Known);
        let (from, rest, extent) = (args.from, args.lattice.rest, Some(args.lattice.extent()));
        // In f64: what is worked out from mm is then as good as the numbers were.
        let conversion =
            Conversion { from, source, reference, rest, extent, precision: Precision::Double, ..Conversion::default() };
        flow(&args.locations, contents, &conversion)?
    } else {
        let placement = match &contents {
            Contents::Archive(members) => placement_of(members).map_err(|e| Failure::file(&args.locations, e))?,
            _ => None,
        };
        (locations(&args.locations, contents)?, placement)
    };
    let mut report = Report::default();
    match stored.components()? {
        2 => args.warp::<2>(&image, own, &stored, placement, &mut report),
        _ => args.warp::<3>(&image, own, &stored, placement, &mut report),
    }?;
    report.print(args.json)
}

impl Args {
    fn axes<const D: usize>(&self, image: &AnyArray, own: Option<Axes>) -> Result<Axes> {
        let rank = image.shape().len();
        let axes = match (own, self.layout) {
            (Some(own), None) => own,
            (Some(_), Some(_)) => return Err(Failure::usage("--layout is for .npy images: an image file knows its own")),
            (None, Some(asked)) => asked,
            (None, None) => Axes::of_rank(rank, D).ok_or_else(|| {
                Failure::usage(format!(
                    "{}: an array of shape {} may have its channels first or last, or too few or many axes for {D}-D locations: add --layout, such as chw or hwc",
                    self.image.display(),
                    shape_text(image.shape())
                ))
            })?,
        };
        let spatial = axes.letters().chars().filter(|l| "dhw".contains(*l)).count();
        if axes.letters().len() != rank || spatial != D {
            return Err(Failure::usage(format!(
                "{}: the axes {} do not fit shape {} read with {D}-D locations",
                self.image.display(),
                axes.letters(),
                shape_text(image.shape())
            )));
        }
        Ok(axes)
    }

    fn warp<const D: usize>(
        &self,
        image: &AnyArray,
        own: Option<Axes>,
        stored: &Stored,
        placement: Option<Placement>,
        report: &mut Report,
    ) -> Result<()> {
        let axes = self.axes::<D>(image, own)?;
        let shape = axes.shape::<D>(image.shape());
        let meaning = stored.meaning(self.meaning)?;
        let lattice = stored.complete(&self.lattice)?;
        if lattice.input_size.is_some() && lattice.lattice::<D>(None)?.size() != shape.size {
            return Err(Failure::file(
                &self.image,
                format!(
                    "shape {}, but the locations are for a source of {}",
                    shape_text(image.shape()),
                    crate::report::sizes(&lattice.lattice::<D>(None)?.size())
                ),
            ));
        }
        report.line("image", format!("{}: {} {}", self.image.display(), image.dtype(), shape_text(image.shape())));
        let job = Job { args: self, stored, meaning, lattice, axes, shape };
        // Half precision widens exactly; the sampler would compute it in f32 anyway.
        let wide: Vec<f32>;
        let numbers = match stored.array.data() {
            AnyData::F16(v) => {
                wide = v.iter().map(|g| g.to_f32()).collect();
                Numbers::F32(&wide)
            }
            AnyData::BF16(v) => {
                wide = v.iter().map(|g| g.to_f32()).collect();
                Numbers::F32(&wide)
            }
            AnyData::F32(v) => Numbers::F32(v),
            AnyData::F64(v) => Numbers::F64(v),
            integers => return Err(stored.not_floats(integers.dtype())),
        };
        let (out, out_shape) = with_data!(image.data(), pixels => Progress::spin("warping", || {
            let (out, shape) = match numbers {
                Numbers::F32(numbers) => job.sample(pixels, numbers),
                Numbers::F64(numbers) => job.sample(pixels, numbers),
            }?;
            Ok::<_, Failure>((AnyData::from(out), shape))
        }))?;
        let what = match meaning {
            Meaning::Grid => format!("sampling grid; -1..+1 spans {}", extent_text(job.lattice.extent())),
            Meaning::Pixel => "absolute source pixels, x first".into(),
            Meaning::Displacement => "displacements in source pixels, x first".into(),
        };
        report.line(
            "locations",
            format!("{}: {} {}, {what}", stored.path.display(), stored.array.dtype(), shape_text(stored.array.shape())),
        );
        let antialiased = if self.antialias { ", antialiased" } else { "" };
        report.line("sampler", format!("mode {}, padding {}{antialiased}", self.sampler.mode, self.sampler.padding_mode));
        report.fact(
            "image",
            json!({"path": self.image.display().to_string(), "dtype": image.dtype().to_string(), "shape": image.shape()}),
        );
        report
            .fact("locations", json!({"path": stored.path.display().to_string(), "meaning": what, "shape": stored.array.shape()}));
        report.fact("mode", json!(self.sampler.mode));
        report.fact("padding_mode", json!(self.sampler.padding_mode));
        report.fact("antialias", json!(self.antialias));
        self.write(out, axes, out_shape, placement)?;
        report.wrote("warped", &self.output);
        Ok(())
    }

    fn write<const D: usize>(&self, out: AnyData, axes: Axes, shape: Shape<D>, placement: Option<Placement>) -> Result<()> {
        // A batch of locations makes a batch of images even of one.
        let axes = match (shape.n, axes) {
            (1, axes) => axes,
            (_, Axes::Hw | Axes::Chw) => Axes::Nchw,
            (_, Axes::Hwc) => Axes::Nhwc,
            (_, Axes::Dhw | Axes::Cdhw) => Axes::Ncdhw,
            (_, Axes::Dhwc) => Axes::Ndhwc,
            (_, axes) => axes,
        };
        let result = array(axes.lens(shape), out);
        if extension(&self.output) == "npy" {
            return Ok(displace_io::write_npy(&self.output, &result)?);
        }
        if VOLUMES.contains(&extension(&self.output).as_str()) {
            let channels = if axes.letters().ends_with('c') { shape.c } else { 1 };
            if shape.n > 1 || axes.letters().starts_with('c') {
                return Err(Failure::usage(format!(
                    "{}: a result with the axes {} is written as .npy",
                    self.output.display(),
                    axes.letters()
                )));
            }
            let Some(placement) = placement else {
                return Err(Failure::usage(format!(
                    "{}: nothing says where the pixels of the result lie: write .npy, or name a field that knows (--from, --reference)",
                    self.output.display()
                )));
            };
            return Ok(displace_io::write_volume(&self.output, &Volume { array: result, placement, channels })?);
        }
        let picture = match axes {
            Axes::Hw | Axes::Hwc => result,
            _ => {
                return Err(Failure::usage(format!(
                    "{}: a result with the axes {} is written as .npy",
                    self.output.display(),
                    axes.letters()
                )));
            }
        };
        Ok(displace_io::write_image(&self.output, &picture)?)
    }
}

/// Locations in the types that they are computed in.
enum Numbers<'n> {
    F32(&'n [f32]),
    F64(&'n [f64]),
}

struct Job<'j, const D: usize> {
    args: &'j Args,
    stored: &'j Stored,
    meaning: Meaning,
    lattice: LatticeArgs,
    axes: Axes,
    shape: Shape<D>,
}

impl<const D: usize> Job<'_, D> {
    fn sample<T: Sample, L: Location>(&self, pixels: &[T], numbers: &[L]) -> Result<(Vec<T>, Shape<D>)> {
        let fail = |e: &dyn std::fmt::Display| Failure::file(&self.stored.path, e);
        let image = View::dense(pixels, self.shape, self.axes.layout()).map_err(|e| Failure::file(&self.args.image, e))?;
        let source = self.lattice.lattice(Some(self.shape.size)).map_err(|e| Failure::file(&self.args.image, e))?;
        let view = View::interleaved(numbers, self.stored.shape::<D>()).map_err(|e| fail(&e))?;
        let at: Locations<'_, L, D> = match self.meaning {
            Meaning::Grid => Grid::new(view, source).map_err(|e| fail(&e))?.into(),
            Meaning::Pixel => Locations::pixels(view, source).map_err(|e| fail(&e))?,
            Meaning::Displacement => FieldView::new(view, source, self.lattice.rest)
                .map_err(|e| Failure::usage(format!("{e}: add --rest index or --rest extent")))?
                .into(),
        };
        let n = self.shape.n.max(self.stored.shape::<D>().n);
        let shape = Shape { n, c: self.shape.c, size: at.destination() };
        let mut out = Dense::zeroed(shape, self.axes.layout()).map_err(|e| fail(&e))?;
        let (sampler, layout) = (self.args.sampler.sampler()?, self.axes.layout());
        if self.args.antialias {
            sample_ewa_into(&image, &at, sampler, layout, out.as_mut_slice()).map_err(|e| fail(&e))?;
        } else {
            sample_into(&image, &at, sampler, layout, out.as_mut_slice()).map_err(|e| fail(&e))?;
        }
        Ok((out.into_vec(), shape))
    }
}
