//! The number of threads changes no bit, nor do strides.

use crate::common::Rng;
use crate::make::{noise, waves};
use displace::{Field, FieldView, InvertOptions, Method, Shape, Stop, Strides, View, invert, set_num_threads};
use std::num::NonZeroUsize;

#[test]
fn no_bit_depends_on_threads() {
    let mut rng = Rng::new(8);
    let flat: Field<f32, 2> = noise([200, 190], 3.0, &mut rng);
    let deep: Field<f32, 3> = waves([40, 36, 37], 3.0, 9.0, &mut rng);
    for method in [Method::Exact, Method::Newton(Stop::default())] {
        let options = InvertOptions { method, ..InvertOptions::default() };
        let runs = [1, 2, 5].map(|threads| {
            set_num_threads(NonZeroUsize::new(threads));
            let both = (
                invert(&flat.view().into(), options).expect("an inverse"),
                invert(&deep.view().into(), options).expect("an inverse"),
            );
            set_num_threads(None);
            // NaN equals itself bit by bit.
            let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
            (
                [bits(both.0.field.as_slice()), bits(both.0.residual.as_slice()), bits(both.1.field.as_slice())],
                (both.0.count, both.1.count, both.0.convergence),
            )
        });
        assert!(runs[0] == runs[1] && runs[0] == runs[2], "{method:?}");
    }
}

#[test]
fn strides_and_batches() {
    let mut rng = Rng::new(9);
    let one: Field<f64, 2> = noise([17, 13], 1.0, &mut rng);
    let two: Field<f64, 2> = noise([17, 13], 1.0, &mut rng);
    let expected = [&one, &two].map(|field| invert(&field.view().into(), InvertOptions::default()).expect("an inverse"));
    // Planar, sample by sample.
    let planar: Vec<f64> = [&one, &two]
        .into_iter()
        .flat_map(|field| (0..2).flat_map(|k| field.as_slice().iter().skip(k).step_by(2).copied()).collect::<Vec<_>>())
        .collect();
    let shape = Shape { n: 2, c: 2, size: [17, 13] };
    let strides = Strides { n: 2 * 17 * 13, c: 17 * 13, size: [1, 17] };
    let view = View::strided(&planar, 0, shape, strides).expect("a view");
    let both = FieldView::new(view, *one.between().source(), None).expect("a field");
    let inverse = invert(&both.into(), InvertOptions::default()).expect("an inverse");
    let counts: Vec<u32> = expected.iter().flat_map(|inverse| inverse.count.as_slice().to_vec()).collect();
    assert_eq!(inverse.count.as_slice(), counts);
    let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    let fields: Vec<f64> = expected.iter().flat_map(|inverse| inverse.field.as_slice().to_vec()).collect();
    assert_eq!(bits(inverse.field.as_slice()), bits(&fields));
}
