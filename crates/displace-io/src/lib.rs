//! Arrays and images from and to files: [`displace::AnyArray`] on this side, `.npy`, `.npz`, PNG, JPEG and TIFF on the other.
//!
//! ```
//! use displace::AnyArray;
//! use displace_io::{Contents, read, write_npy};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("grid.npy");
//! let array = AnyArray::new(vec![1, 2, 2, 2], vec![0.0f32; 8])?;
//! write_npy(&path, &array)?;
//! match read(&path)? {
//!     Contents::Array(found) => assert_eq!(found, array),
//!     other => panic!("{other:?}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//!
//! - A file is what its content says, whatever its name ends in.
//! - Sizes are checked before memory is taken: a header that claims more than its file holds, or more than the memory
//!   there is ([`ReadOptions::memory`]), is refused with both numbers.
//! - Nothing is guessed or dropped: numbers of another dtype, bytes after the array, a cut image are errors of one line
//!   that starts with the path and says what was found and what is expected.
//! - A write leaves the whole file or none: it goes to a temporary beside the target, which then takes the target's name.
//!
//! # What is read and written
//!
//! | file | read | written |
//! |---|---|---|
//! | `.npy` | versions 1 to 3, `u1 u2 i2 f2 f4 f8` of either byte order, C and Fortran order; bf16 on request ([`ReadOptions::bf16`]) | version 1, byte for byte as `numpy.save`; bf16 is refused: it has no name there, and is exactly an f32 |
//! | `.npz` | stored and deflated members | stored, or deflated on request ([`WriteOptions::compress`]) |
//! | PNG | 1 to 16 bits as u8 or u16, palettes expanded | u8, u16 |
//! | JPEG | u8, pixels as stored: the orientation tag is not applied | u8, quality 95 |
//! | TIFF | the first page, u8, u16, i16, f16, f32, f64 | u8, u16, f32, uncompressed |
//! | EXR, PFM | images of f16, f32, u32 as f32; [`st_map`] takes two channels for places | fields of f32 |
//! | `.flo`, KITTI's PNG ([`kitti_flow`]) | flows, and which pixels are known | flows |
//! | NIfTI, MetaImage, NRRD | images with their places ([`Volume`]), and fields ([`StoredField`]) | both |
//! | HDF5 | `.flo5`, ITK's transforms, nitransforms X5, any datasets | fields, transforms ([`write_transform`]) |
//! | OME-Zarr | 0.6 displacements and coordinates, Zarr arrays | fields |
//! | safetensors, torch's `.pt` | tensors; no code is ever run | one tensor |
//! | OpenCV's `.yml`, `.xml`, `.json` | matrices | fields |
//! | landmarks, CSV or JSON ([`read_landmarks`]) | pairs of points in pixels | |
//! | ITK's `.tfm`, `.txt`, `.mat`; AFNI's and FSL's matrices | [`Transform`]s, which [`render`] works out; [`flirt`] | as text, affine ones |
//!
//! An image is `(H, W)` when grey and `(H, W, C)` otherwise: grey and alpha, RGB, RGBA.

mod atomic;
mod contents;
mod conversion;
mod element;
mod error;
mod field;
mod format;
mod image;
mod kind;
mod landmarks;
mod memory;
mod npy;
mod npz;
mod numbers;
mod options;
mod progress;
mod render;
mod save;
mod source;
mod stored;

pub use atomic::write_bytes;
pub use contents::{Contents, read, read_bytes_as, read_with};
pub use conversion::{Conversion, ConversionError, Converted, Pixels, Precision, SourcePixels};
pub use error::image::ImageError;
pub use error::landmarks::LandmarksError;
pub use error::npy::NpyError;
pub use error::npz::NpzError;
pub use error::read::{ReadCause, ReadError};
pub use error::write::{WriteCause, WriteError};
pub use field::{COVERAGE, DISPLACEMENT, FieldNotes, PLACEMENT, placement_member, placement_of};
pub use format::exr::st_map;
pub use format::kitti::kitti_flow;
pub use format::matrix::flirt;
pub use format::volume::write_volume;
pub use image::read::{image_from_bytes, read_image, read_image_with};
pub use image::write::write_image;
pub use kind::Kind;
pub use landmarks::{AnyLandmarks, Landmarks, read_landmarks};
pub use npy::read::{read_array, read_array_with};
pub use npy::write::{write_npy, write_npy_with};
pub use npz::read::{read_npz, read_npz_member, read_npz_member_with, read_npz_with};
pub use npz::write::{write_npz, write_npz_with};
pub use options::{ReadOptions, WriteOptions};
pub use render::render;
pub use save::{Format, holds_transforms, write_field, write_transform};
pub use stored::{Affine, StoredField, Transform, Volume};
