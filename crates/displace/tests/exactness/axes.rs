//! Random grids over all sizes, extents and rests: identities with noise, plain numbers, and any bits at all.

use super::sweep::Case;
use crate::common::{Float, Rng};
use displace::{Axis, Extent, Rest, bf16, f16};

const LENGTHS: [usize; 22] = [
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    100,
    101,
    257,
    640,
    1000,
    1024,
    1025,
    2048,
    4096,
    10_000,
    65_535,
    65_536,
    1 << 20,
    Axis::MAX_LEN - 1,
    Axis::MAX_LEN,
];

fn sweep<L: Float>(seed: u64, cases: usize) -> usize {
    let mut rng = Rng::new(seed);
    let mut judged = 0;
    for _ in 0..cases {
        let mut len = || if rng.below(3) == 0 { 1 + rng.below(5000) } else { LENGTHS[rng.below(LENGTHS.len())] };
        let source = [len(), len()];
        let size = |source: usize, rng: &mut Rng| match rng.below(4) {
            0 => source.min(2048),
            1 => 1 + rng.below(2 * source.min(700)),
            2 => LENGTHS[rng.below(15)],
            _ => 1 + rng.below(1200),
        };
        // One long axis, the other short: thousands of different indices for the price of one grid.
        let mut destination = [size(source[0], &mut rng), 1 + rng.below(3)];
        let mut source = source;
        if rng.below(4) == 0 {
            destination.swap(0, 1);
            source.swap(0, 1);
        }
        let case = Case {
            source,
            destination,
            extent: rng.pick(&[Extent::Edges, Extent::Centers]),
            rest: rng.pick(&[Rest::Index, Rest::Extent]),
        };
        let kind = rng.below(5);
        let noise = 2f64.powi(-(rng.below(40) as i32));
        judged += case.judge::<L>(|axis, j| match kind {
            // As near to no displacement as the type allows: all digits cancel.
            0 => L::near(case.identity(axis, j)).step(rng.below(5) as i64 - 2),
            1 => L::near(case.identity(axis, j) + noise * rng.within(-1.0, 1.0)),
            2 => L::near(rng.within(-1.5, 1.5)),
            // Any bits: subnormal, huge, infinite and NaN among them.
            3 => L::from_random_bits(rng.bits()),
            _ => L::near(rng.within(-1.0, 1.0) * 2f64.powi(rng.below(60) as i32 - 50)),
        });
    }
    judged
}

#[test]
fn f32_grids() {
    let judged = sweep::<f32>(1, 1000);
    println!("{judged} values");
    assert!(judged > 800_000, "{judged}");
}

#[test]
fn f64_grids() {
    let judged = sweep::<f64>(2, 1000);
    println!("{judged} values");
    assert!(judged > 800_000, "{judged}");
}

#[test]
fn half_grids_give_f32_displacements() {
    let judged = sweep::<f16>(3, 300) + sweep::<bf16>(4, 300);
    println!("{judged} values");
    assert!(judged > 400_000, "{judged}");
}

#[test]
fn the_longest_source_axis() {
    let mut judged = 0;
    let mut rng = Rng::new(5);
    for extent in [Extent::Edges, Extent::Centers] {
        for (rest, n) in [(Rest::Index, 1 << 18), (Rest::Extent, (1 << 18) - 1)] {
            let case = Case { source: [Axis::MAX_LEN, 1], destination: [n, 1], extent, rest };
            judged += case.judge::<f32>(|axis, j| f32::near(case.identity(axis, j)).step(rng.below(3) as i64 - 1));
        }
    }
    println!("{judged} values");
    assert_eq!(judged, 4 * (1 << 19) - 4);
}
