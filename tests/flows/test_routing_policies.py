"""Policy sets through the API: drawn, checked, tried on a past day, approved by a second person,
canaried, active, rolled back; what they do to orders.
"""

from __future__ import annotations

import asyncio
import datetime
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from danshu.capabilities.routing.reasons import Reason
from danshu.hub import decision_views, policy_arms, policy_past, policy_room
from danshu.hub.policy_audit import PoliciesFolder
from danshu.hub.policy_sets import Canary
from danshu.ledger.audit import fold_rows
from danshu.ledger.engine import Engine
from danshu.ledger.fold import Folder
from tests.fixtures import engine as stores
from tests.fixtures.engine import ask, tell
from tests.fixtures.graphs import case_of, graph
from tests.fixtures.hub import House, open_house
from tests.fixtures.people import Browser, seat

P = "/v1/routing/policies"


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One for all tests here; each leaves no policy active."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        seat(opened.url, opened.tenant, "P01", ["policy"])
        seat(opened.url, opened.tenant, "P02", ["policy"])
        seat(opened.url, opened.tenant, "S01", ["sre"])
        yield opened


def ok(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def person(house: House, number: str) -> Browser:
    browser = Browser(house)
    assert browser.sign_in(number).status_code == 201
    return browser


def begin(who: Browser, origin: str, name: str = "暴雨") -> Any:
    return ok(who.call("POST", f"{P}/drafts", {"name": name, "from": origin}), 201)


def test_a_draft_is_checked_run_and_saved_over_its_revision_only(house: House) -> None:
    author = person(house, "P01")
    templates = ok(author.call("GET", f"{P}/templates"))
    words = ok(author.call("GET", f"{P}/vocabulary"))
    assert {"rainstorm", "lockdown"} <= {t["code"] for t in templates}
    assert "order.cold" in {f["path"] for f in words["context"]}
    draft = begin(author, "rainstorm")
    path = f"{P}/drafts/{draft['id']}"
    checked = ok(author.call("POST", f"{path}/check"))
    assert checked["sound"], checked["findings"]
    assert checked["digest"] == draft["digest"]
    context = {"order": {"cold": True}, "dest": {"weather_level": 3}}
    ran = ok(author.call("POST", f"{path}/run", {"graph": "rainstorm", "context": context}))
    assert [e["effect"] for e in ran["effects"]] == ["forbid", "avoid", "tell"]
    assert not ran["error"]
    assert ran["trace"]
    assert author.call("POST", f"{path}/run", {"graph": "none"}).status_code == 422
    body = {"revision": 1, "name": "暴雨", "graphs": draft["graphs"], "cases": draft["cases"]}
    saved = ok(author.call("PUT", path, body))
    assert (saved["revision"], saved["digest"]) == (2, draft["digest"])
    stale = ok(author.call("PUT", path, body), 409)
    assert (stale["code"], stale["now"]["revision"]) == ("draft_changed", 2)
    broken = draft["graphs"][0]
    broken["nodes"][1]["content"]["rules"][0]["i1"] = "true and ("
    saved = ok(author.call("PUT", path, body | {"revision": 2, "graphs": [broken]}))
    checked = ok(author.call("POST", f"{path}/check"))
    assert not checked["sound"]
    assert "cell_broken" in {f["code"] for f in checked["findings"]}
    refused = ok(author.call("POST", f"{path}/submit", {"revision": 3}), 409)
    assert refused["code"] == "policy_unsound"
    assert refused["findings"]
    assert author.call("DELETE", path).status_code == 200
    listed = ok(author.call("GET", P))
    assert listed["live"] is None
    assert draft["id"] not in {d["id"] for d in listed["drafts"]}


def simulate(who: Browser, house: House, draft: Any, **asked: Any) -> Any:
    """Try a draft on today's orders, as the worker does it."""
    day = datetime.datetime.now(policy_past.UTC8).date().isoformat()
    path = f"{P}/drafts/{draft['id']}/simulations"
    begun = ok(who.call("POST", path, {"day": day} | asked), 202)
    house.work("policies")
    done = ok(who.call("GET", f"{P}/simulations/{begun['id']}"))
    assert (done["state"], done["done"]) == ("done", done["total"])
    return done


def publish(house: House, graphs: list[Any], name: str) -> str:
    """Draw, try, submit and approve a set; gives its digest."""
    author, second = person(house, "P01"), person(house, "P02")
    draft = begin(author, "empty", name)
    path = f"{P}/drafts/{draft['id']}"
    body = {"revision": 1, "name": name, "graphs": graphs, "cases": [case_of(graphs)]}
    saved = ok(author.call("PUT", path, body))
    checked = ok(author.call("POST", f"{path}/check"))
    assert checked["sound"], checked["findings"]
    untried = ok(author.call("POST", f"{path}/submit", {"revision": 2}), 409)
    assert untried["code"] == "policy_untried"
    simulate(author, house, draft)
    ok(author.call("POST", f"{path}/submit", {"revision": 2}))
    own = ok(author.call("POST", f"{path}/approve", {"digest": saved["digest"]}), 409)
    assert own["code"] == "approval_author"
    key = ok(house.call("POST", f"{path}/approve", {"digest": saved["digest"]}), 409)
    assert key["code"] == "approval_person"
    other = ok(second.call("POST", f"{path}/approve", {"digest": "0" * 64}), 409)
    assert other["code"] == "draft_other"
    approved = ok(second.call("POST", f"{path}/approve", {"digest": saved["digest"]}))
    assert (approved["by"], approved["approved_by"]) == ("P01", "P02")
    assert ok(second.call("POST", f"{path}/approve", {}), 409)["code"] == "draft_ended"
    digest: str = approved["digest"]
    return digest


def warehouse_of(placed: Any) -> str:
    code: str = placed["plan"][0]["warehouse"]
    return code


def test_a_set_is_tried_approved_canaried_active_and_rolled_back(house: House) -> None:
    officer = person(house, "P01")
    first = [house.place() for _ in range(6)]
    home = warehouse_of(first[0])
    away = graph({"effect": "forbid", "where": f'code == "{home}"'})
    digest = publish(house, [away], "别处发货")
    overview = ok(officer.call("GET", P))
    assert overview["live"] is None
    assert overview["history"]["items"][0]["digest"] == digest
    assert warehouse_of(house.place()) == home
    # half of the orders, chosen by their ids: the same again for whoever asks
    shown = ok(officer.call("POST", f"{P}/sets/{digest}/canary", {"percent": 50}))
    assert shown["canary"]["rule"]["percent"] == 50
    rule = Canary(percent=50)
    placed = [house.place() for _ in range(16)]
    for one in placed:
        told = ok(house.call("GET", f"/v1/orders/{one['order']}/decision"))["decision"]
        taken = rule.takes(digest, uuid.UUID(one["order"]), "api", told["region"])
        assert (warehouse_of(one) != home) is taken
        assert (told["ruling"] or {}).get("policy", "") == (digest if taken else "")
    assert {warehouse_of(one) == home for one in placed} == {True, False}
    shown = ok(officer.call("POST", f"{P}/sets/{digest}/activate", {}))
    assert (shown["live"]["digest"], shown["canary"]) == (digest, None)
    ruled = house.place()
    assert warehouse_of(ruled) != home
    replay = ok(house.call("POST", f"/v1/orders/{ruled['order']}/replay", {}))
    assert replay["equal"]
    assert replay["agrees"]
    # what if no policy ruled; what if this one had ruled the first order
    asked = {"policy": "none"}
    tried = ok(house.call("POST", f"/v1/orders/{ruled['order']}/what-if", asked))
    assert tried["after"]["plans"][0]["warehouses"] == [home]
    path = f"/v1/orders/{first[0]['order']}/what-if"
    tried = ok(house.call("POST", path, {"policy": digest}))
    assert tried["before"]["plans"][0]["warehouses"] == [home]
    assert home not in tried["after"]["plans"][0]["warehouses"]
    assert tried["after"]["ruling"]["policy"] == digest
    # the one on call may go back, and nothing else
    guard = person(house, "S01")
    assert guard.call("POST", f"{P}/sets/{digest}/activate", {}).status_code == 403
    shown = ok(guard.call("POST", f"{P}/rollback", {"note": "误伤"}))
    assert shown["live"] is None
    assert warehouse_of(house.place()) == home
    nothing = ok(guard.call("POST", f"{P}/rollback", {}), 409)
    assert nothing["code"] == "policy_nothing_before"
    acts = [s["act"] for s in ok(officer.call("GET", f"{P}/sets/{digest}"))["steps"]]
    assert acts[-3:] == ["canaried", "activated", "rolled_back"]


def test_a_simulation_tells_what_a_day_would_have_cost(house: House) -> None:
    author = person(house, "P01")
    placed = house.place()
    home = warehouse_of(placed)
    draft = begin(author, "empty", "试算")
    away = graph({"effect": "forbid", "where": f'code == "{home}"'})
    body = {"revision": 1, "name": "试算", "graphs": [away]}
    ok(author.call("PUT", f"{P}/drafts/{draft['id']}", body))
    done = simulate(author, house, draft)
    figures = done["figures"]
    assert figures["changed"] >= 1
    assert figures["orders"] <= done["total"]
    assert figures["cost_fen"]["after"] > figures["cost_fen"]["before"]
    assert figures["co2_g"]["after"] > figures["co2_g"]["before"] >= 0
    assert figures["by_warehouse"][home]["after"] == 0
    changed = {one["order"]: one for one in done["changed"]}
    assert home in changed[placed["order"]]["before"]
    assert home not in changed[placed["order"]]["after"]
    assert changed[placed["order"]]["rules"] == ["own/r0"]
    pages, cursor = 0, ""
    while pages == 0 or cursor:
        page = ok(author.call("GET", f"{P}/simulations/{done['id']}?limit=3&cursor={cursor}"))
        pages, cursor = pages + 1, page["next"]
    assert pages == -(-figures["changed"] // 3)
    # a cancelled one stays where it is
    day = datetime.datetime.now(policy_past.UTC8).date().isoformat()
    begun = ok(author.call("POST", f"{P}/drafts/{draft['id']}/simulations", {"day": day}), 202)
    assert ok(author.call("DELETE", f"{P}/simulations/{begun['id']}"))["state"] == "cancelled"
    house.work("policies")
    assert ok(author.call("GET", f"{P}/simulations/{begun['id']}"))["done"] == 0


def test_what_policy_holds_waits_for_a_person_and_is_decided_again(house: House) -> None:
    officer = person(house, "P01")
    stop = graph({"effect": "hold", "reason": "核对"}, {"effect": "review", "reason": "看一眼"})
    digest = publish(house, [stop], "都停")
    ok(officer.call("POST", f"{P}/sets/{digest}/activate", {}))
    placed = house.place()
    path = f"/v1/orders/{placed['order']}"
    assert placed["state"] == "held"
    assert placed["plan"], "a held order is decided and reserved"
    assert set(ok(house.call("GET", path))["holds"]) == {"policy_hold", "policy_review"}
    refused = house.call("POST", f"{path}/transitions", {"event": "release"})
    assert refused.status_code == 409
    told = ok(house.call("GET", f"{path}/decision"))["decision"]["ruling"]
    assert (told["hold"], told["review"]) == ("核对", "看一眼")
    home = warehouse_of(placed)
    ok(house.call("POST", f"{path}/transitions", {"event": "unhold", "reason": "policy_review"}))
    ok(officer.call("POST", f"{P}/rollback", {}))
    where = f'code in ["{home}"]'
    away = publish(house, [graph({"effect": "forbid", "where": where})], "不去")
    ok(officer.call("POST", f"{P}/sets/{away}/activate", {}))
    released = ok(house.call("POST", f"{path}/transitions", {"event": "unhold"}))
    assert released["state"] != "held"
    now = [f["warehouse"] for f in released["plan"]]
    assert now
    assert home not in now, "it was decided anew when it was let go"
    ok(officer.call("POST", f"{P}/rollback", {}))


def test_a_shadow_counts_and_changes_nothing(house: House) -> None:
    officer = person(house, "P01")
    home = warehouse_of(house.place())
    where = f'code == "{home}" or kind == "store"'
    digest = publish(house, [graph({"effect": "forbid", "where": where})], "影子")
    ok(officer.call("POST", f"{P}/sets/{digest}/shadow", {}))
    assert [warehouse_of(house.place()) for _ in range(3)] == [home] * 3
    at_ms = house.hub.clock() + 10_000

    async def follow() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            await policy_room.PolicyRoom().look(c, at_ms)

    asyncio.run(follow())
    seen = ok(officer.call("GET", f"{P}/sets/{digest}/shadow"))
    assert (seen["decided"], seen["differed"]) == (3, 3)
    assert seen["shadow_fen"] > seen["cost_fen"] > 0
    ended = ok(officer.call("DELETE", f"{P}/sets/{digest}/shadow"))
    assert ended["shadow"] is None


def test_a_scheduled_set_begins_by_itself(house: House) -> None:
    officer = person(house, "P01")
    home = warehouse_of(house.place())
    where = f'code == "{home}" and kind != "store"'
    digest = publish(house, [graph({"effect": "forbid", "where": where})], "定时")
    at = datetime.datetime.now(datetime.UTC)
    soon = (at + datetime.timedelta(hours=1)).isoformat()
    past = officer.call("POST", f"{P}/sets/{digest}/activate", {"at": at.isoformat()})
    assert past.status_code == 422
    shown = ok(officer.call("POST", f"{P}/sets/{digest}/activate", {"at": soon}))
    assert shown["scheduled"][0]["set"]["digest"] == digest

    async def wait(later_ms: int) -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            await policy_room.activate_due(c, house.hub.clock() + later_ms)

    asyncio.run(wait(0))
    assert ok(officer.call("GET", P))["live"] is None
    asyncio.run(wait(3_700_000))
    shown = ok(officer.call("GET", P))
    assert (shown["live"]["digest"], shown["scheduled"]) == (digest, [])
    # no server was told: the room makes the next head, the server finds it
    house.work("signals")
    with house.client.portal() as portal:
        portal.call(house.hub.worlds.look)
    assert warehouse_of(house.place()) != home
    ok(officer.call("POST", f"{P}/rollback", {}))


@pytest.mark.parametrize(
    "content", [{"rules": 5}, {"rules": [[]], "inputs": [{"id": 1}]}, {"outputs": "x"}, 7, "text"]
)
def test_what_is_no_graph_is_found_and_stops_nothing(house: House, content: Any) -> None:
    author = person(house, "P01")
    draft = begin(author, "empty", "坏图")
    path = f"{P}/drafts/{draft['id']}"
    bad = graph({"effect": "tell", "reason": "x"})
    bad["nodes"][1]["content"] = content
    ok(author.call("PUT", path, {"revision": 1, "name": "坏图", "graphs": [bad]}))
    assert not ok(author.call("POST", f"{path}/check"))["sound"]
    assert author.call("POST", f"{path}/run", {"graph": "own"}).status_code == 200
    day = datetime.datetime.now(policy_past.UTC8).date().isoformat()
    begun = ok(author.call("POST", f"{path}/simulations", {"day": day}), 202)
    house.work("policies")
    told = ok(author.call("GET", f"{P}/simulations/{begun['id']}"))
    assert told["state"] in ("done", "failed")
    assert author.call("POST", f"{path}/submit", {"revision": 2}).status_code == 409


def test_a_set_that_cannot_be_read_loses_no_order_and_lets_none_pass(house: House) -> None:
    """The drill: a policy with a broken cell, refused at the desk of policies; then one that broke
    in the store while it ruled.
    """
    officer = person(house, "P01")
    home = warehouse_of(house.place())
    # written in another way than in the tests above, so that it has not been tried yet
    away = graph({"effect": "forbid", "where": f'code in ["{home}", "{home}"]'})
    digest = publish(house, [away], "演练:别处发货")
    ok(officer.call("POST", f"{P}/sets/{digest}/activate", {}))
    draft = begin(officer, "empty", "演练:坏格")
    path = f"{P}/drafts/{draft['id']}"
    broken = graph({"effect": "forbid", "where": 'code == "'})
    ok(officer.call("PUT", path, {"revision": 1, "name": "坏格", "graphs": [broken]}))
    assert officer.call("POST", f"{path}/submit", {"revision": 2}).status_code == 409
    assert warehouse_of(house.place()) != home, "the set before goes on ruling"
    kept = ask(house.url, f"select body from policy_sets where digest='\\x{digest}'")
    tell(house.url, f"update policy_sets set body='{{' where digest='\\x{digest}'")
    policy_arms._compiled.clear()
    house.hub.worlds.forget(house.tenant)
    placed = [house.place() for _ in range(3)]
    for one in placed:
        assert one["plan"]
        read = ok(house.call("GET", f"/v1/orders/{one['order']}"))
        assert read["holds"] == ["policy_review"]
    alerts = ok(house.call("GET", "/v1/board/overview"))["alerts"]
    assert "policy_unreadable" in [a["code"] for a in alerts]
    ok(officer.call("POST", f"{P}/rollback", {}))
    assert ok(house.call("GET", f"/v1/orders/{house.place()['order']}"))["holds"] == []
    with psycopg.connect(house.url, autocommit=True) as c:
        c.execute("update policy_sets set body=%s where digest=%s", (kept, bytes.fromhex(digest)))


def test_every_reason_has_its_rank_on_the_order_s_page() -> None:
    assert set(decision_views._GRAVEST) == set(Reason)


def test_nothing_of_it_is_another_merchant_s(house: House) -> None:
    author = person(house, "P01")
    draft = begin(author, "lockdown", "别家看不见")
    auth = {"authorization": f"Bearer {house.other}"}
    for method, path in (
        ("GET", f"drafts/{draft['id']}"),
        ("POST", f"drafts/{draft['id']}/check"),
        ("DELETE", f"drafts/{draft['id']}"),
        ("GET", f"sets/{draft['digest']}"),
        ("POST", f"sets/{draft['digest']}/shadow"),
    ):
        answer = house.client.request(method, f"{P}/{path}", headers=auth)
        assert answer.status_code == 404, path


def test_the_facts_give_what_is_published_and_what_rules(house: House) -> None:
    async def differences() -> list[str]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            folders: list[Folder] = [PoliciesFolder(house.tenant)]
            report = await fold_rows(c, house.tenant, folders)
            return [f"{d.code} {d.where}" for d in report.differences]

    assert ask(house.url, "select count(*) from policy_sets")
    assert asyncio.run(differences()) == []
    tell(house.url, "update policy_heads set live=shadow, canary='\\x01'")
    tell(house.url, "update policy_sets set approved_by=drafted_by where no=1")
    found = asyncio.run(differences())
    assert found == ["policy_differs policy_sets 1", "policy_head_differs policy_heads"]
