//! One cell of an interpolated map, and all places in it that read a given location.

use crate::kernel::number::Number;
use crate::map::{adjugate, solve};

/// A box of a cell as a polynomial about its middle, `sum over b of coef[b] * prod of t_k for k in b`, `|t_k| <= 1/2`: entry
/// `b` belongs to the axes whose bits `b` has. A bilinear map has no others, a trilinear one neither.
#[derive(Clone, Copy)]
pub(crate) struct Patch<const D: usize, N = f64> {
    pub(super) coef: [[N; D]; 8],
}

impl<const D: usize, N: Number> Patch<D, N> {
    /// From the values at the corners, x in the lowest bit.
    #[inline(always)]
    pub(crate) fn from_corners(corners: &[[N; D]; 8]) -> Self {
        let mut coef = *corners;
        for k in 0..D {
            for low in 0..1usize << D {
                if low >> k & 1 == 1 {
                    continue;
                }
                let high = low | 1 << k;
                for i in 0..D {
                    let (a, b) = (coef[low][i], coef[high][i]);
                    coef[low][i] = (a + b) * 0.5;
                    coef[high][i] = b - a;
                }
            }
        }
        Self { coef }
    }
}

/// Gives a cell that is flat along one axis a side of length 1 there, at right angles to the others, so that it can be solved like any:
/// only its lower end exists. A cell that has no such direction of its own stays flat.
#[inline(always)]
pub(crate) fn raised<N: Number, const D: usize>(corners: &mut [[N; D]; 8], flat: [bool; D]) {
    let mut flats = (0..D).filter(|k| flat[*k]);
    let (Some(axis), None) = (flats.next(), flats.next()) else { return };
    let zero = corners[0][0].all(0.0);
    let mut sides = [[zero; D]; D];
    for k in 0..D {
        for corner in 0..1usize << D {
            if corner >> axis & 1 == 0 && corner >> k & 1 == 1 {
                for i in 0..D {
                    sides[k][i] = sides[k][i] + (corners[corner][i] - corners[corner & !(1 << k)][i]);
                }
            }
        }
    }
    let mut normal = [zero; D];
    if D == 2 {
        let side = &sides[1 - axis];
        normal[0] = -side[1];
        normal[1] = side[0];
    } else {
        let (a, b) = (&sides[(axis + 1) % D], &sides[(axis + 2) % D]);
        for i in 0..D {
            let (j, k) = ((i + 1) % D, (i + 2) % D);
            normal[i] = a[j] * b[k] - a[k] * b[j];
        }
    }
    let mut length = normal[0] * normal[0];
    for number in &normal[1..] {
        length = length + *number * *number;
    }
    let length = length.root();
    // Of sides that are all but parallel, or nothing, it is made of rounding.
    let mut least = zero.all(COLLAPSED);
    for k in (0..D).filter(|k| *k != axis) {
        let mut side = sides[k][0].size();
        for number in &sides[k][1..] {
            side = number.size().most(side);
        }
        least = least * side;
    }
    let some = least.below(length);
    // Towards the axis itself, so that a map that keeps its axes keeps the sign of its determinant.
    let length = (-length).or(normal[axis].below(zero), length);
    for corner in 0..1usize << D {
        if corner >> axis & 1 == 1 {
            for i in 0..D {
                corners[corner][i] = corners[corner & !(1 << axis)][i] + (normal[i] / length).or(some, zero);
            }
        }
    }
}

impl<const D: usize> Patch<D> {
    /// Whether the place `t` reads `at`, as far as numbers of the cell's size can tell.
    #[inline(always)]
    pub(crate) fn reads(&self, t: [f64; D], at: &[f64; D], tolerance: f64) -> bool {
        let value = self.at(t);
        (0..D).all(|i| {
            let size: f64 = self.coef[..1 << D].iter().map(|coef| coef[i].abs()).sum();
            (value[i] - at[i]).abs() <= tolerance + 16.0 * f64::EPSILON * size
        })
    }

