//! Linear blends of images whose channels lie side by side (channels last): a pixel's weights serve all of its channels, which
//! are the lanes.

use super::aim::{Ahead, Aim, Reach, Terrain};
use super::lanes::{self, Extremes, Lanes};
use super::linear::{Edges, one_of_many};
use super::{BLOCK, Block, Outside};
use crate::dtype::Sample;
use crate::padding::Padding;
use crate::view::View;
use displace_reads::{LANES, Reads};
use fearless_simd::{Simd, f32x8, i32x8, mask32x8, prelude::*, u32x8, u64x4};

/// Where the channels of a block go.
pub(crate) enum Target<'o, T> {
    /// Side by side, pixel after pixel.
    Pixels(&'o mut [T]),
    /// One channel's pixels.
    Planes(&'o mut [&'o mut [T]]),
}

impl<T: Sample> Target<'_, T> {
    /// Writes one number.
    #[inline(always)]
    fn put(&mut self, channels: usize, i: usize, c: usize, value: T) {
        match self {
            Self::Pixels(out) => out[i * channels + c] = value,
            Self::Planes(planes) => planes[c][i] = value,
        }
    }

    /// Writes a whole group's pixels, of each channel all eight.
    #[inline(always)]
    fn put_group<const C: usize>(&mut self, group: usize, pixels: &[[T; LANES]; C]) {
        match self {
            Self::Pixels(out) => {
                for (lane, out) in out[group * LANES * C..][..LANES * C].chunks_exact_mut(C).enumerate() {
                    for c in 0..C {
                        out[c] = pixels[c][lane];
                    }
                }
            }
            Self::Planes(planes) => {
                for (plane, pixels) in planes.iter_mut().zip(pixels) {
                    plane[group * LANES..][..LANES].copy_from_slice(pixels);
                }
            }
        }
    }

    /// Writes a whole group's pixels of bytes, each the low ones of a word. False if these are not bytes.
    #[inline(always)]
    fn put_words<const C: usize>(&mut self, group: usize, words: [u32; LANES]) -> bool {
        match self {
            Self::Pixels(out) => {
                let Some(out) = T::as_u8_mut(&mut out[group * LANES * C..][..LANES * C]) else { return false };
                for (pixel, word) in out.chunks_exact_mut(C).zip(words) {
                    pixel.copy_from_slice(&word.to_le_bytes()[..C]);
                }
            }
            Self::Planes(planes) => {
                for (c, plane) in planes.iter_mut().enumerate() {
                    let Some(out) = T::as_u8_mut(&mut plane[group * LANES..][..LANES]) else { return false };
                    for (out, word) in out.iter_mut().zip(words) {
                        *out = word.to_le_bytes()[c];
                    }
                }
            }
        }
        true
    }
}

/// What the channels of a block's pixels are read from.
pub(crate) struct Source<'s, T, const D: usize> {
    /// From the first channel of the first pixel on.
    pub(crate) data: &'s [T],
    pub(crate) channels: usize,
    pub(crate) terrain: &'s Terrain<D>,
    pub(crate) aim: &'s Aim,
    pub(crate) ahead: Ahead<'s>,
    pub(crate) block: &'s Block<f32, D>,
    pub(crate) outside: &'s Outside<T, f32>,
    /// A pixel outside, and as many values more as there are lanes.
    pub(crate) fill: &'s [T],
}

impl<'s, T: Sample, const D: usize> Source<'s, T, D> {
    /// The offsets of a cell's corners from its first, x fastest.
    #[inline(always)]
    fn rows<const CORNERS: usize>(&self) -> [usize; CORNERS] {
        let mut rows = [0; CORNERS];
        for (corner, row) in rows.iter_mut().enumerate() {
            for k in 0..D {
                *row += (corner >> k & 1) * self.terrain.stride[k] as usize;
            }
        }
        rows
    }

