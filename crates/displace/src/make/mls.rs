//! Image deformation by moving least squares.

use super::once::once;
use super::{Formula, rests};
use crate::dtype::Real;
use crate::error::{FieldError, OutputLenError};
use crate::kernel::vectorised;
use crate::lattice::Between;
use crate::map::solve;
use crate::rows::{for_each_band_costing, row_index};
use crate::view::{Layout, Shape};
use thiserror::Error;

/// Places that are worked on side by side.
const SIDE: usize = 8;

/// What a place's own transformation may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovingKind {
    /// Any affine map: may shear and stretch.
    Affine,
    /// Rotation, scale and translation; in 2-D.
    Similarity,
    /// Rotation and translation: as rigid as can be; in 2-D.
    Rigid,
}

/// Moving least squares (Schaefer, McPhail and Warren, "Image deformation using moving least squares", ACM Transactions on Graphics
/// (SIGGRAPH) 25(3), 2006): each place `v` has a map `l` of its own, the one of its kind that takes the points `p[i]` best to `q[i]`,
/// minimising the sum of `|l(p[i]) - q[i]|^2 / |p[i] - v|^(2 alpha)`, and goes to `l(v)`.
///
/// The paper moves an image's points `p` to `q`. To warp an image, the map from destination to source is needed; so here `p` are the
/// **destination** points and `q` the **source** points. The map takes each destination point to its source point, and is smooth
/// elsewhere; if all points agree on one map of the kind, it is that map.
///
/// ```
/// use displace::{Formula, MovingKind, MovingLeastSquares};
/// // Twice as large and one to the right, at three points: everywhere.
/// let (source, destination) = ([[1.0, 0.0], [9.0, 0.0], [1.0, 8.0]], [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]);
/// let map = MovingLeastSquares::new(&source, &destination, MovingKind::Similarity, 1.0)?;
/// let place = map.source([2.0, 3.0]).unwrap();
/// assert!((place[0] - 5.0).abs() < 1e-12 && (place[1] - 6.0).abs() < 1e-12);
/// // A rigid map cannot grow, but it meets each point.
/// let rigid = MovingLeastSquares::new(&source, &destination, MovingKind::Rigid, 1.0)?;
/// assert_eq!(rigid.source([4.0, 0.0]), Some([9.0, 0.0]));
/// # Ok::<(), displace::MovingError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MovingLeastSquares<const D: usize> {
    /// Destination points and source points.
    pairs: Vec<([f64; D], [f64; D])>,
    kind: MovingKind,
    alpha: f64,
}

/// Points that make no map.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum MovingError {
    /// Lists of different lengths, or none at all.
    #[error("{source_points} source points and {destination} destination points: expected as many, and at least one")]
    Count {
        /// Source points.
        source_points: usize,
        /// Destination points.
        destination: usize,
    },
    /// A number that is not finite.
    #[error("point {index} leads from {destination:?} to {source_point:?}: expected finite numbers")]
    NotFinite {
        /// Which one, from 0.
        index: usize,
        /// Its destination.
        destination: Vec<f64>,
        /// Its source.
        source_point: Vec<f64>,
    },
    /// One place that would have to go to two.
    #[error(
        "points {first} and {second} are both at destination {destination:?} but read {one:?} and {other:?}: expected one source place"
    )]
    Torn {
        /// Which one, from 0.
        first: usize,
        /// Which other.
        second: usize,
        /// Where both are.
        destination: Vec<f64>,
        /// The source of the first.
        one: Vec<f64>,
        /// That of the second.
        other: Vec<f64>,
    },
    /// Points that leave an affine map open.
    #[error(
        "the {count} destination points reach {length:e} px along their longest extent and {width:e} px along their shortest: an affine map needs \
         {needed} that do not lie on one line (3-D: in one plane); kind \"rigid\" or \"similarity\" needs less"
    )]
    Flat {
        /// Points given.
        count: usize,
        /// Root of the largest eigenvalue of their scatter.
        length: f64,
        /// Of the smallest.
        width: f64,
        /// Points needed.
        needed: usize,
    },
    /// No exponent.
    #[error("alpha is {found}: expected a number above 0, up to 4")]
    Alpha {
        /// The number given.
        found: f64,
    },
    /// A kind that is for images only.
    #[error("kind {kind:?} is for 2-D points, not for {axes}-D: take kind \"affine\"")]
    Axes {
        /// The kind.
        kind: MovingKind,
        /// Axes of the points.
        axes: usize,
    },
}

