"""Imports run one way: a module imports only what stands left of it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = [
    "errors", "config", "tree", "parsing", "ir", "rules", "frontend", "transforms", "optimise", "cache", "backend",
    "pipeline", "signature", "variant", "program", "splitting", "pullback", "typetext", "inspection", "transformed",
    "in_njit", "custom", "api", "test_util", "exporting", "cli",
]  # fmt: skip
MODULES = sorted(p for p in (ROOT / "s2sad").rglob("*.py") if p.parent != ROOT / "s2sad" or p.stem != "__init__")


def layer(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def imports(path: Path) -> set[str]:
    """The layers of s2sad that a file imports at module level."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{a.name}" for a in node.names} if node.module == "s2sad" else {node.module}
    return {layer(name) for name in found if name.startswith("s2sad.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    own = path.relative_to(ROOT / "s2sad").parts[0].removesuffix(".py")
    assert own in ORDER, f"{own} has no place in the order"
    for other in imports(path):
        assert ORDER.index(other) <= ORDER.index(own), f"{own} imports {other}, which stands right of it"


def test_runtime_never_imports_the_compiler() -> None:
    for path in (ROOT / "s2sad_rt").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(n == "s2sad" or n.startswith("s2sad.") for n in names), path
