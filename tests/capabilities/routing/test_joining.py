"""Several feeds about one thing, and where in the network a place lies."""

from __future__ import annotations

import pytest

from danshu.capabilities.routing.joining import join
from danshu.capabilities.routing.model import Region
from danshu.capabilities.routing.signals import Quality, Reading
from danshu.capabilities.stock.model import Warehouse
from danshu.hub.signal_alerts import strongest
from danshu.hub.signal_places import Places

NOW_MS = 1_795_164_005_000
MINUTE_MS = 60_000


def said(key: str, value: float, source: str, ago_min: int = 0, quality: int = 0) -> Reading:
    at_ms = NOW_MS - ago_min * MINUTE_MS
    return Reading(
        key=key,
        subject="wh:A",
        value=value,
        observed_ms=at_ms,
        received_ms=at_ms,
        source=source,
        quality=Quality(quality),
    )


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ([("a", 204, 5, 0), ("b", 0, 0, 0)], 204),  # a silence undoes no warning
        ([("a", 204, 11, 0), ("b", 103, 0, 0)], 103),  # a stale one does not count
        ([("a", 204, 1, 2), ("b", 103, 1, 0)], 103),  # nor a bad one
        ([("a", 203, 1, 0), ("b", 503, 0, 0)], 503),  # of equals the newer
    ],
)
def test_the_strongest_fresh_alert_holds(
    told: list[tuple[str, float, int, int]], value: float
) -> None:
    (kept,) = join([said("wx_alert", v, s, ago, q) for s, v, ago, q in told], NOW_MS)
    assert kept.value == value


def test_compliance_is_every_bit_and_as_old_as_its_oldest() -> None:
    told = [said("policy_compliance", 4, "a", 60), said("policy_compliance", 2, "b")]
    (kept,) = join(told, NOW_MS)
    assert (kept.value, kept.observed_ms) == (6, NOW_MS - 60 * MINUTE_MS)


def test_all_others_stay_as_they_were_told() -> None:
    told = [said("dock_queue", 4, "a"), said("dock_queue", 9, "b")]
    assert join(told, NOW_MS) == told
    stale = [said("wx_alert", 104, "a", 60), said("wx_alert", 204, "b", 30)]
    assert join(stale, NOW_MS) == stale  # which of them was last, the resolution says


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], 0), ([102, 204, 3], 204), ([4, 204], 204), ([504, 204], 204), ([1], 1)],
)
def test_the_worst_of_open_alerts(values: list[int], expected: int) -> None:
    assert strongest(values) == expected


def standing(code: str, region: str) -> Warehouse:
    return Warehouse(
        code=code,
        name="",
        region=region,
        lng_udeg=0,
        lat_udeg=0,
        storage_bits=1,
        capacity_units=1,
        cutoff_min=1_200,
    )


PLACES = Places(
    [standing("BJ", "110000"), standing("SZ", "440300"), standing("XX", "469001")],
    [
        Region(code="110000", name="", lng_udeg=116_400_000, lat_udeg=39_900_000),
        Region(code="310000", name="", lng_udeg=121_470_000, lat_udeg=31_230_000),
        Region(code="440100", name="", lng_udeg=113_260_000, lat_udeg=23_130_000),
        Region(code="469001", name="", lng_udeg=109_500_000, lat_udeg=18_780_000),
    ],
)


@pytest.mark.parametrize(
    ("key", "place", "subjects"),
    [
        ("wx_alert", "ad:110108", ("rg:110000", "wh:BJ")),
        ("wx_alert", "ad:440304", ("wh:SZ",)),  # nobody orders there
        ("wx_alert", "ad:440000", ("rg:440100", "wh:SZ")),  # a whole province
        ("wx_alert", "ad:469001", ("rg:469001", "wh:XX")),  # a county that is a region
        ("wx_alert", "ad:999999", ()),
        ("wx_alert", "ad:1101", ()),
        ("policy_compliance", "ad:110000", ("rg:110000", "wh:BJ")),
        ("policy_compliance", "ad:110108", ()),  # a district closes no prefecture
        ("rider_heat", "gh:wtw3sj", ("rg:310000",)),
        ("rider_heat", "gh:u4pruy", ()),  # Denmark
        ("dock_queue", "wh:BJ", ("wh:BJ",)),
        ("dock_queue", "wh:ZZ", ()),
        ("dock_queue", "rg:110000", ()),
        ("lane_eta", "ln:BJ>310000", ("ln:BJ>310000",)),
        ("lane_eta", "ln:BJ>999999", ()),
        ("zone_temp", "zn:BJ/chilled/s1", ("zn:BJ/chilled/s1",)),
        ("zone_temp", "zn:BJ/warm/s1", ()),
        ("zone_temp", "zn:BJ/chilled", ()),
    ],
)
def test_places(key: str, place: str, subjects: tuple[str, ...]) -> None:
    assert sorted(PLACES.find(key, place)) == sorted(subjects)
