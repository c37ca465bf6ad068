//! Arrows, true to scale.

use crate::arrows::Arrows;
use crate::bar::{Bar, LENGTH};
use crate::canvas::{Anchor, Canvas, GREY, Text};
use crate::colour::{Map, hex};
use crate::embed;
use crate::frame::{Frame, TICK_SIZE, View};
use crate::number::{coordinate, count, measured, nice_below, ordinal};
use crate::picture::{DrawError, Picture};
use crate::raster::Raster;
use crate::sheet::{FRAME, Plan, Sheet};

/// Arrows across the longer side that a chosen step aims at.
const WANTED: usize = 28;
/// More arrows than this across a column of print run into each other.
const MOST: usize = 40;
/// Narrower frames have no room for the key beside the title of the x axis.
const WIDE: f64 = 280.0;

/// The head of the reference arrow, and the least length that a long arrow's head is held to, in page units.
const KEY_HEAD: f64 = 6.5;

/// How [`quiver`] draws.
#[derive(Clone, Debug, PartialEq)]
pub struct QuiverOptions<'a> {
    /// The figure's title.
    pub title: String,
    /// The line below the figure; `None` says what is drawn.
    pub caption: Option<String>,
    /// Multiplies the drawn length. At 1, an arrow's head is at the place its pixel is read from.
    pub arrow_scale: f64,
    /// Draws every so many-th destination pixel; `None` chooses about 28 arrows across. Raised where it would draw more than
    /// 40 across. The figure says which.
    pub step: Option<usize>,
    /// The magnitude of the colour bar's end, in source pixels; `None` takes the largest finite one.
    pub scale: Option<f64>,
    /// The source image, drawn pale behind the arrows.
    pub background: Option<&'a Raster>,
}

impl Default for QuiverOptions<'_> {
    fn default() -> Self {
        Self { title: "Displacement".to_owned(), caption: None, arrow_scale: 1.0, step: None, scale: None, background: None }
    }
}

