"""The stubs say what the modules do, and type checkers read the results right."""

import subprocess
import sys
from pathlib import Path

import displace

ROOT = Path(__file__).parents[2]


def run(*arguments):
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_and_the_samples_type_check_strictly():
    run("mypy", "--config-file", "pyproject.toml")


def test_stubs_and_modules_agree():
    run("mypy.stubtest", "displace", "--concise", "--allowlist", "tests/python/typing/allowed.txt")


def test_the_package_says_that_it_is_typed():
    assert (Path(displace.__file__).parent / "py.typed").exists()


def test_every_public_function_explains_itself():
    for name in displace.__all__:
        thing = getattr(displace, name)
        if callable(thing) and not isinstance(thing, type):
            for part in ("Parameters", "Raises", "Examples"):
                assert part in thing.__doc__, f"{name} lacks {part}"
