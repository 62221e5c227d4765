"""Vouchers as a file for finance's own books: a line a posting, in the order of their numbers.

The columns follow what GB/T 24589.1-2010 asks of a voucher (date, number, line, account, amounts by
side, summary, auxiliary items), so that a bookkeeping program can take them in by its own import.
Made by a job like other exports, marked the same way, and said by the same fact.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.settlement.accounts import CHART
from danshu.capabilities.settlement.mapping import RULES
from danshu.hub import account_names, exports, jobs, journal_views, merchants
from danshu.hub.export_columns import Cell, Column
from danshu.hub.export_files import Content, Format, Mark, Sheet, open_sheet
from danshu.hub.facts import ExportMade
from danshu.hub.rights import Forbidden
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import EXPORT_DAYS, EXPORT_ROWS, JOB_CHUNK
from danshu.kernel.machine import Words
from danshu.kernel.money import format_minor

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from pathlib import Path

    from danshu.capabilities.settlement.facts import AccountName
    from danshu.hub.bulk import Seat
    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job
    from danshu.hub.journal_views import Voucher
    from danshu.hub.rights import Seated

KIND: Final = "vouchers"
ACTION: Final = "export.make"
READS: Final = "settlement.read"
_DAY_MS: Final = 86_400_000
_CHUNK: Final = 5 * JOB_CHUNK
WORDS: Final = {
    1: Words(zh="记", en="F"),
    2: Words(zh="账", en="B"),
    3: Words(zh="调", en="M"),
}
_OTHERS: Final = {
    "bill.line": Words(zh="账单行", en="Line of a bill"),
    "voucher.entered": Words(zh="手工凭证", en="Entered by hand"),
}


class Question(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which period, in which form and language, and what for."""

    period: int
    form: Format
    purpose: str
    lang: str = "zh"


decode_question = msgspec.json.Decoder(Question).decode
encode = msgspec.json.Encoder().encode


def _column(zh: str, en: str, kind: Any = "text") -> Column:
    return Column(head=Words(zh=zh, en=en), kind=kind, read=lambda _: None)


COLUMNS: Final = (
    _column("日期", "Date"),
    _column("期间", "Period"),
    _column("凭证字", "Word"),
    _column("凭证号", "Number", "count"),
    _column("分录号", "Line", "count"),
    _column("摘要", "Summary"),
    _column("科目编码", "Account"),
    _column("科目名称", "Account name"),
    _column("币种", "Currency"),
    _column("借方金额", "Debit", "money"),
    _column("贷方金额", "Credit", "money"),
    _column("订单", "Order"),
    _column("渠道", "Channel"),
    _column("店铺", "Shop"),
    _column("归属期间", "Belongs to"),
    _column("来源", "Source"),
)


def summary_of(source: str, lang: str) -> str:
    """Give the summary 摘要 of an entry: what its source is called."""
    rule = RULES.get(source)
    words = rule.words if rule else _OTHERS.get(source)
    if words is None:
        return source
    return words.en if lang == "en" else words.zh


def lines_of(voucher: Voucher, lang: str, own: Mapping[int, AccountName]) -> list[list[Cell]]:
    """Give the lines of a voucher; accounts by the merchant's `own` codes where they have one."""
    word = WORDS[voucher.word]
    lines: list[list[Cell]] = []
    for line, p in enumerate(voucher.postings, 1):
        words, named = CHART[p.account].words, own.get(p.account)
        name = words.en if lang == "en" else words.zh
        debit, credit = (
            format_minor(n, voucher.currency) if n else "" for n in (p.debit, p.credit)
        )
        lines.append(
            [
                voucher.day.isoformat(),
                str(voucher.period),
                word.en if lang == "en" else word.zh,
                voucher.no,
                line,
                summary_of(voucher.source, lang),
                named.code if named else str(p.account),
                named.name or name if named else name,
                voucher.currency,
                debit,
                credit,
                str(p.order) if p.order else "",
                p.channel,
                p.shop,
                str(voucher.belongs) if voucher.belongs else "",
                voucher.cause or voucher.key,
            ]
        )
    return lines


