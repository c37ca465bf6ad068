//! Writing images.

use crate::atomic;
use crate::error::read::one_line;
use crate::error::write::{WriteCause, WriteError};
use crate::image::tiff;
use ::image::codecs::{jpeg::JpegEncoder, png::PngEncoder};
use ::image::{ExtendedColorType, ImageEncoder, ImageError};
use ::tiff::TiffError;
use displace::{AnyArray, AnyData};
use std::io::{Seek, Write};
use std::path::Path;

#[derive(Clone, Copy)]
enum Format {
    Png,
    Jpeg,
    Tiff,
}

/// Of 100; colours are stored at full resolution.
const JPEG_QUALITY: u8 = 95;

/// Writes an image, `(H, W)` or `(H, W, C)`, in the format that the path ends in, all or nothing: `.png` (u8, u16; C = 1 to
/// 4), `.jpg` and `.jpeg` (u8; C = 1 or 3; lossy), `.tif` and `.tiff` (u8, u16, f32; C = 1, 3 or 4).
///
/// # Errors
/// If the file cannot be written, or the format cannot hold such pixels.
pub fn write_image(path: &Path, array: &AnyArray) -> Result<(), WriteError> {
    let format = Format::of(path).map_err(atomic::at(path))?;
    let refused = || format.refuses(array);
    let (size, channels) = dimensions(array.shape()).ok_or_else(refused).map_err(atomic::at(path))?;
    atomic::replace(path, |file| match format {
        Format::Png | Format::Jpeg => raster(format, file, array, size, channels).ok_or_else(refused)?.map_err(encoding),
        Format::Tiff => tiff::encode(file, array, size, channels).ok_or_else(refused)?.map_err(tiff_encoding),
    })
}

impl Format {
    fn of(path: &Path) -> Result<Self, WriteCause> {
        let found = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        match found.as_str() {
            "png" => Ok(Self::Png),
            "jpg" | "jpeg" => Ok(Self::Jpeg),
            "tif" | "tiff" => Ok(Self::Tiff),
            _ => Err(WriteCause::Extension { found: one_line(&found) }),
        }
    }

    fn refuses(self, array: &AnyArray) -> WriteCause {
        let (extension, expected) = match self {
            Self::Png => (".png", "expected u8 or u16 of shape (H, W) or (H, W, C) with C = 1 to 4, no axis empty"),
            Self::Jpeg => (".jpg", "expected u8 of shape (H, W) or (H, W, C) with C = 1 or 3, H and W from 1 to 65535"),
            Self::Tiff => (".tif", "expected u8, u16 or f32 of shape (H, W) or (H, W, C) with C = 1, 3 or 4, no axis empty"),
        };
        WriteCause::Pixels { dtype: array.dtype(), shape: array.shape().to_vec(), extension, expected }
    }
}

/// Width and height, and channels.
fn dimensions(shape: &[usize]) -> Option<((u32, u32), usize)> {
    let (height, width, channels) = match *shape {
        [height, width] => (height, width, 1),
        [height, width, channels] => (height, width, channels),
        _ => return None,
    };
    if height == 0 || width == 0 {
        return None;
    }
    Some(((u32::try_from(width).ok()?, u32::try_from(height).ok()?), channels))
}

/// `None` if the format has no such pixels.
fn raster(
    format: Format,
    to: impl Write + Seek,
    array: &AnyArray,
    (width, height): (u32, u32),
    channels: usize,
) -> Option<Result<(), ImageError>> {
    let (bytes, wide): (&[u8], bool) = match array.data() {
        AnyData::U8(v) => (v, false),
        AnyData::U16(v) => (bytemuck::cast_slice(v), true),
        _ => return None,
    };
    let color = match (channels, wide) {
        (1, false) => ExtendedColorType::L8,
        (2, false) => ExtendedColorType::La8,
        (3, false) => ExtendedColorType::Rgb8,
        (4, false) => ExtendedColorType::Rgba8,
        (1, true) => ExtendedColorType::L16,
        (2, true) => ExtendedColorType::La16,
        (3, true) => ExtendedColorType::Rgb16,
        (4, true) => ExtendedColorType::Rgba16,
        _ => return None,
    };
    match format {
        Format::Jpeg if wide || !matches!(channels, 1 | 3) || width.max(height) > u32::from(u16::MAX) => None,
        Format::Jpeg => Some(JpegEncoder::new_with_quality(to, JPEG_QUALITY).write_image(bytes, width, height, color)),
        _ => Some(PngEncoder::new(to).write_image(bytes, width, height, color)),
    }
}

fn encoding(error: ImageError) -> WriteCause {
    match error {
        ImageError::IoError(error) => WriteCause::Io(error),
        other => WriteCause::Encode { cause: one_line(&other.to_string()) },
    }
}

fn tiff_encoding(error: TiffError) -> WriteCause {
    match error {
        TiffError::IoError(error) => WriteCause::Io(error),
        other => WriteCause::Encode { cause: one_line(&other.to_string()) },
    }
}
