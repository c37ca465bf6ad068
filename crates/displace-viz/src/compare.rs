//! Two photographs side by side.

use crate::embed;
use crate::frame::View;
use crate::picture::{DrawError, Picture};
use crate::raster::Raster;
use crate::sheet::Sheet;

/// How [`compare`] draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareOptions {
    /// The figure's title.
    pub title: String,
    /// The line below the figure; `None` says what is drawn.
    pub caption: Option<String>,
    /// The title over the left photograph.
    pub before: String,
    /// The title over the right photograph.
    pub after: String,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { title: "Before and after".to_owned(), caption: None, before: "before".to_owned(), after: "after".to_owned() }
    }
}

/// Two photographs side by side at one scale, with ticks in pixels.
///
/// Photographs of more than 1600 pixels on a side are drawn as means of square blocks.
///
/// # Errors
/// [`DrawError`] when a photograph cannot be embedded.
pub fn compare(before: &Raster, after: &Raster, options: &CompareOptions) -> Result<Picture, DrawError> {
    let photographs = [before, after];
    let sizes = photographs.map(|p| [p.width(), p.height()]);
    let scale_text = if sizes[0] == sizes[1] {
        format!("both {} × {} px, drawn at one scale", sizes[0][0], sizes[0][1])
    } else {
        let [[w, h], [v, g]] = sizes;
        format!("{w} × {h} px and {v} × {g} px, drawn at one scale")
    };
    let views = sizes.map(|size| View::image(size).eased());
    let (mut sheet, frames) = Sheet::two(&options.title, &scale_text, views, [&options.before, &options.after]);
    let mut notes = Vec::new();
    for (photograph, frame) in photographs.into_iter().zip(frames) {
        let (href, blocks) = embed::photograph(photograph, 0.0)?;
        frame.open(&mut sheet.canvas);
        frame.image(&mut sheet.canvas, &href, blocks);
        sheet.canvas.close();
        frame.draw(&mut sheet.canvas, ["x (px)", "y (px)"]);
        notes.extend(blocks.note());
    }
    notes.dedup();
    let caption = options.caption.as_deref().unwrap_or("Pixel centres at integers, y\u{a0}down.");
    Ok(sheet.finish(caption, &notes))
}
