"""Act `tune_policy`: a draft of what rules with another value of one figure, tried already.

It begins a draft and nothing else: people submit, approve and activate it as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from danshu.capabilities.routing.policy import figures as policy_figures
from danshu.hub import policy_sets, policy_trials, proposed_drafts
from danshu.hub.agent_act import Measured, Performed, Rehearsed
from danshu.hub.fields import PLAIN
from danshu.hub.order_causes import price_lateness
from danshu.hub.policy_drafts import POLICIES
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import LANE_FEN, POLICY_PATH_CHARS
from danshu.kernel.shares import newcombe
from danshu.ports.skill import Cited, Told, Worth

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.routing.policy.model import PolicySet
    from danshu.hub.agent_act import Reversibility, Sensitivity
    from danshu.hub.compose import Hub
    from danshu.hub.proposed_drafts import Lateness, ProposedDraft
    from danshu.kernel.fact import Actor

_DAY_MS: Final = 86_400_000
OTHER: Final = Refusal(
    code="policy_changed",
    reason="在用策略已变，先重新试算",
    reason_en="Another policy rules by now: it has to be tried again",
    clause="agent.tune_policy",
)
UNTRIED: Final = Refusal(
    code="policy_untried",
    reason="这个值没有试算结果",
    reason_en="This value was not tried on past orders",
    clause="agent.tune_policy",
)
Digest = Annotated[str, Meta(min_length=64, max_length=64, pattern="^[0-9a-f]+$")]


class TuneParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which figure of which live set becomes which value; `simulated` is the trial of it."""

    policy: Digest
    path: Annotated[str, Meta(min_length=1, max_length=POLICY_PATH_CHARS, pattern=PLAIN)]
    now: Annotated[int, Meta(gt=0, le=LANE_FEN * 1_000)]
    value: Annotated[int, Meta(gt=0, le=LANE_FEN * 1_000)]
    simulated: Annotated[str, Meta(min_length=36, max_length=36, pattern=PLAIN)]


class TunePolicy:
    """The act."""

    action = "tune_policy"
    title = Told(zh="调策略参数", en="Tune a policy")
    reversibility: Reversibility = "reversible"
    sensitivity: Sensitivity = 2
    parameters: type[Struct] = TuneParameters
    measured_after_ms = 14 * _DAY_MS
    right = "routing.write"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: TuneParameters
    ) -> Rehearsed | Refusal:
        """Say what the draft would change."""
        turned = await _turn(hub, tenant, parameters)
        if isinstance(turned, Refusal):
            return turned
        told = Told(
            zh=f"起草策略:{parameters.path} 由 {parameters.now} 改为 {parameters.value},"
            "仍须提交、审批、启用",
            en=f"A draft: {parameters.path} becomes {parameters.value} instead of "
            f"{parameters.now}; it is still to be submitted, approved and activated",
        )
        return Rehearsed(changes=(told,), touched=1, back_until="before_publication")

    async def perform(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: TuneParameters,
        actor: Actor,
    ) -> Performed | Refusal:
        """Begin the draft, once for this proposal."""
        async with hub.connection() as connection:
            known = await proposed_drafts.find(connection, tenant, proposal)
        if known is None:
            turned = await _turn(hub, tenant, parameters)
            if isinstance(turned, Refusal):
                return turned
            name = f"调参 {parameters.path}: {parameters.value}"[:60]
            made = await proposed_drafts.begin(hub, tenant, proposal, name, turned, actor)
            if isinstance(made, Refusal):
                return made
            known = made
        return performed(known)

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: TuneParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Discard the draft while it is one."""
        told = await proposed_drafts.discard(hub, tenant, proposal, actor)
        return told if isinstance(told, Refusal) else performed(told)

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: TuneParameters,
        done: Performed,
    ) -> Measured | None:
        """Compare lateness since it rules with before, beside what its trial said."""
        async with hub.connection() as connection:
            trial = await policy_trials.read(connection, tenant, parameters.simulated)
        late = trial.figures.late_permille
        counted = max(1, trial.figures.orders)
        said = (late.after - late.before) / counted / 10
        return await measure(hub, tenant, done, f"{said:+.1f} %")


def performed(draft: ProposedDraft) -> Performed:
    """Say which draft came of it."""
    kept = {"draft": draft.draft, "digest": draft.digest}
    cited = Cited(kind="policy", ref=draft.draft, label="draft")
    return Performed(made=(cited,), touched=1, kept=kept)


async def measure(hub: Hub, tenant: int, done: Performed, simulated: str) -> Measured | None:
    """Measure a draft that was published and rules; None while it does not.

    `simulated`: what its trial said of lateness, "" where nothing did.
    """
    now_ms = hub.clock()
    async with hub.connection() as connection:
        draft = await POLICIES.read(connection, tenant, str(done.kept["draft"]))
        if draft.state != "published":
            return None
        told = await proposed_drafts.compare_lateness(connection, tenant, draft.digest, now_ms)
        fen = await price_lateness(connection, tenant, now_ms)
    if told is None or not told.judged or not told.judged_before:
        return None
    return Measured(
        worth=_weigh(told, fen),
        method="before_after",
        counted=told.judged + told.judged_before,
        text=Told(
            zh=f"启用后 {told.judged} 项承诺误时 {told.late} 项；之前同样长的时间 "
            f"{told.judged_before} 项误时 {told.late_before} 项"
            + (f";试算说 {simulated}" if simulated else ""),
            en=f"Since it rules {told.late} of {told.judged} promises were late; in as long a "
            f"time before, {told.late_before} of {told.judged_before}"
            + (f"; its trial said {simulated}" if simulated else ""),
        ),
    )


def _weigh(told: Lateness, fen: int) -> Worth:
    middle = told.late_before / told.judged_before - told.late / told.judged
    low, high = newcombe(told.late_before, told.judged_before, told.late, told.judged)
    low_fen, mid_fen, high_fen = (round(s * told.judged * fen) for s in (low, middle, high))
    return Worth(low_fen=low_fen, mid_fen=mid_fen, high_fen=high_fen)


async def _turn(hub: Hub, tenant: int, parameters: TuneParameters) -> PolicySet | Refusal:
    """Give the set with the other value, where it rules still and was tried as it is."""
    async with hub.connection() as connection:
        if (await policy_sets.read_head(connection, tenant)).live != parameters.policy:
            return OTHER
        policy = await policy_sets.read_set(connection, tenant, parameters.policy)
        values = {f.path: f.value for f in policy_figures.find(policy)}
        if values.get(parameters.path) != parameters.now:
            raise InputError("bad_parameters", "the figure is another", "/now")
        turned = policy_figures.turn(policy, parameters.path, parameters.value)
        trial = await policy_trials.read(connection, tenant, parameters.simulated)
    if trial.state != "done" or trial.digest != turned.digest:
        return UNTRIED
    return turned
