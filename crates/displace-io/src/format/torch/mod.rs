//! What `torch.save` writes: a zip archive with a pickle of what there is and a member for each storage.

pub(crate) mod pickle;
mod write;

pub(crate) use write::write;

use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::format::tensor;
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::memory::{self, Memory};
use crate::numbers::count_of;
use displace::{AnyArray, AnyData};
use pickle::{Node, Pickle, Tensor};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::{BufReader, Cursor, Read, Seek};
use zip::{CompressionMethod, ZipArchive};

/// The member that says what there is; storages lie beside it.
const PICKLE: &str = "data.pkl";

/// Bytes for each byte of the file, no more: as much as deflate makes of its best.
const MOST: usize = 1032;

/// Whether a zip archive is one of torch's. Leaves the file at its start.
pub(crate) fn is_one(file: &mut (impl Read + Seek)) -> std::io::Result<bool> {
    let found = ZipArchive::new(BufReader::new(&mut *file)).is_ok_and(|zip| pickle_of(&zip).is_some());
    file.rewind()?;
    Ok(found)
}

fn pickle_of<R: Read + Seek>(zip: &ZipArchive<R>) -> Option<String> {
    let is_it = |name: &str| name.strip_suffix(PICKLE).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'));
    zip.file_names().flatten().find(|name| is_it(name)).map(Cow::into_owned)
}

/// Reads what the bytes hold.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    if !input.bytes.starts_with(b"PK") {
        return Err(bad("is of before torch 1.6: load it there and save it anew, or save it with NumPy"));
    }
    let mut file = Archive::open(input)?;
    let text = file.member(PICKLE)?;
    // What a pickle holds is some tens of bytes for each of its own.
    file.memory.take((text.len() as u64).saturating_mul(2 * size_of::<Node>() as u64))?;
    let pickle = Pickle::read(&text).map_err(bad)?;
    if let Some(tensor) = pickle.bare() {
        return Ok(Contents::Array(file.array(tensor)?));
    }
    let mut arrays: Vec<(String, AnyArray)> = Vec::new();
    let mut names = HashSet::new();
    for (name, leaf) in pickle.leaves().map_err(bad)? {
        if !names.insert(name.clone()) {
            return Err(bad(format!("has two things called \"{}\"", one_line(&name))));
        }
        let array = match leaf {
            Node::Tensor(tensor) => {
                file.array(tensor).map_err(|cause| ReadCause::Member { name: one_line(&name), cause: Box::new(cause) })?
            }
            Node::Bool(flag) => single(vec![u8::from(*flag)])?,
            Node::Float(number) => single(vec![*number])?,
            Node::Int(number) if (*number as f64) as i128 == i128::from(*number) => single(vec![*number as f64])?,
            _ => return Err(ReadCause::Integer),
        };
        arrays.push((name, array));
    }
    if arrays.is_empty() { Err(bad("holds no tensors")) } else { Ok(Contents::Archive(arrays)) }
}

fn bad(what: impl std::fmt::Display) -> ReadCause {
    wrong(Kind::Torch, what)
}

/// A number without axes.
fn single(data: impl Into<AnyData>) -> Result<AnyArray, ReadCause> {
    AnyArray::new(Vec::new(), data).map_err(bad)
}

/// A torch file whose members are read as they are asked for.
struct Archive<'a, 'b> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    bytes: &'a [u8],
    folder: String,
    big_endian: bool,
    storages: HashMap<String, Vec<u8>>,
    memory: &'b mut Memory,
    /// Bytes that may still be made of the file's own.
    budget: usize,
}

