"""Settlement over HTTP: balances, and what is behind them 结算."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.settlement.accounts import CHART
from danshu.capabilities.settlement.trial import Balance, by_currency
from danshu.faces.http.framework import (
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import journal_room, journal_views, posting
from danshu.hub.fields import PLAIN
from danshu.hub.journal_views import DaySum, Voucher
from danshu.kernel.errors import InputError
from danshu.kernel.limits import REASON_CHARS

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


_READ: Final[dict[str, Any]] = {
    "tags": ["settlement"],
    "responses": READ_PROBLEMS,
    "guards": [may("settlement.read")],
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
        day = in_range(as_of or calendar.day(hub.clock()))
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


def in_range(day: datetime.date) -> datetime.date:
    """Let a day pass that the journal can have. Raises InputError `bad_filter`."""
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
        days = (in_range(first or _EARLIEST), in_range(until or _LATEST))
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


ROUTES: Final = [
    list_accounts,
    read_balances,
    list_days,
    list_entries,
    read_entry,
]
