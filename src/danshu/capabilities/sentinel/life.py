"""What the sentinel keeps of an order: folded from its facts, as these were said.

The data of a fact is read as far as detectors need it; what other parts of it say is passed over.
Facts of types not named in `READ` change nothing here, and are never decoded.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct


class Line(Struct, frozen=True, gc=False):
    """A line of an order; `paid` for all units, `price` for one, in minor units."""

    no: int
    sku: str
    quantity: int
    price: int = 0
    paid: int = 0
    known: bool = True


class Share(Struct, frozen=True, gc=False):
    """Units of a line that leave together."""

    line: int
    quantity: int
    sku: str = ""


class Placed(Struct, frozen=True, gc=False):
    """Of `order.placed`."""

    channel: str
    created: str
    goods: int
    lines: tuple[Line, ...]
    number: str
    total: int
    discount: int = 0
    postage: int = 0
    region: str = ""
    shop: str = ""
    buyer: str = ""
    holds: tuple[str, ...] = ()
    kind: str = "order"


class _Planned(Struct, frozen=True):
    no: int
    shares: tuple[Share, ...]
    warehouse: str


class _Allocated(Struct, frozen=True):
    fulfilments: tuple[_Planned, ...] = ()


class _Withdrawn(Struct, frozen=True):
    freed: tuple[_Planned, ...] = ()


class _Aligned(Struct, frozen=True):
    lines: tuple[int, ...]
    region: str


class _Amount(Struct, frozen=True):
    amount: int = 0
    receipt: str = ""


class _Reason(Struct, frozen=True):
    reason: str = ""


class _Waybill(Struct, frozen=True):
    fulfilment: int
    carrier: str = ""
    waybill: str = ""


class _Step(Struct, frozen=True):
    fulfilment: int
    shares: tuple[Share, ...]
    warehouse: str
    carrier: str = ""
    waybill: str = ""


class _Cancelled(Struct, frozen=True):
    freed: tuple[_Planned, ...] = ()
    shares: tuple[Share, ...] = ()


class Told(Struct, frozen=True, gc=False):
    """A fact's envelope; `data` unread."""

    data: msgspec.Raw
    id: str
    occurred: str
    time: str
    type: str


STAGES: Final = {
    "order.released": 1,
    "order.picked": 2,
    "order.packed": 3,
    "order.shipped": 4,
    "order.delivered": 5,
}
_SHIPPED: Final = 4
READ: Final[dict[str, Any]] = {
    "order.placed": Placed,
    "order.paid": _Amount,
    "order.held": _Reason,
    "order.unheld": _Reason,
    "order.aligned": _Aligned,
    "order.allocated": _Allocated,
    "order.withdrawn": _Withdrawn,
    "order.cancelled": _Cancelled,
    "order.completed": None,
    "order.recalled": _Step,
    "waybill.recorded": _Waybill,
    **dict.fromkeys(STAGES, _Step),
}
MARKS: Final = {name.encode(): name for name in READ}
_decoders: Final[dict[str, Any]] = {
    n: msgspec.json.Decoder(c).decode for n, c in READ.items() if c is not None
}
_decode_told: Final = msgspec.json.Decoder(Told).decode
_TYPE: Final = b'"type":"'


class Parcel:
    """A fulfilment order: where, what is in it by line, and when each stage was, in the claim."""

    __slots__ = ("carrier", "is_void", "planned", "shipped", "shipped_id", "stages", "warehouse",
                 "waybill", "waybill_id")  # fmt: skip

    def __init__(self, warehouse: str, planned: dict[int, int]) -> None:
        self.warehouse = warehouse
        self.planned = planned
        self.shipped: dict[int, int] = {}
        self.shipped_id = ""
        self.stages: dict[int, tuple[str, str]] = {}  # stage -> occurred, fact
        self.carrier = ""
        self.waybill = ""
        self.waybill_id = ""
        self.is_void = False


class Life:
    """An order as its facts say, as far as detectors ask."""

    __slots__ = (
        "aligned",
        "allocated",
        "cancelled",
        "completed",
        "holds",
        "ids",
        "known",
        "late",
        "money",
        "paid",
        "parcels",
        "placed",
        "recorded",
        "region",
        "skews",
        "void_units",
    )  # fmt: skip

    def __init__(self) -> None:
        self.placed: Placed | None = None
        self.region = ""
        self.paid = 0
        self.holds: set[str] = set()
        self.aligned: set[int] = set()
        self.allocated: dict[int, int] = {}
        self.void_units: dict[int, int] = {}
        self.cancelled = ""  # the fact that cancelled all of it
        self.completed = False
        self.parcels: dict[int, Parcel] = {}
        self.ids: dict[str, str] = {}  # type -> the newest fact of it
        self.late: list[str] = []  # facts of acts after the whole was cancelled
        self.skews: list[tuple[str, str, str]] = []  # fact, occurred, recorded
        self.recorded = ""
        self.money: list[tuple[str, str, Any]] = []  # (type, fact, data) of refunds and returns
        self.known: frozenset[tuple[str, str]] = frozenset()  # findings written down already


