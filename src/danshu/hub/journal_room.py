"""The room `journal`: facts of orders become entries of the journal, in the commit that moves its
cursor.

An entry follows from a fact and those before it on its stream, which are read again where they are
not in the same batch; the room keeps nothing else, so that it may be killed at any moment, and the
journal thrown away and made anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.settlement import journal, mapping
from danshu.capabilities.settlement.mapping import PAID, PLACED, Fresh, Policy, Treatment
from danshu.capabilities.settlement.periods import Calendar
from danshu.hub import posting, sku_values
from danshu.hub.compose import now_ms
from danshu.kernel import fact
from danshu.kernel.errors import ProgramError
from danshu.kernel.limits import JOURNAL_LEAVES
from danshu.ledger import sequence, write
from danshu.ledger.follow import Follower, read_beside, read_leaves

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from danshu.capabilities.settlement.journal import Slip
    from danshu.capabilities.settlement.tally import Tally
    from danshu.ledger.leaves import Rows

Connection = psycopg.AsyncConnection[Any]
Tallies = dict[bytes, "Fresh | Tally | None"]
"""Where orders' money stands, by their stream; None = no sale."""
Start = Callable[[bytes, Policy], "Fresh | Tally | None"]
ROOM: Final = "journal"
_POLICY: Final = (
    "select since, revenue, zone, begins, tax, costs from settlement_settings where tenant=%s"
    " order by since"
)
# The range of streams lets the server leave all other days alone.
_BEFORE: Final = (
    "select uuid_send(stream), v, body from facts where tenant=%b and stream = any(%b::uuid[])"
    " and stream >= %b::uuid and stream <= %b::uuid order by stream, v"
)
_SUM_AGAIN: Final = (
    "insert into journal_days(tenant,account,currency,day,channel,shop,debit,credit,n)"
    " select j.tenant, p.account, j.currency, j.day, coalesce(x.e->>1, j.channel),"
    " coalesce(x.e->>2, j.shop), sum(greatest(p.amount,0)), sum(greatest(-p.amount,0)), count(*)"
    " from journal j join journal_forms f using (tenant, form)"
    " cross join lateral unnest(f.accounts, j.amounts) with ordinality p(account, amount, at)"
    " left join lateral (select convert_from(j.aux,'UTF8')::jsonb->(p.at::int-1) as e) x on true"
    " where j.tenant=%s group by 1,2,3,4,5,6"
)
_NEXT: Final = (
    "select b.half, coalesce(c.position,0) from books b left join cursors c on c.name=%s"
    " and c.tenant=b.tenant and c.half=b.half where b.tenant=%s and b.size > coalesce(c.position,0)"
    " order by b.half"
)
_BEHIND: Final = (
    "select coalesce(sum(b.size - coalesce(c.position,0)),0)::int8 from books b left join cursors c"
    " on c.name=%s and c.tenant=b.tenant and c.half=b.half where b.tenant=%s"
)


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room; 1 when more is waiting."""
    del url  # the room's own connection is all it needs
    follower = Follower(ROOM, follow, leaves_max=JOURNAL_LEAVES, read=read_beside)

    async def step(connection: Connection) -> int:
        return int(await follower.step(connection, now_ms()) >= JOURNAL_LEAVES)

    return step


async def follow(connection: Connection, leaves: Rows) -> None:
    """Enter what the facts of one book say, in the caller's transaction."""
    wanted = _read(leaves)
    if not wanted:
        return
    tenant = leaves.tenant
    await posting.be_alone(connection, tenant)
    policy = await _read_treatments(connection, tenant)
    await sku_values.load(connection, tenant, policy, (body for *_, body in wanted))
    tallies: Tallies = {}
    begun: set[bytes] = set()
    late: dict[bytes, int] = {}
    for stream, seq, _, kind, _ in wanted:
        if stream not in begun:
            begun.add(stream)
            if kind != PLACED:
                late[stream] = seq
    if late:
        await _read_before(connection, tenant, late, policy, tallies)
    slips: list[Slip] = []
    places: list[tuple[str, int]] = []
    for stream, _, position, kind, body in wanted:
        slip = take(tallies, stream, kind, body, policy)
        if slip is not None:
            slips.append(slip)
            places.append((leaves.half, position))
    await posting.enter(connection, tenant, journal.FACTS, slips, places)


