"""Files of other programs, read by us, and ours read by them; and images resampled by their tools and by ours."""

import gzip
import os
from pathlib import Path

import cv2
import h5py
import nibabel
import nitransforms
import numpy as np
import OpenEXR
import pytest
import safetensors.numpy
import scipy.ndimage
import SimpleITK as sitk
import skimage.data
import torch
import torch.nn.functional as F
import zarr

import displace
from displace import DisplaceError, FileFormatError, Placement, StoredField, Volume

RNG = np.random.default_rng(11)
FLOW = (scipy.ndimage.gaussian_filter(RNG.normal(size=(24, 32, 2)), [3, 3, 0]) * 20).astype(np.float32)
DATA = Path(nitransforms.__file__).parent / "tests" / "data"
C, S = np.cos(0.3), np.sin(0.3)
TURN = [[C, -S, 0], [S, C, 0], [0, 0, 1]]


def image_of(array, place, vector=False):
    image = sitk.GetImageFromArray(array, isVector=vector)
    image.SetSpacing(place.spacing)
    image.SetOrigin(place.origin)
    image.SetDirection([v for row in place.direction for v in row])
    return image


FIXED = Placement((1.5, 0.75, 2.0), (-10, 5, 30), np.transpose(TURN))
MOVING = Placement((1.0, 1.25, 1.5), (-14, 1, 27), TURN)
VECTORS = scipy.ndimage.gaussian_filter(RNG.normal(size=(9, 12, 15, 3)), [2, 2, 2, 0]) * 12
PIXELS = scipy.ndimage.gaussian_filter(RNG.normal(size=(14, 20, 24)), 1.5)


# Flows


def test_flo_is_opencvs(tmp_path):
    theirs, ours = str(tmp_path / "theirs.flo"), str(tmp_path / "ours.flo")
    assert cv2.writeOpticalFlow(theirs, FLOW)
    read = displace.read(theirs)
    assert read.readings == ("flow",) and (read.array == FLOW).all()
    displace.write(ours, StoredField(FLOW, "flow"))
    assert Path(ours).read_bytes() == Path(theirs).read_bytes()


def test_a_flo_becomes_a_grid_and_back_bit_for_bit(tmp_path):
    flow, grid, back = tmp_path / "a.flo", tmp_path / "a.npy", tmp_path / "b.flo"
    displace.write(flow, StoredField(FLOW, "flow"))
    np.save(grid, displace.convert(flow, dst="torch_grid", source="same", dtype="float64"))
    made = displace.convert(np.load(grid), "torch_grid", "flow", input_size=(24, 32), dtype="float32")
    displace.write(back, StoredField(made, "flow"))
    assert back.read_bytes() == flow.read_bytes()


def test_unknown_flow_stays_unknown(tmp_path):
    flow = FLOW.copy()
    flow[3, 5] = 1e10
    assert cv2.writeOpticalFlow(str(tmp_path / "a.flo"), flow)
    read = displace.read(tmp_path / "a.flo")
    assert read.valid.sum() == 24 * 32 - 1 and not read.valid[3, 5] and np.isnan(read.array[3, 5]).all()
    displace.write(tmp_path / "b.flo", read)
    assert (tmp_path / "b.flo").read_bytes() == (tmp_path / "a.flo").read_bytes()
    grid = displace.convert(read, dst="torch_grid", source="same")
    assert np.isnan(grid[3, 5]).all() and np.isfinite(grid).sum() == grid.size - 2
    warped = displace.warp(np.ones((24, 32), np.float32), displace.convert(read, dst="flow"))
    assert np.isnan(warped[3, 5]) and np.isfinite(np.delete(warped.ravel(), 3 * 32 + 5)).all()


def test_kitti_is_its_formula(tmp_path):
    path = str(tmp_path / "kitti.png")
    valid = RNG.random((24, 32)) < 0.7
    written = np.where(valid[..., None], np.round(FLOW * 64) / 64, np.nan).astype(np.float32)
    displace.write(path, StoredField(written, "flow", valid=valid))
    blue, green, red = np.moveaxis(cv2.imread(path, cv2.IMREAD_UNCHANGED).astype(np.float64), -1, 0)
    assert ((blue != 0) == valid).all()
    theirs = np.stack([(red - 2**15) / 64, (green - 2**15) / 64], -1)
    assert (theirs[valid] == written[valid]).all()
    pixels = displace.read(path)
    assert pixels.dtype == np.uint16
    with pytest.raises(DisplaceError, match=r"511\.98"):
        displace.write(path, StoredField(np.full((2, 2, 2), 600, np.float32), "flow"))


