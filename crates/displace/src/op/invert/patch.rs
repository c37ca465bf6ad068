//! One cell of an interpolated map, and all places in it that read a given location.

use crate::map::{adjugate, solve};

/// A box of a cell as a polynomial about its middle, `sum over b of coef[b] * prod of t_k for k in b`, `|t_k| <= 1/2`: entry
/// `b` belongs to the axes whose bits `b` has. A bilinear map has no others, a trilinear one neither.
#[derive(Clone, Copy)]
pub(crate) struct Patch<const D: usize> {
    coef: [[f64; D]; 8],
}

impl<const D: usize> Patch<D> {
    /// From the values at the corners, x in the lowest bit.
    #[inline(always)]
    pub(crate) fn from_corners(corners: &[[f64; D]; 8]) -> Self {
        let mut coef = *corners;
        for k in 0..D {
            for low in (0..1 << D).filter(|b| b >> k & 1 == 0) {
                let high = low | 1 << k;
                for i in 0..D {
                    let (a, b) = (coef[low][i], coef[high][i]);
                    coef[low][i] = 0.5 * (a + b);
                    coef[high][i] = b - a;
                }
            }
        }
        Self { coef }
    }

    /// The value at `t`.
    #[inline(always)]
    fn at(&self, t: [f64; D]) -> [f64; D] {
        let mut coef = self.coef;
        for k in (0..D).rev() {
            for low in 0..1 << k {
                for i in 0..D {
                    coef[low][i] += t[k] * coef[low | 1 << k][i];
                }
            }
        }
        coef[0]
    }

    /// The half of each axis that lies towards the bits of `child`, as a box of its own.
    fn child(&self, child: usize) -> Self {
        let mut coef = self.coef;
        for k in 0..D {
            let to = if child >> k & 1 == 1 { 0.25 } else { -0.25 };
            for low in (0..1 << D).filter(|b| b >> k & 1 == 0) {
                let high = low | 1 << k;
                for i in 0..D {
                    coef[low][i] += to * coef[high][i];
                    coef[high][i] *= 0.5;
                }
            }
        }
        Self { coef }
    }

    /// The slopes at `t`: `slopes[i][k]` is that of component `i` along axis `k`.
    fn slopes(&self, t: [f64; D]) -> [[f64; D]; D] {
        let mut slopes = [[0.0; D]; D];
        for k in 0..D {
            for (b, coef) in self.coef.iter().enumerate().take(1 << D).filter(|(b, _)| b >> k & 1 == 1) {
                let weight: f64 = (0..D).filter(|axis| *axis != k && b >> axis & 1 == 1).map(|axis| t[axis]).product();
                for i in 0..D {
                    slopes[i][k] += weight * coef[i];
                }
            }
        }
        slopes
    }

    /// Whether the cell is squeezed to a line, a surface or a point.
    fn collapsed(&self) -> bool {
        let mut sides = 1.0;
        for k in 0..D {
            let side = |coef: &[f64; D]| coef.iter().fold(0.0f64, |side, c| side.max(c.abs()));
            sides *= (0..1 << D).filter(|b| b >> k & 1 == 1).map(|b| side(&self.coef[b])).fold(0.0, f64::max);
        }
        (0..1usize << D).all(|corner| {
            let t = std::array::from_fn(|k| if corner >> k & 1 == 1 { 0.5 } else { -0.5 });
            adjugate(&self.slopes(t)).1.abs() <= COLLAPSED * sides
        })
    }

