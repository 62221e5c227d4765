"""Work on the floor over HTTP: claims, scans, what they are refused for, what they leave behind."""

from __future__ import annotations

import concurrent.futures
import datetime
import hashlib
import importlib
import itertools
import re
import threading
from typing import Any

import msgspec
import pytest

from danshu.capabilities.contract.actions.model import Promised
from danshu.capabilities.contract.model import Clock, Texts
from danshu.kernel.limits import FLOOR_LEASE_S, FLOOR_LEASES, FLOOR_PHOTOS
from tests.fixtures.engine import ask
from tests.fixtures.floor import (
    ONE,
    PNG,
    TWO,
    act,
    audit,
    claim,
    facts,
    go_through,
    issue,
    photograph,
    release,
    scan,
    scan_all,
    state,
    waiting,
    work,
)
from tests.fixtures.hub import SKUS, House
from tests.flows.test_acting import publish

BACKFILL = importlib.import_module("danshu.ledger.migrations.versions.0004_workbench").BACKFILL
_keys = itertools.count(1)


def test_an_order_goes_from_release_to_the_carrier(house: House) -> None:
    order = release(house)["order"]
    assert waiting(house, "pick")["count"] == 1
    go_through(house, order, "pick")
    assert state(house, order) == "picked"
    go_through(house, order, "pack")
    assert waiting(house, "handover")["items"][0]["review"] == "optional"
    go_through(house, order, "review", "handover")
    seen = house.call("GET", f"/v1/orders/{order}").json()
    assert seen["state"] == "shipped"
    assert seen["fulfilments"][0]["waybill"] == "SF-0001"
    assert seen["fulfilments"][0]["carrier"] == "示例快递"
    assert [f["data"]["work"] for f in facts(house, order, "fulfilment.worked")] == [
        "pick",
        "pack",
        "handover",
    ]
    for kind in ("pick", "pack", "review", "handover"):
        assert waiting(house, kind)["count"] == 0
    house.work("sequence")
    assert audit(house) == []


def test_the_fact_of_a_pick_tells_who_scanned_what_when(house: House) -> None:
    order = release(house)["order"]
    device = datetime.datetime(2026, 11, 22, 6, 30, tzinfo=datetime.UTC)
    scan(house, order, "pick", "0000000000000")
    work(
        house,
        order,
        "pick",
        "scan",
        {"code": ONE.barcode, "quantity": 2, "device_at": device.isoformat()},
    )
    scan(house, order, "pick", TWO.barcode)
    assert work(house, order, "pick", "done", {"device_at": device.isoformat()}).status_code == 200
    (picked,) = facts(house, order, "order.picked")
    (worked,) = facts(house, order, "fulfilment.worked")
    assert worked["actor"]["sub"] == "warehouse"
    assert worked["data"]["scans"] == 2
    assert worked["data"]["units"] == 3
    assert worked["data"]["wrong"] == 1
    assert worked["clock"] == "device"
    assert worked["occurred"] == "2026-11-22T06:30:00.000Z" == worked["data"]["device_ended"]
    assert "clock" not in picked  # the machine's event is by the server's clock
    (evidence,) = worked["evidence"]
    digest = bytes.fromhex(evidence["digest"])
    kept = ask(house.url, "select body from blobs where digest=%s", digest)
    assert isinstance(kept, bytes)
    assert hashlib.sha256(kept).hexdigest() == evidence["digest"]
    listed = msgspec.json.decode(kept)
    assert [s["code"] for s in listed["scans"]] == ["0000000000000", ONE.barcode, TWO.barcode]
    assert [s.get("sku", "") for s in listed["scans"]] == ["", ONE.code, TWO.code]
    assert listed["scans"][1]["device_at"] == "2026-11-22T06:30:00.000Z"
    assert ask(house.url, "select count(*) from floor_scans") == 0


