"""Derivatives of the operators, to the second order, backward and forward.

Sampling is linear in the image, so they close after few operators:

    sample(image, grid)                     value
    sample_grad_image(grad, grid)           its adjoint in the image
    sample_grad_grid(grad, image, grid)     its gradient in the locations
    sample_push(tangent, image, grid)       its derivative in the locations along a tangent, the adjoint of the former in grad
    sample_grad_grad(tangent, grad, ...)    the gradients of <grad, sample_push> in image and locations

Each rule is used twice: registered with the operator, which torch.compile and torch.export see whole, and as an
`autograd.Function`, which torch.func and forward-mode differentiation need.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import torch
from torch._C._functorch import TransformType, get_interpreter_stack
from torch.autograd import forward_ad

from . import _core
from ._torch_ops import KERNELS, LIBRARY, OPS, sample_grads


class _Rule(NamedTuple):
    """`keep(ctx, inputs, output)` saves what is needed, `backward(ctx, grad)` pulls back, `jvp(ctx, *tangents)` pushes forward."""

    keep: Callable[..., None]
    backward: Callable[..., Any]
    jvp: Callable[..., Any]


def call(name: str, *args: Any) -> Any:
    """An operator by name, differentiable in whatever way is going on.

    torch's way to an operator written in Python takes longer than a small image does. So where nothing but autograd is
    watching, the kernel is called as it is.
    """
    if torch.compiler.is_compiling():
        # Within torch.func the compiler traces functions rather than operators.
        inside = torch._C._are_functorch_transforms_active()
        return _TRACED[name].apply(*args) if inside else getattr(OPS, name)(*args)
    tensors = [arg for arg in args if isinstance(arg, torch.Tensor)]
    if is_eager(tensors):
        if not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
            return KERNELS[name](*args)
        if name == "sample":
            return _Sample.apply(*args)
        return _FUNCTIONS[name].apply(*tensors, _Options(args[len(tensors) :]))
    options = args[len(tensors) :]
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        if sum(level.key() == TransformType.Jvp for level in get_interpreter_stack() or ()) > 1:
            # torch gives the inner function's forward rule no outer tangents: the result would silently be 0.
            raise NotImplementedError(
                "displace: forward mode within forward mode; take one of the two derivatives in reverse, with torch.func.jacrev or grad"
            )
        return _FUNCTIONS[name].apply(*tensors, _Options(options))
    return getattr(OPS, name)(*args)


def is_eager(tensors: list[torch.Tensor]) -> bool:
    """Whether torch would do nothing but call autograd and the CPU's kernel: no modes, no wrappers, no views of signs."""
    if torch._C._dispatch_tls_local_include_set().raw_repr() not in _USUAL_MODES:
        return False
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        return False
    return all(torch._C._dispatch_keys(tensor).raw_repr() in _USUAL_KEYS for tensor in tensors)


def _usual(inference: bool) -> tuple[int, int]:
    with torch.inference_mode(inference):
        keys = torch._C._dispatch_keys(torch.empty(0, device="cpu"))
        return torch._C._dispatch_tls_local_include_set().raw_repr(), keys.raw_repr()


# In a thread of their own, which is in no mode whatever the importing one is in.
with ThreadPoolExecutor(1) as _thread:
    _USUAL_MODES, _USUAL_KEYS = (set(usual) for usual in zip(*_thread.map(_usual, (False, True)), strict=True))


