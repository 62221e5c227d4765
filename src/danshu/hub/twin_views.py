"""The twin as pages show it: all warehouses, one floor, and a floor's past hour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders.model import State as OrderState
from danshu.capabilities.routing.joining import join
from danshu.capabilities.routing.signals import resolve
from danshu.capabilities.routing.twin.floor import Floor
from danshu.capabilities.routing.twin.state import Frame, fold
from danshu.capabilities.routing.variables import ZONE_TEMP_BAND_C, Per, Zone
from danshu.hub import pictures, signal_views, twin, zone_fits
from danshu.hub.board_marks import ANYWHERE, EVERY, Kind
from danshu.hub.signal_views import SignalItem
from danshu.hub.zone_fits import TwinPhysics
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.signals import Signals
    from danshu.capabilities.routing.twin.state import State, ZoneState
    from danshu.hub.world import World

Connection = Any
FAN_H: Final = 6  # how far a zone's forecast is drawn
_FAN_STEPS: Final = 24
_LINE_POINTS: Final = 60
_STOPS: Final = """
select wh, class, cause, zone, detail, since, agreed from twin_stops
where tenant=%s and (%s='' or wh=%s) order by since
"""
_OPEN: Final = f"""
select wh, sum(n)::int8 from board_counts where tenant=%s and kind={int(Kind.STATE)}
and wh<>{ANYWHERE} and wh>=0 and channel='{EVERY}'
and state not in ({int(OrderState.COMPLETED)},{int(OrderState.CANCELLED)}) group by wh
"""


class TwinStop(Struct, frozen=True, kw_only=True):
    """A storage class that is stopped: cause forecast or contradiction; `agreed` "" or since when
    model and sensors agree again.
    """

    storage: str
    cause: str
    zone: str
    detail: str
    since: str
    agreed: str


class TwinForecast(Struct, frozen=True, kw_only=True):
    """A zone's way on: hours until it leaves its band (-1 = never), the earliest and latest of one
    standard deviation; `fan` are (hour, low, middle, high) in °C.
    """

    hours: float
    soonest_h: float
    latest_h: float
    goal_c: float
    is_measured: bool
    fan: tuple[tuple[float, float, float, float], ...]


class TwinProbe(Struct, frozen=True, kw_only=True):
    """A probe on the floor; `value_c` None: it never spoke."""

    code: str
    x_m: float
    y_m: float
    value_c: float | None
    observed: str
    is_silent: bool


class TwinZone(Struct, frozen=True, kw_only=True):
    """A zone: `sensors` fine, outside, silent, disagree, none; `tint` calm, cold, warn, broken,
    plain; `line` (minutes from now, °C) of the last half hour.
    """

    code: str
    name: str
    storage: str
    sensors: str
    tint: str
    value_c: float | None
    observed: str
    low_c: float | None
    high_c: float | None
    slope_c_h: float | None
    probes: tuple[TwinProbe, ...]
    line: tuple[tuple[float, float], ...]
    forecast: TwinForecast | None
    physics: TwinPhysics | None = None


class TwinWarehouse(Struct, frozen=True, kw_only=True):
    """A warehouse on the map. `state`: normal, limited (a class is stopped), trouble (a zone is
    not fine), dark (nobody measures). `worst_zone` "" = none; `age_s` of the oldest zone, -1 =
    never.
    """

    code: str
    name: str
    lng: float
    lat: float
    state: str
    open_orders: int
    capacity_left: int
    zones: int
    zones_fine: int
    worst_zone: str
    worst_sensors: str
    worst_hours: float
    age_s: int
    stops: tuple[TwinStop, ...]


class TwinFloorView(Struct, frozen=True, kw_only=True):
    """A warehouse's floor at `at`: its plan, zones, what moves, and all its signals."""

    code: str
    name: str
    at: str
    floor: Floor
    zones: tuple[TwinZone, ...]
    frame: Frame | None
    stops: tuple[TwinStop, ...]
    open_orders: int
    capacity_left: int
    signals: tuple[SignalItem, ...]


class TwinMoment(Struct, frozen=True, kw_only=True):
    """A past minute of a floor."""

    at: str
    zones: tuple[TwinZone, ...]
    frame: Frame | None


async def read_signals(
    connection: Connection, tenant: int, network: Network, at_ms: int
) -> Signals:
    """Resolve what is known now."""
    readings, registered = await pictures.read_latest(connection, tenant)
    return resolve(join(readings, at_ms), network, at_ms, registered)


