//! SciPy's `map_coordinates`: its boundary modes by their names, and what is peculiar to them.

use crate::axis::{Axis, Extent};
use crate::dtype::{Location, Real, Sample};
use crate::error::{MapCoordinatesError, NameError, SampleError};
use crate::grid::Locations;
use crate::interp::{Interp, SplineOrder};
use crate::kernel::recursion::SplineBoundary;
use crate::lattice::Lattice;
use crate::op::sample::{output_shape, sample_into};
use crate::op::spline::sample_wide_into;
use crate::padding::{Padding, Spot};
use crate::rows::{for_each_band, row_index};
use crate::sampler::Sampler;
use crate::view::{Dense, Layout, Shape, View};
use std::str::FromStr;

/// How an image goes on outside, by SciPy's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScipyMode {
    /// `reflect`, also called `grid-mirror`: mirrored at the outer edges of the end pixels.
    Reflect,
    /// `grid-constant`: surrounded by `cval`, into which the spline runs.
    GridConstant,
    /// `constant`: `cval` at once where a coordinate is below 0 or above `len - 1`; inside the spline of `mirror`.
    #[default]
    Constant,
    /// `nearest`: the end pixels go on.
    Nearest,
    /// `mirror`: mirrored at the centres of the end pixels.
    Mirror,
    /// `grid-wrap`: repeated with the period `len`.
    GridWrap,
    /// `wrap`: repeated with the period `len - 1`, in which the first pixel is also the last. Inside the spline of `mirror`.
    Wrap,
}

impl ScipyMode {
    /// The padding and the mirrors that act as this mode does on coordinates within the image.
    const fn padding(self, cval: f64) -> (Padding, Extent) {
        match self {
            Self::Reflect => (Padding::Reflection, Extent::Edges),
            Self::Mirror | Self::Constant | Self::Wrap => (Padding::Reflection, Extent::Centers),
            Self::GridConstant => (Padding::Constant(cval), Extent::Edges),
            Self::Nearest => (Padding::Border, Extent::Edges),
            Self::GridWrap => (Padding::Wrap, Extent::Edges),
        }
    }

    /// What `spline_filter` does for this mode.
    #[must_use]
    pub const fn boundary(self) -> SplineBoundary {
        match self {
            Self::Reflect | Self::Nearest => SplineBoundary::ScipyReflect,
            Self::GridWrap => SplineBoundary::Wrap,
            Self::Mirror | Self::Constant | Self::GridConstant | Self::Wrap => SplineBoundary::Mirror,
        }
    }

    /// Where a coordinate is looked up before it is rounded to a pixel or, for `wrap`, at all.
    fn fold(self, x: f64, len: usize) -> f64 {
        let n = len as f64;
        let last = n - 1.0;
        if len == 1 && matches!(self, Self::Mirror | Self::Wrap) {
            return if x.is_finite() { 0.0 } else { x };
        }
        match self {
            Self::Wrap if x < 0.0 => x + last * ((-x / last).trunc() + 1.0),
            Self::Wrap if x > last => x - last * (x / last).trunc(),
            Self::Mirror if x < 0.0 => {
                let x = x % (2.0 * last);
                if x <= -last { x + 2.0 * last } else { -x }
            }
            Self::Mirror if x > last => {
                let x = x % (2.0 * last);
                if x >= n { 2.0 * last - x } else { x }
            }
            Self::Reflect if x < 0.0 => {
                let x = x % (2.0 * n);
                if x < -n { x + 2.0 * n } else { -x - 1.0 }
            }
            Self::Reflect if x > last => {
                let x = x % (2.0 * n);
                if x >= n { 2.0 * n - x - 1.0 } else { x }
            }
            _ => x,
        }
    }
}

