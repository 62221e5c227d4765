"""Acts on parcels 包裹: split, pick short, lose, refuse, send back, send again. Pure.

Shares of a command are (line number, units); nothing is said of units that are not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import parcel_facts
from danshu.capabilities.orders.commands import Command, Done, conclude
from danshu.capabilities.orders.facts import Planned
from danshu.capabilities.orders.machines import FULFILMENT, HOLD, ORDER
from danshu.capabilities.orders.model import Fulfilment, Order, Share
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from msgspec import Struct

ENDED: Final = ORDER.refusals["*", "cancel"]
CAUSES: Final = ("lost", "damaged", "missing", "refused", "returned")
_CAUSES_OF: Final = {
    "lost": ("lost",),
    "refused": ("refused",),
    "returned": ("returned", "refused", "damaged"),
    "delivered": ("damaged", "missing"),
}
ENDS: Final[dict[str, type[parcel_facts.ShipmentEnded]]] = {
    "lose": parcel_facts.ShipmentLost,
    "refuse": parcel_facts.ShipmentRefused,
    "send_back": parcel_facts.ShipmentReturned,
}
MERGED: Final = Refusal(
    code="merged_parcel",
    reason="已合单,先撤销合单,或对整个包裹操作",
    reason_en="It leaves with others: unmerge it, or act on the whole parcel",
    clause="parcel.merged",
)
NOT_MERGED: Final = Refusal(
    code="not_merged",
    reason="没有合单",
    reason_en="It is not merged",
    clause="parcel.merged",
)
_HELD: Final = HOLD.refusals["held", "release"]
INTERCEPTED: Final = Refusal(
    code="intercept_asked",
    reason="截单中,先答复已截停或来不及",
    reason_en="An intercept awaits its answer: stopped, or too late",
    clause="intercept.asked",
)
_NOT_ALL: Final = Refusal(
    code="split_all",
    reason="拆出的件数要少于履约单的件数",
    reason_en="A split leaves at least one unit behind",
    clause="parcel.split",
)
_NOT_CAUSE: Final = Refusal(
    code="not_that_cause",
    reason="补发原因与包裹的状态不符",
    reason_en="The parcel's state does not bear that cause",
    clause="parcel.reship",
)
_SENT_AGAIN: Final = Refusal(
    code="sent_again_already",
    reason="这些件已补发过",
    reason_en="These units were sent again already",
    clause="parcel.reship",
)


def find(order: Order, no: int) -> Fulfilment:
    """Find a fulfilment order. Raises InputError `no_fulfilment`."""
    for f in order.fulfilments:
        if f.no == no:
            return f
    raise InputError("no_fulfilment", f"no fulfilment order {no}", "/fulfilment")


def step(order: Order, no: int, event: str) -> Fulfilment | Refusal:
    """Find a fulfilment order that the machine lets do this."""
    part = find(order, no)
    answer = FULFILMENT.step(part.state, event)
    return answer if isinstance(answer, Refusal) else part


def take(shares: Sequence[Share], units: Mapping[int, int]) -> tuple[Share, ...]:
    """Cut units by line out of shares. Raises InputError for units that are not there."""
    left = {no: q for no, q in units.items() if q}
    taken = []
    for share in shares:
        q = min(share.quantity, left.pop(share.line, 0))
        if q and units[share.line] > share.quantity:
            raise InputError("quantity", f"line {share.line} has {share.quantity} units", "/lines")
        if q:
            taken.append(Share(line=share.line, sku=share.sku, quantity=q))
    if left:
        raise InputError("no_line", f"no line {min(left)} in this fulfilment order", "/lines")
    return tuple(taken)


def less(shares: Sequence[Share], taken: Sequence[Share]) -> tuple[Share, ...]:
    """Give what is left of shares."""
    units = {s.line: s.quantity for s in taken}
    rest = [(s, s.quantity - units.get(s.line, 0)) for s in shares]
    return tuple(Share(line=s.line, sku=s.sku, quantity=q) for s, q in rest if q)


def split(
    order: Order, no: int, parts: Sequence[Mapping[int, int]], reason: str = "", rule: str = ""
) -> Done | Refusal:
    """Cut a fulfilment order that is not picked yet: each of `parts` becomes one beside it.

    Raises InputError for units that are not there.
    """
    part = step(order, no, "split")
    if isinstance(part, Refusal):
        return part
    if part.group:
        return MERGED
    kept, made = part.shares, []
    for n, units in enumerate(parts, len(order.fulfilments) + 1):
        cut = take(kept, units)
        kept = less(kept, cut)
        if not cut or not kept:
            return _NOT_ALL
        made.append(Planned(no=n, warehouse=part.warehouse, shares=cut))
    data = parcel_facts.FulfilmentSplit(
        fulfilment=no, kept=kept, parts=tuple(made), reason=reason, rule=rule
    )
    return conclude(order, [data], 0)


def merge(
    order: Order, nos: Sequence[int], group: str, members: Sequence[str], rule: str = ""
) -> Done | Refusal:
    """Put fulfilment orders that are not picked yet into a group; `members` are all of it."""
    datas = []
    if order.holds:
        return _HELD
    for no in nos:
        part = step(order, no, "merge")
        if isinstance(part, Refusal):
            return part
        if part.group:
            return MERGED
        datas.append(
            parcel_facts.FulfilmentMerged(
                fulfilment=no, group=group, members=tuple(members), rule=rule
            )
        )
    return conclude(order, datas, 0)


def unmerge(order: Order, group: str, reason: str = "") -> Done | Refusal:
    """Take an order's fulfilment orders out of a group, until they are packed."""
    datas = []
    for f in live_in(order, group):
        part = step(order, f.no, "unmerge")
        if isinstance(part, Refusal):
            return part
        datas.append(parcel_facts.FulfilmentUnmerged(fulfilment=f.no, group=group, reason=reason))
    return conclude(order, datas, 0) if datas else NOT_MERGED


