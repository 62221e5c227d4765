"""State machines as data: a table that can be read, drawn, checked, and only then obeyed.

A machine answers every event in every state: by an edge, which has one meaning in law, or by a
stated refusal. `check` proves that, so that nothing is allowed or refused by omission.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, Self

from msgspec import Struct, field
from msgspec.structs import force_setattr, replace

from danshu.kernel.errors import ProgramError, Refusal

ANY: Final = "*"
"""Stands for every state in the key of a refusal."""


class Words(Struct, frozen=True, kw_only=True):
    """A name in Chinese and in English."""

    zh: str
    en: str


class Edge(Struct, frozen=True, kw_only=True):
    """In `source`, `event` leads to `target`; `legal_*` say what that means between the parties."""

    event: str
    source: str
    target: str
    legal_zh: str
    legal_en: str


class Machine(Struct, frozen=True, kw_only=True):
    """A state machine; states and events are codes with their words.

    `refusals` maps (state, event), or (ANY, event) for all states that have nothing of their own to
    say, to the refusal. Its texts may hold `{state}` and `{event}`; an empty clause becomes
    `machine.state.event`. `final` states are left by nothing.
    """

    name: str
    initial: str
    states: dict[str, Words]
    events: dict[str, Words]
    edges: tuple[Edge, ...]
    refusals: dict[tuple[str, str], Refusal]
    final: frozenset[str]
    _answers: dict[tuple[str, str], Edge | Refusal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index every answer once, so that a step is one look-up."""
        answers: dict[tuple[str, str], Edge | Refusal] = {}
        for (state, event), refusal in self.refusals.items():
            if state == ANY:
                for each in self.states:
                    answers.setdefault((each, event), self._worded(refusal, each, event))
            else:
                answers[state, event] = self._worded(refusal, state, event)
        answers.update({(edge.source, edge.event): edge for edge in self.edges})
        force_setattr(self, "_answers", answers)

    def answer(self, state: str, event: str) -> Edge | Refusal:
        """Give the edge that `event` takes from `state`, or the refusal that the table states.

        Raises ProgramError for a state or an event that the machine does not know.
        """
        found = self._answers.get((state, event))
        if found is None:
            raise ProgramError(f"{self.name} has no answer to '{event}' in '{state}'")
        return found

    def step(self, state: str, event: str) -> str | Refusal:
        """Give the state after `event`, or the refusal."""
        found = self.answer(state, event)
        return found.target if isinstance(found, Edge) else found

    def allowed(self, state: str) -> tuple[str, ...]:
        """List the events that `state` accepts, in the table's order."""
        if state not in self.states:
            raise ProgramError(f"{self.name} has no state '{state}'")
        return tuple(edge.event for edge in self.edges if edge.source == state)

    def check(self) -> Self:
        """Give the machine back when its table is whole; ProgramError with every trouble if not.

        Whole: every word is known and written in both languages, no pair is answered twice, every
        state answers every event, every event is accepted somewhere, every state can be reached,
        and exactly the final states have no way out.
        """
        troubles = [*self._unknown(), *self._untold(), *self._unanswered(), *self._unreached()]
        if troubles:
            raise ProgramError(f"machine {self.name}: " + "; ".join(troubles))
        return self

    def describe(self) -> str:
        """Write the machine as Markdown: a mermaid diagram, the edges, the refusals."""
        lines = ["```mermaid", "stateDiagram-v2"]
        lines += [f"    {code} : {words.zh} {code}" for code, words in self.states.items()]
        lines += [f"    [*] --> {self.initial}"]
        lines += [f"    {e.source} --> {e.target} : {self.events[e.event].zh}" for e in self.edges]
        lines += [f"    {code} --> [*]" for code in self.states if code in self.final]
        lines += [
            "```",
            "",
            "| 状态 | 事件 | 到 | 法律含义 | legal meaning |",
            "|---|---|---|---|---|",
        ]
        lines += [
            _row(self._label(e.source), e.event, self._label(e.target), e.legal_zh, e.legal_en)
            for e in self.edges
        ]
        lines += ["", "| 状态 | 事件 | 拒绝 | 理由 | reason |", "|---|---|---|---|---|"]
        lines += [
            _row(self._label(state), event, refusal.code, refusal.reason, refusal.reason_en)
            for (state, event), refusal in self.refusals.items()
        ]
        return "\n".join(lines) + "\n"

    def _label(self, state: str) -> str:
        return "任何其他状态" if state == ANY else f"{self.states[state].zh} `{state}`"

    def _worded(self, refusal: Refusal, state: str, event: str) -> Refusal:
        # An unknown code keeps its own name here: `check` is what reports it.
        state_words = self.states.get(state, Words(zh=state, en=state))
        event_words = self.events.get(event, Words(zh=event, en=event))
        zh, en = refusal.reason, refusal.reason_en
        return replace(
            refusal,
            reason=zh.replace("{state}", state_words.zh).replace("{event}", event_words.zh),
            reason_en=en.replace("{state}", state_words.en).replace("{event}", event_words.en),
            clause=refusal.clause or f"{self.name}.{state}.{event}",
        )

    def _unknown(self) -> list[str]:
        """Codes that nobody declared."""
        states = {self.initial, *self.final}
        states |= {state for edge in self.edges for state in (edge.source, edge.target)}
        states |= {state for state, _ in self.refusals if state != ANY}
        events = {edge.event for edge in self.edges} | {event for _, event in self.refusals}
        return [
            *(f"unknown state '{code}'" for code in sorted(states - set(self.states))),
            *(f"unknown event '{code}'" for code in sorted(events - set(self.events))),
        ]

    def _untold(self) -> list[str]:
        """What has no words in one of the languages."""
        troubles = [
            f"'{code}' needs words in zh and en"
            for code, words in (*self.states.items(), *self.events.items())
            if not (words.zh.strip() and words.en.strip())
        ]
        troubles += [
            f"the edge {edge.source}.{edge.event} needs its legal meaning in zh and en"
            for edge in self.edges
            if not (edge.legal_zh.strip() and edge.legal_en.strip())
        ]
        troubles += [
            f"the refusal {state}.{event} needs a code and a reason in zh and en"
            for (state, event), refusal in self.refusals.items()
            if not (refusal.code and refusal.reason.strip() and refusal.reason_en.strip())
        ]
        return troubles

    def _unanswered(self) -> list[str]:
        """Pairs of state and event that have no answer, or two; events that nothing accepts."""
        edges = Counter((edge.source, edge.event) for edge in self.edges)
        troubles = [f"{s}.{e} has {count} edges" for (s, e), count in edges.items() if count > 1]
        troubles += [
            f"{s}.{e} is an edge and a refusal" for s, e in edges if (s, e) in self.refusals
        ]
        troubles += [
            f"{state}.{event} has no answer"
            for state in self.states
            for event in self.events
            if (state, event) not in self._answers
        ]
        accepted = {event for _, event in edges}
        troubles += [
            f"no state accepts '{event}'" for event in self.events if event not in accepted
        ]
        return troubles

    def _unreached(self) -> list[str]:
        """States that the initial one cannot reach; ways out that should, or should not, be."""
        reached, waiting = set(), [self.initial]
        while waiting:
            state = waiting.pop()
            if state not in reached:
                reached.add(state)
                waiting += [edge.target for edge in self.edges if edge.source == state]
        left = {edge.source for edge in self.edges}
        return [
            *(f"'{state}' cannot be reached" for state in self.states if state not in reached),
            *(f"'{state}' is final and has a way out" for state in sorted(left & self.final)),
            *(
                f"'{state}' is not final and has no way out"
                for state in self.states
                if state not in left and state not in self.final
            ),
        ]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
