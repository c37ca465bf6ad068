//! TIFF, decoded and encoded by the `tiff` crate: unlike the other formats it holds floats.

use crate::element::Element;
use crate::error::image::ImageError;
use crate::error::read::ReadCause;
use crate::image::{claim, shape, undecodable};
use crate::kind::Kind;
use crate::memory::{self, Memory};
use ::tiff::ColorType;
use ::tiff::decoder::{BufferLayoutPreference, Decoder, DecodingSampleType, Limits};
use ::tiff::encoder::{TiffEncoder, TiffValue, colortype};
use ::tiff::{TiffError, TiffResult};
use displace::{AnyArray, AnyData};
use std::io::{Read, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Decodes the first page of a TIFF file of `len` bytes.
pub(super) fn decode(reader: impl Read + Seek, len: u64, memory: &mut Memory) -> Result<AnyArray, ReadCause> {
    // The decoder multiplies what a header says before it doubts it, which overflows. Nothing of what it had is used then.
    let decode = AssertUnwindSafe(|| first_page(reader, len, memory));
    catch_unwind(decode).unwrap_or_else(|_| Err(undecodable(Kind::Tiff, &"its sizes do not fit each other")))
}

fn first_page(reader: impl Read + Seek, len: u64, memory: &mut Memory) -> Result<AnyArray, ReadCause> {
    let mut limits = Limits::unlimited();
    let most = usize::try_from(memory.left().unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    limits.decoding_buffer_size = most;
    limits.intermediate_buffer_size = most;
    // The places of the strips are values too: as many as there are rows, never more than the file is long.
    limits.ifd_value_size = usize::try_from(len).unwrap_or(usize::MAX).min(most);
    let mut decoder = Decoder::new(reader).map_err(failed)?.with_limits(limits);
    let size = decoder.dimensions().map_err(failed)?;
    claim(Kind::Tiff, size, len)?;
    let color = decoder.colortype().map_err(failed)?;
    let layout = decoder.image_buffer_layout().map_err(failed)?;
    let (channels, empty) = pixels(color, &layout)?;
    let bytes = layout.complete_len as u64;
    memory.take(if layout.planes > 1 { bytes.saturating_mul(2) } else { bytes })?;
    displace::with_data!(empty, numbers => {
        let numbers = decoded(numbers, &mut decoder, &layout, channels)?;
        AnyArray::new(shape(size, channels), numbers).map_err(|e| undecodable(Kind::Tiff, &e))
    })
}

fn failed(error: TiffError) -> ReadCause {
    match error {
        TiffError::IoError(error) => ReadCause::Io(error),
        other => undecodable(Kind::Tiff, &other),
    }
}

/// Channels, and an empty vector of their type.
fn pixels(color: ColorType, layout: &BufferLayoutPreference) -> Result<(usize, AnyData), ImageError> {
    let refused = || ImageError::Pixels {
        kind: Kind::Tiff,
        found: format!("{color:?} pixels of {:?} samples", layout.sample_format),
        expected: "grey, grey and alpha, RGB and RGBA of u8, u16, i16, f16, f32 or f64",
    };
    let (channels, bits) = match color {
        ColorType::Gray(bits) => (1, bits),
        ColorType::GrayA(bits) => (2, bits),
        ColorType::RGB(bits) => (3, bits),
        ColorType::RGBA(bits) => (4, bits),
        _ => return Err(refused()),
    };
    let empty = match (layout.sample_type, bits) {
        (Some(DecodingSampleType::U8), 8) => AnyData::U8(Vec::new()),
        (Some(DecodingSampleType::U16), 16) => AnyData::U16(Vec::new()),
        (Some(DecodingSampleType::I16), 16) => AnyData::I16(Vec::new()),
        (Some(DecodingSampleType::F16), 16) => AnyData::F16(Vec::new()),
        (Some(DecodingSampleType::F32), 32) => AnyData::F32(Vec::new()),
        (Some(DecodingSampleType::F64), 64) => AnyData::F64(Vec::new()),
        _ => return Err(refused()),
    };
    Ok((channels, empty))
}

/// The numbers, those of a pixel side by side: planes one after the other are interleaved.
fn decoded<T: Element>(
    _: Vec<T>,
    decoder: &mut Decoder<impl Read + Seek>,
    layout: &BufferLayoutPreference,
    channels: usize,
) -> Result<Vec<T>, ReadCause> {
    let mut numbers = memory::zeros::<T>(layout.complete_len / size_of::<T>())?;
    decoder.read_image_bytes(bytemuck::cast_slice_mut(&mut numbers)).map_err(failed)?;
    if layout.planes <= 1 {
        return Ok(numbers);
    }
    let mut pixels = memory::zeros::<T>(numbers.len())?;
    for (channel, plane) in numbers.chunks_exact((numbers.len() / channels).max(1)).enumerate() {
        pixels.iter_mut().skip(channel).step_by(channels).zip(plane).for_each(|(to, from)| *to = *from);
    }
    Ok(pixels)
}

/// Encodes an image; `None` if there is no such TIFF.
pub(super) fn encode(to: impl Write + Seek, array: &AnyArray, size: (u32, u32), channels: usize) -> Option<TiffResult<()>> {
    use colortype::{Gray8, Gray16, Gray32Float, RGB8, RGB16, RGB32Float, RGBA8, RGBA16, RGBA32Float};
    Some(match (array.data(), channels) {
        (AnyData::U8(v), 1) => page::<Gray8>(to, size, v),
        (AnyData::U8(v), 3) => page::<RGB8>(to, size, v),
        (AnyData::U8(v), 4) => page::<RGBA8>(to, size, v),
        (AnyData::U16(v), 1) => page::<Gray16>(to, size, v),
        (AnyData::U16(v), 3) => page::<RGB16>(to, size, v),
        (AnyData::U16(v), 4) => page::<RGBA16>(to, size, v),
        (AnyData::F32(v), 1) => page::<Gray32Float>(to, size, v),
        (AnyData::F32(v), 3) => page::<RGB32Float>(to, size, v),
        (AnyData::F32(v), 4) => page::<RGBA32Float>(to, size, v),
        _ => return None,
    })
}

fn page<C: colortype::ColorType>(to: impl Write + Seek, (width, height): (u32, u32), numbers: &[C::Inner]) -> TiffResult<()>
where
    [C::Inner]: TiffValue,
{
    // Places in a plain TIFF have 32 bits; the rest is left for its tables.
    const LONGEST: usize = u32::MAX as usize - (1 << 28);
    if size_of_val(numbers) > LONGEST {
        TiffEncoder::new_big(to)?.write_image::<C>(width, height, numbers)
    } else {
        TiffEncoder::new(to)?.write_image::<C>(width, height, numbers)
    }
}
