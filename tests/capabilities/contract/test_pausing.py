"""Pauses of the clock and the end of the order, heard in time and heard late."""

from __future__ import annotations

from danshu.capabilities.contract import decide, facts
from danshu.capabilities.contract.model import State
from tests.capabilities.contract.build import (
    a_clause,
    an_event,
    at,
    live,
    names,
    only,
    running,
)


def test_a_pause_moves_the_deadline_by_its_length() -> None:
    ask, answer = "buyer.address_change_requested", "buyer.address_confirmed"
    promises, said = decide.hear(running(), [an_event(ask, 10)], at(10))
    paused = only(promises)
    assert (paused.state, paused.due_ms) == (State.PAUSED, at(72))  # until the cap, at the most
    assert decide.next_ms(promises) == at(34)
    assert names(said) == ["Paused"]
    promises, said = decide.hear(promises, [an_event(answer, 13)], at(13))
    resumed = only(promises)
    assert (resumed.state, resumed.due_ms) == (State.RUNNING, at(51))
    assert resumed.warn_ms == (at(36.6), at(46.2), at(49))
    assert names(said) == ["Resumed"]
    promises, _ = live(promises, [an_event("carrier.accepted", 50)], at(72))
    assert only(promises).state is State.KEPT


def test_a_pause_nobody_ends_is_ended_by_its_cap() -> None:
    ask = an_event("buyer.address_change_requested", 10)
    promises, said = live(running(), [ask], at(100))
    assert names(said) == ["Paused", "Resumed", "Warned", "Warned", "Warned", "Broken"]
    resumed = said[1].data
    assert isinstance(resumed, facts.PromiseResumed)
    assert (resumed.at, resumed.by) == ("2026-11-21T20:00:00.000Z", None)
    assert only(promises).due_ms == at(72)


def test_the_cap_is_for_all_pauses_together() -> None:
    ask, answer = "buyer.address_change_requested", "buyer.address_confirmed"
    events = [an_event(ask, 1), an_event(answer, 21), an_event(ask, 30)]
    promises, _ = live(running(), events, at(40))
    assert only(promises).due_ms == at(72)
    assert [pause.until_ms for pause in only(promises).pauses] == [at(21), at(34)]
    assert decide.hear(promises, [an_event(ask, 41)], at(41)) == (promises, [])


def test_a_pause_outside_the_clocks_time_is_nothing() -> None:
    for hours in (-1, 48, 60):
        promises = running()
        pause = an_event("buyer.address_change_requested", hours)
        assert decide.hear(promises, [pause], at(1)) == (promises, [])


def test_a_pause_heard_after_the_breach_takes_it_back() -> None:
    promises, _ = decide.tick(running(), at(49))
    ask = an_event("buyer.address_change_requested", 10, 49)
    promises, said = decide.hear(promises, [ask], at(49))
    assert names(said) == ["Paused", "Corrected"]
    assert only(promises).state is State.RUNNING
    answer = an_event("buyer.address_confirmed", 12, 49)
    promises, said = decide.hear(promises, [answer], at(49))
    assert names(said) == ["Resumed"]
    assert decide.next_ms(promises) > 0
    promises, said = decide.tick(promises, at(51))
    assert names(said) == ["Broken"]


def test_a_pause_heard_after_a_late_stop_judges_it_again() -> None:
    late = an_event("carrier.accepted", 50)
    promises, _ = live(running(), [late], at(51))
    assert only(promises).state is State.LATE
    events = [
        an_event("buyer.address_change_requested", 10),
        an_event("buyer.address_confirmed", 15),
    ]
    promises, said = decide.hear(promises, events, at(52))
    assert names(said) == ["Paused", "Corrected", "Resumed"]
    assert (only(promises).state, only(promises).due_ms) == (State.KEPT, at(53))


def test_a_cancelled_order_owes_nothing_more() -> None:
    cancel = an_event("order.cancelled", 10)
    promises, said = live(running(), [cancel], at(100))
    assert names(said) == ["Superseded"]
    assert only(promises).state is State.SUPERSEDED
    assert decide.next_ms(promises) == 0
    assert decide.hear(promises, [an_event("carrier.accepted", 11)], at(11)) == (promises, [])