impl<'a, 'b> Archive<'a, 'b> {
    fn open(input: &'b mut Input<'a>) -> Result<Self, ReadCause> {
        let bytes = input.bytes;
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| bad(format!("is no readable zip archive: {error}")))?;
        if zip.has_duplicate_names() {
            return Err(bad("has two members of the same name"));
        }
        let pickle = pickle_of(&zip).ok_or_else(|| bad("has no data.pkl"))?;
        let folder = pickle.strip_suffix(PICKLE).unwrap_or_default().to_string();
        let mut archive = Self {
            zip,
            bytes,
            folder,
            big_endian: false,
            storages: HashMap::new(),
            memory: &mut *input.memory,
            budget: bytes.len().saturating_mul(MOST),
        };
        if archive.zip.index_for_name(&format!("{}byteorder", archive.folder)).is_some() {
            archive.big_endian = match archive.member("byteorder")?.as_slice() {
                b"little" => false,
                b"big" => true,
                other => {
                    let found = one_line(&String::from_utf8_lossy(other));
                    return Err(bad(format!("says byte order \"{found}\": expected \"little\" or \"big\"")));
                }
            };
        }
        Ok(archive)
    }

    /// All bytes of a member.
    fn member(&mut self, name: &str) -> Result<Vec<u8>, ReadCause> {
        let mut read = || {
            let mut file =
                self.zip.by_name(&format!("{}{name}", self.folder)).map_err(|error| bad(format!("has no such member: {error}")))?;
            let (size, stored) = (file.size(), file.compressed_size());
            let most = stored.saturating_mul(MOST as u64).saturating_add(MOST as u64);
            if stored > self.bytes.len() as u64 || size > most {
                return Err(bad(format!("says a member of {size} bytes, stored in {stored}, in a file of {}", self.bytes.len())));
            }
            let len = usize::try_from(size).ok().and_then(|len| Some((len, self.budget.checked_sub(len)?)));
            let (len, left) = len.ok_or_else(|| bad("says members of more bytes than it can hold"))?;
            self.budget = left;
            self.memory.take(size)?;
            let mut bytes = Vec::new();
            memory::reserve(&mut bytes, len)?;
            // torch writes no checksums when told so, and 0 instead.
            if file.crc32() == 0 && file.compression() == CompressionMethod::Stored {
                let start = file.data_start().and_then(|start| usize::try_from(start).ok()).unwrap_or(usize::MAX);
                let stored = start.checked_add(len).and_then(|end| self.bytes.get(start..end));
                bytes.extend(stored.ok_or_else(|| bad("ends inside a member"))?);
            } else {
                file.by_ref().take(size).read_to_end(&mut bytes)?;
                // Reading on to the end is what makes the archive compare the checksum.
                if bytes.len() != len || file.read(&mut [0])? != 0 {
                    return Err(bad(format!("has a member of another length than the {len} bytes that its directory says")));
                }
            }
            Ok(bytes)
        };
        read().map_err(|cause| ReadCause::Member { name: one_line(name), cause: Box::new(cause) })
    }

    /// A tensor's numbers in C order.
    fn array(&mut self, tensor: &Tensor) -> Result<AnyArray, ReadCause> {
        let size = tensor.element.size();
        let count = count_of(&tensor.shape)?;
        let (key, len) = (&tensor.storage.key, tensor.storage.len);
        if !self.storages.contains_key(key) {
            let bytes = self.member(&format!("data/{key}"))?;
            self.storages.insert(key.clone(), bytes);
        }
        let bytes = self.storages.get(key).map(Vec::as_slice).unwrap_or_default();
        let held = bytes.len();
        if len.checked_mul(tensor.storage.element.map_or(1, tensor::Element::size)) != Some(held) {
            return Err(bad(format!("says a storage of {len} numbers, but member \"data/{}\" has {held} bytes", one_line(key))));
        }
        let outside = || {
            let Tensor { offset, shape, strides, .. } = tensor;
            bad(format!("has a tensor of shape {shape:?}, offset {offset} and strides {strides:?}, outside its {held} bytes"))
        };
        // The last number, by which all others lie in the storage too: strides are not negative.
        let last = tensor
            .shape
            .iter()
            .zip(&tensor.strides)
            .try_fold(tensor.offset, |at, (len, stride)| at.checked_add(len.saturating_sub(1).checked_mul(*stride)?));
        if count > 0 && last.and_then(|last| last.checked_add(1)?.checked_mul(size)).is_none_or(|end| end > held) {
            return Err(outside());
        }
        // A stride of 0 makes much of nothing: no more than a file of this length could hold.
        let needed = count.checked_mul(size).ok_or_else(outside)?;
        self.budget = self
            .budget
            .checked_sub(needed)
            .ok_or_else(|| bad(format!("has tensors of more than {MOST} bytes for each of its own: shape {:?}", tensor.shape)))?;
        let start = tensor.offset.saturating_mul(size);
        let data = if count == 0 {
            tensor::read(&[], tensor.element, self.big_endian, self.memory)?
        } else if is_contiguous(&tensor.shape, &tensor.strides) {
            let bytes = start.checked_add(needed).and_then(|end| bytes.get(start..end)).ok_or_else(outside)?;
            tensor::read(bytes, tensor.element, self.big_endian, self.memory)?
        } else {
            self.memory.take(needed as u64)?;
            let gathered = gathered(bytes, tensor, count)?;
            let data = tensor::read(&gathered, tensor.element, self.big_endian, self.memory)?;
            self.memory.give_back(needed as u64);
            data
        };
        AnyArray::new(tensor.shape.clone(), data).map_err(bad)
    }
}

/// Whether numbers lie one after the other in C order.
fn is_contiguous(shape: &[usize], strides: &[usize]) -> bool {
    let mut step = 1usize;
    shape.iter().zip(strides).rev().filter(|(len, _)| **len != 1).all(|(len, stride)| {
        let follows = *stride == step;
        step = step.saturating_mul(*len);
        follows
    })
}

/// The bytes of a tensor's numbers in C order.
fn gathered(bytes: &[u8], tensor: &Tensor, count: usize) -> Result<Vec<u8>, ReadCause> {
    let size = tensor.element.size();
    let mut gathered = Vec::new();
    memory::reserve(&mut gathered, count.saturating_mul(size))?;
    let mut index = vec![0usize; tensor.shape.len()];
    let mut at = tensor.offset;
    for _ in 0..count {
        gathered.extend(bytes.get(at * size..(at + 1) * size).unwrap_or_default());
        for (axis, (len, stride)) in tensor.shape.iter().zip(&tensor.strides).enumerate().rev() {
            let Some(k) = index.get_mut(axis) else { break };
            if *k + 1 < *len {
                *k += 1;
                at += stride;
                break;
            }
            at -= *k * stride;
            *k = 0;
        }
    }
    Ok(gathered)
}
