#!/usr/bin/env python3
"""Make the golden files in tests/golden from torch's own CPU sampler.

    python tools/golden.py [--out tests/golden]

Needs torch 2.15.0 (CPU is enough) and numpy.  Everything is drawn from one
fixed seed and computed on one thread with the AVX2 kernels (which torch picks
by itself on most x86-64 machines; here they are asked for, so that an AVX-512
machine writes the same bits).  A second run writes identical arrays.

Files written, all small `.npz` archives with '.' as the separator in names:

    sample2.npz    grid_sample on 4-D input  (f32, f64)
    sample3.npz    grid_sample on 5-D input  (f32, f64)
    half.npz       grid_sample, f16 and bf16, 2-D and 3-D
    location.npz   the source location torch really used, recovered exactly
    affine.npz     affine_grid
    MANIFEST.json  versions, checksums, the meaning of every name, and what the
                   checks in this script measured

The script also recomputes the locations with a model of torch's arithmetic and
counts the values that differ; see `model_location`.
"""

import argparse
import hashlib
import json
import os
import platform
import warnings
import zlib
from fractions import Fraction
from pathlib import Path

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")  # read when torch is loaded

import numpy as np
import torch
import torch.nn.functional as F

SEED = 20250
TORCH_VERSION = "2.15.0"

MODES = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}  # ours: torch's
PADDINGS = ("zeros", "border", "reflection")
CORNERS = (False, True)

TORCH_TYPE = {
    "f64": torch.float64,
    "f32": torch.float32,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
}
HALF = ("f16", "bf16")

SAMPLE_WIDTHS = {"f32": (1, 2, 3, 8, 101, 257), "f64": (1, 3, 8, 101)}
HALF_WIDTHS = (8, 101)
LOCATION_WIDTHS = {
    "f32": (2, 3, 5, 8, 100, 101, 257, 640, 1000, 2048, 4096),
    "f64": (2, 3, 5, 8, 100, 101, 257, 640, 1000, 2048, 4096),
    "f16": (8, 100, 224),
    "bf16": (8, 100, 224),
}
LOCATIONS = 400  # grid values per entry of location.npz

HEIGHT, DEPTH = 3, 2  # of the sampled images
AFFINE_SIZES = {
    2: ((1, 1), (2, 5), (5, 100), (100, 2), (1, 5)),
    3: ((1, 1, 1), (1, 2, 100), (5, 2, 5), (2, 100, 1)),
}


# --------------------------------------------------------------------------
# Numbers


def rng_for(*labels):
    """A generator of its own for every array, so that adding one moves no other."""
    return np.random.default_rng([SEED, zlib.crc32(".".join(map(str, labels)).encode())])


