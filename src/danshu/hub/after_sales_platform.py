"""What platforms say of returns and refunds: their messages open cases of the order that they name.

The same message told again opens nothing anew. What no case can be made of stays what it was: an
order of kind `return`, or news in the inbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.after_sales.model import REFUND_ONLY, RETURN, CaseLine
from danshu.hub import after_sales_opening, after_sales_views
from danshu.hub.after_sales_pleas import Plea
from danshu.hub.after_sales_rows import known
from danshu.kernel.errors import InputError
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.orders import refunding
    from danshu.capabilities.orders.model import Line, Order
    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor
    from danshu.ports.channel import Draft

ASKED: Final = "refund_requested"  # the hold of a draft whose buyer wants the money back
# 抖店 main_status: 22 发货后退款完结, 39 收货后退款完结.
_REFUNDED: Final = {"douyin": frozenset({"22", "39"})}
_PLATFORM: Final = "platform"


def concerns(draft: Draft) -> bool:
    """Tell whether a message about a known order says that a refund is wanted, or was made."""
    return draft.hold == ASKED or draft.status in _REFUNDED.get(draft.channel, ())


async def hear_return(
    hub: Hub, tenant: int, order: uuid.UUID, draft: Draft, key: str, actor: Actor
) -> None:
    """Open the case that a platform's return message asks for, of the order that it names."""
    async with hub.connection() as connection:
        found, _ = await after_sales_views.money_of(connection, tenant, order)
    lines = _match(found, draft)
    sent = {n.no: n.shipped - n.returned for n in found.lines}
    has_left = bool(lines) and all(n.quantity <= sent[n.line] for n in lines)
    plea = Plea(
        kind=RETURN if has_left else REFUND_ONLY,
        reason="other",
        origin=_PLATFORM,
        lines=lines,
        words=draft.buyer_note,
        key=f"return/{key}",
    )
    await _open(hub, tenant, order, plea, actor)


async def hear_refund(
    hub: Hub, tenant: int, order: uuid.UUID, draft: Draft, digest: bytes, actor: Actor
) -> None:
    """Open the case of a refund that the platform tells of, about all that is left of the order."""
    async with hub.connection() as connection:
        found, money = await after_sales_views.money_of(connection, tenant, order)
    plea = Plea(
        kind=REFUND_ONLY,
        reason="other",
        origin=_PLATFORM,
        lines=_all(found, money),
        words=draft.buyer_note,
        key=f"refund/{order}/{digest.hex()[:32]}",
    )
    await _open(hub, tenant, order, plea, actor)


async def _open(hub: Hub, tenant: int, order: uuid.UUID, plea: Plea, actor: Actor) -> None:
    if not plea.lines:
        return
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        if await known(connection, tenant, plea.key) is not None:
            return
        try:
            await after_sales_opening.make(connection, world, order, actor, plea, hub.clock())
        except (InputError, write.GuardFailed):
            return  # the message is kept: a person can open it


def _all(order: Order, money: refunding.Money) -> tuple[CaseLine, ...]:
    skus = {n.no: n.sku for n in order.lines}
    return tuple(
        CaseLine(line=n.line, quantity=n.units_left, sku=skus[n.line])
        for n in money.lines
        if n.units_left
    )


def _match(order: Order, draft: Draft) -> tuple[CaseLine, ...]:
    """Find the order's lines of a return: by the platform's line id, else by SKU."""
    units: dict[int, int] = {}
    for told in draft.lines:
        line = _line(order, told.line, told.sku)
        if line is not None:
            units[line.no] = min(line.quantity, units.get(line.no, 0) + told.quantity)
    skus = {n.no: n.sku for n in order.lines}
    return tuple(CaseLine(line=no, quantity=q, sku=skus[no]) for no, q in sorted(units.items()))


def _line(order: Order, line: str, sku: str) -> Line | None:
    by_id = next((n for n in order.lines if line and n.line == line), None)
    return by_id or next((n for n in order.lines if n.sku == sku), None)
