//! The gradient of an affine grid: `<G, affine_grid(theta)> = <theta, affine_grid_grad(G)>`, and differences.

use crate::common::{EXTENTS, Rng, Scattered};
use displace::{Lattice, Shape, View, affine_grid, affine_grid_grad};

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn check<const D: usize>(size: [usize; D], n: usize, rng: &mut Rng) {
    for extent in EXTENTS {
        let lattice = Lattice::from_xy(size, extent).unwrap();
        let shape = Shape { n, c: D, size };
        let planar: Vec<f64> = (0..shape.elements().unwrap()).map(|_| rng.within(-1.0, 1.0)).collect();
        let mut interleaved = planar.clone();
        let pixels = shape.pixels();
        for (i, value) in planar.iter().enumerate() {
            interleaved[(i / (D * pixels) * pixels + i % pixels) * D + i / pixels % D] = *value;
        }
        let scattered = Scattered::new(&planar, shape, f64::NAN, rng);
        let found = affine_grid_grad(&scattered.view(), &lattice).unwrap();
        assert_eq!(found, affine_grid_grad(&View::interleaved(&interleaved, shape).unwrap(), &lattice).unwrap());
        let theta: Vec<f64> = (0..n * D * (D + 1)).map(|_| rng.within(-2.0, 2.0)).collect();
        let grid = |theta: &[f64]| affine_grid(theta, n, &lattice).unwrap().into_vec();
        let expected = dot(&interleaved, &grid(&theta));
        assert!((dot(&theta, &found) - expected).abs() <= 1e-12 * (1 + pixels * n) as f64, "{size:?}");
        for (i, found) in found.iter().enumerate() {
            let [more, less] = [1.0, -1.0].map(|step| {
                let mut theta = theta.clone();
                theta[i] += step;
                dot(&interleaved, &grid(&theta))
            });
            assert!((found - (more - less) / 2.0).abs() <= 1e-12 * (1 + pixels) as f64, "{size:?} {i}");
        }
    }
}

#[test]
fn adjoint_and_differences() {
    let mut rng = Rng::new(241);
    for size in [[1, 1], [5, 1], [1, 4], [33, 17]] {
        check(size, 2, &mut rng);
    }
    for size in [[1, 1, 1], [4, 3, 5], [1, 9, 2]] {
        check(size, 3, &mut rng);
    }
    check([4, 4], 0, &mut rng);
}

#[test]
fn single_precision_is_summed_in_double() {
    // A large gradient, a million small ones, and its negative: single precision would lose the small ones.
    let mut numbers = vec![0.0f32; 2 * 1_000_000];
    for pair in numbers.chunks_exact_mut(2) {
        pair[0] = 1e-3;
    }
    (numbers[0], numbers[2 * 999_999]) = (1e6, -1e6);
    let lattice = Lattice::from_xy([1000, 1000], displace::Extent::Edges).unwrap();
    let shape = Shape { n: 1, c: 2, size: [1000, 1000] };
    let theta = affine_grid_grad(&View::interleaved(&numbers, shape).unwrap(), &lattice).unwrap();
    assert!((f64::from(theta[2]) - 999.998).abs() < 1e-3, "{theta:?}");
}
