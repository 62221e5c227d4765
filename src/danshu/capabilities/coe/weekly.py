"""What a review is made of (read by the hub) and what it says. Shares in thousandths, money 分."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from danshu.capabilities.coe.kpi import CoeCell, CoeTree

CoeSectionCode = Literal[
    "better", "worse", "small", "paid", "owners", "goals", "incidents", "questions", "risks"
]

CoeCited = Literal[
    "fact", "order", "metric", "policy", "finding", "incident", "replan", "campaign",
    "experiment", "proposal", "goal", "stock",
]  # fmt: skip


class CoeCite(Struct, frozen=True, kw_only=True):
    """What a sentence rests on. `kind` fact: `ref` is its place in the log (HALF:POSITION) and
    `label` the order's id; metric: CODE@VERSION and the formula's digest; else ids.
    """

    kind: CoeCited
    ref: str
    label: str = ""


class CoeSentence(Struct, frozen=True, kw_only=True):
    """A sentence of a review in both languages; `key` names it in the meeting."""

    key: str
    zh: str
    en: str
    cites: tuple[CoeCite, ...]


class CoeSection(Struct, frozen=True, kw_only=True):
    """Sentences of one kind, the weightiest first; `more` were left out."""

    code: CoeSectionCode
    sentences: tuple[CoeSentence, ...]
    more: int = 0


class CoeWeekPoint(Struct, frozen=True, kw_only=True):
    """Seven days of the curve from `since_ms` on: promises judged and kept, decisions, those over
    several warehouses and those overridden, expected cost of all.
    """

    since_ms: int
    judged: int = 0
    kept: int = 0
    decisions: int = 0
    split: int = 0
    overridden: int = 0
    cost_fen: int = 0


class CoeGoalStanding(Struct, frozen=True, kw_only=True):
    """A goal in the seven days and those before; None where there is nothing to measure."""

    goal: str
    metric: str
    version: int
    digest: str
    title_zh: str
    title_en: str
    unit: str
    better: str
    dimension: str
    value: str
    owner: str
    target: int
    now: int | None
    before: int | None

    @property
    def is_met(self) -> bool | None:
        """Tell whether it is met; None where that can't be said."""
        if self.now is None:
            return None
        return self.now <= self.target if self.better == "less" else self.now >= self.target


class Decided(Struct, frozen=True, kw_only=True):
    """A decision of the seven days. `worth_fen` is what it brought where that is measured, else
    `split` may have promises kept and judged after and before it; both None: not measurable yet.
    """

    kind: Literal["policy", "replan", "override", "campaign", "experiment", "proposal"]
    ref: str
    zh: str
    en: str
    worth_fen: int | None = None
    split: tuple[int, int, int, int] | None = None
    measured_zh: str = ""
    measured_en: str = ""
    label: str = ""


class Happened(Struct, frozen=True, kw_only=True):
    """An incident of the seven days, and the money that it put at risk (None: not known)."""

    kind: Literal["finding", "incident"]
    ref: str
    zh: str
    en: str
    times: int
    risk_fen: int | None


class Ahead(Struct, frozen=True, kw_only=True):
    """Something that may go wrong next, with what it rests on."""

    key: str
    zh: str
    en: str
    cites: tuple[CoeCite, ...]


class Week(Struct, frozen=True, kw_only=True):
    """All that the hub reads for a review. `cost_sq` are sums of squares of the decisions' costs,
    now and before; `borderline` promises wait for a person's ruling.
    """

    week: str
    since_ms: int
    until_ms: int
    as_of_ms: int
    positions: dict[str, int]
    metric: CoeCite
    own_value: int | None
    cells: tuple[CoeCell, ...]
    curve: tuple[CoeWeekPoint, ...]
    cost_sq: tuple[int, int]
    borderline: int
    paid_out_fen: tuple[int, int]
    goals: tuple[CoeGoalStanding, ...] = ()
    decided: tuple[Decided, ...] = ()
    happened: tuple[Happened, ...] = ()
    ahead: tuple[Ahead, ...] = ()


class CoeReviewBody(Struct, frozen=True, kw_only=True):
    """A version of a review, as it is kept: the same log gives the same bytes.

    The curve's last point is the seven days themselves, the one before it those before.
    `is_partial`: they had not ended when it was made.
    """

    week: str
    since_ms: int
    until_ms: int
    as_of_ms: int
    is_partial: bool
    positions: dict[str, int]
    sections: tuple[CoeSection, ...]
    trees: tuple[CoeTree, ...]
    curve: tuple[CoeWeekPoint, ...]
    goals: tuple[CoeGoalStanding, ...]
