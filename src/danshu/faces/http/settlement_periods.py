"""Periods over HTTP: closed, opened again; settings; vouchers as a file 期间与导出."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.settlement import accounts, trial
from danshu.capabilities.settlement.periods import is_period
from danshu.capabilities.settlement.said import Revenue
from danshu.capabilities.settlement.taxes import Regime
from danshu.capabilities.settlement.trial import PeriodCheck
from danshu.faces.http import jobs, problems
from danshu.faces.http.auth import require
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.jobs import JobView
from danshu.faces.http.settlement import Reason
from danshu.hub import journal_room, journal_views, periods, posting, voucher_exports
from danshu.hub import settlement_settings as settings
from danshu.hub.actors import name_actors
from danshu.hub.compose import Hub
from danshu.hub.export_files import Format
from danshu.hub.fields import PLAIN, Minor
from danshu.hub.periods import Period
from danshu.hub.settlement_settings import SettlementRules
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import PURPOSE_CHARS, PURPOSE_CHARS_MIN

_OPEN_ITEMS: Final = (
    accounts.PREPAID,
    accounts.DEPOSITS,
    accounts.REFUNDS,
    accounts.PLATFORM,
    accounts.CLAIMS,
    accounts.SUSPENSE,
    accounts.ROUNDING,
)


class OpenItem(Struct, frozen=True, kw_only=True):
    """What stands open: an account's balance in one currency, debits positive."""

    account: int
    currency: str
    amount: int


class Settlement(Struct, frozen=True, kw_only=True):
    """The page's first look: the period to close next, what is open, how far the journal is
    behind the log (facts). `people` names whoever closed, asked or agreed. `me` is the caller's own
    name among them.
    """

    today: datetime.date
    next: int
    behind: int
    off: int
    open: tuple[OpenItem, ...]
    periods: tuple[Period, ...]
    people: dict[str, str]
    me: str


class PeriodChecks(Struct, frozen=True, kw_only=True):
    """What a period passes before it closes."""

    period: Period
    checks: tuple[PeriodCheck, ...]


