"""Asked of warehouses 仓储: to dispatch, to stop it, what they have; and what they say."""

from __future__ import annotations

from msgspec import Struct


class Dispatched(Struct, frozen=True, kw_only=True):
    """A line of a dispatch: the SKU's code, its units, its price each in minor units."""

    line: int
    sku: str
    quantity: int
    title: str = ""
    price: int = 0


class Receiver(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who receives it. Filled in only when it is sent, from the vault."""

    name: str = ""
    phone: str = ""
    country: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    detail: str = ""


class Dispatch(Struct, frozen=True, kw_only=True):
    """Dispatch a fulfilment order 发货单: what a warehouse ships of an order."""

    order: str
    fulfilment: int
    number: str
    channel: str
    shop: str
    warehouse: str
    lines: tuple[Dispatched, ...]
    placed: str
    paid: str = ""
    carrier: str = ""
    receiver: Receiver = Receiver()


class Stop(Struct, frozen=True, kw_only=True):
    """Do not dispatch what was asked under `key`; `reference` is the warehouse's number of it."""

    key: str
    reference: str
    warehouse: str
    reason: str


class StockAsk(Struct, frozen=True, kw_only=True):
    """How many are there of these SKUs in a warehouse?"""

    warehouse: str
    skus: tuple[str, ...]


class Counted(Struct, frozen=True, kw_only=True):
    """Units of a SKU that lie in a warehouse."""

    warehouse: str
    sku: str
    quantity: int


class Stock(Struct, frozen=True, kw_only=True):
    """What there is."""

    counts: tuple[Counted, ...]


class Taken(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """It is taken over; `at` by the far side's clock."""

    at: str = ""


class Parcel(Struct, frozen=True, kw_only=True):
    """A parcel that has left: who carries it under which number."""

    carrier: str
    waybill: str


class Moved(Struct, frozen=True, kw_only=True):
    """News: a dispatch was picked, packed or shipped; `parcels` where they are known."""

    step: str
    at: str
    parcels: tuple[Parcel, ...] = ()
