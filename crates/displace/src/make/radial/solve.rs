//! The equations of radial basis functions with a polynomial, `[[K, P], [P', 0]] [w, a] = [d, 0]`: reflections take the polynomial's
//! columns to the last equations, what is left of K in the others is positive definite, and is factored as `L L'` in blocks.
//!
//! Written out rather than called: libraries choose blocks and instructions by the machine, and with them the last bits.

use crate::kernel::product::{Left, Right, product};
use crate::rows::{each_of, pays};

/// Rows and columns of a block: whole registers of every instruction set.
const BLOCK: usize = 96;
/// Terms that are summed at once: of 12 rows and 8 columns they stay in the nearest cache.
const DEPTH: usize = 2 * BLOCK;
const PANEL: usize = 8;

/// The rows of a block: columns up to and with its own block's.
struct BlockRow {
    data: Vec<f64>,
    width: usize,
}

impl BlockRow {
    fn row(&self, r: usize) -> &[f64] {
        &self.data[r * self.width..][..self.width]
    }
}

/// A reflection `I - scale v v'`.
struct Reflection {
    v: Vec<f64>,
    scale: f64,
}

impl Reflection {
    fn apply(&self, to: &mut [f64]) {
        let along = self.scale * dot(&self.v, to);
        for (to, v) in to.iter_mut().zip(&self.v) {
            *to -= along * v;
        }
    }
}

/// The factored equations.
pub(super) struct Factored {
    rows: Vec<BlockRow>,
    reflections: Vec<Reflection>,
    /// `[t][column]`: what the reflected polynomial has in equation `points - 1 - t`.
    triangle: Vec<Vec<f64>>,
    /// The same equations of the reflected K.
    beside: Vec<Vec<f64>>,
    points: usize,
}

/// What keeps them from being solved.
pub(super) enum Unsolved {
    Memory {
        bytes: usize,
    },
    /// Columns of the polynomial depend on each other at the points: the smallest of the triangle's diagonal over the largest.
    Polynomial {
        ratio: f64,
    },
    /// The rest of K is not positive definite to rounding: this pivot over the largest number on its diagonal.
    Pivot {
        ratio: f64,
    },
}

/// Eight sums side by side, then these: the same on every instruction set.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a8.zip(b8) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Columns of the polynomial that are less apart from each other than this are one.
const INDEPENDENT: f64 = 1e-9;

/// Factors the equations of `points` points: `fill(i, to)` writes the numbers `K[i][..to.len()]` of a row; `columns` are the polynomial's,
/// of numbers about 1.
pub(super) fn factor(points: usize, fill: impl Fn(usize, &mut [f64]) + Sync, columns: Vec<Vec<f64>>) -> Result<Factored, Unsolved> {
    let blocks = points.div_ceil(BLOCK);
    let (reflections, triangle) = reflect(points, columns)?;
    let shared = pays(points * points);
    let mut rows = Vec::with_capacity(blocks);
    for i in 0..blocks {
        let width = (i + 1) * BLOCK;
        let mut data = Vec::new();
        data.try_reserve_exact(BLOCK * width).map_err(|_| Unsolved::Memory { bytes: points * points * 4 })?;
        rows.push((i, BlockRow { data, width }));
    }
    each_of(&mut rows, shared, |(i, row)| {
        row.data.resize(BLOCK * row.width, 0.0);
        for r in 0..BLOCK.min(points - *i * BLOCK) {
            fill(*i * BLOCK + r, &mut row.data[r * row.width..][..row.width.min(points)]);
        }
    });
    for reflection in &reflections {
        both_sides(&mut rows, reflection, shared);
    }
    let left = points - triangle.len();
    // Equations of the polynomial leave the matrix, which goes on as that of 1 behind its end.
    let mut beside = Vec::with_capacity(triangle.len());
    for t in 0..triangle.len() {
        let at = points - 1 - t;
        beside.push(rows[at / BLOCK].1.row(at % BLOCK)[..left].to_vec());
    }
    for at in left..blocks * BLOCK {
        let row = &mut rows[at / BLOCK].1;
        let width = row.width;
        row.data[at % BLOCK * width..][..width].fill(0.0);
        for row in &mut row.data.chunks_exact_mut(width) {
            row[at] = 0.0;
        }
        row.data[at % BLOCK * width + at] = 1.0;
    }
    let mut rows: Vec<BlockRow> = rows.into_iter().map(|(_, row)| row).collect();
    cholesky(&mut rows, left)?;
    Ok(Factored { rows, reflections, triangle, beside, points })
}

