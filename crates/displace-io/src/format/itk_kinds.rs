//! ITK's transform types by name: what their parameters mean, as a matrix and an offset or as a field.

use crate::error::read::one_line;
use crate::stored::{Affine, StoredField, Transform};
use displace::{AnyArray, Placement};

/// The types that are read, for people.
const READ: &str = "AffineTransform, MatrixOffsetTransformBase, CenteredAffineTransform, FixedCenterOfRotationAffineTransform, \
                    Rigid2DTransform, Euler2DTransform, Similarity2DTransform, CenteredRigid2DTransform, \
                    CenteredSimilarity2DTransform, Rigid3DTransform, Euler3DTransform, CenteredEuler3DTransform, \
                    VersorTransform, VersorRigid3DTransform, QuaternionRigidTransform, Similarity3DTransform, ScaleTransform, \
                    ScaleLogarithmicTransform, ScaleVersor3DTransform, ScaleSkewVersor3DTransform, \
                    ComposeScaleSkewVersor3DTransform, TranslationTransform, IdentityTransform, DisplacementFieldTransform";

/// A 3x3 matrix, row by row.
type Matrix3 = [f64; 9];

/// What an ITK transform does, from its type's name (`AffineTransform_double_3_3`), fixed parameters and parameters.
///
/// # Errors
/// In words that follow "that": a type that is not read, numbers too many or too few, numbers that make no transform.
pub(crate) fn itk_transform(type_name: &str, fixed: &[f64], parameters: &[f64]) -> Result<Transform, String> {
    let (name, axes) = name_and_axes(type_name)?;
    if let Some(odd) = fixed.iter().find(|v| !v.is_finite()) {
        return Err(format!("has the fixed parameter {odd} for {name}: expected finite numbers"));
    }
    if name == "DisplacementFieldTransform" {
        return field(axes, fixed, parameters).map(Transform::Field);
    }
    if let Some(odd) = parameters.iter().find(|v| !v.is_finite()) {
        return Err(format!("has the parameter {odd} for {name}: expected finite numbers"));
    }
    let numbers = Numbers { name, axes, fixed, parameters };
    numbers.affine().map(Transform::Affine)
}

/// The name without its suffix, and the number of axes that the suffix says.
fn name_and_axes(type_name: &str) -> Result<(&str, usize), String> {
    let unknown = || format!("has the type \"{}\": expected a name such as AffineTransform_double_3_3", one_line(type_name));
    let mut parts = type_name.rsplitn(4, '_');
    let (to, from, precision) = (parts.next(), parts.next(), parts.next());
    let name = parts.next().ok_or_else(unknown)?;
    if !matches!(precision, Some("double" | "float")) {
        return Err(unknown());
    }
    match (from, to) {
        (Some("2"), Some("2")) => Ok((name, 2)),
        (Some("3"), Some("3")) => Ok((name, 3)),
        _ => Err(format!("has the type \"{}\": expected 2 axes to 2, or 3 to 3", one_line(type_name))),
    }
}

/// The numbers of one transform.
struct Numbers<'a> {
    name: &'a str,
    axes: usize,
    fixed: &'a [f64],
    parameters: &'a [f64],
}

