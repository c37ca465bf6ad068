//! Numbers of any type that files hold, from bytes that arrive one piece after the other.

use crate::element::{Element, swap_bytes};
use crate::error::read::ReadCause;
use crate::memory::{self, Memory};
use displace::{AnyData, f16};
use std::io::Read;

/// A type of numbers in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
}

impl Scalar {
    /// Bytes of one.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Bytes of one in memory: what arrays here do not hold is widened to what does.
    const fn held(self) -> usize {
        match self {
            Self::I8 => 2,
            Self::U32 | Self::I32 => 8,
            other => other.size(),
        }
    }
}

/// How many bytes `count` numbers take in a file; an error if memory has no such addresses.
pub(crate) fn bytes_of(scalar: Scalar, count: usize) -> Result<u64, ReadCause> {
    (count as u64).checked_mul(scalar.size() as u64).ok_or(ReadCause::Allocation { bytes: u64::MAX })
}

/// The product of lengths; an error if it has no place in memory.
pub(crate) fn count_of(shape: &[usize]) -> Result<usize, ReadCause> {
    let count = shape.iter().try_fold(1usize, |product, len| product.checked_mul(*len));
    count.filter(|count| *count <= isize::MAX as usize / 8).ok_or(ReadCause::Allocation { bytes: u64::MAX })
}

/// Reads `count` numbers. Memory is taken as bytes arrive, so that a claim costs nothing until it is true. 8-bit signed become i16,
/// 32- and 64-bit integers f64 (an integer that f64 does not hold is an error).
pub(crate) fn read(
    reader: &mut impl Read,
    scalar: Scalar,
    count: usize,
    big_endian: bool,
    memory: &mut Memory,
) -> Result<AnyData, ReadCause> {
    memory.take((count as u64).saturating_mul(scalar.held() as u64))?;
    let swapped = big_endian == cfg!(target_endian = "little");
    Ok(match scalar {
        Scalar::U8 => same::<u8>(reader, count, swapped)?.into(),
        Scalar::U16 => same::<u16>(reader, count, swapped)?.into(),
        Scalar::I16 => same::<i16>(reader, count, swapped)?.into(),
        Scalar::F16 => same::<f16>(reader, count, swapped)?.into(),
        Scalar::F32 => same::<f32>(reader, count, swapped)?.into(),
        Scalar::F64 => same::<f64>(reader, count, swapped)?.into(),
        Scalar::I8 => widened::<i8, i16>(reader, count, swapped, |v| Some(v.into()))?.into(),
        Scalar::U32 => widened::<u32, f64>(reader, count, swapped, |v| Some(v.into()))?.into(),
        Scalar::I32 => widened::<i32, f64>(reader, count, swapped, |v| Some(v.into()))?.into(),
        Scalar::U64 => widened::<u64, f64>(reader, count, swapped, |v| (v <= EXACT).then_some(v as f64))?.into(),
        Scalar::I64 => widened::<i64, f64>(reader, count, swapped, |v| (v.unsigned_abs() <= EXACT).then_some(v as f64))?.into(),
    })
}

/// Whole numbers up to here are exact in f64.
const EXACT: u64 = 1 << 53;

/// Bytes read at once.
const CHUNK: usize = 1 << 18;

fn same<T: Element>(reader: &mut impl Read, count: usize, swapped: bool) -> Result<Vec<T>, ReadCause> {
    let mut numbers: Vec<T> = Vec::new();
    while numbers.len() < count {
        let start = numbers.len();
        let more = (count - start).min(CHUNK / size_of::<T>());
        grow(&mut numbers, count, more)?;
        numbers.resize(start + more, T::default());
        let bytes = bytemuck::cast_slice_mut(&mut numbers[start..]);
        reader.read_exact(bytes)?;
        if swapped {
            swap_bytes(bytes, size_of::<T>());
        }
    }
    Ok(numbers)
}

fn widened<T: bytemuck::Pod + Default, U>(
    reader: &mut impl Read,
    count: usize,
    swapped: bool,
    widen: impl Fn(T) -> Option<U>,
) -> Result<Vec<U>, ReadCause> {
    let mut numbers: Vec<U> = Vec::new();
    let mut piece = vec![T::default(); count.min(CHUNK / size_of::<T>())];
    while numbers.len() < count {
        let more = (count - numbers.len()).min(piece.len());
        grow(&mut numbers, count, more)?;
        let piece = &mut piece[..more];
        let bytes = bytemuck::cast_slice_mut(piece);
        reader.read_exact(bytes)?;
        if swapped {
            swap_bytes(bytes, size_of::<T>());
        }
        for value in piece {
            numbers.push(widen(*value).ok_or(ReadCause::Integer)?);
        }
    }
    Ok(numbers)
}

/// Room for `more` numbers: twice what there is, never more than `count`.
fn grow<T>(numbers: &mut Vec<T>, count: usize, more: usize) -> Result<(), ReadCause> {
    if numbers.capacity() - numbers.len() >= more {
        return Ok(());
    }
    let room = numbers.len().saturating_mul(2).max(numbers.len() + more).min(count);
    let missing = room - numbers.len();
    memory::reserve(numbers, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_and_order() {
        let mut memory = Memory::new(None);
        let mut get = |bytes: &[u8], scalar, big| {
            let mut reader = bytes;
            read(&mut reader, scalar, 1, big, &mut memory).unwrap()
        };
        assert_eq!(get(&[0xff], Scalar::I8, false), AnyData::I16(vec![-1]));
        assert_eq!(get(&[1, 2], Scalar::U16, true), AnyData::U16(vec![258]));
        assert_eq!(get(&[0xfe, 0xff, 0xff, 0xff], Scalar::I32, false), AnyData::F64(vec![-2.0]));
        assert_eq!(get(&2f32.to_be_bytes(), Scalar::F32, true), AnyData::F32(vec![2.0]));
        assert_eq!(get(&(-3i64).to_be_bytes(), Scalar::I64, true), AnyData::F64(vec![-3.0]));
    }

    #[test]
    fn what_does_not_arrive_takes_no_memory() {
        let mut memory = Memory::new(None);
        assert!(matches!(read(&mut &[0u8; 5][..], Scalar::F32, 2, false, &mut memory), Err(ReadCause::Io(_))));
        let odd = i64::MAX.to_le_bytes();
        assert!(matches!(read(&mut &odd[..], Scalar::I64, 1, false, &mut memory), Err(ReadCause::Integer)));
    }
}
