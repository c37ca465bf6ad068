//! Numbers of one convention as numbers of another.

use crate::axis::{Axis, Extent, Rest};
use crate::convention::{Centre, Convention, Frame, Order, Placement, Quantity, Unit};
use crate::dtype::{Location, Real};
use crate::error::{ConvertError, SizeText};
use crate::exact::{Ratio, Twofold};
use crate::lattice::Between;
use crate::op::points::Direction;
use crate::rows::{for_each_band, row_index};
use crate::view::{Layout, Shape, Strides, View};
use std::sync::atomic::{AtomicBool, Ordering};

/// The lattices between which numbers lead: `here` are the pixels that have the numbers, `there` those that the numbers
/// speak of. For pull conventions these are the destination and the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry<const D: usize> {
    /// Sizes, extent and rest: its source is `there`, its destination `here`.
    pub between: Between<D>,
    /// Where the pixels lie that have the numbers; needed for conventions in mm.
    pub here: Option<Placement>,
    /// Where the pixels lie that the numbers speak of; needed for conventions in mm.
    pub there: Option<Placement>,
}

/// How an array is laid out: what its axes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayAxes {
    /// Components, and axes of the lattice: 2 or 3.
    pub axes: usize,
    /// Samples; 1 if there is no axis for them.
    pub samples: usize,
    /// Whether there is an axis for samples.
    pub batched: bool,
    /// Pixels along x, y(, z); the last is 1 if there are two.
    pub size: [usize; 3],
}

impl Convention {
    /// The axes of an array of this layout.
    ///
    /// # Errors
    /// If the shape is none of this layout: the shapes that are. If it is two of them, as `(3, 2, H, W)` with components first: 3 samples
    /// in 2-D or a volume of 2 slices; [`Convention::axes_of`] names the number of axes.
    pub fn axes(&self, shape: &[usize]) -> Result<ArrayAxes, ConvertError> {
        match (self.axes_of(shape, 2), self.axes_of(shape, 3)) {
            (Ok(_), Ok(_)) => Err(ConvertError::Ambiguous { shape: shape.to_vec() }),
            (Ok(axes), Err(_)) | (Err(_), Ok(axes)) => Ok(axes),
            (Err(error), Err(_)) => Err(error),
        }
    }

    /// [`Convention::axes`] of what is known to have so many axes, 2 or 3.
    ///
    /// # Errors
    /// If the shape is none of this layout: the shapes that are.
    pub fn axes_of(&self, shape: &[usize], axes: usize) -> Result<ArrayAxes, ConvertError> {
        let fail = || ConvertError::Shape {
            shape: shape.to_vec(),
            expected: match self.layout {
                Layout::Interleaved => "(H, W, 2) or (D, H, W, 3), components last",
                Layout::Planar => "(2, H, W) or (3, D, H, W), components first",
            },
        };
        for batched in [false, true] {
            let lead = usize::from(batched);
            let (at, first) = match self.layout {
                Layout::Interleaved => (shape.len().wrapping_sub(1), lead),
                Layout::Planar => (lead, lead + 1),
            };
            if !matches!(axes, 2 | 3) || shape.len() != axes + 1 + lead || shape.get(at) != Some(&axes) {
                continue;
            }
            let mut size = [1; 3];
            for (k, len) in shape[first..first + axes].iter().enumerate() {
                size[if self.x_first { k } else { axes - 1 - k }] = *len;
            }
            return Ok(ArrayAxes { axes, samples: if batched { shape[0] } else { 1 }, batched, size });
        }
        Err(fail())
    }

    /// The shape of an array of this layout.
    #[must_use]
    pub fn shape(&self, axes: &ArrayAxes) -> Vec<usize> {
        let mut shape: Vec<usize> = axes.size[..axes.axes].to_vec();
        if !self.x_first {
            shape.reverse();
        }
        match self.layout {
            Layout::Interleaved => shape.push(axes.axes),
            Layout::Planar => shape.insert(0, axes.axes),
        }
        if axes.batched {
            shape.insert(0, axes.samples);
        }
        shape
    }

