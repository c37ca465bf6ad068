//! Maps fitted to pairs of points from files.

use super::target::TargetArgs;
use crate::failure::{Failure, Result};
use displace::{FitKind, Fitted, fit};
use displace_io::{AnyLandmarks, Landmarks, read_landmarks};
use std::path::Path;

/// Fits a map from destination to source to the pairs of a file, and makes its field.
pub(super) fn make(path: &Path, kind: FitKind, name: &str, target: &TargetArgs) -> Result<()> {
    match read_landmarks(path)? {
        AnyLandmarks::Two(pairs) => work(path, &pairs, kind, name, target),
        AnyLandmarks::Three(pairs) => work(path, &pairs, kind, name, target),
    }
}

fn work<const D: usize>(path: &Path, pairs: &Landmarks<D>, kind: FitKind, name: &str, target: &TargetArgs) -> Result<()> {
    let axes = target.axes()?;
    if axes != D {
        return Err(Failure::file(path, format!("its points have {D} coordinates, the field {axes} axes")));
    }
    let found =
        fit(&pairs.destination, &pairs.source, pairs.weight.as_deref(), kind).map_err(|e| Failure::file(path, e.to_string()))?;
    let numbers = match &found.map {
        Fitted::Affine(map) => format!("matrix {:?}, offset {:?}", map.matrix(), map.offset()),
        Fitted::Homography(map) => format!("matrix {:?}", map.matrix()),
        Fitted::Polynomial(map) => format!("coefficients {:?}", map.coefficients()),
    };
    let (pair, largest) = found.largest;
    let said = format!(
        "{name} fitted to {} pairs: rms {:.3e} px, largest {largest:.3e} px (pair {}); {numbers} (destination to source, pixels)",
        found.residuals.len(),
        found.rms,
        pair + 1,
    );
    target.make(&said, &found.map)
}
