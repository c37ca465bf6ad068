//! What files say of where pixels go: fields with their conventions, affine maps, and maps one after the other.

use displace::error::ConvertError;
use displace::{AnyArray, AnyData, ArrayAxes, Convention, Layout, Placement, with_data};

/// Numbers that say where pixels go, as a file has them, and what is known of their meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredField {
    /// The numbers, as the convention's layout orders them: `(H, W, 2)`, `(2, H, W)`, `(D, H, W, 3)`, `(3, D, H, W)`, with one
    /// more axis in front where there are several samples.
    pub array: AnyArray,
    /// What the numbers may mean. One: the file says so. Several: the caller has to name one of them.
    pub readings: Vec<Convention>,
    /// For each pixel, samples and rows first whatever the layout (`(N, [D,] H, W)`), whether its numbers mean anything. `None`: all do, or the file
    /// cannot say. Numbers that mean nothing are NaN.
    pub valid: Option<Vec<bool>>,
    /// Where the pixels that have the numbers lie.
    pub placement: Option<Placement>,
    /// What else the header says and people should know, a line each.
    pub remarks: Vec<String>,
}

impl StoredField {
    /// The axes of the array in one of its readings. Where the shape alone may be two things, the placement tells, or `axes`: how many
    /// there are.
    ///
    /// # Errors
    /// If the shape is none of the convention's layout, or still two things.
    pub fn axes(&self, reading: &Convention, axes: Option<usize>) -> Result<ArrayAxes, ConvertError> {
        match self.placement.as_ref().map(Placement::axes).or(axes) {
            Some(axes) => reading.axes_of(self.array.shape(), axes).or_else(|_| reading.axes(self.array.shape())),
            None => reading.axes(self.array.shape()),
        }
    }
}

/// A scalar image or one of channels that knows where its pixels lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// `([D,] H, W)`, with the channels last if there are several.
    pub array: AnyArray,
    /// Where its pixels lie.
    pub placement: Placement,
    /// Number of channels.
    pub channels: usize,
}

impl Volume {
    /// A field's numbers as an image of as many channels: files do not always say which of the two they hold. `None` if nothing
    /// places its pixels, or its array has other axes than those of images.
    #[must_use]
    pub fn of_field(field: &StoredField) -> Option<Self> {
        let (placement, reading) = (field.placement.clone()?, field.readings.first()?);
        let (shape, channels) = (field.array.shape(), placement.axes());
        if reading.x_first || shape.len() != channels + 1 {
            return None;
        }
        if reading.layout == Layout::Interleaved {
            return (shape[channels] == channels).then(|| Self { array: field.array.clone(), placement, channels });
        }
        let pixels: usize = shape[1..].iter().product();
        let data = with_data!(field.array.data(), planes => {
            AnyData::from((0..pixels).flat_map(|pixel| planes.iter().skip(pixel).step_by(pixels).copied()).collect::<Vec<_>>())
        });
        let shape = [&shape[1..], &[channels]].concat();
        Some(Self { array: AnyArray::new(shape, data).ok()?, placement, channels })
    }
}

/// A map of places in mm, LPS: from an output place to the one that is read (pull).
#[derive(Clone, Debug, PartialEq)]
pub enum Transform {
    /// `matrix * x + offset`.
    Affine(Affine),
    /// A displacement field in ITK's convention, with a placement: outside its pixels (and half a pixel around them) there is no
    /// displacement, between them it is linear.
    Field(StoredField),
    /// Several, applied from the last to the first, as ITK's composites are.
    Composite(Vec<Transform>),
}

/// `x -> matrix * x + offset`, in mm, LPS.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// Row by row.
    pub matrix: Vec<f64>,
    /// What is added.
    pub offset: Vec<f64>,
}
