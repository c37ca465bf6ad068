//! Points and options, checked, in a frame where numbers are about 1; and the map through them.

use super::kernel::Kernel;
use super::solve::{Unsolved, factor};
use super::{Centre, ENERGY, Frame, RadialBasis, RadialError, RadialOptions};
use crate::kernel::vectorised;
use crate::make::once::once;

/// The share of the largest displacement by which equations may be missed: rounding leaves 1e-4 for quintics on a long strip, and less
/// for others that can be solved.
pub(super) const SOLVED: f64 = 1e-3;

/// 1 over the power of two at or above a length; 1 for none.
fn above(length: f64) -> f64 {
    if length > 0.0 { libm::exp2(-libm::ceil(libm::log2(length))) } else { 1.0 }
}

/// Checked points.
pub(super) struct Given<'a, const D: usize> {
    options: &'a RadialOptions,
    /// Where each given pair is among those that follow.
    pub(super) seats: Vec<usize>,
    pub(super) source: Vec<[f64; D]>,
    pub(super) destination: Vec<[f64; D]>,
    /// For each point, in the frame; empty if there is none.
    smoothing: Vec<f64>,
    degree: i32,
    pub(super) frame: Frame<D>,
    pub(super) polynomial_scale: [f64; D],
    pub(super) weight_scale: f64,
}

impl<'a, const D: usize> Given<'a, D> {
    pub(super) fn new(
        source: &[[f64; D]],
        destination: &[[f64; D]],
        options: &'a RadialOptions,
        most: usize,
    ) -> Result<Self, RadialError> {
        let count = source.len();
        if count != destination.len() || count == 0 {
            return Err(RadialError::Count { source_points: count, destination: destination.len() });
        }
        if count > most {
            return Err(RadialError::Many { found: count, most });
        }
        for (index, (p, q)) in destination.iter().zip(source).enumerate() {
            if p.iter().chain(q).any(|number| !number.is_finite()) {
                return Err(RadialError::NotFinite { index, destination: p.to_vec(), source_point: q.to_vec() });
            }
        }
        let kernel = options.kernel;
        let epsilon = match (options.epsilon, kernel.power()) {
            (Some(found), _) if !(found.is_finite() && found > 0.0) => return Err(RadialError::Epsilon { found }),
            (Some(epsilon), _) => epsilon,
            (None, Some(_)) => 1.0,
            (None, None) => return Err(RadialError::NoEpsilon { kernel }),
        };
        let least = kernel.least_degree();
        let degree = options.degree.unwrap_or(least.max(0));
        if !(least..=2).contains(&degree) {
            return Err(RadialError::Degree { kernel, found: degree, least });
        }
        let smoothing = smoothing(&options.smoothing, count)?;
        // Pairs that are to be met count once.
        let met = |i: usize| smoothing.get(i).is_none_or(|by| *by == 0.0);
        let stands_for = once(source, destination, met).map_err(|(first, second)| RadialError::Torn {
            first,
            second,
            destination: destination[first].to_vec(),
            one: source[first].to_vec(),
            other: source[second].to_vec(),
        })?;
        let keep: Vec<usize> = (0..count).filter(|i| stands_for[*i] == *i).collect();
        let mut seat = vec![0; count];
        keep.iter().enumerate().for_each(|(at, i)| seat[*i] = at);
        // Scaled by powers of two, from a whole pixel or a power of two that is not much less than the points' extent: numbers stay exact.
        let (mut middle, mut half) = ([0.0; D], [0.0f64; D]);
        for k in 0..D {
            let range = destination.iter().map(|p| p[k]).fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
            let step = 1.0 / above(range.1 - range.0).max(1.0);
            middle[k] = (f64::midpoint(range.0, range.1) / step).round() * step;
            half[k] = (range.1 - middle[k]).max(middle[k] - range.0);
        }
        let polynomial_scale = half.map(above);
        let widest = half.into_iter().fold(0.0, f64::max);
        let (scale, weight_scale) = match kernel.power() {
            Some(power) => (above(widest), (above(widest) / epsilon).powi(power)),
            None => (epsilon, 1.0),
        };
        Ok(Self {
            options,
            seats: stands_for.iter().map(|i| seat[*i]).collect(),
            source: keep.iter().map(|i| source[*i]).collect(),
            destination: keep.iter().map(|i| destination[*i]).collect(),
            smoothing: if smoothing.is_empty() { smoothing } else { keep.iter().map(|i| smoothing[*i] * weight_scale).collect() },
            degree,
            frame: Frame { middle, scale },
            polynomial_scale,
            weight_scale,
        })
    }

