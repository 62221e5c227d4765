"""Classification in the product: a look finds what fields hold, a steward's word holds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from danshu.hub import assets, classification
from danshu.hub.classification_audit import ClassificationFolder
from danshu.ledger.audit import fold_rows
from tests.fixtures.engine import tell
from tests.fixtures.hub import House
from tests.flows.test_board import act

PATH = "/v1/classification"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DANSHU_ASSETS", str(tmp_path))
    return tmp_path


def look(house: House) -> dict[str, Any]:
    """Have the room look, and read how things stand."""
    assert house.call("POST", f"{PATH}/looks").status_code == 202
    house.work("classification")
    standing: dict[str, Any] = house.call("GET", PATH).json()
    assert standing["work"]["outcome"] == "looked"
    assert standing["work"]["done"] <= standing["work"]["total"]
    return standing


def read(house: House, **query: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """Read the fields that a question gives, by place and name, in pages of 20."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    cursor = ""
    while True:
        asked = {**query, "limit": 20, "cursor": cursor}
        page = house.call("GET", f"{PATH}/fields", params=asked).json()
        found |= {(each["place"], each["field"]): each for each in page["items"]}
        cursor = page["next"]
        if not cursor:
            return found


def answer(house: House, role: str = "admin", **told: Any) -> Any:
    return house.call("POST", f"{PATH}/answers", {"answers": [told]}, role=role)


def mark(house: House, asset: str) -> Any:
    """Read the marks of an asset's columns as the gate does."""
    with house.client.portal() as portal:
        return portal.call(
            lambda: classification.levels(house.hub, house.tenant, assets.find(asset))
        )


def audit(house: House) -> list[str]:
    async def fold() -> list[str]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            report = await fold_rows(c, house.tenant, [ClassificationFolder(house.tenant)])
            return [f"{d.code} {d.where}" for d in report.differences]

    return asyncio.run(fold())


def test_a_stewards_word_holds(house: House, folder: Path) -> None:
    order = house.place()["order"]
    standing = look(house)
    waiting = read(house, state="waiting")
    assert standing["counts"]["waiting"] == len(waiting)
    assert standing["counts"]["drifted"] == 0  # a first look has nothing to compare with
    phone = waiting["persons", "phone"]
    assert (phone["klass"], phone["level"], phone["in_force"]) == ("mobile", 3, 3)
    assert phone["held"]["example"] == "139********"
    assert waiting["messages:api", "receiver.name"]["level"] == 3  # beside a telephone number
    plain = read(house, state="plain", place="source:lines")
    assert plain["source:lines", "sku"]["in_force"] == 1

    at = {"place": "persons", "field": "phone"}
    assert answer(house, "viewer", **at, act="confirm").status_code == 403
    assert answer(house, **at, act="correct", klass="mobile", level=2).status_code == 409
    assert answer(house, **at, act="correct", klass="nothing").status_code == 422
    assert answer(house, place="persons", field="tail", act="confirm").status_code == 404
    marks = mark(house, "customer-preferences")
    declared = {c.name: c.level for c in assets.find("customer-preferences").columns}
    assert marks.keys() == declared.keys()
    assert all(each.level >= declared[name] for name, each in marks.items())
    top = next(name for name, level in declared.items() if level == max(declared.values()))
    of = {"place": "asset:customer-preferences", "field": top}
    assert answer(house, **of, act="decline").status_code == 200  # never below its maker's word
    assert mark(house, "customer-preferences")[top].is_confirmed
    assert mark(house, "customer-preferences")[top].level == declared[top]
    assert answer(house, **at, act="correct", klass="mobile", level=4).json()["fields"] == 1
    assert answer(house, place="persons", field="token", act="decline").status_code == 200
    assert answer(house, place="source:lines", field="sku", act="confirm").json()["code"] == (
        "nothing_to_confirm"
    )
    assert len(read(house, state="answered")) == 3
    act(house, order, "hold", reason="客户要改,打13812345678")
    look(house)
    said = read(house, place="persons")
    assert (said["persons", "phone"]["state"], said["persons", "phone"]["in_force"]) == (
        "corrected",
        4,
    )
    assert said["persons", "token"]["state"] == "declined"
    ((place, field), found), *_ = read(house, drift=True).items()
    assert (place, field, found["drift"]) == ("facts:order.held", "reason", "new_field")
    assert found["drift_klass"] == "mobile"
    shown = house.call("GET", "/v1/findings", params={"class": "data_drift"}).json()["items"]
    assert [each["params"]["field"] for each in shown] == ["reason"]
    assert answer(house, place=place, field=field, act="confirm").status_code == 200
    assert read(house, drift=True) == {}
    assert house.call("GET", "/v1/findings", params={"class": "data_drift"}).json()["items"] == []
    assert audit(house) == []
    tell(
        house.url, "update classified_fields set said_level=1 where field='phone' and said_level=4"
    )
    assert audit(house) == ["classification_differs classified_fields persons phone"]
