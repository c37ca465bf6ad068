"""There and back is nowhere: made fields, their inverses, and one after the other."""

import inspect

import numpy as np
import pytest

import displace

SIZE, VOLUME = (40, 48), (14, 16, 18)
WIDE, PIECE = (31, 60), (10, 11, 12)
DISC = {"size": (180, 60), "input_size": (41, 41), "rest": "index", "radius": 20}
CAMERA, LENS = [[40, 0, 23.5], [0, 40, 19.5], [0, 0, 1]], [-0.2, 0.05, 0.01, -0.01]
CONTROL = 2 * np.sin(1.7 * np.arange(7 * 8 * 2)).reshape(7, 8, 2)
CONTROL3 = np.sin(1.7 * np.arange(6 * 5 * 6 * 3)).reshape(6, 5, 6, 3)
PAIRS = ([[6, 5], [41, 4], [5, 33], [42, 34], [22, 21]], [[5, 5], [42, 6], [4, 34], [41, 33], [24, 20]])
PAIRS3 = (
    [[3, 2, 3], [15, 3, 2], [2, 13, 2], [3, 2, 11], [15, 13, 10]],
    [[2, 2, 2], [15, 2, 2], [2, 13, 3], [2, 3, 11], [14, 13, 11]],
)
PLANE = [[1.1, 0.1, -2], [-0.1, 0.9, 1]]
SPACE = [[1.1, 0.1, 0, -2], [-0.1, 0.9, 0, 1], [0, 0.1, 1, -0.5]]
QUADRATIC = [[1, 1, 0.05, 0.001, 0.001, 0], [-1, 0.02, 1, 0, -0.001, 0.001]]

# Maps that take straight lines to straight lines are what their pixels say between them: only rounding is left.
STRAIGHT = 1e-12

