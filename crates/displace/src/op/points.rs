//! Single places through a map, in both directions.

use crate::dtype::Location;
use crate::error::{NameError, PointsError};
use crate::grid::Locations;
use crate::kernel::vectorised;
use crate::map::{Map, solve};
use crate::op::invert::patch::{FAR, Look, Patch, Root, Solver, raised};
use crate::op::invert::places::Places;
use crate::op::invert::search::search;
use crate::op::invert::{Branch, length, missed};
use crate::rows::map_rows_costing;
use crate::view::Plane;
use std::str::FromStr;

/// Which way places go through a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the destination to the source, as the sampler reads: one answer for every place of the destination.
    Pull,
    /// From the source to the destination, as things in the image move: none, one or several answers.
    Push,
}

impl FromStr for Direction {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "pull" => Ok(Self::Pull),
            "push" => Ok(Self::Push),
            _ => Err(NameError { what: "direction", found: name.into(), expected: "\"pull\" or \"push\"" }),
        }
    }
}

/// Where places went, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points<const D: usize> {
    /// The new places, x first, in pixels of the lattice that they are on; NaN where there is none.
    pub places: Vec<[f64; D]>,
    /// How many answers there were: of pull 1 inside the destination's end centres and 0 outside, of push the number of places
    /// that read this one.
    pub count: Vec<u32>,
    /// How far what the map reads at the answer lies from the place asked for, in source pixels; 0 for pull, NaN where there is
    /// no answer.
    pub residual: Vec<f64>,
}

/// Moves places, x first and in pixels, through the map of one sample of `locations`.
///
/// The map is the interpolated one: linear along each axis between the centres of destination pixels, and defined up to those of
/// the end pixels; beyond them it has no answer. *Pull* evaluates it. *Push* finds all places that read the one asked for, cell by
/// cell as [`invert`](crate::invert) does, and `branch` names one of them.
///
/// *Units*: pixels, centres at integers: of the destination for what pull is given and push answers, of the source for the
/// others. *Exactness*: `f64` throughout; the residual of push is below 1e-9 px for maps that bend less than lattices of 2^20
/// pixels have room for.
///
/// # Errors
/// If there is no such sample, or the destination is empty.
///
/// ```
/// use displace::{transform_points, Between, Branch, Direction, Extent, Field, Lattice};
/// let between = Between::new(Lattice::from_shape([1, 3], Extent::Edges)?, [3, 1], None)?;
/// // Pixels 0, 1 and 2 read at 0.5, 1 and 2.
/// let field = Field::from_vec(vec![0.5f32, 0.0, 0.0, 0.0, 0.0, 0.0], 1, between)?;
/// let at = field.view().into();
/// let pulled = transform_points(&[[0.5, 0.0]], &at, 0, Direction::Pull, Branch::default())?;
/// assert_eq!(pulled.places, [[0.75, 0.0]]);
/// // A key point at 0.75 of the source is at 0.5 of the warped image; one at 0.25 is not in it.
/// let pushed = transform_points(&[[0.75, 0.0], [0.25, 0.0]], &at, 0, Direction::Push, Branch::default())?;
/// assert_eq!((pushed.places[0], pushed.count), ([0.5, 0.0], vec![1, 0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn transform_points<L: Location, const D: usize>(
    points: &[[f64; D]],
    locations: &Locations<'_, L, D>,
    n: usize,
    direction: Direction,
    branch: Branch,
) -> Result<Points<D>, PointsError> {
    // Places are absolute: what displacements count from cancels.
    let map = Map::new(locations, Some(locations.own_rest()))?;
    if n >= map.samples() {
        return Err(PointsError::Sample { n, samples: map.samples() });
    }
    let size = map.between().destination();
    if size.contains(&0) {
        return Err(PointsError::Empty);
    }
    let planes = map.planes(n);
    let tree = (direction == Direction::Push).then(|| Tree::new(&map, &planes));
    let moved = map_rows_costing(if tree.is_some() { 4096 } else { 64 }, 1, points.len(), |_, i| match &tree {
        None => pull(&map, &planes, points[i]),
        Some(tree) => tree.push(&map, &planes, points[i], branch),
    });
    let mut all = Points::default();
    for (place, count, residual) in moved {
        all.places.push(place);
        all.count.push(count);
        all.residual.push(residual);
    }
    Ok(all)
}

