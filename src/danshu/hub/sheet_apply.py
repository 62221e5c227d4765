"""The room `sheets`: rows of a judged sheet are written, or an import is undone.

Every chunk is read and judged again under its locks, so what is counted is what was written. With
`good` each chunk is a commit and a killed run goes on behind the last; with `all` everything is one
commit, and one bad row leaves nothing. Who works on a sheet holds its lock; it dies with them.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import authorities, merchants, sheet_check, sheet_targets
from danshu.hub.intake_sheets import encode
from danshu.hub.master_facts import SheetApplied, SheetUndone
from danshu.hub.sheet_check import Outcome, Row
from danshu.hub.sheet_kinds import Kind, words
from danshu.kernel.errors import DanshuError, ProgramError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import SHEET_CHUNK_ROWS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Connection = psycopg.AsyncConnection[Any]
_log = logging.getLogger("danshu.sheets")
RESTORED: Final = 1
CHANGED_SINCE: Final = 2
KEPT: Final = 3
_NUMBERED: Final = ("skus", "warehouses", "regions")  # a code keeps its number, so its row stays
_WAITING: Final = """
select tenant, id from sheets where state in ('applying','undoing') order by changed limit 20
"""
_TRY: Final = "select pg_try_advisory_lock(%s, %s)"
_FREE: Final = "select pg_advisory_unlock(%s, %s)"
_LOCK: Final = 0x44425368  # "DBSh"
_READ: Final = """
select kind,state,mode,line,digest,columns,actor from sheets where tenant=%s and id=%s
"""
_NEXT: Final = """
select line,key,given,after,outcome from sheet_rows where tenant=%s and id=%s and line>%s
and outcome = any(%s) order by line limit %s
"""
_NEXT_UNDO: Final = """
select line,key,before,after,outcome from sheet_rows where tenant=%s and id=%s and line>%s
and outcome = any(%s) and undone=0 order by line limit %s
"""
_JUDGED: Final = """
update sheet_rows s set outcome=w.outcome, before=w.before, after=w.after, field=w.field,
reason=w.reason, value=w.value, detail=w.detail
from unnest(%s::int4[],%s::int2[],%s::bytea[],%s::bytea[],%s::text[],%s::text[],%s::text[],
%s::text[]) w(line,outcome,before,after,field,reason,value,detail)
where s.tenant=%s and s.id=%s and s.line=w.line
"""
_UNDONE: Final = """
update sheet_rows s set undone=w.undone, value=w.value
from unnest(%s::int4[],%s::int2[],%s::text[]) w(line,undone,value)
where s.tenant=%s and s.id=%s and s.line=w.line
"""
_STAND: Final = "update sheets set line=%s, changed=now() where tenant=%s and id=%s"
_END: Final = """
update sheets set state=%s, counts=%s, trouble=%s, changed=now(), expires=null
where tenant=%s and id=%s
"""
_COUNT: Final = "select outcome, count(*) from sheet_rows where tenant=%s and id=%s group by 1"
_COUNT_UNDONE: Final = (
    "select undone, count(*) from sheet_rows where tenant=%s and id=%s group by 1"
)
_WRITTEN: Final = """
select line, after from sheet_rows where tenant=%s and id=%s and outcome in (1,2) order by line
"""
_RESTORED: Final = """
select line, before from sheet_rows where tenant=%s and id=%s and undone=1 order by line
"""
_OPEN: Final = [int(Outcome.NEW), int(Outcome.CHANGED), int(Outcome.SAME)]
_WROTE: Final = [int(Outcome.NEW), int(Outcome.CHANGED)]


class _Rejected(Exception):
    """A row of an import that takes all or nothing cannot be taken."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        self.rows = rows


