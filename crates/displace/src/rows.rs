//! Rows become tasks. The only file that knows of threads.
//!
//! A task is a band of whole rows of one sample with all its components; what it writes depends on nothing but its
//! indices, so results do not depend on the number of threads or on the height of a band.

use crate::view::{Layout, Shape};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// The number of threads that was asked for; 0 while nobody has.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// How many threads work is shared among from now on; `None` for the default, which is rayon's: the environment's
/// `RAYON_NUM_THREADS`, else one for each processor.
///
/// One thread is the caller's own; more are a pool's, made when first needed. What is called from inside a rayon pool stays in
/// that pool, whatever is asked for here. Results do not depend on it.
///
/// ```
/// use displace::{num_threads, set_num_threads};
/// set_num_threads(std::num::NonZeroUsize::new(2));
/// assert_eq!(num_threads().get(), 2);
/// set_num_threads(None);
/// ```
pub fn set_num_threads(threads: Option<NonZeroUsize>) {
    ASKED.store(threads.map_or(0, NonZeroUsize::get), Ordering::Relaxed);
}

/// How many threads large work is shared among: see [`set_num_threads`].
#[must_use]
pub fn num_threads() -> NonZeroUsize {
    let inside = rayon::current_thread_index().is_some();
    let threads = match (inside, ASKED.load(Ordering::Relaxed)) {
        (true, _) => rayon::current_num_threads(),
        (false, 0) => match Pool::current() {
            Pool::Global => rayon::current_num_threads(),
            Pool::Own(pool) => pool.current_num_threads(),
            Pool::None => 1,
        },
        (false, asked) => asked,
    };
    NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN)
}

/// Threads to share work among.
#[derive(Clone)]
enum Pool {
    /// rayon's own pool, or the one that the caller is in.
    Global,
    Own(Arc<ThreadPool>),
    /// No threads to be had.
    None,
}

impl Pool {
    /// The pool of this process for the number of threads asked for.
    ///
    /// rayon's own cannot be resized, so another number has a pool of its own. Nor do threads survive a fork (Python's
    /// multiprocessing and torch's data loaders fork), and a forked process would wait for its parent's for ever: it gets a
    /// pool of its own as well, behind a lock that no thread of its parent can have held.
    fn current() -> Self {
        struct Process {
            id: u32,
            /// With the number that was asked for.
            pool: RwLock<Option<(usize, Pool)>>,
        }
        /// The process that rayon's own pool belongs to, its fork, the fork's, and so on. What is left of a parent's stays.
        static PROCESSES: [OnceLock<Process>; 17] = [const { OnceLock::new() }; 17];

        if rayon::current_thread_index().is_some() {
            return Self::Global;
        }
        let id = std::process::id();
        let mut generations = PROCESSES.iter().map(|p| p.get_or_init(|| Process { id, pool: RwLock::new(None) })).enumerate();
        let Some((generation, process)) = generations.find(|(_, process)| process.id == id) else { return Self::None };
        let asked = ASKED.load(Ordering::Relaxed);
        if (generation, asked) == (0, 0) {
            return Self::Global;
        }
        let fits =
            |made: &Option<(usize, Self)>| made.as_ref().filter(|(threads, _)| *threads == asked).map(|(_, pool)| pool.clone());
        if let Some(pool) = fits(&process.pool.read().unwrap_or_else(PoisonError::into_inner)) {
            return pool;
        }
        let mut made = process.pool.write().unwrap_or_else(PoisonError::into_inner);
        fits(&made).unwrap_or_else(|| {
            // The old one's threads end when nobody works with it any more.
            *made = None;
            let pool = ThreadPoolBuilder::new().num_threads(asked).build().map_or(Self::None, |pool| Self::Own(Arc::new(pool)));
            made.insert((asked, pool)).1.clone()
        })
    }
}

/// Work on fewer numbers than this is done by the calling thread alone, at once. Waking threads takes 10 to 50 us and a number
/// about 1 to 2 ns or more, so that from about here on two threads are done earlier than one.
pub(crate) const SERIAL: usize = 1 << 15;

/// Whether work on so many numbers is shared among threads.
pub(crate) fn pays(numbers: usize) -> bool {
    numbers >= SERIAL && num_threads().get() > 1
}

