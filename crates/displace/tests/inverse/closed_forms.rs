//! Maps whose inverse is known.

use crate::common::Rng;
use crate::make::{between, exact, field, pixels};
use displace::{Branch, Extent, Field, InvertOptions, Rest, bf16, f16, invert};

#[test]
fn the_identity_inverts_to_zero() {
    let zero: Field<f32, 2> = field([33, 70], |_| [0.0; 2]);
    let inverse = exact(&zero);
    assert!(inverse.field.as_slice().iter().all(|by| *by == 0.0));
    assert!(inverse.count.as_slice().iter().all(|count| *count == 1));
    assert!(inverse.valid.as_slice().iter().all(|valid| *valid));
    assert!(inverse.residual.as_slice().iter().all(|residual| *residual == 0.0));
    let zero: Field<f64, 3> = field([9, 10, 18], |_| [0.0; 3]);
    let inverse = exact(&zero);
    assert!(inverse.field.as_slice().iter().all(|by| *by == 0.0));
    assert!(inverse.count.as_slice().iter().all(|count| *count == 1));
    // A plain resize rests everywhere, so its inverse does too: from 12x6 pixels to 4x3 and back.
    for extent in [Extent::Edges, Extent::Centers] {
        let zero: Field<f32, 2> = between([6, 12], [3, 4], extent, Some(Rest::Extent), |_| [0.0; 2]);
        let inverse = exact(&zero);
        assert_eq!(inverse.field.between().source().size(), [3, 4]);
        assert_eq!(inverse.field.between().destination(), [6, 12]);
        let valid = inverse.valid.as_slice();
        assert!(inverse.field.as_slice().chunks(2).zip(valid).all(|(by, valid)| by == [0.0; 2] || !valid));
        // Between edges the destination's centres lie at 0.5, 2.5, 4.5 and at 1, 4, 7, 10: pixels 1 to 4 and 1 to 10 are reached.
        let inside = if extent == Extent::Edges { 4 * 10 } else { 6 * 12 };
        assert_eq!(valid.iter().filter(|valid| **valid).count(), inside, "{extent:?}");
    }
}

#[test]
fn a_constant_inverts_to_its_negative() {
    for by in [[0.3f32, -0.7], [1e-20, -3e-9], [5.0, -4.0], [12.345_678, 0.1]] {
        let constant: Field<f32, 2> = field([40, 37], |_| by.map(f64::from));
        let inverse = exact(&constant);
        for pixel in pixels([40, 37]) {
            let x: [f64; 2] = std::array::from_fn(|k| pixel[k] as f64 - f64::from(by[k]));
            // The map ends at the centres of the end pixels; 1e-20 is less than that is known to.
            let inside = x[0] >= -1e-12 && x[0] <= 39.0 + 1e-12 && x[1] >= -1e-12 && x[1] <= 36.0 + 1e-12;
            let valid = *inverse.valid.view().get(0, 0, pixel).expect("inside");
            assert_eq!(valid, inside, "{by:?} at {pixel:?}");
            assert_eq!(*inverse.count.view().get(0, 0, pixel).expect("inside"), u32::from(inside));
            for k in (0..2).filter(|_| valid) {
                assert_eq!(*inverse.field.by().get(0, k, pixel).expect("inside"), -by[k], "{by:?} at {pixel:?}");
            }
        }
    }
    let constant: Field<f64, 3> = field([8, 9, 10], |_| [0.1, 0.2, -0.3]);
    let inverse = exact(&constant);
    let by = inverse.field.as_slice().chunks(3).zip(inverse.valid.as_slice()).filter(|(_, valid)| **valid);
    assert_eq!(by.inspect(|(by, _)| assert_eq!(**by, [-0.1, -0.2, 0.3])).count(), 7 * 8 * 9);
}

