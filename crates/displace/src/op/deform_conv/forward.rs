//! The forward pass: tiles of columns, each multiplied by the weights.

use super::plan::{DeformConv, Plan, TILE};
use crate::dtype::Real;
use crate::error::DeformError;
use crate::kernel::deform::{Source, Tap, gather, interleave};
use crate::kernel::product::{Left, Right, padded, product, width};
use crate::rows::{each_of, for_each_band_costing, pays};
use crate::view::{Dense, Layout, View};

/// Deformable convolution (Dai et al., 2017; with a mask, version 2: Zhu et al., 2019), torchvision's `deform_conv2d`:
///
/// `out[n, m, oy, ox] = bias[m] + sum over c, i, j of weight[m, c, i, j] * mask * input[n, c](y, x)`, with
///
/// `y = oy * stride_y - padding_y + i * dilation_y + offset_y`, and `x` likewise.
///
/// *Units*: offsets are input pixels, y before x as torchvision stores them. Between pixels the input is interpolated linearly; outside
/// it is zero. A tap at or beyond -1 or the size reads nothing and contributes 0, as does one at no place (NaN). *Exactness*: a
/// location is rounded once; each output is one chain of fused multiply-adds over taps and channels in the type of the operands, in a
/// fixed order, plus the bias: neither threads nor instruction sets change a bit.
///
/// # Errors
/// If the operands do not fit each other: see [`DeformConv`].
///
/// ```
/// use displace::{deform_conv2d, DeformConv, DeformGeometry, Shape, View};
/// // One tap, moved half a pixel to the right: (10 + 20) / 2, (20 + 30) / 2, (30 + 0) / 2; times 2, plus 1.
/// let row = Shape { n: 1, c: 1, size: [3, 1] };
/// let conv = DeformConv {
///     input: View::planar(&[10.0f32, 20.0, 30.0], row)?,
///     offset: View::planar(&[0.0, 0.0, 0.0, 0.5, 0.5, 0.5], Shape { c: 2, ..row })?,
///     weight: View::planar(&[2.0], Shape { n: 1, c: 1, size: [1, 1] })?,
///     mask: None,
///     bias: Some(&[1.0]),
///     geometry: DeformGeometry::default(),
/// };
/// assert_eq!(deform_conv2d(&conv)?.as_slice(), [31.0, 51.0, 31.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn deform_conv2d<T: Real>(conv: &DeformConv<'_, T>) -> Result<Dense<T, 2>, DeformError> {
    let mut out = Dense::zeroed(conv.output_shape()?, Layout::Planar)?;
    deform_conv2d_into(conv, out.as_mut_slice())?;
    Ok(out)
}

/// [`deform_conv2d`] into a buffer of `(N, M, H', W')`.
///
/// # Errors
/// As [`deform_conv2d`], and if the buffer has another length.
pub fn deform_conv2d_into<T: Real>(conv: &DeformConv<'_, T>, out: &mut [T]) -> Result<(), DeformError> {
    let plan = Plan::new(conv)?;
    let shape = plan.output();
    let expected = shape.elements()?;
    if out.len() != expected {
        return Err(DeformError::Length { what: "out", found: out.len(), expected });
    }
    let image = interleaved(&plan)?;
    let weights = Packed::outputs(&plan);
    let depth = plan.taps() * plan.in_group;
    let step = padded::<T>(plan.out_group);
    // A pixel takes about as long as so many numbers; bands of less than a few tiles would waste parts of them.
    let cost = (depth * step / 32 + depth / 4).clamp(1, 128);
    for_each_band_costing(cost, out, shape, Layout::Planar, |band| {
        let mut taps = vec![Tap::NOWHERE; TILE * plan.taps()];
        let mut columns = vec![T::ZERO; TILE * depth];
        let mut sums = vec![T::ZERO; TILE * step];
        let (n, before) = (band.n, band.first_row * plan.size[0]);
        let pixels = band.rows * plan.size[0];
        let data = &image[n * plan.frame.pixels() * plan.channels..][..plan.frame.pixels() * plan.channels];
        for start in (0..pixels).step_by(TILE) {
            let len = TILE.min(pixels - start);
            let mut located = None;
            for (g, weights) in weights.groups.iter().enumerate() {
                let first = g * plan.in_group;
                for run in plan.runs(first..first + plan.in_group, usize::MAX) {
                    let group = run.start / plan.at_once;
                    if located != Some(group) {
                        plan.locate(n, group, before + start..before + start + len, false, &mut taps);
                        located = Some(group);
                    }
                    let source = Source { data, channels: plan.channels, first: run.start, count: run.len(), frame: plan.frame };
                    let taps = &taps[..len * plan.taps()];
                    gather(taps, plan.taps(), &source, &mut columns[run.start - first..], depth, plan.in_group);
                }
                let left = Left { data: &columns, step: depth, rows: len };
                product(left, weights.right(depth), depth, &mut sums, step, false);
                for m in 0..plan.out_group {
                    let channel = g * plan.out_group + m;
                    let bias = conv.bias.map_or(T::ZERO, |bias| bias[channel]);
                    let to = &mut band.plane(channel)[start..start + len];
                    for (to, sums) in to.iter_mut().zip(sums.chunks_exact(step)) {
                        *to = sums[m] + bias;
                    }
                }
            }
        }
    });
    Ok(())
}

