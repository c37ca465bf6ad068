//! Radial basis functions against slow writings of their formulas, and sums by tiles against all summed.

use displace::{Between, Extent, Formula, Kernel, Lattice, RadialBasis, RadialError, RadialOptions, Rest, make, set_num_threads};
use std::num::NonZeroUsize;

/// Numbers that only have to be many, from -1 to 1.
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

/// Destinations on a lattice of that size, and sources some pixels away.
fn pairs<const D: usize>(count: usize, size: [usize; D], by: f64, seed: u64) -> (Vec<[f64; D]>, Vec<[f64; D]>) {
    let mut next = numbers(seed);
    let destination: Vec<[f64; D]> =
        (0..count).map(|_| std::array::from_fn(|k| f64::midpoint(next(), 1.0) * (size[k] - 1) as f64)).collect();
    let source = destination.iter().map(|p| std::array::from_fn(|k| p[k] + by * next())).collect();
    (source, destination)
}

/// The kernels as SciPy writes them.
fn phi(kernel: Kernel, r: f64) -> f64 {
    match kernel {
        Kernel::ThinPlate if r == 0.0 => 0.0,
        Kernel::ThinPlate => r * r * r.ln(),
        Kernel::Linear => -r,
        Kernel::Cubic => r.powi(3),
        Kernel::Quintic => -r.powi(5),
        Kernel::Multiquadric => -(1.0 + r * r).sqrt(),
        Kernel::InverseMultiquadric => (1.0 + r * r).sqrt().recip(),
        Kernel::InverseQuadratic => (1.0 + r * r).recip(),
        Kernel::Gaussian => (-r * r).exp(),
    }
}

fn distance<const D: usize>(a: &[f64; D], b: &[f64; D]) -> f64 {
    (0..D).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
}

/// The whole system by Gauss's elimination with pivots, in pixels: kernels' weights, then `[1, x, y]`'s.
fn eliminated(kernel: Kernel, epsilon: f64, smoothing: f64, p: &[[f64; 2]], values: &[f64]) -> Vec<f64> {
    let n = p.len();
    let term = |i: usize, t: usize| [1.0, p[i][0], p[i][1]][t];
    let mut rows: Vec<Vec<f64>> = (0..n + 3)
        .map(|i| {
            let mut row: Vec<f64> = (0..n + 3)
                .map(|j| match (i < n, j < n) {
                    (true, true) => phi(kernel, epsilon * distance(&p[i], &p[j])) + if i == j { smoothing } else { 0.0 },
                    (true, false) => term(i, j - n),
                    (false, true) => term(j, i - n),
                    (false, false) => 0.0,
                })
                .collect();
            row.push(if i < n { values[i] } else { 0.0 });
            row
        })
        .collect();
    for k in 0..n + 3 {
        let pivot = (k..n + 3).max_by(|a, b| rows[*a][k].abs().total_cmp(&rows[*b][k].abs())).unwrap();
        rows.swap(k, pivot);
        for i in k + 1..n + 3 {
            let factor = rows[i][k] / rows[k][k];
            for j in k..n + 4 {
                rows[i][j] -= factor * rows[k][j];
            }
        }
    }
    let mut x = vec![0.0; n + 3];
    for k in (0..n + 3).rev() {
        let known: f64 = (k + 1..n + 3).map(|j| rows[k][j] * x[j]).sum();
        x[k] = (rows[k][n + 3] - known) / rows[k][k];
    }
    x
}

