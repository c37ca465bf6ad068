//! The interpolated map: what locations say between destination pixels, in `f64`.
//!
//! Between the pixels of a destination a map is linear along each axis in turn: bilinear or trilinear on every cell of four
//! or eight neighbouring pixels, as samplers interpolate fields. It ends at the centres of the end pixels.

use crate::axis::{Line, Rest};
use crate::dtype::{Location, Real};
use crate::error::RestNeeded;
use crate::grid::{Kind, Locations};
use crate::kernel::number::Number;
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
    /// Whether displacements are stored as they are.
    plain: bool,
    /// Whether, besides, pixels lie side by side.
    dense: bool,
    rest: [Line; D],
}

/// The displacement on one cell, a polynomial in the place minus the cell's first corner: entry `b` belongs to the axes whose
/// bits `b` has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<const D: usize, N = f64> {
    pub(crate) coef: [[N; D]; 8],
    from: [N; D],
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
            plain: same,
            dense: same && locations.at.side_by_side(),
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
        std::array::from_fn(|k| {
            let stored = planes[k].at(at).widen().to_f64();
            if self.plain { stored } else { stored * self.scale[k] + self.shift[k][pixel[k]] }
        })
    }

    /// The location that a destination pixel reads.
    #[inline(always)]
    pub(crate) fn place(&self, planes: &[Plane<'a, L, D>; D], pixel: [usize; D]) -> [f64; D] {
        let by = self.by(planes, pixel);
        std::array::from_fn(|k| self.rest[k].at(pixel[k] as f64) + by[k])
    }

    /// The locations that the first `len` pixels of a row from `pixel` on read, by component.
    #[inline(always)]
    pub(crate) fn places(&self, planes: &[Plane<'a, L, D>; D], mut pixel: [usize; D], len: usize, to: &mut [&mut [f64]; D]) {
        if !self.dense {
            for x in 0..len {
                let place = self.place(planes, pixel);
                for k in 0..D {
                    to[k][x] = place[k];
                }
                pixel[0] += 1;
            }
            return;
        }
        let start = planes[0].row(pixel) as usize + pixel[0] * D;
        let numbers = &planes[0].data[start..][..len * D];
        for k in 0..D {
            let rest = self.rest[k].at(pixel[k] as f64);
            for (x, (to, numbers)) in to[k].iter_mut().zip(numbers.chunks_exact(D)).enumerate() {
                let rest = if k == 0 { self.rest[0].at((pixel[0] + x) as f64) } else { rest };
                *to = rest + numbers[k].widen().to_f64();
            }
        }
    }

    /// The nearest place of the map's own domain: from the first pixel's centre to the last one's.
    #[inline(always)]
    pub(crate) fn clamped<N: Number>(&self, mut x: [N; D]) -> [N; D] {
        for (x, len) in x.iter_mut().zip(self.between.destination()) {
            *x = x.most(x.all(0.0)).least(x.all((len - 1) as f64));
        }
        x
    }

    /// The cell that a place of the domain lies in: of two that meet, the later one. NaN lies in the first.
    #[inline(always)]
    pub(crate) fn cell(&self, x: [f64; D]) -> [usize; D] {
        let size = self.between.destination();
        // Places of the domain are not negative, so that the cast is the floor.
        std::array::from_fn(|k| (x[k] as i32 as usize).min(size[k].saturating_sub(2)))
    }

    /// The displacements of a cell's corners. Along an axis of one pixel they do not change.
    #[inline(always)]
    pub(crate) fn corners(&self, planes: &[Plane<'a, L, D>; D], cell: [usize; D]) -> [[f64; D]; 8] {
        let size = self.between.destination();
        let mut corners = [[0.0; D]; 8];
        if self.dense && size[0] > 1 {
            // Both ends of a side along x lie next to each other.
            for pair in 0..1 << (D - 1) {
                let mut ends = cell;
                ends[0] = 0;
                for k in 1..D {
                    ends[k] = (cell[k] + (pair >> (k - 1) & 1)).min(size[k] - 1);
                }
                let start = planes[0].row(ends) as usize + cell[0] * D;
                let numbers = &planes[0].data[start..][..2 * D];
                for i in 0..D {
                    corners[2 * pair][i] = numbers[i].widen().to_f64();
                    corners[2 * pair + 1][i] = numbers[D + i].widen().to_f64();
                }
            }
        } else {
            for (corner, by) in corners.iter_mut().enumerate().take(1 << D) {
                *by = self.by(planes, std::array::from_fn(|k| (cell[k] + (corner >> k & 1)).min(size[k] - 1)));
            }
        }
        corners
    }

    /// The displacement on a cell of the map.
    #[inline(always)]
    pub(crate) fn read(&self, planes: &[Plane<'a, L, D>; D], cell: [usize; D]) -> Reading<D> {
        Reading::new(self.corners(planes, cell), cell.map(|i| i as f64))
    }
}

impl<const D: usize, N: Number> Reading<D, N> {
    /// From the displacements of a cell's corners, the first of which lies at `from`.
    #[inline(always)]
    pub(crate) fn new(corners: [[N; D]; 8], from: [N; D]) -> Self {
        let mut coef = corners;
        for k in 0..D {
            for low in 0..1usize << D {
                for i in 0..D {
                    if low >> k & 1 == 0 {
                        coef[low | 1 << k][i] = coef[low | 1 << k][i] - coef[low][i];
                    }
                }
            }
        }
        Self { coef, from }
    }

    /// The displacement at `x`.
    #[inline(always)]
    pub(crate) fn by(&self, x: [N; D]) -> [N; D] {
        let mut coef = self.coef;
        for k in (0..D).rev() {
            let t = x[k] - self.from[k];
            for low in 0..1 << k {
                for i in 0..D {
                    coef[low][i] = coef[low][i] + t * coef[low | 1 << k][i];
                }
            }
        }
        coef[0]
    }
}

impl<const D: usize> Reading<D> {
    /// Whether all corners have the same displacement.
    #[inline(always)]
    pub(crate) fn is_constant(&self) -> bool {
        self.coef[1..1 << D].iter().all(|coef| *coef == [0.0; D])
    }

    /// How it changes: `slopes[i][k]` is that of component `i` along destination axis `k`.
    #[inline(always)]
    pub(crate) fn slopes(&self, x: [f64; D]) -> [[f64; D]; D] {
        let t: [f64; D] = std::array::from_fn(|k| x[k] - self.from[k]);
        let mut slopes = [[0.0; D]; D];
        for k in 0..D {
            for (b, coef) in self.coef.iter().enumerate().take(1 << D).filter(|(b, _)| b >> k & 1 == 1) {
                let mut weight = 1.0;
                for other in (0..D).filter(|other| *other != k && b >> other & 1 == 1) {
                    weight *= t[other];
                }
                for i in 0..D {
                    slopes[i][k] += weight * coef[i];
                }
            }
        }
        slopes
    }
}

/// The solution of `m x = r` and the determinant of `m`, by Cramer's rule; not finite if that is 0.
#[inline(always)]
pub(crate) fn solve<N: Number, const D: usize>(m: &[[N; D]; D], r: &[N; D]) -> ([N; D], N) {
    let mut x = *r;
    if D == 2 {
        let determinant = m[0][0] * m[1][1] - m[0][1] * m[1][0];
        let over = determinant.all(1.0) / determinant;
        x[0] = (r[0] * m[1][1] - m[0][1] * r[1]) * over;
        x[1] = (m[0][0] * r[1] - r[0] * m[1][0]) * over;
        return (x, determinant);
    }
    let (adjugate, determinant) = adjugate(m);
    let over = determinant.all(1.0) / determinant;
    for k in 0..D {
        x[k] = (adjugate[k][0] * r[0] + adjugate[k][1] * r[1] + adjugate[k][2] * r[2]) * over;
    }
    (x, determinant)
}

/// The inverse of a matrix times its determinant, and the determinant.
#[inline(always)]
pub(crate) fn adjugate<N: Number, const D: usize>(m: &[[N; D]; D]) -> ([[N; D]; D], N) {
    let mut adjugate = *m;
    if D == 2 {
        adjugate[0][0] = m[1][1];
        adjugate[0][1] = -m[0][1];
        adjugate[1][0] = -m[1][0];
        adjugate[1][1] = m[0][0];
        return (adjugate, m[0][0] * m[1][1] - m[0][1] * m[1][0]);
    }
    for k in 0..D {
        let (a, b) = ((k + 1) % D, (k + 2) % D);
        for i in 0..D {
            let (c, d) = ((i + 1) % D, (i + 2) % D);
            adjugate[k][i] = m[c][a] * m[d][b] - m[c][b] * m[d][a];
        }
    }
    (adjugate, m[0][0] * adjugate[0][0] + m[0][1] * adjugate[1][0] + m[0][2] * adjugate[2][0])
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
