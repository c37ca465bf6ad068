//! PNG and JPEG, decoded by the `image` crate.

use crate::element::Element;
use crate::error::image::ImageError;
use crate::error::read::ReadCause;
use crate::image::{claim, shape, undecodable, whole};
use crate::kind::Kind;
use crate::memory::{self, Memory};
use ::image::codecs::{jpeg::JpegDecoder, png::PngDecoder};
use ::image::{ColorType, ImageDecoder, Limits};
use displace::{AnyArray, AnyData};
use std::io::Cursor;

/// Decodes the bytes of a PNG file.
pub(super) fn png(bytes: &[u8], memory: &mut Memory) -> Result<AnyArray, ReadCause> {
    whole::check(Kind::Png, bytes)?;
    if let Some(size) = png_size(bytes) {
        claim(Kind::Png, size, bytes.len() as u64)?;
    }
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits(memory)).map_err(|e| undecodable(Kind::Png, &e))?;
    decode(Kind::Png, decoder, bytes, memory)
}

/// Decodes the bytes of a JPEG file.
pub(super) fn jpeg(bytes: &[u8], memory: &mut Memory) -> Result<AnyArray, ReadCause> {
    whole::check(Kind::Jpeg, bytes)?;
    // The decoder keeps a copy.
    memory.take(bytes.len() as u64)?;
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(|e| undecodable(Kind::Jpeg, &e))?;
    decode(Kind::Jpeg, decoder, bytes, memory)
}

/// Width and height, which come first: the decoder takes memory for a row as soon as it knows them.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let (width, rest) = bytes.get(16..)?.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*rest.first_chunk()?)))
}

fn limits(memory: &Memory) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = memory.left();
    limits
}

fn decode(kind: Kind, mut decoder: impl ImageDecoder, bytes: &[u8], memory: &mut Memory) -> Result<AnyArray, ReadCause> {
    claim(kind, decoder.dimensions(), bytes.len() as u64)?;
    memory.take(decoder.total_bytes())?;
    decoder.set_limits(limits(memory)).map_err(|e| undecodable(kind, &e))?;
    let color = decoder.color_type();
    let shape = shape(decoder.dimensions(), usize::from(color.channel_count()));
    let data: AnyData = match color {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => pixels::<u8>(kind, decoder)?.into(),
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => pixels::<u16>(kind, decoder)?.into(),
        other => {
            let expected = "grey, grey and alpha, RGB and RGBA of 8 or 16 bits";
            return Err(ImageError::Pixels { kind, found: format!("{other:?} pixels"), expected }.into());
        }
    };
    AnyArray::new(shape, data).map_err(|e| undecodable(kind, &e))
}

fn pixels<T: Element>(kind: Kind, decoder: impl ImageDecoder) -> Result<Vec<T>, ReadCause> {
    let bytes = decoder.total_bytes();
    let count = usize::try_from(bytes / size_of::<T>() as u64).map_err(|_| ReadCause::Allocation { bytes })?;
    let mut numbers = memory::zeros::<T>(count)?;
    decoder.read_image(bytemuck::cast_slice_mut(&mut numbers)).map_err(|e| undecodable(kind, &e))?;
    Ok(numbers)
}
