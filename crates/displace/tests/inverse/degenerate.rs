//! Maps that lose a dimension, in part or as a whole, and maps whose places lie on corners.

use crate::common::Rng;
use crate::make::{between, exact, pixels};
use displace::{Branch, Direction, Extent, Field, InvertOptions, Rest, invert, transform_points};

/// A field whose pixel reads `place`, between lattices of any two sizes (x first).
fn reading<const D: usize>(
    source: [usize; D],
    destination: [usize; D],
    mut place: impl FnMut([usize; D]) -> [f64; D],
) -> Field<f64, D> {
    between(source, destination, Extent::Edges, Some(Rest::Index), |pixel| {
        let place = place(pixel);
        std::array::from_fn(|k| place[k] - pixel[k] as f64)
    })
}

fn read_pixels<const D: usize>(field: &Field<f64, D>) -> Vec<[usize; D]> {
    let inverse = exact(field);
    let all = pixels(field.between().source().size()).into_iter().zip(inverse.count.as_slice()).zip(inverse.valid.as_slice());
    all.filter(|((_, count), valid)| {
        assert_eq!(**count > 0, **valid);
        **valid
    })
    .map(|((pixel, _), _)| pixel)
    .collect()
}

/// A line or a sheet of pixels may lie across the axes of what it reads.
#[test]
fn flat_axes_may_be_turned() {
    for slope in [1.0, 1.5, -1.0] {
        let start = if slope < 0.0 { 8.0 } else { 0.0 };
        let line = reading([9, 1], [1, 9], |[_, y]| [start + slope * y as f64, 0.0]);
        assert_eq!(read_pixels(&line), pixels([9, 1]), "slope {slope}");
        let pushed = transform_points(&[[4.0, 0.0]], &line.view().into(), 0, Direction::Push, Branch::default()).expect("a place");
        assert!((pushed.places[0][1] - (4.0 - start) / slope).abs() < 1e-12, "{pushed:?}");
    }
    // A sheet that stands upright in the volume it reads.
    let sheet = reading([8, 5, 5], [8, 5, 1], |[x, y, _]| [x as f64, 2.0, y as f64 / 2.0 + 0.25]);
    let expected: Vec<[usize; 3]> = [1, 2].into_iter().flat_map(|z| (0..8).map(move |x| [x, 2, z])).collect();
    assert_eq!(read_pixels(&sheet), expected);
    let thread = reading([5, 3, 3], [1, 1, 5], |[_, _, z]| [z as f64, 1.0, 1.0]);
    assert_eq!(read_pixels(&thread), (0..5).map(|x| [x, 1, 1]).collect::<Vec<_>>());
    // And slantwise.
    let slant = reading([7, 7], [7, 1], |[x, _]| [x as f64, x as f64]);
    assert_eq!(read_pixels(&slant), (0..7).map(|i| [i, i]).collect::<Vec<_>>());
    let dot = reading([3, 3], [1, 1], |_| [2.0, 1.0]);
    assert_eq!(read_pixels(&dot), [[2, 1]]);
}

/// What is made up for a flat axis reads nothing, whatever the cell looks like.
#[test]
fn flat_cells_read_what_they_read() {
    // Squeezed to a line that passes by pixel (4, 4, 4).
    let places = [
        [4.27528508256985, 3.457048629809879, 4.061006746292005],
        [2.898111107772843, 4.717491887828157, 3.339649944355566],
        [4.171188253667505, 3.5523221018418947, 4.006481350894833],
        [2.794014278870498, 4.8127653598601725, 3.2851245488986933],
    ];
    let line = reading([9, 9, 9], [2, 2, 1], |[x, y, _]| places[x + 2 * y]);
    assert_eq!(read_pixels(&line), [[0; 3]; 0]);
    // Beside the pixels, on either side of them.
    for beside in [-5e-7, 5e-7, -1e-8, 1e-8] {
        let row = reading([3, 3], [2, 1], |[x, _]| [2.0 * x as f64, 2.0 * x as f64 + beside]);
        assert_eq!(read_pixels(&row), [[0; 2]; 0], "{beside}");
    }
}

/// A column of cells so narrow that rounding of places would be wider than what is shared is read once.
#[test]
fn narrow_cells_share_their_border() {
    for k in [6999.0, 7000.0, 7001.0, 7003.0, 70003.0] {
        let width = k * 2f64.powi(-46);
        let map = reading([201, 2], [3, 2], |[x, y]| [100.0 + width * (x as f64 - 1.0), y as f64]);
        assert_eq!(read_pixels(&map), [[100, 0], [100, 1]], "{k}");
        assert!(exact(&map).count.as_slice().iter().all(|count| *count < 2), "{k}");
    }
}

/// Every pixel that a corner reads exactly is read, whatever the cells round it look like.
#[test]
fn corners_are_never_lost() {
    let mut rng = Rng::new(21);
    for round in 0..2000 {
        let map = reading([5, 5], [5, 5], |_| [0, 1].map(|_| rng.within(0.0, 5.0).floor()));
        check_corners(&map, &format!("map {round}"));
    }
    for round in 0..150 {
        let map = reading([4, 4, 4], [4, 4, 4], |_| [0, 1, 2].map(|_| rng.within(0.0, 4.0).floor()));
        check_corners(&map, &format!("volume {round}"));
    }
    // Steep cells, whose places are known to fewer digits.
    for round in 0..3000 {
        let steep = reading([128, 128, 128], [2, 2, 2], |_| [0, 1, 2].map(|_| rng.within(0.0, 128.0).floor()));
        let points: Vec<[f64; 3]> = pixels([2, 2, 2])
            .iter()
            .zip(steep.as_slice().chunks(3))
            .map(|(p, by)| [0, 1, 2].map(|k| p[k] as f64 + by[k]))
            .collect();
        let pushed = transform_points(&points, &steep.view().into(), 0, Direction::Push, Branch::default()).expect("places");
        assert!(pushed.count.iter().all(|count| *count > 0), "steep {round}: {:?} {points:?}", pushed.count);
    }
}