impl Numbers<'_> {
    /// The parameters, if there are `N` of them.
    fn exactly<const N: usize>(&self) -> Result<[f64; N], String> {
        self.parameters.try_into().map_err(|_| {
            let (name, axes, found) = (self.name, self.axes, self.parameters.len());
            format!("has {found} parameters for {name} of {axes} axes: expected {N}")
        })
    }

    /// That the type has this many axes.
    fn only(&self, axes: usize) -> Result<(), String> {
        if self.axes == axes {
            return Ok(());
        }
        Err(format!("says {} axes of {}: that type has {axes}", self.axes, self.name))
    }

    /// The centre, which is all that most types fix; Euler3D and a few others may have one number more.
    fn centre(&self, more: usize) -> Result<&[f64], String> {
        let (found, axes) = (self.fixed.len(), self.axes);
        if (axes..=axes + more).contains(&found) {
            return Ok(&self.fixed[..axes]);
        }
        Err(format!("has {found} fixed parameters for {}: expected the {axes} numbers of its centre", self.name))
    }

    /// `matrix * (x - centre) + centre + translation`.
    fn about(&self, matrix: &[f64], centre: &[f64], translation: &[f64]) -> Result<Affine, String> {
        let moved = |(i, row): (usize, &[f64])| {
            let turned: f64 = row.iter().zip(centre).map(|(m, c)| m * c).sum();
            translation.get(i).unwrap_or(&0.0) + centre.get(i).unwrap_or(&0.0) - turned
        };
        let offset: Vec<f64> = matrix.chunks(self.axes).enumerate().map(moved).collect();
        if matrix.iter().chain(&offset).any(|v| !v.is_finite()) {
            return Err(format!("has numbers for {} that are too large to compute with", self.name));
        }
        Ok(Affine { matrix: matrix.to_vec(), offset })
    }

    fn affine(&self) -> Result<Affine, String> {
        match self.name {
            "AffineTransform" | "MatrixOffsetTransformBase" | "FixedCenterOfRotationAffineTransform" => self.matrix(),
            "CenteredAffineTransform" => self.centred_matrix(),
            "IdentityTransform" => {
                self.exactly::<0>()?;
                self.scaled(&[1.0; 3], &[0.0; 3])
            }
            "TranslationTransform" => self.translation(),
            "ScaleTransform" => self.scale(|s| s),
            "ScaleLogarithmicTransform" => self.scale(f64::exp),
            "Rigid2DTransform"
            | "Euler2DTransform"
            | "Similarity2DTransform"
            | "CenteredRigid2DTransform"
            | "CenteredSimilarity2DTransform" => self.plane(),
            "Rigid3DTransform"
            | "Euler3DTransform"
            | "CenteredEuler3DTransform"
            | "VersorTransform"
            | "VersorRigid3DTransform"
            | "QuaternionRigidTransform"
            | "Similarity3DTransform"
            | "ScaleVersor3DTransform"
            | "ScaleSkewVersor3DTransform"
            | "ComposeScaleSkewVersor3DTransform" => self.space(),
            other => Err(format!("has the type {}: those read are {READ}", one_line(other))),
        }
    }

    /// A matrix row by row, then the translation.
    fn matrix(&self) -> Result<Affine, String> {
        let centre = self.centre(0)?;
        if self.axes == 2 {
            let [a, b, c, d, x, y] = self.exactly()?;
            return self.about(&[a, b, c, d], centre, &[x, y]);
        }
        let p = self.exactly::<12>()?;
        let (matrix, translation) = p.split_at(9);
        self.about(matrix, centre, translation)
    }

    /// A matrix row by row, its centre, the translation.
    fn centred_matrix(&self) -> Result<Affine, String> {
        if self.axes == 2 {
            let [a, b, c, d, cx, cy, x, y] = self.exactly()?;
            return self.about(&[a, b, c, d], &[cx, cy], &[x, y]);
        }
        let p = self.exactly::<15>()?;
        let (matrix, rest) = p.split_at(9);
        let (centre, translation) = rest.split_at(3);
        self.about(matrix, centre, translation)
    }

    fn translation(&self) -> Result<Affine, String> {
        if self.axes == 2 {
            return self.scaled(&[1.0; 3], &self.exactly::<2>()?);
        }
        self.scaled(&[1.0; 3], &self.exactly::<3>()?)
    }

    fn scaled(&self, factors: &[f64], translation: &[f64]) -> Result<Affine, String> {
        let n = self.axes;
        let matrix: Vec<f64> = (0..n * n).map(|i| if i % (n + 1) == 0 { factors[i / n] } else { 0.0 }).collect();
        self.about(&matrix, &vec![0.0; n], translation)
    }

    fn scale(&self, factor: impl Fn(f64) -> f64) -> Result<Affine, String> {
        let centre = self.centre(0)?;
        let factors = if self.axes == 2 { self.exactly::<2>()?.to_vec() } else { self.exactly::<3>()?.to_vec() };
        let factors: Vec<f64> = factors.into_iter().map(factor).collect();
        let rest: Vec<f64> = factors.iter().zip(centre).map(|(f, c)| c - f * c).collect();
        self.scaled(&factors, &rest)
    }

    /// Types of the plane: a turn by an angle, and a factor for all axes.
    fn plane(&self) -> Result<Affine, String> {
        self.only(2)?;
        let (factor, angle, centre, translation) = match self.name {
            "CenteredRigid2DTransform" => {
                let [angle, cx, cy, x, y] = self.exactly()?;
                (1.0, angle, [cx, cy], [x, y])
            }
            "CenteredSimilarity2DTransform" => {
                let [factor, angle, cx, cy, x, y] = self.exactly()?;
                (factor, angle, [cx, cy], [x, y])
            }
            "Similarity2DTransform" => {
                let [factor, angle, x, y] = self.exactly()?;
                (factor, angle, self.point()?, [x, y])
            }
            _ => {
                let [angle, x, y] = self.exactly()?;
                (1.0, angle, self.point()?, [x, y])
            }
        };
        let (sine, cosine) = angle.sin_cos();
        self.about(&[factor * cosine, -factor * sine, factor * sine, factor * cosine], &centre, &translation)
    }

    fn point(&self) -> Result<[f64; 2], String> {
        let centre = self.centre(0)?;
        Ok([centre[0], centre[1]])
    }

    /// Types of space: a turn, and what stretches with it.
    fn space(&self) -> Result<Affine, String> {
        self.only(3)?;
        match self.name {
            "Rigid3DTransform" => self.matrix(),
            "Euler3DTransform" => {
                let [x, y, z, t @ ..]: [f64; 6] = self.exactly()?;
                self.about(&self.euler([x, y, z])?, self.centre(1)?, &t)
            }
            "CenteredEuler3DTransform" => {
                let [x, y, z, cx, cy, cz, t @ ..]: [f64; 9] = self.exactly()?;
                self.about(&self.euler([x, y, z])?, &[cx, cy, cz], &t)
            }
            "VersorTransform" => self.about(&versor(self.exactly()?), self.centre(0)?, &[]),
            "VersorRigid3DTransform" => {
                let [x, y, z, t @ ..]: [f64; 6] = self.exactly()?;
                self.about(&versor([x, y, z]), self.centre(0)?, &t)
            }
            "QuaternionRigidTransform" => {
                let [x, y, z, w, t @ ..]: [f64; 7] = self.exactly()?;
                self.about(&quaternion([x, y, z, w]), self.centre(0)?, &t)
            }
            "Similarity3DTransform" => {
                let [x, y, z, tx, ty, tz, factor] = self.exactly()?;
                self.about(&versor([x, y, z]).map(|m| m * factor), self.centre(0)?, &[tx, ty, tz])
            }
            "ComposeScaleSkewVersor3DTransform" => {
                let [x, y, z, tx, ty, tz, sx, sy, sz, xy, xz, yz] = self.exactly()?;
                let stretched = [sx, sx * xy, sx * xz, 0.0, sy, sy * yz, 0.0, 0.0, sz];
                self.about(&product(&versor([x, y, z]), &stretched), self.centre(0)?, &[tx, ty, tz])
            }
            _ => self.added(),
        }
    }

    /// A turn to whose matrix scales (less 1) and skews are added: ITK's way with these two types.
    fn added(&self) -> Result<Affine, String> {
        let (turn, translation, scales, skews) = if self.name == "ScaleVersor3DTransform" {
            let [x, y, z, tx, ty, tz, s @ ..]: [f64; 9] = self.exactly()?;
            ([x, y, z], [tx, ty, tz], s, [0.0; 6])
        } else {
            let [x, y, z, tx, ty, tz, sx, sy, sz, k @ ..]: [f64; 15] = self.exactly()?;
            ([x, y, z], [tx, ty, tz], [sx, sy, sz], k)
        };
        let ([sx, sy, sz], [xy, xz, yx, yz, zx, zy]) = (scales, skews);
        let more = [sx - 1.0, xy, xz, yx, sy - 1.0, yz, zx, zy, sz - 1.0];
        let mut matrix = versor(turn);
        matrix.iter_mut().zip(more).for_each(|(m, more)| *m += more);
        self.about(&matrix, self.centre(0)?, &translation)
    }

    /// Turns by angles: about y first, then x, then z; with a fourth fixed parameter that is not 0 about x, y, z.
    fn euler(&self, angles: [f64; 3]) -> Result<Matrix3, String> {
        self.centre(1)?;
        let [(sx, cx), (sy, cy), (sz, cz)] = angles.map(f64::sin_cos);
        let about_x = [1.0, 0.0, 0.0, 0.0, cx, -sx, 0.0, sx, cx];
        let about_y = [cy, 0.0, sy, 0.0, 1.0, 0.0, -sy, 0.0, cy];
        let about_z = [cz, -sz, 0.0, sz, cz, 0.0, 0.0, 0.0, 1.0];
        Ok(if self.fixed.get(3).is_some_and(|zyx| *zyx != 0.0) {
            product(&about_z, &product(&about_y, &about_x))
        } else {
            product(&about_z, &product(&about_x, &about_y))
        })
    }
}