fn pull<L: Location, const D: usize>(map: &Map<'_, L, D>, planes: &[Plane<'_, L, D>; D], x: [f64; D]) -> ([f64; D], u32, f64) {
    if map.clamped(x) != x {
        return ([f64::NAN; D], 0, f64::NAN);
    }
    let by = map.read(planes, map.cell(x)).by(x);
    let place: [f64; D] = std::array::from_fn(|k| map.rest()[k].at(x[k]) + by[k]);
    if place.iter().all(|place| place.is_finite()) { (place, 1, 0.0) } else { ([f64::NAN; D], 0, f64::NAN) }
}

/// Boxes round what cells read, in levels: a box of one level holds `FAN` boxes of the one below along each axis, one of the
/// lowest that many cells.
struct Tree<const D: usize> {
    /// The lowest first.
    levels: Vec<Level<D>>,
    cells: [usize; D],
    flat: [bool; D],
    tolerance: f64,
}

struct Level<const D: usize> {
    counts: [usize; D],
    boxes: Vec<[[f64; 2]; D]>,
}

/// Boxes of a level, and cells of the lowest boxes, along each axis.
const FAN: usize = 4;

impl<const D: usize> Tree<D> {
    fn new<L: Location>(map: &Map<'_, L, D>, planes: &[Plane<'_, L, D>; D]) -> Self {
        let size = map.between().destination();
        let flat = size.map(|len| len == 1);
        let cells = size.map(|len| (len - 1).max(1));
        let counts = cells.map(|cells| cells.div_ceil(FAN));
        let rows = counts[1..].iter().product();
        let lowest = map_rows_costing(counts[0] * FAN.pow(D as u32) * D, 1, rows, |_, row| {
            let boxes = (0..counts[0]).map(|x| {
                let mut first = split(row * counts[0] + x, counts).map(|i| i * FAN);
                let mut bounds = [[f64::INFINITY, f64::NEG_INFINITY]; D];
                let start = first;
                loop {
                    let place = map.place(planes, first);
                    for k in 0..D {
                        bounds[k] = [bounds[k][0].min(place[k]), bounds[k][1].max(place[k])];
                    }
                    let Some(k) = (0..D).find(|k| first[*k] < (start[*k] + FAN).min(size[*k] - 1)) else { break bounds };
                    first[k] += 1;
                    first[..k].copy_from_slice(&start[..k]);
                }
            });
            boxes.collect::<Vec<_>>()
        });
        let mut levels = vec![Level { counts, boxes: lowest.into_iter().flatten().collect() }];
        while let Some(below) = levels.last().filter(|level| level.boxes.len() > FAN) {
            let counts = below.counts.map(|count| count.div_ceil(FAN));
            let mut boxes = vec![[[f64::INFINITY, f64::NEG_INFINITY]; D]; counts.iter().product()];
            for (i, child) in below.boxes.iter().enumerate() {
                let parent = &mut boxes[join(split(i, below.counts).map(|i| i / FAN), counts)];
                for k in 0..D {
                    parent[k] = [parent[k][0].min(child[k][0]), parent[k][1].max(child[k][1])];
                }
            }
            levels.push(Level { counts, boxes });
        }
        let most = map.between().source().size().into_iter().max().unwrap_or_default() as f64;
        Self { levels, cells, flat, tolerance: 1e-11 + 16.0 * f64::EPSILON * most }
    }

    /// The best of all places that read `q`, their number, and how far the best one misses.
    fn push<L: Location>(
        &self,
        map: &Map<'_, L, D>,
        planes: &[Plane<'_, L, D>; D],
        q: [f64; D],
        branch: Branch,
    ) -> ([f64; D], u32, f64) {
        let holds = |bounds: &[[f64; 2]; D]| (0..D).all(|k| bounds[k][0] - 1e-9 <= q[k] && q[k] <= bounds[k][1] + 1e-9);
        let top = self.levels.len() - 1;
        let mut open: Vec<(usize, usize)> = (0..self.levels[top].boxes.len()).map(|i| (top, i)).collect();
        let (mut found, mut known) = (Vec::new(), Places::default());
        while let Some((level, i)) = open.pop() {
            let Level { counts, boxes } = &self.levels[level];
            if !holds(&boxes[i]) {
                continue;
            }
            let first = split(i, *counts).map(|i| i * FAN);
            let below = if level == 0 { self.cells } else { self.levels[level - 1].counts };
            let span: [usize; D] = std::array::from_fn(|k| FAN.min(below[k] - first[k]));
            for offset in 0..span.iter().product() {
                let offset = split(offset, span);
                let child = std::array::from_fn(|k| first[k] + offset[k]);
                if level > 0 {
                    open.push((level - 1, join(child, below)));
                } else {
                    vectorised(
                        #[inline(always)]
                        || self.cell(map, planes, child, &q, &mut found, &mut known),
                    );
                }
            }
        }
        // The place whose rest place is `q`.
        let rest = std::array::from_fn(|k| {
            let line = map.rest()[k];
            if line.slope > 0.0 { (q[k] - line.start) / line.slope } else { q[k] }
        });
        let better = |a: &&([f64; D], f64), b: &&([f64; D], f64)| branch.prefers((&a.0, a.1), (&b.0, b.1), &rest);
        let Some((x, _)) = found.iter().min_by(better).copied() else { return ([f64::NAN; D], 0, f64::NAN) };
        let x = refined(map, planes, q, x);
        let reading = map.read(planes, map.cell(x));
        (x, u32::try_from(found.len()).unwrap_or(u32::MAX), length(missed(map, &reading, q, x)))
    }

    /// All places of a cell that read `q` and are not known yet.
    #[inline(always)]
    fn cell<L: Location>(
        &self,
        map: &Map<'_, L, D>,
        planes: &[Plane<'_, L, D>; D],
        cell: [usize; D],
        q: &[f64; D],
        found: &mut Vec<([f64; D], f64)>,
        known: &mut Places<D>,
    ) {
        let mut corners = [[0.0; D]; 8];
        let mut finite = true;
        for (corner, place) in corners.iter_mut().enumerate().take(1 << D) {
            let high: [bool; D] = std::array::from_fn(|k| corner >> k & 1 == 1);
            *place = map.place(planes, std::array::from_fn(|k| cell[k] + usize::from(high[k] && !self.flat[k])));
            for k in 0..D {
                finite &= place[k].abs() <= FAR;
            }
        }
        if !finite {
            return;
        }
        raised(&mut corners, self.flat);
        // Seen from the point numbers are as small as the cell, and keep their digits.
        for place in corners.iter_mut().take(1 << D) {
            for k in 0..D {
                place[k] -= q[k];
            }
        }
        let (patch, here) = (Patch::from_corners(&corners), [0.0; D]);
        let mut roots = Vec::new();
        match Solver::new(&patch, self.tolerance).look(&patch, &here, self.tolerance) {
            Look::Nothing => {}
            Look::Root(t, determinant) => roots.push(Root::at(t, determinant)),
            Look::Unsure => search(&patch, &here, self.tolerance, &mut roots),
        }
        for Root { within, determinant, many } in roots {
            if (0..D).any(|k| self.flat[k] && within[k] > self.tolerance && !many) {
                continue;
            }
            let x = std::array::from_fn(|k| cell[k] as f64 + if self.flat[k] { 0.0 } else { within[k] });
            match known.known(x, found.len()) {
                Some(number) => found[number].1 = determinant.max(found[number].1),
                None => found.push((x, determinant)),
            }
        }
    }
}

/// A step of Newton's method, if it is a small one.
fn refined<L: Location, const D: usize>(map: &Map<'_, L, D>, planes: &[Plane<'_, L, D>; D], q: [f64; D], x: [f64; D]) -> [f64; D] {
    let reading = map.read(planes, map.cell(x));
    let mut slopes = reading.slopes(x);
    for k in 0..D {
        slopes[k][k] += map.rest()[k].slope;
    }
    let (by, _) = solve(&slopes, &missed(map, &reading, q, x));
    let small = by.iter().all(|by| by.abs() < 1e-6);
    if small { map.clamped(std::array::from_fn(|k| x[k] - by[k])) } else { x }
}

/// The indices of the `at`-th of `counts` things, x fastest.
fn split<const D: usize>(mut at: usize, counts: [usize; D]) -> [usize; D] {
    counts.map(|count| {
        let index = at % count;
        at /= count;
        index
    })
}

/// The number of the thing at `indices`.
fn join<const D: usize>(indices: [usize; D], counts: [usize; D]) -> usize {
    (0..D).rev().fold(0, |at, k| at * counts[k] + indices[k])
}
