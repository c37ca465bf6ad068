//! Transforms as displacement fields: where each pixel of a lattice goes.

use crate::stored::{Affine, StoredField, Transform};
use displace::{AnyArray, AnyData, Convention, Placement};
use std::borrow::Cow;

/// The transform as a displacement field in ITK's convention (mm, LPS, x first, components last), on a lattice of `size` pixels
/// (array order, `[D, H, W]` or `[H, W]`) that lies where `placement` says: for the place `x` of each pixel's centre, `T(x) - x`.
///
/// Composites are applied from the last part to the first. Fields are linear between their pixels; from half a pixel before the first
/// to (not including) half a pixel after the last they have the end pixel's displacement, elsewhere none: all as in ITK.
///
/// # Errors
/// In words: axes that do not fit each other, a field in another convention or without placement, more pixels than memory has.
///
/// ```
/// use displace::Placement;
/// use displace_io::{Affine, Transform, render};
/// let doubled = Transform::Affine(Affine { matrix: vec![2.0, 0.0, 0.0, 2.0], offset: vec![0.0, 1.0] });
/// let field = render(&doubled, &[1, 2], &Placement::identity(2))?;
/// assert_eq!(field.array.data(), &vec![0.0, 1.0, 1.0, 1.0].into());
/// # Ok::<(), String>(())
/// ```
pub fn render(transform: &Transform, size: &[usize], placement: &Placement) -> Result<StoredField, String> {
    if size.len() != placement.axes() {
        return Err(format!("a lattice of {} axes with a placement of {}", size.len(), placement.axes()));
    }
    match *size {
        [height, width] => rendered(transform, [width, height], placement),
        [depth, height, width] => rendered(transform, [width, height, depth], placement),
        _ => Err(format!("a lattice of {} axes: expected 2 or 3", size.len())),
    }
}

/// [`render`] with the size x first.
fn rendered<const D: usize>(transform: &Transform, size: [usize; D], placement: &Placement) -> Result<StoredField, String> {
    let mut steps = Vec::new();
    prepare::<D>(transform, &mut steps)?;
    let too_many = || format!("a lattice of {:?} pixels, more than memory holds", size.iter().rev().collect::<Vec<_>>());
    let count = size.iter().try_fold(D, |product, len| product.checked_mul(*len)).ok_or_else(too_many)?;
    let mut out: Vec<f64> = Vec::new();
    out.try_reserve_exact(count).map_err(|_| too_many())?;
    let lattice = Lattice::<D>::of(placement)?;
    let mut index = [0usize; D];
    for _ in 0..count / D {
        let rest = lattice.place(index);
        let moved = steps.iter().fold(rest, |at, step| step.apply(at));
        out.extend((0..D).map(|i| moved[i] - rest[i]));
        advance(&mut index, size);
    }
    let shape = size.iter().rev().copied().chain([D]).collect();
    let array = AnyArray::new(shape, out).map_err(|error| error.to_string())?;
    Ok(StoredField { array, readings: vec![itk()?], valid: None, placement: Some(placement.clone()), remarks: Vec::new() })
}

fn itk() -> Result<Convention, String> {
    "itk".parse().map_err(|error| format!("{error}"))
}

/// The next pixel, x fastest.
fn advance<const D: usize>(index: &mut [usize; D], size: [usize; D]) {
    for (i, len) in index.iter_mut().zip(size) {
        *i += 1;
        if *i < len {
            return;
        }
        *i = 0;
    }
}

/// A placement with numbers of known length.
struct Lattice<const D: usize> {
    origin: [f64; D],
    /// From index to place.
    columns: [[f64; D]; D],
}

impl<const D: usize> Lattice<D> {
    fn of(placement: &Placement) -> Result<Self, String> {
        let fits = || format!("a placement of {} axes: expected {D}", placement.axes());
        let origin: [f64; D] = placement.origin().try_into().map_err(|_| fits())?;
        let (spacing, direction) = (placement.spacing(), placement.direction());
        if direction.len() != D * D {
            return Err(fits());
        }
        let columns = std::array::from_fn(|i| std::array::from_fn(|k| direction[i * D + k] * spacing[k]));
        Ok(Self { origin, columns })
    }

    fn place(&self, index: [usize; D]) -> [f64; D] {
        std::array::from_fn(|i| self.origin[i] + (0..D).map(|k| self.columns[i][k] * index[k] as f64).sum::<f64>())
    }
}

/// A transform that moves one place.
enum Step<'a, const D: usize> {
    Affine { matrix: [[f64; D]; D], offset: [f64; D] },
    Field(Linear<'a, D>),
}

impl<const D: usize> Step<'_, D> {
    fn apply(&self, at: [f64; D]) -> [f64; D] {
        match self {
            Self::Affine { matrix, offset } => {
                std::array::from_fn(|i| (0..D).map(|k| matrix[i][k] * at[k]).sum::<f64>() + offset[i])
            }
            Self::Field(field) => field.apply(at),
        }
    }
}

