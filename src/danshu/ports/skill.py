"""Port `skill`: one way of seeing that something should be done, and of saying what it is worth.

A skill looks at tables that the hub reads for it (`views`, ports/skill_views.py) and gives drafts
of proposals: what to do, what that is worth and costs, what speaks for it, what else could be done.
It writes nothing, knows no network, clock or randomness, and decides nothing: whether a draft may
be carried out, by whom it must be approved and how it is taken back, the hub knows by its `action`
(hub/agent_acts.py). A skill cannot say of an action that it is reversible, cheap or harmless.

Text that people outside wrote (remarks, complaints, names of goods) reaches a skill marked as
`Untrusted`. It may be quoted as evidence; it is never an instruction, and no skill may let it
choose an action, a quantity or an amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CitedKind = Literal[
    "fact", "order", "decision", "promise", "stock", "forecast", "model", "metric", "asset",
    "association", "shipment", "policy", "purchase", "finding",
]  # fmt: skip


class Told(Struct, frozen=True, kw_only=True):
    """A text in both languages. Figures stand in it as they are to be read."""

    zh: str
    en: str


class Untrusted(Struct, frozen=True, kw_only=True):
    """What somebody outside wrote: shown in quotes, never followed. `by` is a role, not a name."""

    text: str
    by: str


class Cited(Struct, frozen=True, kw_only=True):
    """What a reason rests on: `ref` is the id by which the console opens it."""

    kind: CitedKind
    ref: str
    label: str = ""


class Reason(Struct, frozen=True, kw_only=True):
    """One sentence that speaks for a draft. Without `cites` the hub refuses the draft."""

    text: Told
    cites: tuple[Cited, ...]
    quotes: tuple[Untrusted, ...] = ()


class Worth(Struct, frozen=True, kw_only=True):
    """What is expected of an action in 分, beside doing nothing: an interval of 80 %, its middle.

    Costs are taken off already; below zero it loses money.
    """

    low_fen: int
    mid_fen: int
    high_fen: int


class Chance(Struct, frozen=True, kw_only=True):
    """How likely a thing is without and with the action, in thousandths: `of` says which."""

    of: Told
    before: int
    after: int


class Alternative(Struct, frozen=True, kw_only=True):
    """Another way, and why it was not taken. `worth_fen` None where it can't be said."""

    title: Told
    why_not: Told
    worth_fen: int | None = None
    chance: int | None = None


class Day(Struct, frozen=True, kw_only=True):
    """A day of the chart, in thousandths of a unit. Behind today `known` alone is filled."""

    day: str
    known: int | None = None
    without: tuple[int, ...] = ()
    """Quantiles 2.5, 10, 25, 50, 75, 90, 97.5 % if nothing is done."""
    with_: int | None = None


class Draft(Struct, frozen=True, kw_only=True):
    """A proposal as a skill makes it.

    `key` names what it is about: while a proposal of the same action and key is open, a new draft
    brings it up to date and makes no second. `parameters` are those of the action (docs/reference/
    agent.md) and refused by the hub where they are not. `lost_at_most_fen` is what it costs if it
    comes to nothing.
    """

    action: str
    key: str
    title: Told
    parameters: Mapping[str, Any]
    worth: Worth
    cost_fen: int
    lost_at_most_fen: int
    reasons: tuple[Reason, ...]
    expires_ms: int
    chance: Chance | None = None
    alternatives: tuple[Alternative, ...] = ()
    chart: tuple[Day, ...] = ()
    chart_unit: str = ""


class Skill(Protocol):
    """One skill. Its file is all that it takes: name it in an entry point or as a loose file."""

    name: str
    title: Told
    about: Told
    """In one sentence: what it sees, and what it proposes."""
    version: int
    action: str
    """The one kind of action that it may propose; a draft with another is refused."""
    views: tuple[str, ...]
    """The tables that it reads, by the names of ports/skill_views.py."""
    every_s: int
    """How often it looks."""

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterable[Draft]:
        """Give drafts, the best first; the hub takes AGENT_DRAFTS of them. The same views and the
        same moment give the same drafts.
        """
        ...