    /// Of the places that read `at`, one near the middle, by Gauss and Newton's method with Levenberg's term: there are as
    /// many as a line or a box has points.
    fn nearest(&self, at: &[f64; D], tolerance: f64) -> Option<[f64; D]> {
        let mut t = [0.0; D];
        for _ in 0..12 {
            let (value, slopes) = (self.at(t), self.slopes(t));
            let normal = |a: usize, b: usize| (0..D).map(|i| slopes[i][a] * slopes[i][b]).sum::<f64>();
            let weight = 1e-12 * (0..D).map(|k| normal(k, k)).sum::<f64>() + 1e-60;
            let squares: [[f64; D]; D] =
                std::array::from_fn(|a| std::array::from_fn(|b| if a == b { normal(a, b) + weight } else { normal(a, b) }));
            let pull = std::array::from_fn(|k| (0..D).map(|i| slopes[i][k] * (at[i] - value[i])).sum());
            let (by, _) = solve(&squares, &pull);
            t = std::array::from_fn(|k| (t[k] + by[k]).clamp(-0.5, 0.5));
        }
        let value = self.at(t);
        (0..D).all(|i| (value[i] - at[i]).abs() <= tolerance).then(|| t.map(|t| t + 0.5))
    }

    /// How far values lie from the middle's at most, by component.
    fn reach(&self) -> [f64; D] {
        let mut reach = [0.0; D];
        for (b, coef) in self.coef.iter().enumerate().take(1 << D).skip(1) {
            let weight = 0.5f64.powi(b.count_ones() as i32);
            for (reach, coef) in reach.iter_mut().zip(coef) {
                *reach += weight * coef.abs();
            }
        }
        reach
    }
}

/// A patch seen through the inverse of its slope in the middle: `t + bends(t) = turned(location)`.
#[derive(Clone, Copy)]
pub(crate) struct Solver<const D: usize> {
    /// The inverse of the slope in the middle, if it has one.
    turn: [[f64; D]; D],
    /// The determinant of the slope in the middle.
    determinant: f64,
    /// What bends: the polynomial's terms of two and three axes, turned.
    bends: [[f64; D]; 8],
    /// How far `turned` may lie from 0 if there is a root in the box.
    bound: [f64; D],
    /// How much the slope differs from that in the middle, at most: below 1 there is at most one root.
    bend: f64,
}

/// What one look at a box finds.
pub(crate) enum Look<const D: usize> {
    Nothing,
    /// Where, and the determinant there.
    Root([f64; D], f64),
    /// The box bends too much to tell.
    Unsure,
}

/// Where a root lies in its cell, 0 to 1 along each axis, and the map's Jacobian determinant there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Root<const D: usize> {
    pub(crate) within: [f64; D],
    pub(crate) determinant: f64,
}

/// Up to this bend, below 1, a bilinear box has one root at most, and no denominator of its closed form is small.
const FLAT_BEND: f64 = 0.9;
/// Up to this bend Newton's method finds the root, if there is one, from anywhere in the box (Kantorovich).
const BEND: f64 = 0.4;
/// A root this near to a box' border is looked at from both sides.
const MARGIN: f64 = 1e-6;
/// Boxes this many halvings below a cell are points.
const DEPTH: u8 = 40;
/// So many boxes are looked at in one cell for one location. Places next to a fold need some hundred; a cell that
/// collapses along a curve would have boxes without end.
const BOXES: usize = 1024;
/// A cell whose area (volume) is at most this part of the product of its sides has collapsed.
const COLLAPSED: f64 = 1e-9;
/// Corners further away than this, in pixels, belong to no image: some files write 1e9 and more for "unknown". Cells that reach there
/// would cover all images at once.
pub(crate) const FAR: f64 = 16_777_216.0;
/// Roots of one cell nearer to each other are one.
pub(crate) const SAME: f64 = 1e-6;

impl<const D: usize> Solver<D> {
    #[inline(always)]
    pub(crate) fn new(patch: &Patch<D>) -> Self {
        let slopes: [[f64; D]; D] = std::array::from_fn(|i| std::array::from_fn(|k| patch.coef[1 << k][i]));
        let (turn, determinant) = inverse(&slopes);
        let mut bends = [[0.0; D]; 8];
        let (mut bound, mut turns) = ([0.5 + MARGIN; D], [0.0; D]);
        for b in (0..1usize << D).filter(|b| b.count_ones() > 1) {
            bends[b] = times(&turn, &patch.coef[b]);
            // A term of n axes is at most 2^-n; each of its n slopes at most 2^(1-n).
            let (weight, slopes) = if b.count_ones() == 2 { (0.25, 1.0) } else { (0.125, 0.75) };
            for i in 0..D {
                bound[i] += weight * bends[b][i].abs();
                turns[i] += slopes * bends[b][i].abs();
            }
        }
        let bend = turns.iter().fold(0.0f64, |most, turn| if turn.is_nan() { f64::INFINITY } else { most.max(*turn) });
        Self { turn, determinant, bends, bound, bend }
    }

