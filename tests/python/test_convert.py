"""Each convention against the library it is named after: their warp of an image by converted numbers, and ours by the field."""

import cv2
import nibabel
import nitransforms
import numpy as np
import pytest
import scipy.ndimage
import SimpleITK as sitk
import torch
import torch.nn.functional as F

import displace
from displace import DisplaceError, Placement, StoredField

RNG = np.random.default_rng(7)


def smooth(*shape, size):
    return scipy.ndimage.gaussian_filter(RNG.normal(size=shape), [size] * (len(shape) - 1) + [0]) * size * 6


# Equal sizes, of which no two are the same; numbers of some pixels.
FLOW = smooth(24, 32, 2, size=3.0).astype(np.float32)
IMAGE = scipy.ndimage.gaussian_filter(RNG.normal(size=(24, 32)), 1.5).astype(np.float32)
FLOW3 = smooth(9, 12, 15, 3, size=2.0).astype(np.float32)
VOLUME = scipy.ndimage.gaussian_filter(RNG.normal(size=(9, 12, 15)), 1.0).astype(np.float32)
OURS = displace.warp(IMAGE, FLOW, padding_mode="border")
OURS3 = displace.warp(VOLUME, FLOW3, padding_mode="border")

# Of 24 bits of f32 some five are spent on locations of some tens of pixels.
CLOSE = dict(rtol=0, atol=5e-6)


@pytest.mark.parametrize(("name", "aligned"), [("torch_grid", False), ("torch_grid_aligned", True)])
def test_torch(name, aligned):
    grid = displace.convert(torch.from_numpy(FLOW), "flow", name, input_size=(24, 32))
    theirs = F.grid_sample(
        torch.from_numpy(IMAGE)[None, None], grid[None], padding_mode="border", align_corners=aligned, mode="bilinear"
    )
    np.testing.assert_allclose(theirs[0, 0], OURS, **CLOSE)
    grid = displace.convert(FLOW3, "flow", name, input_size=(9, 12, 15))
    theirs = F.grid_sample(
        torch.from_numpy(VOLUME)[None, None], torch.from_numpy(grid)[None], padding_mode="border", align_corners=aligned
    )
    np.testing.assert_allclose(theirs[0, 0], OURS3, **CLOSE)


