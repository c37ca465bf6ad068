//! Images, `(H, W)` or `(H, W, C)`.

mod raster;
pub(crate) mod read;
mod tiff;
mod whole;
pub(crate) mod write;

use crate::error::image::ImageError;
use crate::error::read::{ReadCause, one_line};
use crate::kind::Kind;
use std::fmt::Display;

/// That `bytes` bytes can hold so many pixels. Deflate makes at most 1032 bytes of one, and a pixel takes at least a bit;
/// the other codecs expand less.
fn claim(kind: Kind, (width, height): (u32, u32), bytes: u64) -> Result<(), ImageError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > bytes.saturating_mul(8 * 1032) {
        return Err(ImageError::Claim { kind, height, width, bytes });
    }
    Ok(())
}

/// The lengths of the axes: colours come last, and grey has no axis of its own.
fn shape((width, height): (u32, u32), channels: usize) -> Vec<usize> {
    let size = [height as usize, width as usize];
    if channels == 1 { size.to_vec() } else { [&size[..], &[channels]].concat() }
}

fn undecodable(kind: Kind, cause: &impl Display) -> ReadCause {
    ImageError::Decode { kind, cause: one_line(&cause.to_string()) }.into()
}
