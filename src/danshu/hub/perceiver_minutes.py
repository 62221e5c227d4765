"""What services did, by the minute: calls, how they ended, how long they took, what they cost.

A call is counted before it is made, so that a quota holds whoever else asks, and completed by how
it ended. Money is in thousandths of 分.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.weave import breaker
from danshu.capabilities.weave.breaker import Phase
from danshu.capabilities.weave.canary import BUCKETS, Sample, bucket
from danshu.hub import perceivers
from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import PERCEIVER_MINUTES_DAYS
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.perceivers import Perceiving

Connection = psycopg.AsyncConnection[Any]
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
ZONE_MS: Final = 8 * 3_600_000
"""A day of quotas and costs is one of UTC+8."""
RULES: Final = breaker.Rules(streak=3, least=10, open_ms=15_000)
"""A service is asked by the minute rather than the second: it is left alone sooner."""
_USED: Final = """
select coalesce(sum(calls) filter (where minute=%(minute)s),0), coalesce(sum(calls),0)
from perceiver_minutes where tenant=%(tenant)s and perceiver=%(id)s and minute>=%(day)s
"""
_TAKE: Final = """
insert into perceiver_minutes as m (tenant,perceiver,minute,calls,latency) values(%s,%s,%s,1,%s)
on conflict (tenant,perceiver,minute) do update set calls=m.calls+1
"""
_END: Final = """
update perceiver_minutes as m set done=m.done+%s, refused=m.refused+%s, failed=m.failed+%s,
  codes=case when %s='' then m.codes else jsonb_set(m.codes, array[%s],
    to_jsonb(coalesce((m.codes->>%s)::int,0)+1)) end,
  latency[%s]=m.latency[%s]+1, cost=m.cost+%s, heard_ms=m.heard_ms+%s, pages=m.pages+%s
where tenant=%s and perceiver=%s and minute=%s
"""
_BREAKER: Final = """
update perceivers set breaker=%s, trouble=case when %s='' then trouble else %s end,
  troubled=case when %s='' then troubled else %s end,
  version=case when %s='' then version else %s end, digest=case when %s='' then digest else %s end
