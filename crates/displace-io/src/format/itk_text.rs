//! An ITK transform as text: a line for the type, one for its parameters, one for those that stay fixed.

use crate::atomic::{at, replace};
use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::{WriteCause, WriteError};
use crate::format::itk_kinds::itk_transform;
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::memory::Memory;
use crate::stored::{Affine, Transform};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// The first line, without its version.
const MAGIC: &str = "#Insight Transform File";

/// What stands in a file for one transform.
#[derive(Default)]
struct Entry<'a> {
    kind: &'a str,
    parameters: Option<Vec<f64>>,
    fixed: Option<Vec<f64>>,
}

/// Reads what the bytes hold.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let text = std::str::from_utf8(input.bytes).map_err(|_| wrong(Kind::ItkText, "holds bytes that are no text"))?;
    transform(text, input.memory).map(Contents::Transform)
}

fn transform(text: &str, memory: &mut Memory) -> Result<Transform, ReadCause> {
    let mut entries = entries(text, memory)?;
    let composite = entries.first().is_some_and(|entry| entry.kind.starts_with("CompositeTransform_"));
    if composite {
        let parts: Result<Vec<Transform>, ReadCause> = entries.drain(..).skip(1).map(|entry| made(&entry)).collect();
        let parts = parts?;
        if parts.is_empty() {
            return Err(wrong(Kind::ItkText, "is a composite of no transforms: expected at least one after it"));
        }
        return Ok(Transform::Composite(parts));
    }
    match &entries[..] {
        [one] => made(one),
        [] => Err(wrong(Kind::ItkText, "holds no transform: expected a line that starts with \"Transform: \"")),
        // A series, one per volume, looks the same as maps to be applied one after the other: nothing says which it is.
        several => Err(wrong(
            Kind::ItkText,
            format!("holds {} transforms side by side: expected one, or a CompositeTransform before them", several.len()),
        )),
    }
}

fn made(entry: &Entry<'_>) -> Result<Transform, ReadCause> {
    let missing = |what: &str| wrong(Kind::ItkText, format!("has no line \"{what}: \" after \"Transform: {}\"", entry.kind));
    let parameters = entry.parameters.as_deref().ok_or_else(|| missing("Parameters"))?;
    let fixed = entry.fixed.as_deref().ok_or_else(|| missing("FixedParameters"))?;
    itk_transform(entry.kind, fixed, parameters).map_err(|what| wrong(Kind::ItkText, what))
}

fn entries<'a>(text: &'a str, memory: &mut Memory) -> Result<Vec<Entry<'a>>, ReadCause> {
    if !text.starts_with(MAGIC) {
        return Err(wrong(Kind::ItkText, format!("does not start with \"{MAGIC}\"")));
    }
    // All writers end their lines; a number that ends the file may have lost digits.
    if !text.ends_with('\n') {
        return Err(wrong(Kind::ItkText, "ends inside a line: expected a line break after its last number"));
    }
    let mut entries: Vec<Entry<'a>> = Vec::new();
    for (number, line) in text.lines().enumerate().map(|(k, line)| (k + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let unknown = || wrong(Kind::ItkText, format!("has the line {number} \"{}\": expected \"Name: values\"", cut(line)));
        let (name, values) = line.split_once(':').ok_or_else(unknown)?;
        if name == "Transform" {
            entries.push(Entry { kind: values.trim(), ..Entry::default() });
            continue;
        }
        let entry = entries.last_mut().ok_or_else(unknown)?;
        let place = match name {
            "Parameters" => &mut entry.parameters,
            "FixedParameters" => &mut entry.fixed,
            _ => return Err(unknown()),
        };
        if place.replace(numbers(values, number, memory)?).is_some() {
            return Err(wrong(Kind::ItkText, format!("says {name} twice for one transform, again in line {number}")));
        }
    }
    Ok(entries)
}

fn numbers(text: &str, line: usize, memory: &mut Memory) -> Result<Vec<f64>, ReadCause> {
    let words = text.split_whitespace();
    // Vectors grow by doubling; a field of them is copied once.
    memory.take(words.clone().count() as u64 * 3 * 8)?;
    let number = |word: &str| {
        word.parse().map_err(|_| wrong(Kind::ItkText, format!("has \"{}\" in line {line}: expected a number", cut(word))))
    };
    words.map(number).collect()
}

/// The start of a text, on one line.
fn cut(text: &str) -> String {
    one_line(&text.chars().take(40).collect::<String>())
}

/// Writes an affine transform, or a composite of such, as ITK's text; all or nothing.
///
/// # Errors
/// If the file cannot be written, or the transform holds a field or numbers that are not finite.
pub(crate) fn write_transform_text(path: &Path, transform: &Transform) -> Result<(), WriteError> {
    let refused = |what: String| WriteCause::Field { format: "an ITK transform (text)", what };
    let text = text(transform).map_err(|what| at(path)(refused(what)))?;
    replace(path, |file| Ok(file.write_all(text.as_bytes())?))
}

fn text(transform: &Transform) -> Result<String, String> {
    let mut parts = Vec::new();
    flatten(transform, &mut parts)?;
    let mut out = format!("{MAGIC} V1.0\n");
    let mut count = 0;
    if let Transform::Composite(_) = transform {
        let axes = parts.first().ok_or("it is a composite of no transforms")?.offset.len();
        if let Some(other) = parts.iter().find(|part| part.offset.len() != axes) {
            return Err(format!("it has parts of {axes} and {} axes", other.offset.len()));
        }
        let _ = writeln!(out, "#Transform 0\nTransform: CompositeTransform_double_{axes}_{axes}");
        count = 1;
    }
    for (index, part) in parts.iter().enumerate() {
        let axes = part.offset.len();
        let _ = writeln!(out, "#Transform {}\nTransform: AffineTransform_double_{axes}_{axes}", index + count);
        let _ = writeln!(out, "Parameters: {}", spaced(part.matrix.iter().chain(&part.offset)));
        let _ = writeln!(out, "FixedParameters: {}", spaced(&vec![0.0; axes]));
    }
    Ok(out)
}

fn spaced<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> String {
    numbers.into_iter().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(" ")
}

/// The affine parts in the order of the file: a composite inside another one stands for its parts, as they would be applied.
fn flatten<'a>(transform: &'a Transform, parts: &mut Vec<&'a Affine>) -> Result<(), String> {
    match transform {
        Transform::Affine(affine) => {
            let axes = affine.offset.len();
            if !matches!(axes, 2 | 3) || affine.matrix.len() != axes * axes {
                return Err(format!("it has a matrix of {} numbers and an offset of {axes}", affine.matrix.len()));
            }
            if let Some(odd) = affine.matrix.iter().chain(&affine.offset).find(|v| !v.is_finite()) {
                return Err(format!("it has the number {odd}: expected finite ones"));
            }
            parts.push(affine);
            Ok(())
        }
        Transform::Field(_) => Err("it holds a displacement field: write .h5".into()),
        Transform::Composite(inner) => inner.iter().try_for_each(|part| flatten(part, parts)),
    }
}
