"""The floor of a warehouse: what waits for hands, who took it, and what is in it.

A claim is a lease on a fulfilment order: while it lasts nobody else works on it, whatever the kind
of work. A scan renews it. When it has run out, the next person begins anew: what the first had
scanned lies in a tote that the second does not hold.
"""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.floor.decide import OVER
from danshu.capabilities.floor.model import NUMBERS, STAGE_OF, WORKS, Review, Work
from danshu.capabilities.orders import parcels
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import FLOOR_COUNT, FLOOR_LEASE_S, FLOOR_LEASES, LATEST_MS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_TASK: Final = InputError("no_task", "there is no such task on the floor")
HELD: Final = Refusal(
    code="held",
    reason="已挂起,先解除挂起",
    reason_en="Held: lift the hold first",
    clause="hold.held",
)
INTERCEPTED: Final = parcels.INTERCEPTED
TOO_MANY: Final = Refusal(
    code="too_many_claims",
    reason=f"手上已有 {FLOOR_LEASES} 单,先做完或放回",
    reason_en=f"{FLOOR_LEASES} are in hand already: finish or give one back",
    clause="floor.claims",
)
AMBIGUOUS: Final = Refusal(
    code="ambiguous_code",
    reason="这个码对应多张履约单,从列表里选",
    reason_en="The code stands for several fulfilment orders: choose from the list",
    clause="floor.label",
)
_FIRST: Final = (datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), uuid.UUID(int=0), 0)
# What each kind of work may take; the words are those of the partial indexes.
_READY: Final = {
    Work.PICK: "stage = 1 and not held",
    Work.PACK: "stage = 2 and not held",
    Work.REVIEW: "stage = 3 and not held and review < 2",
    Work.HANDOVER: "stage = 3 and not held and review <> 1",
}
_FREE: Final = "(worker = '' or until < %(now)s)"
_COLUMNS: Final = (
    "id, fulfilment, wh, stage, review, held, due, units, skus, number, label, worker, who, kind,"
    " began, until, called, stop, grp"
)
_WAITING: Final = (
    f"select {_COLUMNS} from unnest(%(whs)s::int4[]) w(no) cross join lateral"
    f" (select {_COLUMNS} from floor_tasks where tenant=%(tenant)s and wh=w.no and {{ready}}"
    f" and ({_FREE} or worker=%(me)s)"
    " and (due,id,fulfilment) > (%(due)s::timestamptz,%(id)s::uuid,%(no)s::int)"
    " order by due,id,fulfilment limit %(limit)s) t order by due,id,fulfilment limit %(limit)s"
)
_COUNT: Final = (
    "select count(*) from (select 1 from unnest(%(whs)s::int4[]) w(no) cross join lateral"
    " (select 1 from floor_tasks where tenant=%(tenant)s and wh=w.no and {ready}"
    f" and ({_FREE} or worker=%(me)s) limit %(limit)s) t limit %(limit)s) n"
)
_MINE: Final = (
    f"select {_COLUMNS} from floor_tasks where tenant=%(tenant)s and worker=%(me)s"
    " and until >= %(now)s order by began, id, fulfilment limit %(limit)s"
)
_HEADS: Final = (
    "select w.no from unnest(%(whs)s::int4[]) w(no) cross join lateral"
    " (select due, id from floor_tasks where tenant=%(tenant)s and wh=w.no and {ready}"
    f" and stop is null and {_FREE} order by due,id,fulfilment limit 1) t order by t.due, t.id"
)
_TAKE: Final = (
    "with n as (select id, fulfilment, worker from floor_tasks where tenant=%(tenant)s and {which}"
    f" and {{ready}} and stop is null and ({_FREE} or worker=%(me)s)"
    " order by due,id,fulfilment limit 1 for update skip locked)"
    " update floor_tasks t set worker=%(me)s, who=%(who)s, kind=%(kind)s, until=%(until)s,"
    " began=case when t.worker=%(me)s and t.kind=%(kind)s then t.began else %(now)s end"
    " from n where t.tenant=%(tenant)s and t.id=n.id and t.fulfilment=n.fulfilment"
    " returning t.id, t.fulfilment, n.worker"
)
_IN_WAREHOUSE: Final = f"wh=%(wh)s and {_FREE}"
_BY_PLACE: Final = "id=%(id)s and fulfilment=%(no)s and wh=any(%(whs)s)"
_BY_LABEL: Final = "label=%(label)s and wh=any(%(whs)s)"
_NAMED: Final = f"select 1 from floor_tasks where tenant=%(tenant)s and {_BY_LABEL} limit 2"
_LOCK: Final = (
    f"select {_COLUMNS} from floor_tasks where tenant=%(tenant)s and id=%(id)s"
    " and fulfilment=%(no)s for update"
)
_READ: Final = _LOCK.removesuffix(" for update")
_FORGET: Final = tuple(
    f"delete from {table} where tenant=%s and id=%s and fulfilment=%s"
    for table in ("floor_scans", "floor_photos")
)
_GIVE_BACK: Final = (
    "update floor_tasks set worker='', who='', until=null where tenant=%s and id=%s"
    " and fulfilment=%s"
)


