//! NIfTI-1 and NIfTI-2 images, in one file or as a pair, compressed or not, and the fields that ITK, ANTs, AFNI, SPM, FSL and MRtrix
//! keep in them.
//!
//! The reader is an own one: fields need the intent, the extensions and both matrices as the header has them, sizes have to be held
//! against the bytes there are before memory is taken, and compressed data may not be inflated further than the header says.
//!
//! The header's `bitpix` is implied by its `datatype` and not looked at, as in the other readers.

use crate::atomic::{at, replace};
use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::{WriteCause, WriteError};
use crate::format::gzip::broken;
use crate::format::volume::{Promise, Written, array, beside, by, interleaved, is_float, most, placed, preset, write_numbers};
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::memory::{self, Memory};
use crate::numbers::Scalar;
use crate::stored::{StoredField, Volume};
use displace::{AnyData, Convention, Frame, Layout, Placement, Quantity, Unit, with_data};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, Read, Write};
use std::path::Path;

/// Bytes of NIfTI-1's header, and of NIfTI-2's.
const SIZES: [usize; 2] = [348, 540];
/// Bytes of NIfTI-1's header with the four that say whether extensions follow: where data begin if there are none.
const DATA: usize = 352;

/// Intent codes, by the names of `nifti1.h`.
const DISPVECT: i32 = 1006;
const VECTOR: i32 = 1007;
const FSL_DISPLACEMENT: i32 = 2006;
/// Coefficients of splines and cosines, which are no field yet: fnirt's, topup's.
const COEFFICIENTS: [i32; 5] = [2007, 2008, 2009, 2016, 2017];

/// Whole numbers as floats, which those of a field are.
fn widened(data: &AnyData, memory: &mut Memory) -> Result<AnyData, ReadCause> {
    memory.take((data.len() as u64).saturating_mul(8))?;
    let mut numbers = Vec::new();
    memory::reserve(&mut numbers, data.len())?;
    with_data!(data, found => add_scaled(&mut numbers, found, 1.0, 0.0));
    Ok(numbers.into())
}

fn refused(what: impl std::fmt::Display) -> ReadCause {
    wrong(Kind::Nifti, what)
}

/// Reads what the bytes hold.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let header = Header::parse(input.bytes)?;
    if header.pair {
        return read_pair(input, &header, input.bytes);
    }
    let len = input.bytes.len();
    let offset = usize::try_from(header.offset).ok().filter(|offset| *offset <= len);
    let offset = offset.ok_or_else(|| refused(format!("says its data begin at byte {}: it has {len}", header.offset)))?;
    let (before, data) = input.bytes.split_at(offset);
    let data = header.promise(&header.sizes()).exact(data, input.memory)?;
    header.contents(before, data, input.memory)
}

/// Reads a compressed image.
pub(crate) fn read_gzip(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let mut stream = MultiGzDecoder::new(input.bytes);
    let mut before = Vec::new();
    stream.by_ref().take(SIZES[0] as u64).read_to_end(&mut before).map_err(|error| broken(&error))?;
    if Header::is_second(&before) {
        stream.by_ref().take((SIZES[1] - SIZES[0]) as u64).read_to_end(&mut before).map_err(|error| broken(&error))?;
    }
    let header = Header::parse(&before)?;
    if header.pair {
        if stream.read(&mut [0; 5]).map_err(|error| broken(&error))? > 4 {
            return Err(refused("goes on after the header of a pair"));
        }
        return read_pair(input, &header, &before);
    }
    let gap = header.offset - before.len() as u64;
    if gap > most(input.bytes.len()) {
        let what =
            format!("says its data begin at byte {}: more than {} compressed bytes can hold", header.offset, input.bytes.len());
        return Err(refused(what));
    }
    input.memory.take(gap)?;
    if stream.by_ref().take(gap).read_to_end(&mut before).map_err(|error| broken(&error))? as u64 != gap {
        return Err(refused(format!("says its data begin at byte {}: it has {}", header.offset, before.len())));
    }
    let data = header.promise(&header.sizes()).inflated(&mut stream, input.bytes.len(), input.memory)?;
    header.contents(&before, data, input.memory)
}

