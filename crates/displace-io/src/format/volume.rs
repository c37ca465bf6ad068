//! What formats of placed images share: numbers that a header promises, files beside a header, and what is written of them.

use crate::atomic::at;
use crate::element::swap_bytes;
use crate::error::read::{ReadCause, io_text, one_line};
use crate::error::write::{WriteCause, WriteError};
use crate::format::{Input, metaimage, nifti, nrrd, wrong};
use crate::kind::Kind;
use crate::memory::{self, Memory};
use crate::numbers::{self, Scalar};
use crate::stored::{StoredField, Volume};
use displace::{AnyArray, AnyData, Convention, Layout, Placement, PlacementError, Unit, with_data};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path};

/// Writes an image that knows where its pixels lie, all or nothing: `.nii`, `.nii.gz`, `.mha`, `.mhd` (with its `.raw` beside it) or
/// `.nrrd`, by the path's end.
///
/// # Errors
/// If the file cannot be written, or the format cannot hold the numbers.
pub fn write_volume(path: &Path, volume: &Volume) -> Result<(), WriteError> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    if name.ends_with(".nii") || name.ends_with(".nii.gz") {
        nifti::write_image(path, volume)
    } else if name.ends_with(".mha") || name.ends_with(".mhd") {
        metaimage::write_image(path, volume)
    } else if name.ends_with(".nrrd") {
        nrrd::write_image(path, volume)
    } else {
        let what = format!("\"{}\" ends in none of .nii, .nii.gz, .mha, .mhd, .nrrd", one_line(&name));
        Err(at(path)(WriteCause::Field { format: "an image with a place", what }))
    }
}

/// The numbers that a header promises.
#[derive(Clone, Copy)]
pub(crate) struct Promise<'a> {
    pub(crate) kind: Kind,
    pub(crate) scalar: Scalar,
    /// Lengths of the axes as the header has them.
    pub(crate) sizes: &'a [usize],
    pub(crate) big_endian: bool,
}

/// The most bytes that deflate makes of `stored` ones: 258 for every two bits.
pub(crate) fn most(stored: usize) -> u64 {
    (stored as u64).saturating_mul(1032).saturating_add(1032)
}

impl Promise<'_> {
    /// How many numbers, and their bytes.
    fn claim(&self) -> Result<(usize, u64), ReadCause> {
        let too_large = |_| wrong(self.kind, format!("says {}: more than memory has addresses", by(self.sizes)));
        let count = numbers::count_of(self.sizes).map_err(too_large)?;
        Ok((count, numbers::bytes_of(self.scalar, count).map_err(too_large)?))
    }

    fn text(&self, said: u64) -> String {
        format!("says {} numbers of {} = {said} bytes", by(self.sizes), name(self.scalar))
    }

    /// From bytes that are the numbers and nothing else.
    pub(crate) fn exact(&self, mut bytes: &[u8], memory: &mut Memory) -> Result<AnyData, ReadCause> {
        let (count, said) = self.claim()?;
        if said != bytes.len() as u64 {
            return Err(wrong(self.kind, format!("{}, but {} bytes of data are there", self.text(said), bytes.len())));
        }
        numbers::read(&mut bytes, self.scalar, count, self.big_endian, memory)
    }

    /// From a compressed stream of `stored` bytes, which holds the numbers and nothing else.
    pub(crate) fn inflated(&self, reader: &mut impl Read, stored: usize, memory: &mut Memory) -> Result<AnyData, ReadCause> {
        let (count, said) = self.claim()?;
        if said > most(stored) {
            return Err(wrong(self.kind, format!("{}, more than {stored} compressed bytes can hold", self.text(said))));
        }
        let broken = |cause| match cause {
            ReadCause::Io(error) => {
                wrong(self.kind, format!("{}, but its compressed data fail: {}", self.text(said), io_text(&error)))
            }
            other => other,
        };
        let data = numbers::read(reader, self.scalar, count, self.big_endian, memory).map_err(broken)?;
        // Reading on to the end is also what compares the checksum.
        match reader.read(&mut [0]).map_err(|error| broken(error.into()))? {
            0 => Ok(data),
            _ => Err(wrong(self.kind, format!("{}, but its compressed data go on after them", self.text(said)))),
        }
    }

    /// From numbers in decimal, between spaces.
    pub(crate) fn decimal(&self, text: &[u8], memory: &mut Memory) -> Result<AnyData, ReadCause> {
        let (count, said) = self.claim()?;
        let words = || text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let found = words().count();
        if found != count {
            return Err(wrong(self.kind, format!("says {} numbers, but {found} are written in it", by(self.sizes))));
        }
        memory.take(said)?;
        let mut bytes = Vec::new();
        memory::reserve(&mut bytes, usize::try_from(said).map_err(|_| ReadCause::Allocation { bytes: said })?)?;
        for word in words() {
            let word = String::from_utf8_lossy(word);
            if !push(self.scalar, &word, &mut bytes) {
                return Err(wrong(self.kind, format!("has \"{word}\" where a number of {} is expected", name(self.scalar))));
            }
        }
        numbers::read(&mut bytes.as_slice(), self.scalar, count, false, memory)
    }
}