def type_of(body: bytes) -> bytes:
    """Give the type of a fact from the end of its bytes, where canonical order has put it."""
    at = body.rfind(_TYPE) + 8
    return body[at : body.find(b'"', at)]


def read(body: bytes) -> Told:
    """Read a fact's envelope."""
    return _decode_told(body)


def fold(life: Life, told: Told) -> None:
    """Bring a life up to a fact of a type in `READ`."""
    name = told.type
    life.ids[name] = told.id
    life.recorded = told.time
    if told.occurred > told.time:
        life.skews.append((told.id, told.occurred, told.time))
    decode = _decoders.get(name)
    if decode is None:
        life.completed = life.completed or name == "order.completed"
        return
    data = decode(told.data)
    if name == "order.placed":
        life.placed = data
        life.region = data.region
        life.holds = set(data.holds)
    elif name == "order.paid":
        life.paid += data.amount
    elif name == "order.allocated":
        _plan(life, data.fulfilments)
    elif name in STAGES:
        _pass(life, told, data)
    else:
        _FOLDS[name](life, told, data)


def _plan(life: Life, planned: tuple[_Planned, ...]) -> None:
    for f in planned:
        units: dict[int, int] = {}
        for s in f.shares:
            units[s.line] = units.get(s.line, 0) + s.quantity
            life.allocated[s.line] = life.allocated.get(s.line, 0) + s.quantity
        life.parcels[f.no] = Parcel(f.warehouse, units)


def _free(life: Life, freed: tuple[_Planned, ...]) -> None:
    for f in freed:
        parcel = life.parcels.get(f.no)
        for s in f.shares:
            life.allocated[s.line] = life.allocated.get(s.line, 0) - s.quantity
            if parcel is not None:
                parcel.planned[s.line] = parcel.planned.get(s.line, 0) - s.quantity
        if parcel is not None and not any(parcel.planned.values()):
            parcel.is_void = True


def _pass(life: Life, told: Told, data: _Step) -> None:
    if life.cancelled:
        life.late.append(told.id)
    parcel = life.parcels.get(data.fulfilment)
    if parcel is None:
        parcel = life.parcels[data.fulfilment] = Parcel(data.warehouse, {})
    stage = STAGES[told.type]
    parcel.stages[stage] = (told.occurred, told.id)
    if stage == _SHIPPED:
        parcel.shipped_id = told.id
        parcel.carrier = data.carrier or parcel.carrier
        if data.waybill:
            parcel.waybill, parcel.waybill_id = data.waybill, told.id
        for s in data.shares:
            parcel.shipped[s.line] = parcel.shipped.get(s.line, 0) + s.quantity


def _withdraw(life: Life, _: Told, data: _Withdrawn) -> None:
    _free(life, data.freed)


def _hold(life: Life, _: Told, data: _Reason) -> None:
    life.holds.add(data.reason)


def _unhold(life: Life, _: Told, data: _Reason) -> None:
    life.holds.discard(data.reason)


def _align(life: Life, _: Told, data: _Aligned) -> None:
    life.aligned.update(data.lines)
    life.region = data.region or life.region
    life.holds -= {"sku_unknown", "region_unknown"}


def _cancel(life: Life, told: Told, data: _Cancelled) -> None:
    _free(life, data.freed)
    for s in data.shares:
        life.void_units[s.line] = life.void_units.get(s.line, 0) + s.quantity
    lines = life.placed.lines if life.placed is not None else ()
    if all(life.void_units.get(n.no, 0) >= n.quantity for n in lines):
        life.cancelled = told.id


def _recall(life: Life, told: Told, data: _Step) -> None:
    parcel = life.parcels.get(data.fulfilment)
    if parcel is not None:
        parcel.stages = {k: v for k, v in parcel.stages.items() if k not in (2, 3)}


def _bill(life: Life, told: Told, data: _Waybill) -> None:
    parcel = life.parcels.get(data.fulfilment)
    if parcel is None:
        parcel = life.parcels[data.fulfilment] = Parcel("", {})
        parcel.is_void = True
    parcel.carrier = data.carrier or parcel.carrier
    parcel.waybill, parcel.waybill_id = data.waybill, told.id


_FOLDS: Final[dict[str, Any]] = {
    "order.held": _hold,
    "order.unheld": _unhold,
    "order.aligned": _align,
    "order.withdrawn": _withdraw,
    "order.cancelled": _cancel,
    "order.recalled": _recall,
    "waybill.recorded": _bill,
}
