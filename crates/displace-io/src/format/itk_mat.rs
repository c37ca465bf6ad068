//! An ITK transform as a Matlab 4 file: a matrix named after the type, and one named "fixed".

use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::format::itk_kinds::itk_transform;
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::memory::Memory;
use crate::numbers::{self, Scalar};
use displace::AnyData;

/// Bytes before a matrix's name: type, rows, columns, whether it is complex, the name's length.
const HEADER: usize = 20;

/// Reads what the bytes hold.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let (parameters, rest) = matrix(input.bytes, input.memory)?;
    let (fixed, rest) = matrix(rest, input.memory)?;
    if fixed.name != "fixed" {
        let name = one_line(&fixed.name);
        return Err(wrong(Kind::ItkMat, format!("has the matrix \"{name}\" second: expected \"fixed\"")));
    }
    if !rest.is_empty() {
        return Err(wrong(Kind::ItkMat, format!("goes on for {} bytes after its two matrices", rest.len())));
    }
    if parameters.name.starts_with("CompositeTransform") {
        // ITK writes the name of the whole with the numbers of its last part.
        return Err(wrong(Kind::ItkMat, "is a composite, whose parts .mat files do not hold: write it as .h5 or .tfm"));
    }
    let made = itk_transform(&parameters.name, &fixed.values, &parameters.values);
    made.map(Contents::Transform).map_err(|what| wrong(Kind::ItkMat, what))
}

/// A matrix of one row or column.
struct Matrix {
    name: String,
    values: Vec<f64>,
}

fn matrix<'a>(bytes: &'a [u8], memory: &mut Memory) -> Result<(Matrix, &'a [u8]), ReadCause> {
    let short = |part: &str| wrong(Kind::ItkMat, format!("ends inside the {part} of a matrix"));
    let (header, rest) = bytes.split_first_chunk::<HEADER>().ok_or_else(|| short("header"))?;
    let (big, scalar) = order_and_type(header)?;
    let word = |k: usize| {
        let bytes = [header[4 * k], header[4 * k + 1], header[4 * k + 2], header[4 * k + 3]];
        if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    let (rows, columns, complex, name) = (word(1), word(2), word(3), word(4));
    if complex != 0 || rows.min(columns) > 1 {
        let what = if complex == 0 { "real" } else { "complex" };
        return Err(wrong(Kind::ItkMat, format!("has a {what} matrix of {rows}x{columns}: expected one column of real numbers")));
    }
    let (name, rest) = rest.split_at_checked(name as usize).ok_or_else(|| short("name"))?;
    let name = name.strip_suffix(&[0]).and_then(|name| std::str::from_utf8(name).ok());
    let name = name.ok_or_else(|| wrong(Kind::ItkMat, "has a matrix whose name is no text with a zero after it"))?;
    // One of the two is 1 or 0, so the product needs no check.
    let count = rows as usize * columns as usize;
    let size = numbers::bytes_of(scalar, count)?;
    if size > rest.len() as u64 {
        let (name, found) = (one_line(name), rest.len());
        let said = format!("says that its matrix \"{name}\" has {count} numbers = {size} bytes, but {found} bytes follow");
        return Err(wrong(Kind::ItkMat, said));
    }
    let (data, rest) = rest.split_at(size as usize);
    let values = match numbers::read(&mut &data[..], scalar, count, big, memory)? {
        AnyData::F32(values) => values.into_iter().map(f64::from).collect(),
        AnyData::F64(values) => values,
        _ => Vec::new(),
    };
    Ok((Matrix { name: name.into(), values }, rest))
}

/// Whether the bytes are big-endian, and the type of numbers: the thousands and the tens of the first word.
fn order_and_type(header: &[u8; HEADER]) -> Result<(bool, Scalar), ReadCause> {
    let first = [header[0], header[1], header[2], header[3]];
    let (little, big) = (u32::from_le_bytes(first), u32::from_be_bytes(first));
    let (order, word) = if little < 1000 { (false, little) } else { (true, big.wrapping_sub(1000)) };
    // The hundreds are the order of rows, which a single column does not have.
    match word {
        0 | 100 => Ok((order, Scalar::F64)),
        10 | 110 => Ok((order, Scalar::F32)),
        _ => Err(wrong(
            Kind::ItkMat,
            format!("has a matrix of the Matlab type {little} (or {big}): expected double or float, little- or big-endian"),
        )),
    }
}
