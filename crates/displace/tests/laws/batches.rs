//! A batch of one serves all of the other, as if it had been repeated.

use crate::common::{Rng, Value, bits, samplers};
use displace::{Extent, Grid, Lattice, Shape, View, sample};

fn repeated<T: Value, const D: usize>(source: [usize; D], destination: [usize; D]) {
    let mut rng = Rng::new(71);
    let image_of = |n| Shape { n, c: 2, size: source };
    let grid_of = |n| Shape { n, c: D, size: destination };
    let pixels: Vec<T> = (0..image_of(3).elements().unwrap()).map(|_| T::ordinary(&mut rng)).collect();
    let numbers: Vec<f32> = (0..grid_of(3).elements().unwrap()).map(|_| rng.within(-1.3, 1.3) as f32).collect();
    let one_image = &pixels[..pixels.len() / 3];
    let one_grid = &numbers[..numbers.len() / 3];
    let lattice = Lattice::from_xy(source, Extent::Centers).unwrap();
    let run = |pixels: &[T], images, numbers: &[f32], grids, sampler| {
        let image = View::planar(pixels, image_of(images)).unwrap();
        let grid = Grid::new(View::interleaved(numbers, grid_of(grids)).unwrap(), lattice).unwrap();
        let out = sample(&image, &grid.into(), sampler).unwrap();
        assert_eq!(out.shape(), Shape { n: images.max(grids), c: 2, size: destination });
        bits(out.as_slice())
    };
    for sampler in samplers() {
        assert_eq!(run(one_image, 1, &numbers, 3, sampler), run(&one_image.repeat(3), 3, &numbers, 3, sampler));
        assert_eq!(run(&pixels, 3, one_grid, 1, sampler), run(&pixels, 3, &one_grid.repeat(3), 3, sampler));
        // And a batch is its samples one after the other.
        let each: Vec<u64> = (0..3)
            .flat_map(|n| {
                let (image, grid) = (pixels.len() / 3, numbers.len() / 3);
                run(&pixels[n * image..][..image], 1, &numbers[n * grid..][..grid], 1, sampler)
            })
            .collect();
        assert_eq!(run(&pixels, 3, &numbers, 3, sampler), each);
    }
}

#[test]
fn one_serves_all() {
    repeated::<f32, 2>([13, 6], [20, 5]);
    repeated::<u8, 2>([13, 6], [5, 20]);
    repeated::<f64, 3>([5, 4, 3], [6, 5, 4]);
}
