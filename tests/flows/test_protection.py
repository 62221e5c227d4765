"""Protection over HTTP: what each may see and take of an asset, who agrees, what lapses."""

from __future__ import annotations

import asyncio
import csv
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from danshu.hub import asset_extracts, assets
from danshu.kernel.fact import rfc3339
from tests.fixtures.hub import House, open_house
from tests.fixtures.people import Browser, seat
from tests.flows.test_workbench_jobs import finish

MINUTE_MS = 60_000
SEED = 9
ROLES = {"F01": "finance", "D01": "steward", "D02": "steward", "L01": "legal", "S01": "service"}


@pytest.fixture
def kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Callable[[], str]
) -> Iterator[House]:
    """A hub whose data lie in a folder of the test."""
    monkeypatch.setenv("DANSHU_DATA", str(tmp_path))
    monkeypatch.setenv("DANSHU_ASSETS", str(tmp_path / "assets"))
    # noise that takes no cell below the least number of people
    monkeypatch.setattr(asset_extracts, "below", random.Random(SEED).randrange)
    with open_house(databases()) as opened:
        yield opened


def people_of(house: House) -> dict[str, Browser]:
    found = {}
    for number, role in ROLES.items():
        seat(house.url, house.tenant, number, [role])
        found[number] = Browser(house)
        found[number].sign_in(number)
    return found


def fill(house: House, orders: int) -> None:
    for _ in range(orders):
        order = house.place()["order"]
        for event in ("release", "pick", "pack", "ship"):
            answer = house.call("POST", f"/v1/orders/{order}/transitions", {"event": event})
            assert answer.status_code == 200, answer.text
    house.work("sequence")
    with house.client.portal() as portal:
        portal.call(
            lambda: assets.refresh(house.hub, house.tenant, ("fulfilment-heatmap", "margin"))
        )


def gate(who: Browser, asset: str, **more: Any) -> dict[tuple[str, str], dict[str, Any]]:
    told = who.call("POST", "/v1/data-gates", {"asset": asset, **more})
    assert told.status_code == 200, told.text
    return {(a["act"], a["form"]): a for a in told.json()["acts"]}


def wish(**changes: Any) -> dict[str, Any]:
    return {"asset": "margin", "purpose": "finance", "why": "月度复盘", **changes}


def ask(who: Browser, **changes: Any) -> Any:
    return who.call("POST", "/v1/asset-exports", wish(**changes))


def test_an_asset_is_seen_taken_and_granted_as_each_may(kept: House) -> None:
    house = kept
    who = people_of(house)
    empty = ask(who["F01"])  # nothing was sold yet: a file without a row may be asked for
    assert (empty.status_code, empty.json()["state"]) == (201, "waiting"), empty.text
    fill(house, 6)
    finance, steward, legal, service = who["F01"], who["D01"], who["L01"], who["S01"]
    told = gate(finance, "margin")
    assert told["aggregate", "cells"]["state"] == "passed"
    assert [n["code"] for n in told["export", "cells"]["needs"]] == ["steward"]
    assert told["export", "rows"]["code"] == "raw_export_denied"
    assert gate(service, "margin")["aggregate", "cells"]["clause"] == "asset-right"
    assert gate(finance, "margin", purpose="marketing")["view", "rows"]["clause"] == "pipl-6"
    # rows are masked: money is told by bands of ten yuan
    seen = finance.call("POST", "/v1/asset-exports/preview", wish(form="rows"))
    assert seen.status_code == 200, seen.text
    at = seen.json()["columns"].index("revenue")
    assert {row[at] % 1_000 for row in seen.json()["rows"]} == {0}
    assert "who" not in seen.json()["columns"]
    # the rows are refused, the sums wait for a steward, who is nobody's second self
    assert ask(finance, form="rows").json()["clause"] == "asset-raw"
    asked = ask(finance)
    assert asked.status_code == 201, asked.text
    path = f"/v1/asset-exports/{asked.json()['id']}"
    assert finance.call("POST", f"{path}/approve", {}).status_code == 403
    assert legal.call("POST", f"{path}/approve", {}).status_code == 403
    agreed = steward.call("POST", f"{path}/approve", {"note": "可"})
    assert agreed.status_code == 200, agreed.text
    assert agreed.json()["state"] == "started"
    finish(house, {"id": agreed.json()["job"]}, "admin")
    made = finance.call("GET", path).json()
    assert (made["state"], made["can"]) == ("made", ["download"]), made
    file = finance.call("GET", f"{path}/file")
    lines = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert lines[0][:3] == ["日期", "渠道", "商品"]
    assert sum(int(line[3]) for line in lines[1:] if line[0][0] != "#") == 18
    assert steward.call("GET", f"{path}/file").status_code == 404
    grant(house, who)
    share(house, who)
    publish(house)
    audit(house)


