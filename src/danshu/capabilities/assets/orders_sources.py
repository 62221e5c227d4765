"""Sources from the life of an order: what was bought, paid, allocated, changed and shipped."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from danshu.capabilities.assets.model import INT, SMALL, TEXT, Row, source
from danshu.capabilities.assets.reading import Out, Reader, Told, ms, pseudonym, reader


class Line(Struct, frozen=True, gc=False):
    """A line of an order, as far as it is read."""

    no: int
    paid: int
    price: int
    quantity: int
    sku: str
    gift: str = ""
    known: bool = True
    bundle: dict[str, Any] | None = None
    asked: int = 0


class Share(Struct, frozen=True, gc=False):
    """Units of a line."""

    line: int
    quantity: int
    sku: str


class Planned(Struct, frozen=True, gc=False):
    """What one warehouse is to ship."""

    no: int
    shares: tuple[Share, ...]
    warehouse: str


class _Placed(Struct, frozen=True, gc=False):
    channel: str
    created: str
    currency: str
    discount: int
    goods: int
    lines: tuple[Line, ...]
    number: str
    postage: int
    region: str
    total: int
    buyer: str = ""
    holds: tuple[str, ...] = ()
    kind: str = "order"
    ship_by: str = ""
    shop: str = ""
    subsidy: int = 0
    type: str = ""


class _Exchanged(Struct, frozen=True, gc=False):
    lines: tuple[Line, ...]


class _Aligned(Struct, frozen=True, gc=False):
    region: str
    lines: tuple[int, ...] = ()


class _Paid(Struct, frozen=True, gc=False):
    amount: int
    at: str
    stage: str = ""


class _Terms(Struct, frozen=True, gc=False):
    paid: int
    price: int
    quantity: int


class _Change(Struct, frozen=True, gc=False):
    line: int
    now: _Terms
    sku: str = ""
    was: _Terms | None = None


class _Amended(Struct, frozen=True, gc=False):
    by: str
    reason: str
    due: int = 0
    freed: tuple[Planned, ...] = ()
    lines: tuple[_Change, ...] = ()
    owed: int = 0
    receiver: str = ""
    region: str = ""
    wanted: str = ""


class _Allocated(Struct, frozen=True, gc=False):
    fulfilments: tuple[Planned, ...] = ()


class _Freed(Struct, frozen=True, gc=False):
    freed: tuple[Planned, ...] = ()
    shares: tuple[Share, ...] = ()
    reason: str = ""


class _Substitute(Struct, frozen=True, gc=False):
    no: int
    line: int = 0
    paid: int = 0
    quantity: int = 0
    reason: str = ""
    sku: str = ""


SOURCES: Final = (
    source(
        "orders", "An order as it was placed; `created` is the platform's, `recorded` ours.",
        "order.placed", number=TEXT, channel=TEXT, shop=TEXT, buyer=TEXT, region=TEXT, created=INT,
        ship_by=INT, kind=TEXT, type=TEXT, currency=TEXT, goods=INT, discount=INT, postage=INT,
        subsidy=INT, total=INT, lines=SMALL, units=INT, holds=SMALL,
    ),
    source(
        "lines", "A line as it was placed, or came by an exchange; `gift` names the rule.",
        "order.placed exchange.arranged", line=SMALL, sku=TEXT, quantity=INT, price=INT, paid=INT,
        gift=TEXT, bundle=TEXT, known=SMALL, origin=TEXT,
    ),
    source(
        "alignments", "Master data caught up: the region that the order goes to.",
        "order.aligned", region=TEXT,
    ),
    source(
        "payments", "Money came in; `at` is when it was paid, `stage` of which payment.",
        "order.paid", amount=INT, at=INT, stage=TEXT,
    ),
    source(
        "amendments", "The contract was changed; `is_receiver`: it goes to another receiver.",
        "order.amended", by=TEXT, reason=TEXT, region=TEXT, wanted=TEXT, is_receiver=SMALL,
        lines=SMALL, owed=INT, due=INT,
    ),
    source(
        "line_changes", "A line of an amendment; a new one was 0.",
        "order.amended", line=SMALL, sku=TEXT, was_quantity=INT, was_paid=INT, now_quantity=INT,
        now_paid=INT,
    ),
    source(
        "allocations", "Units that a warehouse is to ship; negative: they were taken back.",
        "order.allocated order.withdrawn order.cancelled order.amended", act=TEXT,
        fulfilment=SMALL, warehouse=TEXT, line=SMALL, sku=TEXT, units=INT,
    ),
    source(
        "cancelled_lines", "Units that were given up.",
        "order.cancelled", line=SMALL, sku=TEXT, units=INT, reason=TEXT,
    ),
    source(
        "substitutes", "A substitute was offered, and what came of it (`event`).",
        "substitute.offered substitute.accepted substitute.declined substitute.ended",
        event=TEXT, no=SMALL, line=SMALL, sku=TEXT, quantity=INT, paid=INT, reason=TEXT,
    ),
)  # fmt: skip


def _put_placed(out: Out, base: Row, data: Any, told: Told) -> None:
    lines = data.lines
    out["orders"].append((
        *base, data.number, data.channel, data.shop,
        pseudonym(told.salt, data.channel, data.shop, data.buyer),
        data.region, ms(data.created), ms(data.ship_by), data.kind, data.type, data.currency,
        data.goods, data.discount, data.postage, data.subsidy, data.total, len(lines),
        sum([n.quantity for n in lines]), len(data.holds),
    ))  # fmt: skip
    _put_lines(out, base, lines, "placed")


def _put_lines(out: Out, base: Row, lines: tuple[Line, ...], origin: str) -> None:
    rows = out["lines"]
    for n in lines:
        bundle = n.bundle["sku"] if n.bundle else ""
        rows.append((
            *base, n.no, n.sku, n.quantity, n.price, n.paid, n.gift, bundle, int(n.known), origin,
        ))  # fmt: skip


def _put_exchanged(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    _put_lines(out, base, data.lines, "exchange")


def _put_aligned(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    out["alignments"].append((*base, data.region))


def _put_paid(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    out["payments"].append((*base, data.amount, ms(data.at), data.stage))


def _put_amended(out: Out, base: Row, data: Any, told: Told) -> None:
    out["amendments"].append((
        *base, data.by, data.reason, data.region, data.wanted, int(bool(data.receiver)),
        len(data.lines), data.owed, data.due,
    ))  # fmt: skip
    for n in data.lines:
        was = n.was or _NOTHING
        out["line_changes"].append((
            *base, n.line, n.sku, was.quantity, was.paid, n.now.quantity, n.now.paid,
        ))  # fmt: skip
    _put_freed(out, base, data, told)


def _put_allocated(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    _put_planned(out, base, "allocated", data.fulfilments, 1)


def _put_freed(out: Out, base: Row, data: Any, told: Told) -> None:
    _put_planned(out, base, told.type.partition(".")[2], data.freed, -1)


def _put_planned(out: Out, base: Row, act: str, planned: tuple[Planned, ...], sign: int) -> None:
    rows = out["allocations"]
    for f in planned:
        for s in f.shares:
            rows.append((*base, act, f.no, f.warehouse, s.line, s.sku, sign * s.quantity))


def _put_cancelled(out: Out, base: Row, data: Any, told: Told) -> None:
    for s in data.shares:
        out["cancelled_lines"].append((*base, s.line, s.sku, s.quantity, data.reason))
    _put_freed(out, base, data, told)


def _put_substitute(out: Out, base: Row, data: Any, told: Told) -> None:
    out["substitutes"].append((
        *base, told.type.partition(".")[2], data.no, data.line, data.sku, data.quantity, data.paid,
        data.reason,
    ))  # fmt: skip


_NOTHING: Final = _Terms(0, 0, 0)
READERS: Final[tuple[Reader, ...]] = (
    reader("order.placed", _Placed, _put_placed),
    reader("exchange.arranged", _Exchanged, _put_exchanged),
    reader("order.aligned", _Aligned, _put_aligned),
    reader("order.paid", _Paid, _put_paid),
    reader("order.amended", _Amended, _put_amended),
    reader("order.allocated", _Allocated, _put_allocated),
    reader("order.withdrawn", _Freed, _put_freed),
    reader("order.cancelled", _Freed, _put_cancelled),
    *(
        reader(f"substitute.{event}", _Substitute, _put_substitute)
        for event in ("offered", "accepted", "declined", "ended")
    ),
)
