//! What ends a command early: one line and an exit code.

use std::path::{Path, PathBuf};

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line must change: exit code 2, as for unknown options.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be used.
    #[error("{}: {what}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Reading failed; the message names the file.
    #[error(transparent)]
    Read(#[from] displace_io::ReadError),
    /// Writing failed; the message names the file.
    #[error(transparent)]
    Write(#[from] displace_io::WriteError),
    /// The picture cannot be drawn.
    #[error("cannot draw the picture: {0}")]
    Draw(#[from] displace_viz::DrawError),
    /// Standard output is gone or full.
    #[error("cannot write to standard output: {0}")]
    Print(std::io::Error),
}

impl Failure {
    #[expect(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
    pub(crate) fn usage(what: impl ToString) -> Self {
        Self::Usage(what.to_string())
    }

    #[expect(clippy::needless_pass_by_value, reason = "so that messages and errors are passed alike")]
    pub(crate) fn file(path: &Path, what: impl ToString) -> Self {
        Self::File { path: path.into(), what: what.to_string() }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            _ => 1,
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;
