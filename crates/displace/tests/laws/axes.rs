//! Normalised value to pixel and back.

use displace::{Axis, Extent, Norm, Real};
use proptest::prelude::*;

/// `|there and back - g|`, and what three roundings explain: half an ulp of the location, seen through the slope, and one
/// each of the difference and the quotient. A thousandth on top for the products of roundings.
fn error_and_bound<R: Real>(axis: Axis, g: R) -> (f64, f64) {
    let place = axis.px_from_norm(Norm(g));
    let back = axis.norm_from_px(place).expect("an axis with an inverse").0.to_f64();
    let slope: f64 = axis.slope();
    let u = R::ROUND_OFF;
    ((back - g.to_f64()).abs(), 1.001 * u * (place.0.to_f64().abs() / slope + 2.0 * g.to_f64().abs()) + f64::MIN_POSITIVE)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back(len in 2usize..=Axis::MAX_LEN, small in 2usize..3000, corners: bool, g in -3.0f64..3.0) {
        for len in [len, small] {
            let axis = Axis::new(len, Extent::from_align_corners(corners)).unwrap();
            let (error, bound) = error_and_bound(axis, g);
            prop_assert!(error <= bound, "{axis:?} {g}: {error:e} > {bound:e}");
            let (error, bound) = error_and_bound(axis, g as f32);
            prop_assert!(error <= bound, "{axis:?} {g} as f32: {error:e} > {bound:e}");
        }
    }

    #[test]
    fn ends_of_the_extent_are_exact(len in 1usize..=Axis::MAX_LEN) {
        let last = (len - 1) as f64;
        let edges = Axis::new(len, Extent::Edges).unwrap();
        prop_assert_eq!([edges.px_from_norm(Norm(-1.0)).0, edges.px_from_norm(Norm(1.0)).0], [-0.5, last + 0.5]);
        let centers = Axis::new(len, Extent::Centers).unwrap();
        prop_assert_eq!([centers.px_from_norm(Norm(-1.0f32)).0, centers.px_from_norm(Norm(1.0f32)).0], [0.0, last as f32]);
    }
}
