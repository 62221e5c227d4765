"""How an order that follows a type ends 终止结算: what of its money is kept, what is owed back.

It is asked of every change, whoever ended the order: the desk, a platform, the floor or a carrier
that stopped its goods, a rule, or time. So no road round the type's settlement is left.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

from danshu.capabilities.order_types import decide
from danshu.capabilities.orders.commands import conclude
from danshu.capabilities.orders.money_facts import DepositForfeited, RefundOwed
from danshu.capabilities.orders.refund_facts import RefundReserved
from danshu.hub import order_type_book, presale
from danshu.kernel import canonical

if TYPE_CHECKING:
    from msgspec import Struct

    from danshu.capabilities.order_types.decide import Ending
    from danshu.capabilities.order_types.model import OrderType
    from danshu.hub.changes import Change, Held
    from danshu.hub.world import World


def attend(world: World, held: Held, decided: Change) -> Change:
    """Say with the end of an order what its type makes of its money.

    Of an order of which something goes on after-sales counts what the rest was worth; what a case
    has asked to be cancelled, the case pays for.
    """
    was, order = held.order, decided.order
    if was.cancelled or not order.cancelled or any(n.quantity > n.cancelled for n in order.lines):
        return decided
    if any(isinstance(s.data, RefundReserved) for s in decided.said):
        return decided
    kind = order_type_book.kind_of(world, order)
    ending = decide.cancel(kind, presale.life_of(kind, order), order.cancelled)
    more = conclude(order, _settle(kind, ending, was.phase), 0)
    return replace(decided, order=more.order, said=[*decided.said, *more.said])


def _settle(kind: OrderType, ending: Ending, stage: str) -> list[Struct]:
    datas: list[Struct] = []
    if ending.keep:
        clause = next(p.clause for p in kind.payments if p.stage == "deposit")
        datas.append(
            DepositForfeited(
                amount=ending.keep,
                clause=hashlib.sha256(canonical.encode_struct(clause)).hexdigest(),
                reason=ending.reason,
            )
        )
    if ending.owed > 0:
        datas.append(RefundOwed(amount=ending.owed, reason=ending.reason, stage=stage))
    return datas
