"""The fact type of orders that the floor is to do before others."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("order.expedited")
class OrderExpedited(Struct, frozen=True, kw_only=True):
    """加急: the floor is to have it out by `by` (RFC 3339), before others; "" takes that back."""

    by: str
    reason: str
