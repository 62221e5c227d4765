"""The order page's questions: sheet, timeline, decision, replay, what if, proof."""

from __future__ import annotations

import re
from typing import Any

import pytest

from danshu.kernel.fact import rfc3339
from tests.fixtures.engine import ask
from tests.fixtures.hub import PAID_MS, SKUS, WAREHOUSES, House

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def act(house: House, order: str, event: str, **more: Any) -> Any:
    response = house.call("POST", f"/v1/orders/{order}/transitions", {"event": event, **more})
    assert response.status_code == 200, response.text
    return response.json()


def page(house: House, order: str, part: str, **params: Any) -> Any:
    response = house.call("GET", f"/v1/orders/{order}/{part}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


def test_the_timeline_tells_a_life_in_both_languages(house: House) -> None:
    order = house.place(discount_fen=100)["order"]
    for event in ("release", "pick", "pack"):
        act(house, order, event)
    act(house, order, "ship", carrier="顺丰", waybill="SF777")
    act(house, order, "hold", reason="买家要求改约")
    house.work("sequence", "seal")
    act(house, order, "unhold")
    told = page(house, order, "timeline")
    kinds = [e["kind"] for e in told["entries"]]
    assert kinds == [
        "order.placed",
        "order.paid",
        "promise.made",
        "route.decided",
        "order.released",
        "order.picked",
        "order.packed",
        "order.shipped",
        "promise.kept",
        "order.held",
        "order.unheld",
    ]
    by_kind = {e["kind"]: e for e in told["entries"]}
    decided = by_kind["route.decided"]
    assert [f["type"] for f in decided["facts"]] == ["route.decided", "order.allocated"]
    assert decided["title"] == "分仓"
    assert figures(decided)["warehouse"]["text"] in {w.name for w in WAREHOUSES}
    assert figures(by_kind["order.placed"])["total"] == {
        "name": "total",
        "kind": "money",
        "amount": 4380,
        "currency": "CNY",
    }
    assert figures(by_kind["promise.kept"])["early"]["kind"] == "span"
    assert [e["sealed"] for e in told["entries"]] == [True] * 10 + [False]
    assert told["sealed"] == told["facts"] - 1
    assert [f["seq"] for e in told["entries"] for f in e["facts"]] == list(
        range(1, told["facts"] + 1)
    )
    english = page(house, order, "timeline", lang="en")
    by_channel = [figures(e).get("channel", {}).get("text") for e in english["entries"]]
    assert [c for c in by_channel if c] == ["API"]
    for zh, en in zip(told["entries"], english["entries"], strict=True):
        assert zh["facts"] == en["facts"]
        assert not re.search(r"[一-鿿]", en["title"] + en["detail"] + en["who"]["grade_note"])
        for entry in (zh, en):
            assert set(PLACEHOLDER.findall(entry["detail"])) <= set(figures(entry))


def figures(entry: Any) -> dict[str, Any]:
    return {f["name"]: f for f in entry["figures"]}


def test_the_timeline_s_digests_are_the_facts_own(house: House) -> None:
    order = house.place()["order"]
    house.work("sequence", "seal")
    places = [f for e in page(house, order, "timeline")["entries"] for f in e["facts"]]
    facts = page(house, order, "facts")["facts"]
    assert [p["digest"] for p in places[:-1]] == [f["prev"] for f in facts[1:]]
    assert [p["type"] for p in places] == [f["type"] for f in facts]
    indexes = [p["index"] for p in places]
    assert indexes == list(range(indexes[0], indexes[0] + len(indexes)))


def test_the_timeline_comes_in_pages(house: House) -> None:
    order = house.place()["order"]
    for event in ("release", "pick", "pack"):
        act(house, order, event)
    whole = page(house, order, "timeline")
    seen, after = [], 0
    while True:
        part = page(house, order, "timeline", limit=1, after=after)
        seen += part["entries"]
        after = part["next"]
        if not after:
            break
    assert seen == whole["entries"]


@pytest.mark.parametrize(
    ("events", "awaited"),
    [
        ((), "release"),
        (("release",), "pick"),
        (("release", "pick", "pack"), "ship"),
        (("release", "pick", "pack", "ship"), "deliver"),
        (("release", "pick", "pack", "ship", "deliver"), "complete"),
        (("release", "pick", "pack", "ship", "deliver", "complete"), None),
        (("cancel",), None),
    ],
)
def test_what_is_awaited(house: House, events: tuple[str, ...], awaited: str | None) -> None:
    order = house.place()["order"]
    for event in events:
        act(house, order, event, reason="示例")
    told = page(house, order, "timeline")["awaited"]
    assert [a["event"] for a in told] == ([awaited] if awaited else [])
    if awaited == "ship":
        assert [p["code"] for p in told[0]["promises"]] == ["ship48h"]
    if not events:
        act(house, order, "hold", reason="risk_review")
        (held,) = page(house, order, "timeline")["awaited"]
        assert held["event"] == "unhold"
        assert held["figures"][0]["text"] == "平台风控审核中"


def test_an_unpaid_order_awaits_its_payment(house: House) -> None:
    order = house.place(paid_at=None)["order"]
    (awaited,) = page(house, order, "timeline")["awaited"]
    assert awaited["event"] == "pay"
    assert "ship48h" not in [p["code"] for p in awaited["promises"]]


def test_the_sheet_adds_up(house: House) -> None:
    order = house.place(discount_fen=100, postage_fen=600)["order"]
    act(house, order, "release")
    act(house, order, "waybill", carrier="顺丰", waybill="SF1")
    act(house, order, "compensate", amount_fen=300)
    sheet = page(house, order, "sheet")
    assert sheet["goods"] - sheet["discount"] + sheet["postage"] == sheet["total"]
    assert sum(n["paid"] for n in sheet["lines"]) == sheet["goods"] - sheet["discount"]
    assert sum(n["worth"] for n in sheet["lines"]) == sheet["goods"]
    assert sheet["units"] == 3
    assert sheet["weight_g"] == 2 * SKUS[0].weight_g + SKUS[1].weight_g
    assert sheet["due"] == 0
    assert [(p["kind"], p["amount"]) for p in sheet["payments"]] == [
        ("payment", sheet["total"]),
        ("compensation", 300),
    ]
    (parcel,) = sheet["parcels"]
    assert (parcel["carrier"], parcel["waybill"], parcel["units"]) == ("顺丰", "SF1", 3)
    assert parcel["released"]
    assert not parcel["picked"]
    assert {n["fulfilments"][0] for n in sheet["lines"]} == {parcel["fulfilment"]}


def test_the_sheet_shows_the_clocks(house: House) -> None:
    order = house.place()["order"]
    clocks = {p["code"]: p for p in page(house, order, "sheet")["promises"]}
    ship = clocks["ship48h"]
    assert (ship["state"], ship["name"]["zh"]) in {
        ("running", "48小时发货"),
        ("warned", "48小时发货"),
        ("broken", "48小时发货"),
    }
    assert ship["marks_permille"] == sorted(ship["marks_permille"])
    assert all(0 < m < 1000 for m in ship["marks_permille"])
    assert ship["events"][0]["event"] == "payment.confirmed"
    assert ship["gap_ms"] is None
    pending = [p for p in clocks.values() if p["state"] == "pending"]
    assert pending
    assert all(not p["due"] and not p["used_permille"] for p in pending)
    for event in ("release", "pick", "pack"):
        act(house, order, event)
    shipped = rfc3339(PAID_MS + 3 * 3_600_000)
    act(house, order, "ship", occurred_at=shipped)
    kept = {p["code"]: p for p in page(house, order, "sheet")["promises"]}["ship48h"]
    assert kept["state"] == "kept"
    assert kept["used_permille"] == 3 * 1000 // 48
    assert kept["events"][-1]["at"] == shipped


def test_a_recalled_parcel_was_not_picked(house: House) -> None:
    order = house.place()["order"]
    for event in ("release", "pick", "pack"):
        act(house, order, event)
    assert page(house, order, "sheet")["parcels"][0]["packed"]
    act(house, order, "recall")
    (parcel,) = page(house, order, "sheet")["parcels"]
    assert (parcel["state"], parcel["picked"], parcel["packed"]) == ("released", "", "")


def test_the_decision_tells_every_warehouse(house: House) -> None:
    order = house.place()["order"]
    told = page(house, order, "decision")
    decision = told["decision"]
    assert told["facts"] == [decision["fact"]]
    assert len(decision["nodes"]) == len(WAREHOUSES)
    roles = {n["code"]: n["role"] for n in decision["nodes"]}
    first = decision["plans"][0]
    assert {c for c, r in roles.items() if r == "chosen"} == set(first["warehouses"])
    others = {w for p in decision["plans"][1:] for w in p["warehouses"]}
    assert {c for c, r in roles.items() if r == "candidate"} == others
    left = [n for n in decision["nodes"] if n["role"] not in ("chosen", "candidate")]
    assert sum(c["count"] for c in decision["counted"]) == len(left)
    for plan in decision["plans"]:
        assert sum(plan["parts_fen"].values()) == plan["total_fen"]
        assert plan["arrives"] > decision["decided"]
        assert (plan["on_time_permille"] is None) == (decision["promise_min"] < 0)
    assert decision["margin_fen"] == decision["plans"][1]["total_fen"] - first["total_fen"]
    assert decision["signals_total"] == 17
    assert set(decision["defaults"]) <= {s["key"] for s in decision["signals"]}
    assert decision["defaults"]
    missing = house.call("GET", f"/v1/orders/{order}/decision", params={"fact": "none/9"})
    assert (missing.status_code, missing.json()["code"]) == (422, "no_decision")


def test_a_replay_gives_the_same_bytes(house: House) -> None:
    order = house.place()["order"]
    before = ask(house.url, "select count(*) from facts")
    told = house.call("POST", f"/v1/orders/{order}/replay", {}).json()
    assert told["equal"]
    assert told["agrees"]
    assert told["recorded_sha256"] == told["replayed_sha256"]
    assert (told["engine"], told["other_engine"]) == ("numba", "python")
    assert ask(house.url, "select count(*) from facts") == before


def test_what_if_changes_nothing(house: House) -> None:
    order = house.place()["order"]
    chosen = page(house, order, "decision")["decision"]["plans"][0]["warehouses"][0]
    before = ask(house.url, "select count(*) from facts"), page(house, order, "actions")

    def tried(**body: Any) -> Any:
        response = house.call("POST", f"/v1/orders/{order}/what-if", body)
        assert response.status_code == 200, response.text
        return response.json()

    same = tried()
    assert same["difference"]["is_same_plan"]
    assert same["difference"]["total_fen"] == 0
    for world in ("then", "now"):
        without = tried(world=world, exclude_warehouses=[chosen])
        assert chosen not in without["after"]["plans"][0]["warehouses"]
        roles = {n["code"]: n["role"] for n in without["after"]["nodes"]}
        assert roles[chosen] == "excluded"
        assert not without["difference"]["is_same_plan"]
        gap = without["after"]["plans"][0]["total_fen"] - without["before"]["plans"][0]["total_fen"]
        assert without["difference"]["total_fen"] == gap >= 0
    dear = tried(weights={"risk_fen": 100_000})
    assert dear["after"]["weights"] != dear["before"]["weights"]
    assert dear["difference"]["total_fen"] > 0
    fewer = tried(quantities=[{"line": 1, "quantity": 1}], at="2026-11-23T01:00:00Z")
    assert fewer["after"]["decided"] == "2026-11-23T01:00:00.000Z"
    many = tried(world="now", quantities=[{"line": 1, "quantity": 5_000}])
    assert many["after"]["plans"][0]["parts_fen"]["unfulfilled_fen"] > 0
    after = ask(house.url, "select count(*) from facts"), page(house, order, "actions")
    assert after == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"exclude_warehouses": ["NO"]}, "unknown_warehouse"),
        ({"quantities": [{"line": 9, "quantity": 1}]}, "no_line"),
        ({"quantities": [{"line": 1, "quantity": 99}]}, "stock_unknown"),
        ({"weights": {"late_fen": -1}}, "bad_field"),
        ({"weights": {"wave_wait_min": 1}}, "bad_field"),
        ({"at": "1990-01-01T00:00:00Z"}, "time"),
        ({"at": "2026-11-23"}, "bad_field"),
    ],
)
def test_trials_that_cannot_be(house: House, body: dict[str, Any], code: str) -> None:
    order = house.place()["order"]
    response = house.call("POST", f"/v1/orders/{order}/what-if", body)
    assert (response.status_code, response.json()["code"]) == (422, code)


