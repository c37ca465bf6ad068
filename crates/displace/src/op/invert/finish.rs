//! From a place that was found to what is stored of it: refined, rounded, and certified by reading the map there.

use super::{Inverse, Outcome, Target, length, missed};
use crate::dtype::{Location, Real};
use crate::kernel::number::{FOUR, Number, Simd, bits, four};
use crate::lattice::Between;
use crate::map::{Map, Reading, solve};
use crate::view::Plane;

/// Displacements below this are refined: a small difference of large places has lost digits.
const SMALL: f64 = 1e-3;

/// Pixels of a row that are finished together.
const PIECE: usize = 32;

/// Some pixels of a row: the places found and the corners of the cells they lie in, by component, and what comes out.
struct Piece<R, const D: usize> {
    found: [bool; PIECE],
    x: [[f64; PIECE]; D],
    from: [[f64; PIECE]; D],
    corners: [[[f64; PIECE]; D]; 8],
    by: [[R; PIECE]; D],
    residual: [f64; PIECE],
    /// Where `by` and `residual` are what is to be stored.
    plain: [bool; PIECE],
}

impl<R: Real, const D: usize> Piece<R, D> {
    fn new() -> Self {
        Self {
            found: [false; PIECE],
            x: [[0.0; PIECE]; D],
            from: [[0.0; PIECE]; D],
            corners: [[[0.0; PIECE]; D]; 8],
            by: [[R::ZERO; PIECE]; D],
            residual: [0.0; PIECE],
            plain: [false; PIECE],
        }
    }

    /// Sets the `i`-th pixel's place and cell.
    #[inline(always)]
    fn put(&mut self, i: usize, found: Option<([f64; D], [usize; D])>, corners: impl FnOnce([usize; D]) -> [[f64; D]; 8]) {
        self.found[i] = found.is_some();
        let Some((place, cell)) = found else { return };
        let corners = corners(cell);
        for k in 0..D {
            self.x[k][i] = place[k];
            self.from[k][i] = cell[k] as f64;
            for b in 0..1 << D {
                self.corners[b][k][i] = corners[b][k];
            }
        }
    }
}

/// From a place to what is stored of it.
pub(super) struct Finisher<'m, 'a, L, const D: usize> {
    map: &'m Map<'a, L, D>,
    /// Where each source pixel rests in the destination, by axis.
    pub(super) rest: [Vec<f64>; D],
    /// By axis, how far the rest place of a pixel's rest place lies from the pixel: 0 but on axes of one pixel, where no place
    /// rests on each pixel of a longer one.
    miss: [Vec<f64>; D],
}

impl<'m, 'a, L: Location, const D: usize> Finisher<'m, 'a, L, D> {
    pub(super) fn new(map: &'m Map<'a, L, D>, back: &'m Between<D>) -> Self {
        let size = back.destination();
        let rest: [Vec<f64>; D] = std::array::from_fn(|k| (0..size[k]).map(|i| back.rest_place(k, i).to_f64()).collect());
        let miss = std::array::from_fn(|k| {
            let flat = map.between().destination()[k] == 1 || size[k] == 1;
            let miss = |(i, rest): (usize, &f64)| if flat { map.rest()[k].at(*rest) - i as f64 } else { 0.0 };
            rest[k].iter().enumerate().map(miss).collect()
        });
        Self { map, rest, miss }
    }

