//! What the taps of a deformable convolution read: four neighbours, all channels of each side by side.
//!
//! Pixels become vectors of channels in a copy with a frame of zeros, so that a tap is four loads and four fused multiply-adds for
//! eight channels, and none of them asks whether its pixel exists.

use super::vectorised;
use crate::dtype::Real;
use crate::view::View;
use std::ops::Range;

/// Lanes of a sum over channels: they are added up in the end, in order, so that no instruction set shows.
const SUMS: usize = 8;

/// A lattice with one pixel of zeros around it and one row more below, where taps read that read nothing.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    size: [usize; 2],
}

impl Frame {
    pub(crate) const fn new(size: [usize; 2]) -> Self {
        Self { size }
    }

    const fn width(self) -> usize {
        self.size[0] + 2
    }

    /// Pixels with those of the frame.
    pub(crate) const fn pixels(self) -> usize {
        self.width() * (self.size[1] + 3)
    }

    /// Of which neither neighbour is a pixel of the lattice.
    const fn nowhere(self) -> usize {
        self.width() * (self.size[1] + 1)
    }

    /// The first pixel of a row of the lattice.
    pub(crate) const fn row(self, y: usize) -> usize {
        (y + 1) * self.width() + 1
    }
}

/// Copies channels of one sample into `to`, side by side at each pixel of the frame, which holds zeros.
pub(crate) fn interleave<T: Real>(image: &View<'_, T, 2>, n: usize, channels: Range<usize>, frame: Frame, to: &mut [T]) {
    let count = channels.len();
    for (c, channel) in channels.enumerate() {
        let plane = image.plane(n, channel);
        for y in 0..frame.size[1] {
            let start = plane.row([0, y]);
            let row = &mut to[frame.row(y) * count..][..frame.size[0] * count];
            for (x, pixel) in row.chunks_exact_mut(count).enumerate() {
                pixel[c] = plane.data[(start + x as isize * plane.strides[0]) as usize];
            }
        }
    }
}

/// The way back: planes one after the other, without the frame.
pub(crate) fn deinterleave<T: Real>(from: &[T], count: usize, frame: Frame, planes: &mut [T]) {
    for (c, plane) in planes.chunks_exact_mut(frame.size[0] * frame.size[1]).enumerate() {
        for (y, row) in plane.chunks_exact_mut(frame.size[0]).enumerate() {
            let pixels = from[frame.row(y) * count..].chunks_exact(count);
            for (to, pixel) in row.iter_mut().zip(pixels) {
                *to = pixel[c];
            }
        }
    }
}

/// Where a tap of one output pixel reads.
#[derive(Clone, Copy)]
pub(crate) struct Tap<R> {
    /// The neighbour above and to the left, a pixel of the frame.
    cell: usize,
    /// The way from there to the location.
    frac: [R; 2],
    /// 0 for a tap that reads nothing.
    mask: R,
}

impl<R: Real> Tap<R> {
    pub(crate) const NOWHERE: Self = Self { cell: 0, frac: [R::ZERO; 2], mask: R::ZERO };

    /// A tap at `(x, y)`. One at -1 or less, or at the size or more, reads nothing, as does one that is nowhere (NaN); with
    /// `edge`, one at exactly -1 has the cell beside the first pixels, where it reads zeros but slopes are seen.
    #[inline(always)]
    fn new(at: [R; 2], mask: R, frame: Frame, edge: bool) -> Self {
        let mut cell = [0; 2];
        let mut frac = [R::ZERO; 2];
        for k in 0..2 {
            let low = -R::ONE;
            let inside = (at[k] > low || (edge && at[k] == low)) && at[k] < R::from_f64(frame.size[k] as f64);
            if !inside {
                return Self { cell: frame.nowhere(), ..Self::NOWHERE };
            }
            let below = at[k].floor();
            frac[k] = at[k] - below;
            cell[k] = (below.to_i32() + 1) as usize;
        }
        Self { cell: cell[1] * frame.width() + cell[0], frac, mask }
    }

    /// The weights of the four neighbours without the mask.
    #[inline(always)]
    fn weights(&self) -> [R; 4] {
        let [x, y] = self.frac;
        let (left, above) = (R::ONE - x, R::ONE - y);
        [above * left, above * x, y * left, y * x]
    }

    /// The weights of the four neighbours.
    #[inline(always)]
    fn masked(&self) -> [R; 4] {
        let mut weights = self.weights();
        for weight in &mut weights {
            *weight = self.mask * *weight;
        }
        weights
    }
}

/// Taps at some places, `step` apart.
pub(crate) fn place<R: Real>(at: &[&[R]; 2], mask: &[R], frame: Frame, edge: bool, to: &mut [Tap<R>], step: usize) {
    vectorised(
        #[inline(always)]
        || {
            let at = at[0].iter().zip(at[1]).zip(mask);
            for (to, ((x, y), mask)) in to.iter_mut().step_by(step).zip(at) {
                *to = Tap::new([*x, *y], *mask, frame, edge);
            }
        },
    );
}

/// Some channels of an interleaved copy.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a, R> {
    pub(crate) data: &'a [R],
    /// Channels at each pixel.
    pub(crate) channels: usize,
    /// The first of those that are read.
    pub(crate) first: usize,
    /// How many are read.
    pub(crate) count: usize,
    pub(crate) frame: Frame,
}

