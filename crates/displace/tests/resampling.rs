//! B-splines and averages against slow and obvious ways: dense equations for the filter, sums over all places for the ellipse.

mod common;

use common::{Rng, bits};
use displace::{
    Extent, Interp, Lattice, Layout, Locations, Padding, Sampler, Shape, SplineBoundary, SplineOrder, View, bspline_weights,
    reference, sample, sample_ewa, sample_ewa_grad_into, sample_grad_into, set_num_threads, spline_filter, spline_filter_grad,
};
use std::num::NonZeroUsize;

const BOUNDARIES: [SplineBoundary; 3] = [SplineBoundary::Mirror, SplineBoundary::Reflect, SplineBoundary::Wrap];

/// Where a line that goes on as the boundary says has pixel `i`.
fn folded(i: i64, len: i64, boundary: SplineBoundary) -> usize {
    if len == 1 {
        return 0;
    }
    let (period, turn) = match boundary {
        SplineBoundary::Mirror => (2 * len - 2, 2 * len - 2),
        SplineBoundary::Wrap => return i.rem_euclid(len) as usize,
        _ => (2 * len, 2 * len - 1),
    };
    let at = i.rem_euclid(period);
    (if at < len { at } else { turn - at }) as usize
}

/// What coefficients give on pixels, row by row.
fn equations(len: usize, order: SplineOrder, boundary: SplineBoundary) -> Vec<Vec<f64>> {
    let weights = bspline_weights(order, 0.0f64);
    let before = i64::from(order.degree()) / 2;
    let mut rows = vec![vec![0.0; len]; len];
    for (i, row) in rows.iter_mut().enumerate() {
        for (t, weight) in weights.iter().enumerate() {
            row[folded(i as i64 + t as i64 - before, len as i64, boundary)] += weight;
        }
    }
    rows
}

/// Elimination with pivots.
fn solve(mut rows: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|a, b| rows[*a][k].abs().total_cmp(&rows[*b][k].abs())).unwrap();
        rows.swap(k, pivot);
        right.swap(k, pivot);
        for i in k + 1..n {
            let factor = rows[i][k] / rows[k][k];
            for j in k..n {
                rows[i][j] -= factor * rows[k][j];
            }
            right[i] -= factor * right[k];
        }
    }
    for k in (0..n).rev() {
        let sum: f64 = (k + 1..n).map(|j| rows[k][j] * right[j]).sum();
        right[k] = (right[k] - sum) / rows[k][k];
    }
    right
}

fn transposed(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    (0..rows.len()).map(|j| rows.iter().map(|row| row[j]).collect()).collect()
}

#[test]
fn coefficients_solve_the_splines_equations() {
    let mut rng = Rng::new(1);
    for order in SplineOrder::ALL {
        for boundary in BOUNDARIES {
            for len in [1usize, 2, 3, 4, 5, 17, 60] {
                let line: Vec<f64> = (0..len).map(|_| rng.within(-1.0, 1.0)).collect();
                let view = View::planar(&line, Shape { n: 1, c: 1, size: [len, 1] }).unwrap();
                let equations = equations(len, order, boundary);
                let forwards = spline_filter(&view, order, boundary).unwrap();
                let expected = if len == 1 { line.clone() } else { solve(equations.clone(), line.clone()) };
                let back = spline_filter_grad(&view, order, boundary).unwrap();
                let adjoint = if len == 1 { line.clone() } else { solve(transposed(&equations), line.clone()) };
                for (found, expected) in [(forwards, expected), (back, adjoint)] {
                    for (a, b) in found.as_slice().iter().zip(&expected) {
                        assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{order:?} {boundary:?} {len}: {a} {b}");
                    }
                }
            }
        }
    }
}

#[test]
fn scipys_slip_has_its_own_transpose() {
    let mut rng = Rng::new(2);
    for order in SplineOrder::ALL {
        for size in [[2usize, 3], [3, 1], [5, 2]] {
            let shape = Shape { n: 1, c: 1, size };
            let mut number = || (0..shape.pixels()).map(|_| rng.within(-1.0, 1.0)).collect::<Vec<f64>>();
            let (a, b) = (number(), number());
            let there = spline_filter(&View::planar(&a, shape).unwrap(), order, SplineBoundary::ScipyReflect).unwrap();
            let back = spline_filter_grad(&View::planar(&b, shape).unwrap(), order, SplineBoundary::ScipyReflect).unwrap();
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            assert!((dot(there.as_slice(), &b) - dot(&a, back.as_slice())).abs() < 1e-12, "{order:?} {size:?}");
        }
    }
}

