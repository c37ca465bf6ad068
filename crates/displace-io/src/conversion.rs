//! From what a file holds to numbers of another convention: what is known, what has to be named, and what a change costs.

use crate::contents::Contents;
use crate::field::{DISPLACEMENT, FieldNotes, placement_of};
use crate::save::Format;
use crate::stored::{StoredField, Transform, Volume};
use displace::{
    AnyArray, AnyData, ArrayAxes, Between, Convention, DType, Extent, FieldView, Geometry, InvertOptions, Lattice, Location,
    Placement, Quantity, Real, Rest, Sample, Shape, Unit, View, convert, invert, with_floats,
};
use thiserror::Error;

/// Pixels of an image: how many, and where they lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Array order: `[height, width]` or `[depth, height, width]`.
    pub size: Vec<usize>,
    /// Where they lie, if that is known.
    pub placement: Option<Placement>,
}

/// The image that is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SourcePixels {
    /// Nothing is said.
    #[default]
    Unknown,
    /// The same pixels as those that have the numbers.
    Same,
    /// These.
    Known(Pixels),
}

/// The number type that comes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// The one that goes in, half types as f32; f64 where f32 numbers would not come back the same from f32.
    #[default]
    Lossless,
    /// The one that goes in, half types as f32.
    Same,
    /// f32.
    Single,
    /// f64.
    Double,
}

/// What to convert to, and what the caller knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conversion {
    /// What the numbers are; needed where the file does not say it.
    pub from: Option<Convention>,
    /// What they are to be; may be left out where the format holds one convention only.
    pub to: Option<Convention>,
    /// The format they are to be written in.
    pub format: Option<Format>,
    /// The image that is read.
    pub source: SourcePixels,
    /// The pixels that have the numbers, where the file does not place them, and on which transforms are worked out.
    pub reference: Option<Pixels>,
    /// What pixel displacements count from if the sizes differ.
    pub rest: Option<Rest>,
    /// What the ends of the image are that rest "extent" counts by, where the conventions do not say.
    pub extent: Option<Extent>,
    /// What displacements that come out count from, where those that go in count from nothing and `rest` is not said: for results
    /// that keep it.
    pub rest_of_result: Option<Rest>,
    /// Whether the map is inverted if one convention is pull and the other push.
    pub invert: bool,
    /// The number type.
    pub precision: Precision,
}

/// What came out, and everything that was taken for true on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// The numbers; its one reading is what they are now.
    pub field: StoredField,
    /// What they were.
    pub from: Convention,
    /// Whether the file said so, or the caller.
    pub said_by_file: bool,
    /// The axes of the array.
    pub axes: ArrayAxes,
    /// Size of the image that is read, array order; `None` if nothing depends on it.
    pub input_size: Option<Vec<usize>>,
    /// What pixel displacements count from.
    pub rest: Rest,
    /// What the ends of the image are that is read.
    pub extent: Extent,
    /// The largest amount by which a number differs after the way back from what the format stores, in its own unit; 0 if all are the
    /// same. `None` after an inversion.
    pub loss: Option<f64>,
    /// How many finite or infinite numbers do not come back as such.
    pub lost: usize,
    /// Of an inversion: pixels that are read by nobody, and all.
    pub holes: Option<(usize, usize)>,
    /// Whether f64 was chosen since f32 would have lost something.
    pub widened: bool,
}

/// Why it cannot be done: one line that says what to name.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ConversionError {
    /// The file does not say what its numbers are.
    #[error("{what}: name it by from= (--from); {choices}")]
    From {
        /// What is there.
        what: String,
        /// What it may be.
        choices: String,
    },
    /// The target is not named, or impossible.
    #[error("{0}")]
    To(String),
    /// The file says another thing.
    #[error("the file says \"{file}\"; \"{named}\" contradicts it")]
    Contradiction {
        /// The file's.
        file: String,
        /// The caller's.
        named: String,
    },
    /// The size of what is read.
    #[error(
        "\"{convention}\" depends on the size of the image that is read: name it (-s HxW, --source FILE, or --source same where it has the pixels of the field, {own})"
    )]
    Size {
        /// Which convention.
        convention: String,
        /// The field's own size.
        own: String,
    },
    /// What displacements count from.
    #[error("{0} (rest=, --rest)")]
    Rest(displace::error::RestNeeded),
    /// The frame that rest "extent" counts by.
    #[error(
        "rest \"extent\" counts by the ends of the image that is read, and nothing says what they are: name them (--extent edges or \
         centers; in Python align_corners=False or True)"
    )]
    Extent,
    /// Where pixels lie.
    #[error("\"{convention}\" is in mm, and nothing says where the pixels of {of} lie: {advice}")]
    Placement {
        /// Which convention.
        convention: String,
        /// Whose.
        of: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Pull and push.
    #[error(
        "\"{from}\" and \"{to}\" have opposite directions: one is the other's inverse; add invert=True (--invert) to have it worked out"
    )]
    Direction {
        /// From.
        from: String,
        /// To.
        to: String,
    },
    /// Everything else.
    #[error("{0}")]
    Other(String),
}