async def work(hub: Hub, job: Job, holder: uuid.UUID, seat: Seat, folder: Path) -> None:
    """Make the file. Raises Forbidden when it may be made no more."""
    question = decode_question(job.question)
    seated = await seat()
    for action in (ACTION, READS):
        if action not in seated.possible:
            raise Forbidden("forbidden", f"you may not {action}", action)
    name = f"{job.tenant}/{job.id}-{holder.hex[-8:]}.{question.form}"
    place = folder / name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sheet = await asyncio.to_thread(open_sheet, question.form, place, COLUMNS, question.lang)
    content = Content()
    try:
        state = await _fill(hub, job, holder, question, sheet, content)
    finally:
        await asyncio.to_thread(sheet.close, _mark(job, question, seated, content))
    if state == jobs.DONE and await _end(hub, job, holder, question, content, name, place):
        return
    await asyncio.to_thread(place.unlink, missing_ok=True)
    if state == jobs.CANCELLED:
        async with hub.connection() as connection:
            await jobs.end(connection, job, holder, jobs.CANCELLED)


async def _fill(
    hub: Hub, job: Job, holder: uuid.UUID, question: Question, sheet: Sheet, content: Content
) -> str | None:
    """Write every line; the state in which the job ends, None when another has taken it over."""
    if job.stop:
        return jobs.CANCELLED
    after = (0, 0)
    async with hub.connection() as connection:
        own = {n.account: n for n in await account_names.read(connection, job.tenant)}
    while True:
        async with hub.connection() as connection:
            vouchers = await journal_views.list_of_period(
                connection, job.tenant, question.period, after, _CHUNK
            )
        if not vouchers:
            return jobs.DONE
        after = (vouchers[-1].word, vouchers[-1].no)
        rows = [line for voucher in vouchers for line in lines_of(voucher, question.lang, own)]
        content.add(rows)
        if content.rows > EXPORT_ROWS:
            raise InputError("too_large", f"an export has at most {EXPORT_ROWS} rows")
        await asyncio.to_thread(sheet.write, rows)
        async with hub.connection() as connection:
            goes_on = await jobs.step(connection, job, holder, None, content.rows, 0)
        if not goes_on:
            return None if goes_on is None else jobs.CANCELLED


def _mark(job: Job, question: Question, seated: Seated, content: Content) -> Mark:
    who = seated.seat.principal
    return Mark(
        export=str(job.id),
        who=who.number or who.name,
        when=rfc3339(job.created_ms),
        purpose=question.purpose,
        content=content.hexdigest(),
        rows=content.rows,
    )


async def _end(
    hub: Hub,
    job: Job,
    holder: uuid.UUID,
    question: Question,
    content: Content,
    name: str,
    place: Path,
) -> bool:
    """End the job with its fact in one commit; False when another had taken it over."""
    digest, size = await asyncio.to_thread(exports.read_digest, place)
    result = exports.Result(
        file=name,
        form=question.form,
        size=size,
        rows=content.rows,
        left_out=0,
        digest=digest,
        content=content.hexdigest(),
        unmasked=(),
        until=rfc3339(hub.clock() + EXPORT_DAYS * _DAY_MS),
    )
    made = ExportMade(
        columns=tuple(column.head.en for column in COLUMNS),
        content=result.content,
        digest=digest,
        f=f"settlement.period.{question.period}",
        format=question.form,
        purpose=question.purpose,
        rows=result.rows,
        size=size,
    )
    async with hub.connection() as connection, connection.transaction():
        ended = await jobs.end(connection, job, holder, jobs.DONE, exports.encode(result))
        if ended:
            await merchants.say(connection, job.tenant, job.actor, made)
        return ended