#[test]
fn axes_are_filtered_alike() {
    let mut rng = Rng::new(3);
    let (w, h, d) = (7usize, 5, 6);
    let volume: Vec<f64> = (0..w * h * d).map(|_| rng.within(-1.0, 1.0)).collect();
    // x and z exchanged.
    let turned: Vec<f64> = (0..w * h * d).map(|i| volume[(i % d) * w * h + (i / d) % h * w + i / (d * h)]).collect();
    for boundary in BOUNDARIES {
        let of = |data: &[f64], size| {
            spline_filter(&View::planar(data, Shape { n: 1, c: 1, size }).unwrap(), SplineOrder::Five, boundary).unwrap().into_vec()
        };
        let (plain, turned) = (of(&volume, [w, h, d]), of(&turned, [d, h, w]));
        for (i, value) in turned.iter().enumerate() {
            let same = plain[(i % d) * w * h + (i / d) % h * w + i / (d * h)];
            assert!((value - same).abs() < 1e-12, "{boundary:?}");
        }
    }
}

const WIDE: [Interp; 10] = [
    Interp::BSpline { order: SplineOrder::Two, prefilter: false },
    Interp::BSpline { order: SplineOrder::Three, prefilter: false },
    Interp::BSpline { order: SplineOrder::Four, prefilter: false },
    Interp::BSpline { order: SplineOrder::Five, prefilter: false },
    Interp::Lanczos3,
    Interp::Lanczos4,
    Interp::MITCHELL,
    Interp::Mitchell { b: 0.0, c: 0.7 },
    Interp::CATMULL_ROM,
    Interp::Cubic { a: -1.0 },
];

fn agrees<L: displace::Real, const D: usize>(rng: &mut Rng) {
    for interp in WIDE {
        for padding in [Padding::Zeros, Padding::Constant(2.5), Padding::Border, Padding::Reflection, Padding::Wrap] {
            for extent in [Extent::Edges, Extent::Centers] {
                let source: [usize; D] = std::array::from_fn(|_| 1 + rng.below(13));
                let shape = Shape { n: 1, c: 2, size: source };
                let pixels: Vec<L> = (0..shape.elements().unwrap()).map(|_| L::from_f64(rng.within(-3.0, 3.0))).collect();
                let mut size = [2; D];
                size[0] = 40;
                let at_shape = Shape { n: 1, c: D, size };
                let numbers: Vec<L> = (0..at_shape.elements().unwrap())
                    .map(|i| {
                        let len = source[i % D] as f64;
                        L::from_f64(match rng.below(6) {
                            0 => rng.below(12) as f64 - 2.0,
                            1 => rng.below(12) as f64 - 1.5,
                            2 => rng.within(-60.0, 60.0),
                            _ => rng.within(-1.0, len),
                        })
                    })
                    .collect();
                let image = View::planar(&pixels, shape).unwrap();
                let at = View::interleaved(&numbers, at_shape).unwrap();
                let at: Locations<'_, L, D> = Locations::pixels(at, Lattice::from_xy(source, extent).unwrap()).unwrap();
                let sampler = Sampler::new(interp, padding);
                let fast = sample(&image, &at, sampler).unwrap();
                let plain = reference::sample::<L, L, L, L, D>(&image, &at, sampler).unwrap();
                for (i, (a, b)) in fast.as_slice().iter().zip(plain.as_slice()).enumerate() {
                    assert!(a.to_f64().to_bits() == b.to_f64().to_bits(), "{sampler:?} {extent:?} {source:?} {i}: {a} {b}");
                }
            }
        }
    }
}

