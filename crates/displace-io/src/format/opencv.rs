//! OpenCV's `FileStorage`: matrices as YAML, XML or JSON text.
//!
//! Numbers are text that is parsed as the matrix's own type. What is no matrix at the top level is left out.

mod json;
mod matrix;
mod text;
mod xml;
mod yaml;

use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::WriteError;
use crate::format::pairs;
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::memory;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Convention, with_floats};
use matrix::{Fields, Matrix};
use std::path::Path;

/// Reads what the bytes hold. A matrix of two channels is a map of pixels (`cv2.remap`'s) or a flow, and so are two matrices of one
/// channel; OpenCV's fixed-point maps are maps of pixels. Anything else is an archive of arrays.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let refused = |what: String| wrong(Kind::OpenCv, what);
    let text =
        std::str::from_utf8(input.bytes).map_err(|e| refused(format!("is no text: its byte {} is no UTF-8", e.valid_up_to())))?;
    let mut matrices: Vec<Matrix> = Vec::new();
    let mut take = |name: &str, fields: Fields<'_>| {
        if matrices.iter().any(|other| other.name == name) {
            return Err(refused(format!("has two matrices called \"{}\"", one_line(name))));
        }
        if matrices.len() >= MOST {
            return Err(refused(format!("has more than {MOST} matrices")));
        }
        matrices.push(fields.matrix(name, input.memory)?);
        Ok(())
    };
    match text.trim_start().get(..1) {
        Some("{") => json::each(text, &mut take)?,
        Some("<") => xml::each(text, &mut take)?,
        _ => yaml::each(text, &mut take)?,
    }
    if matrices.is_empty() {
        return Err(refused("has no matrix at its top level".into()));
    }
    contents(matrices, input)
}

/// More matrices are no file of maps.
const MOST: usize = 10_000;

/// What the matrices are together.
fn contents(mut matrices: Vec<Matrix>, input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let pairs: u64 = matrices.iter().map(|matrix| matrix.data.len() as u64).sum();
    // A joined copy of no more than f64, and which pixels are valid.
    input.memory.check(pairs.saturating_mul(size_of::<f64>() as u64 + 1))?;
    let whole = |m: &Matrix| matches!(m.sizes[..], [rows, columns] if rows > 0 && columns > 0);
    if let [one] = matrices.as_slice()
        && whole(one)
        && one.channels == 2
        && let Some(Matrix { sizes, code, data, .. }) = matrices.pop()
    {
        return field(sizes, data, if code == 's' { &["pixel_map"] } else { &["pixel_map", "flow"] });
    }
    match matrices.as_slice() {
        [a, b] if whole(a) && a.sizes == b.sizes => match (a.channels, b.channels) {
            (1, 1) if a.code == b.code => {
                let (x, y) = if second_first(&a.name, &b.name) { (b, a) } else { (a, b) };
                let mut contents = field(x.sizes.clone(), joined(&x.data, &y.data)?, &["pixel_map", "flow"])?;
                if let Contents::Field(field) = &mut contents {
                    let (x, y) = (one_line(&x.name), one_line(&y.name));
                    field.remarks.push(format!("x is the matrix \"{x}\", y is \"{y}\""));
                }
                Ok(contents)
            }
            (2, 1) if a.code == 's' && matches!(b.code, 'w' | 's') => fixed_point(a, b),
            (1, 2) if b.code == 's' && matches!(a.code, 'w' | 's') => fixed_point(b, a),
            _ => archive(matrices),
        },
        _ => archive(matrices),
    }
}

/// A field of `(H, W)` pairs.
fn field(mut sizes: Vec<usize>, mut data: AnyData, names: &[&str]) -> Result<Contents, ReadCause> {
    let valid = with_floats!(&mut data, v => pairs::mark(v, |_, _| false), _other => None);
    sizes.push(2);
    let array = AnyArray::new(sizes, data).map_err(|e| wrong(Kind::OpenCv, e))?;
    let readings: Result<Vec<Convention>, _> = names.iter().map(|name| name.parse()).collect();
    Ok(Contents::Field(pairs::field(array, readings.map_err(|e| wrong(Kind::OpenCv, e))?, valid)))
}

