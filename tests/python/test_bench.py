"""bench/compare.py runs, and what it writes has the figures that its table is made of."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMPARE = Path(__file__).parents[2] / "bench" / "compare.py"


# Only torch beside ours: importing the others takes longer than measuring.
FEW = ("--quick", "--threads", "1", "--without", "cv2,sitk,scipy,kornia,oflib,vision")


def run(*arguments, first=None):
    """The benchmark in a process of its own; `first` is a folder that modules are looked for in before all others."""
    path = os.pathsep.join(entry for entry in (str(first) if first else "", *sys.path) if entry)
    done = subprocess.run(
        [sys.executable, str(COMPARE), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The small workloads, as if neither kornia nor SimpleITK were installed: importing them fails."""
    folder = tmp_path_factory.mktemp("bench")
    for name in ("kornia", "SimpleITK"):
        (folder / f"{name}.py").write_text(f"raise ImportError('no {name} here')\n")
    said = run("--quick", "--only", "small", "--threads", "1", "--json", folder / "bench.json", first=folder)
    return said, json.loads((folder / "bench.json").read_text(encoding="utf-8"))


def test_the_json_holds_every_figure(small):
    _, report = small
    assert report["format"] == 1 and report["threads"] == [1] and report["options"]["repeat"] == 3
    assert report["machine"]["cores"] >= 1 and report["machine"]["cpu"]
    assert {"displace", "numpy", "torch"} <= set(report["versions"])
    assert [result["workload"] for result in report["results"]] == ["small-forward", "small-backward"]
    for result in report["results"]:
        assert result["elements"] == 64 and result["threads"] == 1
        assert {"ours", "torch"} <= {one["who"] for one in result["contestants"]}
        for one in result["contestants"]:
            low, high = one["quartiles"]
            assert 0 < low <= one["median"] <= high
            assert len(one["samples"]) == 3 and one["loops"] >= 1


def test_contestants_agree(small):
    said, report = small
    checks = [check for result in report["results"] for check in result["checks"]]
    assert {check["who"] for check in checks} == {"ours", "torch"}
    assert all(check["ok"] and check["finite"] and check["difference"] <= check["tolerance"] for check in checks)
    assert report["warnings"] == [] and "warning" not in said


def test_rows_come_from_the_figures(small):
    said, report = small
    assert [(row["workload"], row["out"]) for row in report["rows"]] == [
        ("small-forward", False),
        ("small-forward", True),
        ("small-backward", False),
    ]
    row, result = report["rows"][0], report["results"][0]
    median = {one["who"]: one["median"] for one in result["contestants"] if not one["out"]}
    assert row["ns"]["ours"] == pytest.approx(median["ours"] * 1e9 / 64)
    assert row["ratio"] == pytest.approx(median["torch"] / median["ours"])
    # torch has no out=; a quick run judges nothing.
    assert "torch" not in report["rows"][1]["ns"]
    assert all(row["met"] is None for row in report["rows"])
    assert "small-forward" in said and max(map(len, said.splitlines())) <= 130


def test_a_missing_peer_is_named_and_has_no_column(small):
    said, report = small
    assert {"kornia", "sitk"} <= set(report["missing"])
    line = next(line for line in said.splitlines() if line.startswith("missing:"))
    assert "SimpleITK" in line and "kornia" in line and "pip install -r bench/requirements.txt" in line
    assert "SimpleITK" not in next(line for line in said.splitlines() if line.startswith("workload"))


def test_without_torch_its_workloads_are_skipped(tmp_path):
    said = run(
        "--quick", "--only", "small,displacement-numpy", "--threads", "1", "--without", "torch", "--json", tmp_path / "a.json"
    )
    report = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert "needs torch" in said
    assert [row["workload"] for row in report["rows"]] == ["displacement-numpy"] * 2
    assert all(row["copy_share"] > 0 for row in report["rows"])


def test_memory(tmp_path):
    said = run(*FEW, "--memory", "--only", "trilinear", "--json", tmp_path / "a.json")
    (found,) = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["memory"]
    assert found["after"] - found["before"] == found["overhead"]
    assert "trilinear-160" in said


def test_growth_is_drawn(tmp_path):
    run(*FEW, "--repeat", "1", "--growth", tmp_path / "a.svg", "--json", tmp_path / "a.json")
    points = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["growth"]
    flows = {("inverse", 128), ("determinant", 256), ("exp", 512)}
    assert {(point["axis"], point["value"]) for point in points} >= {("size", 64), ("channels", 3)} | flows
    assert all(point["ns"]["ours"] > 0 for point in points)
    assert all(point["ns"]["torch"] > 0 for point in points if point["axis"] in ("size", "channels", "exp"))
    assert "<svg" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_wrong_options_are_refused():
    for wrong in (["--threads", "some"], ["--without", "numpy"], ["--growth", "a.pdf"], ["--threads", "0"]):
        done = subprocess.run([sys.executable, str(COMPARE), *wrong], capture_output=True, text=True)
        assert done.returncode == 2 and "error:" in done.stderr
