//! Homographies: maps of a plane through a camera.

use super::Formula;
use super::affine::{AffineError, inverse};

/// `source = ((m00 x + m01 y + m02) / w, (m10 x + m11 y + m12) / w)` with `w = m20 x + m21 y + m22`, in pixels, x first.
///
/// Where `w` is not positive there is no place: behind the camera, or on its horizon. A matrix and its negative are the same map to a pinhole,
/// but not to a camera that looks one way: [`from_numbers`](Self::from_numbers) takes the sign as it is given.
///
/// ```
/// use displace::{Formula, Homography};
/// let map = Homography::from_numbers(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0, 1.0])?;
/// assert_eq!(map.source([2.0, 4.0]), Some([1.0, 2.0]));
/// assert_eq!(map.inverse()?.source([1.0, 2.0]), Some([2.0, 4.0]));
/// assert_eq!(map.source([-2.0, 0.0]), None);
/// # Ok::<(), displace::AffineError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homography {
    matrix: [[f64; 3]; 3],
}

impl Homography {
    /// From nine numbers, row by row, as OpenCV's and scikit-image's matrices.
    ///
    /// # Errors
    /// If there are more or fewer numbers, or some are not finite.
    pub fn from_numbers(numbers: &[f64]) -> Result<Self, AffineError> {
        let [a, b, c, d, e, f, g, h, i] = *numbers else {
            return Err(AffineError::Shape { found: numbers.len(), rows: 3, columns: 3 });
        };
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(AffineError::NotFinite { matrix: numbers.to_vec() });
        }
        Ok(Self { matrix: [[a, b, c], [d, e, f], [g, h, i]] })
    }

    /// Row by row.
    #[must_use]
    pub const fn matrix(&self) -> &[[f64; 3]; 3] {
        &self.matrix
    }

    /// The map back: where `w` is positive there, it is here.
    ///
    /// # Errors
    /// If the determinant is 0.
    pub fn inverse(&self) -> Result<Self, AffineError> {
        Ok(Self { matrix: inverse(&self.matrix)? })
    }

    /// Numerators and denominator at a place.
    pub(crate) fn homogeneous(&self, [x, y]: [f64; 2]) -> [f64; 3] {
        self.matrix.map(|row| row[0].mul_add(x, row[1].mul_add(y, row[2])))
    }
}

impl Formula<2> for Homography {
    fn source(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        let [x, y, w] = self.homogeneous(at);
        (w > 0.0).then(|| [x / w, y / w])
    }

    fn cost(&self) -> usize {
        30
    }
}
