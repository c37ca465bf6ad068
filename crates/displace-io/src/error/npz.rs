//! What can be wrong with an archive.

use thiserror::Error;

/// Why an `.npz` archive is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NpzError {
    /// Not a zip archive that can be read.
    #[error("is not a readable zip archive: {cause}")]
    Zip {
        /// What is wrong.
        cause: String,
    },
    /// An archive of other things.
    #[error("is a zip archive without arrays: it holds {names} and no .npy")]
    NoArrays {
        /// Some of what it holds.
        names: String,
    },
    /// Two members of one name.
    #[error("has two members of the same name")]
    Twice,
    /// A name that is not there.
    #[error("has no array \"{name}\": it holds {names}")]
    Missing {
        /// The name asked for.
        name: String,
        /// The names there are.
        names: String,
    },
    /// A size that the stored bytes cannot expand to.
    #[error("its directory says {said} bytes, more than {stored} stored bytes in a file of {file} can hold")]
    Claim {
        /// Bytes that the directory promises.
        said: u64,
        /// Bytes that it says are stored.
        stored: u64,
        /// Bytes of the whole file.
        file: u64,
    },
    /// More data than the directory promises.
    #[error("goes on after the {said} bytes that its directory says")]
    TooLong {
        /// Bytes that the directory promises.
        said: u64,
    },
}
