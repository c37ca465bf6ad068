"""Fields from few parameters against the libraries that know the same maps."""

import cv2
import numpy as np
import pytest
import scipy.ndimage
import SimpleITK as sitk
import skimage.transform
import torch
import torch.nn.functional as F

import displace

SIZE = (31, 43)


def places(field):
    """Where a field of rest "index" reads, x first."""
    shape = np.shape(field.displacement)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape[:-1]), indexing="ij"), -1)[..., ::-1]
    return np.asarray(field.displacement, np.float64) + index


def maps(field):
    x, y = np.moveaxis(places(field), -1, 0).astype(np.float32)
    return x, y


@pytest.fixture
def rng():
    return np.random.default_rng(5)


# Affine maps


# What torch says of an axis of one pixel between centres, which is 0 for it too.
@pytest.mark.filterwarnings("ignore:Since version 1.3.0, affine_grid")
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize(("size", "input_size"), [((5, 7), (6, 4)), ((1, 9), (3, 1)), ((3, 4, 5), (2, 6, 3))])
def test_theta_is_affine_grid(rng, align_corners, size, input_size):
    axes = len(size)
    theta = torch.from_numpy(rng.normal(size=(2, axes, axes + 1)))
    options = {"align_corners": align_corners, "rest": "index", "dtype": "float64"}
    ours = displace.affine_from_theta(theta, size, input_size, **options)
    assert isinstance(ours.displacement, torch.Tensor)
    grid = F.affine_grid(theta, [2, 1, *size], align_corners=align_corners)
    theirs = displace.displacement(grid, input_size, align_corners=align_corners, rest="index")
    # torch's grid has a few roundings of numbers below 4, times half of up to 6 pixels.
    assert (ours.displacement - theirs).abs().max() < 1e-13
    one = displace.affine_from_theta(theta[1], size, input_size, **options)
    assert torch.equal(one.displacement, ours.displacement[1])


@pytest.mark.parametrize("direction", ["pull", "push"])
def test_matrices_are_warp_affine(rng, direction):
    matrix = np.array([[0.9, -0.2, 3.0], [0.25, 1.1, -2.0]])
    field = displace.affine(matrix, SIZE, direction=direction)
    image = rng.random(SIZE).astype(np.float32)
    flags = cv2.INTER_LINEAR | (cv2.WARP_INVERSE_MAP if direction == "pull" else 0)
    theirs = cv2.warpAffine(image, matrix, SIZE[::-1], flags=flags)
    ours = displace.warp(image, field)
    # OpenCV 5 computes places in f32, as far as 2^6 pixels from 0: 2^-18 px, at a slope of up to 1 along each axis.
    assert np.abs(ours - theirs).max() < 4e-5
    assert np.abs(cv2.remap(image, *maps(field), cv2.INTER_LINEAR) - theirs).max() < 4e-5


def test_a_center_is_itks():
    transform = sitk.AffineTransform(2)
    transform.SetMatrix([0.9, -0.2, 0.3, 1.1])
    transform.SetTranslation([3.0, -1.5])
    transform.SetCenter([20.0, 11.0])
    matrix = [[0.9, -0.2, 3.0], [0.3, 1.1, -1.5]]
    ours = places(displace.affine(matrix, SIZE, center=(20, 11), dtype="float64"))
    for y, x in [(0, 0), (30, 42), (7, 19)]:
        assert np.allclose(ours[y, x], transform.TransformPoint((float(x), float(y))), rtol=0, atol=1e-12)


