//! Reading an image at locations: torch's `grid_sample`, OpenCV's `remap`, a warp, by one function.

use crate::axis::Axis;
use crate::dtype::{DType, Location, Real, Sample};
use crate::error::{SampleError, SizeText};
use crate::grid::Locations;
use crate::interp::Interp;
use crate::kernel::aim::{Ahead, Aim, Terrain};
use crate::kernel::channels::{Source, Target, blend_bytes, blend_few};
use crate::kernel::cubic::{cubic, cubic_lanes};
use crate::kernel::level::in_lanes;
use crate::kernel::linear::{linear, linear_lanes, with_care};
use crate::kernel::locate::{LINE, Locator};
use crate::kernel::nearest::{nearest, nearest_lanes};
use crate::kernel::weights::{Keys, with_window};
use crate::kernel::{BLOCK, Block, Outside, vectorised};
use crate::op::spline::sample_wide_into;
use crate::rows::{Band, for_each_band, row_index};
use crate::sampler::Sampler;
use crate::view::{Dense, Layout, Plane, Shape, View};
use displace_reads::{LANES, Offsets, prefetch};

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
    if sampler.interp.is_wide() {
        return sample_wide_into(image, at, sampler, None, layout, out);
    }
    sample_planned(image, at, sampler, layout, out)
}

