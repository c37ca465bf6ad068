//! The YAML that OpenCV writes: entries that start at the line's start, and matrices marked `!!opencv-matrix` among them.

use crate::error::read::{ReadCause, one_line};
use crate::format::opencv::matrix::{Fields, unquoted};
use crate::format::wrong;
use crate::kind::Kind;

/// Calls `take` with the name and the parts of each matrix at the top level.
pub(super) fn each<'a>(text: &'a str, take: &mut impl FnMut(&str, Fields<'a>) -> Result<(), ReadCause>) -> Result<(), ReadCause> {
    for entry in entries(text) {
        let Some((name, value)) = entry.split_once(':') else {
            return Err(wrong(Kind::OpenCv, format!("has a line \"{}\" without a colon", one_line(entry.trim()))));
        };
        let value = value.trim_start();
        let marks = ["!!opencv-matrix", "!!opencv-nd-matrix"];
        if let Some(body) = marks.into_iter().find_map(|mark| value.strip_prefix(mark)) {
            let name = unquoted(name);
            let fields = fields(body);
            take(name, fields.map_err(|what| wrong(Kind::OpenCv, format!("has a matrix \"{}\" that {what}", one_line(name))))?)?;
        }
    }
    Ok(())
}

/// The text of each entry: its first line, and the lines after it that are indented.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = without(rest, |line| !starts(line));
        let after = line(start).map_or("", |(_, after)| after);
        rest = without(after, |line| !starts(line) && !ends(line));
        start.get(..start.len() - rest.len()).filter(|entry| !entry.is_empty())
    })
}

/// Text without its first lines of a sort.
fn without(mut text: &str, leave: impl Fn(&str) -> bool) -> &str {
    while let Some((_, after)) = line(text).filter(|(line, _)| leave(line)) {
        text = after;
    }
    text
}

/// The first line with its end, and what follows it.
fn line(text: &str) -> Option<(&str, &str)> {
    let len = text.find('\n').map_or(text.len(), |end| end + 1);
    text.split_at_checked(len).filter(|(line, _)| !line.is_empty())
}

/// Whether a line starts an entry: it has a word at its start.
fn starts(line: &str) -> bool {
    !ends(line) && !line.starts_with([' ', '\t', '\r', '\n', '#', '%', '-', ']', '}'])
}

/// Whether a line parts documents.
fn ends(line: &str) -> bool {
    line.starts_with("---") || line.starts_with("...")
}

/// The parts of a matrix: keys with numbers, words, quoted words or lists.
fn fields(body: &str) -> Result<Fields<'_>, String> {
    let mut fields = Fields::default();
    let mut rest = body.trim_start();
    while !rest.is_empty() {
        let (value, after);
        if rest.starts_with('#') {
            rest = line(rest).map_or("", |(_, after)| after).trim_start();
            continue;
        }
        let (key, start) = rest.split_once(':').ok_or_else(|| format!("has \"{}\" where a key is expected", one_line(rest)))?;
        let start = start.trim_start();
        let unended = || format!("has a \"{}\" that does not end", one_line(key));
        if let Some(list) = start.strip_prefix('[') {
            (value, after) = list.split_once(']').ok_or_else(unended)?;
        } else if let Some(quoted) = start.strip_prefix('"') {
            (value, after) = quoted.split_once('"').ok_or_else(unended)?;
        } else {
            (value, after) = start.split_once('\n').unwrap_or((start, ""));
        }
        fields.set(key.trim(), value)?;
        rest = after.trim_start();
    }
    Ok(fields)
}
