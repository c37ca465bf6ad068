//! What numbers may mean: conventions that fit a shape, with what else has to be assumed to turn numbers into places.

use super::GuessInput;
use super::points::{Point, Stored};
use crate::axis::Extent;
use crate::convention::{Centre, Convention, Frame, Order, Placement, Quantity, Unit};
use crate::op::points::Direction;
use crate::view::Layout;

type Matrix = [[f64; 3]; 3];

/// By the length of which axis each was normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sizes {
    /// Its own.
    Own,
    /// x by that of y and y by that of x.
    Swapped,
    /// x by that of z and z by that of x.
    Reversed,
}

impl Sizes {
    pub(super) fn own(self) -> bool {
        self == Self::Own
    }

    fn axis(self, k: usize) -> usize {
        match self {
            Self::Own => k,
            Self::Swapped => [1, 0, 2][k],
            Self::Reversed => [2, 1, 0][k],
        }
    }
}

/// Where "no displacement" leads, between lattices of different sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resting {
    /// The pixel of the same index.
    Index,
    /// The same place between the ends.
    Ends(Extent),
}

/// A place as a function of numbers and index: `matrix * value + steps * index + start`, all x first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) matrix: Matrix,
    pub(super) steps: Matrix,
    pub(super) start: [f64; 3],
}

impl Place {
    pub(super) fn at(&self, value: &[f64; 3], index: &[f64; 3]) -> [f64; 3] {
        std::array::from_fn(|k| {
            (0..3).fold(self.start[k], |sum, i| sum + self.matrix[k][i] * value[i] + self.steps[k][i] * index[i])
        })
    }
}

/// A convention, and what else has to be assumed.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) convention: Convention,
    pub(super) sizes: Sizes,
    pub(super) axes: usize,
    /// Pixels that have the numbers, x first.
    pub(super) here: [usize; 3],
    /// Pixels that the numbers speak of, x first.
    pub(super) there: [usize; 3],
    /// Where is read, or gone to.
    pub(super) place: Place,
    /// Where no displacement would lead.
    pub(super) rest: Place,
    /// How rare the convention is.
    pub(super) prior: f64,
    /// What the shape costs.
    pub(super) shape_cost: f64,
}

impl Reading {
    /// A point's numbers or differences, x first.
    pub(super) fn ordered(&self, value: &[f64; 3]) -> [f64; 3] {
        let mut ordered = *value;
        if self.convention.order == Order::Ij {
            ordered[..self.axes].reverse();
        }
        ordered
    }

    /// The array's axis of an axis of the lattice.
    pub(super) fn array_axis(&self, k: usize) -> usize {
        if self.convention.x_first { k } else { self.axes - 1 - k }
    }

    /// A point's index, x first.
    pub(super) fn index(&self, point: &Point) -> [f64; 3] {
        std::array::from_fn(|k| if k < self.axes { point.at[self.array_axis(k)] as f64 } else { 0.0 })
    }

    /// Where a point leads.
    pub(super) fn place_of(&self, point: &Point) -> [f64; 3] {
        self.place.at(&self.ordered(&point.value), &self.index(point))
    }

    /// Where it would rest.
    pub(super) fn rest_of(&self, point: &Point) -> [f64; 3] {
        self.rest.at(&[0.0; 3], &self.index(point))
    }
}

/// The readings that are considered.
pub(super) struct Assumed;

