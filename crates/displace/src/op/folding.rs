//! Where a map folds: the sign of its Jacobian determinant everywhere between pixels.

use crate::dtype::Location;
use crate::error::FoldingError;
use crate::field::FieldView;
use crate::map::Map;
use crate::op::invert::patch::{Patch, Solver};
use crate::rows::{map_rows_costing, row_index};
use crate::view::{Dense, Layout, Shape};

/// Where the interpolated map of a field folds, and how much.
#[derive(Clone, Debug, PartialEq)]
pub struct Folding<const D: usize> {
    /// Cells of four (eight) neighbouring destination pixels, in all samples.
    pub cells: usize,
    /// Cells in which the Jacobian determinant is not positive somewhere: there the map folds, turns over or collapses.
    pub folded: usize,
    /// Those of the folded cells whose determinant is negative everywhere: turned over as a whole. If that is all cells, the map is
    /// a mirror and has no folds.
    pub mirrored: usize,
    /// Cells with a corner that is not finite, counted in none of the above.
    pub undecided: usize,
    /// The smallest determinant of all cells, in volumes to a millionth of the range within its cell; of two, the first. `None`
    /// without any.
    pub smallest: Option<Extreme<D>>,
    /// The largest.
    pub largest: Option<Extreme<D>>,
    /// The non-diffeomorphic area or volume (Liu et al., "On finite difference Jacobian computation in deformable image
    /// registration", IJCV 2024, arXiv 2212.06060), in source pixels: the negative parts of the areas of the triangles that cells
    /// are cut into, averaged over both ways of cutting a square; of the tetrahedra, over both ways of cutting a cube into five.
    pub area: f64,
    /// The area that is turned over itself, exactly: the integral of the determinant's negative part. At most `area`. `None` for
    /// volumes.
    pub folded_area: Option<f64>,
    /// Which cells are folded; its pixels are cells, one less than pixels along each axis.
    pub mask: Dense<bool, D>,
}

/// An extreme determinant and where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extreme<const D: usize> {
    /// The determinant, in source pixels per destination pixel, each axis.
    pub determinant: f64,
    /// Sample of the batch.
    pub n: usize,
    /// The cell's first destination pixel, x first.
    pub cell: [usize; D],
}

