//! The gradients, with sums whose order is fixed: each task owns some channels of one sample.

use super::forward::{Panels, interleaved, weight};
use super::plan::{DeformConv, Plan, TILE, read};
use crate::dtype::Real;
use crate::error::DeformError;
use crate::kernel::deform::{Back, Source, Tap, deinterleave, pull};
use crate::kernel::product::{Left, Right, padded, product, width};
use crate::rows::{each_of, pays};
use crate::view::View;
use std::ops::Range;

/// Channels of a task: few, so that there are tasks for all threads, but enough to share the work of locating.
const CHANNELS: usize = 32;

/// Samples whose sums for the weights are kept at the same time.
const ROUND: usize = 8;

/// Buffers for those gradients of a deformable convolution that are wanted, each in the dense order of its operand.
#[derive(Debug)]
pub struct DeformConvGrads<'a, T> {
    /// `(N, C, H, W)`.
    pub input: Option<&'a mut [T]>,
    /// `(N, 2 G T, H', W')`.
    pub offset: Option<&'a mut [T]>,
    /// `(N, G T, H', W')`; only where there is a mask.
    pub mask: Option<&'a mut [T]>,
    /// `(M, C / groups, kh, kw)`.
    pub weight: Option<&'a mut [T]>,
    /// `M` numbers.
    pub bias: Option<&'a mut [T]>,
}

impl<T> Default for DeformConvGrads<'_, T> {
    fn default() -> Self {
        Self { input: None, offset: None, mask: None, weight: None, bias: None }
    }
}

/// The gradients of `<grad, deform_conv2d(conv)>`.
///
/// *Shapes*: `grad` is `(N, M, H', W')`, any strides. Linear interpolation has no slope at pixels: there the offset's gradient is that
/// towards larger x and y, torchvision's choice; so it is at exactly -1, where nothing is read but a step to the right or down would
/// read something. *Exactness*: sums run in a fixed order in the type of the operands (that of the bias in `f64`): neither threads nor
/// instruction sets change a bit.
///
/// # Errors
/// If the operands or buffers do not fit each other.
///
/// ```
/// use displace::{deform_conv2d_grad_into, DeformConv, DeformConvGrads, DeformGeometry, Shape, View};
/// // The tap at pixel 0 is moved to 0.25: three quarters of the gradient are for pixel 0; one pixel further the input is 10 more.
/// let pixel = Shape { n: 1, c: 1, size: [1, 1] };
/// let conv = DeformConv {
///     input: View::planar(&[10.0, 20.0], Shape { size: [2, 1], ..pixel })?,
///     offset: View::planar(&[0.0, 0.25], Shape { c: 2, ..pixel })?,
///     weight: View::planar(&[2.0], pixel)?,
///     mask: None,
///     bias: None,
///     geometry: DeformGeometry { stride: [2, 1], ..DeformGeometry::default() },
/// };
/// let (mut input, mut offset) = ([0.0; 2], [0.0; 2]);
/// let wanted = DeformConvGrads { input: Some(&mut input), offset: Some(&mut offset), ..DeformConvGrads::default() };
/// deform_conv2d_grad_into(&View::planar(&[1.0], pixel)?, &conv, wanted)?;
/// assert_eq!((input[0], input[1], offset[1]), (1.5, 0.5, 20.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn deform_conv2d_grad_into<T: Real>(
    grad: &View<'_, T, 2>,
    conv: &DeformConv<'_, T>,
    mut to: DeformConvGrads<'_, T>,
) -> Result<(), DeformError> {
    let plan = Plan::new(conv)?;
    check(&plan, grad, &to)?;
    if let Some(to) = to.bias.take() {
        bias(grad, to);
    }
    // What has no numbers has no slopes to add.
    to.mask = to.mask.filter(|mask| !mask.is_empty());
    let slopes = to.offset.is_some() || to.mask.is_some();
    if to.input.is_none() && to.weight.is_none() && !slopes {
        return Ok(());
    }
    let image = interleaved(&plan)?;
    let parts: Vec<Part<T>> = plan.runs(0..plan.channels, CHANNELS).map(|channels| Part::new(&plan, channels)).collect();
    let mut totals: Vec<Vec<T>> = parts.iter().map(|part| vec![T::ZERO; part.sums(&plan)]).collect();
    let plane = conv.input.shape().pixels();
    let mut to_input = to.input.take();
    for first in (0..plan.samples).step_by(ROUND) {
        let samples = first..plan.samples.min(first + ROUND);
        let mut tasks = Vec::with_capacity(samples.len() * parts.len());
        for n in samples.clone() {
            for part in &parts {
                let image = to_input.take().map(|planes| {
                    let (mine, others) = planes.split_at_mut(part.channels.len() * plane);
                    to_input = Some(others);
                    mine
                });
                tasks.push(Task { n, part, image, weight: Vec::new(), slopes: Vec::new() });
            }
        }
        let work = tasks.len().saturating_mul(plan.pixels()).saturating_mul(plan.taps() * CHANNELS);
        each_of(&mut tasks, pays(work), |task| task.run(&plan, grad, &image, to.weight.is_some(), slopes));
        for (i, task) in tasks.iter().enumerate() {
            for (total, sum) in totals[i % parts.len()].iter_mut().zip(&task.weight) {
                *total = *total + *sum;
            }
        }
        if slopes {
            add_slopes(&plan, &tasks, parts.len(), samples, &mut to);
        }
    }
    if let Some(to) = to.weight {
        let depth = plan.in_group * plan.taps();
        for (part, total) in parts.iter().zip(&totals) {
            let (count, step) = (part.channels.len(), part.step(&plan));
            for m in 0..plan.out_group {
                let weights = &mut to[(part.group * plan.out_group + m) * depth..][..depth];
                for c in 0..count {
                    for t in 0..plan.taps() {
                        weights[(part.channels.start % plan.in_group + c) * plan.taps() + t] = total[m * step + t * count + c];
                    }
                }
            }
        }
    }
    Ok(())
}

