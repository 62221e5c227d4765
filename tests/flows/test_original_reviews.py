"""Originals are reviewed: taken by one person at a time, corrected, and trust is earned by it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from danshu.hub import merchants, original_rows, sandbox
from danshu.ledger.write import connect
from danshu.ports.modality import Candidate, Draft, DraftLine, Field, Intent, Parsed, Question
from tests.fixtures import reviews
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import SKUS, TESTER, House
from tests.fixtures.reviews import Laid
from tests.flows.test_workbench_acts import audit

OAT, COCO = SKUS[0], SKUS[1]
STORE = {"kind": "store", "code": "S1", "name": "人民广场店"}
PRINTER = {"kind": "customer", "code": "C1", "name": "皖北文昌印务"}
AT = {"name": "张示例", "phone": "13900001234", "province": "北京市", "city": "北京市"}
DRAFT = Draft(lines=(DraftLine(sku=OAT.code, quantity=3),), store="S1", customer="C1")


def parsed(draft: Draft = DRAFT, said: str = "老样子", **more: Any) -> Parsed:
    sku = draft.lines[0].sku
    field = Field(
        path="/lines/0/sku",
        value=sku,
        confidence=more.pop("sure", 950),
        said=said,
        candidates=(
            Candidate(value=OAT.code, title=OAT.name, confidence=900),
            Candidate(value=COCO.code, title=COCO.name, confidence=700),
        ),
    )
    told = {"confidence": 950, "models": ("ab" * 32,), "text": f"{said}三件", **more}
    return Parsed(intent=Intent.ORDER, draft=draft, fields=(field,), **told)


def lay(house: House, *reads: Parsed) -> list[str]:
    return reviews.lay(house.url, house.tenant, *[Laid(parsed=read) for read in reads])


def decide(house: House, id_: str, act: str, body: Any = None, role: str = "admin") -> Any:
    return house.call("POST", f"/v1/reviews/{id_}/{act}", body, role)


def confirm(house: House, id_: str, draft: Draft = DRAFT, role: str = "admin") -> Any:
    return decide(house, id_, "confirm", {"draft": msgspec.to_builtins(draft)}, role)


def counters(house: House) -> list[Any]:
    return list(house.call("GET", "/v1/sandbox").json()["counters"])


@pytest.fixture
def shop(house: House) -> House:
    """A merchant with a directory, and a second key that may review."""
    rows = [{**STORE, "address": {**AT, "detail": "示例路 1 号"}}, PRINTER]
    told = house.call("PUT", "/v1/names/directory", rows)
    assert told.status_code == 200, told.text

    async def issue() -> str:
        async with await connect(house.url, "danshu-test") as c:
            return await merchants.issue_key(c, house.tenant, "reviewer 2", "admin", TESTER)

    house.keys["second"] = asyncio.run(issue())
    settings = {"second": 0, "amount_fen": 500_000}
    assert house.call("PUT", "/v1/sandbox/settings", settings).status_code == 200
    return house


def test_a_correction_orders_what_is_right_teaches_and_begins_anew(shop: House) -> None:
    wrong = Draft(lines=(DraftLine(sku=COCO.code, quantity=3),), store="S1", customer="C1")
    right, fixed = lay(shop, parsed(), parsed(wrong, "文昌老款"))
    queue = shop.call("GET", "/v1/reviews").json()
    assert [i["id"] for i in queue["items"]] == [right, fixed]
    assert queue["counts"] == [
        {"modality": "text", "count": 2, "oldest": queue["items"][0]["received"]}
    ]
    assert (queue["items"][0]["who"], queue["items"][0]["lines"]) == (PRINTER["name"], 1)
    page = shop.call("GET", "/v1/reviews?limit=1").json()
    rest = shop.call("GET", f"/v1/reviews?limit=1&cursor={page['next']}").json()
    assert ([i["id"] for i in rest["items"]], rest["next"]) == ([fixed], "")

    assert decide(shop, right, "claim").status_code == 200
    assert decide(shop, right, "claim", role="second").json()["code"] == "taken"
    assert confirm(shop, right, role="second").json()["code"] == "taken"
    shown = shop.call("GET", f"/v1/reviews/{right}", role="second").json()
    assert (shown["holder"], shown["mine"], shown["open"]) == ("admin", False, True)
    done = confirm(shop, right)
    assert (done.status_code, done.json()["state"]) == (200, "ordered"), done.text
    assert confirm(shop, right).json()["code"] == "not_waiting"
    (counter,) = counters(shop)
    assert (counter["accepted"], counter["stage"], counter["needed"]) == (1, "review", 500)

    done = confirm(shop, fixed)
    assert done.status_code == 200, done.text
    order = shop.call("GET", f"/v1/orders/{done.json()['order']}").json()
    assert [(n["sku"], n["quantity"]) for n in order["lines"]] == [(OAT.code, 3)]
    (counter,) = counters(shop)
    assert (counter["accepted"], counter["resets"], counter["why"]) == (0, 1, "corrected")
    aliases = shop.call("GET", "/v1/names/aliases").json()["items"]
    assert [(a["alias"], a["code"], a["scope"], a["source"]) for a in aliases] == [
        ("文昌老款", OAT.code, "C1", "review")
    ]
    rows = shop.call("GET", "/v1/training-rows?modality=text").text.splitlines()
    told = [json.loads(r) for r in rows]
    assert [(r["said"], r["was_read"], r["is_right"]) for r in told if r["original"] == fixed] == [
        ("文昌老款", COCO.code, OAT.code)
    ]
    assert len({r["group"] for r in told}) == 1  # of one customer: never in both train and test
    assert audit(shop) == []
    nobody = "/v1/training-rows/00000000-0000-7000-8000-000000000000"
    assert shop.call("DELETE", nobody).status_code == 404
    assert shop.call("DELETE", f"/v1/training-rows/{fixed}").status_code == 204
    assert fixed not in shop.call("GET", "/v1/training-rows").text
    first = shop.call("GET", f"/v1/originals/{right}").json()["row"]["order"]
    gone = {"reason": "request", "reference": "R-1"}
    erased = shop.call("POST", f"/v1/orders/{first}/erase", gone)
    assert (erased.status_code, shop.call("GET", "/v1/training-rows").text) == (200, "")
    query = f"select corrections::text || draft from original_reviews where original='{fixed}'"
    assert ask(shop.url, query) == "[]{}"


def test_what_was_misheard_goes_on_meaning_what_it_means(shop: House) -> None:
    """A model heard 椰奶 for 燕麦奶: that must not make the one an alias of the other."""
    wrong = Draft(lines=(DraftLine(sku=COCO.code, quantity=3),), store="S1", customer="C1")
    (id_,) = lay(shop, parsed(wrong, COCO.name))
    assert confirm(shop, id_).status_code == 200
    assert shop.call("GET", "/v1/names/aliases").json()["items"] == []


def test_five_hundred_in_a_row_run_by_themselves_until_one_is_wrong(shop: House) -> None:
    asked = parsed(questions=(Question(code="which_sku", path="/lines/0/sku"),))
    first, chosen, last, misread = lay(shop, parsed(), asked, parsed(), parsed())
    confirm(shop, first)
    other = Draft(lines=(DraftLine(sku=COCO.code, quantity=3),), store="S1", customer="C1")
    assert confirm(shop, chosen, other).status_code == 200  # it had asked: no error, and no proof
    (counter,) = counters(shop)
    assert (counter["accepted"], counter["reviewed"]) == (1, 1)
    tell(shop.url, "update sandbox_counters set accepted=499")
    assert judge(shop, parsed()) == ("review", ("first_orders",))
    confirm(shop, last)
    (counter,) = counters(shop)
    assert (counter["stage"], counter["bound_ppm"]) == ("auto", 5_974)
    assert judge(shop, parsed()) in (("auto", ()), ("sample", ("sampled",)))
    assert judge(shop, parsed(), amount_fen=500_001) == ("review", ("over_amount",))
    draft = msgspec.structs.replace(DRAFT, requirements=("prescription",))
    assert judge(shop, parsed(draft)) == ("review", ("risk_goods",))
    stranger = msgspec.structs.replace(DRAFT, store="", customer="C9")
    assert judge(shop, parsed(stranger)) == ("review", ("unknown_customer",))
    assert judge(shop, parsed(models=("cd" * 32,))) == ("review", ("first_orders",))

    assert decide(shop, first, "misread", {"note": ""}).status_code == 422
    assert decide(shop, misread, "misread", {"note": "不对"}).json()["code"] == "not_waiting"
    assert decide(shop, first, "misread", {"note": "少读一箱"}).status_code == 200
    (counter,) = counters(shop)
    assert (counter["stage"], counter["accepted"], counter["why"]) == ("review", 0, "misread")
    assert judge(shop, parsed()) == ("review", ("first_orders",))
    rejected = decide(shop, misread, "reject", {"reason": "not_an_order"})
    assert rejected.json()["state"] == "rejected", rejected.text
    assert counters(shop)[0]["corrected"] == 1
    path = f"/v1/sandbox/{counter['key']}/reset"
    assert shop.call("POST", path, {"note": "换了麦克风"}).json()["counters"][0]["why"] == "by_hand"
    assert shop.call("POST", "/v1/sandbox/none/reset", {"note": "x"}).status_code == 404


def judge(house: House, read: Parsed, amount_fen: int = 5970) -> tuple[str, tuple[str, ...]]:
    async def run() -> tuple[str, tuple[str, ...]]:
        async with await connect(house.url, "danshu-test") as c:
            (id_,) = (await (await c.execute("select id from originals limit 1")).fetchall())[0]
            row = await original_rows.find(c, house.tenant, id_)
            told = await sandbox.judge(c, house.tenant, row, read, amount_fen)
            return told.route, told.reasons

    return asyncio.run(run())


def test_another_person_reviews_a_share_again_without_seeing_the_first(shop: House) -> None:
    settings = {"version": 1, "second": 1000}
    assert shop.call("PUT", "/v1/sandbox/settings", settings).status_code == 200
    assert shop.call("PUT", "/v1/sandbox/settings", settings).json()["code"] == "settings_moved"
    first, second = lay(shop, parsed(), parsed())
    for id_ in (first, second):
        confirm(shop, id_)
    assert shop.call("GET", "/v1/reviews").json()["items"] == []  # not by who did the first
    again = shop.call("GET", "/v1/reviews", role="second").json()["items"]
    assert [(i["id"], i["turn"]) for i in again] == [(first, 2), (second, 2)]
    shown = shop.call("GET", f"/v1/reviews/{first}", role="second").json()
    assert (shown["turn"], shown["open"], shown["order"]) == (2, True, "")
    assert confirm(shop, first, role="second").status_code == 200
    other = Draft(lines=(DraftLine(sku=COCO.code, quantity=3),), store="S1", customer="C1")
    assert confirm(shop, second, other, role="second").status_code == 200
    told = shop.call("GET", "/v1/sandbox").json()
    sku = next(a for a in told["agreement"] if a["field"] == "lines/sku")
    assert (sku["both"], sku["same"], sku["share"]) == (2, 1, 500)
    assert (told["counters"][0]["accepted"], told["counters"][0]["why"]) == (0, "disagreed")
    assert audit(shop) == []


def test_a_process_that_dies_between_order_and_review_orders_once(
    shop: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (id_,) = lay(shop, parsed())

    async def die(*_: Any, **__: Any) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as dying:
        dying.setattr("danshu.hub.review_settling.settle", die)
        assert confirm(shop, id_).status_code == 500
    assert ask(shop.url, "select count(*) from orders") == 1
    assert ask(shop.url, "select count(*) from original_reviews") == 0
    assert counters(shop) == []
    done = confirm(shop, id_)
    assert (done.status_code, done.json()["state"]) == (200, "ordered")
    assert ask(shop.url, "select count(*) from orders") == 1
    assert counters(shop)[0]["accepted"] == 1
    assert audit(shop) == []
