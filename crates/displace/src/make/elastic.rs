//! Random elastic deformation.

use super::blur::{Kernel, places};
use super::ffd::{BSpline, BSplineError};
use super::random::Random;
use crate::axis::{Axis, Extent};
use crate::dtype::Real;
use crate::error::{FieldError, FoldingError, OutputLenError, ViewError};
use crate::field::{Field, FieldView};
use crate::kernel::vectorised;
use crate::lattice::Between;
use crate::op::folding::folding;
use crate::padding::Padding;
use crate::rows::{for_each_band_costing, row_index};
use crate::view::{Layout, Shape, View};
use thiserror::Error;

/// How a random deformation is made. Lists of numbers are x first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Elastic<const D: usize> {
    /// torchvision's `v2.ElasticTransform(alpha, sigma)`, in 2-D: uniform noise between -1 and 1, blurred by a Gaussian of `sigma` pixels whose
    /// kernel has `8 sigma + 1` numbers (one more if that is even), mirrored at the end centres; times `alpha / width` for x and
    /// `alpha / height` for y in normalised units, which are half the width and height: `alpha / 2` pixels. (Older releases divided x by
    /// the height and y by the width; the same in square images.)
    Torchvision {
        /// Strength of x and y.
        alpha: [f64; D],
        /// Width of the Gaussian along x and y. x is blurred by the kernel length of `sigma[0]`, y by that of `sigma[1]`.
        sigma: [f64; D],
    },
    /// Simard, Steinkraus and Platt ("Best practices for convolutional neural networks applied to visual document analysis", ICDAR 2003):
    /// uniform noise between -1 and 1, blurred by a Gaussian of `sigma` pixels, times `alpha` pixels. SciPy's
    /// `gaussian_filter(noise, sigma, mode=.., truncate=..) * alpha`.
    Simard {
        /// Strength in pixels, for each component.
        alpha: [f64; D],
        /// Width of the Gaussian along each axis.
        sigma: [f64; D],
        /// The kernel ends at `truncate * sigma` pixels, rounded: SciPy's 4 is usual.
        truncate: f64,
        /// What lies outside; [`Padding::Reflection`] mirrors at the ends of `extent`.
        padding: Padding,
        /// Where the mirrors of [`Padding::Reflection`] are: edges for SciPy's `reflect`, centres for its `mirror`.
        extent: Extent,
    },
    /// Normal deviates of `sigma` pixels at `points` per axis, from corner to corner, and the cubic spline through them
    /// ([`BSpline::through`]): Ronneberger, Fischer and Brox ("U-Net", MICCAI 2015), elasticdeform's `deform_random_grid`.
    Spline {
        /// Standard deviation in pixels, for each component.
        sigma: [f64; D],
        /// Points along each axis, 2 or more.
        points: [usize; D],
    },
}

/// Where the random numbers come from.
#[derive(Clone, Copy, Debug)]
pub enum Noise<'a> {
    /// Philox4x32-10 with this key; CONVENTIONS.md says which number goes where. The same seed gives the same field on every machine, with
    /// any number of threads, and in all versions to come.
    Seed(u64),
    /// These: `([D,] H, W, D)`, x first, between -1 and 1; for [`Elastic::Spline`] of the points' size, with deviation 1.
    Given(&'a [f64]),
}