/// Reads the data beside a header: `.img` for `.hdr`, plain or compressed.
fn read_pair(input: &mut Input<'_>, header: &Header, before: &[u8]) -> Result<Contents, ReadCause> {
    let name = input.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.strip_suffix(".gz").unwrap_or(&name).strip_suffix(".hdr").map(str::to_owned);
    let stem =
        stem.ok_or_else(|| refused("is the header of a pair: expected a name that ends in .hdr, with the .img beside it"))?;
    let plain = format!("{stem}.img");
    let packed = format!("{plain}.gz");
    let compressed = !input.path.with_file_name(&plain).exists() && input.path.with_file_name(&packed).exists();
    let bytes = beside(input, Kind::Nifti, if compressed { &packed } else { &plain })?;
    let sizes = header.sizes();
    let promise = header.promise(&sizes);
    let short = || refused(format!("says its data begin at byte {} of the .img, which is shorter", header.offset));
    let data = if compressed {
        let mut stream = MultiGzDecoder::new(&bytes[..]);
        let skipped = io::copy(&mut stream.by_ref().take(header.offset), &mut io::sink()).map_err(|error| broken(&error))?;
        if skipped != header.offset {
            return Err(short());
        }
        promise.inflated(&mut stream, bytes.len(), input.memory)?
    } else {
        let data = usize::try_from(header.offset).ok().and_then(|offset| bytes.get(offset..)).ok_or_else(short)?;
        promise.exact(data, input.memory)?
    };
    header.contents(before, data, input.memory)
}

/// Numbers at places of a header.
struct Bytes<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

macro_rules! number {
    ($($name:ident $t:ty),*) => {$(
        fn $name(&self, at: usize) -> Result<$t, ReadCause> {
            let bytes = self.bytes.get(at..).and_then(|rest| rest.first_chunk());
            let bytes = *bytes.ok_or_else(|| refused(format!("ends inside its header, after {} bytes", self.bytes.len())))?;
            Ok(if self.big_endian { <$t>::from_be_bytes(bytes) } else { <$t>::from_le_bytes(bytes) })
        }
    )*};
}

impl Bytes<'_> {
    number!(i16 i16, i32 i32, i64 i64, f32 f32, f64 f64);

    /// Text up to its first zero, on one line.
    fn text(&self, at: usize, len: usize) -> String {
        let bytes = self.bytes.get(at..).map_or(&[][..], |rest| &rest[..rest.len().min(len)]);
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        one_line(String::from_utf8_lossy(text).trim())
    }

    /// `N` numbers of 4 bytes in NIfTI-1 and 8 in NIfTI-2.
    fn floats<const N: usize>(&self, second: bool, at: [usize; 2]) -> Result<[f64; N], ReadCause> {
        let mut found = [0.0; N];
        for (k, value) in found.iter_mut().enumerate() {
            *value = if second { self.f64(at[1] + 8 * k)? } else { self.f32(at[0] + 4 * k)?.into() };
        }
        Ok(found)
    }
}

/// What a pixel is.
#[derive(Clone, Copy, PartialEq)]
enum Pixel {
    Number(Scalar),
    /// Colours, a byte each: 3 or 4.
    Colours(usize),
}

/// What the numbers are.
enum Shape {
    /// A number or colours for each pixel.
    Image { axes: usize },
    /// Several numbers for each pixel that are no field: a volume each.
    Channels { channels: usize },
    /// Components for each pixel, a plane or volume each; in four axes or in five.
    Field { axes: usize, four: bool },
}

/// A header, of either version.
struct Header {
    second: bool,
    big_endian: bool,
    /// Whether the data are in a file of their own.
    pair: bool,
    /// Lengths of the axes, x first.
    dim: Vec<usize>,
    pixel: Pixel,
    pixdim: [f64; 4],
    /// Where the data begin.
    offset: u64,
    slope: f64,
    intercept: f64,
    units: i32,
    qform: i32,
    sform: i32,
    quaternion: [f64; 3],
    qoffset: [f64; 3],
    rows: [[f64; 4]; 3],
    intent: i32,
    intent_name: String,
    description: String,
}

