//! Files of any kind.

use crate::error::read::{ReadCause, ReadError};
use crate::format::{self, Input};
use crate::image::read::from_source;
use crate::kind::Kind;
use crate::memory::{self, Memory};
use crate::options::ReadOptions;
use crate::source::{Source, at};
use crate::stored::{StoredField, Transform, Volume};
use crate::{npy, npz};
use displace::AnyArray;
use std::io::{Read, Seek, Write};
use std::path::Path;

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// One array: `.npy`, a single tensor, a Zarr array.
    Array(AnyArray),
    /// Named arrays: `.npz`, tensors, datasets, matrices.
    Archive(Vec<(String, AnyArray)>),
    /// An image, `(H, W)` or `(H, W, C)`: PNG, JPEG, TIFF, EXR, PFM.
    Image(AnyArray),
    /// Numbers that say where pixels go.
    Field(StoredField),
    /// An image that knows where its pixels lie: NIfTI, MetaImage, NRRD.
    Volume(Volume),
    /// A map of places.
    Transform(Transform),
}

/// Reads a file of any supported kind, known by its content.
///
/// # Errors
/// If the file cannot be read, is of another kind, or is not what it says.
pub fn read(path: &Path) -> Result<Contents, ReadError> {
    read_with(path, &ReadOptions::default())
}

/// [`read`] with options.
///
/// # Errors
/// As [`read`].
pub fn read_with(path: &Path, options: &ReadOptions<'_>) -> Result<Contents, ReadError> {
    let read = || {
        if path.is_dir() && format::ome_zarr::is_one(path) {
            return of_bytes(Kind::OmeZarr, &[], path, &mut Memory::new(options.memory), options);
        }
        of_source(Source::open(path)?.told_apart()?, path, options)
    };
    read().map_err(at(path))
}

/// Reads from a pipe to its end, of any supported kind, known by its content. Errors call it `name`; files beside it are not found.
///
/// # Errors
/// As [`read`].
pub fn read_stream(from: impl Read, name: &str, options: &ReadOptions<'_>) -> Result<Contents, ReadError> {
    let path = Path::new(name);
    let read = || {
        // Archives are read from their ends, which pipes do not have.
        let mut file = tempfile::tempfile()?;
        let len = std::io::copy(&mut from.take(options.memory.map_or(u64::MAX, |most| most.saturating_add(1))), &mut file)?;
        Memory::new(options.memory).take(len)?;
        file.rewind()?;
        of_source(Source::of_file(file, len)?.told_apart()?, path, options)
    };
    read().map_err(at(path))
}

fn of_source(source: Source, path: &Path, options: &ReadOptions<'_>) -> Result<Contents, ReadCause> {
    Ok(match source.kind {
        Kind::Npy => Contents::Array(npy::read::from_source(source, options)?),
        Kind::Zip => Contents::Archive(npz::read::from_source(source, options)?),
        Kind::Png | Kind::Jpeg | Kind::Tiff => Contents::Image(from_source(source, options)?),
        kind => {
            let mut memory = Memory::new(options.memory);
            memory.take(source.len)?;
            let mut bytes = Vec::new();
            memory::reserve(&mut bytes, usize::try_from(source.len).map_err(|_| ReadCause::Allocation { bytes: source.len })?)?;
            source.file.take(source.len).read_to_end(&mut bytes)?;
            return of_bytes(kind, &bytes, path, &mut memory, options);
        }
    })
}

fn of_bytes(kind: Kind, bytes: &[u8], path: &Path, memory: &mut Memory, options: &ReadOptions<'_>) -> Result<Contents, ReadCause> {
    let input = &mut Input { bytes, path, memory, options };
    format::read(kind, input).unwrap_or_else(|| Err(ReadCause::Kind { found: kind, expected: "a file of another kind".into() }))
}

/// Reads a file that is in memory, as one of `kind` whatever it begins with. Errors call it "bytes"; files beside it are not found.
///
/// # Errors
/// As [`read`].
pub fn read_bytes_as(kind: Kind, bytes: &[u8], options: &ReadOptions<'_>) -> Result<Contents, ReadError> {
    let path = Path::new("bytes");
    let read = || match kind {
        Kind::Npy | Kind::Zip | Kind::Png | Kind::Jpeg | Kind::Tiff => {
            let mut file = tempfile::tempfile()?;
            file.write_all(bytes)?;
            file.rewind()?;
            of_source(Source { file, len: bytes.len() as u64, kind }, path, options)
        }
        _ => of_bytes(kind, bytes, path, &mut Memory::new(options.memory), options),
    };
    read().map_err(at(path))
}