def test_parts_are_opencvs_rotation_and_itks_euler():
    ours = places(displace.affine_from_parts(SIZE, rotation=30, scale=1.5, center=(20, 11), dtype="float64"))
    # getRotationMatrix2D is for a push: with the angle turned it is this map.
    matrix = cv2.getRotationMatrix2D((20, 11), -30, 1.5)
    theirs = np.einsum("ik,yxk->yxi", matrix, np.stack([*np.meshgrid(np.arange(43), np.arange(31)), np.ones(SIZE)], -1))
    assert np.abs(ours - theirs).max() < 1e-12
    euler = sitk.Euler3DTransform()
    euler.ComputeZYXOn()
    euler.SetRotation(*np.radians([10, 20, 30]))
    euler.SetCenter((3, 4, 5))
    euler.SetTranslation((0.5, -1, 2))
    ours = places(displace.similarity((10, 20, 30), (5, 6, 7), center=(3, 4, 5), translation=(0.5, -1, 2), dtype="float64"))
    assert np.allclose(ours[4, 2, 6], euler.TransformPoint((6.0, 2.0, 4.0)), rtol=0, atol=1e-12)
    # Shear comes before rotation: at 90 degrees x + 0.5 y is found in y.
    ours = places(displace.affine_from_parts((9, 9), rotation=90, shear=0.5, scale=(2, 3), center=(0, 0), dtype="float64"))
    assert ours[2, 4].tolist() == [-6.0, 8.0 + 0.5 * 6.0]


def test_a_picture_turns_counter_clockwise():
    image = np.zeros((5, 5))
    image[2, 4] = 1
    assert displace.warp(image, displace.similarity(90, (5, 5)))[0, 2] == 1
    assert skimage.transform.rotate(image, 90, order=0)[0, 2] == 1


# Fits


def points(rng, count, axes=2):
    return rng.uniform(0, 100, (count, axes))


def apply(matrix, points):
    place = np.c_[points, np.ones(len(points))] @ matrix.T
    return place[:, :-1] / place[:, -1:]


def test_four_points_are_get_perspective_transform(rng):
    for _ in range(20):
        source = np.array([[0, 0], [100, 0], [100, 100], [0, 100]]) + rng.normal(size=(4, 2)) * 15
        destination = np.array([[0, 0], [80, 0], [80, 60], [0, 60]]) + rng.normal(size=(4, 2)) * 10
        theirs = cv2.getPerspectiveTransform(source.astype(np.float32), destination.astype(np.float32))
        ours = displace.fit(source.astype(np.float32), destination.astype(np.float32), "homography", direction="push")
        # OpenCV 5 stops where its own matrix misses the four points by some 1e-5 px: as places, no more is common to both.
        assert np.abs(apply(ours.matrix, source) - apply(theirs, source)).max() < 1e-4
        # The eight equations, solved plainly.
        (x, y), (u, v) = np.float32(source).T.astype(float), np.float32(destination).T.astype(float)
        zero, one = np.zeros(4), np.ones(4)
        rows = np.r_[np.c_[x, y, one, zero, zero, zero, -u * x, -u * y], np.c_[zero, zero, zero, x, y, one, -v * x, -v * y]]
        solved = np.append(np.linalg.solve(rows, np.r_[u, v]), 1).reshape(3, 3)
        assert np.abs(ours.matrix - solved).max() < 1e-11 * np.abs(solved).max()
        assert ours.residual.max() < 1e-11


