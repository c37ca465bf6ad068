"""What torch's sampler does not have: other coordinates, fills, wrapping, integers, out=, anybody's arrays, fields and files."""

import base64
import math
import os
import zlib
from fractions import Fraction

import array_api_strict
import numpy as np
import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st

import displace
from strategies import FLOATS, MODES, PADDINGS, away_from_kinks, bits, cases, pixels, rest_of, sampled, slope

F64 = (torch.float64,)


def close(ours, theirs, tolerance):
    difference = (torch.as_tensor(ours).double() - torch.as_tensor(theirs).double()).abs()
    assert difference.numel() == 0 or difference.max().item() <= tolerance, (difference.max().item(), tolerance)


# Coordinates


@given(case=cases(dtypes=F64, paddings=PADDINGS))
def test_pixel_coordinates(case):
    at = pixels(case.grid, case.size, case.align_corners)
    ours = displace.grid_sample(case.image, at, **case.words, coords="pixel")
    close(ours, sampled(case.image, at, case.mode, case.padding, case.align_corners), 1e-12)
    # Pixels are the same places as the normalised grid, whose locations are rounded in the last place of a double.
    close(ours, displace.grid_sample(case.image, case.grid, **case.words), 1e-12)


@given(case=cases(dtypes=F64, paddings=PADDINGS), rest=st.sampled_from(("index", "extent")))
def test_displacement_coordinates(case, rest):
    at = pixels(case.grid, case.size, case.align_corners)
    field = at - rest_of(case.grid.shape[1:-1], case.size, rest, case.align_corners)
    ours = displace.grid_sample(case.image, field, **case.words, coords="displacement", rest=rest)
    close(ours, displace.grid_sample(case.image, at, **case.words, coords="pixel"), 1e-12)
    warped = displace.warp(case.image, field, case.mode, case.padding, align_corners=case.align_corners, rest=rest)
    assert bits(warped) == bits(ours)


@given(case=cases(paddings=PADDINGS))
def test_a_field_of_zeros_gives_the_very_image(case):
    image = case.image
    for dtype in (torch.float32, torch.float64):
        field = torch.zeros((*image.shape[:1], *case.size, len(case.size)), dtype=dtype)
        assert bits(displace.warp(image, field, case.mode, case.padding)) == bits(image)


def test_whole_pixels_far_away_wrap_exactly():
    image = np.arange(5.0, dtype=np.float32).reshape(1, 1, 1, 5)
    at = np.zeros((1, 1, 7, 2), np.float32)
    at[..., 0] = [-1, 5, 6, -5, 2**23, -(2**23), 2.0**60]
    out = displace.grid_sample(image, at, padding_mode="wrap", align_corners=False, coords="pixel")
    assert out[0, 0, 0].tolist() == [float(int(x) % 5) for x in at[0, 0, :, 0]]


def test_rest_is_asked_for_only_where_it_matters():
    image, field = np.zeros((1, 1, 3, 4), np.float32), np.zeros((1, 3, 5, 2), np.float32)
    for call in (
        lambda: displace.grid_sample(image, field, align_corners=False, coords="displacement"),
        lambda: displace.warp(image, field),
        lambda: displace.displacement(field, (3, 4)),
        lambda: displace.effective_displacement(field, (3, 4)),
        lambda: displace.grid_from_displacement(field, (3, 4)),
        lambda: displace.Field(field, (3, 4)),
        lambda: displace.inspect(field, (3, 4), False, kind="grid"),
        lambda: displace.warp(torch.from_numpy(image), torch.from_numpy(field)),
        lambda: displace.displacement(torch.from_numpy(field), (3, 4)),
    ):
        with pytest.raises(displace.RestError, match=r'"index".*"extent"'):
            call()
    displace.grid_sample(image, field, align_corners=False)
    displace.warp(image, field, rest="index")


# Fill and integers


@given(case=cases(dtypes=F64, paddings=("zeros", "constant")), fill=st.floats(-100, 100))
def test_fill(case, fill):
    at = pixels(case.grid, case.size, case.align_corners)
    expected = sampled(case.image, at, case.mode, case.padding, case.align_corners, fill)
    # The tolerance of values in [-1, 1], times the larger of them.
    close(displace.grid_sample(case.image, case.grid, **case.words, fill=fill), expected, 1e-12 * max(1, abs(fill)))


INTEGERS = (np.uint8, np.uint16, np.int16)


@given(
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from(INTEGERS),
    mode=st.sampled_from(MODES),
    padding=st.sampled_from(PADDINGS),
    align_corners=st.booleans(),
    extreme=st.booleans(),
)
def test_integers_round_once_half_to_even_and_saturate(seed, dtype, mode, padding, align_corners, extreme):
    generator, limits = np.random.default_rng(seed), np.iinfo(dtype)
    image = generator.integers(limits.min, limits.max, (1, 2, 4, 5), dtype, endpoint=True)
    if extreme:
        # Steps from end to end, which cubic overshoots.
        image = np.where(generator.random(image.shape) < 0.5, limits.min, limits.max).astype(dtype)
    # Quarters of pixels: weights are multiples of 1/256 along an axis, so that float64 holds every blend exactly and ties
    # are ties.
    at = generator.integers(-12, 32, (1, 6, 7, 2)) / 4.0
    fill = float(generator.integers(limits.min, limits.max)) if padding == "constant" else 0.0
    expected = sampled(torch.from_numpy(image.astype(np.float64)), torch.from_numpy(at), mode, padding, align_corners, fill)
    expected = np.clip(np.rint(expected.numpy()), limits.min, limits.max).astype(dtype)
    words = dict(mode=mode, padding_mode=padding, align_corners=align_corners, coords="pixel", fill=fill)
    assert bits(displace.grid_sample(image, at, **words)) == bits(expected)
    if mode != "bicubic":
        # Two quarters and 16 bits fit into float32 too.
        assert bits(displace.grid_sample(image, at.astype(np.float32), **words)) == bits(expected)
    assert bits(displace.grid_sample(torch.from_numpy(image), torch.from_numpy(at), **words)) == bits(expected)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_fill_of_integers_is_rounded_and_saturated(dtype):
    image, outside = np.ones((1, 1, 2, 2), dtype), np.full((1, 1, 1, 2), 9.0, np.float32)
    limits = np.iinfo(dtype)
    for fill, expected in ((2.5, 2), (3.5, 4), (1e9, limits.max), (-1e9, limits.min), (math.inf, limits.max)):
        assert displace.grid_sample(image, outside, align_corners=False, fill=fill).item() == expected


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_places_that_are_no_places(mode, axes):
    # CONVENTIONS.md, section 8, where torch differs by dimension and mode.
    image = np.arange(1.0, 3.0**axes + 1, dtype=np.float32).reshape(1, 1, *[3] * axes)
    middle = [1.0] * axes
    first, last = ([end, *middle[1:]] for end in (0.0, 2.0))
    at = np.array([[math.nan, *middle[1:]], [math.inf, *middle[1:]], [-math.inf, *middle[1:]]], np.float32)
    at = at.reshape(1, *[1] * (axes - 1), 3, axes)
    read = {tuple(p): float(image[(0, 0, *(int(i) for i in reversed(p)))]) for p in (first, last)}
    for align_corners in (False, True):
        for padding, expected in {
            "zeros": [math.nan, 0.0, 0.0],
            "constant": [math.nan, 7.0, 7.0],
            "border": [math.nan, read[tuple(last)], read[tuple(first)]],
            "reflection": [math.nan] * 3,
            "wrap": [math.nan] * 3,
        }.items():
            fill = 7.0 if padding == "constant" else 0.0
            words = dict(mode=mode, padding_mode=padding, align_corners=align_corners, coords="pixel", fill=fill)
            out = displace.grid_sample(image, at, **words).ravel()
            np.testing.assert_array_equal(out, np.float32(expected), f"{padding} {align_corners}")
            whole = displace.grid_sample(image.astype(np.uint8), at, **words).ravel()
            np.testing.assert_array_equal(whole, [fill if e != e else e for e in expected])