class Worker(Struct, frozen=True, kw_only=True):
    """Who works: the id that claims carry, the name that colleagues see, numbers of warehouses."""

    id: str
    who: str
    warehouses: tuple[int, ...]


class Waiting(Struct, frozen=True, kw_only=True):
    """A fulfilment order on the floor, as stored. Times in epoch ms, 0 = none."""

    id: uuid.UUID
    fulfilment: int
    wh: int
    stage: int
    review: int
    held: bool
    due_ms: int
    units: int
    skus: int
    number: str
    label: str
    worker: str
    who: str
    kind: int
    began_ms: int
    until_ms: int
    called_ms: int
    stop_ms: int = 0  # to be stopped: the floor's answer is due then
    group: str = ""  # leaves with others

    def is_held_by(self, worker: str, now_ms: int) -> bool:
        """Tell whether this worker's claim lasts."""
        return self.worker == worker and self.until_ms >= now_ms

    def is_taken(self, worker: str, now_ms: int) -> bool:
        """Tell whether somebody else's claim lasts."""
        return self.worker not in ("", worker) and self.until_ms >= now_ms

    def allows(self, work: Work) -> bool:
        """Tell whether this kind of work is what comes next."""
        if self.stage != STAGE_OF[work]:
            return False
        if work is Work.REVIEW:
            return self.review != Review.DONE
        return work is not Work.HANDOVER or self.review != Review.NEEDED


Place = tuple[int, uuid.UUID, int]  # due in epoch µs, order, fulfilment order


def worker_id(actor: Actor) -> str:
    """Give the id under which an actor claims: a person, or the key of a device."""
    return actor.sub if actor.grade in ("A", "B") else f"{actor.sub}#{actor.key}"


async def list_waiting(
    connection: Connection,
    tenant: int,
    worker: Worker,
    work: Work,
    now_ms: int,
    limit: int,
    after: Place | None = None,
) -> tuple[list[Waiting], Place | None]:
    """List what is free for a worker, or theirs, first to be late first; give the next place."""
    due, id_, no = (write.instant(after[0]), after[1], after[2]) if after else _FIRST
    sql = _WAITING.replace("{ready}", _READY[work])
    values = _values(tenant, worker, now_ms, limit=limit + 1) | {"due": due, "id": id_, "no": no}
    cursor = await connection.execute(sql, values, binary=True)
    rows = [_read_row(r) for r in await cursor.fetchall()]
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], (last.due_ms * 1000, last.id, last.fulfilment)


async def count_waiting(
    connection: Connection, tenant: int, worker: Worker, work: Work, now_ms: int
) -> int:
    """Count what `list_waiting` would list; FLOOR_COUNT + 1 means more than FLOOR_COUNT."""
    sql = _COUNT.replace("{ready}", _READY[work])
    values = _values(tenant, worker, now_ms, limit=FLOOR_COUNT + 1)
    row = await (await connection.execute(sql, values, binary=True)).fetchone()
    return int(row[0]) if row else 0


async def list_mine(
    connection: Connection, tenant: int, worker: Worker, now_ms: int
) -> list[Waiting]:
    """List what a worker has claimed, the first begun first."""
    values = _values(tenant, worker, now_ms, limit=FLOOR_LEASES)
    cursor = await connection.execute(_MINE, values, binary=True)
    return [_read_row(r) for r in await cursor.fetchall()]


async def claim_next(
    connection: Connection, tenant: int, worker: Worker, work: Work, now_ms: int
) -> tuple[uuid.UUID, int] | Refusal | None:
    """Claim what comes next: a claim of theirs that lasts, else what is first to be late; or None.

    Rows that others are claiming at this moment are passed over, never waited for.
    """
    async with connection.transaction():
        mine = await list_mine(connection, tenant, worker, now_ms)
        for row in mine:
            if row.kind == NUMBERS[work] and row.wh in worker.warehouses and row.allows(work):
                return row.id, row.fulfilment
        if len(mine) >= FLOOR_LEASES:
            return TOO_MANY
        values = _values(tenant, worker, now_ms, limit=0)
        heads = await connection.execute(
            _HEADS.replace("{ready}", _READY[work]), values, binary=True
        )
        for (wh,) in await heads.fetchall():
            found = await _take(
                connection, _IN_WAREHOUSE, worker, work, now_ms, values | {"wh": wh}
            )
            if found:
                return found
    return None


