"""Imports run one way, and light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pellucid

ROOMS = [
    "errors",
    "arrays",
    "files",
    "presenter",
    "numbers",
    "expressions",
    "operations",
    "derivation",
    "attention",
    "transformer",
    "search",
    "examples",
    "checking",
    "nn",
    "data",
    "decoding",
    "training",
    "pretrained",
    "production",
    "capturing",
    "rendering",
    "exercises",
    "cli",
]
"""A room may import those above it."""

SOURCE = Path(pellucid.__file__).parent
FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE or path.stem in ROOMS)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """The rooms that a file imports anywhere, also inside functions; "" stands for the package itself."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        rooms |= {f"{name}.".split(".")[1] for name in names if name.split(".")[0] == "pellucid"}
    return rooms


def test_every_room_is_known():
    assert {room_of(path) for path in FILES} == set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_the_rooms_before_it(path):
    assert imported_rooms(path) <= set(ROOMS[: ROOMS.index(room_of(path)) + 1])


def test_explaining_to_text_loads_nothing_heavy():
    script = """
import sys
import pellucid
text = pellucid.explain("dog-on-the-mat").to_text()
assert "0.1666" in text
heavy = {"torch", "jaxtyping", "beartype", "pytest", "scipy", "pandas", "matplotlib", "IPython", "jinja2"}
print(sorted(heavy & sys.modules.keys()))
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_commands_start_without_what_they_may_never_need():
    """Helps, mistakes and pipes that end early come before any number."""
    script = """
import sys
import pellucid.cli.main, pellucid.cli.translate, pellucid.cli.generate
heavy = {"numpy", "msgspec", "yaml", "rich", "tokenizers", "torch", "pellucid.examples", "pellucid.rendering.document"}
print(sorted(heavy & sys.modules.keys()))
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_searching_and_the_models_that_ship_need_no_pytorch():
    script = """
import sys
import pellucid.cli.generate, pellucid.cli.translate, pellucid.search
from pellucid.pretrained import open_model
open_model("stories260k")
print("torch" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("False\n", "")
