"""Rules 关联规则 and campaigns 关联动作. Shares in thousandths, money minor units, epoch ms."""

from __future__ import annotations

import uuid
from typing import Literal

from msgspec import Struct

Kind = Literal["sequence", "basket"]
Level = Literal["sku", "family"]
Act = Literal["reminder", "coupon"]
State = Literal["proposed", "running", "stopped"]
Why = Literal["person", "no_effect", "faded", "budget", "ended"]
Arm = Literal["treated", "holdout"]


class Rule(Struct, frozen=True, kw_only=True):
    """Whoever buys `first` buys `then` too: later within the window (sequence: `units` are buyers)
    or in the same order (basket: orders).

    `both` of `first_units` did; `else_units` bought no `first`, `else_both` of them `then` in as
    long a time. `lift` is how many thousandths of their share that is. `p` is one-sided, `q` after
    Benjamini and Yekutieli over all that were tested.
    """

    first: str
    then: str
    both: int
    first_units: int
    else_both: int
    else_units: int
    support: int
    confidence: int
    otherwise: int
    lift: int
    p: float
    q: float
    first_name: str = ""
    then_name: str = ""
    days: tuple[int, ...] = ()
    """Share of `first_units` that bought `then` by the end of each day after."""


class Mined(Struct, frozen=True, kw_only=True):
    """Rules of one question, the surest first; `tested` pairs were compared over `units`.

    `window_d` days, `follow_d` days that a buyer was watched at least; `found` rules passed, of
    which the first are kept.
    """

    kind: Kind
    level: Level
    window_d: int
    follow_d: int
    units: int
    items: int
    tested: int
    found: int
    mined_ms: int
    took_ms: int
    rules: tuple[Rule, ...]


class Plan(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a campaign is to do: tell buyers of `first` about `then`, but for a held out share.

    `cost` minor units a coupon that is used (0 of a reminder), at most `budget` in all (0 = none).
    An outcome counts `counted_after_h` hours after a buyer was enrolled. It stops when it can be
    said that the effect is below `least_effect`. `basis` says why these buyers may be told.
    """

    act: Act
    first: str
    then: str
    window_d: int
    text: str
    basis: str
    until_ms: int
    level: Level = "sku"
    holdout: int = 200
    cost: int = 0
    budget: int = 0
    least_effect: int = 10
    counted_after_h: int = 720
    confidence: int = 0
    otherwise: int = 0


class Figures(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a campaign stands. Effects in thousandths: share of the treated that bought less that of
    the held out; `low` and `high` after Newcombe (95 %), `always_low` and `always_high` hold at all
    times at once. `told` were reached, `unreached` could not be.
    """

    treated: int = 0
    holdout: int = 0
    told: int = 0
    unreached: int = 0
    counted_treated: int = 0
    counted_holdout: int = 0
    bought_treated: int = 0
    bought_holdout: int = 0
    effect: int = 0
    low: int = -1000
    high: int = 1000
    always_low: int = -1000
    always_high: int = 1000
    spent: int = 0


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign as its facts say."""

    id: uuid.UUID
    plan: Plan
    state: State = "proposed"
    figures: Figures = Figures()
    why: str = ""
    proposed_by: str = ""
    started_by: str = ""
    proposed_ms: int = 0
    started_ms: int = 0
    stopped_ms: int = 0
