//! The derivative of reading an image at locations: torch's `grid_sample` backward.

use crate::axis::Axis;
use crate::dtype::sealed::Sealed as _;
use crate::dtype::{Location, Real, Sample};
use crate::error::{SampleError, ShapeText, ViewError};
use crate::grid::Locations;
use crate::interp::Interp;
use crate::kernel::aim::{Aim, Terrain};
use crate::kernel::gather::{Piece, Tangents, bends, pushes, slopes};
use crate::kernel::load::load;
use crate::kernel::locate::{Locator, signs};
use crate::kernel::scatter::{Slab, scatter};
use crate::kernel::scatter_lanes::{Ahead, Falls, scatter_lanes};
use crate::kernel::signs_lanes::signs_lanes;
use crate::kernel::slopes_lanes::{Aimed, load_grad, prefetch_piece, slopes_lanes};
use crate::kernel::taps::{Spots, Taps};
use crate::kernel::{BLOCK, Block};
use crate::op::sample::{Acc, output_shape};
use crate::op::spline::derive_wide;
use crate::padding::Padding;
use crate::rows::{Band, for_each_band, for_each_band_costing, for_each_slab, map_rows, pays, row_index, slabs};
use crate::sampler::Sampler;
use crate::view::{Layout, Plane, Shape, View};
use displace_reads::LANES;
use std::any::Any;
use std::ops::Range;

#[cfg(test)]
mod tests;

/// The gradients of `<grad, sample(image, at)>` with respect to the image and to the numbers that `at` holds: torch's
/// `grid_sample` backward.
///
/// *Shapes*: `grad` has the shape of [`sample`](crate::sample)'s result and any strides, 0 for a gradient that is the
/// same everywhere. `grad_image` is dense planar `(N, C, [D,] H, W)` like the image, `grad_locations` dense interleaved
/// `(N, [D,] H, W, D)` like the locations; either may be left out, and is then not computed. A batch of one that served
/// many samples gets the sum over them. *Units*: `grad_locations` is per stored unit: a grid's per normalised unit,
/// `S/2` times the gradient per pixel; that of pixel maps and displacements per pixel. *Exactness*: torch's rules, ties
/// and ends included (CONVENTIONS.md, Gradients). Computed in `f64` if image or locations are, else in `f32`, and rounded
/// once to the result's type; half types are summed in `f32`. Sums run in the order of the destination: results do not
/// depend on threads. *Non-finite values*: a location that reads nothing gives no gradient to the image and gets NaN if
/// the upstream gradient there is not 0.
///
/// # Errors
/// If the image is not of the size that the locations address, the batches do not fit, `grad` has another shape than the
/// result, or a buffer another length than its gradient.
///
/// ```
/// use displace::{sample_grad_into, Extent, Grid, Lattice, Sampler, Shape, View};
/// // Pixels 10 and 20 side by side, read a quarter of the way: between edges g = -1/2 is pixel 0 and g = 1/2 pixel 1.
/// let image = View::planar(&[10.0f32, 20.0], Shape { n: 1, c: 1, size: [2, 1] })?;
/// let source = Lattice::from_shape([1, 2], Extent::Edges)?;
/// let grid = Grid::new(View::interleaved(&[-0.25f32, 0.0], Shape { n: 1, c: 2, size: [1, 1] })?, source)?;
/// let one = View::planar(&[1.0f32], Shape { n: 1, c: 1, size: [1, 1] })?;
/// let (mut to_image, mut to_grid) = ([0.0; 2], [0.0; 2]);
/// sample_grad_into(&one, &image, &grid.into(), Sampler::default(), Some(&mut to_image), Some(&mut to_grid))?;
/// assert_eq!(to_image, [0.75, 0.25]);
/// // 10 per pixel, and a unit of g is one pixel along x. Half a pixel along y; below the only row lie zeros: -12.5 per pixel.
/// assert_eq!(to_grid, [10.0, -6.25]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sample_grad_into<T: Sample + Location, L: Location, const D: usize>(
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    grad_image: Option<&mut [T]>,
    grad_locations: Option<&mut [L]>,
) -> Result<(), SampleError> {
    if sampler.interp.is_wide() {
        return derive_wide(None, None, grad, image, at, sampler, true, None, grad_image, grad_locations);
    }
    let plan = Plan::new(grad, image, at, None, sampler)?;
    check_len(&grad_image, image.shape())?;
    check_len(&grad_locations, at.at.shape())?;
    plan.gradients(grad_image, grad_locations)
}

