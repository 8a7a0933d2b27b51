"""The documentation is run: every python block of the README and of docs/, in order, a file at a time.

What a block prints is compared with the `text` block that follows it, or with its own ``# -> ...`` comments.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from s2sad import UncompiledWarning
from s2sad.config import using

ROOT = Path(__file__).parent.parent
FILES = sorted(p for p in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if p.exists())
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
ARROW = re.compile(r"#\s*->\s?(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A python block: where it starts, its text, and what it should print (None: nothing is said of that)."""

    line: int
    text: str
    expected: str | None


def blocks(path: Path) -> list[Block]:
    """The python blocks of a file, each with the output that follows it."""
    text = path.read_text()
    fences = list(FENCE.finditer(text))
    found = []
    for k, fence in enumerate(fences):
        if fence[1] != "python":
            continue
        arrows = ARROW.findall(fence[2])
        follows = fences[k + 1] if k + 1 < len(fences) else None
        expected = "\n".join(arrows) if arrows else None
        if expected is None and follows is not None and follows[1] == "text":
            expected = follows[2] if not text[fence.end() : follows.start()].strip() else None
        found.append(Block(text.count("\n", 0, fence.start(2)), fence[2], expected))
    return found


def run(block: Block, folder: Path, namespace: dict[str, Any]) -> str:
    """Run a block, as a file of its own whose lines have the numbers they have in the document; what it prints."""
    file = folder / f"block_{block.line}.py"
    text = "\n" * block.line + block.text
    file.write_text(text)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, str(file), "exec", dont_inherit=True), namespace)
    return out.getvalue()


@pytest.mark.parametrize("path", [p for p in FILES if blocks(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_documented_code(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": path.stem}
    with using(backend="python"), warnings.catch_warnings():
        warnings.simplefilter("ignore", UncompiledWarning)
        for block in blocks(path):
            printed = run(block, tmp_path, namespace)
            if block.expected is not None:
                assert tidy(printed) == tidy(block.expected), f"{path.name}:{block.line}"


def tidy(text: str) -> str:
    """Without spaces at the ends of lines, and -0 as 0."""
    return "\n".join(re.sub(r"-0\.( |\]|,|$)", r"0.\1", line.rstrip()) for line in text.strip().splitlines())
