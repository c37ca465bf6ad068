//! What every style returns: one description, two outputs.

use crate::font;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;
use thiserror::Error;

/// The longest side of a PNG, in pixels: 16384 squared is already 1 GiB of working memory.
const LONGEST: f64 = 16384.0;

/// Why a picture could not be drawn.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum DrawError {
    /// An option that must be a positive finite number is not.
    #[error("{option} is {got}; it must be finite and greater than zero")]
    NotPositive {
        /// The option's name.
        option: &'static str,
        /// Its value.
        got: f64,
    },
    /// A background photograph that is not the source image's size.
    #[error("the background is {got_width} x {got_height} pixels, but the field reads from {width} x {height}")]
    Background {
        /// The photograph's pixels along x.
        got_width: usize,
        /// The photograph's pixels along y.
        got_height: usize,
        /// The source's pixels along x.
        width: usize,
        /// The source's pixels along y.
        height: usize,
    },
    /// Numbers that are not as many as pixels.
    #[error(transparent)]
    Shape(#[from] crate::arrows::ShapeError),
    /// A PNG of this many pixels would not fit in memory.
    #[error("{width} x {height} pixels are too many for one PNG (at most 16384 on a side); ask for fewer pixels per unit")]
    TooLarge {
        /// Pixels along x.
        width: f64,
        /// Pixels along y.
        height: f64,
    },
    /// The rasteriser or the PNG encoder refused.
    #[error("cannot draw the picture: {0}")]
    Renderer(String),
}

impl DrawError {
    /// `got` when it is a positive finite number.
    pub(crate) fn positive(option: &'static str, got: f64) -> Result<f64, Self> {
        if got.is_finite() && got > 0.0 { Ok(got) } else { Err(Self::NotPositive { option, got }) }
    }
}

/// A finished figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    svg: String,
    width: f64,
    height: f64,
}

impl Picture {
    pub(crate) fn new(svg: String, width: f64, height: f64) -> Self {
        Self { svg, width, height }
    }

    /// The figure as one self-contained SVG document.
    #[must_use]
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// Width in SVG user units (CSS pixels).
    #[must_use]
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Height in SVG user units (CSS pixels).
    #[must_use]
    pub fn height(&self) -> f64 {
        self.height
    }

    /// The figure as a PNG file on white; `pixels_per_unit` = 2 suits screens, 3 and more suit print (96 units are an inch).
    ///
    /// # Errors
    /// [`DrawError`] when `pixels_per_unit` is not positive or asks for more than 16384 pixels on a side.
    pub fn png(&self, pixels_per_unit: f32) -> Result<Vec<u8>, DrawError> {
        let scale = DrawError::positive("pixels_per_unit", pixels_per_unit.into())?;
        let [width, height] = [self.width, self.height].map(|side| (side * scale).ceil().max(1.0));
        if width > LONGEST || height > LONGEST {
            return Err(DrawError::TooLarge { width, height });
        }
        let options = usvg::Options { fontdb: font::database(), ..usvg::Options::default() };
        let refused = |e: &dyn std::fmt::Display| DrawError::Renderer(e.to_string());
        let tree = usvg::Tree::from_str(&self.svg, &options).map_err(|e| refused(&e))?;
        let mut pixels = Pixmap::new(width as u32, height as u32).ok_or(DrawError::TooLarge { width, height })?;
        resvg::render(&tree, Transform::from_scale(pixels_per_unit, pixels_per_unit), &mut pixels.as_mut());
        // The page is painted white, so the alpha channel says nothing; RGB keeps the file small. A fraction of a pixel at
        // the right and lower edges may lie beyond the page: blend it with white as well.
        let opaque: Vec<u8> = pixels.data().chunks_exact(4).flat_map(|p| [0, 1, 2].map(|c| p[c] + (255 - p[3]))).collect();
        crate::embed::encode(width as u32, height as u32, png::ColorType::Rgb, &opaque)
    }
}
