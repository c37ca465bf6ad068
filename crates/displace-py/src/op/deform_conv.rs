//! Deformable convolution and its gradients.

use crate::dispatch::with_real;
use crate::error::{Raise, raw_dtype_error};
use crate::options::{check_dtype, check_shape};
use crate::tensor::{Element, Tensor};
use displace::{DeformConv, DeformConvGrads, DeformGeometry, Real, deform_conv2d_grad_into, deform_conv2d_into};
use pyo3::prelude::*;

/// `(stride, padding, dilation)`, each y first.
type Steps = [(usize, usize); 3];

/// `(input, offset, weight, mask, bias)`.
type Operands<'py> =
    (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>);

/// The operands as they came.
struct Arrays {
    input: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Option<Tensor>,
    bias: Option<Tensor>,
}

impl Arrays {
    fn new((input, offset, weight, mask, bias): &Operands<'_>) -> PyResult<Self> {
        let optional = |array: &Option<Bound<'_, PyAny>>, what| array.as_ref().map(|array| Tensor::new(array, what)).transpose();
        let arrays = Self {
            input: Tensor::new(input, "input")?,
            offset: Tensor::new(offset, "offset")?,
            weight: Tensor::new(weight, "weight")?,
            mask: optional(mask, "mask")?,
            bias: optional(bias, "bias")?,
        };
        let dtype = arrays.input.dtype();
        match arrays.named().iter().find(|(_, array)| array.dtype() != dtype) {
            Some((what, array)) => {
                Err(raw_dtype_error(format!("{what} holds {}, input {dtype}: convert one of them", array.dtype())))
            }
            None => Ok(arrays),
        }
    }

    fn named(&self) -> Vec<(&'static str, &Tensor)> {
        let optional = [("mask", &self.mask), ("bias", &self.bias)];
        let optional = optional.into_iter().filter_map(|(what, array)| array.as_ref().map(|array| (what, array)));
        [("input", &self.input), ("offset", &self.offset), ("weight", &self.weight)].into_iter().chain(optional).collect()
    }

    fn conv<T: Real + Element>(&self, steps: Steps) -> PyResult<DeformConv<'_, T>> {
        let [stride, padding, dilation] = steps.map(|(y, x)| [x, y]);
        Ok(DeformConv {
            input: self.input.image("input")?,
            offset: self.offset.image("offset")?,
            weight: self.weight.image("weight")?,
            mask: self.mask.as_ref().map(|mask| mask.image("mask")).transpose()?,
            bias: self.bias.as_ref().map(|bias| bias.contiguous("bias")).transpose()?,
            geometry: DeformGeometry { stride, padding, dilation },
        })
    }
}

/// Writes the convolution into `out`.
#[pyfunction]
pub(crate) fn deform_conv2d(py: Python<'_>, operands: Operands<'_>, out: &Bound<'_, PyAny>, steps: Steps) -> PyResult<()> {
    let arrays = Arrays::new(&operands)?;
    let mut out = Tensor::new(out, "out")?;
    out.apart_from(&arrays.named())?;
    check_dtype(&out, arrays.input.dtype())?;
    with_real!(arrays.input.dtype(), "input", T => {
        let conv = arrays.conv::<T>(steps)?;
        let out = out.output::<T>("out")?;
        py.detach(|| deform_conv2d_into(&conv, out)).raise()
    })
}

/// The shape of the convolution.
#[pyfunction]
pub(crate) fn deform_conv2d_shape(operands: Operands<'_>, steps: Steps) -> PyResult<[usize; 4]> {
    let arrays = Arrays::new(&operands)?;
    with_real!(arrays.input.dtype(), "input", T => {
        let shape = arrays.conv::<T>(steps)?.output_shape().raise()?;
        Ok([shape.n, shape.c, shape.size[1], shape.size[0]])
    })
}

/// Writes the gradients of those operands that have an array in `outs`.
#[pyfunction]
pub(crate) fn deform_conv2d_grad(
    py: Python<'_>,
    grad: &Bound<'_, PyAny>,
    operands: Operands<'_>,
    outs: [Option<Bound<'_, PyAny>>; 5],
    steps: Steps,
) -> PyResult<()> {
    let arrays = Arrays::new(&operands)?;
    let grad = Tensor::new(grad, "grad")?;
    check_dtype(&grad, arrays.input.dtype())?;
    let mut inputs = arrays.named();
    inputs.push(("grad", &grad));
    let likes = [Some(&arrays.input), Some(&arrays.offset), Some(&arrays.weight), arrays.mask.as_ref(), arrays.bias.as_ref()];
    let mut tensors = [None, None, None, None, None];
    for ((to, out), like) in tensors.iter_mut().zip(&outs).zip(likes) {
        if let (Some(out), Some(like)) = (out, like) {
            let out = Tensor::new(out, "out")?;
            out.apart_from(&inputs)?;
            check_shape(&out, like.shape())?;
            check_dtype(&out, like.dtype())?;
            *to = Some(out);
        }
    }
    with_real!(arrays.input.dtype(), "input", T => {
        let conv = arrays.conv::<T>(steps)?;
        let grad = grad.image::<T, 2>("grad")?;
        let [input, offset, weight, mask, bias] = &mut tensors;
        let wanted = DeformConvGrads {
            input: numbers(input)?,
            offset: numbers(offset)?,
            mask: numbers(mask)?,
            weight: numbers(weight)?,
            bias: numbers(bias)?,
        };
        py.detach(|| deform_conv2d_grad_into(&grad, &conv, wanted)).raise()
    })
}

/// The numbers of an output that is wanted.
fn numbers<T: Element>(out: &mut Option<Tensor>) -> PyResult<Option<&mut [T]>> {
    out.as_mut().map(|out| out.output::<T>("out")).transpose()
}