def live_in(order: Order, group: str) -> list[Fulfilment]:
    """Give the fulfilment orders of a group that have not ended."""
    return [f for f in order.fulfilments if f.group == group and f.state != "cancelled"]


def pick_short(order: Order, no: int, found: Mapping[str, int]) -> Done | Refusal:
    """Pick what was found of a released fulfilment order; `found` counts units by SKU.

    A SKU that is not named was found whole. Refused when nothing is missing.
    """
    if order.holds:
        held = HOLD.step("held", "pick")
        if isinstance(held, Refusal):
            return held
    refusal = why_stopped(order, Command(event="pick"))
    if refusal:
        return refusal
    part = step(order, no, "short")
    if isinstance(part, Refusal):
        return part
    unknown = found.keys() - {s.sku for s in part.shares}
    if unknown:
        raise InputError("unknown_sku", f"no SKU {min(unknown)!r} here", "/found")
    left = dict(found)
    got = []
    for s in part.shares:
        q = min(s.quantity, left.get(s.sku, s.quantity))
        if s.sku in left:
            left[s.sku] -= q
        if q:
            got.append(Share(line=s.line, sku=s.sku, quantity=q))
    if any(left.values()):
        raise InputError("quantity", "more was found than is to be picked", "/found")
    missing = less(part.shares, got)
    if not missing:
        raise InputError("nothing_missing", "all units were found: finish the task", "/found")
    data = parcel_facts.ShortPicked(
        fulfilment=no, warehouse=part.warehouse, shares=tuple(got), missing=missing
    )
    return conclude(order, [data], 0)


def end(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    """Decide that a parcel was lost, refused or sent back; `fulfilment` 0 takes every one that may.

    Of several shipped parcels the number must be said: they go ways of their own.
    """
    del now_ms
    nos = [command.fulfilment] if command.fulfilment else _able(order, command.event)
    if len(nos) > 1:
        raise InputError("which_parcel", "name the fulfilment order", "/fulfilment")
    if not nos:
        return FULFILMENT.refusals["*", command.event]
    part = step(order, nos[0], command.event)
    if isinstance(part, Refusal):
        return part
    data: Struct = ENDS[command.event](
        fulfilment=part.no, warehouse=part.warehouse, shares=part.shares, reason=command.reason
    )
    return conclude(order, [data], command.occurred_ms)


def _able(order: Order, event: str) -> list[int]:
    return [
        f.no for f in order.fulfilments if not isinstance(FULFILMENT.step(f.state, event), Refusal)
    ]


def reship(order: Order, no: int, units: Mapping[int, int], cause: str) -> Done | Refusal:
    """Send units of a parcel once more, free; nothing in `units` = all that were not yet.

    Raises InputError for units that are not there, or an unknown cause.
    """
    if cause not in CAUSES:
        raise InputError("unknown_cause", f"no cause {cause!r}", "/cause")
    if order.cancelled or order.completed:
        return ENDED
    part = step(order, no, "reship")
    if isinstance(part, Refusal):
        return part
    if cause not in _CAUSES_OF[part.state]:
        return _NOT_CAUSE
    open_ = less(part.shares, part.sent_again)
    if not open_:
        return _SENT_AGAIN
    shares = take(open_, units) if units else open_
    data = parcel_facts.ShipmentReshipped(
        fulfilment=no, warehouse=part.warehouse, shares=shares, cause=cause
    )
    return conclude(order, [data], 0)


def why_stopped(
    order: Order, command: Command, targets: Sequence[Fulfilment] = ()
) -> Refusal | None:
    """Say why nothing moves: the floor is asked to stop, or it leaves with other orders only."""
    if command.event == "ship" and not command.together and any(f.group for f in targets):
        return MERGED
    if command.event in ("release", "pick", "pack", "ship") and any(
        f.intercept and f.intercept.state == "asked" and f.intercept.by == "floor"
        for f in order.fulfilments
    ):
        return INTERCEPTED
    return None
