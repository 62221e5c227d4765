"""Sources from the way of the goods: steps, what was shipped, arrangements, work on the floor."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from danshu.capabilities.assets.model import INT, SMALL, TEXT, Row, source
from danshu.capabilities.assets.orders_sources import Planned, Share
from danshu.capabilities.assets.reading import Out, Reader, Told, ms, reader


class _Step(Struct, frozen=True, gc=False):
    """A step of an order or of one fulfilment; each fact has some of these."""

    by: str = ""
    carrier: str = ""
    cause: str = ""
    fulfilment: int = 0
    kept: tuple[Share, ...] = ()
    parts: tuple[Planned, ...] = ()
    reason: str = ""
    shares: tuple[Share, ...] = ()
    warehouse: str = ""


class _Arranged(Struct, frozen=True, gc=False):
    carrier: str
    fulfilment: int
    end: str = ""
    party: str = ""
    start: str = ""


class _Worked(Struct, frozen=True, gc=False):
    duration_ms: int
    fulfilment: int
    scans: int
    units: int
    warehouse: str
    work: str = "review"
    wrong: int = 0


STEPS: Final = {
    "order.confirmed": "confirmed",
    "order.held": "held",
    "order.unheld": "unheld",
    "order.released": "released",
    "order.picked": "picked",
    "order.packed": "packed",
    "order.recalled": "recalled",
    "order.shipped": "shipped",
    "order.delivered": "delivered",
    "order.completed": "completed",
    "order.cancelled": "cancelled",
    "fulfilment.split": "split",
    "fulfilment.short_picked": "short_picked",
    "shipment.lost": "lost",
    "shipment.refused": "refused",
    "shipment.returned": "returned",
    "shipment.reshipped": "reshipped",
    "damage.reported": "damage_reported",
}
"""Types of facts, and the word of each as a step."""

SOURCES: Final = (
    source(
        "steps", "A step of an order (`fulfilment` 0) or of a fulfilment order; `occurred` counts.",
        " ".join(STEPS), step=TEXT, fulfilment=SMALL, warehouse=TEXT, carrier=TEXT, units=INT,
        reason=TEXT,
    ),
    source(
        "shipped_lines", "Units that left with a parcel.",
        "order.shipped", fulfilment=SMALL, warehouse=TEXT, carrier=TEXT, line=SMALL, sku=TEXT,
        units=INT,
    ),
    source(
        "arrangements", "Who will carry a fulfilment order, and the window in which it comes.",
        "shipment.arranged", fulfilment=SMALL, carrier=TEXT, party=TEXT, start=INT, until=INT,
    ),
    source(
        "floor_work", "A finished piece of work in a warehouse: pick, pack, handover, review.",
        "fulfilment.worked fulfilment.reviewed", work=TEXT, fulfilment=SMALL, warehouse=TEXT,
        units=INT, scans=INT, wrong=INT, duration=INT,
    ),
)  # fmt: skip


def _put_step(out: Out, base: Row, data: Any, told: Told) -> None:
    step = STEPS[told.type]
    units = sum([s.quantity for s in data.shares or data.kept])
    reason = data.reason or data.cause
    out["steps"].append((*base, step, data.fulfilment, data.warehouse, data.carrier, units, reason))
    if step == "shipped":
        rows = out["shipped_lines"]
        for s in data.shares:
            rows.append((
                *base, data.fulfilment, data.warehouse, data.carrier, s.line, s.sku, s.quantity,
            ))  # fmt: skip


def _put_arranged(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    out["arrangements"].append(
        (*base, data.fulfilment, data.carrier, data.party, ms(data.start), ms(data.end))
    )


def _put_worked(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    out["floor_work"].append((
        *base, data.work, data.fulfilment, data.warehouse, data.units, data.scans, data.wrong,
        data.duration_ms,
    ))  # fmt: skip


READERS: Final[tuple[Reader, ...]] = (
    *(reader(name, _Step, _put_step) for name in STEPS),
    reader("shipment.arranged", _Arranged, _put_arranged),
    reader("fulfilment.worked", _Worked, _put_worked),
    reader("fulfilment.reviewed", _Worked, _put_worked),
)
