//! location.npz: `torch_px`, and `displacement` with torch's arithmetic, are torch's own locations, bit for bit.

use super::archive::{Archive, Stored};
use crate::common::{EXTENTS, Float};
use displace::torch::{Path, torch_px};
use displace::{Arithmetic, Axis, Extent, Grid, Lattice, Ratio, Real, Shape, View, bf16, displacement, f16, scaled_plus};

/// A location as reflection leaves it inside the image: between edges torch adds 1/2 and takes it away again, each
/// rounded (MANIFEST.json, notes).
fn reflected<L: Float>(place: L::Real, len: usize, extent: Extent) -> L::Real {
    if extent == Extent::Centers {
        return place;
    }
    let half = <L::Real as Real>::HALF;
    let there = L::rounded((place + half).abs());
    let back = L::rounded(<L::Real as Real>::from_f64(2.0 * len as f64) - there);
    L::rounded((if there < back { there } else { back }) - half)
}

/// Values compared, and values whose exact location lies in another cell than torch's.
fn compare<T: Stored + Float>(widths: &[usize]) -> (usize, usize) {
    let archive = Archive::open("location.npz");
    let (mut compared, mut other_cells) = (0, 0);
    for (width, extent) in widths.iter().flat_map(|width| EXTENTS.map(|extent| (*width, extent))) {
        let key = format!("{}.w{width}.ac{}", T::NAME, u8::from(extent.align_corners()));
        let (_, numbers) = T::read(&archive, &format!("{key}.g"));
        let axis = Axis::new(width, extent).unwrap();
        for axes in [2, 3] {
            let mut weights = vec![(false, T::read(&archive, &format!("{key}.w{axes}")).1)];
            if extent == Extent::Edges {
                weights.push((true, T::read(&archive, &format!("{key}.w{axes}reflection")).1));
            }
            for (reflection, weights) in weights {
                assert_eq!(weights.len(), numbers.len());
                for (g, weight) in numbers.iter().zip(weights) {
                    let mut place = torch_px(*g, axis, Path::of::<T>(axes));
                    let cell = place.floor();
                    if reflection {
                        place = reflected::<T>(place, width, extent);
                    }
                    // The fraction within the cell is exact: a float minus its own whole part. torch's grids here are sorted
                    // and inside, so that cells follow from the order; the fraction pins the location within its cell.
                    let fraction = place - place.floor();
                    assert!(
                        fraction == weight.widen(),
                        "{key} {axes}-D reflection {reflection}: g = {g:?}: {place} but torch's weight is {weight:?}"
                    );
                    compared += 1;
                    let exact = g.f64().mul_add(axis.slope(), axis.middle());
                    // Within a few units of torch's rounding of g + 1 and of the location: so the cell is torch's too.
                    let u = T::near(1.0).f64() - T::near(1.0).step(-1).f64();
                    let error = (place.to_f64() - exact).abs();
                    assert!(error <= 4.0 * u * (width as f64 + exact.abs()), "{key}: g = {g:?}: {place}, exactly {exact}");
                    other_cells += usize::from(!reflection && cell.to_f64() != exact.floor());
                }
            }
        }
        same_by_displacement(&numbers, width, extent, 2);
        same_by_displacement(&numbers, width, extent, 3);
    }
    archive.assert_all_read(&format!("{}.", T::NAME));
    (compared, other_cells)
}

/// `displacement` with torch's arithmetic is `torch_px` minus the rest place.
fn same_by_displacement<T: Float>(numbers: &[T], width: usize, extent: Extent, axes: usize) {
    let axis = Axis::new(width, extent).unwrap();
    let expected: Vec<T::Real> = numbers
        .iter()
        .enumerate()
        .map(|(j, g)| scaled_plus(torch_px(*g, axis, Path::of::<T>(axes)), 1.0, Ratio::integer(-(j as i64))))
        .collect();
    let repeated: Vec<T> = numbers.iter().flat_map(|g| std::iter::repeat_n(*g, axes)).collect();
    let rest = Some(displace::Rest::Index);
    let n = numbers.len();
    let found: Vec<T::Real> = if axes == 2 {
        let grid = View::interleaved(&repeated, Shape { n: 1, c: 2, size: [n, 1] }).unwrap();
        let grid = Grid::new(grid, Lattice::from_xy([width, 1], extent).unwrap()).unwrap();
        displacement(&grid, rest, Arithmetic::Torch).unwrap().into_vec()
    } else {
        let grid = View::interleaved(&repeated, Shape { n: 1, c: 3, size: [n, 1, 1] }).unwrap();
        let grid = Grid::new(grid, Lattice::from_xy([width, 1, 1], extent).unwrap()).unwrap();
        displacement(&grid, rest, Arithmetic::Torch).unwrap().into_vec()
    };
    let along_x: Vec<T::Real> = found.into_iter().step_by(axes).collect();
    assert!(along_x == expected, "{width} {extent:?} {axes}-D");
}

const WIDTHS: [usize; 11] = [2, 3, 5, 8, 100, 101, 257, 640, 1000, 2048, 4096];

#[test]
fn f32_locations_are_torchs() {
    let (compared, cells) = compare::<f32>(&WIDTHS);
    println!("{compared} locations, {cells} in another cell than the exact one");
    // 11 widths of 400: centres in two weights, edges in four.
    assert_eq!(compared, 11 * 400 * 6);
}

#[test]
fn f64_locations_are_torchs() {
    let (compared, cells) = compare::<f64>(&WIDTHS);
    println!("{compared} locations, {cells} in another cell than the exact one");
    assert_eq!(compared, 11 * 400 * 6);
}

#[test]
fn half_locations_are_torchs() {
    let (a, b) = (compare::<f16>(&[8, 100, 224]), compare::<bf16>(&[8, 100, 224]));
    println!("{} and {} locations, {} and {} in another cell than the exact one", a.0, b.0, a.1, b.1);
    assert_eq!([a.0, b.0], [3 * 400 * 6; 2]);
}
