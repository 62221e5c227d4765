"""How a merchant sets up after-sales over HTTP: limits of amounts, what buyers may ask for by their
link, times of each step, what carriers pay.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.after_sales import rules, windows
from danshu.faces.http.after_sale_views import Kind
from danshu.faces.http.framework import (
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
)
from danshu.hub import after_sales_settings, after_sales_times, claim_files
from danshu.hub.after_sales_settings import Asking, CarrierTerms, Settings
from danshu.hub.after_sales_times import OwnTime
from danshu.hub.fields import PLAIN, Code, Minor
from danshu.kernel.limits import (
    AFTER_SALE_AUTO_FEN,
    AFTER_SALE_HOURS,
    EXEMPT_SKUS,
    RETURN_TO_CHARS,
    WINDOW_DAYS,
)

Ask = Request[Any, Any, Any]
BuyerReason = Literal[
    "no_longer_wanted",
    "quality",
    "damaged",
    "wrong_goods",
    "missing",
    "not_as_described",
    "late",
    "price",
    "other",
]
Exemption = Literal["perishable", "licensed", "custom", "digital", "periodical", "agreed"]
Carrier = Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)]


class AfterSaleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`auto_fen`: what is owed is paid without a person up to it (0 = never). `second_fen`: two
    persons above it. `by_link`: buyers ask on the evidence page, within `windows` (days by reason,
    the usual ones where one is not there). `exempt`: SKUs that do not go back without a reason, and
    by which exception of 消费者权益保护法 25. `return_to`: where goods go back to, for buyers.
    """

    auto_fen: Annotated[int, Meta(ge=0, le=AFTER_SALE_AUTO_FEN)] = 0
    second_fen: Minor
    by_link: bool = True
    windows: dict[BuyerReason, Annotated[int, Meta(ge=0, le=WINDOW_DAYS)]] = {}
    exempt: Annotated[dict[Code, Exemption], Meta(max_length=EXEMPT_SKUS)] = {}
    return_to: Annotated[str, Meta(max_length=RETURN_TO_CHARS, pattern=PLAIN)] = ""


class UsualWindow(Struct, frozen=True, kw_only=True):
    """For how many days a reason may be given where the merchant says nothing; `binds`: by law, so
    that no merchant gives less.
    """

    reason: str
    days: int
    binds: bool
    source: str
    zh: str
    en: str


class AfterSaleSettingsShown(Struct, frozen=True, kw_only=True):
    """The settings as they are, and the usual windows."""

    auto_fen: int
    second_fen: int
    by_link: bool
    windows: dict[str, int]
    exempt: dict[str, str]
    return_to: str
    usual: tuple[UsualWindow, ...]


class TimeShown(Struct, frozen=True, kw_only=True):
    """How long a step may take: `own` rows are the merchant's, `binds` a law's. `channel` "" = any;
    words are "" for own rows.
    """

    channel: str
    kind: str
    step: str
    begins: str
    hours: int
    source: str
    own: bool
    binds: bool
    zh: str
    en: str


class TimesPage(Struct, frozen=True, kw_only=True):
    """The rows by which cases are timed: the merchant's first, then those that ship."""

    items: tuple[TimeShown, ...]


class NewTime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The merchant's own row: from a day on a step may take so many hours; 0 takes it away."""

    channel: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    kind: Kind
    step: Literal["asked", "agreed", "returning", "received", "paying", "filed"]
    begins: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}(?![\s\S])")]
    hours: Annotated[int, Meta(ge=0, le=AFTER_SALE_HOURS)]
    source: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class NewCarrierTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a carrier pays from a day on; `multiple` 0 = the value of the goods."""

    carrier: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    begins: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}(?![\s\S])")]
    multiple: Annotated[int, Meta(ge=0, le=1_000)] = 0
    cap_fen: Minor = 0
    days: Annotated[int, Meta(ge=1, le=730)] = 30
    source: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class TermsPage(Struct, frozen=True, kw_only=True):
    """What carriers pay, by carrier and day."""

    items: tuple[CarrierTerms, ...]


def _show(found: Settings, now_ms: int) -> AfterSaleSettingsShown:
    asking = found.asking
    usual = [windows.usual(w.reason, now_ms) for w in windows.windows()]
    return AfterSaleSettingsShown(
        auto_fen=found.auto_fen,
        second_fen=found.second_fen,
        by_link=asking.by_link,
        windows=asking.windows,
        exempt=asking.exempt,
        return_to=asking.return_to,
        usual=tuple(
            UsualWindow(
                reason=w.reason, days=w.days, binds=w.binds, source=w.source, zh=w.zh, en=w.en
            )
            for w in usual
            if w is not None
        ),
    )


@get(
    "/v1/after-sale-settings",
    **declare_read("getAfterSaleSettings", "after-sales", "after_sale.read"),
)
async def get_settings(request: Ask) -> AfterSaleSettingsShown:
    """Read the limits of amounts, and what buyers may ask for by their link."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        found = await after_sales_settings.read(connection, held_of(request).tenant)
    return _show(found, hub.clock())


