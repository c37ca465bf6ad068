//! Where each source pixel goes: the inverse of a pull map.

mod exact;
mod iterate;
pub(crate) mod patch;

use crate::axis::Rest;
use crate::dtype::{Location, Real};
use crate::error::InvertError;
use crate::field::Field;
use crate::grid::Locations;
use crate::lattice::{Between, Lattice};
use crate::map::{Map, Reading, solve};
use crate::view::{Dense, Layout, Plane, Shape};
pub use iterate::{Convergence, Progress};
use std::cmp::Ordering;

/// How an inverse is found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Method {
    /// Every cell of the map is solved: complete, with the number of all places that read a pixel.
    #[default]
    Exact,
    /// Chen et al. (Med. Phys. 35(1):81, 2008): a place is moved against what it misses, until it misses nothing. Converges
    /// where the displacement changes by less than a pixel per pixel, and finds one place at most.
    FixedPoint(Stop),
    /// Newton's method with halved steps: fast near a solution, and finds one place at most.
    Newton(Stop),
}

/// When an iteration ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// A pixel is done when its residual is at most this, in source pixels; `None` for what `valid` asks of it.
    pub tolerance: Option<f64>,
    /// Steps at most.
    pub steps: usize,
}

impl Default for Stop {
    fn default() -> Self {
        Self { tolerance: None, steps: 100 }
    }
}

/// Which of several places that read a pixel the inverse names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Branch {
    /// The one with the largest Jacobian determinant: the right way round, and stretched the most.
    #[default]
    LargestJacobian,
    /// The nearest to the pixel's own rest place, by the length of the displacement.
    Nearest,
    /// The first in the order of the destination: rows from above, each from the left.
    First,
}

/// Names of branches, as on the command line.
impl std::str::FromStr for Branch {
    type Err = crate::error::NameError;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "largest_jacobian" => Ok(Self::LargestJacobian),
            "nearest" => Ok(Self::Nearest),
            "first" => Ok(Self::First),
            _ => Err(crate::error::NameError {
                what: "branch",
                found: name.into(),
                expected: "\"largest_jacobian\", \"nearest\" or \"first\"",
            }),
        }
    }
}

impl Branch {
    /// Whether `a` comes before `b` for the source pixel at `pixel`; each is a place and the determinant there.
    pub(crate) fn prefers<const D: usize>(self, a: (&[f64; D], f64), b: (&[f64; D], f64), pixel: &[f64; D]) -> Ordering {
        // Places that are all but equal are one place, seen from two cells: the earlier in the destination wins.
        let order = |a: &[f64; D], b: &[f64; D]| {
            (0..D).rev().map(|k| a[k].total_cmp(&b[k])).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        let length = |x: &[f64; D]| (0..D).map(|k| (x[k] - pixel[k]).powi(2)).sum::<f64>();
        let first = match self {
            Self::LargestJacobian => b.1.total_cmp(&a.1),
            Self::Nearest => length(a.0).total_cmp(&length(b.0)),
            Self::First => Ordering::Equal,
        };
        first.then_with(|| order(a.0, b.0))
    }
}

/// What [`invert`] is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct InvertOptions {
    /// How.
    pub method: Method,
    /// Which place, if there are several; of [`Method::Exact`].
    pub branch: Branch,
    /// What the inverse's displacements count from. `None`: a field's own rest, or needless because the sizes are equal.
    pub rest: Option<Rest>,
}

/// The inverse of a map, with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inverse<R, const D: usize> {
    /// For every source pixel, how far from its rest place in the *destination* the place lies that reads it, in destination
    /// pixels. NaN where `valid` is false.
    pub field: Field<R, D>,
    /// Whether the displacement there is one, by its own `residual`: at most [`Inverse::TOLERANCE`] source
    /// pixels.
    pub valid: Dense<bool, D>,
    /// How many places of the destination read the pixel: 0 if nobody does, several at folds. What a cell that collapses to a
    /// line or point reads counts once for that cell. The iterations do not count: 1 where they found a place.
    pub count: Dense<u32, D>,
    /// How far, in source pixels, the map read at the inverse's place, as it is stored, lies from the pixel: the length of
    /// `phi(psi(q)) - q`, in `f64`. NaN where nothing was found.
    pub residual: Dense<R, D>,
    /// How the iterations went; `None` of [`Method::Exact`].
    pub convergence: Option<Convergence>,
}

