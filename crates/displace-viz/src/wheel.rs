//! Direction as hue, magnitude as saturation.

use crate::arrows::Arrows;
use crate::canvas::{Anchor, Canvas, GREY, INK, Text};
use crate::colour::{MISSING, Wheel, hex};
use crate::embed::{self, Blocks};
use crate::frame::{TICK_SIZE, View};
use crate::number::{coordinate, count, measured};
use crate::picture::{DrawError, Picture};
use crate::sheet::{Plan, Sheet};
use png::ColorType;

/// The legend's disc on the page, and the pixels of its image.
const DISC: f64 = 92.0;
const DISC_PIXELS: usize = 276;
/// The scale's end, as a part of the disc's radius, when the disc also shows what lies beyond it.
const RIM: f64 = 0.84;
/// The legend's column: the disc, and a word at each side.
const COLUMN: f64 = DISC + 66.0;

/// How [`wheel`] draws.
#[derive(Clone, Debug, PartialEq)]
pub struct WheelOptions {
    /// The figure's title.
    pub title: String,
    /// The line below the figure; `None` says what is drawn.
    pub caption: Option<String>,
    /// The magnitude of full colour, in source pixels; `None` takes the largest finite one. Greater magnitudes are darkened.
    pub scale: Option<f64>,
}

impl Default for WheelOptions {
    fn default() -> Self {
        Self { title: "Displacement: direction and magnitude".to_owned(), caption: None, scale: None }
    }
}

/// Every destination pixel in the colour of its displacement, with the wheel beside it: hue is the direction pointed to,
/// white is zero, full colour is the scale's end, dark is beyond it, grey is not finite.
///
/// The wheel is computed in OKLCh, with equal lightness in all directions at each magnitude, so that no direction looks
/// longer than another. Fields of more than 1600 pixels on a side are drawn as mean displacements of square blocks.
///
/// # Errors
/// [`DrawError`] when `scale` is not positive.
pub fn wheel(field: &Arrows, options: &WheelOptions) -> Result<Picture, DrawError> {
    let largest = field.largest().map_or(0.0, |(_, m)| m);
    let most = match options.scale {
        Some(scale) => DrawError::positive("scale", scale)?,
        None if largest > 0.0 => largest,
        None => 1.0,
    };
    let beyond = (0..field.by().len()).filter(|&i| field.is_finite(i) && field.magnitude(i) > most).count();
    let scale_text = match options.scale {
        Some(_) => format!("full colour = {} px (chosen); largest = {} px", measured(most), measured(largest)),
        None if largest > 0.0 => format!("full colour = {} px, the largest displacement", measured(most)),
        None => "no displacement differs from zero; full colour = 1 px".to_owned(),
    };
    let (mut sheet, frame, legend) = Sheet::one(&Plan {
        title: &options.title,
        scale: &scale_text,
        view: View::image([field.width(), field.height()]).eased(),
        legend: COLUMN,
        legend_height: DISC + 96.0,
        below: 0.0,
    });
    let colours = Wheel::new();
    let blocks = Blocks::new(field.width(), field.height());
    let rgb = blocks.paint(|pixels| mean_colour(field, &colours, most, pixels));
    let [w, h] = blocks.size();
    let href = embed::data_uri(w, h, ColorType::Rgb, &rgb)?;
    let canvas = &mut sheet.canvas;
    frame.open(canvas);
    frame.image(canvas, &href, blocks);
    canvas.close();
    frame.draw(canvas, ["x (px)", "y (px)"]);
    let missing = field.count_unusable();
    draw_legend(canvas, legend, &colours, most, beyond > 0, missing > 0)?;

    let mut notes: Vec<String> = blocks.note().into_iter().collect();
    let all = count(field.by().len());
    if beyond > 0 {
        notes.push(format!("{} of {all} displacements exceed the scale (darkened).", count(beyond)));
    }
    if missing > 0 {
        notes.push(format!("{} of {all} displacements are not finite (grey).", count(missing)));
    }
    let caption = options.caption.as_deref().unwrap_or(
        "Pull field: colour shows in which direction and how far away each destination pixel is read (source\u{a0}px, y\u{a0}down).",
    );
    Ok(sheet.finish(caption, &notes))
}

