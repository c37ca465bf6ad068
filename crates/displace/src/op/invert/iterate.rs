//! Inverses by iteration: cheaper, without a count, and honest about where they end.

use super::exact::COST;
use super::{Finisher, Target, length, missed};
use crate::dtype::Location;
use crate::map::{Map, Reading, solve};
use crate::rows::{each_of, pays};
use crate::view::Plane;

/// How an iteration went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Convergence {
    /// After each step, over all pixels; the first entry is the start.
    pub steps: Vec<Progress>,
    /// Pixels that reached the tolerance.
    pub converged: usize,
    /// All pixels.
    pub pixels: usize,
}

/// Residuals after a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Pixels above the tolerance.
    pub left: usize,
    /// The largest residual, in source pixels.
    pub largest: f64,
    /// The sum of all residuals, in source pixels.
    pub sum: f64,
}

impl Convergence {
    /// Both together; `self` is the earlier part.
    pub(super) fn and(mut self, other: &Self) -> Self {
        let mut steps = vec![Progress::default(); self.steps.len().max(other.steps.len())];
        for part in [&self.steps, &other.steps] {
            // What has stopped stays as it is.
            let last = part.last().copied().unwrap_or_default();
            for (all, part) in steps.iter_mut().zip(part.iter().chain(std::iter::repeat(&last))) {
                all.left += part.left;
                all.largest = all.largest.max(part.largest);
                all.sum += part.sum;
            }
        }
        self.steps = steps;
        self.converged += other.converged;
        self.pixels += other.pixels;
        self
    }
}

/// Inverts one sample of `map`; the targets are rows.
pub(super) fn invert_sample<L: Location, const D: usize>(
    map: &Map<'_, L, D>,
    n: usize,
    newton: bool,
    (tolerance, steps): (f64, usize),
    targets: &mut [Target<'_, L::Real, D>],
    finisher: &Finisher<'_, '_, L, D>,
) -> Convergence {
    let planes = map.planes(n);
    let shared = pays(targets.iter().map(|target| target.count.len()).sum::<usize>().saturating_mul(COST));
    let mut rows: Vec<_> = targets.iter_mut().map(|target| (target, Convergence::default())).collect();
    each_of(&mut rows, shared, |(target, convergence)| {
        for at in 0..target.count.len() {
            let pixel = target.pixel(at);
            let walk = Walk { map, planes: &planes, pixel: pixel.map(|i| i as f64), newton };
            let start = std::array::from_fn(|k| finisher.rest[k][pixel[k]]);
            let (x, one) = walk.run(start, tolerance, steps);
            *convergence = std::mem::take(convergence).and(&one);
            let mut outcome = finisher.finish(&planes, pixel, Some(x), 1);
            outcome.count = u32::from(outcome.valid);
            target.set(at, &outcome);
        }
    });
    rows.into_iter().fold(Convergence::default(), |all, (_, row)| all.and(&row))
}

/// The search for one pixel's place.
struct Walk<'w, 'a, L, const D: usize> {
    map: &'w Map<'a, L, D>,
    planes: &'w [Plane<'a, L, D>; D],
    pixel: [f64; D],
    newton: bool,
}

impl<L: Location, const D: usize> Walk<'_, '_, L, D> {
    fn run(&self, start: [f64; D], tolerance: f64, steps: usize) -> ([f64; D], Convergence) {
        let mut x = self.map.clamped(start);
        let mut residual = self.residual(x);
        let mut report = Convergence { pixels: 1, ..Convergence::default() };
        let done = |residual: f64| residual <= tolerance;
        let progress = |residual: f64| Progress { left: usize::from(!done(residual)), largest: residual, sum: residual };
        report.steps.push(progress(residual));
        for _ in 0..steps {
            // A place that is not finite stays: nothing tells where to go.
            if done(residual) || !residual.is_finite() {
                break;
            }
            let by = self.step(x);
            let mut factor = 1.0;
            let (next, missed) = loop {
                let next = self.map.clamped(std::array::from_fn(|k| x[k] - factor * by[k]));
                let missed = self.residual(next);
                // Newton's steps lead down if they are short enough.
                if !self.newton || missed < residual || factor < 1e-3 {
                    break (next, missed);
                }
                factor *= 0.5;
            };
            let stuck = next == x;
            (x, residual) = (next, missed);
            report.steps.push(progress(residual));
            if stuck {
                break;
            }
        }
        report.converged = usize::from(done(residual));
        (x, report)
    }

    fn missed(&self, x: [f64; D]) -> ([f64; D], Reading<D>) {
        let reading = self.map.read(self.planes, self.map.cell(x));
        (missed(self.map, &reading, self.pixel, x), reading)
    }

    fn residual(&self, x: [f64; D]) -> f64 {
        length(self.missed(x).0)
    }

    fn step(&self, x: [f64; D]) -> [f64; D] {
        let (missed, reading) = self.missed(x);
        let line = self.map.rest();
        // Along an axis on which the rest does not move, a pixel is worth a pixel.
        let plain = std::array::from_fn(|k| if line[k].slope > 0.0 { missed[k] / line[k].slope } else { missed[k] });
        if !self.newton {
            return plain;
        }
        let mut slopes = reading.slopes(x);
        for i in 0..D {
            slopes[i][i] += line[i].slope;
        }
        let (by, _) = solve(&slopes, &missed);
        if by.iter().all(|by| by.is_finite()) { by } else { plain }
    }
}