    /// The axis that a component belongs to.
    const fn axis_of(&self, component: usize, axes: usize) -> usize {
        match self.order {
            Order::Xy => component,
            Order::Ij => axes - 1 - component,
        }
    }

    /// The same for what is stored in the order of the array's axes, fastest first: which axis of the lattice that is.
    const fn stored_axis(&self, fastest: usize, axes: usize) -> usize {
        if self.x_first { axes - 1 - fastest } else { fastest }
    }

    /// A view of an array of this layout, its axes x first.
    fn view<'a, L, const D: usize>(&self, numbers: &'a [L], axes: &ArrayAxes) -> Result<View<'a, L, D>, ConvertError> {
        let stored: [usize; D] = std::array::from_fn(|k| axes.size[self.stored_axis(k, D)]);
        let stored = Shape { n: axes.samples, c: D, size: stored };
        let dense = View::dense(numbers, stored, self.layout)?;
        if !self.x_first {
            return Ok(dense);
        }
        let strides = self.layout.strides(&stored);
        let turn = |k: usize| self.stored_axis(k, D);
        let shape = Shape { size: std::array::from_fn(|k| stored.size[turn(k)]), ..stored };
        let strides = Strides { size: std::array::from_fn(|k| strides.size[turn(k)]), ..strides };
        Ok(View::strided(numbers, 0, shape, strides)?)
    }
}

/// Numbers in the convention `from` as numbers in the convention `to`: the array's shape and its numbers.
///
/// What comes out is the number that the real number behind the given one becomes, rounded once: everything between is computed in
/// twice the precision of `f64`. NaN stays NaN, an infinity one where the map is axis by axis. The way there and back gives the same numbers
/// as far as the type on the way holds them.
///
/// # Errors
/// If the shape is none of the layout, a placement is missing, the directions differ ([`invert`](crate::invert) makes pull of push), or
/// an axis of one pixel cannot say the location.
///
/// ```
/// use displace::{Between, Convention, Extent, Geometry, Lattice, convert};
/// // A row of two pixels that reads an image of 4: OpenCV's map 1.5, 0 and 3, 0.
/// let there = Lattice::from_shape([1, 4], Extent::Edges)?;
/// let geometry = Geometry { between: Between::new(there, [2, 1], Some(displace::Rest::Index))?, here: None, there: None };
/// let (from, to): (Convention, Convention) = ("pixel_map".parse()?, "torch_grid".parse()?);
/// let (shape, grid) = convert::<f32, f32, 2>(&[1.5, 0.0, 3.0, 0.0], &[1, 2, 2], &from, &to, &geometry)?;
/// assert_eq!((shape, grid), (vec![1, 2, 2], vec![0.0, 0.0, 0.75, 0.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn convert<L: Location, R: Real, const D: usize>(
    numbers: &[L],
    shape: &[usize],
    from: &Convention,
    to: &Convention,
    geometry: &Geometry<D>,
) -> Result<(Vec<usize>, Vec<R>), ConvertError> {
    let axes = from.axes_of(shape, D)?;
    if axes.size[..D] != geometry.between.destination() {
        return Err(ConvertError::Size {
            found: SizeText::from_xy(&axes.size[..axes.axes]),
            expected: SizeText::from_xy(&geometry.between.destination()),
        });
    }
    if from.direction != to.direction {
        return Err(ConvertError::Direction { from: said(from.direction), to: said(to.direction) });
    }
    for convention in [from, to] {
        if convention.is_physical() && (convention.y_up || convention.centre != Centre::Zero) {
            return Err(ConvertError::NotOfPixels { convention: *convention });
        }
    }
    let view = from.view::<L, D>(numbers, &axes)?;
    let way = Way::between(from, to, geometry)?;
    let stored: Shape<D> = Shape { n: axes.samples, c: D, size: std::array::from_fn(|k| axes.size[to.stored_axis(k, D)]) };
    let elements = stored.elements()?;
    let mut out: Vec<R> = Vec::new();
    out.try_reserve_exact(elements).map_err(|_| crate::error::ViewError::Memory { bytes: elements * size_of::<R>() })?;
    out.resize(elements, R::ZERO);
    let lost = AtomicBool::new(false);
    for_each_band(&mut out, stored, to.layout, |band| {
        let mut failed = false;
        let planes: [_; D] = std::array::from_fn(|axis| view.plane(band.n, from.axis_of(axis, D)));
        for row in 0..band.rows {
            let mut index = row_index(band.first_row + row, &stored.size);
            for i in 0..stored.size[0] {
                index[0] = i;
                let pixel: [usize; D] = std::array::from_fn(|k| index[to.stored_axis(k, D)]);
                let given: [f64; D] = std::array::from_fn(|axis| planes[axis].at(pixel.map(|i| i as i32)).widen().to_f64());
                for axis in 0..D {
                    let value = way.number::<R>(axis, &given, &pixel);
                    failed |= way.lost(axis, &given, &pixel);
                    let (line, step) = band.row(row, to.axis_of(axis, D));
                    line[i * step] = value;
                }
            }
        }
        if failed {
            lost.store(true, Ordering::Relaxed);
        }
    });
    if lost.into_inner() {
        return Err(ConvertError::Flat { size: SizeText::from_xy(&geometry.between.source().size()) });
    }
    Ok((to.shape(&axes), out))
}

