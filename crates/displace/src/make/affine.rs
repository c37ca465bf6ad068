//! Affine maps.

use super::Formula;
use crate::lattice::Lattice;
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
    #[error("{found} numbers: expected a matrix of {rows} rows and {columns} columns, row by row")]
    Shape {
        /// Numbers given.
        found: usize,
        /// Rows wanted.
        rows: usize,
        /// Columns wanted.
        columns: usize,
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
            return Err(AffineError::Shape { found: numbers.len(), rows: D, columns: D + 1 });
        }
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(AffineError::NotFinite { matrix: numbers.to_vec() });
        }
        let row = |i: usize| &numbers[i * (D + 1)..][..D + 1];
        Ok(Self { matrix: std::array::from_fn(|i| std::array::from_fn(|k| row(i)[k])), offset: std::array::from_fn(|i| row(i)[D]) })
    }

    /// From torch's theta, which leads between normalised places: `N_in theta N_out^-1`, where `N` takes a normalised value of a lattice
    /// to its pixel. An axis of one pixel lies at 0, as in [`affine_grid`](crate::affine_grid), if -1 and +1 are centres.
    ///
    /// # Errors
    /// As [`from_numbers`](Self::from_numbers).
    ///
    /// ```
    /// use displace::{Affine, Extent, Formula, Lattice};
    /// // The identity of theta shrinks 4 pixels to 2: pixel 0 reads between pixels 0 and 1.
    /// let lattice = |columns| Lattice::from_shape([1, columns], Extent::Edges);
    /// let map = Affine::from_theta(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &lattice(4)?, &lattice(2)?)?;
    /// assert_eq!(map.source([0.0, 0.0]), Some([0.5, 0.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_theta(theta: &[f64], source: &Lattice<D>, destination: &Lattice<D>) -> Result<Self, AffineError> {
        let theta = Self::from_numbers(theta)?;
        let (from, to) = (destination.axes(), source.axes());
        // A normalised value of the destination per pixel, and that of pixel 0.
        let per: [f64; D] = from.map(|axis| if axis.span() == 0 { 0.0 } else { 1.0 / axis.slope::<f64>() });
        let first: [f64; D] = std::array::from_fn(|k| -from[k].middle::<f64>() * per[k]);
        let start = theta.apply(first);
        Ok(Self {
            matrix: std::array::from_fn(|i| std::array::from_fn(|k| to[i].slope::<f64>() * theta.matrix[i][k] * per[k])),
            offset: std::array::from_fn(|i| to[i].slope::<f64>().mul_add(start[i], to[i].middle::<f64>())),
        })
    }

    /// The same matrix and translation about a centre, `matrix (x - center) + offset + center`: ITK's form.
    ///
    /// ```
    /// use displace::{Affine, Formula};
    /// let map = Affine::from_rows([[2.0, 0.0], [0.0, 2.0]], [1.0, 0.0]).about([10.0, 20.0]);
    /// assert_eq!(map.source([10.0, 20.0]), Some([11.0, 20.0]));
    /// assert_eq!(map.source([11.0, 20.0]), Some([13.0, 20.0]));
    /// ```
    #[must_use]
    pub fn about(&self, center: [f64; D]) -> Self {
        let turned = Self { offset: [0.0; D], ..*self }.apply(center);
        Self { offset: std::array::from_fn(|k| self.offset[k] + (center[k] - turned[k])), ..*self }
    }

    /// `R K S (x - center) + translation + center`: scaled axis by axis, sheared, turned, moved.
    ///
    /// Angles are in degrees: in 2-D one, from x to y, so that the picture of a pull map turns counter-clockwise on the screen; in 3-D about
    /// x, then y, then z. Shears are the numbers above the diagonal of `K`: `x += shear y` in 2-D, `xy, xz, yz` in 3-D. Quarter turns are exact.
    #[must_use]
    pub fn from_parts(parts: &AffineParts<D>) -> Self {
        let mut matrix: [[f64; D]; D] = std::array::from_fn(|i| std::array::from_fn(|k| if i == k { parts.scale[i] } else { 0.0 }));
        let [xy, xz, yz] = parts.shear;
        let upper = [[1.0, xy, xz], [0.0, 1.0, yz], [0.0, 0.0, 1.0]];
        matrix = product(&std::array::from_fn(|i| std::array::from_fn(|k| upper[i][k])), &matrix);
        let planes: &[(usize, usize)] = if D == 2 { &[(0, 1)] } else { &[(1, 2), (2, 0), (0, 1)] };
        for ((a, b), angle) in planes.iter().zip(parts.angles) {
            let (sin, cos) = turn(angle);
            let mut rotation: [[f64; D]; D] = std::array::from_fn(|i| std::array::from_fn(|k| f64::from(u8::from(i == k))));
            (rotation[*a][*a], rotation[*a][*b], rotation[*b][*a], rotation[*b][*b]) = (cos, -sin, sin, cos);
            matrix = product(&rotation, &matrix);
        }
        Self { matrix, offset: parts.translation }.about(parts.center)
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
        let matrix = inverse(&self.matrix)?;
        let back = Self { matrix, offset: [0.0; D] };
        Ok(Self { matrix, offset: back.apply(self.offset).map(|offset| -offset) })
    }

    fn apply(&self, at: [f64; D]) -> [f64; D] {
        std::array::from_fn(|i| (0..D).fold(self.offset[i], |sum, k| self.matrix[i][k].mul_add(at[k], sum)))
    }
}

/// An affine map by parts, for [`Affine::from_parts`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AffineParts<const D: usize> {
    /// Degrees: the first alone in 2-D, about x, y and z in 3-D.
    pub angles: [f64; 3],
    /// By axis.
    pub scale: [f64; D],
    /// `xy`, `xz`, `yz`; the first alone in 2-D.
    pub shear: [f64; 3],
    /// What is added, in pixels.
    pub translation: [f64; D],
    /// The place about which all else happens, in pixels.
    pub center: [f64; D],
}

impl<const D: usize> Default for AffineParts<D> {
    /// Nothing happens, about pixel 0.
    fn default() -> Self {
        Self { angles: [0.0; 3], scale: [1.0; D], shear: [0.0; 3], translation: [0.0; D], center: [0.0; D] }
    }
}

/// The inverse of a matrix.
pub(super) fn inverse<const D: usize>(matrix: &[[f64; D]; D]) -> Result<[[f64; D]; D], AffineError> {
    let (adjugate, determinant) = adjugate(matrix);
    if determinant == 0.0 || !determinant.is_finite() {
        return Err(AffineError::Singular { matrix: matrix.concat(), determinant });
    }
    Ok(adjugate.map(|row| row.map(|entry| entry / determinant)))
}

pub(super) fn product<const D: usize>(a: &[[f64; D]; D], b: &[[f64; D]; D]) -> [[f64; D]; D] {
    std::array::from_fn(|i| std::array::from_fn(|k| (0..D).map(|j| a[i][j] * b[j][k]).sum()))
}

/// Sine and cosine of degrees, exact at quarter turns.
fn turn(degrees: f64) -> (f64, f64) {
    let degrees = degrees % 360.0;
    let quarters = (degrees / 90.0).round();
    let (sin, cos) = libm::sincos((degrees - 90.0 * quarters).to_radians());
    match quarters as i32 {
        1 | -3 => (cos, -sin),
        2 | -2 => (-sin, -cos),
        3 | -1 => (-cos, sin),
        _ => (sin, cos),
    }
}

impl<const D: usize> Formula<D> for Affine<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        Some(self.apply(at))
    }
}
