//! What lies outside the image: where a location or a tap outside is read instead. The only home of clamping,
//! reflection and wrapping; `kernel/locate.rs` holds the independent block-wise writing of the same rules.

use crate::axis::{Axis, Extent};
use crate::dtype::Real;
use crate::error::NameError;
use crate::space::Px;
use std::str::FromStr;

/// What is read outside the image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Padding {
    /// 0: a tap outside contributes nothing. torch's default.
    #[default]
    Zeros,
    /// The nearest pixel of the image: torch's `border`.
    Border,
    /// The image mirrored at the ends of its extent: torch's `reflection`. Between edges the mirrors lie half a pixel
    /// outside the end centres (SciPy's `reflect`), between centres on them (SciPy's `mirror`).
    Reflection,
    /// The image repeated with its length as period, whatever the extent: SciPy's `grid-wrap`.
    Wrap,
    /// A constant value.
    Constant(f64),
}

impl Padding {
    /// The value of a tap that reads no pixel.
    #[must_use]
    pub const fn fill(self) -> f64 {
        match self {
            Self::Constant(value) => value,
            _ => 0.0,
        }
    }

    /// Whether locations outside read the fill value rather than a pixel.
    #[must_use]
    pub const fn fills(self) -> bool {
        matches!(self, Self::Zeros | Self::Constant(_))
    }

    /// The location's duty, for nearest and linear: where a location is read. `None` where nothing can be read: at NaN,
    /// and at infinity under reflection and wrap, which have no limit there.
    ///
    /// Under border an infinite location reads the end pixel on its side.
    #[must_use]
    pub fn place<R: Real>(self, spot: Spot<R>, axis: Axis) -> Option<Spot<R>> {
        let last = axis.len() as i64 - 1;
        let Spot::At { cell, frac } = self.settle(spot, axis)? else { unreachable!("settled spots are finite") };
        let (cell, frac) = match self {
            Self::Zeros | Self::Constant(_) => (cell, frac),
            Self::Border if cell < 0 => (0, R::ZERO),
            Self::Border if cell >= last => (last, R::ZERO),
            Self::Border => (cell, frac),
            Self::Wrap => (cell.rem_euclid(last + 1), frac),
            Self::Reflection => reflect(cell, frac, axis),
        };
        Some(Spot::At { cell, frac })
    }

    /// The taps' base, for cubic: the location itself, made finite. `None` as in [`place`](Self::place).
    #[must_use]
    pub fn settle<R: Real>(self, spot: Spot<R>, axis: Axis) -> Option<Spot<R>> {
        let far = axis.len() as i64 + 8;
        match (spot, self) {
            (Spot::At { .. }, _) => Some(spot),
            (Spot::Below, Self::Zeros | Self::Constant(_) | Self::Border) => Some(Spot::At { cell: -far, frac: R::ZERO }),
            (Spot::Above, Self::Zeros | Self::Constant(_) | Self::Border) => Some(Spot::At { cell: far, frac: R::ZERO }),
            (Spot::Below | Spot::Above, Self::Reflection | Self::Wrap) | (Spot::Nowhere, _) => None,
        }
    }

    /// The tap's duty: which pixel a tap at `index` reads, `None` if it reads the fill value.
    #[must_use]
    pub fn place_tap(self, index: i64, axis: Axis) -> Option<usize> {
        let last = axis.len() as i64 - 1;
        let placed = match self {
            Self::Zeros | Self::Constant(_) => index,
            Self::Border => index.clamp(0, last),
            Self::Wrap => index.rem_euclid(last + 1),
            Self::Reflection => match reflect(index, 0.0f64, axis) {
                (cell, 0.0) => cell,
                _ => unreachable!("a whole pixel is mirrored to a whole pixel"),
            },
        };
        (0..=last).contains(&placed).then_some(placed as usize)
    }
}

