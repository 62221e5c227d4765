"""Bulk change of address: one receiver's orders from a selection, many by a table; as a job."""

from __future__ import annotations

from typing import Any

from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House
from tests.flows.test_workbench_acts import audit
from tests.flows.test_workbench_jobs import act, failures, follow_up, place, preview, run

TO = {"province": "上海市", "city": "上海市", "district": "浦东新区", "detail": "示例路 2 号"}
WHY = "买家搬家"
_ENCRYPT = """
update vault set person=convert_to(
  (convert_from(person,'UTF8')::jsonb || '{"token":"oaid-1"}')::text, 'UTF8') where id='%s'
"""


def encrypt(house: House, order: str) -> None:
    """The receiver is as a platform gives it: with a handle instead of the person."""
    tell(house.url, _ENCRYPT % order)


def region(house: House, order: str) -> str:
    return str(house.call("GET", f"/v1/orders/{order}").json()["region"])


def number(house: House, order: str) -> str:
    return str(house.call("GET", f"/v1/orders/{order}/sheet").json()["number"])


def kept(house: House) -> Any:
    return ask(house.url, "select count(*) from readdresses")


def upload(house: House, text: str, code: int = 201) -> Any:
    key = house.keys["admin"]
    headers = {"authorization": f"Bearer {key}", "content-type": "text/csv"}
    told = house.client.post("/v1/bulk/addresses", content=text.encode(), headers=headers)
    assert told.status_code == code, told.text
    return told.json()


def test_one_receivers_orders_get_a_new_address_and_the_others_are_refused(house: House) -> None:
    mine = [house.place()["order"]]
    sealed, gone = (house.place()["order"] for _ in range(2))
    encrypt(house, sealed)
    for event in ("release", "pick", "pack"):
        act(house, gone, event)
    act(house, gone, "ship", carrier="yt", waybill="YT1")
    other = {"name": "李示例", "phone": "13900005678", "province": "北京市", "city": "北京市"}
    theirs = [house.place(receiver={**other, "detail": "示例路 9 号"})["order"]]
    mine.append(house.place()["order"])  # the newest order says whose they are
    ids = [*mine, sealed, gone, *theirs]
    asked: dict[str, Any] = {"act": "readdress", "ids": ids, "receiver": TO, "reason": WHY}
    shown = preview(house, **asked)
    assert (shown["able"], shown["undo"]) == (2, False)
    codes = {r["code"] for r in shown["refused"]}
    assert codes == {"receiver_encrypted", "use_return", "another_receiver"}
    assert kept(house) == 0
    job = run(house, **asked)
    assert (job["done"], job["failed"], job["can"]) == (2, 3, ["retry"])
    assert all(region(house, i).startswith("31") for i in mine)
    assert not any(region(house, i).startswith("31") for i in (sealed, gone, *theirs))
    told = {f["order"]: f["code"] for f in failures(house, job)["items"]}
    assert (told[sealed], told[gone]) == ("receiver_encrypted", "use_return")
    facts = house.call("GET", f"/v1/orders/{mine[0]}/facts").json()["facts"]
    (said,) = [f for f in facts if f["type"] == "order.amended"]
    assert (said["cause"], said["data"]["reason"]) == (f"job/{job['id']}", WHY)
    assert "示例路" not in str(facts)
    # what was not taken waits for another try, and goes with its order's erasure
    assert kept(house) == 3
    again = follow_up(house, job, "retry")
    assert (again["done"], again["failed"]) == (0, 3)
    gone_for_good = {"reason": "个人信息保护法第四十七条", "reference": "buyer"}
    for id_ in (sealed, gone, *theirs):
        house.call("POST", f"/v1/orders/{id_}/erase", gone_for_good)
    assert kept(house) == 0
    assert audit(house) == []


def test_a_table_names_each_orders_own_address(house: House) -> None:
    first, second, sealed = place(house, 3)
    encrypt(house, sealed)
    one, two, three = (number(house, i) for i in (first, second, sealed))
    table = (
        "改址名单,,,\n"
        "订单号,所在地区,收件人,手机号,新地址\n"
        f"{one},上海市 浦东新区,王示例,13900001111,示例路 3 号\n"
        f"{two},,,,江苏省南京市玄武区示例路 4 号\n"
        f"{three},上海市 浦东新区,王示例,13900001111,示例路 5 号\n"
        f"{one},上海市 浦东新区,王示例,13900001111,示例路 6 号\n"
        "没有这单,上海市 浦东新区,王示例,13900001111,示例路 7 号\n"
        f"{two},上海市 浦东新区,王示例,13900001111,\n"
    )
    told = upload(house, table)
    assert (told["taken"], told["columns"]["detail"]) == (3, "新地址")
    assert [r["code"] for r in told["rows"]] == ["", "", "", "twice", "unknown", "required"]
    asked = {"act": "readdress", "batch": told["batch"], "reason": WHY}
    shown = preview(house, **asked)
    assert (shown["able"], [r["code"] for r in shown["refused"]]) == (2, ["receiver_encrypted"])
    job = run(house, **asked)
    assert (job["done"], job["failed"]) == (2, 1)
    assert region(house, first).startswith("31")
    assert region(house, second).startswith("3201")
    body = {"fields": ["name", "phone", "address"], "reason": "核对"}
    seen = house.call("POST", f"/v1/orders/{first}/reveal", body).json()
    assert (seen["name"], seen["phone"]) == ("王示例", "13900001111")
    assert seen["address"]["detail"].endswith("示例路 3 号")
    assert house.call("POST", f"/v1/orders/{second}/reveal", body).json()["name"] == "张示例"
    missing = upload(house, "订单号,备注\n1,x\n", 422)
    assert missing["code"] == "bad_columns"
    none = house.call("POST", "/v1/bulk", {**asked, "receiver": TO})
    assert (none.status_code, none.json()["code"]) == (422, "bad_field")
    assert house.call("POST", "/v1/bulk", asked, role="viewer").status_code == 403
    assert {d.code for d in audit(house)} == {"row_differs"}  # the handle set beside the facts
