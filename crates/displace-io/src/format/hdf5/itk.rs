//! ITK's transforms in HDF5: `/TransformGroup/0`, and `1, 2, ..` that a composite in `0` joins.

use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::WriteError;
use crate::format::hdf5::store::Store;
use crate::format::hdf5::{GROUP, doubles, refused, write as write_file};
use crate::format::itk_kinds::itk_transform;
use crate::format::wrong;
use crate::kind::Kind;
use crate::numbers::count_of;
use crate::save::own;
use crate::stored::{Affine, StoredField, Transform};
use displace::{AnyArray, Convention, Layout, Placement};
use hdf5_pure::{CharacterSet, DatasetBuilder, Datatype, FileBuilder, GroupBuilder, StringPadding, make_u8_type};
use std::path::Path;

const FORMAT: &str = "an ITK transform";

/// ITK's own convention.
pub(super) fn itk() -> Convention {
    "itk".parse().expect("a convention's name")
}

/// Reads the transforms of a file.
pub(super) fn read(store: &mut Store<'_>, paths: &[String]) -> Result<Contents, ReadCause> {
    let is_one = |k: usize| paths.iter().any(|path| *path == format!("{GROUP}/{k}/TransformType"));
    let count = (0..paths.len()).take_while(|k| is_one(*k)).count();
    let all = paths.iter().filter(|path| path.ends_with("/TransformType")).count();
    if all != count || count == 0 {
        return Err(wrong(Kind::Hdf5, format!("holds {all} ITK transforms that are not numbered 0, 1, 2, ..")));
    }
    let first = store.text(&format!("{GROUP}/0/TransformType"))?;
    if first.starts_with("CompositeTransform") {
        let mut parts = (1..count).map(|k| transform(store, paths, k)).collect::<Result<Vec<_>, _>>()?;
        return match parts.len() {
            0 => Err(wrong(Kind::Hdf5, "holds an ITK composite of no transforms")),
            1 => Ok(contents(parts.swap_remove(0))),
            _ => Ok(Contents::Transform(Transform::Composite(parts))),
        };
    }
    if count > 1 {
        return Err(wrong(Kind::Hdf5, format!("holds {count} ITK transforms that no composite joins: expected one")));
    }
    Ok(contents(transform(store, paths, 0)?))
}

/// A field is one also where it stands for a transform.
fn contents(transform: Transform) -> Contents {
    match transform {
        Transform::Field(field) => Contents::Field(field),
        other => Contents::Transform(other),
    }
}

/// One transform.
fn transform(store: &mut Store<'_>, paths: &[String], k: usize) -> Result<Transform, ReadCause> {
    let kind = store.text(&format!("{GROUP}/{k}/TransformType"))?;
    let mut numbers = |names: [&str; 2]| {
        let path = names.map(|name| format!("{GROUP}/{k}/{name}")).into_iter().find(|path| paths.contains(path));
        path.map(|path| store.array(&path)).transpose()
    };
    // Files of older versions have the misspelled names.
    let fixed = numbers(["TransformFixedParameters", "TranformFixedParameters"])?;
    let parameters = numbers(["TransformParameters", "TranformParameters"])?;
    let fixed = fixed.map(|array| doubles(array.data())).transpose()?.unwrap_or_default();
    let is_field = kind.split('_').next().is_some_and(|name| {
        matches!(
            name,
            "DisplacementFieldTransform"
                | "GaussianSmoothingOnUpdateDisplacementFieldTransform"
                | "BSplineSmoothingOnUpdateDisplacementFieldTransform"
        )
    });
    match parameters {
        Some(parameters) if is_field => field(&kind, &fixed, parameters).map(Transform::Field),
        parameters => {
            let parameters = parameters.map(|array| doubles(array.data())).transpose()?.unwrap_or_default();
            itk_transform(&kind, &fixed, &parameters).map_err(|what| wrong(Kind::Hdf5, what))
        }
    }
}

/// A displacement field: size, origin, spacing and direction are fixed, x first.
fn field(kind: &str, fixed: &[f64], parameters: AnyArray) -> Result<StoredField, ReadCause> {
    let kind = one_line(kind);
    let axes = match fixed.len() {
        10 => 2,
        18 => 3,
        found => {
            let what = format!("has a {kind} with {found} fixed parameters: expected 10 for 2 axes or 18 for 3");
            return Err(wrong(Kind::Hdf5, what));
        }
    };
    let (size, rest) = fixed.split_at(axes);
    let (origin, rest) = rest.split_at(axes);
    let (spacing, direction) = rest.split_at(axes);
    let length = |v: &f64| if v.fract() == 0.0 && (1.0..9e15).contains(v) { usize::try_from(*v as u64).ok() } else { None };
    let lengths: Option<Vec<usize>> = size.iter().rev().map(length).collect();
    let Some(mut shape) = lengths else {
        return Err(wrong(Kind::Hdf5, format!("has a {kind} of size {size:?}: expected whole numbers of at least 1")));
    };
    shape.push(axes);
    let count = count_of(&shape)?;
    let found = parameters.data().len();
    if found != count {
        let what = format!("has a {kind} of size {size:?} = {count} numbers, but {found} parameters");
        return Err(wrong(Kind::Hdf5, what));
    }
    let placement = Placement::new(spacing, origin, direction)
        .map_err(|error| wrong(Kind::Hdf5, format!("places its displacement field by {error}")))?;
    let array = AnyArray::new(shape, parameters.into_parts().1).map_err(|error| wrong(Kind::Hdf5, error))?;
    Ok(StoredField { array, readings: vec![itk()], valid: None, placement: Some(placement), remarks: Vec::new() })
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(asked: Option<&Convention>, _: usize) -> Result<Convention, String> {
    let asked = asked.map(|asked| Convention { layout: Layout::Interleaved, x_first: false, ..*asked });
    own("ITK transforms", "itk", asked.as_ref())
}

/// Writes a field, all or nothing.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let parts = field_parts(field).map_err(|what| refused(path, FORMAT, &what))?;
    write_parts(path, vec![parts])
}

