"""Figures in the tables of a policy set: found by where they stand, and set to another value.

A figure is a whole number that a condition compares with (`>= 5000000`), or the weight of a
preference. Days, weekdays, types and levels of weather are names written as numbers, and are left.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.routing.policy import lint
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LANE_FEN, POLICY_PATH_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.routing.policy.model import PolicySet

_BOUND: Final = re.compile(r"\s*(>=|<=|>|<)\s*(\d{1,12})\s*")
_WEIGHT: Final = re.compile(r"\s*(\d{1,9})\s*")
_FIELDS: Final = frozenset(
    {"order.value_fen", "order.units", "order.lines", "order.weight_g", "order.promise_min"}
)
NO_FIGURE: Final = InputError("no_figure", "the policy has no such figure", "/path")


class Figure(Struct, frozen=True, kw_only=True):
    """A figure of a set: where it stands, what the row is called, and its value."""

    path: str
    title: str
    value: int


def find(policy: PolicySet) -> tuple[Figure, ...]:
    """Give the figures of a set, in their order."""
    return tuple(
        Figure(path=path, title=str(row.get("_description") or path), value=value)
        for path, row, _, value, _ in _walk(policy)
        if len(path) <= POLICY_PATH_CHARS
    )


def turn(policy: PolicySet, path: str, value: int) -> PolicySet:
    """Give the set with another value of one figure. Raises InputError `no_figure`."""
    changed = replace(policy, graphs=copy.deepcopy(policy.graphs))
    for here, row, column, _, before in _walk(changed):
        if here == path:
            row[column] = f"{before}{value}"
            return changed
    raise NO_FIGURE


def near(figure: Figure, policy: PolicySet) -> Iterator[tuple[int, PolicySet]]:
    """Give other values of a figure, some smaller, some larger, with their sets where these are
    sound: a set whose cases come out otherwise is for a person.
    """
    for permille in (800, 1_250):
        value = _round(figure.value * permille // 1_000)
        if 0 < value < LANE_FEN * 1_000 and value != figure.value:
            changed = turn(policy, figure.path, value)
            if lint.is_sound(lint.check(changed)):
                yield value, changed


def _round(value: int) -> int:
    """Two digits are as near as anybody asks."""
    unit: int = 10 ** max(0, len(str(value)) - 2)
    return value // unit * unit


def _walk(policy: PolicySet) -> Iterator[tuple[str, dict[str, Any], str, int, str]]:
    """Give (path, row, column, value, what stands before the value)."""
    for graph in policy.graphs:
        for node in graph.nodes:
            content = node.content if isinstance(node.content, dict) else {}
            if node.type != "decisionTableNode":
                continue
            bounds = [c.get("id") for c in content.get("inputs", []) if c.get("field") in _FIELDS]
            weights = [c.get("id") for c in content.get("outputs", []) if c.get("field") == "fen"]
            for n, row in enumerate(content.get("rules", []), 1):
                for column in (*bounds, *weights):
                    cell = str(row.get(column, ""))
                    found = (_BOUND if column in bounds else _WEIGHT).fullmatch(cell)
                    if found is not None:
                        sign = f"{found[1]} " if column in bounds else ""
                        path = f"{graph.code}/{node.id}/{row.get('_id') or n}/{column}"
                        yield path, row, column, int(found[found.lastindex or 1]), sign
