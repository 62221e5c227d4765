"""Sources from what goes back and what is owed: cases, refunds, compensations, claims, stock."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from danshu.capabilities.assets.model import INT, SMALL, TEXT, UUID, Row, source
from danshu.capabilities.assets.orders_sources import Share
from danshu.capabilities.assets.reading import Out, Reader, Told, reader, uid


class _CaseLine(Struct, frozen=True, gc=False):
    line: int
    sku: str
    lowered: int = 0
    quantity: int = 0


class _Money(Struct, frozen=True, gc=False):
    amount: int


class _Sum(Struct, frozen=True, gc=False):
    own: int = 0
    over: int = 0
    postage: int = 0
    shares: tuple[_Money, ...] = ()

    @property
    def amount(self) -> int:
        return self.own + self.over + self.postage + sum([s.amount for s in self.shares])


_NO_SUM: Final = _Sum()


class _Opened(Struct, frozen=True, gc=False):
    currency: str
    kind: str
    number: str
    order: str
    origin: str
    reason: str
    carrier: str = ""
    fulfilment: int = 0
    lines: tuple[_CaseLine, ...] = ()
    photos: tuple[str, ...] = ()
    sum: _Sum = _NO_SUM


class _Event(Struct, frozen=True, gc=False):
    amount: int = 0
    carrier: str = ""
    outcome: str = ""
    reason: str = ""
    sum: _Sum = _NO_SUM
    verdict: str = ""
    warehouse: str = ""


class _Inspected(Struct, frozen=True, gc=False):
    grade: str
    line: int
    outcome: str
    quantity: int
    sku: str


class _Inspection(Struct, frozen=True, gc=False):
    lines: tuple[_Inspected, ...]


class _Returned(Struct, frozen=True, gc=False):
    case: str
    outcome: str
    shares: tuple[Share, ...]
    warehouse: str


class _RefundShare(Struct, frozen=True, gc=False):
    amount: int
    line: int
    quantity: int


class _Refund(Struct, frozen=True, gc=False):
    amount: int
    case: str
    reason: str
    over: int = 0
    postage: int = 0
    shares: tuple[_RefundShare, ...] = ()


class _Compensation(Struct, frozen=True, gc=False):
    amount: int = 0
    code: str = ""
    currency: str = ""
    reason: str = ""
    step: int = -1


class _Claim(Struct, frozen=True, gc=False):
    amount: int
    carrier: str
    case: str


class _Moved(Struct, frozen=True, gc=False):
    sku: str
    in_transit: int = 0
    on_hand: int = 0
    safety: int = 0


class _StockMoved(Struct, frozen=True, gc=False):
    lines: tuple[_Moved, ...]
    reason: str
    warehouse: str


EVENTS: Final = (
    "proposed", "decided", "sent_back", "received", "inspected", "filed", "closed"
)  # fmt: skip
_COMPENSATIONS: Final = ("proposed", "approved", "refused", "paid")

SOURCES: Final = (
    source(
        "returns", "An after-sales case was opened; `stream` is the case's, `order` the order's.",
        "after_sale.opened", order=UUID, number=TEXT, kind=TEXT, reason=TEXT, origin=TEXT,
        carrier=TEXT, currency=TEXT, asked=INT, photos=SMALL,
    ),
    source(
        "return_lines", "What a case asks for a line of the order.",
        "after_sale.opened", order=UUID, line=SMALL, sku=TEXT, quantity=INT, lowered=INT,
    ),
    source(
        "return_outcomes", "What became of a case (`event`).",
        " ".join(f"after_sale.{e}" for e in EVENTS), event=TEXT, verdict=TEXT, outcome=TEXT,
        amount=INT, reason=TEXT, warehouse=TEXT,
    ),
    source(
        "inspected_lines", "What an inspector found of a line.",
        "after_sale.inspected", line=SMALL, sku=TEXT, quantity=INT, grade=TEXT, outcome=TEXT,
    ),
    source(
        "returned_lines", "Units that had left lie in a warehouse again; `stream` is the order's.",
        "goods.returned", case=UUID, warehouse=TEXT, outcome=TEXT, line=SMALL, sku=TEXT, units=INT,
    ),
    source(
        "refunds", "Money went back to the buyer; `stream` is the order's.",
        "refund.paid", case=UUID, amount=INT, postage=INT, over=INT, reason=TEXT,
    ),
    source(
        "refund_lines", "What of a refund is for a line.",
        "refund.paid", case=UUID, line=SMALL, amount=INT, units=INT,
    ),
    source(
        "compensations", "What a breach costs (`event`): proposed, approved, refused, paid.",
        " ".join(f"compensation.{e}" for e in _COMPENSATIONS), event=TEXT, code=TEXT, step=SMALL,
        amount=INT, reason=TEXT,
    ),
    source(
        "claims", "A carrier paid for a parcel; `stream` is the order's.",
        "claim.settled", case=UUID, carrier=TEXT, amount=INT,
    ),
    source(
        "stock_moves", "Stock of a SKU in a warehouse changed by so much; `stream` is the move's.",
        "stock.moved", warehouse=TEXT, sku=TEXT, on_hand=INT, in_transit=INT, safety=INT,
        reason=TEXT,
    ),
)  # fmt: skip


def _put_opened(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    order = uid(data.order)
    out["returns"].append((
        *base, order, data.number, data.kind, data.reason, data.origin, data.carrier,
        data.currency, data.sum.amount, len(data.photos),
    ))  # fmt: skip
    for n in data.lines:
        out["return_lines"].append((*base, order, n.line, n.sku, n.quantity, n.lowered))


def _put_event(out: Out, base: Row, data: Any, told: Told) -> None:
    out["return_outcomes"].append((
        *base, told.type.partition(".")[2], data.verdict, data.outcome,
        data.amount or data.sum.amount, data.reason, data.warehouse,
    ))  # fmt: skip


def _put_inspected(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    for n in data.lines:
        out["inspected_lines"].append((*base, n.line, n.sku, n.quantity, n.grade, n.outcome))


def _put_returned(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    case = uid(data.case)
    for s in data.shares:
        out["returned_lines"].append(
            (*base, case, data.warehouse, data.outcome, s.line, s.sku, s.quantity)
        )


def _put_refund(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    case = uid(data.case)
    out["refunds"].append((*base, case, data.amount, data.postage, data.over, data.reason))
    for s in data.shares:
        out["refund_lines"].append((*base, case, s.line, s.amount, s.quantity))


def _put_compensation(out: Out, base: Row, data: Any, told: Told) -> None:
    event = told.type.partition(".")[2]
    out["compensations"].append((*base, event, data.code, data.step, data.amount, data.reason))


def _put_claim(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    out["claims"].append((*base, uid(data.case), data.carrier, data.amount))


def _put_moved(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    for n in data.lines:
        out["stock_moves"].append((
            *base, data.warehouse, n.sku, n.on_hand, n.in_transit, n.safety, data.reason,
        ))  # fmt: skip


READERS: Final[tuple[Reader, ...]] = (
    reader("after_sale.opened", _Opened, _put_opened),
    *(reader(f"after_sale.{event}", _Event, _put_event) for event in EVENTS),
    reader("after_sale.inspected", _Inspection, _put_inspected),
    reader("goods.returned", _Returned, _put_returned),
    reader("refund.paid", _Refund, _put_refund),
    *(reader(f"compensation.{e}", _Compensation, _put_compensation) for e in _COMPENSATIONS),
    reader("claim.settled", _Claim, _put_claim),
    reader("stock.moved", _StockMoved, _put_moved),
)
