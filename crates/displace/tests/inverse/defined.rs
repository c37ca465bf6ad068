//! What has no pre-image, many, or no meaning: all of it is defined.

use crate::common::Rng;
use crate::make::{between, exact, field, pixels};
use displace::{Extent, Field, Grid, InvertOptions, Lattice, Locations, Rest, Shape, View, invert};

#[test]
fn nothing_finite_reads_nothing() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e9] {
        let broken: Field<f64, 2> = field([6, 6], |pixel| if pixel == [2, 3] { [bad, 0.0] } else { [0.0; 2] });
        let inverse = exact(&broken);
        for pixel in pixels([6, 6]) {
            // The pixel itself belongs to four cells, all of which are lost; its neighbours still belong to others.
            let lost = pixel == [2, 3];
            assert_eq!(*inverse.count.view().get(0, 0, pixel).expect("inside"), u32::from(!lost), "{bad} {pixel:?}");
        }
    }
    let nowhere: Field<f32, 3> = field([3, 4, 5], |_| [f64::NAN; 3]);
    assert!(exact(&nowhere).count.as_slice().iter().all(|count| *count == 0));
}

#[test]
fn what_leaves_the_view_is_not_found() {
    let away: Field<f32, 2> = field([9, 9], |_| [100.0, 0.0]);
    let inverse = exact(&away);
    assert!(inverse.count.as_slice().iter().all(|count| *count == 0));
    assert!(inverse.valid.as_slice().iter().all(|valid| !valid));
    assert!(inverse.field.as_slice().iter().all(|by| by.is_nan()));
    assert!(inverse.residual.as_slice().iter().all(|residual| residual.is_nan()));
}

/// Clamped grids collapse at their rims: the rim's pixels are read from there.
#[test]
fn clamped_maps_keep_their_rims() {
    let size = [80usize, 60];
    let clamped: Field<f32, 2> = field(size, |[x, y]| {
        let to = (x as f64 * 1.5 - 20.0).clamp(0.0, 79.0);
        [to - x as f64, 0.25 * f64::from(u8::from(y < 30))]
    });
    let inverse = exact(&clamped);
    for pixel in pixels(size).into_iter().filter(|pixel| (1..30).contains(&pixel[1]) || pixel[1] > 31) {
        assert!(*inverse.valid.view().get(0, 0, pixel).expect("inside"), "{pixel:?}");
        let count = *inverse.count.view().get(0, 0, pixel).expect("inside");
        let rim = pixel[0] == 0 || pixel[0] == 79;
        assert!(if rim { count > 1 } else { count == 1 }, "{pixel:?}: {count}");
    }
    // Everything reads one pixel: as many places as there are cells.
    let point: Field<f64, 2> = field([40, 40], |[x, y]| [7.0 - x as f64, 9.0 - y as f64]);
    let inverse = exact(&point);
    assert_eq!(inverse.count.as_slice().iter().filter(|count| **count > 0).count(), 1);
    assert_eq!(*inverse.count.view().get(0, 0, [7, 9]).expect("inside"), 39 * 39);
    assert!(*inverse.valid.view().get(0, 0, [7, 9]).expect("inside"));
    let point: Field<f64, 3> = field([5, 5, 5], |pixel| pixel.map(|i| 2.0 - i as f64));
    assert_eq!(*exact(&point).count.view().get(0, 0, [2, 2, 2]).expect("inside"), 64);
}

#[test]
fn axes_of_one_pixel() {
    let dot: Field<f32, 2> = field([1, 1], |_| [0.0; 2]);
    let inverse = exact(&dot);
    assert_eq!((inverse.count.as_slice(), inverse.field.as_slice()), (&[1][..], &[0.0, 0.0][..]));
    let off: Field<f32, 2> = field([1, 1], |_| [0.25, 0.0]);
    assert_eq!(exact(&off).count.as_slice(), [0]);
    let column: Field<f32, 2> = field([1, 9], |_| [0.0, 0.5]);
    assert_eq!(exact(&column).count.as_slice(), [0, 1, 1, 1, 1, 1, 1, 1, 1]);
    let slice: Field<f64, 3> = field([4, 5, 1], |_| [0.5, 0.0, 0.0]);
    assert_eq!(exact(&slice).count.as_slice().iter().sum::<u32>(), 3 * 5);
    let thread: Field<f64, 3> = field([1, 1, 6], |_| [0.0, 0.0, -1.0]);
    assert_eq!(exact(&thread).count.as_slice(), [1, 1, 1, 1, 1, 0]);
    // One pixel that reads one of three: between centres it rests in the middle.
    for (rest, at) in [(Rest::Index, 0), (Rest::Extent, 1)] {
        let one: Field<f64, 2> = between([3, 3], [1, 1], Extent::Centers, Some(rest), |_| [0.0; 2]);
        let inverse = exact(&one);
        let expected: Vec<u32> = pixels([3, 3]).into_iter().map(|pixel| u32::from(pixel == [at, at])).collect();
        assert_eq!(inverse.count.as_slice(), expected, "{rest:?}");
    }
}

