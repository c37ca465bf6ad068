//! Where the pixels of an image lie in the world.

use thiserror::Error;

/// Where pixel centres lie: `origin + direction * (spacing * index)`, in LPS (ITK's own way of saying it), index x first.
///
/// ```
/// use displace::Placement;
/// let image = Placement::new(&[0.5, 2.0], &[-10.0, 5.0], &[1.0, 0.0, 0.0, 1.0])?;
/// assert_eq!(image.place(&[2.0, 1.0]), [-9.0, 7.0]);
/// // NIfTI's matrix of the same: RAS, the first two rows and the origin negated.
/// assert_eq!(image.ras_matrix(), [[-0.5, 0.0, 10.0], [0.0, -2.0, -5.0]]);
/// # Ok::<(), displace::PlacementError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    spacing: Vec<f64>,
    origin: Vec<f64>,
    direction: Vec<f64>,
}

/// Numbers that place no pixels.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PlacementError {
    /// Not two or three axes, or lists that do not fit each other.
    #[error("spacing of {spacing} numbers, origin of {origin} and direction of {direction}: expected 2, 2 and 4, or 3, 3 and 9")]
    Lengths {
        /// Numbers of the spacing.
        spacing: usize,
        /// Numbers of the origin.
        origin: usize,
        /// Numbers of the direction matrix.
        direction: usize,
    },
    /// A spacing that is none.
    #[error("a spacing of {found}: expected a positive finite number")]
    Spacing {
        /// The number.
        found: f64,
    },
    /// A number that is not finite.
    #[error("a place of {found}: expected finite numbers")]
    NotFinite {
        /// The number.
        found: f64,
    },
    /// A direction without inverse.
    #[error("the direction {direction:?} is singular: its axes lie in one plane or line")]
    Singular {
        /// The matrix, row by row.
        direction: Vec<f64>,
    },
}

