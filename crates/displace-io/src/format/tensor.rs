//! Numbers of tensors: those of every file here and bf16, from bytes and as bytes.

use crate::error::read::ReadCause;
use crate::memory::Memory;
use crate::numbers::{self, Scalar};
use displace::{AnyData, bf16, with_data};
use std::io::{self, Write};

/// A type of numbers in tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// As in any file.
    Number(Scalar),
    /// The upper half of an f32.
    Bf16,
}

impl Element {
    /// Bytes of one.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::Number(scalar) => scalar.size(),
            Self::Bf16 => 2,
        }
    }
}

/// As many numbers as the bytes hold.
pub(crate) fn read(bytes: &[u8], element: Element, big_endian: bool, memory: &mut Memory) -> Result<AnyData, ReadCause> {
    let count = bytes.len() / element.size();
    let reader = &mut &bytes[..];
    let scalar = match element {
        Element::Number(scalar) => scalar,
        Element::Bf16 => Scalar::U16,
    };
    Ok(match (element, numbers::read(reader, scalar, count, big_endian, memory)?) {
        (Element::Bf16, AnyData::U16(bits)) => bits.into_iter().map(bf16::from_bits).collect::<Vec<_>>().into(),
        (_, data) => data,
    })
}

/// A number of any type as f64.
pub(crate) fn double<T: Copy + Into<f64>>(number: &T) -> f64 {
    (*number).into()
}

/// Writes numbers, little-endian.
pub(crate) fn write(to: &mut impl Write, data: &AnyData) -> io::Result<()> {
    const CHUNK: usize = 1 << 16;
    with_data!(data, numbers => {
        let size = numbers.first().map_or(1, size_of_val);
        for chunk in bytemuck::cast_slice::<_, u8>(numbers).chunks(CHUNK) {
            if cfg!(target_endian = "little") {
                to.write_all(chunk)?;
            } else {
                let mut swapped = chunk.to_vec();
                crate::element::swap_bytes(&mut swapped, size);
                to.write_all(&swapped)?;
            }
        }
        Ok(())
    })
}
