"""The workbench over HTTP: the list and its words, saved views, where a word leads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.hub import REGIONS, SKUS, WAREHOUSES, House

LIST = "/v1/workbench/orders"


def rows(house: House, f: str = "", **more: Any) -> list[dict[str, Any]]:
    told = house.call("GET", LIST, params={"f": f, **more})
    assert told.status_code == 200, told.text
    return list(told.json()["items"])


def numbers(house: House, f: str = "", **more: Any) -> list[str]:
    return [r["number"] for r in rows(house, f, **more)]


def act(house: House, order: str, event: str, **more: Any) -> None:
    told = house.call("POST", f"/v1/orders/{order}/transitions", {"event": event, **more})
    assert told.status_code == 200, told.text


def follow(house: House) -> None:
    house.work("sequence", "rows")


def test_a_row_says_what_a_person_works_by(house: House) -> None:
    placed = house.place(number="W-1")
    act(house, placed["order"], "hold", reason="地址存疑")
    follow(house)
    (row,) = rows(house)
    assert row["number"] == "W-1"
    assert (row["title"], row["quantity"], row["lines"]) == ("示例", 2, 2)
    assert (row["paid"], row["total"], row["currency"]) == (4480, 4480, "CNY")
    assert (row["state"], row["holds"]) == ("held", ["地址存疑"])
    assert (row["province"], row["place"]) == ("北京市", "北京市")
    assert row["warehouse"] == placed["plan"][0]["warehouse"]
    assert row["warehouse_name"] in {w.name for w in WAREHOUSES}
    assert row["promise"] in {"running", "warned", "broken"}
    dues = [p["due"] for p in placed["promises"] if p["due"]]
    assert row["due"] == min(dues)
    assert row["started"] < row["due"]
    assert not row["short"]
    assert row["assignee"] is None


def test_filters_sorts_and_pages(house: House) -> None:
    for n in range(5):
        house.place(number=f"P-{n}", postage_fen=100 * n, channel="jd" if n % 2 else "taobao")
    held = house.place(number="P-5", paid_at=None)
    act(house, held["order"], "hold", reason="复核")
    follow(house)
    assert numbers(house, sort="-amount")[:2] == ["P-4", "P-3"]
    assert numbers(house, sort="-placed") == [f"P-{n}" for n in range(5, -1, -1)]
    assert numbers(house, "channel.in.jd", sort="-placed") == ["P-3", "P-1"]
    assert numbers(house, "state.in.held") == ["P-5"]
    assert numbers(house, "hold.in.复核") == ["P-5"]
    assert numbers(house, "q.is.P-3") == ["P-3"]
    assert numbers(house, "due.lt.365d;channel.in.jd", sort="-placed") == ["P-3", "P-1"]
    first = house.call("GET", LIST, params={"limit": 4, "sort": "-placed"}).json()
    params = {"limit": 4, "sort": "-placed", "cursor": first["next"]}
    second = house.call("GET", LIST, params=params).json()
    assert [r["number"] for r in second["items"]] == ["P-1", "P-0"]
    assert second["next"] == ""
    other = house.call("GET", LIST, params={**params, "f": "channel.in.jd"})
    assert (other.status_code, other.json()["code"]) == (400, "bad_cursor")
    assert house.call("GET", LIST, params={"f": "x.in.y"}).json()["code"] == "bad_filter"
    count = house.call("GET", "/v1/workbench/count", params={"f": "channel.in.jd"}).json()
    assert (count["count"], count["exact"]) == (2, True)


def test_totals_are_told_by_currency(house: House) -> None:
    """Never added up; the same by the board's counters and by counting row by row."""
    cny = [house.place(number=f"C-{n}") for n in range(2)]
    usd = [house.place(number=f"D-{n}", channel="shopify", currency="USD") for n in range(3)]
    follow(house)

    def amounts(f: str) -> list[tuple[str, int, int]]:
        told = house.call("GET", "/v1/workbench/count", params={"f": f}).json()
        assert told["exact"]
        assert told["count"] == sum(a["count"] for a in told["amounts"])
        return [(a["currency"], a["count"], a["amount"]) for a in told["amounts"]]

    both = [("CNY", 2, sum(p["total"] for p in cny)), ("USD", 3, sum(p["total"] for p in usd))]
    assert amounts("") == amounts("amount.ge.1") == both
    assert amounts("channel.in.shopify") == both[1:]
    act(house, usd[0]["order"], "hold", reason="复核")
    follow(house)
    assert amounts("state.in.held") == amounts("hold.in.复核") == [("USD", 1, usd[0]["total"])]
    assert amounts("") == both


