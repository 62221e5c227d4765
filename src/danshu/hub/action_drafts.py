"""Drafts of contract actions 契约动作: what their road (drafts.py) asks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.contract.actions import lint, reading
from danshu.hub import calendars, modelling
from danshu.hub.drafts import Connection, Draft, Drafts, Nos, Unsound
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ACTION_DRAFTS

if TYPE_CHECKING:
    from danshu.capabilities.contract.actions.findings import Finding
    from danshu.capabilities.contract.actions.model import Action
    from danshu.kernel.fact import Actor


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="contract.approval")


_OLD: Final = _no(
    "version_old", "这个版本号已被占用,退回重新提交", "That version is taken: send it back"
)
_NOS: Final = Nos(
    submitted=_no(
        "draft_submitted",
        "已提交复核,先撤回再改",
        "It waits for approval: withdraw it before changing it",
    ),
    not_submitted=_no("draft_not_submitted", "还没有提交复核", "It is not submitted"),
    ended=_no("draft_ended", "这份草稿已经结束", "The draft has ended"),
    other=_no(
        "draft_other", "提交的不是你看到的这一稿", "What is submitted is not what you have seen"
    ),
    person=_no(
        "approval_person",
        "须本人登录后复核,密钥不能代替",
        "A person approves, signed in; a key can't",
    ),
    author=(
        "参与起草的人不能复核自己的稿;可复核的:{}",
        "Whoever wrote it can't approve it; these can: {}",
    ),
)


async def _number(
    connection: Connection, tenant: int, action: Action, _was: Action | None = None
) -> Action:
    """Give the action the number that it would be published under."""
    number = await modelling.next_version(connection, tenant, action.action)
    return replace(action, version=number)


async def _find(
    connection: Connection, tenant: int, action: Action, now_ms: int
) -> Unsound[Finding] | None:
    findings = lint.check(action, await modelling.find_around(connection, tenant, now_ms))
    return None if lint.is_provable(findings) else Unsound(findings)


async def _ready(
    connection: Connection, tenant: int, draft: Draft[Action], now_ms: int
) -> Action | Unsound[Finding] | Refusal:
    """Pin the calendar of what can be proven, so that its digest is final."""
    numbered = await _number(connection, tenant, draft.body)
    unsound = await _find(connection, tenant, numbered, now_ms)
    return unsound or reading.pin(numbered, await calendars.finder(connection, tenant))


async def _publish(
    connection: Connection, tenant: int, draft: Draft[Action], actor: Actor, now_ms: int
) -> Unsound[Finding] | Refusal | None:
    """Publish; linted again, because the world around it may have moved."""
    if draft.body.version != await modelling.next_version(connection, tenant, draft.name):
        return _OLD
    unsound = await _find(connection, tenant, draft.body, now_ms)
    if unsound is None:
        await modelling.publish(
            connection, tenant, draft.body, actor,
            drafted_by=draft.edited_by, approved_by=actor.sub,
        )  # fmt: skip
    return unsound


ACTIONS: Final = Drafts(
    table="action_drafts",
    steps="action_steps",
    named="code",
    most=ACTION_DRAFTS,
    nos=_NOS,
    read_body=reading.read,
    encode=reading.encode,
    digest=reading.digest,
    settle=_number,
    ready=_ready,
    publish=_publish,
    pointer="/action/action",
    kept=("begun_by",),
    keep=lambda _action, by: (by,),
)
