//! Tensors as safetensors: what they mean may stand beside them.

use crate::atomic;
use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::{WriteCause, WriteError};
use crate::format::tensor::{self, Element};
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::numbers::Scalar;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Convention, Layout, Placement, bf16, f16, with_data};
use safetensors::tensor::{Dtype, TensorInfo};
use safetensors::{SafeTensorError, SafeTensors};
use serde_json::json;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// The tensor that holds a field's numbers.
const FIELD: &str = "field";
/// The tensor that says which of them mean anything: 1 or 0 for each pixel.
const VALID: &str = "valid";
/// The entry of the metadata that says what the numbers mean.
const CONVENTION: &str = "convention";
/// The entries that place its pixels, x first, LPS.
const PLACEMENT: [&str; 3] = ["spacing", "origin", "direction"];

/// Reads what the bytes hold.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let (header, metadata) = SafeTensors::read_metadata(input.bytes).map_err(|error| refused(&error, input.bytes))?;
    let data = input.bytes.get(8usize.saturating_add(header)..).unwrap_or_default();
    let mut tensors = Vec::new();
    for name in metadata.offset_keys() {
        if let Some(info) = metadata.info(&name) {
            let array =
                array(info, data, input).map_err(|cause| ReadCause::Member { name: one_line(&name), cause: Box::new(cause) })?;
            tensors.push((name, array));
        }
    }
    let notes = metadata.metadata().as_ref();
    if let Some(convention) = notes.and_then(|notes| notes.get(CONVENTION)?.parse::<Convention>().ok())
        && let Some(field) = tensors.iter().position(|(name, _)| name == FIELD)
        && tensors.iter().all(|(name, _)| matches!(name.as_str(), FIELD | VALID))
    {
        let field = tensors.swap_remove(field).1;
        return Ok(Contents::Field(stored(field, tensors.pop().map(|(_, valid)| valid), convention, notes)?));
    }
    Ok(match tensors.len() {
        0 => return Err(wrong(Kind::Safetensors, "holds no tensors")),
        1 => Contents::Array(tensors.swap_remove(0).1),
        _ => Contents::Archive(tensors),
    })
}

/// One tensor's numbers.
fn array(info: &TensorInfo, data: &[u8], input: &mut Input<'_>) -> Result<AnyArray, ReadCause> {
    let element = element(info.dtype)?;
    let (start, end) = info.data_offsets;
    let bytes = data.get(start..end).ok_or_else(|| wrong(Kind::Safetensors, "has a tensor outside its bytes"))?;
    let data = tensor::read(bytes, element, false, input.memory)?;
    AnyArray::new(info.shape.clone(), data).map_err(|error| wrong(Kind::Safetensors, format!("has a bad tensor: {error}")))
}

fn element(dtype: Dtype) -> Result<Element, ReadCause> {
    Ok(Element::Number(match dtype {
        Dtype::BOOL | Dtype::U8 => Scalar::U8,
        Dtype::I8 => Scalar::I8,
        Dtype::I16 => Scalar::I16,
        Dtype::U16 => Scalar::U16,
        Dtype::I32 => Scalar::I32,
        Dtype::U32 => Scalar::U32,
        Dtype::I64 => Scalar::I64,
        Dtype::U64 => Scalar::U64,
        Dtype::F16 => Scalar::F16,
        Dtype::F32 => Scalar::F32,
        Dtype::F64 => Scalar::F64,
        Dtype::BF16 => return Ok(Element::Bf16),
        other => {
            let what = format!(
                "holds {other:?} numbers: supported are BOOL, U8, I8, U16, I16, U32, I32, U64, I64, F16, BF16, F32 and F64"
            );
            return Err(wrong(Kind::Safetensors, what));
        }
    }))
}

/// A field from its tensor and what stands beside it.
fn stored(
    array: AnyArray,
    valid: Option<AnyArray>,
    convention: Convention,
    notes: Option<&HashMap<String, String>>,
) -> Result<StoredField, ReadCause> {
    let shape = array.shape().to_vec();
    let Some(axis) = component_axis(&shape, convention.layout) else {
        let what = format!("says its field of shape {shape:?} is \"{convention}\": expected 2 or 3 components and as many axes");
        return Err(wrong(Kind::Safetensors, what));
    };
    let valid = valid.map(|valid| mask(&shape, axis, &valid)).transpose()?;
    let array = match &valid {
        Some(valid) => blanked(array, axis, valid)?,
        None => array,
    };
    let placement = notes.map(placement).transpose()?.flatten();
    Ok(StoredField { array, readings: vec![convention], valid, placement, remarks: Vec::new() })
}

/// Which axis the components are on, if there are as many as other axes, with or without one for samples.
fn component_axis(shape: &[usize], layout: Layout) -> Option<usize> {
    [0, 1].into_iter().find_map(|samples| {
        let axes = shape.len().checked_sub(1 + samples)?;
        let axis = match layout {
            Layout::Interleaved => shape.len() - 1,
            Layout::Planar => samples,
        };
        (matches!(axes, 2 | 3) && shape.get(axis) == Some(&axes)).then_some(axis)
    })
}

/// Which pixels mean anything.
fn mask(field: &[usize], axis: usize, valid: &AnyArray) -> Result<Vec<bool>, ReadCause> {
    let expected: Vec<usize> = field.iter().enumerate().filter(|(k, _)| *k != axis).map(|(_, len)| *len).collect();
    if valid.shape() != expected {
        let found = valid.shape();
        return Err(wrong(
            Kind::Safetensors,
            format!("has a mask of shape {found:?} for a field of {field:?}: expected {expected:?}"),
        ));
    }
    Ok(with_data!(valid.data(), numbers => numbers.iter().map(|v| tensor::double(v) != 0.0).collect()))
}

