"""Exports: all orders that a question asks for as a file, made by a job.

Personal fields are masked unless the rights of whoever asked say otherwise; rows of warehouses that
they may not export are left out and counted. The file is whole when its job is done: a node that
takes the job over writes it anew. The commit that ends the job says the fact `export.made`.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import (
    export_columns,
    jobs,
    lists,
    marks,
    merchants,
    watermark_people,
    watermarks,
    workbench,
)
from danshu.hub.export_columns import COLUMNS, FIELDS, Cell, Column
from danshu.hub.export_files import Content, Format, Mark, Sheet, open_sheet
from danshu.hub.facts import ExportMade
from danshu.hub.rights import Forbidden
from danshu.hub.selections import Selection, find_ids
from danshu.hub.watermark_rows import RowMarker
from danshu.hub.watermarks import Given, Recipient
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import EXPORT_DAYS, EXPORT_ROWS, JOB_CHUNK
from danshu.kernel.money import format_minor

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from pathlib import Path

    from danshu.hub.bulk import Seat
    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job
    from danshu.hub.rights import Seated
    from danshu.hub.workbench import Row
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "export"
ACTION: Final = "export.make"
ASSET: Final = "orders"
"""What the copies of exported orders are copies of."""
_DAY_S: Final = 86_400
_STEP: Final = 5 * JOB_CHUNK  # reading is cheaper than acting
_PERSONS: Final = """
select id, person from vault where tenant=%s and id = any(%s) and id >= %s and id <= %s
"""


class Question(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which orders, which columns in which form and language, and what for."""

    which: Selection
    form: Format
    columns: tuple[str, ...]
    purpose: str
    lang: str = "zh-CN"


class Result(Struct, frozen=True, kw_only=True):
    """A file that was made: where it lies below the folder, size and digests, when it is deleted.

    `left_out` are rows that whoever asked may not export.
    """

    file: str
    form: Format
    size: int
    rows: int
    left_out: int
    digest: str
    content: str
    unmasked: tuple[str, ...]
    until: str


decode_question = msgspec.json.Decoder(Question).decode
decode_result = msgspec.json.Decoder(Result).decode
encode = msgspec.json.Encoder().encode


def check(columns: Sequence[str]) -> None:
    """Refuse columns that are not there. Raises InputError."""
    if not columns or len(set(columns)) != len(columns) or not set(columns) <= COLUMNS.keys():
        raise InputError("bad_field", "columns are named once, and known", "/columns")


def unmasked(seated: Seated, columns: Sequence[str]) -> frozenset[str]:
    """Give the personal fields among the columns that may be seen in clear."""
    asked = {FIELDS[c] for c in columns if c in FIELDS}
    return frozenset(f for f in asked if seated.ask(f"field.{f}", {}).allowed)


async def work(hub: Hub, job: Job, holder: uuid.UUID, seat: Seat, folder: Path) -> None:
    """Make the file of an export. Raises Forbidden when it may be made no more."""
    question = decode_question(job.question)
    seated = await seat()
    if ACTION not in seated.possible:
        raise Forbidden("forbidden", f"you may not {ACTION}", ACTION)
    name = f"{job.tenant}/{job.id}-{holder.hex[-8:]}.{question.form}"
    place = folder / name
    columns = [COLUMNS[c] for c in question.columns]
    maker = _Maker(hub, job, holder, question, seated)
    await maker.begin()
    sheet = await asyncio.to_thread(_open, place, question, columns)
    try:
        state = await maker.fill(sheet)
    finally:
        await asyncio.to_thread(sheet.close, maker.mark())
    if state == jobs.DONE and await maker.end(name, place):
        return
    await asyncio.to_thread(place.unlink, missing_ok=True)
    if state == jobs.CANCELLED:
        async with hub.connection() as connection:
            await jobs.end(connection, job, holder, jobs.CANCELLED)


def _open(place: Path, question: Question, columns: Sequence[Column]) -> Sheet:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open_sheet(question.form, place, columns, question.lang)


