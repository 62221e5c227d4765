"""An entry of the journal 分录: what moved between which accounts, balanced, with its source."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.settlement.accounts import CHART
from danshu.kernel.errors import InputError
from danshu.kernel.limits import AMOUNT_MINOR, JOURNAL_POSTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

FACTS: Final = 1  # words 凭证字: what the facts of orders say ...
BILLS: Final = 2  # ... what bills say ...
MANUAL: Final = 3  # ... and what a person entered
_encode = msgspec.json.Encoder().encode


class Posting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an entry: an account and an amount on one side, in minor units.

    `order` (a stream), `channel` and `shop` are what the amount is further told by, where known.
    """

    account: int
    debit: int = 0
    credit: int = 0
    order: uuid.UUID | None = None
    channel: str = ""
    shop: str = ""


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry. `key` is what it is entered by once and never again; `source` what kind of thing
    said so, `cause` which one (a fact's id, a bill's line).
    """

    key: str
    date: datetime.date
    currency: str
    postings: tuple[Posting, ...]
    source: str
    cause: str = ""
    reverses: str = ""


class Slip(Struct, frozen=True):
    """An entry as it is written: amounts by account, debits positive; `day` is an ISO date.

    `aux` is JSON of (order, channel, shop) of each posting, where they are not all the same.
    """

    key: str
    day: str
    currency: str
    source: str
    order: str
    channel: str
    shop: str
    accounts: tuple[int, ...]
    amounts: tuple[int, ...]
    cause: str = ""
    reverses: str = ""
    aux: bytes | None = None


def draw(entry: Entry) -> Slip:
    """Check an entry and make its slip. Raises InputError: unbalanced, unknown_account, amount."""
    check(entry.postings)
    first = entry.postings[0]
    told = [(p.order, p.channel, p.shop) for p in entry.postings]
    return Slip(
        entry.key,
        entry.date.isoformat(),
        entry.currency,
        entry.source,
        str(first.order) if first.order else "",
        first.channel,
        first.shop,
        tuple(p.account for p in entry.postings),
        tuple(p.debit - p.credit for p in entry.postings),
        entry.cause,
        entry.reverses,
        _encode(told) if len(set(told)) > 1 else None,
    )


def check(postings: Sequence[Posting]) -> None:
    """Refuse postings that are no entry. Raises InputError."""
    if not 2 <= len(postings) <= JOURNAL_POSTINGS:
        raise InputError("postings", f"an entry has 2 to {JOURNAL_POSTINGS} postings", "/postings")
    for at, p in enumerate(postings):
        if p.account not in CHART:
            raise InputError(
                "unknown_account", f"no account {p.account}", f"/postings/{at}/account"
            )
        if not (0 <= p.debit <= AMOUNT_MINOR and 0 <= p.credit <= AMOUNT_MINOR):
            raise InputError("amount", f"an amount is 0 to {AMOUNT_MINOR}", f"/postings/{at}")
        if bool(p.debit) == bool(p.credit):
            raise InputError("side", "an amount stands on one side", f"/postings/{at}")
    if sum(p.debit - p.credit for p in postings):
        raise InputError("unbalanced", "debits and credits differ", "/postings")


def turn(postings: Sequence[Posting]) -> tuple[Posting, ...]:
    """Give the same amounts on the other sides."""
    return tuple(msgspec.structs.replace(p, debit=p.credit, credit=p.debit) for p in postings)


def reversal(entry: Entry, key: str, date: datetime.date, cause: str) -> Entry:
    """Give the entry that takes another back 红字冲销: the same amounts on the other sides."""
    return Entry(
        key=key,
        date=date,
        currency=entry.currency,
        postings=turn(entry.postings),
        source=entry.source,
        cause=cause,
        reverses=entry.key,
    )