/// Adds a decimal number as little-endian bytes; whether it is one of that type.
fn push(scalar: Scalar, word: &str, bytes: &mut Vec<u8>) -> bool {
    macro_rules! put {
        ($t:ty) => {
            word.parse::<$t>().map(|value| bytes.extend(value.to_le_bytes())).is_ok()
        };
    }
    match scalar {
        Scalar::U8 => put!(u8),
        Scalar::I8 => put!(i8),
        Scalar::U16 => put!(u16),
        Scalar::I16 => put!(i16),
        Scalar::U32 => put!(u32),
        Scalar::I32 => put!(i32),
        Scalar::U64 => put!(u64),
        Scalar::I64 => put!(i64),
        Scalar::F32 => put!(f32),
        Scalar::F64 => put!(f64),
        Scalar::F16 => false,
    }
}

/// The first line of a header without its end, and what follows it.
pub(crate) fn line(kind: Kind, bytes: &[u8]) -> Result<(Cow<'_, str>, &[u8]), ReadCause> {
    const LONGEST: usize = 1 << 20;
    let end = bytes.iter().take(LONGEST).position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    if end > LONGEST {
        return Err(wrong(kind, format!("has a line of more than {LONGEST} bytes in its header")));
    }
    let (line, rest) = bytes.split_at(end);
    Ok((String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)), rest.get(1..).unwrap_or_default()))
}

/// Lengths of axes, for people.
pub(crate) fn by(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// NumPy's name of a type.
fn name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 => "u1",
        Scalar::I8 => "i1",
        Scalar::U16 => "u2",
        Scalar::I16 => "i2",
        Scalar::U32 => "u4",
        Scalar::I32 => "i4",
        Scalar::U64 => "u8",
        Scalar::I64 => "i8",
        Scalar::F16 => "f2",
        Scalar::F32 => "f4",
        Scalar::F64 => "f8",
    }
}

/// Whether the numbers have fractions: those of a field do.
pub(crate) const fn is_float(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::F16 | Scalar::F32 | Scalar::F64)
}

/// A placement, or why there is none.
pub(crate) fn placed(kind: Kind, placement: Result<Placement, PlacementError>) -> Result<Placement, ReadCause> {
    placement.map_err(|error| wrong(kind, format!("cannot be placed: {error}")))
}

/// An array of the header's sizes, fastest axis first.
pub(crate) fn array(kind: Kind, sizes: &[usize], data: AnyData) -> Result<AnyArray, ReadCause> {
    AnyArray::new(sizes.iter().rev().copied().collect(), data).map_err(|error| wrong(kind, error))
}

