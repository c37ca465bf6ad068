//! One axis of a source lattice: how normalised locations become pixels. The only home of `align_corners`.

use crate::dtype::Real;
use crate::error::{AxisLenError, NameError};
use crate::exact::Ratio;
use crate::kernel::number::Number;
use crate::space::{Norm, Px};
use std::str::FromStr;

/// What -1..+1 of a normalised location spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Extent {
    /// The outer edges of the end pixels, -0.5 to len - 0.5: torch's `align_corners=False`, its default.
    #[default]
    Edges,
    /// The centres of the end pixels, 0 to len - 1: torch's `align_corners=True`.
    Centers,
}

impl Extent {
    /// torch's flag.
    #[must_use]
    pub const fn from_align_corners(align_corners: bool) -> Self {
        if align_corners { Self::Centers } else { Self::Edges }
    }

    /// torch's flag.
    #[must_use]
    pub const fn align_corners(self) -> bool {
        matches!(self, Self::Centers)
    }
}

/// Where "no displacement" reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rest {
    /// The source pixel of the same index: optical flow's meaning. A resize counts as displacement.
    Index,
    /// The same place between the ends of the extent: a plain resize has none.
    Extent,
}

impl FromStr for Rest {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "index" => Ok(Self::Index),
            "extent" => Ok(Self::Extent),
            _ => Err(NameError { what: "rest", found: name.into(), expected: "\"index\" or \"extent\"" }),
        }
    }
}

impl std::fmt::Display for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Index => "index",
            Self::Extent => "extent",
        })
    }
}

/// Places along an axis that are a linear function of places along another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) slope: f64,
    pub(crate) start: f64,
}

impl Line {
    /// The place that belongs to `at`.
    #[inline(always)]
    pub(crate) fn at<N: Number>(self, at: N) -> N {
        at * self.slope + self.start
    }
}

/// One axis: its number of pixels and what -1..+1 spans on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    len: u32,
    extent: Extent,
}

impl Axis {
    /// The longest axis: up to here half-pixels and index differences are exact in `f32`, which the exactness of
    /// [`px_from_norm`](Self::px_from_norm) rests on.
    pub const MAX_LEN: usize = 1 << 22;

    /// An axis of `len` pixels, 1 to [`MAX_LEN`](Self::MAX_LEN).
    pub fn new(len: usize, extent: Extent) -> Result<Self, AxisLenError> {
        match u32::try_from(len) {
            Ok(short) if (1..=Self::MAX_LEN).contains(&len) => Ok(Self { len: short, extent }),
            _ => Err(AxisLenError { len }),
        }
    }

    /// Number of pixels.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // An axis is never empty.
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// What -1..+1 spans.
    #[must_use]
    pub const fn extent(self) -> Extent {
        self.extent
    }

    /// S: how many pixels -1..+1 spans.
    #[must_use]
    pub const fn span(self) -> u32 {
        match self.extent {
            Extent::Edges => self.len,
            Extent::Centers => self.len - 1,
        }
    }

    /// S/2, pixels per normalised unit: exact in every float type.
    #[must_use]
    pub fn slope<R: Real>(self) -> R {
        R::from_f64(f64::from(self.span()) / 2.0)
    }

    /// (len - 1)/2, the pixel at 0: exact in every float type, the same for both extents.
    #[must_use]
    pub fn middle<R: Real>(self) -> R {
        R::from_f64(f64::from(self.len - 1) / 2.0)
    }

    /// The location of a normalised value, correctly rounded: one fused `g * S/2 + (len - 1)/2`.
    ///
    /// NaN stays NaN; an infinity stays one, or is NaN on an axis of span 0.
    ///
    /// ```
    /// # use displace::{Axis, Extent, Norm, Px};
    /// let edges = Axis::new(5, Extent::Edges)?;
    /// assert_eq!(edges.px_from_norm(Norm(-1.0)), Px(-0.5));
    /// let centers = Axis::new(5, Extent::Centers)?;
    /// assert_eq!(centers.px_from_norm(Norm(-1.0)), Px(0.0));
    /// # Ok::<(), displace::error::AxisLenError>(())
    /// ```
    #[must_use]
    pub fn px_from_norm<R: Real>(self, g: Norm<R>) -> Px<R> {
        Px(g.0.mul_add(self.slope(), self.middle()))
    }

    /// The normalised value of a location, in three roundings; `None` on an axis of span 0, where every value reads pixel 0.
    #[must_use]
    pub fn norm_from_px<R: Real>(self, p: Px<R>) -> Option<Norm<R>> {
        (self.span() > 0).then(|| Norm((p.0 - self.middle()) / self.slope()))
    }

