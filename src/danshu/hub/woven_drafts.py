"""Drafts of woven capabilities: what their road (drafts.py) asks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.weave import woven as forms
from danshu.capabilities.weave import woven_lint
from danshu.capabilities.weave.woven import Woven
from danshu.capabilities.weave.woven_lint import WovenFinding
from danshu.hub import expressions, weaving_auth, woven_book
from danshu.hub.drafts import Connection, Draft, Drafts, Nos, Unsound
from danshu.hub.weaving_child import Errand
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import WOVEN_DRAFTS

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="woven.approval")


_NOS: Final = Nos(
    submitted=_no("woven_submitted", "已提交复核,先撤回再改", "Withdraw it before changing it"),
    not_submitted=_no("woven_not_submitted", "还没有提交复核", "It is not submitted"),
    ended=_no("woven_ended", "这一稿已经结束", "The draft has ended"),
    other=_no("woven_changed", "这一稿刚被别人改过", "Somebody has changed it meanwhile"),
    person=_no("approval_person", "须本人登录后复核", "A person approves, signed in"),
    author=(
        "参与起草的人不能复核自己的稿;可复核的:{}",
        "Whoever wrote it can't approve it; these can: {}",
    ),
)


async def check(connection: Connection, tenant: int, woven: Woven) -> tuple[WovenFinding, ...]:
    """Lint a capability, the grammar of its expressions and its secret too."""
    found = list(woven_lint.check(woven))
    texts = [(at, text) for at, text in woven_lint.list_expressions(woven) if text.strip()]
    done = await expressions.run(
        Errand(does="parse", woven=_BLANK, expressions=tuple([text for _, text in texts]))
    )
    for (at, _), fault in zip(texts, done.parsed, strict=True):
        if fault:
            said = WovenFinding(code="grammar", severity="error", pointer=at, detail=fault[:300])
            found.append(said)
    if woven.auth.kind != "none" and not await weaving_auth.has_secret(connection, tenant, woven):
        found.append(WovenFinding(code="no_secret", severity="error", pointer="/auth"))
    return tuple(found)


async def _number(connection: Connection, tenant: int, woven: Woven, _was: Woven | None) -> Woven:
    return replace(woven, version=await woven_book.next_version(connection, tenant, woven.code))


async def _ready(
    connection: Connection, tenant: int, draft: Draft[Woven], _now_ms: int
) -> Woven | Unsound[WovenFinding] | Refusal:
    findings = await check(connection, tenant, draft.body)
    return draft.body if woven_lint.is_sound(findings) else Unsound(findings)


async def _publish(
    connection: Connection, tenant: int, draft: Draft[Woven], actor: Actor, now_ms: int
) -> Unsound[WovenFinding] | Refusal | None:
    ready = await _ready(connection, tenant, draft, now_ms)
    if not isinstance(ready, Woven):
        return ready
    await woven_book.publish(connection, tenant, ready, draft.edited_by, actor)
    return None


_BLANK: Final = Woven(code="blank", base_url="")
WOVEN: Final = Drafts(
    table="woven_drafts",
    steps="woven_steps",
    named="code",
    most=WOVEN_DRAFTS,
    nos=_NOS,
    read_body=forms.read,
    encode=forms.encode,
    digest=forms.digest,
    settle=_number,
    ready=_ready,
    publish=_publish,
    pointer="/woven/code",
)
