//! A field of zeros gives back the very same image: every type, mode, padding and number of axes.

use crate::common::{EXTENTS, Float, Rng, Value, bits, samplers};
use crate::for_every_image;
use displace::{FieldView, Lattice, Rest, Shape, View, bf16, f16, warp};

fn image_stays<T: Value, L: Float, const D: usize>(size: [usize; D], zero: L) -> usize {
    let mut rng = Rng::new(31);
    let shape = Shape { n: 2, c: 2, size };
    let pixels: Vec<T> = (0..shape.elements().unwrap()).map(|_| T::any(&mut rng)).collect();
    let image = View::planar(&pixels, shape).unwrap();
    let zeros = vec![zero; shape.pixels() * D];
    let by = View::interleaved(&zeros, Shape { n: 1, c: D, size }).unwrap();
    let mut cases = 0;
    for extent in EXTENTS {
        for rest in [None, Some(Rest::Index), Some(Rest::Extent)] {
            let field = FieldView::new(by, Lattice::from_xy(size, extent).unwrap(), rest).unwrap();
            for sampler in samplers() {
                let warped = warp(&image, &field, sampler).unwrap();
                assert_eq!(bits(warped.as_slice()), bits(&pixels), "{:?} by {:?} {sampler:?} {extent:?}", T::DTYPE, L::DTYPE);
                cases += 1;
            }
        }
    }
    cases
}

fn every_field<T: Value>() -> usize {
    image_stays::<T, f32, 2>([37, 5], 0.0)
        + image_stays::<T, f64, 2>([37, 5], -0.0)
        + image_stays::<T, f16, 2>([1, 3], f16::ZERO)
        + image_stays::<T, bf16, 2>([4, 1], bf16::NEG_ZERO)
        + image_stays::<T, f32, 3>([19, 3, 2], -0.0)
        + image_stays::<T, f64, 3>([3, 2, 4], 0.0)
}

#[test]
fn a_zero_field_changes_no_bit() {
    let cases = for_every_image!(every_field());
    println!("{cases} warps");
    assert_eq!(cases, 7 * 6 * 2 * 3 * 20);
}
