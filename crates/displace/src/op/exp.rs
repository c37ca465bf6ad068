//! Velocity to displacement and back: the exponential of a stationary velocity field and its logarithm.

use crate::dtype::Real;
use crate::error::{ComposeError, OutputLenError, SizeText, VelocityError};
use crate::field::{Field, FieldView};
use crate::interp::Interp;
use crate::op::compose::planar;
use crate::op::sample::sample_into;
use crate::padding::Padding;
use crate::rows::{for_each_band, map_rows_costing, row_index, zip_each};
use crate::sampler::Sampler;
use crate::view::{Layout, View};

/// How [`exp`] integrates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpOptions {
    /// How many times the first step is squared; `None` to choose the fewest whose [`Exponential::bound`] is at most `tolerance`,
    /// and no more than [`ExpOptions::MAX_SQUARINGS`].
    pub squarings: Option<u32>,
    /// The error of the integration that is allowed, in pixels.
    pub tolerance: f64,
    /// How fields are read between pixels.
    pub interp: Interp,
}

impl ExpOptions {
    /// More squarings have nothing left to halve, and are not chosen.
    pub const MAX_SQUARINGS: u32 = 24;
    /// Nor can more be asked for: the first step would vanish in `f32`.
    pub const SQUARINGS_LIMIT: u32 = 64;
}

impl Default for ExpOptions {
    fn default() -> Self {
        Self { squarings: None, tolerance: 0.01, interp: Interp::Linear }
    }
}

/// A displacement that a velocity leads to in unit time.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponential<R, const D: usize> {
    /// The displacement.
    pub field: Field<R, D>,
    /// How often the first step was squared.
    pub squarings: u32,
    /// How far the result may lie from the flow of the velocity at most, in pixels, if fields were composed without
    /// interpolating them: see [`exp`].
    pub bound: f64,
}

/// Where a stationary velocity field leads in unit time, by scaling and squaring (Arsigny et al., MICCAI 2006).
///
/// The flow for a time `h = 2^-n` is a midpoint step, `u(x) = h v(x + h v(x)/2)`, squared `n` times: `u <- u(x) + u(x + u(x))`.
///
/// *Shapes, units*: `velocity` is a displacement per unit time in pixels, between lattices of one size, any batch; so is the result.
/// Outside the lattice the velocity at the edge goes on. *The bound* is that of places whose path stays on the lattice: a path that
/// leaves it goes on as the edge's does, whose way back in is another one. Let `V` be the longest velocity and `L` the most by which it
/// changes per pixel (`|grad v|` of the interpolated field: the root of the squares of the largest differences along each axis).
/// One step misses the flow by `e = V L h^2/4 + V L^2 h^3 exp(L h)/6` at most, since within it the velocity is taken half a step
/// away, and `2^n` of them by `e (exp(L) - 1)/(L h)`. Linear interpolation in each squaring adds an eighth of the second
/// differences, which no number of squarings makes smaller; cubic interpolation as torch's (`a` = -0.75) does
/// not keep straight lines, which linear interpolation does (of Keys' cubics only `a` = -1/2 would), and is no way round it. *Exactness*: by linear interpolation linear
/// velocities (of affine maps) are composed exactly inside.
///
/// # Errors
/// If the sizes differ, the velocity is not finite, or more than [`ExpOptions::SQUARINGS_LIMIT`] squarings are asked for.
///
/// ```
/// use displace::{exp, Between, Extent, ExpOptions, Field, Lattice};
/// let between = Between::new(Lattice::from_shape([1, 5], Extent::Edges)?, [5, 1], None)?;
/// // Everything flows one pixel and a half to the right: as far as its velocity, with no squaring at all.
/// let velocity = Field::from_vec([1.5f32, 0.0].repeat(5), 1, between)?;
/// let flow = exp(&velocity.view(), ExpOptions::default())?;
/// assert_eq!((flow.field.as_slice(), flow.squarings, flow.bound), (&[1.5f32, 0.0].repeat(5)[..], 0, 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn exp<R: Real, const D: usize>(
    velocity: &FieldView<'_, R, D>,
    options: ExpOptions,
) -> Result<Exponential<R, D>, VelocityError> {
    let mut field = Field::zeroed(velocity.by().shape().n, *velocity.between()).map_err(ComposeError::from)?;
    let (squarings, bound) = exp_into(velocity, options, field.as_mut_slice())?;
    Ok(Exponential { field, squarings, bound })
}