/// Reflections that leave the polynomial's column `t` nothing above equation `points - 1 - t`, and what stays there.
fn reflect(points: usize, mut columns: Vec<Vec<f64>>) -> Result<(Vec<Reflection>, Vec<Vec<f64>>), Unsolved> {
    let mut reflections: Vec<Reflection> = Vec::with_capacity(columns.len());
    for t in 0..columns.len() {
        let pivot = points - 1 - t;
        let mut v = columns[t].clone();
        v[pivot + 1..].fill(0.0);
        let norm = dot(&v, &v).sqrt();
        let new = if v[pivot] > 0.0 { -norm } else { norm };
        v[pivot] -= new;
        let size = dot(&v, &v);
        let reflection = Reflection { v, scale: if size > 0.0 { 2.0 / size } else { 0.0 } };
        for column in &mut columns[t..] {
            reflection.apply(column);
        }
        reflections.push(reflection);
    }
    let triangle: Vec<Vec<f64>> =
        (0..columns.len()).map(|t| columns.iter().map(|column| column[points - 1 - t]).collect()).collect();
    let diagonal = triangle.iter().enumerate().map(|(t, row): (usize, &Vec<f64>)| row[t].abs());
    let (least, most) = diagonal.fold((f64::INFINITY, 0.0f64), |(least, most), d| (least.min(d), most.max(d)));
    if !columns.is_empty() && (least <= INDEPENDENT * most || !most.is_finite()) {
        return Err(Unsolved::Polynomial { ratio: least / most });
    }
    Ok((reflections, triangle))
}

/// `H K H` of the symmetric matrix.
fn both_sides(rows: &mut [(usize, BlockRow)], reflection: &Reflection, shared: bool) {
    let v = {
        let mut v = reflection.v.clone();
        v.resize(rows.len() * BLOCK, 0.0);
        v
    };
    // p = scale K v; blocks on the right of the diagonal are those below it, turned.
    let mut parts: Vec<(usize, [f64; BLOCK])> = (0..rows.len()).map(|i| (i, [0.0; BLOCK])).collect();
    let all = &*rows;
    each_of(&mut parts, shared, |(i, part)| {
        let row = &all[*i].1;
        for (r, part) in part.iter_mut().enumerate() {
            *part = dot(row.row(r), &v);
        }
        for (j, (_, below)) in all.iter().enumerate().skip(*i + 1) {
            for r in 0..BLOCK {
                let weight = v[j * BLOCK + r];
                for (part, number) in part.iter_mut().zip(&below.row(r)[*i * BLOCK..]) {
                    *part += weight * number;
                }
            }
        }
    });
    let mut w: Vec<f64> = parts.iter().flat_map(|(_, part)| part.iter().map(|p| reflection.scale * p)).collect();
    let half = 0.5 * reflection.scale * dot(&w, &v);
    for (w, v) in w.iter_mut().zip(&v) {
        *w -= half * v;
    }
    each_of(rows, shared, |(i, row)| {
        let width = row.width;
        for (r, row) in row.data.chunks_exact_mut(width).enumerate() {
            let (v_r, w_r) = (v[*i * BLOCK + r], w[*i * BLOCK + r]);
            for ((number, v), w) in row.iter_mut().zip(&v).zip(&w) {
                *number -= v_r * w + w_r * v;
            }
        }
    });
}

