//! One field as the pictures need it.

use thiserror::Error;

/// Data whose length does not fit its size.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// A side is zero.
    #[error("{what} is {width} pixels wide and {height} high; a picture needs at least one pixel")]
    Empty {
        /// Which size.
        what: &'static str,
        /// Pixels along x.
        width: usize,
        /// Pixels along y.
        height: usize,
    },
    /// A list is too short or too long.
    #[error("{what} holds {got} values, but {width} x {height} pixels need {needed}")]
    Length {
        /// Which list.
        what: &'static str,
        /// Pixels along x.
        width: usize,
        /// Pixels along y.
        height: usize,
        /// Values that the size asks for.
        needed: u128,
        /// Values there are.
        got: usize,
    },
}

impl ShapeError {
    /// Checks that `got` values are `per_pixel` for each pixel of a size that is not empty.
    pub(crate) fn check(what: &'static str, size: [usize; 2], per_pixel: u128, got: usize) -> Result<(), Self> {
        let [width, height] = size;
        if width == 0 || height == 0 {
            return Err(Self::Empty { what, width, height });
        }
        // Two 64-bit sizes and a small factor cannot overflow 128 bits, so a lying size is caught here and not later.
        let needed = (width as u128).saturating_mul(height as u128).saturating_mul(per_pixel);
        if needed == got as u128 { Ok(()) } else { Err(Self::Length { what, width, height, needed, got }) }
    }
}

/// One 2-D displacement field: for each destination pixel, row by row, its rest place and its displacement, both in
/// source pixels, x first, pixel centres at integers, y down.
///
/// Displacements may be NaN or infinite; pictures mark and count those.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrows {
    width: usize,
    height: usize,
    source: [usize; 2],
    rest: Vec<[f64; 2]>,
    by: Vec<[f64; 2]>,
}

impl Arrows {
    /// A field of `width` x `height` destination pixels over a source image of `source` = `[width, height]` pixels.
    ///
    /// # Errors
    /// [`ShapeError`] when a side is zero, or when `rest` or `by` does not hold one pair for each destination pixel.
    pub fn new(
        width: usize,
        height: usize,
        source: [usize; 2],
        rest: Vec<[f64; 2]>,
        by: Vec<[f64; 2]>,
    ) -> Result<Self, ShapeError> {
        ShapeError::check("rest", [width, height], 1, rest.len())?;
        ShapeError::check("by", [width, height], 1, by.len())?;
        if source.contains(&0) {
            return Err(ShapeError::Empty { what: "source", width: source[0], height: source[1] });
        }
        Ok(Self { width, height, source, rest, by })
    }

    /// Destination pixels along x.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Destination pixels along y.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The source image's size, `[width, height]`.
    #[must_use]
    pub fn source(&self) -> [usize; 2] {
        self.source
    }

    /// Rest places, row by row.
    #[must_use]
    pub fn rest(&self) -> &[[f64; 2]] {
        &self.rest
    }

    /// Displacements, row by row.
    #[must_use]
    pub fn by(&self) -> &[[f64; 2]] {
        &self.by
    }

    /// Where pixel `i` is read from, in source pixels: its rest place plus its displacement.
    ///
    /// # Panics
    /// When `i` is not below width x height.
    #[must_use]
    pub fn location(&self, i: usize) -> [f64; 2] {
        [self.rest[i][0] + self.by[i][0], self.rest[i][1] + self.by[i][1]]
    }

    /// The length of pixel `i`'s displacement in source pixels; NaN or infinite where it has none.
    ///
    /// # Panics
    /// When `i` is not below width x height.
    #[must_use]
    pub fn magnitude(&self, i: usize) -> f64 {
        self.by[i][0].hypot(self.by[i][1])
    }

    /// Whether pixel `i` has a place to be drawn at and a finite displacement.
    pub(crate) fn is_finite(&self, i: usize) -> bool {
        let [x, y] = self.location(i);
        x.is_finite() && y.is_finite() && self.magnitude(i).is_finite()
    }

    /// The index and length of the largest finite displacement, the first one in reading order among equals; none when no
    /// displacement is finite.
    #[must_use]
    pub fn largest(&self) -> Option<(usize, f64)> {
        let mut best = None;
        for i in 0..self.by.len() {
            let m = self.magnitude(i);
            if m.is_finite() && best.is_none_or(|(_, b)| m > b) {
                best = Some((i, m));
            }
        }
        best
    }

    /// The smallest finite magnitude that `percent` of all finite magnitudes do not exceed (nearest rank; 100 is the
    /// largest); none when no displacement is finite or `percent` is not in 0..=100.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        if !(0.0..=100.0).contains(&percent) {
            return None;
        }
        let mut finite: Vec<f64> = (0..self.by.len()).map(|i| self.magnitude(i)).filter(|m| m.is_finite()).collect();
        nearest_rank(&mut finite, percent)
    }

    /// How many pixels cannot be drawn.
    pub(crate) fn count_unusable(&self) -> usize {
        (0..self.by.len()).filter(|&i| !self.is_finite(i)).count()
    }
}

/// The value at a nearest rank; reorders `values`, which hold no NaN.
pub(crate) fn nearest_rank(values: &mut [f64], percent: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    Some(*values.select_nth_unstable_by(rank.saturating_sub(1).min(last), f64::total_cmp).1)
}
