"""Lenses as fields."""

from __future__ import annotations

from . import _core
from ._making import Target, floats


def lens(
    camera_matrix,
    distortion,
    size,
    input_size=None,
    *,
    model="brown",
    direction="undistort",
    new_camera_matrix=None,
    rectification=None,
    align_corners=False,
    rest=None,
    dtype="float32",
):
    """The field that undoes a lens's distortion, or adds it, by OpenCV's models.

    Parameters
    ----------
    camera_matrix : (3, 3)
        fx, s, cx; 0, fy, cy; 0, 0, 1 in pixels: of the photograph.
    distortion : (K,)
        OpenCV's coefficients: k1, k2, p1, p2[, k3[, k4, k5, k6[, s1, s2, s3, s4[, tau_x, tau_y]]]] of "brown", k1, k2, k3, k4 of
        "fisheye".
    size : (H, W)
        Size of the field.
    input_size : (H, W), optional
        Size of the image that is read; `size` if left out.
    model : "brown" or "fisheye"
        As `cv2` or as `cv2.fisheye`.
    direction : "undistort" or "distort"
        "undistort" reads the photograph at each pixel of the ideal picture: `cv2.initUndistortRectifyMap`. "distort" reads an
        ideal picture at each pixel of a photograph: `cv2.undistortPoints`, by Newton's method.
    new_camera_matrix : (3, 3), optional
        The ideal picture's camera; the photograph's if left out.
    rectification : (3, 3), optional
        The rotation from the photograph's camera to the ideal one.
    align_corners, rest, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2)
        Computed in float64 and rounded once. NaN where there is no place: behind the camera, and for "distort" where no ray on this
        side of the fold, up to which the radial polynomial grows, comes to the pixel.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    One focal length aside, k1 = 0.1 reads a tenth further out.

    >>> import displace
    >>> camera = [[10, 0, 0], [0, 10, 0], [0, 0, 1]]
    >>> displace.lens(camera, [0.1, 0, 0, 0], (1, 11)).displacement[0, 10]
    array([1., 0.], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype, camera_matrix, distortion)
    target.need_axes(2, "a lens")
    coefficients = floats(distortion, "distortion", (None,), "(K,)").tolist()
    camera = _matrix(camera_matrix, "camera_matrix")
    ideal = _matrix(new_camera_matrix, "new_camera_matrix"), _matrix(rectification, "rectification")
    given = (camera, coefficients), model, direction, ideal
    return target.field(lambda out: _core.make_lens(*given, out, target.frame))


def _matrix(matrix, what):
    return None if matrix is None else floats(matrix, what, (3, 3), "(3, 3)").tolist()
