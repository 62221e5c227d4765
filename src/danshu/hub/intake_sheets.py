"""Sheets on their way in: kept as they came, columns chosen, every row judged before one is
written.

uploaded -> mapped -> applying -> applied | refused | failed -> undoing -> undone. Up to `mapped` a
sheet can be left and taken up again; after SHEET_OPEN_S it is forgotten.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub import sheet_check, sheet_columns, sheet_files
from danshu.hub.actors import name_actors
from danshu.hub.sheet_check import Outcome, Row
from danshu.hub.sheet_columns import Chosen, Columns
from danshu.hub.sheet_files import Form
from danshu.hub.sheet_kinds import Kind, words
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import SHEET_OPEN_S, SHEET_VALUE_CHARS, SHEETS_OPEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.hub.sheet_targets import Connection
    from danshu.kernel.fact import Actor

OPEN: Final = ("uploaded", "mapped")
UNWRITTEN: Final = (*OPEN, "refused")
NO_SHEET: Final = InputError("no_sheet", "there is no such import")
TOO_MANY: Final = Refusal(
    code="too_many_imports",
    reason="未完成的导入太多,先完成或放弃几个",
    reason_en="Too many imports are unfinished: finish or give up some of them",
    clause="imports.open",
)
STARTED: Final = Refusal(
    code="import_started",
    reason="已开始写入,不能再改",
    reason_en="It has been started and cannot be changed any more",
    clause="imports.state",
)
_COLUMNS: Final = (
    "id,kind,name,digest,octet_length(body),form,tabs,first,columns,state,mode,counts,line,trouble,"
    "by,made,changed,expires"
)
_INSERT: Final = """
insert into sheets(tenant,id,kind,name,digest,body,form,tabs,first,columns,state,by,actor,expires)
values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,'uploaded',%s,%s,now()+make_interval(secs=>%s))
"""
_READ: Final = f"select {_COLUMNS} from sheets where tenant=%s and id=%s"
_LIST: Final = f"""
select {_COLUMNS} from sheets where tenant=%s and id<%s
and (%s='' or kind=%s) and (%s='' or state=%s) order by id desc limit %s
"""
_HOLD: Final = "select state, body from sheets where tenant=%s and id=%s for update"
_MAPPED: Final = """
update sheets set form=%s, first=%s, columns=%s, counts=%s, state=%s, changed=now(),
expires=now()+make_interval(secs=>%s) where tenant=%s and id=%s
"""
_REMEMBER: Final = """
insert into sheet_columns(tenant,kind,signature,columns) values(%s,%s,%s,%s)
on conflict (tenant,kind,signature) do update set columns=excluded.columns, used=now()
"""
_RECALL: Final = "select columns from sheet_columns where tenant=%s and kind=%s and signature=%s"
_EXPIRED: Final = """
with gone as (delete from sheets where tenant=%s and state = any(%s) and expires<now()
returning id) delete from sheet_rows r using gone g where r.tenant=%s and r.id=g.id
"""
_COPY: Final = """
copy sheet_rows(tenant,id,line,outcome,key,given,before,after,field,reason,value,detail) from stdin
"""
encode: Final = msgspec.json.Encoder(order="sorted").encode


class Sheet(Struct, frozen=True, kw_only=True):
    """A sheet as it is kept. `columns` are None until they were chosen; counts by outcome."""

    id: uuid.UUID
    kind: Kind
    name: str
    digest: str
    size: int
    form: Form
    tabs: tuple[str, ...]
    first: tuple[tuple[str, ...], ...]
    proposed: Columns
    state: str
    mode: str
    counts: dict[str, int]
    line: int
    trouble: str
    by: str
    made_ms: int
    changed_ms: int
    expires_ms: int

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns. Raises InputError when that row is empty."""
        return sheet_files.header(self.first, self.form.header_row)


def find_kind(name: str) -> Kind:
    """Give a kind by its name. Raises InputError `no_kind`."""
    kind = words().kinds.get(name)
    if kind is None:
        raise InputError("no_kind", f"there are: {', '.join(words().kinds)}", "/kind")
    return kind


async def keep(
    connection: Connection, tenant: int, kind: Kind, name: str, body: bytes, actor: Actor
) -> Sheet | Refusal:
    """Keep a file and propose what its columns are. Raises InputError for what is no table."""
    outline = await asyncio.to_thread(sheet_files.outline, body)
    first = _shorten(outline.first)
    row = sheet_columns.find_header_row(kind, first)
    form = msgspec.structs.replace(outline.form, header_row=row)
    columns = await _propose(connection, tenant, kind, form, first)
    id_ = ids.uuid7(now_ms(), os.urandom(10))
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        await connection.execute(_EXPIRED, (tenant, list(OPEN), tenant))
        if await _count_open(connection, tenant) >= SHEETS_OPEN:
            return TOO_MANY
        await connection.execute(
            _INSERT,
            (
                tenant, id_, kind.name, name, hashlib.sha256(body).digest(), body,
                encode(form), encode(outline.sheets), encode(first), encode(columns),
                actor.sub, encode(actor), SHEET_OPEN_S,
            ),
        )  # fmt: skip
    return await read(connection, tenant, id_)