impl Assumed {
    /// All of one way to see the shape, the declared one among them if it is of this layout.
    pub(super) fn all(input: &GuessInput<'_>, stored: Stored) -> Vec<Reading> {
        let mut found: Vec<Reading> = Vec::new();
        let mut add = |convention: Convention, sizes: Sizes| {
            let (here, there) = lattices(input, &stored, &convention);
            for rest in rests(&convention, &here, &there) {
                let same = |r: &Reading| r.convention == convention && r.sizes == sizes && r.rest_is(rest, input);
                if !found.iter().any(same) {
                    found.push(reading(input, &stored, convention, sizes, rest));
                }
            }
        };
        for convention in conventions(input, stored.layout) {
            add(convention, Sizes::Own);
            if matches!(convention.unit, Unit::Normalised(_) | Unit::Fraction(_)) && convention.direction == Direction::Pull {
                add(convention, Sizes::Swapped);
                if stored.axes == 3 {
                    add(convention, Sizes::Reversed);
                }
            }
        }
        if let Some(declared) = input.declared {
            add(Convention { layout: stored.layout, ..declared }, Sizes::Own);
        }
        found
    }
}

impl Reading {
    /// Whether its rest is this one.
    fn rest_is(&self, rest: Resting, input: &GuessInput<'_>) -> bool {
        let other = resting(&self.convention, rest, &self.here, &self.there, self.axes, input);
        self.rest.start == other.start && self.rest.steps == other.steps
    }
}

/// Conventions of a layout, whatever the numbers are.
fn conventions(input: &GuessInput<'_>, layout: Layout) -> Vec<Convention> {
    let mut kinds: Vec<Convention> = Vec::new();
    let base = Convention {
        quantity: Quantity::Location,
        unit: Unit::SourcePixels,
        order: Order::Xy,
        layout,
        x_first: false,
        y_up: false,
        direction: Direction::Pull,
        centre: Centre::Zero,
    };
    let moved = [Quantity::Displacement, Quantity::Negated];
    for centre in [Centre::Zero, Centre::Half, Centre::One] {
        kinds.push(Convention { centre, ..base });
    }
    for extent in [Extent::Edges, Extent::Centers] {
        for y_up in [false, true] {
            kinds.push(Convention { unit: Unit::Normalised(extent), y_up, ..base });
            kinds.push(Convention { unit: Unit::Fraction(extent), y_up, ..base });
        }
        for quantity in moved {
            kinds.push(Convention { quantity, unit: Unit::Normalised(extent), ..base });
            kinds.push(Convention { quantity, unit: Unit::Fraction(extent), ..base });
        }
    }
    kinds.extend(moved.map(|quantity| Convention { quantity, ..base }));
    if input.here.is_some() || input.there.is_some() {
        for frame in [Frame::Lps, Frame::Ras] {
            kinds.push(Convention { unit: Unit::Physical(frame), ..base });
        }
        for frame in [Frame::Lps, Frame::Ras, Frame::Fsl] {
            kinds.extend(moved.map(|quantity| Convention { quantity, unit: Unit::Physical(frame), ..base }));
        }
    }
    let mut found = Vec::new();
    for kind in kinds {
        for order in [Order::Xy, Order::Ij] {
            for x_first in [false, true] {
                for direction in [Direction::Pull, Direction::Push] {
                    found.push(Convention { order, x_first, direction, ..kind });
                }
            }
        }
    }
    found
}

/// Sizes of both lattices, x first: of that which has the numbers, and of that which they speak of.
fn lattices(input: &GuessInput<'_>, stored: &Stored, convention: &Convention) -> ([usize; 3], [usize; 3]) {
    let d = stored.axes;
    let x_first = |size: &[usize]| {
        let mut turned = [1; 3];
        for k in 0..d {
            turned[k] = size.get(d - 1 - k).copied().unwrap_or(1);
        }
        turned
    };
    let here = if convention.x_first { stored.size } else { x_first(&stored.size[..d]) };
    let there = match (input.input_size, input.pair) {
        (Some(size), _) => x_first(size),
        (None, Some(pair)) => {
            let (of, channels) = match convention.direction {
                Direction::Pull => (pair.source, pair.destination),
                Direction::Push => (pair.destination, pair.source),
            };
            super::picture::size(of.shape(), d, super::picture::planar(channels.shape(), d, &here)).unwrap_or(here)
        }
        (None, None) => here,
    };
    (here, there)
}

