//! The JSON that OpenCV writes: comments and numbers like `.Nan` make it another language, which JSON parsers refuse.

use crate::error::read::{ReadCause, one_line};
use crate::format::opencv::matrix::Fields;
use crate::format::wrong;
use crate::kind::Kind;

/// Calls `take` with the name and the parts of each matrix at the top level.
pub(super) fn each<'a>(text: &'a str, take: &mut impl FnMut(&str, Fields<'a>) -> Result<(), ReadCause>) -> Result<(), ReadCause> {
    let refused = |what: String| wrong(Kind::OpenCv, format!("is no JSON of OpenCV: it {what}"));
    let mut scan = Scan { rest: text };
    let mut matrices = Vec::new();
    scan.object(|scan, name| {
        if !scan.rest.starts_with('{') {
            return scan.value().map(drop);
        }
        let (mut fields, mut marked) = (Fields::default(), false);
        scan.object(|scan, key| {
            let value = scan.value()?;
            marked |= key == "type_id" && matches!(value, "\"opencv-matrix\"" | "\"opencv-nd-matrix\"");
            let list = value.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
            fields.set(key, list.unwrap_or(value)).map_err(|what| format!("{what} in \"{}\"", one_line(name)))
        })?;
        if marked {
            matrices.push((name, fields));
        }
        Ok(())
    })
    .map_err(refused)?;
    scan.blank();
    if !scan.rest.is_empty() {
        return Err(refused(format!("has \"{}\" after its end", one_line(scan.rest))));
    }
    matrices.into_iter().try_for_each(|(name, fields)| take(name, fields))
}

/// What is left of the text.
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// Leaves out blanks and comments.
    fn blank(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let ended = |mark: &str| self.rest.find(mark).map_or(self.rest.len(), |at| at + mark.len());
            let len = match self.rest.get(..2) {
                Some("//") => ended("\n"),
                Some("/*") => ended("*/"),
                _ => return,
            };
            self.rest = self.rest.get(len..).unwrap_or_default();
        }
    }

    /// Takes a mark if it comes next.
    fn takes(&mut self, mark: char) -> bool {
        self.blank();
        let after = self.rest.strip_prefix(mark);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Takes a mark that has to come next.
    fn expect(&mut self, mark: char) -> Result<(), String> {
        if self.takes(mark) { Ok(()) } else { Err(format!("has {} where '{mark}' is expected", self.found())) }
    }

    /// What comes next, for people.
    fn found(&self) -> String {
        let start: String = self.rest.chars().take(20).collect();
        if start.is_empty() { "its end".into() } else { format!("\"{}\"", one_line(&start)) }
    }

    /// Takes an object; `each` gets each key and takes its value.
    fn object(&mut self, mut each: impl FnMut(&mut Self, &'a str) -> Result<(), String>) -> Result<(), String> {
        self.expect('{')?;
        while !self.takes('}') {
            let key = self.value()?;
            let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
            let key = key.ok_or("has a key without quotes")?;
            self.expect(':')?;
            self.blank();
            each(self, key)?;
            if !self.takes(',') {
                return self.expect('}');
            }
        }
        Ok(())
    }

    /// Takes a value as its text: a string, a number, a word, a list, an object.
    fn value(&mut self) -> Result<&'a str, String> {
        self.blank();
        let (start, mut depth) = (self.rest, 0usize);
        loop {
            let first = self.rest.chars().next().ok_or("ends in the middle of a value")?;
            let len = match first {
                '"' => string(self.rest).ok_or("has a string that does not end")?,
                '{' | '[' => {
                    depth += 1;
                    1
                }
                '}' | ']' if depth > 0 => {
                    depth -= 1;
                    1
                }
                ',' | ':' if depth > 0 => 1,
                _ if first.is_whitespace() => first.len_utf8(),
                _ => self.rest.find(|c: char| c.is_whitespace() || "\"{}[],:".contains(c)).unwrap_or(self.rest.len()),
            };
            if len == 0 {
                return Err(format!("has {} where a value is expected", self.found()));
            }
            self.rest = self.rest.get(len..).unwrap_or_default();
            if depth == 0 {
                return Ok(start.get(..start.len() - self.rest.len()).unwrap_or_default());
            }
        }
    }
}

/// The length of a string with its quotes.
fn string(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map(|(at, _)| at + 1)
}
