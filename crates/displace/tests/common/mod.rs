//! What several test files share. Each uses its own part of it.
#![allow(dead_code)]

use displace::{Location, Real, Shape, Strides, View, bf16, f16};

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the same numbers in every run.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, not including, `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// In [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * 2f64.powi(-53)
    }

    /// In [low, high).
    pub(crate) fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A float that can be made from a number and from random bits.
pub(crate) trait Float: Location + std::fmt::Debug {
    fn near(value: f64) -> Self;
    fn from_random_bits(bits: u64) -> Self;
    /// The neighbour `steps` floats away from zero (towards it if negative); zero stays.
    fn step(self, steps: i64) -> Self;
    fn f64(self) -> f64 {
        self.widen().to_f64()
    }
}

macro_rules! float {
    ($($t:ident $bits:ident $near:expr),*) => {$(
        impl Float for $t {
            fn near(value: f64) -> Self {
                $near(value)
            }
            fn from_random_bits(bits: u64) -> Self {
                $t::from_bits(bits as $bits)
            }
            fn step(self, steps: i64) -> Self {
                if self.f64() == 0.0 { self } else { $t::from_bits((i128::from(self.to_bits()) + i128::from(steps)) as $bits) }
            }
        }
    )*};
}
float!(f16 u16 f16::from_f64, bf16 u16 bf16::from_f64, f32 u32 |v| v as f32, f64 u64 |v| v);

/// A pixel value that can be made and compared bit by bit.
pub(crate) trait Value: displace::Sample {
    /// Of the size that images have: -100 to 100, or any of an integer type.
    fn ordinary(rng: &mut Rng) -> Self;
    /// Whatever the type can hold.
    fn any(rng: &mut Rng) -> Self;
    /// The bits; all NaNs alike, as widening a signalling NaN quietens it on most processors.
    fn bits(self) -> u64;
}

macro_rules! integer_value {
    ($($t:ident),*) => {$(
        impl Value for $t {
            fn ordinary(rng: &mut Rng) -> Self {
                rng.bits() as $t
            }
            fn any(rng: &mut Rng) -> Self {
                rng.bits() as $t
            }
            fn bits(self) -> u64 {
                i64::from(self) as u64
            }
        }
    )*};
}
integer_value!(u8, u16, i16);

macro_rules! float_value {
    ($($t:ident),*) => {$(
        impl Value for $t {
            fn ordinary(rng: &mut Rng) -> Self {
                <$t as Float>::near(rng.within(-100.0, 100.0))
            }
            fn any(rng: &mut Rng) -> Self {
                match rng.below(8) {
                    0 => $t::INFINITY,
                    1 => $t::NEG_INFINITY,
                    2 => $t::NAN,
                    3 => -<$t as Default>::default(),
                    4 => $t::from_random_bits(rng.bits()),
                    _ => Self::ordinary(rng),
                }
            }
            fn bits(self) -> u64 {
                u64::from(if self.is_nan() { $t::NAN.to_bits() } else { self.to_bits() })
            }
        }
    )*};
}
float_value!(f16, bf16, f32, f64);

/// All bits of a result.
pub(crate) fn bits<T: Value>(values: &[T]) -> Vec<u64> {
    values.iter().map(|v| v.bits()).collect()
}

/// Planar to interleaved, `(N, C, pixels)` to `(N, pixels, C)`.
pub(crate) fn interleaved<T: Copy, const D: usize>(planar: &[T], shape: Shape<D>) -> Vec<T> {
    let (c, pixels) = (shape.c, shape.pixels());
    (0..planar.len()).map(|i| planar[i / (c * pixels) * c * pixels + i % c * pixels + i / c % pixels]).collect()
}

/// Calls a function generic over one image type for each of them, and adds up what it returns.
#[macro_export]
macro_rules! for_every_image {
    ($call:ident($($arg:expr),*)) => {
        $call::<u8>($($arg),*) + $call::<u16>($($arg),*) + $call::<i16>($($arg),*) + $call::<displace::f16>($($arg),*)
            + $call::<displace::bf16>($($arg),*) + $call::<f32>($($arg),*) + $call::<f64>($($arg),*)
    };
}

/// Every mode; the second cubic is PIL's.
pub(crate) const MODES: [displace::Interp; 4] =
    [displace::Interp::Nearest, displace::Interp::Linear, displace::Interp::CUBIC, displace::Interp::Cubic { a: -0.5 }];

/// Every padding.
pub(crate) const PADDINGS: [displace::Padding; 5] = [
    displace::Padding::Zeros,
    displace::Padding::Border,
    displace::Padding::Reflection,
    displace::Padding::Wrap,
    displace::Padding::Constant(7.25),
];

/// Both extents.
pub(crate) const EXTENTS: [displace::Extent; 2] = [displace::Extent::Edges, displace::Extent::Centers];

/// Every sampler of these modes and paddings.
pub(crate) fn samplers() -> impl Iterator<Item = displace::Sampler> {
    MODES.into_iter().flat_map(|mode| PADDINGS.map(|padding| displace::Sampler::new(mode, padding)))
}

/// A dense planar batch scattered into a larger buffer: the axes in any order (planar, interleaved, transposed), each
/// forwards or backwards, with gaps (a crop), everything between the numbers being garbage.
pub(crate) struct Scattered<T, const D: usize> {
    data: Vec<T>,
    origin: usize,
    shape: Shape<D>,
    pub(crate) strides: Strides<D>,
}

impl<T: Copy, const D: usize> Scattered<T, D> {
    pub(crate) fn new(dense: &[T], shape: Shape<D>, garbage: T, rng: &mut Rng) -> Self {
        // Axes 0 .. D are those of the lattice, then components, then samples.
        let mut lens = shape.size.to_vec();
        lens.extend([shape.c, shape.n]);
        let mut order: Vec<usize> = (0..lens.len()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, rng.below(i + 1));
        }
        let mut strides = vec![0isize; lens.len()];
        let mut step = 1 + rng.below(2);
        let mut origin = rng.below(5);
        for axis in order {
            strides[axis] = step as isize;
            if rng.below(2) == 0 {
                origin += step * (lens[axis] - 1);
                strides[axis] = -strides[axis];
            }
            step = step * lens[axis] + rng.below(3);
        }
        let mut data = vec![garbage; step + origin + 7];
        for (position, value) in dense.iter().enumerate() {
            let (mut rest, mut at) = (position, origin as isize);
            for (len, stride) in lens.iter().zip(&strides) {
                at += (rest % len) as isize * stride;
                rest /= len;
            }
            data[at as usize] = *value;
        }
        let size = std::array::from_fn(|k| strides[k]);
        Self { data, origin, shape, strides: Strides { n: strides[D + 1], c: strides[D], size } }
    }

    pub(crate) fn view(&self) -> View<'_, T, D> {
        View::strided(&self.data, self.origin, self.shape, self.strides).unwrap()
    }
}
