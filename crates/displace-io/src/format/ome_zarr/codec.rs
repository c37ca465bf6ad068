//! Bytes of chunks as they are stored: compressed, with checksums, in blosc's containers.

use crate::memory::{self, Memory};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::io::Read;

/// A way in which bytes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zlib,
    Zstd,
    Blosc,
    Crc32c,
}

/// What went wrong, in words that follow "a chunk that".
pub(super) type Refusal = String;

impl Packing {
    /// By its name in metadata of either version.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gzip" => Self::Gzip,
            "zlib" | "numcodecs.zlib" => Self::Zlib,
            "zstd" => Self::Zstd,
            "blosc" => Self::Blosc,
            "crc32c" => Self::Crc32c,
            _ => return None,
        })
    }

    /// The bytes that were stored, of which there are at most `most`.
    fn unpack(self, stored: &[u8], most: usize, memory: &mut Memory) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Gzip => all(MultiGzDecoder::new(stored), "gzip", most, memory),
            Self::Zlib => all(ZlibDecoder::new(stored), "zlib", most, memory),
            Self::Zstd => zstd(stored, most, memory),
            Self::Blosc => blosc(stored, most, memory),
            Self::Crc32c => checked(stored).map(<[u8]>::to_vec),
        }
    }
}

/// Undoes the packings, the last one first; what comes out has to be `size` bytes.
pub(super) fn unpack(packings: &[Packing], stored: Vec<u8>, size: usize, memory: &mut Memory) -> Result<Vec<u8>, Refusal> {
    // What is packed again may be a little longer than what it stands for.
    let between = size.saturating_add(size / 8).saturating_add(1 << 16);
    let mut bytes = stored;
    for (left, packing) in packings.iter().enumerate().rev() {
        bytes = packing.unpack(&bytes, if left == 0 { size } else { between }, memory)?;
    }
    if bytes.len() != size {
        return Err(format!("holds {} bytes: expected {size}", bytes.len()));
    }
    Ok(bytes)
}

/// All that a decoder gives, which is at most `most` bytes. Memory is taken as they arrive.
fn all(decoder: impl Read, name: &str, most: usize, memory: &mut Memory) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let limit = memory.left().unwrap_or(u64::MAX).min(most as u64);
    decoder.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| format!("is no whole {name} stream: {error}"))?;
    if bytes.len() as u64 > limit {
        return Err(format!("unpacks to more than {limit} bytes"));
    }
    Ok(bytes)
}

fn zstd(stored: &[u8], most: usize, memory: &mut Memory) -> Result<Vec<u8>, Refusal> {
    let mut rest = stored;
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(&mut rest).map_err(|error| format!("is no zstd stream: {error}"))?;
    let bytes = all(&mut decoder, "zstd", most, memory)?;
    let frame = &decoder.decoder;
    if let (Some(said), Some(found)) = (frame.get_checksum_from_data(), frame.get_calculated_checksum())
        && said != found
    {
        return Err(format!("has the zstd checksum {found:08x} instead of {said:08x}"));
    }
    drop(decoder);
    if !rest.is_empty() {
        return Err(format!("goes on for {} bytes after its zstd stream", rest.len()));
    }
    Ok(bytes)
}

/// What stands before its checksum.
pub(super) fn checked(stored: &[u8]) -> Result<&[u8], Refusal> {
    let (bytes, sum) = stored.split_last_chunk::<4>().ok_or("is shorter than its checksum")?;
    let (said, found) = (u32::from_le_bytes(*sum), crc32c(bytes));
    if said == found { Ok(bytes) } else { Err(format!("has the checksum {found:08x} instead of {said:08x}")) }
}

/// The checksum of Castagnoli's polynomial.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0, |sum, byte| sum >> 8 ^ TABLE[usize::from(sum as u8 ^ byte)])
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = (byte as u32, 0);
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0x82f6_3b78 } else { sum >> 1 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

/// A container of blosc 1: a header, where its blocks start, and the blocks.
struct Blosc<'a> {
    stored: &'a [u8],
    flags: u8,
    /// Bytes of one number.
    number: usize,
    /// Bytes of a block but the last.
    block: usize,
}

/// Bytes of blosc's header.
const BLOSC: usize = 16;

fn blosc(stored: &[u8], most: usize, memory: &mut Memory) -> Result<Vec<u8>, Refusal> {
    let header = stored.first_chunk::<BLOSC>().ok_or("ends inside the header of blosc")?;
    let word = |k: usize| u32::from_le_bytes([header[k], header[k + 1], header[k + 2], header[k + 3]]) as usize;
    let (size, block, packed) = (word(4), word(8), word(12));
    if packed != stored.len() {
        return Err(format!("says {packed} bytes of blosc, but has {}", stored.len()));
    }
    if size > most {
        return Err(format!("unpacks to {size} bytes: expected at most {most}"));
    }
    let (flags, number) = (header[2], usize::from(header[3]));
    if flags & 2 != 0 {
        let bytes = &stored[BLOSC..];
        return if bytes.len() == size { Ok(bytes.to_vec()) } else { Err(format!("says {size} bytes, but has {}", bytes.len())) };
    }
    if size == 0 {
        return Ok(Vec::new());
    }
    if block == 0 || block > size || number == 0 {
        return Err(format!("says blocks of {block} bytes of numbers of {number} in {size} bytes of blosc"));
    }
    if flags & 4 != 0 {
        return Err("is shuffled by bits in blosc: those read are shuffled by bytes or not at all".into());
    }
    memory.check(size as u64).map_err(|error| error.to_string())?;
    Blosc { stored, flags, number, block }.blocks(size)
}

