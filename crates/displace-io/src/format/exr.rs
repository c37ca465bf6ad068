//! OpenEXR images, decoded and encoded by the `exr` crate, and ST maps: two channels that say where pixels are read.

use crate::atomic::{at, replace};
use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::{WriteCause, WriteError};
use crate::format::{Input, wrong};
use crate::image::write::write_image;
use crate::kind::Kind;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Axis, Convention, DType, Layout};
use exr::image::{AnyChannels, FlatSamples, Image, Layer, read::read as exr_read};
use exr::meta::MetaData;
use exr::prelude::{ReadChannels, ReadLayers, SpecificChannels, WritableImage};
use std::io::{BufReader, Cursor};
use std::path::Path;

/// Channels in the order in which they become the last axis.
const ORDERS: [&[&str]; 3] = [&["R", "G", "B", "A"], &["X", "Y", "Z", "A"], &["U", "V", "W", "A"]];

/// Reads the first layer's colours as f32, `(H, W)` or `(H, W, C)`.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let failed = |e: exr::error::Error| wrong(Kind::Exr, format!("cannot be decoded: {}", one_line(&e.to_string())));
    let meta = MetaData::read_from_buffered(BufReader::new(Cursor::new(input.bytes)), true).map_err(failed)?;
    let header = meta.headers.first().ok_or_else(|| wrong(Kind::Exr, "holds no layer"))?;
    let (width, height) = (header.layer_size.width(), header.layer_size.height());
    let channels = header.channels.list.len();
    if !(1..=Axis::MAX_LEN).contains(&width) || !(1..=Axis::MAX_LEN).contains(&height) || channels > 64 {
        return Err(wrong(
            Kind::Exr,
            format!("says {height}x{width} pixels of {channels} channels: expected axes of 1 to {}", Axis::MAX_LEN),
        ));
    }
    let shown = header.shared_attributes.display_window;
    let place = header.own_attributes.layer_position;
    if shown.size != header.layer_size || shown.position != place {
        return Err(wrong(
            Kind::Exr,
            format!(
                "keeps {height}x{width} pixels at {:?} of a frame of {}x{} at {:?}: expected the whole frame",
                (place.x(), place.y()),
                shown.size.height(),
                shown.size.width(),
                (shown.position.x(), shown.position.y())
            ),
        ));
    }
    // Run lengths and deflate make at most some thousand bytes of one.
    let bytes = (width as u64 * height as u64).saturating_mul(channels as u64 * 4);
    if bytes > (input.bytes.len() as u64).saturating_mul(2048) {
        return Err(wrong(Kind::Exr, format!("says {height}x{width} pixels, more than its {} bytes can hold", input.bytes.len())));
    }
    // As they are decoded, and as they are given.
    input.memory.take(bytes.saturating_mul(2))?;
    let image = exr_read()
        .no_deep_data()
        .largest_resolution_level()
        .all_channels()
        .first_valid_layer()
        .all_attributes()
        .pedantic()
        .non_parallel()
        .from_buffered(Cursor::new(input.bytes))
        .map_err(failed)?;
    Ok(Contents::Image(colours(&image.layer_data, [height, width])?))
}

/// The channels side by side.
fn colours(layer: &Layer<AnyChannels<FlatSamples>>, [height, width]: [usize; 2]) -> Result<AnyArray, ReadCause> {
    let list = &layer.channel_data.list;
    let named = |name: &str| {
        list.iter().find(|channel| {
            let own = channel.name.to_string();
            own.rsplit('.').next().unwrap_or_default().eq_ignore_ascii_case(name)
        })
    };
    let mut chosen: Vec<_> = ORDERS
        .iter()
        .find(|order| order[..2].iter().all(|name| named(name).is_some()))
        .map(|order| order.iter().filter_map(|name| named(name)).collect())
        .unwrap_or_default();
    if chosen.is_empty() {
        chosen = named("Y").into_iter().chain(named("A")).collect();
    }
    if chosen.is_empty() {
        let names = list.iter().map(|channel| channel.name.to_string()).collect::<Vec<_>>().join(", ");
        return Err(wrong(Kind::Exr, format!("has the channels {names}: expected R and G, X and Y, U and V, or Y")));
    }
    let count = chosen.len();
    let mut numbers = vec![0f32; height * width * count];
    for (c, channel) in chosen.iter().enumerate() {
        if channel.sampling.width() != 1 || channel.sampling.height() != 1 || channel.sample_data.len() != height * width {
            return Err(wrong(Kind::Exr, "has channels of fewer pixels than the image"));
        }
        for (to, value) in numbers.iter_mut().skip(c).step_by(count).zip(channel.sample_data.values_as_f32()) {
            *to = value;
        }
    }
    let shape = if count == 1 { vec![height, width] } else { vec![height, width, count] };
    AnyArray::new(shape, numbers).map_err(|e| wrong(Kind::Exr, e))
}

