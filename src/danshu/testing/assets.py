"""A kit for whoever writes an asset: what every one must keep to, without a hub or a log.

    problems = check(MyAsset())

Empty is right. The asset is run on empty sources, then on rows that are invented for each of its
sources: kinds as documented, streams and codes that meet, nothing that a maker would have thought
of. What must hold there holds on any log: the grain is unique, all is text or an integer, the
order in which rows lie is of no matter, and the query can be written for PostgreSQL.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.assets.quality import DIMENSIONS
from danshu.capabilities.assets.sources import SOURCES
from danshu.hub import asset_files, asset_store
from danshu.hub.asset_lineage import lineage_of
from danshu.hub.asset_sql import sql_of
from danshu.kernel.errors import ProgramError
from danshu.ports.registry import spell_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.assets.model import Source
    from danshu.ports.asset import Asset

PURPOSES: Final = ("operations", "service", "supply", "finance", "marketing", "legal")
PROVENANCE: Final = ("half", "fact", "stream", "seq")
_ROWS: Final = 60
_STREAMS: Final = 12
_DAY_MS: Final = 86_400_000
_NOW_MS: Final = 1_796_000_000_000
_TEXTS: Final = {
    "half": ("2026h2",),
    "step": ("released", "shipped", "delivered", "cancelled"),
    "event": ("made", "kept", "broken", "late", "corrected", "closed", "offered"),
    "act": ("allocated", "withdrawn", "decided", "overridden"),
    "region": ("310100", "440300", "110100", ""),
    "channel": ("taobao", "jd", ""),
    "currency": ("CNY", "USD"),
    "sku": ("SKU-1", "SKU-2", "SKU-3"),
    "warehouse": ("WH-A", "WH-B", ""),
    "kind": ("order", "return", "exchange"),
}


def check(asset: Asset) -> list[str]:
    """Give what is wrong with an asset, each in one sentence."""
    problems = list(look(asset))
    if problems:
        return problems  # what is not well said cannot be run
    return list(try_out(asset))


def look(asset: Asset) -> Iterator[str]:
    """Give what is wrong with what an asset says of itself."""
    if asset.name != spell_name(asset.name):
        yield f"its name is {spell_name(asset.name)!r}, in lower case with hyphens"
    for words in (asset.title, asset.about, *(c.title for c in asset.columns)):
        if not words.zh or not words.en:
            yield "every title and `about` is told in Chinese and English"
            break
    if asset.purpose not in PURPOSES:
        yield f"{asset.purpose!r} is no purpose; there are {', '.join(PURPOSES)}"
    if asset.refresh_s < 1 or asset.version < 1:
        yield "refresh_s and version count from 1"
    if unknown := sorted(set(asset.sources) - SOURCES.keys()):
        yield f"there is no source {unknown[0]!r}"
    yield from _look_at_columns(asset)


def _look_at_columns(asset: Asset) -> Iterator[str]:
    names = [column.name for column in asset.columns]
    if len(set(names)) != len(names):
        yield "two columns are called alike"
    if not asset_store.grain_of(asset) or not any(c.role == "measure" for c in asset.columns):
        yield "it needs a grain and a measure"
    if any(not 1 <= c.level <= 5 for c in asset.columns):
        yield "levels are 1 to 5"
    if any(c.tolerant and c.unit in ("fen", "orders", "units", "customers") for c in asset.columns):
        yield "money and counts are never tolerant"
    for each in asset.checks:
        if each.code not in DIMENSIONS:
            yield f"there is no check {each.code!r}"
        elif each.column and each.column not in names:
            yield f"the check {each.code!r} is of {each.column!r}, which is no column"
    chart = asset.chart
    for name in filter(None, (chart.x, chart.y, chart.split, chart.value)):
        if name not in names:
            yield f"the chart draws {name!r}, which is no column"


def try_out(asset: Asset) -> Iterator[str]:
    """Give what goes wrong when an asset is run."""
    try:
        empty = _run(asset, {})
        rows = {name: invent(SOURCES[name]) for name in asset.sources}
        one = _run(asset, rows)
        other = _run(asset, {name: made[::-1] for name, made in rows.items()})
        sql_of(asset)
        lineage = lineage_of(asset)
    except ProgramError as error:
        yield str(error)
        return
    wanted = list(asset_store.columns_of(asset))
    if empty.num_rows:
        yield "without any fact it has cells"
    if one.column_names != wanted:
        yield f"its columns are {one.column_names}, not {wanted}"
    if asset_files.dump(one) != asset_files.dump(other):
        yield "the order in which rows lie changes its cells"
    grain = list(zip(*(one[name].to_pylist() for name in asset_store.grain_of(asset)), strict=True))
    if len(set(grain)) != len(grain):
        yield "two cells have the same grain"
    if any(value is None for cell in grain for value in cell):
        yield "a grain is NULL; say what it is then"
    if unknown := [name for name in wanted if name not in lineage]:
        yield f"where {unknown[0]!r} comes from cannot be told"


def invent(source: Source) -> list[tuple[Any, ...]]:
    """Invent rows of a source; the same each time."""
    return [
        tuple(_value(source.name, n, name, kind) for name, kind in source.columns.items())
        for n in range(_ROWS)
    ]


def _value(source: str, n: int, name: str, kind: str) -> Any:
    drawn = int.from_bytes(hashlib.blake2b(f"{source}/{n}/{name}".encode()).digest()[:6])
    if name == "fact":
        return n
    if kind == "uuid":
        return hashlib.blake2b(bytes([drawn % _STREAMS]), digest_size=16).digest()
    if kind == "text":
        return _TEXTS.get(name, ("", "a", "b", "kept"))[drawn % len(_TEXTS.get(name, "abcd"))]
    if name in ("occurred", "recorded", "created", "at", "due", "since", "started", "until"):
        return _NOW_MS - drawn % (60 * _DAY_MS)
    return drawn % 1_000 if kind == "int64" else drawn % 5


def _run(asset: Asset, rows: dict[str, list[tuple[Any, ...]]]) -> Any:
    """Run an asset over rows; raises ProgramError for what it must not do."""
    import ibis

    backend = ibis.duckdb.connect(threads=1)
    try:
        tables = {}
        for name in asset.sources:
            made = asset_files.table_of(rows.get(name, []), SOURCES[name].columns)
            backend.con.register(f"{name} rows", made)
            listed = ", ".join(f'"{c}"' for c in SOURCES[name].columns)
            backend.raw_sql(f'create table "{name}" as select {listed} from "{name} rows"')
            tables[name] = backend.table(name)
        detail = asset.rows(tables)
        if missing := [column for column in PROVENANCE if column not in detail.columns]:
            raise ProgramError(f"its rows of detail have no {missing[0]!r}: no fact can be named")
        return asset_store.exact(asset, asset_store.cells_of(asset, detail).to_pyarrow())
    finally:
        backend.disconnect()
