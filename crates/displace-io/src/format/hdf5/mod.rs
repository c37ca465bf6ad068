//! HDF5 files: Spring's flows, transforms of ITK and of nitransforms, and arrays of anything.

pub(crate) mod flo5;
pub(crate) mod itk;
mod store;
pub(crate) mod x5;

use crate::contents::Contents;
use crate::error::read::ReadCause;
use crate::error::write::{WriteCause, WriteError};
use crate::format::tensor::double;
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::{atomic, memory};
use displace::{AnyData, with_data};
use hdf5_pure::FileBuilder;
use std::io::Write;
use std::path::Path;
use store::Store;

/// The group that transforms are in.
const GROUP: &str = "TransformGroup";

/// Reads what the bytes hold, known by its datasets.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let mut store = Store::open(input)?;
    let paths = store.datasets()?;
    if paths.iter().any(|path| path.starts_with(GROUP)) {
        // Of the two that keep transforms here, ITK says in a dataset what each is, and X5 in an attribute.
        let is_itk = paths.iter().any(|path| path.starts_with(GROUP) && path.ends_with("/TransformType"));
        if !is_itk && store.attribute("/", "Format")?.as_deref() == Some("X5") {
            return x5::read(&mut store, &paths);
        }
        if is_itk {
            return itk::read(&mut store, &paths);
        }
    }
    if let [path] = paths.as_slice() {
        match path.as_str() {
            "flow" => return flo5::read(&mut store, path),
            "disparity" => return Ok(Contents::Image(store.array(path)?)),
            _ => {}
        }
    }
    let mut arrays = Vec::new();
    for path in &paths {
        if store.is_numeric(path)? {
            arrays.push((path.clone(), store.array(path)?));
        }
    }
    Ok(match arrays.len() {
        0 => return Err(wrong(Kind::Hdf5, format!("holds no arrays of numbers: its datasets are {}", listed(&paths)))),
        1 => Contents::Array(arrays.swap_remove(0).1),
        _ => Contents::Archive(arrays),
    })
}

/// Some names, for people.
fn listed(names: &[String]) -> String {
    const MOST: usize = 10;
    if names.is_empty() {
        return "none".into();
    }
    let shown = names.iter().take(MOST).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MOST);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Writes a file of a format's own, all or nothing.
fn write(path: &Path, format: &'static str, file: FileBuilder) -> Result<(), WriteError> {
    let bytes = file.finish().map_err(|error| refused(path, format, &error.to_string()))?;
    atomic::replace(path, |to| Ok(to.write_all(&bytes)?))
}

/// Why a format does not hold a field.
fn refused(path: &Path, format: &'static str, what: &str) -> WriteError {
    atomic::at(path)(WriteCause::Field { format, what: crate::error::read::one_line(what) })
}

/// Numbers as f64.
fn doubles(data: &AnyData) -> Result<Vec<f64>, ReadCause> {
    let mut doubles = Vec::new();
    memory::reserve(&mut doubles, data.len())?;
    with_data!(data, numbers => doubles.extend(numbers.iter().map(double)));
    Ok(doubles)
}
