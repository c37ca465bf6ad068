//! Eight pixels side by side: how pixels of any type become lanes of `f32` and lanes become pixels.

use super::level::Baseline;
use crate::dtype::Sample;
use displace_reads::{LANES, Reads};
use fearless_simd::{Simd, f32x4, f32x8, f64x4, i32x8, prelude::*};

/// One step of a linear blend: `a + f (b - a)`, and `a` itself where `f` is 0.
#[inline(always)]
pub(super) fn step<S: Simd>(simd: S, a: f32x8<S>, b: f32x8<S>, f: f32x8<S>) -> f32x8<S> {
    f.simd_eq(f32x8::splat(simd, 0.0)).select(a, f.mul_add_precise(b - a, a))
}

/// Eight rows of eight to columns.
#[inline(always)]
pub(super) fn transposed8<S: Simd>(simd: S, rows: &[[f32; LANES]]) -> [f32x8<S>; LANES] {
    let half = |first: usize, side: usize| {
        let row = |r: usize| f32x4::from_slice(simd, &rows[first + r][4 * side..4 * side + 4]);
        transposed(simd, [row(0), row(1), row(2), row(3)])
    };
    let mut columns = [f32x8::splat(simd, 0.0); LANES];
    for side in 0..2 {
        let (upper, lower) = (half(0, side), half(4, side));
        for c in 0..4 {
            columns[4 * side + c] = upper[c].combine(lower[c]);
        }
    }
    columns
}

/// Whether all of some numbers are finite, asked once for all of them.
#[derive(Clone, Copy)]
pub(super) struct Extremes<S: Simd>(i32x8<S>);

impl<S: Simd> Extremes<S> {
    #[inline(always)]
    pub(super) fn new(simd: S) -> Self {
        Self(i32x8::splat(simd, 0))
    }

    /// The bits of magnitudes order as the magnitudes do, with infinity and NaN above all finite ones.
    #[inline(always)]
    pub(super) fn see(&mut self, numbers: f32x8<S>) {
        self.0 = self.0.max(numbers.abs().bitcast::<i32x8<S>>());
    }

    #[inline(always)]
    pub(super) fn finite(self) -> bool {
        self.0.simd_lt(f32::INFINITY.to_bits() as i32).all_true()
    }
}

/// An instruction set, with what its vectors can do better than any vectors.
pub(crate) trait Lanes: Simd {
    /// Eight pairs of `f32`, each as the bits of one number: the first ones and the second ones.
    #[inline(always)]
    fn split_pairs(self, pairs: [f64; LANES]) -> (f32x8<Self>, f32x8<Self>) {
        let [a, b, c, d, e, f, g, h] = pairs;
        let low = f64x4::simd_from(self, [a, b, c, d]).bitcast::<f32x8<Self>>();
        let high = f64x4::simd_from(self, [e, f, g, h]).bitcast::<f32x8<Self>>();
        self.deinterleave_f32x8(low, high)
    }
}

impl Lanes for Baseline {}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
impl Lanes for fearless_simd::x86::Avx2 {
    /// Pairs in such an order that no half of a vector has to be crossed.
    #[inline(always)]
    fn split_pairs(self, pairs: [f64; LANES]) -> (f32x8<Self>, f32x8<Self>) {
        #[cfg(target_arch = "x86")]
        use std::arch::x86::{__m256, _mm_set_pd, _mm256_castpd_ps, _mm256_set_m128d, _mm256_shuffle_ps};
        #[cfg(target_arch = "x86_64")]
        use std::arch::x86_64::{__m256, _mm_set_pd, _mm256_castpd_ps, _mm256_set_m128d, _mm256_shuffle_ps};

        fearless_simd::kernel!(
            #[inline(always)]
            fn split(_simd: Avx2, pairs: [f64; LANES]) -> (__m256, __m256) {
                let [a, b, c, d, e, f, g, h] = pairs;
                let outer = _mm256_castpd_ps(_mm256_set_m128d(_mm_set_pd(f, e), _mm_set_pd(b, a)));
                let inner = _mm256_castpd_ps(_mm256_set_m128d(_mm_set_pd(h, g), _mm_set_pd(d, c)));
                (_mm256_shuffle_ps::<0b10_00_10_00>(outer, inner), _mm256_shuffle_ps::<0b11_01_11_01>(outer, inner))
            }
        );
        let (first, second) = split(self, pairs);
        (first.simd_into(self), second.simd_into(self))
    }
}

