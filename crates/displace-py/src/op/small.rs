//! Small torch tensors, read at locations: torch's own `grid_sample` takes 3 us for them, less than checks in Python would.
//!
//! Only the plainest call is taken; every other, and every mistake, is left to the Python half, which says what is wrong.

use crate::options::Sampling;
use crate::tensor::{Element, Exchange, Tensor};
use displace::{DType, Layout, sample_into};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyTuple};

/// Results of more numbers than this are not small: what is saved no longer counts, and other threads want to go on meanwhile.
const SMALL: usize = 1 << 12;

/// What is needed of torch.
struct Torch {
    exchange: Exchange,
    /// Functions that are true while something watches torch's calls.
    watching: Vec<Py<PyAny>>,
    /// The module that knows of forward mode by its `_current_level`.
    forward_ad: Py<PyAny>,
    is_neg: Py<PyAny>,
    is_grad_enabled: Py<PyAny>,
    /// Makes tensors of float32 and float64.
    empty: [Py<PyAny>; 2],
}

static TORCH: PyOnceLock<Torch> = PyOnceLock::new();

/// Makes torch known; without DLPack's C functions no call is taken.
#[pyfunction]
pub(crate) fn use_torch(
    kind: &Bound<'_, PyAny>,
    watching: Vec<Py<PyAny>>,
    forward_ad: Py<PyAny>,
    is_grad_enabled: Py<PyAny>,
    empty: (Py<PyAny>, Py<PyAny>),
) -> PyResult<()> {
    if let Some(exchange) = Exchange::of(kind)? {
        let torch = Torch {
            exchange,
            watching,
            forward_ad,
            is_neg: kind.getattr("is_neg")?.unbind(),
            is_grad_enabled,
            empty: empty.into(),
        };
        // Whoever came first said the same.
        let _ = TORCH.set(kind.py(), torch);
    }
    Ok(())
}

/// `grid_sample` of small torch tensors that nothing watches and no gradient flows from; `None` where Python has to look.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Python's, passed on.
pub(crate) fn sample_small<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    grid: &Bound<'py, PyAny>,
    mode: &Bound<'py, PyAny>,
    padding_mode: &Bound<'py, PyAny>,
    align_corners: &Bound<'py, PyAny>,
    coords: &Bound<'py, PyAny>,
    rest: &Bound<'py, PyAny>,
    fill: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(torch) = TORCH.get(py) else { return Ok(None) };
    let Ok(align_corners) = align_corners.cast::<PyBool>() else { return Ok(None) };
    let (Some(image_tensor), Some(grid_tensor)) = (torch.exchange.view(image), torch.exchange.view(grid)) else { return Ok(None) };
    if torch.watched(py)? || torch.differentiable(image, grid)? {
        return Ok(None);
    }
    let Ok((mode, padding_mode, coords)) = (|| PyResult::Ok((mode.extract()?, padding_mode.extract()?, coords.extract()?)))()
    else {
        return Ok(None);
    };
    let (Ok(rest), Ok(fill)) = (rest.extract(), fill.extract()) else { return Ok(None) };
    let sampling = Sampling::new(mode, padding_mode, fill, coords, align_corners.is_true(), rest);
    match (image_tensor.dtype(), grid_tensor.dtype()) {
        (DType::F32, DType::F32) => torch.sample::<f32, f32>(py, &image_tensor, &grid_tensor, &sampling),
        (DType::F32, DType::F64) => torch.sample::<f32, f64>(py, &image_tensor, &grid_tensor, &sampling),
        (DType::F64, DType::F32) => torch.sample::<f64, f32>(py, &image_tensor, &grid_tensor, &sampling),
        (DType::F64, DType::F64) => torch.sample::<f64, f64>(py, &image_tensor, &grid_tensor, &sampling),
        _ => Ok(None),
    }
}

impl Torch {
    /// Whether torch.func, forward mode, a dispatch mode or a tracer wants to see each call.
    fn watched(&self, py: Python<'_>) -> PyResult<bool> {
        for watching in &self.watching {
            if watching.bind(py).call0()?.is_truthy()? {
                return Ok(true);
            }
        }
        Ok(self.forward_ad.bind(py).getattr(pyo3::intern!(py, "_current_level"))?.extract::<i64>()? >= 0)
    }

    /// Whether gradients flow, or a tensor's numbers are not those in its memory.
    fn differentiable(&self, image: &Bound<'_, PyAny>, grid: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = image.py();
        let mut requires = false;
        for tensor in [image, grid] {
            if self.is_neg.bind(py).call1((tensor,))?.is_truthy()? {
                return Ok(true);
            }
            requires |= tensor.getattr(pyo3::intern!(py, "requires_grad"))?.is_truthy()?;
        }
        Ok(requires && self.is_grad_enabled.bind(py).call0()?.is_truthy()?)
    }

    fn sample<'py, T: Element, L: Element + displace::Location>(
        &self,
        py: Python<'py>,
        image: &Tensor,
        grid: &Tensor,
        sampling: &Sampling,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match image.shape().len() {
            4 => self.sample_axes::<T, L, 2>(py, image, grid, sampling),
            5 => self.sample_axes::<T, L, 3>(py, image, grid, sampling),
            _ => Ok(None),
        }
    }

    fn sample_axes<'py, T: Element, L: Element + displace::Location, const D: usize>(
        &self,
        py: Python<'py>,
        image: &Tensor,
        grid: &Tensor,
        sampling: &Sampling,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let shape = image.shape();
        if grid.shape().len() != D + 2 || grid.shape()[D + 1] != D || grid.shape()[0] != shape[0] || shape[2..].contains(&0) {
            return Ok(None);
        }
        let result = [&shape[..2], &grid.shape()[1..=D]].concat();
        if result.iter().product::<usize>() > SMALL {
            return Ok(None);
        }
        let (Ok(sampler), Ok(image_view)) = (sampling.sampler(), image.image::<T, D>("input")) else { return Ok(None) };
        let Ok(at) = sampling.locations::<L, D>(grid, image_view.shape().size) else { return Ok(None) };
        let empty = self.empty[usize::from(T::DTYPE == DType::F64)].bind(py);
        let out = empty.call1(PyTuple::new(py, &result)?)?;
        let Some(mut tensor) = self.exchange.view(&out) else { return Ok(None) };
        if tensor.dtype() != T::DTYPE || tensor.shape() != result {
            return Ok(None);
        }
        let done = sample_into(&image_view, &at, sampler, Layout::Planar, tensor.output::<T>("out")?).is_ok();
        Ok(done.then_some(out))
    }
}
