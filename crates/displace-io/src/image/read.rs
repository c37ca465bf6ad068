//! Reading images.

use crate::error::read::{ReadCause, ReadError};
use crate::image::{raster, tiff};
use crate::kind::Kind;
use crate::memory::{self, Memory};
use crate::options::ReadOptions;
use crate::progress::{Progress, Watched};
use crate::source::{Source, at, sniff};
use displace::AnyArray;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

/// Reads a PNG, JPEG or TIFF image, known by its content: `(H, W)` when grey, else `(H, W, C)`.
///
/// # Errors
/// If the file cannot be read, is of another kind, is cut, or holds pixels that no array here can.
pub fn read_image(path: &Path) -> Result<AnyArray, ReadError> {
    read_image_with(path, &ReadOptions::default())
}

/// [`read_image`] with options.
///
/// # Errors
/// As [`read_image`].
pub fn read_image_with(path: &Path, options: &ReadOptions<'_>) -> Result<AnyArray, ReadError> {
    let read = || from_source(Source::open(path)?, options);
    read().map_err(at(path))
}

/// Decodes an image file that is in memory. Errors call it "image".
///
/// # Errors
/// As [`read_image`].
pub fn image_from_bytes(bytes: &[u8]) -> Result<AnyArray, ReadError> {
    let mut memory = Memory::new(None);
    let decoded = sniff(bytes).and_then(|kind| match kind {
        Kind::Tiff => tiff::decode(Cursor::new(bytes), bytes.len() as u64, &mut memory),
        _ => in_memory(kind, bytes, &mut memory),
    });
    decoded.map_err(at(Path::new("image")))
}

pub(crate) fn from_source(source: Source, options: &ReadOptions<'_>) -> Result<AnyArray, ReadCause> {
    let Source { file, len, kind } = source;
    if !kind.is_image() {
        return Err(not_an_image(kind));
    }
    let mut memory = Memory::new(options.memory);
    let mut reader = Watched { inner: file, progress: Progress::new(options.progress, len) };
    if kind == Kind::Tiff {
        return tiff::decode(BufReader::new(reader), len, &mut memory);
    }
    memory.take(len)?;
    let mut bytes = Vec::new();
    memory::reserve(&mut bytes, usize::try_from(len).map_err(|_| ReadCause::Allocation { bytes: len })?)?;
    reader.by_ref().take(len).read_to_end(&mut bytes)?;
    in_memory(kind, &bytes, &mut memory)
}

fn in_memory(kind: Kind, bytes: &[u8], memory: &mut Memory) -> Result<AnyArray, ReadCause> {
    match kind {
        Kind::Png => raster::png(bytes, memory),
        Kind::Jpeg => raster::jpeg(bytes, memory),
        _ => Err(not_an_image(kind)),
    }
}

fn not_an_image(found: Kind) -> ReadCause {
    ReadCause::Kind { found, expected: "a PNG, JPEG or TIFF image".into() }
}
