"""What the board of exceptions 异常看板 shows: counts, incidents, findings, and how fast they were
found and ended.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.sentinel.model import BY_CODE, CLASSES, remedy_of, steps_of
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms, rfc3339
from danshu.kernel.limits import INCIDENT_ROWS
from danshu.ledger import write

if TYPE_CHECKING:
    import datetime

Connection = Any
_DAY_MS: Final = 86_400_000
_COUNTS: Final = """
select c.class, c.channel, coalesce(w.code,''), c.state, c.n, c.risk_fen from finding_counts c
left join warehouses w on w.tenant=c.tenant and w.no=c.wh
where c.tenant=%s and c.n<>0 order by 1,2,3,4
"""
_INCIDENTS: Final = """
select i.incident, i.class, i.cause, i.place, i.open, i.total, i.risk_fen, i.since, f.no, f.due,
  f.params, f.owner, f.channel, f.shop, f.number, i.began
from finding_incidents i cross join lateral (
  select no, due, params, owner, channel, shop, number from findings f where f.tenant=i.tenant
  and f.incident=i.incident and f.state in ('open','assigned') order by due limit 1) f
where i.tenant=%s and i.open>0 order by f.due limit %s
"""
_COLUMNS: Final = """
f.no, f.class, f.subject, f.state, f.cause, f.params, f.evidence, f.incident, f.channel, f.shop,
coalesce(w.code,''), f.place, f.oid, f.number, f.risk_fen, f.owner, f.at, f.found, f.due, f.ended,
f.until, f.how, f.reason, f.by, f.times, f.change, c.kind, c.at, c.params
"""
_FROM: Final = """
from findings f left join warehouses w on w.tenant=f.tenant and w.no=f.wh
left join sentinel_changes c on f.change<>'' and c.tenant=f.tenant and c.fact=f.change
"""
_CHANGES: Final = """
select f.incident, c.fact, c.kind, c.at, c.params, f.n, f.first from (
  select incident, change, count(*) as n, min(at) as first from findings where tenant=%s
  and change<>'' and state in ('open','assigned') group by 1,2) f
join sentinel_changes c on c.tenant=%s and c.fact=f.change order by c.at desc, f.n desc
"""
_TIMES: Final = """
select count(*), percentile_cont(array[0.5,0.95]) within group (order by ms) from (
  select extract(epoch from {end}-{begin})*1000 as ms from findings
  where tenant=%s and {column} > %s and class <> all(%s) order by {column} desc limit 10000) t
