"""From network and signals to the figures that a decision reads: tables for one snapshot.

Everything that does not depend on the order is worked out here once, with additions,
multiplications and divisions in a fixed order only, so the tables are the same bits everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from msgspec import Struct

from danshu.capabilities.routing.blocks import freeze
from danshu.capabilities.routing.reasons import Reason
from danshu.capabilities.routing.signals import Field, Signals, Status, alert_level, alert_type
from danshu.capabilities.routing.variables import (
    WX_BLOCKING_TYPES,
    WX_RAINSTORM,
    WX_RED,
    ZONE_HUMIDITY_BAND,
    ZONE_TEMP_BAND_C,
    ZONES,
    Compliance,
    Per,
    Zone,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network, Site

# Storage classes by bit position: 常温 冷藏 冷冻 持证 危险品.
CLASSES: Final = ("ambient", "chilled", "frozen", "licensed", "dangerous")
AMBIENT, CHILLED, FROZEN, LICENSED, DANGEROUS = range(len(CLASSES))
CLASS_SUMS: Final = 1 << len(CLASSES)
_ZONE_CLASS: Final = {Zone.CHILLED: CHILLED, Zone.FROZEN: FROZEN, Zone.LICENSED: LICENSED}

# What cautions say against a storage class of a warehouse, a bit each.
TWIN_VETO, PROOF_VETO, BREAKER_VETO = 1, 2, 4
VETOES: Final = {
    TWIN_VETO: Reason.TWIN,
    PROOF_VETO: Reason.PROOF,
    BREAKER_VETO: Reason.BREAKER,
}

ELEVATED: Final = "elevated"  # a kind of building, of policy/fields.KINDS

LOGISTIC: Final = 1.702  # 1/(1+exp(-1.702 z)) is the normal distribution within 0.01


class Coefficients(Struct, frozen=True, kw_only=True):
    """Figures of the score; those of version start-1 are guesses, to be fitted on deliveries."""

    version: str = "start-1"
    # eta and its spread
    wave_wait_min: int = 30  # until the next picking wave
    first_wave_min: int = 480  # minute of the local day at which picking begins
    weather_slow: float = 0.12  # per alert level, at either end
    road_slow: float = 0.3
    agv_base: float = 0.5
    sd_transit: float = 0.15  # where the lane declares no spread
    sd_equipment: float = 0.5
    sd_saturation_min: float = 240.0
    sd_rider_min: float = 60.0
    widen_min: float = 60.0  # for each stale signal that widens
    same_city_min: int = 360  # lanes up to here are ridden
    # money, 分
    late_fen: int = 1_500
    late_value_bp: int = 50  # of the order's value, in 1/10,000
    late_cap_fen: int = 4_000
    risk_fen: int = 200
    parcel_fen: int = 150  # for each parcel after the first
    unfulfilled_fen: int = 6_000  # a line, on top of the dearest freight that it could have had
    # hard limits
    saturation_closed: float = 1.3
    saturation_promise_min: int = 1_440
    equipment_closed: float = 0.3
    cold_unit_closed: float = 0.6
    labour_closed: float = 0.5


class ScoreTables(NamedTuple):
    """Tables of one snapshot; R regions, W warehouses. Money int64 分, time float64 minutes.

    `fixed_fen` is the cost of opening a parcel, without extra kilograms and lateness: first kg +
    handling + risk + price of capacity + nuisance of a parcel. `pull` is 1.702/sd. Bit w of
    `lane_ok[r]` and `class_ok[sum of storage bits]` says that no order-level reason, no reason of
    the class speaks against warehouse w. `worst_fen[r]` holds the dearest first and extra kg of the
    open lanes.
    """

    lane_bits: NDArray[np.int32]  # [R, W]
    class_bits: NDArray[np.int32]  # [classes, W]
    lane_ok: NDArray[np.uint64]  # [R]
    class_ok: NDArray[np.uint64]  # [CLASS_SUMS]
    fixed_fen: NDArray[np.int64]  # [R, W]
    extra_fen: NDArray[np.int64]  # [R, W]
    eta_min: NDArray[np.float64]  # [R, W], without the wait for a wave
    pull: NDArray[np.float64]  # [R, W]
    sd_min: NDArray[np.float64]  # [R, W]
    risk_fen: NDArray[np.int64]  # [W]
    worst_fen: NDArray[np.int64]  # [R, 2]
    crowded: NDArray[np.uint8]  # [R]
    cutoff_min: NDArray[np.int64]  # [W]
    mu_fen: NDArray[np.int64]  # [W]


def build_tables(
    network: Network,
    signals: Signals,
    figures: Coefficients,
    mu_fen: NDArray[np.int64],
    veto: NDArray[np.uint8],
    surcharge_fen: NDArray[np.int64],
) -> ScoreTables:
    """Work the tables of one snapshot out; `veto` and `surcharge_fen` are its cautions."""

    def warehouse(key: str) -> Field:
        return signals.field(key, Per.WAREHOUSE, network)

    eta, sd = _arrival(network, signals, figures)
    lane_bits = _lane_bits(network, signals, figures)
    class_bits = _class_bits(network, signals, figures)
    for flag, reason in VETOES.items():
        class_bits[veto & flag != 0] |= reason
    health = warehouse("equipment_health").value
    risk = np.floor(figures.risk_fen * (1.0 - health) + 0.5).astype(np.int64) + surcharge_fen
    opening = network.handling_fen + risk + mu_fen + figures.parcel_fen
    is_open = lane_bits == 0
    worst = np.stack(
        [
            np.where(is_open, network.first_kg_fen, 0).max(axis=1),
            np.where(is_open, network.extra_kg_fen, 0).max(axis=1),
        ],
        axis=1,
    )
    saturation = signals.field("station_saturation", Per.REGION, network).value
    tables = ScoreTables(
        lane_bits=lane_bits,
        class_bits=class_bits,
        lane_ok=_masks(is_open),
        class_ok=_class_masks(class_bits),
        fixed_fen=np.ascontiguousarray(network.first_kg_fen + opening[None, :]),
        extra_fen=network.extra_kg_fen,
        eta_min=eta,
        pull=LOGISTIC / sd,
        sd_min=sd,
        risk_fen=risk,
        worst_fen=np.ascontiguousarray(worst),
        crowded=(saturation > figures.saturation_closed).astype(np.uint8),
        cutoff_min=network.cutoff_min,
        mu_fen=mu_fen,
    )
    for table in tables:
        freeze(table)
    return tables


def wait_to_wave(minute: int, cutoff_min: int, wave_wait_min: int, first_wave_min: int) -> int:
    """Minutes from `minute` of the local day until the order is picked.

    Before the cut-off the next wave takes it (not before the first of the day); after it, the first
    wave of the next day.
    """
    if minute >= cutoff_min:
        return 1_440 - minute + first_wave_min
    return max(wave_wait_min, first_wave_min - minute)


def _arrival(
    network: Network, signals: Signals, figures: Coefficients
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and spread of the minutes from the wave to the door, [R, W]."""

    def wh(key: str) -> NDArray[np.float64]:
        return signals.field(key, Per.WAREHOUSE, network).value

    labour = np.maximum(wh("labour_redundancy"), 0.1)
    robots = figures.agv_base + (1.0 - figures.agv_base) * wh("agv_availability")
    inside = wh("pick_backlog") / (labour * robots) + wh("dock_queue")
    origin = _levels(signals.field("wx_alert", Per.WAREHOUSE, network))
    goal = _levels(signals.field("wx_alert", Per.REGION, network))
    transit = signals.field("lane_eta", Per.LANE, network).value
    road = signals.field("lane_road", Per.LANE, network).value
    slow = (
        1.0
        + figures.weather_slow * origin[None, :]
        + figures.weather_slow * goal[:, None]
        + figures.road_slow * road
    )
    eta = inside[None, :] + transit * slow
    declared = np.where(network.sd_min > 0, network.sd_min, figures.sd_transit * transit)
    sd = declared * (1.0 + figures.sd_equipment * (1.0 - wh("equipment_health")))[None, :]
    saturation = signals.field("station_saturation", Per.REGION, network).value
    sd = sd + (figures.sd_saturation_min * np.maximum(0.0, saturation - 0.8))[:, None]
    riders = signals.field("rider_heat", Per.REGION, network).value
    ridden = (network.transit_min <= figures.same_city_min).astype(np.float64)
    sd = sd + (figures.sd_rider_min / (riders + 0.2))[:, None] * ridden
    sd = np.maximum(sd + figures.widen_min * _widened(network, signals), 1.0)
    return eta, sd