fn check<T: Real>(plan: &Plan<'_, T>, grad: &View<'_, T, 2>, to: &DeformConvGrads<'_, T>) -> Result<(), DeformError> {
    let (found, expected) = (grad.shape(), plan.output());
    if found != expected {
        let text = |s: crate::Shape<2>| [s.n, s.c, s.size[1], s.size[0]];
        return Err(DeformError::Shape { what: "grad", found: text(found), expected: text(expected) });
    }
    let conv = &plan.conv;
    let offsets = conv.offset.shape().elements()?;
    let lengths = [
        ("gradient of input", to.input.as_deref(), conv.input.shape().elements()?),
        ("gradient of offset", to.offset.as_deref(), offsets),
        ("gradient of mask", to.mask.as_deref(), if conv.mask.is_some() { offsets / 2 } else { 0 }),
        ("gradient of weight", to.weight.as_deref(), conv.weight.shape().elements()?),
        ("gradient of bias", to.bias.as_deref(), conv.weight.shape().n),
    ];
    for (what, found, expected) in lengths {
        if let Some(found) = found.filter(|found| found.len() != expected) {
            return Err(DeformError::Length { what, found: found.len(), expected });
        }
    }
    Ok(())
}

/// The sums of the gradient's channels.
fn bias<T: Real>(grad: &View<'_, T, 2>, to: &mut [T]) {
    let shape = grad.shape();
    let mut channels: Vec<_> = to.iter_mut().enumerate().collect();
    each_of(&mut channels, pays(shape.n * shape.c * shape.pixels()), |(m, to)| {
        let mut sum = 0.0;
        let mut pixels = [T::ZERO; TILE];
        for n in 0..shape.n {
            let plane = grad.plane(n, *m);
            for start in (0..shape.pixels()).step_by(TILE) {
                let tile = start..shape.pixels().min(start + TILE);
                read(&plane, &tile, &mut pixels);
                sum += pixels[..tile.len()].iter().map(|value| value.to_f64()).sum::<f64>();
            }
        }
        **to = T::from_f64(sum);
    });
}

/// Channels of one weight group and one offset group, and their weights.
struct Part<T> {
    channels: Range<usize>,
    /// The weight group.
    group: usize,
    /// Output channels to taps and channels.
    weights: Panels<T>,
}

impl<T: Real> Part<T> {
    fn new(plan: &Plan<'_, T>, channels: Range<usize>) -> Self {
        let (count, group) = (channels.len(), channels.start / plan.in_group);
        let first = channels.start % plan.in_group;
        let weights = Panels::new(plan.out_group, plan.taps() * count, |m, k| {
            weight(&plan.conv.weight, group * plan.out_group + m, k / count, first + k % count)
        });
        Self { channels, group, weights }
    }

    /// From pixel to pixel of the columns.
    fn step(&self, plan: &Plan<'_, T>) -> usize {
        padded::<T>(plan.taps() * self.channels.len())
    }

    /// Sums for the weights.
    fn sums(&self, plan: &Plan<'_, T>) -> usize {
        plan.out_group * self.step(plan)
    }
}

/// Some channels of one sample.
struct Task<'p, 'o, T> {
    n: usize,
    part: &'p Part<T>,
    /// Their planes of the input's gradient.
    image: Option<&'o mut [T]>,
    /// Sums for the weights, `(M / groups, taps, channels)`.
    weight: Vec<T>,
    /// Gradients of x, y and mask for each pixel and tap.
    slopes: Vec<[T; 3]>,
}

