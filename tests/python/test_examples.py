"""The scripts in examples/python run, say what they should, and leave their files where they are told."""

import os
import re
import subprocess
import sys
from pathlib import Path

import displace

SCRIPTS = Path(__file__).parents[2] / "examples" / "python"


def run(name, *arguments):
    """A script in a process of its own; warnings are errors there too."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPTS / name), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(pattern, text):
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in:\n{text}"
    return float(found[1])


def test_every_script_has_a_test():
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{path.name}"' in text for path in SCRIPTS.glob("*.py"))


def test_without_a_folder_it_makes_one_and_says_so():
    said = run("document_example_1.py")
    written = Path(re.search(r"written: (.*)", said)[1])
    assert written.exists()
    written.unlink()
    written.parent.rmdir()


def test_document_example_1(tmp_path):
    said = run("document_example_1.py", tmp_path)
    assert "same index: [1.0, 1.0]" in said and "in the frame:       [0.0, 0.0]" in said
    assert "[0.0, 0.0] and [4.0, 4.0]" in said
    assert number(r"largest displacement in the frame (\S+)", said) < 1e-6
    field = displace.read(tmp_path / "field.npz")
    assert field.shape == (1, 3, 3, 2) and field.input_size == (5, 5) and field.rest == "index" and field.align_corners


def test_document_example_2(tmp_path):
    said = run("document_example_2.py", tmp_path)
    assert number(r"differ by (\S+)", said) < 1e-6
    # torch blends an image of coordinates up to 9 in float32.
    assert number(r"what torch read: (\S+)", said) < 5e-6
    assert 0.4 < number(r"original's formula against it:\s+(\S+)", said) <= 0.5
    assert displace.read(tmp_path / "field.npz").shape == (2, 5, 5, 2)


def test_document_example_3(tmp_path):
    said = run("document_example_3.py", tmp_path)
    assert number(r"torch's result differ by (\S+)", said) < 1e-5
    # The grid reaches 0.7, and the two formulas differ by g / 2.
    assert number(r"formula is wrong by (\S+)", said) == 0.35
    assert "28 of 361 cells fold" in said
    assert displace.read(tmp_path / "field.png").ndim == 3


def test_spatial_transformer(tmp_path):
    said = run("spatial_transformer.py", tmp_path)
    row = r"^{} +loss (\S+)   learned scale / true scale (\S+)   reads (\S+) px"
    found = (re.search(row.format(name), said, flags=re.MULTILINE) for name in ("mismatched", "matched"))
    wrong, right = ([float(value) for value in match.groups()] for match in found)
    # Both have learned: untrained the loss is 0.01 and more.
    assert max(wrong[0], right[0]) < 1e-3
    assert abs(wrong[1] - 31 / 32) < 0.005 and abs(right[1] - 1) < 0.005
    # At the corner of the large image 1/32 is 4 px.
    assert wrong[2] > right[2] + 1
    assert "mismatched: largest 0.707 px" in said and "matched: largest 0.000 px" in said
    assert displace.read(tmp_path / "spatial_transformer.png").ndim == 3


def test_warp_video_frame(tmp_path):
    said = run("warp_video_frame.py", tmp_path)
    row = r"{} +(\S+)% of pixels +(\S+)"
    shares, errors = {}, {}
    for name in ("visible", "out of view", "hidden", "disparity unknown"):
        shares[name], errors[name] = map(float, re.search(row.format(name), said).groups())
    assert abs(sum(shares.values()) - 100) < 0.3
    assert errors["visible"] < 6 < 40 < min(errors["out of view"], errors["hidden"])
    assert number(r"not warped at all, visible pixels +(\S+)", said) > 30
    for name in ("warped.png", "masked.png", "frames.png"):
        assert displace.read(tmp_path / name).ndim == 3
