//! One grid, judged value by value.

use super::rational::Question;
use crate::common::Float;
use displace::{Arithmetic, Extent, Grid, Lattice, Real, Rest, Shape, View, displacement};

/// Sizes x first: the source, the destination, and what they are asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) source: [usize; 2],
    pub(crate) destination: [usize; 2],
    pub(crate) extent: Extent,
    pub(crate) rest: Rest,
}

impl Case {
    pub(crate) fn question(&self, axis: usize) -> Question {
        Question { len: self.source[axis], extent: self.extent, n: self.destination[axis], rest: self.rest }
    }

    /// Where the grid value of "no displacement" lies.
    pub(crate) fn identity(&self, axis: usize, j: usize) -> f64 {
        let (span, q, p) = self.question(axis).parts(j);
        if span == 0 { 0.0 } else { -(p as f64) / (span * q) as f64 }
    }

    /// The displacement of a grid of these values, each judged; returns how many were.
    pub(crate) fn judge<L: Float>(&self, value: impl FnMut(usize, usize) -> L) -> usize {
        let [w, h] = self.destination;
        let mut value = value;
        let mut numbers = Vec::with_capacity(2 * w * h);
        for y in 0..h {
            for x in 0..w {
                numbers.extend([value(0, x), value(1, y)]);
            }
        }
        let source = Lattice::from_xy(self.source, self.extent).unwrap();
        let shape = Shape { n: 1, c: 2, size: self.destination };
        let grid = Grid::new(View::interleaved(&numbers, shape).unwrap(), source).unwrap();
        let field = displacement(&grid, Some(self.rest), Arithmetic::Exact).unwrap();
        let questions = [self.question(0), self.question(1)];
        let mut judged = 0;
        for (at, (g, found)) in numbers.iter().zip(field.as_slice()).enumerate() {
            let (axis, pixel) = (at % 2, at / 2);
            let j = if axis == 0 { pixel % w } else { pixel / w };
            let g = g.f64();
            if g.is_finite() {
                questions[axis].check(g, j, *found);
                judged += 1;
            } else if g.is_nan() || self.question(axis).parts(j).0 == 0 {
                assert!(found.to_f64().is_nan(), "{self:?} {g}");
            } else {
                assert_eq!(found.to_f64(), g, "{self:?}");
            }
        }
        judged
    }
}
