//! Reading with an average over what each destination pixel covers: elliptical weighted averages (Greene and Heckbert, IEEE CG&A 6(6), 1986;
//! Heckbert, Fundamentals of texture mapping and image warping, 1989).

use crate::dtype::{Location, Real, Sample};
use crate::error::{EwaError, SampleError};
use crate::grid::Locations;
use crate::op::sample::{Acc, output_shape, sample_into, sample_planned};
use crate::op::sample_grad::{check_len, check_shape, sample_grad_into};
use crate::op::spline::{Reading, coefficients, copied};
use crate::padding::Padding;
use crate::rows::{for_each_band, map_rows_costing, row_index, zip_each};
use crate::sampler::Sampler;
use crate::view::{Dense, Layout, Shape, View};

/// The square of a length from which an image shrinks: locations in `f32` that merely turn it are less far off.
const SHRINKS: f64 = 1.01;
/// The variance of the average, in squared pixels of the destination.
const VARIANCE: f64 = 0.25;
/// How far it reaches, in standard deviations.
const REACH: f64 = 3.0;
/// How far apart the places of an average are at most, in pixels of the image: what interpolation adds to an image repeats with the pixels,
/// and would alias with distances that are no fraction of a pixel.
const APART: f64 = 0.5;
/// Places to either side along an axis of the ellipse: no more, however long it is.
const MOST: usize = 64;
/// Numbers, of all channels, that are read together.
const BATCH: usize = 1 << 19;
/// Rows that are looked at together then.
const TOGETHER: usize = 64;

/// Reads `image` at every location as [`sample`](crate::sample) does, and where the map shrinks the image as an average over what the
/// destination pixel covers, so that nothing aliases.
///
/// *The average*: let `J` be the Jacobian of the map at a destination pixel, in source pixels per destination pixel (central differences of
/// the locations, at the ends one-sided). Along each axis `u` of the ellipse `J J^T` whose length `l` is above 1.005, the interpolated image is
/// averaged with a Gaussian of the variance `(l^2 - 1.01)/4`, which with the pixel that every image has already makes a standard deviation of half a
/// destination pixel; along others it is not. It is cut off at three standard deviations and summed at places at most half a pixel
/// apart, weights divided by their sum. A map that shrinks nowhere reads what `sample` reads, bit for bit, and the average begins with a
/// width of 0: nothing jumps. *Work*: `2 m + 1` places along an axis of the ellipse, `m` at least 3 and 6 standard deviations, but at most 64: shrinking
/// by more than 21 leaves places further apart than half a pixel, `l/43` pixels. *Shapes, padding*: as `sample`, two dimensions only.
/// *Exactness*: the average in the type of `sample`'s blends, each place rounded to the locations' type. Constant images stay
/// constant within 2e-6 of their value in `f32`, 2e-14 in `f64`: what the sum of so many weights is off by. Where a neighbour is not finite nothing is averaged.
///
/// # Errors
/// As [`sample`](crate::sample), and for volumes.
///
/// ```
/// use displace::{sample, sample_ewa, Extent, Lattice, Locations, Sampler, Shape, View};
/// // Stripes one pixel wide, read at every fourth pixel: sampling sees black only.
/// let stripes: Vec<f32> = (0..64 * 64).map(|i| (i % 2) as f32).collect();
/// let image = View::planar(&stripes, Shape { n: 1, c: 1, size: [64, 64] })?;
/// let map: Vec<f32> = (0..16 * 16).flat_map(|i| [4.0 * (i % 16) as f32, 4.0 * (i / 16) as f32]).collect();
/// let at = View::interleaved(&map, Shape { n: 1, c: 2, size: [16, 16] })?;
/// let at = Locations::pixels(at, Lattice::from_shape([64, 64], Extent::Edges)?)?;
/// assert_eq!(sample(&image, &at, Sampler::default())?.as_slice()[8 * 16 + 8], 0.0);
/// assert!((sample_ewa(&image, &at, Sampler::default())?.as_slice()[8 * 16 + 8] - 0.5).abs() < 5e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sample_ewa<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
) -> Result<Dense<T, D>, EwaError> {
    let mut out = Dense::zeroed(output_shape(image, at)?, Layout::Planar).map_err(SampleError::from)?;
    sample_ewa_into(image, at, sampler, Layout::Planar, out.as_mut_slice())?;
    Ok(out)
}

