//! Where each source pixel goes: the inverse of a pull map.

mod exact;
mod finish;
mod iterate;
pub(crate) mod patch;
pub(crate) mod places;
pub(crate) mod search;
mod seats;

use crate::axis::Rest;
use crate::dtype::{Location, Real};
use crate::error::{InvertError, OutputLenError};
use crate::field::Field;
use crate::grid::Locations;
use crate::kernel::number::Number;
use crate::lattice::{Between, Lattice};
use crate::map::{Map, Reading};
use crate::view::{Dense, Layout, Shape};
use finish::Finisher;
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
    /// Whether `a` comes before `b` for a source pixel that rests at `rest` in the destination; each is a place and the determinant
    /// there.
    pub(crate) fn prefers<const D: usize>(self, a: (&[f64; D], f64), b: (&[f64; D], f64), rest: &[f64; D]) -> Ordering {
        // Places that are all but equal are one place, seen from two cells: the earlier in the destination wins.
        let order = |a: &[f64; D], b: &[f64; D]| {
            (0..D).rev().map(|k| a[k].total_cmp(&b[k])).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        let length = |x: &[f64; D]| (0..D).map(|k| (x[k] - rest[k]).powi(2)).sum::<f64>();
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
    /// Whether the displacement there is one, by its own `residual`: at most [`Inverse::TOLERANCE`] source pixels. In `f32`
    /// rounding alone may miss by more where displacements of thousands of pixels meet steep maps: invert those in `f64`.
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
/// that in its middle by less than 0.9 of it in 2-D, 0.4 in 3-D) the one place that there can be has a closed form in 2-D and is
/// found by Newton's method in 3-D; other cells are halved until that holds. A zero field inverts to zeros, a constant one inside to exactly its negative. Pixels read by nobody have `count` 0; at
/// folds `count` tells how many places there are, and the [`Branch`] which one the field names. Cells with a corner that is not
/// finite, or further than 2^24 pixels away, read nothing. Along a destination axis of one pixel the map does not extend: only what
/// it reads exactly is found. Neither threads nor the instruction set change a bit.
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
    let out = InverseMut {
        field: inverse.field.as_mut_slice(),
        valid: inverse.valid.as_mut_slice(),
        count: inverse.count.as_mut_slice(),
        residual: inverse.residual.as_mut_slice(),
    };
    inverse.convergence = invert_into(locations, options, out)?;
    Ok(inverse)
}

/// Where [`invert_into`] writes: each part of an [`Inverse`], of the source's size.
#[derive(Debug)]
pub struct InverseMut<'o, R> {
    /// Displacements, `(N, [D,] H, W, D)`.
    pub field: &'o mut [R],
    /// Validity, `(N, [D,] H, W)`, as the others.
    pub valid: &'o mut [bool],
    /// Numbers of places.
    pub count: &'o mut [u32],
    /// Residuals.
    pub residual: &'o mut [R],
}

/// [`invert`] into buffers.
///
/// # Errors
/// As [`invert`], and if a buffer has another length than its part of the result.
pub fn invert_into<L: Location, const D: usize>(
    locations: &Locations<'_, L, D>,
    options: InvertOptions,
    mut out: InverseMut<'_, L::Real>,
) -> Result<Option<Convergence>, InvertError> {
    let map = Map::new(locations, options.rest)?;
    let between = inverse_between(map.between())?;
    let (n, size) = (map.samples(), between.destination());
    let pixels = Shape { n, c: 1, size }.elements()?;
    let numbers = Shape { n, c: D, size }.elements()?;
    let lengths = [(out.field.len(), numbers), (out.valid.len(), pixels), (out.count.len(), pixels), (out.residual.len(), pixels)];
    if let Some((found, expected)) = lengths.into_iter().find(|(found, expected)| found != expected) {
        return Err(OutputLenError { found, expected }.into());
    }
    let finisher = Finisher::new(&map, &between);
    let tolerance = Inverse::<L::Real, D>::TOLERANCE;
    let mut convergence = None::<Convergence>;
    for n in 0..n {
        match options.method {
            Method::Exact => {
                let mut targets = out.targets(n, size, exact::band_height(D));
                exact::invert_sample(&map, n, options.branch, &mut targets, &finisher);
            }
            Method::FixedPoint(stop) | Method::Newton(stop) => {
                let newton = matches!(options.method, Method::Newton(_));
                let stop = (stop.tolerance.unwrap_or(tolerance), stop.steps);
                let mut targets = out.targets(n, size, 1);
                let one = iterate::invert_sample(&map, n, newton, stop, &mut targets, &finisher);
                convergence = Some(convergence.unwrap_or_default().and(&one));
            }
        }
    }
    Ok(convergence)
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
    /// The band's `at`-th pixel.
    #[inline(always)]
    fn pixel(&self, mut at: usize) -> [usize; D] {
        let mut pixel = self.first;
        for k in 0..D {
            pixel[k] += at % self.size[k];
            at /= self.size[k];
        }
        pixel
    }

    /// Writes what becomes of the band's `at`-th pixel.
    #[inline(always)]
    fn set(&mut self, at: usize, outcome: &Outcome<R, D>) {
        self.by[at * D..][..D].copy_from_slice(&outcome.by);
        self.valid[at] = outcome.valid;
        self.count[at] = outcome.count;
        self.residual[at] = outcome.residual;
    }
}

impl<R: Real> InverseMut<'_, R> {
    /// The outputs of a sample of `size` in bands of `height` rows (slices).
    fn targets<const D: usize>(&mut self, n: usize, size: [usize; D], height: usize) -> Vec<Target<'_, R, D>> {
        let row: usize = size[..D - 1].iter().product();
        let pixels = row * size[D - 1];
        let part = n * pixels..(n + 1) * pixels;
        let step = row * height;
        let by = self.field[part.start * D..part.end * D].chunks_mut(step * D);
        let valid = self.valid[part.clone()].chunks_mut(step);
        let count = self.count[part.clone()].chunks_mut(step);
        let residual = self.residual[part].chunks_mut(step);
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

/// What the map reads at `x` minus the pixel.
#[inline(always)]
pub(crate) fn missed<L: Location, N: Number, const D: usize>(
    map: &Map<'_, L, D>,
    reading: &Reading<D, N>,
    pixel: [N; D],
    x: [N; D],
) -> [N; D] {
    let mut missed = reading.by(x);
    // Rest and pixel first: near each other, their difference keeps the displacement's bits.
    for k in 0..D {
        missed[k] = (map.rest()[k].at(x[k]) - pixel[k]) + missed[k];
    }
    missed
}

/// The length of a vector. Those that matter are near 1, where squares neither overflow nor vanish.
#[inline(always)]
pub(crate) fn length<N: Number, const D: usize>(vector: [N; D]) -> N {
    let mut sum = vector[0] * vector[0];
    for number in &vector[1..] {
        sum = sum + *number * *number;
    }
    sum.root()
}
