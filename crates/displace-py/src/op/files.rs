//! Files in and out.

use crate::dispatch::with_sample;
use crate::error::{displace_error, format_error, raw_dtype_error};
use crate::op::convert::{Held, Place, place, placement};
use crate::options::{check_dtype, check_shape, lattice, rest};
use crate::tensor::Tensor;
use displace::{AnyArray, AnyData, Between, DType, with_data};
use displace_io::{
    Contents, FieldNotes, PLACEMENT, ReadCause, ReadError, WriteCause, WriteError, WriteOptions, placement_member, placement_of,
};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};

/// An array as read, waiting to be copied to where Python wants it.
#[pyclass(frozen, module = "displace._core")]
pub(crate) struct Stored {
    pub(crate) array: AnyArray,
}

#[pymethods]
impl Stored {
    /// Lengths of the axes.
    #[getter]
    fn shape(&self) -> Vec<usize> {
        self.array.shape().to_vec()
    }

    /// NumPy's name of the dtype.
    #[getter]
    fn dtype(&self) -> PyResult<&'static str> {
        match self.array.dtype() {
            DType::U8 => Ok("uint8"),
            DType::U16 => Ok("uint16"),
            DType::I16 => Ok("int16"),
            DType::F16 => Ok("float16"),
            DType::F32 => Ok("float32"),
            DType::F64 => Ok("float64"),
            other => Err(raw_dtype_error(format!("{other} has no NumPy dtype"))),
        }
    }

    /// Copies the numbers into `out`, which has this shape and dtype.
    fn copy_into(&self, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut out = Tensor::new(out, "out")?;
        check_shape(&out, self.array.shape())?;
        check_dtype(&out, self.array.dtype())?;
        with_data!(self.array.data(), v => out.output("out")?.copy_from_slice(v));
        Ok(())
    }
}