def test_cancelling_after_the_deadline_leaves_the_breach() -> None:
    cancel = an_event("order.cancelled", 49)
    promises, said = decide.hear(running(), [cancel], at(49))
    assert names(said) == ["Broken"]
    assert decide.hear(promises, [cancel], at(49)) == (promises, [])


def test_a_cancellation_heard_late_takes_the_breach_back() -> None:
    promises, _ = decide.tick(running(), at(49))
    promises, said = decide.hear(promises, [an_event("order.cancelled", 40, 50)], at(50))
    assert names(said) == ["Corrected"]
    assert only(promises).state is State.SUPERSEDED
    assert only(promises).stop is None


def test_a_pause_heard_after_the_breach_may_still_stand() -> None:
    promises, _ = decide.tick(running(), at(49))
    ask = an_event("buyer.address_change_requested", 40, 49)
    promises, said = decide.hear(promises, [ask], at(49))
    corrected = said[-1].data
    assert isinstance(corrected, facts.PromiseCorrected)
    assert (corrected.verdict, corrected.reason) == ("paused", "pause_changed")
    assert only(promises).state is State.PAUSED
    promises, said = live(promises, [], at(100))
    assert names(said)[0] == "Resumed"
    assert names(said)[-1] == "Broken"


def test_a_pause_of_no_length_is_heard_once() -> None:
    ask = an_event("buyer.address_change_requested", 10)
    answer = an_event("buyer.address_confirmed", 10)
    promises, said = decide.hear(running(), [ask, answer], at(10))
    assert names(said) == ["Paused", "Resumed"]
    assert (only(promises).state, only(promises).due_ms) == (State.RUNNING, at(48))
    assert decide.hear(promises, [ask], at(11)) == (promises, [])


def test_two_kinds_of_pause_side_by_side() -> None:
    """A pause heard late ends where the next began, and ending it does not end the next."""
    clause = a_clause(
        {
            "clock/pause": [
                {"on": "buyer.damage_reported", "until": "compensation.paid", "max": "PT24H"},
                {
                    "on": "buyer.address_change_requested",
                    "until": "buyer.address_confirmed",
                    "max": "PT24H",
                },
            ]
        }
    )
    promises, _ = decide.hear(running(clause), [an_event("buyer.damage_reported", 10)], at(10))
    late = an_event("buyer.address_change_requested", 5, 11)
    promises, _ = decide.hear(promises, [late], at(11))
    spans = [(pause.from_ms, pause.until_ms) for pause in only(promises).pauses]
    assert spans == [(at(5), at(10)), (at(10), at(34))]
    assert only(promises).due_ms == at(48 + 5 + 24)
    promises, said = decide.hear(promises, [an_event("buyer.address_confirmed", 7)], at(12))
    assert names(said) == ["Resumed"]
    assert (only(promises).state, only(promises).due_ms) == (State.PAUSED, at(48 + 2 + 24))
    promises, _ = decide.hear(promises, [an_event("compensation.paid", 20)], at(20))
    assert (only(promises).state, only(promises).due_ms) == (State.RUNNING, at(48 + 2 + 10))


def test_a_pause_too_short_to_matter_leaves_the_verdict() -> None:
    promises, _ = live(running(), [an_event("carrier.accepted", 60)], at(61))
    events = [
        an_event("buyer.address_change_requested", 10),
        an_event("buyer.address_confirmed", 11),
    ]
    asked, _ = decide.hear(promises, events[:1], at(62))
    assert only(asked).state is State.KEPT  # the cap of 24 hours would have been enough
    promises, said = decide.hear(asked, events[1:], at(62))
    assert names(said) == ["Resumed", "Corrected"]
    assert (only(promises).state, only(promises).due_ms) == (State.LATE, at(49))
    promises, _ = live(running(), [an_event("carrier.accepted", 90)], at(91))
    promises, said = decide.hear(promises, events[:1], at(92))
    assert names(said) == ["Paused"]
    assert only(promises).state is State.LATE