    /// Exponents of the polynomial's terms, by degree, within one from the highest power of x.
    pub(super) fn exponents(&self) -> Vec<[i32; D]> {
        let mut all = Vec::new();
        for degree in 0..=self.degree {
            let mut of = Vec::new();
            for code in 0..3i32.pow(D as u32) {
                let exponents: [i32; D] = std::array::from_fn(|k| code / 3i32.pow((D - 1 - k) as u32) % 3);
                if exponents.iter().sum::<i32>() == degree {
                    of.push(exponents);
                }
            }
            of.reverse();
            all.append(&mut of);
        }
        all
    }

    /// The values of the polynomial's terms at places.
    pub(super) fn columns(&self, exponents: &[[i32; D]], places: &[[f64; D]]) -> Vec<Vec<f64>> {
        let along = |place: &[f64; D], k: usize| (place[k] - self.frame.middle[k]) * self.polynomial_scale[k];
        let term = |e: &[i32; D], place: &[f64; D]| (0..D).map(|k| along(place, k).powi(e[k])).product();
        exponents.iter().map(|e| places.iter().map(|place| term(e, place)).collect()).collect()
    }

    pub(super) fn flat(&self, ratio: f64, needed: usize) -> RadialError {
        let shape = match (self.degree, D) {
            (2, 2) => "conic",
            (2, _) => "quadric",
            (_, 2) => "line",
            _ => "plane",
        };
        RadialError::Flat { count: self.destination.len(), degree: self.degree, ratio, needed, shape }
    }

    /// The displacements of the points along an axis.
    pub(super) fn values(&self, k: usize) -> Vec<f64> {
        self.source.iter().zip(&self.destination).map(|(q, p)| q[k] - p[k]).collect()
    }

    /// Points in the kernel's frame, which weigh nothing yet.
    pub(super) fn centres(&self, points: &[[f64; D]]) -> Vec<Centre<D>> {
        let at = |p: &[f64; D]| std::array::from_fn(|k| self.frame.along(k, p[k]));
        points.iter().map(|p| Centre { at: at(p), weight: [0.0; D] }).collect()
    }

