//! The number of threads changes no bit of a gradient.

use super::case::Case;
use crate::common::{Float, Rng, Value, bits, samplers};
use displace::{Extent, Lattice, Shape, View, affine_grid_grad, f16, sample_grad_grad_into, sample_grad_into};

fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// All gradients of a case under every sampler.
fn everything<T: Value + Float, L: Float + Value, const D: usize>(case: &Case<T, L, D>) -> Vec<Vec<u64>> {
    let mut results = Vec::new();
    let (grad, image, at) = (case.grad(), case.image(), case.locations());
    for sampler in samplers() {
        let (mut to_image, mut to_at) = (case.image.clone(), case.at.clone());
        sample_grad_into(&grad, &image, &at, sampler, Some(&mut to_image), Some(&mut to_at)).unwrap();
        results.extend([bits(&to_image), bits(&to_at)]);
        let mut to_grad = case.grad.clone();
        sample_grad_grad_into(
            Some(&case.tangent_image()),
            Some(&case.tangent_at()),
            &grad,
            &image,
            &at,
            sampler,
            Some(&mut to_grad),
            Some(&mut to_image),
            Some(&mut to_at),
        )
        .unwrap();
        results.extend([bits(&to_grad), bits(&to_image), bits(&to_at)]);
    }
    results
}

fn same_on_all<T: Value + Float, L: Float + Value, const D: usize>(case: &Case<T, L, D>) {
    let one = with_threads(1, || everything(case));
    for threads in [2, 3, 7] {
        assert!(one == with_threads(threads, || everything(case)), "{threads} threads");
    }
}

fn anywhere(len: usize, rng: &mut Rng) -> f64 {
    if rng.below(40) == 0 { f64::NAN } else { rng.within(-0.5, 1.3) * len as f64 }
}

#[test]
fn images() {
    let mut rng = Rng::new(231);
    for batches in [[1, 1], [2, 2], [1, 3], [3, 1]] {
        same_on_all::<f32, f32, 2>(&Case::new(batches, [40, 33], [300, 61], Extent::Edges, 0, &mut rng, anywhere));
    }
    same_on_all::<f16, f64, 2>(&Case::new([1, 2], [9, 20], [60, 200], Extent::Centers, 2, &mut rng, anywhere));
}

#[test]
fn volumes() {
    let mut rng = Rng::new(232);
    same_on_all::<f32, f32, 3>(&Case::new([1, 1], [12, 9, 17], [33, 14, 15], Extent::Edges, 0, &mut rng, anywhere));
}

/// A smooth map, whose blocks each touch few rows of the source.
#[test]
fn near_the_identity() {
    let mut rng = Rng::new(233);
    let mut case: Case<f32, f32, 2> = Case::new([1, 1], [64, 64], [64, 64], Extent::Edges, 2, &mut rng, anywhere);
    for value in &mut case.at {
        *value = rng.within(-3.0, 3.0) as f32;
    }
    same_on_all(&case);
}

#[test]
fn everything_onto_one_pixel() {
    let mut rng = Rng::new(234);
    let case: Case<f32, f32, 2> = Case::new([1, 3], [8, 8], [200, 100], Extent::Edges, 1, &mut rng, |_, _| 3.25);
    same_on_all(&case);
}

#[test]
fn affine_grids() {
    let mut rng = Rng::new(235);
    let lattice = Lattice::from_xy([65, 43, 11], Extent::Edges).unwrap();
    let shape = Shape { n: 2, c: 3, size: [65, 43, 11] };
    let numbers: Vec<f32> = (0..shape.elements().unwrap()).map(|_| rng.within(-1.0, 1.0) as f32).collect();
    let all = || bits(&affine_grid_grad(&View::interleaved(&numbers, shape).unwrap(), &lattice).unwrap());
    let one = with_threads(1, all);
    for threads in [2, 3, 7] {
        assert_eq!(one, with_threads(threads, all));
    }
}
