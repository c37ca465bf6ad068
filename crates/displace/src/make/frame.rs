//! What moves pixels as they are: cut out, mirrored, rolled, resized.

use super::Formula;
use crate::axis::{Axis, Line, Rest};
use crate::lattice::Lattice;
use crate::padding::Padding;

/// A part of the source: pixel 0 of the destination reads `start`.
///
/// ```
/// use displace::{Crop, Formula};
/// assert_eq!(Crop { start: [10.0, 20.0] }.source([1.0, 2.0]), Some([11.0, 22.0]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crop<const D: usize> {
    /// In source pixels, x first.
    pub start: [f64; D],
}

impl<const D: usize> Formula<D> for Crop<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        Some(std::array::from_fn(|k| at[k] + self.start[k]))
    }
}

/// The source mirrored along some axes: pixel `j` reads `len - 1 - j`.
///
/// ```
/// use displace::{Extent, Flip, Formula, Lattice};
/// let source = Lattice::from_shape([3, 5], Extent::Edges)?;
/// assert_eq!(Flip::new(&source, [true, false]).source([1.0, 2.0]), Some([3.0, 2.0]));
/// # Ok::<(), displace::error::AxisLenError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flip<const D: usize> {
    /// Twice the middle, where the axis is mirrored.
    ends: [Option<f64>; D],
}

impl<const D: usize> Flip<D> {
    /// Mirrors the axes named, x first.
    #[must_use]
    pub fn new(source: &Lattice<D>, axes: [bool; D]) -> Self {
        Self { ends: std::array::from_fn(|k| axes[k].then(|| 2.0 * source.axes()[k].middle::<f64>())) }
    }
}

impl<const D: usize> Formula<D> for Flip<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        Some(std::array::from_fn(|k| self.ends[k].map_or(at[k], |end| end - at[k])))
    }
}

/// The source shifted with what leaves on one side entering on the other, as `numpy.roll`: pixel `j` reads `j - shift`, wrapped.
///
/// Places between pixels keep their fraction: those after the last pixel lie between it and the first, as [`Padding::Wrap`] reads.
///
/// ```
/// use displace::{Extent, Formula, Lattice, Roll};
/// let roll = Roll::new(&Lattice::from_shape([3, 5], Extent::Edges)?, [2, 0]);
/// assert_eq!(roll.source([2.0, 1.0]), Some([0.0, 1.0]));
/// assert_eq!(roll.source([1.0, 1.0]), Some([4.0, 1.0]));
/// # Ok::<(), displace::error::AxisLenError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roll<const D: usize> {
    source: Lattice<D>,
    shift: [i64; D],
}

impl<const D: usize> Roll<D> {
    /// By `shift` pixels, x first.
    #[must_use]
    pub fn new(source: &Lattice<D>, shift: [i64; D]) -> Self {
        // Less than a whole round, so that nothing overflows later.
        let shift = std::array::from_fn(|k| wrapped(shift[k], source.axes()[k]) as i64);
        Self { source: *source, shift }
    }
}

/// A pixel of the axis.
fn wrapped(index: i64, axis: Axis) -> usize {
    Padding::Wrap.place_tap(index, axis).unwrap_or(0)
}

impl<const D: usize> Formula<D> for Roll<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        // Pixels are below 2^30; what is farther away has no neighbours that f64 tells apart.
        at.iter().all(|at| at.abs() < 9e15).then(|| {
            std::array::from_fn(|k| {
                let fraction = at[k] - at[k].trunc();
                wrapped(at[k].trunc() as i64 - self.shift[k], self.source.axes()[k]) as f64 + fraction
            })
        })
    }
}

/// The whole source on another number of pixels, its extents laid on each other: torch's `interpolate`, SciPy's `zoom` (`grid_mode=True` between
/// edges, `False` between centres).
///
/// Pixel `j` of `n` reads `((2j + 1) len - n) / 2n` between edges, `j (len - 1) / (n - 1)` between centres: the rest place of
/// [`Rest::Extent`], so displacements from there are 0.
///
/// ```
/// use displace::{Extent, Formula, Lattice, Resize};
/// let resize = Resize::new(&Lattice::from_shape([1, 4], Extent::Edges)?, [2, 1]);
/// assert_eq!(resize.source([1.0, 0.0]), Some([2.5, 0.0]));
/// # Ok::<(), displace::error::AxisLenError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Resize<const D: usize> {
    lines: [Line; D],
    /// Places of whole pixels, rounded once.
    places: [Vec<f64>; D],
}

impl<const D: usize> Resize<D> {
    /// From the source to `destination` pixels, x first.
    #[must_use]
    pub fn new(source: &Lattice<D>, destination: [usize; D]) -> Self {
        let axes = source.axes();
        let place = |k: usize, j| axes[k].rest_place(Rest::Extent, destination[k], j).to_f64();
        Self {
            lines: std::array::from_fn(|k| axes[k].rest_line(Rest::Extent, destination[k])),
            places: std::array::from_fn(|k| (0..destination[k]).map(|j| place(k, j)).collect()),
        }
    }
}

impl<const D: usize> Formula<D> for Resize<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        Some(std::array::from_fn(|k| match self.places[k].get(at[k] as usize) {
            Some(place) if at[k] == (at[k] as usize) as f64 => *place,
            _ => self.lines[k].at(at[k]),
        }))
    }
}
