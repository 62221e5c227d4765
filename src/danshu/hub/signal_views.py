"""What is known of the 17 variables: now, at a past moment, and how a source's readings went."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.routing.joining import join
from danshu.capabilities.routing.signals import Quality, Reading, Signals, Status, resolve
from danshu.capabilities.routing.variables import BY_KEY, VARIABLES, ZONES, Per
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.variables import Variable
    from danshu.hub.world import World

Connection = Any
_LOOK_BACK_MS: Final = 2 * 86_400_000  # nothing that is older is fresh for any variable
# The last word of each source that was observed and had arrived by a moment.
_AS_OF: Final = """
select s.key,s.subject,s.source,r.observed,r.received,r.value,r.quality
from signal_sources s left join lateral (
  select observed,received,value,quality from readings where tenant=s.tenant and no=s.no
  and observed <= %(at)s and observed > %(since)s and received <= %(at)s
  order by observed desc limit 1) r on true
where s.tenant=%(tenant)s and s.since <= to_timestamp(%(at)s / 1000.0)
and (s.retired is null or s.retired > to_timestamp(%(at)s / 1000.0))
"""
_SOURCES: Final = """
select s.no,s.key,s.subject,s.source,s.retired is not null and
  coalesce(l.received,0) <= extract(epoch from s.retired)*1000,
  l.observed,l.received,l.value,l.quality
from signal_sources s left join signal_latest l on l.tenant=s.tenant and l.no=s.no
where s.tenant=%(tenant)s and (%(key)s='' or s.key=%(key)s)
and (%(subject)s='' or starts_with(s.subject, %(subject)s))
and (s.key,s.subject,s.source) > (%(k)s,%(s)s,%(o)s)
order by s.key,s.subject,s.source limit %(limit)s
"""
_HISTORY: Final = """
select r.observed,r.received,r.value,r.quality,s.source,s.no from signal_sources s
join readings r on r.tenant=s.tenant and r.no=s.no
where s.tenant=%(tenant)s and s.key=%(key)s and s.subject=%(subject)s
and r.observed >= %(from)s and r.observed < %(to)s
and (r.observed,s.no) < (%(observed)s,%(no)s)
order by r.observed desc, s.no desc limit %(limit)s
"""


class SignalVariable(Struct, frozen=True, kw_only=True):
    """One of the 17 variables and how many of its values are what."""

    number: int
    key: str
    unit: str
    per: tuple[str, ...]
    on_stale: str
    ttl_s: int
    default: float
    low: float
    high: float
    fresh: int
    stale: int
    disagree: int
    declared: int


class SignalItem(Struct, frozen=True, kw_only=True):
    """One value as decisions see it. `observed` "" and `age_s` -1: nobody ever said it."""

    key: str
    number: int
    subject: str
    value: float
    status: str
    source: str
    observed: str
    age_s: int
    ttl_s: int
    on_stale: str


class SourceItem(Struct, frozen=True, kw_only=True):
    """A source that is registered, and its last word as it was told; `observed` "" = none yet."""

    no: int
    key: str
    subject: str
    source: str
    retired: bool
    value: float | None
    quality: str
    observed: str
    received: str


class ReadingItem(Struct, frozen=True, kw_only=True):
    """One reading as it was told."""

    observed: str
    received: str
    value: float
    quality: str
    source: str


async def resolve_at(connection: Connection, world: World, at_ms: int) -> Signals:
    """Resolve what was known at a past moment, on the network of today."""
    asked = {"tenant": world.tenant, "at": at_ms, "since": at_ms - _LOOK_BACK_MS}
    rows = await (await connection.execute(_AS_OF, asked)).fetchall()
    readings = [_reading(row) for row in rows if row[3] is not None]
    registered = [(row[0], row[1]) for row in rows]
    return resolve(join(readings, at_ms), world.snapshot.network, at_ms, registered)


def _reading(row: tuple[Any, ...]) -> Reading:
    key, subject, source, observed, received, value, quality = row
    return Reading(
        key=key,
        subject=subject,
        source=source,
        observed_ms=observed,
        received_ms=received,
        value=value,
        quality=Quality(quality),
    )


def view_variables(signals: Signals, network: Network) -> tuple[SignalVariable, ...]:
    """Count the states of each variable's values; those without signals have none."""
    return tuple(_view(variable, signals, network) for variable in VARIABLES)


def _view(variable: Variable, signals: Signals, network: Network) -> SignalVariable:
    counts = [0, 0, 0, 0]
    for per in variable.per:
        field = signals.fields.get((variable.key, per))
        if field is None:
            counts[Status.DECLARED] += _size(per, network)
            continue
        for status in Status:
            counts[status] += int((field.status == status).sum())
    return SignalVariable(
        number=variable.number,
        key=variable.key,
        unit=variable.unit,
        per=tuple(str(per) for per in variable.per),
        on_stale=str(variable.on_stale),
        ttl_s=variable.ttl_s,
        default=variable.default,
        low=variable.low,
        high=variable.high,
        declared=counts[Status.DECLARED],
        fresh=counts[Status.FRESH],
        stale=counts[Status.STALE],
        disagree=counts[Status.DISAGREE],
    )


