"""The operators `torch.ops.displace.*`: kernels, fake tensors and vmap. Their derivatives are in `_torch_grad`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from . import _core

LIBRARY = torch.library.Library("displace", "DEF")
OPS = torch.ops.displace
# What an operator comes to in the end: its kernel, by name.
KERNELS: dict[str, Callable[..., Any]] = {}
# Kernels that write into a tensor given first, dense in C order or, for sampling, with channels innermost.
INTO: dict[str, Callable[..., Any]] = {}
_SAMPLING = "str mode, str padding_mode, float fill, str coords, bool align_corners, str? rest"
_LATTICE = "SymInt[] size, bool align_corners, str? rest"
REAL = {torch.float16: torch.float32, torch.bfloat16: torch.float32, torch.float32: torch.float32, torch.float64: torch.float64}
IMAGES = (torch.uint8, torch.uint16, torch.int16, *REAL)

# Bytes from which a result is worth large pages: where NumPy thinks so.
_LARGE = 1 << 22

capsule: Callable[[torch.Tensor], Any] = torch.utils.dlpack.to_dlpack  # type: ignore[attr-defined]


def _define(schema: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers the function as the operator's kernel on the CPU."""
    name = schema.partition("(")[0]
    LIBRARY.define(schema, tags=(torch.Tag.pt2_compliant_tag,))

    def register(kernel: Callable[..., Any]) -> Callable[..., Any]:
        LIBRARY.impl(name, kernel, "CPU")
        KERNELS[name] = kernel
        return kernel

    return register


def _new(like: torch.Tensor, shape: Any, dtype: torch.dtype | None = None) -> torch.Tensor:
    """Memory for a result, contiguous whatever `like` is."""
    new = torch.empty(tuple(shape), dtype=dtype or like.dtype, device=like.device)
    # Fake tensors are of another type.
    if type(new) is torch.Tensor and new.nbytes >= _LARGE and new.device.type == "cpu":
        _core.ask_for_large_pages(capsule(new))
    return new


# Sampling


@_define(f"sample(Tensor image, Tensor grid, {_SAMPLING}) -> Tensor")
def _sample(image, grid, *sampling):
    return sample_into(_new_sample(image, grid), image, grid, *sampling)


def _new_sample(image, grid, *sampling):
    return _new(image, (*image.shape[:2], *grid.shape[1:-1]))


def sample_into(out, image, grid, *sampling):
    _core.sample(capsule(image), capsule(grid), capsule(out), sampling)
    return out


INTO["sample"] = sample_into


@_define(f"sample_grad_image(Tensor grad, Tensor grid, SymInt[] size, {_SAMPLING}) -> Tensor")
def _sample_grad_image(grad, grid, size, *sampling):
    out = _new(grad, size)
    # The adjoint reads no image; a view of one number has its shape.
    image = grad.new_zeros(()).expand(size)
    _core.sample_grad(capsule(grad), capsule(image), capsule(grid), capsule(out), None, sampling)
    return out


@_define(f"sample_grad_grid(Tensor grad, Tensor image, Tensor grid, {_SAMPLING}) -> Tensor")
def _sample_grad_grid(grad, image, grid, *sampling):
    out = _new(grid, grid.shape)
    _core.sample_grad(capsule(grad), capsule(image), capsule(grid), None, capsule(out), sampling)
    return out


def sample_grads(grad, image, grid, need_image, need_grid, sampling):
    """Both gradients by one walk; no operator, since the adjoint's sampling must be without a fill value where there is one."""
    to_image = _new(image, image.shape) if need_image else None
    to_grid = _new(grid, grid.shape) if need_grid else None
    wanted = capsule(to_image) if to_image is not None else None, capsule(to_grid) if to_grid is not None else None
    _core.sample_grad(capsule(grad), capsule(image), capsule(grid), *wanted, sampling)
    return to_image, to_grid


@_define(f"sample_push(Tensor tangent, Tensor image, Tensor grid, {_SAMPLING}) -> Tensor")
def _sample_push(tangent, image, grid, *sampling):
    out = _new(image, (*image.shape[:2], *grid.shape[1:-1]))
    # What comes out does not depend on the gradient that the core is also given.
    grad = image.new_zeros(()).expand(out.shape)
    inputs = capsule(tangent), capsule(grad), capsule(image), capsule(grid)
    _core.sample_grad_grad(*inputs, capsule(out), None, None, sampling)
    return out


