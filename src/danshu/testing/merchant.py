"""The demo merchant: 37 warehouses in 37 Chinese cities, 2,000 SKUs, stock, lanes and tariffs.

Everything follows from fixed tables and, for stock, from a seed: two machines build the same one.
Tariffs and transit times are invented by formula; region codes and coordinates are real.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from msgspec import Struct

from danshu.capabilities.intake.address import Gazetteer, Place
from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.stock.model import StockLevel, Storage, Warehouse
from danshu.testing.catalogue import SAMPLES, skus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["demand", "lanes", "popularity", "regions", "skus", "stock", "warehouses"]

_A, _C, _F, _L, _D = (int(storage) for storage in Storage)
_EARTH_KM: Final = 6_371.0
_ROAD_FACTOR: Final = 1.3  # roads are longer than great circles

# Domestic road lanes: 10 h plus the drive, first kg and further kg.
_DOMESTIC_START_MIN: Final = 600.0
_ROAD_KM_H: Final = 45.0
_SD_SHARE: Final = 0.15
_FIRST_KG_FEN: Final = (350.0, 0.12)
_EXTRA_KG_FEN: Final = (60.0, 0.16)
# To Hong Kong, Macao and Taiwan a customs stop is added.
_CUSTOMS_MIN: Final = 1_440.0
_CUSTOMS_FIRST_FEN: Final = 1_500
_CUSTOMS_EXTRA_FEN: Final = 800
_CUSTOMS_REGIONS: Final = frozenset({"710000", "810000", "820000"})
# Abroad by air: three days of handling and customs, then the great circle.
_ABROAD_START_MIN: Final = 4_320.0
_AIR_KM_H: Final = 500.0
_ABROAD_FIRST_FEN: Final = (4_000.0, 0.8)
_ABROAD_EXTRA_FEN: Final = (1_800.0, 0.35)

# Inhabitants in 10,000 (seventh census, 2020, rounded): how much of the demand a region makes.
_INHABITANTS: Final[dict[str, int]] = {
    **{"500000": 3205, "310000": 2487, "110000": 2189, "510100": 2094, "440100": 1868},
    **{"440300": 1756, "120000": 1387, "610100": 1295, "320500": 1275, "410100": 1260},
    **{"420100": 1233, "330100": 1194, "130100": 1124, "371300": 1102, "441900": 1047},
    **{"370200": 1007, "430100": 1005, "230100": 1001, "330300": 957, "440600": 950},
    **{"330200": 940, "130400": 941, "370700": 939, "340100": 937, "320100": 931},
    **{"130600": 924, "370100": 920, "320300": 908, "220100": 907, "210100": 903},
    **{"411600": 903, "360700": 897, "371700": 880, "350500": 878, "450100": 874},
    **{"530100": 846, "370800": 836, "350100": 829, "411400": 782, "320600": 773},
    **{"130200": 772, "320200": 746, "210200": 745, "370600": 710, "410300": 706},
    **{"330700": 705, "411700": 701, "440500": 550, "350200": 516, "360100": 626},
    **{"520100": 599, "140100": 530, "441300": 604, "330400": 540, "650100": 405},
    **{"620100": 436, "150100": 345, "460100": 287, "640100": 286, "440400": 244},
    **{"710000": 2356, "810000": 747, "820000": 68},
}
_USUAL_INHABITANTS: Final = 290
_SPARSE_INHABITANTS: Final = 60  # 西藏, 青海, 省直辖县级
_ABROAD_INHABITANTS: Final = 4

# Stock: each SKU in a random subset of the warehouses that may hold it.
_LEAST_SHARE: Final = 0.3
_MOST_SHARE: Final = 0.75
_MISALLOCATION_SIGMA: Final = 0.8
_TOTAL_UNITS: Final = 6_000_000
_FLOOR_UNITS: Final = 12
_POPULARITY_SEED: Final = 37


class Site(Struct, frozen=True):
    """One line of the table of warehouses."""

    code: str
    region: str
    kind: str
    storage_bits: int
    capacity_units: int
    cutoff_min: int
    abroad: bool = False


SITES: Final = (
    Site("BJ01", "110000", "中心仓", _A + _C + _F + _L, 60_000, 20 * 60),
    Site("SH01", "310000", "中心仓", _A + _C + _F + _L, 80_000, 21 * 60, abroad=True),
    Site("GZ01", "440100", "中心仓", _A + _C + _F + _L, 80_000, 22 * 60),
    Site("SZ01", "440300", "前海保税仓", _A + _C, 40_000, 20 * 60, abroad=True),
    Site("TJ01", "120000", "东疆保税仓", _A + _F + _D, 30_000, 18 * 60, abroad=True),
    Site("CQ01", "500000", "中心仓", _A + _C + _F + _D, 40_000, 19 * 60),
    Site("CD01", "510100", "中心仓", _A + _C + _F + _L, 60_000, 20 * 60),
    Site("WH01", "420100", "中心仓", _A + _C + _F + _L + _D, 60_000, 20 * 60),
    Site("XA01", "610100", "中心仓", _A + _C + _L, 40_000, 19 * 60),
    Site("SY01", "210100", "中心仓", _A + _C + _F + _L, 40_000, 18 * 60),
    Site("ZZ01", "410100", "中心仓", _A + _C + _F, 50_000, 20 * 60),
    Site("HZ01", "330100", "中心仓", _A + _C + _F, 80_000, 22 * 60),
    Site("NJ01", "320100", "医药仓", _A + _C + _L, 50_000, 20 * 60),
    Site("SU01", "320500", "危化仓", _A + _D, 50_000, 18 * 60),
    Site("QD01", "370200", "冷链仓", _A + _C + _F, 30_000, 18 * 60),
    Site("JN01", "370100", "医药仓", _A + _L, 30_000, 19 * 60),
    Site("CS01", "430100", "中心仓", _A + _C + _F, 40_000, 20 * 60),
    Site("HF01", "340100", "城市仓", _A + _C, 30_000, 19 * 60),
    Site("FZ01", "350100", "城市仓", _A + _C, 25_000, 19 * 60),
    Site("XM01", "350200", "海沧保税仓", _A + _F, 25_000, 18 * 60, abroad=True),
    Site("KM01", "530100", "中心仓", _A + _C + _L, 25_000, 18 * 60),
    Site("GY01", "520100", "城市仓", _A, 20_000, 18 * 60),
    Site("NN01", "450100", "城市仓", _A + _C, 25_000, 18 * 60),
    Site("NC01", "360100", "城市仓", _A + _C, 20_000, 18 * 60),
    Site("SJ01", "130100", "医药仓", _A + _L, 25_000, 19 * 60),
    Site("TY01", "140100", "城市仓", _A, 20_000, 18 * 60),
    Site("HE01", "230100", "中心仓", _A + _C + _F, 25_000, 17 * 60),
    Site("CC01", "220100", "城市仓", _A + _C, 20_000, 17 * 60),
    Site("DL01", "210200", "冷链仓", _A + _C + _F, 20_000, 17 * 60),
    Site("NB01", "330200", "北仑保税仓", _A + _C + _D, 40_000, 20 * 60, abroad=True),
    Site("DG01", "441900", "前置仓", _A, 80_000, 23 * 60),
    Site("STB", "440500", "保税仓", _A, 20_000, 18 * 60, abroad=True),
    Site("LZ01", "620100", "城市仓", _A + _C + _D, 15_000, 17 * 60),
    Site("UR01", "650100", "城市仓", _A + _F, 12_000, 17 * 60),
    Site("HH01", "150100", "乳品仓", _A + _C, 15_000, 17 * 60),
    Site("HI01", "460100", "城市仓", _A + _C, 12_000, 17 * 60),
    Site("YC01", "640100", "城市仓", _A, 12_000, 17 * 60),
)

# What stands above the street; everything else is by the street, where a rainstorm comes in.
_BUILDINGS: Final[dict[str, Literal["elevated", "store"]]] = {
    **dict.fromkeys(("SH01", "SZ01", "CQ01", "WH01", "HZ01", "CS01", "NB01", "HI01"), "elevated"),
    "DG01": "store",
}
_EXPORT_SITE: Final = next(n for n, site in enumerate(SITES) if site.code == "SH01")


@cache
def regions() -> tuple[Region, ...]:
    """Give every region of the gazetteer, Chinese ones first (617)."""
    return tuple(
        Region(
            code=place.code,
            name=place.name,
            province=place.province,
            lng_udeg=place.lng_udeg,
            lat_udeg=place.lat_udeg,
        )
        for place in Gazetteer.load().places
    )


@cache
def warehouses() -> tuple[Warehouse, ...]:
    """Give the 37 warehouses, in the order of SITES."""
    made = []
    for site in SITES:
        place = _place(site.region)
        made.append(
            Warehouse(
                code=site.code,
                name=place.short + site.kind,
                region=site.region,
                lng_udeg=place.lng_udeg,
                lat_udeg=place.lat_udeg,
                storage_bits=site.storage_bits,
                capacity_units=site.capacity_units,
                cutoff_min=site.cutoff_min,
                kind=_BUILDINGS.get(site.code, "ground"),
            )
        )
    return tuple(made)


@cache
def demand() -> dict[str, int]:
    """Give each region's weight in the demand (inhabitants in 10,000, smaller abroad)."""
    return {region.code: _weigh(region.code) for region in regions()}