def test_many_points_are_find_homography(rng):
    matrix = np.array([[1.1, 0.1, 5], [-0.05, 0.9, 3], [1e-3, 5e-4, 1]])
    source = points(rng, 40)
    destination = apply(matrix, source) + rng.normal(size=(40, 2))
    ours = displace.fit(source, destination, "homography", direction="push")
    theirs, _ = cv2.findHomography(source, destination, method=0)
    off = np.linalg.norm(apply(theirs, source) - destination, axis=1)
    # Both minimise the distances; OpenCV's steps end earlier (its own points are f32).
    assert ours.rms <= np.sqrt((off**2).mean()) * (1 + 1e-12)
    assert np.abs(apply(ours.matrix, source) - apply(theirs, source)).max() < 1e-3
    assert ours.largest == ours.residual.argmax()


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("kind", ["similarity", "rigid"])
def test_similarities_are_scikit_images(rng, axes, kind):
    angle = np.radians(35)
    source = points(rng, 12, axes)
    rotation = np.eye(axes)
    rotation[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    destination = 1.3 * source @ rotation.T + 4 + rng.normal(size=source.shape)
    theirs = {"similarity": skimage.transform.SimilarityTransform, "rigid": skimage.transform.EuclideanTransform}[kind]
    theirs = theirs.from_estimate(source, destination)
    ours = displace.fit(source, destination, kind, direction="push")
    assert np.abs(ours.matrix - theirs.params).max() < 1e-11
    assert np.allclose(ours.residual, np.linalg.norm(apply(theirs.params, source) - destination, axis=1), rtol=1e-9)
    # Mirrored points are not mirrored back.
    mirrored = source.copy()
    mirrored[:, 0] *= -1
    assert np.linalg.det(displace.fit(source, mirrored, kind).matrix) > 0


@pytest.mark.parametrize("axes", [2, 3])
def test_affine_fits_are_least_squares(rng, axes):
    source, weights = points(rng, 12, axes), rng.uniform(0.5, 2, 12)
    destination = source @ rng.normal(size=(axes, axes)) + rng.normal(size=(12, axes))
    ours = displace.fit(source, destination, weights=weights)
    root = np.sqrt(weights)[:, None]
    theirs = np.linalg.lstsq(np.c_[destination, np.ones(12)] * root, source * root, rcond=None)[0].T
    assert np.abs(ours.matrix[:axes] - theirs).max() < 1e-10
    assert ours.rms == pytest.approx(np.sqrt((weights * ours.residual**2).sum() / weights.sum()))
    if axes == 2:
        exact = displace.fit(source, apply(np.array([[1, 0.2, 3], [-0.1, 2, 1], [0, 0, 1]]), source), direction="push")
        theirs = skimage.transform.AffineTransform.from_estimate(source, apply(exact.matrix, source))
        assert np.abs(exact.matrix - theirs.params).max() < 1e-10


@pytest.mark.parametrize("order", [1, 2, 3])
def test_polynomials_are_scikit_images(rng, order):
    # scikit-image minimises another sum (of both sides): on points that fit exactly they agree.
    coefficients = rng.normal(size=(2, (order + 1) * (order + 2) // 2)) * 10.0 ** -np.arange(0, 2 * order + 1, 2).repeat(
        np.arange(1, order + 2)
    )
    theirs = skimage.transform.PolynomialTransform(coefficients)
    destination = points(rng, 40)
    source = theirs(destination)
    ours = displace.fit(source, destination, "polynomial", order=order)
    assert ours.residual.max() < 1e-9
    field = displace.polynomial(coefficients, SIZE, dtype="float64")
    x, y = np.meshgrid(np.arange(43), np.arange(31))
    expected = theirs(np.c_[x.ravel(), y.ravel()]).reshape(*SIZE, 2)
    assert np.abs(places(field) - expected).max() < 1e-11 * np.abs(expected).max()
    assert np.abs(places(ours.field(SIZE, dtype="float64")) - expected).max() < 1e-9
    noisy = source + rng.normal(size=source.shape)
    fitted = displace.fit(noisy, destination, "polynomial", order=order)
    terms = [destination[:, 0] ** (j - i) * destination[:, 1] ** i for j in range(order + 1) for i in range(j + 1)]
    theirs = np.linalg.lstsq(np.stack(terms, 1), noisy, rcond=None)[0]
    assert np.abs(np.stack(terms, 1) @ (fitted.matrix.T - theirs)).max() < 1e-8


def test_what_leaves_a_map_open_is_refused():
    line = np.c_[np.arange(6.0), 2 * np.arange(6.0)]
    for kind in ("affine", "homography", "polynomial"):
        with pytest.raises(displace.DisplaceError, match="6 pairs, 6 different points: they do not determine"):
            displace.fit(line, line, kind)
    for kind, needed in [("affine", 3), ("similarity", 2), ("homography", 4), ("polynomial", 6)]:
        with pytest.raises(displace.DisplaceError, match=rf"1 pairs of points .* needs at least {needed}"):
            displace.fit([[0.0, 0]], [[0.0, 0]], kind)
    same = np.ones((5, 2))
    for kind in ("affine", "similarity", "rigid", "homography"):
        with pytest.raises(displace.DisplaceError, match="5 pairs, 1 different points"):
            displace.fit(same, same, kind)
    along = np.arange(5.0)[:, None] * [1, 2, 3]
    with pytest.raises(displace.DisplaceError, match="line or plane"):
        displace.fit(along, along, "rigid")
    with pytest.raises(displace.DisplaceError, match="pair 1 is"):
        displace.fit([[0, 0], [np.nan, 1], [1, 0]], [[0, 0], [0, 1], [1, 0]])
    with pytest.raises(displace.DisplaceError, match="no formula"):
        displace.fit(same + np.eye(5, 2) + [[0, 0]] * 5, same, "polynomial", order=0, direction="push").field(SIZE)


# Homographies


@pytest.mark.parametrize("direction", ["pull", "push"])
def test_homographies_are_warp_perspective(rng, direction):
    matrix = np.array([[1.05, 0.1, -2], [-0.05, 0.95, 1], [2e-3, -1e-3, 1]])
    field = displace.homography(matrix, SIZE, direction=direction, dtype="float64")
    x, y = np.meshgrid(np.arange(43.0), np.arange(31.0))
    at = np.stack([x, y], -1).reshape(-1, 1, 2)
    pull = matrix if direction == "pull" else np.linalg.inv(matrix)
    assert np.abs(places(field) - cv2.perspectiveTransform(at, pull).reshape(*SIZE, 2)).max() < 1e-11
    image = rng.random(SIZE).astype(np.float32)
    flags = cv2.INTER_LINEAR | (cv2.WARP_INVERSE_MAP if direction == "pull" else 0)
    theirs = cv2.warpPerspective(image, matrix, SIZE[::-1], flags=flags)
    # OpenCV's places are f32: a few 2^-18 px after its division.
    assert np.abs(displace.warp(image, displace.homography(matrix, SIZE, direction=direction)) - theirs).max() < 1e-4


def test_behind_the_camera_is_nowhere():
    field = displace.homography([[1, 0, 0], [0, 1, 0], [-0.1, 0, 1]], (1, 21))
    assert np.isnan(field.displacement[0, 10:]).all() and np.isfinite(field.displacement[0, :10]).all()


# Polar images


@pytest.mark.parametrize(("spacing", "flag"), [("linear", cv2.WARP_POLAR_LINEAR), ("log1p", cv2.WARP_POLAR_LOG)])
def test_polar_is_warp_polar(spacing, flag):
    center, radius, polar = (20.5, 14.0), 13.0, (48, 24)
    ramps = np.meshgrid(np.arange(43, dtype=np.float32), np.arange(31, dtype=np.float32))
    flags = cv2.INTER_LINEAR | cv2.WARP_FILL_OUTLIERS | flag
    theirs = np.stack([cv2.warpPolar(ramp, polar[::-1], center, radius, flags) for ramp in ramps], -1)
    ours = places(displace.polar(polar, SIZE, center=center, radius=radius, spacing=spacing, rest="index"))
    # OpenCV's angles are f32, times a radius of 13, and its remap's fractions too.
    assert np.abs(ours - theirs).max() < 1e-4
    back = displace.polar(SIZE, polar, center=center, radius=radius, spacing=spacing, inverse=True, rest="index")
    ramps = np.meshgrid(np.arange(polar[1], dtype=np.float32), np.arange(polar[0], dtype=np.float32))
    flags |= cv2.WARP_INVERSE_MAP
    theirs = np.stack([cv2.warpPolar(ramp, SIZE[::-1], center, radius, flags) for ramp in ramps], -1)
    ours = places(back)
    # Where both are inside; between the last row and the first OpenCV blends 47 with 0.
    inside = (ours[..., 0] <= polar[1] - 1) & (ours[..., 1] < polar[0] - 1) & (ours[..., 1] > 0.01)
    # OpenCV's atan2 is good to 0.3 degrees (its cartToPolar), its remap to 1/32 px of old: 0.04 rows of 7.5 degrees.
    assert inside.sum() > 300
    assert np.abs(ours - theirs)[inside].max() < 0.04
    assert np.isnan(ours[0, 0]).all()


@pytest.mark.parametrize("scaling", ["linear", "log"])
def test_polar_is_scikit_images(rng, scaling):
    image = rng.random((31, 43))
    theirs = skimage.transform.warp_polar(image, (14, 20.5), radius=13, output_shape=(48, 24), scaling=scaling, order=1)
    field = displace.polar((48, 24), SIZE, center=(20.5, 14), radius=13, spacing=scaling, rest="index", dtype="float64")
    assert np.abs(displace.warp(image, field) - theirs).max() < 1e-10


@pytest.mark.parametrize("spacing", ["linear", "log", "log1p"])
def test_polar_there_and_back(spacing):
    polar = (360, 120)
    options = {"center": (20.3, 14.2), "radius": 13.0, "spacing": spacing, "rest": "index", "dtype": "float64"}
    there = displace.polar(polar, SIZE, **options)
    back = displace.polar(SIZE, polar, inverse=True, **options)
    # The formulas undo each other: a place's own column and row are read from it.
    y, x = 11, 25
    column, row = places(back)[y, x]
    rho = {"linear": column * 13 / 120, "log": 13 ** (column / 120), "log1p": 13 ** (column / 120) - 1}[spacing]
    assert np.allclose(np.array([20.3, 14.2]) + rho * np.array([np.cos(row * np.pi / 180), np.sin(row * np.pi / 180)]), (x, y))
    # And the fields, to what interpolating a circle by chords costs: (1 degree)^2 / 8 of 13 px, and the columns' curvature.
    both = places(displace.compose(there, back))
    index = np.stack(np.meshgrid(np.arange(43), np.arange(31)), -1)
    # Between the last row and the first, and within a column of the disc's rim, the map of the polar image ends.
    inner = (places(back) <= (119, 359)).all(-1)
    known = np.isfinite(both).all(-1) & inner
    assert known.sum() > 300 and np.abs(both - index)[known].max() < 5e-3


# Swirls


def test_swirl_is_scikit_images(rng):
    image = rng.random(SIZE)
    theirs = skimage.transform.swirl(image, center=(20, 14.5), strength=3, radius=40, rotation=0.2, order=1)
    field = displace.swirl(3, SIZE, radius=40, rotation=0.2, center=(20, 14.5), dtype="float64")
    ours = displace.warp(image, field)
    # scikit-image's edge: skip what reads from outside, which it mirrors.
    at = places(field)
    inside = (at >= 0).all(-1) & (at <= np.array([42, 30])).all(-1)
    assert inside.sum() > 900 and np.abs(ours - theirs)[inside].max() < 1e-10


# Lenses

CAMERA = np.array([[40.0, 0, 21.3], [0, 42.0, 14.6], [0, 0, 1]])
NEW = np.array([[35.0, 0, 20], [0, 35.0, 15], [0, 0, 1]])
TURN = cv2.Rodrigues(np.array([0.05, -0.1, 0.02]))[0]
BROWN = [-0.25, 0.08, 0.002, -0.003, -0.01, 0.05, 0.02, 0.003, 0.004, -0.002, 0.003, 0.001, 0.03, -0.02]
FISHEYE = [0.05, -0.02, 0.004, -0.001]


def near_images_edge(count):
    rng = np.random.default_rng(1)
    return rng.uniform([0, 0], [42, 30], (count, 2))


@pytest.mark.parametrize("count", [4, 5, 8, 12, 14])
@pytest.mark.parametrize("turned", [False, True])
def test_undistort_is_opencvs(count, turned):
    options = {"new_camera_matrix": NEW, "rectification": TURN} if turned else {}
    k = np.array(BROWN[:count])
    theirs = cv2.initUndistortRectifyMap(CAMERA, k, TURN if turned else None, NEW if turned else CAMERA, SIZE[::-1], cv2.CV_32FC1)
    ours = displace.lens(CAMERA, k, SIZE, **options)
    # Their maps are f32 of numbers below 64: 2^-19 px; their matrix inverse, too.
    assert np.abs(places(ours) - np.stack(theirs, -1)).max() < 1e-5
    # The same formula in f64, through projectPoints.
    exact = displace.lens(CAMERA, k, SIZE, dtype="float64", **options)
    x, y = np.meshgrid(np.arange(43.0), np.arange(31.0))
    rays = np.stack([x, y, np.ones(SIZE)], -1) @ np.linalg.inv((NEW @ TURN) if turned else CAMERA).T
    theirs, _ = cv2.projectPoints(rays.reshape(-1, 1, 3), np.zeros(3), np.zeros(3), CAMERA, k)
    assert np.abs(places(exact) - theirs.reshape(*SIZE, 2)).max() < 1e-9


@pytest.mark.parametrize("count", [4, 5, 8, 12, 14])
def test_distort_is_undistort_points(count):
    k = np.array(BROWN[:count])
    x, y = np.meshgrid(np.arange(43.0), np.arange(31.0))
    at = np.stack([x, y], -1).reshape(-1, 1, 2)
    end = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-14)
    theirs = cv2.undistortPoints(at, CAMERA, k, R=TURN, P=NEW, criteria=end)
    ours = places(displace.lens(CAMERA, k, SIZE, direction="distort", new_camera_matrix=NEW, rectification=TURN, dtype="float64"))
    assert np.isfinite(ours).all()
    assert np.abs(ours - theirs.reshape(*SIZE, 2)).max() < 1e-8


@pytest.mark.parametrize("turned", [False, True])
def test_fisheye_is_opencvs(turned):
    options = {"new_camera_matrix": NEW, "rectification": TURN} if turned else {}
    r, p = (TURN, NEW) if turned else (np.eye(3), CAMERA)
    theirs = cv2.fisheye.initUndistortRectifyMap(CAMERA, np.array(FISHEYE), r, p, SIZE[::-1], cv2.CV_32FC1)
    ours = displace.lens(CAMERA, FISHEYE, SIZE, model="fisheye", **options)
    assert np.abs(places(ours) - np.stack(theirs, -1)).max() < 1e-5
    x, y = np.meshgrid(np.arange(43.0), np.arange(31.0))
    at = np.stack([x, y], -1).reshape(-1, 1, 2)
    end = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-14)
    theirs = cv2.fisheye.undistortPoints(at, CAMERA, np.array(FISHEYE), R=r, P=p, criteria=end)
    ours = places(displace.lens(CAMERA, FISHEYE, SIZE, model="fisheye", direction="distort", dtype="float64", **options))
    assert np.abs(ours - theirs.reshape(*SIZE, 2)).max() < 1e-8


