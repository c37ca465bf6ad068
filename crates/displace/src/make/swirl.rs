//! Swirls.

use super::Formula;
use thiserror::Error;

/// Each place is turned about the centre by `rotation + strength * exp(-rho / r)`, `rho` its distance and `r = radius * ln 2 / 5`:
/// scikit-image's `swirl`, whose effect is down to about a thousandth at `radius`.
///
/// Distances stay, so the inverse turns back: [`inverse`](Self::inverse). Angles are in radians, from x to y.
///
/// ```
/// use displace::{Formula, Swirl};
/// // About a quarter turn beside the centre, nothing far from it.
/// let map = Swirl::new([10.0, 10.0], std::f64::consts::FRAC_PI_2, 8.0, 0.0)?;
/// let [_, y] = map.source([10.01, 10.0]).unwrap();
/// assert!(y - 10.0 > 0.0099 && (map.source([60.0, 10.0]).unwrap()[1] - 10.0).abs() < 1e-15);
/// # Ok::<(), displace::SwirlError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swirl {
    center: [f64; 2],
    strength: f64,
    radius: f64,
    rotation: f64,
}

/// What is no swirl.
#[derive(Clone, Debug, PartialEq, Error)]
#[error(
    "center {center:?}, strength {strength}, radius {radius}, rotation {rotation}: expected finite numbers, and a radius above 0"
)]
pub struct SwirlError {
    center: [f64; 2],
    strength: f64,
    radius: f64,
    rotation: f64,
}

/// Where the turn has decayed to 1/e, by the radius.
const DECAY: f64 = std::f64::consts::LN_2 / 5.0;

impl Swirl {
    /// About `center`, which stays: turned there by `strength`, and everywhere by `rotation`, in radians; `radius` in pixels.
    ///
    /// # Errors
    /// If a number is not finite, or the radius not above 0.
    pub fn new(center: [f64; 2], strength: f64, radius: f64, rotation: f64) -> Result<Self, SwirlError> {
        if radius * DECAY > 0.0 && [center[0], center[1], strength, radius, rotation].iter().all(|x| x.is_finite()) {
            return Ok(Self { center, strength, radius, rotation });
        }
        Err(SwirlError { center, strength, radius, rotation })
    }

    /// The map back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { strength: -self.strength, rotation: -self.rotation, ..*self }
    }
}

impl Formula<2> for Swirl {
    fn source(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        let [x, y] = [at[0] - self.center[0], at[1] - self.center[1]];
        let rho = libm::hypot(x, y);
        let decay = self.radius * DECAY;
        let (sin, cos) = libm::sincos(self.strength.mul_add(libm::exp(-rho / decay), self.rotation));
        Some([self.center[0] + (x * cos - y * sin), self.center[1] + (x * sin + y * cos)])
    }

    fn cost(&self) -> usize {
        150
    }
}
