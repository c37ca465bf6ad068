//! What the pixels of a band have found: the best place each, how many, and which of them lie on borders that cells share.

use super::Branch;
use super::patch::Root;
use super::places::{BORDER, Places, is_same};
use std::cmp::Ordering;
use std::collections::HashMap;

/// The best place found for a source pixel.
#[derive(Clone, Copy)]
pub(super) struct Seat<const D: usize> {
    pub(super) x: [f64; D],
    determinant: f64,
    pub(super) count: u32,
    /// One more than the newest entry of `Seats::borders` for this pixel.
    borders: u32,
}

/// What the pixels of a band have found.
pub(super) struct Seats<'r, const D: usize> {
    pub(super) first: [usize; D],
    pub(super) size: [usize; D],
    branch: Branch,
    /// Where each source pixel rests in the destination, by axis.
    rest: &'r [Vec<f64>; D],
    pub(super) best: Vec<Seat<D>>,
    /// Places on the border of a cell, which others may find too, each with the entry before it of the same pixel.
    borders: Vec<([f64; D], u32)>,
    /// Those of pixels that have more than [`CROWD`].
    crowds: HashMap<usize, Places<D>>,
    pub(super) tolerance: f64,
}

/// So many places on borders are looked at one by one for a pixel.
const CROWD: usize = 32;

impl<'r, const D: usize> Seats<'r, D> {
    pub(super) fn new(first: [usize; D], size: [usize; D], branch: Branch, rest: &'r [Vec<f64>; D]) -> Self {
        let best = vec![Seat { x: [0.0; D], determinant: 0.0, count: 0, borders: 0 }; size.iter().product()];
        // Places of up to `most` pixels are known to `most` times the round-off.
        let most = (0..D).map(|k| first[k] + size[k]).max().unwrap_or_default() as f64;
        Self {
            first,
            size,
            branch,
            rest,
            best,
            borders: Vec::new(),
            crowds: HashMap::new(),
            tolerance: 1e-11 + 16.0 * f64::EPSILON * most,
        }
    }

    /// Takes a place that reads `pixel`: in `cell`, unless it lies in what a flat cell was given to be one.
    #[inline(always)]
    pub(super) fn take(&mut self, pixel: [f64; D], cell: [f64; D], flat: [bool; D], root: Root<D>) {
        let Root { mut within, determinant, many } = root;
        for k in (0..D).filter(|k| flat[*k]) {
            if within[k] > self.tolerance && !many {
                return;
            }
            within[k] = 0.0;
        }
        let mut at = 0;
        for k in (0..D).rev() {
            at = at * self.size[k] + (pixel[k] as u32 as usize - self.first[k]);
        }
        let x: [f64; D] = std::array::from_fn(|k| cell[k] + within[k]);
        // Next to a border it may be the neighbour's root too: the same place, where the map may have another slope.
        let border = within.iter().any(|within| *within < BORDER || *within > 1.0 - BORDER);
        let new = !border || self.is_new(at, x);
        let rest = || std::array::from_fn(|k| self.rest[k][pixel[k] as u32 as usize]);
        let seat = &mut self.best[at];
        let fresh = seat.count == 0;
        seat.count = seat.count.saturating_add(u32::from(new));
        if fresh || self.branch.prefers((&x, determinant), (&seat.x, seat.determinant), &rest()) == Ordering::Less {
            seat.x = x;
            seat.determinant = determinant;
        }
    }

    /// Whether the band's `at`-th pixel has no such place on a border yet; it has now.
    #[inline(always)]
    fn is_new(&mut self, at: usize, x: [f64; D]) -> bool {
        let newest = self.best[at].borders;
        let mut known = newest;
        for _ in 0..CROWD {
            let Some(entry) = (known as usize).checked_sub(1) else { break };
            let (place, before) = self.borders[entry];
            if is_same(&place, &x) {
                return false;
            }
            known = before;
        }
        if known > 0 && !self.is_new_in_crowd(at, x) {
            return false;
        }
        self.borders.push((x, newest));
        self.best[at].borders = u32::try_from(self.borders.len()).unwrap_or(0);
        true
    }

    #[inline(never)]
    fn is_new_in_crowd(&mut self, at: usize, x: [f64; D]) -> bool {
        let crowd = self.crowds.entry(at).or_insert_with(|| {
            let mut crowd = Places::default();
            let mut known = self.best[at].borders;
            while known > 0 {
                let (place, before) = self.borders[known as usize - 1];
                crowd.known(place, 0);
                known = before;
            }
            crowd
        });
        crowd.known(x, 0).is_none()
    }
}
