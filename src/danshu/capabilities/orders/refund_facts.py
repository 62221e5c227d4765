"""What is paid back, what comes back, and what a carrier pays, said on the order's stream 退款."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders.model import Line, RefundShare, Share
from danshu.kernel.fact import fact_type


@fact_type("refund.reserved")
class RefundReserved(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """应退锁定: of what was paid, this is spoken for by a case; nothing else may be paid of it.

    Said again by the same case it replaces what was said before.
    """

    amount: int
    case: str
    over: int = 0
    postage: int = 0
    reason: str
    shares: tuple[RefundShare, ...] = ()


@fact_type("refund.released")
class RefundReleased(Struct, frozen=True, kw_only=True):
    """应退解除: the case pays nothing of what it had reserved."""

    case: str
    reason: str


@fact_type("refund.paid")
class RefundPaid(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """退款: money went back to the buyer, in minor units of the order's currency.

    `amount` = the shares' amounts + `postage` + `over`, where `over` is what was paid above what
    the order costs by now (amended, or cancelled before anything was owed). `case` is the stream of
    the after-sales case, `receipt` the payment service's number of the payment.
    """

    amount: int
    case: str
    over: int = 0
    postage: int = 0
    reason: str
    receipt: str
    shares: tuple[RefundShare, ...] = ()


@fact_type("goods.returned")
class GoodsReturned(Struct, frozen=True, kw_only=True):
    """退货入库: goods that had left lie in `warehouse` again, inspected.

    `outcome`: `restock` (sellable, they count as on hand again), `set_aside` (kept, not sellable)
    or `scrap`.
    """

    case: str
    outcome: str
    shares: tuple[Share, ...]
    warehouse: str


@fact_type("exchange.arranged")
class ExchangeArranged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """换货: for `quantity` units of `line`, which came back, other goods are sent.

    `lines` are new lines of the order; `moved` minor units, what the units that came back were
    worth, pay for them from now on. `difference` is what the new goods cost more (over 0) or less
    (below 0: a refund of its own pays it). Of what they cost more, `supplement` is asked of the
    buyer and in the lines' `paid` and `asked`; the rest the merchant bears.
    """

    case: str
    difference: int
    line: int
    lines: tuple[Line, ...]
    moved: int
    quantity: int
    supplement: int = 0


@fact_type("claim.settled")
class ClaimSettled(Struct, frozen=True, kw_only=True):
    """承运商理赔: a carrier paid the merchant for a parcel, in minor units."""

    amount: int
    carrier: str
    case: str
    waybill: str
