"""Scorers in the product: votes in every decision, a person where they disagree, coefficients that
a person adopts.
"""

from __future__ import annotations

import asyncio
import datetime
import uuid
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import psycopg
import pytest

from danshu.capabilities.routing.panel import PARTS, SITUATIONS, Panel
from danshu.capabilities.routing.score import CLASSES
from danshu.capabilities.routing.scorers import fit, seating
from danshu.hub import clocks, coefficients, deliveries, masters, panels, pictures, scorers_room
from danshu.hub.worlds import Worlds, now_ms
from danshu.kernel.limits import ESCALATION_BURST, ESCALATION_WAIT_MIN
from danshu.ledger.engine import Engine
from danshu.testing.deliveries import deliver
from tests.fixtures import engine as stores
from tests.fixtures.engine import ask
from tests.fixtures.hub import SKUS, TESTER, House, open_house
from tests.flows.test_board import count, overview

DAY = datetime.date(2026, 6, 1)


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


def run(house: House, work: Callable[[psycopg.AsyncConnection[Any]], Awaitable[Any]]) -> Any:
    async def connected() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            return await work(connection)

    return asyncio.run(connected())


def renew(house: House) -> None:
    """Make the next snapshot and let this server take it."""

    async def work(connection: psycopg.AsyncConnection[Any]) -> None:
        known = await masters.load_network(connection, house.tenant)
        assert known is not None
        await pictures.renew(connection, house.tenant, known[1], now_ms())

    run(house, work)
    with house.client.portal() as portal:
        portal.call(house.hub.worlds.look)


def votes_of(house: House, order: str) -> dict[str, Any]:
    told = house.call("GET", f"/v1/orders/{order}/decision").json()["decision"]
    return dict(told["votes"])


def test_what_was_delivered_is_read_with_its_decision(house: House) -> None:
    house.hub.batch._clock = lambda: now_ms() - 31 * 3_600_000  # it was placed yesterday
    order = house.place()["order"]
    house.hub.batch._clock = now_ms
    votes = votes_of(house, order)
    assert (votes["s2_absent"], votes["s2_min"], votes["s4"]) == ("unfitted", -1, -1)
    assert votes["reason"] == ""
    assert house.call("POST", f"/v1/orders/{order}/replay", {"fact": ""}).json()["equal"]
    for event in ("release", "pick", "pack", "ship"):
        assert (
            house.call("POST", f"/v1/orders/{order}/transitions", {"event": event}).status_code
            < 300
        )
    told = house.call("POST", f"/v1/orders/{order}/transitions", {"event": "deliver"})
    assert told.status_code == 200, told.text

    async def work(connection: psycopg.AsyncConnection[Any]) -> Any:
        known = await masters.load_network(connection, house.tenant)
        assert known is not None
        found = await deliveries.find(connection, house.tenant)
        return found, await deliveries.read(connection, house.tenant, known[1], found, 360)

    found, history = run(house, work)
    assert found.ids == (uuid.UUID(order),)
    assert history.parcels >= 1
    assert abs(history.taken_min - 31 * 60).max() <= 2
    # too little to learn from: said, and the night is over
    house.call("POST", "/v1/coefficients", role="admin")
    run(house, lambda connection: scorers_room.look(connection, now_ms()))
    page = house.call("GET", "/v1/coefficients").json()
    assert page["work"]["outcome"] == "too_few"
    assert page["work"]["wanted"] is None
    assert [(v["no"], v["active"]) for v in page["items"]] == [(0, True)]
    assert page["panel"] is None


def hours_ago(hours: int) -> int:
    return now_ms() - hours * 3_600_000


