"""What buyers ask for and what breaches entitle them to: asked, decided, told, by link and by the
merchant; the clock stands meanwhile, and what is personal can be erased.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from danshu.hub import clocks, notices
from danshu.hub.worlds import Worlds
from danshu.kernel.fact import epoch_ms, rfc3339
from danshu.kernel.limits import NOTICE_GIVE_UP_S, ORDER_REQUESTS_HOUR, REQUEST_PHOTOS
from danshu.ledger.engine import Engine
from danshu.testing import notice_desk
from danshu.testing.notice_desk import Desk
from tests.fixtures import engine as stores
from tests.fixtures.floor import PNG, act, audit, facts
from tests.fixtures.hub import House, open_house
from tests.flows.asking import ask, post, tell

HOUR_MS = 3_600_000
PAID = 4_480  # what order() costs
HERE = {"province": "北京市", "city": "北京市", "detail": "改后路 2 号"}
THERE = {"province": "上海市", "city": "上海市", "district": "浦东新区", "detail": "远方路 3 号"}


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One merchant for the file: every test has orders of its own."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


@pytest.fixture
def desk() -> Iterator[Desk]:
    with notice_desk.serve() as serving:
        yield serving


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def place(house: House, paid_ago_ms: int = HOUR_MS) -> str:
    return str(house.place(paid_at=rfc3339(now_ms() - paid_ago_ms))["order"])


def deliver(house: House) -> str:
    id_ = place(house)
    for event in ("release", "pick", "pack", "ship", "deliver"):
        act(house, id_, event=event)
    return id_


def step(house: House, at_ms: int = 0) -> int:
    """Let the room of notices step once."""

    async def run() -> int:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await notices.send_due(c, Worlds(house.url), at_ms or now_ms())

    return asyncio.run(run())


def ring(house: House) -> None:
    """Let the timers that are due by now fire."""

    async def run() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            await clocks.fire(c, Worlds(house.url), now_ms())

    asyncio.run(run())


def make(house: House, id_: str, **body: Any) -> Any:
    return house.call("POST", f"/v1/orders/{id_}/requests", body)


def answer(house: House, id_: str, no: int, **body: Any) -> Any:
    return house.call("POST", f"/v1/orders/{id_}/requests/{no}", body)


def whole(house: House, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = house.call("GET", f"/v1/orders/{id_}/requests").json()
    return found


def promise(house: House, id_: str, code: str) -> dict[str, Any]:
    found = house.call("GET", f"/v1/orders/{id_}").json()["promises"]
    return dict(next(p for p in found if p["code"] == code))


def link(house: House, id_: str) -> str:
    made = house.call("POST", f"/v1/orders/{id_}/links", {}).json()
    return str(made["url"]).removeprefix("http://testserver.local")


def test_a_change_of_address_pauses_the_clock_until_it_is_decided(house: House) -> None:
    id_ = place(house)
    due = promise(house, id_, "ship48h")["due"]
    made = make(house, id_, kind="address_change", address=HERE, text="搬家了")
    assert made.status_code == 201, made.text
    (item,) = made.json()["items"]
    assert (item["state"], item["asker"], item["region_same"]) == ("asked", "merchant", True)
    assert item["text"] == "搬家了"
    paused = promise(house, id_, "ship48h")
    assert paused["state"] == "paused"
    (said,) = facts(house, id_, "promise.paused")
    assert said["data"]["by"]["event"] == "buyer.address_change_requested"
    assert said["data"]["by"]["self_declared"] is True  # the merchant gains, and it alone says so
    (fact,) = facts(house, id_, "request.made")
    assert [(e["kind"], e["salted"]) for e in fact["evidence"]] == [
        ("message", True), ("receiver", True)
    ]  # fmt: skip
    again = make(house, id_, kind="address_change", address=HERE)
    assert (again.status_code, again.json()["code"]) == (409, "request_open")
    done = answer(house, id_, 1, act="accept")
    assert done.status_code == 200, done.text
    kept = promise(house, id_, "ship48h")
    assert kept["state"] == "running"
    (resumed,) = facts(house, id_, "promise.resumed")
    stood = epoch_ms(resumed["data"]["at"]) - epoch_ms(said["data"]["by"]["occurred"])
    assert epoch_ms(kept["due"]) - epoch_ms(due) == stood
    body = {"fields": ["name", "address"], "reason": "核对"}
    shown = house.call("POST", f"/v1/orders/{id_}/reveal", body).json()
    assert shown["address"]["detail"] == "改后路 2 号"
    assert shown["name"] == "张示例"
    late = answer(house, id_, 1, act="accept")
    assert (late.status_code, late.json()["code"]) == (422, "not_now")
    house.work("sequence")
    assert audit(house) == []


def test_an_address_elsewhere_amends_the_order_and_decides_it_again(house: House) -> None:
    id_ = place(house)
    (item,) = make(house, id_, kind="address_change", address=THERE).json()["items"]
    assert item["region_same"] is False
    assert answer(house, id_, 1, act="accept").status_code == 200
    (said,) = facts(house, id_, "order.amended")
    seen = house.call("GET", f"/v1/orders/{id_}").json()
    assert (seen["region"][:2], seen["state"]) == ("31", "allocated")
    assert (said["data"]["region"], len(said["data"]["freed"])) == (seen["region"], 1)


def test_a_no_ends_the_pause(house: House) -> None:
    id_ = place(house)
    make(house, id_, kind="address_change", address=THERE)
    assert answer(house, id_, 1, act="decline").status_code == 422  # the customer is told why
    assert answer(house, id_, 1, act="decline", reason="否", amount_fen=1).status_code == 422
    assert answer(house, id_, 1, act="decline", reason="不在同城").status_code == 200
    assert promise(house, id_, "ship48h")["state"] == "running"
    (resumed,) = facts(house, id_, "promise.resumed")
    assert resumed["data"]["by"]["event"] == "buyer.address_change_declined"
    page = house.client.get(link(house, id_)).text
    assert "商家不同意:不在同城" in page.replace("：", ":")
    stranger = {"authorization": f"Bearer {house.other}"}
    path = f"/v1/orders/{id_}/requests"
    assert house.client.get(path, headers=stranger).status_code == 404
    assert house.call("POST", path, {"kind": "damage"}, role="viewer").status_code == 403


def test_the_holder_of_a_link_asks_and_withdraws(house: House) -> None:
    id_ = place(house)
    path = link(house, id_)
    page = house.client.get(path).text
    assert "申请改地址" in page
    assert "申请破损包赔" not in page  # nothing has arrived
    assert post(house, path, {"kind": "damage", "text": "碎了"}) == "bad_form"
    assert post(house, path, {"kind": "cancel_without_fault"}) == "no_power"
    assert post(house, path, {"kind": "address_change", "city": "北京市"}) == "bad_form"
    form = {"kind": "address_change", "text": "请改", "phone": "13911112222", **HERE}
    assert post(house, path, form) == "asked"
    assert post(house, path, form) == "request_open"
    (fact,) = facts(house, id_, "request.made")
    assert fact["actor"] == {"grade": "D", "role": "customer", "sub": "customer"}
    (paused,) = facts(house, id_, "promise.paused")
    assert paused["data"]["by"]["source"] == "buyer.link"
    assert "13911112222" not in house.client.get(path).text
    other = link(house, place(house))
    assert post(house, other, {"withdraw": "1"}) == "no"  # of this order there is none
    assert post(house, path, {"withdraw": "1"}) == "withdrawn"
    assert promise(house, id_, "ship48h")["state"] == "running"
    for _ in range(ORDER_REQUESTS_HOUR - 1):
        assert post(house, path, form) == "asked"
        assert post(house, path, {"withdraw": str(len(whole(house, id_)["items"]))}) == "withdrawn"
    assert post(house, path, form) == "too_fast"
    house.call("PUT", "/v1/request-settings", {"address": False, "damage": True})
    assert "申请改地址" not in house.client.get(path).text
    assert post(house, path, form) == "bad_form"
    house.call("PUT", "/v1/request-settings", {"address": True, "damage": True})
    bad = house.client.post("/e/AAAA/requests", data=form)
    assert bad.status_code == 404


def test_a_claim_for_damage_is_offered_approved_and_erased(house: House) -> None:
    id_ = deliver(house)
    path = link(house, id_)
    assert "申请破损包赔" in house.client.get(path).text
    photo = ("photo", ("a.png", PNG, "image/png"))
    form = {"kind": "damage", "text": "杯口碎裂,电话 13911113333"}
    assert post(house, path, form, [("photo", ("a.txt", b"no image", "text/plain"))]) == "bad_photo"
    assert post(house, path, form, [photo] * (REQUEST_PHOTOS + 1)) == "bad_photo"
    assert post(house, path, form, [photo]) == "asked"
    assert post(house, path, form, [photo]) == "request_open"
    assert promise(house, id_, "damage")["state"] == "running"
    (item,) = whole(house, id_)["items"]
    assert (item["text"], len(item["photos"])) == (form["text"], 1)
    page = house.client.get(path).text
    assert f"/media/{item['photos'][0]}" in page
    assert "13911113333" not in page
    listed = house.call("GET", "/v1/requests", params={"limit": 1}).json()["items"]
    assert listed
    assert answer(house, id_, 1, act="accept", amount_fen=PAID + 1).status_code == 422
    assert answer(house, id_, 1, act="accept", amount_fen=1_000).status_code == 200
    (owed,) = house.call("GET", f"/v1/orders/{id_}/compensations").json()["items"]
    (made,) = facts(house, id_, "promise.made")
    pinned = {p["code"]: p["definition"] for p in made["data"]["promises"]}
    assert (owed["amount"], owed["state"], owed["clause"]) == (1_000, "proposed", pinned["damage"])
    body = {"act": "approve", "code": "damage", "step": owed["step"], "amount_fen": 1_000}
    assert house.call("POST", f"/v1/orders/{id_}/compensations", body).status_code == 200
    erased = house.call(
        "POST", f"/v1/orders/{id_}/erase", {"reason": "本人申请", "reference": "E-1"}
    )
    assert erased.status_code == 200, erased.text
    (item,) = whole(house, id_)["items"]
    assert (item["text"], item["address"]) == ("", None)
    left = ask(house.url, "select count(*) from vault v join requests r on r.vault=v.id where"
               " r.id=%s and v.raw is not null", id_)  # fmt: skip
    assert left == [(0,)]
    assert "申请破损包赔" not in house.client.get(path).text
    house.work("sequence")
    assert audit(house) == []


def test_a_breach_entitles_the_buyer_to_cancel(house: House) -> None:
    soon, late = place(house, 49 * HOUR_MS), place(house, 73 * HOUR_MS)
    ring(house)
    assert whole(house, soon)["powers"] == []  # not before 24 hours late
    (power,) = whole(house, late)["powers"]
    assert (power["action"], power["state"]) == ("cancel_without_fault", "open")
    path = link(house, late)
    assert "您有权：无责取消" in house.client.get(path).text
    assert post(house, path, {"kind": "cancel_without_fault"}) == "used"
    assert house.call("GET", f"/v1/orders/{late}").json()["state"] == "cancelled"
    assert [p["state"] for p in whole(house, late)["powers"]] == ["used"]
    (used,) = facts(house, late, "power.used")
    (cancelled,) = facts(house, late, "order.cancelled")
    assert used["seq"] + 1 == cancelled["seq"]
    assert cancelled["actor"]["grade"] == "D"
    assert post(house, path, {"kind": "cancel_without_fault"}) == "no_power"
    house.work("sequence")
    assert audit(house) == []


def test_what_is_picked_is_asked_for_and_a_power_ends_when_the_goods_leave(house: House) -> None:
    picked, shipped = place(house, 73 * HOUR_MS), place(house, 73 * HOUR_MS)
    for id_ in (picked, shipped):
        for event in ("release", "pick"):
            act(house, id_, event=event)
    ring(house)
    assert post(house, link(house, picked), {"kind": "cancel_without_fault"}) == "asked"
    assert answer(house, picked, 1, act="accept").status_code == 200
    assert house.call("GET", f"/v1/orders/{picked}").json()["state"] == "picked"
    path = f"/v1/orders/{picked}/parcels/1/intercept"  # accepted, the floor is asked to stop
    assert house.call("POST", path, {"answer": "stopped"}).status_code == 200
    assert house.call("GET", f"/v1/orders/{picked}").json()["state"] == "cancelled"
    for event in ("pack", "ship"):
        act(house, shipped, event=event)
    (power,) = whole(house, shipped)["powers"]
    assert (power["state"], power["reason"]) == ("ended", "performed")
    assert "无责取消" not in house.client.get(link(house, shipped)).text


def connect(house: House, desk: Desk, **more: Any) -> None:
    body = {"adapter": "webhook", "url": desk.url, "secret": notice_desk.SECRET, **more}
    told = house.call("PUT", "/v1/notice-settings", body)
    assert told.status_code == 200, told.text
    assert notice_desk.SECRET not in told.text


def due_again(house: House) -> None:
    tell(house.url, "update notices set next_try=now() where state='due'")


def of(desk: Desk, id_: str) -> list[notice_desk.Taken]:
    return [taken for key, taken in desk.notices.items() if id_ in key]


def test_a_breach_is_told_once_though_answers_are_lost(house: House, desk: Desk) -> None:
    connect(house, desk)
    id_ = place(house, 49 * HOUR_MS)
    ring(house)
    step(house)
    desk.notices.clear()
    second = place(house, 49 * HOUR_MS)
    ring(house)
    desk.trouble = [503]  # failed, and nothing was taken
    step(house)
    assert of(desk, second) == []
    (row,) = whole(house, second)["notices"]
    assert (row["state"], row["trouble"]) == ("due", "the service answers 503")
    desk.break_after = 1  # taken, and the answer is lost
    due_again(house)
    step(house)
    assert whole(house, second)["notices"][0]["state"] == "due"
    due_again(house)
    step(house)
    (taken,) = of(desk, second)
    assert taken.came == 2
    assert (taken.data["to"], taken.data["code"]) == ("buyer", "ship48h")
    assert "张示例" not in taken.body.decode()
    assert "13900001234" not in taken.body.decode()
    (row,) = whole(house, second)["notices"]
    assert (row["state"], row["receipt"], row["tries"]) == ("sent", taken.number, 3)
    (said,) = facts(house, second, "notice.sent")
    assert said["data"]["receipt"] == taken.number
    due_again(house)
    step(house)
    assert len(facts(house, second, "notice.sent")) == len(facts(house, id_, "notice.sent")) == 1
    house.work("sequence")
    assert audit(house) == []


def test_a_notice_is_refused_or_given_up_and_both_are_facts(house: House, desk: Desk) -> None:
    connect(house, desk)
    refused = place(house, 49 * HOUR_MS)
    ring(house)
    desk.trouble = [422]
    step(house)
    (said,) = facts(house, refused, "notice.refused")
    assert said["data"]["reason"] == "the service answers 422"
    house.call("PUT", "/v1/notice-settings", {})
    alone = place(house, 49 * HOUR_MS)
    ring(house)
    step(house)
    assert whole(house, alone)["notices"][0]["trouble"] == "no_service"
    step(house, now_ms() + NOTICE_GIVE_UP_S * 1000)
    (said,) = facts(house, alone, "notice.abandoned")
    assert (said["data"]["reason"], said["data"]["tries"]) == ("no_service", 2)
    due_again(house)
    assert step(house) == 0
