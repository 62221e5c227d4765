"""Reconciliation: what was injected is found, all of it and nothing else; what people do holds."""

from __future__ import annotations

import asyncio
import datetime
import time
import uuid
from typing import Any

import psycopg
import pytest

from danshu.capabilities.settlement import tolerances
from danshu.capabilities.settlement.differences import CLASSES
from danshu.hub import reconcile, reconcile_money, reconcile_room
from danshu.hub.differences_audit import DifferencesFolder
from danshu.hub.reconcile_audit import ReconcileFolder
from danshu.hub.reconcile_store import Outcome
from danshu.ledger import audit
from danshu.testing import bills as forms
from danshu.testing import month
from danshu.testing.bills import Move
from tests.fixtures.hub import House

ORDERS = 20_000
_NAMED = """
select d.class, coalesce(l.flow, d.key), d.id from differences d left join bill_lines l
on d.key like 'line/%' and l.tenant=d.tenant and l.no=d.line where d.state='open'
"""


def run(url: str, tenant: int, connection: Any, *, whole: bool) -> Outcome:
    id_ = uuid.uuid4()
    connection.execute(
        "insert into reconcile_runs(tenant,id,cause,stage,whole) values(%s,%s,'t','read',%s)",
        (tenant, id_, whole),
    )
    beat = reconcile.Beat()
    reconcile.run(url, tenant, id_, beat)
    assert beat.outcome is not None
    return beat.outcome


