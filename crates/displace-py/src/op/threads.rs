//! How many threads share the work.

use pyo3::prelude::*;
use std::num::NonZeroUsize;

/// The number of threads from now on; 0 for the default.
#[pyfunction]
pub(crate) fn set_num_threads(threads: usize) {
    displace::set_num_threads(NonZeroUsize::new(threads));
}

/// The number of threads that share large work.
#[pyfunction]
pub(crate) fn get_num_threads() -> usize {
    displace::num_threads().get()
}
