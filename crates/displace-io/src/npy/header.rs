//! What stands before the numbers.

use crate::error::npy::NpyError;
use crate::error::read::{ReadCause, one_line};
use crate::npy::MAX_AXES;
use crate::npy::literal::{dictionary, syntax, tuple};
use crate::npy::types::{Numbers, numbers};
use std::io::Read;

/// A header, checked against the bytes there are.
pub(super) struct Header {
    pub(super) shape: Vec<usize>,
    pub(super) fortran: bool,
    pub(super) numbers: Numbers,
    /// Elements of the array.
    pub(super) count: usize,
    /// Bytes of its elements.
    pub(super) bytes: u64,
}

/// Longer headers describe structures of many fields.
const MAX_LEN: u64 = 1 << 16;

impl Header {
    /// Reads the header of an array that is `len` bytes long with it.
    pub(super) fn read(reader: &mut impl Read, len: u64, bf16: bool) -> Result<Self, ReadCause> {
        let [.., major, minor] = exact::<8>(reader, len, 0)?;
        let (start, text_len) = match (major, minor) {
            (1, 0) => (10, u64::from(u16::from_le_bytes(exact(reader, len, 8)?))),
            (2 | 3, 0) => (12, u64::from(u32::from_le_bytes(exact(reader, len, 8)?))),
            _ => return Err(NpyError::Version { major, minor }.into()),
        };
        let end = start + text_len;
        if end > len {
            return Err(NpyError::Cut { found: len, needed: end }.into());
        }
        if text_len > MAX_LEN {
            return Err(NpyError::HeaderLength { found: text_len, most: MAX_LEN }.into());
        }
        let mut text = Vec::new();
        if reader.take(text_len).read_to_end(&mut text)? as u64 != text_len {
            return Err(NpyError::Cut { found: start + text.len() as u64, needed: end }.into());
        }
        // The first two versions are Latin-1.
        let text = if major < 3 { text.into_iter().map(char::from).collect() } else { String::from_utf8_lossy(&text).into_owned() };
        Ok(Self::parse(&text, len - end, bf16)?)
    }

    fn parse(text: &str, found: u64, bf16: bool) -> Result<Self, NpyError> {
        let (mut descr, mut order, mut shape) = (None, None, None);
        for (key, value) in dictionary(text)? {
            let slot = match key {
                "descr" => &mut descr,
                "fortran_order" => &mut order,
                "shape" => &mut shape,
                other => return Err(syntax("only the keys descr, fortran_order and shape", other)),
            };
            if slot.replace(value).is_some() {
                return Err(syntax("each key once", key));
            }
        }
        let (Some(descr), Some(order), Some(shape_text)) = (descr, order, shape) else {
            return Err(syntax("the keys descr, fortran_order and shape", text));
        };
        let fortran = match order {
            "True" => true,
            "False" => false,
            other => return Err(syntax("True or False for fortran_order", other)),
        };
        let numbers = numbers(descr, bf16)?;
        let size = numbers.empty.dtype().bytes();
        let overflow = || NpyError::Overflow { shape: one_line(&shape_text.chars().take(100).collect::<String>()) };
        let shape = parse_shape(shape_text)?.ok_or_else(overflow)?;
        let count = shape.iter().try_fold(1usize, |product, axis| product.checked_mul(*axis)).ok_or_else(overflow)?;
        let bytes = count.checked_mul(size).filter(|bytes| isize::try_from(*bytes).is_ok()).ok_or_else(overflow)? as u64;
        if bytes != found {
            return Err(NpyError::Size { shape: one_line(shape_text), code: numbers.code.into(), said: bytes, found });
        }
        Ok(Self { shape, fortran, numbers, count, bytes })
    }
}

/// `None` if an axis has more elements than memory has addresses.
fn parse_shape(text: &str) -> Result<Option<Vec<usize>>, NpyError> {
    let axes = tuple(text)?;
    if axes.len() > MAX_AXES {
        return Err(NpyError::Axes { found: axes.len(), most: MAX_AXES });
    }
    let mut shape = Vec::with_capacity(axes.len());
    for axis in axes {
        // Python 2 wrote an L after long numbers.
        let digits = axis.strip_suffix('L').unwrap_or(axis);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(syntax("a whole number for each axis", text));
        }
        match digits.parse() {
            Ok(len) => shape.push(len),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(shape))
}

fn exact<const N: usize>(reader: &mut impl Read, len: u64, at: u64) -> Result<[u8; N], ReadCause> {
    let needed = at + N as u64;
    if len < needed {
        return Err(NpyError::Cut { found: len, needed }.into());
    }
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}
