//! Affine maps by their parts, for `affine` and `similarity`.

use super::target::TargetArgs;
use crate::failure::{Failure, Result};
use displace::{Affine, AffineParts};

/// Numbers as they are given: one for all axes, or one for each.
pub(super) struct Parts<'a> {
    pub(super) rotation: &'a [f64],
    pub(super) scale: &'a [f64],
    pub(super) shear: &'a [f64],
    pub(super) translation: &'a [f64],
    pub(super) center: &'a [f64],
}

impl Parts<'_> {
    /// The map; the centre is the field's middle if none is given.
    pub(super) fn map<const D: usize>(&self, target: &TargetArgs) -> Result<Affine<D>> {
        let scale = if let [scale] = *self.scale { [scale; D] } else { by_axis("--scaling", self.scale, [1.0; D])? };
        let center = by_axis("--center", self.center, middle(target.between::<D>()?.destination()))?;
        let parts = AffineParts {
            angles: three::<D>("--rotation", self.rotation)?,
            scale,
            shear: three::<D>("--shear", self.shear)?,
            translation: by_axis("--translation", self.translation, [0.0; D])?,
            center,
        };
        Ok(Affine::from_parts(&parts))
    }
}

/// The place in the middle of a size.
pub(super) fn middle<const D: usize>(size: [usize; D]) -> [f64; D] {
    size.map(|len| (len as f64 - 1.0) / 2.0)
}

/// One number for each axis, x first; `default` if there are none.
pub(super) fn by_axis<const D: usize>(option: &str, numbers: &[f64], default: [f64; D]) -> Result<[f64; D]> {
    if numbers.is_empty() {
        return Ok(default);
    }
    let wrong = || Failure::usage(format!("{option} has {} numbers: expected {D}, x first", numbers.len()));
    finite(option, numbers)?;
    numbers.try_into().map_err(|_| wrong())
}

/// That numbers can be computed with.
pub(super) fn finite(option: &str, numbers: &[f64]) -> Result<()> {
    if numbers.iter().all(|x| x.is_finite()) {
        Ok(())
    } else {
        Err(Failure::usage(format!("{option} {numbers:?}: expected finite numbers")))
    }
}

/// One number in 2-D, three in 3-D.
fn three<const D: usize>(option: &str, numbers: &[f64]) -> Result<[f64; 3]> {
    finite(option, numbers)?;
    match (numbers, D) {
        ([], _) => Ok([0.0; 3]),
        (&[x], 2) => Ok([x, 0.0, 0.0]),
        (&[x, y, z], 3) => Ok([x, y, z]),
        _ => Err(Failure::usage(format!("{option} has {} numbers: expected {}", numbers.len(), if D == 2 { 1 } else { 3 }))),
    }
}
