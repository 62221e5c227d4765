"""Planned promotions 促销: which SKUs, which days, and how much more is expected; 0 = learned."""

from __future__ import annotations

import datetime
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.forecasting.facts import ForecastPromotionDropped, ForecastPromotionSet
from danshu.hub import merchants
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    FORECAST_PROMOTION_D,
    FORECAST_PROMOTION_SKUS,
    FORECAST_PROMOTIONS,
    FORECAST_UPLIFT,
)

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
NO_PROMOTION: Final = InputError("no_promotion", "there is no such promotion")
_COLUMNS: Final = "id,name,skus,first_day,last_day,uplift"
_LIST: Final = f"select {_COLUMNS} from forecast_promotions where tenant=%s order by first_day, id"
_ONE: Final = f"select {_COLUMNS} from forecast_promotions where tenant=%s and id=%s"
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_COUNT: Final = "select count(*) from forecast_promotions where tenant=%s"
_KNOWN: Final = "select code from skus where tenant=%s and code = any(%s)"
_PUT: Final = """
insert into forecast_promotions(tenant,id,name,skus,first_day,last_day,uplift)
values (%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,id) do update set name=excluded.name,
skus=excluded.skus, first_day=excluded.first_day, last_day=excluded.last_day, uplift=excluded.uplift
"""
_DROP: Final = "delete from forecast_promotions where tenant=%s and id=%s"


class Planned(Struct, frozen=True, kw_only=True):
    """A promotion: days are ISO and both in; `uplift` thousandths of usual demand, 0 = learned
    from earlier ones.
    """

    id: uuid.UUID
    name: str
    skus: tuple[str, ...]
    first_day: str
    last_day: str
    uplift: int


async def list_planned(connection: Connection, tenant: int) -> list[Planned]:
    """List promotions by their first day; there are at most FORECAST_PROMOTIONS."""
    return [_read(row) for row in await (await connection.execute(_LIST, (tenant,))).fetchall()]


def _read(row: Any) -> Planned:
    id_, name, skus, first, last, uplift = row
    return Planned(
        id=id_,
        name=name,
        skus=tuple(skus),
        first_day=first.isoformat(),
        last_day=last.isoformat(),
        uplift=uplift,
    )


async def put(
    hub: Hub,
    tenant: int,
    id_: uuid.UUID | None,
    name: str,
    skus: tuple[str, ...],
    days: tuple[str, str],
    uplift: int,
    actor: Actor,
) -> Planned:
    """Set a promotion, a new one without `id_`, with its fact.

    Raises InputError `bad_days`, `bad_skus`, `bad_uplift`, `no_sku`, `too_many`, `no_promotion`.
    """
    first, last = _days(days)
    chosen = tuple(sorted(set(skus)))
    if not 1 <= len(chosen) <= FORECAST_PROMOTION_SKUS:
        raise InputError("bad_skus", f"1 to {FORECAST_PROMOTION_SKUS} SKUs", "/skus")
    if uplift and not 200 <= uplift <= 1000 * FORECAST_UPLIFT:
        raise InputError("bad_uplift", f"200 to {1000 * FORECAST_UPLIFT}, or 0", "/uplift")
    planned = Planned(
        id=id_ or ids.uuid7(hub.clock(), os.urandom(10)),
        name=name.strip(),
        skus=chosen,
        first_day=first.isoformat(),
        last_day=last.isoformat(),
        uplift=uplift,
    )
    async with hub.connection() as connection, connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        await _check(connection, tenant, id_, chosen)
        row = (planned.name, list(chosen), first, last, uplift)
        await connection.execute(_PUT, (tenant, planned.id, *row))
        said = ForecastPromotionSet(
            first_day=planned.first_day,
            last_day=planned.last_day,
            name=planned.name,
            promotion=str(planned.id),
            skus=chosen,
            uplift=uplift,
        )
        await merchants.say(connection, tenant, actor, said)
    return planned


def _days(days: tuple[str, str]) -> tuple[datetime.date, datetime.date]:
    try:
        first, last = map(datetime.date.fromisoformat, days)
    except ValueError:
        raise InputError("bad_days", "days are YYYY-MM-DD", "/first_day") from None
    if not 0 <= (last - first).days < FORECAST_PROMOTION_D:
        raise InputError("bad_days", f"1 to {FORECAST_PROMOTION_D} days", "/last_day")
    return first, last


async def _check(
    connection: Connection, tenant: int, id_: uuid.UUID | None, skus: tuple[str, ...]
) -> None:
    rows = await (await connection.execute(_KNOWN, (tenant, list(skus)))).fetchall()
    unknown = sorted(set(skus) - {code for (code,) in rows})
    if unknown:
        raise InputError("no_sku", f"no SKU {unknown[0]!r}", "/skus")
    if id_ is not None:
        if await (await connection.execute(_ONE, (tenant, id_))).fetchone() is None:
            raise NO_PROMOTION
        return
    (count,) = await (await connection.execute(_COUNT, (tenant,))).fetchone()
    if count >= FORECAST_PROMOTIONS:
        raise InputError("too_many", f"at most {FORECAST_PROMOTIONS} promotions")


async def drop(hub: Hub, tenant: int, id_: uuid.UUID, actor: Actor) -> None:
    """Drop a promotion, with its fact. Raises InputError `no_promotion`."""
    async with hub.connection() as connection, connection.transaction():
        if not (await connection.execute(_DROP, (tenant, id_))).rowcount:
            raise NO_PROMOTION
        said = ForecastPromotionDropped(promotion=str(id_))
        await merchants.say(connection, tenant, actor, said)
