"""Drafts of order types 订单类型: what their road (drafts.py) asks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.order_types import lint, reading
from danshu.capabilities.order_types.lint import Around
from danshu.capabilities.order_types.model import OrderType
from danshu.hub import order_types
from danshu.hub.drafts import Connection, Draft, Drafts, Nos, Unsound
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ORDER_TYPE_DRAFTS

if TYPE_CHECKING:
    from danshu.capabilities.order_types.findings import TypeFinding
    from danshu.kernel.fact import Actor

_AROUND: Final = """
select (select coalesce(array_agg(code), '{}') from definitions where tenant=%(t)s and active),
  (select coalesce(array_agg(code), '{}') from warehouses where tenant=%(t)s),
  (select coalesce(array_agg(code), '{}') from skus where tenant=%(t)s and code = any(%(s)s))
"""


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="order_type.approval")


_NOS: Final = Nos(
    submitted=_no("type_submitted", "已提交复核,先撤回再改", "Withdraw it before changing it"),
    not_submitted=_no("type_not_submitted", "还没有提交复核", "It is not submitted"),
    ended=_no("type_ended", "这一稿已经结束", "The draft has ended"),
    other=_no("type_changed", "这一稿刚被别人改过", "Somebody has changed it meanwhile"),
    person=_no("approval_person", "须本人登录后复核", "A person approves, signed in"),
    author=(
        "参与起草的人不能复核自己的稿;可复核的:{}",
        "Whoever wrote it can't approve it; these can: {}",
    ),
)


async def around(connection: Connection, tenant: int, kind: OrderType, now_ms: int) -> Around:
    """Give what a type is linted beside."""
    given = {"t": tenant, "s": list(kind.scope.skus)}
    row = await (await connection.execute(_AROUND, given)).fetchone()
    assert row is not None
    promises, warehouses, skus = (frozenset(codes) for codes in row)
    return Around(now_ms=now_ms, promises=promises, warehouses=warehouses, skus=skus)


async def check(
    connection: Connection, tenant: int, kind: OrderType, now_ms: int
) -> tuple[TypeFinding, ...]:
    """Lint a type beside the merchant's master data."""
    return lint.check(kind, await around(connection, tenant, kind, now_ms))


async def _number(
    connection: Connection, tenant: int, kind: OrderType, _was: OrderType | None
) -> OrderType:
    version = await order_types.next_version(connection, tenant, kind.type)
    return replace(kind, version=version)


async def _ready(
    connection: Connection, tenant: int, draft: Draft[OrderType], now_ms: int
) -> OrderType | Unsound[TypeFinding] | Refusal:
    findings = await check(connection, tenant, draft.body, now_ms)
    return draft.body if lint.is_sound(findings) else Unsound(findings)


async def _publish(
    connection: Connection, tenant: int, draft: Draft[OrderType], actor: Actor, now_ms: int
) -> Unsound[TypeFinding] | Refusal | None:
    """Publish; linted again, because the world around it may have moved."""
    ready = await _ready(connection, tenant, draft, now_ms)
    if not isinstance(ready, OrderType):
        return ready
    await order_types.publish(connection, tenant, ready, draft.edited_by, actor)
    return None


TYPES: Final = Drafts(
    table="order_type_drafts",
    steps="order_type_steps",
    named="code",
    most=ORDER_TYPE_DRAFTS,
    nos=_NOS,
    read_body=reading.read,
    encode=reading.encode,
    digest=reading.digest,
    settle=_number,
    ready=_ready,
    publish=_publish,
    pointer="/type/type",
)
