"""Periods: checked, closed by one person, opened again only by two 关账与反结账.

Closing holds the journal, so that nothing is entered meanwhile, and says in one fact how far the
log had been entered and what the trial balance was. Only the last closed period can be opened
again, and that it was is never forgotten.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.settlement import facts, periods, trial
from danshu.capabilities.settlement.facts import BookPlace, ExplainedCheck
from danshu.hub import journal_room, journal_views, merchants, posting
from danshu.hub.settlement_settings import read_suspense
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.capabilities.settlement.periods import Calendar
    from danshu.capabilities.settlement.trial import Balance, PeriodCheck
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
PERSON: Final = "person:"
NO_PERIOD: Final = InputError("no_period", "there is no such period")
NOT_CLOSED: Final = Refusal(
    code="not_closed", reason="这个期间没有关账", reason_en="The period is not closed",
    clause="period.reopen",
)  # fmt: skip
CLOSED: Final = Refusal(
    code="closed", reason="这个期间已经关账", reason_en="The period is closed already",
    clause="period.close",
)  # fmt: skip
LATER_CLOSED: Final = Refusal(
    code="later_closed", reason="后面的期间已关账,先反结账后面的",
    reason_en="A later period is closed: open that again first", clause="period.reopen",
)  # fmt: skip
SAME_PERSON: Final = Refusal(
    code="same_person", reason="反结账要两个人,申请人不能自己批准",
    reason_en="It takes two: whoever asked cannot agree", clause="period.reopen",
)  # fmt: skip
PERSONS_ONLY: Final = Refusal(
    code="persons_only", reason="反结账要两个人本人操作", reason_en="It takes two persons, no keys",
    clause="period.reopen",
)  # fmt: skip
ASKED: Final = Refusal(
    code="asked_already", reason="已经有人申请反结账", reason_en="Somebody has asked already",
    clause="period.reopen",
)  # fmt: skip
NOT_ASKED: Final = Refusal(
    code="not_asked", reason="没有待批的反结账申请", reason_en="Nobody has asked for that",
    clause="period.reopen",
)  # fmt: skip
_NUMBERS: Final = "select period, sum(last)::int8 from journal_numbers where tenant=%s group by 1"
_EVENTS: Final = "select period, stream, at, doc from period_events where tenant=%s order by no"
_ADD_EVENT: Final = (
    "insert into period_events(tenant,no,period,kind,stream,at,cut,doc) select %s,"
    " coalesce(max(no),0)+1, %s, %s, %s, %s, %s, %s from period_events where tenant=%s"
)
_KEEP: Final = (
    "insert into period_balances(tenant,period,currency,account,debit,credit)"
    " values (%s,%s,%s,%s,%s,%s)"
)
_ASKS: Final = "select period, reason, asked_by, at from period_asks where tenant=%s"
_ANSWERED: Final = "delete from period_asks where tenant=%s and period=%s returning stream"
_FORGET: Final = "delete from period_balances where tenant=%s and period=%s"
_ASK: Final = (
    "insert into period_asks(tenant,period,stream,reason,asked_by,at) values (%s,%s,%s,%s,%s,%s)"
)
_CUT: Final = "select half, position from cursors where name=%s and tenant=%s order by half"
_MISSING: Final = """
select coalesce(sum(n.last - (select count(*) from journal j where j.tenant=n.tenant
  and j.period=n.period and j.word=n.word)),0)::int8
from journal_numbers n where n.tenant=%s and n.period=%s
"""
_WAITING: Final = (
    "select count(*) from voucher_drafts where tenant=%s and state='proposed' and date <= %s"
)
_DIFFERENCES: Final = """
select count(*) from differences where tenant=%s and state not in ('settled','closed')
and at >= %s and at < %s
"""
_encode = msgspec.json.Encoder().encode


class PeriodEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A period was closed or opened again: when, by whom, what was said. `first` asked for the
    opening, `by` agreed to it. `fact` is the id of the fact that says so.
    """

    kind: str
    at: str = ""
    fact: str = ""
    by: str
    first: str = ""
    reason: str = ""
    digest: str = ""
    explained: tuple[ExplainedCheck, ...] = ()


class ReopeningAsk(Struct, frozen=True, kw_only=True):
    """Somebody wants a period opened again, and why."""

    reason: str
    by: str
    at: str


class Period(Struct, frozen=True, kw_only=True):
    """A period: its days, how many vouchers it has, and all that was done with it, oldest first."""

    period: int
    first: datetime.date
    last: datetime.date
    closed: bool
    vouchers: int
    events: tuple[PeriodEvent, ...]
    ask: ReopeningAsk | None


_decode_event = msgspec.json.Decoder(PeriodEvent).decode


