"""Forecasts as people see them: the list of a run, one series with its past, how the run went."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.forecasting import heavy
from danshu.capabilities.forecasting.model import SUMS, Chosen
from danshu.hub import forecast_drifts, forecast_jobs, forecast_reading
from danshu.hub.forecast_drifts import Drifted
from danshu.hub.forecast_promotions import Planned, list_planned
from danshu.hub.forecast_reading import DemandDay
from danshu.hub.forecast_rows import Run
from danshu.kernel.errors import InputError

Connection = Any
NO_SERIES: Final = InputError("no_forecast", "nothing was forecast of this place and SKU")
_SHOWN_DRIFTS: Final = 50
_RUN: Final = """
select id, day, digest, series, doc::text, (extract(epoch from at)*1000)::int8, watched
from forecast_runs where tenant=%s order by at desc limit 1
"""
_PLACES: Final = """
select p.place, coalesce(w.name, (select min(r.province) from regions r where r.tenant=%(tenant)s
  and left(r.code, 2)=p.place and length(r.code)=6), '')
from (select distinct place from forecast_series where tenant=%(tenant)s and run=%(run)s) p
left join warehouses w on w.tenant=%(tenant)s and w.code=p.place order by 1
"""
_COLUMNS: Final = """
s.place, s.sku, coalesce(k.name, ''), s.daily, s.method, s.mean, s.quantiles, s.sums, s.recent,
s.doc::text, s.plain, d.days, d.outside, d.chance
from forecast_series s left join skus k on k.tenant=s.tenant and k.code=s.sku
left join forecast_drifts d on d.tenant=s.tenant and d.run=s.run and d.place=s.place
  and d.sku=s.sku