/// A grid, a pixel map and a field that say the same have the same inverse.
#[test]
fn the_three_languages() {
    let mut rng = Rng::new(5);
    let source = Lattice::from_xy([16, 8], Extent::Edges).expect("a lattice");
    let shape = Shape { n: 1, c: 2, size: [32, 16] };
    // Multiples of 1/16 are exact in every language.
    let map: Vec<f64> = pixels([32, 16])
        .into_iter()
        .flat_map(|[x, y]| [x as f64 / 2.0 - 0.25, y as f64 / 2.0 - 0.25])
        .map(|place| place + (rng.below(5) as f64 - 2.0) / 16.0)
        .collect();
    let grid: Vec<f64> = map.chunks(2).flat_map(|p| [(p[0] + 0.5) / 8.0 - 1.0, (p[1] + 0.5) / 4.0 - 1.0]).collect();
    let options = InvertOptions { rest: Some(Rest::Extent), ..InvertOptions::default() };
    let pixel_map = Locations::pixels(View::interleaved(&map, shape).expect("a view"), source).expect("a map");
    let from_map = invert(&pixel_map, options).expect("an inverse");
    let grid = Grid::new(View::interleaved(&grid, shape).expect("a view"), source).expect("a grid");
    let from_grid = invert(&grid.into(), options).expect("an inverse");
    assert_eq!(from_map.count, from_grid.count);
    let by: Field<f64, 2> = between([16, 8], [32, 16], Extent::Edges, Some(Rest::Extent), |[x, y]| {
        let at = 2 * (y * 32 + x);
        [map[at] - (x as f64 / 2.0 - 0.25), map[at + 1] - (y as f64 / 2.0 - 0.25)]
    });
    let from_field = exact(&by);
    assert_eq!(from_map.count, from_field.count);
    for (a, b) in from_map.field.as_slice().iter().zip(from_field.field.as_slice()) {
        assert!((a - b).abs() < 1e-12 || (a.is_nan() && b.is_nan()));
    }
    let error = invert(&pixel_map, InvertOptions::default()).expect_err("sizes differ").to_string();
    assert!(error.contains("\"index\"") && error.contains("8x16") && error.contains("16x32"), "{error}");
}

#[test]
fn an_empty_destination_is_an_error() {
    let none: Field<f32, 2> = between([3, 3], [0, 3], Extent::Edges, Some(Rest::Index), |_| [0.0; 2]);
    let error = invert(&none.view().into(), InvertOptions::default()).expect_err("empty").to_string();
    assert!(error.contains("axis of 0 pixels"), "{error}");
}

/// Back and forth: what the inverse reads through the map is the pixel itself, and the inverse of the inverse is the map.
#[test]
fn the_inverse_of_the_inverse_is_the_map() {
    let size = [90usize, 70];
    let map: Field<f64, 2> = field(size, |[x, y]| {
        let (x, y) = (x as f64 / 89.0, y as f64 / 69.0);
        // Zero on the border, so that everything stays inside.
        let bump = 16.0 * x * (1.0 - x) * y * (1.0 - y);
        [6.0 * bump * (3.0 * y).sin(), -5.0 * bump * (4.0 * x).cos()]
    });
    let inverse = exact(&map);
    assert!(inverse.valid.as_slice().iter().all(|valid| *valid));
    let back = exact(&inverse.field);
    let worst = back.field.as_slice().iter().zip(map.as_slice()).map(|(a, b)| (a - b).abs());
    // Both are interpolated, each between other points: they differ by second derivatives.
    let worst = worst.fold(0.0, f64::max);
    assert!(worst < 0.05, "{worst}");
}

/// Whatever bits a file may hold: nothing panics, and what is called valid is.
#[test]
fn any_bits_at_all() {
    let mut rng = Rng::new(10);
    for round in 0..60 {
        let size = [1 + rng.below(7), 1 + rng.below(7)];
        // Mostly ordinary numbers with anything among them, or nothing but anything.
        let ordinary = round % 3 != 0;
        let by = |rng: &mut Rng| {
            if ordinary && rng.below(9) > 0 { rng.within(-3.0, 3.0) } else { f64::from(f32::from_bits(rng.bits() as u32)) }
        };
        let map: Field<f32, 2> = field(size, |_| [by(&mut rng), by(&mut rng)]);
        let inverse = exact(&map);
        for (residual, valid) in inverse.residual.as_slice().iter().zip(inverse.valid.as_slice()) {
            assert_eq!(*valid, *residual <= 1e-4);
        }
        let volume: Field<f32, 3> = field([size[0], size[1], 3], |_| [by(&mut rng), by(&mut rng), by(&mut rng)]);
        exact(&volume);
        assert!(displace::folding(&volume.view()).is_ok() && displace::folding(&map.view()).is_ok());
        let points = [[0.5, 0.25], [f64::from(f32::from_bits(rng.bits() as u32)), 1.0]];
        for direction in [displace::Direction::Pull, displace::Direction::Push] {
            let at = map.view().into();
            assert!(displace::transform_points(&points, &at, 0, direction, displace::Branch::Nearest).is_ok());
        }
        for method in [displace::Method::Newton(displace::Stop::default()), displace::Method::FixedPoint(displace::Stop::default())]
        {
            let options = InvertOptions { method, ..InvertOptions::default() };
            assert!(invert(&map.view().into(), options).is_ok());
        }
        if let Ok(flow) = displace::exp(&map.view(), displace::ExpOptions::default()) {
            assert_eq!(flow.field.as_slice().len(), map.as_slice().len());
        }
    }
}
