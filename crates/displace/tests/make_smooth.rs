//! Splines, random deformations and moving least squares against slow writings of their formulas.

use displace::{
    BSpline, BSplineError, Between, Beyond, Elastic, ElasticError, Extent, Field, Formula, InvertOptions, Lattice, MovingError,
    MovingKind, MovingLeastSquares, Noise, Padding, Rest, Sampler, compose, elastic, folding, invert, set_num_threads,
};
use std::num::NonZeroUsize;

/// Numbers that only have to be many.
fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
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

/// The spline's formula over all control points.
fn summed<const D: usize>(c: &[f64], count: [usize; D], spacing: [f64; D], origin: [f64; D], at: [f64; D]) -> [f64; D] {
    let mut sum = [0.0; D];
    for (index, c) in c.chunks_exact(D).enumerate() {
        let (mut rest, mut weight) = (index, 1.0);
        for k in 0..D {
            weight *= b((at[k] - origin[k]) / spacing[k] - (rest % count[k]) as f64);
            rest /= count[k];
        }
        for k in 0..D {
            sum[k] += weight * c[k];
        }
    }
    sum
}

fn spline_is_its_formula<const D: usize>(count: [usize; D], spacing: [f64; D], origin: [f64; D], size: [usize; D]) {
    let mut next = numbers(1);
    let c: Vec<f64> = (0..count.iter().product::<usize>() * D).map(|_| 10.0 * next()).collect();
    let between = between(size);
    for beyond in [Beyond::Fades, Beyond::Nothing] {
        let spline = BSpline::new(c.clone(), count, spacing, origin, beyond).unwrap();
        let mut field = Field::<f64, D>::zeroed(1, between).unwrap();
        spline.displace_into(&between, field.as_mut_slice()).unwrap();
        let determinants = spline.determinants(size).unwrap();
        let bounds = spline.bounds();
        let mut inside = 0;
        for (pixel, found) in field.as_slice().chunks_exact(D).enumerate() {
            let mut rest = pixel;
            let at: [f64; D] = std::array::from_fn(|k| {
                let j = rest % size[k];
                rest /= size[k];
                j as f64
            });
            let domain = (0..D).all(|k| {
                let s = (at[k] - origin[k]) / spacing[k];
                s >= 1.0 && s <= count[k] as f64 - 2.0
            });
            inside += usize::from(domain);
            let expected = if domain || beyond == Beyond::Fades { summed(&c, count, spacing, origin, at) } else { [0.0; D] };
            let point = spline.displacement(at);
            let jacobian = spline.jacobian(at);
            for k in 0..D {
                assert!((found[k] - expected[k]).abs() < 1e-13 && (point[k] - expected[k]).abs() < 1e-13, "{at:?}");
                assert!(found[k] >= bounds.displacement[k][0] - 1e-12 && found[k] <= bounds.displacement[k][1] + 1e-12);
                for axis in 0..D {
                    let own = if k == axis { 1.0 } else { 0.0 };
                    let slope = jacobian[k][axis] - own;
                    let [low, high] = bounds.slope[k][axis];
                    assert!(slope >= low - 1e-12 && slope <= high + 1e-12);
                    if beyond == Beyond::Fades {
                        let moved = |by: f64| std::array::from_fn(|i| if i == axis { at[i] + by } else { at[i] });
                        let h = 1e-5;
                        let difference = (summed(&c, count, spacing, origin, moved(h))[k]
                            - summed(&c, count, spacing, origin, moved(-h))[k])
                            / (2.0 * h);
                        // The second derivative jumps by 1e2 between patches, the third is of that size.
                        assert!((difference - slope).abs() < 1e-5, "{difference} {slope}");
                    }
                }
            }
            let m = jacobian;
            let determinant = if D == 2 {
                m[0][0] * m[1][1] - m[0][1] * m[1][0]
            } else {
                (0..3)
                    .map(|k| m[0][k] * (m[1][(k + 1) % D] * m[2 % D][(k + 2) % D] - m[1][(k + 2) % D] * m[2 % D][(k + 1) % D]))
                    .sum()
            };
            assert!((determinants.as_slice()[pixel] - determinant).abs() < 1e-9 * (1.0 + determinant.abs()));
            assert!(determinant >= bounds.determinant - 1e-9);
        }
        assert!(inside > 0 && inside < field.as_slice().len() / D, "pixels of both kinds");
    }
}

