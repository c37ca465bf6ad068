//! Fields from scattered matches against slow writings of their definitions.

use displace::{Between, Extent, Formula, Lattice, Rest, Scattered, ScatteredError, ScatteredMethod, make, set_num_threads};
use std::num::NonZeroUsize;

const INVERSE: ScatteredMethod = ScatteredMethod::InverseDistance { power: 2.0, neighbours: 12 };
const ALL: [ScatteredMethod; 4] = [ScatteredMethod::Nearest, ScatteredMethod::Linear, ScatteredMethod::Natural, INVERSE];

/// Numbers between -1 and 1 that only have to be many.
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

/// Points around a square of `side` pixels, some of them outside, and where they read.
fn cloud<const D: usize>(count: usize, side: f64, seed: u64) -> (Vec<[f64; D]>, Vec<[f64; D]>) {
    let mut next = numbers(seed);
    let destination: Vec<[f64; D]> = (0..count).map(|_| std::array::from_fn(|_| side * (0.5 + 0.6 * next()))).collect();
    let source = destination.iter().map(|p| p.map(|x| x + 3.0 * next())).collect();
    (source, destination)
}

fn pixels(width: usize, height: usize) -> impl Iterator<Item = [f64; 2]> {
    (0..width * height).map(move |i| [(i % width) as f64, (i / width) as f64])
}

fn distance<const D: usize>(a: [f64; D], b: [f64; D]) -> f64 {
    (0..D).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
}

fn close<const D: usize>(found: [f64; D], expected: [f64; D], by: f64) -> bool {
    (0..D).all(|k| (found[k] - expected[k]).abs() <= by)
}

#[test]
fn by_hand() {
    let destination = [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]];
    let source = [[0.0, 0.0], [12.0, 0.0], [0.0, 4.0], [4.0, 12.0]];
    let at = |method, at| Scattered::new(&source, &destination, method, None).unwrap().source(at);
    // Equally near to all four: that of the first.
    assert_eq!(at(ScatteredMethod::Nearest, [2.0, 2.0]), Some([2.0, 2.0]));
    assert_eq!(at(ScatteredMethod::Nearest, [3.0, 2.0]), Some([11.0, 2.0]));
    let swapped = Scattered::new(&[[12.0, 0.0], [0.0, 0.0]], &[[4.0, 0.0], [0.0, 0.0]], ScatteredMethod::Nearest, None).unwrap();
    assert_eq!(swapped.source([2.0, 7.0]), Some([10.0, 7.0]));
    // On the border of the hull: halfway and three quarters of the way between corners.
    for method in [ScatteredMethod::Linear, ScatteredMethod::Natural] {
        assert_eq!(at(method, [2.0, 0.0]), Some([6.0, 0.0]));
        assert_eq!(at(method, [4.0, 3.0]), Some([4.0 + 2.0, 3.0 + 6.0]));
        assert_eq!(at(method, [5.0, 2.0]), None);
    }
    // The middle takes a quarter from each cell.
    assert_eq!(at(ScatteredMethod::Natural, [2.0, 2.0]), Some([4.0, 4.0]));
    // Inverse squares 1, 1/9, 1/17, 1/25 of the distances from (0, 1).
    let weights = [1.0, 1.0 / 17.0, 1.0 / 9.0, 1.0 / 25.0];
    let all: f64 = weights.iter().sum();
    let expected = [8.0 * weights[1] / all, 1.0 + 8.0 * weights[3] / all];
    assert!(close(at(INVERSE, [0.0, 1.0]).unwrap(), expected, 1e-14));
    // Two neighbours; the third, sqrt(17) away, is the rim: the second weighs ((R - 3) / 3R)^2 to the first's ((R - 1) / R)^2.
    let two = ScatteredMethod::InverseDistance { power: 2.0, neighbours: 2 };
    assert_eq!(at(two, [0.0, 1.0]), Some([0.0, 1.0]));
    let rim = 17f64.sqrt();
    let [first, second] = [1.0, 3.0].map(|d| ((rim - d) / (rim * d)).powi(2));
    let part = second / (first + second);
    assert!(close(at(two, [4.0, 1.0]).unwrap(), [4.0 + 8.0 * (1.0 - part), 1.0 + 8.0 * part], 1e-14));
    // The middle's three nearest are as far away as what is left out.
    let three = ScatteredMethod::InverseDistance { power: 3.0, neighbours: 3 };
    assert_eq!(at(three, [2.0, 2.0]), Some([4.0, 4.0]));
}

