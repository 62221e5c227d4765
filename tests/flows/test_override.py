"""人工指定仓: a person chooses the warehouse, signs what it costs, and it stays."""

from __future__ import annotations

import io
import sys
import types
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest

from danshu.capabilities.routing.policy.model import Case, Graph, PolicySet
from danshu.faces import verify
from danshu.faces.cli import deciding, deciding_otherwise
from danshu.hub import open_orders, policy_sets, policy_work
from danshu.hub.folding import _decode_order
from danshu.ledger.engine import Engine
from danshu.stories import forging
from tests.fixtures import engine as stores
from tests.fixtures.acting import person
from tests.fixtures.engine import ask
from tests.fixtures.graphs import graph
from tests.fixtures.hub import SKUS, TESTER, House, open_house
from tests.fixtures.people import Browser
from tests.flows.test_bundles import export, settle
from tests.flows.test_redecide import lock_down, look
from tests.flows.test_routing_policies import ok
from tests.flows.test_workbench_acts import audit

WHY = {"reason": "customer_request", "note": "客户要同批次,下午自提"}


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One for all tests here."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


@pytest.fixture(scope="module")
def officer(house: House) -> tuple[Browser, Any]:
    return person(house, "P11", "policy")


def path(order: str, *rest: str) -> str:
    return "/".join([f"/v1/orders/{order}/overrides", *rest])


def weigh(who: Browser, order: str, code: str, **more: Any) -> Any:
    return ok(who.call("POST", path(order, "weigh"), {"warehouse": code, **more}))


def prepare(who: Browser, order: str, code: str, **more: Any) -> Any:
    return who.call("POST", path(order), {"warehouse": code, **WHY, **more})


def sign(who: tuple[Browser, Any], order: str, shown: Any) -> Any:
    browser, device = who
    body = {"credential": device.get(shown["options"])}
    return browser.call("POST", path(order, shown["act"], "complete"), body)


def override(who: tuple[Browser, Any], order: str, code: str, **more: Any) -> Any:
    return ok(sign(who, order, ok(prepare(who[0], order, code, **more))))


def live(house: House, order: str) -> list[str]:
    doc = ok(house.call("GET", f"/v1/orders/{order}"))
    return [f["warehouse"] for f in doc["fulfilments"] if f.get("state") != "cancelled"]


def cheapest(weighed: Any, out: list[str]) -> str:
    """The warehouse that could ship at the least cost, but for those that are left out."""
    nodes = [n for n in weighed["before"]["nodes"] if not n["reasons"] and n["code"] not in out]
    code: str = min(nodes, key=lambda n: n["alone_fen"])["code"]
    return code


def test_a_person_chooses_signs_and_it_stays(house: House, officer: tuple[Browser, Any]) -> None:
    placed = house.place()
    order, (home,) = placed["order"], live(house, placed["order"])
    first = ok(house.call("GET", f"/v1/orders/{order}/decision"))
    weighed = weigh(officer[0], order, home)
    other = cheapest(weighed, [home])
    weighed = weigh(officer[0], order, other)
    assert weighed["hindrance"] is None
    assert weighed["before"]["plans"][0]["warehouses"] == [home]
    assert weighed["after"]["plans"][0]["warehouses"] == [other]
    more = weighed["difference"]["total_fen"]
    assert more > 0
    assert sum(weighed["difference"]["parts_fen"].values()) == more
    assert live(house, order) == [home]  # weighing wrote nothing
    shown = ok(prepare(officer[0], order, other))
    statement = msgspec.json.decode(shown["statement"])
    assert shown["shown"] == statement["shown"]
    assert WHY["note"] in shown["shown"]
    assert f"{more / 100:.2f}" in shown["shown"]
    done = ok(sign(officer, order, shown))
    assert (done["state"], done["grade"]) == ("done", "A")
    assert ok(sign(officer, order, shown))["fact"] == done["fact"]  # who repeats hears the same
    assert live(house, order) == [other]
    facts = ok(house.call("GET", f"/v1/orders/{order}/facts"))["facts"]
    kinds = [f["type"] for f in facts][-4:]
    assert kinds == ["order.withdrawn", "route.decided", "order.allocated", "route.overridden"]
    said = facts[-1]
    assert said["actor"]["grade"] == "A"
    assert said["actor"]["key"]
    assert said["data"]["decision"] == first["facts"][0]
    assert (said["data"]["was"], said["data"]["to"]) == ([home], other)
    assert said["data"]["cost_fen"] - said["data"]["router_fen"] == more
    assert said["data"]["note"] == WHY["note"]
    blob = house.call("GET", f"/v1/orders/{order}/blobs/{said['data']['statement']}")
    assert blob.json() == statement
    listed = ok(house.call("GET", path(order)))
    assert [(i["by"], i["holds"]) for i in listed["items"]] == [("P11", True)]
    told = ok(house.call("GET", f"/v1/orders/{order}/timeline"))["entries"][-1]
    assert told["kind"] == "route.overridden"


