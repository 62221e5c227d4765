"""The demo merchant: complete, consistent with itself, the same every time."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import pytest

from danshu.capabilities.intake.address import Gazetteer
from danshu.capabilities.stock.model import Storage
from danshu.kernel import limits
from danshu.testing import merchant
from danshu.testing.catalogue import KINDS, SAMPLES

SITES = {warehouse.code: warehouse for warehouse in merchant.warehouses()}
GOODS = {sku.code: sku for sku in merchant.skus()}
LANES = {(lane.warehouse, lane.region): lane for lane in merchant.lanes()}


def test_37_warehouses_in_37_cities() -> None:
    assert len(SITES) == len({w.region for w in SITES.values()}) == 37
    assert len(SITES) <= limits.WAREHOUSES
    for warehouse in SITES.values():
        place = Gazetteer.load().place(warehouse.region)
        assert place is not None
        assert place.domestic
        assert (place.lng_udeg, place.lat_udeg) == (warehouse.lng_udeg, warehouse.lat_udeg)
        assert warehouse.name.startswith(place.short)
        assert 0 < warehouse.cutoff_min < 24 * 60
        assert warehouse.capacity_units > 0


@pytest.mark.parametrize("storage", list(Storage))
def test_every_storage_class_has_homes_and_goods(storage: Storage) -> None:
    assert sum(bool(w.storage_bits & storage) for w in SITES.values()) >= 5
    assert sum(sku.storage is storage for sku in GOODS.values()) >= 50


def test_2000_skus_all_distinct() -> None:
    assert len(GOODS) == len(merchant.skus()) == 2_000
    assert len({sku.name for sku in GOODS.values()}) == 2_000
    assert len({sku.barcode for sku in GOODS.values()}) == 2_000
    for sku in GOODS.values():
        digits = [int(d) for d in sku.barcode]
        assert len(digits) == 13
        assert sum(digits[::2] + [3 * d for d in digits[1::2]]) % 10 == 0
        assert 0 < len(sku.code) <= limits.SKU_CHARS
        assert 20 <= sku.weight_g <= 30_000
        assert 100 <= sku.price_fen <= 500_000
    for code, sku in GOODS.items():
        kind = KINDS.get(code.partition("-")[0])
        assert kind is None or sku.storage is kind.storage
    assert {code.partition("-")[0] for code in GOODS} >= set(KINDS)


def test_goods_of_the_sample_messages_are_everywhere() -> None:
    held = Counter(level.sku for level in merchant.stock(1))
    for code, *_ in SAMPLES:
        assert held[code] == 37
    assert {"EX-1011", "EX-1021", "TEST-GLOVE-WHITE", "EX-0301-60-LAV", "EX-CUP-BLUE"} <= set(held)
    assert {"EX-BRUSH", "IPOD2008GREEN", "Bar3", "CBA_OTF_1", "CBA_OTF_5"} <= set(held)


def test_stock_lies_only_where_it_may() -> None:
    levels = merchant.stock(1)
    assert len({(level.warehouse, level.sku) for level in levels}) == len(levels)
    places: dict[str, int] = defaultdict(int)
    for level in levels:
        assert SITES[level.warehouse].storage_bits & GOODS[level.sku].storage
        assert level.on_hand > level.safety >= 0
        assert level.reserved == 0
        places[level.sku] += 1
    assert set(places) == set(GOODS)
    assert min(places.values()) >= 3
    ambient = [n for code, n in places.items() if GOODS[code].storage is Storage.AMBIENT]
    assert min(ambient) < 20 < max(ambient)  # a true subset, not all or nothing


def test_everything_sold_abroad_is_where_abroad_is_served_from() -> None:
    abroad = {w for w, region in LANES if not region.isdigit()}
    reachable = {level.sku for level in merchant.stock(1) if level.warehouse in abroad}
    assert {code for code, sku in GOODS.items() if sku.storage is Storage.AMBIENT} <= reachable


def test_stock_follows_its_seed() -> None:
    assert merchant.stock(7) == merchant.stock(7)
    assert merchant.stock(7) != merchant.stock(8)


def test_popular_goods_are_held_more() -> None:
    held: dict[str, int] = defaultdict(int)
    for level in merchant.stock(3):
        held[level.sku] += level.on_hand
    by_demand = sorted(zip(merchant.popularity(), held.values(), strict=True), reverse=True)
    assert sum(merchant.popularity()) == pytest.approx(1.0)
    assert min(units for _, units in by_demand[:20]) > max(units for _, units in by_demand[-200:])


def test_every_chinese_region_has_37_lanes() -> None:
    home = [region for region in merchant.regions() if region.code.isdigit()]
    assert len(home) == 372
    assert all((w, region.code) in LANES for w in SITES for region in home)
    abroad = {w for w, region in LANES if not region.isdigit()}
    assert abroad == {"SH01", "SZ01", "TJ01", "XM01", "NB01", "STB"}
    assert len(LANES) == len(merchant.lanes()) == 37 * 372 + 6 * 241


def test_lanes_follow_the_tariff() -> None:
    one, two = SITES["HZ01"], Gazetteer.load().place("110000")
    assert two is not None
    a, b = math.radians(one.lat_udeg / 1e6), math.radians(two.lat_udeg / 1e6)
    dlng = math.radians((two.lng_udeg - one.lng_udeg) / 1e6)
    arc = math.acos(math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(dlng))
    km = arc * 6_371.0 * 1.3
    lane = LANES["HZ01", "110000"]
    assert lane.transit_min == pytest.approx(600 + km / 45 * 60, abs=1)
    assert lane.sd_min == pytest.approx(0.15 * lane.transit_min, abs=1)
    assert lane.first_kg_fen == pytest.approx(350 + 0.12 * km, abs=1)
    assert lane.extra_kg_fen == pytest.approx(60 + 0.16 * km, abs=1)
    same_city = LANES["HZ01", "330100"]
    assert (same_city.transit_min, same_city.first_kg_fen, same_city.extra_kg_fen) == (600, 350, 60)


def test_borders_cost_time_and_money() -> None:
    for near, far in (("440300", "810000"), ("440300", "US"), ("810000", "US")):
        one, two = LANES["SZ01", near], LANES["SZ01", far]
        assert one.transit_min < two.transit_min
        assert one.first_kg_fen < two.first_kg_fen
        assert one.extra_kg_fen < two.extra_kg_fen


def test_demand_is_about_chinas_population() -> None:
    demand = merchant.demand()
    assert set(demand) == {region.code for region in merchant.regions()}
    assert 130_000 < sum(weight for code, weight in demand.items() if code.isdigit()) < 165_000
    assert max(demand, key=lambda code: demand[code]) == "500000"