const fn said(direction: Direction) -> &'static str {
    match direction {
        Direction::Pull => "pull",
        Direction::Push => "push",
    }
}

/// `matrix * value + sum of lines[k][index k]`: what numbers become, axis by axis.
struct Way<const D: usize> {
    /// Row by row; what is 0 is left out.
    matrix: [[Twofold; D]; D],
    /// For each axis of the result and each axis of the lattice, what each index adds; nothing where it adds nothing.
    lines: [[Option<Vec<Twofold>>; D]; D],
    constant: [Twofold; D],
    /// Axes on which every number means the same place, with what the place minus that is.
    flat: [bool; D],
}

impl<const D: usize> Way<D> {
    fn between(from: &Convention, to: &Convention, geometry: &Geometry<D>) -> Result<Self, ConvertError> {
        // Two physical conventions meet in LPS: nothing of the source's pixels shows. All others meet in its pixels.
        let meet_in_mm = is_world(from.unit) && is_world(to.unit);
        let (a, b) = (Meaning::of(from, geometry, meet_in_mm)?, Meaning::of(to, geometry, meet_in_mm)?);
        let (inverse, flat) = b.inverse();
        let rest = a.rest.minus(&b.rest);
        let rest = rest.through(&inverse);
        let size = geometry.between.destination();
        let mut lines = std::array::from_fn(|_| std::array::from_fn(|_| None));
        for axis in 0..D {
            for k in 0..D {
                lines[axis][k] = rest.line(axis, k, size[k]);
            }
        }
        Ok(Self { matrix: product(&inverse, &a.matrix), lines, constant: rest.constant, flat })
    }

    #[inline]
    fn number<R: Real>(&self, axis: usize, given: &[f64; D], pixel: &[usize; D]) -> R {
        let mut sum = self.constant[axis];
        for k in 0..D {
            if let Some(line) = &self.lines[axis][k] {
                sum = sum + line[pixel[k]];
            }
        }
        let still = sum.is_zero();
        let factors = || (0..D).filter(|k| !self.matrix[axis][*k].is_zero());
        // Compensated sums make NaN of infinities and lose the sign of a zero.
        if factors().any(|k| !given[k].is_finite()) || (still && factors().all(|k| given[k] == 0.0)) {
            let start = if still { -0.0 } else { sum.to_f64() };
            return R::from_f64(factors().fold(start, |sum, k| sum + self.matrix[axis][k].to_f64() * given[k]));
        }
        for k in factors() {
            sum = sum + self.matrix[axis][k].times(given[k]);
        }
        sum.round()
    }

    /// Whether an axis that can only say one place is to say another.
    #[inline]
    fn lost(&self, axis: usize, given: &[f64; D], pixel: &[usize; D]) -> bool {
        if !self.flat[axis] {
            return false;
        }
        // On flat axes the way leads to the difference from the one place, which a number cannot say.
        self.number::<f64>(axis, given, pixel).abs() > 0.0
    }
}