/// [`exp`] into a buffer of the velocity's shape: the number of squarings and the bound.
///
/// # Errors
/// As [`exp`], and if the buffer has another length than the velocity.
pub fn exp_into<R: Real, const D: usize>(
    velocity: &FieldView<'_, R, D>,
    options: ExpOptions,
    out: &mut [R],
) -> Result<(u32, f64), VelocityError> {
    let (squarings, bound) = exp_plan(velocity, options)?;
    flow_into(velocity, squarings, options.interp, out)?;
    Ok((squarings, bound))
}

/// How many squarings [`exp`] takes, and its bound, without the flow.
///
/// # Errors
/// As [`exp`].
pub fn exp_plan<R: Real, const D: usize>(velocity: &FieldView<'_, R, D>, options: ExpOptions) -> Result<(u32, f64), VelocityError> {
    let speed = Speed::of(velocity)?;
    let bound = |squarings: u32| speed.bound(0.5f64.powi(squarings as i32));
    let squarings = options.squarings.unwrap_or_else(|| {
        (0..ExpOptions::MAX_SQUARINGS).find(|n| bound(*n) <= options.tolerance).unwrap_or(ExpOptions::MAX_SQUARINGS)
    });
    let most = ExpOptions::SQUARINGS_LIMIT;
    if squarings > most {
        return Err(VelocityError::Squarings { found: squarings, most });
    }
    Ok((squarings, bound(squarings)))
}

/// The flow by `squarings`, written in `out`, which also serves as one of two working rooms: memory is what costs most.
fn flow_into<R: Real, const D: usize>(
    velocity: &FieldView<'_, R, D>,
    squarings: u32,
    interp: Interp,
    out: &mut [R],
) -> Result<(), VelocityError> {
    let (shape, source) = (velocity.by().shape(), *velocity.between().source());
    let expected = shape.elements().map_err(ComposeError::from)?;
    if out.len() != expected {
        return Err(ComposeError::from(OutputLenError { found: out.len(), expected }).into());
    }
    let sampler = Sampler::new(interp, Padding::Border);
    let read = |field: &[R], out: &mut [R]| {
        let by = View::planar(field, shape)?;
        let at = FieldView::new(by, source, None)?;
        Ok::<(), ComposeError>(sample_into(&by, &at.into(), sampler, Layout::Planar, out)?)
    };
    // Component by component, as they are read fastest.
    let half = R::from_f64(0.5f64.powi(squarings as i32 + 1));
    let mut room = planar(&velocity.by(), |v| v * half).map_err(ComposeError::from)?;
    let room = room.as_mut_slice();
    // h/2 v at x + h/2 v(x), twice.
    read(room, out)?;
    // Where the first step has to be for the last to end in the room.
    let odd = squarings % 2 == 1;
    if odd {
        zip_each(out, room, |to, _| *to = *to + *to);
    } else {
        zip_each(room, out, |to, by| *to = by + by);
    }
    for squaring in 0..squarings {
        let (field, other) = if odd == (squaring % 2 == 0) { (&mut *out, &mut *room) } else { (&mut *room, &mut *out) };
        read(field, other)?;
        zip_each(other, field, |to, by| *to = *to + by);
    }
    interleave(&View::planar(room, shape).map_err(ComposeError::from)?, out);
    Ok(())
}

/// The same numbers, component by component at each pixel.
fn interleave<R: Real, const D: usize>(by: &View<'_, R, D>, out: &mut [R]) {
    let shape = by.shape();
    for_each_band(out, shape, Layout::Interleaved, |band| {
        let planes: [_; D] = std::array::from_fn(|k| by.plane(band.n, k));
        for row in 0..band.rows {
            let index = row_index(band.first_row + row, &shape.size);
            let to = band.interleaved_row(row);
            for k in 0..D {
                let (start, step) = (planes[k].row(index), planes[k].strides[0]);
                for (x, to) in to[k..].iter_mut().step_by(D).enumerate() {
                    *to = planes[k].data[(start + x as isize * step) as usize];
                }
            }
        }
    });
}

