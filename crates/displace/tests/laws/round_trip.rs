//! Displacement to grid and back.

use crate::common::{EXTENTS, Float, Rng};
use displace::{Arithmetic, Between, Field, Grid, Lattice, Real, Rest, displacement, grid_from_displacement};

/// The largest share of the bound that was seen.
fn back_and_forth<R: Float + Real>(seed: u64) -> f64 {
    let mut rng = Rng::new(seed);
    let mut share = 0.0f64;
    for (source, destination) in
        [([2, 2], [2, 2]), ([640, 3], [640, 3]), ([100, 7], [33, 9]), ([5, 5], [200, 2]), ([4096, 2], [3000, 1])]
    {
        for extent in EXTENTS {
            for rest in [Rest::Index, Rest::Extent] {
                let between = Between::new(Lattice::from_xy(source, extent).unwrap(), destination, Some(rest)).unwrap();
                let scale = rng.pick(&[1e-6, 1.0, 50.0]);
                let by: Vec<R> = (0..2 * destination[0] * destination[1]).map(|_| R::near(scale * rng.within(-1.0, 1.0))).collect();
                let field = Field::from_vec(by, 1, between).unwrap();
                let numbers = grid_from_displacement(&field.view()).unwrap();
                let grid = Grid::new(numbers.view(), *between.source()).unwrap();
                let back = displacement(&grid, Some(rest), Arithmetic::Exact).unwrap();
                for (i, (there, back)) in field.as_slice().iter().zip(back.as_slice()).enumerate() {
                    let (k, pixel) = (i % 2, i / 2);
                    let j = if k == 0 { pixel % destination[0] } else { pixel / destination[0] };
                    let axis = between.source().axes()[k];
                    let constant = axis.middle_minus_rest(rest, destination[k], j).to_f64();
                    let (there, back) = (there.f64(), back.f64());
                    // The grid value is rounded once to R: half an ulp, which S/2 carries to pixels, at most u |g| S/2
                    // = u |d - constant|; the result once more. Before, in f64: the constant, the difference, the quotient.
                    let from_middle = (there - constant).abs();
                    let bound = 1.001
                        * (R::ROUND_OFF * (from_middle + back.abs()) + f64::EPSILON / 2.0 * (constant.abs() + 2.0 * from_middle));
                    let error = (there - back).abs();
                    assert!(error <= bound, "{between:?} j = {j}: {there} came back as {back}, {error:e} > {bound:e}");
                    if bound > 0.0 {
                        share = share.max(error / bound);
                    }
                }
            }
        }
    }
    share
}

#[test]
fn a_field_survives_being_a_grid() {
    println!("at most {:.3} of the bound in f32, {:.3} in f64", back_and_forth::<f32>(111), back_and_forth::<f64>(112));
}