#[test]
fn the_plane_by_elimination() {
    let (source, destination) = pairs(23, [40, 30], 3.0, 1);
    for kernel in Kernel::ALL.into_iter().filter(|kernel| *kernel != Kernel::Quintic) {
        for (smoothing, epsilon) in [(0.0, 0.2), (7.5, 0.4), (0.5, 0.2)] {
            let options = RadialOptions { kernel, smoothing: vec![smoothing], epsilon: Some(epsilon), degree: Some(1) };
            let map = RadialBasis::fit(&source, &destination, &options).unwrap();
            for k in 0..2 {
                let values: Vec<f64> = source.iter().zip(&destination).map(|(q, p)| q[k] - p[k]).collect();
                let x = eliminated(kernel, epsilon, smoothing, &destination, &values);
                let largest = x[..23].iter().fold(0.0f64, |most, w| most.max(w.abs()));
                for (found, expected) in map.weights().iter().zip(&x) {
                    assert!((found[k] - expected).abs() < 1e-8 * largest, "{kernel:?}: {} {expected}", found[k]);
                }
                for at in [[3.0, 4.0], [-5.0, 50.0], destination[7]] {
                    let sum: f64 = destination.iter().zip(&x).map(|(c, w)| w * phi(kernel, epsilon * distance(&at, c))).sum();
                    let expected = sum + x[23] + x[24] * at[0] + x[25] * at[1];
                    let found = map.displacement(at)[k];
                    assert!((found - expected).abs() < 1e-8, "{kernel:?} {smoothing} at {at:?}: {found} {expected}");
                }
            }
        }
    }
}

#[test]
fn points_are_met_and_polynomials_kept() {
    let (source, destination) = pairs(60, [50, 40], 4.0, 2);
    for kernel in Kernel::ALL {
        let options = RadialOptions { kernel, epsilon: Some(0.15), ..RadialOptions::default() };
        let map = RadialBasis::fit(&source, &destination, &options).unwrap();
        // Quintics and Gaussians have the worst equations.
        assert!(map.residuals().iter().all(|off| *off < 1e-7), "{kernel:?}: {:?}", map.residuals());
        for (p, q) in destination.iter().zip(&source) {
            assert!(distance(&map.source(*p).unwrap(), q) < 1e-7, "{kernel:?}");
        }
        if matches!(kernel, Kernel::ThinPlate | Kernel::Cubic | Kernel::Quintic) {
            let affine = |p: &[f64; 2]| [1.25 * p[0] - 0.5 * p[1] + 3.0, 0.75 * p[1] + 0.125 * p[0]];
            let taken: Vec<[f64; 2]> = destination.iter().map(affine).collect();
            let map = RadialBasis::fit(&taken, &destination, &options).unwrap();
            assert!(distance(&map.source([500.0, -300.0]).unwrap(), &affine(&[500.0, -300.0])) < 1e-6, "{kernel:?}");
        }
    }
}

#[test]
fn volumes() {
    let (source, destination) = pairs(70, [20, 18, 16], 2.0, 3);
    for kernel in [Kernel::ThinPlate, Kernel::Linear, Kernel::Cubic, Kernel::Quintic] {
        let map = RadialBasis::fit(&source, &destination, &RadialOptions { kernel, ..RadialOptions::default() }).unwrap();
        assert!(map.residuals().iter().all(|off| *off < 1e-9), "{kernel:?}");
        let b = between([20, 18, 16]);
        let (all, zero) = map.field::<f64>(&b, 0.0).unwrap();
        let slow = make::<f64, 3>(&map, &b).unwrap();
        assert_eq!(zero, 0.0);
        for (a, b) in all.as_slice().iter().zip(slow.field.as_slice()) {
            assert!((a - b).abs() < 1e-10);
        }
    }
}