/// The field with NaN where it means nothing.
fn blanked(array: AnyArray, axis: usize, valid: &[bool]) -> Result<AnyArray, ReadCause> {
    if array.data().is_empty() {
        return Ok(array);
    }
    let (shape, mut data) = array.into_parts();
    let components = shape.get(axis).copied().unwrap_or(1);
    let inner: usize = shape.iter().skip(axis + 1).product();
    let known = |at: usize| valid.get(at / (components * inner) * inner + at % inner).copied().unwrap_or(true);
    match &mut data {
        AnyData::F16(numbers) => blank(numbers, f16::NAN, known),
        AnyData::BF16(numbers) => blank(numbers, bf16::NAN, known),
        AnyData::F32(numbers) => blank(numbers, f32::NAN, known),
        AnyData::F64(numbers) => blank(numbers, f64::NAN, known),
        AnyData::U8(_) | AnyData::U16(_) | AnyData::I16(_) => {}
    }
    AnyArray::new(shape, data).map_err(|error| wrong(Kind::Safetensors, error))
}

fn blank<T>(numbers: &mut [T], nan: T, known: impl Fn(usize) -> bool)
where
    T: Copy,
{
    numbers.iter_mut().enumerate().filter(|(at, _)| !known(*at)).for_each(|(_, number)| *number = nan);
}

/// Where the pixels lie, if all three entries are there.
fn placement(notes: &HashMap<String, String>) -> Result<Option<Placement>, ReadCause> {
    let [Some(spacing), Some(origin), Some(direction)] = PLACEMENT.map(|name| notes.get(name)) else {
        return Ok(None);
    };
    let numbers = |text: &str| text.split_whitespace().map(|word| word.parse().unwrap_or(f64::NAN)).collect::<Vec<f64>>();
    Placement::new(&numbers(spacing), &numbers(origin), &numbers(direction))
        .map(Some)
        .map_err(|error| wrong(Kind::Safetensors, format!("places its field by {error}")))
}

fn refused(error: &SafeTensorError, bytes: &[u8]) -> ReadCause {
    let len = bytes.len();
    let said = bytes.first_chunk::<8>().map_or(0, |len| u64::from_le_bytes(*len));
    wrong(
        Kind::Safetensors,
        match error {
            SafeTensorError::HeaderTooSmall => format!("ends inside the length of its header, after {len} bytes"),
            SafeTensorError::HeaderTooLarge => format!("says a header of {said} bytes: expected at most 100000000"),
            SafeTensorError::InvalidHeaderLength => format!("says a header of {said} bytes, but has {len} bytes in all"),
            SafeTensorError::MetadataIncompleteBuffer => {
                format!("has another length than its header says: {len} bytes in all, {said} of them the header")
            }
            SafeTensorError::InvalidOffset(name) => format!("gives tensor \"{name}\" bytes that are not next to another's"),
            other => format!("has a bad header: {other}"),
        },
    )
}

/// Writes a field, all or nothing: the tensor "field", and beside it what its numbers mean, where its pixels lie and which of
/// them mean anything.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let refuse = |what: String| atomic::at(path)(WriteCause::Field { format: "safetensors", what });
    let [convention] = field.readings.as_slice() else {
        return Err(refuse(format!("it has {} readings: one is written with it", field.readings.len())));
    };
    let shape = field.array.shape();
    let axis = component_axis(shape, convention.layout)
        .ok_or_else(|| refuse(format!("shape {shape:?} is not that of a field in the convention \"{convention}\"")))?;
    let mut notes = serde_json::Map::from_iter([(CONVENTION.to_string(), json!(convention.to_string()))]);
    if let Some(placement) = &field.placement {
        for (name, numbers) in PLACEMENT.iter().zip([placement.spacing(), placement.origin(), placement.direction()]) {
            notes.insert((*name).into(), json!(numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")));
        }
    }
    let valid: Option<Vec<u8>> = field.valid.as_ref().map(|valid| valid.iter().map(|known| u8::from(*known)).collect());
    let end = with_data!(field.array.data(), numbers => size_of_val(numbers.as_slice()));
    let mut header = serde_json::Map::from_iter([
        ("__metadata__".to_string(), serde_json::Value::Object(notes)),
        (FIELD.to_string(), json!({"dtype": name(field.array.data()), "shape": shape, "data_offsets": [0, end]})),
    ]);
    if let Some(valid) = &valid {
        let pixels: Vec<usize> = shape.iter().enumerate().filter(|(k, _)| *k != axis).map(|(_, len)| *len).collect();
        if pixels.iter().product::<usize>() != valid.len() {
            return Err(refuse(format!("its mask of {} pixels does not fit shape {shape:?}", valid.len())));
        }
        header.insert(VALID.into(), json!({"dtype": "U8", "shape": pixels, "data_offsets": [end, end + valid.len()]}));
    }
    let mut text = serde_json::Value::Object(header).to_string();
    // The numbers start at a multiple of 8, as the format asks.
    text += &" ".repeat(text.len().next_multiple_of(8) - text.len());
    atomic::replace(path, |file| {
        file.write_all(&(text.len() as u64).to_le_bytes())?;
        file.write_all(text.as_bytes())?;
        tensor::write(file, field.array.data())?;
        Ok(file.write_all(valid.as_deref().unwrap_or_default())?)
    })
}

/// The format's name of a dtype.
const fn name(data: &AnyData) -> &'static str {
    match data {
        AnyData::U8(_) => "U8",
        AnyData::U16(_) => "U16",
        AnyData::I16(_) => "I16",
        AnyData::F16(_) => "F16",
        AnyData::BF16(_) => "BF16",
        AnyData::F32(_) => "F32",
        AnyData::F64(_) => "F64",
    }
}