@pytest.mark.parametrize(
    ("code", "quantity", "problem", "said"),
    [
        ("6900000000000", 1, "wrong_code", ONE.name),
        (SKUS[2].barcode, 1, "wrong_code", ONE.barcode),
        (ONE.barcode, 3, "too_many", "还差 2 件"),
        ("<b>x</b>", 1, "wrong_code", "<b>x</b> 不在这一单里"),
    ],
)
def test_a_wrong_scan_is_refused_with_what_was_expected(
    house: House, code: str, quantity: int, problem: str, said: str
) -> None:
    order = release(house)["order"]
    response = scan(house, order, "pick", code, quantity)
    assert response.status_code == 409
    assert response.json()["code"] == problem
    assert said in response.json()["reason"]
    assert response.json()["reason_en"]
    seen = house.call("GET", f"/v1/floor/tasks/{order}/1/pick", role="warehouse").json()
    assert [n["scanned"] for n in seen["lines"]] == [0, 0]
    assert seen["wrong"] == 1


def test_enough_is_enough_and_the_sku_counts_as_the_barcode_does(house: House) -> None:
    order = release(house)["order"]
    assert scan(house, order, "pick", ONE.code.lower()).json()["line"]["scanned"] == 1
    assert scan(house, order, "pick", ONE.barcode.lstrip("0")).json()["left"] == 1
    assert scan(house, order, "pick", ONE.barcode).json()["code"] == "enough"


def test_what_is_not_all_scanned_is_not_done(house: House) -> None:
    order = release(house)["order"]
    scan(house, order, "pick", ONE.barcode)
    response = work(house, order, "pick", "done")
    assert response.status_code == 409
    assert response.json()["code"] == "not_all_scanned"
    assert "差 1 件" in response.json()["reason"]
    assert state(house, order) == "released"


def test_a_replay_is_told_the_same_and_counts_once(house: House) -> None:
    order = release(house)["order"]

    def twice(what: str, body: dict[str, Any]) -> Any:
        headers = {"idempotency-key": f"pda-{next(_keys)}"}
        first = work(house, order, "pick", what, body, headers=headers)
        again = work(house, order, "pick", what, body, headers=headers)
        assert (first.status_code, first.content) == (again.status_code, again.content)
        return first

    assert twice("scan", {"code": ONE.barcode, "quantity": 2}).json()["line"]["scanned"] == 2
    assert twice("scan", {"code": "nothing of this order"}).status_code == 409
    assert twice("scan", {"code": TWO.barcode}).json()["left"] == 0
    assert twice("done", {}).status_code == 200
    (worked,) = facts(house, order, "fulfilment.worked")
    assert (worked["data"]["scans"], worked["data"]["wrong"]) == (2, 1)
    other = work(house, order, "pick", "done", {"carrier": "x"}, headers={"idempotency-key": "k"})
    assert other.json()["code"] == "task_over"


def test_one_key_for_another_act_is_a_conflict(house: House) -> None:
    order = release(house)["order"]
    headers = {"idempotency-key": "pda-same"}
    assert scan(house, order, "pick", ONE.barcode, headers=headers).status_code == 200
    assert scan(house, order, "pick", TWO.barcode, headers=headers).json()["code"] == "key_reused"


def test_an_offline_queue_is_replayed_without_a_claim(house: House) -> None:
    """A PDA that lost the network, and its lease, sends everything later."""
    order = release(house)["order"]
    claim(house, "pick")
    began_ms = house.hub.clock()
    house.hub.clock = lambda: began_ms + (FLOOR_LEASE_S + 60) * 1000
    scan_all(house, order, "pick")
    assert work(house, order, "pick", "done").status_code == 200


def test_two_people_never_hold_the_same_task(house: House) -> None:
    issue(house, "second", "warehouse")
    order = release(house)["order"]
    assert claim(house, "pick").json()["task"]["item"]["mine"]
    assert claim(house, "pick", role="second").json()["task"] is None
    assert waiting(house, "pick")["count"] == 1  # theirs
    taken = claim(house, "pick", order=order, role="second")
    assert (taken.status_code, taken.json()["code"]) == (409, "taken")
    assert "warehouse 正在处理" in taken.json()["reason"]
    assert scan(house, order, "pick", ONE.barcode, role="second").json()["code"] == "taken"
    assert work(house, order, "pick", "return", role="second").json()["code"] == "taken"
    assert work(house, order, "pick", "return").status_code == 200
    assert claim(house, "pick", role="second").json()["task"]["item"]["mine"]


