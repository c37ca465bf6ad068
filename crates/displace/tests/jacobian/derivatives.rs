//! Derivatives by closed forms, by a slow writing, and over threads and strides.

use crate::common::{Float, Rng};
use crate::make::{between, field, noise, pixels};
use displace::{
    Extent, Field, FieldView, Real, Rest, Scheme, Shape, Spacing, Strain, Strides, View, curl, divergence, jacobian,
    jacobian_determinant, set_num_threads, strain,
};
use std::num::NonZeroUsize;

const SCHEMES: [Scheme; 3] = [Scheme::Central, Scheme::Forward, Scheme::Backward];

#[test]
fn linear_maps() {
    // d = A x: every scheme is exact everywhere.
    let a = [[0.5, -0.25, 1.0], [0.125, -0.5, 0.0], [2.0, 0.25, -1.5]];
    let map: Field<f64, 3> = field([4, 3, 5], |p| a.map(|row| row.iter().zip(p).map(|(a, x)| a * x as f64).sum()));
    for scheme in SCHEMES {
        let matrices = jacobian(&map.view(), Spacing::pixels(), scheme).expect("matrices");
        for matrix in matrices.as_slice().chunks(9) {
            let expected: Vec<f64> = (0..9).map(|at| a[at / 3][at % 3] + f64::from(u8::from(at / 3 == at % 3))).collect();
            assert_eq!(matrix, expected);
        }
        // det(1 + A), by hand: 1.5 (0.5 x -0.5 - 0) + 0.25 (0.125 x -0.5 - 0) + 1 (0.125 x 0.25 - 0.5 x 2).
        let determinant = jacobian_determinant(&map.view(), Spacing::pixels(), scheme).expect("determinants");
        assert!(determinant.as_slice().iter().all(|d| *d == -0.375 - 0.015_625 - 0.968_75));
        assert!(divergence(&map.view(), Spacing::pixels(), scheme).expect("numbers").as_slice().iter().all(|d| *d == -1.5));
        let curls = curl(&map.view(), Spacing::pixels(), scheme).expect("vectors");
        assert!(curls.as_slice().chunks(3).all(|c| c == [0.25, -1.0, 0.375]));
    }
    let turned: Field<f64, 2> = field([4, 3], |[x, y]| [-0.5 * y as f64, 0.5 * x as f64]);
    assert!(curl(&turned.view(), Spacing::pixels(), Scheme::Central).expect("numbers").as_slice().iter().all(|c| *c == 1.0));
}

#[test]
fn schemes_by_hand() {
    // d = x^2: slopes 1, 2, 4, 5 by central differences with one-sided ends; 1, 3, 5, 5 forward; 1, 1, 3, 5 backward.
    let square: Field<f64, 2> = field([4, 1], |[x, _]| [(x * x) as f64, 0.0]);
    for (scheme, expected) in SCHEMES.into_iter().zip([[1.0, 2.0, 4.0, 5.0], [1.0, 3.0, 5.0, 5.0], [1.0, 1.0, 3.0, 5.0]]) {
        assert_eq!(divergence(&square.view(), Spacing::pixels(), scheme).expect("numbers").as_slice(), expected);
        let determinant = jacobian_determinant(&square.view(), Spacing::pixels(), scheme).expect("numbers");
        assert_eq!(determinant.as_slice(), expected.map(|slope| slope + 1.0));
    }
}

#[test]
fn turns_have_no_green_lagrange_strain() {
    let (sin, cos) = 0.6f64.sin_cos();
    let turn: Field<f64, 2> = field([5, 6], |[x, y]| {
        let (x, y) = (x as f64, y as f64);
        [cos * x - sin * y - x, sin * x + cos * y - y]
    });
    let of = |kind| strain(&turn.view(), Spacing::pixels(), Scheme::Central, kind).expect("matrices");
    assert!(of(Strain::GreenLagrange).as_slice().iter().all(|e| e.abs() < 1e-14));
    let small = of(Strain::Small);
    assert!(small.as_slice().chunks(4).all(|e| (e[0] - (cos - 1.0)).abs() < 1e-14 && e[1].abs() < 1e-14));
    // Stretched to 1.5 along x: 0.5, and (2.25 - 1)/2.
    let stretch: Field<f64, 2> = field([3, 3], |[x, _]| [0.5 * x as f64, 0.0]);
    let of = |kind| strain(&stretch.view(), Spacing::pixels(), Scheme::Forward, kind).expect("matrices").as_slice()[0];
    assert_eq!((of(Strain::Small), of(Strain::GreenLagrange)), (0.5, 0.625));
}

