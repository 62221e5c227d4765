"""Told to systems with books of their own: CRM 客户, ERP 财务供应链; and short messages 短信."""

from __future__ import annotations

from msgspec import Struct


class Sold(Struct, frozen=True, kw_only=True):
    """A line sold; amounts in minor units."""

    sku: str
    quantity: int
    paid: int
    title: str = ""


class SaleRecord(Struct, frozen=True, kw_only=True):
    """An order as the books of others hold it: no person but the buyer's pseudonym."""

    order: str
    number: str
    channel: str
    shop: str
    at: str
    total: int
    currency: str = "CNY"
    buyer: str = ""
    status: str = ""
    lines: tuple[Sold, ...] = ()


class Entry(Struct, frozen=True, kw_only=True):
    """A line of a voucher: account, debit or credit in minor units."""

    account: str
    debit: int = 0
    credit: int = 0
    text: str = ""


class Voucher(Struct, frozen=True, kw_only=True):
    """A voucher 凭证 of a day (YYYY-MM-DD); debits equal credits."""

    day: str
    entries: tuple[Entry, ...]
    text: str = ""


class Kept(Struct, frozen=True, kw_only=True):
    """It stands in their books."""


class Message(Struct, frozen=True, kw_only=True):
    """A short message by a template of the account's; `phone` is filled in when it is sent."""

    template: str
    values: dict[str, str]
    phone: str = ""
    day: str = ""


class Sent(Struct, frozen=True, kw_only=True):
    """It was taken for sending."""