class CheckExplained(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """ReopeningReason a check that has not passed may stay so."""

    code: Literal["suspense", "differences"]
    reason: Reason


class Closing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reasons for what has not passed; none where all has."""

    explained: Annotated[tuple[CheckExplained, ...], Meta(max_length=8)] = ()


class ReopeningReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason."""

    reason: Reason


class SettlementRulesList(Struct, frozen=True, kw_only=True):
    """Rules, the newest first; none where the standard ones hold."""

    items: tuple[SettlementRules, ...]


class NewSettlementRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules for orders placed from a day on. `suspense` in minor units; `tax` and `costs`: what is
    entered beside.
    """

    since: datetime.date
    revenue: Revenue
    zone: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)] = "Asia/Shanghai"
    begins: Annotated[int, Meta(ge=1, le=28)] = 1
    suspense: Minor = 0
    tax: Regime = "off"
    costs: bool = False


class NewVoucherFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which period's vouchers, in which form, and what for."""

    period: Annotated[int, Meta(ge=190001, le=299912)]
    form: Format
    purpose: Annotated[
        str, Meta(min_length=PURPOSE_CHARS_MIN, max_length=PURPOSE_CHARS, pattern=PLAIN)
    ]
    lang: Literal["zh", "en"] = "zh"


_READ: Final[dict[str, Any]] = {
    "tags": ["settlement"],
    "responses": READ_PROBLEMS,
    "guards": [may("settlement.read")],
}


def _act(right: str) -> dict[str, Any]:
    return {
        "tags": ["settlement"],
        "responses": PROBLEMS,
        "guards": [may(right), only_json],
        "status_code": 200,
    }


@get("/v1/settlement", operation_id="readSettlement", **_READ)
async def read_settlement(request: Request[Any, Any, Any]) -> Settlement:
    """Read which period is open, what stands open in accounts, what was done with periods."""
    hub, held = hub_of(request), held_of(request)
    tenant = held.tenant
    async with hub.connection() as connection:
        calendar = await posting.read_calendar(connection, tenant)
        today = calendar.day(hub.clock())
        found = await periods.list_all(connection, tenant, calendar, hub.clock())
        balances = await journal_views.read_trial(connection, tenant, calendar, today)
        behind = await journal_room.read_behind(connection, tenant)
        acted = {s for p in found for e in p.events for s in (e.by, e.first) if s}
        acted |= {p.ask.by for p in found if p.ask} | {held.actor.sub}
        people = await name_actors(connection, tenant, sorted(acted))
    waiting = [p.period for p in found if not p.closed]
    return Settlement(
        today=today,
        next=min(waiting, default=0),
        behind=behind,
        off=sum(abs(n) for n in trial.by_currency(balances).values()),
        open=tuple(
            OpenItem(account=b.account, currency=b.currency, amount=b.closing)
            for b in balances
            if b.account in _OPEN_ITEMS and b.closing
        ),
        periods=tuple(found),
        people=people,
        me=held.actor.sub,
    )


async def _find(hub: Hub, tenant: int, number: int) -> PeriodChecks:
    if not is_period(number):
        raise periods.NO_PERIOD
    async with hub.connection() as connection:
        calendar = await posting.read_calendar(connection, tenant)
        period = await periods.find(connection, tenant, calendar, number, hub.clock())
        checks, _ = await periods.check(connection, tenant, calendar, period, hub.clock())
    return PeriodChecks(period=period, checks=checks)


@get("/v1/settlement/periods/{period:int}", operation_id="checkPeriod", **_READ)
async def check_period(period: FromPath[int], request: Request[Any, Any, Any]) -> PeriodChecks:
    """PeriodCheck whether a period may close: what has passed, what has not and by how much."""
    return await _find(hub_of(request), held_of(request).tenant, period)


def _answer(done: Period | Refusal) -> Response[Any]:
    return respond(problems.of(done)) if isinstance(done, Refusal) else Response(done)


@post(
    "/v1/settlement/periods/{period:int}/close",
    operation_id="closePeriod",
    **_act("settlement.close"),
)
async def close_period(
    period: FromPath[int], data: JSONBody[Closing], request: Request[Any, Any, Any]
) -> Response[Period]:
    """Close a period; what has not passed is named with 409, or explained where that may be."""
    hub, held = hub_of(request), held_of(request)
    explained: dict[str, str] = {e.code: e.reason for e in data.explained}
    async with hub.connection() as connection:
        done = await periods.close(
            connection, held.tenant, period, explained, held.actor, hub.clock()
        )
    return _answer(done)


@post(
    "/v1/settlement/periods/{period:int}/reopening",
    operation_id="askReopening",
    **_act("settlement.reopen"),
)
async def ask_reopening(
    period: FromPath[int], data: JSONBody[ReopeningReason], request: Request[Any, Any, Any]
) -> Response[Period]:
    """Ask for a closed period to be opened again; another person has to agree."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        done = await periods.ask(
            connection, held.tenant, period, data.reason, held.actor, hub.clock()
        )
    return _answer(done)


@post(
    "/v1/settlement/periods/{period:int}/reopening/agree",
    operation_id="agreeReopening",
    **{**_act("settlement.reopen"), "guards": [may("settlement.reopen")]},
)
async def agree_reopening(
    period: FromPath[int], request: Request[Any, Any, Any]
) -> Response[Period]:
    """Agree, as the second person: the period takes entries again."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        done = await periods.answer(connection, held.tenant, period, held.actor, hub.clock())
    return _answer(done)


@post(
    "/v1/settlement/periods/{period:int}/reopening/decline",
    operation_id="declineReopening",
    **_act("settlement.reopen"),
)
async def decline_reopening(
    period: FromPath[int], data: JSONBody[ReopeningReason], request: Request[Any, Any, Any]
) -> Response[Period]:
    """Decline, or take one's own question back: the period stays closed."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        done = await periods.answer(
            connection, held.tenant, period, held.actor, hub.clock(), data.reason
        )
    return _answer(done)


@get("/v1/settlement/settings", operation_id="listSettlementSettings", **_READ)
async def list_settings(request: Request[Any, Any, Any]) -> SettlementRulesList:
    """List by which rules entries are made, the newest first."""
    async with hub_of(request).connection() as connection:
        return SettlementRulesList(
            items=tuple(await settings.read(connection, held_of(request).tenant))
        )


@put(
    "/v1/settlement/settings",
    operation_id="putSettlementSettings",
    **_act("settlement.write"),
)
async def put_settings(
    data: JSONBody[NewSettlementRules], request: Request[Any, Any, Any]
) -> Response[SettlementRules]:
    """Set by which rules orders placed from a day on are entered."""
    hub, held = hub_of(request), held_of(request)
    told = SettlementRules(
        since=data.since,
        revenue=data.revenue,
        zone=data.zone,
        begins=data.begins,
        suspense=data.suspense,
        tax=data.tax,
        costs=data.costs,
    )
    async with hub.connection() as connection:
        done = await settings.put(connection, held.tenant, told, held.actor, hub.clock())
    return respond(problems.of(done)) if isinstance(done, Refusal) else Response(done)


@post(
    "/v1/settlement/exports",
    operation_id="startVoucherExport",
    **{**_act("settlement.read"), "status_code": 202},
)
async def start_export(data: JSONBody[NewVoucherFile], request: Request[Any, Any, Any]) -> JobView:
    """Make a file of a period's vouchers, a line a posting, as a job; fetched as other exports."""
    held = held_of(request)
    require(held, voucher_exports.ACTION)
    found = await _find(hub_of(request), held.tenant, data.period)
    question = voucher_exports.Question(
        period=data.period, form=data.form, purpose=data.purpose, lang=data.lang
    )
    return await jobs.begin(
        request,
        voucher_exports.KIND,
        voucher_exports.encode(question),
        2 * found.period.vouchers,
        exact=False,
    )


ROUTES: Final = [
    read_settlement,
    check_period,
    close_period,
    ask_reopening,
    agree_reopening,
    decline_reopening,
    list_settings,
    put_settings,
    start_export,
]
