//! One number on one axis, and what may be added to what.
//!
//! A location and a displacement have the same bits and different meanings; the types keep them apart.
//! `Px - Px = Shift` and `Px + Shift = Px` exist, `Px + Px` does not.

use std::ops::{Add, Neg, Sub};

/// A normalised location as torch's sampling grids hold it: -1 and +1 are the ends of the axis' [`Extent`](crate::Extent).
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
#[repr(transparent)]
pub struct Norm<T>(pub T);

/// A location in pixels of an axis: pixel centres are at integers, the first pixel is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
#[repr(transparent)]
pub struct Px<T>(pub T);

/// The difference of two locations, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
#[repr(transparent)]
pub struct Shift<T>(pub T);

impl<T: Sub<Output = T>> Sub for Px<T> {
    type Output = Shift<T>;
    fn sub(self, other: Self) -> Shift<T> {
        Shift(self.0 - other.0)
    }
}

impl<T: Add<Output = T>> Add<Shift<T>> for Px<T> {
    type Output = Self;
    fn add(self, shift: Shift<T>) -> Self {
        Self(self.0 + shift.0)
    }
}

impl<T: Add<Output = T>> Add for Shift<T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl<T: Neg<Output = T>> Neg for Shift<T> {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_displacement_is_the_difference_of_two_locations() {
        assert_eq!(Px(7.5) - Px(5.0), Shift(2.5));
        assert_eq!(Px(5.0) + Shift(2.5), Px(7.5));
        assert_eq!(Shift(1.0) + -Shift(3.0), Shift(-2.0));
    }
}
