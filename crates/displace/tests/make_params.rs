//! Maps with few parameters: slow formulas written out here, laws, and mistakes.

use displace::{
    Affine, AffineParts, Between, Extent, FitError, FitKind, Fitted, Flip, Formula, Homography, Lattice, Lens, LensModel, Polar,
    Polynomial, Radial, Resize, Rest, Roll, Swirl, fit, make,
};

/// Numbers between 0 and 1 that are the same everywhere.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn apart<const D: usize>(a: [f64; D], b: [f64; D]) -> f64 {
    (0..D).map(|k| (a[k] - b[k]).abs()).fold(0.0, f64::max)
}

/// That one map undoes the other at places of a 100 x 80 picture where both have any; how many had.
fn undo(there: &impl Formula<2>, back: &impl Formula<2>, within: f64) -> usize {
    let mut found = 0;
    for n in 0..400 {
        let at = [f64::from(n % 20) * 5.1, f64::from(n / 20) * 4.1];
        if let Some(again) = back.source(at).and_then(|place| there.source(place)) {
            assert!(apart(again, at) < within, "{at:?}: {again:?}");
            found += 1;
        }
    }
    found
}

const CAMERA: [[f64; 3]; 3] = [[90.0, 0.0, 48.0], [0.0, 95.0, 41.0], [0.0, 0.0, 1.0]];
const BROWN: [f64; 14] = [-0.25, 0.08, 0.002, -0.003, -0.01, 0.05, 0.02, 0.003, 0.004, -0.002, 0.003, 0.001, 0.03, -0.02];

#[test]
fn inverses_undo() {
    let swirl = Swirl::new([40.0, 30.0], 3.0, 90.0, 0.3).unwrap();
    assert_eq!(undo(&swirl, &swirl.inverse(), 1e-12), 400);
    let homography = Homography::from_numbers(&[1.1, 0.1, 4.0, -0.05, 0.9, 2.0, 1e-3, -2e-3, 1.0]).unwrap();
    assert_eq!(undo(&homography, &homography.inverse().unwrap(), 1e-12), 400);
    for spacing in [Radial::Linear, Radial::Log, Radial::Log1p] {
        let polar = Polar::new([50.0, 40.0], 38.0, [100, 360], spacing).unwrap();
        // The last column is 35.6 to 37.6 pixels from the middle: discs of half the picture.
        assert!(undo(&polar, &polar.inverse(), 1e-12) > 190);
    }
    for count in [0, 4, 5, 8, 12, 14] {
        let lens = Lens::new(CAMERA, &BROWN[..count], LensModel::Brown).unwrap();
        let turn = [[0.995, -0.0998, 0.0], [0.0998, 0.995, 0.0], [0.0, 0.0, 1.0]];
        let lens = lens.seen_by(Some([[80.0, 0.0, 50.0], [0.0, 80.0, 40.0], [0.0, 0.0, 1.0]]), Some(turn)).unwrap();
        // The certificate: 1e-12 focal lengths.
        assert_eq!(undo(&lens, &lens.inverse(), 2e-10), 400);
    }
    let fisheye = Lens::new(CAMERA, &[0.05, -0.02, 0.004, -0.001], LensModel::Fisheye).unwrap();
    assert_eq!(undo(&fisheye, &fisheye.inverse(), 1e-11), 400);
}

#[test]
fn the_fold_is_where_the_radius_stops_growing() {
    let fold = |k: &[f64], model| Lens::new(CAMERA, k, model).unwrap().fold();
    // r - r^3 / 3 grows up to 1.
    assert!((fold(&[-1.0 / 3.0, 0.0, 0.0, 0.0], LensModel::Brown) - 1.0).abs() < 1e-15);
    assert_eq!(fold(&[0.1, 0.0, 0.0, 0.0], LensModel::Brown), f64::INFINITY);
    assert_eq!(fold(&[], LensModel::Fisheye), std::f64::consts::FRAC_PI_2);
    // (1 - 3 a^2) has its root at 0.577.
    assert!((fold(&[-1.0, 0.0, 0.0, 0.0], LensModel::Fisheye) - 3f64.sqrt().recip()).abs() < 1e-15);
    // Against a walk outwards, for coefficients of every kind.
    let mut next = noise(3);
    for _ in 0..200 {
        let k: Vec<f64> = (0..8).map(|i| if i == 2 || i == 3 { 0.0 } else { next() - 0.5 }).collect();
        let g = |r: f64| {
            let s = r * r;
            r * (1.0 + s * (k[0] + s * (k[1] + s * k[4]))) / (1.0 + s * (k[5] + s * (k[6] + s * k[7])))
        };
        let walked = (1..20_000).map(|n| f64::from(n) * 5e-4).find(|r| g(*r) <= g(r - 5e-4));
        match (fold(&k, LensModel::Brown), walked) {
            // A pole that the map grows into is past before the walk sees it.
            (fold, Some(walked)) => assert!((fold - walked).abs() < 1.1e-3, "{k:?}: {fold}, {walked}"),
            (fold, None) => assert!(fold > 9.9, "{k:?}: {fold}"),
        }
    }
}

