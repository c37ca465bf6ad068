//! `.npy`: one array, as NumPy's format specification (`numpy/lib/_format_impl.py`) has it.

mod fortran;
mod header;
mod literal;
pub(crate) mod read;
mod types;
pub(crate) mod write;

/// The most axes an array can have in NumPy 2.
const MAX_AXES: usize = 64;

/// Bytes read or written at once: small enough to stay in the cache between reading and swapping.
const CHUNK: usize = 1 << 18;