/// Finds every fold of a field's interpolated map.
///
/// Between four (eight) neighbouring destination pixels the map is bilinear (trilinear), as samplers interpolate it. In a bilinear
/// cell the Jacobian determinant is linear in the place, so its extremes are at the corners. In a trilinear cell it is quadratic
/// along each axis: its 27 Bernstein coefficients bound it, and cells are halved (de Casteljau) until the bounds tell the sign, or a
/// value that is not positive is found (Johnen, Weill and Remacle, arXiv 1706.01613). A determinant that touches zero closer than
/// 12 halvings tell apart counts as a fold. A map without folds is one to one on every cell; central differences of pixels do not
/// find all folds.
///
/// *Units*: source pixels per destination pixel. *Exactness*: `f64`. Where sizes differ, the determinant of a plain resize is the
/// product of the ratios.
///
/// # Errors
/// If the mask cannot be addressed.
///
/// ```
/// use displace::{folding, Between, Extent, Field, Lattice};
/// let between = Between::new(Lattice::from_shape([2, 3], Extent::Edges)?, [3, 2], None)?;
/// // The second pixel of the first row reads at 2.5, to the right of the third: a corner of the second cell turns over.
/// let field = Field::from_vec(vec![0.0f32, 0.0, 1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 1, between)?;
/// let folds = folding(&field.view())?;
/// assert_eq!((folds.cells, folds.folded, folds.mask.as_slice()), (2, 1, &[false, true][..]));
/// // Its sides are -1/2 long above and 1 below: the determinant runs from -1/2 to 1 and is negative in the upper third.
/// assert_eq!(folds.smallest.map(|smallest| smallest.determinant), Some(-0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn folding<L: Location, const D: usize>(field: &FieldView<'_, L, D>) -> Result<Folding<D>, FoldingError> {
    let map = Map::new(&(*field).into(), None)?;
    let size = field.between().destination();
    let cells = size.map(|len| len.saturating_sub(1));
    let shape = Shape { n: map.samples(), c: 1, size: cells };
    let mut mask = Dense::zeroed(shape, Layout::Planar)?;
    let rows = if cells.contains(&0) { 0 } else { cells[1..].iter().product() };
    let corners = |n: usize, row: usize, x: usize| {
        let (planes, mut first) = (map.planes(n), row_index(row, &cells));
        first[0] = x;
        let mut corners = [[0.0; D]; 8];
        for (corner, place) in corners.iter_mut().enumerate().take(1 << D) {
            *place = map.place(&planes, std::array::from_fn(|k| first[k] + (corner >> k & 1)));
        }
        corners
    };
    let work = cells[0].saturating_mul(8 << D);
    let mut found = map_rows_costing(work, map.samples(), rows, |n, row| {
        let mut sum = Row { folded: vec![false; cells[0]], within: [f64::INFINITY, f64::NEG_INFINITY], ..Row::default() };
        for x in 0..cells[0] {
            sum.add(x, &corners(n, row, x));
        }
        sum
    });
    if D == 3 {
        // Inside a cell the determinant may be more extreme than at its corners: few cells can beat all corners.
        let known = found.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |known, row| {
            [row.smallest.map_or(known[0], |s| s.0.min(known[0])), row.largest.map_or(known[1], |l| l.0.max(known[1]))]
        });
        let deeper = map_rows_costing(work, map.samples(), rows, |n, row| {
            let sums = &found[n * rows + row];
            let beats = sums.within[0] < known[0] || sums.within[1] > known[1];
            let mut best = (None, None);
            let mut reached = known;
            for x in (0..cells[0]).filter(|_| beats) {
                let new = deepest(&corners(n, row, x), reached);
                best.0 = if new[0] < reached[0] { Some((new[0], x)) } else { best.0 };
                best.1 = if new[1] > reached[1] { Some((new[1], x)) } else { best.1 };
                reached = new;
            }
            best
        });
        for (row, (smallest, largest)) in found.iter_mut().zip(deeper) {
            row.smallest = smallest.or(row.smallest);
            row.largest = largest.or(row.largest);
        }
    }
    let mut all = Folding {
        cells: shape.elements()?,
        folded: 0,
        mirrored: 0,
        undecided: 0,
        smallest: None,
        largest: None,
        area: 0.0,
        folded_area: (D == 2).then_some(0.0),
        mask: Dense::zeroed(Shape { n: 0, ..shape }, Layout::Planar)?,
    };
    for (at, row) in found.iter().enumerate() {
        mask.as_mut_slice()[at * cells[0]..][..cells[0]].copy_from_slice(&row.folded);
        all.folded += row.folded.iter().filter(|folded| **folded).count();
        all.mirrored += row.mirrored;
        all.undecided += row.undecided;
        all.area += row.area;
        all.folded_area = all.folded_area.map(|area| area + row.turned);
        let extreme = |(determinant, x): (f64, usize)| {
            let mut cell = row_index(at % rows, &cells);
            cell[0] = x;
            Extreme { determinant, n: at / rows, cell }
        };
        if let Some(smallest) = row.smallest.filter(|new| all.smallest.is_none_or(|old| new.0 < old.determinant)) {
            all.smallest = Some(extreme(smallest));
        }
        if let Some(largest) = row.largest.filter(|new| all.largest.is_none_or(|old| new.0 > old.determinant)) {
            all.largest = Some(extreme(largest));
        }
    }
    all.mask = mask;
    Ok(all)
}

/// What the cells of a row amount to.
#[derive(Default)]
struct Row {
    folded: Vec<bool>,
    mirrored: usize,
    undecided: usize,
    area: f64,
    turned: f64,
    /// The extreme determinants at corners and the cells they are in.
    smallest: Option<(f64, usize)>,
    largest: Option<(f64, usize)>,
    /// Between which values all determinants lie.
    within: [f64; 2],
}

