//! The exact inverse: every cell is asked which source pixels it reads.
//!
//! The source is cut into bands, one task each; the destination's cells are cut into blocks, and each band looks at the
//! blocks that reach it. What a pixel gets does not depend on the cutting: among the places that read it the best is chosen
//! by an order that knows only the places.

use super::patch::{Bends, FAR, Look, Patch, Root, Solver, inside, is_near, raised};
use super::search::search;
use super::seats::Seats;
use super::{Branch, Finisher, Target};
use crate::dtype::Location;
use crate::kernel::level::{in_lanes, vectorised};
use crate::kernel::number::{FOUR, Four, Number, Simd, bits, down, four, up};
use crate::map::Map;
use crate::rows::{each_of, map_rows_costing, pays};
use crate::view::Plane;

/// Cells of a block along each axis.
const fn block_sides(axes: usize) -> [usize; 3] {
    if axes == 2 { [ROW, 16, 1] } else { [ROW, 8, 8] }
}

/// Cells of a row of a block.
const ROW: usize = 32;
/// From a row of nodes to the next: one more than cells, and the rest of four.
const STRIDE: usize = ROW + FOUR;

/// A pixel is as much work as so many numbers.
pub(super) const COST: usize = 16;

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
    let shared = pays(targets.iter().map(|target| target.count.len()).sum::<usize>().saturating_mul(COST));
    each_of(targets, shared, |target| {
        let mut seats = Seats::new(target.first, target.size, branch, &finisher.rest);
        let mut work = Work::new();
        let band = [target.first[D - 1] as f64 - 0.5, (target.first[D - 1] + target.size[D - 1]) as f64 - 0.5];
        for block in blocks.iter().filter(|block| meet(block.reach, band)) {
            work.load(map, &planes, block.first);
            in_lanes!(simd => work.block(simd, block.first, band, &mut seats));
        }
        let found = |at: usize| {
            let seat = &seats.best[at];
            ((seat.count > 0).then_some(seat.x), seat.count)
        };
        in_lanes!(simd => finisher.finish_band(simd, &planes, target, found));
    });
}

/// Whether two intervals meet.
fn meet(a: [f64; 2], b: [f64; 2]) -> bool {
    a[0] <= b[1] && a[1] >= b[0]
}

/// All blocks, in order, with what each reaches.
fn blocks<L: Location, const D: usize>(map: &Map<'_, L, D>, planes: &[Plane<'_, L, D>; D]) -> Vec<Block<D>> {
    let (cells, sides) = (cells(map.between().destination()), block_sides(D));
    let counts: [usize; D] = std::array::from_fn(|k| cells[k].div_ceil(sides[k]));
    let rows = counts[1..].iter().product();
    let found = map_rows_costing(counts[0] * sides.iter().product::<usize>(), 1, rows, |_, mut row| {
        let mut first = [0; D];
        for k in 1..D {
            first[k] = row % counts[k] * sides[k];
            row /= counts[k];
        }
        let mut work = Work::new();
        let block = |x| {
            first[0] = x * ROW;
            work.load(map, planes, first);
            let hull = |hull: [f64; 2], row: &[f64; 2]| [hull[0].min(row[0]), hull[1].max(row[1])];
            Block { first, reach: work.reach.iter().fold([f64::INFINITY, f64::NEG_INFINITY], hull) }
        };
        (0..counts[0]).map(block).collect::<Vec<_>>()
    });
    found.into_iter().flatten().collect()
}

/// Working room of a task.
struct Work<const D: usize> {
    /// The places that a block's nodes read, row by row, by component.
    nodes: [Vec<f64>; D],
    /// Of each row of nodes, how far it reaches along the slowest source axis, with half a pixel on either side.
    reach: Vec<[f64; 2]>,
    /// The block's cells along each axis, and which of the map's axes have none but a flat one.
    counts: [usize; 3],
    flat: [bool; D],
    row: Row<D>,
    found: Vec<Root<D>>,
}

/// A row of cells, as far as it is needed to solve them.
struct Row<const D: usize> {
    bends: [[[f64; ROW]; D]; 8],
    bend: [f64; ROW],
    determinant: [f64; ROW],
    /// The questions: in which cell the place lies that reads a pixel.
    cell: [u8; ASKED],
    pixel: [[f64; ASKED]; D],
    turned: [[f64; ASKED]; D],
    asked: usize,
}

/// Questions that a row may have: one for each of a cell's pixels, two along each axis, and the rest of four.
const ASKED: usize = 8 * ROW + FOUR;