def test_opencv():
    pixels = displace.convert(FLOW, "flow", "pixel_map")
    theirs = cv2.remap(IMAGE, pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # OpenCV rounds fractions to 1/32.
    assert abs(theirs - OURS).max() < 0.03 * np.ptp(IMAGE)
    pixels = displace.convert(np.round(FLOW), "flow", "pixel_map")
    theirs = cv2.remap(IMAGE, pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    assert (theirs == displace.warp(IMAGE, np.round(FLOW), padding_mode="border")).all()


def test_scipy():
    for image, flow, ours in ((IMAGE, FLOW, OURS), (VOLUME, FLOW3, OURS3)):
        coordinates = displace.convert(flow, "flow", "scipy")
        theirs = scipy.ndimage.map_coordinates(image, coordinates, order=1, mode="nearest")
        np.testing.assert_allclose(theirs, ours, **CLOSE)


@pytest.mark.filterwarnings("ignore:monai.networks.blocks.Warp")
def test_monai():
    blocks = pytest.importorskip("monai.networks.blocks")
    for image, flow, ours in ((IMAGE, FLOW, OURS), (VOLUME, FLOW3, OURS3)):
        ddf = displace.convert(flow, "flow", "monai")
        warp = blocks.Warp(mode="bilinear", padding_mode="border")
        theirs = warp(torch.from_numpy(image)[None, None], torch.from_numpy(ddf)[None])
        np.testing.assert_allclose(theirs[0, 0], ours, **CLOSE)
        assert (ddf == displace.convert(flow, "flow", "voxelmorph")).all()


def test_tensorflow_addons_formula():
    """dense_image_warp: output[j, i] = image[j - flow[j, i, 0], i - flow[j, i, 1]]."""
    flow = displace.convert(FLOW, "flow", "tfa")
    rows, columns = np.mgrid[:24, :32]
    at = np.stack([rows - flow[..., 0], columns - flow[..., 1]])
    np.testing.assert_allclose(scipy.ndimage.map_coordinates(IMAGE, at, order=1, mode="nearest"), OURS, **CLOSE)


def test_st_map_formulas():
    """u = (x + 1/2)/W or x/(W - 1), v the same from the bottom."""
    rows, columns = np.mgrid[:24, :32]
    x, y = columns + FLOW[..., 0].astype(float), rows + FLOW[..., 1].astype(float)
    edges = displace.convert(FLOW, "flow", "stmap_edges", input_size=(24, 32), dtype="float64")
    np.testing.assert_allclose(edges, np.stack([(x + 0.5) / 32, (24 - 1 - y + 0.5) / 24], -1), rtol=0, atol=1e-14)
    centers = displace.convert(FLOW, "flow", "stmap_centers", input_size=(24, 32), dtype="float64")
    np.testing.assert_allclose(centers, np.stack([x / 31, (24 - 1 - y) / 23], -1), rtol=0, atol=1e-14)


def turned(axes):
    """A direction that is no multiple of a right angle, right-handed."""
    c, s = np.cos(0.3), np.sin(0.3)
    matrix = np.eye(axes)
    matrix[:2, :2] = [[c, -s], [s, c]]
    return matrix


FIXED = Placement((1.5, 0.75, 2.0), (-10, 5, 30), turned(3))
MOVING = Placement((1.0, 1.25, 1.5), (-14, 1, 27), turned(3).T)


def image_of(array, place):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(place.spacing)
    image.SetOrigin(place.origin)
    image.SetDirection([v for row in place.direction for v in row])
    return image


def matrix_of(place):
    """NIfTI's affine: RAS, index x first."""
    flip = np.diag([-1, -1, 1])
    affine = np.eye(4)
    affine[:3, :3] = flip @ np.array(place.direction) @ np.diag(place.spacing)
    affine[:3, 3] = flip @ place.origin
    return affine


def test_itk():
    """Two images of other sizes and directions: SimpleITK resamples by the vectors, we by the field made of them."""
    moving = scipy.ndimage.gaussian_filter(RNG.normal(size=(14, 20, 24)), 1.5)
    vectors = smooth(9, 12, 15, 3, size=2.0)
    field = displace.convert(StoredField(vectors, "itk", FIXED), dst="flow", source=displace.Volume(moving, MOVING), rest="index")
    ours, coverage = (
        displace.warp(moving, field, rest="index"),
        displace.effective_displacement(
            displace.grid_from_displacement(field, moving.shape, rest="index"), moving.shape, rest="index"
        ).coverage,
    )
    transform = sitk.DisplacementFieldTransform(sitk.Cast(image_of(vectors, FIXED), sitk.sitkVectorFloat64))
    theirs = sitk.GetArrayFromImage(
        sitk.Resample(image_of(moving, MOVING), image_of(np.zeros((9, 12, 15)), FIXED), transform, sitk.sitkLinear, 0.0)
    )
    inside = coverage == 1
    assert inside.mean() > 0.5
    # SimpleITK finds the pixel by an interpolation along lines of the transformed grid, good to some 1e-7 px.
    np.testing.assert_allclose(theirs[inside], ours[inside], rtol=0, atol=1e-7)
    back = displace.convert(
        StoredField(displace.convert(field, "flow", "pixel_map"), "pixel_map", FIXED),
        dst="itk",
        source=displace.Volume(moving, MOVING),
    )
    np.testing.assert_allclose(back, vectors, rtol=0, atol=1e-13)


def test_nitransforms():
    """A dense field of nitransforms, RAS, (X, Y, Z, 3), reads the same voxels."""
    affine = matrix_of(FIXED)
    vectors = np.ascontiguousarray(smooth(15, 12, 9, 3, size=2.0)).astype(np.float32)
    image = nibabel.Nifti1Image(np.ascontiguousarray(VOLUME.T), affine)
    transform = nitransforms.nonlinear.DenseFieldTransform(nibabel.Nifti1Image(vectors, affine), is_deltas=True)
    moved = nitransforms.resampling.apply(transform, image, reference=image, order=1, mode="constant", cval=0.0)
    field = displace.convert(StoredField(vectors, "nitransforms", FIXED), dst="flow", source="same", dtype="float64")
    ours = displace.warp(VOLUME, field)
    _, coverage = displace.effective_displacement(
        displace.grid_from_displacement(field, VOLUME.shape, align_corners=True), VOLUME.shape, align_corners=True
    )
    inside = coverage == 1
    assert inside.mean() > 0.5
    np.testing.assert_allclose(np.asarray(moved.dataobj).T[inside], ours[inside], rtol=0, atol=2e-5)


def test_spm_and_mrtrix_are_places_in_ras():
    """The affine of NIfTI applied to an index is what a file without displacement holds."""
    still = np.zeros((9, 12, 15, 3))
    places = displace.convert(StoredField(still, "itk", FIXED), dst="spm", source="same")
    z, y, x = np.mgrid[:9, :12, :15]
    index = np.stack([x, y, z], -1)
    np.testing.assert_allclose(places, nibabel.affines.apply_affine(matrix_of(FIXED), index), rtol=0, atol=1e-12)
    assert (places == displace.convert(StoredField(still, "itk", FIXED), dst="mrtrix", source="same")).all()


@pytest.mark.parametrize("handed", [1, -1])
def test_fsl(handed):
    """FSL: voxel times spacing, x from the other end where the affine's determinant is positive."""
    affine = matrix_of(FIXED) @ np.diag([handed, 1, 1, 1])
    flip = np.diag([-1, -1, 1, 1])
    lps = flip @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    place = Placement(spacing, lps[:3, 3], lps[:3, :3] / spacing)
    vectors = smooth(9, 12, 15, 3, size=2.0)
    field = displace.convert(StoredField(vectors, "fsl", place), dst="flow", source="same")
    sign = -1 if np.linalg.det(affine[:3, :3]) > 0 else 1
    np.testing.assert_allclose(field, vectors / spacing * [sign, 1, 1], rtol=0, atol=1e-14)


def test_what_is_missing_is_named():
    for arguments, words in (
        (dict(array=FLOW, dst="torch_grid"), "src is missing"),
        (dict(array=FLOW, src="flow"), "dst is missing"),
        (dict(array=FLOW, src="flow", dst="torch_grid"), "size of the image"),
        (dict(array=FLOW, src="flow", dst="stmap"), "stmap_edges"),
        (dict(array=FLOW, src="raft", dst="flow"), "unknown convention"),
        (dict(array=FLOW, src="itk", dst="flow"), "nothing says where"),
        (dict(array=FLOW, src="flow,direction=push", dst="flow"), "invert=True"),
        (dict(array=FLOW, src="voxelmorph", dst="flow"), "components first"),
        (dict(array=FLOW, src="flow", dst="pixel_map", dtype="int32"), "float32"),
    ):
        with pytest.raises(DisplaceError, match=words):
            displace.convert(**arguments)


def test_push_becomes_pull_by_the_inverse():
    push = displace.convert(FLOW, "flow,direction=push", "flow", source="same", invert=True)
    inverse = displace.invert(FLOW)
    expected = np.where(inverse.valid[..., None], inverse.field, np.nan)
    np.testing.assert_allclose(push, expected, rtol=0, atol=1e-4)


def test_the_way_back_is_measured():
    grid, report = displace.convert(FLOW, "flow", "torch_grid", input_size=(24, 32), report=True)
    back = displace.convert(grid, "torch_grid", "flow", input_size=(24, 32))
    assert report["back_differs_by"] == abs(back.astype(float) - FLOW).max()
    double = displace.convert(FLOW, "flow", "torch_grid", input_size=(24, 32), dtype="float64")
    assert (displace.convert(double, "torch_grid", "flow", input_size=(24, 32), dtype="float32") == FLOW).all()


def test_every_convention_there_and_back():
    place = Placement((0.5, 2), (-10, 5), turned(2))
    for name in displace.conventions():
        there = displace.convert(StoredField(FLOW, "flow", place), dst=name, source="same", dtype="float64")
        back = displace.convert(StoredField(there, name, place), dst="flow", source="same", dtype="float32")
        assert (back == FLOW).all(), name


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_millimetres_and_back_are_rounded_twice(dtype):
    """Exact inverses of one another, each rounded once: a number comes back within the two roundings, and most the same."""
    flow = RNG.normal(0, 3, (40, 50, 2)).astype(dtype)
    unit = np.finfo(dtype).eps / 2
    c, s = np.cos(0.3), np.sin(0.3)
    for spacing, direction in (((0.7, 1.3), None), ((0.7, 1.3), [[c, -s], [s, c]])):
        place = Placement(spacing, (-10, 5), direction)
        there = displace.convert(StoredField(flow, "flow", place), dst="itk", source="same")
        back = displace.convert(StoredField(there, "itk", place), dst="flow", source="same")
        # What a rounding of each component of mm may come to in pixels, and that of the pixels themselves.
        way = np.abs(np.eye(2) if direction is None else np.transpose(direction)) / np.array(spacing)[:, None]
        allowed = np.abs(there.astype(float)) @ way.T * unit + np.abs(back.astype(float)) * unit
        assert (np.abs(back.astype(float) - flow) <= allowed * (1 + 1e-6)).all()
        same = (back == flow).mean()
        assert 0.6 < same < 0.95, same
