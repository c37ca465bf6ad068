//! What is convolved with what, checked once.

use crate::dtype::Real;
use crate::error::{DeformError, SizeText};
use crate::kernel::deform::{Frame, Tap, place};
use crate::view::{Plane, Shape, View};
use std::ops::Range;

/// How a kernel moves over an image, x first, as in any convolution.
///
/// ```
/// use displace::DeformGeometry;
/// let same = DeformGeometry { padding: [1, 1], ..DeformGeometry::default() };
/// assert_eq!(same.output_size([640, 480], [3, 3])?, [640, 480]);
/// # Ok::<(), displace::error::DeformError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeformGeometry {
    /// Input pixels from output pixel to output pixel.
    pub stride: [usize; 2],
    /// Pixels of zeros on each side of the input.
    pub padding: [usize; 2],
    /// Input pixels from tap to tap.
    pub dilation: [usize; 2],
}

impl Default for DeformGeometry {
    /// Each pixel, no padding, taps side by side.
    fn default() -> Self {
        Self { stride: [1; 2], padding: [0; 2], dilation: [1; 2] }
    }
}

impl DeformGeometry {
    /// Places of taps are whole numbers of 32 bits, and so are sums of a few.
    const MOST: usize = 1 << 28;

    /// Pixels of the output, x first: `(input + 2 padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down.
    ///
    /// # Errors
    /// If there are none, or if a number is not between 1 (padding: 0) and 2^28.
    pub fn output_size(&self, input: [usize; 2], kernel: [usize; 2]) -> Result<[usize; 2], DeformError> {
        for (what, all, least) in [("stride", self.stride, 1), ("padding", self.padding, 0), ("dilation", self.dilation, 1)] {
            if all.iter().any(|found| !(least..=Self::MOST).contains(found)) {
                return Err(DeformError::Step { what, found: SizeText::from_xy(&all), least, most: Self::MOST });
            }
        }
        let mut size = [0; 2];
        for k in 0..2 {
            let room = input[k].saturating_add(2 * self.padding[k]);
            let reach = self.dilation[k].saturating_mul(kernel[k].saturating_sub(1)).saturating_add(1);
            // All places of taps are smaller than `room`, and the checks keep that small.
            if reach > room || room > 4 * Self::MOST {
                let text = SizeText::from_xy;
                return Err(DeformError::Kernel {
                    kernel: text(&kernel),
                    dilation: text(&self.dilation),
                    input: text(&input),
                    padding: text(&self.padding),
                });
            }
            size[k] = (room - reach) / self.stride[k] + 1;
        }
        Ok(size)
    }
}

/// The operands of a deformable convolution, torchvision's shapes.
///
/// With `C` channels in, `M` out, `T = kh kw` taps, `groups = C / weight's channels` and `G` offset groups:
#[derive(Clone, Copy, Debug)]
pub struct DeformConv<'a, T> {
    /// `(N, C, H, W)`.
    pub input: View<'a, T, 2>,
    /// `(N, 2 G T, H', W')`: for each group and tap, row by row, how many input pixels it is moved along y, then along x.
    pub offset: View<'a, T, 2>,
    /// `(M, C / groups, kh, kw)`.
    pub weight: View<'a, T, 2>,
    /// `(N, G T, H', W')`: what each tap is multiplied by; 1 if there is none (version 1 of the paper).
    pub mask: Option<View<'a, T, 2>>,
    /// `M` numbers, added to the output's channels.
    pub bias: Option<&'a [T]>,
    /// How the kernel moves.
    pub geometry: DeformGeometry,
}

/// A shape in array order.
fn text(shape: Shape<2>) -> [usize; 4] {
    [shape.n, shape.c, shape.size[1], shape.size[0]]
}

impl<T: Real> DeformConv<'_, T> {
    /// The shape of the output.
    ///
    /// # Errors
    /// If the operands do not fit each other.
    pub fn output_shape(&self) -> Result<Shape<2>, DeformError> {
        Ok(Plan::new(self)?.output())
    }
}

/// Checked sizes, and the walk over taps.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a, T> {
    pub(super) conv: DeformConv<'a, T>,
    pub(super) samples: usize,
    /// Channels of the input.
    pub(super) channels: usize,
    /// Channels of the input that one output channel reads.
    pub(super) in_group: usize,
    /// Channels of the output that read the same ones.
    pub(super) out_group: usize,
    /// Channels of the input that read at the same offsets.
    pub(super) at_once: usize,
    pub(super) kernel: [usize; 2],
    pub(super) size: [usize; 2],
    pub(super) frame: Frame,
}

/// Pixels of the output worked on together: their columns stay in the second-level cache.
pub(super) const TILE: usize = 48;

