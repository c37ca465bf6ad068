//! The Python literals of a header: a flat dictionary, and a tuple of whole numbers. Nothing is evaluated.

use crate::error::npy::NpyError;
use crate::error::read::one_line;

/// The keys and values of `{'key': value, ..}`, values as they are written.
pub(super) fn dictionary(text: &str) -> Result<Vec<(&str, &str)>, NpyError> {
    let mut rest = strip(text.trim(), '{')?;
    let mut pairs = Vec::new();
    while !rest.starts_with('}') {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or_else(|| syntax("a quoted key", rest))?;
        let (key, after) = rest[1..].split_once(quote).ok_or_else(|| syntax("a quoted key", rest))?;
        let after = strip(after.trim_start(), ':')?;
        let end = value_end(after);
        pairs.push((key, after[..end].trim()));
        rest = after[end..].strip_prefix(',').unwrap_or(&after[end..]).trim_start();
        if end == after.len() {
            return Err(syntax("'}' at the end", rest));
        }
    }
    match rest[1..].trim() {
        "" => Ok(pairs),
        more => Err(syntax("nothing after the dictionary", more)),
    }
}

/// The text of each item of `(1, 2,)`.
pub(super) fn tuple(text: &str) -> Result<Vec<&str>, NpyError> {
    let inside = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).ok_or_else(|| syntax("a shape like (2, 3)", text))?;
    let inside = inside.trim();
    let items = inside.strip_suffix(',').unwrap_or(inside);
    if items.is_empty() && inside.is_empty() {
        return Ok(Vec::new());
    }
    Ok(items.split(',').map(str::trim).collect())
}

/// A malformed header, with the text at fault.
pub(super) fn syntax(expected: &'static str, found: &str) -> NpyError {
    let short: String = found.trim_end().chars().take(60).collect();
    NpyError::Syntax { expected, found: one_line(&short) }
}

fn strip(text: &str, c: char) -> Result<&str, NpyError> {
    let expected = if c == '{' { "'{' at the start" } else { "':' after a key" };
    text.strip_prefix(c).map(str::trim_start).ok_or_else(|| syntax(expected, text))
}

/// Where a value ends: at the first comma or closing bracket outside its own brackets and quotes.
fn value_end(text: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ',' | '}') if depth == 0 => return at,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_are_taken_apart() {
        let text = "{'descr': [('a', '<f4', (2,)), (\"}\", 'u1')], 'shape': (3, 4), }   \n";
        assert_eq!(dictionary(text).unwrap(), [("descr", "[('a', '<f4', (2,)), (\"}\", 'u1')]"), ("shape", "(3, 4)")]);
        assert_eq!(dictionary("{}").unwrap(), []);
    }

    #[test]
    fn tuples_are_taken_apart() {
        assert_eq!(tuple("()").unwrap(), [""; 0]);
        assert_eq!(tuple("(3,)").unwrap(), ["3"]);
        assert_eq!(tuple("( 3 , 4L )").unwrap(), ["3", "4L"]);
        assert_eq!(tuple("(,)").unwrap(), [""]);
        assert!(tuple("[3]").is_err());
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "{", "{'", "{'a", "{'a'", "{'a':", "{'a': 1", "{'a': 1,", "{'a': '}", "{'a': 1} 2", "[1]", "{a: 1}", "{'a' 1}"]
        {
            assert!(dictionary(text).is_err(), "{text}");
        }
    }
}
