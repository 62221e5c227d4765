"""Pinning promises to an order, what time alone brings, and a person's ruling."""

from __future__ import annotations

from typing import Any

import pytest

from danshu.capabilities.contract import clock, decide, definitions, facts
from danshu.capabilities.contract.model import State
from danshu.kernel.errors import Refusal
from tests.capabilities.contract.build import PAID_MS, a_clause, a_context, an_event, at, only


def pinned_codes(**changes: Any) -> list[str]:
    promises, _ = decide.pin(definitions.shipped(), a_context(**changes))
    return [promise.code for promise in promises]


def test_an_ordinary_order_carries_two_and_the_third_when_asked() -> None:
    assert pinned_codes() == ["ship48h", "damage"]
    assert pinned_codes(requested=("nextday",)) == ["ship48h", "nextday", "damage"]
    assert pinned_codes(presale=True) == ["damage"]
    ahead = {"presale": True, "announced": True, "ship_by_ms": at(480)}
    assert pinned_codes(**ahead) == ["damage", "announced"]
    promises, _ = decide.pin(definitions.shipped(), a_context(**ahead))
    assert promises[1].due_ms == at(480), "the announced day is its deadline"
    moved, said = decide.amend(promises, at(600), "o/3")
    assert ([p.due_ms for p in moved][1], len(said)) == (at(600), 1)


def test_one_fact_names_them_all() -> None:
    clauses = definitions.shipped()
    promises, said = decide.pin(clauses, a_context(requested=("nextday",), ship_by_ms=at(24)))
    assert said is not None
    assert isinstance(said.data, facts.PromiseMade)
    ship, nextday, damage = said.data.promises
    assert ship == facts.Pinned(
        code="ship48h",
        definition=clauses[0].digest,
        due="2026-11-21T10:00:00.000Z",
        ship_by="2026-11-21T10:00:00.000Z",
        started="2026-11-20T10:00:00.000Z",
        text=clauses[0].text_digest.zh,
        version=1,
    )
    assert (nextday.due, nextday.ship_by) == ("2026-11-21T15:59:59.000Z", "")
    assert (damage.started, damage.due) == ("", "")
    assert [promise.state for promise in promises] == [
        State.RUNNING,
        State.RUNNING,
        State.PENDING,
    ]


def test_no_promise_no_fact() -> None:
    assert decide.pin([a_clause({"applies": {"channels": ["jd"]}})], a_context()) == ((), None)


def test_the_words_are_pinned_in_the_language_shown() -> None:
    clause = a_clause()
    promises, said = decide.pin([clause], a_context(lang="en"))
    assert only(promises).text == "Accepted by the carrier within 48 hours of payment"
    assert said is not None
    assert isinstance(said.data, facts.PromiseMade)
    assert said.data.promises[0].text == clause.text_digest.en != clause.text_digest.zh


def test_an_unpaid_order_waits_and_remembers_the_platforms_deadline() -> None:
    promises, said = decide.pin([a_clause()], a_context(paid_ms=0, ship_by_ms=at(24)))
    assert only(promises).state is State.PENDING
    assert said is not None
    assert isinstance(said.data, facts.PromiseMade)
    assert said.data.promises[0].ship_by == "2026-11-21T10:00:00.000Z"
    heard, _ = decide.hear(promises, [an_event("payment.confirmed", 1)], at(1))
    assert (only(heard).started_ms, only(heard).due_ms) == (at(1), at(24))


@pytest.mark.parametrize(
    ("applies", "context", "carried"),
    [
        ({"channels": ["taobao", "jd"]}, {}, True),
        ({"channels": ["jd"]}, {}, False),
        ({"channels_not": ["taobao"]}, {}, False),
        ({"channels_not": ["jd"]}, {}, True),
        ({"presale": False}, {}, True),
        ({"presale": False}, {"presale": True}, False),
        ({"presale": True}, {"presale": True}, True),
        ({"regions": ["31", "33"]}, {"region": "310100"}, True),
        ({"regions": ["31", "33"]}, {"region": "320100"}, False),
        ({"regions": ["31"]}, {}, False),
        ({"requested": True}, {}, False),
        ({"requested": True}, {"requested": ("other", "ship")}, True),
        ({"channels": ["taobao"], "presale": True}, {}, False),
        ({"requested": True, "channels": ["jd"]}, {"requested": ("ship",)}, False),
    ],
)
def test_which_orders_carry_it(
    applies: dict[str, Any], context: dict[str, Any], carried: bool
) -> None:
    clause = a_clause({"applies": applies})
    promises, _ = decide.pin([clause], a_context(**context))
    assert bool(promises) is carried
    assert decide.applies(clause, a_context(**context)) is carried


def test_a_clock_that_starts_with_the_order() -> None:
    clause = a_clause({"clock/start": "order.placed"})
    promises, _ = decide.pin([clause], a_context(placed_ms=at(-1), paid_ms=0))
    assert only(promises).started_ms == at(-1)


