//! The recursive filter that makes pixels into B-spline coefficients, over many lines side by side.
//!
//! Along a line, for each pole `z` of the spline: `c+[i] = l s[i] + z c+[i-1]` forwards with the gain `l = (1-z)(1-1/z)`, and
//! `c[i] = z (c[i+1] - c+[i])` backwards (Unser, Aldroubi and Eden, IEEE TSP 41(2), 1993). What lies outside a line decides only the
//! first value of each direction: a sum over the line as mirrors or repetitions continue it.

use super::vectorised;
use crate::dtype::Real;

/// How a line goes on at its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplineBoundary {
    /// Mirrored at the centres of the end pixels: SciPy's `mirror`.
    Mirror,
    /// Mirrored at the outer edges of the end pixels: SciPy's `reflect`.
    Reflect,
    /// As `Reflect`, with a slip of SciPy's that shows on short lines: the last term of the sum over the mirrored line reads the sum so far
    /// in place of the first pixel. Two pixels' spline of order 5 misses them by 0.011 of their size, ten pixels' by 4e-8.
    ScipyReflect,
    /// Repeated: SciPy's `grid-wrap`.
    Wrap,
}

impl SplineBoundary {
    /// After how many pixels a line of `len` comes again.
    fn period(self, len: usize) -> usize {
        match self {
            Self::Mirror => 2 * len - 2,
            Self::Reflect | Self::ScipyReflect => 2 * len,
            Self::Wrap => len,
        }
    }

    /// The pixel `back` pixels before the first one.
    fn before(self, back: usize, len: usize) -> usize {
        let period = self.period(len);
        match self {
            Self::Mirror => {
                let at = back % period;
                if at < len { at } else { period - at }
            }
            Self::Reflect | Self::ScipyReflect if back == 0 => 0,
            Self::Reflect | Self::ScipyReflect => {
                let at = (back - 1) % period;
                if at < len { at } else { period - 1 - at }
            }
            Self::Wrap => (period - back % period) % period,
        }
    }

    /// What pixels weigh in the first value forwards: powers of the pole, as long as they are worth a bit of an `f64`.
    fn start(self, len: usize, pole: f64) -> Vec<(usize, f64)> {
        let period = self.period(len);
        let scale = 1.0 / (1.0 - pole.powi(period.min(1 << 20) as i32));
        let mut weights: Vec<(usize, f64)> = Vec::new();
        let mut power = 1.0f64;
        for back in 0..period {
            if power.abs() < NOTHING {
                break;
            }
            weights.push((self.before(back, len), power * scale));
            power *= pole;
        }
        weights
    }

    /// What values forwards weigh in the first value backwards.
    fn turn(self, len: usize, pole: f64) -> Vec<(usize, f64)> {
        let last = len - 1;
        match self {
            Self::Mirror => {
                let scale = pole / (pole * pole - 1.0);
                vec![(last, scale), (last - 1, scale * pole)]
            }
            Self::Reflect | Self::ScipyReflect => vec![(last, pole / (pole - 1.0))],
            Self::Wrap => self.start(len, pole).into_iter().map(|(at, weight)| (last - at, -pole * weight)).collect(),
        }
    }
}

/// What SciPy's slip adds to the weights of a line's first value forwards.
fn slip(len: usize, pole: f64) -> Vec<(usize, f64)> {
    let n = len.min(1 << 20) as i32;
    let scale = pole.powi(2 * n) / (1.0 - pole.powi(2 * n));
    if scale.abs() < NOTHING {
        return Vec::new();
    }
    let mut weights = vec![(len - 1, scale * pole.powi(n))];
    for i in 1..len - 1 {
        let power = scale * pole.powi(i as i32);
        weights.extend([(i, power), (len - 1 - i, power * pole.powi(n))]);
    }
    weights
}

/// Powers of poles below this are nothing.
const NOTHING: f64 = 1e-20;

/// Elements of lines that are worked on together: they stay in the second-level cache.
const ROOM: usize = 1 << 14;

/// Filters lines that lie side by side: `lines[i]` holds the `i`-th number of each of them.
///
/// `adjoint`: the transposed map. Mirroring at centres counts inner pixels twice and the end pixels once, so that the filter
/// is not symmetric there; under the other boundaries it is.
#[inline(never)]
pub(crate) fn filter<A: Real>(lines: &mut [&mut [A]], poles: &[f64], boundary: SplineBoundary, adjoint: bool) {
    let (len, width) = (lines.len(), lines.first().map_or(0, |line| line.len()));
    if len < 2 {
        return;
    }
    let ends = if adjoint && boundary == SplineBoundary::Mirror { 2.0 } else { 1.0 };
    let mut plans: Vec<Plan> = poles.iter().map(|pole| Plan::new(len, *pole, boundary, adjoint)).collect();
    if adjoint {
        plans.reverse();
    }
    let block = (ROOM / len).clamp(16, width.max(16));
    let (mut first, mut dot) = (vec![A::ZERO; block], vec![A::ZERO; block]);
    for start in (0..width).step_by(block) {
        let piece = start..width.min(start + block);
        vectorised(
            #[inline(always)]
            || {
                scale_ends(lines, piece.clone(), ends);
                for plan in &plans {
                    let dot = &mut dot[..piece.len()];
                    sum(lines, piece.clone(), &plan.seen, 1.0, dot);
                    pass(lines, piece.clone(), plan, &mut first);
                    for (i, weight) in &plan.given {
                        for (to, dot) in lines[*i][piece.clone()].iter_mut().zip(&*dot) {
                            *to = A::from_f64(*weight).mul_add(*dot, *to);
                        }
                    }
                }
                scale_ends(lines, piece.clone(), 1.0 / ends);
            },
        );
    }
}

