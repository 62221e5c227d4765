"""Acts on a difference: who may close what, and what its rules may say."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from danshu.capabilities.settlement import differences as states
from danshu.capabilities.settlement import tolerances
from danshu.capabilities.settlement.differences import Standing
from danshu.capabilities.settlement.tolerances import FeeRate, Rules, Term
from danshu.kernel.errors import InputError, Refusal

OPEN = Standing(state="open", expected=1_000, actual=400, owner="person:a")


@pytest.mark.parametrize(
    ("second_fen", "state"), [(601, "closed"), (600, "proposed"), (0, "proposed")]
)
def test_from_an_amount_on_a_second_person_closes_it(second_fen: int, state: str) -> None:
    after = states.close(OPEN, "rounding", " because ", "person:a", second_fen)
    assert isinstance(after, Standing)
    assert (after.state, after.note, after.owner, after.second) == (
        *(state, "because", "person:a", ""),
    )


def test_the_second_person_is_another_and_what_is_declined_is_open() -> None:
    asked = states.close(OPEN, "bad_debt", "gone", "person:a", 0)
    assert isinstance(asked, Standing)
    assert states.confirm(asked, "person:a") == states.SAME_PERSON
    closed = states.confirm(asked, "person:b")
    assert isinstance(closed, Standing)
    assert (closed.state, closed.asked, closed.second) == ("closed", "person:a", "person:b")
    assert states.decline(asked, "no") == OPEN
    assert states.reopen(closed, "new facts") == OPEN


@pytest.mark.parametrize(
    ("refusal", "done"),
    [
        (states.ENDED, lambda: states.close(replace(OPEN, state="settled"), "other", "x", "a", 1)),
        (states.ENDED, lambda: states.assign(replace(OPEN, state="closed"), "person:b")),
        (states.NO_NOTE, lambda: states.close(OPEN, "other", "  ", "a", 1)),
        (states.NO_NOTE, lambda: states.close(OPEN, "other", "x" * 501, "a", 1)),
        (states.NOT_PROPOSED, lambda: states.confirm(OPEN, "person:b")),
        (states.NOT_PROPOSED, lambda: states.decline(OPEN, "no")),
        (states.NOT_ENDED, lambda: states.reopen(OPEN, "why")),
    ],
)
def test_a_no_says_which(refusal: Refusal, done: Any) -> None:
    assert done() == refusal


RATE = FeeRate(channel="jd", kind="commission", ppm=50_000, since="2026-01-01", until="2026-06-30")


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("overlap", Rules(rates=(RATE, replace(RATE, since="2026-06-30", until="")))),
        ("overlap", Rules(rates=(replace(RATE, since="", until=""), RATE))),
        ("day", Rules(rates=(replace(RATE, since="2026-02-30", until=""),))),
        ("day", Rules(rates=(replace(RATE, until="2025-12-31"),))),
        ("twice", Rules(terms=(Term(channel="jd", days=1), Term(channel="jd", days=2)))),
    ],
)
def test_rules_do_not_contradict_themselves(code: str, rules: Rules) -> None:
    with pytest.raises(InputError) as caught:
        tolerances.check(rules)
    assert caught.value.code == code


def test_rates_may_follow_one_another_and_are_kept_as_they_are() -> None:
    rules = Rules(rates=(RATE, replace(RATE, since="2026-07-01", until="", ppm=60_000)))
    assert tolerances.decode(tolerances.encode(tolerances.check(rules))) == rules
