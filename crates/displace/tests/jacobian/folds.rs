//! Folds by hand, and against determinants at many places of each cell.

use crate::common::Rng;
use crate::make::{field, noise, pixels};
use displace::{Field, folding, summary};

#[test]
fn maps_without_folds() {
    let mut rng = Rng::new(60);
    for map in [field([9, 8], |_| [0.0; 2]), noise([30, 30], 0.2, &mut rng)] {
        let folds = folding(&map.view()).expect("folds");
        let map: &Field<f64, 2> = &map;
        assert_eq!((folds.folded, folds.mirrored, folds.undecided, folds.area, folds.folded_area), (0, 0, 0, 0.0, Some(0.0)));
        assert!(folds.smallest.expect("cells").determinant > 0.0);
        assert_eq!(folds.cells, folds.mask.as_slice().len());
        assert_eq!(summary(&map.view()).folded, 0);
    }
}

#[test]
fn a_mirror_is_mirrored() {
    let mirror: Field<f32, 2> = field([6, 5], |[x, _]| [5.0 - 2.0 * x as f64, 0.0]);
    let folds = folding(&mirror.view()).expect("folds");
    assert_eq!((folds.cells, folds.folded, folds.mirrored), (20, 20, 20));
    assert_eq!((folds.area, folds.folded_area), (20.0, Some(20.0)));
    let mirror: Field<f32, 3> = field([3, 3, 3], |[x, _, _]| [2.0 - 2.0 * x as f64, 0.0, 0.0]);
    let folds = folding(&mirror.view()).expect("folds");
    assert_eq!((folds.cells, folds.mirrored, folds.folded_area), (8, 8, None));
    assert!((folds.area - 8.0).abs() < 1e-12);
}

/// The middle pixel of a checkerboard moves two to the right: central differences there see nothing.
#[test]
fn what_central_differences_miss() {
    let board: Field<f64, 2> = field([5, 5], |pixel| if pixel == [2, 2] { [2.0, 0.0] } else { [0.0; 2] });
    let determinant = displace::jacobian_determinant(&board.view(), displace::Spacing::pixels(), displace::Scheme::Central);
    assert_eq!(*determinant.expect("numbers").view().get(0, 0, [2, 2]).expect("inside"), 1.0);
    let folds = folding(&board.view()).expect("folds");
    let mask: Vec<[usize; 2]> =
        pixels([4, 4]).into_iter().filter(|cell| *folds.mask.view().get(0, 0, *cell).expect("inside")).collect();
    assert_eq!(mask, [[2, 1], [2, 2]]);
    // Of each, the side that ends at the pixel runs from 2 + 2 back to 3: -1 at the corner, 1 on the opposite side.
    let smallest = folds.smallest.expect("cells");
    assert_eq!((smallest.determinant, smallest.cell), (-1.0, [2, 1]));
    assert_eq!(folds.largest.expect("cells").determinant, 3.0);
}

#[test]
fn areas() {
    let mut rng = Rng::new(61);
    for amplitude in [0.6, 1.0, 3.0] {
        let map: Field<f64, 2> = noise([40, 40], amplitude, &mut rng);
        let folds = folding(&map.view()).expect("folds");
        let exact = folds.folded_area.expect("2-D");
        assert!(exact > 0.0 && exact <= folds.area + 1e-9, "{exact} {}", folds.area);
        // By the midpoint rule on 40 x 40 places of each cell, which sees the line where the sign changes in steps.
        let mut sum = 0.0;
        for cell in pixels([39, 39]) {
            let place = |dx: usize, dy: usize| -> [f64; 2] {
                std::array::from_fn(|k| {
                    let pixel = [cell[0] + dx, cell[1] + dy];
                    pixel[k] as f64 + map.by().get(0, k, pixel).expect("inside")
                })
            };
            let p = [place(0, 0), place(1, 0), place(0, 1), place(1, 1)];
            for at in pixels([40, 40]) {
                let [u, v] = at.map(|i| (i as f64 + 0.5) / 40.0);
                let du: [f64; 2] = std::array::from_fn(|i| (1.0 - v) * (p[1][i] - p[0][i]) + v * (p[3][i] - p[2][i]));
                let dv: [f64; 2] = std::array::from_fn(|i| (1.0 - u) * (p[2][i] - p[0][i]) + u * (p[3][i] - p[1][i]));
                sum += (du[1] * dv[0] - du[0] * dv[1]).max(0.0) / 1600.0;
            }
        }
        assert!((sum - exact).abs() < 5e-3 * exact, "{sum} {exact}");
    }
}

