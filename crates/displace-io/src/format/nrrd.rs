//! An NRRD image: text lines of `field: value`, and the numbers after an empty line or in a file beside.

use crate::atomic::{at, replace};
use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::error::write::{WriteCause, WriteError};
use crate::format::volume::{
    Promise, Written, array, beside, by, interleaved, is_float, joined, line, placed, preset, write_numbers,
};
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::memory::Memory;
use crate::numbers::{Scalar, bytes_of, count_of};
use crate::save::own;
use crate::stored::{StoredField, Volume};
use displace::{AnyData, Convention, Layout, Placement};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, Read, Write};
use std::path::Path;

fn refused(what: impl std::fmt::Display) -> ReadCause {
    wrong(Kind::Nrrd, what)
}

/// Reads what the bytes hold.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let (header, rest) = Header::parse(input.bytes)?;
    let sizes = header.sizes()?;
    let scalar = header.scalar()?;
    let axes = header.axes(&sizes)?;
    let promise = Promise { kind: Kind::Nrrd, scalar, sizes: &sizes, big_endian: header.big_endian(scalar)? };
    let data = match header.get("datafile") {
        None => header.data(&promise, rest, input.memory)?,
        Some(name) if name.starts_with("LIST") || name.contains('%') => {
            return Err(refused(format!("has its data in several files (\"{}\"): expected one", one_line(name))));
        }
        Some(name) => {
            if rest.iter().any(|byte| !byte.is_ascii_whitespace()) {
                return Err(refused(format!("goes on after naming \"{}\" as the file of its data", one_line(name))));
            }
            let bytes = beside(input, Kind::Nrrd, name)?;
            header.data(&promise, &bytes, input.memory)?
        }
    };
    header.contents(&sizes, scalar, &axes, data, input.memory)
}

/// The fields of a header, their names in small letters without spaces.
struct Header {
    fields: Vec<(String, String)>,
}

/// What the axes are.
struct Axes {
    /// The axis of components or channels: the first or the last.
    components: Option<usize>,
    /// The others, x first.
    lattice: Vec<usize>,
    /// What the header calls the components.
    kind: String,
}