@cache
def lanes() -> tuple[Lane, ...]:
    """Give the lanes: all 37 warehouses to all of China, six warehouses to the world.

    Regions without coordinates abroad (four uninhabited ones) have no lane.
    """
    places = Gazetteer.load().places
    home = [place for place in places if place.domestic]
    world = [p for p in places if not p.domestic and (p.lng_udeg or p.lat_udeg)]
    return (*_domestic_lanes(home), *_foreign_lanes(world))


@cache
def popularity() -> tuple[float, ...]:
    """Give each SKU's share of the demand, in the order of skus(): Zipf with exponent 1."""
    rank = np.random.default_rng(_POPULARITY_SEED).permutation(len(skus())) + 1.0
    share: list[float] = (1.0 / rank / np.sum(1.0 / rank)).tolist()
    return tuple(share)


def stock(seed: int) -> tuple[StockLevel, ...]:
    """Give stock levels: Zipf demand, more of it near the buyers, misallocated a little.

    Every SKU of the sample messages is held by every warehouse that may hold it, every SKU by the
    export warehouse if it may, so that nothing sold abroad is unreachable.
    """
    draw = np.random.default_rng(seed)
    goods, share = skus(), _pull()
    bits = np.array([site.storage_bits for site in SITES])
    worth = _TOTAL_UNITS * np.array(popularity())
    levels: list[StockLevel] = []
    for n, sku in enumerate(goods):
        able = np.flatnonzero(bits & int(sku.storage))
        if n >= len(SAMPLES):
            portion = draw.uniform(_LEAST_SHARE, _MOST_SHARE)
            count = max(min(3, len(able)), round(portion * len(able)))
            odds = share[able] / share[able].sum()
            chosen = draw.choice(able, size=count, replace=False, p=odds)
            able = np.union1d(chosen, np.intersect1d(able, [_EXPORT_SITE]))
        spread = share[able] * draw.lognormal(0.0, _MISALLOCATION_SIGMA, len(able))
        held = _FLOOR_UNITS + np.rint(worth[n] * spread / spread.sum()).astype(np.int64)
        coming = np.where(draw.random(len(able)) < 0.25, held // 3, 0)
        levels += [
            StockLevel(
                warehouse=SITES[w].code,
                sku=sku.code,
                on_hand=units,
                safety=units // 20,
                in_transit=more,
            )
            for w, units, more in zip(able.tolist(), held.tolist(), coming.tolist(), strict=True)
        ]
    return tuple(levels)


def _place(code: str) -> Place:
    place = Gazetteer.load().place(code)
    if place is None:
        raise LookupError(code)
    return place


def _weigh(code: str) -> int:
    if not code.isdigit():
        return _ABROAD_INHABITANTS
    if code in _INHABITANTS:
        return _INHABITANTS[code]
    sparse = code[:2] in ("54", "63") or code[2:4] == "90"
    return _SPARSE_INHABITANTS if sparse else _USUAL_INHABITANTS


def _radians(places: Sequence[Place | Warehouse]) -> NDArray[np.float64]:
    return np.radians([(p.lng_udeg / 1e6, p.lat_udeg / 1e6) for p in places])


def _distance_km(origins: Sequence[Warehouse], ends: Sequence[Place]) -> NDArray[np.float64]:
    """Give great-circle distances, one row an origin (haversine)."""
    one, two = _radians(origins)[:, None, :], _radians(ends)[None, :, :]
    half = np.sin((two - one) / 2.0) ** 2
    h = half[..., 1] + np.cos(one[..., 1]) * np.cos(two[..., 1]) * half[..., 0]
    km: NDArray[np.float64] = 2.0 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
    return km


def _pull() -> NDArray[np.float64]:
    """Give each warehouse's share of China's demand, the nearest warehouse serving each region."""
    home = [place for place in Gazetteer.load().places if place.domestic]
    nearest = np.argmin(_distance_km(warehouses(), home), axis=0)
    weights = np.array([demand()[place.code] for place in home], dtype=np.float64)
    pull = np.bincount(nearest, weights, minlength=len(SITES))
    share: NDArray[np.float64] = pull / pull.sum()
    return share


def _domestic_lanes(home: Sequence[Place]) -> list[Lane]:
    km = _distance_km(warehouses(), home) * _ROAD_FACTOR
    border = np.array([place.code in _CUSTOMS_REGIONS for place in home])
    transit = _DOMESTIC_START_MIN + km / _ROAD_KM_H * 60.0 + border * _CUSTOMS_MIN
    first = np.rint(_FIRST_KG_FEN[0] + _FIRST_KG_FEN[1] * km) + border * _CUSTOMS_FIRST_FEN
    extra = np.rint(_EXTRA_KG_FEN[0] + _EXTRA_KG_FEN[1] * km) + border * _CUSTOMS_EXTRA_FEN
    carriers = ["跨境快件" if customs else "陆运标快" for customs in border]
    codes = [site.code for site in SITES]
    return _make_lanes(codes, home, carriers, (transit, first, extra))


def _foreign_lanes(world: Sequence[Place]) -> list[Lane]:
    chosen = [n for n, site in enumerate(SITES) if site.abroad]
    km = _distance_km([warehouses()[n] for n in chosen], world)
    transit = _ABROAD_START_MIN + km / _AIR_KM_H * 60.0
    first = np.rint(_ABROAD_FIRST_FEN[0] + _ABROAD_FIRST_FEN[1] * km)
    extra = np.rint(_ABROAD_EXTRA_FEN[0] + _ABROAD_EXTRA_FEN[1] * km)
    codes = [SITES[n].code for n in chosen]
    return _make_lanes(codes, world, ["国际空运"] * len(world), (transit, first, extra))


def _make_lanes(
    codes: Sequence[str],
    places: Sequence[Place],
    carriers: Sequence[str],
    figures: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> list[Lane]:
    transit, first, extra = (np.rint(figure).astype(np.int64).tolist() for figure in figures)
    spread = np.rint(figures[0] * _SD_SHARE).astype(np.int64).tolist()
    return [
        Lane(
            warehouse=code,
            region=place.code,
            transit_min=transit[w][r],
            sd_min=spread[w][r],
            first_kg_fen=first[w][r],
            extra_kg_fen=extra[w][r],
            carrier=carriers[r],
        )
        for w, code in enumerate(codes)
        for r, place in enumerate(places)
    ]
