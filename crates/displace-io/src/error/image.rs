//! What can be wrong with an image.

use crate::kind::Kind;
use thiserror::Error;

/// Why an image is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// The end is missing.
    #[error("is {kind} that ends early: its {bytes} bytes have no end mark")]
    Cut {
        /// What it is.
        kind: Kind,
        /// Bytes there are.
        bytes: u64,
    },
    /// More pixels than its bytes can hold.
    #[error("is {kind} that says {height}x{width} pixels, more than its {bytes} bytes can hold")]
    Claim {
        /// What it is.
        kind: Kind,
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
        /// Bytes there are.
        bytes: u64,
    },
    /// Pixels of another type.
    #[error("is {kind} of {found}: supported are {expected}")]
    Pixels {
        /// What it is.
        kind: Kind,
        /// What it holds.
        found: String,
        /// What it may hold.
        expected: &'static str,
    },
    /// The decoder refuses it.
    #[error("is {kind} that cannot be decoded: {cause}")]
    Decode {
        /// What it is.
        kind: Kind,
        /// What the decoder says.
        cause: String,
    },
}
