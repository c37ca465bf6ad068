"""Thin-plate splines and other radial basis functions."""

from __future__ import annotations

import numpy as np

from . import _core
from ._arrays import is_torch
from ._errors import DisplaceError, ShapeError
from ._field import to_numpy
from ._making import Target, each, floats

# What fields may be off, in pixels, beyond the rounding of their numbers.
_TOLERANCES = {"float32": 1e-5, "float64": 1e-9}


class RadialBasis:
    """A map through landmarks by radial basis functions: the thin-plate spline, and SciPy's other kernels.

    At `x` of the output the input is read at `x + u(x)`,

        u(x) = sum over i of w[i] phi(epsilon |x - c[i]|) + p(x)

    with `destination` points as centers `c[i]`, a polynomial `p`, and weights that no polynomial of its degree sees. It is
    `scipy.interpolate.RBFInterpolator(destination, source - destination)` of the same options.

    Parameters
    ----------
    source : array or tensor, (K, 2) or (K, 3)
        Points of the input, x first, in pixels.
    destination : array or tensor, of the same shape
        Where they are to be in the output. At most 32768.
    kernel : str
        "thin_plate_spline" (r^2 ln r), "linear" (-r: the smoothest in 3-D), "cubic" (r^3), "quintic" (-r^5), "multiquadric",
        "inverse_multiquadric", "inverse_quadratic" or "gaussian".
    smoothing : float or (K,)
        How little points are to be met, each by its own number; 0 meets them.
    epsilon : float, optional
        In 1/pixels; needed for the last four kernels. The others have no width: theirs is 1.
    degree : int, optional
        The polynomial's, up to 2, or -1 for none; the least that the kernel allows, or 0, if left out.

    Attributes
    ----------
    centers, weights : (K, D), float64
        Weights are for distances in pixels. Pairs that are given twice are there once.
    residual : (K,), float64
        How far each destination point is from being mapped to its source point, in pixels.
    bending_energy : float or None
        Of thin-plate splines in 2-D and "linear" in 3-D, of degree 1 at most: the integral of all squared second derivatives,
        `8 pi w.T @ K @ w`.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If points or options do not fit, one destination has two sources and there is no smoothing, points leave the polynomial open
        (all on one line), or are so close together that the equations cannot be solved to 1e-3 of the largest displacement.

    No gradients: tensors are read as numbers. It can be pickled; what comes back is fitted again, to the same bits.

    Examples
    --------
    Corners stay, the middle is read 8 pixels further right, and a place halfway to the side some 6.

    >>> import displace
    >>> destination = [[0, 0], [16, 0], [0, 16], [16, 16], [8, 8]]
    >>> source = [[0, 0], [16, 0], [0, 16], [16, 16], [16, 8]]
    >>> spline = displace.RadialBasis(source, destination)
    >>> spline([[8, 8], [0, 0]]).round(9) + 0
    array([[16.,  8.],
           [ 0.,  0.]])
    >>> spline.displacement([[12, 8]]).round(2) + 0
    array([[6.05, 0.  ]])
    """

    def __init__(self, source, destination, *, kernel="thin_plate_spline", smoothing=0.0, epsilon=None, degree=None):
        points = _pairs(source, destination)
        if degree is not None and degree not in (-1, 0, 1, 2):
            raise DisplaceError(f"degree is {degree!r}: expected a whole number from -1 to 2")
        options = (
            str(kernel),
            each(smoothing, len(points[0]), "smoothing"),
            None if epsilon is None else _number(epsilon, "epsilon"),
            None if degree is None else int(degree),
        )
        self._fit(points, options, is_torch(source) or is_torch(destination))

    @classmethod
    def like_kornia(cls, source, destination):
        """kornia's `get_tps_transform(destination, source)`, which is no thin-plate spline: kernels are centered at the source points.

        It meets the points, but bends more between them. The same as in kornia's normalized coordinates if the image is square. At
        most 2048 points.
        """
        return _fitted(_pairs(source, destination), None, is_torch(source) or is_torch(destination))

    def _fit(self, *made):
        # What it was made of is what it is pickled as.
        self._made = made
        points, options, self._torch = made
        self._axes, self._map = points[0].shape[1], _core.fit_radial(*points, options)
        self.residual = np.array(self._map.residuals())
        self.bending_energy = self._map.bending_energy()
        self.centers = np.array(self._map.centers()).reshape(-1, self._axes)
        self.weights = np.array(self._map.weights()).reshape(-1, self._axes)

    def __reduce__(self):
        return _fitted, self._made

    def __repr__(self):
        return f"RadialBasis({len(self.centers)} centers, {self._axes} axes)"

    def __call__(self, points):
        """The places of the input that are read at places of the output: (..., D) of float64, x first."""
        at = self._points(points)
        return self._kept(at + self._displacement(at), points)

    def displacement(self, points):
        """How far away the input is read at places of the output: (..., D) of float64, x first."""
        return self._kept(self._displacement(self._points(points)), points)

    def jacobian(self, points):
        """The Jacobian of the map at places of the output, (..., D, D): component, then axis, x first."""
        at = self._points(points)
        out = np.empty((*at.shape, self._axes))
        self._map.jacobians(at.reshape(-1, self._axes), out)
        return self._kept(out, points)

    def field(self, size, input_size=None, *, tolerance=None, align_corners=False, rest=None, dtype="float32"):
        """The map's displacement field.

        Parameters
        ----------
        size : (H, W) or (D, H, W)
            Size of the field.
        input_size : (H, W) or (D, H, W), optional
            Size of the image that is read; `size` if left out.
        tolerance : float, optional
            What a component may be off beyond rounding, in pixels: 1e-5 for float32, 1e-9 for float64 if left out. Far centers are
            summed by polynomials that keep it for certain; 0 sums all, as do kernels with a width.
        align_corners, rest, dtype
            As in `affine`.

        Returns
        -------
        Field of shape (H, W, 2) or (D, H, W, 3)
            Computed in float64 and rounded once. It holds a tensor if points are. No gradients.
        """
        target = Target(size, input_size, align_corners, rest, dtype)
        target.need_axes(self._axes, "the map")
        target.torch = self._torch
        allowed = _TOLERANCES[target.dtype.name] if tolerance is None else _number(tolerance, "tolerance")
        if not allowed >= 0:
            raise DisplaceError(f"tolerance is {tolerance}: expected 0 or more pixels")
        return target.field(lambda out: self._map.field(allowed, out, target.frame))

    def _points(self, points):
        array = to_numpy(points, "points")
        if array.ndim == 0 or array.shape[-1] != self._axes:
            raise ShapeError(f"points has shape {array.shape}: expected (..., {self._axes})")
        return floats(array, "points", (None,) * array.ndim, f"(..., {self._axes})")

    def _displacement(self, at):
        out = np.empty(at.shape)
        self._map.displacements(at.reshape(-1, self._axes), out)
        return out

    def _kept(self, result, points):
        if is_torch(points):
            import torch

            return torch.from_numpy(result)
        return result


