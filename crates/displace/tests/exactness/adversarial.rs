//! Grid values made to fall on, and as near as their type can to, the point half-way between two results.

use super::rational::Question;
use super::sweep::Case;
use crate::common::{Float, Rng};
use displace::{Axis, Extent, Norm, Ratio, Rest, scaled_plus};

/// The half-way point of `R` nearest to `value`, or a neighbour of it, as an f64 or the nearest to it.
fn half_way<R: Float>(value: f64, steps: i64) -> f64 {
    let near = R::near(value).step(steps);
    let next = near.step(1);
    near.f64() + (next.f64() - near.f64()) / 2.0
}

/// Grid values whose displacement is near a half-way point of `R` close to the constant part: there the grid value is
/// small and has its digits to spare.
fn near_ties<L: Float, R: Float>(question: Question, j: usize, rng: &mut Rng) -> L {
    let (span, q, p) = question.parts(j);
    if span == 0 || p == 0 {
        return L::near(rng.within(-1.0, 1.0));
    }
    let constant = p as f64 / (2 * q) as f64;
    let middle = half_way::<R>(constant, rng.below(5) as i64 - 2);
    // (middle - constant) / (S/2), the difference taken exactly enough: constant = p / 2q in integers where that is possible.
    let scaled = middle * 2f64.powi(20);
    let difference = if scaled.abs() < 2f64.powi(52) && scaled.fract() == 0.0 {
        let numerator = scaled as i128 * 2 * q - (p << 20);
        numerator as f64 / (2.0 * q as f64 * 2f64.powi(20))
    } else {
        (-constant).mul_add(1.0, middle)
    };
    L::near(difference / (span as f64 / 2.0)).step(rng.below(3) as i64 - 1)
}

fn sweep<L: Float, R: Float>(seed: u64) -> usize {
    let mut rng = Rng::new(seed);
    let mut judged = 0;
    for _ in 0..250 {
        let size = |rng: &mut Rng| match rng.below(3) {
            // Powers of two, and one more, make constants with few binary digits: true ties.
            0 => 1 << (1 + rng.below(12)),
            1 => (1 << (1 + rng.below(12))) + 1,
            _ => 1 + rng.below(3000),
        };
        let case = Case {
            source: [if rng.below(4) == 0 { 1 << (10 + rng.below(13)) } else { size(&mut rng) }, 2],
            destination: [size(&mut rng), 1],
            extent: rng.pick(&[Extent::Edges, Extent::Centers]),
            rest: Rest::Extent,
        };
        judged += case.judge::<L>(|axis, j| near_ties::<L, R>(case.question(axis), j, &mut rng));
    }
    judged
}

#[test]
fn f32_results_half_way_and_beside_it() {
    println!("{} values", sweep::<f32, f32>(11));
}

#[test]
fn f64_results_half_way_and_beside_it() {
    println!("{} values", sweep::<f64, f64>(12));
}

#[test]
fn exact_ties_go_to_the_even_float() {
    // 2^k pixels read by 2^l: the constant is a fraction of few binary digits and S/2 a power of two, so that half-way
    // points can be reached exactly, on both sides of the even float.
    let mut ties = 0;
    for (k, l) in [(1usize, 4usize), (3, 8), (5, 12), (8, 14), (10, 16), (16, 3)] {
        let question = Question { len: 1 << k, extent: Extent::Edges, n: 1 << l, rest: Rest::Extent };
        let axis = Axis::new(question.len, Extent::Edges).unwrap();
        for j in (0..question.n).step_by(1 + question.n / 500) {
            let (_, q, p) = question.parts(j);
            let constant = p as f64 / (2 * q) as f64;
            for steps in -2..=2 {
                let middle = half_way::<f32>(constant, steps);
                let g = (middle - constant) / 2f64.powi(k as i32 - 1);
                if f64::from(g as f32) == g {
                    ties += 1;
                    question.check(g, j, scaled_plus(g as f32, axis.slope(), axis.middle_minus_rest(Rest::Extent, question.n, j)));
                }
            }
        }
    }
    println!("{ties} ties");
    assert!(ties > 5000, "{ties}");
}

#[test]
fn destinations_longer_than_any_buffer_here() {
    // Destination axes go up to 2^30 pixels; the constants and the arithmetic that `displacement` uses, without the buffer.
    let mut rng = Rng::new(13);
    let mut judged = 0;
    for _ in 0..200_000 {
        let n = 1 + rng.bits() as usize % rng.pick(&[1 << 30, 1 << 23]);
        let len = 1 + rng.bits() as usize % rng.pick(&[Axis::MAX_LEN, 3000]);
        let question =
            Question { len, n, extent: rng.pick(&[Extent::Edges, Extent::Centers]), rest: rng.pick(&[Rest::Index, Rest::Extent]) };
        let j = rng.below(n);
        let axis = Axis::new(len, question.extent).unwrap();
        let constant: Ratio = axis.middle_minus_rest(question.rest, n, j);
        let (span, q, p) = question.parts(j);
        let identity = if span == 0 { 0.0 } else { -(p as f64) / (span * q) as f64 };
        let g = match rng.below(3) {
            0 => identity,
            1 => identity + rng.within(-1.0, 1.0) * 2f64.powi(-(rng.below(50) as i32)),
            _ => rng.within(-1.0, 1.0),
        };
        question.check(g, j, scaled_plus(g, axis.slope(), constant));
        let g = g as f32;
        question.check(f64::from(g), j, scaled_plus(g, axis.slope(), constant));
        judged += 2;
        // The location too: no rest place.
        let whole = Question { rest: Rest::Index, ..question };
        whole.check(f64::from(g), 0, axis.px_from_norm(Norm(g)).0);
    }
    println!("{judged} values");
}
