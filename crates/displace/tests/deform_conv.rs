//! Deformable convolution against plain loops in `f64`, on any number of threads.

mod common;

use common::{Float, Rng};
use displace::error::DeformError;
use displace::{DeformConv, DeformConvGrads, DeformGeometry, Real, Shape, View, deform_conv2d, deform_conv2d_grad_into};

/// Sizes, x first.
#[derive(Clone, Copy, Debug)]
struct Case {
    samples: usize,
    channels: usize,
    outputs: usize,
    groups: usize,
    offsets: usize,
    size: [usize; 2],
    kernel: [usize; 2],
    geometry: DeformGeometry,
    masked: bool,
}

const PLAIN: Case = Case {
    samples: 2,
    channels: 4,
    outputs: 6,
    groups: 1,
    offsets: 1,
    size: [9, 7],
    kernel: [3, 3],
    geometry: DeformGeometry { stride: [1, 1], padding: [1, 1], dilation: [1, 1] },
    masked: true,
};

fn cases() -> Vec<Case> {
    let geometry = |stride, padding, dilation| DeformGeometry { stride, padding, dilation };
    vec![
        PLAIN,
        Case { samples: 10, masked: false, ..PLAIN },
        Case {
            channels: 12,
            outputs: 8,
            groups: 2,
            offsets: 3,
            kernel: [3, 2],
            geometry: geometry([2, 1], [2, 0], [1, 2]),
            ..PLAIN
        },
        Case {
            channels: 8,
            outputs: 8,
            groups: 8,
            offsets: 4,
            kernel: [1, 3],
            geometry: geometry([1, 3], [0, 2], [1, 2]),
            ..PLAIN
        },
        // More channels than one task takes, and more outputs than one panel.
        Case { channels: 70, outputs: 35, groups: 1, offsets: 2, size: [11, 9], kernel: [2, 2], ..PLAIN },
        Case { size: [1, 1], kernel: [1, 1], geometry: DeformGeometry::default(), samples: 3, ..PLAIN },
    ]
}

struct Numbers<T> {
    case: Case,
    out: Shape<2>,
    input: Vec<T>,
    offset: Vec<T>,
    weight: Vec<T>,
    mask: Vec<T>,
    bias: Vec<T>,
    grad: Vec<T>,
}

impl<T: Real + Float> Numbers<T> {
    fn new(case: Case, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let taps = case.kernel[0] * case.kernel[1];
        let size = case.geometry.output_size(case.size, case.kernel).unwrap();
        let out = Shape { n: case.samples, c: case.outputs, size };
        let mut numbers = |count: usize, scale: f64| (0..count).map(|_| T::near(rng.within(-scale, scale))).collect::<Vec<T>>();
        let input = numbers(case.samples * case.channels * case.size[0] * case.size[1], 2.0);
        let weight = numbers(case.outputs * case.channels / case.groups * taps, 1.0);
        let mask = numbers(case.samples * case.offsets * taps * out.pixels(), 1.0);
        let (bias, grad) = (numbers(case.outputs, 1.0), numbers(case.samples * case.outputs * out.pixels(), 1.0));
        let offset = (0..2 * mask.len())
            .map(|_| match rng.below(12) {
                // At pixels, at and across borders, and nowhere.
                0 => T::near(rng.below(9) as f64 - 4.0),
                1 => T::near(rng.pick(&[1e9, -1e9, f64::INFINITY, f64::NEG_INFINITY, f64::NAN])),
                _ => T::near(rng.within(-4.0, 4.0)),
            })
            .collect();
        Self { case, out, input, offset, weight, mask, bias, grad }
    }

