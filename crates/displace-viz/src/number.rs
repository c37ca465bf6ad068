//! Numbers on pictures: tick places and readable labels.

/// The smallest 1, 2 or 5 times a power of ten that is at least `wanted`, which is positive.
pub(crate) fn nice_above(wanted: f64) -> f64 {
    let decade = 10f64.powf(wanted.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| f * decade >= wanted * (1.0 - 1e-9)).unwrap_or(10.0);
    exact(factor * decade)
}

/// The largest 1, 2 or 5 times a power of ten that is at most `limit`, which is positive.
pub(crate) fn nice_below(limit: f64) -> f64 {
    let decade = 10f64.powf(limit.log10().floor());
    let factor = [5.0, 2.0, 1.0].into_iter().find(|f| f * decade <= limit * (1.0 + 1e-9)).unwrap_or(1.0);
    exact(factor * decade)
}

/// The double nearest to a number of few decimal digits: powers of ten computed in doubles miss it by a few bits.
fn exact(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

/// Multiples of a nice step within `lo..=hi`, `count` of them and up to half as many more, with their labels. Pixel axes ask for a
/// `least_step` of one: no tick between pixels.
pub(crate) fn ticks(lo: f64, hi: f64, count: f64, least_step: f64) -> Vec<(f64, String)> {
    let step = nice_above((0.7 * (hi - lo) / count.max(1.0)).max(least_step));
    let slack = 1e-9 * (hi - lo);
    let (first, last) = (((lo - slack) / step).ceil(), ((hi + slack) / step).floor());
    (0..=(last - first).max(-1.0) as i64).map(|n| exact((first + n as f64) * step)).map(|v| (v, plain(v, step))).collect()
}

/// A tick label with the decimals that its step needs.
fn plain(value: f64, step: f64) -> String {
    let text = if value == 0.0 {
        "0".to_owned()
    } else if step < 1e-3 || value.abs() >= 1e6 {
        format!("{value:e}")
    } else {
        format!("{value:.*}", (-step.log10().floor()).max(0.0) as usize)
    };
    text.replace('-', "\u{2212}")
}

/// A measured value with about three figures, for text: `0.125`, `3.46`, `27.1`, `104`, `1.2e−7`.
pub(crate) fn measured(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        0.0 => "0".to_owned(),
        _ if !(1e-3..1e6).contains(&size) => format!("{value:.2e}"),
        _ => format!("{value:.*}", (2.0 - size.log10().floor()).clamp(0.0, 3.0) as usize),
    };
    trimmed(text).replace('-', "\u{2212}")
}

/// Without zeros that end a fraction.
fn trimmed(text: String) -> String {
    if text.contains('.') && !text.contains('e') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A number as SVG writes it: two decimals of a user unit are finer than any printer.
pub(crate) fn coordinate(value: f64) -> String {
    let text = trimmed(format!("{value:.2}"));
    if text == "-0" { "0".to_owned() } else { text }
}

/// `1st`, `2nd`, `3rd`, `4th`.
pub(crate) fn ordinal(n: usize) -> String {
    let suffix = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{suffix}")
}

/// A count with thin spaces between thousands: `16 777 216`.
pub(crate) fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_one_two_five() {
        assert_eq!([0.7, 1.0, 1.1, 4.9, 5.1, 30.0].map(nice_above), [1.0, 1.0, 2.0, 5.0, 10.0, 50.0]);
        assert_eq!([0.7, 1.0, 4.9, 5.1, 30.0].map(nice_below), [0.5, 1.0, 2.0, 5.0, 20.0]);
    }

    #[test]
    fn ticks_lie_within_and_carry_needed_decimals() {
        let labels = |lo, hi, n, least| ticks(lo, hi, n, least).into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(labels(0.0, 1.0, 5.0, 0.0), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(-0.5, 0.5, 6.0, 1.0), ["0"]);
        assert_eq!(labels(-20.5, 40.5, 3.0, 1.0), ["\u{2212}20", "0", "20", "40"]);
        assert_eq!(labels(0.0, 3e-7, 3.0, 0.0), ["0", "1e\u{2212}7", "2e\u{2212}7", "3e\u{2212}7"]);
    }

    #[test]
    fn measured_values_keep_three_figures() {
        assert_eq!([0.125, 3.456, 27.11, 104.2, -2.5, 0.0].map(measured), ["0.125", "3.46", "27.1", "104", "\u{2212}2.5", "0"]);
        assert_eq!(measured(1.234e-7), "1.23e\u{2212}7");
        assert_eq!([1, 2, 3, 4, 11, 22].map(ordinal), ["1st", "2nd", "3rd", "4th", "11th", "22nd"]);
        assert_eq!(count(16_777_216), "16\u{2009}777\u{2009}216");
    }
}