def grant(house: House, who: dict[str, Browser]) -> None:
    """A grant opens what no role does, until its time, and never to who gives it."""
    service, steward = who["S01"], who["D01"]
    now_ms = house.hub.clock()
    body = {
        "holder": "role:service",
        "asset": "margin",
        "act": "view",
        "purpose": "finance",
        "until": rfc3339(now_ms + MINUTE_MS),
        "reason": "客诉核价",
    }
    mine = {**body, "holder": "role:steward"}
    assert steward.call("POST", "/v1/data-grants", mine).json()["code"] == "grant_to_self"
    assert service.call("POST", "/v1/data-grants", body).status_code == 403
    given = steward.call("POST", "/v1/data-grants", body)
    assert given.status_code == 201, given.text
    assert gate(service, "margin")["view", "rows"]["state"] == "passed"
    assert gate(service, "margin")["export", "cells"]["state"] == "refused"
    clock = house.hub.clock
    house.hub.clock = lambda: now_ms + 2 * MINUTE_MS
    assert gate(service, "margin")["view", "rows"]["code"] == "grant_expired"
    house.hub.clock = clock
    path = f"/v1/data-grants/{given.json()['id']}/revoke"
    gone = steward.call("POST", path, {"reason": "已核完"})
    assert not gone.json()["holds"]
    assert gate(service, "margin")["view", "rows"]["clause"] == "data_grant.until"
    assert steward.call("POST", path, {"reason": "已核完"}).status_code == 409


def share(house: House, who: dict[str, Browser]) -> None:
    """A share takes a licence, a steward and legal, and not of rows that few people hide among."""
    legal, steward = who["L01"], who["D01"]
    abroad = {
        "asset": "fulfilment-heatmap",
        "purpose": "operations",
        "act": "share",
        "recipient": "carrier-x",
        "country": "SG",
        "basis": "contract",
        "form": "rows",
    }
    told = ask(legal, **abroad)
    assert told.status_code == 201, told.text
    needs = {n["code"] for n in told.json()["needs"]}
    assert {"licence", "separate_consent", "impact_assessment", "steward", "legal"} <= needs
    assert told.json()["border"] == "few"
    path = f"/v1/asset-exports/{told.json()['id']}/approve"
    assert legal.call("POST", path, {}).json()["code"] == "own_request"
    done = steward.call("POST", path, {}).json()
    assert [a["step"] for a in done["approvals"]] == ["steward"]
    assert who["D02"].call("POST", path, {}).status_code == 403
    text = "只有城市与小时的合计,不含姓名电话,接收方不得再提供"
    assessed = {k: abroad[k] for k in ("asset", "purpose", "recipient")} | {"risk": "low"}
    made = legal.call("POST", "/v1/impact-assessments", {**assessed, "text": text})
    assert made.status_code == 201, made.text
    assert ask(legal, **{**abroad, "basis": ""}).json()["code"] == "no_basis"
    withdrawn = legal.call("POST", path.replace("approve", "refuse"), {"reason": "不再需要"})
    assert withdrawn.json()["state"] == "refused"


def publish(house: House) -> None:
    """Counts with noise cost a budget; when it is spent, nothing leaves."""
    noisy = wish(noise_mille=2_000)
    states = []
    for _ in range(3):
        asked = house.call("POST", "/v1/asset-exports", noisy)
        assert asked.status_code == 201, asked.text
        finish(house, {"id": asked.json()["job"]}, "admin")
        states.append(house.call("GET", f"/v1/asset-exports/{asked.json()['id']}").json())
    assert [s["state"] for s in states] == ["made", "made", "failed"], states
    assert states[-1]["note"] == "privacy_spent"
    (budget,) = house.call("GET", "/v1/privacy-budgets").json()["items"]
    assert (budget["spent"], budget["limit"]) == (4_000, 4_000)
    refused = house.call("POST", "/v1/asset-exports", {**noisy, "noise_mille": 2_001})
    assert refused.status_code == 422


def audit(house: House) -> None:
    """What was said gives the rows."""
    from danshu.hub.protection_audit import ProtectionFolder
    from danshu.ledger import audit as audits

    async def look() -> list[Any]:
        async with await psycopg.AsyncConnection.connect(house.url) as connection:
            folders = [ProtectionFolder(house.tenant)]
            report = await audits.fold_rows(connection, house.tenant, folders)
            return list(report.differences)

    assert asyncio.run(look()) == []
