//! One location of a golden grid: the exact place, torch's own, and what kind of case it is.

use crate::common::Float;
use displace::torch::{Path, torch_px};
use displace::{Axis, Extent, Norm, Padding, Real};

/// What is compared how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// By bounds.
    Ordinary,
    /// A location where torch's reflection has lost the place, or at least its fraction.
    Huge,
    /// An infinite location, ours or torch's.
    Infinite,
    /// A location that is not a number.
    NotANumber,
}

/// A location along one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Along {
    pub(super) axis: Axis,
    /// Ours: the exact location, rounded once to the type that the library computes in.
    pub(super) ours: f64,
    /// The exact location, to an ulp of f64.
    pub(super) exact: f64,
    /// How far torch's location is from the exact one, including what its reflection adds.
    pub(super) error: f64,
    pub(super) kind: Kind,
}

impl Along {
    pub(super) fn new<L: Float>(g: L, axis: Axis, axes: usize, padding: Padding) -> Self {
        let ours = axis.px_from_norm(Norm(g.widen())).0.to_f64();
        let exact = g.f64().mul_add(axis.slope(), axis.middle());
        let torchs = torch_px(g, axis, Path::of::<L>(axes)).to_f64();
        // Unit round-off of the type that torch computes in.
        let u = L::near(1.0).f64() - L::near(1.0).step(-1).f64();
        let kind = if ours.is_nan() {
            Kind::NotANumber
        } else if !ours.is_finite() || !torchs.is_finite() {
            Kind::Infinite
        } else if padding == Padding::Reflection && ours.abs() >= 0.25 / <L::Real as Real>::ROUND_OFF {
            Kind::Huge
        } else {
            Kind::Ordinary
        };
        let size = exact.abs() + 2.0 * axis.len() as f64;
        let mut error = (torchs - exact).abs() + f64::EPSILON * size;
        if padding == Padding::Reflection {
            // |x - low|, the quotient's rest, 2 span - d, and + low: each rounded, of numbers up to this size.
            error += 4.0 * u * size;
        }
        // Where both places are so far on one side that no tap, even of cubic, can reach the image, distance is nothing.
        let (low, high) = (exact.min(torchs), exact.max(torchs));
        if padding != Padding::Reflection && (high < -3.0 || low > axis.len() as f64 + 2.0) {
            error = 0.0;
        }
        Self { axis, ours, exact, error, kind }
    }

    /// Whether torch's error can carry the location across a point half-way between pixels (for nearest).
    pub(super) fn near_tie(&self) -> bool {
        (self.exact - self.exact.floor() - 0.5).abs() <= self.error
    }

    /// Whether torch's error can carry the location across, or onto, a whole pixel.
    pub(super) fn near_pixel(&self) -> bool {
        (self.exact - self.exact.round()).abs() <= self.error
    }

    /// A small location that must read the same as ours; `None` where CONVENTIONS.md 8 says that nothing is read.
    pub(super) fn stand_in(&self, padding: Padding) -> Option<f64> {
        let (len, last) = (self.axis.len() as f64, self.axis.len() as f64 - 1.0);
        let inside = |p: f64| (-100.0..len + 100.0).contains(&p);
        match padding {
            _ if self.ours.is_nan() => None,
            Padding::Reflection if self.ours.is_infinite() => None,
            // Exact: the remainder of a float division is.
            Padding::Reflection if self.axis.span() == 0 => Some(0.0),
            Padding::Reflection => {
                let period = 2.0 * f64::from(self.axis.span());
                // Mirroring at both ends repeats with twice the span, in both extents.
                Some(if inside(self.ours) { self.ours } else { self.ours % period })
            }
            _ if inside(self.ours) => Some(self.ours),
            Padding::Border => Some(if self.ours < 0.0 { 0.0 } else { last }),
            _ => Some(if self.ours < 0.0 { -50.0 } else { len + 50.0 }),
        }
    }
}

/// All axes of one location.
pub(super) fn kind(cell: &[Along]) -> Kind {
    cell.iter().map(|along| along.kind).max().expect("at least one axis")
}

#[test]
fn reflection_repeats_with_twice_the_span() {
    let axis = Axis::new(5, Extent::Edges).unwrap();
    let huge = Along::new(1e10f64, axis, 2, Padding::Reflection);
    // 1e10 * 5/2 + 2 = 25000000002, which is 2 modulo 10.
    assert_eq!((huge.exact, huge.kind, huge.ours % 10.0), (25_000_000_002.0, Kind::Ordinary, 2.0));
    let lost = Along::new(1e10f32, axis, 2, Padding::Reflection);
    assert_eq!(lost.kind, Kind::Huge);
}
