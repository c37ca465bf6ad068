//! Cells to places in memory: once per pixel for all channels.

use super::lanes::{self, Extremes, Lanes};
use super::level::in_lanes;
use super::{Block, GROUPS, vectorised};
use crate::dtype::Sample;
use crate::padding::Padding;
use crate::view::Plane;
use displace_reads::{LANES, Offsets, prefetch};
use fearless_simd::{Simd, f32x8, i32x8, mask32x8, prelude::*, u32x8};

/// What the eight pixels of a group read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Pixels only: the cell and the one after it are inside, along every axis.
    Pixels,
    /// Outside as well, or only.
    Partly,
    /// Something that is looked at pixel by pixel: a location that reads nothing, a cell that wraps around.
    Special,
}

/// Where the pixels of a block lie in a plane, as offsets from its first pixel.
pub(crate) struct Aim {
    /// Of each pixel's cell, or of the nearest cell all of whose corners are inside. Never negative.
    pub(super) offset: [[i32; LANES]; GROUPS],
    pub(super) reach: [Reach; GROUPS],
    /// How many groups read pixels only.
    pub(super) inside: usize,
    groups: usize,
}

/// What the next block reads, to be brought near while this one is worked on.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'n> {
    offset: &'n [[i32; LANES]],
    scattered: bool,
}

impl Ahead<'_> {
    /// Where what comes next is brought near in another way.
    pub(crate) const NOTHING: Self = Self { offset: &[], scattered: false };

    /// Brings near what a group will read, in rows that lie a fixed number of elements behind it.
    #[inline(always)]
    pub(super) fn prefetch<T>(&self, data: &[T], rows: &[usize], group: usize) {
        let Some(offset) = self.offset.get(group) else { return };
        if self.scattered {
            for offset in offset {
                for row in rows {
                    prefetch(data, *offset as usize + row);
                }
            }
        } else {
            for row in rows {
                prefetch(data, offset[LANES - 1] as usize + row);
            }
        }
    }
}

/// How a plane lies in memory, if offsets into it fit 32 bits and grow with the axes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terrain<const D: usize> {
    pub(super) stride: [i32; D],
    /// The last pixel along each axis.
    pub(super) last: [i32; D],
}

impl<const D: usize> Terrain<D> {
    pub(crate) fn new<T>(plane: &Plane<'_, T, D>) -> Option<Self> {
        let (mut stride, mut last, mut reach) = ([0; D], [0; D], 0i64);
        for k in 0..D {
            stride[k] = i32::try_from(plane.strides[k]).ok().filter(|stride| *stride >= 0)?;
            last[k] = i32::try_from(plane.size[k] - 1).ok()?;
            // A tap more than the last pixel on every axis: rows of taps begin at a cell and end behind it.
            reach += i64::from(stride[k]) * (i64::from(last[k]) + 3);
        }
        (reach < i64::from(i32::MAX)).then_some(Self { stride, last })
    }

    /// The `ROWS` pairs of corners of a cell, from its first on. Where an axis has one pixel, both of a cell's are that one.
    #[inline(always)]
    pub(super) fn rows<const ROWS: usize>(&self) -> [usize; ROWS] {
        let mut rows = [0; ROWS];
        for (r, row) in rows.iter_mut().enumerate() {
            for k in 1..D {
                if self.last[k] > 0 {
                    *row += (r >> (k - 1) & 1) * self.stride[k] as usize;
                }
            }
        }
        rows
    }
}

impl Aim {
    pub(crate) fn new() -> Self {
        Self { offset: [[0; LANES]; GROUPS], reach: [Reach::Special; GROUPS], inside: 0, groups: 0 }
    }

