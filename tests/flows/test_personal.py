"""Personal data over HTTP: masked, revealed for a reason, erased for good; the proof survives."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from danshu.faces import verify
from danshu.testing import messages
from tests.fixtures.engine import ask
from tests.fixtures.hub import SECRET, SKUS, House
from tests.flows.test_http_channels import send

PLAIN = ("张示例", "13900001234", "示例路 1 号")
BASIS = {"reason": "个人信息保护法第四十七条", "reference": "客服工单 8812"}


def read(house: House, path: str, role: str = "admin", **params: Any) -> Any:
    response = house.call("GET", f"/v1/orders/{path}", role=role, params=params)
    assert response.status_code == 200, response.text
    return response.json()


def test_the_receiver_is_masked_by_right(house: House) -> None:
    order = house.place(buyer="buyer-000-7")["order"]
    seen = read(house, f"{order}/sheet", role="admin")["receiver"]
    assert (seen["name"], seen["phone"], seen["address"]) == PLAIN
    assert seen["masked"] == []
    masked = read(house, f"{order}/sheet", role="viewer")["receiver"]
    assert (masked["name"], masked["phone"], masked["address"]) == ("张**", "139****1234", "****")
    assert masked["city"] == "北京市"
    assert set(masked["masked"]) == {"name", "phone", "address"}
    assert read(house, order, role="admin")["buyer"] == "buyer-000-7"
    assert read(house, order, role="viewer")["buyer"] == "buy****00-7"


def test_the_raw_message_is_masked_for_everybody(house: House) -> None:
    order = house.place(buyer_note="请打我另一个号 13800005678,我姓王")["order"]
    shown = read(house, f"{order}/raw")
    assert shown["form"] == "json"
    for text in (*PLAIN, "13800005678", "姓王"):
        assert text not in shown["text"]
    tree = json.loads(shown["text"])
    first = {"sku": SKUS[0].code, "quantity": 2, "price_fen": 1990, "title": "示例"}
    assert tree["lines"][0] == first
    assert tree["receiver"]["name"] == "****"


@pytest.mark.parametrize("channel", messages.CHANNELS)
def test_no_platform_s_message_shows_a_person(house: House, channel: str) -> None:
    body = messages.message(channel, 3, 7, 1_795_163_912_000)
    assert send(house, channel, body).status_code < 300
    (order,) = [o["order"] for o in house.call("GET", "/v1/orders").json()["items"]]
    shown = read(house, f"{order}/raw")
    assert shown["form"] in ("json", "form")
    plain = house.call(
        "POST",
        f"/v1/orders/{order}/reveal",
        {"fields": ["name", "phone", "address", "raw"], "reason": "核对"},
    ).json()
    words = [plain["name"], plain["phone"], plain["address"]["detail"], plain["address"]["street"]]
    parts = [part for word in words for part in (word or "").split() if len(part) > 2]
    assert parts
    for part in parts:
        assert part in json.dumps(json.loads(plain["raw"]), ensure_ascii=False)
        assert part not in shown["text"], part
    assert json.loads(shown["text"])


def test_a_reveal_is_a_fact_with_its_reason(house: House) -> None:
    order = house.place()["order"]
    path = f"/v1/orders/{order}/reveal"
    response = house.call("POST", path, {"fields": ["phone"], "reason": "买家来电"})
    told = response.json()
    assert response.headers["cache-control"] == "no-store"
    assert told["phone"] == "13900001234"
    assert (told["name"], told["address"], told["raw"]) == (None, None, None)
    facts = read(house, f"{order}/facts")["facts"]
    assert facts[-1]["type"] == "person.revealed"
    assert facts[-1]["data"] == {"fields": ["phone"], "reason": "买家来电"}
    assert "13900001234" not in json.dumps(facts)
    (entry,) = [
        e for e in read(house, f"{order}/timeline")["entries"] if e["kind"] == "person.revealed"
    ]
    assert {f["name"]: f["text"] for f in entry["figures"]} == {
        "fields": "电话",
        "reason": "买家来电",
    }
    assert ask(house.url, "select count(*) from replies") == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"fields": ["phone"]}, 422),
        ({"fields": ["phone"], "reason": ""}, 422),
        ({"fields": [], "reason": "x"}, 422),
        ({"fields": ["salt"], "reason": "x"}, 422),
        ({"fields": ["phone"], "reason": "x" * 501}, 422),
        ({"fields": ["phone"], "reason": "x\u0007"}, 422),
    ],
)
def test_a_reveal_without_a_reason_is_no_reveal(
    house: House, body: dict[str, Any], status: int
) -> None:
    order = house.place()["order"]
    response = house.call("POST", f"/v1/orders/{order}/reveal", body)
    assert response.status_code == status
    assert not any(f["type"] == "person.revealed" for f in read(house, f"{order}/facts")["facts"])


def test_who_may_not_reveal_sees_nothing_and_leaves_no_fact(house: House) -> None:
    order = house.place()["order"]
    body = {"fields": ["phone"], "reason": "好奇"}
    assert house.call("POST", f"/v1/orders/{order}/reveal", body, role="viewer").status_code == 403
    other = {"authorization": f"Bearer {house.other}"}
    foreign = house.client.post(f"/v1/orders/{order}/reveal", json=body, headers=other)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "no_order")
    assert read(house, f"{order}/facts")["facts"][-1]["type"] != "person.revealed"


def test_erasure_leaves_the_proof(house: House) -> None:
    order = house.place(number="E-1")["order"]
    house.work("sequence", "seal", "rows")
    assert house.call("GET", "/v1/orders", params={"q": "张示例"}).json()["items"]
    erased = house.call("POST", f"/v1/orders/{order}/erase", BASIS)
    assert erased.status_code == 200, erased.text
    again = house.call("POST", f"/v1/orders/{order}/erase", BASIS)
    assert (again.status_code, again.json()["code"]) == (409, "erased_already")
    types = [f["type"] for f in read(house, f"{order}/facts")["facts"]]
    assert types.count("vault.erased") == 1
    sheet = read(house, f"{order}/sheet")
    assert sheet["receiver"]["erased"] == erased.json()["erased"]
    assert not sheet["receiver"]["name"]
    raw = read(house, f"{order}/raw")
    assert (raw["text"], raw["size"], raw["erased"]) == ("", 0, erased.json()["erased"])
    gone = house.call(
        "POST", f"/v1/orders/{order}/reveal", {"fields": ["name"], "reason": "再看一眼"}
    )
    assert (gone.status_code, gone.json()["code"]) == (409, "erased_already")
    house.work("sequence", "seal", "rows")
    assert not house.call("GET", "/v1/orders", params={"q": "张示例"}).json()["items"]
    assert read(house, f"{order}/verification")["passed"]
    kinds = {e["kind"]: e["is_kept"] for e in read(house, f"{order}/proof")["evidence"]}
    assert kinds == {"raw": False, "receiver": False}
    bundle = house.call("GET", f"/v1/orders/{order}/evidence").content
    vkeys = house.call("GET", "/v1/trust").json()["vkeys"]
    assert verify.verify(io.BytesIO(bundle), vkeys).code == verify.PASSED
    for text in PLAIN:
        assert text.encode() not in bundle


def test_only_who_may_erases(house: House) -> None:
    order = house.place()["order"]
    path = f"/v1/orders/{order}/erase"
    assert house.call("POST", path, BASIS, role="operator").status_code == 403
    assert house.call("POST", path, {"reason": "x"}).status_code == 422
    assert read(house, f"{order}/sheet")["receiver"]["name"] == PLAIN[0]


def test_erasure_takes_the_news_of_the_order_too(house: House) -> None:
    first = messages.message("jd", 1, 7, 1_795_163_912_000)
    assert send(house, "jd", first).status_code < 300
    (order,) = [o["order"] for o in house.call("GET", "/v1/orders").json()["items"]]
    news = first.replace(b'"dataVersion":"', b'"dataVersion":"9')
    assert news != first
    assert send(house, "jd", news).status_code < 300
    (told,) = house.call("GET", "/v1/inbox", params={"state": "told"}).json()["items"]
    assert told["order"] == order
    assert told["bytes"] == len(news)
    erased = house.call("POST", f"/v1/orders/{order}/erase", BASIS).json()
    assert erased["messages"] == 1
    assert house.call("GET", "/v1/inbox", params={"state": "told"}).json()["items"] == []
    (gone,) = house.call("GET", "/v1/inbox", params={"state": "erased"}).json()["items"]
    assert (gone["bytes"], gone["detail"]) == (0, "")
    assert SECRET not in json.dumps(gone)
