//! B-splines through pixels: the coefficients, and what sampling them takes.

use crate::axis::Extent;
use crate::dtype::sealed::Sealed as _;
use crate::dtype::{Location, Real, Sample};
use crate::error::SampleError;
use crate::grid::Locations;
use crate::interp::{Interp, SplineOrder};
use crate::kernel::recursion::{SplineBoundary, filter, filter_rows};
use crate::op::sample::{Acc, output_shape, sample_planned};
use crate::op::sample_grad::{Plan, check_len, check_shape};
use crate::padding::Padding;
use crate::rows::{for_each_band, row_index, zip_each};
use crate::sampler::Sampler;
use crate::view::{Dense, Layout, Shape, View};

/// The coefficients of the B-spline that passes through all pixels of an image: SciPy's `spline_filter`.
///
/// *Shapes*: planar, the image's. *Exactness*: computed in `f64` for images of `f64`, else in `f32`: each axis is filtered forwards and
/// backwards for each pole of [`SplineOrder::poles`], and each step rounded. An axis of one pixel is left as it is. A pixel that is not
/// finite makes all of its row, column and slice so. Results do not depend on threads.
///
/// # Errors
/// If there is no memory for the result.
///
/// ```
/// use displace::{spline_filter, Shape, SplineBoundary, SplineOrder, View};
/// // A cubic B-spline weighs coefficients by 1/6, 4/6, 1/6. Mirrored at centres: (4*2 + 2*(-1))/6 = 1, (2*2 + 4*(-1))/6 = 0.
/// let image = View::planar(&[1.0f64, 0.0], Shape { n: 1, c: 1, size: [2, 1] })?;
/// let found = spline_filter(&image, SplineOrder::Three, SplineBoundary::Mirror)?;
/// assert!((found.as_slice()[0] - 2.0).abs() < 1e-15 && (found.as_slice()[1] + 1.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn spline_filter<T: Sample, const D: usize>(
    image: &View<'_, T, D>,
    order: SplineOrder,
    boundary: SplineBoundary,
) -> Result<Dense<T::Acc, D>, SampleError> {
    let mut out = copied(image, 0, Padding::Border)?;
    filter_all(out.as_mut_slice(), image.shape(), order, boundary, false);
    Ok(out)
}

/// The gradient of pixels by that of [`spline_filter`]'s coefficients: the transposed filter.
///
/// *Shapes, exactness, errors*: as [`spline_filter`]. Mirrored at edges and repeated the filter is its own transpose; mirrored at centres
/// inner pixels count twice and those at the ends once, so that gradients at the ends are doubled before the filter and halved after it.
///
/// ```
/// use displace::{spline_filter_grad, Shape, SplineBoundary, SplineOrder, View};
/// // The filter of two pixels, [[2, -1], [-1, 2]], is symmetric.
/// let grad = View::planar(&[1.0f64, 0.0], Shape { n: 1, c: 1, size: [2, 1] })?;
/// let found = spline_filter_grad(&grad, SplineOrder::Three, SplineBoundary::Mirror)?;
/// assert!((found.as_slice()[0] - 2.0).abs() < 1e-15 && (found.as_slice()[1] + 1.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn spline_filter_grad<T: Sample, const D: usize>(
    grad: &View<'_, T, D>,
    order: SplineOrder,
    boundary: SplineBoundary,
) -> Result<Dense<T::Acc, D>, SampleError> {
    let mut out = copied(grad, 0, Padding::Border)?;
    filter_all(out.as_mut_slice(), grad.shape(), order, boundary, true);
    Ok(out)
}

/// How B-splines go on outside the image, and what this asks of the coefficients.
#[derive(Clone, Copy)]
pub(crate) struct Edges {
    boundary: SplineBoundary,
    /// Pixels put around the image before it is filtered.
    margin: usize,
}

/// A line that goes on as a constant has a spline of its own beyond its ends. As SciPy's, it is that of so many pixels more.
const MARGIN: usize = 12;