fn product(a: &Matrix3, b: &Matrix3) -> Matrix3 {
    let mut out = [0.0; 9];
    for (i, o) in out.iter_mut().enumerate() {
        *o = (0..3).map(|k| a[i / 3 * 3 + k] * b[k * 3 + i % 3]).sum();
    }
    out
}

/// The turn of a versor by its axis times the sine of half the angle. An axis of length 1 and more is shortened to just below.
fn versor(axis: [f64; 3]) -> Matrix3 {
    const BELOW: f64 = 1e-10;
    let length = axis.iter().map(|v| v * v).sum::<f64>().sqrt();
    let [x, y, z] = if length >= 1.0 - BELOW { axis.map(|v| v / (length + BELOW * length)) } else { axis };
    let w = (1.0 - (x * x + y * y + z * z)).max(0.0).sqrt();
    [
        1.0 - 2.0 * (y * y + z * z),
        2.0 * (x * y - z * w),
        2.0 * (x * z + y * w),
        2.0 * (x * y + z * w),
        1.0 - 2.0 * (x * x + z * z),
        2.0 * (y * z - x * w),
        2.0 * (x * z - y * w),
        2.0 * (y * z + x * w),
        1.0 - 2.0 * (x * x + y * y),
    ]
}

/// The matrix of a quaternion, whose length scales it as in ITK.
fn quaternion([x, y, z, w]: [f64; 4]) -> Matrix3 {
    [
        w * w + x * x - y * y - z * z,
        2.0 * (x * y - z * w),
        2.0 * (x * z + y * w),
        2.0 * (x * y + z * w),
        w * w - x * x + y * y - z * z,
        2.0 * (y * z - x * w),
        2.0 * (x * z - y * w),
        2.0 * (y * z + x * w),
        w * w - x * x - y * y + z * z,
    ]
}

