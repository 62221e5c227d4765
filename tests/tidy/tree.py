"""The repository as the tidy tests see it: its files, its modules, its documents."""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
TESTS = ROOT / "tests"
REFERENCE = ROOT / "docs" / "reference"

# Made by tools, kept out of git.
NOT_OURS = {
    ".danshu",
    ".git",
    ".hypothesis",
    ".venv",
    "__pycache__",
    "dist",
    "node_modules",
    "static",
}
GENERATED = ROOT / "web" / "src" / "api"
TEXT_SUFFIXES = {
    "", ".cfg", ".css", ".csv", ".html", ".ini", ".js", ".json", ".md", ".mako", ".py", ".sh",
    ".sql", ".toml", ".ts", ".tsx", ".txt", ".yaml", ".yml",
}  # fmt: skip


@cache
def files() -> tuple[Path, ...]:
    """Every file of ours, in the order of the names."""
    found: list[Path] = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            f
            for f in folders
            if f not in NOT_OURS
            and not f.endswith(("_cache", ".egg-info"))
            and Path(folder, f) != GENERATED
        )
        found += [Path(folder, name) for name in sorted(names)]
    return tuple(found)


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file with its text."""
    for path in files():
        if path.suffix in TEXT_SUFFIXES and path.is_file():
            try:
                yield path, path.read_text("utf-8")
            except UnicodeDecodeError:
                continue


@cache
def python_files() -> tuple[Path, ...]:
    """Every Python file: the package, the tests, and the script at the root."""
    inside = (SOURCE, TESTS)
    return (
        ROOT / "danshu",
        *(p for p in files() if p.suffix == ".py" and p.is_relative_to(ROOT)
          and any(p.is_relative_to(f) for f in inside)),
    )  # fmt: skip


class Outline(NamedTuple):
    """What the tests ask of a Python file: functions with their first line and how many they have,
    classes with their line, imports, and texts that begin as a module of ours.
    """

    functions: tuple[tuple[str, int, int], ...]
    classes: tuple[tuple[str, int], ...]
    imports: tuple[ast.Import | ast.ImportFrom, ...]
    spelt: tuple[str, ...]


def parse(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


@cache
def outline(path: Path) -> Outline:
    """The outline of a Python file; two thousand trees would take longer to let go than to read."""
    functions, classes, imports, spelt = [], [], [], []
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            functions.append((node.name, node.lineno, lines))
        elif isinstance(node, ast.ClassDef):
            classes.append((node.name, node.lineno))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(node)
        elif isinstance(node, ast.Constant) and str(node.value).startswith("danshu."):
            spelt.append(str(node.value))
    return Outline(tuple(functions), tuple(classes), tuple(imports), tuple(spelt))


@cache
def modules() -> dict[str, Path]:
    """The modules of the package by their dotted names; a package counts as its `__init__`."""
    found = {}
    for path in python_files():
        if path.is_relative_to(SOURCE):
            parts = path.relative_to(SOURCE).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def pyproject() -> dict[str, Any]:
    """The project file."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def document(name: str) -> str:
    """A page of docs/reference, which must exist."""
    return (REFERENCE / name).read_text("utf-8")


def place(path: Path, line: int = 0) -> str:
    """Name a file, and a line in it, as a person would."""
    name = path.relative_to(ROOT).as_posix()
    return f"{name}:{line}" if line else name


def assert_none(found: Iterable[object]) -> None:
    """Fail with everything that was found, one a line."""
    lines = [str(item) for item in found]
    assert not lines, "\n" + "\n".join(lines)
