//! OpenEXR, decoded and encoded by the `exr` crate, and the ST maps that come in it and in other images of floats.

use crate::atomic::{self, at};
use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::{WriteCause, WriteError};
use crate::format::pairs::{self, Float, Pairs};
use crate::format::{Input, wrong};
use crate::image::write::write_image;
use crate::kind::Kind;
use crate::memory;
use crate::numbers;
use crate::stored::StoredField;
use displace::{AnyArray, AnyData, Convention, f16, with_floats};
use exr::block::BlockIndex;
use exr::block::lines::LineRef;
use exr::block::reader::ChunksReader;
use exr::compression::Compression;
use exr::error::{Error, UnitResult};
use exr::image::{AnyChannel, AnyChannels, Blocks, Encoding, FlatSamples, Image, Layer};
use exr::math::Vec2;
use exr::meta::attribute::{ChannelDescription, LineOrder, SampleType};
use exr::meta::header::{Header, LayerAttributes};
use exr::prelude::{SmallVec, WritableImage};
use std::collections::{BTreeSet, HashSet};
use std::io::{Cursor, ErrorKind};
use std::path::Path;

/// The most bytes of pixels that a stored byte makes: deflate makes 1032 (of f32 in 24 bits, 4 of 3), the other methods less.
const EXPANSION: u64 = 2 * 1032;

/// Reads what the bytes hold: `(H, W)` of a Y channel or the only one there is, `(H, W, 2)` of R and G, `(H, W, 3)` with B, and
/// `(H, W, 4)` with A (B is 0 where there is none), f32, rows from the top. Of several layers, the one without a name.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let reader = exr::block::read(Cursor::new(input.bytes), false).map_err(refused)?;
    let (layer, picked) = pick(reader.headers()).map_err(|what| wrong(Kind::Exr, what))?;
    let header = reader.headers().get(layer).ok_or_else(|| wrong(Kind::Exr, "has no layers"))?;
    whole_window(header).map_err(|what| wrong(Kind::Exr, what))?;
    let Vec2(width, height) = header.layer_size;
    for header in reader.headers() {
        claim(header, input.bytes.len() as u64)?;
    }
    let channels = picked.iter().map(|picked| picked.place + 1).max().unwrap_or(1);
    let count = numbers::count_of(&[height, width, channels])?;
    input.memory.take((count as u64).saturating_mul(size_of::<f32>() as u64))?;
    let mut pixels = Pixels { picked, width, channels, numbers: memory::zeros(count)?, blocks: HashSet::new(), filled: 0 };
    let level = Vec2(0, 0);
    let chunks = reader.filter_chunks(false, |_, _, block| block.layer == layer && block.level == level).map_err(refused)?;
    let decoded = chunks.decompress_sequential(false, |meta, block| {
        let channels = &meta.headers.get(layer).ok_or_else(|| Error::Invalid("layer".into()))?.channels;
        if block.index.layer != layer || block.index.level != level || !pixels.blocks.insert(block.index) {
            return Err(Error::Invalid("rows that are there twice".into()));
        }
        pixels.filled += block.index.pixel_size.area();
        block.lines(channels).try_for_each(|line| pixels.put(&line))
    });
    decoded.map_err(refused)?;
    if pixels.filled != height * width {
        return Err(wrong(Kind::Exr, format!("has {} of its {height}x{width} pixels", pixels.filled)));
    }
    let shape = if channels == 1 { vec![height, width] } else { vec![height, width, channels] };
    AnyArray::new(shape, pixels.numbers).map(Contents::Image).map_err(|e| wrong(Kind::Exr, e))
}

/// That a layer's pixels are flat, have places in memory and can come from so many bytes.
fn claim(header: &Header, bytes: u64) -> Result<(), ReadCause> {
    if header.deep {
        return Err(wrong(Kind::Exr, "has deep pixels: expected flat ones"));
    }
    let Vec2(width, height) = header.layer_size;
    let count = numbers::count_of(&[height, width, header.channels.bytes_per_pixel])?;
    if count as u64 > bytes.saturating_mul(EXPANSION) {
        let said = format!("says {height}x{width} pixels (rows x columns) = {count} bytes, more than its {bytes} bytes can hold");
        return Err(wrong(Kind::Exr, said));
    }
    Ok(())
}