def test_each_promise_states_its_own_start() -> None:
    placed = a_clause({"code": "placed", "clock/start": "order.placed"})
    clauses = [a_clause(), placed, a_clause({"code": "again"})]
    promises, said = decide.pin(clauses, a_context(placed_ms=at(-1)))
    assert said is not None
    assert isinstance(said.data, facts.PromiseMade)
    assert [(p.started_ms, p.due_ms) for p in promises] == [
        (at(0), at(48)),
        (at(-1), at(47)),
        (at(0), at(48)),
    ]
    assert [(p.started, p.due) for p in said.data.promises] == [
        (clock.stamp(p.started_ms), clock.stamp(p.due_ms)) for p in promises
    ]


def test_timers_warn_once_a_level_and_break_after_the_deadline() -> None:
    promises, _ = decide.pin([a_clause()], a_context())
    heard: list[tuple[str, int]] = []
    fired = []
    while due := decide.next_ms(promises):
        assert decide.tick(promises, due - 1)[1] == []
        promises, said = decide.tick(promises, due)
        fired.append(due)
        heard += [(type(each.data).__name__, each.occurred_ms) for each in said]
    assert fired == [at(33.6), at(43.2), at(46), at(48) + 1]
    assert heard == [
        ("PromiseWarned", at(33.6)),
        ("PromiseWarned", at(43.2)),
        ("PromiseWarned", at(46)),
        ("PromiseBroken", at(48)),
    ]
    assert only(promises).state is State.BROKEN


def test_a_late_timer_gives_the_highest_level_only() -> None:
    promises, _ = decide.pin([a_clause()], a_context())
    promises, said = decide.tick(promises, at(47))
    (warned,) = [each.data for each in said]
    assert warned == facts.PromiseWarned(
        code="ship", due="2026-11-22T10:00:00.000Z", left_ms=3_600_000, level=3
    )
    assert decide.tick(promises, at(47)) == (promises, [])
    (broken,) = decide.tick(promises, at(60))[1]
    assert isinstance(broken.data, facts.PromiseBroken)


def test_a_timer_that_fires_early_says_nothing() -> None:
    promises, _ = decide.pin([a_clause()], a_context())
    assert decide.tick(promises, at(33)) == (promises, [])


def test_what_has_not_started_or_is_decided_needs_no_timer() -> None:
    pending, _ = decide.pin([a_clause()], a_context(paid_ms=0))
    assert decide.next_ms(pending) == 0
    kept, _ = decide.hear(
        decide.pin([a_clause()], a_context())[0], [an_event("carrier.accepted", 1)], at(1)
    )
    assert only(kept).state is State.KEPT
    assert decide.next_ms(kept) == 0
    assert decide.tick(kept, at(1000)) == (kept, [])


def test_the_next_timer_is_the_earliest_of_all() -> None:
    promises, _ = decide.pin(definitions.shipped(), a_context(requested=("nextday",)))
    assert decide.next_ms(promises) == min(p.warn_ms[0] for p in promises if p.warn_ms)


def doubtful() -> Any:
    promises, _ = decide.pin([a_clause()], a_context())
    stop = an_event("carrier.accepted", 48, err_ms=2_000)
    return decide.hear(promises, [stop], at(48))[0]


def test_a_person_decides_a_borderline_promise_once() -> None:
    done = decide.rule(doubtful(), "ship", State.KEPT, "承运商出具了揽收证明")
    assert not isinstance(done, Refusal)
    promises, said = done
    assert only(promises).state is State.KEPT
    assert said.data == facts.PromiseRuled(
        code="ship", ground="承运商出具了揽收证明", verdict="kept", was="borderline"
    )
    again = decide.rule(promises, "ship", State.BROKEN, "另一个理由")
    assert isinstance(again, Refusal)
    assert again.code == "ruling_illegal"
    later = an_event("carrier.accepted", 49, source="carrier.accepted.signed")
    assert decide.hear(promises, [later], at(50)) == (promises, [])


@pytest.mark.parametrize(
    ("code", "verdict", "ground", "refusal"),
    [
        ("other", State.KEPT, "理由", "promise_unknown"),
        ("ship", State.RUNNING, "理由", "ruling_illegal"),
        ("ship", State.KEPT, "  ", "ruling_ground"),
        ("ship", State.KEPT, "理" * 2_001, "ruling_ground"),
    ],
)
def test_rulings_refused(code: str, verdict: State, ground: str, refusal: str) -> None:
    refused = decide.rule(doubtful(), code, verdict, ground)
    assert isinstance(refused, Refusal)
    assert refused.code == refusal


def test_what_was_ruled_is_not_ruled_again() -> None:
    done = decide.rule(doubtful(), "ship", State.BROKEN, "揽收证明晚于期限")
    assert not isinstance(done, Refusal)
    assert isinstance(decide.rule(done[0], "ship", State.EXCUSED, "另一个理由"), Refusal)


def test_a_breach_is_excused_on_a_ground() -> None:
    promises, _ = decide.tick(decide.pin([a_clause()], a_context())[0], PAID_MS * 2)
    done = decide.rule(promises, "ship", State.EXCUSED, "不可抗力:政府封控通知")
    assert not isinstance(done, Refusal)
    assert only(done[0]).state is State.EXCUSED
    assert isinstance(decide.rule(promises, "ship", State.KEPT, "理由"), Refusal)
