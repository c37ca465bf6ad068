"""What is measured: each workload makes its inputs and says how each library does the work on them."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

# Our name for each peer and the module it is imported as.
MODULES = {
    "torch": "torch",
    "cv2": "cv2",
    "sitk": "SimpleITK",
    "scipy": "scipy.ndimage",
    "kornia": "kornia",
    "oflib": "oflibpytorch",
    "vision": "torchvision",
}
PACKAGES = {
    "torch": "torch",
    "cv2": "opencv-python-headless",
    "sitk": "SimpleITK",
    "scipy": "scipy",
    "kornia": "kornia",
    "oflib": "oflibpytorch",
    "vision": "torchvision",
}


class Libraries:
    """The peers that are installed, set to a number of threads; the others are None."""

    torch: Any
    cv2: Any
    sitk: Any
    scipy: Any
    kornia: Any
    oflib: Any
    vision: Any

    def __init__(self, threads: int, without: tuple[str, ...] = (), compile: bool = True) -> None:
        self.threads = threads
        self.missing = []
        for name, module in MODULES.items():
            found = None
            if name not in without:
                try:
                    found = importlib.import_module(module)
                except ImportError:
                    pass
            setattr(self, name, found)
            if found is None:
                self.missing.append(name)
        if self.torch:
            self.torch.set_num_threads(threads)
            self.torch.manual_seed(0)
        if self.kornia:
            importlib.import_module("kornia.geometry.transform")
        if self.cv2:
            self.cv2.setNumThreads(threads)
        if self.sitk:
            self.sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
        import displace

        self.displace = displace
        if hasattr(displace, "set_num_threads"):
            displace.set_num_threads(threads)
        self.compile = compile and self.torch is not None
        self.pool = ThreadPoolExecutor(threads) if threads > 1 else None


class Contestant(NamedTuple):
    """One way to do a workload."""

    who: str
    form: str  # which of the library's ways; the fastest of them counts
    out: bool  # whether memory for the result is given
    call: Callable[[], Any]
    # What the call returned, as arrays that compare with ours; None: nothing to compare.
    result: Callable[[Any], list[np.ndarray]] | None


@dataclass
class Case:
    """A workload with its inputs, ready to run."""

    elements: int
    bytes: int  # of inputs, read once, and results, written once
    result_bytes: int
    tolerance: float  # of the largest number in the result, or 1 if that is less
    contestants: list[Contestant] = field(default_factory=list)
    outliers: float = 0.0  # the share of numbers that may be further away: where a rounding decides between two pixels
    inside: np.ndarray | None = None  # which pixels need nothing from outside the image; has the axes of a result
    copy: str = "numpy"  # whose copy is the limit; "" where a call is too short to compare

    def add(self, who: str, form: str, call: Callable[..., Any], result: Any, out: bool = False) -> None:
        self.contestants.append(Contestant(who, form, out, call, result))


class Workload(NamedTuple):
    name: str
    what: str
    targets: tuple[tuple[str, float], ...]  # peer (or "copy", "fastest") and how many times its time ours must fit into
    needs: tuple[str, ...]
    build: Callable[[Libraries, int], Case]


# Inputs


def pixels(*shape: int, dtype: Any = np.float32, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    if dtype == np.uint8:
        return generator.integers(0, 256, shape, np.uint8)
    return generator.random(shape, dtype)


def places(size: tuple[int, ...], kind: str) -> np.ndarray:
    """Where each output pixel reads, in pixels, x first."""
    result = np.empty((*size, len(size)), np.float32)
    if kind == "random":
        np.random.default_rng(1).random(out=result, dtype=np.float32)
        result *= np.float32(size[::-1])
        result -= np.float32(0.5)
        return result
    index = np.ogrid[tuple(slice(length) for length in size)][::-1]
    index = [axis.astype(np.float32) for axis in index]
    reach = np.float32(min(6.0, min(size) / 16))
    waves = [np.sin(axis * np.float32(2 * math.pi * (3 + n) / size[-1 - n])) * reach for n, axis in enumerate(index)]
    # Each axis is bent along the next one, the last along the first; and moved, since where nothing is bent all places would
    # lie on pixels, where gradients jump.
    for n in range(len(size)):
        np.add(index[n] + np.float32(0.3), waves[(n + 1) % len(size)], out=result[..., n])
    if kind != "smooth":
        angle, shift = {"rotated": (0.5, 0.0), "rotated90": (math.pi / 2, 0.25)}[kind]
        centre = (np.float32(size[::-1]) - 1) / 2
        x, y = result[..., 0] - centre[0], result[..., 1] - centre[1]
        cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        result[..., 0] = cosine * x - sine * y + (centre[0] + np.float32(shift))
        result[..., 1] = sine * x + cosine * y + (centre[1] + np.float32(shift))
    return result


class Places:
    """The same locations in every library's form, made when asked for."""

    def __init__(self, size: tuple[int, ...], kind: str) -> None:
        self.size = size
        self.pixel = places(size, kind)

    @cached_property
    def displacement(self) -> np.ndarray:
        index = np.ogrid[tuple(slice(length) for length in self.size)][::-1]
        result = np.empty_like(self.pixel)
        for n, axis in enumerate(index):
            np.subtract(self.pixel[..., n], axis.astype(np.float32), out=result[..., n])
        return result

    @cached_property
    def normal(self) -> np.ndarray:
        """torch's, for align_corners=False."""
        length = np.float32(self.size[::-1])
        result = self.pixel * (2 / length)
        result += 1 / length - 1
        return result

    @cached_property
    def planes(self) -> np.ndarray:
        """One plane for each axis, in the order of the array's axes."""
        return np.ascontiguousarray(np.moveaxis(self.pixel[..., ::-1], -1, 0))

    @cached_property
    def inside(self) -> np.ndarray:
        return ((self.pixel >= 0) & (self.pixel <= np.float32(self.size[::-1]) - 1)).all(-1)