/// `phi(x) = m x + t`, and its inverse where that lies inside.
fn affine<const D: usize>(size: [usize; D], m: [[f64; D]; D], back: [[f64; D]; D], t: [f64; D]) {
    let times = |m: &[[f64; D]; D], x: [f64; D]| -> [f64; D] { std::array::from_fn(|i| (0..D).map(|k| m[i][k] * x[k]).sum()) };
    let map: Field<f64, D> = field(size, |pixel| {
        let x = pixel.map(|i| i as f64);
        let image = times(&m, x);
        std::array::from_fn(|k| image[k] + t[k] - x[k])
    });
    let inverse = exact(&map);
    let mut inside = 0;
    for pixel in pixels(size) {
        let q = pixel.map(|i| i as f64);
        let x = times(&back, std::array::from_fn(|k| q[k] - t[k]));
        let margin = (0..D).map(|k| x[k].min(size[k] as f64 - 1.0 - x[k])).fold(f64::INFINITY, f64::min);
        let count = *inverse.count.view().get(0, 0, pixel).expect("inside");
        if margin.abs() > 1e-9 {
            assert_eq!(count, u32::from(margin > 0.0), "{pixel:?}");
        }
        if margin > 1e-9 {
            inside += 1;
            for k in 0..D {
                let by = *inverse.field.by().get(0, k, pixel).expect("inside");
                assert!((by - (x[k] - q[k])).abs() < 1e-11, "{pixel:?}: {by} for {}", x[k] - q[k]);
            }
        }
    }
    assert!(inside > 30, "{inside}");
}

#[test]
fn affine_maps() {
    let (sin, cos) = 0.7f64.sin_cos();
    let about = [30.0 - 30.0 * cos + 20.0 * sin, 20.0 - 30.0 * sin - 20.0 * cos];
    affine([61, 41], [[cos, -sin], [sin, cos]], [[cos, sin], [-sin, cos]], about);
    // A mirror, a quarter turn, a shrinking and a stretching map.
    affine([20, 30], [[-1.0, 0.0], [0.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]], [19.0, 0.0]);
    affine([20, 20], [[0.0, 1.0], [-1.0, 0.0]], [[0.0, -1.0], [1.0, 0.0]], [0.0, 19.0]);
    affine([20, 20], [[0.5, 0.0], [0.0, 0.25]], [[2.0, 0.0], [0.0, 4.0]], [1.0, 10.0]);
    affine([50, 50], [[7.0, 3.0], [1.0, 5.0]], [[5.0 / 32.0, -3.0 / 32.0], [-1.0 / 32.0, 7.0 / 32.0]], [-3.3, 0.1]);
    affine(
        [20, 21, 22],
        [[cos, -sin, 0.0], [sin, cos, 0.1], [0.0, 0.0, 1.0]],
        [[cos, sin, -0.1 * sin], [-sin, cos, -0.1 * cos], [0.0, 0.0, 1.0]],
        [9.0, -5.0, 0.3],
    );
    affine(
        [9, 9, 9],
        [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]],
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        [0.0; 3],
    );
}

/// A swirl about the middle turns back by the opposite swirl: the angle depends on the distance alone, which it keeps. The
/// interpolated map differs from it by the square of a pixel.
#[test]
fn a_swirl_turns_back() {
    let size = [101usize, 101];
    let turned = |x: [f64; 2], sign: f64| {
        let (dx, dy) = (x[0] - 50.0, x[1] - 50.0);
        let angle = sign * 1.5 * (-(dx * dx + dy * dy) / 400.0).exp();
        let (sin, cos) = angle.sin_cos();
        [50.0 + cos * dx - sin * dy, 50.0 + sin * dx + cos * dy]
    };
    let swirl: Field<f32, 2> = field(size, |pixel| {
        let x = pixel.map(|i| i as f64);
        let image = turned(x, 1.0);
        [image[0] - x[0], image[1] - x[1]]
    });
    let inverse = exact(&swirl);
    let mut worst = 0.0f64;
    for pixel in pixels(size).into_iter().filter(|pixel| pixel.iter().all(|i| (2..99).contains(i))) {
        let q = pixel.map(|i| i as f64);
        let x = turned(q, -1.0);
        assert_eq!(*inverse.count.view().get(0, 0, pixel).expect("inside"), 1);
        for k in 0..2 {
            worst = worst.max((f64::from(*inverse.field.by().get(0, k, pixel).expect("inside")) - (x[k] - q[k])).abs());
        }
    }
    // An eighth of the largest second derivative, about 1.5 / 10 here.
    assert!(worst < 0.03, "{worst}");
}

