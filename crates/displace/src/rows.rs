//! Rows become tasks. The only file that knows of threads.
//!
//! A task is a band of whole rows of one sample with all its components; what it writes depends on nothing but its
//! indices, so results do not depend on the number of threads or on the height of a band.

use crate::view::{Layout, Shape};
use rayon::prelude::*;

/// About this many numbers make a task: enough to hide the cost of handing it over, few enough to share evenly.
const TASK: usize = 1 << 15;

/// Consecutive rows of one sample, all components, as disjoint parts of the output.
pub(crate) struct Band<'o, T> {
    pub(crate) n: usize,
    pub(crate) first_row: usize,
    pub(crate) rows: usize,
    width: usize,
    components: usize,
    parts: Vec<&'o mut [T]>,
}

impl<T> Band<'_, T> {
    /// Where to write one component of the band's `row`-th row: a slice and the step between its pixels.
    #[inline]
    pub(crate) fn row(&mut self, row: usize, component: usize) -> (&mut [T], usize) {
        if self.parts.len() == self.components {
            (&mut self.parts[component][row * self.width..][..self.width], 1)
        } else {
            let step = self.components;
            (&mut self.interleaved_row(row)[component..], step)
        }
    }

    /// All components of the band's `row`-th row of an interleaved output.
    #[inline]
    pub(crate) fn interleaved_row(&mut self, row: usize) -> &mut [T] {
        let len = self.width * self.components;
        &mut self.parts[0][row * len..][..len]
    }
}

/// Splits a dense output into bands and works on them, in parallel when there is enough to do.
pub(crate) fn for_each_band<T: Send, const D: usize>(
    out: &mut [T],
    shape: Shape<D>,
    layout: Layout,
    work: impl Fn(&mut Band<'_, T>) + Send + Sync,
) {
    if out.is_empty() {
        return;
    }
    let width = shape.size[0];
    let rows = shape.pixels() / width;
    let height = (TASK / (width * shape.c)).clamp(1, rows);
    let mut bands = Vec::with_capacity(shape.n * rows.div_ceil(height));
    for (n, sample) in out.chunks_exact_mut(shape.pixels() * shape.c).enumerate() {
        let first = bands.len();
        bands.extend((0..rows).step_by(height).map(|first_row| Band {
            n,
            first_row,
            rows: height.min(rows - first_row),
            width,
            components: shape.c,
            parts: Vec::with_capacity(shape.c),
        }));
        let plane_width = match layout {
            Layout::Planar => width,
            Layout::Interleaved => width * shape.c,
        };
        for plane in sample.chunks_exact_mut(rows * plane_width) {
            for (band, part) in bands[first..].iter_mut().zip(plane.chunks_mut(height * plane_width)) {
                band.parts.push(part);
            }
        }
    }
    match bands.as_mut_slice() {
        [one] => work(one),
        bands => bands.par_iter_mut().for_each(&work),
    }
}

/// The results of `work` on every row of every sample, in order, whatever the number of threads.
pub(crate) fn map_rows<T: Send>(samples: usize, rows: usize, work: impl Fn(usize, usize) -> T + Sync) -> Vec<T> {
    (0..samples * rows).into_par_iter().with_min_len(8).map(|i| work(i / rows, i % rows)).collect()
}

/// The indices from y on of a row counted through all slices; entry 0 is left 0.
#[inline]
pub(crate) fn row_index<const D: usize>(mut row: usize, size: &[usize; D]) -> [usize; D] {
    let mut index = [0; D];
    for k in 1..D {
        index[k] = row % size[k];
        row /= size[k];
    }
    index
}
