//! A sum of kernels on a lattice, with a bound for what it leaves out.
//!
//! Tiles of the lattice are halved again and again. Seen from a tile, centres that lie three half-widths or more from its middle, along
//! some axis, give a smooth sum: it is taken at the tile's Chebyshev points, once, on the largest tile for which they are that far, and
//! handed down to the halves as a polynomial, which is exact. The smallest tiles add near centres one by one.
//!
//! *Bound*. Along one axis, from a tile that reaches from -1 to 1, a kernel is an analytic function of the place with singularities at
//! `a + i b` and `a - i b`, where `|a| >= 3` or `b >= 2`. Interpolated at `p` Chebyshev points it is off by at most twice the sum of the
//! sizes of its Chebyshev coefficients from degree p on (Trefethen, Approximation Theory and Approximation Practice, theorem 4.2 and
//! equation 4.9). For centres at distance d these go like `d^(power - p)`, so that with p above the kernel's power the nearest centres are
//! the worst; from where rounding hides coefficients they are taken to fall by `rho` of the singularity's ellipse each, since they fall
//! at least as fast. The other axes' interpolation magnifies that by the Lebesgue constant, `1 + (2/pi) ln p` at most. Kernels
//! without a width are the same on all scales, up to a factor.

use super::kernel::Kernel;
use super::{Centre, sum_over};
use crate::kernel::vectorised;
use crate::rows::each_of;
use std::borrow::Cow;
use std::f64::consts::PI;
use std::sync::OnceLock;

/// Half-widths between a tile's middle and what is far from it.
const FAR: f64 = 3.0;
/// Axes of more pixels are halved.
const LEAF: usize = 32;
/// Chebyshev points along an axis, at least and at most: more than the power of any kernel.
const LEAST: usize = 6;
const MOST: usize = 24;
/// Numbers side by side.
pub(super) const SIDE: usize = 8;

/// Where pixels lie for the kernel: `(x - middle) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame<const D: usize> {
    pub(super) middle: [f64; D],
    pub(super) scale: f64,
}

impl<const D: usize> Frame<D> {
    #[inline(always)]
    pub(super) fn along(&self, k: usize, x: f64) -> f64 {
        (x - self.middle[k]) * self.scale
    }
}

/// Pixels of the lattice.
#[derive(Clone, Copy)]
pub(super) struct Span<const D: usize> {
    first: [usize; D],
    len: [usize; D],
}

impl<const D: usize> Span<D> {
    fn pixels(&self) -> usize {
        self.len.iter().product()
    }

    fn middle(&self, k: usize) -> f64 {
        self.first[k] as f64 + self.half(k)
    }

    fn half(&self, k: usize) -> f64 {
        (self.len[k] - 1) as f64 / 2.0
    }

    /// The largest half-width, in the kernel's frame.
    fn width(&self, frame: &Frame<D>) -> f64 {
        (0..D).map(|k| self.half(k)).fold(0.0, f64::max) * frame.scale
    }

    fn far(&self, frame: &Frame<D>, centre: &[f64; D]) -> bool {
        let away = (0..D).map(|k| (centre[k] - frame.along(k, self.middle(k))).abs()).fold(0.0, f64::max);
        let width = self.width(frame);
        width > 0.0 && away >= FAR * width
    }

    /// Itself in halves along all long axes; nothing if none is.
    fn halves(&self) -> Vec<Self> {
        let mut all = vec![*self];
        for k in 0..D {
            if self.len[k] > LEAF {
                let left = self.len[k] / 2;
                all = all
                    .into_iter()
                    .flat_map(|span| {
                        let (mut one, mut other) = (span, span);
                        one.len[k] = left;
                        other.first[k] += left;
                        other.len[k] -= left;
                        [one, other]
                    })
                    .collect();
            }
        }
        if all.len() > 1 { all } else { Vec::new() }
    }
}

/// What summing by tiles takes and leaves out, before the number of points is known.
#[derive(Clone, Copy, Default)]
struct Plan {
    /// The largest sum over a leaf's far centres of weight times width to the kernel's power.
    weight: f64,
    /// Near centres times pixels.
    near: f64,
    /// Far centres of all tiles.
    far: f64,
}

