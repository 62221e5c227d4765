"""What people do is written down: facts, the audit over them, the room that tidies."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import psycopg
import pytest

from danshu.hub import people_room
from danshu.hub.people_audit import PeopleFolder
from danshu.kernel import fact
from danshu.ledger.fold import fold_rows
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House
from tests.fixtures.people import Browser, seat

HOUR_MS = 3_600_000
NEW = {"login": "w02@small.example", "name": "王仓", "number": "W02", "roles": ["warehouse"]}


def facts_of(house: House, prefix: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give (type, actor, data) of every fact whose type begins so, in order of writing."""
    with psycopg.connect(house.url) as connection:
        rows = connection.execute(
            "select body from facts where tenant=%s order by xid, stream, v", (house.tenant,)
        ).fetchall()
    found = []
    for (body,) in rows:
        for one in fact.unpack(body):
            read = msgspec.json.decode(one)
            if read["type"].startswith(prefix):
                found.append((read["type"], read["actor"], read["data"]))
    return found


def audit(house: House) -> list[str]:
    """Run the folder of people; gives what differs."""

    async def fold() -> list[str]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            report = await fold_rows(connection, house.tenant, [PeopleFolder(house.tenant)])
            return [f"{d.code} {d.where}" for d in report.differences]

    return asyncio.run(fold())


def tidy(house: House, now_ms: int) -> int:
    async def step() -> int:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            return await people_room.tidy(connection, now_ms)

    return asyncio.run(step())


@pytest.fixture
def admin(house: House) -> Browser:
    seat(house.url, house.tenant, "A01", ("admin",))
    browser = Browser(house)
    browser.sign_in("A01")
    return browser


def live_a_little(house: House, admin: Browser) -> str:
    """Invite, join, change, publish, issue, revoke; gives the newcomer's id."""
    invited = admin.call("POST", "/v1/people", NEW).json()
    token = invited["link"]["path"].partition("=")[2]
    newcomer = Browser(house)
    body = {"token": token, "password": "seven grey hinges"}
    assert newcomer.call("POST", "/v1/invitations/password", body).status_code == 201
    person: str = invited["person"]["id"]
    admin.call("PATCH", f"/v1/people/{person}", {"roles": ["warehouse", "reviewer"]})
    newcomer.sign_in("W02", "seven grey hinges")
    newcomer.call("DELETE", "/v1/session")
    admin.call("POST", f"/v1/people/{person}/disable", {"reason": "离职"})
    key = admin.call("POST", "/v1/keys", {"name": "wms", "role": "warehouse"}).json()["id"]
    admin.call("DELETE", f"/v1/keys/{key}")
    shop = {"account": "tb-2", "channel": "taobao", "shop": "旗舰店", "secret": "very-secret-1"}
    admin.call("PUT", "/v1/accounts", shop)
    published = admin.call("POST", "/v1/policies", {"text": "// none", "note": "试", "base": 0})
    assert published.status_code == 201, published.text
    changed = admin.call("PATCH", "/v1/merchant", {"name": "槐序百货"})
    assert changed.json()["name"] == "槐序百货"
    return person


def test_each_act_is_a_fact_with_its_subject(house: House, admin: Browser) -> None:
    person = live_a_little(house, admin)
    admin_id = admin.call("GET", "/v1/session").json()["person"]["id"]
    told = facts_of(house, "")
    types = [t for t, _, _ in told]
    for wanted in (
        "person.invited",
        "person.linked",
        "person.joined",
        "password.set",
        "session.opened",
        "person.changed",
        "session.ended",
        "person.disabled",
        "key.issued",
        "key.revoked",
        "account.changed",
        "policy.published",
        "merchant.changed",
    ):
        assert wanted in types, wanted
    by_admin = {t: a for t, a, d in told if a["sub"] == f"person:{admin_id}"}
    for wanted in ("person.disabled", "key.revoked", "policy.published", "merchant.changed"):
        actor = by_admin[wanted]
        assert (actor["role"], actor["grade"]) == ("admin", "B")
        assert len(actor["key"]) == 36  # the session
    own = [t for t, a, _ in told if a["sub"] == f"person:{person}"]
    assert {"person.joined", "password.set", "session.opened"} <= set(own)


