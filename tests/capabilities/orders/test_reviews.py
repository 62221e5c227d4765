"""What is asked when an order is paid: whatever the order of answers, it ends agreed or undone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.orders import decide, model, reviews
from danshu.capabilities.orders.commands import Command, Done
from danshu.capabilities.orders.evolve import evolve
from danshu.capabilities.orders.review_facts import ReviewAnswered, UndoAnswered
from danshu.capabilities.orders.review_model import Party
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from tests.capabilities.orders import builders

NAMES = ("risk", "finance", "logistics")
NOW_MS = builders.NOW_MS
ALL = tuple(reviews.Wanted(name=n, within_s=600) for n in NAMES)


def asked(parties: tuple[reviews.Wanted, ...] = ALL) -> model.Order:
    order = builders.allocated().order
    for data in reviews.hold(order, reviews.WAITING):
        order = evolve(order, data)
    return done(reviews.ask(order, "ab" * 16, parties, "e/2", NOW_MS))


def done(told: Done | Refusal) -> model.Order:
    assert isinstance(told, Done), told
    return told.order


def answer(order: model.Order, name: str, verdict: str) -> Done | Refusal:
    data = ReviewAnswered(party=name, verdict=verdict, reference=f"{name}-7", reason="so")
    return reviews.answer(order, data, party(order, name).key)


def party(order: model.Order, name: str) -> Party:
    assert order.review is not None
    return next(p for p in order.review.parties if p.name == name)


def test_it_goes_on_once_all_have_agreed() -> None:
    order = asked()
    assert order.holds == (reviews.WAITING,)
    refused = decide.act(order, Command(event="release"), NOW_MS)
    assert isinstance(refused, Refusal)
    for name in NAMES:
        assert order.holds
        order = done(answer(order, name, "agreed"))
    assert order.review is not None
    assert (order.holds, order.review.outcome) == ((), "agreed")
    assert isinstance(decide.act(order, Command(event="release"), NOW_MS), Done)
    assert answer(order, "risk", "refused") is reviews.NOT_NOW  # an answer is one answer


def test_one_no_has_the_others_undo_now_or_later() -> None:
    order = done(answer(asked(), "finance", "agreed"))
    told = answer(order, "logistics", "refused")
    order = done(told)
    assert order.holds == (reviews.REFUSED,)
    assert party(order, "finance").state == "undoing"
    order = done(answer(order, "risk", "agreed"))  # too late: it is undone as well
    assert party(order, "risk").state == "undoing"
    order = done(reviews.answer_undo(order, UndoAnswered(party="finance", undone=True)))
    later = rfc3339(NOW_MS + 5_000)
    stuck = UndoAnswered(party="risk", undone=False, again=later, reason="not now")
    order = done(reviews.answer_undo(order, stuck))
    assert reviews.next_ms(order) == NOW_MS + 5_000
    order = reviews.ring(order, NOW_MS + 5_000).order
    assert (party(order, "risk").state, party(order, "risk").undos) == ("undoing", 2)
    assert isinstance(reviews.ask_again(order, "op"), Refusal)
    order = done(reviews.answer_undo(order, UndoAnswered(party="risk", undone=True)))
    again = reviews.ask_again(order, "op")
    assert not isinstance(again, Refusal)
    for data in again:
        order = evolve(order, data)
    order = done(reviews.ask(order, "ab" * 16, ALL, "e/2", NOW_MS))
    assert order.review is not None
    assert (order.review.no, order.holds) == (2, (reviews.WAITING,))


def test_silence_does_what_was_declared() -> None:
    late_ms = NOW_MS + 600_000
    for otherwise, holds, outcome in (
        ("wait", (reviews.WAITING,), ""),
        ("hold", (reviews.OVERDUE,), ""),
        ("pass", (), "agreed"),
    ):
        order = asked((reviews.Wanted(name="risk", within_s=600, otherwise=otherwise),))
        assert reviews.next_ms(order) == late_ms
        assert reviews.ring(order, late_ms - 1).said == ()
        order = reviews.ring(order, late_ms).order
        assert order.review is not None
        assert (order.holds, order.review.outcome) == (holds, outcome), otherwise
        order = done(answer(order, "risk", "agreed"))
        assert order.holds == ()


def test_who_is_only_told_neither_holds_nor_stops_it() -> None:
    told = reviews.Wanted(name="crm", required=False)
    order = done(reviews.ask(builders.allocated().order, "ab" * 16, (told,), "e/2", NOW_MS))
    assert order.review is not None
    assert (order.holds, order.review.outcome) == ((), "agreed")
    assert done(answer(order, "crm", "refused")).holds == ()


def test_nobody_is_asked_of_what_was_cancelled() -> None:
    gone = done(decide.act(builders.placed().order, Command(event="cancel"), NOW_MS))
    assert isinstance(reviews.ask(gone, "ab" * 16, ALL, "e/2", NOW_MS), Refusal)


STEPS = st.lists(
    st.tuples(st.sampled_from((*NAMES, "clock", "cancel")), st.sampled_from(("yes", "no"))),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(
    STEPS,
    st.tuples(*[st.sampled_from(("wait", "hold", "pass"))] * 3),
    st.tuples(*[st.booleans()] * 3),
)
def test_it_ends_agreed_or_all_undone(
    steps: list[tuple[str, str]], otherwise: tuple[str, ...], required: tuple[bool, ...]
) -> None:
    parties = tuple(
        reviews.Wanted(name=n, within_s=600, otherwise=o, required=r)
        for n, o, r in zip(NAMES, otherwise, required, strict=True)
    )
    order, now_ms = asked(parties), NOW_MS
    everyone = [(n, "yes") for n in NAMES]  # in the end each answers, and each undoing is done
    for who, what in [*steps, *everyone, ("clock", ""), *everyone, *everyone]:
        order, now_ms = _step(order, who, what, now_ms)
    review = order.review
    assert review is not None
    states = {p.name: p.state for p in review.parties}
    assert reviews.is_over(review), states
    if review.outcome == "agreed":
        assert all(p.state == "agreed" or p.late for p in review.parties if p.required)
        assert not set(order.holds) & set(reviews.HOLDS)
    else:
        assert set(states.values()) <= {"refused", "undone"}
        assert review.outcome == "cancelled" or order.holds == (reviews.REFUSED,)


def _step(order: model.Order, who: str, what: str, now_ms: int) -> tuple[model.Order, int]:
    if who == "clock":
        now_ms += 600_000
        return reviews.ring(order, now_ms).order, now_ms
    if who == "cancel":
        for data in reviews.end(order, "order", "buyer"):
            order = evolve(order, data)
        return order, now_ms
    if party(order, who).state == "undoing":
        undone = what == "yes"
        again = "" if undone else rfc3339(now_ms + 1_000)
        answered = UndoAnswered(party=who, undone=undone, again=again)
        told: Done | Refusal = reviews.answer_undo(order, answered)
    else:
        told = answer(order, who, "agreed" if what == "yes" else "refused")
    return (told.order if isinstance(told, Done) else order), now_ms