def test_beyond_the_fold_is_nowhere():
    # r (1 - r^2 / 3) grows up to r = 1, where it is 2/3.
    camera = [[30, 0, 0], [0, 30, 0], [0, 0, 1]]
    field = displace.lens(camera, [-1 / 3, 0, 0, 0], (1, 31), direction="distort")
    assert np.isfinite(field.displacement[0, :20]).all() and np.isnan(field.displacement[0, 21:]).all()


# Frames


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (-100, 77), (31, 43)])
def test_roll_is_numpys(rng, shift):
    image = rng.random(SIZE)
    for mode in ("nearest", "bilinear", "bicubic"):
        assert (displace.warp(image, displace.roll_field(shift, (0, 1), SIZE), mode) == np.roll(image, shift, (0, 1))).all()
    volume = rng.random((3, 4, 5))
    assert (displace.warp(volume, displace.roll_field(2, (0, -1), (3, 4, 5))) == np.roll(volume, 2, (0, -1))).all()
    assert (displace.warp(image, displace.roll_field((1, 2), (1, 1), SIZE)) == np.roll(image, (1, 2), (1, 1))).all()


def test_flip_and_crop_are_numpys(rng):
    volume = rng.random((3, 4, 5))
    for axis in (0, 1, -1, (0, 2), (-3, -2, -1)):
        assert (displace.warp(volume, displace.flip_field(axis, (3, 4, 5))) == np.flip(volume, axis)).all()
    field = displace.crop_field((1, 0, 2), (1, 3, 2), (3, 4, 5), rest="index")
    assert (displace.warp(volume, field) == volume[2:3, 0:3, 1:3]).all()


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(7, 50), (62, 11), (1, 43)])
def test_resize_is_interpolate_and_zoom(rng, align_corners, size):
    image = rng.random(SIZE)
    options = {"align_corners": align_corners, "dtype": "float64"}
    ours = displace.warp(image, displace.resize_field(size, SIZE, rest="index", **options), padding_mode="border")
    theirs = F.interpolate(torch.from_numpy(image)[None, None], size, mode="bilinear", align_corners=align_corners)[0, 0].numpy()
    if size[0] == 1 and align_corners:
        # One pixel has no end pixels to lie on: torch reads the first row, an axis of one here is its middle.
        theirs = image[15:16]
    assert np.abs(ours - theirs).max() < 1e-12
    if size[0] > 1:
        zoom = [n / s for n, s in zip(size, SIZE, strict=True)]
        theirs = scipy.ndimage.zoom(image, zoom, order=1, mode="nearest", grid_mode=not align_corners)
        assert np.abs(ours - theirs).max() < 1e-12
    assert not displace.resize_field(size, SIZE, rest="extent", **options).displacement.any()