/// An output is as long as the shape says.
pub(crate) fn check_len<T, const D: usize>(out: &Option<&mut [T]>, shape: Shape<D>) -> Result<(), SampleError> {
    let expected = shape.elements()?;
    match out {
        Some(out) if out.len() != expected => Err(SampleError::Output { found: out.len(), expected }),
        _ => Ok(()),
    }
}

/// An operand has the shape of what it belongs to.
pub(crate) fn check_shape<T, const D: usize>(
    what: &'static str,
    view: &View<'_, T, D>,
    expected: Shape<D>,
) -> Result<(), SampleError> {
    if view.shape() == expected {
        return Ok(());
    }
    Err(SampleError::Operand { what, found: ShapeText::new(&view.shape()), expected: ShapeText::new(&expected) })
}

/// What first and second derivatives share: where everything is, and the walks over destination and source.
pub(crate) struct Plan<'p, 'a, T: Sample, L: Location, const D: usize> {
    grad: &'p View<'a, T, D>,
    image: &'p View<'a, T, D>,
    at: &'p Locations<'a, L, D>,
    tangent: Option<&'p View<'a, L, D>>,
    sampler: Sampler,
    shape: Shape<D>,
    placed: Locator<L::Real, D>,
    /// Where locations were before a mirror turned them.
    asked: Option<Locator<L::Real, D>>,
    pub(crate) scale: [Acc<T, L>; D],
    pub(crate) fill: Acc<T, L>,
    /// First derivatives of linear reads in `f32`: eight pixels at a time.
    lanes: bool,
    /// Of the image's planes, if `lanes`.
    terrain: Option<Terrain<D>>,
}

/// What a task works in.
struct Room<R, A, const D: usize> {
    located: Block<R, D>,
    /// Made when first needed, like `singly`.
    asked: Option<Box<Block<R, D>>>,
    aim: Aim,
    sign: [[f32; BLOCK]; D],
    singly: Option<Box<Singly<A, D>>>,
}

/// What is known of each pixel of a block where lanes do not serve.
struct Singly<A, const D: usize> {
    spots: Spots<A, D>,
    taps: Taps<A, D>,
}

impl<R: Real, A: Real, const D: usize> Room<R, A, D> {
    fn new() -> Self {
        Self { located: Block::new(), asked: None, aim: Aim::new(), sign: [[1.0; BLOCK]; D], singly: None }
    }
}

impl<'p, 'a, T: Sample, L: Location, const D: usize> Plan<'p, 'a, T, L, D> {
    /// `tangent`: a direction in which the locations move.
    pub(crate) fn new(
        grad: &'p View<'a, T, D>,
        image: &'p View<'a, T, D>,
        at: &'p Locations<'a, L, D>,
        tangent: Option<&'p View<'a, L, D>>,
        sampler: Sampler,
    ) -> Result<Self, SampleError> {
        let shape = output_shape(image, at)?;
        check_shape("upstream gradient", grad, shape)?;
        let place = sampler.interp.window().is_none();
        let turns = sampler.interp == Interp::Linear && sampler.padding == Padding::Reflection;
        let lanes = sampler.interp == Interp::Linear && tangent.is_none() && Acc::<T, L>::as_f32(&[]).is_some();
        Ok(Self {
            grad,
            image,
            at,
            tangent,
            sampler,
            shape,
            placed: Locator::new(at, sampler.padding, place),
            asked: turns.then(|| Locator::new(at, sampler.padding, false)),
            scale: std::array::from_fn(|k| at.scale(k)),
            fill: Real::from_f64(sampler.padding.fill()),
            lanes,
            terrain: if lanes { Terrain::new(&image.plane(0, 0)) } else { None },
        })
    }

    fn gradients(&self, grad_image: Option<&mut [T]>, grad_locations: Option<&mut [L]>) -> Result<(), SampleError> {
        if let Some(out) = grad_locations {
            self.slopes(out);
        }
        grad_image.map_or(Ok(()), |out| self.scatter(out))
    }

    /// The gradients of the locations.
    pub(crate) fn slopes(&self, out: &mut [L]) {
        self.gather(
            out,
            |room, n, piece, to| self.slopes_lanes(room, n, piece, to),
            |taps, piece, to| slopes(taps, piece, self.grad, self.image, self.fill, &self.scale, to),
        );
    }

    const fn axes(&self) -> &[Axis; D] {
        self.at.source().axes()
    }

