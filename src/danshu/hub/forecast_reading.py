"""Demand as it was last foretold: what plans of stock read. One call gives a place's SKUs.

A place is a warehouse (demand as it was routed there) or a region by the two digits of its
province's code. Units are thousandths of a unit, so that a SKU that sells twice a month has a mean.
"""

from __future__ import annotations

import datetime
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.forecasting.model import QUANTILES, SUMS, WEEK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

_WIDE: Final = len(QUANTILES)
_NEWEST: Final = """
select id, day from forecast_runs where tenant=%s and (%s::timestamptz is null or at <= %s)
order by at desc limit 1
"""
_READ: Final = """
select s.sku, s.mean, s.quantiles, s.sums, s.method, s.plain, d.sku is not null
from forecast_series s left join forecast_drifts d
  on d.tenant=s.tenant and d.run=s.run and d.place=s.place and d.sku=s.sku
where s.tenant=%s and s.run=%s and s.place=%s and (%s::text[] is null or s.sku = any(%s))
order by s.daily desc, s.sku
"""
_WIDER: Final = 1.5  # than calibrated, once a forecast drifted


class DemandDay(Struct, frozen=True, kw_only=True):
    """Demand of a day, or of a span: its mean, and its quantiles 2.5, 10, 25, 50, 75, 90, 97.5 %,
    in thousandths of a unit.
    """

    mean_milli: int
    quantiles_milli: tuple[int, ...]


class Demand(Struct, frozen=True, kw_only=True):
    """What a place will ask of a SKU from `from_day` on (ISO). `forecast` is the run, by which a
    reason cites it; `model` what foretold it. `spans`: (days, mean and quantiles of their total)
    as calibrated, which `total` reads.
    """

    place: str
    sku: str
    from_day: str
    days: tuple[DemandDay, ...]
    forecast: str
    model: str
    spans: tuple[tuple[int, DemandDay], ...] = ()


async def read_demand(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    *,
    place: str,
    skus: Sequence[str] | None,
    days: int,
    as_of: datetime.datetime | None = None,
    since: str = "",
) -> list[Demand]:
    """Read the demand of a place's SKUs (None: all of them), what sells most first; none where
    nothing was foretold. `as_of` reads what was known then, `since` begins at a later day.

    What lies behind the horizon repeats its last week.
    """
    row = await (await connection.execute(_NEWEST, (tenant, as_of, as_of))).fetchone()
    if row is None:
        return []
    run, day = row
    skipped = max((datetime.date.fromisoformat(since) - day).days, 0) if since else 0
    begin = day + datetime.timedelta(days=skipped)
    wanted = None if skus is None else list(skus)
    told = (tenant, run, name_place(place), wanted, wanted)
    found = []
    for sku, mean, quantiles, sums, method, plain, has_drifted in await (
        await connection.execute(_READ, told)
    ).fetchall():
        each = unpack(mean, quantiles)
        if has_drifted:
            each, method = step_back(each, plain), "plain"
        found.append(
            Demand(
                place=place,
                sku=sku,
                from_day=begin.isoformat(),
                days=_cut(each, skipped, days),
                forecast=str(run),
                model=method,
                spans=() if has_drifted else unpack_spans(mean, sums),
            )
        )
    return found


def name_place(place: str) -> str:
    """Name a place as series do: a region's code of six digits is its province's first two."""
    return place[:2] if len(place) == 6 and place.isdigit() else place


def unpack(mean: Sequence[int], quantiles: Sequence[int]) -> tuple[DemandDay, ...]:
    """Give the days of a row."""
    return tuple(
        DemandDay(mean_milli=mean[n], quantiles_milli=tuple(quantiles[n * _WIDE : (n + 1) * _WIDE]))
        for n in range(len(mean))
    )


def unpack_spans(mean: Sequence[int], sums: Sequence[int]) -> tuple[tuple[int, DemandDay], ...]:
    """Give the totals of the first SUMS days of a row."""
    return tuple(
        (
            span,
            DemandDay(
                mean_milli=sum(mean[:span]),
                quantiles_milli=tuple(sums[n * _WIDE : (n + 1) * _WIDE]),
            ),
        )
        for n, span in enumerate(SUMS)
        if len(mean) >= span
    )


def step_back(days: Sequence[DemandDay], plain: Sequence[int]) -> tuple[DemandDay, ...]:
    """Put the plain method's mean in the place of one that drifted, with wider intervals."""
    found = []
    for day, mean in zip(days, plain, strict=True):
        wide = [round((q - day.mean_milli) * _WIDER) for q in day.quantiles_milli]
        found.append(
            DemandDay(
                mean_milli=mean, quantiles_milli=tuple([max(0, mean + step) for step in wide])
            )
        )
    return tuple(found)


def _cut(days: tuple[DemandDay, ...], skipped: int, wanted: int) -> tuple[DemandDay, ...]:
    """Give `wanted` days from `skipped` on; behind the end the last week goes on."""
    last = days[-WEEK:]
    return tuple(
        days[n] if n < len(days) else last[(n - len(days)) % len(last)]
        for n in range(skipped, skipped + max(wanted, 0))
    )


def total(demand: Demand, first: int, last: int) -> DemandDay:
    """Give the distribution of the sum over days: `first` and `last` count from `from_day`, which
    is 0, and both are in.

    How far totals swing was calibrated for SUMS; between them it goes by the root of the days, and
    days that swing together do so here too.
    """
    days = demand.days[first : last + 1]
    mean = sum(day.mean_milli for day in days)
    if len(days) <= 1:
        return days[0] if days else DemandDay(mean_milli=0, quantiles_milli=(0,) * _WIDE)
    alone = [
        sqrt(sum((day.quantiles_milli[n] - day.mean_milli) ** 2 for day in days))
        * (-1 if n < _WIDE // 2 else 1)
        for n in range(_WIDE)
    ]
    steps = _calibrated(demand, len(days)) or alone
    return DemandDay(
        mean_milli=mean,
        quantiles_milli=tuple(sorted(max(0, round(mean + step)) for step in steps)),
    )


def _calibrated(demand: Demand, count: int) -> list[float]:
    """Give how far quantiles lie from the mean of `count` days, between the calibrated spans."""
    if not demand.spans or not demand.days:
        return []
    one = demand.days[0]
    known = [(1, [q - one.mean_milli for q in one.quantiles_milli])]
    known += [
        (span, [q - whole.mean_milli for q in whole.quantiles_milli])
        for span, whole in demand.spans
    ]
    below = max((k for k in known if k[0] <= count), key=lambda k: k[0])
    above = min((k for k in known if k[0] >= count), key=lambda k: k[0], default=below)
    share = (count - below[0]) / (above[0] - below[0]) if above[0] > below[0] else 0.0
    root = sqrt(count)
    return [
        ((1 - share) * low / sqrt(below[0]) + share * high / sqrt(above[0])) * root
        for low, high in zip(below[1], above[1], strict=True)
    ]