def _widened(network: Network, signals: Signals) -> NDArray[np.float64]:
    """How many stale signals widen each lane, [R, W]."""

    def stale(key: str, per: Per) -> NDArray[np.float64]:
        is_stale: NDArray[np.bool_] = signals.field(key, per, network).status == Status.STALE
        return is_stale.astype(np.float64)

    origin = stale("wx_alert", Per.WAREHOUSE) + stale("equipment_health", Per.WAREHOUSE)
    origin = origin + stale("pick_backlog", Per.WAREHOUSE)
    goal = stale("wx_alert", Per.REGION) + stale("rider_heat", Per.REGION)
    lanes = stale("lane_road", Per.LANE)
    lanes += origin[None, :] + goal[:, None]
    return lanes


def _levels(field: Field) -> NDArray[np.float64]:
    return np.array([alert_level(value) for value in field.value.tolist()], np.float64)


def _stops(alert: float, site: Site) -> bool:
    """Tell whether an alert stops a warehouse; rain runs off one that stands high (高架仓)."""
    kind = alert_type(alert)
    if alert_level(alert) < WX_RED or kind not in WX_BLOCKING_TYPES:
        return False
    return not (kind == WX_RAINSTORM and site.kind == ELEVATED)


def _lane_bits(network: Network, signals: Signals, figures: Coefficients) -> NDArray[np.int32]:
    """Reasons that hold for a whole order, whatever it contains, [R, W]."""
    bits = np.zeros((len(network.regions), len(network.codes)), np.int32)
    bits[network.lane_open == 0] |= Reason.LANE
    bits[signals.field("lane_road", Per.LANE, network).value >= 1.0] |= Reason.LANE
    riders = signals.field("rider_heat", Per.REGION, network)
    nobody = (riders.value <= 0) & (riders.status == Status.FRESH)
    bits[nobody[:, None] & (network.transit_min <= figures.same_city_min)] |= Reason.CARRIER
    alerts = signals.field("wx_alert", Per.WAREHOUSE, network).value.tolist()
    stops = [_stops(v, site) for v, site in zip(alerts, network.sites, strict=True)]
    bits[:, np.array(stops)] |= Reason.WEATHER
    health = signals.field("equipment_health", Per.WAREHOUSE, network).value
    bits[:, health < figures.equipment_closed] |= Reason.EQUIPMENT
    labour = signals.field("labour_redundancy", Per.WAREHOUSE, network).value
    bits[:, labour < figures.labour_closed] |= Reason.LABOUR
    order_wide = Compliance.LOCKDOWN | Compliance.HOURS | Compliance.DATA
    for per in (Per.WAREHOUSE, Per.REGION):
        policy = signals.field("policy_compliance", per, network)
        forbidden = (policy.value.astype(np.int64) & int(order_wide)) != 0
        stale = policy.status == Status.STALE
        if per is Per.WAREHOUSE:
            bits[:, forbidden] |= Reason.REGION
            bits[:, stale] |= Reason.STALE_SAFETY
        else:
            bits[forbidden] |= Reason.REGION
            bits[stale] |= Reason.STALE_SAFETY
    return bits


