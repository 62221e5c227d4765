"""What is known of the 17 variables at one moment, and how well.

Three states of a value, never confused:

* declared: no source was ever registered for the subject. The variable takes its declared default
  and is shown as `declared_default`. It closes nothing: a warehouse without sensors is judged by
  its papers.
* fresh: the latest reading is within its ttl.
* stale: a source is registered, and its latest reading is missing, older than the ttl, of bad
  quality, out of the believable range (CLOSED variables), or its clock is off by more than
  SIGNAL_SKEW_MS. The variable does what it declares: default, widen, or closed.

A reading registers its subject by itself; `registered` adds those that have not spoken yet.
"""

from __future__ import annotations

import math
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from msgspec import Struct

from danshu.capabilities.routing.blocks import freeze
from danshu.capabilities.routing.variables import (
    BY_KEY,
    VARIABLES,
    WX_RED,
    ZONE_TEMP_DEFAULT_C,
    ZONES,
    OnStale,
    Per,
    Variable,
    Zone,
)
from danshu.kernel.limits import SIGNAL_SKEW_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network

WX_LAST_MS: Final = (
    3 * 3_600_000
)  # a stale alert keeps its last level so long, then counts as level 1
AGREE_C: Final = 2.0  # temperature sensors of one zone agree within this
QUORUM: Final = 2  # of the three sensors of a zone
FOREVER_MS: Final = 2**62


