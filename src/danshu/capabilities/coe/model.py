"""Goals, backlog, experiments and reviews as their facts say.

Shares in thousandths, money 分, times epoch ms. An owner is `role:NAME` or `person:ID`, "" nobody.
"""

from __future__ import annotations

import uuid
from typing import Literal

from msgspec import Struct

GoalState = Literal["active", "ended"]
ItemState = Literal["open", "doing", "done", "dropped"]
ItemOrigin = Literal["person", "review", "proposal"]
TrialMetric = Literal["kept", "late", "split", "cost", "refunded"]
TrialState = Literal["running", "stopped"]
TrialWhy = Literal["", "person", "guardrail", "worse", "ended", "gone"]
TrialVerdict = Literal["", "better", "worse", "no_effect"]
AgendaState = Literal["accepted", "declined"]


class GoalPlan(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A goal: a metric of the library, in its unit, as a rule of one value of a dimension."""

    metric: str
    target: int
    owner: str
    dimension: str = ""
    value: str = ""
    note: str = ""


class Goal(Struct, frozen=True, kw_only=True):
    """A goal as its facts say."""

    id: uuid.UUID
    plan: GoalPlan
    state: GoalState = "active"
    by: str = ""
    made_ms: int = 0
    changed_ms: int = 0


class ItemPlan(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be done. `value_fen` is what somebody expects of it a year; `ref` names the
    sentence of the review or the proposal that it comes of, `policy` a draft or a set.
    """

    title: str
    text: str = ""
    owner: str = ""
    value_fen: int = 0
    origin: ItemOrigin = "person"
    ref: str = ""
    policy: str = ""
    experiment: str = ""


class BacklogItem(Struct, frozen=True, kw_only=True):
    """An item of the backlog as its facts say; `note` is the last that was said of it."""

    id: uuid.UUID
    plan: ItemPlan
    state: ItemState = "open"
    note: str = ""
    by: str = ""
    made_ms: int = 0
    changed_ms: int = 0


class Guardrail(Struct, frozen=True, kw_only=True):
    """A metric that may be worse by `bound` at most, in thousandths or 分, before it stops."""

    metric: TrialMetric
    bound: int


class TrialPlan(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An experiment: the policy set `digest` rules `percent` of the orders of the channels and
    regions, where named, chosen by a hash of the order; the other orders are the control.

    Enough is known when the primary metric differs, or differs by less than `least`.
    """

    name: str
    digest: str
    percent: int
    primary: TrialMetric
    least: int
    guardrails: tuple[Guardrail, ...]
    until_ms: int
    channels: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    owner: str = ""


class TrialFigure(Struct, frozen=True, kw_only=True):
    """A metric in both arms: orders and the sum over them (of a share: who did), the difference
    treated less control in thousandths or 分, and its interval that holds at all times.
    """

    metric: TrialMetric
    treated: int
    treated_sum: int
    control: int
    control_sum: int
    effect: int
    low: int
    high: int
    is_known: bool


class TrialPoint(Struct, frozen=True, kw_only=True):
    """How the primary metric stood at a moment."""

    at_ms: int
    orders: int
    effect: int
    low: int
    high: int


class Experiment(Struct, frozen=True, kw_only=True):
    """An experiment as its facts say. `breached` is the guardrail that ended it."""

    id: uuid.UUID
    plan: TrialPlan
    state: TrialState = "running"
    figures: tuple[TrialFigure, ...] = ()
    points: tuple[TrialPoint, ...] = ()
    verdict: TrialVerdict = ""
    why: TrialWhy = ""
    breached: str = ""
    note: str = ""
    by: str = ""
    made_ms: int = 0
    changed_ms: int = 0


class AgendaItem(Struct, frozen=True, kw_only=True):
    """What the meeting decided of a sentence; `item` is the backlog's, where it became one."""

    key: str
    state: AgendaState
    note: str
    item: str
    by: str
    at_ms: int


class BookEnd(Struct, frozen=True, kw_only=True):
    """How far a book was read: its first `size` facts."""

    half: str
    size: int


class ReviewNote(Struct, frozen=True, kw_only=True):
    """What a person said of a sentence."""

    key: str
    text: str
    by: str
    at_ms: int


class WeeklyReview(Struct, frozen=True, kw_only=True):
    """A review without its text: the newest version and its digest, what people said of it."""

    id: uuid.UUID
    week: str
    version: int
    digest: str
    as_of_ms: int
    agenda: tuple[AgendaItem, ...] = ()
    notes: tuple[ReviewNote, ...] = ()
    by: str = ""
    made_ms: int = 0
    changed_ms: int = 0