/// Arrows on the destination lattice, each from its pixel's rest place to the place that pixel is read from, in the source
/// plane (equal to the destination plane when the sizes are equal). Colour is magnitude; zeros are dots, displacements
/// that are not finite are crosses.
///
/// The frame is the source image, widened by up to 0.3 of its longer side where arrows leave it; what leaves even that is cut.
///
/// # Errors
/// [`DrawError`] when `arrow_scale` or `scale` is not positive, or the background is not the source's size.
pub fn quiver(field: &Arrows, options: &QuiverOptions) -> Result<Picture, DrawError> {
    let arrow_scale = DrawError::positive("arrow_scale", options.arrow_scale)?;
    let largest = field.largest().map_or(0.0, |(_, m)| m);
    let most = match options.scale {
        Some(scale) => DrawError::positive("scale", scale)?,
        None if largest > 0.0 => largest,
        None => 1.0,
    };
    let bar = Bar { map: Map::Line, title: LENGTH, least: 0.0, most, beyond: largest > most };
    let step = step(field, options.step);
    let shown = shown(field, step, arrow_scale);

    let image = View::image(field.source());
    let ends: Vec<_> = shown.iter().flat_map(|&(from, to, _)| [from, to.unwrap_or(from)]).collect();
    let view = image.eased().holding(&ends);
    let scale_text = scale_text(field, arrow_scale, step);
    let narrow = Frame::fitted(view, FRAME).size()[0] < WIDE;
    let (mut sheet, frame, legend) = Sheet::one(&Plan {
        title: &options.title,
        scale: &scale_text,
        view,
        legend: bar.width(),
        legend_height: 0.0,
        below: if narrow { 16.0 } else { 0.0 },
    });
    let canvas = &mut sheet.canvas;
    frame.open(canvas);
    if let Some(photo) = options.background {
        embed::check_background(photo, field.source())?;
        let (href, blocks) = embed::photograph(photo, 0.55)?;
        frame.image(canvas, &href, blocks);
    }
    if view != image {
        frame.outline(canvas, image);
    }
    let halo = r##" stroke="#ffffff" stroke-width="1.2" stroke-linejoin="round" paint-order="stroke""##;
    canvas.raw(&format!(r#"<g class="arrows"{}>"#, if options.background.is_some() { halo } else { "" }));
    // Sparse arrows bear larger heads than dense ones.
    let longest_head = (0.35 * step as f64 * frame.zoom).clamp(KEY_HEAD, 11.0);
    for &(from, to, magnitude) in &shown {
        mark(canvas, &frame, (from, to), longest_head, &hex(bar.colour(magnitude)));
    }
    canvas.close();
    canvas.close();
    frame.draw(canvas, axis_titles(field));
    bar.draw(canvas, legend, frame.size()[1]);
    key(canvas, &frame, arrow_scale, narrow);

    let caption = options.caption.as_deref().unwrap_or(if arrow_scale == 1.0 {
        "Pull field: each arrow starts at a destination pixel and ends where it is read from (source\u{a0}px, y\u{a0}down)."
    } else {
        "Pull field: each arrow starts at a destination pixel and points to where it is read from (source\u{a0}px, y\u{a0}down)."
    });
    Ok(sheet.finish(caption, &notes(field, &shown, view, &bar)))
}

/// A rest place, where its arrow ends (nothing when that is not finite), and the displacement's length.
type Shown = ([f64; 2], Option<[f64; 2]>, f64);

fn step(field: &Arrows, asked: Option<usize>) -> usize {
    let long = field.width().max(field.height());
    asked.unwrap_or(long.div_ceil(WANTED)).max(long.div_ceil(MOST))
}

/// What the lattice of every `step`-th pixel holds, centred in the field.
fn shown(field: &Arrows, step: usize, arrow_scale: f64) -> Vec<Shown> {
    let first = |len: usize| (len - 1) % step / 2;
    let rows = (first(field.height())..field.height()).step_by(step);
    let pixels = rows.flat_map(|y| (first(field.width())..field.width()).step_by(step).map(move |x| y * field.width() + x));
    let one = |i: usize| {
        let (rest, by) = (field.rest()[i], field.by()[i]);
        let end = [0, 1].map(|axis| rest[axis] + arrow_scale * by[axis]);
        (rest, (field.is_finite(i) && end.iter().all(|v| v.is_finite())).then_some(end), field.magnitude(i))
    };
    pixels.map(one).filter(|(rest, ..)| rest.iter().all(|v| v.is_finite())).collect()
}

fn scale_text(field: &Arrows, arrow_scale: f64, step: usize) -> String {
    let length = if arrow_scale == 1.0 {
        "arrows ×1 (true length), from each pixel to where it is read from".to_owned()
    } else {
        let factor = measured(arrow_scale);
        format!("arrows ×{factor} ({factor} × true length), from each pixel towards where it is read from")
    };
    let every = if step == 1 { "every\u{a0}pixel".to_owned() } else { format!("every\u{a0}{}\u{a0}pixel", ordinal(step)) };
    let [w, h] = field.source();
    let sizes = if [field.width(), field.height()] == [w, h] {
        String::new()
    } else {
        format!("; {} × {} destination pixels drawn in the {w} × {h} source", field.width(), field.height())
    };
    format!("{length}; {every}{sizes}")
}

fn axis_titles(field: &Arrows) -> [&'static str; 2] {
    if [field.width(), field.height()] == field.source() { ["x (px)", "y (px)"] } else { ["source x (px)", "source y (px)"] }
}

/// Draws one pixel's arrow, dot or cross.
fn mark(canvas: &mut Canvas, frame: &Frame, (from, to): ([f64; 2], Option<[f64; 2]>), longest_head: f64, fill: &str) {
    let tail = frame.place(from);
    match to {
        Some(_) if to == Some(from) => canvas.circle(tail, 1.1, &format!(r#"class="zero" fill="{fill}""#)),
        Some(to) => {
            let tip = frame.place(to);
            // A short arrow has a dot at its tail, or it would be too small a mark to see.
            if (tip[0] - tail[0]).hypot(tip[1] - tail[1]) < 3.0 {
                canvas.circle(tail, 0.7, &format!(r#"fill="{fill}""#));
            }
            canvas.path(&arrow(tail, tip, longest_head), &format!(r#"class="arrow" fill="{fill}""#));
        }
        None => {
            let [x, y] = tail;
            let [l, t, r, b] = [x - 2.5, y - 2.5, x + 2.5, y + 2.5].map(coordinate);
            let style = r##"class="missing" fill="none" stroke="#777777" stroke-width="1.1""##;
            canvas.path(&format!("M{l} {t}L{r} {b}M{r} {t}L{l} {b}"), style);
        }
    }
}

/// The outline of an arrow whose tip, the path's first point, is exactly at `tip`. The head is in proportion to the length up to
/// a size that reads well, so short arrows are not all head.
fn arrow(tail: [f64; 2], tip: [f64; 2], longest_head: f64) -> String {
    let along = [tip[0] - tail[0], tip[1] - tail[1]];
    let length = along[0].hypot(along[1]);
    if length == 0.0 {
        // Too short for single page coordinates to tell its ends apart, yet not zero: the smallest mark that prints.
        let [x, y] = tip.map(coordinate);
        return format!("M{x} {y}l-0.8 0.8l-0.8 -0.8l0.8 -0.8Z");
    }
    let [ux, uy] = along.map(|v| v / length);
    let head = (0.4 * length).clamp(2.4, longest_head).min(length);
    let (barb, shaft) = ((0.36 * head).max(0.9), (0.13 * head).clamp(0.3, 0.9));
    // Back from the tip by `back`, sideways by `side`.
    let point = |back: f64, side: f64| {
        let p = [tip[0] - back * ux - side * uy, tip[1] - back * uy + side * ux];
        p.map(coordinate).join(" ")
    };
    let corners = [(0.0, 0.0), (head, barb), (0.9 * head, shaft), (length, shaft)];
    let there = corners.iter().map(|&(back, side)| point(back, side));
    let back = corners.iter().skip(1).rev().map(|&(back, side)| point(back, -side));
    format!("M{}Z", there.chain(back).collect::<Vec<_>>().join("L"))
}

/// The reference length, under the frame at the right.
fn key(canvas: &mut Canvas, frame: &Frame, arrow_scale: f64, narrow: bool) {
    let unit = frame.zoom * arrow_scale;
    let length = nice_below((0.16 * frame.size()[0]).max(30.0) / unit);
    let y = frame.bottom() + if narrow { 47.0 } else { 31.0 };
    let right = frame.right().max(frame.at[0] + 90.0);
    let tail = right - length * unit;
    canvas.path(&arrow([tail, y - 3.8], [right, y - 3.8], KEY_HEAD), &format!(r#"class="key" fill="{GREY}""#));
    let label = format!("{} px", measured(length));
    let at = [tail - 6.0, y];
    canvas.text(&Text { fill: GREY, ..Text::new(at, &label, TICK_SIZE, Anchor::End) });
}

fn notes(field: &Arrows, shown: &[Shown], view: View, bar: &Bar) -> Vec<String> {
    let mut notes = Vec::new();
    match field.largest() {
        Some((_, 0.0)) => notes.push("All finite displacements are zero (dots).".to_owned()),
        Some((_, m)) => notes.push(format!("Largest displacement {} px.", measured(m))),
        None => {}
    }
    if bar.beyond {
        notes.push(format!("Colours end at {} px.", measured(bar.most)));
    }
    let cut = shown.iter().filter(|(_, to, _)| to.is_some_and(|p| !view.contains(p))).count();
    if cut > 0 {
        notes.push(format!("{} of {} arrows leave the frame and are cut.", count(cut), count(shown.len())));
    }
    let missing = field.count_unusable();
    if missing > 0 {
        let all = count(field.by().len());
        notes.push(format!("{} of {all} displacements are not finite (crosses where drawn).", count(missing)));
    }
    notes
}