impl Header {
    /// Whether the first bytes are those of NIfTI-2.
    fn is_second(start: &[u8]) -> bool {
        start.get(4..7).is_some_and(|magic| magic == b"n+2" || magic == b"ni2")
    }

    fn parse(bytes: &[u8]) -> Result<Self, ReadCause> {
        let second = Self::is_second(bytes);
        let size = SIZES[usize::from(second)];
        let little = Bytes { bytes, big_endian: false }.i32(0)?;
        let big_endian = little.swap_bytes() == size as i32;
        if !big_endian && little != size as i32 {
            return Err(refused(format!("says a header of {little} bytes: expected {size}")));
        }
        let bytes = Bytes { bytes, big_endian };
        // The last byte of the header: shorter ones are refused here.
        bytes.i32(size - 4)?;
        let pick = |at: [usize; 2]| if second { bytes.i32(at[1]) } else { bytes.i16(at[0]).map(i32::from) };
        let magic = bytes.text(if second { 4 } else { 344 }, 3);
        Ok(Self {
            second,
            big_endian,
            pair: magic.starts_with("ni"),
            dim: dim(&bytes, second)?,
            pixel: pixel(bytes.i16(if second { 12 } else { 70 })?)?,
            pixdim: bytes.floats(second, [76, 104])?,
            offset: offset(&bytes, second, magic.starts_with("ni"))?,
            slope: bytes.floats::<1>(second, [112, 176])?[0],
            intercept: bytes.floats::<1>(second, [116, 184])?[0],
            units: if second { bytes.i32(500)? } else { bytes.bytes.get(123).copied().unwrap_or_default().into() },
            qform: pick([252, 344])?,
            sform: pick([254, 348])?,
            quaternion: bytes.floats(second, [256, 352])?,
            qoffset: bytes.floats(second, [268, 376])?,
            rows: [bytes.floats(second, [280, 400])?, bytes.floats(second, [296, 432])?, bytes.floats(second, [312, 464])?],
            intent: pick([68, 504])?,
            intent_name: bytes.text(if second { 508 } else { 328 }, 16),
            description: bytes.text(if second { 240 } else { 148 }, 80),
        })
    }

    /// Lengths of the axes of the data, the fastest first.
    fn sizes(&self) -> Vec<usize> {
        match self.pixel {
            Pixel::Number(_) => self.dim.clone(),
            Pixel::Colours(channels) => [&[channels], &self.dim[..]].concat(),
        }
    }

