"""What may be paid back, to the fen: what units of a line are worth, what is left of an order.

    available = paid - forfeited - over           `over`: what was paid back of what was overpaid
    goods     = min(available, total) - postage   the postage is what is paid last
    base      = goods, apportioned to the lines by what was paid for each, by largest remainder
    rest      = base - refunded - withheld        of the units for which nothing was paid back yet
    n units   = the first n of them are worth of the rest, by largest remainder

So the last unit gets what is left, whatever came before, and the parts add up to what was paid.
`withheld` is what a person kept back when a unit came back worn: it is not in the next unit. A
lower price made good later counts for the units that the buyer still has, and for no other.
What a platform paid for the buyer (a coupon of its own) is in no line: it is not paid back. Nor is
what a dearer exchange asks for and nobody has paid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders.model import RefundShare
from danshu.kernel.money import apportion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.orders.model import Line, Order


class LineMoney(Struct, frozen=True, kw_only=True):
    """The money of a line, in minor units: its base, of it refunded or spoken for, as a lower
    price, and for how many of its units. `units` are those that it still has a claim for;
    `withheld` is what refunded ones were worth beyond what went back.
    """

    line: int
    base: int
    refunded: int
    refunded_price: int
    refunded_units: int
    units: int
    withheld: int = 0

    @property
    def left(self) -> int:
        """What may still be paid back."""
        return max(0, self.base - self.refunded)

    @property
    def units_left(self) -> int:
        """The units for which nothing was paid back yet."""
        return max(0, self.units - self.refunded_units)


class Money(Struct, frozen=True, kw_only=True):
    """The money of an order, in minor units; `refunded` and the lines count what is spoken for.

    `over` is what was paid above what the order costs and not paid back yet.
    """

    paid: int
    forfeited: int
    refunded: int
    goods: int
    postage: int
    postage_refunded: int
    over: int
    lines: tuple[LineMoney, ...]

    @property
    def left(self) -> int:
        """What may still be paid back, of all."""
        return max(0, self.paid - self.forfeited - self.refunded)

    @property
    def postage_left(self) -> int:
        """What may still be paid back of the postage."""
        return max(0, self.postage - self.postage_refunded)

    def line(self, no: int) -> LineMoney | None:
        """Give the money of a line."""
        return next((n for n in self.lines if n.line == no), None)


class Refund(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is paid back: shares of lines, postage, and what was overpaid."""

    shares: tuple[RefundShare, ...] = ()
    postage: int = 0
    over: int = 0

    @property
    def amount(self) -> int:
        """All of it, in minor units."""
        return sum(s.amount for s in self.shares) + self.postage + self.over


def worth(base: int, units: int, first: int) -> int:
    """Give what the first `first` of `units` units are worth, by largest remainder."""
    if units <= 0:
        return 0
    each, rest = divmod(base, units)
    first = min(max(first, 0), units)
    return first * each + min(first, rest)


def money(order: Order, leave: str = "") -> Money:
    """Give the money of an order; what the case `leave` has reserved counts as free."""
    reserves = [r for r in order.reserves if r.case != leave]
    over_back = order.refunded_over + sum(r.over for r in reserves)
    available = max(0, order.paid - order.forfeited - over_back)
    total = order.total - sum(n.asked for n in order.lines)
    kept = min(available, total)
    postage = max(0, kept - max(0, total - order.postage))
    goods = kept - postage
    weights = [n.paid - n.asked for n in order.lines]
    if not any(weights):
        weights = [n.price * n.quantity for n in order.lines]
    bases = apportion(goods, weights) if order.lines else []
    return Money(
        paid=order.paid,
        forfeited=order.forfeited,
        refunded=order.refunded + sum(r.amount for r in reserves),
        goods=goods,
        postage=postage,
        postage_refunded=order.refunded_postage + sum(r.postage for r in reserves),
        over=available - kept,
        lines=tuple(
            _line(n, base, [s for r in reserves for s in r.shares if s.line == n.no])
            for n, base in zip(order.lines, bases, strict=True)
        ),
    )


def _line(line: Line, base: int, shares: Sequence[RefundShare]) -> LineMoney:
    return LineMoney(
        line=line.no,
        base=base,
        refunded=line.refunded + sum(s.amount for s in shares),
        refunded_price=line.refunded_price + sum(s.amount for s in shares if not s.quantity),
        refunded_units=line.refunded_units + sum(s.quantity for s in shares),
        units=line.quantity - line.swapped,
        withheld=line.withheld + sum(s.withheld for s in shares),
    )


def price_units(n: LineMoney, units: int) -> int:
    """Give what `units` more units of a line are worth: never more than is left of it."""
    return worth(max(0, n.left - n.withheld), n.units_left, units)


def withhold(held: Money, refund: Refund) -> Refund:
    """Say of each share what its units were worth beyond what is paid back for them."""
    shares = []
    for share in refund.shares:
        n = held.line(share.line)
        kept = price_units(n, share.quantity) - share.amount if n and share.quantity else 0
        shares.append(replace(share, withheld=max(0, kept)))
    return replace(refund, shares=tuple(shares))


def price(
    held: Money,
    units: Mapping[int, int],
    lowered: Mapping[int, int] | None = None,
    *,
    postage: bool = False,
    over: int = 0,
) -> Refund:
    """Price a refund: `units` by line, `lowered` the amounts by which a line's price is made good.

    What is asked beyond what is left is cut; the sum is never above what is left of all.
    """
    shares = []
    rest = held.left
    over = min(max(0, over), held.over, rest)
    rest -= over
    for n in held.lines:
        wanted = min(units.get(n.line, 0), n.units_left)
        less = (lowered or {}).get(n.line, 0)
        if wanted > 0:
            amount = min(price_units(n, wanted), rest)
            shares.append(RefundShare(amount=amount, line=n.line, quantity=wanted))
            rest -= amount
        elif less > 0 and min(less, n.left, rest) > 0:
            amount = min(less, n.left, rest)
            shares.append(RefundShare(amount=amount, line=n.line, quantity=0))
            rest -= amount
    back = min(held.postage_left, rest) if postage else 0
    return Refund(shares=tuple(shares), postage=back, over=over)


def exceeds(held: Money, refund: Refund) -> bool:
    """Tell whether a refund takes more of something than is left of it."""
    for share in refund.shares:
        n = held.line(share.line)
        if n is None or share.amount < 0 or share.amount > n.left or share.quantity > n.units_left:
            return True
    return (
        not 0 <= refund.postage <= held.postage_left
        or not 0 <= refund.over <= held.over
        or refund.amount > held.left
    )


def is_whole(held: Money, refund: Refund) -> bool:
    """Tell whether after this refund no unit is left that was paid for: then the postage too."""
    more = {s.line: s.quantity for s in refund.shares}
    return all(n.units_left <= more.get(n.line, 0) or not n.base for n in held.lines)
