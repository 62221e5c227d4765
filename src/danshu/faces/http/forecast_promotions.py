"""Planned promotions 促销 over HTTP: what a forecast multiplies demand by, and when."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, delete, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.hub import forecast_promotions
from danshu.hub.fields import Code
from danshu.hub.forecast_promotions import Planned
from danshu.kernel.limits import FORECAST_PROMOTION_SKUS, FORECAST_UPLIFT

_TAG: Final = "forecasts"
_PATH: Final = "/v1/forecasts/promotions/{promotion_id:uuid}"
Day = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class NewForecastPromotion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A promotion: both days are in. `uplift` is demand beside the usual, in thousandths (1500 =
    half as much again); 0 = learned from earlier promotions.
    """

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    skus: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=FORECAST_PROMOTION_SKUS)]
    first_day: Day
    last_day: Day
    uplift: Annotated[int, Meta(ge=0, le=1000 * FORECAST_UPLIFT)] = 0


class ForecastPromotion(Struct, frozen=True, kw_only=True):
    """A promotion as it stands."""

    id: uuid.UUID
    name: str
    skus: tuple[str, ...]
    first_day: str
    last_day: str
    uplift: int


class ForecastPromotions(Struct, frozen=True, kw_only=True):
    """All promotions by their first day."""

    items: tuple[ForecastPromotion, ...]


def _show(one: Planned) -> ForecastPromotion:
    return ForecastPromotion(
        id=one.id,
        name=one.name,
        skus=one.skus,
        first_day=one.first_day,
        last_day=one.last_day,
        uplift=one.uplift,
    )


async def _put(
    request: Request[Any, Any, Any], id_: uuid.UUID | None, data: NewForecastPromotion
) -> ForecastPromotion:
    held = held_of(request)
    kept = await forecast_promotions.put(
        hub_of(request),
        held.tenant,
        id_,
        data.name,
        data.skus,
        (data.first_day, data.last_day),
        data.uplift,
        held.actor,
    )
    return _show(kept)


@get("/v1/forecasts/promotions", **declare_read("listForecastPromotions", _TAG, "forecast.read"))
async def list_promotions(request: Request[Any, Any, Any]) -> ForecastPromotions:
    """List the promotions that were planned."""
    async with hub_of(request).connection() as connection:
        found = await forecast_promotions.list_planned(connection, held_of(request).tenant)
    return ForecastPromotions(items=tuple(map(_show, found)))


@post(
    "/v1/forecasts/promotions",
    status_code=201,
    **declare_write("addForecastPromotion", _TAG, "forecast.write"),
)
async def add_promotion(
    data: JSONBody[NewForecastPromotion], request: Request[Any, Any, Any]
) -> ForecastPromotion:
    """Plan a promotion; the next run reckons with it."""
    return await _put(request, None, data)


@put(_PATH, **declare_write("setForecastPromotion", _TAG, "forecast.write"))
async def set_promotion(
    promotion_id: FromPath[uuid.UUID],
    data: JSONBody[NewForecastPromotion],
    request: Request[Any, Any, Any],
) -> ForecastPromotion:
    """Change a promotion."""
    return await _put(request, promotion_id, data)


@delete(_PATH, status_code=204, **declare_write("dropForecastPromotion", _TAG, "forecast.write"))
async def drop_promotion(
    promotion_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> None:
    """Drop a promotion."""
    held = held_of(request)
    await forecast_promotions.drop(hub_of(request), held.tenant, promotion_id, held.actor)


ROUTES: Final = [list_promotions, add_promotion, set_promotion, drop_promotion]
