//! Radial basis functions of the squared distance, in lanes.

/// A radial basis function `phi(r)`, with SciPy's names, signs and least degrees of the polynomial beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernel {
    /// `r^2 ln r`: in 2-D the thin plate, whose bending energy is least (Duchon, "Splines minimizing rotation-invariant semi-norms in
    /// Sobolev spaces", 1977; Bookstein, "Principal warps", IEEE TPAMI 11(6), 1989).
    #[default]
    ThinPlate,
    /// `-r`: in 3-D the spline whose bending energy is least.
    Linear,
    /// `r^3`.
    Cubic,
    /// `-r^5`.
    Quintic,
    /// `-sqrt(1 + r^2)`.
    Multiquadric,
    /// `1 / sqrt(1 + r^2)`.
    InverseMultiquadric,
    /// `1 / (1 + r^2)`.
    InverseQuadratic,
    /// `exp(-r^2)`.
    Gaussian,
}

impl Kernel {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ThinPlate,
        Self::Linear,
        Self::Cubic,
        Self::Quintic,
        Self::Multiquadric,
        Self::InverseMultiquadric,
        Self::InverseQuadratic,
        Self::Gaussian,
    ];

    /// SciPy's name.
    ///
    /// ```
    /// use displace::Kernel;
    /// assert_eq!(Kernel::ThinPlate.name(), "thin_plate_spline");
    /// assert_eq!(Kernel::from_name("quintic"), Some(Kernel::Quintic));
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ThinPlate => "thin_plate_spline",
            Self::Linear => "linear",
            Self::Cubic => "cubic",
            Self::Quintic => "quintic",
            Self::Multiquadric => "multiquadric",
            Self::InverseMultiquadric => "inverse_multiquadric",
            Self::InverseQuadratic => "inverse_quadratic",
            Self::Gaussian => "gaussian",
        }
    }

    /// The kernel of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kernel| kernel.name() == name)
    }

    /// `b` where `phi(h r) = h^b phi(r)`, for thin plates up to a multiple of `r^2`; `None` for kernels that have a width.
    pub(crate) const fn power(self) -> Option<i32> {
        match self {
            Self::Linear => Some(1),
            Self::ThinPlate => Some(2),
            Self::Cubic => Some(3),
            Self::Quintic => Some(5),
            _ => None,
        }
    }

    /// The least degree of the polynomial for which one solution exists (Wendland, Scattered Data Approximation, 2005, 8.3); -1: none.
    pub(crate) const fn least_degree(self) -> i32 {
        match self {
            Self::Linear | Self::Multiquadric => 0,
            Self::ThinPlate | Self::Cubic => 1,
            Self::Quintic => 2,
            Self::InverseMultiquadric | Self::InverseQuadratic | Self::Gaussian => -1,
        }
    }

    /// `phi` of squared distances.
    #[inline(always)]
    pub(super) fn values<const L: usize>(self, s: [f64; L]) -> [f64; L] {
        let mut to = [0.0; L];
        match self {
            Self::ThinPlate => {
                let log = ln(s);
                for lane in 0..L {
                    to[lane] = 0.5 * s[lane] * log[lane];
                }
            }
            Self::Linear => {
                for lane in 0..L {
                    to[lane] = -s[lane].sqrt();
                }
            }
            Self::Cubic => {
                for lane in 0..L {
                    to[lane] = s[lane] * s[lane].sqrt();
                }
            }
            Self::Quintic => {
                for lane in 0..L {
                    to[lane] = -(s[lane] * s[lane] * s[lane].sqrt());
                }
            }
            Self::Multiquadric => {
                for lane in 0..L {
                    to[lane] = -(1.0 + s[lane]).sqrt();
                }
            }
            Self::InverseMultiquadric => {
                for lane in 0..L {
                    to[lane] = 1.0 / (1.0 + s[lane]).sqrt();
                }
            }
            Self::InverseQuadratic => {
                for lane in 0..L {
                    to[lane] = 1.0 / (1.0 + s[lane]);
                }
            }
            Self::Gaussian => {
                for lane in 0..L {
                    to[lane] = libm::exp(-s[lane]);
                }
            }
        }
        to
    }

    /// The derivative of `phi` by the squared distance. Infinite or NaN at 0 for thin plates and `-r`, where callers leave it out.
    pub(super) fn slope(self, s: f64) -> f64 {
        match self {
            Self::ThinPlate => f64::midpoint(ln([s])[0], 1.0),
            Self::Linear => -0.5 / s.sqrt(),
            Self::Cubic => 1.5 * s.sqrt(),
            Self::Quintic => -2.5 * s * s.sqrt(),
            Self::Multiquadric => -0.5 / (1.0 + s).sqrt(),
            Self::InverseMultiquadric => -0.5 / ((1.0 + s) * (1.0 + s).sqrt()),
            Self::InverseQuadratic => -1.0 / ((1.0 + s) * (1.0 + s)),
            Self::Gaussian => -libm::exp(-s),
        }
    }
}

