//! Destinations larger and smaller than the source, in two and three dimensions, by numbers worked out by hand.

use displace::{
    Arithmetic, Extent, Grid, Interp, Lattice, Layout, Padding, Rest, Sampler, Shape, View, affine_grid, displacement,
    effective_displacement, sample, sample_into, summary, warp,
};

/// The identity `affine_grid` of a destination.
fn identity<const D: usize>(destination: [usize; D], extent: Extent) -> Vec<f64> {
    let mut theta = vec![0.0; D * (D + 1)];
    for k in 0..D {
        theta[k * (D + 1) + k] = 1.0;
    }
    affine_grid(&theta, 1, &Lattice::from_xy(destination, extent).unwrap()).unwrap().into_vec()
}

#[test]
fn a_plain_resize_has_no_extent_displacement() {
    for extent in [Extent::Edges, Extent::Centers] {
        for (source, destination) in [([4, 2], [2, 1]), ([2, 2], [8, 4]), ([4, 4], [4, 4]), ([1, 1], [4, 2])] {
            let numbers = identity(destination, extent);
            let shape = Shape { n: 1, c: 2, size: destination };
            let grid = Grid::new(View::interleaved(&numbers, shape).unwrap(), Lattice::from_xy(source, extent).unwrap()).unwrap();
            let field = displacement(&grid, Some(Rest::Extent), Arithmetic::Exact).unwrap();
            // Between edges these identities are exact binary fractions, so nothing at all is left of them; between
            // centres 1/3 and 1/7 are rounded, by u of a place up to 4.
            let most = if extent == Extent::Edges { 0.0 } else { 4.0 * f64::EPSILON };
            assert!(
                field.as_slice().iter().all(|d| d.abs() <= most),
                "{source:?} {destination:?} {extent:?}: {:?}",
                field.as_slice()
            );
        }
    }
}

#[test]
fn half_the_width() {
    // CONVENTIONS.md 3: 4 pixels read by 2 between edges at -1/2 and 1/2 are places 1/2 and 5/2.
    let source = Lattice::from_shape([1, 4], Extent::Edges).unwrap();
    let numbers = [-0.5f32, 0.0, 0.5, 0.0];
    let grid = Grid::new(View::interleaved(&numbers, Shape { n: 1, c: 2, size: [2, 1] }).unwrap(), source).unwrap();
    let by = |rest| displacement(&grid, Some(rest), Arithmetic::Exact).unwrap().into_vec();
    assert_eq!(by(Rest::Index), [0.5, 0.0, 1.5, 0.0]);
    assert_eq!(by(Rest::Extent), [0.0; 4]);
    let image = View::planar(&[1u16, 2, 10, 21], Shape { n: 1, c: 1, size: [4, 1] }).unwrap();
    // 1.5 and 15.5, each half-way: to the even one.
    assert_eq!(sample(&image, &grid.into(), Sampler::default()).unwrap().as_slice(), [2, 16]);
    for rest in [Rest::Index, Rest::Extent] {
        let field = displacement(&grid, Some(rest), Arithmetic::Exact).unwrap();
        assert_eq!(warp(&image, &field.view(), Sampler::default()).unwrap().as_slice(), [2, 16], "{rest}");
    }
}

