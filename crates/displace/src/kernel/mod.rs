//! The fast writing of every numeric rule: slices in, slices out, a block of a row at a time.
//!
//! `locate` turns stored values into cells and fractions, once per pixel for all channels; `nearest`, `linear` and
//! `cubic` blend; `shift` makes displacements; `taps` are weights and their derivatives, which `gather` and `scatter` turn
//! into gradients of locations and of images. Each expression is the one that CONVENTIONS.md names, fused where it says
//! fused, so that every instruction set gives the same bits as `reference.rs`.

pub(crate) mod cubic;
pub(crate) mod gather;
pub(crate) mod linear;
pub(crate) mod locate;
pub(crate) mod nearest;
pub(crate) mod scatter;
pub(crate) mod shift;
pub(crate) mod taps;

use crate::dtype::{Real, Sample};
use crate::padding::Padding;
use crate::view::Plane;

/// Pixels worked on at a time: cells and fractions of a block stay in the first-level cache.
pub(crate) const BLOCK: usize = 256;

/// The cell of a location that reads nothing.
pub(crate) const NOWHERE: i32 = i32::MIN;

/// Where a block of pixels reads: the cell at or below, per axis, and the way to the next.
pub(crate) struct Block<R, const D: usize> {
    pub(crate) len: usize,
    pub(crate) cell: [[i32; BLOCK]; D],
    pub(crate) frac: [[R; BLOCK]; D],
    /// Every cell and the one after it are pixels: no tap can be outside.
    pub(crate) inside: bool,
}

impl<R: Real, const D: usize> Block<R, D> {
    pub(crate) fn new() -> Self {
        Self { len: 0, cell: [[0; BLOCK]; D], frac: [[R::ZERO; BLOCK]; D], inside: false }
    }

    /// The same block with fractions in another float type.
    pub(crate) fn convert_into<A: Real>(&self, to: &mut Block<A, D>) {
        to.len = self.len;
        to.inside = self.inside;
        to.cell = self.cell;
        for k in 0..D {
            for (wide, frac) in to.frac[k].iter_mut().zip(&self.frac[k]) {
                *wide = A::from_f64(frac.to_f64());
            }
        }
    }

    /// Whether the cell of pixel `i` and the one after it are pixels.
    #[inline(always)]
    fn is_inside(&self, i: usize, size: &[usize; D]) -> bool {
        let mut inside = true;
        for k in 0..D {
            inside &= self.cell[k][i] >= 0 && self.cell[k][i] < size[k] as i32 - 1;
        }
        inside
    }

    /// Whether any axis of pixel `i` is nowhere.
    #[inline(always)]
    fn is_nowhere(&self, i: usize) -> bool {
        (0..D).any(|k| self.cell[k][i] == NOWHERE)
    }
}

/// What pixels that read outside get.
#[derive(Clone, Copy)]
pub(crate) struct Outside<T, A> {
    pub(crate) padding: Padding,
    /// A tap outside.
    pub(crate) fill: A,
    /// A location that reads nothing: NaN, or the fill value in types without one.
    pub(crate) nowhere: T,
}

impl<T: Sample, A: Real> Outside<T, A> {
    pub(crate) fn new(padding: Padding) -> Self {
        let fill = A::from_f64(padding.fill());
        let nowhere = if T::DTYPE.is_float() { T::narrow(A::NAN) } else { T::narrow(fill) };
        Self { padding, fill, nowhere }
    }
}

/// A tap: a pixel, or the fill value if its index is outside on any axis.
#[inline(always)]
fn tap<T: Sample, A: Real, const D: usize>(plane: &Plane<'_, T, D>, pixel: [i32; D], fill: A) -> A {
    let inside = (0..D).all(|k| pixel[k] >= 0 && (pixel[k] as usize) < plane.size[k]);
    if inside { plane.at(pixel).widen() } else { fill }
}

/// Runs `work` compiled for the best instruction set that this machine has. Everything in it must be inlined.
#[inline(always)]
pub(crate) fn vectorised<F: FnOnce() -> V, V>(work: F) -> V {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if let Some(avx2) = fearless_simd::Level::new().as_avx2() {
        use fearless_simd::Simd;
        return avx2.vectorize(work);
    }
    work()
}