impl<R: Real, const D: usize> Inverse<R, D> {
    /// The largest residual of a valid pixel, in source pixels: 1e-4 in `f32`, 1e-9 in `f64`.
    pub const TOLERANCE: f64 = if R::ROUND_OFF < 1e-12 { 1e-9 } else { 1e-4 };
}

/// For every source pixel, the place of the destination that reads it.
///
/// A sampling grid or displacement field is a *pull* map `phi`: it says for every destination pixel which source place is
/// read. Its inverse `psi` says for every source pixel `q` from where it is read, `phi(psi(q)) = q`: where that pixel goes when
/// the image is warped. `phi` is taken as samplers interpolate fields: linear along each axis between destination pixels
/// (bilinear, trilinear), up to the centres of the end pixels and no further.
///
/// *Shapes*: for locations `(N, [D,] H, W, D)` that read a source of another size, everything that comes out has the source's
/// size. *Units*: the field is in destination pixels, x first; it leads from the source lattice to the destination's, of the
/// same extent and rest, so that it can be inverted back or warp the destination's image to the source.
///
/// *Exactness* ([`Method::Exact`]): every cell between destination pixels is solved on its own, in `f64`. A cell is closed and a
/// place on the border of several counts once, so no pixel falls between cells. Where a cell is one to one (its slope differs from
/// that in its middle by less than 0.4 of it) Newton's method finds the one place there can be; others are halved until that
/// holds. A zero field inverts to zeros, a constant one inside to exactly its negative. Pixels read by nobody have `count` 0; at
/// folds `count` tells how many places there are, and the [`Branch`] which one the field names. Cells with a corner that is not
/// finite, or further than 2^24 pixels away, read nothing. Along a destination axis of one pixel the map does not extend: only what it reads exactly is found. The
/// number of threads changes no bit.
///
/// # Errors
/// If sizes differ and no rest is known, or if the destination is empty or has an axis too long to be a source.
///
/// ```
/// use displace::{invert, Between, Extent, Field, InvertOptions, Lattice};
/// let source = Lattice::from_shape([1, 4], Extent::Edges)?;
/// // Four pixels that read 0, 2, 1 and 3: two pixels forward, one back, two forward.
/// let by = vec![0.0f64, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0];
/// let field = Field::from_vec(by, 1, Between::new(source, [4, 1], None)?)?;
/// let inverse = invert(&field.view().into(), InvertOptions::default())?;
/// // Pixel 1 is read at 0.5 and by pixel 2, pixel 2 by pixel 1 and at 2.5.
/// assert_eq!(inverse.count.as_slice(), [1, 2, 2, 1]);
/// assert!(inverse.valid.as_slice().iter().all(|valid| *valid));
/// // Each of them lies on a stretch of slope 2, so the first is named.
/// assert_eq!(inverse.field.as_slice(), [0.0, 0.0, -0.5, 0.0, -1.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn invert<L: Location, const D: usize>(
    locations: &Locations<'_, L, D>,
    options: InvertOptions,
) -> Result<Inverse<L::Real, D>, InvertError> {
    let map = Map::new(locations, options.rest)?;
    let between = inverse_between(map.between())?;
    let n = map.samples();
    let shape = Shape { n, c: 1, size: between.destination() };
    let mut inverse = Inverse {
        field: Field::zeroed(n, between)?,
        valid: Dense::zeroed(shape, Layout::Planar)?,
        count: Dense::zeroed(shape, Layout::Planar)?,
        residual: Dense::zeroed(shape, Layout::Planar)?,
        convergence: None,
    };
    let finisher = Finisher::new(&map, &between);
    let tolerance = Inverse::<L::Real, D>::TOLERANCE;
    let mut convergence = Convergence::default();
    for n in 0..n {
        match options.method {
            Method::Exact => {
                let mut targets = inverse.targets(n, exact::band_height(D));
                exact::invert_sample(&map, n, options.branch, &mut targets, &finisher);
            }
            Method::FixedPoint(stop) | Method::Newton(stop) => {
                let newton = matches!(options.method, Method::Newton(_));
                let stop = (stop.tolerance.unwrap_or(tolerance), stop.steps);
                let mut targets = inverse.targets(n, 1);
                let one = iterate::invert_sample(&map, n, newton, stop, &mut targets, &finisher);
                convergence = convergence.and(&one);
            }
        }
    }
    if options.method != Method::Exact {
        inverse.convergence = Some(convergence);
    }
    Ok(inverse)
}