/// Channels that are a plane or volume each, side by side at each pixel.
pub(crate) fn interleaved(kind: Kind, data: AnyData, channels: usize, memory: &mut Memory) -> Result<AnyData, ReadCause> {
    with_data!(data, planes => {
        memory.take(size_of_val(&planes[..]) as u64)?;
        let mut numbers = Vec::new();
        memory::reserve(&mut numbers, planes.len())?;
        let pixels = planes.len().checked_div(channels).ok_or_else(|| wrong(kind, "has no channels"))?;
        (0..pixels).for_each(|pixel| numbers.extend(planes.iter().skip(pixel).step_by(pixels).copied()));
        Ok(numbers.into())
    })
}

/// A preset in one of the two layouts.
pub(crate) fn preset(text: &str, layout: Layout) -> Convention {
    Convention { layout, ..text.parse().expect("a convention's name") }
}

/// The bytes of a file that a header names, which lies beside it.
pub(crate) fn beside(input: &mut Input<'_>, kind: Kind, name: &str) -> Result<Vec<u8>, ReadCause> {
    let failed = |cause: &io::Error| wrong(kind, format!("has its data in \"{name}\", which cannot be read: {}", io_text(cause)));
    let relative =
        Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir | Component::ParentDir));
    if name.is_empty() || !relative {
        return Err(wrong(kind, format!("has its data in \"{name}\": expected a name relative to the header")));
    }
    let path = input.path.parent().unwrap_or(Path::new("")).join(name);
    let file = File::open(path).map_err(|cause| failed(&cause))?;
    let metadata = file.metadata().map_err(|cause| failed(&cause))?;
    if !metadata.is_file() {
        return Err(wrong(kind, format!("has its data in \"{name}\", which is no file")));
    }
    input.memory.take(metadata.len())?;
    let mut bytes = Vec::new();
    memory::reserve(&mut bytes, usize::try_from(metadata.len()).map_err(|_| ReadCause::Allocation { bytes: metadata.len() })?)?;
    file.take(metadata.len()).read_to_end(&mut bytes).map_err(|cause| failed(&cause))?;
    Ok(bytes)
}

/// What is written of an image or field.
pub(crate) struct Written<'a> {
    /// Lengths of the lattice's axes, x first.
    pub(crate) sizes: Vec<usize>,
    /// Numbers of each pixel.
    pub(crate) components: usize,
    pub(crate) data: &'a AnyData,
    pub(crate) placement: Placement,
}

impl<'a> Written<'a> {
    /// A field's numbers, which must be in one physical convention and in the layout that the format has.
    pub(crate) fn field(field: &'a StoredField, layout: Layout) -> Result<(Self, Convention), String> {
        let [convention] = field.readings[..] else {
            return Err(format!("its numbers have {} readings: expected one", field.readings.len()));
        };
        if convention.layout != layout || !matches!(convention.unit, Unit::Physical(_)) {
            return Err(format!("its numbers are \"{convention}\": expected millimetres, in the layout that the format has"));
        }
        let shape = field.array.shape();
        let (components, lattice) = match layout {
            Layout::Planar => shape.split_first(),
            Layout::Interleaved => shape.split_last(),
        }
        .unwrap_or((&0, &[]));
        if *components != lattice.len() || !matches!(components, 2 | 3) {
            let expected = if layout == Layout::Planar { "(3, D, H, W) or (2, H, W)" } else { "(D, H, W, 3) or (H, W, 2)" };
            return Err(format!("its array has the shape {shape:?}: expected {expected}"));
        }
        if !matches!(field.array.data(), AnyData::F32(_) | AnyData::F64(_)) {
            return Err(format!("its numbers are {}: expected f32 or f64", field.array.dtype()));
        }
        let placement = field.placement.clone().ok_or("its pixels have no places: name a reference image or a spacing")?;
        let written = Self::new(lattice, *components, field.array.data(), placement)?;
        Ok((written, convention))
    }

    /// An image's numbers, channels last.
    pub(crate) fn image(volume: &'a Volume) -> Result<Self, String> {
        let shape = volume.array.shape();
        let lattice = match shape.split_last() {
            Some((channels, lattice)) if volume.channels > 1 && *channels == volume.channels => lattice,
            Some(_) if volume.channels == 1 => shape,
            _ => return Err(format!("its array has the shape {shape:?}, its channels are {}", volume.channels)),
        };
        Self::new(lattice, volume.channels, volume.array.data(), volume.placement.clone())
    }

