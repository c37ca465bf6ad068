//! Where the sampler really reads, against the rule of each padding written out in f64.

use crate::common::{EXTENTS, Float, Rng, Value, samplers};
use displace::{Arithmetic, Extent, Grid, Interp, Lattice, Padding, Real, Rest, Sampler, Shape, View};
use displace::{displacement, effective_displacement, sample};

/// CONVENTIONS.md 7, for finite locations.
fn moved(p: f64, len: usize, extent: Extent, padding: Padding) -> f64 {
    let (len, last) = (len as f64, len as f64 - 1.0);
    let triangle = |p: f64, low: f64, span: f64| {
        let q = (p - low).abs() % (2.0 * span);
        q.min(2.0 * span - q) + low
    };
    match (padding, extent) {
        (Padding::Zeros | Padding::Constant(_), _) => p,
        (Padding::Border, _) => p.clamp(0.0, last),
        (Padding::Wrap, _) => p.rem_euclid(len),
        (Padding::Reflection, Extent::Edges) => triangle(p, -0.5, len).clamp(0.0, last),
        (Padding::Reflection, Extent::Centers) if len == 1.0 => 0.0,
        (Padding::Reflection, Extent::Centers) => triangle(p, 0.0, last).clamp(0.0, last),
    }
}

fn rules<L: Float>(seed: u64) -> [usize; 3]
where
    L::Real: Value,
{
    let mut rng = Rng::new(seed);
    let (mut same, mut elsewhere, mut ties) = (0, 0, 0);
    for (source, destination) in [([9, 4], [9, 4]), ([1, 2], [70, 3]), ([640, 3], [300, 2]), ([17, 5], [64, 9])] {
        for extent in EXTENTS {
            for rest in [Rest::Index, Rest::Extent] {
                let shape = Shape { n: 1, c: 2, size: destination };
                let numbers: Vec<L> = (0..shape.elements().unwrap()).map(|_| L::near(rng.within(-2.5, 2.5))).collect();
                let grid =
                    Grid::new(View::interleaved(&numbers, shape).unwrap(), Lattice::from_xy(source, extent).unwrap()).unwrap();
                let asked = displacement(&grid, Some(rest), Arithmetic::Exact).unwrap();
                let between = *asked.between();
                for sampler in samplers() {
                    let real = effective_displacement(&grid, Some(rest), sampler).unwrap();
                    for (i, g) in numbers.iter().enumerate() {
                        let (k, pixel) = (i % 2, i / 2);
                        let j = if k == 0 { pixel % destination[0] } else { pixel / destination[0] };
                        let axis = between.source().axes()[k];
                        let p = g.f64().mul_add(axis.slope(), axis.middle());
                        let place = between.rest_place(k, j).to_f64();
                        let last = axis.len() as f64 - 1.0;
                        let found = real.field.as_slice()[i];
                        let to = moved(p, axis.len(), extent, sampler.padding);
                        let say = || format!("{sampler:?} {between:?} axis {k} j {j} p {p}: {found:?}");
                        let u = <L::Real as Real>::ROUND_OFF;
                        if sampler.interp != Interp::Nearest {
                            if (0.0..=last).contains(&p) || sampler.padding.fills() {
                                // Nothing moves: the requested displacement, bit for bit.
                                assert_eq!(found.bits(), asked.as_slice()[i].bits(), "{}", say());
                                same += 1;
                            } else {
                                // One rounding of a fraction below 1, one of its mirror image, one of the result; and p, what
                                // it is moved to, the rest place and their difference are here rounded to f64.
                                let here = p.abs() + to.abs() + axis.len() as f64 + place.abs() + found.to_f64().abs();
                                let bound = u * (2.0 + found.to_f64().abs()) + f64::EPSILON / 2.0 * here;
                                assert!((found.to_f64() - (to - place)).abs() <= bound, "{}", say());
                                elsewhere += 1;
                            }
                            continue;
                        }
                        if sampler.padding.fills() && real.coverage.as_slice()[pixel] == <L::Real as Real>::ZERO {
                            // No pixel is read, because of this axis or another: the requested displacement, bit for bit.
                            assert_eq!(found.bits(), asked.as_slice()[i].bits(), "{}", say());
                            same += 1;
                            continue;
                        }
                        // Nearest: a whole pixel, unless the location is within rounding of a tie, where either is right.
                        let mut pixel = to.round_ties_even();
                        if sampler.padding == Padding::Wrap {
                            pixel = pixel.rem_euclid(axis.len() as f64);
                        }
                        let expected = <L::Real as Real>::from_f64(pixel - place);
                        if rest == Rest::Extent && !between.same_size() {
                            // The rest place is no float: pixel - place in f64 is rounded twice.
                            let near = (found.to_f64() - (pixel - place)).abs();
                            if near <= u * found.to_f64().abs() + f64::EPSILON * (pixel.abs() + place.abs()) {
                                elsewhere += 1;
                                continue;
                            }
                        } else if found == expected {
                            elsewhere += 1;
                            continue;
                        }
                        assert!((p - p.floor() - 0.5).abs() <= u + f64::EPSILON * p.abs(), "{}", say());
                        ties += 1;
                    }
                }
            }
        }
    }
    [same, elsewhere, ties]
}