    fn promise<'a>(&self, sizes: &'a [usize]) -> Promise<'a> {
        let scalar = match self.pixel {
            Pixel::Number(scalar) => scalar,
            Pixel::Colours(_) => Scalar::U8,
        };
        Promise { kind: Kind::Nifti, scalar, sizes, big_endian: self.big_endian }
    }

    fn shape(&self) -> Result<Shape, ReadCause> {
        if COEFFICIENTS.contains(&self.intent) {
            return Err(refused(format!(
                "has intent {}, coefficients of splines or cosines and no field: expand them with FSL's fnirtfileutils or convertwarp",
                self.intent
            )));
        }
        let float = matches!(self.pixel, Pixel::Number(scalar) if is_float(scalar));
        let ones = |rest: &[usize]| rest.iter().all(|len| *len == 1);
        // Whole numbers are a field's where the header says so, or scales them to what has fractions: colours are not scaled.
        let said = matches!(self.pixel, Pixel::Number(_)) && matches!(self.intent, DISPVECT | FSL_DISPLACEMENT);
        let scaled = self.scale().is_some() && (self.intent == VECTOR || self.dim.len() > 4);
        if (float || said || scaled) && matches!(self.intent, 0 | DISPVECT | VECTOR | FSL_DISPLACEMENT) {
            match self.dim[..] {
                [_, _, _, 1, 3, ref rest @ ..] if ones(rest) => return Ok(Shape::Field { axes: 3, four: false }),
                [_, _, 1, 1, 2, ref rest @ ..] if ones(rest) => return Ok(Shape::Field { axes: 2, four: false }),
                [_, _, _, 3, ref rest @ ..] if ones(rest) => return Ok(Shape::Field { axes: 3, four: true }),
                _ => {}
            }
        }
        if let ([_, _, _, 1, channels, rest @ ..], Pixel::Number(_)) = (&self.dim[..], self.pixel)
            && *channels > 1
            && ones(rest)
        {
            return Ok(Shape::Channels { channels: *channels });
        }
        let axes = self.dim.len().min(3);
        if axes < 2 || !ones(&self.dim[axes..]) {
            return Err(refused(format!(
                "has {} axes of sizes {} and intent {}: expected an image of (x, y), (x, y, z) or (x, y, z, 1, channels), \
                 or a field, floats of (x, y, z, 1, 3), (x, y, 1, 1, 2) or (x, y, z, 3) with intent 0, 1006, 1007 or 2006",
                self.dim.len(),
                by(&self.dim),
                self.intent
            )));
        }
        Ok(Shape::Image { axes })
    }

    /// What the numbers mean; `before` are the bytes between the start and the data.
    fn contents(&self, before: &[u8], data: AnyData, memory: &mut Memory) -> Result<Contents, ReadCause> {
        let data = self.scaled(data, memory)?;
        let mut remarks = Vec::new();
        match self.shape()? {
            Shape::Image { axes } => {
                let channels = match self.pixel {
                    Pixel::Number(_) => 1,
                    Pixel::Colours(channels) => channels,
                };
                let mut sizes = self.dim[..axes].to_vec();
                if channels > 1 {
                    sizes.insert(0, channels);
                }
                let placement = self.placement(axes, &mut remarks)?;
                Ok(Contents::Volume(Volume { array: array(Kind::Nifti, &sizes, data)?, placement, channels }))
            }
            Shape::Channels { channels } => {
                let data = interleaved(Kind::Nifti, data, channels, memory)?;
                let array = array(Kind::Nifti, &[&[channels], &self.dim[..3]].concat(), data)?;
                Ok(Contents::Volume(Volume { array, placement: self.placement(3, &mut remarks)?, channels }))
            }
            Shape::Field { axes, four } => {
                let data = if data.dtype().is_float() { data } else { widened(&data, memory)? };
                let mut sizes = self.dim[..axes].to_vec();
                sizes.push(axes);
                let placement = Some(self.placement(axes, &mut remarks)?);
                self.remark(before, &mut remarks);
                let array = array(Kind::Nifti, &sizes, data)?;
                Ok(Contents::Field(StoredField { array, readings: self.readings(four), valid: None, placement, remarks }))
            }
        }
    }

    /// What the components may be: the header does not say more than whose file it may be.
    fn readings(&self, four: bool) -> Vec<Convention> {
        let texts: &[&str] = match (self.intent, four) {
            (FSL_DISPLACEMENT, _) => &["fsl", "fsl,quantity=location"],
            (_, false) => &["itk", "spm", "nitransforms,axes=ij"],
            (DISPVECT, true) => &["fsl", "fsl,quantity=location", "mrtrix", "mrtrix,quantity=displacement"],
            (_, true) => &["mrtrix", "mrtrix,quantity=displacement", "fsl", "fsl,quantity=location"],
        };
        texts.iter().map(|text| preset(text, Layout::Planar)).collect()
    }

    /// What else the header says that may tell whose file it is.
    fn remark(&self, before: &[u8], remarks: &mut Vec<String>) {
        let mut says = vec![format!("intent {}", self.intent)];
        if !self.intent_name.is_empty() {
            says.push(format!("intent name \"{}\"", self.intent_name));
        }
        if !self.description.is_empty() {
            says.push(format!("description \"{}\"", self.description));
        }
        if self.extensions(before).contains(&AFNI) {
            says.push("an extension by AFNI".into());
        }
        remarks.push(format!("its header has {}", says.join(", ")));
    }

    /// The codes of the extensions after the header, as far as they are well-formed.
    fn extensions(&self, before: &[u8]) -> Vec<i32> {
        let mut codes = Vec::new();
        let mut at = SIZES[usize::from(self.second)] + 4;
        if before.get(at - 4).is_none_or(|flag| *flag == 0) {
            return codes;
        }
        let bytes = Bytes { bytes: before, big_endian: self.big_endian };
        while let (Ok(size), Ok(code)) = (bytes.i32(at), bytes.i32(at.saturating_add(4))) {
            codes.push(code);
            match usize::try_from(size) {
                Ok(size) if size >= 8 => at = at.saturating_add(size),
                _ => break,
            }
        }
        codes
    }

    /// Slope and intercept, which a slope of 0 or none turns off, as does being 1 and 0. Colours have none.
    fn scale(&self) -> Option<(f64, f64)> {
        let (slope, intercept) = (self.slope, self.intercept);
        let off = slope == 0.0 || !slope.is_finite() || (slope, intercept) == (1.0, 0.0);
        (!off && !matches!(self.pixel, Pixel::Colours(_))).then_some((slope, intercept))
    }

    /// The numbers with slope and intercept.
    fn scaled(&self, data: AnyData, memory: &mut Memory) -> Result<AnyData, ReadCause> {
        let Some((slope, intercept)) = self.scale() else { return Ok(data) };
        if !intercept.is_finite() {
            return Err(refused(format!("scales its numbers by {slope} and adds {intercept}: expected finite numbers")));
        }
        let bytes = (data.len() as u64).saturating_mul(8);
        memory.take(bytes)?;
        let mut numbers = Vec::new();
        memory::reserve(&mut numbers, data.len())?;
        with_data!(&data, found => add_scaled(&mut numbers, found, slope, intercept));
        Ok(numbers.into())
    }

    /// Where the pixels lie: by the sform if there is one, or the qform, or only their distances.
    fn placement(&self, axes: usize, remarks: &mut Vec<String>) -> Result<Placement, ReadCause> {
        let mut matrix = if self.sform > 0 {
            self.rows
        } else if self.qform > 0 {
            self.qform_matrix()
        } else {
            remarks.push("neither sform nor qform places its pixels: they lie pixdim apart along x, y, z, from 0".into());
            let [_, x, y, z] = self.pixdim;
            [[x, 0.0, 0.0, 0.0], [0.0, y, 0.0, 0.0], [0.0, 0.0, z, 0.0]]
        };
        let (name, factor) = match self.units & 7 {
            1 => ("metres", 1e3),
            3 => ("micrometres", 1e-3),
            _ => ("", 1.0),
        };
        if !name.is_empty() {
            matrix.iter_mut().flatten().for_each(|value| *value *= factor);
            remarks.push(format!("its header is in {name}: the placement is converted to mm, the numbers are not"));
        }
        let [_, _, [zx, zy, ..]] = matrix;
        let length: f64 = matrix.iter().map(|row| row[0].abs() + row[1].abs()).sum();
        if axes == 2 && zx.abs() + zy.abs() > 1e-6 * length {
            return Err(refused(format!("is a plane whose axes rise by {zx} and {zy} in z: expected one of x and y")));
        }
        let rows: Vec<Vec<f64>> =
            matrix.iter().take(axes).map(|row| row.iter().take(axes).chain([&row[3]]).copied().collect()).collect();
        placed(Kind::Nifti, Placement::from_ras_matrix(&rows))
    }

    /// The matrix of the quaternion, the distances and the offset.
    fn qform_matrix(&self) -> [[f64; 4]; 3] {
        let [mut b, mut c, mut d] = self.quaternion;
        let rest = 1.0 - (b * b + c * c + d * d);
        // Three numbers that leave nothing for the fourth, up to rounding: half a turn.
        let a = if rest < 1e-7 {
            let length = (b * b + c * c + d * d).sqrt();
            (b, c, d) = (b / length, c / length, d / length);
            0.0
        } else {
            rest.sqrt()
        };
        let rotation = rotation([a, b, c, d]);
        let [handed, x, y, z] = self.pixdim;
        let lengths = [x, y, if handed < 0.0 { -z } else { z }];
        let mut matrix = [[0.0; 4]; 3];
        for (i, row) in matrix.iter_mut().enumerate() {
            for k in 0..3 {
                row[k] = rotation[i][k] * lengths[k];
            }
            row[3] = self.qoffset[i];
        }
        matrix
    }
}

