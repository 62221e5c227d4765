"""How work on the floor ends: reviews, hand-overs, other doors, rights."""

from __future__ import annotations

import importlib
import itertools
import subprocess
import sys
import uuid
from typing import Any

import psycopg

from tests.fixtures import people
from tests.fixtures.engine import ask, tell
from tests.fixtures.floor import (
    ONE,
    TWO,
    act,
    audit,
    claim,
    facts,
    go_through,
    release,
    scan,
    state,
    waiting,
    work,
)
from tests.fixtures.hub import WAREHOUSES, House
from tests.fixtures.people import Browser

BACKFILL = importlib.import_module("danshu.ledger.migrations.versions.0004_workbench").BACKFILL
_keys = itertools.count(1)


def test_licensed_goods_are_reviewed_before_they_leave(house: House) -> None:
    tell(house.url, "update skus set storage=8", "update warehouses set storage_bits=31")
    tell(house.url, "update tenants set revision=revision+1")
    house.hub.worlds.forget(house.tenant)
    order = release(house)["order"]
    go_through(house, order, "pick", "pack")
    assert waiting(house, "handover")["count"] == 0
    assert claim(house, "handover", order=order).json()["code"] == "task_over"
    go_through(house, order, "review", "handover")
    assert state(house, order) == "shipped"


def test_a_hand_over_wants_the_waybill_that_is_on_record(house: House) -> None:
    order = release(house)["order"]
    go_through(house, order, "pick", "pack")
    act(house, order, event="waybill", carrier="示例快递", waybill="SF123")
    assert work(house, order, "handover", "done").json()["code"] == "no_waybill"
    assert scan(house, order, "handover", ONE.barcode).json()["code"] == "goods_code"
    wrong = scan(house, order, "handover", "SF999").json()
    assert wrong["code"] == "wrong_waybill"
    assert "应为 SF123" in wrong["reason"]
    assert scan(house, order, "handover", "sf123").json()["waybill"] == "SF123"
    assert work(house, order, "handover", "done").status_code == 200
    assert facts(house, order, "order.shipped")[0]["data"]["waybill"] == "SF123"


def test_what_left_by_another_door_is_gone_from_the_floor(house: House) -> None:
    order = release(house)["order"]
    claim(house, "pick")
    scan(house, order, "pick", ONE.barcode)
    for event in ("pick", "pack", "ship"):
        act(house, order, event=event)
    assert work(house, order, "pick", "done").status_code == 404
    assert ask(house.url, "select count(*) from floor_tasks") == 0
    assert ask(house.url, "select count(*) from floor_scans") == 0
    cancelled = release(house)["order"]
    act(house, cancelled, event="cancel")
    assert waiting(house, "pick")["count"] == 0


def test_a_split_order_is_a_task_in_each_of_its_warehouses(house: House) -> None:
    first = WAREHOUSES[0].code
    no = f"(select no from warehouses where code='{first}')"
    sku = f"(select no from skus where code='{ONE.code}')"
    tell(
        house.url,
        f"update stock set on_hand=0 where sku<>{sku} and wh={no}",
        f"update stock set on_hand=0 where sku={sku} and wh<>{no}",
    )
    house.hub.worlds.forget(house.tenant)
    placed = release(house)
    assert len(placed["plan"]) == 2
    items = waiting(house, "pick")["items"]
    assert {i["warehouse"] for i in items} == {p["warehouse"] for p in placed["plan"]}
    (mine,) = waiting(house, "pick", warehouse=first)["items"]
    path = f"/v1/floor/tasks/{mine['order']}/{mine['fulfilment']}/pick"
    (line,) = house.call("GET", path, role="warehouse").json()["lines"]
    assert (line["sku"], line["quantity"]) == (ONE.code, 2)
    assert house.call("GET", "/v1/floor/tasks", params={"warehouse": "nope"}).status_code == 400


def test_rights_and_walls(house: House) -> None:
    order = release(house)["order"]
    path = f"/v1/floor/tasks/{order}/1/pick"
    assert house.call("GET", path, role="viewer").status_code == 403
    assert house.call("GET", "/v1/floor/tasks", role="channel").status_code == 403
    house.keys["other"] = house.other
    assert house.call("GET", path, role="other").status_code == 404
    assert scan(house, order, "pick", ONE.barcode, role="other").status_code == 404
    assert house.call("GET", "/v1/floor/tasks", role="other").json()["groups"] == []
    gone = house.call("GET", f"/v1/floor/tasks/{uuid.uuid4()}/1/pick")
    assert gone.status_code == 404
    assert house.call("GET", f"/v1/floor/tasks/{order}/2/pick").status_code == 404
    assert house.call("GET", f"/v1/floor/tasks/{order}/1/dance").status_code in (400, 404)


