//! Why a file was not read.

use crate::error::image::ImageError;
use crate::error::landmarks::LandmarksError;
use crate::error::npy::NpyError;
use crate::error::npz::NpzError;
use crate::kind::Kind;
use std::io;
use thiserror::Error;

/// What is read, for errors.
const KNOWN: &str = ".npy, .npz, safetensors, .pt, PNG, JPEG, TIFF, EXR, PFM, .flo, HDF5, OpenCV's matrices, NIfTI, MetaImage, NRRD, \
                     ITK's transforms, matrices of numbers";

/// Where reading failed, and why: one line.
#[derive(Debug, Error)]
#[error("{at}: {cause}")]
pub struct ReadError {
    /// The path.
    pub at: String,
    /// What is wrong.
    pub cause: ReadCause,
}

/// Why a file was not read.
#[derive(Debug, Error)]
pub enum ReadCause {
    /// It is missing or not ours to read.
    #[error("cannot be opened: {}", io_text(.0))]
    Open(io::Error),
    /// A folder, device or pipe.
    #[error("is {found}: expected a file")]
    NotAFile {
        /// What it is.
        found: &'static str,
    },
    /// The system stopped in the middle, or the file became shorter.
    #[error("reading stopped: {}", io_text(.0))]
    Io(#[from] io::Error),
    /// No bytes at all.
    #[error("is empty (0 bytes): expected an array, an image or a field ({KNOWN})")]
    Empty,
    /// Content of no known kind.
    #[error("starts with the bytes {start}: that is none of {KNOWN}")]
    Unknown {
        /// The first bytes, for people.
        start: String,
    },
    /// Another kind than asked for.
    #[error("is {found}: expected {expected}")]
    Kind {
        /// What it is.
        found: Kind,
        /// What was asked for.
        expected: String,
    },
    /// More than there is.
    #[error("needs {needed} bytes of memory, {available} are available")]
    Memory {
        /// Bytes needed.
        needed: u64,
        /// Bytes left.
        available: u64,
    },
    /// More than the system gives.
    #[error("needs {bytes} bytes of memory, which the system does not give")]
    Allocation {
        /// Bytes asked for.
        bytes: u64,
    },
    /// An integer that no number type here holds.
    #[error("holds 64-bit integers beyond 2^53, which f64 does not hold")]
    Integer,
    /// Not what its format has to be.
    #[error("is {kind} that {what}")]
    Format {
        /// What it is.
        kind: Kind,
        /// What is wrong, in words that follow "that".
        what: String,
    },
    /// A bad array.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// A bad member of an archive.
    #[error("member \"{name}\": {cause}")]
    Member {
        /// Its name.
        name: String,
        /// What is wrong with it.
        cause: Box<ReadCause>,
    },
    /// A bad archive.
    #[error(transparent)]
    Npz(#[from] NpzError),
    /// No pairs of points.
    #[error(transparent)]
    Landmarks(#[from] LandmarksError),
    /// A bad image.
    #[error(transparent)]
    Image(#[from] ImageError),
}

/// Text from outside on one line, and not endless.
pub(crate) fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    let short: String = text.chars().take(LONGEST).map(escaped).collect();
    if text.chars().nth(LONGEST).is_some() { short + ".." } else { short }
}

/// What the system says, without its error numbers and the paths that libraries add.
pub(crate) fn io_text(error: &io::Error) -> String {
    match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::NotFound, _) => "there is no such file or folder".into(),
        (io::ErrorKind::PermissionDenied, _) => "permission denied".into(),
        (io::ErrorKind::UnexpectedEof, _) => "the data ends early".into(),
        (kind, Some(_)) => kind.to_string(),
        (_, None) => one_line(&error.to_string()),
    }
}
