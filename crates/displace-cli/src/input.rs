//! What a file holds, once it is known what its numbers mean.

use crate::args::{FromArgs, LatticeArgs, Meaning, Size};
use crate::failure::{Failure, Result};
use crate::output::is_pipe;
use crate::progress::Progress;
use displace::{AnyArray, Convention, Placement, Rest, Shape};
use displace_io::{
    Contents, Conversion, ConversionError, DISPLACEMENT, FieldNotes, Pixels, Precision, ReadOptions, SourcePixels, StoredField,
};
use std::path::{Path, PathBuf};

/// Locations from a file: the numbers, what they mean, and what the file says of the lattices they belong to.
pub(crate) struct Stored {
    pub(crate) path: PathBuf,
    pub(crate) array: AnyArray,
    pub(crate) meaning: Option<Meaning>,
    pub(crate) described: Option<FieldNotes>,
}

/// Reads a file of any kind, or standard input for `-`, with a progress bar if that takes long.
pub(crate) fn read(path: &Path) -> Result<Contents> {
    let progress = Progress::new(format!("reading {}", path.display()));
    let observe = |done, total| progress.at(done, total);
    let options = ReadOptions { progress: Some(&observe), ..ReadOptions::default() };
    if is_pipe(path) {
        return Ok(displace_io::read_stream(std::io::stdin().lock(), "standard input", &options)?);
    }
    Ok(displace_io::read_with(path, &options)?)
}

/// Reads locations: an array, or an archive that holds a field or a single array.
pub(crate) fn read_locations(path: &Path) -> Result<Stored> {
    locations(path, read(path)?)
}

/// Reads a field of any convention and file as displacements in source pixels. What the file does not say is named, never guessed.
pub(crate) fn read_field(path: &Path, from: &FromArgs, lattice: &LatticeArgs) -> Result<Stored> {
    field_of(path, read(path)?, from, lattice)
}

/// [`read_field`] of what a file holds.
pub(crate) fn field_of(path: &Path, contents: Contents, from: &FromArgs, lattice: &LatticeArgs) -> Result<Stored> {
    if from.from.is_some() || matches!(contents, Contents::Field(_) | Contents::Transform(_)) {
        let conversion = Conversion {
            from: from.from,
            source: source(from.images.source.as_deref(), lattice.input_size.as_ref())?,
            reference: from.images.reference.as_deref().map(pixels).transpose()?,
            rest: lattice.rest,
            extent: Some(lattice.extent()),
            precision: Precision::Same,
            ..Conversion::default()
        };
        return Ok(flow(path, contents, &conversion)?.0);
    }
    let stored = locations(path, contents)?;
    if from.images.any() && stored.meaning.is_some() {
        return Err(Failure::usage(format!(
            "{} is a field in pixels, which no image places anew: leave out --source and --reference",
            path.display()
        )));
    }
    if stored.meaning.is_none() {
        return Err(Failure::usage(format!(
            "{} does not say what its numbers are: add --from flow (displacements in source pixels, x first), or what else they are \
             (displace convert --list)",
            path.display()
        )));
    }
    Ok(stored)
}

/// Locations among what a file holds.
pub(crate) fn locations(path: &Path, contents: Contents) -> Result<Stored> {
    let path = path.to_path_buf();
    match contents {
        Contents::Array(array) => Ok(Stored { path, array, meaning: None, described: None }),
        Contents::Image(image) => {
            Err(Failure::file(&path, format!("an image of shape {:?} where a grid or field is expected", image.shape())))
        }
        Contents::Volume(volume) => {
            Err(Failure::file(&path, format!("an image of shape {:?} where a grid or field is expected", volume.array.shape())))
        }
        Contents::Transform(_) => {
            Err(Failure::file(&path, "a transform of places in mm: displace convert works it out on the pixels of an image"))
        }
        Contents::Field(field) => stored_field(path, field),
        Contents::Archive(mut members) => {
            if let Some(at) = members.iter().position(|(name, _)| name == DISPLACEMENT) {
                let array = members.swap_remove(at).1;
                let described = FieldNotes::from_members(&members).map_err(|e| Failure::file(&path, e))?;
                return Ok(Stored { path, array, meaning: Some(Meaning::Displacement), described });
            }
            let names = members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            match members.len() {
                1 => Ok(Stored { path, array: members.remove(0).1, meaning: None, described: None }),
                count => Err(Failure::file(&path, format!("{count} arrays ({names}) and none is called \"{DISPLACEMENT}\""))),
            }
        }
    }
}

/// The image that is read: as named, "same", or only its size.
fn source(named: Option<&str>, size: Option<&Size>) -> Result<SourcePixels> {
    match (named, size) {
        (Some(_), Some(_)) => {
            Err(Failure::usage("--source and --input-size both say the size of the image that is read: leave out one"))
        }
        (Some("same"), None) => Ok(SourcePixels::Same),
        (Some(path), None) => Ok(SourcePixels::Known(pixels(Path::new(path))?)),
        (None, Some(size)) => Ok(SourcePixels::Known(Pixels { size: size.0.clone(), placement: None })),
        (None, None) => Ok(SourcePixels::Unknown),
    }
}

/// The size and place of an image or field.
pub(crate) fn pixels(path: &Path) -> Result<Pixels> {
    Pixels::of(&read(path)?).ok_or_else(|| Failure::file(path, "no image or field: its pixels are not known"))
}