#[test]
fn three_times_the_width() {
    // 2 pixels read by 6: places (2j + 1)/6 - 1/2 = -1/3, 0, 1/3, 2/3, 1, 4/3.
    let source = Lattice::from_shape([1, 2], Extent::Edges).unwrap();
    let numbers: Vec<f32> = identity([6, 1], Extent::Edges).into_iter().map(|g| g as f32).collect();
    let grid = Grid::new(View::interleaved(&numbers, Shape { n: 1, c: 2, size: [6, 1] }).unwrap(), source).unwrap();
    let image = View::planar(&[0f32, 3.0], Shape { n: 1, c: 1, size: [2, 1] }).unwrap();
    let read = |sampler| sample(&image, &grid.into(), sampler).unwrap().into_vec();
    // Grid values are off by up to 2^-25, places by the same (S/2 = 1), values by 3 times as much and a rounding.
    let near = |found: Vec<f32>, expected: [f32; 6]| {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 6.0 * f32::EPSILON), "{found:?}, not {expected:?}");
    };
    near(read(Sampler::default()), [0.0, 0.0, 1.0, 2.0, 3.0, 2.0]);
    near(read(Sampler::new(Interp::Linear, Padding::Border)), [0.0, 0.0, 1.0, 2.0, 3.0, 3.0]);
    near(read(Sampler::new(Interp::Nearest, Padding::Zeros)), [0.0, 0.0, 0.0, 3.0, 3.0, 3.0]);
    near(read(Sampler::new(Interp::Linear, Padding::Constant(6.0))), [2.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
    let real = effective_displacement(&grid, Some(Rest::Extent), Sampler::default()).unwrap();
    near(real.coverage.into_vec(), [2.0 / 3.0, 1.0, 1.0, 1.0, 1.0, 2.0 / 3.0]);
}

#[test]
fn a_volume() {
    // 2 x 2 x 2 voxels of value 1 x + 10 y + 100 z, read at the middle, at a corner and along each axis.
    let source = Lattice::from_shape([2, 2, 2], Extent::Centers).unwrap();
    let voxels: Vec<f32> = (0..8).map(|i| (i % 2 + 10 * (i / 2 % 2) + 100 * (i / 4)) as f32).collect();
    let image = View::planar(&voxels, Shape { n: 1, c: 1, size: [2, 2, 2] }).unwrap();
    let numbers = [0f32, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, -1.0, -1.0, -1.0, 0.0, -1.0, -1.0, -1.0, 0.0];
    let shape = Shape { n: 1, c: 3, size: [5, 1, 1] };
    let grid = Grid::new(View::interleaved(&numbers, shape).unwrap(), source).unwrap();
    assert_eq!(sample(&image, &grid.into(), Sampler::default()).unwrap().as_slice(), [55.5, 111.0, 0.5, 5.0, 50.0]);
    let field = displacement(&grid, Some(Rest::Index), Arithmetic::Exact).unwrap();
    assert_eq!(field.as_slice(), [0.5, 0.5, 0.5, 0.0, 1.0, 1.0, -1.5, 0.0, 0.0, -3.0, 0.5, 0.0, -4.0, 0.0, 0.5]);
    let report = summary(&field.view());
    assert_eq!((report.pixels, report.inside, report.cells), (5, 5, 0));
    assert_eq!(report.largest.map(|l| (l.n, l.pixel, l.by)), Some((0, [4, 0, 0], [-4.0, 0.0, 0.5])));
}

#[test]
fn channels_last_in_and_out() {
    // Two channels side by side; the pixels exchanged.
    let image = View::interleaved(&[1u8, 2, 3, 4], Shape { n: 1, c: 2, size: [2, 1] }).unwrap();
    let source = Lattice::from_shape([1, 2], Extent::Centers).unwrap();
    let grid = Grid::new(View::interleaved(&[1f32, 0.0, -1.0, 0.0], Shape { n: 1, c: 2, size: [2, 1] }).unwrap(), source).unwrap();
    let mut out = [0; 4];
    sample_into(&image, &grid.into(), Sampler::default(), Layout::Interleaved, &mut out).unwrap();
    assert_eq!(out, [3, 4, 1, 2]);
    sample_into(&image, &grid.into(), Sampler::default(), Layout::Planar, &mut out).unwrap();
    assert_eq!(out, [3, 1, 4, 2]);
}

#[test]
fn a_mirror_is_counted_as_one() {
    let source = Lattice::from_shape([3, 3], Extent::Edges).unwrap();
    let mut numbers = identity([3, 3], Extent::Edges);
    numbers.iter_mut().step_by(2).for_each(|x| *x = -*x);
    let grid = Grid::new(View::interleaved(&numbers, Shape { n: 1, c: 2, size: [3, 3] }).unwrap(), source).unwrap();
    let report = summary(&displacement(&grid, None, Arithmetic::Exact).unwrap().view());
    assert_eq!((report.cells, report.folded, report.mirrored, report.undecided), (4, 4, 4, 0));
    assert_eq!(report.pixels, report.inside + report.partly + report.outside + report.nan);
}
