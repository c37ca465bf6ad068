//! A MetaImage: text lines of `Key = Value`, and the numbers after them (`.mha`) or in a file beside (`.mhd`). ITK's places and
//! vectors, in LPS.

use crate::atomic::{at, replace};
use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::{WriteCause, WriteError};
use crate::format::volume::{Promise, Written, array, beside, by, is_float, joined, line, placed, preset, write_numbers};
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::memory::Memory;
use crate::numbers::{Scalar, bytes_of, count_of};
use crate::save::own;
use crate::stored::{StoredField, Volume};
use displace::{AnyData, Convention, Layout, Placement};
use flate2::bufread::ZlibDecoder;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::str::FromStr;

fn refused(what: impl std::fmt::Display) -> ReadCause {
    wrong(Kind::MetaImage, what)
}

/// Reads what the bytes hold.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let (header, rest) = Header::parse(input.bytes)?;
    let sizes = header.sizes()?;
    let promise = Promise { kind: Kind::MetaImage, scalar: header.scalar()?, sizes: &sizes, big_endian: header.big_endian()? };
    let data = if header.file.eq_ignore_ascii_case("LOCAL") {
        header.data(&promise, rest, input.memory)?
    } else {
        if rest.iter().any(|byte| !byte.is_ascii_whitespace()) {
            return Err(refused(format!("goes on after naming \"{}\" as the file of its data", header.file)));
        }
        if header.file.starts_with("LIST") || header.file.contains('%') {
            return Err(refused(format!("has its data in several files (\"{}\"): expected one", header.file)));
        }
        let bytes = beside(input, Kind::MetaImage, &header.file)?;
        header.data(&promise, header.skipped(&promise, &bytes)?, input.memory)?
    };
    header.contents(promise.scalar, data)
}

/// The lines of a header.
struct Header {
    lines: Vec<(String, String)>,
    /// Where the data are.
    file: String,
}

impl Header {
    /// The lines up to the one that names the data, and the bytes after it.
    fn parse(mut bytes: &[u8]) -> Result<(Self, &[u8]), ReadCause> {
        const MOST: usize = 10_000;
        let mut lines = Vec::new();
        loop {
            if bytes.is_empty() || lines.len() > MOST {
                return Err(refused(format!(
                    "names no data in its {} lines: expected one of \"ElementDataFile = ..\"",
                    lines.len()
                )));
            }
            let (line, rest) = line(Kind::MetaImage, bytes)?;
            bytes = rest;
            if line.trim().is_empty() {
                continue;
            }
            let (key, value) = line
                .split_once('=')
                .or_else(|| line.split_once(':'))
                .ok_or_else(|| refused(format!("has the line \"{}\": expected \"Key = Value\"", one_line(line.trim()))))?;
            let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
            if key == "ElementDataFile" {
                return Ok((Self { lines, file: value }, bytes));
            }
            lines.push((key, value));
        }
    }

