//! Stored values of a block to cells and fractions, padding included: the block-wise mirror of `axis.rs` and `padding.rs`.

use super::{BLOCK, Block, NOWHERE, vectorised};
use crate::axis::{Axis, Extent};
use crate::dtype::{Location, Real};
use crate::grid::Locations;
use crate::padding::{Padding, Spot};
use crate::view::Plane;

/// Where the locations of one axis start: one entry for all indices, or one for each.
struct Origins<R> {
    offset: Vec<R>,
    base: Vec<i32>,
}

impl<R: Real> Origins<R> {
    fn at(&self, j: usize) -> (R, i32) {
        if self.offset.len() == 1 { (self.offset[0], self.base[0]) } else { (self.offset[j], self.base[j]) }
    }
}

/// Everything about a set of locations that does not change from block to block.
pub(crate) struct Locator<R, const D: usize> {
    axes: [Axis; D],
    scale: [R; D],
    origins: [Origins<R>; D],
    /// What becomes of locations outside; `None` leaves cells as they are requested, for taps to be placed one by one.
    padding: Padding,
    place: bool,
}

impl<R: Real, const D: usize> Locator<R, D> {
    /// `place`: whether the padding acts on locations (nearest, linear) or will act on taps (cubic).
    pub(crate) fn new<L: Location<Real = R>>(at: &Locations<'_, L, D>, padding: Padding, place: bool) -> Self {
        let origins = std::array::from_fn(|k| {
            let entries = if at.uniform() { 1 } else { at.destination()[k] };
            let (offset, base) = (0..entries).map(|j| at.origin(k, j)).map(|(o, b): (R, i64)| (o, b as i32)).unzip();
            Origins { offset, base }
        });
        Self { axes: *at.source().axes(), scale: std::array::from_fn(|k| at.scale(k)), origins, padding, place }
    }