/// How fast a velocity is, and how much that changes.
struct Speed {
    most: f64,
    change: f64,
}

impl Speed {
    fn of<R: Real, const D: usize>(velocity: &FieldView<'_, R, D>) -> Result<Self, VelocityError> {
        let (shape, between) = (velocity.by().shape(), velocity.between());
        if !between.same_size() {
            return Err(VelocityError::Sizes {
                source_size: SizeText::from_xy(&between.source().size()),
                destination: SizeText::from_xy(&between.destination()),
            });
        }
        let size = shape.size;
        let rows = size[1..].iter().product();
        let partial = map_rows_costing(size[0] * D * 2, shape.n, rows, |n, row| {
            let index = row_index(row, &size);
            let planes: [_; D] = std::array::from_fn(|k| velocity.by().plane(n, k));
            // Where rows begin: this one and, if there is one, the next along each axis.
            let start = |index: [usize; D]| planes.map(|plane| plane.row(index));
            let here = start(index);
            let next: [_; D] = std::array::from_fn(|k| {
                let mut next = index;
                next[k] += 1;
                (k > 0 && next[k] < size[k]).then(|| start(next))
            });
            let at = |start: &[isize; D], x: usize| -> [f64; D] {
                std::array::from_fn(|i| planes[i].data[(start[i] + x as isize * planes[i].strides[0]) as usize].to_f64())
            };
            let square = |v: [f64; D]| v.iter().map(|v| v * v).sum::<f64>();
            // NaN is passed on: it is greater than nothing, so it is asked for.
            let worse = |most: f64, new: f64| if new > most || new.is_nan() { new } else { most };
            let (mut most, mut changes) = (0.0, [0.0; D]);
            let mut own = at(&here, 0);
            for x in 0..size[0] {
                most = worse(most, square(own));
                let minus_own = |to: [f64; D]| square(std::array::from_fn(|i| to[i] - own[i]));
                for k in 1..D {
                    if let Some(next) = &next[k] {
                        changes[k] = worse(changes[k], minus_own(at(next, x)));
                    }
                }
                if x + 1 < size[0] {
                    let ahead = at(&here, x + 1);
                    changes[0] = worse(changes[0], minus_own(ahead));
                    own = ahead;
                }
            }
            (most, changes)
        });
        let worse = |most: f64, new: f64| if new > most || new.is_nan() { new } else { most };
        let (mut most, mut changes) = (0.0, [0.0; D]);
        for (row, change) in partial {
            most = worse(most, row);
            for k in 0..D {
                changes[k] = worse(changes[k], change[k]);
            }
        }
        if !most.is_finite() {
            return Err(VelocityError::NotFinite);
        }
        Ok(Self { most: most.sqrt(), change: changes.iter().sum::<f64>().sqrt() })
    }

    /// How far the flow by steps of `h` lies from the true one at most.
    fn bound(&self, h: f64) -> f64 {
        let (most, change) = (self.most, self.change);
        most * (h / 4.0 + change * h * h * (change * h).exp() / 6.0) * change.exp_m1()
    }
}

/// How [`log`] goes on and when it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogOptions {
    /// It ends when the exponential of the velocity is this near to the field everywhere, in pixels.
    pub tolerance: f64,
    /// Steps at most.
    pub steps: usize,
    /// As of [`ExpOptions`], whose bound is held at half of this tolerance.
    pub squarings: Option<u32>,
    /// How fields are read between pixels.
    pub interp: Interp,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { tolerance: 1e-3, steps: 50, squarings: None, interp: Interp::Linear }
    }
}

/// A velocity whose flow is a given field, as near as `residuals` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Logarithm<R, const D: usize> {
    /// The velocity, in pixels per unit time.
    pub velocity: Field<R, D>,
    /// The largest distance of its exponential from the field, in pixels: the certificate.
    pub residual: f64,
    /// That of each velocity tried, the start first.
    pub residuals: Vec<f64>,
    /// Whether the last is at most the tolerance.
    pub converged: bool,
}

