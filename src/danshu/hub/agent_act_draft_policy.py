"""Act `draft_policy`: a policy told in words becomes a draft behind what rules now.

It begins a draft and its trial, and nothing else. Whoever told the policy is an author of the
draft, as is whoever approved the proposal: somebody else approves the policy.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from danshu.capabilities.routing.policy.model import ROUTING, PolicySet
from danshu.hub import agent_act_tune, policy_sets, policy_wishes, proposed_drafts
from danshu.hub.agent_act import Measured, Performed, Rehearsed
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.ports.skill import Told

if TYPE_CHECKING:
    from danshu.hub.agent_act import Reversibility, Sensitivity
    from danshu.hub.compose import Hub
    from danshu.hub.policy_wishes import Wish
    from danshu.kernel.fact import Actor

_DAY_MS: Final = 86_400_000
_NAME: Final = 60
UNREAD: Final = Refusal(
    code="not_understood",
    reason="这句话没有全部读懂，不起草",
    reason_en="Some of these words were not understood: nothing is drafted",
    clause="agent.draft_policy",
)


class DraftPolicyParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The wish whose plan is drafted."""

    wish: Annotated[str, Meta(min_length=36, max_length=36, pattern=PLAIN)]


class DraftPolicy:
    """The act."""

    action = "draft_policy"
    title = Told(zh="按话起草策略", en="Draft a policy from words")
    reversibility: Reversibility = "reversible"
    sensitivity: Sensitivity = 1
    parameters: type[Struct] = DraftPolicyParameters
    measured_after_ms = 14 * _DAY_MS
    right = "routing.write"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: DraftPolicyParameters
    ) -> Rehearsed | Refusal:
        """Say what the draft would hold."""
        wish, joined, more = await _join(hub, tenant, parameters)
        if joined is None:
            return UNREAD
        changes = [
            Told(
                zh=f"起草一份策略，在现行策略之后加一条:{wish.told.zh}",
                en=f"A draft: behind the policies that rule, one more: {wish.told.en}",
            )
        ]
        if more:
            changes.append(
                Told(
                    zh=f"{more} 个现有案例会多出这条的效果",
                    en=f"{more} cases that are there come out with its effect besides",
                )
            )
        return Rehearsed(changes=tuple(changes), touched=1, back_until="before_publication")

    async def perform(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: DraftPolicyParameters,
        actor: Actor,
    ) -> Performed | Refusal:
        """Begin the draft and its trial, once for this proposal."""
        async with hub.connection() as connection:
            known = await proposed_drafts.find(connection, tenant, proposal)
        if known is None:
            wish, joined, _ = await _join(hub, tenant, parameters)
            if joined is None:
                return UNREAD
            made = await proposed_drafts.begin(
                hub, tenant, proposal, wish.told.zh[:_NAME], joined, actor,
                (uuid.UUID(wish.id), wish.by),
            )  # fmt: skip
            if isinstance(made, Refusal):
                return made
            known = made
        return agent_act_tune.performed(known)

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: DraftPolicyParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Discard the draft while it is one."""
        told = await proposed_drafts.discard(hub, tenant, proposal, actor)
        return told if isinstance(told, Refusal) else agent_act_tune.performed(told)

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: DraftPolicyParameters,
        done: Performed,
    ) -> Measured | None:
        """Compare lateness since the policy rules with before."""
        return await agent_act_tune.measure(hub, tenant, done, "")


async def _join(
    hub: Hub, tenant: int, parameters: DraftPolicyParameters
) -> tuple[Wish, PolicySet | None, int]:
    """Give the wish, and what rules now with its plan behind it (None where it was not read)."""
    async with hub.connection() as connection:
        wish = await policy_wishes.read_one(connection, tenant, parameters.wish)
        if not wish.plan:
            return wish, None, 0
        head = await policy_sets.read_head(connection, tenant, ROUTING)
        live = (
            await policy_sets.read_set(connection, tenant, head.live) if head.live else PolicySet()
        )
    joined, more = policy_wishes.join(live, policy_wishes.read_plan(wish))
    return wish, joined, more