/// What keeps a field from being deformed.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ElasticError {
    /// A number out of bounds.
    #[error("{what} is {found:?} (x first): expected {expected}")]
    Number {
        /// Its name.
        what: &'static str,
        /// The numbers given.
        found: Vec<f64>,
        /// What it may be.
        expected: &'static str,
    },
    /// A style for images only.
    #[error("style \"torchvision\" is for 2-D fields, not for {axes}-D: take style \"simard\", whose alpha is in pixels")]
    Axes {
        /// Axes of the field.
        axes: usize,
    },
    /// Noise of another size.
    #[error("{found} numbers of noise: expected {expected}, {axes} for each of {size:?} (x first)")]
    Noise {
        /// Numbers given.
        found: usize,
        /// Numbers wanted.
        expected: usize,
        /// Components of each.
        axes: usize,
        /// Along each axis, x first.
        size: Vec<usize>,
    },
    /// Too strong for the field's type.
    #[error("the displacements leave the range of the field's numbers: take a smaller alpha or sigma, or noise that is finite")]
    Overflow,
    /// Rest places that fold by themselves.
    #[error(
        "the field folds even without displacements: its rest places do not follow each other, since the source has an axis of one pixel"
    )]
    Flat,
    /// Points that make no spline.
    #[error(transparent)]
    Spline(#[from] BSplineError),
    /// The field cannot be made.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Its folds cannot be counted.
    #[error(transparent)]
    Folding(#[from] FoldingError),
}

impl From<ViewError> for ElasticError {
    fn from(error: ViewError) -> Self {
        Self::Field(error.into())
    }
}

/// A random elastic deformation, and the factor it was scaled by.
///
/// The displacements count from rest, whichever it is. With `no_folds` they are multiplied by the largest factor up to 1, to within half a
/// percent, for which [`folding`] finds no fold in the field as it is stored; otherwise the factor is 1.
///
/// *Exactness*: noise is exact in `f32`; blurs and products are made in the field's type, unfused, in a fixed order, which rounds
/// less than `2 radius + 4` times per axis; splines are made in `f64` and rounded once. Nothing depends on the number of threads or the
/// instruction set.
///
/// # Errors
/// Numbers that are negative or not finite, noise of another size, a size without room.
///
/// ```
/// use displace::{elastic, folding, Between, Elastic, Extent, Lattice, Noise};
/// let between = Between::new(Lattice::from_shape([40, 60], Extent::Edges)?, [60, 40], None)?;
/// let recipe = Elastic::Spline { sigma: [30.0; 2], points: [5, 4] };
/// let (wild, one) = elastic::<f32, 2>(&recipe, Noise::Seed(1), &between, false)?;
/// assert!(one == 1.0 && folding(&wild.view())?.folded > 0);
/// let (tame, factor) = elastic::<f32, 2>(&recipe, Noise::Seed(1), &between, true)?;
/// assert!(factor < 1.0 && folding(&tame.view())?.folded == 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn elastic<R: Real, const D: usize>(
    recipe: &Elastic<D>,
    noise: Noise<'_>,
    between: &Between<D>,
    no_folds: bool,
) -> Result<(Field<R, D>, f64), ElasticError> {
    let mut field = Field::zeroed(1, *between)?;
    let factor = elastic_into(recipe, noise, between, no_folds, field.as_mut_slice())?;
    Ok((field, factor))
}

/// [`elastic`] into a buffer of `([D,] H, W, D)`.
///
/// # Errors
/// As [`elastic`], and if the buffer has another length than the field.
pub fn elastic_into<R: Real, const D: usize>(
    recipe: &Elastic<D>,
    noise: Noise<'_>,
    between: &Between<D>,
    no_folds: bool,
    out: &mut [R],
) -> Result<f64, ElasticError> {
    let shape = Shape { n: 1, c: D, size: between.destination() };
    let expected = shape.elements()?;
    if out.len() != expected {
        return Err(FieldError::from(OutputLenError { found: out.len(), expected }).into());
    }
    let at_least_0 = |what, numbers: &[f64], limit: f64, expected| {
        if numbers.iter().all(|number| (0.0..=limit).contains(number)) {
            return Ok(());
        }
        Err(ElasticError::Number { what, found: numbers.to_vec(), expected })
    };
    let size = shape.size;
    let widths = "widths of 0 to 10000 pixels";
    let finite = |what, numbers: &[f64]| {
        if numbers.iter().all(|number| number.is_finite()) {
            return Ok(());
        }
        Err(ElasticError::Number { what, found: numbers.to_vec(), expected: "finite numbers" })
    };
    match *recipe {
        Elastic::Torchvision { alpha, sigma } => {
            if D != 2 {
                return Err(ElasticError::Axes { axes: D });
            }
            finite("alpha", &alpha)?;
            at_least_0("sigma", &sigma, 1e4, widths)?;
            let source = between.source().size();
            // 4 sigma + 1/2 rounded down: half of a kernel of 8 sigma + 1, made odd.
            let radius = |component: usize| (8.0 * sigma[component] + 1.0) as usize / 2;
            let scale = std::array::from_fn(|k| alpha[k] / 2.0 * (source[k] as f64 / size[k].max(1) as f64));
            let kernels = std::array::from_fn(|k| {
                std::array::from_fn(|axis| Kernel::gaussian(if sigma[k] == 0.0 { 0.0 } else { sigma[axis] }, radius(k)))
            });
            Smooth { scale, kernels, padding: Padding::Reflection, extent: Extent::Centers }.write(noise, shape, out)?;
        }
        Elastic::Simard { alpha, sigma, truncate, padding, extent } => {
            finite("alpha", &alpha)?;
            at_least_0("sigma", &sigma, 1e4, widths)?;
            at_least_0("truncate", &[truncate], 100.0, "0 to 100")?;
            let kernels = std::array::from_fn(|_| {
                std::array::from_fn(|axis| Kernel::gaussian(sigma[axis], (truncate * sigma[axis] + 0.5) as usize))
            });
            Smooth { scale: alpha, kernels, padding, extent }.write(noise, shape, out)?;
        }
        Elastic::Spline { sigma, points } => {
            at_least_0("sigma", &sigma, f64::MAX, "finite deviations in pixels, 0 or more")?;
            spline(sigma, points, noise, size)?.displace_into(between, out)?;
        }
    }
    if out.iter().any(|number| !Real::is_finite(*number)) {
        return Err(ElasticError::Overflow);
    }
    if no_folds { Ok(unfolded(between, out)?) } else { Ok(1.0) }
}

