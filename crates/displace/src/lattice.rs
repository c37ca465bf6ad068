//! Source lattices, and pairs of source and destination.

use crate::axis::{Axis, Extent, Rest};
use crate::error::{AxisLenError, RestNeeded, SizeText};
use crate::exact::Ratio;

/// The pixels of a source image or volume: one [`Axis`] per dimension, x first. `D` is 2 or 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lattice<const D: usize> {
    axes: [Axis; D],
}

impl<const D: usize> Lattice<D> {
    /// From sizes in x-first order: `[width, height]` or `[width, height, depth]`.
    pub fn from_xy(size: [usize; D], extent: Extent) -> Result<Self, AxisLenError> {
        const { assert!(D == 2 || D == 3, "lattices have two or three axes") };
        let mut axes = [Axis::new(1, extent)?; D];
        for (axis, len) in axes.iter_mut().zip(size) {
            *axis = Axis::new(len, extent)?;
        }
        Ok(Self { axes })
    }

    /// From sizes in array order, as torch writes them: `[height, width]` or `[depth, height, width]`.
    pub fn from_shape(mut shape: [usize; D], extent: Extent) -> Result<Self, AxisLenError> {
        shape.reverse();
        Self::from_xy(shape, extent)
    }

    /// The axes, x first.
    #[must_use]
    pub const fn axes(&self) -> &[Axis; D] {
        &self.axes
    }

    /// Pixels along each axis, x first.
    #[must_use]
    pub fn size(&self) -> [usize; D] {
        self.axes.map(Axis::len)
    }

    /// What -1..+1 spans, on every axis.
    #[must_use]
    pub const fn extent(&self) -> Extent {
        self.axes[0].extent()
    }
}

/// A source lattice, the size of a destination that reads it, and where "no displacement" reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between<const D: usize> {
    source: Lattice<D>,
    destination: [usize; D],
    rest: Rest,
}

impl<const D: usize> Between<D> {
    /// A destination (x first; empty ones are fine) that reads `source`.
    ///
    /// `rest` may be left out when the sizes are equal: both meanings then coincide, exactly. Otherwise the error
    /// lists the two.
    pub fn new(source: Lattice<D>, destination: [usize; D], rest: Option<Rest>) -> Result<Self, RestNeeded> {
        let rest = match rest {
            Some(rest) => rest,
            None if source.size() == destination => Rest::Index,
            None => {
                return Err(RestNeeded {
                    source_size: SizeText::from_xy(&source.size()),
                    destination: SizeText::from_xy(&destination),
                });
            }
        };
        Ok(Self { source, destination, rest })
    }

    /// The lattice that is read.
    #[must_use]
    pub const fn source(&self) -> &Lattice<D> {
        &self.source
    }

    /// Destination pixels along each axis, x first.
    #[must_use]
    pub const fn destination(&self) -> [usize; D] {
        self.destination
    }

    /// Where "no displacement" reads.
    #[must_use]
    pub const fn rest(&self) -> Rest {
        self.rest
    }

    /// Whether source and destination have the same size, so that both rests are the same.
    #[must_use]
    pub fn same_size(&self) -> bool {
        self.source.size() == self.destination
    }

    /// The rest place of destination index `j` along `axis`, in source pixels, exactly.
    #[must_use]
    pub fn rest_place(&self, axis: usize, j: usize) -> Ratio {
        self.source.axes[axis].rest_place(self.rest, self.destination[axis], j)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rest_must_be_named_only_when_sizes_differ() {
        let source = Lattice::from_shape([4, 6], Extent::Edges).unwrap();
        assert_eq!(source.size(), [6, 4]);
        assert!(Between::new(source, [6, 4], None).is_ok());
        let error = Between::new(source, [3, 4], None).unwrap_err().to_string();
        assert!(
            error.contains("4x6") && error.contains("4x3") && error.contains("\"index\"") && error.contains("\"extent\""),
            "{error}"
        );
        for j in 0..6 {
            let place = |rest| Between::new(source, [6, 4], Some(rest)).unwrap().rest_place(0, j);
            assert_eq!(place(Rest::Index), place(Rest::Extent));
        }
    }
}
