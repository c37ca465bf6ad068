//! The embedded font: what PNGs are drawn with and what all text is measured with.

use resvg::usvg::fontdb::{Database, Source};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};
use std::sync::{Arc, OnceLock};

/// Families in an SVG: the embedded one first, then sans-serifs of about the same width for viewers that lack it.
pub(crate) const FAMILY: &str = "'DejaVu Sans Condensed', 'DejaVu Sans', Helvetica, Arial, sans-serif";

fn bytes(bold: bool) -> &'static [u8] {
    if bold { dejavu::sans_condensed::bold() } else { dejavu::sans_condensed::regular() }
}

/// The fonts that a PNG may use: the embedded ones and no others.
pub(crate) fn database() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let load = || {
        let mut fonts = Database::new();
        fonts.load_font_source(Source::Binary(Arc::new(bytes(false))));
        fonts.load_font_source(Source::Binary(Arc::new(bytes(true))));
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

/// Width of one line of text in user units.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    // Both fonts are constants of a dependency; half an em is the width of an average letter, should one ever not parse.
    let Ok(font) = FontRef::new(bytes(bold)) else { return text.chars().count() as f64 * size * 0.5 };
    let (map, metrics) = (font.charmap(), font.glyph_metrics(Size::new(size as f32), LocationRef::default()));
    text.chars().filter_map(|c| metrics.advance_width(map.map(c)?)).map(f64::from).sum()
}

/// Text broken into lines no wider than `limit`, where words allow.
pub(crate) fn wrap(text: &str, size: f64, bold: bool, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // Only plain spaces break a line: a no-break space holds "y down" together.
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, bold) <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    // A word that is wider than the page (a file name as title) is broken between letters rather than cut.
    lines.iter().flat_map(|line| break_letters(line, size, bold, limit)).collect()
}

fn break_letters(line: &str, size: f64, bold: bool, limit: f64) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut used = 0.0;
    for c in line.chars() {
        let wide = width(c.encode_utf8(&mut [0; 4]), size, bold);
        if used + wide > limit && used > 0.0 {
            parts.push(String::new());
            used = 0.0;
        }
        used += wide;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}
