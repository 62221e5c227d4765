"""kill -9 of whoever carries out what the agent proposed, before every word with the database: what
was approved is done once, what is taken back is back once, and the facts give the rows.
"""

from __future__ import annotations

import contextlib
import copy
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from danshu.hub import agent, agent_room
from danshu.hub.agent_audit import AgentFolder
from danshu.hub.transfer_audit import TransfersFolder
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.ledger.engine import Engine
from tests.faults.killing import Connection, Step, kill_everywhere
from tests.faults.test_rooms_killed import fold
from tests.fixtures import engine as stores
from tests.fixtures.agent import HOUR_MS
from tests.fixtures.agent_desk import ANN, BOB
from tests.fixtures.engine import ask, tell
from tests.fixtures.floor import act, audit, facts
from tests.fixtures.hub import WAREHOUSES, House, open_house
from tests.fixtures.order_skills import SKU, place, propose, warehouse
from tests.flows.test_remedies import ring

pytest_plugins = ["tests.fixtures.engine", "tests.fixtures.hub"]
FROM, TO = WAREHOUSES[0].code, WAREHOUSES[1].code
Wish = tuple[dict[str, Any], str]


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        stock = {"warehouse": FROM, "sku": SKU, "on_hand": 100_000}
        told = opened.call("PUT", "/v1/stock", {"reason": "清点", "levels": [stock]})
        assert told.is_success, told.text
        yield opened


def hub_of(house: House, connection: Connection) -> Any:
    """Give a hub whose every word goes over one connection."""

    @contextlib.asynccontextmanager
    async def lend() -> AsyncIterator[Connection]:
        yield connection

    mortal = copy.copy(house.hub)
    vars(mortal)["connection"] = lend
    return mortal


def wish_transfer(house: House) -> Wish:
    told = {
        "from_warehouse": FROM, "to_warehouse": TO, "sku": SKU, "quantity": 7, "truck": "4.2",
        "cost_fen": 900, "days": 2,
    }  # fmt: skip
    return told, SKU


def wish_safety(house: House) -> Wish:
    now = units(house, "safety")
    return {"warehouse": FROM, "sku": SKU, "now": now, "safety": now + 1}, SKU


def wish_reroute(house: House) -> Wish:
    order = place(house)
    here = warehouse(house, order)
    there = next(w.code for w in WAREHOUSES if w.code != here)
    return {"warehouse": here, "sku": SKU, "to_warehouse": there, "orders": (order,)}, order


def wish_expedite(house: House) -> Wish:
    order = place(house)
    act(house, order, event="release")
    return {"warehouse": warehouse(house, order), "orders": (order,)}, order


def wish_compensate(house: House) -> Wish:
    ago_ms = time.time_ns() // 1_000_000 - 49 * HOUR_MS
    order = place(house, paid_at=rfc3339(ago_ms))
    ring(house)
    (owed,) = house.call("GET", f"/v1/orders/{order}/compensations").json()["items"]
    told = {
        "order": order, "code": owed["code"], "step": owed["step"], "amount_fen": owed["amount"],
    }  # fmt: skip
    return told, order


WISHES: dict[str, Callable[[House], Wish]] = {
    "transfer": wish_transfer,
    "safety_stock": wish_safety,
    "reroute": wish_reroute,
    "expedite": wish_expedite,
    "compensate": wish_compensate,
}
SAID = {
    "reroute": "order.withdrawn",
    "expedite": "order.expedited",
    "compensate": "compensation.approved",
}


def units(house: House, what: str) -> int:
    level = house.call("GET", f"/v1/stock?warehouse={FROM}&sku={SKU}").json()["items"][0]
    return int(level[what])


def count(house: House) -> int:
    found = ask(house.url, "select count(*) from transfers")
    assert isinstance(found, int)
    return found


def may(right: str, **context: object) -> bool:
    return True


async def approve(hub: Any, tenant: int, id_: uuid.UUID) -> None:
    """Approve as two people, where the first does not do."""
    for person in (BOB, ANN):
        told = await agent.approve(hub, tenant, id_, "好", person, may)
        if not isinstance(told, Refusal) and told.state != "waiting":
            return


def state(house: House, id_: uuid.UUID) -> str:
    # a process that died counts as a try, and twelve of them as enough
    tell(house.url, f"update proposals set tries=0 where id='{id_}'")
    return str(ask(house.url, f"select state from proposals where id='{id_}'"))


def audited(house: House) -> None:
    """The facts give the rows."""
    house.work("sequence", "rows")
    assert audit(house) == []
    assert fold(house, AgentFolder(house.tenant), TransfersFolder(house.tenant)) == []


@pytest.mark.parametrize("action", WISHES)
def test_what_was_approved_is_done_once(house: House, action: str) -> None:
    made: list[tuple[uuid.UUID, str]] = []

    def make() -> None:
        told, ref = WISHES[action](house)
        made.append((uuid.UUID(propose(house, action, told, ref)), ref))

    def begin() -> Step:
        id_ = made[-1][0]
        do = approve if state(house, id_) == "waiting" else agent_room.tend
        return lambda connection: do(hub_of(house, connection), house.tenant, id_)

    transfers, before = count(house), units(house, "safety")
    assert kill_everywhere(house.url, begin, make) >= 12
    audited(house)
    assert {state(house, id_) for id_, _ in made} == {"done"}
    assert [len(facts(house, ref, SAID[action])) for _, ref in made if action in SAID] == [
        1 for _ in made if action in SAID
    ]
    assert count(house) - transfers == (len(made) if action == "transfer" else 0)
    assert units(house, "safety") - before == (len(made) if action == "safety_stock" else 0)


@pytest.mark.parametrize("action", ["transfer", "safety_stock", "reroute", "expedite"])
def test_what_is_taken_back_is_back_once(house: House, action: str) -> None:
    made: list[uuid.UUID] = []
    before = units(house, "reserved"), units(house, "safety")

    def make() -> None:
        told, ref = WISHES[action](house)
        made.append(uuid.UUID(propose(house, action, told, ref)))
        with house.client.portal() as portal:
            portal.call(approve, house.hub, house.tenant, made[-1])
        assert state(house, made[-1]) == "done"

    def begin() -> Step:
        id_ = made[-1]
        if state(house, id_) == "done":
            return lambda connection: agent.roll_back(
                hub_of(house, connection), house.tenant, id_, "错了", ANN, may
            )
        return lambda connection: agent_room.tend(hub_of(house, connection), house.tenant, id_)

    assert kill_everywhere(house.url, begin, make) >= 8
    audited(house)
    assert {state(house, id_) for id_ in made} == {"rolled_back"}
    assert units(house, "safety") == before[1]
    if action == "transfer":
        assert units(house, "reserved") == before[0]
