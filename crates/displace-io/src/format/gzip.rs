//! A gzip stream: NIfTI's compressed form, or any of the other kinds, compressed.

use crate::contents::Contents;
use crate::error::read::{ReadCause, io_text};
use crate::format::volume::most;
use crate::format::{self, Input, nifti, wrong};
use crate::kind::{Kind, MAGIC};
use crate::memory;
use crate::source::sniff;
use flate2::bufread::MultiGzDecoder;
use std::io::Read;

/// Reads what the stream holds. A NIfTI image is inflated as far as its header says, anything else whole, within the memory
/// that there is.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let mut start = Vec::new();
    MultiGzDecoder::new(input.bytes).take(MAGIC as u64).read_to_end(&mut start).map_err(|error| broken(&error))?;
    match sniff(&start)? {
        Kind::Nifti => nifti::read_gzip(input),
        kind @ Kind::Gzip => Err(wrong(kind, "holds another gzip stream: expected a NIfTI image or another file, compressed once")),
        kind => {
            let bytes = whole(input)?;
            let inner = &mut Input { bytes: &bytes, path: input.path, memory: input.memory, options: input.options };
            let refused =
                || Err(wrong(Kind::Gzip, format!("holds {kind}: such a file is read only as it is, not compressed again")));
            format::read(kind, inner).unwrap_or_else(refused)
        }
    }
}

/// Why a stream cannot be inflated.
pub(crate) fn broken(error: &std::io::Error) -> ReadCause {
    wrong(Kind::Gzip, format!("cannot be inflated: {}", io_text(error)))
}

/// All bytes of the stream.
fn whole(input: &mut Input<'_>) -> Result<Vec<u8>, ReadCause> {
    const CHUNK: usize = 1 << 16;
    let mut stream = MultiGzDecoder::new(input.bytes);
    let (mut bytes, mut room) = (Vec::new(), 0u64);
    loop {
        // Room is taken twice as large each time, never more than the stream can need.
        if bytes.len() as u64 + CHUNK as u64 > room {
            let more = room.max(CHUNK as u64).min(most(input.bytes.len()).saturating_sub(room)).max(CHUNK as u64);
            input.memory.take(more)?;
            memory::reserve(&mut bytes, usize::try_from(more).map_err(|_| ReadCause::Allocation { bytes: more })?)?;
            room = room.saturating_add(more);
        }
        if stream.by_ref().take(CHUNK as u64).read_to_end(&mut bytes).map_err(|error| broken(&error))? == 0 {
            return Ok(bytes);
        }
    }
}