/// Places that belong to a pixel's index: `matrix * j + constant`, and exact fractions.
#[derive(Clone)]
struct Rests<const D: usize> {
    matrix: [[Twofold; D]; D],
    constant: [Twofold; D],
    /// Axis by axis exact fractions, where rests are not a line through floats.
    fractions: Option<[Fraction; D]>,
}

/// The rest places of an axis, exactly.
#[derive(Clone, Copy, PartialEq)]
struct Fraction {
    axis: Axis,
    rest: Rest,
    len: usize,
}

impl<const D: usize> Rests<D> {
    fn none() -> Self {
        Self { matrix: [[Twofold::ZERO; D]; D], constant: [Twofold::ZERO; D], fractions: None }
    }

    fn minus(&self, other: &Self) -> Combined<D> {
        let mut matrix = self.matrix;
        let mut constant = self.constant;
        for i in 0..D {
            constant[i] = constant[i] - other.constant[i];
            for k in 0..D {
                matrix[i][k] = matrix[i][k] - other.matrix[i][k];
            }
        }
        let fractions = if self.fractions == other.fractions { [None, None] } else { [self.fractions, other.fractions] };
        Combined { matrix, constant, fractions, after: identity() }
    }
}

/// The difference of two [`Rests`], seen through a matrix.
struct Combined<const D: usize> {
    matrix: [[Twofold; D]; D],
    constant: [Twofold; D],
    /// Added and subtracted.
    fractions: [Option<[Fraction; D]>; 2],
    after: [[Twofold; D]; D],
}

impl<const D: usize> Combined<D> {
    fn through(mut self, inverse: &[[Twofold; D]; D]) -> Self {
        self.matrix = product(inverse, &self.matrix);
        self.constant = times(inverse, &self.constant);
        self.after = *inverse;
        self
    }

    /// What each index along axis `k` adds to the result along `axis`.
    fn line(&self, axis: usize, k: usize, len: usize) -> Option<Vec<Twofold>> {
        let slope = self.matrix[axis][k];
        let factor = self.after[axis][k];
        let fractions = self.fractions.iter().any(Option::is_some) && !factor.is_zero();
        if slope.is_zero() && !fractions {
            return None;
        }
        let place = |fractions: &Option<[Fraction; D]>, j: usize| fractions.as_ref().map_or(Ratio::integer(0), |f| f[k].place(j));
        Some(
            (0..len)
                .map(|j| {
                    let mut value = slope.times(j as f64);
                    if fractions {
                        let [plus, minus] = [0, 1].map(|side| place(&self.fractions[side], j));
                        value = value + factor * (Twofold::from(plus) - Twofold::from(minus));
                    }
                    value
                })
                .collect(),
        )
    }
}

impl Fraction {
    fn place(&self, j: usize) -> Ratio {
        self.axis.rest_place(self.rest, self.len, j)
    }
}

/// What numbers mean: `place = matrix * value + rest(j)`, in source pixels or, if both conventions are physical, in LPS.
struct Meaning<const D: usize> {
    matrix: [[Twofold; D]; D],
    rest: Rests<D>,
}

/// Whether a unit is one of the world rather than of a lattice.
const fn is_world(unit: Unit) -> bool {
    matches!(unit, Unit::Physical(Frame::Lps | Frame::Ras))
}

impl<const D: usize> Meaning<D> {
    fn of(convention: &Convention, geometry: &Geometry<D>, in_mm: bool) -> Result<Self, ConvertError> {
        match convention.unit {
            Unit::Physical(Frame::Fsl) => Self::fsl(convention, geometry),
            Unit::Physical(frame) => Self::world(convention, frame, geometry, in_mm),
            _ => Ok(Self::axes(convention, &geometry.between)),
        }
    }