def test_pfm_is_opencvs(tmp_path):
    theirs, ours = str(tmp_path / "a.pfm"), str(tmp_path / "b.pfm")
    three = np.dstack([FLOW, np.zeros((24, 32, 1), np.float32)])
    cv2.imwrite(theirs, three[..., ::-1])
    assert (displace.read(theirs) == three).all()
    displace.write(ours, StoredField(FLOW, "flow"))
    assert (cv2.imread(ours, cv2.IMREAD_UNCHANGED)[..., ::-1] == three).all()
    cv2.imwrite(theirs, FLOW[..., 0])
    assert (displace.read(theirs) == FLOW[..., 0]).all()


def test_st_maps_in_exr(tmp_path):
    path = str(tmp_path / "map.exr")
    numbers = displace.convert(FLOW, "flow", "stmap_edges", input_size=(24, 32))
    displace.write(path, StoredField(numbers, "stmap_edges"))
    with OpenEXR.File(path) as file:
        channels = file.channels()
        theirs = channels["RGB"].pixels if "RGB" in channels else np.dstack([channels[c].pixels for c in "RG"])
    assert (theirs[..., :2] == numbers).all()
    whole = np.ascontiguousarray(np.dstack([numbers, np.zeros((24, 32, 1), np.float32)]))
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, {"RGB": whole}).write(path)
    assert (displace.read(path) == whole).all()


# Volumes and their fields


@pytest.mark.parametrize("end", [".nii", ".nii.gz", ".mha", ".mhd", ".nrrd"])
def test_an_itk_warp_becomes_a_torch_grid_that_reads_the_same_voxels(tmp_path, end):
    """ANTs writes its warps by the same ITK as SimpleITK."""
    warp, moving = str(tmp_path / f"1Warp{end}"), str(tmp_path / f"moving{end}")
    sitk.WriteImage(image_of(VECTORS, FIXED, vector=True), warp)
    sitk.WriteImage(image_of(PIXELS, MOVING), moving)
    field = sitk.ReadImage(warp, sitk.sitkVectorFloat64)
    theirs = sitk.Resample(
        sitk.ReadImage(moving),
        image_of(np.zeros((9, 12, 15)), Placement(field.GetSpacing(), field.GetOrigin(), field.GetDirection())),
        sitk.DisplacementFieldTransform(field),
        sitk.sitkLinear,
        0.0,
    )
    read = displace.read(warp)
    assert read.valid is None and read.placement.spacing == pytest.approx(FIXED.spacing, abs=1e-6)
    src = "itk,layout=first" if "nii" in end else None
    grid = displace.convert(read, src, "torch_grid", source=moving)
    ours = F.grid_sample(torch.from_numpy(PIXELS)[None, None], torch.from_numpy(grid)[None], align_corners=False)[0, 0]
    inside = (abs(grid) < 1 - 1 / np.array(PIXELS.shape[::-1])).all(-1)
    assert inside.mean() > 0.3
    # The placements in NIfTI are f32.
    np.testing.assert_allclose(ours.numpy()[inside], sitk.GetArrayFromImage(theirs)[inside], rtol=0, atol=1e-6)


@pytest.mark.parametrize("end", [".nii", ".nii.gz", ".mha", ".mhd", ".nrrd"])
def test_ours_are_read_by_simpleitk(tmp_path, end):
    path = str(tmp_path / f"field{end}")
    displace.write(path, StoredField(VECTORS, "itk", FIXED))
    image = sitk.ReadImage(path)
    assert (sitk.GetArrayFromImage(image) == VECTORS).all()
    np.testing.assert_allclose(image.GetDirection(), np.ravel(FIXED.direction), rtol=0, atol=1e-6)
    np.testing.assert_allclose(image.GetOrigin(), FIXED.origin, rtol=0, atol=1e-5)
    path = str(tmp_path / f"image{end}")
    displace.write(path, Volume(PIXELS, MOVING))
    assert (sitk.GetArrayFromImage(sitk.ReadImage(path)) == PIXELS).all()
    back = displace.read(path)
    assert isinstance(back, Volume) and (back.array == PIXELS).all()
    np.testing.assert_allclose(back.placement.direction, MOVING.direction, rtol=0, atol=1e-6)


