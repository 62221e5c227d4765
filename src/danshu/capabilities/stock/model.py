"""Stock and the master data it hangs on: SKUs and warehouses."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from msgspec import Struct


class Storage(IntEnum):
    """Storage class of a SKU; a warehouse lists those that it may hold. The value is its bit."""

    AMBIENT = 1  # 常温
    CHILLED = 2  # 冷藏
    FROZEN = 4  # 冷冻
    LICENSED = 8  # 持证(药品、医疗器械)
    DANGEROUS = 16  # 危险品


class Sku(Struct, frozen=True, kw_only=True):
    """One stock keeping unit. Weight in grams, price in 分."""

    code: str
    name: str
    weight_g: int
    storage: Storage = Storage.AMBIENT
    price_fen: int = 0
    barcode: str = ""


class Warehouse(Struct, frozen=True, kw_only=True):
    """One warehouse. Coordinates in micro-degrees, cut-off in minutes of the local day.

    `storage_bits` is the sum of the Storage values that it may hold; `capacity_units` the work
    units a day (one a parcel, half a line). `kind` is that of the building: what rain reaches.
    """

    code: str
    name: str
    region: str  # code of the region that it stands in
    lng_udeg: int
    lat_udeg: int
    storage_bits: int = 1
    capacity_units: int = 20_000
    cutoff_min: int = 18 * 60
    calendar: str = "cn-everyday"
    kind: Literal["ground", "elevated", "underground", "store"] = "ground"


class StockLevel(Struct, frozen=True, kw_only=True):
    """What one warehouse has of one SKU, in units. ATP = on_hand - reserved - safety, not < 0."""

    warehouse: str
    sku: str
    on_hand: int
    reserved: int = 0
    safety: int = 0
    in_transit: int = 0
