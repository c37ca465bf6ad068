//! A gzip stream.

use crate::contents::Contents;
use crate::error::read::ReadCause;
use crate::format::Input;
use crate::kind::Kind;

/// Reads what the bytes hold.
pub(crate) fn read(_: &mut Input<'_>) -> Result<Contents, ReadCause> {
    Err(ReadCause::Format { kind: Kind::Gzip, what: "not read yet".into() })
}
