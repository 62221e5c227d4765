"""What people call things, over HTTP on a real database."""

from __future__ import annotations

from typing import Any

from danshu.capabilities.intake.folding import fold
from tests.fixtures.hub import SKUS, WAREHOUSES, House

A = SKUS[0].code
STORE = {"kind": "store", "code": "S-RMGC", "name": "人民广场店", "warehouse": WAREHOUSES[0].code}
CUSTOMER = {"kind": "customer", "code": "C-WC", "name": "皖北文昌印务", "address": {"city": "合肥"}}


def put(house: House, kind: str, *rows: dict[str, Any]) -> Any:
    return house.call("PUT", f"/v1/names/{kind}", list(rows))


def test_names_are_written_by_their_key_and_found_in_pages(house: House) -> None:
    assert put(house, "directory", STORE, CUSTOMER).status_code == 200
    options = [{"code": f"O-{n}", "name": f"选项{n}", "storage": "chilled"} for n in range(3)]
    assert put(house, "options", *options).status_code == 200
    assert put(house, "units", {"sku": A, "unit": "箱", "units": 12}).status_code == 200
    alias = {"kind": "sku", "scope": "C-WC", "alias": "旧 编码－7０", "code": A}
    assert put(house, "aliases", alias).status_code == 200
    again = {**alias, "alias": "旧编码-70", "active": False}
    assert put(house, "aliases", again).status_code == 200
    (kept,) = house.call("GET", "/v1/names/aliases?q=70").json()["items"]
    assert (kept["alias"], kept["active"]) == ("旧编码-70", False)
    first = house.call("GET", "/v1/names/options?limit=2").json()
    rest = house.call("GET", f"/v1/names/options?limit=2&cursor={first['next']}").json()
    assert [r["code"] for r in first["items"] + rest["items"]] == ["O-0", "O-1", "O-2"]
    assert rest["next"] == ""
    found = house.call("GET", "/v1/names/directory?q=文昌").json()["items"]
    assert found[0]["address"]["city"] == "合肥"


def test_a_name_that_hangs_in_the_air_is_refused_whole(house: House) -> None:
    before = house.call("GET", "/v1/names/units").json()
    rows = [{"sku": A, "unit": "打", "units": 12}, {"sku": "NO-SUCH", "unit": "打", "units": 12}]
    refused = put(house, "units", *rows)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_code")
    assert house.call("GET", "/v1/names/units").json() == before
    said_nothing = {"kind": "sku", "alias": "！！", "code": A}
    assert put(house, "aliases", said_nothing).json()["code"] == "nothing_said"
    nobody = {"kind": "sku", "scope": "C-NOBODY", "alias": "那个", "code": A}
    assert put(house, "aliases", nobody).json()["code"] == "unknown_code"
    assert put(house, "units", rows[0], rows[0]).json()["code"] == "twice"


def test_folding_is_stable() -> None:
    for words in ("Ａ４ 70g", "ＦＹ－A４７０", "ß İ", "冰美式！"):
        assert fold(fold(words)) == fold(words)
    assert fold("ＦＹ－A４７０") == "fya470"
