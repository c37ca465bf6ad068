//! PFM: `PF` (three channels) or `Pf` (one), width, height and scale as text, then f32 row by row from the bottom.
//!
//! The sign of the scale is the byte order: negative is little endian. Its magnitude is no part of the numbers: writers put
//! anything there (1, 1/255), and what makes a displacement of a number is not a display scale. Middlebury's and FlyingThings' own
//! readers leave it out as well; OpenCV divides by it.

use crate::atomic::{self, at};
use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::{WriteCause, WriteError};
use crate::format::pairs::{self, Pairs};
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::numbers::{self, Scalar};
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Convention};
use std::io::Write;
use std::path::Path;

/// What the header says.
struct Header<'a> {
    channels: usize,
    width: usize,
    height: usize,
    big_endian: bool,
    data: &'a [u8],
}

/// Reads what the bytes hold: `(H, W, 3)` or `(H, W)`, f32, rows from the top.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let Header { channels, width, height, big_endian, mut data } = header(input.bytes).map_err(|what| wrong(Kind::Pfm, what))?;
    let count = numbers::count_of(&[height, width, channels])?;
    let (needed, found) = (numbers::bytes_of(Scalar::F32, count)?, data.len() as u64);
    if needed != found {
        let said = format!("says {height}x{width} pixels (rows x columns) of {channels} channels = {needed} bytes");
        return Err(wrong(Kind::Pfm, format!("{said}, but {found} follow its header")));
    }
    let mut numbers = numbers::read(&mut data, Scalar::F32, count, big_endian, input.memory)?;
    if let AnyData::F32(v) = &mut numbers {
        upside_down(v, width * channels);
    }
    let shape = if channels == 1 { vec![height, width] } else { vec![height, width, channels] };
    AnyArray::new(shape, numbers).map(Contents::Image).map_err(|e| wrong(Kind::Pfm, e))
}

fn header(bytes: &[u8]) -> Result<Header<'_>, String> {
    let (magic, mut data) = word(bytes)?;
    let channels = match magic {
        "PF" => 3,
        "Pf" => 1,
        other => return Err(format!("starts with \"{}\": expected PF or Pf", one_line(other))),
    };
    let mut next = |what: &str| {
        let (text, rest) = word(data)?;
        data = rest;
        Ok::<_, String>((text, format!("says a {what} of \"{}\"", one_line(text))))
    };
    let mut side = |what| {
        let (text, said) = next(what)?;
        let len = text.parse().ok().filter(|len: &usize| *len > 0);
        len.ok_or_else(|| format!("{said}: expected a whole number above 0"))
    };
    let (width, height) = (side("width")?, side("height")?);
    let (text, said) = next("scale")?;
    let scale = text.parse().ok().filter(|scale: &f64| scale.is_finite() && *scale != 0.0);
    let scale = scale.ok_or_else(|| format!("{said}: expected a finite number, negative for little endian"))?;
    Ok(Header { channels, width, height, big_endian: scale > 0.0, data })
}

/// The next word of a header, and what follows it and the one blank after it.
fn word(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    const LONGEST: usize = 40;
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(bytes.len());
    let bytes = bytes.get(start..).unwrap_or_default();
    let len = bytes.iter().take(LONGEST).position(u8::is_ascii_whitespace);
    let (text, rest) = len.and_then(|len| bytes.split_at_checked(len)).ok_or("has no width, height and scale after its start")?;
    let text = std::str::from_utf8(text).map_err(|_| "has a header that is no text")?;
    Ok((text, rest.get(1..).unwrap_or_default()))
}

/// Turns the order of rows around.
fn upside_down<T>(numbers: &mut [T], row: usize) {
    let rows = numbers.len() / row.max(1);
    let (top, bottom) = numbers.split_at_mut(rows / 2 * row);
    let below = bottom.chunks_exact_mut(row.max(1)).rev();
    top.chunks_exact_mut(row.max(1)).zip(below).for_each(|(a, b)| a.swap_with_slice(b));
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    pairs::flow("PFM flows", asked, axes)
}

/// Writes a field, all or nothing, as FlyingThings' flows are: f32 (u, v, 0), NaN for pixels that mean nothing.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let refused = |what| WriteCause::Field { format: ".pfm", what };
    let pairs = Pairs::of(field, |asked| takes(Some(asked), 2)).map_err(refused).map_err(at(path))?;
    let mut numbers: Vec<f32> = Vec::with_capacity(pairs.height * pairs.width * 3);
    let kept: Result<(), WriteCause> = pairs.each(|_, pair| {
        let [u, v] = pair.map_or([f32::NAN; 2], |pair| pair.map(|v| v as f32));
        numbers.extend([u, v, 0.0]);
        Ok(())
    });
    kept.map_err(at(path))?;
    atomic::replace(path, |file| {
        write!(file, "PF\n{} {}\n-1.0\n", pairs.width, pairs.height)?;
        for row in numbers.chunks_exact(pairs.width * 3).rev() {
            row.iter().try_for_each(|v| file.write_all(&v.to_le_bytes()))?;
        }
        Ok(())
    })
}