/// `L` in place of the lower triangle, block column by block column (Golub and Van Loan, Matrix Computations, 4.2.6, looking left).
fn cholesky(rows: &mut [BlockRow], left: usize) -> Result<(), Unsolved> {
    let largest = (0..left).map(|at| rows[at / BLOCK].row(at % BLOCK)[at]).fold(0.0, f64::max);
    for k in 0..rows.len() {
        let depth = k * BLOCK;
        let Some((own, below)) = rows[k..].split_first_mut() else { break };
        let packed = packed(own, 0..depth);
        own.subtract(&packed, depth, k);
        own.own_triangle(k, largest)?;
        let inverse = own.inverse(k);
        each_of(below, pays(below.len() * BLOCK * depth.max(BLOCK)), |row| {
            row.subtract(&packed, depth, k);
            row.times(&inverse, k);
        });
    }
    Ok(())
}

/// The columns of a block row as panels of its transpose.
fn packed(row: &BlockRow, columns: std::ops::Range<usize>) -> Vec<f64> {
    let depth = columns.len();
    let mut to = vec![0.0; BLOCK * depth];
    for (p, panel) in to.chunks_exact_mut((PANEL * depth).max(1)).enumerate() {
        for lane in 0..PANEL {
            for (to, number) in panel[lane..].iter_mut().step_by(PANEL).zip(&row.row(p * PANEL + lane)[columns.clone()]) {
                *to = *number;
            }
        }
    }
    to
}

impl BlockRow {
    /// Takes off block `k` the product of what is left of it with `packed`.
    fn subtract(&mut self, packed: &[f64], depth: usize, k: usize) {
        if depth == 0 {
            return;
        }
        let mut sum = vec![0.0; BLOCK * BLOCK];
        for from in (0..depth).step_by(DEPTH) {
            let terms = DEPTH.min(depth - from);
            let left = Left { data: &self.data[from..], step: self.width, rows: BLOCK };
            let right = Right { data: &packed[from * PANEL..], row: PANEL, panel: depth * PANEL, panels: BLOCK / PANEL };
            product(left, right, terms, &mut sum, BLOCK, from > 0);
        }
        for (row, sum) in self.data.chunks_exact_mut(self.width).zip(sum.chunks_exact(BLOCK)) {
            for (number, sum) in row[k * BLOCK..].iter_mut().zip(sum) {
                *number -= sum;
            }
        }
    }

    /// Multiplies block `k` by a packed block.
    fn times(&mut self, packed: &[f64], k: usize) {
        let mut to = vec![0.0; BLOCK * BLOCK];
        let left = Left { data: &self.data[k * BLOCK..], step: self.width, rows: BLOCK };
        let right = Right { data: packed, row: PANEL, panel: BLOCK * PANEL, panels: BLOCK / PANEL };
        product(left, right, BLOCK, &mut to, BLOCK, false);
        for (row, to) in self.data.chunks_exact_mut(self.width).zip(to.chunks_exact(BLOCK)) {
            row[k * BLOCK..][..BLOCK].copy_from_slice(to);
        }
    }

    /// Factors block `k`, the row's last.
    fn own_triangle(&mut self, k: usize, largest: f64) -> Result<(), Unsolved> {
        for c in 0..BLOCK {
            let (row, below) = self.data[c * self.width..].split_at_mut(self.width);
            let row = &mut row[k * BLOCK..];
            let pivot = row[c] - dot(&row[..c], &row[..c]);
            // No more than rounding of the numbers that it is a difference of.
            if !(pivot > f64::EPSILON * largest && pivot.is_finite()) {
                return Err(Unsolved::Pivot { ratio: if largest > 0.0 { pivot / largest } else { 0.0 } });
            }
            let root = pivot.sqrt();
            row[c] = root;
            row[c + 1..].fill(0.0);
            for below in below.chunks_exact_mut(self.width) {
                let below = &mut below[k * BLOCK..];
                below[c] = (below[c] - dot(&below[..c], &row[..c])) / root;
            }
        }
        Ok(())
    }

