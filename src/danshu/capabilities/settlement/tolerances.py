"""What a reconciliation expects and lets pass: rates, terms, tolerances, as a merchant's data."""

from __future__ import annotations

import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import AMOUNT_MINOR, RECONCILE_BILLS, RECONCILE_RATES

Fen = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR)]
Day = Annotated[str, Meta(pattern=r"^$|^\d{4}-\d{2}-\d{2}$")]
Channel = Annotated[str, Meta(max_length=64)]


class FeeRate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a platform takes of an order. `ppm`: millionths of what was paid less what was refunded
    (`net`) or of what was paid (`paid`), rounded half up to the fen.

    It holds for orders paid from `since` to `until` (days in Shanghai, "" = without end). `source`
    says where the rate stands.
    """

    channel: Channel
    kind: Literal["commission", "payment_fee"]
    ppm: Annotated[int, Meta(ge=0, le=1_000_000)]
    base: Literal["net", "paid"] = "net"
    since: Day = ""
    until: Day = ""
    tolerance_fen: Fen = 1
    source: Annotated[str, Meta(max_length=200)] = ""


class Term(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Within how many days after payment a channel's bill must hold an order's money."""

    channel: Channel
    days: Annotated[int, Meta(ge=0, le=400)]


class BillDue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A book has a bill for each day or month from `since` on (days in Shanghai), and it must be
    there `days` after the end of what it covers. A day or month in which nothing was paid on the
    book's `channel` needs none; a book without a channel has one for each.
    """

    book: Channel
    channel: Channel = ""
    every: Literal["day", "month"] = "month"
    days: Annotated[int, Meta(ge=0, le=60)] = 5
    since: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which a merchant's runs go. Amounts in 分.

    `bills` must be there by their day. `rounding_fen` passes as equal. `settle_days` is for
    channels without a term of their own. `window_h` is how far apart money without a key may be.
    `second_fen` is from which amount on a second person closes a difference. Of freight: share and
    grams that a carrier may weigh more, and what its fee may be off.
    """

    rounding_fen: Fen = 0
    settle_days: Annotated[int, Meta(ge=0, le=400)] = 15
    terms: tuple[Term, ...] = ()
    rates: Annotated[tuple[FeeRate, ...], Meta(max_length=RECONCILE_RATES)] = ()
    bills: Annotated[tuple[BillDue, ...], Meta(max_length=RECONCILE_BILLS)] = ()
    window_h: Annotated[int, Meta(ge=1, le=24 * 60)] = 96
    second_fen: Fen = 100_000
    weight_percent: Annotated[int, Meta(ge=0, le=1_000)] = 10
    weight_g: Annotated[int, Meta(ge=0, le=1_000_000)] = 200
    freight_fen: Fen = 100


SHIPPED: Final = Rules()
"""What holds until a merchant says otherwise: nothing is expected of fees."""
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Rules).decode


def encode(rules: Rules) -> bytes:
    """Give the bytes that are kept and digested."""
    return _encode(rules)


def decode(raw: bytes) -> Rules:
    """Read what was kept."""
    return _decode(raw)


def check(rules: Rules) -> Rules:
    """Refuse rules that contradict themselves. Raises InputError with the place."""
    for at, rate in enumerate(rules.rates):
        for name, day in (("since", rate.since), ("until", rate.until)):
            try:
                datetime.date.fromisoformat(day or "2000-01-01")
            except ValueError:
                raise InputError("day", f"no day: {day!r}", f"/rates/{at}/{name}") from None
        if rate.since and rate.until and rate.until < rate.since:
            raise InputError("day", "it ends before it begins", f"/rates/{at}/until")
        for other, before in enumerate(rules.rates[:at]):
            is_same = (before.channel, before.kind) == (rate.channel, rate.kind)
            if (
                is_same
                and before.since <= (rate.until or "9999") >= rate.since
                and ((before.until or "9999") >= rate.since)
            ):
                raise InputError("overlap", f"rate {other + 1} holds then too", f"/rates/{at}")
    for at, bill in enumerate(rules.bills):
        try:
            datetime.date.fromisoformat(bill.since)
        except ValueError:
            raise InputError("day", f"no day: {bill.since!r}", f"/bills/{at}/since") from None
    books = [bill.book for bill in rules.bills]
    if len(set(books)) < len(books):
        raise InputError("twice", "a book's bills are due by one rule", "/bills")
    channels = [term.channel for term in rules.terms]
    if len(set(channels)) < len(channels):
        raise InputError("twice", "a channel has one term", "/terms")
    return rules
