//! Random numbers as a function of a seed and a place: the counter-based generator Philox4x32-10 (Salmon, Moraes, Dror and Shaw,
//! "Parallel random numbers: as easy as 1, 2, 3", SC 2011). No state passes from number to number, so neither threads nor the order of
//! work show; and the numbers stay what they are, since the generator is a published one with published answers.
//!
//! The key is the seed, its lower 32 bits first. The counter is `(block's lower 32 bits, its upper 32 bits, component, use)`: number `i`
//! of a component is word `i % 4` of block `i / 4`.

/// Counters of uniform noise.
const UNIFORM: u32 = 0;
/// Counters of normal deviates.
const NORMAL: u32 = 1;

/// Blocks that are made side by side.
const SIDE: usize = 8;

/// Random numbers of a seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random {
    key: [u32; 2],
}

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32] }
    }

    /// Four words for each of some blocks that follow each other.
    #[inline(always)]
    fn words(self, first: u64, component: u32, domain: u32) -> [[u32; SIDE]; 4] {
        let mut words = [[0; SIDE], [0; SIDE], [component; SIDE], [domain; SIDE]];
        for lane in 0..SIDE {
            let block = first + lane as u64;
            words[0][lane] = block as u32;
            words[1][lane] = (block >> 32) as u32;
        }
        let mut key = self.key;
        for _ in 0..10 {
            for lane in 0..SIDE {
                let [a, b, c, d] = [words[0][lane], words[1][lane], words[2][lane], words[3][lane]];
                let (p, q) = (u64::from(a) * 0xD251_1F53, u64::from(c) * 0xCD9E_8D57);
                words[0][lane] = (q >> 32) as u32 ^ b ^ key[0];
                words[1][lane] = q as u32;
                words[2][lane] = (p >> 32) as u32 ^ d ^ key[1];
                words[3][lane] = p as u32;
            }
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        words
    }

    /// The uniform numbers `first..` of a component, between -1 and 1: odd multiples of 2^-24, so that `f32` holds each exactly, none
    /// is 0 and their mean is.
    #[inline(always)]
    pub(crate) fn uniform(self, component: usize, first: u64, to: &mut [f32]) {
        let mut words = [[0; SIDE]; 4];
        let mut known = None;
        for (place, to) in to.iter_mut().enumerate() {
            let index = first + place as u64;
            let group = index / (4 * SIDE as u64);
            if known != Some(group) {
                words = self.words(group * SIDE as u64, component as u32, UNIFORM);
                known = Some(group);
            }
            let within = (index % (4 * SIDE as u64)) as usize;
            let odd = (words[within % 4][within / 4] >> 8) as i32 * 2 + 1 - (1 << 24);
            *to = odd as f32 * (1.0 / 16_777_216.0);
        }
    }

    /// A normal deviate of mean 0 and variance 1: number `index` of a component, by Box and Muller's formula from the first two words of
    /// its own block. Logarithm and cosine are `libm`'s, which are the same everywhere.
    pub(crate) fn normal(self, component: usize, index: u64) -> f64 {
        let words = self.words(index, component as u32, NORMAL);
        // In the middles of 2^32 equal parts of 0 .. 1: never 0 or 1.
        let [radius, turn] = [words[0][0], words[1][0]].map(|word| (f64::from(word) + 0.5) / 4_294_967_296.0);
        (-2.0 * libm::log(radius)).sqrt() * libm::cos(std::f64::consts::TAU * turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The generator as the paper writes it, one block at a time.
    fn philox(mut c: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
        for _ in 0..10 {
            let (p, q) = (0xD251_1F53_u64 * u64::from(c[0]), 0xCD9E_8D57_u64 * u64::from(c[2]));
            c = [(q >> 32) as u32 ^ c[1] ^ key[0], q as u32, (p >> 32) as u32 ^ c[3] ^ key[1], p as u32];
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        c
    }

    #[test]
    fn known_answers() {
        // Those that come with the paper's library, Random123.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
        assert_eq!(pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn many_blocks_are_each_block() {
        let seed = 0x0123_4567_89ab_cdef;
        let random = Random::new(seed);
        let key = [0x89ab_cdef, 0x0123_4567];
        for first in [0, 5, 0xffff_fffc] {
            let words = random.words(first, 2, NORMAL);
            for lane in 0..SIDE {
                let block = first + lane as u64;
                let expected = philox([block as u32, (block >> 32) as u32, 2, NORMAL], key);
                assert_eq!(words.map(|word| word[lane]), expected);
            }
        }
    }

    #[test]
    fn uniform_numbers_are_where_they_are() {
        let random = Random::new(7);
        let mut all = [0.0; 1000];
        random.uniform(1, 0, &mut all);
        let mut some = [0.0; 77];
        random.uniform(1, 333, &mut some);
        assert_eq!(some, all[333..410]);
        for i in [0_u32, 1, 2, 3, 4, 31, 32, 999] {
            let word = philox([i / 4, 0, 1, UNIFORM], [7, 0])[i as usize % 4];
            // The middle of one of 2^24 equal parts of -1 .. 1.
            assert_eq!(f64::from(all[i as usize]), (f64::from(word >> 8) + 0.5) / 8_388_608.0 - 1.0);
        }
        assert!(all.iter().all(|u| u.abs() < 1.0 && *u != 0.0));
    }

    #[test]
    fn normal_deviates_are_normal() {
        let random = Random::new(1);
        let count = 20_000;
        let mut moments = [0.0; 4];
        for i in 0..count {
            let z = random.normal(0, i);
            for (power, moment) in moments.iter_mut().enumerate() {
                *moment += z.powi(power as i32 + 1) / count as f64;
            }
        }
        // 0, 1, 0, 3, each within four standard errors: sqrt(1, 2, 15, 96) / sqrt(20000).
        let expected = [(0.0, 1.0f64), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0)];
        for (moment, (mean, variance)) in moments.iter().zip(expected) {
            assert!((moment - mean).abs() < 4.0 * (variance / count as f64).sqrt(), "{moments:?}");
        }
    }
}
