"""What may be asked of an order that exists, and what a decision gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.capabilities.orders.evolve import evolve
from danshu.capabilities.orders.model import HoldRule, Order
from danshu.kernel.fact import Said

if TYPE_CHECKING:
    from collections.abc import Sequence


class Command(Struct, frozen=True, kw_only=True):
    """An act on an order. `fulfilment` 0 = every one that allows it. Times in epoch ms."""

    event: str
    fulfilment: int = 0
    reason: str = ""
    amount: int = 0
    carrier: str = ""
    waybill: str = ""
    region: str = ""
    occurred_ms: int = 0
    by: str = ""
    equipment: str = ""  # cold equipment that goods leave with
    rule: HoldRule | None = None  # of a hold, where it is not the catalogue's
    exclude: tuple[str, ...] = ()  # warehouses that a new decision must leave out
    together: bool = False  # the whole group of a merged parcel does it, in one commit


class Done(Struct, frozen=True, kw_only=True):
    """The outcome of an act: the new state, what to say, promise events (name, occurred ms)."""

    order: Order
    said: tuple[Said, ...]
    heard: tuple[tuple[str, int], ...] = ()


def conclude(
    order: Order, datas: Sequence[Struct], occurred_ms: int, *heard: str, at_ms: int = 0
) -> Done:
    """Evolve the order by what is said; `heard` names what the promises hear, all at `at_ms`."""
    for data in datas:
        order = evolve(order, data)
    return Done(
        order=order,
        said=tuple(Said(data=d, occurred_ms=occurred_ms) for d in datas),
        heard=tuple((name, at_ms) for name in heard),
    )
