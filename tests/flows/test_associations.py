"""Associations in the product: a rule, a campaign with a holdout, who is told, why it stops."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest

from danshu.hub import associations_room
from danshu.hub.association_audit import CampaignsFolder
from danshu.kernel.fact import rfc3339
from danshu.ledger import audit
from danshu.ledger.write import connect
from danshu.testing import notice_desk
from tests.fixtures.hub import SKUS, House

WASHER, CLEANER, SOAP, CUP = (sku.code for sku in SKUS[:4])
BUYERS = 24


@pytest.fixture
def town(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Half of the buyers had a dishwasher first, and come back for its cleaner; others for soap."""
    monkeypatch.setenv("DANSHU_ASSETS", str(tmp_path / "assets"))
    bodies = []
    for n in range(2 * BUYERS):
        has = n < BUYERS
        bodies.append((f"b{n}", WASHER if has else CUP))
    for n in range(2 * BUYERS):
        bodies.append((f"b{n}", CLEANER if n < BUYERS - 4 else SOAP))
    buy(house, bodies)
    return house


def buy(house: House, wanted: list[tuple[str, str]]) -> None:
    for buyer, sku in wanted:
        house.place(buyer=buyer, lines=[{"sku": sku, "quantity": 1, "price_fen": 1990}])
    house.work("sequence")


def propose(house: House, **changes: Any) -> dict[str, Any]:
    wish = {
        "act": "reminder",
        "first": WASHER,
        "then": CLEANER,
        "text": "该换清洁剂了",
        "basis": "入会时勾选接收提醒",
        "until": rfc3339(house.hub.clock() + 86_400_000),
        "counted_after_h": 0,
        "holdout": 500,
        **changes,
    }
    told = house.call("POST", "/v1/campaigns", wish)
    assert told.status_code == 201, told.text
    return dict(told.json())


def act(house: House, campaign: dict[str, Any], what: str, role: str = "admin") -> Any:
    return house.call("POST", f"/v1/campaigns/{campaign['id']}/{what}", {}, role).json()


def test_rules_are_found_and_acted_upon(town: House) -> None:
    """One house for all of it: setting it up costs more than what is asked of it."""
    may_not(town)
    find_rules(town)
    tell_one_arm(town)
    end_with_the_budget(town)


def find_rules(town: House) -> None:
    """A rule is found, random pairs are not."""
    empty = town.call("GET", "/v1/associations").json()
    assert (empty["mined"], empty["rules"]) == ("", [])
    told = town.call("POST", "/v1/associations/mine", {"window_d": 30, "follow_d": 0})
    assert told.status_code == 200, told.text
    mined = told.json()
    pairs = [(r["first"], r["then"]) for r in mined["rules"]]
    assert pairs[0] == (WASHER, CLEANER)
    assert set(pairs) <= {(WASHER, CLEANER), (CUP, SOAP)}
    rule = mined["rules"][0]
    assert (rule["both"], rule["first_units"], rule["else_units"]) == (20, BUYERS, BUYERS)
    assert (rule["confidence"], rule["otherwise"], rule["days"][0]) == (833, 0, 833)
    assert float(rule["q"]) < 0.01
    assert mined["tested"] == 4 * 3
    assert town.call("GET", "/v1/associations").json() == {**mined, "took_ms": mined["took_ms"]}
    baskets = town.call("POST", "/v1/associations/mine", {"kind": "basket"}).json()
    assert (baskets["units"], baskets["rules"]) == (4 * BUYERS, [])


def tell_one_arm(town: House) -> None:
    """A campaign tells one arm and counts both."""
    with notice_desk.serve() as desk:
        told = {"adapter": "webhook", "url": desk.url, "secret": notice_desk.SECRET}
        town.call("PUT", "/v1/notice-settings", told)
        campaign = propose(town)
        assert (campaign["state"], campaign["figures"]["treated"]) == ("proposed", 0)
        assert act(town, campaign, "look")["figures"]["treated"] == 0  # nobody before the start
        assert act(town, campaign, "start")["state"] == "running"
        assert act(town, campaign, "start")["code"] == "campaign_not_proposed"
        figures = act(town, campaign, "look")["figures"]
        # the four who have not bought it, and nobody twice
        assert figures["treated"] + figures["holdout"] == 4
        assert act(town, campaign, "look")["figures"] == figures
        assert (figures["told"], figures["unreached"]) == (figures["treated"], 0)
        assert len(desk.notices) == figures["treated"]
        for taken in desk.notices.values():
            assert (taken.data["campaign"], taken.data["to"]) == (campaign["id"], "buyer")
            assert taken.data["name"] == "该换清洁剂了"
    buy(town, [(f"b{n}", CLEANER) for n in range(BUYERS - 4, BUYERS)])
    figures = act(town, campaign, "look")["figures"]
    assert figures["bought_treated"] == figures["treated"]
    assert figures["bought_holdout"] == figures["holdout"]
    assert (figures["always_low"], figures["always_high"]) == (-1000, 1000)  # too few to say
    stopped = act(town, campaign, "stop")
    assert (stopped["state"], stopped["why"]) == ("stopped", "person")
    check(town)


def end_with_the_budget(town: House) -> None:
    """Without a service nobody is reached, and is counted so; a spent budget ends it."""
    town.call("PUT", "/v1/notice-settings", {"adapter": "", "url": "", "secret": ""})
    fresh = [f"c{n}" for n in range(4)]
    buy(town, [(buyer, WASHER) for buyer in fresh])
    campaign = propose(town, act="coupon", cost=500, budget=900, holdout=50)
    act(town, campaign, "start")
    step(town)  # the room, as it does by itself
    figures = town.call("GET", f"/v1/campaigns/{campaign['id']}").json()["figures"]
    assert figures["treated"] == figures["unreached"] > 0
    buy(town, [(buyer, CLEANER) for buyer in fresh])
    seen = act(town, campaign, "look")
    assert (seen["state"], seen["why"]) == ("stopped", "budget")
    assert seen["figures"]["spent"] == 500 * seen["figures"]["bought_treated"]
    listed = town.call("GET", "/v1/campaigns").json()["items"]
    assert listed[0]["id"] == campaign["id"]
    assert len(listed) == 2
    check(town)


def may_not(house: House) -> None:
    """Who may not, what is not there, what makes no sense."""
    refused = house.call("POST", "/v1/campaigns", {}, "viewer")
    assert refused.status_code == 403
    gone = house.call("GET", f"/v1/campaigns/{uuid.uuid4()}")
    assert (gone.status_code, gone.json()["code"]) == (404, "no_campaign")
    wish = {
        "first": WASHER,
        "then": WASHER,
        "act": "reminder",
        "text": "文字够长",
        "basis": "已同意的",
    }
    until = rfc3339(house.hub.clock() + 1_000_000)
    same = house.call("POST", "/v1/campaigns", {**wish, "until": until})
    assert (same.status_code, same.json()["code"]) == (409, "same_goods")
    dear = house.call(
        "POST", "/v1/campaigns", {**wish, "then": CLEANER, "act": "coupon", "until": until}
    )
    assert dear.json()["code"] == "coupon_without_budget"


def step(house: House) -> None:
    """One step of the room."""

    async def work() -> int:
        async with await connect(house.url, "tests") as connection:
            return await associations_room.begin(house.url)(connection)

    with house.client.portal() as portal:
        assert portal.call(work) == 1


def check(house: House) -> None:
    """The facts give the rows."""

    async def work() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            return await audit.fold_rows(connection, house.tenant, [CampaignsFolder(house.tenant)])

    with house.client.portal() as portal:
        report = portal.call(work)
    assert report.clean, report
