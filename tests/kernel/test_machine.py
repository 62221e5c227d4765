"""State machines: a whole table steps as it says, and every hole in one is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.kernel.errors import ProgramError, Refusal
from danshu.kernel.machine import ANY, Edge, Machine, Words


def _edge(source: str, event: str, target: str) -> Edge:
    return Edge(
        event=event,
        source=source,
        target=target,
        legal_zh=f"{event} 的含义",
        legal_en=f"what {event} means",
    )


def _refusal(code: str, reason: str = "“{state}”时不能“{event}”") -> Refusal:
    return Refusal(code=code, reason=reason, reason_en="'{event}' is not possible when {state}")


DOOR = Machine(
    name="door",
    initial="closed",
    states={
        "closed": Words(zh="关着", en="closed"),
        "open": Words(zh="开着", en="open"),
        "walled": Words(zh="砌死", en="walled up"),
    },
    events={
        "push": Words(zh="推", en="push"),
        "pull": Words(zh="拉", en="pull"),
        "wall": Words(zh="砌墙", en="wall up"),
    },
    edges=(
        _edge("closed", "push", "open"),
        _edge("open", "pull", "closed"),
        _edge("closed", "wall", "walled"),
    ),
    refusals={
        ("walled", "push"): Refusal(
            code="door_walled", reason="门已砌死", reason_en="the door is gone", clause="民法典 1"
        ),
        (ANY, "push"): _refusal("door_push"),
        (ANY, "pull"): _refusal("door_pull"),
        (ANY, "wall"): _refusal("door_wall"),
    },
    final=frozenset({"walled"}),
)


def test_a_whole_table_passes_and_steps() -> None:
    assert DOOR.check() is DOOR
    assert DOOR.step("closed", "push") == "open"
    assert DOOR.step("open", "pull") == "closed"
    assert DOOR.answer("closed", "wall") == _edge("closed", "wall", "walled")
    assert DOOR.allowed("closed") == ("push", "wall")
    assert DOOR.allowed("walled") == ()


def test_refusals_are_worded_by_the_table() -> None:
    assert DOOR.step("open", "push") == Refusal(
        code="door_push",
        reason="“开着”时不能“推”",
        reason_en="'push' is not possible when open",
        clause="door.open.push",
    )
    assert DOOR.step("walled", "push") == DOOR.refusals["walled", "push"]


@given(st.sampled_from(sorted(DOOR.states)), st.sampled_from(sorted(DOOR.events)))
def test_every_pair_is_answered(state: str, event: str) -> None:
    after = DOOR.step(state, event)
    assert (event in DOOR.allowed(state)) == isinstance(after, str)
    if isinstance(after, str):
        assert after in DOOR.states
    else:
        assert "{" not in after.reason + after.reason_en
        assert after.clause


@pytest.mark.parametrize(("state", "event"), [("ajar", "push"), ("open", "kick"), (ANY, "push")])
def test_what_the_machine_does_not_know_is_a_broken_program(state: str, event: str) -> None:
    with pytest.raises(ProgramError):
        DOOR.step(state, event)
    with pytest.raises(ProgramError):
        DOOR.allowed("ajar")


def _without(edge: int) -> Callable[[Machine], Machine]:
    return lambda m: replace(m, edges=m.edges[:edge] + m.edges[edge + 1 :])


def _with(*edges: Edge) -> Callable[[Machine], Machine]:
    return lambda m: replace(m, edges=(*m.edges, *edges))


def _refusing(key: tuple[str, str], refusal: Refusal | None) -> Callable[[Machine], Machine]:
    def change(machine: Machine) -> Machine:
        refusals = {k: v for k, v in machine.refusals.items() if k != key}
        return replace(machine, refusals=refusals | ({key: refusal} if refusal else {}))

    return change


def _mute(nth: int, **words: str) -> Callable[[Machine], Machine]:
    return lambda m: replace(
        m, edges=tuple(replace(e, **words) if n == nth else e for n, e in enumerate(m.edges))
    )


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        (_refusing((ANY, "pull"), None), "closed.pull has no answer"),
        (_refusing(("closed", "push"), _refusal("x")), "closed.push is an edge and a refusal"),
        (_refusing(("ajar", "push"), _refusal("x")), "unknown state 'ajar'"),
        (_refusing((ANY, "kick"), _refusal("x")), "unknown event 'kick'"),
        (_refusing((ANY, "pull"), _refusal("x", " ")), "the refusal *.pull needs"),
        (_refusing((ANY, "pull"), _refusal("")), "the refusal *.pull needs"),
        (_with(_edge("closed", "push", "walled")), "closed.push has 2 edges"),
        (_with(_edge("open", "kick", "closed")), "unknown event 'kick'"),
        (_with(_edge("open", "wall", "ajar")), "unknown state 'ajar'"),
        (_with(_edge("walled", "pull", "open")), "'walled' is final and has a way out"),
        (_without(0), "'open' cannot be reached"),
        (_without(2), "'walled' cannot be reached"),
        (_without(2), "no state accepts 'wall'"),
        (_without(1), "'open' is not final and has no way out"),
        (_mute(0, legal_zh=""), "closed.push needs its legal meaning"),
        (_mute(1, legal_en="  "), "open.pull needs its legal meaning"),
        (lambda m: replace(m, initial="ajar"), "unknown state 'ajar'"),
        (lambda m: replace(m, final=frozenset({"ajar", "walled"})), "unknown state 'ajar'"),
        (
            lambda m: replace(m, states=m.states | {"open": Words(zh="", en="open")}),
            "'open' needs words",
        ),
        (
            lambda m: replace(m, events=m.events | {"push": Words(zh="推", en="")}),
            "'push' needs words",
        ),
    ],
)
def test_every_hole_is_found(change: Callable[[Machine], Machine], trouble: str) -> None:
    with pytest.raises(ProgramError) as caught:
        change(DOOR).check()
    assert trouble in str(caught.value)


def test_all_troubles_are_told_at_once() -> None:
    with pytest.raises(ProgramError) as caught:
        _without(2)(_mute(0, legal_zh="")(DOOR)).check()
    assert str(caught.value).count(";") >= 2


def test_the_description_draws_and_tells_everything() -> None:
    text = DOOR.describe()
    for line in (
        "stateDiagram-v2",
        "    [*] --> closed",
        "    closed --> open : 推",
        "    walled --> [*]",
        "| 关着 `closed` | push | 开着 `open` | push 的含义 | what push means |",
        "| 砌死 `walled` | push | door_walled | 门已砌死 | the door is gone |",
    ):
        assert line in text.splitlines()
    assert "| 任何其他状态 | pull | door_pull |" in text