impl Row {
    fn add<const D: usize>(&mut self, x: usize, corners: &[[f64; D]; 8]) {
        if corners[..1 << D].iter().flatten().any(|p| !p.is_finite()) {
            self.undecided += 1;
            return;
        }
        let determinants = at_corners(corners);
        let determinants = &determinants[..1 << D];
        if determinants.iter().any(|d| !d.is_finite()) {
            self.undecided += 1;
            return;
        }
        let (sign, bounds) = judge(corners, determinants);
        match sign {
            Sign::Positive => {}
            Sign::Negative => {
                self.folded[x] = true;
                self.mirrored += 1;
            }
            Sign::Both => self.folded[x] = true,
        }
        let negative = |value: f64| (-value).max(0.0);
        if D == 2 {
            self.area += 0.25 * determinants.iter().copied().map(negative).sum::<f64>();
            if self.folded[x] {
                self.turned += turned_area(determinants);
            }
        } else {
            // Each cutting has tetrahedra at four of the corners and one in the middle.
            let inner = [[0, 3, 6, 5], [7, 2, 1, 4]].map(|corner: [usize; 4]| {
                let side = |to: usize| std::array::from_fn(|i| corners[corner[to]][i] - corners[corner[0]][i]);
                negative(determinant(&[side(1), side(2), side(3)]))
            });
            let outer: f64 = determinants.iter().copied().map(negative).sum();
            self.area += 0.5 * (outer + inner.iter().sum::<f64>()) / 6.0;
        }
        let (low, high) = extremes(determinants);
        if self.smallest.is_none_or(|known| low < known.0) {
            self.smallest = Some((low, x));
        }
        if self.largest.is_none_or(|known| high > known.0) {
            self.largest = Some((high, x));
        }
        let within = if D == 2 { [low, high] } else { bounds };
        self.within = [self.within[0].min(within[0]), self.within[1].max(within[1])];
    }
}

/// The sign of the determinant all over a cell; zero is both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Positive,
    Negative,
    Both,
}

/// The determinants of the sides that meet at each corner, each side taken from its lower to its upper end.
#[inline]
pub(crate) fn at_corners<const D: usize>(corners: &[[f64; D]; 8]) -> [f64; 8] {
    std::array::from_fn(|corner| {
        if corner >= 1 << D {
            return 0.0;
        }
        let side = |k: usize| {
            let (low, high) = (&corners[corner & !(1 << k)], &corners[corner | 1 << k]);
            std::array::from_fn::<f64, D, _>(|axis| high[axis] - low[axis])
        };
        determinant(&std::array::from_fn(side))
    })
}

/// The sign all over a cell, given the determinants at its corners: exact in 2-D, in 3-D by Bernstein bounds.
#[inline]
pub(crate) fn sign<const D: usize>(corners: &[[f64; D]; 8], determinants: &[f64]) -> Sign {
    judge(corners, determinants).0
}

/// [`sign`], and bounds of the determinant in 3-D, which may be infinite.
#[inline]
fn judge<const D: usize>(corners: &[[f64; D]; 8], determinants: &[f64]) -> (Sign, [f64; 2]) {
    let (low, high) = extremes(determinants);
    let anything = [f64::NEG_INFINITY, f64::INFINITY];
    if low <= 0.0 && high >= 0.0 {
        return (Sign::Both, anything);
    }
    let same = if high < 0.0 { Sign::Negative } else { Sign::Positive };
    if D == 2 {
        return (same, anything);
    }
    // A map that bends by less than its slope keeps the sign of its middle: most cells.
    let solver = Solver::new(&Patch::from_corners(corners), 0.0);
    if solver.keeps_its_sign() {
        return (same, solver.determinants());
    }
    let bends = Bernstein::new(corners);
    let positive = if same == Sign::Positive { bends.is_positive() } else { bends.negated().is_positive() };
    (if positive { same } else { Sign::Both }, anything)
}

