//! The specification: every sampling rule as plain nested loops over `axis`, `padding` and `interp`.
//!
//! Slow and obvious on purpose. Run with `f64` for both float types it is what CONVENTIONS.md says; run in the types that
//! the kernels use it gives the kernels' very bits, which the tests check.

use crate::dtype::{Location, Real, Sample};
use crate::error::{FieldError, SampleError};
use crate::field::Field;
use crate::grid::{Grid, Locations};
use crate::interp::{Interp, nearest_offset};
use crate::op::sample::output_shape;
use crate::padding::Spot;
use crate::rows::row_index;
use crate::sampler::Sampler;
use crate::space::{Norm, Px};
use crate::view::{Dense, Layout, View};
use crate::{Axis, Extent, Padding, Rest};

/// [`displacement`](crate::displacement) as location minus rest place in `f64`, good to an ulp of the location.
///
/// # Errors
/// As [`displacement`](crate::displacement).
pub fn displacement<L: Location, const D: usize>(grid: &Grid<'_, L, D>, rest: Option<Rest>) -> Result<Field<f64, D>, FieldError> {
    let between = grid.between(rest)?;
    let mut field = Field::zeroed(grid.at().shape().n, between)?;
    for_each_pixel(grid.at().shape().n, between.destination(), |n, at, pixel| {
        for k in 0..D {
            let g = Norm(grid.at().plane(n, k).at(pixel.map(|i| i as i32)).widen().to_f64());
            let rest = Px(between.rest_place(k, pixel[k]).to_f64());
            field.as_mut_slice()[at * D + k] = (between.source().axes()[k].px_from_norm(g) - rest).0;
        }
    });
    Ok(field)
}

/// [`sample`](crate::sample), locations computed in `R` and blends in `A`; the result is planar.
///
/// # Errors
/// As [`sample`](crate::sample).
pub fn sample<T: Sample, L: Location, R: Real, A: Real, const D: usize>(
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
) -> Result<Dense<T, D>, SampleError> {
    let shape = output_shape(image, at)?;
    let mut out = Dense::zeroed(shape, Layout::Planar)?;
    let pixels = shape.pixels();
    for_each_pixel(shape.n, shape.size, |n, position, pixel| {
        let spots: [Spot<R>; D] = std::array::from_fn(|k| {
            let value = R::from_f64(at.at.plane(n, k).at(pixel.map(|i| i as i32)).widen().to_f64());
            let (offset, base) = at.origin(k, pixel[k]);
            Spot::new(value, at.scale(k), offset, base, at.source().axes()[k])
        });
        for c in 0..shape.c {
            let value: Option<A> = read(&|tap| image.plane(n, c).at(tap).widen(), spots, at.source().axes(), sampler);
            out.as_mut_slice()[(n * shape.c + c) * pixels + position % pixels] = match value {
                Some(value) => T::narrow(value),
                None if T::DTYPE.is_float() => T::narrow(A::NAN),
                None => T::narrow(A::from_f64(sampler.padding.fill())),
            };
        }
    });
    Ok(out)
}

/// A sum, with what its round-off is proportional to: the number and the magnitudes of its terms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// The sum.
    pub value: f64,
    /// The sum of the terms' magnitudes.
    pub size: f64,
    /// How many were added.
    pub terms: usize,
}

impl Sum {
    /// Adds a weighted value, unless the weight is 0. Differences to a finite tap round by it all the same.
    fn add(&mut self, weight: Weight, value: f64) {
        if weight.value != 0.0 {
            self.value += weight.value * value;
        }
        if weight.value != 0.0 || value.is_finite() {
            self.size += weight.size * value.abs();
            self.terms += 1;
        }
    }
}

/// [`sample_grad`]'s results.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleGrad {
    /// By the image, planar.
    pub image: Vec<Sum>,
    /// By the locations, interleaved.
    pub locations: Vec<Sum>,
}

