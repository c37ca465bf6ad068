//! What can be wrong with an array file.

use thiserror::Error;

/// Why an `.npy` array is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NpyError {
    /// It ends before its header does.
    #[error("ends inside its header: {found} bytes, at least {needed} are needed")]
    Cut {
        /// Bytes there are.
        found: u64,
        /// Bytes needed so far.
        needed: u64,
    },
    /// A format from the future, or none.
    #[error("is .npy version {major}.{minor}: supported are 1.0, 2.0 and 3.0")]
    Version {
        /// First number.
        major: u8,
        /// Second number.
        minor: u8,
    },
    /// A header longer than any that describes a supported array.
    #[error("has a header of {found} bytes: expected at most {most}")]
    HeaderLength {
        /// Its length.
        found: u64,
        /// The longest read.
        most: u64,
    },
    /// Not the dictionary that NumPy writes.
    #[error("has a malformed header: expected {expected}, found \"{found}\"")]
    Syntax {
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Numbers that arrays here do not hold.
    #[error("holds {found}: supported are u1, u2, i2, f2, f4 and f8 (uint8, uint16, int16, float16, float32, float64)")]
    Type {
        /// What it holds.
        found: String,
    },
    /// Two raw bytes per element.
    #[error(
        "holds raw data of 2 bytes ('{found}'), which is how bfloat16 is saved, and other things too: \
         ask for it to be read as bf16 (ReadOptions::bf16), or save it as float32"
    )]
    Raw {
        /// The type as the header has it.
        found: String,
    },
    /// More axes than NumPy has.
    #[error("has {found} axes: expected at most {most}")]
    Axes {
        /// Axes found.
        found: usize,
        /// The most there can be.
        most: usize,
    },
    /// More elements than memory has addresses.
    #[error("has a header that says shape {shape}: more elements than memory has addresses")]
    Overflow {
        /// The shape as the header has it.
        shape: String,
    },
    /// The header and the data disagree.
    #[error("has a header that says shape {shape} of {code} = {said} bytes, but {found} bytes follow it")]
    Size {
        /// The shape.
        shape: String,
        /// The type, by NumPy's name.
        code: String,
        /// Bytes that the header promises.
        said: u64,
        /// Bytes that there are.
        found: u64,
    },
}
