//! The taps of every location of a block: which pixels are read, with their weights and the weights' derivatives along
//! each axis. Made once per pixel for all channels.

use super::weights::{BSpline, Jet, Keys, Lanczos, Mitchell, Window};
use super::{BLOCK, Block, cubic};
use crate::axis::Axis;
use crate::dtype::Real;
use crate::interp::Interp;
use crate::kernel::vectorised;
use crate::padding::Padding;
use std::ops::Range;

/// Where a block of pixels reads and how that depends on the locations.
pub(crate) struct Spots<A, const D: usize> {
    pub(crate) block: Block<A, D>,
    /// The derivative of the place read by the location: -1, 0 or 1.
    pub(crate) sign: [[A; BLOCK]; D],
    /// A direction in which locations move, in pixels.
    pub(crate) push: [[A; BLOCK]; D],
}

impl<A: Real, const D: usize> Spots<A, D> {
    pub(crate) fn new() -> Self {
        Self { block: Block::new(), sign: [[A::ONE; BLOCK]; D], push: [[A::ZERO; BLOCK]; D] }
    }
}

/// What the taps of a location are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// All of them pixels.
    Pixels,
    /// Some of them outside, where the fill value is.
    Partly,
    /// There are none: the location is not a number.
    Nothing,
}

/// The `N` taps along each axis of one location.
#[derive(Clone, Copy)]
pub(crate) struct Tap<A, const N: usize, const D: usize> {
    pub(crate) reads: Reads,
    /// Their pixels; -1 outside.
    pub(crate) at: [[i32; N]; D],
    /// Their weights' derivatives along the axis by the location, of order 0, 1 and 2.
    pub(crate) weight: [[[A; N]; D]; 3],
    /// The direction in which the location moves.
    pub(crate) push: [A; D],
}

/// Which derivative of a tap's weight.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// The weight itself.
    Value,
    /// Along an axis.
    Slope(usize),
    /// Along the push.
    Push,
    /// Along the push and an axis.
    PushSlope(usize),
}

impl<A: Real, const N: usize, const D: usize> Tap<A, N, D> {
    const NONE: Self = Self { reads: Reads::Nothing, at: [[-1; N]; D], weight: [[[A::ZERO; N]; D]; 3], push: [A::ZERO; D] };

    fn product(&self, order: [usize; D], index: [usize; D]) -> A {
        let mut product = A::ONE;
        for k in 0..D {
            product = product * self.weight[order[k]][k][index[k]];
        }
        product
    }

    /// A derivative of the weight of the tap at `index`.
    pub(crate) fn part(&self, part: Part, index: [usize; D]) -> A {
        let mut order = [0; D];
        match part {
            Part::Value => return self.product(order, index),
            Part::Slope(axis) => {
                order[axis] = 1;
                return self.product(order, index);
            }
            Part::Push => {}
            Part::PushSlope(axis) => order[axis] = 1,
        }
        let mut sum = A::ZERO;
        for k in 0..D {
            order[k] += 1;
            let slope = self.product(order, index);
            order[k] -= 1;
            if slope != A::ZERO {
                sum = slope.mul_add(self.push[k], sum);
            }
        }
        sum
    }

    /// Whether the location moves at all.
    #[inline(always)]
    pub(crate) fn pushed(&self) -> bool {
        let mut pushed = false;
        for push in &self.push {
            pushed |= *push != A::ZERO;
        }
        pushed
    }

    /// The `position`-th tap, x fastest.
    pub(crate) fn index(mut position: usize) -> [usize; D] {
        let mut index = [0; D];
        for index in &mut index {
            *index = position % N;
            position /= N;
        }
        index
    }
}

impl<A: Real, const D: usize> Tap<A, 2, D> {
    /// The taps of a linear read that are not [`Reads::Nothing`], for an image's gradient.
    #[inline(always)]
    pub(super) fn linear(block: &Block<A, D>, i: usize, axes: &[Axis; D], padding: Padding) -> Self {
        let mut tap = Self { reads: Reads::Partly, ..Self::NONE };
        for k in 0..D {
            let axis = linear_axis(block.cell[k][i], block.frac[k][i], A::ONE, axes[k], padding);
            (tap.at[k], tap.weight[0][k]) = (axis.at, axis.weight[0]);
        }
        tap
    }
}

