"""Drafts of policy sets that came of proposals: begun once for each, tried at once, never published
from here.

Such a draft takes the road of every draft (policy_drafts.py): the linter, a trial on past orders,
somebody who submits it and somebody else who approves it. Whoever approved the proposal counts as
its author, and so does whoever told the policy in words.
"""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.hub import policy_sets, policy_trials
from danshu.hub.policy_drafts import POLICIES, find_trial
from danshu.hub.policy_wishes import UTC8
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import KNOB_DAYS, KNOB_ORDERS
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.capabilities.routing.policy.model import PolicySet
    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
GONE: Final = Refusal(
    code="draft_gone",
    reason="草稿已发布或已作废,按策略的路回滚",
    reason_en="The draft was published or discarded: roll the policy back its own way",
    clause="agent.draft_policy",
)
_KNOWN: Final = "select draft, digest from proposed_drafts where tenant=%s and proposal=%s"
_PUT: Final = """
insert into proposed_drafts(tenant,proposal,draft,digest,wish,at) values(%s,%s,%s,%s,%s,%s)
"""
_AUTHOR: Final = """
update policy_drafts set editors=editors || %s::text where tenant=%s and id=%s
and not %s = any(editors)
"""
_LOCK: Final = "select 1 from tenants where id=%s for update"
_LIVE: Final = """
select min(at) from policy_steps where tenant=%s and digest=%s and act in ('activated','canaried')
"""
_JUDGED: Final = """
select count(*) filter (where state in ('broken','late'))::int4, count(*)::int4 from verdicts
where tenant=%s and at >= %s and at < %s and state in ('kept','broken','late')
"""


class ProposedDraft(Struct, frozen=True, kw_only=True):
    """A draft that came of a proposal: its id, and the digest that it was begun with."""

    draft: str
    digest: str


async def find(connection: Connection, tenant: int, proposal: uuid.UUID) -> ProposedDraft | None:
    """Give the draft of a proposal."""
    row = await (await connection.execute(_KNOWN, (tenant, proposal))).fetchone()
    return ProposedDraft(draft=str(row[0]), digest=bytes(row[1]).hex()) if row else None


async def begin(
    hub: Hub,
    tenant: int,
    proposal: uuid.UUID,
    name: str,
    policy: PolicySet,
    actor: Actor,
    wish: tuple[uuid.UUID, str] | None = None,
) -> ProposedDraft | Refusal:
    """Begin a draft once for a proposal, and its trial; `wish` is one told in words, and by whom.

    Raises InputError where there are too many drafts.
    """
    now_ms = hub.clock()
    async with hub.connection() as connection:
        async with connection.transaction():
            await connection.execute(_LOCK, (tenant,))
            known = await find(connection, tenant, proposal)
            if known is not None:
                return known
            made = await POLICIES.begin(connection, tenant, name, policy, actor, now_ms)
            if isinstance(made, Refusal):
                return made
            key = uuid.UUID(made.id)
            if wish is not None:
                await connection.execute(_AUTHOR, (wish[1], tenant, key, wish[1]))
            at = write.instant(now_ms * 1000)
            told = (tenant, proposal, key, bytes.fromhex(made.digest), wish and wish[0], at)
            await connection.execute(_PUT, told)
        if not await find_trial(connection, tenant, made.digest):
            await try_out(connection, tenant, made.id, policy, actor, now_ms)
    return ProposedDraft(draft=made.id, digest=made.digest)


async def try_out(
    connection: Connection,
    tenant: int,
    draft: str,
    policy: PolicySet,
    actor: Actor,
    now_ms: int,
) -> str:
    """Queue a trial on the last days beside what rules; "" where too many wait: a person may."""
    head = await policy_sets.read_head(connection, tenant, policy.kind)
    day = datetime.datetime.fromtimestamp(now_ms / 1000, UTC8).date()
    try:
        trial = await policy_trials.begin(
            connection, tenant, draft, policy, head.live, day, KNOB_ORDERS,
            policy_trials.CO2_G_TKM, actor, now_ms, KNOB_DAYS,
        )  # fmt: skip
    except InputError as error:
        if error.code != "too_many":
            raise
        return ""
    return trial.id


async def discard(
    hub: Hub, tenant: int, proposal: uuid.UUID, actor: Actor
) -> ProposedDraft | Refusal:
    """Discard the draft of a proposal while it is still one; repeated, it is discarded already."""
    async with hub.connection() as connection:
        known = await find(connection, tenant, proposal)
        if known is None:
            return GONE
        draft = await POLICIES.read(connection, tenant, known.draft)
        if draft.state == "published":
            return GONE
        if draft.state != "discarded":
            told = await POLICIES.step_back(connection, tenant, known.draft, "discarded", actor)
            if isinstance(told, Refusal):
                return GONE
    return known


class Lateness(Struct, frozen=True, kw_only=True):
    """Promises judged since a set has ruled and in as long a time before, and late ones of them;
    None before it has ruled for a day.
    """

    late: int
    judged: int
    late_before: int
    judged_before: int


async def compare_lateness(
    connection: Connection, tenant: int, digest: str, now_ms: int
) -> Lateness | None:
    """Count late promises since the set `digest` began to rule, and before."""
    row = await (await connection.execute(_LIVE, (tenant, bytes.fromhex(digest)))).fetchone()
    if row is None or row[0] is None:
        return None
    now = write.instant(now_ms * 1000)
    span = now - row[0]
    if span < datetime.timedelta(days=1):
        return None
    after = await (await connection.execute(_JUDGED, (tenant, row[0], now))).fetchone()
    before = await (await connection.execute(_JUDGED, (tenant, row[0] - span, row[0]))).fetchone()
    if not after or not before:
        return None
    return Lateness(late=after[0], judged=after[1], late_before=before[0], judged_before=before[1])