async def list_warehouses(connection: Connection, world: World, at_ms: int) -> list[TwinWarehouse]:
    """List all warehouses, the worst first."""
    network = world.snapshot.network
    signals = await read_signals(connection, world.tenant, network, at_ms)
    states = await twin.read_states(connection, world.tenant, network, signals, at_ms)
    stops = await _stops(connection, world.tenant, "")
    orders = await _open_orders(connection, world.tenant)
    made = []
    for state in states:
        number = world.warehouse_no[state.warehouse]
        warehouse = world.warehouses[number]
        mine = tuple(stop for wh, stop in stops if wh == state.warehouse)
        cold = [zone for zone in state.zones if zone.forecast is not None]
        worst = min(cold, key=_badness, default=None)
        fine = sum(1 for zone in cold if zone.sensors == "fine")
        seen = min((zone.observed_ms for zone in cold), default=0)
        made.append(
            TwinWarehouse(
                code=state.warehouse,
                name=warehouse.name,
                lng=warehouse.lng_udeg / 1e6,
                lat=warehouse.lat_udeg / 1e6,
                state=_state_of(len(cold), fine, bool(mine)),
                open_orders=orders.get(number, 0),
                capacity_left=max(0, int(world.capacity[number])),
                zones=len(cold),
                zones_fine=fine,
                worst_zone=worst.zone.code if worst else "",
                worst_sensors=str(worst.sensors) if worst else "",
                worst_hours=_hours(worst.forecast.hours) if worst and worst.forecast else -1.0,
                age_s=(at_ms - seen) // 1000 if seen else -1,
                stops=mine,
            )
        )
    order = {"limited": 0, "trouble": 1, "dark": 3}
    return sorted(made, key=lambda w: (order.get(w.state, 2), -w.open_orders, w.code))


def _state_of(cold: int, fine: int, stopped: bool) -> str:
    if stopped:
        return "limited"
    if not cold:
        return "dark"
    return "normal" if fine == cold else "trouble"


def _badness(zone: ZoneState) -> tuple[int, float]:
    hours = zone.forecast.hours if zone.forecast else math.inf
    return (1 if zone.sensors == "fine" else 0, hours)


async def read_floor(
    connection: Connection, world: World, warehouse: str, at_ms: int
) -> TwinFloorView:
    """Read one warehouse's floor now. Raises InputError `no_warehouse`."""
    number = world.warehouse_no.get(warehouse)
    if number is None:
        raise twin.NO_WAREHOUSE
    network = world.snapshot.network
    signals = await read_signals(connection, world.tenant, network, at_ms)
    (state,) = await twin.read_states(connection, world.tenant, network, signals, at_ms, warehouse)
    declared = (await twin.read_floors(connection, world.tenant, network, warehouse))[warehouse]
    learned = await zone_fits.read_active(connection, world.tenant, warehouse)
    used = zone_fits.apply(warehouse, declared, learned)[1]
    stops = await _stops(connection, world.tenant, warehouse)
    orders = await _open_orders(connection, world.tenant)
    items = signal_views.list_items(signals, network, at_ms, "", warehouse, "")
    return TwinFloorView(
        code=warehouse,
        name=world.warehouses[number].name,
        at=rfc3339(at_ms),
        floor=declared,
        zones=tuple(
            replace(seen, physics=zone_fits.view_physics(zone, used.get(zone.code)))
            for seen, zone in zip(view_zones(state), declared.zones, strict=True)
        ),
        frame=state.frame,
        stops=tuple(stop for _, stop in stops),
        open_orders=orders.get(number, 0),
        capacity_left=max(0, int(world.capacity[number])),
        signals=_one_each(items, signals, world, warehouse, at_ms),
    )


def _one_each(
    items: Iterable[SignalItem], signals: Signals, world: World, warehouse: str, at_ms: int
) -> tuple[SignalItem, ...]:
    """All of a warehouse's values but its hundreds of lanes: of these, and of what is per region,
    the lane to its own region stands for them.
    """
    network = world.snapshot.network
    home = world.warehouses[world.warehouse_no[warehouse]].region
    kept = [item for item in items if not item.subject.startswith("ln:")]
    for key, per in (("station_saturation", "rg"), ("rider_heat", "rg"), ("lane_eta", "ln"),
                     ("lane_road", "ln")):  # fmt: skip
        wanted = f"rg:{home}" if per == "rg" else f"ln:{warehouse}>{home}"
        near = signal_views.list_items(signals, network, at_ms, key, "", "")
        kept += [item for item in near if item.subject == wanted]
    return tuple(sorted(kept, key=lambda item: (item.number, item.subject)))


