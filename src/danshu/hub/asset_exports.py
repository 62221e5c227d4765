"""Files of assets, made by a job: drawn, de-identified, marked for whoever gets them, counted.

The gate is asked once more under the rights as they are now and with the strength as it came out;
the commit that ends the job says `export.made`, spends the budget of privacy, keeps who went abroad
and meters the licence. A file that one of these refuses is deleted before anybody had it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from danshu.capabilities.protection import decide
from danshu.capabilities.protection.facts import ExportRefused
from danshu.capabilities.protection.model import HOME
from danshu.hub import (
    asset_request_rows,
    asset_requests,
    border_people,
    data_gates,
    exports,
    jobs,
    licences,
    privacy_budgets,
    watermark_people,
    watermarks,
)
from danshu.hub.asset_request_rows import FAILED, MADE, STARTED, Kept, Seen
from danshu.hub.export_columns import Cell, Column
from danshu.hub.export_files import Content, Mark, open_sheet
from danshu.hub.facts import ExportMade
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import EXPORT_DAYS, JOB_CHUNK
from danshu.kernel.machine import Words
from danshu.kernel.money import format_minor

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from danshu.hub.asset_extracts import Extract, Head
    from danshu.hub.bulk import Seat
    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job
    from danshu.hub.rights import Seated

KIND: Final = asset_requests.KIND
decode_question = asset_requests.decode_question
_DAY_MS: Final = 86_400_000
_CHUNK: Final = 20 * JOB_CHUNK
_CURRENCY: Final = "CNY"
_KEYS: Final = ("stream", "number", "order")


async def work(hub: Hub, job: Job, holder: uuid.UUID, seat: Seat, folder: Path) -> None:
    """Make the file of a request. What refuses it ends the job as failed, with its code."""
    question = decode_question(job.question)
    async with hub.connection() as connection:
        kept = await asset_request_rows.read(connection, job.tenant, question.request)
    if kept.state != STARTED:
        raise InputError("not_now", "the request has its outcome already")
    if job.stop:
        await _fail(hub, job, holder, kept, None)
        return
    try:
        seated = await seat()
        seen, extract, no = await _look(hub, job.tenant, seated, kept)
        if no is not None or extract is None:
            await _fail(hub, job, holder, kept, no)
            return
        await _Making(hub, job, holder, kept, seated, folder).make(seen, extract)
    except InputError as error:  # whoever asked is gone, or it became too large
        no = Refusal(code=error.code, reason=error.detail, reason_en=error.detail)
        await _fail(hub, job, holder, kept, no)


async def _look(
    hub: Hub, tenant: int, seated: Seated, kept: Kept
) -> tuple[Seen, Extract | None, Refusal | None]:
    """Draw what leaves and ask the checkpoint about it as it is now."""
    wish = kept.wish
    case, levels = await data_gates.describe(
        hub,
        tenant,
        seated,
        asset=wish.asset,
        act=wish.act,
        form=wish.form,
        purpose=wish.purpose,
        columns=wish.columns,
    )
    case = replace(asset_requests.describe(case, wish, kept.actor.sub), approvals=kept.approvals)
    extract = await asset_requests.draw(hub, tenant, wish, case, levels)
    if isinstance(extract, Refusal):
        return kept.seen, None, extract
    async with hub.connection() as connection:
        case = await asset_requests.complete(connection, tenant, wish, case, extract, hub.clock())
    outcome = decide.decide(case)
    seen = Seen(case=case, outcome=outcome)
    if outcome.state == "conditions":
        return seen, None, asset_requests.NOT_YET
    return seen, extract, outcome.refusal


async def _fail(hub: Hub, job: Job, holder: uuid.UUID, kept: Kept, no: Refusal | None) -> None:
    """End a job that makes no file: refused with its clause, or stopped by a person."""
    state = jobs.FAILED if no else jobs.CANCELLED
    code = no.code if no else "cancelled"
    said = ExportRefused(
        clause=no.clause if no else "", code=code, reason=no.reason if no else "已停止"
    )
    async with hub.connection() as connection, connection.transaction():
        trouble = f"{no.code}: {no.reason_en}" if no else ""
        if await jobs.end(connection, job, holder, state, trouble=trouble):
            await asset_request_rows.put(
                connection, job.tenant, kept, FAILED, kept.seen, job.id, code, job.actor,
                hub.clock(), said,
            )  # fmt: skip


def columns_of(heads: tuple[Head, ...], mark: str = "") -> list[Column]:
    """Give the columns of a file; the last head bears the `mark` that nobody sees."""
    marks = [""] * (len(heads) - 1) + [mark]
    return [
        Column(head=Words(zh=h.zh + m, en=h.en + m), kind=_kind(h), read=lambda _: None)
        for h, m in zip(heads, marks, strict=True)
    ]


def _kind(head: Head) -> Any:
    return head.kind


class _Making:
    """Writes one file from what was drawn."""

    def __init__(
        self,
        hub: Hub,
        job: Job,
        holder: uuid.UUID,
        kept: Kept,
        seated: Seated,
        folder: Path,
    ) -> None:
        self._hub, self._job, self._holder, self._kept = hub, job, holder, kept
        self._seated, self._folder = seated, folder
        self._content = Content()
        self._name = f"{job.tenant}/{job.id}-{holder.hex[-8:]}.{kept.wish.file}"

    async def make(self, seen: Seen, extract: Extract) -> None:
        """Mark, write, and end the job with everything that follows from the file."""
        place = self._folder / self._name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        marked = await self._mark(extract)
        no: Refusal | None = None
        if await self._write(place, extract, marked):
            no = await self._end(place, seen, extract, marked)
            if no is None:
                return
        await asyncio.to_thread(place.unlink, missing_ok=True)
        await _fail(self._hub, self._job, self._holder, self._kept, no)

    async def _mark(self, extract: Extract) -> watermarks.Marked:
        """Mark the table for whoever gets it; the key is what tells its rows apart."""
        wish = self._kept.wish
        asset = data_gates.find_asset(wish.asset)
        names = [head.name for head in extract.heads]
        keys = [n for n in names if n in _KEYS]
        keys = keys or [h.name for h in extract.heads if h.kind == "text"]
        tolerant = [c.name for c in asset.columns if c.tolerant and c.name in names]
        is_rows = wish.form == "rows" and not wish.noise_mille
        async with self._hub.connection() as connection:
            recipient = await self._recipient(connection)
            return await watermarks.mark(
                connection,
                self._job.tenant,
                extract.table,
                asset=wish.asset,
                key_columns=keys[:1] if is_rows else keys,
                tolerant=tolerant if is_rows else (),
                recipient=recipient,
                heads={h.name: (h.zh, h.en) for h in extract.heads},
                delivery=str(self._kept.id),
                actor=self._job.actor,
                honey=is_rows,
            )

    async def _recipient(self, connection: Any) -> watermarks.Recipient:
        wish = self._kept.wish
        if wish.act == "share":
            return watermarks.Recipient(kind="partner", code=wish.recipient, purpose=wish.purpose)
        return await watermark_people.recipient_of(
            connection, self._job.tenant, self._seated.seat.principal, wish.purpose
        )

    async def _write(self, place: Path, extract: Extract, marked: watermarks.Marked) -> bool:
        """Write every row; False when it was stopped or another has taken the job over."""
        wish, table = self._kept.wish, marked.table
        # programs go by the names of a Parquet file; a sheet is read by people
        columns = columns_of(extract.heads, "" if wish.file == "parquet" else marked.head)
        sheet = await asyncio.to_thread(open_sheet, wish.file, place, columns, wish.lang)
        goes_on: bool | None = True
        try:
            for first in range(0, table.num_rows, _CHUNK):
                rows = await asyncio.to_thread(cells_of, table.slice(first, _CHUNK), extract.heads)
                self._content.add(rows)
                await asyncio.to_thread(sheet.write, rows)
                async with self._hub.connection() as connection:
                    goes_on = await jobs.step(
                        connection, self._job, self._holder, None, self._content.rows, 0
                    )
                if not goes_on:
                    return False
        finally:
            await asyncio.to_thread(sheet.close, self._words())
        return True

    def _words(self) -> Mark:
        who = self._seated.seat.principal
        return Mark(
            export=str(self._job.id),
            who=self._kept.wish.recipient or who.number or who.name,
            when=rfc3339(self._job.created_ms),
            purpose=self._kept.wish.purpose,
            content=self._content.hexdigest(),
            rows=self._content.rows,
        )

    async def _end(
        self, place: Path, seen: Seen, extract: Extract, marked: watermarks.Marked
    ) -> Refusal | None:
        """End the job in one commit with what follows from the file, or say why it may not go."""
        digest, size = await asyncio.to_thread(exports.read_digest, place)
        hub, job, wish, now_ms = self._hub, self._job, self._kept.wish, self._hub.clock()
        result = exports.Result(
            file=self._name,
            form=wish.file,
            size=size,
            rows=self._content.rows,
            left_out=extract.left_out,
            digest=digest,
            content=self._content.hexdigest(),
            unmasked=(),
            until=rfc3339(now_ms + EXPORT_DAYS * _DAY_MS),
        )
        made = ExportMade(
            asset=wish.asset,
            columns=tuple(h.name for h in extract.heads),
            content=result.content,
            digest=digest,
            format=wish.file,
            purpose=wish.purpose,
            recipient=wish.recipient,
            rows=result.rows,
            size=size,
            watermark=marked.code_no,
        )
        try:
            async with hub.connection() as connection, connection.transaction():
                if not await jobs.end(
                    connection, job, self._holder, jobs.DONE, exports.encode(result)
                ):
                    return None  # another node has it, and its own file
                no = await self._follow(connection, seen, extract, marked, digest)
                if no is not None:
                    raise _Refused(no)
                await asset_request_rows.put(
                    connection, job.tenant, self._kept, MADE, seen, job.id, "", job.actor,
                    now_ms, made,
                )  # fmt: skip
        except _Refused as refused:
            return refused.refusal
        return None

    async def _follow(
        self,
        connection: Any,
        seen: Seen,
        extract: Extract,
        marked: watermarks.Marked,
        digest: str,
    ) -> Refusal | None:
        """Spend, count and meter what the file costs; a refusal takes all of it back."""
        wish, job, now_ms = self._kept.wish, self._job, self._hub.clock()
        tenant = job.tenant
        if wish.noise_mille:
            told = await privacy_budgets.spend(
                connection,
                tenant,
                asset=wish.asset,
                recipient=wish.recipient or job.actor.sub,
                mille=wish.noise_mille,
                what=wish.act,
                actor=job.actor,
                now_ms=now_ms,
            )
            if isinstance(told, Refusal):
                return told
        if wish.country != HOME and decide.is_personal(seen.case):
            await border_people.add(
                connection,
                tenant,
                wish.recipient,
                privacy_budgets.year_of(now_ms),
                extract.persons,
                sensitive=seen.case.is_sensitive,
            )
        if wish.act != "share":
            return None
        licence = await licences.holds(
            connection, tenant, wish.recipient, wish.asset, wish.purpose,
            columns=wish.columns, country=wish.country, now_ms=now_ms,
        )  # fmt: skip
        if isinstance(licence, Refusal):
            return licence
        use = licences.Use(
            kind="delivery", digest=digest, rows=self._content.rows, mark=str(marked.code_no),
            job=job.id, k=extract.strength.k if extract.strength else 0,
        )  # fmt: skip
        metered = await licences.meter(connection, tenant, licence.id, use, job.actor, now_ms)
        return metered if isinstance(metered, Refusal) else None


class _Refused(Exception):
    """Rolls the commit of a file back: what follows from it was refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def cells_of(table: Any, heads: tuple[Head, ...]) -> list[list[Cell]]:
    """Give the rows of a table as a file takes them: money as decimal text."""
    columns: list[list[Cell]] = []
    for head in heads:
        values = table.column(head.name).to_pylist()
        if head.kind == "money":
            values = [format_minor(v, _CURRENCY) if isinstance(v, int) else v for v in values]
        columns.append(values)
    return [list(row) for row in zip(*columns, strict=True)]