    /// Whether the determinant has the sign of that in the middle all over the box: a slope that differs from another by less than
    /// itself is never singular.
    pub(crate) fn keeps_its_sign(&self) -> bool {
        self.bend < 0.999
    }

    /// Between which values the determinant lies all over the box: `det(1 + E)` between `(1 - |E|)^D` and `(1 + |E|)^D`. Infinite
    /// where the bend says nothing.
    pub(crate) fn determinants(&self) -> [f64; 2] {
        if !self.keeps_its_sign() {
            return [f64::NEG_INFINITY, f64::INFINITY];
        }
        let ends = [1.0 - self.bend, 1.0 + self.bend].map(|factor| factor.powi(D as i32) * self.determinant);
        [ends[0].min(ends[1]), ends[0].max(ends[1])]
    }

    /// Looks for the root in the box. `tolerance` is in units of the location.
    #[inline(always)]
    pub(crate) fn look(&self, patch: &Patch<D>, at: &[f64; D], tolerance: f64) -> Look<D> {
        let offset = std::array::from_fn(|i| at[i] - patch.coef[0][i]);
        let turned = times(&self.turn, &offset);
        // NaN, of a slope without an inverse, excludes nothing.
        if (0..D).any(|i| turned[i].abs() > self.bound[i]) {
            return Look::Nothing;
        }
        let bent = if D == 2 { self.quadratic(&turned) } else { self.newton(&turned) };
        let Some((t, relative)) = bent else { return Look::Unsure };
        let inside = t.map(|t| t.clamp(-0.5, 0.5));
        if inside != t {
            // NaN, where a quadratic has no root, is outside too.
            if !(0..D).all(|k| (t[k] - inside[k]).abs() <= MARGIN) {
                return Look::Nothing;
            }
            let value = patch.at(inside);
            if (0..D).any(|i| (value[i] - at[i]).abs() > tolerance) {
                return Look::Nothing;
            }
        }
        Look::Root(inside, relative * self.determinant)
    }

    /// The root of a bilinear patch and the determinant there as a part of that in the middle. With `a = g_2 s_1`, `b = g_1 s_2`
    /// the equations `t_1 + g_1 t_1 t_2 = s_1`, `t_2 + g_2 t_1 t_2 = s_2` give the determinant `1 + g_1 t_2 + g_2 t_1` as the root
    /// of `1 + 2 (a + b) + (a - b)^2`.
    #[inline(always)]
    fn quadratic(&self, turned: &[f64; D]) -> Option<([f64; D], f64)> {
        if self.bend > FLAT_BEND {
            return None;
        }
        let [g, s] = [&self.bends[3], turned];
        let (a, b) = (g[1] * s[0], g[0] * s[1]);
        let determinant = (1.0 + 2.0 * (a + b) + (a - b) * (a - b)).sqrt();
        let mut t = [0.0; D];
        t[0] = 2.0 * s[0] / (1.0 + determinant - (a - b));
        t[1] = 2.0 * s[1] / (1.0 + determinant + (a - b));
        Some((t, determinant))
    }

    /// The root that Newton's method finds from `turned`, and the determinant there as a part of that in the middle.
    #[inline(always)]
    fn newton(&self, turned: &[f64; D]) -> Option<([f64; D], f64)> {
        if self.bend > BEND {
            return None;
        }
        let mut t = turned.map(|t| t.clamp(-0.5, 0.5));
        let (bent, _) = self.bent(&t);
        for k in 0..D {
            t[k] -= bent[k] - turned[k];
        }
        for _ in 0..16 {
            let (value, slopes) = self.bent(&t);
            let (by, relative) = solve(&slopes, &std::array::from_fn(|i| value[i] - turned[i]));
            let mut moved = 0.0f64;
            for k in 0..D {
                t[k] -= by[k];
                moved = moved.max(by[k].abs());
            }
            // The next step would be of the order of this one squared: 4e-12 at most.
            if moved < 3e-6 {
                return Some((t, relative));
            }
        }
        None
    }

