//! A field in a few honest numbers.

use crate::dtype::{Location, Real};
use crate::field::FieldView;
use crate::op::folding::{Sign, at_corners, sign};
use crate::rows::{map_rows_costing, row_index};

/// A field in a few honest numbers. Magnitudes and ranges are of finite displacements only.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary<const D: usize> {
    /// Destination pixels, in all samples.
    pub pixels: usize,
    /// Pixels with a component that is NaN.
    pub nan: usize,
    /// Pixels with an infinite component and none that is NaN.
    pub infinite: usize,
    /// Smallest and largest finite displacement along each axis, x first, in source pixels; `None` if there is none.
    pub range: Option<[[f64; 2]; D]>,
    /// Mean length of the finite displacements, in source pixels.
    pub mean: f64,
    /// The longest finite displacement, the first if there are several.
    pub largest: Option<Largest<D>>,
    /// Locations between the centres of the end pixels on every axis: nothing outside is read.
    pub inside: usize,
    /// Locations less than a pixel outside: part of what a linear sampler reads is outside.
    pub partly: usize,
    /// Locations a pixel or more outside (infinite ones among them): nothing of the image is read.
    pub outside: usize,
    /// Cells of four (eight) neighbouring destination pixels.
    pub cells: usize,
    /// Cells in which the Jacobian determinant of the linearly interpolated map is not positive somewhere: there it folds, turns
    /// over or collapses, as [`folding`](crate::folding) finds.
    pub folded: usize,
    /// Those of the folded cells whose determinant is negative everywhere: turned over as a whole. If that is all cells, the map
    /// is a mirror and has no folds; beside cells that are not, they are the far side of one.
    pub mirrored: usize,
    /// Cells with a corner that is not finite, counted in none of the above.
    pub undecided: usize,
}

/// The longest displacement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Largest<const D: usize> {
    /// Its length in source pixels.
    pub length: f64,
    /// Sample of the batch.
    pub n: usize,
    /// Destination pixel, x first.
    pub pixel: [usize; D],
    /// The displacement itself.
    pub by: [f64; D],
}

/// Counts, ranges and folds of a field.
///
/// Sums run row by row in order, so that the number of threads never changes a digit.
#[must_use]
pub fn summary<L: Location, const D: usize>(field: &FieldView<'_, L, D>) -> Summary<D> {
    let size = field.by().shape().size;
    let samples = field.by().shape().n;
    let reader = Reader::new(field);
    let rows = if size.contains(&0) { 0 } else { size.iter().skip(1).product() };
    let partial = map_rows_costing(size[0].saturating_mul(D), samples, rows, |n, row| {
        let index = row_index(row, &size);
        let mut sum = reader.row(n, index);
        reader.cells(n, index, &mut sum);
        sum
    });
    let mut total = partial.iter().fold(Summary::empty(), Summary::and);
    let finite = total.pixels - total.nan - total.infinite;
    if finite > 0 {
        total.mean /= finite as f64;
    }
    total
}

impl<const D: usize> Summary<D> {
    const fn empty() -> Self {
        Self {
            pixels: 0,
            nan: 0,
            infinite: 0,
            range: None,
            mean: 0.0,
            largest: None,
            inside: 0,
            partly: 0,
            outside: 0,
            cells: 0,
            folded: 0,
            mirrored: 0,
            undecided: 0,
        }
    }

    /// The union of two disjoint parts, `self` the earlier; `mean` is still the sum of lengths.
    fn and(mut self, other: &Self) -> Self {
        self.range = match (self.range, other.range) {
            (Some(a), Some(b)) => Some(std::array::from_fn(|k| [a[k][0].min(b[k][0]), a[k][1].max(b[k][1])])),
            (a, b) => a.or(b),
        };
        self.largest = match (self.largest, other.largest) {
            (Some(a), Some(b)) => Some(if b.length > a.length { b } else { a }),
            (a, b) => a.or(b),
        };
        self.mean += other.mean;
        for (count, more) in [
            (&mut self.pixels, other.pixels),
            (&mut self.nan, other.nan),
            (&mut self.infinite, other.infinite),
            (&mut self.inside, other.inside),
            (&mut self.partly, other.partly),
            (&mut self.outside, other.outside),
            (&mut self.cells, other.cells),
            (&mut self.folded, other.folded),
            (&mut self.mirrored, other.mirrored),
            (&mut self.undecided, other.undecided),
        ] {
            *count += more;
        }
        self
    }

