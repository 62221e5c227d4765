"""Incidents 事故: what stopped by itself, or came out otherwise, is told to people through the
merchant's notice service, signed, at least once, each under one key.

Whoever finds an incident says so in its own commit; the room `failsafe` sends what is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from danshu.capabilities.sentinel.model import BY_CODE
from danshu.capabilities.weave import health
from danshu.hub import notices, outside
from danshu.hub.incident_rows import (
    DIFFERED,
    FINDING,
    HEALTH,
    HEALTH_OVER,
    POLICY,
    PRICES,
    STOPPED,
)
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import (
    NOTICE_BYTES,
    NOTICE_GIVE_UP_S,
    NOTICE_RETRY_MAX_S,
    NOTICE_RETRY_S,
    NOTICE_TIMEOUT_S,
    NOTICES_AT_ONCE,
    REASON_CHARS,
)
from danshu.ledger import write
from danshu.ports import registry
from danshu.ports.notice import Account, Incident

if TYPE_CHECKING:
    import httpx

    from danshu.ports.notice import Messenger

Connection = Any
# What it is, and what to do about it: name and advice, zh and en.
WORDS: Final = {
    STOPPED: (
        "分仓熔断",
        "Automatic routing stopped",
        "到该仓现场测温,核对探头与机组;确认无误后在“信号改派”页恢复分仓,并写明原因。",
        "Measure the temperature on site, check probes and cold units; then take the class again"
        " on the page of re-decisions, with a reason.",
    ),
    DIFFERED: (
        "夜间重放不符",
        "Nightly replay differs",
        "按事实 replay.differed 找到这些决策,核对快照与版本;查明之前不要升级。",
        "Find the decisions by the facts replay.differed, compare snapshot and version; do not"
        " upgrade before the cause is known.",
    ),
    PRICES: (
        "影子价被拒",
        "Shadow prices refused",
        "分仓已按无影子价进行,订单不受影响;在“批量重排”页重跑一次,仍被拒就查这组价从哪来。",
        "Decisions go on without shadow prices, no order is lost; run a replan, and if that is"
        " refused too, find where these prices came from.",
    ),
    POLICY: (
        "策略集读不出",
        "Policy set unreadable",
        "订单照常接收并分仓,先挂起等人;在“策略画布”页一键回退到上一版,再放行这些订单。",
        "Orders are taken and routed, but held for a person; roll back to the set before on the"
        " page of policies, then let them go.",
    ),
    FINDING: (
        "红色异常",
        "Red finding",
        "到“异常看板”看同因的一组,按处置步骤做;能一键处置的,先预览再执行。",
        "See the group of one cause on the page of exceptions and follow its steps; what has a"
        " one-click remedy shows a preview first.",
    ),
    HEALTH: (
        "指标越线",
        "Metric over its threshold",
        "到“能力健康度”看是谁拖累,按处置手册做;计划内的停机先设维护窗口。",
        "See on the health board whose fault it is and follow the runbook; for planned work set a"
        " maintenance window first.",
    ),
    HEALTH_OVER: (
        "指标已恢复",
        "Metric is well again",
        "已回到阈值以内,不用处理。",
        "It is within its thresholds again; there is nothing to do.",
    ),
}
PAGES: Final = {
    STOPPED: "/redecisions",
    PRICES: "/replans",
    POLICY: "/policies",
    FINDING: "/incidents",
    HEALTH: "/health-board",
    HEALTH_OVER: "/health-board",
}
_REACH: Final = outside.Reach(NOTICE_TIMEOUT_S, NOTICE_BYTES, NOTICE_RETRY_S)
_TAKE: Final = """
update incident_notices n set tries=n.tries+1, next_try=%s from (
  select tenant, kind, key from incident_notices where state='due' and next_try<=%s
  order by next_try limit %s for update skip locked) d
where n.tenant=d.tenant and n.kind=d.kind and n.key=d.key
returning n.tenant, n.kind, n.key, n.detail, n.tries, (extract(epoch from n.made)*1000)::int8
"""
_END: Final = """
update incident_notices set state=%s, trouble=%s, receipt=%s, next_try=%s
where tenant=%s and kind=%s and key=%s and state='due'
"""


def words(kind: str, *, zh: bool) -> tuple[str, str]:
    """Give the name of a kind of incident, and what to do about it; of a finding, `kind` names its
    class after a colon, of the health board its metric.
    """
    plain, _, klass = kind.partition(":")
    name, name_en, advice, advice_en = WORDS[plain]
    if plain in (HEALTH, HEALTH_OVER):
        metric = health.by_code()[klass]
        name, name_en = f"{metric.zh}：{name}", f"{metric.en}: {name_en}"
    elif klass:
        name, name_en = BY_CODE[klass].zh, BY_CODE[klass].en
    return (name, advice) if zh else (name_en, advice_en)


def page(kind: str) -> str:
    """Give the page of the console where it is acted on."""
    return PAGES.get(kind.partition(":")[0], "/")


async def send_due(connection: Connection, at_ms: int) -> int:
    """Send the incidents whose time has come; tells how many were taken up."""
    until = write.instant((at_ms + 2 * NOTICE_TIMEOUT_S * 1000) * 1000)
    given = (until, write.instant(at_ms * 1000), NOTICES_AT_ONCE)
    rows = await (await connection.execute(_TAKE, given)).fetchall()
    if not rows:
        return 0
    async with outside.client() as web:
        for row in rows:
            await _send(connection, web, row, at_ms)
    return len(rows)


async def _send(
    connection: Connection, web: httpx.AsyncClient, row: tuple[Any, ...], at_ms: int
) -> None:
    tenant, kind, key, detail, tries, made_ms = row
    place = (tenant, kind, key)
    wait_s = min(NOTICE_RETRY_MAX_S, NOTICE_RETRY_S << min(tries - 1, 20))
    try:
        receipt = await _ask(connection, web, tenant, kind, key, detail, made_ms, at_ms)
        await connection.execute(_END, ("sent", "", receipt, None, *place))
    except NotAvailable as error:
        is_over = at_ms - made_ms >= NOTICE_GIVE_UP_S * 1000
        later = None if is_over else write.instant((at_ms + wait_s * 1000) * 1000)
        state = "abandoned" if is_over else "due"
        await connection.execute(_END, (state, error.detail[:REASON_CHARS], "", later, *place))
    except InputError as error:
        told = ("refused", error.detail[:REASON_CHARS], "", None)
        await connection.execute(_END, (*told, *place))


async def _ask(
    connection: Connection,
    web: httpx.AsyncClient,
    tenant: int,
    kind: str,
    key: str,
    detail: str,
    made_ms: int,
    at_ms: int,
) -> str:
    """Hand it to the merchant's service. Raises NotAvailable while there is none."""
    settings = await notices.read_settings(connection, tenant)
    if not settings.adapter:
        raise NotAvailable(notices.NO_SERVICE, NOTICE_RETRY_MAX_S)
    name, name_en, advice, advice_en = WORDS[kind]
    incident = Incident(
        key=f"danshu-incident-{tenant}-{kind}-{key}",
        code=kind,
        name=name,
        name_en=name_en,
        advice=advice,
        advice_en=advice_en,
        detail=detail,
        made=rfc3339(made_ms),
    )
    messenger = cast("Messenger", registry.load("notice", settings.adapter))
    account = Account(url=settings.url, secret=settings.secret)
    return await messenger.alarm(
        account, outside.sender(web, "the service", _REACH), incident, at_ms
    )