    /// Where the groups that hold pixels read, for as many planes as there are.
    #[inline(never)]
    pub(crate) fn offsets(&self) -> Offsets<'_> {
        vectorised(
            #[inline(always)]
            || Offsets::new(&self.offset[..self.groups]),
        )
    }

    /// The lowest offset and the highest; the highest is 0 without pixels.
    #[inline(never)]
    pub(crate) fn span(&self) -> (i32, i32) {
        let (mut low, mut high) = (i32::MAX, 0);
        for group in &self.offset[..self.groups] {
            for lane in group {
                (low, high) = (low.min(*lane), high.max(*lane));
            }
        }
        (low, high)
    }

    /// What this block reads, to be brought near while another is worked on.
    pub(crate) fn ahead_of(&self, now: &Self) -> Ahead<'_> {
        Ahead { offset: &self.offset[..self.groups], scattered: now.scattered() }
    }

    /// Whether neighbours read far from each other: on other cache lines.
    fn scattered(&self) -> bool {
        let (mut looked, mut apart) = (0, 0);
        for offset in self.offset[..self.groups].iter().step_by(4) {
            looked += 1;
            apart += usize::from((offset[LANES - 1] - offset[0]).unsigned_abs() > 32);
        }
        apart > looked / 2
    }

    /// Fills a row of `len` pixels, `step` apart, with the blends of its groups: `inside` where pixels only are read, if it is
    /// known how, `other` elsewhere. Whether all are finite.
    ///
    /// Closures by value: what borrowed ones hold would be fetched from memory again for every group.
    #[inline(always)]
    #[allow(clippy::needless_pass_by_value)]
    pub(super) fn blend<S: Lanes, T: Sample>(
        &self,
        simd: S,
        out: &mut [T],
        (len, step): (usize, usize),
        inside: Option<impl Fn(usize) -> f32x8<S>>,
        other: impl Fn(usize) -> f32x8<S>,
    ) -> bool {
        let mut extremes = Extremes::new(simd);
        let mut done = 0;
        if step == 1 {
            let whole = out[..len].as_chunks_mut::<LANES>().0;
            done = whole.len();
            // What there is most of, on its own, with nothing to decide. Groups that reach outside are gone over again: their
            // offsets are legal too.
            let mut skipped = None;
            if let (Some(inside), true) = (&inside, self.inside > 0) {
                for (group, out) in whole.iter_mut().enumerate() {
                    let value = inside(group);
                    extremes.see(value);
                    *out = lanes::narrow(value);
                }
                skipped = Some(Reach::Pixels);
            }
            if skipped.is_none() || self.inside < self.groups {
                for (group, out) in whole.iter_mut().enumerate() {
                    if skipped == Some(self.reach[group]) {
                        continue;
                    }
                    let value = other(group);
                    extremes.see(value);
                    *out = lanes::narrow(value);
                }
            }
        }
        for group in done..self.groups {
            let value = match &inside {
                Some(inside) if self.reach[group] == Reach::Pixels => inside(group),
                _ => other(group),
            };
            extremes.see(value);
            let value: [T; LANES] = lanes::narrow(value);
            for (lane, i) in (group * LANES..len.min((group + 1) * LANES)).enumerate() {
                out[i * step] = value[lane];
            }
        }
        extremes.finite()
    }

    /// Aims at cells; taps reach `before` pixels before the cell and `after` behind it. Offsets are those of the first tap.
    #[inline(never)]
    pub(crate) fn at_cells<const D: usize>(
        &mut self,
        block: &Block<f32, D>,
        terrain: &Terrain<D>,
        padding: Padding,
        before: i32,
        after: i32,
    ) {
        let inside = block.inside && before == 0 && after == 1;
        if inside {
            self.at_all(block, terrain, false);
        } else if !block.inside || !in_lanes!(simd => self.at_taps_in(simd, block, terrain, before, after)) {
            in_lanes!(simd => self.at_cells_in(simd, block, terrain, padding, before, after));
        }
        self.groups = block.groups();
    }

    /// Aims at cells in the hope that all taps are pixels. Whether they are; if not the offsets are not to be used.
    #[inline(always)]
    fn at_taps_in<S: Simd, const D: usize>(
        &mut self,
        simd: S,
        block: &Block<f32, D>,
        terrain: &Terrain<D>,
        before: i32,
        after: i32,
    ) -> bool {
        let zero = u32x8::splat(simd, 0);
        let mut axes = [(i32x8::splat(simd, before), zero); D];
        for k in 0..D {
            axes[k].0 = i32x8::splat(simd, terrain.stride[k]);
        }
        for (group, to) in self.offset[..block.groups()].iter_mut().enumerate() {
            let mut offset = i32x8::splat(simd, 0);
            for (k, (stride, highest)) in axes.iter_mut().enumerate() {
                let first = i32x8::simd_from(simd, block.cell[k].as_chunks::<LANES>().0[group]) - before;
                // Below 0 is above all others.
                *highest = highest.max(first.bitcast::<u32x8<S>>());
                offset += first * *stride;
            }
            *to = offset.into();
        }
        self.reach[..block.groups()].fill(Reach::Pixels);
        self.inside = block.groups();
        let mut inside = true;
        for k in 0..D {
            let room = i64::from(terrain.last[k]) - i64::from(before) - i64::from(after);
            inside &= i64::from(simd.reduce_max_u32x8(axes[k].1)) <= room;
        }
        inside
    }

    #[inline(always)]
    fn at_cells_in<S: Simd, const D: usize>(
        &mut self,
        simd: S,
        block: &Block<f32, D>,
        terrain: &Terrain<D>,
        padding: Padding,
        before: i32,
        after: i32,
    ) {
        // Whether every axis is long enough for all taps.
        let mut fits = true;
        let mut axes = [[i32x8::splat(simd, before); 3]; D];
        for k in 0..D {
            fits &= terrain.last[k] >= before + after;
            axes[k][1] = i32x8::splat(simd, (terrain.last[k] - after).max(before));
            axes[k][2] = i32x8::splat(simd, terrain.stride[k]);
        }
        self.inside = 0;
        for group in 0..block.groups() {
            let mut offset = i32x8::splat(simd, 0);
            let mut inside = mask32x8::splat(simd, true);
            for k in 0..D {
                let [low, high, stride] = axes[k];
                let cell = i32x8::simd_from(simd, block.cell[k].as_chunks::<LANES>().0[group]);
                let kept = cell.max(low).min(high);
                inside &= kept.simd_eq(cell);
                offset += (kept - low) * stride;
            }
            self.offset[group] = offset.into();
            if fits && inside.all_true() {
                self.reach[group] = Reach::Pixels;
                self.inside += 1;
                continue;
            }
            // Cells wrap around as a whole; taps are placed one by one.
            let mut special = padding == Padding::Wrap && before == 0;
            for cell in &block.cell {
                let cell = i32x8::simd_from(simd, cell.as_chunks::<LANES>().0[group]);
                special |= cell.simd_eq(super::NOWHERE).any_true();
            }
            self.reach[group] = if special { Reach::Special } else { Reach::Partly };
        }
    }

    /// Aims at the nearest pixels: above half-way the next, half-way the even one.
    #[inline(never)]
    pub(crate) fn at_nearest<const D: usize>(&mut self, block: &Block<f32, D>, terrain: &Terrain<D>, padding: Padding) {
        if block.whole || block.inside {
            self.at_all(block, terrain, !block.whole);
        } else {
            in_lanes!(simd => self.at_nearest_in(simd, block, terrain, padding));
        }
        self.groups = block.groups();
    }

    /// Aims at cells or the pixels nearest to locations when all of them and the next ones are inside.
    fn at_all<const D: usize>(&mut self, block: &Block<f32, D>, terrain: &Terrain<D>, nearest: bool) {
        self.reach[..block.groups()].fill(Reach::Pixels);
        self.inside = block.groups();
        in_lanes!(simd => if nearest {
            self.at_all_in::<_, D, true>(simd, block, terrain);
        } else {
            self.at_all_in::<_, D, false>(simd, block, terrain);
        });
    }

    #[inline(always)]
    fn at_all_in<S: Simd, const D: usize, const NEAREST: bool>(&mut self, simd: S, block: &Block<f32, D>, terrain: &Terrain<D>) {
        let mut stride = [i32x8::splat(simd, 0); D];
        for k in 0..D {
            stride[k] = i32x8::splat(simd, terrain.stride[k]);
        }
        for (group, to) in self.offset[..block.groups()].iter_mut().enumerate() {
            let mut offset = i32x8::splat(simd, 0);
            for k in 0..D {
                let mut cell = i32x8::simd_from(simd, block.cell[k].as_chunks::<LANES>().0[group]);
                if NEAREST {
                    cell = nearest_cell(simd, cell, f32x8::simd_from(simd, block.frac[k].as_chunks::<LANES>().0[group]));
                }
                offset += cell * stride[k];
            }
            *to = offset.into();
        }
    }

    #[inline(always)]
    fn at_nearest_in<S: Simd, const D: usize>(&mut self, simd: S, block: &Block<f32, D>, terrain: &Terrain<D>, padding: Padding) {
        let none = i32x8::splat(simd, 0);
        self.inside = 0;
        for group in 0..block.groups() {
            let lanes = group * LANES..(group + 1) * LANES;
            let mut offset = none;
            let mut inside = mask32x8::splat(simd, true);
            for k in 0..D {
                let cell = i32x8::from_slice(simd, &block.cell[k][lanes.clone()]);
                let frac = f32x8::from_slice(simd, &block.frac[k][lanes.clone()]);
                let near = nearest_cell(simd, cell, frac);
                let near = if padding == Padding::Wrap { near.simd_gt(terrain.last[k]).select(none, near) } else { near };
                let kept = near.max(none).min(terrain.last[k]);
                inside &= kept.simd_eq(near);
                offset += kept * terrain.stride[k];
            }
            self.offset[group] = offset.into();
            self.reach[group] = if inside.all_true() { Reach::Pixels } else { Reach::Special };
            self.inside += usize::from(inside.all_true());
        }
    }
}

/// Above half-way the next, half-way the even one.
#[inline(always)]
fn nearest_cell<S: Simd>(simd: S, cell: i32x8<S>, frac: f32x8<S>) -> i32x8<S> {
    let half = f32x8::splat(simd, 0.5);
    let (none, one) = (i32x8::splat(simd, 0), i32x8::splat(simd, 1));
    let odd = (cell & 1).simd_eq(one);
    cell + (frac.simd_gt(half) | (frac.simd_eq(half) & odd)).select(one, none)
}
