"""Re-route and marks over a whole hub: one commit, stock to the unit, facts that fold to rows."""

from __future__ import annotations

import asyncio
import concurrent.futures
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from danshu.capabilities.marks import decide as marking
from danshu.hub import marks
from danshu.hub.folding import OrdersFolder, StockFolder
from danshu.hub.marks import MarksFolder, Wanted
from danshu.kernel.fact import Actor
from danshu.kernel.limits import ORDER_TAGS
from danshu.ledger.fold import Folder, fold_rows
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import SKUS, UNITS, WAREHOUSES, House

WHO = Actor(sub="person:1", role="service", grade="B")


def audit(house: House) -> list[Any]:
    """What the audit finds: orders, stock and marks folded again."""

    async def run() -> list[Any]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            world = await house.hub.worlds.ensure(house.tenant)
            folders: list[Folder] = [
                StockFolder(house.tenant),
                OrdersFolder(world),
                MarksFolder(house.tenant),
            ]
            return list((await fold_rows(c, house.tenant, folders)).differences)

    return asyncio.run(run())


def reroute(house: House, order: str, code: int = 200, **body: Any) -> Any:
    told = house.call(
        "POST", f"/v1/orders/{order}/transitions", {"event": "reroute", "reason": "测试", **body}
    )
    assert told.status_code == code, told.text
    return told.json()


def plan(answer: Any) -> list[str]:
    return [f["warehouse"] for f in answer["plan"]]


def reserved(house: House) -> dict[str, int]:
    """Units reserved by warehouse, where there are any."""
    with psycopg.connect(house.url) as connection:
        rows = connection.execute(
            "select w.code, sum(s.reserved)::int from stock s join warehouses w"
            " on w.tenant=s.tenant and w.no=s.wh group by 1 having sum(s.reserved) > 0"
        ).fetchall()
    return dict(rows)


def test_an_order_goes_to_another_warehouse(house: House) -> None:
    placed = house.place()
    (first,) = plan(placed)
    assert reserved(house) == {first: 3}
    assert reroute(house, placed["order"], 409)["code"] == "same_plan"
    (second,) = plan(reroute(house, placed["order"], exclude=[first]))
    assert second != first
    assert reserved(house) == {second: 3}
    seen = house.call("GET", f"/v1/orders/{placed['order']}").json()
    assert [f.get("state", "allocated") for f in seen["fulfilments"]] == ["cancelled", "allocated"]
    assert seen["state"] == "allocated"
    kinds = [f["type"] for f in _facts(house, placed["order"])]
    assert kinds[-3:] == ["order.withdrawn", "route.decided", "order.allocated"]
    assert audit(house) == []


def _facts(house: House, order: str) -> list[Any]:
    told = house.call("GET", f"/v1/orders/{order}/facts")
    assert told.status_code == 200, told.text
    return list(told.json()["facts"])


def test_what_nobody_else_can_give_stays_where_it_is(house: House) -> None:
    placed = house.place()
    (first,) = plan(placed)
    out = [w.code for w in WAREHOUSES if w.code != first]
    assert reroute(house, placed["order"], 409, exclude=[first, *out])["code"] == "nowhere_else"
    assert reserved(house) == {first: 3}
    assert reroute(house, placed["order"], 422, exclude=["NO-SUCH"])["code"] == "unknown_warehouse"
    # the prediction was put back: the next order may still take everything
    whole = [{"sku": SKUS[0].code, "quantity": UNITS - 2, "price_fen": 1}]
    assert house.place(lines=whole)["open_units"] == 0
    assert audit(house) == []


def test_units_that_stay_in_a_row_are_neither_freed_nor_taken(house: House) -> None:
    """Split over two warehouses, then one of them gets the other's goods: it takes over."""
    one, two = WAREHOUSES[0].code, WAREHOUSES[1].code
    give = "update stock s set on_hand=%s from warehouses w, skus k where w.no=s.wh and k.no=s.sku"
    only = " and not (k.code='%s' and w.code='%s' or k.code='%s' and w.code='%s')"
    tell(house.url, give % 0 + only % (SKUS[0].code, two, SKUS[1].code, one))
    tell(house.url, f"update stock set on_hand=1 where on_hand={UNITS} and sku=1")
    house.hub.worlds.forget(house.tenant)
    placed = house.place()
    assert reserved(house) == {one: 1, two: 2}
    tell(house.url, give % 5 + f" and k.code='{SKUS[0].code}' and w.code='{one}'")
    house.hub.worlds.forget(house.tenant)
    assert plan(reroute(house, placed["order"])) == [one]
    assert reserved(house) == {one: 3}


