"""torch tensors: what the package calls for them."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.autograd import forward_ad

from . import _arrays, _core
from ._errors import DeviceError, DTypeError, ShapeError
from ._torch_grad import call, is_eager
from ._torch_ops import IMAGES, INTO, OPS, REAL, capsule


def _check(tensor: torch.Tensor, what: str, dtypes: Any) -> None:
    if tensor.device.type not in ("cpu", "meta"):
        raise DeviceError(f"{what} lies on {tensor.device}: displace works on the CPU, so move it there first with {what}.cpu()")
    if tensor.layout != torch.strided:
        raise DTypeError(f"{what} has layout {tensor.layout}: expected a dense tensor, {what}.to_dense()")
    if tensor.dtype not in dtypes:
        known = ", ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
        raise DTypeError(f"{what} holds {tensor.dtype}: expected {known}; convert it first, for example with .float()")


def _check_out(out: Any, shape: Any, dtype: torch.dtype, inputs: Any) -> None:
    """torch's rules for `out=`."""
    if not isinstance(out, torch.Tensor):
        raise DTypeError(f"out is a {type(out).__name__}: expected a torch tensor, as the inputs are")
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (*inputs, out)):
        raise RuntimeError(
            "displace: functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad."
        )
    if out.shape != shape or out.dtype != dtype:
        raise ShapeError(f"out is {out.dtype} {tuple(out.shape)}: the result is {dtype} {tuple(shape)}")


def _written(name: str, target: torch.Tensor, inputs: tuple[torch.Tensor, ...], *options: Any) -> bool:
    """Whether the operator's result could be written where it belongs: into dense memory apart from the inputs'."""
    if torch.compiler.is_compiling() or not is_eager([target, *inputs]):
        return False
    innermost = name == "sample" and target.movedim(1, -1).is_contiguous()
    if not (target.is_contiguous() or innermost) or _core.overlap(capsule(target), [capsule(tensor) for tensor in inputs]):
        return False
    INTO[name](target, *inputs, *options)
    torch.autograd.graph.increment_version(target)
    return True


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
    batch, options = _batched(grid, axes), (size, bool(align_corners), rest, arithmetic)
    if out is None:
        return call("displacement", batch, *options).reshape(grid.shape)
    _check_out(out, grid.shape, REAL[grid.dtype], (grid,))
    if not _written("displacement", _batched(out, axes), (batch,), *options):
        out.copy_(call("displacement", batch, *options).reshape(grid.shape))
    return out


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


def _sampled(image, grid, sampling, name="sample"):
    # torch samples in float32 under autocast; so does this.
    if torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            return _sampled(_wide(image), _wide(grid), sampling, name)
    return call(name, image, grid, *sampling)


_HALF = {torch.float16, torch.bfloat16}


def _wide(tensor):
    return tensor.float() if tensor.dtype in _HALF else tensor


def _same(tensor):
    return tensor


def _sampled_into(out, target, image, grid, sampling, seen, name="sample"):
    """Sampling into `out`; `target` is a view of it with the operator's axes, `seen` makes the caller's of those."""
    widens = torch.is_autocast_enabled("cpu") and not _HALF.isdisjoint((image.dtype, grid.dtype))
    dtype = torch.float32 if widens and image.dtype in _HALF else image.dtype
    shape = (*image.shape[:2], *grid.shape[1:-1])
    _check_out(out, seen(torch.empty(shape, device="meta")).shape, dtype, (image, grid))
    if widens or name not in INTO or not _written(name, target(out), (image, grid), *sampling):
        out.copy_(seen(_sampled(image, grid, sampling, name)))
    return out


def grid_sample(image, grid, sampling, out, name="sample"):
    _check_together(image, "input", grid, "grid")
    _arrays.check_sample(image.shape, grid.shape)
    if out is None:
        return _sampled(image, grid, sampling, name)
    return _sampled_into(out, _same, image, grid, sampling, _same, name)


