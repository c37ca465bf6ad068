//! Maps fitted to pairs of points by least squares.

use super::Formula;
use super::affine::{Affine, AffineError};
use super::homography::Homography;
use super::least_squares::{Matrix, least_squares, singular_values};
use super::polynomial::{MOST, Polynomial, PolynomialError, for_each_term, powers, terms};
use thiserror::Error;

/// What is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FitKind {
    /// A matrix and an offset.
    Affine,
    /// A rotation, one scale and an offset; no reflection.
    Similarity,
    /// A rotation and an offset; no reflection.
    Rigid,
    /// A homography, in 2-D.
    Homography,
    /// A polynomial of an order.
    Polynomial {
        /// The highest degree, at most 10.
        order: usize,
    },
}

impl FitKind {
    /// How many pairs determine it.
    #[must_use]
    pub const fn pairs<const D: usize>(self) -> usize {
        match self {
            Self::Affine => D + 1,
            Self::Similarity | Self::Rigid => D,
            Self::Homography => 4,
            Self::Polynomial { order } => terms::<D>(order),
        }
    }
}

impl std::fmt::Display for FitKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Affine => f.write_str("an affine map"),
            Self::Similarity => f.write_str("a similarity"),
            Self::Rigid => f.write_str("a rigid map"),
            Self::Homography => f.write_str("a homography"),
            Self::Polynomial { order } => write!(f, "a polynomial of order {order}"),
        }
    }
}

/// A map that was fitted.
#[derive(Clone, Debug, PartialEq)]
pub enum Fitted<const D: usize> {
    /// Also similarities and rigid maps.
    Affine(Affine<D>),
    /// In 2-D.
    Homography(Homography),
    /// Of any order.
    Polynomial(Polynomial<D>),
}

impl<const D: usize> Fitted<D> {
    /// The map back.
    ///
    /// # Errors
    /// If there is no inverse, or none that is a formula.
    pub fn inverse(&self) -> Result<Self, FitError> {
        match self {
            Self::Affine(map) => Ok(Self::Affine(map.inverse()?)),
            Self::Homography(map) => Ok(Self::Homography(map.inverse()?)),
            Self::Polynomial(_) => Err(FitError::NoInverse),
        }
    }
}

impl<const D: usize> Formula<D> for Fitted<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        match self {
            Self::Affine(map) => map.source(at),
            Self::Polynomial(map) => map.source(at),
            // Only planes have homographies.
            Self::Homography(map) => map.source([at[0], at[1]]).map(|place| std::array::from_fn(|k| place[k.min(1)])),
        }
    }

    fn cost(&self) -> usize {
        match self {
            Self::Affine(map) => map.cost(),
            Self::Homography(map) => map.cost(),
            Self::Polynomial(map) => map.cost(),
        }
    }
}

/// A map and how well it fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit<const D: usize> {
    /// The map.
    pub map: Fitted<D>,
    /// How far each point comes to lie from its partner, in pixels.
    pub residuals: Vec<f64>,
    /// The root of their mean square, by weight.
    pub rms: f64,
    /// The pair with the largest, and that.
    pub largest: (usize, f64),
}