/// Natural logarithms, within 1 unit in the last place; of numbers below the smallest normal one, that one's. FreeBSD's `e_log.c`
/// without its branches, so that lanes stay together: `s = 2^k (1 + f)`, and `ln(1 + f)` from `t = f / (2 + f)` and a polynomial of `t^2`.
#[inline(always)]
fn ln<const L: usize>(s: [f64; L]) -> [f64; L] {
    const HIGH: f64 = 6.931_471_803_691_238e-1;
    const LOW: f64 = 1.908_214_929_270_587_7e-10;
    const SERIES: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    // The bits of the root of 1/2, where 1 + f begins, and of 1.
    const HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let mut to = [0.0; L];
    for lane in 0..L {
        let x = if s[lane] > f64::MIN_POSITIVE { s[lane] } else { f64::MIN_POSITIVE };
        let moved = x.to_bits().wrapping_add(ONE - HALF);
        // The exponent as a float without a conversion: the last bits of 2^52 and more.
        let k = f64::from_bits((moved >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
        let f = f64::from_bits((moved & 0x000f_ffff_ffff_ffff) + HALF) - 1.0;
        let t = f / (2.0 + f);
        let (z, half) = (t * t, 0.5 * f * f);
        let w = z * z;
        let even = w * (SERIES[1] + w * (SERIES[3] + w * SERIES[5]));
        let odd = z * (SERIES[0] + w * (SERIES[2] + w * (SERIES[4] + w * SERIES[6])));
        to[lane] = k * HIGH - ((half - (t * (half + (even + odd)) + k * LOW)) - f);
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_the_librarys_within_one_ulp() {
        let mut x = 1e-300f64;
        while x < 1e300 {
            for x in [x, x * (1.0 + 1e-9), 1.0 + (x.fract() - 0.5) * 1e-3] {
                let (found, expected) = (ln([x])[0], libm::log(x));
                assert!((found - expected).abs() <= 2.0 * f64::EPSILON * expected.abs().max(1e-300), "ln {x}: {found}, {expected}");
            }
            x *= 1.017;
        }
        assert_eq!(ln([1.0]), [0.0]);
        assert_eq!(Kernel::ThinPlate.values([0.0, 1.0]), [0.0, 0.0]);
    }

    #[test]
    fn slopes_are_differences() {
        for kernel in Kernel::ALL {
            for s in [0.3, 1.0, 7.0] {
                let step = 1e-6;
                let [up, down] = kernel.values([s + step, s - step]);
                let (found, expected) = (kernel.slope(s), (up - down) / (2.0 * step));
                // The difference's own error: step^2 and rounding over step.
                assert!((found - expected).abs() < 1e-8 * (1.0 + expected.abs()), "{kernel:?} at {s}: {found}, {expected}");
            }
        }
    }
}
