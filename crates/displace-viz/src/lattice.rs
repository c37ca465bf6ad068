//! The destination's rows and columns where they are read from, with folds.

use crate::arrows::Arrows;
use crate::canvas::Canvas;
use crate::frame::{Frame, View};
use crate::number::{coordinate, count, ordinal};
use crate::picture::{DrawError, Picture};
use crate::raster::Raster;
use crate::sheet::{Plan, Sheet};
use crate::{embed, fold};

/// Lines across the longer side that a chosen step aims at.
const WANTED: usize = 32;
/// More lines than this across a column of print run into each other.
const MOST: usize = 40;
/// Points of a line closer than this on the page, in units, are left out: two for each pixel of a PNG at one pixel a unit.
const APART: f64 = 0.5;
const LINES: &str = "#1f4e8c";

/// How [`lattice`] draws.
#[derive(Clone, Debug, PartialEq)]
pub struct LatticeOptions<'a> {
    /// The figure's title.
    pub title: String,
    /// The line below the figure; `None` says what is drawn.
    pub caption: Option<String>,
    /// Draws every so many-th row and column; `None` chooses about 32 across. Raised where it would draw more than 40 across.
    /// The figure says which.
    pub step: Option<usize>,
    /// The source image, drawn pale behind the lines.
    pub background: Option<&'a Raster>,
}

impl Default for LatticeOptions<'_> {
    fn default() -> Self {
        Self { title: "Warped lattice".to_owned(), caption: None, step: None, background: None }
    }
}

/// Rows and columns of the destination lattice drawn through the places their pixels are read from, in the source plane. The
/// source image's frame is drawn; folded cells are filled in red and counted.
///
/// A cell of four neighbouring pixels is folded when the determinant of its bilinear map is zero or negative at any of
/// its four corners. All cells are tested, whatever step the lines have.
///
/// # Errors
/// [`DrawError`] when the background is not the source's size.
pub fn lattice(field: &Arrows, options: &LatticeOptions) -> Result<Picture, DrawError> {
    let long = field.width().max(field.height());
    let step = options.step.unwrap_or(long.div_ceil(WANTED)).max(long.div_ceil(MOST));
    let image = View::image(field.source());
    let view = image.eased().holding(&sample(field));
    let every = if step == 1 { "every row and column".to_owned() } else { format!("every {} row and column", ordinal(step)) };
    let folds = fold::find(field);
    let scale_text = format!("{every} of the destination lattice; {}", folds.text());
    let (mut sheet, frame, _) =
        Sheet::one(&Plan { title: &options.title, scale: &scale_text, view, legend: 0.0, legend_height: 0.0, below: 0.0 });
    let canvas = &mut sheet.canvas;
    frame.open(canvas);
    if let Some(photo) = options.background {
        embed::check_background(photo, field.source())?;
        let (href, blocks) = embed::photograph(photo, 0.5)?;
        frame.image(canvas, &href, blocks);
    }
    if view != image {
        frame.outline(canvas, image);
    }
    draw_lines(canvas, &frame, field, step, options.background.is_some());
    // Over the lines, which would hide a small fold.
    fold::draw(canvas, &frame, field, &folds)?;
    canvas.close();
    frame.draw(canvas, ["source x (px)", "source y (px)"]);

    let mut notes = Vec::new();
    if !folds.cells.is_empty() {
        notes.push("Red: folded cells (a corner determinant that is not positive).".to_owned());
    }
    if folds.unusable > 0 {
        notes.push(format!("{} cells have a corner that is not finite and are left out.", count(folds.unusable)));
    }
    let outside = (0..field.by().len()).filter(|&i| field.is_finite(i) && !view.contains(field.location(i))).count();
    if outside > 0 {
        notes.push(format!("{} of {} places are outside the frame.", count(outside), count(field.by().len())));
    }
    let caption = options.caption.as_deref().unwrap_or(if view == image {
        "Pull field: destination rows and columns, drawn where they are read from (source\u{a0}px, y\u{a0}down)."
    } else {
        "Pull field: destination rows and columns, drawn where they are read from (source\u{a0}px, y\u{a0}down). Grey\u{a0}rectangle: the\u{a0}source\u{a0}image."
    });
    Ok(sheet.finish(caption, &notes))
}

/// Some ten thousand finite places, spread over the field: enough to choose the drawn area.
fn sample(field: &Arrows) -> Vec<[f64; 2]> {
    // An odd stride is seldom a divisor of the width, so it does not stay in a few columns.
    let stride = (field.by().len() / 10_000) | 1;
    (0..field.by().len()).step_by(stride).filter(|&i| field.is_finite(i)).map(|i| field.location(i)).collect()
}

/// Every `step`-th index and the last one.
fn kept(len: usize, step: usize) -> impl Iterator<Item = usize> {
    (0..len).filter(move |i| i.is_multiple_of(step) || i + 1 == len)
}

fn draw_lines(canvas: &mut Canvas, frame: &Frame, field: &Arrows, step: usize, over_photograph: bool) {
    let (w, h) = (field.width(), field.height());
    let columns = kept(w, step).map(|x| (0..h).map(|y| y * w + x).collect::<Vec<_>>());
    let rows = kept(h, step).map(|y| (0..w).map(|x| y * w + x).collect::<Vec<_>>());
    let d: String = rows.chain(columns).map(|line| polyline(frame, field, &line)).collect();
    if over_photograph {
        canvas.path(&d, r##"fill="none" stroke="#ffffff" stroke-opacity="0.7" stroke-width="2.2" stroke-linejoin="round""##);
    }
    let style = format!(r#"class="lines" fill="none" stroke="{LINES}" stroke-width="0.8" stroke-linejoin="round""#);
    canvas.path(&d, &style);
    // A single pixel, row or column spans no line of its own: dots show where it is read from.
    if w == 1 || h == 1 {
        for i in kept(w * h, step).filter(|&i| field.is_finite(i)) {
            canvas.circle(frame.place(field.location(i)), 1.6, &format!(r#"fill="{LINES}""#));
        }
    }
}

/// One line through the places of its pixels, broken where a place is not finite.
fn polyline(frame: &Frame, field: &Arrows, line: &[usize]) -> String {
    let mut d = String::new();
    let mut last: Option<[f64; 2]> = None;
    for (n, &i) in line.iter().enumerate() {
        if !field.is_finite(i) {
            last = None;
            continue;
        }
        let p = frame.place(field.location(i));
        let next_usable = line.get(n + 1).is_some_and(|&j| field.is_finite(j));
        let near = last.is_some_and(|q| (p[0] - q[0]).hypot(p[1] - q[1]) < APART);
        // The last point before a break is always drawn, so that lines end where they end.
        if near && next_usable {
            continue;
        }
        let [x, y] = p.map(coordinate);
        d.push_str(&format!("{}{x} {y}", if last.is_some() { 'L' } else { 'M' }));
        last = Some(p);
    }
    d
}
