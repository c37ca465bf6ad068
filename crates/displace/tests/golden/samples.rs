//! sample2.npz, sample3.npz and half.npz at ordinary locations, linear and cubic: ours is torch's within what torch's
//! own location and both roundings explain.

use super::archive::{Archive, Stored};
use super::bounds::{Rounding, bound};
use super::cell::{Kind, kind};
use super::walk::{F32_WIDTHS, F64_WIDTHS, MODES, PADDINGS, VALUES_2D, VALUES_3D, walk};
use crate::common::{Float, Value};
use displace::Real;

/// Per mode, padding: values compared, values left to `not_finite`, the largest share of the bound, the largest difference
/// relative to the largest pixel.
fn compare<T: Stored + Float + Value, const D: usize>(
    archive: &Archive,
    prefix: &str,
    widths: &[usize],
    modes: std::ops::Range<usize>,
) -> usize {
    let rounding = Rounding {
        torchs: T::near(1.0).f64() - T::near(1.0).step(-1).f64(),
        // Ours blends in f32 or f64; a half result is rounded to half once.
        ours: <T::Real as Real>::ROUND_OFF,
    };
    let mut total = 0;
    for mode in modes {
        let (mut compared, mut special, mut share, mut largest) = (0, 0, 0.0f64, 0.0f64);
        walk::<T, D>(archive, prefix, false, widths, &MODES[mode..=mode], |output| {
            for (i, (ours, torchs)) in output.ours.iter().zip(&output.torchs).enumerate() {
                let cell = output.cell(i);
                if kind(&cell) != Kind::Ordinary {
                    special += 1;
                    continue;
                }
                let difference = (ours.f64() - torchs.f64()).abs();
                // Half an ulp of the result, which a half type keeps of ours.
                let last = if rounding.ours < rounding.torchs { rounding.torchs * ours.f64().abs() } else { 0.0 };
                let bound = bound(output.sampler.interp, &cell, output.most, rounding) + last;
                // Not a number compares as false: an ordinary location has no NaN.
                assert!(difference <= bound, "{}: {difference:e} > {bound:e}", output.say(i));
                compared += 1;
                share = share.max(difference / bound);
                largest = largest.max(difference / output.most);
            }
        });
        println!(
            "{}-D {} {}: {compared} compared, {special} special; at most {share:.3} of the bound, {largest:.2e} of the largest pixel",
            D,
            T::NAME,
            MODES[mode].0
        );
        total += compared + special;
    }
    total
}

#[test]
fn images_in_f32_and_f64() {
    let archive = Archive::open("sample2.npz");
    let outputs = 2 * PADDINGS.len() * 2 * VALUES_2D;
    assert_eq!(compare::<f32, 2>(&archive, "", &F32_WIDTHS, 1..3), F32_WIDTHS.len() * outputs);
    assert_eq!(compare::<f64, 2>(&archive, "", &F64_WIDTHS, 1..3), F64_WIDTHS.len() * outputs);
}

#[test]
fn volumes_in_f32_and_f64() {
    let archive = Archive::open("sample3.npz");
    let outputs = 2 * PADDINGS.len() * 2 * VALUES_3D;
    assert_eq!(compare::<f32, 3>(&archive, "", &F32_WIDTHS, 1..3), F32_WIDTHS.len() * outputs);
    assert_eq!(compare::<f64, 3>(&archive, "", &F64_WIDTHS, 1..3), F64_WIDTHS.len() * outputs);
}

#[test]
fn half_types() {
    let archive = Archive::open("half.npz");
    let widths = [8, 101];
    // 3 rows of 32 places, 2 channels in 2-D.
    let (images, volumes) = (2 * 2 * PADDINGS.len() * 2 * 3 * 32, 2 * 2 * PADDINGS.len() * 3 * 32);
    assert_eq!(compare::<displace::f16, 2>(&archive, "d2.", &widths, 1..2), images);
    assert_eq!(compare::<displace::bf16, 2>(&archive, "d2.", &widths, 1..2), images);
    assert_eq!(compare::<displace::f16, 3>(&archive, "d3.", &widths, 1..2), volumes);
    assert_eq!(compare::<displace::bf16, 3>(&archive, "d3.", &widths, 1..2), volumes);
}