async def _count_open(connection: Connection, tenant: int) -> int:
    cursor = await connection.execute(
        "select count(*) from sheets where tenant=%s and state = any(%s)", (tenant, list(OPEN))
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _propose(
    connection: Connection,
    tenant: int,
    kind: Kind,
    form: Form,
    first: Sequence[Sequence[str]],
) -> Columns:
    """Propose the columns: as the last sheet of this shape was read, else by their names."""
    header = sheet_files.header(tuple(tuple(r) for r in first), form.header_row)
    cursor = await connection.execute(
        _RECALL, (tenant, kind.name, sheet_columns.signature(kind, header))
    )
    row = await cursor.fetchone()
    if row is not None:
        return msgspec.json.decode(row[0], type=Columns)
    return sheet_columns.propose(kind, header, first[form.header_row :])


def _shorten(first: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(c[:SHEET_VALUE_CHARS] for c in row) for row in first)


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Sheet:
    """Read a sheet. Raises InputError `no_sheet`."""
    cursor = await connection.execute(_READ, (tenant, id_))
    row = await cursor.fetchone()
    if row is None:
        raise NO_SHEET
    return _sheet(row, await name_actors(connection, tenant, [row[14]]))


async def list_sheets(
    connection: Connection, tenant: int, kind: str, state: str, before: uuid.UUID, limit: int
) -> list[Sheet]:
    """List sheets below an id, newest first."""
    cursor = await connection.execute(_LIST, (tenant, before, kind, kind, state, state, limit))
    rows = await cursor.fetchall()
    names = await name_actors(connection, tenant, [row[14] for row in rows])
    return [_sheet(row, names) for row in rows]


def _sheet(r: tuple[Any, ...], names: Mapping[str, str]) -> Sheet:
    decode = msgspec.json.decode
    return Sheet(
        id=r[0],
        kind=words().kinds[r[1]],
        name=r[2],
        digest=bytes(r[3]).hex(),
        size=r[4],
        form=decode(r[5], type=Form),
        tabs=decode(r[6], type=tuple[str, ...]),
        first=decode(r[7], type=tuple[tuple[str, ...], ...]),
        proposed=decode(r[8], type=Columns),
        state=r[9],
        mode=r[10],
        counts=decode(r[11], type=dict[str, int]) if r[11] else {},
        line=r[12],
        trouble=r[13],
        by=names[r[14]],
        made_ms=int(r[15].timestamp() * 1000),
        changed_ms=int(r[16].timestamp() * 1000),
        expires_ms=int(r[17].timestamp() * 1000) if r[17] else 0,
    )


async def choose(
    connection: Connection, tenant: int, id_: uuid.UUID, chosen: Chosen
) -> Sheet | Refusal:
    """Take the columns as chosen and judge every row; without columns, propose them again.

    Raises InputError for columns that do not go together, or a file that cannot be read so.
    """
    sheet = await read(connection, tenant, id_)
    async with connection.transaction():
        cursor = await connection.execute(_HOLD, (tenant, id_))
        held = await cursor.fetchone()
        if held is None:
            raise NO_SHEET
        if held[0] not in UNWRITTEN:
            return STARTED
        body = bytes(held[1])
        form, first = await _reform(sheet, body, chosen)
        header = sheet_files.header(first, form.header_row)
        await connection.execute("delete from sheet_rows where tenant=%s and id=%s", (tenant, id_))
        if chosen.columns is None:
            columns = await _propose(connection, tenant, sheet.kind, form, first)
            state, counts = "uploaded", b""
        else:
            columns = chosen.columns
            sheet_columns.check(sheet.kind, header, columns)
            rows = await sheet_check.check(connection, tenant, sheet.kind, body, form, columns)
            if not rows:
                raise InputError("empty_body", "the file holds no rows below the names")
            await _write_rows(connection, tenant, id_, rows)
            state, counts = "mapped", encode(sheet_check.count(rows))
            mark = sheet_columns.signature(sheet.kind, header)
            await connection.execute(_REMEMBER, (tenant, sheet.kind.name, mark, encode(columns)))
        await connection.execute(
            _MAPPED,
            (
                encode(form), encode(first), encode(columns), counts, state, SHEET_OPEN_S,
                tenant, id_,
            ),
        )  # fmt: skip
    return await read(connection, tenant, id_)


async def _reform(
    sheet: Sheet, body: bytes, chosen: Chosen
) -> tuple[Form, tuple[tuple[str, ...], ...]]:
    """Give the form as chosen, and the first rows of that tab."""
    tab = chosen.sheet or sheet.form.sheet
    form = msgspec.structs.replace(sheet.form, header_row=chosen.header_row, sheet=tab)
    if tab == sheet.form.sheet:
        return form, sheet.first
    if tab not in sheet.tabs:
        raise InputError("bad_file", f"there is no tab {tab[:64]!r}", "/sheet")
    first = _shorten(await asyncio.to_thread(sheet_files.first_rows, body, form))
    if chosen.columns is None and chosen.header_row == 1:
        row = sheet_columns.find_header_row(sheet.kind, first)
        form = msgspec.structs.replace(form, header_row=row)
    return form, first


async def _write_rows(
    connection: Connection, tenant: int, id_: uuid.UUID, rows: Sequence[Row]
) -> None:
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            wrong = row.wrong
            await copy.write_row(
                (
                    tenant, id_, row.line, int(row.outcome), list(row.key), encode(row.given),
                    encode(row.before) if row.before is not None else b"",
                    encode(row.after) if row.outcome is not Outcome.REJECTED else b"",
                    wrong.field if wrong else "", wrong.reason if wrong else "",
                    wrong.value if wrong else "", wrong.detail if wrong else "",
                )
            )  # fmt: skip


async def give_up(connection: Connection, tenant: int, id_: uuid.UUID) -> Refusal | None:
    """Forget a sheet that was not started. Raises InputError `no_sheet`."""
    async with connection.transaction():
        cursor = await connection.execute(_HOLD, (tenant, id_))
        held = await cursor.fetchone()
        if held is None:
            raise NO_SHEET
        if held[0] not in UNWRITTEN:
            return STARTED
        await connection.execute("delete from sheet_rows where tenant=%s and id=%s", (tenant, id_))
        await connection.execute("delete from sheets where tenant=%s and id=%s", (tenant, id_))
    return None