@_define(
    "sample_grad_grad(Tensor tangent, Tensor grad, Tensor image, Tensor grid, bool need_image, bool need_grid, "
    f"{_SAMPLING}) -> (Tensor, Tensor)"
)
def _sample_grad_grad(tangent, grad, image, grid, need_image, need_grid, *sampling):
    to_image, to_grid = outs = _sample_grad_grad_new(tangent, grad, image, grid, need_image, need_grid)
    inputs = capsule(tangent), capsule(grad), capsule(image), capsule(grid)
    wanted = capsule(to_image) if need_image else None, capsule(to_grid) if need_grid else None
    _core.sample_grad_grad(*inputs, None, *wanted, sampling)
    return outs


def _sample_grad_grad_new(tangent, grad, image, grid, need_image, need_grid, *sampling):
    return _new(image, image.shape if need_image else (0,)), _new(grid, grid.shape if need_grid else (0,))


@_define(f"sample_ewa(Tensor image, Tensor grid, {_SAMPLING}) -> Tensor")
def _sample_ewa(image, grid, *sampling):
    out = _new_sample(image, grid)
    _core.sample_ewa(capsule(image), capsule(grid), capsule(out), sampling)
    return out


@_define(
    f"sample_ewa_grad(Tensor grad, Tensor image, Tensor grid, bool need_image, bool need_grid, {_SAMPLING}) -> (Tensor, Tensor)"
)
def _sample_ewa_grad(grad, image, grid, need_image, need_grid, *sampling):
    to_image, to_grid = outs = _sample_ewa_grad_new(grad, image, grid, need_image, need_grid)
    wanted = capsule(to_image) if need_image else None, capsule(to_grid) if need_grid else None
    _core.sample_ewa_grad(capsule(grad), capsule(image), capsule(grid), *wanted, sampling)
    return outs


def _sample_ewa_grad_new(grad, image, grid, need_image, need_grid, *sampling):
    return _new(image, image.shape if need_image else (0,)), _new(grid, grid.shape if need_grid else (0,))


torch.library.register_fake("displace::sample_ewa", _new_sample, lib=LIBRARY)
torch.library.register_fake("displace::sample_ewa_grad", _sample_ewa_grad_new, lib=LIBRARY)
torch.library.register_fake("displace::sample", _new_sample, lib=LIBRARY)
torch.library.register_fake("displace::sample_grad_image", lambda grad, grid, size, *sampling: _new(grad, size), lib=LIBRARY)
torch.library.register_fake(
    "displace::sample_grad_grid", lambda grad, image, grid, *sampling: _new(grid, grid.shape), lib=LIBRARY
)
torch.library.register_fake(
    "displace::sample_push",
    lambda tangent, image, grid, *sampling: _new(image, (*image.shape[:2], *grid.shape[1:-1])),
    lib=LIBRARY,
)
torch.library.register_fake("displace::sample_grad_grad", _sample_grad_grad_new, lib=LIBRARY)


# Splines


@_define("spline_filter(Tensor image, int order, str mode, bool adjoint) -> Tensor")
def _spline_filter(image, order, mode, adjoint):
    out = _new(image, image.shape)
    _core.spline_filter(capsule(image), capsule(out), order, mode, adjoint)
    return out


torch.library.register_fake("displace::spline_filter", lambda image, *_: _new(image, image.shape), lib=LIBRARY)


# Between grids, fields and theta


@_define(f"displacement(Tensor grid, {_LATTICE}, str arithmetic) -> Tensor")
def _displacement(grid, size, align_corners, rest, arithmetic):
    return displacement_into(_new(grid, grid.shape, REAL[grid.dtype]), grid, size, align_corners, rest, arithmetic)


def displacement_into(out, grid, size, align_corners, rest, arithmetic):
    _core.displacement(capsule(grid), capsule(out), size, align_corners, rest, arithmetic)
    return out


INTO["displacement"] = displacement_into


