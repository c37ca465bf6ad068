//! What torch's own sampler computes: the location of a grid value, rounding for rounding, as torch 2.15 does on x86-64
//! with AVX2. tests/golden holds torch's own numbers.

use crate::axis::{Axis, Extent};
use crate::dtype::{DType, Location, Real};

/// Which of torch's code paths a grid takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Images in `f32` and `f64`: `fma(g + 1, len/2, -1/2)` between edges, `(g + 1) * ((len-1)/2)` between centres.
    Fused,
    /// Volumes, and every half type: `((g + 1) len - 1)/2` or `((g + 1)/2) (len - 1)`, each operation rounded to the
    /// grid's own type.
    Stepwise,
}

impl Path {
    /// The path of a grid of type `L` on an image (`axes` = 2) or a volume (3).
    #[must_use]
    pub fn of<L: Location>(axes: usize) -> Self {
        if axes == 2 && matches!(L::DTYPE, DType::F32 | DType::F64) { Self::Fused } else { Self::Stepwise }
    }
}

/// The location that torch's sampler computes from a stored grid value, before padding.
#[must_use]
pub fn torch_px<L: Location>(g: L, axis: Axis, path: Path) -> L::Real {
    let (one, two) = (L::Real::ONE, L::Real::ONE + L::Real::ONE);
    let g = g.widen();
    let span = L::Real::from_f64(f64::from(axis.span()));
    let r = L::rounded;
    match (path, axis.extent()) {
        (Path::Fused, Extent::Edges) => (g + one).mul_add(span / two, -L::Real::HALF),
        (Path::Fused, Extent::Centers) => (g + one) * (span / two),
        (Path::Stepwise, Extent::Edges) => r(r(r(r(g + one) * r(span)) - one) / two),
        (Path::Stepwise, Extent::Centers) => r(r(r(g + one) / two) * r(span)),
    }
}