class Quality(IntEnum):
    """What the source says of its own reading."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2  # as if missing


class Status(IntEnum):
    """How a value came to be."""

    DECLARED = 0
    FRESH = 1
    STALE = 2
    DISAGREE = 3  # fresh sensors of one zone that contradict each other


class Reading(Struct, frozen=True, kw_only=True):
    """One value of one variable, as a source told it; the functions below write subjects."""

    key: str
    subject: str
    value: float
    observed_ms: int
    received_ms: int
    source: str
    quality: Quality = Quality.GOOD


class Field(NamedTuple):
    """One variable over its subjects: value, when observed (0 = never), Status, source index."""

    value: NDArray[np.float64]
    observed_ms: NDArray[np.int64]
    status: NDArray[np.uint8]
    source: NDArray[np.int16]


FieldKey = tuple[str, Per]
FIELD_KEYS: Final[tuple[FieldKey, ...]] = tuple(
    (variable.key, per) for variable in VARIABLES for per in variable.per
)
DECLARED_SOURCE: Final = "declared default"


class Signals:
    """Resolved variables at `taken_ms`; a field without any registered source is not in `fields`.

    `valid_until_ms` is the last moment at which resolving the same readings gives the same values,
    so the snapshot need not be made again before, unless a reading arrives. `ignored` names
    readings about variables or subjects that the network does not know.
    """

    def __init__(
        self,
        taken_ms: int,
        fields: Mapping[FieldKey, Field],
        sources: tuple[str, ...] = (DECLARED_SOURCE,),
        valid_until_ms: int = FOREVER_MS,
        ignored: tuple[str, ...] = (),
    ) -> None:
        self.taken_ms = taken_ms
        self.fields = dict(fields)
        self.sources = sources
        self.valid_until_ms = valid_until_ms
        self.ignored = ignored

    def field(self, key: str, per: Per, network: Network) -> Field:
        """The variable over its subjects, declared defaults where nothing is connected."""
        return self.fields.get((key, per)) or declare_field(key, per, network)


def warehouse_subject(code: str) -> str:
    """Write the subject of a reading about a warehouse."""
    return f"wh:{code}"


def region_subject(code: str) -> str:
    """Write the subject of a reading about a region."""
    return f"rg:{code}"


def lane_subject(warehouse: str, region: str) -> str:
    """Write the subject of a reading about a lane."""
    return f"ln:{warehouse}>{region}"


def sensor_subject(warehouse: str, zone: Zone, sensor: str) -> str:
    """Write the subject of a reading of one sensor in a zone of a warehouse."""
    return f"zn:{warehouse}/{zone}/{sensor}"


def declare_field(key: str, per: Per, network: Network) -> Field:
    """The declared default of a variable over all its subjects."""
    regions, warehouses = len(network.regions), len(network.codes)
    shape = {
        Per.WAREHOUSE: (warehouses,),
        Per.REGION: (regions,),
        Per.LANE: (regions, warehouses),
        Per.ZONE: (len(ZONES), warehouses),
    }[per]
    if key == "lane_eta":
        value = network.transit_min.copy()
    else:
        value = np.full(shape, BY_KEY[key].default, np.float64)
    if key == "zone_temp":
        for row, zone in enumerate(ZONES):
            value[row] = ZONE_TEMP_DEFAULT_C[zone]
    return Field(
        value, np.zeros(shape, np.int64), np.zeros(shape, np.uint8), np.zeros(shape, np.int16)
    )


def resolve(
    readings: Iterable[Reading],
    network: Network,
    now_ms: int,
    registered: Iterable[tuple[str, str]] = (),
) -> Signals:
    """Say what each variable is at `now_ms`; `registered`: (key, subject) of connected sources."""
    resolution = _Resolution(network, now_ms)
    latest: dict[tuple[str, str], Reading | None] = dict.fromkeys(registered)
    for reading in readings:
        known = latest.get((reading.key, reading.subject))
        if known is None or _later(reading) > _later(known):
            latest[reading.key, reading.subject] = reading
    # In the order of their names, so that equal content gives equal bytes however it arrived.
    for key, subject in sorted(latest):
        resolution.take(key, subject, latest[key, subject])
    return resolution.finish()


def _later(reading: Reading) -> tuple[int, int, str]:
    return (reading.observed_ms, reading.received_ms, reading.source)


class _Sensor(NamedTuple):
    value: float | None  # None: stale
    observed_ms: int
    source: int


class _Resolution:
    """The work of one call of `resolve`."""

    def __init__(self, network: Network, now_ms: int) -> None:
        self.network = network
        self.now_ms = now_ms
        self.fields: dict[FieldKey, Field] = {}
        self.sources: dict[str, int] = {DECLARED_SOURCE: 0}
        self.until_ms = FOREVER_MS
        self.ignored: list[str] = []
        self.zones: dict[tuple[str, tuple[int, int]], list[_Sensor]] = {}

    def take(self, key: str, subject: str, reading: Reading | None) -> None:
        place = self._locate(key, subject)
        if place is None:
            self.ignored.append(f"{key} {subject}")
            return
        per, cell = place
        variable = BY_KEY[key]
        value = self._judge(variable, reading)
        observed_ms = reading.observed_ms if reading else 0
        source = self._source(reading.source) if reading else 0
        if per is Per.ZONE:
            self.zones.setdefault((key, (cell[0], cell[1])), []).append(
                _Sensor(value, observed_ms, source)
            )
            return
        field = self._field(key, per)
        field.observed_ms[cell] = observed_ms
        field.source[cell] = source
        if value is not None:
            field.value[cell] = value
            field.status[cell] = Status.FRESH
            return
        field.status[cell] = Status.STALE
        if key == "wx_alert":
            field.value[cell] = self._last_alert(reading)

    def finish(self) -> Signals:
        for (key, cell), sensors in sorted(self.zones.items()):
            field = self._field(key, Per.ZONE)
            status, value, used = _agree(key, sensors)
            field.status[cell] = status
            field.observed_ms[cell] = min(sensor.observed_ms for sensor in used)
            field.source[cell] = used[0].source
            if status is not Status.STALE:
                field.value[cell] = value
        for field in self.fields.values():
            for array in field:
                freeze(array)
        return Signals(
            self.now_ms, self.fields, tuple(self.sources), self.until_ms, tuple(self.ignored)
        )

    def _field(self, key: str, per: Per) -> Field:
        if (key, per) not in self.fields:
            self.fields[key, per] = declare_field(key, per, self.network)
        return self.fields[key, per]

    def _source(self, name: str) -> int:
        return self.sources.setdefault(name, len(self.sources))

    def _locate(self, key: str, subject: str) -> tuple[Per, tuple[int, ...]] | None:
        """Find the field and the cell that a subject means; None when nobody knows it."""
        kind, _, name = subject.partition(":")
        variable = BY_KEY.get(key)
        if variable is None or kind not in variable.per:
            return None
        per = Per(kind)
        warehouses, regions = self.network.warehouse_index, self.network.region_index
        if per is Per.WAREHOUSE or per is Per.REGION:
            row = (warehouses if per is Per.WAREHOUSE else regions).get(name)
            return None if row is None else (per, (row,))
        if per is Per.LANE:
            warehouse, _, region = name.partition(">")
            row = regions.get(region)
        else:
            warehouse, _, rest = name.partition("/")
            zone = rest.partition("/")[0]
            row = ZONES.index(Zone(zone)) if zone in ZONES else None
        column = warehouses.get(warehouse)
        return None if row is None or column is None else (per, (row, column))

    def _judge(self, variable: Variable, reading: Reading | None) -> float | None:
        """The value when it is fresh and believable, else None."""
        if reading is None or reading.quality is Quality.BAD or not math.isfinite(reading.value):
            return None
        seen_ms, latest_ms = reading.observed_ms, self.now_ms + SIGNAL_SKEW_MS
        if seen_ms - reading.received_ms > SIGNAL_SKEW_MS or seen_ms > latest_ms:
            return None
        last_ms = seen_ms + variable.ttl_s * 1_000
        if self.now_ms > last_ms:
            return None
        believable = variable.low <= reading.value <= variable.high
        if variable.on_stale is OnStale.CLOSED and not believable:
            return None
        self.until_ms = min(self.until_ms, last_ms)
        return min(max(reading.value, variable.low), variable.high)

    def _last_alert(self, reading: Reading | None) -> float:
        """A stale alert keeps its last level for a while; then the weather counts as level 1."""
        usable = reading is not None and 0 <= reading.value <= BY_KEY["wx_alert"].high
        if reading is None or not usable or reading.observed_ms > self.now_ms + SIGNAL_SKEW_MS:
            return 1.0
        last_ms = reading.observed_ms + WX_LAST_MS
        if self.now_ms > last_ms:
            return 1.0
        self.until_ms = min(self.until_ms, last_ms)
        return reading.value


def _agree(key: str, sensors: list[_Sensor]) -> tuple[Status, float, list[_Sensor]]:
    """Make one value of a zone: temperature needs a quorum that agrees, humidity any sensor."""
    fresh = sorted(
        ((sensor.value, sensor) for sensor in sensors if sensor.value is not None),
        key=lambda pair: pair[0],
    )
    needed = QUORUM if key == "zone_temp" else 1
    if len(fresh) < needed:
        return Status.STALE, 0.0, sensors
    values = [value for value, _ in fresh]
    used = [sensor for _, sensor in fresh]
    if key != "zone_temp":
        return Status.FRESH, _median(values), used
    gap, low = min((high - low, low) for low, high in pairwise(values))
    middle = low + gap / 2
    agreed = [value for value in values if abs(value - middle) <= AGREE_C]
    if gap > AGREE_C:
        return Status.DISAGREE, _median(values), used
    return Status.FRESH, _median(agreed), used


def _median(values: list[float]) -> float:
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def alert_level(value: float) -> int:
    """The level, 0 to 4, of a wx_alert value."""
    return min(max(int(value) % 100, 0), WX_RED)


def alert_type(value: float) -> int:
    """The type (01 台风, 02 暴雨 ...) of a wx_alert value; 0 when it has none."""
    return int(value) // 100
