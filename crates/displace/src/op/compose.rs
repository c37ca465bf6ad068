//! One field after another.

use crate::axis::Rest;
use crate::dtype::{Real, Sample};
use crate::error::{ComposeError, OutputLenError, SizeText, ViewError};
use crate::field::{Field, FieldView};
use crate::grid::Locations;
use crate::lattice::Between;
use crate::op::sample::sample_into;
use crate::rows::{for_each_band, row_index};
use crate::sampler::Sampler;
use crate::view::{Dense, Layout, Shape, View};

/// The field that reads through `inner` first and `outer` then: `x` reads `outer` where `inner` sends it, and the source there.
///
/// With `phi` for the maps, the result is `phi_outer(phi_inner(x))`; between equal sizes its displacement is
/// `d_inner(x) + d_outer(x + d_inner(x))`. Warping an image by `outer` and the result by `inner` reads the same places, but
/// blends pixels twice.
///
/// *Shapes*: `outer`'s destination is `inner`'s source; the result leads from `outer`'s source to `inner`'s destination. A batch of
/// one serves all of the other. *Units*: source pixels of `outer`, x first. *Between and outside pixels*: `sampler` says how
/// `outer`'s displacements are read; [`Padding::Border`](crate::Padding::Border) goes on with the displacement at the edge,
/// `Zeros` with none, `Constant(NaN)` marks what is not known. *Exactness*: one reading as [`sample`](crate::sample) does it, and one
/// addition, in the fields' type; with the sizes that differ the sum is formed in `f64`. *Rest*: that of both fields;
/// `rest` names it if they have different ones.
///
/// # Errors
/// If the sizes or batches do not fit, or no rest is known.
///
/// ```
/// use displace::{compose, Between, Extent, Field, Interp, Lattice, Padding, Sampler};
/// let between = Between::new(Lattice::from_shape([1, 3], Extent::Edges)?, [3, 1], None)?;
/// let inner = Field::from_vec(vec![0.5f32, 0.0, 0.5, 0.0, 0.5, 0.0], 1, between)?;
/// let outer = Field::from_vec(vec![0.0f32, 0.0, 1.0, 0.0, 4.0, 0.0], 1, between)?;
/// // The first pixel reads at 0.5, where outer displaces by (0 + 1)/2: 1 in all. The last one reads outside, at the edge's 4.
/// let both = compose(&outer.view(), &inner.view(), Sampler::new(Interp::Linear, Padding::Border), None)?;
/// assert_eq!(both.as_slice(), [1.0, 0.0, 3.0, 0.0, 4.5, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compose<R: Real, const D: usize>(
    outer: &FieldView<'_, R, D>,
    inner: &FieldView<'_, R, D>,
    sampler: Sampler,
    rest: Option<Rest>,
) -> Result<Field<R, D>, ComposeError> {
    let (between, n) = composed(outer, inner, rest)?;
    let mut field = Field::zeroed(n, between)?;
    compose_into(outer, inner, sampler, rest, field.as_mut_slice())?;
    Ok(field)
}

/// The lattices of a composition and its number of samples.
fn composed<R: Real, const D: usize>(
    outer: &FieldView<'_, R, D>,
    inner: &FieldView<'_, R, D>,
    rest: Option<Rest>,
) -> Result<(Between<D>, usize), ComposeError> {
    let (from, to) = (outer.between(), inner.between());
    if from.destination() != to.source().size() {
        return Err(ComposeError::Sizes {
            outer: SizeText::from_xy(&from.destination()),
            inner: SizeText::from_xy(&to.source().size()),
        });
    }
    let n = match (outer.by().shape().n, inner.by().shape().n) {
        (a, b) if a == b => a,
        (1, n) | (n, 1) => n,
        (outer, inner) => return Err(ComposeError::Batch { outer, inner }),
    };
    // A field between equal sizes rests the same way under both names.
    let own = match (from.rest(), to.rest()) {
        (a, b) if a == b || to.same_size() => Some(a),
        (_, b) if from.same_size() => Some(b),
        _ => None,
    };
    Ok((Between::new(*from.source(), to.destination(), rest.or(own))?, n))
}

