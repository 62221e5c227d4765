"""The audit's folder of exceptions: do the facts give what people did to findings, and which shops
are pulled; and do the counters of the board say what stands in its rows?

What the sentinel itself finds and ends follows from the facts of orders and from platforms'
listings, and is no fact. So the last act on a finding leaves open what may have followed by itself:
its cause went away, or came back, or the time of a suppression is over.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import findings_acts
from danshu.hub.finding_facts import FindingHandled, PullChanged
from danshu.hub.findings import GONE
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select class, subject, no, state, coalesce(owner::text,''), until, how, reason, by, times, now()
from findings where tenant=%s
and (owner is not null or state in ('assigned','suppressed') or how in ('person','remedy')
  or (class,subject) in (select * from unnest(%s::text[],%s::text[])))
"""
_PULLS: Final = """
select channel, shop, adapter, every_s, is_sequence, url, is_on from pull_accounts where tenant=%s
"""
_COUNTS: Final = """
with rows as (
  select class, channel, wh, case state when 'done' then 'done_'||how else state end as state,
  count(*) as n, sum(risk_fen)::int8 as risk from findings where tenant=%(t)s group by 1,2,3,4),
told as (
  select class, channel, wh, state, n, risk_fen as risk from finding_counts
  where tenant=%(t)s and n<>0)
select coalesce(r.class,t.class), coalesce(r.channel,t.channel), coalesce(r.wh,t.wh),
coalesce(r.state,t.state), r.n, r.risk, t.n, t.risk
from rows r full join told t on t.class=r.class and t.channel=r.channel and t.wh=r.wh
and t.state=r.state where (r.n,r.risk) is distinct from (t.n,t.risk)
"""
_INCIDENTS: Final = """
with rows as (
  select incident, count(*) as n, sum(risk_fen)::int8 as risk from findings
  where tenant=%(t)s and state in ('open','assigned') group by 1),
told as (
  select incident, open as n, risk_fen as risk from finding_incidents
  where tenant=%(t)s and open<>0)
select coalesce(r.incident,t.incident), r.n, r.risk, t.n, t.risk
from rows r full join told t on t.incident=r.incident
where (r.n,r.risk) is distinct from (t.n,t.risk)
"""
_BY_PEOPLE: Final = (findings_acts.PERSON, findings_acts.REMEDY)


class _Row(Struct, frozen=True):
    """A finding as it stands at the moment `now`."""

    no: int
    state: str
    owner: str
    until: datetime.datetime | None
    how: str
    reason: str
    by: str
    times: int
    now: datetime.datetime


class FindingsFolder:
    """Keeps the last act on each finding and the last word on each shop; compares at the end."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._acts: dict[tuple[str, str], tuple[FindingHandled, str]] = {}
        self._pulls: dict[tuple[str, str], PullChanged] = {}

    @property
    def types(self) -> frozenset[str]:
        """What people did to findings, and to the shops that are pulled."""
        return frozenset({"finding.handled", "pull.changed"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact; each has a stream of its own, and streams come by their time."""
        data = fact.data
        if isinstance(data, FindingHandled):
            self._acts[data.kind, data.subject] = (data, fact.actor.sub)
        elif isinstance(data, PullChanged):
            self._pulls[data.channel, data.shop] = data

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here lies on a stream of its own."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare acts, shops and counters."""
        found = await self._compare_acts(connection)
        found += await self._compare_pulls(connection)
        given = {"t": self._tenant}
        for *key, n, risk, told_n, told_risk in await _all(connection, _COUNTS, given):
            where = f"finding_counts {' '.join(map(str, key))}"
            found.append(_differ("finding_counts_differ", where, (told_n, told_risk), (n, risk)))
        for name, n, risk, told_n, told_risk in await _all(connection, _INCIDENTS, given):
            where = f"finding_incidents {name}"
            found.append(_differ("finding_counts_differ", where, (told_n, told_risk), (n, risk)))
        return found

    async def _compare_acts(self, connection: Connection) -> list[Difference]:
        acts, self._acts = self._acts, {}
        given = (self._tenant, [k for k, _ in acts], [s for _, s in acts])
        rows = {(r[0], r[1]): _Row(*r[2:]) for r in await _all(connection, _ROWS, given)}
        return [
            _differ("finding_differs", f"findings {' '.join(key)}", rows.get(key), acts.get(key))
            for key in sorted(rows.keys() | acts.keys())
            if not _agrees(rows.get(key), acts.get(key))
        ]

    async def _compare_pulls(self, connection: Connection) -> list[Difference]:
        told = {
            place: (d.adapter, d.every_s, d.is_sequence, d.url, d.state == "connected")
            for place, d in self._pulls.items()
            if d.state != "disconnected"
        }
        self._pulls = {}
        rows = {(r[0], r[1]): r[2:] for r in await _all(connection, _PULLS, (self._tenant,))}
        return [
            _differ("pull_differs", f"pull_accounts {place}", rows.get(place), told.get(place))
            for place in sorted(rows.keys() | told.keys())
            if rows.get(place) != told.get(place)
        ]


def _agrees(row: _Row | None, act: tuple[FindingHandled, str] | None) -> bool:
    """Tell whether a finding stands as its last act left it, or as may have followed by itself."""
    if row is None:
        return False
    if act is None:  # nobody touched it: it may not look as if somebody had
        return False
    said, by = act
    if row.no != said.no:
        return False
    is_gone = row.state == "done" and row.how == GONE
    is_back = row.state == "open" and row.times > 1 and not row.owner
    match said.act:
        case "close":
            told = (row.reason, row.by)
            return row.state == "done" and row.how in _BY_PEOPLE and told == (said.reason, by)
        case "assign":
            return is_back or (row.owner == said.owner and (row.state == "assigned" or is_gone))
        case "suppress":
            until = datetime.datetime.fromisoformat(said.until)
            if row.state == "suppressed":
                return (row.until, row.reason) == (until, said.reason)
            return is_gone or is_back or (row.state == "open" and until <= row.now)
        case _:
            return (row.state == "open" or is_gone) and not row.owner


async def _all(connection: Connection, query: str, given: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query, given)).fetchall()


def _differ(code: str, where: str, row: object, said: object) -> Difference:
    return Difference(code=code, where=where, detail=f"row {row}, facts {said}")
