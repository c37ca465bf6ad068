//! Small torch tensors, read at locations: torch's own `grid_sample` takes 3 us for them, less than checks in Python would.
//!
//! Only the plainest call is taken; every other, and every mistake, is left to the Python half, which says what is wrong.

use crate::options::Sampling;
use crate::tensor::{Element, Exchange, Tensor};
use displace::{DType, Layout, sample_grad_into, sample_into};
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

/// `grid_sample` of small torch tensors that nothing watches; `True` if all that is left to do is to record it for gradients, and
/// `None` where Python has to look.
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
    if torch.watched(py)? || torch.negated(&[image, grid])? {
        return Ok(None);
    }
    let Ok((mode, padding_mode, coords)) = (|| PyResult::Ok((mode.extract()?, padding_mode.extract()?, coords.extract()?)))()
    else {
        return Ok(None);
    };
    let (Ok(rest), Ok(fill)) = (rest.extract(), fill.extract()) else { return Ok(None) };
    let sampling = Sampling::new(mode, padding_mode, fill, coords, align_corners.is_true(), rest);
    if torch.recorded(&[image, grid])? {
        let floats = [DType::F32, DType::F64];
        let plain = floats.contains(&image_tensor.dtype()) && floats.contains(&grid_tensor.dtype());
        let small = plain && sampling.sampler().is_ok() && result(&image_tensor, &grid_tensor).is_some();
        return Ok(small.then(|| PyBool::new(py, true).to_owned().into_any()));
    }
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

    /// Whether a tensor's numbers are not those in its memory.
    fn negated(&self, tensors: &[&Bound<'_, PyAny>]) -> PyResult<bool> {
        for tensor in tensors {
            if self.is_neg.bind(tensor.py()).call1((tensor,))?.is_truthy()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether gradients flow.
    fn recorded(&self, tensors: &[&Bound<'_, PyAny>]) -> PyResult<bool> {
        for tensor in tensors {
            let py = tensor.py();
            if tensor.getattr(pyo3::intern!(py, "requires_grad"))?.is_truthy()? {
                return self.is_grad_enabled.bind(py).call0()?.is_truthy();
            }
        }
        Ok(false)
    }

    /// Memory for numbers like another tensor's.
    fn new_like<'py>(&self, py: Python<'py>, dtype: DType, shape: &[usize]) -> PyResult<Option<(Bound<'py, PyAny>, Tensor)>> {
        let empty = self.empty[usize::from(dtype == DType::F64)].bind(py);
        let new = empty.call1(PyTuple::new(py, shape)?)?;
        let Some(tensor) = self.exchange.view(&new) else { return Ok(None) };
        Ok((tensor.dtype() == dtype && tensor.shape() == shape).then_some((new, tensor)))
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
        let Some(result) = result(image, grid) else { return Ok(None) };
        let (Ok(sampler), Ok(image_view)) = (sampling.sampler(), image.image::<T, D>("input")) else { return Ok(None) };
        let Ok(at) = sampling.locations::<L, D>(grid, image_view.shape().size) else { return Ok(None) };
        let Some((out, mut tensor)) = self.new_like(py, T::DTYPE, &result)? else { return Ok(None) };
        let done = sample_into(&image_view, &at, sampler, Layout::Planar, tensor.output::<T>("out")?).is_ok();
        Ok(done.then_some(out))
    }
}

/// The shape of the result if image and grid fit and it is small.
fn result(image: &Tensor, grid: &Tensor) -> Option<Vec<usize>> {
    let (image, grid) = (image.shape(), grid.shape());
    let axes = image.len().checked_sub(2).filter(|axes| [2, 3].contains(axes))?;
    if grid.len() != axes + 2 || grid[axes + 1] != axes || grid[0] != image[0] || image[2..].contains(&0) {
        return None;
    }
    let result = [&image[..2], &grid[1..=axes]].concat();
    let small = [image, grid, &result].iter().all(|shape| shape.iter().product::<usize>() <= SMALL);
    small.then_some(result)
}

/// Those of image and grid that are needed.
type Gradients<'py> = (Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>);

/// The gradients of small images and grids that nothing watches; `None` where Python has to look.
#[pyfunction]
pub(crate) fn sample_grads_small<'py>(
    py: Python<'py>,
    grad: &Bound<'py, PyAny>,
    image: &Bound<'py, PyAny>,
    grid: &Bound<'py, PyAny>,
    needed: (bool, bool),
    sampling: Sampling,
) -> PyResult<Option<Gradients<'py>>> {
    let Some(torch) = TORCH.get(py) else { return Ok(None) };
    let view = |tensor| torch.exchange.view(tensor);
    let (Some(grad_tensor), Some(image_tensor), Some(grid_tensor)) = (view(grad), view(image), view(grid)) else {
        return Ok(None);
    };
    let tensors = [grad, image, grid];
    let fits = result(&image_tensor, &grid_tensor).is_some_and(|result| grad_tensor.shape() == result);
    let (of, at) = (image_tensor.dtype(), grid_tensor.dtype());
    if !fits || grad_tensor.dtype() != of || torch.watched(py)? || torch.negated(&tensors)? || torch.recorded(&tensors)? {
        return Ok(None);
    }
    let new = |needed: bool, like: &Tensor| {
        if needed { torch.new_like(py, like.dtype(), like.shape()).map(|new| new.map(Some)) } else { Ok(Some(None)) }
    };
    let given = (&grad_tensor, &image_tensor, &grid_tensor);
    let (Some(mut to_image), Some(mut to_grid)) = (new(needed.0, &image_tensor)?, new(needed.1, &grid_tensor)?) else {
        return Ok(None);
    };
    let outs = (to_image.as_mut().map(|out| &mut out.1), to_grid.as_mut().map(|out| &mut out.1));
    let done = match (of, at) {
        (DType::F32, DType::F32) => gradients::<f32, f32>(given, &sampling, outs)?,
        (DType::F32, DType::F64) => gradients::<f32, f64>(given, &sampling, outs)?,
        (DType::F64, DType::F32) => gradients::<f64, f32>(given, &sampling, outs)?,
        (DType::F64, DType::F64) => gradients::<f64, f64>(given, &sampling, outs)?,
        _ => false,
    };
    Ok(done.then(|| (to_image.map(|out| out.0), to_grid.map(|out| out.0))))
}

