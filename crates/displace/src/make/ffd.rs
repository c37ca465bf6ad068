//! Free-form deformation: uniform cubic B-splines on a lattice of control points.

use super::Formula;
use crate::dtype::Real;
use crate::error::{FieldError, OutputLenError};
use crate::kernel::vectorised;
use crate::lattice::Between;
use crate::rows::{for_each_band_costing, row_index};
use crate::view::{Dense, Layout, Shape};
use thiserror::Error;

/// Where a spline's lattice ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beyond {
    /// Control points beyond the lattice are 0, so that the displacement fades to 0 over two spacings, smoothly.
    #[default]
    Fades,
    /// Nothing is displaced where one of the four control points of an axis is missing, as ITK's `BSplineTransform` does.
    Nothing,
}

/// A displacement by uniform cubic B-splines: a free-form deformation (Rueckert et al., "Nonrigid registration using free-form
/// deformations", IEEE TMI 18(8), 1999; Lee, Wolberg and Shin, "Scattered data interpolation with multilevel B-splines", IEEE TVCG
/// 3(3), 1997).
///
/// Control point `i` lies at `origin + i * spacing` pixels of the destination and has the displacement `c[i]`, in source pixels; at `x`
///
/// `u(x) = sum of c[i] * b(s_x - i_x) * b(s_y - i_y) (* b(s_z - i_z))`, with `s = (x - origin) / spacing`
///
/// and the cubic B-spline `b`: `2/3 - t^2 + |t|^3 / 2` for `|t| <= 1`, `(2 - |t|)^3 / 6` for `|t| <= 2`, else 0. Its **domain**, where all
/// four control points of each axis are there, is `origin + spacing ..= origin + (count - 2) * spacing`. The displacement is a weighted
/// mean of control points (the spline does not go through them), twice continuously differentiable.
///
/// ```
/// use displace::{Beyond, BSpline};
/// // One of 4 x 4 control points displaced by (6, 0); the first one at pixel (-1, -1): pixel (0, 0) is the second one's.
/// let mut coefficients = vec![0.0; 32];
/// coefficients[2 * (4 + 1)] = 6.0;
/// let spline = BSpline::new(coefficients, [4, 4], [1.0, 1.0], [-1.0, -1.0], Beyond::Fades)?;
/// // 6 * 2/3 * 2/3 at the control point, 6 * 1/6 * 2/3 at the next.
/// assert!((spline.displacement([0.0, 0.0])[0] - 8.0 / 3.0).abs() < 1e-15);
/// assert!((spline.displacement([1.0, 0.0])[0] - 2.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), displace::BSplineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BSpline<const D: usize> {
    /// `([D,] H, W, D)`.
    pub(super) coefficients: Vec<f64>,
    pub(super) count: [usize; D],
    pub(super) spacing: [f64; D],
    pub(super) origin: [f64; D],
    pub(super) beyond: Beyond,
}

/// What is no spline.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum BSplineError {
    /// An axis with too few control points.
    #[error("{found:?} control points along the axes (x first): expected 4 or more along each")]
    Count {
        /// Along each axis, x first.
        found: Vec<usize>,
    },
    /// More or fewer numbers than control points have.
    #[error("{found} coefficients: expected {expected}, one for each of {axes} axes of {count:?} control points (x first)")]
    Length {
        /// Numbers given.
        found: usize,
        /// Numbers wanted.
        expected: usize,
        /// Components of each.
        axes: usize,
        /// Along each axis, x first.
        count: Vec<usize>,
    },
    /// Not a length.
    #[error("a spacing of {found:?} pixels between control points (x first): expected finite lengths above 0")]
    Spacing {
        /// Along each axis, x first.
        found: Vec<f64>,
    },
    /// Not a place.
    #[error("the first control point lies at {found:?} (x first): expected finite places in pixels")]
    Origin {
        /// Along each axis, x first.
        found: Vec<f64>,
    },
    /// Numbers that are not finite.
    #[error("the coefficient number {index} is {value}: expected finite numbers")]
    NotFinite {
        /// Its place in the array.
        index: usize,
        /// The number.
        value: f64,
    },
}

/// What a spline's coefficients alone say about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BSplineBounds<const D: usize> {
    /// The displacement lies between these everywhere, component by component.
    pub displacement: [[f64; 2]; D],
    /// `[k][axis]`: the slope of component `k` along an axis lies between these everywhere.
    pub slope: [[[f64; 2]; D]; D],
    /// The determinant of the Jacobian of `x + u(x)` is at least this everywhere, by interval arithmetic of `slope`.
    pub determinant: f64,
    /// By the slopes, or because no displacement reaches spacing / 2.0464 (2-D) or / 2.4795 (3-D), a map without folds for certain:
    /// `false` says nothing.
    pub one_to_one: bool,
}