#[test]
fn nearest_is_the_nearest() {
    fn check<const D: usize>(size: [usize; D]) {
        let (_, mut destination) = cloud::<D>(60, size[0] as f64, 1);
        // On every fourth pixel: many pixels lie between equally near points, and some points come twice.
        destination.iter_mut().for_each(|p| *p = p.map(|x| (x / 4.0).round() * 4.0));
        let source: Vec<[f64; D]> = destination.iter().map(|p| p.map(|x| 2.5 * x - p[0])).collect();
        let map = Scattered::new(&source, &destination, ScatteredMethod::Nearest, Some(5.0)).unwrap();
        let made = make::<f64, D>(&map, &between(size)).unwrap();
        let (mut ties, mut far) = (0, 0);
        for (pixel, (by, valid)) in made.field.as_slice().chunks_exact(D).zip(made.valid.as_slice()).enumerate() {
            let mut rest = pixel;
            let at: [f64; D] = std::array::from_fn(|k| {
                let j = rest % size[k];
                rest /= size[k];
                j as f64
            });
            let squares: Vec<f64> = destination.iter().map(|p| (0..D).map(|k| (p[k] - at[k]).powi(2)).sum()).collect();
            let least = squares.iter().copied().fold(f64::INFINITY, f64::min);
            let first = squares.iter().position(|square| *square == least).unwrap();
            let at_first = destination[first];
            ties += usize::from(squares.iter().zip(&destination).any(|(square, p)| *square == least && *p != at_first));
            far += usize::from(least > 25.0);
            assert_eq!(*valid, least <= 25.0, "{at:?}");
            assert!(!valid || (0..D).all(|k| (by[k] - (source[first][k] - at_first[k])).abs() < 1e-13), "{at:?}");
        }
        assert!(ties > 20 && far > 20, "{ties} {far}");
    }
    check([64, 50]);
    check([18, 20, 16]);
}

#[test]
fn inverse_distances_are_their_formula() {
    fn check<const D: usize>() {
        let (source, destination) = cloud::<D>(40, 20.0, 2);
        let mut next = numbers(3);
        for (power, neighbours) in [(1.0, 5), (2.0, 12), (3.5, 1), (2.0, 39), (2.0, 40), (0.5, 1000)] {
            let map = Scattered::new(&source, &destination, ScatteredMethod::InverseDistance { power, neighbours }, None).unwrap();
            for _ in 0..200 {
                let at: [f64; D] = std::array::from_fn(|_| 10.0 + 15.0 * next());
                let mut order: Vec<usize> = (0..40).collect();
                order.sort_by(|a, b| distance(destination[*a], at).total_cmp(&distance(destination[*b], at)));
                let rim = order.get(neighbours).map(|i| distance(destination[*i], at));
                let (mut sum, mut all) = ([0.0; D], 0.0);
                for i in order.into_iter().take(neighbours) {
                    let d = distance(destination[i], at);
                    let weight = rim.map_or(1.0 / d, |rim| (rim - d) / (rim * d)).powf(power);
                    all += weight;
                    sum = std::array::from_fn(|k| sum[k] + weight * (source[i][k] - destination[i][k]));
                }
                let expected = std::array::from_fn(|k| at[k] + sum[k] / all);
                assert!(close(map.source(at).unwrap(), expected, 1e-12), "{at:?} {power} {neighbours}");
            }
        }
    }
    check::<2>();
    check::<3>();
}

