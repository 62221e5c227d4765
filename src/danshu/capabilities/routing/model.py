"""What routing speaks of: lanes, regions, decisions."""

from __future__ import annotations

from msgspec import Struct


class Region(Struct, frozen=True, kw_only=True):
    """A place that orders go to: a prefecture (GB/T 2260, 6 digits) or a country (ISO 3166-1)."""

    code: str
    name: str
    province: str = ""
    lng_udeg: int = 0
    lat_udeg: int = 0


class Lane(Struct, frozen=True, kw_only=True):
    """From a warehouse to a region: time in minutes, tariff in 分 (首重 + 续重 a kg)."""

    warehouse: str
    region: str
    transit_min: int
    sd_min: int
    first_kg_fen: int
    extra_kg_fen: int
    carrier: str = ""