class _Options:
    """What follows an operator's tensors, as one thing: torch.func would look into lists for more tensors."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values


def _nothing(count: int) -> tuple[None, ...]:
    return (None,) * count


def _sum(*terms: torch.Tensor | None) -> torch.Tensor | None:
    """The sum of those that are there."""
    present = [term for term in terms if term is not None]
    return sum(present[1:], present[0]) if present else None


def _save(ctx: Any, *tensors: torch.Tensor) -> None:
    ctx.save_for_backward(*tensors)
    ctx.save_for_forward(*tensors)


def _linear(sampling: Any) -> Any:
    """The same sampling as a linear map of the image: a fill value is not part of it."""
    mode, padding_mode, _, *others = sampling
    return mode, padding_mode, 0.0, *others


# sample


def _keep_sample(ctx, inputs, output):
    image, grid, *ctx.sampling = inputs
    _save(ctx, image, grid)


def _sample_backward(ctx, grad):
    image, grid = ctx.saved_tensors
    need_image, need_grid = ctx.needs_input_grad[:2]
    grad_image = call("sample_grad_image", grad, grid, list(image.shape), *_linear(ctx.sampling)) if need_image else None
    grad_grid = call("sample_grad_grid", grad, image, grid, *ctx.sampling) if need_grid else None
    return grad_image, grad_grid, *_nothing(6)


def _sample_jvp(ctx, image_t, grid_t, *_):
    image, grid = ctx.saved_tensors
    along_image = call("sample", image_t, grid, *_linear(ctx.sampling)) if image_t is not None else None
    along_grid = call("sample_push", grid_t, image, grid, *ctx.sampling) if grid_t is not None else None
    return _sum(along_image, along_grid)


# sample_grad_image


def _keep_grad_image(ctx, inputs, output):
    grad, grid, ctx.size, *ctx.sampling = inputs
    _save(ctx, grad, grid)


def _grad_image_backward(ctx, tangent):
    grad, grid = ctx.saved_tensors
    need_grad, need_grid = ctx.needs_input_grad[:2]
    d_grad = call("sample", tangent, grid, *ctx.sampling) if need_grad else None
    d_grid = call("sample_grad_grid", grad, tangent, grid, *ctx.sampling) if need_grid else None
    return d_grad, d_grid, *_nothing(7)


def _grad_image_jvp(ctx, grad_t, grid_t, *_):
    grad, grid = ctx.saved_tensors
    along_grad = call("sample_grad_image", grad_t, grid, ctx.size, *ctx.sampling) if grad_t is not None else None
    along_grid = None
    if grid_t is not None:
        image = grad.new_zeros(()).expand(ctx.size)
        along_grid = call("sample_grad_grad", grid_t, grad, image, grid, True, False, *ctx.sampling)[0]
    return _sum(along_grad, along_grid)


# sample_grad_grid


def _keep_grad_grid(ctx, inputs, output):
    grad, image, grid, *ctx.sampling = inputs
    _save(ctx, grad, image, grid)


def _grad_grid_backward(ctx, tangent):
    grad, image, grid = ctx.saved_tensors
    need_grad, need_image, need_grid = ctx.needs_input_grad[:3]
    d_grad = call("sample_push", tangent, image, grid, *ctx.sampling) if need_grad else None
    return d_grad, *_bent(tangent, grad, image, grid, need_image, need_grid, ctx.sampling), *_nothing(6)


def _bent(tangent, grad, image, grid, need_image, need_grid, sampling):
    """`sample_grad_grad` where it is needed."""
    if not (need_image or need_grid):
        return None, None
    d_image, d_grid = call("sample_grad_grad", tangent, grad, image, grid, need_image, need_grid, *sampling)
    return d_image if need_image else None, d_grid if need_grid else None


def _grad_grid_jvp(ctx, grad_t, image_t, grid_t, *_):
    grad, image, grid = ctx.saved_tensors
    along_grad = call("sample_grad_grid", grad_t, image, grid, *ctx.sampling) if grad_t is not None else None
    along_image = call("sample_grad_grid", grad, image_t, grid, *_linear(ctx.sampling)) if image_t is not None else None
    along_grid = None
    if grid_t is not None:
        # A Hessian is symmetric: pushing forward is pulling back.
        along_grid = call("sample_grad_grad", grid_t, grad, image, grid, False, True, *ctx.sampling)[1]
    return _sum(along_grad, along_image, along_grid)


# sample_push


def _keep_push(ctx, inputs, output):
    tangent, image, grid, *ctx.sampling = inputs
    _save(ctx, tangent, image, grid)


def _push_backward(ctx, grad):
    tangent, image, grid = ctx.saved_tensors
    need_tangent, need_image, need_grid = ctx.needs_input_grad[:3]
    d_tangent = call("sample_grad_grid", grad, image, grid, *ctx.sampling) if need_tangent else None
    return d_tangent, *_bent(tangent, grad, image, grid, need_image, need_grid, ctx.sampling), *_nothing(6)


# sample_grad_grad


def _keep_nothing(ctx, inputs, output):
    pass


def _no_third(ctx, *_):
    raise NotImplementedError("displace: sampling has first and second derivatives; a third was asked for")


# sample_ewa: first derivatives only, with the ellipses held fixed


def _ewa_backward(ctx, grad):
    image, grid = ctx.saved_tensors
    need_image, need_grid = ctx.needs_input_grad[:2]
    d_image, d_grid = call("sample_ewa_grad", grad, image, grid, need_image, need_grid, *ctx.sampling)
    return d_image if need_image else None, d_grid if need_grid else None, *_nothing(6)


def _no_second(ctx, *_):
    raise NotImplementedError(
        "displace: antialiased sampling has first derivatives in reverse mode only; without antialias it has second ones"
    )


# displacement and grid_from_displacement: a factor for each axis


def _keep_lattice(ctx, inputs, output):
    given, size, align_corners, *_ = inputs
    ctx.dtypes = given.dtype, output.dtype
    # How many pixels -1..+1 spans along each axis, x first.
    ctx.spans = [length - int(align_corners) for length in reversed(size)]


def _scaled(tensor: torch.Tensor, factors: Any, dtype: torch.dtype) -> torch.Tensor:
    return torch.stack([tensor[..., k] * factor for k, factor in enumerate(factors)], dim=-1).to(dtype)


def _slopes(spans: Any) -> list[Any]:
    return [span / 2 for span in spans]


def _displacement_backward(ctx, grad):
    return _scaled(grad, _slopes(ctx.spans), ctx.dtypes[0]), *_nothing(4)


def _displacement_jvp(ctx, grid_t, *_):
    return _scaled(grid_t.to(ctx.dtypes[1]), _slopes(ctx.spans), ctx.dtypes[1])


def _inverse(spans: Any) -> list[Any]:
    # On an axis of one pixel between centres every grid value reads pixel 0: nothing depends on the field there.
    return [2 / span if span > 0 else 0.0 for span in spans]


def _grid_from_displacement_backward(ctx, grad):
    return _scaled(grad, _inverse(ctx.spans), ctx.dtypes[0]), *_nothing(3)


def _grid_from_displacement_jvp(ctx, field_t, *_):
    return _scaled(field_t.to(ctx.dtypes[1]), _inverse(ctx.spans), ctx.dtypes[1])


# affine_grid and its adjoint: linear


def _keep_affine(ctx, inputs, output):
    _, ctx.size, ctx.align_corners = inputs


def _affine_grid_backward(ctx, grad):
    return call("affine_grid_grad", grad, ctx.align_corners), None, None


def _affine_grid_jvp(ctx, theta_t, *_):
    return call("affine_grid", theta_t, ctx.size, ctx.align_corners)


def _keep_affine_grad(ctx, inputs, output):
    grad, ctx.align_corners = inputs
    ctx.size = list(grad.shape[1:-1])


def _affine_grid_grad_backward(ctx, tangent):
    return call("affine_grid", tangent, ctx.size, ctx.align_corners), None


def _affine_grid_grad_jvp(ctx, grad_t, *_):
    return call("affine_grid_grad", grad_t, ctx.align_corners)


# spline_filter and its adjoint: linear


def _keep_filter(ctx, inputs, output):
    _, ctx.order, ctx.mode, ctx.adjoint = inputs


def _filter_backward(ctx, grad):
    return call("spline_filter", grad, ctx.order, ctx.mode, not ctx.adjoint), *_nothing(3)


def _filter_jvp(ctx, image_t, *_):
    return call("spline_filter", image_t, ctx.order, ctx.mode, ctx.adjoint)


_RULES = {
    "sample": _Rule(_keep_sample, _sample_backward, _sample_jvp),
    "sample_grad_image": _Rule(_keep_grad_image, _grad_image_backward, _grad_image_jvp),
    "sample_grad_grid": _Rule(_keep_grad_grid, _grad_grid_backward, _grad_grid_jvp),
    "sample_push": _Rule(_keep_push, _push_backward, _no_third),
    "sample_grad_grad": _Rule(_keep_nothing, _no_third, _no_third),
    "sample_ewa": _Rule(_keep_sample, _ewa_backward, _no_second),
    "sample_ewa_grad": _Rule(_keep_nothing, _no_second, _no_second),
    "displacement": _Rule(_keep_lattice, _displacement_backward, _displacement_jvp),
    "grid_from_displacement": _Rule(_keep_lattice, _grid_from_displacement_backward, _grid_from_displacement_jvp),
    "affine_grid": _Rule(_keep_affine, _affine_grid_backward, _affine_grid_jvp),
    "spline_filter": _Rule(_keep_filter, _filter_backward, _filter_jvp),
    "affine_grid_grad": _Rule(_keep_affine_grad, _affine_grid_grad_backward, _affine_grid_grad_jvp),
}


def _function(name: str, rule: _Rule) -> type[torch.autograd.Function]:
    """The rule as torch.func takes it: the operator's tensors, and the rest as one."""
    operator = getattr(OPS, name)

    def forward(*args: Any) -> Any:
        return operator(*args[:-1], *args[-1].values)

    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        rule.keep(ctx, (*inputs[:-1], *inputs[-1].values), output)
        ctx.tensors = len(inputs) - 1

    def backward(ctx: Any, *grads: Any) -> Any:
        return *rule.backward(ctx, *grads)[: ctx.tensors], None

    members = {
        "generate_vmap_rule": True,
        "forward": staticmethod(forward),
        "setup_context": staticmethod(setup_context),
        "backward": staticmethod(backward),
        "jvp": staticmethod(rule.jvp),
    }
    return type(name, (torch.autograd.Function,), members)


