"""The fact types of the agent: each proposal is a stream, the agent's standing another."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.agent.model import Level, Origin, Outcome, Terms
from danshu.kernel.fact import fact_type


@fact_type("proposal.made")
class ProposalMade(Struct, frozen=True, kw_only=True):
    """提出: what should be done, by which skill and version, or by whom, and what it rests on."""

    action: str
    key: str
    loose: bool
    origin: Origin
    skill: str
    terms: Terms
    version: int


@fact_type("proposal.renewed")
class ProposalRenewed(Struct, frozen=True, kw_only=True):
    """更新: the skill looked again; approvals hold where the parameters are the same."""

    terms: Terms
    version: int


@fact_type("proposal.changed")
class ProposalChanged(Struct, frozen=True, kw_only=True):
    """改数量: a person changed what is to be done, and is an author of it from now on."""

    terms: Terms


@fact_type("proposal.approved")
class ProposalApproved(Struct, frozen=True, kw_only=True):
    """批准: one person approves; `needed` people have to, `enough` when that is reached."""

    enough: bool
    needed: int
    note: str


@fact_type("proposal.refused")
class ProposalRefused(Struct, frozen=True, kw_only=True):
    """拒绝: a person says no, and why."""

    reason: str


@fact_type("proposal.withdrawn")
class ProposalWithdrawn(Struct, frozen=True, kw_only=True):
    """撤回: whoever proposed it takes it back."""

    reason: str


@fact_type("proposal.expired")
class ProposalExpired(Struct, frozen=True, kw_only=True):
    """过期: nobody decided in time."""

    expires_ms: int


@fact_type("proposal.adopted")
class ProposalAdopted(Struct, frozen=True, kw_only=True):
    """采纳: approved where the agent may only propose; people do it themselves."""

    level: Level


@fact_type("proposal.rehearsed")
class ProposalRehearsed(Struct, frozen=True, kw_only=True):
    """演练: approved while the merchant only rehearses; nothing was done."""

    automatic: bool
    touched: int


@fact_type("proposal.begun")
class ProposalBegun(Struct, frozen=True, kw_only=True):
    """开始执行: the act begins; an automatic one is charged to the day's budget."""

    automatic: bool
    day: str
    fen: int


@fact_type("proposal.performed")
class ProposalPerformed(Struct, frozen=True, kw_only=True):
    """已执行: the act is done; `kept` is what taking it back and measuring need."""

    kept: str
    measure_ms: int
    touched: int


@fact_type("proposal.failed")
class ProposalFailed(Struct, frozen=True, kw_only=True):
    """执行失败: the act was refused, or could not be done."""

    code: str
    detail: str


@fact_type("proposal.measured")
class ProposalMeasured(Struct, frozen=True, kw_only=True):
    """计效: what it brought against what would have been."""

    outcome: Outcome


@fact_type("proposal.unrolling")
class ProposalUnrolling(Struct, frozen=True, kw_only=True):
    """开始撤销: a person has it taken back."""

    reason: str


@fact_type("proposal.unrolled")
class ProposalUnrolled(Struct, frozen=True, kw_only=True):
    """已撤销: it is taken back as far as it can be."""

    touched: int


@fact_type("proposal.kept")
class ProposalKept(Struct, frozen=True, kw_only=True):
    """撤销被拒: it can't be taken back any more."""

    code: str
    detail: str


@fact_type("autonomy.set")
class AutonomySet(Struct, frozen=True, kw_only=True):
    """设定自主等级: a person says how independent a kind of action is, and within which budget."""

    action: str
    day_count: int
    day_fen: int
    earned: int
    level: Level
    none_up_to_fen: int
    one_up_to_fen: int
    reason: str
    regret_bound: int


@fact_type("autonomy.lowered")
class AutonomyLowered(Struct, frozen=True, kw_only=True):
    """自动降级: too much was regretted; the kind of action is one level less independent."""

    action: str
    counted: int
    level: Level
    regretted: int
    why: str


@fact_type("agent.stopped")
class AgentStopped(Struct, frozen=True, kw_only=True):
    """停用全部自动: nothing is carried out any more. No reason is asked first."""

    note: str


@fact_type("agent.resumed")
class AgentResumed(Struct, frozen=True, kw_only=True):
    """恢复: acts may be carried out again, and why."""

    reason: str


@fact_type("agent.rehearsing")
class AgentRehearsing(Struct, frozen=True, kw_only=True):
    """只演练: whether acts are only rehearsed from now on."""

    on: bool
