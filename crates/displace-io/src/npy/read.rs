//! Reading `.npy`.

use crate::element::{Element, swap_bytes};
use crate::error::read::{ReadCause, ReadError};
use crate::kind::Kind;
use crate::memory::{self, Memory};
use crate::npy::CHUNK;
use crate::npy::fortran::{differs, to_c_order};
use crate::npy::header::Header;
use crate::options::ReadOptions;
use crate::progress::Progress;
use crate::source::{Source, at};
use displace::{AnyArray, AnyData, with_data};
use std::io::{BufReader, Read};
use std::path::Path;

/// Reads an `.npy` array, known by its content.
///
/// # Errors
/// If the file cannot be read, is of another kind, or is not what its header says.
pub fn read_array(path: &Path) -> Result<AnyArray, ReadError> {
    read_array_with(path, &ReadOptions::default())
}

/// [`read_array`] with options.
///
/// # Errors
/// As [`read_array`].
pub fn read_array_with(path: &Path, options: &ReadOptions<'_>) -> Result<AnyArray, ReadError> {
    let read = || from_source(Source::open(path)?.expect(Kind::Npy)?, options);
    read().map_err(at(path))
}

pub(crate) fn from_source(source: Source, options: &ReadOptions<'_>) -> Result<AnyArray, ReadCause> {
    let mut memory = Memory::new(options.memory);
    let mut progress = Progress::new(options.progress, source.len);
    from_reader(&mut BufReader::new(source.file), source.len, options.bf16, &mut memory, &mut progress)
}

/// Reads an array that is `len` bytes long with its header.
pub(crate) fn from_reader(
    reader: &mut impl Read,
    len: u64,
    bf16: bool,
    memory: &mut Memory,
    progress: &mut Progress<'_>,
) -> Result<AnyArray, ReadCause> {
    let header = Header::read(reader, len, bf16)?;
    let turned = header.fortran && differs(&header.shape);
    let copy = if turned { header.bytes } else { 0 };
    memory.take(header.bytes.saturating_add(copy))?;
    progress.advance(len - header.bytes);
    let data = with_data!(header.numbers.empty, numbers => {
        let numbers = fill(numbers, header.count, reader, header.numbers.swapped, progress)?;
        AnyData::from(if turned { to_c_order(&numbers, &header.shape)? } else { numbers })
    });
    memory.give_back(copy);
    let said = || ReadCause::Allocation { bytes: header.bytes };
    AnyArray::new(header.shape, data).map_err(|_| said())
}

fn fill<T: Element>(
    mut numbers: Vec<T>,
    count: usize,
    reader: &mut impl Read,
    swapped: bool,
    progress: &mut Progress<'_>,
) -> Result<Vec<T>, ReadCause> {
    memory::reserve(&mut numbers, count)?;
    while numbers.len() < count {
        let start = numbers.len();
        numbers.resize(count.min(start + CHUNK / size_of::<T>()), T::default());
        let bytes = bytemuck::cast_slice_mut(&mut numbers[start..]);
        reader.read_exact(bytes)?;
        if swapped {
            swap_bytes(bytes, size_of::<T>());
        }
        progress.advance(bytes.len() as u64);
    }
    Ok(numbers)
}
