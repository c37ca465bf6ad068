//! Thin-plate splines and other radial basis functions through points.

mod error;
mod fast;
mod kernel;
mod kornia;
mod points;
mod solve;

use super::{Formula, rests};
use crate::dtype::Real;
use crate::error::{FieldError, OutputLenError};
use crate::field::Field;
use crate::lattice::Between;
use crate::rows::{for_each_band_costing, map_rows_costing, row_index};
use crate::view::{Layout, Shape};
pub use error::RadialError;
use fast::{Frame, Leaf, Rows, SIDE, leaves};
pub use kernel::Kernel;
use points::Given;
use std::f64::consts::PI;

/// More points than this have equations of more than 4 GiB.
const MOST: usize = 32_768;

/// What a map of radial basis functions is made with. The default is the thin-plate spline that meets every point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RadialOptions {
    /// The function of the distance.
    pub kernel: Kernel,
    /// How little the points are to be met: none for 0, one number for all, or one for each. SciPy's `smoothing`: added to the
    /// diagonal of the kernel's matrix. Larger ones tend to the least-squares polynomial.
    pub smoothing: Vec<f64>,
    /// The kernel is a function of `epsilon * distance`. Needed for kernels with a width, the last four; 1 for the others, where it has no
    /// influence but on what smoothing means.
    pub epsilon: Option<f64>,
    /// Degree of the polynomial beside the kernels, up to 2, or -1 for none; the least that the kernel allows, or 0, if left out.
    pub degree: Option<i32>,
}

/// A centre in the kernel's frame and its weights.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Centre<const D: usize> {
    at: [f64; D],
    weight: [f64; D],
}

/// A displacement by radial basis functions: at `x`, the place that is read lies away from `x` by
///
/// `u(x) = sum over i of w[i] phi(epsilon |x - c[i]|) + p(x)`
///
/// with the destination points as centres `c[i]`, a polynomial `p`, and weights that no polynomial of its degree sees: `sum of
/// w[i] q(c[i]) = 0`. `u(c[i]) = source[i] - destination[i]`, or with smoothing, that less `smoothing[i] w[i]`. The thin-plate spline
/// is the smoothest such map in 2-D (Bookstein, "Principal warps", IEEE TPAMI 11(6), 1989; Wahba, Spline Models for Observational
/// Data, 1990); in 3-D that is [`Kernel::Linear`].
///
/// *Exactness*: all in `f64`; weights are improved until the points are met to rounding, [`residuals`](Self::residuals) tells. No
/// number of threads and no instruction set shows.
///
/// ```
/// use displace::{Formula, RadialBasis, RadialOptions};
/// // Corners stay; the middle is read 8 px further right. 4 px from the middle, halfway to a side:
/// let corners = [[-8.0, -8.0], [8.0, -8.0], [-8.0, 8.0], [8.0, 8.0], [0.0, 0.0]];
/// let mut source = corners;
/// source[4] = [8.0, 0.0];
/// let map = RadialBasis::fit(&source, &corners, &RadialOptions::default())?;
/// let place = map.source([0.0, 0.0]).unwrap();
/// assert!((place[0] - 8.0).abs() < 1e-12 && place[1].abs() < 1e-12);
/// // With weights w at the middle and -w/4 at the corners, the middle's equation less a corner's is, per w,
/// // (0 - 128 ln 128 / 2) - (128 ln 128 / 2 - (2 * 256 ln 256 / 2 + 512 ln 512 / 2) / 4) = 8 / w.
/// let energy = |s: f64| s * s.ln() / 2.0;
/// let w = 8.0 / ((0.0 - energy(128.0)) - (energy(128.0) - (2.0 * energy(256.0) + energy(512.0)) / 4.0));
/// assert!((map.weights()[4][0] - w).abs() < 1e-15 && (map.weights()[0][0] + w / 4.0).abs() < 1e-15);
/// # Ok::<(), displace::RadialError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RadialBasis<const D: usize> {
    kernel: Kernel,
    centres: Vec<Centre<D>>,
    /// Where a given pair's centre is.
    seats: Vec<usize>,
    frame: Frame<D>,
    /// What pixels are multiplied by for the polynomial.
    polynomial_scale: [f64; D],
    /// Exponents and coefficients.
    polynomial: Vec<([i32; D], [f64; D])>,
    /// A weight in pixels over one in the frame.
    weight_scale: f64,
    residuals: Vec<f64>,
    energy: Option<f64>,
}

/// The kernels' sum at some places, centres in their order.
#[inline(always)]
fn sum_over<const L: usize, const D: usize>(kernel: Kernel, centres: &[Centre<D>], at: &[[f64; L]; D]) -> [[f64; L]; D] {
    let mut sums = [[0.0; L]; D];
    for centre in centres {
        let mut s = [0.0; L];
        for k in 0..D {
            for lane in 0..L {
                let away = at[k][lane] - centre.at[k];
                s[lane] += away * away;
            }
        }
        let values = kernel.values(s);
        for k in 0..D {
            for lane in 0..L {
                sums[k][lane] += centre.weight[k] * values[lane];
            }
        }
    }
    sums
}