    /// The value of the first of some keys that mean the same.
    fn get(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.lines.iter().find(|(k, _)| k == key)).map(|(_, value)| value.as_str())
    }

    /// As many numbers as there are axes, or as said; `None` without the key.
    fn numbers<T: FromStr>(&self, keys: &[&str], count: usize) -> Result<Option<Vec<T>>, ReadCause> {
        let Some(text) = self.get(keys) else { return Ok(None) };
        let found: Option<Vec<T>> = text.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
        let key = keys.first().copied().unwrap_or_default();
        match found {
            Some(found) if found.len() == count => Ok(Some(found)),
            _ => Err(refused(format!("says {key} = \"{}\": expected numbers, {count} of them", one_line(text)))),
        }
    }

    fn number(&self, key: &str, default: i64) -> Result<i64, ReadCause> {
        Ok(self.numbers(&[key], 1)?.and_then(|found| found.first().copied()).unwrap_or(default))
    }

    fn flag(&self, keys: &[&str], default: bool) -> Result<bool, ReadCause> {
        match self.get(keys).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true" | "t" | "1") => Ok(true),
            Some("false" | "f" | "0") => Ok(false),
            Some(other) => {
                let key = keys.first().copied().unwrap_or_default();
                Err(refused(format!("says {key} = \"{}\": expected True or False", one_line(other))))
            }
        }
    }

    fn big_endian(&self) -> Result<bool, ReadCause> {
        self.flag(&["BinaryDataByteOrderMSB", "ElementByteOrderMSB"], false)
    }

    fn axes(&self) -> Result<usize, ReadCause> {
        match self.number("NDims", 0)? {
            axes @ (2 | 3) => Ok(axes as usize),
            other => Err(refused(format!("has {other} axes (NDims): expected 2 or 3"))),
        }
    }

    fn channels(&self) -> Result<usize, ReadCause> {
        match self.number("ElementNumberOfChannels", 1)? {
            channels @ 1..=65_535 => Ok(channels as usize),
            other => Err(refused(format!("says ElementNumberOfChannels = {other}: expected 1 to 65535"))),
        }
    }

    /// Lengths of the axes of the data, the fastest first.
    fn sizes(&self) -> Result<Vec<usize>, ReadCause> {
        let axes = self.axes()?;
        let mut sizes = self.numbers(&["DimSize"], axes)?.ok_or_else(|| refused("says no DimSize"))?;
        if sizes.contains(&0) {
            return Err(refused(format!("says a size of {}: expected 1 or more pixels along each axis", by(&sizes))));
        }
        match self.channels()? {
            1 => {}
            channels => sizes.insert(0, channels),
        }
        Ok(sizes)
    }

    /// The type of the numbers; a `LONG` has 4 bytes here on any machine.
    fn scalar(&self) -> Result<Scalar, ReadCause> {
        let text = self.get(&["ElementType"]).ok_or_else(|| refused("says no ElementType"))?;
        Ok(match text.strip_suffix("_ARRAY").unwrap_or(text) {
            "MET_CHAR" | "MET_ASCII_CHAR" => Scalar::I8,
            "MET_UCHAR" => Scalar::U8,
            "MET_SHORT" => Scalar::I16,
            "MET_USHORT" => Scalar::U16,
            "MET_INT" | "MET_LONG" => Scalar::I32,
            "MET_UINT" | "MET_ULONG" => Scalar::U32,
            "MET_LONG_LONG" => Scalar::I64,
            "MET_ULONG_LONG" => Scalar::U64,
            "MET_FLOAT" => Scalar::F32,
            "MET_DOUBLE" => Scalar::F64,
            _ => return Err(refused(format!("says ElementType = \"{}\": expected MET_UCHAR to MET_DOUBLE", one_line(text)))),
        })
    }

    /// The bytes of a file beside after what `HeaderSize` skips; -1 means that the numbers are its end.
    fn skipped<'a>(&self, promise: &Promise<'_>, bytes: &'a [u8]) -> Result<&'a [u8], ReadCause> {
        let skip = self.number("HeaderSize", 0)?;
        let at = if skip == -1 {
            bytes_of(promise.scalar, count_of(promise.sizes)?)?
                .try_into()
                .ok()
                .and_then(|said: usize| bytes.len().checked_sub(said))
        } else {
            usize::try_from(skip).ok()
        };
        let short = || refused(format!("says HeaderSize = {skip}, but \"{}\" has {} bytes", one_line(&self.file), bytes.len()));
        at.and_then(|at| bytes.get(at..)).ok_or_else(short)
    }

    /// The numbers, from the bytes that hold them.
    fn data(&self, promise: &Promise<'_>, bytes: &[u8], memory: &mut Memory) -> Result<AnyData, ReadCause> {
        if !self.flag(&["BinaryData"], true)? {
            return promise.decimal(bytes, memory);
        }
        if !self.flag(&["CompressedData"], false)? {
            return promise.exact(bytes, memory);
        }
        if let Some(said) = self.get(&["CompressedDataSize"])
            && said.parse() != Ok(bytes.len())
        {
            return Err(refused(format!("says CompressedDataSize = {}, but {} bytes are there", one_line(said), bytes.len())));
        }
        let mut stream = ZlibDecoder::new(bytes);
        let data = promise.inflated(&mut stream, bytes.len(), memory)?;
        match stream.into_inner() {
            [] => Ok(data),
            rest => Err(refused(format!("goes on for {} bytes after its compressed data", rest.len()))),
        }
    }

    /// Where the pixels lie. The matrix in the file has the directions of the axes one after the other: columns as rows.
    fn placement(&self) -> Result<Placement, ReadCause> {
        let axes = self.axes()?;
        let spacing = self.numbers(&["ElementSpacing", "ElementSize"], axes)?.unwrap_or_else(|| vec![1.0; axes]);
        let origin = self.numbers(&["Offset", "Position", "Origin"], axes)?.unwrap_or_else(|| vec![0.0; axes]);
        let columns: Option<Vec<f64>> = self.numbers(&["TransformMatrix", "Orientation", "Rotation"], axes * axes)?;
        let columns = columns.unwrap_or_else(|| Placement::identity(axes).direction().to_vec());
        let direction: Vec<f64> = (0..axes).flat_map(|i| columns.iter().skip(i).step_by(axes).copied()).collect();
        placed(Kind::MetaImage, Placement::new(&spacing, &origin, &direction))
    }

    fn contents(&self, scalar: Scalar, data: AnyData) -> Result<Contents, ReadCause> {
        let (axes, channels, placement) = (self.axes()?, self.channels()?, self.placement()?);
        let array = array(Kind::MetaImage, &self.sizes()?, data)?;
        if channels != axes || !is_float(scalar) {
            return Ok(Contents::Volume(Volume { array, placement, channels }));
        }
        let readings = vec![preset("itk", Layout::Interleaved)];
        Ok(Contents::Field(StoredField { array, readings, valid: None, placement: Some(placement), remarks: Vec::new() }))
    }
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(asked: Option<&Convention>, _: usize) -> Result<Convention, String> {
    own("MetaImage vectors", "itk", asked)
}

