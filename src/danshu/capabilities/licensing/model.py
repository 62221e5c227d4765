"""What is registered and agreed: rights in an asset, terms of a licence, what was used of it.

Days are those of the merchant's books (UTC+8); `until` is the last day that is still in. Money is
minor units (分) with the tax in it, shares are thousandths.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from danshu.kernel.limits import (
    AMOUNT_MINOR,
    CLEAN_ROOM_GROUP_MIN,
    LICENCE_COLUMNS,
    LICENCE_QUERIES_DAY,
    LICENCE_ROWS_DAY,
    RIGHT_EVIDENCE,
)

PLAIN: Final = r"^[^\x00-\x1f\x7f]*(?![\s\S])"
_SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8))

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
Short = Annotated[str, Meta(max_length=64, pattern=PLAIN)]
Asset = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9-]*(?![\s\S])")]
Column = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
Text = Annotated[str, Meta(max_length=2_000)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?![\s\S])", description="ISO 3166-1 alpha-2")]
Fen = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR, description="分, tax included")]
Thousandths = Annotated[int, Meta(ge=0, le=1_000)]

Source = Literal["own", "partner", "bought"]
Basis = Literal["operation", "contract", "consent", "law"]
RightName = Literal["hold", "process", "operate"]
Period = Literal["month", "once"]
State = Literal["draft", "active", "ended", "declined"]
Kind = Literal["delivery", "query"]


class RightEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the merchant says of its rights in an asset.

    `rights` are the three of 《数据二十条》: hold 数据资源持有权, process 数据加工使用权, operate
    数据产品经营权 (the wording was not checked against the text: 条款未核). `contracts` are the
    numbers of those it rests on, `evidence` SHA-256 digests of the documents.
    """

    source: Source
    basis: Basis
    holder: Name
    rights: Annotated[tuple[RightName, ...], Meta(max_length=3)] = ()
    limits: Text = ""
    contracts: Annotated[tuple[Name, ...], Meta(max_length=RIGHT_EVIDENCE)] = ()
    evidence: Annotated[tuple[Digest, ...], Meta(max_length=RIGHT_EVIDENCE)] = ()
    until: datetime.date | None = None


class Licensee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom it is given: its code (as the gate and the watermark name it), name and country."""

    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    name: Name
    country: Country = "CN"
    contact: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""


class LicencePrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it costs: for each month begun (or once), for each delivery, each thousand rows begun of
    a month, each answer of the clean room. `tax` is the VAT contained in it, in thousandths.
    """

    period: Period = "month"
    period_fen: Fen = 0
    delivery_fen: Fen = 0
    thousand_rows_fen: Fen = 0
    query_fen: Fen = 0
    tax: Thousandths = 60


class RoomSum(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column of detail that may be added up: what one person adds to a group counts from 0 to
    `most`, which is what the noise hides.
    """

    column: Column
    most: Annotated[int, Meta(ge=1, le=AMOUNT_MINOR)]


class CleanRoom(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the licensee may ask in the clean room: groups by `by`, filters by these too, sums of
    `sums`; `join` are columns whose values it may bring itself, as hashes.

    No group under `group_min` people is told. `epsilon` is the privacy budget of a day in
    thousandths, of which each figure that is asked takes `step`; that of the year stands above it.
    """

    by: Annotated[tuple[Column, ...], Meta(max_length=LICENCE_COLUMNS)] = ()
    sums: Annotated[tuple[RoomSum, ...], Meta(max_length=LICENCE_COLUMNS)] = ()
    join: Annotated[tuple[Column, ...], Meta(max_length=LICENCE_COLUMNS)] = ()
    group_min: Annotated[int, Meta(ge=CLEAN_ROOM_GROUP_MIN, le=10_000)] = 10
    epsilon: Annotated[int, Meta(ge=10, le=4_000)] = 1_000
    step: Annotated[int, Meta(ge=10, le=1_000)] = 100


class LicenceTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of a licence. No `columns` means no file at all: the clean room alone.

    `k` is how many persons (or rows) a group of what is delivered has at least. `territory` are the
    countries where it may be used, none = that of the recipient alone.
    """

    asset: Asset
    recipient: Licensee
    purpose: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    contract: Annotated[str, Meta(max_length=100, pattern=PLAIN)] = ""
    columns: Annotated[tuple[Column, ...], Meta(max_length=LICENCE_COLUMNS)] = ()
    since: datetime.date
    until: datetime.date
    price: LicencePrice = LicencePrice()
    rows_day: Annotated[int, Meta(ge=0, le=LICENCE_ROWS_DAY)] = 100_000
    queries_day: Annotated[int, Meta(ge=0, le=LICENCE_QUERIES_DAY)] = 0
    k: Annotated[int, Meta(ge=1, le=1_000)] = 5
    resale: bool = False
    audit: bool = True
    territory: Annotated[tuple[Country, ...], Meta(max_length=LICENCE_COLUMNS)] = ()
    clean_room: CleanRoom | None = None
    text: Text = ""


class Used(Struct, frozen=True, kw_only=True):
    """What was used of a licence within a day."""

    rows: int = 0
    queries: int = 0


class Usage(Struct, frozen=True, kw_only=True):
    """One delivery or one answered query: rows that left, the day of it."""

    kind: Kind
    rows: int
    day: datetime.date


class Asked(Struct, frozen=True, kw_only=True):
    """What somebody wants under a licence: `columns` none = nothing that has columns."""

    recipient: str
    asset: str
    purpose: str
    at_ms: int
    kind: Kind = "delivery"
    columns: tuple[str, ...] = ()
    country: str = ""
    rows: int = 0


def day_of(at_ms: int) -> datetime.date:
    """Give the day of the books that an instant (epoch ms) falls in."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, _SHANGHAI).date()


def start_ms(day: datetime.date) -> int:
    """Give where a day of the books begins, in epoch ms."""
    midnight = datetime.datetime.combine(day, datetime.time(), _SHANGHAI)
    return int(midnight.timestamp() * 1000)