/// The colour of the mean of a block's finite displacements; grey where half of them or more are not finite.
fn mean_colour(field: &Arrows, colours: &Wheel, most: f64, pixels: &mut dyn Iterator<Item = usize>) -> [u8; 3] {
    let (mut sum, mut finite, mut all) = ([0.0; 2], 0.0, 0.0);
    for i in pixels {
        all += 1.0;
        if field.is_finite(i) {
            finite += 1.0;
            sum = [sum[0] + field.by()[i][0], sum[1] + field.by()[i][1]];
        }
    }
    if 2.0 * finite <= all {
        return MISSING;
    }
    let mean = sum.map(|s| s / finite);
    colours.at(mean, mean[0].hypot(mean[1]) / most)
}

fn draw_legend(
    canvas: &mut Canvas,
    at: [f64; 2],
    colours: &Wheel,
    most: f64,
    beyond: bool,
    missing: bool,
) -> Result<(), DrawError> {
    let radius = 0.5 * DISC;
    let rim = if beyond { RIM } else { 1.0 };
    let [cx, cy] = [at[0] + 34.0 + radius, at[1] + 16.0 + radius];
    let middle = 0.5 * DISC_PIXELS as f64;
    let rgb: Vec<u8> = (0..DISC_PIXELS * DISC_PIXELS)
        .flat_map(|i| {
            let by = [i % DISC_PIXELS, i / DISC_PIXELS].map(|v| (v as f64 + 0.5 - middle) / middle);
            let part = by[0].hypot(by[1]) / rim;
            // The image's corners are clipped, but pixels on the rim itself must not take the colour beyond it.
            colours.at(by, if beyond { part } else { part.min(1.0) })
        })
        .collect();
    let href = embed::data_uri(DISC_PIXELS, DISC_PIXELS, ColorType::Rgb, &rgb)?;
    let [x, y, r] = [cx, cy, radius].map(coordinate);
    canvas.open_clipped(&format!(r#"<circle cx="{x}" cy="{y}" r="{r}"/>"#));
    canvas.image([cx - radius, cy - radius, DISC, DISC], &href, false);
    canvas.close();
    canvas.circle([cx, cy], radius, &format!(r#"class="wheel" fill="none" stroke="{INK}" stroke-width="0.8""#));
    if beyond {
        canvas.circle([cx, cy], radius * rim, &format!(r#"fill="none" stroke="{INK}" stroke-width="0.6""#));
    }
    let mut word = |at, text: &str, anchor| canvas.text(&Text::new(at, text, TICK_SIZE, anchor));
    word([cx + radius + 5.0, cy + 3.8], "right", Anchor::Start);
    word([cx - radius - 5.0, cy + 3.8], "left", Anchor::End);
    word([cx, cy - radius - 5.0], "up", Anchor::Middle);
    word([cx, cy + radius + 13.0], "down", Anchor::Middle);
    let (scale, under) = (measured(most), cy + radius + 33.0);
    let rim_text = if beyond { format!("inner ring: {scale} px") } else { format!("rim: {scale} px") };
    word([cx, under], &rim_text, Anchor::Middle);
    word([cx, under + 14.0], if beyond { "darkened: beyond" } else { "white: zero" }, Anchor::Middle);
    if missing {
        canvas.rect([cx - 36.0, under + 20.0, 9.0, 9.0], &format!(r#"fill="{}""#, hex(MISSING)));
        let at = [cx - 23.0, under + 28.0];
        canvas.text(&Text { fill: GREY, ..Text::new(at, "not finite", TICK_SIZE, Anchor::Start) });
    }
    Ok(())
}
