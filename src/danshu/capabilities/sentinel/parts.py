"""The parts of an order as the sentinel keeps it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

# What few orders have is shared by all others, and copied when it changes: tens of thousands of
# orders are kept, and the collector looks at each container of theirs.
NOTHING: Final[Mapping[int, Any]] = MappingProxyType({})


class Bundle(Struct, frozen=True, gc=False):
    """Of a component of a bundle: its exact share of the list price, for all its units."""

    amount: int


class Line(Struct, frozen=True, gc=False):
    """A line of an order; `paid` for all units, `price` for one, in minor units."""

    no: int
    sku: str
    quantity: int
    price: int = 0
    paid: int = 0
    known: bool = True
    bundle: Bundle | None = None
    arrives: str = ""

    @property
    def worth(self) -> int:
        """What it lists at, in minor units; a component at its share of the bundle's."""
        return self.price * self.quantity if self.bundle is None else self.bundle.amount


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
    type: str = ""


class Planned(Struct, frozen=True):
    """A fulfilment order of an allocation."""

    no: int
    shares: tuple[Share, ...]
    warehouse: str


class Told(Struct, frozen=True, gc=False):
    """A fact: its envelope, and its data as far as detectors need it."""

    data: Any
    id: str
    occurred: str
    time: str
    type: str


class Parcel:
    """A fulfilment order: where, what is in it by line, and when each stage was, in the claim."""

    __slots__ = ("carrier", "is_void", "planned", "shipped", "shipped_id", "stages", "warehouse",
                 "waybill", "waybill_id")  # fmt: skip

    def __init__(self, warehouse: str, planned: dict[int, int]) -> None:
        self.warehouse = warehouse
        self.planned = planned
        self.shipped: Mapping[int, int] = NOTHING
        self.shipped_id = ""
        self.stages: Mapping[int, tuple[str, str]] = NOTHING  # stage -> occurred, fact
        self.carrier = ""
        self.waybill = ""
        self.waybill_id = ""
        self.is_void = False


class Life:
    """An order as its facts say, as far as detectors ask."""

    __slots__ = (
        "aligned",
        "allocated",
        "back",
        "cancelled",
        "completed",
        "holds",
        "ids",
        "is_amended",
        "known",
        "late",
        "owed",
        "paid",
        "parcels",
        "placed",
        "recorded",
        "refunds",
        "region",
        "skews",
        "void_units",
    )  # fmt: skip

    def __init__(self) -> None:
        self.placed: Placed | None = None
        self.region = ""
        self.paid = 0
        self.holds: frozenset[str] = frozenset()
        self.aligned: frozenset[int] = frozenset()
        self.allocated: dict[int, int] = {}
        self.void_units: Mapping[int, int] = NOTHING
        self.cancelled = ""  # the fact that cancelled all of it
        self.completed = False
        self.parcels: dict[int, Parcel] = {}
        self.ids: dict[str, str] = {}  # type -> the newest fact of it
        self.late: tuple[str, ...] = ()  # facts of acts after the whole was cancelled
        self.skews: tuple[tuple[str, str, str], ...] = ()  # fact, occurred, recorded
        self.recorded = ""
        self.owed = 0  # of what was paid, owed back
        self.is_amended = False
        self.back: Mapping[int, int] = NOTHING  # units by line that are back, or lost
        # of each refund: fact, amount, receipt, units by line
        self.refunds: tuple[tuple[str, int, str, dict[int, int]], ...] = ()
        self.known: frozenset[tuple[str, str]] = frozenset()  # findings written down already


def add(units: Mapping[int, int], shares: tuple[Share, ...]) -> dict[int, int]:
    """Give units by line with those of the shares added."""
    added = dict(units)
    for s in shares:
        added[s.line] = added.get(s.line, 0) + s.quantity
    return added


def free(life: Life, freed: tuple[Planned, ...]) -> None:
    """Take units back from the fulfilment orders that had them."""
    for f in freed:
        parcel = life.parcels.get(f.no)
        for s in f.shares:
            life.allocated[s.line] = life.allocated.get(s.line, 0) - s.quantity
            if parcel is not None:
                parcel.planned[s.line] = parcel.planned.get(s.line, 0) - s.quantity
        if parcel is not None and not any(parcel.planned.values()):
            parcel.is_void = True
