//! Nothing in, nothing out.

use displace::{
    Arithmetic, Extent, Grid, Lattice, Rest, Sampler, Shape, View, affine_grid, displacement, effective_displacement,
    grid_from_displacement, sample, summary,
};

fn through_all<const D: usize>(images: usize, channels: usize, grids: usize, destination: [usize; D]) {
    let source = Lattice::from_xy([3; D], Extent::Centers).unwrap();
    let (image_shape, shape) = (Shape { n: images, c: channels, size: [3; D] }, Shape { n: grids, c: D, size: destination });
    let pixels = vec![1f32; image_shape.elements().unwrap()];
    let numbers = vec![0.5f32; shape.elements().unwrap()];
    let image = View::planar(&pixels, image_shape).unwrap();
    let grid = Grid::new(View::interleaved(&numbers, shape).unwrap(), source).unwrap();
    for sampler in crate::common::samplers() {
        let out = sample(&image, &grid.into(), sampler).unwrap();
        assert_eq!(out.as_slice(), [0f32; 0]);
        assert_eq!((out.shape().c, out.shape().size), (channels, destination));
    }
    for rest in [Rest::Index, Rest::Extent] {
        for arithmetic in [Arithmetic::Exact, Arithmetic::Torch] {
            let field = displacement(&grid, Some(rest), arithmetic).unwrap();
            assert_eq!(field.as_slice().len(), numbers.len());
            assert_eq!(grid_from_displacement(&field.view()).unwrap().as_slice().len(), numbers.len());
            let summary = summary(&field.view());
            assert_eq!(summary.pixels, shape.n * shape.pixels());
            assert_eq!(summary.largest.is_none(), summary.pixels == 0);
            assert_eq!(summary.range.is_none(), summary.pixels == 0);
            assert!(summary.mean.is_finite());
        }
        let real = effective_displacement(&grid, Some(rest), Sampler::default()).unwrap();
        assert_eq!(real.coverage.as_slice().len(), shape.n * shape.pixels());
    }
}

#[test]
fn no_samples() {
    through_all(0, 2, 0, [4, 5]);
    // A batch of one serves none.
    through_all(0, 2, 1, [4, 5]);
    through_all(1, 2, 0, [4, 5]);
    through_all(0, 2, 1, [4, 5, 2]);
}

#[test]
fn no_channels() {
    through_all(2, 0, 2, [4, 5]);
    through_all(1, 0, 3, [4, 5, 2]);
}

#[test]
fn no_destination() {
    for destination in [[0, 5], [5, 0], [0, 0]] {
        through_all(2, 3, 2, destination);
    }
    for destination in [[0, 5, 2], [5, 0, 2], [5, 2, 0]] {
        through_all(1, 1, 2, destination);
    }
}

#[test]
fn no_matrices() {
    let grid = affine_grid::<f32, 2>(&[], 0, &Lattice::from_shape([3, 4], Extent::Edges).unwrap()).unwrap();
    assert_eq!((grid.as_slice().len(), grid.shape().n, grid.shape().size), (0, 0, [4, 3]));
}
