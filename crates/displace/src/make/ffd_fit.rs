//! Free-form deformations fitted to scattered points.

use super::LARGEST;
use super::ffd::{BSpline, BSplineError, Beyond};
use crate::lattice::Between;
use thiserror::Error;

/// The most numbers that a lattice may hold: 2 GiB.
const MOST: usize = 1 << 28;
/// Beyond as many halvings nothing is left to resolve.
const LEVELS: usize = 24;

/// The control points of the coarsest lattice; the second one along each axis lies on pixel 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coarsest<const D: usize> {
    /// As many along each axis, x first, 4 or more: the last but one lies on the last pixel.
    Count([usize; D]),
    /// As many destination pixels apart, x first; as many as it takes to reach the last pixel.
    Spacing([f64; D]),
}

/// A spline and how well it fits.
#[derive(Clone, Debug, PartialEq)]
pub struct BSplineFit<const D: usize> {
    /// All levels in one, on the finest lattice.
    pub spline: BSpline<D>,
    /// How far each destination point is read from its source point, in source pixels.
    pub residuals: Vec<f64>,
    /// The root of their mean square, by weight.
    pub rms: f64,
    /// The pair with the largest (of weight above 0), and that.
    pub largest: (usize, f64),
}

/// Why nothing was fitted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum BSplineFitError {
    /// Lists that do not go together, or are empty.
    #[error(
        "{source_points} source points, {destination} destination points{}: expected as many, and at least one",
        weights.map_or(String::new(), |n| format!(", {n} weights"))
    )]
    Lengths {
        /// Source points.
        source_points: usize,
        /// Destination points.
        destination: usize,
        /// Weights, if there are.
        weights: Option<usize>,
    },
    /// Points or weights that are no numbers, or too large to square.
    #[error(
        "pair {pair} is {numbers:?} (destination, source, weight): expected coordinates from -2^200 to 2^200, and a weight of at least 0"
    )]
    NotFinite {
        /// Which, from 0.
        pair: usize,
        /// Its numbers: destination, source, weight.
        numbers: Vec<f64>,
    },
    /// Weights that leave no pair.
    #[error("all {pairs} pairs weigh 0: expected one of weight above 0")]
    NoWeight {
        /// Pairs given.
        pairs: usize,
    },
    /// A point where the spline is not defined.
    #[error(
        "pair {pair} has its destination at {destination:?}: expected between 0 and {reach:?} (x first), what the lattice spans"
    )]
    Outside {
        /// Which, from 0.
        pair: usize,
        /// Where it is.
        destination: Vec<f64>,
        /// Where the lattice ends, x first.
        reach: Vec<f64>,
    },
    /// No levels, or too many.
    #[error("{found} levels: expected 1 to {most}")]
    Levels {
        /// The number given.
        found: usize,
        /// The most.
        most: usize,
    },
    /// A lattice that is too large.
    #[error("{levels} levels end with {count:?} control points (x first): expected at most {most} numbers; take fewer levels")]
    Large {
        /// Levels asked for.
        levels: usize,
        /// Along each axis, x first.
        count: Vec<usize>,
        /// The most.
        most: usize,
    },
    /// No lattice.
    #[error(transparent)]
    Spline(#[from] BSplineError),
}