#[test]
fn every_padding_moves_locations_as_written() {
    for [same, elsewhere, ties] in [rules::<f32>(121), rules::<f64>(122), rules::<displace::f16>(123)] {
        println!("{same} unmoved, {elsewhere} moved, {ties} rounded to the other pixel of a tie");
        // A tie made by rounding is a chance of 2^-24; the location itself may lie on one and then goes to the even pixel.
        assert!(same > 10_000 && elsewhere > 10_000 && ties < 10);
    }
}

#[test]
fn coverage_is_what_an_image_of_ones_gives() {
    let mut rng = Rng::new(124);
    for (source, destination) in [([9, 4], [80, 9]), ([1, 1], [40, 4]), ([300, 2], [90, 3])] {
        for extent in EXTENTS {
            let shape = Shape { n: 1, c: 2, size: destination };
            let numbers: Vec<f32> = (0..shape.elements().unwrap())
                .map(|_| {
                    if rng.below(9) == 0 {
                        rng.pick(&[1.0, -1.0, 0.0, 1e30, f32::INFINITY, f32::NAN])
                    } else {
                        rng.within(-1.5, 1.5) as f32
                    }
                })
                .collect();
            let lattice = Lattice::from_xy(source, extent).unwrap();
            let grid = Grid::new(View::interleaved(&numbers, shape).unwrap(), lattice).unwrap();
            let ones = vec![1.0f32; source[0] * source[1]];
            let image = View::planar(&ones, Shape { n: 1, c: 1, size: source }).unwrap();
            for interp in [Interp::Nearest, Interp::Linear] {
                let sampler = Sampler::new(interp, Padding::Zeros);
                let real = effective_displacement(&grid, Some(Rest::Index), sampler).unwrap();
                let seen = sample(&image, &grid.into(), sampler).unwrap();
                for (pixel, (cover, seen)) in real.coverage.as_slice().iter().zip(seen.as_slice()).enumerate() {
                    let at = &numbers[pixel * 2..][..2];
                    if seen.is_nan() {
                        // No location: nothing is read.
                        assert!(
                            *cover == 0.0
                                && at
                                    .iter()
                                    .enumerate()
                                    .any(|(k, g)| lattice.axes()[k].px_from_norm(displace::Norm(*g)).0.is_nan())
                        );
                        continue;
                    }
                    // Two axes, each a weight or a sum of weights: a handful of roundings of numbers up to 1.
                    assert!((cover - seen).abs() <= 4.0 * f32::EPSILON, "{sampler:?} {extent:?} {at:?}: {cover} {seen}");
                    assert_eq!(
                        (*cover == 0.0, *cover == 1.0),
                        (*seen == 0.0, *seen == 1.0),
                        "{sampler:?} {extent:?} {at:?}: {cover} {seen}"
                    );
                    let inside = (0..2).all(|k| {
                        let axis = lattice.axes()[k];
                        (0.0..=axis.len() as f64 - 1.0).contains(&f64::from(at[k]).mul_add(axis.slope(), axis.middle()))
                    });
                    assert!(!inside || *cover == 1.0);
                }
            }
            // Where padding reads pixels, everything that is read is covered.
            for padding in [Padding::Border, Padding::Reflection, Padding::Wrap] {
                for interp in crate::common::MODES {
                    let real = effective_displacement(&grid, Some(Rest::Index), Sampler::new(interp, padding)).unwrap();
                    for (pixel, cover) in real.coverage.as_slice().iter().enumerate() {
                        let read = !real.field.as_slice()[2 * pixel].is_nan();
                        assert_eq!(*cover, if read { 1.0 } else { 0.0 }, "{padding:?} {interp:?}");
                    }
                }
            }
        }
    }
}
