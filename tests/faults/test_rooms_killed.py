"""kill -9 of the rooms of an order's life and money, before every word that they have with the
database: the next worker goes on, nothing is lost, and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from danshu.capabilities.settlement.mapping import Policy
from danshu.faces.work import rooms
from danshu.hub import alerts, incident_rows, journal_room, reconcile, sentinel_room
from danshu.hub.findings_audit import FindingsFolder
from danshu.hub.journal_audit import JournalFolder
from danshu.hub.worlds import now_ms
from danshu.ledger.engine import Engine
from danshu.ledger.fold import fold_rows
from danshu.testing import month, payouts, robots, sf_desk
from tests.faults.killing import Connection, Killed, Step, kill_everywhere
from tests.fixtures import engine as stores
from tests.fixtures.engine import ask, tell
from tests.fixtures.floor import act, audit, facts
from tests.fixtures.hub import SKUS, WAREHOUSES, House, open_house, order

pytest_plugins = ["tests.fixtures.engine", "tests.fixtures.hub"]
_phones = itertools.count(13_700_000_001)


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One merchant for the file: every room has orders, or goods, of its own."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


def good(response: Any) -> Any:
    assert response.is_success, response.text
    return response.json()


def room(house: House, name: str) -> Callable[[], Step]:
    """Give the beginning of a worker's room. Its picture of the merchant's world outlives it, as
    that of a worker beside it does; what else a room remembers is its process's own.
    """
    (found,) = [r for r in rooms.ROOMS if r.name == name]
    step = found.begin(house.url)
    return lambda: step


def place(house: House, phone: str = "", **more: Any) -> str:
    receiver = {**order()["receiver"], "phone": phone or str(next(_phones))}
    return str(house.place(receiver=receiver, **more)["order"])


def fold(house: House, *folders: Any) -> list[Any]:
    async def run() -> list[Any]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return list((await fold_rows(c, house.tenant, folders)).differences)

    return asyncio.run(run())


def test_journal(house: House) -> None:
    def make() -> None:
        place(house)
        house.work("sequence")

    assert kill_everywhere(house.url, lambda: journal_room.begin(house.url), make) >= 4
    house.work("journal")
    assert ask(house.url, "select 1 from journal limit 1") == 1
    assert fold(house, JournalFolder(house.tenant, Policy())) == []


def test_sentinel(house: House) -> None:
    placed, phone = [], str(next(_phones))

    def make() -> None:
        placed.append(place(house, phone))
        house.work("sequence")

    make()
    house.work("sentinel")

    def begin() -> Step:
        follower = sentinel_room.make_follower()
        return lambda connection: follower.step(connection, now_ms())

    assert kill_everywhere(house.url, begin, make) >= 4
    house.work("sentinel")
    for id_ in placed[1:]:
        query = f"select count(*) from findings where oid='{id_}' and class='duplicate'"
        assert ask(house.url, query) == 1
    assert fold(house, FindingsFolder(house.tenant)) == []


def test_refunds(house: House) -> None:
    cases = []

    def make() -> None:
        id_ = place(house)
        body = {"kind": "compensation", "reason": "late", "own_fen": 300}
        case = good(house.call("POST", f"/v1/orders/{id_}/after-sales", body))["item"]["id"]
        good(
            house.call("POST", f"/v1/after-sales/{case}/acts", {"act": "agree", "amount_fen": 300})
        )
        cases.append((id_, case))

    pay = room(house, "refunds")

    def begin() -> Step:
        tell(house.url, "update after_sales set next_try=now() where state='paying'")
        return pay()

    with payouts.serve() as payer:
        service = {"adapter": "payouts", "url": payer.url, "secret": payouts.SECRET}
        good(house.call("PUT", "/v1/remedy-settings", service))
        assert kill_everywhere(house.url, begin, make) >= 4
        begin()
        house.work("refunds")
        assert sorted(payer.payments) == sorted(f"danshu-case-{case}" for _, case in cases)
    for id_, _ in cases:
        assert len(facts(house, id_, "compensation.paid")) == 1
    assert audit(house) == []


def test_carriers(house: House) -> None:
    ids: list[str] = []

    def make() -> None:
        ids.append(place(house))
        for event in ("release", "pick", "pack"):
            act(house, ids[-1], event=event)
        act(house, ids[-1], event="ship", carrier="顺丰", waybill=f"SF-K{len(ids)}")
        act(house, ids[-1], event="intercept", reason="买家取消")

    stop = room(house, "carriers")

    def begin() -> Step:
        tell(house.url, "update carrier_intercepts set next_try=now()")
        return stop()

    with sf_desk.serve() as desk:
        service = {"adapter": "sf", "url": desk.url, "options": sf_desk.OPTIONS}
        good(house.call("PUT", "/v1/carrier-services/顺丰", service))
        assert kill_everywhere(house.url, begin, make) >= 4
        begin()
        house.work("carriers")
    for id_ in ids:
        assert len(facts(house, id_, "intercept.answered")) == 1
        cases = good(house.call("GET", f"/v1/orders/{id_}/after-sales"))["items"]
        assert [c["kind"] for c in cases] == ["return"]
    assert audit(house) == []


def test_waiting(house: House) -> None:
    sku, ids = SKUS[9].code, list[str]()

    def stock(warehouse: str, units: int) -> None:
        levels = [{"warehouse": warehouse, "sku": sku, "on_hand": units}]
        good(house.call("PUT", "/v1/stock", {"reason": "清点", "levels": levels}))

    def make() -> None:
        lines = [{"sku": sku, "quantity": 1, "price_fen": 100}]
        ids.append(place(house, lines=lines))
        house.work("sequence", "rows")
        stock(WAREHOUSES[0].code, len(ids))

    for warehouse in WAREHOUSES:
        stock(warehouse.code, 0)
    house.hub.worlds.forget(house.tenant)
    assert kill_everywhere(house.url, room(house, "waiting"), make) >= 4
    house.work("waiting")
    for id_ in ids:
        assert len(facts(house, id_, "order.allocated")) == 1
    house.work("sequence", "rows")
    assert ask(house.url, "select count(*) from waiting_units") == 0
    assert audit(house) == []


def test_merging(house: House) -> None:
    pairs: list[tuple[str, str]] = []

    def make() -> None:
        phone = str(next(_phones))
        pairs.append((place(house, phone), place(house, phone)))
        house.work("sequence", "rows")

    def rules(**merge: Any) -> None:
        version = house.call("GET", "/v1/parcel-rules").json()["version"]
        body = {"version": version, "rules": {"merge": merge}}
        good(house.call("PUT", "/v1/parcel-rules", body))

    rules(on=True, auto=True, wait_min=0)
    assert kill_everywhere(house.url, room(house, "merging"), make) >= 4
    house.work("merging")
    rules()
    for pair in pairs:
        (groups,) = {
            tuple(f["data"]["group"] for f in facts(house, id_, "fulfilment.merged"))
            for id_ in pair
        }
        assert len(groups) == 1
    assert audit(house) == []


def test_reconcile(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is one commit: killed before it nothing stands, killed after it the same stands."""
    done: list[int] = []

    class Mortal(psycopg.Connection[Any]):
        """A connection of a run's thread, killed after its nth statement; the commit is none."""

        last = 0

        def execute(self, *args: Any, **more: Any) -> Any:
            told = super().execute(*args, **more)
            done[-1] += 1
            if done[-1] == Mortal.last:
                self.pgconn.finish()
                raise Killed
            return told

    def run(last: int = 0) -> bool:
        Mortal.last = last
        done.append(0)
        id_ = uuid.uuid4()
        begun = "insert into reconcile_runs(tenant,id,cause,stage,whole)"
        tell(database, f"{begun} values(1,'{id_}','t','read',true)")
        try:
            reconcile.run(database, 1, id_, reconcile.Beat())
        except (Killed, psycopg.OperationalError):
            return False
        return True

    def stands() -> list[Any]:
        with psycopg.connect(database) as connection:
            query = "select class, key, actual, state, seq, id from differences order by 1, 2"
            return connection.execute(query).fetchall()

    monkeypatch.setattr(reconcile, "psycopg", SimpleNamespace(connect=Mortal.connect))
    with psycopg.connect(database, autocommit=True) as connection:
        month.fill(connection, 1, 300)
    assert run()
    whole, statements = stands(), done[-1]
    assert whole
    tell(database, "truncate differences", "truncate reconcile_runs", "truncate bill_matches")
    for last in (1, statements // 2, statements):
        assert not run(last)
        assert stands() == []
    assert run()  # and its worker is killed before it says so: the next one runs again
    same = stands()
    assert [row[:-1] for row in same] == [row[:-1] for row in whole]
    assert run()
    assert stands() == same


def test_alerts(house: House) -> None:
    """At least once: only who dies between the group's answer and the commit tells it again."""
    keys: list[str] = []

    def make() -> None:
        keys.append(f"K{len(keys):02}")

        async def raise_one() -> None:
            async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
                await incident_rows.tell(c, house.tenant, "routing_stopped", keys[-1], keys[-1])

        asyncio.run(raise_one())

    def begin() -> Step:
        tell(house.url, "update alert_channels set next_try=now()")

        async def step(connection: Connection) -> None:
            await alerts.send_due(connection, now_ms())

        return step

    with robots.serve() as far:
        group = {"name": "群", "adapter": "feishu", "url": far.url("feishu")}
        group |= {"secret": robots.SECRET, "grade": "red"}
        good(house.call("POST", "/v1/alert-channels", group))
        assert kill_everywhere(house.url, begin, make) >= 4
        begin()
        told = "".join(t.text for t in far.taken)
        assert [key for key in keys if key not in told] == []