async def claim_this(
    connection: Connection,
    tenant: int,
    worker: Worker,
    work: Work,
    now_ms: int,
    *,
    place: tuple[uuid.UUID, int] | None = None,
    label: str = "",
) -> tuple[uuid.UUID, int] | Refusal:
    """Claim one fulfilment order, by its place or by the code on its paper.

    Raises InputError `no_task` when there is none in the worker's warehouses.
    """
    values = _values(tenant, worker, now_ms, limit=0) | {"label": label}
    if place:
        values |= {"id": place[0], "no": place[1]}
    which = _BY_PLACE if place else _BY_LABEL
    async with connection.transaction():
        mine = await list_mine(connection, tenant, worker, now_ms)
        is_full = len(mine) >= FLOOR_LEASES
        if is_full and not any(place in (None, (m.id, m.fulfilment)) for m in mine):
            return TOO_MANY
        if not place:
            cursor = await connection.execute(_NAMED, values, binary=True)
            if len(await cursor.fetchall()) > 1:
                return AMBIGUOUS
        found = await _take(connection, which, worker, work, now_ms, values)
        if found is None:
            sql = f"select {_COLUMNS} from floor_tasks where tenant=%(tenant)s and {which} limit 1"
            row = await (await connection.execute(sql, values, binary=True)).fetchone()
            if row is None:
                raise NO_TASK
            return why_not(_read_row(row), worker, work, now_ms) or OVER
    return found


async def _take(
    connection: Connection,
    which: str,
    worker: Worker,
    work: Work,
    now_ms: int,
    values: dict[str, Any],
) -> tuple[uuid.UUID, int] | None:
    sql = _TAKE.replace("{which}", which).replace("{ready}", _READY[work])
    until = write.instant((now_ms + FLOOR_LEASE_S * 1000) * 1000)
    more = {"kind": NUMBERS[work], "until": until, "who": worker.who}
    row = await (await connection.execute(sql, values | more, binary=True)).fetchone()
    if row is None:
        return None
    if row[2] not in ("", worker.id):
        await forget(connection, values["tenant"], row[0], row[1])
    return row[0], row[1]


def why_not(row: Waiting, worker: Worker, work: Work, now_ms: int) -> Refusal | None:
    """Say why a worker may not do this kind of work now; None when they may."""
    if row.held:
        return HELD
    if row.stop_ms:
        return INTERCEPTED
    if row.is_taken(worker.id, now_ms):
        minutes = max(1, (row.until_ms - now_ms + 59_999) // 60_000)
        return Refusal(
            code="taken",
            reason=f"{row.who} 正在处理,{minutes} 分后未动则释放",
            reason_en=f"{row.who} is working on it; it is free after {minutes} min without a scan",
            clause="floor.claim",
        )
    return None if row.allows(work) else OVER


async def lock(connection: Connection, tenant: int, id_: uuid.UUID, no: int) -> Waiting | None:
    """Lock a row of the floor; None when the fulfilment order is not there."""
    values = {"tenant": tenant, "id": id_, "no": no}
    row = await (await connection.execute(_LOCK, values, binary=True)).fetchone()
    return _read_row(row) if row else None


async def read(connection: Connection, tenant: int, id_: uuid.UUID, no: int) -> Waiting | None:
    """Read a row of the floor; None when the fulfilment order is not there."""
    values = {"tenant": tenant, "id": id_, "no": no}
    row = await (await connection.execute(_READ, values, binary=True)).fetchone()
    return _read_row(row) if row else None


async def give_back(connection: Connection, tenant: int, id_: uuid.UUID, no: int) -> None:
    """End a claim and forget what was scanned under it, in the caller's transaction."""
    await connection.execute(_GIVE_BACK, (tenant, id_, no))
    await forget(connection, tenant, id_, no)


async def forget(connection: Connection, tenant: int, id_: uuid.UUID, no: int) -> None:
    """Forget scans and photos that no fact names yet."""
    for sql in _FORGET:
        await connection.execute(sql, (tenant, id_, no))


def _values(tenant: int, worker: Worker, now_ms: int, *, limit: int) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "me": worker.id,
        "whs": list(worker.warehouses),
        "now": write.instant(now_ms * 1000),
        "limit": limit,
    }


def _read_row(row: Sequence[Any]) -> Waiting:
    *same, worker, who, kind, began, until, called, stop, grp = row
    id_, no, wh, stage, review, held, due, units, skus, number, label = same
    return Waiting(
        id=id_,
        fulfilment=no,
        wh=wh,
        stage=stage,
        review=review,
        held=held,
        due_ms=_ms(due),
        units=units,
        skus=skus,
        number=number,
        label=label,
        worker=worker,
        who=who,
        kind=kind,
        began_ms=_ms(began),
        until_ms=_ms(until),
        called_ms=_ms(called),
        stop_ms=_ms(stop),
        group=str(grp) if grp else "",
    )


def _ms(moment: datetime.datetime | None) -> int:
    return round(moment.timestamp() * 1000) if moment else 0


def work_of(row: Waiting) -> Work | None:
    """Give the kind of work that a row was claimed for."""
    return WORKS.get(row.kind) if row.worker else None


def has_clock(row: Waiting) -> bool:
    """Tell whether a promise of the order says by when."""
    return row.due_ms < LATEST_MS
