"""The shipped assets: cells reckoned by hand from small logs, the same in DuckDB and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest
from psycopg import sql

from danshu.capabilities.assets.model import Kind
from danshu.capabilities.assets.sources import SOURCES
from danshu.hub import asset_store, assets
from tests.conformance.asset_logs import CASES, by_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.ports.asset import Asset, Table

# In PostgreSQL text is compared by the locale, if the column does not say otherwise; in DuckDB by
# its bytes.
KINDS: dict[Kind, str] = {
    "text": 'text collate "C"',
    "int64": "bigint",
    "int32": "integer",
    "uuid": "uuid",
}
DUCK: dict[Kind, str] = {"text": "text", "int64": "bigint", "int32": "integer", "uuid": "uuid"}


@pytest.fixture(scope="module")
def duck() -> Iterator[Any]:
    import ibis

    backend = ibis.duckdb.connect(threads=1, memory_limit="256MB")
    for name, source in SOURCES.items():
        fields = ", ".join(f'"{n}" {DUCK[k]}' for n, k in source.columns.items())
        backend.raw_sql(f'create table "{name}" ({fields})')
    yield backend
    backend.disconnect()


def cells_of(duck: Any, asset: Asset) -> Table:
    """Give the expression of an asset's cells over the tables of the sources."""
    return asset_store.cells_of(asset, asset.rows({s: duck.table(s) for s in asset.sources}))


def fill(duck: Any, name: str) -> None:
    """Put a case's log into DuckDB, and nothing else."""
    for source, rows in by_source(CASES[name][0]).items():
        duck.raw_sql(f'delete from "{source}"')
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            values = [list(row.values()) for row in rows]
            duck.con.executemany(f'insert into "{source}" values ({marks})', values)


def built(table: Any) -> list[tuple[Any, ...]]:
    """Give cells as tuples of integers and text."""
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize("name", sorted(CASES))
def test_cells_are_those_reckoned_by_hand(duck: Any, name: str) -> None:
    fill(duck, name)
    asset = assets.known()[name]
    table = asset_store.exact(asset, cells_of(duck, asset).to_pyarrow())
    assert built(table) == CASES[name][1]


def test_every_shipped_asset_has_its_log() -> None:
    assert set(CASES) == set(assets.known())


@pytest.mark.parametrize("name", sorted(CASES))
def test_fewer_grains_are_measured_over_the_same_rows(duck: Any, name: str) -> None:
    """A chart asks for some of the grain: its cells have as many rows of detail as all have."""
    asset = assets.known()[name]
    rows = asset.rows({s: duck.table(s) for s in asset.sources})
    for one in asset_store.grain_of(asset):
        some = asset.finish(rows.group_by(one).aggregate(**asset.measures(rows)))
        assert {c.name for c in asset.columns if c.role == "measure"} <= set(some.columns)


def test_postgres_says_the_same(duck: Any, engine: Any) -> None:
    """The expression, compiled for PostgreSQL, gives DuckDB's cells exactly, of every asset."""
    import ibis

    with psycopg.connect(engine.url) as connection:
        for name, source in SOURCES.items():
            fields = ", ".join(f'"{n}" {KINDS[k]}' for n, k in source.columns.items())
            connection.execute(cast("Any", f'create temporary table "{name}" ({fields})'))
        for name, (log, expected) in CASES.items():
            asset = assets.known()[name]
            for table, rows in by_source(log).items():
                connection.execute(sql.SQL("truncate {}").format(sql.Identifier(table)))
                for each in rows:
                    connection.execute(
                        sql.SQL("insert into {} values ({})").format(
                            sql.Identifier(table),
                            sql.SQL(", ").join(map(sql.Literal, each.values())),
                        )
                    )
            query = str(ibis.to_sql(cells_of(duck, asset), dialect="postgres"))
            cells = connection.execute(cast("Any", query)).fetchall()
            assert cells == expected, name
        connection.rollback()
