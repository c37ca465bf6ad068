//! The kernels against the specification, `reference::sample_grad` and `reference::sample_grad_grad`, for every float
//! image, location type, mode, padding, extent, kind of locations and batch, views anywhere in memory.

use super::case::{Acc, BATCHES, Case, KINDS};
use crate::common::{EXTENTS, Float, Rng, Scattered, Value, bits, samplers};
use displace::reference::{self, Sum};
use displace::{Extent, Interp, Padding, Real, Sample, Sampler, Shape, Strides, View, bf16, f16};
use displace::{sample, sample_grad_grad_into, sample_grad_into};

/// The bound: as many round-offs of the sum of the terms' magnitudes as there are terms, and this many for weights.
const ROUND_OFFS: f64 = 8.0;

/// A place in source pixels: anywhere near the image, and where rules change.
fn place(len: usize, rng: &mut Rng) -> f64 {
    let whole = rng.below(len) as f64;
    let sign = if rng.below(2) == 0 { 1.0 } else { -1.0 };
    match rng.below(24) {
        0 => whole,
        1 => whole + 0.5,
        2 => -0.5,
        3 => len as f64 - 0.5,
        4 => -1.0,
        5 => len as f64,
        6 => 0.0,
        7 => len as f64 - 1.0,
        8 => f64::from(rng.pick(&[-1e-6f32, 1e-6])),
        9 => sign * rng.within(1.0, 12.0) * len as f64,
        10 => sign * (rng.below(1000) as f64 / 2.0),
        11 => rng.pick(&[1e5, -1e5, 1e10, -1e17, f64::INFINITY, f64::NEG_INFINITY, f64::NAN]),
        _ => rng.within(-2.0, len as f64 + 1.0),
    }
}

/// Away from whole pixels, where weights are so small that their product may be 0 in single precision only.
fn well_within(len: usize, rng: &mut Rng) -> f64 {
    loop {
        let p = rng.within(-2.0, len as f64 + 1.0);
        if (p - p.round()).abs() > 0.02 {
            return p;
        }
    }
}

/// The worst error as a share of the bound.
fn compare<T: Copy, A: Real>(what: &str, found: &[T], expected: &[Sum], widen: impl Fn(T) -> f64, unit: f64, least: f64) -> f64 {
    assert_eq!(found.len(), expected.len());
    let mut worst = 0.0f64;
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let found = widen(*found);
        if !expected.value.is_finite() {
            let same = found == expected.value || (found.is_nan() && expected.value.is_nan());
            assert!(same, "{what} {i}: {found}, expected {expected:?}");
            continue;
        }
        // One rounding to the result's type; the rest is summing.
        let error = ((found - expected.value).abs() - unit * expected.value.abs() - least).max(0.0);
        if error > 0.0 {
            let share = error / (A::ROUND_OFF * expected.size * (expected.terms as f64 + ROUND_OFFS));
            assert!(share <= 1.0, "{what} {i}: {found}, expected {expected:?}, {share} of the bound");
            worst = worst.max(share);
        }
    }
    worst
}

/// The unit round-off of a type, and half its smallest number.
fn unit(dtype: displace::DType) -> (f64, f64) {
    match dtype {
        displace::DType::F16 => (2f64.powi(-11), 2f64.powi(-25)),
        displace::DType::BF16 => (2f64.powi(-8), 2f64.powi(-134)),
        displace::DType::F32 => (2f64.powi(-24), 2f64.powi(-150)),
        _ => (2f64.powi(-53), 0.0),
    }
}

