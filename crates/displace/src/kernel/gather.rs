//! Derivatives of blends: what every location of a block reads from its taps, all channels.
//!
//! Along one axis a blend is the value of a tap plus weighted differences to it, and a derivative is weighted differences
//! alone: equal values have derivatives of exactly 0. Where a result is not finite it is summed again tap by tap,
//! without taps of weight zero and upstream gradients of zero.

use super::BLOCK;
use super::taps::{Part, Reads, Tap, Taps};
use crate::dtype::{Real, Sample};
use crate::kernel::vectorised;
use crate::view::{Plane, View};
use std::ops::Range;

/// A piece of a row, and the samples of the result that read there.
#[derive(Clone)]
pub(crate) struct Piece<const D: usize> {
    pub(crate) samples: Range<usize>,
    pub(crate) row: [usize; D],
    pub(crate) first: usize,
    pub(crate) len: usize,
}

impl<const D: usize> Piece<D> {
    /// Where the piece starts in a plane of a destination.
    #[inline(always)]
    pub(super) fn start<T: Copy>(&self, plane: &Plane<'_, T, D>) -> isize {
        plane.row(self.row) + self.first as isize * plane.strides[0]
    }

    /// How far it is to the piece after this one in rows of `width`, in pixels along each axis.
    pub(crate) fn to_next(&self, width: usize) -> [isize; D] {
        let mut step = [0; D];
        if self.first + self.len < width {
            step[0] = self.len as isize;
        } else {
            (step[0], step[1]) = (-(self.first as isize), 1);
        }
        step
    }
}

/// What second derivatives are made of. Without a tangent image it is 0; `pushed` says whether locations move.
pub(crate) struct Tangents<'v, 'a, T, const D: usize> {
    pub(crate) image: Option<&'v View<'a, T, D>>,
    pub(crate) pushed: bool,
}

/// A blend and its derivatives by the location.
struct Jet<A, const D: usize> {
    value: A,
    first: [A; D],
    second: [[A; D]; D],
}

#[inline(always)]
fn value<A: Real, const N: usize>(v: &[A; N], w: &[A; N]) -> A {
    match N {
        1 => v[0],
        2 => w[1].mul_add(v[1] - v[0], v[0]),
        _ => {
            let here = v[(N - 1) / 2];
            let mut sum = here;
            for t in 0..N {
                if t != (N - 1) / 2 {
                    sum = w[t].mul_add(v[t] - here, sum);
                }
            }
            sum
        }
    }
}

#[inline(always)]
fn slope<A: Real, const N: usize>(v: &[A; N], w: &[A; N]) -> A {
    match N {
        1 => A::ZERO,
        2 => w[1] * (v[1] - v[0]),
        _ => {
            let here = v[(N - 1) / 2];
            let mut sum = w[0] * (v[0] - here);
            for t in 1..N {
                if t != (N - 1) / 2 {
                    sum = w[t].mul_add(v[t] - here, sum);
                }
            }
            sum
        }
    }
}

/// The second derivative; a line has none, whatever it runs between.
#[inline(always)]
fn bend<A: Real, const N: usize>(v: &[A; N], w: &[A; N]) -> A {
    if N < 3 { A::ZERO } else { slope(v, w) }
}

/// The taps along x of one row of taps.
#[inline(always)]
fn row<T: Sample, A: Real, const N: usize, const D: usize>(
    plane: &Plane<'_, T, D>,
    tap: &Tap<A, N, D>,
    [y, z]: [usize; 2],
    inside: bool,
    fill: A,
) -> [A; N] {
    let mut row = plane.origin + tap.at[1][y] as isize * plane.strides[1];
    let mut outside = tap.at[1][y] < 0;
    if D == 3 {
        row += tap.at[D - 1][z] as isize * plane.strides[D - 1];
        outside |= tap.at[D - 1][z] < 0;
    }
    let mut values = [fill; N];
    if !inside && outside {
        return values;
    }
    for (value, x) in values.iter_mut().zip(&tap.at[0]) {
        if inside || *x >= 0 {
            *value = plane.data[(row + *x as isize * plane.strides[0]) as usize].widen();
        }
    }
    values
}