def warp(image, field, sampling, planes, batch, channels_last, out, name="sample"):
    _check_together(image, "image", field, "field")
    samples = max(image.shape[0], field.shape[0]) if 0 not in (image.shape[0], field.shape[0]) else 0
    image, field = (tensor.expand(samples, *tensor.shape[1:]) for tensor in (image, field))

    def seen(result):
        """Back to the axes that the caller has."""
        if channels_last:
            result = result.movedim(1, -1)
        elif planes == 0:
            result = result.squeeze(1)
        return result if batch else result.squeeze(0)

    def target(out):
        out = out if batch else out.unsqueeze(0)
        if channels_last:
            return out.movedim(-1, 1)
        return out.unsqueeze(1) if planes == 0 else out

    if out is None:
        return seen(_sampled(image, field, sampling, name))
    return _sampled_into(out, target, image, field, sampling, seen, name)


def splat(values, field, weights, size, sampling, reduce):
    """Sums and coverage by the adjoint of sampling, which autograd knows; inputs have sample and channel axes."""
    _check(values, "input", REAL)
    _check_together(values, "input", field, "field")
    mode, padding_mode, _, coords, align_corners, rest = sampling
    sampling = (mode, padding_mode, 0.0, coords, align_corners, rest)
    samples = max(values.shape[0], field.shape[0], 1 if weights is None else weights.shape[0])
    # Sums and weights of half types keep their digits until the mean is taken.
    own, values = values.dtype, values.to(REAL[values.dtype])
    ones = values.new_ones(()).expand(1, 1, *values.shape[2:]) if weights is None else weights.to(values.dtype)
    weighted = values if weights is None else values * ones

    def pushed(tensor):
        tensor, at = (t.expand(samples, *t.shape[1:]) for t in (tensor, field))
        return call("sample_grad_image", tensor, at, [samples, tensor.shape[1], *size], *sampling)

    total, coverage = pushed(weighted), pushed(ones)
    if reduce == "average":
        covered = coverage != 0
        # Where nothing fell the quotient is neither taken nor differentiated.
        total = torch.where(covered, total / torch.where(covered, coverage, torch.ones_like(coverage)), torch.zeros_like(total))
    return total.to(own), coverage.to(own)


def _read(outer, inner, mode, padding_mode, fill, align_corners):
    """`outer`'s displacements at the places that `inner` leads to, both (N, [D,] H, W, D)."""
    sampling = (mode, padding_mode, fill, "displacement", align_corners, None)
    samples = max(outer.shape[0], inner.shape[0])
    outer, inner = (tensor.expand(samples, *tensor.shape[1:]) for tensor in (outer, inner))
    return call("sample", outer.movedim(-1, 1).contiguous(), inner, *sampling).movedim(1, -1)


def _tensor(given):
    """The tensor that was given, with a sample axis, in the type it is computed in."""
    tensor = given.given if given.batch else given.given.unsqueeze(0)
    return tensor.to(REAL[tensor.dtype])


def compose(outer, inner, mode, padding_mode, fill):
    first, second = _tensor(outer), _tensor(inner)
    result = second + _read(first, second, mode, padding_mode, fill, outer.align_corners)
    return result if outer.batch or inner.batch else result.squeeze(0)


def flow(velocity, squarings, mode):
    half = _tensor(velocity) * 0.5 ** (squarings + 1)
    field = 2 * _read(half, half, mode, "border", 0.0, velocity.align_corners)
    for _ in range(squarings):
        field = _read(field, field, mode, "border", 0.0, velocity.align_corners) + field
    return field if velocity.batch else field.squeeze(0)


def _slope(tensor, dim, scheme):
    """Along an axis, one-sided at its ends."""
    length = tensor.shape[dim]
    if length < 2:
        return torch.zeros_like(tensor)
    steps = tensor.diff(dim=dim)
    first, last = steps.narrow(dim, 0, 1), steps.narrow(dim, length - 2, 1)
    if scheme == "central":
        inner = (tensor.narrow(dim, 2, length - 2) - tensor.narrow(dim, 0, length - 2)) / 2
        return torch.cat([first, inner, last], dim)
    return torch.cat([steps, last] if scheme == "forward" else [first, steps], dim)