def test_infinite_pixels_count_only_where_they_have_weight():
    image = np.float32([[[[1, np.inf, 3, 4]]]])
    at = np.float32([[[[0, 0], [0.5, 0], [2, 0], [2.5, 0]]]])
    for mode in ("bilinear", "bicubic"):
        out = displace.grid_sample(image, at, mode, align_corners=False, coords="pixel")[0, 0, 0]
        assert out[0] == 1 and out[2] == 3 and np.isinf(out[1])
    assert displace.grid_sample(image, at, align_corners=False, coords="pixel")[0, 0, 0, 3] == 3.5


# Number types side by side


@given(case=cases(dtypes=F64, paddings=PADDINGS), dtypes=st.tuples(st.sampled_from(FLOATS), st.sampled_from(FLOATS)))
def test_mixed_floats(case, dtypes):
    image, grid = case.image.to(dtypes[0]), case.grid.to(dtypes[1])
    # Converting the grid may have moved a location onto a kink, where "nearest" would hang on the last bit.
    fixed = torch.tensor([slope(n, case.align_corners) == 0 for n in reversed(case.size)])
    assume((away_from_kinks(pixels(grid, case.size, case.align_corners)) | fixed).all())
    ours = displace.grid_sample(image, grid, **case.words)
    assert ours.dtype == image.dtype
    exact = displace.grid_sample(image.double(), grid.double(), **case.words)
    if dtypes[1] == torch.float64:
        # Located and blended in double, then rounded once.
        assert bits(ours) == bits(exact.to(image.dtype))
        return
    # Each fraction of a pixel is rounded to float32, by 2^-25, times a slope below 20; in float32 the blend's up to 24 * 3
    # roundings come on top; and the result is rounded to the image's type, by half a unit of values below 4.
    blend = 0 if dtypes[0] == torch.float64 else 2.0**-24 * 24 * 3
    close(ours, exact, 2.0**-25 * 20 + blend + torch.finfo(image.dtype).eps * 4 / 2)


# out=


def sampling():
    generator = np.random.default_rng(1)
    image = generator.random((2, 3, 5, 6), np.float32)
    return image, (generator.random((2, 4, 7, 2), np.float32) * 2 - 1)


