//! Zarr arrays of versions 2 and 3: what their metadata say, and their numbers from the chunks there are.

use super::codec::{Packing, checked, unpack};
use crate::element::swap_bytes;
use crate::error::read::{ReadCause, one_line};
use crate::format::wrong;
use crate::kind::Kind;
use crate::memory::{self, Memory};
use crate::numbers::{self, Scalar};
use displace::AnyArray;
use serde_json::Value;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The most axes: NumPy's.
const MOST_AXES: usize = 32;
/// The most chunks that are looked for.
const MOST_CHUNKS: usize = 1 << 20;

/// An array's metadata.
pub(super) struct Meta {
    shape: Vec<usize>,
    chunk: Vec<usize>,
    scalar: Scalar,
    /// The bytes of a number that no chunk has.
    fill: Vec<u8>,
    chain: Chain,
    keys: Keys,
}

/// How chunks are called: `c/0/1`, `0.1`.
struct Keys {
    /// Whether names start with "c".
    marked: bool,
    separator: char,
}

/// How a chunk's numbers become bytes.
struct Chain {
    /// The axes of the chunk in the order in which its bytes have them.
    order: Vec<usize>,
    inner: Inner,
    packings: Vec<Packing>,
}

enum Inner {
    Numbers { big_endian: bool },
    Shards(Box<Shards>),
}

/// Chunks inside a chunk.
struct Shards {
    chunk: Vec<usize>,
    chain: Chain,
    index_big_endian: bool,
    index_checked: bool,
    index_at_end: bool,
}

pub(super) fn bad(what: impl std::fmt::Display) -> ReadCause {
    wrong(Kind::OmeZarr, what)
}

/// A value of metadata, for people.
pub(super) fn shown(value: &Value) -> String {
    let text: String = value.to_string().chars().take(60).collect();
    one_line(&text)
}

fn lengths(value: &Value, what: &str, least: u64) -> Result<Vec<usize>, ReadCause> {
    let refused = || bad(format!("has the {what} {}: expected at most {MOST_AXES} whole numbers from {least}", shown(value)));
    let numbers = value.as_array().filter(|numbers| numbers.len() <= MOST_AXES).ok_or_else(refused)?;
    let length = |v: &Value| v.as_u64().filter(|v| *v >= least).and_then(|v| usize::try_from(v).ok()).ok_or_else(refused);
    numbers.iter().map(length).collect()
}

impl Meta {
    /// From `zarr.json`.
    pub(super) fn of_version3(meta: &Value) -> Result<Self, ReadCause> {
        let shape = lengths(&meta["shape"], "shape", 0)?;
        let scalar = scalar_by_name(&meta["data_type"])?;
        let grid = &meta["chunk_grid"];
        if grid["name"] != "regular" {
            return Err(bad(format!("has the chunk grid {}: expected a regular one", shown(&grid["name"]))));
        }
        let chunk = lengths(&grid["configuration"]["chunk_shape"], "chunk shape", 1)?;
        let encoding = &meta["chunk_key_encoding"];
        let marked = match encoding["name"].as_str() {
            Some("default") => true,
            Some("v2") => false,
            _ => return Err(bad(format!("has the chunk key encoding {}: expected default or v2", shown(&encoding["name"])))),
        };
        let usual = if marked { "/" } else { "." };
        let separator = separator(&encoding["configuration"]["separator"], usual)?;
        if let Some(more) = meta["storage_transformers"].as_array().filter(|list| !list.is_empty()) {
            return Err(bad(format!("has the storage transformers {}: expected none", shown(&Value::Array(more.clone())))));
        }
        let chain = Chain::of(&meta["codecs"], chunk.len(), scalar)?;
        let fill = fill(&meta["fill_value"], scalar)?;
        Self { shape, chunk, scalar, fill, chain, keys: Keys { marked, separator } }.checked()
    }