# Laws


def test_made_inverted_and_composed_is_the_identity():
    size = (60, 80)
    for field in [
        displace.similarity(12, size, scale=1.1, translation=(2, -1)),
        displace.homography([[1.05, 0.1, -2], [-0.05, 0.95, 1], [1e-3, -1e-3, 1]], size),
        displace.swirl(1.5, size, radius=60),
        displace.lens([[60, 0, 40], [0, 60, 30], [0, 0, 1]], [-0.2, 0.05, 0.001, 0.002], size),
    ]:
        inverse = displace.invert(field)
        # Where the inverse reads, the field leads back: to what the certificate says, plus one f32 blend.
        identity = displace.compose(field, displace.Field(inverse.field, size)).displacement
        inner = np.zeros(size, bool)
        inner[1:-1, 1:-1] = True
        valid = inverse.valid & inner & np.isfinite(identity).all(-1)
        assert valid.sum() > 2000
        assert np.abs(identity[valid]).max() < 2e-5


def test_inverse_formulas_are_the_inverse():
    size = (60, 80)
    camera = [[60, 0, 40], [0, 60, 30], [0, 0, 1]]
    k = [-0.2, 0.05, 0.001, 0.002]
    for field, formula, bound in [
        (displace.swirl(1.5, size, radius=60, dtype="float64"), displace.swirl(-1.5, size, radius=60, dtype="float64"), 0.05),
        (
            displace.lens(camera, k, size, dtype="float64"),
            displace.lens(camera, k, size, direction="distort", dtype="float64"),
            3.5e-3,
        ),
    ]:
        found = displace.invert(field)
        # A field is bilinear between its pixels, the formula is not: an eighth of its second derivative along each axis. A lens's is
        # 6 k1 r / f, 0.013 at the edge, a swirl's about strength * 5 / (radius ln 2) at its center.
        assert np.abs(found.field - formula.displacement)[found.valid].max() < bound


