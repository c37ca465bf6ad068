//! Whether an image has its end. Decoders do not all look, and fill what is missing with grey.

use crate::error::image::ImageError;
use crate::kind::Kind;

/// That a PNG or JPEG file ends with its end mark, or has it before whatever follows.
pub(super) fn check(kind: Kind, bytes: &[u8]) -> Result<(), ImageError> {
    let ended = match kind {
        Kind::Png => png_ends(bytes),
        Kind::Jpeg => jpeg_ends(bytes),
        _ => Some(()),
    };
    ended.ok_or(ImageError::Cut { kind, bytes: bytes.len() as u64 })
}

/// Walks the chunks (length, name, data, checksum) to IEND.
fn png_ends(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.get(8..)?;
    loop {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let name = after.first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest = after.get(length.checked_add(8)?..)?;
        if name == b"IEND" {
            return Some(());
        }
    }
}

/// Walks the segments, and the coded data between them, to the end-of-image marker.
fn jpeg_ends(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.get(2..)?;
    loop {
        rest = &rest[rest.iter().position(|byte| *byte == 0xff)?..];
        rest = &rest[rest.iter().position(|byte| *byte != 0xff)?..];
        let (marker, after) = rest.split_first()?;
        rest = match marker {
            0xd9 => return Some(()),
            // A stuffed byte, a marker that stands alone, a restart: no length follows.
            0x00 | 0x01 | 0xd0..=0xd8 => after,
            _ => after.get(usize::from(u16::from_be_bytes(*after.first_chunk::<2>()?))..)?,
        };
    }
}
