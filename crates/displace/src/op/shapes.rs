//! Outlines, boxes and label masks through a map: places and images put to use.

use crate::dtype::{Location, Sample};
use crate::error::{LabelsError, PointsError};
use crate::grid::Locations;
use crate::interp::Interp;
use crate::op::invert::{Branch, InvertOptions, invert};
use crate::op::points::{Direction, transform_points};
use crate::op::sample::sample;
use crate::padding::Padding;
use crate::sampler::Sampler;
use crate::view::{Dense, View};

/// The polygon with more corners: none of its sides is longer than `step`. Straight lines become curves on the way through a
/// map; of these corners each lies on the curve.
///
/// A step that is not positive adds none.
///
/// ```
/// use displace::densified;
/// let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
/// assert_eq!(densified(&square, 1.0).len(), 8);
/// assert_eq!(densified(&square, 1.0)[1], [1.0, 0.0]);
/// ```
#[must_use]
pub fn densified<const D: usize>(polygon: &[[f64; D]], step: f64) -> Vec<[f64; D]> {
    let ends = polygon.iter().zip(polygon.iter().cycle().skip(1));
    let pieces = ends.flat_map(|(from, to)| {
        let length = (0..D).map(|k| (to[k] - from[k]).powi(2)).sum::<f64>().sqrt();
        // A side that is not finite, or a step that is not positive, is left as it is.
        let count = (length / step).ceil();
        let count = if count.is_finite() && count > 1.0 { count.min(MOST_CORNERS) as usize } else { 1 };
        (0..count).map(move |i| {
            let part = i as f64 / count as f64;
            std::array::from_fn(|k| if i == 0 { from[k] } else { from[k] + part * (to[k] - from[k]) })
        })
    });
    pieces.collect()
}

/// Corners along one side at most.
const MOST_CORNERS: f64 = 65536.0;
/// Places of a box along each axis at most.
const ACROSS: f64 = 64.0;

/// A box by its `low` and `high` corner, x first, in pixels.
pub type Bounds<const D: usize> = [[f64; D]; 2];

/// For each box, the box round everything in it that comes through the map of one sample; `None` if nothing does.
///
/// A box becomes something curved, and the box round it is what is returned. It is found from places on a lattice in the box, at
/// most a pixel apart or 64 along each axis, its faces among them, and from the pixels on the destination's border that lie in it:
/// exact for maps that keep their axes, and for linear ones where the box does not reach over the border; else as near as the map bends
/// between such places. What lies outside the map is left out.
///
/// # Errors
/// As [`transform_points`].
///
/// ```
/// use displace::{transform_boxes, Between, Branch, Direction, Extent, Field, Lattice};
/// let between = Between::new(Lattice::from_shape([4, 8], Extent::Edges)?, [8, 4], None)?;
/// let field = Field::from_vec([2.0f32, 0.0].repeat(32), 1, between)?;
/// // Every pixel reads two to its right: what is at 3 to 5 goes to 1 to 3.
/// let boxes = [[[3.0, 1.0], [5.0, 2.0]]];
/// let moved = transform_boxes(&boxes, &field.view().into(), 0, Direction::Push, Branch::default())?;
/// assert_eq!(moved, [Some([[1.0, 1.0], [3.0, 2.0]])]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn transform_boxes<L: Location, const D: usize>(
    boxes: &[Bounds<D>],
    locations: &Locations<'_, L, D>,
    n: usize,
    direction: Direction,
    branch: Branch,
) -> Result<Vec<Option<Bounds<D>>>, PointsError> {
    let mut places = Vec::new();
    let mut ends = Vec::with_capacity(boxes.len());
    let last = locations.destination().map(|len| len.saturating_sub(1) as f64);
    for [low, high] in boxes {
        let mut bounds = [*low, *high];
        if direction == Direction::Pull {
            // Beyond the end centres there is no map: up to there the faces are looked at.
            bounds[0] = std::array::from_fn(|k| low[k].max(0.0));
            bounds[1] = std::array::from_fn(|k| high[k].min(last[k]));
        }
        if (0..D).all(|k| bounds[0][k] <= bounds[1][k]) {
            spread(&bounds, &mut places);
        }
        ends.push(places.len());
    }
    let moved = transform_points(&places, locations, n, direction, branch)?;
    // Where a box reaches further than the map, the border is where what comes through ends.
    let border = if direction == Direction::Push { border(locations, n)? } else { Vec::new() };
    let mut start = 0;
    let round = |(end, [low, high]): (usize, &Bounds<D>)| {
        let part = start..end;
        start = end;
        let found = part.filter(|at| moved.count[*at] > 0).map(|at| moved.places[at]);
        let inside = |read: &[f64; D]| (0..D).all(|k| low[k] <= read[k] && read[k] <= high[k]);
        let ends = border.iter().filter(|[_, read]| inside(read)).map(|[place, _]| *place);
        let each = found.chain(ends).map(|place| [place; 2]);
        each.reduce(|a, b| [std::array::from_fn(|k| a[0][k].min(b[0][k])), std::array::from_fn(|k| a[1][k].max(b[1][k]))])
    };
    Ok(ends.into_iter().zip(boxes).map(round).collect())
}

