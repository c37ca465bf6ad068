//! Axes in pixels: from a place in an image to a place on the page.

use crate::arrows::nearest_rank;
use crate::canvas::{Anchor, Canvas, GREY, INK, Text};
use crate::embed::Blocks;
use crate::font;
use crate::number::{coordinate, ticks};

const TICK: f64 = 4.0;
pub(crate) const TICK_SIZE: f64 = 10.5;
pub(crate) const AXIS_SIZE: f64 = 11.5;

/// The part of a pixel plane that a picture shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) lo: [f64; 2],
    pub(crate) hi: [f64; 2],
}

impl View {
    /// All of an image, to the outer edges of its outer pixels.
    pub(crate) fn image([width, height]: [usize; 2]) -> Self {
        Self { lo: [-0.5; 2], hi: [width as f64 - 0.5, height as f64 - 0.5] }
    }

    fn side(self, axis: usize) -> f64 {
        self.hi[axis] - self.lo[axis]
    }

    /// Widened so that it is at least a sixth as wide as high and the other way round: a single row of pixels stays
    /// readable, with blank space beside it.
    pub(crate) fn eased(mut self) -> Self {
        let least = self.side(0).max(self.side(1)) / 6.0;
        for axis in 0..2 {
            let more = (0.5 * (least - self.side(axis))).max(0.0);
            self.lo[axis] -= more;
            self.hi[axis] += more;
        }
        self
    }

    /// Widened to hold `points`, by at most 0.3 of the longer side: where that does not hold all of them, it holds nearly all (the
    /// outer hundredths may stay outside). Points within a hundredth of a side beyond it do not count: a second outline
    /// hard by the first would be no help.
    pub(crate) fn holding(mut self, points: &[[f64; 2]]) -> Self {
        let whole = self;
        let [room, gap] = [0.3, 0.02].map(|part| part * whole.side(0).max(whole.side(1)));
        for axis in 0..2 {
            let mut values: Vec<f64> = points.iter().map(|p| p[axis]).collect();
            let mut over = |most: f64, most_but_few: f64, beyond: &dyn Fn(f64) -> f64| {
                let mut edge = |percent| nearest_rank(&mut values, percent).map_or(0.0, beyond);
                let far = edge(most);
                let wanted = if far <= room { far } else { edge(most_but_few) };
                if wanted > 0.5 * gap { (wanted + gap).min(room) } else { 0.0 }
            };
            self.lo[axis] -= over(0.0, 1.0, &|v| whole.lo[axis] - v);
            self.hi[axis] += over(100.0, 99.0, &|v| v - whole.hi[axis]);
        }
        self
    }

    pub(crate) fn contains(self, p: [f64; 2]) -> bool {
        (0..2).all(|axis| (self.lo[axis]..=self.hi[axis]).contains(&p[axis]))
    }
}

/// A view placed on the page, square pixels, y down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) view: View,
    /// Upper left corner on the page.
    pub(crate) at: [f64; 2],
    /// Page units for each pixel.
    pub(crate) zoom: f64,
}

impl Frame {
    /// As large as a box of `most` page units allows.
    pub(crate) fn fitted(view: View, most: [f64; 2]) -> Self {
        Self { view, at: [0.0; 2], zoom: (most[0] / view.side(0)).min(most[1] / view.side(1)) }
    }

    pub(crate) fn size(&self) -> [f64; 2] {
        [0, 1].map(|axis| self.view.side(axis) * self.zoom)
    }

    pub(crate) fn right(&self) -> f64 {
        self.at[0] + self.size()[0]
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.at[1] + self.size()[1]
    }

    /// The page's place of a pixel place. Places far beyond any page are brought nearer: renderers keep coordinates in
    /// single precision.
    pub(crate) fn place(&self, p: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| (self.at[axis] + (p[axis] - self.view.lo[axis]) * self.zoom).clamp(-1e5, 1e5))
    }

    /// Room that tick labels and the axis title need, to the left of and below the frame.
    pub(crate) fn margins(&self) -> [f64; 2] {
        let labels = self.ticks(1).into_iter().map(|t| font::width(&t.1, TICK_SIZE, false)).fold(0.0, f64::max);
        [labels + TICK + 24.0, TICK + 32.0]
    }

    fn ticks(&self, axis: usize) -> Vec<(f64, String)> {
        let apart = if axis == 0 { 64.0 } else { 48.0 };
        ticks(self.view.lo[axis], self.view.hi[axis], (self.size()[axis] / apart).max(2.0), 1.0)
    }

    /// Opens a group that shows only inside the frame.
    pub(crate) fn open(&self, canvas: &mut Canvas) {
        let ([x, y], [w, h]) = (self.at.map(coordinate), self.size().map(coordinate));
        canvas.open_clipped(&format!(r#"<rect x="{x}" y="{y}" width="{w}" height="{h}"/>"#));
    }

    /// Draws a raster whose pixel (0, 0) is at the plane's (0, 0), sharp where one of its pixels is larger than a page unit.
    pub(crate) fn image(&self, canvas: &mut Canvas, href: &str, blocks: Blocks) {
        let ([x, y], [w, h]) = (self.place([-0.5; 2]), blocks.span().map(|side| side * self.zoom));
        canvas.image([x, y, w, h], href, self.zoom * blocks.factor as f64 >= 1.0);
    }

    /// Draws the rectangle of an image inside a wider view.
    pub(crate) fn outline(&self, canvas: &mut Canvas, image: View) {
        let ([x, y], [right, bottom]) = (self.place(image.lo), self.place(image.hi));
        let style = r##"class="image-frame" fill="none" stroke="#8a8a8a" stroke-width="1.2""##;
        canvas.rect([x, y, right - x, bottom - y], style);
    }

    /// Draws the outline, ticks, labels and titles; over the contents, so that their edges are clean.
    pub(crate) fn draw(&self, canvas: &mut Canvas, titles: [&str; 2]) {
        let ([x, y], [w, h]) = (self.at, self.size());
        let [x0, y0, x1, y1] = [self.view.lo[0], self.view.lo[1], self.view.hi[0], self.view.hi[1]];
        canvas.rect(
            [x, y, w, h],
            &format!(r#"class="frame" data-view="{x0} {y0} {x1} {y1}" fill="none" stroke="{INK}" stroke-width="0.8""#),
        );
        for (value, label) in self.ticks(0) {
            let [px, py] = [self.place([value, 0.0])[0], self.bottom()];
            canvas.line([px, py], [px, py + TICK], INK, 0.8);
            canvas.text(&Text::new([px, py + TICK + 11.0], &label, TICK_SIZE, Anchor::Middle));
        }
        for (value, label) in self.ticks(1) {
            let py = self.place([0.0, value])[1];
            canvas.line([x - TICK, py], [x, py], INK, 0.8);
            canvas.text(&Text::new([x - TICK - 3.0, py + 3.8], &label, TICK_SIZE, Anchor::End));
        }
        let below = [x + 0.5 * w, self.bottom() + TICK + 27.0];
        canvas.text(&Text { fill: GREY, ..Text::new(below, titles[0], AXIS_SIZE, Anchor::Middle) });
        let beside = [x - self.margins()[0] + 10.0, y + 0.5 * h];
        canvas.text(&Text { fill: GREY, upright: true, ..Text::new(beside, titles[1], AXIS_SIZE, Anchor::Middle) });
    }
}