/// [`sample_grad_into`](crate::sample_grad_into) with locations computed in `R` and everything else in `f64`, tap by tap.
///
/// # Errors
/// As [`sample`](crate::sample). Shapes of gradients are not checked.
pub fn sample_grad<T: Sample, L: Location, R: Real, const D: usize>(
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
) -> Result<SampleGrad, SampleError> {
    let shape = output_shape(image, at)?;
    let mut out = SampleGrad {
        image: vec![Sum::default(); image.shape().elements()?],
        locations: vec![Sum::default(); at.at.shape().elements()?],
    };
    for_each_pixel(shape.n, shape.size, |n, _, pixel| {
        let taps = taps::<L, R, D>(at, sampler, n, pixel);
        for c in 0..shape.c {
            let g: f64 = grad.plane(n, c).at(pixel.map(|i| i as i32)).widen();
            for k in 0..D {
                let to = &mut out.locations[place(at.at.shape(), n, pixel) * D + k];
                let Some(taps) = &taps else {
                    lost(sampler, g != 0.0, to);
                    continue;
                };
                for tap in taps {
                    let value = tap.pixel.map_or(sampler.padding.fill(), |pixel| image.plane(n, c).at(pixel).widen());
                    if g != 0.0 {
                        to.add(tap.along(&[k]).times(at.scale(k)), g * value);
                    }
                }
            }
            for tap in taps.iter().flatten() {
                if let Some(pixel) = tap.pixel {
                    out.image[plane_place(image.shape(), n, c, pixel)].add(tap.along(&[]), g);
                }
            }
        }
    });
    Ok(out)
}

/// [`sample_grad_grad`]'s results.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleGradGrad {
    /// By the upstream gradient, planar.
    pub grad: Vec<Sum>,
    /// By the image, planar.
    pub image: Vec<Sum>,
    /// By the locations, interleaved.
    pub locations: Vec<Sum>,
}

/// [`sample_grad_grad_into`](crate::sample_grad_grad_into), as [`sample_grad`].
///
/// # Errors
/// As [`sample`](crate::sample). Shapes of gradients and tangents are not checked.
pub fn sample_grad_grad<T: Sample, L: Location, R: Real, const D: usize>(
    tangent_image: Option<&View<'_, T, D>>,
    tangent_locations: Option<&View<'_, L, D>>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
) -> Result<SampleGradGrad, SampleError> {
    let shape = output_shape(image, at)?;
    let mut out = SampleGradGrad {
        grad: vec![Sum::default(); shape.elements()?],
        image: vec![Sum::default(); image.shape().elements()?],
        locations: vec![Sum::default(); at.at.shape().elements()?],
    };
    for_each_pixel(shape.n, shape.size, |n, _, pixel| {
        let here = pixel.map(|i| i as i32);
        let taps = taps::<L, R, D>(at, sampler, n, pixel);
        // How the location moves, in pixels.
        let push: [f64; D] = std::array::from_fn(|k| {
            tangent_locations.map_or(0.0, |tangent| tangent.plane(n, k).at(here).widen().to_f64() * at.scale::<f64>(k))
        });
        let pushed = push.iter().any(|push| *push != 0.0);
        for c in 0..shape.c {
            let g: f64 = grad.plane(n, c).at(here).widen();
            let to_grad = plane_place(shape, n, c, here);
            let to_locations = place(at.at.shape(), n, pixel) * D;
            let Some(taps) = &taps else {
                lost(sampler, pushed, &mut out.grad[to_grad]);
                for k in 0..D {
                    lost(sampler, pushed && g != 0.0, &mut out.locations[to_locations + k]);
                }
                continue;
            };
            for tap in taps {
                let value = tap.pixel.map_or(sampler.padding.fill(), |pixel| image.plane(n, c).at(pixel).widen());
                let tangent: f64 = match (tap.pixel, tangent_image) {
                    (Some(pixel), Some(tangent)) => tangent.plane(n, c).at(pixel).widen(),
                    _ => 0.0,
                };
                out.grad[to_grad].add(tap.along(&[]), tangent);
                out.grad[to_grad].add(tap.pushed(&push, &[]), value);
                if let Some(pixel) = tap.pixel {
                    out.image[plane_place(image.shape(), n, c, pixel)].add(tap.pushed(&push, &[]), g);
                }
                for k in 0..D {
                    let to = &mut out.locations[to_locations + k];
                    if g != 0.0 {
                        to.add(tap.along(&[k]).times(at.scale(k)), g * tangent);
                        to.add(tap.pushed(&push, &[k]).times(at.scale(k)), g * value);
                    }
                }
            }
        }
    });
    Ok(out)
}