impl<const D: usize> MovingLeastSquares<D> {
    /// From points of the source and of the destination, in pixels, x first. `alpha` is how fast a point's influence falls: the paper's is 1.
    ///
    /// Points given twice count twice. One point, or none apart from another, moves everything alike.
    ///
    /// # Errors
    /// No points, lists of different lengths, numbers that are not finite, one destination with two sources; points on a line (in a
    /// plane) for an affine map; other kinds than affine in 3-D; an `alpha` that is not between 0 and 4.
    pub fn new(source: &[[f64; D]], destination: &[[f64; D]], kind: MovingKind, alpha: f64) -> Result<Self, MovingError> {
        if source.len() != destination.len() || source.is_empty() {
            return Err(MovingError::Count { source_points: source.len(), destination: destination.len() });
        }
        if !(alpha > 0.0 && alpha <= 4.0) {
            return Err(MovingError::Alpha { found: alpha });
        }
        if D != 2 && kind != MovingKind::Affine {
            return Err(MovingError::Axes { kind, axes: D });
        }
        let pairs: Vec<_> = destination.iter().copied().zip(source.iter().copied()).collect();
        for (index, (p, q)) in pairs.iter().enumerate() {
            if p.iter().chain(q).any(|number| !number.is_finite()) {
                return Err(MovingError::NotFinite { index, destination: p.to_vec(), source_point: q.to_vec() });
            }
        }
        if let Err((first, second)) = once(source, destination, |_| true) {
            return Err(MovingError::Torn {
                first,
                second,
                destination: destination[first].to_vec(),
                one: source[first].to_vec(),
                other: source[second].to_vec(),
            });
        }
        let map = Self { pairs, kind, alpha };
        if kind == MovingKind::Affine {
            let (length, width) = map.extents();
            if width <= 1e-9 * length || length == 0.0 {
                return Err(MovingError::Flat { count: map.pairs.len(), length, width, needed: D + 1 });
            }
        }
        Ok(map)
    }

    /// Roots of the largest and the smallest eigenvalue of the destination points' scatter, by Gram and Schmidt with the longest first.
    fn extents(&self) -> (f64, f64) {
        let count = self.pairs.len() as f64;
        let mean: [f64; D] = std::array::from_fn(|k| self.pairs.iter().map(|(p, _)| p[k]).sum::<f64>() / count);
        let mut rest: Vec<[f64; D]> = self.pairs.iter().map(|(p, _)| std::array::from_fn(|k| p[k] - mean[k])).collect();
        let length = |v: &[f64; D]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let mut reached = [0.0; D];
        for reached in &mut reached {
            let Some(longest) = rest.iter().copied().max_by(|a, b| length(a).total_cmp(&length(b))) else { break };
            *reached = length(&longest);
            if *reached == 0.0 {
                break;
            }
            for v in &mut rest {
                let part = (0..D).map(|k| v[k] * longest[k]).sum::<f64>() / (*reached * *reached);
                for k in 0..D {
                    v[k] -= part * longest[k];
                }
            }
        }
        (reached[0], reached[D - 1])
    }