def test_facts_name_nobody_and_hold_no_secret(house: House, admin: Browser) -> None:
    live_a_little(house, admin)
    with psycopg.connect(house.url) as connection:
        bodies = connection.execute("select body from facts").fetchall()
    whole = b"".join(bytes(b) for (b,) in bodies)
    for word in ("王仓", "w02@small.example", "very-secret-1", "seven grey hinges", "dss_", "dsi_"):
        assert word.encode() not in whole, word


def test_the_audit_is_clean_and_sees_each_change(house: House, admin: Browser) -> None:
    person = live_a_little(house, admin)
    assert audit(house) == []
    who = f"people {person}"
    for change, undo, found in (
        ("state='active'", "state='disabled'", f"row_differs {who}"),
        ("roles='{admin}'", "roles='{warehouse,reviewer}'", f"row_differs {who}"),
        ("name='别人'", "name='王仓'", f"row_differs {who}"),
        ("seq=seq+1", "seq=seq-1", f"row_differs {who}"),
    ):
        tell(house.url, f"update people set {change} where id='{person}'")
        assert audit(house) == [found], change
        tell(house.url, f"update people set {undo} where id='{person}'")
    tell(house.url, "update api_keys set revoked=null")
    assert any("api_keys" in d for d in audit(house))
    tell(house.url, "update api_keys set revoked=now() where name='wms'")
    tell(house.url, "update policies set digest='\\x00'")
    assert any("policies 1" in d for d in audit(house))


def test_a_planted_session_is_seen_by_the_audit(house: House, admin: Browser) -> None:
    tell(
        house.url,
        "insert into sessions select tenant, '\\x01', gen_random_uuid(), person, method, limited,"
        " agent, address, made, seen, ends, proven from sessions",
    )
    assert [d.split()[0] for d in audit(house)] == ["session_alone"]


def test_refusals_are_one_fact_an_hour_and_login(house: House) -> None:
    row = seat(house.url, house.tenant, "C12")
    stranger = Browser(house)
    for login in ("C12", "C12", "nobody", "nobody2"):
        stranger.sign_in(login, "wrong wrong wrong")
    now_ms = house.hub.clock()
    assert tidy(house, now_ms) == 0  # the hour is not over
    assert tidy(house, now_ms + HOUR_MS) == 2
    told = facts_of(house, "signin.refused")
    assert sorted(d["count"] for _, _, d in told) == [2, 2]
    assert tidy(house, now_ms + HOUR_MS) == 0
    assert audit(house) == []
    streams = ask(house.url, "select count(*) from facts where stream=%s", row.id)
    assert streams == 4  # invited, joined, password set, refused


def test_the_room_sweeps_what_has_ended(house: House, admin: Browser) -> None:
    stranger = Browser(house)
    stranger.call("POST", "/v1/session/passkey/options", {"tenant": "small"})
    now_ms = house.hub.clock()
    tidy(house, now_ms + HOUR_MS)
    assert ask(house.url, "select count(*) from challenges") == 0
    assert ask(house.url, "select count(*) from sessions") == 1
    tidy(house, now_ms + 90 * 24 * HOUR_MS)
    assert ask(house.url, "select count(*) from sessions") == 0
    assert audit(house) == []


def test_challenges_are_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("danshu.hub.challenges.CHALLENGES", 3)
    stranger = Browser(house)
    for _ in range(5):
        stranger.call("POST", "/v1/session/passkey/options", {"tenant": "small"})
    tidy(house, house.hub.clock())
    assert ask(house.url, "select count(*) from challenges") == 3


def test_the_room_is_one_of_the_workers(house: House) -> None:
    tell(
        house.url,
        f"insert into refusals values ({house.tenant}, '{'0' * 8}-0000-0000-0000-{'0' * 12}',"
        " '2026-01-01T00:00:00Z', 3)",
    )
    house.work("people")
    assert [d["count"] for _, _, d in facts_of(house, "signin.refused")] == [3]
