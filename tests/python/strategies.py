"""What the tests draw: shapes, data, locations away from kinks, memory layouts; and a sampler written with torch's indexing."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from hypothesis import strategies as st

MODES = ("bilinear", "nearest", "bicubic")
TORCH_PADDINGS = ("zeros", "border", "reflection")
PADDINGS = (*TORCH_PADDINGS, "wrap", "constant")
FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)

# Every kink and every tie of every mode and padding lies at a multiple of half a pixel. Locations stay this far from them:
# more than bfloat16's rounding of a grid value leaves of 1/16, and far more than any error of float32.
MARGIN = 1 / 16


def slope(length: int, align_corners: bool) -> float:
    """Pixels per normalised unit."""
    return (length - align_corners) / 2


def pixels(grid: torch.Tensor, size, align_corners: bool) -> torch.Tensor:
    """The locations of a grid in float64, x first: CONVENTIONS.md, section 2."""
    axes = [g * slope(n, align_corners) + (n - 1) / 2 for g, n in zip(grid.double().unbind(-1), reversed(size), strict=True)]
    return torch.stack(axes, -1)


def away_from_kinks(p: torch.Tensor) -> torch.Tensor:
    doubled = 2 * p
    return (doubled - doubled.round()).abs() >= 2 * MARGIN


def smooth_grid(generator, batch, size, out, align_corners, dtype=torch.float64, reach=2.0) -> torch.Tensor:
    """A random grid from `reach` pixels before the image to as far behind it, kept away from kinks as its dtype stores it."""
    lengths = torch.tensor(list(reversed(size)), dtype=torch.float64)
    slopes = torch.tensor([slope(n, align_corners) for n in reversed(size)], dtype=torch.float64)
    grid = torch.zeros((batch, *out, len(size)), dtype=dtype)
    wanted = torch.ones(grid.shape, dtype=torch.bool)
    # An axis of one pixel between centres reads pixel 0 whatever the grid says.
    flat = (slopes == 0).expand(grid.shape)
    while wanted.any():
        p = torch.rand(grid.shape, dtype=torch.float64, generator=generator) * (lengths - 1 + 2 * reach) - reach
        g = torch.where(flat, p / lengths, (p - (lengths - 1) / 2) / torch.where(slopes == 0, 1.0, slopes)).to(dtype)
        grid = torch.where(wanted, g, grid)
        wanted = ~(away_from_kinks(pixels(grid, size, align_corners)) | flat)
    return grid


@dataclass
class Case:
    """An image, a grid for it and how it is read. Values lie in [-1, 1]."""

    image: torch.Tensor
    grid: torch.Tensor
    mode: str
    padding: str
    align_corners: bool
    generator: torch.Generator

    @property
    def size(self):
        return tuple(self.image.shape[2:])

    @property
    def words(self):
        return dict(mode=self.mode, padding_mode=self.padding, align_corners=self.align_corners)

    def like_output(self, dtype=None):
        """Random numbers in [-1, 1] in the shape of the result."""
        shape = (*self.image.shape[:2], *self.grid.shape[1:-1])
        return torch.rand(shape, generator=self.generator, dtype=torch.float64).mul(2).sub(1).to(dtype or self.image.dtype)


def generators():
    return st.integers(0, 2**32 - 1).map(lambda seed: torch.Generator().manual_seed(seed))


@st.composite
def cases(draw, dtypes=FLOATS, modes=MODES, paddings=TORCH_PADDINGS, axes=(2, 3)):
    axes = draw(st.sampled_from(axes))
    longest = 7 if axes == 2 else 5
    size = draw(st.lists(st.integers(1, longest), min_size=axes, max_size=axes))
    out = draw(st.lists(st.integers(1, longest), min_size=axes, max_size=axes))
    batch, channels = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    dtype, align_corners = draw(st.sampled_from(dtypes)), draw(st.booleans())
    generator = draw(generators())
    image = torch.rand((batch, channels, *size), generator=generator, dtype=torch.float64).mul(2).sub(1).to(dtype)
    grid = smooth_grid(generator, batch, size, out, align_corners, dtype)
    return Case(image, grid, draw(st.sampled_from(modes)), draw(st.sampled_from(paddings)), align_corners, generator)


# Memory layouts. Each takes a tensor and gives one of the same values in other memory.


def _stepped(tensor):
    wide = torch.full([2 * n + 1 for n in tensor.shape], float("nan"), dtype=tensor.dtype)
    view = wide[tuple(slice(1, None, 2) for _ in tensor.shape)]
    return view.copy_(tensor)


def _transposed(tensor):
    return tensor.permute(*reversed(range(tensor.dim()))).contiguous().permute(*reversed(range(tensor.dim())))


def _channels_last(tensor):
    return tensor.movedim(1, -1).contiguous().movedim(-1, 1)


def _offset(tensor):
    wide = torch.full((tensor.numel() + 3,), float("nan"), dtype=tensor.dtype)
    wide[3:] = tensor.reshape(-1)
    return wide[3:].view(tensor.shape)


LAYOUTS = {
    "contiguous": torch.Tensor.contiguous,
    "stepped": _stepped,
    "transposed": _transposed,
    "channels_last": _channels_last,
    "offset": _offset,
}


def layouts():
    return st.sampled_from(sorted(LAYOUTS)).map(LAYOUTS.__getitem__)


@st.composite
def backwards(draw, array: np.ndarray) -> np.ndarray:
    """The same values behind negative strides along some axes."""
    flips = tuple(slice(None, None, draw(st.sampled_from((1, -1)))) for _ in array.shape)
    return np.ascontiguousarray(array[flips])[flips]


# A sampler of torch's elementary operations: differentiable as often as one likes, any padding, any dimension.


def _fold(p, low: float, span: float):
    """Mirrors at `low` and `low + span`."""
    if span == 0:
        return torch.zeros_like(p)
    q = torch.remainder(p - low, 2 * span)
    return torch.where(q > span, 2 * span - q, q) + low


def _moved_index(i, n, padding, align_corners):
    """Where a tap lies after padding, and whether it reads the image."""
    inside = (i >= 0) & (i <= n - 1)
    if padding == "wrap":
        return torch.remainder(i, n), torch.ones_like(inside)
    if padding == "reflection":
        i = _fold(i.double(), 0.0, n - 1.0) if align_corners else _fold(i.double(), -0.5, float(n))
        return i.long().clamp(0, n - 1), torch.ones_like(inside)
    return i.clamp(0, n - 1), torch.ones_like(inside) if padding == "border" else inside


def _taps(p, n, mode, padding, align_corners):
    """Along one axis: the taps' indices, their weights and whether they are read."""
    if mode != "bicubic":
        if padding == "border":
            p = p.clamp(0, n - 1)
        elif padding == "reflection":
            p = (_fold(p, 0.0, n - 1.0) if align_corners else _fold(p, -0.5, float(n))).clamp(0, n - 1)
        elif padding == "wrap":
            p = torch.remainder(p, n)
    if mode == "nearest":
        cell, weights = p.detach().round().long(), [torch.ones_like(p)]
    else:
        cell = p.detach().floor().long()
        f = p - cell
        if mode == "bilinear":
            weights = [1 - f, f]
        else:
            a = -0.75
            near = lambda x: ((a + 2) * x - (a + 3)) * x * x + 1
            far = lambda x: ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
            weights = [far(1 + f), near(f), near(1 - f), far(2 - f)]
            cell = cell - 1
    for k, weight in enumerate(weights):
        yield (*_moved_index(cell + k, n, padding, align_corners), weight)