    fn add(&mut self, n: usize, pixel: [usize; D], by: [f64; D], outside: f64) {
        self.pixels += 1;
        if by.iter().any(|d| d.is_nan()) {
            self.nan += 1;
            return;
        }
        match outside {
            o if o <= 0.0 => self.inside += 1,
            o if o < 1.0 => self.partly += 1,
            _ => self.outside += 1,
        }
        if by.iter().any(|d| d.is_infinite()) {
            self.infinite += 1;
            return;
        }
        let length = by.iter().fold(0.0f64, |length, d| length.hypot(*d));
        self.mean += length;
        let range = self.range.get_or_insert(by.map(|d| [d, d]));
        for (range, d) in range.iter_mut().zip(by) {
            *range = [range[0].min(d), range[1].max(d)];
        }
        if self.largest.is_none_or(|largest| length > largest.length) {
            self.largest = Some(Largest { length, n, pixel, by });
        }
    }
}

struct Reader<'f, 'a, L, const D: usize> {
    field: &'f FieldView<'a, L, D>,
    rest: [Vec<f64>; D],
}

impl<'f, 'a, L: Location, const D: usize> Reader<'f, 'a, L, D> {
    fn new(field: &'f FieldView<'a, L, D>) -> Self {
        let between = field.between();
        let rest = std::array::from_fn(|k| (0..between.destination()[k]).map(|j| between.rest_place(k, j).to_f64()).collect());
        Self { field, rest }
    }

    fn by(&self, n: usize, pixel: [usize; D]) -> [f64; D] {
        let at = pixel.map(|i| i as i32);
        std::array::from_fn(|k| self.field.by().plane(n, k).at(at).widen().to_f64())
    }

    fn row(&self, n: usize, mut pixel: [usize; D]) -> Summary<D> {
        let mut sum = Summary::empty();
        let source = self.field.between().source().size();
        for x in 0..self.rest[0].len() {
            pixel[0] = x;
            let by = self.by(n, pixel);
            // How far outside the end centres, on the worst axis.
            let outside = (0..D).map(|k| {
                let p = self.rest[k][pixel[k]] + by[k];
                (-p).max(p - (source[k] - 1) as f64)
            });
            sum.add(n, pixel, by, outside.fold(f64::NEG_INFINITY, f64::max));
        }
        sum
    }

    /// The cells whose lowest corner lies on this row.
    fn cells(&self, n: usize, mut first: [usize; D], sum: &mut Summary<D>) {
        let size = self.field.by().shape().size;
        if (1..D).any(|k| first[k] + 1 >= size[k]) {
            return;
        }
        let mut corners = [[0.0; D]; 8];
        for x in 0..size[0] {
            // Corners are numbered with x in the lowest bit: those of the cell before move from its right to its left.
            for corner in 0..1 << D {
                if corner & 1 == 0 {
                    corners[corner] = corners[corner | 1];
                    continue;
                }
                first[0] = x;
                let mut pixel = first;
                for (k, index) in pixel.iter_mut().enumerate().skip(1) {
                    *index += corner >> k & 1;
                }
                let by = self.by(n, pixel);
                corners[corner] = std::array::from_fn(|k| self.rest[k][pixel[k]] + by[k]);
            }
            if x > 0 {
                sum.cell(&corners);
            }
        }
    }
}

impl<const D: usize> Summary<D> {
    fn cell(&mut self, corners: &[[f64; D]; 8]) {
        self.cells += 1;
        if corners[..1 << D].iter().flatten().any(|p| !p.is_finite()) {
            self.undecided += 1;
            return;
        }
        let determinants = at_corners(corners);
        match sign(corners, &determinants[..1 << D]) {
            Sign::Positive => {}
            Sign::Negative => {
                self.folded += 1;
                self.mirrored += 1;
            }
            Sign::Both => self.folded += 1,
        }
    }
}
