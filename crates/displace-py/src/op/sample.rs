//! Reading images at locations.

use crate::dispatch::{with_axes, with_float, with_sample};
use crate::error::Raise;
use crate::options::{Sampling, check_dtype, components};
use crate::tensor::Tensor;
use displace::sample_into;
use pyo3::prelude::*;

/// Writes `image` read at `grid` into `out`, `(N, C, [D,] H, W)` with channels outermost or innermost in memory.
#[pyfunction]
pub(crate) fn sample(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    grid: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    sampling: Sampling,
) -> PyResult<()> {
    let image = Tensor::new(image, "input")?;
    let grid = Tensor::new(grid, "grid")?;
    let mut out = Tensor::new(out, "out")?;
    out.apart_from(&[("input", &image), ("grid", &grid)])?;
    check_dtype(&out, image.dtype())?;
    let sampler = sampling.sampler()?;
    with_axes!(components(&grid), "grid", D => with_sample!(image.dtype(), T => with_float!(grid.dtype(), "grid", L => {
        let image = image.image::<T, D>("input")?;
        let at = sampling.locations::<L, D>(&grid, image.shape().size)?;
        let (layout, out) = out.output_image::<T>("out")?;
        py.detach(|| sample_into(&image, &at, sampler, layout, out)).raise()
    })))
}
