"""A campaign after what was said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from danshu.capabilities.associations import facts
from danshu.capabilities.associations.model import Campaign
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    import uuid

    from msgspec import Struct


def begin(id_: uuid.UUID, data: facts.AssociationProposed, by: str, at_ms: int) -> Campaign:
    """Give the campaign that was proposed."""
    return Campaign(id=id_, plan=data.plan, proposed_by=by, proposed_ms=at_ms)


def evolve(campaign: Campaign, data: Struct, by: str, at_ms: int) -> Campaign:
    """Give the campaign after a fact. Raises ProgramError for one of another kind."""
    figures = campaign.figures
    match data:
        case facts.AssociationStarted():
            return replace(campaign, state="running", started_by=by, started_ms=at_ms)
        case facts.AssociationEnrolled():
            more = replace(
                figures,
                treated=figures.treated + len(data.treated),
                holdout=figures.holdout + len(data.holdout),
            )
            return replace(campaign, figures=more)
        case facts.AssociationTold():
            more = replace(
                figures,
                told=figures.told + data.told,
                unreached=figures.unreached + data.unreached,
            )
            return replace(campaign, figures=more)
        case facts.AssociationMeasured():
            return replace(campaign, figures=data.figures)
        case facts.AssociationStopped():
            return replace(campaign, state="stopped", why=data.why, stopped_ms=at_ms)
    raise ProgramError(f"{type(data).__name__} is not said of campaigns")
