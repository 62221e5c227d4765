"""What a breach owes, to the fen; pauses that add up; deadlines computed again from facts."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.contract import definitions, remedies
from danshu.capabilities.contract.actions.model import Amount, Remedy
from danshu.capabilities.contract.clock import compute_due
from danshu.capabilities.contract.evolve import insert_pause
from danshu.capabilities.contract.model import Mark, Pause, Promise, State
from danshu.kernel.errors import ProgramError

HOUR = 3_600_000
DUE = 1_795_345_200_000
CLAUSES = {c.code: c for c in definitions.shipped()}


@pytest.mark.parametrize(
    ("amount", "base", "due"),
    [
        (Amount(permille=50), 11_800, 590),  # 5 % of ¥118.00
        (Amount(permille=50), 0, 0),
        (Amount(permille=50), 9, 0),  # 0.45 fen
        (Amount(permille=50), 10, 1),  # half a fen goes up
        (Amount(permille=50), 11, 1),
        (Amount(permille=50), 29, 1),  # 1.45
        (Amount(permille=50), 30, 2),  # 1.5
        (Amount(permille=1), 499, 0),
        (Amount(permille=1), 500, 1),
        (Amount(permille=1_000), 7, 7),
        (Amount(permille=50, floor_fen=100), 10, 100),
        (Amount(permille=50, floor_fen=100), 2_000, 100),
        (Amount(permille=50, floor_fen=100), 2_010, 101),  # 100.5
        (Amount(permille=50, cap_fen=3_000), 60_000, 3_000),
        (Amount(permille=50, cap_fen=3_000), 60_010, 3_000),
        (Amount(permille=50, cap_fen=3_000), 59_990, 3_000),  # 2999.5
        (Amount(permille=50, cap_fen=3_000), 59_989, 2_999),
        (Amount(permille=50, floor_fen=100, cap_fen=3_000), 0, 100),
        (Amount(fixed_fen=500), 0, 500),
        (Amount(fixed_fen=500), 10**13, 500),
        (Amount(fixed_fen=500, permille=10), 10_000, 600),
        (Amount(fixed_fen=500, permille=10, cap_fen=550), 10_000, 550),
    ],
)
def test_an_amount_is_reckoned_to_the_fen(amount: Amount, base: int, due: int) -> None:
    assert remedies.reckon(amount, base) == due


@given(st.integers(0, 10**13), st.integers(0, 1_000), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_share_is_the_nearest_fen_between_floor_and_cap(
    base: int, permille: int, floor: int, cap: int
) -> None:
    cap = max(floor, cap) or 1
    due = remedies.reckon(Amount(permille=permille, floor_fen=floor, cap_fen=cap), base)
    exact = Fraction(base * permille, 1_000)
    held = min(max(exact, Fraction(floor)), Fraction(cap))
    assert floor <= due <= cap
    assert abs(due - held) <= Fraction(1, 2)


def test_a_negative_base_is_a_broken_program() -> None:
    with pytest.raises(ProgramError):
        remedies.reckon(Amount(permille=1), -1)


def test_definitions_without_an_action_owe_what_their_text_says() -> None:
    chains = {code: remedies.derive(c.definition) for code, c in CLAUSES.items()}
    due = remedies.PAY_WITHIN
    assert chains["ship48h"] == (Remedy(do="compensate", amount=Amount(permille=50), due=due),)
    assert chains["nextday"] == (Remedy(do="compensate", amount=Amount(fixed_fen=500), due=due),)
    assert chains["damage"] == ()


def promise(state: State, stop_ms: int = 0) -> Promise:
    stop = Mark(event="carrier.accepted", occurred_ms=stop_ms, recorded_ms=stop_ms)
    return Promise(
        clause=CLAUSES["ship48h"],
        state=state,
        started_ms=DUE - 48 * HOUR,
        due_ms=DUE,
        stop=stop if stop_ms else None,
    )


CHAIN = (
    Remedy(do="compensate", amount=Amount(permille=50), due="PT72H", auto=True),
    Remedy(do="notify", to="buyer", due="PT1H"),
    Remedy(do="compensate", amount=Amount(permille=100), due="PT24H", after="PT24H"),
)


@pytest.mark.parametrize("state", [s for s in State if s not in remedies.UNKEPT])
def test_only_a_breach_owes(state: State) -> None:
    found = remedies.owe(CHAIN, promise(state), paid=11_800, late_lines=1, now_ms=DUE + 99 * HOUR)
    assert found == ((), 0)


@pytest.mark.parametrize(
    ("state", "stop_h", "now_h", "amounts", "later_h"),
    [
        (State.BROKEN, 0, 0, [590], 24),
        (State.BROKEN, 0, 23.9, [590], 24),
        (State.BROKEN, 0, 24, [590, 1_180], 0),
        (State.LATE, 3, 3, [590], 0),  # performed before the second step came about
        (State.LATE, 3, 80, [590], 0),
        (State.LATE, 25, 80, [590, 1_180], 0),
    ],
)
def test_steps_come_about_one_after_another(
    state: State, stop_h: float, now_h: float, amounts: list[int], later_h: float
) -> None:
    held = promise(state, int(DUE + stop_h * HOUR) if stop_h else 0)
    now_ms = int(DUE + now_h * HOUR)
    found, later = remedies.owe(CHAIN, held, paid=11_800, late_lines=5_000, now_ms=now_ms)
    assert [each.amount for each in found] == amounts
    assert later == (DUE + later_h * HOUR if later_h else 0)
    assert [each.step for each in found] == [0, 2][: len(amounts)]
    assert found[0].pay_by_ms == DUE + 72 * HOUR
    assert found[0].auto


def test_a_share_of_the_late_lines() -> None:
    chain = (Remedy(do="compensate", amount=Amount(permille=100, of="line"), due="PT1H"),)
    (each,), _ = remedies.owe(
        chain, promise(State.BROKEN), paid=11_800, late_lines=5_000, now_ms=DUE
    )
    assert (each.base, each.amount) == (5_000, 500)


spans = st.lists(st.tuples(st.integers(0, 40 * HOUR), st.integers(1, 6 * HOUR)), max_size=6)


@given(spans, st.data())
def test_splitting_a_pause_moves_no_deadline(
    drawn: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Pauses cut in two anywhere add up to what they were; and each minute of them counts once."""
    clause = CLAUSES["ship48h"]
    started = DUE - 48 * HOUR
    pauses: tuple[Pause, ...] = ()
    free_from = started
    for from_ms, length in sorted(drawn):
        at = max(started + from_ms, free_from)
        pauses = insert_pause(pauses, Pause(event="e", from_ms=at, until_ms=at + length))
        free_from = at + length
    whole = compute_due(clause, started, 0, pauses)
    cut: tuple[Pause, ...] = ()
    for pause in pauses:
        at = data.draw(st.integers(pause.from_ms, pause.until_ms))
        for part in ((pause.from_ms, at), (at, pause.until_ms)):
            if part[0] < part[1]:
                cut = insert_pause(cut, Pause(event="e", from_ms=part[0], until_ms=part[1]))
    assert compute_due(clause, started, 0, cut) == whole
    counted = sum(p.until_ms - p.from_ms for p in pauses if p.from_ms < whole)
    assert whole == started + clause.limit_ms + counted
