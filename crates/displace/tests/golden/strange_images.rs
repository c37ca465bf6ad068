//! The golden image with an infinity and a NaN among its pixels: ours sees them where they have weight and only there;
//! torch's 2-D kernels multiply 0 by them.

use super::archive::Archive;
use super::bounds::{Rounding, bound};
use super::cell::{Kind, kind};
use super::walk::{MODES, VALUES_2D, walk};
use crate::common::Value;
use displace::{Interp, Padding};

/// Positions of the infinity and the NaN in channel 0 of the 8 x 3 image.
const INFINITY: usize = 8 + 5;
const NAN: usize = 8 + 1;

#[test]
fn taps_without_weight_are_not_seen() {
    let archive = Archive::open("sample2.npz");
    let (mut compared, mut special, mut torch_nan, mut ours_not_finite) = (0, 0, 0, 0);
    walk::<f32, 2>(&archive, "", true, &[8], &MODES, |output| {
        assert!(output.image[INFINITY] == f32::INFINITY && output.image[NAN].is_nan());
        let mut plain = output.image.clone();
        (plain[INFINITY], plain[NAN]) = (0.0, 0.0);
        let plain = output.sampled(&plain, None);
        // The weight of one pixel is what an image of that pixel alone gives. Sampled as positive and with nothing else, it
        // is zero exactly where no tap of the pixel weighs anything (no two taps of opposite weight fall on it, but for cubic
        // reflection, see below).
        let weight = |at: usize| {
            let mut alone = vec![0.0; output.image.len()];
            alone[at] = 1.0;
            output.sampled(&alone, None)
        };
        let (infinite, undefined) = (weight(INFINITY), weight(NAN));
        for i in 0..output.ours.len() {
            let cell = output.cell(i);
            if kind(&cell) != Kind::Ordinary {
                special += 1;
                continue;
            }
            compared += 1;
            let (ours, torchs) = (output.ours[i], output.torchs[i]);
            let first_channel = i < output.grid_shape.pixels();
            let mirrored_cubic =
                matches!(output.sampler.interp, Interp::Cubic { .. }) && output.sampler.padding == Padding::Reflection;
            match (first_channel && undefined[i] != 0.0, first_channel && infinite[i] != 0.0) {
                (true, _) => assert!(ours.is_nan(), "{}", output.say(i)),
                // Cubic reflection can read the pixel twice with weights of both signs: no sum.
                (_, true) if mirrored_cubic => assert!(!ours.is_finite(), "{}", output.say(i)),
                (_, true) => assert_eq!(ours, f32::INFINITY * infinite[i].signum(), "{}", output.say(i)),
                (false, false) => assert_eq!(ours.bits(), plain[i].bits(), "{}", output.say(i)),
            }
            ours_not_finite += usize::from(!ours.is_finite());
            if torchs.is_nan() && !ours.is_nan() {
                // 0 * inf in torch, or a weight by its rounding.
                torch_nan += 1;
            } else if ours.is_finite() && torchs.is_finite() {
                let u = f64::from(f32::EPSILON / 2.0);
                let bound = bound(output.sampler.interp, &cell, output.most, Rounding { torchs: u, ours: u });
                // At nearest another pixel only by torch's rounding.
                if output.sampler.interp == Interp::Nearest {
                    assert!(ours.bits() == torchs.bits() || cell.iter().any(super::cell::Along::near_tie), "{}", output.say(i));
                } else {
                    assert!(f64::from((ours - torchs).abs()) <= bound, "{}", output.say(i));
                }
            } else if !torchs.is_nan() {
                // Infinite in one of the two only: a weight that is zero by rounding in the other.
                let same = ours.bits() == torchs.bits();
                assert!(same || cell.iter().any(|along| along.near_pixel() || along.near_tie()), "{}", output.say(i));
            }
        }
    });
    println!(
        "{compared} compared, {special} special: ours is not finite at {ours_not_finite}, torch NaN where ours is not at {torch_nan}"
    );
    assert_eq!(compared + special, 2 * 9 * VALUES_2D);
    assert!(torch_nan > 0 && ours_not_finite > 0);
}
