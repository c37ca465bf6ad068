//! What the sampler really does: the field after padding and rounding to pixels, and how much of each result it reads.

use crate::axis::Rest;
use crate::dtype::{Location, Real};
use crate::error::{FieldError, OutputLenError};
use crate::exact::{Ratio, scaled_plus};
use crate::field::Field;
use crate::grid::Grid;
use crate::interp::{Interp, linear_weights, nearest_offset};
use crate::kernel::{BLOCK, Block, NOWHERE, locate::Locator};
use crate::lattice::Between;
use crate::op::displacement::{Arithmetic, displacement_into};
use crate::padding::Padding;
use crate::rows::{for_each_band, row_index};
use crate::sampler::Sampler;
use crate::view::{Dense, Layout, Plane, Shape};

/// A field as the sampler really applies it.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective<R, const D: usize> {
    /// Where the sampler reads, minus the rest place; NaN where nothing can be read because the location is not a number.
    pub field: Field<R, D>,
    /// Per destination pixel the share of its taps' weight that lies on pixels of the image: 1 inside, between 0 and 1
    /// partly outside, 0 where nothing is read. `(N, [D,] H, W)`.
    pub coverage: Dense<R, D>,
}

/// How far from its rest place the sampler really reads, and how much of each result comes from the image.
///
/// *Shapes, units*: as [`displacement`](crate::displacement). The location is moved as the padding moves it (clamped, mirrored, wrapped); for
/// nearest it is then rounded to the pixel that is read, so the displacement is whole for rest `index`. Under zeros and
/// constant nothing moves, and the coverage says how much is read. Cubic and all other wider kernels read taps that padding moves one by one
/// and have no single place they read: the field holds the location moved as a whole, the coverage the share of the taps'
/// absolute weights (of B-splines those of their coefficients). *Exactness*: equal to [`displacement`](crate::displacement), correctly rounded, wherever the padding moves nothing;
/// elsewhere within one unit in the last place of the placed fraction. *Non-finite values*: NaN and coverage 0 where no
/// place can be named (CONVENTIONS.md).
///
/// # Errors
/// [`FieldError::Rest`] if sizes differ and `rest` is `None`.
///
/// ```
/// use displace::{effective_displacement, Extent, Grid, Interp, Lattice, Padding, Sampler, Shape, View};
/// // Two pixels; g = -1 is the left edge, half a pixel outside the first centre, and g = 2 one and a half beyond the last.
/// let source = Lattice::from_shape([1, 2], Extent::Edges)?;
/// let grid = Grid::new(View::interleaved(&[-1.0f32, 0.0, 2.0, 0.0], Shape { n: 1, c: 2, size: [2, 1] })?, source)?;
/// let zeros = effective_displacement(&grid, None, Sampler::default())?;
/// assert_eq!(zeros.field.as_slice(), [-0.5, 0.0, 1.5, 0.0]);
/// assert_eq!(zeros.coverage.as_slice(), [0.5, 0.0]);
/// let border = effective_displacement(&grid, None, Sampler::new(Interp::Linear, Padding::Border))?;
/// assert_eq!(border.field.as_slice(), [0.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn effective_displacement<L: Location, const D: usize>(
    grid: &Grid<'_, L, D>,
    rest: Option<Rest>,
    sampler: Sampler,
) -> Result<Effective<L::Real, D>, FieldError> {
    let between = grid.between(rest)?;
    let shape = Shape { n: grid.at().shape().n, c: 1, size: between.destination() };
    let mut field = Field::zeroed(shape.n, between)?;
    let mut coverage = Dense::zeroed(shape, Layout::Planar)?;
    effective_displacement_into(grid, rest, sampler, field.as_mut_slice(), coverage.as_mut_slice())?;
    Ok(Effective { field, coverage })
}

/// [`effective_displacement`] into buffers of `(N, [D,] H, W, D)` and `(N, [D,] H, W)`.
///
/// # Errors
/// As [`effective_displacement`], and if a buffer has another length than its result.
pub fn effective_displacement_into<L: Location, const D: usize>(
    grid: &Grid<'_, L, D>,
    rest: Option<Rest>,
    sampler: Sampler,
    field: &mut [L::Real],
    coverage: &mut [L::Real],
) -> Result<(), FieldError> {
    let between = grid.between(rest)?;
    let shape = Shape { n: grid.at().shape().n, c: 1, size: between.destination() };
    let expected = shape.elements()?;
    if coverage.len() != expected {
        return Err(OutputLenError { found: coverage.len(), expected }.into());
    }
    displacement_into(grid, rest, Arithmetic::Exact, field)?;
    let plan = Plan::new(grid, sampler, &between);
    for_each_band(coverage, shape, Layout::Planar, |band| {
        plan.rows(band.n, band.first_row, band.rows, |row, first, _, placed| {
            let to = &mut band.row(row, 0).0[first..];
            for (i, to) in to.iter_mut().take(placed.len).enumerate() {
                *to = plan.coverage(placed, i);
            }
        });
    });
    for_each_band(field, Shape { c: D, ..shape }, Layout::Interleaved, |band| {
        plan.rows(band.n, band.first_row, band.rows, |row, first, index, placed| {
            let to = &mut band.interleaved_row(row)[first * D..];
            for (i, to) in to.chunks_exact_mut(D).take(placed.len).enumerate() {
                let mut at = index;
                at[0] = first + i;
                plan.correct(placed, i, at, to);
            }
        });
    });
    Ok(())
}

