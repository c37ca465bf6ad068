//! An HDF5 file.

pub(crate) mod flo5;
pub(crate) mod itk;
pub(crate) mod x5;

use crate::contents::Contents;
use crate::error::read::ReadCause;
use crate::format::Input;
use crate::kind::Kind;

/// Reads what the bytes hold.
pub(crate) fn read(_: &mut Input<'_>) -> Result<Contents, ReadCause> {
    Err(ReadCause::Format { kind: Kind::Hdf5, what: "not read yet".into() })
}
