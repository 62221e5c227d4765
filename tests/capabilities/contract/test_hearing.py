"""What events mean: the 37 minutes, witnesses, late evidence, pauses, the end of the order."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from danshu.capabilities.contract import decide, definitions, facts, views
from danshu.capabilities.contract.evolve import read_mark, write_mark
from danshu.capabilities.contract.model import Event, Mark, State
from tests.capabilities.contract.build import (
    MINUTE_MS,
    PAID_MS,
    a_clause,
    an_event,
    at,
    live,
    names,
    only,
    running,
)

SCAN = 47 + 40 / 60
WAYBILL = 48 + 17 / 60
BY_WAYBILL: dict[str, Any] = {
    "clock/stop": "waybill.created",
    "clock/stop_alt": ["carrier.accepted"],
    "text/zh": "付款后{hours}小时内生成运单",
    "text/en": "A waybill is made within {hours} hours of payment",
}


def the_two(**recorded: float) -> list[Event]:
    return [
        an_event("carrier.accepted", SCAN, recorded.get("scan"), source="handover.scan"),
        an_event("waybill.created", WAYBILL, source="tms"),
    ]


def test_37_minutes_by_the_shipped_text_the_scan_keeps_the_promise() -> None:
    ship = definitions.shipped()[0]
    assert "揽收" in ship.text.zh
    promises, said = live(running(ship), the_two(), at(72))
    promise = only(promises)
    assert promise.due_ms == PAID_MS + 48 * 60 * MINUTE_MS
    assert promise.state is State.KEPT
    assert promise.gap_ms == -20 * MINUTE_MS
    assert names(said) == ["Warned", "Warned", "Warned", "Kept", "Compared"]
    compared = said[-1].data
    assert isinstance(compared, facts.PromiseCompared)
    assert (compared.verdict, compared.gap_ms) == ("broken", 17 * MINUTE_MS)
    assert views.gaps(promise) == [
        {
            "promise": "ship48h",
            "due_ms": at(48),
            "physical_ms": PAID_MS + (47 * 60 + 40) * MINUTE_MS,
            "system_ms": PAID_MS + (48 * 60 + 17) * MINUTE_MS,
            "lag_ms": 37 * MINUTE_MS,
            "segment": "carrier.accepted -> waybill.created",
            "verdict": "kept",
            "verdict_system": "broken",
        }
    ]


def test_37_minutes_by_a_text_that_says_waybill_the_promise_is_broken() -> None:
    promises, said = live(running(a_clause(BY_WAYBILL)), the_two(), at(72))
    promise = only(promises)
    assert promise.state is State.LATE
    assert promise.gap_ms == 17 * MINUTE_MS
    assert names(said)[-3:] == ["Compared", "Broken", "Late"]
    (compared,) = [e.data for e in said if isinstance(e.data, facts.PromiseCompared)]
    assert (compared.verdict, compared.gap_ms) == ("kept", -20 * MINUTE_MS)
    (gap,) = views.gaps(promise)
    assert gap["lag_ms"] == -37 * MINUTE_MS
    assert gap["segment"] == "waybill.created -> carrier.accepted"


def test_37_minutes_when_the_scan_is_heard_only_after_the_breach() -> None:
    """The breach stays in the record; the correction says what was learnt, and from whom."""
    promises, said = live(running(), the_two(scan=49), at(72))
    promise = only(promises)
    assert names(said)[-3:] == ["Broken", "Compared", "Corrected"]
    corrected = said[-1].data
    assert isinstance(corrected, facts.PromiseCorrected)
    assert (corrected.was, corrected.verdict) == ("broken", "kept")
    assert corrected.reason == "late_evidence"
    assert corrected.by is not None
    assert corrected.by.source == "handover.scan"
    assert corrected.by.recorded == "2026-11-22T11:00:00.000Z"
    assert (promise.state, promise.gap_ms) == (State.KEPT, -20 * MINUTE_MS)
    assert views.gaps(promise)[0]["lag_ms"] == 37 * MINUTE_MS


def test_done_after_the_breach_is_late_with_the_gap() -> None:
    promises, said = live(running(), [an_event("carrier.accepted", 50)], at(72))
    assert names(said)[-2:] == ["Broken", "Late"]
    late = said[-1].data
    assert isinstance(late, facts.PromiseLate)
    assert late.gap_ms == 2 * 60 * MINUTE_MS
    assert only(promises).state is State.LATE


def test_a_duty_that_ends_with_the_breach_is_never_late() -> None:
    clause = a_clause()
    ending = a_clause({"perdurant": False})
    assert clause.perdurant
    promises, said = live(running(ending), [an_event("carrier.accepted", 50)], at(72))
    assert names(said)[-2:] == ["Broken", "Noted"]
    assert only(promises).state is State.BROKEN
    assert only(promises).gap_ms == 2 * 60 * MINUTE_MS


def test_a_breach_learnt_before_the_timer_fires() -> None:
    late = an_event("carrier.accepted", 48.5)
    promises, said = decide.hear(running(), [late], at(49))
    assert names(said) == ["Broken", "Late"]
    assert [each.occurred_ms for each in said] == [at(48), at(48.5)]
    assert only(promises).state is State.LATE
    promises, said = decide.hear(running(a_clause({"perdurant": False})), [late], at(49))
    assert names(said) == ["Broken"]
    assert only(promises).stopped_ms == at(48.5)


@pytest.mark.parametrize(
    ("err_ms", "state"), [(0, State.KEPT), (60_000, State.KEPT), (60_001, State.BORDERLINE)]
)
def test_the_error_of_the_device_decides(err_ms: int, state: State) -> None:
    stop = an_event("carrier.accepted", 48 - 1 / 60, err_ms=err_ms)
    promises, said = decide.hear(running(), [stop], at(48))
    assert only(promises).state is state
    assert names(said) == ["Kept" if state is State.KEPT else "Borderline"]


def test_a_better_witness_settles_a_borderline() -> None:
    doubt = an_event("carrier.accepted", 48, err_ms=1_000, source="carrier.trace")
    sure = an_event("carrier.accepted", 47.9, source="carrier.accepted.signed")
    promises, _ = decide.hear(running(), [doubt], at(48))
    promises, said = decide.hear(promises, [sure], at(49))
    corrected = said[0].data
    assert isinstance(corrected, facts.PromiseCorrected)
    assert (corrected.was, corrected.verdict) == ("borderline", "kept")
    assert corrected.reason == "better_source"
    assert only(promises).stopped_ms == at(47.9)


def test_self_declared_and_recorded_after_the_deadline_is_marked() -> None:
    claim = an_event("carrier.accepted", 47, 47.5, self_declared=True)
    promise = only(decide.hear(running(), [claim], at(47.5))[0])
    assert not promise.self_declared  # the hub took it in before the deadline
    promises, said = live(
        running(), [an_event("carrier.accepted", 47, 49, self_declared=True)], at(72)
    )
    assert only(promises).state is State.KEPT
    assert only(promises).self_declared
    assert names(said)[-1] == "Corrected"
    held = decide.hear(
        running(), [an_event("carrier.accepted", 47, 49, self_declared=True)], at(49)
    )
    kept = held[1][0].data
    assert isinstance(kept, facts.PromiseKept)
    assert kept.self_declared


def test_an_independent_witness_outweighs_the_beneficiarys_word() -> None:
    claim = an_event("carrier.accepted", 47, self_declared=True, source="handover.scan")
    trace = an_event("carrier.accepted", 48.5, source="carrier.trace")
    promises, said = live(running(), [claim, trace], at(72))
    assert only(promises).state is State.LATE
    assert names(said)[-2:] == ["Kept", "Corrected"]


def test_the_end_does_not_depend_on_who_is_heard_first() -> None:
    stops = [
        an_event("carrier.accepted", 47, source="carrier.trace"),
        an_event("carrier.accepted", 48.2, source="handover.scan"),
        an_event("carrier.accepted", 47.5, source="handover.scan", self_declared=True),
        an_event("carrier.accepted", 48.1, source="handover.scan"),
        an_event("carrier.accepted", 46, source="nobody.knows"),
    ]
    for clause in (a_clause(), a_clause({"perdurant": False})):
        ends = set()
        for order in itertools.permutations(stops):
            promises = running(clause)
            for event in order:
                promises, _ = decide.hear(promises, [event], at(60))
            ends.add((only(promises).state, only(promises).stopped_ms))
        assert ends == {(State.LATE if clause.perdurant else State.BROKEN, at(48.1))}


def test_hearing_twice_says_nothing_more() -> None:
    events = [
        *the_two(),
        an_event("buyer.address_change_requested", 5),
        an_event("order.placed", 0),
    ]
    promises, said = decide.hear(running(), events, at(49))
    assert said
    assert decide.hear(promises, events, at(49)) == (promises, [])


def test_the_fact_that_an_event_came_from_is_the_cause() -> None:
    (kept,) = decide.hear(running(), [an_event("carrier.accepted", 1, cause="x/7")], at(1))[1]
    assert kept.cause == "x/7"


def test_other_events_mean_nothing() -> None:
    promises = running()
    for name in ("shipment.delivered", "handover.scanned", "no.such.event", "payment.confirmed"):
        assert decide.hear(promises, [an_event(name, 1)], at(1)) == (promises, [])


def test_damage_starts_when_reported_and_ends_when_paid() -> None:
    damage = definitions.shipped()[2]
    promises = running(damage)
    assert only(promises).state is State.PENDING
    early = an_event("compensation.paid", 20)  # for something else
    assert decide.hear(promises, [early], at(20)) == (promises, [])
    promises, said = decide.hear(promises, [an_event("buyer.damage_reported", 100)], at(101))
    started = said[0].data
    assert isinstance(started, facts.PromiseStarted)
    assert (only(promises).started_ms, only(promises).due_ms) == (at(100), at(124))
    assert decide.hear(promises, [early], at(102)) == (promises, [])
    promises, _ = decide.hear(promises, [an_event("compensation.paid", 110)], at(110))
    assert only(promises).state is State.KEPT


def test_the_first_report_starts_the_clock() -> None:
    promises, _ = decide.hear(
        running(definitions.shipped()[2]), [an_event("buyer.damage_reported", 100)], at(100)
    )
    assert decide.hear(promises, [an_event("buyer.damage_reported", 90)], at(101)) == (promises, [])


@pytest.mark.parametrize(("done", "state"), [(-1, State.KEPT), (47, State.KEPT), (49, State.LATE)])
def test_a_stop_heard_before_the_start_is_judged_when_it_starts(done: int, state: State) -> None:
    promises, said = decide.hear(running(paid_ms=0), [an_event("carrier.accepted", done)], at(50))
    assert names(said) == ["Noted"]
    assert only(promises).state is State.PENDING
    promises, said = decide.hear(promises, [an_event("payment.confirmed", 0, 51)], at(51))
    assert names(said)[0] == "Started"
    assert only(promises).state is state


def test_a_comparison_before_the_start_has_no_verdict_yet() -> None:
    promises, said = decide.hear(running(paid_ms=0), [an_event("waybill.created", 49)], at(49))
    assert said[0].data == facts.PromiseCompared(
        by=facts.Marked(
            event="waybill.created",
            occurred="2026-11-22T11:00:00.000Z",
            recorded="2026-11-22T11:00:00.000Z",
        ),
        code="ship",
    )
    promises, _ = decide.hear(promises, [an_event("payment.confirmed", 0)], at(50))
    assert views.describe(only(promises), at(50))["alternates"][0]["verdict"] == "broken"


def test_the_earliest_comparison_of_an_event_is_kept() -> None:
    promises, _ = decide.hear(running(), [an_event("waybill.created", 40)], at(40))
    assert decide.hear(promises, [an_event("waybill.created", 41)], at(41)) == (promises, [])
    promises, said = decide.hear(promises, [an_event("waybill.created", 39)], at(42))
    assert names(said) == ["Compared"]
    assert [mark.occurred_ms for mark in only(promises).alternates] == [at(39)]


def test_an_event_survives_its_fact_whole() -> None:
    mark = Mark(
        event="carrier.accepted",
        occurred_ms=at(1) + 7,
        recorded_ms=at(2) + 9,
        err_ms=1_234,
        source="handover.scan",
        self_declared=True,
    )
    assert read_mark(write_mark(mark)) == mark
    heard = an_event("carrier.accepted", 1, 2, err_ms=5, source="handover.scan", self_declared=True)
    promises, _ = decide.hear(running(), [heard], at(2))
    assert only(promises).stop == Mark(
        event="carrier.accepted",
        occurred_ms=at(1),
        recorded_ms=at(2),
        err_ms=5,
        source="handover.scan",
        self_declared=True,
    )


def test_events_of_one_call_are_taken_in_the_order_of_time() -> None:
    damage = running(definitions.shipped()[2])
    events = [an_event("compensation.paid", 110), an_event("buyer.damage_reported", 100)]
    promises, said = decide.hear(damage, events, at(111))
    assert names(said) == ["Started", "Kept"]
    assert only(promises).gap_ms == -14 * 60 * MINUTE_MS