/// All centres summed, against tiles: the bound holds, and is kept.
fn tiles_keep<const D: usize>(count: usize, size: [usize; D], kernel: Kernel, tolerance: f64) {
    let (source, destination) = pairs(count, size, 2.0, 4);
    let map = RadialBasis::fit(&source, &destination, &RadialOptions { kernel, ..RadialOptions::default() }).unwrap();
    let b = between(size);
    let (exact, none) = map.field::<f64>(&b, 0.0).unwrap();
    let (quick, bound) = map.field::<f64>(&b, tolerance).unwrap();
    assert!(none == 0.0 && bound > 0.0 && bound <= tolerance, "{kernel:?}, {size:?}, {tolerance}: tiles are used: {bound}");
    let off = exact.as_slice().iter().zip(quick.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    // What is summed rounds: terms are up to the largest sum of |w phi|, some 1e4 ulps here.
    assert!(off <= bound + 1e-9, "{kernel:?}: {off} > {bound}");
    assert!(off > 0.0, "{kernel:?}: interpolated");
}

#[test]
fn sums_by_tiles_keep_their_bound() {
    for kernel in [Kernel::ThinPlate, Kernel::Linear, Kernel::Cubic, Kernel::Quintic] {
        for tolerance in [1.0, 1e-2, 1e-5] {
            tiles_keep(120, [230, 140], kernel, tolerance);
        }
    }
    for kernel in [Kernel::ThinPlate, Kernel::Linear, Kernel::Cubic, Kernel::Quintic] {
        for tolerance in [1e-1, 1e-3] {
            tiles_keep(400, [90, 70, 50], kernel, tolerance);
        }
    }
    tiles_keep(500, [2000, 3], Kernel::ThinPlate, 1e-3);
    tiles_keep(500, [1, 2000], Kernel::Linear, 1e-3);
}

#[test]
fn kernels_with_a_width_are_summed() {
    let (source, destination) = pairs(50, [100, 100], 2.0, 5);
    let options = RadialOptions { kernel: Kernel::Gaussian, epsilon: Some(0.2), ..RadialOptions::default() };
    let map = RadialBasis::fit(&source, &destination, &options).unwrap();
    assert_eq!(map.field::<f32>(&between([100, 100]), 1.0).unwrap().1, 0.0);
}

#[test]
fn threads_do_not_show() {
    let (source, destination) = pairs(500, [200, 150], 2.0, 6);
    let run = |threads| {
        set_num_threads(NonZeroUsize::new(threads));
        let map = RadialBasis::fit(&source, &destination, &RadialOptions::default()).unwrap();
        let fields = (map.field::<f32>(&between([200, 150]), 1e-4).unwrap(), map.field::<f64>(&between([200, 150]), 0.0).unwrap());
        set_num_threads(None);
        (map, fields)
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn jacobians_are_differences() {
    let (source, destination) = pairs(20, [40, 30], 3.0, 7);
    for kernel in Kernel::ALL {
        let options = RadialOptions { kernel, epsilon: Some(0.2), ..RadialOptions::default() };
        let map = RadialBasis::fit(&source, &destination, &options).unwrap();
        for at in [[10.2, 7.9], [55.0, -3.0], [0.1, 0.1]] {
            let found = map.jacobian(at);
            for axis in 0..2 {
                let step = 1e-4;
                let moved = |by: f64| {
                    let mut at = at;
                    at[axis] += by;
                    map.source(at).unwrap()
                };
                let (up, down) = (moved(step), moved(-step));
                for k in 0..2 {
                    let expected = (up[k] - down[k]) / (2.0 * step);
                    // Third derivatives times step^2, and rounding over the step.
                    assert!((found[k][axis] - expected).abs() < 1e-6, "{kernel:?} at {at:?}: {found:?}, {expected}");
                }
            }
        }
        assert!(map.jacobian(destination[3]).iter().flatten().all(|number| number.is_finite()), "{kernel:?} at a centre");
    }
}

#[test]
fn energy_is_the_integral() {
    // Second derivatives squared over a wide square; beyond it they fall like 1/r^2, so that what is left out falls like 1/r^2 too.
    let destination = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0], [4.0, 5.0], [7.0, 3.0]];
    let mut source = destination;
    source[4] = [5.5, 4.0];
    source[1] = [10.0, 1.0];
    let map = RadialBasis::fit(&source, &destination, &RadialOptions::default()).unwrap();
    // At the middle of cells, since at points they are infinite (and can be integrated).
    let (step, mut sum) = (0.25, 0.0);
    for i in -480..480 {
        for j in -480..480 {
            let at = [5.0 + (f64::from(i) + 0.5) * step, 5.0 + (f64::from(j) + 0.5) * step];
            let h = step / 8.0;
            let jacobian = |x: f64, y: f64| map.jacobian([at[0] + x, at[1] + y]);
            let (east, west, south, north) = (jacobian(h, 0.0), jacobian(-h, 0.0), jacobian(0.0, h), jacobian(0.0, -h));
            for k in 0..2 {
                for axis in 0..2 {
                    sum += ((east[k][axis] - west[k][axis]) / (2.0 * h)).powi(2)
                        + ((south[k][axis] - north[k][axis]) / (2.0 * h)).powi(2);
                }
            }
        }
    }
    let found = map.bending_energy().unwrap();
    let expected = sum * step * step;
    assert!((found - expected).abs() < 0.02 * found, "{found}, integral {expected}");
    let cubic = RadialOptions { kernel: Kernel::Cubic, ..RadialOptions::default() };
    assert_eq!(RadialBasis::fit(&source, &destination, &cubic).unwrap().bending_energy(), None);
}

#[test]
fn smoothing_leaves_its_weights() {
    let (source, destination) = pairs(30, [60, 60], 5.0, 8);
    let smoothing: Vec<f64> = (0..30).map(|i| f64::from(i) * 3.0).collect();
    let map = RadialBasis::fit(&source, &destination, &RadialOptions { smoothing: smoothing.clone(), ..RadialOptions::default() })
        .unwrap();
    for ((weight, by), off) in map.weights().iter().zip(&smoothing).zip(map.residuals()) {
        let expected = by * (weight[0] * weight[0] + weight[1] * weight[1]).sqrt();
        assert!((off - expected).abs() < 1e-9, "{off}, {expected}");
    }
}

#[test]
fn sizes_that_differ() {
    let (source, destination) = pairs(9, [12, 10], 1.0, 9);
    let map = RadialBasis::fit(&source, &destination, &RadialOptions::default()).unwrap();
    let b = Between::new(Lattice::from_xy([30, 8], Extent::Edges).unwrap(), [12, 10], Some(Rest::Extent)).unwrap();
    let (field, _) = map.field::<f64>(&b, 0.0).unwrap();
    let place = map.source([7.0, 4.0]).unwrap();
    // Rest: (x + 1/2) 30 / 12 - 1/2 and (y + 1/2) 8 / 10 - 1/2.
    let found = &field.as_slice()[2 * (4 * 12 + 7)..][..2];
    assert!((found[0] - (place[0] - (7.5 * 2.5 - 0.5))).abs() < 1e-12 && (found[1] - (place[1] - (4.5 * 0.8 - 0.5))).abs() < 1e-12);
}

#[test]
fn kornia_bends_more() {
    let (source, destination) = pairs(25, [100, 100], 10.0, 10);
    let (ours, theirs) = (
        RadialBasis::fit(&source, &destination, &RadialOptions::default()).unwrap(),
        RadialBasis::like_kornia(&source, &destination).unwrap(),
    );
    assert!(theirs.residuals().iter().all(|off| *off < 1e-9));
    let centres = theirs.centres();
    assert!(centres.iter().zip(&source).all(|(c, q)| distance(c, q) < 1e-12));
    let apart = ours
        .displacements(&[[50.0, 50.0], [5.0, 90.0]])
        .iter()
        .zip(theirs.displacements(&[[50.0, 50.0], [5.0, 90.0]]))
        .map(|(a, b)| distance(a, &b))
        .fold(0.0, f64::max);
    assert!(apart > 0.01, "another map: {apart}");
    // Their side conditions: weights see no affine function of the destination.
    for k in 0..2 {
        let sums: [f64; 3] =
            std::array::from_fn(|t| theirs.weights().iter().zip(&destination).map(|(w, p)| w[k] * [1.0, p[0], p[1]][t]).sum());
        assert!(sums.iter().all(|sum| sum.abs() < 1e-10), "{sums:?}");
    }
}

#[test]
fn equal_pairs_count_once() {
    let (mut source, mut destination) = pairs(12, [30, 30], 2.0, 11);
    let once = RadialBasis::fit(&source, &destination, &RadialOptions::default()).unwrap();
    source.push(source[3]);
    destination.push(destination[3]);
    let twice = RadialBasis::fit(&source, &destination, &RadialOptions::default()).unwrap();
    assert_eq!(once.weights(), twice.weights());
    assert_eq!(twice.residuals().len(), 13);
}

#[test]
fn what_makes_no_map_is_said() {
    let fit = |source: &[[f64; 2]], destination: &[[f64; 2]], options: &RadialOptions| {
        RadialBasis::fit(source, destination, options).unwrap_err().to_string()
    };
    let default = RadialOptions::default();
    let line = [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [3.0, 6.0]];
    assert!(fit(&line, &line, &default).contains("the 4 destination points leave a polynomial of degree 1 open"));
    assert!(fit(&line[..2], &line[..2], &default).contains("expected 3 points or more, not all on one line"));
    assert!(fit(&line, &line[..3], &default).starts_with("4 source points and 3 destination points"));
    assert!(fit(&[], &[], &default).contains("at least one"));
    let torn = [[0.0, 0.0], [9.0, 0.0], [0.0, 9.0], [9.0, 0.0]];
    let to = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [2.0, 0.0]];
    assert!(fit(&to, &torn, &default).starts_with("points 1 and 3 are both at destination [9.0, 0.0]"));
    let smooth = RadialOptions { smoothing: vec![1.0], ..default.clone() };
    assert!(RadialBasis::fit(&to, &torn, &smooth).is_ok(), "smoothed, a mean");
    let bad = [[0.0, 0.0], [f64::NAN, 0.0], [0.0, 1.0]];
    assert!(fit(&bad, &bad, &default).starts_with("point 1 leads from [NaN, 0.0]"));
    for (options, said) in [
        (RadialOptions { smoothing: vec![-1.0], ..default.clone() }, "smoothing 0 is -1: expected a finite number, 0 or more"),
        (
            RadialOptions { smoothing: vec![1.0, 2.0], ..default.clone() },
            "2 numbers of smoothing: expected 1 or 4, one for each point",
        ),
        (RadialOptions { kernel: Kernel::Gaussian, ..default.clone() }, "kernel \"gaussian\" has a width: it needs epsilon"),
        (RadialOptions { epsilon: Some(0.0), ..default.clone() }, "epsilon is 0: expected a finite number above 0, in 1/pixels"),
        (
            RadialOptions { degree: Some(0), ..default.clone() },
            "kernel \"thin_plate_spline\" with a polynomial of degree 0: expected 1 to 2",
        ),
        (RadialOptions { degree: Some(3), ..default.clone() }, "degree 3"),
    ] {
        assert!(
            fit(&to, &torn, &options).starts_with(said) || fit(&to, &torn, &options).contains(said),
            "{}",
            fit(&to, &torn, &options)
        );
    }
    let near = RadialOptions { kernel: Kernel::Gaussian, epsilon: Some(1e-6), ..default };
    let square = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.25]];
    assert!(matches!(RadialBasis::fit(&square, &square, &near), Err(RadialError::Singular { .. } | RadialError::Unsolved { .. })));
    let close = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0], [4.0, 5.0], [3e-13, 0.0]];
    let mut source = close;
    source[5] = [5.0, 0.0];
    assert!(matches!(
        RadialBasis::fit(&source, &close, &RadialOptions::default()),
        Err(RadialError::Singular { .. } | RadialError::Unsolved { .. })
    ));
}
