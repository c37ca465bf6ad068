//! Where an output reads: sampling grids, absolute pixel maps and displacement fields, each with the lattice it addresses.

use crate::Rest;
use crate::axis::Axis;
use crate::dtype::{Location, Real};
use crate::error::{AxisLenError, ComponentsError, RestNeeded};
use crate::field::FieldView;
use crate::lattice::{Between, Lattice};
use crate::view::View;

/// torch's sampling grid: for each destination pixel a normalised source location, together with the source lattice
/// that gives it a pixel meaning.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a, L, const D: usize> {
    at: View<'a, L, D>,
    source: Lattice<D>,
}

fn check_components<T, const D: usize>(at: &View<'_, T, D>) -> Result<(), ComponentsError> {
    if at.shape().c == D { Ok(()) } else { Err(ComponentsError { found: at.shape().c, axes: D }) }
}

impl<'a, L: Location, const D: usize> Grid<'a, L, D> {
    /// A grid whose components are x, y(, z), reading `source`.
    pub fn new(at: View<'a, L, D>, source: Lattice<D>) -> Result<Self, ComponentsError> {
        check_components(&at)?;
        Ok(Self { at, source })
    }

    /// The normalised locations.
    #[must_use]
    pub const fn at(&self) -> View<'a, L, D> {
        self.at
    }

    /// The lattice read.
    #[must_use]
    pub const fn source(&self) -> &Lattice<D> {
        &self.source
    }

    /// The lattices of the displacement that this grid makes.
    pub fn between(&self, rest: Option<Rest>) -> Result<Between<D>, RestNeeded> {
        Between::new(self.source, self.at.shape().size, rest)
    }
}

/// Where a sampler reads, in one of three languages. Each knows its source lattice.
#[derive(Clone, Copy, Debug)]
pub struct Locations<'a, L, const D: usize> {
    pub(crate) at: View<'a, L, D>,
    pub(crate) source: Lattice<D>,
    pub(crate) kind: Kind,
    /// The lattice that gives the numbers their meaning, if `source` is that one with a margin.
    pub(crate) inner: Option<(Lattice<D>, usize)>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Normalised,
    Pixels,
    Displaced(Rest),
}

impl<'a, L: Location, const D: usize> Locations<'a, L, D> {
    /// Absolute source pixels, x first, centres at integers: OpenCV's `remap`.
    pub fn pixels(at: View<'a, L, D>, source: Lattice<D>) -> Result<Self, ComponentsError> {
        check_components(&at)?;
        Ok(Self { at, source, kind: Kind::Pixels, inner: None })
    }

    /// The same places on a lattice that has `margin` pixels more at each side.
    pub(crate) fn within(&self, margin: usize) -> Result<Self, AxisLenError> {
        let source = Lattice::from_xy(self.source.size().map(|len| len + 2 * margin), self.source.extent())?;
        Ok(Self { source, inner: Some((self.source, margin)), ..*self })
    }

    /// The axes that give numbers their meaning, and how many pixels lie before them.
    fn meaning(&self) -> (&[Axis; D], usize) {
        self.inner.as_ref().map_or((self.source.axes(), 0), |(lattice, margin)| (lattice.axes(), *margin))
    }

    /// Sizes of the output, x first.
    #[must_use]
    pub fn destination(&self) -> [usize; D] {
        self.at.shape().size
    }

    /// The lattice read.
    #[must_use]
    pub const fn source(&self) -> &Lattice<D> {
        &self.source
    }

    /// What displacements count from, where places are what is wanted: the field's own rest, or any.
    pub(crate) fn own_rest(&self) -> Rest {
        match self.kind {
            Kind::Displaced(rest) => rest,
            Kind::Normalised | Kind::Pixels => Rest::Index,
        }
    }

    /// For `axis` and destination index `j`, the `offset` and whole-pixel `base` such that the location of a stored
    /// `value` is `value * scale + offset + base`.
    pub(crate) fn origin<R: Real>(&self, axis: usize, j: usize) -> (R, i64) {
        let (axes, margin) = self.meaning();
        let margin = margin as i64;
        match self.kind {
            Kind::Normalised => (axes[axis].middle(), margin),
            Kind::Pixels => (R::ZERO, margin),
            Kind::Displaced(rest) => {
                let place = axes[axis].rest_place(rest, self.destination()[axis], j);
                let (whole, part) = place.split();
                (R::from_f64(part.to_f64()), whole + margin)
            }
        }
    }

    /// Pixels per stored unit along `axis`.
    pub(crate) fn scale<R: Real>(&self, axis: usize) -> R {
        match self.kind {
            Kind::Normalised => self.meaning().0[axis].slope(),
            Kind::Pixels | Kind::Displaced(_) => R::ONE,
        }
    }

    /// Whether every index of an axis has the same origin.
    pub(crate) fn uniform(&self) -> bool {
        matches!(self.kind, Kind::Normalised | Kind::Pixels)
    }
}

impl<'a, L: Location, const D: usize> From<Grid<'a, L, D>> for Locations<'a, L, D> {
    fn from(grid: Grid<'a, L, D>) -> Self {
        Self { at: grid.at, source: grid.source, kind: Kind::Normalised, inner: None }
    }
}

impl<'a, L: Location, const D: usize> From<FieldView<'a, L, D>> for Locations<'a, L, D> {
    fn from(field: FieldView<'a, L, D>) -> Self {
        Self { at: field.by(), source: *field.between().source(), kind: Kind::Displaced(field.between().rest()), inner: None }
    }
}
