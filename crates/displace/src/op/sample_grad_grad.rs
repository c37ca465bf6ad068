//! The derivative of the derivative of reading an image at locations: what torch calls double backward.

use crate::dtype::{Location, Sample};
use crate::error::SampleError;
use crate::grid::Locations;
use crate::op::sample_grad::{Plan, check_len, check_shape};
use crate::op::spline::derive_wide;
use crate::sampler::Sampler;
use crate::view::View;

/// The gradients, with respect to `grad`, the image and the locations, of [`sample_grad_into`](crate::sample_grad_into)'s
/// results along tangents: of `<tangent_image, grad_image> + <tangent_locations, grad_locations>`.
///
/// *Shapes*: tangents have the shapes of image and locations and any strides; a missing one is zero. `out_grad` is dense
/// planar like [`sample`](crate::sample)'s result, `out_image` like the image, `out_locations` dense interleaved like the
/// locations; what is left out is not computed. *Units*: location tangents and gradients are per stored unit. `out_grad` is also the
/// forward derivative of `sample` along both tangents. *Exactness*: as [`sample_grad_into`](crate::sample_grad_into), and
/// as independent of threads. A linear blend bends only between axes, and nearest not at all; a constant outside is
/// no part of the image, so it enters derivatives of the image by location but not the tangent image. *Non-finite
/// values*: where nothing is read, `out_grad` is NaN if the location's tangent is not 0, and `out_locations` if the
/// upstream gradient is not 0 either.
///
/// # Errors
/// As [`sample_grad_into`](crate::sample_grad_into), and if a tangent has another shape than what it belongs to.
///
/// ```
/// use displace::{sample_grad_grad_into, Extent, Lattice, Locations, Sampler, Shape, View};
/// // Rows 0 1 and 2 7 read in the middle: the slope along x is 1 in the upper row and 5 in the lower.
/// let image = View::planar(&[0.0f32, 1.0, 2.0, 7.0], Shape { n: 1, c: 1, size: [2, 2] })?;
/// let source = Lattice::from_shape([2, 2], Extent::Edges)?;
/// let one_place = Shape { n: 1, c: 2, size: [1, 1] };
/// let at = Locations::pixels(View::interleaved(&[0.5f32, 0.5], one_place)?, source)?;
/// let grad = View::planar(&[1.0f32], Shape { n: 1, c: 1, size: [1, 1] })?;
/// let along_x = View::interleaved(&[1.0f32, 0.0], one_place)?;
/// let (mut to_grad, mut to_image, mut to_locations) = ([0.0; 1], [0.0; 4], [0.0; 2]);
/// sample_grad_grad_into(
///     None, Some(&along_x), &grad, &image, &at, Sampler::default(),
///     Some(&mut to_grad), Some(&mut to_image), Some(&mut to_locations),
/// )?;
/// assert_eq!(to_grad, [3.0]);
/// assert_eq!(to_image, [-0.5, 0.5, -0.5, 0.5]);
/// assert_eq!(to_locations, [0.0, 4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[allow(clippy::too_many_arguments)] // Three operands, two tangents and three results are what it takes.
pub fn sample_grad_grad_into<T: Sample + Location, L: Location, const D: usize>(
    tangent_image: Option<&View<'_, T, D>>,
    tangent_locations: Option<&View<'_, L, D>>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    out_grad: Option<&mut [T]>,
    out_image: Option<&mut [T]>,
    out_locations: Option<&mut [L]>,
) -> Result<(), SampleError> {
    if sampler.interp.is_wide() {
        let outs = (out_grad, out_image, out_locations);
        return derive_wide(tangent_image, tangent_locations, grad, image, at, sampler, false, outs.0, outs.1, outs.2);
    }
    let plan = Plan::new(grad, image, at, tangent_locations, sampler)?;
    if let Some(tangent) = tangent_image {
        check_shape("tangent of the image", tangent, image.shape())?;
    }
    if let Some(tangent) = tangent_locations {
        check_shape("tangent of the locations", tangent, at.at.shape())?;
    }
    check_len(&out_grad, grad.shape())?;
    check_len(&out_image, image.shape())?;
    check_len(&out_locations, at.at.shape())?;
    if let Some(out) = out_grad {
        plan.pushes(tangent_image, out);
    }
    if let Some(out) = out_image {
        // The image's gradient does not depend on the image: only moving locations change it.
        if tangent_locations.is_some() { plan.scatter(out)? } else { out.fill(T::default()) }
    }
    if let Some(out) = out_locations {
        plan.bends(tangent_image, out);
    }
    Ok(())
}