/// Works on every item, in parallel if `shared`. The first error in order of time is returned, and what is not begun then is
/// left out.
fn try_each<T: Send, E: Send>(
    items: &mut [T],
    at_least: usize,
    shared: bool,
    work: impl Fn(&mut T) -> Result<(), E> + Send + Sync,
) -> Result<(), E> {
    if !shared || items.len() <= at_least {
        return items.iter_mut().try_for_each(work);
    }
    let parallel = |items: &mut [T]| items.par_iter_mut().with_min_len(at_least).try_for_each(&work);
    match Pool::current() {
        Pool::Global => parallel(items),
        Pool::Own(pool) => pool.install(|| parallel(items)),
        Pool::None => items.iter_mut().try_for_each(work),
    }
}

/// [`try_each`] for work that cannot fail.
fn each<T: Send>(items: &mut [T], at_least: usize, shared: bool, work: impl Fn(&mut T) + Send + Sync) {
    let Ok(()) = try_each(items, at_least, shared, |item| {
        work(item);
        Ok::<(), Infallible>(())
    });
}

/// Works on every item as a task of its own, in parallel if `shared`.
pub(crate) fn each_of<T: Send>(items: &mut [T], shared: bool, work: impl Fn(&mut T) + Send + Sync) {
    each(items, 1, shared, work);
}