    /// What begins with all channels of a cell's corners, x fastest. It goes on behind them, so that lanes can be filled.
    #[inline(always)]
    fn corners<const CORNERS: usize>(&self, i: usize, rows: &[usize; CORNERS]) -> [&'s [T]; CORNERS] {
        let mut corners = [self.fill; CORNERS];
        if self.aim.reach[i / LANES] == Reach::Pixels {
            let first = self.aim.offset[i / LANES][i % LANES] as usize;
            for corner in 0..CORNERS {
                corners[corner] = &self.data[first + rows[corner]..];
            }
            return corners;
        }
        for (corner, values) in corners.iter_mut().enumerate() {
            let (mut at, mut inside) = (0, true);
            for k in 0..D {
                let mut cell = self.block.cell[k][i].wrapping_add((corner >> k & 1) as i32);
                if self.outside.padding == Padding::Wrap && cell > self.terrain.last[k] {
                    cell = 0;
                }
                inside &= cell >= 0 && cell <= self.terrain.last[k];
                at += cell as isize * self.terrain.stride[k] as isize;
            }
            if inside {
                *values = &self.data[at as usize..];
            }
        }
        corners
    }

    /// The fractions of a pixel in all lanes, and where they are 0.
    #[inline(always)]
    fn weights<S: Simd>(&self, simd: S, i: usize) -> ([f32x8<S>; D], [mask32x8<S>; D]) {
        let (mut frac, mut zero) = ([f32x8::splat(simd, 0.0); D], [mask32x8::splat(simd, true); D]);
        for k in 0..D {
            frac[k] = f32x8::splat(simd, self.block.frac[k][i]);
            zero[k] = frac[k].simd_eq(0.0);
        }
        (frac, zero)
    }

    /// The fractions of a group along an axis.
    #[inline(always)]
    fn fraction<S: Simd>(&self, simd: S, k: usize, group: usize) -> f32x8<S> {
        f32x8::from_slice(simd, &self.block.frac[k][group * LANES..][..LANES])
    }

    /// Whether corners outside can be found from those inside.
    fn has_edges(&self) -> bool {
        self.terrain.last.iter().all(|last| *last > 0)
    }

    /// How the corners of a group that reaches outside come from those inside.
    #[inline(always)]
    fn edges<S: Simd>(&self, simd: S, group: usize) -> Edges<S, D> {
        let fill = if self.outside.padding.fills() { Some(self.outside.fill) } else { None };
        Edges::new(simd, self.terrain, self.block, group, fill)
    }

    /// Writes what lanes could not: groups that are looked at pixel by pixel, and all from group `done` on.
    fn finish<const C: usize>(&self, image: &View<'_, T, D>, n: usize, done: usize, target: &mut Target<'_, T>) {
        if done == self.block.groups() && self.aim.inside == done {
            return;
        }
        for group in 0..self.block.groups() {
            let in_lanes = match self.aim.reach[group] {
                Reach::Pixels => true,
                Reach::Partly => self.has_edges(),
                Reach::Special => false,
            };
            if group < done && in_lanes {
                continue;
            }
            for c in 0..C {
                let plane = image.plane(n, c);
                for i in group * LANES..self.block.len.min((group + 1) * LANES) {
                    target.put(C, i, c, one_of_many(&plane, self.block, i, self.outside));
                }
            }
        }
    }

    /// Blends a block. False if a pixel is not finite or reads nothing: such blocks are worked out with care.
    #[inline(always)]
    pub(crate) fn blend<S: Lanes, const CORNERS: usize>(&self, simd: S, target: &mut Target<'_, T>) -> bool {
        let mut extremes = Extremes::new(simd);
        match target {
            Target::Pixels(out) => self.blend_pixels::<S, CORNERS>(simd, &mut extremes, out),
            Target::Planes(planes) => self.blend_planes::<S, CORNERS>(simd, &mut extremes, planes),
        }
        let mut nowhere = false;
        for k in 0..D {
            for cell in &self.block.cell[k][..self.block.len] {
                nowhere |= *cell == super::NOWHERE;
            }
        }
        extremes.finite() && !nowhere
    }

