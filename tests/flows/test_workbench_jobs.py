"""Bulk acts as jobs: previewed, done once, failures with reasons, stopped, tried again, undone."""

from __future__ import annotations

import time
import uuid
from typing import Any

import psycopg
import pytest

from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import WAREHOUSES, House
from tests.flows.test_workbench_acts import audit

PATIENCE_S = 60.0  # only so that a failing test ends


def follow(house: House) -> None:
    house.work("sequence", "rows")


def place(house: House, n: int, **more: Any) -> list[str]:
    made = [house.place(**more)["order"] for _ in range(n)]
    follow(house)
    return made


def act(house: House, order: str, event: str, **more: Any) -> None:
    told = house.call("POST", f"/v1/orders/{order}/transitions", {"event": event, **more})
    assert told.status_code == 200, told.text


def start(house: House, path: str = "/v1/bulk", role: str = "admin", **body: Any) -> dict[str, Any]:
    told = house.call("POST", path, body, role=role)
    assert told.status_code == 202, told.text
    return dict(told.json())


def finish(house: House, job: dict[str, Any], role: str = "admin") -> dict[str, Any]:
    """Wait until a job has ended."""
    end = time.monotonic() + PATIENCE_S
    while True:
        seen = house.call("GET", f"/v1/jobs/{job['id']}", role=role).json()
        if seen["ended"]:
            return dict(seen)
        assert time.monotonic() < end, seen
        time.sleep(0.02)


def run(house: House, **body: Any) -> dict[str, Any]:
    return finish(house, start(house, **body))


def follow_up(house: House, job: dict[str, Any], what: str) -> dict[str, Any]:
    told = house.call("POST", f"/v1/jobs/{job['id']}/{what}")
    assert told.status_code == 202, told.text
    return finish(house, told.json())


def failures(house: House, job: dict[str, Any], **params: Any) -> dict[str, Any]:
    told = house.call("GET", f"/v1/jobs/{job['id']}/failures", params=params)
    assert told.status_code == 200, told.text
    return dict(told.json())


def state(house: House, order: str) -> str:
    return str(house.call("GET", f"/v1/orders/{order}").json()["state"])


def preview(house: House, **body: Any) -> dict[str, Any]:
    told = house.call("POST", "/v1/bulk:preview", body)
    assert told.status_code == 200, told.text
    return dict(told.json())


def test_all_that_match_are_held_and_let_go_again(house: House) -> None:
    orders = place(house, 4)
    act(house, orders[0], "hold", reason="地址存疑")
    act(house, orders[1], "cancel", reason="买家取消")
    other = place(house, 1, channel="jd")
    told = preview(house, act="hold", f="channel.in.api", reason="暴雨")
    assert (told["total"], told["able"], told["exact"], told["undo"]) == (4, 3, True, True)
    assert [(r["code"], r["count"]) for r in told["refused"]] == [("ended_already", 1)]
    assert state(house, orders[2]) == "allocated", "a preview writes nothing"
    job = run(house, act="hold", f="channel.in.api", reason="暴雨")
    assert (job["state"], job["total"], job["done"], job["failed"]) == ("done", 4, 3, 1)
    assert job["can"] == ["retry", "undo"]
    assert state(house, other[0]) == "allocated"
    listed = failures(house, job)
    assert [(f["order"], f["code"]) for f in listed["items"]] == [(orders[1], "ended_already")]
    assert listed["items"][0]["number"].startswith("T")
    assert [(r["code"], r["count"]) for r in listed["reasons"]] == [("ended_already", 1)]
    path = f"/v1/jobs/{job['id']}/failures/csv"
    for lang, head in (("zh", "订单号,原因"), ("en", "Order,Reason")):
        file = house.call("GET", path, params={"lang": lang})
        assert file.headers["content-type"].startswith("text/csv")
        first, line, *rest = file.text.removeprefix("\ufeff").splitlines()
        assert (first[: len(head)], rest) == (head, [])
        assert line.startswith(listed["items"][0]["number"])
        assert line.endswith(f",ended_already,{orders[1]}")
    assert len(house.call("GET", path, params={"code": "x"}).text.splitlines()) == 1
    held = house.call("GET", f"/v1/orders/{orders[0]}").json()["holds"]
    assert held == ["地址存疑", "暴雨"]
    back = follow_up(house, job, "undo")
    assert (back["done"], back["failed"], back["undoes"]) == (3, 0, True)
    assert house.call("GET", f"/v1/orders/{orders[0]}").json()["holds"] == ["地址存疑"]
    assert state(house, orders[2]) == "allocated"
    assert "undo" not in back["can"]
    assert audit(house) == []


