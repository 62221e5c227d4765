"""Findings 异常: opened once by (class, subject), counted in the commit that changes them.

Whoever finds or ends something calls `record` within the transaction that knows it. A finding whose
cause went away ends as `gone`; if the cause comes back it is opened again, under its number. What a
person closed stays closed while its cause lasts.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.sentinel.model import BY_CODE
from danshu.hub import incident_rows, sentinel_changes
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from danshu.capabilities.sentinel.model import Found

Connection = Any
OPEN: Final = ("open", "assigned")
GONE: Final = "gone"
_GRADES: Final = {
    "red": incident_rows.RED,
    "yellow": incident_rows.YELLOW,
    "blue": incident_rows.BLUE,
}
_LOCK: Final = 7_738
_ALONE: Final = "select pg_advisory_xact_lock(%b::int4, %b::int4)"
_OPEN: Final = f"""
insert into findings as f (tenant,class,subject,cause,params,evidence,incident,channel,shop,wh,
  place,oid,number,other,risk_fen,at,found,due,change)
select %(tenant)s, w.class, w.subject, w.cause, w.params::jsonb, w.evidence::jsonb, w.incident,
  w.channel, w.shop, w.wh, w.place, nullif(w.oid,'')::uuid, w.number, nullif(w.other,'')::uuid,
  w.risk, w.at, %(now)s, w.due, coalesce(likely.fact,'')
from unnest(%(class)s::text[],%(subject)s::text[],%(cause)s::text[],%(params)s::text[],
  %(evidence)s::text[],%(incident)s::text[],%(channel)s::text[],%(shop)s::text[],%(wh)s::int4[],
  %(place)s::text[],%(oid)s::text[],%(number)s::text[],%(other)s::text[],%(risk)s::int8[],
  %(at)s::timestamptz[],%(due)s::timestamptz[]) w(class,subject,cause,params,evidence,incident,
  channel,shop,wh,place,oid,number,other,risk,at,due) {sentinel_changes.LIKELY}
on conflict (tenant,class,subject) do update set state='open', cause=excluded.cause,
  params=excluded.params, evidence=excluded.evidence, risk_fen=f.risk_fen, at=excluded.at,
  found=excluded.found, due=excluded.due, ended=null, until=null, how='', reason='', by='',
  owner=null, change=excluded.change, times=f.times+1
where f.state='done' and f.how='gone'
returning class, channel, wh, risk_fen, incident, cause, place, times, no, at
"""
_END: Final = """
with was as (
  select f.class, f.subject, f.state from findings f join unnest(%(class)s::text[],
    %(subject)s::text[]) w(class,subject) on f.tenant=%(tenant)s and f.class=w.class
    and f.subject=w.subject where f.state<>'done' for update of f)
update findings f set state='done', how=%(how)s, reason=%(reason)s, by=%(by)s, ended=%(now)s,
  until=null from was where f.tenant=%(tenant)s and f.class=was.class and f.subject=was.subject
returning f.class, f.channel, f.wh, f.risk_fen, f.incident, was.state, f.no
"""
_COUNT: Final = """
insert into finding_counts as c (tenant,class,channel,wh,state,n,risk_fen)
select %s, * from unnest(%s::text[],%s::text[],%s::int4[],%s::text[],%s::int8[],%s::int8[])
on conflict (tenant,class,channel,wh,state) do update set n=c.n+excluded.n,
risk_fen=c.risk_fen+excluded.risk_fen
"""
_BEGIN: Final = """
insert into finding_incidents as i
  (tenant,incident,class,cause,place,open,total,risk_fen,since,began)
select %s, w.incident, w.class, w.cause, w.place, w.n, w.n, w.risk, %s, w.began
from unnest(%s::text[],%s::text[],%s::text[],%s::text[],%s::int4[],%s::int8[],%s::timestamptz[])
  w(incident,class,cause,place,n,risk,began)
on conflict (tenant,incident) do update set total=i.total+excluded.total,
  since=case when i.open=0 then excluded.since else i.since end,
  began=case when i.open=0 then excluded.began else least(i.began, excluded.began) end,
  open=i.open+excluded.open, risk_fen=i.risk_fen+excluded.risk_fen
