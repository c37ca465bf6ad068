//! Composition by closed forms, and with inverses.

use crate::common::Rng;
use crate::make::{between, exact, field, noise, pixels, waves};
use displace::{Between, Extent, Field, Interp, Lattice, Padding, Rest, Sampler, compose};

const BORDER: Sampler = Sampler::new(Interp::Linear, Padding::Border);

#[test]
fn a_field_with_zero_is_itself() {
    let mut rng = Rng::new(20);
    let map: Field<f32, 2> = noise([30, 21], 2.0, &mut rng);
    let zero: Field<f32, 2> = field([30, 21], |_| [0.0; 2]);
    assert_eq!(compose(&map.view(), &zero.view(), BORDER, None).expect("fits"), map);
    assert_eq!(compose(&zero.view(), &map.view(), BORDER, None).expect("fits"), map);
    let map: Field<f64, 3> = noise([5, 6, 7], 2.0, &mut rng);
    let zero: Field<f64, 3> = field([5, 6, 7], |_| [0.0; 3]);
    assert_eq!(compose(&zero.view(), &map.view(), BORDER, None).expect("fits"), map);
}

#[test]
fn linear_maps_compose_to_linear_maps() {
    // x -> x/2 + 5 and then 3x/4 + 2: inside all the way, 3x/8 + 5.75.
    let size = [21, 11];
    let inner: Field<f64, 2> = field(size, |p| p.map(|i| 5.0 - 0.5 * i as f64));
    let outer: Field<f64, 2> = field(size, |p| p.map(|i| 2.0 - 0.25 * i as f64));
    let both = compose(&outer.view(), &inner.view(), BORDER, None).expect("fits");
    for pixel in pixels(size).into_iter().filter(|p| p[1] <= 10) {
        for k in 0..2 {
            let x = pixel[k] as f64;
            let by = *both.by().get(0, k, pixel).expect("inside");
            assert!((by - (5.75 - 0.625 * x)).abs() < 1e-14, "{pixel:?} {by}");
        }
    }
}

/// Through lattices of other sizes: the same places, whatever displacements count from.
#[test]
fn sizes_and_rests() {
    let mut rng = Rng::new(21);
    for extent in [Extent::Edges, Extent::Centers] {
        for (outer_rest, inner_rest) in
            [(Rest::Index, Rest::Index), (Rest::Extent, Rest::Extent), (Rest::Index, Rest::Extent), (Rest::Extent, Rest::Index)]
        {
            let (source, middle, last) = ([9usize, 14], [20usize, 10], [13usize, 17]);
            let by = |rng: &mut Rng| [rng.within(0.0, 1.0), rng.within(0.0, 1.0)];
            let outer: Field<f64, 2> = between(source, middle, extent, Some(outer_rest), |_| by(&mut rng));
            let inner: Field<f64, 2> = between(middle, last, extent, Some(inner_rest), |_| by(&mut rng));
            let both = compose(&outer.view(), &inner.view(), BORDER, Some(Rest::Extent)).expect("fits");
            for pixel in pixels(last) {
                let rest = |between: &Between<2>, k: usize, j: usize| between.rest_place(k, j).to_f64();
                let p: [f64; 2] =
                    std::array::from_fn(|k| rest(inner.between(), k, pixel[k]) + inner.by().get(0, k, pixel).expect("inside"));
                // The outer map at p, by hand: bilinear displacement at the nearest place, rest at p itself.
                let at: [f64; 2] = std::array::from_fn(|k| p[k].clamp(0.0, middle[k] as f64 - 1.0));
                let cell: [usize; 2] = std::array::from_fn(|k| (at[k] as usize).min(middle[k] - 2));
                for k in 0..2 {
                    let value = |dx: usize, dy: usize| *outer.by().get(0, k, [cell[0] + dx, cell[1] + dy]).expect("inside");
                    let (u, v) = (at[0] - cell[0] as f64, at[1] - cell[1] as f64);
                    let by =
                        (1.0 - v) * ((1.0 - u) * value(0, 0) + u * value(1, 0)) + v * ((1.0 - u) * value(0, 1) + u * value(1, 1));
                    let (start, next) = (rest(outer.between(), k, 0), rest(outer.between(), k, 1));
                    let expected = start + (next - start) * p[k] + by;
                    let found = rest(both.between(), k, pixel[k]) + both.by().get(0, k, pixel).expect("inside");
                    assert!(
                        (found - expected).abs() < 1e-12,
                        "{extent:?} {outer_rest:?} {inner_rest:?} {pixel:?}: {found} {expected}"
                    );
                }
            }
        }
    }
    let outer: Field<f64, 2> = between([4, 4], [5, 4], Extent::Edges, Some(Rest::Index), |_| [0.0; 2]);
    let inner: Field<f64, 2> = between([5, 4], [6, 6], Extent::Edges, Some(Rest::Extent), |_| [0.0; 2]);
    assert!(compose(&outer.view(), &inner.view(), BORDER, None).expect_err("two rests").to_string().contains("\"index\""));
    let error = compose(&inner.view(), &outer.view(), BORDER, None).expect_err("sizes").to_string();
    assert!(error.contains("6x6") && error.contains("4x4"), "{error}");
}