/// Why nothing was fitted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FitError {
    /// Lists that do not go together.
    #[error("{from} points from, {to} points to{}: expected as many", weights.map_or(String::new(), |n| format!(", {n} weights")))]
    Lengths {
        /// Points that are mapped.
        from: usize,
        /// Where to.
        to: usize,
        /// Weights, if there are.
        weights: Option<usize>,
    },
    /// Too few pairs.
    #[error("{found} pairs of points (of weight above 0): {kind} needs at least {needed}")]
    TooFew {
        /// Pairs that count.
        found: usize,
        /// Pairs needed.
        needed: usize,
        /// What was to be fitted.
        kind: FitKind,
    },
    /// Points or weights that are no numbers.
    #[error("pair {pair} is {numbers:?}: expected finite coordinates, and a weight of at least 0")]
    NotFinite {
        /// Which, from 0.
        pair: usize,
        /// Its numbers: from, to, weight.
        numbers: Vec<f64>,
    },
    /// Points that leave something open.
    #[error(
        "{found} pairs, {distinct} different points: they do not determine {kind}: too many coincide or lie on one line{} (condition {condition:.1e}, at most {most:.0e})",
        if *.three { " or plane" } else { "" }
    )]
    Degenerate {
        /// Pairs that count.
        found: usize,
        /// Different points, of the two sides the fewer.
        distinct: usize,
        /// What was to be fitted.
        kind: FitKind,
        /// In space.
        three: bool,
        /// How badly determined.
        condition: f64,
        /// The worst that is accepted.
        most: f64,
    },
    /// Points too far from pixel 0 for so high powers.
    #[error(
        "order {order}: coefficients count from pixel 0, so far from the points that their rounding alone moves these by {off:.1e} px \
         (at most {most:.0e}): take a lower order, or points nearer to 0"
    )]
    Far {
        /// The order.
        order: usize,
        /// The largest difference, in pixels.
        off: f64,
        /// The largest that is accepted: a millionth of the points' spread.
        most: f64,
    },
    /// Points on both sides of the horizon.
    #[error("the homography has pair {pair} behind its camera (w = {w:.3e}): expected all points on one side of the horizon")]
    Behind {
        /// Which, from 0.
        pair: usize,
        /// Its denominator.
        w: f64,
    },
    /// A homography in space.
    #[error("a homography is a map of the plane: expected points (x, y)")]
    Space,
    /// A map without an inverse.
    #[error(transparent)]
    Affine(#[from] AffineError),
    /// A polynomial out of range.
    #[error(transparent)]
    Polynomial(#[from] PolynomialError),
    /// A polynomial the other way.
    #[error("a polynomial's inverse is no formula: fit it from destination to source (pull)")]
    NoInverse,
}

/// Beyond this, ten of the sixteen digits are noise.
const CONDITION: f64 = 1e10;
/// What expanding a polynomial may cost, by the spread of the points.
const ROUNDED: f64 = 1e-6;

/// The map of a kind that takes the points `from` to the points `to` with the least sum of weighted squared distances.
///
/// For a field, `from` lies in the destination and `to` in the source. *Methods*: affine maps and polynomials by QR; similarities and rigid maps
/// in closed form (Umeyama, IEEE PAMI 13(4), 1991; in 3-D by Horn's quaternion, J. Opt. Soc. Am. A 4(4), 1987); homographies by the direct
/// linear transform on normalised points (Hartley, IEEE PAMI 19(6), 1997; Hartley and Zisserman, 4.1), then Gauss and Newton's steps on
/// the distances themselves. All points count: none is thrown out as an outlier.
///
/// # Errors
/// If there are too few points, or they leave the map open (lie on a line, coincide), with the numbers.
///
/// ```
/// use displace::{fit, FitKind, Formula};
/// let from = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]];
/// let to = [[5.0, 5.0], [5.0, 25.0], [-15.0, 5.0]];
/// // Twice as large, and a quarter turn.
/// let found = fit(&from, &to, None, FitKind::Similarity)?;
/// assert!(found.largest.1 < 1e-13);
/// assert_eq!(found.map.source([10.0, 10.0]).map(|p| p.map(f64::round)), Some([-15.0, 25.0]));
/// # Ok::<(), displace::FitError>(())
/// ```
pub fn fit<const D: usize>(from: &[[f64; D]], to: &[[f64; D]], weights: Option<&[f64]>, kind: FitKind) -> Result<Fit<D>, FitError> {
    let count = weights.map(<[f64]>::len);
    if from.len() != to.len() || count.is_some_and(|count| count != from.len()) {
        return Err(FitError::Lengths { from: from.len(), to: to.len(), weights: count });
    }
    match kind {
        FitKind::Polynomial { order } if order > MOST => return Err(PolynomialError::Order { found: order, most: MOST }.into()),
        FitKind::Homography if D != 2 => return Err(FitError::Space),
        _ => {}
    }
    let weight = |i: usize| weights.map_or(1.0, |weights| weights[i]);
    for (pair, (from, to)) in from.iter().zip(to).enumerate() {
        let numbers = [from.as_slice(), to, &[weight(pair)]].concat();
        if numbers.iter().any(|number| !number.is_finite()) || weight(pair) < 0.0 {
            return Err(FitError::NotFinite { pair, numbers });
        }
    }
    let used = (0..from.len()).filter(|i| weight(*i) > 0.0);
    let pairs = Pairs::new(used.map(|i| (from[i], to[i], weight(i))).collect(), kind)?;
    let map = match kind {
        FitKind::Affine => Fitted::Affine(pairs.affine()?),
        FitKind::Similarity => Fitted::Affine(pairs.similarity(true)?),
        FitKind::Rigid => Fitted::Affine(pairs.similarity(false)?),
        FitKind::Homography => Fitted::Homography(pairs.homography()?),
        FitKind::Polynomial { order } => Fitted::Polynomial(pairs.polynomial(order)?),
    };
    let residuals: Vec<f64> =
        from.iter().zip(to).map(|(from, to)| map.source(*from).map_or(f64::INFINITY, |at| distance(at, *to))).collect();
    let sum: f64 = (0..from.len()).filter(|i| weight(*i) > 0.0).map(|i| weight(i) * residuals[i] * residuals[i]).sum();
    let rms = (sum / (0..from.len()).map(weight).sum::<f64>()).sqrt();
    let largest = residuals.iter().copied().enumerate().fold((0, 0.0), |most, next| if next.1 > most.1 { next } else { most });
    Ok(Fit { map, residuals, rms, largest })
}

fn distance<const D: usize>(a: [f64; D], b: [f64; D]) -> f64 {
    (0..D).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
}

/// A move and a scale that put points around 0, at a mean square distance of `D`.
#[derive(Clone, Copy)]
struct Normal<const D: usize> {
    middle: [f64; D],
    scale: f64,
}

impl<const D: usize> Normal<D> {
    fn of(points: impl Iterator<Item = ([f64; D], f64)> + Clone) -> Self {
        let total: f64 = points.clone().map(|(_, w)| w).sum();
        let middle = std::array::from_fn(|k| points.clone().map(|(p, w)| p[k] * w).sum::<f64>() / total);
        let spread = (points.map(|(p, w)| w * distance(p, middle).powi(2)).sum::<f64>() / total / D as f64).sqrt();
        Self { middle, scale: if spread > 0.0 { spread } else { 1.0 } }
    }

    fn apply(&self, point: [f64; D]) -> [f64; D] {
        std::array::from_fn(|k| (point[k] - self.middle[k]) / self.scale)
    }
}

/// Pairs with weights above 0, and their normalised selves.
struct Pairs<const D: usize> {
    kind: FitKind,
    pairs: Vec<([f64; D], [f64; D], f64)>,
    from: Normal<D>,
    to: Normal<D>,
}

impl<const D: usize> Pairs<D> {
    fn new(pairs: Vec<([f64; D], [f64; D], f64)>, kind: FitKind) -> Result<Self, FitError> {
        let needed = kind.pairs::<D>();
        if pairs.len() < needed {
            return Err(FitError::TooFew { found: pairs.len(), needed, kind });
        }
        let from = Normal::of(pairs.iter().map(|(from, _, w)| (*from, *w)));
        let to = Normal::of(pairs.iter().map(|(_, to, w)| (*to, *w)));
        Ok(Self { kind, pairs, from, to })
    }

    fn degenerate(&self, condition: f64) -> FitError {
        let different = |points: &mut dyn Iterator<Item = [f64; D]>| {
            let mut points: Vec<[u64; D]> = points.map(|point| point.map(|x| (x + 0.0).to_bits())).collect();
            points.sort_unstable();
            points.dedup();
            points.len()
        };
        let from = different(&mut self.pairs.iter().map(|(from, ..)| *from));
        let (found, distinct) = (self.pairs.len(), from.min(different(&mut self.pairs.iter().map(|(_, to, _)| *to))));
        FitError::Degenerate { found, distinct, kind: self.kind, three: D == 3, condition, most: CONDITION }
    }

    /// Normalised pairs, with the root of the weight.
    fn normal(&self) -> impl Iterator<Item = ([f64; D], [f64; D], f64)> + Clone + '_ {
        self.pairs.iter().map(|(from, to, w)| (self.from.apply(*from), self.to.apply(*to), w.sqrt()))
    }

    /// A linear map of normalised points, as one of pixels.
    fn in_pixels(&self, matrix: [[f64; D]; D], offset: [f64; D]) -> Affine<D> {
        let ratio = self.to.scale / self.from.scale;
        let matrix = matrix.map(|row| row.map(|entry| entry * ratio));
        let around = Affine::from_rows(matrix, [0.0; D]).source(self.from.middle).unwrap_or([0.0; D]);
        Affine::from_rows(matrix, std::array::from_fn(|k| self.to.middle[k] - around[k] + offset[k] * self.to.scale))
    }

    fn affine(&self) -> Result<Affine<D>, FitError> {
        let mut system = Matrix::new(1 + 2 * D);
        for (from, to, w) in self.normal() {
            let mut row = vec![w];
            row.extend(from.iter().chain(&to).map(|x| x * w));
            system.push(&row);
        }
        let (x, condition) = least_squares(system, D);
        if condition > CONDITION {
            return Err(self.degenerate(condition));
        }
        let matrix = std::array::from_fn(|i| std::array::from_fn(|k| x[i][1 + k]));
        Ok(self.in_pixels(matrix, std::array::from_fn(|i| x[i][0])))
    }

    fn similarity(&self, scaled: bool) -> Result<Affine<D>, FitError> {
        // How components of the two go together.
        let mut together = [[0.0; D]; D];
        let mut square = 0.0;
        for (from, to, w) in self.normal() {
            for i in 0..D {
                for k in 0..D {
                    together[i][k] += w * w * to[i] * from[k];
                }
                square += w * w * from[i] * from[i];
            }
        }
        let rotation = self.rotation(&together, square)?;
        let along: f64 = (0..D).map(|i| (0..D).map(|k| rotation[i][k] * together[i][k]).sum::<f64>()).sum();
        // Rigid in pixels: what normalising scaled is taken back.
        let scale = if scaled { along / square } else { self.from.scale / self.to.scale };
        if scaled && scale <= 0.0 {
            return Err(self.degenerate(f64::INFINITY));
        }
        Ok(self.in_pixels(rotation.map(|row| row.map(|entry| entry * scale)), [0.0; D]))
    }

    /// The rotation that brings the points closest; no reflection.
    fn rotation(&self, together: &[[f64; D]; D], square: f64) -> Result<[[f64; D]; D], FitError> {
        let m = |i: usize, k: usize| together[i][k];
        if D == 2 {
            let (cos, sin) = (m(0, 0) + m(1, 1), m(1, 0) - m(0, 1));
            let length = libm::hypot(cos, sin);
            if length * CONDITION <= square || square == 0.0 {
                return Err(self.degenerate(square / length));
            }
            let turn = [[cos / length, -sin / length], [sin / length, cos / length]];
            return Ok(std::array::from_fn(|i| std::array::from_fn(|k| turn[i][k])));
        }
        // Horn's matrix: its eigenvector of the largest eigenvalue is the quaternion.
        let (x, y, z) = (m(2, 1) - m(1, 2), m(0, 2) - m(2, 0), m(1, 0) - m(0, 1));
        let (a, b, c) = (m(0, 0), m(1, 1), m(2, 2));
        let (ab, ac, bc) = (m(0, 1) + m(1, 0), m(0, 2) + m(2, 0), m(1, 2) + m(2, 1));
        let horn = [[a + b + c, x, y, z], [x, a - b - c, ab, ac], [y, ab, b - a - c, bc], [z, ac, bc, c - a - b]];
        // Moved so that no eigenvalue is negative, singular values are eigenvalues.
        let shift = horn.as_flattened().iter().map(|x| x * x).sum::<f64>().sqrt();
        let mut matrix = Matrix::new(4);
        for (i, row) in horn.iter().enumerate() {
            let mut row = *row;
            row[i] += shift;
            matrix.push(&row);
        }
        let (sizes, right) = singular_values(matrix);
        let gap = sizes[0] - sizes[1];
        // Rounding leaves a gap of about 1e-15 where there is none.
        if gap * 1e12 <= square || square == 0.0 {
            return Err(self.degenerate(square / gap));
        }
        let [w, x, y, z] = std::array::from_fn(|k| right[0][k]);
        let turn = [
            [w * w + x * x - y * y - z * z, 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z],
        ];
        let norm = w * w + x * x + y * y + z * z;
        Ok(std::array::from_fn(|i| std::array::from_fn(|k| turn[i][k] / norm)))
    }

    fn polynomial(&self, order: usize) -> Result<Polynomial<D>, FitError> {
        let count = terms::<D>(order);
        let mut system = Matrix::new(count + D);
        for (from, to, w) in self.normal() {
            let powers = powers(from);
            let mut row = Vec::with_capacity(count + D);
            for_each_term::<D>(order, |e| row.push(w * (0..D).map(|k| powers[k][e[k]]).product::<f64>()));
            row.extend(to.iter().map(|x| x * w));
            system.push(&row);
        }
        let (x, condition) = least_squares(system, D);
        if condition > CONDITION {
            return Err(self.degenerate(condition));
        }
        // ((x - middle) / scale)^e by the binomial theorem, term by term.
        let mut exponents = Vec::with_capacity(count);
        for_each_term::<D>(order, |e| exponents.push(e));
        let mut numbers = vec![0.0; D * count];
        for (e, high) in exponents.iter().enumerate() {
            for (f, low) in exponents.iter().enumerate().filter(|(_, low)| (0..D).all(|k| low[k] <= high[k])) {
                let share: f64 = (0..D)
                    .map(|k| {
                        let left = (high[k] - low[k]) as i32;
                        binomial(high[k], low[k]) * (-self.from.middle[k]).powi(left) / self.from.scale.powi(high[k] as i32)
                    })
                    .product();
                for k in 0..D {
                    numbers[k * count + f] += self.to.scale * x[k][e] * share;
                }
            }
        }
        for k in 0..D {
            numbers[k * count] += self.to.middle[k];
        }
        let expanded = Polynomial::from_numbers(&numbers)?;
        // Coefficients count from pixel 0: far from there high powers cancel.
        let mut off = 0.0f64;
        for (from, ..) in &self.pairs {
            let powers = powers(self.from.apply(*from));
            let place = expanded.source(*from).unwrap_or([f64::NAN; D]);
            for k in 0..D {
                let terms = exponents.iter().zip(&x[k]).map(|(e, x)| x * (0..D).map(|k| powers[k][e[k]]).product::<f64>());
                off = off.max((terms.sum::<f64>() * self.to.scale + self.to.middle[k] - place[k]).abs());
            }
        }
        let most = ROUNDED * self.to.scale;
        if off > most {
            return Err(FitError::Far { order, off, most });
        }
        Ok(expanded)
    }

    fn homography(&self) -> Result<Homography, FitError> {
        let normal: Vec<([f64; 2], [f64; 2], f64)> = self.normal().map(|(a, b, w)| ([a[0], a[1]], [b[0], b[1]], w)).collect();
        let mut system = Matrix::new(9);
        for ([x, y], [u, v], w) in &normal {
            system.push(&[x * w, y * w, *w, 0.0, 0.0, 0.0, -u * x * w, -u * y * w, -u * w]);
            system.push(&[0.0, 0.0, 0.0, x * w, y * w, *w, -v * x * w, -v * y * w, -v * w]);
        }
        let (sizes, right) = singular_values(system);
        if sizes[7] * CONDITION <= sizes[0] {
            return Err(self.degenerate(sizes[0] / sizes[7]));
        }
        let mut h: [f64; 9] = std::array::from_fn(|k| right[8][k]);
        // The middle of the points is 0, so its denominator is the last entry; all have to have its sign.
        let sign = h[8].signum();
        h = h.map(|entry| entry * sign);
        if let Some((pair, w)) = normal.iter().map(|(at, ..)| denominator(&h, *at)).enumerate().find(|(_, w)| *w <= 0.0) {
            return Err(FitError::Behind { pair, w });
        }
        let h = refined(h.map(|entry| entry / h[8]), &normal);
        // Out of the normalised coordinates: T_to^-1 H T_from.
        let ([mx, my], s) = ([self.from.middle[0], self.from.middle[1]], self.from.scale);
        let rows: [[f64; 3]; 3] = std::array::from_fn(|i| {
            let [a, b, c] = [h[3 * i] / s, h[3 * i + 1] / s, h[3 * i + 2]];
            [a, b, c - a * mx - b * my]
        });
        let back =
            |i: usize, k: usize| if i == 2 { rows[2][k] } else { self.to.scale * rows[i][k] + self.to.middle[i] * rows[2][k] };
        let numbers: Vec<f64> = (0..9).map(|n| back(n / 3, n % 3)).collect();
        // As others write it, where the corner's denominator is positive.
        let last = if numbers[8] > 0.0 { numbers[8] } else { numbers.iter().map(|x| x * x).sum::<f64>().sqrt() };
        let numbers: Vec<f64> = numbers.iter().map(|x| x / last).collect();
        let map = Homography::from_numbers(&numbers)?;
        map.inverse()?;
        Ok(map)
    }
}