/// The spline through random points.
fn spline<const D: usize>(
    sigma: [f64; D],
    points: [usize; D],
    noise: Noise<'_>,
    size: [usize; D],
) -> Result<BSpline<D>, ElasticError> {
    const MOST: usize = 1 << 26;
    let count = Shape { n: 1, c: D, size: points }.elements()?;
    if count > MOST {
        let found = points.map(|count| count as f64).to_vec();
        return Err(ElasticError::Number { what: "points", found, expected: "points with at most 2^26 components in all" });
    }
    let deviates: Vec<f64> = match noise {
        Noise::Given(given) if given.len() == count => given.to_vec(),
        Noise::Given(given) => {
            return Err(ElasticError::Noise { found: given.len(), expected: count, axes: D, size: points.to_vec() });
        }
        Noise::Seed(seed) => (0..count).map(|i| Random::new(seed).normal(i % D, (i / D) as u64)).collect(),
    };
    let values: Vec<f64> = deviates.iter().enumerate().map(|(i, deviate)| deviate * sigma[i % D]).collect();
    Ok(BSpline::through(&values, points, size)?)
}

/// Blurred noise: for each component a factor, and a kernel along each axis.
struct Smooth<R, const D: usize> {
    scale: [f64; D],
    kernels: [[Kernel<R>; D]; D],
    padding: Padding,
    extent: Extent,
}

impl<R: Real, const D: usize> Smooth<R, D> {
    fn write(&self, noise: Noise<'_>, shape: Shape<D>, out: &mut [R]) -> Result<(), ElasticError> {
        if let Noise::Given(given) = noise
            && given.len() != out.len()
        {
            return Err(ElasticError::Noise { found: given.len(), expected: out.len(), axes: D, size: shape.size.to_vec() });
        }
        if out.is_empty() {
            return Ok(());
        }
        let mut axes = Vec::with_capacity(D);
        for k in 0..D {
            axes.push(Axis::new(shape.size[k], self.extent).map_err(FieldError::from)?);
        }
        let around: Vec<Vec<Vec<Option<usize>>>> = self
            .kernels
            .iter()
            .map(|kernels| kernels.iter().zip(&axes).map(|(kernel, axis)| places(self.padding, *axis, kernel.radius())).collect())
            .collect();
        // Noise is made where it is blurred along x, and blurred planes are scaled where they are blurred last.
        let mut planes = crate::view::Dense::<R, D>::zeroed(shape, Layout::Planar)?;
        let cost = |axis: usize| (0..D).map(|k| self.kernels[k][axis].radius() + 8).sum::<usize>() / 8;
        for_each_band_costing(cost(0), planes.as_mut_slice(), shape, Layout::Planar, |band| {
            let (mut row_noise, mut numbers, mut padded) = (vec![0.0f32; shape.size[0]], vec![R::ZERO; shape.size[0]], Vec::new());
            for row in 0..band.rows {
                let first = (band.first_row + row) * shape.size[0];
                for k in 0..D {
                    match noise {
                        Noise::Seed(seed) => {
                            vectorised(
                                #[inline(always)]
                                || Random::new(seed).uniform(k, first as u64, &mut row_noise),
                            );
                            for (to, from) in numbers.iter_mut().zip(&row_noise) {
                                *to = R::from_f64(f64::from(*from));
                            }
                        }
                        Noise::Given(given) => {
                            for (to, from) in numbers.iter_mut().zip(given[first * D + k..].iter().step_by(D)) {
                                *to = R::from_f64(*from);
                            }
                        }
                    }
                    padded.clear();
                    padded.extend(around[k][0].iter().map(|place| place.map_or(R::ZERO, |place| numbers[place])));
                    let (to, _) = band.row(row, k);
                    vectorised(
                        #[inline(always)]
                        || self.kernels[k][0].along(&padded, to),
                    );
                }
            }
        });
        if D == 3 {
            let from = planes;
            planes = crate::view::Dense::zeroed(shape, Layout::Planar)?;
            for_each_band_costing(cost(1), planes.as_mut_slice(), shape, Layout::Planar, |band| {
                for row in 0..band.rows {
                    let index = row_index(band.first_row + row, &shape.size);
                    for k in 0..D {
                        let (to, _) = band.row(row, k);
                        self.across(&from, k, 1, index, &around[k][1], to);
                    }
                }
            });
        }
        for_each_band_costing(cost(D - 1), out, shape, Layout::Interleaved, |band| {
            let mut blurred = vec![R::ZERO; shape.size[0]];
            for row in 0..band.rows {
                let index = row_index(band.first_row + row, &shape.size);
                for k in 0..D {
                    self.across(&planes, k, D - 1, index, &around[k][D - 1], &mut blurred);
                    let scale = R::from_f64(self.scale[k]);
                    let (to, step) = band.row(row, k);
                    for (to, from) in to.iter_mut().step_by(step).zip(&blurred) {
                        *to = *from * scale;
                    }
                }
            }
        });
        Ok(())
    }

