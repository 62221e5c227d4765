"""Alerts 告警: groups and mailboxes are told of incidents, at least once; many at a time are one
message. The room `failsafe` sends what is due.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import psycopg
from msgspec import Struct

from danshu.hub import alert_channels, incidents, meters, outside, settings
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import (
    ALERT_EVERY_S,
    ALERT_KEEP_DAYS,
    ALERT_LINES,
    ALERTS_AT_ONCE,
    ALERTS_OF_MESSAGE,
    NOTICE_BYTES,
    NOTICE_GIVE_UP_S,
    NOTICE_RETRY_MAX_S,
    NOTICE_RETRY_S,
    NOTICE_TIMEOUT_S,
    REASON_CHARS,
)
from danshu.ledger import write
from danshu.ports.alert import Alert

if TYPE_CHECKING:
    import httpx

    from danshu.hub.alert_channels import Channel

Connection = psycopg.AsyncConnection[Any]
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_log = logging.getLogger("danshu.alerts")
_REACH: Final = outside.Reach(NOTICE_TIMEOUT_S, NOTICE_BYTES, NOTICE_RETRY_S)
# Taken up for as long as a try may take: a node that dies leaves it to the next.
_TAKE: Final = """
update alert_channels c set next_try=%s, tries=tries+1 from (
  select tenant, no from alert_channels a where is_on and next_try<=%s and exists (
    select 1 from alert_sends s where s.tenant=a.tenant and s.channel=a.no and s.state='due')
  order by next_try limit %s for update skip locked) d
