//! The exact inverse: every cell is asked which source pixels it reads.
//!
//! The source is cut into bands, one task each; the destination's cells are cut into blocks, and each band looks at the
//! blocks that reach it. What a pixel gets does not depend on the cutting: among the places that read it the best is chosen
//! by an order that knows only the places.

use super::patch::{FAR, Look, Patch, Root, SAME, Solver, search};
use super::{Branch, Finisher, Target};
use crate::dtype::Location;
use crate::kernel::level::vectorised;
use crate::map::Map;
use crate::rows::{each_of, map_rows_costing, pays};
use crate::view::Plane;
use std::cmp::Ordering;

/// Cells of a block along each axis.
const fn block_side(axes: usize) -> usize {
    if axes == 2 { 32 } else { 8 }
}

/// Source rows (slices) of a band.
pub(super) const fn band_height(axes: usize) -> usize {
    if axes == 2 { 64 } else { 16 }
}

/// Cells along each axis; an axis of one pixel counts as one that is flat.
fn cells<const D: usize>(size: [usize; D]) -> [usize; D] {
    size.map(|len| len.saturating_sub(1).max(1))
}

/// Where a block of cells lies among all, and how far the places that it reads reach along the slowest source axis.
#[derive(Clone, Copy)]
struct Block<const D: usize> {
    first: [usize; D],
    reach: [f64; 2],
}

/// Inverts one sample of `map`. `targets` are the bands of the outputs, in order.
pub(super) fn invert_sample<L: Location, const D: usize>(
    map: &Map<'_, L, D>,
    n: usize,
    branch: Branch,
    targets: &mut [Target<'_, L::Real, D>],
    finisher: &Finisher<'_, '_, L, D>,
) {
    let planes = map.planes(n);
    let blocks = blocks(map, &planes);
    let shared = pays(targets.iter().map(|target| target.count.len()).sum());
    each_of(targets, shared, |target| {
        let mut seats = Seats::new(target.first, target.size, branch);
        let mut work = Work::new();
        let reach = [target.first[D - 1] as f64 - 0.5, (target.first[D - 1] + target.size[D - 1]) as f64 - 0.5];
        for block in blocks.iter().filter(|block| block.reach[0] <= reach[1] && block.reach[1] >= reach[0]) {
            work.load(map, &planes, block.first);
            vectorised(
                #[inline(always)]
                || work.block(block.first, &mut seats),
            );
        }
        vectorised(
            #[inline(always)]
            || {
                target.fill(
                    #[inline(always)]
                    |at, pixel| {
                        let seat = &seats.best[at];
                        finisher.finish(&planes, pixel, (seat.count > 0).then_some(seat.x), seat.count)
                    },
                );
            },
        );
    });
}

/// All blocks, in order, with what each reaches.
fn blocks<L: Location, const D: usize>(map: &Map<'_, L, D>, planes: &[Plane<'_, L, D>; D]) -> Vec<Block<D>> {
    let size = map.between().destination();
    let (cells, side) = (cells(size), block_side(D));
    let counts = cells.map(|cells| cells.div_ceil(side));
    let rows = counts[1..].iter().product();
    let work = counts[0] * side.pow(D as u32);
    let found = map_rows_costing(work, 1, rows, |_, mut row| {
        let mut first = [0; D];
        for k in 1..D {
            first[k] = row % counts[k] * side;
            row /= counts[k];
        }
        let mut found = Vec::with_capacity(counts[0]);
        let mut work = Work::new();
        for x in 0..counts[0] {
            first[0] = x * side;
            let mut reach = [f64::INFINITY, f64::NEG_INFINITY];
            work.load(map, planes, first);
            for row in work.rows(first) {
                for place in row {
                    reach = [reach[0].min(place[D - 1]), reach[1].max(place[D - 1])];
                }
            }
            if size[D - 1] == 1 {
                reach[1] += 1.0;
            }
            found.push(Block { first, reach: [reach[0] - 0.5, reach[1] + 0.5] });
        }
        found
    });
    found.into_iter().flatten().collect()
}

/// How many nodes of a block exist along each axis.
fn node_counts<const D: usize>(first: [usize; D], size: [usize; D]) -> [usize; 3] {
    let side = block_side(D) + 1;
    std::array::from_fn(|k| if k < D { side.min(size[k].saturating_sub(first[k])) } else { 1 })
}

