"""What after-sales says and takes over HTTP."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from danshu.capabilities.after_sales.model import CaseLine, ExchangeGoods, Inspected, Sum
from danshu.faces.http.placing import Instant
from danshu.hub.after_sales_views import Counted
from danshu.hub.fields import PLAIN, Code, Label, Minor, Word
from danshu.kernel.limits import (
    CASE_BATCH,
    CASE_WORDS_CHARS,
    LINE_QUANTITY,
    ORDER_LINES,
    REASON_CHARS,
)

_PROSE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*(?![\s\S])"
Units = Annotated[int, Meta(ge=0, le=LINE_QUANTITY)]
LineNo = Annotated[int, Meta(ge=1, le=100_000)]
Reason = Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)]
ReasonCode = Literal[
    "no_longer_wanted",
    "quality",
    "damaged",
    "wrong_goods",
    "missing",
    "not_as_described",
    "late",
    "price",
    "refused",
    "lost",
    "other",
]
Kind = Literal["return", "exchange", "refund_only", "compensation", "claim"]


class AskedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a line, or `lowered` minor units by which its price is made good."""

    line: LineNo
    quantity: Units = 0
    lowered: Minor = 0


class AskedGoods(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be sent in exchange, and what one costs, in minor units."""

    sku: Code
    quantity: Annotated[int, Meta(ge=1, le=LINE_QUANTITY)]
    price: Minor
    title: Label = ""


class NewCase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request: what of the order, why, in whose words. `own_fen` is the amount of a compensation;
    a claim names the fulfilment order whose parcel it is about.
    """

    kind: Kind
    reason: ReasonCode
    lines: Annotated[tuple[AskedLine, ...], Meta(max_length=ORDER_LINES)] = ()
    wanted: Annotated[tuple[AskedGoods, ...], Meta(max_length=20)] = ()
    own_fen: Minor = 0
    words: Annotated[str, Meta(max_length=CASE_WORDS_CHARS, pattern=_PROSE)] = ""
    fulfilment: Annotated[int, Meta(ge=0, le=100_000)] = 0
    by_buyer: bool = False


class SumLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is paid for a line, in minor units, and for how many units."""

    line: LineNo
    amount: Minor
    quantity: Units = 0


class NewSum(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person says instead of the arithmetic; never more than is left of each."""

    shares: Annotated[tuple[SumLine, ...], Meta(max_length=ORDER_LINES)] = ()
    postage: Minor = 0
    over: Minor = 0
    own: Minor = 0


class FoundLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an inspector found of a line."""

    line: LineNo
    sku: Code
    quantity: Units
    grade: Literal["as_new", "opened", "used", "damaged", "wrong"]
    outcome: Literal["restock", "set_aside", "scrap", "send_back"]


class CaseAct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act on a case. `amount_fen` is what was seen: another amount is not granted.

    `agree` and `refuse` decide (a refusal says why); `withdraw` takes it back; `send_back` names
    the waybill; `receive` the warehouse; `inspect` what was found, and ends the signed act that
    `/parcel` began, with the passkey's `credential` where it asks for one; `replace` sends the
    other goods, and asks for what they cost more unless it `waives` that;
    `record` says that it was paid outside, with that receipt; `retry` pays again; `file`, `settle`
    and `reject` are of claims.
    """

    act: Literal[
        "agree",
        "refuse",
        "withdraw",
        "send_back",
        "receive",
        "inspect",
        "replace",
        "record",
        "retry",
        "file",
        "settle",
        "reject",
    ]
    amount_fen: Minor = 0
    reason: Reason = ""
    sum: NewSum | None = None
    carrier: Word = ""
    waybill: Word = ""
    warehouse: Word = ""
    found: Annotated[tuple[FoundLine, ...], Meta(max_length=ORDER_LINES)] = ()
    note: Reason = ""
    performance: uuid.UUID | None = None
    credential: dict[str, Any] | None = None
    device_at: Instant | None = None
    lang: Literal["zh", "en"] = "zh"
    waives: bool = False
    receipt: Word = ""
    bundle: Annotated[str, Meta(max_length=64, pattern=r"^[0-9a-f]*(?![\s\S])")] = ""


class BatchItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A case, and the amount that was seen."""

    id: uuid.UUID
    amount_fen: Minor


class Batch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cases to agree to, each by itself."""

    items: Annotated[tuple[BatchItem, ...], Meta(min_length=1, max_length=CASE_BATCH)]
    reason: Reason = ""


class BatchDone(Struct, frozen=True, kw_only=True):
    """What became of a case of a batch: its state, or the code of what stands against it."""

    id: uuid.UUID
    state: str
    code: str


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """What became of each."""

    items: tuple[BatchDone, ...]


class CaseItem(Struct, frozen=True, kw_only=True):
    """A case in a list. Amounts in minor units; `due` is when the next step must be done by `rule`,
    "" once it has ended. `is_stuck`: the payment service will not pay, see `trouble`.
    """

    id: uuid.UUID
    order: uuid.UUID
    kind: str
    state: str
    reason: str
    origin: str
    number: str
    channel: str
    shop: str
    warehouse: str
    amount: int
    currency: str
    waybill: str
    carrier: str
    opened: str
    due: str
    rule: str
    lines: tuple[CaseLine, ...]
    tries: int
    trouble: str
    is_stuck: bool


class CasePage(Struct, frozen=True, kw_only=True):
    """Cases, what is due first before others; ended ones by when they were asked, the newest first.
    `next` is "" at the end.
    """

    items: tuple[CaseItem, ...]
    next: str


class CaseCounts(Struct, frozen=True, kw_only=True):
    """Open cases by kind and state."""

    items: tuple[Counted, ...]


class MoneyLine(Struct, frozen=True, kw_only=True):
    """The arithmetic of a line, in minor units: `paid` is its part of what the buyer paid,
    `refunded` what went back of it or is set aside, `now` what this case pays for `units`.
    """

    line: int
    sku: str
    title: str
    quantity: int
    shipped: int
    returned: int
    paid: int
    refunded: int
    units_left: int
    left: int
    units: int
    now: int


class Reckoning(Struct, frozen=True, kw_only=True):
    """What was paid, refunded before, and is paid now; minor units."""

    currency: str
    paid: int
    forfeited: int
    refunded: int
    left: int
    postage: int
    postage_refunded: int
    postage_now: int
    over: int
    over_now: int
    own_now: int
    now: int
    lines: tuple[MoneyLine, ...]


class RuleShown(Struct, frozen=True, kw_only=True):
    """A rule of time: its code, hours and source; words in both languages, "" where it is the
    merchant's own row (`own`).
    """

    code: str
    hours: int
    source: str
    zh: str
    en: str


class CaseShown(Struct, frozen=True, kw_only=True):
    """A case whole. `words` is what was written, for those who decide; `shown` are
    photos that came with the request, `photos` those of the inspection; `events` are possible now;
    `rules` name what its times rest on.
    """

    item: CaseItem
    words: str
    answer: str
    proposed_by: str
    decided_by: str
    wanted: tuple[ExchangeGoods, ...]
    found: tuple[Inspected, ...]
    sum: Sum
    receipt: str
    outcome: str
    fulfilment: int
    photos: tuple[str, ...]
    shown: tuple[str, ...]
    events: tuple[str, ...]
    second_fen: int
    rules: tuple[RuleShown, ...]
    reckoning: Reckoning


class OrderCases(Struct, frozen=True, kw_only=True):
    """The cases of an order, the oldest first, and what may still be paid back of it."""

    items: tuple[CaseItem, ...]
    reckoning: Reckoning
