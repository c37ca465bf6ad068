//! The fast writing of every numeric rule: slices in, slices out, a block of a row at a time.
//!
//! `level` chooses the instruction set; `locate` turns stored values (`load`) into cells and fractions (`parts` where they are
//! pixels) and `aim` these into places in memory, once per pixel for all channels; `nearest`, `linear` and `cubic` blend, eight
//! pixels at a time where blends are made in `f32`, or eight channels (`channels`), with `lanes` for loads and stores; `shift`
//! makes displacements. `taps` are weights and their derivatives, which `gather` and `scatter` turn into gradients of locations
//! and of images, as do `slopes_lanes` and `scatter_lanes` eight pixels at a time for linear reads in `f32`. `number` is one `f64`
//! or four side by side, in which the inverse's formulas are written; `determinant` is for the Jacobian's, `deform` and `product`
//! for deformable convolution.
//!
//! Each expression is the one that CONVENTIONS.md names, fused where it says fused, so that every instruction set gives the same
//! bits as `reference.rs`.

pub(crate) mod aim;
pub(crate) mod channels;
pub(crate) mod cubic;
pub(crate) mod deform;
pub(crate) mod determinant;
pub(crate) mod gather;
pub(crate) mod lanes;
pub(crate) mod level;
pub(crate) mod linear;
pub(crate) mod load;
pub(crate) mod locate;
pub(crate) mod nearest;
pub(crate) mod number;
pub(crate) mod parts;
pub(crate) mod product;
pub(crate) mod recursion;
pub(crate) mod scatter;
pub(crate) mod scatter_lanes;
pub(crate) mod shift;
pub(crate) mod signs_lanes;
pub(crate) mod slopes_lanes;
pub(crate) mod taps;
pub(crate) mod weights;

use crate::dtype::{Real, Sample};
use crate::padding::Padding;
use crate::view::Plane;
use displace_reads::LANES;
use std::any::Any;

pub(crate) use level::vectorised;

/// Pixels worked on at a time: cells and fractions of a block stay in the first-level cache.
pub(crate) const BLOCK: usize = 256;

/// The cell of a location that reads nothing.
pub(crate) const NOWHERE: i32 = i32::MIN;

/// Groups of pixels that are worked on side by side in a block.
pub(crate) const GROUPS: usize = BLOCK / LANES;

/// Where a block of pixels reads: the cell at or below, per axis, and the way to the next.
///
/// The last group may be longer than the block: its other lanes repeat the last pixel.
pub(crate) struct Block<R, const D: usize> {
    pub(crate) len: usize,
    pub(crate) cell: [[i32; BLOCK]; D],
    pub(crate) frac: [[R; BLOCK]; D],
    /// Every cell and the one after it are pixels: no tap can be outside.
    pub(crate) inside: bool,
    /// Cells are the nearest pixels themselves, all of them inside, and fractions 0.
    pub(crate) whole: bool,
    /// What was stored for the pixels, per axis.
    value: [[R; BLOCK]; D],
}

impl<R: Real, const D: usize> Block<R, D> {
    pub(crate) fn new() -> Self {
        Self {
            len: 0,
            cell: [[0; BLOCK]; D],
            frac: [[R::ZERO; BLOCK]; D],
            inside: false,
            whole: false,
            value: [[R::ZERO; BLOCK]; D],
        }
    }

    /// The groups that hold pixels.
    #[inline(always)]
    pub(crate) const fn groups(&self) -> usize {
        self.len.div_ceil(LANES)
    }

    /// The same block with fractions in another float type.
    pub(crate) fn convert_into<A: Real>(&self, to: &mut Block<A, D>) {
        to.len = self.len;
        to.inside = self.inside;
        to.whole = self.whole;
        let reach = self.groups() * LANES;
        for k in 0..D {
            to.cell[k][..reach].copy_from_slice(&self.cell[k][..reach]);
            for (wide, frac) in to.frac[k][..reach].iter_mut().zip(&self.frac[k]) {
                *wide = A::from_f64(frac.to_f64());
            }
        }
    }

    /// Makes the cells the nearest pixels, for taps around these: fractions from -1/2 to 1/2, which are exact.
    pub(crate) fn centre(&mut self) {
        let reach = self.groups() * LANES;
        for k in 0..D {
            for (cell, frac) in self.cell[k][..reach].iter_mut().zip(&mut self.frac[k][..reach]) {
                if *frac >= R::HALF {
                    *cell = cell.saturating_add(1);
                    *frac = *frac - R::ONE;
                }
            }
        }
    }

    /// Whether the block's locations wander across many rows.
    pub(crate) fn is_steep(&self) -> bool {
        let mut steep = false;
        for k in 1..D {
            let (mut low, mut high) = (i32::MAX, i32::MIN);
            for cell in &self.cell[k][..self.len] {
                (low, high) = (low.min(*cell), high.max(*cell));
            }
            steep |= i64::from(high) - i64::from(low) > 16;
        }
        steep
    }

    /// The block, if its fractions are `f32`.
    #[inline(always)]
    pub(crate) fn as_f32(&self) -> Option<&Block<f32, D>> {
        (self as &dyn Any).downcast_ref()
    }

    /// The block with fractions in `A`: itself if they are, else `spare` made so.
    #[inline(always)]
    pub(crate) fn as_real<'b, A: Real>(&'b self, spare: &'b mut Option<Block<A, D>>) -> &'b Block<A, D> {
        if let Some(same) = (self as &dyn Any).downcast_ref() {
            return same;
        }
        let spare = spare.get_or_insert_with(Block::new);
        self.convert_into(spare);
        spare
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

    /// The same, if blends are made in `f32`.
    #[inline(always)]
    pub(crate) fn as_f32(&self) -> Option<Outside<T, f32>> {
        let fill = [self.fill];
        let fill = A::as_f32(&fill)?[0];
        Some(Outside { padding: self.padding, fill, nowhere: self.nowhere })
    }
}

/// A tap: a pixel, or the fill value if its index is outside on any axis.
#[inline(always)]
fn tap<T: Sample, A: Real, const D: usize>(plane: &Plane<'_, T, D>, pixel: [i32; D], fill: A) -> A {
    let inside = (0..D).all(|k| pixel[k] >= 0 && (pixel[k] as usize) < plane.size[k]);
    if inside { plane.at(pixel).widen() } else { fill }
}