impl Placement {
    /// From spacing and origin, x first, and the direction matrix row by row; its columns are the directions of the index axes
    /// in LPS.
    ///
    /// # Errors
    /// If the lengths do not fit, a spacing is not positive, a number not finite or the direction singular.
    pub fn new(spacing: &[f64], origin: &[f64], direction: &[f64]) -> Result<Self, PlacementError> {
        let axes = spacing.len();
        if !matches!(axes, 2 | 3) || origin.len() != axes || direction.len() != axes * axes {
            return Err(PlacementError::Lengths { spacing: axes, origin: origin.len(), direction: direction.len() });
        }
        if let Some(found) = spacing.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
            return Err(PlacementError::Spacing { found: *found });
        }
        if let Some(found) = origin.iter().chain(direction).find(|v| !v.is_finite()) {
            return Err(PlacementError::NotFinite { found: *found });
        }
        let placement = Self { spacing: spacing.to_vec(), origin: origin.to_vec(), direction: direction.to_vec() };
        // Against the lengths of the columns: axes in a plane up to rounding have no inverse that means anything.
        let lengths: f64 = (0..axes).map(|k| (0..axes).map(|i| direction[i * axes + k].powi(2)).sum::<f64>().sqrt()).product();
        let determinant = placement.determinant();
        if !determinant.is_finite() || determinant.abs() <= 1e-9 * lengths || lengths == 0.0 {
            return Err(PlacementError::Singular { direction: direction.to_vec() });
        }
        Ok(placement)
    }

    /// From NIfTI's matrix: the columns of the index axes in RAS, with the lengths of pixels, and the origin last. Spacings are
    /// the columns' lengths.
    ///
    /// # Errors
    /// As [`Placement::new`].
    pub fn from_ras_matrix(rows: &[Vec<f64>]) -> Result<Self, PlacementError> {
        let axes = rows.len();
        let lengths = PlacementError::Lengths { spacing: axes, origin: axes, direction: rows.iter().map(Vec::len).sum() };
        if !matches!(axes, 2 | 3) || rows.iter().any(|row| row.len() != axes + 1) {
            return Err(lengths);
        }
        let sign = |i: usize| if i < 2 { -1.0 } else { 1.0 };
        let spacing: Vec<f64> = (0..axes).map(|k| rows.iter().map(|row| row[k] * row[k]).sum::<f64>().sqrt()).collect();
        let origin: Vec<f64> = (0..axes).map(|i| sign(i) * rows[i][axes]).collect();
        let direction: Vec<f64> =
            (0..axes).flat_map(|i| (0..axes).map(move |k| (i, k))).map(|(i, k)| sign(i) * rows[i][k] / spacing[k]).collect();
        Self::new(&spacing, &origin, &direction)
    }

    /// Pixels of 1 at their own indices: what an image has that nobody placed.
    ///
    /// # Panics
    /// If `axes` is neither 2 nor 3.
    #[must_use]
    pub fn identity(axes: usize) -> Self {
        let direction: Vec<f64> = (0..axes * axes).map(|i| f64::from(u8::from(i % (axes + 1) == 0))).collect();
        Self::new(&vec![1.0; axes], &vec![0.0; axes], &direction).expect("two or three axes of length 1")
    }

    /// Number of axes, 2 or 3.
    #[must_use]
    pub fn axes(&self) -> usize {
        self.spacing.len()
    }

    /// Distances of pixel centres along each index axis, x first.
    #[must_use]
    pub fn spacing(&self) -> &[f64] {
        &self.spacing
    }

    /// The place of the first pixel's centre, LPS.
    #[must_use]
    pub fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// Directions of the index axes as columns, row by row, LPS.
    #[must_use]
    pub fn direction(&self) -> &[f64] {
        &self.direction
    }

    /// The place of an index, which need not be whole.
    #[must_use]
    pub fn place(&self, index: &[f64]) -> Vec<f64> {
        let n = self.axes();
        (0..n)
            .map(|i| self.origin[i] + (0..n).map(|k| self.direction[i * n + k] * (self.spacing[k] * index[k])).sum::<f64>())
            .collect()
    }

    /// The matrix that NIfTI keeps: directions times spacing in RAS, and the origin.
    #[must_use]
    pub fn ras_matrix(&self) -> Vec<Vec<f64>> {
        let n = self.axes();
        let sign = |i: usize| if i < 2 { -1.0 } else { 1.0 };
        (0..n)
            .map(|i| {
                let columns = (0..n).map(|k| sign(i) * self.direction[i * n + k] * self.spacing[k]);
                columns.chain([sign(i) * self.origin[i]]).map(|v| v + 0.0).collect()
            })
            .collect()
    }

    /// Whether the index axes are right-handed: the sign of the direction's determinant, the same in LPS and RAS.
    #[must_use]
    pub fn is_right_handed(&self) -> bool {
        self.determinant() > 0.0
    }

    fn determinant(&self) -> f64 {
        let d = &self.direction;
        match self.axes() {
            2 => d[0] * d[3] - d[1] * d[2],
            _ => d[0] * (d[4] * d[8] - d[5] * d[7]) - d[1] * (d[3] * d[8] - d[5] * d[6]) + d[2] * (d[3] * d[7] - d[4] * d[6]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ras_and_back() {
        let rows = vec![vec![-2.0, 0.0, 0.0, 90.0], vec![0.0, 2.0, 0.0, -126.0], vec![0.0, 0.0, 2.0, -72.0]];
        let mni = Placement::from_ras_matrix(&rows).unwrap();
        assert_eq!(mni.spacing(), [2.0, 2.0, 2.0]);
        assert_eq!(mni.origin(), [-90.0, 126.0, -72.0]);
        assert_eq!(mni.ras_matrix(), rows);
        assert!(!mni.is_right_handed(), "MNI's x runs to the left");
        assert_eq!(mni.place(&[45.0, 63.0, 36.0]), [0.0, 0.0, 0.0]);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(Placement::new(&[1.0], &[0.0], &[1.0]), Err(PlacementError::Lengths { .. })));
        assert!(matches!(Placement::new(&[1.0, 0.0], &[0.0; 2], &[1.0, 0.0, 0.0, 1.0]), Err(PlacementError::Spacing { .. })));
        assert!(matches!(Placement::new(&[1.0, 1.0], &[0.0; 2], &[1.0, 2.0, 2.0, 4.0]), Err(PlacementError::Singular { .. })));
        assert!(matches!(
            Placement::new(&[1.0, 1.0], &[f64::NAN, 0.0], &[1.0, 0.0, 0.0, 1.0]),
            Err(PlacementError::NotFinite { .. })
        ));
    }
}