impl Blosc<'_> {
    fn blocks(&self, size: usize) -> Result<Vec<u8>, Refusal> {
        let count = size.div_ceil(self.block);
        if count > self.stored.len() / 4 {
            return Err(format!("says {count} blocks in {} bytes of blosc", self.stored.len()));
        }
        let mut out: Vec<u8> = memory::zeros(size).map_err(|error| error.to_string())?;
        let mut buffer: Vec<u8> = memory::zeros(self.block).map_err(|error| error.to_string())?;
        for (index, place) in out.chunks_mut(self.block).enumerate() {
            let start = self.word(BLOSC + 4 * index)?;
            let part = &mut buffer[..place.len()];
            self.block(start, part)?;
            if self.flags & 1 != 0 && self.number > 1 {
                unshuffle(part, place, self.number);
            } else {
                place.copy_from_slice(part);
            }
        }
        Ok(out)
    }

    fn word(&self, at: usize) -> Result<usize, Refusal> {
        let bytes = self.stored.get(at..).and_then(|rest| rest.first_chunk()).ok_or("ends inside the offsets of blosc")?;
        Ok(u32::from_le_bytes(*bytes) as usize)
    }

    /// A block may be packed in as many pieces as its numbers have bytes.
    fn block(&self, start: usize, out: &mut [u8]) -> Result<(), Refusal> {
        const MOST_PIECES: usize = 16;
        const LEAST_BYTES: usize = 128;
        let whole = out.len() == self.block;
        let divided = self.flags & 0x10 == 0 && self.number <= MOST_PIECES && self.block / self.number >= LEAST_BYTES && whole;
        let pieces = if divided { self.number } else { 1 };
        let length = out.len() / pieces;
        if length * pieces != out.len() {
            return Err(format!("has blocks of {} bytes in {pieces} pieces of blosc", out.len()));
        }
        let mut at = start;
        for piece in out.chunks_mut(length) {
            let packed = self.word(at)?;
            let rest = self.stored.get(at..).and_then(|rest| rest.get(4..));
            let bytes = rest.and_then(|rest| rest.get(..packed)).ok_or("ends inside a block of blosc")?;
            at += 4 + packed;
            if packed == piece.len() {
                piece.copy_from_slice(bytes);
            } else {
                self.piece(bytes, piece)?;
            }
        }
        Ok(())
    }

    fn piece(&self, bytes: &[u8], out: &mut [u8]) -> Result<(), Refusal> {
        let written = match self.flags >> 5 {
            1 => lz4_flex::block::decompress_into(bytes, out).map_err(|error| format!("has a bad lz4 block: {error}"))?,
            3 => filled(ZlibDecoder::new(bytes), out)?,
            4 => {
                let decoder =
                    ruzstd::decoding::StreamingDecoder::new(bytes).map_err(|error| format!("is no zstd stream: {error}"))?;
                filled(decoder, out)?
            }
            other => {
                let name = ["blosclz", "lz4", "snappy"].get(usize::from(other)).unwrap_or(&"an unknown way");
                return Err(format!("is packed by {name} in blosc: those read are lz4, zlib and zstd"));
            }
        };
        if written == out.len() { Ok(()) } else { Err(format!("has a block of {written} bytes: expected {}", out.len())) }
    }
}

fn filled(mut decoder: impl Read, out: &mut [u8]) -> Result<usize, Refusal> {
    decoder.read_exact(out).map_err(|error| format!("has a bad block: {error}"))?;
    Ok(out.len())
}

/// All first bytes of numbers, then all second ones, .. as numbers. What is no whole number at the end stays where it is.
fn unshuffle(shuffled: &[u8], out: &mut [u8], number: usize) {
    let count = shuffled.len() / number;
    for (index, place) in out.chunks_exact_mut(number).enumerate() {
        for (byte, place) in place.iter_mut().enumerate() {
            *place = shuffled[byte * count + index];
        }
    }
    let rest = count * number;
    out[rest..].copy_from_slice(&shuffled[rest..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_its_definition() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(checked(&[&b"123456789"[..], &0xe306_9283u32.to_le_bytes()].concat()), Ok(&b"123456789"[..]));
        assert_eq!(checked(b"12345"), Err(format!("has the checksum {:08x} instead of 35343332", crc32c(b"1"))));
    }

    #[test]
    fn shuffled_bytes_come_back() {
        let mut out = [0; 7];
        unshuffle(&[1, 4, 2, 5, 3, 6, 9], &mut out, 3);
        assert_eq!(out, [1, 2, 3, 4, 5, 6, 9]);
    }
}
