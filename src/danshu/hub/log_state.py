"""How a merchant's log stands towards others: books, keys, witnesses, heads, anchors, gaps."""

from __future__ import annotations

import datetime
from typing import Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import anchoring, heads, log_keys, log_settings, trust, witnessing
from danshu.hub.anchoring import Deposit
from danshu.hub.heads import HeadsEntry
from danshu.hub.log_keys import TrustedKey
from danshu.hub.witnessing import WitnessState
from danshu.kernel import note
from danshu.kernel.limits import HEADS_EVERY_S, RECEIPT_IN_LOG_S
from danshu.ledger.seal import Forked
from danshu.ledger.signers import origin_of

Connection = psycopg.AsyncConnection[Any]
SHOWN: Final = 30
_BOOKS: Final = """
select b.half, t.code, b.size, b.signed, c.note, c.signed,
(select count(*) from cosignatures k where k.tenant=b.tenant and k.half=b.half
and k.size=b.signed), (select coalesce(max(size),0) from cosignatures k where k.tenant=b.tenant
and k.half=b.half), l.origin, coalesce(l.size,0)
from books b join tenants t on t.id=b.tenant left join lateral (select note, signed
from checkpoints c where c.tenant=b.tenant and c.half=b.half order by size desc limit 1) c on true
left join lateral (select origin, size from linked_logs l where l.tenant=b.tenant
and l.half=b.half order by size desc limit 1) l on true
where b.tenant=%s order by b.half desc
"""
_GAPS: Final = """
select tenant, 'log_forked', half, to_timestamp(position / 1000.0) from cursors
where name='forked'
union all select tenant, 'forked', name || ' ' || half, forked from witness_books
where forked is not null
union all select tenant, 'witness_trouble', name || ': ' || trouble, asked from witness_books
where forked is null and trouble <> ''
union all select tenant, 'anchor_trouble', period || ': ' || trouble, asked from anchors
where tx='' and trouble <> ''
union all select tenant, 'anchor_pending', period || ' ' || evidence_no, asked from anchors
where tx='' and trouble = '' and evidence_no <> ''
union all select b.tenant, 'heads_late', b.half, (select max(h.at) from heads h
where h.tenant=b.tenant and h.half=b.half and not h.asked) from books b left join cursors c
on c.name='heads' and c.tenant=b.tenant and c.half=b.half
where b.size > coalesce(c.position,0) and not exists (select 1 from heads h
where h.tenant=b.tenant and h.half=b.half and not h.asked
and h.at > now() - make_interval(secs => %s)) and exists (select 1 from checkpoints k
where k.tenant=b.tenant and k.half=b.half and k.size > coalesce(c.position,0)
and k.signed < now() - make_interval(secs => %s))
"""

_FORKS: Final = """
select exists (select 1 from cursors where name='forked'),
exists (select 1 from witness_books where forked is not null)
"""


class LogGap(Struct, frozen=True, kw_only=True):
    """What keeps the log from being what it promises: log_forked (the sealer refuses a second
    history), forked (a witness does), witness_trouble, anchor_trouble, anchor_pending, heads_late,
    seal_late. `subject` says of what, in the words of whoever failed.
    """

    tenant: int
    code: str
    subject: str
    since: datetime.datetime | None


class BookStanding(Struct, frozen=True, kw_only=True):
    """One book: leaves, leaves signed, its newest checkpoint. `cosignatures` are on that one;
    `cosigned` is the largest size that has any. `linked_from` names the log that it goes on from,
    last signed at `linked_size`.
    """

    half: str
    origin: str
    size: int
    signed: int
    root: str
    signed_at: datetime.datetime | None
    cosignatures: int
    cosigned: int
    linked_from: str
    linked_size: int


class LogState(Struct, frozen=True, kw_only=True):
    """Everything that the page 证据与封存 shows. `anchor` is the adapter's name, "" for none;
    `anchor_url` and `anchor_key` are what its account is called there.
    """

    public: bool
    waiting_ms: int
    unsealed: int
    books: tuple[BookStanding, ...]
    keys: tuple[TrustedKey, ...]
    witnesses: tuple[WitnessState, ...]
    heads: tuple[HeadsEntry, ...]
    anchor: str
    anchor_url: str
    anchor_key: str
    anchor_every_h: int
    anchors: tuple[Deposit, ...]
    gaps: tuple[LogGap, ...]


async def read(connection: Connection, tenant: int, now_ms: int) -> LogState:
    """Read how the log stands now."""
    standing = await trust.read(connection, tenant, now_ms)
    account = await anchoring.find_account(connection, tenant)
    gaps = [gap for gap in await find_gaps(connection) if gap.tenant == tenant]
    if standing.waiting_ms > RECEIPT_IN_LOG_S * 1000:
        late_s = str(standing.waiting_ms // 1000)
        gaps.insert(0, LogGap(tenant=tenant, code="seal_late", subject=late_s, since=None))
    return LogState(
        public=await log_settings.is_public(connection, tenant),
        waiting_ms=standing.waiting_ms,
        unsealed=standing.unsealed,
        books=tuple(await read_books(connection, tenant)),
        keys=tuple(await log_keys.read(connection)),
        witnesses=tuple(await witnessing.read(connection, tenant)),
        heads=tuple(await heads.read(connection, tenant, SHOWN)),
        anchor=account.adapter if account else "",
        anchor_url=account.url if account else "",
        anchor_key=account.key if account else "",
        anchor_every_h=account.every_h if account else 0,
        anchors=tuple(await anchoring.read(connection, tenant, SHOWN)),
        gaps=tuple(gaps),
    )


async def read_books(connection: Connection, tenant: int) -> list[BookStanding]:
    """List the books of a merchant, the newest first."""
    rows = await (await connection.execute(_BOOKS, (tenant,))).fetchall()
    books = []
    for half, code, size, signed, raw, at, lines, cosigned, old, old_size in rows:
        root = note.parse_checkpoint(note.parse(bytes(raw)).text).root.hex() if raw else ""
        books.append(
            BookStanding(
                half=half,
                origin=origin_of(code, half),
                size=size,
                signed=signed,
                root=root,
                signed_at=at,
                cosignatures=lines,
                cosigned=cosigned,
                linked_from=old or "",
                linked_size=old_size,
            )
        )
    return books


async def find_gaps(connection: Connection) -> list[LogGap]:
    """Find what is amiss in any merchant's log, the sealing aside."""
    late_s = 2 * HEADS_EVERY_S
    rows = await (await connection.execute(_GAPS, (late_s, late_s))).fetchall()
    return [LogGap(tenant=t, code=code, subject=told, since=since) for t, code, told, since in rows]


async def find_troubles(connection: Connection) -> tuple[str, ...]:
    """Tell of forked logs as an operator needs it, without saying whose they are."""
    forked = await (await connection.execute(_FORKS)).fetchone()
    found = []
    if forked and forked[0]:
        found.append(f"{Forked.code}: nothing is sealed. {Forked.remedy}")
    if forked and forked[1]:
        found.append("forked: a witness knows another history. Stop writing and find out why.")
    return tuple(found)
