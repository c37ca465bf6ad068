//! A NIfTI image.

use crate::atomic::at;
use crate::contents::Contents;
use crate::error::read::ReadCause;
use crate::error::write::{WriteCause, WriteError};
use crate::format::Input;
use crate::kind::Kind;
use crate::stored::StoredField;
use displace::Convention;
use std::path::Path;

/// Reads what the bytes hold.
pub(crate) fn read(_: &mut Input<'_>) -> Result<Contents, ReadCause> {
    Err(ReadCause::Format { kind: Kind::Nifti, what: "not read yet".into() })
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(_: Option<&Convention>, _: usize) -> Result<Convention, String> {
    Err("not written yet".into())
}

/// Writes a field, all or nothing.
pub(crate) fn write(path: &Path, _: &StoredField) -> Result<(), WriteError> {
    Err(at(path)(WriteCause::Field { format: "NIfTI", what: "not written yet".into() }))
}

pub fn write_volume(_: &Path, _: &crate::stored::Volume) -> Result<(), WriteError> {
    todo!()
}