/// Two neighbours at each of eight places: the first ones and the second ones.
#[inline(always)]
pub(super) fn pairs<S: Lanes, T: Sample, const ROWS: usize>(
    simd: S,
    reads: &Reads<'_, T, ROWS, 2>,
    group: usize,
    row: usize,
) -> (f32x8<S>, f32x8<S>) {
    if let Some(reads) = T::pairs_of_f32(reads) {
        return simd.split_pairs(std::array::from_fn(
            #[inline(always)]
            |lane| reads.pair(group, lane, row),
        ));
    }
    let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
    for lane in 0..LANES {
        let [a, b] = reads.get(group, lane, row);
        (first[lane], second[lane]) = (a.widen(), b.widen());
    }
    (f32x8::simd_from(simd, first), f32x8::simd_from(simd, second))
}

/// Four neighbours at each of eight places: the first ones, the second ones and so on.
#[inline(always)]
pub(super) fn quads<S: Simd, T: Sample, const ROWS: usize>(
    simd: S,
    reads: &Reads<'_, T, ROWS, 4>,
    group: usize,
    row: usize,
) -> [f32x8<S>; 4] {
    let mut of_lane = [f32x4::splat(simd, 0.0); LANES];
    for lane in 0..LANES {
        let [a, b, c, d] = reads.get(group, lane, row);
        of_lane[lane] = f32x4::simd_from(simd, [a.widen(), b.widen(), c.widen(), d.widen()]);
    }
    let [a, b, c, d, e, f, g, h] = of_lane;
    let (low, high) = (transposed(simd, [a, b, c, d]), transposed(simd, [e, f, g, h]));
    let mut taps = [f32x8::splat(simd, 0.0); 4];
    for t in 0..4 {
        taps[t] = low[t].combine(high[t]);
    }
    taps
}

/// Rows to columns.
#[inline(always)]
fn transposed<S: Simd>(simd: S, [a, b, c, d]: [f32x4<S>; 4]) -> [f32x4<S>; 4] {
    let (ac_low, ac_high) = (simd.zip_low_f32x4(a, c), simd.zip_high_f32x4(a, c));
    let (bd_low, bd_high) = (simd.zip_low_f32x4(b, d), simd.zip_high_f32x4(b, d));
    [
        simd.zip_low_f32x4(ac_low, bd_low),
        simd.zip_high_f32x4(ac_low, bd_low),
        simd.zip_low_f32x4(ac_high, bd_high),
        simd.zip_high_f32x4(ac_high, bd_high),
    ]
}

/// One value at each of eight places.
#[inline(always)]
pub(super) fn singles<S: Simd, T: Sample, const ROWS: usize>(
    simd: S,
    reads: &Reads<'_, T, ROWS, 1>,
    group: usize,
    row: usize,
) -> f32x8<S> {
    let mut values = [0.0; LANES];
    for lane in 0..LANES {
        let [value] = reads.get(group, lane, row);
        values[lane] = value.widen();
    }
    f32x8::simd_from(simd, values)
}

/// The first eight values, 0 where there are fewer.
#[inline(always)]
pub(super) fn load<S: Simd, T: Sample>(simd: S, values: &[T]) -> f32x8<S> {
    let mut lanes = [0.0; LANES];
    if let Some(values) = values.first_chunk::<LANES>() {
        for lane in 0..LANES {
            lanes[lane] = values[lane].widen();
        }
    } else {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane = value.widen();
        }
    }
    f32x8::simd_from(simd, lanes)
}

/// Copies the values at eight places.
#[inline(always)]
pub(super) fn copy<S: Simd, T: Sample>(simd: S, reads: &Reads<'_, T, 1, 1>, group: usize, out: &mut [T; LANES]) {
    if let (Some(reads), Some(out)) = (T::singles_of_f32(reads), T::as_f32_mut(out)) {
        // One store: eight would fill the store buffer while memory is waited for.
        let at = |lane| reads.get(group, lane, 0)[0];
        f32x8::simd_from(simd, [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)]).store_slice(out);
        return;
    }
    for lane in 0..LANES {
        [out[lane]] = reads.get(group, lane, 0);
    }
}

/// Lanes to pixels, each rounded once.
#[inline(always)]
pub(super) fn narrow<S: Simd, T: Sample>(values: f32x8<S>) -> [T; LANES] {
    let values: [f32; LANES] = values.into();
    let mut narrow = [T::default(); LANES];
    for lane in 0..LANES {
        narrow[lane] = T::narrow(values[lane]);
    }
    narrow
}

/// Writes a group's first pixels, as many as there is room for.
#[inline(always)]
pub(super) fn store<S: Simd, T: Sample>(values: f32x8<S>, out: &mut [T], step: usize) {
    let narrow = narrow(values);
    if let (Some(out), 1) = (out.first_chunk_mut::<LANES>(), step) {
        *out = narrow;
        return;
    }
    for (out, value) in out.iter_mut().step_by(step).zip(narrow) {
        *out = value;
    }
}