/// The lattices between which the inverse of a map leads.
pub(crate) fn inverse_between<const D: usize>(between: &Between<D>) -> Result<Between<D>, InvertError> {
    let lattice = Lattice::from_xy(between.destination(), between.source().extent())?;
    Ok(Between::new(lattice, between.source().size(), Some(between.rest()))?)
}

/// What becomes of one source pixel.
pub(super) struct Outcome<R, const D: usize> {
    by: [R; D],
    valid: bool,
    count: u32,
    residual: R,
}

/// A band of whole rows of the outputs.
pub(super) struct Target<'o, R, const D: usize> {
    /// Its first source pixel and its size.
    first: [usize; D],
    size: [usize; D],
    by: &'o mut [R],
    valid: &'o mut [bool],
    count: &'o mut [u32],
    residual: &'o mut [R],
}

impl<R: Real, const D: usize> Target<'_, R, D> {
    /// Writes what becomes of each pixel; `outcome` is given its number within the band and its indices.
    #[inline(always)]
    fn fill(&mut self, mut outcome: impl FnMut(usize, [usize; D]) -> Outcome<R, D>) {
        let outputs = self.valid.iter_mut().zip(self.count.iter_mut()).zip(self.residual.iter_mut());
        let mut pixel = self.first;
        for (at, (by, ((valid, count), residual))) in self.by.chunks_exact_mut(D).zip(outputs).enumerate() {
            let outcome = outcome(at, pixel);
            by.copy_from_slice(&outcome.by);
            *valid = outcome.valid;
            *count = outcome.count;
            *residual = outcome.residual;
            for k in 0..D {
                pixel[k] += 1;
                if pixel[k] < self.first[k] + self.size[k] {
                    break;
                }
                pixel[k] = self.first[k];
            }
        }
    }
}

impl<R: Real, const D: usize> Inverse<R, D> {
    /// The outputs of a sample in bands of `height` rows (slices).
    fn targets(&mut self, n: usize, height: usize) -> Vec<Target<'_, R, D>> {
        let size = self.count.shape().size;
        let row: usize = size[..D - 1].iter().product();
        let pixels = row * size[D - 1];
        let part = n * pixels..(n + 1) * pixels;
        let step = row * height;
        let by = self.field.as_mut_slice()[part.start * D..part.end * D].chunks_mut(step * D);
        let valid = self.valid.as_mut_slice()[part.clone()].chunks_mut(step);
        let count = self.count.as_mut_slice()[part.clone()].chunks_mut(step);
        let residual = self.residual.as_mut_slice()[part].chunks_mut(step);
        by.zip(valid)
            .zip(count.zip(residual))
            .enumerate()
            .map(|(band, ((by, valid), (count, residual)))| {
                let (mut first, mut size) = ([0; D], size);
                first[D - 1] = band * height;
                size[D - 1] = count.len() / row;
                Target { first, size, by, valid, count, residual }
            })
            .collect()
    }
}

/// From a place to what is stored of it.
pub(super) struct Finisher<'m, 'a, L, const D: usize> {
    map: &'m Map<'a, L, D>,
    /// Where each source pixel rests in the destination, by axis.
    rest: [Vec<f64>; D],
    /// By axis, how far the rest place of a pixel's rest place lies from the pixel: 0 but on axes of one pixel, where no place
    /// rests on each pixel of a longer one.
    miss: [Vec<f64>; D],
}