/// [`sample_ewa`] into a dense buffer of either layout.
///
/// # Errors
/// As [`sample_ewa`], and if the buffer has another length than the result.
pub fn sample_ewa_into<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    layout: Layout,
    out: &mut [T],
) -> Result<(), EwaError> {
    flat(D)?;
    let shape = output_shape(image, at)?;
    sample_into(image, at, sampler, layout, out)?;
    if !map_rows_costing(8 * shape.size[0], at.at.shape().n, rows(at), |n, y| !shrinking(at, n, y).is_empty()).contains(&true) {
        return Ok(());
    }
    let wide: Dense<Acc<T, L>, D> = match Reading::new(at, sampler)?.prefilter {
        Some((order, edges)) => coefficients(image, order, sampler.padding, edges)?,
        None => copied(image, 0, Padding::Border)?,
    };
    let wide = wide.view();
    for_each_band(out, shape, layout, |band| {
        for row in 0..band.rows {
            let list = shrinking(at, band.n, band.first_row + row);
            for list in pieces(&list, wide.shape().c) {
                let places = Places::<L::Real>::of(list);
                let read = places.read(&wide.sample(band.n), at, sampler).expect("as many places as were asked for");
                for (c, read) in read.chunks_exact(places.weight.len()).enumerate() {
                    let (to, step) = band.row(row, c);
                    for (spot, span) in list.iter().zip(&places.spans) {
                        let mut sum = Acc::<T, L>::ZERO;
                        for i in span.clone() {
                            sum = Acc::<T, L>::from_f64(places.weight[i]).mul_add(read[i], sum);
                        }
                        to[spot.x * step] = T::narrow(sum);
                    }
                }
            }
        }
    });
    Ok(())
}

/// The gradients of `<grad, sample_ewa(image, at)>` with respect to the image and to the numbers that `at` holds.
///
/// *Shapes, units, sums*: as [`sample_grad_into`](crate::sample_grad_into). The image's gradient is the exact adjoint. That of the locations
/// holds the ellipses fixed: it is the average of the slopes, and leaves out that a location's neighbours also shape the ellipse. It is
/// exact where a map is moved as a whole.
///
/// # Errors
/// As [`sample_grad_into`](crate::sample_grad_into), and for volumes.
pub fn sample_ewa_grad_into<T: Sample + Location, L: Location, const D: usize>(
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    grad_image: Option<&mut [T]>,
    grad_locations: Option<&mut [L]>,
) -> Result<(), EwaError> {
    flat(D)?;
    let shape = output_shape(image, at)?;
    check_shape("upstream gradient", grad, shape)?;
    check_len(&grad_image, image.shape())?;
    check_len(&grad_locations, at.at.shape())?;
    // In the type of blends: sums of parts are rounded once.
    let image: Dense<Acc<T, L>, D> = copied(image, 0, Padding::Border)?;
    let image = image.view();
    let mut plain: Dense<Acc<T, L>, D> = copied(grad, 0, Padding::Border)?;
    for_each_band(plain.as_mut_slice(), shape, Layout::Planar, |band| {
        for row in 0..band.rows {
            for spot in shrinking(at, band.n, band.first_row + row) {
                for c in 0..shape.c {
                    band.row(row, c).0[spot.x] = Acc::<T, L>::ZERO;
                }
            }
        }
    });
    let mut to_image: Option<Dense<Acc<T, L>, D>> =
        grad_image.is_some().then(|| Dense::zeroed(image.shape(), Layout::Planar)).transpose().map_err(SampleError::from)?;
    let mut to_locations: Option<Dense<L, D>> =
        grad_locations.is_some().then(|| Dense::zeroed(at.at.shape(), Layout::Planar)).transpose().map_err(SampleError::from)?;
    let outs = (to_image.as_mut().map(Dense::as_mut_slice), to_locations.as_mut().map(Dense::as_mut_slice));
    sample_grad_into(&plain.view(), &image, at, sampler, outs.0, outs.1)?;
    let mut back = Back {
        grad,
        image: &image,
        at,
        sampler,
        to_locations: to_locations
            .map(|own| own.as_slice().iter().map(|own| Acc::<T, L>::from_f64(own.widen().to_f64())).collect()),
        to_image,
    };
    for n in 0..shape.n {
        let mut spots = Vec::new();
        let mut count = 0;
        for first in (0..rows(at)).step_by(TOGETHER) {
            let some = TOGETHER.min(rows(at) - first);
            for spot in map_rows_costing(8 * shape.size[0], 1, some, |_, i| shrinking(at, n, first + i)).into_iter().flatten() {
                count += spot.ellipse.count();
                spots.push(spot);
                if count >= batch(shape.c) {
                    back.send(n, &spots)?;
                    spots.clear();
                    count = 0;
                }
            }
        }
        back.send(n, &spots)?;
    }
    let Back { to_image, to_locations, .. } = back;
    if let (Some(out), Some(found)) = (grad_image, &to_image) {
        zip_each(out, found.as_slice(), |to, value| *to = T::narrow(value));
    }
    if let (Some(out), Some(found)) = (grad_locations, &to_locations) {
        zip_each(out, found, |to, value| *to = L::narrowed(value));
    }
    Ok(())
}