/// What a file holds: its kind ("array", "archive", "image" or "field"), its arrays by name, and of a field
/// `(input_size, align_corners, rest, place)`; of what is more than arrays ("located", "volume", "transform") all of it.
type Read = (&'static str, Vec<(String, Stored)>, Option<Notes>, Option<Held>);

/// What a field knows beside its displacements.
type Notes = (Vec<usize>, bool, String, Option<Place>);

/// Reads a file.
#[pyfunction]
pub(crate) fn read(py: Python<'_>, path: PathBuf) -> PyResult<Read> {
    let contents = py.detach(|| displace_io::read(&path)).map_err(|e| read_error(&path, &e))?;
    let one = |array| vec![(String::new(), Stored { array })];
    match contents {
        Contents::Array(array) => Ok(("array", one(array), None, None)),
        Contents::Image(array) => Ok(("image", one(array), None, None)),
        Contents::Field(_) => Ok(("located", Vec::new(), None, Some(Held { contents }))),
        Contents::Volume(_) => Ok(("volume", Vec::new(), None, Some(Held { contents }))),
        Contents::Transform(_) => Ok(("transform", Vec::new(), None, Some(Held { contents }))),
        Contents::Archive(members) => {
            let damaged = |e| format_error(format!("{}: {e}", path.display()));
            let notes = FieldNotes::from_members(&members).map_err(damaged)?;
            let is_field = members.iter().any(|(name, _)| name == displace_io::DISPLACEMENT);
            let kind = if is_field && notes.is_some() { "field" } else { "archive" };
            let here = if kind == "field" { placement_of(&members).map_err(damaged)?.as_ref().map(place) } else { None };
            let notes = notes.map(|n| (n.input_size, n.extent.align_corners(), n.rest.to_string(), here));
            Ok((kind, members.into_iter().map(|(name, array)| (name, Stored { array })).collect(), notes, None))
        }
    }
}

/// Writes arrays: one with an empty name as the file's own, several as an archive. `notes` of a field are
/// `(input_size, align_corners, rest, place)`.
#[pyfunction]
pub(crate) fn write(
    py: Python<'_>,
    path: PathBuf,
    arrays: Vec<(String, Bound<'_, PyAny>)>,
    notes: Option<Notes>,
    compress: bool,
) -> PyResult<()> {
    let mut members = Vec::with_capacity(arrays.len());
    for (name, array) in arrays {
        let tensor = Tensor::new(&array, if name.is_empty() { "array" } else { &name })?;
        let data = with_sample!(tensor.dtype(), T => Ok::<AnyData, PyErr>(tensor.contiguous::<T>("array")?.to_vec().into()))?;
        members.push((name, AnyArray::new(tensor.shape().to_vec(), data).map_err(|e| displace_error(e.to_string()))?));
    }
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if extension == "npz" {
        if let Some((input_size, align_corners, rest_name, here)) = notes {
            let destination = members[0].1.shape();
            let destination = &destination[1..destination.len() - 1];
            let notes = match input_size.len() {
                2 => notes_of::<2>(&input_size, destination, align_corners, &rest_name),
                _ => notes_of::<3>(&input_size, destination, align_corners, &rest_name),
            }?;
            members.extend(notes.members().map(|(name, array)| (name.to_string(), array)));
            members.extend(placement(here)?.map(|here| (PLACEMENT.to_string(), placement_member(&here))));
        }
        let members: Vec<(&str, &AnyArray)> = members.iter().map(|(name, array)| (name.as_str(), array)).collect();
        return py
            .detach(|| displace_io::write_npz_with(&path, &members, &WriteOptions { compress, ..WriteOptions::default() }))
            .map_err(|e| write_error(&path, &e));
    }
    let [(_, array)] = members.as_slice() else {
        return Err(displace_error(format!("{}: several arrays are written as .npz", path.display())));
    };
    let done = py.detach(|| match extension.as_str() {
        "npy" => Some(displace_io::write_npy(&path, array)),
        "png" | "jpg" | "jpeg" | "tif" | "tiff" => Some(displace_io::write_image(&path, array)),
        _ => None,
    });
    match done {
        Some(done) => done.map_err(|e| write_error(&path, &e)),
        None => Err(displace_error(format!(
            "{}: unknown extension \"{extension}\": expected .npy, .npz, .png, .jpg or .tif",
            path.display()
        ))),
    }
}

fn notes_of<const D: usize>(size: &[usize], destination: &[usize], align_corners: bool, rest_name: &str) -> PyResult<FieldNotes> {
    let mut destination: [usize; D] =
        destination.try_into().map_err(|_| displace_error(format!("input_size {size:?} for a field of size {destination:?}")))?;
    destination.reverse();
    let between = Between::new(lattice::<D>(size, align_corners)?, destination, rest(Some(rest_name))?);
    Ok(FieldNotes::of(&between.map_err(|e| displace_error(e.to_string()))?))
}

/// Python's own error of the file system, or ours of what a file holds.
pub(crate) fn read_error(path: &Path, error: &ReadError) -> PyErr {
    match &error.cause {
        ReadCause::NotAFile { .. } if path.is_dir() => os_error(IS_A_FOLDER, &error.cause, path),
        ReadCause::Open(io) | ReadCause::Io(io) if let Some(number) = io.raw_os_error() => os_error(number, &error.cause, path),
        _ => format_error(error.to_string()),
    }
}

pub(crate) fn write_error(path: &Path, error: &WriteError) -> PyErr {
    match &error.cause {
        WriteCause::NoFolder { .. } => os_error(NO_SUCH_FILE, &error.cause, path),
        WriteCause::IsFolder => os_error(IS_A_FOLDER, &error.cause, path),
        WriteCause::Folder { cause: io, .. } | WriteCause::Io(io) => match io.raw_os_error() {
            Some(number) => os_error(number, &error.cause, path),
            None => PyOSError::new_err(error.to_string()),
        },
        _ => displace_error(error.to_string()),
    }
}

/// errno's ENOENT and EISDIR, the same wherever Python runs.
const NO_SUCH_FILE: i32 = 2;
const IS_A_FOLDER: i32 = 21;

/// With the number of the error, Python makes it `FileNotFoundError`, `PermissionError` and so on; with the path, `filename`.
fn os_error(number: i32, cause: &dyn std::fmt::Display, path: &Path) -> PyErr {
    PyOSError::new_err((number, cause.to_string(), path.display().to_string()))
}
