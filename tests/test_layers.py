"""Imports run one way: a module imports only what stands left of it, whole rooms and the wings inside them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = (
    "errors", "config", "plain", "tree", "labelled", "data", "carried", "parsing", "ir", "rules", "frontend",
    "transforms", "optimise", "memory", "lower", "cache", "backend", "pipeline", "calling", "custom", "api",
    "test_util", "exporting", "cli",
)  # fmt: skip
"""The rooms of the house."""
WINGS = {
    "frontend": ("syntax", "values", "library", "elaborate", "meanings"),
    "transforms": ("forward", "adjoint", "recording", "batch"),
}
"""The wings of the rooms that have some. What stands beside the wings is left of them all."""
FOR_TYPES = {("values", "elaborate"), ("library", "elaborate")}
"""Imports that may run back for the sake of annotations: values name the interpreter that reads them."""
MODULES = sorted(p for p in (ROOT / "s2sad").rglob("*.py") if p.parent != ROOT / "s2sad" or p.stem != "__init__")
BACKWARDS = [
    ("frontend/syntax/x.py", "from s2sad.frontend.values import values"),
    ("frontend/values/x.py", "from s2sad.frontend.library import calls"),
    ("frontend/library/x.py", "def f():\n    from s2sad.frontend.meanings.axes import check"),
    ("frontend/elaborate/x.py", "import s2sad.frontend.meanings.custom"),
    ("frontend/elaborate/x.py", "if TYPE_CHECKING:\n    from s2sad.frontend.meanings import custom"),
    ("frontend/library/x.py", "if TYPE_CHECKING:\n    pass\nelse:\n    from s2sad.frontend.elaborate import loops"),
    ("transforms/adjoint/x.py", "from s2sad.transforms.recording import tapes"),
    ("transforms/activity.py", "from s2sad.transforms.forward import tangents"),
    ("ir/x.py", "from s2sad import rules"),
    ("backend/x.py", "from s2sad import grad"),
]


def imports(text: str) -> Iterator[tuple[list[str], bool]]:
    """What a module imports of s2sad, also inside functions, as lists of names; whether for annotations only."""

    def found(node: ast.AST, typing: bool) -> Iterator[tuple[str, bool]]:
        match node:
            case ast.Import():
                yield from ((a.name, typing) for a in node.names)
            case ast.ImportFrom(module=str(module)):
                yield from ((f"{module}.{a.name}", typing) for a in node.names)
            case ast.If(ast.Name("TYPE_CHECKING"), body, orelse):
                for child in body:
                    yield from found(child, True)
                for child in orelse:
                    yield from found(child, typing)
            case _:
                for child in ast.iter_child_nodes(node):
                    yield from found(child, typing)

    for name, typing in found(ast.parse(text), False):
        first, *rest = name.split(".")
        if first == "s2sad":
            yield rest, typing


def wing_of(place: Sequence[str]) -> str:
    """The wing of a module of a room that has wings; "" for what stands beside them, which all of them may import."""
    return place[1] if place[1] in WINGS[place[0]] else ""


def runs_back(place: Path, text: str) -> Iterator[str]:
    """The imports of a module at a place of the package that run back, each as a sentence."""
    own = place.with_suffix("").parts
    for other, typing in imports(text):
        if not other or other[0] not in ORDER:
            yield f"{place} imports s2sad itself"
            continue
        if other[0] != own[0]:
            order, a, b = ORDER, own[0], other[0]
        elif own[0] in WINGS and len(own) > 1 and len(other) > 1:
            order, a, b = ("", *WINGS[own[0]]), wing_of(own), wing_of(other)
        else:
            continue
        if order.index(b) > order.index(a) and not (typing and (a, b) in FOR_TYPES):
            yield f"{place}: {a} imports {b}, which stands right of it"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    place = path.relative_to(ROOT / "s2sad")
    assert place.with_suffix("").parts[0] in ORDER, f"{place} has no place in the order"
    if place.parts[0] in WINGS and len(place.parts) > 2:
        assert place.parts[1] in WINGS[place.parts[0]], f"{place} has no place among the wings"
    assert not list(runs_back(place, path.read_text()))


@pytest.mark.parametrize(("place", "text"), BACKWARDS)
def test_an_import_that_runs_back_is_found(place: str, text: str) -> None:
    assert list(runs_back(Path(place), text))


def test_runtime_never_imports_the_compiler() -> None:
    for path in (ROOT / "s2sad_rt").rglob("*.py"):
        assert not list(imports(path.read_text())), path