returning incident, class, cause, place, total, open
"""
_EASE: Final = """
update finding_incidents i set open=i.open-w.n, risk_fen=i.risk_fen-w.risk
from unnest(%s::text[],%s::int4[],%s::int8[]) w(incident,n,risk)
where i.tenant=%s and i.incident=w.incident
"""
_MOVE: Final = """
insert into finding_heads as h (tenant,no) values(%s,1) on conflict (tenant)
do update set no=h.no+1
"""
_WAREHOUSES: Final = "select code, no from warehouses where tenant=%s and code = any(%s)"
_encode: Final = msgspec.json.Encoder().encode


async def be_alone(connection: Connection, tenant: int) -> None:
    """Wait until nobody else counts this merchant's findings, for the rest of the transaction."""
    await connection.execute(_ALONE, (_LOCK, tenant), binary=True)


async def record(
    connection: Connection,
    tenant: int,
    now_ms: int,
    opened: Sequence[Found] = (),
    gone: Iterable[tuple[str, str]] = (),
    warehouses: Mapping[str, int] | None = None,
) -> list[int]:
    """Open findings and end those whose cause is gone, with their counts, in the caller's
    transaction; gives the numbers of what is open that was not.
    """
    ended = list(dict.fromkeys(gone))
    unique = list({f.key: f for f in opened}.values())
    if not unique and not ended:
        return []
    await be_alone(connection, tenant)
    tally = Tally()
    numbers: list[int] = []
    if unique:
        if warehouses is None:
            warehouses = await _read_warehouses(connection, tenant, unique)
        given = _rows(tenant, now_ms, unique, warehouses)
        for row in await (await connection.execute(_OPEN, given)).fetchall():
            klass, channel, wh, risk, incident, cause, place, times, no, at = row
            of = (incident, cause, place)
            tally.open(klass, channel, wh, risk, of, at, is_back=times > 1)
            numbers.append(no)
    if ended:
        await end(connection, tenant, now_ms, ended, tally)
    await tally.write(connection, tenant, now_ms)
    return numbers


async def end(
    connection: Connection,
    tenant: int,
    now_ms: int,
    keys: Sequence[tuple[str, str]],
    tally: Tally,
    *,
    how: str = GONE,
    reason: str = "",
    by: str = "",
) -> int:
    """End findings that are not done; the caller is alone and writes the tally."""
    given = {
        "tenant": tenant,
        "class": [k[0] for k in keys],
        "subject": [k[1] for k in keys],
        "how": how,
        "reason": reason,
        "by": by,
        "now": write.instant(now_ms * 1000),
    }
    rows = await (await connection.execute(_END, given)).fetchall()
    for klass, channel, wh, risk, incident, was, _ in rows:
        tally.move(klass, channel, wh, risk, was, f"done_{how}")
        tally.ease(incident, risk)
    return len(rows)


class _Begun(Struct):
    """Findings that join an incident: how many, money at risk, what the first rests on."""

    n: int = 0
    risk: int = 0
    began: datetime.datetime | None = None