#[test]
fn wide_kernels_are_the_reference_bit_for_bit() {
    let mut rng = Rng::new(4);
    agrees::<f32, 2>(&mut rng);
    agrees::<f64, 2>(&mut rng);
    agrees::<f32, 3>(&mut rng);
    agrees::<f64, 3>(&mut rng);
}

#[test]
fn threads_never_show() {
    let mut rng = Rng::new(5);
    let (source, size) = ([210, 190], [90, 80]);
    let shape = Shape { n: 1, c: 2, size: source };
    let pixels: Vec<f32> = (0..shape.elements().unwrap()).map(|_| rng.within(-1.0, 1.0) as f32).collect();
    let image = View::planar(&pixels, shape).unwrap();
    let map: Vec<f32> = (0..size[0] * size[1])
        .flat_map(|i| [(i % size[0]) as f32 * 2.4 + rng.within(-1.0, 1.0) as f32, (i / size[0]) as f32 * 2.2])
        .collect();
    let at = View::interleaved(&map, Shape { n: 1, c: 2, size }).unwrap();
    let at = Locations::pixels(at, Lattice::from_xy(source, Extent::Edges).unwrap()).unwrap();
    let out_shape = Shape { n: 1, c: 2, size };
    let grad: Vec<f32> = (0..out_shape.elements().unwrap()).map(|_| rng.within(-1.0, 1.0) as f32).collect();
    let grad = View::dense(&grad, out_shape, Layout::Planar).unwrap();
    let sampler = Sampler::new(Interp::bspline(SplineOrder::Three), Padding::Border);
    let all = |threads| {
        set_num_threads(NonZeroUsize::new(threads));
        let mut found = vec![
            bits(sample(&image, &at, sampler).unwrap().as_slice()),
            bits(sample_ewa(&image, &at, sampler).unwrap().as_slice()),
        ];
        for averaged in [false, true] {
            let (mut to_image, mut to_at) = (vec![0.0f32; pixels.len()], vec![0.0f32; map.len()]);
            if averaged {
                sample_ewa_grad_into(&grad, &image, &at, sampler, Some(&mut to_image), Some(&mut to_at)).unwrap();
            } else {
                sample_grad_into(&grad, &image, &at, sampler, Some(&mut to_image), Some(&mut to_at)).unwrap();
            }
            found.extend([bits(&to_image), bits(&to_at)]);
        }
        set_num_threads(None);
        found
    };
    let one = all(1);
    for threads in [2, 3, 7] {
        assert!(all(threads) == one, "{threads} threads");
    }
}

#[test]
fn averages_have_an_adjoint() {
    let mut rng = Rng::new(6);
    let (source, size) = ([23, 19], [7, 6]);
    let (shape, out_shape) = (Shape { n: 1, c: 1, size: source }, Shape { n: 1, c: 1, size });
    let mut numbers = |count: usize| (0..count).map(|_| rng.within(-1.0, 1.0)).collect::<Vec<f64>>();
    let (pixels, grad) = (numbers(shape.pixels()), numbers(out_shape.pixels()));
    let at = |i: i32| [f64::from(i % 7) * 3.1 - 0.4, f64::from(i / 7) * 2.7 + 0.3 * f64::from(i % 7)];
    let map: Vec<f64> = (0..42).flat_map(at).collect();
    let at = View::interleaved(&map, Shape { n: 1, c: 2, size }).unwrap();
    let at = Locations::pixels(at, Lattice::from_xy(source, Extent::Edges).unwrap()).unwrap();
    let (image, upstream) = (View::planar(&pixels, shape).unwrap(), View::planar(&grad, out_shape).unwrap());
    for interp in [Interp::Linear, Interp::CUBIC, Interp::bspline(SplineOrder::Five)] {
        for padding in [Padding::Zeros, Padding::Border, Padding::Reflection, Padding::Wrap] {
            let sampler = Sampler::new(interp, padding);
            let mut back = vec![0.0; pixels.len()];
            sample_ewa_grad_into(&upstream, &image, &at, sampler, Some(&mut back), None).unwrap();
            let there = sample_ewa(&image, &at, sampler).unwrap();
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            assert!((dot(there.as_slice(), &grad) - dot(&pixels, &back)).abs() < 1e-11, "{sampler:?}");
        }
    }
}
