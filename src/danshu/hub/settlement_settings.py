"""By which rules a merchant's entries are made: when revenue is earned, whose days and months.

A rule holds for orders placed from a day to come, so that what was entered stays as it is. Zone and
first day of a period change only while nothing was closed and nobody but the room has entered
anything; the room then enters all facts again.
"""

from __future__ import annotations

import datetime
import zoneinfo
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from msgspec import Struct

from danshu.capabilities.settlement import journal
from danshu.capabilities.settlement.facts import SettlementSet
from danshu.capabilities.settlement.periods import ZONE, Calendar
from danshu.capabilities.settlement.said import Revenue
from danshu.capabilities.settlement.taxes import Regime
from danshu.hub import journal_room, merchants, posting
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import SUSPENSE_FEN

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
STANDS: Final = Refusal(
    code="calendar_stands",
    reason="已有关账或手工、账单凭证,期间的起始日和时区不能再改",
    reason_en="A period was closed or vouchers were entered: zone and first day stay as they are",
    clause="settlement.calendar",
)
TOO_EARLY: Final = Refusal(
    code="too_early",
    reason="新规则从明天或以后的日期起生效",
    reason_en="A rule holds from tomorrow on, or later",
    clause="settlement.since",
)
_LIST: Final = (
    "select since, revenue, zone, begins, suspense, tax, costs from settlement_settings"
    " where tenant=%s order by since desc"
)
_PUT: Final = (
    "insert into settlement_settings(tenant,since,stream,revenue,zone,begins,suspense,tax,costs)"
    " values (%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,since) do update set"
    " stream=excluded.stream, revenue=excluded.revenue, zone=excluded.zone,"
    " begins=excluded.begins, suspense=excluded.suspense, tax=excluded.tax, costs=excluded.costs"
)
_FIXED: Final = (
    "select exists (select 1 from period_events where tenant=%s) or exists"
    " (select 1 from journal where tenant=%s and word<>%s)"
)
_BEGUN: Final = "select exists (select 1 from journal where tenant=%s)"
_SUSPENSE: Final = (
    "select suspense from settlement_settings where tenant=%s order by since desc limit 1"
)


class SettlementRules(Struct, frozen=True, kw_only=True):
    """Rules from a day on. `suspense` in minor units may stand in suspense at a close."""

    since: datetime.date
    revenue: Revenue = "shipment"
    zone: str = ZONE
    begins: int = 1
    suspense: int = SUSPENSE_FEN
    tax: Regime = "off"
    costs: bool = False


async def read(connection: Connection, tenant: int) -> list[SettlementRules]:
    """Read the rules, the newest first; none where the merchant set nothing."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return [
        SettlementRules(
            since=s,
            revenue=cast("Revenue", r),
            zone=z,
            begins=b,
            suspense=n,
            tax=cast("Regime", t),
            costs=c,
        )
        for s, r, z, b, n, t, c in rows
    ]


async def read_suspense(connection: Connection, tenant: int) -> int:
    """Read what may stand in suspense when a period closes, in minor units."""
    row = await (await connection.execute(_SUSPENSE, (tenant,))).fetchone()
    return int(row[0]) if row else SUSPENSE_FEN


async def put(
    connection: Connection, tenant: int, settings: SettlementRules, actor: Actor, now_ms: int
) -> SettlementRules | Refusal:
    """Set the rules from a day on. Raises InputError `bad_zone`."""
    if settings.zone not in zoneinfo.available_timezones():
        raise InputError("bad_zone", f"no time zone {settings.zone!r}", "/zone")
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        calendar = await posting.read_calendar(connection, tenant)
        begun = await _is(connection, _BEGUN, tenant)
        if begun and settings.since <= calendar.day(now_ms):
            return TOO_EARLY
        moved = Calendar(zone=settings.zone, begins=settings.begins) != calendar
        if moved and await _is(connection, _FIXED, tenant, tenant, journal.FACTS):
            return STANDS
        data = SettlementSet(
            begins=settings.begins,
            costs=settings.costs,
            revenue=settings.revenue,
            since=settings.since.isoformat(),
            suspense=settings.suspense,
            tax=settings.tax,
            zone=settings.zone,
        )
        stream = await merchants.say(connection, tenant, actor, data)
        row = (tenant, settings.since, stream, settings.revenue, settings.zone)
        more = (settings.begins, settings.suspense, settings.tax, settings.costs)
        await connection.execute(_PUT, (*row, *more))
        if moved:
            # one calendar for all rules: whose days they are does not depend on the day
            await connection.execute(
                "update settlement_settings set zone=%s, begins=%s where tenant=%s",
                (settings.zone, settings.begins, tenant),
            )
            if begun:
                await journal_room.rebuild(connection, tenant)
    return settings


async def _is(connection: Connection, sql: str, *asked: Any) -> bool:
    row = await (await connection.execute(sql, asked)).fetchone()
    return bool(row and row[0])
