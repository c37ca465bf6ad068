//! How an image is read.

use crate::interp::Interp;
use crate::padding::Padding;

/// How an image is read between and outside its pixels. The default is torch's: linear, zeros.
///
/// `align_corners` is not here: where pixels are is geometry and belongs to the [`Lattice`](crate::Lattice).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sampler {
    /// Between pixels.
    pub interp: Interp,
    /// Outside the image.
    pub padding: Padding,
}

impl Sampler {
    /// A sampler.
    #[must_use]
    pub const fn new(interp: Interp, padding: Padding) -> Self {
        Self { interp, padding }
    }
}
