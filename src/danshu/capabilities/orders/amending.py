"""Amendment 改单: order + wish -> `order.amended` | Refusal. Pure.

What no warehouse has begun may change; what is picked or packed is recalled first, what has left is
answered by a return. A line is cut cumulatively (what n units are worth less what n-1 are), so that
the money is exact whatever the sequence of amendments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders import amend_bundles, amend_money, decide, facts, holding
from danshu.capabilities.orders.amend_facts import LineAmended, LineTerms, OrderAmended
from danshu.capabilities.orders.amend_money import terms_of
from danshu.capabilities.orders.commands import Done, conclude
from danshu.capabilities.orders.model import Order, Share
from danshu.capabilities.orders.parcels import MERGED
from danshu.capabilities.orders.rerouting import PINNED
from danshu.capabilities.orders.supplements import SUPPLEMENT
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import LINE_QUANTITY, ORDER_LINES

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from danshu.capabilities.orders.model import Fulfilment, Line

RECALL_FIRST: Final = Refusal(
    code="recall_first",
    reason="已拣货,先撤回拣货再改单",
    reason_en="Picked already: recall the picking first, then amend",
    clause="order.amend.picked",
)
USE_RETURN: Final = Refusal(
    code="use_return",
    reason="已揽收的部分不能改,请走退换货",
    reason_en="What has left cannot be amended: use a return",
    clause="order.amend.shipped",
)
NOTHING_LEFT: Final = Refusal(
    code="nothing_left",
    reason="改完一件不剩,请直接取消",
    reason_en="Nothing would be left of it: cancel the order instead",
    clause="order.amend.empty",
)
SAME: Final = Refusal(
    code="nothing_amended",
    reason="和原来一样,没有要改的",
    reason_en="It says the same already",
    clause="order.amend.same",
)
_UNBEGUN: Final = ("allocated", "released")
_LEFT: Final = ("shipped", "delivered")
_IN_HAND: Final = ("picked", "packed")


class LineWish(Struct, frozen=True, kw_only=True):
    """What a line is to be. `line` 0 = a new one of `sku`; `quantity` 0 = given up.

    None leaves it as it is. `price` and `paid` in minor units; `paid`, what the buyer pays for all
    its units, follows from the price where it is None. `replaces` names the line that a substitute
    stands in for.
    """

    line: int = 0
    paid: int | None = None
    price: int | None = None
    quantity: int | None = None
    replaces: int = 0
    sku: str = ""
    title: str = ""


class Wish(Struct, frozen=True, kw_only=True):
    """What an order is to be. `total` in minor units, None as it follows from the lines.

    `receiver` is the vault's row that holds the new receiver; `region` where it lies; `wanted` a
    day (YYYY-MM-DD). "" leaves each as it is.
    """

    by: str
    consent: str = ""
    lines: tuple[LineWish, ...] = ()
    reason: str
    receiver: str = ""
    region: str = ""
    total: int | None = None
    wanted: str = ""


def amend(order: Order, wish: Wish, *, regroup: bool = False) -> Done | Refusal:
    """Decide an amendment. `regroup` also takes back what waits elsewhere, to be decided together
    with what is new. Raises InputError for what cannot be said of this order.
    """
    refusal = _refuse_kind(order)
    if refusal is not None:
        return refusal
    moves = bool(wish.region) and wish.region != order.region
    lines = _lines(order, wish)
    if all(n.now.quantity == 0 for n in lines) and len(lines) == len(order.lines):
        return NOTHING_LEFT
    refusal = amend_bundles.refuse(order, lines)
    if refusal is not None:
        return refusal
    parts = _all_parts(order) if moves else _cut_parts(order, lines)
    if isinstance(parts, Refusal):
        return parts
    if regroup and not moves:
        parts = _waiting(order, parts)
    lines, sums = amend_money.settle(order, lines, wish.total)
    was = amend_money.sums_of(order)
    told = tuple([n for n in lines if n.was != n.now])
    is_wanted = bool(wish.wanted) and wish.wanted != order.wanted
    if not (told or moves or wish.receiver or is_wanted or sums != was):
        return SAME
    kept = order.paid - order.refunded_over
    is_paid = bool(order.paid_ms)
    data = OrderAmended(
        by=wish.by,
        consent=wish.consent,
        due=max(0, sums.total - kept) if is_paid else 0,
        freed=tuple(parts),
        lines=told,
        now=sums if sums != was else None,
        owed=max(0, kept - sums.total - max(0, kept - order.total)) if is_paid else 0,
        reason=wish.reason,
        receiver=wish.receiver,
        region=wish.region if moves else "",
        region_was=order.region if moves else "",
        wanted=wish.wanted if is_wanted else "",
        wanted_was=order.wanted if is_wanted else "",
        was=was if sums != was else None,
    )
    return conclude(order, [data, *_holds(order, data)], 0)


def _refuse_kind(order: Order) -> Refusal | None:
    if order.kind == "return":
        return decide.RETURN
    if order.cancelled or order.completed:
        return replace(decide.ENDED, clause="order.amend.ended")
    return None


def _holds(order: Order, data: OrderAmended) -> list[Struct]:
    """Hold a paid order that became dearer until it is paid, and let go one that no longer is."""
    is_held = SUPPLEMENT in order.holds
    if data.due and not is_held:
        return [holding.held(holding.CATALOGUE[SUPPLEMENT])]
    if is_held and not data.due:
        return [facts.OrderUnheld(reason=SUPPLEMENT)]
    return []


def _lines(order: Order, wish: Wish) -> list[LineAmended]:
    """Give each line as it was and as it is to be, new ones last; money is settled afterwards."""
    known = {n.no: n for n in order.lines}
    wished: dict[int, LineWish] = {}
    for i, one in enumerate(wish.lines):
        if one.line and (one.line not in known or one.line in wished):
            raise InputError("no_line", f"no line {one.line} once", f"/lines/{i}/line")
        if one.replaces and one.replaces not in known:
            raise InputError("no_line", f"no line {one.replaces}", f"/lines/{i}/replaces")
        if one.line:
            wished[one.line] = one
    shares = amend_money.shares_of(order)
    is_money = bool(wish.lines) or wish.total is not None
    made = [
        _changed(n, wished.get(n.no), paid if is_money else n.paid)
        for n, paid in zip(order.lines, shares, strict=True)
    ]
    no = max(known, default=0)
    for i, one in enumerate(wish.lines):
        if one.line:
            continue
        no += 1
        if not one.sku or not one.quantity or one.price is None:
            raise InputError("bad_line", "a new line has SKU, quantity, price", f"/lines/{i}")
        paid = one.price * one.quantity if one.paid is None else one.paid
        now = LineTerms(paid=paid, price=one.price, quantity=one.quantity)
        made.append(
            LineAmended(line=no, now=now, replaces=one.replaces, sku=one.sku, title=one.title)
        )
    if len(made) > ORDER_LINES:
        raise InputError("too_many_lines", f"at most {ORDER_LINES} lines", "/lines")
    if any(n.now.quantity > LINE_QUANTITY for n in made):
        raise InputError("quantity", f"a quantity is at most {LINE_QUANTITY}", "/lines")
    return made


def _changed(line: Line, wish: LineWish | None, share: int) -> LineAmended:
    was = terms_of(line)
    if wish is None:
        return LineAmended(line=line.no, now=replace(was, paid=share), was=was)
    quantity = line.quantity if wish.quantity is None else wish.quantity
    now = amend_money.reprice(line, share, quantity, wish.price, wish.paid)
    return LineAmended(line=line.no, now=now, replaces=wish.replaces, was=was)


def _live(order: Order) -> list[Fulfilment]:
    at_work = {*_UNBEGUN, *_IN_HAND, *_LEFT}
    return [f for f in order.fulfilments if f.state in at_work]


def _all_parts(order: Order) -> list[facts.Planned] | Refusal:
    """Take back everything, for another address: refused once anything is begun for this one."""
    live = _live(order)
    states = {f.state for f in live}
    if states.intersection(_LEFT):
        return USE_RETURN
    if states.intersection(_IN_HAND):
        return RECALL_FIRST
    if any(f.group for f in live):
        return MERGED
    if any(f.pinned for f in live):
        return PINNED
    return [facts.Planned(no=f.no, warehouse=f.warehouse, shares=f.shares) for f in live]


def _cut_parts(order: Order, lines: Sequence[LineAmended]) -> list[facts.Planned] | Refusal:
    """Take what is given up out of the fulfilment orders: what waits first, the newest first."""
    freed: dict[int, list[Share]] = {}
    for line, told in zip(order.lines, lines, strict=False):
        over = line.quantity - told.now.quantity - decide.open_units(line)
        if told.now.quantity >= line.quantity or over <= 0:
            continue
        for f in sorted(
            (f for f in order.fulfilments if f.state in _UNBEGUN and not f.group),
            key=lambda f: (f.state != "allocated", -f.no),
        ):
            for share in f.shares:
                cut = min(over, share.quantity) if share.line == line.no else 0
                if cut:
                    over -= cut
                    freed.setdefault(f.no, []).append(
                        Share(line=line.no, quantity=cut, sku=line.sku)
                    )
        if over > 0 and any(f.group for f in _holding(order, line.no, _UNBEGUN)):
            return MERGED
        if over > 0:
            return RECALL_FIRST if over <= _held_units(order, line.no) else USE_RETURN
    return _planned(order, freed)


def _held_units(order: Order, line: int) -> int:
    """Give the units of a line that are picked or packed and have not left."""
    parts = _holding(order, line, _IN_HAND)
    return sum(s.quantity for f in parts for s in f.shares if s.line == line)


def _holding(order: Order, line: int, states: Container[str]) -> list[Fulfilment]:
    """Give the fulfilment orders in these states that have units of a line."""
    parts = [f for f in order.fulfilments if f.state in states]
    return [f for f in parts if any(s.line == line for s in f.shares)]


def _waiting(order: Order, parts: Iterable[facts.Planned]) -> list[facts.Planned]:
    """Add all that waits and nobody pinned to what is taken back."""
    movable = (f for f in order.fulfilments if f.state == "allocated")
    whole = {f.no for f in movable if not (f.pinned or f.group)}
    freed = {p.no: list(p.shares) for p in parts if p.no not in whole}
    for f in order.fulfilments:
        if f.no in whole:
            freed[f.no] = list(f.shares)
    return _planned(order, freed)


def _planned(order: Order, freed: dict[int, list[Share]]) -> list[facts.Planned]:
    return [
        facts.Planned(no=f.no, warehouse=f.warehouse, shares=tuple(freed[f.no]))
        for f in order.fulfilments
        if f.no in freed
    ]
