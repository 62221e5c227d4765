"""The clean room: a licensee's key asks for sums, gets noise, is refused whatever names anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from danshu.hub import assets
from tests.fixtures.hub import House
from tests.flows.test_licences import RIGHT, browser, terms

ASSET = "fulfilment-heatmap"
BY_PROVINCE = "select province, count(distinct person), count(*) from asset group by province"
ROOM = {"by": ["province", "hour"], "join": ["province"], "epsilon": 4_000, "step": 1_000}
PEOPLE = 40


def ask(house: House, key: str, sql: str, **more: Any) -> Any:
    headers = {"authorization": f"Bearer {key}"}
    body = {"sql": sql, **more}
    return house.client.post("/v1/clean-room/queries", json=body, headers=headers)


def test_a_licensee_asks_the_clean_room(
    shared_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = shared_house
    monkeypatch.setenv("DANSHU_ASSETS", str(tmp_path))
    for _ in range(PEOPLE):
        house.place()
    house.work("sequence")
    with house.client.portal() as portal:
        portal.call(lambda: assets.refresh(house.hub, house.tenant, [ASSET]))
    finance, legal = browser(house, "CF1", "finance"), browser(house, "CL1", "legal")
    entry = {**RIGHT, "rights": ["hold", "operate"]}
    seen = next((r["version"] for r in _rights(finance) if r["asset"] == ASSET), 0)
    finance.call("PUT", f"/v1/rights-register/{ASSET}", {"entry": entry, "seen": seen})
    asked = terms(
        asset=ASSET,
        recipient={"code": "brand-y", "name": "某品牌"},
        columns=[],
        queries_day=5,
        clean_room=ROOM,
        price={"query_fen": 200},
    )
    draft = finance.call("POST", "/v1/licences", asked).json()
    one = f"/v1/licences/{draft['id']}"
    early = legal.call("POST", f"{one}/keys", {"name": "某品牌"})
    assert early.json()["code"] == "not_active", early.text
    legal.call("POST", f"{one}/approve", {"digest": draft["digest"]})
    key = legal.call("POST", f"{one}/keys", {"name": "某品牌"}).json()["key"]

    headers = {"authorization": f"Bearer {key}"}
    card = house.client.get("/v1/clean-room", headers=headers).json()
    assert (card["asset"], card["queries_left"], card["budget_left"]) == (ASSET, 5, 4_000)
    assert house.client.get("/v1/orders", headers=headers).status_code == 403
    assert house.call("GET", "/v1/clean-room").status_code == 403
    first = ask(house, key, BY_PROVINCE)
    assert first.status_code == 200, first.text
    (group,) = first.json()["groups"]  # all live in one province
    assert PEOPLE / 2 < group["figures"][0] < 10 * PEOPLE
    assert first.json()["spent"] == 2_000
    again = ask(house, key, BY_PROVINCE).json()
    assert (again["groups"], again["spent"]) == ([group], 0)  # nothing can be averaged out
    for sql, code in (
        ("select * from asset", "aggregates_only"),
        ("select count(*) from asset where stream = 'x'", "column"),
        ("select count(*) from (select * from asset)", "one_table"),
        ("select count(*) from asset where province = 1", "condition"),
    ):
        refused = ask(house, key, sql)
        assert (refused.status_code, refused.json()["code"]) == (409, code), refused.text
    few = {"column": "province", "hashes": ["ab" * 32]}
    assert ask(house, key, BY_PROVINCE, keys=few).json()["code"] == "few_keys"
    nobody = ask(house, key, "select count(distinct person) from asset where province = '无'")
    assert nobody.json()["code"] == "too_few_people", nobody.text
    spent = ask(house, key, "select hour, count(*) from asset group by hour")
    assert spent.json()["code"] == "privacy_spent", spent.text
    told = finance.call("GET", f"{one}/statement").json()["statement"]
    assert (told["queries"], told["due_fen"]) == (3, 600)
    legal.call("POST", f"{one}/end", {"reason": "到此为止"})
    assert ask(house, key, BY_PROVINCE).json()["code"] == "not_active"


def _rights(person: Any) -> list[dict[str, Any]]:
    return list(person.call("GET", "/v1/rights-register").json()["items"])