fn agree<T: Value + Float, L: Float + Value, const D: usize>(
    sampler: Sampler,
    extent: Extent,
    kind: usize,
    batches: [usize; 2],
    rng: &mut Rng,
) -> f64 {
    let source: [usize; D] = std::array::from_fn(|_| 1 + rng.bits() as usize % rng.pick(&[2, 9, 9, 9]));
    let long = if D == 2 && rng.below(6) == 0 { 300 } else { 1 + rng.below(20) };
    let destination: [usize; D] = std::array::from_fn(|k| if k == 0 { long } else { 1 + rng.below(5 - D) });
    let strange = rng.below(3) == 0;
    let mut case: Case<T, L, D> =
        Case::new(batches, source, destination, extent, kind, rng, if strange { well_within } else { place });
    if strange {
        for value in case.image.iter_mut().chain(&mut case.tangent_image) {
            if rng.below(9) == 0 {
                *value = T::near(rng.pick(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN]));
            }
        }
        // An infinite upstream gradient makes a slope's round-off infinite too: by_hand.rs has one.
        for value in &mut case.grad {
            if rng.below(9) == 0 {
                *value = T::near(f64::NAN);
            }
        }
    }
    let what = format!(
        "{:?} at {:?}: {sampler:?} {extent:?} kind {kind} batches {batches:?} source {source:?} destination {destination:?}",
        <T as Sample>::DTYPE,
        <L as displace::Location>::DTYPE
    );
    let widen = |v: T| Float::f64(v);
    let ((unit_t, least_t), (unit_l, least_l)) = (unit(<T as Sample>::DTYPE), unit(<L as displace::Location>::DTYPE));
    // What is read may lie anywhere; one number may stand for all upstream gradients.
    let garbage = T::near(f64::NAN);
    let image = Scattered::new(&case.image, case.image_shape, garbage, rng);
    let tangent_image = Scattered::new(&case.tangent_image, case.image_shape, garbage, rng);
    let at_planar: Vec<L> = planar(&case.at, case.at_shape);
    let tangent_planar: Vec<L> = planar(&case.tangent_at, case.at_shape);
    let at = Scattered::new(&at_planar, case.at_shape, L::near(f64::NAN), rng);
    let tangent_at = Scattered::new(&tangent_planar, case.at_shape, L::near(f64::NAN), rng);
    let grad = Scattered::new(&case.grad, case.shape, garbage, rng);
    let one = [case.grad[0]];
    let grad = if rng.below(4) == 0 {
        View::strided(&one, 0, case.shape, Strides { n: 0, c: 0, size: [0; D] }).unwrap()
    } else {
        grad.view()
    };
    let (image, tangent_image, tangent_at) = (image.view(), tangent_image.view(), tangent_at.view());
    let at = case.read(at.view());

    let mut to_image = vec![garbage; case.image.len()];
    let mut to_at = vec![L::near(f64::NAN); case.at.len()];
    sample_grad_into(&grad, &image, &at, sampler, Some(&mut to_image), Some(&mut to_at)).unwrap();
    let plain = reference::sample_grad::<T, L, L::Real, D>(&grad, &image, &at, sampler).unwrap();
    let mut worst = compare::<T, Acc<T, L>>(&format!("image {what}"), &to_image, &plain.image, widen, unit_t, least_t);
    worst = worst.max(compare::<L, Acc<T, L>>(
        &format!("locations {what}"),
        &to_at,
        &plain.locations,
        |v| Float::f64(v),
        unit_l,
        least_l,
    ));
    // Each result alone is the same.
    let (mut alone, mut alone_at) = (to_image.clone(), to_at.clone());
    sample_grad_into(&grad, &image, &at, sampler, Some(&mut alone), None).unwrap();
    sample_grad_into(&grad, &image, &at, sampler, None, Some(&mut alone_at)).unwrap();
    assert!(bits(&alone) == bits(&to_image) && bits(&alone_at) == bits(&to_at), "{what}");

    for missing in 0..3 {
        let tangent_image = (missing != 1).then_some(&tangent_image);
        let tangent_at = (missing != 2).then_some(&tangent_at);
        let (mut to_grad, mut to_image) = (vec![garbage; case.grad.len()], vec![garbage; case.image.len()]);
        let mut to_at = vec![L::near(f64::NAN); case.at.len()];
        sample_grad_grad_into(
            tangent_image,
            tangent_at,
            &grad,
            &image,
            &at,
            sampler,
            Some(&mut to_grad),
            Some(&mut to_image),
            Some(&mut to_at),
        )
        .unwrap();
        let plain =
            reference::sample_grad_grad::<T, L, L::Real, D>(tangent_image, tangent_at, &grad, &image, &at, sampler).unwrap();
        let name = |part: &str| format!("second, {part}, {missing} missing, {what}");
        for (part, found, expected) in [("grad", &to_grad, &plain.grad), ("image", &to_image, &plain.image)] {
            worst = worst.max(compare::<T, Acc<T, L>>(&name(part), found, expected, widen, unit_t, least_t));
        }
        let narrow = |v: L| Float::f64(v);
        worst = worst.max(compare::<L, Acc<T, L>>(&name("locations"), &to_at, &plain.locations, narrow, unit_l, least_l));
    }
    worst
}