    /// Locates the `block.len` pixels of a row that start at `first`. Compiled once for each type of locations, whatever
    /// the images are made of.
    #[inline(never)]
    pub(crate) fn locate<L: Location<Real = R>>(
        &self,
        values: &[Plane<'_, L, D>; D],
        row: [usize; D],
        first: usize,
        block: &mut Block<R, D>,
    ) {
        vectorised(
            #[inline(always)]
            || {
                block.inside = true;
                for k in 0..D {
                    let mut value = [R::ZERO; BLOCK];
                    load(&values[k], row, first, &mut value[..block.len]);
                    self.locate_axis(k, &value[..block.len], if k == 0 { first } else { row[k] }, block);
                }
            },
        );
    }

    /// The lowest and highest cell of a block along one axis; `None` if all of them are nowhere. The block is overwritten.
    #[inline(never)]
    pub(crate) fn extremes<L: Location<Real = R>>(
        &self,
        k: usize,
        values: &Plane<'_, L, D>,
        row: [usize; D],
        first: usize,
        block: &mut Block<R, D>,
    ) -> Option<(i32, i32)> {
        vectorised(
            #[inline(always)]
            || {
                let mut value = [R::ZERO; BLOCK];
                load(values, row, first, &mut value[..block.len]);
                self.locate_axis(k, &value[..block.len], if k == 0 { first } else { row[k] }, block);
                let (mut low, mut high) = (i32::MAX, NOWHERE);
                for cell in &block.cell[k][..block.len] {
                    low = low.min(if *cell == NOWHERE { i32::MAX } else { *cell });
                    high = high.max(*cell);
                }
                (high != NOWHERE).then_some((low, high))
            },
        )
    }

    #[inline(always)]
    fn locate_axis(&self, k: usize, value: &[R], index: usize, block: &mut Block<R, D>) {
        let origins = &self.origins[k];
        let (cell, frac) = (&mut block.cell[k][..value.len()], &mut block.frac[k][..value.len()]);
        let last = self.axes[k].len() as i32 - 1;
        let census = if k == 0 && origins.offset.len() > 1 {
            let (offset, base) = (&origins.offset[index..][..value.len()], &origins.base[index..][..value.len()]);
            split(value, self.scale[k], |i| (offset[i], base[i]), cell, frac)
        } else {
            let origin = origins.at(index);
            split(value, self.scale[k], |_| origin, cell, frac)
        };
        if !census.near {
            self.revisit(k, value, index, cell, frac);
        }
        if census.near && census.low >= 0 && census.high < last {
            return;
        }
        block.inside = false;
        if self.place {
            place(self.padding, self.axes[k], cell, frac);
        }
    }

    /// Locations so far away, infinite or NaN that the lanes' integers or fractions are not theirs.
    #[cold]
    #[inline(never)]
    fn revisit(&self, k: usize, value: &[R], index: usize, cell: &mut [i32], frac: &mut [R]) {
        let axis = self.axes[k];
        for (i, value) in value.iter().enumerate() {
            let (offset, base) = self.origins[k].at(if k == 0 { index + i } else { index });
            let floor = value.mul_add(self.scale[k], offset).floor();
            if (offset - floor).abs() < R::from_f64(LANES) {
                continue;
            }
            let spot = Spot::new(*value, self.scale[k], offset, i64::from(base), axis);
            let placed = if self.place { self.padding.place(spot, axis) } else { self.padding.settle(spot, axis) };
            (cell[i], frac[i]) = match placed {
                Some(Spot::At { cell, frac }) => (shorten(cell, self.padding, axis), frac),
                _ => (NOWHERE, R::ZERO),
            };
        }
    }
}

/// The derivative of the location that is read by the one asked for, as torch defines it: 1; -1 where a mirror turned it;
/// 0 where it was clamped, and at the centres of the end pixels.
///
/// Taken from blocks already located, so that reading an image does not pay for it. `asked` is looked at under reflection
/// only.
#[inline(never)]
pub(crate) fn signs<R: Real, A: Real, const D: usize>(
    padding: Padding,
    axes: &[Axis; D],
    placed: &Block<R, D>,
    asked: &Block<R, D>,
    sign: &mut [[A; BLOCK]; D],
) {
    for k in 0..D {
        let last = axes[k].len() as i32 - 1;
        let span = axes[k].span().max(1) as i32;
        for (i, sign) in sign[k][..placed.len].iter_mut().enumerate() {
            let (cell, frac) = (placed.cell[k][i], placed.frac[k][i]);
            // A place that is read lies between the end pixels or was moved to one of them.
            let between = cell < last && (cell > 0 || (cell == 0 && frac > R::ZERO));
            *sign = match padding {
                Padding::Zeros | Padding::Constant(_) | Padding::Wrap => A::ONE,
                Padding::Border | Padding::Reflection if !between => A::ZERO,
                // Between the mirrors the cell's turn is the location's.
                Padding::Reflection if asked.cell[k][i].div_euclid(span) & 1 == 1 => -A::ONE,
                Padding::Border | Padding::Reflection => A::ONE,
            };
        }
    }
}

/// Locations within this many pixels of their origin are worked out in lanes: half-pixels are exact, cells fit 32 bits.
const LANES: f64 = 4_194_304.0;

/// What a block's cells have in common.
struct Census {
    low: i32,
    high: i32,
    near: bool,
}

/// `value * scale + offset + base` as cell and fraction, the fraction rounded once.
#[inline(always)]
fn split<R: Real>(value: &[R], scale: R, origin: impl Fn(usize) -> (R, i32), cell: &mut [i32], frac: &mut [R]) -> Census {
    let limit = R::from_f64(LANES);
    let (mut low, mut high, mut near) = (i32::MAX, i32::MIN, true);
    for (i, ((value, cell), frac)) in value.iter().zip(cell).zip(frac).enumerate() {
        let (offset, base) = origin(i);
        let floor = value.mul_add(scale, offset).floor();
        let rest = offset - floor;
        near &= rest.abs() < limit;
        let part = value.mul_add(scale, rest);
        let lifted = part + R::ONE;
        // Rounding may have put the floor one too high, or the fraction on the next pixel.
        let below = part < R::ZERO && lifted < R::ONE;
        let above = part >= R::ONE;
        let whole = floor.to_i32().wrapping_add(base).wrapping_add(i32::from(above)).wrapping_sub(i32::from(below));
        *cell = whole;
        *frac = if below {
            lifted
        } else if above || part < R::ZERO {
            R::ZERO
        } else {
            part
        };
        low = low.min(whole);
        high = high.max(whole);
    }
    Census { low, high, near }
}

/// Moves the locations that are outside to where the padding reads.
#[inline(always)]
fn place<R: Real>(padding: Padding, axis: Axis, cell: &mut [i32], frac: &mut [R]) {
    let last = axis.len() as i32 - 1;
    let spots = cell.iter_mut().zip(frac);
    match padding {
        Padding::Zeros | Padding::Constant(_) => {}
        Padding::Border => {
            for (cell, frac) in spots.filter(|(cell, _)| **cell != NOWHERE) {
                let kept = *cell >= 0 && *cell < last;
                *cell = (*cell).max(0).min(last);
                *frac = if kept { *frac } else { R::ZERO };
            }
        }
        Padding::Wrap => {
            for (cell, _) in spots.filter(|(cell, _)| **cell != NOWHERE) {
                *cell = cell.rem_euclid(last + 1);
            }
        }
        Padding::Reflection => {
            let span = axis.span() as i32;
            // Between edges a location runs from -0.5 to span - 0.5, so its mirror image is -1 - p.
            let seam = i32::from(axis.extent() == Extent::Edges);
            for (cell, frac) in spots.filter(|(cell, _)| **cell != NOWHERE) {
                if last == 0 {
                    (*cell, *frac) = (0, R::ZERO);
                    continue;
                }
                if *cell >= 0 && *cell < last {
                    continue;
                }
                let turns = cell.div_euclid(span);
                let (mut near, mut part) = (*cell - turns * span, *frac);
                if turns & 1 == 1 {
                    // span - seam - (near + part), from the far end.
                    near = span - seam - near;
                    if part > R::ZERO {
                        part = R::ONE - part;
                        near -= 1;
                        if part >= R::ONE {
                            (near, part) = (near + 1, R::ZERO);
                        }
                    }
                }
                let kept = near >= 0 && near < last;
                *cell = near.max(0).min(last);
                *frac = if kept { part } else { R::ZERO };
            }
        }
    }
}

/// A far cell in 32 bits, reading the same taps: outside for a fill value, the end pixel for border, a period away for
/// wrap and reflection.
fn shorten(cell: i64, padding: Padding, axis: Axis) -> i32 {
    let far = axis.len() as i64 + 8;
    match padding {
        Padding::Zeros | Padding::Constant(_) | Padding::Border => cell.clamp(-far, far) as i32,
        Padding::Wrap => cell.rem_euclid(axis.len() as i64) as i32,
        Padding::Reflection => cell.rem_euclid(2 * i64::from(axis.span().max(1))) as i32,
    }
}

/// A piece of a row in the float type it is computed in.
#[inline(always)]
pub(crate) fn load<L: Location, const D: usize>(plane: &Plane<'_, L, D>, row: [usize; D], first: usize, to: &mut [L::Real]) {
    let step = plane.strides[0];
    let start = plane.row(row) + first as isize * step;
    let len = to.len();
    match step {
        1 => {
            for (to, value) in to.iter_mut().zip(&plane.data[start as usize..][..len]) {
                *to = value.widen();
            }
        }
        2 => load_every::<L, 2>(&plane.data[start as usize..], to),
        3 => load_every::<L, 3>(&plane.data[start as usize..], to),
        _ => {
            for (i, to) in to.iter_mut().enumerate() {
                *to = plane.data[(start + i as isize * step) as usize].widen();
            }
        }
    }
}

/// Every `STEP`-th value: a component of interleaved locations.
#[inline(always)]
fn load_every<L: Location, const STEP: usize>(from: &[L], to: &mut [L::Real]) {
    let reach = to.len().saturating_sub(1) * STEP + usize::from(!to.is_empty());
    let from = &from[..reach];
    for (i, to) in to.iter_mut().enumerate() {
        *to = from[i * STEP].widen();
    }
}
