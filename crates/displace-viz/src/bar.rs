//! The colour bar of a scale.

use crate::canvas::{Anchor, Canvas, GREY, INK, Text};
use crate::colour::{Map, hex};
use crate::frame::{AXIS_SIZE, TICK_SIZE};
use crate::number::ticks;
use crate::{font, number};

const WIDTH: f64 = 13.0;
/// The title's distance from the labels, with its height.
const TITLE: f64 = 18.0;
/// Height of the tip that says "and beyond".
const TIP: f64 = 11.0;

/// What the bar of a field's lengths says.
pub(crate) const LENGTH: &str = "displacement (px)";

/// A scale from `least` to `most`, drawn beside a frame.
pub(crate) struct Bar<'t> {
    pub(crate) map: Map,
    /// What is measured, and its unit.
    pub(crate) title: &'t str,
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Numbers above `most` occur.
    pub(crate) beyond: bool,
}

impl Bar<'_> {
    /// The colour of a number.
    pub(crate) fn colour(&self, number: f64) -> [u8; 3] {
        self.map.at(self.part(number))
    }

    /// Where a number lies on the bar, from 0 to 1.
    fn part(&self, number: f64) -> f64 {
        (number - self.least) / (self.most - self.least)
    }

    fn ticks(&self, height: f64) -> Vec<(f64, String)> {
        ticks(self.least, self.most, (height / 46.0).clamp(2.0, 8.0), 0.0)
    }

    /// Room that the bar needs beside a frame of any height.
    pub(crate) fn width(&self) -> f64 {
        // Few and many ticks may need different decimals, and the frame's height is not known yet.
        let labels = [2.0, 8.0].into_iter().flat_map(|n| ticks(self.least, self.most, n, 0.0));
        WIDTH + 7.0 + labels.map(|t| font::width(&t.1, TICK_SIZE, false)).fold(0.0, f64::max) + TITLE
    }

    pub(crate) fn draw(&self, canvas: &mut Canvas, at: [f64; 2], height: f64) {
        let [x, top] = at;
        let tip = if self.beyond { TIP } else { 0.0 };
        let (y, height) = (top + tip, height - tip);
        let stops: String = (0..=32)
            .map(|i| f64::from(i) / 32.0)
            .map(|t| format!(r#"<stop offset="{}" stop-color="{}"/>"#, 1.0 - t, hex(self.map.at(t))))
            .rev()
            .collect();
        canvas.raw(&format!(r#"<linearGradient id="scale" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient>"#));
        canvas.rect([x, y, WIDTH, height], &format!(r#"fill="url(#scale)" stroke="{INK}" stroke-width="0.8""#));
        if self.beyond {
            let [left, right, base, peak] = [x, x + WIDTH, y, top].map(number::coordinate);
            let middle = number::coordinate(x + 0.5 * WIDTH);
            let style = format!(r#"fill="{}" stroke="{INK}" stroke-width="0.8" stroke-linejoin="round""#, hex(self.map.at(1.0)));
            canvas.path(&format!("M{left} {base}L{middle} {peak}L{right} {base}Z"), &style);
        }
        let mut widest: f64 = 0.0;
        for (value, label) in self.ticks(height) {
            let ty = y + height * (1.0 - self.part(value));
            canvas.line([x + WIDTH, ty], [x + WIDTH + 4.0, ty], INK, 0.8);
            canvas.text(&Text::new([x + WIDTH + 7.0, ty + 3.8], &label, TICK_SIZE, Anchor::Start));
            widest = widest.max(font::width(&label, TICK_SIZE, false));
        }
        let title = self.title;
        let size = AXIS_SIZE.min(AXIS_SIZE * height / font::width(title, AXIS_SIZE, false));
        let beside = [x + WIDTH + 7.0 + widest + TITLE - 3.0, y + 0.5 * height];
        canvas.text(&Text { fill: GREY, upright: true, ..Text::new(beside, title, size, Anchor::Middle) });
    }
}