class _Maker:
    """Writes the rows of one export."""

    def __init__(
        self, hub: Hub, job: Job, holder: uuid.UUID, question: Question, seated: Seated
    ) -> None:
        self._hub, self._job, self._holder = hub, job, holder
        self._question, self._seated = question, seated
        self._columns = [COLUMNS[c] for c in question.columns]
        self._sees = unmasked(seated, question.columns)
        self._content = Content()
        self._left_out = 0
        self._allowed: dict[tuple[str, str], bool] = {}
        heads = {c: (COLUMNS[c].head.zh, COLUMNS[c].head.en) for c in question.columns}
        self._marker = RowMarker(heads)
        self._recipient: Recipient | None = None
        self._code_no = 0

    async def begin(self) -> None:
        """Give the copy its number, where its columns can bear one."""
        if not self._marker.is_able or self._job.stop:
            return
        tenant, delivery = self._job.tenant, str(self._job.id)
        async with self._hub.connection() as connection:
            async with connection.transaction():
                secret = await watermarks.read_secret(connection, tenant)
            who, purpose = self._seated.seat.principal, self._question.purpose
            to = await watermark_people.recipient_of(connection, tenant, who, purpose)
            self._code_no = await watermarks.give_number(
                connection, tenant, ASSET, to, delivery, self._marker.plan()
            )
            self._recipient = to
        self._marker.begin(secret, self._code_no)

    async def fill(self, sheet: Sheet) -> str | None:
        """Write every row; the state in which the job ends, None when another has taken it over."""
        if self._job.stop:
            return jobs.CANCELLED
        orders = find_ids(self._hub, self._job.tenant, self._question.which, lists.LAST, _STEP)
        async for chunk, _ in orders:
            cells = self._marker.mark(await self._read([id_ for id_, _ in chunk]))
            self._content.add(cells)
            if self._content.rows > EXPORT_ROWS:
                raise InputError("too_large", f"an export has at most {EXPORT_ROWS} rows")
            await asyncio.to_thread(sheet.write, cells)
            async with self._hub.connection() as connection:
                goes_on = await jobs.step(
                    connection, self._job, self._holder, None, self._content.rows, self._left_out
                )
            if not goes_on:
                return None if goes_on is None else jobs.CANCELLED
        return jobs.DONE

    async def _read(self, ids: Sequence[uuid.UUID]) -> list[list[Cell]]:
        """Read the cells of orders; those that may not leave are counted and left out."""
        if not ids:
            return []
        tenant = self._job.tenant
        world = await self._hub.worlds.ensure(tenant)
        async with self._hub.connection() as connection:
            rows = await workbench.read_rows(connection, tenant, ids)
            persons: dict[uuid.UUID, bytes] = {}
            if any(c in FIELDS for c in self._question.columns):
                asked = (tenant, list(ids), min(ids), max(ids))
                cursor = await connection.execute(_PERSONS, asked, binary=True)
                persons = {i: bytes(p) for i, p in await cursor.fetchall() if p is not None}
            people = await marks.colleagues(connection, tenant, [r.assignee for r in rows])
        lang, out = self._question.lang, []
        for row in rows:
            if not self._may_leave(world, row):
                self._left_out += 1
                continue
            who = people.get(row.assignee)
            seen = export_columns.read_order(
                row, persons.get(row.id), who.number if who else "", world, lang, self._sees
            )
            out.append([self._cell(column, seen) for column in self._columns])
        return out

    def _cell(self, column: Column, seen: export_columns.Seen) -> Cell:
        cell = column.read(seen)
        if column.kind == "money" and isinstance(cell, int):
            return format_minor(cell, seen.order.currency)
        return cell

    def _may_leave(self, world: World, row: Row) -> bool:
        """Ask the rules about a row's warehouse and channel, once each."""
        code = world.warehouses[row.wh].code if 0 <= row.wh < len(world.warehouses) else ""
        key = (code, row.channel)
        if key not in self._allowed:
            known: dict[str, str | int] = {"channel": row.channel}
            if code:
                known["warehouse"] = code
            self._allowed[key] = self._seated.ask(ACTION, known).allowed
        return self._allowed[key]

    def mark(self) -> Mark:
        """Give the mark of what was written so far."""
        who = self._seated.seat.principal
        return Mark(
            export=str(self._job.id),
            who=who.number or who.name,
            when=rfc3339(self._job.created_ms),
            purpose=self._question.purpose,
            content=self._content.hexdigest(),
            rows=self._content.rows,
        )

    async def end(self, name: str, place: Path) -> bool:
        """End the job with its fact in one commit; False when another had taken it over."""
        digest, size = await asyncio.to_thread(read_digest, place)
        until_ms = self._hub.clock() + EXPORT_DAYS * _DAY_S * 1000
        question, job = self._question, self._job
        result = Result(
            file=name,
            form=question.form,
            size=size,
            rows=self._content.rows,
            left_out=self._left_out,
            digest=digest,
            content=self._content.hexdigest(),
            unmasked=tuple(sorted(self._sees)),
            until=rfc3339(until_ms),
        )
        made = ExportMade(
            columns=question.columns,
            content=result.content,
            digest=digest,
            f=question.which.f or "",
            format=question.form,
            purpose=question.purpose,
            rows=result.rows,
            size=size,
            unmasked=result.unmasked,
            watermark=self._code_no,
        )
        async with self._hub.connection() as connection, connection.transaction():
            ended = await jobs.end(connection, job, self._holder, jobs.DONE, encode(result))
            if ended:
                await merchants.say(connection, job.tenant, job.actor, made)
            if ended and self._recipient is not None:
                given = Given(
                    code_no=self._code_no,
                    asset=ASSET,
                    recipient=self._recipient,
                    delivery=str(job.id),
                    plan=self._marker.plan(),
                    rows=result.rows,
                    digest=result.content,
                )
                await watermarks.say_given(connection, job.tenant, job.actor, given)
            return ended


def read_digest(place: Path) -> tuple[str, int]:
    """Read the digest of a file (SHA-256, hex), and its size in bytes."""
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), place.stat().st_size


def delete_old(folder: Path, now_s: float) -> None:
    """Delete the files that were kept long enough, and halves that a dead process left."""
    for file in folder.glob("*/*"):
        if file.is_file() and now_s - file.stat().st_mtime > EXPORT_DAYS * _DAY_S:
            file.unlink(missing_ok=True)


def find_file(folder: Path, result: Result) -> Path | None:
    """Find the file of an export on this node, None when it is not (or no more) here."""
    place = folder / result.file
    is_fresh = place.is_file() and time.time() - place.stat().st_mtime <= EXPORT_DAYS * _DAY_S
    return place if is_fresh else None
