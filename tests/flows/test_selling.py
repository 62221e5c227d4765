"""Bundles, gifts and preorders from master data to the order, over HTTP on a real database."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.orders import amending
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders.amending import LineWish, Wish
from danshu.hub import selling_returns
from danshu.hub.selling_audit import SellingFolder
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339, unpack
from danshu.ledger.audit import fold_rows
from danshu.ledger.fold import Folder
from tests.capabilities.orders.builders import NOW_MS, a_draft, allocated
from tests.fixtures.hub import SKUS, WAREHOUSES, House, order
from tests.flows.asking import upload

A, B, C, GIFT, LATE = (sku.code for sku in SKUS[:5])
SET = {
    "code": "SET-01",
    "name": "洗护套装",
    "parts": [{"sku": A, "units": 2, "share": 60}, {"sku": B, "units": 1, "share": 40}],
}
WELCOME = {"code": "welcome", "name": "见面礼", "sku": GIFT, "once": True, "least_units": 2}
FIVE = {"code": "five", "name": "限量", "sku": C, "stock": 5, "rank": 5, "channels": ["api"]}


def put(house: House, kind: str, *rows: dict[str, Any]) -> Any:
    return house.call("PUT", f"/v1/masters/{kind}", list(rows))


def read(house: House, id_: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The order's lines as stored, and what its facts say by type."""
    with psycopg.connect(house.url) as c:
        row = c.execute("select doc from orders where id=%s", (id_,)).fetchone()
        facts = c.execute("select body from facts where stream=%s order by v", (id_,)).fetchall()
    assert row is not None
    said: dict[str, Any] = {}
    for (body,) in facts:
        for one in unpack(bytes(body)):
            told = json.loads(one)
            said[told["type"]] = told["data"]
    return json.loads(bytes(row[0]))["lines"], said


def differences(house: House) -> list[str]:
    """What the audit finds where facts and rows of selling differ."""

    async def look() -> list[str]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            folders: list[Folder] = [SellingFolder(house.tenant)]
            report = await fold_rows(c, house.tenant, folders)
            return [d.code for d in report.differences]

    return asyncio.run(look())


def lines(*sold: tuple[str, int, int]) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": n, "price_fen": fen} for sku, n, fen in sold]


def test_a_bundle_is_sold_as_its_components_to_the_fen(house: House) -> None:
    nested = {"code": "X", "name": "", "parts": [{"sku": "SET-01", "share": 1}]}
    assert put(house, "bundles", SET).json() == {"rows": 1}
    assert put(house, "bundles", nested).json()["code"] == "bundle_nested"
    placed = house.place(lines=lines(("SET-01", 3, 3333), (C, 1, 100)))
    shares = {(s["sku"], s["quantity"]) for f in placed["plan"] for s in f["lines"]}
    assert shares == {(A, 6), (B, 3), (C, 1)}
    kept, said = read(house, placed["order"])
    assert [n["sku"] for n in kept] == [A, B, C]
    assert sum(n["paid"] for n in kept[:2]) == 9_999 == sum(n["bundle"]["amount"] for n in kept[:2])
    assert {n["bundle"]["sku"] for n in kept[:2]} == {"SET-01"}
    assert kept[0]["bundle"] | {"amount": 0} == {
        "amount": 0, "line": 1, "price": 3333, "sku": "SET-01", "title": "洗护套装", "units": 3,
    }  # fmt: skip
    assert said["order.placed"]["lines"][0]["bundle"]["sku"] == "SET-01"
    assert house.call("GET", "/v1/masters/bundles?q=set").json()["items"][0]["parts"][0]["share"]
    assert house.call("DELETE", "/v1/masters/bundles/SET-01").status_code == 204
    refused = house.call("POST", "/v1/orders", order(lines=lines(("SET-01", 1, 1))))
    assert refused.json()["code"] == "unknown_sku"


