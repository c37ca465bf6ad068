//! What numbers mean in other people's arrays and files: the only home of foreign orders, signs, units and frames.

mod name;
mod placement;
mod preset;

pub use placement::{Placement, PlacementError};
pub use preset::{PRESETS, Preset};

use crate::axis::Extent;
use crate::op::points::Direction;
use crate::view::Layout;

/// What a number says of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Where is read.
    Location,
    /// Where is read, minus the rest place.
    Displacement,
    /// The rest place minus where is read: a displacement of the other sign.
    Negated,
}

/// The unit of a number, and with it where 0 is for locations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pixels of what is read; the first pixel's centre is 0.
    SourcePixels,
    /// Pixels of what is written: a displacement as it looks in the result. They are as long as source pixels times the ratio of
    /// the sizes, by the extent; a location is the place of the destination that rests there.
    DestinationPixels(Extent),
    /// -1..+1 along the source's axes.
    Normalised(Extent),
    /// 0..1 along the source's axes.
    Fraction(Extent),
    /// Millimetres, or whatever unit the placements have, in a frame.
    Physical(Frame),
}

/// The axes of physical coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// +x to the patient's left, +y to the back, +z to the head: ITK, DICOM, AFNI.
    Lps,
    /// +x to the patient's right, +y to the front, +z to the head: NIfTI, nitransforms, SPM, MRtrix.
    Ras,
    /// Pixel index times spacing; x counted from the other end where the axes are right-handed in RAS: FSL.
    Fsl,
}

/// The order of components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// x, y(, z): the fastest axis first.
    Xy,
    /// (z, )y, x: the array's first axis first, "ij".
    Ij,
}

/// What numbers that say where pixels go mean. Two conventions and a frame turn numbers into others:
/// [`convert`](crate::convert).
///
/// It has a name in text, that of a preset and what differs from it, which it is parsed from and printed as:
///
/// ```
/// use displace::{Convention, Order, Quantity};
/// let flow: Convention = "flow,order=ij".parse()?;
/// assert_eq!((flow.quantity, flow.order), (Quantity::Displacement, Order::Ij));
/// assert_eq!(flow.to_string(), "flow,order=ij");
/// # Ok::<(), displace::error::ConventionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convention {
    /// Location or displacement.
    pub quantity: Quantity,
    /// In what.
    pub unit: Unit,
    /// The order of components.
    pub order: Order,
    /// Whether components come before the axes of the lattice or after them.
    pub layout: Layout,
    /// Whether the array's axes run x, y(, z) instead of (z, )y, x: nibabel's arrays.
    pub x_first: bool,
    /// Whether the second component counts upwards, from the last row: compositing.
    pub y_up: bool,
    /// Pull: the numbers at a destination pixel say where it is read. Push: those at a source pixel say where it goes.
    pub direction: Direction,
    /// Where the centre of the first pixel is, for locations in pixels: 0 in most places, 0.5 where pixels are squares between
    /// whole numbers.
    pub centre: Centre,
}

/// The location of the first pixel's centre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Centre {
    /// 0: pixel centres at integers.
    #[default]
    Zero,
    /// 0.5: pixel edges at integers.
    Half,
    /// 1: Matlab, Fortran.
    One,
}

impl Centre {
    /// As a number.
    #[must_use]
    pub const fn offset(self) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::Half => 0.5,
            Self::One => 1.0,
        }
    }
}

impl Convention {
    /// Whether placements of both lattices are needed.
    #[must_use]
    pub const fn is_physical(&self) -> bool {
        matches!(self.unit, Unit::Physical(_))
    }
}
