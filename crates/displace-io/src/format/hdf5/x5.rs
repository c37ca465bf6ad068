//! nitransforms' X5: `/TransformGroup/0, 1, ..` of affine matrices and dense fields in RAS, and `/TransformChain` that joins them.

use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::WriteError;
use crate::format::hdf5::itk::itk;
use crate::format::hdf5::store::Store;
use crate::format::hdf5::{GROUP, doubles, refused, write as write_file};
use crate::format::wrong;
use crate::kind::Kind;
use crate::memory;
use crate::stored::{Affine, StoredField, Transform};
use displace::{AnyArray, AnyData, Convention, Layout, Placement, Quantity};
use hdf5_pure::{AttrValue, FileBuilder};
use std::path::Path;

const FORMAT: &str = "X5";
/// The group that says in which order transforms are applied.
const CHAIN: &str = "TransformChain";

/// nitransforms' own convention, of displacements.
fn nitransforms() -> Convention {
    "nitransforms".parse().expect("a convention's name")
}

fn bad(what: impl std::fmt::Display) -> ReadCause {
    wrong(Kind::Hdf5, format!("is an X5 file and {what}"))
}

/// Reads the transforms of a file.
pub(super) fn read(store: &mut Store<'_>, paths: &[String]) -> Result<Contents, ReadCause> {
    let is_one = |k: usize| paths.iter().any(|path| *path == format!("{GROUP}/{k}/Transform"));
    let count = (0..paths.len()).take_while(|k| is_one(*k)).count();
    let chains: Vec<&String> = paths.iter().filter(|path| path.starts_with(&format!("{CHAIN}/"))).collect();
    match (count, chains.as_slice()) {
        (0, _) => Err(bad("has no transforms numbered 0, 1, ..")),
        (1, []) => Ok(match part(store, paths, 0)? {
            Part::Affine(affine) => Contents::Transform(Transform::Affine(affine)),
            Part::Field(field) => Contents::Field(field),
        }),
        (_, []) => Err(bad(format!("has {count} transforms that no chain joins: expected one"))),
        (_, [chain]) => chained(store, paths, chain, count).map(Contents::Transform),
        (_, several) => Err(bad(format!("has {} chains of transforms: expected one", several.len()))),
    }
}

/// Transforms that are applied one after the other: "0/1" is first 0, then 1.
fn chained(store: &mut Store<'_>, paths: &[String], chain: &str, count: usize) -> Result<Transform, ReadCause> {
    let text = store.text(chain)?;
    let mut parts = Vec::new();
    for word in text.split('/').take(paths.len() + 1) {
        let k = word.parse().ok().filter(|k| *k < count);
        let k =
            k.ok_or_else(|| bad(format!("has the chain \"{}\": expected numbers below {count} and slashes", one_line(&text))))?;
        if parts.len() == paths.len() {
            return Err(bad(format!("has a chain longer than its {} datasets", paths.len())));
        }
        parts.push(match part(store, paths, k)? {
            Part::Affine(affine) => Transform::Affine(affine),
            Part::Field(field) => Transform::Field(in_lps(field)?),
        });
    }
    // Composites are applied from the last to the first.
    parts.reverse();
    Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Transform::Composite(parts) })
}

/// One transform.
enum Part {
    Affine(Affine),
    Field(StoredField),
}

fn part(store: &mut Store<'_>, paths: &[String], k: usize) -> Result<Part, ReadCause> {
    let group = format!("{GROUP}/{k}");
    let kind = store.attribute(&group, "Type")?.unwrap_or_default();
    let number = store.count(&group, "ArrayLength")?.unwrap_or(1);
    if number != 1 {
        return Err(bad(format!("has a series of {number} transforms: expected one")));
    }
    match kind.as_str() {
        "linear" => Ok(Part::Affine(linear(&store.array(&format!("{group}/Transform"))?)?)),
        "nonlinear" => {
            let model = store.attribute(&group, "SubType")?.unwrap_or_else(|| "densefield".into());
            if model != "densefield" {
                return Err(bad(format!("has a nonlinear transform of type \"{}\": expected \"densefield\"", one_line(&model))));
            }
            dense(store, paths, &group).map(Part::Field)
        }
        other => Err(bad(format!("has a transform of type \"{}\": expected \"linear\" or \"nonlinear\"", one_line(other)))),
    }
}

