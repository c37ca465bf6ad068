//! Dense fields from scattered matches.

mod mesh;

use super::{Formula, LARGEST};
use mesh::Mesh;
use rstar::RTree;
use rstar::primitives::GeomWithData;
use thiserror::Error;

/// Destination points, each with its index.
type Tree<const D: usize> = RTree<GeomWithData<[f64; D], usize>>;

/// How a place between points gets its displacement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScatteredMethod {
    /// That of the nearest point; of equally near ones, of that with the lowest index.
    Nearest,
    /// On the triangles of the Delaunay triangulation, by barycentric weights; none outside the convex hull. In 2-D.
    Linear,
    /// Natural neighbours (Sibson, "A vector identity for the Dirichlet tessellation", 1980): each point weighs as much as the area that the place,
    /// were it a point as well, would take from the point's Voronoi cell; none outside the convex hull. In 2-D.
    Natural,
    /// Shepard's mean of the nearest points, with the weights `((R - d) / (R d))^power` of Franke and Nielson (1980): `d` is a point's distance, `R` that
    /// of the nearest point that is left out. Where none is left out, `d^-power`.
    InverseDistance {
        /// How fast a point's influence falls with distance.
        power: f64,
        /// How many points a place looks at.
        neighbours: usize,
    },
}

/// Scattered matches: the offset `source - destination` of each is known at its destination point, interpolated at any other place `x` of the
/// destination, and `x` plus the offset is read.
///
/// ```
/// use displace::{Formula, Scattered, ScatteredMethod};
/// let destination = [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]];
/// let source = [[0.0, 0.0], [8.0, 0.0], [0.0, 4.0]];
/// let linear = Scattered::new(&source, &destination, ScatteredMethod::Linear, None)?;
/// // A quarter of the way to the second point, whose offset is 4.
/// assert_eq!(linear.source([1.0, 1.0]), Some([2.0, 1.0]));
/// assert_eq!(linear.source([3.0, 3.0]), None);
/// let nearest = Scattered::new(&source, &destination, ScatteredMethod::Nearest, Some(1.5))?;
/// assert_eq!(nearest.source([3.0, 1.0]), Some([7.0, 1.0]));
/// assert_eq!(nearest.source([3.0, 3.0]), None);
/// # Ok::<(), displace::ScatteredError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scattered<const D: usize> {
    /// Sorted, so that their order does not show.
    points: Vec<Match<D>>,
    method: ScatteredMethod,
    /// The largest distance.
    reach: Option<f64>,
    /// Of the methods that look for near points, and of a reach.
    tree: Option<Tree<D>>,
    /// Of the methods that know neighbours.
    mesh: Option<Mesh>,
}

/// One match.
#[derive(Clone, Copy, Debug)]
struct Match<const D: usize> {
    at: [f64; D],
    offset: [f64; D],
    /// Which one it was.
    index: usize,
}

/// Points that make no field.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ScatteredError {
    /// Lists of different lengths, or none at all.
    #[error("{source_points} source points and {destination} destination points: expected as many, and at least one")]
    Count {
        /// Source points.
        source_points: usize,
        /// Destination points.
        destination: usize,
    },
    /// A number that is not finite, or too large to compute with.
    #[error("point {index} leads from {destination:?} to {source_point:?}: expected numbers from -2^200 to 2^200")]
    Range {
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
    /// Points that span no triangle.
    #[error(
        "the destination points ({count} different) lie on one line, from {from:?} to {to:?}: methods linear and natural need a triangle; nearest and \
         inverse distance do without"
    )]
    Line {
        /// Points given, equal ones counted once.
        count: usize,
        /// One end.
        from: [f64; 2],
        /// The other.
        to: [f64; 2],
    },
    /// A method that is for images only.
    #[error("method {method} is for 2-D points, not for {axes}-D: take nearest or inverse distance")]
    Axes {
        /// The method.
        method: &'static str,
        /// Axes of the points.
        axes: usize,
    },
    /// No distance.
    #[error("reach is {found}: expected a distance in pixels, 0 or more")]
    Reach {
        /// The number given.
        found: f64,
    },
    /// No exponent.
    #[error("power is {found}: expected a number above 0, up to 64")]
    Power {
        /// The number given.
        found: f64,
    },
    /// Nobody to look at.
    #[error("0 neighbours: expected 1 or more")]
    Neighbours,
}

