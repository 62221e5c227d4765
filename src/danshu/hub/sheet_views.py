"""What is shown of a sheet: its rows with what becomes of them, the rejected ones as a file again;
and the two acts that the room carries out.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub import intake_sheets, sheet_files
from danshu.hub.intake_sheets import NO_SHEET, Sheet, encode
from danshu.hub.sheet_check import Outcome
from danshu.hub.sheet_files import Form
from danshu.hub.sheet_kinds import explain
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from danshu.hub.sheet_targets import Connection
    from danshu.kernel.fact import Actor

NOT_READY: Final = Refusal(
    code="import_not_ready",
    reason="先选好对应列并预览",
    reason_en="Choose the columns and look at the preview first",
    clause="imports.state",
)
HAS_REJECTS: Final = Refusal(
    code="import_has_rejects",
    reason="有行不能导入,改好再传,或只导入好的行",
    reason_en="Some rows cannot be taken: mend the file, or take the good rows alone",
    clause="imports.mode",
)
NOTHING_TO_UNDO: Final = Refusal(
    code="import_not_applied",
    reason="还没有导入完成,没有可撤销的",
    reason_en="It has not been applied, there is nothing to undo",
    clause="imports.state",
)
UNDONE: Final = {1: "restored", 2: "changed_since", 3: "kept"}
_ROWS: Final = """
select line,outcome,key,given,before,after,field,reason,value,detail,undone from sheet_rows
where tenant=%s and id=%s and line>%s and (%s=0 or outcome=%s) and (%s=0 or undone=%s)
order by line limit %s
"""
_REJECTS: Final = """
select line,field,reason,value,detail from sheet_rows where tenant=%s and id=%s and outcome=4
order by line
"""
_WAREHOUSES: Final = """
select distinct key[1] from sheet_rows where tenant=%s and id=%s and outcome < 4
"""
_FILE: Final = "select body, form, columns from sheets where tenant=%s and id=%s"
_HOLD: Final = "select state, counts from sheets where tenant=%s and id=%s for update"
_START: Final = """
update sheets set state=%s, mode=coalesce(nullif(%s,''),mode),
line=case when state='failed' then line else 0 end, trouble='', actor=%s,
changed=now(), expires=null where tenant=%s and id=%s
"""


class SeenRow(Struct, frozen=True, kw_only=True):
    """A row of a sheet: what is there before and after; or the reason with its field and cell."""

    line: int
    outcome: str
    key: tuple[str, ...]
    before: dict[str, Any] | None
    after: dict[str, Any]
    field: str
    reason: str
    value: str
    detail: str
    undone: str


async def list_rows(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    *,
    outcome: str,
    undone: str,
    after: int,
    limit: int,
) -> list[SeenRow]:
    """List a sheet's rows after a line, of one outcome or all."""
    wanted = int(Outcome[outcome.upper()]) if outcome else 0
    fate = next((no for no, word in UNDONE.items() if word == undone), 0)
    cursor = await connection.execute(
        _ROWS, (tenant, id_, after, wanted, wanted, fate, fate, limit)
    )
    return [_seen(r) for r in await cursor.fetchall()]


def _seen(r: tuple[Any, ...]) -> SeenRow:
    decode = msgspec.json.decode
    return SeenRow(
        line=r[0],
        outcome=Outcome(r[1]).word,
        key=tuple(r[2]),
        before=decode(r[4]) if r[4] else None,
        after=decode(r[5]) if r[5] else decode(r[3]),
        field=r[6],
        reason=r[7],
        value=r[8],
        detail=r[9],
        undone=UNDONE.get(r[10], ""),
    )


async def list_warehouses(connection: Connection, tenant: int, id_: uuid.UUID) -> list[str]:
    """List the warehouses whose stock a sheet would write."""
    cursor = await connection.execute(_WAREHOUSES, (tenant, id_))
    return [r[0] for r in await cursor.fetchall()]


async def write_rejects(
    connection: Connection, tenant: int, sheet: Sheet, lang: str
) -> Iterator[str]:
    """Give the rejected rows as CSV: the file's own columns, then row, column and reason.

    What a spreadsheet would take for a formula is written as text.
    """
    cursor = await connection.execute(_REJECTS, (tenant, sheet.id))
    wrongs = {r[0]: r[1:] for r in await cursor.fetchall()}
    row = await (await connection.execute(_FILE, (tenant, sheet.id))).fetchone()
    if row is None:
        raise NO_SHEET
    form = msgspec.json.decode(row[1], type=Form)
    columns = msgspec.json.decode(row[2], type=dict[str, Any])
    return _rejects(sheet, bytes(row[0]), form, wrongs, columns, lang)


def _rejects(
    sheet: Sheet,
    body: bytes,
    form: Form,
    wrongs: dict[int, Any],
    columns: dict[str, Any],
    lang: str,
) -> Iterator[str]:
    header = sheet_files.header_of(body, form)
    own = ("row", "column", "reason") if lang == "en" else ("行", "列", "原因")
    yield "\ufeff" + write_line((*header, *own))
    fields = {f.name: f for f in sheet.kind.fields}
    for line, cells in sheet_files.rows(body, form):
        wrong = wrongs.get(line)
        if wrong is None:
            continue
        field, reason, value, detail = wrong
        known = fields.get(field)
        name = (known.en if lang == "en" else known.zh) if known else field
        at = columns.get(field, {}).get("at", -1)
        column = header[at] if 0 <= at < len(header) else name
        padded = [*cells[: len(header)], *[""] * (len(header) - len(cells))]
        yield write_line((*padded, str(line), column, explain(reason, name, value, detail, lang)))


def write_line(cells: tuple[str, ...]) -> str:
    """Write a line of CSV in which no spreadsheet computes anything."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([defuse(c) for c in cells])
    return text.getvalue()


def defuse(cell: str) -> str:
    """Write a cell so that no spreadsheet computes it."""
    is_number = cell[1:].replace(".", "", 1).isdigit()
    dangerous = cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_number
    return "'" + cell if dangerous else cell


async def start(
    connection: Connection, tenant: int, id_: uuid.UUID, mode: str, actor: Actor
) -> Sheet | Refusal:
    """Begin to apply a judged sheet: `all` rows or none, or the `good` ones."""
    async with connection.transaction():
        state, counts = await _hold(connection, tenant, id_)
        if state in ("applying", "applied", "undoing", "undone"):
            return intake_sheets.STARTED
        if state == "uploaded":
            return NOT_READY
        if mode == "all" and counts.get("rejected"):
            return HAS_REJECTS
        return await _begin(connection, tenant, id_, mode, actor)


async def undo(
    connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor
) -> Sheet | Refusal:
    """Begin to undo an applied sheet."""
    async with connection.transaction():
        state, _ = await _hold(connection, tenant, id_)
        if state != "applied":
            return NOTHING_TO_UNDO
        await connection.execute(_START, ("undoing", "", encode(actor), tenant, id_))
    return await intake_sheets.read(connection, tenant, id_)


async def _begin(
    connection: Connection, tenant: int, id_: uuid.UUID, mode: str, actor: Actor
) -> Sheet:
    await connection.execute(_START, ("applying", mode, encode(actor), tenant, id_))
    return await intake_sheets.read(connection, tenant, id_)


async def _hold(connection: Connection, tenant: int, id_: uuid.UUID) -> tuple[str, dict[str, int]]:
    row = await (await connection.execute(_HOLD, (tenant, id_))).fetchone()
    if row is None:
        raise NO_SHEET
    return row[0], msgspec.json.decode(row[1], type=dict[str, int]) if row[1] else {}