/// [`sample_into`] of what needs no preparation and has been checked.
pub(crate) fn sample_planned<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    layout: Layout,
    out: &mut [T],
) -> Result<(), SampleError> {
    let shape = output_shape(image, at)?;
    let locator = Locator::new(at, sampler.padding, sampler.interp.window().is_none());
    let locator = if sampler.interp == Interp::Nearest { locator.for_nearest() } else { locator };
    let plan = Plan { image, at, sampler, locator };
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
        let blend = Blend {
            interp: self.sampler.interp,
            axes: self.at.source().axes(),
            outside: Outside::<T, Acc<T, L>>::new(self.sampler.padding),
            terrain: Terrain::new(&self.image.plane(band.n, 0)),
        };
        let fill = if self.image.side_by_side() { vec![T::narrow(blend.outside.fill); shape.c + LANES] } else { Vec::new() };
        // Planes are read one after the other, some rows of each: the rows of many planes at once would not stay in the cache,
        // least of all where planes lie a power of two apart.
        let one_by_one = shape.c >= MANY && !self.image.side_by_side() && size_of::<Acc<T, L>>() == size_of::<L::Real>();
        let depth = if one_by_one { (BATCH / BLOCK.min(shape.size[0])).clamp(1, DEEPEST) } else { 1 };
        let mut spare = None;
        // Boxes, so that they change places without being copied.
        let mut shelf = vec![Box::<Aimed<L::Real, D>>::default()];
        let mut height = 1;
        if shape.size[0] > BLOCK {
            shelf[0].block.len = BLOCK;
            self.locator.locate(&values, row_index(band.first_row + band.rows / 2, &shape.size), 0, &mut shelf[0].block);
            if shelf[0].block.is_steep() {
                height = TILE;
            }
        }
        let mut tiles = tiles(band.rows, shape.size[0], height).peekable();
        let mut filled = 0;
        while let Some((row, first)) = tiles.next() {
            if filled == shelf.len() {
                shelf.push(Box::default());
            }
            let next = &mut *shelf[filled];
            next.block.len = BLOCK.min(shape.size[0] - first);
            (next.row, next.first) = (row, first);
            self.locator.locate(&values, row_index(band.first_row + row, &shape.size), first, &mut next.block);
            if self.sampler.interp.is_centred() {
                next.block.centre();
            }
            if let Some((row, first)) = tiles.peek() {
                let len = BLOCK.min(shape.size[0] - first);
                self.locator.prefetch(&values, row_index(band.first_row + row, &shape.size), *first, len);
            }
            blend.aim(next.block.as_real(&mut spare), &mut next.aim);
            filled += 1;
            if filled > depth {
                // While blocks are worked on, what the next one reads is on its way.
                self.blend(&blend, &shelf[..depth], Some(&shelf[depth]), &fill, &mut spare, band);
                shelf.swap(0, depth);
                filled = 1;
            }
        }
        self.blend(&blend, &shelf[..filled], None, &fill, &mut spare, band);
    }

    /// All channels of one block, or of a batch of blocks plane after plane.
    fn blend(
        &self,
        blend: &Blend<'_, T, Acc<T, L>, D>,
        blocks: &[Box<Aimed<L::Real, D>>],
        next: Option<&Aimed<L::Real, D>>,
        fill: &[T],
        spare: &mut Option<Block<Acc<T, L>, D>>,
        band: &mut Band<'_, T>,
    ) {
        if let [now] = blocks {
            let (block, ahead) = (now.block.as_real(spare), next.unwrap_or(now).aim.ahead_of(&now.aim));
            if self.channels(blend, block, (now, ahead), fill, band) {
                return;
            }
            let offsets = now.aim.offsets();
            for c in 0..self.image.shape().c {
                self.plane(blend, c, now, block, (offsets, ahead), band);
            }
            return;
        }
        let offsets: Vec<Offsets<'_>> = blocks.iter().map(|now| now.aim.offsets()).collect();
        let (mut low, mut high) = (i32::MAX, 0);
        for now in blocks {
            let (lowest, highest) = now.aim.span();
            (low, high) = (low.min(lowest), high.max(highest));
        }
        let per_line = LINE / size_of::<T>();
        let lines = (high - low).max(0) as usize / per_line;
        // While one plane is read, the same rows of the next are on their way, from one end to the other.
        let share = if lines * LINE <= NEAR { lines.div_ceil(blocks.len()) } else { 0 };
        let channels = self.image.shape().c;
        for c in 0..channels {
            let next = self.image.plane(band.n, (c + 1).min(channels - 1));
            let start = next.origin as usize + low as usize;
            for (k, (now, offsets)) in blocks.iter().zip(&offsets).enumerate() {
                for line in k * share..(k + 1) * share {
                    prefetch(next.data, start + line * per_line);
                }
                self.plane(blend, c, now, now.block.as_real(spare), (*offsets, Ahead::NOTHING), band);
            }
        }
    }

    /// One channel of a block.
    fn plane(
        &self,
        blend: &Blend<'_, T, Acc<T, L>, D>,
        c: usize,
        now: &Aimed<L::Real, D>,
        block: &Block<Acc<T, L>, D>,
        (offsets, ahead): (Offsets<'_>, Ahead<'_>),
        band: &mut Band<'_, T>,
    ) {
        let plane = self.image.plane(band.n, c);
        let (out, step) = band.row(now.row, c);
        blend.block(&plane, block, (&now.aim, offsets, ahead), &mut out[now.first * step..], step);
    }

    /// All channels of a block at once, if they lie side by side and are blended linearly in `f32`.
    fn channels(
        &self,
        blend: &Blend<'_, T, Acc<T, L>, D>,
        block: &Block<Acc<T, L>, D>,
        (now, ahead): (&Aimed<L::Real, D>, Ahead<'_>),
        fill: &[T],
        band: &mut Band<'_, T>,
    ) -> bool {
        let channels = self.image.shape().c;
        let (Some(terrain), Some(block), Some(outside)) = (&blend.terrain, block.as_f32(), blend.outside.as_f32()) else {
            return false;
        };
        // A pixel outside is a pixel of the image's type there.
        let fill_fits = T::narrow(outside.fill).widen::<f32>() == outside.fill;
        if channels < 2 || !self.image.side_by_side() || blend.interp != Interp::Linear || !fill_fits {
            return false;
        }
        let n = band.n;
        let plane = self.image.plane(n, 0);
        let data = &plane.data[plane.origin as usize..];
        let source = Source { data, channels, terrain, aim: &now.aim, ahead, block, outside: &outside, fill };
        let piece = now.first..now.first + block.len;
        let mut planes = band.planes(now.row, piece.clone());
        let mut target = if planes.is_empty() {
            Target::Pixels(&mut band.interleaved_row(now.row)[piece.start * channels..piece.end * channels])
        } else {
            Target::Planes(&mut planes)
        };
        let finite = few(&source, self.image, n, &mut target).unwrap_or_else(|| blend_channels(&source, &mut target));
        if !finite {
            for c in 0..channels {
                let (out, step) = band.row(now.row, c);
                with_care(&self.image.plane(n, c), block, &outside, &mut out[now.first * step..], step);
            }
        }
        true
    }
}

