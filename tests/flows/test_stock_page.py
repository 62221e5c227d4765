"""The stock page: what orders wait for, what runs low, one SKU with its history, edits and undo."""

from __future__ import annotations

import time
from typing import Any

import pytest

from danshu.hub import stock_figures
from tests.fixtures.hub import SKUS, UNITS, WAREHOUSES, House
from tests.flows.asking import tell

SKU, WH = SKUS[0].code, WAREHOUSES[0].code


def lines(*wanted: tuple[str, int]) -> list[dict[str, Any]]:
    """Make an order's lines."""
    return [{"sku": sku, "quantity": n, "price_fen": 100} for sku, n in wanted]


def follow(house: House) -> None:
    """Let the rooms catch up."""
    house.work("sequence", "rows")


def summary(house: House) -> dict[str, Any]:
    """Ask for the summary."""
    answer: dict[str, Any] = house.call("GET", "/v1/stock/summary").json()
    return answer


def move(house: House, warehouse: str, reason: str = "收货", **line: Any) -> Any:
    """Move stock."""
    body = {"warehouse": warehouse, "lines": [line], "reason": reason}
    return house.call("POST", "/v1/stock/movements", body)


def drain(house: House, left: int) -> None:
    """Leave units of the first SKU in the first warehouse, and none elsewhere."""
    counts = [
        {"warehouse": w.code, "sku": SKU, "on_hand": left if w.code == WH else 0}
        for w in WAREHOUSES
    ]
    assert house.call("PUT", "/v1/stock", {"levels": counts}).status_code == 200


def test_goods_that_cannot_cover_the_orders_come_first(house: House) -> None:
    assert summary(house)["waiting"] == {"items": [], "skus": 0, "orders": 0, "exact": True}
    drain(house, 3)
    short = house.place(lines=lines((SKU, 10)))
    assert short["open_units"] == 10
    follow(house)
    waiting = summary(house)["waiting"]
    (item,) = waiting["items"]
    assert (waiting["orders"], waiting["exact"]) == (1, True)
    assert (item["sku"], item["known"], item["orders"]) == (SKU, True, 1)
    assert (item["units"], item["atp"], item["missing"]) == (10, 3, 7)
    assert item["due"]
    assert item["since"]
    assert move(house, WH, sku=SKU, on_hand=7, in_transit=2).status_code == 200
    (item,) = summary(house)["waiting"]["items"]
    assert (item["atp"], item["missing"], item["in_transit"]) == (10, 0, 2)
    done = house.call("POST", f"/v1/orders/{short['order']}/transitions", {"event": "allocate"})
    assert done.status_code == 200, done.text
    follow(house)
    assert summary(house)["waiting"]["items"] == []


def test_goods_that_nobody_knows_wait_as_well(house: House) -> None:
    stranger = {
        "number": "X-1", "lines": lines(("外部码", 4)),
        "receiver": {"name": "张示例", "phone": "13900001234", "province": "北京市",
                     "city": "北京市", "detail": "示例路 1 号"},
    }  # fmt: skip
    refused = house.call("POST", "/v1/orders", stranger)
    assert refused.json()["code"] == "unknown_sku"
    placed = house.place(lines=lines((SKU, 1)))
    tell(
        house.url,
        "insert into waiting_units(tenant,sku,id,quantity) values(%s,'外部码',%s,4)",
        house.tenant,
        placed["order"],
    )
    (item,) = summary(house)["waiting"]["items"]
    assert (item["sku"], item["known"], item["missing"], item["name"]) == ("外部码", False, 4, "")


def test_a_cancelled_order_waits_no_more(house: House) -> None:
    drain(house, 0)
    order = house.place(lines=lines((SKU, 5)))
    follow(house)
    assert summary(house)["waiting"]["skus"] == 1
    house.call("POST", f"/v1/orders/{order['order']}/cancel", {"reason": "不要了"})
    follow(house)
    assert summary(house)["waiting"]["skus"] == 0