def _size(per: Per, network: Network) -> int:
    regions, warehouses = len(network.regions), len(network.codes)
    return {
        Per.WAREHOUSE: warehouses,
        Per.REGION: regions,
        Per.LANE: regions * warehouses,
        Per.ZONE: len(ZONES) * warehouses,
    }[per]


def list_items(
    signals: Signals, network: Network, now_ms: int, key: str, warehouse: str, zone: str
) -> Iterator[SignalItem]:
    """Give values in the order of variable and subject: those that somebody is connected to, and
    with a key or a warehouse also the declared ones of it.
    """
    is_narrow = bool(key or warehouse)
    for variable in VARIABLES:
        if key and variable.key != key:
            continue
        for per in variable.per:
            if (warehouse or zone) and per is Per.REGION:
                continue
            if zone and per is not Per.ZONE:
                continue
            is_open = is_narrow and (per is not Per.LANE or bool(key))
            field = signals.fields.get((variable.key, per))
            if field is None and not is_open:
                continue
            told = field or signals.field(variable.key, per, network)
            for subject, cell in _cells(per, network, warehouse, zone):
                status = Status(int(told.status[cell]))
                if status is Status.DECLARED and not is_open:
                    continue
                observed_ms = int(told.observed_ms[cell])
                value = float(told.value[cell])
                yield SignalItem(
                    key=variable.key,
                    number=variable.number,
                    subject=subject,
                    value=value if math.isfinite(value) else 0.0,
                    status=status.name.lower(),
                    source=signals.sources[int(told.source[cell])] if observed_ms else "",
                    observed=rfc3339(observed_ms) if observed_ms else "",
                    age_s=max(0, now_ms - observed_ms) // 1000 if observed_ms else -1,
                    ttl_s=variable.ttl_s,
                    on_stale=str(variable.on_stale),
                )


def _cells(
    per: Per, network: Network, warehouse: str, zone: str
) -> Iterator[tuple[str, tuple[int, ...]]]:
    columns = [(i, code) for i, code in enumerate(network.codes) if warehouse in ("", code)]
    if per is Per.WAREHOUSE:
        yield from ((f"wh:{code}", (i,)) for i, code in columns)
    elif per is Per.REGION:
        yield from ((f"rg:{code}", (i,)) for i, code in enumerate(network.regions))
    elif per is Per.ZONE:
        for row, name in enumerate(ZONES):
            if zone in ("", name):
                yield from ((f"zn:{code}/{name}", (row, i)) for i, code in columns)
    else:
        for row, region in enumerate(network.regions):
            yield from ((f"ln:{code}>{region}", (row, i)) for i, code in columns)


async def list_sources(
    connection: Connection,
    tenant: int,
    key: str,
    subject: str,
    after: tuple[str, str, str],
    limit: int,
) -> list[SourceItem]:
    """List registered sources by key, subject and name."""
    asked = {"tenant": tenant, "key": key, "subject": subject, "limit": limit}
    asked |= {"k": after[0], "s": after[1], "o": after[2]}
    rows = await (await connection.execute(_SOURCES, asked)).fetchall()
    return [
        SourceItem(
            no=no,
            key=key_,
            subject=about,
            source=source,
            retired=retired,
            value=value,
            quality=Quality(quality).name.lower() if quality is not None else "",
            observed=rfc3339(observed) if observed else "",
            received=rfc3339(received) if received else "",
        )
        for no, key_, about, source, retired, observed, received, value, quality in rows
    ]


async def list_history(
    connection: Connection,
    tenant: int,
    key: str,
    subject: str,
    span: tuple[int, int],
    before: tuple[int, int],
    limit: int,
) -> list[tuple[ReadingItem, tuple[int, int]]]:
    """List readings about a subject, newest first, each with its place (observed, source no)."""
    asked = {"tenant": tenant, "key": key, "subject": subject, "limit": limit}
    asked |= {"from": span[0], "to": span[1], "observed": before[0], "no": before[1]}
    rows = await (await connection.execute(_HISTORY, asked)).fetchall()
    return [(read_item(row), (row[0], row[5])) for row in rows]


def read_item(row: tuple[Any, ...]) -> ReadingItem:
    """Show a row: observed, received, value, quality, source."""
    observed, received, value, quality, source = row[:5]
    return ReadingItem(
        observed=rfc3339(observed),
        received=rfc3339(received),
        value=value,
        quality=Quality(quality).name.lower(),
        source=source,
    )


def is_variable(key: str) -> bool:
    """Tell whether a key names one of the 17."""
    return key in BY_KEY
