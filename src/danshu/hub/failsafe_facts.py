"""The fact types of the fail-safe: a storage class stopped by the breaker, and taken again; cold
equipment that may leave with goods.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("routing.stopped")
class RoutingStopped(Struct, frozen=True, kw_only=True):
    """分仓熔断: automatic routing of a storage class is stopped everywhere.

    `cause` is share (of `total` decisions `count` went to `place`, "" = nowhere, where `usual_ppm`
    was usual).
    """

    cause: str
    count: int
    no: int
    place: str
    storage: str
    total: int
    usual_ppm: int


@fact_type("routing.resumed")
class RoutingResumed(Struct, frozen=True, kw_only=True):
    """恢复分仓: a person takes the class again, and says why."""

    no: int
    reason: str
    storage: str


@fact_type("cold_equipment.registered")
class ColdEquipmentRegistered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """冷链设备登记: an equipment that goes with cold goods may be used, or may not any more.
    `warehouse` is whose it is, "" of none.
    """

    active: bool
    code: str
    name: str
    warehouse: str = ""
