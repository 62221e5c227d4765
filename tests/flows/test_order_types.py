"""订单类型: a type drafted by one and approved by another; orders live by it to the minor unit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from danshu.hub import clocks
from danshu.hub.worlds import Worlds
from danshu.ledger.engine import Engine
from tests.fixtures import engine as stores
from tests.fixtures.acting import person
from tests.fixtures.hub import SKUS, House, open_house
from tests.fixtures.people import Browser
from tests.flows.test_workbench_acts import audit

DAY_MS = 86_400_000
SKU = SKUS[0].code


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
    return ok(other.call("POST", f"{path}/approve", {"digest": draft["digest"]}))


def advance(house: House, at_ms: int) -> int:
    """Fire every timer that is due by then."""

    async def fire() -> int:
        worlds = Worlds(house.url)
        fired = 0
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            while n := await clocks.fire(c, worlds, at_ms):
                fired += n
        return fired

    return asyncio.run(fire())


def read(house: House, order: str) -> Any:
    return ok(house.call("GET", f"/v1/orders/{order}"))


def facts(house: House, order: str) -> list[str]:
    told = ok(house.call("GET", f"/v1/orders/{order}/facts"))["facts"]
    return [f["type"] for f in told]


def act(house: House, order: str, event: str, **more: Any) -> Any:
    return house.call("POST", f"/v1/orders/{order}/transitions", {"event": event, **more})


def place(house: House, **more: Any) -> Any:
    lines = [{"sku": SKU, "quantity": 2, "price_fen": 9_999}]
    return house.place(lines=lines, paid_at=None, **more)


def test_a_presale_lives_by_its_type(house: House, people: tuple[Browser, Browser]) -> None:
    kind = template(house, "presale") | {"type": "winter"}
    assert publish(people, kind)["state"] == "published"
    order = place(house, type="winter", buyer="b1")["order"]
    seen = read(house, order)
    assert (seen["type"], seen["phase"], seen["fulfilments"]) == ("winter", "booked", [])
    # 10 % of 199.98 is 20.00; it counts twice, so 20.00 is off
    assert (seen["total"], seen["discount"]) == (17_998, 2_000)
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
