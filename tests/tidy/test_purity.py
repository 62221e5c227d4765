"""The kernel, the ports and every decision know no clock and no chance: both are passed in.

Import-linter sees modules; this sees the calls that hide in harmless ones, such as `datetime.now`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.tidy.tree import assert_none, modules, parse, place

IMPURE_CALLS = {
    "now", "utcnow", "today", "uuid1", "uuid4", "urandom", "getrandom", "time_ns", "monotonic",
    "perf_counter", "token_bytes", "token_hex", "default_rng", "localtime", "gmtime",
}  # fmt: skip
IMPURE_MODULES = {"time", "random", "secrets", "asyncio", "threading", "socket"}


def is_pure_by_rule(name: str) -> bool:
    """Tell whether a module must be pure: kernel, ports, and a capability's model and decisions."""
    return name.startswith(("danshu.kernel", "danshu.ports")) or (
        name.startswith("danshu.capabilities.")
        and name.rpartition(".")[2] in {"model", "decide", "evolve", "facts", "machines"}
    )


def impurities(tree: ast.Module) -> list[tuple[int, str]]:
    """Give line and name of each call or import of a clock or of chance."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = getattr(called, "attr", None) or getattr(called, "id", "")
            if name in IMPURE_CALLS:
                found.append((node.lineno, name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
            found += [(node.lineno, n) for n in names if n.partition(".")[0] in IMPURE_MODULES]
    return found


@pytest.mark.parametrize(
    "text",
    ["datetime.datetime.now(datetime.UTC)", "uuid.uuid4()", "import time", "from random import x"],
)
def test_an_impurity_is_found(text: str) -> None:
    assert impurities(ast.parse(text))


def test_pure_modules_are_pure() -> None:
    found: list[str] = []
    places: dict[str, Path] = {n: p for n, p in modules().items() if is_pure_by_rule(n)}
    for path in places.values():
        found += [f"{place(path, line)} {name}" for line, name in impurities(parse(path))]
    assert len(places) > 5
    assert_none(found)