/// That the pixels there are fill the picture: what lies around them would have to be made up.
fn whole_window(header: &Header) -> Result<(), String> {
    let (data, display) = (header.data_window(), header.shared_attributes.display_window);
    if data == display {
        return Ok(());
    }
    let text = |at: Vec2<i32>, size: Vec2<usize>| format!("{}x{} pixels from ({}, {})", size.1, size.0, at.1, at.0);
    let (data, display) = (text(data.position, data.size), text(display.position, display.size));
    Err(format!("has a data window of {data} and a display window of {display} (rows, columns): expected the same"))
}

/// A channel that is read.
struct Picked {
    /// Where its number comes in a pixel.
    place: usize,
    /// Its index among the channels of its part of the file.
    index: usize,
    samples: SampleType,
}

/// More channels are taken for damage.
const MOST_CHANNELS: usize = 1000;

/// Places in a pixel, and the channels whose numbers come there.
type Places = Vec<(usize, usize)>;

/// The part of the file and its channels to read.
fn pick(headers: &[Header]) -> Result<(usize, Vec<Picked>), String> {
    let count: usize = headers.iter().map(|header| header.channels.list.len()).sum();
    if count > MOST_CHANNELS {
        return Err(format!("has {count} channels: expected at most {MOST_CHANNELS}"));
    }
    let mut found: Vec<(String, usize, Places)> = Vec::new();
    for (part, header) in headers.iter().enumerate() {
        let names: Vec<(String, String)> =
            header.channels.list.iter().map(|channel| split(header, headers.len() > 1, channel)).collect();
        let layers: BTreeSet<&String> = names.iter().map(|(layer, _)| layer).collect();
        for layer in layers {
            let own = names.iter().enumerate().filter(|(_, (other, _))| other == layer);
            if let Some(places) = places(&own.map(|(index, (_, name))| (index, name.as_str())).collect::<Vec<_>>()) {
                found.push((layer.clone(), part, places));
            }
        }
    }
    if found.is_empty() && headers.len() == 1 && count == 1 {
        // Whatever it is called, it can be nothing but grey.
        found.push((String::new(), 0, vec![(0, 0)]));
    }
    let unnamed = found.iter().position(|(layer, ..)| layer.is_empty());
    if unnamed.is_none() && found.len() > 1 {
        let names = found.iter().take(10).map(|(layer, ..)| format!("\"{layer}\"")).collect::<Vec<_>>().join(", ");
        return Err(format!("has several layers, {names}: expected one, or one without a name"));
    }
    let (_, part, places) = found.into_iter().nth(unnamed.unwrap_or(0)).ok_or_else(|| {
        let names = headers.iter().flat_map(|header| &header.channels.list).take(10).map(|c| format!("\"{}\"", c.name));
        format!("has the channels {}: expected R and G (B, A), or Y", names.collect::<Vec<_>>().join(", "))
    })?;
    let mut picked = Vec::new();
    for (place, index) in places {
        let channel = headers.get(part).and_then(|header| header.channels.list.get(index)).ok_or("has no such channel")?;
        if channel.sampling != Vec2(1, 1) {
            return Err(format!("has a channel \"{}\" with fewer samples than pixels: expected one for each", channel.name));
        }
        picked.push(Picked { place, index, samples: channel.sample_type });
    }
    Ok((part, picked))
}

/// A channel's layer (what stands before the last dot, else the name of its part if there are several) and its own name.
fn split(header: &Header, parts: bool, channel: &ChannelDescription) -> (String, String) {
    let name = channel.name.to_string();
    match name.rsplit_once('.') {
        Some((layer, name)) => (layer.into(), name.to_lowercase()),
        None => {
            let part = header.own_attributes.layer_name.as_ref().filter(|_| parts);
            (part.map(ToString::to_string).unwrap_or_default(), name.to_lowercase())
        }
    }
}

