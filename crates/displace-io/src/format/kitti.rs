//! a KITTI flow.

use crate::atomic::at;
use crate::error::write::{WriteCause, WriteError};
use crate::stored::StoredField;
use displace::Convention;
use std::path::Path;

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(_: Option<&Convention>, _: usize) -> Result<Convention, String> {
    Err("not written yet".into())
}

/// Writes a field, all or nothing.
pub(crate) fn write(path: &Path, _: &StoredField) -> Result<(), WriteError> {
    Err(at(path)(WriteCause::Field { format: "a KITTI flow", what: "not written yet".into() }))
}

pub fn kitti_flow(_: &displace::AnyArray) -> Result<StoredField, String> {
    Err("x".into())
}