impl Header {
    /// The fields up to the empty line or the end, and the bytes after it.
    fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), ReadCause> {
        const MOST: usize = 1000;
        let mut fields: Vec<(String, String)> = Vec::new();
        let (first, mut rest) = line(Kind::Nrrd, bytes)?;
        if !matches!(&first[..], "NRRD0001" | "NRRD0002" | "NRRD0003" | "NRRD0004" | "NRRD0005") {
            return Err(refused(format!("starts with \"{}\": expected NRRD0001 to NRRD0005", one_line(&first))));
        }
        while !rest.is_empty() {
            let (text, after) = line(Kind::Nrrd, rest)?;
            rest = after;
            if text.is_empty() {
                return Ok((Self { fields }, rest));
            }
            // Comments, and keys with values of somebody's own.
            if text.starts_with('#') || text.contains(":=") {
                continue;
            }
            let found = text.split_once(": ").or_else(|| text.split_once(':'));
            let (name, value) =
                found.ok_or_else(|| refused(format!("has the line \"{}\": expected \"field: value\"", one_line(&text))))?;
            let name = name.to_lowercase().replace(' ', "");
            if fields.len() == MOST {
                return Err(refused(format!("has more than {MOST} fields in its header")));
            }
            if fields.iter().any(|(other, _)| *other == name) {
                return Err(refused(format!("says \"{}\" twice", one_line(&name))));
            }
            fields.push((name, value.trim().to_owned()));
        }
        let header = Self { fields };
        match header.get("datafile") {
            Some(_) => Ok((header, rest)),
            None => Err(refused("ends inside its header: expected an empty line, then the numbers")),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn needed(&self, name: &str) -> Result<&str, ReadCause> {
        self.get(name).ok_or_else(|| refused(format!("has no field \"{name}\"")))
    }

    fn bad(&self, name: &str, expected: &str) -> ReadCause {
        refused(format!("says \"{name}: {}\": expected {expected}", one_line(self.get(name).unwrap_or_default())))
    }

    /// A whole number, 0 if it is not there.
    fn whole(&self, name: &str) -> Result<i64, ReadCause> {
        self.get(name).map_or(Ok(0), |text| text.parse().map_err(|_| self.bad(name, "a whole number")))
    }

    /// The words of a field, one for each axis.
    fn words(&self, name: &str, axes: usize) -> Result<Option<Vec<&str>>, ReadCause> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        if words.len() == axes { Ok(Some(words)) } else { Err(self.bad(name, &format!("one for each of {axes} axes"))) }
    }

    fn sizes(&self) -> Result<Vec<usize>, ReadCause> {
        self.needed("dimension")?;
        let axes = match self.whole("dimension")? {
            axes @ 1..=16 => axes as usize,
            _ => return Err(self.bad("dimension", "1 to 16")),
        };
        self.needed("sizes")?;
        let words = self.words("sizes", axes)?.unwrap_or_default();
        let sizes: Option<Vec<usize>> = words.iter().map(|word| word.parse().ok().filter(|size| *size > 0)).collect();
        sizes.ok_or_else(|| self.bad("sizes", "whole numbers above 0"))
    }

    fn scalar(&self) -> Result<Scalar, ReadCause> {
        Ok(match self.needed("type")?.to_lowercase().as_str() {
            "signed char" | "int8" | "int8_t" => Scalar::I8,
            "uchar" | "unsigned char" | "uint8" | "uint8_t" => Scalar::U8,
            "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => Scalar::I16,
            "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Scalar::U16,
            "int" | "signed int" | "int32" | "int32_t" => Scalar::I32,
            "uint" | "unsigned int" | "uint32" | "uint32_t" => Scalar::U32,
            "longlong" | "long long" | "long long int" | "signed long long" | "signed long long int" | "int64" | "int64_t" => {
                Scalar::I64
            }
            "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => Scalar::U64,
            "float" => Scalar::F32,
            "double" => Scalar::F64,
            _ => return Err(self.bad("type", "integers of 8 to 64 bits, float or double")),
        })
    }

    /// The order of bytes, which has to be said where there is one.
    fn big_endian(&self, scalar: Scalar) -> Result<bool, ReadCause> {
        match self.get("endian").map(str::to_lowercase).as_deref() {
            Some("big") => Ok(true),
            Some("little") => Ok(false),
            None if scalar.size() == 1 || self.is_text() => Ok(false),
            None => Err(refused("does not say \"endian: little\" or \"endian: big\"")),
            Some(_) => Err(self.bad("endian", "little or big")),
        }
    }

    fn is_text(&self) -> bool {
        matches!(self.get("encoding").unwrap_or_default().to_lowercase().as_str(), "txt" | "text" | "ascii")
    }

    /// The numbers, from the bytes that hold them after the lines and bytes to be skipped.
    fn data(&self, promise: &Promise<'_>, bytes: &[u8], memory: &mut Memory) -> Result<AnyData, ReadCause> {
        let mut rest = bytes;
        let lines = self.whole("lineskip")?;
        if lines < 0 {
            return Err(self.bad("lineskip", "0 or more"));
        }
        for _ in 0..lines {
            let end = rest
                .iter()
                .position(|byte| *byte == b'\n')
                .ok_or_else(|| self.bad("lineskip", "fewer lines than its data have"))?;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        let skip = self.whole("byteskip")?;
        let beyond = || self.bad("byteskip", &format!("-1 or less than its {} bytes of data", rest.len()));
        let encoding = self.needed("encoding")?.to_lowercase();
        if skip < 0 && (encoding != "raw" || skip != -1) {
            return Err(self.bad("byteskip", "0 or more (-1 only if the encoding is raw)"));
        }
        match encoding.as_str() {
            "raw" if skip == -1 => {
                let said = bytes_of(promise.scalar, count_of(promise.sizes)?)?;
                let at = usize::try_from(said).ok().and_then(|said| rest.len().checked_sub(said)).unwrap_or_default();
                promise.exact(rest.get(at..).unwrap_or_default(), memory)
            }
            "raw" => promise.exact(usize::try_from(skip).ok().and_then(|skip| rest.get(skip..)).ok_or_else(beyond)?, memory),
            "txt" | "text" | "ascii" => {
                promise.decimal(usize::try_from(skip).ok().and_then(|skip| rest.get(skip..)).ok_or_else(beyond)?, memory)
            }
            "gz" | "gzip" => {
                let mut stream = MultiGzDecoder::new(rest);
                let skip = skip.unsigned_abs();
                match io::copy(&mut stream.by_ref().take(skip), &mut io::sink()) {
                    Ok(skipped) if skipped == skip => promise.inflated(&mut stream, rest.len(), memory),
                    _ => Err(beyond()),
                }
            }
            _ => Err(self.bad("encoding", "raw, gzip or ascii")),
        }
    }

    /// Which axis has the components: by its kind, or by having no direction in space.
    fn axes(&self, sizes: &[usize]) -> Result<Axes, ReadCause> {
        let kinds = self.words("kinds", sizes.len())?;
        let directions = self.directions(sizes.len())?;
        let kind = |axis: usize| kinds.as_ref().and_then(|kinds| kinds.get(axis)).map_or(String::new(), |kind| kind.to_lowercase());
        let placed = |axis: usize| match (directions.as_ref().and_then(|list| list.get(axis)), kind(axis).as_str()) {
            (Some(direction), _) => direction.is_some(),
            (None, "domain" | "space" | "???" | "none" | "") => true,
            (None, _) => false,
        };
        let (lattice, others): (Vec<usize>, Vec<usize>) = (0..sizes.len()).partition(|axis| placed(*axis));
        let components = match others[..] {
            [] => None,
            [axis] if axis == 0 || axis + 1 == sizes.len() => Some(axis),
            _ => {
                return Err(refused(format!(
                    "has {} of kinds \"{}\": expected at most one axis of components, first or last",
                    by(sizes),
                    one_line(self.get("kinds").unwrap_or_default())
                )));
            }
        };
        if !matches!(lattice.len(), 2 | 3) {
            return Err(refused(format!(
                "has {} axes in space, of {}: expected 2 or 3, and one of components whose kind says so",
                lattice.len(),
                by(sizes)
            )));
        }
        Ok(Axes { components, lattice, kind: components.map(kind).unwrap_or_default() })
    }

    /// A vector or `none` for each axis.
    fn directions(&self, axes: usize) -> Result<Option<Vec<Option<Vec<f64>>>>, ReadCause> {
        let Some(text) = self.get("spacedirections") else { return Ok(None) };
        let expected = || self.bad("spacedirections", &format!("none or (a,b,..) for each of {axes} axes"));
        let mut found = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("none") {
                found.push(None);
                rest = after.trim_start();
                continue;
            }
            let (numbers, after) = rest.split_once(')').ok_or_else(expected)?;
            let numbers = vector(&format!("{numbers})")).ok_or_else(expected)?;
            found.push((!numbers.iter().all(|v| v.is_nan())).then_some(numbers));
            rest = after.trim_start();
        }
        if found.len() == axes { Ok(Some(found)) } else { Err(expected()) }
    }

    /// Signs that turn the header's space into LPS, and what is to be said of it.
    fn signs(&self, remarks: &mut Vec<String>) -> Result<[f64; 3], ReadCause> {
        Ok(match self.get("space").map(str::to_lowercase).as_deref() {
            None => {
                remarks.push("it names no space: its axes are taken as LPS".into());
                [1.0; 3]
            }
            Some("left-posterior-superior" | "lps") => [1.0; 3],
            Some("right-anterior-superior" | "ras") => [-1.0, -1.0, 1.0],
            Some("left-anterior-superior" | "las") => [1.0, -1.0, 1.0],
            Some(other @ ("scanner-xyz" | "3d-right-handed" | "3d-left-handed")) => {
                remarks.push(format!("its space is \"{other}\", which says nothing of a body: it is taken as LPS"));
                [1.0; 3]
            }
            Some(_) => {
                return Err(self.bad("space", "left-posterior-superior, right-anterior-superior or left-anterior-superior"));
            }
        })
    }

    fn placement(&self, sizes: &[usize], axes: &Axes, remarks: &mut Vec<String>) -> Result<Placement, ReadCause> {
        let n = axes.lattice.len();
        let signs = self.signs(remarks)?;
        let Some(directions) = self.directions(sizes.len())? else { return self.unplaced(sizes.len(), axes) };
        let columns: Vec<Vec<f64>> = axes.lattice.iter().filter_map(|axis| directions.get(*axis).cloned().flatten()).collect();
        if columns.len() != n || columns.iter().any(|column| column.len() != n) {
            return Err(self.bad("spacedirections", &format!("{n} vectors of {n} numbers, as many as axes lie in space")));
        }
        let origin = match self.get("spaceorigin") {
            Some(text) => vector(text).filter(|v| v.len() == n).ok_or_else(|| self.bad("spaceorigin", &format!("{n} numbers")))?,
            None => vec![0.0; n],
        };
        let spacing: Vec<f64> = columns.iter().map(|column| column.iter().map(|v| v * v).sum::<f64>().sqrt()).collect();
        let direction: Vec<f64> = (0..n)
            .flat_map(|i| columns.iter().zip(&spacing).map(move |(column, length)| signs[i] * column[i] / length + 0.0))
            .collect();
        let origin: Vec<f64> = origin.iter().zip(signs).map(|(v, sign)| sign * v + 0.0).collect();
        placed(Kind::Nrrd, Placement::new(&spacing, &origin, &direction))
    }

    /// A placement from spacings and minima along the axes. A minimum is where the axis begins: half a pixel before the first
    /// centre, unless the axis is centred on its nodes.
    fn unplaced(&self, count: usize, axes: &Axes) -> Result<Placement, ReadCause> {
        let numbers = |name: &str| -> Result<Option<Vec<f64>>, ReadCause> {
            let Some(words) = self.words(name, count)? else { return Ok(None) };
            let all: Option<Vec<f64>> = words.iter().map(|word| word.parse().ok()).collect();
            all.map(Some).ok_or_else(|| self.bad(name, "numbers"))
        };
        let (spacings, minima) = (numbers("spacings")?, numbers("axismins")?);
        let centres = self.words("centers", count)?.or(self.words("centerings", count)?);
        let of =
            |list: &Option<Vec<f64>>, axis: usize| list.as_ref().and_then(|list| list.get(axis)).copied().filter(|v| !v.is_nan());
        let spacing: Vec<f64> = axes.lattice.iter().map(|axis| of(&spacings, *axis).unwrap_or(1.0)).collect();
        let origin = axes.lattice.iter().zip(&spacing).map(|(axis, spacing)| {
            let node = centres.as_ref().and_then(|list| list.get(*axis)).is_some_and(|centre| *centre == "node");
            of(&minima, *axis).map_or(0.0, |minimum| if node { minimum } else { minimum + spacing / 2.0 })
        });
        let direction = Placement::identity(axes.lattice.len()).direction().to_vec();
        placed(Kind::Nrrd, Placement::new(&spacing, &origin.collect::<Vec<_>>(), &direction))
    }

    fn contents(
        &self,
        sizes: &[usize],
        scalar: Scalar,
        axes: &Axes,
        data: AnyData,
        memory: &mut Memory,
    ) -> Result<Contents, ReadCause> {
        let mut remarks = Vec::new();
        let placement = self.placement(sizes, axes, &mut remarks)?;
        let channels = axes.components.and_then(|axis| sizes.get(axis)).copied().unwrap_or(1);
        let vector = matches!(axes.kind.as_str(), "vector" | "covariant-vector" | "2-vector" | "3-vector");
        if axes.components.is_none() || !vector || channels != axes.lattice.len() || !is_float(scalar) {
            let lattice = axes.lattice.iter().filter_map(|axis| sizes.get(*axis)).copied();
            let sizes: Vec<usize> = (channels > 1).then_some(channels).into_iter().chain(lattice).collect();
            let planes = channels > 1 && axes.components != Some(0);
            let data = if planes { interleaved(Kind::Nrrd, data, channels, memory)? } else { data };
            return Ok(Contents::Volume(Volume { array: array(Kind::Nrrd, &sizes, data)?, placement, channels }));
        }
        let layout = if axes.components == Some(0) { Layout::Interleaved } else { Layout::Planar };
        let readings = self.readings(layout);
        let array = array(Kind::Nrrd, sizes, data)?;
        self.remark(&mut remarks);
        Ok(Contents::Field(StoredField { array, readings, valid: None, placement: Some(placement), remarks }))
    }

    /// ITK keeps LPS whatever the space is; others may go by the space.
    fn readings(&self, layout: Layout) -> Vec<Convention> {
        let mut readings = vec![preset("itk", layout)];
        if matches!(self.get("space").map(str::to_lowercase).as_deref(), Some("right-anterior-superior" | "ras")) {
            readings.push(preset("nitransforms,axes=ij", layout));
        }
        readings
    }

    fn remark(&self, remarks: &mut Vec<String>) {
        if let Some(frame) = self.get("measurementframe") {
            let numbers: Vec<f64> = frame.split(['(', ')', ',', ' ']).filter_map(|word| word.parse().ok()).collect();
            let n = numbers.len().isqrt();
            let same = numbers.iter().enumerate().all(|(k, v)| *v == f64::from(u8::from(k % (n + 1) == 0)));
            if !same {
                remarks.push(format!("its measurement frame is {}: the numbers are not turned by it", one_line(frame)));
            }
        }
        if let Some(units) = self.get("spaceunits")
            && units.split(['"', ' ']).any(|unit| !matches!(unit, "" | "mm"))
        {
            remarks.push(format!("its space units are {}: they are taken as mm", one_line(units)));
        }
    }
}