#[test]
fn spacing_and_sizes() {
    // Pixels of 2 x 0.5: a shear by 0.25 pixels of x a pixel of y is 1 length a length.
    let shear: Field<f64, 2> = field([3, 3], |[_, y]| [0.25 * y as f64, 0.0]);
    let spacing = Spacing::same([2.0, 0.5]).expect("lengths");
    assert_eq!(jacobian(&shear.view(), spacing, Scheme::Central).expect("matrices").as_slice()[..4], [1.0, 1.0, 0.0, 1.0]);
    // A plain resize: its ratio, whatever the rest; 1 if the pixels are as much larger.
    for rest in [Rest::Index, Rest::Extent] {
        let by = |[x, y]: [usize; 2]| match rest {
            Rest::Index => [x as f64 + 0.5, 0.5 * y as f64 + 0.25],
            Rest::Extent => [0.0; 2],
        };
        let map: Field<f64, 2> = between([6, 6], [3, 4], Extent::Edges, Some(rest), by);
        let determinant = |spacing| jacobian_determinant(&map.view(), spacing, Scheme::Central).expect("numbers");
        assert!(determinant(Spacing::pixels()).as_slice().iter().all(|d| *d == 3.0));
        let lengths = Spacing::new([1.0, 1.0], [2.0, 1.5]).expect("lengths");
        assert!(determinant(lengths).as_slice().iter().all(|d| (d - 1.0).abs() < 1e-15));
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Spacing::same([1.0, bad]).expect_err("no length").to_string().contains("positive, finite"));
    }
}

/// Every number again, one at a time.
fn slow<T: Real + Float, const D: usize>(field: &FieldView<'_, T, D>, scheme: Scheme, lengths: [[f64; D]; 2]) -> Vec<T> {
    let size = field.between().destination();
    let one = |pixel: [usize; D]| {
        let slope = |i: usize, k: usize| {
            let (len, j) = (size[k], pixel[k]);
            let at = |j: usize| {
                let mut pixel = pixel;
                pixel[k] = j;
                *field.by().get(0, i, pixel).expect("inside")
            };
            let slope = match (scheme, j) {
                _ if len == 1 => T::ZERO,
                (_, 0) => at(1) - at(0),
                (_, j) if j == len - 1 => at(j) - at(j - 1),
                (Scheme::Central, j) => (at(j + 1) - at(j - 1)) / T::near(2.0),
                (Scheme::Forward, j) => at(j + 1) - at(j),
                (Scheme::Backward, j) => at(j) - at(j - 1),
            };
            let slope = if i == k { slope + T::near(1.0) } else { slope };
            slope * T::near(lengths[0][i] / lengths[1][k])
        };
        let m: [[T; D]; D] = std::array::from_fn(|i| std::array::from_fn(|k| slope(i, k)));
        if D == 2 {
            return m[0][0] * m[1][1] - m[0][1] * m[1][0];
        }
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    };
    pixels(size).into_iter().map(one).collect()
}

fn compare<T: Real + Float, const D: usize>(size: [usize; D], rng: &mut Rng) {
    let map: Field<T, D> = noise(size, 2.0, rng);
    for scheme in SCHEMES {
        let lengths = [std::array::from_fn(|k| 0.3 + k as f64), std::array::from_fn(|k| 1.7 - 0.4 * k as f64)];
        let scaled = slow(&map.view(), scheme, lengths);
        let spacing = Spacing::new(lengths[0], lengths[1]).expect("lengths");
        assert_eq!(jacobian_determinant(&map.view(), spacing, scheme).expect("numbers").as_slice(), scaled, "{size:?} {scheme:?}");
        let expected = slow(&map.view(), scheme, [[1.0; D]; 2]);
        for threads in [1, 2] {
            set_num_threads(NonZeroUsize::new(threads));
            let found = jacobian_determinant(&map.view(), Spacing::pixels(), scheme).expect("numbers");
            set_num_threads(None);
            assert_eq!(found.as_slice(), expected, "{size:?} {scheme:?}");
        }
        // Component planes one after the other.
        let planar: Vec<T> = (0..D).flat_map(|k| map.as_slice().iter().skip(k).step_by(D).copied()).collect();
        let mut step = 1;
        let strides = size.map(|len| {
            let this = step;
            step *= len as isize;
            this
        });
        let shape = Shape { n: 1, c: D, size };
        let view = View::strided(&planar, 0, shape, Strides { n: 0, c: step, size: strides }).expect("a view");
        let view = FieldView::new(view, *map.between().source(), None).expect("a field");
        assert_eq!(jacobian_determinant(&view, Spacing::pixels(), scheme).expect("numbers").as_slice(), expected);
    }
}

#[test]
fn every_size_and_type() {
    let mut rng = Rng::new(50);
    for size in [[1, 1], [2, 1], [1, 5], [3, 3], [200, 190]] {
        compare::<f32, 2>(size, &mut rng);
        compare::<f64, 2>(size, &mut rng);
    }
    for size in [[1, 2, 3], [33, 34, 35]] {
        compare::<f32, 3>(size, &mut rng);
        compare::<f64, 3>(size, &mut rng);
    }
    let none: Field<f32, 2> = between([3, 3], [0, 3], Extent::Edges, Some(Rest::Index), |_| [0.0; 2]);
    assert!(jacobian(&none.view(), Spacing::pixels(), Scheme::Central).expect("nothing").as_slice().is_empty());
}