#[test]
fn beyond_the_fold_there_is_no_place() {
    let lens = Lens::new(CAMERA, &[-1.0 / 3.0, 0.0, 0.0, 0.0], LensModel::Brown).unwrap();
    // The farthest that the lens reaches is 2/3 of a focal length.
    assert!(lens.inverse().source([48.0 + 59.9, 41.0]).is_some());
    assert_eq!(lens.inverse().source([48.0 + 60.1, 41.0]), None);
    // Of the three rays that come there, the innermost.
    let [x, _] = lens.inverse().source([48.0 + 59.0, 41.0]).unwrap();
    assert!((x - 48.0) / 90.0 < 1.0);
    let behind = lens.seen_by(None, Some([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])).unwrap();
    assert_eq!(behind.source([48.0, 41.0]), None);
}

#[test]
fn theta_is_normalised_twice() {
    let mut next = noise(1);
    for extent in [Extent::Edges, Extent::Centers] {
        for (from, to) in [([5, 7, 3], [6, 4, 2]), ([1, 2, 9], [3, 1, 8])] {
            let theta: Vec<f64> = (0..12).map(|_| next() * 2.0 - 1.0).collect();
            let (source, destination) = (Lattice::from_xy(to, extent).unwrap(), Lattice::from_xy(from, extent).unwrap());
            let map = Affine::<3>::from_theta(&theta, &source, &destination).unwrap();
            let at = [0usize, 1, 2].map(|k| (from[k] / 2) as f64);
            // By the book: index to normalised, theta, normalised to index.
            let g: [f64; 3] = std::array::from_fn(|k| match (extent, from[k]) {
                (Extent::Edges, n) => (2.0 * at[k] + 1.0) / n as f64 - 1.0,
                (Extent::Centers, 1) => 0.0,
                (Extent::Centers, n) => 2.0 * at[k] / (n as f64 - 1.0) - 1.0,
            });
            let expected: [f64; 3] = std::array::from_fn(|i| {
                let g: f64 = theta[4 * i + 3] + (0..3).map(|k| theta[4 * i + k] * g[k]).sum::<f64>();
                let n = to[i] as f64;
                if extent == Extent::Edges { ((g + 1.0) * n - 1.0) / 2.0 } else { (g + 1.0) / 2.0 * (n - 1.0) }
            });
            assert!(apart(map.source(at).unwrap(), expected) < 1e-14);
        }
    }
}

#[test]
fn turns_are_right_and_quarters_exact() {
    for (degrees, expected) in [(90.0, [-2.0, 1.0]), (-180.0, [-1.0, -2.0]), (270.0, [2.0, -1.0]), (720.0, [1.0, 2.0])] {
        let map = Affine::<2>::from_parts(&AffineParts { angles: [degrees, 0.0, 0.0], ..AffineParts::default() });
        assert_eq!(map.source([1.0, 2.0]), Some(expected));
    }
    // And all other angles are what the plain functions say.
    for degrees in (-400..=400).step_by(7).map(f64::from) {
        let map = Affine::<2>::from_parts(&AffineParts { angles: [degrees, 0.0, 0.0], ..AffineParts::default() });
        let (sin, cos) = degrees.to_radians().sin_cos();
        assert!(apart(map.source([1.0, 2.0]).unwrap(), [cos - 2.0 * sin, sin + 2.0 * cos]) < 1e-14, "{degrees}");
    }
}

#[test]
fn a_polynomial_that_is_moved_is_still_the_polynomial() {
    // Cubic, fitted far from 0: the expansion brings it back to pixels.
    let mut next = noise(7);
    let from: Vec<[f64; 3]> = (0..60).map(|_| std::array::from_fn(|_| 50.0 * next())).collect();
    let numbers: Vec<f64> =
        (0..60).map(|n| (next() - 0.5) * 1e-2f64.powi([0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3][(n % 20).min(10)])).collect();
    let truth = Polynomial::<3>::from_numbers(&numbers).unwrap();
    let to: Vec<[f64; 3]> = from.iter().map(|at| truth.source(*at).unwrap()).collect();
    let found = fit(&from, &to, None, FitKind::Polynomial { order: 3 }).unwrap();
    assert!(found.largest.1 < 1e-10, "{:?}", found.largest);
    let Fitted::Polynomial(map) = found.map else { panic!("a polynomial") };
    for (a, b) in map.coefficients().concat().iter().zip(&numbers) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
}

