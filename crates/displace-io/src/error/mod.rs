//! What can go wrong, one file per kind of file.

pub(crate) mod image;
pub(crate) mod landmarks;
pub(crate) mod npy;
pub(crate) mod npz;
pub(crate) mod read;
pub(crate) mod write;
