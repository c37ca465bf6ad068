//! NumPy's type strings, like `<f4`.

use crate::error::npy::NpyError;
use crate::error::read::one_line;
use displace::AnyData;

/// What an array's bytes are: an empty vector of the type, and whether its bytes are in the other order.
pub(super) struct Numbers {
    pub(super) empty: AnyData,
    pub(super) swapped: bool,
    pub(super) code: &'static str,
}

/// Reads a header's `descr`, as it is written there.
pub(super) fn numbers(descr: &str, bf16: bool) -> Result<Numbers, NpyError> {
    let text = quoted(descr).ok_or_else(|| unsupported(descr))?;
    let (order, code) = match text.chars().next() {
        Some(order @ ('<' | '>' | '=' | '|')) => (order, &text[1..]),
        _ => ('=', text),
    };
    let (empty, code) = match code {
        "u1" => (AnyData::U8(Vec::new()), "u1"),
        "u2" => (AnyData::U16(Vec::new()), "u2"),
        "i2" => (AnyData::I16(Vec::new()), "i2"),
        "f2" => (AnyData::F16(Vec::new()), "f2"),
        "f4" => (AnyData::F32(Vec::new()), "f4"),
        "f8" => (AnyData::F64(Vec::new()), "f8"),
        "bfloat16" => (AnyData::BF16(Vec::new()), "bfloat16"),
        "V2" if bf16 => (AnyData::BF16(Vec::new()), "bfloat16"),
        "V2" => return Err(NpyError::Raw { found: text.into() }),
        _ => return Err(unsupported(descr)),
    };
    let swapped = order == if cfg!(target_endian = "little") { '>' } else { '<' };
    Ok(Numbers { empty, swapped, code })
}

fn quoted(descr: &str) -> Option<&str> {
    let quote = descr.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    descr[1..].strip_suffix(quote)
}

fn unsupported(descr: &str) -> NpyError {
    let found: String = one_line(&descr.chars().take(60).collect::<String>());
    let Some(text) = quoted(descr) else {
        return NpyError::Type { found: format!("structured elements ({found})") };
    };
    let code = text.trim_start_matches(['<', '>', '=', '|']);
    let bits = code.get(1..).and_then(|size| size.parse::<u32>().ok()).and_then(|size| size.checked_mul(8));
    let what = match (code.chars().next(), bits) {
        (Some('b' | '?'), _) => "booleans".to_string(),
        (Some('i'), Some(bits)) => format!("{bits}-bit signed integers"),
        (Some('u'), Some(bits)) => format!("{bits}-bit unsigned integers"),
        (Some('f'), Some(bits)) => format!("{bits}-bit floats"),
        (Some('c'), Some(bits)) => format!("{bits}-bit complex numbers"),
        (Some('O'), _) => "Python objects".into(),
        (Some('S' | 'a' | 'U'), _) => "text".into(),
        (Some('M' | 'm'), _) => "dates or times".into(),
        (Some('V'), _) => "raw data".into(),
        _ => "elements of an unknown type".into(),
    };
    NpyError::Type { found: format!("{what} ({found})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use displace::DType;

    #[test]
    fn byte_orders_are_understood() {
        for (descr, dtype, big) in
            [("'<f4'", DType::F32, false), ("'>f8'", DType::F64, true), ("'|u1'", DType::U8, false), ("\">i2\"", DType::I16, true)]
        {
            let numbers = numbers(descr, false).unwrap();
            assert_eq!(
                (numbers.empty.dtype(), numbers.swapped),
                (dtype, big == cfg!(target_endian = "little") && descr != "'|u1'")
            );
        }
    }

    #[test]
    fn raw_bytes_are_bf16_only_when_asked() {
        assert!(matches!(numbers("'<V2'", false), Err(NpyError::Raw { .. })));
        assert_eq!(numbers("'|V2'", true).unwrap().empty.dtype(), DType::BF16);
        assert_eq!(numbers("'bfloat16'", false).unwrap().empty.dtype(), DType::BF16);
    }

    #[test]
    fn others_are_named() {
        for (descr, name) in [
            ("'<i8'", "64-bit signed integers ('<i8')"),
            ("'|b1'", "booleans ('|b1')"),
            ("'<c8'", "64-bit complex numbers ('<c8')"),
            ("'|O'", "Python objects ('|O')"),
            ("'<U3'", "text ('<U3')"),
            ("'\u{e9}'", "elements of an unknown type ('\u{e9}')"),
            ("''", "elements of an unknown type ('')"),
            ("'", "structured elements (')"),
            ("[('a', '<f4')]", "structured elements ([('a', '<f4')])"),
        ] {
            assert_eq!(numbers(descr, true).err(), Some(NpyError::Type { found: name.into() }));
        }
    }
}
