"""Looks at a built asset: its own checks, and those that every asset has (its grain is unique and
complete, its columns are those that it names, it is no older than it may be).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.capabilities.assets.quality import DIMENSIONS, CheckResult, Quality, judge
from danshu.hub.asset_store import columns_of, grain_of
from danshu.kernel.errors import ProgramError
from danshu.ports.asset import Check

if TYPE_CHECKING:
    from danshu.hub.asset_store import Store
    from danshu.ports.asset import Asset, Table


def check(store: Store, asset: Asset, waited_s: int) -> Quality:
    """Look at what was just built; `waited_s`: how long the oldest leaf had waited that was
    new to this build.

    Raises ProgramError for a check that there is none of.
    """
    cells = store.built(asset.name)
    total = int(store.read(cells.count().as_table()).column(0)[0].as_py())
    wanted = [Check(code="unique"), Check(code="no_new_columns")]
    wanted += [Check(code="complete", column=name) for name in grain_of(asset)]
    for each in asset.checks:
        if each.code not in DIMENSIONS:
            raise ProgramError(f"{asset.name}: no check is called {each.code!r}")
        if each not in wanted:
            wanted.append(each)
    if not any(each.code == "fresh" for each in wanted):
        wanted.append(Check(code="fresh", high=2 * asset.refresh_s))
    return judge([_look(store, asset, cells, total, each, waited_s) for each in wanted])


def _look(
    store: Store, asset: Asset, cells: Table, total: int, check: Check, waited_s: int
) -> CheckResult:
    code, column = check.code, check.column
    if code == "fresh":
        most_s = check.high or 2 * asset.refresh_s
        return _found(code, column, most_s, waited_s, waited_s <= most_s)
    if code == "no_new_columns":
        named = columns_of(asset)
        strange = set(cells.columns) ^ set(named)
        return _found(code, column, len(named), len(strange), not strange)
    if code == "adds_up":
        parts = _one(store, cells[column].sum())
        whole = _one(store, asset.measures(store.rows(asset))[column])
        return _found(code, column, whole, parts, parts == whole)
    if code == "unique":
        by = [column] if column else list(grain_of(asset))
        kinds = _one(store, cells.select(by).distinct().count()) if by else min(total, 1)
        return _found(code, column, total, total - kinds, kinds == total)
    value = cells[column]
    right = value.notnull()
    if code == "complete":
        right = right & (value != "") if value.type().is_string() else right
    else:
        right = right & (value >= check.low) & (value <= check.high)
    wrong = total - _one(store, cells.filter(right).count())
    least = check.low if code == "complete" and check.low else 1000
    passed = wrong * 1000 <= total * (1000 - least) if code == "complete" else wrong == 0
    return _found(code, column, total, wrong, passed)


def _one(store: Store, value: Any) -> int:
    """Read a single number; nothing counts as 0."""
    found = store.read(value.as_table()).column(0)[0].as_py()
    return int(found or 0)


def _found(code: str, column: str, of: int, wrong: int, passed: bool) -> CheckResult:
    return CheckResult(code=code, column=column, of=of, wrong=wrong, passed=passed)