where s.tenant=%(tenant)s and s.run=%(run)s
"""
_LIST: Final = f"""
select {_COLUMNS} and (%(place)s='' or s.place=%(place)s)
and (%(q)s='' or strpos(lower(s.sku), %(q)s) > 0 or strpos(lower(coalesce(k.name, '')), %(q)s) > 0)
and (not %(drifted)s or d.sku is not null)
and (s.daily < %(daily)s or (s.daily = %(daily)s and (s.place, s.sku) > (%(after)s, %(sku)s)))
order by s.daily desc, s.place, s.sku limit %(limit)s
"""
_ONE: Final = f"select {_COLUMNS} and s.place=%(place)s and s.sku=%(sku)s"
_decode_run: Final = msgspec.json.Decoder(Run).decode
_decode_chosen: Final = msgspec.json.Decoder(Chosen).decode


class Made(Struct, frozen=True, kw_only=True):
    """A run with its id, first day, digest, moment (epoch ms), how many series; how far watched."""

    id: uuid.UUID
    day: str
    digest: str
    series: int
    at_ms: int
    watched: str
    run: Run


class Place(Struct, frozen=True, kw_only=True):
    """A warehouse or a province, by code; `name` is "" where nobody knows it."""

    code: str
    name: str


class State(Struct, frozen=True, kw_only=True):
    """What there is: the newest run (None before the first), its places, alarms, the job that has
    not ended ("" = none), and whether the extra is installed here.
    """

    made: Made | None
    places: tuple[Place, ...]
    drifted: int
    drifts: tuple[Drifted, ...]
    job: str
    extra: bool


class Series(Struct, frozen=True, kw_only=True):
    """A series of the newest run. `spans` as calibrated for SUMS days; `recent` units of the last
    days before the run; `drift` None where it holds.
    """

    place: str
    sku: str
    name: str
    daily_milli: int
    method: str
    chosen: Chosen
    days: tuple[DemandDay, ...]
    spans: tuple[tuple[int, DemandDay], ...]
    recent: tuple[int, ...]
    drift: Drifted | None


class After(Struct, frozen=True, array_like=True):
    """Where a page of the list begins: behind this series."""

    daily: int
    place: str
    sku: str


FIRST: Final = After(2**62, "", "")


class Detail(Struct, frozen=True, kw_only=True):
    """A series, the day from which on it is forecast, and promotions of its SKU."""

    series: Series
    day: str
    promotions: tuple[Planned, ...]
    run: str


async def read_run(connection: Connection, tenant: int) -> Made | None:
    """Read the newest run; None before the first."""
    row = await (await connection.execute(_RUN, (tenant,))).fetchone()
    if row is None:
        return None
    id_, day, digest, series, doc, at_ms, watched = row
    return Made(
        id=id_,
        day=day.isoformat(),
        digest=digest,
        series=series,
        at_ms=at_ms,
        watched=watched.isoformat() if watched else "",
        run=_decode_run(doc),
    )


async def read_state(connection: Connection, tenant: int) -> State:
    """Read what there is."""
    made = await read_run(connection, tenant)
    places: list[Place] = []
    count = 0
    drifts: list[Drifted] = []
    if made is not None:
        cursor = await connection.execute(_PLACES, {"tenant": tenant, "run": made.id})
        places = [Place(code=code, name=name) for code, name in await cursor.fetchall()]
        count, drifts = await forecast_drifts.list_drifts(
            connection, tenant, made.id, _SHOWN_DRIFTS
        )
    return State(
        made=made,
        places=tuple(places),
        drifted=count,
        drifts=tuple(drifts),
        job=await forecast_jobs.find_open(connection, tenant),
        extra=heavy.is_there(),
    )


async def list_series(
    connection: Connection,
    tenant: int,
    *,
    q: str,
    place: str,
    drifted: bool,
    after: After,
    limit: int,
) -> list[Series]:
    """List the series of the newest run, what sells most first."""
    made = await read_run(connection, tenant)
    if made is None:
        return []
    told = {
        "tenant": tenant,
        "run": made.id,
        "q": q.strip().lower(),
        "place": place,
        "drifted": drifted,
        "daily": after.daily,
        "after": after.place,
        "sku": after.sku,
        "limit": limit,
    }
    return [_read(row) for row in await (await connection.execute(_LIST, told)).fetchall()]


def _read(row: Any) -> Series:
    place, sku, name, daily, method, mean, quantiles, sums, recent, doc, plain = row[:11]
    days = forecast_reading.unpack(mean, quantiles)
    drift = None
    spans = forecast_reading.unpack_spans(mean, sums)
    if row[11] is not None:
        drift = Drifted(place=place, sku=sku, days=row[11], outside=row[12], chance=row[13])
        days, spans = forecast_reading.step_back(days, plain), ()
    return Series(
        place=place,
        sku=sku,
        name=name,
        daily_milli=daily,
        method=method,
        chosen=_decode_chosen(doc),
        days=days,
        spans=spans,
        recent=tuple(recent),
        drift=drift,
    )


async def read_detail(connection: Connection, tenant: int, place: str, sku: str) -> Detail:
    """Read a series. Raises InputError `no_forecast`."""
    made = await read_run(connection, tenant)
    if made is None:
        raise NO_SERIES
    told = {"tenant": tenant, "run": made.id, "place": place, "sku": sku}
    row = await (await connection.execute(_ONE, told)).fetchone()
    if row is None:
        raise NO_SERIES
    planned = await list_planned(connection, tenant)
    return Detail(
        series=_read(row),
        day=made.day,
        promotions=tuple([one for one in planned if sku in one.skus]),
        run=str(made.id),
    )


def spans_of(series: Series, day: str) -> tuple[tuple[int, DemandDay], ...]:
    """Give the totals of SUMS days of a series, those of one that drifted put together anew."""
    if series.spans:
        return series.spans
    demand = forecast_reading.Demand(
        place=series.place,
        sku=series.sku,
        from_day=day,
        days=series.days,
        forecast="",
        model="",
    )
    return tuple((span, forecast_reading.total(demand, 0, span - 1)) for span in SUMS)


def dates(day: str, behind: int, ahead: int) -> tuple[list[str], list[str]]:
    """Give the days before a day, the oldest first, and those from it on (ISO)."""
    first = datetime.date.fromisoformat(day)
    return (
        [(first - datetime.timedelta(days=n)).isoformat() for n in range(behind, 0, -1)],
        [(first + datetime.timedelta(days=n)).isoformat() for n in range(ahead)],
    )
