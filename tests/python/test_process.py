"""Memory, threads, forks and imports: the package as a guest in somebody's process."""

import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc

import numpy as np
import pytest
import torch

import displace
from strategies import bits, python


def arrays(size=16, seed=0, dtype=np.float32):
    generator = np.random.default_rng(seed)
    return generator.random((1, 3, size, size)).astype(dtype), (generator.random((1, size, size, 2)) * 2.2 - 1.1).astype(dtype)


def every_call(image, grid):
    """Each function once, the failing ones too."""
    size = image.shape[2:]
    theta = grid[0, :2, :3, 0][None]
    displace.grid_sample(image, grid, align_corners=False)
    displace.warp(image, grid, channels_last=False)
    field = displace.displacement(grid, size)
    displace.effective_displacement(grid, size, padding_mode="border")
    displace.grid_from_displacement(field, size)
    displace.affine_grid(theta, (1, 1, *size), align_corners=False)
    for wrong in (
        lambda: displace.grid_sample(image, grid[..., :1], align_corners=False),
        lambda: displace.displacement(grid, (1, 2)),
    ):
        with pytest.raises(displace.DisplaceError):
            wrong()


def every_numpy_call():
    every_call(*arrays(8))


def every_list_call():
    image, grid = arrays(4)
    displace.grid_sample(image.astype(">f4"), grid.tolist(), align_corners=False)
    displace.inspect(grid, (4, 4), False, kind="grid")


def every_torch_call():
    image, grid = (torch.from_numpy(a) for a in arrays(8))
    every_call(image, grid)


def every_gradient():
    image, grid = (torch.from_numpy(a).requires_grad_() for a in arrays(8))
    out = displace.grid_sample(image, grid, align_corners=False)
    first = torch.autograd.grad(out.sum(), (image, grid), create_graph=True)
    torch.autograd.grad(first[1].square().sum(), (image, grid))
    displace.displacement(grid, (8, 8)).sum().backward()


def resident() -> int:
    """Bytes of memory; where there is no /proc, the most there has ever been."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except FileNotFoundError:
        # In bytes on macOS, the one such system.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize(
    "work, rounds", [(every_numpy_call, 500), (every_list_call, 1000), (every_torch_call, 500), (every_gradient, 500)]
)
def test_memory_stays_flat(work, rounds):
    # Thousands of calls. Tracing goes on from the start: what is put back on a free list must have been seen before.
    # Behind operators with a backward in Python, anybody's, torch keeps a growing stock of small objects, which levels off after
    # some thousand calls, sooner or later by chance. A leak does not level off: one object kept by each round, 16 bytes at the very
    # least, shows in every stretch. So one flat stretch is enough, and there are ten to find it in.
    growth = []
    tracemalloc.start()
    try:
        traced = None
        while len(growth) < 10 and not any(grown < rounds * 16 for grown in growth):
            for _ in range(rounds):
                work()
            gc.collect()
            before, traced = traced, tracemalloc.get_traced_memory()[0]
            if before is not None:
                growth.append(traced - before)
    finally:
        tracemalloc.stop()
    assert min(growth) < rounds * 16, growth
    pages = resident()
    for _ in range(rounds):
        work()
    gc.collect()
    # An array of a call is 768 bytes. Allocators keep some freed pages for later.
    assert resident() - pages < rounds * 768
    assert not gc.garbage


def counts(*objects):
    return [sys.getrefcount(o) for o in objects]


def test_references_are_given_back():
    image, grid = arrays()
    out = np.empty_like(image)
    field = displace.Field(grid)
    held = image, grid, out, field, np.dtype(np.float32), displace.ShapeError
    every_call(image, grid)
    before = counts(*held)
    for _ in range(10):
        every_call(image, grid)
        assert displace.warp(image, grid, out=out) is out
        displace.warp(image, field)
        displace.inspect(field)
    assert counts(*held) == before
    tensors = [torch.from_numpy(a).requires_grad_() for a in arrays()]
    before = counts(*tensors, image, grid)
    for _ in range(10):
        displace.grid_sample(*tensors, align_corners=False).sum().backward()
    assert counts(*tensors, image, grid) == before


def test_results_outlive_their_inputs():
    image, grid = arrays()
    expected = displace.grid_sample(image, grid, align_corners=False)
    kept = []
    for convert in (np.array, torch.tensor):
        inputs = convert(image), convert(grid)
        kept.append(displace.grid_sample(*inputs, align_corners=False))
        del inputs
    gc.collect()
    np.zeros((64, 64, 64))  # something else in the memory that has become free
    assert all(bits(result) == bits(expected) for result in kept)


# Threads


@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_eight_threads_at_once(convert):
    image, grid = (convert(a) for a in arrays(200))
    expected = bits(displace.grid_sample(image, grid, "bicubic", align_corners=False))
    start, results = threading.Barrier(8), []

    def work():
        start.wait()
        for _ in range(4):
            results.append(bits(displace.grid_sample(image, grid, "bicubic", align_corners=False)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 32 and set(results) == {expected}


def test_gradients_in_eight_threads_at_once():
    pair = arrays(100)
    results = []

    def work():
        image, grid = (torch.from_numpy(a).clone().requires_grad_() for a in pair)
        displace.grid_sample(image, grid, align_corners=False).square().sum().backward()
        results.append(bits(image.grad) + bits(grid.grad))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 8 and len(set(results)) == 1


def test_other_python_threads_go_on_meanwhile():
    image, grid = arrays(700)
    grid = np.concatenate([grid] * 4, axis=1)
    ticks, done = 0, threading.Event()

    def tick():
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.0005)

    # One call is long; with the interpreter locked nothing would tick during it.
    ticker = threading.Thread(target=tick)
    ticker.start()
    try:
        began = time.perf_counter()
        seen = []
        while time.perf_counter() - began < 10 and (len(seen) < 3 or max(seen) < 3):
            before = ticks
            displace.grid_sample(image, grid, "bicubic", "reflection", False)
            seen.append(ticks - before)
    finally:
        done.set()
        ticker.join()
    assert max(seen) >= 3


# Processes

FORK = """
import os, signal, sys
import numpy as np
{torch}
import displace