# Mistakes


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: displace.homography(np.eye(3), (2, 2, 2)), "2 axes"),
        (lambda: displace.homography(np.ones((3, 3)), SIZE, direction="push"), "determinant"),
        (lambda: displace.polynomial(np.zeros((2, 4)), SIZE), "8 coefficients"),
        (lambda: displace.polar(SIZE, radius=-1.0), "radius is -1"),
        (lambda: displace.polar(SIZE, spacing="cubic"), "cubic"),
        (lambda: displace.polar((4, 4), (5, 5)), "rest"),
        (lambda: displace.swirl(1, SIZE, radius=0), "radius 0"),
        (lambda: displace.lens(CAMERA, [1, 2, 3], SIZE), "3 distortion coefficients"),
        (lambda: displace.lens(np.zeros((3, 3)), [], SIZE), "no camera"),
        (lambda: displace.lens(CAMERA, BROWN, SIZE, model="fisheye"), "14 distortion"),
        (lambda: displace.lens(CAMERA, [0, 0, 0, 0], SIZE, direction="undo"), "undo"),
        (lambda: displace.flip_field(2, SIZE), "axis 2"),
        (lambda: displace.roll_field((1, 2, 3), (0, 1), SIZE), "3 numbers for 2 axes"),
        (lambda: displace.affine([[1, 0, np.nan], [0, 1, 0]], SIZE), "not finite"),
        (lambda: displace.affine(np.eye(2, 3), SIZE, center=(1, 2, 3)), "center"),
        (lambda: displace.fit(np.eye(3, 2), np.eye(4, 2)), "destination_points"),
        (lambda: displace.fit(np.eye(3, 2), np.eye(3, 2), "spline"), "spline"),
    ],
)
def test_mistakes_are_named(call, expected):
    with pytest.raises(displace.DisplaceError, match=expected):
        call()