impl<const D: usize> Scattered<D> {
    /// From points of the source and of the destination, in pixels, x first. Places that are farther than `reach` from every destination point
    /// have none.
    ///
    /// A match given twice counts once. The order of the points shows only where [`ScatteredMethod::Nearest`] has to choose between equally near ones.
    ///
    /// # Errors
    /// No points, lists of different lengths, numbers that are not finite or beyond 2^200, one destination with two sources; points on one
    /// line, or in 3-D, for methods that need triangles; a reach, a power or a number of neighbours that is none.
    pub fn new(
        source: &[[f64; D]],
        destination: &[[f64; D]],
        method: ScatteredMethod,
        reach: Option<f64>,
    ) -> Result<Self, ScatteredError> {
        if source.len() != destination.len() || source.is_empty() {
            return Err(ScatteredError::Count { source_points: source.len(), destination: destination.len() });
        }
        if let Some(found) = reach.filter(|reach| reach.is_nan() || *reach < 0.0) {
            return Err(ScatteredError::Reach { found });
        }
        let triangles = match method {
            ScatteredMethod::Nearest => None,
            ScatteredMethod::Linear => Some("linear"),
            ScatteredMethod::Natural => Some("natural"),
            ScatteredMethod::InverseDistance { power, neighbours } => {
                if !(power > 0.0 && power <= 64.0) {
                    return Err(ScatteredError::Power { found: power });
                }
                if neighbours == 0 {
                    return Err(ScatteredError::Neighbours);
                }
                None
            }
        };
        if let Some(method) = triangles.filter(|_| D != 2) {
            return Err(ScatteredError::Axes { method, axes: D });
        }
        let points = matches(source, destination)?;
        let mesh = if triangles.is_some() {
            let places: Vec<[f64; 2]> = points.iter().map(|point| [point.at[0], point.at[1]]).collect();
            let line = ScatteredError::Line { count: places.len(), from: places[0], to: places[places.len() - 1] };
            Some(Mesh::new(&places).ok_or(line)?)
        } else {
            None
        };
        let tree = (triangles.is_none() || reach.is_some()).then(|| {
            RTree::bulk_load(points.iter().enumerate().map(|(index, point)| GeomWithData::new(point.at, index)).collect())
        });
        Ok(Self { points, method, reach, tree, mesh })
    }

    /// What is added to a place to know where it is read.
    fn offset(&self, at: [f64; D]) -> Option<[f64; D]> {
        if let (Some(reach), Some(tree)) = (self.reach, &self.tree) {
            let (_, distance) = tree.nearest_neighbor_iter_with_distance_2(at).next()?;
            if distance.sqrt() > reach {
                return None;
            }
        }
        match self.method {
            ScatteredMethod::Nearest => self.nearest(at),
            ScatteredMethod::Linear => Some(self.mean(&self.mesh.as_ref()?.linear([at[0], at[1]])?)),
            ScatteredMethod::Natural => Some(self.mean(&self.mesh.as_ref()?.natural([at[0], at[1]])?)),
            ScatteredMethod::InverseDistance { power, neighbours } => self.inverse_distance(at, power, neighbours),
        }
    }

    fn nearest(&self, at: [f64; D]) -> Option<[f64; D]> {
        let mut near = self.tree.as_ref()?.nearest_neighbor_iter_with_distance_2(at);
        let (first, least) = near.next()?;
        let equal = near.take_while(|(_, distance)| *distance == least).map(|(point, _)| point);
        let chosen = equal.chain([first]).min_by_key(|point| self.points[point.data].index)?;
        Some(self.points[chosen.data].offset)
    }

