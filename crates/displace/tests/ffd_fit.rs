//! Splines fitted to scattered points, against the paper's formulas written out.

use displace::{
    BSpline, BSplineFit, BSplineFitError, Between, Beyond, Coarsest, Extent, Field, Lattice, Rest, make, set_num_threads,
};
use std::num::NonZeroUsize;

/// Numbers between 0 and 1 that only have to be many.
fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn between<const D: usize>(size: [usize; D]) -> Between<D> {
    Between::new(Lattice::from_xy(size, Extent::Edges).unwrap(), size, None).unwrap()
}

/// The cubic B-spline.
fn b(t: f64) -> f64 {
    match t.abs() {
        t if t <= 1.0 => 2.0 / 3.0 - t * t + t * t * t / 2.0,
        t if t <= 2.0 => (2.0 - t).powi(3) / 6.0,
        _ => 0.0,
    }
}

/// What a control point weighs at a place: those of a lattice whose second one lies on pixel 0.
fn weight<const D: usize>(point: usize, count: [usize; D], spacing: [f64; D], at: [f64; D]) -> f64 {
    let mut rest = point;
    (0..D)
        .map(|k| {
            let index = rest % count[k];
            rest /= count[k];
            b(at[k] / spacing[k] + 1.0 - index as f64)
        })
        .product()
}

struct Pairs<const D: usize> {
    at: Vec<[f64; D]>,
    by: Vec<[f64; D]>,
    weights: Vec<f64>,
}

impl<const D: usize> Pairs<D> {
    fn random(seed: u64, count: usize, size: [usize; D]) -> Self {
        let mut next = numbers(seed);
        let at = (0..count).map(|_| size.map(|len| next() * (len - 1) as f64)).collect();
        let by = (0..count).map(|_| [(); D].map(|()| 6.0 * next() - 3.0)).collect();
        Self { at, by, weights: (0..count).map(|_| 0.1 + 3.0 * next()).collect() }
    }

    fn source(&self) -> Vec<[f64; D]> {
        self.at.iter().zip(&self.by).map(|(at, by)| std::array::from_fn(|k| at[k] + by[k])).collect()
    }

    fn fit(&self, size: [usize; D], coarsest: Coarsest<D>, levels: usize) -> BSplineFit<D> {
        BSpline::fit(&self.source(), &self.at, None, &between(size), coarsest, levels).unwrap()
    }

    /// The paper's equations 3 to 5 on one lattice: what all control points are.
    fn level(&self, count: [usize; D], spacing: [f64; D]) -> Vec<[f64; D]> {
        let points = count.iter().product();
        let squares: Vec<f64> =
            self.at.iter().map(|at| (0..points).map(|point| weight(point, count, spacing, *at).powi(2)).sum()).collect();
        let asked = |point: usize| {
            let (mut over, mut under) = ([0.0; D], 0.0);
            for (i, at) in self.at.iter().enumerate() {
                let w = weight(point, count, spacing, *at);
                under += self.weights[i] * w * w;
                for (k, over) in over.iter_mut().enumerate() {
                    *over += self.weights[i] * w * w * (w * self.by[i][k] / squares[i]);
                }
            }
            over.map(|over| if under > 0.0 { over / under } else { 0.0 })
        };
        (0..points).map(asked).collect()
    }
}

#[test]
fn one_point_is_the_papers_equation() {
    let spacing = [4.0, 5.0];
    let pairs = Pairs { at: vec![[6.5, 3.0]], by: vec![[2.0, -1.0]], weights: vec![1.0] };
    let fit = pairs.fit([13, 11], Coarsest::Spacing(spacing), 1);
    assert_eq!((*fit.spline.count(), *fit.spline.spacing(), *fit.spline.origin()), ([6, 5], spacing, [-4.0, -5.0]));
    // s = 6.5 / 4 is 0.625 into the second patch along x, t = 3 / 5 into the first along y.
    let four = |t: f64| [(1.0 - t).powi(3) / 6.0, 2.0 / 3.0 - t * t + t.powi(3) / 2.0, b(1.0 - t), t.powi(3) / 6.0];
    let (x, y) = (four(0.625), four(0.6));
    let squares: f64 = x.iter().flat_map(|x| y.iter().map(move |y| (x * y).powi(2))).sum();
    for (index, found) in fit.spline.coefficients().chunks_exact(2).enumerate() {
        let (i, j) = (index % 6, index / 6);
        let w = if (1..5).contains(&i) && j < 4 { x[i - 1] * y[j] } else { 0.0 };
        for (found, by) in found.iter().zip([2.0, -1.0]) {
            assert!((found - w * by / squares).abs() < 1e-15, "{i} {j}");
        }
    }
    assert!(fit.rms < 1e-15 && fit.largest.1 < 1e-15, "one point is met");
}

