"""冷链交接: handed over with a series that holds; an excursion, a gap, a stale one is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from danshu.kernel.fact import rfc3339
from tests.fixtures.acting import PNG, begin, complete, path, person, prepare, upload
from tests.fixtures.floor import ONE, TWO, facts, go_through, release
from tests.fixtures.hub import House
from tests.fixtures.people import Browser

WAYBILL = "SF1234567890"
MINUTE = 60_000
COLD = (4.25,) * 31


def series(house: House, degrees: Sequence[float | None], until_ms: int = 0) -> bytes:
    """A reading a minute, the last one `until_ms` from now; None where the probe was silent."""
    last = house.hub.clock() + until_ms
    lines = [
        f"{rfc3339(last - (len(degrees) - 1 - n) * MINUTE)},{value}"
        for n, value in enumerate(degrees)
        if value is not None
    ]
    return "\n".join(["time,celsius", *lines]).encode()


def hand_in(house: House, order: str, id_: str, body: bytes) -> Any:
    """What the probe's own key hands in, into the act that somebody has under way."""
    query = {"kind": "temperature_series", "by": "device", "source": "probe"}
    told = house.call(
        "POST", path(order, id_, "files"), body, role="operator", params=query,
        headers={"content-type": "application/octet-stream"},
    )  # fmt: skip
    assert told.status_code == 200, told.text
    return told.json()


def at_the_dock(house: House, browser: Browser) -> tuple[str, str]:
    """A packed order whose hand-over began: the waybill scanned, the box photographed."""
    order = str(release(house)["order"])
    go_through(house, order, "pick", "pack")
    begun = begin(browser, order, "cold_handover", fulfilment=1)
    assert begun.status_code == 200, begun.text
    id_ = str(begun.json()["id"])
    scanned = {"kind": "handover_scan", "code": WAYBILL, "by": "device"}
    assert browser.call("POST", path(order, id_, "evidence"), scanned).status_code == 200
    assert upload(browser, order, id_, "photo", PNG).status_code == 200
    return order, id_


def test_a_box_that_stayed_cold_is_handed_over(house: House) -> None:
    browser, _ = person(house, "W01", "warehouse", passkey=False)
    order, id_ = at_the_dock(house, browser)
    lacking = prepare(browser, order, id_).json()
    assert (lacking["code"], lacking["clause"]) == (
        "evidence_missing",
        "cold_handover@1/evidence/0",
    )
    # Four minutes outside are within what the clause tolerates.
    item = hand_in(house, order, id_, series(house, (*COLD, 9.5, 9.5, 9.5, 9.5, 5.0)))
    assert (item["by"], item["source"]) == ("device", "probe")
    shown = prepare(browser, order, id_)
    assert shown.status_code == 200, shown.text
    assert WAYBILL in shown.json()["shown"]
    done = complete(browser, order, id_)
    assert done.status_code == 200, done.text
    assert (done.json()["grade"], done.json()["held"]) == ("B", "kept")
    (fact,) = facts(house, order, "action.performed")
    assert fact["data"]["held"] == "kept"
    assert {e["kind"] for e in fact["evidence"]} == {"handover_scan", "photo", "temperature_series"}
    assert item["digest"] in {e["digest"] for e in fact["evidence"]}


REFUSED: list[tuple[tuple[float | None, ...], int, str, str]] = [
    ((*COLD, *(9.5,) * 7, 5.0), 0, "range_left", "到过 9.5 ℃"),
    ((*COLD, *(-1.0,) * 7, 5.0), 0, "range_left", "到过 -1 ℃"),
    ((*COLD, None, None, None, 4.0), 0, "series_gap", "属未证明"),
    (COLD, -10 * MINUTE, "series_stale", "请重新取曲线"),
    ((4.0,), 60 * MINUTE, "series_stale", "核对探头的时钟"),
]


def test_what_was_not_held_or_not_shown_is_not_signed(house: House) -> None:
    browser, _ = person(house, "W01", "warehouse", passkey=False)
    for degrees, until_ms, code, words in REFUSED:
        order, id_ = at_the_dock(house, browser)
        hand_in(house, order, id_, series(house, degrees, until_ms))
        refused = prepare(browser, order, id_)
        told = refused.json()
        assert (refused.status_code, told["code"]) == (409, code), told
        assert words in told["reason"]
        assert told["clause"] == "cold_handover@1/holds"
        assert complete(browser, order, id_).json()["code"] == code
        listed = browser.call("GET", path(order)).json()["items"]
        (cold,) = [i for i in listed if i["action"] == "cold_handover"]
        assert cold["open"][0]["missing"][0]["code"] == code
        assert facts(house, order, "action.performed") == []
    # Taken anew, up to now, it holds: the one whose clock was ahead is evidence all the same.
    hand_in(house, order, id_, series(house, COLD))
    assert prepare(browser, order, id_).status_code == 200
    assert complete(browser, order, id_).json()["held"] == "kept"


def test_who_reviewed_by_the_floor_s_word_does_not_hand_over(house: House) -> None:
    browser, _ = person(house, "W01", "warehouse", "reviewer", passkey=False)
    order = str(release(house)["order"])
    go_through(house, order, "pick", "pack")
    place = f"/v1/floor/tasks/{order}/1/review"
    for code, quantity in ((ONE.barcode, 2), (TWO.code, 1)):
        scanned = browser.call("POST", f"{place}/scan", {"code": code, "quantity": quantity})
        assert scanned.status_code == 200, scanned.text
    assert browser.call("POST", f"{place}/done", {}).status_code == 200
    refused = begin(browser, order, "cold_handover", fulfilment=1).json()
    assert (refused["code"], "出库复核" in refused["reason"]) == ("same_person", True)
    assert begin(browser, order, "outbound_review", fulfilment=1).json()["code"] == "done_already"


def test_a_series_waits_for_no_one_and_a_person_speaks_for_no_probe(house: House) -> None:
    browser, _ = person(house, "W01", "warehouse", passkey=False)
    order, id_ = at_the_dock(house, browser)
    body = series(house, COLD)
    own = upload(browser, order, id_, "temperature_series", body, by="device")
    assert (own.status_code, own.json()["code"]) == (400, "bad_evidence")
    typed = upload(browser, order, id_, "temperature_series", body)
    assert typed.status_code == 200
    assert prepare(browser, order, id_).json()["code"] == "evidence_source"
    hand_in(house, order, id_, body + b"\n")
    assert prepare(browser, order, id_).status_code == 200
    clock = house.hub.clock
    house.hub.clock = lambda: clock() + 6 * MINUTE
    assert complete(browser, order, id_).json()["code"] == "evidence_old"