fn add_scaled<T: Copy + Into<f64>>(to: &mut Vec<f64>, numbers: &[T], slope: f64, intercept: f64) {
    to.extend(numbers.iter().map(|value| (*value).into() * slope + intercept));
}

/// The code of AFNI's extension.
const AFNI: i32 = 4;

/// Lengths of the axes, of which there are as many as the first number says.
fn dim(bytes: &Bytes<'_>, second: bool) -> Result<Vec<usize>, ReadCause> {
    let len = |k: usize| if second { bytes.i64(16 + 8 * k) } else { bytes.i16(40 + 2 * k).map(i64::from) };
    let axes = len(0)?;
    if !(1..=7).contains(&axes) {
        return Err(refused(format!("says {axes} axes: expected 1 to 7")));
    }
    let checked = |k| match len(k)? {
        found if found > 0 => usize::try_from(found).map_err(|_| ReadCause::Allocation { bytes: u64::MAX }),
        found => Err(refused(format!("says a length of {found} along axis {k}: expected 1 or more"))),
    };
    (1..=axes as usize).map(checked).collect()
}

/// The type of a pixel, by its code.
fn pixel(code: i16) -> Result<Pixel, ReadCause> {
    Ok(Pixel::Number(match code {
        2 => Scalar::U8,
        4 => Scalar::I16,
        8 => Scalar::I32,
        16 => Scalar::F32,
        64 => Scalar::F64,
        256 => Scalar::I8,
        512 => Scalar::U16,
        768 => Scalar::U32,
        1024 => Scalar::I64,
        1280 => Scalar::U64,
        128 => return Ok(Pixel::Colours(3)),
        2304 => return Ok(Pixel::Colours(4)),
        other => {
            let name = match other {
                1 => "bits",
                32 | 1792 | 2048 => "complex numbers",
                1536 => "128-bit floats",
                _ => "no known type",
            };
            return Err(refused(format!(
                "has datatype {other} ({name}): expected integers of 8 to 64 bits, floats of 32 or 64, RGB24 or RGBA32"
            )));
        }
    }))
}

