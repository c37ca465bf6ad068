//! Fields of two components, pixel by pixel: what formats of pictures have in common.

use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Convention, Layout, Sample, bf16, f16, with_data};

/// A float that can say that there is none.
pub(super) trait Float: Copy + Into<f64> {
    /// Not a number.
    const NAN: Self;
}

macro_rules! float {
    ($($t:ident),*) => {$(
        impl Float for $t {
            const NAN: Self = $t::NAN;
        }
    )*};
}
float!(f16, bf16, f32, f64);

/// A convention as pictures have it: rows from the top, components last.
pub(super) fn as_picture(convention: &Convention) -> Convention {
    Convention { layout: Layout::Interleaved, x_first: false, ..*convention }
}

/// That a format of pictures can hold fields of so many axes.
pub(super) fn flat(format: &str, axes: usize) -> Result<(), String> {
    if axes == 2 { Ok(()) } else { Err(format!("{format} hold 2-D fields, not {axes}-D ones")) }
}

/// The convention of formats that hold optical flow and nothing else.
pub(super) fn flow(format: &str, asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    flat(format, axes)?;
    crate::save::own(format, "flow", asked.map(as_picture).as_ref())
}

/// A 2-D field, pixel by pixel.
pub(super) struct Pairs<'a> {
    /// Rows.
    pub(super) height: usize,
    /// Columns.
    pub(super) width: usize,
    numbers: &'a AnyData,
    valid: Option<&'a [bool]>,
}

impl<'a> Pairs<'a> {
    /// The pixels of a field that is 2-D, of one sample, with the components last, and means what `takes` says.
    pub(super) fn of(field: &'a StoredField, takes: impl Fn(&Convention) -> Result<Convention, String>) -> Result<Self, String> {
        match field.readings.as_slice() {
            [one] if takes(one)? == *one => {}
            [one] => return Err(format!("the numbers are \"{one}\": expected \"{}\"", takes(one)?)),
            many => return Err(format!("the numbers have {} meanings: expected one", many.len())),
        }
        let (height, width) = match *field.array.shape() {
            [height, width, 2] | [1, height, width, 2] if height > 0 && width > 0 => (height, width),
            ref other => return Err(format!("the shape is {other:?}: expected (H, W, 2) of one sample, no axis empty")),
        };
        let valid = field.valid.as_deref();
        match valid.map(<[bool]>::len) {
            Some(found) if found != height * width => {
                Err(format!("{found} pixels are said to be valid or not: expected {height}x{width}"))
            }
            _ => Ok(Self { height, width, numbers: field.array.data(), valid }),
        }
    }

    /// Whether there are pixels without numbers, or the field says that there are none.
    pub(super) fn has_mask(&self) -> bool {
        self.valid.is_some() || with_data!(self.numbers, numbers => numbers.iter().any(|v| Sample::widen::<f64>(*v).is_nan()))
    }

    /// Calls `use_pixel` with each pixel's index and numbers, `None` where they mean nothing.
    pub(super) fn each<E>(&self, mut use_pixel: impl FnMut(usize, Option<[f64; 2]>) -> Result<(), E>) -> Result<(), E> {
        with_data!(self.numbers, numbers => {
            for (pixel, pair) in numbers.as_chunks::<2>().0.iter().enumerate() {
                let pair = pair.map(f64::from);
                let valid = self.valid.is_none_or(|valid| valid.get(pixel).copied().unwrap_or(false));
                use_pixel(pixel, (valid && !pair.iter().any(|v| v.is_nan())).then_some(pair))?;
            }
        });
        Ok(())
    }

    /// A pixel for people.
    pub(super) fn place(&self, pixel: usize) -> String {
        format!("row {} column {}", pixel / self.width, pixel % self.width)
    }
}

/// Sets the numbers of pixels that mean nothing to NaN: those that `unknown` says, and those that have a NaN. `None` if all mean
/// something.
pub(super) fn mark<T: Float>(numbers: &mut [T], unknown: impl Fn(usize, [f64; 2]) -> bool) -> Option<Vec<bool>> {
    let mut valid = Vec::new();
    for (pixel, pair) in numbers.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let values = (*pair).map(Into::into);
        let good = !values.iter().any(|v: &f64| v.is_nan()) && !unknown(pixel, values);
        if !good {
            *pair = [T::NAN; 2];
        }
        valid.push(good);
    }
    valid.contains(&false).then_some(valid)
}

/// A field of numbers that say nothing of the world.
pub(super) fn field(array: AnyArray, readings: Vec<Convention>, valid: Option<Vec<bool>>) -> StoredField {
    StoredField { array, readings, valid, placement: None, remarks: Vec::new() }
}
