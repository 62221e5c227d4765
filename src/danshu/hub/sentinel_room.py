"""The room `sentinel` 哨兵: follows the leaves, keeps of each order what detectors ask, and writes
findings in the commit that moves its cursor. What did not happen is looked for between batches.

Of a fact only the types that matter are decoded. Orders are kept in memory; one that is not there
is folded again from its facts. What memory holds may be lost at any time: prints of orders lie in a
table, a row a batch, and whatever a failed commit had learned is forgotten with it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.capabilities.sentinel import causes, prints, scan
from danshu.capabilities.sentinel import judge as judging
from danshu.capabilities.sentinel import life as lives
from danshu.capabilities.sentinel.compare import LISTED
from danshu.capabilities.sentinel.model import ORDER_CLASSES, Found
from danshu.capabilities.sentinel.parts import Life, Told
from danshu.hub import findings, sentinel_arrivals, sentinel_changes
from danshu.hub.compose import now_ms
from danshu.hub.sentinel_glance import Glance, compile_all, salt_of
from danshu.hub.sentinel_watch import Watch
from danshu.hub.urgency import URGENCY
from danshu.kernel import fact
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import (
    SENTINEL_DUPLICATE_S,
    SENTINEL_LEAVES,
    SENTINEL_LIVES,
    SENTINEL_LOOK_S,
)
from danshu.ledger import write
from danshu.ledger.follow import Follower, read_beside
from danshu.ledger.leaves import Rows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from numpy.typing import NDArray

    from danshu.ledger.leaves import FactRow

Connection = Any
ROOM: Final = "sentinel"
_MARKS: Final = {**lives.MARKS, **sentinel_changes.MARKS}
_AS_PLACED: Final = 3  # placed, paid, allocated: what one commit says of a new order
_SALT: Final = "select salt from tenants where id=%b"
_PERSONS: Final = """
select uuid_send(id), person from vault
where tenant=%b and id = any(%b::uuid[]) and id >= %b::uuid and id <= %b::uuid
"""
_FACTS: Final = """
select uuid_send(stream), body from facts where tenant=%b and stream = any(%b::uuid[])
and stream >= %b::uuid and stream <= %b::uuid order by stream, v
"""
_KNOWN: Final = """
select uuid_send(oid), class, subject, state='done' and how='gone' from findings
where tenant=%b and oid = any(%b::uuid[])
"""
_OTHERS: Final = """
select class, subject from findings where tenant=%b and other = any(%b::uuid[])
and class='duplicate' and state<>'done'
"""
_KEEP_PRINTS: Final = """
insert into sentinel_prints(tenant,half,position,at,keys,ids) values(%b,%b,%b,%b,%b,%b)
on conflict do nothing
"""
_BEFORE: Final = """
select half, position from sentinel_prints where tenant=%s and at <= %s
order by half desc, position desc limit 1
"""
_READ_PRINTS: Final = """
select half, position, array_send(keys), array_send(ids) from sentinel_prints
where tenant=%s and (half,position) > (%s,%s) order by half, position limit 500
"""
_ARRAY_HEAD: Final = 20  # dimensions, nulls, type; length and lower bound of the one dimension


class Memory:
    """What is kept of one merchant between batches. `place` is where the next batch begins."""

    def __init__(self) -> None:
        self.lives: OrderedDict[bytes, Life] = OrderedDict()
        self.prints = prints.Prints()
        self.salt: NDArray[np.uint64] | None = None
        self.place: tuple[str, int] = ("", -1)


class Sentinel:
    """The detectors of all merchants of this process."""

    def __init__(self) -> None:
        self._memories: dict[int, Memory] = {}

    async def follow(self, connection: Connection, leaves: Rows) -> None:
        """Judge what leaves of one book speak of; writes findings in the caller's transaction."""
        # taken out, so that what a failed commit had learned is gone with it
        memory = self._memories.pop(leaves.tenant, None)
        if memory is None or memory.place not in ((leaves.half, leaves.first), ("", -1)):
            memory = Memory()
        if memory.salt is None:
            await _recall(connection, leaves.tenant, memory)
        await _Batch(connection, leaves.tenant, memory, now_ms()).take(leaves)
        memory.place = (leaves.half, leaves.first + len(leaves))
        self._memories[leaves.tenant] = memory


