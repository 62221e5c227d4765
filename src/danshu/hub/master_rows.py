"""Rows of master data as they come in, with the bounds of each column."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from danshu.capabilities.stock.model import Storage
from danshu.hub.fields import PLAIN, Code, Label, Minor, Word
from danshu.kernel.limits import (
    BUNDLE_SHARE,
    BUNDLE_UNITS,
    INT4_MAX,
    LANE_FEN,
    LANE_MIN,
    STOCK_UNITS,
)

_TITLE = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
_Lng = Annotated[int, Meta(ge=-180_000_000, le=180_000_000, description="micro-degrees")]
_Lat = Annotated[int, Meta(ge=-90_000_000, le=90_000_000, description="micro-degrees")]
_Fen = Annotated[int, Meta(ge=0, le=LANE_FEN)]
_Min = Annotated[int, Meta(ge=0, le=LANE_MIN)]
_Units = Annotated[int, Meta(ge=0, le=STOCK_UNITS)]


class NewSku(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stock keeping unit; storage 1 ambient, 2 chilled, 4 frozen, 8 licensed, 16 dangerous."""

    code: Code
    name: _TITLE
    weight_g: Annotated[int, Meta(ge=0, le=INT4_MAX)]
    storage: Storage = Storage.AMBIENT
    price_fen: Minor = 0
    barcode: Label = ""


class NewWarehouse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One warehouse; `storage_bits` is the sum of the storage classes that it may hold."""

    code: Code
    name: _TITLE
    region: Code
    lng_udeg: _Lng
    lat_udeg: _Lat
    storage_bits: Annotated[int, Meta(ge=1, le=31)] = 1
    capacity_units: Annotated[int, Meta(ge=0, le=INT4_MAX)] = 20_000
    cutoff_min: Annotated[int, Meta(ge=0, le=1_440)] = 1_080
    calendar: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,64}(?![\s\S])")] = "cn-everyday"
    kind: Literal["ground", "elevated", "underground", "store"] = "ground"


class NewRegion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place that orders go to: GB/T 2260 code of a prefecture, or ISO 3166-1 of a country."""

    code: Code
    name: _TITLE
    province: Label = ""
    lng_udeg: _Lng = 0
    lat_udeg: _Lat = 0


class NewLane(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a warehouse to a region: time in minutes, tariff in 分."""

    warehouse: Code
    region: Code
    transit_min: _Min
    sd_min: _Min
    first_kg_fen: _Fen
    extra_kg_fen: _Fen
    carrier: Label = ""


class NewStock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A count of one SKU in one warehouse."""

    warehouse: Code
    sku: Code
    on_hand: _Units
    safety: _Units = 0
    in_transit: _Units = 0


class NewBundlePart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A component of a bundle, as sheets bring it: one row a component."""

    bundle: Code
    name: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""
    sku: Code
    units: Annotated[int, Meta(ge=1, le=BUNDLE_UNITS)] = 1
    share: Annotated[int, Meta(ge=0, le=BUNDLE_SHARE)]


class NewReceiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an order is to go; a name or telephone that is left out stays. A region in one cell
    stands for province, city and district.
    """

    order: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    detail: Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]
    channel: Word = ""
    name: Word = ""
    phone: Word = ""
    region: Label = ""
    province: Word = ""
    city: Word = ""
    district: Word = ""
    street: Label = ""