# name, how the field is made, the least share of the input's pixels with a place, the least share of the field's pixels that
# come back through the inverse read between its pixels, and within how many pixels. Shares are rounded down to a twentieth;
# what is missing reads outside the input, or beside pixels without a place.
ROWS = [
    ("affine", lambda **o: displace.affine(PLANE, SIZE, **o), 0.80, 0.80, STRAIGHT),
    ("affine, 3-D", lambda **o: displace.affine(SPACE, VOLUME, **o), 0.75, 0.65, STRAIGHT),
    ("similarity", lambda **o: displace.similarity(20, SIZE, scale=1.1, **o), 0.90, 0.70, STRAIGHT),
    ("similarity, 3-D", lambda **o: displace.similarity((20, 10, 5), VOLUME, scale=0.9, **o), 0.55, 0.55, STRAIGHT),
    ("fitted", lambda **o: displace.fit(*PAIRS).field(SIZE, **o), 0.90, 0.90, STRAIGHT),
    ("fitted, 3-D", lambda **o: displace.fit(*PAIRS3).field(VOLUME, **o), 0.75, 0.60, STRAIGHT),
    (
        "homography",
        lambda **o: displace.homography([[1, 0.05, -1], [0.02, 1, 0], [0.001, 0.002, 1]], SIZE, **o),
        0.75,
        0.85,
        5e-3,
    ),
    ("polynomial", lambda **o: displace.polynomial(QUADRATIC, SIZE, **o), 0.90, 0.80, 5e-3),
    ("polynomial, 3-D", lambda **o: displace.fit(*PAIRS3, "polynomial", order=1).field(VOLUME, **o), 0.75, 0.60, STRAIGHT),
    # The disc is pi/4 of its square; between the last angle and the first one nothing is read.
    ("polar", lambda **o: displace.polar(**DISC, **o), 0.70, 0.75, 0.1),
    ("log-polar", lambda **o: displace.polar(**DISC, spacing="log", **o), 0.65, 0.55, 0.1),
    ("swirl", lambda **o: displace.swirl(1, (41, 41), radius=40, **o), 0.90, 0.80, 0.01),
    ("lens", lambda **o: displace.lens(CAMERA, LENS, SIZE, **o), 0.80, 0.85, 0.01),
    ("lens, distort", lambda **o: displace.lens(CAMERA, LENS, SIZE, direction="distort", **o), 1.0, 0.80, 0.01),
    # A crop sees what it holds.
    ("crop", lambda **o: displace.crop_field((5, 10), (20, 24), SIZE, rest="index", **o), 0.25, 1.0, STRAIGHT),
    ("crop, 3-D", lambda **o: displace.crop_field((1, 2, 3), PIECE, VOLUME, rest="index", **o), 0.3273, 1.0, STRAIGHT),
    ("flip", lambda **o: displace.flip_field(1, SIZE, **o), 1.0, 1.0, STRAIGHT),
    ("flip, 3-D", lambda **o: displace.flip_field((0, 2), VOLUME, **o), 1.0, 1.0, STRAIGHT),
    # Of two places of a pixel, one is in the seam, which is a mirror: the larger Jacobian is the other's.
    ("roll", lambda **o: displace.roll_field(7, 1, SIZE, **o), 1.0, 1.0, STRAIGHT),
    ("roll, 3-D", lambda **o: displace.roll_field(3, 0, VOLUME, **o), 1.0, 1.0, STRAIGHT),
    ("resize", lambda **o: displace.resize_field(SIZE, WIDE, rest="extent", **o), 0.95, 0.95, STRAIGHT),
    ("resize, 3-D", lambda **o: displace.resize_field(VOLUME, (10, 20, 20), rest="index", **o), 0.80, 0.65, STRAIGHT),
    ("bspline", lambda **o: displace.bspline(CONTROL, SIZE, **o), 0.90, 0.90, 0.03),
    ("bspline, 3-D", lambda **o: displace.bspline(CONTROL3, VOLUME, **o), 0.75, 0.70, 0.05),
    ("fit_bspline", lambda **o: displace.fit_bspline(*PAIRS, SIZE, spacing=24).field(**o), 0.90, 0.85, 0.05),
    ("fit_bspline, 3-D", lambda **o: displace.fit_bspline(*PAIRS3, VOLUME, levels=2).field(**o), 0.75, 0.70, 0.05),
    ("elastic", lambda **o: displace.elastic(SIZE, alpha=60, sigma=5, seed=3, **o)[0], 0.90, 0.85, 0.05),
    ("elastic, 3-D", lambda **o: displace.elastic(VOLUME, style="simard", sigma=4, seed=5, **o)[0], 0.75, 0.70, 0.05),
    ("mls", lambda **o: displace.moving_least_squares(*PAIRS, SIZE, **o), 0.95, 0.90, 0.05),
    ("tps", lambda **o: displace.thin_plate_spline(*PAIRS, SIZE, **o), 0.90, 0.90, 0.05),
    ("tps, 3-D", lambda **o: displace.thin_plate_spline(*PAIRS3, VOLUME, **o), 0.75, 0.65, 0.05),
    ("scattered", lambda **o: displace.scattered(*PAIRS, SIZE, **o).field, 0.50, 0.45, 0.1),
    ("rbf", lambda **o: displace.RadialBasis(*PAIRS, kernel="gaussian", epsilon=0.05).field(SIZE, **o), 0.90, 0.90, 0.05),
    ("mls, 3-D", lambda **o: displace.moving_least_squares(*PAIRS3, VOLUME, kind="affine", **o), 0.75, 0.65, 0.05),
]


def lengths(field):
    return np.linalg.norm(field.displacement, axis=-1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("make", "placed", "met", "bent"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_there_and_back_is_nowhere(make, placed, met, bent, dtype):
    field = make(dtype=dtype)
    inverse = displace.invert(field)
    # By the inverse, then by the field: the map that was inverted is the one that is read, and the certificate says how far off.
    there = lengths(displace.compose(field, inverse.field))
    assert np.array_equal(np.isfinite(there), inverse.valid)
    assert inverse.valid.mean() >= placed
    assert np.nanmax(there) <= (1e-9 if dtype == "float64" else 1e-4)
    # By the field, then by the inverse.
    forth = lengths(displace.compose(inverse.field, field))
    # Displacements of up to 180 px are 8e-6 px from the number that float32 holds, and places read through three such.
    assert (forth <= (bent if dtype == "float64" else bent + 5e-5)).mean() >= met


def test_every_function_that_makes_a_field_has_a_row():
    functions = {name: getattr(displace, name) for name in displace.__all__ if inspect.isfunction(getattr(displace, name))}
    makers = {name for name, function in functions.items() if {"size", "dtype"} <= set(inspect.signature(function).parameters)}
    # Other ways to say an affine map.
    makers -= {"affine_from_parts", "affine_from_theta"}
    assert len(makers) > 10
    assert not makers - {name for row in ROWS for name in row[1].__code__.co_names}, "add a row to ROWS"