def _traced(name: str, rule: _Rule) -> type[torch.autograd.Function]:
    """The rule as torch.compile traces it: plain arguments, and no forward rule, which it would refuse."""
    operator = getattr(OPS, name)

    def forward(*args: Any) -> Any:
        return operator(*args)

    members = {
        "generate_vmap_rule": True,
        "forward": staticmethod(forward),
        "setup_context": staticmethod(rule.keep),
        "backward": staticmethod(rule.backward),
    }
    return type(name, (torch.autograd.Function,), members)


class _Sample(torch.autograd.Function):
    """`sample` where nothing but autograd watches: both gradients by one call, and no second context for torch.func."""

    @staticmethod
    def forward(ctx: Any, image: torch.Tensor, grid: torch.Tensor, *sampling: Any) -> Any:
        ctx.save_for_backward(image, grid)
        ctx.sampling = sampling
        mode, padding_mode, fill, coords, align_corners, rest = sampling
        small = _core.sample_small(image, grid, mode, padding_mode, align_corners, coords, rest, fill)
        return KERNELS["sample"](image, grid, *sampling) if small is None else small

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        image, grid = ctx.saved_tensors
        # Gradients that may have gradients of their own, and sampling whose two halves differ, go by the operators.
        if not torch.is_grad_enabled() and ctx.sampling[2] == 0.0:
            small = _core.sample_grads_small(grad, image, grid, tuple(ctx.needs_input_grad[:2]), ctx.sampling)
            if small is not None:
                return *small, *_nothing(6)
        if torch.is_grad_enabled() or ctx.sampling != tuple(_linear(ctx.sampling)) or not is_eager([grad, image, grid]):
            return _sample_backward(ctx, grad)
        need_image, need_grid = ctx.needs_input_grad[:2]
        return *sample_grads(grad, image, grid, need_image, need_grid, ctx.sampling), *_nothing(6)


def recorded_sample(image: torch.Tensor, grid: torch.Tensor, sampling: tuple[Any, ...]) -> torch.Tensor:
    """Sampling where nothing but autograd watches."""
    result: torch.Tensor = _Sample.apply(image, grid, *sampling)
    return result


for _name, _rule in _RULES.items():
    torch.library.register_autograd(f"displace::{_name}", _rule.backward, setup_context=_rule.keep, lib=LIBRARY)
_FUNCTIONS = {name: _function(name, rule) for name, rule in _RULES.items()}
_TRACED = {name: _traced(name, rule) for name, rule in _RULES.items()}