where tenant=%s and id=%s
"""
_CLOSE: Final = "update perceivers set breaker=%s where tenant=%s and id=%s"
_AGREED: Final = """
insert into perceiver_minutes as m (tenant,perceiver,minute,compared,agreed,latency)
values(%s,%s,%s,1,%s,%s) on conflict (tenant,perceiver,minute) do update
set compared=m.compared+1, agreed=m.agreed+excluded.agreed
"""
_SINCE: Final = """
select perceiver, done, refused, failed, latency from perceiver_minutes
where tenant=%s and perceiver = any(%s) and minute >= date_trunc('minute', %s::timestamptz)
"""
_OLD: Final = "delete from perceiver_minutes where minute < %s"


class Skipped(NotAvailable):
    """A service is not asked now: `code` says why (`paused`, `breaker_open`, `quota_minute`,
    `quota_day`).
    """

    def __init__(self, code: str, detail: str, retry_after_s: int = 1) -> None:
        super().__init__(detail, retry_after_s)
        self.code = code


class Ended(Struct, frozen=True, kw_only=True):
    """How a call ended: done, refused (the original is no such thing) or failed with a code."""

    end: str
    took_ms: int
    code: str = ""
    trouble: str = ""
    version: str = ""
    digest: str = ""
    heard_ms: int = 0
    pages: int = 0


def day_of(at_ms: int) -> int:
    """Give the beginning of a day of quotas, epoch ms."""
    return (at_ms + ZONE_MS) // DAY_MS * DAY_MS - ZONE_MS


async def take(connection: Connection, service: Perceiving, at_ms: int) -> bool:
    """Count a call that begins; True where it is the one probe of a breaker that is half open.

    Raises Skipped where it may not be made.
    """
    is_probe = False
    async with connection.transaction():
        if not service.is_default:
            now = await perceivers.lock(connection, service.tenant, service.id)
            is_probe = await _admit(connection, now, at_ms)
        asked = (service.tenant, service.id, _minute(at_ms), [0] * BUCKETS)
        await connection.execute(_TAKE, asked)
        if at_ms % 256 == 0:  # now and then what is old is thrown away
            old = write.instant((at_ms - PERCEIVER_MINUTES_DAYS * DAY_MS) * 1000)
            await connection.execute(_OLD, (old,))
    return is_probe


async def _admit(connection: Connection, service: Perceiving, at_ms: int) -> bool:
    if service.state != perceivers.ACTIVE:
        raise Skipped("paused", f"{service.title} is paused")
    phase = breaker.look(service.breaker, at_ms)
    if phase is Phase.OPEN:
        wait_s = max(1, (service.breaker.until_ms - at_ms) // 1000)
        raise Skipped("breaker_open", f"{service.title} failed again and again", wait_s)
    if service.quota_minute or service.quota_day:
        asked = {
            "tenant": service.tenant,
            "id": service.id,
            "minute": _minute(at_ms),
            "day": write.instant(day_of(at_ms) * 1000),
        }
        row = await (await connection.execute(_USED, asked)).fetchone()
        in_minute, in_day = (int(row[0]), int(row[1])) if row else (0, 0)
        if service.quota_day and in_day >= service.quota_day:
            left_s = (day_of(at_ms) + DAY_MS - at_ms) // 1000
            raise Skipped("quota_day", f"{service.title} had its calls of the day", left_s)
        if service.quota_minute and in_minute >= service.quota_minute:
            raise Skipped("quota_minute", f"{service.title} had its calls of the minute", 60)
    if phase is Phase.HALF_OPEN:  # one probe: others see it open until this one has ended
        held = breaker.hold(service.breaker, at_ms + service.timeout_ms)
        await connection.execute(
            "update perceivers set breaker=%s where tenant=%s and id=%s",
            (msgspec.json.encode(held), service.tenant, service.id),
        )
    return phase is Phase.HALF_OPEN


async def end(
    connection: Connection, service: Perceiving, ended: Ended, at_ms: int, *, is_probe: bool
) -> int:
    """Complete a call that was counted at `at_ms`; gives what it cost."""
    cost = price(service, ended)
    place = (service.tenant, service.id, _minute(at_ms))
    bucket_no = bucket(ended.took_ms) + 1
    ends = [int(ended.end == name) for name in ("done", "refused", "failed")]
    code = ended.code
    async with connection.transaction():
        if not service.is_default:  # first, as where it begins: else two wait for one another
            now = await perceivers.lock(connection, service.tenant, service.id)
            await _remember(connection, now, ended, at_ms + ended.took_ms, is_probe=is_probe)
        counted = (*ends, code, code, code, bucket_no, bucket_no, cost)
        await connection.execute(_END, (*counted, ended.heard_ms, ended.pages, *place))
    return cost


async def _remember(
    connection: Connection, service: Perceiving, ended: Ended, at_ms: int, *, is_probe: bool
) -> None:
    state = service.breaker
    if is_probe and state.phase is Phase.OPEN:  # it came back: what others were kept out by ends
        state = replace(state, until_ms=min(state.until_ms, at_ms))
    if is_probe or breaker.look(state, at_ms) is Phase.CLOSED:
        state = breaker.record(state, ended.end != "failed", RULES, at_ms)
    trouble, at = ended.trouble[:300], write.instant(at_ms * 1000)
    told = (msgspec.json.encode(state), trouble, trouble, trouble, at)
    seen = (ended.version, ended.version, ended.digest, ended.digest)
    await connection.execute(_BREAKER, (*told, *seen, service.tenant, service.id))


async def close_breaker(connection: Connection, tenant: int, id_: uuid.UUID) -> None:
    """Have a service asked again at once."""
    closed = msgspec.json.encode(breaker.CLOSED)
    await connection.execute(_CLOSE, (closed, tenant, id_))


def price(service: Perceiving, ended: Ended) -> int:
    """Tell what a call cost, thousandths of 分: seconds are begun ones; failed calls cost nothing,
    for services bill what they answered.
    """
    if ended.end == "failed":
        return 0
    seconds = -(-ended.heard_ms // 1000)
    return service.price_call + seconds * service.price_second + ended.pages * service.price_page


async def compare(connection: Connection, service: Perceiving, agreed: int, at_ms: int) -> None:
    """Count a comparison of a candidate with what it is to replace, in thousandths."""
    asked = (service.tenant, service.id, _minute(at_ms), agreed, [0] * BUCKETS)
    await connection.execute(_AGREED, asked)


async def read_since(
    connection: Connection, tenant: int, ids: Sequence[uuid.UUID], began: str
) -> dict[uuid.UUID, Sample]:
    """Sum what services did since an instant (RFC 3339)."""
    found = {id_: Sample() for id_ in ids}
    cursor = await connection.execute(_SINCE, (tenant, list(ids), began))
    for id_, done, refused, failed, latency in await cursor.fetchall():
        has = found[id_]
        found[id_] = Sample(
            done=has.done + done,
            refused=has.refused + refused,
            failed=has.failed + failed,
            latency=tuple([a + b for a, b in zip(has.latency, latency, strict=True)]),
        )
    return found


def _minute(at_ms: int) -> Any:
    return write.instant(at_ms // MINUTE_MS * MINUTE_MS * 1000)
