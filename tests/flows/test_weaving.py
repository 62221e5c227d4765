"""编织: an API is woven, approved by a second person, and called; what it answers is typed, what
goes wrong is said at its place, secrets go nowhere else, and what it is polled for rules orders.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from openapi_spec_validator import validate

from danshu.capabilities.routing.policy import templates
from danshu.hub import connectors, wires, woven_connector
from danshu.hub.outside import Reach
from danshu.hub.woven_audit import WovenFolder
from danshu.kernel.errors import InputError
from danshu.ledger.audit import Folder, fold_rows
from danshu.ledger.engine import Engine
from danshu.ports.connector import Account, Call, Reply, Verdict
from danshu.testing import far_side, weaving_desks
from danshu.testing.weaving_desks import SHOP_TOKEN, TMS_SECRET, WMS_SECRET
from tests.fixtures import engine as stores
from tests.fixtures import policies
from tests.fixtures.acting import person
from tests.fixtures.hub import SKUS, House, open_house
from tests.fixtures.people import Browser
from tests.fixtures.signals import look, value_of

SKU = SKUS[0].code


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(house: House) -> tuple[Browser, Browser]:
    return person(house, "W21", "sre")[0], person(house, "W22", "policy")[0]


def ok(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def no(response: Any, code: str) -> Any:
    assert response.status_code >= 400, response.text
    told = response.json()
    assert told["code"] == code, told
    return told


def shipped(house: House, code: str, **changes: Any) -> dict[str, Any]:
    book = ok(house.call("GET", "/v1/woven"))
    return {**next(t for t in book["templates"] if t["code"] == code), **changes}


def keep(house: House, woven: dict[str, Any], secret: str) -> Any:
    return ok(house.call("PUT", "/v1/woven/secrets", {"woven": woven, "secret": secret}))


def publish(people: tuple[Browser, Browser], woven: dict[str, Any]) -> None:
    one, other = people
    draft = ok(one.call("POST", "/v1/woven/drafts", {"woven": woven}), 201)
    path = f"/v1/woven/drafts/{draft['id']}"
    draft = ok(one.call("POST", f"{path}/submit", {"revision": draft["revision"]}))
    no(one.call("POST", f"{path}/approve", {"digest": draft["digest"]}), "approval_author")
    ok(other.call("POST", f"{path}/approve", {"digest": draft["digest"]}))


def test_a_stock_query_is_woven_called_and_rules_orders(
    house: House, people: tuple[Browser, Browser]
) -> None:
    usual = where(house.place())
    with weaving_desks.stock_desk() as (desk, url):
        desk.backlog_min[usual] = 500
        desk.stock[usual, SKU] = (40, 3)
        asked = {"warehouse": usual, "skus": [SKU]}
        said = json.dumps(asked)
        woven = shipped(house, "wms_stock", base_url=url, question_sample=said, poll=said)
        # without a secret it is not submitted; one that was given for another address is not sent
        keep(house, {**woven, "base_url": "https://elsewhere.example"}, "of another")
        shown = ok(house.call("POST", "/v1/woven/preview", {"woven": woven}))
        assert [f["code"] for f in shown["findings"]] == ["no_secret"]
        no(house.call("POST", "/v1/woven/try", {"woven": woven}), "no_secret")
        keep(house, woven, WMS_SECRET)
        shown = ok(house.call("POST", "/v1/woven/preview", {"woven": woven}))
        assert shown["sound"]
        assert not desk.asked
        assert shown["request"]["headers"]["x-sign"] == "••••••"
        assert shown["values"]["/answer/0/of/2/expression#"] == "[120,3]"
        tried = ok(house.call("POST", "/v1/woven/try", {"woven": woven}))
        answer = {"sku": SKU, "warehouse": usual, "on_hand": 40, "locked": 3}
        assert tried["answer"]["stock"] == [answer]
        assert WMS_SECRET not in json.dumps([shown, tried])
        publish(people, woven)
        got = ok(house.call("POST", "/v1/woven/wms_stock/1", asked))
        assert got == {
            "verdict": "done",
            "code": "",
            "reason": "",
            "answer": {"stock": [answer], "backlog_min": 500},
        }
        validate(ok(house.call("GET", "/v1/woven/wms_stock/1/openapi.json")))
        # a business no, another try, a question of the wrong type
        told = ok(house.call("POST", "/v1/woven/wms_stock/0", {**asked, "warehouse": "NO"}))
        assert (told["verdict"], told["code"], told["answer"]) == ("refused", "W001", {})
        desk.busy = 1
        assert house.call("POST", "/v1/woven/wms_stock/1", asked).status_code == 503
        no(house.call("POST", "/v1/woven/wms_stock/1", {"warehouse": 1}), "woven_question")
        no(house.call("POST", "/v1/woven/wms_stock/1", {**asked, "x": 1}), "woven_question")
        assert house.call("POST", "/v1/woven/wms_stock/1", asked, "viewer").status_code == 403
        (row,) = ok(house.call("GET", "/v1/woven"))["versions"]
        assert (row["calls"], row["refused"], row["failed"]) == (3, 1, 1)

        # theirs beside ours, and what is theirs taken over by a movement
        told = ok(house.call("POST", "/v1/woven/wms_stock/1/compare", asked))
        ours = ok(house.call("GET", f"/v1/stock?sku={SKU}&warehouse={usual}"))["items"][0]
        (row,) = told["items"]
        assert (row["theirs"], row["ours"], row["known"]) == (40, ours["on_hand"], True)
        line = {"sku": SKU, "on_hand": row["theirs"] - row["ours"]}
        moved = {"warehouse": usual, "lines": [line], "reason": "adopt"}
        ok(house.call("POST", "/v1/stock/movements", moved))
        told = ok(house.call("POST", "/v1/woven/wms_stock/1/compare", asked))
        assert told["items"][0]["ours"] == 40

        # polled, its backlog is a signal, and a policy made of a template sends orders elsewhere
        no(house.call("PUT", "/v1/signals/feeds", feed("woven:nowhere")), "no_woven")
        ok(house.call("PUT", "/v1/signals/feeds", feed("woven:wms_stock")))
        house.work("feeds")
        look(house)
        assert value_of(house, "pick_backlog", f"wh:{usual}")["value"] == 500
        overload = next(t for t in templates.shipped() if t.code == "overload")
        policies.publish(house, overload.policy(), "overload")
        assert where(house.place()) != usual


def where(order: dict[str, Any]) -> str:
    return str(order["plan"][0]["warehouse"])


def feed(name: str) -> dict[str, Any]:
    return {"name": "wms", "feed": name, "every_s": 60}


def test_capacity_is_asked_with_a_token_that_is_kept_and_renewed(
    house: House, people: tuple[Browser, Browser]
) -> None:
    with weaving_desks.lane_desk() as (desk, url):
        desk.lanes["BJ01-310000"] = [
            {
                "carrier": {"code": "SF"},
                "total_m3": 90,
                "remaining_m3": 30,
                "transit_hours": 26,
                "price_yuan": 3.2,
            }
        ]
        woven = shipped(house, "tms_capacity", base_url=url)
        woven["auth"]["token_url"] = f"{url}/oauth/token"
        keep(house, woven, "wrong")
        no(house.call("POST", "/v1/woven/try", {"woven": woven}), "not_granted")
        keep(house, woven, TMS_SECRET)
        publish(people, woven)
        asked = json.loads(woven["question_sample"])
        got = ok(house.call("POST", "/v1/woven/tms_capacity/1", asked))["answer"]
        carrier = {"carrier": "SF", "left_l": 30000, "eta_min": 1560, "price_fen": 320}
        assert got["carriers"] == [carrier]
        assert got["fits"] is True
        ok(house.call("POST", "/v1/woven/tms_capacity/1", asked))
        assert desk.granted == 1
        desk.tokens.clear()  # it ended sooner than was said
        ok(house.call("POST", "/v1/woven/tms_capacity/1", asked))
        assert desk.granted == 2
        # an answer that is not of the declared type is given to nobody
        desk.lanes["BJ01-310000"][0]["remaining_m3"] = "much"
        no(house.call("POST", "/v1/woven/tms_capacity/1", asked), "woven_broken")
        # an expression that never ends, or that wants all memory, costs a second and no more
        for text in ('$pad("x", 1000000000)', "($f := function($n) {$f($n)}; $f(1))"):
            parts = [{"place": "query", "name": "q", "expression": text}, *woven["parts"]]
            told = house.call("POST", "/v1/woven/preview", {"woven": {**woven, "parts": parts}})
            if told.status_code == 200:
                assert told.json()["faults"][0]["pointer"] == "/parts/0/expression"
            else:
                no(told, "expression_costly")
        assert ok(house.call("POST", "/v1/woven/preview", {"woven": woven}))["sound"]


def test_addresses_are_guarded_and_redirects_not_followed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = []

    def lead(asked: far_side.Asked) -> far_side.Answer:
        reached.append(asked.path)
        return far_side.Answer(status=302, location="/inside")

    woven = shipped(house, "ship_notice", auth={"kind": "none"}, method="GET", body="none")
    woven |= {"path": "", "parts": [], "answer": [{"name": "x", "expression": "x"}]}
    with far_side.serve(lead) as url:
        tried = ok(house.call("POST", "/v1/woven/try", {"woven": {**woven, "base_url": url}}))
        assert (tried["verdict"], tried["code"]) == ("broken", "http_302")
        assert reached == ["/"]
    for inside in ("https://10.0.0.1", "https://169.254.169.254/latest"):
        body = {"woven": {**woven, "base_url": inside}}
        no(house.call("POST", "/v1/woven/try", body), "provider_fails")
    body = {"woven": {**woven, "base_url": "http://example.com"}}
    no(house.call("POST", "/v1/woven/try", body), "bad_url")
    # a hub that the world reaches keeps what people weave from its own machine
    monkeypatch.setenv("DANSHU_ORIGIN", "https://hub.example")
    body = {"woven": {**woven, "base_url": "http://127.0.0.1:9"}}
    no(house.call("POST", "/v1/woven/try", body), "provider_fails")


def test_a_document_is_read_and_a_mapping_proposed(
    house: House, people: tuple[Browser, Browser]
) -> None:
    published = {**shipped(house, "wms_stock"), "code": "described"}
    keep(house, published, WMS_SECRET)
    publish(people, published)
    document = json.dumps(ok(house.call("GET", "/v1/woven/described/1/openapi.json")))
    told = ok(house.call("POST", "/v1/woven/infer", {"document": document}))
    (operation,) = told["operations"]
    asked = {"document": document, "operation": operation["id"], "kind": "stock_query"}
    woven = ok(house.call("POST", "/v1/woven/infer", asked))["woven"]
    assert woven["path"] == "/v1/woven/described/1"
    assert woven["auth"]["kind"] == "bearer"
    assert woven["idempotency"] == "Idempotency-Key"
    assert [field["name"] for field in woven["question"]] == ["warehouse", "skus"]
    (stock,) = woven["answer"]
    assert (stock["expression"], [leaf["expression"] for leaf in stock["of"]]) == (
        "answer.stock",
        ["sku", "warehouse", "on_hand", "locked"],
    )
    no(house.call("POST", "/v1/woven/infer", {"document": "openapi: 2.0"}), "woven_source")
    no(house.call("POST", "/v1/woven/infer", {"response": "{"}), "woven_source")
    assert asyncio.run(differ(house)) == []
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute("update woven set active=false where code='described'")
    assert len(asyncio.run(differ(house))) == 1


async def differ(house: House) -> list[Any]:
    """Fold what was said of versions, and compare it with their rows."""
    async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
        folders: list[Folder] = [WovenFolder(house.tenant)]
        return list((await fold_rows(c, house.tenant, folders)).differences)


def settle(house: House, path: str, over: Callable[[Any], bool]) -> Any:
    """Let the room ask until what a path tells is over; what waits is tried at once."""
    for _ in range(50):
        house.work("connectors")
        told = ok(house.call("GET", path))
        if over(told):
            break
        stores.tell(house.url, "update connector_calls set next_try=now() where state='due'")
    return told


def test_a_woven_capability_is_a_connector(house: House, people: tuple[Browser, Browser]) -> None:
    with weaving_desks.shop_desk() as (desk, url):
        woven = shipped(house, "ship_notice", base_url=url)
        keep(house, woven, SHOP_TOKEN)
        publish(people, woven)
        account = Account(url=url, secrets={"secret": SHOP_TOKEN})
        body = json.dumps({"order": "P-1", "carrier": "SF", "waybill": "W1", "id": "an event's"})

        async def ask(key: str) -> Reply:
            async with wires.open_wire() as wire:
                send = wires.sender(wire, "shop", Reach(5, 10_000, 1))
                async with await psycopg.AsyncConnection.connect(house.url) as connection:
                    adapter = await connectors.load(connection, house.tenant, "woven:ship_notice")
                call = Call(key=key, operation="ask", subject=str(uuid.uuid4()), body=body.encode())
                await adapter.probe(account, send, 0)
                return await adapter.call(account, send, call, 0)

        first, again = asyncio.run(ask("k1")), asyncio.run(ask("k1"))
        assert (first.verdict, first) == (Verdict.DONE, again)
        assert desk.shipped == {"P-1": {"carrier_code": "SF", "tracking_number": "W1"}}
        assert asyncio.run(ask("k2")).verdict is Verdict.REFUSED
        assert woven_connector.WOVEN == "woven:"
        # the engine asks it as any other far side
        names = [a["name"] for a in ok(house.call("GET", "/v1/connector-adapters"))["items"]]
        assert "woven:ship_notice" in names
        wish: dict[str, Any] = {
            "adapter": "woven:ship_notice",
            "title": "回传",
            "url": url,
            "trial_url": url,
        }
        no(house.call("POST", "/v1/connectors", wish), "bad_options")
        wish |= {"secrets": {"secret": SHOP_TOKEN}}
        made = ok(house.call("POST", "/v1/connectors", wish), 201)
        question = {"order": "P-2", "carrier": "SF", "waybill": "W2"}
        trial = {"operation": "ask", "body": question}
        called = ok(house.call("POST", f"/v1/connectors/{made['id']}/trials", trial), 202)
        path = f"/v1/connector-calls/{called['id']}"
        told = settle(house, path, lambda seen: seen["state"] != "due")
        assert told["state"] == "done", told
        assert desk.shipped["P-2"]["tracking_number"] == "W2"
    path = "/v1/woven/ship_notice/1/retire"
    ok(house.call("POST", path, {"reason": "换了平台"}))
    no(house.call("POST", path, {"reason": "换了平台"}), "woven_not_active")
    no(house.call("POST", "/v1/woven/ship_notice/1", json.loads(body)), "woven_retired")
    with pytest.raises(InputError):
        asyncio.run(ask("k3"))


def test_a_woven_capability_must_agree_before_an_order_is_released(
    house: House, people: tuple[Browser, Browser]
) -> None:
    seen: list[dict[str, Any]] = []

    def judge(asked: far_side.Asked) -> far_side.Answer:
        if asked.method == "GET":
            return far_side.tell({})
        seen.append(json.loads(asked.body))
        return far_side.tell({"lot": "free" if len(seen) > 1 else "blocked", "no": f"R{len(seen)}"})

    with far_side.serve(judge) as url:
        woven = {
            "code": "lot_check",
            "zh": "批号核查",
            "base_url": url,
            "method": "POST",
            "path": "/lots",
            "body": "json",
            "question": [
                {"name": "subject", "type": "text"},
                {"name": "data", "type": "any", "required": False},
            ],
            "parts": [
                {"place": "body", "name": "order", "expression": "subject"},
                {"place": "body", "name": "paid", "expression": "$exists(data)"},
            ],
            "answer": [{"name": "reference", "expression": "no"}],
            "rules": [
                {
                    "when": "body.lot = 'blocked'",
                    "verdict": "refused",
                    "code": '"blocked"',
                    "reason": '"lot " & body.no',
                }
            ],
            "question_sample": '{"subject": "x"}',
        }
        publish(people, woven)
        wish = {"adapter": "woven:lot_check", "title": "批号", "url": url}
        made = ok(house.call("POST", "/v1/connectors", wish), 201)
        ok(house.call("POST", f"/v1/connectors/{made['id']}/state", {"state": "on"}))
        house.work("sequence")
        version = ok(house.call("GET", "/v1/paid-review-settings"))["version"]
        setting = {"version": version, "on": True, "parties": [{"name": "lot_check"}]}
        ok(house.call("PUT", "/v1/paid-review-settings", setting))
        outcomes = []
        for _ in range(2):
            order = house.place()["order"]
            house.work("sequence", "paid")
            path = f"/v1/orders/{order}/paid-review"
            review = settle(house, path, lambda seen: seen["parties"][0]["state"] != "asked")
            (party,) = review["parties"]
            told = house.call("POST", f"/v1/orders/{order}/transitions", {"event": "release"})
            outcomes.append((party["state"], party["reference"], told.status_code))
        assert outcomes == [("refused", "", 409), ("agreed", "R2", 200)]
        assert seen[1] == {"order": order, "paid": True}
        setting |= {"version": version + 1, "on": False}
        ok(house.call("PUT", "/v1/paid-review-settings", setting))
