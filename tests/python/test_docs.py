"""Every Python block of the site runs, every number shown is checked, and every function is described as it is."""

import doctest
import importlib.util
import inspect
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import displace

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FENCE = re.compile(r"^([ ]*)```python\n(.*?)^\1```", flags=re.DOTALL | re.MULTILINE)


def blocks(page):
    """The page's Python blocks, those in tabs too, each with its line."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        yield text.count("\n", 0, found.start(2)) + 1, textwrap.dedent(found[2])


def is_session(block):
    return block.lstrip().startswith(">>> ")


def run(page):
    """All blocks of a page, in order, in one namespace. Sessions must show what they print."""
    names = {"__name__": page.stem}
    said = []
    for line, block in blocks(page):
        if is_session(block):
            test = doctest.DocTestParser().get_doctest(block, names, page.name, str(page), line - 1)
            # The namespace goes on to the next block.
            test.globs = names
            runner = doctest.DocTestRunner(verbose=False)
            runner.run(test, out=said.append, clear_globs=False)
            assert runner.summarize(verbose=False).failed == 0, "".join(said)
        else:
            # Lines before it, so that an error names the line of the page.
            exec(compile("\n" * (line - 1) + block, str(page), "exec"), names)


# What torch says of its own parts while it compiles, as in test_compiled.py.
@pytest.mark.filterwarnings("ignore:`torch.jit.script")
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_page_runs(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    try:
        run(page)
    finally:
        plt.close("all")


def test_every_block_checks_something():
    for page in PAGES:
        for line, block in blocks(page):
            if is_session(block):
                assert doctest.DocTestParser().get_examples(block)[-1].want, f"{page.name}:{line} shows no result"
        text = page.read_text(encoding="utf-8")
        # Other fences would not be run.
        languages = set(re.findall(r"^ *```(\w*) *$", text, flags=re.MULTILINE)) - {""}
        assert languages <= {"python", "sh", "text"} | ({"py"} if page.name == "api.md" else set()), (page.name, languages)


def test_a_wrong_number_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\n>>> 1 + 1\n3\n```\n")
    with pytest.raises(AssertionError, match="Expected"):
        run(page)
    page.write_text("=== tab\n\n    ```python\n    x = 1\n    assert x == 2\n    ```\n")
    with pytest.raises(AssertionError):
        run(page)


# The list of functions


def described():
    """Name -> (signature, text) of each section of api.md."""
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    sections = re.split(r"^##+ `([\w.]+)`$", text, flags=re.MULTILINE)[1:]
    return dict(zip(sections[::2], sections[1::2], strict=True))


def public():
    names = [name for name in displace.__all__ if name not in ("plot", "__version__")]
    return {name: getattr(displace, name) for name in names} | {
        f"plot.{name}": getattr(displace.plot, name) for name in displace.plot.__all__
    }


def test_every_name_is_described_and_no_other():
    assert set(described()) == set(public())
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    assert "`displace.__version__`" in text and "`displace.plot`" in text


@pytest.mark.parametrize("name", sorted(public()))
def test_what_is_described_is_what_is_there(name):
    what, text = public()[name], described()[name]
    summary = inspect.cleandoc(what.__doc__).split("\n\n")[0].replace("\n", " ")
    assert summary in " ".join(text.split())
    if inspect.isclass(what) and (issubclass(what, Exception) or hasattr(what, "_fields")):
        return
    shown = re.search(r"```py\n(.*?)```", text, flags=re.DOTALL)
    assert shown, f"no signature of {name}"
    expected = re.sub(r"\s+", "", f"{name}{inspect.signature(what)}")
    assert re.sub(r"\s+", "", shown[1]).replace(",)", ")") == expected


# Pictures, and the site itself


def test_the_drawings_are_what_their_script_draws():
    spec = importlib.util.spec_from_file_location("figures", DOCS / "figures.py")
    figures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figures)
    for name, draw in figures.FIGURES.items():
        assert (DOCS / "img" / f"{name}.svg").read_text(encoding="utf-8") == draw(), f"run docs/figures.py: {name}"


def test_every_picture_is_shown():
    shown = {name for page in PAGES for name in re.findall(r"img/([\w.-]+)", page.read_text(encoding="utf-8"))}
    assert shown == {path.name for path in (DOCS / "img").iterdir()}


def test_the_site_is_built(tmp_path):
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "grid_sample" / "index.html").exists()
