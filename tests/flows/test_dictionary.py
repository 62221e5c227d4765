"""The data dictionary: systems say different things of one field; its rule or a person decides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.hub import SKUS, WAREHOUSES, House

SKU = SKUS[0]


def set_up(house: House, kind: str, field: str, rule: str, source: str = "wms") -> None:
    for name in ("wms", "erp"):
        named = house.call("PUT", f"/v1/dictionary/sources/{name}", {"title": name.upper()})
        assert named.status_code == 200, named.text
    done = house.call("PUT", f"/v1/dictionary/{kind}/{field}", {"source": source, "rule": rule})
    assert done.status_code == 200, done.text


def say(house: House, source: str, kind: str = "skus", **values: Any) -> Any:
    row = {"code": SKU.code, **values} if kind == "skus" else values
    return house.call("POST", f"/v1/dictionary/{kind}/claims", {"source": source, "rows": [row]})


def weight(house: House) -> int:
    (item,) = house.call("GET", "/v1/skus", params={"q": SKU.code}).json()["items"]
    return int(item["weight_g"])


def conflicts(house: House, state: str) -> list[Any]:
    items: list[Any] = house.call(
        "GET", "/v1/dictionary/conflicts", params={"state": state}
    ).json()["items"]
    return items


def test_the_authority_is_believed_and_the_others_are_shown(house: House) -> None:
    set_up(house, "skus", "weight_g", "authority")
    assert say(house, "erp", weight_g=500).json()["written"] == 1  # the authority said nothing yet
    assert say(house, "wms", weight_g=520).json()["written"] == 1
    told = say(house, "erp", weight_g=501, name="新名").json()
    assert (told["written"], told["kept"], told["open"]) == (1, 1, 0)  # its name is anybody's
    assert weight(house) == 520
    (conflict,) = conflicts(house, "ruled")
    assert (conflict["kept"], conflict["source"]) == (520, "wms")
    assert {s["source"]: s["value"] for s in conflict["said"]} == {"erp": 501, "wms": 520}
    say(house, "erp", weight_g=520)
    assert conflicts(house, "ruled") == []


def test_people_do_not_write_over_another_systems_word(house: House) -> None:
    set_up(house, "skus", "weight_g", "authority")
    row = {"code": SKU.code, "name": SKU.name, "weight_g": SKU.weight_g + 1}
    refused = house.call("PUT", "/v1/skus", [row])
    assert (refused.status_code, refused.json()["code"]) == (422, "not_authority")
    assert refused.json()["pointer"] == "/0/weight_g"
    assert weight(house) == SKU.weight_g
    assert house.call("DELETE", "/v1/dictionary/skus/weight_g").status_code == 204
    assert house.call("PUT", "/v1/skus", [row]).status_code == 200


def test_a_person_decides_until_a_system_says_something_else(house: House) -> None:
    set_up(house, "skus", "weight_g", "ask")
    told = say(house, "wms", weight_g=SKU.weight_g + 20).json()
    assert (told["written"], told["same"], told["open"]) == (0, 1, 1)
    (conflict,) = conflicts(house, "open")
    body = {"kind": "skus", "key": conflict["key"], "field": "weight_g", "reason": "复秤"}
    strange = house.call("POST", "/v1/dictionary/conflicts/settle", {**body, "source": "tms"})
    assert (strange.status_code, strange.json()["code"]) == (422, "no_system")
    done = house.call("POST", "/v1/dictionary/conflicts/settle", {**body, "source": "hub"})
    assert done.json() == {"source": "hub", "kept": SKU.weight_g}
    say(house, "wms", weight_g=SKU.weight_g + 20)  # says what it said: settled
    assert (conflicts(house, "open"), weight(house)) == ([], SKU.weight_g)
    say(house, "wms", weight_g=SKU.weight_g + 30)
    assert len(conflicts(house, "open")) == 1
    done = house.call("POST", "/v1/dictionary/conflicts/settle", {**body, "source": "wms"})
    assert done.status_code == 200, done.text
    assert weight(house) == SKU.weight_g + 30


def test_the_safe_side_of_stock_never_cuts_what_is_reserved(house: House) -> None:
    set_up(house, "stock", "on_hand", "smaller")
    house.place()
    place = {"warehouse": WAREHOUSES[0].code, "sku": SKU.code}
    assert say(house, "wms", "stock", **place, on_hand=900).json()["written"] == 1
    assert say(house, "erp", "stock", **place, on_hand=950).json()["kept"] == 1
    stocked = house.call("GET", "/v1/stock", params={"sku": SKU.code}).json()["items"]
    assert 900 in [s["on_hand"] for s in stocked if s["warehouse"] == WAREHOUSES[0].code]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"source": "nobody", "rows": [{"code": "A"}]}, "no_system"),
        ({"source": "hub", "rows": [{"code": "A", "colour": "red"}]}, "no_field"),
        ({"source": "hub", "rows": [{"name": "A"}]}, "no_field"),
        ({"source": "hub", "rows": [{"code": "A"}, {"code": "A"}]}, "twice"),
    ],
)
def test_what_cannot_be_read_is_named(shared_house: House, body: Any, code: str) -> None:
    refused = shared_house.call("POST", "/v1/dictionary/skus/claims", body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_value_that_the_field_cannot_have_is_heard_by_nobody(house: House) -> None:
    set_up(house, "skus", "weight_g", "larger")
    told = say(house, "wms", weight_g="heavy").json()
    assert told["rejected"] == [{"row": 0, "field": "weight_g", "reason": "form"}]
    assert say(house, "erp", weight_g=SKU.weight_g + 5).json()["written"] == 1
    wrong = house.call("PUT", "/v1/dictionary/skus/name", {"source": "erp", "rule": "larger"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unordered")