def test_orders_without_a_warehouse_are_found(house: House) -> None:
    short = house.place(lines=[{"sku": SKUS[0].code, "quantity": 50_000, "price_fen": 1}])
    house.place()
    follow(house)
    assert [r["order"] for r in rows(house, "short.is.yes")] == [short["order"]]
    assert [r["order"] for r in rows(house, "warehouse.in.none")] == [short["order"]]
    assert rows(house, "short.is.yes")[0]["short"]


def test_rows_are_read_again_and_say_whether_they_match(house: House) -> None:
    one, two = house.place(channel="jd")["order"], house.place()["order"]
    follow(house)

    def read(f: str, *ids: str) -> tuple[set[str], set[str]]:
        told = house.call("GET", "/v1/workbench/rows", params={"f": f, "ids": ",".join(ids)})
        assert told.status_code == 200, told.text
        news = told.json()
        return {r["order"] for r in news["items"]}, set(news["matching"])

    gone = "019aa9d3-6b80-7000-8000-000000000002"
    assert read("channel.in.jd", one, two, gone) == ({one, two}, {one})
    assert read("", one, two) == ({one, two}, {one, two})
    assert read("") == (set(), set())
    bad = house.call("GET", "/v1/workbench/rows", params={"ids": "x"})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_id")


def test_another_merchant_sees_nothing(house: House) -> None:
    house.place()
    follow(house)
    headers = {"authorization": f"Bearer {house.other}"}
    told = house.client.get(LIST, headers=headers)
    assert told.json()["items"] == []
    assert house.client.get("/v1/workbench/count", headers=headers).json()["count"] == 0


def test_the_words_of_the_filters(house: House) -> None:
    house.place(channel="jd")
    follow(house)
    words = house.call("GET", "/v1/workbench/words").json()
    assert {"code": "jd", "name": "京东"} in words["channels"]
    assert [w["code"] for w in words["warehouses"]] == [w.code for w in WAREHOUSES]
    assert len(words["regions"]) == len(REGIONS)
    assert {"code": "110000", "name": "北京市"} in words["provinces"]
    assert words["me"].startswith("key:")


def views(house: House, role: str = "admin") -> dict[str, Any]:
    told = house.call("GET", "/v1/views", role=role)
    assert told.status_code == 200, told.text
    return dict(told.json())


def save(house: House, role: str = "admin", code: int = 201, **body: Any) -> dict[str, Any]:
    told = house.call("POST", "/v1/views", {"name": "我的", **body}, role=role)
    assert told.status_code == code, told.text
    return dict(told.json())


def test_shipped_views_are_there_with_their_counts(house: House) -> None:
    house.place()
    follow(house)
    listed = views(house)
    codes = ["all", "review", "due-soon", "today", "broken", "unallocated", "mine"]
    assert [v["id"] for v in listed["items"]] == codes
    assert listed["first"] == "all"
    counts = house.call("GET", "/v1/views/counts").json()["items"]
    told = {c["id"]: c["count"] for c in counts}
    assert told["all"] == 1
    assert told["review"] == told["mine"] == 0
    assert set(told) == set(codes)


def test_a_view_is_kept_changed_and_dropped(house: House) -> None:
    columns = [
        {"name": "number", "width": 160},
        {"name": "due"},
        {"name": "tags", "visible": False},
    ]
    made = save(house, f="channel.in.jd", sort="-amount", columns=columns, density="dense")
    assert (made["version"], made["mine"], made["shared"]) == (1, True, False)
    (mine,) = [v for v in views(house)["items"] if v["id"] == made["id"]]
    assert mine == made
    assert mine["columns"][0] == {"name": "number", "width": 160, "visible": True}
    assert made["id"] not in [v["id"] for v in views(house, "operator")["items"]]
    path = f"/v1/views/{made['id']}"
    body = {"name": "改名", "f": "", "version": 1}
    assert house.call("PUT", path, body).json()["version"] == 2
    late = house.call("PUT", path, {**body, "name": "我后到"})
    assert late.status_code == 409
    assert late.json()["code"] == "view_changed"
    assert late.json()["now"]["name"] == "改名"
    assert late.json()["yours"]["name"] == "我后到"
    assert house.call("DELETE", path).status_code == 204
    assert house.call("DELETE", path).status_code == 404