fn levels_are_summed<const D: usize>(size: [usize; D], count: [usize; D], levels: u32) {
    let mut pairs = Pairs::random(4, 60, size);
    pairs.at[3] = size.map(|len| (len - 1) as f64);
    pairs.at[4] = [0.0; D];
    pairs.at[6] = pairs.at[5];
    let fit =
        BSpline::fit(&pairs.source(), &pairs.at, Some(&pairs.weights), &between(size), Coarsest::Count(count), levels as usize)
            .unwrap();
    let asked = pairs.by.clone();
    // Level by level, each on its own lattice, and no lattice refined.
    let mut all = Vec::new();
    for level in 0..levels {
        let count = count.map(|count| (count - 3) * 2usize.pow(level) + 3);
        let spacing = std::array::from_fn(|k| (size[k] - 1) as f64 / (count[k] - 3) as f64);
        let own = pairs.level(count, spacing);
        for (by, at) in pairs.by.iter_mut().zip(&pairs.at) {
            for (point, c) in own.iter().enumerate() {
                let w = weight(point, count, spacing, *at);
                for k in 0..D {
                    by[k] -= w * c[k];
                }
            }
        }
        all.push((count, spacing, own));
    }
    let mut next = numbers(8);
    for _ in 0..200 {
        let at: [f64; D] = size.map(|len| next() * (len - 1) as f64);
        let found = fit.spline.displacement(at);
        for k in 0..D {
            let sum = |(count, spacing, own): &(_, _, Vec<[f64; D]>)| -> f64 {
                own.iter().enumerate().map(|(point, c)| weight(point, *count, *spacing, at) * c[k]).sum()
            };
            let expected: f64 = all.iter().map(sum).sum();
            // Displacements of a few pixels, some hundred roundings.
            assert!((found[k] - expected).abs() < 1e-12, "{at:?}: {} {expected}", found[k]);
        }
    }
    let length = |by: &[f64; D]| by.iter().map(|by| by * by).sum::<f64>().sqrt();
    let (mut squares, mut sum) = (0.0, 0.0);
    for (i, found) in fit.residuals.iter().enumerate() {
        assert!((found - length(&pairs.by[i])).abs() < 1e-12);
        assert!(*found <= fit.largest.1 && length(&asked[i]) > 0.0);
        squares += pairs.weights[i] * found * found;
        sum += pairs.weights[i];
    }
    assert!((fit.rms - f64::sqrt(squares / sum)).abs() < 1e-13);
    assert_eq!(fit.residuals[fit.largest.0], fit.largest.1);
}

#[test]
fn levels_are_one_spline() {
    levels_are_summed([21, 17], [4, 5], 4);
    levels_are_summed([9, 12, 7], [4, 4, 4], 3);
}

#[test]
fn more_levels_come_nearer_until_all_points_are_met() {
    let pairs = Pairs::random(5, 40, [90, 70]);
    let rms: Vec<f64> = (1..=12).map(|levels| pairs.fit([90, 70], Coarsest::Count([4, 4]), levels).rms).collect();
    // Down to the rounding of displacements of some pixels.
    assert!(rms.windows(2).all(|two| two[1] <= two[0].max(1e-14)), "{rms:?}");
    // On one level the points pull against each other; at last each has control points of its own.
    assert!(rms[0] > 1.0 && rms[5] < 0.5 && rms[11] < 1e-9, "{rms:?}");
    let half = Pairs { at: vec![[3.0, 3.0]; 2], by: vec![[1.0, 0.0], [4.0, 0.0]], weights: vec![1.0; 2] };
    let fit = half.fit([9, 9], Coarsest::Count([4, 4]), 6);
    // Two displacements of one place: their mean, by weight.
    assert!((fit.spline.displacement([3.0, 3.0])[0] - 2.5).abs() < 1e-9 && (fit.rms - 1.5).abs() < 1e-9);
    let fit = BSpline::fit(&half.source(), &half.at, Some(&[2.0, 1.0]), &between([9, 9]), Coarsest::Count([4, 4]), 6).unwrap();
    assert!((fit.spline.displacement([3.0, 3.0])[0] - 2.0).abs() < 1e-9);
}

#[test]
fn displacements_count_from_rest() {
    let source = Lattice::from_xy([40, 30], Extent::Edges).unwrap();
    for rest in [Rest::Index, Rest::Extent] {
        let between = Between::new(source, [20, 20], Some(rest)).unwrap();
        let (to, from) = ([[4.0, 5.0], [12.25, 16.5]], [[9.0, 9.0], [27.0, 25.0]]);
        let fit = BSpline::fit(&from, &to, None, &between, Coarsest::Spacing([6.0; 2]), 8).unwrap();
        assert!(fit.largest.1 < 1e-9);
        let mut field = Field::<f64, 2>::zeroed(1, between).unwrap();
        fit.spline.displace_into(&between, field.as_mut_slice()).unwrap();
        let at = 2 * (5 * 20 + 4);
        let place = |k: usize| between.rest_place(k, [4, 5][k]).to_f64() + field.as_slice()[at + k];
        assert!((place(0) - 9.0).abs() < 1e-9 && (place(1) - 9.0).abs() < 1e-9);
    }
}