impl<const D: usize> RadialBasis<D> {
    /// The map that takes each destination point to its source point, or near it with smoothing. Points in pixels, x first.
    ///
    /// Equal pairs count once without smoothing. It takes some `K^3 / 3` multiplications and `4 K^2` bytes for `K` points, at most 32768.
    ///
    /// # Errors
    /// No points, lists of different lengths, more points than possible, numbers that are not finite; one destination with two sources, without
    /// smoothing; points that leave the polynomial open (for a thin plate: fewer than three, or all on one line); options that do not
    /// fit; points so close together that rounding makes the equations unsolvable.
    pub fn fit(source: &[[f64; D]], destination: &[[f64; D]], options: &RadialOptions) -> Result<Self, RadialError> {
        Given::new(source, destination, options, MOST)?.solved()
    }

    /// The destination points, the kernels' centres, each once. In kornia's formula they are the source points.
    #[must_use]
    pub fn centres(&self) -> Vec<[f64; D]> {
        let scale = self.frame.scale;
        self.centres.iter().map(|centre| std::array::from_fn(|k| centre.at[k] / scale + self.frame.middle[k])).collect()
    }

    /// The kernels' weights, one for each centre and axis, for distances in pixels.
    #[must_use]
    pub fn weights(&self) -> Vec<[f64; D]> {
        self.centres.iter().map(|centre| centre.weight.map(|weight| weight * self.weight_scale)).collect()
    }

    /// How far each given destination point is from being mapped to its source point, in pixels: rounding, or what smoothing leaves.
    #[must_use]
    pub fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// The bending energy of the displacement: the integral over the plane (space) of the sum of all squared second derivatives of all
    /// components, `8 pi w' K w`. Of thin plates in 2-D and of [`Kernel::Linear`] in 3-D, with a polynomial of degree 1 at most; others have
    /// none, or an infinite one.
    #[must_use]
    pub const fn bending_energy(&self) -> Option<f64> {
        self.energy
    }

    /// How far away the place that is read is from a place of the destination, in pixels.
    #[must_use]
    pub fn displacement(&self, at: [f64; D]) -> [f64; D] {
        let sums = self.at([at]);
        sums.map(|[sum]| sum)
    }

    /// The same for many places.
    #[must_use]
    pub fn displacements(&self, places: &[[f64; D]]) -> Vec<[f64; D]> {
        let blocks = map_rows_costing(self.cost().saturating_mul(SIDE), 1, places.len().div_ceil(SIDE), |_, block| {
            let some = &places[block * SIDE..];
            let sums = self.at::<SIDE>(std::array::from_fn(|lane| some[lane.min(some.len() - 1)]));
            std::array::from_fn::<[f64; D], SIDE, _>(|lane| std::array::from_fn(|k| sums[k][lane]))
        });
        blocks.into_iter().flatten().take(places.len()).collect()
    }

    fn at<const L: usize>(&self, places: [[f64; D]; L]) -> [[f64; L]; D] {
        let at = std::array::from_fn(|k| places.map(|place| self.frame.along(k, place[k])));
        let mut sums = crate::kernel::vectorised(
            #[inline(always)]
            || sum_over(self.kernel, &self.centres, &at),
        );
        for (lane, place) in places.iter().enumerate() {
            let polynomial = self.polynomial_at(*place, None);
            for k in 0..D {
                sums[k][lane] += polynomial[k];
            }
        }
        sums
    }

    /// The polynomial, or its derivative along an axis.
    fn polynomial_at(&self, at: [f64; D], slope: Option<usize>) -> [f64; D] {
        let t: [f64; D] = std::array::from_fn(|k| (at[k] - self.frame.middle[k]) * self.polynomial_scale[k]);
        let mut sum = [0.0; D];
        for (exponents, coefficients) in &self.polynomial {
            let mut term = 1.0;
            for k in 0..D {
                term *= match (slope == Some(k), exponents[k]) {
                    (true, 0) => 0.0,
                    (true, e) => f64::from(e) * t[k].powi(e - 1) * self.polynomial_scale[k],
                    (false, e) => t[k].powi(e),
                };
            }
            for k in 0..D {
                sum[k] += coefficients[k] * term;
            }
        }
        sum
    }

    /// The Jacobian of the map `x + u(x)` at a place: `[k][axis]`, analytically. At a centre of [`Kernel::Linear`], which has none
    /// there, that of the other kernels' sum.
    #[must_use]
    pub fn jacobian(&self, at: [f64; D]) -> [[f64; D]; D] {
        let place: [f64; D] = std::array::from_fn(|k| self.frame.along(k, at[k]));
        let columns: [[f64; D]; D] = std::array::from_fn(|axis| self.polynomial_at(at, Some(axis)));
        let mut jacobian: [[f64; D]; D] =
            std::array::from_fn(|k| std::array::from_fn(|axis| columns[axis][k] + f64::from(u8::from(k == axis))));
        for centre in &self.centres {
            let away: [f64; D] = std::array::from_fn(|k| place[k] - centre.at[k]);
            let s: f64 = away.iter().map(|away| away * away).sum();
            if s == 0.0 {
                continue;
            }
            let slope = 2.0 * self.kernel.slope(s) * self.frame.scale;
            for k in 0..D {
                for axis in 0..D {
                    jacobian[k][axis] += centre.weight[k] * slope * away[axis];
                }
            }
        }
        jacobian
    }