fn check_corners<const D: usize>(map: &Field<f64, D>, what: &str) {
    let inverse = exact(map);
    for pixel in pixels(map.between().destination()) {
        let q = std::array::from_fn(|k| (pixel[k] as f64 + map.by().get(0, k, pixel).expect("inside")) as usize);
        let count = *inverse.count.view().get(0, 0, q).expect("inside");
        let valid = *inverse.valid.view().get(0, 0, q).expect("inside");
        assert!(count > 0 && valid, "{what}: {pixel:?} reads {q:?}, which has {count} places: {:?}", map.as_slice());
    }
}

/// Cells that are squeezed to a line read what lies on it, once.
#[test]
fn squeezed_cells_read_lines() {
    let mut rng = Rng::new(22);
    for round in 0..3000 {
        let along: [f64; 4] = std::array::from_fn(|_| rng.within(-3.0, 3.0));
        let (u, v) = (rng.within(0.0, 1.0), rng.within(0.0, 1.0));
        let at = (along[0] * (1.0 - u) + along[1] * u) * (1.0 - v) + (along[2] * (1.0 - u) + along[3] * u) * v;
        let turn = [0.8, 0.6];
        // The place (u, v) reads pixel (5, 5).
        let map = reading([11, 11], [2, 2], |[x, y]| turn.map(|part| 5.0 + part * (along[x + 2 * y] - at)));
        let inverse = exact(&map);
        let [count, valid] = [u32::from(inverse.count.as_slice()[60] > 0), u32::from(inverse.valid.as_slice()[60])];
        assert_eq!([count, valid], [1, 1], "round {round}: {along:?} at {u} {v}: {:?}", inverse.residual.as_slice()[60]);
    }
    // Lines in volumes, through cells that are squeezed to them.
    let mut random = |most: f64| [0, 1, 2].map(|_| rng.within(-most, most));
    for round in 0..4000 {
        let (a, g, bend, at) = (random(2.0), random(2.0), random(1.0), random(0.5).map(|t| t + 0.5));
        let along = |t: [f64; 3]| {
            let bends = bend[0] * t[0] * t[1] + bend[1] * t[1] * t[2] + bend[2] * t[0] * t[1] * t[2];
            (0..3).map(|k| g[k] * t[k]).sum::<f64>() + if round % 2 == 0 { 0.0 } else { bends }
        };
        let map = reading([9, 9, 9], [2, 2, 2], |pixel| {
            let along = along(pixel.map(|i| i as f64)) - along(at);
            [0, 1, 2].map(|k| 4.0 + a[k] * along)
        });
        let inverse = exact(&map);
        assert_eq!(inverse.count.as_slice()[364], 1, "round {round}: {a:?} {g:?} {bend:?} at {at:?}");
    }
    // The middle of a saddle is where its slope vanishes.
    let saddle = reading([11, 7], [2, 2], |[x, y]| [if x == y { 7.0 } else { 3.0 }, 3.0]);
    let read = read_pixels(&saddle);
    assert_eq!(read, (3..8).map(|x| [x, 3]).collect::<Vec<_>>());
}

/// A place at the rest place of its pixel is the nearest, not the one of the same number.
#[test]
fn the_nearest_place_is_nearest_to_the_rest() {
    let reads = [0.0, 1.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 3.0, 2.0, 2.0];
    let rest = |x: usize| (x as f64 + 0.5) / 3.0 - 0.5;
    let map: Field<f64, 2> = between([4, 1], [12, 1], Extent::Edges, Some(Rest::Extent), |[x, _]| [reads[x] - rest(x), 0.0]);
    let nearest = InvertOptions { branch: Branch::Nearest, ..InvertOptions::default() };
    let inverse = invert(&map.view().into(), nearest).expect("an inverse");
    // Pixel 3 rests at 10; places 2 and 9 read it.
    assert_eq!(inverse.field.as_slice()[6], -1.0);
    let pushed = transform_points(&[[3.0, 0.0]], &map.view().into(), 0, Direction::Push, Branch::Nearest).expect("a place");
    assert_eq!(pushed.places[0], [9.0, 0.0]);
}

/// As many places as there are cells, each its own.
#[test]
fn crowds_are_counted() {
    let all = reading([3, 3], [120, 90], |_| [1.0, 1.0]);
    assert_eq!(exact(&all).count.as_slice()[4], 119 * 89);
    let pushed = transform_points(&[[1.0, 1.0]], &all.view().into(), 0, Direction::Push, Branch::default()).expect("places");
    assert_eq!(pushed.count, [119 * 89]);
    // To and fro along both axes: one place on each corner, which four cells share.
    let wave = |i: usize| [0.0, 1.0, 2.0, 1.0][i % 4];
    let board = reading([3, 3], [81, 61], |[x, y]| [wave(x), wave(y)]);
    let (across, down) = ([21, 40, 20], [16, 30, 15]);
    let expected: Vec<u32> = down.into_iter().flat_map(|down| across.map(|across| across * down)).collect();
    assert_eq!(exact(&board).count.as_slice(), expected);
}
