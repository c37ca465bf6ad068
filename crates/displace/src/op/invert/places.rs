//! Places found so far, among which one that several cells share is looked up at once, however many there are.

use super::patch::SAME;
use std::collections::HashMap;

/// Places nearer to each other than this along every axis are one, seen from several cells.
pub(crate) const BORDER: f64 = 4.0 * SAME;

/// Places with a number each.
pub(crate) struct Places<const D: usize> {
    /// By the pixel next to them.
    near: HashMap<[i64; D], Vec<([f64; D], usize)>>,
}

impl<const D: usize> Default for Places<D> {
    fn default() -> Self {
        Self { near: HashMap::new() }
    }
}

impl<const D: usize> Places<D> {
    /// The number of the place that is `x`; if there is none yet, `x` becomes one with that of `number`.
    pub(crate) fn known(&mut self, x: [f64; D], number: usize) -> Option<usize> {
        let pixel = |by: f64| x.map(|x| (x + by).round() as i64);
        let ends = [pixel(-BORDER), pixel(BORDER)];
        for corner in 0..1usize << D {
            // Both ends are the same pixel but half-way between two.
            if (0..D).any(|k| corner >> k & 1 == 1 && ends[0][k] == ends[1][k]) {
                continue;
            }
            let key: [i64; D] = std::array::from_fn(|k| ends[corner >> k & 1][k]);
            let near = self.near.get(&key).into_iter().flatten();
            if let Some((_, number)) = near.into_iter().find(|(place, _)| is_same(place, &x)) {
                return Some(*number);
            }
        }
        self.near.entry(pixel(0.0)).or_default().push((x, number));
        None
    }
}

/// Whether two places are one.
#[inline(always)]
pub(crate) fn is_same<const D: usize>(a: &[f64; D], b: &[f64; D]) -> bool {
    (0..D).all(|k| (a[k] - b[k]).abs() < BORDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_pixels_and_of_halves_are_one() {
        let mut places = Places::default();
        for (number, x) in [3.0, 3.5, 4.0 - 1e-3, 3.5 + 1e-3].into_iter().enumerate() {
            assert_eq!(places.known([x, 7.5], number), None);
            for (dx, dy) in [(0.0, 0.0), (1e-6, -1e-6), (-3e-6, 3e-6)] {
                assert_eq!(places.known([x + dx, 7.5 + dy], 9), Some(number), "{x} {dx} {dy}");
            }
        }
        assert_eq!(places.known([3.0 + 5e-6, 7.5], 9), None);
    }
}