/// The four control points that a place takes part of, along an axis: the first one, weights, and weights of the slope.
#[derive(Clone, Copy)]
pub(super) struct Taps {
    pub(super) first: usize,
    pub(super) weight: [f64; 4],
    slope: [f64; 4],
}

/// The weights of the control points -1, 0, 1, 2 at `t` between 0 and 1.
fn weights(t: f64) -> [f64; 4] {
    let r = 1.0 - t;
    let [t2, r2] = [t * t, r * r];
    [r2 * r / 6.0, 2.0 / 3.0 - t2 * (2.0 - t) / 2.0, 2.0 / 3.0 - r2 * (2.0 - r) / 2.0, t2 * t / 6.0]
}

/// Their derivatives by `t`.
fn slopes(t: f64) -> [f64; 4] {
    let r = 1.0 - t;
    [-r * r / 2.0, t * (1.5 * t - 2.0), r * (2.0 - 1.5 * r), t * t / 2.0]
}

impl<const D: usize> BSpline<D> {
    /// From coefficients `([D,] H, W, D)` in source pixels, x first; how many control points there are along each axis, x first; how far
    /// apart they are and where the first one lies, in destination pixels.
    ///
    /// ITK's `BSplineTransform` with unit pixels: `count` is its mesh size + 3, `spacing` its physical dimensions over the mesh size,
    /// `origin` its domain's origin less one spacing, `beyond` [`Beyond::Nothing`].
    ///
    /// # Errors
    /// Fewer than 4 control points along an axis, another number of coefficients, or numbers that are not finite.
    pub fn new(
        coefficients: Vec<f64>,
        count: [usize; D],
        spacing: [f64; D],
        origin: [f64; D],
        beyond: Beyond,
    ) -> Result<Self, BSplineError> {
        if count.iter().any(|count| *count < 4) {
            return Err(BSplineError::Count { found: count.to_vec() });
        }
        let expected = count.iter().fold(D, |product, count| product.saturating_mul(*count));
        if coefficients.len() != expected {
            return Err(BSplineError::Length { found: coefficients.len(), expected, axes: D, count: count.to_vec() });
        }
        if spacing.iter().any(|spacing| !spacing.is_finite() || *spacing <= 0.0) {
            return Err(BSplineError::Spacing { found: spacing.to_vec() });
        }
        if origin.iter().any(|origin| !origin.is_finite()) {
            return Err(BSplineError::Origin { found: origin.to_vec() });
        }
        if let Some((index, value)) = coefficients.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(BSplineError::NotFinite { index, value: *value });
        }
        Ok(Self { coefficients, count, spacing, origin, beyond })
    }

    /// The spline through displacements given on a lattice whose corners are the destination's: value `i` of `count` lies at
    /// `i * (len - 1) / (count - 1)`, with mirrored ends (slope 0 there). SciPy's `map_coordinates(values, .., order=3, mode="mirror")`.
    ///
    /// `values` are `([D,] H, W, D)`; two or more along each axis. The control points are the solution of the interpolation's tridiagonal
    /// equations, along one axis after the other.
    ///
    /// # Errors
    /// Fewer than two values along an axis, another number of values, or numbers that are not finite.
    pub fn through(values: &[f64], count: [usize; D], size: [usize; D]) -> Result<Self, BSplineError> {
        if count.iter().any(|count| *count < 2) {
            return Err(BSplineError::Count { found: count.to_vec() });
        }
        let expected = count.iter().fold(D, |product, count| product.saturating_mul(*count));
        if values.len() != expected {
            return Err(BSplineError::Length { found: values.len(), expected, axes: D, count: count.to_vec() });
        }
        let (mut coefficients, mut lengths) = (values.to_vec(), count);
        for k in 0..D {
            coefficients = filtered(&coefficients, &mut lengths, k);
        }
        let spacing = std::array::from_fn(|k| (size[k].max(2) - 1) as f64 / (count[k] - 1) as f64);
        Self::new(coefficients, lengths, spacing, spacing.map(|spacing: f64| -spacing), Beyond::Fades)
    }

    /// The coefficients, `([D,] H, W, D)`.
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Control points along each axis, x first.
    #[must_use]
    pub const fn count(&self) -> &[usize; D] {
        &self.count
    }

    /// Destination pixels from one to the next.
    #[must_use]
    pub const fn spacing(&self) -> &[f64; D] {
        &self.spacing
    }

    /// Where the first one lies.
    #[must_use]
    pub const fn origin(&self) -> &[f64; D] {
        &self.origin
    }

    /// The control points that a place along axis `k` takes part of; `None` where it has no displacement.
    pub(super) fn taps(&self, k: usize, at: f64) -> Option<Taps> {
        let (count, place) = (self.count[k] as f64, (at - self.origin[k]) / self.spacing[k]);
        let within = match self.beyond {
            Beyond::Fades => place > -2.0 && place < count + 1.0,
            Beyond::Nothing => place >= 1.0 && place <= count - 2.0,
        };
        // The domain's end belongs to its last cell, and NaN to none.
        let cell = place.floor().min(if place == count - 2.0 { count - 3.0 } else { place });
        let t = place - cell;
        let (raw, first) = (cell as i64 - 1, (cell as i64 - 1).clamp(0, self.count[k] as i64 - 4));
        // Control points that are not there weigh nothing; those that are read in their stead get 0.
        let moved = |from: [f64; 4], scale: f64| {
            std::array::from_fn(|tap| {
                let tap = first + tap as i64 - raw;
                if (0..4).contains(&tap) { from[tap as usize] * scale } else { 0.0 }
            })
        };
        within.then(|| Taps {
            first: first as usize,
            weight: moved(weights(t), 1.0),
            slope: moved(slopes(t), 1.0 / self.spacing[k]),
        })
    }

    /// The displacement of a place, in `f64`.
    #[must_use]
    pub fn displacement(&self, at: [f64; D]) -> [f64; D] {
        self.sum(at, None)
    }

    /// The Jacobian of the map `x + u(x)` at a place: `[k][axis]`, analytically, in `f64`.
    #[must_use]
    pub fn jacobian(&self, at: [f64; D]) -> [[f64; D]; D] {
        let columns: [[f64; D]; D] = std::array::from_fn(|axis| self.sum(at, Some(axis)));
        std::array::from_fn(|k| std::array::from_fn(|axis| columns[axis][k] + f64::from(u8::from(k == axis))))
    }

    /// The displacement, or its slope along an axis.
    fn sum(&self, at: [f64; D], slope: Option<usize>) -> [f64; D] {
        let mut sum = [0.0; D];
        let taps: [Option<Taps>; D] = std::array::from_fn(|k| self.taps(k, at[k]));
        if taps.iter().any(Option::is_none) {
            return sum;
        }
        for tap in 0..1_usize << (2 * D) {
            let (mut weight, mut index) = (1.0, 0);
            for k in (0..D).rev() {
                let Some(taps) = taps[k] else { return sum };
                let tap = tap >> (2 * k) & 3;
                weight *= if slope == Some(k) { taps.slope[tap] } else { taps.weight[tap] };
                index = index * self.count[k] + taps.first + tap;
            }
            for (k, sum) in sum.iter_mut().enumerate() {
                *sum += weight * self.coefficients[index * D + k];
            }
        }
        sum
    }

    /// The displacements of a destination, as displacements from rest. One row of control points is blended for each row of pixels,
    /// then four of its numbers for each pixel.
    ///
    /// *Exactness*: computed in `f64`, within 24 units of its round-off times the largest coefficient, and rounded once.
    ///
    /// # Errors
    /// If the field has more numbers than memory has addresses, or the buffer another length.
    pub fn displace_into<R: Real>(&self, between: &Between<D>, out: &mut [R]) -> Result<(), FieldError> {
        let shape = Shape { n: 1, c: D, size: between.destination() };
        let expected = shape.elements()?;
        if out.len() != expected {
            return Err(OutputLenError { found: out.len(), expected }.into());
        }
        self.rows(shape, out, None, |blend, to: &mut [R]| {
            for (to, from) in to.iter_mut().zip(blend[0]) {
                *to = R::from_f64(from);
            }
        });
        Ok(())
    }

    /// The determinants of the Jacobian of `x + u(x)` at the pixels of a size (x first), `(1, 1, [D,] H, W)`: analytic, in `f64`.
    ///
    /// # Errors
    /// If they cannot be addressed.
    pub fn determinants(&self, size: [usize; D]) -> Result<Dense<f64, D>, FieldError> {
        let shape = Shape { n: 1, c: 1, size };
        let mut out = Dense::zeroed(shape, Layout::Interleaved)?;
        self.rows(shape, out.as_mut_slice(), Some(()), |blend, to: &mut [f64]| {
            // blend[axis][k] is the slope of component k along the axis: the transpose has the same determinant.
            let matrix = std::array::from_fn(|axis| std::array::from_fn(|k| blend[axis][k] + f64::from(u8::from(k == axis))));
            to[0] = crate::map::adjugate::<f64, D>(&matrix).1;
        });
        Ok(out)
    }

    /// Walks over the pixels of an output with their displacement, or the slopes along all axes.
    fn rows<T: Send>(
        &self,
        shape: Shape<D>,
        out: &mut [T],
        slopes: Option<()>,
        write: impl Fn(&[[f64; D]; D], &mut [T]) + Send + Sync,
    ) {
        let size = shape.size;
        let taps: [Vec<Option<Taps>>; D] = std::array::from_fn(|k| (0..size[k]).map(|j| self.taps(k, j as f64)).collect());
        // The columns of control points that some pixel of a row needs.
        let used = taps[0].iter().flatten().map(|taps| taps.first);
        let (from, to) = (used.clone().min().unwrap_or(0), used.max().map_or(0, |first| first + 4));
        let parts = if slopes.is_some() { D } else { 1 };
        for_each_band_costing(8 * D * parts, out, shape, Layout::Interleaved, |band| {
            let mut blended: [Vec<f64>; D] = std::array::from_fn(|part| vec![0.0; if part < parts { (to - from) * D } else { 0 }]);
            for row in 0..band.rows {
                let index = row_index(band.first_row + row, &size);
                let across: Option<Vec<Taps>> = (1..D).map(|k| taps[k][index[k]]).collect();
                let along: &[Option<Taps>] = if across.is_some() { &taps[0] } else { &[] };
                for (part, blended) in blended.iter_mut().enumerate().take(parts) {
                    let slope = slopes.map(|()| part);
                    self.blend(across.as_deref().unwrap_or(&[]), slope, from, blended);
                }
                let pixels = band.interleaved_row(row).chunks_exact_mut(shape.c);
                vectorised(
                    #[inline(always)]
                    || {
                        for (x, to) in pixels.enumerate() {
                            let mut sum = [[0.0; D]; D];
                            if let Some(Some(taps)) = along.get(x) {
                                for (part, blended) in blended.iter().enumerate().take(parts) {
                                    let steep = slopes.is_some() && part == 0;
                                    let weight = if steep { &taps.slope } else { &taps.weight };
                                    let four = &blended[(taps.first - from) * D..][..4 * D];
                                    for tap in 0..4 {
                                        for k in 0..D {
                                            sum[part][k] += weight[tap] * four[tap * D + k];
                                        }
                                    }
                                }
                            }
                            write(&sum, to);
                        }
                    },
                );
            }
        });
    }

    /// Blends the rows of control points that a row of pixels takes part of into one, from column `from` on.
    fn blend(&self, across: &[Taps], slope: Option<usize>, from: usize, to: &mut [f64]) {
        to.fill(0.0);
        if across.len() != D - 1 {
            return;
        }
        for tap in 0..1_usize << (2 * (D - 1)) {
            let (mut weight, mut row) = (1.0, 0);
            for k in (1..D).rev() {
                let (taps, tap) = (&across[k - 1], tap >> (2 * (k - 1)) & 3);
                weight *= if slope == Some(k) { taps.slope[tap] } else { taps.weight[tap] };
                row = row * self.count[k] + taps.first + tap;
            }
            let row = &self.coefficients[(row * self.count[0] + from) * D..][..to.len()];
            for (to, from) in to.iter_mut().zip(row) {
                *to += weight * from;
            }
        }
    }

    /// What the coefficients alone say: the displacement lies in their hull, and so do slopes in the hull of differences of neighbours
    /// over the spacing, since a cubic spline's derivative is a quadratic spline of those. [`BSplineBounds::one_to_one`] is certain if the
    /// rows of the largest slopes sum to less than 1 or the determinant's bound is above 0; or if no coefficient reaches the length that Choi
    /// and Lee found ("Injectivity conditions of 2D and 3D uniform cubic B-spline functions", Graphical Models 62(6), 2000).
    ///
    /// The bounds by slopes hold for the field interpolated between pixels too, whose slopes are means of the spline's along
    /// lines.
    #[must_use]
    pub fn bounds(&self) -> BSplineBounds<D> {
        // Beyond the lattice there is no displacement, with or without a step.
        let mut bounds = BSplineBounds {
            displacement: [[0.0f64; 2]; D],
            slope: [[[0.0f64; 2]; D]; D],
            determinant: f64::NEG_INFINITY,
            one_to_one: false,
        };
        let hull = |range: &mut [f64; 2], value: f64| *range = [range[0].min(value), range[1].max(value)];
        let points = self.coefficients.len() / D;
        let mut step = 1;
        let steps: [usize; D] = std::array::from_fn(|k| {
            let own = step;
            step *= self.count[k];
            own
        });
        for point in 0..points {
            let value = |point: usize, k: usize| self.coefficients[point * D + k];
            for k in 0..D {
                hull(&mut bounds.displacement[k], value(point, k));
                for axis in 0..D {
                    let index = point / steps[axis] % self.count[axis];
                    if index + 1 < self.count[axis] {
                        hull(&mut bounds.slope[k][axis], (value(point + steps[axis], k) - value(point, k)) / self.spacing[axis]);
                    }
                    let end = index == 0 || index + 1 == self.count[axis];
                    if end && self.beyond == Beyond::Fades {
                        let away = if index == 0 { value(point, k) } else { -value(point, k) };
                        hull(&mut bounds.slope[k][axis], away / self.spacing[axis]);
                    }
                }
            }
        }
        let largest = |range: [f64; 2]| range[0].abs().max(range[1].abs());
        let rows = bounds.slope.iter().all(|row| row.iter().map(|range| largest(*range)).sum::<f64>() < 1.0);
        let reach = if D == 2 { 2.046_392_675 } else { 2.479_472_335 };
        let short = (0..D).all(|k| largest(bounds.displacement[k]) * reach < self.spacing[k]);
        bounds.determinant = least_determinant(&bounds.slope);
        bounds.one_to_one = rows || short || bounds.determinant > 0.0;
        bounds
    }
}

