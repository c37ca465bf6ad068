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
use std::io::Read;
use std::path::Path;

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// One array: `.npy`.
    Array(AnyArray),
    /// Named arrays: `.npz`.
    Archive(Vec<(String, AnyArray)>),
    /// An image, `(H, W)` or `(H, W, C)`: PNG, JPEG, TIFF.
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
            let input = &mut Input { bytes: &[], path, memory: &mut Memory::new(options.memory), options };
            return format::ome_zarr::read(input);
        }
        let mut source = Source::open(path)?;
        if source.kind == Kind::Zip && format::torch::is_one(&mut source.file)? {
            source.kind = Kind::Torch;
        }
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
                let input = &mut Input { bytes: &bytes, path, memory: &mut memory, options };
                return format::read(kind, input)
                    .unwrap_or_else(|| Err(ReadCause::Kind { found: kind, expected: "a file".into() }));
            }
        })
    };
    read().map_err(at(path))
}
