//! How far results computed in f32 are from the specification run in f64.

use crate::common::{EXTENTS, Rng};
use displace::{Grid, Interp, Lattice, Padding, Sampler, Shape, View, reference, sample};

/// Pixel values are below this.
const MOST: f64 = 100.0;
/// Unit round-off of f32.
const U: f64 = 1.0 / 16_777_216.0;

/// Per axis, `(slope, size)` of the weights: by how much a blend of values up to 1 can change per pixel, and its largest
/// magnitude. Linear: `b - a`, at most 2, and 1. Cubic with a = -0.75: the derivatives of the four weights add up to at
/// most 3 in magnitude (2.82 at f = 0.29), the weights to 1.375 (at f = 1/2).
fn axis_bounds(interp: Interp) -> (f64, f64) {
    match interp {
        Interp::Cubic { .. } => (3.0, 1.375),
        _ => (2.0, 1.0),
    }
}

fn worst<const D: usize>(source: [usize; D], seed: u64) -> (f64, usize, usize) {
    let mut rng = Rng::new(seed);
    let size: [usize; D] = std::array::from_fn(|k| [200, 6, 4][k]);
    let (image_shape, shape) = (Shape { n: 1, c: 1, size: source }, Shape { n: 1, c: D, size });
    let pixels: Vec<f32> = (0..image_shape.elements().unwrap()).map(|_| rng.within(-MOST, MOST) as f32).collect();
    let numbers: Vec<f32> = (0..shape.elements().unwrap()).map(|_| rng.within(-2.0, 2.0) as f32).collect();
    let image = View::planar(&pixels, image_shape).unwrap();
    let (mut share, mut others, mut values) = (0.0f64, 0, 0);
    for extent in EXTENTS {
        let grid = Grid::new(View::interleaved(&numbers, shape).unwrap(), Lattice::from_xy(source, extent).unwrap()).unwrap();
        for padding in [Padding::Zeros, Padding::Border, Padding::Reflection, Padding::Wrap] {
            for interp in [Interp::Nearest, Interp::Linear, Interp::CUBIC] {
                let sampler = Sampler::new(interp, padding);
                let fast = sample(&image, &grid.into(), sampler).unwrap();
                let plain = reference::sample::<f32, f32, f64, f64, D>(&image, &grid.into(), sampler).unwrap();
                values += fast.as_slice().len();
                if interp == Interp::Nearest {
                    // Another pixel only where rounding the fraction once made a tie of it: within 2^-25 of one half.
                    for (pixel, (a, b)) in fast.as_slice().iter().zip(plain.as_slice()).enumerate() {
                        if a.to_bits() != b.to_bits() {
                            others += 1;
                            let tie = (0..D).any(|k| {
                                let axis = grid.source().axes()[k];
                                let p = f64::from(numbers[pixel * D + k]).mul_add(axis.slope(), axis.middle());
                                (p - p.floor() - 0.5).abs() <= U
                            });
                            assert!(tie, "{sampler:?} {extent:?} pixel {pixel}: {a} for {b}");
                        }
                    }
                    continue;
                }
                let (slope, weights) = axis_bounds(interp);
                // Each fraction is off by at most 2^-25, once more if it is mirrored (1 - f), as is the weight made of it.
                let location = D as f64 * slope * weights.powi(D as i32 - 1) * U;
                // A blend of t taps rounds each weight (up to 8 operations on numbers up to 3) and each step; of D axes, the
                // inner ones are blended again with weights that add up to `weights`.
                let steps = if slope > 2.0 { 4.0 * 8.0 * 3.0 } else { 4.0 };
                let blend = D as f64 * steps * weights.powi(D as i32) * U;
                let bound = MOST * (location + blend);
                for (a, b) in fast.as_slice().iter().zip(plain.as_slice()) {
                    let error = f64::from((a - b).abs());
                    assert!(error <= bound, "{sampler:?} {extent:?}: {a} for {b}, {error:e} > {bound:e}");
                    share = share.max(error / bound);
                }
            }
        }
    }
    (share, others, values)
}

#[test]
fn f32_kernels_are_within_rounding_of_the_f64_specification() {
    for (share, others, values) in
        [worst([257, 31], 101), worst([4001, 3], 102), worst([3, 2], 103), worst([21, 9, 7], 104), worst([1, 2, 100], 105)]
    {
        println!("{values} values, at most {share:.3} of the bound, {others} nearest pixels differ");
    }
}
