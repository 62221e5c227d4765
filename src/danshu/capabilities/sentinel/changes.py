"""What amendments, parcels and refunds change of an order, as the sentinel keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.sentinel.parts import NOTHING, Line, Parcel, Planned, Share, add, free

if TYPE_CHECKING:
    from danshu.capabilities.sentinel.parts import Life, Told


class _Terms(Struct, frozen=True):
    paid: int
    price: int
    quantity: int


class _LineAmended(Struct, frozen=True):
    line: int
    now: _Terms
    sku: str = ""


class _Sums(Struct, frozen=True):
    discount: int
    goods: int
    total: int


class _Amended(Struct, frozen=True):
    freed: tuple[Planned, ...] = ()
    lines: tuple[_LineAmended, ...] = ()
    now: _Sums | None = None
    owed: int = 0
    region: str = ""


class _Split(Struct, frozen=True):
    fulfilment: int
    kept: tuple[Share, ...]
    parts: tuple[Planned, ...]


class _ShortPicked(Struct, frozen=True):
    fulfilment: int
    shares: tuple[Share, ...]
    missing: tuple[Share, ...]


class _Shares(Struct, frozen=True):
    shares: tuple[Share, ...]
    fulfilment: int = 0


class _RefundShare(Struct, frozen=True):
    amount: int
    line: int
    quantity: int


class _Refunded(Struct, frozen=True):
    amount: int
    receipt: str = ""
    shares: tuple[_RefundShare, ...] = ()


class _Owed(Struct, frozen=True):
    amount: int


class _Exchanged(Struct, frozen=True):
    line: int
    lines: tuple[Line, ...]
    moved: int
    supplement: int = 0


def _amend(life: Life, _: Told, data: _Amended) -> None:
    placed = life.placed
    free(life, data.freed)
    life.owed += data.owed
    if data.region:
        life.region = data.region
        life.holds -= {"region_unknown"}
    if placed is None:
        return
    lines = {n.no: n for n in placed.lines}
    for told in data.lines:
        now = told.now
        was = lines.get(told.line)
        if was is None:
            lines[told.line] = Line(told.line, told.sku, now.quantity, now.price, now.paid)
        else:
            lines[told.line] = replace(
                was, quantity=now.quantity, price=now.price, paid=now.paid, bundle=None
            )
    life.placed = replace(placed, lines=tuple(lines.values()))
    if data.now is not None:
        life.placed = replace(
            life.placed,
            goods=data.now.goods,
            discount=data.now.discount,
            total=data.now.total,
        )
    # What an amendment does to components of bundles is priced by the amendment itself.
    life.is_amended = True


def _split(life: Life, _: Told, data: _Split) -> None:
    whole = life.parcels.get(data.fulfilment)
    if whole is None:
        return
    whole.planned = add(NOTHING, data.kept)
    for part in data.parts:
        made = life.parcels[part.no] = Parcel(part.warehouse, add(NOTHING, part.shares))
        made.stages = whole.stages


def _pick_short(life: Life, told: Told, data: _ShortPicked) -> None:
    parcel = life.parcels.get(data.fulfilment)
    for s in data.missing:
        life.allocated[s.line] = life.allocated.get(s.line, 0) - s.quantity
    if parcel is not None:
        parcel.planned = add(NOTHING, data.shares)
        parcel.stages = {**parcel.stages, 2: (told.occurred, told.id)}
        parcel.is_void = not data.shares


def _come_back(life: Life, _: Told, data: _Shares) -> None:
    """Goods are back, or lost: money for them may go back without a return."""
    life.back = add(life.back, data.shares)


def _send_again(life: Life, _: Told, data: _Shares) -> None:
    for s in data.shares:
        life.allocated[s.line] = life.allocated.get(s.line, 0) - s.quantity


def _refund(life: Life, told: Told, data: _Refunded) -> None:
    units = {s.line: s.quantity for s in data.shares if s.quantity}
    life.refunds = (*life.refunds, (told.id, data.amount, data.receipt, units))


def _owe(life: Life, _: Told, data: _Owed) -> None:
    life.owed += data.amount


def _exchange(life: Life, _: Told, data: _Exchanged) -> None:
    """What came back pays for what is sent, and a supplement for what that costs more."""
    placed = life.placed
    if placed is None:
        return
    lines = [replace(n, paid=n.paid - data.moved) if n.no == data.line else n for n in placed.lines]
    life.placed = replace(placed, lines=(*lines, *data.lines), total=placed.total + data.supplement)


READ: Final[dict[str, Any]] = {
    "order.amended": (_Amended, _amend),
    "fulfilment.split": (_Split, _split),
    "fulfilment.short_picked": (_ShortPicked, _pick_short),
    "shipment.lost": (_Shares, _come_back),
    "shipment.returned": (_Shares, _come_back),
    "goods.returned": (_Shares, _come_back),
    "shipment.reshipped": (_Shares, _send_again),
    "refund.paid": (_Refunded, _refund),
    "refund.owed": (_Owed, _owe),
    "exchange.arranged": (_Exchanged, _exchange),
}