def thin_plate_spline(
    source,
    destination,
    size,
    input_size=None,
    *,
    smoothing=0.0,
    tolerance=None,
    align_corners=False,
    rest=None,
    dtype="float32",
):
    """The thin-plate spline through landmarks as a field: the smoothest map that takes them to their places.

    `RadialBasis(source, destination, smoothing=smoothing).field(size, ...)`.

    Parameters
    ----------
    source : array or tensor, (K, 2) or (K, 3)
        Points of the input, x first, in pixels.
    destination : array or tensor, of the same shape
        Where they are to be in the output.
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    smoothing : float or (K,)
        How little points are to be met, each by its own number; 0 meets them.
    tolerance : float, optional
        What a component may be off beyond rounding, in pixels: 1e-5 for float32, 1e-9 for float64 if left out; 0 sums all.
    align_corners, rest, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Computed in float64 and rounded once. It holds a tensor if points are. No gradients.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        As `RadialBasis`, and if the size does not fit.

    Examples
    --------
    Three points that are shifted alike shift all.

    >>> import displace
    >>> displace.thin_plate_spline([[1, 0], [6, 0], [1, 5]], [[0, 0], [5, 0], [0, 5]], (1, 2)).displacement
    array([[[1., 0.],
            [1., 0.]]], dtype=float32)
    """
    spline = RadialBasis(source, destination, smoothing=smoothing)
    return spline.field(size, input_size, tolerance=tolerance, align_corners=align_corners, rest=rest, dtype=dtype)


def _fitted(points, options, torch):
    made = RadialBasis.__new__(RadialBasis)
    made._fit(points, options, torch)
    return made


def _number(value, what):
    return floats(value, what, (), "a number").item()


def _pairs(source, destination):
    points = [
        floats(given, what, (None, None), "(K, 2) or (K, 3)")
        for given, what in ((source, "source"), (destination, "destination"))
    ]
    if points[0].shape != points[1].shape or points[0].shape[1] not in (2, 3):
        raise ShapeError(
            f"source has shape {points[0].shape} and destination {points[1].shape}: expected (K, 2) or (K, 3) of both"
        )
    return points