fn denominator(h: &[f64; 9], [x, y]: [f64; 2]) -> f64 {
    h[6] * x + h[7] * y + h[8]
}

/// Gauss and Newton's steps on the distances in the normalised plane; the last entry stays 1. A step that does not help is halved.
fn refined(mut h: [f64; 9], pairs: &[([f64; 2], [f64; 2], f64)]) -> [f64; 9] {
    let error = |h: &[f64; 9]| -> f64 {
        let square = |([x, y], [u, v], w): &([f64; 2], [f64; 2], f64)| {
            let d = denominator(h, [*x, *y]);
            if d <= 0.0 {
                return f64::INFINITY;
            }
            let (a, b) = ((h[0] * x + h[1] * y + h[2]) / d - u, (h[3] * x + h[4] * y + h[5]) / d - v);
            w * w * (a * a + b * b)
        };
        pairs.iter().map(square).sum()
    };
    let mut least = error(&h);
    // Quadratic near the end; more steps are for points that fit badly.
    for _ in 0..50 {
        let mut system = Matrix::new(9);
        for ([x, y], [u, v], w) in pairs {
            let d = denominator(&h, [*x, *y]);
            let (a, b) = ((h[0] * x + h[1] * y + h[2]) / d, (h[3] * x + h[4] * y + h[5]) / d);
            let s = w / d;
            system.push(&[s * x, s * y, s, 0.0, 0.0, 0.0, -s * a * x, -s * a * y, w * (u - a)]);
            system.push(&[0.0, 0.0, 0.0, s * x, s * y, s, -s * b * x, -s * b * y, w * (v - b)]);
        }
        let (step, condition) = least_squares(system, 1);
        if condition > CONDITION {
            break;
        }
        let halves = (0..20).map(|n| 0.5f64.powi(n));
        let tried = halves.map(|part| std::array::from_fn(|k| if k == 8 { 1.0 } else { h[k] + part * step[0][k] }));
        let Some((better, next)) = tried.map(|h| (error(&h), h)).find(|(error, _)| *error < least) else { break };
        let gain = least - better;
        (least, h) = (better, next);
        if gain <= 1e-16 * least {
            break;
        }
    }
    h
}

fn binomial(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |product, i| product * (n - i) as f64 / (i + 1) as f64)
}