fn other(e: impl std::fmt::Display) -> ConversionError {
    ConversionError::Other(e.to_string())
}

impl Pixels {
    /// Of an image or field in a file.
    #[must_use]
    pub fn of(contents: &Contents) -> Option<Self> {
        match contents {
            Contents::Volume(Volume { array, placement, channels }) => {
                let axes = array.shape().len() - usize::from(*channels > 1);
                Some(Self { size: array.shape()[..axes].to_vec(), placement: Some(placement.clone()) })
            }
            Contents::Image(image) => Some(Self { size: image.shape().get(..2)?.to_vec(), placement: None }),
            Contents::Field(field) => {
                let axes = field.axes(field.readings.first()?, None).ok()?;
                Some(Self { size: size_of(&axes), placement: field.placement.clone() })
            }
            _ => None,
        }
    }
}

/// Whether pixels lie at the same places, but for the last digits of files that hold single precision.
fn same_place(a: &Placement, b: &Placement) -> bool {
    let close =
        |a: &[f64], b: &[f64], scale: f64| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-6 * scale);
    let size = a.spacing().iter().chain(a.origin()).fold(1.0f64, |most, v| most.max(v.abs()));
    close(a.spacing(), b.spacing(), size) && close(a.origin(), b.origin(), size) && close(a.direction(), b.direction(), 1.0)
}

/// Array order.
fn size_of(axes: &ArrayAxes) -> Vec<usize> {
    axes.size[..axes.axes].iter().rev().copied().collect()
}