fn planar<L: Copy, const D: usize>(interleaved: &[L], shape: Shape<D>) -> Vec<L> {
    let (c, pixels) = (shape.c, shape.pixels());
    (0..interleaved.len()).map(|i| interleaved[(i / (c * pixels) * pixels + i % pixels) * c + i / pixels % c]).collect()
}

fn every<T: Value + Float, L: Float + Value>(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut worst = 0.0f64;
    for sampler in samplers() {
        for extent in EXTENTS {
            for kind in 0..KINDS {
                let batches = [rng.pick(&BATCHES), rng.pick(&BATCHES)];
                worst = worst.max(agree::<T, L, 2>(sampler, extent, kind, batches[0], &mut rng));
                worst = worst.max(agree::<T, L, 3>(sampler, extent, kind, batches[1], &mut rng));
            }
        }
    }
    println!("{:?} at {:?}: at most {worst:.2} of the bound", <T as Sample>::DTYPE, <L as displace::Location>::DTYPE);
}

#[test]
fn single() {
    every::<f32, f32>(201);
    every::<f32, f64>(202);
}

#[test]
fn double() {
    every::<f64, f64>(203);
    every::<f64, f32>(204);
}

#[test]
fn half() {
    every::<f16, f16>(205);
    every::<bf16, bf16>(206);
    every::<f16, f32>(207);
    every::<bf16, f64>(208);
    every::<f32, f16>(209);
    every::<f64, bf16>(210);
}

#[test]
fn both_tangents_missing_is_zero() {
    let mut rng = Rng::new(211);
    let case: Case<f32, f32, 2> = Case::new([1, 1], [5, 4], [6, 3], Extent::Edges, 0, &mut rng, place);
    let (mut a, mut b, mut c) = (vec![1.0; case.grad.len()], vec![1.0; case.image.len()], vec![1.0; case.at.len()]);
    let (grad, image, at) = (case.grad(), case.image(), case.locations());
    let outputs = (Some(a.as_mut_slice()), Some(b.as_mut_slice()), Some(c.as_mut_slice()));
    sample_grad_grad_into(None, None, &grad, &image, &at, Sampler::default(), outputs.0, outputs.1, outputs.2).unwrap();
    assert!(a.iter().chain(&b).chain(&c).all(|v| *v == 0.0));
}

/// `out_grad` of a tangent image alone is that image sampled, and its bits are `sample`'s.
#[test]
fn a_tangent_image_is_sampled() {
    let mut rng = Rng::new(212);
    for interp in [Interp::Nearest, Interp::Linear, Interp::CUBIC] {
        for padding in [Padding::Zeros, Padding::Border, Padding::Reflection, Padding::Wrap] {
            let sampler = Sampler::new(interp, padding);
            let inside = |len: usize, rng: &mut Rng| rng.within(-1.5, len as f64 + 0.5);
            let case: Case<f32, f32, 2> = Case::new([2, 2], [7, 5], [40, 3], Extent::Edges, 0, &mut rng, inside);
            let (tangent, at) = (case.tangent_image(), case.locations());
            let mut out = vec![0.0; case.grad.len()];
            sample_grad_grad_into(Some(&tangent), None, &case.grad(), &case.image(), &at, sampler, Some(&mut out), None, None)
                .unwrap();
            assert_eq!(bits(&out), bits(sample(&tangent, &at, sampler).unwrap().as_slice()), "{sampler:?}");
        }
    }
}
