"""Orders and the far sides that do the work: a warehouse by Qimen, SF's waybills, refunds."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from danshu.testing import kuaidi100_desk, qimen_warehouse, sf_waybills, wechat_pay
from danshu.testing.kuaidi100_desk import scan
from tests.fixtures.engine import ask, tell
from tests.fixtures.far_sides import connect
from tests.fixtures.hub import SKUS, House
from tests.flows.test_workbench_acts import audit

AT = "2026-11-30 09:00:00"
MAPS = {"carrier_sf": "SF-EXPRESS"}


def act(house: House, id_: str, event: str, **more: Any) -> None:
    body = {"event": event, **more}
    told = house.call("POST", f"/v1/orders/{id_}/transitions", body)
    assert told.status_code == 200, told.text


def see(house: House, id_: str) -> Any:
    return house.call("GET", f"/v1/orders/{id_}").json()


def say(house: House, desk: object, told: tuple[str, bytes], kind: str = "text/xml") -> Any:
    query, body = told
    path = f"/v1/connectors/{desk}/callbacks" + (f"?{query}" if query else "")
    return house.client.post(path, content=body, headers={"content-type": kind})


def test_a_warehouse_dispatches_what_is_released_and_says_how_far_it_is(house: House) -> None:
    with qimen_warehouse.serve() as warehouse:
        options = {**qimen_warehouse.OPTIONS, **MAPS}
        desk = connect(house, "qimen", warehouse.url, qimen_warehouse.SECRETS, options)
        id_ = house.place()["order"]
        act(house, id_, "release")
        stored = ask(house.url, "select convert_from(body,'UTF8') from connector_calls")
        assert "张示例" not in str(stored)  # nobody's name waits in the outbox
        house.work("connectors")
        (code,) = warehouse.dispatches
        assert "<name>张示例</name>" in warehouse.bodies[code]
        assert SKUS[0].code in warehouse.bodies[code]
        for told in (
            warehouse.report(code, "ACCEPT", AT),
            warehouse.report(code, "PICKED", AT),
            warehouse.confirm(code, AT, "SF", "SF1000001"),
            warehouse.confirm(code, AT, "SF", "SF1000001"),
        ):
            answer = say(house, desk, told)
            assert b"<flag>success</flag>" in answer.content, answer.text
        query, body = warehouse.confirm(code, AT, "SF", "SF1000001")
        forged = say(house, desk, (query, body.replace(b"SF1000001", b"SF9999999")))
        assert forged.status_code == 401
        stranger = say(house, desk, warehouse.confirm("dsp-of-another", AT, "SF", "SF1"))
        assert b"<flag>failure</flag>" in stranger.content
        (part,) = see(house, id_)["fulfilments"]
        assert (part["state"], part["carrier"], part["waybill"]) == (
            "shipped",
            "SF-EXPRESS",
            "SF1000001",
        )
        facts = house.call("GET", f"/v1/orders/{id_}/facts").json()["facts"]
        (shipped,) = [f for f in facts if f["type"] == "order.shipped"]
        assert shipped["actor"]["sub"] == f"wms/{desk}"
        assert shipped["actor"].get("grade", "C") == "C"  # the far side's own word
        assert shipped["occurred"] == "2026-11-30T01:00:00.000Z"
        where = part["warehouse"]
        told = warehouse.count("PD-1", where, {SKUS[2].code: 7})
        assert b"success" in say(house, desk, told).content
        found = house.call("GET", f"/v1/stock?sku={SKUS[2].code}&warehouse={where}").json()["items"]
        assert found[0]["on_hand"] == 7
        unknown = say(house, desk, warehouse.count("PD-2", where, {"NO-SUCH": 7}))
        assert b"failure" in unknown.content
        kept = house.call("GET", "/v1/inbox?state=open").json()["items"]
        assert [m["reason"] for m in kept] == ["refused", "refused"]
        assert audit(house) == []


def test_what_is_cancelled_before_it_left_is_stopped_there(house: House) -> None:
    with qimen_warehouse.serve() as warehouse:
        connect(house, "qimen", warehouse.url, qimen_warehouse.SECRETS, qimen_warehouse.OPTIONS)
        first, second = house.place()["order"], house.place()["order"]
        act(house, first, "release")
        warehouse.unknown.add(SKUS[0].code)
        house.work("connectors")
        assert see(house, first)["holds"] == ["warehouse_refused"]
        warehouse.unknown.clear()
        act(house, second, "release")
        house.work("connectors")
        act(house, second, "cancel", reason="buyer")
        house.work("connectors")
        assert [d["status"] for d in warehouse.dispatches.values()] == ["CANCELED"]


def test_a_waybill_is_asked_for_and_tracks_move_the_order(house: House) -> None:
    with sf_waybills.serve() as carrier, kuaidi100_desk.serve() as tracks:
        connect(house, "sf-express", carrier.url, sf_waybills.SECRETS, sf_waybills.OPTIONS)
        desk = connect(
            house, "kuaidi100", tracks.url, kuaidi100_desk.SECRETS, kuaidi100_desk.OPTIONS
        )
        id_ = house.place()["order"]
        for event in ("release", "pick", "pack"):
            act(house, id_, event)
        house.work("connectors")
        (part,) = see(house, id_)["fulfilments"]
        ((number, order),) = [(o["waybill"], o["order"]) for o in carrier.orders.values()]
        assert (part["carrier"], part["waybill"]) == ("sf", number)
        assert order["contactInfoList"][1]["contact"] == "张示例"
        house.work("connectors")
        assert list(tracks.subscribed) == [number]
        tracks.scans[number] = [scan(AT, "1", "已揽收"), scan("2026-11-30 10:00:00", "3", "签收")]
        for _ in range(2):
            told = say(house, desk, ("", tracks.push("shunfeng", number)))
            assert told.json()["returnCode"] == "200", told.text
        assert see(house, id_)["fulfilments"][0]["state"] == "delivered"
        form = dict(parse_qsl(tracks.push("shunfeng", number).decode()))
        forged = urlencode(form | {"sign": "0" * 32}).encode()
        assert say(house, desk, ("", forged)).status_code == 401
        assert audit(house) == []


def test_a_refund_goes_back_the_way_the_money_came(house: House) -> None:
    with wechat_pay.serve() as pay:
        desk = connect(
            house, "wechat-pay", pay.url, wechat_pay.account_secrets(), wechat_pay.options()
        )
        id_ = house.place()["order"]
        act(house, id_, "cancel", reason="buyer")
        (case,) = house.call("GET", f"/v1/orders/{id_}/after-sales").json()["items"]
        agree(house, case)
        pay.slow = True
        refund(house)
        ((number, made),) = pay.refunds.items()
        assert made["amount"]["refund"] == made["amount"]["total"] == see(house, id_)["paid"]
        headers, body = pay.settle(number, "SUCCESS")
        path = f"/v1/connectors/{desk}/callbacks"
        for _ in range(2):
            assert house.client.post(path, content=body, headers=headers).status_code == 204
        refund(house)
        done = house.call("GET", f"/v1/after-sales/{case['id']}").json()
        assert done["item"]["state"] == "closed", done["item"]
        facts = house.call("GET", f"/v1/orders/{id_}/facts").json()["facts"]
        (paid,) = [f for f in facts if f["type"] == "refund.paid"]
        assert paid["data"]["receipt"] == made["refund_id"]
        assert len(pay.refunds) == 1
        assert audit(house) == []


def agree(house: House, case: Any) -> None:
    body = {"items": [{"id": case["id"], "amount_fen": case["amount"]}]}
    told = house.call("POST", "/v1/after-sales/agree", body)
    assert told.status_code == 200, told.text


def refund(house: House) -> None:
    tell(house.url, "update after_sales set next_try=now() where state='paying'")
    house.work("refunds")
    house.work("connectors")