#[test]
fn splines_are_their_formula() {
    spline_is_its_formula([7, 5], [6.0, 9.5], [-3.25, 1.0], [41, 37]);
    spline_is_its_formula([5, 6, 4], [4.0, 3.5, 7.0], [-6.0, -2.0, -1.5], [18, 16, 14]);
    // Control points nearer than pixels.
    spline_is_its_formula([40, 33], [0.25, 0.5], [2.0, 3.0], [14, 22]);
}

#[test]
fn one_to_one_is_certain() {
    let mut next = numbers(2);
    let (mut certain, mut folded) = (0, 0);
    for round in 0..60 {
        let strength = 0.5 + f64::from(round) / 10.0;
        let c: Vec<f64> = (0..2 * 9 * 9).map(|_| strength * next()).collect();
        let spline = BSpline::new(c, [9, 9], [5.0, 5.0], [-5.0, -5.0], Beyond::Fades).unwrap();
        let least = spline.determinants([31, 31]).unwrap().as_slice().iter().copied().fold(f64::INFINITY, f64::min);
        if spline.bounds().one_to_one {
            certain += 1;
            assert!(least > 0.0, "{least}");
        }
        folded += usize::from(least <= 0.0);
    }
    // 5 / 2.0464 is 2.44 pixels.
    assert!(certain >= 19 && folded > 5, "{certain} {folded}");
}

#[test]
fn spline_through_points_meets_them() {
    let mut next = numbers(3);
    for count in [[2, 2], [3, 5], [9, 4]] {
        let values: Vec<f64> = (0..2 * count[0] * count[1]).map(|_| next()).collect();
        let size = [8 * (count[0] - 1) + 1, 3 * (count[1] - 1) + 1];
        let spline = BSpline::through(&values, count, size).unwrap();
        for (i, value) in values.chunks_exact(2).enumerate() {
            let at = [(8 * (i % count[0])) as f64, (3 * (i / count[0])) as f64];
            let found = spline.displacement(at);
            assert!((0..2).all(|k| (found[k] - value[k]).abs() < 1e-13), "{at:?}");
        }
        // Mirrored ends are level.
        let slope = spline.jacobian([0.0, 4.0]);
        assert!((slope[0][0] - 1.0).abs() < 1e-13 && slope[1][0].abs() < 1e-13);
    }
}

#[test]
fn splines_that_are_none() {
    let new = |c: Vec<f64>, count, spacing| BSpline::new(c, count, spacing, [0.0, 0.0], Beyond::Fades);
    assert!(matches!(new(vec![0.0; 24], [3, 4], [1.0, 1.0]), Err(BSplineError::Count { .. })));
    assert_eq!(
        new(vec![0.0; 30], [4, 4], [1.0, 1.0]).unwrap_err().to_string(),
        "30 coefficients: expected 32, one for each of 2 axes of [4, 4] control points (x first)"
    );
    assert!(matches!(new(vec![0.0; 32], [4, 4], [1.0, 0.0]), Err(BSplineError::Spacing { .. })));
    assert!(matches!(new(vec![f64::NAN; 32], [4, 4], [1.0, 1.0]), Err(BSplineError::NotFinite { index: 0, .. })));
    assert!(matches!(new(vec![0.0; 32], [usize::MAX, 4], [1.0, 1.0]), Err(BSplineError::Length { .. })));
}

/// A blur in f64, all taps of all axes of one pixel at once.
fn blurred<const D: usize>(
    noise: &[f64],
    size: [usize; D],
    sigma: [f64; D],
    radius: usize,
    place: impl Fn(i64, i64) -> Option<i64>,
) -> Vec<f64> {
    let mut now = noise.to_vec();
    for axis in 0..D {
        let weight = |t: i64| (-0.5 * (t as f64 / sigma[axis]).powi(2)).exp();
        let all: f64 = (-(radius as i64)..=radius as i64).map(weight).sum();
        let step = size[..axis].iter().product::<usize>() * D;
        now = (0..now.len())
            .map(|i| {
                let j = (i / step % size[axis]) as i64;
                let taps = (-(radius as i64)..=radius as i64).filter_map(|t| Some((t, place(j + t, size[axis] as i64)?)));
                taps.map(|(t, from)| weight(t) / all * now[(i as i64 + (from - j) * step as i64) as usize]).sum()
            })
            .collect();
    }
    now
}