/// What a conversion's failure is: of the file, or of the command line.
pub(crate) fn refused(path: &Path) -> impl FnOnce(ConversionError) -> Failure {
    move |error| match error {
        ConversionError::Other(what) => Failure::file(path, what),
        named => Failure::Usage(format!("{}: {named}", path.display())),
    }
}

/// Numbers of any convention as displacements in source pixels, and where their pixels lie.
pub(crate) fn flow(path: &Path, contents: Contents, conversion: &Conversion) -> Result<(Stored, Option<Placement>)> {
    let to = Some("flow".parse().map_err(Failure::usage)?);
    let converted =
        Conversion { to, rest_of_result: Some(Rest::Index), ..conversion.clone() }.run(contents).map_err(refused(path))?;
    let described =
        converted.input_size.map(|input_size| FieldNotes { input_size, extent: converted.extent, rest: converted.rest });
    let (array, placement) = (converted.field.array, converted.field.placement);
    Ok((Stored { path: path.to_path_buf(), array, meaning: Some(Meaning::Displacement), described }, placement))
}

/// A field of another format, if the file says that its numbers are pixels; what is in other units is converted first.
fn stored_field(path: PathBuf, field: StoredField) -> Result<Stored> {
    let own: Vec<Convention> = ["flow", "pixel_map"].iter().filter_map(|n| n.parse().ok()).collect();
    let meaning = match field.readings.as_slice() {
        [only] if *only == own[0] => Meaning::Displacement,
        [only] if *only == own[1] => Meaning::Pixel,
        readings => {
            let names = readings.iter().map(|r| format!("\"{r}\"")).collect::<Vec<_>>().join(" or ");
            return Err(Failure::file(&path, format!("holds {names}: displace convert makes a field in pixels of it (.npz)")));
        }
    };
    Ok(Stored { path, array: field.array, meaning: Some(meaning), described: None })
}

impl Stored {
    /// Components of each location: the number of axes of the source.
    pub(crate) fn components(&self) -> Result<usize> {
        let shape = self.array.shape();
        match (shape.len(), shape.last()) {
            (3 | 4, Some(2)) => Ok(2),
            (4 | 5, Some(3)) => Ok(3),
            _ => Err(Failure::file(
                &self.path,
                format!(
                    "shape {shape:?}: expected (N, H, W, 2) or (N, D, H, W, 3), or the same without N, the last axis x, y(, z)"
                ),
            )),
        }
    }

    /// The shape as `D` axes with `D` components; the sample axis may be missing.
    pub(crate) fn shape<const D: usize>(&self) -> Shape<D> {
        let shape = self.array.shape();
        let batched = shape.len() == D + 2;
        let axes = &shape[usize::from(batched)..shape.len() - 1];
        Shape { n: if batched { shape[0] } else { 1 }, c: D, size: std::array::from_fn(|k| axes[D - 1 - k]) }
    }

    /// The lattice options, completed by what the file says of itself. What contradicts the file is refused.
    pub(crate) fn complete(&self, args: &LatticeArgs) -> Result<LatticeArgs> {
        let mut args = args.clone();
        if let Some(described) = &self.described {
            let size = crate::args::Size(described.input_size.clone());
            let spans = if described.extent == displace::Extent::Centers { "--align-corners" } else { "no --align-corners" };
            let against = |what: &str| {
                let size: Vec<String> = described.input_size.iter().map(ToString::to_string).collect();
                let says = format!("--input-size {}, {spans}, --rest {}", size.join("x"), described.rest);
                Failure::usage(format!("{} knows what it is ({says}); {what} contradicts it", self.path.display()))
            };
            if args.input_size.as_ref().is_some_and(|s| *s != size) {
                return Err(against("--input-size"));
            }
            if args.align_corners && !described.extent.align_corners() {
                return Err(against("--align-corners"));
            }
            if args.rest.is_some_and(|rest| rest != described.rest) {
                return Err(against("--rest"));
            }
            args =
                LatticeArgs { input_size: Some(size), align_corners: described.extent.align_corners(), rest: Some(described.rest) };
        }
        Ok(args)
    }

    /// Whether a field of `axes` components has an axis for samples.
    pub(crate) fn is_batch(&self, axes: usize) -> bool {
        self.array.shape().len() == axes + 2
    }

    /// What the numbers are: as the file or the option says; neither is guessed.
    pub(crate) fn meaning(&self, asked: Option<Meaning>) -> Result<Meaning> {
        match (self.meaning, asked) {
            (Some(known), Some(asked)) if known != asked => {
                Err(Failure::usage(format!("{} says that it holds a displacement field: leave out --as", self.path.display())))
            }
            (Some(meaning), _) | (None, Some(meaning)) => Ok(meaning),
            (None, None) => Err(Failure::usage(format!(
                "{} does not say what its numbers are: add --as grid (normalised locations), --as displacement (source pixels), \
                 --as pixel (absolute source pixels) or --from with any convention",
                self.path.display()
            ))),
        }
    }

    /// That the numbers are floats, as locations must be.
    pub(crate) fn not_floats(&self, found: displace::DType) -> Failure {
        Failure::file(&self.path, format!("dtype {found}: locations are f16, f32 or f64"))
    }
}
