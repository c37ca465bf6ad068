//! The golden outputs of mode nearest at ordinary locations: torch's very pixel, unless torch's own rounding carried its
//! location across a point half-way between two.

use super::archive::{Archive, Stored};
use super::cell::{Kind, kind};
use super::walk::{F32_WIDTHS, F64_WIDTHS, MODES, PADDINGS, VALUES_2D, VALUES_3D, walk};
use crate::common::{Float, Value};

/// Values compared or left to `not_finite`, and pixels that differ.
fn compare<T: Stored + Float + Value, const D: usize>(archive: &Archive, prefix: &str, widths: &[usize]) -> (usize, usize) {
    let (mut compared, mut special, mut others) = (0, 0, 0);
    walk::<T, D>(archive, prefix, false, widths, &MODES[..1], |output| {
        for (i, (ours, torchs)) in output.ours.iter().zip(&output.torchs).enumerate() {
            let cell = output.cell(i);
            if kind(&cell) != Kind::Ordinary {
                special += 1;
                continue;
            }
            compared += 1;
            if ours.bits() != torchs.bits() {
                others += 1;
                assert!(cell.iter().any(super::cell::Along::near_tie), "{}", output.say(i));
            }
        }
    });
    println!("{D}-D {}: {compared} compared, {special} special, {others} read another pixel by torch's rounding", T::NAME);
    (compared + special, others)
}

#[test]
fn images_in_f32_and_f64() {
    let archive = Archive::open("sample2.npz");
    let outputs = PADDINGS.len() * 2 * VALUES_2D;
    assert_eq!(compare::<f32, 2>(&archive, "", &F32_WIDTHS).0, F32_WIDTHS.len() * outputs);
    assert_eq!(compare::<f64, 2>(&archive, "", &F64_WIDTHS).0, F64_WIDTHS.len() * outputs);
}

#[test]
fn volumes_in_f32_and_f64() {
    let archive = Archive::open("sample3.npz");
    let outputs = PADDINGS.len() * 2 * VALUES_3D;
    assert_eq!(compare::<f32, 3>(&archive, "", &F32_WIDTHS).0, F32_WIDTHS.len() * outputs);
    assert_eq!(compare::<f64, 3>(&archive, "", &F64_WIDTHS).0, F64_WIDTHS.len() * outputs);
}

#[test]
fn half_types() {
    let archive = Archive::open("half.npz");
    let (images, volumes) = (2 * 2 * PADDINGS.len() * 2 * 3 * 32, 2 * 2 * PADDINGS.len() * 3 * 32);
    assert_eq!(compare::<displace::f16, 2>(&archive, "d2.", &[8, 101]).0, images);
    assert_eq!(compare::<displace::bf16, 2>(&archive, "d2.", &[8, 101]).0, images);
    assert_eq!(compare::<displace::f16, 3>(&archive, "d3.", &[8, 101]).0, volumes);
    assert_eq!(compare::<displace::bf16, 3>(&archive, "d3.", &[8, 101]).0, volumes);
}

#[test]
fn every_array_of_the_sample_archives_is_compared() {
    // What this file, `samples` and `strange_images` read, together.
    let archive = Archive::open("sample2.npz");
    walk::<f32, 2>(&archive, "", false, &F32_WIDTHS, &MODES, |_| {});
    walk::<f64, 2>(&archive, "", false, &F64_WIDTHS, &MODES, |_| {});
    walk::<f32, 2>(&archive, "", true, &[8], &MODES, |_| {});
    archive.assert_all_read("");
    let archive = Archive::open("sample3.npz");
    walk::<f32, 3>(&archive, "", false, &F32_WIDTHS, &MODES, |_| {});
    walk::<f64, 3>(&archive, "", false, &F64_WIDTHS, &MODES, |_| {});
    archive.assert_all_read("");
    let archive = Archive::open("half.npz");
    walk::<displace::f16, 2>(&archive, "d2.", false, &[8, 101], &MODES[..2], |_| {});
    walk::<displace::bf16, 2>(&archive, "d2.", false, &[8, 101], &MODES[..2], |_| {});
    walk::<displace::f16, 3>(&archive, "d3.", false, &[8, 101], &MODES[..2], |_| {});
    walk::<displace::bf16, 3>(&archive, "d3.", false, &[8, 101], &MODES[..2], |_| {});
    archive.assert_all_read("");
}
