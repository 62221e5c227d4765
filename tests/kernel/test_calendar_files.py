"""Calendars as files: references that pin their contents, and files that contradict themselves."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib import resources
from typing import Any

import pytest

from danshu.kernel import calendar
from danshu.kernel.calendar import ELAPSED, load
from danshu.kernel.errors import InputError

WORKDAY = load("cn-workday@2026.1")


def test_references_pin_the_contents() -> None:
    folder = resources.files("danshu") / "data" / "calendars"
    digest = sha256((folder / "cn-workday@2026.1.json").read_bytes()).hexdigest()
    assert WORKDAY.reference == f"cn-workday@2026.1#{digest}"
    assert load(WORKDAY.reference) == WORKDAY
    office = load("cn-workday-0830-1730@2026.1")
    assert office.reference == f"cn-workday-0830-1730@2026.1#{digest}"
    assert load(office.reference) == office
    assert load("elapsed") is ELAPSED
    assert ELAPSED.reference == "elapsed"
    assert calendar.available() == ["elapsed", "cn-everyday@2026.1", "cn-workday@2026.1"]
    for name in calendar.available():
        assert load(load(name).reference) == load(name)


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("", "calendar_unknown"),
        ("cn-workday", "calendar_unknown"),
        ("cn-workday@2020.1", "calendar_unknown"),
        ("us-workday@2026.1", "calendar_unknown"),
        ("../cn-workday@2026.1", "calendar_unknown"),
        ("cn-workday@2026.1#abc", "calendar_unknown"),
        ("elapsed@1", "calendar_unknown"),
        ("cn-workday@2026.1#" + "0" * 64, "calendar_changed"),
        ("cn-workday-1800-0900@2026.1", "calendar"),
        ("cn-workday-0900-2500@2026.1", "calendar"),
    ],
)
def test_other_references_are_refused(reference: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        load(reference)
    assert caught.value.code == code


def a_file(**changes: Any) -> bytes:
    file: dict[str, Any] = {
        "id": "test",
        "version": "2026.1",
        "name_zh": "测试",
        "name_en": "test",
        "tz": "Asia/Shanghai",
        "utc_offset_min": 480,
        "hours": ["09:00-18:00"],
        "weekdays": [1, 2, 3, 4, 5],
        "years": [
            {
                "year": 2026,
                "source": "test",
                "off": [{"first": "2026-01-01", "last": "2026-01-02", "name": "元旦"}],
                "work": ["2026-01-04"],
            }
        ],
    }
    return json.dumps(file | changes).encode()


def _year(**changes: Any) -> dict[str, Any]:
    year: dict[str, Any] = json.loads(a_file())["years"][0]
    return year | changes


def test_a_file_is_read() -> None:
    assert calendar.parse(a_file()).years == {2026}


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": []},
        {"hours": ["9:00-18:00"]},
        {"hours": ["18:00-09:00"]},
        {"hours": ["09:00-09:00"]},
        {"hours": ["09:00-24:30"]},
        {"hours": ["09:00-12:00", "11:00-18:00"]},
        {"weekdays": []},
        {"weekdays": [0]},
        {"weekdays": [8]},
        {"weekdays": [1, 1]},
        {"years": []},
        {"years": [_year(), _year()]},
        {"years": [_year(work=["2026-01-05"])]},  # a Monday is worked anyway
        {"years": [_year(work=["2025-01-04"])]},
        {"years": [_year(work=["2026-02-30"])]},
        {"years": [_year(off=[{"first": "2026-01-02", "last": "2026-01-01", "name": "x"}])]},
        {"years": [_year(off=[{"first": "2025-12-31", "last": "2026-01-01", "name": "x"}])]},
        {"years": [_year(off=[{"first": "2026-01-03", "last": "2026-01-04", "name": "x"}])]},
        {"more": 1},
        {"id": 1},
        {"name_zh": "x" * 70_000},
    ],
    ids=lambda c: repr(c)[:50],
)
def test_a_file_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        calendar.parse(a_file(**changes))
    assert caught.value.code == "calendar"
