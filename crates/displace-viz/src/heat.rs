//! One number at every pixel.

use crate::arrows::ShapeError;
use crate::bar::Bar;
use crate::colour::{MISSING, Map};
use crate::embed::{self, Blocks};
use crate::frame::View;
use crate::number::{count, measured};
use crate::picture::{DrawError, Picture};
use crate::sheet::{Plan, Sheet};
use png::ColorType;

/// The colour of what is marked, as folds are in a lattice.
const MARKED: [u8; 3] = [200, 30, 30];

/// How [`heat`] draws.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatOptions {
    /// The figure's title.
    pub title: String,
    /// What the numbers are, with their unit, beside the colour bar.
    pub label: String,
    /// The line below the figure.
    pub caption: String,
    /// The number at the end of the colour bar; `None` takes the largest finite one.
    pub scale: Option<f64>,
    /// Numbers up to here are painted red, and counted.
    pub mark_to: Option<f64>,
}

/// A heat map (viridis) of a number at every pixel, with a colour bar from the smallest of them (or 0) to the largest.
///
/// Numbers that are not finite are grey. Maps of more than 1600 pixels on a side are drawn as means of square blocks; a block with
/// a marked pixel is marked.
///
/// # Errors
/// [`DrawError`] when `scale` is not positive or there is nothing to draw.
pub fn heat(values: &[f64], [width, height]: [usize; 2], options: &HeatOptions) -> Result<Picture, DrawError> {
    ShapeError::check("values", [width, height], 1, values.len())?;
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let marked = |v: f64| options.mark_to.is_some_and(|most| v <= most);
    let least = finite().filter(|v| !marked(*v)).fold(f64::INFINITY, f64::min).min(0.0);
    let largest = finite().fold(f64::NEG_INFINITY, f64::max);
    let most = match options.scale {
        Some(scale) => DrawError::positive("scale", scale)?,
        None if largest > least => largest,
        None => least + 1.0,
    };
    let bar = Bar { map: Map::Area, title: &options.label, least, most, beyond: largest > most };
    let scale = format!("colours end at {}", measured(most));
    let (mut sheet, frame, legend) = Sheet::one(&Plan {
        title: &options.title,
        scale: &scale,
        view: View::image([width, height]).eased(),
        legend: bar.width(),
        legend_height: 0.0,
        below: 0.0,
    });
    let blocks = Blocks::new(width, height);
    let rgb = blocks.paint(|pixels| {
        let (mut sum, mut seen, mut all, mut hit) = (0.0, 0.0, 0.0, false);
        for v in pixels.map(|i| values[i]) {
            all += 1.0;
            hit |= marked(v);
            if v.is_finite() {
                seen += 1.0;
                sum += v;
            }
        }
        match (hit, 2.0 * seen <= all) {
            (true, _) => MARKED,
            (false, true) => MISSING,
            (false, false) => bar.colour(sum / seen),
        }
    });
    let [w, h] = blocks.size();
    let href = embed::data_uri(w, h, ColorType::Rgb, &rgb)?;
    let canvas = &mut sheet.canvas;
    frame.open(canvas);
    frame.image(canvas, &href, blocks);
    canvas.close();
    frame.draw(canvas, ["x (px)", "y (px)"]);
    bar.draw(canvas, legend, frame.size()[1]);
    let mut notes: Vec<String> = blocks.note().into_iter().collect();
    let all = count(values.len());
    let mut tell = |number: usize, what: &str| {
        if number > 0 {
            notes.push(format!("{} of {all} pixels {what}.", count(number)));
        }
    };
    if let Some(most) = options.mark_to {
        tell(values.iter().filter(|v| marked(**v)).count(), &format!("are {most} or less (red)"));
    }
    tell(finite().filter(|v| *v > most).count(), "exceed the scale");
    tell(values.iter().filter(|v| !v.is_finite()).count(), "have no value (grey)");
    Ok(sheet.finish(&options.caption, &notes))
}