/// Monotone maps of a line, as images of one row.
#[test]
fn one_row_is_a_line() {
    // x -> x + x(20 - x)/40: from 0 to 20, slope 1.5 to 0.5.
    let line: Field<f64, 2> = field([21, 1], |[x, _]| [x as f64 * (20.0 - x as f64) / 40.0, 0.0]);
    let inverse = exact(&line);
    assert!(inverse.count.as_slice().iter().all(|count| *count == 1));
    for q in 0..21usize {
        // The places are linear between pixels: the cell by search, the rest by rule of three.
        let at = |x: usize| x as f64 + x as f64 * (20.0 - x as f64) / 40.0;
        let cell = (0..20).find(|x| at(*x) <= q as f64 && q as f64 <= at(x + 1)).expect("a cell");
        let x = cell as f64 + (q as f64 - at(cell)) / (at(cell + 1) - at(cell));
        let by = inverse.field.as_slice()[2 * q];
        assert!((by - (x - q as f64)).abs() < 1e-12, "{q}: {by}");
        assert_eq!(inverse.field.as_slice()[2 * q + 1], 0.0);
    }
    // What leaves the row reads nothing of it exactly.
    let off: Field<f64, 2> = field([21, 1], |_| [0.0, 0.25]);
    assert!(exact(&off).count.as_slice().iter().all(|count| *count == 0));
}

/// `x^2 / 20` about the middle: every pixel beyond the fold is read twice, at the fold once, before it never.
#[test]
fn a_fold_is_counted() {
    let size = [41usize, 5];
    let fold: Field<f64, 2> = field(size, |[x, _]| {
        let from = x as f64 - 20.0;
        [from * from / 20.0 + 10.0 - x as f64, 0.0]
    });
    let inverse = exact(&fold);
    for pixel in pixels(size) {
        let expected = match pixel[0] {
            0..10 => 0,
            10 => 1,
            11..=30 => 2,
            _ => 0,
        };
        assert_eq!(*inverse.count.view().get(0, 0, pixel).expect("inside"), expected, "{pixel:?}");
    }
    // The branch with positive Jacobian lies on the right of the fold, the first place on its left.
    let by = *inverse.field.by().get(0, 0, [20, 2]).expect("inside");
    assert!((20.0 + by - (20.0 + 200f64.sqrt())).abs() < 0.01, "{by}");
    let options = InvertOptions { branch: Branch::First, ..InvertOptions::default() };
    let first = invert(&fold.view().into(), options).expect("an inverse");
    let by = *first.field.by().get(0, 0, [20, 2]).expect("inside");
    assert!((20.0 + by - (20.0 - 200f64.sqrt())).abs() < 0.01, "{by}");
    let options = InvertOptions { branch: Branch::Nearest, ..InvertOptions::default() };
    let nearest = invert(&fold.view().into(), options).expect("an inverse");
    let by = *nearest.field.by().get(0, 0, [12, 2]).expect("inside");
    // The chord is off by an eighth of the second derivative, 1/80, which at a slope of 0.63 is 0.02 of a pixel.
    assert!((12.0 + by - (20.0 - 40f64.sqrt())).abs() < 0.02, "{by}");
}

/// Half types are read exactly and inverted in `f32`.
#[test]
fn every_type() {
    let by = |_| [0.5, -0.25];
    let single = exact(&field::<f32, 2>([9, 8], by));
    assert!(exact(&field::<f16, 2>([9, 8], by)).valid == single.valid);
    assert!(exact(&field::<bf16, 2>([9, 8], by)).count == single.count);
    let noisy = |seed| {
        let mut rng = Rng::new(seed);
        field::<f32, 2>([64, 64], |_| [rng.within(-40.0, 40.0), rng.within(-40.0, 40.0)])
    };
    let inverse = exact(&noisy(4));
    let worst = inverse.residual.as_slice().iter().zip(inverse.valid.as_slice()).filter(|(_, valid)| **valid);
    let worst = worst.map(|(residual, _)| *residual).fold(0.0, f32::max);
    assert!(worst > 0.0 && worst <= 1e-4, "{worst}");
}