/// The taps of a block, as many along an axis as the mode has.
pub(crate) enum Taps<A, const D: usize> {
    One(Vec<Tap<A, 1, D>>),
    Two(Vec<Tap<A, 2, D>>),
    Three(Vec<Tap<A, 3, D>>),
    Four(Vec<Tap<A, 4, D>>),
    Five(Vec<Tap<A, 5, D>>),
    Six(Vec<Tap<A, 6, D>>),
    Eight(Vec<Tap<A, 8, D>>),
}

impl<A: Real, const D: usize> Taps<A, D> {
    pub(crate) fn new(interp: Interp) -> Self {
        match interp.window() {
            None if interp == Interp::Nearest => Self::One(vec![Tap::NONE; BLOCK]),
            None => Self::Two(vec![Tap::NONE; BLOCK]),
            Some((before, after)) => match before + 1 + after {
                3 => Self::Three(vec![Tap::NONE; BLOCK]),
                4 => Self::Four(vec![Tap::NONE; BLOCK]),
                5 => Self::Five(vec![Tap::NONE; BLOCK]),
                6 => Self::Six(vec![Tap::NONE; BLOCK]),
                _ => Self::Eight(vec![Tap::NONE; BLOCK]),
            },
        }
    }

    /// The taps of a block. Compiled once for each blend type.
    #[inline(never)]
    pub(crate) fn fill(&mut self, interp: Interp, spots: &Spots<A, D>, axes: &[Axis; D], padding: Padding) {
        vectorised(
            #[inline(always)]
            || match (self, interp) {
                (Self::One(taps), _) => fill(taps, spots, axes, padding, nearest_axis),
                (Self::Two(taps), _) => fill(taps, spots, axes, padding, linear_axis),
                (Self::Three(taps), _) => fill_window(taps, spots, axes, padding, BSpline),
                (Self::Four(taps), Interp::Cubic { a }) => fill(
                    taps,
                    spots,
                    axes,
                    padding,
                    #[inline(always)]
                    |cell, f, sign, axis, padding| cubic_axis(cell, f, sign, axis, padding, A::from_f64(a)),
                ),
                (Self::Four(taps), Interp::Mitchell { b, c }) => fill_window(taps, spots, axes, padding, Mitchell { b, c }),
                (Self::Four(taps), _) => fill_window(taps, spots, axes, padding, BSpline),
                (Self::Five(taps), _) => fill_window(taps, spots, axes, padding, BSpline),
                (Self::Six(taps), Interp::Lanczos3) => fill_window(taps, spots, axes, padding, Lanczos),
                (Self::Six(taps), _) => fill_window(taps, spots, axes, padding, BSpline),
                (Self::Eight(taps), _) => fill_window(taps, spots, axes, padding, Lanczos),
            },
        );
    }

    /// Which of the first `len` locations have a tap among these indices of the slowest axis.
    #[inline(never)]
    pub(crate) fn touching(&self, len: usize, slab: &Range<i32>, list: &mut Vec<u16>) {
        match self {
            Self::One(taps) => touching(&taps[..len], slab, list),
            Self::Two(taps) => touching(&taps[..len], slab, list),
            Self::Three(taps) => touching(&taps[..len], slab, list),
            Self::Four(taps) => touching(&taps[..len], slab, list),
            Self::Five(taps) => touching(&taps[..len], slab, list),
            Self::Six(taps) => touching(&taps[..len], slab, list),
            Self::Eight(taps) => touching(&taps[..len], slab, list),
        }
    }
}

fn touching<A, const N: usize, const D: usize>(taps: &[Tap<A, N, D>], slab: &Range<i32>, list: &mut Vec<u16>) {
    list.clear();
    for (i, tap) in taps.iter().enumerate() {
        if tap.reads != Reads::Nothing && tap.at[D - 1].iter().any(|index| slab.contains(index)) {
            list.push(i as u16);
        }
    }
}

/// One axis of one location.
struct Along<A, const N: usize> {
    at: [i32; N],
    weight: [[A; N]; 3],
}

