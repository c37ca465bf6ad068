//! Both rests are the same where sizes are, bit for bit.

use crate::common::{EXTENTS, Float, MODES, PADDINGS, Rng, Value, bits};
use displace::{
    Arithmetic, FieldView, Grid, Lattice, Rest, Sampler, Shape, View, displacement, effective_displacement, grid_from_displacement,
    warp,
};

fn both<L: Float>(seed: u64) -> usize
where
    L::Real: Value,
{
    let mut rng = Rng::new(seed);
    let mut cases = 0;
    for size in [[1, 1], [2, 5], [17, 3], [130, 7]] {
        for extent in EXTENTS {
            let source = Lattice::from_xy(size, extent).unwrap();
            let shape = Shape { n: 2, c: 2, size };
            let numbers: Vec<L> = (0..shape.elements().unwrap()).map(|_| L::near(rng.within(-1.6, 1.6))).collect();
            let at = View::interleaved(&numbers, shape).unwrap();
            let grid = Grid::new(at, source).unwrap();
            for arithmetic in [Arithmetic::Exact, Arithmetic::Torch] {
                let of = |rest| bits(displacement(&grid, rest, arithmetic).unwrap().as_slice());
                assert_eq!(of(Some(Rest::Index)), of(Some(Rest::Extent)), "{size:?} {extent:?} {arithmetic:?}");
                assert_eq!(of(None), of(Some(Rest::Extent)));
                cases += 1;
            }
            for sampler in MODES.into_iter().flat_map(|mode| PADDINGS.map(|padding| Sampler::new(mode, padding))) {
                let of = |rest| effective_displacement(&grid, Some(rest), sampler).unwrap();
                let (a, b) = (of(Rest::Index), of(Rest::Extent));
                assert_eq!(bits(a.field.as_slice()), bits(b.field.as_slice()), "{size:?} {extent:?} {sampler:?}");
                assert_eq!(bits(a.coverage.as_slice()), bits(b.coverage.as_slice()));
                // As displacements the same numbers read the same pixels.
                let pixels: Vec<f32> = (0..shape.elements().unwrap()).map(|_| f32::ordinary(&mut rng)).collect();
                let image = View::planar(&pixels, shape).unwrap();
                let of = |rest| bits(warp(&image, &FieldView::new(at, source, Some(rest)).unwrap(), sampler).unwrap().as_slice());
                assert_eq!(of(Rest::Index), of(Rest::Extent));
                cases += 1;
            }
            let of =
                |rest| grid_from_displacement(&FieldView::new(at, source, Some(rest)).unwrap()).map(|grid| bits(grid.as_slice()));
            assert_eq!(of(Rest::Index), of(Rest::Extent));
        }
    }
    cases
}

#[test]
fn equal_sizes_have_one_rest() {
    println!("{} cases", both::<f32>(41) + both::<f64>(42) + both::<displace::f16>(43) + both::<displace::bf16>(44));
}