    pub(super) fn solved(self) -> Result<RadialBasis<D>, RadialError> {
        let (kernel, count) = (self.options.kernel, self.destination.len());
        let exponents = self.exponents();
        if count < exponents.len() {
            return Err(self.flat(0.0, exponents.len()));
        }
        let centres = self.centres(&self.destination);
        let fill = |i: usize, to: &mut [f64]| {
            row(kernel, &centres[i].at, &centres, to);
            if let Some(smoothing) = self.smoothing.get(i) {
                to[i] += smoothing;
            }
        };
        let factored = factor(count, fill, self.columns(&exponents, &self.destination)).map_err(|e| match e {
            Unsolved::Memory { bytes } => RadialError::Memory { bytes },
            Unsolved::Polynomial { ratio } => self.flat(ratio, exponents.len()),
            Unsolved::Pivot { ratio } => RadialError::Singular { kernel, ratio },
        })?;
        let mut map = RadialBasis {
            kernel,
            centres,
            seats: self.seats.clone(),
            frame: self.frame,
            polynomial_scale: self.polynomial_scale,
            polynomial: exponents.iter().map(|e| (*e, [0.0; D])).collect(),
            weight_scale: self.weight_scale,
            residuals: Vec::new(),
            energy: None,
        };
        // Improved by what it misses, as long as that gets less (Higham, Accuracy and Stability of Numerical Algorithms, 12).
        let mut missed: [Vec<f64>; D] = std::array::from_fn(|k| self.values(k));
        let mut largest = f64::INFINITY;
        loop {
            let mut better = map.clone();
            for k in 0..D {
                let (weights, polynomial) = factored.solve(&missed[k]);
                better.centres.iter_mut().zip(weights).for_each(|(centre, weight)| centre.weight[k] += weight);
                better.polynomial.iter_mut().zip(polynomial).for_each(|((_, a), by)| a[k] += by);
            }
            let misses = self.missed(&better);
            let most = misses.iter().flatten().fold(0.0, |most: f64, miss| most.max(miss.abs()));
            if most.is_nan() || most >= largest / 2.0 {
                break;
            }
            (map, missed, largest) = (better, misses, most);
        }
        let moved = (0..D).flat_map(|k| self.values(k)).fold(0.0, |most: f64, by| most.max(by.abs()));
        if largest > SOLVED * moved {
            return Err(RadialError::Unsolved { kernel, missed: largest, moved });
        }
        map.finish(&self.source, &self.destination);
        let smoothed = |i: usize, k: usize| self.smoothing.get(i).map_or(0.0, |by| by * map.centres[i].weight[k]);
        let work: f64 = (0..D)
            .map(|k| self.values(k).iter().enumerate().map(|(i, d)| map.centres[i].weight[k] * (d - smoothed(i, k))).sum::<f64>())
            .sum();
        map.energy = (matches!((kernel, D), (Kernel::ThinPlate, 2) | (Kernel::Linear, 3)) && self.degree < 2)
            .then(|| ENERGY * work * self.frame.scale.powi(kernel.power().unwrap_or(0)));
        Ok(map)
    }

    /// What the equations are missed by.
    fn missed(&self, map: &RadialBasis<D>) -> [Vec<f64>; D] {
        let found = map.displacements(&self.destination);
        std::array::from_fn(|k| {
            let values = self.values(k);
            let smoothed = |i: usize| self.smoothing.get(i).map_or(0.0, |by| by * map.centres[i].weight[k]);
            values.iter().enumerate().map(|(i, d)| d - found[i][k] - smoothed(i)).collect()
        })
    }
}

impl<const D: usize> RadialBasis<D> {
    /// Measures how far it takes destination points from source points.
    pub(super) fn finish(&mut self, source: &[[f64; D]], destination: &[[f64; D]]) {
        let found = self.displacements(destination);
        let off = |i: usize| (0..D).map(|k| (found[i][k] - (source[i][k] - destination[i][k])).powi(2)).sum::<f64>().sqrt();
        self.residuals = self.seats.iter().map(|i| off(*i)).collect();
    }
}

/// The kernel between a place and the first centres.
pub(super) fn row<const D: usize>(kernel: Kernel, at: &[f64; D], centres: &[Centre<D>], to: &mut [f64]) {
    const SIDE: usize = super::SIDE;
    vectorised(
        #[inline(always)]
        || {
            for (to, centres) in to.chunks_mut(SIDE).zip(centres.chunks(SIDE)) {
                let mut s = [0.0; SIDE];
                for k in 0..D {
                    for (s, centre) in s.iter_mut().zip(centres) {
                        let away = at[k] - centre.at[k];
                        *s += away * away;
                    }
                }
                let values = kernel.values(s);
                to.iter_mut().zip(values).for_each(|(to, value)| *to = value);
            }
        },
    );
}

/// The smoothing of each point; none at all if there is none.
fn smoothing(given: &[f64], count: usize) -> Result<Vec<f64>, RadialError> {
    if let Some((index, found)) = given.iter().enumerate().find(|(_, found)| !(found.is_finite() && **found >= 0.0)) {
        return Err(RadialError::Smoothing { index, found: *found });
    }
    match given {
        _ if given.iter().all(|smoothing| *smoothing == 0.0) && (given.len() <= 1 || given.len() == count) => Ok(Vec::new()),
        [one] => Ok(vec![*one; count]),
        _ if given.len() == count => Ok(given.to_vec()),
        _ => Err(RadialError::Smoothings { found: given.len(), points: count }),
    }
}
