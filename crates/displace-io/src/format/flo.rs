//! Middlebury `.flo`: "PIEH", width, height, then u, v of each pixel as f32, all little endian (vision.middlebury.edu/flow/code).

use crate::atomic::{at, replace};
use crate::contents::Contents;
use crate::error::read::ReadCause;
use crate::error::write::{WriteCause, WriteError};
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::numbers::{self, Scalar, bytes_of, count_of};
use crate::save::own;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Axis, Convention};
use std::io::Write;
use std::path::Path;

const HEADER: usize = 12;

/// Beyond this a flow is unknown.
const UNKNOWN: f32 = 1e9;

/// What is written for an unknown flow.
const UNKNOWN_WRITTEN: f32 = 1e10;

/// Reads a flow; what is unknown is NaN and not valid.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let bytes = input.bytes;
    let cut = || wrong(Kind::Flo, format!("ends inside its header: {} bytes, {HEADER} are needed", bytes.len()));
    let (header, mut rest) = bytes.split_at_checked(HEADER).ok_or_else(cut)?;
    let word = |at: usize| header.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, i32::from_le_bytes);
    let length = |name: &str, found: i32| {
        usize::try_from(found)
            .ok()
            .filter(|len| (1..=Axis::MAX_LEN).contains(len))
            .ok_or_else(|| wrong(Kind::Flo, format!("says {name} {found}: expected 1 to {}", Axis::MAX_LEN)))
    };
    let (width, height) = (length("width", word(4))?, length("height", word(8))?);
    let shape = vec![height, width, 2];
    let count = count_of(&shape)?;
    let said = bytes_of(Scalar::F32, count)?;
    if said != rest.len() as u64 {
        return Err(wrong(Kind::Flo, format!("says {height}x{width} pixels = {said} bytes, but {} follow its header", rest.len())));
    }
    let AnyData::F32(mut flow) = numbers::read(&mut rest, Scalar::F32, count, false, input.memory)? else {
        return Err(wrong(Kind::Flo, "holds no f32"));
    };
    let valid = mark_unknown(&mut flow);
    let array = AnyArray::new(shape, flow).map_err(|e| wrong(Kind::Flo, e))?;
    let readings = vec!["flow".parse().map_err(|e| wrong(Kind::Flo, e))?];
    Ok(Contents::Field(StoredField { array, readings, valid, placement: None, remarks: Vec::new() }))
}

/// NaN for what is unknown; which pixels are known, if not all are.
fn mark_unknown(flow: &mut [f32]) -> Option<Vec<bool>> {
    let known = |uv: &[f32]| uv.iter().all(|v| v.abs() <= UNKNOWN);
    let valid: Vec<bool> = flow.chunks_exact(2).map(known).collect();
    for (uv, valid) in flow.chunks_exact_mut(2).zip(&valid) {
        if !valid {
            uv.fill(f32::NAN);
        }
    }
    valid.contains(&false).then_some(valid)
}

/// A flow.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    if axes != 2 {
        return Err(".flo holds fields of two axes".into());
    }
    own(".flo files", "flow", asked)
}

/// Writes a flow, all or nothing; pixels that are not valid, and NaN, as 1e10.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let (size, flow) = flow_of(field, ".flo").map_err(at(path))?;
    let [height, width] = size.map(|len| i32::try_from(len).unwrap_or(i32::MAX));
    replace(path, |to| {
        to.write_all(b"PIEH")?;
        to.write_all(&width.to_le_bytes())?;
        to.write_all(&height.to_le_bytes())?;
        for uv in flow.chunks_exact(2) {
            let known = uv.iter().all(|v| v.abs() <= UNKNOWN);
            for v in uv {
                to.write_all(&if known { *v } else { UNKNOWN_WRITTEN }.to_le_bytes())?;
            }
        }
        Ok(())
    })
}

/// Height and width, and the numbers of a flow of one sample as f32, NaN where they are not valid.
pub(crate) fn flow_of(field: &StoredField, format: &'static str) -> Result<([usize; 2], Vec<f32>), WriteCause> {
    let refused = |what: String| WriteCause::Field { format, what };
    let [height, width, 2] = *field.array.shape() else {
        return Err(refused(format!("shape {:?}: expected (H, W, 2), one sample", field.array.shape())));
    };
    if !(1..=Axis::MAX_LEN).contains(&height) || !(1..=Axis::MAX_LEN).contains(&width) {
        return Err(refused(format!("{height}x{width} pixels: expected axes of 1 to {}", Axis::MAX_LEN)));
    }
    let mut flow: Vec<f32> = match field.array.data() {
        AnyData::F32(v) => v.clone(),
        AnyData::F64(v) => v.iter().map(|v| *v as f32).collect(),
        other => return Err(refused(format!("{} numbers: expected f32 or f64", other.dtype()))),
    };
    if let Some(valid) = &field.valid {
        for (uv, _) in flow.chunks_exact_mut(2).zip(valid).filter(|(_, valid)| !**valid) {
            uv.fill(f32::NAN);
        }
    }
    Ok(([height, width], flow))
}