@_define(f"effective_displacement(Tensor grid, {_LATTICE}, str mode, str padding_mode) -> (Tensor, Tensor)")
def _effective_displacement(grid, size, align_corners, rest, mode, padding_mode):
    field, coverage = _effective_displacement_new(grid)
    outs = capsule(field), capsule(coverage)
    _core.effective_displacement(capsule(grid), *outs, size, align_corners, rest, mode, padding_mode)
    return field, coverage


def _effective_displacement_new(grid, *options):
    real = REAL[grid.dtype]
    return _new(grid, grid.shape, real), _new(grid, grid.shape[:-1], real)


@_define(f"grid_from_displacement(Tensor field, {_LATTICE}) -> Tensor")
def _grid_from_displacement(field, size, align_corners, rest):
    out = _new(field, field.shape, REAL[field.dtype])
    _core.grid_from_displacement(capsule(field), capsule(out), size, align_corners, rest)
    return out


@_define("affine_grid(Tensor theta, SymInt[] size, bool align_corners) -> Tensor")
def _affine_grid(theta, size, align_corners):
    out = _new(theta, (theta.shape[0], *size, len(size)))
    _core.affine_grid(capsule(theta.contiguous()), capsule(out), align_corners)
    return out


@_define("affine_grid_grad(Tensor grad, bool align_corners) -> Tensor")
def _affine_grid_grad(grad, align_corners):
    out = _new(grad, (grad.shape[0], grad.shape[-1], grad.shape[-1] + 1))
    _core.affine_grid_grad(capsule(grad), capsule(out), align_corners)
    return out


torch.library.register_fake(
    "displace::displacement", lambda grid, *options: _new(grid, grid.shape, REAL[grid.dtype]), lib=LIBRARY
)
torch.library.register_fake("displace::effective_displacement", _effective_displacement_new, lib=LIBRARY)
torch.library.register_fake(
    "displace::grid_from_displacement", lambda field, *options: _new(field, field.shape, REAL[field.dtype]), lib=LIBRARY
)
torch.library.register_fake(
    "displace::affine_grid", lambda theta, size, _: _new(theta, (theta.shape[0], *size, len(size))), lib=LIBRARY
)
torch.library.register_fake(
    "displace::affine_grid_grad", lambda grad, _: _new(grad, (grad.shape[0], grad.shape[-1], grad.shape[-1] + 1)), lib=LIBRARY
)


# vmap: the mapped axis becomes part of the batch


def _folded(info, in_dims, args):
    """Every tensor with the mapped axis in its batch; a tensor without it is repeated, by a view if its batch is one."""
    for dim, arg in zip(in_dims, args, strict=True):
        if not isinstance(arg, torch.Tensor):
            yield arg
            continue
        arg = arg.unsqueeze(0).expand(info.batch_size, *arg.shape) if dim is None else arg.movedim(dim, 0)
        yield arg.reshape(info.batch_size * arg.shape[1], *arg.shape[2:])


def _unfolded(info, result):
    return result.reshape(info.batch_size, result.shape[0] // info.batch_size, *result.shape[1:])


def _batches(name: str) -> None:
    operator = getattr(OPS, name)

    def mapped(info, in_dims, *args):
        folded = list(_folded(info, in_dims, args))
        if name == "sample_grad_image":
            size = folded[2]
            folded[2] = [info.batch_size * size[0], *size[1:]]
        results = operator(*folded)
        if isinstance(results, torch.Tensor):
            return _unfolded(info, results), 0
        # What was not needed is empty and has no batch.
        mapped = [result.numel() > 0 or result.dim() > 1 for result in results]
        outs = tuple(_unfolded(info, r) if m else r for r, m in zip(results, mapped, strict=True))
        return outs, tuple(0 if m else None for m in mapped)

    torch.library.register_vmap(f"displace::{name}", mapped, lib=LIBRARY)


for _name in (
    "sample",
    "sample_grad_image",
    "sample_grad_grid",
    "sample_push",
    "sample_grad_grad",
    "displacement",
    "effective_displacement",
    "grid_from_displacement",
    "affine_grid",
    "affine_grid_grad",
):
    _batches(_name)