fn mirror(j: i64, len: i64) -> Option<i64> {
    let j = j.rem_euclid(2 * len - 2);
    Some(if j < len { j } else { 2 * len - 2 - j })
}

#[test]
fn blurred_noise_is_its_formula() {
    let mut next = numbers(4);
    let size = [45, 37];
    let noise: Vec<f64> = (0..2 * 45 * 37).map(|_| next()).collect();
    let recipe = Elastic::Torchvision { alpha: [50.0, 30.0], sigma: [5.0, 5.0] };
    let (single, _) = elastic::<f32, 2>(&recipe, Noise::Given(&noise), &between(size), false).unwrap();
    let (double, _) = elastic::<f64, 2>(&recipe, Noise::Given(&noise), &between(size), false).unwrap();
    let expected = blurred(&noise, size, [5.0, 5.0], 20, mirror);
    for (i, blurred) in expected.iter().enumerate() {
        let expected = blurred * [25.0, 15.0][i % 2];
        assert!((double.as_slice()[i] - expected).abs() < 1e-13);
        // 44 roundings an axis of numbers of at most 1, most of them much less.
        assert!((f64::from(single.as_slice()[i]) - expected).abs() < 3e-6 * 30.0);
    }
    let volume = [9, 8, 7];
    let noise = &noise[..3 * 9 * 8 * 7];
    let edges = |j: i64, len: i64| {
        let j = j.rem_euclid(2 * len);
        Some(if j < len { j } else { 2 * len - 1 - j })
    };
    let inside = |j: i64, len: i64| (0..len).contains(&j).then_some(j);
    let recipe = |padding| Elastic::Simard { alpha: [2.0; 3], sigma: [2.0; 3], truncate: 4.0, padding, extent: Extent::Edges };
    let reflected = elastic::<f64, 3>(&recipe(Padding::Reflection), Noise::Given(noise), &between(volume), false).unwrap().0;
    let zeros = elastic::<f64, 3>(&recipe(Padding::Zeros), Noise::Given(noise), &between(volume), false).unwrap().0;
    let (mirrored, cut) = (blurred(noise, volume, [2.0; 3], 8, edges), blurred(noise, volume, [2.0; 3], 8, inside));
    for i in 0..noise.len() {
        assert!((reflected.as_slice()[i] - 2.0 * mirrored[i]).abs() < 1e-14);
        assert!((zeros.as_slice()[i] - 2.0 * cut[i]).abs() < 1e-14);
    }
}

#[test]
fn seeds_stay_what_they_are() {
    // No blur leaves the noise itself: the first numbers of seed 1.
    let bare = Elastic::Simard { alpha: [1.0; 2], sigma: [0.0; 2], truncate: 4.0, padding: Padding::Zeros, extent: Extent::Edges };
    let (field, _) = elastic::<f32, 2>(&bare, Noise::Seed(1), &between([3, 1]), false).unwrap();
    let scaled: Vec<i32> = field.as_slice().iter().map(|u| (u * 16_777_216.0) as i32).collect();
    assert_eq!(scaled, SEED_1);
    let (double, _) = elastic::<f64, 2>(&bare, Noise::Seed(1), &between([3, 1]), false).unwrap();
    assert!(field.as_slice().iter().zip(double.as_slice()).all(|(a, b)| f64::from(*a) == *b));
    let points = Elastic::Spline { sigma: [10.0; 2], points: [2, 2] };
    let (field, _) = elastic::<f64, 2>(&points, Noise::Seed(1), &between([2, 2]), false).unwrap();
    for (found, expected) in field.as_slice().iter().zip(NORMAL_1) {
        assert!((found - 10.0 * expected).abs() < 1e-13, "{:?}", field.as_slice());
    }
}

// By another writing of the generator, in Python's whole numbers (tests/python/test_make_elastic.py).
const SEED_1: [i32; 6] = [13_094_925, -15_856_071, 13_243_421, -8_059_703, 2_876_485, -9_301_471];
const NORMAL_1: [f64; 8] = [
    1.698130417300599,
    -1.1189638974690848,
    -1.2298827392024227,
    -0.8134450479105351,
    -1.4280118586550126,
    -0.1539841324347394,
    0.4963244158191128,
    1.4153312144558043,
];