/// The rests that have to be told apart: one where sizes are equal or the convention says it.
fn rests(convention: &Convention, here: &[usize; 3], there: &[usize; 3]) -> Vec<Resting> {
    match convention.unit {
        Unit::Normalised(extent) | Unit::Fraction(extent) | Unit::DestinationPixels(extent) => vec![Resting::Ends(extent)],
        Unit::Physical(_) => vec![Resting::Index],
        Unit::SourcePixels if here == there => vec![Resting::Index],
        Unit::SourcePixels => vec![Resting::Ends(Extent::Edges), Resting::Ends(Extent::Centers), Resting::Index],
    }
}

fn reading(input: &GuessInput<'_>, stored: &Stored, convention: Convention, sizes: Sizes, rest: Resting) -> Reading {
    let (here, there) = lattices(input, stored, &convention);
    let d = stored.axes;
    let rest = resting(&convention, rest, &here, &there, d, input);
    let mut place = match convention.unit {
        Unit::Physical(frame) => Place { matrix: world(frame, d, input), ..rest },
        _ => scaled(&convention, sizes, &here, &there, d),
    };
    if convention.quantity != Quantity::Location {
        (place.steps, place.start) = (rest.steps, rest.start);
        let negated = convention.quantity == Quantity::Negated;
        for k in 0..d {
            let up = k == 1 && convention.y_up && !convention.is_physical();
            if up != negated {
                place.matrix[k] = place.matrix[k].map(|m| -m);
            }
        }
    } else if let Unit::Physical(frame) = convention.unit {
        place.steps = Matrix::default();
        place.start = world_start(frame, d, &there, input);
    }
    let shape_cost = shape_cost(stored, &convention, &here, &there);
    Reading { convention, sizes, axes: d, here, there, place, rest, prior: prior(&convention, sizes), shape_cost }
}

/// Conventions that are a scale and a start axis by axis.
fn scaled(convention: &Convention, sizes: Sizes, here: &[usize; 3], there: &[usize; 3], d: usize) -> Place {
    let mut place = Place::default();
    let first = convention.centre.offset();
    for k in 0..d {
        let (n, len) = (here[k] as f64, there[sizes.axis(k)] as f64);
        let (scale, start) = match convention.unit {
            Unit::Normalised(Extent::Edges) => (len / 2.0, (len - 1.0) / 2.0),
            Unit::Normalised(Extent::Centers) => ((len - 1.0) / 2.0, (len - 1.0) / 2.0),
            Unit::Fraction(Extent::Edges) => (len, -0.5),
            Unit::Fraction(Extent::Centers) => (len - 1.0, 0.0),
            Unit::DestinationPixels(Extent::Edges) => (len / n, (0.5 - first) * len / n - 0.5),
            Unit::DestinationPixels(Extent::Centers) if n > 1.0 => ((len - 1.0) / (n - 1.0), -first * (len - 1.0) / (n - 1.0)),
            Unit::DestinationPixels(Extent::Centers) => (0.0, (len - 1.0) / 2.0),
            Unit::SourcePixels | Unit::Physical(_) => (1.0, -first),
        };
        let up = k == 1 && convention.y_up && convention.quantity == Quantity::Location;
        place.matrix[k][k] = if up { -scale } else { scale };
        place.start[k] = if up { len - 1.0 - start } else { start };
    }
    place
}

/// The rest places.
fn resting(
    convention: &Convention,
    rest: Resting,
    here: &[usize; 3],
    there: &[usize; 3],
    d: usize,
    input: &GuessInput<'_>,
) -> Place {
    if convention.is_physical() {
        return world_rest(here, there, d, input);
    }
    let mut place = Place::default();
    for k in 0..d {
        let (n, len) = (here[k] as f64, there[k] as f64);
        let (step, start) = match rest {
            _ if here[k] == there[k] => (1.0, 0.0),
            Resting::Index => (1.0, 0.0),
            Resting::Ends(Extent::Edges) => (len / n, (len - n) / (2.0 * n)),
            Resting::Ends(Extent::Centers) if n > 1.0 => ((len - 1.0) / (n - 1.0), 0.0),
            Resting::Ends(Extent::Centers) => (0.0, (len - 1.0) / 2.0),
        };
        place.steps[k][k] = step;
        place.start[k] = start;
    }
    place
}

