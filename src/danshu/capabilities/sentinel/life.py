"""What the sentinel keeps of an order: folded from its facts, as these were said.

The data of a fact is read as far as detectors need it; what other parts of it say is passed over.
Facts of types not named in `READ` change nothing here, and are never decoded.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.sentinel import changes
from danshu.capabilities.sentinel.parts import Life, Parcel, Placed, Planned, Share, Told, add, free


class _Allocated(Struct, frozen=True):
    fulfilments: tuple[Planned, ...] = ()


class _Withdrawn(Struct, frozen=True):
    freed: tuple[Planned, ...] = ()


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
    freed: tuple[Planned, ...] = ()
    shares: tuple[Share, ...] = ()


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
    **{name: shape for name, (shape, _) in changes.READ.items()},
}


def _whole(shape: Any) -> Any:
    """Make the decoder of a fact with its data, in one pass over its bytes."""
    fields = [("data", shape or msgspec.Raw), *((name, str) for name in _ENVELOPE)]
    return msgspec.json.Decoder(msgspec.defstruct("Told", fields, frozen=True, gc=False)).decode


_ENVELOPE: Final = ("id", "occurred", "time", "type")
_decode_told: Final = msgspec.json.Decoder(Told).decode
MARKS: Final[dict[bytes, Any]] = {name.encode(): _whole(shape) for name, shape in READ.items()}
"""How facts are read, by the bytes of their type."""
_TYPE: Final = b'"type":"'


def type_of(body: bytes) -> bytes:
    """Give the type of a fact from the end of its bytes, where canonical order has put it."""
    at = body.rfind(_TYPE) + 8
    return body[at : body.find(b'"', at)]


def read(body: bytes) -> Told:
    """Read a fact's envelope, and its data where its type is one of `MARKS`."""
    told: Told = MARKS.get(type_of(body), _decode_told)(body)
    return told


def fold(life: Life, told: Told) -> None:
    """Bring a life up to a fact of a type in `READ`."""
    name = told.type
    life.ids[name] = told.id
    life.recorded = told.time
    if told.occurred > told.time:
        life.skews = (*life.skews, (told.id, told.occurred, told.time))
    data = told.data
    if name == "order.completed":
        life.completed = True
        return
    if name == "order.placed":
        life.placed = data
        life.region = data.region
        life.holds = frozenset(data.holds)
    elif name == "order.paid":
        life.paid += data.amount
    elif name == "order.allocated":
        _plan(life, data.fulfilments)
    elif name in STAGES:
        _pass(life, told, data)
    else:
        _FOLDS[name](life, told, data)


def _plan(life: Life, planned: tuple[Planned, ...]) -> None:
    for f in planned:
        units: dict[int, int] = {}
        for s in f.shares:
            units[s.line] = units.get(s.line, 0) + s.quantity
            life.allocated[s.line] = life.allocated.get(s.line, 0) + s.quantity
        life.parcels[f.no] = Parcel(f.warehouse, units)


def _pass(life: Life, told: Told, data: _Step) -> None:
    if life.cancelled:
        life.late = (*life.late, told.id)
    parcel = life.parcels.get(data.fulfilment)
    if parcel is None:
        parcel = life.parcels[data.fulfilment] = Parcel(data.warehouse, {})
    stage = STAGES[told.type]
    parcel.stages = {**parcel.stages, stage: (told.occurred, told.id)}
    if stage == _SHIPPED:
        parcel.shipped_id = told.id
        parcel.carrier = data.carrier or parcel.carrier
        if data.waybill:
            parcel.waybill, parcel.waybill_id = data.waybill, told.id
        parcel.shipped = add(parcel.shipped, data.shares)


def _withdraw(life: Life, _: Told, data: _Withdrawn) -> None:
    free(life, data.freed)


def _hold(life: Life, _: Told, data: _Reason) -> None:
    life.holds |= {data.reason}


def _unhold(life: Life, _: Told, data: _Reason) -> None:
    life.holds -= {data.reason}


def _align(life: Life, _: Told, data: _Aligned) -> None:
    life.aligned |= frozenset(data.lines)
    life.region = data.region or life.region
    life.holds -= {"sku_unknown", "region_unknown"}


def _cancel(life: Life, told: Told, data: _Cancelled) -> None:
    free(life, data.freed)
    life.void_units = add(life.void_units, data.shares)
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
    **{name: change for name, (_, change) in changes.READ.items()},
}