def _class_bits(network: Network, signals: Signals, figures: Coefficients) -> NDArray[np.int32]:
    """Reasons that hold for lines of one storage class, [classes, W]."""
    bits = np.zeros((len(CLASSES), len(network.codes)), np.int32)
    for position in range(len(CLASSES)):
        bits[position, network.storage_bits & (1 << position) == 0] |= Reason.STORAGE
    policy = signals.field("policy_compliance", Per.WAREHOUSE, network).value.astype(np.int64)
    for flag, positions in (
        (Compliance.LICENCE, (LICENSED,)),
        (Compliance.COLD_CERTIFICATE, (CHILLED, FROZEN)),
        (Compliance.DANGEROUS, (DANGEROUS,)),
    ):
        for position in positions:
            bits[position, policy & int(flag) != 0] |= Reason.STORAGE
    unit = signals.field("cold_unit_health", Per.WAREHOUSE, network)
    for position in (CHILLED, FROZEN):
        bits[position, unit.value < figures.cold_unit_closed] |= Reason.EQUIPMENT
        bits[position, unit.status == Status.STALE] |= Reason.STALE_SAFETY
    temperature = signals.field("zone_temp", Per.ZONE, network)
    humidity = signals.field("zone_humidity", Per.ZONE, network)
    for row, zone in enumerate(ZONES):
        position = _ZONE_CLASS[zone]
        _band(bits[position], temperature, row, ZONE_TEMP_BAND_C[zone])
        bits[position, temperature.status[row] == Status.DISAGREE] |= Reason.DISAGREE
        if zone is Zone.LICENSED:
            _band(bits[position], humidity, row, ZONE_HUMIDITY_BAND)
    return bits


def _band(bits: NDArray[np.int32], field: Field, row: int, band: tuple[float, float]) -> None:
    value, status = field.value[row], field.status[row]
    outside = (value < band[0]) | (value > band[1])
    bits[outside & (status == Status.FRESH)] |= Reason.TEMPERATURE
    bits[status == Status.STALE] |= Reason.STALE_SAFETY


def _masks(good: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack [N, W] truth values into one word a row, bit w = warehouse w."""
    weights = np.array([1 << column for column in range(good.shape[1])], np.uint64)
    packed: NDArray[np.uint64] = np.bitwise_or.reduce(
        np.where(good, weights[None, :], np.uint64(0)), axis=1
    )
    return packed


def _class_masks(class_bits: NDArray[np.int32]) -> NDArray[np.uint64]:
    """For each sum of storage classes, the warehouses that may hold all of them; no class, none."""
    single = _masks(class_bits == 0)
    masks = np.zeros(CLASS_SUMS, np.uint64)
    for classes in range(1, CLASS_SUMS):
        members = [single[p] for p in range(len(CLASSES)) if classes >> p & 1]
        masks[classes] = np.bitwise_and.reduce(np.array(members, np.uint64))
    return masks