/// What is left of a convex polygon where it is at least as near to `a` as to `b`.
fn nearer(polygon: &[[f64; 2]], a: [f64; 2], b: [f64; 2]) -> Vec<[f64; 2]> {
    let side = |p: [f64; 2]| {
        let middle = [0, 1].map(|k| (a[k] + b[k]) / 2.0);
        (0..2).map(|k| (p[k] - middle[k]) * (a[k] - b[k])).sum::<f64>()
    };
    let mut left = Vec::new();
    for (i, &p) in polygon.iter().enumerate() {
        let q = polygon[(i + 1) % polygon.len()];
        let (from, to) = (side(p), side(q));
        if from >= 0.0 {
            left.push(p);
        }
        if (from > 0.0 && to < 0.0) || (from < 0.0 && to > 0.0) {
            left.push([0, 1].map(|k| p[k] + from / (from - to) * (q[k] - p[k])));
        }
    }
    left
}

/// Twice its area.
fn area(polygon: &[[f64; 2]]) -> f64 {
    let Some(&from) = polygon.first() else { return 0.0 };
    polygon
        .windows(2)
        .map(|two| (two[0][0] - from[0]) * (two[1][1] - from[1]) - (two[1][0] - from[0]) * (two[0][1] - from[1]))
        .sum()
}

/// Sibson's weights by their definition: the place's cell, cut by the cells of the others. None where the cell is too large to be told from none.
fn sibson(points: &[[f64; 2]], at: [f64; 2]) -> Option<Vec<f64>> {
    let far = 1e4;
    let mut cell = vec![[-far, -far], [far, -far], [far, far], [-far, far]];
    for &p in points {
        cell = nearer(&cell, at, p);
    }
    if cell.iter().flatten().any(|x| x.abs() >= far) {
        return None;
    }
    let whole = area(&cell);
    let taken = points.iter().map(|&p| {
        let part = points.iter().filter(|&&q| q != p).fold(cell.clone(), |part, &q| nearer(&part, p, q));
        area(&part) / whole
    });
    Some(taken.collect())
}