def test_out_receives_and_is_returned():
    image, grid = sampling()
    expected = displace.grid_sample(image, grid, align_corners=False)
    for out in (
        np.empty(expected.shape, np.float32),
        np.empty((2, 4, 7, 3), np.float32).transpose(0, 3, 1, 2),
        np.full((4, 6, 4, 14), np.nan, np.float32)[::2, ::2, :, ::-2],
        np.empty(expected.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(expected.shape),
    ):
        assert displace.grid_sample(image, grid, align_corners=False, out=out) is out
        assert bits(out) == bits(expected)
    tensors = torch.from_numpy(image), torch.from_numpy(grid)
    for out in (torch.empty(expected.shape), torch.empty(2, 4, 7, 3).permute(0, 3, 1, 2)):
        assert displace.grid_sample(*tensors, align_corners=False, out=out) is out
        assert bits(out) == bits(expected)


def test_out_of_other_functions():
    image, grid = sampling()
    expected = displace.displacement(grid, (4, 7))
    for out in (np.empty(grid.shape, np.float32), np.empty(grid.shape[::-1], np.float32).T):
        assert displace.displacement(grid, (4, 7), out=out) is out
        assert bits(out) == bits(expected)
    one = np.empty(grid.shape[1:], np.float32)
    assert displace.displacement(grid[0], (4, 7), out=one) is one and bits(one) == bits(expected[0])
    out = torch.empty(grid.shape)
    assert displace.displacement(torch.from_numpy(grid), (4, 7), out=out) is out and bits(out) == bits(expected)
    field = expected[:, :4, :6]
    for channels_last in (False, True):
        seen = np.moveaxis(image, 1, -1) if channels_last else image
        words = dict(rest="index", channels_last=channels_last)
        warped = displace.warp(seen, field, **words)
        for out in (np.empty(warped.shape, np.float32), np.empty(warped.shape[::-1], np.float32).T):
            assert displace.warp(seen, field, **words, out=out) is out and bits(out) == bits(warped)
        out = torch.empty(warped.shape)
        tensors = torch.from_numpy(seen), torch.from_numpy(field)
        assert displace.warp(*tensors, **words, out=out) is out and bits(out) == bits(warped)


def test_out_that_does_not_fit():
    image, grid = sampling()
    shape = (2, 3, 4, 7)
    read_only = np.empty(shape, np.float32)
    read_only.flags.writeable = False
    for out in (
        np.empty((2, 3, 7, 4), np.float32),
        np.empty((1, *shape), np.float32),
        np.empty(shape, np.float64),
        read_only,
        np.broadcast_to(np.float32(0), shape),
    ):
        with pytest.raises(displace.ShapeError):
            displace.grid_sample(image, grid, align_corners=False, out=out)
    for out in (torch.empty(shape), [0.0], memoryview(b"")):
        with pytest.raises(displace.DTypeError):
            displace.grid_sample(image, grid, align_corners=False, out=out)
    tensors = torch.from_numpy(image), torch.from_numpy(grid)
    for out in (torch.empty(2, 3, 7, 4), torch.empty(shape, dtype=torch.float64), np.empty(shape, np.float32), [0.0]):
        with pytest.raises(displace.DisplaceError):
            displace.grid_sample(*tensors, align_corners=False, out=out)


def test_out_apart_from_the_inputs():
    memory = np.random.default_rng(2).random(2 * 25, np.float32)
    image = memory[:25].reshape(1, 1, 5, 5)
    field = np.zeros((1, 5, 5, 2), np.float32)
    for out in (image, memory[10:35].reshape(1, 1, 5, 5)):
        with pytest.raises(displace.ShapeError):
            displace.warp(image, field, out=out)
    with pytest.raises(displace.ShapeError):
        displace.displacement(field, (5, 5), out=field)
    # Next to it is apart from it.
    out = memory[25:].reshape(1, 1, 5, 5)
    assert np.array_equal(displace.warp(image, field, out=out), image)


def test_out_takes_no_part_in_autograd():
    image, grid = (torch.from_numpy(a) for a in sampling())
    out = torch.empty(2, 3, 4, 7)
    for leaves in ((image.clone().requires_grad_(), grid), (image, grid.clone().requires_grad_())):
        with pytest.raises(RuntimeError, match="out="):
            displace.grid_sample(*leaves, align_corners=False, out=out)
        with torch.no_grad():
            assert displace.grid_sample(*leaves, align_corners=False, out=out) is out
    with pytest.raises(RuntimeError, match="out="):
        displace.grid_sample(image, grid, align_corners=False, out=torch.empty(2, 3, 4, 7, requires_grad=True))
    with pytest.raises(RuntimeError, match="out="):
        displace.displacement(grid, (4, 7), out=torch.empty(grid.shape, requires_grad=True))


# warp's axes


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_warp_with_and_without_batch_and_channels(axes, convert):
    generator = np.random.default_rng(7)
    size = (3, 4, 5)[:axes]
    images, fields = generator.random((2, 3, *size)), generator.normal(size=(2, *size, axes))
    expected = displace.grid_sample(images, fields, align_corners=False, coords="displacement")

    def warped(image, field, **words):
        return bits(displace.warp(convert(image), convert(field), **words))

    assert warped(images, fields) == bits(expected)
    assert warped(images[1], fields[1]) == bits(expected[1])
    assert warped(images[1, 2], fields[1]) == bits(expected[1, 2])
    # A batch axis is there if one of the two has it; one of one serves all.
    assert warped(images[1], fields[1:]) == bits(expected[1:])
    assert warped(images[1, 2], fields[1:]) == bits(expected[1:, 2])
    assert warped(images[1:], fields[1]) == bits(expected[1:])
    one_field = np.concatenate([displace.warp(image[None], fields[:1]) for image in images])
    assert warped(images, fields[0]) == bits(one_field) and warped(images, fields[:1]) == bits(one_field)
    one_image = np.concatenate([displace.warp(images[:1], field[None]) for field in fields])
    assert warped(images[0], fields) == bits(one_image) and warped(images[:1], fields) == bits(one_image)
    assert warped(images[0, 0], fields) == bits(one_image[:, 0])
    # Channels last.
    last = np.moveaxis(images, 1, -1)
    assert warped(last, fields, channels_last=True) == bits(np.moveaxis(expected, 1, -1))
    assert warped(last.copy(), fields, channels_last=True) == bits(np.moveaxis(expected, 1, -1))
    assert warped(last[0], fields[0], channels_last=True) == bits(np.moveaxis(expected[0], 0, -1))
    assert warped(last[0], fields, channels_last=True) == bits(np.moveaxis(one_image, 1, -1))
    # No samples.
    assert displace.warp(convert(images[:0]), convert(fields[0])).shape == (0, 3, *size)
    with pytest.raises(displace.ShapeError):
        displace.warp(convert(images), convert(fields[:0]))
    assert displace.warp(convert(images[:1]), convert(fields[:0])).shape == (0, 3, *size)


@pytest.mark.parametrize(
    "image, field, words",
    [
        ((3, 4, 5), (2, 3, 3, 4, 2), {}),
        ((2, 3, 4, 5, 6), (4, 5, 2), {"rest": "index"}),
        ((5,), (4, 5, 2), {"rest": "index"}),
        ((4, 5), (4, 5, 2), {"channels_last": True}),
        ((3, 1, 4, 5), (2, 4, 5, 2), {}),
        ((4, 5), (4, 5), {}),
        ((4, 5), (4, 5, 4), {}),
        ((0, 5), (4, 5, 2), {"rest": "index"}),
    ],
)
def test_warp_refuses_what_does_not_fit(image, field, words):
    for convert in (np.asarray, torch.from_numpy):
        with pytest.raises(displace.ShapeError):
            displace.warp(convert(np.zeros(image, np.float32)), convert(np.zeros(field, np.float32)), **words)


# Field


def test_field():
    generator = np.random.default_rng(4)
    image, numbers = generator.random((5, 6)), generator.normal(size=(3, 4, 2))
    field = displace.Field(numbers, (5, 6), align_corners=True, rest="extent")
    assert (field.shape, field.input_size, field.align_corners, field.rest) == ((3, 4, 2), (5, 6), True, "extent")
    expected = displace.warp(image, numbers, padding_mode="reflection", align_corners=True, rest="extent")
    # What is said beside a Field does not count: it knows.
    assert bits(displace.warp(image, field, padding_mode="reflection")) == bits(expected)
    grid = displace.grid_from_displacement(numbers, (5, 6), align_corners=True, rest="extent")
    assert bits(displace.grid_from_displacement(field)) == bits(grid)
    assert np.asarray(field) is numbers
    assert np.array(field, dtype=np.float32).dtype == np.float32
    assert np.array(field, copy=True) is not numbers
    assert "input_size=(5, 6), align_corners=True, rest='extent'" in repr(field)
    with pytest.raises(displace.ShapeError):
        displace.warp(image.T, field)
    with pytest.raises(displace.ShapeError):
        displace.Field(numbers, coverage=np.ones((4, 3)), rest="index")
    with pytest.raises(displace.ShapeError):
        displace.Field(np.zeros((3, 4)))
    with pytest.raises(AttributeError):
        field.unknown = 1
    assert displace.Field([[[1.0, 2.0]]]).shape == (1, 1, 2)
    of_tensor = displace.Field(torch.from_numpy(numbers))
    assert "Field(float64 (3, 4, 2)" in repr(of_tensor) and bits(np.asarray(of_tensor)) == bits(numbers)
    assert isinstance(displace.grid_from_displacement(of_tensor), torch.Tensor)


def test_field_as_a_picture():
    field = displace.Field(np.zeros((2, 3, 4, 2), np.float32))
    assert field._repr_png_().startswith(b"\x89PNG")
    head, _, data = field._repr_html_().partition("data:image/png;base64,")
    assert "<img" in head and base64.b64decode(data.partition('"')[0]) == field._repr_png_()
    volume = displace.Field(torch.zeros(2, 3, 4, 3, dtype=torch.float16))
    assert volume._repr_png_().startswith(b"\x89PNG")
    empty = displace.Field(np.zeros((0, 3, 4, 2), np.float32))
    assert empty._repr_png_() is None and "<img" not in empty._repr_html_()


# Anybody's arrays


FUNCTIONS = {
    "grid_sample": lambda image, grid: displace.grid_sample(image, grid, align_corners=False),
    "warp": lambda image, grid: displace.warp(image, grid, rest="index"),
    "displacement": lambda image, grid: displace.displacement(grid, (4, 5), rest="index"),
    "field": lambda image, grid: displace.effective_displacement(grid, (4, 5), rest="index").field,
    "coverage": lambda image, grid: displace.effective_displacement(grid, (4, 5), rest="index").coverage,
    "grid_from_displacement": lambda image, grid: displace.grid_from_displacement(grid, (4, 5), rest="index"),
    # A matrix in the place of the grid.
    "affine_grid": lambda image, theta: displace.affine_grid(theta, (1, 1, 4, 5), align_corners=False),
}


def arguments(dtype=np.float64):
    generator = np.random.default_rng(9)
    return generator.random((1, 2, 4, 5)).astype(dtype), generator.random((1, 2, 3, 2)).astype(dtype)


def call(name, image, grid):
    return FUNCTIONS[name](image, grid)


def given_arrays(name, dtype=np.float64):
    image, grid = arguments(dtype)
    return (image, grid[..., 0].copy()) if name == "affine_grid" else (image, grid)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_awkward_memory(name):
    image, grid = given_arrays(name)
    expected = bits(call(name, image, grid))

    def misaligned(array):
        memory = np.empty(array.nbytes + 1, np.uint8)
        view = memory[1:].view(array.dtype).reshape(array.shape)
        view[...] = array
        return view

    def record(array):
        # A stride of 9 bytes, no multiple of the item.
        table = np.zeros(array.shape, [("tag", "u1"), ("value", array.dtype)])
        table["value"] = array
        return table["value"]

    def read_only(array):
        array = array.copy()
        array.flags.writeable = False
        return array

    class Sub(np.ndarray):
        pass

    swapped = [a.astype(a.dtype.newbyteorder()) for a in (image, grid)]
    assert bits(call(name, *swapped)) == expected
    for change in (misaligned, record, read_only, np.asfortranarray, lambda a: a.tolist(), lambda a: a.view(Sub)):
        result = call(name, change(image), change(grid))
        assert isinstance(result, np.ndarray) and bits(result) == expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_inputs_are_left_alone(name):
    image, grid = given_arrays(name)
    before = bits(image), bits(grid)
    result = call(name, image, grid)
    assert (bits(image), bits(grid)) == before
    assert not np.shares_memory(result, image) and not np.shares_memory(result, grid)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_array_api_strict(name):
    image, grid = given_arrays(name)
    result = call(name, array_api_strict.asarray(image), array_api_strict.asarray(grid))
    assert isinstance(result, type(array_api_strict.asarray(image)))
    assert bits(np.from_dlpack(result)) == bits(call(name, image, grid))


class Producer:
    """Another library's array: all that is known of it is that it speaks DLPack."""

    def __init__(self, array, device=(1, 0)):
        self.array = array
        self.device = device

    def __dlpack__(self, **options):
        if self.device[0] != 1:
            raise AssertionError("memory elsewhere must not be asked for")
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.device


@pytest.mark.parametrize("name", FUNCTIONS)
def test_dlpack_producer(name):
    image, grid = given_arrays(name)
    result = call(name, Producer(image), Producer(grid))
    assert type(result) is np.ndarray and bits(result) == bits(call(name, image, grid))
    # Beside NumPy arrays, too.
    assert bits(call(name, image, Producer(grid))) == bits(result)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_memory_of_a_graphics_card_is_refused(name):
    image, grid = given_arrays(name)
    with pytest.raises(displace.DeviceError, match="device 2"):
        call(name, Producer(image, (2, 0)), Producer(grid, (2, 0)))


UNSUPPORTED = (
    np.int64,
    np.int32,
    np.int8,
    np.uint32,
    np.bool_,
    np.complex64,
    np.longdouble,
    np.object_,
    "U3",
    "S3",
    "M8[s]",
    "V8",
    "V0",
)


@pytest.mark.parametrize("dtype", UNSUPPORTED, ids=lambda d: np.dtype(d).str)
def test_unsupported_dtypes(dtype):
    image, grid = arguments(np.float32)
    odd = np.zeros(image.shape, dtype)
    with pytest.raises(displace.DTypeError, match="input"):
        displace.grid_sample(odd, grid, align_corners=False)
    with pytest.raises(displace.DTypeError, match="image"):
        displace.warp(odd, grid, rest="index")
    odd = np.zeros(grid.shape, dtype)
    for name in FUNCTIONS:
        with pytest.raises(displace.DTypeError):
            call(name, image, np.zeros((1, 2, 3), dtype) if name == "affine_grid" else odd)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_are_no_locations(dtype):
    image, grid = arguments(np.float32)
    for name in FUNCTIONS:
        with pytest.raises(displace.DTypeError):
            call(name, image, np.zeros((1, 2, 3) if name == "affine_grid" else grid.shape, dtype))


@pytest.mark.parametrize(
    "dtype", [torch.int64, torch.int32, torch.int8, torch.bool, torch.complex64, torch.uint32, torch.float8_e4m3fn]
)
def test_unsupported_torch_dtypes(dtype):
    image, grid = (torch.from_numpy(a) for a in arguments(np.float32))
    with pytest.raises(displace.DTypeError):
        displace.grid_sample(torch.zeros(image.shape).to(dtype), grid, align_corners=False)
    for name in FUNCTIONS:
        shape = (1, 2, 3) if name == "affine_grid" else grid.shape
        with pytest.raises(displace.DTypeError):
            call(name, image, torch.zeros(shape).to(dtype))


def test_tensors_beside_arrays():
    image, grid = arguments(np.float32)
    for pair in ((torch.from_numpy(image), grid), (image, torch.from_numpy(grid))):
        for function in (FUNCTIONS["grid_sample"], FUNCTIONS["warp"]):
            with pytest.raises(displace.DTypeError, match="torch"):
                function(*pair)
    with pytest.raises(displace.DTypeError):
        displace.warp(torch.from_numpy(image), displace.Field(grid, (4, 5), rest="index"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_meta_tensors(name):
    arrays = given_arrays(name, np.float32)
    result = call(name, *(torch.from_numpy(a).to("meta") for a in arrays))
    expected = call(name, *(torch.from_numpy(a) for a in arrays))
    assert result.device.type == "meta" and (result.shape, result.dtype) == (expected.shape, expected.dtype)


@pytest.mark.parametrize(
    "use",
    [
        displace.inspect,
        lambda t: displace.write("never.npy", t),
        lambda t: displace.Field(t)._repr_png_(),
        lambda t: np.asarray(displace.Field(t)),
    ],
)
def test_meta_tensors_hold_nothing_to_look_at(use):
    with pytest.raises(displace.DeviceError):
        use(torch.zeros(2, 3, 2, device="meta"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sparse_tensors(name):
    image, grid = (torch.from_numpy(a) for a in given_arrays(name))
    with pytest.raises(displace.DTypeError, match="dense"):
        call(name, image, grid.to_sparse())
    if name in ("grid_sample", "warp"):
        with pytest.raises(displace.DTypeError, match="dense"):
            call(name, image.to_sparse(), grid)


@pytest.mark.parametrize("wrong", [None, 3, (3,), (3, 4, 5), (3, 0), (3, -4), (3, 2**23), (3, 2**70), (3, 4.5), (3, "4"), "ab"])
@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_input_sizes_that_are_none(wrong, convert):
    grid = convert(np.zeros((1, 3, 4, 2), np.float32))
    for function in (displace.displacement, displace.effective_displacement, displace.grid_from_displacement):
        # A number that is no integer is Python's TypeError or ours; never anything else.
        with pytest.raises((displace.ShapeError, TypeError)):
            function(grid, wrong, rest="index")


@pytest.mark.parametrize("words", [{"coords": "polar"}, {"rest": "bed"}, {"mode": "sinc"}, {"padding_mode": "symmetric"}])
def test_unknown_words(words):
    image, grid = arguments()
    for convert in (np.asarray, torch.from_numpy):
        with pytest.raises(displace.DisplaceError, match=f"'{next(iter(words.values()))}'"):
            displace.grid_sample(convert(image), convert(grid), align_corners=False, **words)
        with pytest.raises(displace.DisplaceError):
            displace.displacement(convert(grid), (2, 3), arithmetic="approximate")


def test_other_names_of_modes():
    image, grid = arguments()
    for name, synonyms in (("bilinear", ("linear", "trilinear")), ("bicubic", ("cubic", "tricubic"))):
        expected = displace.grid_sample(image, grid, name, align_corners=False)
        for synonym in synonyms:
            assert bits(displace.grid_sample(image, grid, synonym, align_corners=False)) == bits(expected)


def test_errors_are_one_family():
    for kind in (displace.ShapeError, displace.DTypeError, displace.DeviceError, displace.RestError, displace.FileFormatError):
        assert issubclass(kind, displace.DisplaceError) and issubclass(kind, ValueError)
    assert issubclass(displace.ShapeError, RuntimeError) and issubclass(displace.DTypeError, (RuntimeError, TypeError))


# Displacements, against exact rationals


def nearest_float(value: Fraction, dtype) -> float:
    """`value` rounded once, half to even. Python rounds to double so; for float32 the neighbours of a guess are tried."""
    if dtype == np.float64:
        return float(value)
    guess = np.float32(float(value))
    candidates = [np.nextafter(guess, np.float32(-np.inf)), guess, np.nextafter(guess, np.float32(np.inf))]
    return float(min(candidates, key=lambda c: (abs(Fraction(float(c)) - value), int(c.view(np.uint32)) & 1)))


def exact_rest(j, n, length, rest, align_corners) -> Fraction:
    if rest == "index":
        return Fraction(j)
    if align_corners:
        return Fraction(j * (length - 1), n - 1) if n > 1 else Fraction(length - 1, 2)
    return Fraction((2 * j + 1) * length - n, 2 * n)


@st.composite
def lattices(draw):
    """A row of grid values of one type, the size they read, and options."""
    width = draw(st.sampled_from((16, 32, 64)))
    wide = draw(st.sampled_from((1.5, 1e4, 2.0**-14)))
    values = draw(st.lists(st.floats(-wide, wide, width=width), min_size=1, max_size=9))
    length = draw(st.one_of(st.integers(1, 40), st.integers(1, 2**22)))
    return np.array(values, f"f{width // 8}"), length, draw(st.sampled_from(("index", "extent"))), draw(st.booleans())


@given(lattice=lattices(), tensor=st.booleans())
@example(lattice=(np.float32([-0.5, 0.5]), 3, "extent", False), tensor=False)  # cancels to nothing
def test_displacement_is_the_exact_number_rounded_once(lattice, tensor):
    values, length, rest, align_corners = lattice
    n = len(values)
    grid = np.zeros((1, n, 2), values.dtype)
    grid[..., 0] = values
    dtype = np.float64 if values.dtype == np.float64 else np.float32
    given_grid = torch.from_numpy(grid) if tensor else grid
    field = np.asarray(displace.displacement(given_grid, (1, length), align_corners=align_corners, rest=rest))
    assert field.dtype == dtype and field.shape == grid.shape
    for j, g in enumerate(values):
        exact = Fraction(float(g)) * Fraction(length - align_corners, 2) + Fraction(length - 1, 2)
        expected = nearest_float(exact - exact_rest(j, n, length, rest, align_corners), dtype)
        assert float(field[0, j, 0]) == expected, (g, j)


@given(lattice=lattices())
def test_grid_from_displacement_is_the_inverse(lattice):
    values, length, rest, align_corners = lattice
    assume(length > 1 or not align_corners)
    n = len(values)
    field = np.zeros((1, n, 2), values.dtype)
    field[..., 0] = values
    grid = displace.grid_from_displacement(field, (1, length), align_corners=align_corners, rest=rest)
    unit = 2.0**-53 if values.dtype == np.float64 else 2.0**-24
    assert grid.dtype == (np.float64 if values.dtype == np.float64 else np.float32)
    for j, d in enumerate(values):
        at = Fraction(float(d)) + exact_rest(j, n, length, rest, align_corners)
        exact = (at - Fraction(length - 1, 2)) / Fraction(length - align_corners, 2)
        # Half a unit of the result, and what float64 lost on the way: up to 8 roundings at the magnitude of the terms.
        lost = 8 * 2.0**-53 * (abs(float(d)) + n + 2 * length) / ((length - align_corners) / 2)
        assert abs(Fraction(float(grid[0, j, 0])) - exact) <= unit * abs(exact) + Fraction(lost) + Fraction(2) ** -149
    back = displace.displacement(grid, (1, length), align_corners=align_corners, rest=rest)
    scale = np.abs(grid[..., 0]).max() * (length - align_corners) / 2
    np.testing.assert_allclose(back[..., 0], field[..., 0], rtol=2 * unit, atol=2 * unit * scale + 2.0**-48 * (n + length))


def test_what_no_grid_can_say():
    field = np.zeros((1, 2, 3, 2), np.float32)
    assert displace.grid_from_displacement(field[:, :1, :1], (1, 1), align_corners=True).tolist() == [[[[0.0, 0.0]]]]
    field[0, 1, 2, 1] = 0.25
    for convert in (np.asarray, torch.from_numpy):
        with pytest.raises(displace.DisplaceError, match="one pixel"):
            displace.grid_from_displacement(convert(field), (1, 3), align_corners=True, rest="extent")


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("align_corners", [False, True])
def test_torchs_arithmetic(axes, dtype, align_corners):
    # CONVENTIONS.md, section 4, where no fused operation is needed.
    generator = np.random.default_rng(3)
    size = (6, 7, 11)[:axes]
    grid = generator.uniform(-1.2, 1.2, (1, *size, axes)).astype(dtype)
    ours = displace.displacement(grid, size, align_corners=align_corners, arithmetic="torch")
    one, half = dtype(1), dtype(0.5)
    for k, length in enumerate(reversed(size)):
        g, n = grid[..., k], dtype(length)
        if axes == 2 and dtype != np.float16:
            if not align_corners:
                continue
            location = (g + one) * ((n - one) * half)
        elif align_corners:
            location = ((g + one) / dtype(2)) * (n - one)
        else:
            location = ((g + one) * n - one) / dtype(2)
        rest = rest_of(size, size)[..., k].numpy()
        expected = (location.astype(np.float64) - rest).astype(np.float64 if dtype == np.float64 else np.float32)
        np.testing.assert_array_equal(ours[0, ..., k], expected[0])


def test_displacement_of_what_is_not_finite():
    grid = np.float32([[[np.nan, 0], [np.inf, 0], [-np.inf, 0], [3e38, 0]]])
    field = displace.displacement(grid, (1, 4))[0, :, 0]
    np.testing.assert_array_equal(field, np.float32([np.nan, np.inf, -np.inf, np.inf]))
    # Without a slope an infinity has no place.
    np.testing.assert_array_equal(
        displace.displacement(grid[..., :3, :], (1, 1), align_corners=True, rest="index")[0, :, 0], [np.nan] * 3
    )


# Effective displacement, by hand


def effective_oracle(p, length, mode, padding, align_corners):
    """Where a sampler reads along one axis when asked for `p`, and the share of its weight that lies on pixels."""
    q = p
    if padding == "border":
        q = min(max(p, 0.0), length - 1.0)
    elif padding == "wrap":
        q = p - length * math.floor(p / length)
    elif padding == "reflection":
        low, span = (0.0, length - 1.0) if align_corners else (-0.5, float(length))
        q = 0.0
        if span:
            q = (p - low) % (2 * span)
            q = (2 * span - q if q > span else q) + low
        q = min(max(q, 0.0), length - 1.0)
    if mode == "nearest":
        r = float(np.rint(q))
        if padding == "wrap":
            return r % length, 1.0
        if padding in ("zeros", "constant") and not 0 <= r <= length - 1:
            return None, 0.0
        return r, 1.0
    if padding not in ("zeros", "constant"):
        return q, 1.0
    cell = math.floor(q)
    f = q - cell
    if mode == "bilinear":
        taps = [(cell, 1 - f), (cell + 1, f)]
    else:
        a = -0.75
        near = lambda x: ((a + 2) * x - (a + 3)) * x * x + 1
        far = lambda x: ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
        taps = [(cell - 1, far(1 + f)), (cell, near(f)), (cell + 1, near(1 - f)), (cell + 2, far(2 - f))]
    total = sum(abs(w) for _, w in taps)
    return q, sum(abs(w) for i, w in taps if 0 <= i <= length - 1) / total


@given(case=cases(dtypes=F64, paddings=PADDINGS), rest=st.sampled_from(("index", "extent")), tensor=st.booleans())
def test_effective_displacement(case, rest, tensor):
    out, size = case.grid.shape[1:-1], case.size
    options = dict(align_corners=case.align_corners, rest=rest, mode=case.mode, padding_mode=case.padding)
    field, coverage = displace.effective_displacement(case.grid if tensor else case.grid.numpy(), size, **options)
    assert isinstance(field, torch.Tensor) == isinstance(coverage, torch.Tensor) == tensor
    asked, resting = pixels(case.grid, size, case.align_corners).numpy(), rest_of(out, size, rest, case.align_corners).numpy()
    requested = displace.displacement(case.grid.numpy(), size, align_corners=case.align_corners, rest=rest)
    field, coverage = np.asarray(field), np.asarray(coverage)
    for index in np.ndindex(*coverage.shape):
        reads = [
            effective_oracle(p, n, case.mode, case.padding, case.align_corners)
            for p, n in zip(asked[index], reversed(size), strict=True)
        ]
        assert coverage[index] == pytest.approx(math.prod(share for _, share in reads), abs=1e-12)
        if any(q is None for q, _ in reads):
            np.testing.assert_array_equal(field[index], requested[index])
            continue
        expected = [q - r for (q, _), r in zip(reads, resting[index[1:]], strict=True)]
        np.testing.assert_allclose(field[index], expected, rtol=0, atol=1e-12)
    if case.padding in ("zeros", "constant") and case.mode != "nearest":
        assert bits(field) == bits(requested)


def test_effective_displacement_of_nothing():
    grid = np.float32([[[np.nan, 0], [np.inf, 0], [0, 0]]])
    for padding in PADDINGS:
        field, coverage = displace.effective_displacement(grid, (1, 3), padding_mode=padding)
        assert np.isnan(field[0, 0, 0]) and coverage[0, 0] == 0
        if padding == "border":
            assert (field[0, 1, 0], coverage[0, 1]) == (1, 1)
        elif padding in ("reflection", "wrap"):
            assert np.isnan(field[0, 1, 0]) and coverage[0, 1] == 0
        else:
            assert coverage[0, 1] == 0


def test_effective_displacement_carries_no_gradients():
    field, coverage = displace.effective_displacement(torch.zeros(1, 2, 2, 2, requires_grad=True), (2, 2))
    assert not field.requires_grad and not coverage.requires_grad


# Files

# `displace field grid.npy -s 3x4 --rest extent --effective -o field.npz`, compressed.
FROM_THE_COMMAND = (
    "c-jl_W@h1HfB;2?OX<FM764fwEC9qQnZ*S;iOH$Csd*)Oc?Fe|{X%^MA{iOV7^>A%Qj3#|)U6cMZPHBCbrjUo@{3A}67%Boi&9cS;%<pK#i>B?;*7"
    "+CR3Kl&P)ETCf;4p$Y8A);K!-N$XJ9yB2Xq>c{$LNJ9f16OKnh3~><>WkO-$#@n-hR65at8o%)ElqlKA4xs#H9Fu^`GXMmpsB0m&~Qz~KO)1sqV_{<dl"
    "1_C_EJgav^(F()%UFFrZHC@;0B7^m}VN)3sO3d)_2>fY*2%MQTY%MZjwsl_GnsTC#o5)K_*%ZTdQHFmjgU@3zKh?DcnQi~GPQ>m54DR3{yk-&7F0K^TT"
    "^bHJWMkX$1+<6oRmVkmDBgdlaM$Z!n-RCfJ2)bVMG>OpL#fT+^qH9M_A_(nPOc)6UT{C)&AvC{WLXE!wZ&o&t3@Z>C0Nu5S8N>qsw-*No"
)


def test_reads_what_the_command_wrote(tmp_path):
    path = tmp_path / "field.npz"
    path.write_bytes(zlib.decompress(base64.b85decode(FROM_THE_COMMAND)))
    field = displace.read(path)
    assert isinstance(field, displace.Field)
    assert (field.input_size, field.align_corners, field.rest) == ((3, 4), False, "extent")
    assert field.displacement.dtype == np.float32
    assert field.displacement.tolist() == [[[[-1.0, 0.375], [-0.5, 1.875]], [[2.0, -0.375], [3.0, -0.9375]]]]
    assert field.coverage.tolist() == [[[0.5, 0.875], [1.0, 0.0]]]


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f2", "f4", "f8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 3, 4, 2), (1, 2, 1, 2, 3)])
def test_arrays_through_files(tmp_path, dtype, shape):
    array = np.random.default_rng(1).integers(0, 200, shape).astype(dtype)
    path = tmp_path / "array.npy"
    displace.write(path, array)
    assert bits(displace.read(path)) == bits(np.load(path)) == bits(array)
    np.save(path, np.asarray(array, order="F"))
    assert bits(displace.read(str(path))) == bits(array)
    np.save(path, array.astype(array.dtype.newbyteorder(">")))
    assert bits(displace.read(path)) == bits(array)
    displace.write(path, torch.from_numpy(array))
    assert bits(displace.read(path)) == bits(array)


@pytest.mark.parametrize("compress", [False, True])
def test_dicts_through_files(tmp_path, compress):
    generator = np.random.default_rng(1)
    arrays = {
        "image": generator.integers(0, 9, (4, 5, 3)).astype(np.uint8),
        "with space": np.zeros((100, 100)),
        "ö": np.float32([1]),
    }
    path = tmp_path / "arrays.NPZ"
    displace.write(path, arrays, compress=compress)
    back = displace.read(path)
    assert {name: bits(array) for name, array in back.items()} == {name: bits(array) for name, array in arrays.items()}
    with np.load(path) as theirs:
        assert sorted(theirs) == sorted(arrays) and bits(theirs["ö"]) == bits(arrays["ö"])
    assert (path.stat().st_size < 80_000) == compress
    (np.savez_compressed if compress else np.savez)(tmp_path / "theirs.npz", **arrays)
    assert {k: bits(v) for k, v in displace.read(tmp_path / "theirs.npz").items()} == {k: bits(v) for k, v in arrays.items()}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("shape", [(2, 3, 4, 2), (1, 2, 3, 4, 3), (3, 4, 2)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_fields_through_files(tmp_path, shape, dtype, compress):
    generator = np.random.default_rng(1)
    numbers, coverage = generator.normal(size=shape).astype(dtype), generator.random(shape[:-1]).astype(dtype)
    size = (7, 8, 9)[: shape[-1]]
    path = tmp_path / "field.npz"
    for kept in (None, coverage):
        displace.write(path, displace.Field(numbers, size, align_corners=True, rest="extent", coverage=kept), compress=compress)
        back = displace.read(path)
        assert (back.input_size, back.align_corners, back.rest) == (size, True, "extent")
        # A file's fields have samples.
        assert bits(back.displacement) == bits(numbers if len(shape) == shape[-1] + 2 else numbers[None])
        if kept is None:
            assert back.coverage is None
        else:
            assert bits(back.coverage) == bits(coverage.reshape(back.shape[:-1]))
    displace.write(tmp_path / "bare.npy", displace.Field(torch.from_numpy(numbers)))
    assert bits(displace.read(tmp_path / "bare.npy")) == bits(numbers)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 2), (4, 5, 3), (4, 5, 4)])
def test_png(tmp_path, dtype, shape):
    image = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype)
    displace.write(tmp_path / "image.png", image)
    assert bits(displace.read(tmp_path / "image.png")) == bits(image)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)])
