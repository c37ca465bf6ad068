//! Stored values of a block to cells and fractions, padding included: the block-wise mirror of `axis.rs` and `padding.rs`.

use super::level::in_lanes;
use super::load::{load, load_all, side_by_side};
use super::parts::{Cells, Inside, take_apart};
use super::{BLOCK, Block, NOWHERE};
use crate::axis::{Axis, Extent};
use crate::dtype::{Location, Real};
use crate::grid::Locations;
use crate::padding::{Padding, Spot};
use crate::view::Plane;
use displace_reads::{LANES, prefetch};
use fearless_simd::{Simd, f32x8, i32x8, prelude::*, u32x8};

/// Bytes of a cache line.
pub(crate) const LINE: usize = 64;

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
    /// Stored values are locations in pixels.
    plain: bool,
    /// Stored values are pixels, and start from whole ones.
    whole: [bool; D],
    /// Only the nearest pixel is wanted.
    nearest: bool,
}

impl<R: Real, const D: usize> Locator<R, D> {
    /// `place`: whether the padding acts on locations (nearest, linear) or will act on taps (cubic).
    pub(crate) fn new<L: Location<Real = R>>(at: &Locations<'_, L, D>, padding: Padding, place: bool) -> Self {
        let origins = std::array::from_fn(|k| {
            let entries = if at.uniform() { 1 } else { at.destination()[k] };
            let (mut offset, mut base): (Vec<R>, Vec<i32>) =
                (0..entries).map(|j| at.origin(k, j)).map(|(o, b): (R, i64)| (o, b as i32)).unzip();
            if let (2.., Some(last), Some(whole)) = (entries, offset.last().copied(), base.last().copied()) {
                // The last group's other lanes.
                offset.extend([last; LANES]);
                base.extend([whole; LANES]);
            }
            Origins { offset, base }
        });
        let scale: [R; D] = std::array::from_fn(|k| at.scale(k));
        let whole = std::array::from_fn(|k| scale[k] == R::ONE && origins[k].offset.iter().all(|offset| *offset == R::ZERO));
        let plain = (0..D).all(|k| whole[k] && origins[k].base == [0]);
        Self { axes: *at.source().axes(), scale, origins, padding, place, plain, whole, nearest: false }
    }

    /// For readers of the nearest pixel, who need no fractions where all is inside.
    pub(crate) fn for_nearest(self) -> Self {
        Self { nearest: true, ..self }
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
        in_lanes!(simd => {
            block.inside = true;
            block.whole = false;
            if self.plain && D == 2 && self.locate_plain(simd, values, row, first, block) {
                return;
            }
            load_all(simd, values, row, first, block);
            for k in 0..D {
                self.locate_axis(simd, k, if k == 0 { first } else { row[k] }, block);
            }
        });
    }

