//! The interpolated map: what locations say between destination pixels, in `f64`.
//!
//! Between the pixels of a destination a map is linear along each axis in turn: bilinear or trilinear on every cell of four
//! or eight neighbouring pixels, as samplers interpolate fields. It ends at the centres of the end pixels.

use crate::axis::{Line, Rest};
use crate::dtype::{Location, Real};
use crate::error::RestNeeded;
use crate::grid::{Kind, Locations};
use crate::lattice::Between;
use crate::view::{Plane, View};

/// Locations as a function of real destination places, taken apart into rest place and displacement.
pub(crate) struct Map<'a, L, const D: usize> {
    at: View<'a, L, D>,
    between: Between<D>,
    /// Source pixels per stored unit.
    scale: [f64; D],
    /// The displacement of a stored 0, by axis and index.
    shift: [Vec<f64>; D],
    rest: [Line; D],
}

/// A displacement and how it changes: `slopes[i][k]` is that of component `i` along destination axis `k`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<const D: usize> {
    pub(crate) by: [f64; D],
    pub(crate) slopes: [[f64; D]; D],
}

impl<'a, L: Location, const D: usize> Map<'a, L, D> {
    /// `rest` is what displacements count from; left out, it is the field's own, or needless if sizes are equal.
    pub(crate) fn new(locations: &Locations<'a, L, D>, rest: Option<Rest>) -> Result<Self, RestNeeded> {
        let own = match locations.kind {
            Kind::Displaced(rest) => Some(rest),
            Kind::Normalised | Kind::Pixels => None,
        };
        let between = Between::new(*locations.source(), locations.destination(), rest.or(own))?;
        let (size, axes) = (between.destination(), between.source().axes());
        let same = own == Some(between.rest()) || (own.is_some() && between.same_size());
        let shift = std::array::from_fn(|k| {
            let shift = |j| {
                if same {
                    return 0.0;
                }
                let (offset, whole) = locations.origin::<f64>(k, j);
                // Whole pixels first: they cancel without rounding.
                let place = between.rest_place(k, j).split();
                offset - place.1.to_f64() + (whole - place.0) as f64
            };
            (0..size[k]).map(shift).collect()
        });
        Ok(Self {
            at: locations.at,
            between,
            scale: std::array::from_fn(|k| locations.scale::<f64>(k)),
            shift,
            rest: std::array::from_fn(|k| axes[k].rest_line(between.rest(), size[k])),
        })
    }

    /// The lattices between which it leads.
    pub(crate) const fn between(&self) -> &Between<D> {
        &self.between
    }

    /// Samples in the batch.
    pub(crate) const fn samples(&self) -> usize {
        self.at.shape().n
    }

    /// Where no displacement reads, by axis.
    pub(crate) const fn rest(&self) -> &[Line; D] {
        &self.rest
    }

    /// One sample's components.
    pub(crate) fn planes(&self, n: usize) -> [Plane<'a, L, D>; D] {
        std::array::from_fn(|k| self.at.plane(n, k))
    }

