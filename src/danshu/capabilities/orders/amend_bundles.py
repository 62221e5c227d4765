"""Bundles 组合装 in an amendment: whole bundles are given up or taken, never a part of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.orders.amend_facts import LineAmended
    from danshu.capabilities.orders.model import Bundled, Line, Order

WHOLE: Final = Refusal(
    code="whole_bundles",
    reason="组合装要整套改:各组件按同样的套数增减,单价不单独改",
    reason_en="Whole bundles only: all components change by the same number, prices stay",
    clause="order.amend.bundle",
)


def scale(bundle: Bundled, was: int, now: int) -> Bundled:
    """Give a component's share of its bundle for another quantity, cut cumulatively."""
    if was == now or not was:
        return bundle
    return replace(bundle, amount=bundle.amount * now // was, units=bundle.units * now // was)


def worth(line: Line, quantity: int, price: int) -> int:
    """Give the list price of a line for a quantity; a component's is its share of the bundle's."""
    if line.bundle is None:
        return price * quantity
    return scale(line.bundle, line.quantity, quantity).amount


def refuse(order: Order, lines: Sequence[LineAmended]) -> Refusal | None:
    """Say why these changes of components cannot be; None where none is changed, or all alike."""
    units: dict[int, set[int]] = {}
    for line, told in zip(order.lines, lines, strict=False):
        bundle = line.bundle
        if bundle is None:
            continue
        if told.now.price != line.price or not line.quantity:
            if told.was != told.now:
                return WHOLE
            continue
        scaled, rest = divmod(bundle.units * told.now.quantity, line.quantity)
        if rest:
            return WHOLE
        units.setdefault(bundle.line, set()).add(scaled)
    return WHOLE if any(len(found) > 1 for found in units.values()) else None
