"""The fact types of campaigns; each campaign is a stream of its own."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.associations.model import Figures, Plan
from danshu.kernel.fact import fact_type


@fact_type("association.proposed")
class AssociationProposed(Struct, frozen=True, kw_only=True):
    """提出动作: what would be done about a rule, for whom, at which cost, judged how."""

    plan: Plan


@fact_type("association.started")
class AssociationStarted(Struct, frozen=True, kw_only=True):
    """启动动作: buyers are told from now on; who said so is the fact's actor."""

    note: str


@fact_type("association.enrolled")
class AssociationEnrolled(Struct, frozen=True, kw_only=True):
    """分组: buyers (their pseudonyms) who are told, and who are held out, drawn by a keyed hash."""

    holdout: tuple[str, ...]
    treated: tuple[str, ...]


@fact_type("association.told")
class AssociationTold(Struct, frozen=True, kw_only=True):
    """告知: how many of the treated the notice service took over, and how many can't be reached."""

    told: int
    unreached: int


@fact_type("association.measured")
class AssociationMeasured(Struct, frozen=True, kw_only=True):
    """计效: who bought of the treated and of the held out, and what that says."""

    figures: Figures


@fact_type("association.stopped")
class AssociationStopped(Struct, frozen=True, kw_only=True):
    """停止动作: nobody is told any more. `why` is person, no_effect, faded, budget or ended."""

    note: str
    why: str