async def list_all(
    connection: Connection, tenant: int, calendar: Calendar, now_ms: int
) -> list[Period]:
    """List periods from the first with an entry to that of today, the newest first."""
    rows = await (await connection.execute(_NUMBERS, (tenant,))).fetchall()
    counts: dict[int, int] = dict(rows)
    events = await _read_events(connection, tenant)
    asks = await _read_asks(connection, tenant)
    today = calendar.period(calendar.day(now_ms))
    found = []
    at = min([today, *counts, *events])
    last = max([today, *counts])
    while at <= last:
        of = events.get(at, [])
        first, end = calendar.bounds(at)
        found.append(
            Period(
                period=at,
                first=first,
                last=end,
                closed=bool(of) and of[-1].kind == "closed",
                vouchers=counts.get(at, 0),
                events=tuple(of),
                ask=asks.get(at),
            )
        )
        at = periods.following(at)
    return found[::-1]


async def find(
    connection: Connection, tenant: int, calendar: Calendar, period: int, now_ms: int
) -> Period:
    """Find a period. Raises InputError `no_period`."""
    for one in await list_all(connection, tenant, calendar, now_ms):
        if one.period == period:
            return one
    raise NO_PERIOD


async def check(
    connection: Connection, tenant: int, calendar: Calendar, period: Period, now_ms: int
) -> tuple[tuple[PeriodCheck, ...], tuple[Balance, ...]]:
    """PeriodCheck whether a period may close; gives the checks and its trial balance."""
    balances = await journal_views.read_trial(connection, tenant, calendar, period.last)
    earlier = await list_all(connection, tenant, calendar, now_ms)
    row = await (await connection.execute(_MISSING, (tenant, period.period))).fetchone()
    begins = [
        datetime.datetime.combine(day, datetime.time.min, calendar.tz)
        for day in (period.first, period.last + datetime.timedelta(days=1))
    ]
    open_ = await (await connection.execute(_DIFFERENCES, (tenant, *begins))).fetchone()
    waits = (tenant, period.last)
    waiting = await (await connection.execute(_WAITING, waits)).fetchone()
    asked = trial.Asked(
        is_over=calendar.day(now_ms) > period.last,
        earlier_open=sum(p.period < period.period and not p.closed for p in earlier),
        behind=await journal_room.count_owed(
            connection, tenant, round(begins[1].timestamp() * 1000), now_ms
        ),
        waiting=waiting[0] if waiting else 0,
        missing=row[0] if row else 0,
        differences=open_[0] if open_ else 0,
        suspense=await read_suspense(connection, tenant),
        balances=balances,
    )
    return trial.judge(asked), balances


async def close(
    connection: Connection,
    tenant: int,
    number: int,
    explained: dict[str, str],
    actor: Actor,
    now_ms: int,
) -> Period | Refusal:
    """Close a period whose checks have passed or are explained (reasons by the checks' codes)."""
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        calendar = await posting.read_calendar(connection, tenant)
        period = await find(connection, tenant, calendar, number, now_ms)
        if period.closed:
            return CLOSED
        checks, _ = await check(connection, tenant, calendar, period, now_ms)
        said = []
        for one in checks:
            if one.passed:
                continue
            reason = explained.get(one.code, "") if one.explainable else ""
            if not reason:
                return _refuse(one)
            amount = one.amount or one.count
            said.append(ExplainedCheck(amount=amount, code=one.code, reason=reason))
        totals = await journal_views.read_totals(connection, tenant, calendar, period.last)
        sums = [(c, a, d + dd, k + kk) for c, a, d, k, dd, kk in totals]
        cut = await _read_cut(connection, tenant)
        data = facts.PeriodClosed(
            cut=cut,
            digest=trial.digest(sums),
            explained=tuple(said),
            period=number,
            vouchers=period.vouchers,
        )
        event = PeriodEvent(
            kind="closed", by=actor.sub, digest=data.digest, explained=data.explained
        )
        await _say(connection, tenant, number, event, data, actor, now_ms)
        async with connection.pipeline():
            for currency, account, debit, credit in sums:
                row = (tenant, number, currency, account, debit, credit)
                await connection.execute(_KEEP, row)
        return await find(connection, tenant, calendar, number, now_ms)


def _refuse(check: PeriodCheck) -> Refusal:
    reason, reason_en = _OPEN[check.code]
    return Refusal(
        code=f"check_{check.code}", reason=reason, reason_en=reason_en, clause="period.close"
    )


_OPEN: Final = {
    "ended": ("期间还没有结束", "The period is not over"),
    "in_order": ("更早的期间还没有关账", "An earlier period is still open"),
    "read": ("还有事实没有入账", "Facts are still to be entered"),
    "vouchers": ("还有手工凭证待复核", "Vouchers by hand wait to be checked"),
    "balanced": ("借贷不平", "Debits and credits differ"),
    "gapless": ("凭证断号", "Numbers of vouchers are missing"),
    "suspense": ("待查款超过限额,要说明原因", "Suspense is above its limit: say why"),
    "differences": ("还有未处理的对账差异,要说明原因", "Differences are open: say why"),
}


