//! Writing `.npy`.

use crate::atomic;
use crate::element::Element;
use crate::error::write::{WriteCause, WriteError};
use crate::npy::{CHUNK, MAX_AXES};
use crate::options::WriteOptions;
use crate::progress::Progress;
use displace::{AnyArray, with_data};
use std::io::Write;
use std::path::Path;

/// Writes an `.npy` array, byte for byte as `numpy.save` does, all or nothing.
///
/// # Errors
/// If the file cannot be written, or the array is bf16: `.npy` has no name for it, and it is exactly an f32.
pub fn write_npy(path: &Path, array: &AnyArray) -> Result<(), WriteError> {
    write_npy_with(path, array, &WriteOptions::default())
}

/// [`write_npy`] with options.
///
/// # Errors
/// As [`write_npy`].
pub fn write_npy_with(path: &Path, array: &AnyArray, options: &WriteOptions<'_>) -> Result<(), WriteError> {
    let bytes = encoded(array).map_err(atomic::at(path))?;
    let mut progress = Progress::new(options.progress, bytes.len());
    atomic::replace(path, |file| Ok(bytes.write(file, &mut progress)?))
}

/// An array as `.npy` bytes, in two parts: the numbers stay where they are.
pub(crate) struct Encoded<'a> {
    header: Vec<u8>,
    numbers: &'a [u8],
}

impl Encoded<'_> {
    pub(crate) fn len(&self) -> u64 {
        (self.header.len() + self.numbers.len()) as u64
    }

    pub(crate) fn write(&self, to: &mut impl Write, progress: &mut Progress<'_>) -> std::io::Result<()> {
        to.write_all(&self.header)?;
        progress.advance(self.header.len() as u64);
        for chunk in self.numbers.chunks(CHUNK) {
            to.write_all(chunk)?;
            progress.advance(chunk.len() as u64);
        }
        Ok(())
    }
}

pub(crate) fn encoded(array: &AnyArray) -> Result<Encoded<'_>, WriteCause> {
    with_data!(array.data(), numbers => {
        let header = header(array.shape(), code(numbers))?;
        Ok(Encoded { header, numbers: bytemuck::cast_slice(numbers) })
    })
}

fn code<T: Element>(_: &[T]) -> Option<&'static str> {
    T::CODE
}

/// NumPy pads the dictionary so that a first axis of up to 21 digits can grow in place, then to a multiple of 64 bytes.
fn header(shape: &[usize], code: Option<&str>) -> Result<Vec<u8>, WriteCause> {
    const GROWTH: usize = 21;
    const ALIGN: usize = 64;
    const BEFORE: usize = 10;
    let code = code.ok_or(WriteCause::Bf16)?;
    if shape.len() > MAX_AXES {
        return Err(WriteCause::Axes { found: shape.len(), most: MAX_AXES });
    }
    let order = match code {
        "u1" => '|',
        _ if cfg!(target_endian = "little") => '<',
        _ => '>',
    };
    let axes = shape.iter().map(ToString::to_string).collect::<Vec<_>>();
    let comma = if axes.len() == 1 { "," } else { "" };
    let mut text = format!("{{'descr': '{order}{code}', 'fortran_order': False, 'shape': ({}{comma}), }}", axes.join(", "));
    text += &" ".repeat(axes.first().map_or(0, |axis| GROWTH.saturating_sub(axis.len())));
    text += &" ".repeat(ALIGN - (BEFORE + text.len() + 1) % ALIGN);
    text.push('\n');
    let len = u16::try_from(text.len()).map_err(|_| WriteCause::Axes { found: shape.len(), most: MAX_AXES })?;
    Ok([&b"\x93NUMPY\x01\x00"[..], &len.to_le_bytes(), text.as_bytes()].concat())
}
