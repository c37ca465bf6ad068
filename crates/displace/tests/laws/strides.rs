//! Where numbers lie in memory changes no bit of a result.

use crate::common::{Float, Rng, Scattered, Value, bits, interleaved, samplers};
use crate::for_every_image;
use displace::{Arithmetic, Extent, FieldView, Grid, Lattice, Layout, Rest, Shape, Strides, View, bf16, f16};
use displace::{displacement, effective_displacement, sample, sample_into, summary};

fn scattered<T: Value, L: Float, const D: usize>(source: [usize; D], destination: [usize; D]) -> usize {
    let mut rng = Rng::new(51);
    let image_shape = Shape { n: 2, c: 3, size: source };
    let grid_shape = Shape { n: 2, c: D, size: destination };
    let pixels: Vec<T> = (0..image_shape.elements().unwrap()).map(|_| T::ordinary(&mut rng)).collect();
    let numbers: Vec<L> = (0..grid_shape.elements().unwrap()).map(|_| L::near(rng.within(-1.4, 1.4))).collect();
    let lattice = Lattice::from_xy(source, Extent::Edges).unwrap();
    let mut cases = 0;
    for sampler in samplers() {
        let image = View::planar(&pixels, image_shape).unwrap();
        let grid = Grid::new(View::planar(&numbers, grid_shape).unwrap(), lattice).unwrap();
        let expected = sample(&image, &grid.into(), sampler).unwrap();
        for _ in 0..3 {
            let far_image = Scattered::new(&pixels, image_shape, T::any(&mut rng), &mut rng);
            let far_grid = Scattered::new(&numbers, grid_shape, L::near(f64::NAN), &mut rng);
            let grid = Grid::new(far_grid.view(), lattice).unwrap();
            let mut planar = vec![T::default(); expected.as_slice().len()];
            sample_into(&far_image.view(), &grid.into(), sampler, Layout::Planar, &mut planar).unwrap();
            assert_eq!(bits(&planar), bits(expected.as_slice()), "{sampler:?} {:?} {:?}", far_image.strides, far_grid.strides);
            let mut side_by_side = planar;
            sample_into(&far_image.view(), &grid.into(), sampler, Layout::Interleaved, &mut side_by_side).unwrap();
            assert_eq!(bits(&side_by_side), bits(&interleaved(expected.as_slice(), expected.shape())), "{sampler:?}");
            cases += 1;
        }
    }
    cases
}

fn every<T: Value>() -> usize {
    scattered::<T, f32, 2>([19, 7], [21, 9])
        + scattered::<T, f32, 3>([5, 6, 3], [9, 4, 3])
        + scattered::<T, f64, 2>([8, 3], [70, 2])
}

#[test]
fn images_and_grids_anywhere_in_memory() {
    let cases =
        for_every_image!(every()) + scattered::<f32, f16, 2>([9, 9], [33, 3]) + scattered::<u8, bf16, 3>([4, 5, 6], [7, 3, 2]);
    println!("{cases} cases");
    assert_eq!(cases, (7 * 3 + 2) * 60);
}

fn fields<L: Float>(seed: u64)
where
    L::Real: Value,
{
    let mut rng = Rng::new(seed);
    let lattice = Lattice::from_xy([40, 6], Extent::Centers).unwrap();
    let shape = Shape { n: 2, c: 2, size: [75, 8] };
    let numbers: Vec<L> = (0..shape.elements().unwrap()).map(|_| L::near(rng.within(-1.4, 1.4))).collect();
    let dense = View::planar(&numbers, shape).unwrap();
    for rest in [Rest::Index, Rest::Extent] {
        for _ in 0..20 {
            let far = Scattered::new(&numbers, shape, L::near(f64::NAN), &mut rng);
            for arithmetic in [Arithmetic::Exact, Arithmetic::Torch] {
                let of = |at| bits(displacement(&Grid::new(at, lattice).unwrap(), Some(rest), arithmetic).unwrap().as_slice());
                assert_eq!(of(dense), of(far.view()), "{:?}", far.strides);
            }
            for sampler in samplers() {
                let of = |at| {
                    let real = effective_displacement(&Grid::new(at, lattice).unwrap(), Some(rest), sampler).unwrap();
                    (bits(real.field.as_slice()), bits(real.coverage.as_slice()))
                };
                assert_eq!(of(dense), of(far.view()), "{sampler:?} {:?}", far.strides);
            }
            let of = |by| summary(&FieldView::new(by, lattice, Some(rest)).unwrap());
            assert_eq!(of(dense), of(far.view()), "{:?}", far.strides);
        }
    }
}