/// Two to four channels: whether all is finite; `None` for other images.
fn few<T: Sample, const D: usize>(
    source: &Source<'_, T, D>,
    image: &View<'_, T, D>,
    n: usize,
    target: &mut Target<'_, T>,
) -> Option<bool> {
    match (D, T::DTYPE, source.channels) {
        (2, DType::U8, 2) => Some(in_lanes!(simd => blend_bytes::<_, T, D, 2>(simd, source, image, n, target))),
        (2, DType::U8, 3) => Some(in_lanes!(simd => blend_bytes::<_, T, D, 3>(simd, source, image, n, target))),
        (2, DType::U8, 4) => Some(in_lanes!(simd => blend_bytes::<_, T, D, 4>(simd, source, image, n, target))),
        (2, _, 2) => Some(in_lanes!(simd => blend_few::<_, T, D, 2, 2>(simd, source, image, n, target))),
        (2, _, 3) => Some(in_lanes!(simd => blend_few::<_, T, D, 3, 4>(simd, source, image, n, target))),
        (2, _, 4) => Some(in_lanes!(simd => blend_few::<_, T, D, 4, 4>(simd, source, image, n, target))),
        _ => None,
    }
}

#[inline(never)]
fn blend_channels<T: Sample, const D: usize>(source: &Source<'_, T, D>, target: &mut Target<'_, T>) -> bool {
    if D == 2 {
        in_lanes!(simd => source.blend::<_, 4>(simd, target))
    } else {
        in_lanes!(simd => source.blend::<_, 8>(simd, target))
    }
}

/// The blocks of a band, tile after tile: what turned images read stays in the cache from one row to the next.
fn tiles(rows: usize, width: usize, height: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).step_by(height).flat_map(move |top| {
        let bottom = rows.min(top + height);
        (0..width).step_by(BLOCK).flat_map(move |first| (top..bottom).map(move |row| (row, first)))
    })
}

/// Rows of a tile where locations wander across rows. Elsewhere a row is read and written from end to end: memory likes that
/// best.
const TILE: usize = 32;

/// Planes from which on blocks are worked on in batches. The rows of fewer stay in the cache as they are.
const MANY: usize = 8;

/// Pixels of a batch: where they read, 20 bytes each, stays in the cache with the rows that they read.
const BATCH: usize = 2048;

/// Blocks of a batch, however short they are.
const DEEPEST: usize = 16;

/// Bytes of a plane that are brought near while another is read: part of the second-level cache.
const NEAR: usize = 1 << 17;

/// A block that has been located.
struct Aimed<R, const D: usize> {
    block: Block<R, D>,
    aim: Aim,
    row: usize,
    first: usize,
}

impl<R: Real, const D: usize> Default for Aimed<R, D> {
    fn default() -> Self {
        Self { block: Block::new(), aim: Aim::new(), row: 0, first: 0 }
    }
}

/// What all blocks of a sample share.
struct Blend<'b, T, A, const D: usize> {
    interp: Interp,
    axes: &'b [Axis; D],
    outside: Outside<T, A>,
    terrain: Option<Terrain<D>>,
}