/// [`compose`] into a buffer of `(N, [D,] H, W, D)`: the lattices between which the result leads.
///
/// # Errors
/// As [`compose`], and if the buffer has another length than the result.
pub fn compose_into<R: Real, const D: usize>(
    outer: &FieldView<'_, R, D>,
    inner: &FieldView<'_, R, D>,
    sampler: Sampler,
    rest: Option<Rest>,
    out: &mut [R],
) -> Result<Between<D>, ComposeError> {
    let (between, n) = composed(outer, inner, rest)?;
    let shape = Shape { n, c: D, size: between.destination() };
    let expected = shape.elements()?;
    if out.len() != expected {
        return Err(OutputLenError { found: out.len(), expected }.into());
    }
    let at = Locations { source: *inner.between().source(), ..Locations::from(*inner) };
    // Volumes' components are read three times as fast one after the other.
    let planes = if D == 3 && outer.by().side_by_side() { Some(planar(&outer.by(), |by| by)?) } else { None };
    let by = planes.as_ref().map_or(outer.by(), Dense::view);
    sample_into(&by, &at, sampler, Layout::Interleaved, out)?;
    let moves = Moves::new(outer.between(), inner.between(), &between);
    for_each_band(out, shape, Layout::Interleaved, |band| {
        let planes: [_; D] = std::array::from_fn(|k| inner.by().plane(band.n, k));
        for row in 0..band.rows {
            let index = row_index(band.first_row + row, &shape.size);
            let to = band.interleaved_row(row);
            for k in 0..D {
                let (start, step) = (planes[k].row(index), planes[k].strides[0]);
                let own = (0..shape.size[0]).map(|x| planes[k].data[(start + x as isize * step) as usize]);
                let to = to[k..].iter_mut().step_by(D);
                match &moves {
                    None => to.zip(own).for_each(|(to, own)| *to = *to + own),
                    Some(moves) => {
                        let shift = |x: usize| moves.shift[k][if k == 0 { x } else { index[k] }];
                        for (x, (to, own)) in to.zip(own).enumerate() {
                            *to = R::from_f64(to.to_f64() + own.to_f64() * moves.slope[k] + shift(x));
                        }
                    }
                }
            }
        }
    });
    Ok(between)
}

/// What `change` makes of each number, component by component.
pub(crate) fn planar<T: Sample, R: Sample, const D: usize>(
    by: &View<'_, T, D>,
    change: impl Fn(T) -> R + Send + Sync,
) -> Result<Dense<R, D>, ViewError> {
    let shape = by.shape();
    let mut planar = Dense::zeroed(shape, Layout::Planar)?;
    for_each_band(planar.as_mut_slice(), shape, Layout::Planar, |band| {
        for row in 0..band.rows {
            let index = row_index(band.first_row + row, &shape.size);
            for k in 0..shape.c {
                let plane = by.plane(band.n, k);
                let start = plane.row(index);
                let (to, _) = band.row(row, k);
                for (x, to) in to.iter_mut().enumerate() {
                    *to = change(plane.data[(start + x as isize * plane.strides[0]) as usize]);
                }
            }
        }
    });
    Ok(planar)
}

/// What a composition adds to the outer displacement where sizes differ: the inner one in the outer's source pixels, and how far
/// the rest place of its rest place lies from the result's.
struct Moves<const D: usize> {
    slope: [f64; D],
    shift: [Vec<f64>; D],
}

impl<const D: usize> Moves<D> {
    /// None where both displacements are simply added.
    fn new(outer: &Between<D>, inner: &Between<D>, both: &Between<D>) -> Option<Self> {
        let lines = |between: &Between<D>| {
            std::array::from_fn::<_, D, _>(|k| between.source().axes()[k].rest_line(between.rest(), between.destination()[k]))
        };
        let (outer_line, inner_line) = (lines(outer), lines(inner));
        let same = outer.rest() == inner.rest() && inner.rest() == both.rest()
            && outer.source().extent() == inner.source().extent()
            // Through an axis of one pixel everything goes to its only place.
            && (0..D).all(|k| inner.source().size()[k] > 1 || outer.source().size()[k] == 1);
        if same && outer_line.iter().all(|line| line.slope == 1.0) {
            return None;
        }
        let shift = |k: usize, j: usize| {
            let place = outer_line[k].at(inner_line[k].at(j as f64)) - both.rest_place(k, j).to_f64();
            if same { 0.0 } else { place }
        };
        Some(Self {
            slope: outer_line.map(|line| line.slope),
            shift: std::array::from_fn(|k| (0..both.destination()[k]).map(|j| shift(k, j)).collect()),
        })
    }
}