impl FromStr for ScipyMode {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "reflect" | "grid-mirror" => Ok(Self::Reflect),
            "grid-constant" => Ok(Self::GridConstant),
            "constant" => Ok(Self::Constant),
            "nearest" => Ok(Self::Nearest),
            "mirror" => Ok(Self::Mirror),
            "grid-wrap" => Ok(Self::GridWrap),
            "wrap" => Ok(Self::Wrap),
            _ => Err(NameError {
                what: "mode",
                found: name.into(),
                expected: "\"reflect\" (\"grid-mirror\"), \"grid-constant\", \"constant\", \"nearest\", \"mirror\", \"grid-wrap\" or \
                           \"wrap\"",
            }),
        }
    }
}

/// How [`map_coordinates`] reads. The default is SciPy's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapCoordinates {
    /// The order of the spline, 0 to 5: 0 is the nearest pixel (half-way the next one), 1 linear.
    pub order: u32,
    /// What lies outside.
    pub mode: ScipyMode,
    /// The value of `constant` and `grid-constant`.
    pub cval: f64,
    /// Whether pixels have to be made into coefficients first, from order 2 on.
    pub prefilter: bool,
}

impl Default for MapCoordinates {
    fn default() -> Self {
        Self { order: 3, mode: ScipyMode::Constant, cval: 0.0, prefilter: true }
    }
}

/// Reads an image at coordinates as SciPy 1.17's `scipy.ndimage.map_coordinates` does.
///
/// *Shapes*: images and coordinates as [`sample`](crate::sample)'s, absolute pixels with x first (SciPy's have x last: a view with the
/// components' stride turned round is both). *Exactness*: computed in `f64` if image or coordinates are, then within 1e-12 of SciPy's for
/// pixels of about 1; else in `f32`. *Differs from SciPy* at coordinates that are not numbers, and at infinite ones where nothing has a
/// limit: these give NaN (in integer images 0).
///
/// # Errors
/// If the order is above 5, or as [`sample`](crate::sample).
///
/// ```
/// use displace::{map_coordinates, MapCoordinates, Shape, View};
/// let image = View::planar(&[0.0f64, 1.0, 2.0, 3.0], Shape { n: 1, c: 1, size: [4, 1] })?;
/// let at = View::interleaved(&[1.0f64, 0.0, 3.25, 0.0], Shape { n: 1, c: 2, size: [2, 1] })?;
/// // Outside by a quarter of a pixel is outside.
/// let found = map_coordinates(&image, &at, MapCoordinates { cval: -1.0, ..MapCoordinates::default() })?;
/// assert!((found.as_slice()[0] - 1.0).abs() < 1e-15);
/// assert_eq!(found.as_slice()[1], -1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn map_coordinates<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    at: &View<'_, L, D>,
    options: MapCoordinates,
) -> Result<Dense<T, D>, MapCoordinatesError> {
    let source = Lattice::from_xy(image.shape().size, Extent::Edges)?;
    let shape = output_shape(image, &Locations::pixels(*at, source)?)?;
    let mut out = Dense::zeroed(shape, Layout::Planar).map_err(SampleError::from)?;
    map_coordinates_into(image, at, options, out.as_mut_slice())?;
    Ok(out)
}

/// [`map_coordinates`] into a dense planar buffer.
///
/// # Errors
/// As [`map_coordinates`], and if the buffer has another length than the result.
pub fn map_coordinates_into<T: Sample, L: Location, const D: usize>(
    image: &View<'_, T, D>,
    at: &View<'_, L, D>,
    options: MapCoordinates,
    out: &mut [T],
) -> Result<(), MapCoordinatesError> {
    let MapCoordinates { order, mode, cval, prefilter } = options;
    let interp = match order {
        0 => Interp::Nearest,
        1 => Interp::Linear,
        _ => Interp::BSpline { order: SplineOrder::try_from(order)?, prefilter },
    };
    let (padding, extent) = mode.padding(cval);
    let source = Lattice::from_xy(image.shape().size, extent)?;
    let sampler = Sampler::new(interp, padding);
    let locations = Locations::pixels(*at, source)?;
    let shape = output_shape(image, &locations)?;
    if order == 0 || mode == ScipyMode::Wrap {
        let folded = folded(at, source.axes(), mode, order == 0)?;
        sample_into(image, &Locations::pixels(folded.view(), source)?, sampler, Layout::Planar, out)?;
    } else if interp.is_wide() {
        sample_wide_into(image, &locations, sampler, Some(mode.boundary()), Layout::Planar, out)?;
    } else {
        sample_into(image, &locations, sampler, Layout::Planar, out)?;
    }
    if mode == ScipyMode::Constant {
        clear_outside(at, source.axes(), shape, T::narrow(<T::Acc as Real>::from_f64(cval)), out);
    }
    Ok(())
}

