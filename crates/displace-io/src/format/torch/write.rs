//! Writing what `torch.load(weights_only=True)` reads: one tensor.

use crate::atomic;
use crate::error::read::one_line;
use crate::error::write::{WriteCause, WriteError};
use crate::format::tensor;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, with_data};
use std::io::Write;
use std::path::Path;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Writes a field, all or nothing, as a plain tensor.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let pickle = pickled(&field.array).map_err(|what| atomic::at(path)(WriteCause::Field { format: "a torch tensor", what }))?;
    let len = with_data!(field.array.data(), numbers => size_of_val(numbers.as_slice())) as u64;
    atomic::replace(path, |file| {
        let mut zip = ZipWriter::new(file);
        let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (name, bytes) in [("data.pkl", pickle.as_slice()), ("byteorder", b"little")] {
            zip.start_file(format!("archive/{name}"), plain).map_err(refused)?;
            zip.write_all(bytes)?;
        }
        zip.start_file("archive/data/0", plain.large_file(len >= u64::from(u32::MAX))).map_err(refused)?;
        tensor::write(&mut zip, field.array.data())?;
        zip.start_file("archive/version", plain).map_err(refused)?;
        zip.write_all(b"3\n")?;
        zip.finish().map(drop).map_err(refused)
    })
}

fn refused(error: ZipError) -> WriteCause {
    match error {
        ZipError::Io(error) => WriteCause::Io(error),
        other => WriteCause::Archive { cause: one_line(&other.to_string()) },
    }
}

/// The pickle of one tensor whose storage is member 0.
fn pickled(array: &AnyArray) -> Result<Vec<u8>, String> {
    let storage = match array.data() {
        AnyData::U8(_) => "ByteStorage",
        AnyData::I16(_) => "ShortStorage",
        AnyData::F16(_) => "HalfStorage",
        AnyData::BF16(_) => "BFloat16Storage",
        AnyData::F32(_) => "FloatStorage",
        AnyData::F64(_) => "DoubleStorage",
        AnyData::U16(_) => return Err("its u16 numbers have no storage type there: convert to a float".into()),
    };
    let mut strides = vec![1usize; array.shape().len()];
    for axis in (1..strides.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(array.shape()[axis].max(1));
    }
    let mut out = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((".to_vec();
    text(&mut out, "storage");
    out.extend(format!("ctorch\n{storage}\n").bytes());
    text(&mut out, "0");
    text(&mut out, "cpu");
    number(&mut out, array.data().len());
    out.extend(b"tQ");
    number(&mut out, 0);
    for lengths in [array.shape(), &strides] {
        out.push(b'(');
        lengths.iter().for_each(|length| number(&mut out, *length));
        out.push(b't');
    }
    // No gradient, no hooks.
    out.extend(b"\x89ccollections\nOrderedDict\n)RtR.");
    Ok(out)
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.bytes());
}

fn number(out: &mut Vec<u8>, number: usize) {
    match i32::try_from(number) {
        Ok(number) => {
            out.push(b'J');
            out.extend(number.to_le_bytes());
        }
        Err(_) => {
            out.extend([0x8a, 8]);
            out.extend((number as i64).to_le_bytes());
        }
    }
}