/// `cell + frac` mirrored into the image at the ends of its extent, then clipped to the end centres as torch does.
fn reflect<R: Real>(cell: i64, frac: R, axis: Axis) -> (i64, R) {
    let last = axis.len() as i64 - 1;
    let span = i64::from(axis.span());
    if span == 0 {
        return (0, R::ZERO);
    }
    let cell = cell.rem_euclid(2 * span);
    if cell < last {
        return (cell, frac);
    }
    // The mirror image of cell + frac is turn - cell - frac.
    let turn = match axis.extent() {
        Extent::Edges => 2 * span - 1,
        Extent::Centers => 2 * span,
    };
    let (mirrored, frac) = if frac == R::ZERO { (turn - cell, frac) } else { (turn - cell - 1, R::ONE - frac) };
    if mirrored < 0 {
        (0, R::ZERO)
    } else if mirrored >= last {
        (last, R::ZERO)
    } else if frac == R::ONE {
        (mirrored + 1, R::ZERO)
    } else {
        (mirrored, frac)
    }
}

/// A location as the pixel at or below it and the fraction of the way to the next, each exact or rounded once. This
/// keeps more than one float can: on an image 4096 wide a plain `f32` location has lost 11 of the fraction's 24 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spot<R> {
    /// At `cell + frac`, `0 <= frac < 1`.
    At {
        /// The pixel at or below.
        cell: i64,
        /// The way to the next.
        frac: R,
    },
    /// At minus infinity.
    Below,
    /// At plus infinity.
    Above,
    /// At NaN.
    Nowhere,
}

impl<R: Real> Spot<R> {
    /// The spot of `value * scale + offset + base`: `offset` small, `base` a whole number of pixels.
    ///
    /// The fraction is one fused multiply-add, so it is correctly rounded.
    #[must_use]
    pub fn new(value: R, scale: R, offset: R, base: i64, axis: Axis) -> Self {
        let near = value.mul_add(scale, offset);
        if !near.is_finite() {
            return match near.partial_cmp(&R::ZERO) {
                Some(std::cmp::Ordering::Less) => Self::Below,
                Some(_) => Self::Above,
                None => Self::Nowhere,
            };
        }
        let floor = near.floor();
        if (offset - floor).abs() >= R::EXACT {
            return Self::At { cell: whole(floor, axis).saturating_add(base), frac: near - floor };
        }
        let cell = floor.to_f64() as i64 + base;
        let frac = value.mul_add(scale, offset - floor);
        // `near` may have been rounded up to a whole pixel that the location lies below, by less than an ulp of it.
        if frac >= R::ZERO {
            if frac < R::ONE { Self::At { cell, frac } } else { Self::At { cell: cell + 1, frac: R::ZERO } }
        } else if R::ONE + frac < R::ONE {
            Self::At { cell: cell - 1, frac: R::ONE + frac }
        } else {
            Self::At { cell, frac: R::ZERO }
        }
    }

    /// The location as one number, rounded.
    #[must_use]
    pub fn px(self) -> Px<R> {
        Px(match self {
            Self::At { cell, frac } => R::from_f64(cell as f64 + frac.to_f64()),
            Self::Below => -R::ONE / R::ZERO,
            Self::Above => R::ONE / R::ZERO,
            Self::Nowhere => R::NAN,
        })
    }
}

/// A whole number as an integer; beyond 2^53 reduced by a common multiple of the periods of wrap and reflection on this
/// axis, which no padding can tell from the number itself.
fn whole<R: Real>(floor: R, axis: Axis) -> i64 {
    let near = floor.to_f64();
    if near.abs() < 2f64.powi(53) {
        return near as i64;
    }
    // The remainder of a float division is exact. Far outside on the same side, for zeros, border and constant.
    let period = 2.0 * axis.len() as f64 * f64::from(axis.span().max(1));
    (near % period + near.signum() * period * 2.0) as i64
}