def test_tif(tmp_path, dtype, shape):
    image = np.random.default_rng(1).integers(0, 250, shape).astype(dtype)
    displace.write(tmp_path / "image.tif", image)
    assert bits(displace.read(tmp_path / "image.tif")) == bits(image)


def test_jpg(tmp_path):
    image = np.full((16, 24, 3), 77, np.uint8)
    displace.write(tmp_path / "image.jpg", image)
    back = displace.read(tmp_path / "image.jpg")
    # Lossy; a flat picture loses next to nothing.
    assert back.shape == image.shape and np.abs(back.astype(int) - 77).max() <= 2


def test_the_end_of_a_name_does_not_matter_for_reading(tmp_path):
    displace.write(tmp_path / "image.png", np.zeros((4, 5), np.uint8))
    (tmp_path / "image.png").rename(tmp_path / "image.npy")
    assert displace.read(tmp_path / "image.npy").shape == (4, 5)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        displace.read(tmp_path / "nothing.npy")
    assert error.value.filename == str(tmp_path / "nothing.npy") and error.value.errno == 2


def test_folders_are_no_files(tmp_path):
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(IsADirectoryError) as error:
        displace.read(tmp_path / "folder.npy")
    assert error.value.filename == str(tmp_path / "folder.npy")
    with pytest.raises(IsADirectoryError) as error:
        displace.write(tmp_path / "folder.npy", np.zeros((2, 2)))
    assert error.value.filename == str(tmp_path / "folder.npy")