/// Two matrices of one type as pairs.
fn joined(x: &AnyData, y: &AnyData) -> Result<AnyData, ReadCause> {
    fn zipped<T: Copy>(x: &[T], y: &[T]) -> Result<Vec<T>, ReadCause> {
        let mut pairs = Vec::new();
        memory::reserve(&mut pairs, x.len() * 2)?;
        pairs.extend(x.iter().zip(y).flat_map(|(x, y)| [*x, *y]));
        Ok(pairs)
    }
    Ok(match (x, y) {
        (AnyData::U8(x), AnyData::U8(y)) => zipped(x, y)?.into(),
        (AnyData::U16(x), AnyData::U16(y)) => zipped(x, y)?.into(),
        (AnyData::I16(x), AnyData::I16(y)) => zipped(x, y)?.into(),
        (AnyData::F16(x), AnyData::F16(y)) => zipped(x, y)?.into(),
        (AnyData::BF16(x), AnyData::BF16(y)) => zipped(x, y)?.into(),
        (AnyData::F32(x), AnyData::F32(y)) => zipped(x, y)?.into(),
        (AnyData::F64(x), AnyData::F64(y)) => zipped(x, y)?.into(),
        _ => return Err(wrong(Kind::OpenCv, "has two matrices of different types")),
    })
}

/// Whether two names say that the second matrix is x: they differ in one letter, by which files number or name the axes.
fn second_first(first: &str, second: &str) -> bool {
    let mut differing = first.chars().zip(second.chars()).filter(|(a, b)| a != b);
    let (one, more) = (differing.next(), differing.next());
    let after =
        |(a, b): (char, char)| matches!((a.to_ascii_lowercase(), b.to_ascii_lowercase()), ('y', 'x') | ('v', 'u') | ('2', '1'));
    first.chars().count() == second.chars().count() && more.is_none() && one.is_some_and(after)
}

/// `cv2.convertMaps`' pair: whole pixels, and the index of a fraction in 32nds, 32 y + x.
fn fixed_point(whole: &Matrix, fraction: &Matrix) -> Result<Contents, ReadCause> {
    const STEPS: u16 = 32;
    let refused = |what: String| wrong(Kind::OpenCv, what);
    let AnyData::I16(pixels) = &whole.data else { return Err(refused("has whole pixels that are no integers".into())) };
    let index = |k: usize| match &fraction.data {
        AnyData::U16(v) => v.get(k).copied(),
        AnyData::I16(v) => v.get(k).and_then(|index| u16::try_from(*index).ok()),
        _ => None,
    };
    let mut map: Vec<f32> = Vec::new();
    memory::reserve(&mut map, pixels.len())?;
    for (k, [x, y]) in pixels.as_chunks::<2>().0.iter().enumerate() {
        let index = index(k).filter(|index| *index < STEPS * STEPS);
        let index = index.ok_or_else(|| refused("has fractions of pixels beyond 32 x 32".into()))?;
        let at = |whole: i16, steps: u16| f32::from(whole) + f32::from(steps) / f32::from(STEPS);
        map.extend([at(*x, index % STEPS), at(*y, index / STEPS)]);
    }
    let mut contents = field(whole.sizes.clone(), map.into(), &["pixel_map"])?;
    if let Contents::Field(field) = &mut contents {
        field.remarks.push("a fixed-point map: locations are whole 32nds of pixels".into());
    }
    Ok(contents)
}

/// The matrices as arrays, channels last.
fn archive(matrices: Vec<Matrix>) -> Result<Contents, ReadCause> {
    let array = |Matrix { name, mut sizes, channels, data, .. }: Matrix| {
        if channels > 1 {
            sizes.push(channels);
        }
        AnyArray::new(sizes, data).map(|array| (name, array)).map_err(|e| wrong(Kind::OpenCv, e))
    };
    matrices.into_iter().map(array).collect::<Result<_, _>>().map(Contents::Archive)
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    pairs::flat("OpenCV maps", axes)?;
    let asked =
        asked.map(pairs::as_picture).ok_or("holds locations or displacements and does not say which: name pixel_map or flow")?;
    match asked.to_string().as_str() {
        "pixel_map" | "flow" => Ok(asked),
        other => Err(format!("OpenCV maps are in the convention \"pixel_map\" or \"flow\", not \"{other}\"")),
    }
}

/// Writes a field, all or nothing: one matrix "map" of two channels, f64 for f64 and f32 for any other type, as the path's end says.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    text::write(path, field)
}
