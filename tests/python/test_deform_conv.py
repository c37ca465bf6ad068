"""Deformable convolution beside torchvision's and ONNX's, its derivatives, and what is said of its taps."""

import itertools

import numpy as np
import pytest
import torch
import torchvision
from matplotlib.figure import Figure
from onnx.reference.ops.op_deform_conv import DeformConv
from torch.nn import functional

import displace
from displace import DisplaceError, DTypeError, ShapeError

# channels, outputs, groups, offset groups, kernel, stride, padding, dilation
CASES = [
    (4, 6, 1, 1, (3, 3), (1, 1), (1, 1), (1, 1)),
    (6, 4, 2, 3, (3, 3), (1, 1), (1, 1), (1, 1)),
    (6, 9, 3, 2, (2, 3), (2, 1), (0, 2), (1, 2)),
    (8, 8, 8, 8, (1, 3), (1, 2), (2, 0), (3, 1)),
    (40, 17, 1, 2, (1, 1), (1, 1), (0, 0), (1, 1)),
    (36, 20, 1, 1, (3, 2), (3, 2), (1, 3), (2, 2)),
]
BOTH = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)


def operands(case, dtype, samples=2, size=(9, 11), reach=3.0, masked=True, biased=True, seed=0):
    """Random operands: offsets inside, across the borders and far outside."""
    channels, outputs, groups, offsets, kernel, stride, padding, dilation = case
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.randn(*shape, dtype=dtype, generator=generator)

    made = [(size[k] + 2 * padding[k] - dilation[k] * (kernel[k] - 1) - 1) // stride[k] + 1 for k in (0, 1)]
    taps = kernel[0] * kernel[1]
    offset = random(samples, 2 * offsets * taps, *made) * reach
    offset[torch.rand(offset.shape, generator=generator) < 0.02] = 1e6
    return {
        "input": random(samples, channels, *size),
        "offset": offset,
        "weight": random(outputs, channels // groups, *kernel) / (channels // groups * taps) ** 0.5,
        "bias": random(outputs) if biased else None,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "mask": torch.rand(samples, offsets * taps, *made, dtype=dtype, generator=generator) if masked else None,
    }


def close(ours, theirs, dtype):
    """Sums of some hundred terms of about 1, rounded in another order."""
    bound = 2e-5 if dtype == torch.float32 else 4e-14
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    torch.testing.assert_close(ours, theirs, rtol=0, atol=bound * max(1.0, theirs.abs().max().item() if theirs.numel() else 1.0))


@BOTH
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_torchvisions(case, biased, masked, dtype):
    given = operands(case, dtype, masked=masked, biased=biased)
    results = []
    for function in (torchvision.ops.deform_conv2d, displace.deform_conv2d):
        leaves = {what: t.clone().requires_grad_() if isinstance(t, torch.Tensor) else t for what, t in given.items()}
        result = function(**leaves)
        grad = torch.randn(result.shape, dtype=dtype, generator=torch.Generator().manual_seed(5))
        result.backward(grad)
        results.append((result.detach(), {what: t.grad for what, t in leaves.items() if isinstance(t, torch.Tensor)}))
    (theirs, their_grads), (ours, our_grads) = results
    close(ours, theirs, dtype)
    assert set(our_grads) == set(their_grads) and len(our_grads) == 3 + biased + masked
    for what, grad in their_grads.items():
        close(our_grads[what], grad, dtype)


@BOTH
def test_borders_are_torchvisions(dtype):
    """Every place of interest on both axes, also exactly at -1, at the size and at pixels, where slopes are one-sided."""
    height, width = 4, 5
    ys = [-1e9, -1.5, -1, -1 + 2**-20, -0.5, 0, 1, 2.25, height - 1, height - 0.5, height - 2**-20, height, height + 0.5, 1e9]
    xs = [-1e9, -1.5, -1, -1 + 2**-20, -0.5, 0, 1, 3.75, width - 1, width - 0.5, width - 2**-20, width, width + 0.5, 1e9]
    places = torch.tensor(list(itertools.product(ys, xs)), dtype=dtype)
    # One output pixel reads at each place: as many samples as places.
    offset = places[:, :, None, None].repeat(1, 1, height, width)
    offset[:, 0] -= torch.arange(height)[:, None]
    offset[:, 1] -= torch.arange(width)
    image = torch.randn(1, 2, height, width, dtype=dtype).repeat(len(places), 1, 1, 1)
    weight = torch.randn(3, 2, 1, 1, dtype=dtype)
    mask = torch.rand(len(places), 1, height, width, dtype=dtype)
    results = []
    for function in (torchvision.ops.deform_conv2d, displace.deform_conv2d):
        leaves = [t.clone().requires_grad_() for t in (image, offset, weight, mask)]
        result = function(leaves[0], leaves[1], leaves[2], mask=leaves[3])
        results.append([result, *torch.autograd.grad((result * torch.arange(1, 4).view(3, 1, 1)).sum(), leaves)])
    for theirs, ours in zip(*results, strict=True):
        close(ours, theirs, dtype)
    at_minus_one = (places[:, 0] == -1) & (places[:, 1] == 2.25)
    assert not results[1][0][at_minus_one].any()


@pytest.mark.parametrize("case", CASES[:5])
def test_values_are_onnx_s(case):
    _, _, groups, offsets, kernel, stride, padding, dilation = case
    given = operands(case, torch.float64, samples=1, size=(5, 6), reach=1.5)
    arrays = {what: t.numpy() if isinstance(t, torch.Tensor) else t for what, t in given.items()}
    theirs = DeformConv.eval(
        arrays["input"],
        arrays["weight"],
        arrays["offset"],
        arrays["bias"],
        arrays["mask"],
        dilations=dilation,
        group=groups,
        offset_group=offsets,
        kernel_shape=kernel,
        pads=[*padding, *padding],
        strides=stride,
    )
    # ONNX's reference samples in float32, from normalised places.
    np.testing.assert_allclose(displace.deform_conv2d(**arrays), theirs, rtol=0, atol=2e-6)


@pytest.mark.parametrize("case", CASES)
def test_without_offsets_it_is_a_convolution(case):
    given = operands(case, torch.float64, masked=False)
    given["offset"] = torch.zeros_like(given["offset"])
    given.pop("mask")
    offset = given.pop("offset")
    theirs = functional.conv2d(**given, groups=case[2])
    close(displace.deform_conv2d(offset=offset, **given), theirs, torch.float64)


@pytest.mark.parametrize("case", [CASES[0], CASES[2], CASES[3]])
def test_gradients_are_differences(case):
    given = operands(case, torch.float64, samples=1, size=(5, 6), reach=1.0)
    # Away from pixels, where the slope jumps.
    given["offset"] = torch.floor(given["offset"]) + 0.2 + 0.6 * torch.rand_like(given["offset"])
    names = ["input", "offset", "weight", "bias", "mask"]
    others = {what: value for what, value in given.items() if what not in names}

    def function(*tensors):
        return displace.deform_conv2d(**dict(zip(names, tensors, strict=True)), **others)

    assert torch.autograd.gradcheck(function, [given[what].requires_grad_() for what in names])


def test_only_what_is_wanted_has_a_gradient():
    given = operands(CASES[1], torch.float32)
    for what in ("input", "offset", "weight", "bias", "mask"):
        leaves = {name: t.clone() if isinstance(t, torch.Tensor) else t for name, t in given.items()}
        leaves[what].requires_grad_()
        displace.deform_conv2d(**leaves).sum().backward()
        assert [name for name, t in leaves.items() if isinstance(t, torch.Tensor) and t.grad is not None] == [what]


def test_no_second_derivatives():
    given = operands(CASES[0], torch.float32)
    given["input"].requires_grad_()
    (grad,) = torch.autograd.grad(displace.deform_conv2d(**given).square().sum(), given["input"], create_graph=True)
    with pytest.raises(NotImplementedError, match="deform_conv2d has derivatives of the first order only"):
        grad.sum().backward()


@pytest.mark.filterwarnings("ignore:`torch.jit.script")
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated")
@pytest.mark.parametrize("masked", [False, True])
def test_it_compiles_in_one_piece(masked):
    given = operands(CASES[1], torch.float32, masked=masked)
    names = [what for what in ("input", "offset", "weight", "bias", "mask") if given[what] is not None]
    others = {what: value for what, value in given.items() if what not in names}

    def function(*tensors):
        return displace.deform_conv2d(**dict(zip(names, tensors, strict=True)), **others)

    leaves = [given[what].requires_grad_() for what in names]
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)(*leaves)
    eager = function(*leaves)
    assert torch.equal(compiled, eager)
    for a, b in zip(
        torch.autograd.grad(compiled.square().sum(), leaves), torch.autograd.grad(eager.square().sum(), leaves), strict=True
    ):
        assert torch.equal(a, b)


@pytest.mark.filterwarnings("ignore:`torch.jit.script")
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_the_operators_are_what_torch_asks_of_operators():
    given = operands(CASES[1], torch.float64, size=(5, 6))
    arrays = [given[what].requires_grad_() for what in ("input", "offset", "weight", "mask", "bias")]
    torch.library.opcheck(torch.ops.displace.deform_conv2d.default, (*arrays, [1, 1], [1, 1], [1, 1]))


@BOTH
def test_an_empty_batch_is_empty(dtype):
    given = operands(CASES[0], dtype, samples=0)
    given["input"].requires_grad_(), given["weight"].requires_grad_()
    result = displace.deform_conv2d(**given)
    assert result.shape == (0, 6, 9, 11)
    result.sum().backward()
    assert given["input"].grad.shape == (0, 4, 9, 11) and not given["weight"].grad.any()


def test_arrays_of_any_strides_and_numbers():
    given = operands(CASES[1], torch.float32)
    expected = displace.deform_conv2d(**given)
    strided = {
        what: t.movedim(1, -1).contiguous().movedim(-1, 1) if isinstance(t, torch.Tensor) and t.ndim == 4 else t
        for what, t in given.items()
    }
    strided["bias"] = given["bias"].repeat_interleave(2)[::2]
    assert torch.equal(displace.deform_conv2d(**strided), expected)
    arrays = {what: t.numpy() if isinstance(t, torch.Tensor) else t for what, t in strided.items()}
    result = displace.deform_conv2d(**arrays)
    assert isinstance(result, np.ndarray) and np.array_equal(result, expected.numpy())
    halves = {what: t.half() if isinstance(t, torch.Tensor) else t for what, t in given.items()}
    wide = displace.deform_conv2d(**{what: t.float() if isinstance(t, torch.Tensor) else t for what, t in halves.items()})
    assert torch.equal(displace.deform_conv2d(**halves), wide.half())
    halves = {what: t.numpy() if isinstance(t, torch.Tensor) else t for what, t in halves.items()}
    assert np.array_equal(displace.deform_conv2d(**halves), wide.half().numpy())
    with torch.autocast("cpu"):
        assert torch.equal(displace.deform_conv2d(**given), expected)


def test_the_number_of_threads_changes_no_bit():
    given = operands(CASES[1], torch.float32, size=(70, 90), samples=3)
    before, results = displace.get_num_threads(), []
    for threads in (1, 2, 3):
        displace.set_num_threads(threads)
        leaves = [given[what].clone().requires_grad_() for what in ("input", "offset", "weight", "bias", "mask")]
        result = displace.deform_conv2d(*leaves[:4], padding=1, mask=leaves[4])
        results.append([result, *torch.autograd.grad(result.square().sum(), leaves)])
    displace.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_what_is_nowhere_reads_nothing():
    """torchvision turns NaN into an index, which may be any: here it is a rule."""
    image = torch.ones(1, 1, 3, 3, requires_grad=True)
    offset = torch.zeros(1, 2, 3, 3)
    offset[0, 0, 0], offset[0, 1, 1], offset[0, 1, 2] = torch.tensor(
        [[torch.nan, torch.inf, -torch.inf], [torch.nan, torch.inf, -torch.inf], [0, 1, torch.nan]]
    )
    offset.requires_grad_()
    result = displace.deform_conv2d(image, offset, torch.ones(1, 1, 1, 1))
    assert result.tolist() == [[[[0, 0, 0], [0, 0, 0], [1, 1, 0]]]]
    result.sum().backward()
    assert image.grad.sum() == 2 and torch.isfinite(offset.grad).all()


def test_mistakes_are_named():
    given = operands(CASES[0], torch.float32)

    def call(**changes):
        return displace.deform_conv2d(**{**given, **changes})

    with pytest.raises(ShapeError, match=r"offset has shape \[2, 18, 9, 10\]: expected \[2, 18, 9, 11\]"):
        call(offset=given["offset"][..., :-1])
    with pytest.raises(ShapeError, match="offset has 17 channels: expected a multiple of 18, an y and an x for each of 3x3 taps"):
        call(offset=given["offset"][:, :-1])
    with pytest.raises(ShapeError, match=r"mask has shape \[2, 8, 9, 11\]: expected \[2, 9, 9, 11\]"):
        call(mask=given["mask"][:, :-1])
    with pytest.raises(ShapeError, match="bias has 5 numbers: expected 6"):
        call(bias=given["bias"][:-1])
    with pytest.raises(ShapeError, match="channels of weight: 3 does not divide 4 channels of input"):
        call(weight=given["weight"][:, :-1])
    with pytest.raises(ShapeError, match="groups: 4 does not divide 6 output channels of weight"):
        call(weight=given["weight"][:, :1])
    with pytest.raises(
        ShapeError, match=r"a kernel of 3x3 taps with dilation 9x9 does not fit an input of 9x11 pixels with padding 1x1"
    ):
        call(dilation=9)
    with pytest.raises(ShapeError, match=r"stride 0x1 \(height, width\): expected numbers from 1 to"):
        call(stride=(0, 1))
    with pytest.raises(ShapeError, match="padding is -1: expected no negative number"):
        call(padding=-1)
    with pytest.raises(ShapeError, match=r"padding is \(1, 1, 1\): expected a whole number or two"):
        call(padding=(1, 1, 1))
    with pytest.raises(ShapeError, match=r"input has shape \(4, 9, 11\): expected \(N, C, H, W\)"):
        call(input=given["input"][0])
    with pytest.raises(DTypeError, match=r"weight holds torch.float64, input torch.float32: convert one of them"):
        call(weight=given["weight"].double())
    with pytest.raises(DTypeError, match="torch tensors beside others"):
        call(weight=given["weight"].numpy())
    with pytest.raises(ShapeError, match=r"input has shape \[2, 4, 0, 11\]"):
        call(input=given["input"][:, :, :0])


# Where taps read


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("numpy", [False, True])
def test_locations_are_those_of_the_convolution(case, numpy):
    """Reading a ramp tells where a tap reads: by one tap after the other."""
    channels, _, _, offsets, kernel, stride, padding, dilation = case
    given = operands(case, torch.float64, size=(60, 70), reach=0.9)
    given["offset"].clamp_(-5, 5)
    offset = given["offset"].numpy() if numpy else given["offset"]
    steps = {"stride": stride, "padding": padding, "dilation": dilation}
    taps = displace.deform_conv2d_displacement(offset, kernel, **steps)
    assert isinstance(taps.location, np.ndarray if numpy else torch.Tensor)
    location, displacement = torch.as_tensor(taps.location), torch.as_tensor(taps.displacement)
    y, x = torch.meshgrid(torch.arange(60.0, dtype=torch.float64), torch.arange(70.0, dtype=torch.float64), indexing="ij")
    for group, i, j in itertools.product(range(offsets), range(kernel[0]), range(kernel[1])):
        for k, ramp in enumerate((x, y)):
            image = torch.zeros(2, channels, 60, 70, dtype=torch.float64)
            image[:, group * channels // offsets] = ramp
            weight = torch.zeros(1, channels, *kernel, dtype=torch.float64)
            weight[:, :, i, j] = 1
            read = torchvision.ops.deform_conv2d(image, given["offset"], weight, **steps)[:, 0]
            at = location[:, group, i, j]
            inside = ((at >= 0) & (at <= torch.tensor([69.0, 59.0]))).all(-1)
            assert inside.any()
            torch.testing.assert_close(at[..., k][inside], read[inside], rtol=0, atol=1e-11)
            t = i * kernel[1] + j
            channel = 2 * (group * kernel[0] * kernel[1] + t) + 1 - k
            assert torch.equal(displacement[:, group, i, j, ..., k], given["offset"][:, channel])


def dcnv3(offset, kernel, stride, padding, dilation, scale):
    """InternImage's places, loop by loop: channels last, x before y, taps column by column, all ways from the centre scaled."""
    n, height, width, channels = offset.shape
    taps = kernel[0] * kernel[1]
    groups = channels // taps // 2
    places = np.empty((n, groups, *kernel, height, width, 2))
    for sample, oy, ox, group in itertools.product(range(n), range(height), range(width), range(groups)):
        halves = [dilation[k] * (kernel[k] - 1) // 2 for k in (0, 1)]
        centre = [halves[k] - padding[k] + (oy, ox)[k] * stride[k] for k in (0, 1)]
        at = group * taps * 2
        for i, j in itertools.product(range(kernel[1]), range(kernel[0])):
            x, y = offset[sample, oy, ox, at : at + 2]
            places[sample, group, j, i, oy, ox] = (
                centre[1] - halves[1] * scale + (i * dilation[1] + x) * scale,
                centre[0] - halves[0] * scale + (j * dilation[0] + y) * scale,
            )
            at += 2
    return places


@pytest.mark.parametrize("scale", [1.0, 2.0, 0.5])
def test_the_layout_of_internimage(scale):
    rng = np.random.default_rng(3)
    kernel, stride, padding, dilation = (3, 5), (2, 1), (1, 2), (1, 2)
    offset, mask = rng.normal(size=(2, 4, 5, 2 * 3 * 15)), rng.random((2, 4, 5, 3 * 15))
    options = {"layout": "dcnv3", "offset_scale": scale}
    taps = displace.deform_conv2d_displacement(offset, kernel, stride, padding, dilation, mask, **options)
    np.testing.assert_allclose(taps.location, dcnv3(offset, kernel, stride, padding, dilation, scale), atol=1e-12)
    assert taps.mask[1, 2, 1, 3, 2, 4] == mask[1, 2, 4, 2 * 15 + 3 * 3 + 1]
    regular = displace.deform_conv2d_displacement(
        np.zeros_like(offset), kernel, stride, padding, dilation, layout="dcnv3"
    ).location
    np.testing.assert_allclose(taps.displacement, taps.location - regular, atol=1e-12)


def test_other_layouts_are_refused():
    offset = np.zeros((1, 18, 4, 4), np.float32)
    with pytest.raises(DisplaceError, match="expected layout to be one of 'torchvision', 'onnx', 'dcnv3', but got: 'xy'"):
        displace.deform_conv2d_displacement(offset, 3, layout="xy")
    with pytest.raises(DisplaceError, match=r'offset_scale=2\.0 in layout "torchvision"'):
        displace.deform_conv2d_displacement(offset, 3, offset_scale=2.0)
    with pytest.raises(ShapeError, match="with a multiple of 50 channels"):
        displace.deform_conv2d_displacement(offset, 5)
    with pytest.raises(ShapeError, match=r"mask has shape \(1, 8, 4, 4\): expected \(1, 9, 4, 4\)"):
        displace.deform_conv2d_displacement(offset, 3, mask=np.ones((1, 8, 4, 4), np.float32))
    assert np.array_equal(
        displace.deform_conv2d_displacement(offset, 3, layout="onnx").location,
        displace.deform_conv2d_displacement(offset, 3).location,
    )


def regular(size, kernel=3, **options):
    """A layer without offsets, of the size of its input."""
    offset = np.zeros((1, 2 * kernel * kernel, *size))
    reach = options.get("dilation", 1) * (kernel - 1) // 2
    return displace.deform_conv2d_displacement(offset, kernel, padding=reach, input_size=size, **options)


def test_statistics_by_hand():
    offset = np.zeros((1, 18, 5, 5))
    offset[:, 0::2], offset[:, 1::2] = 0.5, -2.0
    mask = np.zeros((1, 9, 5, 5))
    mask[:, 4], mask[:, 5] = 0.75, 0.25
    taps = displace.deform_conv2d_displacement(offset, 3, padding=1, input_size=(5, 5))
    np.testing.assert_allclose(taps.mean(), np.broadcast_to([-2.0, 0.5], (1, 5, 5, 2)), atol=1e-15)
    spread = taps.spread()
    np.testing.assert_allclose(spread.dilation, 1, atol=1e-12)
    np.testing.assert_allclose(spread.covariance[0, 2, 2], [[2 / 3, 0], [0, 2 / 3]], atol=1e-12)
    # Moved by -2 along x and 0.5 along y, of the pixel in the last row and column 1: columns -2, -1, 0 and rows 3.5, 4.5, 5.5; of the
    # column inside, one tap and a half one.
    assert taps.outside()[0, 4, 1] == pytest.approx(1 - 1.5 / 9)
    # The taps that weigh anything are (2, 2) and (3, 2), shares 3/4 and 1/4.
    masked = displace.deform_conv2d_displacement(np.zeros_like(offset), 3, padding=1, mask=mask)
    np.testing.assert_allclose(masked.spread().covariance[0, 2, 2], [[3 / 16, 0], [0, 0]], atol=1e-15)
    offset = np.zeros((1, 18, 5, 5))
    for t in range(9):
        offset[:, 2 * t], offset[:, 2 * t + 1] = t // 3 - 1, t % 3 - 1
    wide = displace.deform_conv2d_displacement(offset, 3, padding=1)
    np.testing.assert_allclose(wide.spread().dilation, 2, atol=1e-12)
    np.testing.assert_allclose(wide.mean(), 0, atol=1e-15)
    with pytest.raises(DisplaceError, match="input_size is not known"):
        wide.outside()


def test_the_receptive_field_is_what_autograd_sees():
    """Kernels of equal weights: the gradient of the chosen pixels is the density, where nothing is outside."""
    torch.manual_seed(0)
    first, second = torch.randn(2, 18, 12, 12, dtype=torch.float64), torch.randn(2, 18, 12, 12, dtype=torch.float64)
    image = torch.zeros(2, 1, 12, 12, dtype=torch.float64, requires_grad=True)
    weight = torch.full((1, 1, 3, 3), 1 / 9, dtype=torch.float64)
    out = displace.deform_conv2d(displace.deform_conv2d(image, first, weight, padding=1), second, weight, padding=1)
    (0.5 * (out[:, 0, 6, 6] + out[:, 0, 3, 8])).sum().backward()
    layers = [displace.deform_conv2d_displacement(o, 3, padding=1, input_size=(12, 12)) for o in (first, second)]
    density, box = displace.deform_receptive_field(layers, [(6, 6), (3, 8)])
    torch.testing.assert_close(density, image.grad[:, 0], rtol=0, atol=1e-14)
    ys, xs = torch.nonzero(density[1], as_tuple=True)
    assert box[1].tolist() == [xs.min(), ys.min(), xs.max(), ys.max()]
    single = layers[1].receptive_field(pixels=[(6, 6)])
    assert single.density.sum(dim=(1, 2)).numpy() == pytest.approx(1 - layers[1].outside()[:, 6, 6].numpy())


def test_receptive_fields_of_regular_layers():
    layer, dilated = regular((15, 15)), regular((15, 15), dilation=2)
    assert displace.deform_receptive_field([layer, dilated]).box.tolist() == [[4, 4, 10, 10]]
    assert displace.deform_receptive_field([layer], [(0, 0)]).density[0, :2, :2].tolist() == [[1 / 9] * 2] * 2
    nothing = displace.deform_conv2d_displacement(np.full((1, 18, 15, 15), np.nan), 3, padding=1, input_size=(15, 15))
    assert displace.deform_receptive_field([nothing]).box.tolist() == [[-1] * 4]
    with pytest.raises(ShapeError, match=r"layer 0 makes \(15, 15\), layer 1 reads \(9, 9\)"):
        displace.deform_receptive_field([layer, regular((9, 9))])
    with pytest.raises(ShapeError, match="of output pixels, of 15 rows of 15"):
        displace.deform_receptive_field([layer], [(15, 0)])
    with pytest.raises(DisplaceError, match="one or more results"):
        displace.deform_receptive_field([])


@BOTH
@pytest.mark.parametrize("coordinates", [2, 4])
def test_attention_samples_where_deformable_detr_does(coordinates, dtype):
    """The paper's formula, and grid_sample on a ramp."""
    torch.manual_seed(1)
    shapes = torch.tensor([[20, 30], [10, 15]])
    points = torch.rand(2, 7, 2, coordinates, dtype=dtype) * 0.4 + 0.3
    offsets = torch.randn(2, 7, 4, 2, 3, 2, dtype=dtype, requires_grad=True)
    places = displace.deform_attention_locations(points, offsets, shapes)
    size = shapes.flip(1).to(dtype)[None, None, None, :, None]
    if coordinates == 2:
        expected = points[:, :, None, :, None] + offsets / size
    else:
        expected = points[:, :, None, :, None, :2] + offsets / 3 * points[:, :, None, :, None, 2:] * 0.5
    close(places.normalized, expected, dtype)
    close(places.displacement, (expected - points[:, :, None, :, None, :2]) * size, dtype)
    for level, (height, width) in enumerate(shapes.tolist()):
        ramps = torch.stack([torch.arange(width).expand(height, width), torch.arange(height)[:, None].expand(height, width)])
        grid = 2 * expected[:, :, :, level].reshape(1, -1, 1, 2) - 1
        read = functional.grid_sample(ramps[None].to(dtype), grid, align_corners=False)[0, :, :, 0].T
        at = places.location[:, :, :, level].reshape(-1, 2)
        inside = ((at >= 0) & (at <= torch.tensor([width - 1, height - 1]))).all(-1)
        torch.testing.assert_close(at[inside], read[inside], rtol=0, atol=1e-4 if dtype == torch.float32 else 1e-12)
    places.location.sum().backward()
    assert offsets.grad.any()
    arrays = displace.deform_attention_locations(points.numpy(), offsets.detach().numpy(), shapes.numpy())
    np.testing.assert_array_equal(arrays.location, places.location.detach().numpy())


def test_mistakes_of_attention_are_named():
    offsets = np.zeros((1, 2, 4, 2, 3, 2), np.float32)
    points = np.zeros((1, 2, 2, 2), np.float32)
    shapes = [(4, 5), (2, 3)]
    with pytest.raises(ShapeError, match=r"reference_points has shape \(1, 2, 2, 3\): expected \(1, 2, 2\) and 2 or 4"):
        displace.deform_attention_locations(np.zeros((1, 2, 2, 3), np.float32), offsets, shapes)
    with pytest.raises(ShapeError, match="sampling_offsets has shape"):
        displace.deform_attention_locations(points, offsets[0], shapes)
    with pytest.raises(ShapeError, match=r"of 2 levels"):
        displace.deform_attention_locations(points, offsets, shapes[:1])


# Pictures


@pytest.mark.parametrize("show", ["taps", "density", "mean"])
def test_what_is_drawn_is_where_taps_read(show):
    rng = np.random.default_rng(0)
    offset, mask = rng.normal(size=(2, 36, 8, 9)), rng.random((2, 18, 8, 9))
    offset[1, 0, 2, 3] = np.nan
    taps = displace.deform_conv2d_displacement(offset, 3, padding=1, mask=mask, input_size=(8, 9))
    ax = Figure().subplots()
    arrows = displace.plot.deform_conv(taps, [(2, 3), (5, 6)], ax, show=show, sample=1, group=0)
    moved = np.stack([arrows.U, arrows.V], -1)
    if show == "mean":
        assert len(moved) == 8 * 9 - 1 and "1 not finite, left out" in ax.get_title()
        np.testing.assert_allclose(arrows.XY[0], [0, 0], atol=1e-12)
    else:
        expected = np.concatenate([taps.displacement[1, 0, :, :, y, x].reshape(-1, 2) for y, x in ((2, 3), (5, 6))])
        np.testing.assert_array_equal(moved, expected[np.isfinite(expected).all(-1)])
        assert "(y, x) = (2, 3), (5, 6)" in ax.get_title()
    with pytest.raises(DisplaceError, match="expected show to be one of 'taps', 'density', 'mean'"):
        displace.plot.deform_conv(taps, show="all")
    with pytest.raises(ShapeError, match="of output pixels, of 8 rows of 9"):
        displace.plot.deform_conv(taps, [(8, 0)], ax)


def attention(dtype=np.float64):
    rng = np.random.default_rng(2)
    shapes = [(8, 12), (4, 6)]
    points, offsets = rng.random((2, 5, 2, 2)).astype(dtype), rng.normal(size=(2, 5, 3, 2, 4, 2)).astype(dtype)
    return displace.deform_attention_locations(points, offsets, shapes), shapes, rng.random((2, 5, 3, 2, 4))


@pytest.mark.parametrize("by", ["query", "head"])
def test_what_is_drawn_is_where_attention_reads(by):
    places, shapes, weights = attention()
    places.location[1, 3, 0, 1, 2] = np.nan
    axes = Figure().subplots(1, 2)
    image = np.random.default_rng(0).random((80, 120))
    drawn = displace.plot.deform_attention(places, [3, 0], shapes, axes, weights=weights, by=by, image=image, sample=1)
    largest = weights[1, [3, 0]][np.isfinite(places.location[1, [3, 0]]).all(-1)].max()
    for level, (ax, arrows) in enumerate(zip(axes, drawn, strict=True)):
        at, moved = places.location[1, [3, 0], :, level].reshape(-1, 2), places.displacement[1, [3, 0], :, level].reshape(-1, 2)
        good = np.isfinite(at).all(-1)
        assert good.sum() == 24 - level
        np.testing.assert_array_equal(np.stack([arrows.U, arrows.V], -1), moved[good])
        np.testing.assert_allclose(arrows.XY + moved[good], at[good], atol=1e-12)
        reference, dots = ax.collections[1:]
        np.testing.assert_allclose(reference.get_offsets(), arrows.XY)
        np.testing.assert_allclose(dots.get_offsets(), at[good])
        # Area goes by weight, on one scale for both levels.
        area = 8 + 70 * weights[1, [3, 0], :, level].ravel()[good] / largest
        np.testing.assert_allclose(dots.get_sizes(), area)
        colours = dots.get_facecolors()
        of = np.broadcast_to(np.arange(2)[:, None, None] if by == "query" else np.arange(3)[:, None], (2, 3, 4)).ravel()[good]
        same = (colours[:, None] == colours).all(-1)
        np.testing.assert_array_equal(same, of[:, None] == of)
        height, width = shapes[level]
        assert ax.images[0].get_extent() == [-0.5, width - 0.5, height - 0.5, -0.5]
        assert ax.get_title().startswith(f"level {level}, {height} x {width}")
    assert "queries 3, 0" in axes[0].get_title() and "1 not finite, left out" in axes[1].get_title()


def test_attention_of_one_head_and_of_tensors():
    places, shapes, weights = attention(np.float32)
    tensors = type(places)(*(torch.from_numpy(array) for array in places))
    draw = displace.plot.deform_attention
    one = draw(places, 2, shapes, Figure().subplots(1, 2), head=1, weights=weights)
    same = draw(tensors, 2, torch.tensor(shapes), Figure().subplots(1, 2), head=1, weights=torch.from_numpy(weights))
    for level in range(2):
        np.testing.assert_array_equal(one[level].U, places.displacement[0, 2, 1, level, :, 0])
        np.testing.assert_array_equal(one[level].U, same[level].U)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"query": 5}, "query is 5: expected one or more of the 5 queries"),
        ({"query": []}, "expected one or more of the 5 queries"),
        ({"by": "level"}, "expected by to be one of 'query', 'head', but got: 'level'"),
        ({"sample": 2}, "sample is 2"),
        ({"head": 3}, "head is 3"),
        ({"weights": np.ones((2, 5, 3, 2))}, r"weights has shape \(2, 5, 3, 2\): expected \(2, 5, 3, 2, 4\)"),
        ({"spatial_shapes": [(8, 12)]}, "of 2 levels"),
        ({"image": [None]}, "1 images: expected one, or one for each of 2 levels"),
        ({"axes": [Figure().subplots()]}, "1 axes: expected one for each of 2 levels"),
    ],
)
def test_mistakes_of_attention_pictures_are_named(changes, message):
    places, shapes, _ = attention()
    arguments = {"query": 0, "spatial_shapes": shapes, "axes": Figure().subplots(1, 2), **changes}
    with pytest.raises(DisplaceError, match=message):
        displace.plot.deform_attention(places, **arguments)