/// The pixels on the border of the destination and the places that they read.
fn border<L: Location, const D: usize>(locations: &Locations<'_, L, D>, n: usize) -> Result<Vec<[[f64; D]; 2]>, PointsError> {
    let size = locations.destination();
    let mut pixels = Vec::new();
    for mut row in 0..size[1..].iter().product() {
        let mut pixel = [0; D];
        for k in 1..D {
            pixel[k] = row % size[k];
            row /= size[k];
        }
        let inner = (1..D).all(|k| pixel[k] > 0 && pixel[k] + 1 < size[k]);
        let step = if inner { size[0].saturating_sub(1).max(1) } else { 1 };
        for x in (0..size[0]).step_by(step) {
            pixel[0] = x;
            pixels.push(pixel.map(|i| i as f64));
        }
    }
    let read = transform_points(&pixels, locations, n, Direction::Pull, Branch::default())?;
    let both = pixels.into_iter().zip(read.places).zip(read.count);
    Ok(both.filter(|(_, count)| *count > 0).map(|((pixel, read), _)| [pixel, read]).collect())
}

/// Places all over a box.
fn spread<const D: usize>([low, high]: &Bounds<D>, places: &mut Vec<[f64; D]>) {
    let steps: [usize; D] = std::array::from_fn(|k| (high[k] - low[k]).abs().ceil().clamp(1.0, ACROSS) as usize);
    let counts = steps.map(|steps| steps + 1);
    places.extend((0..counts.iter().product()).map(|mut at: usize| {
        std::array::from_fn(|k| {
            let i = at % counts[k];
            at /= counts[k];
            // Both ends as they were given.
            if i == steps[k] { high[k] } else { low[k] + i as f64 / steps[k] as f64 * (high[k] - low[k]) }
        })
    }));
}

/// Label masks moved through a map, each pixel with one label: [`Direction::Push`] moves labels on the source to the destination,
/// as the image moves, [`Direction::Pull`] labels on the destination back to the source.
///
/// Nothing is blended: every pixel of the result gets the label of the nearest pixel of the place it reads, through the map or
/// its exact inverse, and 0 where it reads nothing. Shapes are those of [`sample`] and of [`invert`].
///
/// # Errors
/// If the labels are not of the size of what they lie on, or the map cannot be inverted.
pub fn transform_labels<T: Sample, L: Location, const D: usize>(
    labels: &View<'_, T, D>,
    locations: &Locations<'_, L, D>,
    direction: Direction,
    options: InvertOptions,
) -> Result<Dense<T, D>, LabelsError> {
    let sampler = Sampler::new(Interp::Nearest, Padding::Zeros);
    let mut moved = match direction {
        Direction::Push => sample(labels, locations, sampler)?,
        Direction::Pull => {
            let back = invert(locations, options)?.field;
            sample(labels, &back.view().into(), sampler)?
        }
    };
    // A sampler reads NaN, where the type has it, at a place that is not known.
    for label in moved.as_mut_slice() {
        if Sample::widen::<f64>(*label).is_nan() {
            *label = T::default();
        }
    }
    Ok(moved)
}