impl<const D: usize> Work<D> {
    fn new() -> Self {
        let [_, y, z] = block_sides(D);
        let rows = if D == 2 { y + 1 } else { (y + 1) * (z + 1) };
        Self {
            nodes: std::array::from_fn(|_| vec![0.0; rows * STRIDE]),
            reach: Vec::with_capacity(rows),
            counts: [0; 3],
            flat: [false; D],
            row: Row {
                bends: [[[0.0; ROW]; D]; 8],
                bend: [0.0; ROW],
                determinant: [0.0; ROW],
                cell: [0; ASKED],
                pixel: [[0.0; ASKED]; D],
                turned: [[0.0; ASKED]; D],
                asked: 0,
            },
            found: Vec::new(),
        }
    }

    /// Where a row of nodes is, in order and in memory.
    #[inline(always)]
    const fn nodes_of(y: usize, z: usize) -> (usize, usize) {
        let row = z * (block_sides(D)[1] + 1) + y;
        (row, row * STRIDE)
    }

    /// Reads the nodes of the block that starts at `first`.
    fn load<L: Location>(&mut self, map: &Map<'_, L, D>, planes: &[Plane<'_, L, D>; D], first: [usize; D]) {
        let (size, sides) = (map.between().destination(), block_sides(D));
        let cells = cells(size);
        self.flat = size.map(|len| len == 1);
        self.counts = std::array::from_fn(|k| if k < D { sides[k].min(cells[k] - first[k]) } else { 1 });
        let ends = std::array::from_fn::<_, 3, _>(|k| if k < D { self.counts[k] + 1 } else { 1 });
        self.reach.clear();
        self.reach.resize(Self::nodes_of(ends[1] - 1, ends[2] - 1).0 + 1, [f64::INFINITY, f64::NEG_INFINITY]);
        vectorised(
            #[inline(always)]
            || {
                for z in 0..ends[2] {
                    for y in 0..ends[1] {
                        self.load_row(map, planes, first, [y, z], ends[0]);
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn load_row<L: Location>(
        &mut self,
        map: &Map<'_, L, D>,
        planes: &[Plane<'_, L, D>; D],
        first: [usize; D],
        [y, z]: [usize; 2],
        len: usize,
    ) {
        let (row, start) = Self::nodes_of(y, z);
        let mut pixel = first;
        for (k, offset) in (1..D).zip([y, z]) {
            // A flat axis gets a cell of its own, both ends of which are the same pixel.
            pixel[k] += if self.flat[k] { 0 } else { offset };
        }
        let exist = if self.flat[0] { 1 } else { len };
        let mut nodes = self.nodes.each_mut().map(|nodes| &mut nodes[start..start + len]);
        map.places(planes, pixel, exist, &mut nodes);
        for k in 0..D {
            if self.flat[0] {
                nodes[k][1] = nodes[k][0];
            }
        }
        let reach =
            nodes[D - 1].iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], node| [node.least(low), node.most(high)]);
        self.reach[row] = [reach[0] - 0.5, reach[1] + 0.5];
    }

    /// Looks at every cell of the block.
    #[inline(always)]
    fn block<S: Simd>(&mut self, simd: S, first: [usize; D], band: [f64; 2], seats: &mut Seats<'_, D>) {
        for z in 0..self.counts[2] {
            for y in 0..self.counts[1] {
                // The corners of cells lie in these rows of nodes.
                let mut starts = [0; 4];
                let mut reach = [f64::INFINITY, f64::NEG_INFINITY];
                for (i, start) in starts.iter_mut().enumerate().take(1 << (D - 1)) {
                    let (row, at) = Self::nodes_of(y + (i & 1), z + (i >> 1));
                    *start = at;
                    reach = [self.reach[row][0].min(reach[0]), self.reach[row][1].max(reach[1])];
                }
                if meet(reach, band) {
                    let cell = [first[0] as f64, (first[1] + y) as f64, if D == 3 { (first[D - 1] + z) as f64 } else { 0.0 }];
                    let cell = std::array::from_fn(|k| cell[k]);
                    self.ask(simd, starts, cell, seats);
                    self.answer(simd, starts, cell, seats);
                }
            }
        }
    }

    /// Finds out which pixels the cells of a row may read, four cells at a time.
    #[inline(always)]
    fn ask<S: Simd>(&mut self, simd: S, starts: [usize; 4], first: [f64; D], seats: &mut Seats<'_, D>) {
        let zero = four(simd, &[0.0; FOUR]);
        let limits: [[Four<S>; 2]; D] =
            std::array::from_fn(|k| [zero.all(seats.first[k] as f64), zero.all((seats.first[k] + seats.size[k] - 1) as f64)]);
        self.row.asked = 0;
        for x in (0..self.counts[0]).step_by(FOUR) {
            let mut corners = [[zero; D]; 8];
            for (corner, place) in corners.iter_mut().enumerate().take(1 << D) {
                let at = starts[corner >> 1] + (corner & 1) + x;
                for k in 0..D {
                    place[k] = four(simd, self.nodes[k][at..].first_chunk().expect("rows of nodes end with the rest of four"));
                }
            }
            let Pixels { from, to, some } = pixels(&corners, &limits);
            let exist = (1u64 << (self.counts[0] - x).min(FOUR)) - 1;
            let some = bits(some) & exist;
            if some == 0 {
                continue;
            }
            let mut wide = from[0].below(zero);
            for k in 0..D {
                wide |= (from[k] + 1.0).below(to[k]);
            }
            let wide = some & bits(wide);
            raised(&mut corners, self.flat);
            // Seen from the first pixel numbers are as small as the cell, and keep their digits.
            for place in corners.iter_mut().take(1 << D) {
                for k in 0..D {
                    place[k] -= from[k];
                }
            }
            let patch = Patch::from_corners(&corners);
            let solver = Solver::new(&patch, seats.tolerance);
            self.row.keep(&solver, x);
            for offset in 0..1 << D {
                let (mut at, mut near) = (from, from);
                let mut beyond = to[0].below(from[0]);
                for k in 0..D {
                    near[k] = zero.all(f64::from(offset as u8 >> k & 1));
                    at[k] = from[k] + near[k];
                    beyond |= to[k].below(at[k]);
                }
                let (turned, possible) = solver.turned(&patch, &near);
                self.row.ask(x, bits(possible & !beyond) & some & !wide, &at, &turned);
            }
            for lane in (0..FOUR).filter(|lane| wide >> lane & 1 == 1) {
                self.wide(starts, x + lane, first, [from.map(|from| from[lane]), to.map(|to| to[lane])], seats);
            }
        }
    }

    /// A cell that reads more than two pixels along an axis.
    #[inline(never)]
    fn wide(&mut self, starts: [usize; 4], x: usize, first: [f64; D], [from, to]: [[f64; D]; 2], seats: &mut Seats<'_, D>) {
        let patch = self.patch(starts, x, from);
        let solver = Solver::new(&patch, seats.tolerance);
        let mut pixel = from;
        loop {
            let near = std::array::from_fn(|k| pixel[k] - from[k]);
            match solver.look(&patch, &near, seats.tolerance) {
                Look::Nothing => {}
                Look::Root(t, determinant) => self.found.push(Root::at(t, determinant)),
                Look::Unsure => search(&patch, &near, seats.tolerance, &mut self.found),
            }
            let cell = along(first, x);
            self.found.drain(..).for_each(|root| seats.take(pixel, cell, self.flat, root));
            let mut k = 0;
            while k < D && pixel[k] >= to[k] {
                pixel[k] = from[k];
                k += 1;
            }
            if k == D {
                return;
            }
            pixel[k] += 1.0;
        }
    }

    /// Answers the questions of a row, four at a time.
    #[inline(always)]
    fn answer<S: Simd>(&mut self, simd: S, starts: [usize; 4], first: [f64; D], seats: &mut Seats<'_, D>) {
        for start in (0..self.row.asked).step_by(FOUR) {
            let (bends, determinant, turned) = self.row.question(simd, start);
            let (t, relative, sure) = bends.root(&turned);
            let determinant = relative * determinant;
            let sure = bits(sure);
            let asked = (self.row.asked - start).min(FOUR);
            for lane in 0..asked {
                let x = usize::from(self.row.cell[start + lane]);
                let pixel = self.row.pixel.each_ref().map(|pixel| pixel[start + lane]);
                let t = t.map(|t| t[lane]);
                if sure >> lane & 1 == 0 {
                    search(&self.patch(starts, x, pixel), &[0.0; D], seats.tolerance, &mut self.found);
                    let cell = along(first, x);
                    self.found.drain(..).for_each(|root| seats.take(pixel, cell, self.flat, root));
                } else if is_near(t) {
                    let within = if t.iter().all(|t| t.abs() <= 0.5) {
                        Some(t)
                    } else {
                        inside(&self.patch(starts, x, pixel), t, &[0.0; D], seats.tolerance)
                    };
                    if let Some(t) = within {
                        seats.take(pixel, along(first, x), self.flat, Root::at(t, determinant[lane]));
                    }
                }
            }
        }
    }

    /// One cell of a row, as `pixel` sees it.
    fn patch(&self, starts: [usize; 4], x: usize, pixel: [f64; D]) -> Patch<D> {
        let mut corners = [[0.0; D]; 8];
        for (corner, place) in corners.iter_mut().enumerate().take(1 << D) {
            for k in 0..D {
                place[k] = self.nodes[k][starts[corner >> 1] + (corner & 1) + x];
            }
        }
        raised(&mut corners, self.flat);
        for place in corners.iter_mut().take(1 << D) {
            for k in 0..D {
                place[k] -= pixel[k];
            }
        }
        Patch::from_corners(&corners)
    }
}

/// The `x`-th cell from the `first` on.
#[inline(always)]
fn along<const D: usize>(mut first: [f64; D], x: usize) -> [f64; D] {
    first[0] += x as f64;
    first
}

/// The pixels that four cells may read: from and to along each axis, and whether there are any.
struct Pixels<S: Simd, const D: usize> {
    from: [Four<S>; D],
    to: [Four<S>; D],
    some: <Four<S> as Number>::Truth,
}

/// The pixels within `limits` that cells may read; none of a cell that is not finite or reaches too far.
#[inline(always)]
fn pixels<S: Simd, const D: usize>(corners: &[[Four<S>; D]; 8], limits: &[[Four<S>; 2]; D]) -> Pixels<S, D> {
    let (mut from, mut to) = (corners[0], corners[0]);
    let far = corners[0][0].all(FAR);
    let mut none = far.below(far);
    for k in 0..D {
        let mut sum = corners[0][k];
        for corner in &corners[1..1 << D] {
            from[k] = corner[k].least(from[k]);
            to[k] = corner[k].most(to[k]);
            sum += corner[k];
        }
        let (low, high) = (from[k] - 1e-9, to[k] + 1e-9);
        none = none | !sum.size().below(far.all(f64::INFINITY)) | low.below(-far) | far.below(high);
        from[k] = up(low.most(limits[k][0]));
        to[k] = down(high.least(limits[k][1]));
        none |= to[k].below(from[k]);
    }
    Pixels { from, to, some: !none }
}

impl<const D: usize> Row<D> {
    /// Keeps what questions about the cells from `x` on will need.
    #[inline(always)]
    fn keep<S: Simd>(&mut self, solver: &Solver<D, Four<S>>, x: usize) {
        let put = |to: &mut [f64; ROW], four: Four<S>| to[x..x + FOUR].copy_from_slice(&<[f64; FOUR]>::from(four));
        for b in 0..1usize << D {
            for i in 0..D {
                if b.count_ones() > 1 {
                    put(&mut self.bends[b][i], solver.bends.terms[b][i]);
                }
            }
        }
        put(&mut self.bend, solver.bends.most);
        put(&mut self.determinant, solver.determinant);
    }

    /// Writes down questions about those of four cells from `x` on whose bit is set.
    #[inline(always)]
    fn ask<S: Simd>(&mut self, x: usize, mut cells: u64, pixel: &[Four<S>; D], turned: &[Four<S>; D]) {
        while cells != 0 {
            let lane = cells.trailing_zeros() as usize % FOUR;
            cells &= cells - 1;
            let at = self.asked;
            self.cell[at] = (x + lane) as u8;
            for k in 0..D {
                self.pixel[k][at] = pixel[k][lane];
                self.turned[k][at] = turned[k][lane];
            }
            self.asked += 1;
        }
    }

    /// Four questions from `start` on: how the cells bend, their determinants, and what is to be found.
    #[inline(always)]
    fn question<S: Simd>(&self, simd: S, start: usize) -> (Bends<D, Four<S>>, Four<S>, [Four<S>; D]) {
        let cells: [usize; FOUR] = std::array::from_fn(|lane| usize::from(self.cell[start + lane]) % ROW);
        let of = |numbers: &[f64; ROW]| four(simd, &cells.map(|cell| numbers[cell]));
        let zero = four(simd, &[0.0; FOUR]);
        let mut terms = [[zero; D]; 8];
        let mut turned = [zero; D];
        for i in 0..D {
            for b in 0..1usize << D {
                if b.count_ones() > 1 {
                    terms[b][i] = of(&self.bends[b][i]);
                }
            }
            turned[i] = four(simd, self.turned[i][start..].first_chunk().expect("questions end with the rest of four"));
        }
        (Bends { terms, most: of(&self.bend) }, of(&self.determinant), turned)
    }
}
