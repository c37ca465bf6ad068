//! The two-dimensional slice of a field that a picture shows.

use displace::{FieldView, Location, Real};
use displace_viz::{Arrows, ShapeError};

/// What keeps a sample or slice from being picked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PickError {
    /// No such sample.
    #[error("sample {asked}: the field has {all} samples, counted from 0")]
    Sample {
        /// Asked for.
        asked: usize,
        /// There are.
        all: usize,
    },
    /// No such slice.
    #[error("slice {asked}: the field has {all} slices, counted from 0")]
    Slice {
        /// Asked for.
        asked: usize,
        /// There are.
        all: usize,
    },
    /// Nothing to draw.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// The arrows of one sample and, of a volume, of one slice along z (by default the middle one): x and y components.
///
/// # Errors
/// If there is no such sample or slice, or no pixel in it.
pub fn arrows<L: Location, const D: usize>(
    field: &FieldView<'_, L, D>,
    sample: usize,
    slice: Option<usize>,
) -> Result<Arrows, PickError> {
    let (shape, between) = (field.by().shape(), field.between());
    if sample >= shape.n {
        return Err(PickError::Sample { asked: sample, all: shape.n });
    }
    let depth = shape.size.get(2).copied().unwrap_or(1);
    let slice = slice.unwrap_or(depth / 2);
    if slice >= depth.max(1) {
        return Err(PickError::Slice { asked: slice, all: depth });
    }
    let [width, height] = [shape.size[0], shape.size[1]];
    let places = |axis: usize, len: usize| (0..len).map(|j| between.rest_place(axis, j).to_f64()).collect::<Vec<_>>();
    let (xs, ys) = (places(0, width), places(1, height));
    let component = |k: usize, x: usize, y: usize| {
        let mut pixel = [0; D];
        (pixel[0], pixel[1]) = (x, y);
        if D == 3 {
            pixel[D - 1] = slice;
        }
        field.by().get(sample, k, pixel).map_or(f64::NAN, |d| d.widen().to_f64())
    };
    let by = (0..height).flat_map(|y| (0..width).map(move |x| [component(0, x, y), component(1, x, y)])).collect();
    let rest = ys.iter().flat_map(|y| xs.iter().map(|x| [*x, *y])).collect();
    let source = between.source().size();
    Ok(Arrows::new(width, height, [source[0], source[1]], rest, by)?)
}