    /// From `.zarray`.
    pub(super) fn of_version2(meta: &Value) -> Result<Self, ReadCause> {
        if meta["zarr_format"] != 2 {
            return Err(bad(format!("has a .zarray of the format {}: expected 2", shown(&meta["zarr_format"]))));
        }
        let shape = lengths(&meta["shape"], "shape", 0)?;
        let chunk = lengths(&meta["chunks"], "chunks", 1)?;
        let (scalar, big_endian) = scalar_by_code(&meta["dtype"])?;
        if let Some(filters) = meta["filters"].as_array().filter(|list| !list.is_empty()) {
            return Err(bad(format!("has the filters {}: expected none", shown(&Value::Array(filters.clone())))));
        }
        let packings = match &meta["compressor"] {
            Value::Null => Vec::new(),
            compressor => vec![packing(&compressor["id"])?],
        };
        let axes = 0..chunk.len();
        let order = match meta["order"].as_str() {
            Some("C") => axes.collect(),
            Some("F") => axes.rev().collect(),
            _ => return Err(bad(format!("has the order {}: expected C or F", shown(&meta["order"])))),
        };
        let separator = separator(&meta["dimension_separator"], ".")?;
        let fill = if meta["fill_value"].is_null() { vec![0; scalar.size()] } else { fill(&meta["fill_value"], scalar)? };
        let chain = Chain { order, inner: Inner::Numbers { big_endian }, packings };
        Self { shape, chunk, scalar, fill, chain, keys: Keys { marked: false, separator } }.checked()
    }

    fn checked(self) -> Result<Self, ReadCause> {
        if self.shape.len() != self.chunk.len() {
            return Err(bad(format!("has the shape {:?} in chunks of {:?}", self.shape, self.chunk)));
        }
        Ok(self)
    }

    /// The lengths of its axes.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Reads all numbers. What no chunk has is filled, as the metadata say.
    pub(super) fn read(&self, folder: &Path, memory: &mut Memory) -> Result<AnyArray, ReadCause> {
        let count = numbers::count_of(&self.shape)?;
        let bytes = numbers::bytes_of(self.scalar, count)?;
        let grid: Vec<usize> = self.shape.iter().zip(&self.chunk).map(|(len, chunk)| len.div_ceil(*chunk)).collect();
        let chunks = numbers::count_of(&grid)?;
        if chunks > MOST_CHUNKS {
            return Err(bad(format!(
                "says {chunks} chunks of {:?} in {:?}: at most {MOST_CHUNKS} are read",
                self.chunk, self.shape
            )));
        }
        memory.take(bytes)?;
        let mut whole = filled(&self.fill, count)?;
        let mut place = vec![0; grid.len()];
        for _ in 0..chunks {
            self.chunk_into(&mut whole, &place, folder, memory)?;
            advance(&mut place, &grid);
        }
        let data = numbers::read(&mut whole.as_slice(), self.scalar, count, false, memory)?;
        memory.give_back(bytes);
        AnyArray::new(self.shape.clone(), data).map_err(bad)
    }

    /// One chunk, if there is one.
    fn chunk_into(&self, whole: &mut [u8], place: &[usize], folder: &Path, memory: &mut Memory) -> Result<(), ReadCause> {
        let key = self.keys.name(place);
        let in_chunk = |what: String| bad(format!("has a chunk {key} that {what}"));
        let Some(stored) = contents(&folder.join(&key), memory)? else { return Ok(()) };
        let size = self.scalar.size();
        let count = numbers::count_of(&self.chunk)?;
        // Room for the bytes, what they unpack to and the same in another order.
        let room = (stored.len() as u64).saturating_add(numbers::bytes_of(self.scalar, count)?.saturating_mul(2));
        memory.take(room)?;
        let bytes = self.chain.decode(stored, &self.chunk, &self.fill, memory).map_err(in_chunk)?;
        let start: Vec<usize> = place.iter().zip(&self.chunk).map(|(index, len)| index * len).collect();
        put(&bytes, &self.chunk, whole, &self.shape, &start, size).ok_or_else(|| in_chunk("has no place".into()))?;
        memory.give_back(room);
        Ok(())
    }
}

impl Keys {
    fn name(&self, place: &[usize]) -> String {
        let mut parts: Vec<String> = place.iter().map(ToString::to_string).collect();
        if self.marked {
            parts.insert(0, "c".into());
        } else if parts.is_empty() {
            parts.push("0".into());
        }
        parts.join(&self.separator.to_string())
    }
}

impl Chain {
    /// From version 3's list of codecs.
    fn of(codecs: &Value, axes: usize, scalar: Scalar) -> Result<Self, ReadCause> {
        let list = codecs.as_array().ok_or_else(|| bad(format!("has the codecs {}: expected a list", shown(codecs))))?;
        let mut order: Vec<usize> = (0..axes).collect();
        let mut inner = None;
        let mut packings = Vec::new();
        for codec in list {
            let (name, settings) = (codec["name"].as_str().unwrap_or_default(), &codec["configuration"]);
            match (name, &inner) {
                ("transpose", None) => {
                    let by = permutation(&settings["order"], axes)?;
                    order = by.iter().map(|axis| order[*axis]).collect();
                }
                ("bytes", None) => inner = Some(Inner::Numbers { big_endian: big_endian(settings, scalar)? }),
                ("sharding_indexed", None) => inner = Some(Inner::Shards(Box::new(Shards::of(settings, axes, scalar)?))),
                (_, Some(_)) => packings.push(packing(&codec["name"])?),
                _ => return Err(bad(format!("has the codec {} where bytes are expected", shown(&codec["name"])))),
            }
        }
        let inner = inner.ok_or_else(|| bad(format!("has the codecs {} without bytes", shown(codecs))))?;
        Ok(Self { order, inner, packings })
    }

