"""The audit of who may act and of acts: the facts give the rows, and each changed row is found."""

from __future__ import annotations

import asyncio
import datetime

import psycopg

from danshu.hub.performing_audit import PerformingFolder
from danshu.hub.standing_audit import StandingFolder
from danshu.ledger.fold import Folder, fold_rows
from danshu.testing.authenticator import Authenticator
from tests.fixtures.acting import person, prepare
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House
from tests.fixtures.people import Browser
from tests.flows.test_acting import later, ready, sign
from tests.flows.test_people_passkeys import ORIGIN, register
from tests.flows.test_people_records import facts_of


def audit(house: House) -> list[str]:
    """Run both folders; gives what differs."""

    async def fold() -> list[str]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            folders: list[Folder] = [StandingFolder(house.tenant), PerformingFolder(house.tenant)]
            report = await fold_rows(connection, house.tenant, folders)
            return [f"{d.code} {d.where}" for d in report.differences]

    return asyncio.run(fold())


def me(browser: Browser) -> str:
    return str(browser.call("GET", "/v1/session").json()["person"]["id"])


def live(house: House) -> tuple[str, str]:
    """A signed review, another under way by a right that was lent, a certificate; gives the ids of
    the act under way and of the one that is done.
    """
    browser, device = person(house, "R07", "reviewer")
    order, done = ready(house, browser)
    assert sign(browser, device, order, done).status_code == 200
    clerk, _ = person(house, "S02", "service")
    admin, _ = person(house, "A01", "admin")
    body = {"certificate": "执业药师", "number": "示例-1", "until": "2035-01-31"}
    assert admin.call("PUT", f"/v1/people/{me(browser)}/certificates", body).status_code == 200
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    lent = {
        "action": "outbound_review",
        "to": me(clerk),
        "ends": ends.isoformat(),
        "reason": "休假",
    }
    assert browser.call("POST", "/v1/delegations", lent).status_code == 201
    later(house)
    order, under_way = ready(house, clerk)
    assert prepare(clerk, order, under_way).status_code == 200
    return under_way, done


CHANGES = (
    ("delegations", "reason='公差'", "row_differs delegations"),
    ("delegations", "ends=ends + interval '1 day'", "row_differs delegations"),
    ("delegations", "withdrawn=now()", "row_differs delegations"),
    ("delegations", "taker=giver, giver=taker", "row_differs delegations"),
    ("delegations", "seq=2", "row_differs delegations"),
    ("certificates", "number='示例-9'", "row_differs certificates"),
    ("certificates", "until=until + interval '1 day'", "row_differs certificates"),
    ("passkeys", "public_key='\\x00'", "row_differs passkeys"),
    ("performances", "sub='person:x'", "act_differs performances"),
    ("performances", "definition='\\x00'", "act_differs performances"),
    ("performances", "version=9", "act_differs performances"),
    ("performances", "statement='{}'", "act_differs performances"),
    ("performances", "delegated_by='person:x'", "act_differs performances"),
    ("performances", "oid=id", "act_alone performances"),
    ("performances", "state='done'", "act_differs performances"),
)
DONE = (
    ("role='admin'", "act_differs act"),
    ("sub='person:x'", "act_differs act"),
    ("delegated_by='person:x'", "act_differs act"),
    ("began=began - interval '1 hour'", "act_differs act"),
    ("state='open', told=''", "act_differs act"),
    ("state='cancelled'", "act_differs performances"),
)


def test_each_changed_row_is_found(house: House) -> None:
    lent, done = live(house)
    assert audit(house) == []
    tables = ("delegations", "certificates", "passkeys", "performances")
    for table in tables:
        tell(house.url, f"create table kept_{table} as table {table}")
    under_way = f"where delegated_by<>'' or id='{lent}'"
    for table, change, found in (
        *((t, f"{c} {under_way if t == 'performances' else ''}", f) for t, c, f in CHANGES),
        *(("performances", f"{c} where id='{done}'", f) for c, f in DONE),
    ):
        tell(house.url, f"update {table} set {change}")
        assert any(each.startswith(found) for each in audit(house)), change
        tell(house.url, f"delete from {table}")
        tell(house.url, f"insert into {table} table kept_{table}")
    assert audit(house) == []
    for table in tables:
        tell(house.url, f"delete from {table}")
    assert {each.rsplit(" ", 1)[0].partition(" 0")[0] for each in audit(house)}
    gone = [" ".join(each.split()[:2]) for each in audit(house)]
    assert gone.count("row_differs passkeys") == 3
    assert gone.count("row_differs certificates") == gone.count("row_differs delegations") == 1
    assert gone.count("act_differs act") == 1


def test_a_key_of_two_people_is_refused_found_and_shown(house: House) -> None:
    first, device = person(house, "R07", "reviewer")
    second, _ = person(house, "R08", "reviewer", passkey=False)
    refused = register(second, Authenticator(ORIGIN), key=device.kept[-1].key)
    assert (refused.status_code, refused.json()["code"]) == (409, "passkey_of_another")
    assert refused.json()["status"] == 409
    ((_, actor, told),) = facts_of(house, "passkey.contested")
    assert (actor["sub"], told["owner"]) == (f"person:{me(second)}", f"person:{me(first)}")
    assert ask(house.url, "select count(*) from passkeys") == 1
    assert audit(house) == []
    # another database came in: the key is there for both
    assert register(second, Authenticator(ORIGIN)).status_code == 201
    tell(house.url, "update passkeys set public_key=(select public_key from passkeys"
         f" where person='{me(first)}')")  # fmt: skip
    assert [each.split()[0] for each in audit(house)] == ["row_differs", "passkey_shared"]
    alert = house.call("GET", "/v1/board/overview").json()["alerts"][0]
    assert (alert["kind"], alert["code"], alert["n"]) == ("passkey", "passkey_shared", 1)
    order, act = ready(house, first)
    signed = sign(first, device, order, act)
    assert signed.json()["code"] == "passkey_shared"


def test_a_forked_log_is_told_to_who_looks(house: House) -> None:
    house.place()
    house.work("sequence", "seal")
    assert house.call("GET", "/health/ready").json() == {"status": "ok"}
    tell(house.url, "insert into cursors(name,tenant,half,position) select 'forked', tenant, half,"
         f" 1790000000000 from books where tenant={house.tenant}")  # fmt: skip
    ready_ = house.call("GET", "/health/ready")
    assert ready_.status_code == 200, "orders go on"
    (trouble,) = ready_.json()["troubles"]
    assert trouble.startswith("log_forked: ")
    assert "restore" in trouble
    assert "small" not in trouble
    gap = house.call("GET", "/v1/books").json()["gaps"][0]
    assert (gap["code"], gap["since"]) == ("log_forked", "2026-09-21T14:13:20Z")
    alert = house.call("GET", "/v1/board/overview").json()["alerts"][0]
    assert (alert["kind"], alert["code"], alert["link"]) == ("log", "log_forked", "/evidence")
    tell(house.url, "update cursors set tenant=0 where name='forked'")
    assert house.call("GET", "/v1/books").json()["gaps"] == []
