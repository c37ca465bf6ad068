//! Datasets of an HDF5 file, their sizes checked before they are read.

use crate::error::read::{ReadCause, one_line};
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::memory::Memory;
use crate::numbers::{self, Scalar};
use displace::AnyArray;
use hdf5_pure::{AttrValue, Dataset, Datatype, DatatypeByteOrder, File, FloatingPointLayout, VlenStringReadOptions};

/// The most groups and datasets that are looked at, and how deep: files whose groups hold themselves have no end.
const MOST_OBJECTS: usize = 10_000;
const DEEPEST: usize = 16;
/// The longest text that says anything here.
const LONGEST: usize = 1 << 16;
/// Bytes of data for each byte of the file, no more: as much as deflate makes of its best.
const MOST: u64 = 1032;

/// IEEE's half.
const HALF: FloatingPointLayout = FloatingPointLayout {
    bit_offset: 0,
    bit_precision: 16,
    exponent_location: 10,
    exponent_size: 5,
    mantissa_location: 0,
    mantissa_size: 10,
    exponent_bias: 15,
};

/// An open file.
pub(super) struct Store<'a> {
    file: File,
    len: u64,
    memory: &'a mut Memory,
}

/// An error of the library, in words that follow "is an HDF5 file that ".
fn bad(error: impl std::fmt::Display) -> ReadCause {
    wrong(Kind::Hdf5, format!("cannot be read: {error}"))
}

impl<'a> Store<'a> {
    pub(super) fn open(input: &'a mut Input<'_>) -> Result<Self, ReadCause> {
        let len = input.bytes.len() as u64;
        input.memory.take(len)?;
        let file = File::from_bytes(input.bytes.to_vec()).map_err(bad)?;
        Ok(Self { file, len, memory: &mut *input.memory })
    }

    /// The paths of all datasets, groups in their order.
    pub(super) fn datasets(&self) -> Result<Vec<String>, ReadCause> {
        let mut found = Vec::new();
        let mut groups = vec![(String::new(), 0)];
        let mut seen = 0usize;
        while let Some((path, depth)) = groups.pop() {
            let group = if path.is_empty() { self.file.root() } else { self.file.group(&path).map_err(bad)? };
            let inner = |name: &String| if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let (datasets, mut inside) = (group.datasets().map_err(bad)?, group.groups().map_err(bad)?);
            seen = seen.saturating_add(datasets.len()).saturating_add(inside.len());
            if seen > MOST_OBJECTS || (depth == DEEPEST && !inside.is_empty()) {
                let what = format!("holds more than {MOST_OBJECTS} groups and datasets, or groups deeper than {DEEPEST}");
                return Err(wrong(Kind::Hdf5, what));
            }
            found.extend(datasets.iter().map(inner));
            inside.reverse();
            groups.extend(inside.iter().map(|name| (inner(name), depth + 1)));
        }
        Ok(found)
    }

    /// A text that stands at a group.
    pub(super) fn attribute(&self, group: &str, name: &str) -> Result<Option<String>, ReadCause> {
        let group = if group == "/" { self.file.root() } else { self.file.group(group).map_err(bad)? };
        let attributes = group.attrs().map_err(bad)?;
        Ok(attributes.get(name).and_then(|value| value.as_str().map(ToString::to_string)))
    }

    /// A whole number that stands at a group.
    pub(super) fn count(&self, group: &str, name: &str) -> Result<Option<i64>, ReadCause> {
        let attributes = self.file.group(group).and_then(|group| group.attrs()).map_err(bad)?;
        Ok(attributes.get(name).and_then(AttrValue::as_i64))
    }

    /// The one text of a dataset.
    pub(super) fn text(&self, path: &str) -> Result<String, ReadCause> {
        let dataset = self.dataset(path)?;
        let shape = dataset.shape().map_err(bad)?;
        let of_one = |shape: &[u64]| shape.iter().all(|len| *len == 1);
        let texts = match dataset.datatype().map_err(bad)? {
            Datatype::VariableLength { is_string: true, .. } if of_one(&shape) => {
                let limits = VlenStringReadOptions::new().with_max_elements(1).with_max_payload_bytes(LONGEST);
                dataset.read_vlen_strings(limits).map_err(bad)?
            }
            Datatype::String { size, .. } if of_one(&shape) && size as usize <= LONGEST && !dataset.is_chunked() => {
                dataset.read_string().map_err(bad)?
            }
            _ => return Err(wrong(Kind::Hdf5, format!("has \"{}\" of shape {shape:?}: expected one text", one_line(path)))),
        };
        Ok(texts.into_iter().next().unwrap_or_default().trim_end_matches('\0').to_string())
    }

    /// Whether a dataset holds numbers that arrays here hold.
    pub(super) fn is_numeric(&self, path: &str) -> Result<bool, ReadCause> {
        Ok(scalar(&self.dataset(path)?.datatype().map_err(bad)?).is_some())
    }

    fn dataset(&self, path: &str) -> Result<Dataset, ReadCause> {
        self.file.dataset(path).map_err(bad)
    }

    /// All numbers of a dataset.
    pub(super) fn array(&mut self, path: &str) -> Result<AnyArray, ReadCause> {
        self.read(path).map_err(|cause| ReadCause::Member { name: one_line(path), cause: Box::new(cause) })
    }

