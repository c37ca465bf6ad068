//! Grid to field: how far from its rest place each destination pixel asks to read.

use crate::axis::{Axis, Rest};
use crate::dtype::Location;
use crate::error::{FieldError, OutputLenError};
use crate::exact::{Ratio, scaled_plus};
use crate::field::Field;
use crate::grid::Grid;
use crate::kernel::{shift::Shift, vectorised};
use crate::lattice::Between;
use crate::rows::{for_each_band, row_index};
use crate::torch::{Path, torch_px};
use crate::view::{Layout, Shape};

/// Which of two numbers a displacement is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arithmetic {
    /// The real number that the stored grid value stands for, rounded once.
    #[default]
    Exact,
    /// What torch's sampler on x86-64 computes, rounding for rounding, minus the rest place.
    Torch,
}

/// How far from its rest place each destination pixel asks to read.
///
/// *Shapes*: a grid of `(N, [D,] H, W, D)` gives a field of the same. *Units*: source pixels, x first, pull direction
/// (the arrow at a destination pixel points to where it is read from). *Exactness*: correctly rounded,
/// `d = fma(g, S/2, (len-1)/2 - j)`; half-precision grids give `f32` displacements. With [`Arithmetic::Torch`], torch's
/// own location (CONVENTIONS.md names the formula of each path) minus the rest place, rounded once. *Non-finite values*:
/// NaN gives NaN and an infinity an infinity of its sign; padding plays no part (see
/// [`effective_displacement`](crate::effective_displacement)).
///
/// # Errors
/// [`FieldError::Rest`] if sizes differ and `rest` is `None`.
///
/// ```
/// use displace::{displacement, Arithmetic, Extent, Grid, Lattice, Shape, View};
/// // One row of 4 pixels read by 4; torch's default extent. g = 0.25 is pixel 0.25*4/2 + 3/2 = 2.
/// let source = Lattice::from_shape([1, 4], Extent::Edges)?;
/// let numbers = [-0.75f32, 0.0, 0.25, 0.0, 0.25, 0.0, 1.0, 0.0];
/// let grid = Grid::new(View::interleaved(&numbers, Shape { n: 1, c: 2, size: [4, 1] })?, source)?;
/// let field = displacement(&grid, None, Arithmetic::Exact)?;
/// assert_eq!(field.as_slice(), [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn displacement<L: Location, const D: usize>(
    grid: &Grid<'_, L, D>,
    rest: Option<Rest>,
    arithmetic: Arithmetic,
) -> Result<Field<L::Real, D>, FieldError> {
    let mut field = Field::zeroed(grid.at().shape().n, grid.between(rest)?)?;
    displacement_into(grid, rest, arithmetic, field.as_mut_slice())?;
    Ok(field)
}

/// [`displacement`] into a buffer of `(N, [D,] H, W, D)`.
///
/// # Errors
/// As [`displacement`], and if the buffer has another length than the grid.
pub fn displacement_into<L: Location, const D: usize>(
    grid: &Grid<'_, L, D>,
    rest: Option<Rest>,
    arithmetic: Arithmetic,
    out: &mut [L::Real],
) -> Result<(), FieldError> {
    let between = grid.between(rest)?;
    let shape = Shape { n: grid.at().shape().n, c: D, size: between.destination() };
    let expected = shape.elements()?;
    if out.len() != expected {
        return Err(OutputLenError { found: out.len(), expected }.into());
    }
    match (arithmetic, Shift::between(&between)) {
        (Arithmetic::Exact, Some(shift)) => for_each_band(out, shape, Layout::Interleaved, |band| {
            let values = std::array::from_fn(|k| grid.at().plane(band.n, k));
            for row in 0..band.rows {
                let index = row_index(band.first_row + row, &shape.size);
                let to = band.interleaved_row(row);
                vectorised(
                    #[inline(always)]
                    || shift.row(&values, index, to),
                );
            }
        }),
        (Arithmetic::Exact, None) => {
            let constant = constants(&between);
            let slope = between.source().axes().map(Axis::slope);
            each_value(grid, shape, out, |k, j, g| scaled_plus(g.widen(), slope[k], constant[k][j]));
        }
        (Arithmetic::Torch, _) => {
            let axes = between.source().axes();
            let path = Path::of::<L>(D);
            each_value(grid, shape, out, |k, j, g| {
                // Minus an exact fraction: rounded once, however the rest place lies between floats.
                let place = between.rest_place(k, j);
                scaled_plus(torch_px(g, axes[k], path), 1.0, Ratio::new(-place.num(), place.den()))
            });
        }
    }
    Ok(())
}

/// `(len - 1)/2` minus the rest place, per axis and index.
fn constants<const D: usize>(between: &Between<D>) -> [Vec<Ratio>; D] {
    std::array::from_fn(|k| {
        let (axis, len) = (between.source().axes()[k], between.destination()[k]);
        (0..len).map(|j| axis.middle_minus_rest(between.rest(), len, j)).collect()
    })
}

impl<R: crate::Real, const D: usize> Shift<R, D> {
    /// If all constants are floats: always for rest `index` up to 2^22 pixels, and for equal sizes.
    fn between(between: &Between<D>) -> Option<Self> {
        let mut constant = std::array::from_fn(|_| Vec::new());
        for (floats, ratios) in constant.iter_mut().zip(constants(between)) {
            *floats = ratios.into_iter().map(Ratio::exactly).collect::<Option<Vec<R>>>()?;
        }
        Some(Self { slope: between.source().axes().map(Axis::slope), constant })
    }
}

/// Number by number, for what has no kernel: `value(axis, index on that axis, grid value)`.
fn each_value<L: Location, const D: usize>(
    grid: &Grid<'_, L, D>,
    shape: Shape<D>,
    out: &mut [L::Real],
    value: impl Fn(usize, usize, L) -> L::Real + Sync,
) {
    for_each_band(out, shape, Layout::Interleaved, |band| {
        let planes: [_; D] = std::array::from_fn(|k| grid.at().plane(band.n, k));
        for row in 0..band.rows {
            let mut index = row_index(band.first_row + row, &shape.size);
            for (x, to) in band.interleaved_row(row).chunks_exact_mut(D).enumerate() {
                index[0] = x;
                for k in 0..D {
                    to[k] = value(k, index[k], planes[k].at(index.map(|i| i as i32)));
                }
            }
        }
    });
}