/// `known` extremes, or more extreme ones if there are in a cell of a volume.
fn deepest<const D: usize>(corners: &[[f64; D]; 8], known: [f64; 2]) -> [f64; 2] {
    if corners[..1 << D].iter().flatten().any(|p| !p.is_finite()) {
        return known;
    }
    let [low, high] = Solver::new(&Patch::from_corners(corners), 0.0).determinants();
    if low >= known[0] && high <= known[1] {
        return known;
    }
    let bends = Bernstein::new(corners);
    [bends.smallest(known[0]), -bends.negated().smallest(-known[1])]
}

fn extremes(determinants: &[f64]) -> (f64, f64) {
    determinants.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), d| (low.min(*d), high.max(*d)))
}

fn determinant<const D: usize>(m: &[[f64; D]; D]) -> f64 {
    let minor = |a: usize, b: usize, row: usize| m[row][a] * m[row + 1][b] - m[row][b] * m[row + 1][a];
    if D == 2 { minor(0, 1, 0) } else { m[0][0] * minor(1, 2, 1) - m[0][1] * minor(0, 2, 1) + m[0][2] * minor(0, 1, 1) }
}

/// The integral over the unit square of the negative part of a linear function with these values at the corners: the square is cut
/// along the line where it is zero, and what is left is a fan of triangles.
fn turned_area(determinants: &[f64]) -> f64 {
    let corners = [(0.0, 0.0, 0), (1.0, 0.0, 1), (1.0, 1.0, 3), (0.0, 1.0, 2)].map(|(u, v, at)| (u, v, determinants[at]));
    let mut part: Vec<(f64, f64, f64)> = Vec::with_capacity(6);
    for (i, from) in corners.iter().enumerate() {
        let to = corners[(i + 1) % 4];
        if from.2 <= 0.0 {
            part.push(*from);
        }
        if (from.2 < 0.0 && to.2 > 0.0) || (from.2 > 0.0 && to.2 < 0.0) {
            let t = from.2 / (from.2 - to.2);
            part.push((from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1), 0.0));
        }
    }
    let Some((a, others)) = part.split_first() else { return 0.0 };
    let triangle = |pair: &[(f64, f64, f64)]| {
        let [b, c] = [pair[0], pair[1]];
        let area = ((b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)).abs() / 2.0;
        -area * (a.2 + b.2 + c.2) / 3.0
    };
    others.windows(2).map(triangle).sum()
}

/// The determinant of a trilinear cell by its Bernstein coefficients, three along each axis, x fastest.
#[derive(Clone, Copy)]
struct Bernstein {
    coef: [f64; 27],
}

/// Boxes this many halvings below a cell are points.
const DEPTH: u8 = 12;
/// So many boxes of a cell are looked at, at most: where the determinant is all but 0 on a surface there would be no end of them.
const BOXES: usize = 1 << 14;

impl Bernstein {
    fn new<const D: usize>(corners: &[[f64; D]; 8]) -> Self {
        // The slopes along each axis, at 0, 1/2 and 1 on the other two: bilinear between four sides.
        let slopes: [[[f64; D]; 9]; D] = std::array::from_fn(|k| {
            let others = [if k == 0 { 1 } else { 0 }, if k == 2 { 1 } else { 2 }];
            let mut slopes = [[0.0; D]; 9];
            for b in 0..4usize {
                let low = (b & 1) << others[0] | (b >> 1) << others[1];
                for i in 0..D {
                    slopes[(b & 1) * 2 + (b >> 1) * 6][i] = corners[low | 1 << k][i] - corners[low][i];
                }
            }
            for (middle, a, b) in [(1, 0, 2), (7, 6, 8), (3, 0, 6), (5, 2, 8), (4, 1, 7)] {
                for i in 0..D {
                    slopes[middle][i] = 0.5 * (slopes[a][i] + slopes[b][i]);
                }
            }
            slopes
        });
        let mut coef = [0.0; 27];
        for (at, value) in coef.iter_mut().enumerate() {
            let [u, v, w] = [at % 3, at / 3 % 3, at / 9];
            let place = [v + 3 * w, u + 3 * w, u + 3 * v];
            *value = determinant(&std::array::from_fn(|k| slopes[k][place[k]]));
        }
        // From values at 0, 1/2 and 1 to coefficients: the middle one is twice the value minus half the ends.
        for step in [1, 3, 9] {
            for first in (0..27_usize).filter(|at| (at / step).is_multiple_of(3)) {
                coef[first + step] = 2.0 * coef[first + step] - 0.5 * (coef[first] + coef[first + 2 * step]);
            }
        }
        Self { coef }
    }

