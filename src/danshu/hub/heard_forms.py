"""What events that come in may say: one Struct for the data of each type. Unknown fields are left.

An order is named by `order` (the hub's id), or by `channel` and `number` (with `shop` where the
platform gives numbers by shop), or, of a parcel, by its `waybill`; where none is given the event's
`subject` is the hub's id.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from danshu.hub.fields import PLAIN, Code, Word
from danshu.kernel.limits import AMOUNT_MINOR, HEARD_LINES, STOCK_UNITS

Units = Annotated[int, Meta(ge=0, le=STOCK_UNITS)]
Reason = Annotated[str, Meta(max_length=500, pattern=PLAIN)]
Fulfilment = Annotated[
    int,
    Meta(ge=0, le=10_000, description="Number of the fulfilment order; 0 = all that allow it."),
]


class Named(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order is meant."""

    order: Annotated[Word, Meta(description="The hub's id of the order (a UUID).")] = ""
    channel: Annotated[Word, Meta(description="Code of the sales channel.")] = ""
    shop: Annotated[Word, Meta(description="The shop on the channel.")] = ""
    number: Annotated[Word, Meta(description="Order number on the channel.")] = ""


class Worked(Named, frozen=True, kw_only=True, omit_defaults=True):
    """A warehouse did a step of the work on a fulfilment order."""

    fulfilment: Fulfilment = 0


class Shipped(Worked, frozen=True, kw_only=True, omit_defaults=True):
    """The goods were handed to a carrier."""

    carrier: Annotated[Word, Meta(description="Code of the carrier.")] = ""
    waybill: Annotated[Word, Meta(description="The carrier's waybill number.")] = ""
    equipment: Annotated[Word, Meta(description="Code of the cold equipment.")] = ""


class Tracked(Shipped, frozen=True, kw_only=True, omit_defaults=True):
    """A carrier says of a parcel; its waybill names the order where nothing else does."""


class Level(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is there of a SKU now; what is left out stays as it is."""

    sku: Code
    on_hand: Annotated[Units, Meta(description="Units on hand.")]
    safety: Annotated[Units | None, Meta(description="Units kept back.")] = None
    in_transit: Annotated[Units | None, Meta(description="Units on their way.")] = None


class Counted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A warehouse counted; all SKUs are written or none."""

    warehouse: Annotated[Code, Meta(description="Code of the warehouse.")]
    levels: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=HEARD_LINES)]


class CancelRequested(Named, frozen=True, kw_only=True, omit_defaults=True):
    """An order is to be cancelled. Where goods were picked, whoever has them is asked to stop."""

    reason: Annotated[Reason, Meta(description="Why; a code where there is one.")] = ""


class PaymentReceived(Named, frozen=True, kw_only=True, omit_defaults=True):
    """Money for an order came in at the event's time."""

    amount: Annotated[
        int, Meta(ge=1, le=AMOUNT_MINOR, description="Minor units (分) of the order's currency.")
    ]
