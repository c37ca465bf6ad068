//! Deliberate differences from torch at locations that are NaN, infinite or too far for its reflection (CONVENTIONS.md 8):
//! what ours gives there, and that torch gives what the table says.

use super::archive::{Archive, Stored};
use super::cell::{Along, Kind, kind};
use super::walk::{F32_WIDTHS, F64_WIDTHS, MODES, Output, walk};
use crate::common::{Float, Value};
use displace::{Interp, Padding, Real};

/// Every special value of the f32 and f64 archives in `D` dimensions.
fn each<T: Stored + Float + Value, const D: usize>(
    widths: &[usize],
    wanted: Kind,
    mut judge: impl FnMut(&Output<T, D>, usize, [Along; D]),
) -> usize {
    let archive = Archive::open(if D == 2 { "sample2.npz" } else { "sample3.npz" });
    let mut count = 0;
    walk::<T, D>(&archive, "", false, widths, &MODES, |output| {
        for i in 0..output.ours.len() {
            let cell = output.cell(i);
            if kind(&cell) == wanted {
                count += 1;
                judge(output, i, cell);
            }
        }
    });
    count
}

/// The result at stand-in locations, absolute and small, and how far ours may be from it: a stand-in rounds once more.
fn stand_in<T: Stored + Float + Value, const D: usize>(output: &Output<T, D>, i: usize, cell: &[Along; D]) -> Option<(f64, f64)> {
    let pixel = i % output.grid_shape.pixels();
    let mut pixels = vec![T::near(0.0); output.grid.len()];
    for (k, along) in cell.iter().enumerate() {
        pixels[pixel * D + k] = T::near(along.stand_in(output.sampler.padding)?);
    }
    let value = output.sampled(&output.image, Some(&pixels))[i].f64();
    // Places up to a few hundred, rounded to T; the slope of cubic is 3 times 1.375 per other axis.
    let u = <T::Real as Real>::ROUND_OFF;
    Some((value, output.most * u * 400.0 * 3.0 * 1.9 * D as f64))
}

fn reads_nothing<T: Stored + Float + Value, const D: usize>(output: &Output<T, D>, i: usize) {
    assert!(output.ours[i].f64().is_nan(), "{}", output.say(i));
}

/// torch's answer where only x is NaN and the other axes are on a pixel, as MANIFEST.json has it; returns whether this is
/// such a value.
fn torch_as_written<T: Stored + Float + Value, const D: usize>(output: &Output<T, D>, i: usize, cell: &[Along; D]) -> bool {
    let pixel = i % output.grid_shape.pixels();
    let others_whole = cell[1..].iter().all(|along| along.exact.fract() == 0.0);
    if !output.grid[pixel * D].f64().is_nan() || !others_whole {
        return false;
    }
    let [width, rest @ ..] = output.image_shape.size.as_slice() else { unreachable!("an image has axes") };
    let mut row = i / output.grid_shape.pixels();
    for (len, along) in rest.iter().zip(&cell[1..]).rev() {
        row = row * len + along.exact as usize;
    }
    let row = &output.image[row * width..][..*width];
    let torchs = output.torchs[i];
    match (output.sampler.interp, output.sampler.padding) {
        (Interp::Cubic { .. }, _) => assert!(torchs.f64().is_nan(), "{}", output.say(i)),
        (Interp::Linear, Padding::Zeros) if D == 2 => assert!(torchs.f64().is_nan(), "{}", output.say(i)),
        (_, Padding::Zeros) => assert_eq!(torchs.f64(), 0.0, "{}", output.say(i)),
        _ if D == 2 => assert_eq!(torchs.bits(), row[0].bits(), "{}", output.say(i)),
        _ => assert_eq!(torchs.bits(), row[width - 1].bits(), "{}", output.say(i)),
    }
    true
}

#[test]
fn nan_locations_read_nothing_under_every_padding() {
    let mut as_written = 0;
    let mut count = 0;
    macro_rules! check {
        ($t:ident, $axes:literal, $widths:expr) => {
            count += each::<$t, $axes>(&$widths, Kind::NotANumber, |output, i, cell| {
                reads_nothing(output, i);
                as_written += usize::from(torch_as_written(output, i, &cell));
            });
        };
    }
    check!(f32, 2, F32_WIDTHS);
    check!(f64, 2, F64_WIDTHS);
    check!(f32, 3, F32_WIDTHS);
    check!(f64, 3, F64_WIDTHS);
    println!("{count} NaN locations; torch's answer checked at {as_written}");
    // Per output and channel: one row of 49 with y NaN, and one x in each of the other three; with one pixel between
    // centres +inf and -inf times 0 as well. 9 outputs per width and extent; 2 channels in 2-D, 1 in 3-D.
    let per_channel = |widths: &[usize]| 9 * (2 * widths.len() * 52 + 3 * 2);
    assert_eq!(count, 3 * (per_channel(&F32_WIDTHS) + per_channel(&F64_WIDTHS)));
    // One row has y (and z) on a pixel.
    assert_eq!(as_written, 9 * 2 * (F32_WIDTHS.len() + F64_WIDTHS.len()) * 3);
}

