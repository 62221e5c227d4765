"""The fact types of parcels 包裹: split, merged, picked short, lost, sent again, stopped."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders.facts import OfFulfilment, Planned
from danshu.capabilities.orders.model import Share
from danshu.kernel.fact import fact_type


@fact_type("fulfilment.split")
class FulfilmentSplit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """拆单: a fulfilment order keeps `kept`; `parts` are new ones beside it, in the same state.

    `rule` names the merchant's rule that asked for it, "" where a person did.
    """

    fulfilment: int
    kept: tuple[Share, ...]
    parts: tuple[Planned, ...]
    reason: str = ""
    rule: str = ""


@fact_type("fulfilment.merged")
class FulfilmentMerged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """合单: this fulfilment order leaves with the others of its group, as one parcel.

    `members` names all of them (order/number), this one too; each order's stream bears one.
    `rule` is "auto" where the merchant's rule asked for it, "" where a person did.
    """

    fulfilment: int
    group: str
    members: tuple[str, ...]
    rule: str = ""


@fact_type("fulfilment.unmerged")
class FulfilmentUnmerged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """撤销合单: it leaves by itself again; `reason` "alone" where no other is left."""

    fulfilment: int
    group: str
    reason: str = ""


@fact_type("release.deferred")
class ReleaseDeferred(Struct, frozen=True, kw_only=True):
    """下发推迟: it was to be released, and waits until `until` (RFC 3339) at the latest for another
    order of its receiver to leave with; asked for again it is released at once.
    """

    reason: str
    until: str


@fact_type("fulfilment.short_picked")
class ShortPicked(OfFulfilment, frozen=True, kw_only=True, omit_defaults=True):
    """短拣: `shares` were found and are picked; `missing` were not there and are open again.

    The count of what is on hand is corrected by `stock.moved` in the same commit.
    """

    missing: tuple[Share, ...]


class ShipmentEnded(OfFulfilment, frozen=True, kw_only=True, omit_defaults=True):
    """What every end of a shipment that is no delivery says."""

    reason: str = ""


@fact_type("shipment.lost")
class ShipmentLost(ShipmentEnded, frozen=True, kw_only=True, omit_defaults=True):
    """丢件: the carrier no longer has the parcel; its units are owed still, again or in money."""


@fact_type("shipment.refused")
class ShipmentRefused(ShipmentEnded, frozen=True, kw_only=True, omit_defaults=True):
    """拒收: the receiver did not take the parcel; it is on its way back."""


@fact_type("shipment.returned")
class ShipmentReturned(ShipmentEnded, frozen=True, kw_only=True, omit_defaults=True):
    """退回: the parcel came back to whoever sent it; what it holds is inspected by after-sales."""


@fact_type("shipment.reshipped")
class ShipmentReshipped(OfFulfilment, frozen=True, kw_only=True, omit_defaults=True):
    """补发: `shares` are sent once more at no charge; they are open again and allocated anew.

    `cause` is lost, damaged, missing, refused or returned.
    """

    cause: str


@fact_type("intercept.requested")
class InterceptRequested(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """截单: `by` (floor or carrier) is asked to stop the goods, and answers until `due`."""

    by: str
    carrier: str = ""
    due: str
    fulfilment: int
    reason: str
    waybill: str = ""


@fact_type("intercept.answered")
class InterceptAnswered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """截单答复: `answer` is stopped or too_late; `receipt` is the carrier's own number of it."""

    answer: str
    by: str
    detail: str = ""
    fulfilment: int
    receipt: str = ""
