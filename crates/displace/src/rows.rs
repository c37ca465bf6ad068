//! Rows become tasks. The only file that knows of threads.
//!
//! A task is a band of whole rows of one sample with all its components; what it writes depends on nothing but its
//! indices, so results do not depend on the number of threads or on the height of a band.

use crate::view::{Layout, Shape};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::convert::Infallible;
use std::sync::OnceLock;

/// Works on every item, in parallel. The first error in order of time is returned, and what is not begun then is left out.
///
/// The threads are rayon's own pool, or the one that the caller is in. But threads do not survive a fork (Python's
/// multiprocessing and torch's data loaders fork), and a forked process would wait for its parent's for ever: it gets a pool
/// of its own.
fn try_each<T: Send, E: Send>(
    items: &mut [T],
    at_least: usize,
    work: impl Fn(&mut T) -> Result<(), E> + Send + Sync,
) -> Result<(), E> {
    /// The process that rayon's own pool belongs to.
    static FIRST: OnceLock<u32> = OnceLock::new();
    /// Pools of forks, of their forks, and so on. What is left of a parent's stays where it is.
    static FORKS: [OnceLock<(u32, Option<ThreadPool>)>; 16] = [const { OnceLock::new() }; 16];
    if items.len() <= at_least {
        return items.iter_mut().try_for_each(work);
    }
    let process = std::process::id();
    let parallel = |items: &mut [T]| items.par_iter_mut().with_min_len(at_least).try_for_each(&work);
    if *FIRST.get_or_init(|| process) == process || rayon::current_thread_index().is_some() {
        return parallel(items);
    }
    let own = || (process, ThreadPoolBuilder::new().build().ok());
    match FORKS.iter().map(|fork| fork.get_or_init(own)).find(|(owner, _)| *owner == process) {
        Some((_, Some(pool))) => pool.install(|| parallel(items)),
        // No threads to be had.
        _ => items.iter_mut().try_for_each(work),
    }
}

/// [`try_each`] for work that cannot fail.
fn each<T: Send>(items: &mut [T], at_least: usize, work: impl Fn(&mut T) + Send + Sync) {
    let Ok(()) = try_each(items, at_least, |item| {
        work(item);
        Ok::<(), Infallible>(())
    });
}

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

    /// One component of all rows of a planar output.
    #[inline]
    pub(crate) fn plane(&mut self, component: usize) -> &mut [T] {
        self.parts[component]
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
    for_each_band_costing(shape.c, out, shape, layout, work);
}

/// [`for_each_band`] where a pixel is as much work as `cost` numbers.
pub(crate) fn for_each_band_costing<T: Send, const D: usize>(
    cost: usize,
    out: &mut [T],
    shape: Shape<D>,
    layout: Layout,
    work: impl Fn(&mut Band<'_, T>) + Send + Sync,
) {
    if out.is_empty() {
        return;
    }
    let width = shape.size[0];
    let height = TASK / width.saturating_mul(cost.max(1));
    each(&mut split(out, shape, layout, width, height), 1, work);
}

/// How many parts of each of `samples` outputs occupy all threads.
pub(crate) fn slabs(samples: usize) -> usize {
    rayon::current_num_threads().div_ceil(samples.max(1))
}

/// Splits a dense planar output along its slowest axis into `slabs` bands a sample and works on them in parallel. A
/// band's row is all that shares an index of that axis. The first error in order of time is returned.
pub(crate) fn for_each_slab<T: Send, E: Send, const D: usize>(
    slabs: usize,
    out: &mut [T],
    shape: Shape<D>,
    work: impl Fn(&mut Band<'_, T>) -> Result<(), E> + Send + Sync,
) -> Result<(), E> {
    if out.is_empty() {
        return Ok(());
    }
    let slowest = shape.size[D - 1];
    try_each(&mut split(out, shape, Layout::Planar, shape.pixels() / slowest, slowest.div_ceil(slabs)), 1, work)
}

/// A dense output that is not empty, cut into bands of `height` rows of `width` pixels.
fn split<T, const D: usize>(out: &mut [T], shape: Shape<D>, layout: Layout, width: usize, height: usize) -> Vec<Band<'_, T>> {
    let rows = shape.pixels() / width;
    let height = height.clamp(1, rows);
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
    bands
}

/// The results of `work` on every row of every sample, in order, whatever the number of threads.
pub(crate) fn map_rows<T: Send>(samples: usize, rows: usize, work: impl Fn(usize, usize) -> T + Sync) -> Vec<T> {
    let mut results: Vec<(usize, Option<T>)> = (0..samples * rows).map(|i| (i, None)).collect();
    each(&mut results, 8, |(i, result)| *result = Some(work(*i / rows, *i % rows)));
    results.into_iter().filter_map(|(_, result)| result).collect()
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
