//! What ITK's kinds of transforms mean.

use crate::stored::{Affine, Transform};

/// The map that a transform of this type makes of its parameters.
///
/// # Errors
/// If the type is another, or the numbers do not fit it.
pub(crate) fn itk_transform(type_name: &str, fixed: &[f64], parameters: &[f64]) -> Result<Transform, String> {
    let axes = if type_name.ends_with("_2_2") { 2usize } else { 3 };
    let kind = type_name.split('_').next().unwrap_or_default();
    let wanted = |count: usize| {
        let found = parameters.len();
        if found == count { Ok(()) } else { Err(format!("has a {type_name} of {found} parameters: expected {count}")) }
    };
    match kind {
        "AffineTransform" | "MatrixOffsetTransformBase" => {
            wanted(axes * axes + axes)?;
            let (matrix, translation) = parameters.split_at(axes * axes);
            let centre = |k: usize| fixed.get(k).copied().unwrap_or(0.0);
            let turned = matrix.chunks(axes).map(|row| row.iter().enumerate().map(|(k, m)| m * centre(k)).sum::<f64>());
            let offset = translation.iter().zip(turned).enumerate().map(|(k, (t, turned))| t + centre(k) - turned).collect();
            Ok(Transform::Affine(Affine { matrix: matrix.to_vec(), offset }))
        }
        "TranslationTransform" => {
            wanted(axes)?;
            let matrix = (0..axes * axes).map(|k| f64::from(u8::from(k % (axes + 1) == 0))).collect();
            Ok(Transform::Affine(Affine { matrix, offset: parameters.to_vec() }))
        }
        other => Err(format!("holds a {other}, which is not supported")),
    }
}