/// A displacement field: size, origin, spacing and direction are fixed, the displacements parameters.
fn field(axes: usize, fixed: &[f64], parameters: &[f64]) -> Result<StoredField, String> {
    let expected = axes * (axes + 3);
    if fixed.len() != expected {
        let found = fixed.len();
        return Err(format!("has {found} fixed parameters for DisplacementFieldTransform of {axes} axes: expected {expected}"));
    }
    let (size, rest) = fixed.split_at(axes);
    let (origin, rest) = rest.split_at(axes);
    let (spacing, direction) = rest.split_at(axes);
    let lengths: Option<Vec<usize>> = size.iter().rev().map(|v| whole(*v)).collect();
    let Some(mut shape) = lengths else {
        return Err(format!("has the size {size:?} for DisplacementFieldTransform: expected whole numbers from 1"));
    };
    let placement = Placement::new(spacing, origin, direction).map_err(|error| format!("has {error}"))?;
    shape.push(axes);
    let count = shape.iter().try_fold(1usize, |product, len| product.checked_mul(*len));
    if count != Some(parameters.len()) {
        let (found, needed) = (parameters.len(), count.map_or("more than memory has addresses".into(), |count| count.to_string()));
        return Err(format!("has {found} parameters for DisplacementFieldTransform of the size {size:?}: expected {needed}"));
    }
    let array = AnyArray::new(shape, parameters.to_vec()).map_err(|error| format!("has {error}"))?;
    let readings = vec!["itk".parse().map_err(|error| format!("has {error}"))?];
    Ok(StoredField { array, readings, valid: None, placement: Some(placement), remarks: Vec::new() })
}

/// A length as a whole number.
fn whole(value: f64) -> Option<usize> {
    const LONGEST: f64 = (1u64 << 30) as f64;
    ((1.0..=LONGEST).contains(&value) && value.fract() == 0.0).then_some(value as usize)
}