    /// Pixel after pixel, all channels of each.
    #[inline(always)]
    fn blend_pixels<S: Simd, const CORNERS: usize>(&self, simd: S, extremes: &mut Extremes<S>, out: &mut [T]) {
        let rows = self.rows::<CORNERS>();
        for (i, out) in out.chunks_exact_mut(self.channels).take(self.block.len).enumerate() {
            if i % LANES == 0 {
                self.ahead.prefetch(self.data, &rows, i / LANES);
            }
            let corners = self.corners(i, &rows);
            let (frac, zero) = self.weights(simd, i);
            let mut taps = [f32x8::splat(simd, 0.0); CORNERS];
            let (whole, rest) = out.as_chunks_mut::<LANES>();
            // As long as what is written, so that nothing is left to check.
            let mut chunks: [&[[T; LANES]]; CORNERS] = [&[]; CORNERS];
            for corner in 0..CORNERS {
                chunks[corner] = &corners[corner].as_chunks().0[..whole.len()];
            }
            for (chunk, out) in whole.iter_mut().enumerate() {
                for corner in 0..CORNERS {
                    taps[corner] = lanes::load(simd, &chunks[corner][chunk]);
                }
                let value = blend(taps, &frac, &zero);
                extremes.see(value);
                *out = lanes::narrow(value);
            }
            if !rest.is_empty() {
                for corner in 0..CORNERS {
                    taps[corner] = lanes::load(simd, &corners[corner][self.channels / LANES * LANES..]);
                }
                let value = blend(taps, &frac, &zero);
                extremes.see(value);
                for (out, value) in rest.iter_mut().zip(lanes::narrow::<S, T>(value)) {
                    *out = value;
                }
            }
        }
    }

    /// Eight channels after eight channels, of each a whole piece of its plane at once: planes often lie a power of two
    /// apart, and the cache could not hold the same place of many.
    #[inline(always)]
    fn blend_planes<S: Lanes, const CORNERS: usize>(&self, simd: S, extremes: &mut Extremes<S>, planes: &mut [&mut [T]]) {
        let rows = self.rows::<CORNERS>();
        let offsets = self.aim.offsets();
        let mut room = [[0.0; BLOCK]; LANES];
        for (chunk, planes) in planes.chunks_mut(LANES).enumerate() {
            let mut places = rows;
            for place in &mut places {
                *place += chunk * LANES;
            }
            let reads = Reads::<T, CORNERS, LANES>::new(self.data, offsets, places);
            for group in 0..self.block.groups() {
                if chunk == 0 {
                    self.ahead.prefetch(self.data, &rows, group);
                }
                let pixels = match &reads {
                    Some(reads) if self.aim.reach[group] == Reach::Pixels => self.eight::<S, CORNERS>(
                        simd,
                        extremes,
                        group,
                        #[inline(always)]
                        |lane| {
                            let mut taps = [f32x8::splat(simd, 0.0); CORNERS];
                            for corner in 0..CORNERS {
                                taps[corner] = lanes::load(simd, &reads.get(group, lane, corner));
                            }
                            taps
                        },
                    ),
                    _ => self.eight::<S, CORNERS>(
                        simd,
                        extremes,
                        group,
                        #[inline(always)]
                        |lane| {
                            let corners = self.corners(group * LANES + lane, &rows);
                            let mut taps = [f32x8::splat(simd, 0.0); CORNERS];
                            for corner in 0..CORNERS {
                                taps[corner] = lanes::load(simd, &corners[corner][chunk * LANES..]);
                            }
                            taps
                        },
                    ),
                };
                for (room, column) in room.iter_mut().zip(lanes::transposed8(simd, &pixels)) {
                    column.store_slice(&mut room[group * LANES..(group + 1) * LANES]);
                }
            }
            for (plane, room) in planes.iter_mut().zip(&room) {
                for (out, values) in plane.chunks_mut(LANES).zip(room.as_chunks::<LANES>().0) {
                    lanes::store(f32x8::simd_from(simd, *values), out, 1);
                }
            }
        }
    }