async def replay(
    connection: Connection, world: World, warehouse: str, span: tuple[int, int]
) -> list[TwinMoment]:
    """Give a floor's states, a minute each, as they were told in a past span (epoch ms).

    Raises InputError `no_warehouse`.
    """
    if warehouse not in world.warehouse_no:
        raise twin.NO_WAREHOUSE
    network = world.snapshot.network
    declared = (await twin.read_floors(connection, world.tenant, network, warehouse))[warehouse]
    learned = await zone_fits.read_active(connection, world.tenant, warehouse)
    floor, _ = zone_fits.apply(warehouse, declared, learned)
    told, frames = await twin.read_past(connection, world.tenant, warehouse, span)
    then = await signal_views.resolve_at(connection, world, span[1])
    health = then.field("cold_unit_health", Per.WAREHOUSE, network).value
    column = network.warehouse_index[warehouse]
    made = []
    for at_ms in range(span[0], span[1] + 1, 60_000):
        near = [t for t in told if at_ms - twin.WINDOW_MS < t.observed_ms <= at_ms]
        shown = [frame for seen, frame in frames if at_ms - twin.FRAME_MS < seen <= at_ms]
        frame = shown[-1] if shown else None
        state = fold(warehouse, floor, near, at_ms, float(health[column]), frame)
        zones = view_zones(state, with_line=False)
        made.append(TwinMoment(at=rfc3339(at_ms), zones=zones, frame=frame))
    return made


def view_zones(state: State, *, with_line: bool = True) -> tuple[TwinZone, ...]:
    """Show a state's zones."""
    return tuple(_view_zone(zone, with_line) for zone in state.zones)


def _view_zone(zone: ZoneState, with_line: bool) -> TwinZone:
    storage = zone.zone.storage
    band = ZONE_TEMP_BAND_C[Zone(storage)] if storage in set(Zone) else None
    step = max(1, len(zone.series) // _LINE_POINTS)
    line = [(round(x, 2), round(y, 2)) for x, y in zone.series[::step]] if with_line else []
    return TwinZone(
        code=zone.zone.code,
        name=zone.zone.name,
        storage=storage,
        sensors=str(zone.sensors),
        tint=_tint(zone),
        value_c=None if zone.value_c is None else round(zone.value_c, 2),
        observed=rfc3339(zone.observed_ms) if zone.observed_ms else "",
        low_c=band[0] if band else None,
        high_c=band[1] if band else None,
        slope_c_h=round(zone.fit.slope_c_min * 60, 2) if zone.fit else None,
        probes=tuple(
            TwinProbe(
                code=p.code,
                x_m=p.x_m,
                y_m=p.y_m,
                value_c=None if p.value_c is None else round(p.value_c, 2),
                observed=rfc3339(p.observed_ms) if p.observed_ms else "",
                is_silent=p.is_silent,
            )
            for p in zone.probes
        ),
        line=tuple(line),
        forecast=_view_forecast(zone, with_line),
    )


def _tint(zone: ZoneState) -> str:
    if zone.sensors == "none":
        return "plain"
    if zone.sensors == "outside":
        return "broken"
    seen = zone.forecast
    if zone.sensors != "fine" or (seen is not None and seen.soonest_h < FAN_H):
        return "warn"
    return "cold" if zone.zone.storage == Zone.FROZEN else "calm"


def _hours(hours: float) -> float:
    return round(hours, 1) if math.isfinite(hours) else -1.0


def _view_forecast(zone: ZoneState, with_fan: bool) -> TwinForecast | None:
    seen = zone.forecast
    if seen is None:
        return None
    fan = []
    for step in range(_FAN_STEPS + 1 if with_fan else 0):
        hour = step * FAN_H / _FAN_STEPS
        low, middle, high = (round(c, 2) for c in seen.at(hour * 60))
        fan.append((hour, low, middle, high))
    return TwinForecast(
        hours=_hours(seen.hours),
        soonest_h=_hours(seen.soonest_h),
        latest_h=_hours(seen.latest_h),
        goal_c=round(seen.goal_c, 1),
        is_measured=seen.is_measured,
        fan=tuple(fan),
    )


async def _stops(connection: Connection, tenant: int, warehouse: str) -> list[tuple[str, TwinStop]]:
    rows = await (await connection.execute(_STOPS, (tenant, warehouse, warehouse))).fetchall()
    return [
        (
            wh,
            TwinStop(
                storage=storage,
                cause=cause,
                zone=zone,
                detail=detail,
                since=rfc3339(since),
                agreed=rfc3339(agreed) if agreed else "",
            ),
        )
        for wh, storage, cause, zone, detail, since, agreed in rows
    ]


async def _open_orders(connection: Connection, tenant: int) -> dict[int, int]:
    rows = await (await connection.execute(_OPEN, (tenant,))).fetchall()
    return dict(rows)
