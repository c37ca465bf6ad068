//! Spring's flows: `.flo5`, one dataset `flow`, `(H, W, 2)`, f32, deflated; NaN where nothing is known.

use crate::contents::Contents;
use crate::error::read::ReadCause;
use crate::error::write::WriteError;
use crate::format::hdf5::store::Store;
use crate::format::hdf5::{refused, write as write_file};
use crate::format::tensor::double;
use crate::format::wrong;
use crate::kind::Kind;
use crate::save::own;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Convention, Layout, with_data};
use hdf5_pure::FileBuilder;
use std::path::Path;

/// The ground truth of Spring: its images are half as high and wide, and its vectors are in their pixels.
const GROUND_TRUTH: [usize; 2] = [2160, 3840];

/// Numbers of a chunk, about.
const CHUNK: usize = 1 << 17;

fn flow() -> Convention {
    "flow".parse().expect("a convention's name")
}

/// Reads the one dataset of a file, which is called "flow".
pub(super) fn read(store: &mut Store<'_>, path: &str) -> Result<Contents, ReadCause> {
    let array = store.array(path)?;
    let (shape, mut data) = array.into_parts();
    let [height, width, 2] = *shape.as_slice() else {
        return Err(wrong(Kind::Hdf5, format!("has a dataset \"flow\" of shape {shape:?}: expected (height, width, 2)")));
    };
    let valid = match &mut data {
        AnyData::F32(numbers) => known(numbers, f32::NAN, f32::is_nan),
        AnyData::F64(numbers) => known(numbers, f64::NAN, f64::is_nan),
        other => return Err(wrong(Kind::Hdf5, format!("has a dataset \"flow\" of {}: expected f32", other.dtype()))),
    };
    let remarks = if [height, width] == GROUND_TRUTH {
        vec!["2160x3840 vectors, as Spring's ground truth: 2x2 for each pixel of its 1080x1920 images, and in their pixels".into()]
    } else {
        Vec::new()
    };
    let array = AnyArray::new(shape, data).map_err(|error| wrong(Kind::Hdf5, error))?;
    Ok(Contents::Field(StoredField { array, readings: vec![flow()], valid, placement: None, remarks }))
}

/// Which pixels are known, if not all; both components of the others become NaN.
fn known<T: Copy>(numbers: &mut [T], nan: T, is_nan: impl Fn(T) -> bool) -> Option<Vec<bool>> {
    let pixels = numbers.as_chunks_mut::<2>().0;
    let known: Vec<bool> = pixels.iter().map(|pair| !pair.iter().any(|number| is_nan(*number))).collect();
    pixels.iter_mut().zip(&known).filter(|(_, known)| !**known).for_each(|(pair, _)| *pair = [nan; 2]);
    known.contains(&false).then_some(known)
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    if axes != 2 {
        return Err(format!(".flo5 files hold flows of 2 axes, not {axes}"));
    }
    let asked = asked.map(|asked| Convention { layout: Layout::Interleaved, ..*asked });
    own(".flo5 files", "flow", asked.as_ref())
}

/// Writes a field, all or nothing.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    const FORMAT: &str = ".flo5";
    let shape = field.array.shape();
    let [height, width, 2] = *shape else {
        return Err(refused(path, FORMAT, &format!("shape {shape:?}: it holds (height, width, 2)")));
    };
    if height == 0 || width == 0 {
        return Err(refused(path, FORMAT, &format!("shape {shape:?}: it holds at least one pixel")));
    }
    let mut numbers: Vec<f32> = with_data!(field.array.data(), numbers => numbers.iter().map(|v| double(v) as f32).collect());
    for (pair, known) in numbers.as_chunks_mut::<2>().0.iter_mut().zip(field.valid.iter().flatten()) {
        if !known {
            *pair = [f32::NAN; 2];
        }
    }
    let rows = (CHUNK / (2 * width)).clamp(1, height);
    let mut file = FileBuilder::new();
    file.create_dataset("flow")
        .with_f32_data(&numbers)
        .with_shape(&[height as u64, width as u64, 2])
        .with_chunks(&[rows as u64, width as u64, 2])
        .with_deflate(5);
    write_file(path, FORMAT, file)
}
