"""Tables that formulas count, over a merchant's store: of the library, a source, an asset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.metrics import shipped
from danshu.capabilities.metrics.compiling import quote
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.capabilities.metrics.compiling import Compiled
    from danshu.hub.asset_store import Store

_SOURCE, _ASSET, _CELLS = "source:", "asset:", "cells:"
GRAINS: Final[Mapping[str, str]] = {"text": "text", "int64": "number", "int32": "number"}


def _expression(store: Store, on: str) -> Any:
    """Give a source's or an asset's table as ibis. Raises InputError `no_table`."""
    from danshu.capabilities.assets.sources import SOURCES
    from danshu.hub.assets import known

    kind, _, name = on.partition(":")
    if kind == "source" and name in SOURCES:
        return store.source(name)
    asset = known().get(name)
    if asset is None or kind not in ("asset", "cells"):
        raise InputError("no_table", f"there is no table {on}")
    return store.rows(asset) if kind == "asset" else store.cells(asset)


def list_columns(store: Store, on: str) -> dict[str, str]:
    """Give the columns of a table with their types (`text`, `number`, `time`…), () for "".

    Raises InputError `no_table`.
    """
    if not on:
        return {}
    table = shipped.library().tables.get(on)
    if table is not None:
        return {c.name: c.grain for c in table.columns}
    schema = _expression(store, on).schema()
    return {name: "number" if kind.is_integer() else "text" for name, kind in schema.items()}


def spell(store: Store, tables: Iterable[str]) -> dict[str, str]:
    """Give the queries that a compiled metric stands on, in the order in which they need one
    another: name -> SQL over what the store's connection knows.
    """
    found: dict[str, str] = {}
    for on in tables:
        if on in shipped.library().tables:
            sql, sources = shipped.table_query(on)
            for source in sources:
                _add(found, store, f"{_SOURCE}{source}")
            found[on] = sql
        else:
            _add(found, store, on)
    return found


def _add(found: dict[str, str], store: Store, on: str) -> None:
    if on not in found:
        expression = _expression(store, on)
        if on.startswith(_SOURCE):
            found[on] = f"select * from {quote(on.removeprefix(_SOURCE))}"
            return
        import ibis

        found[on] = str(ibis.to_sql(expression, dialect="duckdb"))


def whole_sql(store: Store, compiled: Compiled) -> str:
    """Give the one query that a compiled metric is, as the store runs it."""
    tables = [f"{quote(name)} as ({sql})" for name, sql in spell(store, compiled.tables).items()]
    inner = compiled.sql.removeprefix("with ")
    return f"with {', '.join([*tables, inner])}" if tables else compiled.sql


def run(store: Store, sql: str) -> list[tuple[Any, ...]]:
    """Run a query on the store's connection. Raises InputError `not_evaluable`."""
    import duckdb

    try:
        rows: list[tuple[Any, ...]] = store.backend.raw_sql(sql).fetchall()
    except duckdb.OutOfMemoryException as e:
        raise InputError("too_heavy", "the question needs more memory than it may take") from e
    except duckdb.Error as e:
        raise InputError("not_evaluable", str(e).split("\n", 1)[0][:300]) from e
    return rows