def to_type(values, dtype):
    """float64 values rounded (half to even) to `dtype`, still held as float64."""
    values = np.asarray(values, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype == "f64":
            return values
        if dtype == "f32":
            return values.astype(np.float32).astype(np.float64)
        if dtype == "f16":
            return values.astype(np.float32).astype(np.float16).astype(np.float64)
        bits = values.astype(np.float32).view(np.uint32)
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        return bits.view(np.float32).astype(np.float64)


def tensor(values, dtype):
    return torch.from_numpy(np.ascontiguousarray(values, np.float64)).to(TORCH_TYPE[dtype])


def put(arrays, key, t, dtype):
    """Store a tensor under `key`; bf16, unknown to numpy, goes in as bit patterns."""
    if dtype == "bf16":
        arrays[key + ".bf16bits"] = t.contiguous().view(torch.int16).numpy().view(np.uint16)
    else:
        arrays[key] = t.contiguous().numpy()


def fused(a, b, c, dtype):
    """a*b + c rounded once to f32 or f64, by way of exact rationals."""

    def one(a, b, c):
        exact = Fraction(a) * Fraction(b) + Fraction(c)
        near = exact.numerator / exact.denominator  # int/int is correctly rounded
        if dtype == "f64":
            return near
        # Round to odd in f64, then to f32: no double rounding.
        if Fraction(near) != exact and not np.float64(near).view(np.uint64) & np.uint64(1):
            near = float(np.nextafter(near, np.inf if exact > Fraction(near) else -np.inf))
        return float(np.float32(near))

    return np.array([one(x, b, c) for x in np.asarray(a).tolist()])


# --------------------------------------------------------------------------
# The model of torch's source location


def model_location(g, width, corners, dtype, dims, padding="border"):
    """Where torch's CPU sampler samples, for grid values inside the image.

    `R` is rounding to `dtype` after one operation, W the width:

        align_corners=True               R(R(g+1) * ((W-1)/2))
        align_corners=False
          2-D, f32 and f64               fma(R(g+1), W/2, -0.5)
          3-D, and every half type       R(R(R(g+1) * (W/2)) - 0.5)

    The 3-D source divides by two at other places, which is exact and so the
    same.  Reflection with align_corners=False goes on from there with
    d = R(|x + 0.5|), x = R(min(d, R(2*W - d)) - 0.5) before clipping; for locations
    near 0 these extra steps round once more.
    """

    def rounded(v):
        return to_type(v, dtype)

    t = rounded(g + 1.0)
    if corners:
        return rounded(t * ((width - 1) / 2))
    if dims == 3 or dtype in HALF:
        x = rounded(rounded(t * (width / 2)) - 0.5)
    else:
        x = fused(t, width / 2, -0.5, dtype)
    if padding == "reflection":
        d = rounded(np.abs(x + 0.5))
        x = rounded(np.minimum(d, rounded(2.0 * width - d)) - 0.5)
        x = np.clip(x, 0.0, width - 1.0)
    return x


def measured_taps(g, width, corners, dtype, dims, padding):
    """The weights torch's own location leads to, summed over taps i with equal i % 4.

    The image is one pixel high (and deep) and its four channels are one where
    i % 4 == k, else zero.  With the other coordinates exactly on that pixel each
    output channel is one tap's weight, untouched by rounding.  Shape (4, n).
    """
    image = np.stack([np.arange(width) % 4 == k for k in range(4)]).astype(np.float64)
    image = tensor(image.reshape((1, 4) + (1,) * (dims - 1) + (width,)), dtype)
    grid = torch.zeros((1,) * dims + (len(g), dims), dtype=TORCH_TYPE[dtype])
    grid[..., 0] = tensor(g, dtype)
    out = F.grid_sample(image, grid, "bilinear", padding, corners)
    return out.reshape(4, len(g)).to(torch.float64).numpy()


def model_taps(x, dtype):
    """What `measured_taps` gives for locations `x`."""
    n, left, frac = np.arange(len(x)), np.floor(x).astype(np.int64), x - np.floor(x)
    taps = np.zeros((4, len(x)))
    taps[left % 4, n] = to_type(1.0 - frac, dtype)
    taps[(left + 1) % 4, n] = frac
    return taps


def right_weight(taps):
    """x - floor(x): the tap whose left neighbour has a weight too (else x is on a pixel)."""
    return np.where(np.roll(taps, 1, axis=0) != 0.0, taps, 0.0).sum(axis=0)


# --------------------------------------------------------------------------
# Grids


def to_grid(x, size, corners):
    """Grid values of source pixel coordinates (size 1 with align_corners: as without)."""
    x = np.asarray(x, np.float64)
    if corners and size > 1:
        return 2.0 * x / (size - 1) - 1.0
    return (2.0 * x + 1.0) / size - 1.0


def beside(values, dtype):
    """Each value with its two neighbours in `dtype`."""
    kind = np.float64 if dtype == "f64" else np.float32
    v = np.asarray(values, kind)
    rows = np.stack([np.nextafter(v, kind(-np.inf)), v, np.nextafter(v, kind(np.inf))])
    return rows.T.ravel().astype(np.float64)


def special_x(width, corners, dtype, rng):
    """The x coordinates of a grid row, as grid values exact in `dtype`."""
    w = float(width)

    def grid(xs):
        return to_type(to_grid(xs, width, corners), dtype)

    return np.concatenate(
        [
            beside(grid([0.0, width // 2, w - 1.0]), dtype),  # on a pixel, and an ulp off
            grid([0.5, 1.5, width // 2 + 0.5]),  # ties for nearest
            beside(grid([-0.5, w - 0.5, -1.0, w]), dtype),  # the edges, and an ulp off
            grid([-3.5, w + 2.5, 2.0 * w + 0.3, -2.0 * w - 0.3]),
            to_type([1e5, -1e5, 1e10, -1e10, 3e38, -3e38], dtype),
            [np.inf, -np.inf, np.nan],
            to_type(rng.uniform(-1.2, 1.2, 12), dtype),
        ]
    )


def ordinary_x(width, corners, dtype, rng):
    """As `special_x`, without neighbours and far, infinite or undefined values."""
    w = float(width)
    xs = [0.0, width // 2, w - 1.0, 0.5, 1.5, width // 2 + 0.5, -0.5, w - 0.5, -1.0, w, -3.5, w + 2.5]
    return np.concatenate(
        [to_type(to_grid(xs, width, corners), dtype), to_type(rng.uniform(-1.2, 1.2, 20), dtype)]
    )


def make_grid(xs, ys, zs, corners, dtype, dims):
    """Rows of `xs`, one for every y (and z), as a grid tensor."""
    y = to_type(to_grid(ys, HEIGHT, corners), dtype)
    z = to_type(to_grid(zs, DEPTH, corners), dtype)
    grid = np.empty((len(ys), len(xs), dims))
    grid[..., 0] = xs
    grid[..., 1] = y[:, None]
    if dims == 3:
        grid[..., 2] = z[:, None]
        grid = grid[None]
    return tensor(grid[None], dtype)


# Rows: on a pixel; inside; half a pixel outside; y undefined.
ROWS_Y = (1.0, 1.37, -0.5, np.nan)
ROWS_Z = (1.0, 0.3, 1.5, 0.3)


def make_image(width, dtype, dims, rng):
    shape = (1, 2, HEIGHT, width) if dims == 2 else (1, 1, DEPTH, HEIGHT, width)
    return tensor(rng.standard_normal(shape), dtype)


# --------------------------------------------------------------------------
# The files


def sample_all(arrays, prefix, image, grid, corners, dtype, modes):
    for mode in modes:
        for padding in PADDINGS:
            out = F.grid_sample(image, grid, MODES[mode], padding, corners)
            put(arrays, f"{prefix}.{mode}.{padding}", out, dtype)


def sample_file(dims):
    arrays = {}
    for dtype, widths in SAMPLE_WIDTHS.items():
        for width in widths:
            for corners in CORNERS:
                prefix = f"{dtype}.w{width}.ac{int(corners)}"
                rng = rng_for("sample", dims, prefix)
                image = make_image(width, dtype, dims, rng)
                xs = special_x(width, corners, dtype, rng)
                grid = make_grid(xs, ROWS_Y, ROWS_Z, corners, dtype, dims)
                put(arrays, f"{prefix}.image", image, dtype)
                put(arrays, f"{prefix}.grid", grid, dtype)
                sample_all(arrays, prefix, image, grid, corners, dtype, MODES)
                if dims == 2 and dtype == "f32" and width == 8:
                    bad = image.clone()
                    bad[0, 0, 1, 5] = float("inf")  # beside pixel 4, which the grid hits
                    bad[0, 0, 1, 1] = float("nan")  # beside pixel 0, likewise
                    put(arrays, f"nonfinite.{prefix}.image", bad, dtype)
                    sample_all(arrays, f"nonfinite.{prefix}", bad, grid, corners, dtype, MODES)
    return arrays


def half_file():
    arrays = {}
    for dims in (2, 3):
        for dtype in HALF:
            for width in HALF_WIDTHS:
                for corners in CORNERS:
                    prefix = f"d{dims}.{dtype}.w{width}.ac{int(corners)}"
                    rng = rng_for("half", prefix)
                    image = make_image(width, dtype, dims, rng)
                    xs = ordinary_x(width, corners, dtype, rng)
                    grid = make_grid(xs, ROWS_Y[:3], ROWS_Z[:3], corners, dtype, dims)
                    put(arrays, f"{prefix}.image", image, dtype)
                    put(arrays, f"{prefix}.grid", grid, dtype)
                    sample_all(arrays, prefix, image, grid, corners, dtype, ("nearest", "linear"))
    return arrays


def location_grid(width, corners, dtype):
    """Sorted distinct grid values whose locations lie inside (0, W-1)."""
    rng = rng_for("location", dtype, width, corners)
    n = LOCATIONS
    x = rng.uniform(0.0, width - 1.0, 3 * n)
    near = rng.integers(0, width, n) + rng.normal(0.0, 0.01, n)  # close to pixels
    g = np.concatenate([to_grid(x, width, corners), to_grid(near, width, corners)])
    g = np.concatenate([g, rng.uniform(-1.0, 1.0, n) * 10.0 ** rng.uniform(-9.0, -1.0, n)])
    g = rng.permutation(np.unique(to_type(g, dtype)))
    inside = np.ones(len(g), bool)
    for dims in (2, 3):
        p = model_location(g, width, corners, dtype, dims)
        exact = g * ((width - 1) / 2 if corners else width / 2) + (width - 1) / 2
        inside &= (p > 0) & (p < width - 1) & (exact > 0) & (exact < width - 1)
    return np.sort(g[inside][:n])


def location_file(checks):
    arrays = {}
    for dtype, widths in LOCATION_WIDTHS.items():
        for width in widths:
            for corners in CORNERS:
                prefix = f"{dtype}.w{width}.ac{int(corners)}"
                g = location_grid(width, corners, dtype)
                put(arrays, f"{prefix}.g", tensor(g, dtype), dtype)
                for dims in (2, 3):
                    for padding in PADDINGS:
                        w = measured_weight(g, width, corners, dtype, dims, padding, checks)
                        if padding == "border":
                            put(arrays, f"{prefix}.w{dims}", tensor(w, dtype), dtype)
                        elif padding == "reflection" and not corners:
                            put(arrays, f"{prefix}.w{dims}reflection", tensor(w, dtype), dtype)
    return arrays


def measured_weight(g, width, corners, dtype, dims, padding, checks):
    """Torch's right-hand weights; every tap is compared with the model and counted."""
    taps = measured_taps(g, width, corners, dtype, dims, padding)

    def differing(x):
        return int((model_taps(x, dtype) != taps).any(axis=0).sum())

    name = f"{dims}d.{dtype}.ac{int(corners)}.{padding}"
    entry = checks.setdefault(name, {"values": 0, "differ_from_model": 0, "differ_from_unfused": 0})
    entry["values"] += len(g)
    entry["differ_from_model"] += differing(
        model_location(g, width, corners, dtype, dims, padding)
    )
    entry["differ_from_unfused"] += differing(model_location(g, width, corners, dtype, 3))
    return right_weight(taps)


def affine_file():
    arrays = {}
    for dims, sizes in AFFINE_SIZES.items():
        rng = rng_for("affine", dims)
        eye = np.eye(dims, dims + 1)
        random = [eye + rng.normal(0.0, 0.3, eye.shape) for _ in range(3)]
        batches = {"a": np.stack([eye, random[0]]), "b": np.stack(random[1:])}
        for dtype in ("f32", "f64"):
            for batch, theta in batches.items():
                theta = tensor(theta, dtype)
                put(arrays, f"d{dims}.{dtype}.{batch}.theta", theta, dtype)
                for size in sizes:
                    for corners in CORNERS:
                        with warnings.catch_warnings():  # torch's remark on sizes of 1
                            warnings.simplefilter("ignore")
                            grid = F.affine_grid(theta, [2, 1, *size], align_corners=corners)
                        name = "x".join(map(str, size))
                        put(arrays, f"d{dims}.{dtype}.{batch}.s{name}.ac{int(corners)}", grid, dtype)
    return arrays


def nonfinite_table():
    """What x = NaN, +Inf, -Inf give with the other coordinates on a pixel."""
    width, table = 8, {}
    xs = [np.nan, np.inf, -np.inf]
    for dims in (2, 3):
        for dtype in ("f32", "f64"):
            shape = (1, 1, HEIGHT, width) if dims == 2 else (1, 1, DEPTH, HEIGHT, width)
            image = tensor(np.broadcast_to(np.arange(width) + 1.0, shape), dtype)
            for mode in MODES:
                for padding in PADDINGS:
                    for corners in CORNERS:
                        grid = make_grid(np.array(xs), (1.0,), (1.0,), corners, dtype, dims)
                        out = F.grid_sample(image, grid, MODES[mode], padding, corners)
                        names = {0.0: "0", 1.0: "first", float(width): "last"}
                        words = [
                            "NaN" if v != v else names.get(v, repr(v))
                            for v in out.flatten().tolist()
                        ]
                        table[f"{dims}d.{dtype}.{mode}.{padding}.ac{int(corners)}"] = words
    return table


# --------------------------------------------------------------------------
# The manifest

KEYS = {
    "names": (
        "T = f32 | f64 (half.npz, location.npz: also f16, bf16); W = source width; "
        "A = 0 | 1 is align_corners; MODE = nearest | linear | cubic (torch: nearest, bilinear, "
        "bicubic); PADDING = zeros | border | reflection. A name ending in .bf16bits holds bf16 "
        "as uint16 bit patterns. Only whether a value is NaN is meant, never a NaN's bits."
    ),
    "sample2.npz": {
        "T.wW.acA.image": "image, shape (1, 2, 3, W)",
        "T.wW.acA.grid": (
            "grid, shape (1, 4, K, 2), last axis (x, y); shared by all modes and paddings. "
            "K runs over x, in this order: pixels 0, W//2 and W-1, each as (ulp below, itself, ulp "
            "above); 0.5, 1.5, W//2+0.5; edges -0.5, W-0.5, -1, W, each with both neighbours; "
            "-3.5, W+2.5, 2W+0.3, -2W-0.3; the grid values 1e5, -1e5, 1e10, -1e10, 3e38, -3e38, "
            "+Inf, -Inf, NaN; 12 random in [-1.2, 1.2]. Rows: y = 1, 1.37, -0.5 (source pixels), NaN"
        ),
        "T.wW.acA.MODE.PADDING": "output, shape (1, 2, 4, K)",
        "nonfinite.f32.w8.acA.image": (
            "f32.w8.acA.image with channel 0 set to +Inf at (y=1, x=5) and NaN at (y=1, x=1)"
        ),
        "nonfinite.f32.w8.acA.MODE.PADDING": "output for that image and the grid f32.w8.acA.grid",
    },
    "sample3.npz": {
        "T.wW.acA.image": "image, shape (1, 1, 2, 3, W)",
        "T.wW.acA.grid": (
            "grid, shape (1, 1, 4, K, 3), last axis (x, y, z); x and y as in sample2.npz, "
            "z = 1, 0.3, 1.5, 0.3 (source pixels) for the four rows"
        ),
        "T.wW.acA.MODE.PADDING": "output, shape (1, 1, 1, 4, K); cubic is tricubic",
    },
    "half.npz": {
        "dD.T.wW.acA.image": "D = 2 | 3; T = f16 | bf16; shapes as in sample2/sample3",
        "dD.T.wW.acA.grid": (
            "as in sample2/sample3 with three rows (no NaN) and only ordinary x: 0, W//2, W-1, "
            "0.5, 1.5, W//2+0.5, -0.5, W-0.5, -1, W, -3.5, W+2.5, 20 random in [-1.2, 1.2]"
        ),
        "dD.T.wW.acA.MODE.PADDING": "output; MODE = nearest | linear",
    },
    "location.npz": {
        "T.wW.acA.g": "grid values, sorted, all with locations inside (0, W-1); shape (n,), n <= 400",
        "T.wW.acA.w2": (
            "x - floor(x), exact, for the location x that the 2-D sampler used "
            "(bilinear; padding border, and zeros alike)"
        ),
        "T.wW.acA.w3": "the same for the 3-D sampler",
        "T.wW.ac0.w2reflection": "as w2, with reflection padding (with ac1 the same as w2)",
        "T.wW.ac0.w3reflection": "as w3, with reflection padding (with ac1 the same as w3)",
    },
    "affine.npz": {
        "dD.T.B.theta": (
            "D = 2 | 3; batch B = a: (identity, random), b: (random, random); shape (2, D, D+1)"
        ),
        "dD.T.B.sSIZE.acA": (
            "affine_grid(theta, (2, 1, *SIZE)); SIZE as HxW or DxHxW; shape (2, *SIZE, D). "
            "Torch forms it with a matrix product, whose last bits depend on the BLAS; "
            "the identity is free of that"
        ),
    },
}

NOTES = [
    "R rounds to the type after one operation; fma rounds once. All statements are for the x86-64 "
    "AVX2 kernels of torch 2.15.0, f32 and f64, and were checked bit for bit.",
    "Location: align_corners=True R(R(g+1)*((W-1)/2)); align_corners=False in 2-D f32/f64 "
    "fma(R(g+1), W/2, -0.5), for all three paddings and for bicubic; in 3-D, and for f16 and bf16 "
    "in both, R(R(R(g+1)*(W/2)) - 0.5).",
    "Reflection with align_corners=False adds R(|x + 0.5|) and R(. - 0.5) to that location "
    "(whichever it is), so near 0 it differs from the other paddings in the last bits.",
    "Reflection in 2-D f32/f64, far out: d = |x - low|, then d = fma(-trunc(R(d/(2*span))), 2*span, "
    "d), fused (this shows only for very large coordinates), x = R(min(d, R(2*span - d)) + low).",
    "2-D linear: fma(se, n*w, fma(sw, n*e, fma(ne, s*w, R(nw*(s*e))))), taps outside being 0.",
    "3-D linear: unfused, x*y*z weights, in the order tnw tne tsw tse bnw bne bsw bse, taps "
    "outside skipped.",
    "Cubic coefficients (A=-0.75, t = x - floor(x)): inner ones in 2-D "
    "fma(R(fma(A+2, u, -(A+3))*u), u, 1), u = t and 1-t, in 3-D the same unfused; outer ones "
    "((A*u - 5A)*u + 8A)*u - 4A unfused in both, u = t+1 and 2-t.",
    "2-D cubic: each row R(R(fma(c0, v0, R(c1*v1)) + R(c2*v2)) + R(c3*v3)); over rows "
    "fma(k3, r3, fma(k2, r2, fma(k1, r1, R(k0*r0)))).",
    "3-D cubic: sum over z, y, x (x fastest) of R(R(v*R(cz*cy))*cx), unfused, from 0.",
    "Reflection in 3-D linear and nearest casts the number of flips to a 32-bit int; beyond "
    "2**31 flips (grid values 1e10 and more) the result is what x86 makes of that cast. 3-D cubic "
    "keeps the parity in floating point.",
    "f16 and bf16: the 2-D and 3-D linear formulas unfused, every operation rounded to the type.",
    "affine_grid here: ((t0*x + t1*y) + t2*z) + t3 unfused; base values i*step - 1 in the lower "
    "half and 1 - (n-1-i)*step in the upper, each one fma with step = R(2/(n-1)), then without "
    "align_corners R(R(. * (n-1))/n); 0 for n = 1.",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("tests/golden"))
    out = parser.parse_args().out
    if torch.__version__.split("+")[0] != TORCH_VERSION:
        raise SystemExit(f"needs torch {TORCH_VERSION}, found {torch.__version__}")
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)

    checks = {}
    files = {
        "sample2.npz": sample_file(2),
        "sample3.npz": sample_file(3),
        "half.npz": half_file(),
        "location.npz": location_file(checks),
        "affine.npz": affine_file(),
    }
    listing = {}
    for name, arrays in files.items():
        np.savez_compressed(out / name, **arrays)
        data = (out / name).read_bytes()
        listing[name] = {
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "arrays": len(arrays),
        }
    manifest = {
        "torch": torch.__version__.split("+")[0],
        "numpy": np.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "machine": platform.machine(),
        "seed": SEED,
        "files": listing,
        "keys": KEYS,
        "notes": NOTES,
        "location_checks": checks,
        "nonfinite_x": nonfinite_table(),
    }
    (out / "MANIFEST.json").write_text(json.dumps(manifest, indent=1) + "\n")

    for name, info in listing.items():
        print(f"{name:14} {info['bytes']:8} bytes {info['arrays']:5} arrays")
    print("location: path, values, differing from the model, differing from the unfused formula")
    for name, entry in checks.items():
        print(f"  {name:28}", *entry.values())


if __name__ == "__main__":
    main()