impl<'m, 'a, L: Location, const D: usize> Finisher<'m, 'a, L, D> {
    fn new(map: &'m Map<'a, L, D>, back: &'m Between<D>) -> Self {
        let size = back.destination();
        let rest: [Vec<f64>; D] = std::array::from_fn(|k| (0..size[k]).map(|i| back.rest_place(k, i).to_f64()).collect());
        let miss = std::array::from_fn(|k| {
            let flat = map.between().destination()[k] == 1 || size[k] == 1;
            let miss = |(i, rest): (usize, &f64)| if flat { map.rest()[k].at(*rest) - i as f64 } else { 0.0 };
            rest[k].iter().enumerate().map(miss).collect()
        });
        Self { map, rest, miss }
    }

    /// The displacement of the place `x` that reads `pixel`, refined, rounded and certified.
    #[inline(always)]
    fn finish(&self, planes: &[Plane<'_, L, D>; D], pixel: [usize; D], x: Option<[f64; D]>, count: u32) -> Outcome<L::Real, D> {
        let (nan, tolerance) = (<L::Real as Real>::NAN, Inverse::<L::Real, D>::TOLERANCE);
        let Some(x) = x else { return Outcome { by: [nan; D], valid: false, count, residual: nan } };
        let rest: [f64; D] = std::array::from_fn(|k| self.rest[k][pixel[k]]);
        let cell = self.map.cell(x);
        let reading = self.map.read(planes, cell);
        let near: [f64; D] = std::array::from_fn(|k| x[k] - rest[k]);
        // A small difference of large places has lost digits; a cell that displaces all alike has an exact answer.
        let small = near.iter().all(|by| by.abs() < 1e-3);
        let by = if small || reading.is_constant() { self.refined(&reading, pixel, x, near) } else { near };
        let by = by.map(L::Real::from_f64);
        let place: [f64; D] = std::array::from_fn(|k| rest[k] + by[k].to_f64());
        let stored = self.map.clamped(place);
        // Rounding may have led to the next cell, or out of the domain by less than a unit in the last place.
        let next = self.map.cell(stored);
        let reading = if next == cell { reading } else { self.map.read(planes, next) };
        let missed = missed(self.map, &reading, pixel.map(|i| i as f64), stored);
        let residual = length(missed);
        let outside = length(std::array::from_fn::<f64, D, _>(|k| place[k] - stored[k]));
        let valid = residual <= tolerance && outside <= tolerance;
        Outcome { by: if valid { by } else { [nan; D] }, valid, count, residual: L::Real::from_f64(residual) }
    }

    /// One step of Newton's method in displacements: `by` solves `slope by + d(x + by) = rest's own miss`. Written for the
    /// displacement itself and not for its change, it gives exact zeros and exact negatives where the slopes are zero.
    #[inline(always)]
    fn refined(&self, reading: &Reading<D>, pixel: [usize; D], x: [f64; D], near: [f64; D]) -> [f64; D] {
        let (mut slopes, by) = (reading.slopes(x), reading.by(x));
        let mut target = [0.0; D];
        for i in 0..D {
            let mut bent = 0.0;
            for k in 0..D {
                bent += slopes[i][k] * near[k];
            }
            target[i] = bent - by[i] - self.miss[i][pixel[i]];
            slopes[i][i] += self.map.rest()[i].slope;
        }
        let (by, _) = solve(&slopes, &target);
        if (0..D).all(|k| (by[k] - near[k]).abs() < 1e-6) { by } else { near }
    }
}

/// What the map reads at `x` minus the pixel.
#[inline(always)]
pub(crate) fn missed<L: Location, const D: usize>(
    map: &Map<'_, L, D>,
    reading: &Reading<D>,
    pixel: [f64; D],
    x: [f64; D],
) -> [f64; D] {
    let by = reading.by(x);
    // Rest and pixel first: near each other, their difference keeps the displacement's bits.
    std::array::from_fn(|i| (map.rest()[i].at(x[i]) - pixel[i]) + by[i])
}

/// The length of a vector. Those that matter are near 1, where squares neither overflow nor vanish.
#[inline(always)]
pub(crate) fn length<const D: usize>(vector: [f64; D]) -> f64 {
    vector.iter().map(|v| v * v).sum::<f64>().sqrt()
}