/// Working room of a task: the places that a block's nodes read.
struct Work<const D: usize> {
    nodes: Vec<[f64; D]>,
    size: [usize; D],
    found: Vec<Root<D>>,
}

impl<const D: usize> Work<D> {
    fn new() -> Self {
        Self { nodes: vec![[0.0; D]; (block_side(D) + 1).pow(D as u32)], size: [0; D], found: Vec::new() }
    }

    /// Reads the nodes of the block that starts at `first`.
    fn load<L: Location>(&mut self, map: &Map<'_, L, D>, planes: &[Plane<'_, L, D>; D], first: [usize; D]) {
        self.size = map.between().destination();
        let (side, counts) = (block_side(D) + 1, node_counts(first, self.size));
        let nodes = &mut self.nodes;
        vectorised(
            #[inline(always)]
            || {
                for z in 0..counts[2] {
                    for y in 0..counts[1] {
                        let offset = [0, y, z];
                        let pixel = std::array::from_fn(|k| first[k] + offset[k]);
                        map.places(planes, pixel, &mut nodes[(z * side + y) * side..][..counts[0]]);
                    }
                }
            },
        );
    }

    /// The nodes of the block that was read, row by row.
    fn rows(&self, first: [usize; D]) -> impl Iterator<Item = &[[f64; D]]> {
        let (side, counts) = (block_side(D) + 1, node_counts(first, self.size));
        (0..counts[2]).flat_map(move |z| (0..counts[1]).map(move |y| &self.nodes[(z * side + y) * side..][..counts[0]]))
    }

    /// Looks at every cell of the block.
    #[inline(always)]
    fn block(&mut self, first: [usize; D], seats: &mut Seats<D>) {
        let (side, cells) = (block_side(D), cells(self.size));
        let counts: [usize; 3] = std::array::from_fn(|k| if k < D { side.min(cells[k] - first[k]) } else { 1 });
        for z in 0..counts[2] {
            for y in 0..counts[1] {
                for x in 0..counts[0] {
                    self.cell([x, y, z], first, seats);
                }
            }
        }
    }

    #[inline(always)]
    fn cell(&mut self, offset: [usize; 3], first: [usize; D], seats: &mut Seats<D>) {
        let side = block_side(D) + 1;
        let at = (offset[2] * side + offset[1]) * side + offset[0];
        let step = [1, side, side * side];
        let mut corners = [[0.0; D]; 8];
        let flat: [bool; D] = self.size.map(|len| len == 1);
        for (corner, place) in corners.iter_mut().enumerate().take(1 << D) {
            let mut node = at;
            for k in 0..D {
                node += if flat[k] { 0 } else { (corner >> k & 1) * step[k] };
            }
            *place = self.nodes[node];
            // A flat cell gets a side of its own, of which only the lower end exists.
            for k in 0..D {
                if flat[k] && corner >> k & 1 == 1 {
                    place[k] += 1.0;
                }
            }
        }
        let Some(pixels) = seats.reached(&corners) else { return };
        let patch = Patch::from_corners(&corners);
        let solver = Solver::new(&patch);
        let cell: [f64; D] = std::array::from_fn(|k| (first[k] + offset[k]) as f64);
        for z in pixels[2][0]..pixels[2][1] {
            for y in pixels[1][0]..pixels[1][1] {
                for x in pixels[0][0]..pixels[0][1] {
                    let pixel = [x, y, z];
                    let place: [f64; D] = std::array::from_fn(|k| pixel[k] as f64);
                    match solver.look(&patch, &place, seats.tolerance) {
                        Look::Nothing => {}
                        Look::Root(t, determinant) => {
                            seats.take(pixel, cell, flat, Root { within: t.map(|t| t + 0.5), determinant });
                        }
                        Look::Unsure => {
                            search(&patch, &place, seats.tolerance, &mut self.found);
                            self.found.drain(..).for_each(|root| seats.take(pixel, cell, flat, root));
                        }
                    }
                }
            }
        }
    }
}