def _determinant(m):
    """By the core's own formula, so that gradients change no bit."""
    a = m.unbind(-2)
    (x0, x1, *x2), (y0, y1, *y2) = (row.unbind(-1) for row in a[:2])
    if not x2:
        return x0 * y1 - x1 * y0
    z0, z1, z2 = a[2].unbind(-1)
    return x0 * (y1 * z2 - y2[0] * z1) - x1 * (y0 * z2 - y2[0] * z0) + x2[0] * (y0 * z1 - y1 * z0)


def derived(given, what, spacing, scheme, shape):
    """`_core.jacobian` by torch's own operators, which carry gradients."""
    tensor, axes = _tensor(given), given.axes
    slopes = torch.stack([_slope(tensor, axes - k, scheme) for k in range(axes)], -1)
    ratio = torch.ones(axes, axes, dtype=tensor.dtype)
    if spacing is not None:
        source, destination = (torch.tensor(lengths[::-1], dtype=tensor.dtype) for lengths in spacing)
        ratio = source[:, None] / destination
    if what in ("divergence", "curl"):
        slopes = slopes * ratio
        if what == "divergence":
            result = slopes.diagonal(dim1=-2, dim2=-1).sum(-1)
        elif axes == 2:
            result = slopes[..., 1, 0] - slopes[..., 0, 1]
        else:
            pairs = [((k + 1) % 3, (k + 2) % 3) for k in range(3)]
            result = torch.stack([slopes[..., b, a] - slopes[..., a, b] for a, b in pairs], -1)
    else:
        # What rest places change by: 1 but for "extent" between other sizes.
        own = [1.0] * axes
        if given.rest == "extent":
            ends = 1 if given.align_corners else 0
            lengths = zip(given.size[::-1], given.own[::-1], strict=True)
            own = [(a - ends) / (b - ends) if b > ends else 0.0 for a, b in lengths]
        one = torch.eye(axes, dtype=tensor.dtype)
        matrix = (slopes + torch.diag(torch.tensor(own, dtype=tensor.dtype))) * ratio
        if what == "jacobian":
            result = matrix
        elif what == "determinant":
            result = _determinant(matrix)
        elif what == "small":
            result = (matrix + matrix.mT) / 2 - one
        else:
            # As sums: a product of matrices would be made in half precision under autocast.
            result = ((matrix[..., :, None] * matrix[..., None, :]).sum(-3) - one) / 2
    return result.reshape(shape if given.batch else shape[1:])


def real_dtype(tensor: torch.Tensor, what: str) -> np.dtype[Any]:
    """What a field is computed in."""
    _check(tensor, what, REAL)
    return np.dtype(np.float64 if tensor.dtype == torch.float64 else np.float32)


def watched(tensor: torch.Tensor) -> bool:
    """Whether autograd or a transform has to see what is done with a tensor."""
    if hidden(tensor) or (torch.is_grad_enabled() and tensor.requires_grad):
        return True
    return forward_ad._current_level >= 0 and forward_ad.unpack_dual(tensor).tangent is not None


def hidden(tensor: torch.Tensor) -> bool:
    """Whether the numbers cannot be looked at: while tracing, in torch.func's transforms, of meta tensors."""
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active() or tensor.device.type != "cpu"


def any_to_numpy(tensor: torch.Tensor, what: str) -> np.ndarray:
    """A tensor of any type, as NumPy sees it."""
    _check(tensor, what, (tensor.dtype,))
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def to_numpy(tensor: torch.Tensor, what: str) -> np.ndarray:
    """To look at: bfloat16, which NumPy lacks, as float32."""
    _check(tensor, what, IMAGES)
    if tensor.device.type == "meta":
        raise DeviceError(f"{what} is a meta tensor: it has a shape and no numbers")
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