def close(size: tuple[int, ...]) -> float:
    """What rounding may do: locations in f32, in a unit and from an origin that differ between libraries."""
    return 1e-5 + 4e-7 * max(size)


def tensors(library: Libraries, *arrays: np.ndarray) -> Iterator[Any]:
    return (library.torch.from_numpy(array) for array in arrays)


def numpy_of(*results: Any) -> list[np.ndarray]:
    return [result.detach().numpy() if hasattr(result, "detach") else result for result in results]


# Reading images


def image_and_map(size: tuple[int, int], kind: str, mode: str = "bilinear", padding: str = "zeros") -> Any:
    """NumPy, one channel, a map of absolute pixels as OpenCV takes it."""

    def build(lib: Libraries, divide: int) -> Case:
        small = (size[0] // divide, size[1] // divide)
        image, at = pixels(*small), Places(small, kind)
        case = Case(image.size, image.nbytes * 2 + at.pixel.nbytes, image.nbytes, close(small), inside=at.inside)
        if mode == "nearest":
            case.outliers = 1e-4
        out = np.empty_like(image)

        def same(result):
            return [np.asarray(result).reshape(small)]

        ours, batch, batch_out = image[None, None], at.pixel[None], out[None, None]

        def sample(out=None):
            return lib.displace.grid_sample(ours, batch, mode, padding, coords="pixel", align_corners=False, out=out)

        case.add("ours", "pixel map", sample, same)
        case.add("ours", "pixel map", lambda: sample(batch_out), same, True)
        if lib.cv2:
            cv2 = lib.cv2
            how = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}[mode]
            edge = {"zeros": cv2.BORDER_CONSTANT, "border": cv2.BORDER_REPLICATE}[padding]
            for form, maps in (("one map", (at.pixel, None)), ("two maps", (at.planes[1], at.planes[0]))):
                case.add("cv2", form, lambda maps=maps: cv2.remap(image, *maps, how, borderMode=edge), same)
                case.add("cv2", form, lambda maps=maps: cv2.remap(image, *maps, how, dst=out, borderMode=edge), same, True)
        if lib.scipy and mode != "bicubic":  # its third order is a spline, another function
            order, fill = {"nearest": 0, "bilinear": 1}[mode], {"zeros": "grid-constant", "border": "nearest"}[padding]

            def interpolate(output=np.float32):
                found = lib.scipy.map_coordinates(image, at.planes, output, order, fill, prefilter=False)
                return out if found is None else found

            case.add("scipy", "map_coordinates", interpolate, same)
            case.add("scipy", "map_coordinates", lambda: interpolate(out), same, True)
        if lib.sitk and mode != "bicubic":
            add_sitk(case, lib, image, at, mode, same)
        if lib.torch:
            add_torch(case, lib, *tensors(lib, ours, at.normal[None]), mode, padding, result=same)
        if lib.kornia and lib.torch:
            add_kornia(case, lib, lib.torch.from_numpy(ours), at, mode, padding, same)
        return case

    return build


def add_sitk(case: Case, lib: Libraries, image: np.ndarray, at: Places, mode: str, same: Any) -> None:
    sitk = lib.sitk
    kind = {"nearest": sitk.sitkNearestNeighbor, "bilinear": sitk.sitkLinear}[mode]
    picture, shift = sitk.GetImageFromArray(image), sitk.GetImageFromArray(at.displacement, isVector=True)
    warp = sitk.WarpImageFilter()
    warp.SetInterpolator(kind)
    warp.SetOutputParameteresFromImage(picture)

    def back(result):
        return same(sitk.GetArrayFromImage(result))

    case.add("sitk", "Warp", lambda: warp.Execute(picture, shift), back)
    # The transform takes the field's memory for its own, so it gets one.
    transform = sitk.DisplacementFieldTransform(sitk.Cast(shift, sitk.sitkVectorFloat64))
    resample = sitk.ResampleImageFilter()
    resample.SetReferenceImage(picture)
    resample.SetInterpolator(kind)
    resample.SetTransform(transform)
    case.add("sitk", "Resample", lambda: resample.Execute(picture), back)


def add_torch(
    case: Case, lib: Libraries, image: Any, grid: Any, mode: str, padding: str, forms: Any = ("NCHW",), result: Any = numpy_of
) -> None:
    sample = lib.torch.nn.functional.grid_sample
    for form in forms:
        source = image.contiguous(memory_format=lib.torch.channels_last) if form == "channels-last" else image
        call = lambda source=source: sample(source, grid, mode, padding, align_corners=False)
        case.add("torch", form, call, result)


