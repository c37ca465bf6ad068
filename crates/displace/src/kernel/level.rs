//! The instruction set, chosen once for the whole process: AVX2 with FMA where the machine has it, else what every machine
//! of the architecture has (SSE2, NEON, or none). Both give the same bits: sums and products are fused where
//! CONVENTIONS.md says so, in software if need be.
//!
//! `DISPLACE_SIMD=baseline` in the environment turns AVX2 off, for tests and comparisons. `DISPLACE_SIMD=avx2` leaves it on, but products of
//! matrices do without AVX-512.

use fearless_simd::Level;
use std::sync::OnceLock;

/// What every machine of this architecture has.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) type Baseline = fearless_simd::x86::Sse2;
#[cfg(target_arch = "aarch64")]
pub(crate) type Baseline = fearless_simd::aarch64::Neon;
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) type Baseline = fearless_simd::Fallback;

/// Better than the baseline.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) type Best = fearless_simd::x86::Avx2;
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) type Best = Baseline;

/// The instruction set in use.
#[derive(Clone, Copy)]
pub(crate) enum Chosen {
    Best(Best),
    Baseline(Baseline),
}

/// The instruction set in use.
#[inline]
pub(crate) fn chosen() -> Chosen {
    static CHOSEN: OnceLock<Chosen> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let wanted = std::env::var_os("DISPLACE_SIMD").is_none_or(|name| name != "baseline");
        match best(Level::new()) {
            Some(best) if wanted => Chosen::Best(best),
            _ => Chosen::Baseline(baseline()),
        }
    })
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn best(level: Level) -> Option<Best> {
    level.as_avx2()
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn best(_: Level) -> Option<Best> {
    None
}

/// Vectors of 64 bytes in 32 registers, for products of matrices, which have use for all of them. Results are the same without.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) fn widest() -> Option<fearless_simd::x86::Avx512> {
    static WIDEST: OnceLock<Option<fearless_simd::x86::Avx512>> = OnceLock::new();
    *WIDEST.get_or_init(|| match chosen() {
        Chosen::Best(_) if std::env::var_os("DISPLACE_SIMD").is_none_or(|name| name != "avx2") => Level::new().as_avx512(),
        _ => None,
    })
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) fn widest() -> Option<Best> {
    None
}

fn baseline() -> Baseline {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    let level = Level::new().as_sse2();
    #[cfg(target_arch = "aarch64")]
    let level = Level::new().as_neon();
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    let level = match Level::new() {
        Level::Fallback(level) => Some(level),
        _ => None,
    };
    level.expect("the baseline of this architecture")
}

/// Runs `$work`, which may use `$simd`, compiled for the chosen instruction set. Everything in it must be inlined.
macro_rules! in_lanes {
    ($simd:ident => $work:expr) => {{
        use fearless_simd::Simd;
        match $crate::kernel::level::chosen() {
            $crate::kernel::level::Chosen::Best($simd) => $simd.vectorize(
                #[inline(always)]
                || $work,
            ),
            $crate::kernel::level::Chosen::Baseline($simd) => $simd.vectorize(
                #[inline(always)]
                || $work,
            ),
        }
    }};
}
pub(crate) use in_lanes;

/// Runs `work`, which the compiler turns into vectors where it can, compiled for the chosen instruction set. Everything in it must be
/// inlined.
#[inline(always)]
pub(crate) fn vectorised<F: FnOnce() -> V, V>(work: F) -> V {
    use fearless_simd::Simd;
    match chosen() {
        Chosen::Best(simd) => simd.vectorize(work),
        Chosen::Baseline(_) => work(),
    }
}
