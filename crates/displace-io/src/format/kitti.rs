//! KITTI's flow, HD1K's too: a 16-bit RGB PNG, u = (R - 2^15) / 64, v = (G - 2^15) / 64, valid where B is not 0.

use crate::atomic::at;
use crate::error::write::{WriteCause, WriteError};
use crate::format::pairs::{self, Pairs};
use crate::image::write::write_image;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Convention};
use std::path::Path;

/// Steps per pixel.
const STEPS: f64 = 64.0;
/// What stands for no displacement.
const REST: f64 = 32768.0;

/// The flow that a KITTI or HD1K image holds: f32 displacements, NaN where it has none. Any 16-bit RGB PNG can be read so: that it
/// is a flow is the caller's to say.
///
/// # Errors
/// If it is no 16-bit image of three channels: what it is.
///
/// ```
/// use displace::{AnyArray, AnyData};
/// let image = AnyArray::new(vec![1, 2, 3], vec![32768u16 + 64, 32768 - 96, 1, 0, 0, 0])?;
/// let field = displace_io::kitti_flow(&image)?;
/// assert!(matches!(field.array.data(), AnyData::F32(v) if v[..2] == [1.0, -1.5] && v[2].is_nan()));
/// assert_eq!(field.valid, Some(vec![true, false]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kitti_flow(image: &AnyArray) -> Result<StoredField, String> {
    let (AnyData::U16(numbers), &[height, width, 3]) = (image.data(), image.shape()) else {
        let (dtype, shape) = (image.dtype(), image.shape());
        return Err(format!("a KITTI flow is an image of u16 and shape (H, W, 3), this one is {dtype} of shape {shape:?}"));
    };
    let pixels = numbers.as_chunks::<3>().0;
    let step = |v: u16| ((f64::from(v) - REST) / STEPS) as f32;
    let mut flow: Vec<f32> = pixels.iter().flat_map(|[u, v, _]| [step(*u), step(*v)]).collect();
    let valid = pairs::mark(&mut flow, |pixel, _| pixels.get(pixel).is_none_or(|[_, _, valid]| *valid == 0));
    let array = AnyArray::new(vec![height, width, 2], flow).map_err(|e| e.to_string())?;
    Ok(pairs::field(array, vec![takes(None, 2)?], valid))
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    pairs::flow("KITTI flows", asked, axes)
}

/// What is left of a number in steps.
pub(crate) fn stored(number: f64) -> f64 {
    (number * STEPS).round() / STEPS
}

/// Writes a field, all or nothing, its numbers rounded to the nearest 64th of a pixel.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let image = encoded(field).map_err(|what| at(path)(WriteCause::Field { format: "a KITTI flow", what }))?;
    write_image(path, &image)
}

/// The image of a field.
fn encoded(field: &StoredField) -> Result<AnyArray, String> {
    let pairs = Pairs::of(field, |asked| takes(Some(asked), 2))?;
    let mut numbers: Vec<u16> = Vec::with_capacity(pairs.height * pairs.width * 3);
    pairs.each(|pixel, pair| {
        let Some(pair) = pair else {
            numbers.extend([0; 3]);
            return Ok(());
        };
        for v in pair {
            let step = (v * STEPS).round() + REST;
            if !(0.0..=f64::from(u16::MAX)).contains(&step) {
                let place = pairs.place(pixel);
                return Err(format!("{v} px at {place}: it holds -512 to 511.984375 px in steps of 1/64"));
            }
            numbers.push(step as u16);
        }
        numbers.push(1);
        Ok(())
    })?;
    AnyArray::new(vec![pairs.height, pairs.width, 3], numbers).map_err(|e| e.to_string())
}
