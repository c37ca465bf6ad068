//! Length at every pixel.

use crate::arrows::Arrows;
use crate::bar::{Bar, LENGTH};
use crate::canvas::{Anchor, Canvas, INK, Text};
use crate::colour::{MISSING, Map};
use crate::embed::{self, Blocks};
use crate::font;
use crate::frame::{Frame, View};
use crate::number::{count, measured};
use crate::picture::{DrawError, Picture};
use crate::sheet::{Plan, Sheet};
use png::ColorType;

/// How [`magnitude`] draws.
#[derive(Clone, Debug, PartialEq)]
pub struct MagnitudeOptions {
    /// The figure's title.
    pub title: String,
    /// The line below the figure; `None` says what is drawn.
    pub caption: Option<String>,
    /// The magnitude of the colour bar's end, in source pixels; `None` takes the largest finite one.
    pub scale: Option<f64>,
}

impl Default for MagnitudeOptions {
    fn default() -> Self {
        Self { title: "Displacement: magnitude".to_owned(), caption: None, scale: None }
    }
}

/// A heat map (viridis) of the displacement's length at every destination pixel, with a colour bar in source pixels and the
/// largest displacement marked.
///
/// Fields of more than 1600 pixels on a side are drawn as mean lengths of square blocks; the mark is always exact.
///
/// # Errors
/// [`DrawError`] when `scale` is not positive.
pub fn magnitude(field: &Arrows, options: &MagnitudeOptions) -> Result<Picture, DrawError> {
    let largest = field.largest();
    let most = match (options.scale, largest) {
        (Some(scale), _) => DrawError::positive("scale", scale)?,
        (None, Some((_, m))) if m > 0.0 => m,
        (None, _) => 1.0,
    };
    let bar = Bar { map: Map::Area, title: LENGTH, least: 0.0, most, beyond: largest.is_some_and(|(_, m)| m > most) };
    let scale_text = if options.scale.is_some() {
        format!("colours end at {} px (chosen)", measured(most))
    } else {
        format!("colours end at {} px{}", measured(most), if largest.is_some_and(|l| l.1 > 0.0) { ", the largest" } else { "" })
    };
    let (mut sheet, frame, legend) = Sheet::one(&Plan {
        title: &options.title,
        scale: &scale_text,
        view: View::image([field.width(), field.height()]).eased(),
        legend: bar.width(),
        legend_height: 0.0,
        below: 0.0,
    });
    let blocks = Blocks::new(field.width(), field.height());
    let rgb = blocks.paint(|pixels| mean_colour(field, &bar, pixels));
    let [w, h] = blocks.size();
    let href = embed::data_uri(w, h, ColorType::Rgb, &rgb)?;
    let canvas = &mut sheet.canvas;
    frame.open(canvas);
    frame.image(canvas, &href, blocks);
    canvas.close();
    frame.draw(canvas, ["x (px)", "y (px)"]);
    bar.draw(canvas, legend, frame.size()[1]);
    let mut notes = Vec::new();
    if let Some((i, m)) = largest.filter(|l| l.1 > 0.0) {
        let pixel = [i % field.width(), i / field.width()];
        let place = format!("{} px at ({}, {})", measured(m), pixel[0], pixel[1]);
        if !mark_largest(canvas, &frame, pixel, &format!("max {place}")) {
            notes.push(format!("Largest displacement (ring): {place}."));
        }
    }

    notes.extend(blocks.note());
    let all = count(field.by().len());
    if largest.is_some_and(|l| l.1 == 0.0) {
        notes.push("All finite displacements are zero.".to_owned());
    }
    if bar.beyond {
        let beyond = (0..field.by().len()).filter(|&i| field.is_finite(i) && field.magnitude(i) > most).count();
        notes.push(format!("{} of {all} displacements exceed the scale.", count(beyond)));
    }
    let missing = field.count_unusable();
    if missing > 0 {
        notes.push(format!("{} of {all} displacements are not finite (grey).", count(missing)));
    }
    let caption = options
        .caption
        .as_deref()
        .unwrap_or("Pull field: distance from each destination pixel to where it is read from (source\u{a0}px, y\u{a0}down).");
    Ok(sheet.finish(caption, &notes))
}

/// The colour of the mean of a block's finite lengths; grey where half of them or more are not finite.
fn mean_colour(field: &Arrows, bar: &Bar, pixels: &mut dyn Iterator<Item = usize>) -> [u8; 3] {
    let (mut sum, mut finite, mut all) = (0.0, 0.0, 0.0);
    for i in pixels {
        all += 1.0;
        if field.is_finite(i) {
            finite += 1.0;
            sum += field.magnitude(i);
        }
    }
    if 2.0 * finite <= all { MISSING } else { bar.colour(sum / finite) }
}

/// A small ring with its label inside the frame; false when the frame is too narrow for the label.
fn mark_largest(canvas: &mut Canvas, frame: &Frame, pixel: [usize; 2], label: &str) -> bool {
    const RADIUS: f64 = 5.0;
    const SIZE: f64 = 11.0;
    let [x, y] = frame.place(pixel.map(|v| v as f64));
    for (colour, width) in [("#ffffff", 3.2), (INK, 1.3)] {
        canvas.circle([x, y], RADIUS, &format!(r#"class="largest" fill="none" stroke="{colour}" stroke-width="{width}""#));
    }
    let wide = font::width(label, SIZE, true) + 4.0;
    let (left, right) = (frame.at[0] + 4.0, frame.right() - 4.0);
    if wide > right - left {
        return false;
    }
    // Beside the ring where there is room, else above or below it and pushed inwards.
    let beside = y - 4.0 > frame.at[1] + 6.0 && y + 4.0 < frame.bottom() - 6.0;
    let (at, anchor) = if beside && x + RADIUS + 5.0 + wide <= right {
        ([x + RADIUS + 5.0, y + 3.9], Anchor::Start)
    } else if beside && x - RADIUS - 5.0 - wide >= left {
        ([x - RADIUS - 5.0, y + 3.9], Anchor::End)
    } else {
        let above = y - RADIUS - 18.0 > frame.at[1];
        let row = if above { y - RADIUS - 6.0 } else { y + RADIUS + 14.0 };
        let middle = x.min(right - 0.5 * wide).max(left + 0.5 * wide);
        ([middle, row], Anchor::Middle)
    };
    canvas.text(&Text { bold: true, halo: true, ..Text::new(at, label, SIZE, anchor) });
    true
}
