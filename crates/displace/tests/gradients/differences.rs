//! Derivatives against central differences of what they are derivatives of, in f64, away from kinks; and the adjoint
//! identity `<G, sample(I)> = <grad_image(G), I>`.

use super::case::{BATCHES, Case, KINDS};
use crate::common::{EXTENTS, Rng, samplers};
use displace::{Extent, Interp, Padding, Sampler, View, reference, sample, sample_grad_grad_into, sample_grad_into};

/// Step in stored units: under a thousandth of a pixel on the axes used here.
const STEP: f64 = 1e-5;

/// At least a thousandth of a pixel from whole and half pixels, where rules change.
fn smooth(len: usize, rng: &mut Rng) -> f64 {
    loop {
        let p = rng.within(-2.5, len as f64 + 1.5);
        if ((2.0 * p) - (2.0 * p).round()).abs() > 2e-3 {
            return p;
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn random<const D: usize>(extent: Extent, kind: usize, batches: [usize; 2], rng: &mut Rng) -> Case<f64, f64, D> {
    let source: [usize; D] = std::array::from_fn(|_| 1 + rng.below(6));
    let destination: [usize; D] = std::array::from_fn(|k| if k == 0 { 1 + rng.below(7) } else { 1 + rng.below(3) });
    Case::new(batches, source, destination, extent, kind, rng, smooth)
}

/// What is differentiated, by the locations' numbers.
fn forward<const D: usize>(case: &Case<f64, f64, D>, image: &[f64], at: &[f64], sampler: Sampler) -> Vec<f64> {
    let image = View::planar(image, case.image_shape).unwrap();
    let at = case.read(View::interleaved(at, case.at_shape).unwrap());
    reference::sample::<f64, f64, f64, f64, D>(&image, &at, sampler).unwrap().into_vec()
}

fn backward<const D: usize>(case: &Case<f64, f64, D>, grad: &[f64], image: &[f64], at: &[f64], sampler: Sampler) -> [Vec<f64>; 2] {
    let (mut to_image, mut to_at) = (vec![f64::NAN; image.len()], vec![f64::NAN; at.len()]);
    let grad = View::planar(grad, case.shape).unwrap();
    let image = View::planar(image, case.image_shape).unwrap();
    let at = case.read(View::interleaved(at, case.at_shape).unwrap());
    sample_grad_into(&grad, &image, &at, sampler, Some(&mut to_image), Some(&mut to_at)).unwrap();
    [to_image, to_at]
}

fn moved(from: &[f64], by: &[f64], step: f64) -> Vec<f64> {
    from.iter().zip(by).map(|(from, by)| from + by * step).collect()
}

fn near(found: f64, expected: f64, size: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-6 * (1.0 + size), "{what}: {found}, differences say {expected}");
}

fn first<const D: usize>(sampler: Sampler, extent: Extent, kind: usize, batches: [usize; 2], rng: &mut Rng) {
    let case = random::<D>(extent, kind, batches, rng);
    let what = format!("{sampler:?} {extent:?} kind {kind} {batches:?} {D}-D {:?}", case.image_shape.size);
    let [to_image, to_at] = backward(&case, &case.grad, &case.image, &case.at, sampler);
    // The sampled image is affine in the image: any direction, any step.
    let [more, less] = [1.0, -1.0].map(|s| forward(&case, &moved(&case.image, &case.tangent_image, s), &case.at, sampler));
    let change = (dot(&case.grad, &more) - dot(&case.grad, &less)) / 2.0;
    near(dot(&to_image, &case.tangent_image), change, 10.0, &format!("image {what}"));
    if sampler.padding.fill() == 0.0 {
        let forward = dot(&case.grad, &forward(&case, &case.image, &case.at, sampler));
        near(dot(&to_image, &case.image), forward, 10.0, &format!("adjoint {what}"));
    }
    // Each location is read by its own pixel alone, so that all of them can move at once.
    for k in 0..D {
        let by: Vec<f64> = (0..case.at.len()).map(|i| if i % D == k { 1.0 } else { 0.0 }).collect();
        let [more, less] = [STEP, -STEP].map(|step| forward(&case, &case.image, &moved(&case.at, &by, step), sampler));
        let pixels = case.shape.pixels();
        for (place, found) in to_at.chunks_exact(D).map(|g| g[k]).enumerate() {
            let (n, pixel) = (place / pixels, place % pixels);
            let samples = if case.at_shape.n == 1 { 0..case.shape.n } else { n..n + 1 };
            let change: f64 = samples
                .flat_map(|n| (0..case.shape.c).map(move |c| n * case.shape.c + c))
                .map(|plane| plane * pixels + pixel)
                .map(|i| case.grad[i] * (more[i] - less[i]) / (2.0 * STEP))
                .sum();
            near(found, change, 10.0, &format!("location {place} axis {k} {what}"));
        }
    }
}

fn second<const D: usize>(sampler: Sampler, extent: Extent, kind: usize, batches: [usize; 2], rng: &mut Rng) {
    let case = random::<D>(extent, kind, batches, rng);
    let what = format!("{sampler:?} {extent:?} kind {kind} {batches:?} {D}-D {:?}", case.image_shape.size);
    for missing in 0..3 {
        let along = |[to_image, to_at]: [Vec<f64>; 2]| {
            let image = if missing == 1 { 0.0 } else { dot(&to_image, &case.tangent_image) };
            image + if missing == 2 { 0.0 } else { dot(&to_at, &case.tangent_at) }
        };
        let mut to_grad = vec![f64::NAN; case.grad.len()];
        let (mut to_image, mut to_at) = (vec![f64::NAN; case.image.len()], vec![f64::NAN; case.at.len()]);
        sample_grad_grad_into(
            (missing != 1).then_some(&case.tangent_image()),
            (missing != 2).then_some(&case.tangent_at()),
            &case.grad(),
            &case.image(),
            &case.locations(),
            sampler,
            Some(&mut to_grad),
            Some(&mut to_image),
            Some(&mut to_at),
        )
        .unwrap();
        let direction = |len: usize, rng: &mut Rng| (0..len).map(|_| rng.within(-1.0, 1.0)).collect::<Vec<f64>>();
        let by = direction(case.grad.len(), rng);
        let change = along(backward(&case, &by, &case.image, &case.at, sampler));
        near(dot(&to_grad, &by), change, 100.0, &format!("grad, {missing} missing, {what}"));
        let by = direction(case.image.len(), rng);
        let [more, less] = [1.0, -1.0].map(|s| along(backward(&case, &case.grad, &moved(&case.image, &by, s), &case.at, sampler)));
        near(dot(&to_image, &by), (more - less) / 2.0, 100.0, &format!("image, {missing} missing, {what}"));
        let by = direction(case.at.len(), rng);
        let [more, less] =
            [STEP, -STEP].map(|s| along(backward(&case, &case.grad, &case.image, &moved(&case.at, &by, s), sampler)));
        near(dot(&to_at, &by), (more - less) / (2.0 * STEP), 100.0, &format!("locations, {missing} missing, {what}"));
    }
}

fn all(mut check: impl FnMut(Sampler, Extent, usize, [usize; 2])) {
    for sampler in samplers() {
        for extent in EXTENTS {
            for kind in 0..KINDS {
                for batches in BATCHES {
                    check(sampler, extent, kind, batches);
                }
            }
        }
    }
}

#[test]
fn first_derivatives() {
    let mut rng = Rng::new(221);
    all(|sampler, extent, kind, batches| {
        first::<2>(sampler, extent, kind, batches, &mut rng);
        first::<3>(sampler, extent, kind, batches, &mut rng);
    });
}

#[test]
fn second_derivatives() {
    let mut rng = Rng::new(222);
    all(|sampler, extent, kind, batches| {
        second::<2>(sampler, extent, kind, batches, &mut rng);
        second::<3>(sampler, extent, kind, batches, &mut rng);
    });
}

/// Integers small enough for every sum to be exact: the identity holds to the last bit.
#[test]
fn adjoint_identity_exactly() {
    let mut rng = Rng::new(223);
    for padding in [Padding::Zeros, Padding::Border, Padding::Reflection, Padding::Wrap] {
        for interp in [Interp::Nearest, Interp::Linear, Interp::CUBIC] {
            let sampler = Sampler::new(interp, padding);
            let quarters = |len: usize, rng: &mut Rng| rng.below(4 * len + 16) as f64 / 4.0 - 2.0;
            let mut case: Case<f64, f64, 2> = Case::new([2, 2], [6, 5], [9, 4], Extent::Edges, 1, &mut rng, quarters);
            for value in case.image.iter_mut().chain(&mut case.grad) {
                *value = value.round();
            }
            let [to_image, _] = backward(&case, &case.grad, &case.image, &case.at, sampler);
            let sampled = sample(&case.image(), &case.locations(), sampler).unwrap();
            assert_eq!(dot(&to_image, &case.image), dot(&case.grad, sampled.as_slice()), "{sampler:?}");
        }
    }
}