impl FromStr for Padding {
    type Err = NameError;
    /// torch's names, `wrap`, and `constant` (of 0).
    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "zeros" => Ok(Self::Zeros),
            "border" => Ok(Self::Border),
            "reflection" => Ok(Self::Reflection),
            "wrap" => Ok(Self::Wrap),
            "constant" => Ok(Self::Constant(0.0)),
            _ => Err(NameError {
                what: "padding mode",
                found: name.into(),
                expected: "\"zeros\", \"border\", \"reflection\", \"wrap\" or \"constant\"",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(padding: Padding, p: f64, len: usize, extent: Extent) -> f64 {
        let axis = Axis::new(len, extent).unwrap();
        padding.place(Spot::new(p, 1.0, 0.0, 0, axis), axis).map_or(f64::NAN, |s| s.px().0)
    }

    #[test]
    fn reflection_by_hand() {
        // torch's documentation, -3.5 between edges becomes 2.5; between centres 3.5.
        for (extent, cases) in [
            (
                Extent::Edges,
                vec![
                    (-3.5, 2.5),
                    (-0.75, 0.0),
                    (-0.25, 0.0),
                    (4.25, 4.0),
                    (4.75, 4.0),
                    (5.75, 3.25),
                    (9.75, 0.0),
                    (11.0, 1.0),
                    (-1.0, 0.0),
                ],
            ),
            (Extent::Centers, vec![(-3.5, 3.5), (-0.25, 0.25), (4.25, 3.75), (7.75, 0.25), (8.0, 0.0), (9.5, 1.5), (4.0, 4.0)]),
        ] {
            for (p, expected) in cases {
                assert_eq!(placed(Padding::Reflection, p, 5, extent), expected, "{p} {extent:?}");
            }
        }
        assert_eq!(placed(Padding::Reflection, 7.3, 1, Extent::Centers), 0.0);
        assert_eq!(placed(Padding::Reflection, 7.3, 1, Extent::Edges), 0.0);
    }

    #[test]
    fn border_and_wrap_by_hand() {
        assert_eq!(placed(Padding::Border, -0.1, 5, Extent::Edges), 0.0);
        assert_eq!(placed(Padding::Border, 4.1, 5, Extent::Edges), 4.0);
        assert_eq!(placed(Padding::Border, f64::INFINITY, 5, Extent::Edges), 4.0);
        assert_eq!(placed(Padding::Border, -3e300, 5, Extent::Edges), 0.0);
        assert_eq!(placed(Padding::Wrap, -0.25, 5, Extent::Edges), 4.75);
        assert_eq!(placed(Padding::Wrap, 12.5, 5, Extent::Centers), 2.5);
        assert!(placed(Padding::Wrap, f64::INFINITY, 5, Extent::Edges).is_nan());
        assert!(placed(Padding::Border, f64::NAN, 5, Extent::Edges).is_nan());
    }

    #[test]
    fn huge_locations_are_reduced_exactly() {
        // 2^60 is 1 modulo 3, 1 modulo 5 and 6 modulo 10.
        assert_eq!(placed(Padding::Wrap, 2f64.powi(60), 5, Extent::Edges), 1.0);
        assert_eq!(placed(Padding::Wrap, 2f64.powi(60), 3, Extent::Edges), 1.0);
        // Between edges the period is 10, and pixel 6 is the mirror image of pixel 3.
        assert_eq!(placed(Padding::Reflection, 2f64.powi(60), 5, Extent::Edges), 3.0);
        assert_eq!(placed(Padding::Border, -2f64.powi(60), 5, Extent::Edges), 0.0);
    }

    #[test]
    fn taps_by_hand() {
        let axis = Axis::new(5, Extent::Edges).unwrap();
        let tap = |padding: Padding, i| padding.place_tap(i, axis);
        assert_eq!([-1, 0, 4, 5].map(|i| tap(Padding::Zeros, i)), [None, Some(0), Some(4), None]);
        assert_eq!([-2, 6].map(|i| tap(Padding::Border, i)), [Some(0), Some(4)]);
        assert_eq!([-1, -2, 5, 6].map(|i| tap(Padding::Reflection, i)), [Some(0), Some(1), Some(4), Some(3)]);
        assert_eq!([-1, 5].map(|i| tap(Padding::Wrap, i)), [Some(4), Some(0)]);
        let centers = Axis::new(5, Extent::Centers).unwrap();
        assert_eq!([-1, 5].map(|i| Padding::Reflection.place_tap(i, centers)), [Some(1), Some(3)]);
    }

    #[test]
    fn fractions_keep_what_a_float_location_loses() {
        let axis = Axis::new(4096, Extent::Edges).unwrap();
        // 4000 + 2^-20 is no f32, but its cell and fraction are.
        let spot = Spot::new(2f32.powi(-20), 1.0, 0.0, 4000, axis);
        assert_eq!(spot, Spot::At { cell: 4000, frac: 2f32.powi(-20) });
    }
}