def test_totals_and_low_stock(house: House) -> None:
    before = summary(house)["totals"]
    assert (before["rows"], before["below_safety"], before["out"]) == (100, 0, 0)
    assert before["on_hand"] == 100 * UNITS
    counts = [
        {"warehouse": WH, "sku": SKU, "on_hand": 5, "safety": 10},
        {"warehouse": WH, "sku": SKUS[3].code, "on_hand": 0},
    ]
    assert house.call("PUT", "/v1/stock", {"levels": counts}).status_code == 200
    totals = summary(house)["totals"]
    assert (totals["below_safety"], totals["out"]) == (1, 1)

    def found(**params: Any) -> list[str]:
        page = house.call("GET", "/v1/stock/skus", params=params).json()
        return [r["sku"] for r in page["items"]]

    assert found(low="below_safety") == [SKU]
    assert found(low="out") == [SKUS[3].code]
    assert found(low="out", warehouse=WAREHOUSES[1].code) == []
    assert found(q=SKU) == [SKU]
    assert found(q=SKU.lower()[-3:])
    assert found(q="100%_") == []
    row = house.call("GET", "/v1/stock/skus", params={"q": SKU}).json()["items"][0]
    assert row["on_hand"] == 4 * UNITS + 5
    assert row["atp"] == 4 * UNITS
    assert (row["places"], row["low"], row["out"]) == (5, 1, 0)
    one = house.call("GET", "/v1/stock/skus", params={"q": SKU, "warehouse": WH}).json()
    assert one["items"][0]["on_hand"] == 5


