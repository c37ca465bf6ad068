//! The specification: every sampling rule as plain nested loops over `axis`, `padding` and `interp`.
//!
//! Slow and obvious on purpose. Run with `f64` for both float types it is what CONVENTIONS.md says; run in the types that
//! the kernels use it gives the kernels' very bits, which the tests check.

use crate::dtype::{Location, Real, Sample};
use crate::error::{FieldError, SampleError};
use crate::field::Field;
use crate::grid::{Grid, Locations};
use crate::interp::{Interp, cubic_weights, linear_weights, nearest_offset};
use crate::op::sample::output_shape;
use crate::padding::Spot;
use crate::rows::row_index;
use crate::sampler::Sampler;
use crate::space::{Norm, Px};
use crate::view::{Dense, Layout, View};
use crate::{Axis, Rest};

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
        let spot = match sampler.interp {
            Interp::Nearest | Interp::Linear => sampler.padding.place(spots[k], axes[k])?,
            Interp::Cubic { .. } => sampler.padding.settle(spots[k], axes[k])?,
        };
        let Spot::At { cell, frac } = spot else { unreachable!("placed spots are finite") };
        let f = A::from_f64(frac.to_f64());
        on_pixel[k] = f == A::ZERO;
        match sampler.interp {
            Interp::Nearest => {
                taps.push(vec![place(cell + nearest_offset(cell, frac))]);
                weights.push(vec![A::ONE]);
            }
            Interp::Linear => {
                taps.push(vec![place(cell), place(cell + 1)]);
                weights.push(linear_weights(f).to_vec());
            }
            Interp::Cubic { a } => {
                taps.push((-1..3).map(|t| place(cell + t)).collect());
                weights.push(cubic_weights(A::from_f64(a), f).to_vec());
            }
        }
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
        _ if on_pixel[k] => along(1),
        w => {
            // Differences to the pixel at the cell, so that equal values stay what they are.
            let here = along(1);
            [0, 2, 3].iter().fold(here, |sum, &t| w[t].mul_add(along(t) - here, sum))
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