/// Where the data begin. 0 in a single file stands for "after the header".
fn offset(bytes: &Bytes<'_>, second: bool, pair: bool) -> Result<u64, ReadCause> {
    let found = if second { bytes.i64(168)? as f64 } else { f64::from(bytes.f32(108)?) };
    let least = if pair { 0.0 } else { (SIZES[usize::from(second)] + 4) as f64 };
    let offset = if found == 0.0 { least } else { found };
    if !(offset >= least && offset < 9e15 && offset.fract() == 0.0) {
        return Err(refused(format!("says its data begin at byte {found}: expected a whole number of at least {least}")));
    }
    Ok(offset as u64)
}

/// The matrix of a unit quaternion.
fn rotation([a, b, c, d]: [f64; 4]) -> [[f64; 3]; 3] {
    [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ]
}

/// The quaternion of a rotation, from the largest of its four numbers, and with a first one that is not negative.
fn quaternion(m: &[[f64; 3]; 3]) -> [f64; 4] {
    let squares = [
        1.0 + m[0][0] + m[1][1] + m[2][2],
        1.0 + m[0][0] - m[1][1] - m[2][2],
        1.0 - m[0][0] + m[1][1] - m[2][2],
        1.0 - m[0][0] - m[1][1] + m[2][2],
    ];
    let largest = (1..4).fold(0, |best, k| if squares[k] > squares[best] { k } else { best });
    let [x, y, z] = [m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]];
    let [xy, xz, yz] = [m[0][1] + m[1][0], m[0][2] + m[2][0], m[1][2] + m[2][1]];
    let mut found = match largest {
        0 => [squares[0], x, y, z],
        1 => [x, squares[1], xy, xz],
        2 => [y, xy, squares[2], yz],
        _ => [z, xz, yz, squares[3]],
    };
    let sign = if found[0] < 0.0 { -1.0 } else { 1.0 };
    let scale = sign / found.iter().map(|v| v * v).sum::<f64>().sqrt();
    found.iter_mut().for_each(|v| *v *= scale);
    found
}