def test_a_real_fsl_warp_moves_as_nitransforms_says():
    path = DATA / "ds-005_sub-01_from-OASIS_to-T1_warp_fsl.nii.gz"
    read = displace.read(path)
    assert read.readings[0].startswith("fsl") and read.array.shape[0] == 3
    reader = nitransforms.io.fsl.FSLDisplacementsField
    theirs = np.asarray(reader.from_image(nibabel.load(path)).dataobj)  # (X, Y, Z, 3), RAS.
    ours = displace.convert(read, read.readings[0], "nitransforms", source="same", dtype="float64")
    # Its axes are those of RAS: what nitransforms takes for granted holds.
    np.testing.assert_allclose(ours, np.squeeze(theirs), rtol=0, atol=2e-4)


def test_a_file_that_does_not_say_asks(tmp_path):
    path = str(tmp_path / "warp.nii")
    sitk.WriteImage(image_of(VECTORS, FIXED, vector=True), path)
    with pytest.raises(DisplaceError, match='"itk", "spm"'):
        displace.convert(path, dst="torch_grid", source="same")
    with pytest.raises(DisplaceError, match="contradicts"):
        displace.convert(path, "voxelmorph", "torch_grid", source="same")


# Transforms


def test_transforms_of_itk_are_worked_out_as_itk_does(tmp_path):
    """A composite of a rotation and a displacement field, as HDF5 and as text: places, and the voxels that are read."""
    moving, fixed = image_of(PIXELS, MOVING), image_of(np.zeros((9, 12, 15)), FIXED)
    field = sitk.DisplacementFieldTransform(sitk.Cast(image_of(VECTORS, FIXED, vector=True), sitk.sitkVectorFloat64))
    turn = sitk.Euler3DTransform((0.0, 10.0, 35.0), 0.1, -0.05, 0.2, (1.0, -2.0, 0.5))
    sitk.WriteImage(moving, str(tmp_path / "moving.mha"))
    sitk.WriteImage(fixed, str(tmp_path / "fixed.mha"))
    for name, transform in (
        ("turn.tfm", turn),
        ("turn.h5", turn),
        ("both.h5", sitk.CompositeTransform([field, turn])),
        ("both.tfm", sitk.CompositeTransform([turn, field])),
    ):
        path = str(tmp_path / name)
        sitk.WriteTransform(transform, path)
        flow = displace.convert(path, dst="flow", reference=tmp_path / "fixed.mha", source=tmp_path / "moving.mha", rest="index")
        theirs = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, transform, sitk.sitkLinear, 0.0))
        grid = displace.grid_from_displacement(flow, PIXELS.shape, rest="index")
        inside = displace.effective_displacement(grid, PIXELS.shape, rest="index").coverage == 1
        assert inside.mean() > 0.2, name
        np.testing.assert_allclose(displace.warp(PIXELS, flow, rest="index")[inside], theirs[inside], rtol=0, atol=1e-6)
        if name != "both.tfm":  # Fields are not written as text.
            again = str(tmp_path / "again.h5")
            displace.write(again, displace.read(path))
            for index in ((2, 3, 4), (9, 7, 5)):
                place = fixed.TransformIndexToPhysicalPoint(index)
                moved = sitk.ReadTransform(again).TransformPoint(place)
                np.testing.assert_allclose(moved, transform.TransformPoint(place), rtol=0, atol=1e-9)
    path = str(tmp_path / "field.h5")
    displace.write(path, StoredField(VECTORS, "itk", FIXED))
    place = image_of(np.zeros((9, 12, 15)), FIXED).TransformIndexToPhysicalPoint((7, 5, 4))
    moved = np.array(sitk.ReadTransform(path).TransformPoint(place)) - place
    np.testing.assert_allclose(moved, VECTORS[4, 5, 7], rtol=0, atol=1e-9)


def test_x5_is_nitransforms(tmp_path):
    path = str(tmp_path / "a.x5")
    displace.write(path, displace.StoredField(np.ascontiguousarray(VECTORS.transpose(2, 1, 0, 3)), "nitransforms", FIXED))
    [theirs] = nitransforms.io.x5.from_filename(path)
    assert (np.asarray(theirs.transform) == VECTORS.transpose(2, 1, 0, 3)).all()
    assert (displace.read(path).array == VECTORS.transpose(2, 1, 0, 3)).all()


