//! What the tests share.
#![allow(dead_code)] // Each test file uses its own part of this one.

use displace::{AnyArray, AnyData, DType, bf16, f16};
use std::path::{Path, PathBuf};

/// A folder that is gone after the test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The path of a file that another program wrote.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// 0, 1, 2, .. as any dtype.
pub(crate) fn count(dtype: DType, len: usize) -> AnyData {
    numbers(dtype, (0..len).map(|k| k as f64))
}

/// Numbers as any dtype.
pub(crate) fn numbers(dtype: DType, values: impl Iterator<Item = f64>) -> AnyData {
    match dtype {
        DType::U8 => values.map(|v| v as u8).collect::<Vec<_>>().into(),
        DType::U16 => values.map(|v| v as u16).collect::<Vec<_>>().into(),
        DType::I16 => values.map(|v| v as i16).collect::<Vec<_>>().into(),
        DType::F16 => values.map(f16::from_f64).collect::<Vec<_>>().into(),
        DType::BF16 => values.map(bf16::from_f64).collect::<Vec<_>>().into(),
        DType::F32 => values.map(|v| v as f32).collect::<Vec<_>>().into(),
        _ => values.collect::<Vec<_>>().into(),
    }
}

/// An array of [`count`].
pub(crate) fn counted(dtype: DType, shape: &[usize]) -> AnyArray {
    AnyArray::new(shape.to_vec(), count(dtype, shape.iter().product())).expect("a fitting shape")
}

/// An array of [`numbers`].
pub(crate) fn array(dtype: DType, shape: &[usize], value: impl Fn(usize) -> f64) -> AnyArray {
    let len = shape.iter().product();
    AnyArray::new(shape.to_vec(), numbers(dtype, (0..len).map(value))).expect("a fitting shape")
}

/// The bytes of an `.npy` file with any dictionary.
pub(crate) fn npy_bytes(version: u8, dictionary: &str, data: &[u8]) -> Vec<u8> {
    let len = dictionary.len() as u32;
    let mut bytes = [b"\x93NUMPY", &[version, 0][..]].concat();
    if version == 1 {
        bytes.extend(&(len as u16).to_le_bytes());
    } else {
        bytes.extend(&len.to_le_bytes());
    }
    bytes.extend(dictionary.as_bytes());
    bytes.extend(data);
    bytes
}

/// A header's dictionary.
pub(crate) fn dictionary(descr: &str, fortran: bool, shape: &str) -> String {
    let order = if fortran { "True" } else { "False" };
    format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")
}

/// Writes bytes to a file in the folder.
pub(crate) fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a writable folder");
    path
}

/// The message of an error, which must be one line that starts with the file's name.
pub(crate) fn line<T>(result: Result<T, impl std::error::Error>, path: &Path) -> String {
    let Err(error) = result else { panic!("{} was accepted", path.display()) };
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text:?}");
    text.strip_prefix(&format!("{}: ", path.display())).unwrap_or_else(|| panic!("{text:?} does not name the file")).to_string()
}

/// The names in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