/// The placements of both lattices, as far as they are known.
fn placements(input: &GuessInput<'_>, d: usize) -> (Placement, Placement) {
    let fits = |placement: &&&Placement| placement.axes() == d;
    let (here, there) = (input.here.as_ref().filter(fits).copied(), input.there.as_ref().filter(fits).copied());
    let or_plain =
        |one: Option<&Placement>, other: Option<&Placement>| one.or(other).cloned().unwrap_or_else(|| Placement::identity(d));
    (or_plain(here, there), or_plain(there, here))
}

/// The matrix from indices to LPS.
fn columns(placement: &Placement) -> Matrix {
    let d = placement.axes();
    let mut matrix = Matrix::default();
    for i in 0..d {
        for k in 0..d {
            matrix[i][k] = placement.direction()[i * d + k] * placement.spacing()[k];
        }
    }
    matrix
}

/// The inverse of the leading `d` rows and columns, by cofactors.
fn inverse(m: &Matrix, d: usize) -> Matrix {
    let mut full = *m;
    for k in d..3 {
        full[k] = [0.0; 3];
        full[k][k] = 1.0;
    }
    let cofactor = |i: usize, k: usize| {
        let (a, b, c, e) = ((i + 1) % 3, (i + 2) % 3, (k + 1) % 3, (k + 2) % 3);
        full[a][c] * full[b][e] - full[a][e] * full[b][c]
    };
    let determinant: f64 = (0..3).map(|k| full[0][k] * cofactor(0, k)).sum();
    std::array::from_fn(|i| std::array::from_fn(|k| if i < d && k < d { cofactor(k, i) / determinant } else { 0.0 }))
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|k| (0..3).map(|m| a[i][m] * b[m][k]).sum()))
}

fn times(a: &Matrix, v: &[f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| (0..3).map(|m| a[i][m] * v[m]).sum())
}

/// From millimetres of a frame to pixels of what is read.
fn world(frame: Frame, d: usize, input: &GuessInput<'_>) -> Matrix {
    let (_, there) = placements(input, d);
    if frame == Frame::Fsl {
        let mut matrix = Matrix::default();
        for k in 0..d {
            let turned = k == 0 && there.is_right_handed();
            matrix[k][k] = if turned { -1.0 } else { 1.0 } / there.spacing()[k];
        }
        return matrix;
    }
    let mut matrix = inverse(&columns(&there), d);
    if frame == Frame::Ras {
        for row in &mut matrix {
            row[0] = -row[0];
            row[1] = -row[1];
        }
    }
    matrix
}

/// The pixel at 0 mm.
fn world_start(frame: Frame, d: usize, size: &[usize; 3], input: &GuessInput<'_>) -> [f64; 3] {
    let (_, there) = placements(input, d);
    if frame == Frame::Fsl {
        return if there.is_right_handed() { [size[0] as f64 - 1.0, 0.0, 0.0] } else { [0.0; 3] };
    }
    let mut origin = [0.0; 3];
    origin[..d].copy_from_slice(there.origin());
    times(&inverse(&columns(&there), d), &origin).map(|v| 0.0 - v)
}

