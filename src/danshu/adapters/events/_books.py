"""The books, as several events tell them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class BookPlace(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How far a book had been read."""

    half: Annotated[str, Meta(description="Name of the book.")]
    position: Annotated[int, Meta(description="Leaves that had been read.")]


class ExplainedCheck(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A check that did not pass."""

    amount: Annotated[int, Meta(description="By how much, minor units.")]
    code: Annotated[str, Meta(description="Code of the check.")]


class VoucherLine(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A line of a voucher."""

    account: Annotated[int, Meta(description="Number of the account.")]
    channel: Annotated[str, Meta(description='Code of the channel; "" for none.')] = ""
    credit: Annotated[int, Meta(description="Credit, minor units.")] = 0
    debit: Annotated[int, Meta(description="Debit, minor units.")] = 0
    order: Annotated[str, Meta(description='The stream of the order; "" for none.')] = ""
    shop: Annotated[str, Meta(description='The shop; "" for none.')] = ""


class AccountName(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an account is called in the merchant's books."""

    account: Annotated[int, Meta(description="Number of the account.")]
    code: Annotated[str, Meta(description="Its code there.")]
    name: Annotated[str, Meta(description="Its name there.")]
