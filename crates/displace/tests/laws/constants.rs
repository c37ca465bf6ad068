//! A constant image stays that constant wherever something of it is read: the same bits, but for the sign of zero
//! (`fma(f, b - a, a)` of two -0.0 is +0.0, an equal number).

use crate::common::{EXTENTS, MODES, Rng, Value, bits};
use crate::for_every_image;
use displace::{Grid, Lattice, Padding, Sampler, Shape, View, sample};

fn stays<T: Value, const D: usize>(size: [usize; D], seed: u64) -> usize {
    let mut rng = Rng::new(seed);
    let destination = std::array::from_fn(|k| [67, 3, 2][k]);
    let shape = Shape { n: 1, c: D, size: destination };
    let mut cases = 0;
    for _ in 0..6 {
        let value = loop {
            let value = T::any(&mut rng);
            // Infinities are not constants to blend: with cubic weights of both signs they have no sum.
            let number = value.widen::<f64>();
            if number.is_finite() && (number != 0.0 || number.is_sign_positive()) {
                break value;
            }
        };
        let pixels = vec![value; size.iter().product()];
        let image = View::planar(&pixels, Shape { n: 1, c: 1, size }).unwrap();
        let numbers: Vec<f32> =
            (0..shape.elements().unwrap()).map(|_| if rng.below(20) == 0 { 1e9 } else { rng.within(-4.0, 4.0) as f32 }).collect();
        for extent in EXTENTS {
            let grid = Grid::new(View::interleaved(&numbers, shape).unwrap(), Lattice::from_xy(size, extent).unwrap()).unwrap();
            for mode in MODES {
                for padding in [Padding::Border, Padding::Reflection, Padding::Wrap] {
                    let out = sample(&image, &grid.into(), Sampler::new(mode, padding)).unwrap();
                    let expected = bits(&vec![value; out.as_slice().len()]);
                    assert_eq!(bits(out.as_slice()), expected, "{value:?} {mode:?} {padding:?} {extent:?} {size:?}");
                    cases += 1;
                }
            }
        }
    }
    cases
}

fn sizes<T: Value>() -> usize {
    stays::<T, 2>([9, 5], 81) + stays::<T, 2>([1, 2], 82) + stays::<T, 3>([4, 3, 2], 83)
}

#[test]
fn under_every_padding_that_reads_pixels() {
    println!("{} cases", for_every_image!(sizes()));
}
