"""Asked of payment services: to pay back what a buyer paid through them 原路退款."""

from __future__ import annotations

from msgspec import Struct


class Refund(Struct, frozen=True, kw_only=True):
    """Pay `amount` back of a payment of `total` minor units; `payment` is the merchant's number of
    it (out_trade_no), which for orders of one's own shop is the order's.
    """

    payment: str
    amount: int
    total: int
    currency: str = "CNY"
    reason: str = ""


class Refunded(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The money has moved: how much, and when."""

    amount: int
    at: str = ""