/// `(a,b,..)`.
fn vector(text: &str) -> Option<Vec<f64>> {
    let inside = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    inside.split(',').map(|word| word.trim().parse().ok()).collect()
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(asked: Option<&Convention>, _: usize) -> Result<Convention, String> {
    own("NRRD vectors", "itk", asked)
}

/// Writes a field, all or nothing.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let written = Written::field(field, Layout::Interleaved).and_then(|(written, convention)| {
        takes(Some(&convention), written.components)?;
        Ok(written)
    });
    put(path, written, "vector")
}

/// Writes an image, all or nothing.
pub(crate) fn write_image(path: &Path, volume: &Volume) -> Result<(), WriteError> {
    let kind = match volume.channels {
        3 => "RGB-color",
        4 => "RGBA-color",
        _ => "list",
    };
    put(path, Written::image(volume), kind)
}

fn put(path: &Path, written: Result<Written<'_>, String>, kind: &str) -> Result<(), WriteError> {
    let encoded = written.and_then(|written| Ok((header(&written, kind)?, written.data)));
    let (header, data) = encoded.map_err(|what| at(path)(WriteCause::Field { format: "NRRD", what }))?;
    replace(path, |file| {
        file.write_all(header.as_bytes())?;
        let mut stream = GzEncoder::new(file, Compression::default());
        write_numbers(&mut stream, data)?;
        stream.finish()?;
        Ok(())
    })
}