impl Edges {
    fn new(padding: Padding, extent: Extent, prefilter: bool) -> Self {
        let around = if prefilter { MARGIN } else { 0 };
        let (boundary, margin) = match (padding, extent) {
            (Padding::Zeros | Padding::Constant(_), _) => (SplineBoundary::Mirror, around),
            (Padding::Border, _) => (SplineBoundary::Reflect, around),
            (Padding::Reflection, Extent::Edges) => (SplineBoundary::Reflect, 0),
            (Padding::Reflection, Extent::Centers) => (SplineBoundary::Mirror, 0),
            (Padding::Wrap, _) => (SplineBoundary::Wrap, 0),
        };
        Self { boundary, margin }
    }
}

/// An image in another type with a margin, which reads what the padding says (or is clear, in an image's tangent).
pub(crate) fn copied<T: Sample, A: Real, const D: usize>(
    image: &View<'_, T, D>,
    margin: usize,
    padding: Padding,
) -> Result<Dense<A, D>, SampleError> {
    let from = image.shape();
    let shape = Shape { size: from.size.map(|len| len + 2 * margin), ..from };
    let mut out = Dense::zeroed(shape, Layout::Planar)?;
    let fill = A::from_f64(padding.fill());
    // Where an index with a margin reads, and whether that is a pixel.
    let place = |i: usize, k: usize| {
        let inside = i.saturating_sub(margin).min(from.size[k] - 1);
        (inside, inside + margin == i)
    };
    for_each_band(out.as_mut_slice(), shape, Layout::Planar, |band| {
        for row in 0..band.rows {
            let at = row_index(band.first_row + row, &shape.size);
            let mut pixel = [0usize; D];
            let mut inside = true;
            for k in 1..D {
                let (i, is_pixel) = place(at[k], k);
                pixel[k] = i;
                inside &= is_pixel;
            }
            for c in 0..shape.c {
                let plane = image.plane(band.n, c);
                let to = band.row(row, c).0;
                if padding.fills() && !inside {
                    to.fill(fill);
                    continue;
                }
                let (before, rest) = to.split_at_mut(margin);
                let (middle, after) = rest.split_at_mut(from.size[0]);
                let start = plane.row(pixel);
                for (i, to) in middle.iter_mut().enumerate() {
                    *to = plane.data[(start + i as isize * plane.strides[0]) as usize].widen();
                }
                let (first, last) = if padding.fills() { (fill, fill) } else { (middle[0], middle[from.size[0] - 1]) };
                before.fill(first);
                after.fill(last);
            }
        }
    });
    Ok(out)
}

/// Filters every axis of planar numbers.
fn filter_all<A: Real, const D: usize>(
    data: &mut [A],
    shape: Shape<D>,
    order: SplineOrder,
    boundary: SplineBoundary,
    adjoint: bool,
) {
    if data.is_empty() {
        return;
    }
    let poles = order.poles();
    let width = shape.size[0];
    let rows = Shape { n: 1, c: 1, size: [width, data.len() / width] };
    for_each_band(data, rows, Layout::Planar, |band| filter_rows(band.plane(0), width, poles, boundary, adjoint));
    let mut inner = width;
    for k in 1..D {
        let len = shape.size[k];
        // What lies along the axis as components: a band is a piece of lines side by side.
        let lines = Shape { n: data.len() / (inner * len), c: len, size: [1, inner] };
        for_each_band(data, lines, Layout::Planar, |band| filter(band.all_planes(), poles, boundary, adjoint));
        inner *= len;
    }
}

/// The coefficients of an image for sampling.
pub(crate) fn coefficients<T: Sample, A: Real, const D: usize>(
    image: &View<'_, T, D>,
    order: SplineOrder,
    padding: Padding,
    edges: Edges,
) -> Result<Dense<A, D>, SampleError> {
    let mut out = copied(image, edges.margin, padding)?;
    let shape = out.shape();
    filter_all(out.as_mut_slice(), shape, order, edges.boundary, false);
    Ok(out)
}