#[inline(always)]
fn fill<A: Real, const N: usize, const D: usize>(
    taps: &mut [Tap<A, N, D>],
    spots: &Spots<A, D>,
    axes: &[Axis; D],
    padding: Padding,
    along: impl Fn(i32, A, A, Axis, Padding) -> Along<A, N>,
) {
    for (i, tap) in taps[..spots.block.len].iter_mut().enumerate() {
        if spots.block.is_nowhere(i) {
            *tap = Tap::NONE;
            for k in 0..D {
                tap.push[k] = spots.push[k][i];
            }
            continue;
        }
        let mut lowest = 0;
        for k in 0..D {
            let axis = along(spots.block.cell[k][i], spots.block.frac[k][i], spots.sign[k][i], axes[k], padding);
            for at in &axis.at {
                lowest = lowest.min(*at);
            }
            tap.at[k] = axis.at;
            for order in 0..3 {
                tap.weight[order][k] = axis.weight[order];
            }
            tap.push[k] = spots.push[k][i];
        }
        tap.reads = if lowest < 0 { Reads::Partly } else { Reads::Pixels };
    }
}

/// Taps that padding places one by one.
#[inline(always)]
fn fill_window<A: Real, K: Window<N>, const N: usize, const D: usize>(
    taps: &mut [Tap<A, N, D>],
    spots: &Spots<A, D>,
    axes: &[Axis; D],
    padding: Padding,
    kernel: K,
) {
    fill(
        taps,
        spots,
        axes,
        padding,
        #[inline(always)]
        |cell, f, _, axis, padding| window_axis(kernel, cell, f, axis, padding),
    );
}

#[inline(always)]
fn window_axis<A: Real, K: Window<N>, const N: usize>(kernel: K, cell: i32, f: A, axis: Axis, padding: Padding) -> Along<A, N> {
    let weights = kernel.weights(Jet::variable(f));
    let mut along = Along { at: [0; N], weight: [[A::ZERO; N]; 3] };
    for t in 0..N {
        along.at[t] = cubic::place(cell.wrapping_add(t as i32 - K::CENTRE as i32), axis, padding);
        along.weight[0][t] = weights[t].value;
        along.weight[1][t] = weights[t].slope;
        along.weight[2][t] = weights[t].bend;
    }
    along
}

/// The index if it is a pixel's, else -1.
#[inline(always)]
fn pixel(index: i32, axis: Axis) -> i32 {
    if index < axis.len() as i32 { index.max(-1) } else { -1 }
}

#[inline(always)]
fn nearest_axis<A: Real>(cell: i32, frac: A, _: A, axis: Axis, padding: Padding) -> Along<A, 1> {
    let near = if frac > A::HALF || (frac == A::HALF && cell & 1 == 1) { cell + 1 } else { cell };
    let near = if padding == Padding::Wrap && near == axis.len() as i32 { 0 } else { near };
    Along { at: [pixel(near, axis)], weight: [[A::ONE], [A::ZERO], [A::ZERO]] }
}

#[inline(always)]
fn linear_axis<A: Real>(cell: i32, frac: A, sign: A, axis: Axis, padding: Padding) -> Along<A, 2> {
    let next = if padding == Padding::Wrap && cell + 1 == axis.len() as i32 { 0 } else { cell.wrapping_add(1) };
    Along { at: [pixel(cell, axis), pixel(next, axis)], weight: [[A::ONE - frac, frac], [-sign, sign], [A::ZERO; 2]] }
}

#[inline(always)]
fn cubic_axis<A: Real>(cell: i32, f: A, _: A, axis: Axis, padding: Padding, a: A) -> Along<A, 4> {
    let mut at = [0; 4];
    for (t, at) in at.iter_mut().enumerate() {
        *at = cubic::place(cell.wrapping_add(t as i32 - 1), axis, padding);
    }
    // The weights are a f (1-f)^2, 1 - (a+3) f^2 + (a+2) f^3, -a f + (2a+3) f^2 - (a+2) f^3, a f^2 (1-f).
    let (one, two) = (A::ONE, A::ONE + A::ONE);
    let three = two + one;
    let six = three + three;
    let g = one - f;
    let slope = [
        a * g * (one - three * f),
        f * (three * (a + two) * f - two * (a + three)),
        f * (two * (two * a + three) - three * (a + two) * f) - a,
        a * f * (two - three * f),
    ];
    let bend = [
        a * (six * f - two - two),
        six * (a + two) * f - two * (a + three),
        two * (two * a + three) - six * (a + two) * f,
        a * (two - six * f),
    ];
    Along { at, weight: [Keys(a.to_f64()).weights(f), slope, bend] }
}
