"""What is shown of a promise, and its bytes in the order's row."""

from __future__ import annotations

import json

import msgspec
import pytest

from danshu.capabilities.contract import decide, definitions, terms, views
from danshu.capabilities.contract.model import State
from danshu.kernel.errors import ProgramError
from tests.capabilities.contract.build import a_clause, a_context, an_event, at, only


def test_a_running_promise_is_shown_with_its_words_and_the_time_left() -> None:
    promises, _ = decide.pin([definitions.shipped()[0]], a_context(ship_by_ms=at(40)))
    shown = views.describe(only(promises), at(10))
    assert shown["code"] == "ship48h"
    assert shown["name"] == {"zh": "48小时发货", "en": "Ships within 48 hours"}
    assert shown["text"]["zh"].startswith("付款后48小时内发货")
    assert shown["shown"]["sha256"] == only(promises).text_digest
    assert (shown["state"], shown["state_label"]["zh"]) == ("running", "计时中")
    assert shown["started"] == "2026-11-20T10:00:00.000Z"
    assert shown["due"] == shown["ship_by"] == "2026-11-22T02:00:00.000Z"
    assert shown["left_s"] == 30 * 3600
    assert shown["used_permille"] == 250
    assert shown["next"] == shown["warnings"][0] == "2026-11-21T14:00:00.000Z"
    assert (shown["stop"], shown["gap_s"], shown["gaps"], shown["ruling"]) == (None, None, [], None)
    assert views.describe(only(promises), at(41))["left_s"] == -3600


def test_a_kept_promise_is_shown_with_its_gap() -> None:
    promises, _ = decide.pin([a_clause()], a_context())
    promises, _ = decide.hear(promises, [an_event("carrier.accepted", 36, err_ms=9)], at(36))
    shown = views.describe(only(promises), at(100))
    assert (shown["state"], shown["gap_s"], shown["left_s"]) == ("kept", -12 * 3600, None)
    assert shown["used_permille"] == 750
    assert shown["stop"]["event"]["zh"] == "承运商揽收"
    assert shown["stop"]["err_ms"] == 9
    assert shown["next"] is None


def test_a_pending_promise_shows_no_times() -> None:
    promises, _ = decide.pin([definitions.shipped()[2]], a_context())
    shown = views.describe(only(promises), at(1))
    assert [shown[key] for key in ("started", "due", "left_s", "used_permille", "next")] == [
        None
    ] * 5
    assert shown["start_event"]["zh"] == "买家报损"


def test_a_pause_and_a_comparison_are_shown() -> None:
    promises, _ = decide.pin([a_clause()], a_context())
    events = [an_event("buyer.address_change_requested", 1), an_event("waybill.created", 73)]
    promises, _ = decide.hear(promises, events, at(2))
    shown = views.describe(only(promises), at(2))
    assert shown["pauses"] == [
        {
            "event": "buyer.address_change_requested",
            "from": "2026-11-20T11:00:00.000Z",
            "until": "2026-11-21T11:00:00.000Z",
        }
    ]
    (alternate,) = shown["alternates"]
    assert (alternate["verdict"], alternate["gap_s"]) == ("broken", 3600)


def test_every_state_has_its_words() -> None:
    assert set(views.STATES) == set(State)


def test_what_is_shown_is_json() -> None:
    promises, _ = decide.pin(definitions.shipped(), a_context(requested=("nextday",)))
    for promise in promises:
        shown = views.describe(promise, at(1))
        assert json.loads(msgspec.json.encode(shown)) == shown


def test_a_row_names_its_clause_by_digest() -> None:
    clauses = definitions.shipped()
    promises, _ = decide.pin(clauses, a_context())
    raw = terms.dump(promises)
    assert terms.load(raw, definitions.book(clauses)) == promises
    with pytest.raises(ProgramError):
        terms.load(raw, {})
