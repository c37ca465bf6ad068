//! A photograph.

use crate::arrows::ShapeError;

/// An 8-bit RGB photograph, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Raster {
    /// A photograph of `width` x `height` pixels, three bytes each.
    ///
    /// # Errors
    /// [`ShapeError`] when a side is zero, or when `rgb` does not hold three bytes for each pixel.
    pub fn new(width: usize, height: usize, rgb: Vec<u8>) -> Result<Self, ShapeError> {
        ShapeError::check("rgb", [width, height], 3, rgb.len())?;
        Ok(Self { width, height, rgb })
    }

    /// Pixels along x.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels along y.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Three bytes for each pixel, row by row.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }
}
