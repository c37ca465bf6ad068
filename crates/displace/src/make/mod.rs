//! Fields from formulas: a map says where a place of the destination is read from; [`make`] asks it at every pixel.

pub(crate) mod affine;
mod blur;
pub(crate) mod elastic;
pub(crate) mod ffd;
pub(crate) mod ffd_fit;
pub(crate) mod fit;
pub(crate) mod frame;
pub(crate) mod homography;
mod least_squares;
pub(crate) mod lens;
pub(crate) mod mls;
mod once;
pub(crate) mod polar;
pub(crate) mod polynomial;
pub(crate) mod radial;
mod random;
pub(crate) mod scattered;
pub(crate) mod swirl;

use crate::dtype::Real;
use crate::error::{FieldError, OutputLenError};
use crate::field::Field;
use crate::lattice::Between;
use crate::rows::{for_each_band_costing, row_index};
use crate::view::{Dense, Layout, Shape};

/// A map by a formula: for a place of the destination, the place of the source that is read. Both in pixels, x first, pixel
/// centres at integers: pull direction, as a field's.
///
/// Closures are maps too.
pub trait Formula<const D: usize>: Sync {
    /// The source place that is read at the destination place `at`; `None` where the map has none, as behind a camera.
    fn source(&self, at: [f64; D]) -> Option<[f64; D]>;

    /// About how many multiplications a place takes; decides how work is shared, and no result.
    fn cost(&self) -> usize {
        16
    }
}

impl<const D: usize, F: Fn([f64; D]) -> Option<[f64; D]> + Sync> Formula<D> for F {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        self(at)
    }
}

/// Up to 2^200, products of two coordinates and sums of such are finite.
pub(crate) const LARGEST: f64 = 1.606_938_044_258_990_3e60;

/// A field that was made, and where it is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Made<R, const D: usize> {
    /// Displacements, one sample. NaN where `valid` is false.
    pub field: Field<R, D>,
    /// Whether the map has a place for the pixel, `(1, 1, [D,] H, W)`.
    pub valid: Dense<bool, D>,
}

/// The field of a map: its place for each destination pixel, less the rest place.
///
/// *Exactness*: the formula is evaluated in `f64`, the rest subtracted there, and the difference rounded once. A place that is not
/// finite is none.
///
/// # Errors
/// If the field has more numbers than memory has addresses.
///
/// ```
/// use displace::{make, Between, Extent, Lattice};
/// let source = Lattice::from_shape([1, 3], Extent::Edges)?;
/// // Read twice as far to the right; the last pixel has nothing to read.
/// let twice = |[x, y]: [f64; 2]| (x < 2.0).then_some([2.0 * x, y]);
/// let made = make::<f32, 2>(&twice, &Between::new(source, [3, 1], None)?)?;
/// assert_eq!(made.field.as_slice()[..4], [0.0, 0.0, 1.0, 0.0]);
/// assert_eq!(made.valid.as_slice(), [true, true, false]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn make<R: Real, const D: usize>(map: &impl Formula<D>, between: &Between<D>) -> Result<Made<R, D>, FieldError> {
    let mut field = Field::zeroed(1, *between)?;
    make_into(map, between, field.as_mut_slice())?;
    Made::of(field)
}

impl<R: Real, const D: usize> Made<R, D> {
    /// A field that is made: where a number is not finite there is no place, and all are NaN.
    ///
    /// # Errors
    /// If there is no memory for the mask.
    pub fn of(mut field: Field<R, D>) -> Result<Self, FieldError> {
        let shape = Shape { n: field.n(), c: 1, size: field.between().destination() };
        let mut valid = Dense::zeroed(shape, Layout::Interleaved)?;
        for (by, valid) in field.as_mut_slice().chunks_exact_mut(D).zip(valid.as_mut_slice()) {
            *valid = by.iter().all(|by| by.to_f64().is_finite());
            if !*valid {
                by.fill(R::from_f64(f64::NAN));
            }
        }
        Ok(Self { field, valid })
    }
}

/// [`make`] into a buffer of `([D,] H, W, D)`.
///
/// # Errors
/// As [`make`], and if the buffer has another length than the field.
pub fn make_into<R: Real, const D: usize>(map: &impl Formula<D>, between: &Between<D>, out: &mut [R]) -> Result<(), FieldError> {
    let shape = Shape { n: 1, c: D, size: between.destination() };
    let expected = shape.elements()?;
    if out.len() != expected {
        return Err(OutputLenError { found: out.len(), expected }.into());
    }
    let rests = rests(between);
    for_each_band_costing(map.cost(), out, shape, Layout::Interleaved, |band| {
        for row in 0..band.rows {
            let index = row_index(band.first_row + row, &shape.size);
            let mut at = index.map(|index| index as f64);
            for (x, to) in band.interleaved_row(row).chunks_exact_mut(D).enumerate() {
                at[0] = x as f64;
                let place = map.source(at).unwrap_or([f64::NAN; D]);
                for (k, to) in to.iter_mut().enumerate() {
                    let j = if k == 0 { x } else { index[k] };
                    *to = R::from_f64(place[k] - rests[k][j]);
                }
                // One component without a number leaves no place.
                if to.iter().any(|to| !to.to_f64().is_finite()) {
                    to.fill(R::from_f64(f64::NAN));
                }
            }
        }
    });
    Ok(())
}

/// The rest places of all destination indices, axis by axis.
pub(crate) fn rests<const D: usize>(between: &Between<D>) -> [Vec<f64>; D] {
    let size = between.destination();
    std::array::from_fn(|k| (0..size[k]).map(|j| between.rest_place(k, j).to_f64()).collect())
}