/// Where gradients are written, if they are wanted.
type Outs<'o> = (Option<&'o mut Tensor>, Option<&'o mut Tensor>);

fn gradients<T: Element + displace::Real, L: Element + displace::Location>(
    given: (&Tensor, &Tensor, &Tensor),
    sampling: &Sampling,
    outs: Outs<'_>,
) -> PyResult<bool> {
    if given.1.shape().len() == 4 {
        gradients_axes::<T, L, 2>(given, sampling, outs)
    } else {
        gradients_axes::<T, L, 3>(given, sampling, outs)
    }
}

fn gradients_axes<T: Element + displace::Real, L: Element + displace::Location, const D: usize>(
    (grad, image, grid): (&Tensor, &Tensor, &Tensor),
    sampling: &Sampling,
    (to_image, to_grid): Outs<'_>,
) -> PyResult<bool> {
    let (Ok(sampler), Ok(grad), Ok(image)) = (sampling.sampler(), grad.image::<T, D>("grad"), image.image::<T, D>("input")) else {
        return Ok(false);
    };
    let Ok(at) = sampling.locations::<L, D>(grid, image.shape().size) else { return Ok(false) };
    let to_image = to_image.map(|out| out.output::<T>("out")).transpose()?;
    let to_grid = to_grid.map(|out| out.output::<L>("out")).transpose()?;
    Ok(sample_grad_into(&grad, &image, &at, sampler, to_image, to_grid).is_ok())
}