    /// The value at `t`.
    #[inline(always)]
    pub(super) fn at(&self, t: [f64; D]) -> [f64; D] {
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
    pub(super) fn child(&self, child: usize) -> Self {
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
    pub(super) fn slopes(&self, t: [f64; D]) -> [[f64; D]; D] {
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
    pub(super) fn collapsed(&self) -> bool {
        let mut sides = 1.0;
        for k in 0..D {
            let side = |coef: &[f64; D]| coef.iter().fold(0.0f64, |side, c| side.max(c.abs()));
            sides *= (0..1 << D).filter(|b| b >> k & 1 == 1).map(|b| side(&self.coef[b])).fold(0.0, f64::max);
        }
        // A polynomial of second degree along each axis: zero at three places of each, zero everywhere.
        (0..3usize.pow(D as u32)).all(|mut node| {
            let t = std::array::from_fn(|_| {
                let end = node % 3;
                node /= 3;
                0.5 * end as f64 - 0.5
            });
            adjugate(&self.slopes(t)).1.abs() <= COLLAPSED * sides
        })
    }

    /// How far values lie from the middle's at most, by component.
    pub(super) fn reach(&self) -> [f64; D] {
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
pub(crate) struct Solver<const D: usize, N = f64> {
    /// The inverse of the slope in the middle, if it has one.
    turn: [[N; D]; D],
    /// The determinant of the slope in the middle.
    pub(crate) determinant: N,
    pub(crate) bends: Bends<D, N>,
    /// How far `turned` may lie from 0 if there is a root in the box.
    bound: [N; D],
}

/// How a patch bends when seen through the inverse of its slope in the middle.
#[derive(Clone, Copy)]
pub(crate) struct Bends<const D: usize, N = f64> {
    /// The polynomial's terms of two and three axes, turned.
    pub(crate) terms: [[N; D]; 8],
    /// How much the slope differs from that in the middle, at most: below 1 there is at most one root.
    pub(crate) most: N,
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
    /// Whether it stands for a line or more of places, of a cell that has collapsed.
    pub(crate) many: bool,
}

impl<const D: usize> Root<D> {
    /// The root at `t` of a cell.
    #[inline(always)]
    pub(crate) fn at(t: [f64; D], determinant: f64) -> Self {
        Self { within: t.map(|t| t + 0.5), determinant, many: false }
    }
}

/// Up to this bend, below 1, a bilinear box has one root at most, and no denominator of its closed form is small.
const FLAT_BEND: f64 = 0.9;
/// Up to this bend Newton's method finds the root, if there is one, from anywhere in the box (Kantorovich).
const BEND: f64 = 0.4;
/// A step of Newton's method below this is the last: the next would be of the order of its square, 4e-12 at most.
const NEWTON_STEP: f64 = 3e-6;
/// Steps of Newton's method at most; below [`BEND`] some six are enough.
const NEWTON_STEPS: usize = 16;
/// A root this near to a box' border is looked at from both sides.
const MARGIN: f64 = 1e-6;
/// A cell whose area (volume) is at most this part of the product of its sides has collapsed.
const COLLAPSED: f64 = 1e-9;
/// Corners further away than this, in pixels, belong to no image: some files write 1e9 and more for "unknown". Cells that reach there
/// would cover all images at once.
pub(crate) const FAR: f64 = 16_777_216.0;
/// Roots of one cell nearer to each other are one.
pub(crate) const SAME: f64 = 1e-6;

impl<const D: usize, N: Number> Solver<D, N> {
    /// `tolerance`, in units of the location, is how far a value may lie from it and still be it.
    #[inline(always)]
    pub(crate) fn new(patch: &Patch<D, N>, tolerance: f64) -> Self {
        let zero = patch.coef[0][0].all(0.0);
        let mut slopes = [[zero; D]; D];
        for i in 0..D {
            for k in 0..D {
                slopes[i][k] = patch.coef[1 << k][i];
            }
        }
        let (turn, determinant) = inverse(&slopes);
        let mut terms = [[zero; D]; 8];
        let (mut bound, mut turns) = ([zero.all(0.5 + MARGIN); D], [zero; D]);
        for b in 0..1usize << D {
            if b.count_ones() < 2 {
                continue;
            }
            terms[b] = times(&turn, &patch.coef[b]);
            // A term of n axes is at most 2^-n; each of its n slopes at most 2^(1-n).
            let (weight, slopes) = if b.count_ones() == 2 { (0.25, 1.0) } else { (0.125, 0.75) };
            for i in 0..D {
                bound[i] = bound[i] + terms[b][i].size() * weight;
                turns[i] = turns[i] + terms[b][i].size() * slopes;
            }
        }
        let (mut most, mut sum) = (turns[0], turns[0]);
        for turn in &turns[1..] {
            most = turn.most(most);
            sum = sum + *turn;
        }
        // What is not a number bends beyond all bounds; so does what has all but no slope, where the inverse is made of rounding.
        let infinite = zero.all(f64::INFINITY);
        let mut sides = zero.all(COLLAPSED);
        for k in 0..D {
            let mut side = slopes[0][k].size();
            for i in 1..D {
                side = slopes[i][k].size().most(side);
            }
            sides = sides * side;
        }
        let known = sum.below(infinite) & sides.below(determinant.size());
        let most = most.or(known, infinite);
        for i in 0..D {
            let mut turned = turn[i][0].size();
            for k in 1..D {
                turned = turned + turn[i][k].size();
            }
            bound[i] = (bound[i] + turned * tolerance).or(known, infinite);
        }
        Self { turn, determinant, bends: Bends { terms, most }, bound }
    }

    /// A location seen through the inverse of the slope in the middle, and whether there can be a root for it in the box.
    /// What is not a number, of a slope without an inverse, excludes nothing.
    #[inline(always)]
    pub(crate) fn turned(&self, patch: &Patch<D, N>, at: &[N; D]) -> ([N; D], N::Truth) {
        let mut offset = *at;
        for i in 0..D {
            offset[i] = at[i] - patch.coef[0][i];
        }
        let turned = times(&self.turn, &offset);
        let mut beyond = self.bound[0].below(turned[0].size());
        for i in 1..D {
            beyond = beyond | self.bound[i].below(turned[i].size());
        }
        (turned, !beyond)
    }
}

impl<const D: usize> Solver<D> {
    /// Whether the determinant has the sign of that in the middle all over the box: a slope that differs from another by less than
    /// itself is never singular.
    pub(crate) fn keeps_its_sign(&self) -> bool {
        self.bends.most < 0.999
    }

    /// Between which values the determinant lies all over the box: `det(1 + E)` between `(1 - |E|)^D` and `(1 + |E|)^D`. Infinite
    /// where the bend says nothing.
    pub(crate) fn determinants(&self) -> [f64; 2] {
        if !self.keeps_its_sign() {
            return [f64::NEG_INFINITY, f64::INFINITY];
        }
        let ends = [1.0 - self.bends.most, 1.0 + self.bends.most].map(|factor| factor.powi(D as i32) * self.determinant);
        [ends[0].min(ends[1]), ends[0].max(ends[1])]
    }

    /// Looks for the root in the box. `tolerance` is in units of the location.
    #[inline(always)]
    pub(crate) fn look(&self, patch: &Patch<D>, at: &[f64; D], tolerance: f64) -> Look<D> {
        let (turned, possible) = self.turned(patch, at);
        if !possible {
            return Look::Nothing;
        }
        match self.bends.root(&turned) {
            (_, _, false) => Look::Unsure,
            (t, relative, true) => match inside(patch, t, at, tolerance) {
                Some(t) => Look::Root(t, relative * self.determinant),
                None => Look::Nothing,
            },
        }
    }
}

/// A root as one of the box, if it lies there: next to the border the place on it, if that reads the location too.
#[inline(always)]
pub(crate) fn inside<const D: usize>(patch: &Patch<D>, t: [f64; D], at: &[f64; D], tolerance: f64) -> Option<[f64; D]> {
    if t.iter().all(|t| t.abs() <= 0.5) {
        return Some(t);
    }
    if !is_near(t) {
        return None;
    }
    let within = t.map(|t| t.clamp(-0.5, 0.5));
    if patch.reads(within, at, tolerance) {
        return Some(within);
    }
    // Where slopes are steep, or all but parallel, one axis is not moved without the others.
    let within = patch.approach(within, at);
    patch.reads(within, at, tolerance).then_some(within)
}

/// Whether a root lies in the box or next to it. NaN, where a quadratic has no root, does not.
#[inline(always)]
pub(crate) fn is_near<const D: usize>(t: [f64; D]) -> bool {
    (0..D).all(|k| t[k].abs() <= 0.5 + MARGIN)
}

impl<const D: usize, N: Number> Bends<D, N> {
    /// The root near the box that `turned` has, the determinant there as a part of that in the middle, and whether both are
    /// certain: bent boxes must be halved first.
    #[inline(always)]
    pub(crate) fn root(&self, turned: &[N; D]) -> ([N; D], N, N::Truth) {
        if D == 2 { self.quadratic(turned) } else { self.newton(turned) }
    }

    /// The root of a bilinear patch. With `a = g_2 s_1`, `b = g_1 s_2` the equations `t_1 + g_1 t_1 t_2 = s_1`,
    /// `t_2 + g_2 t_1 t_2 = s_2` give the determinant `1 + g_1 t_2 + g_2 t_1` as the root of `1 + 2 (a + b) + (a - b)^2`.
    #[inline(always)]
    fn quadratic(&self, turned: &[N; D]) -> ([N; D], N, N::Truth) {
        let (g, s) = (&self.terms[3], turned);
        let (a, b) = (g[1] * s[0], g[0] * s[1]);
        let determinant = ((a + b) * 2.0 + 1.0 + (a - b) * (a - b)).root();
        let mut t = *turned;
        t[0] = s[0] * 2.0 / (determinant + 1.0 - (a - b));
        t[1] = s[1] * 2.0 / (determinant + 1.0 + (a - b));
        (t, determinant, !a.all(FLAT_BEND).below(self.most))
    }

    /// The root that Newton's method finds from `turned`.
    #[inline(always)]
    fn newton(&self, turned: &[N; D]) -> ([N; D], N, N::Truth) {
        let [low, high, done] = [-0.5, 0.5, NEWTON_STEP].map(|number| self.most.all(number));
        let sure = !self.most.all(BEND).below(self.most);
        let mut t = *turned;
        for t in &mut t {
            *t = t.most(low).least(high);
        }
        let (bent, _) = self.bent(&t);
        for k in 0..D {
            t[k] = t[k] - (bent[k] - turned[k]);
        }
        let (mut relative, mut open) = (self.most.all(1.0), sure);
        for _ in 0..NEWTON_STEPS {
            let (mut missed, slopes) = self.bent(&t);
            for k in 0..D {
                missed[k] = missed[k] - turned[k];
            }
            let (by, determinant) = solve(&slopes, &missed);
            let mut moved = by[0].size();
            for k in 0..D {
                t[k] = (t[k] - by[k]).or(open, t[k]);
                moved = by[k].size().most(moved);
            }
            relative = determinant.or(open, relative);
            open = open & !moved.below(done);
            if N::holds(!open) {
                break;
            }
        }
        (t, relative, sure & !open)
    }

    /// `t + bends(t)` and its slopes.
    #[inline(always)]
    fn bent(&self, t: &[N; D]) -> ([N; D], [[N; D]; D]) {
        let mut value = *t;
        let mut slopes = [[t[0].all(0.0); D]; D];
        for i in 0..D {
            slopes[i][i] = t[0].all(1.0);
            for a in 0..D {
                for b in a + 1..D {
                    let bend = self.terms[1 << a | 1 << b][i];
                    value[i] = value[i] + bend * t[a] * t[b];
                    slopes[i][a] = slopes[i][a] + bend * t[b];
                    slopes[i][b] = slopes[i][b] + bend * t[a];
                }
            }
            if D == 3 {
                let bend = self.terms[7][i];
                value[i] = value[i] + bend * t[0] * t[1] * t[2];
                slopes[i][0] = slopes[i][0] + bend * t[1] * t[2];
                slopes[i][1] = slopes[i][1] + bend * t[0] * t[2];
                slopes[i][2] = slopes[i][2] + bend * t[0] * t[1];
            }
        }
        (value, slopes)
    }
}

/// `m v`.
#[inline(always)]
fn times<N: Number, const D: usize>(m: &[[N; D]; D], v: &[N; D]) -> [N; D] {
    let mut product = *v;
    for i in 0..D {
        product[i] = m[i][0] * v[0];
        for k in 1..D {
            product[i] = product[i] + m[i][k] * v[k];
        }
    }
    product
}

/// The inverse of a matrix and its determinant; not finite if that is 0.
#[inline(always)]
fn inverse<N: Number, const D: usize>(m: &[[N; D]; D]) -> ([[N; D]; D], N) {
    let (mut inverse, determinant) = adjugate(m);
    let over = determinant.all(1.0) / determinant;
    for number in inverse.as_flattened_mut() {
        *number = *number * over;
    }
    (inverse, determinant)
}

#[cfg(test)]
mod tests {
    use super::super::search::search;
    use super::*;

    /// A cell whose corners are given in order, x fastest.
    fn cell<const D: usize>(corners: &[[f64; D]]) -> Patch<D> {
        let mut all = [[0.0; D]; 8];
        all[..corners.len()].copy_from_slice(corners);
        Patch::from_corners(&all)
    }

    fn roots<const D: usize>(patch: &Patch<D>, at: [f64; D]) -> Vec<Root<D>> {
        let mut found = Vec::new();
        match Solver::new(patch, 1e-11).look(patch, &at, 1e-11) {
            Look::Nothing => {}
            Look::Root(t, determinant) => found.push(Root::at(t, determinant)),
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
    fn zero_at_all_corners_is_not_zero() {
        // (8wu, 8(1-w)v, 8w): a determinant of 512 w (1-w).
        let corners: Vec<[f64; 3]> = (0..8)
            .map(|b| {
                let [u, v, w] = [0, 1, 2].map(|k| f64::from(b >> k & 1));
                [8.0 * w * u, 8.0 * (1.0 - w) * v, 8.0 * w]
            })
            .collect();
        let found = roots(&cell(&corners), [1.0, 2.0, 4.0]);
        assert_eq!(found.len(), 1);
        assert!(!found[0].many && (found[0].determinant - 128.0).abs() < 1e-9, "{found:?}");
        assert!(found[0].within.iter().zip([0.25, 0.5, 0.5]).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
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
