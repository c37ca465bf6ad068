//! Colours: two perceptually even sequential maps, and a direction wheel.

use std::f64::consts::TAU;

/// sRGB bytes.
pub(crate) type Rgb = [u8; 3];

/// What is not finite.
pub(crate) const MISSING: Rgb = [150, 150, 150];

/// A magnitude scale from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Map {
    /// viridis: for areas.
    Area,
    /// plasma without its yellow end, which has no contrast with white paper: for lines.
    Line,
}

impl Map {
    pub(crate) fn at(self, t: f64) -> Rgb {
        let t = t.clamp(0.0, 1.0);
        let colour = match self {
            Self::Area => colorous::VIRIDIS.eval_continuous(t),
            Self::Line => colorous::PLASMA.eval_continuous(0.78 * t),
        };
        [colour.r, colour.g, colour.b]
    }
}

/// `#rrggbb`.
pub(crate) fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The direction wheel in OKLCh, tabulated.
///
/// Hue is direction, chroma is magnitude, lightness falls evenly from white (zero) to 0.66 at the full scale in every
/// direction: no direction looks longer than another. Right, down, left and up are near red, yellow-green, cyan and violet,
/// the order of the Middlebury wheel.
pub(crate) struct Wheel {
    table: Vec<Rgb>,
}

/// How much lightness is lost from zero to the full scale.
const FALL: f64 = 0.34;
const HUES: usize = 720;
const STEPS: usize = 128;
/// One more row than the steps of magnitude: what lies beyond the scale.
const ROWS: usize = STEPS + 2;

impl Wheel {
    pub(crate) fn new() -> Self {
        let rows = (0..ROWS).flat_map(|row| (0..HUES).map(move |hue| (row, hue)));
        Self { table: rows.map(|(row, hue)| Self::computed(row, hue as f64 * TAU / HUES as f64)).collect() }
    }

    fn computed(row: usize, direction: f64) -> Rgb {
        let hue = direction + 25f64.to_radians();
        if row > STEPS {
            return oklch(0.40, 0.14, hue);
        }
        let part = row as f64 / STEPS as f64;
        // Chroma grows evenly to what the rim can hold: clipping it on the way would draw creases.
        oklch(1.0 - FALL * part, part * held_chroma(1.0 - FALL, 0.17, hue), hue)
    }

    /// The colour of a displacement whose length is `part` of the scale; grey when it is not finite.
    pub(crate) fn at(&self, by: [f64; 2], part: f64) -> Rgb {
        if !part.is_finite() {
            return MISSING;
        }
        let turn = by[1].atan2(by[0]).rem_euclid(TAU) / TAU;
        let hue = (turn * HUES as f64).round() as usize % HUES;
        // The table's last row begins where a double says "beyond", with room for the rounding of a division.
        let row = if part > 1.0 + 1e-12 { STEPS + 1 } else { (part * STEPS as f64).round() as usize };
        self.table[row.min(ROWS - 1) * HUES + hue]
    }
}

/// sRGB of an OKLCh colour, with as much of its chroma as sRGB holds.
fn oklch(lightness: f64, chroma: f64, hue: f64) -> Rgb {
    let chroma = held_chroma(lightness, chroma, hue);
    linear_srgb(lightness, chroma * hue.cos(), chroma * hue.sin()).map(encoded)
}

/// The most chroma, up to `wanted`, that sRGB holds at a lightness and hue.
fn held_chroma(lightness: f64, wanted: f64, hue: f64) -> f64 {
    let fits = |c: f64| linear_srgb(lightness, c * hue.cos(), c * hue.sin()).iter().all(|v| (-1e-4..=1.0 + 1e-4).contains(v));
    if fits(wanted) {
        return wanted;
    }
    let mut range = [0.0, wanted];
    for _ in 0..20 {
        let middle = 0.5 * (range[0] + range[1]);
        range[usize::from(!fits(middle))] = middle;
    }
    range[0]
}

/// Ottosson's OKLab to linear sRGB (2020, revision of 2021-01-25).
fn linear_srgb(lightness: f64, a: f64, b: f64) -> [f64; 3] {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ]
}

/// sRGB's transfer curve, to a byte.
fn encoded(linear: f64) -> u8 {
    let v = linear.clamp(0.0, 1.0);
    let curved = if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
    (255.0 * curved).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_white_and_opposites_differ() {
        let wheel = Wheel::new();
        assert_eq!(wheel.at([0.0, 0.0], 0.0), [255; 3]);
        for by in [[1.0, 0.0], [0.0, 1.0], [0.6, -0.8]] {
            let (one, other) = (wheel.at(by, 1.0), wheel.at(by.map(|v| -v), 1.0));
            let apart: i32 = (0..3).map(|c| (i32::from(one[c]) - i32::from(other[c])).abs()).sum();
            assert!(apart > 150, "{by:?}: {one:?} and {other:?}");
        }
        assert_eq!(wheel.at([f64::NAN, 1.0], f64::NAN), MISSING);
    }

    #[test]
    fn beyond_the_scale_is_darker_in_every_direction() {
        let wheel = Wheel::new();
        let light = |c: Rgb| c.iter().map(|&v| u32::from(v)).sum::<u32>();
        for turn in 0..16 {
            let (y, x) = (f64::from(turn) * TAU / 16.0).sin_cos();
            assert!(light(wheel.at([x, y], 1.01)) + 100 < light(wheel.at([x, y], 1.0)));
        }
    }

    #[test]
    fn oklab_white_is_white() {
        assert_eq!(oklch(1.0, 0.0, 0.0), [255; 3]);
        // Ottosson's own check: sRGB red is OKLab (0.62796, 0.22486, 0.12585).
        let red = linear_srgb(0.627_955, 0.224_863, 0.125_846).map(encoded);
        assert_eq!(red, [255, 0, 0]);
    }
}
