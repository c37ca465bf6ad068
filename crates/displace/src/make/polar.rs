//! Polar and log-polar images.

use super::Formula;
use std::f64::consts::TAU;
use thiserror::Error;

/// How the columns of a polar image share the radius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Radial {
    /// `rho = x R / w`: OpenCV's `WARP_POLAR_LINEAR`, scikit-image's `linear`.
    Linear,
    /// `rho = exp(x ln R / w)`: scikit-image's `log`. The disc of radius 1 is left out.
    Log,
    /// `rho = exp(x ln R / w) - 1`: OpenCV's `WARP_POLAR_LOG`. The centre is column 0.
    Log1p,
}

/// An image in polar coordinates: column `x` of `w` at the distance that [`Radial`] says, row `y` of `h` at the angle `2 pi y / h` from x to y,
/// about a centre of the plain image.
///
/// As a map it reads a plain image at each pixel of the polar one; [`PolarInverse`] reads a polar image at each plain pixel.
///
/// ```
/// use displace::{Formula, Polar, Radial};
/// let polar = Polar::new([60.0, 50.0], 45.0, [90, 360], Radial::Linear)?;
/// // Column 20 is 10 pixels away, row 0 to the right.
/// assert_eq!(polar.source([20.0, 0.0]), Some([70.0, 50.0]));
/// assert_eq!(polar.inverse().source([70.0, 50.0]), Some([20.0, 0.0]));
/// assert_eq!(polar.inverse().source([106.0, 50.0]), None);
/// # Ok::<(), displace::PolarError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polar {
    center: [f64; 2],
    radius: f64,
    spacing: Radial,
    /// Columns and rows of the polar image.
    size: [f64; 2],
}

/// The way back: the place of a plain pixel in a polar image. None beyond its last column's edge or before column 0: outside the disc, and
/// within radius 1 for [`Radial::Log`].
///
/// Rows repeat: places lie in 0 .. h, and those beyond row h - 1 between it and row 0, as [`Padding::Wrap`](crate::Padding::Wrap) reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolarInverse(Polar);

/// What is no polar image.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PolarError {
    /// A centre that is not finite.
    #[error("the center is {center:?}: expected finite numbers")]
    Center {
        /// As given.
        center: [f64; 2],
    },
    /// A radius that is none.
    #[error("the radius is {radius}: expected more than {least}")]
    Radius {
        /// As given.
        radius: f64,
        /// What it has to exceed.
        least: f64,
    },
    /// A polar image without pixels.
    #[error("the polar image has {rows} rows of {columns} pixels: expected at least one pixel")]
    Empty {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
}

impl Polar {
    /// About `center`, up to `radius`, as a polar image of `size` (x first: columns for distances, rows for angles).
    ///
    /// # Errors
    /// If the centre is not finite, the radius not more than 0 (1 for logarithms), or the polar image empty.
    pub fn new(center: [f64; 2], radius: f64, [columns, rows]: [usize; 2], spacing: Radial) -> Result<Self, PolarError> {
        if center.iter().any(|c| !c.is_finite()) {
            return Err(PolarError::Center { center });
        }
        let least = if spacing == Radial::Linear { 0.0 } else { 1.0 };
        if !(radius > least && radius.is_finite()) {
            return Err(PolarError::Radius { radius, least });
        }
        if rows == 0 || columns == 0 {
            return Err(PolarError::Empty { rows, columns });
        }
        Ok(Self { center, radius, spacing, size: [columns as f64, rows as f64] })
    }

    /// The map from the plain image to the polar one.
    #[must_use]
    pub const fn inverse(&self) -> PolarInverse {
        PolarInverse(*self)
    }

    /// The distance of a column.
    fn rho(&self, x: f64) -> f64 {
        let part = x / self.size[0];
        match self.spacing {
            Radial::Linear => part * self.radius,
            Radial::Log => libm::exp(part * libm::log(self.radius)),
            // OpenCV's scale: the radius itself would need ln (R + 1).
            Radial::Log1p => libm::expm1(part * libm::log(self.radius)),
        }
    }

    /// The column of a distance.
    fn column(&self, rho: f64) -> f64 {
        self.size[0]
            * match self.spacing {
                Radial::Linear => rho / self.radius,
                Radial::Log => libm::log(rho) / libm::log(self.radius),
                Radial::Log1p => libm::log1p(rho) / libm::log(self.radius),
            }
    }
}

impl Formula<2> for Polar {
    fn source(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        let (sin, cos) = libm::sincos(at[1] / self.size[1] * TAU);
        let rho = self.rho(at[0]);
        Some([rho.mul_add(cos, self.center[0]), rho.mul_add(sin, self.center[1])])
    }

    fn cost(&self) -> usize {
        150
    }
}

impl Formula<2> for PolarInverse {
    fn source(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        let Self(polar) = self;
        let [x, y] = [at[0] - polar.center[0], at[1] - polar.center[1]];
        let rho = libm::hypot(x, y);
        let turn = libm::atan2(y, x) / TAU;
        let row = if turn < 0.0 { turn + 1.0 } else { turn } * polar.size[1];
        let column = polar.column(rho);
        // Columns do not repeat as rows do: beyond the last one there is nothing.
        (0.0..=polar.size[0] - 1.0).contains(&column).then_some([column, row])
    }

    fn cost(&self) -> usize {
        200
    }
}
