"""Drafts of policy sets 策略: what their road (drafts.py) asks of them, and what they begin from.

What is submitted is sound, and was tried on a past day as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.routing.policy import lint, model, templates
from danshu.capabilities.routing.policy.model import INTERCEPT, PolicyKind, PolicySet
from danshu.hub import policy_sets
from danshu.hub.drafts import Connection, Draft, Drafts, Nos, Unsound
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import POLICY_DRAFTS

if TYPE_CHECKING:
    from danshu.capabilities.routing.policy.lint import PolicyFinding
    from danshu.kernel.fact import Actor

_TRIED: Final = """
select id from policy_trials where tenant=%s and digest=%s and state='done' order by at desc limit 1
"""


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="routing.policy")


_UNTRIED: Final = _no(
    "policy_untried",
    "这一稿还没有在过去的一天上试算过",
    "As it is, it was not tried on a past day yet",
)
_NOS: Final = Nos(
    submitted=_no(
        "draft_submitted", "已提交审批,先撤回再改", "It waits for approval: withdraw it first"
    ),
    not_submitted=_no("draft_not_submitted", "还没有提交审批", "It is not submitted"),
    ended=_no("draft_ended", "这份草稿已经结束", "The draft has ended"),
    other=_no(
        "draft_other", "提交的不是你看到的这一稿", "What is submitted is not what you have seen"
    ),
    person=_no(
        "approval_person",
        "须本人登录后审批,密钥不能代替",
        "A person approves, signed in; a key can't",
    ),
    author=("参与绘制的人不能审批自己的稿", "Whoever drew some of it can't approve it"),
)


async def find_trial(connection: Connection, tenant: int, digest: str) -> str:
    """Give the newest trial of a set that is done, "" when there is none."""
    cursor = await connection.execute(_TRIED, (tenant, bytes.fromhex(digest)))
    row = await cursor.fetchone()
    return str(row[0]) if row else ""


async def _settle(
    _connection: Connection, _tenant: int, policy: PolicySet, was: PolicySet | None
) -> PolicySet:
    """What it decides is not redrawn."""
    return replace(policy, kind=was.kind) if was else policy


async def _ready(
    connection: Connection, tenant: int, draft: Draft[PolicySet], _now_ms: int
) -> PolicySet | Unsound[PolicyFinding] | Refusal:
    findings = lint.check(draft.body)
    if not lint.is_sound(findings):
        return Unsound(findings)
    return draft.body if await find_trial(connection, tenant, draft.digest) else _UNTRIED


async def _publish(
    connection: Connection, tenant: int, draft: Draft[PolicySet], actor: Actor, now_ms: int
) -> Unsound[PolicyFinding] | Refusal | None:
    ready = await _ready(connection, tenant, draft, now_ms)
    if not isinstance(ready, PolicySet):
        return ready
    row = await policy_sets.publish(
        connection, tenant, ready, draft.name, actor,
        drafted_by=draft.edited_by,
        simulation=await find_trial(connection, tenant, draft.digest),
    )  # fmt: skip
    return row if isinstance(row, Refusal) else None


POLICIES: Final = Drafts(
    table="policy_drafts",
    steps="policy_steps",
    named="name",
    most=POLICY_DRAFTS,
    nos=_NOS,
    read_body=model.read,
    encode=lambda policy: policy.content,
    digest=lambda policy: policy.digest,
    settle=_settle,
    ready=_ready,
    publish=_publish,
    kept=("begun_by", "kind"),
    keep=lambda policy, by: (by, policy.kind),
    shared=True,
)


async def resolve(connection: Connection, tenant: int, told: str) -> PolicySet:
    """Give the set that a digest, or the id of a draft, names. Raises InputError."""
    if len(told) == policy_sets.DIGEST_CHARS:
        return await policy_sets.read_set(connection, tenant, told)
    return (await POLICIES.read(connection, tenant, told)).body


async def find_origin(
    connection: Connection, tenant: int, told: str, kind: PolicyKind
) -> PolicySet:
    """Give what a draft begins from. Raises InputError `no_policy_set`, also for another kind."""
    if told == "empty":
        return PolicySet(kind=kind)
    if told == "all" and kind == INTERCEPT:
        return templates.all_intercepts()
    for template in templates.shipped():
        if template.code == told and template.kind == kind:
            return template.policy()
    if told == "live":
        head = await policy_sets.read_head(connection, tenant, kind)
        if not head.live:
            return PolicySet(kind=kind)
        told = head.live
    found = await policy_sets.read_set(connection, tenant, told)
    if found.kind != kind:
        raise policy_sets.NO_SET
    return found
