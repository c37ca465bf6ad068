//! Points of the plane and their neighbours: weights on triangles, weights of natural neighbours.

use robust::{Coord, orient2d};
use spade::handles::FixedVertexHandle;
use spade::{DelaunayTriangulation, HierarchyHintGenerator, MIN_ALLOWED_VALUE, Point2, PositionInTriangulation, Triangulation};

/// The Delaunay triangulation of at least three points that do not lie on one line.
///
/// It is searched from the same vertices whatever was asked before, so that an answer depends on the place alone.
#[derive(Clone, Debug)]
pub(super) struct Mesh(DelaunayTriangulation<Point2<f64>, (), (), (), HierarchyHintGenerator<f64>>);

/// How far, of the distance to the farthest neighbour, a place may lie from the mean of its neighbours by their weights: it is that mean, by Sibson's identity.
const MISSED: f64 = 1e-9;

/// A number as the triangulation takes it: what no pixel can tell from 0 is 0.
pub(super) fn settled(number: f64) -> f64 {
    if number.abs() < MIN_ALLOWED_VALUE { 0.0 } else { number }
}

impl Mesh {
    /// None of points on a line. They are finite, [`settled`] and different.
    pub(super) fn new(points: &[[f64; 2]]) -> Option<Self> {
        let points = points.iter().map(|[x, y]| Point2::new(*x, *y)).collect();
        let mesh = DelaunayTriangulation::bulk_load_stable(points).ok()?;
        (!mesh.all_vertices_on_line()).then_some(Self(mesh))
    }

    fn place(&self, vertex: FixedVertexHandle) -> Coord<f64> {
        let Point2 { x, y } = self.0.vertex(vertex).position();
        Coord { x, y }
    }

    /// Points and their weights on the triangle around a place; none outside the hull.
    pub(super) fn linear(&self, at: [f64; 2]) -> Option<Vec<(usize, f64)>> {
        let [x, y] = at.map(settled);
        let corners: Vec<FixedVertexHandle> = match self.0.locate(Point2::new(x, y)) {
            PositionInTriangulation::OnVertex(vertex) => vec![vertex],
            PositionInTriangulation::OnEdge(edge) => self.0.directed_edge(edge).vertices().map(|vertex| vertex.fix()).into(),
            PositionInTriangulation::OnFace(face) => self.0.face(face).vertices().map(|vertex| vertex.fix()).into(),
            PositionInTriangulation::OutsideOfConvexHull(_) | PositionInTriangulation::NoTriangulation => return None,
        };
        let at = Coord { x, y };
        let weights = match *corners.as_slice() {
            [a, b] => {
                let (a, b) = (self.place(a), self.place(b));
                // The longer side of the two, so that the other's rounding does not show.
                let part = if (b.x - a.x).abs() >= (b.y - a.y).abs() { (x - a.x) / (b.x - a.x) } else { (y - a.y) / (b.y - a.y) };
                vec![1.0 - part, part]
            }
            // Areas, which are right to the last digits however thin the triangle is.
            [a, b, c] => {
                let (a, b, c) = (self.place(a), self.place(b), self.place(c));
                vec![orient2d(b, c, at), orient2d(c, a, at), orient2d(a, b, at)]
            }
            _ => vec![1.0],
        };
        Some(indexed(corners.into_iter().zip(weights)))
    }

    /// Natural neighbours and their weights; none outside the hull.
    pub(super) fn natural(&self, at: [f64; 2]) -> Option<Vec<(usize, f64)>> {
        let [x, y] = at.map(settled);
        let mut weights = Vec::new();
        self.0.natural_neighbor().get_weights(Point2::new(x, y), &mut weights);
        let (mut mean, mut farthest, mut least) = ([0.0; 2], 0.0f64, 0.0f64);
        for (vertex, weight) in &weights {
            let place = self.place(*vertex);
            let away = [place.x - x, place.y - y];
            mean = [mean[0] + weight * away[0], mean[1] + weight * away[1]];
            farthest = farthest.max(square(away));
            least = least.min(*weight);
        }
        // Where the hull's border is rounded to within the hull, a cell's corner may lie farther away than numbers reach. There the triangle's weights
        // are the limit.
        if square(mean) <= MISSED * MISSED * farthest && least >= -MISSED {
            return (!weights.is_empty()).then(|| indexed(weights));
        }
        self.linear(at)
    }
}

fn square([x, y]: [f64; 2]) -> f64 {
    x * x + y * y
}

fn indexed(weights: impl IntoIterator<Item = (FixedVertexHandle, f64)>) -> Vec<(usize, f64)> {
    weights.into_iter().map(|(vertex, weight)| (vertex.index(), weight)).collect()
}