    fn conv(&self) -> DeformConv<'_, T> {
        let (case, taps) = (self.case, self.case.kernel[0] * self.case.kernel[1]);
        let view = |data, n, c, size| View::planar(data, Shape { n, c, size }).unwrap();
        DeformConv {
            input: view(&self.input, case.samples, case.channels, case.size),
            offset: view(&self.offset, case.samples, 2 * case.offsets * taps, self.out.size),
            weight: view(&self.weight, case.outputs, case.channels / case.groups, case.kernel),
            mask: case.masked.then(|| view(&self.mask, case.samples, case.offsets * taps, self.out.size)),
            bias: Some(&self.bias),
            geometry: case.geometry,
        }
    }

    fn grads(&self) -> [Vec<T>; 5] {
        let mask = if self.case.masked { self.mask.len() } else { 0 };
        let lengths = [self.input.len(), self.offset.len(), mask, self.weight.len(), self.bias.len()];
        let mut outs = lengths.map(|len| vec![T::NAN; len]);
        let [input, offset, mask, weight, bias] = outs.each_mut().map(|out| Some(out.as_mut_slice()));
        let to = DeformConvGrads { input, offset, mask, weight, bias };
        deform_conv2d_grad_into(&View::planar(&self.grad, self.out).unwrap(), &self.conv(), to).unwrap();
        outs
    }

    /// Values and gradients in the order of [`Numbers::grads`], loop by loop: each tap reads up to four pixels.
    fn reference(&self) -> (Vec<f64>, [Vec<f64>; 5]) {
        let Case { channels, outputs, groups, offsets, size, kernel, geometry, .. } = self.case;
        let (taps, pixels, plane) = (kernel[0] * kernel[1], self.out.pixels(), size[0] * size[1]);
        let mut out = vec![0.0; self.grad.len()];
        let lengths = [self.input.len(), self.offset.len(), self.mask.len(), self.weight.len(), self.bias.len()];
        let mut grads = lengths.map(|len| vec![0.0; len]);
        let mut each = |n: usize, m: usize, p: usize| {
            let at_out = (n * outputs + m) * pixels + p;
            let grad = self.grad[at_out].f64();
            out[at_out] = self.bias[m].f64();
            grads[4][m] += grad;
            let in_group = channels / groups;
            for c in m / (outputs / groups) * in_group..(m / (outputs / groups) + 1) * in_group {
                for t in 0..taps {
                    let tap = (n * offsets + c / (channels / offsets)) * taps + t;
                    let moved = [2 * tap * pixels + pixels + p, 2 * tap * pixels + p];
                    let (pixel, place) = ([p % self.out.size[0], p / self.out.size[0]], [t % kernel[0], t / kernel[0]]);
                    let at: [f64; 2] = std::array::from_fn(|k| {
                        let regular = (pixel[k] * geometry.stride[k] + place[k] * geometry.dilation[k]) as f64;
                        // Rounded in the type of the offset, as the kernel does.
                        (T::from_f64(regular - geometry.padding[k] as f64) + self.offset[moved[k]]).f64()
                    });
                    if (0..2).any(|k| at[k].is_nan() || at[k] < -1.0 || at[k] >= size[k] as f64) {
                        continue;
                    }
                    let mask = if self.case.masked { self.mask[tap * pixels + p].f64() } else { 1.0 };
                    let weight = (m * in_group + c % in_group) * taps + t;
                    let w = self.weight[weight].f64();
                    for corner in 0..4 {
                        let step = [corner % 2, corner / 2];
                        let index: [i64; 2] = std::array::from_fn(|k| at[k].floor() as i64 + step[k]);
                        if (0..2).any(|k| index[k] < 0 || index[k] >= size[k] as i64) {
                            continue;
                        }
                        let share: [f64; 2] = std::array::from_fn(|k| {
                            let frac = at[k] - at[k].floor();
                            if step[k] == 1 { frac } else { 1.0 - frac }
                        });
                        let sign = step.map(|step| if step == 1 { 1.0 } else { -1.0 });
                        let source = (n * channels + c) * plane + index[1] as usize * size[0] + index[0] as usize;
                        let value = self.input[source].f64();
                        out[at_out] += w * mask * share[0] * share[1] * value;
                        grads[0][source] += grad * w * mask * share[0] * share[1];
                        grads[1][moved[0]] += grad * w * mask * sign[0] * share[1] * value;
                        grads[1][moved[1]] += grad * w * mask * sign[1] * share[0] * value;
                        grads[2][tap * pixels + p] += grad * w * share[0] * share[1] * value;
                        grads[3][weight] += grad * mask * share[0] * share[1] * value;
                    }
                }
            }
        };
        for n in 0..self.case.samples {
            for m in 0..outputs {
                for p in 0..pixels {
                    each(n, m, p);
                }
            }
        }
        if !self.case.masked {
            grads[2].clear();
        }
        (out, grads)
    }
}

/// `bound` is a few times the rounding of sums of some hundred products of about 1.
fn check<T: Real + Float>(bound: f64) {
    for (seed, case) in cases().into_iter().enumerate() {
        let numbers = Numbers::<T>::new(case, seed as u64);
        let (out, grads) = numbers.reference();
        let ours = deform_conv2d(&numbers.conv()).unwrap();
        assert_eq!(ours.shape(), numbers.out);
        let close = |what: &str, ours: &[T], reference: &[f64]| {
            assert_eq!(ours.len(), reference.len());
            let size = reference.iter().fold(1.0, |size: f64, value| size.max(value.abs()));
            for (i, (ours, reference)) in ours.iter().zip(reference).enumerate() {
                let off = (ours.f64() - reference).abs();
                assert!(off <= bound * size, "{what}[{i}]: {} for {reference}, {case:?}", ours.f64());
            }
        };
        close("out", ours.as_slice(), &out);
        let names = ["input", "offset", "mask", "weight", "bias"];
        for ((what, ours), reference) in names.into_iter().zip(&numbers.grads()).zip(&grads) {
            close(what, ours, reference);
        }
    }
}

#[test]
fn singles_are_the_loops() {
    check::<f32>(3e-6);
}