    /// The transposed inverse of block `k`, a lower triangle, as panels.
    fn inverse(&self, k: usize) -> Vec<f64> {
        let mut inverse = vec![0.0; BLOCK * BLOCK];
        for c in 0..BLOCK {
            let row = &self.row(c)[k * BLOCK..];
            let (above, own) = inverse.split_at_mut(c * BLOCK);
            let own = &mut own[..BLOCK];
            for (above, l) in above.chunks_exact(BLOCK).zip(row) {
                for (own, above) in own.iter_mut().zip(above).take(c) {
                    *own -= l * above;
                }
            }
            own[c] = 1.0;
            for own in &mut own[..=c] {
                *own /= row[c];
            }
        }
        packed(&BlockRow { data: inverse, width: BLOCK }, 0..BLOCK)
    }
}

impl Factored {
    /// Weights of the points and coefficients of the polynomial for these values at the points.
    pub(super) fn solve(&self, values: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let left = self.points - self.triangle.len();
        let mut reflected = values.to_vec();
        for reflection in &self.reflections {
            reflection.apply(&mut reflected);
        }
        let mut z = reflected[..left].to_vec();
        z.resize(self.rows.len() * BLOCK, 0.0);
        for at in 0..z.len() {
            let row = self.rows[at / BLOCK].row(at % BLOCK);
            z[at] = (z[at] - dot(&row[..at], &z[..at])) / row[at];
        }
        for at in (0..z.len()).rev() {
            let row = self.rows[at / BLOCK].row(at % BLOCK);
            let (before, own) = z.split_at_mut(at);
            own[0] /= row[at];
            for (z, number) in before.iter_mut().zip(row) {
                *z -= own[0] * number;
            }
        }
        z.truncate(left);
        let mut polynomial = vec![0.0; self.triangle.len()];
        for t in (0..polynomial.len()).rev() {
            let known = dot(&self.beside[t], &z) + dot(&self.triangle[t][t + 1..], &polynomial[t + 1..]);
            polynomial[t] = (reflected[self.points - 1 - t] - known) / self.triangle[t][t];
        }
        z.resize(self.points, 0.0);
        for reflection in self.reflections.iter().rev() {
            reflection.apply(&mut z);
        }
        (z, polynomial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Solves and puts the solution into the equations.
    fn check(points: usize, least: i32) {
        let place = |i: usize| ((i * 7919 + 13) % 100_003) as f64 / 100_003.0 * 2.0 - 1.0;
        let kernel = |i: usize, j: usize| -((place(i) - place(j)).abs());
        let columns: Vec<Vec<f64>> = (0..=least).map(|t| (0..points).map(|i| place(i).powi(t)).collect()).collect();
        let fill = |i: usize, to: &mut [f64]| to.iter_mut().enumerate().for_each(|(j, to)| *to = kernel(i, j));
        let Ok(factored) = factor(points, fill, columns.clone()) else { panic!("solvable") };
        let values: Vec<f64> = (0..points).map(|i| (place(i) * 3.0).sin()).collect();
        let (weights, polynomial) = factored.solve(&values);
        for i in 0..points {
            let found = (0..points).map(|j| kernel(i, j) * weights[j]).sum::<f64>()
                + columns.iter().zip(&polynomial).map(|(column, a)| column[i] * a).sum::<f64>();
            assert!((found - values[i]).abs() < 1e-10, "{points}, {i}: {found}, {}", values[i]);
        }
        for column in &columns {
            assert!(dot(column, &weights).abs() < 1e-9, "{points}: weights see no polynomial");
        }
    }

    #[test]
    fn solutions_solve() {
        for points in [2, 3, 95, 96, 97, 98, 200, 389] {
            check(points, 0);
            check(points.max(3), 1);
        }
    }
}
