//! Upstream gradients to the pixels that were read: the adjoint of a blend, or of its derivative along a push.
//!
//! A slab of the source takes what falls into it, block after block, pixel after pixel: each source pixel's sum runs in
//! the order of the destination, however the source is cut.

use super::gather::Piece;
use super::taps::{Part, Tap, Taps};
use crate::dtype::{Real, Sample};
use crate::kernel::vectorised;
use crate::view::Plane;
use std::ops::Range;

/// Some indices of a source's slowest axis.
pub(crate) struct Slab<const D: usize> {
    pub(crate) size: [usize; D],
    pub(crate) range: Range<i32>,
}

/// Adds what a channel of a piece gives to a slab's `sums`, from the listed locations.
#[inline(never)]
#[allow(clippy::too_many_arguments)]
pub(crate) fn scatter<T: Sample, A: Real, const D: usize>(
    taps: &Taps<A, D>,
    list: &[u16],
    piece: &Piece<D>,
    grad: &Plane<'_, T, D>,
    pushed: bool,
    slab: &Slab<D>,
    sums: &mut [A],
) {
    vectorised(
        #[inline(always)]
        || match (taps, pushed) {
            (Taps::One(taps), false) => scatter_of::<T, A, 1, D, false>(taps, list, piece, grad, slab, sums),
            (Taps::One(_), true) => {}
            (Taps::Two(taps), false) => scatter_of::<T, A, 2, D, false>(taps, list, piece, grad, slab, sums),
            (Taps::Two(taps), true) => scatter_of::<T, A, 2, D, true>(taps, list, piece, grad, slab, sums),
            (Taps::Three(taps), false) => scatter_of::<T, A, 3, D, false>(taps, list, piece, grad, slab, sums),
            (Taps::Three(taps), true) => scatter_of::<T, A, 3, D, true>(taps, list, piece, grad, slab, sums),
            (Taps::Four(taps), false) => scatter_of::<T, A, 4, D, false>(taps, list, piece, grad, slab, sums),
            (Taps::Four(taps), true) => scatter_of::<T, A, 4, D, true>(taps, list, piece, grad, slab, sums),
            (Taps::Five(taps), false) => scatter_of::<T, A, 5, D, false>(taps, list, piece, grad, slab, sums),
            (Taps::Five(taps), true) => scatter_of::<T, A, 5, D, true>(taps, list, piece, grad, slab, sums),
            (Taps::Six(taps), false) => scatter_of::<T, A, 6, D, false>(taps, list, piece, grad, slab, sums),
            (Taps::Six(taps), true) => scatter_of::<T, A, 6, D, true>(taps, list, piece, grad, slab, sums),
            (Taps::Eight(taps), false) => scatter_of::<T, A, 8, D, false>(taps, list, piece, grad, slab, sums),
            (Taps::Eight(taps), true) => scatter_of::<T, A, 8, D, true>(taps, list, piece, grad, slab, sums),
        },
    );
}

#[inline(always)]
fn scatter_of<T: Sample, A: Real, const N: usize, const D: usize, const PUSHED: bool>(
    taps: &[Tap<A, N, D>],
    list: &[u16],
    piece: &Piece<D>,
    grad: &Plane<'_, T, D>,
    slab: &Slab<D>,
    sums: &mut [A],
) {
    let start = piece.start(grad);
    for i in list {
        let tap = &taps[usize::from(*i)];
        let g: A = grad.data[(start + *i as isize * grad.strides[0]) as usize].widen();
        let mut extreme = g;
        if PUSHED {
            for push in &tap.push {
                extreme = extreme * *push;
            }
        }
        if extreme.is_finite() {
            add::<A, N, D, PUSHED>(tap, g, slab, sums);
        } else if g != A::ZERO {
            add_carefully::<A, N, D, PUSHED>(tap, g, slab, sums);
        }
    }
}

#[inline(always)]
pub(super) fn add<A: Real, const N: usize, const D: usize, const PUSHED: bool>(
    tap: &Tap<A, N, D>,
    g: A,
    slab: &Slab<D>,
    sums: &mut [A],
) {
    let [w, w1, _] = &tap.weight;
    let rows = slab.range.end.wrapping_sub(slab.range.start) as u32;
    let first = slab.range.start;
    for z in 0..if D == 3 { N } else { 1 } {
        // The gradient times the weight so far, and times its derivative along the push.
        let (mut a, mut b, mut plane) = (g, A::ZERO, 0);
        if D == 3 {
            let slice = tap.at[D - 1][z].wrapping_sub(first) as u32;
            if slice >= rows {
                continue;
            }
            plane = slice as usize * slab.size[1];
            a = g * w[D - 1][z];
            b = if PUSHED { g * (tap.push[D - 1] * w1[D - 1][z]) } else { A::ZERO };
        }
        for y in 0..N {
            let row = if D == 2 { tap.at[1][y].wrapping_sub(first) } else { tap.at[1][y] } as u32;
            if row >= if D == 2 { rows } else { slab.size[1] as u32 } {
                continue;
            }
            let start = (plane + row as usize) * slab.size[0];
            let row = &mut sums[start..][..slab.size[0]];
            let along = a * w[1][y];
            let across = if PUSHED { (a * tap.push[1]).mul_add(w1[1][y], b * w[1][y]) } else { A::ZERO };
            for x in 0..N {
                if let Some(sum) = row.get_mut(tap.at[0][x] as usize) {
                    *sum = if PUSHED {
                        *sum + (along * tap.push[0]).mul_add(w1[0][x], across * w[0][x])
                    } else {
                        along.mul_add(w[0][x], *sum)
                    };
                }
            }
        }
    }
}

/// A gradient that is not finite reaches the taps that have weight, and no others.
#[cold]
#[inline(never)]
fn add_carefully<A: Real, const N: usize, const D: usize, const PUSHED: bool>(
    tap: &Tap<A, N, D>,
    g: A,
    slab: &Slab<D>,
    sums: &mut [A],
) {
    for position in 0..N.pow(D as u32) {
        let index = Tap::<A, N, D>::index(position);
        let weight = tap.part(if PUSHED { Part::Push } else { Part::Value }, index);
        let (mut place, mut inside) = (0, weight != A::ZERO);
        for k in (0..D).rev() {
            let at = tap.at[k][index[k]];
            inside &= if k == D - 1 { slab.range.contains(&at) } else { at >= 0 };
            let at = if k == D - 1 { at.wrapping_sub(slab.range.start) } else { at };
            if inside {
                place = place * slab.size[k] + at as usize;
            }
        }
        if inside {
            sums[place] = g.mul_add(weight, sums[place]);
        }
    }
}
