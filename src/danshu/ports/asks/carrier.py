"""Asked of carriers 承运: a waybill 电子面单, to take it back, where a parcel is; and tracks."""

from __future__ import annotations

from msgspec import Struct

from danshu.ports.asks.wms import Receiver


class WaybillAsk(Struct, frozen=True, kw_only=True):
    """A waybill for a fulfilment order; the sender is the account's own address."""

    order: str
    fulfilment: int
    goods: str
    parcels: int = 1
    weight_g: int = 0
    receiver: Receiver = Receiver()


class Waybill(Struct, frozen=True, kw_only=True):
    """The number that the parcel travels under."""

    carrier: str
    waybill: str


class WaybillCancel(Struct, frozen=True, kw_only=True):
    """The parcel does not come: the waybill asked for under `key` is given back."""

    key: str
    waybill: str
    reason: str = ""


class Subscription(Struct, frozen=True, kw_only=True):
    """Tell every track of this parcel to `callback`."""

    carrier: str
    waybill: str
    callback: str = ""
    phone_tail: str = ""


class TracksAsk(Struct, frozen=True, kw_only=True):
    """Where is this parcel?"""

    carrier: str
    waybill: str
    phone_tail: str = ""


class Track(Struct, frozen=True, kw_only=True):
    """A scan: `step` is collected, moving, delivered, refused, lost or other."""

    at: str
    step: str
    text: str = ""


class Tracks(Struct, frozen=True, kw_only=True):
    """All scans of a parcel, the oldest first."""

    waybill: str
    carrier: str = ""
    tracks: tuple[Track, ...] = ()


class Given(Struct, frozen=True, kw_only=True):
    """It is so."""
