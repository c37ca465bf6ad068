//! Image and field to warped image.

use crate::dtype::{Location, Sample};
use crate::error::SampleError;
use crate::field::FieldView;
use crate::op::sample::{sample, sample_into};
use crate::sampler::Sampler;
use crate::view::{Dense, Layout, View};

/// The image as the field makes it appear: each destination pixel reads its rest place plus its displacement.
///
/// [`sample`](crate::sample) with displacements for locations; shapes, exactness and errors as there. The location is
/// never written as one number, so a small displacement keeps all its bits at any distance from the origin, and a field
/// of zeros gives back the very same image.
///
/// ```
/// use displace::{warp, Between, Extent, Field, Lattice, Sampler, Shape, View};
/// let image = View::planar(&[10.0f32, 20.0, 40.0], Shape { n: 1, c: 1, size: [3, 1] })?;
/// let source = Lattice::from_shape([1, 3], Extent::Edges)?;
/// // Every pixel reads half a pixel to its right; the last fades into the zeros outside.
/// let field = Field::from_vec(vec![0.5f32, 0.0, 0.5, 0.0, 0.5, 0.0], 1, Between::new(source, [3, 1], None)?)?;
/// assert_eq!(warp(&image, &field.view(), Sampler::default())?.as_slice(), [15.0, 30.0, 20.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn warp<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    field: &FieldView<'_, L, D>,
    sampler: Sampler,
) -> Result<Dense<T, D>, SampleError> {
    sample(image, &(*field).into(), sampler)
}

/// [`warp`] into a dense buffer of either layout.
///
/// # Errors
/// As [`sample_into`].
pub fn warp_into<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    field: &FieldView<'_, L, D>,
    sampler: Sampler,
    layout: Layout,
    out: &mut [T],
) -> Result<(), SampleError> {
    sample_into(image, &(*field).into(), sampler, layout, out)
}
