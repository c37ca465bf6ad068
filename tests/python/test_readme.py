"""What the README shows in Python runs, and its numbers hold."""

import re
from pathlib import Path

import matplotlib.pyplot as plt

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    ours = [block for block in blocks if "import displace" in block or ", displace" in block]
    assert len(ours) == 1
    try:
        exec(compile(ours[0], str(README), "exec"), {})
    finally:
        plt.close("all")
    assert "grid noise" in capsys.readouterr().out
