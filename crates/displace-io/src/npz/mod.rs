//! `.npz`: named arrays, each an `.npy` in a zip archive.

pub(crate) mod read;
pub(crate) mod write;

/// What NumPy appends to an array's name.
const SUFFIX: &str = ".npy";