class _Task(Struct, frozen=True, kw_only=True):
    """A sheet that waits for the room."""

    tenant: int
    id: uuid.UUID
    kind: Kind
    state: str
    mode: str
    line: int
    file: str
    columns: str
    actor: Actor

    @property
    def place(self) -> tuple[int, uuid.UUID]:
        """The key of the sheet's row."""
        return self.tenant, self.id


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room: one sheet is worked off; 1 when there was one."""

    async def step(connection: Connection) -> int:
        cursor = await connection.execute(_WAITING)
        for tenant, id_ in await cursor.fetchall():
            lock = (_LOCK ^ tenant, int.from_bytes(id_.bytes[-4:], "big", signed=True))
            if not await _one(connection, _TRY, lock):
                continue
            try:
                return await _work(connection, url, tenant, id_)
            finally:
                await connection.execute(_FREE, lock)
        return 0

    return step


async def _work(connection: Connection, url: str, tenant: int, id_: uuid.UUID) -> int:
    task = await _read(connection, tenant, id_)
    if task is None:
        return 0
    try:
        if task.state == "undoing":
            await _undo(connection, task)
        else:
            await _apply(connection, url, task)
    except (DanshuError, psycopg.errors.DataError, psycopg.errors.IntegrityError) as error:
        # a sheet that cannot be worked off must not stand in the way of the others
        _log.exception("the sheet %s cannot be worked off", id_)
        counts = encode(await _counts(connection, task))
        state = "applied" if task.state == "undoing" else "failed"
        await connection.execute(_END, (state, counts, str(error)[:200], *task.place))
    return 1


async def _read(connection: Connection, tenant: int, id_: uuid.UUID) -> _Task | None:
    row = await (await connection.execute(_READ, (tenant, id_))).fetchone()
    if row is None or row[1] not in ("applying", "undoing"):
        return None
    return _Task(
        tenant=tenant,
        id=id_,
        kind=words().kinds[row[0]],
        state=row[1],
        mode=row[2],
        line=row[3],
        file=bytes(row[4]).hex(),
        columns=hashlib.sha256(bytes(row[5])).hexdigest(),
        actor=msgspec.json.decode(row[6], type=Actor),
    )


async def _apply(connection: Connection, url: str, task: _Task) -> None:
    """Write the sheet's rows from where it stands."""
    if task.mode == "good":
        line = task.line
        while True:
            async with connection.transaction():
                line = await _write_chunk(connection, task, line)
                if line < 0:
                    await _end_apply(connection, task)
                    return
                await connection.execute(_STAND, (line, *task.place))
    try:
        async with (
            await psycopg.AsyncConnection.connect(url, autocommit=True) as beside,
            connection.transaction(),
        ):
            line = 0
            while (line := await _write_chunk(connection, task, line)) >= 0:
                # told beside the transaction, which nobody can look into before it ends
                await beside.execute(_STAND, (line, *task.place))
            await _end_apply(connection, task)
    except _Rejected as no:
        async with connection.transaction():
            await _keep(connection, task, no.rows)
            counts = encode(await _counts(connection, task))
            await connection.execute(_END, ("refused", counts, "", *task.place))


async def _write_chunk(connection: Connection, task: _Task, after: int) -> int:
    """Judge the next rows again under their locks and write them; gives the last line, -1 at the
    end. Raises _Rejected when all or nothing is wanted.
    """
    rows = await _next(connection, _NEXT, task, after, _OPEN)
    if not rows:
        return -1
    name = task.kind.name
    if name != "stock":
        await connection.execute("select 1 from tenants where id=%s for update", (task.tenant,))
    keys = [row.key for row in rows]
    present = await sheet_targets.read_present(connection, task.tenant, name, keys, lock=True)
    present.foreign = await authorities.read_foreign(connection, task.tenant, name)
    sheet_check.judge(task.kind, rows, present)
    if task.mode == "all" and any(row.wrong for row in rows):
        raise _Rejected([row for row in rows if row.wrong])
    made = [row.made for row in rows if row.outcome in (Outcome.NEW, Outcome.CHANGED)]
    await _put(connection, task, made, "import")
    await _keep(connection, task, rows)
    return rows[-1].line


async def _put(connection: Connection, task: _Task, made: Sequence[Struct], why: str) -> None:
    if not made:
        return
    reason = f"{why} {task.id}"
    no = await sheet_targets.write_rows(
        connection, task.tenant, task.kind.name, made, reason, task.actor
    )
    if no is not None:
        raise ProgramError(f"the rows were judged under their locks, and yet: {no.code}")


async def _keep(connection: Connection, task: _Task, rows: Sequence[Row]) -> None:
    """Note what became of rows, and what was there before."""
    wrongs = [row.wrong for row in rows]
    await connection.execute(
        _JUDGED,
        (
            write.int4s([row.line for row in rows]),
            write.int2s([int(row.outcome) for row in rows]),
            write.byteas([encode(r.before) if r.before is not None else b"" for r in rows]),
            write.byteas([b"" if r.wrong else encode(r.after) for r in rows]),
            write.texts([w.field if w else "" for w in wrongs]),
            write.texts([w.reason if w else "" for w in wrongs]),
            write.texts([w.value if w else "" for w in wrongs]),
            write.texts([w.detail if w else "" for w in wrongs]),
            *task.place,
        ),
    )


async def _end_apply(connection: Connection, task: _Task) -> None:
    counts = await _counts(connection, task)
    await connection.execute(_END, ("applied", encode(counts), "", *task.place))
    applied = SheetApplied(
        added=counts["new"],
        changed=counts["changed"],
        columns=task.columns,
        content=await _digest(connection, _WRITTEN, task),
        file=task.file,
        kind=task.kind.name,
        mode=task.mode,
        rejected=counts["rejected"],
        rows=sum(counts[o.word] for o in Outcome),
        same=counts["same"],
        sheet=str(task.id),
    )
    await merchants.say(connection, task.tenant, task.actor, applied)


