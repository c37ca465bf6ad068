//! The sentence that must stay true: a Field says, for every pixel of a destination lattice, how far from its rest
//! place in the source lattice the sampler reads; in source pixels, x first, pixel centres at integers.

use crate::axis::Rest;
use crate::dtype::Location;
use crate::error::{ComponentsError, FieldError};
use crate::lattice::{Between, Lattice};
use crate::view::{Dense, Layout, Shape, View};

/// An owned displacement field, `(N, [D,] H, W, D)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field<T, const D: usize> {
    by: Dense<T, D>,
    between: Between<D>,
}

impl<T: Location, const D: usize> Field<T, D> {
    /// A field of `n` samples with no displacement.
    pub fn zeroed(n: usize, between: Between<D>) -> Result<Self, FieldError> {
        let shape = Shape { n, c: D, size: between.destination() };
        Ok(Self { by: Dense::zeroed(shape, Layout::Interleaved)?, between })
    }

    /// A buffer of displacements, `(N, [D,] H, W, D)`, x first, in source pixels.
    pub fn from_vec(by: Vec<T>, n: usize, between: Between<D>) -> Result<Self, FieldError> {
        let shape = Shape { n, c: D, size: between.destination() };
        Ok(Self { by: Dense::from_vec(by, shape, Layout::Interleaved)?, between })
    }

    /// The lattices between which it leads.
    #[must_use]
    pub const fn between(&self) -> &Between<D> {
        &self.between
    }

    /// The displacements.
    #[must_use]
    pub fn by(&self) -> View<'_, T, D> {
        self.by.view()
    }

    /// The displacements in order, `(N, [D,] H, W, D)`.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        self.by.as_slice()
    }

    /// The displacements in order, to be changed in place.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.by.as_mut_slice()
    }

    /// The buffer itself.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.by.into_vec()
    }

    /// Samples in the batch.
    #[must_use]
    pub const fn n(&self) -> usize {
        self.by.shape().n
    }

    /// A view of all.
    #[must_use]
    pub fn view(&self) -> FieldView<'_, T, D> {
        FieldView { by: self.by.view(), between: self.between }
    }
}

/// A displacement field in somebody's buffer, any strides.
#[derive(Clone, Copy, Debug)]
pub struct FieldView<'a, T, const D: usize> {
    by: View<'a, T, D>,
    between: Between<D>,
}

impl<'a, T: Location, const D: usize> FieldView<'a, T, D> {
    /// Displacements in source pixels, x first, that read `source`; the view's own size is the destination's.
    ///
    /// `rest` says where "no displacement" reads and may be left out when both sizes are equal.
    pub fn new(by: View<'a, T, D>, source: Lattice<D>, rest: Option<Rest>) -> Result<Self, FieldError> {
        if by.shape().c != D {
            return Err(ComponentsError { found: by.shape().c, axes: D }.into());
        }
        Ok(Self { by, between: Between::new(source, by.shape().size, rest)? })
    }

    /// The displacements.
    #[must_use]
    pub const fn by(&self) -> View<'a, T, D> {
        self.by
    }

    /// The lattices between which it leads.
    #[must_use]
    pub const fn between(&self) -> &Between<D> {
        &self.between
    }
}