/// The best place found for a source pixel.
#[derive(Clone, Copy)]
struct Seat<const D: usize> {
    x: [f64; D],
    determinant: f64,
    count: u32,
    /// One more than the newest entry of `Seats::borders` for this pixel.
    borders: u32,
}

/// What the pixels of a band have found.
struct Seats<const D: usize> {
    first: [usize; D],
    size: [usize; D],
    branch: Branch,
    best: Vec<Seat<D>>,
    /// Places on the border of a cell, which others may find too, each with the entry before it of the same pixel.
    borders: Vec<([f64; D], u32)>,
    tolerance: f64,
}

/// Roots nearer than this to the end of a cell may be its neighbour's as well.
const BORDER: f64 = 4.0 * SAME;

impl<const D: usize> Seats<D> {
    fn new(first: [usize; D], size: [usize; D], branch: Branch) -> Self {
        let best = vec![Seat { x: [0.0; D], determinant: 0.0, count: 0, borders: 0 }; size.iter().product()];
        // Places of up to `most` pixels are known to `most` times the round-off.
        let most = (0..D).map(|k| first[k] + size[k]).max().unwrap_or_default() as f64;
        Self { first, size, branch, best, borders: Vec::new(), tolerance: 1e-11 + 16.0 * f64::EPSILON * most }
    }

    /// The pixels of the band that a cell may read, from and to along each axis; none of a cell that is not finite or reaches too far.
    #[inline(always)]
    fn reached(&self, corners: &[[f64; D]; 8]) -> Option<[[usize; 2]; 3]> {
        let mut pixels = [[0, 1]; 3];
        for k in 0..D {
            let (mut low, mut high) = (corners[0][k], corners[0][k]);
            let mut sum = 0.0;
            for corner in &corners[..1 << D] {
                low = if corner[k] < low { corner[k] } else { low };
                high = if corner[k] > high { corner[k] } else { high };
                sum += corner[k];
            }
            let (start, end) = (self.first[k] as f64, (self.first[k] + self.size[k] - 1) as f64);
            let (low, high) = (low - 1e-9, high + 1e-9);
            if !(sum.is_finite() && low >= -FAR && high <= FAR && low <= end && high >= start) {
                return None;
            }
            // Not negative: the cast is the floor.
            let (low, high) = (low.max(start), high.min(end));
            let from = low as i32;
            let from = (from + i32::from(f64::from(from) < low)) as usize;
            let to = high as i32 as usize + 1;
            if from >= to {
                return None;
            }
            pixels[k] = [from, to];
        }
        Some(pixels)
    }

    /// Takes a place that reads `pixel`: in `cell`, unless it lies in what a flat cell was given to be one.
    #[inline(always)]
    fn take(&mut self, pixel: [usize; 3], cell: [f64; D], flat: [bool; D], root: Root<D>) {
        let Root { mut within, determinant } = root;
        for k in (0..D).filter(|k| flat[*k]) {
            if within[k] > SAME {
                return;
            }
            within[k] = 0.0;
        }
        let mut at = 0;
        for k in (0..D).rev() {
            at = at * self.size[k] + (pixel[k] - self.first[k]);
        }
        let x: [f64; D] = std::array::from_fn(|k| cell[k] + within[k]);
        let seat = &mut self.best[at];
        let fresh = seat.count == 0;
        let border = within.iter().any(|within| *within < BORDER || *within > 1.0 - BORDER);
        if border {
            let mut known = seat.borders;
            while known > 0 {
                let (place, before) = self.borders[known as usize - 1];
                if (0..D).all(|k| (place[k] - x[k]).abs() < BORDER) {
                    break;
                }
                known = before;
            }
            // Its neighbour's root: the same place, where the map may have another slope.
            let new = known == 0;
            if new {
                self.borders.push((x, seat.borders));
                seat.borders = u32::try_from(self.borders.len()).unwrap_or(0);
            }
            seat.count = seat.count.saturating_add(u32::from(new));
        } else {
            seat.count = seat.count.saturating_add(1);
        }
        let place: [f64; D] = std::array::from_fn(|k| pixel[k] as f64);
        if fresh || self.branch.prefers((&x, determinant), (&seat.x, seat.determinant), &place) == Ordering::Less {
            seat.x = x;
            seat.determinant = determinant;
        }
    }
}