async def _recall(connection: Connection, tenant: int, memory: Memory) -> None:
    """Read the prints of the orders that a new one may be a duplicate of."""
    row = await (await connection.execute(_SALT, (tenant,), binary=True)).fetchone()
    memory.salt = salt_of(bytes(row[0]) if row else b"")
    since = write.instant((now_ms() - SENTINEL_DUPLICATE_S * 1000) * 1000)
    row = await (await connection.execute(_BEFORE, (tenant, since))).fetchone()
    half, position = row or ("", -1)
    while True:
        asked = (tenant, half, position)
        rows = await (await connection.execute(_READ_PRINTS, asked)).fetchall()
        if not rows:
            return
        for *_, keys, ids in rows:
            memory.prints.load(
                _flat(keys, ">i8").astype(np.int64).reshape(-1, 2), _flat(ids, "(16,)u1")
            )
        half, position = rows[-1][:2]


def _flat(sent: bytes, kind: str) -> Any:
    """Take the elements out of a one-dimensional array as PostgreSQL sends it: (n,) of `kind`."""
    element = np.dtype([("length", ">i4"), ("value", kind)])
    return np.frombuffer(sent, element, offset=_ARRAY_HEAD)["value"] if sent[3] else []


class _Batch:
    """One batch of leaves of a book."""

    def __init__(self, connection: Connection, tenant: int, memory: Memory, at_ms: int) -> None:
        self._connection, self._tenant = connection, tenant
        self._memory, self._at_ms = memory, at_ms
        self._opened: list[Found] = []
        self._gone: list[tuple[str, str]] = []

    async def take(self, leaves: Rows) -> None:
        """Look, fold, judge, and write what is new."""
        rows, salt = leaves.rows, self._memory.salt
        assert salt is not None
        glance = Glance(rows, salt)
        fresh, later, changed = self._read(rows, glance.verdicts)
        if changed:
            await sentinel_changes.keep(self._connection, self._tenant, changed)
        touched = {stream: _live(facts) for stream, facts in fresh.items()}
        if later:
            touched |= await self._bring(later)
        if len(glance.fresh):
            for at, other, cause in await self._compare(glance, leaves):
                id_ = rows[at][0]
                life = touched[id_] = touched.get(id_) or _live(_told(rows[at]))
                self._opened.append(_duplicate(life, id_, other, cause))
                life.known |= {("duplicate", id_.hex())}
            await sentinel_arrivals.count(self._connection, self._tenant, glance.count())
            placed = ((rows[at][0], _told(rows[at])[0].data) for at in glance.fresh)
            self._gone += await sentinel_arrivals.follow_numbers(
                self._connection, self._tenant, placed, self._at_ms
            )
        for stream, life in touched.items():
            self._judge(stream, life)
        await self._end_others(touched)
        await findings.record(self._connection, self._tenant, self._at_ms, self._opened, self._gone)
        self._keep(touched)

    def _read(
        self, rows: Sequence[FactRow], verdicts: NDArray[np.int64]
    ) -> tuple[dict[bytes, list[Told]], dict[bytes, list[Told]], list[Told]]:
        """Read the facts that matter of streams with which something may be wrong: of orders that
        begin in these rows, of those that go on; and of changes.
        """
        usual = {rows[at][0]: at for at in np.flatnonzero(verdicts == scan.USUAL).tolist()}
        fresh: dict[bytes, list[Told]] = {}
        later: dict[bytes, list[Told]] = {}
        changed: list[Told] = []
        for at in np.flatnonzero(verdicts != scan.USUAL).tolist():
            stream = rows[at][0]
            if stream in usual and stream not in fresh:  # and something was said of it since
                fresh[stream] = _told(rows[usual[stream]])
            told = _told(rows[at])
            if stream in fresh:
                fresh[stream] += told
            elif told and told[0].type in causes.KINDS:
                changed += told
            elif told:
                of = fresh if verdicts[at] == scan.FRESH else later
                of.setdefault(stream, []).extend(told)
        return fresh, later, changed

    async def _bring(self, later: dict[bytes, list[Told]]) -> dict[bytes, Life]:
        """Bring orders up to what is said of them: from memory, else from all their facts."""
        kept = self._memory.lives
        touched: dict[bytes, Life] = {}
        for stream, facts in later.items():
            life = kept.get(stream)
            if life is not None:
                for each in facts:
                    lives.fold(life, each)
                touched[stream] = life
        absent = sorted(stream for stream in later if stream not in touched)
        if absent:
            ends = {stream: later[stream][-1].id for stream in absent}
            touched |= await self._refold(absent, ends)
        return touched

    async def _refold(self, ids: list[bytes], ends: dict[bytes, str]) -> dict[bytes, Life]:
        """Fold orders from their facts, up to the last that was read: what comes after it is
        judged with its own leaf.
        """
        asked = (self._tenant, write.uuid_bytes(ids), ids[0].hex(), ids[-1].hex())
        rows = await (await self._connection.execute(_FACTS, asked, binary=True)).fetchall()
        found: dict[bytes, Life] = {}
        over: set[bytes] = set()
        for stream, body in rows:
            life = found.setdefault(stream, Life())
            for part in fact.unpack(bytes(body)):
                if stream in over or lives.type_of(part) not in lives.MARKS:
                    continue
                each = lives.read(part)
                lives.fold(life, each)
                if each.id == ends[stream]:
                    over.add(stream)
        given = (self._tenant, write.uuid_bytes(ids))
        known = await (await self._connection.execute(_KNOWN, given, binary=True)).fetchall()
        for stream, klass, subject, is_gone in known:
            if not is_gone and stream in found and not subject.endswith(LISTED):
                found[stream].known |= {(klass, subject)}
        return found

    async def _compare(self, glance: Glance, leaves: Rows) -> list[tuple[int, bytes, str]]:
        """Find duplicates among the orders of the last minutes: an order's row, which it repeats,
        why.
        """
        rows = leaves.rows
        streams = {rows[at][0]: at for at in glance.fresh}
        order = glance.order()
        ids = [rows[glance.fresh[at]][0] for at in order.tolist()]
        asked = (self._tenant, write.uuid_bytes(ids), ids[0].hex(), ids[-1].hex())
        people = await (await self._connection.execute(_PERSONS, asked, binary=True)).fetchall()
        whose = [streams[id_] for id_, person in people if person]
        hashed = glance.hash([person for _, person in people if person], whose)[order]
        found = self._memory.prints.add(hashed, glance.ids[order])
        when = write.instant(self._at_ms * 1000)
        kept = (
            self._tenant, leaves.half, leaves.first, when,
            write.int8s(hashed.reshape(-1)), write.uuid_bytes(ids),
        )  # fmt: skip
        await self._connection.execute(_KEEP_PRINTS, kept, binary=True)
        return [(streams[ids[at]], other, cause) for at, other, cause in found]

    def _judge(self, stream: bytes, life: Life) -> None:
        """Compare what is wrong with what is written down already."""
        found = judging.judge(life, stream)
        if not found and not life.known and not life.cancelled:
            return
        now = {f.key: f for f in found}
        self._opened += [f for key, f in now.items() if key not in life.known]
        gone = {
            key
            for key in life.known
            if key not in now and key[0] in ORDER_CLASSES and key[0] != "duplicate"
        }
        if life.cancelled:
            gone |= {key for key in life.known if key[0] == "duplicate"}
            self._gone.append(("illegal_transition", stream.hex() + LISTED))
        self._gone += sorted(gone)
        life.known = frozenset((life.known - gone) | now.keys())

    async def _end_others(self, touched: dict[bytes, Life]) -> None:
        """Where the first of two duplicates is cancelled, the second is none any more."""
        ended = [stream for stream, life in touched.items() if life.cancelled]
        if ended:
            given = (self._tenant, write.uuid_bytes(ended))
            rows = await (await self._connection.execute(_OTHERS, given, binary=True)).fetchall()
            self._gone += [(klass, subject) for klass, subject in rows]

    def _keep(self, touched: dict[bytes, Life]) -> None:
        """Keep the orders that are not as they should be, or live on; what was just placed and is
        right is read again when it does, for it would only fill memory.
        """
        kept = self._memory.lives
        for stream, life in touched.items():
            if life.known or stream in kept or len(life.ids) > _AS_PLACED:
                kept[stream] = life
                kept.move_to_end(stream)
        while len(kept) > SENTINEL_LIVES:
            kept.popitem(last=False)