/// The coordinates where the mode looks them up, rounded to pixels if these are what is wanted.
fn folded<L: Location, const D: usize>(
    at: &View<'_, L, D>,
    axes: &[Axis; D],
    mode: ScipyMode,
    rounds: bool,
) -> Result<Dense<f64, D>, SampleError> {
    let shape = at.shape();
    let mut out = Dense::zeroed(shape, Layout::Planar)?;
    for_each_band(out.as_mut_slice(), shape, Layout::Planar, |band| {
        for row in 0..band.rows {
            let index = row_index(band.first_row + row, &shape.size);
            for k in 0..D {
                let plane = at.plane(band.n, k);
                let start = plane.row(index);
                for (x, to) in band.row(row, k).0.iter_mut().enumerate() {
                    let value = plane.data[(start + x as isize * plane.strides[0]) as usize].widen().to_f64();
                    *to = mode.fold(value, axes[k].len());
                    if rounds && let Spot::At { cell, frac } = Spot::new(*to, 1.0, 0.0, 0, axes[k]) {
                        *to = cell as f64 + if frac >= 0.5 { 1.0 } else { 0.0 };
                    }
                }
            }
        }
    });
    Ok(out)
}

/// Writes the constant where a coordinate is outside.
fn clear_outside<T: Sample, L: Location, const D: usize>(
    at: &View<'_, L, D>,
    axes: &[Axis; D],
    shape: Shape<D>,
    cval: T,
    out: &mut [T],
) {
    for_each_band(out, shape, Layout::Planar, |band| {
        let mut outside = vec![false; shape.size[0]];
        for row in 0..band.rows {
            let index = row_index(band.first_row + row, &shape.size);
            outside.fill(false);
            for k in 0..D {
                let plane = at.plane(band.n, k);
                let start = plane.row(index);
                let last = L::Real::from_f64(axes[k].len() as f64 - 1.0);
                for (x, outside) in outside.iter_mut().enumerate() {
                    let value = plane.data[(start + x as isize * plane.strides[0]) as usize].widen();
                    *outside |= value < L::Real::ZERO || value > last;
                }
            }
            for c in 0..shape.c {
                for (to, outside) in band.row(row, c).0.iter_mut().zip(&outside) {
                    if *outside {
                        *to = cval;
                    }
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_by_hand() {
        // Five pixels: wrap has period 4, mirror 8, reflect 10.
        let fold = |mode: ScipyMode, x: f64| mode.fold(x, 5);
        assert_eq!([-0.5, -4.0, 4.0, 4.5, 9.0].map(|x| fold(ScipyMode::Wrap, x)), [3.5, 4.0, 4.0, 0.5, 1.0]);
        assert_eq!([-0.5, -4.5, 4.5, 5.5, 8.5].map(|x| fold(ScipyMode::Mirror, x)), [0.5, 3.5, 4.5, 2.5, 0.5]);
        assert_eq!([-1.5, -5.5, 4.5, 5.5].map(|x| fold(ScipyMode::Reflect, x)), [0.5, 4.5, 4.5, 3.5]);
        assert_eq!(ScipyMode::Wrap.fold(7.25, 1), 0.0);
    }
}