def test_gifts_are_given_once_and_never_over_their_stock_by_concurrent_buyers(house: House) -> None:
    assert put(house, "gifts", WELCOME, FIVE).json() == {"rows": 2}
    receiver = order()["receiver"]

    def buy(n: int) -> dict[str, Any]:
        who = {**receiver, "phone": f"1390000{n // 2:04d}"}
        return house.place(lines=lines((A, 2, 1000)), receiver=who)

    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(buy, range(16)))
    found = [read(house, p["order"]) for p in placed]
    given = [[n["gift"] for n in kept if n.get("gift")] for kept, _ in found]
    assert sum("welcome" in one for one in given) == 8  # of each pair of one buyer's orders, one
    assert sum("five" in one for one in given) == 5
    assert all(n["price"] == n["paid"] == 0 for kept, _ in found for n in kept if n.get("gift"))
    reasons = [k["because"] for _, said in found for k in said["gifts.decided"].get("kept", ())]
    assert sorted(reasons) == ["buyer_had"] * 8 + ["used_up"] * 11
    rows = house.call("GET", "/v1/masters/gifts").json()["items"]
    assert {r["rule"]["code"]: r["given"] for r in rows} == {"five": 5, "welcome": 0}


def test_what_has_no_stock_is_sold_against_announced_goods_up_to_what_is_announced(
    house: House,
) -> None:
    none = [{"warehouse": w.code, "sku": LATE, "on_hand": 0, "in_transit": 9} for w in WAREHOUSES]
    assert house.call("PUT", "/v1/stock", {"levels": none}).status_code == 200
    arrives = rfc3339((house.hub.clock() // 1000 + 20 * 86_400) * 1000)
    assert put(house, "preorders", {"sku": LATE, "arrives": arrives, "units": 5}).status_code == 200
    first, second = (house.place(lines=lines((LATE, 3, 500))) for _ in range(2))
    kept, said = read(house, first["order"])
    assert kept[0]["arrives"] == arrives
    assert said["preorder.taken"]["lines"][0]["units"] == 3
    promised = {p["code"]: p for p in first["promises"]}
    assert "ship48h" not in promised
    assert promised["announced"]["due"] == arrives, "it ships by the announced day"
    later = {"reason": "到货延后", "wanted": "2099-01-01"}
    no = house.call("POST", f"/v1/orders/{first['order']}/amendments", later)
    assert (no.status_code, no.json()["code"]) == (409, "consent_needed")
    kept, said = read(house, second["order"])
    assert "arrives" not in kept[0]
    assert "preorder.taken" not in said
    (row,) = house.call("GET", "/v1/masters/preorders").json()["items"]
    assert (row["units"], row["sold"], row["in_transit"]) == (5, 3, 9 * len(WAREHOUSES))
    assert differences(house) == []


def used(house: House) -> dict[str, int]:
    """Units that are used up, by allowance."""
    with psycopg.connect(house.url) as c:
        return dict(c.execute("select name, used from allowances").fetchall())


def test_what_is_cancelled_or_amended_away_is_there_for_others(house: House) -> None:
    none = [{"warehouse": w.code, "sku": LATE, "on_hand": 0} for w in WAREHOUSES]
    assert house.call("PUT", "/v1/stock", {"levels": none}).status_code == 200
    arrives = rfc3339((house.hub.clock() // 1000 + 20 * 86_400) * 1000)
    put(house, "preorders", {"sku": LATE, "arrives": arrives, "units": 5})
    rules = [{**WELCOME, "code": "w2"}, {**FIVE, "code": "f2", "units": 2, "stock": 2}]
    assert put(house, "gifts", *rules).json() == {"rows": 2}
    who = {**order()["receiver"], "phone": "13911112222"}
    both = lines((A, 2, 1000), (LATE, 2, 500))
    first = house.place(lines=both, receiver=who)["order"]
    assert used(house) == {f"preorder/{LATE}": 2, "gift/f2": 2}
    wish = {"reason": "少要一件", "lines": [{"line": 2, "quantity": 1}]}
    told = house.call("POST", f"/v1/orders/{first}/amendments", wish)
    assert told.status_code == 200, told.text
    assert used(house)[f"preorder/{LATE}"] == 1
    second = house.place(lines=both, receiver=who)["order"]
    kept, _ = read(house, second)
    assert not {"w2", "f2"} & {n.get("gift") for n in kept}, "both are used up"
    for id_ in (first, second):
        assert house.call("POST", f"/v1/orders/{id_}/cancel", {"reason": "r"}).status_code == 200
    _, said = read(house, first)
    assert said["allowances.changed"]["again"] == ["w2"]
    assert used(house) == {f"preorder/{LATE}": 0, "gift/f2": 0}
    kept, _ = read(house, house.place(lines=both, receiver=who)["order"])
    assert {"w2", "f2"} <= {n.get("gift") for n in kept}, "the buyer may have both again"
    assert differences(house) == []
    with psycopg.connect(house.url, autocommit=True) as c:
        c.execute("update allowances set used=used+1 where name='gift/f2'")
    assert differences(house) == ["allowance_differs"]


LEAVES = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5), st.booleans()), max_size=8)


@settings(max_examples=100, deadline=None)
@given(LEAVES)
def test_an_order_uses_up_what_it_still_is(steps: list[tuple[int, int, bool]]) -> None:
    """Any amendments and a cancellation: what was taken less what went back is what is left."""
    marks: list[dict[str, Any]] = [
        {"gift": "a", "limited": True},
        {"arrives": "2026-12-08T00:00:00Z"},
        {"gift": "b"},
        {},
    ]
    made = allocated(a_draft(quantities=(3, 2, 4))).order
    held = [replace(n, **m) for n, m in zip(made.lines, marks, strict=False)]
    now = replace(made, lines=tuple(held))
    used = {selling_returns.allowance_of(n): n.quantity for n in now.lines}
    for line, quantity, ends in steps:
        try:
            done = (
                orders.act(now, orders.Command(event="cancel"), NOW_MS)
                if ends
                else amending.amend(now, Wish(by="t", reason="r", lines=(
                    LineWish(line=line, quantity=quantity),
                )))
            )  # fmt: skip
        except InputError:
            continue
        if isinstance(done, Refusal):
            continue
        for one in selling_returns.changed(now, done.order):
            used[one.name] += one.used
        was, now = now, done.order
        gone = set(selling_returns.gone(was, now))
        left = {n.gift for n in now.lines if n.gift and n.quantity > n.cancelled}
        assert not gone & left
        used.pop("", None)
        assert used == {
            name: n.quantity - n.cancelled
            for n in now.lines
            if (name := selling_returns.allowance_of(n))
        }


def test_bundles_come_in_as_a_sheet_with_a_row_a_component_and_go_again(house: House) -> None:
    text = (
        "套装编码,套装名称,子商品编码,数量,占比\n"
        f"SET-09,早餐套装,{A},2,60\nSET-09,早餐套装,{B},1,40\n"
        f"SET-10,,SET-09,1,1\nSET-10,,NO-SUCH,1,1\n"
    )
    put(house, "bundles", {"code": "SET-09", "name": "旧", "parts": [{"sku": C, "share": 5}]})
    kept = upload(house, "bundles", text.encode()).json()
    chosen = {"header_row": kept["form"]["header_row"], "columns": kept["columns"]}
    mapped = house.call("PUT", f"/v1/imports/{kept['id']}/mapping", chosen).json()
    assert (mapped["counts"]["new"], mapped["counts"]["rejected"]) == (2, 2)
    rejects = house.call("GET", f"/v1/imports/{kept['id']}/rejects").text
    assert "NO-SUCH" in rejects
    for act, parts in (("apply", {A, B, C}), ("undo", {C})):
        told = {"mode": "good"} if act == "apply" else None
        assert house.call("POST", f"/v1/imports/{kept['id']}/{act}", told).status_code == 202
        house.work("sheets")
        (bundle,) = house.call("GET", "/v1/masters/bundles").json()["items"]
        assert {p["sku"] for p in bundle["parts"]} == parts
