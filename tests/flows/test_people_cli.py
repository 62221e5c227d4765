"""`danshu person`: the first admin begins by a link, and comes back by one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import msgspec

from tests.fixtures.engine import ask
from tests.fixtures.hub import House
from tests.fixtures.people import Browser

PERSON = ("--tenant", "small", "--json")


def person(house: House, *words: str, wrong: bool = False) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "danshu", "person", *words, *PERSON],
        env={**os.environ, "DANSHU_DATABASE_URL": house.url},
        capture_output=True,
        text=True,
    )
    if wrong:
        assert done.returncode == 1
        return done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    return msgspec.json.decode(done.stdout)


def test_the_first_admin_begins_and_comes_back_by_links(house: House) -> None:
    words = ("invite", "boss@small.example", "--number", "A01", "--role", "admin")
    made = person(house, *words)
    assert made["url"].startswith("http://localhost:8420/sign-in#invite=dsi_")
    assert "signs in by this login" in person(house, *words, wrong=True)
    boss = Browser(house)
    joining = {"token": made["token"], "password": "seven grey hinges"}
    session = boss.call("POST", "/v1/invitations/password", joining).json()
    assert session["todo"] == "totp"  # codes are required unless the merchant says otherwise
    (listed,) = person(house, "list")
    assert (listed["number"], listed["state"], listed["password"]) == ("A01", "active", True)
    back = person(house, "link", "A01")
    looked = Browser(house).call("POST", "/v1/invitations/look", {"token": back["token"]}).json()
    assert looked["kind"] == "recover"
    lasts = ask(
        house.url, "select extract(epoch from ends - made)::int from invitations where used is null"
    )
    assert 590 <= int(str(lasts)) <= 610
    assert "管理员" in person(house, "disable", "A01", "--reason", "x", wrong=True)