generator = np.random.default_rng(0)
image = generator.random((1, 4, 400, 400), np.float32)
grid = generator.random((1, 400, 400, 2), np.float32) * 2 - 1
{convert}

def work():
    return np.asarray(displace.grid_sample(image, grid, align_corners=False)).tobytes()

expected = work() if {warm} else None

def child():
    # The alarm ends a child that waits for threads which the fork has not brought along.
    signal.alarm(20)
    ours = work()
    again = work()
    os._exit(0 if ours == again and expected in (None, ours) else 3)

def forked():
    pid = os.fork()
    if pid == 0:
        try:
            child()
        finally:
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

codes = [forked(), forked()]
# The parent goes on as before, and so do children of it then.
after = work()
codes.append(forked())
assert expected in (None, after)
print(codes)
"""


@pytest.mark.parametrize("threads", ["1", "4"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("warm", [False, True], ids=["after import", "after a parallel call"])
def test_fork(warm, library, threads):
    code = FORK.format(
        warm=warm,
        torch="import torch" if library == "torch" else "",
        convert="image, grid = torch.from_numpy(image), torch.from_numpy(grid)" if library == "torch" else "",
    )
    # -14 is the alarm: the child hung.
    assert json.loads(python(code, timeout=150, RAYON_NUM_THREADS=threads)) == [0, 0, 0]


POOL = """
import multiprocessing, sys
import numpy as np
import displace

def work(seed):
    generator = np.random.default_rng(seed)
    image = generator.random((1, 4, 300, 300), np.float32)
    grid = generator.random((1, 300, 300, 2), np.float32) * 2 - 1
    return displace.grid_sample(image, grid, align_corners=False).sum(dtype=np.float64)

if __name__ == "__main__":
    expected = [work(seed) for seed in range(4)]
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        assert pool.map_async(work, range(4)).get(40) == expected
    print("same")
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_of_processes(tmp_path, method):
    # As the workers of a torch DataLoader: started after the parent has worked.
    script = tmp_path / "pool.py"
    script.write_text(POOL)
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, str(script), method],
        env={**os.environ, "PYTHONPATH": path, "RAYON_NUM_THREADS": "3"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and done.stdout.strip() == "same", done.stderr


# Imports


def test_import_is_quick():
    code = """
import time, numpy
began = time.perf_counter()
import displace
print(time.perf_counter() - began)
"""
    python(code)  # byte code and the library's pages come from the disk once
    assert statistics.median(float(python(code)) for _ in range(5)) < 0.1


def test_nothing_heavy_is_imported():
    code = """
import sys
import numpy as np
import displace
image, grid = np.zeros((1, 1, 3, 3), np.float32), np.zeros((1, 3, 3, 2), np.float32)
displace.grid_sample(image, grid, align_corners=False)
field = displace.displacement(grid, (3, 3))
displace.effective_displacement(grid, (3, 3))
displace.grid_from_displacement(field, (3, 3))
displace.affine_grid(np.zeros((1, 2, 3), np.float32), (1, 1, 3, 3), align_corners=False)
displace.warp(image, displace.Field(field))
displace.inspect(displace.Field(field))._repr_html_()
dir(displace), displace.__version__
try:
    displace.grid_sample(image, [["not", "a", "grid"]], align_corners=False)
except ValueError:
    pass
print(sorted({"torch", "matplotlib", "scipy", "PIL", "pandas"} & set(sys.modules)))
"""
    assert python(code).strip() == "[]"


def test_torch_imported_later_is_served():
    code = """
import numpy as np, displace
a = displace.grid_sample(np.ones((1, 1, 2, 2)), np.zeros((1, 1, 1, 2)), align_corners=False)
import torch
b = displace.grid_sample(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 1, 2), align_corners=False)
assert isinstance(a, np.ndarray) and isinstance(b, torch.Tensor)
"""
    python(code)


def test_what_is_there_is_named():
    assert set(displace.__all__) <= set(dir(displace))
    for name in displace.__all__:
        if name != "plot":
            assert getattr(displace, name) is not None
    with pytest.raises(AttributeError, match="unknown"):
        displace.unknown  # noqa: B018