    /// Blurs a row of a component's plane across an axis.
    fn across(
        &self,
        planes: &crate::view::Dense<R, D>,
        k: usize,
        axis: usize,
        index: [usize; D],
        around: &[Option<usize>],
        to: &mut [R],
    ) {
        let shape = planes.shape();
        let plane = &planes.as_slice()[k * shape.pixels()..][..shape.pixels()];
        let zeros = vec![R::ZERO; to.len()];
        let kernel = &self.kernels[k][axis];
        let rows: Vec<&[R]> = around[index[axis]..][..2 * kernel.radius() + 1]
            .iter()
            .map(|place| {
                let Some(place) = place else { return zeros.as_slice() };
                let mut at = index;
                at[axis] = *place;
                let row = (1..D).rev().fold(0, |row, k| row * shape.size[k] + at[k]);
                &plane[row * shape.size[0]..][..shape.size[0]]
            })
            .collect();
        vectorised(
            #[inline(always)]
            || kernel.across(&rows, to),
        );
    }
}

/// Multiplies a field by the largest factor, to within half a percent, that leaves no folds.
fn unfolded<R: Real, const D: usize>(between: &Between<D>, out: &mut [R]) -> Result<f64, ElasticError> {
    let shape = Shape { n: 1, c: D, size: between.destination() };
    let whole = out.to_vec();
    let mut passes = |factor: f64| -> Result<bool, ElasticError> {
        for (to, from) in out.iter_mut().zip(&whole) {
            *to = R::from_f64(from.to_f64() * factor);
        }
        let view = FieldView::new(View::interleaved(out, shape)?, *between.source(), Some(between.rest()))?;
        Ok(folding(&view)?.folded == 0)
    };
    if passes(1.0)? {
        return Ok(1.0);
    }
    // Slopes of the interpolated displacement are means of differences of neighbours: while each row of them sums to less than the rest's
    // slope there are no folds.
    let steps: [usize; D] = std::array::from_fn(|axis| shape.size[..axis].iter().product());
    let mut largest = [[0.0f64; D]; D];
    for pixel in 0..shape.pixels() {
        for axis in 0..D {
            if pixel / steps[axis] % shape.size[axis] + 1 < shape.size[axis] {
                for k in 0..D {
                    let by = whole[(pixel + steps[axis]) * D + k].to_f64() - whole[pixel * D + k].to_f64();
                    largest[k][axis] = largest[k][axis].max(by.abs());
                }
            }
        }
    }
    let slope = |k: usize| (between.rest_place(k, 1).to_f64() - between.rest_place(k, 0).to_f64()).abs();
    let mut low = (0..D).map(|k| slope(k) / largest[k].iter().sum::<f64>()).fold(1.0, f64::min);
    while !passes(low)? {
        if low == 0.0 {
            return Err(ElasticError::Flat);
        }
        low /= 2.0;
    }
    // From there up to where they begin.
    let mut high = 1.0f64;
    while low * 2.0 < high {
        if passes(low * 2.0)? {
            low *= 2.0;
        } else {
            high = low * 2.0;
        }
    }
    while high > low * 1.005 {
        let middle = (low * high).sqrt();
        if passes(middle)? {
            low = middle;
        } else {
            high = middle;
        }
    }
    // The last one tried may be another.
    passes(low)?;
    Ok(low)
}
