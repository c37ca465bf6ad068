//! Where an output reads: sampling grids, absolute pixel maps and displacement fields, each with the lattice it addresses.

use crate::Rest;
use crate::dtype::{Location, Real};
use crate::error::{ComponentsError, RestNeeded};
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
        Ok(Self { at, source, kind: Kind::Pixels })
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
        match self.kind {
            Kind::Normalised => (self.source.axes()[axis].middle(), 0),
            Kind::Pixels => (R::ZERO, 0),
            Kind::Displaced(rest) => {
                let place = self.source.axes()[axis].rest_place(rest, self.destination()[axis], j);
                let (whole, part) = place.split();
                (R::from_f64(part.to_f64()), whole)
            }
        }
    }

    /// Pixels per stored unit along `axis`.
    pub(crate) fn scale<R: Real>(&self, axis: usize) -> R {
        match self.kind {
            Kind::Normalised => self.source.axes()[axis].slope(),
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
        Self { at: grid.at, source: grid.source, kind: Kind::Normalised }
    }
}

impl<'a, L: Location, const D: usize> From<FieldView<'a, L, D>> for Locations<'a, L, D> {
    fn from(field: FieldView<'a, L, D>) -> Self {
        Self { at: field.by(), source: *field.between().source(), kind: Kind::Displaced(field.between().rest()) }
    }
}