    fn read(&mut self, path: &str) -> Result<AnyArray, ReadCause> {
        let dataset = self.dataset(path)?;
        let datatype = dataset.datatype().map_err(bad)?;
        let Some((scalar, big_endian)) = scalar(&datatype) else {
            let found = dataset.dtype().map_or_else(|_| "something else".into(), |dtype| dtype.to_string());
            let what = format!("holds {found}: supported are integers of 8 to 64 bits and IEEE floats of 16, 32 and 64");
            return Err(wrong(Kind::Hdf5, what));
        };
        let shape: Option<Vec<usize>> = dataset.shape().map_err(bad)?.into_iter().map(|len| usize::try_from(len).ok()).collect();
        let shape = shape.ok_or(ReadCause::Allocation { bytes: u64::MAX })?;
        let count = numbers::count_of(&shape)?;
        let bytes = numbers::bytes_of(scalar, count)?;
        let decoded = self.decoded(&dataset, &shape, scalar, bytes)?;
        // What the library holds while it reads: its own result, and the chunks it is put together of.
        let working = bytes.saturating_add(decoded);
        self.memory.take(working)?;
        let raw = dataset.read_raw().map_err(bad)?;
        if raw.len() as u64 != bytes {
            let what = format!("says shape {shape:?} = {bytes} bytes, but {} are there", raw.len());
            return Err(wrong(Kind::Hdf5, what));
        }
        let data = numbers::read(&mut raw.as_slice(), scalar, count, big_endian, self.memory)?;
        self.memory.give_back(working);
        AnyArray::new(shape, data).map_err(|error| wrong(Kind::Hdf5, error))
    }

    /// Bytes of all chunks when they are unpacked; an error if the file cannot hold them, or the dataset.
    fn decoded(&self, dataset: &Dataset, shape: &[usize], scalar: Scalar, bytes: u64) -> Result<u64, ReadCause> {
        let len = self.len;
        let most = len.saturating_mul(MOST);
        let lie = |what: String| wrong(Kind::Hdf5, format!("says {what}, more than a file of {len} bytes can hold"));
        if bytes > most {
            return Err(lie(format!("shape {shape:?} = {bytes} bytes")));
        }
        let Some(chunk) = dataset.chunk_shape().map_err(bad)? else {
            return if bytes > len { Err(lie(format!("shape {shape:?} = {bytes} bytes"))) } else { Ok(0) };
        };
        let along = |(len, step): (&usize, &u64)| (*len as u64).div_ceil((*step).max(1));
        let places = shape.iter().zip(&chunk).map(along).try_fold(1u64, u64::checked_mul);
        // Every chunk takes a byte at the least, and no two the same ones.
        if places.is_none_or(|places| places > len) {
            return Err(lie(format!("shape {shape:?} in chunks of {chunk:?}")));
        }
        let chunks = dataset.chunks().map_err(bad)?;
        let inside =
            |at: &[u64]| at.iter().zip(shape).zip(&chunk).all(|((at, len), step)| *at < *len as u64 && at % step.max(&1) == 0);
        if let Some(outside) = chunks.iter().find(|chunk| !inside(&chunk.offset)) {
            let at = &outside.offset;
            return Err(wrong(Kind::Hdf5, format!("has a chunk at {at:?} of shape {shape:?} in chunks of {chunk:?}")));
        }
        let stored = chunks.iter().try_fold(0u64, |sum, chunk| sum.checked_add(chunk.storage_size));
        let one = chunk.iter().try_fold(scalar.size() as u64, |product, len| product.checked_mul(*len));
        let decoded = one.and_then(|one| one.checked_mul(chunks.len() as u64)).filter(|decoded| *decoded <= most);
        match decoded {
            Some(decoded) if stored.is_some_and(|stored| stored <= len) => Ok(decoded),
            _ => Err(lie(format!("{} chunks of {chunk:?}, {stored:?} bytes when packed", chunks.len()))),
        }
    }
}

/// The type of numbers and whether their first byte is the highest; `None` for anything else.
fn scalar(datatype: &Datatype) -> Option<(Scalar, bool)> {
    let (scalar, order) = match datatype {
        Datatype::FixedPoint { size, byte_order, layout } => {
            if layout.bit_offset != 0 || u32::from(layout.bit_precision) != size.checked_mul(8)? {
                return None;
            }
            let scalar = match (size, layout.signed) {
                (1, false) => Scalar::U8,
                (1, true) => Scalar::I8,
                (2, false) => Scalar::U16,
                (2, true) => Scalar::I16,
                (4, false) => Scalar::U32,
                (4, true) => Scalar::I32,
                (8, false) => Scalar::U64,
                (8, true) => Scalar::I64,
                _ => return None,
            };
            (scalar, byte_order)
        }
        Datatype::FloatingPoint { size, byte_order, layout } => {
            let scalar = match (size, *layout) {
                (2, HALF) => Scalar::F16,
                (4, FloatingPointLayout::IEEE754_BINARY32) => Scalar::F32,
                (8, FloatingPointLayout::IEEE754_BINARY64) => Scalar::F64,
                _ => return None,
            };
            (scalar, byte_order)
        }
        // Booleans are named numbers of one byte.
        Datatype::Enumeration { size: 1, .. } => return Some((Scalar::U8, false)),
        _ => return None,
    };
    match order {
        DatatypeByteOrder::LittleEndian => Some((scalar, false)),
        DatatypeByteOrder::BigEndian => Some((scalar, true)),
        DatatypeByteOrder::Vax => None,
    }
}