    fn negated(&self) -> Self {
        Self { coef: self.coef.map(|c| -c) }
    }

    /// Both halves along an axis, by de Casteljau's rule.
    fn halves(&self, step: usize) -> [Self; 2] {
        let (mut low, mut high) = (*self, *self);
        for first in (0..27_usize).filter(|at| (at / step).is_multiple_of(3)) {
            let [a, b, c] = [0, 1, 2].map(|i| self.coef[first + i * step]);
            let (ab, bc) = (0.5 * (a + b), 0.5 * (b + c));
            let middle = 0.5 * (ab + bc);
            (low.coef[first + step], low.coef[first + 2 * step]) = (ab, middle);
            (high.coef[first], high.coef[first + step]) = (middle, bc);
        }
        [low, high]
    }

    fn eighths(&self) -> impl Iterator<Item = Self> {
        self.halves(1).into_iter().flat_map(|half| half.halves(3)).flat_map(|quarter| quarter.halves(9))
    }

    /// What it is not less than.
    fn bound(&self) -> f64 {
        self.coef.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The smallest of its values at the corners, where coefficients are values.
    fn corner(&self) -> f64 {
        (0..8).map(|b| self.coef[(b & 1) * 2 + (b >> 1 & 1) * 6 + (b >> 2) * 18]).fold(f64::INFINITY, f64::min)
    }

    /// Whether it is positive everywhere.
    fn is_positive(&self) -> bool {
        let (mut boxes, mut left) = (vec![(*self, 0)], BOXES);
        while let Some((part, depth)) = boxes.pop() {
            if part.corner() <= 0.0 {
                return false;
            }
            if part.bound() <= 0.0 {
                left -= 1;
                if depth == DEPTH || left == 0 {
                    return false;
                }
                boxes.extend(part.eighths().map(|part| (part, depth + 1)));
            }
        }
        true
    }

    /// Its smallest value to a millionth of its range (or the smallest of [`BOXES`] boxes), if that is less than `known`.
    fn smallest(&self, known: f64) -> f64 {
        let mut best = known.min(self.corner());
        let most = self.coef.iter().copied().fold(0.0f64, |most, c| most.max(c.abs()));
        let (mut boxes, mut left) = (vec![(*self, 0)], BOXES);
        while let Some((part, depth)) = boxes.pop() {
            best = best.min(part.corner());
            if part.bound() < best - 1e-6 * most && depth < DEPTH && left > 0 {
                left -= 1;
                boxes.extend(part.eighths().map(|part| (part, depth + 1)));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_areas_by_hand() {
        // -1 everywhere; -1 to 1 along u, half of it negative with a mean of -1/2; a corner of -1 beside two of 0.
        assert_eq!(turned_area(&[-1.0; 4]), 1.0);
        assert_eq!(turned_area(&[-1.0, 1.0, -1.0, 1.0]), 0.25);
        assert!((turned_area(&[-1.0, 0.0, 0.0, 1.0]) - 1.0 / 6.0).abs() < 1e-15);
        assert_eq!(turned_area(&[1.0; 4]), 0.0);
    }

    #[test]
    fn bernstein_coefficients_bound_values() {
        let mut corners: [[f64; 3]; 8] = std::array::from_fn(|b| [0, 1, 2].map(|k| f64::from((b >> k & 1) as u8)));
        assert!(Bernstein::new(&corners).coef.iter().all(|c| *c == 1.0));
        corners[7] = [0.2, 0.3, 0.1];
        let whole = Bernstein::new(&corners);
        let least = whole.smallest(f64::INFINITY);
        assert!(whole.bound() <= least && least <= whole.corner());
        for part in whole.eighths() {
            assert!(part.bound() >= whole.bound() - 1e-12 && part.corner() >= least - 1e-5);
        }
    }
}
