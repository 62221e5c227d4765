"""What the agent may do: one act for each kind of action, and nothing else.

An act says itself how reversible and how sensitive it is; a skill can't. It is tried without a
trace (`rehearse`), done once for a proposal whatever is repeated (`perform`), taken back
(`compensate`) and looked at afterwards (`measure`). What it writes it writes through the hub's
ordinary doors, so that every wall, limit and fact of a person's act holds here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.agent_act_chase import ChaseCarrier
from danshu.hub.agent_act_clearance import ClearanceAct
from danshu.hub.agent_act_compensate import Compensate
from danshu.hub.agent_act_draft_policy import DraftPolicy
from danshu.hub.agent_act_expedite import Expedite
from danshu.hub.agent_act_reroute import Reroute
from danshu.hub.agent_act_safety import SafetyAct
from danshu.hub.agent_act_split import SplitAct
from danshu.hub.agent_act_transfer import TransferAct
from danshu.hub.agent_act_tune import TunePolicy
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.hub.agent_act import Act

NO_ACT: Final = InputError("no_act", "there is no such kind of action")


def known() -> dict[str, Act]:
    """Give the acts by their action. An action without an act can be proposed by nobody."""
    return {act.action: act for act in _acts()}


def find(action: str) -> Act:
    """Give an act. Raises InputError `no_act`."""
    act = known().get(action)
    if act is None:
        raise NO_ACT
    return act


def circumstances(parameters: Any) -> dict[str, str | int]:
    """Give what is known of an act to whoever says who may do it: the amount in 分 and the
    warehouse, as far as its parameters have them.
    """
    known = {
        "amount_fen": getattr(parameters, "amount_fen", None),
        "warehouse": getattr(parameters, "warehouse", getattr(parameters, "from_warehouse", None)),
    }
    return {name: value for name, value in known.items() if value is not None}


def _acts() -> tuple[Act, ...]:
    return (
        Reroute(),
        Expedite(),
        Compensate(),
        ChaseCarrier(),
        TunePolicy(),
        DraftPolicy(),
        TransferAct(),
        SafetyAct(),
        SplitAct(),
        ClearanceAct(),
    )
