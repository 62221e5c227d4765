"""The fact types of marks: what people write on an order for one another. On the order's stream."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("order.tagged")
class OrderTagged(Struct, frozen=True, kw_only=True):
    """打标: the order bears these tags from now on."""

    tags: tuple[str, ...]


@fact_type("order.untagged")
class OrderUntagged(Struct, frozen=True, kw_only=True):
    """去标: the order bears these tags no more."""

    tags: tuple[str, ...]


@fact_type("order.assigned")
class OrderAssigned(Struct, frozen=True, kw_only=True):
    """指派: who looks after the order: a person's subject and number, both "" for nobody."""

    number: str
    person: str
