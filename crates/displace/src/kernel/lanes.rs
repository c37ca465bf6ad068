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
pub(super) fn transposed8<S: Lanes>(simd: S, rows: &[[f32; LANES]; LANES]) -> [f32x8<S>; LANES] {
    let mut columns = [f32x8::splat(simd, 0.0); LANES];
    for side in 0..2 {
        let mut half = [f32x4::splat(simd, 0.0); LANES];
        for r in 0..LANES {
            half[r] = f32x4::from_slice(simd, &rows[r][4 * side..4 * side + 4]);
        }
        columns[4 * side..4 * side + 4].copy_from_slice(&simd.columns(half));
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

    /// Eight rows of four to columns.
    #[inline(always)]
    fn columns(self, rows: [f32x4<Self>; LANES]) -> [f32x8<Self>; 4] {
        let [a, b, c, d, e, f, g, h] = rows;
        let (low, high) = (transposed(self, [a, b, c, d]), transposed(self, [e, f, g, h]));
        let mut columns = [f32x8::splat(self, 0.0); 4];
        for c in 0..4 {
            columns[c] = low[c].combine(high[c]);
        }
        columns
    }

    /// 24 numbers, three kinds in turns, to eight of each kind.
    #[inline(always)]
    fn deinterleave3(self, numbers: [f32x8<Self>; 3]) -> [f32x8<Self>; 3] {
        let numbers: [[f32; LANES]; 3] = [numbers[0].into(), numbers[1].into(), numbers[2].into()];
        let numbers = numbers.as_flattened();
        let mut kinds = [[0.0; LANES]; 3];
        for lane in 0..LANES {
            for kind in 0..3 {
                kinds[kind][lane] = numbers[3 * lane + kind];
            }
        }
        [f32x8::simd_from(self, kinds[0]), f32x8::simd_from(self, kinds[1]), f32x8::simd_from(self, kinds[2])]
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

    /// Each kind is blended from the three vectors, which has its numbers in different lanes, and then put in order.
    #[inline(always)]
    fn deinterleave3(self, numbers: [f32x8<Self>; 3]) -> [f32x8<Self>; 3] {
        #[cfg(target_arch = "x86")]
        use std::arch::x86::{__m256, _mm256_blend_ps, _mm256_permutevar8x32_ps, _mm256_setr_epi32};
        #[cfg(target_arch = "x86_64")]
        use std::arch::x86_64::{__m256, _mm256_blend_ps, _mm256_permutevar8x32_ps, _mm256_setr_epi32};

        fearless_simd::kernel!(
            #[inline(always)]
            fn deinterleave(_simd: Avx2, numbers: [__m256; 3]) -> [__m256; 3] {
                let [a, b, c] = numbers;
                let x = _mm256_blend_ps::<0b0010_0100>(_mm256_blend_ps::<0b1001_0010>(a, b), c);
                let y = _mm256_blend_ps::<0b0010_0100>(_mm256_blend_ps::<0b1001_0010>(c, a), b);
                let z = _mm256_blend_ps::<0b0010_0100>(_mm256_blend_ps::<0b1001_0010>(b, c), a);
                [
                    _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(0, 3, 6, 1, 4, 7, 2, 5)),
                    _mm256_permutevar8x32_ps(y, _mm256_setr_epi32(1, 4, 7, 2, 5, 0, 3, 6)),
                    _mm256_permutevar8x32_ps(z, _mm256_setr_epi32(2, 5, 0, 3, 6, 1, 4, 7)),
                ]
            }
        );
        let [a, b, c] = numbers;
        let [x, y, z] = deinterleave(self, [a.into(), b.into(), c.into()]);
        [x.simd_into(self), y.simd_into(self), z.simd_into(self)]
    }

    /// Both halves at once.
    #[inline(always)]
    fn columns(self, rows: [f32x4<Self>; LANES]) -> [f32x8<Self>; 4] {
        #[cfg(target_arch = "x86")]
        use std::arch::x86::{
            __m128, __m256, _mm256_castpd_ps, _mm256_castps_pd, _mm256_set_m128, _mm256_unpackhi_pd, _mm256_unpackhi_ps,
            _mm256_unpacklo_pd, _mm256_unpacklo_ps,
        };
        #[cfg(target_arch = "x86_64")]
        use std::arch::x86_64::{
            __m128, __m256, _mm256_castpd_ps, _mm256_castps_pd, _mm256_set_m128, _mm256_unpackhi_pd, _mm256_unpackhi_ps,
            _mm256_unpacklo_pd, _mm256_unpacklo_ps,
        };

        fearless_simd::kernel!(
            #[inline(always)]
            fn turn(_simd: Avx2, rows: [__m128; LANES]) -> [__m256; 4] {
                let [a, b, c, d, e, f, g, h] = rows;
                let (ae, bf) = (_mm256_set_m128(e, a), _mm256_set_m128(f, b));
                let (cg, dh) = (_mm256_set_m128(g, c), _mm256_set_m128(h, d));
                let (ab_low, ab_high) =
                    (_mm256_castps_pd(_mm256_unpacklo_ps(ae, bf)), _mm256_castps_pd(_mm256_unpackhi_ps(ae, bf)));
                let (cd_low, cd_high) =
                    (_mm256_castps_pd(_mm256_unpacklo_ps(cg, dh)), _mm256_castps_pd(_mm256_unpackhi_ps(cg, dh)));
                [
                    _mm256_castpd_ps(_mm256_unpacklo_pd(ab_low, cd_low)),
                    _mm256_castpd_ps(_mm256_unpackhi_pd(ab_low, cd_low)),
                    _mm256_castpd_ps(_mm256_unpacklo_pd(ab_high, cd_high)),
                    _mm256_castpd_ps(_mm256_unpackhi_pd(ab_high, cd_high)),
                ]
            }
        );
        let [a, b, c, d, e, f, g, h] = rows;
        let rows = [a.into(), b.into(), c.into(), d.into(), e.into(), f.into(), g.into(), h.into()];
        let [a, b, c, d] = turn(self, rows);
        [a.simd_into(self), b.simd_into(self), c.simd_into(self), d.simd_into(self)]
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

/// Up to eight neighbours at each of eight places: the first ones, the second ones and so on.
#[inline(always)]
pub(super) fn neighbours<S: Lanes, T: Sample, const ROWS: usize, const N: usize>(
    simd: S,
    reads: &Reads<'_, T, ROWS, N>,
    group: usize,
    row: usize,
) -> [f32x8<S>; N] {
    let mut neighbours = [f32x8::splat(simd, 0.0); N];
    let none = f32x4::splat(simd, 0.0);
    let (mut first, mut rest) = ([none; LANES], [none; LANES]);
    for lane in 0..LANES {
        let values = reads.get(group, lane, row);
        let mut wide = [0.0; LANES];
        for t in 0..N {
            wide[t] = values[t].widen();
        }
        let [a, b, c, d, e, f, g, h] = wide;
        first[lane] = f32x4::simd_from(simd, [a, b, c, d]);
        rest[lane] = f32x4::simd_from(simd, [e, f, g, h]);
    }
    let columns = simd.columns(first);
    let more = if N > 4 { simd.columns(rest) } else { [f32x8::splat(simd, 0.0); 4] };
    for t in 0..N {
        neighbours[t] = if t < 4 { columns[t] } else { more[t & 3] };
    }
    neighbours
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

/// Copies the values at eight places. `none` is 0 in every lane, which the compiler must not know: it would turn the one
/// store into eight, and those fill the store buffer while memory is waited for.
#[inline(always)]
pub(super) fn copy<S: Simd, T: Sample>(simd: S, reads: &Reads<'_, T, 1, 1>, group: usize, none: i32x8<S>, out: &mut [T; LANES]) {
    if let (Some(reads), Some(out)) = (T::singles_of_f32(reads), T::as_f32_mut(out)) {
        let at = |lane| reads.get(group, lane, 0)[0];
        let values = f32x8::simd_from(simd, [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)]);
        (values.bitcast::<i32x8<S>>() | none).bitcast::<f32x8<S>>().store_slice(out);
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
