//! The count of every pixel against a search of all cells that shares nothing with the library's: in 2-D the roots of each cell's
//! quadratic equation, in 3-D boxes that are halved until they are points.

use crate::common::{Float, Rng};
use crate::make::{exact, noise, pixels, waves};
use displace::{Field, Inverse};

/// The location that a destination pixel reads.
fn place<T: Float, const D: usize>(field: &Field<T, D>, pixel: [usize; D]) -> [f64; D] {
    std::array::from_fn(|k| pixel[k] as f64 + field.by().get(0, k, pixel).expect("inside").f64())
}

fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

fn minus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

/// The places of a 2-D map that read `q`, with the Jacobian determinant there: `k2 v^2 + k1 v + k0 = 0` in each cell.
fn preimages2(field: &Field<f64, 2>, q: [f64; 2]) -> Vec<([f64; 2], f64)> {
    let size = field.between().destination();
    let mut found = Vec::new();
    for y in 0..size[1] - 1 {
        for x in 0..size[0] - 1 {
            let at = |dx, dy| place(field, [x + dx, y + dy]);
            let low = at(0, 0);
            let (e, f) = (minus(at(1, 0), low), minus(at(0, 1), low));
            let g = minus(minus(at(1, 1), low), [e[0] + f[0], e[1] + f[1]]);
            let h = minus(q, low);
            let (k2, k1, k0) = (cross(g, f), cross(e, f) + cross(h, g), cross(h, e));
            let discriminant = k1 * k1 - 4.0 * k2 * k0;
            if discriminant < 0.0 {
                continue;
            }
            for sign in [1.0, -1.0] {
                let root = sign * discriminant.sqrt();
                let v = if sign * k1 >= 0.0 { -2.0 * k0 / (k1 + root) } else { (root - k1) / (2.0 * k2) };
                let across = [e[0] + v * g[0], e[1] + v * g[1]];
                let ahead = [h[0] - v * f[0], h[1] - v * f[1]];
                let u = (ahead[0] * across[0] + ahead[1] * across[1]) / (across[0].powi(2) + across[1].powi(2));
                if (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v) {
                    found.push(([x as f64 + u, y as f64 + v], root));
                }
            }
        }
    }
    found
}

/// The number of places of a 3-D map that read `q`, by halving boxes of each cell until they are 2^-16 wide.
fn count3(field: &Field<f64, 3>, q: [f64; 3]) -> usize {
    let size = field.between().destination();
    let mut leaves: Vec<[f64; 3]> = Vec::new();
    for cell in pixels(size.map(|len| len - 1)) {
        let corners: [[f64; 3]; 8] = std::array::from_fn(|b| place(field, std::array::from_fn(|k| cell[k] + (b >> k & 1))));
        let at = |t: [f64; 3]| -> [f64; 3] {
            std::array::from_fn(|i| {
                (0..8)
                    .map(|b| (0..3).map(|k| if b >> k & 1 == 1 { t[k] } else { 1.0 - t[k] }).product::<f64>() * corners[b][i])
                    .sum()
            })
        };
        let mut boxes = vec![([0.0; 3], 1.0)];
        while let Some((low, side)) = boxes.pop() {
            let ends: Vec<[f64; 3]> = (0..8).map(|b| at(std::array::from_fn(|k| low[k] + side * f64::from(b >> k & 1)))).collect();
            let outside = (0..3).any(|i| ends.iter().all(|p| p[i] < q[i]) || ends.iter().all(|p| p[i] > q[i]));
            if outside {
                continue;
            }
            if side < 2e-5 {
                leaves.push(std::array::from_fn(|k| cell[k] as f64 + low[k]));
                continue;
            }
            boxes.extend((0..8).map(|b| (std::array::from_fn(|k| low[k] + side / 2.0 * f64::from(b >> k & 1)), side / 2.0)));
        }
    }
    // Neighbouring leaves are one place.
    let mut groups: Vec<[f64; 3]> = Vec::new();
    for leaf in leaves {
        if !groups.iter().any(|group| (0..3).all(|k| (group[k] - leaf[k]).abs() < 2e-3)) {
            groups.push(leaf);
        }
    }
    groups.len()
}

