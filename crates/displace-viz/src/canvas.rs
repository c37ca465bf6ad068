//! Builds SVG text, element by element.

use crate::font;
use crate::number::coordinate;
use std::fmt::Write as _;

/// Text that is read first.
pub(crate) const INK: &str = "#1a1a1a";
/// Text that is read second.
pub(crate) const GREY: &str = "#555555";

/// Where text sits relative to its point.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// One line of text; the point is on its baseline.
#[derive(Clone, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) at: [f64; 2],
    pub(crate) text: &'a str,
    pub(crate) size: f64,
    pub(crate) anchor: Anchor,
    pub(crate) fill: &'a str,
    pub(crate) bold: bool,
    /// Reads upwards.
    pub(crate) upright: bool,
    /// On a white outline, for text over a picture.
    pub(crate) halo: bool,
}

impl<'a> Text<'a> {
    pub(crate) fn new(at: [f64; 2], text: &'a str, size: f64, anchor: Anchor) -> Self {
        Self { at, text, size, anchor, fill: INK, bold: false, upright: false, halo: false }
    }
}

/// SVG elements in drawing order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Canvas {
    body: String,
    clips: usize,
}

impl Canvas {
    /// Adds an element as it stands.
    pub(crate) fn raw(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    pub(crate) fn text(&mut self, text: &Text) {
        let [x, y] = text.at.map(coordinate);
        let mut style = String::new();
        match text.anchor {
            Anchor::Start => {}
            Anchor::Middle => style.push_str(r#" text-anchor="middle""#),
            Anchor::End => style.push_str(r#" text-anchor="end""#),
        }
        if text.bold {
            style.push_str(r#" font-weight="bold""#);
        }
        if text.halo {
            style.push_str(r##" stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke""##);
        }
        if text.upright {
            let _ = write!(style, r#" transform="rotate(-90 {x} {y})""#);
        }
        let (size, fill, shown) = (coordinate(text.size), text.fill, escaped(text.text));
        self.raw(&format!(r#"<text x="{x}" y="{y}" font-size="{size}" fill="{fill}"{style}>{shown}</text>"#));
    }

    /// A rectangle, `[x, y, width, height]`, with further attributes.
    pub(crate) fn rect(&mut self, place: [f64; 4], attributes: &str) {
        let [x, y, w, h] = place.map(coordinate);
        self.raw(&format!(r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" {attributes}/>"#));
    }

    pub(crate) fn line(&mut self, from: [f64; 2], to: [f64; 2], stroke: &str, width: f64) {
        let ([x1, y1], [x2, y2], w) = (from.map(coordinate), to.map(coordinate), coordinate(width));
        self.raw(&format!(r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{stroke}" stroke-width="{w}"/>"#));
    }

    pub(crate) fn circle(&mut self, centre: [f64; 2], radius: f64, attributes: &str) {
        let ([x, y], r) = (centre.map(coordinate), coordinate(radius));
        self.raw(&format!(r#"<circle cx="{x}" cy="{y}" r="{r}" {attributes}/>"#));
    }

    pub(crate) fn path(&mut self, d: &str, attributes: &str) {
        self.raw(&format!(r#"<path d="{d}" {attributes}/>"#));
    }

    /// An embedded image stretched over `[x, y, width, height]`; `sharp` keeps its pixels' edges.
    pub(crate) fn image(&mut self, place: [f64; 4], href: &str, sharp: bool) {
        // `style` and not the attribute: browsers know `pixelated` as CSS only.
        let smoothing = if sharp { r#" style="image-rendering:pixelated""# } else { "" };
        let [x, y, w, h] = place.map(coordinate);
        self.raw(&format!(
            r#"<image x="{x}" y="{y}" width="{w}" height="{h}" preserveAspectRatio="none"{smoothing} href="{href}"/>"#
        ));
    }

    /// Opens a group of which only the inside of `shape`, an SVG element, shows. Close it with [`Canvas::close`].
    pub(crate) fn open_clipped(&mut self, shape: &str) {
        self.clips += 1;
        let id = self.clips;
        self.raw(&format!("<clipPath id=\"clip{id}\">{shape}</clipPath>\n<g clip-path=\"url(#clip{id})\" id=\"inside{id}\">"));
    }

    pub(crate) fn close(&mut self) {
        self.raw("</g>");
    }

    /// The whole document on a white page.
    pub(crate) fn document(self, size: [f64; 2], title: &str, description: &str) -> String {
        let ([w, h], family, body) = (size.map(coordinate), font::FAMILY, self.body);
        let (title, description) = (escaped(title), escaped(description));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"{family}\" role=\"img\">\n<title>{title}</title>\n<desc>{description}</desc>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
        )
    }
}

/// Text as XML holds it. Control characters have no place in XML 1.0 at all, so they become spaces.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