/// Writes a transform as ITK keeps it, all or nothing: displacement fields and affine maps, or several of them, as f64.
///
/// # Errors
/// If the file cannot be written, or ITK does not hold the transform.
pub(crate) fn write_transform_hdf5(path: &Path, transform: &Transform) -> Result<(), WriteError> {
    let mut parts = Vec::new();
    parts_of(transform, &mut parts).map_err(|what| refused(path, FORMAT, &what))?;
    write_parts(path, parts)
}

/// One transform as it is kept.
struct Parts {
    kind: &'static str,
    axes: usize,
    fixed: Vec<f64>,
    parameters: Vec<f64>,
}

/// The parts of a transform in their order; composites in composites make one.
fn parts_of(transform: &Transform, parts: &mut Vec<Parts>) -> Result<(), String> {
    match transform {
        Transform::Affine(affine) => parts.push(affine_parts(affine)?),
        Transform::Field(field) => parts.push(field_parts(field)?),
        Transform::Composite(several) => several.iter().try_for_each(|one| parts_of(one, parts))?,
    }
    Ok(())
}

fn affine_parts(affine: &Affine) -> Result<Parts, String> {
    let (axes, entries) = (affine.offset.len(), affine.matrix.len());
    if !matches!(axes, 2 | 3) || entries != axes * axes {
        return Err(format!("an affine map of {entries} entries and an offset of {axes}: expected 4 and 2, or 9 and 3"));
    }
    let parameters = affine.matrix.iter().chain(&affine.offset).copied().collect();
    Ok(Parts { kind: "AffineTransform", axes, fixed: vec![0.0; axes], parameters })
}

fn field_parts(field: &StoredField) -> Result<Parts, String> {
    if field.readings != [itk()] {
        return Err("its numbers are not displacements in mm, LPS, components last".into());
    }
    let placement = field.placement.as_ref().ok_or("its pixels have no places: name a reference image or a spacing")?;
    let axes = placement.axes();
    let shape = field.array.shape();
    let Some((&components, lengths)) = shape.split_last().filter(|(_, lengths)| lengths.len() == axes) else {
        return Err(format!("shape {shape:?} placed along {axes} axes: one field is held, with components last"));
    };
    if components != axes || field.array.data().is_empty() {
        return Err(format!("shape {shape:?}: {axes} components are held, of at least one pixel"));
    }
    let size = lengths.iter().rev().map(|len| *len as f64);
    let places = [placement.origin(), placement.spacing(), placement.direction()].concat();
    let parameters = doubles(field.array.data()).map_err(|cause| cause.to_string())?;
    Ok(Parts { kind: "DisplacementFieldTransform", axes, fixed: size.chain(places).collect(), parameters })
}

fn write_parts(path: &Path, parts: Vec<Parts>) -> Result<(), WriteError> {
    let Some(axes) = parts.first().map(|part| part.axes) else {
        return Err(refused(path, FORMAT, "a composite of no transforms"));
    };
    if parts.iter().any(|part| part.axes != axes) {
        return Err(refused(path, FORMAT, "transforms of 2 and of 3 axes do not join"));
    }
    let mut file = FileBuilder::new();
    // Versions of who writes, which ITK keeps and does not read.
    text(file.create_dataset("ITKVersion"), "5.4.0");
    text(file.create_dataset("HDFVersion"), "1.10");
    let mut all = file.create_group(GROUP);
    let several = parts.len() > 1;
    if several {
        let mut group = all.create_group("0");
        kind(&mut group, "CompositeTransform", axes);
        all.add_group(group.finish());
    }
    for (k, part) in parts.into_iter().enumerate() {
        let mut group = all.create_group(&(k + usize::from(several)).to_string());
        kind(&mut group, part.kind, axes);
        group.create_dataset("TransformFixedParameters").with_f64_data(&part.fixed);
        group.create_dataset("TransformParameters").with_f64_data(&part.parameters);
        all.add_group(group.finish());
    }
    file.add_group(all.finish());
    write_file(path, FORMAT, file)
}

fn kind(group: &mut GroupBuilder, name: &str, axes: usize) {
    text(group.create_dataset("TransformType"), &format!("{name}_double_{axes}_{axes}"));
}

/// A text as ITK's reader asks for it: of any length and ASCII, which HDF5 makes of no other kind.
fn text(dataset: &mut DatasetBuilder, text: &str) {
    dataset.with_vlen_strings(&[text]).with_dtype(Datatype::VariableLength {
        is_string: true,
        padding: Some(StringPadding::NullTerminate),
        charset: Some(CharacterSet::Ascii),
        base_type: Box::new(make_u8_type()),
    });
}