def test_the_rim_of_a_polar_image_is_not_its_middle():
    polar = np.zeros((90, 40), np.float32)
    polar[:, 0] = 1000
    back = displace.polar((81, 81), polar.shape, radius=40, inverse=True, rest="index")
    image = displace.warp(polar, back, padding_mode="wrap")
    radius = np.hypot(*np.mgrid[-40:41, -40:41])
    # Outside there is no place to read.
    assert not np.nan_to_num(image[radius >= 1]).any() and np.isnan(back.displacement[radius > 39]).all()


def test_polynomials_far_from_their_origin_are_refused():
    rng = np.random.default_rng(2)
    points = rng.uniform(0, 100, (200, 2))
    moved = points + np.sin(points / 40)
    assert displace.fit(moved, points, "polynomial", order=8).rms < 1e-6
    with pytest.raises(displace.DisplaceError, match="order 8: coefficients count from pixel 0"):
        displace.fit(moved + 3800, points + 3800, "polynomial", order=8)


def test_coincident_points_are_counted_on_either_side():
    corner = [[0, 0], [1, 0], [0, 1]]
    for pair in ((corner, [[0, 0]] * 3), ([[0, 0]] * 3, corner)):
        with pytest.raises(displace.DisplaceError, match="3 pairs, 1 different points"):
            displace.fit(*pair, "rigid")