    /// `t + bends(t)` and its slopes.
    #[inline(always)]
    fn bent(&self, t: &[f64; D]) -> ([f64; D], [[f64; D]; D]) {
        let mut value = *t;
        let mut slopes = [[0.0; D]; D];
        for i in 0..D {
            slopes[i][i] = 1.0;
            for a in 0..D {
                for b in a + 1..D {
                    let bend = self.bends[1 << a | 1 << b][i];
                    value[i] += bend * t[a] * t[b];
                    slopes[i][a] += bend * t[b];
                    slopes[i][b] += bend * t[a];
                }
            }
            if D == 3 {
                let bend = self.bends[7][i];
                value[i] += bend * t[0] * t[1] * t[2];
                slopes[i][0] += bend * t[1] * t[2];
                slopes[i][1] += bend * t[0] * t[2];
                slopes[i][2] += bend * t[0] * t[1];
            }
        }
        (value, slopes)
    }
}

/// All places of a cell that bends too much for one look: boxes are halved until each has no root or one.
#[inline(never)]
pub(crate) fn search<const D: usize>(cell: &Patch<D>, at: &[f64; D], tolerance: f64, found: &mut Vec<Root<D>>) {
    if cell.collapsed() {
        found.extend(cell.nearest(at, tolerance).map(|within| Root { within, determinant: 0.0 }));
        return;
    }
    let first = found.len();
    let mut add = |within: [f64; D], determinant: f64| {
        let near = |root: &Root<D>| (0..D).all(|k| (root.within[k] - within[k]).abs() < SAME);
        if !found[first..].iter().any(near) {
            found.push(Root { within, determinant });
        }
    };
    let mut boxes = vec![(*cell, [0.5; D], 0u8)];
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
        let solver = Solver::new(&patch);
        let size = 0.5f64.powi(i32::from(depth));
        match solver.look(&patch, at, tolerance) {
            Look::Nothing => {}
            Look::Root(t, determinant) => {
                let whole = size.powi(-(D as i32));
                add(std::array::from_fn(|k| middle[k] + size * t[k]), determinant * whole);
            }
            // All of it reads the location, as far as numbers tell: a fold's very edge, or a place that collapses.
            Look::Unsure if depth == DEPTH || reach.iter().all(|reach| *reach < tolerance) => {
                add(middle, solver.determinant * size.powi(-(D as i32)));
            }
            Look::Unsure => boxes.extend((0..1 << D).rev().map(|child| {
                let to = |k: usize| if child >> k & 1 == 1 { 0.25 } else { -0.25 };
                (patch.child(child), std::array::from_fn(|k| middle[k] + size * to(k)), depth + 1)
            })),
        }
    }
}

/// `m v`.
#[inline(always)]
fn times<const D: usize>(m: &[[f64; D]; D], v: &[f64; D]) -> [f64; D] {
    std::array::from_fn(|i| {
        let mut sum = m[i][0] * v[0];
        for k in 1..D {
            sum += m[i][k] * v[k];
        }
        sum
    })
}