/// The least determinant of 1 + slopes, by interval arithmetic.
fn least_determinant<const D: usize>(slope: &[[[f64; 2]; D]; D]) -> f64 {
    let times = |a: [f64; 2], b: [f64; 2]| {
        let products = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]];
        [products.iter().copied().fold(f64::INFINITY, f64::min), products.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
    };
    let less = |a: [f64; 2], b: [f64; 2]| [a[0] - b[1], a[1] - b[0]];
    let entry = |k: usize, axis: usize| slope[k][axis].map(|bound| bound + f64::from(u8::from(k == axis)));
    let minor = |a: usize, b: usize| less(times(entry(1, a), entry(D - 1, b)), times(entry(1, b), entry(D - 1, a)));
    if D == 2 {
        return less(times(entry(0, 0), entry(1, 1)), times(entry(0, 1), entry(1, 0)))[0];
    }
    let terms = [times(entry(0, 0), minor(1, 2)), times(entry(0, 1), minor(2, 0)), times(entry(0, 2), minor(0, 1))];
    terms.iter().map(|term| term[0]).sum()
}

impl<const D: usize> Formula<D> for BSpline<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        let by = self.displacement(at);
        Some(std::array::from_fn(|k| at[k] + by[k]))
    }

    fn cost(&self) -> usize {
        D << (2 * D)
    }
}

