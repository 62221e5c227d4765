"""订单类型: a type drafted by one and approved by another; orders live by it to the minor unit."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from danshu.hub import clocks
from danshu.hub.order_type_audit import OrderTypesFolder
from danshu.hub.worlds import Worlds
from danshu.ledger.audit import Folder, fold_rows
from danshu.ledger.engine import Engine
from tests.fixtures import engine as stores
from tests.fixtures.acting import person
from tests.fixtures.engine import ask
from tests.fixtures.hub import REGIONS, SKUS, House, open_house
from tests.fixtures.hub import order as body_of
from tests.fixtures.people import Browser
from tests.flows.test_http_channels import send
from tests.flows.test_workbench_acts import audit

DAY_MS = 86_400_000
SKU = SKUS[0].code
PAYLOADS = Path(__file__).parents[1] / "conformance" / "payloads"


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One for all tests here, with two people of money."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(house: House) -> tuple[Browser, Browser]:
    return person(house, "F21", "finance")[0], person(house, "F22", "finance")[0]


def ok(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def template(house: House, code: str) -> dict[str, Any]:
    book = ok(house.call("GET", "/v1/order-types"))
    return dict(next(t for t in book["templates"] if t["type"] == code))


def publish(people: tuple[Browser, Browser], kind: dict[str, Any]) -> Any:
    """Draft it by one, approve it by the other."""
    one, other = people
    draft = ok(one.call("POST", "/v1/order-types/drafts", {"type": kind}), 201)
    path = f"/v1/order-types/drafts/{draft['id']}"
    ok(one.call("POST", f"{path}/submit", {"revision": draft["revision"]}))
    told = one.call("POST", f"{path}/approve", {"digest": draft["digest"]})
    assert told.status_code == 409, "who wrote it does not approve it"
    assert told.json()["code"] == "approval_author"
    done = ok(other.call("POST", f"{path}/approve", {"digest": draft["digest"]}))
    assert one.call("POST", f"{path}/withdraw").json()["code"] == "type_ended"
    return done


def advance(house: House, at_ms: int, *, dies: bool = False) -> int:
    """Fire every timer that is due by then; or die in the middle, before anything is committed."""

    async def fire() -> int:
        worlds = Worlds(house.url)
        fired = 0
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=not dies) as c:
            await c.execute("select 1")  # whoever dies has all of it in one transaction
            while n := await clocks.fire(c, worlds, at_ms):
                fired += n
                if dies:
                    await c.rollback()
                    break
        return fired

    return asyncio.run(fire())


def read(house: House, order: str) -> Any:
    return ok(house.call("GET", f"/v1/orders/{order}"))


def facts(house: House, order: str) -> list[str]:
    told = ok(house.call("GET", f"/v1/orders/{order}/facts"))["facts"]
    return [f["type"] for f in told]


def act(house: House, order: str, event: str, **more: Any) -> Any:
    return house.call("POST", f"/v1/orders/{order}/transitions", {"event": event, **more})


def order_of(**more: Any) -> dict[str, Any]:
    lines = [{"sku": SKU, "quantity": 2, "price_fen": 9_999}]
    return body_of(lines=lines, paid_at=None, **more)


def place(house: House, **more: Any) -> Any:
    return ok(house.call("POST", "/v1/orders", order_of(**more)), 201)


def stock_of(house: House) -> int:
    """Count the units of the SKU that are reserved."""
    with psycopg.connect(house.url) as c:
        row = c.execute(
            "select sum(s.reserved) from stock s join skus k on k.tenant=s.tenant and k.no=s.sku"
            " where s.tenant=%s and k.code=%s", (house.tenant, SKU),
        ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


def tell(house: House, changes: dict[str, Any]) -> str:
    """Send a trade of Taobao with changes; gives the order."""
    whole = json.loads((PAYLOADS / "taobao.json").read_bytes())
    whole["trade_fullinfo_get_response"]["trade"] |= changes
    assert send(house, "taobao", json.dumps(whole).encode()).status_code == 200
    return str(ask(house.url, "select oid from idem where okey like %s", f"%/{changes['tid']}"))


def test_a_presale_lives_by_its_type(house: House, people: tuple[Browser, Browser]) -> None:
    kind = template(house, "presale") | {"type": "winter"}
    assert publish(people, kind)["state"] == "published"
    order = place(house, type="winter", buyer="b1")["order"]
    seen = read(house, order)
    assert (seen["type"], seen["phase"], seen["fulfilments"]) == ("winter", "booked", [])
    # 10 % of 199.98 is 20.00; it counts twice, so 20.00 is off
    assert (seen["total"], seen["discount"]) == (17_998, 2_000)
    items = ok(house.call("GET", f"/v1/orders/{order}/actions"))["items"]
    offered = {o["event"]: o for o in items if not o["fulfilment"]}
    assert offered["pay"]["state"] == "allowed", "what is due now is offered"
    assert offered["allocate"]["code"] == "closed_in_stage"
    assert act(house, order, "release").json()["code"] == "closed_in_stage"
    assert act(house, order, "allocate").json()["code"] == "closed_in_stage"
    assert act(house, order, "pay", amount_fen=1_999).json()["code"] == "amount_not_due"
    ok(act(house, order, "pay", amount_fen=2_000))
    seen = read(house, order)
    assert (seen["phase"], seen["paid"], seen["paid_at"]) == ("deposited", 2_000, "")
    assert seen["fulfilments"], "stock is held from the deposit on"
    assert act(house, order, "pay", amount_fen=15_998).json()["code"] == "closed_in_stage"
    now = time.time_ns() // 1_000_000
    advance(house, now + 7 * DAY_MS + 60_000)
    assert read(house, order)["phase"] == "tail"
    assert facts(house, order).count("stage.entered") == 3
    assert act(house, order, "release").json()["code"] == "closed_in_stage"
    ok(act(house, order, "pay", amount_fen=15_998))
    seen = read(house, order)
    assert (seen["phase"], seen["paid"], seen["state"]) == ("ready", 17_998, "allocated")
    (promise,) = seen["promises"]
    assert (promise["code"], promise["state"]) == ("ship48h", "running")
    assert promise["started"] == seen["paid_at"], "its clock starts with the balance"
    assert ok(act(house, order, "release"))["state"] == "released"


def test_a_missed_balance_forfeits_the_deposit_once(
    house: House, people: tuple[Browser, Browser]
) -> None:
    held = stock_of(house)
    order = place(house, type="winter", buyer="b2")["order"]
    ok(act(house, order, "pay", amount_fen=2_000))
    assert stock_of(house) == held + 2
    late = time.time_ns() // 1_000_000 + 12 * DAY_MS
    advance(house, late, dies=True)
    assert read(house, order)["phase"] == "deposited", "what died before its commit said nothing"
    advance(house, late)
    advance(house, late)
    seen = read(house, order)
    assert (seen["state"], seen["forfeited"], seen["owed"]) == ("cancelled", 2_000, 0)
    assert facts(house, order).count("deposit.forfeited") == 1
    told = ok(house.call("GET", f"/v1/orders/{order}/timeline"))["entries"]
    assert "待付尾款" in str(told), "stages are told in words"
    assert stock_of(house) == held, "what was held is free again"
    unpaid = place(house, type="winter", buyer="b3")["order"]
    advance(house, late)
    seen = read(house, unpaid)
    assert (seen["state"], seen["cancelled"]) == ("cancelled", "deposit_missed")
    assert "refund.owed" not in facts(house, unpaid), "nothing was paid, nothing is owed"


def test_who_cancels_decides_about_the_deposit(house: House) -> None:
    ends = {"buyer_regret": (2_000, 0), "merchant_stock": (0, 2_000)}
    for reason, money in ends.items():
        order = place(house, type="winter", buyer="b4")["order"]
        ok(act(house, order, "pay", amount_fen=2_000))
        ok(act(house, order, "cancel", reason=reason))
        seen = read(house, order)
        assert (seen["forfeited"], seen["owed"]) == money, reason
        asked = ok(house.call("GET", f"/v1/orders/{order}/after-sales"))["items"]
        assert sum(c["amount"] for c in asked) == money[1], "after-sales pays it back once"


def test_a_group_forms_or_owes_everything_back(
    house: House, people: tuple[Browser, Browser]
) -> None:
    kind = template(house, "pharmacy") | {"type": "flu", "buyer_units": 4}
    kind["group"] = kind["group"] | {"minimum": 2, "closes": "PT1H"}
    publish(people, kind)
    point = {"leader": "团长", "pickup": "南门药房", "region": REGIONS[0].code}
    for code in ("full", "thin"):
        path = "/v1/order-types/flu/groups"
        ok(house.call("POST", path, {"code": code, **point}), 201)
    body = {"type": "flu", "group": "full"}
    orders = [place(house, buyer=f"g{n}", **body)["order"] for n in range(3)]
    for order in orders[:2]:
        ok(act(house, order, "pay", amount_fen=2_000))
    thin = place(house, type="flu", group="thin", buyer="g9")["order"]
    ok(act(house, thin, "pay", amount_fen=2_000))
    told = house.call("POST", "/v1/orders", order_of(type="flu", group="none", buyer="g1"))
    assert told.json()["code"] == "unknown_group"
    advance(house, time.time_ns() // 1_000_000 + 4_000_000)
    seen = {g["code"]: g for g in ok(house.call("GET", "/v1/order-types/flu/groups"))["items"]}
    assert (seen["full"]["state"], seen["full"]["joined"]) == ("formed", 2)
    assert (seen["thin"]["state"], seen["thin"]["joined"]) == ("failed", 1)
    assert [read(house, o)["phase"] for o in orders[:2]] == ["tail", "tail"]
    house.work("sequence", "rows")
    page = ok(house.call("GET", "/v1/group-buys?type=flu&limit=1"))
    assert (page["items"][0]["code"], page["counts"]) == ("thin", {"formed": 1, "failed": 1})
    page = ok(house.call("GET", f"/v1/group-buys?type=flu&cursor={page['next']}"))
    (watched,) = page["items"]
    assert (watched["joined"], watched["needed"], watched["waiting"]) == (2, 0, 0)
    assert [t["type"] for t in page["types"]] == ["flu"]
    path = "/v1/order-types/flu/orders?group=full"
    listed = ok(house.call("GET", path))["items"]
    assert [o["order"] for o in listed] == orders[::-1]
    assert [o["paid"] for o in listed] == [False, True, True]
    assert ok(house.call("GET", "/v1/order-types/flu/orders?group=none"))["items"] == []
    failed = read(house, thin)
    assert (failed["cancelled"], failed["owed"], failed["forfeited"]) == ("group_failed", 2_000, 0)
    late = act(house, orders[2], "pay", amount_fen=2_000)
    assert late.status_code in (409, 422), "a decided group takes nobody in"


def test_a_buyer_takes_no_more_than_the_type_allows(house: House) -> None:
    ok(house.call("POST", "/v1/order-types/flu/groups", {
        "code": "cap", "leader": "团长", "pickup": "南门药房", "region": REGIONS[0].code,
    }), 201)  # fmt: skip
    for _ in range(2):
        place(house, type="flu", group="cap", buyer="greedy")
    body = order_of(type="flu", group="cap", buyer="greedy")
    told = house.call("POST", "/v1/orders", body)
    assert (told.status_code, told.json()["code"]) == (422, "buyer_cap")
    assert house.call("POST", "/v1/orders", order_of()).status_code == 201, "others go on"


def test_a_platform_s_presale_follows_the_type_that_takes_its_marks(
    house: House, people: tuple[Browser, Browser]
) -> None:
    kind = template(house, "presale") | {"type": "taobao_step"}
    kind["scope"] = {**kind["scope"], "named": False, "channels": ["taobao"], "marks": "deposit"}
    publish(people, kind)
    trade = {"tid": "990001", "step_trade_status": "FRONT_PAID_FINAL_NOPAID"}
    first = tell(house, trade | {"step_paid_fee": "30.00", "status": "WAIT_BUYER_PAY"})
    seen = read(house, first)
    assert (seen["type"], seen["phase"]) == ("taobao_step", "deposited")
    assert "presale_tail_unpaid" not in seen["holds"], "its stage says it now"
    assert (seen["paid"], seen["deposit"]) == (3_000, 3_000)
    paid = trade | {"step_trade_status": "FRONT_PAID_FINAL_PAID", "pay_time": "2026-11-20 12:00:00"}
    assert tell(house, paid | {"status": "WAIT_SELLER_SEND_GOODS"}) == first
    seen = read(house, first)
    assert (seen["phase"], seen["paid"]) == ("ready", seen["total"])
    told = ok(house.call("GET", f"/v1/orders/{first}/facts"))["facts"]
    stages = [f["data"].get("stage") for f in told if f["type"] == "order.paid"]
    assert stages == ["deposit", "tail"]


def test_the_facts_give_the_rows(house: House) -> None:
    assert audit(house) == []
    assert audit_types(house) == []
    with psycopg.connect(house.url) as c:  # and the audit can fail
        c.execute("update typed_orders set stage='ready' where stage='booked'")
        c.execute("update type_buyers set units=0 where buyer='greedy'")
    assert {d.where.partition(" ")[0] for d in audit_types(house)} == {
        "typed_orders",
        "type_buyers",
    }


def audit_types(house: House) -> list[Any]:
    async def run() -> list[Any]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            folders: list[Folder] = [OrderTypesFolder(house.tenant)]
            return list((await fold_rows(c, house.tenant, folders)).differences)

    return asyncio.run(run())
