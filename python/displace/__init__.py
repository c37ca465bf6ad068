"""The exact displacement of every pixel and voxel under a sampling grid.

    displacement            grid -> field: how far from its rest place each output pixel reads
    effective_displacement  the same after padding and rounding, and how much of each result comes from the image
    grid_from_displacement  field -> grid
    affine_grid             theta -> grid
    grid_sample             torch's, for tensors and arrays
    warp                    image and field -> warped image
    map_coordinates         SciPy's, with its splines and modes; also spline_filter
    invert                  where each input pixel goes, with validity, multiplicity and residual
    transform_points        key points through a map, either way; also transform_boxes, _polygons, _labels
    splat                   forward warping: the adjoint of sampling
    deform_conv2d           torchvision's, for tensors and arrays; deform_conv2d_displacement: where its taps read
    compose, exp, log       one field after another; velocity to displacement and back
    resize                  fields and grids at another resolution
    jacobian_determinant    how a map stretches; also jacobian, divergence, curl, strain
    folding                 every fold, found exactly
    bspline                 fields from control points of cubic splines; also bspline_determinant, bspline_bounds
    elastic                 random fields from a seed
    thin_plate_spline       fields from landmarks; also RadialBasis, moving_least_squares
    fit_bspline             control points of cubic splines from scattered points
    scattered               fields from matches that lie anywhere, with a mask
    affine                  fields from matrices; also affine_from_theta, affine_from_parts, similarity, homography
    polynomial, swirl, polar, lens  fields from formulas
    crop_field, flip_field, roll_field, resize_field  fields that move pixels as they are
    fit                     maps from pairs of points
    set_num_threads         how many threads share large work
    guess                   which conventions numbers may have, with evidence
    inspect                 a report on a grid, a field or any array
    Field, read, write      fields with what gives them meaning, in memory and in files
    convert                 between every convention; also conventions, StoredField, Volume, Placement
    plot                    pictures on matplotlib's axes

Fields are in pixels of the image that is read, x first, pixel centres at integers, pull direction: the vector at an output
pixel points to where it is read from. NumPy arrays, torch tensors and arrays with DLPack go in without a copy, and the same
kind comes out.
"""

import sys as _sys
from typing import TYPE_CHECKING as _TYPE_CHECKING

from ._affine import affine, affine_from_parts, affine_from_theta, similarity
from ._affine_grid import affine_grid
from ._bspline import BSplineBounds, bspline, bspline_bounds, bspline_determinant
from ._compose import compose
from ._convert import conventions, convert
from ._core import __version__
from ._deform_conv import deform_conv2d
from ._deform_taps import (
    AttentionLocations,
    DeformSpread,
    DeformTaps,
    ReceptiveField,
    deform_attention_locations,
    deform_conv2d_displacement,
    deform_receptive_field,
)
from ._displacement import displacement
from ._effective_displacement import Effective, effective_displacement
from ._elastic import Elastic, elastic
from ._errors import DeviceError, DisplaceError, DTypeError, FileFormatError, RestError, ShapeError
from ._field import Field
from ._files import read, write
from ._fit import Fit, fit
from ._fit_bspline import BSplineFit, fit_bspline
from ._flow import Exponential, Logarithm, exp, log
from ._folding import Extreme, Folding, folding
from ._frame_fields import crop_field, flip_field, resize_field, roll_field
from ._grid_from_displacement import grid_from_displacement
from ._grid_sample import grid_sample
from ._guess import guess
from ._homography import homography
from ._inspect import Report, inspect
from ._invert import Convergence, Inverse, invert
from ._jacobian import curl, divergence, jacobian, jacobian_determinant, strain
from ._lens import lens
from ._map_coordinates import map_coordinates, spline_filter
from ._moving_least_squares import moving_least_squares
from ._points import Points, transform_boxes, transform_labels, transform_points, transform_polygons
from ._polar import polar
from ._polynomial import polynomial
from ._radial import RadialBasis, thin_plate_spline
from ._resize import resize
from ._scattered import Scattered, scattered
from ._splat import Splat, splat
from ._stored import Placement, StoredField, Transform, Volume
from ._swirl import swirl
from ._threads import get_num_threads, set_num_threads
from ._warp import warp

__all__ = [
    "AttentionLocations",
    "BSplineBounds",
    "BSplineFit",
    "Convergence",
    "DTypeError",
    "DeformSpread",
    "DeformTaps",
    "DeviceError",
    "DisplaceError",
    "Effective",
    "Elastic",
    "Exponential",
    "Extreme",
    "Field",
    "FileFormatError",
    "Fit",
    "Folding",
    "Inverse",
    "Logarithm",
    "Placement",
    "Points",
    "RadialBasis",
    "ReceptiveField",
    "Report",
    "RestError",
    "Scattered",
    "ShapeError",
    "Splat",
    "StoredField",
    "Transform",
    "Volume",
    "__version__",
    "affine",
    "affine_from_parts",
    "affine_from_theta",
    "affine_grid",
    "bspline",
    "bspline_bounds",
    "bspline_determinant",
    "compose",
    "conventions",
    "convert",
    "crop_field",
    "curl",
    "deform_attention_locations",
    "deform_conv2d",
    "deform_conv2d_displacement",
    "deform_receptive_field",
    "displacement",
    "divergence",
    "effective_displacement",
    "elastic",
    "exp",
    "fit",
    "fit_bspline",
    "flip_field",
    "folding",
    "get_num_threads",
    "grid_from_displacement",
    "grid_sample",
    "guess",
    "homography",
    "inspect",
    "invert",
    "jacobian",
    "jacobian_determinant",
    "lens",
    "log",
    "map_coordinates",
    "moving_least_squares",
    "plot",
    "polar",
    "polynomial",
    "read",
    "resize",
    "resize_field",
    "roll_field",
    "scattered",
    "set_num_threads",
    "similarity",
    "splat",
    "spline_filter",
    "strain",
    "swirl",
    "thin_plate_spline",
    "transform_boxes",
    "transform_labels",
    "transform_points",
    "transform_polygons",
    "warp",
    "write",
]


if _TYPE_CHECKING:
    from . import plot
else:

    def __getattr__(name: str) -> object:
        # matplotlib is imported when somebody plots.
        if name == "plot":
            import importlib

            return importlib.import_module(".plot", __name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


# With torch there already, its operators are registered now, so that torch.compile finds them when it traces.
if "torch" in _sys.modules:
    from . import _torch as _torch
    from . import _torch_deform as _torch_deform