/// A location that reads nothing has no derivative; nearest's are 0 everywhere.
fn lost(sampler: Sampler, matters: bool, to: &mut Sum) {
    if matters && sampler.interp != Interp::Nearest {
        to.value = f64::NAN;
    }
}

/// The position of a pixel among all samples of a batch, in which a batch of one serves all.
fn place<const D: usize>(shape: crate::Shape<D>, n: usize, pixel: [usize; D]) -> usize {
    let n = if shape.n == 1 { 0 } else { n };
    (0..D).rev().fold(n, |place, k| place * shape.size[k] + pixel[k])
}

/// The position in a planar batch.
fn plane_place<const D: usize>(shape: crate::Shape<D>, n: usize, c: usize, pixel: [i32; D]) -> usize {
    let n = if shape.n == 1 { 0 } else { n };
    (0..D).rev().fold(n * shape.c + c, |place, k| place * shape.size[k] + pixel[k] as usize)
}

/// A weight and what its own round-off is proportional to.
#[derive(Clone, Copy)]
struct Weight {
    value: f64,
    size: f64,
}

impl Weight {
    fn times(self, factor: f64) -> Self {
        Self { value: self.value * factor, size: self.size * factor.abs() }
    }
}

/// One of all the taps of a location: the pixel, `None` outside, and per axis the derivatives of order 0, 1 and 2.
struct OneTap<const D: usize> {
    pixel: Option<[i32; D]>,
    derivatives: [[Weight; 3]; D],
}

impl<const D: usize> OneTap<D> {
    /// The weight's derivative along each of some axes.
    fn along(&self, axes: &[usize]) -> Weight {
        (0..D).fold(Weight { value: 1.0, size: 1.0 }, |product, k| {
            let factor = self.derivatives[k][axes.iter().filter(|axis| **axis == k).count()];
            Weight { value: product.value * factor.value, size: product.size * factor.size }
        })
    }

    /// How much [`along`](Self::along) changes when the location moves.
    fn pushed(&self, push: &[f64; D], axes: &[usize]) -> Weight {
        (0..D).fold(Weight { value: 0.0, size: 0.0 }, |sum, k| {
            let slope = self.along(&[&[k], axes].concat()).times(push[k]);
            Weight { value: sum.value + slope.value, size: sum.size + slope.size }
        })
    }
}