/// Changes each number of `to` by the one of `by` at the same place.
pub(crate) fn zip_each<T: Send, B: Copy + Sync>(to: &mut [T], by: &[B], work: impl Fn(&mut T, B) + Send + Sync) {
    let shared = pays(to.len());
    let mut parts: Vec<_> = to.chunks_mut(TASK).zip(by.chunks(TASK)).collect();
    each_of(&mut parts, shared, |(to, by)| to.iter_mut().zip(*by).for_each(|(to, by)| work(to, *by)));
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

impl<'o, T> Band<'o, T> {
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

    /// Each component of the band's `row`-th row of a planar output; none of an interleaved one.
    pub(crate) fn planes(&mut self, row: usize, piece: Range<usize>) -> Vec<&mut [T]> {
        let start = row * self.width;
        let piece = start + piece.start..start + piece.end;
        let planar = self.parts.len() == self.components;
        self.parts.iter_mut().filter(|_| planar).map(|part| &mut part[piece.clone()]).collect()
    }

    /// One component of all rows of a planar output.
    #[inline]
    pub(crate) fn plane(&mut self, component: usize) -> &mut [T] {
        self.parts[component]
    }

    /// What the band holds of every component of a planar output.
    pub(crate) fn all_planes(&mut self) -> &mut [&'o mut [T]] {
        &mut self.parts
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
    let shared = pays((shape.n * shape.pixels()).saturating_mul(cost.max(1)));
    // A task has working room of its own, which a thread alone takes once for each sample.
    let height = if shared { TASK / width.saturating_mul(cost.max(1)) } else { usize::MAX };
    each(&mut split(out, shape, layout, width, height), 1, shared, work);
}

/// How many parts of each of `samples` outputs occupy all threads.
pub(crate) fn slabs(samples: usize) -> usize {
    num_threads().get().div_ceil(samples.max(1))
}

/// Splits a dense planar output along its slowest axis into `slabs` bands a sample and works on them in parallel. A
/// band's row is all that shares an index of that axis. No slabs: one a sample, all on the calling thread, for work that does
/// not pay threads ([`pays`]). The first error in order of time is returned.
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
    let mut bands = split(out, shape, Layout::Planar, shape.pixels() / slowest, slowest.div_ceil(slabs.max(1)));
    try_each(&mut bands, 1, slabs > 0 && num_threads().get() > 1, work)
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

/// The results of `work` on every row of every sample, in order, whatever the number of threads. A row is taken for as much
/// work as 256 numbers.
pub(crate) fn map_rows<T: Send>(samples: usize, rows: usize, work: impl Fn(usize, usize) -> T + Sync) -> Vec<T> {
    map_rows_costing(256, samples, rows, work)
}

/// [`map_rows`] where a row is as much work as `cost` numbers.
pub(crate) fn map_rows_costing<T: Send>(
    cost: usize,
    samples: usize,
    rows: usize,
    work: impl Fn(usize, usize) -> T + Sync,
) -> Vec<T> {
    let shared = pays((samples * rows).saturating_mul(cost));
    let mut results: Vec<(usize, Option<T>)> = (0..samples * rows).map(|i| (i, None)).collect();
    each(&mut results, 8, shared, |(i, result)| *result = Some(work(*i / rows, *i % rows)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::thread::{self, ThreadId};

    /// Tests ask for numbers of threads one at a time.
    static ASKING: Mutex<()> = Mutex::new(());

    /// Runs `work` with two threads asked for, and tells who came by.
    fn visitors(work: impl FnOnce(&(dyn Fn() + Sync))) -> HashSet<ThreadId> {
        let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
        set_num_threads(NonZeroUsize::new(2));
        let seen = Mutex::new(HashSet::new());
        work(&|| {
            seen.lock().expect("unpoisoned").insert(thread::current().id());
        });
        set_num_threads(None);
        seen.into_inner().expect("unpoisoned")
    }

    fn bands(shape: Shape<2>, cost: usize) -> (HashSet<ThreadId>, usize) {
        let mut out = vec![0u8; shape.n * shape.c * shape.pixels()];
        let count = AtomicUsize::new(0);
        let seen = visitors(|visit| {
            for_each_band_costing(cost, &mut out, shape, Layout::Planar, |_| {
                count.fetch_add(1, Ordering::Relaxed);
                visit();
            });
        });
        (seen, count.into_inner())
    }

    #[test]
    fn small_work_stays_on_the_calling_thread() {
        let here = HashSet::from([thread::current().id()]);
        // One number less than SERIAL, in one band although rows are many.
        assert_eq!(bands(Shape { n: 1, c: 1, size: [1, SERIAL - 1] }, 1), (here.clone(), 1));
        assert_eq!(bands(Shape { n: 3, c: 2, size: [8, 8] }, 2), (here.clone(), 3));
        let (seen, count) = bands(Shape { n: 1, c: 1, size: [SERIAL, 2] }, 1);
        assert!(!seen.contains(&thread::current().id()), "pool threads, not the caller");
        assert_eq!(count, 2);
        // The same pixels, each as much work as many numbers.
        assert_eq!(bands(Shape { n: 1, c: 1, size: [SERIAL / 4, 4] }, 4).1, 4);

        let rows = |count, cost| visitors(|visit| drop(map_rows_costing(cost, 1, count, |_, _| visit())));
        assert_eq!(rows(127, 256), here);
        assert!(!rows(128, 256).contains(&thread::current().id()));
        let slabs = |slabs| {
            let mut out = [0u8; 64];
            visitors(|visit| {
                let done = for_each_slab(slabs, &mut out, Shape { n: 4, c: 1, size: [4, 4] }, |_| {
                    visit();
                    Ok::<(), Infallible>(())
                });
                assert_eq!(done, Ok(()));
            })
        };
        assert_eq!(slabs(0), here);
        assert!(!slabs(1).contains(&thread::current().id()));
    }

    #[test]
    fn one_thread_is_the_callers() {
        let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
        set_num_threads(NonZeroUsize::new(1));
        assert_eq!((num_threads().get(), slabs(1)), (1, 1));
        let seen = Mutex::new(HashSet::new());
        let mut out = vec![0u8; 4 * SERIAL];
        for_each_band(&mut out, Shape { n: 1, c: 1, size: [SERIAL, 4] }, Layout::Planar, |_| {
            seen.lock().expect("unpoisoned").insert(thread::current().id());
        });
        set_num_threads(None);
        assert_eq!(seen.into_inner().expect("unpoisoned"), HashSet::from([thread::current().id()]));
    }

    #[test]
    fn the_number_asked_for_is_the_pools() {
        let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
        for threads in [3, 5, 2] {
            set_num_threads(NonZeroUsize::new(threads));
            assert_eq!((num_threads().get(), slabs(1), slabs(4)), (threads, threads, threads.div_ceil(4)));
            let Pool::Own(pool) = Pool::current() else { panic!("a pool of its own") };
            assert_eq!(pool.current_num_threads(), threads);
        }
        set_num_threads(None);
        // Whoever is in a pool stays in it.
        let pool = ThreadPoolBuilder::new().num_threads(4).build().expect("threads");
        set_num_threads(NonZeroUsize::new(2));
        assert_eq!(pool.install(|| num_threads().get()), 4);
        set_num_threads(None);
    }

    #[test]
    fn callers_at_once_may_change_their_minds() {
        let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
        thread::scope(|scope| {
            for caller in 0..6 {
                scope.spawn(move || {
                    for round in 0..20 {
                        set_num_threads(NonZeroUsize::new(1 + (caller + round) % 4));
                        let mut out = vec![0u32; 4 * SERIAL];
                        for_each_band(&mut out, Shape { n: 1, c: 1, size: [SERIAL, 4] }, Layout::Planar, |band| {
                            for row in 0..band.rows {
                                let first = band.first_row + row;
                                band.row(row, 0).0.fill(first as u32);
                            }
                        });
                        assert!(out.iter().enumerate().all(|(i, row)| i / SERIAL == *row as usize));
                    }
                });
            }
        });
        set_num_threads(None);
    }
}
