//! Cells to places in memory: once per pixel for all channels.

use super::level::in_lanes;
use super::{Block, GROUPS, vectorised};
use crate::padding::Padding;
use crate::view::Plane;
use displace_reads::{LANES, Offsets, prefetch};
use fearless_simd::{Simd, f32x8, i32x8, mask32x8, prelude::*};

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
        if block.inside && before == 0 && after == 1 {
            self.at_all(block, terrain, false);
        } else {
            in_lanes!(simd => self.at_cells_in(simd, block, terrain, padding, before, after));
        }
        self.groups = block.groups();
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
        for last in &terrain.last {
            fits &= *last >= before + after;
        }
        self.inside = 0;
        for group in 0..block.groups() {
            let lanes = group * LANES..(group + 1) * LANES;
            let mut offset = i32x8::splat(simd, 0);
            let mut inside = mask32x8::splat(simd, true);
            let mut nowhere = mask32x8::splat(simd, false);
            for k in 0..D {
                let cell = i32x8::from_slice(simd, &block.cell[k][lanes.clone()]);
                let (low, high) = (i32x8::splat(simd, before), i32x8::splat(simd, (terrain.last[k] - after).max(before)));
                let kept = cell.max(low).min(high);
                inside &= kept.simd_eq(cell);
                nowhere |= cell.simd_eq(super::NOWHERE);
                offset += (kept - before) * terrain.stride[k];
            }
            self.offset[group] = offset.into();
            self.reach[group] = if fits && inside.all_true() {
                Reach::Pixels
            } else if nowhere.any_true() || padding == Padding::Wrap {
                Reach::Special
            } else {
                Reach::Partly
            };
            self.inside += usize::from(self.reach[group] == Reach::Pixels);
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
