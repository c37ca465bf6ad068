//! Affine maps.

use super::Formula;
use crate::map::adjugate;
use thiserror::Error;

/// `source = matrix * destination + offset`, in pixels, x first, pixel centres at integers.
///
/// ```
/// use displace::{Affine, Formula};
/// // Half as far apart, and one pixel to the right.
/// let map = Affine::from_rows([[0.5, 0.0], [0.0, 0.5]], [1.0, 0.0]);
/// assert_eq!(map.source([4.0, 2.0]), Some([3.0, 1.0]));
/// assert_eq!(map.inverse()?.source([3.0, 1.0]), Some([4.0, 2.0]));
/// # Ok::<(), displace::AffineError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine<const D: usize> {
    matrix: [[f64; D]; D],
    offset: [f64; D],
}

/// What is no affine map, or has no inverse.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum AffineError {
    /// A matrix of another shape.
    #[error("{found} numbers: expected a matrix of {rows} rows and {columns} columns, row by row", columns = rows + 1)]
    Length {
        /// Numbers given.
        found: usize,
        /// Rows wanted.
        rows: usize,
    },
    /// Numbers that are not finite.
    #[error("the matrix {matrix:?} holds numbers that are not finite")]
    NotFinite {
        /// Row by row.
        matrix: Vec<f64>,
    },
    /// No inverse.
    #[error("the matrix {matrix:?} has determinant {determinant}: it has no inverse")]
    Singular {
        /// Row by row, without offsets.
        matrix: Vec<f64>,
        /// Its determinant.
        determinant: f64,
    },
}

impl<const D: usize> Affine<D> {
    /// From the rows of the matrix and the offset.
    #[must_use]
    pub const fn from_rows(matrix: [[f64; D]; D], offset: [f64; D]) -> Self {
        Self { matrix, offset }
    }

    /// From `D` rows of `D + 1` numbers, row by row: OpenCV's 2x3 matrix, or the upper rows of a homogeneous one.
    ///
    /// # Errors
    /// If there are more or fewer numbers, or some are not finite.
    pub fn from_numbers(numbers: &[f64]) -> Result<Self, AffineError> {
        if numbers.len() != D * (D + 1) {
            return Err(AffineError::Length { found: numbers.len(), rows: D });
        }
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(AffineError::NotFinite { matrix: numbers.to_vec() });
        }
        let row = |i: usize| &numbers[i * (D + 1)..][..D + 1];
        Ok(Self { matrix: std::array::from_fn(|i| std::array::from_fn(|k| row(i)[k])), offset: std::array::from_fn(|i| row(i)[D]) })
    }

    /// The rows of the matrix.
    #[must_use]
    pub const fn matrix(&self) -> &[[f64; D]; D] {
        &self.matrix
    }

    /// What is added.
    #[must_use]
    pub const fn offset(&self) -> &[f64; D] {
        &self.offset
    }

    /// The map back.
    ///
    /// # Errors
    /// If the determinant is 0.
    pub fn inverse(&self) -> Result<Self, AffineError> {
        let (adjugate, determinant) = adjugate(&self.matrix);
        if determinant == 0.0 || !determinant.is_finite() {
            return Err(AffineError::Singular { matrix: self.matrix.concat(), determinant });
        }
        let matrix = adjugate.map(|row| row.map(|entry| entry / determinant));
        let back = Self { matrix, offset: [0.0; D] };
        Ok(Self { matrix, offset: back.apply(self.offset).map(|offset| -offset) })
    }

    fn apply(&self, at: [f64; D]) -> [f64; D] {
        std::array::from_fn(|i| (0..D).fold(self.offset[i], |sum, k| self.matrix[i][k].mul_add(at[k], sum)))
    }
}

impl<const D: usize> Formula<D> for Affine<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        Some(self.apply(at))
    }
}
