"""Settlement over HTTP: balances, what is behind them, vouchers by hand 结算."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.settlement.accounts import CHART
from danshu.capabilities.settlement.journal import Posting
from danshu.capabilities.settlement.trial import Balance, by_currency
from danshu.faces.http import problems
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import journal_room, journal_views, posting, vouchers
from danshu.hub.fields import PLAIN, Minor, Word
from danshu.hub.journal_views import DaySum, Voucher
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import JOURNAL_POSTINGS, REASON_CHARS

Reason = Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]
Key = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
_EARLIEST: Final = datetime.date(2000, 1, 1)
_LATEST: Final = datetime.date(2100, 1, 1)
_MOST: Final = 2**62


class LedgerAccount(Struct, frozen=True, kw_only=True):
    """An account 科目. `kind`: asset, liability, income, expense."""

    code: int
    kind: str
    zh: str
    en: str


class Chart(Struct, frozen=True, kw_only=True):
    """The chart of accounts."""

    items: tuple[LedgerAccount, ...]


class TrialBalance(Struct, frozen=True, kw_only=True):
    """The trial balance of the period of a day, up to that day. `off` is by how much debits and
    credits differ, in minor units over all currencies: 0 where every entry is balanced.
    """

    as_of: datetime.date
    period: int
    first: datetime.date
    behind: int
    off: int
    items: tuple[Balance, ...]


class DaySums(Struct, frozen=True, kw_only=True):
    """An account day by day, the newest first; `whole` when none were left out."""

    items: tuple[DaySum, ...]
    whole: bool


class VoucherPage(Struct, frozen=True, kw_only=True):
    """Entries; `next` is "" at the end."""

    items: tuple[Voucher, ...]
    next: str


class VoucherShown(Struct, frozen=True, kw_only=True):
    """An entry, and whether it was taken back."""

    voucher: Voucher
    reversed: bool


class PostingTold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a voucher: an amount on one side of an account."""

    account: int
    debit: Minor = 0
    credit: Minor = 0
    order: uuid.UUID | None = None
    channel: Word = ""
    shop: Word = ""


