"""Drafts of metrics 口径: what their road (drafts.py) asks of them. One a code is open at a time.

A formula is tried before its commit begins (metric_checks.check takes a query's time); inside the
commit only that it was, and that it stood, is asked.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.metrics.compiling import ZONE_MS
from danshu.capabilities.metrics.model import Metric, MetricFinding
from danshu.hub import metric_book, metric_checks
from danshu.hub.drafts import Connection, Draft, Drafts, Nos, Unsound
from danshu.kernel import canonical
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import METRIC_DRAFTS

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

_DATE: Final = r"^(\d{4}-\d{2}-\d{2})?(?![\s\S])"


class MetricPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric as it should be, and the day (Asia/Shanghai, YYYY-MM-DD) from which on; "" is when
    it is approved.
    """

    metric: Metric
    effective: Annotated[str, Meta(pattern=_DATE)] = ""


_decode: Final = msgspec.json.Decoder(MetricPlan).decode


def _encode(plan: MetricPlan) -> bytes:
    return canonical.encode(msgspec.to_builtins(plan))


def _digest(plan: MetricPlan) -> str:
    return hashlib.sha256(_encode(plan)).hexdigest()


def effective_ms(plan: MetricPlan) -> int:
    """Give the first instant of the day from which a plan holds, 0 for none named.

    Raises InputError `bad_date`.
    """
    if not plan.effective:
        return 0
    try:
        day = datetime.date.fromisoformat(plan.effective)
    except ValueError:
        raise InputError("bad_date", "there is no such day", "/effective") from None
    midnight = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    return round(midnight.timestamp() * 1000) - ZONE_MS


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="metric.approval")


_NOS: Final = Nos(
    submitted=_no("metric_submitted", "已提交复核,先撤回再改", "Withdraw it before changing it"),
    not_submitted=_no("metric_not_submitted", "还没有提交复核", "It is not submitted"),
    ended=_no("metric_ended", "这一稿已经结束", "The draft has ended"),
    other=_no("metric_changed", "这一稿刚被别人改过", "Somebody has changed it meanwhile"),
    person=_no("approval_person", "须本人登录后复核", "A person approves, signed in"),
    author=(
        "参与起草的人不能复核自己的稿;可复核的:{}",
        "Whoever wrote it can't approve it; these can: {}",
    ),
)


async def _settle(
    _connection: Connection, _tenant: int, plan: MetricPlan, _was: MetricPlan | None
) -> MetricPlan:
    effective_ms(plan)
    return plan


async def _ready(
    _connection: Connection, tenant: int, draft: Draft[MetricPlan], _now_ms: int
) -> MetricPlan | Unsound[MetricFinding] | Refusal:
    if not metric_checks.is_sound(tenant, draft.body.metric):
        return Unsound((MetricFinding(code="untried"),))
    return draft.body


async def _publish(
    connection: Connection, tenant: int, draft: Draft[MetricPlan], actor: Actor, now_ms: int
) -> Unsound[MetricFinding] | Refusal | None:
    ready = await _ready(connection, tenant, draft, now_ms)
    if not isinstance(ready, MetricPlan):
        return ready
    people = (draft.edited_by, actor.sub)
    await metric_book.publish(
        connection, tenant, ready.metric, people, effective_ms(ready), actor, now_ms
    )
    return None


METRICS: Final = Drafts(
    table="metric_drafts",
    steps="metric_steps",
    named="code",
    most=METRIC_DRAFTS,
    nos=_NOS,
    read_body=_decode,
    encode=_encode,
    digest=_digest,
    settle=_settle,
    ready=_ready,
    publish=_publish,
    pointer="/metric/code",
)
