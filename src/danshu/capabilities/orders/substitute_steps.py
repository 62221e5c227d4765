"""What offers of substitutes change of an order: which are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from danshu.capabilities.orders.model import Offer, Order
from danshu.capabilities.orders.substitute_facts import (
    SubstituteAccepted,
    SubstituteDeclined,
    SubstituteEnded,
    SubstituteOffered,
)
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct


def _offered(order: Order, data: SubstituteOffered) -> Order:
    made = Offer(
        no=data.no,
        line=data.line,
        sku=data.sku,
        title=data.title,
        quantity=data.quantity,
        price=data.price,
        paid=data.paid,
        until_ms=epoch_ms(data.until),
    )
    return replace(order, offers=(*order.offers, made), offered=max(order.offered, data.no))


def _over(order: Order, data: Any) -> Order:
    return replace(order, offers=tuple([o for o in order.offers if o.no != data.no]))


STEPS: Final[dict[type[Struct], Callable[[Order, Any], Order]]] = {
    SubstituteOffered: _offered,
    SubstituteAccepted: _over,
    SubstituteDeclined: _over,
    SubstituteEnded: _over,
}