@pytest.mark.parametrize("params", [{}, {"q": "e"}, {"low": "out"}, {"q": "e", "low": "out"}])
@pytest.mark.parametrize("limit", [1, 3, 7, 20])
def test_pages_add_up(house: House, params: dict[str, Any], limit: int) -> None:
    counts = [{"warehouse": WH, "sku": s.code, "on_hand": 0} for s in SKUS[:9]]
    house.call("PUT", "/v1/stock", {"levels": counts})
    whole = house.call("GET", "/v1/stock/skus", params={"limit": 100, **params}).json()
    assert whole["next"] == ""
    seen: list[str] = []
    cursor = ""
    while True:
        page = house.call(
            "GET", "/v1/stock/skus", params={"limit": limit, "cursor": cursor, **params}
        ).json()
        assert len(page["items"]) <= limit
        seen += [r["sku"] for r in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == [r["sku"] for r in whole["items"]]
    assert len(seen) > 4


def test_a_page_that_takes_too_long_ends_where_it_stands(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from danshu.hub import stock_views

    monkeypatch.setattr(stock_views, "STOCK_PAGE_MS", -1)
    monkeypatch.setattr(stock_views, "STOCK_CHUNK_SKUS", 4)
    house.call(
        "PUT", "/v1/stock", {"levels": [{"warehouse": WH, "sku": SKUS[9].code, "on_hand": 0}]}
    )
    seen, pages, cursor = [], 0, ""
    while True:
        page = house.call("GET", "/v1/stock/skus", params={"low": "out", "cursor": cursor}).json()
        seen += [r["sku"] for r in page["items"]]
        pages += 1
        cursor = page["next"]
        if not cursor:
            break
    assert seen == [SKUS[9].code]
    assert pages > 3


def test_one_sku_with_places_quotas_and_history(house: House) -> None:
    quota = {"warehouse": WH, "sku": SKU, "channel": "taobao", "cap": 40}
    assert house.call("PUT", "/v1/quotas", quota).status_code == 200
    sku = house.call("GET", "/v1/stock/sku", params={"sku": SKU}).json()
    assert [p["warehouse"] for p in sku["places"]] == [w.code for w in WAREHOUSES]
    assert sku["quotas"] == [quota | {"used": 0}]
    listed = house.call("GET", "/v1/quotas", params={"sku": SKU}).json()
    assert listed == {"items": sku["quotas"], "next": ""}
    assert move(house, WH, "到货单 7", sku=SKU, on_hand=30, in_transit=5).status_code == 200
    assert move(house, WH, "报损", sku=SKU, on_hand=-4).status_code == 200
    assert move(house, WAREHOUSES[1].code, "收货", sku=SKU, on_hand=1).status_code == 200
    moves = house.call("GET", "/v1/stock/moves", params={"sku": SKU, "warehouse": WH}).json()
    assert [(m["on_hand"], m["on_hand_after"], m["reason"]) for m in moves["items"]] == [
        (-4, UNITS + 26, "报损"),
        (30, UNITS + 30, "到货单 7"),
        (UNITS, UNITS, "tests"),
    ]
    assert moves["items"][0]["by"] == "admin"
    assert [m["shipped"] for m in moves["items"]] == [0, 0, -1]
    seen, cursor = [], ""
    while True:
        page = house.call(
            "GET", "/v1/stock/moves", params={"sku": SKU, "limit": 2, "cursor": cursor}
        ).json()
        seen += [m["id"] for m in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == len(WAREHOUSES) + 3


def test_units_that_orders_took_are_told_between_two_moves(house: House) -> None:
    tell(
        house.url,
        "update stock set on_hand=on_hand-12 where tenant=%s and wh=0 and sku=0",
        house.tenant,
    )
    sku = SKUS[0].code
    move(house, WH, "收货", sku=sku, on_hand=2)
    newest = house.call("GET", "/v1/stock/moves", params={"sku": sku, "warehouse": WH}).json()
    assert newest["items"][0]["shipped"] == 12


def test_a_move_is_undone_by_its_inverse_and_refused_below_reserved(house: House) -> None:
    move(house, WH, "盘盈", sku=SKU, on_hand=5)
    move(house, WH, "撤销:盘盈", sku=SKU, on_hand=-5)
    place = house.call("GET", "/v1/stock/sku", params={"sku": SKU}).json()["places"][0]
    assert place["on_hand"] == UNITS
    drain(house, 6)
    house.place(lines=lines((SKU, 6)))
    refused = move(house, WH, "报损", sku=SKU, on_hand=-1)
    assert (refused.status_code, refused.json()["code"]) == (409, "below_reserved")


def test_walls_and_what_is_not_there(house: House) -> None:
    foreign = {"authorization": f"Bearer {house.other}"}
    for path in (f"/v1/stock/sku?sku={SKU}",):
        assert house.client.get(path, headers=foreign).status_code == 404
    empty = house.client.get("/v1/stock/summary", headers=foreign).json()
    assert empty["totals"]["rows"] == 0
    assert house.client.get("/v1/stock/skus", headers=foreign).json()["items"] == []
    assert house.client.get("/v1/quotas", headers=foreign).json()["items"] == []
    missing = house.call("GET", "/v1/stock/moves", params={"sku": "nope"})
    assert missing.status_code == 400
    bad = house.call("GET", "/v1/stock/skus", params={"warehouse": "nope"})
    assert bad.json()["pointer"] == "/warehouse"


def test_many_rows_are_counted_whole_behind_the_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = summary(house)["totals"]
    assert whole["exact"]
    assert whole["rows"] > 1
    monkeypatch.setattr(stock_figures, "STOCK_COUNTED", 1)
    first = summary(house)["totals"]
    assert (first["rows"], first["exact"]) == (1, False)
    deadline_s = time.monotonic() + 30
    while (told := summary(house)["totals"]) == first:
        assert time.monotonic() < deadline_s
    assert told == whole
    # Within FRESH_S what was counted is told again; after it, the next count comes behind.
    drain(house, 0)
    assert summary(house)["totals"] == whole
    monkeypatch.setattr(stock_figures, "FRESH_S", 0)
    while (told := summary(house)["totals"]) == whole:
        assert time.monotonic() < deadline_s
    assert told["out"] > whole["out"]
