"""The form of the code: sizes, names, words, and no code that nobody reaches."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.tree import (
    SOURCE,
    TESTS,
    assert_none,
    modules,
    outline,
    place,
    pyproject,
    python_files,
    texts,
)

MODULE_LINES = 400
FUNCTION_LINES = 70
LINE_CHARS = 100

# Names that say nothing about what a thing is.
EMPTY_WORDS = {"Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Service"}
EMPTY_MODULES = {word.lower() for word in EMPTY_WORDS} | {"managers", "services", "common", "misc"}
# `import_module("danshu.x.y")`, an entry "danshu.x.y:name", and "danshu.x." + name
SPELT_OUT = re.compile(r"danshu(\.\w+)+\.?(:\w+)?")
# Written so that these lines do not find themselves.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E)\b|#.*\bHAC[K]\b|raise NotImplemented[E]rror")
SKIPPED = re.compile(r"pytest\.mark\.(skip\b|xfai[l])|unittest\.ski[p]\b")
# Places of one machine: a path that is absolute, not a folder of ours called `work`.
MACHINE_PATHS = re.compile(r"(?<![\w.\-/}])/(wor[k]|roo[t])/")


def test_modules_are_short() -> None:
    long = [
        f"{place(path)} has {lines} lines"
        for path in python_files()
        if (lines := len(path.read_text("utf-8").splitlines())) > MODULE_LINES
    ]
    assert_none(long)


def test_functions_are_short() -> None:
    long = [
        f"{place(path, line)} {name} has {lines} lines"
        for path in python_files()
        for name, line, lines in outline(path).functions
        if lines > FUNCTION_LINES
    ]
    assert_none(long)


def test_lines_are_short() -> None:
    long = [
        place(path, number)
        for path in python_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LINE_CHARS
    ]
    assert_none(long)


def words(name: str) -> list[str]:
    """Take a CamelCase name apart."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)


def test_words_of_a_name() -> None:
    assert words("OrderManager") == ["Order", "Manager"]
    assert words("HTTPBase") == ["HTTP", "Base"]
    assert words("Database") == ["Database"]


def test_classes_are_named_for_what_they_are() -> None:
    empty = [
        f"{place(path, line)} {name}"
        for path in python_files()
        for name, line in outline(path).classes
        if (parts := words(name)) and (parts[-1] in EMPTY_WORDS or parts[0] == "Base")
    ]
    assert_none(empty)


def test_modules_are_named_for_what_they_hold() -> None:
    names = {place(path): path.stem.strip("_").split("_")[-1] for path in python_files()}
    assert_none({path for path, word in names.items() if word in EMPTY_MODULES})


def lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    """Find the lines of our text files that match."""
    return [
        place(path, number)
        for path, text in texts()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_is_unfinished() -> None:
    assert_none(lines_that_match(UNFINISHED))


def test_no_test_is_skipped() -> None:
    assert_none(lines_that_match(SKIPPED))


def test_the_patterns_find_what_they_should() -> None:
    assert UNFINISHED.search("# TO" + "DO: later")
    assert SKIPPED.search("@pytest.mark." + "skip")
    assert not SKIPPED.search("@pytest.mark.skipif(no_strace, reason='needs strace')")
    assert MACHINE_PATHS.search("see '/wor" + "k/data'")
    assert not MACHINE_PATHS.search("src/danshu/faces/work/relay.py")


def test_no_path_of_one_machine() -> None:
    assert_none(lines_that_match(MACHINE_PATHS))


def imported(name: str, path: Path, is_package: bool) -> Iterator[str]:
    """Name everything that a module imports, and every dotted name of ours that it spells out."""
    for node in outline(path).imports:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            continue
        source = node.module or ""
        if node.level:
            here = name.split(".")
            up = here[: len(here) - node.level + is_package]
            source = ".".join([*up, source] if source else up)
        yield source
        yield from (f"{source}.{alias.name}" for alias in node.names)
    for text in outline(path).spelt:
        if SPELT_OUT.fullmatch(text):
            yield text.partition(":")[0]


def entry_modules() -> set[str]:
    """The modules that pyproject names: the command and the adapters."""
    project = pyproject()["project"]
    groups = [project.get("scripts", {}), *project.get("entry-points", {}).values()]
    return {target.partition(":")[0] for group in groups for target in group.values()}


def test_no_module_is_dead() -> None:
    reached = entry_modules()
    # The testing floor ships for the tests of others; our own use it as they do.
    for path in TESTS.rglob("*.py"):
        used = imported("", path, False)
        reached |= {name for name in used if name.startswith("danshu.testing.")}
    for name, path in modules().items():
        found = set(imported(name, path, path.stem == "__init__"))
        reached |= found - {name}
    open_packages = tuple(name for name in reached if name.endswith("."))
    dead = [
        place(path)
        for name, path in modules().items()
        if path.stem not in {"__init__", "__main__"}
        # Alembic finds its own by folder.
        and "migrations" not in path.relative_to(SOURCE).parts
        and name not in reached
        and f"{name.rpartition('.')[0]}." not in open_packages
    ]
    assert_none(dead)