"""
_DETECT: Final = _TIMES.format(end="found", begin="at", column="found")
_RESOLVE: Final = _TIMES.format(end="ended", begin="found", column="ended")
_HOURS: Final = """
select date_trunc('hour', {column}), count(*) from findings
where tenant=%s and {column} > %s group by 1
"""
_LOOKED: Final = "select looked, no from finding_heads where tenant=%s"
# What waits on purpose tells nothing of how fast the sentinel is.
_WAITED: Final = ["stuck", "missing", "phantom", "sequence_gap", "volume_drift", "latency_drift"]


class FindingCount(Struct, frozen=True, kw_only=True):
    """How many findings of a class, channel and warehouse ("" = none) are in a state."""

    kind: str
    channel: str
    warehouse: str
    state: str
    n: int
    risk_fen: int


class FindingChange(Struct, frozen=True, kw_only=True):
    """A change that findings likely come of: its fact, the type of it, when, and what it says of
    itself. Of an incident: how many of its findings that wait rest on something within a quarter of
    an hour after it, and how soon the first did, in ms; of one finding, 1 and its own.
    """

    fact: str
    kind: str
    at: str
    params: dict[str, Any]
    n: int
    after_ms: int


class FindingIncident(Struct, frozen=True, kw_only=True):
    """Findings of one class, cause and place; `first` is the number of the one due first, `began`
    when what they rest on began, `change` what most of those that wait likely come of.
    """

    incident: str
    kind: str
    grade: str
    cause: str
    place: str
    open: int
    total: int
    risk_fen: int
    since: str
    due: str
    first: int
    params: dict[str, Any]
    owner: uuid.UUID | None
    channel: str
    shop: str
    number: str
    remedy: str
    began: str
    change: FindingChange | None


class FindingTimes(Struct, frozen=True, kw_only=True):
    """How long things took in the last day: count, median and 95th percentile, in ms."""

    n: int
    median_ms: int
    p95_ms: int


class FindingHour(Struct, frozen=True, kw_only=True):
    """Findings of an hour: found and ended."""

    hour: str
    found: int
    ended: int


class FindingClass(Struct, frozen=True, kw_only=True):
    """A class of findings, as the console names it."""

    code: str
    exact: bool
    grade: str
    within_min: int
    remedy: str
    steps: tuple[str, ...]


class FindingsBoard(Struct, frozen=True, kw_only=True):
    """The board: `counts` are exact and of one commit; `looked` is when detectors last looked."""

    as_of: str
    revision: int
    looked: str
    classes: tuple[FindingClass, ...]
    counts: tuple[FindingCount, ...]
    incidents: tuple[FindingIncident, ...]
    detect: FindingTimes
    resolve: FindingTimes
    hours: tuple[FindingHour, ...]


class FindingItem(Struct, frozen=True, kw_only=True):
    """A finding. `at` is when the hub recorded what it rests on, `found` when it was written;
    `evidence` are ids of facts or digests; `state` is open, assigned, suppressed or done.
    """

    no: int
    kind: str
    subject: str
    grade: str
    state: str
    cause: str
    params: dict[str, Any]
    evidence: tuple[str, ...]
    incident: str
    channel: str
    shop: str
    warehouse: str
    place: str
    order: uuid.UUID | None
    number: str
    risk_fen: int
    owner: uuid.UUID | None
    at: str
    found: str
    due: str
    ended: str
    until: str
    how: str
    reason: str
    by: str
    times: int
    remedy: str
    steps: tuple[str, ...]
    change: FindingChange | None


class Asked(Struct, frozen=True, kw_only=True):
    """Which findings: "" asks for nothing. `state` waiting = open or assigned."""

    kind: str = ""
    channel: str = ""
    warehouse: str = ""
    state: str = "waiting"
    incident: str = ""
    owner: uuid.UUID | None = None
    order: uuid.UUID | None = None
    change: str = ""


async def read_board(connection: Connection, tenant: int, at_ms: int) -> FindingsBoard:
    """Read the board, of one snapshot of the database."""
    since = write.instant((at_ms - _DAY_MS) * 1000)
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        looked = await (await connection.execute(_LOOKED, (tenant,))).fetchone()
        counts = await (await connection.execute(_COUNTS, (tenant,))).fetchall()
        rows = await (await connection.execute(_INCIDENTS, (tenant, INCIDENT_ROWS))).fetchall()
        changes = await (await connection.execute(_CHANGES, (tenant, tenant))).fetchall()
        detect = await _times(connection, _DETECT, (tenant, since, _WAITED))
        resolve = await _times(connection, _RESOLVE, (tenant, since, []))
        hours = await _read_hours(connection, tenant, since)
    likely: dict[str, FindingChange] = {}
    for incident, *told in changes:
        change = _change(*told)
        if incident not in likely or change.n > likely[incident].n:
            likely[incident] = change
    return FindingsBoard(
        as_of=rfc3339(at_ms),
        revision=looked[1] if looked else 0,
        looked=_told(looked[0]) if looked else "",
        classes=tuple(
            FindingClass(
                code=c.code, exact=c.exact, grade=c.grade, within_min=c.within_min,
                remedy=c.remedy, steps=c.steps,
            )
            for c in CLASSES
        ),
        counts=tuple(
            FindingCount(kind=r[0], channel=r[1], warehouse=r[2], state=r[3], n=r[4], risk_fen=r[5])
            for r in counts
        ),
        incidents=tuple(_incident(r, likely.get(r[0])) for r in rows),
        detect=detect,
        resolve=resolve,
        hours=hours,
    )  # fmt: skip


async def list_findings(
    connection: Connection, tenant: int, asked: Asked, after: tuple[int, int], limit: int
) -> list[FindingItem]:
    """List findings after (due in epoch µs, number): those due first, first; what has ended, the
    newest first.
    """
    is_past = asked.state in ("done", "all")
    where = ["f.tenant=%s"]
    given: list[Any] = [tenant]
    for column, value in (("f.class", asked.kind), ("f.channel", asked.channel),
                          ("w.code", asked.warehouse), ("f.incident", asked.incident),
                          ("f.owner", asked.owner), ("f.oid", asked.order),
                          ("f.change", asked.change)):  # fmt: skip
        if value:
            where.append(f"{column}=%s")
            given.append(value)
    if asked.state == "waiting":
        where.append("f.state in ('open','assigned')")
    elif asked.state != "all":
        where.append("f.state=%s")
        given.append(asked.state)
    if is_past:
        order = "f.no desc"
        if after[1]:
            where.append("f.no<%s")
            given.append(after[1])
    else:
        order = "f.due, f.no"
        if after[1]:
            where.append("(f.due,f.no)>(%s,%s)")
            given += [write.instant(after[0]), after[1]]
    sql = f"select {_COLUMNS}{_FROM} where {' and '.join(where)} order by {order} limit %s"
    rows = await (await connection.execute(sql, (*given, limit))).fetchall()
    return [_finding(r) for r in rows]


async def read_finding(connection: Connection, tenant: int, no: int) -> FindingItem:
    """Read one finding by its number. Raises InputError `not_found`."""
    sql = f"select {_COLUMNS}{_FROM} where f.tenant=%s and f.no=%s"
    row = await (await connection.execute(sql, (tenant, no))).fetchone()
    if row is None:
        raise InputError("not_found", "there is no such finding")
    return _finding(row)


async def _times(connection: Connection, sql: str, given: tuple[Any, ...]) -> FindingTimes:
    n, values = await (await connection.execute(sql, given)).fetchone()
    median, p95 = values or (0, 0)
    return FindingTimes(n=n, median_ms=round(median or 0), p95_ms=round(p95 or 0))


async def _read_hours(
    connection: Connection, tenant: int, since: datetime.datetime
) -> tuple[FindingHour, ...]:
    found = await (
        await connection.execute(_HOURS.format(column="found"), (tenant, since))
    ).fetchall()
    ended = await (
        await connection.execute(_HOURS.format(column="ended"), (tenant, since))
    ).fetchall()
    both: dict[Any, list[int]] = {}
    for at, rows in ((0, found), (1, ended)):
        for hour, n in rows:
            both.setdefault(hour, [0, 0])[at] = n
    return tuple(
        FindingHour(hour=_told(hour), found=n[0], ended=n[1]) for hour, n in sorted(both.items())
    )


def _change(
    fact: str, kind: str, at: datetime.datetime, params: dict[str, Any], n: int,
    first: datetime.datetime,
) -> FindingChange:  # fmt: skip
    after_ms = round((first - at).total_seconds() * 1000)
    return FindingChange(fact=fact, kind=kind, at=_told(at), params=params, n=n, after_ms=after_ms)


def _incident(r: tuple[Any, ...], change: FindingChange | None) -> FindingIncident:
    klass = BY_CODE[r[1]]
    return FindingIncident(
        incident=r[0], kind=r[1], grade=klass.grade, cause=r[2], place=r[3], open=r[4],
        total=r[5], risk_fen=r[6], since=_told(r[7]), first=r[8], due=_told(r[9]), params=r[10],
        owner=r[11], channel=r[12], shop=r[13], number=r[14], remedy=remedy_of(r[1], r[2]),
        began=_told(r[15]), change=change,
    )  # fmt: skip


def _finding(r: tuple[Any, ...]) -> FindingItem:
    klass = BY_CODE[r[1]]
    return FindingItem(
        no=r[0], kind=r[1], subject=r[2], grade=klass.grade, state=r[3], cause=r[4], params=r[5],
        evidence=tuple(r[6]), incident=r[7], channel=r[8], shop=r[9], warehouse=r[10], place=r[11],
        order=r[12], number=r[13], risk_fen=r[14], owner=r[15], at=_told(r[16]), found=_told(r[17]),
        due=_told(r[18]), ended=_told(r[19]), until=_told(r[20]), how=r[21], reason=r[22], by=r[23],
        times=r[24], remedy=remedy_of(r[1], r[4]), steps=steps_of(r[1], r[4]),
        change=_change(r[25], r[26], r[27], r[28], 1, r[16]) if r[26] else None,
    )  # fmt: skip


def _told(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""


def place_of(finding: FindingItem) -> tuple[int, int]:
    """Give the place of a finding in its list, for the next page."""
    return epoch_ms(finding.due) * 1000, finding.no
