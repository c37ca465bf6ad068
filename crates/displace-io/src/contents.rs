//! Files of any kind.

use crate::error::read::ReadError;
use crate::image::read::from_source;
use crate::kind::Kind;
use crate::options::ReadOptions;
use crate::source::{Source, at};
use crate::{npy, npz};
use displace::AnyArray;
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
        let source = Source::open(path)?;
        Ok(match source.kind {
            Kind::Npy => Contents::Array(npy::read::from_source(source, options)?),
            Kind::Zip => Contents::Archive(npz::read::from_source(source, options)?),
            Kind::Png | Kind::Jpeg | Kind::Tiff => Contents::Image(from_source(source, options)?),
        })
    };
    read().map_err(at(path))
}