def test_the_room_learns_from_what_was_delivered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way from orders' facts to a panel in a snapshot, with few parcels of three days."""
    for module in (scorers_room, fit, seating):
        monkeypatch.setattr(module, "FIT_LEAST", 12)
    for hours in (80, 56, 31):
        for n in range(5):
            house.hub.batch._clock = partial(hours_ago, hours)
            line = [{"sku": SKUS[n].code, "quantity": 1, "price_fen": 900}]
            order = house.place(lines=line)["order"]
            for event in ("release", "pick", "pack", "ship", "deliver"):
                told = house.call("POST", f"/v1/orders/{order}/transitions", {"event": event})
                assert told.status_code == 200, told.text
    house.hub.batch._clock = now_ms
    house.call("POST", "/v1/coefficients")
    run(house, lambda connection: scorers_room.look(connection, now_ms()))
    page = house.call("GET", "/v1/coefficients").json()
    assert page["work"]["outcome"] == "seated"  # nothing varied, so no figure was learned
    assert page["panel"]["deliveries"] == 16
    renew(house)
    votes = votes_of(house, house.place()["order"])
    assert votes["s2_absent"] == (page["panel"]["absent"] or votes["s2_absent"])
    # asked again at night, with nothing new: nothing is read
    night = (now_ms() // 86_400_000 + 1) * 86_400_000 + 20 * 3_600_000
    run(house, lambda connection: scorers_room.look(connection, night))
    assert house.call("GET", "/v1/coefficients").json()["work"]["outcome"] == "nothing_new"


def test_a_proposal_is_used_when_a_person_adopts_it(house: House) -> None:
    async def learn(connection: psycopg.AsyncConnection[Any]) -> None:
        known = await masters.load_network(connection, house.tenant)
        assert known is not None
        done = deliver(1, parcels=1_500, network=known[1])
        told = fit.propose(done.history, coefficients.SHIPPED, "learned")
        async with connection.transaction():
            no = await coefficients.propose(connection, house.tenant, TESTER, told, 0)
        assert (no, told.passed) == (1, True)
        bad = fit.Proposal(
            figures=coefficients.SHIPPED, before=told.after, after=told.before, passed=False,
            learned=(),
        )  # fmt: skip
        async with connection.transaction():
            assert await coefficients.propose(connection, house.tenant, TESTER, bad, 1) == 2
        await scorers_room.seat(connection, house.tenant, known[1], done.history, DAY)

    run(house, learn)
    page = house.call("GET", "/v1/coefficients").json()
    assert [(v["no"], v["passed"], v["active"]) for v in page["items"]] == [
        (2, False, False), (1, True, False), (0, True, True),
    ]  # fmt: skip
    assert page["items"][1]["compared"]["after"]["eta_mae_min"] > 0
    assert page["panel"]["cost_error_fen"] > 0

    def adopt(no: int, note: str = "", role: str = "admin") -> Any:
        return house.call("POST", f"/v1/coefficients/{no}/adopt", {"note": note}, role)

    assert adopt(1, role="viewer").status_code == 403
    assert adopt(2).status_code == 409
    assert adopt(9).status_code == 404
    assert adopt(1).json() == {"in_use": 1}
    assert adopt(1).status_code == 409
    renew(house)
    decided = house.place()["order"]
    told = house.call("GET", f"/v1/orders/{decided}/decision").json()["decision"]
    assert told["weights"] == "learned-1"
    assert told["votes"]["s1_min"] > 0
    assert house.call("POST", f"/v1/orders/{decided}/replay", {"fact": ""}).json()["equal"]
    assert adopt(2, "试一周").json() == {"in_use": 2}

    def back() -> Any:
        return house.call("POST", "/v1/coefficients/rollback", {"note": ""})

    assert [back().json(), back().json()] == [{"in_use": 1}, {"in_use": 0}]
    assert back().status_code == 409
    steps = house.call("GET", "/v1/coefficients").json()["steps"]
    assert [(s["act"], s["no"], s["before"]) for s in steps] == [
        ("rollback", 0, 1), ("rollback", 1, 2), ("adopt", 2, 1), ("adopt", 1, 0),
    ]  # fmt: skip


def test_where_scorers_disagree_a_person_looks_and_then_the_default_goes_on(house: House) -> None:
    async def poison(connection: psycopg.AsyncConnection[Any]) -> None:
        known = await masters.load_network(connection, house.tenant)
        assert known is not None
        network = known[1]
        shape = (PARTS, SITUATIONS, len(network.regions), len(network.codes), 3)
        wild = np.random.default_rng(1).integers(1, 20_000, (len(network.codes), 1))
        panel = Panel(
            network.codes,
            network.regions,
            eta_min=np.broadcast_to(wild, shape).astype(np.int16).copy(),
            radius_min=np.zeros((len(CLASSES), len(network.codes)), np.int64),
            version="poisoned",
        )
        await panels.write(connection, house.tenant, panel, b"{}")

    run(house, poison)
    renew(house)
    line = [{"sku": SKUS[3].code, "quantity": 1, "price_fen": 900_00}]
    count_placed = ESCALATION_BURST + 12
    placed = [house.place(lines=line, promises=["nextday"])["order"] for _ in range(count_placed)]
    said = [votes_of(house, order) for order in placed]
    held = [
        o for o, votes in zip(placed, said, strict=True) if votes["reason"] and not votes["spared"]
    ]
    assert {votes["reason"] for votes in said} == {"scorers_disagree"}, said
    assert len(held) == ESCALATION_BURST
    told = house.call("POST", f"/v1/orders/{held[0]}/transitions", {"event": "release"})
    assert told.status_code == 409
    assert house.call("POST", f"/v1/orders/{held[0]}/replay", {"fact": ""}).json()["equal"]
    count(house)
    alerts = overview(house)["alerts"]
    assert [a["n"] for a in alerts if a["code"] == "scorers_disagree"] == [ESCALATION_BURST]
    by_hand = house.call("POST", f"/v1/orders/{held[1]}/transitions", {"event": "unhold"})
    assert by_hand.status_code == 200, by_hand.text

    async def ring(connection: psycopg.AsyncConnection[Any]) -> None:
        late = now_ms() + (ESCALATION_WAIT_MIN + 1) * 60_000
        while await clocks.fire(connection, Worlds(house.url), late):
            pass

    run(house, ring)
    left = ask(house.url, "select count(*) from orders where tenant=%s and state=35", house.tenant)
    assert left == 0
    told = house.call("POST", f"/v1/orders/{held[0]}/transitions", {"event": "release"})
    assert told.status_code == 200, told.text