/// Gradients on their way back, in the type of blends.
struct Back<'b, 'a, T, L, A, const D: usize> {
    grad: &'b View<'a, T, D>,
    image: &'b View<'b, A, D>,
    at: &'b Locations<'a, L, D>,
    sampler: Sampler,
    to_image: Option<Dense<A, D>>,
    to_locations: Option<Vec<A>>,
}

impl<T: Sample, L: Location, A: Real, const D: usize> Back<'_, '_, T, L, A, D> {
    /// What some pixels of sample `n` have read.
    fn send(&mut self, n: usize, spots: &[Spot]) -> Result<(), SampleError> {
        if spots.is_empty() {
            return Ok(());
        }
        let parts: Vec<&[Spot]> = spots.chunks(256).collect();
        let parts = map_rows_costing((BATCH / parts.len()).max(1), 1, parts.len(), |_, i| Places::<L::Real>::of(parts[i]));
        let mut places = Places { at: Vec::new(), weight: Vec::new(), spans: Vec::new() };
        for part in parts {
            let passed = places.weight.len();
            places.at.extend(part.at);
            places.weight.extend(part.weight);
            places.spans.extend(part.spans.into_iter().map(|span| span.start + passed..span.end + passed));
        }
        let (count, channels) = (places.weight.len(), self.grad.shape().c);
        let size = self.grad.shape().size;
        let mut upstream = Vec::with_capacity(count * channels);
        for c in 0..channels {
            let plane = self.grad.plane(n, c);
            for (spot, span) in spots.iter().zip(&places.spans) {
                let start = plane.row(row_index(spot.y, &size));
                let g: A = plane.data[(start + spot.x as isize * plane.strides[0]) as usize].widen();
                upstream.extend(places.weight[span.clone()].iter().map(|weight| g * A::from_f64(*weight)));
            }
        }
        let line = line(count);
        let here = places.locations(self.at)?;
        let upstream = View::planar(&upstream, Shape { n: 1, c: channels, size: line })?;
        let one = self.image.sample(n);
        let per_sample = one.shape().elements()?;
        let mut part = self.to_image.is_some().then(|| vec![A::ZERO; per_sample]);
        let mut slopes = self.to_locations.is_some().then(|| vec![L::Real::default(); count * D]);
        sample_grad_into(&upstream, &one, &here, self.sampler, part.as_deref_mut(), slopes.as_deref_mut())?;
        if let (Some(to), Some(part)) = (&mut self.to_image, &part) {
            let n = if to.shape().n == 1 { 0 } else { n };
            zip_each(&mut to.as_mut_slice()[n * per_sample..][..per_sample], part, |to, part| *to = *to + part);
        }
        if let (Some(to), Some(slopes)) = (&mut self.to_locations, &slopes) {
            let n = if self.at.at.shape().n == 1 { 0 } else { n };
            for (spot, span) in spots.iter().zip(&places.spans) {
                let start = (n * size[0] * size[1] + spot.y * size[0] + spot.x) * D;
                for k in 0..D {
                    let sum: f64 = span.clone().map(|i| slopes[i * D + k].to_f64()).sum();
                    to[start + k] = to[start + k] + A::from_f64(sum * self.at.scale::<f64>(k));
                }
            }
        }
        Ok(())
    }
}

/// A volume's ellipsoids would hold thousands of places each.
const fn flat(axes: usize) -> Result<(), EwaError> {
    if axes == 2 { Ok(()) } else { Err(EwaError::Axes { found: axes }) }
}

/// The size of a line of pixels.
fn line<const D: usize>(count: usize) -> [usize; D] {
    let mut size = [1; D];
    size[0] = count;
    size
}

/// What a destination pixel covers beyond a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ellipse {
    /// The location, in source pixels.
    at: [f64; 2],
    /// The axes, a standard deviation long.
    axes: [[f64; 2]; 2],
    /// Places to either side along each.
    sides: [usize; 2],
}