#[test]
fn no_neighbour_of_a_fit_is_better() {
    let mut next = noise(11);
    let from: Vec<[f64; 2]> = (0..15).map(|_| [80.0 * next(), 60.0 * next()]).collect();
    let to: Vec<[f64; 2]> = from.iter().map(|[x, y]| [0.9 * x + 3.0 * next(), 1.1 * y - 0.1 * x + 3.0 * next()]).collect();
    let weights: Vec<f64> = (0..15).map(|_| 0.2 + next()).collect();
    let error = |map: &dyn Fn([f64; 2]) -> [f64; 2]| -> f64 {
        let square = |i: usize| (0..2).map(|k| (map(from[i])[k] - to[i][k]).powi(2)).sum::<f64>();
        (0..15).map(|i| weights[i] * square(i)).sum()
    };
    let best = fit(&from, &to, Some(&weights), FitKind::Homography).unwrap();
    let Fitted::Homography(map) = &best.map else { panic!("a homography") };
    let least = error(&|at| map.source(at).unwrap());
    for n in 0..8 {
        for step in [-1e-4, 1e-4] {
            let mut numbers = map.matrix().concat();
            numbers[n] += step * [1.0, 1.0, 50.0, 1.0, 1.0, 50.0, 0.01, 0.01][n];
            let near = Homography::from_numbers(&numbers).unwrap();
            assert!(error(&|at| near.source(at).unwrap()) > least, "{n}");
        }
    }
    let best = fit(&from, &to, Some(&weights), FitKind::Similarity).unwrap();
    let Fitted::Affine(map) = best.map else { panic!("a similarity") };
    let least = error(&|at| map.source(at).unwrap());
    for (turn, grow, x, y) in [(1e-4, 0.0, 0.0, 0.0), (0.0, 1e-4, 0.0, 0.0), (0.0, 0.0, 0.01, 0.0), (0.0, 0.0, 0.0, 0.01)] {
        for sign in [-1.0, 1.0] {
            let [[a, b], [c, d]] = *map.matrix();
            let (turn, grow): (f64, f64) = (sign * turn, 1.0 + sign * grow);
            let (sin, cos) = turn.sin_cos();
            let near = Affine::from_rows(
                [
                    [grow * (a * cos - c * sin), grow * (b * cos - d * sin)],
                    [grow * (a * sin + c * cos), grow * (b * sin + d * cos)],
                ],
                [map.offset()[0] + sign * x, map.offset()[1] + sign * y],
            );
            assert!(error(&|at| near.source(at).unwrap()) > least);
        }
    }
}

#[test]
fn what_does_not_determine_a_map_is_refused() {
    let line: Vec<[f64; 2]> = (0..6).map(|n| [f64::from(n), 2.0 * f64::from(n) + 1.0]).collect();
    for kind in [FitKind::Affine, FitKind::Homography, FitKind::Polynomial { order: 2 }] {
        assert!(matches!(fit(&line, &line, None, kind), Err(FitError::Degenerate { found: 6, distinct: 6, .. })), "{kind}");
        assert!(matches!(fit(&line[..2], &line[..2], None, kind), Err(FitError::TooFew { found: 2, .. })), "{kind}");
    }
    let weights = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    assert!(matches!(fit(&line, &line, Some(&weights), FitKind::Affine), Err(FitError::TooFew { found: 2, needed: 3, .. })));
    assert!(fit(&line, &line, Some(&weights), FitKind::Similarity).is_ok());
    assert!(matches!(fit(&line, &line[1..], None, FitKind::Affine), Err(FitError::Lengths { from: 6, to: 5, .. })));
    assert!(matches!(fit(&[[0.0; 3]; 5], &[[0.0; 3]; 5], None, FitKind::Homography), Err(FitError::Space)));
    assert!(fit(&line, &line, None, FitKind::Polynomial { order: 11 }).is_err());
    // Two squares, one turned over: some point would be behind.
    let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let crossed = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    assert!(matches!(fit(&square, &crossed, None, FitKind::Homography), Err(FitError::Behind { .. })));
}

#[test]
fn frames_move_whole_pixels() {
    let source = Lattice::from_shape([3, 5], Extent::Edges).unwrap();
    let between = Between::new(source, [5, 3], None).unwrap();
    let place = |map: &dyn Fn() -> Vec<f64>| map();
    let rolled = place(&|| make::<f64, 2>(&Roll::new(&source, [-7, 1]), &between).unwrap().field.as_slice().to_vec());
    for y in 0..3i64 {
        for x in 0..5i64 {
            let found = &rolled[(y * 5 + x) as usize * 2..][..2];
            let expected = [(x + 7) % 5 - x, (y + 2) % 3 - y];
            assert_eq!(found, expected.map(|d| d as f64), "{x} {y}");
        }
    }
    assert_eq!(Roll::new(&source, [i64::MIN, i64::MAX]).source([0.0, 0.0]).map(|p| p.map(f64::fract)), Some([0.0; 2]));
    assert_eq!(Roll::new(&source, [0, 0]).source([f64::NAN, 0.0]), None);
    assert_eq!(Flip::new(&source, [true, true]).source([0.0, 0.5]), Some([4.0, 1.5]));
    for extent in [Extent::Edges, Extent::Centers] {
        let source = Lattice::from_shape([3, 7], extent).unwrap();
        let between = Between::new(source, [5, 4], Some(Rest::Extent)).unwrap();
        let made = make::<f64, 2>(&Resize::new(&source, [5, 4]), &between).unwrap();
        assert!(made.field.as_slice().iter().all(|d| *d == 0.0), "a resize is no displacement of the extent");
    }
}
