"""The OpenLineage events of a build, and handing them to a collector that the installation names.

What cannot be handed over is dropped and counted: the events stay in `asset_runs`, and can be read
at /v1/assets/lineage whenever the collector is back.
"""

from __future__ import annotations

import logging
import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.assets import open_lineage
from danshu.capabilities.assets.open_lineage import Event, Input, Told
from danshu.capabilities.assets.sources import SOURCES
from danshu.hub.asset_sql import duckdb_sql, expression, once
from danshu.hub.asset_store import columns_of
from danshu.kernel.limits import LINEAGE_POST_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.asset_index import Index
    from danshu.hub.asset_runs import Run
    from danshu.ports.asset import Asset

VARIABLE: Final = "DANSHU_OPENLINEAGE_URL"
_MERCHANT: Final = "select code from tenants where id=%s"
_log = logging.getLogger("danshu.assets")


def describe(merchant: str, asset: Asset, index: Index, run: Run) -> tuple[Event, ...]:
    """Give the events of a run, in a thread: following columns through the query takes a while."""
    sql, lineage = "", {}
    if run.formulas:
        sql = duckdb_sql(asset)
        lineage = lineage_of(asset)
    told = Told(
        merchant=merchant,
        run=str(run.run),
        asset=asset.name,
        about=asset.about.en,
        version=asset.version,
        engine=version("duckdb"),
        began_ms=run.began_ms,
        ended_ms=run.began_ms + int(run.seconds * 1000),
        sql=sql,
        inputs=tuple(_input(index, name) for name in asset.sources if name in SOURCES),
        columns=tuple((c.name, c.unit or c.role, c.title.en) for c in asset.columns),
        lineage=lineage,
        rows=run.rows,
        size=run.bytes,
        digest=run.digest,
        quality=run.quality,
        trouble=run.trouble,
    )
    return open_lineage.make_events(told)


@once
def lineage_of(asset: Asset) -> open_lineage.Lineage:
    """Give for each column of an asset the columns of its sources that it is made of.

    It is read from the expression, not from the SQL of an engine; what only decides which rows are
    there (joins, filters, the grain of another column) moves no value and is no lineage.
    """
    top = expression(asset).op()
    seen: dict[tuple[Any, str], frozenset[tuple[str, str]]] = {}
    return {name: tuple(sorted(_column(top, name, seen))) for name in columns_of(asset)}


def _column(
    relation: Any, name: str, seen: dict[tuple[Any, str], frozenset[tuple[str, str]]]
) -> frozenset[tuple[str, str]]:
    """Follow a column of a relation down to the sources."""
    from ibis.expr import operations as ops
    from ibis.expr.operations.relations import Simple

    key = (relation, name)
    if key in seen:
        return seen[key]
    if isinstance(relation, ops.UnboundTable):
        found = frozenset({(relation.name, name)})
    elif isinstance(relation, ops.Set):  # rows of both
        found = _column(relation.left, name, seen) | _column(relation.right, name, seen)
    elif isinstance(relation, Simple | ops.Reference):  # the columns of what is below
        found = _column(relation.parent, name, seen)
    else:
        found = _value(relation.values[name], seen)
    seen[key] = found
    return found


def _value(
    value: Any, seen: dict[tuple[Any, str], frozenset[tuple[str, str]]]
) -> frozenset[tuple[str, str]]:
    """Follow the columns that a value is made of."""
    from ibis.expr import operations as ops

    found: set[tuple[str, str]] = set()
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ops.Field):
            found |= _column(node.rel, node.name, seen)
        elif isinstance(node, ops.ScalarSubquery):
            for name in node.rel.schema.names:
                found |= _column(node.rel, name, seen)
        elif not isinstance(node, ops.Relation):
            waiting += node.__children__
    return frozenset(found)


def _input(index: Index, name: str) -> Input:
    files = index.files_of(name)
    ends = ",".join(f"{half}:{end}" for half, end in sorted(index.ends.items()))
    return Input(
        name=name,
        columns=dict(SOURCES[name].columns),
        rows=sum(file.rows for file in files),
        size=sum(file.size for file in files),
        files=len(files),
        version=ends,
    )


async def read_merchant(connection: Any, tenant: int) -> str:
    """Read the code of a merchant."""
    row = await (await connection.execute(_MERCHANT, (tenant,))).fetchone()
    return str(row[0]) if row else str(tenant)


async def post(events: Sequence[Event]) -> int:
    """Hand events to the collector, in their order; gives how many it took. Where none is named
    nothing is done; from the first one that it does not take on the rest is dropped.
    """
    url = os.environ.get(VARIABLE, "").rstrip("/")
    if not url or not events:
        return 0
    import httpx

    taken = 0
    try:
        async with httpx.AsyncClient(timeout=LINEAGE_POST_S) as web:
            for event in events:
                answer = await web.post(
                    f"{url}/api/v1/lineage",
                    content=msgspec.json.encode(event),
                    headers={"content-type": "application/json"},
                )
                answer.raise_for_status()
                taken += 1
    except httpx.HTTPError as error:
        # its text may bear the URL's password
        _log.warning(
            "OpenLineage: %d of %d events not taken: %s",
            len(events) - taken, len(events), type(error).__name__,
        )  # fmt: skip
    return taken