#[test]
fn fields_anywhere_in_memory() {
    fields::<f32>(52);
    fields::<f64>(53);
    fields::<f16>(54);
}

#[test]
fn a_stride_of_zero_repeats() {
    let mut rng = Rng::new(55);
    let numbers: Vec<f32> = (0..2 * 30).map(|_| rng.within(-1.2, 1.2) as f32).collect();
    let pixels: Vec<f32> = (0..20).map(|_| f32::ordinary(&mut rng)).collect();
    let lattice = Lattice::from_xy([5, 4], Extent::Edges).unwrap();
    // One image and one grid three times; one plane for two channels; one row of locations for all rows.
    let image_shape = Shape { n: 3, c: 2, size: [5, 4] };
    let image = View::strided(&pixels, 0, image_shape, Strides { n: 0, c: 0, size: [1, 5] }).unwrap();
    let grid_shape = Shape { n: 3, c: 2, size: [30, 4] };
    let at = View::strided(&numbers, 0, grid_shape, Strides { n: 0, c: 1, size: [2, 0] }).unwrap();
    let copied_image: Vec<f32> = pixels.iter().copied().cycle().take(6 * 20).collect();
    let copied_numbers: Vec<f32> = numbers.iter().copied().cycle().take(12 * 60).collect();
    for sampler in samplers() {
        let strange = sample(&image, &Grid::new(at, lattice).unwrap().into(), sampler).unwrap();
        let plain = sample(
            &View::planar(&copied_image, image_shape).unwrap(),
            &Grid::new(View::interleaved(&copied_numbers, grid_shape).unwrap(), lattice).unwrap().into(),
            sampler,
        )
        .unwrap();
        assert_eq!(bits(strange.as_slice()), bits(plain.as_slice()), "{sampler:?}");
    }
}

#[test]
fn windows_and_exchanged_axes() {
    let mut rng = Rng::new(56);
    let shape = Shape { n: 2, c: 3, size: [11, 8] };
    let pixels: Vec<f32> = (0..shape.elements().unwrap()).map(|_| f32::ordinary(&mut rng)).collect();
    let view = View::interleaved(&pixels, shape).unwrap().crop([2, 3], [7, 4]).unwrap().transposed();
    // The same window copied out by hand, planar: 4 wide, 7 high.
    let mut copied = Vec::new();
    for (n, c) in (0..2).flat_map(|n| (0..3).map(move |c| (n, c))) {
        for (x, y) in (0..7).flat_map(|x| (0..4).map(move |y| (x, y))) {
            copied.push(pixels[((n * 8 + y + 3) * 11 + x + 2) * 3 + c]);
        }
    }
    let lattice = Lattice::from_xy([4, 7], Extent::Edges).unwrap();
    let numbers: Vec<f32> = (0..2 * 60).map(|_| rng.within(-1.3, 1.3) as f32).collect();
    let grid = Grid::new(View::interleaved(&numbers, Shape { n: 1, c: 2, size: [60, 1] }).unwrap(), lattice).unwrap();
    let copied = View::planar(&copied, Shape { n: 2, c: 3, size: [4, 7] }).unwrap();
    for sampler in samplers() {
        let of = |image: &View<'_, f32, 2>| bits(sample(image, &grid.into(), sampler).unwrap().as_slice());
        assert_eq!(of(&view), of(&copied), "{sampler:?}");
    }
}