@put(
    "/v1/after-sale-settings",
    **declare_write("putAfterSaleSettings", "after-sales", "merchant.write"),
)
async def put_settings(data: JSONBody[AfterSaleSettings], request: Ask) -> AfterSaleSettingsShown:
    """Set all of it: what is left out is as it is when nothing was ever set."""
    hub, held = hub_of(request), held_of(request)
    wanted = Settings(
        auto_fen=data.auto_fen,
        second_fen=data.second_fen,
        asking=Asking(
            by_link=data.by_link,
            windows={str(reason): days for reason, days in data.windows.items()},
            exempt={sku: str(why) for sku, why in data.exempt.items()},
            return_to=data.return_to,
        ),
    )
    async with hub.connection() as connection:
        await after_sales_settings.configure(connection, held.tenant, held.actor, wanted)
    return _show(wanted, hub.clock())


def _time(rule: rules.Rule, *, own: bool) -> TimeShown:
    return TimeShown(
        channel=rule.channel,
        kind=rule.kind,
        step=rule.step,
        begins=rule.begins.isoformat(),
        hours=rule.hours,
        source=rule.source,
        own=own,
        binds=rule.binds,
        zh=rule.zh,
        en=rule.en,
    )


async def _times(connection: after_sales_settings.Connection, tenant: int) -> TimesPage:
    own = await after_sales_times.read(connection, tenant)
    shipped = sorted(rules.rules(), key=lambda r: (r.channel, r.kind, r.step, r.begins))
    return TimesPage(
        items=(*(_time(r, own=True) for r in own), *(_time(r, own=False) for r in shipped))
    )


@get("/v1/after-sale-times", **declare_read("listAfterSaleTimes", "after-sales", "after_sale.read"))
async def list_times(request: Ask) -> TimesPage:
    """Read how long each step of a case may take, by channel, and who says so."""
    async with hub_of(request).connection() as connection:
        return await _times(connection, held_of(request).tenant)


@put("/v1/after-sale-times", **declare_write("putAfterSaleTime", "after-sales", "merchant.write"))
async def put_time(data: JSONBody[NewTime], request: Ask) -> TimesPage:
    """Set the merchant's own row for a step, or take it away; cases that stand keep their times."""
    held = held_of(request)
    wanted = OwnTime(
        channel=data.channel,
        kind=data.kind,
        step=data.step,
        begins=data.begins,
        hours=data.hours,
        source=data.source,
    )
    async with hub_of(request).connection() as connection:
        await after_sales_times.put(connection, held.tenant, held.actor, wanted)
        return await _times(connection, held.tenant)


@get("/v1/carrier-terms", **declare_read("listCarrierTerms", "after-sales", "after_sale.read"))
async def list_terms(request: Ask) -> TermsPage:
    """Read what carriers pay for parcels, by carrier and day."""
    async with hub_of(request).connection() as connection:
        found = await after_sales_settings.read_terms(connection, held_of(request).tenant)
    return TermsPage(items=tuple(found))


@put("/v1/carrier-terms", **declare_write("putCarrierTerms", "after-sales", "claim.write"))
async def put_terms(data: JSONBody[NewCarrierTerms], request: Ask) -> TermsPage:
    """Set what a carrier pays from a day on."""
    held = held_of(request)
    wanted = CarrierTerms(
        carrier=data.carrier,
        begins=data.begins,
        multiple=data.multiple,
        cap_fen=data.cap_fen,
        days=data.days,
        source=data.source,
    )
    async with hub_of(request).connection() as connection:
        await after_sales_settings.set_terms(connection, held.tenant, held.actor, wanted)
        found = await after_sales_settings.read_terms(connection, held.tenant)
    return TermsPage(items=tuple(found))


@get(
    "/v1/claims.csv",
    operation_id="readClaimsFile",
    tags=["after-sales"],
    responses=READ_PROBLEMS,
    guards=[may("claim.write")],
    media_type="text/csv",
)
async def read_claims(request: Ask, carrier: Carrier = "") -> Response[str]:
    """Give the open claims on a carrier as a file that it can be sent; "" = on all."""
    async with hub_of(request).connection() as connection:
        text = await claim_files.write(connection, held_of(request).tenant, carrier)
    headers = {"content-disposition": 'attachment; filename="claims.csv"'}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


ROUTES: Final = [
    get_settings,
    put_settings,
    list_times,
    put_time,
    list_terms,
    put_terms,
    read_claims,
]
