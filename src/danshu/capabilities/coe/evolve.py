"""Goals, items, experiments and reviews after what was said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from danshu.capabilities.coe import facts
from danshu.capabilities.coe.model import (
    AgendaItem,
    BacklogItem,
    Experiment,
    Goal,
    ReviewNote,
    TrialPoint,
    WeeklyReview,
)
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import COE_TRIAL_POINTS

if TYPE_CHECKING:
    import uuid

    from msgspec import Struct

Record = Goal | BacklogItem | Experiment | WeeklyReview


def evolve(record: Record | None, id_: uuid.UUID, data: Struct, by: str, at_ms: int) -> Record:
    """Give what is after a fact; `record` None before the first. Raises ProgramError for a fact
    that is not said of it.
    """
    after = _begin(id_, data, by, at_ms) if record is None else _go_on(record, data, by, at_ms)
    if after is None:
        raise ProgramError(f"{type(data).__name__} is not said of {record or 'nothing'}")
    return after


def _begin(id_: uuid.UUID, data: Struct, by: str, at_ms: int) -> Record | None:
    match data:
        case facts.GoalSet():
            return Goal(id=id_, plan=data.plan, by=by, made_ms=at_ms, changed_ms=at_ms)
        case facts.BacklogAdded():
            return BacklogItem(id=id_, plan=data.plan, by=by, made_ms=at_ms, changed_ms=at_ms)
        case facts.ExperimentStarted():
            return Experiment(id=id_, plan=data.plan, by=by, made_ms=at_ms, changed_ms=at_ms)
        case facts.WeeklyReviewMade():
            return WeeklyReview(
                id=id_,
                week=data.week,
                version=data.version,
                digest=data.digest,
                as_of_ms=epoch_ms(data.as_of),
                by=by,
                made_ms=at_ms,
                changed_ms=at_ms,
            )
    return None


def _go_on(record: Record, data: Struct, by: str, at_ms: int) -> Record | None:
    match record, data:
        case Goal(), facts.GoalSet():
            return replace(record, plan=data.plan, changed_ms=at_ms)
        case Goal(), facts.GoalEnded():
            return replace(record, state="ended", changed_ms=at_ms)
        case BacklogItem(), facts.BacklogChanged():
            return replace(
                record, plan=data.plan, state=data.state, note=data.note, changed_ms=at_ms
            )
        case Experiment(), facts.ExperimentMeasured():
            points = record.points
            if data.figures and data.figures[0].is_known:
                points = (*points, _point(data, at_ms))[-COE_TRIAL_POINTS:]
            return replace(
                record,
                figures=data.figures,
                points=points,
                verdict=data.verdict,
                changed_ms=at_ms,
            )
        case Experiment(), facts.ExperimentStopped():
            return replace(
                record,
                state="stopped",
                why=data.why,
                breached=data.breached,
                note=data.note,
                changed_ms=at_ms,
            )
        case WeeklyReview(), _:
            return _reviewed(record, data, by, at_ms)
    return None


def _point(data: facts.ExperimentMeasured, at_ms: int) -> TrialPoint:
    first = data.figures[0]
    return TrialPoint(
        at_ms=at_ms,
        orders=first.treated + first.control,
        effect=first.effect,
        low=first.low,
        high=first.high,
    )


def _reviewed(review: WeeklyReview, data: Struct, by: str, at_ms: int) -> WeeklyReview | None:
    match data:
        case facts.WeeklyReviewMade():
            return replace(
                review,
                version=data.version,
                digest=data.digest,
                as_of_ms=epoch_ms(data.as_of),
                by=by,
                changed_ms=at_ms,
            )
        case facts.WeeklyReviewNoted():
            note = ReviewNote(key=data.key, text=data.text, by=by, at_ms=at_ms)
            return replace(review, notes=(*review.notes, note), changed_ms=at_ms)
        case facts.WeeklyReviewDecided():
            item = AgendaItem(
                key=data.key,
                state="accepted" if data.accepted else "declined",
                note=data.note,
                item=data.item,
                by=by,
                at_ms=at_ms,
            )
            kept = tuple(a for a in review.agenda if a.key != data.key)
            return replace(review, agenda=(*kept, item), changed_ms=at_ms)
    return None