def test_a_released_order_is_not_rerouted(house: House) -> None:
    placed = house.place()
    house.call("POST", f"/v1/orders/{placed['order']}/transitions", {"event": "release"})
    told = reroute(house, placed["order"], 409, exclude=plan(placed))
    assert (told["code"], told["clause"]) == ("begun_already", "fulfilment.released.reroute")


def test_an_order_without_a_warehouse_is_routed(house: House) -> None:
    tell(house.url, "update stock set safety=on_hand")
    house.hub.worlds.forget(house.tenant)
    placed = house.place()
    assert placed["open_units"] == 3
    tell(house.url, "update stock set safety=0")
    house.hub.worlds.forget(house.tenant)
    got = reroute(house, placed["order"])
    assert got["open_units"] == 0


def test_two_people_reroute_at_once(house: House) -> None:
    placed = house.place()
    (first,) = plan(placed)

    body = {"event": "reroute", "exclude": [first]}
    path = f"/v1/orders/{placed['order']}/transitions"
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda _: house.call("POST", path, body), range(2)))
    codes = sorted(t.json().get("code", "done") for t in told)
    assert codes == ["done", "same_plan"]
    assert sum(reserved(house).values()) == 3
    assert audit(house) == []


def mark(house: House, order: str, wanted: Wanted) -> Any:
    async def run() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            world = await house.hub.worlds.ensure(house.tenant)
            return await marks.mark(c, world, uuid.UUID(order), WHO, 1_795_345_200_000, wanted)

    return asyncio.run(run())


def test_marks_are_put_on_and_taken_off(house: House) -> None:
    order = house.place()["order"]
    put = mark(house, order, Wanted(tags=("大额", "冷链")))
    assert put.said.tags == ("大额", "冷链")
    again = mark(house, order, Wanted(tags=("冷链", "预售")))
    assert again.said.tags == ("预售",)
    assert again.before.tags == {"大额", "冷链"}
    assert mark(house, order, Wanted(tags=("预售",))) == marking.TAGGED
    assert mark(house, order, Wanted(tags=("大额",), off=True)).said.tags == ("大额",)
    assert mark(house, order, Wanted(tags=("大额",), off=True)) == marking.UNTAGGED
    mark(house, order, Wanted(person="person:7", number="K03"))
    assert mark(house, order, Wanted(person="person:7", number="K03")) == marking.ASSIGNED
    assert ask(house.url, "select assignee from order_assignees") == "person:7"
    assert audit(house) == []
    mark(house, order, Wanted(person=""))
    assert ask(house.url, "select count(*) from order_assignees") == 0
    assert audit(house) == []
    assert str(mark(house, str(uuid.UUID(int=5)), Wanted(tags=("x",))).code) == "no_order"


def test_an_order_bears_only_so_many_tags(house: House) -> None:
    order = house.place()["order"]
    mark(house, order, Wanted(tags=tuple(f"t{n}" for n in range(ORDER_TAGS))))
    assert mark(house, order, Wanted(tags=("one more",))) == marking.TOO_MANY


@pytest.mark.parametrize(
    "spoil",
    [
        "delete from order_tags",
        "insert into order_tags select tenant, id, 'never said' from orders",
        "update order_assignees set assignee='person:8'",
        "insert into order_assignees select tenant, id, 'x' from orders on conflict (tenant,id)"
        " do update set assignee='x'",
    ],
)
def test_the_audit_finds_marks_that_nobody_said(house: House, spoil: str) -> None:
    order = house.place()["order"]
    mark(house, order, Wanted(tags=("大额",)))
    mark(house, order, Wanted(person="person:7", number="K03"))
    assert audit(house) == []
    tell(house.url, spoil)
    assert [d.code for d in audit(house)] == ["marks_differ"]


def test_tags_are_suggested_by_name(house: House, databases: Callable[[], str]) -> None:
    first, second = house.place()["order"], house.place()["order"]
    mark(house, first, Wanted(tags=("b", "a")))
    mark(house, second, Wanted(tags=("b", "c")))

    async def run() -> list[str]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            assert await marks.suggest(c, house.tenant + 1) == []
            return await marks.suggest(c, house.tenant)

    assert asyncio.run(run()) == ["a", "b", "c"]