/// The first two channels of an image as numbers of a convention; a fourth, alpha, of 0 says that they mean nothing.
///
/// # Errors
/// If it is no image of floats with 2 to 4 channels.
pub fn st_map(image: &AnyArray, convention: &Convention) -> Result<StoredField, String> {
    let [height, width, channels @ 2..=4] = *image.shape() else {
        return Err(format!("an image of shape {:?}: two channels are needed, (H, W, 2), (H, W, 3) or (H, W, 4)", image.shape()));
    };
    let numbers: AnyData = match image.data() {
        AnyData::F32(v) => masked(v, channels, f32::NAN, |alpha| alpha == 0.0).into(),
        AnyData::F64(v) => masked(v, channels, f64::NAN, |alpha| alpha == 0.0).into(),
        AnyData::F16(v) => {
            let wide: Vec<f32> = v.iter().map(|v| v.to_f32()).collect();
            masked(&wide, channels, f32::NAN, |alpha| alpha == 0.0).into()
        }
        other => {
            return Err(format!("an image of {}: ST maps are floats (8 and 16 bits hold no places between pixels)", other.dtype()));
        }
    };
    let valid: Option<Vec<bool>> = match (channels, image.data()) {
        (4, AnyData::F32(v)) => Some(v.chunks_exact(4).map(|p| p[3] != 0.0).collect()),
        (4, AnyData::F64(v)) => Some(v.chunks_exact(4).map(|p| p[3] != 0.0).collect()),
        (4, AnyData::F16(v)) => Some(v.chunks_exact(4).map(|p| p[3].to_f32() != 0.0).collect()),
        _ => None,
    };
    let remarks = match channels {
        2 => Vec::new(),
        3 => vec!["the third channel is left out".into()],
        _ => vec!["the third channel is left out; where the fourth, alpha, is 0 the numbers mean nothing".into()],
    };
    let array = AnyArray::new(vec![height, width, 2], numbers).map_err(|e| e.to_string())?;
    let convention = Convention { layout: Layout::Interleaved, ..*convention };
    let valid = valid.filter(|valid| valid.contains(&false));
    Ok(StoredField { array, readings: vec![convention], valid, placement: None, remarks })
}

/// The first two of `channels` numbers of each pixel, `nothing` where the fourth is empty.
fn masked<T: Copy>(numbers: &[T], channels: usize, nothing: T, empty: impl Fn(T) -> bool) -> Vec<T> {
    let pixels = numbers.chunks_exact(channels);
    pixels.flat_map(|p| if channels == 4 && empty(p[3]) { [nothing; 2] } else { [p[0], p[1]] }).collect()
}

/// Any convention of two components, which has to be named.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    if axes != 2 {
        return Err("is an image, which holds fields of two axes".into());
    }
    let asked = asked.ok_or(
        "does not record what its numbers mean: name stmap_edges, (x+1/2)/W, stmap_centers, x/(W-1), or any other convention",
    )?;
    Ok(Convention { layout: Layout::Interleaved, x_first: false, ..*asked })
}

/// Height, width, and pixels of red, green, blue and alpha.
fn pixels(field: &StoredField, format: &'static str) -> Result<([usize; 2], Vec<[f32; 4]>), WriteCause> {
    let refused = |what: String| WriteCause::Field { format, what };
    let [height, width, 2] = *field.array.shape() else {
        return Err(refused(format!("shape {:?}: expected (H, W, 2), one sample", field.array.shape())));
    };
    let numbers: Vec<f32> = match field.array.data() {
        AnyData::F32(v) => v.clone(),
        AnyData::F64(v) => v.iter().map(|v| *v as f32).collect(),
        other => return Err(refused(format!("{} numbers: expected {} or {}", other.dtype(), DType::F32, DType::F64))),
    };
    let known = |i: usize| field.valid.as_ref().is_none_or(|valid| valid.get(i).copied().unwrap_or(false));
    let pixel = |(i, p): (usize, &[f32])| if known(i) { [p[0], p[1], 0.0, 1.0] } else { [f32::NAN, f32::NAN, 0.0, 0.0] };
    Ok(([height, width], numbers.chunks_exact(2).enumerate().map(pixel).collect()))
}

/// Writes the numbers as red and green of f32, all or nothing; with an alpha channel if not all are valid.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let ([height, width], pixels) = pixels(field, "EXR").map_err(at(path))?;
    let failed = |e: exr::error::Error| WriteCause::Encode { cause: one_line(&e.to_string()) };
    let size = (width, height);
    replace(path, |to| {
        let pixel = |at: exr::math::Vec2<usize>| pixels[at.y() * width + at.x()];
        if field.valid.is_some() {
            let channels = SpecificChannels::rgba(|at| {
                let [r, g, b, a] = pixel(at);
                (r, g, b, a)
            });
            Image::from_channels(size, channels).write().non_parallel().to_buffered(to).map_err(failed)
        } else {
            let channels = SpecificChannels::rgb(|at| {
                let [r, g, b, _] = pixel(at);
                (r, g, b)
            });
            Image::from_channels(size, channels).write().non_parallel().to_buffered(to).map_err(failed)
        }
    })
}

/// Writes the same as a TIFF image of f32, all or nothing.
pub(crate) fn write_tiff(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let ([height, width], pixels) = pixels(field, "TIFF").map_err(at(path))?;
    let channels = if field.valid.is_some() { 4 } else { 3 };
    let numbers: Vec<f32> = pixels.iter().flat_map(|p| p[..channels].to_vec()).collect();
    let image = AnyArray::new(vec![height, width, channels], numbers)
        .map_err(|e| at(path)(WriteCause::Field { format: "TIFF", what: e.to_string() }))?;
    write_image(path, &image)
}
