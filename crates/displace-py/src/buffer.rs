//! Results whose size the core decides, as bytes that NumPy takes over.

use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// The numbers' bytes, in the machine's order.
pub(crate) fn bytes<'py, T: bytemuck::NoUninit>(py: Python<'py>, numbers: &[T]) -> Bound<'py, PyByteArray> {
    PyByteArray::new(py, bytemuck::cast_slice(numbers))
}