fn plan<const D: usize>(
    span: Span<D>,
    frame: &Frame<D>,
    centres: &[Centre<D>],
    list: &[u32],
    power: i32,
    above: f64,
    to: &mut Plan,
) {
    let width = span.width(frame).powi(power);
    let (far, near): (Vec<u32>, Vec<u32>) = list.iter().partition(|i| span.far(frame, &centres[**i as usize].at));
    let weight = |i: &u32| centres[*i as usize].weight.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
    let above = above + width * far.iter().map(weight).sum::<f64>();
    to.far += far.len() as f64;
    let halves = if near.is_empty() { Vec::new() } else { span.halves() };
    if halves.is_empty() {
        to.weight = to.weight.max(above);
        to.near += (near.len() * span.pixels()) as f64;
    }
    for half in halves {
        plan(half, frame, centres, &near, power, above, to);
    }
}

/// A tile, and what is known of the sum on it.
struct Tile<const D: usize> {
    span: Span<D>,
    /// Centres that are not yet in `values`.
    near: Vec<u32>,
    /// The sum of the others at the tile's points, component after component, x fastest; empty if there are none.
    values: Vec<f64>,
    leaf: bool,
    halves: Vec<Self>,
}

/// A tile that is not halved, ready to be added to its pixels.
pub(super) struct Leaf<const D: usize> {
    span: Span<D>,
    near: Vec<Centre<D>>,
    values: Vec<f64>,
    count: [usize; D],
    /// `[axis]`: what each point weighs at each pixel, pixel after pixel; along x point after point.
    bases: [Vec<f64>; D],
}

/// Chebyshev points of a tile, and polynomials through values there.
struct Chebyshev {
    points: usize,
    /// `[j]`: the point.
    at: Vec<f64>,
    /// `[j][k]`: polynomial k at point j.
    table: Vec<f64>,
}

impl Chebyshev {
    fn new(points: usize) -> Self {
        let at: Vec<f64> = (0..points).map(|j| libm::cos(PI * (j as f64 + 0.5) / points as f64)).collect();
        let table = at.iter().flat_map(|at| polynomials(*at, points)).collect();
        Self { points, at, table }
    }

    /// How many points a tile has along an axis.
    fn count<const D: usize>(&self, span: &Span<D>) -> [usize; D] {
        span.len.map(|len| if len > 1 { self.points } else { 1 })
    }

    /// Where the points of a tile lie along an axis, in pixels.
    fn places<const D: usize>(&self, span: &Span<D>, k: usize) -> Vec<f64> {
        if span.len[k] == 1 {
            return vec![span.middle(k)];
        }
        self.at.iter().map(|at| span.middle(k) + span.half(k) * at).collect()
    }

    /// What each point of a tile weighs at some places along an axis, place after place.
    fn basis<const D: usize>(&self, span: &Span<D>, k: usize, places: &[f64]) -> Vec<f64> {
        if span.len[k] == 1 {
            return vec![1.0; places.len()];
        }
        let p = self.points as f64;
        let mut to = Vec::with_capacity(places.len() * self.points);
        for place in places {
            let here = polynomials((place - span.middle(k)) / span.half(k), self.points);
            for there in self.table.chunks_exact(self.points) {
                let sum: f64 = here[1..].iter().zip(&there[1..]).map(|(a, b)| a * b).sum();
                to.push((1.0 + 2.0 * sum) / p);
            }
        }
        to
    }
}

/// Chebyshev polynomials of degree 0 to `count - 1` at a place.
fn polynomials(at: f64, count: usize) -> Vec<f64> {
    let mut to = vec![1.0; count];
    to[1] = at;
    for k in 2..count {
        to[k] = 2.0 * at * to[k - 1] - to[k - 2];
    }
    to
}

/// Replaces axis `k` of an array (x fastest, `outer` of them) of `len` by that which a matrix, `rows x len`, makes of it.
fn along<const D: usize>(values: &[f64], count: [usize; D], k: usize, matrix: &[f64]) -> Vec<f64> {
    let len = count[k];
    let rows = matrix.len() / len;
    let inner: usize = count[..k].iter().product();
    let mut to = vec![0.0; values.len() / len * rows];
    for (from, to) in values.chunks_exact(inner * len).zip(to.chunks_exact_mut(inner * rows)) {
        for (weights, to) in matrix.chunks_exact(len).zip(to.chunks_exact_mut(inner)) {
            for (weight, from) in weights.iter().zip(from.chunks_exact(inner)) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to += weight * from;
                }
            }
        }
    }
    to
}

