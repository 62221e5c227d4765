"""The shapes in which proposals are asked for and answered."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from danshu.hub.fields import PLAIN
from danshu.kernel.limits import AGENT_CITES, AGENT_TEXT_CHARS, AGENT_WORTH_FEN
from danshu.ports.skill import CitedKind

_Money = Annotated[int, Meta(ge=-AGENT_WORTH_FEN, le=AGENT_WORTH_FEN)]
_Cost = Annotated[int, Meta(ge=0, le=AGENT_WORTH_FEN)]
_Text = Annotated[str, Meta(max_length=AGENT_TEXT_CHARS, pattern=PLAIN)]
_Reason = Annotated[str, Meta(min_length=2, max_length=AGENT_TEXT_CHARS, pattern=PLAIN)]
_Code = Annotated[str, Meta(min_length=1, max_length=80, pattern=PLAIN)]


class ProposalText(Struct, frozen=True, kw_only=True):
    """A text in both languages."""

    zh: str
    en: str


class ProposalQuote(Struct, frozen=True, kw_only=True):
    """What somebody outside wrote, quoted: never an instruction. `by` is a role."""

    text: str
    by: str


class ProposalCite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reason rests on, by the id under which the console opens it."""

    kind: CitedKind
    ref: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    label: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""


class ProposalReason(Struct, frozen=True, kw_only=True):
    """A sentence that speaks for it, what it rests on, and quotes."""

    text: ProposalText
    cites: tuple[ProposalCite, ...]
    quotes: tuple[ProposalQuote, ...]


class ProposalAlternative(Struct, frozen=True, kw_only=True):
    """Another way and why it was not taken; `worth_fen` and `chance` null: can't be said."""

    title: ProposalText
    why_not: ProposalText
    worth_fen: int | None
    chance: int | None


class ProposalChance(Struct, frozen=True, kw_only=True):
    """How likely a thing is without and with the action, thousandths."""

    of: ProposalText
    before: int
    after: int


class ProposalDay(Struct, frozen=True, kw_only=True):
    """A day of the chart in thousandths of a unit; `without` the quantiles 2.5, 10, 25, 50, 75, 90
    and 97.5 % if nothing is done.
    """

    day: str
    known: int | None
    without: tuple[int, ...]
    with_action: int | None


class ProposalOutcome(Struct, frozen=True, kw_only=True):
    """What it brought against what would have been (80 %), 分; `method` says how that is known."""

    low_fen: int
    mid_fen: int
    high_fen: int
    method: str
    counted: int
    text: ProposalText


class ProposalApproval(Struct, frozen=True, kw_only=True):
    """Who approved, and when."""

    by: str
    at: str
    note: str


class ProposalRow(Struct, frozen=True, kw_only=True):
    """A proposal in a list. `needed` people must approve it, 0 = it is automatic; `why_asked` why
    it isn't: value, origin, irreversible, loses, level, budget. Money 分.
    """

    id: uuid.UUID
    action: str
    action_title: ProposalText
    key: str
    title: ProposalText
    state: str
    low_fen: int
    mid_fen: int
    high_fen: int
    cost_fen: int
    lost_fen: int
    chance: ProposalChance | None
    reversibility: str
    sensitivity: int
    level: str
    needed: int
    why_asked: str
    approvals: tuple[ProposalApproval, ...]
    origin: str
    skill: str
    version: int
    authors: tuple[str, ...]
    is_automatic: bool
    made: str
    expires: str
    ended: str


class ProposalRows(Struct, frozen=True, kw_only=True):
    """Proposals; `next` is "" at the end."""

    items: tuple[ProposalRow, ...]
    next: str


class AgentProposal(Struct, frozen=True, kw_only=True):
    """A proposal with its evidence. `erased`: what it rested on was erased. `quantity` may be
    changed before it is approved; null: there is none. `may_approve`: who asks could.
    """

    row: ProposalRow
    parameters: dict[str, Any]
    reasons: tuple[ProposalReason, ...]
    alternatives: tuple[ProposalAlternative, ...]
    chart: tuple[ProposalDay, ...]
    chart_unit: str
    facts: int
    evidence: str
    erased: bool
    quantity: int | None
    changed_by: str
    may_approve: bool
    made_of: tuple[ProposalCite, ...]
    touched: int
    result: str
    ended_by: str
    outcome: ProposalOutcome | None


class ProposalRehearsal(Struct, frozen=True, kw_only=True):
    """What would be done, how many things it touches, and until when it can be taken back."""

    changes: tuple[ProposalText, ...]
    touched: int
    back_until: str


class NewProposal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is proposed: `parameters` are those of the action, `why` is quoted and never followed,
    `cites` say what it rests on. Worth beside doing nothing (80 %), cost and largest loss in 分.
    """

    action: _Code
    key: _Code
    parameters: dict[str, Any]
    why: _Reason
    cites: Annotated[tuple[ProposalCite, ...], Meta(min_length=1, max_length=AGENT_CITES)]
    low_fen: _Money = 0
    mid_fen: _Money = 0
    high_fen: _Money = 0
    cost_fen: _Cost = 0
    lost_fen: _Cost = 0
    expires: datetime.datetime | None = None


class ProposalNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one has to say to it."""

    note: _Text = ""


class ProposalWhy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: _Reason


class ProposalQuantity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another quantity."""

    quantity: Annotated[int, Meta(ge=1, le=1_000_000_000)]


ProposalsOf = Literal["waiting", "open", "done", "over", "all"]
ProposalOrder = Literal["value", "latest"]