async def _undo(connection: Connection, task: _Task) -> None:
    """Bring back what was there before the import, a chunk a commit."""
    line = 0
    while True:
        async with connection.transaction():
            rows = await _next(connection, _NEXT_UNDO, task, line, _WROTE)
            if rows:
                await _restore(connection, task, rows)
                line = rows[-1].line
                await connection.execute(_STAND, (line, *task.place))
                continue
            counts = await _counts(connection, task)
            await connection.execute(_END, ("undone", encode(counts), "", *task.place))
            undone = SheetUndone(
                changed_since=counts["changed_since"],
                content=await _digest(connection, _RESTORED, task),
                kept=counts["kept"],
                kind=task.kind.name,
                restored=counts["restored"],
                sheet=str(task.id),
            )
            await merchants.say(connection, task.tenant, task.actor, undone)
            return


async def _restore(connection: Connection, task: _Task, rows: Sequence[Row]) -> None:
    name = task.kind.name
    if name != "stock":
        await connection.execute("select 1 from tenants where id=%s for update", (task.tenant,))
    keys = [row.key for row in rows]
    present = await sheet_targets.read_present(connection, task.tenant, name, keys, lock=True)
    back: list[Struct] = []
    drop: list[sheet_targets.Key] = []
    fates: list[int] = []
    seen: list[str] = []
    for row in rows:
        now = present.rows.get(row.key)
        fate = _fate(task.kind, row, now, present.reserved.get(row.key, 0))
        fates.append(fate)
        seen.append(encode(now).decode() if fate == CHANGED_SINCE else "")
        if fate != RESTORED:
            continue
        if row.before is None and name in ("lanes", "bundles"):
            drop.append(row.key)
        else:
            before = row.before or sheet_targets.empty_stock(row.key)
            back.append(msgspec.convert(before, task.kind.row))
    await _put(connection, task, back, "undo import")
    if drop:
        await sheet_targets.drop_rows(connection, task.tenant, name, drop)
        await merchants.touch(connection, task.tenant)
    lines = write.int4s([row.line for row in rows])
    await connection.execute(_UNDONE, (lines, write.int2s(fates), write.texts(seen), *task.place))


def _fate(kind: Kind, row: Row, now: dict[str, Any] | None, reserved: int) -> int:
    if row.before is None and kind.name in _NUMBERED:
        return KEPT
    if now is None or any(now[name] != value for name, value in row.after.items()):
        return CHANGED_SINCE
    if kind.name == "stock" and (row.before["on_hand"] if row.before else 0) < reserved:
        return CHANGED_SINCE
    return RESTORED


async def _next(
    connection: Connection, sql: str, task: _Task, after: int, outcomes: list[int]
) -> list[Row]:
    cursor = await connection.execute(sql, (*task.place, after, outcomes, SHEET_CHUNK_ROWS))
    rows = []
    for line, key, said, written, outcome in await cursor.fetchall():
        values = msgspec.json.decode(said) if said else None
        rows.append(
            Row(
                line=line,
                key=tuple(key),
                given=(values or {}) if sql is _NEXT else {},
                before=values if sql is not _NEXT else None,
                after=msgspec.json.decode(written) if written else {},
                outcome=Outcome(outcome),
            )
        )
    return rows


async def _counts(connection: Connection, task: _Task) -> dict[str, int]:
    counts = {o.word: 0 for o in Outcome}
    cursor = await connection.execute(_COUNT, task.place)
    counts |= {Outcome(outcome).word: n for outcome, n in await cursor.fetchall()}
    if task.state == "undoing":
        cursor = await connection.execute(_COUNT_UNDONE, task.place)
        undone = dict(await cursor.fetchall())
        counts |= {
            "restored": undone.get(RESTORED, 0),
            "changed_since": undone.get(CHANGED_SINCE, 0),
            "kept": undone.get(KEPT, 0),
        }
    return counts


async def _digest(connection: Connection, sql: str, task: _Task) -> str:
    """SHA-256 over the rows of a sheet in their order: line, tab, canonical JSON, line feed."""
    content = hashlib.sha256()
    async with connection.cursor(name="sheet_digest") as cursor:
        await cursor.execute(sql, task.place)
        async for line, row in cursor:
            content.update(b"%d\t%b\n" % (line, bytes(row)))
    return content.hexdigest()


async def _one(connection: Connection, sql: str, params: Any) -> Any:
    row = await (await connection.execute(sql, params)).fetchone()
    return row[0] if row else None
