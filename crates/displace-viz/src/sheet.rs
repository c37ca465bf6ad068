//! The page around a picture: title, scale line, caption, margins. Every style uses it, so all figures look alike.

use crate::canvas::{Anchor, Canvas, GREY, INK, Text};
use crate::font;
use crate::frame::{Frame, View};
use crate::picture::Picture;

const MARGIN: f64 = 18.0;
const GAP: f64 = 12.0;
const TITLE_SIZE: f64 = 15.0;
const NOTE_SIZE: f64 = 11.0;
const LINE: f64 = 15.0;
/// Narrower pages would break captions into many lines.
const LEAST_WIDTH: f64 = 500.0;
/// The box that one frame is fitted into.
pub(crate) const FRAME: [f64; 2] = [520.0, 470.0];
/// Viewers without the embedded font may draw text this much wider.
const FONT_SLACK: f64 = 0.94;

/// What to reserve before a style draws.
pub(crate) struct Plan<'a> {
    pub(crate) title: &'a str,
    /// The line under the title: scale and step.
    pub(crate) scale: &'a str,
    pub(crate) view: View,
    /// Width of the column at the right for a colour bar or wheel.
    pub(crate) legend: f64,
    /// The least height of that column.
    pub(crate) legend_height: f64,
    /// Room under the x axis for a key.
    pub(crate) below: f64,
}

/// A page that is being drawn.
pub(crate) struct Sheet<'a> {
    pub(crate) canvas: Canvas,
    title: &'a str,
    /// Where text and pictures begin from the left.
    left: f64,
    width: f64,
    /// Where the next thing goes.
    y: f64,
}

impl<'a> Sheet<'a> {
    /// A page with one frame; returns the frame, and the upper left corner of the legend column.
    pub(crate) fn one(plan: &Plan<'a>) -> (Self, Frame, [f64; 2]) {
        let mut frame = Frame::fitted(plan.view, FRAME);
        let [beside, under] = frame.margins();
        let block = beside + frame.size()[0] + if plan.legend > 0.0 { GAP + plan.legend } else { 0.0 };
        let (mut sheet, x) = Self::new(plan.title, plan.scale, MARGIN + beside, block);
        frame.at = [x + beside, sheet.y];
        let legend = [frame.right() + GAP, sheet.y];
        sheet.y = (frame.bottom() + under + plan.below).max(sheet.y + plan.legend_height) + GAP;
        (sheet, frame, legend)
    }

    /// A page with two frames side by side at one zoom, each under its own title.
    pub(crate) fn two(title: &'a str, scale: &str, views: [View; 2], titles: [&str; 2]) -> (Self, [Frame; 2]) {
        let [w, h] = [0.66 * FRAME[0], 0.66 * FRAME[1]];
        let mut frames = views.map(|view| Frame::fitted(view, [w, h]));
        let zoom = frames[0].zoom.min(frames[1].zoom);
        for frame in &mut frames {
            frame.zoom = zoom;
        }
        let sides = frames.map(|f| f.margins()[0]);
        let block = sides[0] + frames[0].size()[0] + 2.0 * GAP + sides[1] + frames[1].size()[0];
        let (mut sheet, x) = Self::new(title, scale, MARGIN + sides[0], block);
        let wrapped = [0, 1].map(|i| font::wrap(titles[i], 12.5, true, frames[i].size()[0].max(90.0) * FONT_SLACK));
        let top = sheet.y + 17.0 * wrapped[0].len().max(wrapped[1].len()) as f64;
        frames[0].at = [x + sides[0], top];
        frames[1].at = [frames[0].right() + 2.0 * GAP + sides[1], top];
        for (frame, lines) in frames.iter().zip(&wrapped) {
            for (i, line) in lines.iter().rev().enumerate() {
                let at = [frame.at[0], top - 7.0 - 17.0 * i as f64];
                sheet.canvas.text(&Text { bold: true, ..Text::new(at, line, 12.5, Anchor::Start) });
            }
        }
        sheet.y = frames[0].bottom().max(frames[1].bottom()) + frames[0].margins()[1] + GAP;
        (sheet, frames)
    }

    /// Draws the head of a page that holds a block of this width; returns where the block begins from the left.
    fn new(title: &'a str, scale: &str, left: f64, block: f64) -> (Self, f64) {
        let width = (block + 2.0 * MARGIN).max(LEAST_WIDTH);
        let mut sheet = Self { canvas: Canvas::default(), title, left, width, y: MARGIN };
        sheet.lines(title, TITLE_SIZE, true, INK);
        sheet.lines(scale, NOTE_SIZE, false, GREY);
        sheet.y += 10.0;
        (sheet, 0.5 * (width - block))
    }

    fn lines(&mut self, text: &str, size: f64, bold: bool, fill: &str) {
        let limit = (self.width - self.left - MARGIN) * FONT_SLACK;
        for line in font::wrap(text, size, bold, limit) {
            self.y += if bold { LINE + 4.0 } else { LINE };
            let at = [self.left, self.y - 4.0];
            self.canvas.text(&Text { bold, fill, ..Text::new(at, &line, size, Anchor::Start) });
        }
    }

    /// Adds the caption, then each note, and ends the page.
    pub(crate) fn finish(mut self, caption: &str, notes: &[String]) -> Picture {
        self.lines(caption, NOTE_SIZE, false, INK);
        let notes = notes.join(" ");
        self.lines(&notes, NOTE_SIZE, false, GREY);
        let size = [self.width, self.y + MARGIN].map(f64::ceil);
        let description = format!("{caption} {notes}");
        Picture::new(self.canvas.document(size, self.title, description.trim()), size[0], size[1])
    }
}
