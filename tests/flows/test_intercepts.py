"""Intercept rules from the template to the stopped order: tried on history with the orders that
were good, approved by a second person, live, and who was let go counted as a false alarm.
"""

from __future__ import annotations

import asyncio
import datetime
import itertools
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from danshu.hub import policy_past
from danshu.hub.intercept_audit import InterceptsFolder
from danshu.hub.policy_audit import PoliciesFolder
from danshu.ledger.audit import fold_rows
from danshu.ledger.engine import Engine
from danshu.ledger.fold import Folder
from tests.fixtures import engine as stores
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import SKUS, House, open_house, order
from tests.fixtures.people import Browser, seat

P = "/v1/routing/policies"
AT = "/v1/intercepts"
_phones = itertools.count()
DEAR = max(SKUS, key=lambda sku: sku.price_fen)


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One for all tests here, in their order: what one stops the next looks at."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        seat(opened.url, opened.tenant, "P01", ["policy"])
        seat(opened.url, opened.tenant, "P02", ["policy"])
        yield opened


def ok(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def buy(house: House, fen: int, receiver: dict[str, str] | None = None, **more: Any) -> Any:
    lines = [{"sku": DEAR.code, "quantity": 1, "price_fen": fen, "title": DEAR.name}]
    to = {**order()["receiver"], "phone": f"1370000{next(_phones):04d}", **(receiver or {})}
    return house.place(lines=lines, receiver=to, **more)


def differences(house: House) -> list[str]:
    async def look() -> list[str]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            folders: list[Folder] = [
                InterceptsFolder(house.tenant),
                PoliciesFolder(house.tenant),
            ]
            report = await fold_rows(c, house.tenant, folders)
            return [d.code for d in report.differences]

    return asyncio.run(look())


def test_rules_are_tried_on_history_and_good_orders_that_they_would_stop_are_counted(
    house: House,
) -> None:
    cheap = buy(house, DEAR.price_fen // 20)
    for event in ("release", "pick", "pack", "ship", "deliver"):
        told = {"event": event, "carrier": "SF", "waybill": "SF1"} if event == "ship" else {}
        ok(house.call("POST", f"/v1/orders/{cheap['order']}/transitions", {"event": event} | told))
    gone = buy(house, DEAR.price_fen // 4)
    told = {"event": "cancel", "reason": "改错价"}
    ok(house.call("POST", f"/v1/orders/{gone['order']}/transitions", told))
    buy(house, DEAR.price_fen, {"name": "测试"})
    buy(house, DEAR.price_fen)
    author, second = Browser(house), Browser(house)
    assert author.sign_in("P01").status_code == second.sign_in("P02").status_code == 201
    templates = ok(author.call("GET", f"{P}/templates?kind=intercept"))
    assert len(templates) == 5
    words = ok(author.call("GET", f"{P}/vocabulary?kind=intercept"))
    assert {w["value"] for w in words["effects"]} == {"keep", "hold", "review", "reject", "tell"}
    asked = {"name": "错单", "kind": "intercept", "from": "all"}
    draft = ok(author.call("POST", f"{P}/drafts", asked), 201)
    assert draft["id"] not in {d["id"] for d in ok(author.call("GET", P))["drafts"]}
    path = f"{P}/drafts/{draft['id']}"
    assert ok(author.call("POST", f"{path}/check"))["findings"] == []
    untried = ok(author.call("POST", f"{path}/submit", {"revision": 1}), 409)
    assert untried["code"] == "policy_untried"
    day = datetime.datetime.now(policy_past.UTC8).date().isoformat()
    begun = ok(author.call("POST", f"{path}/simulations", {"day": day, "days": 3}), 202)
    house.work("policies")
    done = ok(author.call("GET", f"{P}/simulations/{begun['id']}"))
    stops = done["stops"]
    assert (done["state"], done["days"], stops["orders"]) == ("done", 3, 4)
    assert {n: stops[n] for n in ("stopped", "hold", "review", "good", "bad", "open")} == {
        "stopped": 3, "hold": 2, "review": 1, "good": 1, "bad": 1, "open": 1,
    }  # fmt: skip
    assert {r["rule"]: r["good"] for r in stops["rules"]} == {
        "abnormal_price/r1": 1, "abnormal_price/r2": 0, "test_order/r1": 0,
    }  # fmt: skip
    fates = {c["order"]: (c["after"], c["held"]) for c in done["changed"]}
    assert fates[cheap["order"]] == (["good"], "hold")
    ok(author.call("POST", f"{path}/submit", {"revision": 1}))
    own = ok(author.call("POST", f"{path}/approve", {"digest": draft["digest"]}), 409)
    assert own["code"] == "approval_author"
    approved = ok(second.call("POST", f"{path}/approve", {"digest": draft["digest"]}))
    routing = ok(author.call("GET", P))
    assert routing["history"]["items"] == []
    assert ok(author.call("POST", f"{P}/sets/{approved['digest']}/shadow"), 404)
    live = ok(author.call("POST", f"{P}/sets/{approved['digest']}/activate", {}))
    assert live["live"]["digest"] == approved["digest"]
    assert ok(author.call("GET", P))["live"] is None


def test_what_a_rule_stops_waits_and_whoever_is_let_go_counts_as_a_false_alarm(
    house: House,
) -> None:
    cheap = buy(house, DEAR.price_fen // 20)
    assert (cheap["holds"], cheap["state"]) == (["intercept_hold"], "held")
    assert cheap["plan"]  # its stock is kept
    refused = ok(
        house.call("POST", f"/v1/orders/{cheap['order']}/transitions", {"event": "release"}), 409
    )
    assert refused["code"] == "held"
    fair = buy(house, DEAR.price_fen)
    assert fair["holds"] == []
    block = {"kind": "receiver", "value": "139 1234 0000", "reason": "骚扰"}
    made = ok(house.call("POST", f"{AT}/blocks", block), 201)
    stopped = buy(house, DEAR.price_fen, {"phone": "+86 13912340000"})
    assert stopped["holds"] == ["intercept_hold"]
    (listed,) = ok(house.call("GET", f"{AT}/blocks"))["items"]
    assert (listed["hint"], listed["reason"]) == ("139****0000", "骚扰")
    rows = ok(house.call("GET", f"{AT}/stops?state=held"))["items"]
    assert [r["order"] for r in rows] == [stopped["order"], cheap["order"]]
    assert rows[1]["reasons"] == ["单价不到标价的一成"]
    asked = {"orders": [cheap["order"], fair["order"]], "reason": "price_right", "note": "秒杀价"}
    done = ok(house.call("POST", f"{AT}/releases", asked))
    assert [(i["released"], i["code"]) for i in done["items"]] == [
        (True, ""), (False, "not_intercepted"),
    ]  # fmt: skip
    ok(house.call("POST", f"/v1/orders/{cheap['order']}/transitions", {"event": "release"}))
    summary = ok(house.call("GET", f"{AT}/summary"))
    assert (summary["today"], summary["held"], summary["released"]) == (2, 1, 1)
    assert {r["rule"]: r["released"] for r in summary["rules"]} == {
        "abnormal_price/r1": 1, "blacklist/r2": 0,
    }  # fmt: skip
    ok(house.call("DELETE", f"{AT}/blocks/{made['id']}"), 204)
    assert buy(house, DEAR.price_fen, {"phone": "13912340000"})["holds"] == []


def test_a_rejected_order_takes_no_stock_and_is_never_lost(house: House) -> None:
    ok(house.call("POST", f"{AT}/blocks", {
        "kind": "buyer", "channel": "api", "value": "B-7", "reason": "恶意退货",
    }), 201)  # fmt: skip
    paid = buy(house, DEAR.price_fen, buyer="B-7")
    assert (paid["holds"], paid["plan"]) == (["intercept_reject"], [])
    unpaid = buy(house, DEAR.price_fen, buyer="B-7", paid_at=None)
    assert (unpaid["state"], unpaid["plan"]) == ("cancelled", [])
    done = ok(house.call("POST", f"{AT}/releases", {
        "orders": [paid["order"]], "reason": "not_listed",
    }))  # fmt: skip
    assert done["released"] == 1
    shown = ok(house.call("GET", f"/v1/orders/{paid['order']}"))
    assert shown["state"] == "allocated"
    many = [buy(house, DEAR.price_fen, buyer="B-8") for _ in range(12)]
    assert [m["holds"] for m in many] == [[]] * 10 + [["intercept_review"]] * 2
    assert differences(house) == []
    tell(house.url, "update intercept_stops set state='held'")
    assert set(differences(house)) == {"stop_differs"}


def test_the_last_move_is_undone_and_usual_prices_are_made(house: House) -> None:
    tell(house.url, "delete from intercept_usual")
    house.work("policies")
    price = ask(house.url, "select price_fen from intercept_usual where sku<>''")
    assert price == DEAR.price_fen
    block = {"kind": "address", "value": "上海市上海市某路一号", "reason": "空置房"}
    ok(house.call("POST", f"{AT}/blocks", block), 201)  # whoever lists looks at once
    third = buy(house, DEAR.price_fen * 35 // 100)
    assert third["holds"] == ["intercept_review"]
    undone = ok(house.call("POST", f"{P}/rollback", {"kind": "intercept", "note": "误拦"}))
    assert undone["live"] is None
    assert buy(house, 1)["holds"] == []
