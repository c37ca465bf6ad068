//! Writing a matrix as OpenCV does.

use crate::atomic::{self, at};
use crate::error::write::{WriteCause, WriteError};
use crate::format::opencv::takes;
use crate::format::pairs::Pairs;
use crate::stored::StoredField;
use displace::DType;
use std::io::{self, Write};
use std::path::Path;

/// The longest line of numbers.
const LINE: usize = 76;

/// What stands around the numbers, and between them.
struct Frame {
    start: String,
    between: &'static str,
    indent: &'static str,
    end: &'static str,
}

impl Frame {
    /// By the path's end.
    fn of(path: &Path, rows: usize, columns: usize, dtype: &str) -> Self {
        let end = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        match end.as_str() {
            "xml" => Self {
                start: format!(
                    "<?xml version=\"1.0\"?>\n<opencv_storage>\n<map type_id=\"opencv-matrix\">\n  <rows>{rows}</rows>\n  \
                     <cols>{columns}</cols>\n  <dt>\"{dtype}\"</dt>\n  <data>\n    "
                ),
                between: "",
                indent: "    ",
                end: "</data></map>\n</opencv_storage>\n",
            },
            "json" => Self {
                start: format!(
                    "{{\n    \"map\": {{\n        \"type_id\": \"opencv-matrix\",\n        \"rows\": {rows},\n        \
                     \"cols\": {columns},\n        \"dt\": \"{dtype}\",\n        \"data\": [ "
                ),
                between: ",",
                indent: "            ",
                end: " ]\n    }\n}\n",
            },
            _ => Self {
                start: format!(
                    "%YAML:1.0\n---\nmap: !!opencv-matrix\n   rows: {rows}\n   cols: {columns}\n   dt: \"{dtype}\"\n   data: [ "
                ),
                between: ",",
                indent: "       ",
                end: " ]\n",
            },
        }
    }
}

/// Writes a field, all or nothing.
pub(super) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    let refused = |what| at(path)(WriteCause::Field { format: "OpenCV matrices", what });
    let pairs = Pairs::of(field, |asked| takes(Some(asked), 2)).map_err(refused)?;
    let wide = field.array.dtype() == DType::F64;
    let frame = Frame::of(path, pairs.height, pairs.width, if wide { "2d" } else { "2f" });
    atomic::replace(path, |file| {
        file.write_all(frame.start.as_bytes())?;
        let mut column = LINE;
        let mut started = false;
        pairs.each(|_, pair| {
            let pair = pair.unwrap_or([f64::NAN; 2]);
            for text in pair.map(|v| if wide { double(v) } else { single(v as f32) }) {
                column += text.len() + 2;
                let blank = if !started {
                    ""
                } else if column > LINE {
                    "\n"
                } else {
                    " "
                };
                if blank != " " {
                    column = frame.indent.len() + text.len();
                }
                let indent = if blank == "\n" { frame.indent } else { "" };
                let between = if started { frame.between } else { "" };
                write!(file, "{between}{blank}{indent}{text}")?;
                started = true;
            }
            Ok::<(), io::Error>(())
        })?;
        Ok(file.write_all(frame.end.as_bytes())?)
    })
}

/// The shortest text of a number that is parsed as that number.
fn double(v: f64) -> String {
    special(v).map_or_else(|| format!("{v:?}"), Into::into)
}

/// The shortest text of a number that is parsed as that number, directly or, as OpenCV does, as f64 first.
fn single(v: f32) -> String {
    if let Some(text) = special(v.into()) {
        return text.into();
    }
    let shortest = format!("{v:?}");
    // Nine digits are far from the middle between two f32, where rounding twice goes wrong.
    match shortest.parse::<f64>() {
        Ok(wide) if wide as f32 == v => shortest,
        _ => format!("{v:.8e}"),
    }
}

/// OpenCV's words for what is not finite.
fn special(v: f64) -> Option<&'static str> {
    match v {
        _ if v.is_nan() => Some(".Nan"),
        f64::INFINITY => Some(".Inf"),
        f64::NEG_INFINITY => Some("-.Inf"),
        _ => None,
    }
}