impl<'a, T: Real> Plan<'a, T> {
    pub(super) fn new(conv: &DeformConv<'a, T>) -> Result<Self, DeformError> {
        let (input, weight, offset) = (conv.input.shape(), conv.weight.shape(), conv.offset.shape());
        for (what, shape) in [("input", input), ("weight", weight), ("offset", offset)] {
            let lengths = if what == "weight" { [shape.n, shape.c, shape.size[0]] } else { [1, shape.c, shape.size[0]] };
            if lengths.contains(&0) || shape.size[1] == 0 {
                return Err(DeformError::Empty { what, shape: text(shape) });
            }
        }
        let kernel = weight.size;
        let size = conv.geometry.output_size(input.size, kernel)?;
        if input.c % weight.c != 0 {
            let what = "channels of weight";
            return Err(DeformError::Groups { what, parts: weight.c, channels: input.c, of: "channels of input" });
        }
        let groups = input.c / weight.c;
        if weight.n % groups != 0 {
            return Err(DeformError::Groups { what: "groups", parts: groups, channels: weight.n, of: "output channels of weight" });
        }
        let each = 2 * kernel[0] * kernel[1];
        if offset.c % each != 0 {
            return Err(DeformError::Offsets { found: offset.c, each, kernel: SizeText::from_xy(&kernel) });
        }
        let offset_groups = offset.c / each;
        if input.c % offset_groups != 0 {
            let what = "groups of offset";
            return Err(DeformError::Groups { what, parts: offset_groups, channels: input.c, of: "channels of input" });
        }
        let expected = Shape { n: input.n, c: offset.c, size };
        if offset != expected {
            return Err(DeformError::Shape { what: "offset", found: text(offset), expected: text(expected) });
        }
        if let Some(mask) = &conv.mask {
            let expected = Shape { c: offset.c / 2, ..expected };
            if mask.shape() != expected {
                return Err(DeformError::Shape { what: "mask", found: text(mask.shape()), expected: text(expected) });
            }
        }
        if let Some(bias) = conv.bias
            && bias.len() != weight.n
        {
            return Err(DeformError::Length { what: "bias", found: bias.len(), expected: weight.n });
        }
        let plan = Self {
            conv: *conv,
            samples: input.n,
            channels: input.c,
            in_group: weight.c,
            out_group: weight.n / groups,
            at_once: input.c / offset_groups,
            kernel,
            size,
            frame: Frame::new(input.size),
        };
        plan.output().elements()?;
        Ok(plan)
    }

    pub(super) fn output(&self) -> Shape<2> {
        Shape { n: self.samples, c: self.conv.weight.shape().n, size: self.size }
    }

    /// Pixels of one plane of the output.
    pub(super) fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Runs of `channels` that one offset group and one weight group have in common, and are not longer than `most`.
    pub(super) fn runs(&self, channels: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
        let (in_group, at_once) = (self.in_group, self.at_once);
        let mut start = channels.start;
        std::iter::from_fn(move || {
            let first = start;
            let ends = [(first / in_group + 1) * in_group, (first / at_once + 1) * at_once, first.saturating_add(most)];
            start = ends.into_iter().fold(channels.end, usize::min);
            (first < channels.end).then_some(first..start)
        })
    }

    /// Where the taps of one offset group read for some consecutive pixels of the output.
    ///
    /// A location is the regular place, a whole number, plus the offset, rounded once.
    pub(super) fn locate(&self, n: usize, group: usize, pixels: Range<usize>, edge: bool, to: &mut [Tap<T>]) {
        let DeformGeometry { stride, padding, dilation } = self.conv.geometry;
        let taps = self.taps();
        let mut moved = [[T::ZERO; TILE]; 2];
        let mut mask = [T::ONE; TILE];
        for t in 0..taps {
            let channel = group * taps + t;
            for (k, moved) in moved.iter_mut().enumerate() {
                // Offsets are y first.
                read(&self.conv.offset.plane(n, 2 * channel + 1 - k), &pixels, moved);
            }
            if let Some(masks) = &self.conv.mask {
                read(&masks.plane(n, channel), &pixels, &mut mask);
            }
            let tap = [t % self.kernel[0], t / self.kernel[0]];
            let base: [i32; 2] = std::array::from_fn(|k| (tap[k] * dilation[k]) as i32 - padding[k] as i32);
            let mut pixel = [pixels.start % self.size[0], pixels.start / self.size[0]];
            for p in 0..pixels.len() {
                for k in 0..2 {
                    moved[k][p] = T::from_i32((pixel[k] * stride[k]) as i32 + base[k]) + moved[k][p];
                }
                pixel[0] += 1;
                if pixel[0] == self.size[0] {
                    pixel = [0, pixel[1] + 1];
                }
            }
            place(&moved.each_ref().map(|at| &at[..pixels.len()]), &mask, self.frame, edge, &mut to[t..], taps);
        }
    }
}

/// Some consecutive pixels of a plane, counted row by row.
pub(super) fn read<T: Copy>(plane: &Plane<'_, T, 2>, pixels: &Range<usize>, to: &mut [T]) {
    let width = plane.size[0];
    if plane.strides == [1, width as isize] {
        to[..pixels.len()].copy_from_slice(&plane.data[plane.origin as usize..][pixels.clone()]);
    } else {
        for (to, pixel) in to.iter_mut().zip(pixels.clone()) {
            *to = plane.at([(pixel % width) as i32, (pixel / width) as i32]);
        }
    }
}