/// Which of a layer's channels come where in a pixel; `None` if there is no picture in it.
fn places(channels: &[(usize, &str)]) -> Option<Places> {
    let of = |name: &str| channels.iter().find(|(_, other)| *other == name).map(|(index, _)| *index);
    let alpha = of("a");
    if let (Some(r), Some(g)) = (of("r"), of("g")) {
        let more = [(2, of("b")), (3, alpha)].into_iter().filter_map(|(place, index)| Some((place, index?)));
        return Some([(0, r), (1, g)].into_iter().chain(more).collect());
    }
    // Luminance with colour differences is another thing than grey.
    if let Some(y) = of("y").filter(|_| of("ry").is_none() && of("by").is_none()) {
        return Some([(0, y)].into_iter().chain(alpha.map(|index| (1, index))).collect());
    }
    None
}

/// What has been read of the pixels.
struct Pixels {
    picked: Vec<Picked>,
    width: usize,
    channels: usize,
    numbers: Vec<f32>,
    blocks: HashSet<BlockIndex>,
    filled: usize,
}

impl Pixels {
    /// Puts a piece of a row of one channel where it belongs.
    fn put(&mut self, line: &LineRef<'_>) -> UnitResult {
        let Some(picked) = self.picked.iter().find(|picked| picked.index == line.location.channel) else {
            return Ok(());
        };
        let Vec2(x, y) = line.location.position;
        let start = (y * self.width + x) * self.channels + picked.place;
        let to = self.numbers.get_mut(start..).unwrap_or_default().iter_mut().step_by(self.channels);
        let bytes = line.value;
        match picked.samples {
            SampleType::F16 => to.zip(bytes.as_chunks().0).for_each(|(to, b)| *to = f16::from_ne_bytes(*b).to_f32()),
            SampleType::F32 => to.zip(bytes.as_chunks().0).for_each(|(to, b)| *to = f32::from_ne_bytes(*b)),
            SampleType::U32 => {
                for (to, b) in to.zip(bytes.as_chunks().0) {
                    let whole = u32::from_ne_bytes(*b);
                    *to = whole as f32;
                    if f64::from(*to) != f64::from(whole) {
                        return Err(Error::NotSupported(format!("the integer {whole}, which f32 does not hold").into()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// An image of floats as a map: its first two channels are numbers in the given convention, a fourth says by 0 that a pixel's numbers
/// mean nothing, a third is left out (with a remark, unless it is 0 everywhere). For EXR, TIFF and PFM.
///
/// Rows of images run from the top, and components come last, whatever the convention says of that.
///
/// # Errors
/// If the image is none of floats and 2 to 4 channels: what it is.
///
/// ```
/// use displace::AnyArray;
/// let image = AnyArray::new(vec![1, 2, 4], vec![0.25f32, 0.5, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])?;
/// let field = displace_io::st_map(&image, &"stmap_edges".parse()?)?;
/// assert_eq!(field.array.shape(), [1, 2, 2]);
/// assert_eq!(field.valid, Some(vec![true, false]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn st_map(image: &AnyArray, convention: &Convention) -> Result<StoredField, String> {
    let (&[height, width, channels @ 2..=4], true) = (image.shape(), image.dtype().is_float()) else {
        let (dtype, shape) = (image.dtype(), image.shape());
        return Err(format!(
            "a map is an image of floats and shape (H, W, 2), (H, W, 3) or (H, W, 4), this one is {dtype} of shape {shape:?}"
        ));
    };
    let refused = |dtype| Err(format!("a map is an image of floats, this one is {dtype}"));
    let (numbers, valid, remarks) = with_floats!(image.data(), v => Ok(map_of(v, channels)), other => refused(other))?;
    let array = AnyArray::new(vec![height, width, 2], numbers).map_err(|e| e.to_string())?;
    Ok(StoredField { remarks, ..pairs::field(array, vec![pairs::as_picture(convention)], valid) })
}

/// The first two channels, which pixels are valid by the fourth, and what is to be said of the others.
fn map_of<T: Float>(numbers: &[T], channels: usize) -> (AnyData, Option<Vec<bool>>, Vec<String>)
where
    AnyData: From<Vec<T>>,
{
    let channel = |k: usize| numbers.iter().skip(k).step_by(channels).map(|v| -> f64 { (*v).into() });
    let mut map: Vec<T> = numbers.chunks_exact(channels).flat_map(|pixel| pixel.iter().take(2).copied()).collect();
    let alpha = |pixel: usize| numbers.get(pixel * channels + 3).map_or(f64::NAN, |v| (*v).into());
    let valid = pairs::mark(&mut map, |pixel, _| channels == 4 && (alpha(pixel).is_nan() || alpha(pixel) == 0.0));
    let mut remarks = Vec::new();
    if channels > 2 && channel(2).any(|v| v != 0.0) {
        remarks.push("the third channel is left out".into());
    }
    let partly = if channels == 4 { channel(3).filter(|a| *a > 0.0 && *a < 1.0).count() } else { 0 };
    if partly > 0 {
        remarks.push(format!("{partly} pixels have an alpha between 0 and 1: they count as valid"));
    }
    (map.into(), valid, remarks)
}

/// The convention that numbers have to be in to be written so: any 2-D one that is named.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    pairs::flat("images", axes)?;
    asked.map(pairs::as_picture).ok_or_else(|| {
        "holds numbers of any meaning: name the convention (stmap_edges for (x+1/2)/W, stmap_centers for x/(W-1), or any other 2-D one)"
            .into()
    })
}

/// Writes a field, all or nothing: f32 R and G, B = 0, and A = 1 or 0 where the field says which pixels are valid. Deflated.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let picture = Picture::of(field).map_err(|what| at(path)(WriteCause::Field { format: "EXR", what }))?;
    let channel = |(k, name): (usize, &str)| {
        let samples = picture.numbers.iter().skip(k).step_by(picture.channels).copied().collect();
        AnyChannel::new(name, FlatSamples::F32(samples))
    };
    let list: SmallVec<_> = ["R", "G", "B", "A"].into_iter().take(picture.channels).enumerate().map(channel).collect();
    let encoding = Encoding { compression: Compression::ZIP16, blocks: Blocks::ScanLines, line_order: LineOrder::Increasing };
    let layer = Layer::new((picture.width, picture.height), LayerAttributes::default(), encoding, AnyChannels::sort(list));
    let image = Image::from_layer(layer);
    atomic::replace(path, |file| {
        image.write().non_parallel().to_buffered(file).map_err(|error| match error {
            Error::Io(error) => WriteCause::Io(error),
            other => WriteCause::Encode { cause: one_line(&other.to_string()) },
        })
    })
}

/// Writes a field as a TIFF image, all or nothing: f32 RGB or RGBA as [`write`].
pub(crate) fn write_tiff(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let refused = |what| at(path)(WriteCause::Field { format: "TIFF", what });
    let Picture { height, width, channels, numbers } = Picture::of(field).map_err(refused)?;
    let image = AnyArray::new(vec![height, width, channels], numbers);
    write_image(path, &image.map_err(|e| at(path)(WriteCause::Encode { cause: e.to_string() }))?)
}

/// A field as colours.
struct Picture {
    height: usize,
    width: usize,
    /// 3, or 4 with an alpha.
    channels: usize,
    numbers: Vec<f32>,
}

impl Picture {
    fn of(field: &StoredField) -> Result<Self, String> {
        let pairs = Pairs::of(field, |asked| takes(Some(asked), 2))?;
        let mask = pairs.has_mask();
        let (height, width, channels) = (pairs.height, pairs.width, if mask { 4 } else { 3 });
        let mut numbers: Vec<f32> = Vec::with_capacity(height * width * channels);
        pairs.each(|_, pair| {
            // Where alpha says that there is nothing, there are no NaN to spread when the picture is filtered.
            let [s, t] = pair.map_or([0.0; 2], |pair| pair.map(|v| v as f32));
            numbers.extend([s, t, 0.0]);
            if mask {
                numbers.push(f32::from(u8::from(pair.is_some())));
            }
            Ok::<_, String>(())
        })?;
        Ok(Self { height, width, channels, numbers })
    }
}

/// What the decoder says.
fn refused(error: Error) -> ReadCause {
    match error {
        Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => wrong(Kind::Exr, "ends early"),
        other => wrong(Kind::Exr, format!("cannot be decoded: {other}")),
    }
}