    /// Locates values of two axes side by side that are locations in pixels. `false` if they lie otherwise or some have to be
    /// looked at one by one.
    ///
    /// Nothing is rounded but a fraction just below 1: `value - floor` is a float where `value` is not negative.
    #[inline(always)]
    fn locate_plain<S: Simd, L: Location<Real = R>>(
        &self,
        simd: S,
        values: &[Plane<'_, L, D>; D],
        row: [usize; D],
        first: usize,
        block: &mut Block<R, D>,
    ) -> bool {
        let Some(from) = side_by_side(values, row, first, block.len).and_then(L::as_f32) else { return false };
        let last = [self.axes[0].len() - 1, self.axes[D - 1].len() - 1];
        let bits = last.map(
            #[inline(always)]
            |last| (last as f32).to_bits(),
        );
        if self.nearest {
            let census = take_apart::<_, R, D, Inside<S, true>>(simd, from, block);
            block.whole = census.is_some_and(
                #[inline(always)]
                |[x, y]| x.highest(simd) <= bits[0] && y.highest(simd) <= bits[1],
            );
            return block.whole;
        }
        // Blocks at the edges of what is seen mostly show it at an end.
        let ends = from.first_chunk::<2>().zip(from.last_chunk::<2>());
        let seen = ends.is_some_and(
            #[inline(always)]
            |(a, b)| (0..2).all(|k| a[k].to_bits().max(b[k].to_bits()) < bits[k]),
        );
        if seen
            && let Some([x, y]) = take_apart::<_, R, D, Inside<S, false>>(simd, from, block)
            && x.highest(simd) < bits[0]
            && y.highest(simd) < bits[1]
        {
            return true;
        }
        let Some(census) = take_apart::<_, R, D, Cells<S>>(simd, from, block) else { return false };
        if !census[0].near() || !census[1].near() {
            return false;
        }
        for k in 0..D {
            if simd.reduce_min_i32x8(census[k].low) < 0 || simd.reduce_max_i32x8(census[k].high) >= last[k] as i32 {
                block.inside = false;
                if self.place {
                    let reach = block.groups() * LANES;
                    place(self.padding, self.axes[k], &mut block.cell[k][..reach], &mut block.frac[k][..reach]);
                }
            }
        }
        true
    }

    /// Brings near the locations of `len` pixels of a row, if those of all axes lie side by side.
    pub(crate) fn prefetch<L: Location<Real = R>>(&self, values: &[Plane<'_, L, D>; D], row: [usize; D], first: usize, len: usize) {
        let from = &values[0];
        if from.strides[0] == D as isize {
            let start = (from.row(row) + (first * D) as isize) as usize;
            for line in (0..len * D).step_by(LINE / size_of::<L>()) {
                prefetch(from.data, start + line);
            }
        }
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
        in_lanes!(simd => {
            load(values, row, first, &mut block.value[k][..block.len]);
            self.locate_axis(simd, k, if k == 0 { first } else { row[k] }, block);
            let (mut low, mut high) = (i32::MAX, NOWHERE);
            for cell in &block.cell[k][..block.len] {
                low = low.min(if *cell == NOWHERE { i32::MAX } else { *cell });
                high = high.max(*cell);
            }
            (high != NOWHERE).then_some((low, high))
        })
    }

    /// Locates the block's values, which are those of axis `k` from `index` on (or all at `index`, across rows).
    #[inline(always)]
    fn locate_axis<S: Simd>(&self, simd: S, k: usize, index: usize, block: &mut Block<R, D>) {
        let origins = &self.origins[k];
        let (len, reach) = (block.len, block.groups() * LANES);
        let last_value = block.value[k][len - 1];
        block.value[k][len..reach].fill(last_value);
        let (value, cell, frac) = (&block.value[k][..reach], &mut block.cell[k][..reach], &mut block.frac[k][..reach]);
        let last = self.axes[k].len() as i32 - 1;
        let (offset, base) = if k == 0 && origins.offset.len() > 1 {
            (&origins.offset[index..][..reach], &origins.base[index..][..reach])
        } else {
            let at = if origins.offset.len() == 1 { 0 } else { index };
            (&origins.offset[at..=at], &origins.base[at..=at])
        };
        let census = split(simd, value, self.scale[k], offset, base, self.whole[k], cell, frac);
        if !census.near {
            self.revisit(k, &value[..len], index, cell, frac);
            let (last_cell, last_frac) = (cell[len - 1], frac[len - 1]);
            cell[len..].fill(last_cell);
            frac[len..].fill(last_frac);
        }
        if census.near && census.highest < last as u32 {
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
            if (offset - floor).abs() < R::from_f64(NEAR) {
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
pub(super) const NEAR: f64 = 4_194_304.0;

/// What a block's cells have in common.
struct Census {
    /// The highest cell; those below 0 count as above all others.
    highest: u32,
    /// Whether no location is so far away that its cell or fraction is not its own.
    near: bool,
}

/// `value * scale + offset + base` as cell and fraction, the fraction rounded once. One origin, or one for each value;
/// `whole` where the scale is 1 and the offsets are 0.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn split<S: Simd, R: Real>(
    simd: S,
    value: &[R],
    scale: R,
    offset: &[R],
    base: &[i32],
    whole: bool,
    cell: &mut [i32],
    frac: &mut [R],
) -> Census {
    if let (Some(value), Some([scale]), Some(offset)) = (R::as_f32(value), R::as_f32(&[scale]), R::as_f32(offset))
        && let Some(frac) = R::as_f32_mut(frac)
    {
        return if whole {
            split_lanes::<_, true>(simd, value, *scale, offset, base, cell, frac)
        } else {
            split_lanes::<_, false>(simd, value, *scale, offset, base, cell, frac)
        };
    }
    let limit = R::from_f64(NEAR);
    let (mut highest, mut near) = (0, true);
    for (i, ((value, cell), frac)) in value.iter().zip(cell).zip(frac).enumerate() {
        let at = if offset.len() == 1 { 0 } else { i };
        let (offset, base) = (offset[at], base[at]);
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
        highest = (whole as u32).max(highest);
    }
    Census { highest, near }
}

/// [`split`] in lanes of `f32`.
#[inline(always)]
fn split_lanes<S: Simd, const WHOLE: bool>(
    simd: S,
    value: &[f32],
    scale: f32,
    offset: &[f32],
    base: &[i32],
    cell: &mut [i32],
    frac: &mut [f32],
) -> Census {
    if let ([offset], [base]) = (offset, base) {
        let origin = (f32x8::splat(simd, *offset), i32x8::splat(simd, *base));
        return split_at::<_, WHOLE>(
            simd,
            value,
            scale,
            #[inline(always)]
            |_, _| origin,
            cell,
            frac,
        );
    }
    split_at::<_, WHOLE>(
        simd,
        value,
        scale,
        #[inline(always)]
        |simd, group| {
            let range = group * LANES..(group + 1) * LANES;
            (f32x8::from_slice(simd, &offset[range.clone()]), i32x8::from_slice(simd, &base[range]))
        },
        cell,
        frac,
    )
}

/// [`split_lanes`] from the origins of each group.
#[inline(always)]
fn split_at<S: Simd, const WHOLE: bool>(
    simd: S,
    value: &[f32],
    scale: f32,
    origin: impl Fn(S, usize) -> (f32x8<S>, i32x8<S>),
    cell: &mut [i32],
    frac: &mut [f32],
) -> Census {
    let scale = f32x8::splat(simd, scale);
    let (zero, one) = (f32x8::splat(simd, 0.0), f32x8::splat(simd, 1.0));
    let mut highest = u32x8::splat(simd, 0);
    // Of the distances from the origin, by their bits: NaN is above all.
    let mut farthest = i32x8::splat(simd, 0);
    let groups = value.chunks_exact(LANES).zip(cell.chunks_exact_mut(LANES)).zip(frac.chunks_exact_mut(LANES));
    for (group, ((value, cell), frac)) in groups.enumerate() {
        let (offset, base) = origin(simd, group);
        let value = f32x8::from_slice(simd, value);
        let floor = if WHOLE { value.floor() } else { value.mul_add_precise(scale, offset).floor() };
        let rest = if WHOLE { -floor } else { offset - floor };
        farthest = farthest.max(rest.abs().bitcast::<i32x8<S>>());
        let mut part = if WHOLE { value - floor } else { value.mul_add_precise(scale, rest) };
        let mut whole = floor.to_int::<i32x8<S>>() + base;
        if !WHOLE {
            // Rounding may have put the floor one too high. A mask is -1 as a number.
            let negative = part.simd_lt(zero);
            part = negative.select(part + one, part);
            whole += negative.to_vector();
        }
        // And it may put the fraction on the next pixel.
        let over = part.simd_ge(one);
        whole -= over.to_vector();
        let part = over.select(zero, part);
        whole.store_slice(cell);
        part.store_slice(frac);
        highest = highest.max(whole.bitcast::<u32x8<S>>());
    }
    let near = simd.reduce_max_i32x8(farthest) < (NEAR as f32).to_bits() as i32;
    Census { highest: simd.reduce_max_u32x8(highest), near }
}

/// Moves the locations that are outside to where the padding reads.
#[inline(always)]
fn place<R: Real>(padding: Padding, axis: Axis, cell: &mut [i32], frac: &mut [R]) {
    let last = axis.len() as i32 - 1;
    let spots = cell.iter_mut().zip(frac);
    match padding {
        Padding::Zeros | Padding::Constant(_) => {}
        Padding::Border => {
            for (cell, frac) in spots {
                let (kept, nowhere) = (*cell >= 0 && *cell < last, *cell == NOWHERE);
                *cell = if nowhere { NOWHERE } else { (*cell).max(0).min(last) };
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
