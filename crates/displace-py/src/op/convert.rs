//! Numbers of one convention as those of another, and what files say of them.

use crate::dispatch::with_sample;
use crate::error::{Raise, displace_error, raw_dtype_error, shape_error};
use crate::op::files::{Stored, read_error, write_error};
use crate::tensor::Tensor;
use displace::{AnyArray, AnyData, ArrayAxes, Convention, Extent, Layout, Location, Placement, with_floats};
use displace_io::{
    Contents, Conversion, ConversionError, Format, Pixels, Precision, SourcePixels, StoredField, Volume, WriteOptions,
};
use displace_report::Report;
use pyo3::prelude::*;
use std::path::PathBuf;

/// What a file holds that is more than an array: a field with its meaning, an image with its place, or a transform.
#[pyclass(frozen, module = "displace._core")]
pub(crate) struct Held {
    pub(crate) contents: Contents,
}

/// Spacing, origin and direction, x first, LPS.
pub(crate) type Place = (Vec<f64>, Vec<f64>, Vec<f64>);

pub(crate) fn place(placement: &Placement) -> Place {
    (placement.spacing().to_vec(), placement.origin().to_vec(), placement.direction().to_vec())
}

pub(crate) fn placement(place: Option<Place>) -> PyResult<Option<Placement>> {
    place.map(|(spacing, origin, direction)| Placement::new(&spacing, &origin, &direction)).transpose().raise()
}

#[pymethods]
impl Held {
    /// The array, to be copied; none of a transform.
    fn array(&self) -> Option<Stored> {
        match &self.contents {
            Contents::Field(field) => Some(Stored { array: field.array.clone() }),
            Contents::Volume(volume) => Some(Stored { array: volume.array.clone() }),
            _ => None,
        }
    }