/// Half a tile gets what is known of the whole.
fn handed_down<const D: usize>(rule: &Chebyshev, whole: &Tile<D>, half: &Span<D>) -> Vec<f64> {
    let mut values = whole.values.clone();
    let mut count = rule.count(&whole.span);
    for k in 0..D {
        let places = rule.places(half, k);
        values = along(&values, count, k, &rule.basis(&whole.span, k, &places));
        count[k] = places.len();
    }
    values
}

/// Leaves of a lattice for a sum whose interpolation is off by at most the second number in each component; `None` where summing all
/// centres at all pixels takes no longer, or no number of points keeps the tolerance.
pub(super) fn leaves<const D: usize>(
    kernel: Kernel,
    frame: Frame<D>,
    centres: &[Centre<D>],
    size: [usize; D],
    tolerance: f64,
) -> Option<(Vec<Leaf<D>>, f64)> {
    let power = kernel.power()?;
    let all = Span { first: [0; D], len: size };
    if tolerance.is_nan() || tolerance <= 0.0 || all.pixels() == 0 {
        return None;
    }
    let list: Vec<u32> = (0..centres.len() as u32).collect();
    let mut found = Plan::default();
    plan(all, &frame, centres, &list, power, 0.0, &mut found);
    let bounds = (LEAST..=MOST).map(|p| (p, found.weight * error(kernel, p, D)));
    let (points, error) = bounds.into_iter().find(|(_, error)| *error <= tolerance)?;
    // A product of the interpolation takes about a twentieth of a kernel; along rows, then across leaves of some 24 pixels.
    let (pixels, p) = (all.pixels() as f64, points as f64);
    let products: f64 = (0..D).map(|k| p * (p / 24.0).powi(k as i32)).sum();
    let wide = size.iter().filter(|len| **len > 1).count() as i32;
    let taken = found.near + found.far * p.powi(wide) + pixels * products * D as f64 / 20.0;
    if taken > pixels * centres.len() as f64 {
        return None;
    }
    let rule = Chebyshev::new(points);
    let mut level = vec![Tile { span: all, near: list, values: Vec::new(), leaf: false, halves: Vec::new() }];
    let mut leaves: Vec<Tile<D>> = Vec::new();
    while !level.is_empty() {
        each_of(&mut level, centres.len() * all.pixels() > 1 << 16, |tile| tile.work(kernel, &frame, centres, &rule));
        let mut next = Vec::new();
        for mut tile in level {
            next.append(&mut tile.halves);
            if tile.leaf {
                leaves.push(tile);
            }
        }
        level = next;
    }
    Some((leaves.into_iter().map(|tile| tile.ready(centres, &rule)).collect(), error))
}

impl<const D: usize> Tile<D> {
    /// Adds far centres, and makes halves of what is left.
    fn work(&mut self, kernel: Kernel, frame: &Frame<D>, centres: &[Centre<D>], rule: &Chebyshev) {
        let count = rule.count(&self.span);
        let nodes: usize = count.iter().product();
        if self.span.pixels() <= nodes {
            self.leaf = true;
            return;
        }
        let (far, near): (Vec<u32>, Vec<u32>) = self.near.iter().partition(|i| self.span.far(frame, &centres[**i as usize].at));
        self.near = near;
        if !far.is_empty() {
            let far: Vec<Centre<D>> = far.iter().map(|i| centres[*i as usize]).collect();
            let places: [Vec<f64>; D] =
                std::array::from_fn(|k| rule.places(&self.span, k).iter().map(|x| frame.along(k, *x)).collect());
            self.values.resize(D * nodes, 0.0);
            for first in (0..nodes).step_by(SIDE) {
                let mut at = [[0.0; SIDE]; D];
                for lane in 0..SIDE {
                    let mut node = (first + lane).min(nodes - 1);
                    for k in 0..D {
                        at[k][lane] = places[k][node % count[k]];
                        node /= count[k];
                    }
                }
                let sums = vectorised(
                    #[inline(always)]
                    || sum_over(kernel, &far, &at),
                );
                for (values, sums) in self.values.chunks_exact_mut(nodes).zip(&sums) {
                    values[first..].iter_mut().zip(sums).for_each(|(value, sum)| *value += sum);
                }
            }
        }
        let halves = if self.near.is_empty() { Vec::new() } else { self.span.halves() };
        self.leaf = halves.is_empty();
        for span in halves {
            let values = if self.values.is_empty() { Vec::new() } else { handed_down(rule, self, &span) };
            self.halves.push(Self { span, near: self.near.clone(), values, leaf: false, halves: Vec::new() });
        }
    }

