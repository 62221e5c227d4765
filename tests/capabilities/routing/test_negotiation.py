"""Negotiation: the protocol by table, and what no order of messages can bring about."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from danshu.capabilities.routing.negotiation import decide, facts, messages, scoring
from danshu.capabilities.routing.negotiation.evolve import evolve
from danshu.capabilities.routing.negotiation.machine import FINAL, NEGOTIATION
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import NEGOTIATION_MARGIN_MS, NEGOTIATION_MESSAGES

T0 = 1_795_345_200_000
MINUTE = 60_000
REPLY, AWARD = T0 + 8_000, T0 + 24_000
PARTIES = ("a", "b", "c")
TRIPS = {"a": 200, "b": 200, "c": 200}
DUE = T0 + 180 * MINUTE


def call(
    *, cold: bool = False, parties: tuple[str, ...] = PARTIES, ceiling: int = 0
) -> Negotiation:
    windows = tuple(
        facts.Window(
            id=f"w{n + 1}",
            start=rfc3339(T0 + (60 + 60 * n) * MINUTE),
            end=rfc3339(T0 + (120 + 60 * n) * MINUTE),
            incentive_fen=0,
            consent=T0 + (120 + 60 * n) * MINUTE > DUE,
        )
        for n in range(3)
    )
    opened = facts.NegotiationOpened(
        award_by=rfc3339(AWARD),
        decision="o/3",
        fallback=facts.Fallback(carrier="SF", cost_fen=1_800, end=rfc3339(DUE)),
        leg=facts.Leg(cold=cold, dropoff="310104", fulfilment=1, pickup="W1", weight_g=900),
        offer_fen=1_500,
        order="o",
        parties=parties,
        reply_by=rfc3339(REPLY),
        weights=facts.Weights(
            ceiling_fen=ceiling, deviation_min=15, late_fen=1_000, reroute_fen=600
        ),
        windows=windows,
    )
    return evolve(Negotiation(), opened, T0)


class Told(Struct, kw_only=True):
    """A negotiation as it goes, with all that was said."""

    n: Negotiation
    said: list[Any] = []
    refused: list[str] = []
    count: int = 0

    def tell(self, kind: Any, party: str, at: int, id_: str = "", **more: Any) -> Refusal | None:
        """Let a party speak."""
        self.count += 1
        text = f"{kind.__name__}{sorted(more.items())}"
        spoke = kind(
            party=party,
            message=id_ or f"m{self.count}",
            digest=hashlib.sha256(text.encode()).hexdigest(),
            **more,
        )
        heard = decide.hear(self.n, spoke, at, TRIPS)
        folded = self.n
        for data in heard.said:
            folded = evolve(folded, data, at)
        assert folded == heard.state  # the facts give the state
        self.n, self.said = heard.state, self.said + heard.said
        return heard.refusal

    def wait(self, at: int) -> None:
        """Let time pass."""
        for data in decide.advance(self.n, at, TRIPS):
            self.n = evolve(self.n, data, at)
            self.said.append(data)

    def offer(self, party: str, fee: int, at: int = T0 + 1_000, **more: Any) -> Refusal | None:
        """Propose for the first window."""
        asked = {"window": "w1", "eta_ms": T0 + 90 * MINUTE, "valid_ms": T0 + 10 * MINUTE, **more}
        return self.tell(messages.Propose, party, at, fee_fen=fee, **asked)

    @property
    def chosen(self) -> str:
        """Whose offer is awarded."""
        return self.n.chosen.party if self.n.chosen else ""


def kinds(told: Told) -> list[str]:
    return [type(data).__name__.removeprefix("Negotiation").lower() for data in told.said]


def test_the_best_of_three_is_awarded_at_once_and_confirmed() -> None:
    told = Told(n=call())
    told.offer("a", 1_400)
    told.offer("b", 1_200)
    assert told.n.state == "proposed"
    told.offer("c", 1_300)
    assert kinds(told) == ["proposed"] * 3 + ["awarded"]
    assert told.chosen == "b"
    assert told.n.award is not None
    assert told.n.award.reserved == "p3"
    told.tell(messages.Confirm, "b", T0 + 2_000, award="a1", number="B-1")
    assert (told.n.state, told.n.number) == ("confirmed", "B-1")


def test_who_may_refuse_is_weighed_by_cost_and_acceptance() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.offer("a", 1_000, accept_permille=300)
    told.offer("b", 1_300, accept_permille=950)
    assert told.chosen == "b"


def test_who_comes_late_is_weighed_by_the_window() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.offer("a", 1_000, eta_ms=T0 + 140 * MINUTE)
    told.offer("b", 1_300)
    assert told.chosen == "b"


def test_nobody_answers_and_the_default_stands() -> None:
    told = Told(n=call())
    told.wait(REPLY - 1)
    assert told.said == []
    told.wait(REPLY)
    assert kinds(told) == ["closed"]
    assert (told.n.state, told.said[0].fallback.carrier) == ("expired", "SF")


def test_all_decline_and_the_default_stands_at_once() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.tell(messages.Decline, "a", T0 + 1, reason="远")
    told.tell(messages.Decline, "b", T0 + 2)
    assert told.n.state == "rejected"


def test_nobody_can_be_reached() -> None:
    told = Told(n=call(parties=("a",)))
    told.tell(messages.Decline, "a", T0 + 1, unreachable=True)
    assert told.n.state == "failed"


def test_a_refusal_brings_the_next_best() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.offer("a", 1_000)
    told.offer("b", 1_300)
    told.tell(messages.Refuse, "a", T0 + 3_000, award="a1", reason="故障")
    assert kinds(told)[-2:] == ["refused", "awarded"]
    assert told.chosen == "b"
    told.tell(messages.Refuse, "b", T0 + 4_000, award="a2")
    assert told.n.state == "rejected"


def test_a_silent_winner_lapses_and_the_next_best_is_asked() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.offer("a", 1_000)
    told.offer("b", 1_300)
    told.wait(T0 + 1_000 + 8_000)
    assert kinds(told)[-2:] == ["lapsed", "awarded"]
    assert told.chosen == "b"
    late = told.tell(messages.Confirm, "a", T0 + 9_500, award="a1")
    assert late == messages.AWARD_OVER
    told.wait(AWARD)
    assert told.n.state in ("rejected", "expired")


def test_two_confirmations_are_one_contract() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.offer("a", 1_000)
    told.offer("b", 1_300)
    other = told.tell(messages.Confirm, "b", T0 + 2_000, award="a1")
    assert other == messages.AWARD_OVER
    told.tell(messages.Confirm, "a", T0 + 2_500, award="a1", number="A")
    again = told.tell(messages.Confirm, "a", T0 + 2_600, award="a1", number="A2")
    assert again is not None
    assert again.code == "confirmed_already"
    assert told.n.number == "A"
    assert kinds(told).count("confirmed") == 1


def test_a_message_that_comes_twice_is_heard_once() -> None:
    told = Told(n=call(parties=("a", "b")))
    for _ in range(3):
        assert told.offer("a", 1_000, id_="same") is None
    assert kinds(told) == ["proposed"]
    assert told.offer("a", 1_001, id_="same") == messages.ANOTHER
    assert told.offer("b", 1_001, id_="same") is None  # another party's ids are its own


def test_cold_goods_want_cold_equipment() -> None:
    told = Told(n=call(cold=True, parties=("a",)))
    assert told.offer("a", 1_000) == messages.NO_EQUIPMENT
    assert kinds(told) == ["disregarded"]
    again = told.offer("a", 1_000, id_="m1")
    assert again is not None  # the very same message gets the same no
    assert told.offer("a", 1_000, equipment="COLD-7") is None
    assert told.chosen == "a"


def test_one_counter_and_no_more() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.offer("a", 1_000)
    told.offer("b", 1_300)
    told.tell(messages.Counter, "a", T0 + 2_000, award="a1", fee_fen=1_200, shift_min=10)
    assert kinds(told)[-2:] == ["countered", "awarded"]
    assert (told.chosen, told.n.award and told.n.award.id) == ("a", "a2")
    more = told.tell(messages.Counter, "a", T0 + 2_100, award="a2", fee_fen=1_250)
    assert more == messages.COUNTERED
    told.tell(messages.Confirm, "a", T0 + 2_200, award="a2")
    assert told.n.chosen is not None
    assert told.n.chosen.fee_fen == 1_200
    assert told.n.chosen.end_ms == T0 + 130 * MINUTE


def test_a_dear_counter_loses_to_the_next_best() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.offer("a", 1_000)
    told.offer("b", 1_300)
    told.tell(messages.Counter, "a", T0 + 2_000, award="a1", fee_fen=2_000)
    assert told.chosen == "b"


def test_a_counter_beyond_the_promise_waits_for_the_consumer() -> None:
    told = Told(n=call(parties=("a",)))
    told.offer("a", 1_000)
    told.tell(messages.Counter, "a", T0 + 2_000, award="a1", fee_fen=1_000, shift_min=90)
    assert told.n.state == "proposed"  # its end is after what was promised
    agreed = facts.NegotiationConsented(lang="zh", link="l", text="同意", window="w1+90")
    heard = decide.consent(told.n, agreed, T0 + 3_000, TRIPS)
    assert heard.state.state == "awarded"


def test_a_window_beyond_the_promise_needs_consent_and_else_the_default_stands() -> None:
    told = Told(n=call(parties=("a",)))
    told.offer("a", 100, window="w3")
    told.wait(REPLY)
    assert told.n.state == "proposed"
    assert decide.next_ms(told.n, REPLY) == AWARD
    told.wait(AWARD)
    assert told.n.state == "expired"
    none = facts.NegotiationConsented(lang="zh", link="l", text="同意", window="w1")
    assert decide.consent(call(), none, T0 + 1, TRIPS).refusal == messages.NO_WINDOW


@pytest.mark.parametrize(("left_ms", "awarded"), [(1, True), (0, False)])
def test_an_offer_must_outlive_the_way_there_and_back(left_ms: int, awarded: bool) -> None:
    told = Told(n=call(parties=("a",)))
    valid = T0 + 1_000 + NEGOTIATION_MARGIN_MS + TRIPS["a"] + left_ms
    told.offer("a", 1_000, valid_ms=valid)
    assert (told.chosen == "a") is awarded


def test_an_offer_that_is_awarded_or_in_reserve_binds() -> None:
    told = Told(n=call())
    for party, fee in (("a", 1_000), ("b", 1_100), ("c", 1_200)):
        told.offer(party, fee)
    for party, proposal in (("a", "p1"), ("b", "p2")):
        refused = told.tell(messages.Retract, party, T0 + 2_000, proposal=proposal)
        assert refused == messages.BOUND
    assert told.tell(messages.Retract, "c", T0 + 2_000, proposal="p3") is None


def test_offers_end_with_their_time_and_a_ceiling_holds() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.offer("a", 1_000)
    assert told.offer("b", 900, at=REPLY) is not None
    assert told.chosen == "a"
    dear = Told(n=call(parties=("a",), ceiling=900))
    dear.offer("a", 1_000)
    assert dear.n.state == "expired"


def test_a_stranger_and_a_chatterbox_are_not_heard() -> None:
    told = Told(n=call(parties=("a", "b")))
    assert told.offer("x", 1) == messages.NOT_INVITED
    for _ in range(NEGOTIATION_MESSAGES):
        told.offer("a", 1_000)
    assert told.offer("a", 1_000) == messages.TOO_MANY
    assert len(told.said) == NEGOTIATION_MESSAGES


def test_the_score_is_what_the_plan_says() -> None:
    told = Told(n=call(parties=("a", "b")))
    told.offer("a", 1_000, eta_ms=T0 + 120 * MINUTE, accept_permille=900)
    assert told.n.weights is not None
    score = scoring.weigh(told.n.proposals[0], told.n.weights)
    assert (score.fee_fen, score.late_fen, score.refusal_fen) == (1_000, 500, 60)
    assert score.total_fen == 1_560


def test_the_table_is_whole() -> None:
    NEGOTIATION.check()
    for state in NEGOTIATION.states:
        assert (not NEGOTIATION.allowed(state)) is (state in FINAL)


_party = st.sampled_from(PARTIES)
_award = st.sampled_from(("a1", "a2", "a3"))
_act = st.one_of(
    st.tuples(
        st.just(messages.Propose),
        _party,
        st.fixed_dictionaries(
            {
                "window": st.sampled_from(("w1", "w2", "w3")),
                "fee_fen": st.integers(0, 3_000),
                "eta_ms": st.integers(T0, T0 + 300 * MINUTE),
                "valid_ms": st.integers(T0, T0 + 60_000),
                "accept_permille": st.integers(0, 1_000),
            }
        ),
    ),
    st.tuples(st.just(messages.Decline), _party, st.just({})),
    st.tuples(
        st.just(messages.Retract),
        _party,
        st.fixed_dictionaries({"proposal": st.sampled_from(("p1", "p2", "p3"))}),
    ),
    st.tuples(st.just(messages.Confirm), _party, st.fixed_dictionaries({"award": _award})),
    st.tuples(st.just(messages.Refuse), _party, st.fixed_dictionaries({"award": _award})),
    st.tuples(
        st.just(messages.Counter),
        _party,
        st.fixed_dictionaries(
            {
                "award": _award,
                "fee_fen": st.integers(0, 3_000),
                "shift_min": st.integers(-300, 300),
            }
        ),
    ),
)


@given(st.lists(st.tuples(_act, st.integers(0, 6_000), st.booleans()), max_size=25))
def test_whatever_comes_there_is_one_contract_or_the_default_in_time(steps: list[Any]) -> None:
    """Never two confirmed awards, never one after `award_by`, and something stands by then."""
    told, now = Told(n=call()), T0
    for (kind, party, more), passes_ms, twice in steps:
        now += passes_ms
        due = decide.next_ms(told.n, now - passes_ms)
        if due and due <= now:
            told.wait(now)
        told.tell(kind, party, now, **more)
        if twice:
            before = len(told.said)
            told.tell(kind, party, now, id_=f"m{told.count}", **more)
            assert len(told.said) == before
        if now >= AWARD:
            assert told.n.state in FINAL
        due = decide.next_ms(told.n, now)
        assert not due or now < due <= AWARD
    told.wait(max(now, AWARD))
    said = kinds(told)
    assert told.n.state in FINAL
    assert said.count("confirmed") + said.count("closed") == 1
    assert said.count("countered") <= 1
    if told.n.state == "confirmed":
        assert told.n.chosen is not None
        assert not told.n.chosen.consent