    fn new(lattice: &[usize], components: usize, data: &'a AnyData, placement: Placement) -> Result<Self, String> {
        if lattice.len() != placement.axes() || lattice.contains(&0) {
            return Err(format!("a lattice of {lattice:?}, placed along {} axes: expected as many, none empty", placement.axes()));
        }
        Ok(Self { sizes: lattice.iter().rev().copied().collect(), components, data, placement })
    }

    /// The placement in three axes: a plane lies at 0 of the third.
    pub(crate) fn ras_matrix(&self) -> [[f64; 4]; 3] {
        let mut matrix = [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
        let axes = self.placement.axes();
        for (row, found) in matrix.iter_mut().zip(self.placement.ras_matrix()) {
            let (columns, origin) = found.split_at(axes);
            row.iter_mut().zip(columns).for_each(|(to, from)| *to = *from);
            origin.iter().for_each(|from| row[3] = *from);
        }
        matrix
    }

    /// The directions of the index axes, one after the other, LPS.
    pub(crate) fn axis_directions(&self) -> Vec<Vec<f64>> {
        let axes = self.placement.axes();
        (0..axes).map(|k| self.placement.direction().iter().skip(k).step_by(axes).copied().collect()).collect()
    }
}

/// Numbers with the separator between them; as short as they read back exactly.
pub(crate) fn joined(numbers: impl IntoIterator<Item = f64>, separator: &str) -> String {
    // Adding 0 makes -0 a 0.
    numbers.into_iter().map(|v| (v + 0.0).to_string()).collect::<Vec<_>>().join(separator)
}

/// Writes numbers, little endian.
pub(crate) fn write_numbers(to: &mut impl Write, data: &AnyData) -> io::Result<()> {
    const CHUNK: usize = 1 << 16;
    with_data!(data, numbers => {
        let size = numbers.first().map_or(1, size_of_val);
        let bytes: &[u8] = bytemuck::cast_slice(numbers);
        if cfg!(target_endian = "little") {
            return to.write_all(bytes);
        }
        for chunk in bytes.chunks(CHUNK) {
            let mut chunk = chunk.to_vec();
            swap_bytes(&mut chunk, size);
            to.write_all(&chunk)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_numbers() {
        assert_eq!(joined([0.1, -0.0, 1e22], " "), "0.1 0 10000000000000000000000");
        let mut bytes = Vec::new();
        assert!(
            push(Scalar::I16, "-2", &mut bytes) && !push(Scalar::U8, "256", &mut bytes) && !push(Scalar::I8, "1.5", &mut bytes)
        );
        assert_eq!(bytes, [0xfe, 0xff]);
    }

    #[test]
    fn promises_are_held_against_the_bytes() {
        let mut memory = Memory::new(Some(1000));
        let promise = Promise { kind: Kind::Nrrd, scalar: Scalar::I16, sizes: &[2, 1], big_endian: true };
        assert_eq!(promise.exact(&[0, 1, 255, 255], &mut memory).unwrap(), AnyData::I16(vec![1, -1]));
        assert_eq!(
            promise.exact(&[0; 5], &mut memory).unwrap_err().to_string(),
            "is an NRRD image that says 2x1 numbers of i2 = 4 bytes, but 5 bytes of data are there"
        );
        assert_eq!(promise.decimal(b" 7\n-8 ", &mut memory).unwrap(), AnyData::I16(vec![7, -8]));
        let huge = Promise { sizes: &[usize::MAX, 3], ..promise };
        assert!(huge.exact(&[0; 5], &mut memory).unwrap_err().to_string().contains("more than memory has addresses"));
        let large = Promise { sizes: &[1 << 20], ..promise };
        let error = large.inflated(&mut &[0u8; 3][..], 3, &mut memory).unwrap_err();
        assert!(error.to_string().contains("more than 3 compressed bytes can hold"));
    }
}
