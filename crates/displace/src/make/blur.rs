//! Gaussian blur along one axis after the other.

use crate::axis::Axis;
use crate::dtype::Real;
use crate::padding::Padding;

/// Numbers of a row that are summed side by side.
const SIDE: usize = 32;

/// One half of a symmetric kernel: the middle's weight, then those of the neighbours.
#[derive(Clone, Debug)]
pub(crate) struct Kernel<R>(Vec<R>);

impl<R: Real> Kernel<R> {
    /// `exp(-t^2 / (2 sigma^2))` for `|t| <= radius`, in `f64`, divided by its sum; no blur if `sigma` is 0. `libm`'s exponential is the same
    /// everywhere.
    pub(crate) fn gaussian(sigma: f64, radius: usize) -> Self {
        if sigma == 0.0 {
            return Self(vec![R::ONE]);
        }
        let half: Vec<f64> = (0..=radius).map(|t| libm::exp(-0.5 * (t as f64 / sigma) * (t as f64 / sigma))).collect();
        // The smallest ones first.
        let sum = 2.0 * half[1..].iter().rev().sum::<f64>() + half[0];
        Self(half.iter().map(|weight| R::from_f64(weight / sum)).collect())
    }

    pub(crate) const fn radius(&self) -> usize {
        self.0.len() - 1
    }

    /// Blurs along the row: `padded` holds `radius` numbers more on either side of `to`.
    #[inline(always)]
    pub(crate) fn along(&self, padded: &[R], to: &mut [R]) {
        let (radius, len) = (self.radius(), to.len());
        self.sums(to, |t, first, width| {
            let (before, after) = (&padded[radius - t + first..][..width], &padded[radius + t + first..][..width]);
            (before, after)
        });
        debug_assert_eq!(padded.len(), len + 2 * radius);
    }

    /// Blurs across rows: `2 radius + 1` of them, of which the middle one is at `to`.
    #[inline(always)]
    pub(crate) fn across(&self, rows: &[&[R]], to: &mut [R]) {
        let radius = self.radius();
        self.sums(to, |t, first, width| (&rows[radius - t][first..][..width], &rows[radius + t][first..][..width]));
    }

    /// `w[0] m + w[1] (b[1] + a[1]) + ..`, unfused and in this order: the same bits on every instruction set.
    #[inline(always)]
    fn sums<'r>(&self, to: &mut [R], pair: impl Fn(usize, usize, usize) -> (&'r [R], &'r [R])) {
        let (whole, rest) = to.split_at_mut(to.len() / SIDE * SIDE);
        for (block, to) in whole.chunks_exact_mut(SIDE).enumerate() {
            let first = block * SIDE;
            let mut sum = [R::ZERO; SIDE];
            let (middle, _) = pair(0, first, SIDE);
            for lane in 0..SIDE {
                sum[lane] = self.0[0] * middle[lane];
            }
            for (t, weight) in self.0.iter().enumerate().skip(1) {
                let (before, after) = pair(t, first, SIDE);
                for lane in 0..SIDE {
                    sum[lane] = sum[lane] + *weight * (before[lane] + after[lane]);
                }
            }
            to.copy_from_slice(&sum);
        }
        let first = whole.len();
        for (lane, to) in rest.iter_mut().enumerate() {
            *to = self.0[0] * pair(0, first + lane, 1).0[0];
            for (t, weight) in self.0.iter().enumerate().skip(1) {
                let (before, after) = pair(t, first + lane, 1);
                *to = *to + *weight * (before[0] + after[0]);
            }
        }
    }
}

/// Where the numbers around an axis are read: entry `i` stands for place `i - radius`; `None` reads 0.
pub(crate) fn places(padding: Padding, axis: Axis, radius: usize) -> Vec<Option<usize>> {
    (0..axis.len() + 2 * radius).map(|i| padding.place_tap(i as i64 - radius as i64, axis)).collect()
}
