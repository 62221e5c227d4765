"""What is paid back, what comes back, and what a carrier pays, said on the order's stream 退款."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders.model import Share
from danshu.kernel.fact import fact_type


class RefundShare(Struct, frozen=True, kw_only=True):
    """What of a refund is for one line: minor units, and for how many units; 0 units where only the
    price was made good.
    """

    amount: int
    line: int
    quantity: int


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


@fact_type("claim.settled")
class ClaimSettled(Struct, frozen=True, kw_only=True):
    """承运商理赔: a carrier paid the merchant for a parcel, in minor units."""

    amount: int
    carrier: str
    case: str
    waybill: str
