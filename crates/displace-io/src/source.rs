//! A file that is open and whose kind is known.

use crate::error::read::{ReadCause, ReadError, one_line};
use crate::kind::{Kind, MAGIC, bytes_text};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

/// An open file.
pub(crate) struct Source {
    pub(crate) file: File,
    pub(crate) len: u64,
    pub(crate) kind: Kind,
}

impl Source {
    /// Opens a file and looks at its first bytes.
    pub(crate) fn open(path: &Path) -> Result<Self, ReadCause> {
        let file = File::open(path).map_err(ReadCause::Open)?;
        let metadata = file.metadata().map_err(ReadCause::Open)?;
        if !metadata.is_file() {
            return Err(ReadCause::NotAFile { found: if metadata.is_dir() { "a folder" } else { "a device or pipe" } });
        }
        Self::of_file(file, metadata.len())
    }

    /// Looks at the first bytes of a file of `len` bytes that is at its start.
    pub(crate) fn of_file(mut file: File, len: u64) -> Result<Self, ReadCause> {
        let mut start = Vec::new();
        file.by_ref().take(MAGIC as u64).read_to_end(&mut start)?;
        file.rewind()?;
        Ok(Self { kind: sniff(&start)?, file, len })
    }

    /// With torch's archives told from NumPy's, which begin alike.
    pub(crate) fn told_apart(mut self) -> Result<Self, ReadCause> {
        if self.kind == Kind::Zip && crate::format::torch::is_one(&mut self.file)? {
            self.kind = Kind::Torch;
        }
        Ok(self)
    }

    /// That the file is of the kind expected.
    pub(crate) fn expect(self, expected: Kind) -> Result<Self, ReadCause> {
        if self.kind == expected { Ok(self) } else { Err(ReadCause::Kind { found: self.kind, expected: expected.to_string() }) }
    }
}

/// The kind that the first bytes tell.
pub(crate) fn sniff(start: &[u8]) -> Result<Kind, ReadCause> {
    if start.is_empty() {
        return Err(ReadCause::Empty);
    }
    Kind::of(start).ok_or_else(|| ReadCause::Unknown { start: bytes_text(&start[..start.len().min(8)]) })
}

/// Names the file in an error.
pub(crate) fn at(path: &Path) -> impl FnOnce(ReadCause) -> ReadError {
    move |cause| ReadError { at: one_line(&path.display().to_string()), cause }
}
