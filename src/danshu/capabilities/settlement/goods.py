"""What goods cost 主营业务成本: they leave 库存商品, come back, or are lost; minor units of CNY.

A unit costs what its SKU cost on the day of the event. What comes back or is lost takes its share
of what the line's units cost when they left: n of u units are worth cost x n // u, so the last one
takes what is left and a line that is back whole has cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from danshu.capabilities.settlement import accounts as a
from danshu.capabilities.settlement.said import (
    Moves,
    Reshipped,
    Returned,
    Revenue,
    Share,
    Shares,
    move,
)

CostOf = Callable[[str], int]
"""What a unit of a SKU costs on the day of the event; 0 where it is not known."""
_GONE: Final = frozenset({"damaged", "missing"})


class Held(Struct):
    """Units of a line, and what they cost."""

    units: int = 0
    cost: int = 0

    def take(self, units: int) -> tuple[int, int]:
        """Take units out; gives how many there were, and what they cost."""
        taken = min(units, self.units)
        cost = self.cost * taken // self.units if self.units else 0
        self.units -= taken
        self.cost -= cost
        return taken, cost


class Goods(Struct):
    """Where an order's goods are by line: on the way 发出商品, or sold.

    Where it is earned by `shipment` they are sold when they leave.
    """

    earned_at: Revenue
    away: dict[int, Held] = {}
    sold: dict[int, Held] = {}


def ship(goods: Goods, data: Shares, cost_of: CostOf) -> Moves:
    """Goods left."""
    is_sold = goods.earned_at == "shipment"
    moves: Moves = {}
    for share in data.shares:
        cost = share.quantity * cost_of(share.sku)
        _add(goods.sold if is_sold else goods.away, share.line, share.quantity, cost)
        _shift(moves, a.COST if is_sold else a.SHIPPED, a.INVENTORY, cost)
    return moves


def deliver(goods: Goods, data: Shares, cost_of: CostOf) -> Moves:
    """Goods arrived: where it is earned by that, they are sold now."""
    del cost_of  # they cost what they cost when they left
    moves: Moves = {}
    for share in data.shares:
        units, cost = goods.away.setdefault(share.line, Held()).take(share.quantity)
        _add(goods.sold, share.line, units, cost)
        _shift(moves, a.COST, a.SHIPPED, cost)
    return moves


def take_back(goods: Goods, data: Returned, cost_of: CostOf) -> Moves:
    """Goods lie in a warehouse again, sellable or kept; or they are scrap."""
    del cost_of
    to = a.LOSSES if data.outcome == "scrap" else a.INVENTORY
    return _leave(goods, data.shares, to, (a.COST, a.SHIPPED))


def lose(goods: Goods, data: Shares, cost_of: CostOf) -> Moves:
    """The carrier no longer has them."""
    del cost_of
    return _leave(goods, data.shares, a.LOSSES, (a.SHIPPED, a.COST))


def send_again(goods: Goods, data: Reshipped, cost_of: CostOf) -> Moves:
    """What came damaged or not at all is lost; what replaces it costs when it leaves."""
    return lose(goods, data, cost_of) if data.cause in _GONE else {}


def _leave(goods: Goods, shares: Sequence[Share], to: int, out_of: Sequence[int]) -> Moves:
    moves: Moves = {}
    for share in shares:
        left = share.quantity
        for account in out_of:
            held = (goods.sold if account == a.COST else goods.away).get(share.line)
            if held is not None and left:
                units, cost = held.take(left)
                left -= units
                _shift(moves, to, account, cost)
    return moves


def _add(where: dict[int, Held], line: int, units: int, cost: int) -> None:
    held = where.setdefault(line, Held())
    held.units += units
    held.cost += cost


def _shift(moves: Moves, debit: int, credit: int, amount: int) -> None:
    move(moves, debit, amount)
    move(moves, credit, -amount)
