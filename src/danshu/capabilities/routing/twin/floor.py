"""The floor of a warehouse in metres: zones with probes, cold units, docks and the tracks of what
drives there. Master data as JSON; a warehouse that declares none gets the layout of its storage
classes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from danshu.capabilities.routing.score import CLASSES
from danshu.capabilities.routing.variables import ZONE_TEMP_DEFAULT_C, Zone
from danshu.kernel.errors import InputError
from danshu.kernel.limits import TWIN_FLOOR_M, TWIN_POINTS, TWIN_ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Metres = Annotated[float, Meta(ge=0, le=TWIN_FLOOR_M)]
Word = Annotated[str, Meta(min_length=1, max_length=64)]
Point = tuple[Metres, Metres]

AMBIENT_C: Final = 25.0
DUTY: Final = 0.6  # of a unit's full power that holds its zone at the declared default


class Physics(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cold zone as a body of first order: dT/dt = (ambient - T)(1 + door d)/tau - c.

    `tau_min` is how slowly it warms with the unit off; at full power c is (ambient - reach)/tau, so
    that the zone would come down to `reach_c`. `door_factor`: how much faster outside air comes in
    through an open door.
    """

    tau_min: Annotated[float, Meta(ge=5, le=20_000)]
    ambient_c: Annotated[float, Meta(ge=-60, le=60)]
    reach_c: Annotated[float, Meta(ge=-120, le=60)]
    door_factor: Annotated[float, Meta(ge=0, le=100)] = 4.0

    @property
    def full_c_min(self) -> float:
        """Cooling at full power, °C a minute."""
        return (self.ambient_c - self.reach_c) / self.tau_min


class Spot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that stands at one point: a probe, a cold unit, a dock."""

    code: Word
    x_m: Metres
    y_m: Metres


class FloorZone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A zone: its storage class ("" = nothing is stored there), outline, probes and cold units.

    A probe's code is the sensor's in the subject zn:WAREHOUSE/CLASS/SENSOR.
    """

    code: Word
    name: Annotated[str, Meta(max_length=64)] = ""
    storage: str = ""
    polygon: Annotated[tuple[Point, ...], Meta(min_length=3, max_length=TWIN_POINTS)]
    probes: Annotated[tuple[Spot, ...], Meta(max_length=TWIN_POINTS)] = ()
    units: Annotated[tuple[Spot, ...], Meta(max_length=TWIN_POINTS)] = ()
    physics: Physics | None = None


class Track(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way that AGVs (`agv`) or forklifts (`forklift`) drive."""

    kind: str
    points: Annotated[tuple[Point, ...], Meta(min_length=2, max_length=TWIN_POINTS)]


class Floor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A warehouse's floor; x to the right, y down, from its upper left corner."""

    width_m: Annotated[float, Meta(gt=0, le=TWIN_FLOOR_M)]
    height_m: Annotated[float, Meta(gt=0, le=TWIN_FLOOR_M)]
    zones: Annotated[tuple[FloorZone, ...], Meta(min_length=1, max_length=TWIN_ZONES)]
    docks: Annotated[tuple[Spot, ...], Meta(max_length=TWIN_POINTS)] = ()
    tracks: Annotated[tuple[Track, ...], Meta(max_length=TWIN_POINTS)] = ()


def check_floor(floor: Floor) -> Floor:
    """Give the floor back when it can be true.

    Raises InputError `bad_floor` for doubled codes, points outside, unknown classes, a zone without
    area, probes outside their zone.
    """
    for what, codes in (
        ("zone", [zone.code for zone in floor.zones]),
        ("dock", [dock.code for dock in floor.docks]),
        ("probe", [(z.storage, p.code) for z in floor.zones for p in z.probes]),
        ("unit", [unit.code for zone in floor.zones for unit in zone.units]),
    ):
        if len(set(codes)) != len(codes):
            raise InputError("bad_floor", f"a {what} is told twice")
    for x, y in _points(floor):
        if not (math.isfinite(x) and math.isfinite(y)):
            raise InputError("bad_floor", "a point is no number")
        if x > floor.width_m or y > floor.height_m:
            raise InputError("bad_floor", f"({x}, {y}) lies outside the building")
    for zone in floor.zones:
        _check_zone(zone)
    if any(track.kind not in ("agv", "forklift") for track in floor.tracks):
        raise InputError("bad_floor", "a track is of an agv or a forklift")
    return floor


def _check_zone(zone: FloorZone) -> None:
    if zone.storage and zone.storage not in CLASSES:
        raise InputError("bad_floor", f"{zone.storage!r} is no storage class")
    if measure_area(zone.polygon) <= 0:
        raise InputError("bad_floor", f"zone {zone.code} has no area")
    for probe in zone.probes:
        if not contains(zone.polygon, (probe.x_m, probe.y_m)):
            raise InputError("bad_floor", f"probe {probe.code} is outside zone {zone.code}")
    if zone.physics is not None and zone.physics.reach_c >= zone.physics.ambient_c:
        raise InputError("bad_floor", f"the unit of zone {zone.code} cools nothing")


def _points(floor: Floor) -> Iterator[Point]:
    for zone in floor.zones:
        yield from zone.polygon
        yield from ((spot.x_m, spot.y_m) for spot in (*zone.probes, *zone.units))
    yield from ((dock.x_m, dock.y_m) for dock in floor.docks)
    for track in floor.tracks:
        yield from track.points


def measure_area(polygon: Iterable[Point]) -> float:
    """Measure a polygon's area, m²."""
    points = list(polygon)
    turned = [*points[1:], points[0]]
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, turned, strict=True))) / 2


