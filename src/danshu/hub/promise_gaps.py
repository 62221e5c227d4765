"""承诺差距: for a decided promise, when it was due, when it was done, when that entered a system,
and in which stretch of the order's way the time went, as far as the facts tell.

A stretch lies between two facts of the order. The one in which the deadline fell is where the order
was late; that it was its keeper's fault is for people to say.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract import terms as terms_of
from danshu.capabilities.contract.clock import judge
from danshu.capabilities.contract.model import State
from danshu.hub.promise_views import Connection, Found, PromiseRow, dress
from danshu.kernel import fact
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms, rfc3339
from danshu.kernel.limits import GAP_COMMITS
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.contract.model import Clause, Promise

# What marks the way of an order, and who has it from there on.
STAGES: Final = {
    "order.placed": "merchant",
    "order.confirmed": "merchant",
    "order.paid": "merchant",
    "order.held": "merchant",
    "order.unheld": "merchant",
    "order.aligned": "merchant",
    "order.allocated": "warehouse",
    "order.released": "warehouse",
    "order.picked": "warehouse",
    "order.packed": "warehouse",
    "order.recalled": "warehouse",
    "waybill.recorded": "warehouse",
    "order.shipped": "carrier",
    "order.delivered": "buyer",
    "damage.reported": "merchant",
    "compensation.paid": "buyer",
    "promise.paused": "buyer",
    "promise.resumed": "merchant",
}
_TERMS: Final = """
select o.id, o.terms from unnest(%b::uuid[]) w(id)
join orders o on o.tenant=%b and o.id=w.id and o.id>=%b and o.id<=%b
"""
_FACTS: Final = """
select f.stream, f.body from unnest(%b::uuid[]) w(id) cross join lateral (
  select stream, v, body from facts where tenant=%b and stream=w.id and stream>=%b and stream<=%b
  order by v limit %b) f order by f.stream, f.v
"""


class Said(Struct, frozen=True, kw_only=True):
    """An event as a source tells it, and what the promise would be by it alone. `gap_ms` is its
    time minus the deadline; `lag_ms` how long after that the hub heard of it.
    """

    event: str
    occurred: str
    recorded: str
    source: str
    err_ms: int
    gap_ms: int
    lag_ms: int
    verdict: str


class Stretch(Struct, frozen=True, kw_only=True):
    """A stretch of the order's way while the clock ran: from one fact to the next, who had it."""

    start: str
    end: str
    at: str
    ms: int
    holder: str
    had_due: bool


class Gap(Struct, frozen=True, kw_only=True):
    """A decided promise with its times. `physical` is the event that counts (None while nothing was
    done), `systems` those that tell another time. `worst` and `at_due` are places in `way`, -1 for
    none: the longest stretch, and the one in which the deadline fell.
    """

    promise: PromiseRow
    physical: Said | None
    systems: tuple[Said, ...]
    way: tuple[Stretch, ...]
    worst: int
    at_due: int
    ruling: str


class _Envelope(Struct, frozen=True):
    type: str
    occurred: str


_decode = msgspec.json.Decoder(_Envelope).decode


async def explain(
    connection: Connection,
    tenant: int,
    found: Sequence[Found],
    book: Mapping[str, Clause],
    now_ms: int,
) -> list[Gap]:
    """Explain verdicts by their orders' promises and facts."""
    if not found:
        return []
    ids = sorted({row.id for row in found})
    bounds = (tenant, ids[0], ids[-1])
    cursor = await connection.execute(_TERMS, (write.uuids(ids), *bounds), binary=True)
    promises = {r[0]: _read(bytes(r[1]), book) for r in await cursor.fetchall()}
    cursor = await connection.execute(_FACTS, (write.uuids(ids), *bounds, GAP_COMMITS), binary=True)
    points: dict[uuid.UUID, list[tuple[int, str]]] = {}
    for stream, packed in await cursor.fetchall():
        points.setdefault(stream, []).extend(_points(bytes(packed)))
    rows = await dress(connection, tenant, found)
    gaps = []
    for row in rows:
        promise = promises.get(row.order, {}).get(row.code)
        if promise is not None:
            gaps.append(make(row, promise, points.get(row.order, []), now_ms))
    return gaps


def _read(raw: bytes, book: Mapping[str, Clause]) -> dict[str, Promise]:
    try:
        return {p.code: p for p in terms_of.load(raw, book)}
    except ProgramError:  # defined a moment ago by another process; the next question finds it
        return {}


def _points(packed: bytes) -> list[tuple[int, str]]:
    found = []
    for body in fact.unpack(packed):
        told = _decode(body)
        if told.type in STAGES:
            found.append((epoch_ms(told.occurred), told.type))
    return found


def make(row: PromiseRow, promise: Promise, points: Sequence[tuple[int, str]], now_ms: int) -> Gap:
    """Make the gap of one promise. `points` are the moments of the order's facts, of STAGES."""
    due_ms = promise.due_ms
    way = stretches(promise, points, now_ms)
    worst = max(range(len(way)), key=lambda i: way[i].ms, default=-1)
    return Gap(
        promise=row,
        physical=_said(promise.stop, due_ms) if promise.stop else None,
        systems=tuple([_said(mark, due_ms) for mark in promise.alternates]),
        way=way,
        worst=worst,
        at_due=next((i for i, s in enumerate(way) if s.had_due), -1),
        ruling=promise.ruling,
    )


def _said(mark: Any, due_ms: int) -> Said:
    return Said(
        event=mark.event,
        occurred=rfc3339(mark.occurred_ms),
        recorded=rfc3339(mark.recorded_ms),
        source=mark.source,
        err_ms=mark.err_ms,
        gap_ms=mark.occurred_ms - due_ms if due_ms else 0,
        lag_ms=mark.recorded_ms - mark.occurred_ms,
        verdict=judge(due_ms, mark).value if due_ms else "",
    )


def stretches(
    promise: Promise, points: Sequence[tuple[int, str]], now_ms: int
) -> tuple[Stretch, ...]:
    """Cut the time in which the clock ran at the order's facts: from its start until what was
    promised was done, or until now.
    """
    if not promise.started_ms:
        return ()
    until = promise.stop.occurred_ms if promise.stop else now_ms
    if promise.state is State.SUPERSEDED:
        until = min(until, max((at for at, _ in points), default=until))
    start = promise.started_ms
    inside = sorted((at, name) for at, name in points if start < at < until)
    before = [(at, name) for at, name in sorted(points) if at <= start]
    opening = before[-1][1] if before else promise.clause.start
    closing = promise.stop.event if promise.stop else ""
    marks = [(start, opening), *inside, (until, closing)]
    holder = STAGES.get(opening, "merchant")
    out = []
    for (at, name), (end, following) in pairwise(marks):
        if name.startswith("order."):
            holder = STAGES[name]
        if end <= at:
            continue
        out.append(
            Stretch(
                start=name,
                end=following,
                at=rfc3339(at),
                ms=end - at,
                holder="buyer" if name == "promise.paused" else holder,
                had_due=at < promise.due_ms <= end and until > promise.due_ms,
            )
        )
    return tuple(out)
