"""Changes that findings may come of: what was published, connected or set, by the type of its fact.

A change is the likely cause of a finding when the finding rests on something that happened a moment
after it, at a place that it touches, and of a class that it can bring about. That is told as
likely, never as proved: a person looks.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from danshu.capabilities.sentinel.model import ORDER_CLASSES

DEPLOYED: Final = "deployed"
"""The kind of a change that no fact tells: another build of the hub began to work."""
_INTAKE: Final = (
    "missing",
    "phantom",
    "duplicate",
    "sequence_gap",
    "sku_mismatch",
    "amount_mismatch",
    "quantity_mismatch",
    "address_mismatch",
    "illegal_transition",
    "clock_skew",
    "volume_drift",
    "latency_drift",
)
_ROUTING: Final = ("oversell_attempt", "quantity_mismatch", "backward_state", "illegal_transition")
_PARCELS: Final = (
    "waybill_without_order",
    "shipped_without_waybill",
    "quantity_mismatch",
    "backward_state",
    "illegal_transition",
)
_MONEY: Final = ("refund_without_return", "refund_above_paid", "amount_mismatch", "fee_deviation")
_ORDERS: Final = tuple(sorted(ORDER_CLASSES))


class Kind(Struct, frozen=True):
    """Which classes a change can bring about, () for all; which members of its fact are told."""

    classes: tuple[str, ...]
    params: tuple[str, ...]


KINDS: Final = {
    "policy_set.published": Kind(_ROUTING, ("no", "name")),
    "policy_set.activated": Kind(_ROUTING, ("digest",)),
    "policy_set.canaried": Kind(_ROUTING, ("digest", "percent")),
    "policy_set.rolled_back": Kind(_ROUTING, ("digest",)),
    "prices.published": Kind(_ROUTING, ("no",)),
    "coefficients.adopted": Kind(_ROUTING, ("no",)),
    "order_type.published": Kind(_ORDERS, ("code", "version")),
    "order_type.retired": Kind(_ORDERS, ("code", "version")),
    "action.published": Kind(_ORDERS, ("code", "version")),
    "action.retired": Kind(_ORDERS, ("code", "version")),
    "policy.published": Kind(_ORDERS, ("version",)),
    "account.changed": Kind(_INTAKE, ("channel", "shop", "account")),
    "pull.changed": Kind(_INTAKE, ("channel", "shop", "state")),
    "key.revoked": Kind((*_INTAKE, *_PARCELS), ("key",)),
    "master.imported": Kind((*_INTAKE, *_ROUTING), ("kind",)),
    "carrier_desk.set": Kind(_PARCELS, ("carrier", "adapter")),
    "connector_route.set": Kind((*_PARCELS, *_MONEY), ("capability", "stage")),
    "connector_route.rolled_back": Kind((*_PARCELS, *_MONEY), ("capability", "by")),
    "parcel_rules.set": Kind(_PARCELS, ("version",)),
    "after_sales.configured": Kind(_MONEY, ()),
    "remedy.configured": Kind(_MONEY, ("adapter",)),
    "reconcile.rules_set": Kind(_MONEY, ("version",)),
    "settlement.set": Kind(_MONEY, ("since",)),
    DEPLOYED: Kind((), ("version", "build")),
}
"""By the type of the fact."""