impl<const D: usize> BSpline<D> {
    /// The spline that scattered points ask for, by multilevel B-spline approximation (Lee, Wolberg and Shin, "Scattered data interpolation with
    /// multilevel B-splines", IEEE TVCG 3(3), 1997).
    ///
    /// On one level, each point alone would be met by the control points around it with the least sum of squares, `w_c z / sum of w^2`; a
    /// control point that several points ask takes their mean, weighted by `w_c^2` and the pair's weight (the paper's equations 3 to 5). What
    /// is then left of each displacement is asked of a lattice of half the spacing, and so on. Every level is written on the lattice of the next,
    /// which is exact, so that one spline is left: on the finest lattice, `coarsest / 2^(levels - 1)` apart.
    ///
    /// A point's displacement is its source less the rest place of its destination. Few levels give a smooth field that goes near the points,
    /// many meet them and change nothing far away. Control points that no point asks for are 0.
    ///
    /// *Exactness*: in `f64`, in the order of the pairs.
    ///
    /// # Errors
    /// Lists of different lengths, no pairs or none that weighs anything, numbers that are not finite, destinations outside the
    /// lattice, no levels, too many control points.
    ///
    /// ```
    /// use displace::{Between, BSpline, Coarsest, Extent, Lattice};
    /// // One point, in the middle of the one patch of 4 x 4 control points over 3 x 3 pixels: 6 px to the right.
    /// let between = Between::new(Lattice::from_xy([3, 3], Extent::Edges)?, [3, 3], None)?;
    /// let fit = BSpline::fit(&[[7.0, 1.0]], &[[1.0, 1.0]], None, &between, Coarsest::Count([4, 4]), 1)?;
    /// // It is met, and fades: weights (1, 23, 23, 1) / 48 along each axis, and the pixel to the right has (0, 1, 4, 1) / 6 along x.
    /// assert!(fit.largest.1 < 1e-14);
    /// let expected = 6.0 * (23.0 + 4.0 * 23.0 + 1.0) / 6.0 * 48.0 / (2.0 * (23.0f64.powi(2) + 1.0));
    /// assert!((fit.spline.displacement([2.0, 1.0])[0] - expected).abs() < 1e-13);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(
        source: &[[f64; D]],
        destination: &[[f64; D]],
        weights: Option<&[f64]>,
        between: &Between<D>,
        coarsest: Coarsest<D>,
        levels: usize,
    ) -> Result<BSplineFit<D>, BSplineFitError> {
        let lengths = weights.map(<[f64]>::len);
        if source.len() != destination.len() || source.is_empty() || lengths.is_some_and(|count| count != source.len()) {
            return Err(BSplineFitError::Lengths { source_points: source.len(), destination: destination.len(), weights: lengths });
        }
        if !(1..=LEVELS).contains(&levels) {
            return Err(BSplineFitError::Levels { found: levels, most: LEVELS });
        }
        let weight = |pair: usize| weights.map_or(1.0, |weights| weights[pair]);
        for (pair, (to, from)) in destination.iter().zip(source).enumerate() {
            let numbers = [to.as_slice(), from, &[weight(pair)]].concat();
            let large = to.iter().chain(from).any(|number| number.abs() > LARGEST);
            if large || numbers.iter().any(|number| !number.is_finite()) || weight(pair) < 0.0 {
                return Err(BSplineFitError::NotFinite { pair, numbers });
            }
        }
        let heaviest = (0..source.len()).map(weight).fold(0.0, f64::max);
        if heaviest == 0.0 {
            return Err(BSplineFitError::NoWeight { pairs: source.len() });
        }
        let mut lattice = Self::coarsest(between.destination(), coarsest, levels)?;
        let reach: [f64; D] = std::array::from_fn(|k| (lattice.count[k] - 3) as f64 * lattice.spacing[k]);
        for (pair, to) in destination.iter().enumerate() {
            // The last pixel is on the lattice's end but for the rounding of a spacing.
            if weight(pair) > 0.0 && (0..D).any(|k| !(0.0..=reach[k] * (1.0 + 1e-12)).contains(&to[k])) {
                return Err(BSplineFitError::Outside { pair, destination: to.to_vec(), reach: reach.to_vec() });
            }
        }
        let rest: [_; D] = std::array::from_fn(|k| between.source().axes()[k].rest_line(between.rest(), between.destination()[k]));
        let asked: Vec<Pair<D>> = (0..source.len())
            .map(|pair| Pair {
                at: destination[pair],
                by: std::array::from_fn(|k| source[pair][k] - rest[k].at(destination[pair][k])),
                weight: weight(pair) / heaviest,
            })
            .collect();
        let mut left: Vec<Pair<D>> = asked.iter().filter(|pair| pair.weight > 0.0).copied().collect();
        for level in 0..levels {
            if level > 0 {
                lattice = lattice.halved();
            }
            let own = lattice.approximated(&left);
            for pair in &mut left {
                let by = own.displacement(pair.at);
                for k in 0..D {
                    pair.by[k] -= by[k];
                }
            }
            for (sum, own) in lattice.coefficients.iter_mut().zip(&own.coefficients) {
                *sum += own;
            }
        }
        let residual = |pair: &Pair<D>| {
            let by = lattice.displacement(pair.at);
            (0..D).map(|k| (by[k] - pair.by[k]).powi(2)).sum::<f64>().sqrt()
        };
        let residuals: Vec<f64> = asked.iter().map(residual).collect();
        let weighed = || asked.iter().zip(&residuals).enumerate().filter(|(_, (pair, _))| pair.weight > 0.0);
        let squares: f64 = weighed().map(|(_, (pair, residual))| pair.weight * residual * residual).sum();
        let rms = (squares / asked.iter().map(|pair| pair.weight).sum::<f64>()).sqrt();
        let first = weighed().next().map_or(0, |(index, _)| index);
        let largest =
            weighed().fold((first, 0.0), |most, (index, (_, residual))| if *residual > most.1 { (index, *residual) } else { most });
        // What is large comes through `new`, which checks that all is finite.
        let Self { coefficients, count, spacing, origin, beyond } = lattice;
        Ok(BSplineFit { spline: Self::new(coefficients, count, spacing, origin, beyond)?, residuals, rms, largest })
    }

    /// The coarsest lattice, all 0, if the finest one is small enough.
    fn coarsest(size: [usize; D], coarsest: Coarsest<D>, levels: usize) -> Result<Self, BSplineFitError> {
        let (count, spacing) = match coarsest {
            Coarsest::Count(count) if count.iter().any(|count| *count < 4) => {
                return Err(BSplineError::Count { found: count.to_vec() }.into());
            }
            Coarsest::Count(count) => (count, std::array::from_fn(|k| (size[k].max(2) - 1) as f64 / (count[k] - 3) as f64)),
            Coarsest::Spacing(spacing) if spacing.iter().any(|spacing| !spacing.is_finite() || *spacing <= 0.0) => {
                return Err(BSplineError::Spacing { found: spacing.to_vec() }.into());
            }
            // As many patches as reach the last pixel; a cast of what is too large saturates.
            Coarsest::Spacing(spacing) => {
                let patches = |k: usize| ((size[k].max(2) - 1) as f64 / spacing[k]).ceil().max(1.0);
                (std::array::from_fn(|k| (patches(k) as usize).saturating_add(3)), spacing)
            }
        };
        let finest = count.map(|count| (count - 3).saturating_mul(1 << (levels - 1)).saturating_add(3));
        if finest.iter().fold(D, |product, count| product.saturating_mul(*count)) > MOST {
            return Err(BSplineFitError::Large { levels, count: finest.to_vec(), most: MOST });
        }
        let numbers = vec![0.0; count.iter().product::<usize>() * D];
        Ok(Self::new(numbers, count, spacing, spacing.map(|spacing: f64| -spacing), Beyond::Fades)?)
    }

    /// One level: the paper's algorithm BA.
    fn approximated(&self, pairs: &[Pair<D>]) -> Self {
        let mut sums = vec![0.0; self.coefficients.len()];
        let mut weighed = vec![0.0; self.coefficients.len() / D];
        for pair in pairs {
            let Some(along) = (0..D).map(|k| self.taps(k, pair.at[k])).collect::<Option<Vec<_>>>() else { continue };
            // The sum of all squares is the product of those along the axes.
            let squares: f64 = along.iter().map(|taps| taps.weight.iter().map(|w| w * w).sum::<f64>()).product();
            for tap in 0..1_usize << (2 * D) {
                let (mut w, mut index) = (1.0, 0);
                for k in (0..D).rev() {
                    let tap = tap >> (2 * k) & 3;
                    w *= along[k].weight[tap];
                    index = index * self.count[k] + along[k].first + tap;
                }
                let counts = pair.weight * w * w;
                weighed[index] += counts;
                for k in 0..D {
                    sums[index * D + k] += counts * (w * pair.by[k] / squares);
                }
            }
        }
        for (sum, weighed) in sums.chunks_exact_mut(D).zip(&weighed) {
            for sum in sum {
                *sum = if *weighed > 0.0 { *sum / weighed } else { 0.0 };
            }
        }
        Self { coefficients: sums, ..*self }
    }

    /// The same spline with control points half as far apart, on the same domain.
    fn halved(&self) -> Self {
        let (mut coefficients, mut count) = (self.coefficients.clone(), self.count);
        for k in 0..D {
            coefficients = refined(&coefficients, &mut count, k);
        }
        let spacing = self.spacing.map(|spacing| spacing / 2.0);
        Self { coefficients, count, spacing, origin: spacing.map(|spacing| -spacing), beyond: self.beyond }
    }
}

