//! The number of threads changes no bit.

use crate::common::{Float, Rng, Value, bits, samplers};
use displace::{Arithmetic, Extent, Grid, Lattice, Rest, Shape, View};
use displace::{displacement, effective_displacement, grid_from_displacement, sample, summary};

/// Everything computed from one grid and one image, as bits and text.
fn everything<T: Value, const D: usize>(source: [usize; D], destination: [usize; D]) -> Vec<(Vec<u64>, String)> {
    let mut rng = Rng::new(61);
    let (image_shape, grid_shape) = (Shape { n: 2, c: 2, size: source }, Shape { n: 2, c: D, size: destination });
    let pixels: Vec<T> = (0..image_shape.elements().unwrap()).map(|_| T::ordinary(&mut rng)).collect();
    let numbers: Vec<f32> = (0..grid_shape.elements().unwrap())
        .map(|_| if rng.below(50) == 0 { f32::from_random_bits(rng.bits()) } else { rng.within(-1.3, 1.3) as f32 })
        .collect();
    let image = View::planar(&pixels, image_shape).unwrap();
    let grid =
        Grid::new(View::interleaved(&numbers, grid_shape).unwrap(), Lattice::from_xy(source, Extent::Edges).unwrap()).unwrap();
    let mut results = Vec::new();
    for rest in [Rest::Index, Rest::Extent] {
        for arithmetic in [Arithmetic::Exact, Arithmetic::Torch] {
            let field = displacement(&grid, Some(rest), arithmetic).unwrap();
            results.push((bits(field.as_slice()), format!("{:?}", summary(&field.view()))));
            results.push((bits(grid_from_displacement(&field.view()).unwrap().as_slice()), String::new()));
        }
    }
    for sampler in samplers() {
        results.push((bits(sample(&image, &grid.into(), sampler).unwrap().as_slice()), format!("{sampler:?}")));
        let real = effective_displacement(&grid, Some(Rest::Extent), sampler).unwrap();
        results.push((bits(real.field.as_slice()), format!("{sampler:?}")));
        results.push((bits(real.coverage.as_slice()), format!("{sampler:?}")));
    }
    results
}

fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn same_on_all<T: Value, const D: usize>(source: [usize; D], destination: [usize; D]) {
    let one = with_threads(1, || everything::<T, D>(source, destination));
    for threads in [2, 3, 7] {
        let many = with_threads(threads, || everything::<T, D>(source, destination));
        for (one, many) in one.iter().zip(&many) {
            assert!(one == many, "{threads} threads: {}", one.1);
        }
    }
}

#[test]
fn images() {
    same_on_all::<f32, 2>([64, 48], [90, 201]);
    same_on_all::<u8, 2>([20, 10], [301, 64]);
}

#[test]
fn volumes() {
    same_on_all::<f32, 3>([12, 9, 7], [33, 14, 15]);
}
