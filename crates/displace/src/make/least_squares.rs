//! Small linear algebra: least squares by Householder's reflections, singular values by Jacobi's rotations.
//!
//! Written out rather than called, since the libraries for it choose their instructions, and with them the last bits, by the machine.

/// A matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matrix {
    columns: usize,
    numbers: Vec<f64>,
}

impl Matrix {
    pub(crate) const fn new(columns: usize) -> Self {
        Self { columns, numbers: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: &[f64]) {
        debug_assert_eq!(row.len(), self.columns, "a row of the matrix");
        self.numbers.extend_from_slice(row);
    }

    pub(crate) fn rows(&self) -> usize {
        self.numbers.len() / self.columns
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.numbers[i * self.columns..][..self.columns]
    }

    /// Its upper triangle after reflections that make everything below the diagonal 0 (Golub and Van Loan, Matrix Computations,
    /// 5.2.1), of as many rows as columns. The last `kept` columns are not eliminated: right-hand sides.
    fn triangle(mut self, kept: usize) -> Self {
        let (rows, columns) = (self.rows(), self.columns);
        for k in 0..(columns - kept).min(rows) {
            let at = |i: usize, j: usize| i * columns + j;
            let largest = (k..rows).map(|i| self.numbers[at(i, k)].abs()).fold(0.0, f64::max);
            if largest == 0.0 {
                continue;
            }
            let norm = largest * (k..rows).map(|i| (self.numbers[at(i, k)] / largest).powi(2)).sum::<f64>().sqrt();
            // The sign that does not cancel.
            let head = self.numbers[at(k, k)];
            let new = if head > 0.0 { -norm } else { norm };
            let mut v: Vec<f64> = (k..rows).map(|i| self.numbers[at(i, k)] / norm).collect();
            v[0] = (head - new) / norm;
            let scale = 2.0 / v.iter().map(|v| v * v).sum::<f64>();
            for j in k..columns {
                let along = scale * v.iter().enumerate().map(|(i, v)| v * self.numbers[at(k + i, j)]).sum::<f64>();
                for (i, v) in v.iter().enumerate() {
                    self.numbers[at(k + i, j)] -= along * v;
                }
            }
        }
        self.numbers.resize(columns.saturating_sub(kept) * columns, 0.0);
        self
    }
}

/// The solution of least squares for `sides` right-hand sides, which are the last columns of `system`, and the ratio of the largest to
/// the smallest number on the triangle's diagonal, about the condition: infinite if columns depend on each other.
pub(crate) fn least_squares(system: Matrix, sides: usize) -> (Vec<Vec<f64>>, f64) {
    let unknowns = system.columns - sides;
    let r = system.triangle(sides);
    let diagonal = (0..unknowns).map(|k| r.row(k)[k].abs());
    let (least, most) = diagonal.fold((f64::INFINITY, 0.0f64), |(least, most), d| (least.min(d), most.max(d)));
    let solutions = (0..sides).map(|side| {
        let mut x = vec![0.0; unknowns];
        for k in (0..unknowns).rev() {
            let row = r.row(k);
            let rest: f64 = (k + 1..unknowns).map(|j| row[j] * x[j]).sum();
            x[k] = (row[unknowns + side] - rest) / row[k];
        }
        x
    });
    (solutions.collect(), if least > 0.0 { most / least } else { f64::INFINITY })
}

/// Singular values, largest first, with the right singular vectors (rows of the second), by one-sided Jacobi rotations of the
/// triangle (Demmel and Veselic, SIAM J. Matrix Anal. 13(4), 1992).
pub(crate) fn singular_values(matrix: Matrix) -> (Vec<f64>, Vec<Vec<f64>>) {
    let r = matrix.triangle(0);
    let n = r.columns;
    let mut u: Vec<Vec<f64>> = (0..n).map(|j| (0..n).map(|i| r.row(i)[j]).collect()).collect();
    let mut v: Vec<Vec<f64>> = (0..n).map(|j| (0..n).map(|i| f64::from(u8::from(i == j))).collect()).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // Quadratic convergence: a dozen sweeps are more than any matrix of this size takes.
    for _ in 0..40 {
        let mut turned = false;
        for p in 0..n {
            for q in p + 1..n {
                let (a, b, c) = (dot(&u[p], &u[p]), dot(&u[q], &u[q]), dot(&u[p], &u[q]));
                if c.abs() <= f64::EPSILON * (a * b).sqrt() || c == 0.0 {
                    continue;
                }
                turned = true;
                let zeta = (b - a) / (2.0 * c);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cos = 1.0 / (1.0 + t * t).sqrt();
                for set in [&mut u, &mut v] {
                    for i in 0..n {
                        let (x, y) = (set[p][i], set[q][i]);
                        set[p][i] = cos * (x - t * y);
                        set[q][i] = cos * (t * x + y);
                    }
                }
            }
        }
        if !turned {
            break;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    let sizes: Vec<f64> = u.iter().map(|u| dot(u, u).sqrt()).collect();
    order.sort_by(|a, b| sizes[*b].total_cmp(&sizes[*a]));
    (order.iter().map(|k| sizes[*k]).collect(), order.iter().map(|k| v[*k].clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[f64]]) -> Matrix {
        let mut matrix = Matrix::new(rows[0].len());
        rows.iter().for_each(|row| matrix.push(row));
        matrix
    }

    #[test]
    fn a_line_through_three_points() {
        // y = a + b x for (0, 1), (1, 3), (2, 5), and y = (1, 0, 1), whose line is flat at 2/3.
        let (x, condition) = least_squares(matrix(&[&[1.0, 0.0, 1.0, 1.0], &[1.0, 1.0, 3.0, 0.0], &[1.0, 2.0, 5.0, 1.0]]), 2);
        for (found, expected) in x.concat().iter().zip([1.0, 2.0, 2.0 / 3.0, 0.0]) {
            assert!((found - expected).abs() < 1e-15, "{x:?}");
        }
        assert!(condition < 10.0);
        assert!(least_squares(matrix(&[&[1.0, 2.0, 1.0], &[2.0, 4.0, 1.0]]), 1).1 > 1e15);
    }

    #[test]
    fn singular_values_by_hand() {
        // [[3, 0], [4, 5]] has the singular values sqrt(45) and sqrt(5), right vectors (1, 1) and (1, -1) over sqrt(2).
        let (sizes, right) = singular_values(matrix(&[&[3.0, 0.0], &[4.0, 5.0]]));
        assert!((sizes[0] - 45f64.sqrt()).abs() < 1e-15 * 8.0 && (sizes[1] - 5f64.sqrt()).abs() < 1e-15 * 8.0, "{sizes:?}");
        assert!((right[0][0] - right[0][1]).abs() < 1e-15 && (right[1][0] + right[1][1]).abs() < 1e-15, "{right:?}");
        let (sizes, right) = singular_values(matrix(&[&[1.0, 1.0], &[1.0, 1.0], &[1.0, 1.0]]));
        assert!(sizes[1] < 1e-15 && (right[1][0] + right[1][1]).abs() < 1e-15, "{sizes:?}");
    }
}