    /// The rest place of destination index `j` on this source axis, in source pixels: an exact fraction.
    ///
    /// `index`: `j`. `extent`: `((2j + 1) len - n) / 2n` between edges, `j (len - 1)/(n - 1)` between centres, and the
    /// middle for a destination of one pixel between centres (torch's `affine_grid` puts it there).
    #[must_use]
    pub fn rest_place(self, rest: Rest, destination_len: usize, j: usize) -> Ratio {
        let (len, n, j) = (i64::from(self.len), destination_len as i64, j as i64);
        match (rest, self.extent) {
            (Rest::Index, _) => Ratio::integer(j),
            // Equal lengths make both meanings the same, exactly.
            (Rest::Extent, _) if len == n => Ratio::integer(j),
            (Rest::Extent, Extent::Edges) => Ratio::new((2 * j + 1) * len - n, 2 * n),
            (Rest::Extent, Extent::Centers) if n == 1 => Ratio::new(len - 1, 2),
            (Rest::Extent, Extent::Centers) => Ratio::new(j * (len - 1), n - 1),
        }
    }

    /// The rest place as a function of the destination index, which need not be whole: `slope * j + start`.
    ///
    /// The slope along a destination of one pixel is that of longer ones between edges, and 0 between centres.
    #[must_use]
    pub(crate) fn rest_line(self, rest: Rest, destination_len: usize) -> Line {
        let (len, n) = (i64::from(self.len), destination_len as i64);
        let slope = match (rest, self.extent) {
            (Rest::Index, _) => Ratio::integer(1),
            (Rest::Extent, _) if len == n => Ratio::integer(1),
            (Rest::Extent, Extent::Edges) => Ratio::new(len, n.max(1)),
            (Rest::Extent, Extent::Centers) if n <= 1 => Ratio::integer(0),
            (Rest::Extent, Extent::Centers) => Ratio::new(len - 1, n - 1),
        };
        Line { slope: slope.to_f64(), start: self.rest_place(rest, destination_len.max(1), 0).to_f64() }
    }

    /// `(len - 1)/2` minus the rest place: what is added to `g * S/2` to give the displacement. An exact fraction.
    #[must_use]
    pub fn middle_minus_rest(self, rest: Rest, destination_len: usize, j: usize) -> Ratio {
        let place = self.rest_place(rest, destination_len, j);
        Ratio::new(i64::from(self.len - 1) * place.den() - 2 * place.num(), 2 * place.den())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(len: usize, extent: Extent) -> Axis {
        Axis::new(len, extent).unwrap()
    }

    #[test]
    fn both_extents_by_hand() {
        // Width 4 between edges: -1 is the left edge of pixel 0, +1 the right edge of pixel 3.
        let edges = axis(4, Extent::Edges);
        assert_eq!([-1.0, 0.0, 0.25, 1.0].map(|g| edges.px_from_norm(Norm(g)).0), [-0.5, 1.5, 2.0, 3.5]);
        let centers = axis(4, Extent::Centers);
        assert_eq!([-1.0, 0.0, 1.0].map(|g| centers.px_from_norm(Norm(g)).0), [0.0, 1.5, 3.0]);
        assert_eq!(centers.norm_from_px(Px(3.0)), Some(Norm(1.0)));
    }

    #[test]
    fn one_pixel_between_centres_has_no_inverse() {
        let axis = axis(1, Extent::Centers);
        assert_eq!(axis.px_from_norm(Norm(17.0f32)), Px(0.0));
        assert_eq!(axis.norm_from_px(Px(0.0f32)), None);
    }

    #[test]
    fn rest_places_by_hand() {
        // 4 pixels read by 2: between edges the destination's pixels lie at 0.5 and 2.5, between centres at 0 and 3.
        let (edges, centers) = (axis(4, Extent::Edges), axis(4, Extent::Centers));
        let at = |axis: Axis, rest, n, j| axis.rest_place(rest, n, j).to_f64();
        assert_eq!([0, 1].map(|j| at(edges, Rest::Extent, 2, j)), [0.5, 2.5]);
        assert_eq!([0, 1].map(|j| at(centers, Rest::Extent, 2, j)), [0.0, 3.0]);
        assert_eq!([0, 1].map(|j| at(edges, Rest::Index, 2, j)), [0.0, 1.0]);
        assert_eq!(at(centers, Rest::Extent, 1, 0), 1.5);
        assert_eq!(at(edges, Rest::Extent, 8, 0), -0.25);
    }

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(Axis::new(0, Extent::Edges), Err(AxisLenError { len: 0 }));
        assert!(Axis::new(Axis::MAX_LEN, Extent::Edges).is_ok());
        assert!(Axis::new(Axis::MAX_LEN + 1, Extent::Edges).is_err());
    }
}