    /// Eight channels of a group's pixels.
    #[inline(always)]
    fn eight<S: Simd, const CORNERS: usize>(
        &self,
        simd: S,
        extremes: &mut Extremes<S>,
        group: usize,
        corners: impl Fn(usize) -> [f32x8<S>; CORNERS],
    ) -> [[f32; LANES]; LANES] {
        let mut pixels = [[0.0; LANES]; LANES];
        for (lane, pixel) in pixels.iter_mut().enumerate() {
            let (frac, zero) = self.weights(simd, group * LANES + lane);
            let value = blend(corners(lane), &frac, &zero);
            extremes.see(value);
            *pixel = value.into();
        }
        pixels
    }
}

/// The corners of a cell to its blend: along x, then y, then z.
#[inline(always)]
fn blend<S: Simd, const D: usize, const CORNERS: usize>(
    mut taps: [f32x8<S>; CORNERS],
    frac: &[f32x8<S>; D],
    zero: &[mask32x8<S>; D],
) -> f32x8<S> {
    let mut count = CORNERS;
    for k in 0..D {
        count /= 2;
        for t in 0..count {
            let (a, b) = (taps[2 * t], taps[2 * t + 1]);
            taps[t] = zero[k].select(a, frac[k].mul_add_precise(b - a, a));
        }
    }
    taps[0]
}

/// Bilinear blends of `C` channels side by side, 2 to 4, pixels in lanes: `ROWS` times four neighbours hold the corners of a
/// cell. False if a pixel is not finite: such blocks are worked out with care.
#[inline(always)]
pub(crate) fn blend_few<S: Lanes, T: Sample, const D: usize, const C: usize, const ROWS: usize>(
    simd: S,
    source: &Source<'_, T, D>,
    image: &View<'_, T, D>,
    n: usize,
    target: &mut Target<'_, T>,
) -> bool {
    let mut rows = [0; ROWS];
    for (r, row) in rows.iter_mut().enumerate() {
        // Two channels are four neighbours; more are read from both ends.
        let (across, along) = if C == 2 { (r, 0) } else { (r / 2, r % 2) };
        *row = across * source.terrain.stride[1] as usize + along * (2 * C - 4);
    }
    let mut extremes = Extremes::new(simd);
    let whole = source.block.len / LANES;
    let reads = Reads::<T, ROWS, 4>::new(source.data, source.aim.offsets(), rows);
    if let Some(reads) = &reads {
        for group in 0..whole {
            source.ahead.prefetch(source.data, &rows, group);
            target.put_group(group, &few_of_group::<S, T, D, C, ROWS>(simd, source, reads, group, None, &mut extremes));
        }
        // Groups that reach outside are gone over again: their offsets are legal too.
        if source.aim.inside < source.block.groups() && source.has_edges() {
            for group in 0..whole {
                if source.aim.reach[group] == Reach::Partly {
                    let edges = source.edges(simd, group);
                    target.put_group(
                        group,
                        &few_of_group::<S, T, D, C, ROWS>(simd, source, reads, group, Some(&edges), &mut extremes),
                    );
                }
            }
        }
    }
    let done = if reads.is_some() { whole } else { 0 };
    source.finish::<C>(image, n, done, target);
    extremes.finite()
}

/// The blends of a group's pixels.
#[inline(always)]
fn few_of_group<S: Lanes, T: Sample, const D: usize, const C: usize, const ROWS: usize>(
    simd: S,
    source: &Source<'_, T, D>,
    reads: &Reads<'_, T, ROWS, 4>,
    group: usize,
    edges: Option<&Edges<S, D>>,
    extremes: &mut Extremes<S>,
) -> [[T; LANES]; C] {
    let (fx, fy) = (source.fraction(simd, 0, group), source.fraction(simd, 1, group));
    let mut taps = [[[f32x8::splat(simd, 0.0); 2]; 2]; C];
    for y in 0..2 {
        let near = lanes::neighbours(simd, reads, group, y * ROWS / 2);
        let far = if C == 2 { near } else { lanes::neighbours(simd, reads, group, y * ROWS / 2 + 1) };
        for c in 0..C {
            taps[c][y] = [near[c], far[4 - C + c]];
        }
    }
    let mut pixels = [[T::default(); LANES]; C];
    for c in 0..C {
        let [top, bottom] = match edges {
            Some(edges) => edges.corrected(taps[c]),
            None => taps[c],
        };
        let (top, bottom) = (lanes::step(simd, top[0], top[1], fx), lanes::step(simd, bottom[0], bottom[1], fx));
        let value = lanes::step(simd, top, bottom, fy);
        extremes.see(value);
        pixels[c] = lanes::narrow(value);
    }
    pixels
}

