//! What every target asks of a reader: an answer of one line or contents, whatever the bytes, in little memory.

use displace_io::{Kind, ReadOptions, read_bytes_as};

/// The most memory that a reader may take for some KiB of bytes.
const MEMORY: u64 = 1 << 28;

/// Reads bytes as a file of a kind.
pub fn read(kind: Kind, bytes: &[u8]) {
    if let Err(error) = read_bytes_as(kind, bytes, &ReadOptions { memory: Some(MEMORY), ..ReadOptions::default() }) {
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}
