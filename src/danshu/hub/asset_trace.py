"""From a cell back to what was said: its rows of detail, the fact of each, who said it and when,
and the raw message that the fact's stream began with.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub import asset_store
from danshu.hub.asset_cells import as_column
from danshu.hub.asset_store import grain_of
from danshu.kernel import fact
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.fact import Actor, Evidence
from danshu.ledger import archived

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from danshu.ports.asset import Asset, Value

Connection = Any
_RAW: Final = ("raw", "message")
_PLACED: Final = "order.placed"
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FACTS: Final = """
select f.body, f.v from unnest(%s::uuid[], %s::int4[]) with ordinality as w(stream, seq, at)
cross join lateral (select body, v from facts where tenant=%s and stream=w.stream and v <= w.seq
  order by v desc limit 1) f order by w.at
"""
_STREAMS: Final = """
select stream, body from facts where tenant=%s and stream = any(%s) and v=1
and stream >= %s and stream <= %s
"""


class TracedRow(Struct, frozen=True, kw_only=True):
    """A row of detail and its fact. `columns` are the row's own, without its provenance.

    `order` and `number` are of the order that it is about, "" where it is about none; `raw` is the
    digest (hex) of the message that the stream, or else that order, began with, a commitment when
    `salted`, "" where there was none. `leaf` is the position of the fact in the book `half`.
    """

    columns: dict[str, int | str | None]
    half: str
    leaf: int
    fact: str
    type: str
    who: str
    role: str
    occurred: str
    recorded: str
    order: str
    number: str
    raw: str
    salted: bool


class Traced(Struct, frozen=True, kw_only=True):
    """The rows of detail of a cell in the order of the log; `total` of them, `next` "" at the
    end. `masked` are columns that are not shown.
    """

    rows: tuple[TracedRow, ...]
    total: int
    next: str
    masked: tuple[str, ...] = ()


class _Said(Struct, frozen=True):
    """A fact as far as it is shown: whatever its type, this process need not know it."""

    actor: Actor
    data: dict[str, Any]
    id: str
    occurred: str
    time: str
    type: str
    evidence: tuple[Evidence, ...] = ()


_decode: Final = msgspec.json.Decoder(_Said).decode


class Detail(Struct, frozen=True, kw_only=True):
    """Rows of detail as they were read, how many there are in all, where the next page begins."""

    rows: tuple[dict[str, Any], ...]
    total: int
    next: str


def read_rows(
    folder: Path, tenant: int, asset: Asset, cell: Mapping[str, str | int], after: str, limit: int
) -> Detail:
    """Read the rows of detail of a cell, from a place of the log on; `limit` of them, or as many
    more as the last leaf has.

    `cell` names values of grain columns; those left out are not asked for, so that {} gives all.
    Raises InputError `bad_filter`, `bad_cursor`.
    """
    with asset_store.open_store(folder, tenant) as store:
        rows = store.rows(asset)
        for name, value in cell.items():
            rows = rows.filter(_same(rows, asset, name, value))
        total = store.read(rows.count().as_table()).column(0)[0].as_py()
        if after:
            rows = _behind(rows, *_place(after))
        ordered = rows.order_by(["half", "fact", *sorted(set(rows.columns) - {"half", "fact"})])
        kept = store.read(ordered, limit + 1).to_pylist()
        if len(kept) <= limit:
            return Detail(rows=tuple(kept), total=int(total), next="")
        half, leaf = kept[limit - 1]["half"], kept[limit - 1]["fact"]
        whole = store.read(ordered.filter(ordered.half == half, ordered.fact == leaf)).to_pylist()
        kept = [row for row in kept[:limit] if (row["half"], row["fact"]) != (half, leaf)] + whole
        more = (
            store.read(_behind(rows, half, leaf).limit(1).count().as_table()).column(0)[0].as_py()
        )
    return Detail(rows=tuple(kept), total=int(total), next=f"{half}:{leaf}" if more else "")


def _behind(rows: Any, half: str, leaf: int) -> Any:
    """Give the rows of leaves behind one, in the order of the log."""
    return rows.filter((rows.half > half) | ((rows.half == half) & (rows.fact > leaf)))


def _same(rows: Any, asset: Asset, name: str, value: str | int) -> Value:
    if name not in grain_of(asset):
        raise InputError("bad_filter", f"{asset.name} is not counted by that column", "/cell")
    column = rows[name]
    return column == as_column(name, value, is_text=column.type().is_string())


def _place(after: str) -> tuple[str, int]:
    half, _, position = after.partition(":")
    if not position.isdecimal() or len(position) > 18:
        raise InputError("bad_cursor", "the cursor is not one of ours")
    return half, int(position)


async def explain(
    connection: Connection, tenant: int, detail: Detail, masked: frozenset[str]
) -> Traced:
    """Put the fact beside each row. Raises ProgramError for rows without provenance."""
    rows = detail.rows
    missing = {"half", "fact", "stream", "seq"} - set(rows[0] if rows else ())
    if rows and missing:
        raise ProgramError(f"rows of detail without {', '.join(sorted(missing))}")
    streams = [uuid.UUID(str(row["stream"])) for row in rows]
    await archived.recall(connection, tenant, sorted(set(streams)))
    facts = await _read_facts(connection, tenant, streams, [row["seq"] for row in rows])
    began = await _read_beginnings(connection, tenant, set(streams))
    orders = {uuid.UUID(o) for o in map(_order_of, began.values()) if o}
    await archived.recall(connection, tenant, sorted(orders - began.keys()))
    placed = {**began, **await _read_beginnings(connection, tenant, orders - began.keys())}
    hidden = {*asset_store.PROVENANCE, *masked}
    shown = []
    for at, row in enumerate(rows):
        begun = began.get(streams[at])
        order = _order_of(begun)
        of = placed.get(uuid.UUID(order)) if order else None
        shown.append(_show(row, facts[at], begun, of, hidden))
    return Traced(
        rows=tuple(shown),
        total=detail.total,
        next=detail.next,
        masked=tuple(sorted(masked)),
    )


async def _read_facts(
    connection: Connection, tenant: int, streams: Sequence[uuid.UUID], seqs: Sequence[int]
) -> list[_Said]:
    cursor = await connection.execute(_FACTS, (list(streams), list(seqs), tenant))
    found = await cursor.fetchall()
    if len(found) != len(streams):
        raise ProgramError("a row of detail names a fact that is not there: rebuild the assets")
    bodies = [
        list(fact.unpack(bytes(body)))[seq - v] for (body, v), seq in zip(found, seqs, strict=True)
    ]
    return [_decode(body) for body in bodies]


async def _read_beginnings(
    connection: Connection, tenant: int, streams: set[uuid.UUID]
) -> dict[uuid.UUID, _Said]:
    if not streams:
        return {}
    asked = (tenant, list(streams), min(streams), max(streams))
    rows = await (await connection.execute(_STREAMS, asked)).fetchall()
    return {stream: _decode(next(fact.unpack(bytes(body)))) for stream, body in rows}


def _order_of(began: _Said | None) -> str:
    """Name the order that a stream is about: its own, or the one that a case is of."""
    if began is None:
        return ""
    if began.type == _PLACED:
        return began.id.partition("/")[0]
    order = began.data.get("order", "")
    return order if isinstance(order, str) and _ID.fullmatch(order) else ""


def _show(
    row: dict[str, Any], said: _Said, began: _Said | None, placed: _Said | None, hidden: set[str]
) -> TracedRow:
    """Put the fact beside a row; the message is the stream's own, else that of its order."""
    evidence = [*(began.evidence if began else ()), *(placed.evidence if placed else ())]
    raw = next((e for e in evidence if e.kind in _RAW), None)
    number = placed.data.get("number", "") if placed else ""
    return TracedRow(
        columns={name: _plain(value) for name, value in row.items() if name not in hidden},
        half=row["half"],
        leaf=row["fact"],
        fact=said.id,
        type=said.type,
        who=said.actor.sub,
        role=said.actor.role,
        occurred=said.occurred,
        recorded=said.time,
        order=_order_of(began),
        number=number if isinstance(number, str) else "",
        raw=raw.digest if raw else "",
        salted=raw.salted if raw else False,
    )


def _plain(value: Any) -> int | str | None:
    """Give a value as it is shown: what is neither number nor text as text."""
    return value if value is None or isinstance(value, int | str) else str(value)