struct Plan<'g, 'a, L: Location, const D: usize> {
    grid: &'g Grid<'a, L, D>,
    sampler: Sampler,
    placed: Locator<L::Real, D>,
    requested: Locator<L::Real, D>,
    rest: [Vec<Ratio>; D],
}

impl<'g, 'a, L: Location, const D: usize> Plan<'g, 'a, L, D> {
    fn new(grid: &'g Grid<'a, L, D>, sampler: Sampler, between: &Between<D>) -> Self {
        let at = (*grid).into();
        Self {
            grid,
            sampler,
            placed: Locator::new(&at, sampler.padding, true),
            requested: Locator::new(&at, Padding::Zeros, true),
            rest: std::array::from_fn(|k| (0..between.destination()[k]).map(|j| between.rest_place(k, j)).collect()),
        }
    }

    /// Every block of some rows: `work(row, first pixel, indices of the row, where it really reads and was asked to)`.
    fn rows(&self, n: usize, first_row: usize, rows: usize, mut work: impl FnMut(usize, usize, [usize; D], &Placed<L::Real, D>)) {
        let size = self.grid.at().shape().size;
        let values: [Plane<'_, L, D>; D] = std::array::from_fn(|k| self.grid.at().plane(n, k));
        let mut placed = Placed { len: 0, real: Block::new(), asked: Block::new() };
        for row in 0..rows {
            let index = row_index(first_row + row, &size);
            for first in (0..size[0]).step_by(BLOCK) {
                placed.len = BLOCK.min(size[0] - first);
                (placed.real.len, placed.asked.len) = (placed.len, placed.len);
                self.placed.locate(&values, index, first, &mut placed.real);
                self.requested.locate(&values, index, first, &mut placed.asked);
                work(row, first, index, &placed);
            }
        }
    }

    /// The requested displacement in `to` made the real one.
    fn correct(&self, placed: &Placed<L::Real, D>, i: usize, at: [usize; D], to: &mut [L::Real]) {
        if (0..D).any(|k| placed.real.cell[k][i] == NOWHERE) {
            to.fill(L::Real::NAN);
            return;
        }
        // What reads no pixel along one axis reads none: all of the request stays.
        if (0..D).any(|k| self.outside(placed.real.cell[k][i], placed.real.frac[k][i], k)) {
            return;
        }
        for k in 0..D {
            let (cell, frac) = (placed.real.cell[k][i], placed.real.frac[k][i]);
            let rest = self.rest[k][at[k]];
            let from = |pixel: i64, frac| scaled_plus(frac, 1.0, Ratio::new(pixel * rest.den() - rest.num(), rest.den()));
            if self.sampler.interp == Interp::Nearest {
                let near = self.wrapped(i64::from(cell) + nearest_offset(i64::from(cell), frac), k);
                to[k] = from(near, L::Real::ZERO);
            } else if (cell, frac) != (placed.asked.cell[k][i], placed.asked.frac[k][i]) {
                to[k] = from(i64::from(cell), frac);
            }
        }
    }

    /// Whether a sampler with a fill value reads no pixel of this axis.
    fn outside(&self, cell: i32, frac: L::Real, k: usize) -> bool {
        let len = self.grid.source().axes()[k].len() as i64;
        let cell = i64::from(cell);
        let near = match self.sampler.interp {
            Interp::Nearest => cell + nearest_offset(cell, frac),
            _ => cell,
        };
        self.sampler.padding.fills() && !(0..len).contains(&near)
    }

    fn wrapped(&self, pixel: i64, k: usize) -> i64 {
        let len = self.grid.source().axes()[k].len() as i64;
        if self.sampler.padding == Padding::Wrap { pixel.rem_euclid(len) } else { pixel }
    }

    /// The share of the taps' weight that lies on pixels.
    fn coverage(&self, placed: &Placed<L::Real, D>, i: usize) -> L::Real {
        let mut share = L::Real::ONE;
        for (k, axis) in self.grid.source().axes().iter().enumerate() {
            let (cell, frac) = (placed.real.cell[k][i], placed.real.frac[k][i]);
            if cell == NOWHERE {
                return L::Real::ZERO;
            }
            let inside = |tap: i64| (0..axis.len() as i64).contains(&tap);
            let cell = i64::from(cell);
            let along = if !self.sampler.padding.fills() {
                L::Real::ONE
            } else {
                match self.sampler.interp {
                    Interp::Nearest => share_of(&[(L::Real::ONE, inside(cell + nearest_offset(cell, frac)))]),
                    Interp::Linear => {
                        let [here, next] = linear_weights(frac);
                        share_of(&[(here, inside(cell)), (next, inside(cell + 1))])
                    }
                    interp => {
                        let (first, weights) = interp.taps(cell, frac);
                        let taps = weights.iter().zip(first..);
                        share_of(&taps.map(|(weight, tap)| (weight.abs(), inside(tap))).collect::<Vec<_>>())
                    }
                }
            };
            share = share * along;
        }
        share
    }
}

/// Weight inside over all weight; exactly 1 or 0 when all taps that weigh anything are on one side.
fn share_of<R: Real>(taps: &[(R, bool)]) -> R {
    let sum = |side: bool| taps.iter().filter(|(_, inside)| *inside == side).fold(R::ZERO, |sum, (weight, _)| sum + *weight);
    let (inside, outside) = (sum(true), sum(false));
    if outside == R::ZERO { R::ONE } else { inside / (inside + outside) }
}

struct Placed<R, const D: usize> {
    len: usize,
    real: Block<R, D>,
    asked: Block<R, D>,
}
