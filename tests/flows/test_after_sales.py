"""After-sales: asked, decided by rights and amounts, received, inspected, paid once; to the fen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from danshu.hub import refunds_room
from danshu.hub.worlds import Worlds
from danshu.kernel.limits import PAYOUT_RETRY_MAX_S
from danshu.ledger.engine import Engine
from danshu.testing import payouts
from danshu.testing.payouts import Payer
from tests.fixtures import engine as stores
from tests.fixtures.floor import PNG, act, audit, facts
from tests.fixtures.hub import House, open_house
from tests.flows.asking import ask, publish
from tests.flows.test_remedies import connect, now_ms

SEVEN_DAYS = """
code: refund7d
version: 1
name: {zh: 七天退款, en: Refund within seven days}
text:
  zh: 退货到仓后{days}天内退款到账。
  en: The refund is paid within {days} days after the return arrives.
params: {days: 7}
applies: {all: true}
clock:
  start: buyer.return_received
  limit: P7D
  calendar: elapsed
  tz: Asia/Shanghai
  stop: refund.paid
  precedence: [payment.receipt]
  early_stop: false
  warn: [0.7]
perdurant: true
breach:
  zh: 未按时退款的,继续退款。
  en: What was not refunded in time is owed still.
"""
PAID = 4_480  # what order() costs: 2 x 1,990 and 500


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One merchant for the file: every test has orders of its own."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


@pytest.fixture(scope="module")
def payer(house: House) -> Iterator[Payer]:
    with payouts.serve() as serving:
        connect(house, serving)
        yield serving


def pay(house: House, at_ms: int = 0) -> int:
    """Let the room of refunds step once."""

    async def run() -> int:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await refunds_room.REFUNDS.run_due(c, Worlds(house.url), at_ms or now_ms())

    return asyncio.run(run())


def sent(house: House, *, until: str = "deliver", **more: Any) -> str:
    """Place an order and let its goods leave."""
    id_ = str(house.place(**more)["order"])
    for event in ("release", "pick", "pack", "ship", "deliver"):
        act(
            house,
            id_,
            event=event,
            **({"carrier": "SF", "waybill": f"SF{id_[-12:]}"} if event == "ship" else {}),
        )
        if event == until:
            break
    return id_


def open_(house: House, id_: str, kind: str, reason: str, *lines: Any, **more: Any) -> Any:
    body = {"kind": kind, "reason": reason, **more}
    if lines:
        body["lines"] = [{"line": no, "quantity": q} for no, q in lines]
    role = body.pop("role", "admin")
    return house.call("POST", f"/v1/orders/{id_}/after-sales", body, role=role)


def do(house: House, case: Any, what: str, role: str = "admin", **more: Any) -> Any:
    id_ = case if isinstance(case, str) else case["item"]["id"]
    return house.call("POST", f"/v1/after-sales/{id_}/acts", {"act": what, **more}, role=role)


def good(response: Any) -> Any:
    assert response.status_code in (200, 201), response.text
    return response.json()


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def on_hand(house: House, sku: str) -> int:
    ((units,),) = ask(
        house.url,
        "select sum(s.on_hand)::int8 from stock s join skus k on k.tenant=s.tenant and k.no=s.sku"
        " where s.tenant=%s and k.code=%s",
        house.tenant,
        sku,
    )
    return int(units)


def promised(house: House, id_: str, code: str) -> str:
    found = good(house.call("GET", f"/v1/promises/{id_}"))["items"]
    return str(next(p["state"] for p in found if p["code"] == code))


def test_a_return_is_agreed_received_inspected_and_paid_once(house: House, payer: Payer) -> None:
    assert publish(house, SEVEN_DAYS.encode()).status_code == 201
    id_ = sent(house)
    house.call("POST", "/v1/promise-definitions/refund7d/retire", {"reason": "只试一次"})
    assert promised(house, id_, "refund7d") == "pending"
    quoted = good(
        house.call(
            "POST",
            f"/v1/orders/{id_}/after-sales/quote",
            {"kind": "return", "reason": "quality", "lines": [{"line": 1, "quantity": 1}]},
        )
    )
    assert (quoted["now"], quoted["paid"], quoted["left"]) == (1_990, PAID, PAID)
    made = good(open_(house, id_, "return", "quality", (1, 1), words="外壳有划痕", by_buyer=True))
    item = made["item"]
    assert (item["state"], item["amount"], item["rule"]) == ("asked", 1_990, "decide_return")
    assert made["words"] == "外壳有划痕"
    assert item["origin"] == "buyer"
    again = open_(house, id_, "return", "quality", (1, 1))
    assert code(again) == (409, "case_open")
    assert code(do(house, made, "agree", amount_fen=1_991)) == (409, "amount_changed")
    agreed = good(do(house, made, "agree", amount_fen=1_990))
    assert agreed["item"]["state"] == "agreed"
    (reserved,) = facts(house, id_, "refund.reserved")
    assert reserved["data"]["shares"] == [{"amount": 1_990, "line": 1, "quantity": 1}]
    good(do(house, made, "send_back", carrier="ZTO", waybill="ZT0001"))
    (found,) = good(house.call("GET", "/v1/after-sales", params={"q": "ZT0001"}))["items"]
    assert found["id"] == item["id"]
    got = good(do(house, made, "receive", warehouse=agreed_warehouse(house, id_)))
    assert (got["item"]["state"], got["item"]["rule"]) == ("received", "seven_days")
    assert promised(house, id_, "refund7d") == "running"
    photo = house.call(
        "POST",
        f"/v1/after-sales/{item['id']}/photos",
        PNG,
        headers={"content-type": "image/png"},
    )
    (digest,) = good(photo)["photos"]
    sku = got["item"]["lines"][0]["sku"]
    before = on_hand(house, sku)
    line = {"line": 1, "sku": sku, "quantity": 1, "grade": "as_new", "outcome": "restock"}
    over = do(house, made, "inspect", found=[{**line, "quantity": 2}])
    assert code(over) == (409, "more_than_asked")
    seen = good(do(house, made, "inspect", found=[line]))
    assert seen["item"]["state"] == "paying"
    assert on_hand(house, sku) == before + 1
    payer.break_after = 1  # the money moves, the answer is lost
    assert pay(house) == 1
    assert pay(house, now_ms() + PAYOUT_RETRY_MAX_S * 1000) == 1
    done = good(house.call("GET", f"/v1/after-sales/{item['id']}"))
    assert (done["item"]["state"], done["outcome"]) == ("closed", "paid")
    assert [p.amount for k, p in payer.payments.items() if item["id"] in k] == [1_990]
    (paid,) = facts(house, id_, "refund.paid")
    assert (paid["data"]["amount"], paid["data"]["case"]) == (1_990, item["id"])
    assert promised(house, id_, "refund7d") == "kept"
    photo = house.call("GET", f"/v1/after-sales/{item['id']}/photos/{digest}")
    assert photo.content == PNG
    assert code(do(house, made, "record", receipt="x")) == (409, "not_at_pay")
    assert audit(house) == []


def agreed_warehouse(house: House, id_: str) -> str:
    found = house.call("GET", f"/v1/orders/{id_}").json()
    return str(found["fulfilments"][0]["warehouse"])


def test_money_alone_stops_what_has_not_left(house: House, payer: Payer) -> None:
    id_ = str(house.place()["order"])
    part = good(open_(house, id_, "refund_only", "other", (1, 1)))
    assert code(do(house, part, "agree", amount_fen=1_990)) == (409, "amend_first")
    good(do(house, part, "withdraw"))
    whole = good(open_(house, id_, "refund_only", "other", (1, 2), (2, 1)))
    assert whole["item"]["amount"] == PAID
    granted = good(do(house, whole, "agree", amount_fen=PAID))
    assert granted["item"]["state"] == "paying"
    assert house.call("GET", f"/v1/orders/{id_}").json()["state"] == "cancelled"
    cases = good(house.call("GET", f"/v1/orders/{id_}/after-sales"))
    assert len(cases["items"]) == 2
    assert cases["reckoning"]["left"] == 0
    good(do(house, whole, "record", receipt="平台原路退款"))
    assert pay(house, now_ms() + PAYOUT_RETRY_MAX_S * 1000) == 0
    assert audit(house) == []


def test_a_cancelled_paid_order_owes_by_itself(house: House, payer: Payer) -> None:
    asked = str(house.place()["order"])
    act(house, asked, event="cancel", reason="buyer_regret")
    (item,) = good(house.call("GET", f"/v1/orders/{asked}/after-sales"))["items"]
    assert (item["origin"], item["state"], item["amount"]) == ("cancelled", "asked", PAID)
    settings = {"auto_fen": PAID, "second_fen": 500_000}
    assert house.call("PUT", "/v1/after-sale-settings", settings).status_code == 200
    by_policy = str(house.place()["order"])
    act(house, by_policy, event="cancel", reason="buyer_regret")
    (item,) = good(house.call("GET", f"/v1/orders/{by_policy}/after-sales"))["items"]
    assert item["state"] == "paying"
    assert pay(house) == 1
    assert [f["data"]["amount"] for f in facts(house, by_policy, "refund.paid")] == [PAID]
    house.call("PUT", "/v1/after-sale-settings", {"auto_fen": 0, "second_fen": 500_000})
    done = good(
        house.call(
            "POST",
            "/v1/after-sales/agree",
            {
                "items": [
                    {"id": i["id"], "amount_fen": i["amount"]}
                    for i in good(house.call("GET", f"/v1/orders/{asked}/after-sales"))["items"]
                ]
            },
        )
    )
    assert [i["state"] for i in done["items"]] == ["paying"]
    assert audit(house) == []


def test_large_sums_ask_for_two_persons(house: House, payer: Payer) -> None:
    house.call("PUT", "/v1/after-sale-settings", {"auto_fen": 0, "second_fen": 1_000})
    id_ = sent(house)
    made = good(open_(house, id_, "refund_only", "not_as_described", (1, 1)))
    first = good(do(house, made, "agree", amount_fen=1_990))
    assert first["item"]["state"] == "proposed"
    assert code(do(house, made, "agree", amount_fen=1_990)) == (409, "same_person")
    second = good(do(house, made, "agree", role="operator", amount_fen=1_990))
    assert second["item"]["state"] == "paying"
    house.call("PUT", "/v1/after-sale-settings", {"auto_fen": 0, "second_fen": 500_000})
    small = good(open_(house, id_, "compensation", "late", own_fen=500))
    assert good(do(house, small, "agree", amount_fen=500))["item"]["state"] == "paying"
    assert pay(house, now_ms() + PAYOUT_RETRY_MAX_S * 1000) >= 2
    (paid,) = facts(house, id_, "compensation.paid")
    assert (paid["data"]["amount"], paid["data"]["code"]) == (500, "")
    left = good(house.call("GET", f"/v1/orders/{id_}/after-sales"))["reckoning"]["left"]
    assert left == PAID - 1_990
    third = open_(house, id_, "refund_only", "other", (1, 2))
    assert code(third) == (409, "more_than_paid")


def test_an_exchange_sends_other_goods_at_no_charge(house: House, payer: Payer) -> None:
    id_ = sent(house)
    sku = good(house.call("GET", f"/v1/orders/{id_}"))["lines"][1]["sku"]
    wanted = [{"sku": sku, "quantity": 1, "price": 500}]
    made = good(open_(house, id_, "exchange", "wrong_goods", (1, 1), wanted=wanted))
    good(do(house, made, "agree", amount_fen=1_990))
    good(do(house, made, "receive", warehouse=agreed_warehouse(house, id_)))
    (asked,) = made["item"]["lines"]
    line = {"line": 1, "sku": asked["sku"], "quantity": 1, "grade": "opened", "outcome": "scrap"}
    seen = good(do(house, made, "inspect", found=[line]))
    assert (seen["item"]["state"], seen["item"]["amount"]) == ("paying", 1_490)  # the difference
    (said,) = facts(house, id_, "exchange.arranged")
    assert (said["data"]["moved"], said["data"]["difference"]) == (1_990, -1_490)
    order = good(house.call("GET", f"/v1/orders/{id_}"))
    assert [n["quantity"] for n in order["lines"]] == [2, 1, 1]
    assert len(order["fulfilments"]) == 2
    good(do(house, made, "record", receipt="r"))
    for event in ("release", "pick", "pack", "ship", "deliver"):
        act(house, id_, event=event)
    # what was sent in exchange comes back in its turn, for what is left of its price
    again = good(open_(house, id_, "return", "quality", (3, 1)))
    assert again["item"]["amount"] == 500
    rest = good(open_(house, id_, "refund_only", "quality", (1, 1), (2, 1)))
    assert rest["item"]["amount"] == 1_990 + 500
    good(do(house, again, "agree", amount_fen=500))
    good(do(house, rest, "agree", amount_fen=2_490))
    assert good(house.call("GET", f"/v1/orders/{id_}/after-sales"))["reckoning"]["left"] == 0
    assert audit(house) == []


def exchanged(house: House, id_: str, sku: str, price: int) -> Any:
    """Let a unit of line 1 come back sound, for one of a SKU at a price."""
    wanted = [{"sku": sku, "quantity": 1, "price": price}]
    made = good(open_(house, id_, "exchange", "wrong_goods", (1, 1), wanted=wanted))
    good(do(house, made, "agree", amount_fen=1_990))
    good(do(house, made, "receive", warehouse=agreed_warehouse(house, id_)))
    (asked,) = made["item"]["lines"]
    line = {"line": 1, "sku": asked["sku"], "quantity": 1, "grade": "as_new", "outcome": "restock"}
    return good(do(house, made, "inspect", found=[line]))


def test_dearer_goods_wait_for_their_supplement(house: House) -> None:
    id_ = sent(house)
    skus = [n["sku"] for n in good(house.call("GET", f"/v1/orders/{id_}"))["lines"]]
    done = exchanged(house, id_, skus[1], 2_500)
    assert (done["item"]["state"], done["outcome"]) == ("closed", "exchanged")
    (said,) = facts(house, id_, "exchange.arranged")
    assert (said["data"]["difference"], said["data"]["supplement"]) == (510, 510)
    order = good(house.call("GET", f"/v1/orders/{id_}"))
    assert order["holds"] == ["supplement_due"]
    assert len(order["fulfilments"]) == 2  # its goods are reserved meanwhile
    left = good(house.call("GET", f"/v1/orders/{id_}/after-sales"))["reckoning"]["left"]
    assert left == PAID  # nobody has paid the difference
    path = f"/v1/orders/{id_}/transitions"
    for told, refused in (
        ({"event": "release"}, "held"),
        ({"event": "unhold"}, "supplement_due"),
        ({"event": "pay", "amount_fen": 511}, "more_than_due"),
    ):
        assert code(house.call("POST", path, told)) == (409, refused), told
    act(house, id_, event="pay", amount_fen=510)
    paid = [f["data"] for f in facts(house, id_, "order.paid")]
    assert (paid[-1]["amount"], paid[-1]["stage"]) == (510, "supplement")
    for event in ("release", "pick", "pack", "ship", "deliver"):
        act(house, id_, event=event)
    again = good(open_(house, id_, "return", "quality", (3, 1)))
    assert again["item"]["amount"] == 2_500
    good(do(house, again, "withdraw"))
    # the same goods again cost the same, whatever the price list says by now
    assert exchanged(house, id_, skus[0], 9_900)["outcome"] == "exchanged"
    assert good(house.call("GET", f"/v1/orders/{id_}"))["holds"] == []
    house.work("sequence", "sentinel")  # whose sums of lines, total and money hold
    wrong = "select cause from findings where tenant=%s and oid=%s and class='amount_mismatch'"
    assert ask(house.url, wrong, house.tenant, id_) == []
    assert audit(house) == []


def test_what_came_bounds_the_refund_and_a_person_may_cut_it(house: House, payer: Payer) -> None:
    id_ = sent(house)
    made = good(open_(house, id_, "return", "damaged", (1, 2)))
    good(do(house, made, "agree", amount_fen=3_980))
    good(do(house, made, "receive", warehouse=agreed_warehouse(house, id_)))
    sku = made["item"]["lines"][0]["sku"]
    line = {"line": 1, "sku": sku, "quantity": 1, "grade": "used", "outcome": "set_aside"}
    seen = good(do(house, made, "inspect", found=[line]))
    assert (seen["item"]["state"], seen["reckoning"]["now"]) == ("inspected", 1_990)
    shares = [{"line": 1, "quantity": 1, "amount": 1_991}]
    over = do(house, made, "agree", amount_fen=3_981, sum={"shares": [*shares, *shares]})
    assert code(over) == (409, "more_than_paid")
    shares = [{"line": 1, "quantity": 1, "amount": 1_500}]
    cut = good(do(house, made, "agree", amount_fen=1_500, sum={"shares": shares}))
    assert (cut["item"]["state"], cut["item"]["amount"]) == ("paying", 1_500)
    good(do(house, made, "record", receipt="r"))
    assert good(house.call("GET", f"/v1/orders/{id_}/after-sales"))["reckoning"]["left"] == 2_980
    assert audit(house) == []


def test_lists_are_by_time_limit_and_rights_hold(house: House) -> None:
    for _ in range(3):
        good(open_(house, str(house.place()["order"]), "refund_only", "other", (2, 1)))
    items = good(house.call("GET", "/v1/after-sales", params={"limit": 2}))
    assert items["next"]
    assert len(items["items"]) == 2
    rest = good(house.call("GET", "/v1/after-sales", params={"cursor": items["next"]}))["items"]
    dues = [i["due"] for i in items["items"] + rest]
    assert dues == sorted(dues)
    counted = good(house.call("GET", "/v1/after-sales/counts"))["items"]
    assert sum(c["count"] for c in counted) == len(dues)
    ended = good(house.call("GET", "/v1/after-sales", params={"state": "closed"}))["items"]
    assert all(i["state"] == "closed" for i in ended)
    one = items["items"][0]["id"]
    assert do(house, one, "refuse", role="viewer", reason="x").status_code == 403
    assert code(do(house, one, "refuse")) == (422, "bad_field")