impl Ellipse {
    /// From the Jacobian's columns: where one step along x and along y of the destination leads. `None` if nothing shrinks.
    fn new(at: [f64; 2], along_x: [f64; 2], along_y: [f64; 2]) -> Option<Self> {
        let xx = along_x[0] * along_x[0] + along_y[0] * along_y[0];
        let xy = along_x[0] * along_x[1] + along_y[0] * along_y[1];
        let yy = along_x[1] * along_x[1] + along_y[1] * along_y[1];
        let (middle, half, shear) = ((xx + yy) / 2.0, (xx - yy) / 2.0, xy);
        let spread = half.hypot(shear);
        let squares = [middle + spread, middle - spread];
        // The doubled angle of the longer axis is that of (half, shear).
        let (cos, sin) = if spread > 0.0 { (half / spread, shear / spread) } else { (1.0, 0.0) };
        let long = [((1.0 + cos) / 2.0).sqrt(), ((1.0 - cos) / 2.0).sqrt().copysign(sin)];
        let directions = [long, [-long[1], long[0]]];
        if !squares[0].is_finite() || squares[0] <= SHRINKS || !at.iter().all(|x| x.is_finite()) {
            return None;
        }
        let (mut axes, mut sides) = ([[0.0; 2]; 2], [0; 2]);
        for k in 0..2 {
            let deviation = (VARIANCE * (squares[k] - SHRINKS)).max(0.0).sqrt();
            if deviation > 0.0 {
                axes[k] = directions[k].map(|x| x * deviation);
                let needed = (REACH * deviation / APART).ceil();
                sides[k] = if needed < MOST as f64 { (needed as usize).max(3) } else { MOST };
            }
        }
        Some(Self { at, axes, sides })
    }

    /// How many places it has.
    const fn count(&self) -> usize {
        (2 * self.sides[0] + 1) * (2 * self.sides[1] + 1)
    }
}

/// A destination pixel that shrinks.
#[derive(Clone, Copy, Debug)]
struct Spot {
    x: usize,
    y: usize,
    ellipse: Ellipse,
}

/// Pixels in order, so many at a time as read about [`BATCH`] numbers.
fn pieces(list: &[Spot], channels: usize) -> impl Iterator<Item = &[Spot]> {
    let most = batch(channels);
    let mut rest = list;
    std::iter::from_fn(move || {
        let (mut taken, mut count) = (0, 0);
        while taken < rest.len() && count < most {
            count += rest[taken].ellipse.count();
            taken += 1;
        }
        let (piece, after) = rest.split_at(taken);
        rest = after;
        (taken > 0).then_some(piece)
    })
}

/// Places that read about [`BATCH`] numbers.
fn batch(channels: usize) -> usize {
    (BATCH / channels.max(1)).max(1)
}

/// How many standard deviations the places along an axis are away, and their weights.
fn bell(sides: usize) -> Vec<(f64, f64)> {
    let all: Vec<(f64, f64)> = (0..=2 * sides)
        .map(|i| {
            let t = if sides == 0 { 0.0 } else { REACH * (i as f64 / sides as f64 - 1.0) };
            (t, (-t * t / 2.0).exp())
        })
        .collect();
    let sum: f64 = all.iter().map(|(_, weight)| weight).sum();
    all.into_iter().map(|(t, weight)| (t, weight / sum)).collect()
}

/// The places of some ellipses one after the other.
struct Places<R> {
    at: Vec<R>,
    weight: Vec<f64>,
    spans: Vec<std::ops::Range<usize>>,
}

impl<R: Real> Places<R> {
    fn of(list: &[Spot]) -> Self {
        let count = list.iter().map(|spot| spot.ellipse.count()).sum();
        let mut places = Self { at: Vec::with_capacity(2 * count), weight: Vec::with_capacity(count), spans: Vec::new() };
        let mut bells: Vec<Vec<(f64, f64)>> = vec![Vec::new(); MOST + 1];
        for Spot { ellipse, .. } in list {
            for sides in ellipse.sides {
                if bells[sides].is_empty() {
                    bells[sides] = bell(sides);
                }
            }
            let start = places.weight.len();
            let [u, v] = ellipse.axes;
            for (b, across) in &bells[ellipse.sides[1]] {
                for (a, along) in &bells[ellipse.sides[0]] {
                    for k in 0..2 {
                        places.at.push(R::from_f64(ellipse.at[k] + a * u[k] + b * v[k]));
                    }
                    places.weight.push(across * along);
                }
            }
            places.spans.push(start..places.weight.len());
        }
        places
    }

    /// The places as locations in the lattice that `at` reads.
    fn locations<'p, L: Location, const D: usize>(&'p self, at: &Locations<'_, L, D>) -> Result<Locations<'p, R, D>, SampleError> {
        let at = (View::interleaved(&self.at, Shape { n: 1, c: D, size: line(self.weight.len()) })?, at.source);
        Ok(Locations::pixels(at.0, at.1).expect("as many components as axes"))
    }

