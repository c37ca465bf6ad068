//! Reading an image at locations: torch's `grid_sample`, OpenCV's `remap`, a warp, by one function.

use crate::axis::Axis;
use crate::dtype::{Location, Real, Sample};
use crate::error::{SampleError, SizeText};
use crate::grid::Locations;
use crate::interp::Interp;
use crate::kernel::{BLOCK, Block, Outside, cubic::cubic, linear, locate::Locator, nearest::nearest, vectorised};
use crate::rows::{Band, for_each_band, row_index};
use crate::sampler::Sampler;
use crate::view::{Dense, Layout, Plane, Shape, View};

/// What blends of `T` values at `L` locations are computed in: `f64` if either is.
pub(crate) type Acc<T, L> = <<T as Sample>::Acc as Real>::With<<L as Location>::Real>;

/// Reads `image` at every location: torch's `grid_sample` forward.
///
/// *Shapes*: an image of `n` samples and `c` channels and locations of `m` samples give `max(n, m)` samples of `c`
/// channels, planar `(N, C, [D,] H, W)`; a batch of one serves all of the other. *Exactness*: the cell is exact, the
/// fraction rounded once, the blend one fused step per axis, the result rounded once to the image's type (integers half
/// to even, saturating); computed in `f64` if image or locations are, else in `f32`. A location on a pixel gives that
/// very value, and a tap of weight zero is not read. *Non-finite locations*: CONVENTIONS.md. Results do not depend on
/// threads, strides or layout.
///
/// # Errors
/// If the image is not of the size that the locations address, or the batches do not fit.
///
/// ```
/// use displace::{sample, Extent, Grid, Lattice, Sampler, Shape, View};
/// // Pixels 10 and 20 side by side. Between edges g = 0 lies half-way between them.
/// let image = View::planar(&[10u8, 20], Shape { n: 1, c: 1, size: [2, 1] })?;
/// let source = Lattice::from_shape([1, 2], Extent::Edges)?;
/// let grid = Grid::new(View::interleaved(&[0.0f32, 0.0], Shape { n: 1, c: 2, size: [1, 1] })?, source)?;
/// assert_eq!(sample(&image, &grid.into(), Sampler::default())?.as_slice(), [15]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sample<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
) -> Result<Dense<T, D>, SampleError> {
    let mut out = Dense::zeroed(output_shape(image, at)?, Layout::Planar)?;
    sample_into(image, at, sampler, Layout::Planar, out.as_mut_slice())?;
    Ok(out)
}

/// [`sample`] into a dense buffer of either layout.
///
/// # Errors
/// As [`sample`], and if the buffer has another length than the result.
pub fn sample_into<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    layout: Layout,
    out: &mut [T],
) -> Result<(), SampleError> {
    let shape = output_shape(image, at)?;
    let expected = shape.elements()?;
    if out.len() != expected {
        return Err(SampleError::Output { found: out.len(), expected });
    }
    let plan =
        Plan { image, at, sampler, locator: Locator::new(at, sampler.padding, !matches!(sampler.interp, Interp::Cubic { .. })) };
    for_each_band(out, shape, layout, |band| plan.band(shape, band));
    Ok(())
}

/// The shape of the result, if image and locations fit.
pub(crate) fn output_shape<T, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
) -> Result<Shape<D>, SampleError> {
    let (image, locations) = (image.shape(), at.at.shape());
    if image.size != at.source().size() {
        return Err(SampleError::Source {
            image: SizeText::from_xy(&image.size),
            source_size: SizeText::from_xy(&at.source().size()),
        });
    }
    let n = match (image.n, locations.n) {
        (a, b) if a == b => a,
        (1, b) => b,
        (a, 1) => a,
        (images, locations) => return Err(SampleError::Batch { images, locations }),
    };
    Ok(Shape { n, c: image.c, size: locations.size })
}

struct Plan<'p, 'a, T, L: Location, const D: usize> {
    image: &'p View<'a, T, D>,
    at: &'p Locations<'a, L, D>,
    sampler: Sampler,
    locator: Locator<L::Real, D>,
}

impl<T: Sample, L: Location, const D: usize> Plan<'_, '_, T, L, D> {
    fn band(&self, shape: Shape<D>, band: &mut Band<'_, T>) {
        let values: [Plane<'_, L, D>; D] = std::array::from_fn(|k| self.at.at.plane(band.n, k));
        let outside = Outside::<T, Acc<T, L>>::new(self.sampler.padding);
        let (mut located, mut block) = (Block::new(), Block::new());
        for row in 0..band.rows {
            let index = row_index(band.first_row + row, &shape.size);
            for first in (0..shape.size[0]).step_by(BLOCK) {
                located.len = BLOCK.min(shape.size[0] - first);
                self.locator.locate(&values, index, first, &mut located);
                located.convert_into(&mut block);
                for c in 0..shape.c {
                    let plane = self.image.plane(band.n, c);
                    let (out, step) = band.row(row, c);
                    blend(self.sampler.interp, self.at.source().axes(), &plane, &block, &outside, &mut out[first * step..], step);
                }
            }
        }
    }
}

/// One block of one channel. Compiled once for each image type and blend type, whatever the locations are made of.
#[inline(never)]
fn blend<T: Sample, A: Real, const D: usize>(
    interp: Interp,
    axes: &[Axis; D],
    plane: &Plane<'_, T, D>,
    block: &Block<A, D>,
    outside: &Outside<T, A>,
    out: &mut [T],
    step: usize,
) {
    vectorised(
        #[inline(always)]
        || match interp {
            Interp::Nearest => nearest(plane, block, outside, out, step),
            Interp::Linear if D == 2 => linear::linear2(plane, block, outside, out, step),
            Interp::Linear => linear::linear3(plane, block, outside, out, step),
            Interp::Cubic { a } => cubic(plane, axes, Real::from_f64(a), block, outside, out, step),
        },
    );
}