class Tally:
    """What changes in counts and incidents; written once, sorted, so that nobody waits in a
    circle.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int, str], list[int]] = defaultdict(lambda: [0, 0])
        self._begun: dict[tuple[str, str, str, str], _Begun] = defaultdict(_Begun)
        self._eased: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.is_moved = False

    def count(self, klass: str, channel: str, wh: int, state: str, n: int, risk: int) -> None:
        """Count `n` more of a state."""
        entry = self._counts[klass, channel, wh, state]
        entry[0] += n
        entry[1] += risk * n

    def open(
        self, klass: str, channel: str, wh: int, risk: int, of: tuple[str, str, str],
        at: datetime.datetime, *, is_back: bool,
    ) -> None:  # fmt: skip
        """Count an opening; `of` is its incident, cause and place, `at` what it rests on."""
        self.count(klass, channel, wh, "open", 1, risk)
        if is_back:
            self.count(klass, channel, wh, f"done_{GONE}", -1, risk)
        self.join(klass, risk, of, at)
        self.is_moved = True

    def join(self, klass: str, risk: int, of: tuple[str, str, str], at: datetime.datetime) -> None:
        """Take a finding into its incident: incident, cause, place."""
        incident, cause, place = of
        entry = self._begun[incident, klass, cause, place]
        entry.n += 1
        entry.risk += risk
        entry.began = min(entry.began or at, at)

    def move(self, klass: str, channel: str, wh: int, risk: int, was: str, state: str) -> None:
        """Count a finding in another state than before."""
        self.count(klass, channel, wh, was, -1, risk)
        self.count(klass, channel, wh, state, 1, risk)
        self.is_moved = True

    def ease(self, incident: str, risk: int) -> None:
        """Take an ended finding out of its incident."""
        entry = self._eased[incident]
        entry[0] += 1
        entry[1] += risk

    async def write(self, connection: Connection, tenant: int, now_ms: int) -> None:
        """Write the counts, alone and in the caller's transaction."""
        counts = sorted((k, v) for k, v in self._counts.items() if v[0])
        begun_now: Any = None
        async with connection.pipeline():
            if counts:
                columns: list[Any] = [list(c) for c in zip(*[k for k, _ in counts], strict=True)]
                told = ([v[0] for _, v in counts], [v[1] for _, v in counts])
                await connection.execute(_COUNT, (tenant, *columns, *told))
            if self._begun:
                begun = sorted(self._begun.items())
                columns = [list(c) for c in zip(*[k for k, _ in begun], strict=True)]
                sums = [[v.n for _, v in begun], [v.risk for _, v in begun]]
                now = write.instant(now_ms * 1000)
                began = [v.began for _, v in begun]
                given = (tenant, now, *columns, *sums, began)
                begun_now = await connection.execute(_BEGIN, given)
            if self._eased:
                eased = sorted(self._eased.items())
                names, n, risk = [k for k, _ in eased], *zip(*[v for _, v in eased], strict=True)
                await connection.execute(_EASE, (names, list(n), list(risk), tenant))
            if self.is_moved:
                await connection.execute(_MOVE, (tenant,))
        if begun_now is not None:
            fresh = {key[0]: entry.n for key, entry in self._begun.items()}
            rows = [r[1:5] for r in await begun_now.fetchall() if r[5] == fresh[r[0]]]
            await _tell(connection, tenant, rows)


async def _tell(connection: Connection, tenant: int, begun: Sequence[tuple[Any, ...]]) -> None:
    """Have people told of incidents that have just begun, once each: the notice service of red
    ones, groups and mailboxes of those that they want to hear of.
    """
    for klass, cause, place, total in begun:
        key = f"{klass}-{cause}-{place}-{total}"[:200]
        grade = _GRADES[BY_CODE[klass].grade]
        if grade == incident_rows.RED:
            told = f"{klass} {cause} {place}".strip()
            await incident_rows.notify(connection, tenant, incident_rows.FINDING, key, told)
        kind = f"{incident_rows.FINDING}:{klass}"
        await incident_rows.alert(connection, tenant, kind, key, place or cause, grade)


async def _read_warehouses(
    connection: Connection, tenant: int, opened: Sequence[Found]
) -> dict[str, int]:
    codes = list({f.warehouse for f in opened if f.warehouse})
    if not codes:
        return {}
    return dict(await (await connection.execute(_WAREHOUSES, (tenant, codes))).fetchall())


def _rows(
    tenant: int, now_ms: int, opened: Sequence[Found], warehouses: Mapping[str, int]
) -> dict[str, Any]:
    now = write.instant(now_ms * 1000)
    return {
        "tenant": tenant,
        "now": now,
        "class": [f.klass for f in opened],
        "subject": [f.subject for f in opened],
        "cause": [f.cause for f in opened],
        "params": [_encode(f.params).decode() for f in opened],
        "evidence": [_encode(f.evidence).decode() for f in opened],
        "incident": [f.incident for f in opened],
        "channel": [f.channel for f in opened],
        "shop": [f.shop for f in opened],
        "wh": [warehouses.get(f.warehouse, -1) for f in opened],
        "place": [f.place for f in opened],
        "oid": [f.order.hex() for f in opened],
        "number": [f.number for f in opened],
        "other": [f.other.hex() for f in opened],
        "risk": [f.risk for f in opened],
        "at": [write.instant((f.at_ms or now_ms) * 1000) for f in opened],
        "due": [
            write.instant((now_ms + BY_CODE[f.klass].within_min * 60_000) * 1000) for f in opened
        ],
    }