/// A matrix of RAS places, of those that are written to those that are read, as one of LPS places.
fn linear(array: &AnyArray) -> Result<Affine, ReadCause> {
    let numbers = doubles(array.data())?;
    let rows = match array.shape() {
        [3, 3] | [1, 3, 3] => 3,
        [4, 4] | [1, 4, 4] => 4,
        shape => return Err(bad(format!("has a linear transform of shape {shape:?}: expected (4, 4) or (3, 3)"))),
    };
    let axes = rows - 1;
    let (map, last) = numbers.split_at(axes * rows);
    if last.iter().enumerate().any(|(k, v)| *v != f64::from(u8::from(k == axes))) || !numbers.iter().all(|v| v.is_finite()) {
        return Err(bad(format!("has a linear transform with the last row {last:?}: expected zeros and 1, and finite numbers")));
    }
    let (mut matrix, mut offset) = (Vec::new(), Vec::new());
    for (i, row) in map.chunks(rows).enumerate() {
        let sign = |k: usize| if k < 2 { -1.0 } else { 1.0 };
        // Adding 0 makes zeros of either sign the same.
        matrix.extend(row.iter().take(axes).enumerate().map(|(k, v)| sign(i) * sign(k) * v + 0.0));
        offset.extend(row.last().map(|v| sign(i) * v + 0.0));
    }
    Ok(Affine { matrix, offset })
}

/// A field, as it lies: `(X, Y[, Z], components)`, mm, RAS.
fn dense(store: &mut Store<'_>, paths: &[String], group: &str) -> Result<StoredField, ReadCause> {
    let representation = store.attribute(group, "Representation")?.unwrap_or_else(|| "displacements".into());
    let quantity = match representation.as_str() {
        "displacements" => Quantity::Displacement,
        "deformations" => Quantity::Location,
        other => {
            let found = one_line(other);
            return Err(bad(format!("represents a field by \"{found}\": expected \"displacements\" or \"deformations\"")));
        }
    };
    let array = store.array(&format!("{group}/Transform"))?;
    let shape = array.shape();
    let Some((&axes, lengths)) = shape.split_last().filter(|(axes, lengths)| matches!(axes, 2 | 3) && lengths.len() == **axes)
    else {
        return Err(bad(format!("has a field of shape {shape:?}: expected (X, Y, Z, 3) or (X, Y, 2)")));
    };
    let mapping = format!("{group}/Domain/Mapping");
    let size = format!("{group}/Domain/Size");
    if !paths.contains(&mapping) || !paths.contains(&size) {
        return Err(bad("has a field without Domain/Mapping and Domain/Size, which place it"));
    }
    let said = doubles(store.array(&size)?.data())?;
    if !said.iter().copied().eq(lengths.iter().map(|len| *len as f64)) {
        return Err(bad(format!("says a field of size {said:?}, but has one of shape {shape:?}")));
    }
    let placement = placed(&store.array(&mapping)?, axes)?;
    Ok(StoredField {
        array,
        readings: vec![Convention { quantity, ..nitransforms() }],
        valid: None,
        placement: Some(placement),
        remarks: Vec::new(),
    })
}

/// From the matrix that leads from indices to RAS places.
fn placed(mapping: &AnyArray, axes: usize) -> Result<Placement, ReadCause> {
    let numbers = doubles(mapping.data())?;
    let [height, width] = *mapping.shape() else {
        return Err(bad(format!("has a Mapping of shape {:?}: expected (4, 4)", mapping.shape())));
    };
    // Two axes may stand in a matrix of three.
    if height != width || !(axes + 1..=4).contains(&width) {
        return Err(bad(format!(
            "has a Mapping of shape {:?} for {axes} axes: expected ({n}, {n})",
            mapping.shape(),
            n = axes + 1
        )));
    }
    let mixes = |row: &[f64]| row.iter().take(width - 1).skip(axes).any(|v| *v != 0.0);
    if numbers.chunks(width).take(axes).any(mixes) {
        return Err(bad(format!("has a Mapping that leaves the plane of its {axes} axes")));
    }
    let rows: Vec<Vec<f64>> =
        numbers.chunks(width).take(axes).map(|row| row.iter().take(axes).chain(row.last()).copied().collect()).collect();
    Placement::from_ras_matrix(&rows).map_err(|error| bad(format!("places its field by {error}")))
}

/// The same field as ITK has it: displacements, LPS, x fastest.
fn in_lps(field: StoredField) -> Result<StoredField, ReadCause> {
    let StoredField { array, readings, placement, .. } = field;
    let (shape, data) = array.into_parts();
    let placement = placement.ok_or_else(|| bad("has a field without a place"))?;
    let is_location = readings.iter().any(|reading| reading.quantity == Quantity::Location);
    let lengths: Vec<usize> = shape.iter().rev().skip(1).copied().collect();
    let data = transposed(&doubles(&data)?, &lengths, &placement, is_location)?;
    let shape = lengths.iter().copied().chain([lengths.len()]).collect();
    let array = AnyArray::new(shape, data).map_err(bad)?;
    Ok(StoredField { array, readings: vec![itk()], valid: None, placement: Some(placement), remarks: Vec::new() })
}