fn text(size: &[usize]) -> String {
    size.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

impl Conversion {
    /// Converts what a file holds.
    ///
    /// # Errors
    /// If something is not known and has to be named, or does not fit: one line.
    pub fn run(&self, contents: Contents) -> Result<Converted, ConversionError> {
        let mut this = self.clone();
        let (field, said_by_file) = this.field(contents)?;
        this.convert(field, said_by_file)
    }

    /// The map of places that a file holds as a matrix between two images: FSL's. `None` of everything else.
    ///
    /// # Errors
    /// If the matrix is not said to be FSL's, or one of the two images is missing: one line.
    pub fn matrix(&self, contents: &Contents) -> Result<Option<Transform>, ConversionError> {
        match contents {
            Contents::Array(array) if array.shape() == [4, 4] => self.flirt(array).map(Some),
            _ => Ok(None),
        }
    }

    /// The numbers and their one reading, and whether the file said it.
    fn field(&mut self, contents: Contents) -> Result<(StoredField, bool), ConversionError> {
        match contents {
            Contents::Field(field) => {
                let (field, by_file) = self.reading(field)?;
                Ok((self.elsewhere(field)?, by_file))
            }
            Contents::Transform(Transform::Field(field)) if self.reference.is_none() => self.reading(field),
            Contents::Transform(transform) => Ok((self.rendered(&transform)?, true)),
            Contents::Array(array) if array.shape() == [4, 4] => Ok((self.rendered(&self.flirt(&array)?)?, false)),
            Contents::Array(array) => Ok((self.bare(array)?, false)),
            Contents::Archive(members) => self.archive(members),
            Contents::Image(image) => Ok((self.image(&image)?, false)),
            Contents::Volume(volume) => Err(other(format!(
                "an image of shape {:?}, where numbers that say where pixels go are expected",
                volume.array.shape()
            ))),
        }
    }

    fn reading(&self, mut field: StoredField) -> Result<(StoredField, bool), ConversionError> {
        // How the bytes lie is no choice.
        let bare = |r: &Convention| Convention { layout: displace::Layout::Interleaved, x_first: false, ..*r };
        let choices = || field.readings.iter().map(|r| format!("\"{}\"", bare(r))).collect::<Vec<_>>().join(", ");
        // How the bytes lie is known from the file, whatever they mean.
        let laid = |c: &Convention, like: &Convention| Convention { layout: like.layout, x_first: like.x_first, ..*c };
        let like = *field.readings.first().ok_or_else(|| other("a field without a meaning"))?;
        let (reading, by_file) = match (&self.from, field.readings.as_slice()) {
            (None, [only]) => (*only, true),
            (None, _) => {
                return Err(ConversionError::From {
                    what: "the file does not say what its numbers mean".into(),
                    choices: format!("it may be {}", choices()),
                });
            }
            (Some(from), readings) => match readings.iter().find(|r| laid(from, &like) == laid(r, &like)) {
                Some(reading) => (*reading, readings.len() == 1),
                None => return Err(ConversionError::Contradiction { file: choices(), named: from.to_string() }),
            },
        };
        field.readings = vec![reading];
        Ok((field, by_file))
    }

    /// A field on the pixels of the reference, if these are others than its own: as ITK reads it there.
    fn elsewhere(&self, field: StoredField) -> Result<StoredField, ConversionError> {
        let (Some(own), Some(reference)) = (&field.placement, &self.reference) else { return Ok(field) };
        let size = size_of(&field.axes(&field.readings[0], Some(own.axes())).map_err(other)?);
        let Some(placement) = reference.placement.as_ref() else { return Ok(field) };
        if reference.size == size && same_place(own, placement) {
            return Ok(field);
        }
        let itk: Convention = "itk".parse().map_err(other)?;
        if field.readings == [itk] && field.valid.is_none() {
            return self.rendered(&Transform::Field(field));
        }
        Err(other(format!(
            "the file says where its {} pixels lie, and the {} pixels of the reference lie elsewhere: only a field in the convention \
             \"itk\" is worked out on other pixels; leave out the reference, or convert to .mha first",
            text(&size),
            text(&reference.size)
        )))
    }

    fn rendered(&self, transform: &Transform) -> Result<StoredField, ConversionError> {
        let missing = || ConversionError::Placement {
            convention: "itk".into(),
            of: "the output (the fixed or reference image)",
            advice: "name an image that has them (reference=, --reference)",
        };
        let reference = self.reference.as_ref().ok_or_else(missing)?;
        let placement = reference.placement.as_ref().ok_or_else(missing)?;
        crate::render::render(transform, &reference.size, placement).map_err(other)
    }

    /// FSL's affine matrix between the pixels of two images.
    fn flirt(&self, matrix: &AnyArray) -> Result<Transform, ConversionError> {
        let fsl: Convention = "fsl".parse().map_err(other)?;
        if self.from != Some(fsl) {
            return Err(ConversionError::From {
                what: "a matrix of 4x4 numbers does not say whose it is".into(),
                choices: "that of FSL's flirt is \"fsl\"".into(),
            });
        }
        let missing = |of, advice| ConversionError::Placement { convention: fsl.to_string(), of, advice };
        let placed = |pixels: Option<&Pixels>| -> Option<(Placement, [usize; 3])> {
            let pixels = pixels?;
            Some((pixels.placement.clone()?, pixels.size.as_slice().try_into().ok()?))
        };
        let reference = placed(self.reference.as_ref())
            .ok_or_else(|| missing("the reference", "name that volume (reference=, --reference)"))?;
        let source = match &self.source {
            SourcePixels::Known(pixels) => placed(Some(pixels)),
            SourcePixels::Same => Some(reference.clone()),
            SourcePixels::Unknown => None,
        };
        let source = source.ok_or_else(|| missing("the image that is read", "name that volume (source=, --source)"))?;
        let numbers: Vec<f64> = displace::with_data!(matrix.data(), v => v.iter().map(|v| Sample::widen(*v)).collect());
        let numbers: [f64; 16] = numbers.try_into().map_err(|_| other("a matrix without 16 numbers"))?;
        crate::format::matrix::flirt(&numbers, (&reference.0, reference.1), (&source.0, source.1)).map_err(other)
    }

    fn bare(&self, array: AnyArray) -> Result<StoredField, ConversionError> {
        let Some(from) = self.from else {
            let names = displace::PRESETS.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
            return Err(ConversionError::From {
                what: format!("an array of shape {:?} does not say what its numbers mean", array.shape()),
                choices: format!("one of {names}"),
            });
        };
        Ok(StoredField { array, readings: vec![from], valid: None, placement: None, remarks: Vec::new() })
    }

    fn archive(&mut self, mut members: Vec<(String, AnyArray)>) -> Result<(StoredField, bool), ConversionError> {
        let notes = FieldNotes::from_members(&members).map_err(other)?;
        let placement = placement_of(&members).map_err(other)?;
        let Some(at) = members.iter().position(|(name, _)| name == DISPLACEMENT) else {
            let names = members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            return match members.len() {
                1 => Ok((self.bare(members.remove(0).1)?, false)),
                count => {
                    Err(other(format!("{count} arrays ({names}) and none is called \"{DISPLACEMENT}\": take one of them out")))
                }
            };
        };
        let flow: Convention = "flow".parse().map_err(other)?;
        let array = members.swap_remove(at).1;
        if let Some(notes) = notes {
            self.complete(&notes, array.shape())?;
        }
        self.reading(StoredField { array, readings: vec![flow], valid: None, placement, remarks: Vec::new() })
    }

    /// What a field of displace's own knows, which nobody may contradict.
    fn complete(&mut self, notes: &FieldNotes, shape: &[usize]) -> Result<(), ConversionError> {
        let against = |file: String, named: String| Err(ConversionError::Contradiction { file, named });
        let axes = notes.input_size.len();
        let own: &[usize] = shape.len().checked_sub(axes + 1).and_then(|first| shape.get(first..first + axes)).unwrap_or_default();
        let reads = |size: &[usize]| format!("reads {} pixels", text(size));
        match &mut self.source {
            SourcePixels::Unknown => self.source = SourcePixels::Known(Pixels { size: notes.input_size.clone(), placement: None }),
            SourcePixels::Same if own != notes.input_size => return against(reads(&notes.input_size), reads(own)),
            SourcePixels::Known(named) if named.size != notes.input_size => {
                return against(reads(&notes.input_size), reads(&named.size));
            }
            SourcePixels::Same | SourcePixels::Known(_) => {}
        }
        // Between equal sizes both rests are the same.
        if let Some(rest) = self.rest.filter(|rest| *rest != notes.rest && own != notes.input_size) {
            return against(format!("rest {}", notes.rest), format!("rest {rest}"));
        }
        if let Some(extent) = self.extent.filter(|extent| *extent != notes.extent) {
            let said = |extent: Extent| if extent.align_corners() { "extent centers" } else { "extent edges" };
            return against(said(notes.extent).into(), said(extent).into());
        }
        self.rest = Some(notes.rest);
        self.extent = Some(notes.extent);
        Ok(())
    }

    fn image(&self, image: &AnyArray) -> Result<StoredField, ConversionError> {
        let Some(from) = self.from else {
            return Err(ConversionError::From {
                what: format!("an image of {} {:?}", image.dtype(), image.shape()),
                choices: if image.dtype() == DType::U16 {
                    "a KITTI or HD1K flow is \"flow\"".into()
                } else {
                    "an ST map is \"stmap_edges\" or \"stmap_centers\", a flow \"flow\"".into()
                },
            });
        };
        if image.dtype() == DType::U16 {
            let flow: Convention = "flow".parse().map_err(other)?;
            if from != flow {
                return Err(ConversionError::Contradiction { file: "flow".into(), named: from.to_string() });
            }
            return crate::format::kitti::kitti_flow(image).map_err(other);
        }
        crate::format::exr::st_map(image, &from).map_err(other)
    }

    /// Whose size the caller has named.
    fn pixels(&self) -> Option<&Pixels> {
        match (&self.reference, &self.source) {
            (Some(pixels), _) | (None, SourcePixels::Known(pixels)) => Some(pixels),
            _ => None,
        }
    }

    fn convert(&self, field: StoredField, said_by_file: bool) -> Result<Converted, ConversionError> {
        let from = field.readings[0];
        let axes = field.axes(&from, self.pixels().map(|pixels| pixels.size.len())).map_err(other)?;
        let to = match (self.format, &self.to) {
            (Some(format), asked) => {
                format.convention(asked.as_ref(), axes.axes).map_err(|e| ConversionError::To(format!("the output {e}")))?
            }
            (None, Some(to)) => *to,
            (None, None) => return Err(ConversionError::To("name what the numbers are to be (to=, --to)".into())),
        };
        match axes.axes {
            2 => self.typed::<2>(field, from, to, axes, said_by_file),
            _ => self.typed::<3>(field, from, to, axes, said_by_file),
        }
    }

    fn typed<const D: usize>(
        &self,
        field: StoredField,
        from: Convention,
        to: Convention,
        axes: ArrayAxes,
        said_by_file: bool,
    ) -> Result<Converted, ConversionError> {
        let (geometry, known) = self.geometry::<D>(&field, &from, &to, &axes)?;
        // The inverse is on the pixels of the image that is read, and archives keep how many these are.
        if !known && ((from.direction != to.direction && self.invert) || self.format == Some(Format::Npz)) {
            return Err(ConversionError::Size { convention: to.to_string(), own: text(&size_of(&axes)) });
        }
        if from.direction != to.direction {
            return self.inverted(field, from, to, axes, said_by_file, geometry);
        }
        let (shape, data, loss, widened) = with_floats!(as_floats(field.array.data()), numbers => {
            self.numbers(&numbers, field.array.shape(), &from, &to, &geometry)
        }, _dtype => unreachable!("as_floats gives floats"))?;
        let placement = geometry.here.clone();
        let array = AnyArray::new(shape, data).map_err(other)?;
        let mut remarks = field.remarks;
        remarks.extend(self.moved(placement.as_ref()));
        Ok(Converted {
            field: StoredField { array, readings: vec![to], valid: field.valid, placement, remarks },
            from,
            said_by_file,
            axes,
            input_size: known.then(|| geometry.between.source().size().iter().rev().copied().collect()),
            rest: geometry.between.rest(),
            extent: geometry.between.source().extent(),
            loss: Some(loss.most),
            lost: loss.gone,
            holes: None,
            widened,
        })
    }

    fn numbers<L: Location, const D: usize>(
        &self,
        numbers: &[L],
        shape: &[usize],
        from: &Convention,
        to: &Convention,
        geometry: &Geometry<D>,
    ) -> Result<(Vec<usize>, AnyData, Loss, bool), ConversionError>
    where
        AnyData: From<Vec<L::Real>>,
    {
        let double = L::DTYPE == DType::F64;
        let single = match self.precision {
            Precision::Single => true,
            Precision::Double => false,
            Precision::Same | Precision::Lossless => !double,
        };
        if single {
            let (to_shape, data) = convert::<L, f32, D>(numbers, shape, from, to, geometry).map_err(other)?;
            let loss = self.loss(numbers, &data, &to_shape, from, to, geometry)?;
            let holds_doubles = self.format.is_none_or(Format::holds_doubles);
            if loss == Loss::NONE || self.precision != Precision::Lossless || !holds_doubles {
                return Ok((to_shape, data.into(), loss, false));
            }
        }
        let (to_shape, data) = convert::<L, f64, D>(numbers, shape, from, to, geometry).map_err(other)?;
        let loss = self.loss(numbers, &data, &to_shape, from, to, geometry)?;
        Ok((to_shape, data.into(), loss, !double && self.precision == Precision::Lossless))
    }

    /// By how much a format that keeps places in single precision moves them.
    fn moved(&self, placement: Option<&Placement>) -> Option<String> {
        let placement = placement.filter(|_| self.format == Some(Format::Nifti))?;
        let entries = placement.ras_matrix();
        let off = entries.iter().flatten().map(|v| (v - f64::from(*v as f32)).abs()).fold(0.0, f64::max);
        (off > 0.0).then(|| format!("NIfTI keeps where pixels lie in single precision: off by up to {off:.1e} mm"))
    }

    /// How the way back from what is stored differs.
    fn loss<L: Location, R: Location + Real, const D: usize>(
        &self,
        numbers: &[L],
        made: &[R],
        made_shape: &[usize],
        from: &Convention,
        to: &Convention,
        geometry: &Geometry<D>,
    ) -> Result<Loss, ConversionError> {
        let kept: Vec<f64> = match self.format {
            Some(format) => made.iter().map(|v| format.stored(v.to_f64())).collect(),
            None => made.iter().map(|v| v.to_f64()).collect(),
        };
        let (_, back) = convert::<f64, L::Real, D>(&kept, made_shape, to, from, geometry).map_err(other)?;
        let mut loss = Loss::NONE;
        for (back, given) in back.iter().zip(numbers).map(|(back, given)| (back.to_f64(), given.widen().to_f64())) {
            if given.is_nan() || given == back {
                continue;
            }
            if (back - given).is_finite() {
                loss.most = loss.most.max((back - given).abs());
            } else {
                loss.gone += 1;
            }
        }
        Ok(loss)
    }

    /// The lattices, and whether the source's size is known.
    fn geometry<const D: usize>(
        &self,
        field: &StoredField,
        from: &Convention,
        to: &Convention,
        axes: &ArrayAxes,
    ) -> Result<(Geometry<D>, bool), ConversionError> {
        let own = size_of(axes);
        if let Some(reference) = &self.reference
            && reference.size != own
        {
            return Err(other(format!("the reference has {} pixels, the field {}", text(&reference.size), text(&own))));
        }
        let here = field.placement.clone().or_else(|| self.reference.as_ref().and_then(|r| r.placement.clone()));
        let (size, there) = match &self.source {
            SourcePixels::Unknown => (None, None),
            SourcePixels::Same => (Some(own.clone()), here.clone()),
            SourcePixels::Known(pixels) => (Some(pixels.size.clone()), pixels.placement.clone()),
        };
        let known = size.is_some();
        if let Some(convention) = [from, to].into_iter().find(|c| needs_size(c))
            && !known
            && !(in_world(from) && in_world(to))
        {
            return Err(ConversionError::Size { convention: convention.to_string(), own: text(&own) });
        }
        let mut there = there;
        if let Some(convention) = [from, to].into_iter().find(|c| c.is_physical()) {
            let name = convention.to_string();
            if here.is_none() {
                let advice = "name an image that has the field's pixels (reference=, --reference)";
                return Err(ConversionError::Placement { convention: name, of: "the field (the output)", advice });
            }
            // From mm to mm of the same world no pixel of the image takes part.
            if there.is_none() && in_world(from) && in_world(to) {
                there.clone_from(&here);
            }
            if there.is_none() {
                let advice = "name that image (source=, --source FILE), or say that it has the field's pixels (\"same\")";
                return Err(ConversionError::Placement { convention: name, of: "the image that is read (the input)", advice });
            }
        }
        let size: [usize; D] = size
            .unwrap_or_else(|| own.clone())
            .try_into()
            .map_err(|size: Vec<usize>| other(format!("an image of {} pixels for numbers of {D} components", text(&size))))?;
        let destination: [usize; D] = std::array::from_fn(|k| axes.size[k]);
        // Only displacements in units of a lattice count from its rest.
        let counts = |c: &Convention| c.quantity != Quantity::Location && !c.is_physical();
        let rest = match (counts(from), counts(to)) {
            (true, _) => self.rest,
            (false, true) => self.rest.or(self.rest_of_result),
            (false, false) => self.rest.or(Some(Rest::Index)),
        };
        let differs = (0..D).any(|k| size[D - 1 - k] != destination[k]);
        let by_frame = differs && rest == Some(Rest::Extent) && (counts(from) || counts(to));
        let extent =
            extent_of(from.unit).or(self.extent).or(if by_frame { None } else { Some(extent_of(to.unit).unwrap_or_default()) });
        let lattice = Lattice::from_shape(size, extent.ok_or(ConversionError::Extent)?).map_err(other)?;
        let between = Between::new(lattice, destination, rest).map_err(ConversionError::Rest)?;
        Ok((Geometry { between, here, there }, known))
    }

    /// Through pixels of the same direction, the inverse, and on.
    fn inverted<const D: usize>(
        &self,
        field: StoredField,
        from: Convention,
        to: Convention,
        axes: ArrayAxes,
        said_by_file: bool,
        geometry: Geometry<D>,
    ) -> Result<Converted, ConversionError> {
        if !self.invert {
            return Err(ConversionError::Direction { from: from.to_string(), to: to.to_string() });
        }
        let flow: Convention = "flow".parse().map_err(other)?;
        let (before, after) = (Convention { direction: from.direction, ..flow }, Convention { direction: to.direction, ..flow });
        let (_, pixels) = with_floats!(as_floats(field.array.data()), numbers => {
            convert::<_, f64, D>(&numbers, field.array.shape(), &from, &before, &geometry).map_err(other)
        }, _dtype => unreachable!("as_floats gives floats"))?;
        let between = geometry.between;
        let shape = Shape { n: axes.samples, c: D, size: between.destination() };
        let view = View::interleaved(&pixels, shape).map_err(other)?;
        let map = FieldView::new(view, *between.source(), Some(between.rest())).map_err(other)?;
        let inverse = invert(&map.into(), InvertOptions::default()).map_err(other)?;
        let back = *inverse.field.between();
        let mut numbers = inverse.field.as_slice().to_vec();
        for (pixel, valid) in numbers.chunks_exact_mut(D).zip(inverse.valid.as_slice()) {
            if !valid {
                pixel.fill(f64::NAN);
            }
        }
        let new_axes = ArrayAxes { size: std::array::from_fn(|k| back.destination().get(k).copied().unwrap_or(1)), ..axes };
        let turned = Geometry { between: back, here: geometry.there, there: geometry.here };
        let shape = after.shape(&new_axes);
        let double = matches!(field.array.dtype(), DType::F64) || self.precision == Precision::Double;
        let (shape, data) = if double {
            let (shape, data) = convert::<f64, f64, D>(&numbers, &shape, &after, &to, &turned).map_err(other)?;
            (shape, AnyData::from(data))
        } else {
            let (shape, data) = convert::<f64, f32, D>(&numbers, &shape, &after, &to, &turned).map_err(other)?;
            (shape, AnyData::from(data))
        };
        let valid = inverse.valid.into_vec();
        let holes = (valid.iter().filter(|valid| !**valid).count(), valid.len());
        Ok(Converted {
            field: StoredField {
                array: AnyArray::new(shape, data).map_err(other)?,
                readings: vec![to],
                placement: turned.here.clone(),
                valid: Some(valid),
                remarks: field.remarks,
            },
            from,
            said_by_file,
            axes: new_axes,
            input_size: Some(back.source().size().iter().rev().copied().collect()),
            rest: back.rest(),
            extent: back.source().extent(),
            loss: None,
            lost: 0,
            holes: Some(holes),
            widened: false,
        })
    }
}

/// Whether numbers depend on the size of the image that is read.
fn needs_size(convention: &Convention) -> bool {
    convention.y_up || !matches!(convention.unit, Unit::SourcePixels | Unit::Physical(displace::Frame::Lps | displace::Frame::Ras))
}

/// Whether numbers are places of the world, whoever's pixels.
fn in_world(convention: &Convention) -> bool {
    matches!(convention.unit, Unit::Physical(displace::Frame::Lps | displace::Frame::Ras))
}

/// What the unit says of an extent.
fn extent_of(unit: Unit) -> Option<Extent> {
    match unit {
        Unit::Normalised(extent) | Unit::Fraction(extent) | Unit::DestinationPixels(extent) => Some(extent),
        Unit::SourcePixels | Unit::Physical(_) => None,
    }
}

/// The numbers as floats: integers, which some maps are, become f64.
fn as_floats(data: &AnyData) -> AnyData {
    fn wide<T: Copy + Into<f64>>(numbers: &[T]) -> AnyData {
        numbers.iter().map(|v| (*v).into()).collect::<Vec<f64>>().into()
    }
    match data {
        AnyData::U8(v) => wide(v),
        AnyData::U16(v) => wide(v),
        AnyData::I16(v) => wide(v),
        floats => floats.clone(),
    }
}

/// What does not come back.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Loss {
    /// The largest difference.
    most: f64,
    /// Numbers that become none, or infinite.
    gone: usize,
}

impl Loss {
    const NONE: Self = Self { most: 0.0, gone: 0 };
}