/// Rows along x, then across them, then across slices. What the caller does not use is not computed.
#[inline(always)]
fn jet<T: Sample, A: Real, const N: usize, const D: usize>(
    plane: &Plane<'_, T, D>,
    tap: &Tap<A, N, D>,
    inside: bool,
    fill: A,
) -> Jet<A, D> {
    let [w, w1, w2] = &tap.weight;
    let zero = [A::ZERO; N];
    let (mut v, mut x, mut y, mut xx, mut xy, mut yy) = (zero, zero, zero, zero, zero, zero);
    for z in 0..if D == 3 { N } else { 1 } {
        let (mut rows, mut rows_x, mut rows_xx) = (zero, zero, zero);
        for j in 0..N {
            let row = row(plane, tap, [j, z], inside, fill);
            rows[j] = value(&row, &w[0]);
            rows_x[j] = slope(&row, &w1[0]);
            rows_xx[j] = bend(&row, &w2[0]);
        }
        v[z] = value(&rows, &w[1]);
        x[z] = value(&rows_x, &w[1]);
        y[z] = slope(&rows, &w1[1]);
        xx[z] = value(&rows_xx, &w[1]);
        xy[z] = slope(&rows_x, &w1[1]);
        yy[z] = bend(&rows, &w2[1]);
    }
    let mut jet = Jet { value: v[0], first: [A::ZERO; D], second: [[A::ZERO; D]; D] };
    if D == 2 {
        (jet.first[0], jet.first[1]) = (x[0], y[0]);
        (jet.second[0][0], jet.second[1][1]) = (xx[0], yy[0]);
        (jet.second[0][1], jet.second[1][0]) = (xy[0], xy[0]);
    } else {
        let k = D - 1;
        jet.value = value(&v, &w[k]);
        jet.first[0] = value(&x, &w[k]);
        jet.first[1] = value(&y, &w[k]);
        jet.first[k] = slope(&v, &w1[k]);
        jet.second[0][0] = value(&xx, &w[k]);
        jet.second[1][1] = value(&yy, &w[k]);
        jet.second[k][k] = bend(&v, &w2[k]);
        let (xy, xz, yz) = (value(&xy, &w[k]), slope(&x, &w1[k]), slope(&y, &w1[k]));
        (jet.second[0][1], jet.second[1][0]) = (xy, xy);
        (jet.second[0][k], jet.second[k][0]) = (xz, xz);
        (jet.second[1][k], jet.second[k][1]) = (yz, yz);
    }
    jet
}

/// The taps by a derivative of their weight, x fastest, without those of weight zero.
#[cold]
#[inline(never)]
fn careful<T: Sample, A: Real, const N: usize, const D: usize>(
    plane: &Plane<'_, T, D>,
    tap: &Tap<A, N, D>,
    part: Part,
    fill: A,
) -> A {
    let mut sum = A::ZERO;
    for position in 0..N.pow(D as u32) {
        let index = Tap::<A, N, D>::index(position);
        let weight = tap.part(part, index);
        if weight == A::ZERO {
            continue;
        }
        let mut pixel = [0; D];
        for k in 0..D {
            pixel[k] = tap.at[k][index[k]];
        }
        let value = if pixel.iter().any(|index| *index < 0) { fill } else { plane.at(pixel).widen() };
        sum = weight.mul_add(value, sum);
    }
    sum
}

/// The gradients of the locations of a piece: `scale` times the sum over samples and channels of the upstream gradient
/// times the derivative of the blend.
#[inline(never)]
pub(crate) fn slopes<T: Sample, A: Real, const D: usize>(
    taps: &Taps<A, D>,
    piece: &Piece<D>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    fill: A,
    scale: &[A; D],
    out: &mut [[A; BLOCK]; D],
) {
    vectorised(
        #[inline(always)]
        || match taps {
            Taps::One(_) => clear(piece.len, out),
            Taps::Two(taps) => slopes_of(taps, piece, grad, image, fill, scale, out),
            Taps::Three(taps) => slopes_of(taps, piece, grad, image, fill, scale, out),
            Taps::Four(taps) => slopes_of(taps, piece, grad, image, fill, scale, out),
            Taps::Five(taps) => slopes_of(taps, piece, grad, image, fill, scale, out),
            Taps::Six(taps) => slopes_of(taps, piece, grad, image, fill, scale, out),
            Taps::Eight(taps) => slopes_of(taps, piece, grad, image, fill, scale, out),
        },
    );
}

#[inline(always)]
fn clear<A: Real, const D: usize>(len: usize, out: &mut [[A; BLOCK]; D]) {
    for out in out {
        out[..len].fill(A::ZERO);
    }
}