def test_a_rerouted_order_has_two_decisions(house: House) -> None:
    order = house.place()["order"]
    first = page(house, order, "decision")["decision"]
    (reroute,) = [
        a
        for a in page(house, order, "actions")["items"]
        if a["event"] == "reroute" and not a["fulfilment"]
    ]
    act(house, order, "reroute", exclude=reroute["exclude"])
    told = page(house, order, "decision")
    assert len(told["facts"]) == 2
    assert told["decision"]["plans"][0]["warehouses"] != first["plans"][0]["warehouses"]
    old = page(house, order, "decision", fact=told["facts"][0])["decision"]
    assert old == first
    kinds = [e["kind"] for e in page(house, order, "timeline")["entries"]]
    assert kinds[-2:] == ["order.withdrawn", "route.decided"]


def test_the_proof_grows_with_the_log(house: House) -> None:
    order = house.place()["order"]
    told = page(house, order, "proof")
    assert (told["facts"], told["sealed"], told["books"]) == (told["pending"], 0, [])
    refused = house.call("GET", f"/v1/orders/{order}/verification")
    assert refused.status_code == 503
    house.work("sequence", "seal")
    told = page(house, order, "proof")
    assert (told["pending"], told["sealed"]) == (0, told["facts"])
    (book,) = told["books"]
    assert book["proven"] == told["facts"] <= book["size"]
    assert "/" in book["origin"]
    kinds = {e["kind"]: e for e in told["evidence"]}
    assert set(kinds) == {"raw", "receiver"}
    assert all(e["salted"] and e["is_kept"] and e["size"] for e in kinds.values())
    verified = page(house, order, "verification")
    assert verified["passed"]
    assert verified["failed"] == []
    assert verified["facts"] == told["facts"]
    assert verified["trust"] == "bundle"


@pytest.mark.parametrize(
    "part",
    ["sheet", "timeline", "actions", "decision", "proof", "verification", "raw"],
)
def test_another_merchant_s_order_is_not_there(house: House, part: str) -> None:
    order = house.place()["order"]
    headers = {"authorization": f"Bearer {house.other}"}
    for path in (order, "01900000-0000-7000-8000-000000000000"):
        response = house.client.get(f"/v1/orders/{path}/{part}", headers=headers)
        assert (response.status_code, response.json()["code"]) == (404, "no_order")