    /// Locates a piece of a row of sample `n`.
    fn locate(&self, n: usize, piece: &Piece<D>, room: &mut Room<L::Real, Acc<T, L>, D>) {
        room.located.len = piece.len;
        let values = self.values(n);
        self.placed.locate(&values, piece.row, piece.first, &mut room.located);
        if D == 3 {
            // The locator does it for images. Half a cache line is five numbers by three.
            prefetch_piece(&values[0], piece, piece.to_next(self.shape.size[0]), 5);
        }
    }

    /// The components of the locations of sample `n`.
    fn values(&self, n: usize) -> [Plane<'_, L, D>; D] {
        std::array::from_fn(|k| self.at.at.plane(n, k))
    }

    /// Locates a piece of a row of sample `n` before a mirror turns it.
    fn ask<'r>(&self, n: usize, piece: &Piece<D>, asked: &'r mut Option<Box<Block<L::Real, D>>>) -> Option<&'r Block<L::Real, D>> {
        self.asked.as_ref().map(|locator| {
            let asked = asked.get_or_insert_with(|| Box::new(Block::new()));
            asked.len = piece.len;
            locator.locate(&self.values(n), piece.row, piece.first, asked);
            &**asked
        })
    }

    /// The padding has places whose derivative by the location is not 1.
    fn stops(&self) -> bool {
        self.sampler.interp == Interp::Linear && !self.sampler.padding.fills() && self.sampler.padding != Padding::Wrap
    }

    /// The taps of a piece that has been located.
    fn taps<'r>(&self, n: usize, piece: &Piece<D>, room: &'r mut Room<L::Real, Acc<T, L>, D>) -> &'r Taps<Acc<T, L>, D> {
        let Room { located, asked, singly, .. } = room;
        let Singly { spots, taps } =
            &mut **singly.get_or_insert_with(|| Box::new(Singly { spots: Spots::new(), taps: Taps::new(self.sampler.interp) }));
        located.convert_into(&mut spots.block);
        if self.stops() {
            let asked = self.ask(n, piece, asked).unwrap_or(located);
            signs(self.sampler.padding, self.axes(), located, asked, &mut spots.sign);
        }
        if let Some(tangent) = self.tangent {
            for k in 0..D {
                let mut numbers = [L::Real::ZERO; BLOCK];
                load(&tangent.plane(n, k), piece.row, piece.first, &mut numbers[..piece.len]);
                for (push, number) in spots.push[k].iter_mut().zip(&numbers[..piece.len]) {
                    *push = Acc::<T, L>::from_f64(number.to_f64()) * self.scale[k];
                }
            }
        }
        if self.sampler.interp.is_centred() {
            spots.block.centre();
        }
        taps.fill(self.sampler.interp, spots, self.axes(), self.sampler.padding);
        taps
    }

    /// [`slopes`] in lanes of a piece that has been located. `false` where they do not serve.
    fn slopes_lanes(
        &self,
        room: &mut Room<L::Real, Acc<T, L>, D>,
        n: usize,
        piece: &Piece<D>,
        out: &mut [[Acc<T, L>; BLOCK]; D],
    ) -> bool {
        let Room { located, asked, aim, sign, .. } = room;
        let (Some(terrain), Some(block)) = (&self.terrain, located.as_f32()) else { return false };
        let (scale, out): (&dyn Any, &mut dyn Any) = (&self.scale, out);
        let (Some(scale), Some(out)) = (scale.downcast_ref(), out.downcast_mut()) else { return false };
        let padding = self.sampler.padding;
        aim.at_cells(block, terrain, padding, 0, 1);
        let mut bent = false;
        if self.stops() {
            let asked = if block.inside { None } else { self.ask(n, piece, asked) };
            bent = signs_lanes(padding, self.axes(), block, asked.and_then(Block::as_f32), sign);
        }
        let aimed = Aimed { block, aim, terrain, padding, sign: bent.then_some(&*sign) };
        slopes_lanes(&aimed, piece, self.grad, self.image, scale, piece.to_next(self.shape.size[0]), out)
    }

    /// The samples of the result that sample `n` of a batch of `batch` serves.
    fn served(&self, n: usize, batch: usize) -> Range<usize> {
        if batch == 1 { 0..self.shape.n } else { n..n + 1 }
    }

    /// A number for every component of every location: `work` writes those of a piece that `lanes` does not.
    fn gather(
        &self,
        out: &mut [L],
        lanes: impl Fn(&mut Room<L::Real, Acc<T, L>, D>, usize, &Piece<D>, &mut [[Acc<T, L>; BLOCK]; D]) -> bool + Sync + Send,
        work: impl Fn(&Taps<Acc<T, L>, D>, &Piece<D>, &mut [[Acc<T, L>; BLOCK]; D]) + Sync + Send,
    ) {
        let shape = self.at.at.shape();
        let cost = self.served(0, shape.n).len().saturating_mul(self.shape.c.max(1)).saturating_mul(D);
        for_each_band_costing(cost, out, shape, Layout::Interleaved, |band| {
            let mut room = Room::new();
            let mut sums = [[Acc::<T, L>::ZERO; BLOCK]; D];
            for row in 0..band.rows {
                let index = row_index(band.first_row + row, &shape.size);
                for first in (0..shape.size[0]).step_by(BLOCK) {
                    let len = BLOCK.min(shape.size[0] - first);
                    let piece = Piece { samples: self.served(band.n, shape.n), row: index, first, len };
                    self.locate(band.n, &piece, &mut room);
                    if !lanes(&mut room, band.n, &piece, &mut sums) {
                        work(self.taps(band.n, &piece, &mut room), &piece, &mut sums);
                    }
                    let to = &mut band.interleaved_row(row)[first * D..];
                    for (i, to) in to.chunks_exact_mut(D).take(len).enumerate() {
                        for (to, sums) in to.iter_mut().zip(&sums) {
                            *to = L::narrowed(sums[i]);
                        }
                    }
                }
            }
        });
    }

    /// The location gradients' own gradients with respect to the locations.
    pub(crate) fn bends(&self, tangent_image: Option<&View<'_, T, D>>, out: &mut [L]) {
        let tangents = Tangents { image: tangent_image, pushed: self.tangent.is_some() };
        self.gather(
            out,
            |_, _, _, _| false,
            |taps, piece, to| bends(taps, piece, &tangents, self.grad, self.image, self.fill, &self.scale, to),
        );
    }

    /// What the result changes by along the tangents.
    pub(crate) fn pushes(&self, tangent_image: Option<&View<'_, T, D>>, out: &mut [T]) {
        let shape = self.shape;
        for_each_band(out, shape, Layout::Planar, |band| {
            let mut room = Room::new();
            for row in 0..band.rows {
                let index = row_index(band.first_row + row, &shape.size);
                for first in (0..shape.size[0]).step_by(BLOCK) {
                    let len = BLOCK.min(shape.size[0] - first);
                    let piece = Piece { samples: band.n..band.n + 1, row: index, first, len };
                    self.locate(band.n, &piece, &mut room);
                    let taps = self.taps(band.n, &piece, &mut room);
                    for c in 0..shape.c {
                        let tangent = tangent_image.map(|tangent| tangent.plane(band.n, c));
                        let image = self.tangent.map(|_| self.image.plane(band.n, c));
                        let to = &mut band.row(row, c).0[first..][..len];
                        pushes(taps, len, tangent.as_ref(), image.as_ref(), self.fill, to);
                    }
                }
            }
        });
    }

    /// The upstream gradient sent back to the pixels read, or, with a direction of the locations, along it.
    pub(crate) fn scatter(&self, out: &mut [T]) -> Result<(), SampleError> {
        let shape = self.image.shape();
        let numbers = (self.shape.n * self.shape.pixels()).saturating_mul(self.shape.c.max(1));
        let slabs = if pays(numbers) { slabs(shape.n).min(shape.size[D - 1]) } else { 0 };
        let reach = if slabs > 1 { self.reach() } else { Vec::new() };
        for_each_slab(slabs, out, shape, |band| self.slab(band, &reach)).map_err(SampleError::View)
    }

    /// For each block of each row of each sample, the indices of the source's slowest axis among which all its taps lie.
    fn reach(&self) -> Vec<Range<i32>> {
        let shape = self.at.at.shape();
        if shape.pixels() == 0 {
            return Vec::new();
        }
        let blocks = shape.size[0].div_ceil(BLOCK);
        let last = self.axes()[D - 1].len() as i32 - 1;
        let (before, after) = self.sampler.interp.window().unwrap_or((0, 1));
        // The cell is the pixel below the location, the nearest one perhaps the next.
        let after = after + i32::from(self.sampler.interp.is_centred());
        map_rows(shape.n, shape.pixels() / shape.size[0] * blocks, |n, position| {
            let first = position % blocks * BLOCK;
            let mut located = Block::new();
            located.len = BLOCK.min(shape.size[0] - first);
            let row = row_index(position / blocks, &shape.size);
            match self.placed.extremes(D - 1, &self.at.at.plane(n, D - 1), row, first, &mut located) {
                None => 0..0,
                Some((low, high)) => {
                    let (low, high) = (low.saturating_sub(before), high.saturating_add(after));
                    // Taps that padding moves one by one may go anywhere.
                    if (low < 0 || high > last) && !self.sampler.padding.fills() { 0..last + 1 } else { low..high + 1 }
                }
            }
        })
    }

    /// All of the destination that falls into one band of the source.
    fn slab(&self, band: &mut Band<'_, T>, reach: &[Range<i32>]) -> Result<(), ViewError> {
        let (size, channels) = (self.image.shape().size, self.shape.c);
        let (first_row, end_row) = (band.first_row as i32, (band.first_row + band.rows) as i32);
        let slab = Slab { size, range: first_row..end_row };
        let pixels = band.plane(0).len();
        // Sums of another type than the output's.
        let mut own: Vec<Acc<T, L>> = Vec::new();
        if Acc::<T, L>::of_mut(band.plane(0)).is_none() {
            if own.try_reserve_exact(pixels * channels).is_err() {
                return Err(ViewError::Memory { bytes: pixels * channels * size_of::<Acc<T, L>>() });
            }
            own.resize(pixels * channels, Real::ZERO);
        }
        for c in 0..channels {
            band.plane(c).fill(T::default());
        }
        let (mut room, mut falls, mut grads) = (Room::new(), Falls::new(), [0.0; BLOCK]);
        let lanes = self.lanes && pixels < i32::MAX as usize;
        let mut list = Vec::with_capacity(BLOCK);
        let destination = self.shape.size;
        let blocks = destination[0].div_ceil(BLOCK);
        let rows = if destination.contains(&0) { 0 } else { self.shape.pixels() / destination[0] };
        for n in self.served(band.n, self.image.shape().n) {
            let located = if self.at.at.shape().n == 1 { 0 } else { n };
            for position in 0..rows * blocks {
                if let Some(reach) = reach.get(located * rows * blocks + position)
                    && (reach.start >= end_row || reach.end <= first_row)
                {
                    continue;
                }
                let (row, first) = (row_index(position / blocks, &destination), position % blocks * BLOCK);
                let piece = Piece { samples: n..n + 1, row, first, len: BLOCK.min(destination[0] - first) };
                self.locate(n, &piece, &mut room);
                let mut placed = false;
                if let (true, Some(block)) = (lanes, room.located.as_f32())
                    && !falls.aim(block, &slab, self.sampler.padding)
                {
                    continue;
                }
                let (mut ahead, mut step) = (0, 1);
                for (k, by) in piece.to_next(destination[0]).into_iter().enumerate() {
                    ahead += by * step;
                    step *= size[k] as isize;
                }
                let apart = if own.is_empty() { self.image.shape().pixels() } else { pixels } as isize;
                for c in 0..channels {
                    let sums = if c + 1 < channels { apart } else { ahead - (channels as isize - 1) * apart };
                    let ahead = Ahead { sums };
                    let plane = self.grad.plane(n, c);
                    let sums = Acc::<T, L>::of_mut(band.plane(c));
                    let sums = sums.unwrap_or_else(|| &mut own[c * pixels..][..pixels]);
                    if let (true, Some(block), Some(sums)) = (lanes, room.located.as_f32(), Acc::<T, L>::as_f32_mut(sums)) {
                        load_grad(&plane, &piece, &mut grads);
                        let (next, step) = if c + 1 < channels { (c + 1, [0; D]) } else { (0, piece.to_next(destination[0])) };
                        prefetch_piece(&self.grad.plane(n, next), &piece, step, LANES);
                        if scatter_lanes(block, &falls, &slab, (self.axes(), self.sampler.padding), &grads, ahead, sums) {
                            continue;
                        }
                    }
                    if !placed {
                        self.taps(n, &piece, &mut room).touching(piece.len, &slab.range, &mut list);
                        placed = true;
                    }
                    if let Some(singly) = &room.singly {
                        scatter(&singly.taps, &list, &piece, &plane, self.tangent.is_some(), &slab, sums);
                    }
                }
            }
        }
        for (c, sums) in own.chunks_exact(pixels).enumerate() {
            for (to, sum) in band.plane(c).iter_mut().zip(sums) {
                *to = T::narrow(*sum);
            }
        }
        Ok(())
    }
}
