//! Every value of the golden outputs with everything known about it.

use super::archive::{Archive, Stored};
use super::cell::Along;
use crate::common::{EXTENTS, Float, Value};
use displace::{Extent, Grid, Interp, Lattice, Locations, Padding, Sampler, Shape, View, sample};

pub(super) const MODES: [(&str, Interp); 3] = [("nearest", Interp::Nearest), ("linear", Interp::Linear), ("cubic", Interp::CUBIC)];
pub(super) const PADDINGS: [(&str, Padding); 3] =
    [("zeros", Padding::Zeros), ("border", Padding::Border), ("reflection", Padding::Reflection)];

/// One golden output: the whole question, torch's answer and ours.
pub(super) struct Output<T, const D: usize> {
    pub(super) key: String,
    pub(super) sampler: Sampler,
    pub(super) extent: Extent,
    pub(super) image: Vec<T>,
    pub(super) image_shape: Shape<D>,
    pub(super) grid: Vec<T>,
    pub(super) grid_shape: Shape<D>,
    pub(super) torchs: Vec<T>,
    pub(super) ours: Vec<T>,
    /// Largest magnitude of a finite pixel.
    pub(super) most: f64,
}

impl<T: Stored + Float + Value, const D: usize> Output<T, D> {
    pub(super) fn lattice(&self) -> Lattice<D> {
        Lattice::from_xy(self.image_shape.size, self.extent).unwrap()
    }

    /// The place that output value `i` reads, axis by axis.
    pub(super) fn cell(&self, i: usize) -> [Along; D] {
        let pixel = i % self.grid_shape.pixels();
        let lattice = self.lattice();
        std::array::from_fn(|k| Along::new(self.grid[pixel * D + k], lattice.axes()[k], D, self.sampler.padding))
    }

    /// Our own result on another image or at absolute pixels.
    pub(super) fn sampled(&self, image: &[T], pixels: Option<&[T]>) -> Vec<T> {
        let image = View::planar(image, self.image_shape).unwrap();
        let locations: Locations<'_, T, D> = match pixels {
            Some(at) => Locations::pixels(View::interleaved(at, self.grid_shape).unwrap(), self.lattice()).unwrap(),
            None => Grid::new(View::interleaved(&self.grid, self.grid_shape).unwrap(), self.lattice()).unwrap().into(),
        };
        sample(&image, &locations, self.sampler).unwrap().into_vec()
    }

    pub(super) fn say(&self, i: usize) -> String {
        format!("{} [{i}]: {:?}, torch {:?}; {:?}", self.key, self.ours[i], self.torchs[i], self.cell(i))
    }
}

/// Calls `judge` with every output whose key starts so; `image_start` may name an image of its own.
pub(super) fn walk<T: Stored + Float + Value, const D: usize>(
    archive: &Archive,
    prefix: &str,
    strange: bool,
    widths: &[usize],
    modes: &[(&str, Interp)],
    mut judge: impl FnMut(&Output<T, D>),
) {
    for (width, extent) in widths.iter().flat_map(|width| EXTENTS.map(|extent| (*width, extent))) {
        let plain = format!("{prefix}{}.w{width}.ac{}", T::NAME, u8::from(extent.align_corners()));
        let start = if strange { format!("nonfinite.{plain}") } else { plain.clone() };
        let (shape, image) = T::read(archive, &format!("{start}.image"));
        let image_shape = shape_of(&shape);
        let (shape, grid) = T::read(archive, &format!("{plain}.grid"));
        assert_eq!(shape.last(), Some(&D));
        let grid_shape: Shape<D> = Shape { n: shape[0], c: D, size: std::array::from_fn(|k| shape[D - k]) };
        assert_eq!(image_shape.size[0], width);
        let most = image.iter().map(|v| v.f64().abs()).filter(|v| v.is_finite()).fold(0.0, f64::max);
        for (mode, interp) in modes {
            for (name, padding) in PADDINGS {
                let key = format!("{start}.{mode}.{name}");
                let (shape, torchs) = T::read(archive, &key);
                let sampler = Sampler::new(*interp, padding);
                let mut output = Output {
                    key,
                    sampler,
                    extent,
                    image: image.clone(),
                    image_shape,
                    grid: grid.clone(),
                    grid_shape,
                    torchs,
                    ours: vec![],
                    most,
                };
                output.ours = output.sampled(&output.image, None);
                assert_eq!(shape_of::<D>(&shape), Shape { n: 1, c: image_shape.c, size: grid_shape.size }, "{}", output.key);
                assert_eq!(output.ours.len(), output.torchs.len());
                judge(&output);
            }
        }
    }
}

/// torch's (N, C, [D,] H, W).
fn shape_of<const D: usize>(shape: &[usize]) -> Shape<D> {
    assert_eq!(shape.len(), D + 2);
    Shape { n: shape[0], c: shape[1], size: std::array::from_fn(|k| shape[D + 1 - k]) }
}

/// Widths of sample2.npz and sample3.npz.
pub(super) const F32_WIDTHS: [usize; 6] = [1, 2, 3, 8, 101, 257];
pub(super) const F64_WIDTHS: [usize; 4] = [1, 3, 8, 101];
/// Values of one output: in 2-D 2 channels of 4 rows of 49, in 3-D one.
pub(super) const VALUES_2D: usize = 2 * 4 * 49;
pub(super) const VALUES_3D: usize = 4 * 49;
