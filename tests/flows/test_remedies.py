"""After a breach: proposed by the clause, decided by a person or policy, paid once; laggards."""

from __future__ import annotations

import asyncio
import datetime
import time
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from danshu.capabilities.contract import definitions
from danshu.capabilities.contract.actions.model import Amount, Remedy
from danshu.hub import clocks, paying, remedies
from danshu.hub.worlds import Worlds
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import HANDOVER_LAG_MS, PAYOUT_RETRY_MAX_S, REMEDY_AUTO_FEN
from danshu.ledger.engine import Engine
from danshu.testing import payouts
from danshu.testing.payouts import Payer
from tests.fixtures import engine as stores
from tests.fixtures.floor import act, audit, facts
from tests.fixtures.hub import House, open_house, order
from tests.flows.asking import ask, tell

HOUR_MS = 3_600_000
PAID = 4_480  # what order() costs
OWED = 224  # 5 % of it


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One merchant for the file: every test has orders of its own."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


@pytest.fixture
def payer() -> Iterator[Payer]:
    with payouts.serve() as serving:
        yield serving


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def place(house: House, paid_ago_ms: int) -> str:
    made = house.place(paid_at=rfc3339(now_ms() - paid_ago_ms))
    return str(made["order"])


def ring(house: House, at_ms: int = 0) -> None:
    """Let the timers that are due by then fire."""

    async def run() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            await clocks.fire(c, Worlds(house.url), at_ms or now_ms())

    asyncio.run(run())


def pay(house: House, at_ms: int = 0) -> int:
    """Let the room of payments step once."""

    async def run() -> int:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await paying.COMPENSATIONS.run_due(c, Worlds(house.url), at_ms or now_ms())

    return asyncio.run(run())


def connect(house: House, payer: Payer, auto_fen: int = 0) -> None:
    body = {"adapter": "payouts", "url": payer.url, "secret": payouts.SECRET, "auto_fen": auto_fen}
    answer = house.call("PUT", "/v1/remedy-settings", body)
    assert answer.status_code == 200, answer.text
    assert payouts.SECRET not in answer.text


def items(house: House, id_: str) -> list[dict[str, Any]]:
    found = house.call("GET", f"/v1/orders/{id_}/compensations").json()["items"]
    return list(found)


def decide(house: House, id_: str, what: str, role: str = "admin", **more: Any) -> Any:
    body = {"act": what, "code": "ship48h", "step": 0, **more}
    return house.call("POST", f"/v1/orders/{id_}/compensations", body, role=role)


def kinds(house: House, id_: str, start: str) -> list[str]:
    found = house.call("GET", f"/v1/orders/{id_}/facts").json()["facts"]
    return [f["type"] for f in found if f["type"].startswith(start)]


def test_a_breach_is_proposed_approved_and_paid_once(house: House, payer: Payer) -> None:
    connect(house, payer)
    id_ = place(house, 49 * HOUR_MS)
    ring(house)
    (row,) = items(house, id_)
    assert (row["amount"], row["base"], row["state"]) == (OWED, PAID, "proposed")
    (said,) = facts(house, id_, "compensation.proposed")
    (made,) = facts(house, id_, "promise.made")
    pinned = {p["code"]: p["definition"] for p in made["data"]["promises"]}
    assert said["data"]["definition"] == pinned["ship48h"] == row["clause"]
    assert kinds(house, id_, "promise.b") == ["promise.broken"]
    pay(house)
    assert payer.payments == {}  # nothing is paid that nobody approved
    assert decide(house, id_, "approve", amount_fen=OWED + 1).status_code == 422
    assert decide(house, id_, "approve", amount_fen=OWED).status_code == 200
    twice = decide(house, id_, "approve", amount_fen=OWED)
    assert (twice.status_code, twice.json()["code"]) == (422, "not_now")
    payer.break_after = 1  # the money moves, the answer is lost
    assert pay(house) == 1
    (row,) = items(house, id_)
    assert (row["state"], len(payer.payments)) == ("approved", 1)
    assert pay(house, now_ms() + PAYOUT_RETRY_MAX_S * 1000) == 1
    (row,) = items(house, id_)
    assert (row["state"], row["receipt"], row["tries"]) == ("paid", "po_000001", 2)
    ((key, payment),) = payer.payments.items()
    assert (key, payment.amount) == (f"danshu-{id_}-ship48h-0", OWED)
    assert kinds(house, id_, "compensation") == [
        "compensation.proposed", "compensation.approved", "compensation.paid"
    ]  # fmt: skip
    (paid,) = facts(house, id_, "compensation.paid")
    assert paid["data"] == {"amount": OWED, "code": "ship48h", "receipt": "po_000001", "step": 0}
    assert pay(house, now_ms() + 2 * PAYOUT_RETRY_MAX_S * 1000) == 0
    house.work("sequence")
    assert audit(house) == []