/// The adjoint of [`coefficients`], the fill value apart: gradients of coefficients, which are overwritten, to those of pixels.
fn pull_back<T: Sample, A: Real, const D: usize>(
    grad: &mut Dense<A, D>,
    out: &mut [T],
    shape: Shape<D>,
    order: SplineOrder,
    padding: Padding,
    edges: Edges,
) {
    let wide = grad.shape();
    filter_all(grad.as_mut_slice(), wide, order, edges.boundary, true);
    let view = grad.view();
    let margin = edges.margin;
    for_each_band(out, shape, Layout::Planar, |band| {
        for row in 0..band.rows {
            let at = row_index(band.first_row + row, &shape.size);
            for c in 0..shape.c {
                let plane = view.plane(band.n, c);
                for (x, to) in band.row(row, c).0.iter_mut().enumerate() {
                    let mut pixel = at;
                    pixel[0] = x;
                    // The pixels with margin that were read from this one.
                    let mut range = [(0, 0); D];
                    let mut boxed = false;
                    for k in 0..D {
                        let i = pixel[k] + margin;
                        let low = if pixel[k] == 0 && !padding.fills() { 0 } else { i };
                        let high = if pixel[k] + 1 == shape.size[k] && !padding.fills() { i + margin } else { i };
                        range[k] = (low, high);
                        boxed |= low < high;
                    }
                    let sum = if boxed { box_sum(&plane, &range) } else { plane.at(range.map(|(low, _)| low as i32)) };
                    *to = T::narrow(sum);
                }
            }
        }
    });
}

fn box_sum<A: Real, const D: usize>(plane: &crate::view::Plane<'_, A, D>, range: &[(usize, usize); D]) -> A {
    let mut sum = A::ZERO;
    let mut pixel = range.map(|(low, _)| low as i32);
    loop {
        sum = sum + plane.at(pixel);
        let mut k = 0;
        loop {
            if k == D {
                return sum;
            }
            pixel[k] += 1;
            if pixel[k] as usize <= range[k].1 {
                break;
            }
            pixel[k] = range[k].0 as i32;
            k += 1;
        }
    }
}

/// [`sample_into`](crate::sample_into) for wide kernels: of B-splines the coefficients are read, and all images in the type that blends are
/// made in. `boundary`: another one than the padding's.
pub(crate) fn sample_wide_into<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    boundary: Option<SplineBoundary>,
    layout: Layout,
    out: &mut [T],
) -> Result<(), SampleError> {
    let shape = output_shape(image, at)?;
    let expected = shape.elements()?;
    if out.len() != expected {
        return Err(SampleError::Output { found: out.len(), expected });
    }
    let padding = sampler.padding;
    let Reading { at, sampler, prefilter } = Reading::new(at, sampler)?;
    let wide = match prefilter.map(|(order, edges)| (order, Edges { boundary: boundary.unwrap_or(edges.boundary), ..edges })) {
        Some((order, edges)) => Some(coefficients::<T, Acc<T, L>, D>(image, order, padding, edges)?),
        None if Acc::<T, L>::of_mut(out).is_none() => Some(copied(image, 0, Padding::Border)?),
        None => None,
    };
    let Some(wide) = wide else { return sample_planned(image, &at, sampler, layout, out) };
    if let Some(out) = Acc::<T, L>::of_mut(out) {
        return sample_planned(&wide.view(), &at, sampler, layout, out);
    }
    let mut read = Dense::<Acc<T, L>, D>::zeroed(shape, layout)?;
    sample_planned(&wide.view(), &at, sampler, layout, read.as_mut_slice())?;
    let nothing = Acc::<T, L>::from_f64(padding.fill());
    zip_each(out, read.as_slice(), |to, value| {
        // Integers have no NaN for places that cannot be named.
        let lost = !T::DTYPE.is_float() && !value.is_finite();
        *to = T::narrow(if lost { nothing } else { value });
    });
    Ok(())
}

/// How a wide kernel is read: where, by which sampler, and what has to be filtered first.
pub(crate) struct Reading<'a, L, const D: usize> {
    pub(crate) at: Locations<'a, L, D>,
    pub(crate) sampler: Sampler,
    pub(crate) prefilter: Option<(SplineOrder, Edges)>,
}