impl<T: Sample, A: Real, const D: usize> Blend<'_, T, A, D> {
    /// Finds the places in memory that a block reads, for all channels.
    fn aim(&self, block: &Block<A, D>, aim: &mut Aim) {
        if let (Some(terrain), Some(block)) = (&self.terrain, block.as_f32()) {
            let padding = self.outside.padding;
            match self.interp {
                Interp::Nearest => aim.at_nearest(block, terrain, padding),
                interp => {
                    let (before, after) = interp.window().unwrap_or((0, 1));
                    aim.at_cells(block, terrain, padding, before, after);
                }
            }
        }
    }

    /// One block of one channel. Compiled once for each image type and blend type, whatever the locations are made of.
    #[inline(never)]
    fn block(
        &self,
        plane: &Plane<'_, T, D>,
        block: &Block<A, D>,
        (aim, offsets, ahead): (&Aim, Offsets<'_>, Ahead<'_>),
        out: &mut [T],
        step: usize,
    ) {
        if self.interp.is_wide() {
            let (Some(data), Some(out)) = (A::of(plane.data), A::of_mut(out)) else { unreachable!("images of the blends' type") };
            let plane = Plane { data, origin: plane.origin, size: plane.size, strides: plane.strides };
            let blend = Blend {
                interp: self.interp,
                axes: self.axes,
                outside: Outside::<A, A>::new(self.outside.padding),
                terrain: self.terrain,
            };
            return blend.wide(&plane, block, (aim, offsets, ahead), out, step);
        }
        if let (Some(terrain), Some(block), Some(outside)) = (&self.terrain, block.as_f32(), self.outside.as_f32()) {
            let aimed = (aim, offsets, ahead, terrain);
            // A function each: together they would compete for registers.
            match self.interp {
                Interp::Nearest => in_lanes!(simd => nearest_lanes(simd, plane, (aim, offsets, ahead), block, &outside, out, step)),
                Interp::Linear if D == 2 => {
                    in_lanes!(simd => linear_lanes::<_, T, D, 2>(simd, plane, aimed, block, &outside, out, step));
                }
                Interp::Linear => in_lanes!(simd => linear_lanes::<_, T, D, 4>(simd, plane, aimed, block, &outside, out, step)),
                Interp::Cubic { a } if D == 2 => in_lanes!(simd => {
                    cubic_lanes::<_, _, T, D, 4, 4>(simd, plane, self.axes, Keys(a), aimed, block, &outside, out, step);
                }),
                Interp::Cubic { a } => in_lanes!(simd => {
                    cubic_lanes::<_, _, T, D, 4, 16>(simd, plane, self.axes, Keys(a), aimed, block, &outside, out, step);
                }),
                _ => unreachable!("wide kernels are above"),
            }
            return;
        }
        vectorised(
            #[inline(always)]
            || match self.interp {
                Interp::Nearest => nearest(plane, block, &self.outside, out, step),
                Interp::Linear => linear(plane, block, &self.outside, out, step),
                Interp::Cubic { a } => cubic(plane, self.axes, Keys(a), block, &self.outside, out, step),
                _ => unreachable!("wide kernels are above"),
            },
        );
    }
}

impl<A: Real, const D: usize> Blend<'_, A, A, D> {
    /// A kernel whose taps padding places one by one, whichever it is.
    #[inline(never)]
    fn wide(
        &self,
        plane: &Plane<'_, A, D>,
        block: &Block<A, D>,
        (aim, offsets, ahead): (&Aim, Offsets<'_>, Ahead<'_>),
        out: &mut [A],
        step: usize,
    ) {
        if let (Some(terrain), Some(block), Some(data), Some(out)) =
            (&self.terrain, block.as_f32(), A::as_f32(plane.data), A::as_f32_mut(out))
        {
            let plane = &Plane { data, origin: plane.origin, size: plane.size, strides: plane.strides };
            let (aimed, outside) = ((aim, offsets, ahead, terrain), Outside::<f32, f32>::new(self.outside.padding));
            with_window!(self.interp, kernel, N, ROWS_2, ROWS_3 => {
                if D == 2 {
                    in_lanes!(simd => {
                        cubic_lanes::<_, _, f32, D, N, ROWS_2>(simd, plane, self.axes, kernel, aimed, block, &outside, out, step);
                    });
                } else {
                    in_lanes!(simd => {
                        cubic_lanes::<_, _, f32, D, N, ROWS_3>(simd, plane, self.axes, kernel, aimed, block, &outside, out, step);
                    });
                }
            });
            return;
        }
        with_window!(self.interp, kernel, N, ROWS_2, ROWS_3 => vectorised(
            #[inline(always)]
            || cubic::<_, _, _, D, N>(plane, self.axes, kernel, block, &self.outside, out, step),
        ));
    }
}