@pytest.mark.parametrize(
    "call",
    [
        lambda: displace.roll_field(1.5, -1, (1, 4)),
        lambda: displace.flip_field(0.5, (1, 4)),
        lambda: displace.fit([[0, 0]], [[0, 0]], "affine", order=-1),
        lambda: displace.elastic((8, 8), style="bspline", points=2**20, seed=1),
        lambda: displace.elastic((8, 8), alpha="a", sigma=1),
        lambda: displace.swirl(1, (3, 3), radius=5e-324),
        lambda: displace.affine_from_parts((3, 3, 3), rotation=np.float32(90)),
        lambda: displace.deform_conv2d_displacement(np.zeros((1, 2, 1, 1)), 1, stride=2**62),
    ],
)
def test_what_does_not_fit_is_said(call):
    with pytest.raises(displace.DisplaceError, match="expected"):
        call()


def test_numbers_of_any_kind_are_numbers():
    expected = displace.affine_from_parts((3, 3), rotation=90).displacement
    for angle in (np.int64(90), np.float32(90), np.array(90), torch.tensor(90.0)):
        assert (displace.affine_from_parts((3, 3), rotation=angle).displacement == expected).all()
    assert (displace.roll_field(np.array(1), np.int64(-1), (1, 3)).displacement[0, :, 0] == (2, -1, -1)).all()
