"""The fact type of the setting of what is asked when an order is paid."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders.reviews import Wanted
from danshu.kernel.fact import fact_type


@fact_type("paid_review.set")
class PaidReviewSet(Struct, frozen=True, kw_only=True):
    """设定付款协同: whom orders paid from now on wait for; `on` False: nobody is asked."""

    on: bool
    parties: tuple[Wanted, ...]
    version: int
