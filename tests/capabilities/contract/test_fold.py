"""Replay: folding the facts of any history gives the promises that the history left."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.contract import clock, decide, definitions, facts, terms, views
from danshu.capabilities.contract.model import TICKING, Event, Promise, State
from danshu.kernel.errors import ProgramError, Refusal
from danshu.kernel.fact import NO_HEAD, Actor, Said, pack, read, unpack
from tests.capabilities.contract.build import PAID_MS, a_clause, a_context, an_event, only

EVERYWHERE = {"applies": {"all": True}}
CLAUSES = (
    a_clause(),
    a_clause({"code": "ending", "perdurant": False, "clock/platform": None}),
    a_clause({"code": "strict", "clock/early_stop": False}),
    a_clause(
        {
            "code": "working",
            "clock/limit": "PT12H",
            "clock/calendar": "cn-workday-0900-1800@2026.1",
        }
    ),
    *definitions.shipped(),
)
BOOK = definitions.book(CLAUSES)
EVENTS = (
    "payment.confirmed",
    "carrier.accepted",
    "waybill.created",
    "order.cancelled",
    "buyer.address_change_requested",
    "buyer.address_confirmed",
    "shipment.delivered",
    "buyer.damage_reported",
    "compensation.paid",
)
HOUR = st.integers(-50, 1_200).map(lambda tenth: tenth / 10)


@st.composite
def an_act(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(["hear", "hear", "hear", "tick", "rule", "amend"]))
    if kind == "amend":
        return kind, draw(HOUR)
    if kind == "tick":
        return kind, draw(HOUR)
    if kind == "rule":
        return kind, draw(st.sampled_from(CLAUSES)).code, draw(st.sampled_from(list(State)))
    heard = draw(
        st.lists(
            st.builds(
                an_event,
                st.sampled_from(EVENTS),
                HOUR,
                recorded=HOUR,
                err_ms=st.sampled_from([0, 0, 1_000, 7_200_000]),
                source=st.sampled_from(["", "handover.scan", "carrier.trace"]),
                self_declared=st.booleans(),
            ),
            min_size=1,
            max_size=3,
        )
    )
    return kind, heard, draw(HOUR)


def instant(hours: float) -> int:
    return PAID_MS + round(hours * 3_600_000)


def play(promises: tuple[Promise, ...], acts: Sequence[Any]) -> tuple[tuple[Promise, ...], Any]:
    said: list[Said] = []
    for act in acts:
        if act[0] == "hear":
            promises, more = decide.hear(promises, act[1], instant(act[2]))
            if len(act[1]) == 1:
                assert decide.hear(promises, act[1], instant(act[2]))[1] == []
        elif act[0] == "tick":
            promises, more = decide.tick(promises, instant(act[1]))
            assert not 0 < decide.next_ms(promises) <= instant(act[1])
        elif act[0] == "amend":
            promises, more = decide.amend(promises, instant(act[1]), "negotiation/3")
        else:
            done = decide.rule(promises, act[1], act[2], "理由")
            if isinstance(done, Refusal):
                continue
            promises, more = done[0], [done[1]]
        said += more
    return promises, said


def through_bytes(said: Sequence[Said]) -> list[msgspec.Struct]:
    """Give the data back after it was packed into canonical bytes and read again."""
    packed = pack(
        said,
        stream=uuid.UUID(int=7),
        seq=0,
        head=NO_HEAD,
        actor=Actor(sub="hub"),
        now_ms=PAID_MS,
        tenant=1,
    )
    data = [read(body).data for body in unpack(packed.body)]
    return [each for each in data if isinstance(each, msgspec.Struct)]


@settings(max_examples=300)
@given(
    st.lists(an_act(), max_size=14),
    st.booleans(),
    st.sampled_from([0, 10, 47, 60]),
    st.sampled_from(["zh", "en"]),
)
def test_folding_the_facts_gives_the_state(
    acts: list[Any], paid: bool, ship_by: int, lang: str
) -> None:
    context = a_context(
        paid_ms=PAID_MS if paid else 0,
        ship_by_ms=instant(ship_by) if ship_by else 0,
        requested=("nextday",),
        lang=lang,
    )
    promises, made = decide.pin(CLAUSES, context)
    assert made is not None
    promises, said = play(promises, acts)
    folded: tuple[Promise, ...] = ()
    for data in through_bytes([made, *said]):
        folded = decide.evolve(folded, data, BOOK)
    assert folded == promises
    assert terms.load(terms.dump(promises), BOOK) == promises
    for promise in promises:
        note(promise.state)
        check(promise)


def check(promise: Promise) -> None:
    """What holds of a promise in any state."""
    clause, pauses = promise.clause, promise.pauses
    assert (promise.state is State.PENDING) <= (promise.started_ms == 0)
    assert all(a.until_ms <= b.from_ms for a, b in itertools.pairwise(pauses))
    if promise.started_ms:
        due = clock.compute_due(clause, promise.started_ms, promise.ship_by_ms, pauses)
        assert promise.due_ms == max(due, promise.agreed_ms)
        assert list(promise.warn_ms) == sorted(promise.warn_ms)
        assert len(promise.warn_ms) == len(clause.definition.clock.warn)
    if promise.state in TICKING:
        assert promise.stop is None
    if not promise.ruling and promise.stop and promise.started_ms and not promise.ended:
        verdict = clock.judge(promise.due_ms, promise.stop)
        late = verdict is State.BROKEN and clause.perdurant
        assert promise.state is (State.LATE if late else verdict)
    msgspec.json.encode(views.describe(promise, PAID_MS))


@settings(max_examples=200)
@given(
    st.lists(
        st.builds(
            an_event,
            st.just("carrier.accepted"),
            HOUR,
            recorded=HOUR,
            source=st.sampled_from(["", "handover.scan", "carrier.trace"]),
            self_declared=st.booleans(),
            err_ms=st.sampled_from([0, 60_000]),
        ),
        min_size=2,
        max_size=5,
    ),
    st.randoms(use_true_random=False),
    st.booleans(),
    st.booleans(),
)
def test_witnesses_in_any_order_give_one_verdict(
    stops: list[Event], random: Any, perdurant: bool, broken_first: bool
) -> None:
    clause = a_clause({"perdurant": perdurant})
    ends = []
    for _ in range(3):
        promises, _made = decide.pin([clause], a_context())
        if broken_first:
            promises, _said = decide.tick(promises, instant(49))
        for stop in stops:
            promises, _said = decide.hear(promises, [stop], instant(130))
        ends.append((only(promises).state, only(promises).gap_ms))
        random.shuffle(stops)
    assert len(set(ends)) == 1


def pinned() -> tuple[Said, facts.Pinned]:
    _, made = decide.pin([CLAUSES[0]], a_context())
    assert made is not None
    assert isinstance(made.data, facts.PromiseMade)
    return made, made.data.promises[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"due": "2026-11-22T10:00:00.001Z"}, "due"),
        ({"definition": "0" * 64}, "no definition"),
        ({"text": "0" * 64}, "text"),
        ({"version": 2}, "digest"),
        ({"code": "other"}, "digest"),
    ],
)
def test_a_fact_that_disagrees_with_its_clause_is_refused(
    change: dict[str, Any], words: str
) -> None:
    made, first = pinned()
    forged = facts.PromiseMade(promises=(msgspec.structs.replace(first, **change),))
    assert decide.evolve((), made.data, BOOK)
    with pytest.raises(ProgramError, match=words):
        decide.evolve((), forged, BOOK)


def test_a_moved_deadline_is_refused() -> None:
    promises, _ = decide.pin([CLAUSES[0]], a_context(paid_ms=0))
    _, said = decide.hear(promises, [an_event("payment.confirmed", 1)], instant(1))
    assert isinstance(said[0].data, facts.PromiseStarted)
    forged = msgspec.structs.replace(said[0].data, due="2026-11-30T00:00:00.000Z")
    with pytest.raises(ProgramError):
        decide.evolve(promises, forged, BOOK)


def test_facts_of_others_change_nothing_and_unknown_promises_are_refused() -> None:
    made, _ = pinned()
    promises = decide.evolve((), made.data, BOOK)
    assert decide.evolve(promises, Actor(sub="x"), BOOK) == promises
    with pytest.raises(ProgramError, match="carries no promise"):
        decide.evolve(
            promises,
            facts.PromiseWarned(code="nobody", due="", left_ms=1, level=1),
            BOOK,
        )