/// What is known of a pole and the lines' length.
struct Plan {
    pole: f64,
    start: Vec<(usize, f64)>,
    turn: Vec<(usize, f64)>,
    /// The slip's transpose: what it gives, times what it sees of a line.
    seen: Vec<(usize, f64)>,
    given: Vec<(usize, f64)>,
}

impl Plan {
    fn new(len: usize, pole: f64, boundary: SplineBoundary, adjoint: bool) -> Self {
        let mut plan =
            Self { pole, start: boundary.start(len, pole), turn: boundary.turn(len, pole), seen: Vec::new(), given: Vec::new() };
        if boundary == SplineBoundary::ScipyReflect {
            let slip = slip(len, pole);
            if !adjoint {
                plan.start.extend(slip);
            } else if !slip.is_empty() {
                // The answer to a first value of 1: powers of the pole forwards, and these backwards.
                let mut answer: Vec<f64> = (0..len).map(|i| pole.powi(i as i32)).collect();
                answer[len - 1] *= pole / (pole - 1.0);
                for i in (0..len - 1).rev() {
                    answer[i] = pole * (answer[i + 1] - answer[i]);
                }
                let gain = (1.0 - pole) * (1.0 - 1.0 / pole);
                plan.seen = answer.into_iter().map(|value| value * gain).enumerate().collect();
                plan.given = slip;
            }
        }
        plan
    }
}

#[inline(always)]
fn scale_ends<A: Real>(lines: &mut [&mut [A]], piece: std::ops::Range<usize>, by: f64) {
    if by != 1.0 {
        let last = lines.len() - 1;
        for end in [0, last] {
            for value in &mut lines[end][piece.clone()] {
                *value = *value * A::from_f64(by);
            }
        }
    }
}

/// Both directions for one pole.
#[inline(always)]
fn pass<A: Real>(lines: &mut [&mut [A]], piece: std::ops::Range<usize>, plan: &Plan, first: &mut [A]) {
    let (len, pole) = (lines.len(), plan.pole);
    let gain = (1.0 - pole) * (1.0 - 1.0 / pole);
    let (z, gain_here) = (A::from_f64(pole), A::from_f64(gain));
    let first = &mut first[..piece.len()];
    sum(lines, piece.clone(), &plan.start, gain, first);
    lines[0][piece.clone()].copy_from_slice(first);
    for i in 1..len {
        let (before, here) = lines.split_at_mut(i);
        let (before, here) = (&before[i - 1][piece.clone()], &mut here[0][piece.clone()]);
        for (here, before) in here.iter_mut().zip(before) {
            *here = z.mul_add(*before, gain_here * *here);
        }
    }
    sum(lines, piece.clone(), &plan.turn, 1.0, first);
    lines[len - 1][piece.clone()].copy_from_slice(first);
    for i in (0..len - 1).rev() {
        let (here, after) = lines.split_at_mut(i + 1);
        let (here, after) = (&mut here[i][piece.clone()], &after[0][piece.clone()]);
        for (here, after) in here.iter_mut().zip(after) {
            *here = z * (*after - *here);
        }
    }
}

/// Weighted sums of each line's numbers.
#[inline(always)]
fn sum<A: Real>(lines: &[&mut [A]], piece: std::ops::Range<usize>, weights: &[(usize, f64)], by: f64, to: &mut [A]) {
    to.fill(A::ZERO);
    for (i, weight) in weights {
        let weight = A::from_f64(weight * by);
        for (to, value) in to.iter_mut().zip(&lines[*i][piece.clone()]) {
            *to = weight.mul_add(*value, *to);
        }
    }
}

/// Rows filtered side by side: two vectors of eight `f32` and more, so that no sum waits for the one before.
pub(crate) const TOGETHER: usize = 16;

/// Filters rows of `width` numbers, each a line of its own.
#[inline(never)]
pub(crate) fn filter_rows<A: Real>(rows: &mut [A], width: usize, poles: &[f64], boundary: SplineBoundary, adjoint: bool) {
    let mut turned = vec![A::ZERO; width * TOGETHER];
    for rows in rows.chunks_mut(width * TOGETHER) {
        for (lane, row) in rows.chunks(width).enumerate() {
            for (to, value) in turned[lane..].iter_mut().step_by(TOGETHER).zip(row) {
                *to = *value;
            }
        }
        let mut lines: Vec<&mut [A]> = turned.chunks_exact_mut(TOGETHER).collect();
        filter(&mut lines, poles, boundary, adjoint);
        for (lane, row) in rows.chunks_mut(width).enumerate() {
            for (value, to) in row.iter_mut().zip(turned[lane..].iter().step_by(TOGETHER)) {
                *value = *to;
            }
        }
    }
}