    /// The numbers of a chunk, little-endian, in C order.
    fn decode(&self, stored: Vec<u8>, shape: &[usize], fill: &[u8], memory: &mut Memory) -> Result<Vec<u8>, String> {
        let stored_shape: Vec<usize> = self.order.iter().filter_map(|axis| shape.get(*axis).copied()).collect();
        let count = numbers::count_of(shape).map_err(|error| error.to_string())?;
        let bytes = match &self.inner {
            Inner::Numbers { big_endian } => {
                let mut bytes = unpack(&self.packings, stored, count * fill.len(), memory)?;
                if *big_endian {
                    swap_bytes(&mut bytes, fill.len());
                }
                bytes
            }
            Inner::Shards(_) if !self.packings.is_empty() => return Err("is packed as a whole with chunks inside it".into()),
            Inner::Shards(shards) => shards.decode(&stored, &stored_shape, fill, memory)?,
        };
        if self.order.iter().copied().eq(0..shape.len()) { Ok(bytes) } else { self.reorder(&bytes, shape, fill.len()) }
    }

    /// From the order in which the bytes have the axes to C order.
    fn reorder(&self, bytes: &[u8], shape: &[usize], size: usize) -> Result<Vec<u8>, String> {
        // How far apart neighbours along each axis are.
        let mut steps = vec![0; shape.len()];
        let mut step = size;
        for axis in self.order.iter().rev() {
            steps[*axis] = step;
            step *= shape[*axis];
        }
        let mut out = Vec::new();
        memory::reserve(&mut out, bytes.len()).map_err(|error| error.to_string())?;
        let mut place = vec![0; shape.len()];
        for _ in 0..bytes.len() / size {
            let from: usize = place.iter().zip(&steps).map(|(index, step)| index * step).sum();
            out.extend_from_slice(bytes.get(from..from + size).ok_or("is shorter than its shape")?);
            advance(&mut place, shape);
        }
        Ok(out)
    }
}

impl Shards {
    fn of(settings: &Value, axes: usize, scalar: Scalar) -> Result<Self, ReadCause> {
        let chunk = lengths(&settings["chunk_shape"], "inner chunk shape", 1)?;
        if chunk.len() != axes {
            return Err(bad(format!("has inner chunks of {chunk:?} in chunks of {axes} axes")));
        }
        let chain = Chain::of(&settings["codecs"], axes, scalar)?;
        if let Inner::Shards(_) = chain.inner {
            return Err(bad("has shards inside shards: expected one level"));
        }
        let index = Chain::of(&settings["index_codecs"], axes + 1, Scalar::U64)?;
        let (Inner::Numbers { big_endian }, [] | [Packing::Crc32c]) = (&index.inner, &index.packings[..]) else {
            return Err(bad(format!("has the index codecs {}: expected bytes and crc32c", shown(&settings["index_codecs"]))));
        };
        let index_at_end = match settings["index_location"].as_str() {
            None | Some("end") => true,
            Some("start") => false,
            Some(other) => return Err(bad(format!("has the index location \"{}\": expected start or end", one_line(other)))),
        };
        Ok(Self { chunk, chain, index_big_endian: *big_endian, index_checked: !index.packings.is_empty(), index_at_end })
    }