#[inline(always)]
fn slopes_of<T: Sample, A: Real, const N: usize, const D: usize>(
    taps: &[Tap<A, N, D>],
    piece: &Piece<D>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    fill: A,
    scale: &[A; D],
    out: &mut [[A; BLOCK]; D],
) {
    let taps = &taps[..piece.len];
    clear(piece.len, out);
    for n in piece.samples.clone() {
        for c in 0..image.shape().c {
            let (grad, image) = (grad.plane(n, c), image.plane(n, c));
            let start = piece.start(&grad);
            for (i, tap) in taps.iter().enumerate() {
                let g: A = grad.data[(start + i as isize * grad.strides[0]) as usize].widen();
                let first = match tap.reads {
                    Reads::Pixels => jet(&image, tap, true, fill).first,
                    Reads::Partly => jet(&image, tap, false, fill).first,
                    Reads::Nothing if g == A::ZERO => continue,
                    Reads::Nothing => [A::NAN; D],
                };
                for k in 0..D {
                    out[k][i] = g.mul_add(first[k], out[k][i]);
                }
            }
        }
    }
    for k in 0..D {
        for (i, tap) in taps.iter().enumerate() {
            if !out[k][i].is_finite() && tap.reads != Reads::Nothing {
                out[k][i] = if scale[k] == A::ZERO { A::ZERO } else { careful_slope(tap, i, k, piece, grad, image, fill) };
            }
            out[k][i] = out[k][i] * scale[k];
        }
    }
}

#[cold]
#[inline(never)]
fn careful_slope<T: Sample, A: Real, const N: usize, const D: usize>(
    tap: &Tap<A, N, D>,
    i: usize,
    axis: usize,
    piece: &Piece<D>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    fill: A,
) -> A {
    let mut sum = A::ZERO;
    for n in piece.samples.clone() {
        for c in 0..image.shape().c {
            let plane = grad.plane(n, c);
            let g: A = plane.data[(piece.start(&plane) + i as isize * plane.strides[0]) as usize].widen();
            if g != A::ZERO {
                sum = g.mul_add(careful(&image.plane(n, c), tap, Part::Slope(axis), fill), sum);
            }
        }
    }
    sum
}