def test_holds_are_put_back_with_their_reasons(house: House) -> None:
    (order,) = place(house, 1)
    for reason in ("甲", "乙"):
        act(house, order, "hold", reason=reason)
    job = run(house, act="unhold", ids=[order])
    assert house.call("GET", f"/v1/orders/{order}").json()["holds"] == []
    follow_up(house, job, "undo")
    assert house.call("GET", f"/v1/orders/{order}").json()["holds"] == ["甲", "乙"]
    assert audit(house) == []


def test_a_cancellation_says_what_it_costs_and_cannot_be_undone(house: House) -> None:
    orders = place(house, 2)
    unpaid = place(house, 1, paid_at=None)
    told = preview(house, act="cancel", ids=orders + unpaid, reason="缺货")
    assert told["refund"] == {"CNY": 2 * 4480}
    assert not told["undo"]
    job = run(house, act="cancel", ids=orders + unpaid, reason="缺货")
    assert (job["done"], job["can"]) == (3, [])
    refused = house.call("POST", f"/v1/jobs/{job['id']}/undo")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_now")
    assert ask(house.url, "select sum(reserved) from stock") == 0
    assert audit(house) == []


def test_orders_go_to_other_warehouses(house: House) -> None:
    orders = place(house, 3)
    first = house.call("GET", f"/v1/orders/{orders[0]}").json()["fulfilments"][0]["warehouse"]
    act(house, orders[0], "release")
    told = preview(house, act="reroute", ids=orders, exclude=[first])
    assert (told["able"], [r["code"] for r in told["refused"]]) == (2, ["begun_already"])
    job = run(house, act="reroute", ids=orders, exclude=[first])
    assert (job["done"], job["failed"]) == (2, 1)
    for order in orders[1:]:
        live = house.call("GET", f"/v1/orders/{order}").json()["fulfilments"][-1]
        assert live["warehouse"] != first
    assert "undo" not in job["can"]
    assert audit(house) == []


def test_nobody_has_it_so_each_stays(house: House) -> None:
    orders = place(house, 2)
    out = [w.code for w in WAREHOUSES]
    assert preview(house, act="reroute", ids=orders, exclude=out)["able"] == 0
    job = run(house, act="reroute", ids=orders, exclude=out)
    assert (job["done"], job["failed"]) == (0, 2)
    assert [r["code"] for r in failures(house, job)["reasons"]] == ["nowhere_else"]
    assert ask(house.url, "select sum(reserved) from stock") == 6
    assert audit(house) == []


def test_tags_and_assignees_come_and_go(house: House) -> None:
    orders = place(house, 3)
    run(house, act="tag", ids=orders[:1], tags=["大额"])
    job = run(house, act="tag", ids=orders, tags=["大额", "冷链"])
    assert job["done"] == 3
    assert ask(house.url, "select count(*) from order_tags") == 6
    follow_up(house, job, "undo")
    rows = ask(house.url, "select array_agg(id::text || tag) from order_tags")
    assert rows == [orders[0] + "大额"], "what was there before stays"
    assigned = run(house, act="assign", ids=orders, person="me")
    assert assigned["done"] == 3
    follow(house)
    mine = house.call("GET", "/v1/workbench/orders", params={"f": "assignee.in.me"}).json()
    assert len(mine["items"]) == 3
    again = run(house, act="assign", ids=orders, person="me")
    assert [r["code"] for r in failures(house, again)["reasons"]] == ["assigned_already"]
    follow_up(house, assigned, "undo")
    assert ask(house.url, "select count(*) from order_assignees") == 0
    nobody = house.call("POST", "/v1/bulk", {"act": "assign", "ids": orders, "person": "person:x"})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "unknown_person")
    assert audit(house) == []


def test_what_failed_is_tried_again(house: House) -> None:
    tell(house.url, "update stock set safety=on_hand")
    house.hub.worlds.forget(house.tenant)
    orders = place(house, 2)
    job = run(house, act="reroute", ids=orders)
    assert (job["done"], job["failed"]) == (0, 2)
    tell(house.url, "update stock set safety=0")
    house.hub.worlds.forget(house.tenant)
    again = follow_up(house, job, "retry")
    assert (again["done"], again["failed"], again["parent"]) == (2, 0, job["id"])
    assert [state(house, o) for o in orders] == ["allocated", "allocated"]


def test_orders_that_are_not_there_are_failures(house: House) -> None:
    (order,) = place(house, 1)
    gone = str(uuid.UUID(int=uuid.UUID(order).int - 1))
    job = run(house, act="tag", ids=[order, gone], tags=["x"])
    assert (job["done"], job["failed"]) == (1, 1)
    listed = failures(house, job)
    assert [r["code"] for r in listed["reasons"]] == ["no_order"]
    assert [(f["order"], f["number"]) for f in listed["items"]] == [(gone, "")]
    told = preview(house, act="tag", ids=[order, gone], tags=["y"])
    assert (told["able"], [r["code"] for r in told["refused"]]) == (1, ["no_order"])