/// Each pixel's count, choice and residual.
fn compare2(field: &Field<f64, 2>, what: &str) {
    let inverse: Inverse<f64, 2> = exact(field);
    for pixel in pixels(field.between().source().size()) {
        let q = pixel.map(|i| i as f64);
        let expected = preimages2(field, q);
        let count = *inverse.count.view().get(0, 0, pixel).expect("inside");
        assert_eq!(count as usize, expected.len(), "{what}: pixel {pixel:?}: {expected:?}");
        let valid = *inverse.valid.view().get(0, 0, pixel).expect("inside");
        assert_eq!(valid, count > 0, "{what}: pixel {pixel:?}");
        let by: [f64; 2] = std::array::from_fn(|k| *inverse.field.by().get(0, k, pixel).expect("inside"));
        if count == 0 {
            assert!(by.iter().all(|by| by.is_nan()));
            continue;
        }
        let residual = *inverse.residual.view().get(0, 0, pixel).expect("inside");
        assert!(residual <= 1e-9, "{what}: pixel {pixel:?}: residual {residual}");
        let best = expected.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("one");
        let near = |root: &([f64; 2], f64)| (0..2).all(|k| (root.0[k] - q[k] - by[k]).abs() < 1e-6);
        assert!(near(best), "{what}: pixel {pixel:?}: {by:?} of {expected:?}");
    }
}

#[test]
fn counts_of_every_roughness() {
    let mut rng = Rng::new(1);
    for amplitude in [0.0, 0.1, 0.45, 0.8, 1.5, 4.0, 20.0] {
        for size in [[2, 2], [7, 5], [16, 16], [40, 35]] {
            // Not zero itself: where places fall on pixels, cells share them, which the slow search does not settle.
            compare2(&noise(size, amplitude + 1e-3, &mut rng), &format!("noise of {amplitude}, {size:?}"));
        }
    }
    for (amplitude, period) in [(3.0, 40.0), (5.0, 16.0), (20.0, 30.0), (60.0, 50.0)] {
        compare2(&waves([50, 41], amplitude, period, &mut rng), &format!("waves of {amplitude} and {period}"));
    }
}

#[test]
fn counts_of_volumes() {
    let mut rng = Rng::new(2);
    let fields: [Field<f64, 3>; 4] = [
        noise([5, 4, 6], 0.3, &mut rng),
        noise([4, 5, 4], 0.9, &mut rng),
        noise([3, 3, 3], 2.0, &mut rng),
        waves([7, 7, 7], 3.0, 9.0, &mut rng),
    ];
    for (number, field) in fields.iter().enumerate() {
        let inverse = exact(field);
        for pixel in pixels(field.between().source().size()) {
            let count = *inverse.count.view().get(0, 0, pixel).expect("inside");
            assert_eq!(count as usize, count3(field, pixel.map(|i| i as f64)), "field {number}, pixel {pixel:?}");
            let residual = *inverse.residual.view().get(0, 0, pixel).expect("inside");
            assert!(count == 0 || residual <= 1e-9, "field {number}, pixel {pixel:?}: residual {residual}");
        }
    }
}

/// The signed number of places is how often the border runs round the pixel, whatever happens inside.
#[test]
fn places_add_up_to_the_degree() {
    let mut rng = Rng::new(3);
    for amplitude in [0.3, 2.0, 9.0] {
        let size = [60usize, 45];
        let field: Field<f64, 2> = noise(size, amplitude, &mut rng);
        let inverse = exact(&field);
        let [w, h] = size;
        let border: Vec<[usize; 2]> = (0..w - 1)
            .map(|x| [x, 0])
            .chain((0..h - 1).map(|y| [w - 1, y]))
            .chain((1..w).rev().map(|x| [x, h - 1]))
            .chain((1..h).rev().map(|y| [0, y]))
            .collect();
        let border: Vec<[f64; 2]> = border.into_iter().map(|pixel| place(&field, pixel)).collect();
        for pixel in pixels(size) {
            let q = pixel.map(|i| i as f64);
            let mut winding = 0;
            for (a, b) in border.iter().zip(border.iter().cycle().skip(1)) {
                let turn = cross(minus(*b, *a), minus(q, *a));
                if a[1] <= q[1] && q[1] < b[1] && turn > 0.0 {
                    winding += 1;
                } else if b[1] <= q[1] && q[1] < a[1] && turn < 0.0 {
                    winding -= 1;
                }
            }
            let count = *inverse.count.view().get(0, 0, pixel).expect("inside");
            let count = i64::from(count);
            // As many of one sign more than of the other as the border says: no fewer in all, and a pair more or less.
            assert!(count >= i64::abs(winding) && (count - winding) % 2 == 0, "pixel {pixel:?}: {count} places, degree {winding}");
        }
    }
}
