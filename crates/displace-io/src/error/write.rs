//! Why a file was not written.

use crate::error::read::io_text;
use displace::DType;
use std::io;
use thiserror::Error;

/// What could not be written, and why: one line. Nothing is left behind.
#[derive(Debug, Error)]
#[error("{at}: {cause}")]
pub struct WriteError {
    /// The path.
    pub at: String,
    /// What is wrong.
    pub cause: WriteCause,
}

/// Why a file was not written.
#[derive(Debug, Error)]
pub enum WriteCause {
    /// The folder is missing.
    #[error("cannot be written: the folder \"{folder}\" does not exist")]
    NoFolder {
        /// The folder.
        folder: String,
    },
    /// The path is a folder.
    #[error("cannot be written: it is a folder")]
    IsFolder,
    /// The folder takes no new files.
    #[error("cannot be written: the folder \"{folder}\" takes no new file: {}", io_text(.cause))]
    Folder {
        /// The folder.
        folder: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The system refuses, or the disk is full.
    #[error("cannot be written: {}", io_text(.0))]
    Io(#[from] io::Error),
    /// A field that the format cannot hold.
    #[error("cannot be written as {format}: {what}")]
    Field {
        /// The format.
        format: &'static str,
        /// What is wrong, and what it can hold.
        what: String,
    },
    /// A type without a name in `.npy`.
    #[error("bf16 cannot be written: .npy has no name for it; convert to f32, which holds every bf16 exactly")]
    Bf16,
    /// More axes than NumPy has.
    #[error("an array of {found} axes cannot be written: NumPy reads at most {most}")]
    Axes {
        /// Axes found.
        found: usize,
        /// The most there can be.
        most: usize,
    },
    /// Two members of one name.
    #[error("two arrays are called \"{name}\": each needs a name of its own")]
    Twice {
        /// The name.
        name: String,
    },
    /// The archive cannot be made.
    #[error("the archive cannot be written: {cause}")]
    Archive {
        /// What is wrong.
        cause: String,
    },
    /// A name that stands for no image format.
    #[error("images are written as .png, .jpg, .jpeg, .tif or .tiff, not as \"{found}\"")]
    Extension {
        /// What the path ends in.
        found: String,
    },
    /// Pixels that the format cannot hold.
    #[error("{dtype} of shape {shape:?} is not an image that {extension} can hold: {expected}")]
    Pixels {
        /// The dtype.
        dtype: DType,
        /// The shape.
        shape: Vec<usize>,
        /// The format.
        extension: &'static str,
        /// What it can hold.
        expected: &'static str,
    },
    /// The encoder refuses it.
    #[error("the image cannot be encoded: {cause}")]
    Encode {
        /// What the encoder says.
        cause: String,
    },
}