def test_all_that_was_injected_is_found_and_nothing_else_again_and_again(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        month.fill(connection, 1, ORDERS)
        body = tolerances.encode(month.RULES)
        connection.execute(
            "insert into reconcile_rules(tenant,version,digest,body,by) values(1,1,'',%s,'t')",
            (body,),
        )
        stopped = reconcile.Beat()
        stopped.stops = True  # as somebody stops it: nothing was written
        with pytest.raises(reconcile.Cancelled):
            reconcile.run(database, 1, uuid.uuid4(), stopped)
        assert connection.execute("select 1 from differences").fetchall() == []
        first = run(database, 1, connection, whole=True)
        rows = connection.execute(_NAMED).fetchall()
        found = {(CLASSES[no - 1], key) for no, key, _ in rows}
        wanted = month.expected(ORDERS)
        for name in CLASSES:  # per class: what is missed, what is too much
            mine, theirs = ({k for n, k in some if n == name} for some in (wanted, found))
            assert (name, mine - theirs, theirs - mine) == (name, set(), set())
        assert first.opened == len(wanted)
        for whole in (False, True):
            again = run(database, 1, connection, whole=whole)
            assert (again.opened, again.reopened, again.settled) == (0, 0, 0)
            assert sorted(connection.execute(_NAMED).fetchall()) == sorted(rows)
        # One of what was missing comes in: just that settles, by what is new alone.
        number = next(key for name, key in sorted(wanted) if name == "missing_in_bill")
        connection.execute(
            "insert into bill_lines(tenant,id,file,row,book,channel,kind,amount,at,number,waybill,"
            "flow,word,weight_g,zone,note,raw) select 1, gen_random_uuid(), id, 1, 'alipay',"
            " 'taobao', 1, paid, paid_at, number, '', 'late', '', 0, '', '', '[]'"
            " from order_money where number=%s",
            (number,),
        )
        late = run(database, 1, connection, whole=False)
        assert (late.opened, late.reopened, late.settled) == (0, 0, 1)
        assert len(connection.execute(_NAMED).fetchall()) == len(wanted) - 1


AT = "2026-10-02 10:00:00"


@pytest.fixture
def desk(house: House) -> House:
    """A merchant with four paid orders on Taobao, and Alipay's bill of them: one is 1 分 short, one
    is not there, one stands there that is no order of ours.
    """
    numbers = ["9001", "9002", "9003", "9004"]
    for number in numbers:
        house.place(number=number, channel="taobao", paid_at="2026-10-02T03:00:00Z")
    moves = [
        Move(kind="sale", number=number, amount=amount, at=AT, flow=f"f{number}")
        for number, amount in (("9001", 4_480), ("9002", 4_479), ("9003", 4_480), ("9999", 700))
    ]
    later = Move(kind="transfer", number="", amount=-1, at="2026-10-31 10:00:00", flow="f-end")
    bring(house, [*moves, later])
    return house


def bring(house: House, moves: list[Move], form: str = "alipay") -> Any:
    answer = house.call(
        "POST", f"/v1/bills?form={form}&name=10.csv", getattr(forms, form)(moves),
        headers={"content-type": "application/octet-stream"},
    )  # fmt: skip
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def reconcile_now(house: House, whole: bool = False) -> Any:
    asyncio.run(sequence(house.url))
    begun = house.call("POST", "/v1/reconcile/runs", {"cause": "test", "whole": whole})
    assert begun.status_code == 202, begun.text
    return wait_for(house, begun.json()["id"])


def wait_for(house: House, run: str) -> Any:
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        seen = house.call("GET", f"/v1/reconcile/runs/{run}").json()
        if seen["stage"] in ("done", "failed", "cancelled"):
            return seen
        time.sleep(0.05)
    raise AssertionError("the run does not end")


async def sequence(url: str) -> None:
    from danshu.faces.work import rooms

    room = next(r for r in rooms.ROOMS if r.name == "sequence")
    step = room.begin(url)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while await step(connection):
            pass


def act(house: House, id_: str, word: str, role: str = "admin", **more: Any) -> Any:
    return house.call("POST", "/v1/differences:act", {"act": word, "ids": [id_], **more}, role)


def test_a_queue_is_cleared_with_both_sides_shown_and_every_act_on_the_log(desk: House) -> None:
    seen = reconcile_now(desk)
    assert (seen["stage"], seen["matched"], seen["trouble"]) == ("done", 3, "")
    assert seen["counts"] == {"missing_in_bill": 1, "missing_in_orders": 1, "amount": 1}
    counts = desk.call("GET", "/v1/reconcile/counts").json()
    assert {c["class"]: (c["count"], c["amount_fen"]) for c in counts["items"]} == {
        "missing_in_bill": (1, 4_480),
        "missing_in_orders": (1, 700),
        "amount": (1, 1),
    }
    listed = desk.call("GET", "/v1/differences").json()["items"]
    by_class = {d["class"]: d for d in listed}
    amount = by_class["amount"]
    assert (amount["number"], amount["expected_fen"], amount["actual_fen"]) == (
        "9002",
        4_480,
        4_479,
    )
    shown = desk.call("GET", f"/v1/differences/{amount['id']}").json()
    assert (shown["order"]["paid_fen"], shown["lines"][0]["amount_fen"]) == (4_480, 4_479)
    header, cells = shown["lines"][0]["header"], shown["lines"][0]["cells"]
    assert cells[header.index("收入金额（+元）")] == "44.79 "  # as it came
    me = counts["me"]
    assert act(desk, amount["id"], "assign", owner="me").json()["done"] == 1
    mine = desk.call("GET", "/v1/differences?owner=me").json()["items"]
    assert [(d["id"], d["owner"]["person"]) for d in mine] == [(amount["id"], me)]
    assert act(desk, amount["id"], "close", reason="rounding").json()["code"] == "no_note"
    assert act(desk, amount["id"], "close", reason="no", note="x").json()["code"] == "reason"
    assert act(desk, amount["id"], "close", reason="rounding", note="一分尾差").status_code == 200
    assert act(desk, amount["id"], "assign", owner="me").json()["code"] == "difference_ended"
    # Above an amount, another person.
    rules = desk.call("GET", "/v1/reconcile/rules").json()["rules"] | {"second_fen": 4_480}
    assert desk.call("PUT", "/v1/reconcile/rules?base=0", rules).json()["version"] == 1
    late = desk.call("PUT", "/v1/reconcile/rules?base=0", rules)
    assert (late.status_code, late.json()["code"]) == (409, "rules_moved")
    missing = by_class["missing_in_bill"]["id"]
    act(desk, missing, "close", reason="later_bill", note="下月账单")
    assert act(desk, missing, "confirm").json()["code"] == "same_person"
    assert act(desk, missing, "decline", note="不在下月").status_code == 200
    act(desk, missing, "close", reason="bad_debt", note="核销")
    state = desk.call("GET", f"/v1/differences/{missing}").json()["difference"]
    assert (state["state"], state["reason"], state["asked"]["person"]) == (
        "proposed",
        "bad_debt",
        me,
    )
    # The money came after all: it settles, and what was closed on another amount opens again.
    bring(
        desk,
        [
            Move(kind="sale", number="9004", amount=4_480, at=AT, flow="f-late"),
            Move(kind="sale", number="9002", amount=4_480, at=AT, flow="f-twice"),
        ],
    )
    reconcile_now(desk)
    ends = {d["class"]: d for d in desk.call("GET", "/v1/differences").json()["items"]}
    assert set(ends) == {"amount", "missing_in_orders"}
    assert (ends["amount"]["id"], ends["amount"]["actual_fen"]) == (amount["id"], 8_959)
    assert desk.call("GET", f"/v1/differences/{missing}").json()["difference"]["state"] == "settled"
    asyncio.run(sequence(desk.url))
    asyncio.run(check_facts(desk))


async def check_facts(desk: House) -> None:
    async with await psycopg.AsyncConnection.connect(desk.url, autocommit=True) as connection:
        await reconcile_money.catch_up(connection, desk.tenant)
        report = await audit.fold_rows(connection, desk.tenant, folders(desk.tenant))
        assert [d.detail for d in report.differences] == []
        await connection.execute(
            "update order_money set paid=paid+1 where tenant=%s and number='9001'", (desk.tenant,)
        )
        await connection.execute(
            "update reconcile_rules set body='{}' where tenant=%s", (desk.tenant,)
        )
        await connection.execute(
            "update differences set note='other' where tenant=%s and state='open'", (desk.tenant,)
        )
        await connection.execute(
            "update bill_lines set amount=amount+1 where tenant=%s and flow='f-late'",
            (desk.tenant,),
        )
        report = await audit.fold_rows(connection, desk.tenant, folders(desk.tenant))
        assert {d.code for d in report.differences} == {
            *("difference_differs", "bill_differs", "money_differs", "rules_differ")
        }


def folders(tenant: int) -> list[Any]:
    return [DifferencesFolder(tenant), ReconcileFolder(tenant)]


def test_runs_begin_by_themselves_and_a_bill_that_is_late_is_a_difference(desk: House) -> None:
    now = datetime.datetime.now(datetime.UTC)
    paid = now - datetime.timedelta(days=5)
    day = (paid + datetime.timedelta(hours=8)).date()
    desk.place(number="J1", channel="jd", paid_at=paid.strftime("%Y-%m-%dT%H:%M:%SZ"))
    due = {"book": "jd", "channel": "jd", "every": "day", "days": 1, "since": f"{day}"}
    assert put_bills(desk, [due, due])["code"] == "twice"
    assert put_bills(desk, [due])["version"] == 1
    asyncio.run(sequence(desk.url))
    runs = asyncio.run(begin_alone(desk, now))
    seen = [wait_for(desk, id_) for id_ in runs]
    assert [(run["stage"], run["cause"]) for run in seen] == [("done", "bills"), ("done", "night")]
    (late,) = desk.call("GET", "/v1/differences?class=bill_missing").json()["items"]
    assert (late["book"], late["expected_fen"], late["actual_fen"]) == ("jd", 4_480, 0)
    assert late["key"] == f"bill/{day}"
    # no order was paid on the next day: no bill is due. The one that was, comes.
    stamp = f"{day} 23:00:00"
    bring(desk, [Move(kind="sale", number="J1", amount=4_480, at=stamp, flow="j1")], "jd")
    reconcile_now(desk)
    assert desk.call("GET", "/v1/differences?class=bill_missing").json()["items"] == []


def put_bills(desk: House, bills: list[dict[str, Any]]) -> Any:
    rules = desk.call("GET", "/v1/reconcile/rules").json()["rules"] | {"bills": bills}
    return desk.call("PUT", "/v1/reconcile/rules", rules).json()


async def begin_alone(desk: House, now: datetime.datetime) -> list[str]:
    """Let the room begin a run after the bills, and one at night; gives both."""
    at_ms = round(now.timestamp() * 1000)
    night = (now + datetime.timedelta(days=1)).replace(hour=20)  # 4 in the morning
    night_ms = round(night.timestamp() * 1000)
    async with await psycopg.AsyncConnection.connect(desk.url, autocommit=True) as connection:
        ask, runs = reconcile_room.ask_after_bills, "select id from reconcile_runs order by id"
        assert await ask(connection, at_ms) == 0, "more files may be on their way"
        assert await ask(connection, at_ms + 120_000) == 1
        assert await ask(connection, at_ms + 120_000) == 0
        (first,) = await (await connection.execute(runs)).fetchone() or ("",)
        await asyncio.to_thread(wait_for, desk, str(first))
        assert await ask(connection, at_ms + 120_000) == 0
        await reconcile_room.look_at_night(connection, night_ms)
        assert len(await (await connection.execute(runs)).fetchall()) == 1, "it has just begun"
        for table in ("bill_files", "reconcile_rules"):
            await connection.execute(f"update {table} set made = made - interval '2 hours'")
        await reconcile_room.look_at_night(connection, night_ms)
        await reconcile_room.look_at_night(connection, night_ms)
        found = await (await connection.execute(runs)).fetchall()
        return [str(id_) for (id_,) in found]


def test_no_right_no_difference(desk: House) -> None:
    assert desk.call("GET", "/v1/reconcile/counts", role="operator").status_code == 403
    assert desk.call("POST", "/v1/reconcile/runs", {}, role="viewer").status_code == 403
    assert act(desk, str(uuid.uuid4()), "assign").json()["code"] == "no_difference"