/// All taps of a location, x fastest; `None` where no place can be named.
fn taps<L: Location, R: Real, const D: usize>(
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    n: usize,
    pixel: [usize; D],
) -> Option<Vec<OneTap<D>>> {
    let none = Weight { value: 0.0, size: 0.0 };
    let mut taps = vec![OneTap { pixel: Some([0; D]), derivatives: [[none; 3]; D] }];
    for k in 0..D {
        let axis = at.source().axes()[k];
        let value = R::from_f64(at.at.plane(n, k).at(pixel.map(|i| i as i32)).widen().to_f64());
        let (offset, base) = at.origin(k, pixel[k]);
        let along = taps_along(Spot::new(value, at.scale(k), offset, base, axis), axis, sampler)?;
        taps = along
            .into_iter()
            .flat_map(|(index, derivatives)| {
                taps.iter()
                    .map(|tap| {
                        let mut next = OneTap { pixel: tap.pixel, derivatives: tap.derivatives };
                        next.derivatives[k] = derivatives;
                        match (&mut next.pixel, index) {
                            (Some(pixel), Some(index)) => pixel[k] = index as i32,
                            (pixel, _) => *pixel = None,
                        }
                        next
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    Some(taps)
}

/// The taps along one axis with their weights' derivatives by the location asked for.
fn taps_along<R: Real>(asked: Spot<R>, axis: Axis, sampler: Sampler) -> Option<Vec<(Option<usize>, [Weight; 3])>> {
    let place = |tap| sampler.padding.place_tap(tap, axis);
    let spot = match sampler.interp.window() {
        Some(_) => sampler.padding.settle(asked, axis)?,
        None => sampler.padding.place(asked, axis)?,
    };
    let Spot::At { cell, frac } = spot else { unreachable!("placed spots are finite") };
    let f = frac.to_f64();
    // A small weight is a difference of numbers near 1, or is multiplied with a difference of values.
    let rounded = |value: f64| Weight { value, size: value.abs().max(1.0) };
    Some(match sampler.interp {
        Interp::Nearest => vec![(place(cell + nearest_offset(cell, frac)), [1.0, 0.0, 0.0].map(rounded))],
        Interp::Linear => {
            let turn = turn(asked, spot, axis, sampler.padding);
            vec![(place(cell), [1.0 - f, -turn, 0.0].map(rounded)), (place(cell + 1), [f, turn, 0.0].map(rounded))]
        }
        Interp::Cubic { a } => (-1..3)
            .map(|j| {
                let t = f - j as f64;
                // Keys' kernel by the distance to the tap, one polynomial within a pixel, one beyond.
                let (u, side) = (t.abs(), t.signum());
                let orders = if (0..2).contains(&j) {
                    [
                        ((a + 2.0) * u - (a + 3.0)) * u * u + 1.0,
                        side * (3.0 * (a + 2.0) * u - 2.0 * (a + 3.0)) * u,
                        6.0 * (a + 2.0) * u - 2.0 * (a + 3.0),
                    ]
                } else {
                    [a * (((u - 5.0) * u + 8.0) * u - 4.0), side * a * ((3.0 * u - 10.0) * u + 8.0), a * (6.0 * u - 10.0)]
                };
                (place(cell + j), orders.map(rounded))
            })
            .collect(),
        interp => {
            // Weights are polynomials or nearly so: differences of order 6 lose little but digits.
            const STEP: f64 = 1.0 / 128.0;
            let (first, weights) = interp.taps(cell, f);
            let centred = if interp.is_centred() && f >= 0.5 { f - 1.0 } else { f };
            let near: Vec<Vec<f64>> = (-3..=3).map(|i| interp.weights_at(centred + f64::from(i) * STEP)).collect();
            let difference = |t: usize, factors: [f64; 7], step: f64| {
                let value = near.iter().zip(factors).map(|(weights, factor)| weights[t] * factor).sum::<f64>() / step;
                Weight { value, size: 1e6 * value.abs().max(1.0) }
            };
            let slope = [-1.0 / 60.0, 0.15, -0.75, 0.0, 0.75, -0.15, 1.0 / 60.0];
            let bend = [1.0 / 90.0, -0.15, 1.5, -49.0 / 18.0, 1.5, -0.15, 1.0 / 90.0];
            (weights.into_iter().zip(first..).enumerate())
                .map(|(t, (weight, index))| {
                    let orders = [rounded(weight), difference(t, slope, STEP), difference(t, bend, STEP * STEP)];
                    (place(index), orders)
                })
                .collect()
        }
    })
}

/// The derivative of the place read by the one asked for: torch's `clip_coordinates_set_grad` and
/// `reflect_coordinates_set_grad`.
fn turn<R: Real>(asked: Spot<R>, placed: Spot<R>, axis: Axis, padding: Padding) -> f64 {
    let last = axis.len() as i64 - 1;
    let clipped = match placed {
        Spot::At { cell, frac } => cell < 0 || (cell == 0 && frac == R::ZERO) || cell >= last,
        _ => true,
    };
    match padding {
        Padding::Zeros | Padding::Constant(_) | Padding::Wrap => 1.0,
        Padding::Border | Padding::Reflection if clipped => 0.0,
        Padding::Border => 1.0,
        Padding::Reflection => {
            let Spot::At { cell, frac } = asked else { unreachable!("an infinite location reads nothing") };
            // Counted from the lower mirror.
            let whole = if axis.extent() == Extent::Edges && frac >= R::HALF { cell + 1 } else { cell };
            if whole.div_euclid(i64::from(axis.span())) % 2 == 0 { 1.0 } else { -1.0 }
        }
    }
}

/// One value: `None` where no place can be named.
fn read<R: Real, A: Real, const D: usize>(
    image: &dyn Fn([i32; D]) -> A,
    spots: [Spot<R>; D],
    axes: &[Axis; D],
    sampler: Sampler,
) -> Option<A> {
    let mut taps: Vec<Vec<Option<usize>>> = Vec::new();
    let mut weights: Vec<Vec<A>> = Vec::new();
    let mut on_pixel = [false; D];
    for k in 0..D {
        let place = |tap| sampler.padding.place_tap(tap, axes[k]);
        let spot = match sampler.interp.window() {
            None => sampler.padding.place(spots[k], axes[k])?,
            Some(_) => sampler.padding.settle(spots[k], axes[k])?,
        };
        let Spot::At { cell, frac } = spot else { unreachable!("placed spots are finite") };
        let f = A::from_f64(frac.to_f64());
        on_pixel[k] = f == A::ZERO && sampler.interp.is_exact_on_pixels();
        let (first, along) = match sampler.interp {
            Interp::Nearest => (cell + nearest_offset(cell, frac), vec![A::ONE]),
            interp => interp.taps(cell, f),
        };
        taps.push((first..).take(along.len()).map(place).collect());
        weights.push(along);
    }
    let fill = A::from_f64(sampler.padding.fill());
    let tap = |index: [usize; D]| {
        let mut pixel = [0; D];
        for k in 0..D {
            match taps[k][index[k]] {
                Some(i) => pixel[k] = i as i32,
                None => return fill,
            }
        }
        image(pixel)
    };
    let value = blend(&tap, &weights, &on_pixel, D, [0; D]);
    Some(if value.is_finite() { value } else { weighted_sum(&tap, &weights) })
}

/// The blend along the first `axes` axes, x innermost.
fn blend<A: Real, const D: usize>(
    tap: &dyn Fn([usize; D]) -> A,
    weights: &[Vec<A>],
    on_pixel: &[bool; D],
    axes: usize,
    index: [usize; D],
) -> A {
    let Some(k) = axes.checked_sub(1) else { return tap(index) };
    let along = |t: usize| {
        let mut index = index;
        index[k] = t;
        blend(tap, weights, on_pixel, k, index)
    };
    match weights[k].as_slice() {
        [_] => along(0),
        [_, _] if on_pixel[k] => along(0),
        [_, f] => f.mul_add(along(1) - along(0), along(0)),
        w => {
            // Differences to the pixel at the cell, so that equal values stay what they are.
            let middle = (w.len() - 1) / 2;
            let here = along(middle);
            if on_pixel[k] {
                return here;
            }
            (0..w.len()).filter(|t| *t != middle).fold(here, |sum, t| w[t].mul_add(along(t) - here, sum))
        }
    }
}

/// The sum of the taps by weight, x fastest, without those of weight zero.
fn weighted_sum<A: Real, const D: usize>(tap: &dyn Fn([usize; D]) -> A, weights: &[Vec<A>]) -> A {
    let count: usize = weights.iter().map(Vec::len).product();
    (0..count).fold(A::ZERO, |sum, mut position| {
        let mut index = [0; D];
        let mut weight = A::ONE;
        for k in 0..D {
            index[k] = position % weights[k].len();
            position /= weights[k].len();
            weight = weight * weights[k][index[k]];
        }
        if weight == A::ZERO { sum } else { weight.mul_add(tap(index), sum) }
    })
}

/// Every pixel of every sample: `(sample, position counted through all samples, pixel)`.
fn for_each_pixel<const D: usize>(samples: usize, size: [usize; D], mut work: impl FnMut(usize, usize, [usize; D])) {
    let pixels: usize = size.iter().product();
    for position in 0..samples * pixels {
        let mut pixel = row_index((position % pixels) / size[0], &size);
        pixel[0] = position % size[0];
        work(position / pixels, position, pixel);
    }
}