/// [`blend_few`] for bytes, with less to load: two pixels are one number of 64 bits. False if these are not bytes.
#[inline(always)]
pub(crate) fn blend_bytes<S: Simd, T: Sample, const D: usize, const C: usize>(
    simd: S,
    source: &Source<'_, T, D>,
    image: &View<'_, T, D>,
    n: usize,
    target: &mut Target<'_, T>,
) -> bool {
    let rows = [0, source.terrain.stride[1] as usize];
    let whole = source.block.len / LANES;
    let Some(data) = T::as_u8(source.data) else { return false };
    let reads = Reads::<u8, 2, 8>::new(data, source.aim.offsets(), rows);
    if let Some(reads) = &reads {
        for group in 0..whole {
            source.ahead.prefetch(data, &rows, group);
            let words = blend_words::<S, D, C>(simd, source, reads, group, None).into();
            if !target.put_words::<C>(group, words) {
                return false;
            }
        }
        // Groups that reach outside are gone over again: their offsets are legal too.
        if source.aim.inside < source.block.groups() && source.has_edges() {
            for group in 0..whole {
                if source.aim.reach[group] == Reach::Partly {
                    let edges = source.edges(simd, group);
                    target.put_words::<C>(group, blend_words::<S, D, C>(simd, source, reads, group, Some(&edges)).into());
                }
            }
        }
    }
    let done = if reads.is_some() { whole } else { 0 };
    source.finish::<C>(image, n, done, target);
    true
}

/// The blends of a group's pixels, a byte for each channel.
#[inline(always)]
fn blend_words<S: Simd, const D: usize, const C: usize>(
    simd: S,
    source: &Source<'_, impl Sample, D>,
    reads: &Reads<'_, u8, 2, 8>,
    group: usize,
    edges: Option<&Edges<S, D>>,
) -> u32x8<S> {
    let (fx, fy) = (source.fraction(simd, 0, group), source.fraction(simd, 1, group));
    let mut taps = [[[f32x8::splat(simd, 0.0); 2]; 2]; C];
    for r in 0..2 {
        let at = |lane| reads.word(group, lane, r);
        let low = u64x4::simd_from(simd, [at(0), at(1), at(2), at(3)]).bitcast::<u32x8<S>>();
        let high = u64x4::simd_from(simd, [at(4), at(5), at(6), at(7)]).bitcast::<u32x8<S>>();
        let (first, second) = simd.deinterleave_u32x8(low, high);
        let byte = |index: usize| {
            let word = if index < 4 { first } else { second } >> (8 * (index % 4)) as u32;
            // Less than 256, so signed is the same.
            (word & 255).bitcast::<i32x8<S>>().to_float::<f32x8<S>>()
        };
        for c in 0..C {
            taps[c][r] = [byte(c), byte(C + c)];
        }
    }
    let mut words = u32x8::splat(simd, 0);
    for c in 0..C {
        let [top, bottom] = match edges {
            Some(edges) => edges.corrected(taps[c]),
            None => taps[c],
        };
        // A fraction of 0 leaves a byte as it is.
        let (top, bottom) = (fx.mul_add_precise(top[1] - top[0], top[0]), fx.mul_add_precise(bottom[1] - bottom[0], bottom[0]));
        let value = fy.mul_add_precise(bottom - top, top);
        // Between bytes: nothing has to be saturated.
        let rounded = value.round_ties_even().to_int::<i32x8<S>>().bitcast::<u32x8<S>>();
        words |= rounded << (8 * c) as u32;
    }
    words
}
