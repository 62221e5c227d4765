"""The merchant's own times of each step of a case 售后时限: dated rows by channel and step."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales import rules
from danshu.capabilities.after_sales.rules import Rule
from danshu.hub import merchants
from danshu.hub.after_sales_facts import AfterSalesTimeSet
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import AFTER_SALE_HOURS, AFTER_SALE_TIMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_READ: Final = """
select channel, kind, step, begins, hours, source from after_sale_times where tenant=%s
order by channel, kind, step, begins
"""
_SET: Final = """
insert into after_sale_times(tenant,channel,kind,step,begins,hours,source)
values (%s,%s,%s,%s,%s,%s,%s)
on conflict (tenant,channel,kind,step,begins) do update set hours=excluded.hours,
source=excluded.source
"""
_DROP: Final = """
delete from after_sale_times where tenant=%s and channel=%s and kind=%s and step=%s and begins=%s
"""


class OwnTime(Struct, frozen=True, kw_only=True):
    """From the day `begins` on a step of a kind may take `hours`, for orders of `channel`, "" = of
    any; 0 hours takes the row away. `source` says who says so.
    """

    channel: str
    kind: str
    step: str
    begins: str
    hours: int
    source: str


async def read(connection: Connection, tenant: int) -> tuple[Rule, ...]:
    """Read the merchant's rows; the code of each is `own`, so that a case says whose time it is."""
    rows = await (await connection.execute(_READ, (tenant,))).fetchall()
    return tuple(
        Rule(
            code="own",
            kind=kind,
            step=step,
            begins=begins,
            hours=hours,
            source=source,
            channel=channel,
        )
        for channel, kind, step, begins, hours, source in rows
    )


async def put(connection: Connection, tenant: int, actor: Actor, wanted: OwnTime) -> None:
    """Set a row, or take it away. Raises InputError `bad_field`, `too_many`."""
    w = wanted
    try:
        begins = datetime.date.fromisoformat(w.begins)
    except ValueError as error:
        raise InputError("bad_field", "a day is YYYY-MM-DD", "/begins") from error
    if not any((r.kind, r.step) == (w.kind, w.step) for r in rules.rules()):
        raise InputError("bad_field", "this step has no time", "/step")
    if not 0 <= w.hours <= AFTER_SALE_HOURS:
        raise InputError("bad_field", f"0 to {AFTER_SALE_HOURS} hours", "/hours")
    async with connection.transaction():
        place = (tenant, w.channel, w.kind, w.step, begins)
        if not w.hours:
            await connection.execute(_DROP, place)
        else:
            if len(await read(connection, tenant)) >= AFTER_SALE_TIMES:
                raise InputError("too_many", f"at most {AFTER_SALE_TIMES} rows")
            await connection.execute(_SET, (*place, w.hours, w.source))
        said = AfterSalesTimeSet(
            begins=w.begins,
            channel=w.channel,
            hours=w.hours,
            kind=w.kind,
            source=w.source,
            step=w.step,
        )
        await merchants.say(connection, tenant, actor, said)


def timed(kind: str, state: str, now_ms: int, channel: str, own: Sequence[Rule]) -> dict[str, str]:
    """Give until when a state may last, and by which rule, as facts say it."""
    due_ms, rule = rules.due(kind, state, now_ms, channel, own)
    return {"due": rfc3339(due_ms) if due_ms else "", "rule": rule}