@pytest.mark.parametrize("image", ["RAS", "LAS", "LPS", "oblique"])
def test_real_affines_of_itk_afni_and_fsl(tmp_path, image):
    """The files of nitransforms' own tests: one matrix in RAS, between images of one orientation."""
    matrix = nitransforms.io.itk.ITKLinearTransform.from_filename(DATA / f"affine-{image}.itk.tfm").to_ras()
    affine = {"RAS": np.eye(4), "LAS": np.diag([-1, 1, 1, 1]), "LPS": np.diag([-1, -1, 1, 1])}.get(image, matrix_of_oblique())
    affine = affine @ np.diag([4, 4, 4.0, 1])
    fixed = str(tmp_path / "fixed.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.zeros((8, 7, 6), np.float32), affine), fixed)
    index = np.stack(np.meshgrid(*map(np.arange, (8, 7, 6)), indexing="ij"), -1)
    expected = nibabel.affines.apply_affine(matrix @ affine, index)  # Places in RAS, (X, Y, Z, 3).
    asked = {"dst": "spm,axes=xy", "reference": fixed, "source": fixed, "dtype": "float64"}
    np.testing.assert_allclose(displace.convert(DATA / f"affine-{image}.itk.tfm", **asked), expected, rtol=0, atol=1e-4)
    reader = nitransforms.io.fsl.FSLLinearTransform.from_filename(DATA / f"affine-{image}.fsl")
    reference = nibabel.load(fixed)
    flirt = nibabel.affines.apply_affine(reader.to_ras(moving=reference, reference=reference) @ affine, index)
    np.testing.assert_allclose(displace.convert(DATA / f"affine-{image}.fsl", "fsl", **asked), flirt, rtol=0, atol=1e-4)
    if image != "oblique":  # AFNI's files of oblique images leave out the turn, which the image's header has.
        np.testing.assert_allclose(displace.convert(DATA / f"affine-{image}.afni", **asked), expected, rtol=0, atol=1e-4)


def matrix_of_oblique():
    return nibabel.affines.from_matvec(nibabel.eulerangles.euler2mat(x=0.09, y=0.001, z=0.001))


def test_true_disparities_of_a_stereo_pair(tmp_path):
    """scikit-image's motorcycle: left reads right at x minus the disparity; unknown where that is not known."""
    left, right, disparity = skimage.data.stereo_motorcycle()
    left, right = (np.moveaxis(image[::2, ::2], -1, 0).astype(np.float32) for image in (left, right))
    known = np.isfinite(disparity[::2, ::2])
    flow = np.zeros((*known.shape, 2), np.float32)
    flow[..., 0] = np.where(known, -disparity[::2, ::2] / 2, np.nan)
    for name in ("a.flo", "a.pfm", "a.png"):
        path = tmp_path / name
        displace.write(path, StoredField(np.where(known[..., None], flow, np.nan), "flow", valid=known))
        grid = displace.convert(path, "flow", "torch_grid", input_size=known.shape)
        assert (np.isfinite(grid).all(-1) == known).all(), name
        warped = F.grid_sample(torch.from_numpy(right)[None], torch.from_numpy(grid)[None], align_corners=False)[0].numpy()
        seen = known & (abs(grid[..., 0]) < 0.99)
        assert abs(warped - left)[:, seen].mean() < 0.5 * abs(right - left)[:, seen].mean(), name
    frames = {"source": right.mean(0), "destination": left.mean(0)}
    assert displace.guess(tmp_path / "a.flo", **frames)["findings"] == []
    faults = displace.guess(-flow, declared="flow", **frames)["findings"]
    assert [fault["fault"] for fault in faults] == ["FlippedSign"]


# Tensors, matrices, arrays


def test_tensors_of_torch_and_safetensors(tmp_path):
    torch.save(torch.from_numpy(FLOW), tmp_path / "a.pt")
    assert (displace.read(tmp_path / "a.pt") == FLOW).all()
    torch.save({"grid": torch.from_numpy(FLOW).permute(2, 1, 0), "deep": [torch.ones(2)]}, tmp_path / "b.pt")
    both = displace.read(tmp_path / "b.pt")
    assert (both["grid"] == FLOW.T).all() and (both["deep.0"] == 1).all()
    torch.save(os.system, tmp_path / "evil.pt")
    with pytest.raises(FileFormatError, match="system"):
        displace.read(tmp_path / "evil.pt")
    displace.write(tmp_path / "c.pt", StoredField(FLOW, "flow"))
    assert (torch.load(tmp_path / "c.pt", weights_only=True).numpy() == FLOW).all()
    displace.write(tmp_path / "a.safetensors", StoredField(FLOW, "flow"))
    assert (safetensors.numpy.load_file(tmp_path / "a.safetensors")["field"] == FLOW).all()
    assert displace.read(tmp_path / "a.safetensors").readings == ("flow",)
    safetensors.numpy.save_file({"x": FLOW}, tmp_path / "b.safetensors")
    assert (displace.read(tmp_path / "b.safetensors") == FLOW).all()


def test_flo5_is_h5pys(tmp_path):
    flow = FLOW.copy()
    flow[2, 3] = np.nan
    with h5py.File(tmp_path / "a.flo5", "w") as file:
        file.create_dataset("flow", data=flow, compression="gzip", compression_opts=5)
    read = displace.read(tmp_path / "a.flo5")
    assert read.readings == ("flow",) and not read.valid[2, 3] and read.valid.sum() == read.valid.size - 1
    np.testing.assert_array_equal(read.array, flow)
    displace.write(tmp_path / "b.flo5", read)
    with h5py.File(tmp_path / "b.flo5") as file:
        np.testing.assert_array_equal(file["flow"][()], flow)


@pytest.mark.parametrize("end", [".yml", ".xml", ".json"])
def test_matrices_of_opencv(tmp_path, end):
    theirs, ours = str(tmp_path / f"a{end}"), str(tmp_path / f"b{end}")
    storage = cv2.FileStorage(theirs, cv2.FILE_STORAGE_WRITE)
    storage.write("map", FLOW)
    storage.release()
    read = displace.read(theirs)
    assert read.readings == ("pixel_map", "flow") and (read.array == FLOW).all()
    displace.write(ours, StoredField(FLOW, "pixel_map"))
    storage = cv2.FileStorage(ours, cv2.FILE_STORAGE_READ)
    assert (storage.getNode("map").mat() == FLOW).all()
    storage.release()


def test_ome_zarr_is_zarrs(tmp_path):
    path = tmp_path / "a.ome.zarr"
    place = Placement((1.5, 0.75, 2.0), (-10, 5, 30))
    displace.write(path, StoredField(VECTORS, "itk", place))
    arrays = [array for _, array in zarr.open_group(path, mode="r").members(max_depth=None) if isinstance(array, zarr.Array)]
    assert len(arrays) == 1 and (arrays[0][:] == np.moveaxis(VECTORS[..., ::-1], -1, 0)).all()
    back = displace.read(path)
    assert back.placement == place
    assert (displace.convert(back, dst="itk") == VECTORS).all()


# Doubts


def test_a_wrong_declaration_is_called_out():
    theta = np.float32([[[1, 0, 0], [0, 1, 0]]])
    grid = displace.affine_grid(theta, (1, 1, 48, 64), align_corners=True)
    report = displace.inspect(grid, (48, 64), False, kind="grid")
    assert [finding["fault"] for finding in report["findings"]] == ["WrongExtent"] and "doubt" in repr(report)
    assert displace.inspect(grid, (48, 64), True, kind="grid")["findings"] == []


def test_two_frames_tell_sign_order_and_direction():
    frame = cv2.GaussianBlur(RNG.normal(size=(96, 128)).astype(np.float32), (0, 0), 2.0)
    flow = (scipy.ndimage.gaussian_filter(RNG.normal(size=(96, 128, 2)), [12, 12, 0]) * 120).astype(np.float32)
    warped = displace.warp(frame, flow, padding_mode="border")
    for given, fault in ((flow, None), (-flow, "FlippedSign"), (flow[..., ::-1], "SwappedComponents")):
        report = displace.guess(given, declared="flow", source=frame, destination=warped)
        faults = [finding["fault"] for finding in report["findings"]]
        assert faults == ([] if fault is None else [fault]), (fault, report)


def test_integers_are_inspected_too():
    report = displace.inspect(np.arange(6).reshape(2, 3))
    assert report["dtype"] == "int64" and report["values"] == [0, 5]


# Damage


def test_damage_is_an_error_of_one_line(tmp_path):
    whole = tmp_path / "a.nii.gz"
    displace.write(whole, StoredField(VECTORS.astype(np.float32), "itk", FIXED))
    raw = whole.read_bytes()
    for cut in (1, 10, 100, len(raw) // 2, len(raw) - 1):
        path = tmp_path / "cut.nii.gz"
        path.write_bytes(raw[:cut])
        with pytest.raises(FileFormatError) as error:
            displace.read(path)
        assert "\n" not in str(error.value)
    header = bytearray(gzip.decompress(raw))
    header[42:50] = (30000).to_bytes(2, "little") * 4
    (tmp_path / "lie.nii").write_bytes(bytes(header))
    with pytest.raises(FileFormatError, match="30000"):
        displace.read(tmp_path / "lie.nii")
    assert sorted(os.listdir(tmp_path)) == ["a.nii.gz", "cut.nii.gz", "lie.nii"]
