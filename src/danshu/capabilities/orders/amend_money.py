"""The money of an amendment: what lines and the header say afterwards, exact to the minor unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from danshu.capabilities.orders import amend_bundles
from danshu.capabilities.orders.amend_facts import LineAmended, LineTerms, Sums
from danshu.kernel.errors import InputError
from danshu.kernel.limits import AMOUNT_MINOR
from danshu.kernel.money import apportion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.orders.model import Line, Order


def terms_of(line: Line) -> LineTerms:
    """Give what a line says."""
    return LineTerms(paid=line.paid, price=line.price, quantity=line.quantity)


def sums_of(order: Order) -> Sums:
    """Give the header's amounts."""
    return Sums(discount=order.discount, goods=order.goods, total=order.total)


def shares_of(order: Order) -> list[int]:
    """Give what the buyer pays for each line; shared out by list price where no line says it."""
    shares = [n.paid for n in order.lines]
    if any(shares):
        return shares
    goods = max(0, order.total - order.postage)
    return apportion(goods, [n.price * n.quantity for n in order.lines])


def cut(paid: int, quantity: int, kept: int) -> int:
    """Give what `kept` of `quantity` units are worth of `paid`: cumulative, so that cuts add up."""
    return paid * kept // quantity if quantity else 0


def reprice(
    line: Line, share: int, quantity: int, price: int | None, paid: int | None
) -> LineTerms:
    """Give a line's terms for another quantity, price, or amount paid for all its units.

    Units that are given up take their share of the discount with them; units that are added cost
    the price. Raises InputError where the price would be below nothing.
    """
    at = line.price if price is None else price
    if paid is None:
        if quantity <= line.quantity:
            paid = cut(share, line.quantity, quantity) + (at - line.price) * quantity
        else:
            paid = share + (at - line.price) * line.quantity + at * (quantity - line.quantity)
    if not line.refunded <= paid <= AMOUNT_MINOR or not 0 <= at <= AMOUNT_MINOR:
        raise InputError("amount", f"a line of {paid} minor units cannot be", "/lines")
    return LineTerms(paid=paid, price=at, quantity=quantity)


def settle(
    order: Order, lines: Sequence[LineAmended], total: int | None
) -> tuple[list[LineAmended], Sums]:
    """Give the lines and the header; another `total` is shared out over the lines.

    The total moves by what the lines move; the discount is what is left between list price and
    total, postage and taxes staying as they are. Raises InputError for a total below the postage.
    """
    shares = shares_of(order)
    goods = order.goods
    moved = 0
    for i, told in enumerate(lines):
        was = told.was or LineTerms(paid=0, price=0, quantity=0)
        if told.was:
            line = order.lines[i]
            goods += amend_bundles.worth(line, told.now.quantity, told.now.price)
            goods -= amend_bundles.worth(line, was.quantity, was.price)
        else:
            goods += told.now.price * told.now.quantity
        is_kept = told.now == told.was
        paid_was = shares[i] if told.was else 0
        moved += (paid_was if is_kept else told.now.paid) - paid_was
    after = order.total + moved
    settled = list(lines)
    if total is not None and total != after:
        settled = _share_out(settled, shares, total - after)
        after = total
    if not 0 <= after <= AMOUNT_MINOR:
        raise InputError("amount", f"a total of {after} minor units cannot be", "/total_fen")
    discount = order.discount + (goods - order.goods) - (after - order.total)
    return settled, Sums(discount=discount, goods=max(0, goods), total=after)


def _share_out(lines: Sequence[LineAmended], shares: Sequence[int], by: int) -> list[LineAmended]:
    paid = [shares[i] if told.now == told.was else told.now.paid for i, told in enumerate(lines)]
    weights = [p if n.now.quantity else 0 for p, n in zip(paid, lines, strict=True)]
    if not any(weights):
        weights = [n.now.price * n.now.quantity for n in lines]
    if not any(weights):
        weights = [n.now.quantity for n in lines]
    if sum(paid) + by < 0:
        raise InputError("amount", "the goods cannot cost less than nothing", "/total_fen")
    target = apportion(sum(paid) + by, weights)
    return [replace(n, now=replace(n.now, paid=p)) for n, p in zip(lines, target, strict=True)]
