"""Drafts of the intent graph: what their road (drafts.py) asks of them. One is open at a time, so
that what two people write is never published over one another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.intents import model
from danshu.capabilities.intents.model import IntentFinding, IntentGraph
from danshu.hub import intent_book, intent_checks
from danshu.hub.drafts import Connection, Draft, Drafts, Nos, Unsound
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

NAME: Final = "graph"


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="intent.approval")


_NOS: Final = Nos(
    submitted=_no("intent_submitted", "已提交复核,先撤回再改", "Withdraw it before changing it"),
    not_submitted=_no("intent_not_submitted", "还没有提交复核", "It is not submitted"),
    ended=_no("intent_ended", "这一稿已经结束", "The draft has ended"),
    other=_no("intent_changed", "这一稿刚被别人改过", "Somebody has changed it meanwhile"),
    person=_no("approval_person", "须本人登录后复核", "A person approves, signed in"),
    author=(
        "参与起草的人不能复核自己的稿;可复核的:{}",
        "Whoever wrote it can't approve it; these can: {}",
    ),
)


async def _settle(
    _connection: Connection, _tenant: int, graph: IntentGraph, _was: IntentGraph | None
) -> IntentGraph:
    return graph


async def _ready(
    _connection: Connection, _tenant: int, draft: Draft[IntentGraph], _now_ms: int
) -> IntentGraph | Unsound[IntentFinding] | Refusal:
    findings = await intent_checks.check(draft.body)
    return Unsound(findings) if findings else draft.body


async def _publish(
    connection: Connection, tenant: int, draft: Draft[IntentGraph], actor: Actor, now_ms: int
) -> Unsound[IntentFinding] | Refusal | None:
    """Publish; checked again, because the shipped graph may be a newer one by now."""
    ready = await _ready(connection, tenant, draft, now_ms)
    if not isinstance(ready, IntentGraph):
        return ready
    await intent_book.publish(connection, tenant, ready, draft.edited_by, actor)
    return None


INTENTS: Final = Drafts(
    table="intent_drafts",
    steps="intent_steps",
    named="code",
    most=1,
    nos=_NOS,
    read_body=model.read,
    encode=model.encode,
    digest=model.digest,
    settle=_settle,
    ready=_ready,
    publish=_publish,
    pointer="/graph",
)
