"""Short ways that the plainest calls take: the same results, and nobody who wants to see a call is passed by."""

import itertools
import timeit

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import displace
from displace import _core
from strategies import bits


def pair(axes=2, image=torch.float32, grid=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    size, to = (5, 6, 7)[:axes], (4, 3, 5)[:axes]
    return (
        torch.rand((2, 3, *size), generator=generator).to(image),
        (torch.rand((2, *to, axes), generator=generator) * 2.4 - 1.2).to(grid),
    )


def short(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False, coords="normalized", rest=None, fill=0.0):
    return _core.sample_small(image, grid, mode, padding_mode, align_corners, coords, rest, fill)


DTYPES = list(itertools.product((torch.float32, torch.float64), repeat=2))


@pytest.mark.parametrize("image_dtype, grid_dtype", DTYPES)
@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection", "wrap", "constant"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_the_short_way_gives_the_same(mode, padding_mode, axes, image_dtype, grid_dtype):
    image, grid = pair(axes, image_dtype, grid_dtype)
    fill = 1.5 if padding_mode == "constant" else 0.0
    for align_corners, coords in itertools.product((False, True), ("normalized", "pixel", "displacement")):
        words = mode, padding_mode, align_corners, coords, "index", fill
        for seen in (image, image.transpose(-1, -2), image.flip(1)[:, ::2]):
            ours = short(seen, grid, *words)
            options = dict(coords=coords, rest="index", fill=fill)
            expected = displace.grid_sample(seen.numpy(), grid.numpy(), mode, padding_mode, align_corners, **options)
            assert type(ours) is torch.Tensor and ours.is_contiguous() and not ours.requires_grad
            assert bits(ours) == bits(expected)


def test_what_the_short_way_leaves_alone():
    image, grid = pair()
    assert short(image, grid) is not None
    for wrong in (
        (image.numpy(), grid.numpy()),
        (image, grid.numpy()),
        (torch.nn.Parameter(image, requires_grad=False), grid),
        (image.half(), grid),
        (image.byte(), grid),
        (image.to("meta"), grid.to("meta")),
        (image.to_sparse(), grid),
        (torch.complex(image, image).conj().imag, grid),
        (torch._efficientzerotensor(image.shape), grid),
        (image, grid[:1]),
        (image, grid[..., :1]),
        (image[:, :, :0], grid),
        (image[0], grid[0]),
        (torch.rand(1, 1, 65, 65), torch.rand(1, 65, 65, 2)),
    ):
        assert short(*wrong) is None
    for words in (
        dict(mode="cubical"),
        dict(padding_mode="none"),
        dict(align_corners=None),
        dict(align_corners=1),
        dict(coords="miles"),
        dict(coords="displacement"),
        dict(rest=3),
        dict(fill="red"),
        dict(fill=1.0, padding_mode="border"),
    ):
        assert short(image, grid, **words) is None
    for leaves in ((image.clone().requires_grad_(), grid), (image, grid.clone().requires_grad_())):
        # All is well with them, but autograd has to know.
        assert short(*leaves) is True
        assert short(*leaves, mode="cubical") is None and short(leaves[0], leaves[1][:1]) is None
        assert displace.grid_sample(*leaves, align_corners=False).requires_grad
        with torch.no_grad():
            assert not short(*leaves).requires_grad


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_who_watches_sees_the_call():
    image, grid = pair()
    names = []

    class Watches(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            names.append(str(func))
            return func(*args, **(kwargs or {}))

    with Watches():
        displace.grid_sample(image, grid, align_corners=False)
    assert "displace.sample.default" in names
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(image, torch.ones_like(image))
        tangent = torch.autograd.forward_ad.unpack_dual(displace.grid_sample(dual, grid, align_corners=False)).tangent
    assert bits(tangent) == bits(displace.grid_sample(torch.ones_like(image), grid, align_corners=False))
    mapped = torch.func.vmap(lambda one: displace.grid_sample(one[None], grid[:1], align_corners=False)[0])(image)
    assert bits(mapped[0]) == bits(displace.grid_sample(image[:1], grid[:1], align_corners=False)[0])
    traced = torch.jit.trace(lambda a, b: displace.grid_sample(a, b, align_corners=False), (image, grid), check_trace=False)
    assert "displace::sample" in str(traced.graph)


def test_results_follow_the_inputs_whatever_the_defaults():
    image, grid = pair()
    expected = bits(displace.grid_sample(image, grid, align_corners=False))
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            assert bits(displace.grid_sample(image, grid, align_corners=False)) == expected
    finally:
        torch.set_default_dtype(torch.float32)

    class Passes(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    with Passes():
        assert bits(displace.grid_sample(image, grid, align_corners=False)) == expected
    with torch.inference_mode():
        result = displace.grid_sample(image, grid, align_corners=False)
    assert result.is_inference() and bits(result.clone()) == expected
    # Nor is the result bound to anything: it can grow.
    assert displace.grid_sample(image, grid, align_corners=False).resize_(10_000).shape == (10_000,)


def test_mistakes_are_named_as_ever():
    image, grid = pair()
    with pytest.raises(displace.ShapeError, match="same batch size"):
        displace.grid_sample(image, grid[:1], align_corners=False)
    with pytest.raises(displace.DisplaceError, match="expected mode to be one of"):
        displace.grid_sample(image, grid, ["bilinear"], align_corners=False)
    with pytest.raises(displace.DTypeError, match="torch tensors beside others"):
        displace.grid_sample(image, grid.numpy(), align_corners=False)
    with pytest.raises(displace.RestError):
        displace.grid_sample(image, grid, align_corners=False, coords="displacement")
    with pytest.warns(UserWarning, match="align_corners=False since 1.3.0"):
        displace.grid_sample(image, grid)


# Gradients


@pytest.mark.parametrize("padding_mode, fill", [("zeros", 0.0), ("reflection", 0.0), ("constant", 2.0)])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("dtype, grid_dtype", [(torch.float16, torch.float32), *DTYPES])
def test_both_gradients_by_one_call_are_those_of_two(mode, padding_mode, fill, dtype, grid_dtype):
    image, grid = (tensor.requires_grad_() for tensor in pair(image=dtype, grid=grid_dtype))
    grad = torch.rand(2, 3, 4, 3).to(dtype)

    def gradients(**options):
        out = displace.grid_sample(image, grid, mode, padding_mode, False, fill=fill)
        return [bits(g) for g in torch.autograd.grad(out, (image, grid), grad, **options)]

    together = gradients()
    assert together == gradients(create_graph=True)
    for one, expected in zip((image, grid), together, strict=True):
        out = displace.grid_sample(image, grid, mode, padding_mode, False, fill=fill)
        assert bits(torch.autograd.grad(out, one, grad)[0]) == expected


@pytest.mark.parametrize("axes", [2, 3])
def test_what_the_short_way_back_leaves_alone(axes):
    image, grid = pair(axes)
    grad = torch.rand(*image.shape[:2], *grid.shape[1:-1])
    sampling = ("bilinear", "zeros", 0.0, "normalized", False, None)

    def back(*tensors, needed=(True, True), sampling=sampling):
        return _core.sample_grads_small(*tensors, needed, sampling)

    both = back(grad, image, grid)
    assert [g.shape for g in both] == [image.shape, grid.shape]
    for needed in ((True, False), (False, True), (False, False)):
        some = back(grad, image, grid, needed=needed)
        assert [g is not None for g in some] == list(needed)
        assert all(bits(g) == bits(b) for g, b in zip(some, both, strict=True) if g is not None)
    for wrong in (
        (grad.numpy(), image, grid),
        (grad.double(), image, grid),
        (grad[:, :2], image, grid),
        (grad, image.half(), grid),
        (grad, image, grid[:1]),
        (grad, image.requires_grad_(), grid),
        (torch._neg_view(grad), image.detach(), grid),
    ):
        assert back(*wrong) is None
    with torch.no_grad():
        assert back(grad, image, grid) is not None
    assert back(grad, image.detach(), grid, sampling=("cubical", *sampling[1:])) is None
    big = torch.rand(1, 1, *(65,) * axes)
    assert back(big, big, torch.rand(1, *(65,) * axes, axes)) is None


def test_many_gradients_at_once():
    image, grid = (tensor.requires_grad_() for tensor in pair())
    out = displace.grid_sample(image, grid, align_corners=False)
    grads = torch.rand(3, *out.shape)
    batched = torch.autograd.grad(out, (image, grid), grads, is_grads_batched=True, retain_graph=True)
    for k in range(3):
        each = torch.autograd.grad(out, (image, grid), grads[k], retain_graph=True)
        assert [bits(b[k]) for b in batched] == [bits(e) for e in each]


# out=


def outs(shape, dtype=torch.float32):
    """Tensors for a result: dense ones, into which it is written, and others."""
    yield torch.empty(shape, dtype=dtype)
    yield torch.empty(shape, dtype=dtype).to(memory_format=torch.channels_last)
    yield torch.empty((*shape[:-1], 2 * shape[-1]), dtype=dtype)[..., ::2]


def test_out_is_written_and_its_version_counted():
    image, grid = pair()
    expected = bits(displace.grid_sample(image, grid, align_corners=False))
    for out in outs((2, 3, 4, 3)):
        memory, version, strides = out.data_ptr(), out._version, out.stride()
        assert displace.grid_sample(image, grid, align_corners=False, out=out) is out
        assert bits(out) == expected and (out.data_ptr(), out.stride()) == (memory, strides)
        assert out._version > version
    # What autograd has kept may not change unseen.
    leaf = torch.ones(2, 3, 4, 3, requires_grad=True)
    out = torch.ones(2, 3, 4, 3)
    product = (leaf * out).sum()
    displace.grid_sample(image, grid, align_corners=False, out=out)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()
    with torch.inference_mode():
        out = torch.empty(2, 3, 4, 3)
        displace.grid_sample(image, grid, align_corners=False, out=out)
    assert bits(out.clone()) == expected


def test_out_that_shares_memory_is_written_at_the_end():
    memory = torch.rand(200)
    grid = torch.rand(1, 5, 5, 2) * 2 - 1
    field = torch.rand(1, 5, 5, 2)
    for start in (0, 3, 24, 25, 100):
        for whole in (memory.clone(), torch.from_numpy(memory.numpy().copy())):
            image, out = whole[:25].view(1, 1, 5, 5), whole[start : start + 25].view(1, 1, 5, 5)
            expected = bits(displace.grid_sample(image, grid, align_corners=False))
            assert bits(displace.grid_sample(image, grid, align_corners=False, out=out)) == expected
    expected = bits(displace.displacement(field, (5, 5)))
    assert bits(displace.displacement(field, (5, 5), out=field)) == expected
    # By other storage of the same memory.
    array = np.random.default_rng(0).random(50, np.float32)
    image, out = (torch.from_numpy(array[k : k + 25]).view(1, 1, 5, 5) for k in (0, 5))
    expected = bits(displace.grid_sample(image, grid, align_corners=False))
    assert bits(displace.grid_sample(image, grid, align_corners=False, out=out)) == expected


def test_out_under_autocast_is_what_the_result_would_be():
    image, grid = pair(image=torch.bfloat16)
    with torch.autocast("cpu"):
        expected = displace.grid_sample(image, grid, align_corners=False)
        out = torch.empty_like(expected)
        assert expected.dtype == torch.float32
        assert bits(displace.grid_sample(image, grid, align_corners=False, out=out)) == bits(expected)
        with pytest.raises(displace.ShapeError, match=r"the result is torch\.float32"):
            displace.grid_sample(image, grid, align_corners=False, out=torch.empty(2, 3, 4, 3, dtype=torch.bfloat16))


# How long


def test_a_small_call_takes_no_more_than_a_few_of_torchs():
    image, grid = torch.rand(1, 1, 8, 8), torch.rand(1, 8, 8, 2)

    def seconds(function):
        return min(timeit.repeat(lambda: function(image, grid, align_corners=False), number=200, repeat=30))

    # Twice is what is measured in quiet; this only notices when the short way is not taken any more (10 times).
    assert min(seconds(displace.grid_sample) / seconds(F.grid_sample) for _ in range(3)) < 5
