"""Deformable convolution as torch's operators `torch.ops.displace.deform_conv2d*`, and their derivative."""

from __future__ import annotations

from typing import Any

import torch

from . import _core
from ._deform_conv import check_dimensions
from ._errors import DTypeError
from ._torch import _check
from ._torch_ops import LIBRARY, OPS, REAL, _define, _new, capsule

_OPERANDS = "Tensor input, Tensor offset, Tensor weight, Tensor? mask, Tensor? bias"
_STEPS = "int[] stride, int[] padding, int[] dilation"


def deform_conv2d(arrays, given, steps):
    """`arrays` are all operands by name, `given` those that are there."""
    for what, tensor in given.items():
        _check(tensor, what, REAL)
        if tensor.device != given["input"].device:
            from ._errors import DeviceError

            raise DeviceError(f"input lies on {given['input'].device} and {what} on {tensor.device}: move one of them")
    check_dimensions(given)
    dtype = given["input"].dtype
    # Under autocast torchvision computes in float32, whatever comes in, and gives back what the input is made of.
    autocast = torch.is_autocast_enabled("cpu")
    for what, tensor in given.items():
        if tensor.dtype != dtype and not autocast:
            raise DTypeError(f"{what} holds {tensor.dtype}, input {dtype}: convert one of them")
    real = torch.float32 if autocast else REAL[dtype]
    operands = [None if tensor is None else tensor.to(real) for tensor in arrays.values()]
    return OPS.deform_conv2d(*operands, *(list(step) for step in steps)).to(dtype)


def _capsules(operands: Any) -> Any:
    *others, bias = operands
    tensors = (*others, None if bias is None else bias.contiguous())
    return tuple(None if tensor is None else capsule(tensor) for tensor in tensors)


def _steps(steps: Any) -> Any:
    return tuple(tuple(step) for step in steps)


@_define(f"deform_conv2d({_OPERANDS}, {_STEPS}) -> Tensor")
def _deform_conv2d(input, offset, weight, mask, bias, *steps):
    operands = (input, offset, weight, mask, bias)
    out = _new(input, _core.deform_conv2d_shape(_capsules(operands), _steps(steps)))
    _core.deform_conv2d(_capsules(operands), capsule(out), _steps(steps))
    return out


def _deform_conv2d_new(input, offset, weight, mask, bias, stride, padding, dilation):
    reach = [step * (length - 1) + 1 for step, length in zip(dilation, weight.shape[2:], strict=True)]
    size = [
        (length + 2 * beside - far) // step + 1
        for length, beside, far, step in zip(input.shape[2:], padding, reach, stride, strict=True)
    ]
    return _new(input, (input.shape[0], weight.shape[0], *size))


@_define(f"deform_conv2d_grad(Tensor grad, {_OPERANDS}, bool[] wanted, {_STEPS}) -> (Tensor, Tensor, Tensor, Tensor, Tensor)")
def _deform_conv2d_grad(grad, input, offset, weight, mask, bias, wanted, *steps):
    operands = (input, offset, weight, mask, bias)
    outs = _deform_conv2d_grad_new(grad, *operands, wanted)
    into = [capsule(out) if want else None for out, want in zip(outs, wanted, strict=True)]
    _core.deform_conv2d_grad(capsule(grad), _capsules(operands), into, _steps(steps))
    return outs


def _deform_conv2d_grad_new(grad, input, offset, weight, mask, bias, wanted, *steps):
    """What is not wanted has no numbers."""
    operands = zip((input, offset, weight, mask, bias), wanted, strict=True)
    return tuple(_new(input, like.shape if want else (0,)) for like, want in operands)


torch.library.register_fake("displace::deform_conv2d", _deform_conv2d_new, lib=LIBRARY)
torch.library.register_fake("displace::deform_conv2d_grad", _deform_conv2d_grad_new, lib=LIBRARY)


def _keep(ctx, inputs, output):
    *operands, ctx.stride, ctx.padding, ctx.dilation = inputs
    ctx.save_for_backward(*operands)


def _backward(ctx, grad):
    wanted = list(ctx.needs_input_grad[:5])
    grads = OPS.deform_conv2d_grad(grad, *ctx.saved_tensors, wanted, ctx.stride, ctx.padding, ctx.dilation)
    return *(found if want else None for found, want in zip(grads, wanted, strict=True)), None, None, None


def _no_second(ctx, *grads):
    raise NotImplementedError(
        "displace: deform_conv2d has derivatives of the first order only; leave out create_graph=True, or take second ones by differences"
    )


torch.library.register_autograd("displace::deform_conv2d", _backward, setup_context=_keep, lib=LIBRARY)
torch.library.register_autograd(
    "displace::deform_conv2d_grad", _no_second, setup_context=lambda ctx, inputs, output: None, lib=LIBRARY
)