#[test]
fn a_pair_of_weight_0_asks_for_nothing() {
    let pairs = Pairs::random(6, 9, [20, 20]);
    let (mut at, mut source, mut weights) = (pairs.at.clone(), pairs.source(), vec![0.3; 9]);
    at.push([500.0, -3.0]);
    source.push([0.0, 0.0]);
    weights.push(0.0);
    let fit = BSpline::fit(&source, &at, Some(&weights), &between([20, 20]), Coarsest::Count([5, 5]), 3).unwrap();
    let without = pairs.fit([20, 20], Coarsest::Count([5, 5]), 3);
    let (found, expected) = (fit.spline.coefficients(), without.spline.coefficients());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12) && fit.largest.0 < 9);
    assert!(fit.residuals[9] > 100.0 && (fit.rms - without.rms).abs() < 1e-12);
}

#[test]
fn no_number_of_threads_shows() {
    let pairs = Pairs::random(7, 3000, [300, 200]);
    let made = |threads| {
        set_num_threads(NonZeroUsize::new(threads));
        let spline = pairs.fit([300, 200], Coarsest::Spacing([64.0; 2]), 5).spline;
        let made = make::<f32, 2>(&spline, &between([300, 200])).unwrap();
        (spline, made.field.into_vec())
    };
    let one = made(1);
    assert!([2, 5].into_iter().all(|threads| made(threads) == one));
    set_num_threads(None);
}

#[test]
fn what_does_not_fit_is_said() {
    let (to, from) = ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [2.0, 2.0]]);
    let go = |to: &[[f64; 2]], weights: Option<&[f64]>, coarsest, levels| {
        BSpline::fit(&from, to, weights, &between([9, 9]), coarsest, levels).unwrap_err()
    };
    let four = Coarsest::Count([4, 4]);
    let said = go(&to[..1], None, four, 2).to_string();
    assert_eq!(said, "2 source points, 1 destination points: expected as many, and at least one");
    assert!(matches!(go(&to, Some(&[1.0]), four, 2), BSplineFitError::Lengths { weights: Some(1), .. }));
    let none: &[[f64; 2]] = &[];
    assert!(BSpline::fit(none, none, None, &between([9, 9]), four, 2).is_err());
    assert!(matches!(go(&to, Some(&[1.0, -1.0]), four, 2), BSplineFitError::NotFinite { pair: 1, .. }));
    assert!(matches!(go(&[to[0], [f64::NAN, 1.0]], None, four, 2), BSplineFitError::NotFinite { pair: 1, .. }));
    assert!(matches!(go(&to, Some(&[0.0, 0.0]), four, 2), BSplineFitError::NoWeight { pairs: 2 }));
    let said = go(&[to[0], [8.5, 1.0]], None, four, 2).to_string();
    assert!(said.contains("pair 1 has its destination at [8.5, 1.0]: expected between 0 and [8.0, 8.0]"), "{said}");
    assert!(matches!(go(&[to[0], [1.0, -0.1]], None, four, 2), BSplineFitError::Outside { pair: 1, .. }));
    for levels in [0, 25, usize::MAX] {
        assert!(matches!(go(&to, None, four, levels), BSplineFitError::Levels { .. }));
    }
    assert!(matches!(go(&to, None, four, 16), BSplineFitError::Large { count, .. } if count == [32_771; 2]));
    assert!(matches!(go(&to, None, Coarsest::Count([4, 3]), 1), BSplineFitError::Spline(_)));
    for spacing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(go(&to, None, Coarsest::Spacing([1.0, spacing]), 1), BSplineFitError::Spline(_)));
    }
    assert!(matches!(go(&to, None, Coarsest::Spacing([1e-300; 2]), 1), BSplineFitError::Large { .. }));
    assert!(matches!(go(&to, None, Coarsest::Count([usize::MAX; 2]), 9), BSplineFitError::Large { .. }));
    // Squares of what is larger overflow.
    let far = [[0.0, 1.7e60], [-f64::MAX, 0.0]];
    let said = BSpline::fit(&far, &to, None, &between([9, 9]), four, 3).unwrap_err();
    assert!(matches!(said, BSplineFitError::NotFinite { pair: 0, .. }), "{said}");
    let fades = BSpline::fit(&from, &to, None, &between([9, 9]), four, 2).unwrap().spline;
    assert_eq!(BSpline::new(fades.coefficients().to_vec(), [5, 5], [4.0; 2], [-4.0; 2], Beyond::Fades), Ok(fades));
}
