"""torch tensors: what the package calls for them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch

from . import _arrays
from ._errors import DeviceError, DTypeError, ShapeError
from ._torch_grad import call
from ._torch_ops import IMAGES, OPS, REAL


def _check(tensor: torch.Tensor, what: str, dtypes: Any) -> None:
    if tensor.device.type not in ("cpu", "meta"):
        raise DeviceError(f"{what} lies on {tensor.device}: displace works on the CPU, so move it there first with {what}.cpu()")
    if tensor.layout != torch.strided:
        raise DTypeError(f"{what} has layout {tensor.layout}: expected a dense tensor, {what}.to_dense()")
    if tensor.dtype not in dtypes:
        known = ", ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
        raise DTypeError(f"{what} holds {tensor.dtype}: expected {known}; convert it first, for example with .float()")


def _store(result: torch.Tensor, out: torch.Tensor | None, inputs: Any) -> torch.Tensor:
    """The result, or `out` with it inside, under torch's rules for `out=`."""
    if out is None:
        return result
    if not isinstance(out, torch.Tensor):
        raise DTypeError(f"out is a {type(out).__name__}: expected a torch tensor, as the inputs are")
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (*inputs, out)):
        raise RuntimeError(
            "displace: functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad."
        )
    if out.shape != result.shape or out.dtype != result.dtype:
        raise ShapeError(f"out is {out.dtype} {tuple(out.shape)}: the result is {result.dtype} {tuple(result.shape)}")
    return out.copy_(result)


def _check_together(image: torch.Tensor, what: str, grid: torch.Tensor, where: str) -> None:
    _check(image, what, IMAGES)
    _check(grid, where, REAL)
    if image.device != grid.device:
        raise DeviceError(f"{what} lies on {image.device} and {where} on {grid.device}: move one of them")


def _batched(tensor: torch.Tensor, axes: int) -> torch.Tensor:
    return tensor.unsqueeze(0) if tensor.dim() == axes + 1 else tensor


def default_align_corners() -> bool:
    """Warns when torch.compile traces, which cannot take a warning into its graph; then, as F.grid_sample does, not again."""
    warnings.warn(_arrays.DEFAULT_ALIGN_CORNERS, stacklevel=2)
    return False


# What torch.compiler.assume_constant_result sets; itself it would import the whole compiler, which takes seconds.
default_align_corners._dynamo_marked_constant = True  # type: ignore[attr-defined]


def displacement(grid, axes, size, align_corners, rest, arithmetic, out):
    _check(grid, "grid", REAL)
    result = call("displacement", _batched(grid, axes), size, bool(align_corners), rest, arithmetic)
    return _store(result.reshape(grid.shape), out, (grid,))


def effective_displacement(grid, axes, size, align_corners, rest, mode, padding_mode):
    _check(grid, "grid", REAL)
    batch = _batched(grid.detach(), axes)
    field, coverage = OPS.effective_displacement(batch, size, bool(align_corners), rest, mode, padding_mode)
    return field.reshape(grid.shape), coverage.reshape(grid.shape[:-1])


def grid_from_displacement(field, axes, size, align_corners, rest):
    _check(field, "field", REAL)
    return call("grid_from_displacement", _batched(field, axes), size, bool(align_corners), rest).reshape(field.shape)


def affine_grid(theta, size, align_corners):
    _check(theta, "theta", REAL)
    return call("affine_grid", theta.to(REAL[theta.dtype]), size, align_corners).to(theta.dtype)


def _sampled(image, grid, sampling):
    # torch samples in float32 under autocast; so does this.
    if torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            return _sampled(_wide(image), _wide(grid), sampling)
    return call("sample", image, grid, *sampling)


def _wide(tensor):
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def grid_sample(image, grid, sampling, out):
    _check_together(image, "input", grid, "grid")
    _arrays.check_sample(image.shape, grid.shape)
    return _store(_sampled(image, grid, sampling), out, (image, grid))


def warp(image, field, sampling, planes, batch, channels_last, out):
    _check_together(image, "image", field, "field")
    samples = max(image.shape[0], field.shape[0]) if 0 not in (image.shape[0], field.shape[0]) else 0
    image, field = (tensor.expand(samples, *tensor.shape[1:]) for tensor in (image, field))
    result = _sampled(image, field, sampling)
    # Back to the axes that the caller has.
    if channels_last:
        result = result.movedim(1, -1)
    elif planes == 0:
        result = result.squeeze(1)
    return _store(result if batch else result.squeeze(0), out, (image, field))


def to_numpy(tensor: torch.Tensor, what: str) -> np.ndarray:
    """To look at: bfloat16, which NumPy lacks, as float32."""
    _check(tensor, what, IMAGES)
    if tensor.device.type == "meta":
        raise DeviceError(f"{what} is a meta tensor: it has a shape and no numbers")
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