    fn ready(self, centres: &[Centre<D>], rule: &Chebyshev) -> Leaf<D> {
        let count = rule.count(&self.span);
        let bases = std::array::from_fn(|k| {
            let places: Vec<f64> = (0..self.span.len[k]).map(|x| (self.span.first[k] + x) as f64).collect();
            let basis = if self.values.is_empty() { Vec::new() } else { rule.basis(&self.span, k, &places) };
            if k > 0 { basis } else { (0..count[0]).flat_map(|j| basis.iter().skip(j).step_by(count[0]).copied()).collect() }
        });
        let near = self.near.iter().map(|i| centres[*i as usize]).collect();
        Leaf { span: self.span, near, values: self.values, count, bases }
    }
}

impl<const D: usize> Leaf<D> {
    /// A lattice as one leaf, near to all centres.
    pub(super) fn whole(centres: &[Centre<D>], size: [usize; D]) -> Self {
        Self {
            span: Span { first: [0; D], len: size },
            near: centres.to_vec(),
            values: Vec::new(),
            count: [1; D],
            bases: std::array::from_fn(|_| Vec::new()),
        }
    }

    /// How many kernels its pixels take.
    pub(super) fn kernels(&self) -> usize {
        self.near.len() * self.span.pixels()
    }

    fn holds(&self, k: usize, index: usize) -> bool {
        (self.span.first[k]..self.end(k)).contains(&index)
    }

    /// The first index after it.
    const fn end(&self, k: usize) -> usize {
        self.span.first[k] + self.span.len[k]
    }

    /// Its values in a slice of the last axis.
    fn values_in(&self, slice: usize) -> Cow<'_, [f64]> {
        if D == 2 || self.values.is_empty() {
            return Cow::Borrowed(&self.values);
        }
        Cow::Owned(self.cut(&self.values, D - 1, slice))
    }

    /// Its values where an axis has an index, if the following axes have one already.
    fn cut(&self, values: &[f64], k: usize, index: usize) -> Vec<f64> {
        let count = std::array::from_fn(|axis| if axis <= k { self.count[axis] } else { 1 });
        let weights = &self.bases[k][(index - self.span.first[k]) * self.count[k]..][..self.count[k]];
        along::<D>(values, count, k, weights)
    }

    /// Adds the sum to a row whose indices from y on are those of `index`: component after component. `values` are those of the slice.
    fn add_to(&self, kernel: Kernel, frame: &Frame<D>, index: &[usize; D], values: &[f64], row: &mut [Vec<f64>; D]) {
        let (first, len) = (self.span.first[0], self.span.len[0]);
        if !values.is_empty() {
            let values = self.cut(values, 1, index[1]);
            vectorised(
                #[inline(always)]
                || {
                    for (row, values) in row.iter_mut().zip(values.chunks_exact(self.count[0])) {
                        for (value, weights) in values.iter().zip(self.bases[0].chunks_exact(len)) {
                            for (to, weight) in row[first..first + len].iter_mut().zip(weights) {
                                *to += value * weight;
                            }
                        }
                    }
                },
            );
        }
        if self.near.is_empty() {
            return;
        }
        let mut at: [[f64; SIDE]; D] = std::array::from_fn(|k| [frame.along(k, index[k] as f64); SIDE]);
        for block in (0..len).step_by(SIDE) {
            for lane in 0..SIDE {
                at[0][lane] = frame.along(0, (first + block + lane) as f64);
            }
            let sums = vectorised(
                #[inline(always)]
                || sum_over(kernel, &self.near, &at),
            );
            for (row, sums) in row.iter_mut().zip(&sums) {
                row[first..first + len][block..].iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
            }
        }
    }
}