    /// The displacement of the place `x` that reads `pixel`, refined, rounded and certified.
    #[inline(always)]
    pub(super) fn finish(
        &self,
        planes: &[Plane<'_, L, D>; D],
        pixel: [usize; D],
        x: Option<[f64; D]>,
        count: u32,
    ) -> Outcome<L::Real, D> {
        let (nan, tolerance) = (<L::Real as Real>::NAN, Inverse::<L::Real, D>::TOLERANCE);
        let Some(x) = x else { return Outcome { by: [nan; D], valid: false, count, residual: nan } };
        let rest: [f64; D] = std::array::from_fn(|k| self.rest[k][pixel[k]]);
        let cell = self.map.cell(x);
        let reading = self.map.read(planes, cell);
        let near: [f64; D] = std::array::from_fn(|k| x[k] - rest[k]);
        // A small difference of large places has lost digits; a cell that displaces all alike has an exact answer.
        let small = near.iter().all(|by| by.abs() < SMALL);
        let by = if small || reading.is_constant() { self.refined(&reading, pixel, x, near) } else { near };
        let by = by.map(L::Real::from_f64);
        let place: [f64; D] = std::array::from_fn(|k| rest[k] + by[k].to_f64());
        let stored = self.map.clamped(place);
        // Rounding may have led to the next cell, or out of the domain by less than a unit in the last place.
        let next = self.map.cell(stored);
        let reading = if next == cell { reading } else { self.map.read(planes, next) };
        let missed = missed(self.map, &reading, pixel.map(|i| i as f64), stored);
        let residual = length(missed);
        let outside = length(std::array::from_fn::<f64, D, _>(|k| place[k] - stored[k]));
        let valid = residual <= tolerance && outside <= tolerance;
        Outcome { by: if valid { by } else { [nan; D] }, valid, count, residual: L::Real::from_f64(residual) }
    }

    /// Finishes a band, four pixels at a time. `found` tells of each of its pixels the place, if any, and the number of them.
    #[inline(always)]
    pub(super) fn finish_band<S: Simd>(
        &self,
        simd: S,
        planes: &[Plane<'_, L, D>; D],
        target: &mut Target<'_, L::Real, D>,
        found: impl Fn(usize) -> (Option<[f64; D]>, u32),
    ) {
        let mut piece = Piece::new();
        let width = target.size[0];
        for start in (0..target.count.len()).step_by(width) {
            let mut pixel = target.pixel(start);
            for x in (0..width).step_by(PIECE) {
                pixel[0] = target.first[0] + x;
                let len = PIECE.min(width - x);
                for i in 0..len {
                    let (place, _) = found(start + x + i);
                    piece.put(i, place.map(|place| (place, self.map.cell(place))), |cell| self.map.corners(planes, cell));
                }
                for i in (0..len).step_by(FOUR) {
                    self.finish_four(simd, pixel, i, &mut piece);
                }
                for i in 0..len {
                    let at = start + x + i;
                    let (place, count) = found(at);
                    let outcome = if piece.plain[i] {
                        Outcome {
                            by: piece.by.each_ref().map(|by| by[i]),
                            valid: true,
                            count,
                            residual: L::Real::from_f64(piece.residual[i]),
                        }
                    } else {
                        let mut pixel = pixel;
                        pixel[0] += i;
                        self.finish(planes, pixel, place, count)
                    };
                    target.set(at, &outcome);
                }
            }
        }
    }

    /// [`finish`](Self::finish) of four pixels of a row at once, but for those that need care.
    #[inline(always)]
    fn finish_four<S: Simd>(&self, simd: S, first: [usize; D], i: usize, piece: &mut Piece<L::Real, D>) {
        let load = |numbers: &[f64; PIECE]| four(simd, numbers[i..].first_chunk().expect("pieces are whole fours"));
        let zero = four(simd, &[0.0; FOUR]);
        let (mut rest, mut pixel, mut x, mut from) = ([zero; D], [zero; D], [zero; D], [zero; D]);
        for k in 0..D {
            let at = first[k] + if k == 0 { i } else { 0 };
            // The last four of a row may go beyond it.
            let last = self.rest[k].len() - 1;
            let ahead = |lane: usize| if k == 0 { lane } else { 0 };
            rest[k] = match self.rest[k][at..].first_chunk() {
                Some(rest) if k == 0 => four(simd, rest),
                _ => four(simd, &std::array::from_fn(|lane| self.rest[k][(at + ahead(lane)).min(last)])),
            };
            pixel[k] = four(simd, &std::array::from_fn(|lane| (at + ahead(lane)) as f64));
            x[k] = load(&piece.x[k]);
            from[k] = load(&piece.from[k]);
        }
        let mut corners = [[zero; D]; 8];
        for (b, corner) in corners.iter_mut().enumerate().take(1 << D) {
            for k in 0..D {
                corner[k] = load(&piece.corners[b][k]);
            }
        }
        let reading = Reading::new(corners, from);
        let (mut small, mut changes) = (x[0].below(x[0].all(f64::INFINITY)), zero.below(zero));
        let mut place = rest;
        for k in 0..D {
            let near = x[k] - rest[k];
            small &= near.size().below(zero.all(SMALL));
            let by = <[f64; FOUR]>::from(near).map(L::Real::from_f64);
            piece.by[k][i..i + FOUR].copy_from_slice(&by);
            place[k] = rest[k] + four(simd, &by.map(Real::to_f64));
        }
        for b in 1..1 << D {
            for k in 0..D {
                changes |= zero.below(reading.coef[b][k].size());
            }
        }
        let stored = self.map.clamped(place);
        // Rounding may have led to the next cell, or out of the domain by less than a unit in the last place.
        let mut same = changes & !small;
        let mut outside = place;
        for k in 0..D {
            let t = stored[k] - from[k];
            let last = self.map.between().destination()[k].saturating_sub(2) as f64;
            same = same & !t.below(zero) & (t.below(zero.all(1.0)) | !from[k].below(zero.all(last)));
            outside[k] = place[k] - stored[k];
        }
        let residual = length(missed(self.map, &reading, pixel, stored));
        let beyond = zero.all(Inverse::<L::Real, D>::TOLERANCE);
        let plain = bits(same & !beyond.below(residual) & !beyond.below(length(outside)) & residual.below(zero.all(1.0)));
        piece.residual[i..i + FOUR].copy_from_slice(&<[f64; FOUR]>::from(residual));
        for lane in 0..FOUR {
            piece.plain[i + lane] = piece.found[i + lane] && plain >> lane & 1 == 1;
        }
    }

    /// One step of Newton's method in displacements: `by` solves `slope by + d(x + by) = rest's own miss`. Written for the
    /// displacement itself and not for its change, it gives exact zeros and exact negatives where the slopes are zero.
    #[inline(always)]
    fn refined(&self, reading: &Reading<D>, pixel: [usize; D], x: [f64; D], near: [f64; D]) -> [f64; D] {
        let (mut slopes, by) = (reading.slopes(x), reading.by(x));
        let mut target = [0.0; D];
        for i in 0..D {
            let mut bent = 0.0;
            for k in 0..D {
                bent += slopes[i][k] * near[k];
            }
            target[i] = bent - by[i] - self.miss[i][pixel[i]];
            slopes[i][i] += self.map.rest()[i].slope;
        }
        let (by, _) = solve(&slopes, &target);
        if (0..D).all(|k| (by[k] - near[k]).abs() < 1e-6) { by } else { near }
    }
}