impl<T: Real> Task<'_, '_, T> {
    fn run(&mut self, plan: &Plan<'_, T>, grad: &View<'_, T, 2>, image: &[T], weight: bool, slopes: bool) {
        let (taps, out, step) = (plan.taps(), plan.out_group, self.part.step(plan));
        let Range { start: first, end } = self.part.channels;
        let count = end - first;
        let each = plan.frame.pixels() * plan.channels;
        let source = Source { data: &image[self.n * each..][..each], channels: plan.channels, first, count, frame: plan.frame };
        let mut sums = if self.image.is_some() { vec![T::ZERO; plan.frame.pixels() * count] } else { Vec::new() };
        self.weight = if weight { vec![T::ZERO; self.part.sums(plan)] } else { Vec::new() };
        self.slopes = if slopes { vec![[T::ZERO; 3]; plan.pixels() * taps] } else { Vec::new() };
        let mut places = vec![Tap::NOWHERE; TILE * taps];
        let (mut columns, mut grads) = (vec![T::ZERO; TILE * step], vec![T::ZERO; TILE * step]);
        // The gradient of a tile, channel by channel and pixel by pixel.
        let (mut planes, mut pixels) = (vec![T::ZERO; out * TILE], vec![T::ZERO; TILE * out]);
        for start in (0..plan.pixels()).step_by(TILE) {
            let tile = start..plan.pixels().min(start + TILE);
            let len = tile.len();
            plan.locate(self.n, first / plan.at_once, tile.clone(), true, &mut places);
            for (m, plane) in planes.chunks_exact_mut(TILE).enumerate() {
                read(&grad.plane(self.n, self.part.group * out + m), &tile, plane);
                for (pixel, value) in pixels.chunks_exact_mut(out).zip(&*plane) {
                    pixel[m] = *value;
                }
            }
            let left = Left { data: &pixels, step: out, rows: len };
            product(left, self.part.weights.right(out), out, &mut grads, step, false);
            let mut back = Back {
                grad: &grads,
                row: step,
                image: self.image.as_ref().map(|_| &mut *sums),
                read: weight.then_some(&mut *columns),
                slopes: slopes.then(|| &mut self.slopes[start * taps..]),
            };
            pull(&places[..len * taps], taps, &source, &mut back);
            if weight {
                let left = Left { data: &planes, step: TILE, rows: out };
                let width = width::<T>();
                let right = Right { data: &columns, row: step, panel: width, panels: step / width };
                product(left, right, len, &mut self.weight, step, true);
            }
        }
        if let Some(image) = &mut self.image {
            deinterleave(&sums, count, plan.frame, image);
        }
    }
}

/// Adds the slopes of all tasks of a sample and an offset group, in the order of their channels.
fn add_slopes<T: Real>(
    plan: &Plan<'_, T>,
    tasks: &[Task<'_, '_, T>],
    parts: usize,
    samples: Range<usize>,
    to: &mut DeformConvGrads<'_, T>,
) {
    let (taps, pixels) = (plan.taps(), plan.pixels());
    let groups = plan.channels / plan.at_once;
    let planes = samples.start * groups * taps..samples.end * groups * taps;
    // Planes of x and y, and of the mask, of each sample, group and tap.
    let offsets = to.offset.as_deref_mut().map(|to| &mut to[2 * planes.start * pixels..2 * planes.end * pixels]);
    let masks = to.mask.as_deref_mut().map(|to| &mut to[planes.start * pixels..planes.end * pixels]);
    let mut offsets = offsets.map(|to| to.chunks_exact_mut(2 * pixels));
    let mut masks = masks.map(|to| to.chunks_exact_mut(pixels));
    let mut outputs: Vec<_> = (0..planes.len())
        .map(|i| (i, offsets.as_mut().and_then(Iterator::next), masks.as_mut().and_then(Iterator::next)))
        .collect();
    each_of(&mut outputs, pays(planes.len() * pixels), |(i, offset, mask)| {
        let (n, group, t) = (*i / taps / groups, *i / taps % groups, *i % taps);
        let mine = tasks[n * parts..][..parts].iter().filter(|task| task.part.channels.start / plan.at_once == group);
        let mine: Vec<_> = mine.collect();
        for p in 0..pixels {
            let mut sums = [T::ZERO; 3];
            for task in &mine {
                for (sum, slope) in sums.iter_mut().zip(task.slopes[p * taps + t]) {
                    *sum = *sum + slope;
                }
            }
            if let Some(offset) = offset {
                (offset[p], offset[pixels + p]) = (sums[1], sums[0]);
            }
            if let Some(mask) = mask {
                mask[p] = sums[2];
            }
        }
    });
}