def add_kornia(case: Case, lib: Libraries, image: Any, at: Places, mode: str, padding: str, result: Any = numpy_of) -> None:
    down, right = (plane[None] for plane in tensors(lib, *at.planes))
    remap = lib.kornia.geometry.transform.remap
    # align_corners=True: its pixels then are those of the map, and only the border's name says what is outside.
    call = lambda: remap(image, right, down, mode, padding, align_corners=True)
    case.add("kornia", "remap", call, result)


def image_and_grid(shape: tuple[int, ...], forms: Any = ("NCHW",), ours: str = "NCHW", kind: str = "smooth") -> Any:
    """torch tensors, a normalised grid, zeros outside."""

    def build(lib: Libraries, divide: int) -> Case:
        n, c, *size = shape
        size = tuple(length // divide if length > 64 else length for length in size)
        at = Places(size, kind)
        image = pixels(n, c, *size)
        grid = np.ascontiguousarray(np.broadcast_to(at.normal, (n, *at.normal.shape)))
        case = Case(image.size, image.nbytes * 2 + grid.nbytes, image.nbytes, close(size), inside=at.inside, copy="torch")
        image, grid = tensors(lib, image, grid)
        out = lib.torch.empty_like(image)
        # Each library gives planes back, whatever it is given.
        mine = image.contiguous(memory_format=lib.torch.channels_last) if ours == "channels-last" else image

        def sample(out=None):
            return lib.displace.grid_sample(mine, grid, align_corners=False, out=out)

        case.add("ours", ours, sample, numpy_of)
        case.add("ours", ours, lambda: sample(out), numpy_of, True)
        add_torch(case, lib, image, grid, "bilinear", "zeros", forms)
        if lib.kornia and len(size) == 2 and n == 1:
            add_kornia(case, lib, image, at, "bilinear", "zeros")
        return case

    return build


def interleaved(shape: tuple[int, int, int, int], dtype: Any = np.float32) -> Any:
    """NumPy, channels last as in image files: ours takes displacements, OpenCV its map."""

    def build(lib: Libraries, divide: int) -> Case:
        n, h, w, c = shape
        size = (h // divide, w // divide)
        at = Places(size, "smooth")
        image = pixels(n, *size, c, dtype=dtype)
        tolerance = 1.0 / 255 if dtype == np.uint8 else close(size)
        case = Case(image.size, image.nbytes * 2 + n * at.pixel.nbytes, image.nbytes, tolerance, inside=at.inside[..., None])
        out = np.empty_like(image)
        field = np.ascontiguousarray(np.broadcast_to(at.displacement, (n, *at.displacement.shape)))
        one = n == 1
        given, shift, into = (image[0], field[0], out[0]) if one else (image, field, out)

        def same(result):
            return [np.asarray(result).reshape(image.shape)]

        case.add("ours", "warp, HWC", lambda: lib.displace.warp(given, shift, channels_last=True), same)
        case.add("ours", "warp, HWC", lambda: lib.displace.warp(given, shift, channels_last=True, out=into), same, True)
        if lib.cv2:
            remap, how = lib.cv2.remap, lib.cv2.INTER_LINEAR
            at_pixel = [at.pixel.copy() for _ in range(n)]
            at_planes = [at.planes.copy() for _ in range(n)]

            def one_map(dst):
                return [remap(*each, None, how, dst=into) for *each, into in zip(image, at_pixel, dst, strict=True)]

            def two_maps(dst):
                return [remap(each, p[1], p[0], how, dst=into) for each, p, into in zip(image, at_planes, dst, strict=True)]

            nothing = [None] * n
            for form, call in (("one map", one_map), ("two maps", two_maps)):
                case.add("cv2", form, lambda call=call: call(nothing), same)
                case.add("cv2", form, lambda call=call: call(out), same, True)
        if lib.torch and dtype != np.uint8:
            grid = np.ascontiguousarray(np.broadcast_to(at.normal, (n, *at.normal.shape)))
            planar = np.ascontiguousarray(np.moveaxis(image, -1, 1))
            picture, grid = tensors(lib, planar, grid)
            for form in ("NCHW", "channels-last"):
                layout = lib.torch.channels_last if form == "channels-last" else lib.torch.contiguous_format
                source = picture.contiguous(memory_format=layout)
                call = lambda s=source: lib.torch.nn.functional.grid_sample(s, grid, align_corners=False)
                case.add("torch", form, call, lambda result: [np.moveaxis(result.numpy(), 1, -1)])
        return case

    return build


def volume(side: int) -> Any:
    """NumPy, a displacement field in voxels, as ITK takes it."""

    def build(lib: Libraries, divide: int) -> Case:
        size = (side // divide,) * 3
        image, at = pixels(*size), Places(size, "smooth")
        case = Case(image.size, image.nbytes * 2 + at.pixel.nbytes, image.nbytes, close(size), inside=at.inside)
        out = np.empty_like(image)

        def same(result):
            return [np.asarray(result).reshape(size)]

        case.add("ours", "displacements", lambda: lib.displace.warp(image, at.displacement), same)
        case.add("ours", "displacements", lambda: lib.displace.warp(image, at.displacement, out=out), same, True)
        if lib.sitk:
            add_sitk(case, lib, image, at, "bilinear", same)
        if lib.scipy:

            def interpolate(output=np.float32):
                found = lib.scipy.map_coordinates(image, at.planes, output, 1, "grid-constant", prefilter=False)
                return out if found is None else found

            case.add("scipy", "map_coordinates", interpolate, same)
            case.add("scipy", "map_coordinates", lambda: interpolate(out), same, True)
        if lib.torch:
            sample = lib.torch.nn.functional.grid_sample
            picture, grid = tensors(lib, image[None, None], at.normal[None])
            case.add("torch", "NCDHW", lambda: sample(picture, grid, align_corners=False), lambda r: same(r.numpy()))
        return case

    return build


def spline(side: int) -> Any:
    """A cubic B-spline through all voxels, its filter included, at places that wander: SciPy's own default mode."""

    def build(lib: Libraries, divide: int) -> Case:
        size = (side // divide,) * 3
        image, at = pixels(*size), Places(size, "smooth")
        # Coefficients reach several times the image's numbers, and are rounded to f32 after each axis.
        case = Case(image.size, image.nbytes * 2 + at.pixel.nbytes, image.nbytes, 8 * close(size))
        out = np.empty_like(image)

        def same(result):
            return [np.asarray(result)]

        def interpolate(library, output=None):
            found = library.map_coordinates(image, at.planes, output, 3)
            return out if found is None else found

        case.add("ours", "map_coordinates", lambda: interpolate(lib.displace), same)
        case.add("ours", "map_coordinates", lambda: interpolate(lib.displace, out), same, True)
        if lib.scipy:
            case.add("scipy", "map_coordinates", lambda: interpolate(lib.scipy), same)
            case.add("scipy", "map_coordinates", lambda: interpolate(lib.scipy, out), same, True)
        return case

    return build


# Gradients


def gradients(shape: tuple[int, ...], order: int = 1, forms: Any = ("NCHW",), forward: bool = False) -> Any:
    """The gradients of image and grid. `forward`: with the forward pass, recorded; else the backward pass alone."""

    def build(lib: Libraries, divide: int) -> Case:
        n, c, *size = shape
        size = tuple(length // divide if length > 64 else length for length in size)
        at = Places(size, "smooth")
        torch = lib.torch
        grad_of = torch.autograd.grad
        image = torch.from_numpy(pixels(n, c, *size))
        grid = torch.from_numpy(np.ascontiguousarray(np.broadcast_to(at.normal, (n, *at.normal.shape))))
        grad = torch.from_numpy(pixels(n, c, *size, seed=2))
        pushes = [torch.from_numpy(pixels(*like.shape, seed=3)) - 0.5 for like in (image, grid)]
        small = image.nbytes + grid.nbytes
        if order == 1:
            moved, made = grad.nbytes + 2 * small, small
        else:
            moved, made = 2 * grad.nbytes + 3 * small, small + grad.nbytes
        case = Case(image.numel(), moved, made, close(size), copy="torch")
        # The gradient in the grid jumps from pixel to pixel, so a location rounded to the other side has another one.
        case.outliers = 1e-3

        def add(who, form, sample):
            last = form == "channels-last"
            layout = torch.channels_last if last else torch.contiguous_format
            leaf, out_grad = (tensor.clone(memory_format=layout) for tensor in (image, grad))
            leaves = leaf.requires_grad_(), grid.clone().requires_grad_()
            if forward:
                call = lambda: grad_of(sample(*leaves, align_corners=False), leaves, out_grad)
            elif order == 1:
                value = sample(*leaves, align_corners=False)
                call = lambda: grad_of(value, leaves, out_grad, retain_graph=True)
            else:
                out_grad.requires_grad_()
                value = sample(*leaves, align_corners=False)
                first = grad_of(value, leaves, out_grad, create_graph=True)
                call = lambda: grad_of(first, (*leaves, out_grad), pushes, retain_graph=True)
            case.add(who, form, call, lambda result: numpy_of(*result))

        add("ours", "NCHW", lib.displace.grid_sample)
        for form in forms:
            add("torch", form, torch.nn.functional.grid_sample)
        return case

    return build


# Deformable convolution


def deformable(channels: int, side: int, backward: bool) -> Any:
    """A 3 x 3 kernel with a mask on two feature maps, as in a residual network's stage: forward, or all gradients but the bias's."""

    def build(lib: Libraries, divide: int) -> Case:
        torch = lib.torch
        size = side // divide
        shapes = [(2, channels, size, size), (2, 18, size, size), (channels, channels, 3, 3), (2, 9, size, size)]
        image, offset, weight, mask = tensors(lib, *(pixels(*shape, seed=i) for i, shape in enumerate(shapes)))
        # Offsets of some pixels, weights of the size that a network starts with.
        offset, weight = (
            (offset - offset.mean()) / offset.std() * 2,
            (weight - weight.mean()) / weight.std() / (3 * channels**0.5),
        )
        inputs = [image, offset, weight, mask]
        read = 4 * sum(tensor.numel() for tensor in inputs)
        made = image.numel() * 4
        # Sums of 9 times as many terms as channels, or of as many as there are pixels, in another order.
        case = Case(image.numel(), read + made, read if backward else made, 1e-4, copy="")
        calls = {"ours": lib.displace.deform_conv2d, "vision": lib.vision.ops.deform_conv2d}
        grad = torch.ones_like(image)
        for who, call in calls.items():
            if backward:
                leaves = [tensor.clone().requires_grad_() for tensor in inputs]
                result = call(leaves[0], leaves[1], leaves[2], padding=1, mask=leaves[3])
                case.add(
                    who,
                    "torch",
                    lambda result=result, leaves=leaves: torch.autograd.grad(result, leaves, grad, retain_graph=True),
                    lambda found: numpy_of(*found),
                )
            else:
                case.add(who, "torch", lambda call=call: call(image, offset, weight, padding=1, mask=mask), numpy_of)
        return case

    return build


# Displacement


def shifts(side: int, peer: str) -> Any:
    """A grid's displacement; `peer` is what torch does: the naive code, its best rewriting, or (numpy) nothing."""

    def build(lib: Libraries, divide: int) -> Case:
        size = (side // divide,) * 2
        at = Places(size, "smooth")
        grid = at.normal[None]
        moved = 2 * grid.nbytes
        # torch's sums near the far edge are rounded at twice the side.
        case = Case(size[0] * size[1], moved, grid.nbytes, close(size))
        if peer == "numpy":
            out = np.empty_like(grid)
            case.add("ours", "NumPy", lambda: lib.displace.displacement(grid, size), numpy_of)
            case.add("ours", "NumPy", lambda: numpy_of(lib.displace.displacement(grid, size, out=out))[0], numpy_of, True)
            return case
        torch = lib.torch
        case.copy = "torch"
        grid = torch.from_numpy(grid)
        out = torch.empty_like(grid)
        case.add("ours", "torch", lambda: lib.displace.displacement(grid, size), numpy_of)
        case.add("ours", "torch", lambda: lib.displace.displacement(grid, size, out=out), numpy_of, True)
        length = torch.tensor([float(n) for n in size[::-1]])
        # Everything that does not depend on the grid's values is made beforehand, for torch.
        index = torch.stack(torch.meshgrid(*(torch.arange(float(n)) for n in size), indexing="ij")[::-1], -1)
        if peer == "naive":
            case.add("torch", "naive", lambda: ((grid + 1) * length - 1) / 2 - index, numpy_of)
            return case
        half, rest = length / 2, (length - 1) / 2 - index
        right, down = rest[:1].clone(), rest[:, :1].clone()
        right[..., 1] = 0
        down[..., 0] = 0
        case.add("torch", "addcmul", lambda: torch.addcmul(rest, grid, half), numpy_of)
        case.add("torch", "addcmul", lambda: torch.addcmul(rest, grid, half, out=out), numpy_of, True)
        case.add("torch", "addcmul, rows", lambda: torch.addcmul(right, grid, half).add_(down), numpy_of)
        case.add("torch", "addcmul, rows", lambda: torch.addcmul(right, grid, half, out=out).add_(down), numpy_of, True)
        if lib.compile:
            try:
                fused = torch.compile(lambda g, h, r, d: g * h + r + d, dynamic=False)
                fused_out = torch.compile(lambda g, h, r, d, o: o.copy_(g * h + r + d), dynamic=False)
                fused(grid, half, right, down)
                fused_out(grid, half, right, down, out)
            except Exception:  # no C++ compiler, for one
                return case
            case.add("torch", "compiled", lambda: fused(grid, half, right, down), numpy_of)
            case.add("torch", "compiled", lambda: fused_out(grid, half, right, down, out), numpy_of, True)
        return case

    return build


# Inverses, determinants, flows


def field_of(size: tuple[int, ...]) -> np.ndarray:
    """A smooth field without folds, in pixels, x first."""
    index = np.moveaxis(np.indices(size, np.float32)[::-1], 0, -1)
    # The waves of the places are steep enough to fold volumes.
    return np.ascontiguousarray((places(size, "smooth") - index) * np.float32(1 if len(size) == 2 else 0.4))


def inverse(size: tuple[int, ...], steps: int = 17) -> Any:
    """NumPy. What is compared is what the map reads at the inverse's places, which should be each pixel: by how much peers miss it.

    `steps` of SimpleITK bring 98 % of all pixels below 1e-3 pixels. Its own tolerance never ends it, since near the border no place
    can be found.
    """

    def build(lib: Libraries, divide: int) -> Case:
        shape = tuple(length // divide for length in size)
        field = field_of(shape)
        case = Case(math.prod(shape), 2 * field.nbytes, field.nbytes, 1e-3)
        planes, valid = np.ascontiguousarray(np.moveaxis(field, -1, 0)), lib.displace.invert(field).valid

        def missed(inverse: np.ndarray) -> list[np.ndarray]:
            """In pixels, where there is an inverse."""
            inverse = np.where(valid[..., None], inverse, 0).astype(np.float32)
            return [(np.moveaxis(inverse, -1, 0) + lib.displace.warp(planes, inverse, padding_mode="border"))[:, valid]]

        case.add("ours", "every cell", lambda: lib.displace.invert(field), lambda r: missed(r.field))
        if lib.sitk:
            image = lib.sitk.GetImageFromArray(field, isVector=True)
            # The latter is what is asked for by a tolerance alone; of one size, since it takes its time.
            for most in [steps, 100] if size == (512, 512) else [steps]:
                found = lambda most=most: lib.sitk.InvertDisplacementField(image, most, 1e-3, 1e-3, False)
                case.add("sitk", f"{most} steps", found, lambda r: missed(lib.sitk.GetArrayFromImage(r)))
        if lib.oflib and lib.torch and len(shape) == 2:
            # Its vectors point from where a pixel is read to the pixel.
            flow = lib.torch.from_numpy(-planes)
            found = lambda: lib.oflib.invert_flow(flow, "t")
            case.add("oflib", "griddata", found, lambda r: missed(-r.reshape(2, *shape).permute(1, 2, 0).numpy()))
        return case

    return build


def determinant(size: tuple[int, ...]) -> Any:
    def build(lib: Libraries, divide: int) -> Case:
        shape = tuple(length // divide for length in size)
        field = field_of(shape)
        result = field.nbytes // len(shape)
        case = Case(math.prod(shape), field.nbytes + result, result, 1e-4)
        case.add("ours", "central", lambda: lib.displace.jacobian_determinant(field), interior)
        if lib.sitk:
            image = lib.sitk.GetImageFromArray(field, isVector=True)
            found = lib.sitk.DisplacementFieldJacobianDeterminant
            case.add("sitk", "central", lambda: found(image), lambda r: interior(lib.sitk.GetArrayFromImage(r)))
        return case

    return build


def interior(result: np.ndarray) -> list[np.ndarray]:
    """Where all neighbours are: ITK halves the differences at the ends."""
    return [result[(slice(1, -1),) * result.ndim]]


def flow(size: tuple[int, ...], squarings: int) -> Any:
    """torch: scaling and squaring as registration networks do it."""

    def build(lib: Libraries, divide: int) -> Case:
        shape = tuple(length // divide for length in size)
        torch, velocity = lib.torch, field_of(shape)
        case = Case(math.prod(shape), 2 * velocity.nbytes, velocity.nbytes, 1.0)
        if not torch:
            case.add("ours", "midpoint", lambda: lib.displace.exp(velocity, squarings).field, None)
            return case
        case.copy = "torch"
        tensor = torch.from_numpy(velocity)
        case.add("ours", "midpoint", lambda: lib.displace.exp(tensor, squarings).field, None)
        identity = torch.stack(torch.meshgrid(*(torch.linspace(-1, 1, n) for n in shape), indexing="ij")[::-1], -1)
        scale = torch.tensor([2 / (n - 1) for n in shape[::-1]])
        planes = tensor.movedim(-1, 0)[None].contiguous()

        def squared():
            field = planes / 2**squarings
            for _ in range(squarings):
                grid = identity + field[0].movedim(0, -1) * scale
                field = field + torch.nn.functional.grid_sample(field, grid[None], padding_mode="border", align_corners=True)
            return field

        case.add("torch", "grid_sample", squared, None)
        return case

    return build


# Making fields


def deformed(size: tuple[int, int]) -> Any:
    """A random elastic deformation of an RGB image: the noise, its blur and the warp. The numbers are random, so none are compared."""

    def build(lib: Libraries, divide: int) -> Case:
        shape = (size[0] // divide, size[1] // divide)
        image = pixels(3, *shape)
        case = Case(image.size, image.nbytes * 2, image.nbytes, 1.0)
        if not lib.torch or not lib.vision:
            case.add(
                "ours", "warp", lambda: lib.displace.warp(image, lib.displace.elastic(shape, alpha=50.0, sigma=5.0).field), None
            )
            return case
        case.copy = "torch"
        tensor = lib.torch.from_numpy(image)
        real = lib.torch.float32
        made = lambda: lib.displace.warp(tensor, lib.displace.elastic(shape, alpha=50.0, sigma=5.0, dtype=real).field)
        case.add("ours", "warp", made, None)
        transform = importlib.import_module("torchvision.transforms.v2").ElasticTransform(50.0, 5.0)
        case.add("vision", "ElasticTransform", lambda: transform(tensor), None)
        return case

    return build


def thin_plate(size: int, points: int) -> Any:
    """Landmarks to a field: the fit, and its displacement at all pixels. kornia's formula is not the spline, so only its results are compared."""

    def build(lib: Libraries, divide: int) -> Case:
        length = size // divide
        generator = np.random.default_rng(3)
        destination = generator.uniform(0, length - 1, (points, 2))
        source = destination + generator.normal(scale=0.02 * length, size=destination.shape)
        shape, made = (length, length), length * length * 8
        case = Case(length * length, made, made, 1e-2)
        case.add("ours", "spline", lambda: lib.displace.thin_plate_spline(source, destination, shape), None)
        double = lambda: lib.displace.thin_plate_spline(source, destination, shape, dtype="float64")
        case.add("ours", "spline, float64", double, None)
        if not lib.kornia or not lib.torch:
            return case
        formula = lambda: lib.displace.RadialBasis.like_kornia(source, destination).field(shape).displacement
        case.add("ours", "kornia's formula", formula, lambda r: [r])
        torch, transform = lib.torch, importlib.import_module("kornia.geometry.transform")
        index = np.stack(np.mgrid[:length, :length][::-1], -1)
        for name in ("float32", "float64"):
            real = getattr(torch, name)
            src, dst, at = (
                torch.tensor(each / (length - 1) * 2 - 1, dtype=real)[None]
                for each in (source, destination, index.reshape(-1, 2))
            )

            def warped(src=src, dst=dst, at=at):
                return transform.warp_points_tps(at, src, *transform.get_tps_transform(dst, src))

            case.add("kornia", name, warped, lambda r: [(r.numpy().reshape(length, length, 2) + 1) / 2 * (length - 1) - index])
        return case

    return build


BOTH = ("NCHW", "channels-last")
T = ("torch",)
TK = ("torch", "kornia")
TV = ("torch", "vision")
WORKLOADS = [
    Workload("displacement-naive", "4096² grid, torch: ((g+1)*size-1)/2 - index", (("torch", 10),), T, shifts(4096, "naive")),
    Workload(
        "displacement-best",
        "4096² grid, torch: the fastest of addcmul, two addcmul by rows, torch.compile",
        (("torch", 2), ("copy", 1 / 1.3)),
        T,
        shifts(4096, "best"),
    ),
    Workload("displacement-numpy", "4096² grid, NumPy arrays", (("copy", 1 / 1.3),), (), shifts(4096, "numpy")),
    Workload("linear-4096", "1x1x4096², smooth map, zeros", (("cv2", 1.5),), (), image_and_map((4096, 4096), "smooth")),
    Workload("linear-4096-torch", "the same, torch tensors", (("torch", 4),), T, image_and_grid((1, 1, 4096, 4096))),
    Workload(
        "linear-rotated",
        "2048², rotated by 0.5 rad and bent, border",
        (("cv2", 2),),
        (),
        image_and_map((2048, 2048), "rotated", padding="border"),
    ),
    Workload("linear-rotated90", "2048², rotated by 90 degrees", (("cv2", 2),), (), image_and_map((2048, 2048), "rotated90")),
    Workload("linear-random", "2048², uniformly random places", (("cv2", 1.3),), (), image_and_map((2048, 2048), "random")),
    Workload("linear-batch-hwc", "8 images of 512²x3, HWC", (("cv2", 2), ("torch", 2)), (), interleaved((8, 512, 512, 3))),
    Workload("linear-batch-torch", "8x3x512², torch tensors", (("torch", 2),), T, image_and_grid((8, 3, 512, 512), BOTH)),
    Workload("feature-nchw", "4x64x128² feature map, NCHW", (("torch", 2),), T, image_and_grid((4, 64, 128, 128))),
    Workload(
        "feature-nhwc",
        "4x64x128² feature map, channels-last",
        (("torch", 2),),
        T,
        image_and_grid((4, 64, 128, 128), ("channels-last",), "channels-last"),
    ),
    Workload("trilinear-160", "160³, displacement field", (("fastest", 10),), (), volume(160)),
    Workload(
        "trilinear-160-torch", "160³, torch tensors", (("torch", 10),), T, image_and_grid((1, 1, 160, 160, 160), ("NCDHW",))
    ),
    Workload("bspline3-160", "160³, cubic B-spline and its filter", (("scipy", 8),), (), spline(160)),
    Workload("cubic-2048", "2048², smooth map, bicubic", (("cv2", 1.5),), (), image_and_map((2048, 2048), "smooth", "bicubic")),
    Workload("nearest-2048", "2048², smooth map, nearest", (("cv2", 1.3),), (), image_and_map((2048, 2048), "smooth", "nearest")),
    Workload("u8-rgb-4096", "4096²x3 u8, HWC, f32 locations", (("cv2", 1.3),), (), interleaved((1, 4096, 4096, 3), np.uint8)),
    Workload("backward-batch", "8x3x512², image and grid", (("torch", 4),), T, gradients((8, 3, 512, 512), 1, BOTH)),
    Workload("backward-feature", "4x64x128², image and grid", (("torch", 4),), T, gradients((4, 64, 128, 128), 1, BOTH)),
    Workload("backward-160", "160³, image and grid", (("torch", 8),), T, gradients((1, 1, 160, 160, 160), 1, ("NCDHW",))),
    Workload("double-backward", "8x3x512², backward of the backward", (("torch", 4),), T, gradients((8, 3, 512, 512), 2, BOTH)),
    Workload("deform_conv2d forward", "2x64x56², 64 kernels of 3x3, mask", (("vision", 4),), TV, deformable(64, 56, False)),
    Workload("deform_conv2d backward", "2x64x56², all gradients", (("vision", 3),), TV, deformable(64, 56, True)),
    Workload("inverse-512", "512², every cell", (("oflib", 5), ("sitk", 50)), (), inverse((512, 512))),
    Workload("inverse-2048", "2048², every cell", (("oflib", 5), ("sitk", 50)), (), inverse((2048, 2048), 14)),
    Workload("inverse-128", "128³, every cell", (("sitk", 20),), (), inverse((128, 128, 128), 20)),
    Workload(
        "determinant-160", "160³, Jacobian determinant", (("sitk", 15), ("copy", 1 / 1.5)), (), determinant((160, 160, 160))
    ),
    Workload("exp-128", "128³, 7 squarings", (("torch", 8),), T, flow((128, 128, 128), 7)),
    Workload("elastic-512", "512² RGB, alpha 50, sigma 5: made and warped", (("vision", 5),), T, deformed((512, 512))),
    Workload("tps-256", "256², thin-plate spline of 64 points: fit and field", (("kornia", 30),), TK, thin_plate(256, 64)),
    Workload("small-forward", "1x1x8x8, torch tensors", (("torch", 0.5),), T, image_and_grid((1, 1, 8, 8))),
    Workload("small-backward", "1x1x8x8, forward and backward", (("torch", 0.5),), T, gradients((1, 1, 8, 8), forward=True)),
]


# Growth


def growth_case(lib: Libraries, axis: str, value: int) -> Case:
    """One point of a curve; results are not compared, the table does that."""
    if axis in FLOWS:
        case = FLOWS[axis]((value, value))(lib, 1)
        # SimpleITK and oflibpytorch take minutes for the largest inverses.
        if axis == "inverse" and value > 1024:
            case.contestants = [each for each in case.contestants if each.who == "ours"]
        return case
    channels, side = (1, value) if axis == "size" else (value, 256)
    at = Places((side, side), "smooth")
    image = pixels(side, side, channels)
    case = Case(image.size, 2 * image.nbytes + at.pixel.nbytes, image.nbytes, 1.0, copy="")
    planar = np.ascontiguousarray(np.moveaxis(image, -1, 0))[None]
    batch = at.pixel[None]
    case.add(
        "ours",
        "NCHW",
        lambda: lib.displace.grid_sample(planar, batch, coords="pixel", align_corners=False),
        None,
    )
    if channels > 1:
        case.add("ours", "HWC", lambda: lib.displace.warp(image, at.displacement, channels_last=True), None)
    if lib.cv2:
        # It takes up to 128 channels at once.
        parts = [np.ascontiguousarray(image[..., i : i + 128]) for i in range(0, channels, 128)]
        case.add("cv2", "HWC", lambda: [lib.cv2.remap(part, at.pixel, None, lib.cv2.INTER_LINEAR) for part in parts], None)
    if lib.torch:
        add_torch(case, lib, *tensors(lib, planar, at.normal[None]), "bilinear", "zeros", BOTH if channels > 1 else BOTH[:1])
    return case


FLOWS: dict[str, Callable[[tuple[int, ...]], Callable[[Libraries, int], Case]]] = {
    "inverse": inverse,
    "determinant": determinant,
    "exp": lambda size: flow(size, 7),
}
SIDES = [128, 256, 512, 1024, 2048, 4096, 8192]
GROWTH = {
    "size": [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384],
    "channels": [1, 2, 3, 4, 8, 16, 32, 64, 128, 256],
    **dict.fromkeys(FLOWS, SIDES),
}


def growth_bytes(axis: str, value: int) -> int:
    """Memory that a point needs: the image in three layouts, two maps, a result, and some for making them; of a field, some ten
    times its own."""
    if axis in FLOWS:
        return value * value * 4 * 2 * 10
    channels, side = (1, value) if axis == "size" else (value, 256)
    return side * side * 4 * (4 * channels + 2 * 2 + 2)


# Memory


class Held(NamedTuple):
    """A call whose memory is measured. `inputs` and results are not counted."""

    results: int  # bytes of what it returns, where not given
    call: Callable[[], Any]


def memory_map(side: int) -> Any:
    def build(lib: Libraries, divide: int) -> Held:
        size = (side // divide,) * 2
        image, at = pixels(1, 1, *size), places(size, "smooth")[None]
        out = np.ones_like(image)
        return Held(0, lambda: lib.displace.grid_sample(image, at, coords="pixel", align_corners=False, out=out))

    return build


def memory_field(size: tuple[int, ...], shape: tuple[int, ...], dtype: Any = np.float32, last: bool = False) -> Any:
    def build(lib: Libraries, divide: int) -> Held:
        small = tuple(n // divide for n in size)
        image, at = pixels(*small, *shape, dtype=dtype), Places(small, "smooth")
        field = at.displacement
        del at.pixel
        out = np.ones_like(image)
        return Held(0, lambda: lib.displace.warp(image, field, channels_last=last, out=out))

    return build


def memory_shift(side: int) -> Any:
    def build(lib: Libraries, divide: int) -> Held:
        size = (side // divide,) * 2
        grid = places(size, "smooth")[None]
        grid *= 1 / size[0]
        out = np.ones_like(grid)
        return Held(0, lambda: lib.displace.displacement(grid, size, out=out))

    return build


def memory_torch(shape: tuple[int, ...], backward: bool) -> Any:
    def build(lib: Libraries, divide: int) -> Held:
        n, c, *size = shape
        size = tuple(length // divide for length in size)
        image = lib.torch.from_numpy(pixels(n, c, *size))
        grid = lib.torch.from_numpy(np.ascontiguousarray(np.broadcast_to(Places(size, "smooth").normal, (n, *size, len(size)))))
        sample = lambda: lib.displace.grid_sample(image, grid, align_corners=False)
        if not backward:
            return Held(image.nbytes, sample)
        leaves = image.requires_grad_(), grid.requires_grad_()
        value = sample()
        grad = lib.torch.ones_like(value)
        return Held(image.nbytes + grid.nbytes, lambda: lib.torch.autograd.grad(value, leaves, grad))

    return build


MEMORY: dict[str, tuple[str, tuple[str, ...], Callable[[Libraries, int], Held]]] = {
    "linear-4096": ("1x1x4096², pixel map, out=", (), memory_map(4096)),
    "linear-4096-torch": ("1x1x4096², torch", T, memory_torch((1, 1, 4096, 4096), False)),
    "u8-rgb-4096": ("4096²x3 u8, HWC, out=", (), memory_field((4096, 4096), (3,), np.uint8, True)),
    "trilinear-160": ("160³, displacement field, out=", (), memory_field((160, 160, 160), ())),
    "displacement-8192": ("8192² grid, out=", (), memory_shift(8192)),
    "backward-batch": ("8x3x512², image and grid", T, memory_torch((8, 3, 512, 512), True)),
    "backward-160": ("160³, image and grid", T, memory_torch((1, 1, 160, 160, 160), True)),
}