    /// Where some places are read from, by the map of each. `weights` is working room.
    #[inline(always)]
    fn places<const L: usize>(&self, at: &[[f64; L]; D], weights: &mut Vec<[f64; L]>) -> [[f64; L]; D] {
        weights.clear();
        let (mut nearest, mut near_p, mut near_q) = ([f64::INFINITY; L], [[0.0; L]; D], [[0.0; L]; D]);
        for (p, q) in &self.pairs {
            let mut distance = [0.0; L];
            for k in 0..D {
                for lane in 0..L {
                    distance[lane] += (p[k] - at[k][lane]) * (p[k] - at[k][lane]);
                }
            }
            for k in 0..D {
                for lane in 0..L {
                    let nearer = distance[lane] < nearest[lane];
                    near_p[k][lane] = if nearer { p[k] } else { near_p[k][lane] };
                    near_q[k][lane] = if nearer { q[k] } else { near_q[k][lane] };
                }
            }
            for lane in 0..L {
                nearest[lane] = if distance[lane] < nearest[lane] { distance[lane] } else { nearest[lane] };
            }
            weights.push(distance);
        }
        // The nearest point weighs 1: weights are relative, and none overflows. All is counted from that pair, whose own share is exact:
        // where it outweighs the others by far, what these say would drown in its rounding.
        let (mut sum, mut from, mut to) = ([0.0; L], [[0.0; L]; D], [[0.0; L]; D]);
        for (weight, (p, q)) in weights.iter_mut().zip(&self.pairs) {
            for lane in 0..L {
                weight[lane] = nearest[lane] / weight[lane];
            }
            if self.alpha == 2.0 {
                for lane in 0..L {
                    weight[lane] *= weight[lane];
                }
            } else if self.alpha == 0.5 {
                for lane in 0..L {
                    weight[lane] = weight[lane].sqrt();
                }
            } else if self.alpha != 1.0 {
                for lane in 0..L {
                    weight[lane] = libm::pow(weight[lane], self.alpha);
                }
            }
            for lane in 0..L {
                sum[lane] += weight[lane];
            }
            for k in 0..D {
                for lane in 0..L {
                    from[k][lane] += weight[lane] * (p[k] - near_p[k][lane]);
                    to[k][lane] += weight[lane] * (q[k] - near_q[k][lane]);
                }
            }
        }
        for k in 0..D {
            for lane in 0..L {
                from[k][lane] /= sum[lane];
                to[k][lane] /= sum[lane];
            }
        }
        // Moments about the means: p with p and q with p; of the plane's rotations only the two that count.
        let (mut own, mut crossed) = ([[[0.0; L]; D]; D], [[[0.0; L]; D]; D]);
        for (weight, (p, q)) in weights.iter().zip(&self.pairs) {
            let (mut a, mut b) = ([[0.0; L]; D], [[0.0; L]; D]);
            for k in 0..D {
                for lane in 0..L {
                    a[k][lane] = p[k] - near_p[k][lane] - from[k][lane];
                    b[k][lane] = weight[lane] * (q[k] - near_q[k][lane] - to[k][lane]);
                }
            }
            for i in 0..D {
                for k in 0..D {
                    for lane in 0..L {
                        own[i][k][lane] += weight[lane] * a[i][lane] * a[k][lane];
                        crossed[i][k][lane] += b[i][lane] * a[k][lane];
                    }
                }
            }
        }
        let mut result = to;
        for lane in 0..L {
            let away: [f64; D] = std::array::from_fn(|k| at[k][lane] - near_p[k][lane] - from[k][lane]);
            let moved = match self.kind {
                MovingKind::Affine => {
                    let matrix = std::array::from_fn(|i| std::array::from_fn(|k| own[i][k][lane]));
                    let (by, determinant) = solve::<f64, D>(&matrix, &away);
                    let moved = std::array::from_fn(|i| (0..D).fold(0.0, |sum, k| sum + crossed[i][k][lane] * by[k]));
                    // Far points that weigh nothing any more leave a translation.
                    if determinant > 0.0 { moved } else { away }
                }
                MovingKind::Similarity | MovingKind::Rigid => {
                    // The sum of conj(p) q as complex numbers, over that of |p|^2 or over its own length.
                    let cosine = crossed[0][0][lane] + crossed[1][1][lane];
                    let sine = crossed[1][0][lane] - crossed[0][1][lane];
                    let over = match self.kind {
                        MovingKind::Rigid => (cosine * cosine + sine * sine).sqrt(),
                        _ => own[0][0][lane] + own[1][1][lane],
                    };
                    let mut moved = away;
                    if over > 0.0 {
                        moved[0] = (cosine * away[0] - sine * away[1]) / over;
                        moved[1] = (sine * away[0] + cosine * away[1]) / over;
                    }
                    moved
                }
            };
            for k in 0..D {
                result[k][lane] += near_q[k][lane] + moved[k];
            }
            if nearest[lane] == 0.0 {
                let point = self.pairs.iter().find(|(p, _)| (0..D).all(|k| (p[k] - at[k][lane]) * (p[k] - at[k][lane]) == 0.0));
                for k in 0..D {
                    result[k][lane] = point.map_or(f64::NAN, |(_, q)| q[k]);
                }
            }
        }
        result
    }

    /// The displacements of a destination: places as by [`Formula::source`], less the rest place, eight at a time.
    ///
    /// *Exactness*: in `f64`, rounded once; no number of threads and no instruction set shows.
    ///
    /// # Errors
    /// If the field has more numbers than memory has addresses, or the buffer another length.
    pub fn displace_into<R: Real>(&self, between: &Between<D>, out: &mut [R]) -> Result<(), FieldError> {
        let shape = Shape { n: 1, c: D, size: between.destination() };
        let expected = shape.elements()?;
        if out.len() != expected {
            return Err(OutputLenError { found: out.len(), expected }.into());
        }
        let rests = rests(between);
        for_each_band_costing(self.cost(), out, shape, Layout::Interleaved, |band| {
            let mut weights = Vec::with_capacity(self.pairs.len());
            for row in 0..band.rows {
                let index = row_index(band.first_row + row, &shape.size);
                for (block, to) in band.interleaved_row(row).chunks_mut(SIDE * D).enumerate() {
                    let mut at = index.map(|index| [index as f64; SIDE]);
                    for lane in 0..SIDE {
                        at[0][lane] = (block * SIDE + lane) as f64;
                    }
                    let places = vectorised(
                        #[inline(always)]
                        || self.places(&at, &mut weights),
                    );
                    for (lane, to) in to.chunks_exact_mut(D).enumerate() {
                        for k in 0..D {
                            let j = if k == 0 { block * SIDE + lane } else { index[k] };
                            to[k] = R::from_f64(places[k][lane] - rests[k][j]);
                        }
                    }
                }
            }
        });
        Ok(())
    }
}

impl<const D: usize> Formula<D> for MovingLeastSquares<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        let places = self.places(&at.map(|at| [at]), &mut Vec::new());
        Some(places.map(|[place]| place))
    }

    fn cost(&self) -> usize {
        32 * self.pairs.len()
    }
}