impl<'a, R> Source<'a, R> {
    /// The four neighbours of a cell.
    #[inline(always)]
    fn corners(&self, cell: usize) -> [&'a [R]; 4] {
        let data: &'a [R] = self.data;
        let start = cell * self.channels + self.first;
        let below = start + self.frame.width() * self.channels;
        let at = |start: usize| &data[start..][..self.count];
        [at(start), at(start + self.channels), at(below), at(below + self.channels)]
    }
}

/// Writes what the taps of pixels read: tap `t` of pixel `p` into `to[p * row + t * step..]`.
pub(crate) fn gather<R: Real>(taps: &[Tap<R>], each: usize, source: &Source<'_, R>, to: &mut [R], row: usize, step: usize) {
    vectorised(
        #[inline(always)]
        || {
            for (taps, row) in taps.chunks_exact(each).zip(to.chunks_mut(row)) {
                for (t, tap) in taps.iter().enumerate() {
                    blend(&mut row[t * step..][..source.count], source.corners(tap.cell), tap.masked());
                }
            }
        },
    );
}

#[inline(always)]
fn blend<R: Real>(to: &mut [R], corners: [&[R]; 4], weights: [R; 4]) {
    let [a, b, c, d] = corners;
    let corners = a.iter().zip(b).zip(c).zip(d);
    for (to, (((a, b), c), d)) in to.iter_mut().zip(corners) {
        *to = weights[3].mul_add(*d, weights[2].mul_add(*c, weights[1].mul_add(*b, weights[0] * *a)));
    }
}

/// What comes back through the taps.
pub(crate) struct Back<'a, R> {
    /// The gradient of what was read, tap `t` of pixel `p` at `p * row + t * source.count`.
    pub(crate) grad: &'a [R],
    pub(crate) row: usize,
    /// Sums for the interleaved gradient of the image, of as many channels as are read.
    pub(crate) image: Option<&'a mut [R]>,
    /// What was read, where wanted, in the places of `grad`.
    pub(crate) read: Option<&'a mut [R]>,
    /// Gradients of the offset's x and y and of the mask, where wanted, in the places of the taps.
    pub(crate) slopes: Option<&'a mut [[R; 3]]>,
}

/// All gradients of reading, in one walk over the taps in order.
pub(crate) fn pull<R: Real>(taps: &[Tap<R>], each: usize, source: &Source<'_, R>, back: &mut Back<'_, R>) {
    vectorised(
        #[inline(always)]
        || {
            let count = source.count;
            for (p, taps) in taps.chunks_exact(each).enumerate() {
                for (t, tap) in taps.iter().enumerate() {
                    let place = p * back.row + t * count;
                    let grad = &back.grad[place..][..count];
                    let corners = source.corners(tap.cell);
                    if let Some(read) = &mut back.read {
                        blend(&mut read[place..][..count], corners, tap.masked());
                    }
                    if let Some(slopes) = &mut back.slopes {
                        slopes[p * each + t] = tap_slopes(tap, grad, corners);
                    }
                    if let Some(image) = &mut back.image {
                        let weights = tap.masked();
                        let (above, below) = image[tap.cell * count..].split_at_mut(source.frame.width() * count);
                        add(&mut above[..2 * count], grad, [weights[0], weights[1]]);
                        add(&mut below[..2 * count], grad, [weights[2], weights[3]]);
                    }
                }
            }
        },
    );
}

/// Adds `grad` to two pixels side by side, by weight.
#[inline(always)]
fn add<R: Real>(pixels: &mut [R], grad: &[R], weights: [R; 2]) {
    let (left, right) = pixels.split_at_mut(grad.len());
    for ((left, right), grad) in left.iter_mut().zip(right).zip(grad) {
        *left = weights[0].mul_add(*grad, *left);
        *right = weights[1].mul_add(*grad, *right);
    }
}

/// The gradients of x, y and mask, from the gradient's sums with each neighbour.
#[inline(always)]
fn tap_slopes<R: Real>(tap: &Tap<R>, grad: &[R], corners: [&[R]; 4]) -> [R; 3] {
    let mut lanes = [[R::ZERO; SUMS]; 4];
    let whole = grad.len() / SUMS * SUMS;
    for start in (0..whole).step_by(SUMS) {
        let grad = &grad[start..][..SUMS];
        for k in 0..4 {
            let corner = &corners[k][start..][..SUMS];
            for l in 0..SUMS {
                lanes[k][l] = grad[l].mul_add(corner[l], lanes[k][l]);
            }
        }
    }
    for (l, i) in (whole..grad.len()).enumerate() {
        for k in 0..4 {
            lanes[k][l] = grad[i].mul_add(corners[k][i], lanes[k][l]);
        }
    }
    let mut sums = [R::ZERO; 4];
    for k in 0..4 {
        for l in 0..SUMS {
            sums[k] = sums[k] + lanes[k][l];
        }
    }
    let ([x, y], [a, b, c, d]) = (tap.frac, sums);
    let weights = tap.weights();
    let along_x = (R::ONE - y) * (b - a) + y * (d - c);
    let along_y = (R::ONE - x) * (c - a) + x * (d - b);
    let value = weights[0] * a + weights[1] * b + weights[2] * c + weights[3] * d;
    [tap.mask * along_x, tap.mask * along_y, value]
}