# Tensors have come. Small ones may now go straight to the core, where none of these has to see the call.
_arrays.traced = torch.compiler.is_dynamo_compiling
_core.use_torch(
    torch.Tensor,
    [
        torch._C._are_functorch_transforms_active,
        torch._C._len_torch_dispatch_stack,
        torch._C._is_torch_function_mode_enabled,
        torch._C._get_tracing_state,
    ],
    torch.autograd.forward_ad,
    torch.is_grad_enabled,
    # Without the default's name, which takes as long to read as the rest of the call; the result is looked at afterwards.
    (torch.empty, partial(torch.empty, dtype=torch.float64)),
)


def map_coordinates(input, coordinates, output, order, mode, cval, prefilter, check):
    """SciPy's modes by what `sample` has: other coordinates, and the constant afterwards."""
    if output is not None:
        raise DTypeError("map_coordinates of tensors takes no output: the result has the input's dtype")
    if not isinstance(coordinates, torch.Tensor):
        raise DTypeError(f"coordinates are a {type(coordinates).__name__}: expected a torch tensor, as the input is")
    _check_together(input, "input", coordinates, "coordinates")
    axes = input.dim()
    check(axes, order, mode, 0)
    if coordinates.dim() < 1 or coordinates.shape[0] != axes:
        raise ShapeError(
            f"coordinates have shape {tuple(coordinates.shape)}: expected ({axes}, ...), one row for each axis of the input"
        )
    if 0 in input.shape:
        raise ShapeError(f"input has shape {tuple(input.shape)}: there is nothing to read")
    if order == 0:
        # Nothing depends on coordinates that are rounded; SciPy's ties are those of the arrays' way.
        from ._map_coordinates import map_coordinates as of_arrays

        return torch.from_numpy(of_arrays(input.detach().numpy(), coordinates.detach().numpy(), None, 0, mode, cval))
    at = coordinates
    lengths = torch.tensor(input.shape, dtype=at.dtype).reshape((axes,) + (1,) * (at.dim() - 1))
    last = lengths - 1
    if mode == "wrap":
        below = torch.trunc(-at / last) + 1
        turned = torch.where(at < 0, at + last * below, torch.where(at > last, at - last * torch.trunc(at / last), at))
        at = torch.where(last > 0, turned, at * 0)
    padding, centers = {
        "reflect": ("reflection", False),
        "grid-mirror": ("reflection", False),
        "nearest": ("border", False),
        "grid-wrap": ("wrap", False),
        "grid-constant": ("constant", False),
    }.get(mode, ("reflection", True))
    interp = "bilinear" if order == 1 else f"bspline{order}" + ("" if prefilter else "-coefficients")
    if prefilter and order > 1 and mode in ("reflect", "grid-mirror"):
        # SciPy's filter differs from the exact one on short lines.
        real = (
            torch.float64 if torch.float64 in (input.dtype, coordinates.dtype) or not input.is_floating_point() else torch.float32
        )
        filtered = call("spline_filter", input.to(real)[None, None], order, mode, False)[0, 0]
        return map_coordinates(filtered, coordinates, None, order, mode, cval, False, check).to(input.dtype)
    shape = at.shape[1:]
    width = shape[-1] if shape else 1
    grid = at.flip(0).movedim(0, -1).reshape((1,) * (axes - 1) + (-1, width, axes)).contiguous()
    fill = float(cval) if mode == "grid-constant" else 0.0
    result = _sampled(input[None, None], grid, (interp, padding, fill, "pixel", centers, None)).reshape(shape)
    if mode == "constant":
        outside = ((coordinates < 0) | (coordinates > last)).any(0)
        result = torch.where(outside, torch.tensor(cval).to(result.dtype), result)
    return result


def spline_filter(input, order, output, mode, check):
    _check(input, "input", IMAGES)
    check(input.dim(), order, mode, 0)
    own = torch.float32 if input.dtype == torch.float32 else torch.float64
    dtype = own if output is None else {np.float64: torch.float64, np.float32: torch.float32}.get(output, output)
    if dtype not in (torch.float32, torch.float64):
        raise DTypeError(f"output is {output}: expected torch.float32 or torch.float64")
    image = input.to(dtype)
    if order < 2 or image.numel() == 0:
        return image.clone()
    return call("spline_filter", image[None, None], order, mode, False)[0, 0]
