"""The fact types of how a merchant sets up after-sales."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class ReasonDays(Struct, frozen=True, kw_only=True):
    """For how many days after receipt a buyer may give a reason."""

    days: int
    reason: str


class ExemptGoods(Struct, frozen=True, kw_only=True):
    """A SKU that does not go back without a reason, and which exception of the law it is."""

    sku: str
    why: str


@fact_type("after_sales.configured")
class AfterSalesConfigured(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """售后设置: what is owed is paid without a person up to `auto_fen` (0 = never); a refund above
    `second_fen` asks for two persons.

    `by_link`: buyers ask on the evidence page, within the days of `windows` (the usual ones where a
    reason is not there); `exempt` goods don't go back without a reason. `return_to`: where goods
    are sent back to, the merchant's own words.
    """

    auto_fen: int
    by_link: bool = True
    exempt: tuple[ExemptGoods, ...] = ()
    return_to: str = ""
    second_fen: int
    windows: tuple[ReasonDays, ...] = ()


@fact_type("after_sales.time_set")
class AfterSalesTimeSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """售后时限: from the day `begins` on (YYYY-MM-DD) a step of a kind may take `hours`, for orders
    of `channel`, "" = of any; 0 hours: the row is taken away. `source` says who says so.
    """

    begins: str
    channel: str = ""
    hours: int
    kind: str
    source: str
    step: str


@fact_type("carrier.terms_set")
class CarrierTermsSet(Struct, frozen=True, kw_only=True):
    """承运商赔付标准: what a carrier pays for a parcel from the day `begins` on (YYYY-MM-DD).

    The declared value where there is one, else `multiple` times the freight, at most `cap_fen` (0 =
    no cap); to be claimed within `days`. `source` names the contract.
    """

    begins: str
    cap_fen: int
    carrier: str
    days: int
    multiple: int
    source: str
