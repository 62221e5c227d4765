"""The fact types of models; each model is a stream of its own."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("learning.trained")
class LearningTrained(Struct, frozen=True, kw_only=True):
    """训练模型: a model was learned: of what, of which data, with which marks.

    `digest` is the SHA-256 of its file, `state` base (plain rates, used at once) or challenger.
    Marks are those of later days: of a chance AUC and calibration error in thousandths, of a time
    -1; `loss` in millionths, or minutes.
    """

    auc: int
    code: str
    data: str
    digest: str
    ece: int
    from_day: str
    kind: str
    loss: int
    rows: int
    state: str
    target: str
    to_day: str


@fact_type("learning.promoted")
class LearningPromoted(Struct, frozen=True, kw_only=True):
    """启用模型: it answers from now on. `by_rule`: it was better by the margin on later days, and
    the merchant lets that decide. `gain` in thousandths of the former's loss.
    """

    by_rule: bool
    gain: int
    note: str


@fact_type("learning.fell_back")
class LearningFellBack(Struct, frozen=True, kw_only=True):
    """退回简单模型: it answers no more, plain rates do: its inputs drifted, its calibration went,
    or its file is not the one that was kept. `why` is drift, calibration or damaged.
    """

    detail: str
    why: str


@fact_type("learning.retired")
class LearningRetired(Struct, frozen=True, kw_only=True):
    """停用模型: a person retired it, or another took its place (`why` person, replaced)."""

    note: str
    why: str


@fact_type("learning.configured")
class LearningConfigured(Struct, frozen=True, kw_only=True):
    """模型启用方式: whether a challenger that is better by the margin is used without a person."""

    by_rule: bool
