//! Subnormal and huge grid values, on both ways of computing: constants that are floats, and fractions.

use super::sweep::Case;
use crate::common::{Float, Rng};
use displace::{Extent, Rest};

fn sweep<L: Float>(seed: u64, least: i32, most: i32) -> usize {
    let mut rng = Rng::new(seed);
    let mut judged = 0;
    for extent in [Extent::Edges, Extent::Centers] {
        for (source, n) in [(1, 1), (1, 4), (2, 2), (3, 7), (640, 640), (640, 1000), (1000, 64), (4096, 4095), (1 << 22, 300)] {
            for rest in [Rest::Index, Rest::Extent] {
                let case = Case { source: [source, 2], destination: [n, 3], extent, rest };
                judged += case.judge::<L>(|_, _| {
                    let exponent = least + rng.below((most - least) as usize) as i32;
                    // In two steps, as 2^-1074 times 2 is already out of reach of one factor.
                    let scale = 2f64.powi(exponent / 2);
                    L::near(rng.within(-2.0, 2.0) * scale * 2f64.powi(exponent - exponent / 2))
                });
            }
        }
    }
    judged
}

#[test]
fn every_magnitude_of_f32() {
    println!("{} values", sweep::<f32>(21, -149, 127));
}

#[test]
fn every_magnitude_of_f64() {
    println!("{} values", sweep::<f64>(22, -1074, 1023));
}