def test_a_claim_runs_out_and_the_next_person_begins_anew(house: House) -> None:
    issue(house, "second", "warehouse")
    order = release(house)["order"]
    claim(house, "pick")
    scan(house, order, "pick", ONE.barcode)
    now_ms = house.hub.clock()
    house.hub.clock = lambda: now_ms + (FLOOR_LEASE_S + 1) * 1000
    task = claim(house, "pick", role="second").json()["task"]
    assert [n["scanned"] for n in task["lines"]] == [0, 0]
    assert scan(house, order, "pick", ONE.barcode).json()["code"] == "taken"


def test_a_scan_renews_the_claim(house: House) -> None:
    issue(house, "second", "warehouse")
    order = release(house)["order"]
    claim(house, "pick")
    now_ms = house.hub.clock()
    house.hub.clock = lambda: now_ms + (FLOOR_LEASE_S - 1) * 1000
    scan(house, order, "pick", ONE.barcode)
    house.hub.clock = lambda: now_ms + (FLOOR_LEASE_S + 1) * 1000
    assert claim(house, "pick", role="second").json()["task"] is None


def test_pickers_racing_for_the_next_task_get_one_each(house: House) -> None:
    orders = {release(house)["order"] for _ in range(6)}
    people = [f"picker-{i}" for i in range(8)]
    for name in people:
        issue(house, name, "warehouse")
    gate = threading.Barrier(len(people))

    def race(name: str) -> Any:
        gate.wait()
        return claim(house, "pick", role=name).json()["task"]

    with concurrent.futures.ThreadPoolExecutor(len(people)) as pool:
        won = [t["item"]["order"] for t in pool.map(race, people) if t]
    assert sorted(won) == sorted(orders)


def test_the_next_task_is_the_first_to_be_late(house: House) -> None:
    late = release(house, paid_at="2026-11-20T00:00:00Z")["order"]
    later = release(house, paid_at="2026-11-21T00:00:00Z")["order"]
    items = waiting(house, "pick")["items"]
    assert [i["order"] for i in items] == [late, later]
    assert items[0]["due"] < items[1]["due"]
    assert claim(house, "pick").json()["task"]["item"]["order"] == late
    assert claim(house, "pick").json()["task"]["item"]["order"] == late  # until it is done


def test_the_list_is_paged_by_place(house: House) -> None:
    orders = [release(house)["order"] for _ in range(5)]
    first = waiting(house, "pick", limit=2)
    second = waiting(house, "pick", limit=2, cursor=first["next"])
    third = waiting(house, "pick", limit=2, cursor=second["next"])
    found = [i["order"] for g in (first, second, third) for i in g["items"]]
    assert sorted(found) == sorted(orders)
    assert len(set(found)) == 5
    assert third["next"] == ""


def test_no_more_claims_than_hands(house: House) -> None:
    orders = [release(house)["order"] for _ in range(FLOOR_LEASES + 1)]
    for order in orders[:-1]:
        assert claim(house, "pick", order=order).status_code == 200
    assert claim(house, "pick", order=orders[-1]).json()["code"] == "too_many_claims"
    assert claim(house, "pick", order=orders[0]).status_code == 200


def test_the_code_on_the_paper_opens_the_task(house: House) -> None:
    release(house)
    wanted = release(house, number="单-2026/11-008431")
    label = next(i for i in waiting(house, "pick")["items"] if i["order"] == wanted["order"])[
        "label"
    ]
    assert re.fullmatch("08431-[0-9A-F]{4}-1", label)
    assert claim(house, "pick", code=label).json()["task"]["item"]["order"] == wanted["order"]
    assert claim(house, "pick", code="08431-XXXX-1").status_code == 404