/// The header with the empty line after it.
fn header(image: &Written<'_>, kind: &str) -> Result<String, String> {
    let element = match image.data {
        AnyData::U8(_) => "unsigned char",
        AnyData::U16(_) => "unsigned short",
        AnyData::I16(_) => "short",
        AnyData::F32(_) => "float",
        AnyData::F64(_) => "double",
        AnyData::F16(_) | AnyData::BF16(_) => {
            return Err(format!("its numbers are {}: it holds u8, u16, i16, f32 or f64", image.data.dtype()));
        }
    };
    let axes = image.sizes.len();
    let mut sizes = image.sizes.clone();
    let mut kinds = vec!["domain"; axes];
    let scaled = image.axis_directions().into_iter().zip(image.placement.spacing());
    let mut directions: Vec<String> =
        scaled.map(|(axis, length)| format!("({})", joined(axis.iter().map(|v| v * length), ","))).collect();
    if image.components > 1 {
        sizes.insert(0, image.components);
        kinds.insert(0, kind);
        directions.insert(0, "none".into());
    }
    let space = if axes == 3 { "space: left-posterior-superior" } else { "space dimension: 2" };
    Ok(format!(
        "NRRD0004\ntype: {element}\ndimension: {}\n{space}\nsizes: {}\nspace directions: {}\nkinds: {}\nendian: little\nencoding: gzip\n\
         space origin: ({})\n\n",
        sizes.len(),
        sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        directions.join(" "),
        kinds.join(" "),
        joined(image.placement.origin().iter().copied(), ","),
    ))
}