class NewVoucher(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A voucher by hand. Debits and credits are equal."""

    date: datetime.date
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "CNY"
    postings: Annotated[tuple[PostingTold, ...], Meta(min_length=2, max_length=JOURNAL_POSTINGS)]
    reason: Reason


class NewReversal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entry is taken back, on which day, and why."""

    key: Key
    date: datetime.date
    reason: Reason


_READ: Final[dict[str, Any]] = {
    "tags": ["settlement"],
    "responses": READ_PROBLEMS,
    "guards": [may("settlement.read")],
}
_POST: Final[dict[str, Any]] = {
    "tags": ["settlement"],
    "responses": PROBLEMS,
    "guards": [may("settlement.post"), only_json],
}
AsOf = Annotated[
    datetime.date | None, QueryParameter(name="as_of", description="the day; today without it")
]
First = Annotated[datetime.date | None, QueryParameter(name="from", description="first day")]
Until = Annotated[datetime.date | None, QueryParameter(name="to", description="last day")]
AccountAsked = Annotated[int | None, QueryParameter(ge=1000, le=999999)]
PeriodAsked = Annotated[int | None, QueryParameter(ge=190001, le=299912)]
OrderAsked = Annotated[uuid.UUID | None, QueryParameter(description="all entries of an order")]
KeyAsked = Annotated[str, QueryParameter(min_length=1, max_length=200, pattern=PLAIN)]


@get("/v1/settlement/accounts", operation_id="listSettlementAccounts", **_READ)
async def list_accounts() -> Chart:
    """List the accounts of the journal."""
    return Chart(
        items=tuple(
            LedgerAccount(code=a.code, kind=a.kind, zh=a.words.zh, en=a.words.en)
            for a in CHART.values()
        )
    )


@get("/v1/settlement/balances", operation_id="readTrialBalance", **_READ)
async def read_balances(request: Request[Any, Any, Any], as_of: AsOf = None) -> TrialBalance:
    """Read the trial balance as of a day: before its period, in it, after it, by account."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        calendar = await posting.read_calendar(connection, tenant)
        day = _in_range(as_of or calendar.day(hub.clock()))
        items = await journal_views.read_trial(connection, tenant, calendar, day)
        behind = await journal_room.read_behind(connection, tenant)
    period = calendar.period(day)
    return TrialBalance(
        as_of=day,
        period=period,
        first=calendar.bounds(period)[0],
        behind=behind,
        off=sum(abs(n) for n in by_currency(items).values()),
        items=items,
    )


def _in_range(day: datetime.date) -> datetime.date:
    if not _EARLIEST <= day <= _LATEST:
        raise InputError("bad_filter", "a day is between 2000 and 2100")
    return day


@get("/v1/settlement/accounts/{account:int}/days", operation_id="listAccountDays", **_READ)
async def list_days(
    account: FromPath[int],
    request: Request[Any, Any, Any],
    first: First = None,
    until: Until = None,
) -> DaySums:
    """List what an account turned over day by day, by channel and shop, the newest first."""
    async with hub_of(request).connection() as connection:
        items, whole = await journal_views.read_days(
            connection, held_of(request).tenant, account, first or _EARLIEST, until or _LATEST
        )
    return DaySums(items=tuple(items), whole=whole)


@get("/v1/settlement/entries", operation_id="listEntries", **_READ)
async def list_entries(
    request: Request[Any, Any, Any],
    account: AccountAsked = None,
    period: PeriodAsked = None,
    order: OrderAsked = None,
    first: First = None,
    until: Until = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> VoucherPage:
    """List entries: those of an account (newest first, between two days), or of a period (by
    number), or of an order (by day).
    """
    if sum(asked is not None for asked in (account, period, order)) != 1:
        raise InputError("bad_filter", "ask for an account, a period or an order")
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        if order is not None:
            return VoucherPage(
                items=tuple(await journal_views.list_of_order(connection, tenant, order, limit)),
                next="",
            )
        if period is not None:
            word, no = read_place(cursor, int, int) if cursor else (0, 0)
            found = await journal_views.list_of_period(
                connection, tenant, period, (int(word), int(no)), limit + 1
            )
            last = found[limit - 1] if len(found) > limit else None
            place = write_place(last.word, last.no) if last else ""
            return VoucherPage(items=tuple(found[:limit]), next=place)
        days = (_in_range(first or _EARLIEST), _in_range(until or _LATEST))
        before = (_LATEST, 0, _MOST)
        if cursor:
            ordinal, word, no = read_place(cursor, int, int, int)
            before = (_day(int(ordinal)), int(word), int(no))
        found = await journal_views.list_of_account(
            connection, tenant, account or 0, days, before, limit + 1
        )
    last = found[limit - 1] if len(found) > limit else None
    place = write_place(last.day.toordinal(), last.word, last.no) if last else ""
    return VoucherPage(items=tuple(found[:limit]), next=place)


def _day(ordinal: int) -> datetime.date:
    if not _EARLIEST.toordinal() <= ordinal <= _LATEST.toordinal():
        raise InputError("bad_cursor", "this cursor is of another question")
    return datetime.date.fromordinal(ordinal)


@get("/v1/settlement/entry", operation_id="readEntry", **_READ)
async def read_entry(key: KeyAsked, request: Request[Any, Any, Any]) -> VoucherShown:
    """Read an entry by its key."""
    async with hub_of(request).connection() as connection:
        voucher, is_reversed = await journal_views.find(connection, held_of(request).tenant, key)
    return VoucherShown(voucher=voucher, reversed=is_reversed)


@post("/v1/settlement/vouchers", operation_id="enterVoucher", status_code=201, **_POST)
async def enter_voucher(data: JSONBody[NewVoucher], request: Request[Any, Any, Any]) -> Voucher:
    """Enter a voucher by hand; who did it and why is a fact of the same commit."""
    held = held_of(request)
    postings = [
        Posting(
            account=p.account,
            debit=p.debit,
            credit=p.credit,
            order=p.order,
            channel=p.channel,
            shop=p.shop,
        )
        for p in data.postings
    ]
    _in_range(data.date)
    async with hub_of(request).connection() as connection:
        return await vouchers.enter(
            connection, held.tenant, data.date, data.currency, postings, data.reason, held.actor
        )


@post("/v1/settlement/reversals", operation_id="reverseEntry", status_code=201, **_POST)
async def reverse_entry(
    data: JSONBody[NewReversal], request: Request[Any, Any, Any]
) -> Response[Voucher]:
    """Take an entry of a bill or of a person back by another one 红字冲销."""
    held = held_of(request)
    _in_range(data.date)
    async with hub_of(request).connection() as connection:
        done = await vouchers.reverse(
            connection, held.tenant, data.key, data.date, data.reason, held.actor
        )
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(done, status_code=201)


ROUTES: Final = [
    list_accounts,
    read_balances,
    list_days,
    list_entries,
    read_entry,
    enter_voucher,
    reverse_entry,
]
