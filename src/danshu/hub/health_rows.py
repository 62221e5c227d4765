"""The lower half of the health board: each capability and each far side, with 30 cells.

A cell is HEALTH_CELL_MIN minutes: none, well, limited (some failed), failing (half or more). What
the hub's own capabilities and rooms did is of the installation; far sides are the merchant's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.weave.breaker import Breaker, Phase
from danshu.capabilities.weave.canary import BOUNDS_MS
from danshu.hub.board_marks import ANYWHERE, EVERY, Kind
from danshu.hub.latency import bucket_of, percentile_us, top_us
from danshu.hub.meters import SHARED
from danshu.kernel.limits import HEALTH_CELL_MIN, HEALTH_CELLS, QUEUE_ORDERS

if TYPE_CHECKING:
    from collections.abc import Iterable

Connection = psycopg.AsyncConnection[Any]
State = Literal["normal", "limited", "failing", "open", "silent"]
CAPABILITIES: Final = (
    ("orders", "orders"),
    ("stock", "stock"),
    ("routing", "routing"),
    ("contract", "room:timers"),
    ("evidence", "room:seal"),
    ("worklist", "room:rows"),
    ("settlement", "room:journal"),
    ("reconcile", "room:reconcile"),
    ("sentinel", "room:sentinel"),
    ("signals", "room:signals"),
)
_LIMITED: Final = 0.995
_FAILING: Final = 0.5
_RECENT: Final = 3  # cells that say how it is now
_COUNTS: Final = """
select tenant, subject, (minute - %(first)s) / %(cell)s, sum(ok)::int8, sum(failed)::int8,
count(distinct node) from health_samples
where tenant in (0, %(tenant)s) and minute >= %(first)s group by 1, 2, 3
"""
_TOOK: Final = """
select tenant, subject, k, sum(n)::int8 from health_samples, unnest(keys, ns) u(k, n)
where tenant in (0, %(tenant)s) and minute >= %(first)s group by 1, 2, 3
"""
_NOW: Final = """
select tenant, subject, sum(waiting)::int8, count(*) from (select distinct on
(tenant, subject, node) tenant, subject, waiting from health_samples
where tenant in (0, %(tenant)s) and minute >= %(last)s
order by tenant, subject, node, minute desc) n group by 1, 2
"""
# Of this merchant: leaves that a follower has not come to, leaves unsigned, timers overdue.
_WAITS: Final = """
select c.name, sum(b.size - c.position)::int8 from cursors c join books b
on b.tenant=c.tenant and b.half=c.half where c.tenant=%(tenant)s
and c.name in ('rows', 'journal', 'sentinel', 'relay') group by 1
union all select 'seal', sum(size - signed)::int8 from books where tenant=%(tenant)s
having count(*) > 0
union all select 'timers', count(*) from timers where tenant=%(tenant)s and due < now()
"""
_CONNECTORS: Final = """
select c.id::text, c.title, c.capability, c.state, c.breaker,
(extract(epoch from m.minute) / 60 - %(first)s)::int / %(cell)s, sum(m.calls - m.failed)::int8,
sum(m.failed)::int8, (select count(*) from connector_calls k where k.tenant=c.tenant
and k.connector=c.id and k.state in ('due','pending','held'))
from connectors c left join connector_minutes m on m.tenant=c.tenant and m.connector=c.id
and m.minute >= to_timestamp(%(first)s * 60::int8) where c.tenant=%(tenant)s
group by c.tenant, c.id, 6
"""
_LATENCIES: Final = """
select connector::text, n, sum(v)::int8 from connector_minutes m,
unnest(m.latency) with ordinality as u(v, n) where tenant=%(tenant)s
and minute >= to_timestamp(%(first)s * 60::int8) group by 1, 2
"""
_ERRANDS: Final = ("payouts", "refunds", "carriers")
_SUBSCRIPTIONS: Final = """
select s.id::text, s.name, s.state, s.breaker, s.parked, (select count(*) from parked_events p
where p.tenant=s.tenant and p.subscription=s.id and p.state='dead')
from subscriptions s where s.tenant=%(tenant)s order by s.name
"""
_FEEDS: Final = "select name, trouble from signal_feeds where tenant=%(tenant)s order by name"
_ALERTS: Final = """
select no, name, trouble, (select count(*) from alert_sends s where s.tenant=c.tenant
and s.channel=c.no and s.state='due') from alert_channels c
where tenant=%(tenant)s and is_on order by no
"""
_CHANNELS: Final = f"""
select channel, (at - %(first)s) / %(cell)s, sum(n)::int8 from board_counts
where tenant=%(tenant)s and kind={int(Kind.MINUTE)} and wh={ANYWHERE} and channel<>'{EVERY}'
and at >= %(first)s group by 1, 2
"""
_decode = msgspec.json.Decoder(Breaker).decode


class HealthRow(Struct, frozen=True, kw_only=True):
    """A capability or far side over the last hour. `cells` are 0 nothing, 1 well, 2 limited, 3
    failing, the oldest first; `nodes` processes measured it in this minute; shares are percent,
    latencies us, None where nobody measured. `busy` is its saturation: of what does one thing at a
    time the share of time that it was at it, of orders how full their queue is.
    """

    subject: str
    kind: str
    name: str
    state: State
    cells: tuple[int, ...]
    nodes: int
    calls: int
    availability: float | None
    errors: float | None
    p50_us: float | None
    p99_us: float | None
    backlog: int | None
    busy: float | None = None
    trouble: str = ""


class _Heap:
    """What was counted of a subject: calls by cell, and how long they took."""

    def __init__(self) -> None:
        self.ok = [0] * HEALTH_CELLS
        self.failed = [0] * HEALTH_CELLS
        self.took: dict[int, int] = {}
        self.nodes = 0
        self.waiting: int | None = None

    def add(self, cell: int, ok: int, failed: int) -> None:
        at = min(max(cell, 0), HEALTH_CELLS - 1)
        self.ok[at] += ok
        self.failed[at] += failed

    def busy(self) -> float | None:
        """Give the share of time, in percent, that its processes were at it one after another."""
        cells = sum([ok + failed > 0 for ok, failed in zip(self.ok, self.failed, strict=True)])
        span_s = cells * HEALTH_CELL_MIN * 60 * max(1, self.nodes)
        took_s = sum([top_us(bucket) * n for bucket, n in self.took.items()]) / 1e6
        return round(min(100.0, 100 * took_s / span_s), 1) if span_s else None

    def row(self, subject: str, kind: str, name: str, **more: Any) -> HealthRow:
        ok, failed = sum(self.ok), sum(self.failed)
        calls = ok + failed
        cells = tuple(_cell(o, f) for o, f in zip(self.ok, self.failed, strict=True))
        told = {"state": _state(cells), "backlog": self.waiting, **more}
        return HealthRow(
            subject=subject,
            kind=kind,
            name=name,
            cells=cells,
            nodes=self.nodes,
            calls=calls,
            availability=round(100 * ok / calls, 3) if calls else None,
            errors=round(100 * failed / calls, 3) if calls else None,
            p50_us=percentile_us(self.took, 0.5),
            p99_us=percentile_us(self.took, 0.99),
            **told,
        )


def _cell(ok: int, failed: int) -> int:
    if not ok + failed:
        return 0
    share = failed / (ok + failed)
    return 3 if share >= _FAILING else 2 if share > 1 - _LIMITED else 1


def _state(cells: Iterable[int]) -> State:
    told = [c for c in list(cells)[-_RECENT:] if c]
    if not told:
        return "silent"
    return "failing" if told[-1] == 3 else "limited" if max(told) > 1 else "normal"


async def read(connection: Connection, tenant: int, at_ms: int) -> tuple[HealthRow, ...]:
    """Read the rows: the hub's capabilities and rooms first, then the merchant's far sides."""
    last = at_ms // 60_000
    first = last - HEALTH_CELLS * HEALTH_CELL_MIN + 1
    asked = {"tenant": tenant, "first": first, "last": last - 1, "cell": HEALTH_CELL_MIN}
    heaps: dict[tuple[int, str], _Heap] = {}

    def heap(of: int, subject: str) -> _Heap:
        return heaps.setdefault((of, subject), _Heap())

    for of, subject, cell, ok, failed, _ in await _all(connection, _COUNTS, asked):
        heap(of, subject).add(cell, ok, failed)
    for of, subject, bucket, n in await _all(connection, _TOOK, asked):
        heap(of, subject).took[bucket] = n
    for of, subject, waiting, nodes in await _all(connection, _NOW, asked):
        heap(of, subject).nodes, heap(of, subject).waiting = nodes, waiting
    waits = {name: int(n) for name, n in await _all(connection, _WAITS, asked)}
    rows = []
    for code, subject in CAPABILITIES:
        one = heap(SHARED, subject)
        busy = one.busy()
        if subject.startswith("room:"):  # it knows what it did, not what lies before it
            one.waiting = waits.get(subject[5:])
        elif subject != "orders":  # what waits for them waits as an order
            one.waiting = None
        else:
            servers = max(1, one.nodes) * QUEUE_ORDERS
            busy = round(100 * (one.waiting or 0) / servers, 1)
        rows.append(one.row(subject, "capability", code, busy=busy))
    shown = {subject for _, subject in CAPABILITIES}
    for (of, subject), one in sorted(heaps.items()):
        if of == SHARED and subject.startswith("room:") and subject not in shown:
            one.waiting = waits.get(subject[5:])
            rows.append(one.row(subject, "room", subject[5:], busy=one.busy()))
    rows += await _connectors(connection, asked)
    rows += await _far_sides(connection, asked, heaps)
    return tuple(rows)


async def _far_sides(
    connection: Connection, asked: dict[str, int], heaps: dict[tuple[int, str], _Heap]
) -> list[HealthRow]:
    """Give the rows of subscriptions, channels, feeds, errands and alert channels."""
    rows: list[HealthRow] = []

    def heap(subject: str) -> _Heap:
        return heaps.get((asked["tenant"], subject)) or _Heap()

    for id_, name, state, breaker, parked, dead in await _all(connection, _SUBSCRIPTIONS, asked):
        one = heap(f"webhook:{id_}")
        one.waiting = parked + dead
        more = _open(breaker) if state == "active" else {}
        rows.append(one.row(f"webhook:{id_}", "webhook", name, **more))
    channels: dict[str, _Heap] = {}
    for channel, cell, n in await _all(connection, _CHANNELS, asked):
        channels.setdefault(channel, _Heap()).add(cell, n, 0)
    rows += [channels[c].row(f"channel:{c}", "channel", c) for c in sorted(channels)]
    for name, trouble in await _all(connection, _FEEDS, asked):
        one = heap(f"feed:{name}")
        rows.append(one.row(f"feed:{name}", "feed", name, trouble=trouble))
    for name in _ERRANDS:
        if (asked["tenant"], f"errand:{name}") in heaps:
            one = heap(f"errand:{name}")
            one.waiting = None
            rows.append(one.row(f"errand:{name}", "errand", name))
    for no, name, trouble, waiting in await _all(connection, _ALERTS, asked):
        one = heap(f"alert:{no}")
        one.waiting = waiting
        rows.append(one.row(f"alert:{no}", "alert", name, trouble=trouble))
    return rows


async def _connectors(connection: Connection, asked: dict[str, int]) -> list[HealthRow]:
    heaps: dict[str, _Heap] = {}
    known: dict[str, tuple[str, str, Any]] = {}
    for id_, title, capability, _, breaker, cell, ok, failed, waiting in await _all(
        connection, _CONNECTORS, asked
    ):
        one = heaps.setdefault(id_, _Heap())
        known[id_] = (title, capability, breaker)
        one.waiting = waiting
        if cell is not None:
            one.add(cell, ok, failed)
    edges = [*BOUNDS_MS, 2 * BOUNDS_MS[-1]]
    for id_, n, count in await _all(connection, _LATENCIES, asked):
        if id_ in heaps and count:
            heaps[id_].took[bucket_of(edges[n - 1] / 1000)] = count
    rows = []
    for id_, (title, _, breaker) in sorted(known.items(), key=lambda k: (k[1][1], k[1][0])):
        more = _open(breaker)
        rows.append(heaps[id_].row(f"connector:{id_}", "connector", title, **more))
    return rows


def _open(breaker: Any) -> dict[str, State]:
    """Say that a breaker is open, whatever the calls before said."""
    return {"state": "open"} if _decode(bytes(breaker)).phase is Phase.OPEN else {}


async def _all(connection: Connection, query: str, given: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query, given)).fetchall()