def contains(polygon: Iterable[Point], point: Point) -> bool:
    """Tell whether a point lies in a polygon or on its lower or left edges (even-odd rule)."""
    points = list(polygon)
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def default_physics(zone: Zone) -> Physics:
    """Give the physics of a class where its floor declares none: 10 h, 15 h for frozen goods."""
    wanted = ZONE_TEMP_DEFAULT_C[zone]
    return Physics(
        tau_min=900 if zone is Zone.FROZEN else 600,
        ambient_c=AMBIENT_C,
        reach_c=round(AMBIENT_C - (AMBIENT_C - wanted) / DUTY, 1),
    )


def physics_of(zone: FloorZone) -> Physics | None:
    """Give a zone's physics; None for one that nobody cools."""
    if zone.physics is not None:
        return zone.physics
    return default_physics(Zone(zone.storage)) if zone.storage in set(Zone) else None


_WIDE_M: Final = 120.0
_HIGH_M: Final = 70.0
_DOCKS: Final = 10
_AISLE_M: Final = 3.0
_NAMES: Final = dict(zip(CLASSES, ("常温高架", "冷藏", "冷冻", "持证", "危险品"), strict=True))


def lay_out(storage_bits: int) -> Floor:
    """Lay the floor of a warehouse out that declared none: its classes, picking, packing, docks."""
    classes = [name for bit, name in enumerate(CLASSES) if storage_bits >> bit & 1]
    left = 50.0 if "ambient" in classes else _AISLE_M
    others = [name for name in classes if name != "ambient"]
    zones = []
    if "ambient" in classes:
        wide = left if others else _WIDE_M - _AISLE_M
        zones.append(_zone("A", "ambient", (_AISLE_M, 3.0, wide - _AISLE_M, 40.0)))
    columns = max(1, min(2, len(others)))
    rows = max(1, math.ceil(len(others) / columns))
    wide, high = (_WIDE_M - left - _AISLE_M) / columns, 40.0 / rows
    for number, name in enumerate(others):
        at = left + number % columns * wide, 3.0 + number // columns * high
        box = (at[0] + _AISLE_M, at[1], wide - _AISLE_M, high - (_AISLE_M if rows > 1 else 0))
        zones.append(_zone("BCDE"[number], name, box))
    zones.append(_zone("F", "", (_AISLE_M, 47.0, 78.0, 12.0), "拣货与复核"))
    zones.append(_zone("G", "", (84.0, 47.0, 33.0, 12.0), "打包"))
    step = (_WIDE_M - 12) / _DOCKS
    docks = tuple(
        Spot(code=str(n + 1), x_m=round(6 + step / 2 + n * step, 1), y_m=65.0)
        for n in range(_DOCKS)
    )
    aisle = min(left + _AISLE_M / 2, _WIDE_M - 1.5)
    tracks = (
        Track(kind="agv", points=((8.0, 45.0), (aisle, 45.0), (aisle, 5.0))),
        Track(kind="forklift", points=((_WIDE_M - 1.5, 5.0), (_WIDE_M - 1.5, 61.0), (10.0, 61.0))),
    )
    return Floor(width_m=_WIDE_M, height_m=_HIGH_M, zones=tuple(zones), docks=docks, tracks=tracks)


def _zone(
    code: str, storage: str, box: tuple[float, float, float, float], name: str = ""
) -> FloorZone:
    x, y, wide, high = box
    probes: tuple[Spot, ...] = ()
    units: tuple[Spot, ...] = ()
    if storage in set(Zone):
        at = ((0.3, 0.75), (0.55, 0.5), (0.8, 0.75))
        probes = tuple(
            Spot(code=f"s{n + 1}", x_m=round(x + wide * a, 1), y_m=round(y + high * b, 1))
            for n, (a, b) in enumerate(at)
        )
        units = (Spot(code=f"{code}-U1", x_m=round(x + wide - 1, 1), y_m=round(y + 1, 1)),)
    corners = ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))
    return FloorZone(
        code=code,
        name=name or _NAMES[storage],
        storage=storage,
        polygon=tuple((round(a, 1), round(b, 1)) for a, b in corners),
        probes=probes,
        units=units,
    )