#[test]
fn threads_change_no_bit() {
    let size = [301, 203];
    let recipe = Elastic::Torchvision { alpha: [50.0; 2], sigma: [5.0; 2] };
    let volume = Elastic::Simard { alpha: [9.0; 3], sigma: [2.0; 3], truncate: 4.0, padding: Padding::Wrap, extent: Extent::Edges };
    let mut next = numbers(5);
    let c: Vec<f64> = (0..2 * 10 * 12).map(|_| next()).collect();
    let spline = BSpline::new(c, [10, 12], [43.0, 22.0], [-43.0, -22.0], Beyond::Fades).unwrap();
    let points: Vec<[[f64; 2]; 2]> =
        (0..9).map(|_| [[next() * 150.0 + 150.0, next() * 100.0 + 100.0], [next() * 300.0, next()]]).collect();
    let (p, q): (Vec<_>, Vec<_>) = points.iter().map(|[p, q]| (*p, *q)).unzip();
    let moving = MovingLeastSquares::new(&q, &p, MovingKind::Rigid, 1.5).unwrap();
    let all = |threads| {
        set_num_threads(NonZeroUsize::new(threads));
        let mut parts = elastic::<f32, 2>(&recipe, Noise::Seed(9), &between(size), false).unwrap().0.into_vec();
        parts.extend(elastic::<f32, 3>(&volume, Noise::Seed(9), &between([40, 50, 30]), false).unwrap().0.into_vec());
        for write in [true, false] {
            let mut field = Field::<f32, 2>::zeroed(1, between(size)).unwrap();
            let to = field.as_mut_slice();
            if write {
                spline.displace_into(&between(size), to).unwrap();
            } else {
                moving.displace_into(&between(size), to).unwrap();
            }
            parts.extend(field.into_vec());
        }
        let bits: Vec<u32> = parts.into_iter().map(f32::to_bits).collect();
        bits
    };
    let one = all(1);
    assert!([2, 3, 5].into_iter().all(|threads| all(threads) == one));
    set_num_threads(None);
}

#[test]
fn no_folds_are_none_and_the_factor_is_no_smaller_than_it_need_be() {
    fn check<const D: usize>(recipe: &Elastic<D>, seed: u64, size: [usize; D]) {
        let between = between(size);
        let (wild, one) = elastic::<f32, D>(recipe, Noise::Seed(seed), &between, false).unwrap();
        assert_eq!(one, 1.0);
        let (tame, factor) = elastic::<f32, D>(recipe, Noise::Seed(seed), &between, true).unwrap();
        assert_eq!(folding(&tame.view()).unwrap().folded, 0, "{seed}");
        assert!(factor > 0.0 && factor < 1.0);
        let folds = |by: f64| {
            let scaled: Vec<f32> = wild.as_slice().iter().map(|d| (f64::from(*d) * by) as f32).collect();
            folding(&Field::from_vec(scaled, 1, between).unwrap().view()).unwrap().folded
        };
        assert_eq!(folds(factor), 0);
        assert!(folds(1.01 * factor) > 0, "{factor}");
    }
    for seed in 0..24 {
        check(&Elastic::Torchvision { alpha: [1e4; 2], sigma: [3.0; 2] }, seed, [48, 40]);
        check(&Elastic::Spline { sigma: [500.0; 2], points: [4, 3] }, seed, [40, 44]);
    }
    for seed in 0..4 {
        let padding = Padding::Reflection;
        check(
            &Elastic::Simard { alpha: [1e3; 3], sigma: [2.0; 3], truncate: 4.0, padding, extent: Extent::Edges },
            seed,
            [12, 14, 10],
        );
    }
    // What does not fold is left alone.
    let recipe = Elastic::Torchvision { alpha: [1.0; 2], sigma: [5.0; 2] };
    let (free, _) = elastic::<f32, 2>(&recipe, Noise::Seed(1), &between([64, 64]), false).unwrap();
    assert_eq!(elastic::<f32, 2>(&recipe, Noise::Seed(1), &between([64, 64]), true).unwrap(), (free, 1.0));
}