/// The convention that numbers have to be in to be written so. FSL's go into four axes with intent 2006, the others into five with
/// intent 1007, as ITK and SPM have them.
pub(crate) fn takes(asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
    const CHOICES: &str = "\"itk\" (also \"ants\", \"afni\"), \"spm\" (locations in mm, RAS), \"nitransforms\" (displacements in mm, RAS) \
                           or, for volumes, \"fsl\"";
    let asked =
        asked.ok_or_else(|| format!("NIfTI holds fields of several conventions, and does not say which: name {CHOICES}"))?;
    let convention = Convention { x_first: false, layout: Layout::Planar, ..*asked };
    let known = ["itk", "spm", "nitransforms,axes=ij", "fsl", "fsl,quantity=location"];
    let known = if axes == 2 { &known[..3] } else { &known[..] };
    if known.iter().any(|text| preset(text, Layout::Planar) == convention) {
        return Ok(convention);
    }
    Err(format!("NIfTI fields of {axes} axes are in one of the conventions {CHOICES}, not in \"{asked}\""))
}

/// Writes a field, all or nothing.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let encoded = || {
        let (written, convention) = Written::field(field, Layout::Planar)?;
        if takes(Some(&convention), written.components)? != convention {
            return Err(format!("its array axes are those of \"{convention}\": expected (z,) y, x"));
        }
        let mut dim = written.sizes.clone();
        dim.resize(3, 1);
        let fsl = convention.unit == Unit::Physical(Frame::Fsl);
        dim.extend(if fsl { vec![3] } else { vec![1, written.components] });
        let description = format!("displace: {}", named(&convention));
        let header = header(&written, &dim, if fsl { FSL_DISPLACEMENT } else { VECTOR }, &description)?;
        Ok((header, written.data))
    };
    put(path, encoded())
}

/// The preset of a convention that [`takes`] gave, for people.
const fn named(convention: &Convention) -> &'static str {
    match (convention.unit, convention.quantity) {
        (Unit::Physical(Frame::Fsl), Quantity::Location) => "fsl,quantity=location",
        (Unit::Physical(Frame::Fsl), _) => "fsl",
        (Unit::Physical(Frame::Ras), Quantity::Location) => "spm",
        (Unit::Physical(Frame::Ras), _) => "nitransforms",
        _ => "itk",
    }
}

/// Writes an image, all or nothing: a number for each pixel, or 3 or 4 colours of u8.
pub(crate) fn write_image(path: &Path, volume: &Volume) -> Result<(), WriteError> {
    let encoded = || {
        let written = Written::image(volume)?;
        let header = header(&written, &written.sizes, 0, "")?;
        Ok((header, written.data))
    };
    put(path, encoded())
}

fn put(path: &Path, encoded: Result<(Vec<u8>, &AnyData), String>) -> Result<(), WriteError> {
    let (header, data) = encoded.map_err(|what| at(path)(WriteCause::Field { format: "NIfTI", what }))?;
    let compressed = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
    replace(path, |file| {
        if compressed {
            let mut stream = GzEncoder::new(file, Compression::default());
            stream.write_all(&header)?;
            write_numbers(&mut stream, data)?;
            stream.finish()?;
        } else {
            file.write_all(&header)?;
            write_numbers(file, data)?;
        }
        Ok(())
    })
}