/// `lengths` in C order of what comes out, slowest first.
fn transposed(numbers: &[f64], lengths: &[usize], placement: &Placement, is_location: bool) -> Result<AnyData, ReadCause> {
    let axes = lengths.len();
    let mut out = Vec::new();
    memory::reserve(&mut out, numbers.len())?;
    for at in 0..numbers.len() / axes {
        let mut rest = at;
        // The index, x first.
        let index: Vec<usize> = lengths.iter().rev().map(|len| (rest % len, rest /= len).0).collect();
        let from = index.iter().zip(lengths.iter().rev()).fold(0, |from, (k, len)| from * len + k);
        let place = is_location.then(|| placement.place(&index.iter().map(|k| *k as f64).collect::<Vec<_>>()));
        for (k, number) in numbers.iter().skip(from * axes).take(axes).enumerate() {
            let lps = if k < 2 { -number } else { *number };
            out.push(lps - place.as_ref().and_then(|place| place.get(k)).unwrap_or(&0.0));
        }
    }
    Ok(out.into())
}

/// The convention that numbers have to be in to be written so: displacements or locations.
pub(crate) fn takes(asked: Option<&Convention>, _: usize) -> Result<Convention, String> {
    let Some(asked) = asked else { return Ok(nitransforms()) };
    let taken = Convention { quantity: asked.quantity, ..nitransforms() };
    let arranged = Convention { layout: Layout::Interleaved, x_first: true, ..*asked };
    if arranged == taken && asked.quantity != Quantity::Negated {
        Ok(taken)
    } else {
        Err(format!("X5 files are in the convention \"nitransforms\" or \"nitransforms,quantity=location\", not \"{asked}\""))
    }
}

/// Writes a field, all or nothing.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let refuse = |what: &str| refused(path, FORMAT, what);
    let representation = match field.readings.as_slice() {
        [reading] if *reading == nitransforms() => "displacements",
        [reading] if *reading == (Convention { quantity: Quantity::Location, ..nitransforms() }) => "deformations",
        _ => return Err(refuse("its numbers are not in mm, RAS, as (X, Y, Z, 3)")),
    };
    let placement = field.placement.as_ref();
    let placement = placement.ok_or_else(|| refuse("its pixels have no places: name a reference image or a spacing"))?;
    let axes = placement.axes();
    let shape: Vec<u64> = field.array.shape().iter().map(|len| *len as u64).collect();
    let lengths = match shape.split_last() {
        Some((components, lengths)) if *components == axes as u64 && lengths.len() == axes && !lengths.contains(&0) => lengths,
        _ => return Err(refuse(&format!("shape {shape:?} placed along {axes} axes: it holds one field, (X, Y, Z, 3)"))),
    };
    let mut file = FileBuilder::new();
    file.set_attr("Format", text("X5"));
    file.set_attr("Version", AttrValue::U16(1));
    let mut all = file.create_group(GROUP);
    let mut group = all.create_group("0");
    group.set_attr("Type", text("nonlinear"));
    group.set_attr("SubType", text("densefield"));
    group.set_attr("Representation", text(representation));
    group.set_attr("ArrayLength", AttrValue::I64(1));
    group.set_attr("Metadata", text("{\"WrittenBy\": \"displace\"}"));
    let dataset = group.create_dataset("Transform");
    match field.array.data() {
        AnyData::F32(numbers) => dataset.with_f32_data(numbers),
        other => dataset.with_f64_data(&doubles(other).map_err(|cause| refuse(&cause.to_string()))?),
    }
    .with_shape(&shape);
    let kinds: Vec<&str> = std::iter::repeat_n("space", axes).chain(["vector"]).collect();
    group.create_dataset("DimensionKinds").with_ascii_strings(&kinds).map_err(|error| refuse(&error.to_string()))?;
    let mut domain = group.create_group("Domain");
    domain.set_attr("Coordinates", text("cartesian"));
    domain.create_dataset("Grid").with_u8_data(&[1]).with_shape(&[]);
    let size: Vec<i64> = lengths.iter().filter_map(|len| i64::try_from(*len).ok()).collect();
    domain.create_dataset("Size").with_i64_data(&size);
    let mut mapping = placement.ras_matrix().concat();
    mapping.extend((0..=axes).map(|k| f64::from(u8::from(k == axes))));
    let side = axes as u64 + 1;
    domain.create_dataset("Mapping").with_f64_data(&mapping).with_shape(&[side, side]);
    group.add_group(domain.finish());
    all.add_group(group.finish());
    file.add_group(all.finish());
    write_file(path, FORMAT, file)
}

/// A text as nitransforms compares it: of any length, which Python has as a str and not as bytes.
fn text(text: &str) -> AttrValue {
    AttrValue::VarLenString(text.into())
}