where c.tenant=d.tenant and c.no=d.no returning c.tenant, c.no, c.tries
"""
_DUE: Final = """
select kind, key, detail, (extract(epoch from made)*1000)::int8, grade from alert_sends
where tenant=%s and channel=%s and state='due' order by made, kind, key limit %s
"""
_END: Final = """
update alert_sends s set state=%s, trouble=%s from unnest(%s::text[],%s::text[]) d(kind,key)
where s.tenant=%s and s.channel=%s and s.kind=d.kind and s.key=d.key
"""
_GIVE_UP: Final = """
update alert_sends set state='abandoned', trouble=%s
where tenant=%s and channel=%s and state='due' and made<%s
"""
_LEAVE: Final = "update alert_channels set next_try=%s, trouble=%s where tenant=%s and no=%s"
_TOLD: Final = """
update alert_channels set next_try=%s, trouble='', tries=0, told=%s where tenant=%s and no=%s
"""
_SWEEP: Final = """
delete from alert_sends where state<>'due' and made < now() - make_interval(days => %s)
"""
_MANY: Final = ("多起告警", "Several incidents")
_COUNT: Final = ("起数", "Incidents")
_SEE: Final = ("逐项查看并处理。", "Look at each, and act.")
_TEST: Final = ("通道测试", "Test of this channel")
_TEST_ADVICE: Final = (
    "这是一条测试消息,不用处理。",
    "This is a test; there is nothing to do.",
)


class Due(Struct, frozen=True, kw_only=True):
    """An incident that waits for a channel."""

    kind: str
    key: str
    detail: str
    made_ms: int
    grade: int


async def send_due(connection: Connection, at_ms: int) -> int:
    """Tell the channels whose time has come; gives how many were taken up."""
    until = write.instant((at_ms + 2 * NOTICE_TIMEOUT_S * 1000) * 1000)
    cursor = await connection.execute(_TAKE, (until, write.instant(at_ms * 1000), ALERTS_AT_ONCE))
    rows = await cursor.fetchall()
    if not rows:
        return 0
    async with outside.client() as web:
        for tenant, no, tries in rows:
            await _tell(connection, web, tenant, no, tries, at_ms)
    await connection.execute(_SWEEP, (ALERT_KEEP_DAYS,))
    return len(rows)


async def _tell(
    connection: Connection, web: httpx.AsyncClient, tenant: int, no: int, tries: int, at_ms: int
) -> None:
    cursor = await connection.execute(_DUE, (tenant, no, ALERTS_OF_MESSAGE))
    due = [
        Due(kind=r[0], key=r[1], detail=r[2], made_ms=r[3], grade=r[4])
        for r in await cursor.fetchall()
    ]
    if not due:
        return
    these = ([d.kind for d in due], [d.key for d in due], tenant, no)
    at = write.instant(at_ms * 1000)
    try:
        channel = await alert_channels.take(connection, tenant, no)
        told = compose(due, channel.lang, tenant)
        await hand_over(web, channel, told, at_ms)
        meters.of(connection).note(tenant, f"alert:{no}")
    except NotAvailable as error:
        meters.of(connection).note(tenant, f"alert:{no}", ok=0, failed=1)
        wait_s = min(NOTICE_RETRY_MAX_S, NOTICE_RETRY_S << min(tries - 1, 20))
        trouble = error.detail[:REASON_CHARS]
        old = write.instant((at_ms - NOTICE_GIVE_UP_S * 1000) * 1000)
        await connection.execute(_GIVE_UP, (trouble, tenant, no, old))
        later = write.instant((at_ms + wait_s * 1000) * 1000)
        await connection.execute(_LEAVE, (later, trouble, tenant, no))
    except InputError as error:
        trouble = error.detail[:REASON_CHARS]
        await connection.execute(_END, ("refused", trouble, *these))
        await connection.execute(_LEAVE, (at, trouble, tenant, no))
    else:
        later = write.instant((at_ms + ALERT_EVERY_S * 1000) * 1000)
        async with connection.transaction():
            await connection.execute(_END, ("sent", "", *these))
            await connection.execute(_TOLD, (later, at, tenant, no))


async def hand_over(web: httpx.AsyncClient, channel: Channel, alert: Alert, at_ms: int) -> None:
    """Hand an alert to a channel. Raises NotAvailable, InputError."""
    herald = alert_channels.herald_of(channel.adapter)
    lent = outside.sender(web, "the channel", _REACH)
    try:
        await herald.tell(channel.account, lent, alert, at_ms)
    except (NotAvailable, InputError):
        raise
    except Exception as error:  # an adapter is somebody else's code
        _log.exception("an alert cannot be told through %s", channel.adapter)
        raise NotAvailable("program", NOTICE_RETRY_S) from error


def compose(due: list[Due], lang: str, tenant: int) -> Alert:
    """Write one message of what is due: the first are named, the others counted."""
    zh = lang == "zh"
    pick = 0 if zh else 1
    grade = min(d.grade for d in due)
    first = due[0]
    if len(due) == 1:
        title, advice = incidents.words(first.kind, zh=zh)
        lines: list[tuple[str, str]] = [("对象" if zh else "What", first.detail)]
    else:
        title, advice = _MANY[pick], _SEE[pick]
        lines = [(_COUNT[pick], str(len(due)))]
        lines += [(incidents.words(d.kind, zh=zh)[0], d.detail) for d in due[:ALERT_LINES]]
    origin = settings.read().origin
    return Alert(
        key=f"danshu-{tenant}-{first.kind}-{first.key}",
        grade=alert_channels.GRADES[grade - 1],
        title=title,
        lines=tuple(lines),
        advice=advice,
        link=f"{origin}{incidents.page(first.kind)}" if origin else "",
        made=_local(first.made_ms),
        lang="zh" if zh else "en",
    )


def _local(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, _ZONE):%Y-%m-%d %H:%M:%S}"


async def try_out(channel: Channel, no: int, tenant: int, at_ms: int) -> None:
    """Send a test now. Raises NotAvailable, InputError."""
    zh = channel.lang == "zh"
    alert = Alert(
        key=f"danshu-test-{tenant}-{no}-{at_ms}",
        grade="blue",
        title=_TEST[0 if zh else 1],
        lines=(("通道" if zh else "Channel", channel.name),),
        advice=_TEST_ADVICE[0 if zh else 1],
        link="",
        made=_local(at_ms),
        lang="zh" if zh else "en",
    )
    async with outside.client() as web:
        await hand_over(web, channel, alert, at_ms)
