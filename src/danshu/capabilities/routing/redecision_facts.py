"""What is said of an order whose warehouse began to be closed: decided again, or not, and why."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class Closed(Struct, frozen=True, kw_only=True):
    """A warehouse of the order, the reason (reasons.py) and the class of goods, "" for all."""

    reason: str
    storage: str
    warehouse: str


@fact_type("route.redecided")
class RouteRedecided(Struct, frozen=True, kw_only=True):
    """信号改派: a snapshot closed what held this order; what became of it.

    `before` and `after` are the digests of the snapshots, "" where there was none before; `no`
    numbers the merchant's snapshot. `outcome`: moved (the decision follows), stays (no other
    warehouses can give it all), pinned (a person chose the warehouse and signed for it), held
    (neither can the cold goods stay: a person decides).
    """

    after: str
    before: str
    closed: tuple[Closed, ...]
    no: int
    outcome: str