/// The inverse of a matrix and its determinant; not finite if that is 0.
#[inline(always)]
fn inverse<const D: usize>(m: &[[f64; D]; D]) -> ([[f64; D]; D], f64) {
    let (adjugate, determinant) = adjugate(m);
    let over = 1.0 / determinant;
    (adjugate.map(|row| row.map(|number| number * over)), determinant)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cell whose corners are given in order, x fastest.
    fn cell<const D: usize>(corners: &[[f64; D]]) -> Patch<D> {
        let mut all = [[0.0; D]; 8];
        all[..corners.len()].copy_from_slice(corners);
        Patch::from_corners(&all)
    }

    fn roots<const D: usize>(patch: &Patch<D>, at: [f64; D]) -> Vec<Root<D>> {
        let mut found = Vec::new();
        match Solver::new(patch).look(patch, &at, 1e-11) {
            Look::Nothing => {}
            Look::Root(t, determinant) => found.push(Root { within: t.map(|t| t + 0.5), determinant }),
            Look::Unsure => search(patch, &at, 1e-11, &mut found),
        }
        found
    }

    #[test]
    fn a_square_by_hand() {
        let square = cell(&[[3.0, 5.0], [4.0, 5.0], [3.0, 7.0], [4.0, 7.0]]);
        let found = roots(&square, [3.25, 6.5]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].within, found[0].determinant), ([0.25, 0.75], 2.0));
        assert!(roots(&square, [4.5, 6.0]).is_empty());
        // Closed: its corners belong to it.
        assert_eq!(roots(&square, [4.0, 7.0])[0].within, [1.0, 1.0]);
    }

    #[test]
    fn a_folded_cell_has_one_root_of_each_sign() {
        // (u, v) to (u, uv + (1-u)(1-v)): along x = u the values of y run up for u > 1/2 and down before.
        let bow = cell(&[[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]);
        let found = roots(&bow, [0.75, 0.5]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].within, found[0].determinant), ([0.75, 0.5], 0.5));
        // (u, v) to (u - v, 2uv): x = 0 is read where u = v, y = 2u^2; (x, y) and (-v, -u) have the same image, only one inside.
        let twice = cell(&[[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 2.0]]);
        assert_eq!(roots(&twice, [0.0, 0.5]).len(), 1);
        // Centred, both are: (u - v, 2 (u - 1/2)(v - 1/2)).
        let centred = cell(&[[0.0, 0.5], [1.0, -0.5], [-1.0, -0.5], [0.0, 0.5]]);
        let mut found = roots(&centred, [0.0, 0.125]);
        found.sort_by(|a, b| a.determinant.total_cmp(&b.determinant));
        assert_eq!(found.len(), 2);
        for (root, expected) in found.iter().zip([(0.25, -1.0), (0.75, 1.0)]) {
            assert!(root.within.iter().all(|u| (u - expected.0).abs() < 1e-12), "{root:?}");
            assert!((root.determinant - expected.1).abs() < 1e-12, "{root:?}");
        }
        assert!(roots(&centred, [0.0, -0.125]).is_empty());
    }

    #[test]
    fn a_collapsed_cell_ends() {
        let point = cell(&[[2.0, 2.0]; 4]);
        assert!(roots(&point, [2.5, 2.0]).is_empty());
        assert_eq!(roots(&point, [2.0, 2.0]).len(), 1);
        let line = cell(&[[0.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 1.0]]);
        // Of all the places (u, 1/2) the middle one.
        assert_eq!(roots(&line, [0.0, 0.5])[0].within, [0.5, 0.5]);
        assert!(roots(&line, [0.0, 1.5]).is_empty());
        let point = cell(&[[2.0, 2.0, 2.0]; 8]);
        assert_eq!(roots(&point, [2.0, 2.0, 2.0]).len(), 1);
    }

    #[test]
    fn a_cube_that_bends() {
        // (u + vw/2, v, w + u/4): bent, but one to one.
        let corners: Vec<[f64; 3]> = (0..8)
            .map(|b| {
                let [u, v, w] = [0, 1, 2].map(|k| f64::from(b >> k & 1));
                [u + v * w / 2.0, v, w + u / 4.0]
            })
            .collect();
        let cube = cell(&corners);
        let [u, v, w] = [0.3, 0.8, 0.6];
        let found = roots(&cube, [u + v * w / 2.0, v, w + u / 4.0]);
        assert_eq!(found.len(), 1);
        assert!(found[0].within.iter().zip([u, v, w]).all(|(a, b)| (a - b).abs() < 1e-14), "{found:?}");
        // d(x, y, z)/d(u, v, w) = [1, w/2, v/2; 0, 1, 0; 1/4, 0, 1]: 1 - v/8.
        assert!((found[0].determinant - 0.9).abs() < 1e-14);
    }
}
