//! Places of cells that one look cannot find: boxes are halved, and what has no slope is approached by least squares.

use super::patch::{Look, Patch, Root, SAME, Solver};
use crate::map::adjugate;

/// Boxes this many halvings below a cell are smaller than [`SAME`]: a root is looked for in them and not in halves of theirs.
const DEPTH: u8 = 20;
/// So many boxes are looked at in one cell for one location at most. Places next to a fold need some hundred, in volumes some
/// thousand.
const BOXES: usize = 1 << 15;
/// And so many after a place where the map has no slope was found: of a side that collapses there are boxes without end.
const SINGULAR_BOXES: usize = 1024;
/// So many starts are tried in a cell that has collapsed.
const COLLAPSED_BOXES: usize = 256;

/// All places of a cell that bends too much for one look: boxes are halved until each has no root or one.
#[inline(never)]
pub(crate) fn search<const D: usize>(cell: &Patch<D>, at: &[f64; D], tolerance: f64, found: &mut Vec<Root<D>>) {
    if cell.collapsed() {
        found.extend(cell.nearest(at, tolerance).map(|within| Root { within, determinant: 0.0, many: true }));
        return;
    }
    // Between which places each root lies: a side that collapses reads one location all along.
    let mut spans: Vec<[[f64; 2]; D]> = Vec::new();
    let mut boxes = vec![(*cell, [0.0; D], 0u8)];
    let mut left = BOXES;
    while let Some((patch, middle, depth)) = boxes.pop() {
        if left == 0 {
            return;
        }
        left -= 1;
        // The box lies in the hull of its reach whatever its slopes.
        let reach = patch.reach();
        if (0..D).any(|i| (at[i] - patch.coef[0][i]).abs() > reach[i] + tolerance) {
            continue;
        }
        let size = 0.5f64.powi(i32::from(depth));
        let (t, determinant) = match Solver::new(&patch, tolerance).look(&patch, at, tolerance) {
            Look::Nothing => continue,
            Look::Root(t, determinant) => (std::array::from_fn(|k| middle[k] + size * t[k]), determinant * size.powi(-(D as i32))),
            // As far as numbers tell, the slope vanishes here: a fold's very edge, or a side that collapses.
            Look::Unsure if depth == DEPTH || reach.iter().all(|reach| *reach < tolerance) => {
                let t = cell.approach(middle, at);
                if !cell.reads(t, at, tolerance) {
                    continue;
                }
                left = left.min(SINGULAR_BOXES);
                (t, adjugate(&cell.slopes(t)).1)
            }
            Look::Unsure => {
                boxes.extend((0..1 << D).rev().map(|child| {
                    let to = |k: usize| if child >> k & 1 == 1 { 0.25 } else { -0.25 };
                    (patch.child(child), std::array::from_fn(|k| middle[k] + size * to(k)), depth + 1)
                }));
                continue;
            }
        };
        let known = spans.iter_mut().find(|span| (0..D).all(|k| span[k][0] - SAME < t[k] && t[k] < span[k][1] + SAME));
        match known {
            Some(span) => (0..D).for_each(|k| span[k] = [span[k][0].min(t[k]), span[k][1].max(t[k])]),
            None => {
                spans.push(t.map(|t| [t, t]));
                found.push(Root::at(t, determinant));
            }
        }
    }
}

impl<const D: usize> Patch<D> {
    /// Of the places of a collapsed cell that read `at`, which are as many as a line or a box has points, one: near the middle, or
    /// else near the middle of one of the boxes whose hull holds `at`.
    fn nearest(&self, at: &[f64; D], tolerance: f64) -> Option<[f64; D]> {
        let mut boxes = vec![(*self, [0.0; D], 1.0)];
        let mut left = COLLAPSED_BOXES;
        while let Some((part, middle, size)) = boxes.pop() {
            let reach = part.reach();
            if left == 0 || (0..D).any(|i| (at[i] - part.coef[0][i]).abs() > reach[i] + tolerance) {
                continue;
            }
            left -= 1;
            let t = self.approach(middle, at);
            if self.reads(t, at, tolerance) {
                return Some(t.map(|t| t + 0.5));
            }
            boxes.extend((0..1 << D).map(|child| {
                let to = |k: usize| if child >> k & 1 == 1 { 0.25 } else { -0.25 };
                (part.child(child), std::array::from_fn(|k| middle[k] + size * to(k)), 0.5 * size)
            }));
        }
        None
    }

    /// A place of the cell that reads `at`, or comes near, from `t` on: by Gauss and Newton's method with Levenberg's term, which
    /// needs no inverse of the slope. Axes along which only a step out of the cell would help stay where they are.
    pub(super) fn approach(&self, mut t: [f64; D], at: &[f64; D]) -> [f64; D] {
        for _ in 0..12 {
            let (value, slopes) = (self.at(t), self.slopes(t));
            let pull: [f64; D] = std::array::from_fn(|k| (0..D).map(|i| slopes[i][k] * (at[i] - value[i])).sum());
            let free: [bool; D] = std::array::from_fn(|k| t[k].abs() < 0.5 || t[k] * pull[k] < 0.0);
            let normal = |a: usize, b: usize| (0..D).map(|i| slopes[i][a] * slopes[i][b]).sum::<f64>();
            let weight = 1e-12 * (0..D).map(|k| normal(k, k)).sum::<f64>() + 1e-60;
            let squares: [[f64; D]; D] = std::array::from_fn(|a| {
                std::array::from_fn(|b| match (free[a] && free[b], a == b) {
                    (true, true) => normal(a, b) + weight,
                    (true, false) => normal(a, b),
                    (false, same) => f64::from(u8::from(same)),
                })
            });
            let by = eliminated(squares, std::array::from_fn(|k| if free[k] { pull[k] } else { 0.0 }));
            t = std::array::from_fn(|k| (t[k] + by[k]).clamp(-0.5, 0.5));
        }
        t
    }
}

/// The solution of `m x = r` for a symmetric positive `m` by elimination, the largest pivot first: of a matrix that is all but singular
/// Cramer's rule would lose every digit.
fn eliminated<const D: usize>(mut m: [[f64; D]; D], mut r: [f64; D]) -> [f64; D] {
    let mut open = [true; D];
    for _ in 0..D {
        let largest = (0..D).filter(|k| open[*k]).max_by(|a, b| m[*a][*a].total_cmp(&m[*b][*b]));
        let pivot = largest.expect("as many pivots as axes");
        open[pivot] = false;
        let row = m[pivot];
        for i in (0..D).filter(|i| *i != pivot) {
            let factor = m[i][pivot] / row[pivot];
            for k in 0..D {
                m[i][k] -= factor * row[k];
            }
            r[i] -= factor * r[pivot];
        }
    }
    std::array::from_fn(|k| r[k] / m[k][k])
}