/// Control points of the spline through values along axis `k`, two more than values: the ends are mirrored.
fn filtered<const D: usize>(values: &[f64], lengths: &mut [usize; D], k: usize) -> Vec<f64> {
    let len = lengths[k];
    let inner = lengths[..k].iter().product::<usize>() * D;
    // (c[i-1] + 4 c[i] + c[i+1]) / 6 = v[i] with c[-1] = c[1], c[len] = c[len-2], by elimination.
    let above: Vec<f64> = (0..len - 1)
        .scan(0.0, |last, i| {
            *last = if i == 0 { 0.5 } else { 1.0 / (4.0 - *last) };
            Some(*last)
        })
        .collect();
    let mut result = vec![0.0; values.len() / len * (len + 2)];
    for (outer, slab) in values.chunks_exact(inner * len).enumerate() {
        let to = &mut result[outer * inner * (len + 2)..][..inner * (len + 2)];
        for lane in 0..inner {
            let mut line: Vec<f64> = (0..len).map(|i| 6.0 * slab[i * inner + lane]).collect();
            line[0] /= 4.0;
            for i in 1..len - 1 {
                line[i] = (line[i] - line[i - 1]) / (4.0 - above[i - 1]);
            }
            line[len - 1] = (line[len - 1] - 2.0 * line[len - 2]) / (4.0 - 2.0 * above[len - 2]);
            for i in (0..len - 1).rev() {
                line[i] -= above[i] * line[i + 1];
            }
            to[lane] = line[1];
            for (i, value) in line.iter().enumerate() {
                to[(i + 1) * inner + lane] = *value;
            }
            to[(len + 1) * inner + lane] = line[len - 2];
        }
    }
    lengths[k] += 2;
    result
}
