"""The order COE in the product: a review from the log, goals, backlog, an experiment, maturity."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import psycopg

from danshu.hub.coe_audit import CoeFolder
from danshu.hub.policy_sets import Canary
from danshu.kernel.fact import rfc3339
from danshu.ledger import audit
from tests.fixtures import policies
from tests.fixtures.hub import SKUS, House

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
BEFORE, NOW = 36, 80
P = "/v1/coe"
RULE = Canary(percent=50)
DIGEST = policies.POLICY.digest


def test_two_weeks_are_reviewed(house: House) -> None:
    """One house for all of it: setting it up costs more than what is asked of it."""
    may_not(house)
    goal = set_goals(house)
    for n in range(BEFORE):
        ship(house, sell(house, f"A{n}", 9), late=n == 0)
    begun = start_experiment(house)
    orders = [sell(house, f"B{n}", 1) for n in range(NOW)]
    treated = [takes(one) for one in orders]
    for one, is_treated in zip(orders, treated, strict=True):
        ship(house, one, late=is_treated)
    house.work("sequence")
    week = read_review(house, goal, treated)
    meet(house, week)
    break_guardrail(house, begun, treated)
    prove_review(house, week)
    write_by_itself(house)
    count_maturity(house)
    check(house)


def takes(order: dict[str, Any]) -> bool:
    return RULE.takes(DIGEST, uuid.UUID(order["order"]), "api", "")


def sell(house: House, number: str, days_ago: int) -> dict[str, Any]:
    """Sell something whose promise fell due so many days ago."""
    lines = [{"sku": SKUS[0].code, "quantity": 1, "price_fen": 1990}]
    paid_ms = house.hub.clock() - (days_ago + 2) * DAY_MS
    told = house.place(number=number, lines=lines, paid_at=rfc3339(paid_ms))
    return {**told, "paid_ms": paid_ms}


def ship(house: House, order: dict[str, Any], late: bool) -> None:
    """Take it through the warehouse, in time or half a day late."""
    for event, hours in (("release", 1), ("pick", 2), ("pack", 3), ("ship", 60 if late else 30)):
        at = rfc3339(order["paid_ms"] + hours * HOUR_MS)
        body: dict[str, Any] = {"event": event, "occurred_at": at}
        if event == "ship":
            body["carrier"] = "示例快递"
        done = house.call("POST", f"/v1/orders/{order['order']}/transitions", body)
        assert done.status_code == 200, done.text


def may_not(house: House) -> None:
    """Who may not, what is not there, what makes no sense."""
    gone = house.call("GET", f"{P}/reviews/newest")
    assert (gone.status_code, gone.json()["code"]) == (404, "no_review")
    for role, path in (("viewer", "reviews"), ("viewer", "backlog"), ("operator", "experiments")):
        assert house.call("POST", f"{P}/{path}", {}, role).status_code == 403
    for week in ("2026-W99", "2026-13-01", "yesterday"):
        bad = house.call("POST", f"{P}/reviews", {"week": week})
        assert (bad.status_code, bad.json()["code"]) == (422, "bad_week"), bad.text
    early = house.call("POST", f"{P}/reviews", {"week": "2999-W01"})
    assert early.json()["code"] == "too_early"


def set_goals(house: House) -> str:
    wish = {"metric": "on_time_rate", "target": 970, "owner": "role:policy"}
    goal = house.call("POST", f"{P}/goals", wish).json()
    no = house.call("POST", f"{P}/goals", {**wish, "metric": "no_such"})
    assert no.json()["code"] == "no_metric"
    no = house.call("POST", f"{P}/goals", {**wish, "dimension": "sku", "value": "X"})
    assert no.json()["code"] == "no_dimension"
    path = f"{P}/goals/{goal['id']}"
    assert house.call("PUT", path, {**wish, "target": 980}).json()["plan"]["target"] == 980
    other = house.call("POST", f"{P}/goals", {**wish, "metric": "split_rate", "target": 50}).json()
    ended = house.call("POST", f"{P}/goals/{other['id']}/end", {"note": "不看了"})
    assert ended.json()["state"] == "ended"
    again = house.call("POST", f"{P}/goals/{other['id']}/end", {})
    assert again.json()["code"] == "goal_ended"
    active = house.call("GET", f"{P}/goals?state=active").json()["items"]
    assert [one["id"] for one in active] == [goal["id"]]
    assert house.call("GET", f"{P}/goals?mine=true").json()["items"] == []
    return str(goal["id"])


def start_experiment(house: House) -> str:
    asyncio.run(policies._publish(house.url, house.tenant, policies.POLICY, "试试"))
    wish = {
        "name": "改派试验",
        "digest": DIGEST,
        "until": rfc3339(house.hub.clock() + DAY_MS),
        "percent": 50,
        "primary": "cost",
        "guardrails": [{"metric": "late", "bound": 50}],
    }
    all_of_them = house.call("POST", f"{P}/experiments", {**wish, "percent": 100})
    assert all_of_them.json()["code"] == "no_control"
    begun = house.call("POST", f"{P}/experiments", wish)
    assert begun.status_code == 201, begun.text
    head = house.call("GET", "/v1/routing/policies").json()
    assert head["canary"]["set"]["digest"] == DIGEST
    second = house.call("POST", f"{P}/experiments", wish)
    assert second.json()["code"] == "canary_busy"
    return str(begun.json()["id"])


def read_review(house: House, goal: str, treated: list[bool]) -> str:
    """It says what broke with the right numbers, and rests on facts that exist."""
    week = house.call("GET", f"{P}/reviews").json()["today"]
    made = house.call("POST", f"{P}/reviews", {"week": week})
    assert made.status_code == 201, made.text
    whole = made.json()
    sections = {s["code"]: s["sentences"] for s in whole["body"]["sections"]}
    kept = NOW - sum(treated)
    (worse, *_) = sections["worse"]
    assert worse["key"] == "change:all:"
    assert f"（{kept}/{NOW}）" in worse["zh"]
    assert f"({BEFORE - 1}/{BEFORE})" in worse["en"]
    assert sections["better"] == []
    cited = [c for s in (*sections["worse"], *sections["owners"]) for c in s["cites"]]
    facts = [c for c in cited if c["kind"] == "fact"]
    assert facts
    for cite in facts:
        told = house.call("GET", f"/v1/orders/{cite['label']}/facts").json()["facts"]
        assert any(f["type"].startswith("promise.") for f in told)
    assert sections["goals"][0]["key"] == f"goal:{goal}"
    assert "未达标" in sections["goals"][0]["zh"]
    (owner,) = sections["owners"]
    assert owner["key"] == "owner:warehouse"
    for tree in whole["body"]["trees"]:
        brought = sum(b["rate"] + b["mix"] for b in tree["branches"] if not b.get("parent"))
        assert brought + tree["rest"] == tree["change"] == tree["now"] - tree["before"]
    again = house.call("POST", f"{P}/reviews", {"week": week}).json()
    assert again["review"]["version"] == 1  # nothing has changed but the moment
    return str(week)


def meet(house: House, week: str) -> None:
    """People say and decide; what is taken up is in the backlog."""
    path = f"{P}/reviews/{week}"
    noted = house.call("POST", f"{path}/notes", {"key": "change:all:", "text": "夜班换了人"})
    assert noted.json()["review"]["notes"][0]["text"] == "夜班换了人"
    no = house.call("POST", f"{path}/notes", {"key": "nothing", "text": "?"})
    assert no.json()["code"] == "no_sentence"
    yes = {"key": "change:all:", "accepted": True, "owner": "role:policy", "value_fen": 9_900}
    done = house.call("POST", f"{path}/agenda", yes)
    assert done.status_code == 200, done.text
    (item,) = house.call("GET", f"{P}/backlog").json()["items"]
    assert item["id"] == done.json()["review"]["agenda"][0]["item"]
    assert (item["plan"]["origin"], item["plan"]["value_fen"]) == ("review", 9_900)
    twice = house.call("POST", f"{path}/agenda", {**yes, "accepted": False})
    assert twice.json()["code"] == "decided_already"
    change = {"title": "避开它", "state": "doing", "note": "先试算"}
    changed = house.call("PUT", f"{P}/backlog/{item['id']}", change).json()
    assert (changed["state"], changed["plan"]["ref"]) == ("doing", item["plan"]["ref"])
    added = house.call("POST", f"{P}/backlog", {"title": "另一项"}).json()
    assert added["plan"].get("origin", "person") == "person"
    first = house.call("GET", f"{P}/backlog?limit=1").json()
    then = house.call("GET", f"{P}/backlog?limit=1&cursor={first['next']}").json()
    assert [first["items"][0]["id"], then["items"][0]["id"]] == [added["id"], item["id"]]
    assert then["next"] == ""


def break_guardrail(house: House, begun: str, treated: list[bool]) -> None:
    """The treated are late: the experiment stops by itself, and its canary with it."""
    path = f"{P}/experiments/{begun}"
    seen = house.call("POST", f"{path}/look", {}).json()
    assert (seen["state"], seen["why"], seen["breached"]) == ("stopped", "guardrail", "late")
    late = {f["metric"]: f for f in seen["figures"]}["late"]
    assert (late["treated"], late["treated_sum"]) == (sum(treated), sum(treated))
    assert (late["control"], late["control_sum"]) == (NOW - sum(treated), 0)
    assert house.call("GET", "/v1/routing/policies").json()["canary"] is None
    assert house.call("POST", f"{path}/stop", {}).json()["code"] == "not_running"


def prove_review(house: House, week: str) -> None:
    """What came after changes no review; written anew it is another version, and says more."""
    ship(house, sell(house, "C1", 1), late=False)
    house.work("sequence")
    proof = house.call("GET", f"{P}/reviews/{week}/proof").json()
    assert proof["is_same"], proof
    second = house.call("POST", f"{P}/reviews", {"week": week}).json()
    assert second["review"]["version"] == 2
    paid = {s["code"]: s["sentences"] for s in second["body"]["sections"]}["paid"]
    assert any(s["key"].startswith("experiment:") and "已自动停止" in s["zh"] for s in paid)
    first = house.call("GET", f"{P}/reviews/{week}?version=1").json()
    assert first["body"]["curve"][-1]["judged"] == NOW
    assert second["body"]["curve"][-1]["judged"] == NOW + 1


def write_by_itself(house: House) -> None:
    """The room writes the week that ended, once, for a merchant who was there then."""
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute("update tenants set created = created - interval '30 days'")
    house.work("coe")
    house.work("coe")
    page = house.call("GET", f"{P}/reviews").json()
    (mine,) = [r for r in page["items"] if r["week"] == page["ended"]]
    assert (mine["version"], mine["by"]) == (1, "coe")


def count_maturity(house: House) -> None:
    told = house.call("GET", f"{P}/maturity").json()
    rows = {row["code"]: row for row in told["rows"]}
    assert (rows["experiments"]["value"], rows["experiments"]["met"]) == (1, "yes")
    assert (rows["reviews"]["value"], rows["reviews"]["met"]) == (1, "partly")
    assert rows["witnesses"]["met"] == "no"
    assert rows["witnesses"]["missing_en"]
    assert told["reached"] == 0
    for stage in told["stages"]:
        mine = [row["met"] for row in told["rows"] if row["stage"] == stage["stage"]]
        assert (stage["met"], stage["of"]) == (mine.count("yes"), len(mine))


def check(house: House) -> None:
    """The facts give the rows; a review whose bytes were touched is found."""

    async def work() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            return await audit.fold_rows(connection, house.tenant, [CoeFolder(house.tenant)])

    report = asyncio.run(work())
    assert report.clean, report
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute("update weekly_review_versions set body = body || ' '::bytea")
    assert not asyncio.run(work()).clean