/// Writes a field, all or nothing; an `.mhd` gets its numbers in a `.raw` beside it, written first.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let written = Written::field(field, Layout::Interleaved).and_then(|(written, convention)| {
        takes(Some(&convention), written.components)?;
        Ok(written)
    });
    put(path, written)
}

/// Writes an image, all or nothing.
pub(crate) fn write_image(path: &Path, volume: &Volume) -> Result<(), WriteError> {
    put(path, Written::image(volume))
}

fn put(path: &Path, written: Result<Written<'_>, String>) -> Result<(), WriteError> {
    let detached = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("mhd"));
    let raw = path.with_extension("raw");
    let name = match raw.file_name().and_then(|name| name.to_str()) {
        Some(name) if detached => name,
        _ => "LOCAL",
    };
    let encoded = written.and_then(|written| Ok((header(&written, name)?, written.data)));
    let (header, data) = encoded.map_err(|what| at(path)(WriteCause::Field { format: "MetaImage", what }))?;
    if !detached {
        return replace(path, |file| {
            file.write_all(header.as_bytes())?;
            Ok(write_numbers(file, data)?)
        });
    }
    if name == "LOCAL" || name.contains(['\n', '\r', '%']) || name.trim() != name || name.starts_with("LIST") {
        let what = format!("its header cannot name \"{}\" as the file of its numbers", one_line(&raw.display().to_string()));
        return Err(at(path)(WriteCause::Field { format: "MetaImage", what }));
    }
    let there = raw.exists();
    if there && !names(path, name) {
        let what = format!("its numbers would replace \"{}\", which is not this header's", one_line(&raw.display().to_string()));
        return Err(at(path)(WriteCause::Field { format: "MetaImage", what }));
    }
    replace(&raw, |file| Ok(write_numbers(file, data)?))?;
    let done = replace(path, |file| Ok(file.write_all(header.as_bytes())?));
    if done.is_err() && !there {
        // Numbers without a header are nothing. That the header failed is the error to tell.
        let _ = std::fs::remove_file(&raw);
    }
    done
}

/// Whether a header that is there names `raw` as the file of its numbers.
fn names(path: &Path, raw: &str) -> bool {
    const LONGEST_HEADER: u64 = 1 << 16;
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_HEADER).read_to_end(&mut start));
    let line = |line: &[u8]| {
        let text = String::from_utf8_lossy(line);
        text.split_once('=').is_some_and(|(key, value)| key.trim() == "ElementDataFile" && value.trim() == raw)
    };
    read.is_ok() && start.split(|byte| *byte == b'\n').any(line)
}

/// The header's lines, in the order of ITK's own files.
fn header(image: &Written<'_>, file: &str) -> Result<String, String> {
    let element = match image.data {
        AnyData::U8(_) => "MET_UCHAR",
        AnyData::U16(_) => "MET_USHORT",
        AnyData::I16(_) => "MET_SHORT",
        AnyData::F32(_) => "MET_FLOAT",
        AnyData::F64(_) => "MET_DOUBLE",
        AnyData::F16(_) | AnyData::BF16(_) => {
            return Err(format!("its numbers are {}: it holds u8, u16, i16, f32 or f64", image.data.dtype()));
        }
    };
    let axes = image.sizes.len();
    let mut lines = vec![
        ("ObjectType", "Image".into()),
        ("NDims", axes.to_string()),
        ("BinaryData", "True".into()),
        ("BinaryDataByteOrderMSB", "False".into()),
        ("CompressedData", "False".into()),
        ("TransformMatrix", joined(image.axis_directions().into_iter().flatten(), " ")),
        ("Offset", joined(image.placement.origin().iter().copied(), " ")),
        ("CenterOfRotation", vec!["0"; axes].join(" ")),
        ("ElementSpacing", joined(image.placement.spacing().iter().copied(), " ")),
        ("DimSize", image.sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
    ];
    if image.components > 1 {
        lines.push(("ElementNumberOfChannels", image.components.to_string()));
    }
    lines.push(("ElementType", element.into()));
    lines.push(("ElementDataFile", file.into()));
    Ok(lines.into_iter().map(|(key, value)| format!("{key} = {value}\n")).collect())
}