    /// Conventions that are axis by axis a scale and a shift.
    fn axes(convention: &Convention, between: &Between<D>) -> Self {
        let mut meaning = Self { matrix: [[Twofold::ZERO; D]; D], rest: Rests::none() };
        let up = |k: usize| k == 1 && convention.y_up;
        for k in 0..D {
            let (scale, start) = line(convention, between, k);
            let mut scale = Twofold::from(scale);
            let mut start = Twofold::from(start);
            if convention.quantity == Quantity::Location && up(k) {
                let last = Twofold::new((between.source().axes()[k].len() - 1) as f64);
                (scale, start) = (-scale, last - start);
            }
            let negative = convention.quantity != Quantity::Location && (up(k) != (convention.quantity == Quantity::Negated));
            meaning.matrix[k][k] = if negative { -scale } else { scale };
            if convention.quantity == Quantity::Location {
                meaning.rest.constant[k] = start;
            }
        }
        if convention.quantity != Quantity::Location {
            let (rest, size) = (between.rest(), between.destination());
            meaning.rest.fractions =
                Some(std::array::from_fn(|k| Fraction { axis: between.source().axes()[k], rest, len: size[k] }));
        }
        meaning
    }

    fn fsl(convention: &Convention, geometry: &Geometry<D>) -> Result<Self, ConvertError> {
        let (here, there) = placements(geometry)?;
        let mut meaning = Self { matrix: [[Twofold::ZERO; D]; D], rest: Rests::none() };
        for k in 0..D {
            let spacing = Twofold::new(there.spacing()[k]);
            let last = |len: usize| Twofold::new((len as f64) - 1.0);
            // mm = spacing * index, or spacing * (last - index); so index = mm / spacing, or last - mm / spacing.
            let flip = |placement: &Placement| k == 0 && placement.is_right_handed();
            let sign = if flip(there) { -Twofold::ONE } else { Twofold::ONE };
            let start = if flip(there) { last(geometry.between.source().size()[k]) } else { Twofold::ZERO };
            let scale = sign / spacing;
            meaning.matrix[k][k] = if convention.quantity == Quantity::Negated { -scale } else { scale };
            meaning.rest.constant[k] = start;
            if convention.quantity != Quantity::Location {
                let own = Twofold::new(here.spacing()[k]);
                let (slope, first) =
                    if flip(here) { (-own, own * last(geometry.between.destination()[k])) } else { (own, Twofold::ZERO) };
                meaning.rest.matrix[k][k] = scale * slope;
                meaning.rest.constant[k] = start + scale * first;
            }
        }
        Ok(meaning)
    }

    fn world(convention: &Convention, frame: Frame, geometry: &Geometry<D>, in_mm: bool) -> Result<Self, ConvertError> {
        let (here, there) = placements(geometry)?;
        let mut signs = identity::<D>();
        for (k, row) in signs.iter_mut().enumerate() {
            let minus = (frame == Frame::Ras && k < 2) != (convention.quantity == Quantity::Negated);
            row[k] = if minus { -Twofold::ONE } else { Twofold::ONE };
        }
        let mut meaning = Self { matrix: signs, rest: Rests::none() };
        let moved = convention.quantity != Quantity::Location;
        if moved {
            (meaning.rest.matrix, meaning.rest.constant) = matrix_of(here);
        }
        if in_mm {
            return Ok(meaning);
        }
        let (columns, origin) = matrix_of::<D>(there);
        let inverse = inverse(&columns);
        let same = here.spacing() == there.spacing() && here.direction() == there.direction();
        for k in 0..D {
            meaning.rest.constant[k] = meaning.rest.constant[k] - origin[k];
        }
        meaning.rest.constant = times(&inverse, &meaning.rest.constant);
        if moved {
            // A matrix times its inverse is 1: known without rounding.
            meaning.rest.matrix = if same { identity() } else { product(&inverse, &meaning.rest.matrix) };
        }
        meaning.matrix = product(&inverse, &meaning.matrix);
        Ok(meaning)
    }

    /// The inverse of the matrix; on axes where every number means the same place it is 1 and the axis is flat.
    fn inverse(&self) -> ([[Twofold; D]; D], [bool; D]) {
        let mut matrix = self.matrix;
        let mut flat = [false; D];
        for k in 0..D {
            if matrix[k].iter().all(|v| v.is_zero()) {
                matrix[k][k] = Twofold::ONE;
                flat[k] = true;
            }
        }
        (inverse(&matrix), flat)
    }
}

