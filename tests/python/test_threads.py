"""How many threads work: what is asked for, what the environment says, and one in each of many processes."""

import json
import multiprocessing
import os
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

import displace
from strategies import bits, python


@pytest.fixture(autouse=True)
def the_number_before():
    before = displace.get_num_threads()
    yield
    displace.set_num_threads(before)


def test_what_is_asked_for_is_had():
    for n in (3, 1, np.int64(2)):
        displace.set_num_threads(n)
        assert displace.get_num_threads() == n
    for wrong in (0, -1, 2**16, 2**80):
        with pytest.raises(displace.DisplaceError, match="number of threads"):
            displace.set_num_threads(wrong)
    for wrong in (1.0, "2", None, True):
        with pytest.raises(displace.DTypeError, match="whole number"):
            displace.set_num_threads(wrong)
    assert displace.get_num_threads() == 2


THREADS = """
import displace, os
def tasks():
    return len(os.listdir("/proc/self/task"))
import numpy as np
image, grid = np.zeros((1, 1, 400, 400), np.float32), np.zeros((1, 400, 400, 2), np.float32)
before = tasks()
displace.grid_sample(image, grid, align_corners=False)
print([tasks() - before, displace.get_num_threads()])
displace.set_num_threads(2)
print(displace.get_num_threads())
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted in /proc")
@pytest.mark.parametrize("threads", [1, 3])
def test_the_environment_says_how_many(threads):
    said, asked = python(THREADS, RAYON_NUM_THREADS=str(threads)).splitlines()
    assert json.loads(said)[1] == threads and json.loads(asked) == 2
    # rayon's own pool of one may sit there.
    assert json.loads(said)[0] == threads


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted in /proc")
def test_one_thread_and_small_work_wake_nobody():
    code = """
import displace, os
import numpy as np
def work(side):
    image, grid = np.zeros((1, 1, side, side), np.float32), np.zeros((1, side, side, 2), np.float32)
    before = len(os.listdir("/proc/self/task"))
    displace.grid_sample(image, grid, align_corners=False)
    displace.displacement(grid, (side, side))
    return len(os.listdir("/proc/self/task")) - before
small = work(127)
displace.set_num_threads(1)
one = work(400)
displace.set_num_threads(2)
print([small, one, work(400)])
"""
    assert json.loads(python(code, RAYON_NUM_THREADS="4")) == [0, 0, 2]


class Counts(Dataset):
    """How many threads there are, in whatever process asks."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        image, grid = torch.ones(1, 1, 300, 300), torch.zeros(1, 300, 300, 2)
        assert displace.grid_sample(image, grid, align_corners=False).min() == 1
        return displace.get_num_threads()


def asks_for_two(_):
    displace.set_num_threads(2)


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize(
    "said, asks, expected", [(None, None, 1), ("3", None, 3), (None, asks_for_two, 2), ("3", asks_for_two, 2)]
)
def test_workers_of_a_data_loader(method, said, asks, expected, monkeypatch):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    # Asked for in the parent, it is the parent's.
    displace.set_num_threads(4)
    if said is None:
        monkeypatch.delenv("RAYON_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("RAYON_NUM_THREADS", said)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(entry for entry in sys.path if entry))
    loader = DataLoader(Counts(), num_workers=2, multiprocessing_context=method, worker_init_fn=asks, batch_size=None, timeout=60)
    assert list(loader) == [expected] * 4
    assert displace.get_num_threads() == 4


def everything(image, grid):
    """Forward, both gradients, a field."""
    image, grid = (torch.from_numpy(a).requires_grad_() for a in (image, grid))
    results = []
    for mode, padding_mode in (("bilinear", "zeros"), ("bicubic", "reflection"), ("nearest", "border")):
        out = displace.grid_sample(image, grid, mode, padding_mode, False)
        results += [out, *torch.autograd.grad(out.square().sum(), (image, grid))]
    results.append(displace.displacement(grid, image.shape[2:], rest="extent"))
    return [bits(result.detach()) for result in results]


@pytest.mark.parametrize("samples, size", [(1, (190, 230)), (3, (97, 180))])
def test_the_same_bits_on_any_number(samples, size):
    generator = np.random.default_rng(0)
    image = generator.random((samples, 2, 150, 170), np.float32)
    grid = generator.random((samples, *size, 2), np.float32) * 2.4 - 1.2
    results = []
    for n in (1, 2, 5):
        displace.set_num_threads(n)
        results.append(everything(image, grid))
    assert results[0] == results[1] == results[2]