def test_old_and_new_decision_replay_and_explain(
    house: House, officer: tuple[Browser, Any]
) -> None:
    order = house.place()["order"]
    (home,) = live(house, order)
    other = cheapest(weigh(officer[0], order, home), [home])
    override(officer, order, other)
    decided = ok(house.call("GET", f"/v1/orders/{order}/decision"))
    for fact in decided["facts"]:
        replay = ok(house.call("POST", f"/v1/orders/{order}/replay", {"fact": fact}))
        assert replay["equal"]
        assert replay["agrees"]
    panel = decided["decision"]
    assert panel["ruling"]["only"] == other
    # the choice is no reason against the others: they are what they were
    nodes = {n["code"]: n for n in panel["nodes"]}
    assert nodes[other]["role"] == "chosen"
    assert nodes[home]["reasons"] == []


def test_neither_signals_nor_replans_nor_re_routes_move_it(
    house: House, officer: tuple[Browser, Any]
) -> None:
    look(house)
    order = house.place()["order"]
    (home,) = live(house, order)
    other = cheapest(weigh(officer[0], order, home), [home])
    override(officer, order, other)
    doc: Any = ask(house.url, "select doc from orders where id=%s", order)

    async def pieces() -> Any:
        world = await house.hub.worlds.ensure(house.tenant)
        return open_orders.find_pieces(world, _decode_order(bytes(doc)))

    with house.client.portal() as portal:
        assert portal.call(pieces) is None  # a replan leaves it where it is
    told = house.call("POST", f"/v1/orders/{order}/transitions", {"event": "reroute"})
    assert (told.status_code, told.json()["code"]) == (409, "pinned_by_person")
    lock_down(house, other)
    look(house)
    assert live(house, order) == [other]
    run = ok(house.call("GET", "/v1/redecisions"))["items"][0]
    assert run["orders"]["pinned"] >= 1
    facts = ok(house.call("GET", f"/v1/orders/{order}/facts"))["facts"]
    assert (facts[-1]["type"], facts[-1]["data"]["outcome"]) == ("route.redecided", "pinned")
    # another override moves it: back to the router, that finds it closed and takes another
    done = override(officer, order, "", reason="other")
    assert done["state"] == "done"
    assert other not in live(house, order)
    (newest, oldest) = ok(house.call("GET", path(order)))["items"]
    assert (newest["to"], newest["holds"], oldest["holds"]) == ("", False, False)
    again = prepare(officer[0], order, "")
    assert (again.status_code, again.json()["code"]) == (409, "not_pinned")
    lock_down(house, other, forbids=())
    house.work("sequence", "rows")
    assert audit(house) == []


def test_no_person_lifts_a_hard_constraint(house: House, officer: tuple[Browser, Any]) -> None:
    order = house.place()["order"]
    (home,) = live(house, order)
    shut = cheapest(weigh(officer[0], order, home), [home])
    lock_down(house, shut)
    weighed = weigh(officer[0], order, shut)
    assert weighed["hindrance"]["code"] == "hard_constraint"
    assert [r["code"] for r in weighed["against"]] == ["region"]
    refused = prepare(officer[0], order, shut)
    assert (refused.status_code, refused.json()["code"]) == (409, "hard_constraint")
    assert live(house, order) == [home]
    lock_down(house, shut, forbids=())
    odd = officer[0].call("POST", path(order), {"warehouse": "NOWHERE", **WHY})
    assert odd.status_code in (400, 422)