impl<'a, L: Location, const D: usize> Reading<'a, L, D> {
    pub(crate) fn new(at: &Locations<'a, L, D>, sampler: Sampler) -> Result<Self, SampleError> {
        let Interp::BSpline { order, prefilter } = sampler.interp else {
            return Ok(Self { at: *at, sampler, prefilter: None });
        };
        let edges = Edges::new(sampler.padding, at.source().extent(), prefilter);
        Ok(Self {
            at: at.within(edges.margin)?,
            sampler: Sampler { interp: Interp::BSpline { order, prefilter: false }, ..sampler },
            prefilter: prefilter.then_some((order, edges)),
        })
    }
}

/// The operands of derivatives that are computed in `A`.
pub(crate) struct Operands<A, const D: usize> {
    grad: Dense<A, D>,
    image: Dense<A, D>,
    tangent: Option<Dense<A, D>>,
}

/// [`sample_grad_grad_into`](crate::sample_grad_grad_into) or, if `first`, [`sample_grad_into`](crate::sample_grad_into) for wide kernels:
/// derivatives of reading coefficients are taken back through their filter.
#[allow(clippy::too_many_arguments)]
pub(crate) fn derive_wide<T: Sample + Location, L: Location, const D: usize>(
    tangent_image: Option<&View<'_, T, D>>,
    tangent_locations: Option<&View<'_, L, D>>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    first: bool,
    out_grad: Option<&mut [T]>,
    out_image: Option<&mut [T]>,
    out_locations: Option<&mut [L]>,
) -> Result<(), SampleError> {
    let shape = output_shape(image, at)?;
    check_shape("upstream gradient", grad, shape)?;
    if let Some(tangent) = tangent_image {
        check_shape("tangent of the image", tangent, image.shape())?;
    }
    if let Some(tangent) = tangent_locations {
        check_shape("tangent of the locations", tangent, at.at.shape())?;
    }
    check_len(&out_grad, shape)?;
    check_len(&out_image, image.shape())?;
    check_len(&out_locations, at.at.shape())?;
    let padding = sampler.padding;
    let Reading { at, sampler, prefilter } = Reading::new(at, sampler)?;
    let filtered = |image: &View<'_, T, D>, padding| match prefilter {
        Some((order, edges)) => coefficients(image, order, padding, edges),
        None => copied(image, 0, padding),
    };
    let margin = prefilter.map_or(0, |(_, edges)| edges.margin);
    // The adjoint alone reads no image.
    let read = out_locations.is_some() || out_grad.is_some();
    let operands = Operands::<Acc<T, L>, D> {
        grad: copied(grad, 0, Padding::Zeros)?,
        image: if read {
            filtered(image, padding)?
        } else {
            Dense::zeroed(Shape { size: image.shape().size.map(|len| len + 2 * margin), ..image.shape() }, Layout::Planar)?
        },
        tangent: tangent_image
            .map(|tangent| filtered(tangent, if padding.fills() { Padding::Zeros } else { padding }))
            .transpose()?,
    };
    let (grad, coefficients) = (operands.grad.view(), operands.image.view());
    let tangent = operands.tangent.as_ref().map(Dense::view);
    let plan = Plan::new(&grad, &coefficients, &at, tangent_locations, sampler)?;
    if let Some(out) = out_locations {
        if first { plan.slopes(out) } else { plan.bends(tangent.as_ref(), out) }
    }
    if let Some(out) = out_grad {
        let mut wide = Dense::<Acc<T, L>, D>::zeroed(shape, Layout::Planar)?;
        plan.pushes(tangent.as_ref(), wide.as_mut_slice());
        zip_each(out, wide.as_slice(), |to, value| *to = T::narrow(value));
    }
    if let Some(out) = out_image {
        let mut wide = Dense::<Acc<T, L>, D>::zeroed(coefficients.shape(), Layout::Planar)?;
        if first || tangent_locations.is_some() {
            plan.scatter(wide.as_mut_slice())?;
        }
        if let Some((order, edges)) = prefilter {
            pull_back(&mut wide, out, image.shape(), order, padding, edges);
        } else {
            zip_each(out, wide.as_slice(), |to, value| *to = T::narrow(value));
        }
    }
    Ok(())
}