/// The determinant of a trilinear cell at `t`.
fn determinant(corners: &[[f64; 3]; 8], t: [f64; 3]) -> f64 {
    let slope = |k: usize| -> [f64; 3] {
        std::array::from_fn(|i| {
            (0..8)
                .map(|b: usize| {
                    let sign = if b >> k & 1 == 1 { 1.0 } else { -1.0 };
                    let others = (0..3).filter(|a| *a != k).map(|a| if b >> a & 1 == 1 { t[a] } else { 1.0 - t[a] });
                    sign * others.product::<f64>() * corners[b][i]
                })
                .sum()
        })
    };
    let [a, b, c] = [slope(0), slope(1), slope(2)];
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
}

/// Positive at all eight corners, negative inside: cells like this exist, and only bounds on the whole cell find them.
#[test]
fn a_cell_that_folds_inside_only() {
    let mut rng = Rng::new(62);
    let mut found = 0;
    for _ in 0..20_000 {
        let cell: Field<f64, 3> = noise([2, 2, 2], 0.45, &mut rng);
        let corners: [[f64; 3]; 8] = std::array::from_fn(|b| {
            let pixel = [0, 1, 2].map(|k| b >> k & 1);
            std::array::from_fn(|k| pixel[k] as f64 + cell.by().get(0, k, pixel).expect("inside"))
        });
        let corners = &corners;
        let at = |n: usize| pixels([n + 1; 3]).into_iter().map(move |p| determinant(corners, p.map(|i| i as f64 / n as f64)));
        let least = at(10).fold(f64::INFINITY, f64::min);
        let folds = folding(&cell.view()).expect("folds");
        let smallest = folds.smallest.expect("a cell").determinant;
        // Of many places none is below the smallest by more than a millionth of the range, and it is not far below all.
        assert!(smallest <= least + 1e-5 && least - smallest < 0.1, "{smallest} {least}");
        assert_eq!(folds.folded == 1, smallest <= 0.0, "{smallest}");
        let hidden = at(1).all(|d| d > 0.0) && least < 0.0;
        if hidden {
            found += 1;
            assert_eq!((folds.folded, summary(&cell.view()).folded, folds.mirrored), (1, 1, 0));
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn volumes() {
    let mut rng = Rng::new(63);
    let still: Field<f32, 3> = field([4, 5, 6], |_| [0.0; 3]);
    let folds = folding(&still.view()).expect("folds");
    assert_eq!((folds.cells, folds.folded, folds.area), (3 * 4 * 5, 0, 0.0));
    assert_eq!(folds.smallest.expect("cells").determinant, 1.0);
    let folded: Field<f32, 3> = noise([12, 13, 14], 1.5, &mut rng);
    let folds = folding(&folded.view()).expect("folds");
    assert!(folds.folded > folds.mirrored && folds.mirrored > 0 && folds.area > 0.0);
    assert_eq!(folds.mask.as_slice().iter().filter(|folded| **folded).count(), folds.folded);
    assert_eq!(folds.folded, summary(&folded.view()).folded);
    assert_eq!(folds.mirrored, summary(&folded.view()).mirrored);
}

#[test]
fn nothing_to_fold() {
    let broken: Field<f32, 2> = field([4, 4], |pixel| if pixel == [1, 1] { [f64::NAN, 0.0] } else { [0.0; 2] });
    let folds = folding(&broken.view()).expect("folds");
    assert_eq!((folds.cells, folds.folded, folds.undecided), (9, 0, 4));
    // Finite, but with determinants that are not.
    let huge: Field<f64, 2> = field([2, 2], |[x, y]| [1e200 * (x + y) as f64, -1e200 * (x * y) as f64]);
    let folds = folding(&huge.view()).expect("folds");
    assert_eq!((folds.folded, folds.mirrored, folds.undecided, folds.smallest, folds.largest), (0, 0, 1, None, None));
    for size in [[1, 5], [5, 1], [1, 1]] {
        let line: Field<f32, 2> = field(size, |_| [0.0; 2]);
        let folds = folding(&line.view()).expect("folds");
        assert_eq!((folds.cells, folds.folded, folds.smallest), (0, 0, None));
    }
}