async def ask(
    connection: Connection, tenant: int, number: int, reason: str, actor: Actor, now_ms: int
) -> Period | Refusal:
    """ReopeningAsk for a closed period to be opened again, with a reason."""
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        calendar = await posting.read_calendar(connection, tenant)
        period = await find(connection, tenant, calendar, number, now_ms)
        refusal = await _refuse_opening(connection, tenant, calendar, period, now_ms)
        if refusal is not None:
            return refusal
        if period.ask is not None:
            return ASKED
        if not actor.sub.startswith(PERSON):
            return PERSONS_ONLY
        data = facts.ReopeningAsked(period=number, reason=reason)
        stream = await merchants.say(connection, tenant, actor, data)
        row = (tenant, number, stream, reason, actor.sub, write.instant(now_ms * 1000))
        await connection.execute(_ASK, row)
        return await find(connection, tenant, calendar, number, now_ms)


async def answer(
    connection: Connection,
    tenant: int,
    number: int,
    actor: Actor,
    now_ms: int,
    declined: str = "",
) -> Period | Refusal:
    """Agree to open a period again, as another person than asked; or decline, with a reason."""
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        calendar = await posting.read_calendar(connection, tenant)
        period = await find(connection, tenant, calendar, number, now_ms)
        if period.ask is None:
            return NOT_ASKED
        if not declined:
            refusal = await _refuse_opening(connection, tenant, calendar, period, now_ms)
            if actor.sub == period.ask.by:
                refusal = SAME_PERSON
            if refusal is not None or not actor.sub.startswith(PERSON):
                return refusal or PERSONS_ONLY
        row = await (await connection.execute(_ANSWERED, (tenant, number))).fetchone()
        asked = str(row[0]) if row else ""
        if declined:
            no = facts.ReopeningDeclined(asked=asked, period=number, reason=declined)
            await merchants.say(connection, tenant, actor, no)
            return await find(connection, tenant, calendar, number, now_ms)
        data = facts.PeriodReopened(
            asked=asked,
            cut=await _read_cut(connection, tenant),
            first=period.ask.by,
            period=number,
            reason=period.ask.reason,
        )
        event = PeriodEvent(kind="reopened", by=actor.sub, first=data.first, reason=data.reason)
        await _say(connection, tenant, number, event, data, actor, now_ms)
        await connection.execute(_FORGET, (tenant, number))
        return await find(connection, tenant, calendar, number, now_ms)


async def _refuse_opening(
    connection: Connection, tenant: int, calendar: Calendar, period: Period, now_ms: int
) -> Refusal | None:
    if not period.closed:
        return NOT_CLOSED
    for other in await list_all(connection, tenant, calendar, now_ms):
        if other.closed and other.period > period.period:
            return LATER_CLOSED
    return None


async def _say(
    connection: Connection,
    tenant: int,
    number: int,
    event: PeriodEvent,
    data: facts.PeriodClosed | facts.PeriodReopened,
    actor: Actor,
    now_ms: int,
) -> None:
    """Say that a period was closed or opened, with the row that follows from it."""
    stream = await merchants.say(connection, tenant, actor, data)
    cut = _encode({place.half: place.position for place in data.cut})
    at = write.instant(now_ms * 1000)
    row = (tenant, number, event.kind, stream, at, cut, _encode(event), tenant)
    await connection.execute(_ADD_EVENT, row)


async def _read_cut(connection: Connection, tenant: int) -> tuple[BookPlace, ...]:
    rows = await (await connection.execute(_CUT, (journal_room.ROOM, tenant))).fetchall()
    return tuple(BookPlace(half=half, position=position) for half, position in rows)


async def _read_events(connection: Connection, tenant: int) -> dict[int, list[PeriodEvent]]:
    rows = await (await connection.execute(_EVENTS, (tenant,))).fetchall()
    events: dict[int, list[PeriodEvent]] = {}
    for period, stream, at, doc in rows:
        told = _decode_event(bytes(doc))
        when = rfc3339(round(at.timestamp() * 1000))
        one = msgspec.structs.replace(told, at=when, fact=f"{stream}/1")
        events.setdefault(period, []).append(one)
    return events


async def _read_asks(connection: Connection, tenant: int) -> dict[int, ReopeningAsk]:
    rows = await (await connection.execute(_ASKS, (tenant,))).fetchall()
    return {
        period: ReopeningAsk(reason=reason, by=by, at=rfc3339(round(at.timestamp() * 1000)))
        for period, reason, by, at in rows
    }