    fn decode(&self, stored: &[u8], shape: &[usize], fill: &[u8], memory: &mut Memory) -> Result<Vec<u8>, String> {
        if shape.iter().zip(&self.chunk).any(|(len, chunk)| len % chunk != 0) {
            return Err(format!("has the shape {shape:?}, which inner chunks of {:?} do not fill", self.chunk));
        }
        let grid: Vec<usize> = shape.iter().zip(&self.chunk).map(|(len, chunk)| len / chunk).collect();
        let chunks = numbers::count_of(&grid).map_err(|error| error.to_string())?;
        let index = self.index(stored, chunks)?;
        let count = numbers::count_of(shape).map_err(|error| error.to_string())?;
        let mut whole = filled(fill, count).map_err(|error| error.to_string())?;
        let mut place = vec![0; grid.len()];
        for entry in index.as_chunks::<16>().0 {
            let number = |bytes: [u8; 8]| if self.index_big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) };
            let [a, b, c, d, e, f, g, h, rest @ ..] = *entry;
            let (offset, length) = (number([a, b, c, d, e, f, g, h]), number(rest));
            if (offset, length) != (u64::MAX, u64::MAX) {
                let range = usize::try_from(offset).ok().zip(usize::try_from(length).ok());
                let part = range.and_then(|(offset, length)| stored.get(offset..)?.get(..length));
                let part = part.ok_or_else(|| format!("says {length} bytes at {offset}, but has {}", stored.len()))?;
                let bytes = self.chain.decode(part.to_vec(), &self.chunk, fill, memory)?;
                let start: Vec<usize> = place.iter().zip(&self.chunk).map(|(index, len)| index * len).collect();
                put(&bytes, &self.chunk, &mut whole, shape, &start, fill.len()).ok_or("has an inner chunk without place")?;
            }
            advance(&mut place, &grid);
        }
        Ok(whole)
    }

    /// Offsets and lengths of the inner chunks.
    fn index<'a>(&self, stored: &'a [u8], chunks: usize) -> Result<&'a [u8], String> {
        let sum = if self.index_checked { 4 } else { 0 };
        let cut = || format!("has {} bytes, less than the index of its {chunks} inner chunks", stored.len());
        let size = chunks.checked_mul(16).and_then(|size| size.checked_add(sum)).ok_or_else(cut)?;
        let start = if self.index_at_end { stored.len().checked_sub(size).ok_or_else(cut)? } else { 0 };
        let index = stored.get(start..).and_then(|rest| rest.get(..size)).ok_or_else(cut)?;
        if self.index_checked { checked(index) } else { Ok(index) }
    }
}

/// The next place, the last axis fastest.
fn advance(place: &mut [usize], lengths: &[usize]) {
    for (index, len) in place.iter_mut().zip(lengths).rev() {
        *index += 1;
        if *index < *len {
            return;
        }
        *index = 0;
    }
}

/// `count` times the same bytes.
fn filled(fill: &[u8], count: usize) -> Result<Vec<u8>, ReadCause> {
    let mut whole = memory::zeros(count * fill.len())?;
    if fill.iter().any(|byte| *byte != 0) {
        whole.chunks_exact_mut(fill.len()).for_each(|number| number.copy_from_slice(fill));
    }
    Ok(whole)
}

/// Puts a block of numbers of `size` bytes where it belongs, without what lies outside.
fn put(block: &[u8], block_shape: &[usize], whole: &mut [u8], shape: &[usize], start: &[usize], size: usize) -> Option<()> {
    let inside: Vec<usize> =
        shape.iter().zip(start).zip(block_shape).map(|((len, start), own)| len.saturating_sub(*start).min(*own)).collect();
    // Numbers along the last axis lie side by side on both sides.
    let (row, rows) = match inside.split_last() {
        Some((row, rows)) => (*row * size, rows),
        None => (size, &[][..]),
    };
    let count = rows.iter().product::<usize>();
    let mut place = vec![0; rows.len()];
    for _ in 0..count {
        let (mut from, mut to) = (0, 0);
        for axis in 0..inside.len() {
            let index = place.get(axis).copied().unwrap_or(0);
            from = from * block_shape[axis] + index;
            to = to * shape[axis] + start[axis] + index;
        }
        let bytes = block.get(from * size..from * size + row)?;
        whole.get_mut(to * size..to * size + row)?.copy_from_slice(bytes);
        advance(&mut place, rows);
    }
    Some(())
}

/// The bytes of a file, if there is one.
pub(super) fn contents(path: &Path, memory: &mut Memory) -> Result<Option<Vec<u8>>, ReadCause> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(ReadCause::Io(error)),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    memory.check(metadata.len())?;
    let mut bytes = Vec::new();
    memory::reserve(&mut bytes, usize::try_from(metadata.len()).map_err(|_| ReadCause::Allocation { bytes: metadata.len() })?)?;
    file.take(metadata.len()).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn packing(name: &Value) -> Result<Packing, ReadCause> {
    let known = name.as_str().and_then(Packing::named);
    known.ok_or_else(|| bad(format!("has the codec {}: those read are gzip, zlib, zstd, blosc, crc32c", shown(name))))
}