    /// What is read at the places, channel after channel, from pixels or coefficients.
    fn read<L: Location, A: Real, const D: usize>(
        &self,
        image: &View<'_, A, D>,
        at: &Locations<'_, L, D>,
        sampler: Sampler,
    ) -> Result<Vec<A>, SampleError> {
        let Reading { at, sampler, .. } = Reading::new(&self.locations(at)?, sampler)?;
        let mut out = vec![A::ZERO; self.weight.len() * image.shape().c];
        sample_planned(image, &at, sampler, Layout::Planar, &mut out)?;
        Ok(out)
    }
}

/// Rows of a destination.
fn rows<L: Location, const D: usize>(at: &Locations<'_, L, D>) -> usize {
    at.at.shape().size[1..].iter().product()
}

/// The pixels of a row that shrink.
fn shrinking<L: Location, const D: usize>(at: &Locations<'_, L, D>, n: usize, y: usize) -> Vec<Spot> {
    let [width, height] = [at.destination()[0], at.destination()[1]];
    let place = |x: usize, y: usize| -> [f64; 2] {
        let mut pixel = [0; D];
        (pixel[0], pixel[1]) = (x as i32, y as i32);
        std::array::from_fn(|k| {
            let (offset, base): (f64, i64) = at.origin(k, pixel[k] as usize);
            at.at.plane(n, k).at(pixel).widen().to_f64().mul_add(at.scale(k), offset) + base as f64
        })
    };
    // The difference of two places by their distance in the destination; none where there is no other.
    let step = |low: [f64; 2], high: [f64; 2], apart: usize| [0, 1].map(|k| (high[k] - low[k]) / apart.max(1) as f64);
    let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
    (0..width)
        .filter_map(|x| {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let along_x = step(place(left, y), place(right, y), right - left);
            let along_y = step(place(x, above), place(x, below), below - above);
            Ellipse::new(place(x, y), along_x, along_y).map(|ellipse| Spot { x, y, ellipse })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ellipses_by_hand() {
        // Nothing shrinks where steps are a pixel long, or the image is turned.
        assert_eq!(Ellipse::new([0.0; 2], [1.0, 0.0], [0.0, 1.0]), None);
        assert_eq!(Ellipse::new([0.0; 2], [0.6, 0.8], [-0.8, 0.6]), None);
        assert_eq!(Ellipse::new([0.0; 2], [f64::NAN, 0.0], [0.0, 4.0]), None);
        // Along y by 4: a deviation of sqrt(14.99)/2, and three of them are 5.8 pixels: twelve places to either side, none along x.
        let ellipse = Ellipse::new([0.0; 2], [1.0, 0.0], [0.0, 4.0]).unwrap();
        let deviation = 14.99f64.sqrt() / 2.0;
        assert!((ellipse.axes[0][0].abs() + (ellipse.axes[0][1].abs() - deviation).abs()) < 1e-15 && ellipse.axes[1] == [0.0; 2]);
        assert_eq!(ellipse.sides, [12, 0]);
        // Skewed, the axes are those of J J^T: their squares add up to it, less the pixel.
        let (a, b) = ([3.0, 1.0], [-1.0, 2.0]);
        let ellipse = Ellipse::new([0.0; 2], a, b).unwrap();
        for i in 0..2 {
            for j in 0..2 {
                let sum: f64 = ellipse.axes.iter().map(|axis| axis[i] * axis[j]).sum();
                let expected = VARIANCE * (a[i] * a[j] + b[i] * b[j] - if i == j { SHRINKS } else { 0.0 });
                assert!((sum - expected).abs() < 1e-14, "{sum} {expected}");
            }
        }
        // However far, the work ends.
        assert_eq!(Ellipse::new([0.0; 2], [1e9, 0.0], [0.0, 1e9]).unwrap().count(), 129 * 129);
    }

    #[test]
    fn bells_have_the_variance_they_are_named_for() {
        for sides in [3, 4, 8, 64] {
            let bell = bell(sides);
            let (sum, variance) = bell.iter().fold((0.0, 0.0), |(sum, variance), (t, w)| (sum + w, variance + w * t * t));
            // Cut off at three deviations a normal distribution keeps 0.973 of its variance; few places hold a little more.
            assert!((sum - 1.0).abs() < 1e-14 && (variance - 0.973).abs() < 0.03, "{sides} {sum} {variance}");
        }
    }
}
