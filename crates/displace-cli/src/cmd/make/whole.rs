//! Fields that are made as a whole, not place by place.

use super::target::{AnyMade, Precision};
use crate::failure::{Failure, Result};
use displace::{Between, Field, Made, Real};

/// Makes a field of the precision asked for by two writers of the same field.
pub(super) fn whole<const D: usize, E: ToString>(
    between: &Between<D>,
    precision: Precision,
    single: impl FnOnce(&mut [f32]) -> std::result::Result<(), E>,
    double: impl FnOnce(&mut [f64]) -> std::result::Result<(), E>,
) -> Result<AnyMade<D>> {
    match precision {
        Precision::Single => Ok(AnyMade::Single(written(between, single)?)),
        Precision::Double => Ok(AnyMade::Double(written(between, double)?)),
    }
}

/// Makes a field by somebody who writes all of it.
pub(super) fn written<R: Real, const D: usize, E: ToString>(
    between: &Between<D>,
    write: impl FnOnce(&mut [R]) -> std::result::Result<(), E>,
) -> Result<Made<R, D>> {
    let mut field = Field::zeroed(1, *between).map_err(Failure::usage)?;
    write(field.as_mut_slice()).map_err(Failure::usage)?;
    Made::of(field).map_err(Failure::usage)
}

/// One number for all axes, or one for each.
pub(super) fn each<const D: usize, T: Copy>(option: &str, given: &[T]) -> Result<[T; D]> {
    match given {
        [one] => Ok([*one; D]),
        _ => given.try_into().map_err(|_| Failure::usage(format!("{option} has {} numbers: expected 1 or {D}", given.len()))),
    }
}