/// The gradients by the locations of what [`slopes`] and the image's gradient give along the tangents.
#[inline(never)]
#[allow(clippy::too_many_arguments)]
pub(crate) fn bends<T: Sample, A: Real, const D: usize>(
    taps: &Taps<A, D>,
    piece: &Piece<D>,
    tangents: &Tangents<'_, '_, T, D>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    fill: A,
    scale: &[A; D],
    out: &mut [[A; BLOCK]; D],
) {
    vectorised(
        #[inline(always)]
        || match taps {
            Taps::One(_) => clear(piece.len, out),
            Taps::Two(taps) => bends_of(taps, piece, tangents, grad, image, fill, scale, out),
            Taps::Three(taps) => bends_of(taps, piece, tangents, grad, image, fill, scale, out),
            Taps::Four(taps) => bends_of(taps, piece, tangents, grad, image, fill, scale, out),
            Taps::Five(taps) => bends_of(taps, piece, tangents, grad, image, fill, scale, out),
            Taps::Six(taps) => bends_of(taps, piece, tangents, grad, image, fill, scale, out),
            Taps::Eight(taps) => bends_of(taps, piece, tangents, grad, image, fill, scale, out),
        },
    );
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn bends_of<T: Sample, A: Real, const N: usize, const D: usize>(
    taps: &[Tap<A, N, D>],
    piece: &Piece<D>,
    tangents: &Tangents<'_, '_, T, D>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    fill: A,
    scale: &[A; D],
    out: &mut [[A; BLOCK]; D],
) {
    let taps = &taps[..piece.len];
    clear(piece.len, out);
    for n in piece.samples.clone() {
        for c in 0..image.shape().c {
            let (grad, image) = (grad.plane(n, c), image.plane(n, c));
            let tangent = tangents.image.map(|tangent| tangent.plane(n, c));
            let start = piece.start(&grad);
            for (i, tap) in taps.iter().enumerate() {
                let g: A = grad.data[(start + i as isize * grad.strides[0]) as usize].widen();
                let mut sum = [A::ZERO; D];
                if tap.reads == Reads::Nothing {
                    if g == A::ZERO || !tap.pushed() {
                        continue;
                    }
                    sum = [A::NAN; D];
                } else {
                    if let Some(tangent) = &tangent {
                        sum = jet(tangent, tap, tap.reads == Reads::Pixels, A::ZERO).first;
                    }
                    if tangents.pushed {
                        let second = jet(&image, tap, tap.reads == Reads::Pixels, fill).second;
                        for k in 0..D {
                            for l in 0..D {
                                sum[l] = tap.push[k].mul_add(second[k][l], sum[l]);
                            }
                        }
                    }
                }
                for k in 0..D {
                    out[k][i] = g.mul_add(sum[k], out[k][i]);
                }
            }
        }
    }
    for k in 0..D {
        for (i, tap) in taps.iter().enumerate() {
            if !out[k][i].is_finite() && tap.reads != Reads::Nothing {
                out[k][i] = if scale[k] == A::ZERO { A::ZERO } else { careful_bend(tap, i, k, piece, tangents, grad, image, fill) };
            }
            out[k][i] = out[k][i] * scale[k];
        }
    }
}

#[cold]
#[inline(never)]
#[allow(clippy::too_many_arguments)]
fn careful_bend<T: Sample, A: Real, const N: usize, const D: usize>(
    tap: &Tap<A, N, D>,
    i: usize,
    axis: usize,
    piece: &Piece<D>,
    tangents: &Tangents<'_, '_, T, D>,
    grad: &View<'_, T, D>,
    image: &View<'_, T, D>,
    fill: A,
) -> A {
    let mut sum = A::ZERO;
    for n in piece.samples.clone() {
        for c in 0..image.shape().c {
            let plane = grad.plane(n, c);
            let g: A = plane.data[(piece.start(&plane) + i as isize * plane.strides[0]) as usize].widen();
            if g == A::ZERO {
                continue;
            }
            if let Some(tangent) = tangents.image {
                sum = g.mul_add(careful(&tangent.plane(n, c), tap, Part::Slope(axis), A::ZERO), sum);
            }
            if tangents.pushed {
                sum = g.mul_add(careful(&image.plane(n, c), tap, Part::PushSlope(axis), fill), sum);
            }
        }
    }
    sum
}

/// What one channel changes by along the tangents: the tangent image blended, plus the derivative of the image's blend
/// along the push.
#[inline(never)]
pub(crate) fn pushes<T: Sample, A: Real, const D: usize>(
    taps: &Taps<A, D>,
    len: usize,
    tangent: Option<&Plane<'_, T, D>>,
    image: Option<&Plane<'_, T, D>>,
    fill: A,
    out: &mut [T],
) {
    vectorised(
        #[inline(always)]
        || match taps {
            Taps::One(taps) => pushes_of(&taps[..len], tangent, None, fill, out),
            Taps::Two(taps) => pushes_of(&taps[..len], tangent, image, fill, out),
            Taps::Three(taps) => pushes_of(&taps[..len], tangent, image, fill, out),
            Taps::Four(taps) => pushes_of(&taps[..len], tangent, image, fill, out),
            Taps::Five(taps) => pushes_of(&taps[..len], tangent, image, fill, out),
            Taps::Six(taps) => pushes_of(&taps[..len], tangent, image, fill, out),
            Taps::Eight(taps) => pushes_of(&taps[..len], tangent, image, fill, out),
        },
    );
}

#[inline(always)]
fn pushes_of<T: Sample, A: Real, const N: usize, const D: usize>(
    taps: &[Tap<A, N, D>],
    tangent: Option<&Plane<'_, T, D>>,
    image: Option<&Plane<'_, T, D>>,
    fill: A,
    out: &mut [T],
) {
    for (tap, out) in taps.iter().zip(out) {
        let mut sum = A::ZERO;
        if tap.reads == Reads::Nothing {
            if image.is_some() && tap.pushed() {
                sum = A::NAN;
            }
        } else {
            if let Some(tangent) = tangent {
                sum = jet(tangent, tap, tap.reads == Reads::Pixels, A::ZERO).value;
            }
            if let Some(image) = image {
                let first = jet(image, tap, tap.reads == Reads::Pixels, fill).first;
                for k in 0..D {
                    sum = tap.push[k].mul_add(first[k], sum);
                }
            }
            if !sum.is_finite() {
                sum = tangent.map_or(A::ZERO, |tangent| careful(tangent, tap, Part::Value, A::ZERO));
                if let Some(image) = image {
                    sum = sum + careful(image, tap, Part::Push, fill);
                }
            }
        }
        *out = T::narrow(sum);
    }
}