/// Adds leaves to rows that follow each other.
pub(super) struct Rows<'a, const D: usize> {
    leaves: &'a [Leaf<D>],
    kernel: Kernel,
    frame: &'a Frame<D>,
    /// The slice, an index of the last axis, that `cut` is of.
    slice: Option<usize>,
    /// Leaves that the slice goes through, and their values there.
    cut: Vec<(&'a Leaf<D>, Cow<'a, [f64]>)>,
    /// Those that rows go through up to `until`.
    here: Vec<usize>,
    until: usize,
}

impl<'a, const D: usize> Rows<'a, D> {
    pub(super) const fn new(leaves: &'a [Leaf<D>], kernel: Kernel, frame: &'a Frame<D>) -> Self {
        Self { leaves, kernel, frame, slice: None, cut: Vec::new(), here: Vec::new(), until: 0 }
    }

    /// Writes the sum along a row whose indices from y on are those of `index`.
    pub(super) fn write(&mut self, index: &[usize; D], row: &mut [Vec<f64>; D]) {
        row.iter_mut().for_each(|row| row.fill(0.0));
        // In 2-D all rows are of one slice.
        let slice = if D == 2 { 0 } else { index[D - 1] };
        if self.slice != Some(slice) {
            let through = self.leaves.iter().filter(|leaf| D == 2 || leaf.holds(D - 1, slice));
            self.cut = through.map(|leaf| (leaf, leaf.values_in(slice))).collect();
            (self.slice, self.until) = (Some(slice), 0);
        }
        if index[1] >= self.until {
            self.here = (0..self.cut.len()).filter(|i| self.cut[*i].0.holds(1, index[1])).collect();
            self.until = self.here.iter().map(|i| self.cut[*i].0.end(1)).min().unwrap_or(0);
        }
        for i in &self.here {
            let (leaf, values) = &self.cut[*i];
            leaf.add_to(self.kernel, self.frame, index, values, row);
        }
    }
}

/// Chebyshev coefficients that are computed.
const COEFFICIENTS: usize = 64;

/// How far `points` Chebyshev points along each axis of a tile of half-width 1 are off a kernel whose centre is far, at most.
fn error(kernel: Kernel, points: usize, axes: usize) -> f64 {
    /// `[kernel][p]`: twice the largest sum of coefficients from p on.
    static TAILS: [OnceLock<[f64; MOST + 1]>; Kernel::ALL.len()] = [const { OnceLock::new() }; Kernel::ALL.len()];
    let one = TAILS[kernel as usize].get_or_init(|| tails(kernel))[points];
    let lebesgue = 1.0 + 2.0 / PI * libm::log(points as f64);
    one * (0..axes).map(|k| lebesgue.powi(k as i32)).sum::<f64>()
}

/// Along an axis, for centres at `a` along it and `b` beside it: the nearest ones, and some beyond.
fn tails(kernel: Kernel) -> [f64; MOST + 1] {
    let aside = (0..=24).map(|i| (FAR, f64::from(i) / 4.0));
    let along = (0..=12).map(|i| (f64::from(i) / 4.0, FAR - 1.0));
    let beyond = [4.0, 5.0].into_iter().flat_map(|d| [(d, 0.0), (0.0, d), (d, d)]);
    let rule = Chebyshev::new(COEFFICIENTS);
    let mut most = [0.0f64; MOST + 1];
    for (a, b) in aside.chain(along).chain(beyond) {
        let values: Vec<f64> = rule.at.iter().map(|x| value(kernel, (x - a) * (x - a) + b * b, a * a + b * b)).collect();
        let coefficient = |k: usize| {
            let terms = values.iter().zip(rule.table.chunks_exact(COEFFICIENTS)).map(|(value, there)| value * there[k]);
            (2.0 / COEFFICIENTS as f64 * terms.sum::<f64>()).abs()
        };
        let mut sizes: Vec<f64> = (0..COEFFICIENTS).map(coefficient).collect();
        let noise = 1e-14 * values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        // The ellipse with foci -1 and 1 through a + i b: half the sum of the distances is (rho + 1 / rho) / 2.
        let half = f64::midpoint(libm::hypot(a - 1.0, b), libm::hypot(a + 1.0, b));
        let rho = half + (half * half - 1.0).sqrt();
        let known = sizes.iter().rposition(|size| *size > noise).unwrap_or(0);
        // Coefficients swing in sign and size; of three that follow each other one is not small by chance.
        // Fewer than the least are those of a polynomial, as of odd powers of the distance to a centre on the axis.
        let last = if known < LEAST {
            0.0
        } else {
            (0..3).filter_map(|back| Some(sizes[known.checked_sub(back)?] / rho.powi(back as i32))).fold(0.0, f64::max)
        };
        for (i, size) in sizes[known..].iter_mut().enumerate() {
            *size = last / rho.powi(i as i32);
        }
        let mut tail = 0.0;
        for k in (0..COEFFICIENTS).rev() {
            tail += 2.0 * sizes[k];
            if k <= MOST {
                // Between the centres that are tried the tail grows by less than a tenth.
                most[k] = most[k].max(1.1 * tail);
            }
        }
    }
    most
}