    /// What the numbers may mean.
    fn readings(&self) -> Vec<String> {
        match &self.contents {
            Contents::Field(field) => field.readings.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// Which pixels have numbers that mean something.
    fn valid(&self) -> PyResult<Option<Stored>> {
        let Contents::Field(StoredField { valid: Some(valid), .. }) = &self.contents else { return Ok(None) };
        let marks: Vec<u8> = valid.iter().copied().map(u8::from).collect();
        AnyArray::new(vec![marks.len()], marks).map(|array| Some(Stored { array })).map_err(|e| displace_error(e.to_string()))
    }

    /// Where the pixels lie.
    fn placement(&self) -> Option<Place> {
        match &self.contents {
            Contents::Field(field) => field.placement.as_ref().map(place),
            Contents::Volume(volume) => Some(place(&volume.placement)),
            _ => None,
        }
    }

    /// What else the header says.
    fn remarks(&self) -> Vec<String> {
        match &self.contents {
            Contents::Field(field) => field.remarks.clone(),
            _ => Vec::new(),
        }
    }

    /// The numbers as an image, channels last; none of what no image's file holds.
    fn image(&self) -> Option<Stored> {
        match &self.contents {
            Contents::Volume(volume) => Some(Stored { array: volume.array.clone() }),
            Contents::Field(field) => Volume::of_field(field).map(|volume| Stored { array: volume.array }),
            _ => None,
        }
    }

    /// How many components the numbers have when they are what `src` says, as far as that is known.
    fn axes(&self, src: Option<&str>) -> PyResult<Option<usize>> {
        let src = src.map(|src| src.parse::<Convention>().raise()).transpose()?;
        let of = |reading: Option<&Convention>, array: &AnyArray| Some(reading?.axes(array.shape()).ok()?.axes);
        Ok(match &self.contents {
            Contents::Field(field) => of(field.readings.first(), &field.array),
            Contents::Array(array) => of(src.as_ref(), array),
            Contents::Archive(members) => {
                let found = members.iter().find(|(name, _)| name == displace_io::DISPLACEMENT);
                found.and_then(|(_, array)| array.shape().last().copied())
            }
            Contents::Image(_) => Some(2),
            Contents::Volume(_) | Contents::Transform(_) => None,
        })
    }

    /// Size, array order.
    fn size(&self) -> Option<Vec<usize>> {
        Pixels::of(&self.contents).map(|pixels| pixels.size)
    }
}

/// Python's array as one of any dtype.
pub(crate) fn any_array(array: &Bound<'_, PyAny>) -> PyResult<AnyArray> {
    let tensor = Tensor::new(array, "array")?;
    let data = with_sample!(tensor.dtype(), T => Ok::<AnyData, PyErr>(tensor.contiguous::<T>("array")?.to_vec().into()))?;
    AnyArray::new(tensor.shape().to_vec(), data).map_err(|e| displace_error(e.to_string()))
}

/// What a file holds, as the core reads it.
#[pyfunction]
pub(crate) fn hold_file(py: Python<'_>, path: PathBuf) -> PyResult<Held> {
    let contents = py.detach(|| displace_io::read(&path)).map_err(|e| read_error(&path, &e))?;
    Ok(Held { contents })
}

/// An array with what it may mean, as files have it; `valid` has a byte for each pixel. Without readings it is an array only.
#[pyfunction]
pub(crate) fn hold(
    array: &Bound<'_, PyAny>,
    readings: Vec<String>,
    valid: Option<Bound<'_, PyAny>>,
    place: Option<Place>,
    remarks: Vec<String>,
) -> PyResult<Held> {
    let array = any_array(array)?;
    let readings = readings.iter().map(|reading| reading.parse::<Convention>().raise()).collect::<PyResult<Vec<_>>>()?;
    let Some(reading) = readings.first() else { return Ok(Held { contents: Contents::Array(array) }) };
    let placement = placement(place)?;
    let axes = match &placement {
        Some(placement) => reading.axes_of(array.shape(), placement.axes()),
        None => reading.axes(array.shape()),
    };
    let axes = axes.raise()?;
    let valid = valid.map(|valid| {
        Ok::<Vec<bool>, PyErr>(Tensor::new(&valid, "valid")?.contiguous::<u8>("valid")?.iter().map(|mark| *mark != 0).collect())
    });
    let valid = valid.transpose()?;
    let array = match &valid {
        Some(valid) => masked(array, reading, &axes, valid)?,
        None => array,
    };
    let field = StoredField { array, readings, valid, placement, remarks };
    Ok(Held { contents: Contents::Field(field) })
}

/// How a convention divides a shape: samples if there is an axis of them, size in array order, whether components come first.
#[pyfunction]
pub(crate) fn axes_of(shape: Vec<usize>, reading: &str) -> PyResult<(Option<usize>, Vec<usize>, bool)> {
    let reading = reading.parse::<Convention>().raise()?;
    let axes = reading.axes(&shape).raise()?;
    let size: Vec<usize> = axes.size[..axes.axes].iter().rev().copied().collect();
    Ok(((shape.len() > size.len() + 1).then_some(axes.samples), size, reading.layout == Layout::Planar))
}

/// NaN where numbers mean nothing: what every conversion, warp and file goes by.
fn masked(array: AnyArray, reading: &Convention, axes: &ArrayAxes, valid: &[bool]) -> PyResult<AnyArray> {
    let size = &axes.size[..axes.axes];
    let pixels: usize = size.iter().product();
    if valid.len() != axes.samples * pixels {
        return Err(shape_error(format!("valid has {} pixels, the array {}", valid.len(), axes.samples * pixels)));
    }
    // Masks run samples, rows, pixels, whatever the array's axes do.
    let steps = |reversed: bool| {
        let mut step = 1;
        let mut steps = vec![0; size.len()];
        for k in 0..size.len() {
            let axis = if reversed { size.len() - 1 - k } else { k };
            steps[axis] = step;
            step *= size[axis];
        }
        steps
    };
    let (here, there) = (steps(false), steps(reading.x_first));
    let (shape, mut data) = array.into_parts();
    with_floats!(&mut data, numbers => {
        for (i, _) in valid.iter().enumerate().filter(|(_, valid)| !**valid) {
            let (n, pixel) = (i / pixels, i % pixels);
            let at: usize = (0..size.len()).map(|k| pixel / here[k] % size[k] * there[k]).sum();
            for c in 0..axes.axes {
                let place = match reading.layout {
                    Layout::Interleaved => (n * pixels + at) * axes.axes + c,
                    Layout::Planar => (n * axes.axes + c) * pixels + at,
                };
                numbers[place] = Location::narrowed(f64::NAN);
            }
        }
    }, found => return Err(raw_dtype_error(format!("a mask for {found} numbers: integers have no NaN"))));
    AnyArray::new(shape, data).map_err(|e| displace_error(e.to_string()))
}

/// An image with its place, as files have it.
#[pyfunction]
pub(crate) fn hold_volume(array: &Bound<'_, PyAny>, place: Place, channels: usize) -> PyResult<Held> {
    let array = any_array(array)?;
    let (spacing, origin, direction) = place;
    let placement = Placement::new(&spacing, &origin, &direction).raise()?;
    Ok(Held { contents: Contents::Volume(Volume { array, placement, channels }) })
}

/// Size, array order, and place of the image that is read or of the reference.
type Image = (Vec<usize>, Option<Place>);

fn pixels(image: Image) -> PyResult<Pixels> {
    Ok(Pixels { size: image.0, placement: placement(image.1)? })
}

/// Converts: what came out, the report's lines, its facts.
#[pyfunction]
#[allow(clippy::too_many_arguments, clippy::type_complexity)] // Python's keywords, passed on.
pub(crate) fn convert(
    py: Python<'_>,
    held: &Held,
    from_: Option<&str>,
    to: &str,
    source: Option<Image>,
    same: bool,
    reference: Option<Image>,
    rest: (Option<String>, Option<bool>),
    invert: bool,
    double: Option<bool>,
) -> PyResult<(Held, Vec<(&'static str, String)>, String)> {
    let conversion = Conversion {
        from: from_.map(str::parse::<Convention>).transpose().raise()?,
        to: Some(to.parse::<Convention>().raise()?),
        format: None,
        source: match source {
            Some(image) => SourcePixels::Known(pixels(image)?),
            None if same => SourcePixels::Same,
            None => SourcePixels::Unknown,
        },
        reference: reference.map(pixels).transpose()?,
        rest: crate::options::rest(rest.0.as_deref())?,
        extent: rest.1.map(Extent::from_align_corners),
        rest_of_result: None,
        invert,
        precision: match double {
            None => Precision::Same,
            Some(true) => Precision::Double,
            Some(false) => Precision::Single,
        },
    };
    let converted = py.detach(|| conversion.run(held.contents.clone())).map_err(refused)?;
    let mut report = Report::default();
    report.conversion(&converted);
    let (lines, facts) = (report.lines().to_vec(), report.json().to_string());
    Ok((Held { contents: Contents::Field(converted.field) }, lines, facts))
}

#[expect(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
fn refused(error: ConversionError) -> PyErr {
    displace_error(error.to_string())
}

/// Writes a field in the convention that the file's format has, or an image with its place.
#[pyfunction]
pub(crate) fn write_held(py: Python<'_>, path: PathBuf, held: &Held) -> PyResult<()> {
    let done = match &held.contents {
        Contents::Field(field) => {
            let format = Format::of(&path).map_err(|e| displace_error(e.to_string()))?;
            let reading = field.readings[0];
            let axes = field.axes(&reading, None).raise()?.axes;
            let needed = format.convention(Some(&reading), axes).map_err(|e| displace_error(format!("{}: {e}", path.display())))?;
            if needed == reading {
                py.detach(|| displace_io::write_field(&path, field, &WriteOptions::default()))
            } else {
                // Only how the bytes lie differs.
                let conversion = Conversion { to: Some(needed), source: SourcePixels::Same, ..Conversion::default() };
                let laid = py.detach(|| conversion.run(Contents::Field(field.clone()))).map_err(refused)?.field;
                py.detach(|| displace_io::write_field(&path, &laid, &WriteOptions::default()))
            }
        }
        Contents::Volume(volume) => py.detach(|| displace_io::write_volume(&path, volume)),
        Contents::Transform(transform) => py.detach(|| displace_io::write_transform(&path, transform)),
        _ => return Err(displace_error("an array or archive says too little for such a file")),
    };
    done.map_err(|e| write_error(&path, &e))
}

/// The conventions that have a name: name, its parts in words, whose it is.
#[pyfunction]
pub(crate) fn conventions() -> Vec<(&'static str, String, &'static str)> {
    displace::PRESETS.iter().map(|preset| (preset.name, preset.convention.describe(), preset.about)).collect()
}