#[test]
fn nan_locations_give_integers_the_fill_value() {
    use displace::{Grid, Lattice, Sampler, Shape, View, sample};
    let image = View::planar(&[10u8, 20, 30, 40], Shape { n: 1, c: 1, size: [2, 2] }).unwrap();
    let at = [f32::NAN, 0.0, 0.0, f32::NAN];
    let at = View::interleaved(&at, Shape { n: 1, c: 2, size: [2, 1] }).unwrap();
    let grid = Grid::new(at, Lattice::from_xy([2, 2], displace::Extent::Edges).unwrap()).unwrap();
    for (_, interp) in MODES {
        for (padding, fill) in
            [(Padding::Zeros, 0), (Padding::Border, 0), (Padding::Reflection, 0), (Padding::Wrap, 0), (Padding::Constant(7.0), 7)]
        {
            assert_eq!(
                sample(&image, &grid.into(), Sampler::new(interp, padding)).unwrap().as_slice(),
                [fill; 2],
                "{interp:?} {padding:?}"
            );
        }
    }
}

fn infinite<T: Stored + Float + Value, const D: usize>(output: &Output<T, D>, i: usize, cell: &[Along; D]) {
    let ours = output.ours[i].f64();
    match stand_in(output, i, cell) {
        None => assert!(ours.is_nan(), "{}", output.say(i)),
        Some((expected, bound)) => {
            assert!((ours - expected).abs() <= bound, "{expected}: {}", output.say(i));
            if output.sampler.padding == Padding::Zeros {
                assert_eq!(ours, 0.0, "{}", output.say(i));
            }
        }
    }
    // torch, as MANIFEST.json says: cubic is NaN, so is 2-D linear under zeros; nearest and 3-D read 0 under zeros; border
    // agrees with ours, except that ours may know a finite place where torch's overflows.
    let torchs = output.torchs[i].f64();
    let overflow = cell.iter().any(|along| along.kind == Kind::Infinite && along.ours.is_finite());
    match (output.sampler.interp, output.sampler.padding) {
        (Interp::Cubic { .. }, _) => assert!(torchs.is_nan(), "{}", output.say(i)),
        (Interp::Linear, Padding::Zeros) if D == 2 => assert!(torchs.is_nan(), "{}", output.say(i)),
        (_, Padding::Zeros) => assert_eq!(torchs, 0.0, "{}", output.say(i)),
        // 4 u per step of the other axes' blends.
        (_, Padding::Border) if !overflow => {
            assert!((torchs - ours).abs() <= output.most * 2.0 * 400.0 * <T::Real as Real>::ROUND_OFF, "{}", output.say(i));
        }
        _ => {}
    }
}

#[test]
fn infinite_locations_read_the_fill_the_end_pixel_or_nothing() {
    let a = each::<f32, 2>(&F32_WIDTHS, Kind::Infinite, |output, i, cell| infinite(output, i, &cell));
    let b = each::<f64, 2>(&F64_WIDTHS, Kind::Infinite, |output, i, cell| infinite(output, i, &cell));
    let c = each::<f32, 3>(&F32_WIDTHS, Kind::Infinite, |output, i, cell| infinite(output, i, &cell));
    let d = each::<f64, 3>(&F64_WIDTHS, Kind::Infinite, |output, i, cell| infinite(output, i, &cell));
    println!("{a} + {b} in 2-D, {c} + {d} in 3-D");
    // f64: +inf and -inf in three rows; 2 extents of 4 widths, less the axis of one pixel between centres. f32: 3e38 too,
    // where it overflows.
    assert_eq!([b, d], [9 * 7 * 6 * 2, 9 * 7 * 6]);
    assert!(a > 9 * 11 * 6 * 2 && c > 9 * 11 * 6);
}

#[test]
fn huge_locations_are_mirrored_exactly() {
    let mut lost = 0;
    let mut count = 0;
    macro_rules! check {
        ($t:ident, $axes:literal, $widths:expr) => {
            count += each::<$t, $axes>(&$widths, Kind::Huge, |output, i, cell| {
                let (expected, bound) = stand_in(output, i, &cell).expect("a finite place");
                let ours = output.ours[i].f64();
                assert!((ours - expected).abs() <= bound, "{expected}: {}", output.say(i));
                let torchs = output.torchs[i].f64();
                lost += usize::from(torchs.is_nan() || (torchs - ours).abs() > bound);
            });
        };
    }
    check!(f32, 2, F32_WIDTHS);
    check!(f64, 2, F64_WIDTHS);
    check!(f32, 3, F32_WIDTHS);
    check!(f64, 3, F64_WIDTHS);
    println!("{count} huge locations; torch reads something else at {lost}");
    assert!(lost > 0 && lost < count && count > 1000);
}

#[test]
fn one_pixel_between_centres_reads_that_pixel_at_every_finite_value() {
    let archive = Archive::open("sample2.npz");
    let mut seen = 0;
    walk::<f32, 2>(&archive, "", false, &[1], &MODES, |output| {
        if !output.extent.align_corners() {
            return;
        }
        for i in 0..output.ours.len() {
            let [x, y] = output.cell(i);
            // Row y = 1, where the answer is a pixel and no blend.
            if x.kind == Kind::Ordinary && y.exact == 1.0 {
                let channel = i / output.grid_shape.pixels();
                assert_eq!(x.exact, 0.0);
                assert_eq!(output.ours[i].bits(), output.image[channel * 3 + 1].bits(), "{}", output.say(i));
                assert_eq!(output.torchs[i].bits(), output.ours[i].bits(), "{}", output.say(i));
                seen += 1;
            }
        }
    });
    // 46 of 49 columns are finite, two channels, nine outputs.
    assert_eq!(seen, 46 * 2 * 9);
}