/// A kernel of the squared distance, without what is a polynomial of degree 2 and interpolated without error: for thin plates, a multiple
/// of `r^2`.
fn value(kernel: Kernel, s: f64, about: f64) -> f64 {
    match kernel {
        Kernel::ThinPlate => s / 2.0 * libm::log(s / about),
        _ => kernel.values([s])[0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_fall_to_the_last() {
        for kernel in [Kernel::ThinPlate, Kernel::Linear, Kernel::Cubic, Kernel::Quintic] {
            for points in LEAST..MOST {
                let ratio = error(kernel, points, 1) / error(kernel, points + 1, 1);
                // 2 + sqrt(5) in the end, somewhat more before, and less once where rounding begins and the known ones end.
                assert!((2.0..20.0).contains(&ratio), "{kernel:?}, {points}: {ratio}");
            }
        }
    }

    /// A kernel is interpolated on a tile from every side, as sums are; the bound holds, and is no hundred times too large.
    #[test]
    fn one_kernel_is_no_further_off_than_said() {
        let span = Span { first: [0, 0], len: [3, 3] };
        for kernel in [Kernel::ThinPlate, Kernel::Linear, Kernel::Cubic, Kernel::Quintic] {
            for points in [6, 7, 10, 13] {
                let rule = Chebyshev::new(points);
                let mut most = 0.0f64;
                for centre in (0..120).map(|i| {
                    let (angle, distance) = (f64::from(i) * 0.37, if i % 6 == 5 { 60.0 } else { 1.0 + f64::from(i % 6) * 0.3 });
                    let (sine, cosine) = (angle.sin(), angle.cos());
                    // On a square around the tile, or outside it.
                    let scale = FAR * distance / sine.abs().max(cosine.abs());
                    [1.0 + scale * cosine, 1.0 + scale * sine]
                }) {
                    let phi = |x: f64, y: f64| kernel.values([(x - centre[0]).powi(2) + (y - centre[1]).powi(2)])[0];
                    let places = rule.places(&span, 0);
                    let values: Vec<f64> = places.iter().flat_map(|y| places.iter().map(|x| phi(*x, *y))).collect();
                    let at: Vec<f64> = (0..=20).map(|i| f64::from(i) / 10.0).collect();
                    let basis = rule.basis(&span, 0, &at);
                    let rows = along(&values, [points, points], 0, &basis);
                    let found = along(&rows, [at.len(), points], 1, &basis);
                    for (y, found) in at.iter().zip(found.chunks_exact(at.len())) {
                        for (x, found) in at.iter().zip(found) {
                            most = most.max((found - phi(*x, *y)).abs());
                        }
                    }
                }
                let bound = error(kernel, points, 2);
                // Far away kernels are large, and so is their rounding.
                let rounding = 1e-15 * (FAR * 200.0).powi(kernel.power().unwrap_or(0));
                assert!(most < bound + rounding, "{kernel:?}, {points} points: {most:e}, bound {bound:e}");
                if points < 10 {
                    assert!(bound < 100.0 * most, "{kernel:?}, {points} points: {most:e}, bound {bound:e}");
                }
            }
        }
    }
}
