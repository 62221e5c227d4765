"""The fact types of how a merchant sets up after-sales."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("after_sales.configured")
class AfterSalesConfigured(Struct, frozen=True, kw_only=True):
    """售后设置: what is owed is paid without a person up to `auto_fen` (0 = never); a refund above
    `second_fen` asks for two persons.
    """

    auto_fen: int
    second_fen: int


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