    /// The displacement of a destination pixel.
    #[inline(always)]
    pub(crate) fn by(&self, planes: &[Plane<'a, L, D>; D], pixel: [usize; D]) -> [f64; D] {
        let at = pixel.map(|i| i as i32);
        std::array::from_fn(|k| planes[k].at(at).widen().to_f64() * self.scale[k] + self.shift[k][pixel[k]])
    }

    /// The location that a destination pixel reads.
    #[inline(always)]
    pub(crate) fn place(&self, planes: &[Plane<'a, L, D>; D], pixel: [usize; D]) -> [f64; D] {
        let by = self.by(planes, pixel);
        std::array::from_fn(|k| self.rest[k].at(pixel[k] as f64) + by[k])
    }

    /// The nearest place of the map's own domain: from the first pixel's centre to the last one's.
    #[inline(always)]
    pub(crate) fn clamped(&self, x: [f64; D]) -> [f64; D] {
        let size = self.between.destination();
        std::array::from_fn(|k| x[k].max(0.0).min((size[k] - 1) as f64))
    }

    /// The displacement at a place of the domain, and its slopes on the cell there: of two cells that meet, the later one's.
    /// Along an axis of one pixel nothing changes.
    #[inline(always)]
    pub(crate) fn read(&self, planes: &[Plane<'a, L, D>; D], x: [f64; D]) -> Reading<D> {
        let size = self.between.destination();
        // Places of the domain are not negative, so that the cast is the floor; NaN becomes 0 and stays NaN in the fraction.
        let cell: [usize; D] = std::array::from_fn(|k| (x[k] as usize).min(size[k].saturating_sub(2)));
        let within: [f64; D] = std::array::from_fn(|k| if size[k] > 1 { x[k] - cell[k] as f64 } else { 0.0 });
        let mut corners = [[0.0; D]; 8];
        for (corner, by) in corners.iter_mut().enumerate().take(1 << D) {
            *by = self.by(planes, std::array::from_fn(|k| (cell[k] + (corner >> k & 1)).min(size[k] - 1)));
        }
        let blend = |corners: &[[f64; D]; 8], skip: usize| {
            let mut corners = *corners;
            let mut len = 1 << D;
            for k in (0..D).rev() {
                len /= 2;
                let blended = if k == skip { 1.0 } else { within[k] };
                for low in 0..len {
                    for i in 0..D {
                        let step = corners[low + len][i] - corners[low][i];
                        corners[low][i] = if k == skip { step } else { corners[low][i] + blended * step };
                    }
                }
            }
            corners[0]
        };
        let by = blend(&corners, D);
        let mut slopes = [[0.0; D]; D];
        for k in 0..D {
            let slope = blend(&corners, k);
            for i in 0..D {
                slopes[i][k] = slope[i];
            }
        }
        Reading { by, slopes }
    }
}

/// The solution of `m x = r` and the determinant of `m`, by Cramer's rule; not finite if that is 0.
#[inline(always)]
pub(crate) fn solve<const D: usize>(m: &[[f64; D]; D], r: &[f64; D]) -> ([f64; D], f64) {
    let mut x = [0.0; D];
    if D == 2 {
        let determinant = m[0][0] * m[1][1] - m[0][1] * m[1][0];
        x[0] = (r[0] * m[1][1] - m[0][1] * r[1]) / determinant;
        x[1] = (m[0][0] * r[1] - r[0] * m[1][0]) / determinant;
        return (x, determinant);
    }
    let minors = [
        m[1][1] * m[2][2] - m[1][2] * m[2][1],
        m[1][2] * m[2][0] - m[1][0] * m[2][2],
        m[1][0] * m[2][1] - m[1][1] * m[2][0],
    ];
    let determinant = m[0][0] * minors[0] + m[0][1] * minors[1] + m[0][2] * minors[2];
    let other = [
        [m[0][2] * m[2][1] - m[0][1] * m[2][2], m[0][1] * m[1][2] - m[0][2] * m[1][1]],
        [m[0][0] * m[2][2] - m[0][2] * m[2][0], m[0][2] * m[1][0] - m[0][0] * m[1][2]],
        [m[0][1] * m[2][0] - m[0][0] * m[2][1], m[0][0] * m[1][1] - m[0][1] * m[1][0]],
    ];
    for k in 0..3 {
        x[k] = (minors[k] * r[0] + other[k][0] * r[1] + other[k][1] * r[2]) / determinant;
    }
    (x, determinant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_by_hand() {
        assert_eq!(solve(&[[2.0, 1.0], [1.0, 3.0]], &[5.0, 10.0]), ([1.0, 3.0], 5.0));
        let m = [[2.0, 0.0, 1.0], [1.0, 3.0, 2.0], [1.0, 1.0, 4.0]];
        let x = [1.0, -2.0, 3.0];
        let r = m.map(|row: [f64; 3]| row.iter().zip(x).map(|(a, b)| a * b).sum());
        assert_eq!(solve(&m, &r), (x, 18.0));
        assert!(!solve(&[[1.0, 2.0], [2.0, 4.0]], &[1.0, 0.0]).0[0].is_finite());
    }
}