def test_a_short_pick_holds_the_order(house: House) -> None:
    order = release(house)["order"]
    claim(house, "pick")
    scan(house, order, "pick", ONE.barcode)
    bad = work(house, order, "pick", "stop", {"kind": "short", "sku": ONE.code, "found": 2})
    assert bad.status_code == 422
    told = {"kind": "short", "sku": ONE.code, "found": 1, "detail": "货位 A-3 只有一件"}
    assert work(house, order, "pick", "stop", told).status_code == 200
    seen = house.call("GET", f"/v1/orders/{order}").json()
    assert (seen["state"], seen["holds"]) == ("held", ["short_pick"])
    (stopped,) = facts(house, order, "fulfilment.stopped")
    assert (stopped["data"]["expected"], stopped["data"]["found"]) == (2, 1)
    assert stopped["evidence"][0]["kind"] == "scans"
    assert waiting(house, "pick")["count"] == 0
    assert work(house, order, "pick", "done").json()["code"] == "held"
    act(house, order, event="unhold")
    assert waiting(house, "pick")["count"] == 1
    house.work("sequence")
    assert audit(house) == []


def test_a_call_for_help_marks_the_task_and_holds_nothing(house: House) -> None:
    order = release(house)["order"]
    assert work(house, order, "pick", "stop", {"kind": "help"}).status_code == 200
    assert state(house, order) == "released"
    assert waiting(house, "pick")["items"][0]["called"]
    assert facts(house, order, "fulfilment.stopped")[0]["data"]["kind"] == "help"


def test_damage_is_held_with_its_photo(house: House) -> None:
    order = release(house)["order"]
    go_through(house, order, "pick")
    photo = photograph(house, order, "pack").json()
    told = {"kind": "damaged", "sku": TWO.code, "found": 0}
    assert work(house, order, "pack", "stop", told).status_code == 200
    assert house.call("GET", f"/v1/orders/{order}").json()["holds"] == ["damaged"]
    (stopped,) = facts(house, order, "fulfilment.stopped")
    assert stopped["evidence"] == [{"digest": photo["digest"], "kind": "photo", "size": len(PNG)}]


def test_a_promised_review_that_nobody_must_sign_is_kept_by_the_floor_s_word(house: House) -> None:
    text = Texts(zh="付款后30天内复核出库。", en="Reviewed within 30 days of payment.")
    clock = Clock(start="payment.confirmed", stop="goods.reviewed", limit="P30D")
    publish(house, "outbound_review", promise=Promised(text=text), clock=clock)
    house.hub.worlds.forget(house.tenant)
    order = release(house)["order"]
    go_through(house, order, "pick", "pack", "review")
    (kept,) = [f for f in facts(house, order, "promise.kept") if "review" in f["data"]["code"]]
    (reviewed,) = facts(house, order, "fulfilment.reviewed")
    assert kept["seq"] == reviewed["seq"] + 1


def test_a_review_keeps_its_photos_and_may_come_before_the_hand_over(house: House) -> None:
    order = release(house)["order"]
    go_through(house, order, "pick", "pack")
    taken = photograph(house, order, "review").json()
    assert taken == {"digest": hashlib.sha256(PNG).hexdigest(), "size": len(PNG)}
    assert photograph(house, order, "review").json() == taken
    go_through(house, order, "review")
    (reviewed,) = facts(house, order, "fulfilment.reviewed")
    assert reviewed["data"]["photos"] == 1
    assert reviewed["evidence"][1]["digest"] == taken["digest"]
    shown = house.call("GET", f"/v1/floor/photos/{taken['digest']}")
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert waiting(house, "review")["count"] == 0
    assert waiting(house, "handover")["items"][0]["review"] == "done"
    assert claim(house, "review", order=order).json()["code"] == "task_over"
    assert house.call("GET", f"/v1/floor/photos/{'0' * 64}").status_code == 404


def test_photos_are_images_and_few(house: House) -> None:
    order = release(house)["order"]
    assert photograph(house, order, "pick", b"<svg onload=alert(1)>").json()["code"] == "bad_photo"
    for n in range(FLOOR_PHOTOS):
        assert photograph(house, order, "pick", PNG + bytes([n])).status_code == 200
    assert photograph(house, order, "pick", PNG + b"z").json()["code"] == "too_many_photos"
    assert photograph(house, order, "pick", PNG * 500_000).status_code == 413