/// Pixels per unit, and the pixel at 0 of locations, along axis `k`.
fn line<const D: usize>(convention: &Convention, between: &Between<D>, k: usize) -> (Ratio, Ratio) {
    let axis = between.source().axes()[k];
    let (len, n) = (axis.len(), between.destination()[k]);
    let (wide, many) = (len as i64, n as i64);
    let of = |extent| Axis::new(len, extent).unwrap_or(axis);
    let twice = (2.0 * convention.centre.offset()) as i64;
    match convention.unit {
        Unit::Normalised(extent) => (Ratio::new(of(extent).span().into(), 2), Ratio::new(wide - 1, 2)),
        Unit::Fraction(Extent::Edges) => (Ratio::integer(wide), Ratio::new(-1, 2)),
        Unit::Fraction(Extent::Centers) => (Ratio::integer(wide - 1), Ratio::integer(0)),
        Unit::DestinationPixels(Extent::Edges) => {
            (Ratio::new(wide, many.max(1)), Ratio::new((1 - twice) * wide - many, 2 * many.max(1)))
        }
        Unit::DestinationPixels(Extent::Centers) if many > 1 => {
            (Ratio::new(wide - 1, many - 1), Ratio::new(-twice * (wide - 1), 2 * (many - 1)))
        }
        Unit::DestinationPixels(Extent::Centers) => (Ratio::integer(0), Ratio::new(wide - 1, 2)),
        Unit::SourcePixels | Unit::Physical(_) => (Ratio::integer(1), Ratio::new(-twice, 2)),
    }
}

fn placements<const D: usize>(geometry: &Geometry<D>) -> Result<(&Placement, &Placement), ConvertError> {
    let fits = |placement: &&Placement| placement.axes() == D;
    match (geometry.here.as_ref().filter(fits), geometry.there.as_ref().filter(fits)) {
        (Some(here), Some(there)) => Ok((here, there)),
        (None, _) => Err(ConvertError::Placement { of: "the pixels that have the numbers (the output, fixed or reference image)" }),
        (_, None) => Err(ConvertError::Placement { of: "the image that is read (the input, source or moving image)" }),
    }
}

type Matrix<const D: usize> = [[Twofold; D]; D];

fn identity<const D: usize>() -> Matrix<D> {
    std::array::from_fn(|i| std::array::from_fn(|k| if i == k { Twofold::ONE } else { Twofold::ZERO }))
}

/// The matrix from indices to LPS, and the origin.
fn matrix_of<const D: usize>(placement: &Placement) -> (Matrix<D>, [Twofold; D]) {
    let (direction, spacing, origin) = (placement.direction(), placement.spacing(), placement.origin());
    let matrix = std::array::from_fn(|i| std::array::from_fn(|k| Twofold::new(direction[i * D + k]).times(spacing[k])));
    (matrix, std::array::from_fn(|i| Twofold::new(origin[i])))
}

fn times<const D: usize>(matrix: &Matrix<D>, vector: &[Twofold; D]) -> [Twofold; D] {
    std::array::from_fn(|i| (0..D).fold(Twofold::ZERO, |sum, k| sum + matrix[i][k] * vector[k]))
}

fn product<const D: usize>(a: &Matrix<D>, b: &Matrix<D>) -> Matrix<D> {
    std::array::from_fn(|i| std::array::from_fn(|k| (0..D).fold(Twofold::ZERO, |sum, m| sum + a[i][m] * b[m][k])))
}

/// By cofactors; exact zeros stay zeros.
fn inverse<const D: usize>(m: &Matrix<D>) -> Matrix<D> {
    let cofactor = |i: usize, k: usize| {
        if D == 2 {
            let value = m[1 - i][1 - k];
            return if (i + k).is_multiple_of(2) { value } else { -value };
        }
        let (a, b, c, d) = ((i + 1) % D, (i + 2) % D, (k + 1) % D, (k + 2) % D);
        m[a][c] * m[b][d] - m[a][d] * m[b][c]
    };
    let determinant = (0..D).fold(Twofold::ZERO, |sum, k| sum + m[0][k] * cofactor(0, k));
    std::array::from_fn(|i| std::array::from_fn(|k| cofactor(k, i) / determinant))
}