def _told(row: FactRow) -> list[Told]:
    """Read the facts of a row that matter."""
    bodies = fact.unpack(row[3])
    return [decode(body) for body in bodies if (decode := _MARKS.get(lives.type_of(body)))]


def _live(facts: Sequence[Told]) -> Life:
    """Make the life of an order that was just placed."""
    life = Life()
    for each in facts:
        lives.fold(life, each)
    return life


def _duplicate(life: Life, id_: bytes, other: bytes, cause: str) -> Found:
    placed = life.placed
    assert placed is not None
    warehouse = next((p.warehouse for p in life.parcels.values() if not p.is_void), "")
    return Found(
        klass="duplicate",
        subject=id_.hex(),
        cause=cause,
        params={"other": str(uuid.UUID(bytes=other))},
        evidence=(life.ids["order.placed"], f"{uuid.UUID(bytes=other)}/1"),
        channel=placed.channel,
        shop=placed.shop,
        warehouse=warehouse,
        place=placed.shop,
        order=id_,
        number=placed.number,
        other=other,
        risk=placed.total,
        at_ms=epoch_ms(life.recorded),
    )


async def _read_whole(connection: Connection, tenant: int, half: str, first: int, end: int) -> Rows:
    """Read leaves, but of a full batch not its last stream: what one commit said of an order is
    judged together.
    """
    leaves = await read_beside(connection, tenant, half, first, end)
    rows = leaves.rows
    if len(leaves) < SENTINEL_LEAVES:
        return leaves
    whole = len(rows)
    while whole and rows[whole - 1][0] == rows[-1][0]:
        whole -= 1
    return Rows(tenant, half, first, rows[:whole]) if whole else leaves


def make_follower() -> Follower[Rows]:
    """Make the follower of the room, with detectors of its own."""
    return Follower(ROOM, Sentinel().follow, leaves_max=SENTINEL_LEAVES, read=_read_whole)


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room; 1 when more is waiting."""
    del url  # the room's own connection is all it needs
    follower = make_follower()
    build = sentinel_changes.Build()
    looked_ms = 0
    watch = Watch()
    is_compiled = False

    async def step(connection: Connection) -> int:
        nonlocal looked_ms, is_compiled
        if not is_compiled:  # beside the loop, on which other rooms live
            await asyncio.to_thread(compile_all)
            is_compiled = True
        if URGENCY.asks_to_wait:
            return 0
        at_ms = now_ms()
        if at_ms - looked_ms >= SENTINEL_LOOK_S * 1000:
            looked_ms = at_ms
            await build.tell(connection, at_ms)
            await watch.look(connection, at_ms)
        done = await follower.step(connection, at_ms)
        return int(done >= SENTINEL_LEAVES // 2)

    return step