def test_writing_into_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        displace.write(tmp_path / "no" / "array.npy", np.zeros(3))
    assert error.value.filename == str(tmp_path / "no" / "array.npy")
    assert not (tmp_path / "no").exists()


def test_damaged_files(tmp_path):
    path = tmp_path / "file"
    whole = {}
    displace.write(tmp_path / "a.npy", np.arange(99.0))
    displace.write(tmp_path / "a.npz", displace.Field(np.zeros((1, 9, 9, 2))), compress=True)
    displace.write(tmp_path / "a.png", np.arange(99, dtype=np.uint8).reshape(9, 11))
    displace.write(tmp_path / "a.tif", np.arange(99, dtype=np.uint8).reshape(9, 11))
    for end in ("npy", "npz", "png", "tif"):
        whole[end] = (tmp_path / f"a.{end}").read_bytes()
    for content in (b"", b"\x93NUMPY", b"hello" * 20, *(w[: len(w) // 2] for w in whole.values())):
        path.write_bytes(content)
        with pytest.raises(displace.FileFormatError, match="file"):
            displace.read(path)
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    np.save(tmp_path / "integers.npy", np.arange(3))
    for name in ("objects", "integers"):
        with pytest.raises(displace.FileFormatError):
            displace.read(tmp_path / f"{name}.npy")


def test_what_does_not_go_into_a_kind_of_file(tmp_path):
    for name, array in {
        "a.png": np.zeros((2, 3), np.float32),
        "b.png": np.zeros((2, 3, 5), np.uint8),
        "c.npz": np.zeros(3),
        "d.npy": {"a": np.zeros(3)},
        "e.xyz": np.zeros((2, 3)),
        "f": np.zeros((2, 3)),
        "g.npy": np.arange(3),
        "h.npy": [{}],
    }.items():
        with pytest.raises(displace.DisplaceError):
            displace.write(tmp_path / name, array)
    assert os.listdir(tmp_path) == []


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "array.npy"
    displace.write(path, np.float32([1, 2]))
    with pytest.raises(displace.DisplaceError):
        displace.write(path, np.complex64([1, 2]))
    assert displace.read(path).tolist() == [1, 2] and os.listdir(tmp_path) == ["array.npy"]


# Reports


def test_report_on_a_grid():
    # Everything half a pixel to the right, on 4 pixels: the last column lies half a pixel beyond the last centre.
    grid = displace.affine_grid(np.float32([[[1, 0, 0.25], [0, 1, 0]]]), (1, 1, 2, 4), align_corners=False)
    report = displace.inspect(grid, (2, 4), False, kind="grid")
    assert report["shape"] == [1, 2, 4, 2] and report["source_size"] == report["destination_size"] == [2, 4]
    assert report["mean_px"] == report["largest_px"] == 0.5 and report["range_px"] == [[0.5, 0.5], [0.0, 0.0]]
    assert report["reads"] == {"inside": 6, "partly_outside": 2, "outside": 0} and report["pixels"] == 8
    assert report["cells"]["all"] == 3 and report["cells"]["folded"] == 0
    # The spacing of float32 below 1 is 2^-24; times S/2.
    assert report["grid_quantum_px"] == [2.0**-24 * 2, 2.0**-24]
    assert (report["align_corners"], report["rest"], report["nan"], report["infinite"]) == (False, "index", 0, 0)
    text = repr(report)
    assert all(part in text for part in ("f32 (1, 2, 4, 2)", "0.50000 px", "75.00 % inside", "align_corners=False"))
    page = report._repr_html_()
    assert "<img" in page and 'src="data:image/png;base64,' in page and "75.00 % inside" in page
    encoded = page.partition("base64,")[2].partition('"')[0]
    assert base64.b64decode(encoded).startswith(b"\x89PNG")
    assert repr(displace.inspect(torch.from_numpy(grid), (2, 4), False, kind="grid")) == text


def test_report_on_a_field_with_folds_and_holes():
    numbers = np.zeros((1, 2, 3, 2), np.float32)
    numbers[0, :, 0, 0] = 1.5  # column 0 reads beyond column 1: the cells between them are turned over
    report = displace.inspect(displace.Field(numbers))
    assert report["cells"]["folded"] == 1 and report["largest_at"]["pixel_xy"] == [0, 0]
    numbers[0, 0, 2] = np.nan
    numbers[0, 1, 2, 0] = np.inf
    report = displace.inspect(numbers, kind="displacement")
    assert (report["nan"], report["infinite"], report["reads"]["inside"]) == (1, 1, 4)


def test_report_on_any_array():
    report = displace.inspect(np.uint8([[1, 2], [3, 9]]))
    assert report.facts == {"dtype": "u8", "shape": [2, 2], "values": [1.0, 9.0], "nan_values": 0, "infinite_values": 0}
    assert "<img" not in report._repr_html_()
    report = displace.inspect(np.array([np.nan, np.inf, 2.0]))
    assert (report["nan_values"], report["infinite_values"], report["values"]) == (1, 1, [2.0, 2.0])
    assert "kind=" in repr(displace.inspect(np.zeros((3, 4, 2), np.float32)))
    assert displace.inspect(np.zeros((0, 3), np.float32))["shape"] == [0, 3]
    assert displace.inspect(np.array(3.0))["shape"] == []
    # bfloat16 is looked at as float32 because NumPy has none.
    assert displace.inspect(torch.ones(3, dtype=torch.bfloat16))["values"] == [1.0, 1.0]


def test_report_asks_for_what_is_missing():
    grid = np.zeros((1, 3, 4, 2), np.float32)
    for arguments, words in (
        ((grid,), {"kind": "grid"}),
        ((grid, (3, 4)), {"kind": "grid"}),
        ((grid, (3, 4)), {}),
        ((grid, (3, 4), False), {"kind": "flow"}),
        ((displace.Field(grid), (3, 4)), {}),
        ((displace.Field(grid),), {"rest": "index"}),
    ):
        with pytest.raises(displace.DisplaceError):
            displace.inspect(*arguments, **words)