    /// The same for many places.
    #[must_use]
    pub fn jacobians(&self, places: &[[f64; D]]) -> Vec<[[f64; D]; D]> {
        map_rows_costing(self.cost(), 1, places.len(), |_, i| self.jacobian(places[i]))
    }

    /// The field of the map, and a bound for what its components are off in pixels, beyond rounding. See [`Self::displace_into`].
    ///
    /// ```
    /// use displace::{Between, Extent, Lattice, RadialBasis, RadialOptions};
    /// // Three points that are shifted alike shift all.
    /// let map = RadialBasis::fit(&[[1.0, 0.0], [6.0, 0.0], [1.0, 5.0]], &[[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]], &RadialOptions::default())?;
    /// let lattice = Lattice::from_shape([2, 2], Extent::Edges)?;
    /// let (field, bound) = map.field::<f32>(&Between::new(lattice, [2, 2], None)?, 0.0)?;
    /// assert_eq!((field.as_slice(), bound), (&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0][..], 0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the field has more numbers than memory has addresses.
    pub fn field<R: Real>(&self, between: &Between<D>, tolerance: f64) -> Result<(Field<R, D>, f64), FieldError> {
        let mut field = Field::zeroed(1, *between)?;
        let bound = self.displace_into(between, tolerance, field.as_mut_slice())?;
        Ok((field, bound))
    }

    /// The displacements of a destination: places less rest places, rounded once, into `([D,] H, W, D)`.
    ///
    /// Kernels without a width are summed by tiles, as far as that is quicker: from a tile, the sum of far centres is interpolated by
    /// polynomials, whose degree is chosen so that no component is off by more than `tolerance`, in pixels. What comes out is the
    /// bound that holds, mostly far more than what is missed; 0 where all is summed. A tolerance that is not above 0 sums all.
    ///
    /// # Errors
    /// If the field has more numbers than memory has addresses, or the buffer another length.
    pub fn displace_into<R: Real>(&self, between: &Between<D>, tolerance: f64, out: &mut [R]) -> Result<f64, FieldError> {
        let shape = Shape { n: 1, c: D, size: between.destination() };
        let expected = shape.elements()?;
        if out.len() != expected {
            return Err(OutputLenError { found: out.len(), expected }.into());
        }
        if out.is_empty() {
            return Ok(0.0);
        }
        let rests = rests(between);
        let (leaves, bound) = leaves(self.kernel, self.frame, &self.centres, shape.size, tolerance)
            .unwrap_or_else(|| (vec![Leaf::whole(&self.centres, shape.size)], 0.0));
        let near = leaves.iter().map(Leaf::kernels).sum::<usize>() / shape.pixels();
        for_each_band_costing(32 * near + 64, out, shape, Layout::Interleaved, |band| {
            let mut sums: [Vec<f64>; D] = std::array::from_fn(|_| vec![0.0; shape.size[0]]);
            let mut rows = Rows::new(&leaves, self.kernel, &self.frame);
            for row in 0..band.rows {
                let index = row_index(band.first_row + row, &shape.size);
                rows.write(&index, &mut sums);
                let polynomial = self.polynomial_along(&index);
                for (x, to) in band.interleaved_row(row).chunks_exact_mut(D).enumerate() {
                    let t = (x as f64 - self.frame.middle[0]) * self.polynomial_scale[0];
                    for (k, to) in to.iter_mut().enumerate() {
                        let j = if k == 0 { x } else { index[k] };
                        let [a, b, c] = polynomial[k];
                        *to = R::from_f64(sums[k][x] + (a + t * (b + t * c)) + (j as f64 - rests[k][j]));
                    }
                }
            }
        });
        Ok(bound)
    }

    /// The polynomial along a row, as one of x.
    fn polynomial_along(&self, index: &[usize; D]) -> [[f64; 3]; D] {
        let mut to = [[0.0; 3]; D];
        for (exponents, coefficients) in &self.polynomial {
            let mut term = 1.0;
            for k in 1..D {
                term *= ((index[k] as f64 - self.frame.middle[k]) * self.polynomial_scale[k]).powi(exponents[k]);
            }
            for k in 0..D {
                to[k][exponents[0] as usize] += coefficients[k] * term;
            }
        }
        to
    }
}

impl<const D: usize> Formula<D> for RadialBasis<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        let by = self.displacement(at);
        Some(std::array::from_fn(|k| at[k] + by[k]))
    }

    fn cost(&self) -> usize {
        32 * self.centres.len()
    }
}

/// `8 pi`, by which `w' K w` is a bending energy.
const ENERGY: f64 = 8.0 * PI;
