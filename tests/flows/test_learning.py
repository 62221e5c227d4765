"""Learning in the product: trained, asked about open orders, promoted, fallen back, audited."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import psycopg
import pytest

from danshu.hub import learning_child, learning_reading, learning_room, learning_rows, learning_work
from danshu.hub.learning_audit import LearningFolder
from danshu.ledger import audit
from danshu.ledger.write import connect
from tests.fixtures import learning
from tests.fixtures.hub import House

ORDERS = 5
LOOKED = """
insert into learning_looks(tenant,looked) select id, (now() at time zone 'Asia/Shanghai')::date
from tenants
"""


@pytest.fixture
def town(house: House) -> House:
    """Some orders are open, and models were learned from another year's."""
    for _ in range(ORDERS):
        house.place()
    house.work("sequence", "rows")
    return house


def run(house: House, work: Any) -> Any:
    async def connected() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await work(c)

    with house.client.portal() as portal:
        return portal.call(connected)


def test_models_are_learned_used_and_given_up(town: House) -> None:
    """One house for all of it: setting it up costs more than what is asked of it."""
    train_in_a_job(town)
    base, rival = teach(town)
    ask(town, base)
    promote(town, base, rival)
    fall(town, rival)
    decide_by_rule(town)
    report = run(town, lambda c: audit.fold_rows(c, town.tenant, [LearningFolder(town.tenant)]))
    assert report.clean, report


def train_in_a_job(town: House) -> None:
    """Whoever may asks for it; five orders that are open teach nothing, and that is said."""
    assert town.call("POST", "/v1/learning/train", {}, "viewer").status_code == 403
    begun = town.call("POST", "/v1/learning/train", {}, "admin")
    assert begun.status_code == 202, begun.text
    again = town.call("POST", "/v1/learning/train", {}, "admin")
    assert again.json()["id"] == begun.json()["id"]
    state = begun.json()
    until = time.monotonic() + 300
    while not state["ended"] and time.monotonic() < until:
        state = town.call("GET", f"/v1/jobs/{state['id']}", role="admin").json()
    assert state["state"] == "done", state
    page = town.call("GET", "/v1/learning/models").json()
    assert (page["items"], page["training"]) == ([], None)
    assert town.call("GET", "/v1/learning/risks").json()["items"] == []


def teach(town: House) -> tuple[str, str]:
    """Rates answer at once; trees are a challenger that nobody hears."""

    async def add(c: Any) -> Any:
        now_ms = town.hub.clock()
        return await learning_rows.add(
            c, town.tenant, learning.trained(), learning_work.ACTOR, now_ms
        )

    base, rival = map(str, run(town, add))
    states = {i["id"]: (i["kind"], i["state"], i["answers"]) for i in models(town)}
    assert states == {base: ("rates", "base", True), rival: ("trees", "challenger", False)}
    seen = town.call("GET", f"/v1/learning/models/{rival}").json()
    assert seen["model"]["marks"]["auc"] > 700
    assert seen["model"]["plain"]["rows"] == seen["model"]["marks"]["rows"]
    assert sum(f["weight"] for f in seen["features"]) in range(985, 1_016)
    assert {s["by"] for s in seen["slices"]} == {"promise", "stage", "warehouse", "channel"}
    gone = town.call("GET", f"/v1/learning/models/{uuid.uuid4()}")
    assert (gone.status_code, gone.json()["code"]) == (404, "no_model")
    return base, rival


def models(town: House) -> list[dict[str, Any]]:
    return list(town.call("GET", "/v1/learning/models").json()["items"])


def ask(town: House, model: str) -> None:
    """Every open order is told of, by the page and to skills alike."""
    asyncio.run(learning_child.run(town.url, town.tenant, learning_child.ASK, learning_work.ACTOR))
    page = town.call("GET", "/v1/learning/risks", params={"limit": 3}).json()
    rest = town.call("GET", "/v1/learning/risks", params={"cursor": page["next"]}).json()
    told = page["items"] + rest["items"]
    assert len({each["id"] for each in told}) == ORDERS == page["orders"]
    assert [each["chance"] for each in told] == sorted(
        (each["chance"] for each in told), reverse=True
    )
    first = town.call("GET", f"/v1/learning/risks/{told[0]['id']}").json()
    assert first == told[0]
    assert first["model"] == model
    assert first["earliest"] <= first["expected"] <= first["latest"]
    for warehouse, found in ((first["warehouse"], True), ("nowhere", False)):
        asked = town.call("GET", "/v1/learning/risks", params={"warehouse": warehouse}).json()
        assert bool(asked["items"]) == found
    rows = run(
        town, lambda c: learning_reading.order_risks(c, None, town.tenant, town.hub.clock(), 10)
    )
    assert [row.order for row in rows] == [each["id"] for each in told]
    assert all(any(cite.kind == "model" for cite in row.cites) for row in rows)
    none = town.call("GET", f"/v1/learning/risks/{uuid.uuid4()}")
    assert (none.status_code, none.json()["code"]) == (404, "no_risk")
    assert town.call("GET", "/v1/learning/lanes").json()["items"] == []
    assert town.call("GET", "/v1/learning/habits").json()["basis"] == "fulfilment"


def act(town: House, model: str, what: str, role: str = "admin") -> Any:
    return town.call("POST", f"/v1/learning/models/{model}/{what}", {"note": "试一试"}, role)


def promote(town: House, base: str, rival: str) -> None:
    """A person puts the trees into use; rates are never retired."""
    assert act(town, rival, "promote", "operator").status_code == 403
    done = act(town, rival, "promote").json()
    assert (done["model"]["state"], done["model"]["answers"]) == ("champion", True)
    assert act(town, rival, "promote").json()["code"] == "model_not_promotable"
    assert act(town, base, "retire").json()["code"] == "model_not_retirable"


def fall(town: House, rival: str) -> None:
    """A file that somebody changed is not read: the rates answer, and the log says why. The room
    does all of that by itself.
    """

    async def spoil(c: Any) -> None:
        await c.execute(
            "update learning_files set body = body || 'x' where digest = (select digest from"
            " learning_models where id=%s)",
            (rival,),
        )
        await c.execute("delete from learning_asked")
        await c.execute(LOOKED)  # the night's look was had; what is due is to ask

    async def step(c: Any) -> int:
        del c
        async with await connect(town.url, "tests") as connection:
            begun = learning_room.begin(town.url)
            done = 0
            while await begun(connection):
                done += 1
            return done

    report = run(town, lambda c: audit.fold_rows(c, town.tenant, [LearningFolder(town.tenant)]))
    assert report.clean, report
    run(town, spoil)
    assert run(town, step) == 1
    state = town.call("GET", f"/v1/learning/models/{rival}").json()["model"]
    assert (state["state"], state["why"], state["answers"]) == ("fallen", "damaged", False)
    assert town.call("GET", "/v1/learning/risks").json()["orders"] == ORDERS
    assert act(town, rival, "promote").json()["code"] == "model_damaged"
    assert act(town, rival, "retire").json()["model"]["state"] == "retired"
    run(town, lambda c: c.execute("delete from learning_files where digest=%s", (state["digest"],)))


def decide_by_rule(town: House) -> None:
    """Whether the margin decides is the merchant's word."""
    assert town.call("GET", "/v1/learning/models").json()["by_rule"] is False
    told = town.call("PUT", "/v1/learning/settings", {"by_rule": True}, "admin")
    assert told.status_code == 200, told.text
    assert town.call("GET", "/v1/learning/models").json()["by_rule"] is True