/// NIfTI-1's header, little endian, up to where the data begin.
fn header(image: &Written<'_>, dim: &[usize], intent: i32, description: &str) -> Result<Vec<u8>, String> {
    let colours = image.components > 1 && intent == 0;
    let (code, bits): (i16, i16) = match (image.data, image.components, colours) {
        (AnyData::U8(_), 3, true) => (128, 24),
        (AnyData::U8(_), 4, true) => (2304, 32),
        (AnyData::U8(_), _, false) => (2, 8),
        (AnyData::I16(_), _, false) => (4, 16),
        (AnyData::U16(_), _, false) => (512, 16),
        (AnyData::F32(_), _, false) => (16, 32),
        (AnyData::F64(_), _, false) => (64, 64),
        (data, channels, _) => {
            let dtype = data.dtype();
            return Err(format!("{channels} channels of {dtype}: it holds one of u8, u16, i16, f32 or f64, or 3 or 4 of u8"));
        }
    };
    let mut bytes = vec![0; DATA];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &(SIZES[0] as i32).to_le_bytes());
    put(38, b"r");
    put(40, &(dim.len() as i16).to_le_bytes());
    for k in 0..7 {
        let len = dim.get(k).copied().unwrap_or(1);
        let len = i16::try_from(len).map_err(|_| format!("{} pixels: NIfTI-1 has at most 32767 along an axis", by(dim)))?;
        put(42 + 2 * k, &len.to_le_bytes());
    }
    put(68, &(intent as i16).to_le_bytes());
    put(70, &code.to_le_bytes());
    put(72, &bits.to_le_bytes());
    let single = |at: usize, values: &[f64], put: &mut dyn FnMut(usize, &[u8])| {
        values.iter().enumerate().for_each(|(k, value)| put(at + 4 * k, &(*value as f32).to_le_bytes()));
    };
    let mut pixdim = [1.0; 8];
    pixdim[1..].iter_mut().zip(image.placement.spacing()).for_each(|(to, from)| *to = *from);
    let matrix = image.ras_matrix();
    let rigid = rigid(&matrix);
    pixdim[0] = if rigid.is_some_and(|(_, handed)| !handed) { -1.0 } else { 1.0 };
    single(76, &pixdim, &mut put);
    single(108, &[DATA as f64, 1.0, 0.0], &mut put);
    // Millimetres.
    put(123, &[2]);
    put(148, &description.as_bytes()[..description.len().min(79)]);
    put(254, &1i16.to_le_bytes());
    if let Some((quaternion, _)) = rigid {
        put(252, &1i16.to_le_bytes());
        single(256, &quaternion[1..], &mut put);
    }
    single(268, &matrix.map(|row| row[3]), &mut put);
    for (k, row) in matrix.iter().enumerate() {
        single(280 + 16 * k, row, &mut put);
    }
    put(344, b"n+1");
    Ok(bytes)
}

/// The quaternion of a matrix' directions and whether they are right-handed; none if they are not at right angles.
fn rigid(matrix: &[[f64; 4]; 3]) -> Option<([f64; 4], bool)> {
    let mut m = [[0.0; 3]; 3];
    for k in 0..3 {
        let length = matrix.iter().map(|row| row[k] * row[k]).sum::<f64>().sqrt();
        (0..3).for_each(|i| m[i][k] = matrix[i][k] / length);
    }
    let dot = |j: usize, k: usize| (0..3).map(|i| m[i][j] * m[i][k]).sum::<f64>();
    if [dot(0, 1), dot(0, 2), dot(1, 2)].iter().any(|dot| dot.abs() > 1e-5) {
        return None;
    }
    let minor = |j: usize, k: usize| m[1][j] * m[2][k] - m[1][k] * m[2][j];
    let right = m[0][0] * minor(1, 2) - m[0][1] * minor(0, 2) + m[0][2] * minor(0, 1) > 0.0;
    if !right {
        m.iter_mut().for_each(|row| row[2] = -row[2]);
    }
    Some((quaternion(&m), right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quaternions_of_rotations() {
        let turns = [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
            [0.5, -0.5, 0.5, -0.5],
            [0.1, 0.7, -0.5, 0.5],
        ];
        for turn in turns {
            for (found, expected) in quaternion(&rotation(turn)).iter().zip(turn) {
                assert!((found - expected).abs() < 1e-15, "{turn:?}");
            }
        }
    }

    #[test]
    fn sheared_axes_have_no_quaternion() {
        let mut matrix = [[2.0, 0.0, 0.0, 5.0], [0.0, 2.0, 0.0, 5.0], [0.0, 0.0, -2.0, 5.0]];
        assert_eq!(rigid(&matrix), Some(([1.0, 0.0, 0.0, 0.0], false)));
        matrix[0][1] = 0.1;
        assert_eq!(rigid(&matrix), None);
    }
}