def test_a_ban_of_policy_is_lifted_by_its_own_right_alone(
    house: House,
    officer: tuple[Browser, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    order = house.place()["order"]
    (home,) = live(house, order)
    banned = cheapest(weigh(officer[0], order, home), [home])
    body = graph({"effect": "forbid", "where": f'code == "{banned}"'})
    policy = PolicySet(graphs=(msgspec.convert(body, Graph),), cases=(Case(name="每一单"),))

    async def rule() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            async with c.transaction():
                await policy_sets.publish(
                    c, house.tenant, policy, "禁用", TESTER, drafted_by="tests", simulation=""
                )
            done = await policy_sets.activate(c, house.tenant, policy.digest, TESTER)
            assert isinstance(done, policy_sets.Head), done
        await policy_work.spread(house.hub, house.tenant)

    with house.client.portal() as portal:
        portal.call(rule)
    chief = person(house, "W11", "warehouse")
    weighed = weigh(chief[0], order, banned)
    assert weighed["hindrance"]["code"] == "policy_forbids"
    assert weighed["lifts"]
    refused = prepare(chief[0], order, banned)
    assert (refused.status_code, refused.json()["code"]) == (409, "policy_forbids")
    shown = ok(prepare(officer[0], order, banned))
    assert "越过策略" in shown["shown"]
    ok(sign(officer, order, shown))
    (item,) = ok(house.call("GET", path(order)))["items"]
    assert item["lifted"] == weighed["lifts"]
    with house.client.portal() as portal:
        portal.call(_roll_back, house)
    # what the router would do on the same snapshot under that policy, and without the person
    monkeypatch.setenv("DANSHU_DATABASE_URL", house.url)
    assert deciding_otherwise.counterfactual(order, policy.digest, "small", True) == 0
    told = msgspec.json.decode(capsys.readouterr().out)
    assert told["before"]["warehouses"] == [banned]
    assert told["after"]["warehouses"] == [home]
    assert told["ruling"]["forbid"] == [banned]
    assert told["difference"]["total_fen"] < 0
    assert deciding.explain(order, "small", True) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["override"]["note"] == WHY["note"]


async def _roll_back(house: House) -> None:
    async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
        await policy_sets.roll_back(c, house.tenant, TESTER, "")
    await policy_work.spread(house.hub, house.tenant)


def test_above_an_amount_a_second_person_signs(
    house: House, officer: tuple[Browser, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{"sku": SKUS[0].code, "quantity": 1, "price_fen": 1_200_000}]
    order = house.place(lines=lines)["order"]
    (home,) = live(house, order)
    other = cheapest(weigh(officer[0], order, home), [home])
    assert weigh(officer[0], order, other)["second"]
    shown = ok(prepare(officer[0], order, other))
    done = ok(sign(officer, order, shown))
    assert (done["state"], done["fact"]) == ("waiting", "")
    assert live(house, order) == [home]
    (waiting,) = ok(house.call("GET", path(order)))["waiting"]
    assert waiting["to"] == other
    own = officer[0].call("POST", path(order, waiting["override"], "prepare"), {})
    assert (own.status_code, own.json()["code"]) == (409, "override_second")
    second = person(house, "P12", "policy")
    again = ok(second[0].call("POST", path(order, waiting["override"], "prepare"), {}))
    assert "第二人" in again["shown"]
    assert ok(sign(second, order, again))["state"] == "done"
    (item,) = ok(house.call("GET", path(order)))["items"]
    assert (item["by"], item["second"], item["holds"]) == ("P11", "P12", True)
    assert live(house, order) == [other]
    # both hands leave with the order, and whoever believes nobody can check them
    settle(house)
    bundle, trust = export(house, order), house.call("GET", "/v1/trust").json()["vkeys"]
    report = verify.verify(io.BytesIO(bundle), trust)
    assert report.code == verify.PASSED, verify.describe(report)
    told = [(c.check, c.passed) for c in report.checks]
    # of two persons each statement and signature is there, and holds
    assert told.count(("signature", True)) == told.count(("statement", True)) == 4

    files = forging.unpack(bundle)
    alone = types.ModuleType("verify_override")
    monkeypatch.setitem(sys.modules, alone.__name__, alone)  # it looks itself up there
    exec(compile(files["verify.py"], "verify.py", "exec"), vars(alone))
    same = alone.verify(io.BytesIO(bundle), trust)
    assert told == [(c["check"], c["passed"]) for c in same["checks"]]
    assert same["code"] == report.code


def test_what_was_not_shown_is_not_signed(house: House, officer: tuple[Browser, Any]) -> None:
    order, third = house.place()["order"], house.place()["order"]
    (home,) = live(house, order)
    other = cheapest(weigh(officer[0], order, home), [home])
    shown, of_third = ok(prepare(officer[0], order, other)), ok(prepare(officer[0], third, other))
    wrong = {"act": shown["act"], "options": of_third["options"]}
    assert sign(officer, order, wrong).status_code == 409
    machine = house.call("POST", path(order), {"warehouse": other, **WHY})
    assert (machine.status_code, machine.json()["code"]) == (409, "override_person")
    stranger = person(house, "P13", "policy")
    assert sign(stranger, order, {**shown, "options": of_third["options"]}).status_code == 422
    for body in ({"note": ""}, {"reason": "because"}):
        assert prepare(officer[0], order, other, **body).status_code in (400, 422)
    ok(house.call("POST", f"/v1/orders/{order}/transitions", {"event": "release"}))
    begun = prepare(officer[0], order, other)
    assert (begun.status_code, begun.json()["code"]) == (409, "begun_already")
    assert live(house, order) == [home]