def test_a_large_question_is_sampled_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(house, 5)
    monkeypatch.setattr("danshu.hub.bulk_preview.PREVIEW_ORDERS", 3)
    told = preview(house, act="hold", f="", reason="x")
    assert (told["examined"], told["able"], told["exact"], told["total"]) == (3, 3, False, 5)


def test_a_job_is_stopped(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One order a step; the job is told to stop while it works."""
    orders = place(house, 12)
    monkeypatch.setattr("danshu.hub.selections.find_ids.__defaults__", (1,))
    job = start(house, act="tag", f="", tags=["x"])
    end = time.monotonic() + PATIENCE_S
    while not house.call("GET", f"/v1/jobs/{job['id']}").json()["done"]:
        assert time.monotonic() < end
    told = house.call("POST", f"/v1/jobs/{job['id']}/cancel")
    assert told.status_code == 200
    ended = finish(house, job)
    assert ended["state"] == "cancelled"
    tagged = ask(house.url, "select count(*) from order_tags")
    assert ended["done"] == tagged
    assert ended["done"] in range(1, len(orders))
    undone = follow_up(house, ended, "undo")
    assert undone["done"] == tagged
    assert ask(house.url, "select count(*) from order_tags") == 0


def test_rights_are_asked_when_it_is_made_and_of_each_order(house: House) -> None:
    orders = place(house, 2)
    told = house.call("POST", "/v1/bulk", {"act": "cancel", "ids": orders, "reason": "x"},
                      role="warehouse")  # fmt: skip
    assert (told.status_code, told.json()["code"]) == (403, "forbidden")
    tell(house.url, "update jobs set lease=null")
    job = start(house, role="operator", act="tag", ids=orders, tags=["a"])
    finish(house, job, "operator")
    seen = house.call("GET", f"/v1/jobs/{job['id']}", role="warehouse")
    assert seen.status_code == 404, "a job is its maker's"
    assert house.call("GET", f"/v1/jobs/{job['id']}").status_code == 200, "or an admin's"
    assert house.call("GET", "/v1/jobs", role="warehouse").json()["items"] == []
    every = house.call("GET", "/v1/jobs", params={"all": True}).json()["items"]
    assert [j["id"] for j in every] == [job["id"]]
    assert house.call("GET", "/v1/jobs", params={"all": True}, role="operator").status_code == 403


def test_a_revoked_key_s_job_does_nothing(house: House) -> None:
    orders = place(house, 2)
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute(
            "insert into jobs(tenant,id,kind,state,question,asked_by,caller,actor,total,exact)"
            " values(%s,%s,'bulk','waiting',%s,'key:gone',%s,%s,2,true)",
            (
                house.tenant,
                uuid.UUID(int=7),
                b'{"act":"tag","tags":["x"],"which":{"ids":["%b","%b"]}}'
                % (orders[0].encode(), orders[1].encode()),
                b'{"kind":"Key","id":"gone"}',
                b'{"sub":"gone"}',
            ),
        )
    ended = finish(house, {"id": str(uuid.UUID(int=7))})
    assert ended["state"] == "failed"
    assert ended["trouble"].startswith("forbidden")
    assert ask(house.url, "select count(*) from order_tags") == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"act": "hold", "f": "", "ids": [str(uuid.UUID(int=1))], "reason": "x"}, "bad_field"),
        ({"act": "hold", "reason": "x"}, "bad_field"),
        ({"act": "hold", "f": ""}, "bad_field"),
        ({"act": "tag", "f": ""}, "bad_field"),
        ({"act": "tag", "f": "x.in.y", "tags": ["a"]}, "bad_filter"),
        ({"act": "burn", "f": ""}, "bad_field"),
    ],
)
def test_what_cannot_be_asked(shared_house: House, body: dict[str, Any], code: str) -> None:
    for path in ("/v1/bulk", "/v1/bulk:preview"):
        told = shared_house.call("POST", path, body)
        assert told.json()["code"] == code, told.text


def test_facts_name_the_job_that_said_them(house: House) -> None:
    (order,) = place(house, 1)
    job = run(house, act="hold", ids=[order], reason="x")
    said = house.call("GET", f"/v1/orders/{order}/facts").json()["facts"][-1]
    assert (said["type"], said["cause"]) == ("order.held", f"job/{job['id']}")
    assert said["actor"]["sub"] == "admin"
