//! KITTI's and HD1K's flow in PNG images of 16 bits: `u = (R - 2^15)/64`, `v = (G - 2^15)/64`, known where B is not 0 (KITTI's
//! development kit).

use crate::atomic::at;
use crate::error::write::{WriteCause, WriteError};
use crate::format::flo::flow_of;
use crate::image::write::write_image;
use crate::save::own;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Convention};
use std::path::Path;

/// The flow that a PNG image of 16 bits holds; NaN where it is not known.
///
/// # Errors
/// If it is no image of three channels of u16.
pub fn kitti_flow(image: &AnyArray) -> Result<StoredField, String> {
    let ([height, width, 3], AnyData::U16(pixels)) = (image.shape(), image.data()) else {
        return Err(format!("{} {:?}: KITTI's flow is an RGB image of 16 bits, u16 (H, W, 3)", image.dtype(), image.shape()));
    };
    let (pixels, _) = pixels.as_chunks::<3>();
    let value = |v: u16| (f32::from(v) - 32768.0) / 64.0;
    let flow: Vec<f32> = pixels.iter().flat_map(|[r, g, b]| if *b == 0 { [f32::NAN; 2] } else { [value(*r), value(*g)] }).collect();
    let valid: Vec<bool> = pixels.iter().map(|[.., b]| *b != 0).collect();
    Ok(StoredField {
        array: AnyArray::new(vec![*height, *width, 2], flow).map_err(|e| e.to_string())?,
        readings: vec!["flow".parse().map_err(|e: displace::error::ConventionError| e.to_string())?],
        valid: valid.contains(&false).then_some(valid),
        placement: None,
        remarks: Vec::new(),
    })
}

/// A flow.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    if axes != 2 {
        return Err("KITTI's PNG holds fields of two axes".into());
    }
    own("KITTI's PNG images", "flow", asked)
}

/// Writes a flow to the nearest 64th of a pixel, all or nothing; pixels that are not valid, and NaN, as three zeros.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let format = "KITTI's PNG";
    let ([height, width], flow) = flow_of(field, format).map_err(at(path))?;
    let mut pixels = Vec::with_capacity(height * width * 3);
    for (i, uv) in flow.chunks_exact(2).enumerate() {
        if uv.iter().any(|v| v.is_nan()) {
            pixels.extend([0u16; 3]);
            continue;
        }
        for v in uv {
            let step = (f64::from(*v) * 64.0).round_ties_even() + 32768.0;
            if !(0.0..=65535.0).contains(&step) {
                let what = format!("{v} px at row {}, column {}: it holds -512 to 511.98 px", i / width, i % width);
                return Err(at(path)(WriteCause::Field { format, what }));
            }
            pixels.push(step as u16);
        }
        pixels.push(1);
    }
    let image =
        AnyArray::new(vec![height, width, 3], pixels).map_err(|e| at(path)(WriteCause::Field { format, what: e.to_string() }))?;
    write_image(path, &image)
}