#[test]
fn made_then_inverted_then_composed_is_the_identity() {
    let between = between([70, 60]);
    let recipe = Elastic::Torchvision { alpha: [150.0; 2], sigma: [6.0; 2] };
    let (field, _) = elastic::<f64, 2>(&recipe, Noise::Seed(3), &between, true).unwrap();
    let back = invert(&field.view().into(), InvertOptions::default()).unwrap();
    let round = compose(&field.view(), &back.field.view(), Sampler::default(), None).unwrap();
    let mut seen = 0;
    for (pixel, by) in round.as_slice().chunks_exact(2).enumerate() {
        if back.valid.as_slice()[pixel] {
            seen += 1;
            assert!(by[0].abs() < 1e-9 && by[1].abs() < 1e-9, "{by:?}");
        }
    }
    assert!(seen > 60 * 50);
}

#[test]
fn deformations_that_are_none() {
    let between = between([8, 6]);
    let fails = |recipe: Elastic<2>, noise: Noise<'_>| elastic::<f32, 2>(&recipe, noise, &between, false).unwrap_err();
    let torchvision = |alpha, sigma| Elastic::Torchvision { alpha: [alpha; 2], sigma: [sigma; 2] };
    for (alpha, sigma) in [(f64::NAN, 5.0), (f64::INFINITY, 5.0), (1.0, -1.0), (1.0, f64::NAN), (1.0, 1e9)] {
        assert!(matches!(fails(torchvision(alpha, sigma), Noise::Seed(0)), ElasticError::Number { .. }), "{alpha} {sigma}");
    }
    assert_eq!(
        fails(torchvision(1.0, 1.0), Noise::Given(&[0.0; 5])).to_string(),
        "5 numbers of noise: expected 96, 2 for each of [8, 6] (x first)"
    );
    assert_eq!(fails(torchvision(1e300, 1.0), Noise::Seed(0)), ElasticError::Overflow);
    assert!(matches!(fails(Elastic::Spline { sigma: [1.0; 2], points: [1, 3] }, Noise::Seed(0)), ElasticError::Spline(_)));
    let volume = Between::new(Lattice::from_xy([4; 3], Extent::Edges).unwrap(), [4; 3], None).unwrap();
    let recipe = Elastic::Torchvision { alpha: [1.0; 3], sigma: [1.0; 3] };
    assert_eq!(elastic::<f32, 3>(&recipe, Noise::Seed(0), &volume, false).unwrap_err(), ElasticError::Axes { axes: 3 });
    // An axis of one source pixel: the rest places themselves collapse.
    let flat = Between::new(Lattice::from_xy([1, 6], Extent::Centers).unwrap(), [8, 6], Some(Rest::Extent)).unwrap();
    assert_eq!(elastic::<f32, 2>(&torchvision(50.0, 2.0), Noise::Seed(0), &flat, true).unwrap_err(), ElasticError::Flat);
}

