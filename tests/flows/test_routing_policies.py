"""Policy sets through the API: drawn, checked, tried on a past day, approved by a second person,
canaried, active, rolled back; what they do to orders.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from danshu.ledger.engine import Engine
from tests.fixtures import engine as stores
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