    fn inverse_distance(&self, at: [f64; D], power: f64, neighbours: usize) -> Option<[f64; D]> {
        let mut near = self.tree.as_ref()?.nearest_neighbor_iter_with_distance_2(at);
        let looked_at: Vec<(usize, f64)> =
            near.by_ref().take(neighbours).map(|(point, distance)| (point.data, distance.sqrt())).collect();
        let (first, least) = *looked_at.first()?;
        if least == 0.0 {
            return Some(self.points[first].offset);
        }
        let weights: Vec<(usize, f64)> = match near.next() {
            // All weights vanish: whoever is as near counts alike.
            Some((point, distance)) if distance.sqrt() == least => {
                let more = near.take_while(|(_, distance)| distance.sqrt() == least).map(|(point, _)| point.data);
                let equal = looked_at.iter().map(|(index, _)| *index).chain([point.data]).chain(more);
                equal.map(|index| (index, 1.0)).collect()
            }
            // The nearest point weighs 1: weights are relative, and none overflows.
            next => {
                let rim = next.map(|(_, distance)| distance.sqrt());
                let weight = |distance: f64| {
                    let fading = rim.map_or(1.0, |rim| (rim - distance) / (rim - least));
                    let base = fading * (least / distance);
                    // The common case without a power's cost.
                    if power == 2.0 { base * base } else { libm::pow(base, power) }
                };
                looked_at.iter().map(|(index, distance)| (*index, weight(*distance))).collect()
            }
        };
        Some(self.mean(&weights))
    }

    /// The mean of some points' offsets. Counted from the first one's: equal ones stay what they are.
    fn mean(&self, weights: &[(usize, f64)]) -> [f64; D] {
        let Some(&(first, _)) = weights.first() else { return [f64::NAN; D] };
        let from = self.points[first].offset;
        let (mut sum, mut all) = ([0.0; D], 0.0);
        for &(index, weight) in weights {
            all += weight;
            for k in 0..D {
                sum[k] += weight * (self.points[index].offset[k] - from[k]);
            }
        }
        std::array::from_fn(|k| from[k] + sum[k] / all)
    }
}

impl<const D: usize> Formula<D> for Scattered<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        if at.iter().any(|number| number.abs() > LARGEST || number.is_nan()) {
            return None;
        }
        let offset = self.offset(at)?;
        Some(std::array::from_fn(|k| at[k] + offset[k]))
    }

    fn cost(&self) -> usize {
        match self.method {
            ScatteredMethod::Nearest | ScatteredMethod::Linear => 512,
            ScatteredMethod::Natural => 1024,
            ScatteredMethod::InverseDistance { neighbours, .. } => neighbours.min(self.points.len()).saturating_mul(256),
        }
    }
}

/// The matches, each once, sorted by their destination.
fn matches<const D: usize>(source: &[[f64; D]], destination: &[[f64; D]]) -> Result<Vec<Match<D>>, ScatteredError> {
    for (index, (q, p)) in source.iter().zip(destination).enumerate() {
        if p.iter().chain(q).any(|number| number.is_nan() || number.abs() > LARGEST) {
            return Err(ScatteredError::Range { index, destination: p.to_vec(), source_point: q.to_vec() });
        }
    }
    let at: Vec<[f64; D]> = destination.iter().map(|p| p.map(mesh::settled)).collect();
    let mut order: Vec<usize> = (0..at.len()).collect();
    // No number is NaN, and both zeros are one.
    order.sort_by(|a, b| at[*a].partial_cmp(&at[*b]).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(b)));
    let mut points: Vec<Match<D>> = Vec::with_capacity(at.len());
    for index in order {
        match points.last() {
            Some(last) if last.at == at[index] => {
                let first = last.index;
                if source[first] != source[index] {
                    return Err(ScatteredError::Torn {
                        first,
                        second: index,
                        destination: at[index].to_vec(),
                        one: source[first].to_vec(),
                        other: source[index].to_vec(),
                    });
                }
            }
            _ => {
                let offset = std::array::from_fn(|k| source[index][k] - at[index][k]);
                points.push(Match { at: at[index], offset, index });
            }
        }
    }
    Ok(points)
}