def test_policy_pays_small_sums_where_the_chain_allows_it(
    house: House, payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = next(c.digest for c in definitions.shipped() if c.code == "ship48h")
    own = (Remedy(do="compensate", amount=Amount(permille=50), due="PT72H", auto=True),)
    monkeypatch.setitem(remedies._chains, (house.tenant, digest), own)
    connect(house, payer, auto_fen=OWED - 1)
    first = place(house, 49 * HOUR_MS)
    ring(house)
    assert [r["state"] for r in items(house, first)] == ["proposed"]
    connect(house, payer, auto_fen=OWED)
    second = place(house, 49 * HOUR_MS)
    ring(house)
    (row,) = items(house, second)
    assert (row["state"], row["by"], row["auto"]) == ("approved", "policy", True)
    (said,) = facts(house, second, "compensation.approved")
    assert said["data"]["by"] == "policy"
    pay(house)
    assert [r["state"] for r in items(house, second)] == ["paid"]
    over = house.call("PUT", "/v1/remedy-settings", {"auto_fen": REMEDY_AUTO_FEN + 1})
    assert over.status_code == 422


def test_what_a_changed_verdict_owes_no_more_is_taken_back(house: House) -> None:
    id_ = place(house, 49 * HOUR_MS)
    ring(house)
    assert [r["state"] for r in items(house, id_)] == ["proposed"]
    for event in ("release", "pick", "pack"):
        act(house, id_, event=event)
    act(house, id_, event="ship", carrier="示例快递", occurred_at=rfc3339(now_ms() - 2 * HOUR_MS))
    (row,) = items(house, id_)
    assert (row["state"], row["reason"]) == ("refused", "verdict_changed")
    assert decide(house, id_, "approve", amount_fen=OWED).status_code == 422


def test_a_person_refuses_with_a_reason(house: House) -> None:
    id_ = place(house, 49 * HOUR_MS)
    ring(house)
    assert decide(house, id_, "refuse").status_code == 422
    assert decide(house, id_, "refuse", reason="买家已另行补偿").status_code == 200
    (row,) = items(house, id_)
    assert (row["state"], row["reason"], row["by"]) == ("refused", "买家已另行补偿", "admin")
    assert decide(house, id_, "approve", role="viewer", amount_fen=OWED).status_code == 403
    stranger = {"authorization": f"Bearer {house.other}"}
    path = f"/v1/orders/{id_}/compensations"
    assert house.client.get(path, headers=stranger).status_code == 404


def test_what_the_service_will_not_pay_waits_for_a_person(house: House, payer: Payer) -> None:
    connect(house, payer)
    id_ = place(house, 49 * HOUR_MS)
    ring(house)
    decide(house, id_, "approve", amount_fen=OWED)
    payer.trouble = [503, 422]
    at_ms = now_ms()
    pay(house, at_ms)
    (row,) = items(house, id_)
    assert (row["is_stuck"], row["trouble"]) == (False, "the service answers 503")
    pay(house, at_ms + PAYOUT_RETRY_MAX_S * 1000)
    (row,) = items(house, id_)
    assert row["is_stuck"]
    assert "trouble" in row["trouble"]
    assert pay(house, at_ms + 9 * PAYOUT_RETRY_MAX_S * 1000) == 0
    page = house.call("GET", "/v1/compensations", params={"state": "approved"}).json()
    assert id_ in [i["order"] for i in page["items"]]
    payer.slow = 1  # under way at first
    assert decide(house, id_, "retry").status_code == 200
    pay(house)
    assert items(house, id_)[0]["trouble"] == "under_way"
    pay(house, now_ms() + PAYOUT_RETRY_MAX_S * 1000)
    assert items(house, id_)[0]["state"] == "paid"
    assert len(payer.payments) == 1


def test_a_list_goes_on_where_it_stopped(house: House) -> None:
    ids = [place(house, 49 * HOUR_MS + n * 60_000) for n in range(3)]
    ring(house)
    seen: list[str] = []
    cursor = ""
    while True:
        page = house.call("GET", "/v1/compensations", params={"limit": 1, "cursor": cursor}).json()
        seen += [i["order"] for i in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert [id_ for id_ in seen if id_ in ids] == ids[::-1]
    assert len(seen) == len(set(seen))


def ship(house: House, handed_ms: int, **more: Any) -> str:
    id_ = place(house, HOUR_MS)
    for event in ("release", "pick", "pack"):
        act(house, id_, event=event)
    act(house, id_, event="ship", occurred_at=rfc3339(handed_ms), **more)
    return id_


def test_a_handover_without_its_waybill_is_said_to_lag_and_to_catch_up(house: House) -> None:
    handed = now_ms() - 60_000
    id_ = ship(house, handed)
    ring(house)
    assert kinds(house, id_, "handover") == []
    ring(house, handed + HANDOVER_LAG_MS)
    (lagging,) = facts(house, id_, "handover.lagging")
    assert lagging["data"] == {
        "fulfilment": 1,
        "handed": rfc3339(handed),
        "lag_ms": HANDOVER_LAG_MS,
    }
    ring(house, handed + 2 * HANDOVER_LAG_MS)
    assert len(facts(house, id_, "handover.lagging")) == 1
    told_ms = now_ms()
    act(house, id_, event="waybill", waybill="SF123", occurred_at=rfc3339(told_ms))
    (caught,) = facts(house, id_, "handover.caught_up")
    assert caught["data"]["lag_ms"] == told_ms - handed
    row = ask(house.url, "select said, caught is null from laggards where id=%s", uuid.UUID(id_))
    assert row == [(True, False)]
    house.work("sequence")
    assert audit(house) == []


def test_a_waybill_in_time_says_nothing(house: House) -> None:
    handed = now_ms() - 60_000
    prompt = ship(house, handed, waybill="SF1", carrier="示例快递")
    soon = ship(house, handed)
    act(house, soon, event="waybill", waybill="SF2")
    ring(house, handed + 2 * HANDOVER_LAG_MS)
    for id_ in (prompt, soon):
        assert kinds(house, id_, "handover") == []


def test_the_example_costs_what_the_tests_say(house: House) -> None:
    lines = order()["lines"]
    assert sum(n["quantity"] * n["price_fen"] for n in lines) == PAID
    assert datetime.timedelta(milliseconds=HANDOVER_LAG_MS) == datetime.timedelta(minutes=5)


def test_the_audit_finds_a_row_that_the_facts_do_not_give(house: House) -> None:
    id_ = place(house, 49 * HOUR_MS)
    ring(house)
    house.work("sequence")
    assert audit(house) == []
    row = "update compensations set amount=amount+%s where id=%s"
    tell(house.url, row, 1, uuid.UUID(id_))
    (found,) = audit(house)
    assert (found.code, found.where) == ("compensation_differs", f"{id_} ship48h 0")
    tell(house.url, row, -1, uuid.UUID(id_))
    link = house.call("POST", f"/v1/orders/{id_}/links", {}).json()["id"]
    house.work("sequence")
    tell(house.url, "update links set views=7 where id=%s", uuid.UUID(link))
    assert [f.code for f in audit(house)] == ["link_differs"]
    tell(house.url, "update links set views=0 where id=%s", uuid.UUID(link))
