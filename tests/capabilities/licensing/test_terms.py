"""Licences: what they permit day by day, what a month costs."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from danshu.capabilities.licensing import billing, decide
from danshu.capabilities.licensing.model import (
    Asked,
    CleanRoom,
    LicencePrice,
    LicenceTerms,
    Licensee,
    RightEntry,
    Usage,
    Used,
    day_of,
    start_ms,
)
from danshu.kernel.errors import InputError

SINCE, UNTIL = datetime.date(2026, 11, 20), datetime.date(2027, 2, 10)
TERMS = LicenceTerms(
    asset="a",
    recipient=Licensee(code="x", name="X"),
    purpose="operations",
    columns=("hour",),
    since=SINCE,
    until=UNTIL,
    price=LicencePrice(period_fen=1_000, delivery_fen=50, thousand_rows_fen=7, query_fen=3),
    rows_day=100,
    queries_day=2,
    clean_room=CleanRoom(by=("hour",)),
)
NOON = start_ms(SINCE) + 43_200_000
ASKED = Asked(recipient="x", asset="a", purpose="operations", at_ms=NOON, columns=("hour",), rows=1)


@pytest.mark.parametrize(
    ("changes", "used", "code"),
    [
        ({}, Used(), ""),
        ({}, Used(rows=99), ""),
        ({}, Used(rows=100), "over_quota"),
        ({"recipient": "y"}, Used(), "no_licence"),
        ({"asset": "b"}, Used(), "no_licence"),
        ({"purpose": "marketing"}, Used(), "other_purpose"),
        ({"columns": ("hour", "orders")}, Used(), "other_columns"),
        ({"country": "SG"}, Used(), "other_territory"),
        ({"at_ms": start_ms(SINCE) - 1}, Used(), "not_yet"),
        ({"at_ms": start_ms(SINCE)}, Used(), ""),
        ({"at_ms": start_ms(UNTIL) + 86_399_999}, Used(), ""),
        ({"at_ms": start_ms(UNTIL) + 86_400_000}, Used(), "licence_ended"),
        ({"kind": "query"}, Used(queries=1), ""),
        ({"kind": "query"}, Used(queries=2), "over_quota"),
    ],
)
def test_what_a_licence_permits(changes: dict[str, Any], used: Used, code: str) -> None:
    told = decide.permit(TERMS, "active", used, replace(ASKED, **changes))
    assert (told.code if told else "") == code


def test_nothing_is_permitted_before_approval_and_after_the_end() -> None:
    for state in ("draft", "declined", "ended"):
        told = decide.permit(TERMS, state, Used(), ASKED)
        assert told is decide.NOT_ACTIVE
    assert decide.permit(replace(TERMS, columns=()), "active", Used(), ASKED) is decide.NO_FILES
    room = replace(TERMS, clean_room=None)
    query = replace(ASKED, kind="query")
    assert decide.permit(room, "active", Used(), query) is decide.NO_QUERIES


def test_who_approves() -> None:
    right = RightEntry(source="own", basis="operation", holder="M", rights=("operate",))

    def ask(by: str, right: RightEntry | None, now_ms: int = NOON) -> Any:
        return decide.approve(TERMS, "draft", "person:1", by, right, now_ms)

    assert ask("person:2", right) is None
    assert ask("person:1", right) is decide.SAME_PERSON
    assert ask("key:7", right) is decide.PERSONS_ONLY
    assert ask("person:2", None) is decide.NO_RIGHT
    assert ask("person:2", replace(right, rights=("hold",))) is decide.NOT_OPERATED
    assert ask("person:2", replace(right, until=SINCE)) is decide.RIGHT_ENDS
    assert ask("person:2", right, start_ms(UNTIL) + 86_400_000) is decide.EXPIRED


@pytest.mark.parametrize(
    ("month", "ended", "due"),
    [
        (datetime.date(2026, 10, 5), None, 0),
        (datetime.date(2026, 11, 5), None, 1_000 + 2 * 50 + 2 * 7 + 3),
        (datetime.date(2026, 12, 5), None, 1_000),
        (datetime.date(2027, 3, 5), None, 0),
        (datetime.date(2026, 12, 5), datetime.date(2026, 11, 30), 0),
    ],
)
def test_a_month_is_billed(month: datetime.date, ended: datetime.date | None, due: int) -> None:
    used = [
        Usage(kind="delivery", rows=1_000, day=SINCE),
        Usage(kind="delivery", rows=1, day=SINCE),
        Usage(kind="query", rows=0, day=SINCE),
    ]
    told = billing.bill(TERMS, month, used, ended)
    assert told.due_fen == due
    assert told.due_fen == sum(line.amount_fen for line in told.lines)


def test_a_price_once_falls_in_the_first_month_and_tax_is_contained() -> None:
    once = replace(TERMS, price=LicencePrice(period="once", period_fen=106_000, tax=60))
    due = [billing.bill(once, m, []).due_fen for m in billing.months_of(once, UNTIL)]
    assert due == [106_000, 0, 0, 0]
    assert billing.bill(once, SINCE, []).tax_fen == 6_000
    assert billing.contained_tax(1, 60) == 0
    assert [day_of(start_ms(d)) for d in (SINCE, UNTIL)] == [SINCE, UNTIL]


@pytest.mark.parametrize(
    "changes",
    [
        {"until": datetime.date(2026, 1, 1)},
        {"until": datetime.date(2099, 1, 1)},
        {"columns": (), "clean_room": None},
        {"queries_day": 0},
        {"rows_day": 0},
        {"columns": ("hour", "hour")},
    ],
)
def test_terms_that_make_no_sense(changes: dict[str, Any]) -> None:
    decide.check(TERMS)
    with pytest.raises(InputError):
        decide.check(replace(TERMS, **changes))
