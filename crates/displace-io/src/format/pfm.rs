//! PFM: "PF" (three channels) or "Pf" (one), width and height, a scale whose sign is the byte order, then f32 rows from the bottom
//! up (Debevec). FlyingThings keeps flow in the first two of three channels, Middlebury disparities in one.

use crate::atomic::{at, replace};
use crate::contents::Contents;
use crate::error::read::ReadCause;
use crate::error::write::WriteError;
use crate::format::flo::flow_of;
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::numbers::{self, Scalar, bytes_of, count_of};
use crate::save::own;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Axis, Convention};
use std::io::Write;
use std::path::Path;

/// Reads an image, `(H, W)` or `(H, W, 3)`, the first row at the top. The size of the scale is a matter of brightness and left alone,
/// as other readers do.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let mut rest = input.bytes;
    let mut line = |what: &str| word(&mut rest).ok_or_else(|| wrong(Kind::Pfm, format!("ends before its {what}")));
    let channels = if line("mark")? == "PF" { 3 } else { 1 };
    let (width, height, scale) = (line("width")?, line("height")?, line("scale")?);
    let length = |name: &str, text: &str| {
        text.parse::<usize>()
            .ok()
            .filter(|len| (1..=Axis::MAX_LEN).contains(len))
            .ok_or_else(|| wrong(Kind::Pfm, format!("says {name} \"{text}\": expected 1 to {}", Axis::MAX_LEN)))
    };
    let (width, height) = (length("width", &width)?, length("height", &height)?);
    let scale: f64 = scale
        .parse()
        .ok()
        .filter(|s: &f64| s.is_finite() && *s != 0.0)
        .ok_or_else(|| wrong(Kind::Pfm, format!("says scale \"{scale}\": expected a number that is not 0")))?;
    let count = count_of(&[height, width, channels])?;
    let said = bytes_of(Scalar::F32, count)?;
    if said != rest.len() as u64 {
        let text = format!("says {height}x{width} pixels of {channels} = {said} bytes, but {} follow its header", rest.len());
        return Err(wrong(Kind::Pfm, text));
    }
    let AnyData::F32(upward) = numbers::read(&mut rest, Scalar::F32, count, scale > 0.0, input.memory)? else {
        return Err(wrong(Kind::Pfm, "holds no f32"));
    };
    input.memory.take(said)?;
    let numbers: Vec<f32> = upward.chunks_exact(width * channels).rev().flatten().copied().collect();
    let shape = if channels == 1 { vec![height, width] } else { vec![height, width, channels] };
    Ok(Contents::Image(AnyArray::new(shape, numbers).map_err(|e| wrong(Kind::Pfm, e))?))
}

/// The next word of a header, which is of ASCII, and the one space after it.
fn word(rest: &mut &[u8]) -> Option<String> {
    const LONGEST: usize = 40;
    let end = rest.iter().take(LONGEST).position(u8::is_ascii_whitespace)?;
    let text = std::str::from_utf8(&rest[..end]).ok()?.to_owned();
    *rest = &rest[end + 1..];
    Some(text)
}

/// A flow.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    if axes != 2 {
        return Err("PFM holds fields of two axes".into());
    }
    own("flows in PFM", "flow", asked)
}

/// Writes a flow as the first two of three channels, all or nothing; pixels that are not valid as NaN.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let ([height, width], flow) = flow_of(field, "PFM").map_err(at(path))?;
    replace(path, |to| {
        write!(to, "PF\n{width} {height}\n-1.0\n")?;
        for row in flow.chunks_exact(width * 2).rev() {
            for uv in row.chunks_exact(2) {
                uv.iter().chain(&[0.0]).try_for_each(|v| to.write_all(&v.to_le_bytes()))?;
            }
        }
        Ok(())
    })
}