def _read(leaves: Rows) -> list[tuple[bytes, int, int, str, bytes]]:
    """Give the facts that the journal reads: stream, position there, position in the book, type,
    bytes.
    """
    found: list[tuple[bytes, int, int, str, bytes]] = []
    kind_of, at = mapping.kind_of, leaves.first
    for stream, v, n, packed in leaves.rows:
        for nth, body in enumerate(fact.unpack(packed)):
            kind = kind_of(body)
            if kind:
                found.append((stream, v + nth, at + nth, kind, body))
        at += n
    return found


def take(
    tallies: Tallies,
    stream: bytes,
    kind: str,
    body: bytes,
    policy: Policy,
    start: Start = mapping.start,
) -> Slip | None:
    """Take a fact into its stream's tally; gives its entry. Raises ProgramError on money of what is
    no order. The audit has every tally made whole by `start`, and so checks the short way too.
    """
    if kind == PLACED:
        tallies[stream] = start(body, policy)
        return None
    if stream not in tallies:
        raise ProgramError(f"{kind} on a stream that does not begin with {PLACED}")
    tally = tallies[stream]
    if tally is None:
        return None
    if isinstance(tally, Fresh):
        slip = mapping.pay(tally, body, policy) if kind == PAID else None
        if slip is not None:
            return slip
        tally = tallies[stream] = tally.grow(policy)
    return mapping.enter(kind, body, tally, policy)


async def _read_before(
    connection: Connection,
    tenant: int,
    late: dict[bytes, int],
    policy: Policy,
    tallies: Tallies,
) -> None:
    """Tell the tallies what was said on streams before the given positions."""
    streams = sorted(late)
    low, high = uuid.UUID(bytes=streams[0]), uuid.UUID(bytes=streams[-1])
    asked = (tenant, write.uuid_bytes(streams), str(low), str(high))
    cursor = await connection.execute(_BEFORE, asked, binary=True)
    rows = await cursor.fetchall()
    await sku_values.load(connection, tenant, policy, (bytes(packed) for _, _, packed in rows))
    for stream, v, packed in rows:
        for seq, body in enumerate(fact.unpack(bytes(packed)), v):
            if seq >= late[stream]:
                break
            kind = mapping.kind_of(body)
            if kind:
                take(tallies, stream, kind, body, policy)


async def read_policy(connection: Connection, tenant: int) -> Policy:
    """Read by which rules a merchant's facts become entries, and what is kept of all SKUs."""
    policy = await _read_treatments(connection, tenant)
    await sku_values.load_all(connection, tenant, policy)
    return policy


async def _read_treatments(connection: Connection, tenant: int) -> Policy:
    rows = await (await connection.execute(_POLICY, (tenant,))).fetchall()
    if not rows:
        return Policy()
    calendar = Calendar(zone=rows[-1][2], begins=rows[-1][3])
    treatments = [Treatment(since=r[0], revenue=r[1], tax=r[4], costs=r[5]) for r in rows]
    return Policy(calendar=calendar, treatments=tuple(treatments), values={})


async def rebuild(connection: Connection, tenant: int) -> None:
    """Throw away what was entered from facts, and read the log again from its beginning.

    What bills and persons entered stays, with its numbers. Until the room has caught up no period
    can be closed.
    """
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        place = (tenant, journal.FACTS)
        await connection.execute("delete from journal where tenant=%s and word=%s", place)
        await connection.execute("delete from journal_numbers where tenant=%s and word=%s", place)
        await connection.execute("delete from journal_days where tenant=%s", (tenant,))
        await connection.execute(_SUM_AGAIN, (tenant,))
        await connection.execute("delete from cursors where name=%s and tenant=%s", (ROOM, tenant))


async def count_owed(connection: Connection, tenant: int, end_ms: int, now_ms: int) -> int:
    """Tell how many leaves are behind, if any of them may have been recorded before an instant; 0
    when whatever was said before it is entered, however many facts have come since.
    """
    waits_ms = await sequence.lag_ms(connection, now_ms)
    if waits_ms and now_ms - waits_ms < end_ms:  # said, and not in the log yet
        return max(1, await read_behind(connection, tenant))
    for half, position in await (await connection.execute(_NEXT, (ROOM, tenant))).fetchall():
        (leaf,) = await read_leaves(connection, tenant, half, position, position + 1)
        if mapping.recorded_ms(leaf.body) < end_ms:
            return await read_behind(connection, tenant)
    return 0


async def read_behind(connection: Connection, tenant: int) -> int:
    """Tell how many leaves of the log the journal has not read yet."""
    row = await (await connection.execute(_BEHIND, (ROOM, tenant))).fetchone()
    return int(row[0]) if row else 0
