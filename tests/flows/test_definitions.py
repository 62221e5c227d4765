"""Definitions of promises and working calendars that a merchant publishes."""

from __future__ import annotations

import asyncio
import datetime
import json
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.hub import calendars
from danshu.hub.calendars import DayChange, Draft
from danshu.hub.master_audit import MastersFolder
from danshu.kernel import calendar
from danshu.kernel.errors import InputError
from danshu.ledger import audit
from tests.fixtures.hub import House
from tests.flows.asking import ask, get, own, publish, tell


def test_an_own_promise_is_linted_published_carried_and_taken_back(house: House) -> None:
    linted = publish(house, own(), how=":lint").json()
    assert linted["text_zh"] == "付款后9小时内交接,以交接扫描为准。"
    assert (linted["standing"], linted["next_version"]) == ("new", 1)
    assert (linted["start_zh"], linted["stop_en"]) == ("付款成功", "hand-over scanned")
    due, started = (datetime.datetime.fromisoformat(linted[k]) for k in ("due", "started"))
    assert due - started == datetime.timedelta(hours=9)
    assert len(linted["warnings"]) == 1
    assert {d["code"] for d in get(house, "/v1/definitions")["items"]} == {
        "ship48h", "nextday", "damage", "announced", "rest72h",
    }  # fmt: skip
    made = publish(house, own())
    assert made.status_code == 201
    assert made.json()["digest"] == linted["digest"]
    assert publish(house, own(), how=":lint").json()["standing"] == "known"
    assert publish(house, own()).status_code == 201  # the same bytes change nothing
    first = house.place()
    assert "gift" in {p["code"] for p in first["promises"]}
    old = publish(house, own(hours=10))
    assert (old.status_code, old.json()["code"]) == (409, "version_old")
    assert publish(house, own(version=2, hours=10)).status_code == 201
    second = house.place()
    version = {p["code"]: p["version"] for p in second["promises"]}
    assert version["gift"] == 2
    gone = house.call("POST", "/v1/promise-definitions/gift/retire", {"reason": "活动结束"})
    assert gone.status_code == 200
    again = house.call("POST", "/v1/promise-definitions/gift/retire", {"reason": "活动结束"})
    assert (again.status_code, again.json()["code"]) == (409, "promise_not_active")
    assert "gift" not in {p["code"] for p in house.place()["promises"]}
    kept = {p["code"]: p for p in get(house, f"/v1/promises/{first['order']}")["items"]}
    assert (kept["gift"]["version"], kept["gift"]["state"]) == (1, "running")
    missing = house.call("POST", "/v1/promise-definitions/none/retire", {"reason": "x"})
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (own(hours=0), "/clock/limit"),
        (own(calendar="cn-nowhere@2026.1"), "/clock/calendar"),
        (own().replace(b"handover.scanned", b"moon.full"), "/clock/stop"),
        (own().replace("以交接扫描为准".encode(), "快快地".encode()).replace(
            "内交接".encode(), "内完成".encode()), "/text/zh"),
        (b"[1, 2", ""),
        (b"code: x\ncode: y\n", ""),
        (b"\xff\xfe", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_definition_is_told_by_its_place(
    shared_house: House, raw: bytes, pointer: str
) -> None:
    for how in (":lint", ""):
        answer = publish(shared_house, raw, how=how)
        assert answer.status_code == 422, answer.text
        assert answer.json().get("pointer", "").startswith(pointer)
    assert "gift" not in {d["code"] for d in get(shared_house, "/v1/definitions")["items"]}


def test_who_may_publish(shared_house: House) -> None:
    assert publish(shared_house, own(), role="operator").status_code == 403
    assert publish(shared_house, own(), role="viewer", how=":lint").status_code == 200
    draft = {"id": "own-x", "name_zh": "x", "name_en": "x", "base": "cn-workday@2026.1"}
    assert shared_house.call("POST", "/v1/calendars", draft, role="operator").status_code == 403


def test_calendars_that_come_with_the_hub(shared_house: House) -> None:
    seen = {
        c["reference"].partition("#")[0]: c for c in get(shared_house, "/v1/calendars")["items"]
    }
    assert {"elapsed", "cn-workday@2026.1", "cn-everyday@2026.1"} <= seen.keys()
    workday = seen["cn-workday@2026.1"]
    assert workday["years"] == [2024, 2025, 2026]
    assert (workday["hours"], workday["weekdays"], workday["own"]) == (
        ["09:00-18:00"], [1, 2, 3, 4, 5], False,
    )  # fmt: skip
    year = get(shared_house, "/v1/calendars/days", calendar="cn-workday@2026.1", year=2026)
    days = {d["date"]: d for d in year["days"]}
    assert len(days) == 365
    assert (days["2026-10-01"]["why"], days["2026-10-01"]["name"]) == ("holiday", "国庆节")
    assert (days["2026-10-10"]["works"], days["2026-10-10"]["why"]) == (True, "make_up")
    assert days["2026-11-21"]["why"] == "weekend"
    unknown = shared_house.call(
        "GET", "/v1/calendars/days", params={"calendar": "cn-workday@2026.1", "year": 2030}
    )
    assert unknown.json()["code"] == "calendar_year_unknown"
    for name in ("nope@2026.1", "../../etc/passwd", "own-x@2026.1", "cn-workday"):
        params = {"calendar": name, "year": 2026}
        assert shared_house.call("GET", "/v1/calendars/days", params=params).status_code == 404


def test_a_calendar_of_ones_own_is_pinned_by_its_version(house: House) -> None:
    draft: dict[str, Any] = {
        "id": "own-warehouse", "name_zh": "本仓", "name_en": "This warehouse",
        "base": "cn-workday@2026.1",
        "days": [
            {"date": "2026-10-02", "works": True, "name": "大促"},
            {"date": "2026-11-23", "works": False, "name": "盘点"},
            {"date": "2026-11-22", "works": True},
        ],
    }  # fmt: skip
    made = house.call("POST", "/v1/calendars", draft)
    assert made.status_code == 201, made.text
    first = made.json()
    name = f"{first['id']}@{first['version']}"
    days = {
        d["date"]: d for d in get(house, "/v1/calendars/days", calendar=name, year=2026)["days"]
    }
    told = {day: (days[day]["works"], days[day]["why"]) for day in
            ("2026-10-01", "2026-10-02", "2026-10-03", "2026-11-22", "2026-11-23")}  # fmt: skip
    assert told == {
        "2026-10-01": (False, "holiday"), "2026-10-02": (True, "own"),
        "2026-10-03": (False, "holiday"), "2026-11-22": (True, "own"),
        "2026-11-23": (False, "own"),
    }  # fmt: skip
    same = house.call("POST", "/v1/calendars", draft)
    assert (same.status_code, same.json()["code"]) == (409, "calendar_same")
    assert publish(house, own(calendar=name)).status_code == 201
    promise = next(p for p in house.place()["promises"] if p["code"] == "gift")
    assert promise["due"]
    later = house.call("POST", "/v1/calendars", draft | {"days": []}).json()
    assert later["version"] != first["version"]
    listed = [c for c in get(house, "/v1/calendars")["items"] if c["own"]]
    assert [(c["version"], c["newest"]) for c in listed] == [
        (first["version"], False), (later["version"], True),
    ]  # fmt: skip
    pinned = [
        json.loads(bytes(body))["clock"]["calendar"]
        for (body,) in ask(house.url, "select body from definitions where code='gift'")
    ]
    assert pinned == [first["reference"]]
    tell(house.url, "update calendars set digest=digest where tenant=%s", house.tenant)
    house.hub.worlds.forget(house.tenant)
    assert house.place()["promises"]
    foreign = {"authorization": f"Bearer {house.other}"}
    theirs = house.client.get("/v1/calendars", headers=foreign).json()["items"]
    assert not [c for c in theirs if c["own"]]
    url = f"/v1/calendars/days?calendar={name}&year=2026"
    assert house.client.get(url, headers=foreign).status_code == 404


_dates = st.dates(datetime.date(2024, 1, 1), datetime.date(2026, 12, 31))


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(_dates, st.booleans(), max_size=30), st.sampled_from(["workday", "everyday"])
)
def test_an_own_calendar_differs_in_exactly_its_own_days(
    changes: dict[datetime.date, bool], base: str
) -> None:
    raw = calendar.read(f"cn-{base}@2026.1")
    draft = Draft(
        id="own-x",
        name_zh="x",
        name_en="x",
        base=f"cn-{base}@2026.1",
        days=tuple([DayChange(date=d, works=w) for d, w in changes.items()]),
    )
    made = calendar.parse(calendars.make(raw, draft, "2026.1"))
    was = calendar.parse(raw)
    epoch = datetime.date(1970, 1, 1).toordinal()
    first = datetime.date(2024, 1, 1).toordinal()
    for day in range(first, first + 3 * 365):
        date = datetime.date.fromordinal(day)
        expected = changes.get(date, was.is_worked(day - epoch))
        assert made.is_worked(day - epoch) == expected