/// The stationary velocity field whose flow in unit time is `field`.
///
/// From `v = d`, the velocity is corrected by what its flow misses, `v <- v + (d - exp(v))`, and by half of that where it missed
/// more than before: the first term of the Baker-Campbell-Hausdorff series that Bossa and Olmos (2008) iterate, with the flow's own
/// interpolation left in, so that it ends at the velocity whose computed exponential is the field. Only maps without folds near
/// enough to the identity have a logarithm; whether this is one is what `converged` and `residual` say, and the best velocity
/// found is returned in any case.
///
/// *Shapes, units*: as [`exp`]. The residual is that of `exp` by the same squarings and interpolation, in pixels.
///
/// # Errors
/// If the sizes differ, or the field is not finite.
///
/// ```
/// use displace::{log, Between, Extent, Field, Lattice, LogOptions};
/// let between = Between::new(Lattice::from_shape([1, 4], Extent::Edges)?, [4, 1], None)?;
/// let shift = Field::from_vec([0.25f32, 0.0].repeat(4), 1, between)?;
/// let log = log(&shift.view(), LogOptions::default())?;
/// assert_eq!((log.velocity.as_slice(), log.residual, log.converged), (shift.as_slice(), 0.0, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn log<R: Real, const D: usize>(field: &FieldView<'_, R, D>, options: LogOptions) -> Result<Logarithm<R, D>, VelocityError> {
    Speed::of(field)?;
    let mut target = Field::zeroed(field.by().shape().n, *field.between()).map_err(ComposeError::from)?;
    interleave(&field.by(), target.as_mut_slice());
    let mut velocity = target.clone();
    let mut best = Logarithm { velocity: target.clone(), residual: f64::INFINITY, residuals: Vec::new(), converged: false };
    let (mut missed, mut flow) = (target.clone(), target.clone());
    let most = ExpOptions::SQUARINGS_LIMIT;
    if let Some(found) = options.squarings.filter(|squarings| *squarings > most) {
        return Err(VelocityError::Squarings { found, most });
    }
    let mut factor = 1.0;
    for _ in 0..=options.steps {
        let squarings = match options.squarings {
            Some(squarings) => squarings,
            None => {
                let speed = Speed::of(&velocity.view())?;
                let fine = |n: &u32| speed.bound(0.5f64.powi(*n as i32)) <= options.tolerance / 2.0;
                (0..ExpOptions::MAX_SQUARINGS).find(fine).unwrap_or(ExpOptions::MAX_SQUARINGS)
            }
        };
        flow_into(&velocity.view(), squarings, options.interp, flow.as_mut_slice())?;
        let residual = distance(&flow, &target);
        best.residuals.push(residual);
        if residual < best.residual {
            (best.residual, best.velocity) = (residual, velocity);
            for (missed, (target, flow)) in missed.as_mut_slice().iter_mut().zip(target.as_slice().iter().zip(flow.as_slice())) {
                *missed = *target - *flow;
            }
        } else {
            // Too far: half as far from the best so far.
            factor *= 0.5;
        }
        best.converged = best.residual <= options.tolerance;
        if best.converged || factor < 1e-3 {
            break;
        }
        velocity = best.velocity.clone();
        for (velocity, missed) in velocity.as_mut_slice().iter_mut().zip(missed.as_slice()) {
            *velocity = R::from_f64(velocity.to_f64() + factor * missed.to_f64());
        }
    }
    Ok(best)
}

/// The largest distance of two fields' displacements.
fn distance<R: Real, const D: usize>(a: &Field<R, D>, b: &Field<R, D>) -> f64 {
    let squares = a.as_slice().chunks_exact(D).zip(b.as_slice().chunks_exact(D));
    let square = |(a, b): (&[R], &[R])| a.iter().zip(b).map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2)).sum::<f64>();
    squares.map(square).fold(0.0, f64::max).sqrt()
}