/// A pair of points as one level sees it.
#[derive(Clone, Copy)]
struct Pair<const D: usize> {
    at: [f64; D],
    /// The displacement asked for.
    by: [f64; D],
    /// Above 0, the largest is 1.
    weight: f64,
}

/// Control points of twice as many patches along axis `k`: at an old one `(c[i-1] + 6 c[i] + c[i+1]) / 8`, between two their mean.
fn refined<const D: usize>(coefficients: &[f64], count: &mut [usize; D], k: usize) -> Vec<f64> {
    let (old, new) = (count[k], 2 * count[k] - 3);
    let inner = count[..k].iter().product::<usize>() * D;
    let mut result = vec![0.0; coefficients.len() / old * new];
    for (from, to) in coefficients.chunks_exact(inner * old).zip(result.chunks_exact_mut(inner * new)) {
        for (j, to) in to.chunks_exact_mut(inner).enumerate() {
            let i = j / 2;
            let at = |i: usize, lane: usize| from[i * inner + lane];
            for (lane, to) in to.iter_mut().enumerate() {
                *to = if j % 2 == 0 {
                    (at(i, lane) + at(i + 1, lane)) / 2.0
                } else {
                    (at(i, lane) + 6.0 * at(i + 1, lane) + at(i + 2, lane)) / 8.0
                };
            }
        }
    }
    count[k] = new;
    result
}
