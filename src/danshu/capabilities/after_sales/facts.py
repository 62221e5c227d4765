"""The fact types of an after-sales case, on a stream of its own."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.after_sales.model import CaseLine, ExchangeGoods, Inspected, Sum
from danshu.kernel.fact import fact_type


class Timed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Until when the next step is due (RFC 3339), and by which rule; "" = nothing is due."""

    due: str = ""
    rule: str = ""


@fact_type("after_sale.opened")
class AfterSaleOpened(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """售后申请: somebody asks for goods or money of an order to go back.

    What was written is in the vault; the fact holds a salted commitment. `photos` are digests (hex)
    of what was shown, evidence of the fact. `sum` is what the
    arithmetic proposes, or what the carrier's table gives.
    """

    carrier: str = ""
    currency: str
    fulfilment: int = 0
    kind: str
    lines: tuple[CaseLine, ...] = ()
    number: str
    order: str
    origin: str
    photos: tuple[str, ...] = ()
    reason: str
    sum: Sum = Sum()
    wanted: tuple[ExchangeGoods, ...] = ()
    waybill: str = ""


@fact_type("after_sale.proposed")
class AfterSaleProposed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """售后提请复核: a first person would agree; the amount asks for a second one."""

    by: str
    reason: str = ""
    sum: Sum


@fact_type("after_sale.decided")
class AfterSaleDecided(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """售后决定: `verdict` is agreed (the goods are to come back first), granted (money is owed),
    refused or withdrawn. `second` is who had proposed it.
    """

    by: str
    reason: str = ""
    second: str = ""
    sum: Sum = Sum()
    verdict: str


@fact_type("after_sale.sent_back")
class AfterSaleSentBack(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """买家寄回: the goods are on their way back, with this waybill."""

    carrier: str
    waybill: str


@fact_type("after_sale.received")
class AfterSaleReceived(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """退货收货: the parcel lies in the warehouse, unopened; the time to pay back runs from here."""

    warehouse: str


@fact_type("after_sale.inspected")
class AfterSaleInspected(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """退货质检: what lay in the parcel, its condition and what becomes of it; photos are evidence.

    `performance` names the signed act of inspection, "" where none was asked for.
    """

    by: str
    lines: tuple[Inspected, ...]
    note: str = ""
    performance: str = ""


@fact_type("after_sale.filed")
class AfterSaleFiled(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """提交理赔: the claim was handed to the carrier; `bundle` is the digest of its evidence."""

    amount: int
    bundle: str = ""
    carrier: str
    number: str = ""


@fact_type("after_sale.closed")
class AfterSaleClosed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """售后完结: `outcome` is paid, exchanged, settled, rejected or nothing_left; minor units."""

    amount: int = 0
    outcome: str
    receipt: str = ""
