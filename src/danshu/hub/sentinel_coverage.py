"""How far a shop's listing was compared, window by window; what lies between; and the numbers that
were skipped.

Windows that follow one another within an hour are one row, so that a shop has some 24 a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.hub import sentinel_shops
from danshu.hub.sentinel_shops import told
from danshu.kernel.limits import PULL_GAPS, PULL_GRACE_S, PULL_WINDOW_DAYS
from danshu.ledger import write

if TYPE_CHECKING:
    import datetime

Connection = Any
_HOUR_MS: Final = 3_600_000
_EXTEND: Final = """
update pull_windows set upto=%(upto)s, listed=listed+%(listed)s, missing=missing+%(missing)s,
unreadable=unreadable+%(unreadable)s where (tenant,channel,shop,begins) in (
  select tenant,channel,shop,begins from pull_windows where tenant=%(tenant)s
  and channel=%(channel)s and shop=%(shop)s order by begins desc limit 1)
and upto=%(begins)s and date_trunc('hour', begins)=date_trunc('hour', %(begins)s::timestamptz)
returning 1
"""
_BEGIN: Final = """
with old as (delete from pull_windows where tenant=%(tenant)s and channel=%(channel)s
  and shop=%(shop)s and upto < %(begins)s::timestamptz - %(days)s * interval '1 day')
insert into pull_windows(tenant,channel,shop,begins,upto,listed,missing,unreadable)
values(%(tenant)s,%(channel)s,%(shop)s,%(begins)s,%(upto)s,%(listed)s,%(missing)s,%(unreadable)s)
on conflict (tenant,channel,shop,begins) do update set upto=excluded.upto, listed=excluded.listed,
missing=excluded.missing, unreadable=excluded.unreadable
"""
_SHOP: Final = """
select adapter, every_s, is_on, upto from pull_accounts where tenant=%s and channel=%s and shop=%s
"""
_WINDOWS: Final = """
select begins, upto, listed, missing, unreadable from pull_windows
where tenant=%s and channel=%s and shop=%s and upto > %s order by begins
"""
_GAPS: Final = f"""
select number, next, fact, seen, 0::int8 from sentinel_gaps
where tenant=%(t)s and channel=%(c)s and shop=%(s)s
union all
select number, params->>'next', coalesce(evidence->>0,''), at, no from findings
where tenant=%(t)s and class='sequence_gap' and state in ('open','assigned') and channel=%(c)s
and shop=%(s)s order by 4 desc limit {PULL_GAPS}
"""


class PullWindow(Struct, frozen=True, kw_only=True):
    """A span that was compared: RFC 3339 times; orders listed, not here, not to be read."""

    begins: str
    upto: str
    listed: int
    missing: int
    unreadable: int


class PullSpan(Struct, frozen=True, kw_only=True):
    """A span that nobody compared, RFC 3339."""

    begins: str
    upto: str


class SkippedNumber(Struct, frozen=True, kw_only=True):
    """A number that was skipped: the number that came after it, by which fact, when; `finding` is
    0 while it may still come.
    """

    number: str
    next: str
    fact: str
    seen: str
    finding: int


class PullCoverage(Struct, frozen=True, kw_only=True):
    """A shop's listing over a span: what was compared, what was not, which numbers are missing.
    `due` is up to when it should have been compared by now, "" while it rests or is not listed.
    """

    since: str
    as_of: str
    due: str
    windows: tuple[PullWindow, ...]
    uncovered: tuple[PullSpan, ...]
    gaps: tuple[SkippedNumber, ...]


async def cover(
    connection: Connection,
    named: tuple[int, str, str],
    window: tuple[datetime.datetime, datetime.datetime],
    counts: tuple[int, int, int],
) -> None:
    """Write that a window [begins, upto) of a shop (tenant, channel, shop) was compared, with how
    many were listed, missing and unreadable; in the caller's transaction.
    """
    tenant, channel, shop = named
    listed, missing, unreadable = counts
    given = {
        "tenant": tenant, "channel": channel, "shop": shop, "begins": window[0],
        "upto": window[1], "listed": listed, "missing": missing, "unreadable": unreadable,
        "days": PULL_WINDOW_DAYS,
    }  # fmt: skip
    if await (await connection.execute(_EXTEND, given)).fetchone() is None:
        await connection.execute(_BEGIN, given)


async def read(
    connection: Connection, tenant: int, channel: str, shop: str, hours: int, at_ms: int
) -> PullCoverage:
    """Read what of the last hours was compared. Raises InputError `not_found`."""
    named = (tenant, channel, shop)
    row = await (await connection.execute(_SHOP, named)).fetchone()
    if row is None:
        raise sentinel_shops.NONE
    adapter, every_s, is_on, upto = row
    since = write.instant((at_ms - hours * _HOUR_MS) * 1000)
    rows = await (await connection.execute(_WINDOWS, (*named, since))).fetchall()
    given = {"t": tenant, "c": channel, "s": shop}
    gaps = await (await connection.execute(_GAPS, given)).fetchall()
    due = None
    if adapter and is_on:
        lag_ms = sentinel_shops.find_listing(adapter).lag_ms + PULL_GRACE_S * 1000
        due = write.instant((at_ms - lag_ms - 2 * every_s * 1000) * 1000)
    return PullCoverage(
        since=told(since),
        as_of=told(write.instant(at_ms * 1000)),
        due=told(due),
        windows=tuple(
            PullWindow(
                begins=told(r[0]), upto=told(r[1]), listed=r[2], missing=r[3], unreadable=r[4]
            )
            for r in rows
        ),
        uncovered=tuple(_uncovered(rows, upto, due)),
        gaps=tuple(
            SkippedNumber(number=r[0], next=r[1] or "", fact=r[2], seen=told(r[3]), finding=r[4])
            for r in gaps
        ),
    )


def _uncovered(
    rows: list[tuple[Any, ...]], upto: datetime.datetime, due: datetime.datetime | None
) -> list[PullSpan]:
    """Give what lies between windows, and from where all was compared, `upto`, what is due."""
    spans: list[PullSpan] = []
    reached: datetime.datetime | None = None
    for begins, upto, *_ in rows:
        if reached is not None and begins > reached:
            spans.append(PullSpan(begins=told(reached), upto=told(begins)))
        reached = upto if reached is None else max(reached, upto)
    if due is not None and due > upto:
        spans.append(PullSpan(begins=told(upto), upto=told(due)))
    return spans
