//! Determinants of a row of 3 x 3 matrices, eight at a time.

use super::lanes::Lanes;
use displace_reads::LANES;
use fearless_simd::{f32x8, prelude::*};

/// Determinants of `slopes[k][3 x + i]`, that of component `i` along axis `k`, plus `own[i]` where `i = k`, each times
/// `scale[i][k]`: of as many as are whole eights, the number of which comes back. Products and sums are rounded one by one.
#[inline(always)]
pub(crate) fn determinants<S: Lanes>(
    simd: S,
    slopes: [&[f32]; 3],
    own: [f32; 3],
    scale: Option<&[[f32; 3]; 3]>,
    to: &mut [f32],
) -> usize {
    let rows = slopes.map(|slopes| slopes.as_chunks::<LANES>().0);
    let to = to.as_chunks_mut::<LANES>().0;
    let zero = f32x8::splat(simd, 0.0);
    for (group, to) in to.iter_mut().enumerate() {
        // matrix[k][i], transposed: the determinant is the same.
        let mut matrix = [[zero; 3]; 3];
        for k in 0..3 {
            let mut numbers = [zero; 3];
            for (part, numbers) in numbers.iter_mut().enumerate() {
                *numbers = f32x8::simd_from(simd, rows[k][3 * group + part]);
            }
            matrix[k] = simd.deinterleave3(numbers);
            matrix[k][k] += f32x8::splat(simd, own[k]);
        }
        if let Some(scale) = scale {
            for k in 0..3 {
                for i in 0..3 {
                    matrix[k][i] *= f32x8::splat(simd, scale[i][k]);
                }
            }
        }
        let [[a, d, g], [b, e, h], [c, f, i]] = matrix;
        let value = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
        *to = value.into();
    }
    to.len() * LANES
}