fn separator(value: &Value, usual: &str) -> Result<char, ReadCause> {
    match if value.is_null() { Some(usual) } else { value.as_str() } {
        Some("/") => Ok('/'),
        Some(".") => Ok('.'),
        _ => Err(bad(format!("has the separator {}: expected / or .", shown(value)))),
    }
}

fn permutation(value: &Value, axes: usize) -> Result<Vec<usize>, ReadCause> {
    let order = lengths(value, "transposition", 0)?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted.into_iter().eq(0..axes) { Ok(order) } else { Err(bad(format!("has the transposition {order:?} of {axes} axes"))) }
}

fn big_endian(settings: &Value, scalar: Scalar) -> Result<bool, ReadCause> {
    match settings["endian"].as_str() {
        Some("little") => Ok(false),
        Some("big") => Ok(true),
        None if scalar.size() == 1 => Ok(false),
        _ => Err(bad(format!("has the byte order {}: expected little or big", shown(&settings["endian"])))),
    }
}

fn scalar_by_name(value: &Value) -> Result<Scalar, ReadCause> {
    Ok(match value.as_str() {
        Some("uint8") => Scalar::U8,
        Some("int8") => Scalar::I8,
        Some("uint16") => Scalar::U16,
        Some("int16") => Scalar::I16,
        Some("uint32") => Scalar::U32,
        Some("int32") => Scalar::I32,
        Some("uint64") => Scalar::U64,
        Some("int64") => Scalar::I64,
        Some("float16") => Scalar::F16,
        Some("float32") => Scalar::F32,
        Some("float64") => Scalar::F64,
        _ => return Err(bad(format!("holds numbers of the type {}: expected integers or floats of 8 to 64 bits", shown(value)))),
    })
}

/// NumPy's code, and whether it is big-endian.
fn scalar_by_code(value: &Value) -> Result<(Scalar, bool), ReadCause> {
    let refused = || bad(format!("holds numbers of the type {}: expected such as <f4, >i2 or |u1", shown(value)));
    let code = value.as_str().unwrap_or_default();
    let big_endian = match code.chars().next() {
        Some('<' | '|') => false,
        Some('>') => true,
        _ => return Err(refused()),
    };
    let scalar = match &code[1..] {
        "u1" => Scalar::U8,
        "i1" => Scalar::I8,
        "u2" => Scalar::U16,
        "i2" => Scalar::I16,
        "u4" => Scalar::U32,
        "i4" => Scalar::I32,
        "u8" => Scalar::U64,
        "i8" => Scalar::I64,
        "f2" => Scalar::F16,
        "f4" => Scalar::F32,
        "f8" => Scalar::F64,
        _ => return Err(refused()),
    };
    Ok((scalar, big_endian))
}

/// The little-endian bytes of the number that stands where no chunk is.
fn fill(value: &Value, scalar: Scalar) -> Result<Vec<u8>, ReadCause> {
    let refused = || bad(format!("has the fill value {}: expected a number of its type", shown(value)));
    let size = scalar.size();
    if let Some(bits) = value.as_str().and_then(|text| text.strip_prefix("0x")) {
        let bits = u64::from_str_radix(bits, 16).ok().filter(|_| bits.len() == 2 * size).ok_or_else(refused)?;
        return Ok(bits.to_le_bytes()[..size].to_vec());
    }
    let float = match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    };
    let integer = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    let between = |low: i128, high: i128| {
        let fitting = integer.filter(|v| (low..=high).contains(v)).ok_or_else(refused)?;
        Ok(fitting.to_le_bytes()[..size].to_vec())
    };
    match scalar {
        Scalar::F16 => Ok(displace::f16::from_f64(float.ok_or_else(refused)?).to_le_bytes().to_vec()),
        Scalar::F32 => Ok((float.ok_or_else(refused)? as f32).to_le_bytes().to_vec()),
        Scalar::F64 => Ok(float.ok_or_else(refused)?.to_le_bytes().to_vec()),
        Scalar::U8 => between(0, u8::MAX.into()),
        Scalar::U16 => between(0, u16::MAX.into()),
        Scalar::U32 => between(0, u32::MAX.into()),
        Scalar::U64 => between(0, u64::MAX.into()),
        Scalar::I8 => between(i8::MIN.into(), i8::MAX.into()),
        Scalar::I16 => between(i16::MIN.into(), i16::MAX.into()),
        Scalar::I32 => between(i32::MIN.into(), i32::MAX.into()),
        Scalar::I64 => between(i64::MIN.into(), i64::MAX.into()),
    }
}