def test_a_year_that_the_base_does_not_cover_cannot_be_changed() -> None:
    draft = Draft(
        id="own-x",
        name_zh="x",
        name_en="x",
        base="cn-workday@2026.1",
        days=(DayChange(date=datetime.date(2031, 1, 1), works=True),),
    )
    with pytest.raises(InputError):
        calendars.make(calendar.read("cn-workday@2026.1"), draft, "2026.1")


def test_the_audit_sees_what_was_published_and_moved(house: House) -> None:
    async def differences() -> set[str]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            report = await audit.fold_rows(c, house.tenant, [MastersFolder(house.tenant)])
            return {d.code for d in report.differences}

    publish(house, own())
    publish(house, own(version=2))
    house.call("POST", "/v1/promise-definitions/gift/retire", {"reason": "x"})
    draft = {"id": "own-x", "name_zh": "x", "name_en": "x", "base": "cn-workday@2026.1"}
    assert house.call("POST", "/v1/calendars", draft).status_code == 201
    assert asyncio.run(differences()) == set()
    for statement, code in (
        (
            "update definitions set active=true where code='gift' and version=1",
            "definition_differs",
        ),
        ("delete from calendars", "calendar_differs"),
        ("update stock_moves set on_hand=on_hand+1 where sku=0 and wh=0", "moves_differ"),
    ):
        tell(house.url, statement)
        assert code in asyncio.run(differences())