#[test]
fn doubles_are_the_loops() {
    check::<f64>(6e-15);
}

fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let case = Case { samples: 3, channels: 70, outputs: 20, offsets: 2, size: [41, 37], ..PLAIN };
    let numbers = Numbers::<f32>::new(case, 9);
    let all = |threads| {
        let (out, grads) = with_threads(threads, || (deform_conv2d(&numbers.conv()).unwrap().into_vec(), numbers.grads()));
        out.iter().chain(grads.iter().flatten()).map(|value| value.to_bits()).collect::<Vec<_>>()
    };
    let one = all(1);
    for threads in [2, 3] {
        assert!(all(threads) == one, "{threads} threads");
    }
}

#[test]
fn strides_change_no_bit() {
    let numbers = Numbers::<f32>::new(PLAIN, 4);
    let dense = deform_conv2d(&numbers.conv()).unwrap();
    // Channels last.
    let turned = |view: View<'_, f32, 2>| {
        let Shape { n, c, size: [width, height] } = view.shape();
        let mut data = Vec::new();
        for n in 0..n {
            for y in 0..height {
                for x in 0..width {
                    data.extend((0..c).map(|c| *view.get(n, c, [x, y]).unwrap()));
                }
            }
        }
        data
    };
    let conv = numbers.conv();
    let (input, offset, weight) = (turned(conv.input), turned(conv.offset), turned(conv.weight));
    let strided = DeformConv {
        input: View::interleaved(&input, conv.input.shape()).unwrap(),
        offset: View::interleaved(&offset, conv.offset.shape()).unwrap(),
        weight: View::interleaved(&weight, conv.weight.shape()).unwrap(),
        ..conv
    };
    assert_eq!(deform_conv2d(&strided).unwrap().as_slice(), dense.as_slice());
}

#[test]
fn an_empty_batch_has_gradients_of_zero() {
    let numbers = Numbers::<f32>::new(Case { samples: 0, ..PLAIN }, 1);
    assert_eq!(deform_conv2d(&numbers.conv()).unwrap().as_slice(), []);
    let [input, _, _, weight, bias] = numbers.grads();
    assert!(input.is_empty() && weight.iter().chain(&bias).all(|value| *value == 0.0));
}

#[test]
fn mistakes_are_named() {
    let numbers = Numbers::<f32>::new(PLAIN, 1);
    let conv = numbers.conv();
    let said = |conv: &DeformConv<'_, f32>| deform_conv2d(conv).unwrap_err().to_string();
    let geometry = |stride, padding, dilation| DeformGeometry { stride, padding, dilation };
    let huge = DeformConv { geometry: geometry([1, 1], [usize::MAX, 1], [1, 1]), ..conv };
    assert!(said(&huge).starts_with("padding 1x18446744073709551615 (height, width): expected numbers from 0 to 268435456"));
    let still = DeformConv { geometry: geometry([0, 1], [1, 1], [1, 1]), ..conv };
    assert!(said(&still).starts_with("stride 1x0"));
    let wide = DeformConv { geometry: geometry([1, 1], [0, 0], [5, 1]), ..conv };
    assert!(said(&wide).contains("a kernel of 3x3 taps with dilation 1x5 does not fit an input of 7x9 pixels"));
    let other = DeformConv { geometry: geometry([2, 2], [1, 1], [1, 1]), ..conv };
    assert_eq!(said(&other), "offset has shape [2, 18, 7, 9]: expected [2, 18, 4, 5]");
    assert_eq!(said(&DeformConv { bias: Some(&[0.0]), ..conv }), "bias has 1 numbers: expected 6");
    assert!(matches!(deform_conv2d(&DeformConv { offset: conv.input, ..conv }), Err(DeformError::Offsets { found: 4, .. })));
    assert!(matches!(deform_conv2d(&DeformConv { mask: Some(conv.input), ..conv }), Err(DeformError::Shape { what: "mask", .. })));
    let nothing = View::planar(&[], Shape { n: 2, c: 0, size: [9, 7] }).unwrap();
    assert!(matches!(deform_conv2d(&DeformConv { input: nothing, ..conv }), Err(DeformError::Empty { what: "input", .. })));
    let grad = View::planar(&numbers.grad, numbers.out).unwrap();
    let mut few = [0.0f32; 3];
    let to = DeformConvGrads { weight: Some(&mut few), ..DeformConvGrads::default() };
    let wrong = deform_conv2d_grad_into(&grad, &conv, to).unwrap_err().to_string();
    assert_eq!(wrong, "gradient of weight has 3 numbers: expected 216");
    let wrong = deform_conv2d_grad_into(&conv.input, &conv, DeformConvGrads::default()).unwrap_err().to_string();
    assert_eq!(wrong, "grad has shape [2, 4, 7, 9]: expected [2, 6, 7, 9]");
}