/// `phi(psi(q)) = q`: the map after its inverse displaces nothing, to the rounding of one reading.
#[test]
fn a_map_undoes_its_inverse() {
    let mut rng = Rng::new(22);
    for folded in [false, true] {
        let map: Field<f64, 2> = waves([70, 60], if folded { 14.0 } else { 2.5 }, 30.0, &mut rng);
        let inverse = exact(&map);
        let none = compose(&map.view(), &inverse.field.view(), BORDER, None).expect("fits");
        let mut seen = 0;
        for (by, valid) in none.as_slice().chunks(2).zip(inverse.valid.as_slice()) {
            assert!(!valid || by.iter().all(|by| by.abs() < 1e-9), "{by:?}");
            seen += usize::from(*valid);
        }
        assert!(seen > 2000, "{seen}");
    }
    let map: Field<f32, 3> = waves([20, 21, 22], 1.0, 15.0, &mut rng);
    let inverse = exact(&map);
    let none = compose(&map.view(), &inverse.field.view(), BORDER, None).expect("fits");
    let pairs = none.as_slice().chunks(3).zip(inverse.valid.as_slice());
    assert!(pairs.filter(|(_, valid)| **valid).all(|(by, _)| by.iter().all(|by| by.abs() < 1e-5)));
    // The other way round the inverse is interpolated between source pixels: an eighth of its second differences.
    let back = compose(&inverse.field.view(), &map.view(), BORDER, None).expect("fits");
    let inner = pixels([20, 21, 22]).into_iter().filter(|p| (0..3).all(|k| (4..16).contains(&p[k])));
    for pixel in inner {
        for k in 0..3 {
            let by = *back.by().get(0, k, pixel).expect("inside");
            assert!(by.abs() < 0.1, "{pixel:?} {by}");
        }
    }
}

#[test]
fn what_lies_outside_is_named() {
    let size = [6, 1];
    let inner: Field<f32, 2> = field(size, |_| [4.0, 0.0]);
    let outer: Field<f32, 2> = field(size, |[x, _]| [x as f64, 0.0]);
    let x = |padding| {
        let both = compose(&outer.view(), &inner.view(), Sampler::new(Interp::Linear, padding), None).expect("fits");
        both.as_slice().iter().step_by(2).copied().collect::<Vec<f32>>()
    };
    assert_eq!(x(Padding::Border), [8.0, 9.0, 9.0, 9.0, 9.0, 9.0]);
    assert_eq!(x(Padding::Zeros), [8.0, 9.0, 4.0, 4.0, 4.0, 4.0]);
    assert!(x(Padding::Constant(f64::NAN))[2..].iter().all(|by| by.is_nan()));
}

#[test]
fn batches() {
    let mut rng = Rng::new(23);
    let lattice = Lattice::from_xy([5, 4], Extent::Edges).expect("a lattice");
    let pair = Between::new(lattice, [5, 4], None).expect("a rest");
    let many = |n: usize, rng: &mut Rng| {
        Field::from_vec((0..n * 40).map(|_| rng.within(-1.0, 1.0)).collect::<Vec<f64>>(), n, pair).expect("a field")
    };
    let (one, three) = (many(1, &mut rng), many(3, &mut rng));
    for (outer, inner) in [(&one, &three), (&three, &one)] {
        let all = compose(&outer.view(), &inner.view(), BORDER, None).expect("fits");
        assert_eq!(all.n(), 3);
        let of = |field: &Field<f64, 2>, n: usize| {
            let n = if field.n() == 1 { 0 } else { n };
            Field::from_vec(field.as_slice()[n * 40..(n + 1) * 40].to_vec(), 1, pair).expect("a field")
        };
        for n in 0..3 {
            let single = compose(&of(outer, n).view(), &of(inner, n).view(), BORDER, None).expect("fits");
            assert_eq!(single.as_slice(), &all.as_slice()[n * 40..(n + 1) * 40]);
        }
    }
    let two = many(2, &mut rng);
    assert!(compose(&two.view(), &three.view(), BORDER, None).expect_err("2 and 3").to_string().contains("2 outer fields and 3"));
}