def test_orders_that_were_on_the_floor_when_the_table_came_are_found_again(house: House) -> None:
    """The migration's filling gives the rows that the acts give."""
    picked, packed = release(house)["order"], release(house)["order"]
    release(house)
    act(house, picked, event="pick")
    for event in ("pick", "pack"):
        act(house, packed, event=event)
    act(house, packed, event="hold", reason="买家要改地址")
    before = rows(house)
    tell(house.url, "delete from floor_tasks", BACKFILL)
    assert rows(house) == before
    assert len(before) == 3
    house.work("sequence")
    assert audit(house) == []


def rows(house: House) -> list[Any]:
    with psycopg.connect(house.url) as connection:
        return connection.execute("select * from floor_tasks order by id").fetchall()


def test_a_person_works_in_their_own_warehouses_under_their_own_name(house: House) -> None:
    placed = release(house)
    there = placed["plan"][0]["warehouse"]
    elsewhere = next(w.code for w in WAREHOUSES if w.code != there)
    order, path = placed["order"], f"/v1/floor/tasks/{placed['order']}/1/pick"
    for number, code in (("W01", there), ("W02", elsewhere)):
        people.seat(house.url, house.tenant, number, ["warehouse"], warehouses=[code])
    mine, other = Browser(house), Browser(house)
    assert mine.sign_in("W01").status_code == other.sign_in("W02").status_code == 201
    assert other.call("GET", path).status_code == 404
    assert other.call("POST", path + "/scan", {"code": ONE.barcode}).status_code == 404
    assert other.call("POST", "/v1/floor/tasks:claim", {"kind": "pick"}).json()["task"] is None
    listed = mine.call("GET", "/v1/floor/tasks").json()
    assert [w["code"] for w in listed["warehouses"]] == [there]
    assert [g["kind"] for g in listed["groups"]] == ["pick", "pack", "handover"]
    task = mine.call("POST", "/v1/floor/tasks:claim", {"kind": "pick"}).json()["task"]
    assert task["item"]["who"] == "W01"
    for code, quantity in ((ONE.barcode, 2), (TWO.barcode, 1)):
        assert mine.call("POST", path + "/scan", {"code": code, "quantity": quantity}).is_success
    assert mine.call("POST", path + "/done", {}).status_code == 200
    (worked,) = facts(house, order, "fulfilment.worked")
    assert worked["actor"]["sub"].startswith("person:")
    assert worked["actor"]["grade"] == "B"
    assert mine.call("GET", f"/v1/floor/tasks/{order}/1/review").status_code == 403


def test_every_process_that_reads_streams_knows_what_the_floor_says() -> None:
    """A follower that met an unknown type would stand still."""
    code = (
        "import danshu.faces.work.rooms, danshu.kernel.fact as f;"
        "print(*sorted(n for n, _ in f.TYPES))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    known = set(done.stdout.split())
    assert {"fulfilment.worked", "fulfilment.reviewed", "fulfilment.stopped"} <= known
    assert "document.printed" in known


def test_a_reviewer_reviews_what_others_packed(house: House) -> None:
    order = release(house)["order"]
    go_through(house, order, "pick", "pack")
    people.seat(house.url, house.tenant, "R07", ["reviewer"])
    reviewer = Browser(house)
    reviewer.sign_in("R07")
    listed = reviewer.call("GET", "/v1/floor/tasks").json()
    assert [(g["kind"], g["count"]) for g in listed["groups"]] == [("review", 1)]
    path = f"/v1/floor/tasks/{order}/1/review"
    for code, quantity in ((ONE.barcode, 2), (TWO.barcode, 1)):
        assert reviewer.call(
            "POST", path + "/scan", {"code": code, "quantity": quantity}
        ).is_success
    done = reviewer.call("POST", path + "/done", {})
    assert done.status_code == 200, done.text
    assert facts(house, order, "fulfilment.reviewed")[0]["actor"]["role"] == "reviewer"