def test_a_shared_view_is_everybody_s_and_opens_with_a_role(house: House) -> None:
    made = save(house, shared=True, name="仓配组", roles=["warehouse"])
    seen = views(house, "warehouse")
    assert made["id"] in [v["id"] for v in seen["items"]]
    assert seen["first"] == made["id"]
    path = f"/v1/views/{made['id']}"
    body = {"name": "x", "version": 1, "shared": True}
    assert house.call("PUT", path, body, role="warehouse").status_code == 403
    assert house.call("PUT", path, body, role="operator").status_code == 200
    assert save(house, "warehouse", 403, shared=True)["code"] == "forbidden"
    assert save(house, code=422, roles=["warehouse"])["code"] == "bad_field"


def test_a_shipped_view_gives_way_to_one_s_own(house: House) -> None:
    body = {"name": "x", "version": 0}
    told = house.call("PUT", "/v1/views/broken", body)
    assert (told.status_code, told.json()["code"]) == (422, "shipped_view")
    made = save(house, name="已违约", f="promise.in.broken,late", shipped="broken")
    ids = [v["id"] for v in views(house)["items"]]
    assert "broken" not in ids
    assert made["id"] in ids
    assert "broken" in [v["id"] for v in views(house, "operator")["items"]]
    house.call("DELETE", f"/v1/views/{made['id']}")
    assert "broken" in [v["id"] for v in views(house)["items"]]


@pytest.mark.parametrize(
    "body",
    [
        {"f": "nothing.in.a"},
        {"columns": [{"name": "no-such"}]},
        {"columns": [{"name": "due"}, {"name": "due"}]},
        {"sort": "rank"},
        {"shipped": "no-such"},
        {"name": ""},
    ],
)
def test_a_view_that_cannot_be_shown_is_refused(shared_house: House, body: dict[str, Any]) -> None:
    told = shared_house.call("POST", "/v1/views", {"name": "x", **body})
    assert told.status_code in (400, 422), told.text


def test_where_a_word_leads(house: House) -> None:
    one = house.place(number="DS2611220084309", buyer="buyer-9")
    two = house.place(number="DS2611220094309")
    for event in ("release", "pick", "pack"):
        act(house, one["order"], event)
    act(house, one["order"], "ship", carrier="SF", waybill="SF1234567890123")
    follow(house)

    def go(q: str) -> dict[str, Any]:
        told = house.call("GET", "/v1/go", params={"q": q})
        assert told.status_code == 200, told.text
        return dict(told.json())

    def met(q: str) -> list[tuple[str, str]]:
        return [(i["id"], i["why"]) for i in go(q)["items"]]

    assert go("DS2611220084309")["only"]
    assert met("ds2611220084309") == [(one["order"], "number")]
    assert met(one["order"]) == [(one["order"], "id")]
    assert met("SF1234567890123") == [(one["order"], "waybill")]
    assert met("0123") == [(one["order"], "waybill")]
    tail = go("4309")
    assert not tail["only"]
    assert {i["id"] for i in tail["items"]} == {one["order"], two["order"]}
    assert {why for _, why in met("1234")} == {"person"}
    sku = go(SKUS[0].code)
    assert sku["only"]
    assert sku["items"][0]["kind"] == "sku"
    assert go(WAREHOUSES[0].code.lower())["items"][0]["kind"] == "warehouse"
    assert go("nothing-like-it") == {"items": [], "only": False, "more": False}
    other = house.client.get(
        "/v1/go",
        params={"q": one["order"]},
        headers={"authorization": f"Bearer {house.other}"},
    )
    assert other.json()["items"] == []