/// The whole input with channels side by side, in frames.
pub(super) fn interleaved<T: Real>(plan: &Plan<'_, T>) -> Result<Vec<T>, DeformError> {
    let each = plan.frame.pixels() * plan.channels;
    let shape = crate::Shape { n: plan.samples, c: plan.channels, size: [plan.frame.pixels(), 1] };
    let mut image = Dense::zeroed(shape, Layout::Planar)?.into_vec();
    let mut samples: Vec<_> = image.chunks_mut(each.max(1)).enumerate().collect();
    each_of(&mut samples, pays(plan.samples * each), |(n, to)| {
        interleave(&plan.conv.input, *n, 0..plan.channels, plan.frame, to);
    });
    Ok(image)
}

/// Weights as right matrices, one for each group.
pub(super) struct Packed<T> {
    pub(super) groups: Vec<Panels<T>>,
}

/// A right matrix, its panels one after the other.
pub(super) struct Panels<T>(Vec<T>);

impl<T: Real> Panels<T> {
    /// `depth` rows of `columns` numbers each.
    pub(super) fn new(depth: usize, columns: usize, number: impl Fn(usize, usize) -> T) -> Self {
        let width = width::<T>();
        let mut data = vec![T::ZERO; depth * padded::<T>(columns)];
        for (panel, rows) in data.chunks_exact_mut((depth * width).max(1)).enumerate() {
            for (k, row) in rows.chunks_exact_mut(width).enumerate() {
                for (j, to) in (panel * width..columns).zip(row) {
                    *to = number(k, j);
                }
            }
        }
        Self(data)
    }

    pub(super) fn right(&self, depth: usize) -> Right<'_, T> {
        let panel = depth * width::<T>();
        Right { data: &self.0, row: width::<T>(), panel, panels: self.0.len() / panel }
    }
}

impl<T: Real> Packed<T> {
    /// Taps and channels to output channels.
    fn outputs(plan: &Plan<'_, T>) -> Self {
        let weight = |channel, k: usize| weight(&plan.conv.weight, channel, k / plan.in_group, k % plan.in_group);
        let groups = (0..plan.channels / plan.in_group)
            .map(|g| Panels::new(plan.taps() * plan.in_group, plan.out_group, |k, m| weight(g * plan.out_group + m, k)));
        Self { groups: groups.collect() }
    }
}

/// The weight of one output channel for one tap and channel of its group.
pub(super) fn weight<T: Copy>(weights: &View<'_, T, 2>, channel: usize, tap: usize, c: usize) -> T {
    let plane = weights.plane(channel, c);
    plane.at([(tap % plane.size[0]) as i32, (tap / plane.size[0]) as i32])
}