#[test]
fn natural_neighbours_are_sibsons() {
    let mut seen = 0;
    for seed in 10..16 {
        let (source, mut destination) = cloud::<2>(25, 20.0, seed);
        if seed % 2 == 0 {
            // On the lattice of pixels: on edges, on points, on circles through four.
            destination.iter_mut().for_each(|p| *p = p.map(f64::round));
            destination.sort_by(|a, b| a.partial_cmp(b).unwrap());
            destination.dedup();
        }
        let source = &source[..destination.len()];
        let map = Scattered::new(source, &destination, ScatteredMethod::Natural, None).unwrap();
        for at in pixels(20, 20) {
            let (Some(found), Some(weights)) = (map.source(at), sibson(&destination, at)) else { continue };
            let sum = |k: usize| -> f64 {
                weights.iter().zip(source.iter().zip(&destination)).map(|(w, (q, p))| w * (q[k] - p[k])).sum()
            };
            if destination.contains(&at) {
                continue;
            }
            seen += 1;
            // Cells of up to 1e4 pixels' length, cut with 16 digits.
            assert!(close(found, [at[0] + sum(0), at[1] + sum(1)], 1e-9), "{seed} {at:?}");
        }
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn linear_is_barycentric_on_empty_circles() {
    let (source, destination) = cloud::<2>(30, 24.0, 4);
    let map = Scattered::new(&source, &destination, ScatteredMethod::Linear, None).unwrap();
    let cross = |a: [f64; 2], b: [f64; 2], c: [f64; 2]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    // Every triangle whose circle is empty.
    let mut triangles = Vec::new();
    for i in 0..30 {
        for j in 0..30 {
            for k in j + 1..30 {
                let (a, b, c) = (destination[i], destination[j], destination[k]);
                if i >= j || cross(a, b, c) == 0.0 {
                    continue;
                }
                let [bx, by, cx, cy] = [b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]];
                let d = 2.0 * (bx * cy - by * cx);
                let (bb, cc) = (bx * bx + by * by, cx * cx + cy * cy);
                let centre = [a[0] + (cy * bb - by * cc) / d, a[1] + (bx * cc - cx * bb) / d];
                let radius = distance(centre, a) * (1.0 - 1e-12);
                if destination.iter().all(|p| distance(*p, centre) >= radius) {
                    triangles.push([i, j, k]);
                }
            }
        }
    }
    let mut inside = 0;
    for at in pixels(24, 24) {
        let holding = triangles.iter().find_map(|&[i, j, k]| {
            let (a, b, c) = (destination[i], destination[j], destination[k]);
            let whole = cross(a, b, c);
            let weights = [cross(at, b, c) / whole, cross(a, at, c) / whole, cross(a, b, at) / whole];
            weights.iter().all(|w| *w >= 0.0).then(|| {
                let sum = |axis: usize| -> f64 { [i, j, k].iter().zip(weights).map(|(i, w)| w * source[*i][axis]).sum() };
                [sum(0), sum(1)]
            })
        });
        let found = map.source(at);
        assert_eq!(found.is_some(), holding.is_some(), "{at:?}");
        if let (Some(found), Some(expected)) = (found, holding) {
            inside += 1;
            assert!(close(found, expected, 1e-11), "{at:?}");
        }
    }
    assert!(inside > 300 && inside < 24 * 24 + 1);
}

#[test]
fn affine_maps_come_back_and_points_are_met() {
    // Turned lattices: rows of points that are straight but for their last digits, and circles through four.
    let lattice = |turn: f64, step: f64| -> Vec<[f64; 2]> {
        let (sine, cosine) = turn.sin_cos();
        pixels(9, 9)
            .map(|[x, y]| {
                [20.0 + step * (cosine * (x - 4.0) - sine * (y - 4.0)), 20.0 + step * (sine * (x - 4.0) + cosine * (y - 4.0))]
            })
            .collect()
    };
    let clouds = [
        cloud::<2>(200, 40.0, 5).1,
        lattice(0.0, 5.0),
        lattice(0.3, 4.0),
        lattice(0.7, 6.0),
        lattice(std::f64::consts::FRAC_PI_4, 2.0),
    ];
    for destination in clouds {
        let affine = |[x, y]: [f64; 2]| [1.25 * x - 0.5 * y + 3.0, 0.25 * x + 0.75 * y - 7.0];
        let source: Vec<_> = destination.iter().map(|p| affine(*p)).collect();
        let shifted: Vec<_> = destination.iter().map(|[x, y]| [x + 2.0, y - 1.0]).collect();
        for method in ALL {
            let (map, shift) = (
                Scattered::new(&source, &destination, method, None).unwrap(),
                Scattered::new(&shifted, &destination, method, None).unwrap(),
            );
            let mut inside = 0;
            for at in pixels(40, 40) {
                let Some(found) = map.source(at) else { continue };
                inside += 1;
                if matches!(method, ScatteredMethod::Linear | ScatteredMethod::Natural) {
                    assert!(close(found, affine(at), 1e-11), "{method:?} {at:?} {found:?} {:?}", affine(at));
                }
                assert!(close(shift.source(at).unwrap(), [at[0] + 2.0, at[1] - 1.0], 1e-12), "{method:?} {at:?}");
            }
            assert!(inside > 150, "{inside}");
            for (p, q) in destination.iter().zip(&source) {
                assert!(close(map.source(*p).unwrap(), *q, 1e-13), "{method:?} {p:?}");
            }
        }
    }
}

#[test]
fn what_lies_between_offsets_stays_between_them() {
    let (sine, cosine) = 0.3f64.sin_cos();
    let destination: Vec<[f64; 2]> =
        pixels(30, 30).map(|[x, y]| [5.0 + cosine * x - sine * y, -3.0 + sine * x + cosine * y]).collect();
    let mut next = numbers(6);
    let source: Vec<_> = destination.iter().map(|p| p.map(|x| x + next())).collect();
    let map = Scattered::new(&source, &destination, ScatteredMethod::Natural, None).unwrap();
    let made = make::<f64, 2>(&map, &between([40, 40])).unwrap();
    assert!(made.field.as_slice().iter().all(|by| by.is_nan() || by.abs() <= 1.0 + 1e-8));
    // On the sides of the hull, rounded to within it or not: there a cell's corner lies farther away than numbers reach.
    let sides = (0..29 * 16).flat_map(|i| {
        let along = f64::from(i) / 16.0;
        [[along, 29.0], [29.0, along], [along, 0.0], [0.0, along]]
            .map(|[a, b]| [5.0 + cosine * a - sine * b, -3.0 + sine * a + cosine * b])
    });
    let found = sides.filter_map(|at| Some((at, map.source(at)?)));
    let count = found.map(|(at, place)| assert!((0..2).all(|k| (place[k] - at[k]).abs() < 1.0 + 1e-8), "{at:?} {place:?}")).count();
    assert!(count > 400, "{count}");
}

#[test]
fn lattices_of_different_sizes() {
    let (source, destination) = cloud::<2>(50, 20.0, 7);
    let map = Scattered::new(&source, &destination, ScatteredMethod::Linear, None).unwrap();
    let lattice = Lattice::from_xy([40, 60], Extent::Edges).unwrap();
    for rest in [Rest::Index, Rest::Extent] {
        let made = make::<f64, 2>(&map, &Between::new(lattice, [20, 20], Some(rest)).unwrap()).unwrap();
        for (by, at) in made.field.as_slice().chunks_exact(2).zip(pixels(20, 20)) {
            let start = if rest == Rest::Index { at } else { [(at[0] + 0.5) * 2.0 - 0.5, (at[1] + 0.5) * 3.0 - 0.5] };
            let Some(place) = map.source(at) else { continue };
            assert!(close([by[0] + start[0], by[1] + start[1]], place, 1e-13));
        }
    }
}

#[test]
fn neither_threads_nor_the_order_of_points_change_a_bit() {
    let (source, destination) = cloud::<2>(300, 200.0, 8);
    // Pixels' own places: circles through four points, and pixels that are points or lie on edges.
    let lattice: Vec<_> = pixels(15, 15).map(|p| p.map(|x| 10.0 * x + 20.0)).collect();
    let bent: Vec<_> = lattice.iter().zip(&source).map(|(p, q)| [p[0] + q[0].fract(), p[1] + q[1].fract()]).collect();
    for method in ALL {
        for (source, destination) in [(&source, &destination), (&bent, &lattice)] {
            let bits = |order: &dyn Fn(usize) -> usize| {
                let list = |of: &[[f64; 2]]| (0..of.len()).map(|i| of[order(i)]).collect::<Vec<_>>();
                let map = Scattered::new(&list(source), &list(destination), method, Some(60.0)).unwrap();
                let made = make::<f32, 2>(&map, &between([200, 170])).unwrap();
                made.field.into_vec().into_iter().map(f32::to_bits).collect::<Vec<u32>>()
            };
            set_num_threads(NonZeroUsize::new(1));
            let one = bits(&|i| i);
            for threads in [2, 5] {
                set_num_threads(NonZeroUsize::new(threads));
                assert!(bits(&|i| i) == one, "{method:?} {threads}");
            }
            set_num_threads(None);
            let count = source.len();
            // Equally near points are another matter.
            if !(method == ScatteredMethod::Nearest && destination.len() == lattice.len()) {
                assert!(bits(&|i| count - 1 - i) == one && bits(&|i| (i * 7 + 3) % count) == one, "{method:?}");
            }
        }
    }
}

#[test]
fn many_points() {
    let (source, destination) = cloud::<2>(100_000, 400.0, 9);
    for method in ALL {
        let made = make::<f32, 2>(&Scattered::new(&source, &destination, method, None).unwrap(), &between([400, 30])).unwrap();
        assert!(made.valid.as_slice().iter().all(|valid| *valid), "{method:?}");
        assert!(made.field.as_slice().iter().all(|by| by.abs() < 3.0001), "{method:?}");
    }
}

#[test]
fn matches_that_make_no_field() {
    let corners = [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]];
    let fails = |source: &[[f64; 2]], destination: &[[f64; 2]], method| {
        Scattered::new(source, destination, method, None).map(|_| ()).unwrap_err()
    };
    for method in ALL {
        assert!(matches!(fails(&[], &[], method), ScatteredError::Count { .. }));
        assert!(matches!(fails(&corners, &corners[..2], method), ScatteredError::Count { source_points: 3, destination: 2 }));
        for wrong in [f64::NAN, f64::NEG_INFINITY, 1e61] {
            assert!(matches!(
                fails(&corners, &[[0.0, 0.0], [wrong, 0.0], [0.0, 1.0]], method),
                ScatteredError::Range { index: 1, .. }
            ));
            assert!(matches!(
                fails(&[[0.0, wrong], [0.0, 1.0], [1.0, 1.0]], &corners, method),
                ScatteredError::Range { index: 0, .. }
            ));
        }
        let torn = fails(&[[1.0, 1.0], [2.0, 2.0], [1.0, 5.0]], &[[3.0, 1.0], [2.0, 2.0], [3.0, 1.0]], method);
        assert_eq!(
            torn.to_string(),
            "points 0 and 2 are both at destination [3.0, 1.0] but read [1.0, 1.0] and [1.0, 5.0]: expected one source place"
        );
        // Twice the same counts once, and what no pixel can tell from 0 is 0.
        let twice = [corners[0], corners[1], corners[2], corners[1]];
        let tiny = [[-1e-300, 0.0], corners[1], corners[2], corners[1]];
        let (once, again) =
            (Scattered::new(&corners, &corners, method, None).unwrap(), Scattered::new(&twice, &tiny, method, None).unwrap());
        assert_eq!(once.source([1.0, 1.0]), again.source([1.0, 1.0]));
        for at in [[f64::NAN, 0.0], [0.0, f64::INFINITY], [1e300, 1.0]] {
            assert_eq!(once.source(at), None, "{method:?}");
        }
        for reach in [-1.0, f64::NAN] {
            assert!(matches!(Scattered::new(&corners, &corners, method, Some(reach)), Err(ScatteredError::Reach { .. })));
        }
        // Nothing out of reach at an infinite distance; at none, the points alone.
        let points = Scattered::new(&corners, &corners, method, Some(0.0)).unwrap();
        assert_eq!(points.source([4.0, 0.0]), Some([4.0, 0.0]));
        assert_eq!(points.source([1.0, 1.0]), None);
        assert_eq!(Scattered::new(&corners, &corners, method, Some(f64::INFINITY)).unwrap().source([1.0, 1.0]), Some([1.0, 1.0]));
        // Large, but no more.
        let huge = corners.map(|p| p.map(|x| 2e59 * x));
        let place = Scattered::new(&huge, &huge, method, None).unwrap().source([1.0, 1.0]).unwrap();
        assert!(place.iter().all(|x| x.is_finite()), "{method:?}");
    }
    for method in [ScatteredMethod::Linear, ScatteredMethod::Natural] {
        let line = [[1.0, 1.0], [3.0, 3.0], [2.0, 2.0], [3.0, 3.0]];
        assert_eq!(
            fails(&line, &line, method).to_string(),
            "the destination points (3 different) lie on one line, from [1.0, 1.0] to [3.0, 3.0]: methods linear and natural need a triangle; nearest and \
             inverse distance do without"
        );
        assert!(matches!(fails(&line[..1], &line[..1], method), ScatteredError::Line { count: 1, .. }));
        assert!(matches!(fails(&line[..2], &line[..2], method), ScatteredError::Line { count: 2, .. }));
        let space = [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let axes = Scattered::new(&space, &space, method, None).map(|_| ()).unwrap_err();
        assert!(axes.to_string().ends_with("is for 2-D points, not for 3-D: take nearest or inverse distance"), "{axes}");
    }
    for power in [0.0, -1.0, f64::NAN, f64::INFINITY, 65.0] {
        let method = ScatteredMethod::InverseDistance { power, neighbours: 1 };
        assert!(matches!(fails(&corners, &corners, method), ScatteredError::Power { .. }));
    }
    let nobody = ScatteredMethod::InverseDistance { power: 1.0, neighbours: 0 };
    assert_eq!(fails(&corners, &corners, nobody), ScatteredError::Neighbours);
    // One point moves everything alike.
    for method in [ScatteredMethod::Nearest, INVERSE] {
        assert_eq!(Scattered::new(&[[3.0, 1.0]], &[[1.0, 0.0]], method, None).unwrap().source([5.0, 5.0]), Some([7.0, 6.0]));
    }
}