def sampled(image, p, mode, padding, align_corners, fill=0.0):
    """`image` at the pixel locations `p`, in float64."""
    size = image.shape[2:]
    image = image.double()
    per_axis = [
        list(_taps(p[..., k], n, mode, padding, align_corners)) for k, n in zip(range(len(size)), reversed(size), strict=True)
    ]
    batch = torch.arange(image.shape[0]).reshape(-1, *[1] * len(size))
    total = 0.0
    for taps in itertools.product(*per_axis):
        weight, inside = 1.0, True
        for _, is_read, w in taps:
            weight, inside = weight * w, inside & is_read
        # Image axes are in array order, taps x first.
        value = image.movedim(1, -1)[(batch, *(i for i, _, _ in reversed(taps)))]
        total = total + (torch.where(inside[..., None], value, fill) * weight[..., None])
    return total.movedim(-1, 1)


def rest_of(out, size, rest="index", align_corners=False) -> torch.Tensor:
    """Rest places in float64, x first: CONVENTIONS.md, section 3."""
    places = []
    for n, length in zip(reversed(out), reversed(size), strict=True):
        j = torch.arange(n, dtype=torch.float64)
        if rest == "extent" and not align_corners:
            j = ((2 * j + 1) * length - n) / (2 * n)
        elif rest == "extent":
            j = j * (length - 1) / (n - 1) if n > 1 else torch.full_like(j, (length - 1) / 2)
        places.append(j)
    return torch.stack(list(reversed(torch.meshgrid(*reversed(places), indexing="ij"))), -1)


def bits(array) -> bytes:
    """What is compared when results must be the same to the last bit; dtype and shape are part of it."""
    if isinstance(array, torch.Tensor):
        if array.dtype == torch.bfloat16:
            return b"bfloat16" + bits(array.detach().contiguous().view(torch.int16))
        array = array.detach().numpy()
    return f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes()


def python(code: str, *options: str, timeout: float = 120, **environment: str) -> str:
    """What a fresh interpreter prints; it must end well and in time."""
    here = Path(__file__).resolve().parent
    path = os.pathsep.join([str(here), *(entry for entry in sys.path if entry)])
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
