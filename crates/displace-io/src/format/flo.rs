//! Middlebury's `.flo`: the f32 202021.25 (which reads "PIEH"), width and height as i32, then f32 pairs (u, v) row by row, all
//! little endian. Numbers beyond 1e9 mean that nothing is known of a pixel.

use crate::atomic::{self, at};
use crate::contents::Contents;
use crate::error::read::ReadCause;
use crate::error::write::{WriteCause, WriteError};
use crate::format::pairs::{self, Pairs};
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::numbers::{self, Scalar};
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Convention};
use std::io::Write;
use std::path::Path;

const MAGIC: &[u8] = b"PIEH";
/// Magic, width and height.
const HEADER: usize = 12;
/// The longest side: longer ones are taken for damage.
const LONGEST: usize = 1 << 22;
/// What is larger means nothing.
const KNOWN: f64 = 1e9;
/// What is written for pixels that mean nothing.
const UNKNOWN: f32 = 1e10;

/// Reads what the bytes hold.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let bytes = input.bytes;
    let (width, height) = size(bytes).ok_or_else(|| {
        wrong(Kind::Flo, format!("ends early: its header needs {HEADER} bytes, but the file has {}", bytes.len()))
    })?;
    let side = |len: i32| usize::try_from(len).ok().filter(|len| (1..=LONGEST).contains(len));
    let (Some(columns), Some(rows)) = (side(width), side(height)) else {
        return Err(wrong(Kind::Flo, format!("says {width} columns and {height} rows: expected 1 to {LONGEST} of each")));
    };
    let count = numbers::count_of(&[rows, columns, 2])?;
    let (needed, found) = (numbers::bytes_of(Scalar::F32, count)?, (bytes.len() - HEADER) as u64);
    if needed != found {
        let said = format!("says {rows}x{columns} pixels (rows x columns) = {needed} bytes, but {found} follow its header");
        return Err(wrong(Kind::Flo, said));
    }
    let data = numbers::read(&mut bytes.get(HEADER..).unwrap_or_default(), Scalar::F32, count, false, input.memory)?;
    input.memory.take(count as u64 / 2)?;
    let (data, valid) = match data {
        AnyData::F32(mut v) => {
            let valid = pairs::mark(&mut v, |_, pair| pair.iter().any(|v| v.abs() > KNOWN));
            (AnyData::F32(v), valid)
        }
        other => (other, None),
    };
    let array = AnyArray::new(vec![rows, columns, 2], data).map_err(|e| wrong(Kind::Flo, e))?;
    let flow = "flow".parse().map_err(|e| wrong(Kind::Flo, e))?;
    Ok(Contents::Field(pairs::field(array, vec![flow], valid)))
}

/// Width and height as they are.
fn size(bytes: &[u8]) -> Option<(i32, i32)> {
    let (width, rest) = bytes.get(MAGIC.len()..)?.split_first_chunk()?;
    Some((i32::from_le_bytes(*width), i32::from_le_bytes(*rest.first_chunk()?)))
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    pairs::flow(".flo files", asked, axes)
}

/// Writes a field, all or nothing, its numbers as f32.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let refused = |what| WriteCause::Field { format: ".flo", what };
    let pairs = Pairs::of(field, |asked| takes(Some(asked), 2)).map_err(refused).map_err(at(path))?;
    let (rows, columns) = (pairs.height, pairs.width);
    if rows.max(columns) > LONGEST {
        return Err(at(path)(refused(format!("{rows}x{columns} pixels: expected 1 to {LONGEST} rows and columns"))));
    }
    atomic::replace(path, |file| {
        file.write_all(MAGIC)?;
        for len in [columns, rows] {
            file.write_all(&(len as u32).to_le_bytes())?;
        }
        pairs.each(|pixel, pair| {
            let pair = pair.map_or([UNKNOWN; 2], |pair| pair.map(|v| v as f32));
            let known = |v: f32| f64::from(v.abs()) <= KNOWN;
            if let Some(large) = pair.iter().find(|v| !known(**v) && **v != UNKNOWN) {
                let place = pairs.place(pixel);
                return Err(refused(format!("{large:e} px at {place}: beyond 1e9 means that nothing is known")));
            }
            pair.iter().try_for_each(|v| file.write_all(&v.to_le_bytes())).map_err(WriteCause::Io)
        })
    })
}
