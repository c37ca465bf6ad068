//! Other resolutions of the same map.

use crate::common::Rng;
use crate::make::{between, field, pixels};
use displace::{Between, Extent, Field, Grid, Lattice, Rest, Shape, View, resize, resize_grid};

/// A map that is linear in the frame is the same at every resolution.
#[test]
fn linear_maps_keep_their_places() {
    for extent in [Extent::Edges, Extent::Centers] {
        for rest in [Rest::Index, Rest::Extent] {
            for (source, destination) in [([12usize, 9], [6usize, 7]), ([5, 5], [5, 5]), ([30, 4], [17, 23])] {
                // Normalised: x' = x/2 + 0.1, y' = 0.9 y - 0.05 x.
                let at = |source: [usize; 2], destination: [usize; 2]| -> Field<f64, 2> {
                    let lattice = Lattice::from_xy(source, extent).expect("a lattice");
                    let pair = Between::new(lattice, destination, Some(rest)).expect("a rest");
                    let own = Lattice::from_xy(destination, extent).expect("a lattice");
                    between(source, destination, extent, Some(rest), |pixel| {
                        let g: [f64; 2] =
                            std::array::from_fn(|k| own.axes()[k].norm_from_px(displace::Px(pixel[k] as f64)).expect("not flat").0);
                        let to = [g[0] / 2.0 + 0.1, 0.9 * g[1] - 0.05 * g[0]];
                        std::array::from_fn(|k| {
                            lattice.axes()[k].px_from_norm(displace::Norm(to[k])).0 - pair.rest_place(k, pixel[k]).to_f64()
                        })
                    })
                };
                let resized = resize(&at([8, 6], [10, 11]).view(), destination, source, Some(rest)).expect("a field");
                let expected = at(source, destination);
                assert_eq!(resized.between(), expected.between());
                for (a, b) in resized.as_slice().iter().zip(expected.as_slice()) {
                    assert!((a - b).abs() < 1e-12, "{extent:?} {rest:?} {source:?} {destination:?}: {a} {b}");
                }
            }
        }
    }
}

#[test]
fn the_same_size_is_the_same_field() {
    let map: Field<f32, 3> = field([4, 5, 6], |p| [p[0] as f64 * 0.3, p[1] as f64 - 0.1, (p[2] as f64).sin()]);
    assert_eq!(resize(&map.view(), [4, 5, 6], [4, 5, 6], None).expect("a field"), map);
}

/// Twice as fine and back: the coarse pixels lie between fine ones, on a line with them.
#[test]
fn there_and_back_does_not_shift() {
    for extent in [Extent::Edges, Extent::Centers] {
        let map: Field<f64, 2> = between([8, 8], [8, 8], extent, None, |p| [0.3 * p[1] as f64, -0.2 * p[0] as f64]);
        let fine = resize(&map.view(), [16, 16], [16, 16], None).expect("a field");
        let back = resize(&fine.view(), [8, 8], [8, 8], None).expect("a field");
        for (a, b) in back.as_slice().iter().zip(map.as_slice()) {
            assert!((a - b).abs() < 1e-13, "{extent:?}: {a} {b}");
        }
    }
}

#[test]
fn grids_say_the_same_as_fields() {
    for extent in [Extent::Edges, Extent::Centers] {
        let source = Lattice::from_xy([7, 9], extent).expect("a lattice");
        let values: Vec<f64> =
            pixels([4, 5]).into_iter().flat_map(|[x, y]| [(x * x) as f64 * 0.05, 0.2 - (x * y) as f64 * 0.03]).collect();
        let grid =
            Grid::new(View::interleaved(&values, Shape { n: 1, c: 2, size: [4, 5] }).expect("a view"), source).expect("a grid");
        let resized = resize_grid(&grid, [9, 8]).expect("a grid");
        let again = Grid::new(resized.view(), source).expect("a grid");
        let of = |grid: &Grid<'_, f64, 2>| {
            displace::displacement(grid, Some(Rest::Extent), displace::Arithmetic::Exact).expect("a field")
        };
        let field = resize(&of(&grid).view(), [9, 8], [7, 9], Some(Rest::Extent)).expect("a field");
        for (a, b) in of(&again).as_slice().iter().zip(field.as_slice()) {
            assert!((a - b).abs() < 1e-13, "{extent:?}: {a} {b}");
        }
    }
}

/// Values are read as they are: along an axis of one pixel they do not change, on their own pixels they are the same bits.
#[test]
fn grids_of_one_pixel_and_of_the_same_size() {
    let source = Lattice::from_xy([3, 3], Extent::Edges).expect("a lattice");
    let one = View::interleaved(&[0.25f64, 0.5], Shape { n: 1, c: 2, size: [1, 1] }).expect("a view");
    let wide = resize_grid(&Grid::new(one, source).expect("a grid"), [4, 1]).expect("a grid");
    assert_eq!(wide.as_slice(), [0.25, 0.5].repeat(4));
    let mut rng = Rng::new(5);
    let values: Vec<f64> = (0..2000).map(|_| rng.within(-1.0, 1.0)).collect();
    let long = View::interleaved(&values, Shape { n: 1, c: 2, size: [1000, 1] }).expect("a view");
    assert_eq!(resize_grid(&Grid::new(long, source).expect("a grid"), [1000, 1]).expect("a grid").as_slice(), values);
}

#[test]
fn flat_and_empty() {
    let flat: Field<f32, 2> = field([1, 4], |p| [0.25, p[1] as f64]);
    let wide = resize(&flat.view(), [3, 2], [3, 2], None).expect("a field");
    assert!(wide.as_slice().chunks(2).all(|by| by[0] == 0.75));
    assert_eq!(resize(&flat.view(), [0, 2], [3, 2], Some(Rest::Extent)).expect("a field").as_slice(), []);
    assert!(resize(&flat.view(), [3, 2], [0, 2], Some(Rest::Extent)).expect_err("empty").to_string().contains("axis of 0"));
    assert!(resize(&flat.view(), [3, 2], [4, 2], None).expect_err("a rest").to_string().contains("\"extent\""));
    let none: Field<f32, 2> = between([3, 3], [0, 3], Extent::Edges, Some(Rest::Index), |_| [0.0; 2]);
    assert!(resize(&none.view(), [3, 3], [3, 3], None).is_err());
}