/// Where a pixel here lies in pixels there. FSL's frame is one per image: without the world, their first pixels coincide.
fn world_rest(here: &[usize; 3], there: &[usize; 3], d: usize, input: &GuessInput<'_>) -> Place {
    let (a, b) = placements(input, d);
    let back = inverse(&columns(&b), d);
    let steps = product(&back, &columns(&a));
    let mut between = [0.0; 3];
    for k in 0..d {
        between[k] = a.origin()[k] - b.origin()[k];
    }
    let mut rest = Place { matrix: Matrix::default(), steps, start: times(&back, &between) };
    if (input.here.is_none() || input.there.is_none()) && here != there {
        // One placement of two lattices: they are taken to span the same.
        for k in 0..d {
            let (n, len) = (here[k] as f64, there[k] as f64);
            rest.steps[k] = [0.0; 3];
            rest.steps[k][k] = len / n;
            rest.start[k] = (len - n) / (2.0 * n);
        }
    }
    rest
}

/// How much less common a convention is than the commonest.
fn prior(convention: &Convention, sizes: Sizes) -> f64 {
    let Convention { quantity, unit, order, layout, x_first, y_up, direction, centre } = *convention;
    let interleaved = layout == Layout::Interleaved;
    let edges_or = |extent: Extent| if extent == Extent::Edges { 0.0 } else { 0.3 };
    let mut cost = match (quantity, unit) {
        (Quantity::Location, Unit::Normalised(extent)) => edges_or(extent) + if y_up { 5.0 } else { 0.0 },
        (Quantity::Location, Unit::Fraction(extent)) => edges_or(extent) + if y_up { 1.0 } else { 1.5 },
        (Quantity::Location, Unit::SourcePixels) => 0.2,
        (Quantity::Location, Unit::Physical(Frame::Ras)) => 1.5,
        (Quantity::Location, _) => 2.5,
        (Quantity::Displacement, Unit::SourcePixels) => 0.0,
        (Quantity::Displacement, Unit::Physical(Frame::Lps)) => 0.3,
        (Quantity::Displacement, Unit::Physical(_)) => 1.3,
        (Quantity::Displacement, Unit::Normalised(extent)) => 2.5 + edges_or(extent),
        (Quantity::Displacement, _) => 4.0,
        (Quantity::Negated, Unit::SourcePixels) if order == Order::Ij && interleaved => 0.5,
        (Quantity::Negated, Unit::SourcePixels) => 2.5,
        (Quantity::Negated, _) => 5.0,
    };
    cost += match (order, interleaved) {
        (Order::Xy, true) => 0.0,
        (Order::Ij, false) => 0.5,
        (Order::Xy, false) => 0.7,
        (Order::Ij, true) => 1.5,
    };
    if order == Order::Ij && matches!(unit, Unit::Normalised(_) | Unit::Fraction(_) | Unit::Physical(_)) {
        cost += 2.0;
    }
    cost += match (x_first, order, unit) {
        (false, ..) => 0.0,
        (true, Order::Xy, Unit::Physical(Frame::Ras)) => 0.3,
        (true, Order::Xy, _) => 4.0,
        (true, Order::Ij, _) => 6.0,
    };
    cost += match centre {
        Centre::Zero => 0.0,
        Centre::Half => 4.0,
        Centre::One => 3.5,
    };
    if direction == Direction::Push {
        cost += 3.0;
    }
    cost + if sizes.own() { 0.0 } else { 4.0 }
}

/// How unusual the sizes of the lattices are.
fn shape_cost(stored: &Stored, convention: &Convention, here: &[usize; 3], there: &[usize; 3]) -> f64 {
    let d = stored.axes;
    let mut cost = if stored.samples > 1 { 0.5 } else { 0.0 };
    // Axes as short as that of components are more likely one.
    cost += 3.0 * stored.size[..d].iter().filter(|len| **len <= 3).count() as f64;
    if here != there {
        let turned = (0..d).all(|k| here[k] == there[d - 1 - k]);
        // Other sizes are common, exchanged ones are an exchange.
        cost += if turned { 9.0 } else { 1.0 };
        cost += if convention.quantity == Quantity::Location { 0.0 } else { 0.5 };
    }
    cost
}
