"""The fact types of the digital twin 数字孪生 and of resilience 业务韧性."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("twin.stopped")
class TwinStopped(Struct, frozen=True, kw_only=True):
    """孪生停接: the physical judge stops a storage class in a warehouse.

    `cause` is forecast (model and sensors see the zone leave its band before goods are handed over)
    or contradiction (model and sensors cannot both be right); `detail` says how. `hours_tenth`: so
    many tenths of an hour until the excursion, -1 = none is forecast.
    """

    cause: str
    detail: str
    hours_tenth: int
    sensors: str
    storage: str
    warehouse: str
    zone: str


@fact_type("twin.cleared")
class TwinCleared(Struct, frozen=True, kw_only=True):
    """孪生复接: a stopped storage class is taken again; `by` evidence (both agree) or person."""

    by: str
    cause: str
    reason: str
    storage: str
    warehouse: str


@fact_type("zone_physics.adopted")
class ZonePhysicsAdopted(Struct, frozen=True, kw_only=True):
    """温区热参数启用: the physics that a cold zone is forecast by from now on.

    `act` is adopt (version `no` was learned from the zone's own series and passed) or retire (`no`
    0: as the floor declares); `before` is what was in force. `error_tenth_min`: mean error of when
    warm-ups that neither had seen came to where they came, tenths of a minute, of what was in force
    and of the new one, -1 for none. Temperatures in tenths of °C, the door's factor in hundredths.
    """

    act: str
    ambient_tenth_c: int
    before: int
    door_hundredth: int
    error_tenth_min: tuple[int, int]
    no: int
    reach_tenth_c: int
    tau_min: int
    warehouse: str
    zone: str


@fact_type("resilience.alarmed")
class ResilienceAlarmed(Struct, frozen=True, kw_only=True):
    """韧性告警: a warehouse's index fell under the threshold, or came back over it."""

    is_under: bool
    part: str
    score: int
    threshold: int
    warehouse: str


@fact_type("resilience.assessed")
class ResilienceAssessed(Struct, frozen=True, kw_only=True):
    """韧性评估: the loss of each warehouse, and of pairs, was simulated on recent orders.

    Money in 分 over `orders`; the weakest warehouse is the one whose loss costs most.
    """

    digest: str
    orders: int
    outcome: str
    pairs: int
    run: str
    singles: int
    snapshot: str
    weakest: str
    weakest_fen: int
