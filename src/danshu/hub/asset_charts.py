"""What a chart of an asset draws: its measures over the rows of detail, by some of its grains.

A median of medians is none, so that a chart by province and hour of an asset by city and hour asks
the rows themselves. What was asked of one state of the sources is kept for a while.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.intake.address import Gazetteer
from danshu.capabilities.intake.reasons import shipped
from danshu.hub import asset_store, promise_views
from danshu.hub.asset_cells import people_of
from danshu.hub.asset_store import grain_of
from danshu.hub.asset_views import AssetText, reading
from danshu.hub.assets import find, place
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ASSET_CHART_CELLS, ASSET_CHARTS_KEPT, ASSET_CONDITIONS, CELL_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from danshu.hub.compose import Hub
    from danshu.ports.asset import Asset, Table

Connection = Any
_SKUS: Final = "select code, name from skus where tenant=%s and code = any(%s)"
_WAREHOUSES: Final = "select code, name from warehouses where tenant=%s order by code"
_GOODS: Final = frozenset({"sku", "with_sku"})


class ChartCells(Struct, frozen=True, kw_only=True):
    """Cells of a chart: `rows` have their values in the order of `columns`, the grains first.

    `total` counts all cells, of which the first ones are shown; `suppressed` those that cover fewer
    than CELL_PEOPLE people and are not shown. `titles` name goods by their SKU.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int | str | None, ...], ...]
    total: int
    suppressed: int
    titles: dict[str, str]


class CodeName(Struct, frozen=True, kw_only=True):
    """What a code is called."""

    code: str
    title: AssetText


class AssetNames(Struct, frozen=True, kw_only=True):
    """Names of regions (GB/T 2260, or ISO 3166-1 of a country), of the merchant's warehouses and
    promises, and of the vocabulary of return reasons.
    """

    regions: tuple[CodeName, ...]
    warehouses: tuple[CodeName, ...]
    promises: tuple[CodeName, ...]
    reasons: tuple[CodeName, ...]


class _Kept:
    """Answers by what was asked of which state, the last used last; safe between threads."""

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._lock: Final = threading.Lock()
        self._found: Final[OrderedDict[Hashable, ChartCells]] = OrderedDict()

    def get(self, key: Hashable) -> ChartCells | None:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Hashable, cells: ChartCells) -> None:
        with self._lock:
            self._found[key] = cells
            while len(self._found) > self._most:
                self._found.popitem(last=False)


_kept: Final = _Kept(ASSET_CHARTS_KEPT)


async def read_chart(
    hub: Hub,
    tenant: int,
    name: str,
    by: Sequence[str],
    where: Mapping[str, str | int],
    order: str,
    *,
    hides_few: bool,
) -> ChartCells:
    """Measure an asset by some of its grains; () are those of its chart.

    `where` names values of grains; `order` is a column, `-column` for the largest first, "" for the
    order of `by`. Raises InputError `no_asset`, `bad_filter`.
    """
    asset, folder = find(name), place()
    by = by or [one for one in (asset.chart.x, asset.chart.y) if one]
    cells = await reading(
        lambda: read(folder, tenant, asset, tuple(by), where, order, hides_few=hides_few)
    )
    codes = {str(row[at]) for at in _goods(cells.columns) for row in cells.rows}
    if not codes:
        return cells
    async with hub.connection() as connection:
        found = await (await connection.execute(_SKUS, (tenant, sorted(codes)))).fetchall()
    return ChartCells(
        columns=cells.columns,
        rows=cells.rows,
        total=cells.total,
        suppressed=cells.suppressed,
        titles=dict(found),
    )


def read(
    folder: Path,
    tenant: int,
    asset: Asset,
    by: tuple[str, ...],
    where: Mapping[str, str | int],
    order: str,
    *,
    hides_few: bool,
) -> ChartCells:
    """Measure in the folder of all merchants; synchronous. Raises InputError `bad_filter`."""
    with asset_store.open_store(folder, tenant) as store:
        state = store.index.state_of(asset.sources)
        asked = (tuple(sorted(where.items())), order, hides_few)
        key = (str(folder), tenant, asset.name, asset.version, state, by, asked)
        found = _kept.get(key)
        if found is None:
            rows = _narrow(asset, store.rows(asset), where)
            found = _measure(store, asset, rows, by, order, hides_few=hides_few)
            _kept.put(key, found)
        return found


def _narrow(asset: Asset, rows: Table, where: Mapping[str, str | int]) -> Table:
    if len(where) > ASSET_CONDITIONS:
        raise InputError("bad_filter", f"at most {ASSET_CONDITIONS} conditions", "/where")
    for name, value in where.items():
        if name not in grain_of(asset):
            raise InputError("bad_filter", f"{asset.name} is not counted by {name}", "/where")
        if isinstance(value, str) != rows[name].type().is_string():
            raise InputError("bad_filter", f"{name} is of another kind", "/where")
        rows = rows.filter(rows[name] == value)
    return rows


def _measure(
    store: asset_store.Store,
    asset: Asset,
    rows: Table,
    by: tuple[str, ...],
    order: str,
    *,
    hides_few: bool,
) -> ChartCells:
    grain = grain_of(asset)
    if not by or len(set(by)) != len(by) or not set(by) <= set(grain):
        raise InputError("bad_filter", f"by is some of {', '.join(grain)}, each once", "/by")
    names = (*by, *(c.name for c in asset.columns if c.role == "measure"))
    column = order.removeprefix("-")
    if order and column not in names:
        raise InputError("bad_filter", "there is no such column", "/order")
    measured = rows.group_by(list(by)).aggregate(**asset.measures(rows))
    cells = store.read(asset.finish(measured).select(list(names)))
    few = people_of(asset)
    kept = cells
    if hides_few and few:
        kept = cells.filter([(n or 0) >= CELL_PEOPLE for n in cells.column(few).to_pylist()])
    keys = [(column, "descending" if order.startswith("-") else "ascending")] if order else []
    sorts = [*keys, *((name, "ascending") for name in by if name != column)]
    shown = kept.sort_by(sorts).slice(0, ASSET_CHART_CELLS)
    return ChartCells(
        columns=names,
        rows=tuple(tuple(map(_plain, row.values())) for row in shown.to_pylist()),
        total=cells.num_rows,
        suppressed=cells.num_rows - kept.num_rows,
        titles={},
    )


def _plain(value: Any) -> int | str | None:
    """Give text and whole numbers; a sum in DuckDB is a decimal without a fraction."""
    return value if value is None or isinstance(value, str) else int(value)


def _goods(columns: tuple[str, ...]) -> list[int]:
    return [at for at, name in enumerate(columns) if name in _GOODS]


async def read_names(hub: Hub, tenant: int) -> AssetNames:
    """Read what regions, reasons and the merchant's warehouses are called."""
    async with hub.connection() as connection:
        found = await (await connection.execute(_WAREHOUSES, (tenant,))).fetchall()
        promises = await promise_views.read_names(connection, tenant)
    return AssetNames(
        regions=tuple(
            CodeName(code=p.code, title=AssetText(zh=p.short or p.name, en=p.en or p.name))
            for p in Gazetteer.load().places
        ),
        warehouses=tuple(
            CodeName(code=code, title=AssetText(zh=name, en=name)) for code, name in found
        ),
        promises=tuple(
            CodeName(code=code, title=AssetText(zh=zh, en=en))
            for code, (zh, en) in sorted(promises.items())
        ),
        reasons=tuple(
            CodeName(code=r.code, title=AssetText(zh=r.zh, en=r.en)) for r in shipped().reasons
        ),
    )
