//! affine.npz: `affine_grid` computes in f64 and rounds once, torch accumulates in the grid's type.

use super::archive::{Archive, Stored};
use crate::common::{EXTENTS, Float};
use displace::{Lattice, Real, affine_grid};

/// torch's base value is off by up to 2 u (a step, rounded, times an index, and a difference from 1), the sum
/// `t0 x + t1 y (+ t2 z) + t3` by one rounding per operation, at most 2 D of them, of terms that are together at most
/// `sum |t|`; ours by half an ulp. So in units of `u sum |t|`, u the unit round-off: 2 + 2 D + 1.
const fn bound(axes: usize) -> f64 {
    (2 + 2 * axes + 1) as f64
}

/// The largest difference seen, in units of `u sum |t|`, and the values compared.
fn compare<T: Stored + Float + Real, const D: usize>(archive: &Archive) -> (f64, usize) {
    let (mut worst, mut compared) = (0.0f64, 0);
    for batch in ["a", "b"] {
        let start = format!("d{D}.{}.{batch}", T::NAME);
        let (shape, theta) = T::read(archive, &format!("{start}.theta"));
        assert_eq!(shape, [2, D, D + 1]);
        for key in archive.keys(&format!("{start}.s")) {
            let (shape, expected) = T::read(archive, &key);
            let extent = EXTENTS[usize::from(key.ends_with("ac1"))];
            let size: [usize; D] = std::array::from_fn(|k| shape[1 + k]);
            let destination = Lattice::from_shape(size, extent).unwrap();
            let grid = affine_grid(&theta, 2, &destination).unwrap();
            assert_eq!(grid.as_slice().len(), expected.len(), "{key}");
            for (i, (ours, torchs)) in grid.as_slice().iter().zip(&expected).enumerate() {
                let row = i / (expected.len() / 2) * D + i % D;
                let size: f64 = theta[row * (D + 1)..][..D + 1].iter().map(|t| t.f64().abs()).sum();
                let units = (ours.f64() - torchs.f64()).abs() / (T::ROUND_OFF * size);
                assert!(units <= bound(D), "{key} [{i}]: {ours:?}, torch {torchs:?}: {units} units");
                worst = worst.max(units);
                compared += 1;
            }
        }
    }
    (worst, compared)
}

#[test]
fn affine_grids_are_torchs_within_its_roundings() {
    let archive = Archive::open("affine.npz");
    for (worst, compared) in
        [compare::<f32, 2>(&archive), compare::<f64, 2>(&archive), compare::<f32, 3>(&archive), compare::<f64, 3>(&archive)]
    {
        println!("{compared} values, at most {worst:.2} units of u sum |theta|");
        assert!(compared > 3000);
    }
    archive.assert_all_read("");
}