/// A field between its pixels.
struct Linear<'a, const D: usize> {
    numbers: Cow<'a, [f64]>,
    size: [usize; D],
    origin: [f64; D],
    /// From place (less the origin) to index.
    to_index: [[f64; D]; D],
}

impl<const D: usize> Linear<'_, D> {
    fn apply(&self, at: [f64; D]) -> [f64; D] {
        let index: [f64; D] = std::array::from_fn(|i| (0..D).map(|k| self.to_index[i][k] * (at[k] - self.origin[k])).sum());
        let inside = |i: usize| index[i] >= -0.5 && index[i] < self.size[i] as f64 - 0.5;
        if !(0..D).all(inside) {
            return at;
        }
        let mut moved = at;
        for corner in 0..1usize << D {
            let (mut weight, mut pixel) = (1.0, 0);
            for i in (0..D).rev() {
                let (base, last) = (index[i].floor(), self.size[i] - 1);
                let upper = corner >> i & 1 == 1;
                weight *= if upper { index[i] - base } else { 1.0 - (index[i] - base) };
                // The base is -1 within half a pixel before the first: as an unsigned number 0.
                let near = if upper { (base + 1.0) as usize } else { base as usize };
                pixel = pixel * self.size[i] + near.min(last);
            }
            if weight != 0.0 {
                (0..D).for_each(|i| moved[i] += weight * self.numbers[pixel * D + i]);
            }
        }
        moved
    }
}

/// The steps in the order in which they are applied.
fn prepare<'a, const D: usize>(transform: &'a Transform, steps: &mut Vec<Step<'a, D>>) -> Result<(), String> {
    match transform {
        Transform::Affine(affine) => steps.push(affine_step(affine)?),
        Transform::Field(field) => steps.push(Step::Field(linear(field)?)),
        Transform::Composite(parts) => parts.iter().rev().try_for_each(|part| prepare(part, steps))?,
    }
    Ok(())
}

fn affine_step<'a, const D: usize>(affine: &Affine) -> Result<Step<'a, D>, String> {
    let (matrix, found) = (&affine.matrix, affine.offset.len());
    let fits = || format!("an affine transform of {found} axes ({} numbers) on a lattice of {D}", matrix.len());
    let offset: [f64; D] = affine.offset.as_slice().try_into().map_err(|_| fits())?;
    if matrix.len() != D * D {
        return Err(fits());
    }
    Ok(Step::Affine { matrix: std::array::from_fn(|i| std::array::from_fn(|k| matrix[i * D + k])), offset })
}

fn linear<const D: usize>(field: &StoredField) -> Result<Linear<'_, D>, String> {
    let itk = itk()?;
    if field.readings != [itk] {
        let found = field.readings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        return Err(format!("a field of the convention {found} in a transform: expected {itk}"));
    }
    let placement = field.placement.as_ref().ok_or("a field in a transform that says nothing of its place")?;
    let shape = field.array.shape();
    let fits = || format!("a field of shape {shape:?} in a transform on a lattice of {D} axes");
    let [lengths @ .., components] = shape else { return Err(fits()) };
    let mut size: [usize; D] = lengths.try_into().map_err(|_| fits())?;
    size.reverse();
    if *components != D || size.contains(&0) {
        return Err(fits());
    }
    let lattice = Lattice::<D>::of(placement)?;
    let to_index = inverse(lattice.columns).ok_or_else(|| format!("a field whose axes {:?} have no inverse", lattice.columns))?;
    Ok(Linear { numbers: numbers(field.array.data()), size, origin: lattice.origin, to_index })
}

fn numbers(data: &AnyData) -> Cow<'_, [f64]> {
    match data {
        AnyData::F64(values) => Cow::Borrowed(values),
        AnyData::F32(values) => values.iter().map(|v| f64::from(*v)).collect(),
        AnyData::F16(values) => values.iter().map(|v| v.to_f64()).collect(),
        AnyData::BF16(values) => values.iter().map(|v| v.to_f64()).collect(),
        AnyData::U8(values) => values.iter().map(|v| f64::from(*v)).collect(),
        AnyData::U16(values) => values.iter().map(|v| f64::from(*v)).collect(),
        AnyData::I16(values) => values.iter().map(|v| f64::from(*v)).collect(),
    }
}

/// The inverse by elimination, the largest pivot first; `None` if there is none.
fn inverse<const D: usize>(mut matrix: [[f64; D]; D]) -> Option<[[f64; D]; D]> {
    let mut out: [[f64; D]; D] = std::array::from_fn(|i| std::array::from_fn(|k| f64::from(u8::from(i == k))));
    for column in 0..D {
        let largest = (column..D).max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))?;
        matrix.swap(column, largest);
        out.swap(column, largest);
        let pivot = matrix[column][column];
        if pivot == 0.0 || !pivot.is_finite() {
            return None;
        }
        for k in 0..D {
            matrix[column][k] /= pivot;
            out[column][k] /= pivot;
        }
        for row in (0..D).filter(|row| *row != column) {
            let factor = matrix[row][column];
            for k in 0..D {
                matrix[row][k] -= factor * matrix[column][k];
                out[row][k] -= factor * out[column][k];
            }
        }
    }
    Some(out)
}
