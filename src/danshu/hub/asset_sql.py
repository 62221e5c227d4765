"""The query of an asset in the words of each engine, made without opening any."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from msgspec import Struct

from danshu.capabilities.assets.sources import SOURCES
from danshu.hub.asset_store import cells_of
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.ports.asset import Asset, Table

T = TypeVar("T")
_KEPT: Final = 64
_KINDS: Final = {"text": "string", "int64": "int64", "int32": "int32", "uuid": "uuid"}


class AssetSql(Struct, frozen=True, kw_only=True):
    """The query of an asset's cells over tables called as its sources. DuckDB and PostgreSQL are
    what is run and compared; Spark and ClickHouse are written and not tried.
    """

    duckdb: str
    postgres: str
    spark: str
    clickhouse: str


def once(make: Callable[[Asset], T]) -> Callable[[Asset], T]:
    """Keep what is made of an asset: it is the same for as long as the process lives."""
    return cast("Callable[[Asset], T]", functools.lru_cache(maxsize=_KEPT)(make))


def unbound(name: str) -> Table:
    """Give a source as a table of no engine. Raises ProgramError for one that there is none of."""
    import ibis

    if name not in SOURCES:
        raise ProgramError(f"no source is called {name!r}")
    return ibis.table({n: _KINDS[k] for n, k in SOURCES[name].columns.items()}, name=name)


@once
def expression(asset: Asset) -> Any:
    """Give the cells of an asset over unbound sources, made once a process."""
    return cells_of(asset, asset.rows({name: unbound(name) for name in asset.sources}))


@once
def duckdb_sql(asset: Asset) -> str:
    """Write an asset's query as it is run."""
    import ibis

    return str(ibis.to_sql(expression(asset), dialect="duckdb"))


def formulas_of(asset: Asset) -> str:
    """Give the SHA-256 (hex) of what is run: the formulas of a run."""
    return hashlib.sha256(duckdb_sql(asset).encode()).hexdigest()


@once
def sql_of(asset: Asset) -> AssetSql:
    """Write an asset's query in the words of each engine, once a process."""
    import ibis
    import sqlglot

    made = expression(asset)
    duckdb = duckdb_sql(asset)
    # ibis asks a running Spark for its words; sqlglot translates what DuckDB is told
    (spark,) = sqlglot.transpile(duckdb, read="duckdb", write="spark", pretty=True)
    return AssetSql(
        duckdb=duckdb,
        postgres=str(ibis.to_sql(made, dialect="postgres")),
        spark=spark,
        clickhouse=str(ibis.to_sql(made, dialect="clickhouse")),
    )
