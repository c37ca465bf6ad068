//! Files that are taken into memory whole, one format each. What they hold is checked against the bytes there are before memory is taken for it.

pub(crate) mod exr;
pub(crate) mod flo;
pub(crate) mod gzip;
pub(crate) mod hdf5;
pub(crate) mod itk_kinds;
pub(crate) mod itk_mat;
pub(crate) mod itk_text;
pub(crate) mod kitti;
pub(crate) mod matrix;
pub(crate) mod metaimage;
pub(crate) mod nifti;
pub(crate) mod nrrd;
pub(crate) mod ome_zarr;
pub(crate) mod opencv;
mod pairs;
pub(crate) mod pfm;
pub(crate) mod safetensors;
pub(crate) mod tensor;
pub(crate) mod torch;
pub(crate) mod volume;

use crate::contents::Contents;
use crate::error::read::ReadCause;
use crate::kind::Kind;
use crate::memory::Memory;
use crate::options::ReadOptions;
use std::path::Path;

/// What a reader is given.
pub(crate) struct Input<'a> {
    /// All bytes of the file; none of a folder.
    pub(crate) bytes: &'a [u8],
    /// The file, for formats that name others beside it.
    pub(crate) path: &'a Path,
    /// What may still be taken.
    pub(crate) memory: &'a mut Memory,
    /// What the caller chose.
    pub(crate) options: &'a ReadOptions<'a>,
}

/// Reads a file by its kind; `None` if it is none of these.
pub(crate) fn read(kind: Kind, input: &mut Input<'_>) -> Option<Result<Contents, ReadCause>> {
    Some(match kind {
        Kind::Exr => exr::read(input),
        Kind::Flo => flo::read(input),
        Kind::Gzip => gzip::read(input),
        Kind::Hdf5 => hdf5::read(input),
        Kind::ItkMat => itk_mat::read(input),
        Kind::ItkText => itk_text::read(input),
        Kind::Matrix => matrix::read(input),
        Kind::MetaImage => metaimage::read(input),
        Kind::Nifti => nifti::read(input),
        Kind::Nrrd => nrrd::read(input),
        Kind::OmeZarr => ome_zarr::read(input),
        Kind::OpenCv => opencv::read(input),
        Kind::Pfm => pfm::read(input),
        Kind::Safetensors => safetensors::read(input),
        Kind::Torch => torch::read(input),
        Kind::Npy | Kind::Zip | Kind::Png | Kind::Jpeg | Kind::Tiff => return None,
    })
}

/// An error of a format: the kind, and what is wrong with it, in words that follow "is .. that ".
pub(crate) fn wrong(kind: Kind, what: impl std::fmt::Display) -> ReadCause {
    ReadCause::Format { kind, what: crate::error::read::one_line(&what.to_string()) }
}
