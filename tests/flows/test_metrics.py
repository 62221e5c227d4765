"""Metrics: a formula is drafted, tried, approved by another; a past day keeps its figures."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from danshu.hub import asset_files, asset_pieces, assets, metric_reports, metrics
from danshu.hub.metric_audit import MetricsFolder
from danshu.ledger import audit
from tests.fixtures.acting import person
from tests.fixtures.hub import SKUS, House


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANSHU_ASSETS", str(tmp_path / "assets"))


def ok(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def no(response: Any, code: str) -> Any:
    assert response.status_code >= 400, response.text
    told = response.json()
    assert told["code"] == code, told
    return told


def learn(house: House) -> None:
    """Let the sources follow the log; no asset is built."""

    async def follow() -> None:
        async with house.hub.connection() as connection:
            mine = asset_files.of_tenant(assets.place(), house.tenant)
            await asset_pieces.follow(connection, house.tenant, mine)

    house.work("sequence")
    with house.client.portal() as portal:
        portal.call(follow)


def ask(house: House, code: str, **asked: Any) -> metrics.Answer:
    with house.client.portal() as portal:
        return portal.call(lambda: metrics.evaluate(house.hub, house.tenant, code, **asked))


async def differ(house: House) -> list[Any]:
    async with house.hub.connection() as connection:
        folder = MetricsFolder(house.tenant)
        report = await audit.fold_rows(connection, house.tenant, [folder])
    return list(report.differences)


def test_a_formula_is_approved_and_the_past_keeps_its_figures(house: House) -> None:
    one, other = (
        person(house, "K21", "finance", passkey=False)[0],
        person(house, "K22", "finance", passkey=False)[0],
    )
    house.place()
    learn(house)
    kept_ms = house.hub.clock()
    was = ask(house, "average_order", by=("channel",))
    assert (was.version, was.total, was.more) == (0, 4480, False)
    assert [(r.keys, r.value) for r in was.rows] == [(("api",), 4480)]
    metric = ok(one.call("GET", "/v1/metrics/average_order"))["metric"]
    # what is no formula is refused with its place, before and at the door
    bad = {**metric, "expression": "sum(total) / count(*)"}
    (told,) = ok(one.call("POST", "/v1/metrics/check", {"metric": bad}))["findings"]
    assert (told["code"], told["start"], told["end"]) == ("division", 4, 20)
    draft = ok(one.call("POST", "/v1/metrics/drafts", {"plan": {"metric": bad}}), 201)
    path = f"/v1/metrics/drafts/{draft['id']}"
    told = no(one.call("POST", f"{path}/submit", {"revision": 1}), "metric_unsound")
    assert [f["code"] for f in told["findings"]] == ["division"]
    good = {**metric, "expression": "avg(total - discount - 480)"}
    tried = ok(one.call("POST", "/v1/metrics/check", {"metric": good, "by": ["channel"]}))
    assert (tried["total"], tried["difference"]["was"], tried["difference"]["now"]) == (
        4000, 4480, 4000,
    )  # fmt: skip
    assert tried["difference"]["edits"][0]["field"] == "expression"
    saved = ok(one.call("PUT", path, {"revision": 1, "plan": {"metric": good}}))
    saved = ok(one.call("POST", f"{path}/submit", {"revision": saved["revision"]}))
    no(one.call("POST", f"{path}/approve", {"digest": saved["digest"]}), "approval_author")
    done = ok(other.call("POST", f"{path}/approve", {"digest": saved["digest"]}))
    assert done["state"] == "published"
    # the figure of then, by the formula of then, whatever was learnt and decided since
    house.place(lines=[{"sku": SKUS[0].code, "quantity": 1, "price_fen": 100, "title": "x"}])
    learn(house)
    then = ask(house, "average_order", by=("channel",), as_of_ms=kept_ms)
    assert (then.version, then.total, then.rows) == (0, was.total, was.rows)
    now = ask(house, "average_order")
    assert (now.version, now.total) == (1, (4000 + 100 - 480) // 2)
    book = {m["code"]: m for m in ok(one.call("GET", "/v1/metrics"))["metrics"]}
    assert (book["average_order"]["version"], book["average_order"]["approved_by"]) == (1, "K22")
    diff = ok(one.call("GET", "/v1/metrics/average_order/diff?was=0&now=1&by=channel"))
    assert (diff["was"], diff["now"], diff["same"]) == ((4480 + 100) // 2, now.total, 0)
    assert asyncio.run(differ(house)) == []
    ok(other.call("POST", "/v1/metrics/average_order/retire", {"reason": "试过了"}))
    no(other.call("POST", "/v1/metrics/average_order/retire", {"reason": "再来"}), "metric_not_own")
    assert ask(house, "average_order").version == 0
    versions = ok(one.call("GET", "/v1/metrics/average_order"))["versions"]
    assert [(v["version"], v["reason"]) for v in versions] == [(1, "试过了"), (0, "")]
    assert asyncio.run(differ(house)) == []


def test_a_kept_report_is_proven_by_asking_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = person(house, "K23", "finance", passkey=False)[0]
    house.place()
    learn(house)
    clock = house.hub.clock
    # An instant has settled when a minute has passed: here it passes at once.
    monkeypatch.setattr(house.hub, "clock", lambda: clock() + metric_reports.SETTLED_MS)
    asked = {"metrics": ["gmv", "return_rate", "complaint_share"], "by": ["month"]}
    kept = ok(one.call("POST", "/v1/metrics/reports", {"name": "月报", "asked": asked}), 201)
    (gmv, rate, _) = kept["figures"]
    assert (gmv["total"] > 0, rate["total"]) == (True, 0)
    house.place()
    learn(house)
    proven = ok(one.call("GET", f"/v1/metrics/reports/{kept['id']}"))
    assert (proven["is_same"], proven["digest"]) == (True, kept["digest"])
    listed = ok(one.call("GET", "/v1/metrics/reports"))["rows"]
    assert [(r["id"], r["by"], r["figures"]) for r in listed] == [(kept["id"], "K23", [])]
    costs = {**asked, "metrics": ["margin_rate"], "by": []}
    no(one.call("POST", "/v1/metrics/reports", {"name": "x", "asked": costs}), "draws_on_masters")
    soon = {**asked, "as_of_ms": house.hub.clock()}
    no(one.call("POST", "/v1/metrics/reports", {"name": "x", "asked": soon}), "not_settled")
    assert asyncio.run(differ(house)) == []


def test_who_may_not_see_sums_sees_formulas_alone(house: House) -> None:
    one = person(house, "K24", "service", passkey=False)[0]
    margin = ok(one.call("GET", "/v1/metrics/margin_rate"))
    assert (margin["may_see"], margin["metric"]["on"]) == (False, "asset:margin")
    told = one.call("GET", "/v1/metrics/margin_rate/values")
    assert (told.status_code, bool(told.json()["clause"])) == (409, True), told.text
    assert one.call("POST", "/v1/metrics/check", {"metric": margin["metric"]}).status_code == 403
    house.place(buyer="few")
    learn(house)
    buyers = ok(one.call("GET", "/v1/metrics/buyers/values?by=channel"))
    assert (buyers["rows"], buyers["hidden"]) == ([], 1)  # one person is not shown apart
    no(one.call("GET", "/v1/metrics/nothing"), "no_metric")
    no(one.call("GET", "/v1/metrics/gmv/values?by=buyer"), "no_dimension")
    no(one.call("GET", "/v1/metrics/gmv/values?since=2026-02-30"), "bad_date")