#[test]
fn moving_least_squares_meet_points_and_keep_maps() {
    let mut next = numbers(6);
    let p: Vec<[f64; 2]> = (0..12).map(|_| [50.0 + 50.0 * next(), 40.0 + 40.0 * next()]).collect();
    let bent: Vec<[f64; 2]> = p.iter().map(|[x, y]| [x + 9.0 * next(), y + 9.0 * next()]).collect();
    let affine = |[x, y]: [f64; 2]| [1.2 * x - 0.3 * y + 5.0, 0.4 * x + 0.8 * y - 3.0];
    let similar = |[x, y]: [f64; 2]| [1.5 * x - 0.5 * y + 5.0, 0.5 * x + 1.5 * y - 3.0];
    let rigid = |[x, y]: [f64; 2]| [0.8 * x - 0.6 * y + 5.0, 0.6 * x + 0.8 * y - 3.0];
    let kinds = [MovingKind::Affine, MovingKind::Similarity, MovingKind::Rigid];
    for alpha in [0.5, 1.0, 1.3, 2.0, 3.0] {
        for (at, kind) in kinds.into_iter().enumerate() {
            let map = MovingLeastSquares::new(&bent, &p, kind, alpha).unwrap();
            for (p, q) in p.iter().zip(&bent) {
                assert_eq!(map.source(*p), Some(*q));
                // Near a point the map is near its place, by continuity.
                let near = map.source([p[0] + 1e-7, p[1]]).unwrap();
                assert!((near[0] - q[0]).abs() < 1e-4 && (near[1] - q[1]).abs() < 1e-4, "{kind:?} {alpha}: {near:?} {q:?}");
            }
            let known: [&dyn Fn([f64; 2]) -> [f64; 2]; 3] = [&affine, &similar, &rigid];
            for known in &known[at..] {
                let q: Vec<[f64; 2]> = p.iter().map(|p| known(*p)).collect();
                let map = MovingLeastSquares::new(&q, &p, kind, alpha).unwrap();
                for _ in 0..40 {
                    let at = [300.0 * next(), 300.0 * next()];
                    let (found, expected) = (map.source(at).unwrap(), known(at));
                    assert!(
                        (0..2).all(|k| (found[k] - expected[k]).abs() < 1e-9),
                        "{kind:?} {alpha} {at:?}: {found:?} {expected:?}"
                    );
                }
            }
            // Rows of pixels are single places, bit for bit.
            let between = between([37, 5]);
            let mut field = Field::<f64, 2>::zeroed(1, between).unwrap();
            map.displace_into(&between, field.as_mut_slice()).unwrap();
            for (pixel, by) in field.as_slice().chunks_exact(2).enumerate() {
                let at = [(pixel % 37) as f64, (pixel / 37) as f64];
                let place = map.source(at).unwrap();
                assert_eq!(by, [place[0] - at[0], place[1] - at[1]]);
            }
        }
    }
    let cube: Vec<[f64; 3]> = (0..9).map(|_| [20.0 * next(), 20.0 * next(), 20.0 * next()]).collect();
    let turned: Vec<[f64; 3]> = cube.iter().map(|[x, y, z]| [2.0 * x + y, y - z + 1.0, 0.5 * z + 0.1 * x]).collect();
    let map = MovingLeastSquares::new(&turned, &cube, MovingKind::Affine, 1.0).unwrap();
    let [found] = [map.source([3.0, 4.0, 5.0]).unwrap()];
    assert!([10.0, 0.0, 2.8].iter().zip(found).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-11), "{found:?}");
    assert_eq!(map.source(cube[3]), Some(turned[3]));
}

#[test]
fn points_that_make_no_map() {
    let new = MovingLeastSquares::<2>::new;
    let line = [[0.0, 0.0], [1.0, 1.0], [4.0, 4.0]];
    assert!(matches!(new(&[], &[], MovingKind::Rigid, 1.0), Err(MovingError::Count { .. })));
    assert!(matches!(new(&line, &line[..2], MovingKind::Rigid, 1.0), Err(MovingError::Count { .. })));
    assert!(matches!(new(&line, &line, MovingKind::Affine, 1.0), Err(MovingError::Flat { count: 3, .. })));
    assert!(matches!(new(&line[..1], &line[..1], MovingKind::Affine, 1.0), Err(MovingError::Flat { count: 1, .. })));
    assert!(new(&line, &line, MovingKind::Rigid, 1.0).is_ok());
    for alpha in [0.0, -1.0, f64::NAN, 9.0] {
        assert!(matches!(new(&line, &line, MovingKind::Rigid, alpha), Err(MovingError::Alpha { .. })));
    }
    let torn = new(&line, &[[1.0, 1.0], [2.0, 2.0], [1.0, 1.0]], MovingKind::Rigid, 1.0).unwrap_err();
    assert_eq!(
        torn.to_string(),
        "points 0 and 2 are both at destination [1.0, 1.0] but read [0.0, 0.0] and [4.0, 4.0]: expected one source place"
    );
    assert!(matches!(new(&[[f64::NAN, 0.0]], &line[..1], MovingKind::Rigid, 1.0), Err(MovingError::NotFinite { index: 0, .. })));
    let space = [[0.0; 3]];
    assert!(matches!(MovingLeastSquares::new(&space, &space, MovingKind::Rigid, 1.0), Err(MovingError::Axes { axes: 3, .. })));
    // One point, and two at one place, move everything alike.
    let one = new(&[[5.0, 1.0], [5.0, 1.0]], &[[2.0, 2.0], [2.0, 2.0]], MovingKind::Similarity, 1.0).unwrap();
    assert_eq!(one.source([10.0, 10.0]), Some([13.0, 9.0]));
}
