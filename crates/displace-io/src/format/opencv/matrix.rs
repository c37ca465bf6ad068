//! A matrix: what its text says, and its numbers.

use crate::error::read::{ReadCause, one_line};
use crate::format::wrong;
use crate::kind::Kind;
use crate::memory::{self, Memory};
use crate::numbers;
use displace::{AnyData, bf16, f16};

/// A matrix's parts as text.
#[derive(Default)]
pub(super) struct Fields<'a> {
    rows: Option<&'a str>,
    columns: Option<&'a str>,
    sizes: Option<&'a str>,
    dtype: Option<&'a str>,
    data: Option<&'a str>,
}

/// A matrix.
pub(super) struct Matrix {
    /// Its name.
    pub(super) name: String,
    /// Lengths of its axes, outermost first.
    pub(super) sizes: Vec<usize>,
    /// Numbers of one element.
    pub(super) channels: usize,
    /// The letter of its type.
    pub(super) code: char,
    /// Its numbers.
    pub(super) data: AnyData,
}

impl<'a> Fields<'a> {
    /// Takes a part; those that say nothing of the numbers are left out.
    pub(super) fn set(&mut self, key: &str, value: &'a str) -> Result<(), String> {
        let field = match key {
            "rows" => &mut self.rows,
            "cols" => &mut self.columns,
            "sizes" => &mut self.sizes,
            "dt" => &mut self.dtype,
            "data" => &mut self.data,
            _ => return Ok(()),
        };
        let value = unquoted(value);
        if key == "data" && ["!!", "$base64$"].iter().any(|mark| value.starts_with(mark)) {
            return Err("has its numbers in base64: expected text, as FileStorage writes by default".into());
        }
        match field.replace(value) {
            None => Ok(()),
            Some(_) => Err(format!("has two \"{key}\"")),
        }
    }

    /// The matrix, its numbers parsed.
    pub(super) fn matrix(self, name: &str, memory: &mut Memory) -> Result<Matrix, ReadCause> {
        let refused = |what: String| wrong(Kind::OpenCv, format!("has a matrix \"{}\" that {what}", one_line(name)));
        let (sizes, code, channels, text) = self.header().map_err(refused)?;
        let count = numbers::count_of(&sizes).and_then(|count| numbers::count_of(&[count, channels]))?;
        let said = || format!("says {} of {channels} channels = {count} numbers", by(&sizes));
        // A number is a character at least, and a blank between two.
        if count > text.len() / 2 + 1 {
            return Err(refused(format!("{}, more than its {} characters can be", said(), text.len())));
        }
        let data = data(code, count, text, memory).map_err(|error| match error {
            Bad::Memory(cause) => cause,
            Bad::Number(word) => refused(format!("holds \"{}\" where a number of type '{code}' is expected", one_line(word))),
            Bad::Count(found) => refused(format!("{}, but {found} follow", said())),
            Bad::Code => refused(format!("has the type '{code}': expected one of b u c w s I i L U h H f d")),
        })?;
        Ok(Matrix { name: name.into(), sizes, channels, code, data })
    }

    /// Lengths, type, channels, and the text of the numbers.
    fn header(&self) -> Result<(Vec<usize>, char, usize, &'a str), String> {
        let length = |text: &str| text.trim().parse::<usize>().map_err(|_| format!("says a length of \"{}\"", one_line(text)));
        let sizes = match (self.sizes, self.rows, self.columns) {
            (None, Some(rows), Some(columns)) => vec![length(rows)?, length(columns)?],
            (Some(sizes), None, None) => {
                let sizes: Vec<usize> = words(sizes).map(length).collect::<Result<_, _>>()?;
                // OpenCV's own limit.
                if sizes.is_empty() || sizes.len() > 32 {
                    return Err(format!("has {} axes: expected 1 to 32", sizes.len()));
                }
                sizes
            }
            _ => return Err("does not say its size: expected rows and cols, or sizes".into()),
        };
        let dtype = self.dtype.ok_or("does not say its type (dt)")?;
        let other = || format!("has the type \"{}\": expected a number of channels and a letter", one_line(dtype));
        let code = dtype.chars().last().filter(char::is_ascii_alphabetic).ok_or_else(other)?;
        let channels = match dtype.strip_suffix(code).unwrap_or_default() {
            "" => 1,
            count => count.parse().ok().filter(|count| *count > 0).ok_or_else(other)?,
        };
        let data = self.data.ok_or("has no data")?;
        Ok((sizes, code, channels, data))
    }
}

/// Lengths for people.
fn by(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// Text without the quotes around it.
pub(super) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

/// The words of a list.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|word| !word.is_empty())
}

/// Why there are no numbers.
enum Bad<'a> {
    Memory(ReadCause),
    Number(&'a str),
    Count(usize),
    Code,
}

/// `count` numbers of a type: what arrays here do not hold is widened to what does.
fn data<'a>(code: char, count: usize, text: &'a str, memory: &mut Memory) -> Result<AnyData, Bad<'a>> {
    let float = |word: &str| special(word).or_else(|| word.parse::<f64>().ok().filter(|v| v.is_finite()));
    Ok(match code {
        'b' | 'u' => parsed(count, text, memory, |word| word.parse::<u8>().ok())?.into(),
        'c' => parsed(count, text, memory, |word| word.parse::<i8>().ok().map(i16::from))?.into(),
        'w' => parsed(count, text, memory, |word| word.parse::<u16>().ok())?.into(),
        's' => parsed(count, text, memory, |word| word.parse::<i16>().ok())?.into(),
        'i' => parsed(count, text, memory, |word| word.parse::<i32>().ok().map(f64::from))?.into(),
        'I' => parsed(count, text, memory, |word| word.parse::<u32>().ok().map(f64::from))?.into(),
        'L' => parsed(count, text, memory, |word| word.parse::<i64>().ok().filter(|v| *v as f64 as i64 == *v).map(|v| v as f64))?
            .into(),
        'U' => parsed(count, text, memory, |word| word.parse::<u64>().ok().filter(|v| *v as f64 as u64 == *v).map(|v| v as f64))?
            .into(),
        'h' => parsed(count, text, memory, |word| float(word).map(f16::from_f64))?.into(),
        'H' => parsed(count, text, memory, |word| float(word).map(bf16::from_f64))?.into(),
        'f' => parsed(count, text, memory, |word| {
            special(word).map(|v| v as f32).or_else(|| word.parse::<f32>().ok().filter(|v| v.is_finite()))
        })?
        .into(),
        'd' => parsed(count, text, memory, float)?.into(),
        _ => return Err(Bad::Code),
    })
}

/// OpenCV's words for what is not finite; the quoted ones are others' JSON.
fn special(word: &str) -> Option<f64> {
    match unquoted(word).to_ascii_lowercase().as_str() {
        ".nan" | "-.nan" | "nan" | "-nan" => Some(f64::NAN),
        ".inf" | "+.inf" | "inf" | "infinity" => Some(f64::INFINITY),
        "-.inf" | "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn parsed<'a, T>(count: usize, text: &'a str, memory: &mut Memory, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Bad<'a>> {
    memory.take((count as u64).saturating_mul(size_of::<T>() as u64)).map_err(Bad::Memory)?;
    let mut numbers = Vec::new();
    memory::reserve(&mut numbers, count).map_err(Bad::Memory)?;
    let mut all = words(text);
    for word in all.by_ref().take(count) {
        numbers.push(parse(word).ok_or(Bad::Number(word))?);
    }
    match numbers.len() + all.count() {
        found if found == count => Ok(numbers),
        found => Err(Bad::Count(found)),
    }
}
