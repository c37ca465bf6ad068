//! A text of numbers: an affine matrix, AFNI's if it says so, else one that other knowledge has to explain.

use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::format::{Input, wrong};
use crate::kind::Kind;
use crate::stored::{Affine, Transform};
use displace::{AnyArray, Placement};

/// What 3dvolreg, 3dAllineate and `cat_matvec` write above their matrices.
const AFNI: &str = "DICOM-to-DICOM";

/// More text than any matrix needs.
const LONGEST: usize = 1 << 16;

/// Reads what the bytes hold.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let refused = |what: String| wrong(Kind::Matrix, what);
    if input.bytes.len() > LONGEST {
        return Err(refused(format!("has {} bytes: expected an affine matrix of at most {LONGEST}", input.bytes.len())));
    }
    let text = std::str::from_utf8(input.bytes).map_err(|_| refused("holds bytes that are no text".into()))?;
    // All writers end their lines; a number that ends the file may have lost digits.
    if !text.ends_with('\n') {
        return Err(refused("ends inside a line: expected a line break after its last number".into()));
    }
    let rows = rows(text).map_err(refused)?;
    let afni = text.lines().any(|line| line.trim_start().starts_with('#') && line.contains(AFNI));
    if afni { affine(&rows).map(Contents::Transform) } else { array(&rows).map(Contents::Array) }.map_err(refused)
}

/// The numbers, row by row; lines that start with # say nothing.
fn rows(text: &str) -> Result<Vec<Vec<f64>>, String> {
    let number = |word: &str| match word.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => {
            Err(format!("has \"{}\" among its numbers: expected finite ones", one_line(&word.chars().take(40).collect::<String>())))
        }
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_whitespace().map(number).collect()).collect()
}

/// Lengths of rows, for people.
fn shape(rows: &[Vec<f64>]) -> String {
    let first = rows.first().map_or(0, Vec::len);
    if rows.iter().all(|row| row.len() == first) {
        return format!("{}x{first} numbers", rows.len());
    }
    format!("{} rows of different lengths", rows.len())
}

/// AFNI's matrix from places in the base image to places in the one that is read, LPS: in one row or in three.
fn affine(rows: &[Vec<f64>]) -> Result<Transform, String> {
    let numbers: &[f64] = &match rows {
        [row] => row.clone(),
        [a, b, c] if rows.iter().all(|row| row.len() == 4) => [a.as_slice(), b, c].concat(),
        _ => Vec::new(),
    };
    let [a, b, c, x, d, e, f, y, g, h, i, z] = *numbers else {
        return Err(format!(
            "is said to be AFNI's ({AFNI}) and has {}: expected one matrix, 12 in a row or 3x4 (a series has one row per volume)",
            shape(rows)
        ));
    };
    Ok(Transform::Affine(Affine { matrix: vec![a, b, c, d, e, f, g, h, i], offset: vec![x, y, z] }))
}

/// A matrix of which only its numbers are known.
fn array(rows: &[Vec<f64>]) -> Result<AnyArray, String> {
    let numbers = rows.concat();
    let shape = match (rows.len(), numbers.len()) {
        (4, 16) if rows.iter().all(|row| row.len() == 4) => vec![4, 4],
        (1, 12) => vec![3, 4],
        _ => return Err(format!("has {}: expected an affine matrix, 4x4 or 12 in a row", shape(rows))),
    };
    AnyArray::new(shape, numbers).map_err(|error| error.to_string())
}

/// A row of a matrix that keeps places: three factors and what is added.
type Row = [f64; 4];

/// FSL's matrix (flirt) as a map in mm, LPS, from places in the reference to those that are read in the moving image.
///
/// FSL's own matrix goes the other way, from the moving image to the reference, and counts mm along each image's voxel axes: index
/// times spacing, x from the other end where the axes are right-handed. So it needs both images' placements, and sizes in array
/// order, `[depth, height, width]`.
///
/// # Errors
/// In words: a matrix that is singular, not finite or not affine, or an image that has no 3 axes.
pub fn flirt(
    matrix: &[f64; 16],
    reference: (&Placement, [usize; 3]),
    moving: (&Placement, [usize; 3]),
) -> Result<Transform, String> {
    if let Some(odd) = matrix.iter().find(|v| !v.is_finite()) {
        return Err(format!("an FSL matrix with the number {odd}: expected finite numbers"));
    }
    let [a, b, c, last] = rows_of(matrix);
    if last != [0.0, 0.0, 0.0, 1.0] {
        return Err(format!("an FSL matrix with the last row {last:?}: expected 0 0 0 1"));
    }
    let to_moving = inverse(&[a, b, c]).ok_or_else(|| format!("an FSL matrix without inverse: {:?}", [a, b, c]))?;
    let from_reference = inverse(&world_of_fsl(reference.0, reference.1)?)
        .ok_or("a reference image whose axes have no inverse in double precision")?;
    let whole = after(&world_of_fsl(moving.0, moving.1)?, &after(&to_moving, &from_reference));
    if whole.iter().flatten().any(|v| !v.is_finite()) {
        return Err("an FSL matrix whose numbers are too large to compute with".into());
    }
    Ok(Transform::Affine(Affine {
        matrix: whole.iter().flat_map(|row| row[..3].to_vec()).collect(),
        offset: whole.iter().map(|row| row[3]).collect(),
    }))
}

fn rows_of(matrix: &[f64; 16]) -> [Row; 4] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *matrix;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]]
}

/// From FSL's mm to places.
fn world_of_fsl(placement: &Placement, size: [usize; 3]) -> Result<[Row; 3], String> {
    let (direction, origin) = (placement.direction(), placement.origin());
    let ([a, b, c, d, e, f, g, h, i], [x, y, z]) = (direction, origin) else {
        return Err(format!("an FSL matrix for an image of {} axes: expected 3", placement.axes()));
    };
    let placed = [[*a, *b, *c, *x], [*d, *e, *f, *y], [*g, *h, *i, *z]];
    if !placement.is_right_handed() {
        return Ok(placed);
    }
    let spacing = placement.spacing().first().copied().unwrap_or(1.0);
    let end = size[2].saturating_sub(1) as f64 * spacing;
    Ok(after(&placed, &[[-1.0, 0.0, 0.0, end], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]))
}

/// First `first`, then `then`.
fn after(then: &[Row; 3], first: &[Row; 3]) -> [Row; 3] {
    let entry = |row: &Row, k: usize| {
        let sum: f64 = (0..3).map(|i| row[i] * first[i][k]).sum();
        if k == 3 { sum + row[3] } else { sum }
    };
    [0, 1, 2].map(|i| [0, 1, 2, 3].map(|k| entry(&then[i], k)))
}

/// The inverse map; `None` if it has none in double precision.
fn inverse(m: &[Row; 3]) -> Option<[Row; 3]> {
    let minor = |i: usize, k: usize| {
        let (a, b, c, d) = ((i + 1) % 3, (i + 2) % 3, (k + 1) % 3, (k + 2) % 3);
        m[a][c] * m[b][d] - m[a][d] * m[b][c]
    };
    let determinant: f64 = (0..3).map(|k| m[0][k] * minor(0, k)).sum();
    let turned = [0, 1, 2].map(|i| [0, 1, 2].map(|k| minor(k, i) / determinant));
    let inverse = turned.map(|[a, b, c]| [a, b, c, -(a * m[0][3] + b * m[1][3] + c * m[2][3])]);
    (determinant != 0.0 && inverse.iter().flatten().all(|v| v.is_finite())).then_some(inverse)
}
