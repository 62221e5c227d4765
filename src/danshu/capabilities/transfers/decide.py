"""What may be done with a transfer order: state and command give a fact, nothing, or a no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.transfers.facts import (
    ReceivedUnits,
    TransferCancelled,
    TransferDispatched,
    TransferPlanned,
    TransferReceived,
)
from danshu.capabilities.transfers.model import PlannedUnits
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import STOCK_UNITS, TRANSFER_LINES, TRANSFER_RECEIPTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.transfers.model import Plan, Transfer

SAME_PLACE: Final = Refusal(
    code="transfer_same_place",
    reason="调出与调入是同一个仓",
    reason_en="Source and target are the same warehouse",
    clause="transfer.to",
)
LINES: Final = Refusal(
    code="transfer_lines",
    reason=f"调拨单有 1 到 {TRANSFER_LINES} 行,每种商品一行,每行至少 1 件",
    reason_en=f"A transfer has 1 to {TRANSFER_LINES} lines, one a SKU, each of at least one unit",
    clause="transfer.lines",
)
NOT_PLANNED: Final = Refusal(
    code="transfer_not_planned",
    reason="这张调拨单已发出或已取消",
    reason_en="This transfer has left already, or was cancelled",
    clause="transfer.state",
)
NOT_ON_ITS_WAY: Final = Refusal(
    code="transfer_not_dispatched",
    reason="这张调拨单不在途,没有可收的货",
    reason_en="This transfer is not on its way: there is nothing to receive",
    clause="transfer.state",
)
SENT_MORE: Final = Refusal(
    code="transfer_sent_more",
    reason="发出多于计划;多出的另立一张",
    reason_en="More would leave than was planned: plan another transfer for the rest",
    clause="transfer.lines",
)
NOTHING_SENT: Final = Refusal(
    code="transfer_nothing_sent",
    reason="一件也不发,请取消",
    reason_en="Nothing would leave: cancel it instead",
    clause="transfer.lines",
)
NOTHING_CAME: Final = Refusal(
    code="transfer_nothing_came",
    reason="没有写到货;确实一件没到,就结束收货",
    reason_en="Nothing is said to have come; if none did, close the transfer",
    clause="transfer.lines",
)
OTHER_GOODS: Final = Refusal(
    code="transfer_other_goods",
    reason="这种商品不在这张调拨单里",
    reason_en="This SKU is not in the transfer",
    clause="transfer.lines",
)
OFTEN: Final = Refusal(
    code="transfer_receipts",
    reason=f"最多分 {TRANSFER_RECEIPTS} 次收货,最后一次须结束",
    reason_en=f"Goods are taken in at most {TRANSFER_RECEIPTS} times; the last one closes it",
    clause="transfer.receipts",
)


def plan(wish: Plan, number: str) -> TransferPlanned | Refusal:
    """Plan a transfer under its number."""
    if wish.from_warehouse == wish.to_warehouse:
        return SAME_PLACE
    skus = {line.sku for line in wish.lines}
    if not 1 <= len(wish.lines) <= TRANSFER_LINES or len(skus) < len(wish.lines):
        return LINES
    if not all(1 <= line.quantity <= STOCK_UNITS for line in wish.lines):
        return LINES
    return TransferPlanned(
        arrives_ms=wish.arrives_ms,
        cost_fen=wish.cost_fen,
        from_warehouse=wish.from_warehouse,
        key=wish.key,
        lines=wish.lines,
        note=wish.note,
        number=number,
        proposal=wish.proposal,
        to_warehouse=wish.to_warehouse,
        truck=wish.truck,
    )


def dispatch(
    transfer: Transfer, key: str, sent: Mapping[str, int], note: str
) -> TransferDispatched | Refusal | None:
    """Send it off. `sent` are units by SKU, all that was planned where a SKU isn't named; None when
    it left under this key already.
    """
    if transfer.dispatch_key and transfer.dispatch_key == key:
        return None
    if transfer.state != "planned":
        return NOT_PLANNED
    if not sent.keys() <= {line.sku for line in transfer.lines}:
        return OTHER_GOODS
    left = [(line, sent.get(line.sku, line.planned)) for line in transfer.lines]
    if any(units > line.planned for line, units in left):
        return SENT_MORE
    lines = tuple([PlannedUnits(quantity=n, sku=line.sku) for line, n in left if n > 0])
    if not lines:
        return NOTHING_SENT
    return TransferDispatched(
        freed=transfer.plan.lines,
        from_warehouse=transfer.plan.from_warehouse,
        key=key,
        lines=lines,
        note=note,
    )


def receive(
    transfer: Transfer,
    key: str,
    came: Mapping[str, tuple[int, int]],
    had: Mapping[str, int],
    note: str,
    *,
    final: bool,
) -> TransferReceived | Refusal | None:
    """Take goods in: (whole, damaged) by SKU. More than left is taken in too, it is there. The last
    unit that was awaited closes it. None when this key was taken in already.
    """
    if any(receipt.key == key for receipt in transfer.receipts):
        return None
    if transfer.state != "dispatched":
        return NOT_ON_ITS_WAY
    if not came.keys() <= {line.sku for line in transfer.lines}:
        return OTHER_GOODS
    lines = tuple(
        [
            ReceivedUnits(damaged=came[sku][1], good=came[sku][0], had=had[sku], sku=sku)
            for sku in (line.sku for line in transfer.lines)
            if sku in came and any(came[sku])
        ]
    )
    if not lines and not final:
        return NOTHING_CAME
    counted = {line.sku: line.good + line.damaged for line in lines}
    is_all = all(line.waiting <= counted.get(line.sku, 0) for line in transfer.lines)
    if len(transfer.receipts) + 1 >= TRANSFER_RECEIPTS and not (final or is_all):
        return OFTEN
    return TransferReceived(final=final or is_all, key=key, lines=lines, note=note)


def cancel(transfer: Transfer, reason: str) -> TransferCancelled | Refusal:
    """Cancel what has not left."""
    if transfer.state != "planned":
        return NOT_PLANNED
    return TransferCancelled(
        freed=transfer.plan.lines, from_warehouse=transfer.plan.from_warehouse, reason=reason
    )
