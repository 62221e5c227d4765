"""The registry: what may become of a model, and when it must step back. Pure.

Of each target there is one base (plain rates, of the newest training), at most one champion and one
challenger. The champion answers; without one, and after it fell, the base does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec.structs import replace

from danshu.capabilities.learning import facts as said
from danshu.capabilities.learning import marks, training
from danshu.capabilities.learning.features import CHANCES
from danshu.capabilities.learning.model import Drifted, Model, Shadow, Watch
from danshu.kernel.errors import ProgramError, Refusal
from danshu.kernel.limits import LEARNING_COMPARED, LEARNING_LEAST

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from msgspec import Struct

    from danshu.capabilities.learning.frames import Frame
    from danshu.capabilities.learning.model import Card, State
    from danshu.capabilities.learning.trees import Fitted

MARGIN: Final = 10
"""By how much a challenger must lose less than the one in use, thousandths of its loss."""
DRIFTED: Final = 250
"""From which population stability index on a feature lies otherwise, thousandths."""
HEAVY: Final = 50
"""Features that count less, thousandths of all gain, may drift."""
GONE: Final = 100
"""Calibration error, thousandths, at which a chance says something else than it means."""
NOT_PROMOTABLE: Final = Refusal(
    code="model_not_promotable",
    reason="只有候选或退回的模型可以启用",
    reason_en="only a challenger, or one that fell back, can be promoted",
)
NOT_RETIRABLE: Final = Refusal(
    code="model_not_retirable",
    reason="基准费率与已停用的模型不能停用",
    reason_en="plain rates, and what is retired already, can't be retired",
)


def begin(id_: uuid.UUID, data: said.LearningTrained, card: Card, by: str, at_ms: int) -> Model:
    """Give the model that a training made."""
    state: State = "base" if data.state == "base" else "challenger"
    return Model(id=id_, digest=data.digest, state=state, card=card, trained_ms=at_ms, by=by)


def evolve(state: State, data: Struct) -> State:
    """Give the state after a fact. Raises ProgramError for one that is none of models."""
    del state
    if isinstance(data, said.LearningPromoted):
        return "champion"
    if isinstance(data, said.LearningFellBack):
        return "fallen"
    if isinstance(data, said.LearningRetired):
        return "retired"
    raise ProgramError(f"no fact of a model: {type(data).__name__}")


def promote(model: Model, note: str) -> said.LearningPromoted | Refusal:
    """Let a person put a model into use."""
    if model.state not in ("challenger", "fallen"):
        return NOT_PROMOTABLE
    return said.LearningPromoted(by_rule=False, gain=model.watch.shadow.gain, note=note)


def retire(model: Model, note: str) -> said.LearningRetired | Refusal:
    """Let a person retire a model."""
    if model.state in ("base", "retired"):
        return NOT_RETIRABLE
    return said.LearningRetired(note=note, why="person")


def promote_by_rule(model: Model) -> said.LearningPromoted | None:
    """Promote a challenger that was better by the margin on what neither had seen."""
    if model.state != "challenger" or not model.watch.shadow.ready:
        return None
    return said.LearningPromoted(by_rule=True, gain=model.watch.shadow.gain, note="")


def fall_back(model: Model) -> said.LearningFellBack | None:
    """Make a champion step back whose inputs or calibration are no longer what they were."""
    watch = model.watch
    if model.state != "champion" or not watch.trouble:
        return None
    drifted = ", ".join(f"{each.name} {each.psi / 1_000:.2f}" for each in watch.drift)
    if watch.trouble == "drift":
        return said.LearningFellBack(why="drift", detail=f"PSI {drifted}"[:200])
    ece = watch.marks.ece if watch.marks else -1
    return said.LearningFellBack(why=watch.trouble, detail=f"ECE {ece / 1_000:.3f}")


def shadow(mine: Fitted, other: Fitted, frame: Frame) -> Shadow:
    """Let a model answer beside the one in use for orders that neither has seen, each at its
    moment; what was known then is all that either looks at.
    """
    if frame.rows < LEARNING_COMPARED:
        return Shadow(rows=frame.rows)
    is_chance = frame.target in CHANCES
    told, others = mine.tell(frame), other.tell(frame)
    gain, low = training.compare(told, others, frame.y, is_chance=is_chance)
    return Shadow(
        rows=frame.rows,
        mine=training.judge(mine, frame),
        other=training.judge(other, frame),
        gain=round(1_000 * gain),
        low=round(1_000 * low),
        ready=gain * 1_000 >= MARGIN and low > 0.0,
    )


def damaged() -> said.LearningFellBack:
    """Say that a model's file is not the one that was kept."""
    return said.LearningFellBack(why="damaged", detail="SHA-256")


def watch(model: Model, fitted: Fitted, asked: Frame, ended: Frame, at_ms: int) -> Watch:
    """See how a model does: features of what was `asked` lately, outcomes of what `ended` since
    its training.
    """
    drift: list[Drifted] = []
    if asked.rows >= LEARNING_LEAST:
        drift = sorted(find_drift(model, asked), key=lambda each: -each.psi)
    # one row an order: those of the same order end alike, and would count as many
    ended = ended.pick(np.unique(ended.order.astype(str), return_index=True)[1])
    known = ended.rows >= LEARNING_LEAST and ended.target in CHANCES
    told = fitted.tell(ended) if known else np.empty(0)
    seen = marks.judge_chance(ended.y, told) if known else None
    trouble = ""
    if drift:
        trouble = "drift"
    elif seen and seen.ece >= GONE and marks.departure(ended.y, told) > marks.CHANCE:
        trouble = "calibration"
    return replace(
        model.watch,
        at_ms=at_ms,
        drift=tuple(drift),
        marks=seen,
        bins=marks.bins_of(ended.y, told) if known else (),
        trouble=trouble,
    )


def find_drift(model: Model, frame: Frame) -> Sequence[Drifted]:
    """Name the features that count and lie otherwise than when they were learned from."""
    found = []
    for spread in model.card.spreads:
        if spread.weight < HEAVY or spread.name not in frame.columns:
            continue
        since = training.share_out(spread, frame.columns[spread.name])
        psi = round(1_000 * marks.stability([s / 1_000 for s in spread.shares], since))
        if psi >= DRIFTED:
            found.append(Drifted(name=spread.name, psi=psi))
    return found
